"""Options of RFC 6463 (Runtime LMA Assignment for Proxy Mobile IPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.layout import Bits, Flag, Octets, Reserved, Reserved16, Rest
from pmiptrace.wire.option import exactly, mobility_option


@mobility_option(
    46,
    "Redirect-Capability",
    "RFC 6463 section 4.1",
    length=exactly(2),
    alignment=(4, 0),
    messages=("PBU",),
)
class RedirectCapability(Option, frozen=True, kw_only=True):
    """The MAG can be told to use another LMA.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | Option Type   | Option Length |          Reserved             |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved16 = 0


@mobility_option(
    47,
    "Redirect",
    "RFC 6463 section 4.2",
    length=exactly(6, 18),
    alignment=(4, 0),
    messages=("PBA",),
)
class Redirect(Option, frozen=True, kw_only=True):
    """The LMA that the session is now anchored at.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | Option Type   | Option Length |K|N|      Reserved             |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                  Optional IPv6 r2LMA Address                  |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                  Optional IPv4 r2LMA Address                  |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Exactly one of the addresses is there.
    """

    ipv6: Annotated[bool, Flag("K", "IPv6 r2LMA Address is included")] = False
    ipv4: Annotated[bool, Flag("N", "IPv4 r2LMA Address is included")] = False
    reserved: Annotated[int, Reserved(14)] = 0
    address: Annotated[bytes, Rest("r2LMA Address", "address")] = b""
    """16 or 4 octets."""


@mobility_option(
    48,
    "Load Information",
    "RFC 6463 section 4.3",
    length=exactly(18),
    alignment=(4, 0),
    messages=("PBA",),
)
class LoadInformation(Option, frozen=True, kw_only=True):
    """How busy the LMA is.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | Option Type   | Option Length |          Priority             |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                        Sessions in Use                        |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                        Maximum Sessions                       |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                         Used Capacity                         |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                        Maximum Capacity                       |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    priority: Annotated[int, Bits(16, "Priority")]
    sessions_in_use: Annotated[int, Bits(32, "Sessions in Use")]
    maximum_sessions: Annotated[int, Bits(32, "Maximum Sessions")]
    used_capacity: Annotated[int, Bits(32, "Used Capacity", unit="kB/s")]
    maximum_capacity: Annotated[int, Bits(32, "Maximum Capacity", unit="kB/s")]


@mobility_option(
    49,
    "Alternate IPv4 Care-of Address",
    "RFC 6463 section 4.4",
    length=exactly(4),
    alignment=(4, 2),
    messages=("PBU", "PBA"),
)
class AlternateIpv4CareOfAddress(Option, frozen=True, kw_only=True):
    """The IPv4 care-of address, where it is not the source address of the packet.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |      Type     |     Length    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                 Alternate IPv4 Care-of Address                |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    care_of_address: Annotated[bytes, Octets(4, "Alternate IPv4 Care-of Address")]
