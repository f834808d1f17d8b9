"""What an accepted PBA does to the session and its bindings (RFC 5213 section 5.3)."""

from __future__ import annotations

from msgspec.structs import replace

from pmiptrace.model import (
    SECOND,
    Binding,
    ExchangeKind,
    MagNode,
    Moment,
    Refusal,
    Session,
    SessionMode,
)
from pmiptrace.track.classify import is_cut, is_in_group, is_left_behind, is_one_of
from pmiptrace.track.pairing import Pairing, Pending
from pmiptrace.track.registration import Registration
from pmiptrace.track.sessions import (
    BindingKey,
    binding_key,
    find_binding,
    is_provisional,
    merged,
    new_binding,
    rekeyed,
    with_binding,
    without_binding,
)
from pmiptrace.track.state import State
from pmiptrace.track.states import TRANSITIONS, Event
from pmiptrace.track.targets import Targets
from pmiptrace.wire.codes import HandoffIndicatorValue as Handoff


class Acceptance:
    """Applies acceptances."""

    def __init__(self, state: State, pairing: Pairing, targets: Targets) -> None:
        self._state = state
        self._pairing = pairing
        self._targets = targets

    def accept(
        self,
        session: Session,
        key: BindingKey,
        pending: Pending,
        reply: Registration,
        mag: MagNode,
        moment: Moment,
        events: list[str],
    ) -> tuple[Session, BindingKey]:
        """Take an acceptance; give the session, and the key under which it has the binding.

        `key` is the one that the PBU is about, as the session was when the acceptance came.
        """
        request, met = pending.request, session
        session = self._settle(session, key, pending, reply, mag, moment)
        if session is not met:
            key = self._targets.key(session, mag, request)
        met = session
        session = self._settle_mode(session, key, pending, reply, mag, moment, events)
        if session is not met:
            key = self._targets.key(session, mag, request)
        binding = find_binding(session, key) or new_binding(key, request)
        is_renewal = binding.state.is_live and request.handoff_indicator == Handoff.NOT_CHANGED
        if request.care_of_address != binding.care_of_address and binding.state.is_live:
            events.append("PM-COA-CHANGE")
        granted = with_grant(binding, mag, pending, reply, moment)
        session = self._state.move(session, binding, Event.ACCEPTED, moment, granted)
        key = (mag.id, binding.bid, request.care_of_address if binding.bid is None else None)
        is_overwriting = (
            request.multipath is not None
            and request.multipath.overwrite
            and session.mode is SessionMode.MULTIPATH
        )
        # Live at two MAGs, the bindings share the prefixes (RFC 7864 section 3.2.1): to renew one
        # is no handover.
        is_sharing = (
            is_renewal or request.handoff_indicator == Handoff.NEW_INTERFACE_SHARING_PREFIXES
        )
        own, foreign = self._others(session, key, mag, request)
        if is_overwriting or not is_sharing:
            is_handover = pending.exchange.kind is ExchangeKind.HANDOVER
            if is_handover or any(is_left_behind(b) for b in foreign):
                events.append("PM-HANDOVER")
        if own:
            session = self._apply_to_own(session, own, binding, request, reply, moment)
        if foreign and (is_overwriting or not is_sharing):
            reason = "overwrite" if is_overwriting else "handover"
            session = self._supersede(session, foreign, moment, reason)
        session = with_acceptance(session, pending.answered_attempt, reply, moment)
        return self._state.touch(session, moment), key

    def accept_for_group(
        self, request: Registration, reply: Registration, mag: MagNode, moment: Moment
    ) -> None:
        """Renew a MAG's bindings of all sessions in a group (RFC 6602 section 5.2.3)."""
        is_at = self._state.sessions.is_at
        for session in self._state.all_of_mag(mag.id):
            if is_at(session, request.lma) and is_in_group(session, request.message):
                own = [binding for binding in session.bindings if binding.mag == mag.id]
                extended = self._extend(session, own, reply, moment)
                if extended is not session:
                    self._state.touch(extended, moment)

    def _others(
        self, session: Session, key: BindingKey, mag: MagNode, request: Registration
    ) -> tuple[list[Binding], list[Binding]]:
        """Give the other bindings of the session: those of the same MAG, and those of others."""
        if len(session.bindings) == 1:
            return [], []
        granted = find_binding(session, key)
        others = [b for b in session.bindings if b is not granted]
        of_mag = self._targets.of_mag(session, mag, request)
        own = [b for b in of_mag if b is not granted]
        return own, [b for b in others if not is_one_of(b, own)] if len(own) < len(others) else []

    def _apply_to_own(
        self,
        session: Session,
        own: list[Binding],
        binding: Binding,
        request: Registration,
        reply: Registration,
        moment: Moment,
    ) -> Session:
        """Change the other bindings of the MAG as the acceptance of one says."""
        multipath, mode = request.multipath, session.mode
        if multipath is not None and multipath.overwrite and mode is SessionMode.MULTIPATH:
            session = self._supersede(session, own, moment, "overwrite")
        elif mode is SessionMode.MP_UNSUPPORTED or (
            multipath is None and not is_cut(request.message)
        ):
            session = self._supersede(session, own, moment, "single")
        elif multipath is not None and multipath.bulk and mode is SessionMode.MULTIPATH:
            session = self._extend(session, own, reply, moment)
        if request.handoff_indicator == Handoff.NOT_CHANGED:
            session = self._restore(session, binding, own, moment)
        return session

    def _settle(
        self,
        session: Session,
        key: BindingKey,
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
        sessions = self._state.sessions
        prefixes, ipv4 = reply.prefixes, reply.ipv4_home_address
        if prefixes in ((), session.prefixes) and ipv4 in (None, session.ipv4_home_address):
            return session
        binding = find_binding(session, key)
        lma, mobile_node = session.lma, session.mobile_node
        owner = sessions.with_prefixes(lma, mobile_node, reply)
        if owner is None and sessions.join_addresses(lma, mobile_node, reply, mag.id):
            owner = sessions.with_prefixes(lma, mobile_node, reply)
        if owner is None and not is_provisional(session):
            # A request for an assignment does not say that it renews the binding that is there.
            is_open = request.all_zero and request.handoff_indicator != Handoff.NOT_CHANGED
            keeps_old = not is_open and binding is not None and binding.shadow.is_live
            if not keeps_old and not set(prefixes) & set(session.prefixes):
                # The LMA made a session of its own for this path.
                owner = sessions.create(lma, mobile_node, moment)
        if owner is None or owner.id == session.id:
            return sessions.assign(
                session, prefixes or session.prefixes, ipv4 or session.ipv4_home_address
            )
        known = find_binding(owner, self._targets.key(owner, mag, request))
        kind = self._targets.kind(owner, mag, request, known)
        pending.exchange = replace(pending.exchange, kind=kind, session=owner.id)
        if binding is not None and binding.state.is_live and binding.shadow.is_live:
            # The LMA has both: it did not take the request for one of the session that has it.
            session = self._state.move(session, binding, Event.ANOTHER_SESSION, moment)
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
        key: BindingKey,
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
            return self.with_mode(session, SessionMode.SINGLE, pending, moment)
        if reply.multipath is not None:
            if session.refusal is not None:
                session = replace(session, refusal=None)
            session = self.with_mode(session, SessionMode.MULTIPATH, pending, moment)
        elif is_cut(reply.message):
            return session
        else:
            session = self.with_refusal(session, pending, reply, mag, moment)
            if session.mode is not SessionMode.MULTIPATH or not session.live:
                if session.mode is not SessionMode.MP_UNSUPPORTED:
                    events.append("PM-LEGACY-LMA")
                session = self.with_mode(session, SessionMode.MP_UNSUPPORTED, pending, moment)
        bid = None if session.mode is SessionMode.MP_UNSUPPORTED else request.bid
        binding = find_binding(session, key) if key[1] != bid else None
        if binding is None:
            return session
        return rekeyed(session, key, replace(binding, bid=bid))

    def with_mode(
        self, session: Session, mode: SessionMode, pending: Pending, moment: Moment
    ) -> Session:
        """Note what the answer to a request shows of multipath, if that is new."""
        if mode is session.mode:
            return session
        return replace(session, mode=mode, mode_since=moment, mode_by=pending.exchange.id)

    def with_refusal(
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

    def _extend(
        self, session: Session, bindings: list[Binding], reply: Registration, moment: Moment
    ) -> Session:
        """Give the MAG's other bindings the lifetime of an accepted bulk refresh (4.1, B)."""
        for binding in bindings:
            if Event.EXTENDED in TRANSITIONS[binding.state]:
                extended = with_lifetime(binding, reply.lifetime, moment.time)
                session = self._state.move(session, binding, Event.EXTENDED, moment, extended)
        return session

    def _supersede(
        self, session: Session, bindings: list[Binding], moment: Moment, reason: str
    ) -> Session:
        for binding in bindings:
            if binding.state.is_live:
                replaced = replace(binding, replaced_by=reason)
                session = self._state.move(session, binding, Event.SUPERSEDED, moment, replaced)
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
                inferred = replace(binding, inferred=True)
                session = self._state.move(session, binding, Event.SEEN_IN_USE, moment, inferred)
        return session


def with_lifetime(binding: Binding, seconds: int, now: int | None) -> Binding:
    """Give a binding with a lifetime that was granted now."""
    expires_at = None if now is None else now + seconds * SECOND
    return replace(binding, lifetime=seconds, granted_at=now, expires_at=expires_at)


def with_grant(
    binding: Binding, mag: MagNode, pending: Pending, reply: Registration, moment: Moment
) -> Binding:
    """Give a binding with what a PBU asked for and its acceptance granted.

    In three parts, as calls with more than 15 keywords take Python ten times as long.
    """
    request, answered = pending.request, pending.answered_attempt
    multipath, first = request.multipath, binding.first_request
    asked = replace(
        binding,
        mag=mag.id,
        care_of_address=request.care_of_address,
        ports=request.message.datagram.ports,
        access_technology=request.access_technology,
        interface_att=multipath.if_att if multipath else None,
        interface_label=multipath.if_label if multipath else None,
        handoff_indicator=request.handoff_indicator,
        link_layer_identifier=request.link_layer_identifier,
    )
    granted = replace(
        asked,
        inferred=False,
        first_request=first or request.message,
        first_reply_seen=binding.first_reply_seen or first is None or first is request.message,
        last_request=answered.message,
        last_timestamp=answered.timestamp or binding.last_timestamp,
        uplink_gre_key=reply.gre_key,
        replaced_by=None,
    )
    return with_lifetime(granted, reply.lifetime, moment.time)


def with_acceptance(
    session: Session, accepted: Registration, reply: Registration, moment: Moment
) -> Session:
    """Give a session with what the acceptance of a PBU says of it as a whole."""
    return replace(
        session,
        last_accepted=accepted.message,
        link_local_address=reply.link_local_address or session.link_local_address,
        last_accepted_timestamp=accepted.timestamp or session.last_accepted_timestamp,
        ipv4_since=moment if reply.grants_ipv4 else None,
    )


def _bulk_deregistration(binding: Binding) -> Moment | None:
    """Give when a bulk de-registration of another path ended a binding, if that was its end."""
    for transition in reversed(binding.history):
        if transition.event == Event.BULK_DEREG_ACCEPTED:
            return transition.moment
        if transition.after.is_live:
            return None
    return None
