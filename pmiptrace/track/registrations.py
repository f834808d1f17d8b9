"""Proxy registrations: PBUs and PBAs, and the sessions and bindings that they make.

The order for one message: who sent it, pairing, which session and binding it is about, what it
asks for, and only then the transition; so a `Step` has the session as the message met it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from msgspec.structs import replace

from pmiptrace.model import (
    Binding,
    BindingState,
    Exchange,
    ExchangeKind,
    MagNode,
    Message,
    Moment,
    Refusal,
    Session,
    SessionMode,
    Step,
)
from pmiptrace.track.classify import classify, is_cut, is_selective, why_partial
from pmiptrace.track.pairing import Found, Pairing, Pending
from pmiptrace.track.registration import Registration, registration
from pmiptrace.track.sessions import (
    BindingKey,
    binding_key,
    find_binding,
    is_provisional,
    with_binding,
    without_binding,
)
from pmiptrace.track.state import State
from pmiptrace.track.states import Event
from pmiptrace.track.timers import SECOND
from pmiptrace.wire.codes import HandoffIndicatorValue as Handoff

CANNOT_SUPPORT_MULTIPATH_BINDING = 180
"""Status of RFC 8278 section 4.3."""


class Registrations:
    """Handles PBUs and PBAs."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._pairing = Pairing(self._same_mag)
        self._held: dict[int, Registration] = {}
        self._good_checksums: set[bytes] = set()

    def release_all(self) -> Iterator[Step]:
        """Let go of the answers that were held back, as the capture ended."""
        for ordinal in list(self._held):
            yield from self._release(ordinal, 0)

    def unfinished(self) -> Iterator[Exchange]:
        """Give the exchanges that await an answer."""
        for pending in self._pairing:
            if not pending.exchange.closed:
                yield pending.exchange

    # ------------------------------------------------------------------------------ requests

    def request(self, message: Message) -> Iterator[Step]:
        """Take a PBU."""
        self._note_checksum(message)
        request = registration(message)
        moment = self.state.moment(message)
        mag, joined = self.state.peers.mag_of(request)
        if joined is not None:
            self.state.join(joined, mag.id)
        lma = message.destination
        self.state.peers.request_seen(message.source, lma)
        repeated = self._pairing.retransmitted(request)
        if repeated is not None:
            yield self._retransmission(repeated, request, mag, moment)
        else:
            yield self._new_request(request, mag, moment)
        for ordinal, reply in list(self._held.items()):
            matched = self._pairing.match(reply)
            if matched is not None and matched[1] is Found.ANSWER:
                del self._held[ordinal]
                yield self._answered(matched[0], reply, self.state.moment(reply.message, ordinal))

    def _retransmission(
        self, pending: Pending, request: Registration, mag: MagNode, moment: Moment
    ) -> Step:
        self._pairing.repeat(pending, request, moment)
        self._await_answer(pending)
        session = self.state.sessions.get(pending.exchange.session)
        if session is not None:
            self.state.continuity.note(mag.id, session.id, request.sequence, moment.ordinal)
            session = self.state.touch(session, moment, last_sent=request.message)
        return self.state.step(
            moment,
            request.message,
            exchange=pending.exchange,
            mag=mag,
            before=session,
            events=("PM-RETRANSMISSION",),
        )

    def _new_request(self, request: Registration, mag: MagNode, moment: Moment) -> Step:
        message = request.message
        lma = message.destination
        session = self.state.sessions.of_request(lma, request, mag.id)
        is_new = session is None
        if session is None:
            session = self._begin(request, mag, moment)
        self.state.continuity.note(mag.id, session.id, request.sequence, moment.ordinal)
        before = session
        binding_before = self._binding_of(session, mag.id, request)
        kind = classify(request, session, mag.id, binding_before)
        exchange = Exchange(
            id=self.state.next_exchange(),
            kind=kind,
            session=session.id,
            mag=mag.id,
            lma=lma,
            request=message,
            answered=message,
            attempts=(moment,),
        )
        deferred = message.checksum_correct is False
        pending = Pending(exchange, request, deferred=deferred)
        outstanding = tuple(p.exchange for p in self._pairing.outstanding(request))
        self._pairing.add(pending)
        self._await_answer(pending)
        events: list[str] = []
        if is_new and session.partial:
            events.append("PM-PARTIAL-SESSION")
        if not deferred:
            events.extend(self._late_refresh(binding_before, message.time))
            session = self._apply_request(session, request, mag.id, moment)
            session = self.state.touch(session, moment, last_sent=message)
        return self.state.step(
            moment,
            message,
            exchange=pending.exchange,
            mag=mag,
            before=before,
            binding_before=binding_before,
            key=self._key_of(session, mag.id, request),
            outstanding=outstanding,
            events=tuple(events),
        )

    def _begin(self, request: Registration, mag: MagNode, moment: Moment) -> Session:
        """Make the session that a PBU is the first to be seen of."""
        lma = request.message.destination
        reason = why_partial(request)
        session = self.state.sessions.create(lma, request.mobile_node, moment, reason)
        if request.prefixes or request.ipv4_home_address is not None:
            return self.state.sessions.assign(session, request.prefixes, request.ipv4_home_address)
        self.state.sessions.remember_attachment(session, request, mag.id)
        return session

    def _apply_request(
        self, session: Session, request: Registration, mag: int, moment: Moment
    ) -> Session:
        """Move the bindings that a PBU asks to register or de-register."""
        if request.lifetime == 0:
            if is_selective(request, session):
                return session
            for binding in self._deregistered(session, request, mag):
                session = self.state.move(session, binding, Event.DEREG_REQUEST, moment)
            return session
        binding = self._binding_of(session, mag, request) or self._new_binding(
            session, mag, request
        )
        is_renewed = request.handoff_indicator == Handoff.NOT_CHANGED
        if not binding.history and session.partial and is_renewed:
            # The session began before the capture, and this path of it may have as well.
            session = self.state.move(session, binding, Event.SEEN_IN_USE, moment, inferred=True)
            binding = find_binding(session, binding_key(binding)) or binding
        return self.state.move(
            session,
            binding,
            Event.REQUEST,
            moment,
            first_request=binding.first_request or request.message,
        )

    def _deregistered(
        self, session: Session, request: Registration, mag: int
    ) -> tuple[Binding, ...]:
        """Give the bindings that a PBU with lifetime 0 is about.

        One with a BID is about that binding; with the B flag about all of that MAG's (RFC 8278
        leaves that open); one without the option is about the whole session of that MAG.
        """
        own = tuple(b for b in session.bindings if b.mag == mag)
        is_legacy = session.mode is SessionMode.MP_UNSUPPORTED
        if request.multipath is None or is_legacy:
            live = tuple(b for b in own if b.state.is_live)
            found = live or own
        elif request.multipath.bulk:
            found = own
        else:
            found = tuple(b for b in own if b.bid == request.bid)
        return found or (self._new_binding(session, mag, request),)

    # ------------------------------------------------------------------------------ answers

    def acknowledgement(self, message: Message) -> Iterator[Step]:
        """Take a PBA, or a BA that may be one."""
        self._note_checksum(message)
        reply = registration(message)
        moment = self.state.moment(message)
        has_bad_checksum = message.checksum_correct is False
        if has_bad_checksum and message.source in self._good_checksums:
            # Its receiver discards it (RFC 6275 section 9.2).
            yield self.state.step(moment, message)
            return
        matched = self._pairing.match(reply)
        if matched is not None and matched[1] is Found.ANSWER:
            yield self._answered(matched[0], reply, moment)
        elif matched is not None and matched[1] is Found.REPEATED:
            yield self._answered_again(matched[0], reply, moment)
        elif message.kind != "PBA":
            yield self.state.step(moment, message)
        elif message.time is None:
            yield self._unmatched(reply, moment)
        else:
            self._held[moment.ordinal] = reply
            self.state.clock.set(
                message.time + self.state.timers.reordering, partial(self._release, moment.ordinal)
            )

    def _release(self, ordinal: int, _now: int | None) -> Iterator[Step]:
        """Let go a PBA that was held in case its request follows."""
        reply = self._held.pop(ordinal, None)
        if reply is not None:
            yield self._unmatched(reply, self.state.moment(reply.message, ordinal))

    def _answered(self, pending: Pending, reply: Registration, moment: Moment) -> Step:
        message = reply.message
        exchange = pending.exchange
        answered = next((r for r in pending.requests if r.sequence == reply.sequence), pending.last)
        is_late = (
            message.time is not None
            and pending.time is not None
            and message.time - pending.time > self.state.timers.answer
        )
        pending.exchange = replace(
            exchange, answered=answered.message, reply=message, replies=1, closed=True
        )
        self._learn(pending, reply, moment)
        events = ["PM-LATE-PBA"] if is_late else []
        return self._conclude(pending, reply, moment, events)

    def _answered_again(self, pending: Pending, reply: Registration, moment: Moment) -> Step:
        """Take another answer to a request: the last one counts if they differ."""
        exchange = pending.exchange
        assert exchange.reply is not None
        first = registration(exchange.reply)
        pending.exchange = replace(exchange, replies=exchange.replies + 1)
        is_same = (
            first.status == reply.status
            and first.lifetime == reply.lifetime
            and first.prefixes == reply.prefixes
        )
        if is_same:
            session = self.state.sessions.get(exchange.session)
            mag = self.state.mag(exchange.mag)
            return self.state.step(
                moment, reply.message, exchange=pending.exchange, mag=mag, before=session
            )
        pending.exchange = replace(pending.exchange, reply=reply.message)
        return self._conclude(pending, reply, moment, ["PM-PBA-CONFLICT"])

    def _conclude(
        self, pending: Pending, reply: Registration, moment: Moment, events: list[str]
    ) -> Step:
        """Move the bindings as the answer to a request says."""
        exchange, request = pending.exchange, pending.request
        mag = self.state.mag(exchange.mag)
        assert mag is not None
        session = self.state.sessions.get(exchange.session)
        if session is None:  # forgotten in the meantime
            session = self._begin(request, mag, moment)
        before = session
        binding_before = self._binding_of(session, mag.id, request)
        if pending.deferred:
            session = self._apply_request(session, request, mag.id, moment)
            pending.deferred = False
        self._forget_later(pending, moment.time, self.state.timers.answer)
        if request.lifetime == 0:
            session = self._conclude_deregistration(session, request, reply, mag.id, moment)
        elif reply.accepted:
            session, kind = self._accept(session, pending, reply, mag.id, moment, events)
            pending.exchange = replace(pending.exchange, kind=kind, session=session.id)
        else:
            session = self._reject(session, request, reply, mag.id, moment, events)
        session = self.state.touch(session, moment)
        return self.state.step(
            moment,
            reply.message,
            exchange=pending.exchange,
            mag=mag,
            before=before,
            after=session,
            binding_before=binding_before,
            key=self._key_of(session, mag.id, request),
            outstanding=tuple(p.exchange for p in self._pairing.outstanding(request)),
            events=tuple(events),
        )

    def _accept(
        self,
        session: Session,
        pending: Pending,
        reply: Registration,
        mag: int,
        moment: Moment,
        events: list[str],
    ) -> tuple[Session, ExchangeKind]:
        request = pending.request
        session, kind = self._settle(session, pending, reply, mag)
        session = self._settle_mode(session, pending, reply, mag, moment, events)
        key = self._key_of(session, mag, request)
        binding = find_binding(session, key) or self._new_binding(session, mag, request)
        if request.care_of_address != binding.care_of_address and binding.state.is_live:
            events.append("PM-COA-CHANGE")
        session = self._grant(session, binding, pending, reply, moment)
        others = [b for b in session.bindings if binding_key(b) != key]
        multipath = request.multipath
        if multipath is not None and session.mode is SessionMode.MULTIPATH:
            if multipath.overwrite:
                session = self._supersede(session, others, moment, "overwrite")
            elif multipath.bulk:
                session = self._extend(session, others, mag, reply, moment)
        else:
            own = [b for b in others if b.mag == mag]
            session = self._supersede(session, own, moment, "single")
        foreign = [b for b in others if b.mag != mag]
        if request.handoff_indicator != 6:
            if any(b.state.is_live for b in foreign):
                events.append("PM-HANDOVER")
            session = self._supersede(session, foreign, moment, "handover")
        accepted = {
            "last_accepted": request.message,
            "link_local_address": reply.link_local_address or session.link_local_address,
            "last_accepted_timestamp": request.timestamp or session.last_accepted_timestamp,
        }
        return self.state.touch(session, moment, **accepted), kind

    def _settle(
        self, session: Session, pending: Pending, reply: Registration, mag: int
    ) -> tuple[Session, ExchangeKind]:
        """Find the session that the prefixes of an acceptance belong to, and what the PBU did.

        A request without a prefix learns only now whether it joined a session (RFC 5213 section
        5.4.1.2), and whether that was a handover or a further path.
        """
        request, kind = pending.request, pending.exchange.kind
        key = self._key_of(session, mag, request)
        prefixes = reply.prefixes
        ipv4 = reply.ipv4_home_address
        if not prefixes and ipv4 is None:
            return session, kind
        owner = self.state.sessions.with_prefixes(session.lma, session.mobile_node, reply)
        binding = find_binding(session, key)
        if owner is None and not is_provisional(session):
            keeps_old = binding is not None and binding.shadow.is_live
            if not keeps_old and not set(prefixes) & set(session.prefixes):
                # The LMA made a session of its own for this path.
                owner = self.state.sessions.create(session.lma, session.mobile_node, session.last)
        if owner is None or owner.id == session.id:
            known = session.ipv4_home_address
            return self.state.sessions.assign(
                session, prefixes or session.prefixes, ipv4 or known
            ), kind
        if binding is not None:
            session = without_binding(session, key)
            if session.bindings:
                self.state.sessions.put(session)
            else:
                self.state.sessions.remove(session)
            kind = classify(request, owner, mag, find_binding(owner, key))
            known_binding = find_binding(owner, key)
            if known_binding is not None:
                binding = replace(
                    binding,
                    shadow=known_binding.state,
                    history=(*known_binding.history, *binding.history),
                    first_request=known_binding.first_request or binding.first_request,
                )
            owner = with_binding(owner, binding)
        return self.state.sessions.assign(owner, prefixes or owner.prefixes, ipv4), kind

    def _settle_mode(
        self,
        session: Session,
        pending: Pending,
        reply: Registration,
        mag: int,
        moment: Moment,
        events: list[str],
    ) -> Session:
        """Learn from an acceptance whether the LMA keeps several bindings (RFC 8278 4.4)."""
        request = pending.request
        mode = session.mode
        if request.multipath is not None and not is_cut(reply.message):
            if reply.multipath is None:
                refusal = Refusal(mag, request.message, reply.status or 0, moment)
                session = _refused(session, refusal)
            else:
                session = replace(session, refusal=None)
        if request.multipath is None:
            mode = SessionMode.SINGLE
        elif reply.multipath is not None:
            mode = SessionMode.MULTIPATH
        elif is_cut(reply.message):
            return session
        elif session.mode is not SessionMode.MULTIPATH or not session.live:
            mode = SessionMode.MP_UNSUPPORTED
            if session.mode is not mode:
                events.append("PM-LEGACY-LMA")
        if mode is session.mode:
            return session
        key = self._key_of(session, mag, request)
        session = replace(session, mode=mode, mode_since=moment, mode_by=pending.exchange.id)
        if request.multipath is not None:
            bid = request.bid if mode is SessionMode.MULTIPATH else None
            session = _rekeyed(session, key, bid)
        return session

    def _grant(
        self,
        session: Session,
        binding: Binding,
        pending: Pending,
        reply: Registration,
        moment: Moment,
    ) -> Session:
        request = pending.request
        multipath = request.multipath
        return self.state.move(
            session,
            binding,
            Event.ACCEPTED,
            moment,
            **_lifetime(reply.lifetime, moment.time),
            care_of_address=request.care_of_address,
            ports=request.message.datagram.ports,
            access_technology=request.access_technology,
            interface_att=multipath.if_att if multipath else None,
            interface_label=multipath.if_label if multipath else None,
            handoff_indicator=request.handoff_indicator,
            link_layer_identifier=request.link_layer_identifier,
            inferred=False,
            first_request=binding.first_request or request.message,
            first_reply_seen=binding.first_reply_seen
            or binding.first_request in (None, pending.request.message),
            last_request=pending.exchange.answered,
            last_timestamp=request.timestamp or binding.last_timestamp,
            replaced_by=None,
        )

    def _extend(
        self,
        session: Session,
        bindings: list[Binding],
        mag: int,
        reply: Registration,
        moment: Moment,
    ) -> Session:
        """Give the MAG's other bindings the lifetime of an accepted bulk refresh (4.1, B)."""
        for binding in bindings:
            if binding.mag == mag and binding.state in (
                BindingState.ACTIVE,
                BindingState.ASSUMED,
                BindingState.REFRESHING,
            ):
                lifetime = _lifetime(reply.lifetime, moment.time)
                session = self.state.move(session, binding, Event.EXTENDED, moment, **lifetime)
        return session

    def _supersede(
        self, session: Session, bindings: list[Binding], moment: Moment, reason: str
    ) -> Session:
        for binding in bindings:
            if binding.state.is_live:
                session = self.state.move(
                    session, binding, Event.SUPERSEDED, moment, replaced_by=reason
                )
        return session

    def _reject(
        self,
        session: Session,
        request: Registration,
        reply: Registration,
        mag: int,
        moment: Moment,
        events: list[str],
    ) -> Session:
        binding = self._binding_of(session, mag, request)
        if binding is not None:
            session = self.state.move(session, binding, Event.REJECTED, moment)
        if reply.status == CANNOT_SUPPORT_MULTIPATH_BINDING and request.multipath is not None:
            events.append("PM-MULTIPATH-DENIED")
            session = _refused(session, Refusal(mag, request.message, reply.status, moment))
            if not session.live:
                session = replace(session, mode=SessionMode.MP_DENIED, mode_since=moment)
        return session

    def _conclude_deregistration(
        self,
        session: Session,
        request: Registration,
        reply: Registration,
        mag: int,
        moment: Moment,
    ) -> Session:
        if is_selective(request, session):
            if reply.accepted:
                kept = () if request.prefixes else session.prefixes
                ipv4 = None if request.has_ipv4 else session.ipv4_home_address
                session = self.state.sessions.assign(session, kept, ipv4)
            return session
        event = Event.DEREG_ACCEPTED if reply.accepted else Event.DEREG_REJECTED
        for binding in self._deregistered(session, request, mag):
            session = self.state.move(session, binding, event, moment)
        return session

    def _unmatched(self, reply: Registration, moment: Moment) -> Step:
        """Take a PBA whose request was not captured: what it grants is in use."""
        message = reply.message
        lma = message.source
        mag = self.state.peers.mag_assumed(message.destination)
        self.state.peers.reply_seen(message.destination, lma)
        doubt = self._pairing.match(reply)
        events = ["PM-UNMATCHED-PBA"] if not self.state.is_warmup(moment.time) else []
        outstanding: tuple[Exchange, ...] = ()
        if doubt is not None and doubt[1] is Found.DOUBTFUL_SEQUENCE:
            events.append("RFC6275-10.3.1-SEQ-COPY")
            outstanding = (doubt[0].exchange,)
        elif doubt is not None and doubt[1] is Found.DOUBTFUL_ADDRESS:
            events.append("RFC5213-5.3.6-ADDR")
            outstanding = (doubt[0].exchange,)
        self._learn_support(reply, moment)
        session = self.state.sessions.with_prefixes(lma, reply.mobile_node, reply)
        before = session
        key = _reply_key(mag.id, reply)
        binding_before = find_binding(session, key) if session else None
        if reply.accepted and (reply.prefixes or reply.ipv4_home_address is not None):
            if session is None:
                session = self.state.sessions.create(
                    lma, reply.mobile_node, moment, "its first message is an answer"
                )
                session = self.state.sessions.assign(
                    session, reply.prefixes, reply.ipv4_home_address
                )
                events.append("PM-PARTIAL-SESSION")
            session = self._assume(session, mag.id, reply, moment)
        if session is not None:
            session = self.state.touch(session, moment, unanswered=moment)
        exchange = Exchange(
            id=self.state.next_exchange(),
            kind=ExchangeKind.UNKNOWN,
            session=session.id if session else None,
            mag=mag.id,
            lma=lma,
            reply=message,
            replies=1,
            closed=True,
        )
        return self.state.step(
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
                session = self.state.move(session, binding, Event.DEREG_ACCEPTED, moment)
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
        lifetime = _lifetime(reply.lifetime, moment.time)
        if binding.state.is_live:
            return self.state.move(session, binding, Event.ACCEPTED, moment, **lifetime)
        if binding.state is not BindingState.NONE:
            # It was gone, so a request that the capture lacks brought it back.
            binding = replace(binding, state=BindingState.NONE)
        return self.state.move(
            session, binding, Event.SEEN_IN_USE, moment, inferred=True, **lifetime
        )

    # ------------------------------------------------------------------- revocation, restart

    # --------------------------------------------------------------------------------- alarms

    def _await_answer(self, pending: Pending) -> None:
        time = pending.time
        if time is not None:
            self.state.clock.set(
                time + self.state.timers.answer + 1, partial(self._give_up, pending, time)
            )

    def _give_up(self, pending: Pending, attempt: int, now: int) -> Iterator[Step]:
        """Close a request that got no answer in time."""
        exchange = pending.exchange
        if exchange.closed or pending.time != attempt:
            return
        pending.exchange = exchange = replace(exchange, closed=True)
        self._forget_later(pending, now, self.state.timers.late_answer)
        moment = self.state.clock_moment(now, pending.request.message)
        session = self.state.sessions.get(exchange.session)
        before = session
        mag = self.state.mag(exchange.mag)
        key = None
        if session is not None and mag is not None and not pending.deferred:
            request = pending.request
            if request.lifetime == 0:
                if not is_selective(request, session):
                    for binding in self._deregistered(session, request, mag.id):
                        session = self.state.move(session, binding, Event.UNANSWERED, moment)
            else:
                own = self._binding_of(session, mag.id, request)
                if own is not None:
                    session = self.state.move(session, own, Event.UNANSWERED, moment)
            session = self.state.touch(session, moment, unanswered=exchange.attempts[-1])
            key = self._key_of(session, mag.id, request)
        yield self.state.step(
            moment,
            None,
            exchange=pending.exchange,
            mag=mag,
            before=before,
            after=session,
            key=key,
            events=("PM-UNANSWERED-PBU",),
        )

    def _forget_later(self, pending: Pending, now: int | None, delay: int) -> None:
        if now is not None:
            self.state.clock.set(
                now + delay, partial(self._forget, pending, pending.exchange.closed)
            )

    def _forget(self, pending: Pending, _closed: bool, _now: int) -> Iterator[Step]:
        self._pairing.forget(pending)
        yield from ()

    # -------------------------------------------------------------------------------- helpers

    def _new_binding(self, session: Session, mag: int, request: Registration) -> Binding:
        multipath = request.multipath
        return Binding(
            mag=mag,
            bid=self._key_of(session, mag, request)[1],
            care_of_address=request.care_of_address,
            ports=request.message.datagram.ports,
            access_technology=request.access_technology,
            interface_att=multipath.if_att if multipath else None,
            interface_label=multipath.if_label if multipath else None,
            handoff_indicator=request.handoff_indicator,
            link_layer_identifier=request.link_layer_identifier,
            first_request=request.message,
        )

    def _key_of(self, session: Session, mag: int, request: Registration) -> BindingKey:
        """Give the key of the binding that a PBU is about.

        An LMA without RFC 8278 skips the option and keeps one binding (section 4.4). A MAG that
        registers another care-of address without the option moves its one binding there.
        """
        if request.bid is not None and session.mode is not SessionMode.MP_UNSUPPORTED:
            return mag, request.bid, None
        if request.multipath is None:
            for binding in session.bindings:
                if binding.mag == mag and binding.bid is None and binding.state.is_live:
                    return binding_key(binding)
        return mag, None, request.care_of_address

    def _binding_of(self, session: Session, mag: int, request: Registration) -> Binding | None:
        return find_binding(session, self._key_of(session, mag, request))

    def _note_checksum(self, message: Message) -> None:
        if message.checksum_correct:
            self._good_checksums.add(message.source)

    def _late_refresh(self, binding: Binding | None, time: int | None) -> Iterator[str]:
        """Notice a refresh that came after the lifetime, by no more than a tenth of it."""
        if (
            binding is not None
            and binding.state is BindingState.EXPIRED
            and binding.expires_at is not None
            and binding.lifetime is not None
            and time is not None
            and time - binding.expires_at <= binding.lifetime * SECOND // 10
        ):
            yield "PM-REFRESH-LATE"

    def _learn(self, pending: Pending, reply: Registration, moment: Moment) -> None:
        request, exchange = pending.request, pending.exchange
        message = reply.message
        self.state.peers.reply_seen(request.message.source, request.message.destination)
        self._learn_support(reply, moment)
        is_telling = reply.accepted and request.multipath is not None and request.lifetime > 0
        if is_telling and exchange.mag is not None and not is_cut(message):
            capable = reply.multipath is not None
            mag = self.state.peers.current(exchange.mag)
            self.state.peers.learn_capability(mag, message.source, capable, moment)

    def _learn_support(self, reply: Registration, moment: Moment) -> None:
        lma = reply.message.source
        if reply.multipath is not None:
            self.state.peers.learn_multipath(lma, moment)
        has_ipv4_option = any(reply.message.has(number) for number in (37, 38, 39))
        if has_ipv4_option or (reply.status is not None and 170 <= reply.status <= 173):
            self.state.peers.learn_ipv4(lma, moment)

    def _same_mag(self, one: bytes, other: bytes) -> bool:
        first, second = self.state.peers.mag_at(one), self.state.peers.mag_at(other)
        return first is not None and second is not None and first.id == second.id


def _lifetime(seconds: int, now: int | None) -> dict[str, Any]:
    return {
        "lifetime": seconds,
        "granted_at": now,
        "expires_at": None if now is None else now + seconds * SECOND,
    }


def _refused(session: Session, refusal: Refusal) -> Session:
    """Give the session with a refusal of multipath, unless the MAG had one for it before."""
    if session.refusal is not None and session.refusal.mag == refusal.mag:
        return session
    return replace(session, refusal=refusal)


def _reply_key(mag: int, reply: Registration) -> BindingKey:
    """Give the key of the binding that a PBA without its PBU is about."""
    return mag, reply.bid, reply.care_of_address if reply.bid is None else None


def _rekeyed(session: Session, old: BindingKey, bid: int | None) -> Session:
    """Give the session with one binding under another BID, once the LMA showed which it keeps."""
    binding = find_binding(session, old)
    if binding is None:
        return session
    renamed = replace(binding, bid=bid)
    return with_binding(without_binding(session, old), renamed)
