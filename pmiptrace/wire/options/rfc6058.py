"""The option of RFC 6058 (Transient Binding for Proxy Mobile IPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.layout import Bits, Flag, Reserved
from pmiptrace.wire.option import exactly, mobility_option


@mobility_option(
    43, "Transient Binding", "RFC 6058 section 5.1", length=exactly(2), messages=("PBU", "PBA")
)
class TransientBinding(Option, frozen=True, kw_only=True):
    """The new binding shall not yet take the downlink traffic from the old one.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |    Type       |     Length    | Reserved    |L|   Lifetime    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Annotated[int, Reserved(7)] = 0
    late_path_switch: Annotated[bool, Flag("L", "Late path switch")] = True
    lifetime: Annotated[int, Bits(8, "Lifetime", unit="100 ms")]
