"""What a Binding Update or Acknowledgement says, in the terms of bindings and sessions."""

from __future__ import annotations

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


class Registration(Struct, frozen=True, gc=False, kw_only=True):
    """The parts of a PBU or PBA that bindings are made of."""

    message: Message
    options: dict[type[Option], Any]
    """The first option of each class."""
    mag_address: bytes
    """Where the MAG sends and receives: the source of a PBU, the destination of a PBA."""
    lma: bytes
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
    care_of_address: bytes
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
        options = self.options
        return cls in options or (OpaqueOption in options and self.message.has(cls.number))

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


def _read(message: Message) -> Registration:
    body, datagram = message.body, message.datagram
    # From the back, so that the first option of a class is the one that stays.
    options: dict[type[Option], Any] = {type(o): o for o in reversed(message.options)}
    if isinstance(body, BindingUpdate):
        mag_address, lma, status = datagram.source, datagram.destination, None
        alternate: AlternateCareOfAddress | None = options.get(AlternateCareOfAddress)
        care_of_address = mag_address if alternate is None else alternate.care_of_address
    else:
        assert isinstance(body, BindingAcknowledgement)
        mag_address, lma, status = datagram.destination, datagram.source, body.status
        care_of_address = mag_address
    prefixes: list[Prefix] = []
    if HomeNetworkPrefix in options:
        prefixes = [o.prefix for o in message.options if type(o) is HomeNetworkPrefix]
    named = [prefix for prefix in prefixes if any(prefix.address)]
    granted: Ipv4HomeAddressReply | None = options.get(Ipv4HomeAddressReply)
    ipv4: Ipv4HomeAddressRequest | Ipv4HomeAddressReply | None
    ipv4 = options.get(Ipv4HomeAddressRequest) or granted
    ipv4_home_address = ipv4.prefix if ipv4 and any(ipv4.home_address) else None
    mn: MnIdentifier | None = options.get(MnIdentifier)
    mag: MagIdentifier | None = options.get(MagIdentifier)
    multipath: MagMultipathBinding | None = options.get(MagMultipathBinding)
    handoff: HandoffIndicator | None = options.get(HandoffIndicator)
    technology: AccessTechnologyType | None = options.get(AccessTechnologyType)
    link_layer: MnLinkLayerIdentifier | None = options.get(MnLinkLayerIdentifier)
    link_local: LinkLocalAddress | None = options.get(LinkLocalAddress)
    timestamp: Timestamp | None = options.get(Timestamp)
    gre: GreKey | None = options.get(GreKey)
    return Registration(
        message=message,
        options=options,
        mag_address=mag_address,
        lma=lma,
        sequence=body.sequence,
        lifetime=body.lifetime_s,
        status=status,
        accepted=status is not None and status < 128,
        mobile_node=mn.identity if mn and mn.identifier else None,
        prefixes=tuple(sorted(named)) if len(named) > 1 else tuple(named),
        all_zero=len(named) < len(prefixes),
        ipv4_home_address=ipv4_home_address,
        has_ipv4=ipv4 is not None,
        grants_ipv4=granted is not None and granted.accepted and any(granted.home_address),
        is_from_ipv4_lma=not LMA_IPV4_OPTIONS.isdisjoint(options),
        care_of_address=care_of_address,
        multipath=multipath,
        bid=multipath.bid if multipath else None,
        mag_identifier=mag.identity if mag else None,
        handoff_indicator=handoff.indicator if handoff else None,
        access_technology=technology.access_technology if technology else None,
        link_layer_identifier=link_layer.identifier if link_layer else None,
        link_local_address=link_local.address if link_local else None,
        gre_key=gre.key if gre else None,
        # A dialect sends eight zero octets where it has no clock: that is no timestamp.
        timestamp=timestamp.timestamp if timestamp and timestamp.timestamp else None,
    )
