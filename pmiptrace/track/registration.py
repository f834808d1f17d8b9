"""What a Binding Update or Acknowledgement says, in the terms of bindings and sessions."""

from __future__ import annotations

from msgspec import Struct

from pmiptrace.model import Identifier, Message, Prefix
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
from pmiptrace.wire.options.rfc5844 import Ipv4HomeAddressReply, Ipv4HomeAddressRequest
from pmiptrace.wire.options.rfc6275 import AlternateCareOfAddress
from pmiptrace.wire.options.rfc8278 import MagIdentifier, MagMultipathBinding

PROXY_ONLY_OPTIONS = (22, 23, 24, 63, 64)
"""Options that nobody but a MAG or an LMA sends: the mark of a PBU that lacks its P flag."""


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


def is_registration(message: Message) -> bool:
    """Tell whether a message is a PBU, or a BU that is one but for its missing P flag."""
    body = message.body
    if not isinstance(body, BindingUpdate):
        return False
    return body.proxy or any(message.has(number) for number in PROXY_ONLY_OPTIONS)


def registration(message: Message) -> Registration:
    """Read a PBU or PBA. The first option counts where one is there twice."""
    first = message.first
    body = message.body
    assert isinstance(body, BindingUpdate | BindingAcknowledgement)
    mn = first(MnIdentifier)
    mag = first(MagIdentifier)
    alternate = first(AlternateCareOfAddress)
    handoff = first(HandoffIndicator)
    technology = first(AccessTechnologyType)
    link_layer = first(MnLinkLayerIdentifier)
    link_local = first(LinkLocalAddress)
    timestamp = first(Timestamp)
    prefixes = [option.prefix for option in message.every(HomeNetworkPrefix)]
    ipv4 = first(Ipv4HomeAddressRequest) or first(Ipv4HomeAddressReply)
    is_update = isinstance(body, BindingUpdate)
    return Registration(
        message=message,
        sequence=body.sequence,
        lifetime=body.lifetime_s,
        status=None if isinstance(body, BindingUpdate) else body.status,
        mobile_node=mn.identity if mn and mn.identifier else None,
        prefixes=tuple(sorted(p for p in prefixes if not p.is_all_zero)),
        all_zero=any(p.is_all_zero for p in prefixes),
        ipv4_home_address=ipv4.prefix if ipv4 and not ipv4.prefix.is_all_zero else None,
        has_ipv4=ipv4 is not None,
        care_of_address=alternate.care_of_address
        if alternate and is_update
        else message.source
        if is_update
        else message.destination,
        multipath=first(MagMultipathBinding),
        mag_identifier=mag.identity if mag else None,
        handoff_indicator=handoff.indicator if handoff else None,
        access_technology=technology.access_technology if technology else None,
        link_layer_identifier=link_layer.identifier if link_layer else None,
        link_local_address=link_local.address if link_local else None,
        # A dialect sends eight zero octets where it has no clock: that is no timestamp.
        timestamp=timestamp.timestamp if timestamp and timestamp.timestamp else None,
    )
