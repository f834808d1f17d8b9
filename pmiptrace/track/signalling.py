"""Everything but registrations: revocation, heartbeat, notification and Binding Error.

These exchanges are paired by addresses and sequence number (RFC 5846 section 6.1, RFC 5847
section 3, RFC 7077 section 6.2); a Binding Error with status 2 answers the newest of them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from pmiptrace.model import (
    Binding,
    Exchange,
    ExchangeKind,
    MagNode,
    Message,
    Moment,
    Session,
    SessionMode,
    Step,
)
from pmiptrace.track.state import State
from pmiptrace.track.states import Event
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
from pmiptrace.wire.options.rfc8278 import MagMultipathBinding

K = TypeVar("K")
V = TypeVar("V")
Key = tuple[ExchangeKind, bytes, bytes, int]
Peer = tuple[bytes, bytes]

UNRECOGNIZED_MH_TYPE = 2
"""Binding Error status of a node that does not know the message (RFC 6275 section 6.1.9)."""
REVOCATION_UNKNOWN = 128
"""BRA status: the binding does not exist (RFC 5846 section 5.2)."""
PER_PEER_POLICY = 128
"""BRI trigger: all bindings between the two peers (RFC 5846 section 5.1)."""

LIMIT = 10_000
"""Exchanges awaiting an answer, and counters per pair of peers, kept; the oldest goes first."""


class Signalling:
    """Handles all messages that are no registrations."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._open: OrderedDict[Key, Exchange] = OrderedDict()
        self._restarts: OrderedDict[bytes, int] = OrderedDict()
        self._missing: OrderedDict[Peer, int] = OrderedDict()

    def feed(self, message: Message) -> Iterator[Step]:
        """Take a message that is neither PBU nor PBA."""
        body = message.body
        moment = self.state.moment(message)
        if message.checksum_correct is False:
            # Its receiver discards it (RFC 6275 section 9.2).
            yield self.state.step(moment, message)
        elif isinstance(body, BindingRevocationIndication):
            yield self._revocation(message, body, moment)
        elif isinstance(body, BindingRevocationAcknowledgement):
            yield self._revocation_answer(message, body, moment)
        elif isinstance(body, Heartbeat):
            yield self._heartbeat(message, body, moment)
        elif isinstance(body, UpdateNotification):
            yield self._notification(message, body, moment)
        elif isinstance(body, UpdateNotificationAcknowledgement):
            key = (ExchangeKind.NOTIFICATION, message.destination, message.source, body.sequence)
            yield self._answer(key, message, moment)
        elif isinstance(body, BindingError) and body.status == UNRECOGNIZED_MH_TYPE:
            yield self._error(message, moment)
        else:
            yield self.state.step(moment, message)

    def unfinished(self) -> Iterator[Exchange]:
        """Give the exchanges that await an answer."""
        yield from self._open.values()

    # ---------------------------------------------------------------------------- revocation

    def _revocation(
        self, message: Message, body: BindingRevocationIndication, moment: Moment
    ) -> Step:
        key = (ExchangeKind.REVOCATION, message.source, message.destination, body.sequence)
        session = self._session_of(message)
        exchange, is_new = self._ask(key, message, session, moment)
        before = session
        if is_new:
            for found, binding in self._revoked(message, body):
                session = self.state.move(found, binding, Event.REVOCATION, moment)
        self._await(key, message, self.state.timers.revocation_answer, self._unrevoked)
        return self._step(exchange, message, moment, before)

    def _revocation_answer(
        self, message: Message, body: BindingRevocationAcknowledgement, moment: Moment
    ) -> Step:
        key = (ExchangeKind.REVOCATION, message.destination, message.source, body.sequence)
        exchange = self._open.get(key)
        before = self.state.sessions.get(exchange.session) if exchange else None
        if exchange is not None:
            if body.status < 128:
                event = Event.REVOKED
            elif body.status == REVOCATION_UNKNOWN:
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
            moved = self.state.move(session, binding, event, moment)
            self.state.touch(moved, moment)

    def _unrevoked(self, exchange: Exchange, moment: Moment) -> None:
        """Clean up after a BRI without an answer, as its sender does (RFC 5846 section 6.3)."""
        self._conclude_revocation(exchange, Event.REVOCATION_UNANSWERED, moment)

    def _revoked(
        self, message: Message, body: BindingRevocationIndication
    ) -> Iterator[tuple[Session, Binding]]:
        """Give the bindings that a BRI revokes, each with its session as it is at that time."""
        if body.global_revocation and body.trigger == PER_PEER_POLICY:
            mag, lma = self._roles(message)
            for known in self.state.sessions:
                if mag is not None and known.lma == lma:
                    yield from self._each(known, lambda b: self._is_of(b, mag))
            return
        session = self._session_of(message)
        if session is None:
            return
        chosen = self._path_of(message, session)
        yield from self._each(session, chosen)

    def _each(
        self, session: Session, chosen: Callable[[Binding], bool]
    ) -> Iterator[tuple[Session, Binding]]:
        for binding in session.bindings:
            if chosen(binding):
                yield self.state.sessions.get(session.id) or session, binding

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
        if session.mode is SessionMode.MULTIPATH and any(
            b.care_of_address == message.destination for b in session.live
        ):
            return lambda b: b.care_of_address == message.destination
        return lambda b: True

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
        """Compare the Restart Counter with the last one of this peer (RFC 5847 section 3.2)."""
        option = message.first(RestartCounter)
        known = self._restarts.get(message.source)
        if option is not None:
            _keep(self._restarts, message.source, option.restart_counter)
        changed = option is not None and known is not None and option.restart_counter != known
        if not changed and not body.unsolicited:
            return ()
        self._doubt(message.source, message.destination, Event.PEER_RESTARTED, moment)
        return ("PM-PEER-RESTART",)

    def _heartbeat_missing(self, exchange: Exchange, moment: Moment) -> None:
        request = exchange.request
        assert request is not None
        pair = (request.source, request.destination)
        missing = self._missing.get(pair, 0) + 1
        _keep(self._missing, pair, missing)
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
        session = self._session_of(message)
        exchange, _ = self._ask(key, message, session, moment)
        self._await(key, message, self.state.timers.answer, None)
        return self._step(exchange, message, moment, session)

    def _error(self, message: Message, moment: Moment) -> Step:
        """Have a Binding Error answer the newest request between the two that has no answer."""
        for key in reversed(self._open):
            exchange = self._open[key]
            between = (key[1], key[2]) == (message.destination, message.source)
            if between and exchange.reply is None:
                return self._answer(key, message, moment)
        return self.state.step(moment, message)

    # ------------------------------------------------------------------------------- pairing

    def _ask(
        self, key: Key, message: Message, session: Session | None, moment: Moment
    ) -> tuple[Exchange, bool]:
        """Open an exchange, or take another attempt into the one that is open."""
        known = self._open.get(key)
        if known is not None and not known.closed:
            exchange = replace(known, attempts=(*known.attempts[-63:], moment), answered=message)
            self._open[key] = exchange
            return exchange, False
        mag, lma = self._roles(message)
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
        _keep(self._open, key, exchange)
        return exchange, True

    def _answer(
        self,
        key: Key,
        message: Message,
        moment: Moment,
        before: Session | None = None,
        events: tuple[str, ...] = (),
    ) -> Step:
        known = self._open.pop(key, None)
        if known is None:
            mag, _ = self._roles(message)
            return self.state.step(moment, message, mag=mag, events=events)
        exchange = replace(known, reply=message, replies=1, closed=True)
        return self._step(exchange, message, moment, before, events)

    def _await(
        self,
        key: Key,
        message: Message,
        delay: int,
        missing: Callable[[Exchange, Moment], None] | None,
    ) -> None:
        if message.time is not None:
            alarm = partial(self._give_up, key, message, missing)
            self.state.clock.set(message.time + delay + 1, alarm)

    def _give_up(
        self,
        key: Key,
        attempt: Message,
        missing: Callable[[Exchange, Moment], None] | None,
        now: int,
    ) -> Iterator[Step]:
        exchange = self._open.get(key)
        if exchange is None or exchange.answered is not attempt:
            return
        del self._open[key]
        exchange = replace(exchange, closed=True)
        moment = self.state.clock_moment(now, attempt)
        before = self.state.sessions.get(exchange.session)
        if missing is not None:
            missing(exchange, moment)
        yield self._step(exchange, None, moment, before)

    def _step(
        self,
        exchange: Exchange,
        message: Message | None,
        moment: Moment,
        before: Session | None = None,
        events: tuple[str, ...] = (),
    ) -> Step:
        return self.state.step(
            moment,
            message,
            exchange=exchange,
            mag=self.state.mag(exchange.mag),
            before=before,
            events=events,
        )

    # --------------------------------------------------------------------------------- peers

    def _roles(self, message: Message) -> tuple[MagNode | None, bytes]:
        """Tell the MAG and the LMA of a message apart by what they sent before."""
        peers = self.state.peers
        receiver = peers.mag_at(message.destination)
        if receiver is not None:
            return receiver, message.source
        sender = peers.mag_at(message.source)
        if sender is not None:
            return sender, message.destination
        return None, message.source

    def _is_of(self, binding: Binding, mag: MagNode) -> bool:
        return self.state.peers.current(binding.mag) == mag.id

    def _session_of(self, message: Message) -> Session | None:
        """Give the session that a message names by mobile node and, if it does, prefix."""
        option = message.first(MnIdentifier)
        if option is None:
            return None
        _, lma = self._roles(message)
        prefixes = {o.prefix for o in message.every(HomeNetworkPrefix)}
        sessions: Iterable[Session] = self.state.sessions.of_node(lma, option.identity)
        named = [s for s in sessions if not prefixes or prefixes & set(s.prefixes)]
        return named[-1] if named else None


def _keep(table: OrderedDict[K, V], key: K, value: V) -> None:
    table[key] = value
    table.move_to_end(key)
    while len(table) > LIMIT:
        table.popitem(last=False)
