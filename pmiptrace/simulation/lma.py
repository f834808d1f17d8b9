"""A conforming local mobility anchor: its binding cache, and how it answers.

Written from RFC 5213 section 5, RFC 5844 section 3.1, RFC 5845 section 5, RFC 5846 section 8,
RFC 6275 section 9.5.1, RFC 7077 section 5, RFC 7864 section 3.2.1 and RFC 8278 section 4.4. The
steps stand in the order that RFC 5213 section 5.3.1 asks for.

Where RFC 8278 is silent, this LMA does the plainest thing: bindings of one session belong to one
MAG, known by its MAG Identifier; a request of another MAG is a handover of the whole session; a
binding is known by its BID, and a bulk re-registration reaches the bindings of its session.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import partial

from msgspec import Struct, field

from pmiptrace.model import SECOND, Identifier, Option, Prefix
from pmiptrace.simulation.clock import Timer
from pmiptrace.simulation.network import Packet
from pmiptrace.simulation.peer import Domain, Peer
from pmiptrace.simulation.scenario import Multipath
from pmiptrace.wire.codes import BindingStatus as Status
from pmiptrace.wire.codes import HandoffIndicatorValue as Handoff
from pmiptrace.wire.codes import NotificationReason, RevocationStatus, RevocationTrigger
from pmiptrace.wire.messages import (
    BindingAcknowledgement,
    BindingRevocationAcknowledgement,
    BindingRevocationIndication,
    BindingUpdate,
    Heartbeat,
    UpdateNotification,
    UpdateNotificationAcknowledgement,
)
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
    Ipv4HomeAddressReply,
    Ipv4HomeAddressRequest,
)
from pmiptrace.wire.options.rfc5845 import GreKey
from pmiptrace.wire.options.rfc8278 import MagIdentifier, MagMultipathBinding

VALIDITY_WINDOW = 0.3
"""TimestampValidityWindow, in seconds (RFC 5213 section 9.1)."""
NEW_ENTRY_DELAY = 1.5
"""MaxDelayBeforeNewBCEAssign, in seconds (RFC 5213 section 9.1)."""
REVOCATION_DELAYS = (1.0, 2.0)
"""InitMINDelayBRIs, then MAX_BRACK_TIMEOUT: one retransmission (RFC 5846 section 11)."""
NOTIFICATION_DELAY = 1.5
"""Seconds before an Update Notification is sent again, once (RFC 7077 section 7: at least 1)."""
RESTART_TIME = 20
"""Seconds in which a restarting LMA hears nothing."""
REPEATED_WITHIN = 10
"""Seconds within which the same first request is taken for a retransmission."""

NO_LINK_LAYER_IDENTIFIER = bytes(2)
"""RFC 5213 section 5.1."""


class Held(Struct, frozen=True):
    """One binding over which an LMA forwards traffic."""

    lma: bytes
    mobile_node: Identifier
    prefixes: frozenset[Prefix]
    """Home network prefixes, and the IPv4 home address with its prefix length."""
    bid: int | None
    """None for a session without multipath."""
    care_of_address: bytes
    expires_at: int
    doubtful: bool = False
    """Whether it is being revoked, or its MAG is known to have lost it."""


class CacheBinding(Struct):
    """One care-of address of an entry."""

    care_of_address: bytes
    expires_at: int
    is_released: bool = False
    """De-registered, and kept for MinDelayBeforeBCEDelete only."""
    is_being_revoked: bool = False
    """Its "revocation in progress" flag (RFC 5846 section 8.1)."""
    is_invalid: bool = False
    """Its MAG was seen to have restarted (RFC 5847 section 3)."""
    timer: Timer | None = None


class CacheEntry(Struct):
    """A Binding Cache entry: one mobility session (RFC 5213 section 5.1)."""

    mobile_node: tuple[int, bytes]
    prefixes: tuple[Prefix, ...]
    ipv4: Prefix | None
    access_technology: int
    link_layer_identifier: bytes
    link_local_address: bytes | None = None
    multipath_mag: bytes | None = None
    """The MAG Identifier, while the session has multipath."""
    bindings: dict[int | None, CacheBinding] = field(default_factory=dict)
    """By BID; a session without multipath has one, under None."""
    sequence: int = 0
    timestamp: int = 0
    uplink_key: int | None = None
    asked_by: tuple[bytes, int] = (b"", 0)
    """Source and Handoff Indicator of the last request without a prefix, to know it when it is
    repeated."""
    asked_at: int = 0

    @property
    def is_being_revoked(self) -> bool:
        """Whether any of its bindings is."""
        return any(binding.is_being_revoked for binding in self.bindings.values())


class Request(Struct, frozen=True):
    """A Proxy Binding Update taken apart."""

    packet: Packet
    update: BindingUpdate
    mobile_node: tuple[int, bytes]
    prefixes: tuple[Prefix, ...]
    handoff: int
    access_technology: int
    link_layer_identifier: bytes
    timestamp: int | None
    ipv4: Prefix | None
    multipath: MagMultipathBinding | None
    """None for an LMA that does not know the option."""
    mag: bytes | None

    @property
    def known_prefixes(self) -> frozenset[Prefix]:
        """The prefixes it names, those it asks for left out."""
        return frozenset(prefix for prefix in self.prefixes if not prefix.is_all_zero)

    @property
    def is_deregistration(self) -> bool:
        """Whether it ends a binding."""
        return self.update.lifetime == 0


class _Verdict(Struct, frozen=True):
    """What becomes of a request: a status, or None if it is ignored; and how to answer."""

    status: int | None
    entry: CacheEntry | None = None
    lifetime: int = 0
    sequence: int | None = None
    timestamp: int | None = None


_IGNORED = _Verdict(None)


class LocalMobilityAnchor(Peer):
    """One LMA."""

    def __init__(self, domain: Domain, address: bytes, index: int) -> None:
        super().__init__(domain)
        self.address = address
        self.multipath = domain.scenario.multipath
        self.entries: list[CacheEntry] = []
        self.history: list[tuple[int, frozenset[Held]]] = [(domain.clock.now, frozenset())]
        self._index = index
        self._given: set[Prefix] = set()
        self._next = 0
        self._busy_until = 0
        self._down_until = 0
        self._sequence = self.random.randrange(1 << 16)
        self._mags: dict[bytes, bytes] = {}
        self._postponed: dict[tuple[int, bytes], tuple[Request, Timer]] = {}
        self._revocations: dict[int, Callable[[int | None], None]] = {}
        self._revocation_timers: dict[int, Timer] = {}
        self._notifications: dict[int, Timer] = {}
        self._knows_gre = self.random.random() < 0.7
        self._wants_gre = self.random.random() < 0.8
        self._tells_former_mags = self.random.random() < 0.3
        domain.network.connect_lma(address, self.receive)

    def held_at(self, time: int) -> frozenset[Held]:
        """Give the bindings that the cache held at a moment."""
        position = bisect_right(self.history, time, key=lambda known: known[0])
        held = self.history[max(position - 1, 0)][1]
        return frozenset(binding for binding in held if binding.expires_at > time)

    def receive(self, packet: Packet) -> None:
        """Take a packet in; packets are dealt with one after the other, each within 20 ms."""
        if self.clock.now < self._down_until:
            return
        self._busy_until = max(self._busy_until, self.clock.now)
        self._busy_until += round(self.random.uniform(0.0005, 0.004) * SECOND)
        self.clock.at(self._busy_until, lambda: self._process(packet))

    def _process(self, packet: Packet) -> None:
        body = packet.body
        if self.clock.now < self._down_until:
            return
        if isinstance(body, BindingUpdate):
            self._update(packet, body)
        elif isinstance(body, Heartbeat):
            self.heartbeat(packet, body)
        elif isinstance(body, BindingRevocationIndication):
            self._revoked_by_peer(packet, body)
        elif isinstance(body, BindingRevocationAcknowledgement):
            self._revoked(body.sequence, body.status)
        elif isinstance(body, UpdateNotificationAcknowledgement):
            timer = self._notifications.pop(body.sequence, None)
            if timer is not None:
                timer.cancel()
        self._note()

    # -------------------------------------------------------------- Proxy Binding Updates

    def _update(self, packet: Packet, update: BindingUpdate) -> None:
        request = self._request(packet, update)
        self._postponed_again(request)
        verdict = self._judge(request)
        if verdict is not None:
            self._answer(request, verdict)

    def _request(self, packet: Packet, update: BindingUpdate) -> Request:
        node = packet.first(MnIdentifier)
        handoff = packet.first(HandoffIndicator)
        access = packet.first(AccessTechnologyType)
        assert node is not None
        assert handoff is not None
        assert access is not None
        link_layer = packet.first(MnLinkLayerIdentifier)
        timestamp = packet.first(Timestamp)
        ipv4 = packet.first(Ipv4HomeAddressRequest)
        knows = self.multipath is not Multipath.LEGACY
        mag = packet.first(MagIdentifier) if knows else None
        if mag is not None:
            self._mags[packet.source] = mag.identifier
        return Request(
            packet=packet,
            update=update,
            mobile_node=(node.subtype, node.identifier),
            prefixes=tuple(option.prefix for option in packet.every(HomeNetworkPrefix)),
            handoff=handoff.indicator,
            access_technology=access.access_technology,
            link_layer_identifier=(
                link_layer.identifier if link_layer else NO_LINK_LAYER_IDENTIFIER
            ),
            timestamp=timestamp.timestamp if timestamp else None,
            ipv4=ipv4.prefix if ipv4 else None,
            multipath=packet.first(MagMultipathBinding) if knows else None,
            mag=mag.identifier if mag else None,
        )

    def _judge(self, request: Request) -> _Verdict | None:
        """Decide on a request (RFC 5213 section 5.3.1); None if that takes more time."""
        profile = self.domain.profiles[request.mobile_node]
        if profile.lma != self.address:
            return _Verdict(Status.NOT_LMA_FOR_THIS_MOBILE_NODE)
        if not profile.enabled:
            return _Verdict(Status.PROXY_REG_NOT_ENABLED)
        out_of_order = self._order(request)
        if out_of_order is not None:
            return out_of_order
        entry = self._look_up(request)
        if isinstance(entry, int):
            return _Verdict(entry)
        if request.is_deregistration:
            return self._deregister(request, entry)
        if request.multipath is not None and (
            self.multipath is Multipath.DENIED or not profile.multipath
        ):
            # RFC 8278 section 4.4, last item.
            return _Verdict(Status.CANNOT_SUPPORT_MULTIPATH_BINDING)
        if entry is None and self._must_wait(request):
            return None
        return self._register(request, entry)

    def _order(self, request: Request) -> _Verdict | None:
        """Check timestamp or sequence number (RFC 5213 section 5.5, RFC 6275 section 9.5.1)."""
        entries = [entry for entry in self.entries if entry.mobile_node == request.mobile_node]
        if request.timestamp is not None:
            now = Timestamp.at(self.clock.now).timestamp
            last = max((entry.timestamp for entry in entries), default=0)
            if request.timestamp < last:
                return _Verdict(Status.TIMESTAMP_LOWER_THAN_PREV_ACCEPTED, timestamp=now)
            if request.timestamp == last or abs(now - request.timestamp) > VALIDITY_WINDOW * 65536:
                return _Verdict(Status.TIMESTAMP_MISMATCH, timestamp=now)
        elif entries:
            last = max(
                (entry.sequence for entry in entries),
                key=lambda sequence: (sequence - entries[0].sequence + 32768) % 65536,
            )
            if (last - request.update.sequence) % 65536 < 32768:
                return _Verdict(Status.SEQUENCE_NUMBER_OUT_OF_WINDOW, sequence=last)
        return None

    @staticmethod
    def _remember_order(entry: CacheEntry, request: Request) -> None:
        """Note the order of an accepted request; one that had to wait may be no longer the last."""
        entry.timestamp = max(entry.timestamp, request.timestamp or 0)
        if (request.update.sequence - entry.sequence) % 65536 < 32768 or not entry.bindings:
            entry.sequence = request.update.sequence

    def _look_up(self, request: Request) -> CacheEntry | int | None:
        """Find the entry that a request is about (RFC 5213 section 5.4.1), or a status."""
        own = [entry for entry in self.entries if entry.mobile_node == request.mobile_node]
        same_multipath = [
            entry
            for entry in own
            if request.multipath is not None
            and entry.multipath_mag is not None
            and entry.multipath_mag == request.mag
        ]
        known = request.known_prefixes
        ipv4 = request.ipv4 if request.ipv4 and not request.ipv4.is_all_zero else None
        if known or ipv4:
            if any(
                known & set(entry.prefixes)
                for entry in self.entries
                if entry.mobile_node != request.mobile_node
            ):
                return Status.NOT_AUTHORIZED_FOR_HOME_NETWORK_PREFIX
            # Without a prefix the IPv4 home address is the key (RFC 5844 section 3.1.2.7).
            matching = [
                entry
                for entry in own
                if (known & set(entry.prefixes) if known else entry.ipv4 == ipv4)
            ]
            if known and any(known != set(entry.prefixes) for entry in matching):
                return Status.BCE_PBU_PREFIX_SET_DO_NOT_MATCH
            for entry in matching:
                if entry in same_multipath or self._is_update(request, entry):
                    return entry
            return None
        is_same = [
            entry
            for entry in own
            if entry.access_technology == request.access_technology
            and entry.link_layer_identifier == request.link_layer_identifier
        ]
        only = own[0] if len(own) == 1 else None
        if request.link_layer_identifier != NO_LINK_LAYER_IDENTIFIER:
            if is_same:
                return is_same[0]
            if only and request.handoff == Handoff.BETWEEN_INTERFACES:
                return only
        elif only and request.handoff in (Handoff.BETWEEN_INTERFACES, Handoff.BETWEEN_MAGS):
            return only
        if only and request.handoff == Handoff.UNKNOWN and self._is_released(only):
            return only
        # A request that is repeated because its answer is late creates no second session.
        repeated = (request.packet.source, request.handoff)
        since = self.clock.now - REPEATED_WITHIN * SECOND
        return next(
            (e for e in own if e.asked_by == repeated and e.asked_at > since and e in is_same),
            None,
        )

    def _is_update(self, request: Request, entry: CacheEntry) -> bool:
        """Tell whether a request that names an entry's prefixes updates it (5.4.1.1 item 5)."""
        same_access = entry.access_technology == request.access_technology
        same_link = entry.link_layer_identifier == request.link_layer_identifier
        has_link = request.link_layer_identifier != NO_LINK_LAYER_IDENTIFIER
        if has_link and same_link and same_access:
            return True
        if request.handoff == Handoff.NEW_INTERFACE_SHARING_PREFIXES:
            return False  # RFC 7864 section 3.2.1
        if request.handoff == Handoff.BETWEEN_INTERFACES:
            return True
        if not has_link and same_link and same_access and request.handoff == Handoff.BETWEEN_MAGS:
            return True
        addresses = {binding.care_of_address for binding in entry.bindings.values()}
        return request.packet.source in addresses and same_access

    @staticmethod
    def _is_released(entry: CacheEntry) -> bool:
        return all(binding.is_released for binding in entry.bindings.values())

    # ---------------------------------------------------------------------- registration

    def _register(self, request: Request, entry: CacheEntry | None) -> _Verdict:
        source, multipath = request.packet.source, request.multipath
        waiting = self._postponed.get(request.mobile_node)
        if waiting is not None and waiting[0] is not request:
            waiting[1].cancel()  # the mobile node has moved on
            del self._postponed[request.mobile_node]
        if entry is None:
            created = self._create(request)
            if isinstance(created, int):
                return _Verdict(created)
            entry = created
        elif multipath is None or entry.multipath_mag != request.mag:
            # After a handoff, or the same binding again: the session has one care-of address.
            self._tell_former_mag(entry, request)
            self._drop(entry, entry.bindings)
        elif multipath.overwrite:
            self._drop(entry, entry.bindings)
        if not request.known_prefixes:
            entry.asked_by = (source, request.handoff)
            entry.asked_at = self.clock.now
        entry.multipath_mag = request.mag if multipath else None
        entry.access_technology = request.access_technology
        entry.link_layer_identifier = request.link_layer_identifier
        self._remember_order(entry, request)
        lifetime = min(request.update.lifetime_s, self.domain.scenario.longest_grant)
        expires_at = self.clock.now + lifetime * SECOND
        bid = multipath.bid if multipath else None
        self._bind(entry, bid, source, expires_at)
        if multipath and multipath.bulk:
            for other, binding in list(entry.bindings.items()):
                if not binding.is_released:
                    is_being_revoked = binding.is_being_revoked
                    self._bind(entry, other, binding.care_of_address, expires_at)
                    entry.bindings[other].is_being_revoked = is_being_revoked
        self.start_pulse(self.name_of(source))
        return _Verdict(self._gre(request, entry), entry, lifetime)

    def _create(self, request: Request) -> CacheEntry | int:
        """Begin a session (RFC 5213 section 5.3.2, RFC 5844 section 3.1.2.2), or give a status."""
        profile = self.domain.profiles[request.mobile_node]
        prefixes = tuple(prefix for prefix in request.prefixes if not prefix.is_all_zero)
        if self._given & set(prefixes):
            is_sharing = request.handoff == Handoff.NEW_INTERFACE_SHARING_PREFIXES
            if not is_sharing:  # RFC 5213 section 5.2: another interface has it
                return Status.NOT_AUTHORIZED_FOR_HOME_NETWORK_PREFIX
        if request.prefixes and not prefixes:
            wanted: tuple[Prefix, ...] | None = profile.prefixes
            if not wanted or self._given & set(wanted):
                wanted = self._allocate(profile.number_of_prefixes)
            if wanted is None:
                return Status.INSUFFICIENT_RESOURCES
            prefixes = wanted
        ipv4 = request.ipv4
        if ipv4 and ipv4.is_all_zero:
            ipv4 = self._allocate_ipv4()
            if ipv4 is None:
                return Status.INSUFFICIENT_RESOURCES
        self._given.update(prefixes, (ipv4,) if ipv4 else ())
        entry = CacheEntry(
            mobile_node=request.mobile_node,
            prefixes=prefixes,
            ipv4=ipv4,
            access_technology=request.access_technology,
            link_layer_identifier=request.link_layer_identifier,
        )
        self.entries.append(entry)
        return entry

    def _allocate(self, count: int) -> tuple[Prefix, ...] | None:
        """Take prefixes out of the pool; those given back long ago come last."""
        taken: list[Prefix] = []
        for _ in range(self.domain.scenario.pool):
            self._next += 1
            number = self._next % self.domain.scenario.pool
            start = b"\x20\x01\x0d\xb8" + (0x1000 * (1 + self._index) + number).to_bytes(4)
            prefix = Prefix(start + bytes(8), 64)
            if prefix not in self._given:
                taken.append(prefix)
            if len(taken) == count:
                return tuple(taken)
        return None

    def _allocate_ipv4(self) -> Prefix | None:
        for _ in range(self.domain.scenario.pool):
            self._next += 1
            number = 2 + self._next % self.domain.scenario.pool
            prefix = Prefix(bytes((10, self._index, *number.to_bytes(2))), 16)
            if prefix not in self._given:
                return prefix
        return None

    def _bind(self, entry: CacheEntry, bid: int | None, address: bytes, expires_at: int) -> None:
        binding = CacheBinding(address, expires_at)
        if bid in entry.bindings:
            self._drop(entry, (bid,))
        entry.bindings[bid] = binding
        binding.timer = self.clock.at(expires_at, lambda: self._expire(entry, bid))

    def _expire(self, entry: CacheEntry, bid: int | None) -> None:
        self._drop(entry, (bid,))
        self._close_if_empty(entry)
        self._note()

    def _drop(self, entry: CacheEntry, bids: Iterable[int | None]) -> None:
        for bid in tuple(bids):
            timer = entry.bindings.pop(bid).timer
            if timer is not None:
                timer.cancel()

    def _close_if_empty(self, entry: CacheEntry) -> None:
        if not entry.bindings and entry in self.entries:
            self.entries.remove(entry)
            kept = {prefix for other in self.entries for prefix in (*other.prefixes, other.ipv4)}
            self._given.difference_update(
                prefix for prefix in (*entry.prefixes, entry.ipv4) if prefix not in kept
            )

    # ------------------------------------------------------------------- de-registration

    def _deregister(self, request: Request, entry: CacheEntry | None) -> _Verdict:
        """End a binding, after a while (RFC 5213 section 5.3.5)."""
        bid = request.multipath.bid if request.multipath else None
        binding = entry.bindings.get(bid) if entry else None
        if entry is None or binding is None or binding.care_of_address != request.packet.source:
            return _IGNORED
        self._remember_order(entry, request)
        if not binding.is_released:
            binding.is_released = True
            if binding.timer is not None:
                binding.timer.cancel()
            binding.timer = self.clock.after(
                self.domain.scenario.delete_delay, lambda: self._expire(entry, bid)
            )
        if self._is_released(entry):
            self._resume(entry.mobile_node)
        return _Verdict(Status.ACCEPTED, entry)

    # ----------------------------------------------------- a handover that nobody announced

    def _must_wait(self, request: Request) -> bool:
        """Wait for the old MAG where the handoff state is unknown (RFC 5213 section 5.4.1.3).

        With RFC 5846 the old MAG is asked for it (section 8.1).
        """
        own = [entry for entry in self.entries if entry.mobile_node == request.mobile_node]
        is_open = request.handoff == Handoff.UNKNOWN and not request.known_prefixes
        node = request.mobile_node
        if node in self._postponed:
            return self._postponed[node][0] is request
        if len(own) != 1 or not is_open:
            return False
        waiting = NEW_ENTRY_DELAY
        if self._can_revoke(own[0]):
            waiting = sum(REVOCATION_DELAYS)
            self._revoke(own[0], RevocationTrigger.INTER_MAG_HANDOVER_UNKNOWN)
        timer = self.clock.after(waiting, lambda: self._resume(node))
        self._postponed[node] = (request, timer)
        return True

    def _postponed_again(self, request: Request) -> None:
        """Forget a request that waits if its MAG sends it again, or has given it up."""
        known = self._postponed.get(request.mobile_node)
        if known is not None and known[0].packet.source == request.packet.source:
            self._postponed[request.mobile_node] = (request, known[1])

    def _resume(self, node: tuple[int, bytes]) -> None:
        """Go on with a request that waited."""
        waiting = self._postponed.get(node)
        if waiting is None:
            return
        request, timer = waiting
        timer.cancel()

        def resume() -> None:
            if self._postponed.pop(node, None) is None:
                return
            entry = self._look_up(request)
            assert not isinstance(entry, int), "it names no prefix"
            self._answer(request, self._register(request, entry))
            self._note()

        self.clock.at(self.clock.now, resume)

    # ------------------------------------------------------ Proxy Binding Acknowledgements

    def _gre(self, request: Request, entry: CacheEntry) -> int:
        """Settle GRE keys (RFC 5845 section 5.2); give the status of acceptance."""
        if request.packet.first(GreKey) is None or not self._knows_gre:
            return Status.ACCEPTED
        if not self._wants_gre:
            return Status.GRE_KEY_OPTION_NOT_REQUIRED
        if entry.uplink_key is None:
            entry.uplink_key = self.random.randrange(1, 1 << 32)
        return Status.ACCEPTED

    def _answer(self, request: Request, verdict: _Verdict) -> None:
        """Send the acknowledgement (RFC 5213 section 5.3.6, RFC 5844 section 3.1.2.6)."""
        if verdict.status is None:
            return
        entry, packet = verdict.entry, request.packet
        accepted = verdict.status < 128
        prefixes = entry.prefixes if entry and accepted else request.prefixes
        options: list[Option] = []
        for option in packet.options:
            if isinstance(option, HomeNetworkPrefix):
                if not any(isinstance(known, HomeNetworkPrefix) for known in options):
                    options += (
                        HomeNetworkPrefix(prefix_length=p.length, home_network_prefix=p.address)
                        for p in prefixes
                    )
            elif isinstance(option, Timestamp):
                late = verdict.timestamp
                options.append(option if late is None else Timestamp(timestamp=late))
            elif isinstance(option, LinkLocalAddress):
                options.append(self._link_local(option, entry if accepted else None))
            elif isinstance(option, Ipv4HomeAddressRequest):
                options += self._ipv4(request, verdict)
            elif isinstance(option, MagMultipathBinding):
                if request.multipath is not None:
                    options.append(option)
            elif isinstance(option, GreKey):
                if entry and entry.uplink_key is not None and verdict.status == Status.ACCEPTED:
                    options.append(GreKey(key=entry.uplink_key))
            elif not isinstance(option, MagIdentifier):
                options.append(option)
        body = BindingAcknowledgement(
            status=verdict.status,
            proxy=True,
            sequence=request.update.sequence if verdict.sequence is None else verdict.sequence,
            lifetime=verdict.lifetime // 4,
        )
        self.send(packet.destination, packet.source, body, *options)

    def _link_local(self, asked: LinkLocalAddress, entry: CacheEntry | None) -> LinkLocalAddress:
        if entry is None:
            return asked
        if any(asked.address):
            entry.link_local_address = asked.address
        elif entry.link_local_address is None:
            entry.link_local_address = b"\xfe\x80" + bytes(6) + self.random.randbytes(8)
        return LinkLocalAddress(address=entry.link_local_address or asked.address)

    @staticmethod
    def _ipv4(request: Request, verdict: _Verdict) -> tuple[Option, ...]:
        assert request.ipv4 is not None
        assert verdict.status is not None
        if verdict.status >= 128:
            reply = Ipv4HomeAddressReply(
                status=128,
                prefix_length=request.ipv4.length,
                home_address=request.ipv4.address,
            )
            return (reply,)
        given = verdict.entry.ipv4 if verdict.entry else None
        assert given is not None, "whoever asks for an address gets one"
        reply = Ipv4HomeAddressReply(prefix_length=given.length, home_address=given.address)
        if verdict.status != Status.ACCEPTED:
            return (reply,)  # section 3.1.2.6 wants the router with status 0, and not otherwise
        return reply, Ipv4DefaultRouterAddress(address=given.address[:2] + b"\0\1")

    # -------------------------------------------------------------------------- revocation

    def _can_revoke(self, entry: CacheEntry) -> bool:
        """Tell whether an indication can name an entry (RFC 5846 section 5.1).

        It knows mobile nodes by their NAI only, and one of several sessions by its prefixes only.
        """
        is_named = bool(entry.prefixes) or all(
            other is entry or other.mobile_node != entry.mobile_node for other in self.entries
        )
        return self.domain.scenario.revocation and entry.mobile_node[0] == 1 and is_named

    def revoke(self, entry: CacheEntry) -> None:
        """End a session for administrative reasons (RFC 5846 section 8.1)."""
        if self._can_revoke(entry) and not entry.is_being_revoked:
            self._revoke(entry, RevocationTrigger.ADMINISTRATIVE_REASON)
            self._note()

    def _revoke(self, entry: CacheEntry, trigger: int) -> None:
        """Send an indication to the care-of address of each binding, and await the answers.

        RFC 5846 knows no BID of RFC 8278. An indication per path, each to the care-of address of
        its binding, revokes all of them whether it is taken for the path or for the session.
        """
        waiting = {
            bid: binding for bid, binding in entry.bindings.items() if not binding.is_released
        }
        for binding in waiting.values():
            binding.is_being_revoked = True
        outcomes: list[int | None] = []

        def settle(bid: int | None, status: int | None) -> None:
            outcomes.append(status)
            if entry not in self.entries:
                return
            is_refused = status == RevocationStatus.REVOCATION_FAILED_MN_IS_ATTACHED
            is_handover = trigger == RevocationTrigger.INTER_MAG_HANDOVER_UNKNOWN
            binding = entry.bindings.get(bid)
            # A request for it that was accepted in the meantime took the flag away (section 8.1).
            if binding is not None and binding.is_being_revoked:
                binding.is_being_revoked = False
                if not is_handover or status is None:  # sections 8.1 and 6.3
                    self._drop(entry, (bid,))
                elif not is_refused:
                    self._release(entry, bid, binding)
            if len(outcomes) == len(waiting):
                self._resume(entry.mobile_node)
            self._close_if_empty(entry)

        for bid, binding in waiting.items():
            self._indicate(
                trigger, binding.care_of_address, self._identified(entry), partial(settle, bid)
            )

    def revoke_peer(self, address: bytes) -> None:
        """End all bindings of a MAG that has one care-of address (RFC 5846 section 8.1)."""
        own = self._bindings_at(address)
        if not own or not self.domain.scenario.revocation:
            return
        for entry, bid in own:
            entry.bindings[bid].is_being_revoked = True

        def settle(status: int | None) -> None:
            for entry, bid in own:
                binding = entry.bindings.get(bid)
                if entry in self.entries and binding is not None and binding.is_being_revoked:
                    self._drop(entry, (bid,))
                    self._close_if_empty(entry)

        self._indicate(RevocationTrigger.PER_PEER_POLICY, address, (), settle)
        self._note()

    def _revoked_by_peer(self, packet: Packet, indication: BindingRevocationIndication) -> None:
        """End all bindings with the care-of address of a MAG that asks so (section 8.2)."""
        for entry, bid in self._bindings_at(packet.source):
            self._drop(entry, (bid,))
            self._close_if_empty(entry)
        body = BindingRevocationAcknowledgement(
            status=RevocationStatus.SUCCESS,
            sequence=indication.sequence,
            proxy=indication.proxy,
            global_revocation=indication.global_revocation,
        )
        self.send(packet.destination, packet.source, body)

    def _bindings_at(self, address: bytes) -> list[tuple[CacheEntry, int | None]]:
        return [
            (entry, bid)
            for entry in self.entries
            for bid, binding in entry.bindings.items()
            if binding.care_of_address == address
        ]

    def _tell_former_mag(self, entry: CacheEntry, request: Request) -> None:
        """Let the old MAG know after a handoff why its binding is gone (RFC 5846 section 3.4.1)."""
        name = self.name_of(request.packet.source)
        addresses = [
            binding.care_of_address
            for binding in entry.bindings.values()
            if not binding.is_released and self.name_of(binding.care_of_address) != name
        ]
        if (
            not self._tells_former_mags
            or not self._can_revoke(entry)
            or not entry.prefixes
            or request.handoff not in (Handoff.BETWEEN_INTERFACES, Handoff.BETWEEN_MAGS)
        ):
            return
        trigger = (
            RevocationTrigger.INTER_MAG_HANDOVER_SAME_ACCESS_TYPE
            if entry.access_technology == request.access_technology
            else RevocationTrigger.INTER_MAG_HANDOVER_DIFFERENT_ACCESS_TYPE
        )
        options = self._identified(entry)
        for address in addresses:
            indicate = partial(self._indicate, trigger, address, options, lambda status: None)
            self.clock.after(0.05, indicate)

    @staticmethod
    def _identified(entry: CacheEntry) -> tuple[Option, ...]:
        """Give the options that name an entry in a Binding Revocation Indication."""
        return (
            MnIdentifier(subtype=entry.mobile_node[0], identifier=entry.mobile_node[1]),
            *(
                HomeNetworkPrefix(prefix_length=p.length, home_network_prefix=p.address)
                for p in entry.prefixes
            ),
        )

    def _release(self, entry: CacheEntry, bid: int | None, binding: CacheBinding) -> None:
        binding.is_released = True
        if binding.timer is not None:
            binding.timer.cancel()
        binding.timer = self.clock.after(
            self.domain.scenario.delete_delay, lambda: self._expire(entry, bid)
        )

    def _indicate(
        self,
        trigger: int,
        address: bytes,
        options: tuple[Option, ...],
        done: Callable[[int | None], None],
    ) -> None:
        self._sequence = (self._sequence + 1) % 65536
        sequence = self._sequence
        body = BindingRevocationIndication(
            trigger=trigger,
            sequence=sequence,
            proxy=True,
            global_revocation=trigger == RevocationTrigger.PER_PEER_POLICY,
        )
        delays = iter(REVOCATION_DELAYS)

        def attempt() -> None:
            delay = next(delays, None)
            if delay is None:
                self._revoked(sequence, None)
                self._note()
                return
            self.send(self.address, address, body, *options)
            self._revocation_timers[sequence] = self.clock.after(delay, attempt)

        self._revocations[sequence] = done
        attempt()

    def _revoked(self, sequence: int, status: int | None) -> None:
        done = self._revocations.pop(sequence, None)
        timer = self._revocation_timers.pop(sequence, None)
        if timer is not None:
            timer.cancel()
        if done is not None:
            done(status)

    # ------------------------------------------------------------------------ notification

    def notify(self, entry: CacheEntry, *, acknowledge: bool) -> None:
        """Ask for a re-registration (RFC 7077 section 5)."""
        binding = next((b for b in entry.bindings.values() if not b.is_released), None)
        if binding is None:
            return
        self._sequence = (self._sequence + 1) % 65536
        sequence, address = self._sequence, binding.care_of_address
        node = MnIdentifier(subtype=entry.mobile_node[0], identifier=entry.mobile_node[1])

        def attempt(again: bool) -> None:
            body = UpdateNotification(
                sequence=sequence,
                reason=NotificationReason.FORCE_REREGISTRATION,
                acknowledge=acknowledge,
                retransmission=again,
            )
            self.send(self.address, address, body, node)

        attempt(False)
        if acknowledge:
            self._notifications[sequence] = self.clock.after(
                NOTIFICATION_DELAY, lambda: attempt(True)
            )

    # -------------------------------------------------------------- heartbeats and restarts

    def name_of(self, address: bytes) -> bytes:
        """Give the MAG Identifier that was seen with an address, else the address."""
        return self._mags.get(address, address)

    def pulse_to(self, name: bytes) -> tuple[bytes, bytes] | None:
        """Give a care-of address of the MAG that a binding uses."""
        addresses = (
            binding.care_of_address
            for entry in self.entries
            for binding in entry.bindings.values()
            if not binding.is_released and self.name_of(binding.care_of_address) == name
        )
        address = next(addresses, None)
        return None if address is None else (self.address, address)

    def peer_restarted(self, name: bytes) -> None:
        """Mark the bindings of a MAG as invalid (RFC 5847 section 3)."""
        for entry in self.entries:
            for binding in entry.bindings.values():
                if self.name_of(binding.care_of_address) == name:
                    binding.is_invalid = True
        self._note()

    def restart(self) -> None:
        """Lose all sessions, and tell the MAGs so."""
        addresses: dict[bytes, bytes] = {}
        for entry in self.entries:
            for binding in entry.bindings.values():
                addresses.setdefault(self.name_of(binding.care_of_address), binding.care_of_address)
            self._drop(entry, entry.bindings)
        self.entries.clear()
        self._given.clear()
        for _, timer in self._postponed.values():
            timer.cancel()
        for timer in (*self._revocation_timers.values(), *self._notifications.values()):
            timer.cancel()
        self._postponed.clear()
        self._revocations.clear()
        self._revocation_timers.clear()
        self._notifications.clear()
        self.forget_pulses()
        self._note()
        self._down_until = self.clock.now + RESTART_TIME * SECOND
        for address in addresses.values():
            self.clock.after(RESTART_TIME, partial(self.announce_restart, self.address, address))

    # -------------------------------------------------------------------------- ground truth

    def _note(self) -> None:
        """Write down what the cache holds now."""
        held = frozenset(
            Held(
                lma=self.address,
                mobile_node=Identifier(*entry.mobile_node),
                prefixes=frozenset((*entry.prefixes, *((entry.ipv4,) if entry.ipv4 else ()))),
                bid=bid,
                care_of_address=binding.care_of_address,
                expires_at=binding.expires_at,
                doubtful=binding.is_invalid or binding.is_being_revoked,
            )
            for entry in self.entries
            for bid, binding in entry.bindings.items()
            if not binding.is_released
        )
        if self.history[-1][0] == self.clock.now:
            self.history[-1] = (self.clock.now, held)
        else:
            self.history.append((self.clock.now, held))
