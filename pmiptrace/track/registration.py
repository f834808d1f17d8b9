"""What a Binding Update or Acknowledgement says, in the terms of bindings and sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from pmiptrace.model import Identifier, Message, Option, Prefix
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
from pmiptrace.wire.options.rfc6275 import AlternateCareOfAddress
from pmiptrace.wire.options.rfc8278 import MagIdentifier, MagMultipathBinding

PROXY_ONLY_OPTIONS = (22, 23, 24, 63, 64)
"""Options that nobody but a MAG or an LMA sends: the mark of a PBU that lacks its P flag."""
LMA_IPV4_OPTIONS = frozenset({Ipv4HomeAddressReply, Ipv4DefaultRouterAddress, Ipv4DhcpSupportMode})


class Registration(Struct, frozen=True, kw_only=True):
    """The parts of a PBU or PBA that bindings are made of."""

    message: Message
    sequence: int
    lifetime: int
    """Seconds."""
    status: int | None = None
    """Of a PBA."""
    mobile_node: Identifier | None = None
    prefixes: tuple[Prefix, ...] = ()
    """The Home Network Prefixes that are not ALL_ZERO, sorted."""
    all_zero: bool = False
    """Whether a Home Network Prefix option asks for an assignment."""
    ipv4_home_address: Prefix | None = None
    """Of option 36 or 37, unless 0.0.0.0."""
    has_ipv4: bool = False
    """Whether option 36 or 37 is there at all."""
    is_from_ipv4_lma: bool = False
    """Whether an option is there that only an LMA with RFC 5844 sends."""
    care_of_address: bytes
    multipath: MagMultipathBinding | None = None
    mag_identifier: Identifier | None = None
    handoff_indicator: int | None = None
    access_technology: int | None = None
    link_layer_identifier: bytes | None = None
    link_local_address: bytes | None = None
    timestamp: int | None = None
    """In units of 1/65536 s (RFC 5213 section 8.8)."""

    @property
    def accepted(self) -> bool:
        """Whether a PBA accepts: status below 128."""
        return self.status is not None and self.status < 128

    @property
    def bid(self) -> int | None:
        """The BID of RFC 8278, if the MAG Multipath Binding option is there."""
        return self.multipath.bid if self.multipath else None

    def concerns_same(self, other: Registration) -> bool:
        """Tell whether two PBUs between the same nodes are about the same binding."""
        return (
            self.message.source == other.message.source
            and self.message.destination == other.message.destination
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
        pairs = (
            (self.mobile_node, reply.mobile_node),
            (self.handoff_indicator, reply.handoff_indicator),
            (self.access_technology, reply.access_technology),
            (self.link_layer_identifier, reply.link_layer_identifier),
        )
        return all(asked is None or given in (None, asked) for asked, given in pairs)


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
    body = message.body
    assert isinstance(body, BindingUpdate | BindingAcknowledgement)
    is_update = isinstance(body, BindingUpdate)
    # Message.first() looks through all options for each; this goes through them once.
    options: dict[type[Option], Option] = {}
    prefixes: list[Prefix] = []
    for option in message.options:
        cls = type(option)
        if cls is HomeNetworkPrefix:
            prefixes.append(option.prefix)  # type: ignore[attr-defined]
        elif cls not in options:
            options[cls] = option
    first: Callable[[type[Option]], Any] = options.get
    mn: MnIdentifier | None = first(MnIdentifier)
    mag: MagIdentifier | None = first(MagIdentifier)
    alternate: AlternateCareOfAddress | None = first(AlternateCareOfAddress) if is_update else None
    handoff: HandoffIndicator | None = first(HandoffIndicator)
    technology: AccessTechnologyType | None = first(AccessTechnologyType)
    link_layer: MnLinkLayerIdentifier | None = first(MnLinkLayerIdentifier)
    link_local: LinkLocalAddress | None = first(LinkLocalAddress)
    timestamp: Timestamp | None = first(Timestamp)
    ipv4: Ipv4HomeAddressRequest | Ipv4HomeAddressReply | None = first(
        Ipv4HomeAddressRequest
    ) or first(Ipv4HomeAddressReply)
    named = [prefix for prefix in prefixes if not prefix.is_all_zero]
    if alternate is not None:
        care_of_address = alternate.care_of_address
    else:
        care_of_address = message.source if is_update else message.destination
    return Registration(
        message=message,
        sequence=body.sequence,
        lifetime=body.lifetime_s,
        status=body.status if isinstance(body, BindingAcknowledgement) else None,
        mobile_node=mn.identity if mn and mn.identifier else None,
        prefixes=tuple(sorted(named)) if len(named) > 1 else tuple(named),
        all_zero=len(named) < len(prefixes),
        ipv4_home_address=ipv4.prefix if ipv4 and not ipv4.prefix.is_all_zero else None,
        has_ipv4=ipv4 is not None,
        is_from_ipv4_lma=not LMA_IPV4_OPTIONS.isdisjoint(options),
        care_of_address=care_of_address,
        multipath=first(MagMultipathBinding),
        mag_identifier=mag.identity if mag else None,
        handoff_indicator=handoff.indicator if handoff else None,
        access_technology=technology.access_technology if technology else None,
        link_layer_identifier=link_layer.identifier if link_layer else None,
        link_local_address=link_local.address if link_local else None,
        # A dialect sends eight zero octets where it has no clock: that is no timestamp.
        timestamp=timestamp.timestamp if timestamp and timestamp.timestamp else None,
    )
