"""PBUs: whether one is new or repeats another, what it asks to change, and when it is given up."""

from __future__ import annotations

from msgspec.structs import replace

from pmiptrace.model import (
    SECOND,
    Binding,
    BindingState,
    Exchange,
    ExchangeKind,
    MagNode,
    Moment,
    Session,
    Step,
)
from pmiptrace.track.classify import is_for_group, is_selective, is_there, why_partial
from pmiptrace.track.pairing import Pairing, Pending
from pmiptrace.track.refresh import kind, refreshed, requested
from pmiptrace.track.registration import Registration
from pmiptrace.track.sessions import BindingKey, binding_key, find_binding, new_binding
from pmiptrace.track.state import State
from pmiptrace.track.states import Event
from pmiptrace.track.targets import Targets
from pmiptrace.track.timers import Alarm
from pmiptrace.wire.codes import HandoffIndicatorValue as Handoff


class Requests:
    """Takes PBUs, and gives up those without an answer."""

    def __init__(self, state: State, pairing: Pairing, targets: Targets) -> None:
        self._state = state
        self._pairing = pairing
        self._targets = targets
        self._alarm: Alarm = self._time_out
        """One object for all requests under way."""

    def take(self, request: Registration, moment: Moment) -> Step:
        """Take a PBU."""
        found = refreshed(self._state, request)
        if found is not None and self._pairing.retransmitted(request) is None:
            return self._refresh(*found, request, moment)
        peers = self._state.peers
        is_damaged = request.message.checksum_correct is False
        # What a damaged one says of its sender may be what was damaged.
        mag = peers.mag_assumed(request.mag_address) if is_damaged else self.sender(request)
        peers.request_seen(request.mag_address, request.lma)
        repeated = self._pairing.retransmitted(request)
        if repeated is not None:
            return self._retransmission(repeated, request, mag, moment)
        if is_damaged:
            return self._deferred(request, mag, moment)
        if is_for_group(request.message):
            return self._for_group(request, mag, moment)
        return self._new(request, mag, moment)

    def _refresh(
        self,
        session: Session,
        binding: Binding,
        mag: MagNode,
        request: Registration,
        moment: Moment,
    ) -> Step:
        """Take a PBU that refreshes a binding as it is, by the short way."""
        self._state.peers.request_seen(request.mag_address, request.lma)
        self._note_sequence(mag, session, request, moment)
        outstanding = self._pairing.outstanding(request)
        pending = self._open(request, kind(request), mag, session, moment)
        pending.is_refresh = True
        after = requested(self._state, session, binding, request, moment)
        return self._state.step(
            moment,
            request.message,
            exchange=pending.exchange,
            mag=mag,
            before=session,
            after=after,
            binding_before=binding,
            key=binding_key(binding),
            outstanding=outstanding,
        )

    def sender(self, request: Registration) -> MagNode:
        """Give the MAG that sent a PBU, with all its addresses in one."""
        mag, joined = self._state.peers.mag_of(request)
        if joined is not None:
            self._state.join(joined, mag.id)
        return mag

    def _retransmission(
        self, pending: Pending, request: Registration, mag: MagNode, moment: Moment
    ) -> Step:
        was_deferred = pending.deferred
        self._pairing.repeat(pending, request, moment)
        if pending.time is not None:
            pending.until = pending.time + self._state.timers.answer + 1
        session = self._state.sessions.get(pending.exchange.session)
        if was_deferred and not pending.deferred:
            # The first attempt that the LMA can take.
            pending.exchange = replace(pending.exchange, mag=mag.id)
            if is_for_group(request.message):
                pending.exchange = replace(pending.exchange, kind=ExchangeKind.BULK)
            else:
                session = session or self.begin(request, mag, moment)
                pending.exchange = replace(pending.exchange, session=session.id)
                session = self.apply(session, request, mag, moment)
        before = session
        if session is not None and not pending.deferred:
            self._note_sequence(mag, session, request, moment)
            session = self._state.touch(replace(session, last_sent=request.message), moment)
        return self._state.step(
            moment,
            request.message,
            exchange=pending.exchange,
            mag=mag,
            before=before,
            after=session,
            key=self._targets.key(session, mag, request) if session else None,
            events=("PM-RETRANSMISSION",),
        )

    def _new(self, request: Registration, mag: MagNode, moment: Moment) -> Step:
        message = request.message
        session = self._state.sessions.of_request(request.lma, request, mag.id)
        is_new = session is None
        if session is None:
            session = self.begin(request, mag, moment)
        self._note_sequence(mag, session, request, moment)
        before = session
        key = self._targets.key(session, mag, request)
        binding_before = find_binding(session, key)
        asked = self._targets.kind(session, mag, request, binding_before)
        outstanding = self._pairing.outstanding(request)
        pending = self._open(request, asked, mag, session, moment)
        events: list[str] = []
        if is_new and session.partial:
            events.append("PM-PARTIAL-SESSION")
        if _is_late(binding_before, moment.time):
            events.append("PM-REFRESH-LATE")
        session = self._move(session, request, mag, key, binding_before, moment)
        self._state.touch(replace(session, last_sent=message), moment)
        return self._state.step(
            moment,
            message,
            exchange=pending.exchange,
            mag=mag,
            before=before,
            binding_before=binding_before,
            key=key,
            outstanding=outstanding,
            events=tuple(events),
        )

    def _for_group(self, request: Registration, mag: MagNode, moment: Moment) -> Step:
        """Take a PBU for all sessions of a group, which its answer renews (RFC 6602 5.2.3)."""
        self._state.continuity.note(mag.id, request.lma, None, request.sequence, moment.ordinal)
        outstanding = self._pairing.outstanding(request)
        exchange = self._open(request, ExchangeKind.BULK, mag, None, moment).exchange
        return self._state.step(
            moment, request.message, exchange=exchange, mag=mag, outstanding=outstanding
        )

    def _deferred(self, request: Registration, mag: MagNode, moment: Moment) -> Step:
        """Take a PBU with a wrong checksum: it counts only if an answer shows that it arrived."""
        session = self._state.sessions.with_prefixes(request.lma, request.mobile_node, request)
        outstanding = self._pairing.outstanding(request)
        exchange = self._open(request, ExchangeKind.UNKNOWN, mag, session, moment).exchange
        return self._state.step(
            moment,
            request.message,
            exchange=exchange,
            mag=mag,
            before=session,
            outstanding=outstanding,
        )

    def _open(
        self,
        request: Registration,
        asked: ExchangeKind,
        mag: MagNode,
        session: Session | None,
        moment: Moment,
    ) -> Pending:
        """Begin the exchange of a new PBU, and await its answer."""
        exchange = Exchange(
            id=self._state.next_exchange(),
            kind=asked,
            session=None if session is None else session.id,
            mag=mag.id,
            lma=request.lma,
            request=request.message,
            answered=request.message,
            attempts=(moment,),
        )
        pending = Pending(exchange, request, deferred=request.message.checksum_correct is False)
        self._pairing.add(pending)
        if pending.time is not None:
            pending.until = pending.time + self._state.timers.answer + 1
            self._state.clock.set(pending.until, self._alarm, pending)
        return pending

    def _note_sequence(
        self, mag: MagNode, session: Session, request: Registration, moment: Moment
    ) -> None:
        self._state.continuity.note(
            mag.id, session.lma, session.id, request.sequence, moment.ordinal
        )

    def begin(self, request: Registration, mag: MagNode, moment: Moment) -> Session:
        """Make the session that a PBU is the first to be seen of."""
        lma = request.lma
        reason = why_partial(request)
        session = self._state.sessions.create(lma, request.mobile_node, moment, reason)
        if request.prefixes or request.ipv4_home_address is not None:
            return self._state.sessions.assign(session, request.prefixes, request.ipv4_home_address)
        self._state.sessions.remember_attachment(session, request, mag.id)
        return session

    def apply(
        self, session: Session, request: Registration, mag: MagNode, moment: Moment
    ) -> Session:
        """Move the bindings that a PBU asks to register or de-register."""
        key = self._targets.key(session, mag, request)
        return self._move(session, request, mag, key, find_binding(session, key), moment)

    def _move(
        self,
        session: Session,
        request: Registration,
        mag: MagNode,
        key: BindingKey,
        known: Binding | None,
        moment: Moment,
    ) -> Session:
        if request.lifetime == 0:
            if is_selective(request, session):
                return session
            found = self._targets.deregistered(session, mag, request)
            for binding in found or [new_binding(key, request)]:
                session = self._state.move(session, binding, Event.DEREG_REQUEST, moment)
            return session
        binding = known or new_binding(key, request)
        is_renewed = request.handoff_indicator == Handoff.NOT_CHANGED
        if not binding.history and session.partial and is_renewed:
            # The session began before the capture, and this path of it may have as well.
            inferred = replace(binding, inferred=True)
            session = self._state.move(session, binding, Event.SEEN_IN_USE, moment, inferred)
            binding = find_binding(session, binding_key(binding)) or binding
        first = binding.first_request if is_there(binding) else None
        asked = replace(
            binding,
            first_request=first or request.message,
            first_reply_seen=first is not None and binding.first_reply_seen,
        )
        return self._state.move(session, binding, Event.REQUEST, moment, asked)

    # --------------------------------------------------------------------------------- alarms

    def _time_out(self, pending: Pending, now: int) -> Step | None:
        """Give up a request that got no answer in time, and later forget it."""
        until = pending.until
        if until is not None and until > now:
            self._state.clock.set(until, self._alarm, pending)
        elif pending.exchange.closed:
            self._pairing.forget(pending)
        else:
            pending.until = now + self._state.timers.late_answer
            self._state.clock.set(pending.until, self._alarm, pending)
            return self._give_up(pending, now)
        return None

    def _give_up(self, pending: Pending, now: int) -> Step:
        """Close a request that got no answer."""
        pending.exchange = exchange = replace(pending.exchange, closed=True)
        request = pending.request
        moment = self._state.clock_moment(now, request.message)
        session = self._state.sessions.get(exchange.session)
        before = session
        mag = self._state.mag(exchange.mag)
        key = None
        if session is not None and mag is not None and not pending.deferred:
            if request.lifetime > 0:
                binding = self._targets.binding(session, mag, request)
                if binding is not None and not self.is_asked_again(pending, session, binding):
                    session = self._state.move(session, binding, Event.UNANSWERED, moment)
            elif not is_selective(request, session):
                for binding in self._targets.deregistered(session, mag, request):
                    was_there = binding.shadow.is_live
                    event = Event.DEREG_UNANSWERED if was_there else Event.UNKNOWN_DEREG_UNANSWERED
                    session = self._state.move(session, binding, event, moment)
            session = replace(session, unanswered=exchange.attempts[-1])
            session = self._state.touch(session, moment)
            key = self._targets.key(session, mag, request)
        return self._state.step(
            moment,
            None,
            exchange=exchange,
            mag=mag,
            before=before,
            after=session,
            key=key,
            events=("PM-UNANSWERED-PBU",),
        )

    def is_asked_again(self, pending: Pending, session: Session, binding: Binding) -> bool:
        """Tell whether another request for a binding is under way, so that it stays as it is."""
        for other in self._pairing.waiting(pending.request):
            if other.exchange.session == session.id and other.request.lifetime > 0:
                mag = self._state.mag(other.exchange.mag)
                if mag and self._targets.key(session, mag, other.request) == binding_key(binding):
                    return True
        return False


def _is_late(binding: Binding | None, time: int | None) -> bool:
    """Tell whether a refresh came after the lifetime, by no more than a tenth of it."""
    return (
        binding is not None
        and binding.state is BindingState.EXPIRED
        and binding.expires_at is not None
        and binding.lifetime is not None
        and time is not None
        and time - binding.expires_at <= binding.lifetime * SECOND // 10
    )
