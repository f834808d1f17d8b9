"""Options of RFC 8885 (PMIPv6 Extensions for Distributed Mobility Management)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option, Prefix
from pmiptrace.wire.layout import Bits, Octets, Reserved8, Reserved16, Rest
from pmiptrace.wire.option import at_least, exactly, mobility_option


@mobility_option(
    65,
    "Anchored Prefix",
    "RFC 8885 section 4.3",
    length=exactly(18),
    alignment=(8, 4),
    messages=("PBU", "PBA"),
)
class AnchoredPrefix(Option, frozen=True, kw_only=True):
    """A prefix of the mobile node and, by the sender, where it is anchored.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      Type     |   Length      |   Reserved    | Prefix Length |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                     Anchored Prefix (128)                     |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved8 = 0
    prefix_length: Annotated[int, Bits(8, "Prefix Length")] = 64
    anchored_prefix: Annotated[bytes, Octets(16, "Anchored Prefix")]

    @property
    def prefix(self) -> Prefix:
        """Prefix and length as one value."""
        return Prefix(self.anchored_prefix, self.prefix_length)


@mobility_option(
    66,
    "Local Prefix",
    "RFC 8885 section 4.4",
    length=exactly(18),
    alignment=(8, 4),
    messages=("PBU", "PBA"),
)
class LocalPrefix(Option, frozen=True, kw_only=True):
    """A prefix that is used on the link of a MAAR.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      Type     |   Length      |   Reserved    | Prefix Length |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                       Local Prefix (128)                      |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved8 = 0
    prefix_length: Annotated[int, Bits(8, "Prefix Length")] = 64
    local_prefix: Annotated[bytes, Octets(16, "Local Prefix")]

    @property
    def prefix(self) -> Prefix:
        """Prefix and length as one value."""
        return Prefix(self.local_prefix, self.prefix_length)


@mobility_option(
    67,
    "Previous MAAR",
    "RFC 8885 section 4.5",
    length=exactly(34),
    alignment=(8, 4),
    messages=("PBA",),
)
class PreviousMaar(Option, frozen=True, kw_only=True):
    """A router that anchors a prefix of the mobile node, and the prefix.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      Type     |     Length    |   Reserved    | Prefix Length |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                     Previous MAAR (128)                       |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                  Home Network Prefix (128)                    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved8 = 0
    prefix_length: Annotated[int, Bits(8, "Prefix Length")] = 64
    address: Annotated[bytes, Octets(16, "Previous MAAR")]
    home_network_prefix: Annotated[bytes, Octets(16, "Home Network Prefix")]

    @property
    def prefix(self) -> Prefix:
        """Prefix and length as one value."""
        return Prefix(self.home_network_prefix, self.prefix_length)


@mobility_option(
    68,
    "Serving MAAR",
    "RFC 8885 section 4.6",
    length=exactly(16),
    alignment=(8, 6),
    messages=("PBU",),
)
class ServingMaar(Option, frozen=True, kw_only=True):
    """The router that the mobile node is attached to.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |      Type     |     Length    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                    S-MAAR's Address (128)                     |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    address: Annotated[bytes, Octets(16, "Serving MAAR")]


@mobility_option(
    69,
    "DLIF Link-Local Address",
    "RFC 8885 section 4.7",
    length=exactly(16),
    alignment=(8, 6),
    messages=("PBA",),
)
class DlifLinkLocalAddress(Option, frozen=True, kw_only=True):
    """The link-local address of a distributed logical interface.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |      Type     |     Length    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                 DLIF Link-Local Address (128)                 |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    address: Annotated[bytes, Octets(16, "DLIF Link-Local Address")]


@mobility_option(
    70,
    "DLIF Link-Layer Address",
    "RFC 8885 section 4.8",
    length=at_least(2),
    messages=("PBA",),
)
class DlifLinkLayerAddress(Option, frozen=True, kw_only=True):
    """The link-layer address of a distributed logical interface.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |   Type        |    Length     |          Reserved             |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                    DLIF Link-Layer Address                    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved16 = 0
    link_layer_address: Annotated[bytes, Rest("DLIF Link-Layer Address")] = b""
