"""Options of RFC 5555 (Mobile IPv6 Support for Dual Stack Hosts and Routers)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option, Prefix
from pmiptrace.wire.codes import DSMIPV6_ADDRESS_STATUS
from pmiptrace.wire.layout import Bits, Flag, Octets, Reserved, Reserved16
from pmiptrace.wire.option import exactly, mobility_option


@mobility_option(
    29,
    "IPv4 Home Address",
    "RFC 5555 section 3.1.1",
    length=exactly(6),
    alignment=(4, 0),
    messages=("BU", "BRI", "BRA"),
)
class Ipv4HomeAddress(Option, frozen=True, kw_only=True):
    """The IPv4 home address that the binding is for; 0.0.0.0 asks for one.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |   Type        |   Length      |Prefix-len |P|    Reserved     |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                     IPv4 home address                         |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    prefix_length: Annotated[int, Bits(6, "Prefix-len")] = 32
    prefix_requested: Annotated[bool, Flag("P", "Mobile network prefix requested")] = False
    reserved: Annotated[int, Reserved(9)] = 0
    home_address: Annotated[bytes, Octets(4, "IPv4 home address")] = bytes(4)

    @property
    def prefix(self) -> Prefix:
        """Address and prefix length as one value."""
        return Prefix(self.home_address, self.prefix_length)


@mobility_option(
    30,
    "IPv4 Address Acknowledgement",
    "RFC 5555 section 3.2.1",
    length=exactly(6),
    alignment=(4, 0),
    messages=("BA",),
)
class Ipv4AddressAcknowledgement(Option, frozen=True, kw_only=True):
    """What became of the binding of an IPv4 home address.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |     Type      |    Length     |   Status      |Pref-len   |Res|
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                      IPv4 home address                        |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    status: Annotated[int, Bits(8, "Status", DSMIPV6_ADDRESS_STATUS)] = 0
    prefix_length: Annotated[int, Bits(6, "Pref-len")] = 32
    reserved: Annotated[int, Reserved(2)] = 0
    home_address: Annotated[bytes, Octets(4, "IPv4 home address")] = bytes(4)

    @property
    def prefix(self) -> Prefix:
        """Address and prefix length as one value."""
        return Prefix(self.home_address, self.prefix_length)


@mobility_option(
    31,
    "NAT Detection",
    "RFC 5555 section 3.2.2",
    length=exactly(6),
    alignment=(4, 0),
    messages=("BA", "PBA"),
)
class NatDetection(Option, frozen=True, kw_only=True):
    """A NAT was found on the path, or UDP encapsulation is required.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |     Type      |    Length     |F|          Reserved           |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                      Refresh time                             |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    force_udp: Annotated[bool, Flag("F", "UDP encapsulation is required")] = False
    reserved: Annotated[int, Reserved(15)] = 0
    refresh_time: Annotated[int, Bits(32, "Refresh time", unit="s")] = 0


@mobility_option(
    32,
    "IPv4 Care-of Address",
    "RFC 5555 section 3.1.2",
    length=exactly(6),
    alignment=(4, 0),
    messages=("BU",),
)
class Ipv4CareOfAddress(Option, frozen=True, kw_only=True):
    """The care-of address of a mobile node in an IPv4 network.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |   Type        |   Length      |         Reserved              |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                     IPv4 Care-of address                      |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved16 = 0
    care_of_address: Annotated[bytes, Octets(4, "IPv4 Care-of address")]
