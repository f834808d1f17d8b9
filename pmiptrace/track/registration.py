"""What a Binding Update or Acknowledgement says, in the terms of bindings and sessions."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from msgspec import Struct

from pmiptrace.model import Identifier, Message, OpaqueOption, Option, Prefix
from pmiptrace.wire.messages import BindingAcknowledgement, BindingUpdate
from pmiptrace.wire.options.rfc4283 import MnIdentifier
from pmiptrace.wire.options.rfc5213 import (
    AccessTechnologyType,
    HandoffIndicator,
    HomeNetworkPrefix,
    LinkLocalAddress,
    MnLinkLayerIdentifier,
    Timestamp,
)
from pmiptrace.wire.options.rfc5844 import (
    Ipv4DefaultRouterAddress,
    Ipv4DhcpSupportMode,
    Ipv4HomeAddressReply,
    Ipv4HomeAddressRequest,
)
from pmiptrace.wire.options.rfc5845 import GreKey
from pmiptrace.wire.options.rfc6275 import AlternateCareOfAddress
from pmiptrace.wire.options.rfc8278 import MagIdentifier, MagMultipathBinding

PROXY_ONLY_OPTIONS = (22, 23, 24, 63, 64)
"""Options that nobody but a MAG or an LMA sends: the mark of a PBU that lacks its P flag."""
LMA_IPV4_OPTIONS = frozenset({Ipv4HomeAddressReply, Ipv4DefaultRouterAddress, Ipv4DhcpSupportMode})


class Registration(Struct, frozen=True, gc=False):
    """The parts of a PBU or PBA that bindings are made of."""

    message: Message
    classes: frozenset[type[Option]]
    """The classes of its options."""
    mag_address: bytes
    """Where the MAG sends and receives: the source of a PBU, the destination of a PBA."""
    lma: bytes
    care_of_address: bytes
    sequence: int
    lifetime: int
    """Seconds."""
    status: int | None = None
    """Of a PBA."""
    accepted: bool = False
    """Whether a PBA accepts: status below 128."""
    mobile_node: Identifier | None = None
    prefixes: tuple[Prefix, ...] = ()
    """The Home Network Prefixes that are not ALL_ZERO, sorted."""
    all_zero: bool = False
    """Whether a Home Network Prefix option asks for an assignment."""
    ipv4_home_address: Prefix | None = None
    """Of option 36 or 37, unless 0.0.0.0."""
    has_ipv4: bool = False
    """Whether option 36 or 37 is there at all."""
    grants_ipv4: bool = False
    """Whether a PBA says that the mobile node has an IPv4 home address."""
    is_from_ipv4_lma: bool = False
    """Whether an option is there that only an LMA with RFC 5844 sends."""
    multipath: MagMultipathBinding | None = None
    bid: int | None = None
    """The BID of RFC 8278, if the MAG Multipath Binding option is there."""
    mag_identifier: Identifier | None = None
    handoff_indicator: int | None = None
    access_technology: int | None = None
    link_layer_identifier: bytes | None = None
    link_local_address: bytes | None = None
    gre_key: int | None = None
    timestamp: int | None = None
    """In units of 1/65536 s (RFC 5213 section 8.8)."""

    def has(self, cls: type[Option]) -> bool:
        """Tell whether an option is there, decodable or not."""
        classes = self.classes
        return cls in classes or (OpaqueOption in classes and self.message.has(cls.number))

    def concerns_same(self, other: Registration) -> bool:
        """Tell whether two PBUs between the same nodes are about the same binding."""
        return (
            self.mag_address == other.mag_address
            and self.lma == other.lma
            and self.mobile_node == other.mobile_node
            and self.bid == other.bid
            and self.prefixes == other.prefixes
            and self.ipv4_home_address == other.ipv4_home_address
        )

    def repeats(self, earlier: Registration) -> bool:
        """Tell whether this PBU is a retransmission of an earlier one from the same address.

        Only sequence number, timestamp and padding may differ (RFC 6275 section 11.8).
        """
        return (
            (self.lifetime > 0) == (earlier.lifetime > 0)
            and self.mobile_node == earlier.mobile_node
            and self.prefixes == earlier.prefixes
            and self.all_zero == earlier.all_zero
            and self.ipv4_home_address == earlier.ipv4_home_address
            and self.has_ipv4 == earlier.has_ipv4
            and self.care_of_address == earlier.care_of_address
            and self.multipath == earlier.multipath
            and self.handoff_indicator == earlier.handoff_indicator
            and self.access_technology == earlier.access_technology
        )

    def is_echoed_by(self, reply: Registration) -> bool:
        """Tell whether a PBA has the values of the options by which a MAG knows its request.

        A MAG ignores a PBA in which one of them differs (RFC 5213 section 6.9.1.2, item 6).
        """
        asked = (
            self.mobile_node,
            self.handoff_indicator,
            self.access_technology,
            self.link_layer_identifier,
        )
        given = (
            reply.mobile_node,
            reply.handoff_indicator,
            reply.access_technology,
            reply.link_layer_identifier,
        )
        return asked == given or all(
            wanted is None or got in (None, wanted)
            for wanted, got in zip(asked, given, strict=True)
        )


def is_registration(message: Message) -> bool:
    """Tell whether a message is a PBU, or a BU that is one but for its missing P flag."""
    body = message.body
    if not isinstance(body, BindingUpdate):
        return False
    return body.proxy or any(message.has(number) for number in PROXY_ONLY_OPTIONS)


_READ: dict[int, Registration] = {}
"""What was read lately, by the identity of its message, which it keeps alive; tracker and rules
look at the same few messages again and again."""
_READ_LIMIT = 1024


def registration(message: Message) -> Registration:
    """Read a PBU or PBA. The first option counts where one is there twice."""
    known = _READ.get(id(message))
    if known is None:
        if len(_READ) >= _READ_LIMIT:
            _READ.clear()
        known = _READ[id(message)] = _read(message)
    return known


class _Places(Struct, frozen=True):
    """Where the options stand that a registration is read from: the first of each class.

    An option that is not there has place -1.
    """

    classes: frozenset[type[Option]]
    prefixes: tuple[int, ...]
    """Of all Home Network Prefix options."""
    mobile_node: int
    mag: int
    multipath: int
    handoff: int
    technology: int
    link_layer: int
    link_local: int
    timestamp: int
    gre: int
    alternate: int
    ipv4_request: int
    ipv4_reply: int


@lru_cache(maxsize=1024)
def _places(classes: tuple[type[Option], ...]) -> _Places:
    """Find the options in a list of such classes; messages have few different ones."""

    def place(cls: type[Option]) -> int:
        return classes.index(cls) if cls in classes else -1

    return _Places(
        classes=frozenset(classes),
        prefixes=tuple(n for n, cls in enumerate(classes) if cls is HomeNetworkPrefix),
        mobile_node=place(MnIdentifier),
        mag=place(MagIdentifier),
        multipath=place(MagMultipathBinding),
        handoff=place(HandoffIndicator),
        technology=place(AccessTechnologyType),
        link_layer=place(MnLinkLayerIdentifier),
        link_local=place(LinkLocalAddress),
        timestamp=place(Timestamp),
        gre=place(GreKey),
        alternate=place(AlternateCareOfAddress),
        ipv4_request=place(Ipv4HomeAddressRequest),
        ipv4_reply=place(Ipv4HomeAddressReply),
    )


def _read(message: Message) -> Registration:
    body, datagram, options = message.body, message.datagram, message.options
    at = _places(tuple(map(type, options)))
    given: tuple[Any, ...] = (*options, None)  # at -1 there is None
    if isinstance(body, BindingUpdate):
        mag_address, lma, status = datagram.source, datagram.destination, None
        alternate: AlternateCareOfAddress | None = given[at.alternate]
        care_of_address = mag_address if alternate is None else alternate.care_of_address
    else:
        assert isinstance(body, BindingAcknowledgement)
        mag_address, lma, status = datagram.destination, datagram.source, body.status
        care_of_address = mag_address
    # An off-link prefix is that of another session of the mobile node (RFC 7864 section 3.3).
    prefixes: list[Prefix] = [given[n].prefix for n in at.prefixes if not given[n].off_link]
    named = [prefix for prefix in prefixes if any(prefix.address)]
    granted: Ipv4HomeAddressReply | None = given[at.ipv4_reply]
    ipv4: Ipv4HomeAddressRequest | Ipv4HomeAddressReply | None
    ipv4 = given[at.ipv4_request] or granted
    ipv4_home_address = ipv4.prefix if ipv4 and any(ipv4.home_address) else None
    mn: MnIdentifier | None = given[at.mobile_node]
    mag: MagIdentifier | None = given[at.mag]
    multipath: MagMultipathBinding | None = given[at.multipath]
    handoff: HandoffIndicator | None = given[at.handoff]
    technology: AccessTechnologyType | None = given[at.technology]
    link_layer: MnLinkLayerIdentifier | None = given[at.link_layer]
    link_local: LinkLocalAddress | None = given[at.link_local]
    timestamp: Timestamp | None = given[at.timestamp]
    gre: GreKey | None = given[at.gre]
    # By position: a call with so many keywords takes Python ten times as long.
    return Registration(
        message,
        at.classes,
        mag_address,
        lma,
        care_of_address,
        body.sequence,
        body.lifetime_s,
        status,
        status is not None and status < 128,
        mn.identity if mn and mn.identifier else None,
        tuple(sorted(named)) if len(named) > 1 else tuple(named),
        len(named) < len(prefixes),
        ipv4_home_address,
        ipv4 is not None,
        granted is not None and granted.accepted and any(granted.home_address),
        not LMA_IPV4_OPTIONS.isdisjoint(at.classes),
        multipath,
        multipath.bid if multipath else None,
        mag.identity if mag else None,
        handoff.indicator if handoff else None,
        technology.access_technology if technology else None,
        link_layer.identifier if link_layer else None,
        link_local.address if link_local else None,
        gre.key if gre else None,
        # A dialect sends eight zero octets where it has no clock: that is no timestamp.
        timestamp.timestamp if timestamp and timestamp.timestamp else None,
    )
