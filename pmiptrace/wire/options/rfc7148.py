"""The option of RFC 7148 (Prefix Delegation Support for Proxy Mobile IPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.address import ALL_ZERO
from pmiptrace.model import Option, Prefix
from pmiptrace.wire.layout import Bits, Flag, Reserved, Rest
from pmiptrace.wire.option import exactly, mobility_option


@mobility_option(
    55,
    "Delegated Mobile Network Prefix",
    "RFC 7148 section 4.1",
    length=exactly(6, 18),
    alignment=(8, 2),
    messages=("PBU", "PBA", "BRI", "BRA"),
)
class DelegatedMobileNetworkPrefix(Option, frozen=True, kw_only=True):
    """A prefix for the network behind a mobile router; all zero asks for one.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      Type     |   Length      |V|  Reserved   | Prefix Length |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |           IPv4 or IPv6 Delegated Mobile Network Prefix        |
        |                         (DMNP)                                |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    ipv4: Annotated[bool, Flag("V", "IPv4 Prefix")] = False
    reserved: Annotated[int, Reserved(7)] = 0
    prefix_length: Annotated[int, Bits(8, "Prefix Length")] = 64
    delegated_prefix: Annotated[bytes, Rest("Delegated Mobile Network Prefix", "address")] = (
        ALL_ZERO
    )
    """16 octets, or 4 if `ipv4`."""

    @property
    def prefix(self) -> Prefix:
        """Prefix and length as one value."""
        return Prefix(self.delegated_prefix, self.prefix_length)
