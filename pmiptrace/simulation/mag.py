"""A conforming mobile access gateway: its binding update list, and what it sends when.

Written from RFC 5213 section 6.9, RFC 5844 sections 3.2.3 and 4.2, RFC 5845 section 4.2, RFC 5846
section 9, RFC 6275 sections 11.7 and 11.8, RFC 7077 section 6 and RFC 8278 section 4.

A MAG with several WAN interfaces ("paths") asks for multipath. It registers the first path, adds
the others once the LMA has shown that it supports multipath, and goes on without if the LMA does
not (RFC 8278 section 4.4).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from msgspec import Struct, field

from pmiptrace.address import ALL_ZERO
from pmiptrace.model import SECOND, Option, Prefix
from pmiptrace.simulation.clock import Timer
from pmiptrace.simulation.network import Link, Packet
from pmiptrace.simulation.peer import Domain, Peer, Profile
from pmiptrace.wire.codes import BindingStatus as Status
from pmiptrace.wire.codes import HandoffIndicatorValue as Handoff
from pmiptrace.wire.codes import RevocationStatus, RevocationTrigger
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
from pmiptrace.wire.options.rfc5844 import Ipv4HomeAddressReply, Ipv4HomeAddressRequest
from pmiptrace.wire.options.rfc5845 import GreKey
from pmiptrace.wire.options.rfc8278 import MagIdentifier, MagMultipathBinding

INITIAL_TIMEOUT = 1.0
"""INITIAL_BINDACK_TIMEOUT (RFC 6275 section 12)."""
FIRST_TIMEOUT = 1.5
"""InitialBindackTimeoutFirstReg (RFC 6275 section 13)."""
LONGEST_TIMEOUT = 32.0
"""MAX_BINDACK_TIMEOUT (RFC 6275 section 12)."""
REVOCATION_DELAY = 1.0
"""InitMINDelayBRIs, in seconds (RFC 5846 section 11)."""
UPDATES_PER_SECOND = 3
"""MAX_UPDATE_RATE (RFC 6275 section 12)."""
RATE_WINDOW = 1_200_000_000
"""Nanoseconds: more than the second, as packets may come closer together on their way."""
MAX_REPAIRS = 5
"""How often a MAG mends a rejected request before it gives up."""


class Interface(Struct, eq=False):
    """An interface of a mobile node, and where it is attached."""

    profile: Profile
    access_technology: int
    link_layer_identifier: bytes | None
    mag: MobileAccessGateway | None = None


class Session(Struct, frozen=True):
    """What a MAG may know of a mobility session beforehand, by context transfer or policy."""

    prefixes: tuple[Prefix, ...] = ()
    ipv4: Prefix | None = None


class Wan(Struct, eq=False):
    """A WAN interface of a MAG."""

    address: bytes
    bid: int
    if_att: int
    if_label: int
    link: Link


class _Request(Struct, eq=False):
    """A Proxy Binding Update that waits for its answer."""

    lifetime: int
    handoff: int
    timeout: float
    bulk: bool = False
    overwrite: bool = False
    has_multipath: bool = False
    has_gre: bool = False
    sent: dict[int, int] = field(default_factory=dict)
    """When each attempt was sent, by its sequence number."""
    timer: Timer | None = None
    is_over: bool = False


class _Path(Struct, eq=False):
    """A binding of the update list: one care-of address of a session."""

    wan: Wan
    expires_at: int | None = None
    """None while it is not registered."""
    timers: list[Timer] = field(default_factory=list)
    request: _Request | None = None
    again: bool = False
    """Whether a re-registration was asked for while a request was under way."""

    @property
    def is_registered(self) -> bool:
        return self.expires_at is not None


class Registration(Struct, eq=False):
    """A Binding Update List entry (RFC 5213 section 6.1)."""

    interface: Interface
    session: Session
    handoff: int
    """The Handoff Indicator of its first request."""
    multipath: bool
    link_local_address: bytes = ALL_ZERO
    gre_key: int | None = None
    paths: list[_Path] = field(default_factory=list)
    only: Wan | None = None
    """The only path that is wanted for now."""
    has_left: bool = False
    repairs: int = 0

    @property
    def registered(self) -> list[_Path]:
        """The paths that the LMA has accepted."""
        return [path for path in self.paths if path.is_registered]

    @property
    def is_quiet(self) -> bool:
        """Whether no request is under way."""
        return all(path.request is None for path in self.paths)


class MobileAccessGateway(Peer):
    """One MAG."""

    def __init__(
        self, domain: Domain, index: int, identifier: bytes, wans: tuple[Wan, ...]
    ) -> None:
        super().__init__(domain)
        self.wans = wans
        self.registrations: list[Registration] = []
        self._index = index
        self._identifier = identifier
        self._skew = self.random.uniform(-1, 1) * domain.scenario.clock_skew
        self._sequence = self.random.randrange(1 << 16)
        self._last_timestamp = 0
        self._first_timeout = self.random.choice((INITIAL_TIMEOUT, FIRST_TIMEOUT))
        self._refresh_at = self.random.uniform(0.4, 0.75)
        self._bulk = self.random.random() < 0.4
        self._added_handoff = self.random.choice(
            (
                Handoff.NEW_INTERFACE,
                Handoff.NOT_CHANGED,
                Handoff.NEW_INTERFACE_SHARING_PREFIXES,
            )
        )
        self._repeats_link_local = self.random.random() < 0.5
        self._knows_multipath: dict[bytes, bool] = {}
        self._without_multipath: set[tuple[int, bytes]] = set()
        self._denied: set[tuple[int, bytes]] = set()
        """Mobile nodes to send nothing for until somebody acts (section 6.9.1.2 item 7)."""
        self._without_gre: set[bytes] = set()
        self._recent: dict[bytes, deque[int]] = {}
        self._queues: dict[bytes, deque[Callable[[], bool]]] = {}
        self._answered: dict[tuple[bytes, int], BindingRevocationAcknowledgement] = {}
        self._revocations: dict[int, Timer] = {}
        self._revocation_sequence = 0
        self._notified: set[tuple[bytes, int]] = set()
        for wan in wans:
            domain.network.connect_mag(wan.address, index, wan.link, self.receive)

    # -------------------------------------------------------------------- mobile nodes come and go

    def attach(self, interface: Interface, handoff: int, known: Session | None = None) -> None:
        """Register a mobile node that has come (RFC 5213 section 6.9.1.1)."""
        interface.mag = self
        scenario, profile = self.domain.scenario, interface.profile
        if profile.identifier in self._denied:
            return
        session = known or Session(prefixes=profile.prefixes)
        has_gre = scenario.gre and profile.lma not in self._without_gre
        registration = Registration(
            interface,
            session,
            handoff,
            multipath=len(self.wans) > 1 and profile.identifier not in self._without_multipath,
            gre_key=self.random.randrange(1, 1 << 32) if has_gre else None,
        )
        self.registrations.append(registration)
        # Several paths at once need an LMA that supports it, and prefixes that join them.
        at_once = self._knows_multipath.get(profile.lma, False) and bool(session.prefixes)
        usable = [wan for wan in self.wans if wan.link.up]
        for wan in usable if registration.multipath and at_once else usable[:1]:
            path = _Path(wan)
            registration.paths.append(path)
            self._register(registration, path, handoff)

    def leave(self, interface: Interface) -> None:
        """De-register a mobile node that has gone (RFC 5213 section 6.9.1.4)."""
        for registration in self._of(interface):
            registration.has_left = True
            for path in list(registration.paths):
                if path.request is not None and path.request.lifetime == 0:
                    pass  # it is on its way out already
                elif path.is_registered:
                    self._deregister(registration, path)
                elif path.request is not None:
                    # What prefixes to name is not known before the answer comes.
                    self._stop_repeating(path.request)
                    self._remove_later(registration, path)
                else:
                    self._remove(registration, path)

    def session_of(self, interface: Interface) -> Session | None:
        """Give what is known of the session of an interface."""
        return next((r.session for r in self._of(interface) if r.registered), None)

    def _of(self, interface: Interface) -> list[Registration]:
        return [r for r in self.registrations if r.interface is interface]

    # --------------------------------------------------------------------- paths come and go

    def can_spare(self, wan: Wan) -> bool:
        """Tell whether every session can go on without a path."""
        return all(
            registration.multipath
            and registration.is_quiet
            and not registration.has_left
            and registration.only is None
            and any(path.wan is not wan for path in registration.registered)
            for registration in self.registrations
            if any(path.wan is wan for path in registration.paths)
        )

    def take_down(self, wan: Wan) -> None:
        """De-register a path everywhere, over itself, and then lose it."""
        for registration in self.registrations:
            for path in list(registration.paths):
                if path.wan is wan:
                    self._deregister(registration, path)

        def lose() -> None:
            wan.link.up = False

        self.clock.after(3, lose)

    def bring_up(self, wan: Wan) -> None:
        """Have a path back."""
        wan.link.up = True
        for registration in self.registrations:
            self._add_paths(registration)

    def readdress(self, wan: Wan, address: bytes) -> bool:
        """Give a path another care-of address, if all its sessions can follow."""
        concerned = [
            (registration, path)
            for registration in self.registrations
            for path in registration.paths
            if path.wan is wan
        ]
        for registration, path in concerned:
            movable = registration.multipath or registration.interface.link_layer_identifier
            if not (movable and path.is_registered and registration.is_quiet):
                return False
        self.domain.network.disconnect(wan.address)
        wan.address = address
        self.domain.network.connect_mag(address, self._index, wan.link, self.receive)
        for registration, path in concerned:
            self._register(registration, path, Handoff.NOT_CHANGED)
        return True

    def overwrite(self, registration: Registration) -> bool:
        """Go back to one path with the O flag (RFC 8278 section 4.1), for a while."""
        paths = registration.registered
        if registration.has_left or len(paths) < 2 or not registration.is_quiet:
            return False
        path = self.random.choice(paths)
        registration.only = path.wan

        def want_all() -> None:
            registration.only = None
            self._add_paths(registration)

        self._register(registration, path, Handoff.NOT_CHANGED, overwrite=True)
        self.clock.after(self.random.uniform(30, 90), want_all)
        return True

    def _add_paths(self, registration: Registration) -> None:
        """Add the paths that a session lacks, one after the other or all at once."""
        if (
            not registration.multipath
            or registration.has_left
            or registration.only
            or registration.interface.mag is not self
            or not registration.registered
            or registration not in self.registrations
        ):
            return
        used = [path.wan for path in registration.paths]
        for wan in self.wans:
            if wan.link.up and wan not in used:
                path = _Path(wan)
                registration.paths.append(path)
                self._register(registration, path, self._added_handoff)

    # ---------------------------------------------------------------------------- requests

    def _register(
        self,
        registration: Registration,
        path: _Path,
        handoff: int,
        *,
        bulk: bool = False,
        overwrite: bool = False,
    ) -> None:
        request = _Request(
            self.domain.scenario.lifetime,
            handoff,
            INITIAL_TIMEOUT if path.is_registered else self._first_timeout,
            bulk,
            overwrite,
        )
        self._open(registration, path, request)

    def _deregister(self, registration: Registration, path: _Path) -> None:
        self._cancel(path)
        request = _Request(0, Handoff.UNKNOWN, INITIAL_TIMEOUT)
        self._open(registration, path, request)

    def _open(self, registration: Registration, path: _Path, request: _Request) -> None:
        if path.request is not None:
            self._close(path.request)
        path.request = request
        self._attempt(registration, path, request)

    def _attempt(self, registration: Registration, path: _Path, request: _Request) -> None:
        """Send a request once more as soon as the rate limit allows (RFC 6275 section 11.8)."""

        def transmit() -> bool:
            if request.is_over:
                return False
            if request.lifetime and registration.interface.mag is not self:
                # It must still be attached (RFC 5213 section 6.9.4); leave() will follow.
                return False
            self._transmit(registration, path, request)
            return True

        lma = registration.interface.profile.lma
        self._queues.setdefault(lma, deque()).append(transmit)
        if len(self._queues[lma]) == 1:
            self._drain(lma)

    def _drain(self, lma: bytes) -> None:
        queue, recent = self._queues[lma], self._recent.setdefault(lma, deque())
        while queue:
            while recent and recent[0] <= self.clock.now - RATE_WINDOW:
                recent.popleft()
            if len(recent) >= UPDATES_PER_SECOND:
                self.clock.at(recent[0] + RATE_WINDOW, lambda: self._drain(lma))
                return
            if queue[0]():
                recent.append(self.clock.now)
            queue.popleft()

    def _transmit(self, registration: Registration, path: _Path, request: _Request) -> None:
        profile = registration.interface.profile
        options = self._options(registration, path, request)
        sequence = self._next_sequence(profile)
        request.sent[sequence] = self.clock.now
        body = BindingUpdate(
            sequence=sequence, acknowledge=True, proxy=True, lifetime=request.lifetime // 4
        )
        self.send(path.wan.address, profile.lma, body, *options)
        timeout = request.timeout
        request.timeout = min(timeout * 2, LONGEST_TIMEOUT)

        def expired() -> None:
            if request.lifetime:
                self._attempt(registration, path, request)
            else:
                self._remove(registration, path)  # RFC 5213 section 6.9.1.4

        request.timer = self.clock.after(timeout, expired)

    def _options(self, registration: Registration, path: _Path, request: _Request) -> list[Option]:
        """Give the options of a request (RFC 5213 section 6.9.1.5)."""
        interface, session = registration.interface, registration.session
        profile, scenario = interface.profile, self.domain.scenario
        options: list[Option] = [
            MnIdentifier(subtype=profile.identifier[0], identifier=profile.identifier[1])
        ]
        if profile.ipv6:
            prefixes = session.prefixes or (Prefix(ALL_ZERO, 0),)
            options += (
                HomeNetworkPrefix(prefix_length=p.length, home_network_prefix=p.address)
                for p in prefixes
            )
        options.append(HandoffIndicator(indicator=request.handoff))
        options.append(AccessTechnologyType(access_technology=interface.access_technology))
        if scenario.timestamps:
            options.append(self._timestamp())
        if interface.link_layer_identifier is not None:
            options.append(MnLinkLayerIdentifier(identifier=interface.link_layer_identifier))
        if scenario.link_local_addresses:
            repeated = registration.link_local_address if self._repeats_link_local else ALL_ZERO
            options.append(LinkLocalAddress(address=repeated))
        if profile.ipv4:
            ipv4 = session.ipv4 or Prefix(bytes(4), 0)
            options.append(
                Ipv4HomeAddressRequest(prefix_length=ipv4.length, home_address=ipv4.address)
            )
        # RFC 5845 section 4.2: not in a de-registration.
        request.has_gre = registration.gre_key is not None and request.lifetime > 0
        if request.has_gre:
            options.append(GreKey(key=registration.gre_key))
        request.has_multipath = registration.multipath
        if registration.multipath:
            wan = path.wan
            options.append(
                MagMultipathBinding(
                    if_att=wan.if_att,
                    if_label=wan.if_label,
                    bid=wan.bid,
                    bulk=request.bulk,
                    overwrite=request.overwrite,
                )
            )
            options.append(MagIdentifier(subtype=1, identifier=self._identifier))
        return options

    def _next_sequence(self, profile: Profile) -> int:
        """Count on: per MAG with timestamps, else per mobile node (RFC 5213 section 5.5)."""
        if self.domain.scenario.timestamps:
            self._sequence = (self._sequence + 1) % 65536
            return self._sequence
        sequences, node = self.domain.sequences, profile.identifier
        if node not in sequences:
            sequences[node] = self.random.randrange(1 << 16)
        sequences[node] = (sequences[node] + 1) % 65536
        return sequences[node]

    def _timestamp(self) -> Timestamp:
        """Give the time of this MAG's clock, later than ever before."""
        time = Timestamp.at(self.clock.now + round(self._skew * SECOND)).timestamp
        self._last_timestamp = max(time, self._last_timestamp + 1)
        return Timestamp(timestamp=self._last_timestamp)

    def _close(self, request: _Request) -> None:
        self._stop_repeating(request)
        request.is_over = True

    @staticmethod
    def _stop_repeating(request: _Request) -> None:
        if request.timer is not None:
            request.timer.cancel()

    def _cancel(self, path: _Path) -> None:
        for timer in path.timers:
            timer.cancel()
        path.timers.clear()

    def _remove(self, registration: Registration, path: _Path) -> None:
        """Take a binding out of the list, and the registration with its last one."""
        self._cancel(path)
        if path.request is not None:
            self._close(path.request)
            path.request = None
        if path in registration.paths:
            registration.paths.remove(path)
        if not registration.paths and registration in self.registrations:
            self.registrations.remove(registration)

    def _remove_later(self, registration: Registration, path: _Path) -> None:
        def remove() -> None:
            if not path.is_registered:
                self._remove(registration, path)

        self.clock.after(5, remove)

    # ---------------------------------------------------------------------------- answers

    def receive(self, packet: Packet) -> None:
        """Take a packet in."""
        body = packet.body
        if isinstance(body, BindingAcknowledgement):
            self._acknowledged(packet, body)
        elif isinstance(body, Heartbeat):
            self.heartbeat(packet, body)
        elif isinstance(body, BindingRevocationIndication):
            self._revoked(packet, body)
        elif isinstance(body, BindingRevocationAcknowledgement):
            timer = self._revocations.pop(body.sequence, None)
            if timer is not None:
                timer.cancel()
        elif isinstance(body, UpdateNotification):
            self._notify(packet, body)

    def _acknowledged(self, packet: Packet, answer: BindingAcknowledgement) -> None:
        """Take an acknowledgement in (RFC 5213 section 6.9.1.2, RFC 6275 section 11.7.3)."""
        found = self._asked(packet, answer)
        if found is None:
            return
        registration, path, request = found
        if answer.status == Status.SEQUENCE_NUMBER_OUT_OF_WINDOW:
            sequences, node = self.domain.sequences, registration.interface.profile.identifier
            if (answer.sequence - sequences[node]) % 65536 < 32768:
                sequences[node] = answer.sequence
        self._close(request)
        path.request = None
        if request.lifetime == 0:
            self._remove(registration, path)
        elif answer.accepted:
            self._accepted(registration, path, request, packet, answer)
        else:
            self._rejected(registration, path, request, answer.status)

    def _asked(
        self, packet: Packet, answer: BindingAcknowledgement
    ) -> tuple[Registration, _Path, _Request] | None:
        """Find the request that an acknowledgement answers."""
        node = packet.first(MnIdentifier)
        out_of_window = answer.status == Status.SEQUENCE_NUMBER_OUT_OF_WINDOW
        for registration in self.registrations:
            profile = registration.interface.profile
            if (
                node is None
                or profile.identifier != (node.subtype, node.identifier)
                or profile.lma != packet.source
            ):
                continue
            for path in registration.paths:
                request = path.request
                if request is not None and (
                    answer.sequence in request.sent
                    or (out_of_window and path.wan.address == packet.destination)
                ):
                    return registration, path, request
        return None

    def _accepted(
        self,
        registration: Registration,
        path: _Path,
        request: _Request,
        packet: Packet,
        answer: BindingAcknowledgement,
    ) -> None:
        lma = packet.source
        registration.repairs = 0
        self._learn(registration, packet)
        if request.has_gre and packet.first(GreKey) is None:
            registration.gre_key = None
            if answer.status != Status.GRE_KEY_OPTION_NOT_REQUIRED:
                self._without_gre.add(lma)
        is_multipath = packet.first(MagMultipathBinding) is not None
        if request.has_multipath:
            self._knows_multipath[lma] = is_multipath
            if not is_multipath:
                self._go_single(registration, path)
        if request.overwrite:
            for other in list(registration.paths):
                if other is not path:
                    self._remove(registration, other)
        # The lifetime counts from when the request was sent (RFC 6275 section 11.7.3).
        sent = request.sent[answer.sequence]
        concerned = registration.registered if request.bulk and is_multipath else []
        for known in {id(p): p for p in (path, *concerned)}.values():
            self._grant(registration, known, sent, answer.lifetime_s)
        self.start_pulse(lma)
        if registration.has_left or registration.interface.mag is not self:
            if registration.has_left:
                self._deregister(registration, path)
            return
        if path.again:
            path.again = False
            self._register(registration, path, Handoff.NOT_CHANGED)
        self._add_paths(registration)

    def _learn(self, registration: Registration, packet: Packet) -> None:
        """Take over what the LMA has assigned."""
        prefixes = tuple(option.prefix for option in packet.every(HomeNetworkPrefix))
        ipv4 = packet.first(Ipv4HomeAddressReply)
        registration.session = Session(
            prefixes or registration.session.prefixes,
            ipv4.prefix if ipv4 and ipv4.accepted else registration.session.ipv4,
        )
        link_local = packet.first(LinkLocalAddress)
        if link_local is not None:
            registration.link_local_address = link_local.address

    def _go_single(self, registration: Registration, path: _Path) -> None:
        """Go on without multipath, over one path (RFC 8278 section 4.4)."""
        registration.multipath = False
        self._without_multipath.add(registration.interface.profile.identifier)
        for other in list(registration.paths):
            if other is not path:
                self._remove(registration, other)

    def _grant(self, registration: Registration, path: _Path, sent: int, lifetime: int) -> None:
        self._cancel(path)
        path.expires_at = sent + lifetime * SECOND
        refresh = sent + round(lifetime * self._refresh_at * SECOND)
        path.timers.append(self.clock.at(refresh, lambda: self._refresh(registration, path)))
        path.timers.append(self.clock.at(path.expires_at, lambda: self._expire(registration, path)))

    def _refresh(self, registration: Registration, path: _Path) -> None:
        """Extend the lifetime in good time (RFC 5213 section 6.9.1.3)."""
        if registration.interface.mag is not self or registration.has_left:
            return
        bulk = self._bulk and len(registration.registered) > 1
        is_busy = not registration.is_quiet
        if path.request is not None or (is_busy and (bulk or registration.only)):
            path.timers.append(self.clock.after(1, lambda: self._refresh(registration, path)))
            return
        self._register(registration, path, Handoff.NOT_CHANGED, bulk=bulk)

    def _expire(self, registration: Registration, path: _Path) -> None:
        """Begin anew with a binding whose lifetime ran out."""
        path.expires_at = None
        if registration.interface.mag is not self or registration.has_left:
            self._remove(registration, path)
        elif registration.registered:
            self._register(registration, path, self._added_handoff)
        else:
            self._register(registration, path, Handoff.UNKNOWN)

    def _rejected(
        self, registration: Registration, path: _Path, request: _Request, status: int
    ) -> None:
        """Mend what can be mended (RFC 5213 section 6.9.1.2), else deny the service."""
        registration.repairs += 1
        if (
            registration.has_left
            or registration.interface.mag is not self
            or registration.repairs > MAX_REPAIRS
        ):
            self._remove(registration, path)
        elif status == Status.CANNOT_SUPPORT_MULTIPATH_BINDING:
            self._go_single(registration, path)
            self._register(registration, path, request.handoff)
        elif status == Status.NOT_AUTHORIZED_FOR_HOME_NETWORK_PREFIX:
            registration.session = Session()
            for other in list(registration.paths):
                if other is not path:
                    self._remove(registration, other)
            is_known = request.handoff in (
                Handoff.NOT_CHANGED,
                Handoff.NEW_INTERFACE_SHARING_PREFIXES,
            )
            self._register(registration, path, Handoff.UNKNOWN if is_known else request.handoff)
        elif status in (
            Status.TIMESTAMP_MISMATCH,
            Status.TIMESTAMP_LOWER_THAN_PREV_ACCEPTED,
            Status.SEQUENCE_NUMBER_OUT_OF_WINDOW,
        ):
            if status == Status.TIMESTAMP_MISMATCH:
                self._skew = 0.0  # now it is synchronized to the common time source
            self._register(
                registration,
                path,
                request.handoff,
                bulk=request.bulk,
                overwrite=request.overwrite,
            )
        else:
            if status == Status.PROXY_REG_NOT_ENABLED:
                self._denied.add(registration.interface.profile.identifier)
            for other in list(registration.paths):
                self._remove(registration, other)

    # -------------------------------------------------------- revocation and notification

    def _revoked(self, packet: Packet, indication: BindingRevocationIndication) -> None:
        """Answer a Binding Revocation Indication (RFC 5846 section 9.1)."""
        key = (packet.source, indication.sequence)
        if key not in self._answered:
            self._answered[key] = BindingRevocationAcknowledgement(
                status=self._revoke(packet, indication.trigger),
                sequence=indication.sequence,
                proxy=indication.proxy,
                global_revocation=indication.global_revocation,
            )
        self.send(packet.destination, packet.source, self._answered[key])

    def revoke_all(self, lma: bytes) -> None:
        """Give up all that is registered with an LMA, and tell it so (RFC 5846 section 9.2)."""
        identity = MnIdentifier(subtype=1, identifier=self._identifier)
        for wan in self.wans:
            paths = [
                (registration, path)
                for registration in self.registrations
                for path in registration.paths
                if registration.interface.profile.lma == lma and path.wan is wan
            ]
            for registration, path in paths:
                self._remove(registration, path)
            if paths:
                self._indicate(wan.address, lma, identity)

    def _indicate(self, source: bytes, lma: bytes, identity: MnIdentifier) -> None:
        """Send an indication, and repeat it once (RFC 5846 sections 6.3 and 11)."""
        self._revocation_sequence += 1
        sequence = self._revocation_sequence
        body = BindingRevocationIndication(
            trigger=RevocationTrigger.PER_PEER_POLICY,
            sequence=sequence,
            proxy=True,
            global_revocation=True,
        )

        def again() -> None:
            self._revocations.pop(sequence, None)
            self.send(source, lma, body, identity)

        self.send(source, lma, body, identity)
        self._revocations[sequence] = self.clock.after(REVOCATION_DELAY, again)

    def _revoke(self, packet: Packet, trigger: int) -> int:
        node = packet.first(MnIdentifier)
        if node is None:  # all that is registered between the two
            for registration in list(self.registrations):
                if registration.interface.profile.lma == packet.source:
                    for path in list(registration.paths):
                        self._remove(registration, path)
            return RevocationStatus.SUCCESS
        named = {option.prefix for option in packet.every(HomeNetworkPrefix)}
        found = [
            registration
            for registration in self.registrations
            if registration.interface.profile.identifier == (node.subtype, node.identifier)
            and (not named or named & set(registration.session.prefixes))
        ]
        if not found:
            return RevocationStatus.BINDING_DOES_NOT_EXIST
        is_handover = trigger in (
            RevocationTrigger.INTER_MAG_HANDOVER_SAME_ACCESS_TYPE,
            RevocationTrigger.INTER_MAG_HANDOVER_DIFFERENT_ACCESS_TYPE,
            RevocationTrigger.INTER_MAG_HANDOVER_UNKNOWN,
        )
        if is_handover and any(r.interface.mag is self for r in found):
            return RevocationStatus.REVOCATION_FAILED_MN_IS_ATTACHED
        for registration in found:
            for path in list(registration.paths):
                if not registration.multipath or path.wan.address == packet.destination:
                    self._remove(registration, path)
        return RevocationStatus.SUCCESS

    def _notify(self, packet: Packet, notification: UpdateNotification) -> None:
        """Re-register as an Update Notification asks (RFC 7077 section 6.1)."""
        node = packet.first(MnIdentifier)
        assert node is not None, "the simulated LMAs notify of one mobile node"
        key = (packet.source, notification.sequence)
        found = [
            (registration, path)
            for registration in self.registrations
            if registration.interface.profile.identifier == (node.subtype, node.identifier)
            and registration.interface.mag is self
            and not registration.has_left
            for path in registration.registered
            if path.wan.address == packet.destination
        ]
        if notification.acknowledge:
            done = found or key in self._notified
            self.send(
                packet.destination,
                packet.source,
                UpdateNotificationAcknowledgement(
                    sequence=notification.sequence, status=0 if done else 128
                ),
                node,
            )
        if key in self._notified:
            return
        self._notified.add(key)
        for registration, path in found:
            busy = [path for path in registration.paths if path.request is not None]
            if not busy:
                self._register(registration, path, Handoff.NOT_CHANGED)
            else:
                busy[0].again = True

    # ------------------------------------------------------------ heartbeats and restarts

    def pulse_to(self, name: bytes) -> tuple[bytes, bytes] | None:
        """Give a care-of address that the LMA has accepted."""
        for registration in self.registrations:
            if registration.interface.profile.lma == name:
                for path in registration.registered:
                    return path.wan.address, name
        return None

    def peer_restarted(self, name: bytes) -> None:
        """Establish the sessions again that the LMA has lost."""
        for registration in self.registrations:
            if (
                registration.interface.profile.lma != name
                or registration.has_left
                or registration.interface.mag is not self
            ):
                continue
            for path in registration.registered:
                if registration.is_quiet or registration.multipath:
                    if path.request is None:
                        self._register(registration, path, Handoff.NOT_CHANGED)
                else:
                    path.again = True

    def restart(self) -> None:
        """Lose all sessions, tell the LMAs so, and register anew who is attached."""
        lmas = {registration.interface.profile.lma: None for registration in self.registrations}
        attached: list[Interface] = []
        for registration in list(self.registrations):
            if registration.interface.mag is self and not registration.has_left:
                attached.append(registration.interface)
            for path in list(registration.paths):
                self._remove(registration, path)
        self.forget_pulses()
        self._knows_multipath.clear()
        self._without_multipath.clear()
        self._answered.clear()
        for timer in self._revocations.values():
            timer.cancel()
        self._revocations.clear()
        self._sequence = self.random.randrange(1 << 16)
        for lma in lmas:
            for number, wan in enumerate(wan for wan in self.wans if wan.link.up):
                self.clock.after(number * 0.5, partial(self.announce_restart, wan.address, lma))
        for interface in attached:
            self.clock.after(
                self.random.uniform(2, 5),
                partial(self._attach_again, interface),
            )

    def _attach_again(self, interface: Interface) -> None:
        if interface.mag is self and not self._of(interface):
            self.attach(interface, Handoff.UNKNOWN)
