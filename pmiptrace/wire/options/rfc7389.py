"""The option of RFC 7389 (Separation of Control and User Plane for Proxy Mobile IPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.layout import Reserved16, Rest
from pmiptrace.wire.option import exactly, mobility_option


@mobility_option(
    59,
    "LMA User-Plane Address",
    "RFC 7389 section 4",
    length=exactly(2, 6, 18),
    alignment=(8, 2),
    messages=("PBU", "PBA"),
)
class LmaUserPlaneAddress(Option, frozen=True, kw_only=True):
    """Where the LMA wants the user traffic; empty or all zero in a PBU that asks for it.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      Type     |   Length      |           Reserved            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                     LMA User-Plane Address                    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved16 = 0
    address: Annotated[bytes, Rest("LMA User-Plane Address", "address")] = b""
    """4 or 16 octets, or none."""
