"""PBAs: what becomes of the session and its bindings, with their request or without it."""

from __future__ import annotations

from msgspec.structs import replace

from pmiptrace.model import (
    Binding,
    Exchange,
    ExchangeKind,
    MagNode,
    Moment,
    Session,
    SessionMode,
    Step,
)
from pmiptrace.track.acceptance import Acceptance, with_lifetime
from pmiptrace.track.classify import is_cut, is_for_group, is_selective
from pmiptrace.track.pairing import Found, Pairing, Pending
from pmiptrace.track.refresh import accepted, renewed
from pmiptrace.track.registration import Registration
from pmiptrace.track.requests import Requests
from pmiptrace.track.sessions import BindingKey, binding_key, find_binding
from pmiptrace.track.state import State
from pmiptrace.track.states import Event
from pmiptrace.track.targets import Targets
from pmiptrace.wire.codes import BindingStatus


class Answers:
    """Takes PBAs of which it is known what they answer, or that this was not captured."""

    def __init__(
        self, state: State, pairing: Pairing, targets: Targets, requests: Requests
    ) -> None:
        self._state = state
        self._pairing = pairing
        self._targets = targets
        self._requests = requests
        self._acceptance = Acceptance(state, pairing, targets)

    def take(
        self, pending: Pending, reply: Registration, moment: Moment, *, certain: bool = True
    ) -> Step:
        """Take the first answer to a request; `certain` unless it may be that of another."""
        message = reply.message
        is_late = (
            moment.time is not None
            and pending.time is not None
            and moment.time - pending.time > self._state.timers.answer
        )
        answered = pending.answered_attempt = pending.attempt(reply)
        pending.exchange = replace(
            pending.exchange,
            answered=answered.message,
            reply=message,
            replies=1,
            certain=certain,
            closed=True,
        )
        self._learn(pending, reply, moment)
        if moment.time is not None:
            pending.until = moment.time + self._state.timers.answer
        events = ["PM-LATE-PBA"] if is_late else []
        if pending.is_refresh:
            step = self._renew(pending, reply, moment, tuple(events))
            if step is not None:
                return step
        return self._conclude(pending, reply, moment, events)

    def _renew(
        self, pending: Pending, reply: Registration, moment: Moment, events: tuple[str, ...]
    ) -> Step | None:
        """Take the acceptance of a refresh by the short way, if it is no more than that."""
        session = self._state.sessions.get(pending.exchange.session)
        mag = self._state.mag(pending.exchange.mag)
        if session is None or mag is None:
            return None
        binding = renewed(session, mag, pending.request, reply)
        if binding is None:
            return None
        after = accepted(self._state, session, binding, mag, pending, reply, moment)
        return self._state.step(
            moment,
            reply.message,
            exchange=pending.exchange,
            mag=mag,
            before=session,
            after=after,
            binding_before=binding,
            key=binding_key(binding),
            outstanding=self._pairing.outstanding(pending.request),
            events=events,
        )

    def take_again(self, pending: Pending, reply: Registration, moment: Moment) -> Step:
        """Take another answer to a request: the last one counts if they differ.

        Each attempt of a retransmitted request may get an answer of its own. Only two different
        answers to the same attempt contradict each other.
        """
        first = pending.answered_by
        assert first is not None
        pending.exchange = replace(pending.exchange, replies=pending.exchange.replies + 1)
        is_same = (
            first.status == reply.status
            and first.lifetime == reply.lifetime
            and first.prefixes == reply.prefixes
            # An attempt of its own that is accepted grants the lifetime anew.
            and (first.sequence == reply.sequence or not reply.accepted or not reply.lifetime)
        )
        attempt = pending.attempt(reply)
        answered = attempt.message
        if is_same:
            session = self._state.sessions.get(pending.exchange.session)
            mag = self._state.mag(pending.exchange.mag)
            exchange = replace(pending.exchange, answered=answered)
            return self._state.step(
                moment, reply.message, exchange=exchange, mag=mag, before=session
            )
        pending.answered_attempt = attempt
        pending.exchange = replace(pending.exchange, answered=answered, reply=reply.message)
        events = ["PM-PBA-CONFLICT"] if first.sequence == reply.sequence else []
        return self._conclude(pending, reply, moment, events)

    def _conclude(
        self, pending: Pending, reply: Registration, moment: Moment, events: list[str]
    ) -> Step:
        """Move the bindings as the answer to a request says."""
        request = pending.request
        if is_for_group(request.message):
            return self._conclude_group(pending, reply, moment, events)
        session = self._state.sessions.get(pending.exchange.session)
        mag = self._state.mag(pending.exchange.mag)
        if pending.deferred:
            mag = self._requests.sender(request)
            lma = request.lma
            session = session or self._state.sessions.of_request(lma, request, mag.id)
        assert mag is not None
        if session is None:  # not there yet, or forgotten in the meantime
            session = self._requests.begin(request, mag, moment)
        before = session
        key = self._targets.key(session, mag, request)
        binding_before = find_binding(session, key)
        if pending.deferred:
            kind = self._targets.kind(session, mag, request, binding_before)
            pending.exchange = replace(pending.exchange, mag=mag.id, kind=kind)
            session = self._requests.apply(session, request, mag, moment)
            pending.deferred = False
        if pending.exchange.session != session.id:
            pending.exchange = replace(pending.exchange, session=session.id)
        if request.lifetime and reply.accepted:
            session, key = self._acceptance.accept(
                session, key, pending, reply, mag, moment, events
            )
        else:
            if request.lifetime:
                session = self._reject(session, pending, reply, mag, moment, events)
            else:
                session = self._conclude_deregistration(session, request, reply, mag, moment)
            session = self._state.touch(session, moment)
        return self._state.step(
            moment,
            reply.message,
            exchange=pending.exchange,
            mag=mag,
            before=before,
            after=session,
            binding_before=binding_before,
            key=key,
            outstanding=self._pairing.outstanding(request),
            events=tuple(events),
        )

    def _conclude_group(
        self, pending: Pending, reply: Registration, moment: Moment, events: list[str]
    ) -> Step:
        """Renew the sessions of a group, if the answer to a PBU for it does."""
        request = pending.request
        mag = self._state.mag(pending.exchange.mag)
        if pending.deferred or mag is None:
            mag = self._requests.sender(request)
            pending.exchange = replace(pending.exchange, mag=mag.id, kind=ExchangeKind.BULK)
            pending.deferred = False
        if request.lifetime and reply.accepted:
            self._acceptance.accept_for_group(request, reply, mag, moment)
        return self._state.step(
            moment,
            reply.message,
            exchange=pending.exchange,
            mag=mag,
            outstanding=self._pairing.outstanding(request),
            events=tuple(events),
        )

    def _reject(
        self,
        session: Session,
        pending: Pending,
        reply: Registration,
        mag: MagNode,
        moment: Moment,
        events: list[str],
    ) -> Session:
        request = pending.request
        binding = self._targets.binding(session, mag, request)
        if binding is not None and not self._requests.is_asked_again(pending, session, binding):
            is_retracted = "PM-PBA-CONFLICT" in events and not binding.shadow.is_live
            event = Event.RETRACTED if is_retracted else Event.REJECTED
            session = self._state.move(session, binding, event, moment)
        if (
            reply.status == BindingStatus.CANNOT_SUPPORT_MULTIPATH_BINDING
            and request.multipath is not None
        ):
            events.append("PM-MULTIPATH-DENIED")
            denied = self._acceptance.with_refusal(session, pending, reply, mag, moment)
            if session.live:
                return denied
            return self._acceptance.with_mode(denied, SessionMode.MP_DENIED, pending, moment)
        return session

    def _conclude_deregistration(
        self,
        session: Session,
        request: Registration,
        reply: Registration,
        mag: MagNode,
        moment: Moment,
    ) -> Session:
        if is_selective(request, session):
            if reply.accepted:
                kept = session.prefixes if request.has_ipv4 else ()
                ipv4 = None if request.has_ipv4 else session.ipv4_home_address
                session = self._state.sessions.assign(session, kept, ipv4)
                if ipv4 is None:
                    session = replace(session, ipv4_since=None)
            return session
        asked = self._targets.key(session, mag, request)
        is_bulk = request.multipath is not None and request.multipath.bulk
        for binding in self._targets.deregistered(session, mag, request):
            if not reply.accepted:
                event = Event.DEREG_REJECTED
            elif is_bulk and binding_key(binding) != asked:
                event = Event.BULK_DEREG_ACCEPTED
            else:
                event = Event.DEREG_ACCEPTED
            session = self._state.move(session, binding, event, moment)
        return session

    def take_unmatched(self, reply: Registration, moment: Moment) -> Step:
        """Take a PBA whose request was not captured: what it grants is in use."""
        message = reply.message
        lma = reply.lma
        mag = self._state.peers.mag_assumed(reply.mag_address)
        self._state.peers.reply_seen(reply.mag_address, lma)
        doubt = self._pairing.match(reply)
        events = ["PM-UNMATCHED-PBA"] if not self._state.is_warmup(moment.time) else []
        outstanding: tuple[Exchange, ...] = ()
        if doubt is not None and doubt[1] is Found.DOUBTFUL_SEQUENCE:
            events.append("RFC6275-10.3.1-SEQ-COPY")
            outstanding = (doubt[0].exchange,)
        elif doubt is not None and doubt[1] is Found.DOUBTFUL_ADDRESS:
            events.append("RFC5213-5.3.6-ADDR")
            outstanding = (doubt[0].exchange,)
        self._learn_support(reply, moment)
        session = self._state.sessions.with_prefixes(lma, reply.mobile_node, reply)
        before = session
        key = _reply_key(mag.id, reply)
        binding_before = find_binding(session, key) if session else None
        if reply.accepted and (reply.prefixes or reply.ipv4_home_address is not None):
            if session is None:
                session = self._state.sessions.create(
                    lma, reply.mobile_node, moment, "its first message is an answer"
                )
                session = self._state.sessions.assign(
                    session, reply.prefixes, reply.ipv4_home_address
                )
                events.append("PM-PARTIAL-SESSION")
            session = self._assume(session, mag.id, reply, moment)
        if session is not None:
            session = self._state.touch(replace(session, unanswered=moment), moment)
        exchange = Exchange(
            id=self._state.next_exchange(),
            kind=ExchangeKind.UNKNOWN,
            session=session.id if session else None,
            mag=mag.id,
            lma=lma,
            reply=message,
            replies=1,
            closed=True,
        )
        return self._state.step(
            moment,
            message,
            exchange=exchange,
            mag=mag,
            before=before,
            after=session,
            binding_before=binding_before,
            key=key,
            outstanding=outstanding,
            events=tuple(events),
        )

    def _assume(self, session: Session, mag: int, reply: Registration, moment: Moment) -> Session:
        binding = find_binding(session, _reply_key(mag, reply))
        if reply.lifetime == 0:
            if binding is not None and binding.state.is_live:
                session = self._state.move(session, binding, Event.DEREG_ACCEPTED, moment)
            return session
        if reply.multipath is not None and session.mode is SessionMode.UNKNOWN:
            session = replace(session, mode=SessionMode.MULTIPATH, mode_since=moment)
        multipath = reply.multipath
        if binding is None:
            binding = Binding(
                mag=mag,
                bid=reply.bid,
                care_of_address=reply.care_of_address,
                access_technology=reply.access_technology,
                interface_att=multipath.if_att if multipath else None,
                interface_label=multipath.if_label if multipath else None,
            )
        session = replace(session, ipv4_since=moment if reply.grants_ipv4 else None)
        granted = with_lifetime(binding, reply.lifetime, moment.time)
        granted = replace(granted, uplink_gre_key=reply.gre_key)
        if binding.state.is_live:
            return self._state.move(session, binding, Event.ACCEPTED, moment, granted)
        # If it was gone, a request that the capture lacks brought it back.
        granted = replace(granted, inferred=True)
        return self._state.move(session, binding, Event.SEEN_IN_USE, moment, granted)

    def _learn(self, pending: Pending, reply: Registration, moment: Moment) -> None:
        request, exchange = pending.request, pending.exchange
        message = reply.message
        self._state.peers.reply_seen(request.mag_address, request.lma)
        self._learn_support(reply, moment)
        is_telling = reply.accepted and request.multipath is not None and request.lifetime > 0
        if is_telling and exchange.mag is not None and not is_cut(message):
            capable = reply.multipath is not None
            mag = self._state.peers.current(exchange.mag)
            self._state.peers.learn_capability(mag, reply.lma, capable, moment)

    def _learn_support(self, reply: Registration, moment: Moment) -> None:
        lma = reply.lma
        if reply.multipath is not None:
            self._state.peers.learn_multipath(lma, moment)
        if reply.is_from_ipv4_lma or (reply.status is not None and 170 <= reply.status <= 173):
            self._state.peers.learn_ipv4(lma, moment)


def _reply_key(mag: int, reply: Registration) -> BindingKey:
    """Give the key of the binding that a PBA without its PBU is about."""
    return mag, reply.bid, reply.care_of_address if reply.bid is None else None
