"""Options of RFC 5213 (Proxy Mobile IPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.address import ALL_ZERO
from pmiptrace.model import Option, Prefix
from pmiptrace.wire.codes import ACCESS_TECHNOLOGY, HANDOFF_INDICATOR
from pmiptrace.wire.layout import Bits, Flag, Octets, Reserved, Reserved8, Reserved16, Rest
from pmiptrace.wire.option import at_least, exactly, mobility_option


@mobility_option(
    22,
    "Home Network Prefix",
    "RFC 5213 section 8.3",
    length=exactly(18),
    alignment=(8, 4),
    messages=("PBU", "PBA", "BRI", "BRA", "UPN", "UPA", "HI", "HAck", "LRI", "LRA", "SQ", "SR"),
)
class HomeNetworkPrefix(Option, frozen=True, kw_only=True):
    """A prefix that is, or shall be, assigned to the mobile node's link.

    With L, which RFC 7864 section 4.1 adds, the prefix is that of another interface of the mobile
    node, and the MAG only forwards flows for it.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      Type     |   Length      |L|  Reserved   | Prefix Length |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                      Home Network Prefix (128)                |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    off_link: Annotated[bool, Flag("L", "Off-link Home Network Prefix")] = False
    reserved: Annotated[int, Reserved(7)] = 0
    prefix_length: Annotated[int, Bits(8, "Prefix Length")] = 64
    home_network_prefix: Annotated[bytes, Octets(16, "Home Network Prefix")] = ALL_ZERO

    @property
    def prefix(self) -> Prefix:
        """Prefix and length as one value; ``::`` asks for an assignment."""
        return Prefix(self.home_network_prefix, self.prefix_length)


@mobility_option(
    23, "Handoff Indicator", "RFC 5213 section 8.4", length=exactly(2), messages=("PBU", "PBA")
)
class HandoffIndicator(Option, frozen=True, kw_only=True):
    """What kind of attachment makes the MAG register.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      Type     |     Length    |  Reserved     |       HI      |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved8 = 0
    indicator: Annotated[int, Bits(8, "HI", HANDOFF_INDICATOR)]


@mobility_option(
    24, "Access Technology Type", "RFC 5213 section 8.5", length=exactly(2), messages=("PBU", "PBA")
)
class AccessTechnologyType(Option, frozen=True, kw_only=True):
    """The access technology by which the mobile node is attached to the MAG.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      Type     |     Length    |  Reserved     |      ATT      |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved8 = 0
    access_technology: Annotated[int, Bits(8, "ATT", ACCESS_TECHNOLOGY)]


@mobility_option(
    25,
    "Mobile Node Link-layer Identifier",
    "RFC 5213 section 8.6",
    length=at_least(3),
    messages=("PBU", "PBA", "BRI", "BRA", "HI", "HAck"),
)
class MnLinkLayerIdentifier(Option, frozen=True, kw_only=True):
    """The link-layer identifier of the mobile node's attached interface.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      Type     |    Length     |          Reserved             |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                    Link-layer Identifier ...                  ~
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved16 = 0
    identifier: Annotated[bytes, Rest("Link-layer Identifier")]


@mobility_option(
    26,
    "Link-local Address",
    "RFC 5213 section 8.7",
    length=exactly(16),
    alignment=(8, 6),
    messages=("PBU", "PBA", "HI", "HAck"),
)
class LinkLocalAddress(Option, frozen=True, kw_only=True):
    """The link-local address that MAGs use on the link with the mobile node; ``::`` asks for it.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |     Type      |    Length     |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                     Link-local Address (128)                  |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    address: Annotated[bytes, Octets(16, "Link-local Address")]


@mobility_option(
    27,
    "Timestamp",
    "RFC 5213 section 8.8",
    length=exactly(8),
    alignment=(8, 2),
    messages=("PBU", "PBA"),
)
class Timestamp(Option, frozen=True, kw_only=True):
    """The sender's time of day: 48 bits of seconds since 1970, 16 bits of 1/65536 s. Not NTP.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |      Type     |     Length    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                         Timestamp (64)                        |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    timestamp: Annotated[int, Bits(64, "Timestamp", unit="1/65536 s")]

    @property
    def nanoseconds(self) -> int:
        """Nanoseconds since 1970-01-01 UTC, rounded to the nearest."""
        return (self.timestamp * 1_000_000_000 + 32768) >> 16

    @classmethod
    def at(cls, nanoseconds: int) -> Timestamp:
        """Give the option for a time in nanoseconds since 1970-01-01 UTC."""
        return cls(timestamp=(nanoseconds << 16) // 1_000_000_000)
