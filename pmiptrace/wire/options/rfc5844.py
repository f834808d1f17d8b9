"""Options of RFC 5844 (IPv4 Support for Proxy Mobile IPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option, Prefix
from pmiptrace.wire.codes import IPV4_HOME_ADDRESS_STATUS
from pmiptrace.wire.layout import Bits, Flag, Octets, Reserved, Reserved16
from pmiptrace.wire.option import exactly, mobility_option


@mobility_option(
    36,
    "IPv4 Home Address Request",
    "RFC 5844 section 3.3.1",
    length=exactly(6),
    alignment=(4, 0),
    messages=("PBU", "BRI", "BRA", "HI", "HAck"),
)
class Ipv4HomeAddressRequest(Option, frozen=True, kw_only=True):
    """The IPv4 home address that the MAG asks for; 0.0.0.0 leaves the choice to the LMA.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |     Type      |   Length      |Prefix-len |      Reserved     |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                     IPv4 home address                         |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    prefix_length: Annotated[int, Bits(6, "Prefix-len")] = 0
    reserved: Annotated[int, Reserved(10)] = 0
    home_address: Annotated[bytes, Octets(4, "IPv4 home address")] = bytes(4)

    @property
    def prefix(self) -> Prefix:
        """Address and prefix length as one value."""
        return Prefix(self.home_address, self.prefix_length)


@mobility_option(
    37,
    "IPv4 Home Address Reply",
    "RFC 5844 section 3.3.2",
    length=exactly(6),
    alignment=(4, 0),
    messages=("PBA",),
)
class Ipv4HomeAddressReply(Option, frozen=True, kw_only=True):
    """The IPv4 home address that the LMA assigned, or why it did not.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |     Type      |    Length     |   Status      |Pref-len   |Res|
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                      IPv4 home address                        |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    status: Annotated[int, Bits(8, "Status", IPV4_HOME_ADDRESS_STATUS)] = 0
    prefix_length: Annotated[int, Bits(6, "Pref-len")] = 0
    reserved: Annotated[int, Reserved(2)] = 0
    home_address: Annotated[bytes, Octets(4, "IPv4 home address")] = bytes(4)

    @property
    def accepted(self) -> bool:
        """Whether the status is one of success: less than 128."""
        return self.status < 128

    @property
    def prefix(self) -> Prefix:
        """Address and prefix length as one value."""
        return Prefix(self.home_address, self.prefix_length)


@mobility_option(
    38,
    "IPv4 Default-Router Address",
    "RFC 5844 section 3.3.3",
    length=exactly(6),
    alignment=(4, 0),
    messages=("PBA",),
)
class Ipv4DefaultRouterAddress(Option, frozen=True, kw_only=True):
    """The address that the MAG shall use as the mobile node's IPv4 default router.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      Type     |   Length      |         Reserved (R)          |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                  IPv4 Default-Router Address                  |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved16 = 0
    address: Annotated[bytes, Octets(4, "IPv4 Default-Router Address")]


@mobility_option(
    39, "IPv4 DHCP Support Mode", "RFC 5844 section 3.3.4", length=exactly(2), messages=("PBA",)
)
class Ipv4DhcpSupportMode(Option, frozen=True, kw_only=True):
    """Whether the MAG shall be a DHCP server on the mobile node's link, or a relay.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      Type     |   Length      |    Reserved (R)             |S|
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Annotated[int, Reserved(15)] = 0
    server: Annotated[bool, Flag("S", "DHCP Server")] = False
