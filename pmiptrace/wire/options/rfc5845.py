"""The option of RFC 5845 (GRE Key Option for Proxy Mobile IPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.layout import Maybe, Reserved16
from pmiptrace.wire.option import exactly, mobility_option


@mobility_option(
    33,
    "GRE Key",
    "RFC 5845 section 6.1",
    length=exactly(2, 6),
    alignment=(4, 0),
    messages=("PBU", "PBA", "HI", "HAck"),
)
class GreKey(Option, frozen=True, kw_only=True):
    """GRE encapsulation is wanted; with the key to put on traffic to the sender.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      Type     |   Length      |           Reserved            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                      GRE Key Identifier                       |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    In a PBU it is the downlink key, in a PBA the uplink key; None if keys are not exchanged.
    """

    reserved: Reserved16 = 0
    key: Annotated[int | None, Maybe(32, "GRE Key Identifier")] = None
