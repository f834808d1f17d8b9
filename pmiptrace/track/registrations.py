"""Proxy registrations: PBUs and PBAs, and the sessions and bindings that they make.

The order for one message: who sent it, pairing, which session and binding it is about, what it
asks for, and only then the transition; so a `Step` has the session as the message met it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from functools import partial
from operator import itemgetter
from typing import Any

from msgspec.structs import replace

from pmiptrace.model import (
    Binding,
    BindingState,
    Exchange,
    ExchangeKind,
    Identifier,
    MagNode,
    Message,
    Moment,
    Refusal,
    Session,
    SessionMode,
    Step,
)
from pmiptrace.track.classify import (
    classify,
    is_cut,
    is_left_behind,
    is_one_of,
    is_selective,
    is_there,
    why_partial,
)
from pmiptrace.track.pairing import Found, Pairing, Pending
from pmiptrace.track.registration import Registration, registration
from pmiptrace.track.sessions import (
    BindingKey,
    binding_key,
    find_binding,
    is_provisional,
    merged,
    rekeyed,
    with_binding,
    without_binding,
)
from pmiptrace.track.state import State
from pmiptrace.track.states import TRANSITIONS, Event
from pmiptrace.track.timers import SECOND
from pmiptrace.wire.codes import HandoffIndicatorValue as Handoff
from pmiptrace.wire.options.rfc5844 import Ipv4HomeAddressReply
from pmiptrace.wire.options.rfc5845 import GreKey

CANNOT_SUPPORT_MULTIPATH_BINDING = 180
"""Status of RFC 8278 section 4.3."""

MAX_HELD = 64
"""Answers for one mobile node that are held back until their request may follow."""
MAX_SENDERS = 100_000
"""Hosts of which it is known that they do not leave checksums to their hardware."""


class Registrations:
    """Handles PBUs and PBAs."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._pairing = Pairing(self._same_mag)
        self._held: dict[Identifier | None, dict[int, Registration]] = {}
        """Answers without a request so far, by mobile node and ordinal."""
        self._good_checksums: OrderedDict[bytes, None] = OrderedDict()

    def release_all(self) -> Iterator[Step]:
        """Let go of the answers that were held back, as the capture ended."""
        held = [(ordinal, node) for node, replies in self._held.items() for ordinal in replies]
        for ordinal, node in sorted(held, key=itemgetter(0)):
            yield from self._release(node, ordinal, 0)

    @property
    def is_overfull(self) -> bool:
        """Whether there are more requests than can be kept."""
        return len(self._pairing) > self._pairing.LIMIT

    def shed(self) -> Iterator[Step]:
        """Forget the oldest requests, as long as there are too many."""
        while self.is_overfull:
            pending = self._pairing.oldest()
            self._pairing.forget(pending)
            if not pending.exchange.closed:
                exchange = replace(pending.exchange, closed=True)
                moment = self.state.moment(pending.last.message)
                yield self.state.step(moment, None, exchange=exchange)

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
        if message.checksum_correct is False:
            # What it says of its sender may be what was damaged.
            mag = self.state.peers.mag_assumed(message.source)
        else:
            mag = self._sender(request)
        self.state.peers.request_seen(message.source, message.destination)
        repeated = self._pairing.retransmitted(request)
        if repeated is not None:
            yield self._retransmission(repeated, request, mag, moment)
        else:
            yield self._new_request(request, mag, moment)
        if self._held:
            yield from self._answered_before(request.mobile_node)

    def _sender(self, request: Registration) -> MagNode:
        """Give the MAG that sent a PBU, with all its addresses in one."""
        mag, joined = self.state.peers.mag_of(request)
        if joined is not None:
            self.state.join(joined, mag.id)
        return mag

    def _answered_before(self, mobile_node: Identifier | None) -> Iterator[Step]:
        """Pair the answers that stand before their request in the capture."""
        for node in dict.fromkeys((mobile_node, None)):
            for ordinal, reply in list(self._held.get(node, {}).items()):
                matched = self._pairing.match(reply)
                if matched is not None and matched[1] is Found.ANSWER:
                    self._let_go(node, ordinal)
                    moment = self.state.moment(reply.message, ordinal)
                    yield self._answered(matched[0], reply, moment)

    def _let_go(self, node: Identifier | None, ordinal: int) -> Registration | None:
        held = self._held.get(node, {})
        reply = held.pop(ordinal, None)
        if not held:
            self._held.pop(node, None)
        return reply

    def _retransmission(
        self, pending: Pending, request: Registration, mag: MagNode, moment: Moment
    ) -> Step:
        was_deferred = pending.deferred
        self._pairing.repeat(pending, request, moment)
        if pending.time is not None:
            pending.until = pending.time + self.state.timers.answer + 1
        session = self.state.sessions.get(pending.exchange.session)
        if was_deferred and not pending.deferred:
            # The first attempt that the LMA can take.
            pending.exchange = replace(pending.exchange, mag=mag.id)
            session = session or self._begin(request, mag, moment)
            pending.exchange = replace(pending.exchange, session=session.id)
            key = self._key_of(session, mag, request)
            session = self._apply_request(session, request, mag, key, moment)
        before = session
        if session is not None and not pending.deferred:
            self._note_sequence(mag, session, request, moment)
            session = self.state.touch(session, moment, last_sent=request.message)
        return self.state.step(
            moment,
            request.message,
            exchange=pending.exchange,
            mag=mag,
            before=before,
            after=session,
            key=self._key_of(session, mag, request) if session else None,
            events=("PM-RETRANSMISSION",),
        )

    def _new_request(self, request: Registration, mag: MagNode, moment: Moment) -> Step:
        message = request.message
        lma = message.destination
        if message.checksum_correct is False:
            return self._deferred_request(request, mag, moment)
        session = self.state.sessions.of_request(lma, request, mag.id)
        is_new = session is None
        if session is None:
            session = self._begin(request, mag, moment)
        self._note_sequence(mag, session, request, moment)
        before = session
        key = self._key_of(session, mag, request)
        binding_before = find_binding(session, key)
        exchange = Exchange(
            id=self.state.next_exchange(),
            kind=self._classified(session, request, mag, binding_before),
            session=session.id,
            mag=mag.id,
            lma=lma,
            request=message,
            answered=message,
            attempts=(moment,),
        )
        outstanding = tuple(p.exchange for p in self._pairing.outstanding(request))
        pending = self._open(exchange, request)
        events: list[str] = []
        if is_new and session.partial:
            events.append("PM-PARTIAL-SESSION")
        if _is_late(binding_before, message.time):
            events.append("PM-REFRESH-LATE")
        session = self._apply_request(session, request, mag, key, moment)
        session = self.state.touch(session, moment, last_sent=message)
        return self.state.step(
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

    def _deferred_request(self, request: Registration, mag: MagNode, moment: Moment) -> Step:
        """Take a PBU with a wrong checksum: it counts only if an answer shows that it arrived."""
        lma = request.message.destination
        session = self.state.sessions.with_prefixes(lma, request.mobile_node, request)
        exchange = Exchange(
            id=self.state.next_exchange(),
            kind=ExchangeKind.UNKNOWN,
            session=session.id if session else None,
            mag=mag.id,
            lma=lma,
            request=request.message,
            answered=request.message,
            attempts=(moment,),
        )
        outstanding = tuple(p.exchange for p in self._pairing.outstanding(request))
        self._open(exchange, request)
        return self.state.step(
            moment,
            request.message,
            exchange=exchange,
            mag=mag,
            before=session,
            outstanding=outstanding,
        )

    def _open(self, exchange: Exchange, request: Registration) -> Pending:
        pending = Pending(exchange, request, deferred=request.message.checksum_correct is False)
        self._pairing.add(pending)
        if pending.time is not None:
            pending.until = pending.time + self.state.timers.answer + 1
            self.state.clock.set(pending.until, partial(self._time_out, pending))
        return pending

    def _note_sequence(
        self, mag: MagNode, session: Session, request: Registration, moment: Moment
    ) -> None:
        self.state.continuity.note(
            mag.id, session.lma, session.id, request.sequence, moment.ordinal
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
        self,
        session: Session,
        request: Registration,
        mag: MagNode,
        key: BindingKey,
        moment: Moment,
    ) -> Session:
        """Move the bindings that a PBU asks to register or de-register."""
        if request.lifetime == 0:
            if is_selective(request, session):
                return session
            found = self._deregistered(session, request, mag)
            for binding in found or [_new_binding(key, request)]:
                session = self.state.move(session, binding, Event.DEREG_REQUEST, moment)
            return session
        binding = find_binding(session, key) or _new_binding(key, request)
        is_renewed = request.handoff_indicator == Handoff.NOT_CHANGED
        if not binding.history and session.partial and is_renewed:
            # The session began before the capture, and this path of it may have as well.
            session = self.state.move(session, binding, Event.SEEN_IN_USE, moment, inferred=True)
            binding = find_binding(session, binding_key(binding)) or binding
        first = binding.first_request if is_there(binding) else None
        return self.state.move(
            session,
            binding,
            Event.REQUEST,
            moment,
            first_request=first or request.message,
            first_reply_seen=first is not None and binding.first_reply_seen,
        )

    def _deregistered(self, session: Session, request: Registration, mag: MagNode) -> list[Binding]:
        """Give the bindings that a PBU with lifetime 0 is about.

        One with a BID is about that binding; with the B flag about all of that MAG's (RFC 8278
        leaves that open); one without the option is about the whole session of that MAG, unless
        the option may be what the capture cut off.
        """
        is_legacy = session.mode is SessionMode.MP_UNSUPPORTED
        is_whole = request.multipath is None and not is_cut(request.message)
        is_bulk = request.multipath is not None and request.multipath.bulk
        if not (is_whole or is_legacy or is_bulk):
            binding = self._binding_of(session, mag, request)
            return [] if binding is None else [binding]
        own = self._own(session, mag, request)
        there = [b for b in own if is_there(b)]
        if is_bulk and not is_legacy:
            return there
        return there or own

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
        elif matched is not None and matched[1] is Found.LIKELY:
            yield self._answered(matched[0], reply, moment, certain=False)
        elif matched is not None and matched[1] is Found.REPEATED:
            yield self._answered_again(matched[0], reply, moment)
        elif message.kind != "PBA":
            yield self.state.step(moment, message)
        elif message.time is None:
            yield self._unmatched(reply, moment)
        else:
            yield from self._hold(reply, message.time, moment)

    def _hold(self, reply: Registration, time: int, moment: Moment) -> Iterator[Step]:
        """Hold a PBA back for a moment, in case its request follows."""
        node = reply.mobile_node
        held = self._held.setdefault(node, {})
        held[moment.ordinal] = reply
        self.state.clock.set(
            time + self.state.timers.reordering, partial(self._release, node, moment.ordinal)
        )
        if len(held) > MAX_HELD:
            yield from self._release(node, next(iter(held)), time)

    def _release(self, node: Identifier | None, ordinal: int, _now: int) -> Iterator[Step]:
        """Let go a PBA that was held in case its request follows."""
        reply = self._let_go(node, ordinal)
        if reply is not None:
            yield self._unmatched(reply, self.state.moment(reply.message, ordinal))

    def _answered(
        self, pending: Pending, reply: Registration, moment: Moment, *, certain: bool = True
    ) -> Step:
        message = reply.message
        is_late = (
            message.time is not None
            and pending.time is not None
            and message.time - pending.time > self.state.timers.answer
        )
        pending.answer(reply)
        pending.exchange = replace(
            pending.exchange,
            answered=pending.answered_attempt.message,
            reply=message,
            replies=1,
            certain=certain,
            closed=True,
        )
        self._learn(pending, reply, moment)
        if message.time is not None:
            pending.until = message.time + self.state.timers.answer
        return self._conclude(pending, reply, moment, ["PM-LATE-PBA"] if is_late else [])

    def _answered_again(self, pending: Pending, reply: Registration, moment: Moment) -> Step:
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
        answered = pending.attempt(reply).message
        if is_same:
            session = self.state.sessions.get(pending.exchange.session)
            mag = self.state.mag(pending.exchange.mag)
            exchange = replace(pending.exchange, answered=answered)
            return self.state.step(
                moment, reply.message, exchange=exchange, mag=mag, before=session
            )
        pending.answer(reply)
        pending.exchange = replace(pending.exchange, answered=answered, reply=reply.message)
        events = ["PM-PBA-CONFLICT"] if first.sequence == reply.sequence else []
        return self._conclude(pending, reply, moment, events)

    def _conclude(
        self, pending: Pending, reply: Registration, moment: Moment, events: list[str]
    ) -> Step:
        """Move the bindings as the answer to a request says."""
        request = pending.request
        session = self.state.sessions.get(pending.exchange.session)
        mag = self.state.mag(pending.exchange.mag)
        if pending.deferred:
            mag = self._sender(request)
            lma = request.message.destination
            session = session or self.state.sessions.of_request(lma, request, mag.id)
        assert mag is not None
        if session is None:  # not there yet, or forgotten in the meantime
            session = self._begin(request, mag, moment)
        before = session
        key = self._key_of(session, mag, request)
        binding_before = find_binding(session, key)
        if pending.deferred:
            kind = self._classified(session, request, mag, binding_before)
            pending.exchange = replace(pending.exchange, mag=mag.id, kind=kind)
            session = self._apply_request(session, request, mag, key, moment)
            pending.deferred = False
        if pending.exchange.session != session.id:
            pending.exchange = replace(pending.exchange, session=session.id)
        if request.lifetime == 0:
            session = self._conclude_deregistration(session, request, reply, mag, moment)
        elif reply.accepted:
            session, key = self._accept(session, pending, reply, mag, moment, events)
        else:
            session = self._reject(session, pending, reply, mag, moment, events)
        session = self.state.touch(session, moment)
        return self.state.step(
            moment,
            reply.message,
            exchange=pending.exchange,
            mag=mag,
            before=before,
            after=session,
            binding_before=binding_before,
            key=key,
            outstanding=tuple(p.exchange for p in self._pairing.outstanding(request)),
            events=tuple(events),
        )

    def _accept(
        self,
        session: Session,
        pending: Pending,
        reply: Registration,
        mag: MagNode,
        moment: Moment,
        events: list[str],
    ) -> tuple[Session, BindingKey]:
        """Take an acceptance; give the session, and the key under which it has the binding."""
        request = pending.request
        session = self._settle(session, pending, reply, mag, moment)
        session = self._settle_mode(session, pending, reply, mag, moment, events)
        key = self._key_of(session, mag, request)
        binding = find_binding(session, key) or _new_binding(key, request)
        if request.care_of_address != binding.care_of_address and binding.state.is_live:
            events.append("PM-COA-CHANGE")
        session = self._grant(session, binding, pending, reply, mag, moment)
        key = (mag.id, binding.bid, request.care_of_address if binding.bid is None else None)
        own = [b for b in self._own(session, mag, request) if binding_key(b) != key]
        foreign = [b for b in session.bindings if binding_key(b) != key and not is_one_of(b, own)]
        multipath = request.multipath
        is_overwriting = (
            multipath is not None and multipath.overwrite and session.mode is SessionMode.MULTIPATH
        )
        is_legacy = session.mode is SessionMode.MP_UNSUPPORTED
        if is_overwriting:
            session = self._supersede(session, own, moment, "overwrite")
        elif is_legacy or (multipath is None and not is_cut(request.message)):
            session = self._supersede(session, own, moment, "single")
        elif multipath is not None and multipath.bulk and session.mode is SessionMode.MULTIPATH:
            session = self._extend(session, own, reply, moment)
        if is_overwriting or request.handoff_indicator != Handoff.NEW_INTERFACE_SHARING_PREFIXES:
            is_handover = pending.exchange.kind is ExchangeKind.HANDOVER
            if is_handover or any(is_left_behind(b) for b in foreign):
                events.append("PM-HANDOVER")
            reason = "overwrite" if is_overwriting else "handover"
            session = self._supersede(session, foreign, moment, reason)
        if request.handoff_indicator == Handoff.NOT_CHANGED:
            session = self._restore(session, binding, own, moment)
        accepted = pending.answered_attempt
        session = replace(
            session,
            last_accepted=accepted.message,
            link_local_address=reply.link_local_address or session.link_local_address,
            last_accepted_timestamp=accepted.timestamp or session.last_accepted_timestamp,
            ipv4_since=moment if _grants_ipv4(reply) else None,
        )
        return session, key

    def _settle(
        self,
        session: Session,
        pending: Pending,
        reply: Registration,
        mag: MagNode,
        moment: Moment,
    ) -> Session:
        """Find the session that the prefixes of an acceptance belong to, and what the PBU did.

        A request without a prefix learns only now whether it joined a session (RFC 5213 section
        5.4.1.2), and whether that was a handover or a further path.
        """
        request = pending.request
        sessions = self.state.sessions
        prefixes, ipv4 = reply.prefixes, reply.ipv4_home_address
        if prefixes in ((), session.prefixes) and ipv4 in (None, session.ipv4_home_address):
            return session
        key = self._key_of(session, mag, request)
        binding = find_binding(session, key)
        owner = sessions.with_prefixes(session.lma, session.mobile_node, reply)
        if owner is None and not is_provisional(session):
            # A request for an assignment does not say that it renews the binding that is there.
            is_open = request.all_zero and request.handoff_indicator != Handoff.NOT_CHANGED
            keeps_old = not is_open and binding is not None and binding.shadow.is_live
            if not keeps_old and not set(prefixes) & set(session.prefixes):
                # The LMA made a session of its own for this path.
                owner = sessions.create(session.lma, session.mobile_node, moment)
        if owner is None or owner.id == session.id:
            return sessions.assign(
                session, prefixes or session.prefixes, ipv4 or session.ipv4_home_address
            )
        known = find_binding(owner, self._key_of(owner, mag, request))
        kind = self._classified(owner, request, mag, known)
        pending.exchange = replace(pending.exchange, kind=kind, session=owner.id)
        if binding is not None and binding.state.is_live and binding.shadow.is_live:
            # The LMA has both: it did not take the request for one of the session that has it.
            session = self.state.move(session, binding, Event.ANOTHER_SESSION, moment)
        elif binding is not None:
            session = without_binding(session, key)
            if known is not None:
                owner = without_binding(owner, binding_key(known))
                binding = merged(known, binding)
            owner = with_binding(owner, binding)
        if session.bindings:
            sessions.put(session)
        else:
            sessions.remove(session)
            self._pairing.moved(request, session.id, owner.id)
        return sessions.assign(owner, prefixes or owner.prefixes, ipv4 or owner.ipv4_home_address)

    def _settle_mode(
        self,
        session: Session,
        pending: Pending,
        reply: Registration,
        mag: MagNode,
        moment: Moment,
        events: list[str],
    ) -> Session:
        """Learn from an acceptance whether the LMA keeps several bindings (RFC 8278 4.4)."""
        request = pending.request
        if request.multipath is None:
            if is_cut(request.message):
                return session
            return self._with_mode(session, SessionMode.SINGLE, pending, moment)
        key = self._key_of(session, mag, request)
        if reply.multipath is not None:
            if session.refusal is not None:
                session = replace(session, refusal=None)
            session = self._with_mode(session, SessionMode.MULTIPATH, pending, moment)
        elif is_cut(reply.message):
            return session
        else:
            session = self._with_refusal(session, pending, reply, mag, moment)
            if session.mode is not SessionMode.MULTIPATH or not session.live:
                if session.mode is not SessionMode.MP_UNSUPPORTED:
                    events.append("PM-LEGACY-LMA")
                session = self._with_mode(session, SessionMode.MP_UNSUPPORTED, pending, moment)
        bid = None if session.mode is SessionMode.MP_UNSUPPORTED else request.bid
        binding = find_binding(session, key) if key[1] != bid else None
        if binding is None:
            return session
        return rekeyed(session, key, replace(binding, bid=bid))

    def _with_mode(
        self, session: Session, mode: SessionMode, pending: Pending, moment: Moment
    ) -> Session:
        if mode is session.mode:
            return session
        return replace(session, mode=mode, mode_since=moment, mode_by=pending.exchange.id)

    def _with_refusal(
        self,
        session: Session,
        pending: Pending,
        reply: Registration,
        mag: MagNode,
        moment: Moment,
    ) -> Session:
        """Note a refusal of multipath, unless the MAG had one for the session before."""
        if session.refusal is not None and session.refusal.mag == mag.id:
            return session
        request = pending.answered_attempt.message
        return replace(session, refusal=Refusal(mag.id, request, reply.status or 0, moment))

    def _grant(
        self,
        session: Session,
        binding: Binding,
        pending: Pending,
        reply: Registration,
        mag: MagNode,
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
            mag=mag.id,
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
            or binding.first_request in (None, request.message),
            last_request=pending.exchange.answered,
            last_timestamp=pending.answered_attempt.timestamp or binding.last_timestamp,
            uplink_gre_key=_uplink_key(reply),
            replaced_by=None,
        )

    def _extend(
        self, session: Session, bindings: list[Binding], reply: Registration, moment: Moment
    ) -> Session:
        """Give the MAG's other bindings the lifetime of an accepted bulk refresh (4.1, B)."""
        lifetime = _lifetime(reply.lifetime, moment.time)
        for binding in bindings:
            if Event.EXTENDED in TRANSITIONS[binding.state]:
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

    def _restore(
        self, session: Session, renewed: Binding, others: list[Binding], moment: Moment
    ) -> Session:
        """Take back what a bulk de-registration was taken for.

        RFC 8278 does not say whether the B flag in a de-registration means all bindings. If one
        that it seemed to end is renewed as if nothing had been, the others did not end either.
        """
        ended = _bulk_deregistration(renewed)
        for binding in others if ended is not None else ():
            is_over = binding.expires_at is None or (moment.time or 0) > binding.expires_at
            if _bulk_deregistration(binding) == ended and not is_over:
                session = self.state.move(
                    session, binding, Event.SEEN_IN_USE, moment, inferred=True
                )
        return session

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
        binding = self._binding_of(session, mag, request)
        if binding is not None and not self._is_asked_again(pending, session, binding):
            is_retracted = "PM-PBA-CONFLICT" in events and not binding.shadow.is_live
            event = Event.RETRACTED if is_retracted else Event.REJECTED
            session = self.state.move(session, binding, event, moment)
        if reply.status == CANNOT_SUPPORT_MULTIPATH_BINDING and request.multipath is not None:
            events.append("PM-MULTIPATH-DENIED")
            session = self._with_refusal(session, pending, reply, mag, moment)
            if not session.live:
                session = self._with_mode(session, SessionMode.MP_DENIED, pending, moment)
        return session

    def _is_asked_again(self, pending: Pending, session: Session, binding: Binding) -> bool:
        """Tell whether another request for a binding is under way, so that it stays as it is."""
        for other in self._pairing.outstanding(pending.request):
            if other.exchange.session == session.id and other.request.lifetime > 0:
                mag = self.state.mag(other.exchange.mag)
                if mag and self._key_of(session, mag, other.request) == binding_key(binding):
                    return True
        return False

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
                session = self.state.sessions.assign(session, kept, ipv4)
                if ipv4 is None:
                    session = replace(session, ipv4_since=None)
            return session
        asked = self._key_of(session, mag, request)
        is_bulk = request.multipath is not None and request.multipath.bulk
        for binding in self._deregistered(session, request, mag):
            if not reply.accepted:
                event = Event.DEREG_REJECTED
            elif is_bulk and binding_key(binding) != asked:
                event = Event.BULK_DEREG_ACCEPTED
            else:
                event = Event.DEREG_ACCEPTED
            session = self.state.move(session, binding, event, moment)
        return session

    # -------------------------------------------------------------- answers without a request

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
        session = replace(session, ipv4_since=moment if _grants_ipv4(reply) else None)
        granted = {
            **_lifetime(reply.lifetime, moment.time),
            "uplink_gre_key": _uplink_key(reply),
        }
        if binding.state.is_live:
            return self.state.move(session, binding, Event.ACCEPTED, moment, **granted)
        # If it was gone, a request that the capture lacks brought it back.
        return self.state.move(
            session, binding, Event.SEEN_IN_USE, moment, inferred=True, **granted
        )

    # --------------------------------------------------------------------------------- alarms

    def _time_out(self, pending: Pending, now: int) -> Iterator[Step]:
        """Give up a request that got no answer in time, and later forget it."""
        until = pending.until
        if until is not None and until > now:
            self.state.clock.set(until, partial(self._time_out, pending))
        elif pending.exchange.closed:
            self._pairing.forget(pending)
        else:
            pending.until = now + self.state.timers.late_answer
            self.state.clock.set(pending.until, partial(self._time_out, pending))
            yield self._give_up(pending, now)

    def _give_up(self, pending: Pending, now: int) -> Step:
        """Close a request that got no answer."""
        pending.exchange = exchange = replace(pending.exchange, closed=True)
        request = pending.request
        moment = self.state.clock_moment(now, request.message)
        session = self.state.sessions.get(exchange.session)
        before = session
        mag = self.state.mag(exchange.mag)
        key = None
        if session is not None and mag is not None and not pending.deferred:
            if request.lifetime > 0:
                binding = self._binding_of(session, mag, request)
                if binding is not None and not self._is_asked_again(pending, session, binding):
                    session = self.state.move(session, binding, Event.UNANSWERED, moment)
            elif not is_selective(request, session):
                for binding in self._deregistered(session, request, mag):
                    was_there = binding.shadow.is_live
                    event = Event.DEREG_UNANSWERED if was_there else Event.UNKNOWN_DEREG_UNANSWERED
                    session = self.state.move(session, binding, event, moment)
            session = self.state.touch(session, moment, unanswered=exchange.attempts[-1])
            key = self._key_of(session, mag, request)
        return self.state.step(
            moment,
            None,
            exchange=exchange,
            mag=mag,
            before=before,
            after=session,
            key=key,
            events=("PM-UNANSWERED-PBU",),
        )

    # -------------------------------------------------------------------------------- helpers

    def _classified(
        self, session: Session, request: Registration, mag: MagNode, binding: Binding | None
    ) -> ExchangeKind:
        return classify(request, session, binding, self._own(session, mag, request))

    def _own(self, session: Session, mag: MagNode, request: Registration) -> list[Binding]:
        """Give the bindings of the MAG that sent a PBU.

        Without its MAG Identifier, which RFC 8278 section 4.4 wants in each PBU for multipath, a
        MAG is known by one care-of address only. The bindings of a mobile node that were all
        registered so are taken for paths of one MAG, unless the PBU says that it is a handover.
        """
        own = [b for b in session.bindings if b.mag == mag.id]
        if (
            mag.identifier is None
            and request.multipath is not None
            and request.handoff_indicator != Handoff.BETWEEN_MAGS
            and len(own) < len(session.bindings)
        ):
            own = [b for b in session.bindings if b.mag == mag.id or self._is_nameless_path(b)]
        return own

    def _is_nameless_path(self, binding: Binding) -> bool:
        """Tell whether a binding was registered for multipath without a MAG Identifier."""
        mag = self.state.mag(binding.mag)
        return binding.interface_att is not None and mag is not None and mag.identifier is None

    def _key_of(self, session: Session, mag: MagNode, request: Registration) -> BindingKey:
        """Give the key of the binding that a PBU is about.

        An LMA without RFC 8278 skips the option and keeps one binding (section 4.4). A MAG that
        registers another care-of address without the option moves its one binding there; one that
        asks for multipath where it has a plain binding makes that its first path.
        """
        address = request.care_of_address
        if request.bid is not None and session.mode is not SessionMode.MP_UNSUPPORTED:
            exact = (mag.id, request.bid, None)
            if find_binding(session, exact) is not None:
                return exact
            for binding in self._own(session, mag, request):
                is_plain = (
                    binding.bid is None
                    and binding.care_of_address == address
                    and binding.state.is_live
                )
                if binding.bid == request.bid or is_plain:
                    return binding_key(binding)
            return exact
        if request.multipath is None:
            may_have_bid = is_cut(request.message)
            for binding in session.bindings:
                if binding.mag == mag.id and binding.state.is_live:
                    is_at_address = may_have_bid and binding.care_of_address == address
                    if binding.bid is None or is_at_address:
                        return binding_key(binding)
        return mag.id, None, address

    def _binding_of(self, session: Session, mag: MagNode, request: Registration) -> Binding | None:
        return find_binding(session, self._key_of(session, mag, request))

    def _note_checksum(self, message: Message) -> None:
        if message.checksum_correct and message.source not in self._good_checksums:
            self._good_checksums[message.source] = None
            if len(self._good_checksums) > MAX_SENDERS:
                self._good_checksums.popitem(last=False)

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
        if reply.is_from_ipv4_lma or (reply.status is not None and 170 <= reply.status <= 173):
            self.state.peers.learn_ipv4(lma, moment)

    def _same_mag(self, one: bytes, other: bytes) -> bool:
        first, second = self.state.peers.mag_at(one), self.state.peers.mag_at(other)
        return first is not None and second is not None and first.id == second.id


def _new_binding(key: BindingKey, request: Registration) -> Binding:
    mag, bid, _ = key
    multipath = request.multipath
    return Binding(
        mag=mag,
        bid=bid,
        care_of_address=request.care_of_address,
        ports=request.message.datagram.ports,
        access_technology=request.access_technology,
        interface_att=multipath.if_att if multipath else None,
        interface_label=multipath.if_label if multipath else None,
        handoff_indicator=request.handoff_indicator,
        link_layer_identifier=request.link_layer_identifier,
        first_request=request.message,
    )


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


def _lifetime(seconds: int, now: int | None) -> dict[str, Any]:
    return {
        "lifetime": seconds,
        "granted_at": now,
        "expires_at": None if now is None else now + seconds * SECOND,
    }


def _grants_ipv4(reply: Registration) -> bool:
    """Tell whether an acceptance says that the mobile node has an IPv4 home address."""
    option = reply.message.first(Ipv4HomeAddressReply)
    return option is not None and option.accepted and not option.prefix.is_all_zero


def _uplink_key(reply: Registration) -> int | None:
    option = reply.message.first(GreKey)
    return None if option is None else option.key


def _reply_key(mag: int, reply: Registration) -> BindingKey:
    """Give the key of the binding that a PBA without its PBU is about."""
    return mag, reply.bid, reply.care_of_address if reply.bid is None else None


def _bulk_deregistration(binding: Binding) -> Moment | None:
    """Give when a bulk de-registration of another path ended a binding, if that was its end."""
    for transition in reversed(binding.history):
        if transition.event == Event.BULK_DEREG_ACCEPTED:
            return transition.moment
        if transition.after.is_live:
            return None
    return None
