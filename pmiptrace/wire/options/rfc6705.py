"""The option of RFC 6705 (Localized Routing for Proxy Mobile IPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.layout import Bits, Octets, Reserved8
from pmiptrace.wire.option import exactly, mobility_option


@mobility_option(
    51,
    "MAG IPv6 Address",
    "RFC 6705 section 11.1",
    length=exactly(18),
    alignment=(8, 4),
    messages=("LRI", "LRA"),
)
class MagIpv6Address(Option, frozen=True, kw_only=True):
    """The MAG at the other end of the short way.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      Type     |   Length      |   Reserved    | Address Length|
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                    MAG IPv6 Address (128)                     |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved8 = 0
    address_length: Annotated[int, Bits(8, "Address Length")] = 128
    address: Annotated[bytes, Octets(16, "MAG IPv6 Address")]
