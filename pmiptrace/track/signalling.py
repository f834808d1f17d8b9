"""Everything but registrations: revocation, heartbeat, notification and Binding Error.

These exchanges are paired by addresses and sequence number (RFC 5846 section 6.1, RFC 5847
section 3, RFC 7077 section 6.2); a Binding Error with status 2 answers the newest of them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from itertools import islice

from msgspec.structs import replace

from pmiptrace.model import (
    Binding,
    Exchange,
    ExchangeKind,
    MagNode,
    Message,
    Moment,
    Notified,
    Session,
    Step,
)
from pmiptrace.track.bounded import Lately, keep
from pmiptrace.track.peering import Peerings, is_same_request
from pmiptrace.track.sessions import binding_key, find_binding
from pmiptrace.track.state import State
from pmiptrace.track.states import Event
from pmiptrace.wire.codes import NotificationReason, RevocationStatus, RevocationTrigger
from pmiptrace.wire.messages.rfc5846 import (
    BindingRevocationAcknowledgement,
    BindingRevocationIndication,
)
from pmiptrace.wire.messages.rfc5847 import Heartbeat
from pmiptrace.wire.messages.rfc6275 import BindingError
from pmiptrace.wire.messages.rfc7077 import (
    UpdateNotification,
    UpdateNotificationAcknowledgement,
)
from pmiptrace.wire.options.rfc4283 import MnIdentifier
from pmiptrace.wire.options.rfc5213 import HomeNetworkPrefix
from pmiptrace.wire.options.rfc5648 import BindingIdentifier
from pmiptrace.wire.options.rfc5847 import RestartCounter
from pmiptrace.wire.options.rfc6275 import AlternateCareOfAddress
from pmiptrace.wire.options.rfc6602 import MnGroupIdentifier
from pmiptrace.wire.options.rfc8278 import MagMultipathBinding

Key = tuple[ExchangeKind, bytes, bytes, int]
Peers = tuple[bytes, bytes]

UNRECOGNIZED_MH_TYPE = 2
"""Binding Error status of a node that does not know the message (RFC 6275 section 6.1.9)."""

ASKING_FOR_A_PBU = (
    NotificationReason.FORCE_REREGISTRATION,
    NotificationReason.ANI_PARAMS_REQUESTED,
)
"""Reasons after which a MAG has to send a PBU (RFC 7077 section 6.1)."""

MAX_OUTSTANDING = 8
"""Unanswered requests given along with an answer that fits none."""
LIMIT = 10_000
"""Exchanges awaiting an answer, and counters per pair of peers, kept; the oldest goes first."""


class Signalling:
    """Handles all messages that are no registrations."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._open: OrderedDict[Key, Exchange] = OrderedDict()
        self._between: dict[Peers, dict[Key, None]] = {}
        """The keys of open exchanges by sender and receiver, the newest last."""
        timers = state.timers
        known_for = max(timers.late_answer, timers.revocation_answer, timers.registration)
        self._closed: Lately[Key, Exchange] = Lately(known_for, LIMIT)
        """Exchanges that were answered or given up: an answer may come late, or twice."""
        self._numbers: dict[tuple[ExchangeKind, bytes, int], Key] = {}
        """The newest open request of a kind with a sequence number, by the address of either
        end."""
        self._peerings = Peerings(state)
        self._restarts: OrderedDict[Peers, int] = OrderedDict()
        self._restarted: OrderedDict[tuple[int, bytes, bytes], int] = OrderedDict()
        """The Restart Counter that put the bindings of a MAG and an LMA in doubt last, with the
        one of the two that restarted: the LMA's address, or b"" for the MAG."""
        self._missing: OrderedDict[Peers, int] = OrderedDict()

    def feed(self, message: Message) -> Iterator[Step]:
        """Take a message that is neither PBU nor PBA."""
        peering = self._peerings.before(message, *self._roles(message))
        yield replace(self._taken(message), peering=peering)

    def _taken(self, message: Message) -> Step:
        body = message.body
        moment = self.state.moment(message)
        if message.checksum_correct is False:
            # Its receiver discards it (RFC 6275 section 9.2).
            return self.state.step(moment, message)
        if isinstance(body, BindingRevocationIndication):
            return self._revocation(message, body, moment)
        if isinstance(body, BindingRevocationAcknowledgement):
            return self._revocation_answer(message, body, moment)
        if isinstance(body, Heartbeat):
            return self._heartbeat(message, body, moment)
        if isinstance(body, UpdateNotification):
            return self._notification(message, body, moment)
        if isinstance(body, UpdateNotificationAcknowledgement):
            return self._notification_answer(message, body, moment)
        if isinstance(body, BindingError) and body.status == UNRECOGNIZED_MH_TYPE:
            return self._error(message, moment)
        return self.state.step(moment, message)

    def unfinished(self) -> Iterator[Exchange]:
        """Give the exchanges that await an answer."""
        yield from self._open.values()

    # ---------------------------------------------------------------------------- revocation

    def _revocation(
        self, message: Message, body: BindingRevocationIndication, moment: Moment
    ) -> Step:
        key = (ExchangeKind.REVOCATION, message.source, message.destination, body.sequence)
        session = self._session_of(message)
        rivals = self._rivals(key)
        exchange, is_new = self._ask(key, message, session, moment)
        before = session
        if is_new:
            for found, binding in self._revoked(message, body):
                session = self.state.move(found, binding, Event.REVOCATION, moment)
                self.state.sessions.put(session)
        self._await(key, message, self.state.timers.revocation_answer, self._unrevoked)
        return self._step(exchange, message, moment, before, outstanding=rivals)

    def _revocation_answer(
        self, message: Message, body: BindingRevocationAcknowledgement, moment: Moment
    ) -> Step:
        key = (ExchangeKind.REVOCATION, message.destination, message.source, body.sequence)
        exchange = self._open.get(key)
        before = self.state.sessions.get(exchange.session) if exchange else None
        if exchange is not None:
            if body.status < 128:
                event = Event.REVOKED
            elif body.status == RevocationStatus.BINDING_DOES_NOT_EXIST:
                event = Event.REVOCATION_UNKNOWN
            else:
                event = Event.REVOCATION_REFUSED
            self._conclude_revocation(exchange, event, moment)
        return self._answer(key, message, moment, before)

    def _conclude_revocation(self, exchange: Exchange, event: Event, moment: Moment) -> None:
        request = exchange.request
        assert request is not None
        assert isinstance(request.body, BindingRevocationIndication)
        for session, binding in self._revoked(request, request.body):
            moved = session
            if event is Event.REVOKED and _was_passed(binding, exchange):
                moved = self.state.move(moved, binding, Event.REVOCATION, moment)
                binding = find_binding(moved, binding_key(binding)) or binding
            moved = self.state.move(moved, binding, event, moment)
            self.state.touch(moved, moment)

    def _unrevoked(self, exchange: Exchange, moment: Moment) -> None:
        """Clean up after a BRI without an answer, as its sender does (RFC 5846 section 6.3)."""
        self._conclude_revocation(exchange, Event.REVOCATION_UNANSWERED, moment)

    def _revoked(
        self, message: Message, body: BindingRevocationIndication
    ) -> Iterator[tuple[Session, Binding]]:
        """Give the bindings that a BRI revokes, each with its session as it is at that time.

        With the V flag it ends the use of an IPv4 home address only (RFC 5846 section 9.1).
        """
        if body.ipv4_only:
            return
        if body.global_revocation and body.trigger == RevocationTrigger.PER_PEER_POLICY:
            mag, lma = self._roles(message)
            for known in self.state.all_of_mag(mag.id) if mag is not None else ():
                if self.state.sessions.is_at(known, lma):
                    yield from self._each(known, self._registered_with(message, mag, lma))
            return
        for session in self._sessions_of(message):
            yield from self._each(session, self._path_of(message, session))

    def _each(
        self, session: Session, chosen: Callable[[Binding], bool]
    ) -> Iterator[tuple[Session, Binding]]:
        for binding in session.bindings:
            if chosen(binding):
                yield self.state.sessions.get(session.id) or session, binding

    def _registered_with(
        self, message: Message, mag: MagNode | None, lma: bytes
    ) -> Callable[[Binding], bool]:
        """Give the test for the bindings that a BRI for all of a peer is about.

        That of an LMA is for all of the MAG, that of a MAG for those with the care-of address which
        it names or is sent from (RFC 5846 sections 8.1 and 8.2).
        """
        if message.source == lma:
            return lambda b: mag is not None and b.mag == mag.id
        option = message.first(AlternateCareOfAddress)
        address = message.source if option is None else option.care_of_address
        return lambda b: mag is not None and b.mag == mag.id and b.care_of_address == address

    def _path_of(self, message: Message, session: Session) -> Callable[[Binding], bool]:
        """Give the test for the paths that a BRI names; RFC 5846 knows no BID of RFC 8278."""
        address = message.first(AlternateCareOfAddress)
        if address is not None:
            return lambda b: b.care_of_address == address.care_of_address
        multipath = message.first(MagMultipathBinding)
        if multipath is not None:
            return lambda b: b.bid == multipath.bid
        identifier = message.first(BindingIdentifier)
        if identifier is not None and any(b.bid == identifier.bid for b in session.bindings):
            return lambda b: b.bid == identifier.bid
        # It goes to the care-of address of the binding (RFC 5846 section 8.1): after a handover to
        # that of the old MAG, whose binding is not the one that the session has now.
        if any(b.care_of_address == message.destination for b in session.live):
            return lambda b: b.care_of_address == message.destination
        mag, _ = self._roles(message)
        return lambda b: mag is not None and b.mag == mag.id

    # ----------------------------------------------------------------------------- heartbeat

    def _heartbeat(self, message: Message, body: Heartbeat, moment: Moment) -> Step:
        if not body.response:
            key = (ExchangeKind.HEARTBEAT, message.source, message.destination, body.sequence)
            exchange, _ = self._ask(key, message, None, moment)
            self._await(key, message, self.state.timers.heartbeat_answer, self._heartbeat_missing)
            return self._step(exchange, message, moment)
        events = self._restart(message, body, moment)
        self._missing.pop((message.destination, message.source), None)
        if body.unsolicited:
            return self.state.step(moment, message, mag=self._roles(message)[0], events=events)
        key = (ExchangeKind.HEARTBEAT, message.destination, message.source, body.sequence)
        return self._answer(key, message, moment, events=events)

    def _restart(self, message: Message, body: Heartbeat, moment: Moment) -> tuple[str, ...]:
        """Compare the Restart Counter with the last one of this peer (RFC 5847 section 3.2).

        Each peer of a node that restarted learns so by itself, so counters are kept by pair. A MAG
        with several care-of addresses learns, or tells, it once for each: what was registered
        after the first time is not in doubt.
        """
        option = message.first(RestartCounter)
        peers = (message.source, message.destination)
        known = self._restarts.get(peers)
        if option is not None:
            keep(self._restarts, peers, option.restart_counter, LIMIT)
            self._peerings.counted(message, option.restart_counter, moment)
        changed = option is not None and known is not None and option.restart_counter != known
        if not changed and not body.unsolicited:
            return ()
        if option is not None and self._is_told_again(message, option.restart_counter):
            return ()
        self._doubt(message.source, message.destination, Event.PEER_RESTARTED, moment)
        return ("PM-PEER-RESTART",)

    def _is_told_again(self, message: Message, counter: int) -> bool:
        """Tell whether a restart was told before, to or from an address of the same MAG."""
        mag, lma = self._roles(message)
        if mag is None:
            return False
        key = (mag.id, lma, message.source if message.source == lma else b"")
        known = self._restarted.get(key)
        keep(self._restarted, key, counter, LIMIT)
        return known == counter

    def _heartbeat_missing(self, exchange: Exchange, moment: Moment) -> None:
        request = exchange.request
        assert request is not None
        pair = (request.source, request.destination)
        missing = self._missing.get(pair, 0) + 1
        keep(self._missing, pair, missing, LIMIT)
        if missing == self.state.timers.missing_heartbeats + 1:
            self._doubt(request.destination, request.source, Event.PEER_LOST, moment)

    def _doubt(self, peer: bytes, other: bytes, event: Event, moment: Moment) -> None:
        """Doubt the bindings between two nodes of which `peer` restarted or is silent."""
        for mag_address, lma in ((peer, other), (other, peer)):
            mag = self.state.peers.mag_at(mag_address)
            if mag is not None:
                self.state.suspect(mag.id, lma, event, moment)

    # -------------------------------------------------------------------------- notification

    def _notification(self, message: Message, body: UpdateNotification, moment: Moment) -> Step:
        key = (ExchangeKind.NOTIFICATION, message.source, message.destination, body.sequence)
        live = [s for s in self._sessions_of(message) if s.live]
        session = live[0] if len(live) == 1 else self._session_of(message)
        exchange, is_new = self._ask(key, message, session, moment)
        self._await(key, message, self.state.timers.answer, None)
        if is_new and body.reason in ASKING_FOR_A_PBU and len(live) == 1:
            notified = Notified(
                exchange=exchange.id, mag=exchange.mag, reason=body.reason, moment=moment
            )
            self.state.sessions.put(replace(live[0], notified=notified))
            if message.time is not None:
                due = message.time + self.state.timers.registration
                self.state.clock.set(due, self._registration_due, key, live[0].id, exchange.id)
        return self._step(exchange, message, moment, session)

    def _registration_due(self, key: Key, session: int, number: int, now: int) -> Step | None:
        """Have it judged whether the MAG did what a notification asked of it."""
        exchange = self._open.get(key) or self._closed.get(key, now)
        known = self.state.sessions.get(session)
        if exchange is None or exchange.id != number or known is None:
            return None
        if known.notified is None or known.notified.exchange != number:
            return None
        moment = self.state.clock_moment(now, exchange.answered)
        return self._step(exchange, None, moment, known)

    def _notification_answer(
        self, message: Message, body: UpdateNotificationAcknowledgement, moment: Moment
    ) -> Step:
        key = (ExchangeKind.NOTIFICATION, message.destination, message.source, body.sequence)
        if key not in self._open and self._closed.get(key, message.time) is None:
            key = self._asked_elsewhere(key, message) or key
        exchange = self._open.get(key)
        session = self.state.sessions.get(exchange.session) if exchange else None
        known = session.notified if session is not None else None
        if exchange is not None and session is not None and known is not None:
            status = body.status if known.exchange == exchange.id else known.status
            self.state.sessions.put(replace(session, notified=replace(known, status=status)))
        return self._answer(key, message, moment, session)

    def _asked_elsewhere(self, key: Key, message: Message) -> Key | None:
        """Give the notification that a MAG answers from, or to, another address than it should.

        The number, the mobile node or group, and the MAG must be those of the notification.
        """
        exchange = self._with_number(key)
        if exchange is None or exchange.request is None or exchange.mag is None:
            return None
        request = exchange.request
        mag = self.state.peers.mag_at(message.source)
        if mag is None or self.state.peers.current(exchange.mag) != mag.id:
            return None
        named = [(o.first(MnIdentifier), o.first(MnGroupIdentifier)) for o in (request, message)]
        if named[0] != named[1] or named[0] == (None, None):
            return None
        return (key[0], request.source, request.destination, key[3])

    def _error(self, message: Message, moment: Moment) -> Step:
        """Have a Binding Error answer the newest request between the two that has no answer."""
        keys = self._between.get((message.destination, message.source))
        if not keys:
            return self.state.step(moment, message)
        key = next(reversed(keys))
        exchange = self._open[key]
        if len(keys) > 1 and any(other[0] is not key[0] for other in keys):
            # It may be a message of another kind that the node does not know.
            exchange = self._open[key] = replace(exchange, certain=False)
        before = self.state.sessions.get(exchange.session)
        if exchange.kind is ExchangeKind.REVOCATION:
            self._unrevoked(exchange, moment)
        return self._answer(key, message, moment, before)

    # ------------------------------------------------------------------------------- pairing

    def _ask(
        self, key: Key, message: Message, session: Session | None, moment: Moment
    ) -> tuple[Exchange, bool]:
        """Open an exchange, or take another attempt into the one that is open."""
        known = self._open.get(key) or self._reopened(key, message)
        if known is not None:
            exchange = replace(known, attempts=(*known.attempts[-63:], moment), answered=message)
            self._open[key] = exchange
            return exchange, False
        mag, lma = self._roles(message)
        if mag is None and session is not None:
            # It goes to an address of the MAG that no binding has (RFC 5846 section 8.1).
            served_by = {binding.mag for binding in session.live}
            mag = self.state.mag(served_by.pop()) if len(served_by) == 1 else None
        exchange = Exchange(
            id=self.state.next_exchange(),
            kind=key[0],
            session=session.id if session else None,
            mag=mag.id if mag else None,
            lma=lma,
            request=message,
            answered=message,
            attempts=(moment,),
        )
        self._peerings.asked(key[0], message)
        self._closed.pop(key)
        self._enter(key, exchange)
        return exchange, True

    def _enter(self, key: Key, exchange: Exchange) -> None:
        self._open[key] = exchange
        self._between.setdefault((key[1], key[2]), {})[key] = None
        for end in _by_number(key):
            self._numbers[end] = key
        if len(self._open) > LIMIT:
            self._close(next(iter(self._open)))

    def _reopened(self, key: Key, message: Message) -> Exchange | None:
        """Give the exchange that a request repeats whose answer did not reach its sender."""
        known = self._closed.get(key, message.time)
        if known is None or known.answered is None or key[0] is ExchangeKind.HEARTBEAT:
            return None
        if message.time is None or known.answered.time is None:
            return None
        elapsed = message.time - known.answered.time
        if elapsed > self.state.timers.revocation_answer:
            return None
        if not is_same_request(message, known.answered):
            return None
        self._closed.pop(key)
        known = replace(known, closed=False)
        self._enter(key, known)
        return known

    def _rivals(self, key: Key) -> tuple[Exchange, ...]:
        """Give another exchange that its sender opened under the same number, to another node."""
        exchange = self._with_number(key, (key[1],))
        if exchange is None or exchange.request is None or exchange.request.source != key[1]:
            return ()
        return () if exchange.request.destination == key[2] else (exchange,)

    def _with_number(self, key: Key, ends: tuple[bytes, ...] = ()) -> Exchange | None:
        """Give the newest exchange of a kind and number that one of two nodes is an end of."""
        for address in ends or (key[1], key[2]):
            other = self._numbers.get((key[0], address, key[3]))
            exchange = None if other is None else self._open.get(other)
            if exchange is not None and exchange.request is not None:
                request = exchange.request
                if request.source == key[1] or request.destination == key[2]:
                    return exchange
        return None

    def _unfitting(self, key: Key) -> tuple[Exchange, ...]:
        """Give unanswered requests that an answer fits in part: by number, or by addresses."""
        by_number = self._with_number(key)
        if by_number is not None:
            return (by_number,)
        keys = self._between.get((key[1], key[2]), {})
        newest = islice(reversed(keys), MAX_OUTSTANDING)
        return tuple(self._open[other] for other in newest if other[0] is key[0])

    def _close(self, key: Key) -> Exchange | None:
        exchange = self._open.pop(key, None)
        if exchange is not None:
            peers = (key[1], key[2])
            del self._between[peers][key]
            if not self._between[peers]:
                del self._between[peers]
            for end in _by_number(key):
                if self._numbers.get(end) == key:
                    del self._numbers[end]
        return exchange

    def _answer(
        self,
        key: Key,
        message: Message,
        moment: Moment,
        before: Session | None = None,
        events: tuple[str, ...] = (),
    ) -> Step:
        known = self._close(key) or self._closed.get(key, message.time)
        if known is None:
            mag, _ = self._roles(message)
            unfitting = self._unfitting(key)
            return self.state.step(moment, message, mag=mag, outstanding=unfitting, events=events)
        exchange = replace(known, reply=message, replies=known.replies + 1, closed=True)
        self._closed.put(key, exchange, message.time)
        assert exchange.request is not None
        if isinstance(message.body, BindingError):
            if exchange.certain:
                self._peerings.refused(key[0], exchange.request, moment)
        else:
            self._peerings.answered(key[0], exchange.request)
        before = before or self.state.sessions.get(exchange.session)
        return self._step(exchange, message, moment, before, events, self._rivals(key))

    def _await(
        self,
        key: Key,
        message: Message,
        delay: int,
        missing: Callable[[Exchange, Moment], None] | None,
    ) -> None:
        if message.time is not None:
            self.state.clock.set(message.time + delay + 1, self._give_up, key, message, missing)

    def _give_up(
        self,
        key: Key,
        attempt: Message,
        missing: Callable[[Exchange, Moment], None] | None,
        now: int,
    ) -> Step | None:
        exchange = self._open.get(key)
        if exchange is None or exchange.answered is not attempt:
            return None
        self._close(key)
        exchange = replace(exchange, closed=True)
        self._closed.put(key, exchange, now)
        moment = self.state.clock_moment(now, attempt)
        before = self.state.sessions.get(exchange.session)
        if missing is not None:
            missing(exchange, moment)
        return self._step(exchange, None, moment, before)

    def _step(
        self,
        exchange: Exchange,
        message: Message | None,
        moment: Moment,
        before: Session | None = None,
        events: tuple[str, ...] = (),
        outstanding: tuple[Exchange, ...] = (),
    ) -> Step:
        return self.state.step(
            moment,
            message,
            exchange=exchange,
            outstanding=outstanding,
            mag=self.state.mag(exchange.mag),
            before=before,
            events=events,
        )

    # --------------------------------------------------------------------------------- peers

    def _roles(self, message: Message) -> tuple[MagNode | None, bytes]:
        """Tell the MAG and the LMA of a message apart by what they sent before."""
        peers = self.state.peers
        role = self._peerings.role(message)
        if role is not None:
            mag, lma = message.source, message.destination
            if role == "LMA":
                mag, lma = lma, mag
            return peers.mag_at(mag), lma
        receiver = peers.mag_at(message.destination)
        if receiver is not None:
            return receiver, message.source
        sender = peers.mag_at(message.source)
        if sender is not None:
            return sender, message.destination
        return None, message.source

    def _session_of(self, message: Message) -> Session | None:
        """Give the newest session that a message names."""
        sessions = self._sessions_of(message)
        return sessions[-1] if sessions else None

    def _sessions_of(self, message: Message) -> list[Session]:
        """Give the sessions that a message names by mobile node and, if it does, prefixes."""
        option = message.first(MnIdentifier)
        if option is None:
            return []
        _, lma = self._roles(message)
        prefixes = {o.prefix for o in message.every(HomeNetworkPrefix)}
        sessions = self.state.sessions.of_node(lma, option.identity)
        return [s for s in sessions if not prefixes or prefixes & set(s.prefixes)]


def _by_number(key: Key) -> tuple[tuple[ExchangeKind, bytes, int], ...]:
    """Give the keys of a request by its number, one for the address of either end."""
    kind, source, destination, number = key
    return (kind, source, number), (kind, destination, number)


def _was_passed(binding: Binding, exchange: Exchange) -> bool:
    """Tell whether a MAG asked for a binding before it revoked it, and had the answer behind that.

    The LMA takes the two in the order in which they were sent. An LMA that revokes knows what it
    has answered by then.
    """
    request = exchange.request
    if request is None or request.source == exchange.lma or len(binding.history) < 2:
        return False
    asked, answered = (change.moment.ordinal for change in binding.history[-2:])
    return binding.state.is_live and asked < exchange.attempts[0].ordinal < answered
