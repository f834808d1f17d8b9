"""Rules of RFC 8278 section 4 that judge a message against what came before it in its session."""

from __future__ import annotations

from pmiptrace.model import (
    Binding,
    BindingState,
    Capability,
    Exchange,
    ExchangeKind,
    Message,
    Refusal,
    Session,
    SessionMode,
    Severity,
    Step,
)
from pmiptrace.rules.history import (
    UNSEEN,
    age,
    is_first_attempt,
    is_on_its_way,
    is_suspect,
    knows_its_binding,
    proven,
)
from pmiptrace.rules.look import complete, message_of, pair, request_evidence
from pmiptrace.rules.rfc8278 import MAG_ID, MULTIPATH
from pmiptrace.rules.rule import (
    PASS,
    REPLY,
    RuleOptions,
    Verdict,
    fail,
    inconclusive,
    only_if,
    rule,
)
from pmiptrace.rules.situation import (
    ADDS_PATH,
    BULK,
    CAPABILITY_OPEN,
    FIRST_ATTEMPT,
    IDLE_BINDING,
    LIVE_BINDING,
    MAG_KNOWN,
    MULTIPATH_SESSION,
    OVERWRITE,
    REFUSED_MULTIPATH,
    SESSION,
)
from pmiptrace.track.registration import Registration, registration
from pmiptrace.track.states import Event
from pmiptrace.wire.codes import BindingStatus
from pmiptrace.wire.codes import HandoffIndicatorValue as Handoff
from pmiptrace.wire.messages import BindingUpdate
from pmiptrace.wire.options.rfc8278 import MagIdentifier

_HANDOFFS = (Handoff.BETWEEN_INTERFACES, Handoff.BETWEEN_MAGS, Handoff.UNKNOWN)


def _siblings(step: Step, request: Registration) -> list[Binding]:
    """Give the other live bindings of the session, as they stood before the message."""
    session = step.before
    if session is None or step.mag is None:
        return []
    return [b for b in session.live if not (b.mag == step.mag.id and b.bid == request.bid)]


def _own(step: Step, session: Session) -> list[Binding]:
    """Give the session's live multipath bindings of the MAG that the step is about."""
    mag = step.mag
    if mag is None:
        return []
    own = [b for b in session.bindings if b.mag == mag.id and b.bid is not None]
    return [b for b in own if b.state.is_live]


def _is_close(one: Message, other: Message, options: RuleOptions) -> bool:
    """Tell whether so little time lies between two PBUs that the second may repeat the first."""
    if one.time is None or other.time is None:
        return True
    return other.time - one.time < options.retransmission_window


def _may_have_lost_its_state(request: Registration, session: Session) -> bool:
    """Tell whether a PBU without prefixes may be the first of a new attachment.

    That is so after a de-registration, whatever became of it, and after a restart; Handoff
    Indicator 4 is for a MAG that does not know (RFC 5213 section 6.9.1.1).
    """
    last = session.last_sent
    has_left = last is not None and registration(last).lifetime == 0
    return has_left or is_suspect(session) or request.handoff_indicator == Handoff.UNKNOWN


def _may_be_revoked(binding: Binding, session: Session) -> bool:
    """Tell whether a revocation passed the answer that the binding rests on (RFC 5846 section 8.1).

    The MAG's other bindings were revoked between the request and its answer; the LMA may have sent
    that before, and the binding be gone with the others.
    """
    if len(binding.history) < 2:
        return False
    asked, answered = (change.moment.ordinal for change in binding.history[-2:])
    return any(
        change.after in (BindingState.REVOKING, BindingState.REVOKED)
        and asked < change.moment.ordinal < answered
        for other in session.bindings
        if other.mag == binding.mag
        for change in other.history
    )


# ------------------------------------------------------------- 4.1 MAG Multipath Binding option


@rule("RFC8278-4.1-BID-UNIQUE", on="PBU", options=MULTIPATH, when=SESSION | MAG_KNOWN)
def bid_names_one_binding(step: Step) -> Verdict | None:
    """A BID that is in use is not given to another interface.

    Why it matters: the LMA finds the binding by its BID. A second interface under the same BID
    takes over the first one's binding, and a path is lost without anybody asking for it.

    The RFC: section 4.1: "The MAG identifies each of the mobile node's bindings with a unique
    identifier."

    Example: BID 1 is active over LTE, label 11; a PBU from the WLAN address, label 9, says BID 1.

    How to mend: give every WAN interface a BID of its own. An interface that changes its address
    keeps BID, label and access technology.
    """
    request = registration(message_of(step))
    session, multipath = step.before, request.multipath
    if session is None or multipath is None or request.lifetime == 0 or step.mag is None:
        return None
    for binding in session.bindings:
        if binding.bid != multipath.bid or binding.care_of_address == request.care_of_address:
            continue
        if not binding.state.is_live:
            continue
        if binding.mag != step.mag.id:
            if step.context.half_duplex:
                continue  # whether the other MAG still has it would show in what is not captured
            if request.handoff_indicator in _HANDOFFS:
                continue  # the old MAG's bindings are replaced, whatever their BIDs
            return proven(
                step,
                binding.since,
                f"BID {multipath.bid} is in use by another MAG of this mobile node",
                field="bid",
                severity=Severity.INFO,
            )
        described = (binding.interface_label, binding.interface_att)
        if described != (multipath.if_label, multipath.if_att):
            return proven(
                step,
                binding.since,
                f"BID {multipath.bid} is active with If-Label {described[0]} and If-ATT"
                f" {described[1]}; the PBU says {multipath.if_label} and {multipath.if_att}",
                field="bid",
                option=multipath,
            )
    return PASS


@rule("RFC8278-4.1-COA-REUSE", on="PBU", options=MULTIPATH, when=SESSION)
def one_care_of_address_per_path(step: Step) -> Verdict | None:
    """Two BIDs of a mobile node do not share one care-of address.

    Why it matters: two bindings over one address are one path, so the second adds neither
    capacity nor resilience. It can be meant, as for logical paths.

    The RFC: section 4.1 has the option register "the current CoA associated with the request as
    one of the many CoAs through which the MAG can be reached".

    Example: BID 1 is active at 2001:db8:a::1; a PBU from there registers BID 2.

    How to mend: send the PBU for a path from the address of its interface.
    """
    request = registration(message_of(step))
    session, multipath = step.before, request.multipath
    if session is None or multipath is None or request.lifetime == 0:
        return None
    for binding in _own(step, session):
        if binding.bid != multipath.bid and binding.care_of_address == request.care_of_address:
            return proven(
                step,
                binding.since,
                f"the care-of address of BID {multipath.bid} is that of BID {binding.bid}",
                option=multipath,
                field="bid",
            )
    return PASS


@rule("RFC8278-4.1-LABEL-STABLE", on="PBU", options=MULTIPATH, when=LIVE_BINDING)
def label_stays(step: Step) -> Verdict | None:
    """If-Label and If-ATT of a binding stay the same when it is refreshed.

    Why it matters: routing rules name labels. A label that changes under a live binding moves
    flows to other paths.

    The RFC: section 4.1: "The interface label is an identifier configured on the WAN interface of
    the MAG."

    Example: BID 1 was registered with If-Label 11; its refresh from the same address says 12.

    How to mend: check whether the interface was configured anew on purpose. If not, take label and
    access technology from the interface and not from the attachment of the mobile node.
    """
    binding, request = step.binding_before, registration(message_of(step))
    multipath = request.multipath
    if binding is None or multipath is None or not binding.state.is_live:
        return None
    if binding.care_of_address != request.care_of_address or binding.bid != multipath.bid:
        return None
    if (binding.interface_label, binding.interface_att) == (multipath.if_label, multipath.if_att):
        return PASS
    return proven(
        step,
        binding.since,
        f"BID {multipath.bid} had If-Label {binding.interface_label} and If-ATT"
        f" {binding.interface_att}; the PBU says {multipath.if_label} and {multipath.if_att}",
        option=multipath,
        field="if_label",
    )


@rule(
    "RFC8278-4.1-B-UNKNOWN",
    on="PBU",
    options=MULTIPATH,
    configured="first_registration_timeout",
    when=FIRST_ATTEMPT | SESSION | BULK,
)
def bulk_has_something_to_refresh(step: Step, options: RuleOptions) -> Verdict | None:
    """B=1 is sent while the mobile node has other bindings to refresh.

    Why it matters: harmless in itself, but it shows that the MAG believes in bindings that the LMA
    does not have.

    The RFC: section 4.1: B asks "to update the binding lifetime of all the mobile node's bindings".

    Example: the only binding of a mobile node is refreshed with B=1.

    How to mend: see why the MAG counts more than one binding: a path that was replaced, expired
    or rejected may still be in its list.
    """
    request = registration(message_of(step))
    if request.multipath is None or not request.multipath.bulk or request.lifetime == 0:
        return None
    return _needs_others(step, request, "B=1", options)


@rule(
    "RFC8278-4.1-O-NOOP",
    on="PBU",
    options=MULTIPATH,
    configured="first_registration_timeout",
    when=FIRST_ATTEMPT | SESSION | OVERWRITE,
)
def overwrite_has_something_to_replace(step: Step, options: RuleOptions) -> Verdict | None:
    """O=1 is sent while the mobile node has other bindings to replace.

    Why it matters: harmless in itself, but it shows that the MAG believes in bindings that the LMA
    does not have, or that it sets the flag always, and then it will delete its second path.

    The RFC: section 4.1: O asks to "replace all of the mobile node's existing bindings".

    Example: the first PBU of a mobile node carries O=1.

    How to mend: set O only to give up the other paths.
    """
    request = registration(message_of(step))
    if request.multipath is None or not request.multipath.overwrite or request.lifetime == 0:
        return None
    return _needs_others(step, request, "O=1", options)


def _needs_others(
    step: Step, request: Registration, flag: str, options: RuleOptions
) -> Verdict | None:
    session = step.before
    if session is None or session.partial or not is_first_attempt(step):
        return None
    others = _siblings(step, request)
    pending = [
        b for b in session.bindings if b.state is BindingState.PENDING and b.bid != request.bid
    ]
    if others or pending:
        return PASS
    last = step.binding_before.last_request if step.binding_before else None
    if last is not None and _is_close(last, message_of(step), options):
        return None  # it may repeat one whose answer did not reach the MAG
    return proven(
        step,
        session.first,
        f"{flag} for BID {request.bid}, and no other binding of the mobile node is known",
        option=request.multipath,
    )


@rule(
    "RFC8278-4.1-O-SURVIVOR",
    on="PBU",
    options=MULTIPATH,
    configured="grace",
    when=FIRST_ATTEMPT | IDLE_BINDING,
)
def overwritten_binding_is_gone(step: Step, options: RuleOptions) -> Verdict | None:
    """A binding that an accepted O=1 replaced is not refreshed as if it still existed.

    Why it matters: the MAG sends traffic over a path that the LMA has forgotten, and drops it
    when the refresh is treated as a new registration.

    The RFC: section 4.1: with O the LMA is to "replace all of the mobile node's existing bindings
    with this binding".

    Example: BID 2 registers with O=1; 100 s later a PBU refreshes BID 1 with Handoff Indicator 5.

    How to mend: drop the other bindings when the PBA for O=1 comes. To add a path again, register
    it anew: with Handoff Indicator 1 or 6. A MAG that adds paths with 5, which RFC 8278 does not
    rule out, is not judged.
    """
    binding, request = step.binding_before, registration(message_of(step))
    if binding is None or binding.state is not BindingState.REPLACED or request.lifetime == 0:
        return None
    if binding.replaced_by != "overwrite" or not is_first_attempt(step):
        return None
    if request.handoff_indicator != Handoff.NOT_CHANGED:
        return PASS
    if is_on_its_way(step, binding.since, options) or not _adds_otherwise(step):
        return None
    return proven(
        step,
        binding.since,
        f"BID {binding.bid} is refreshed, but was replaced through O",
        option=request.multipath,
        field="bid",
    )


def _adds_otherwise(step: Step) -> bool:
    """Tell whether the MAG was seen to add paths to the session, and not with Handoff Indicator 5.

    RFC 8278 does not say which value a further path has. Where it may be 5, a path that is added
    again looks like one that is refreshed.
    """
    session, mag = step.before, step.mag
    if session is None or mag is None:
        return False
    own = [b for b in session.bindings if b.mag == mag.id and b.first_request is not None]
    used = {registration(b.first_request).handoff_indicator for b in own if b.first_request}
    # With 1 they may have been the first ones, all registered at once.
    return Handoff.NEW_INTERFACE_SHARING_PREFIXES in used and Handoff.NOT_CHANGED not in used


@rule("RFC8278-4.1-B-SCOPE", on=REPLY, options=MULTIPATH, when=LIVE_BINDING)
def bulk_extends_the_others(step: Step) -> Verdict | None:
    """After an accepted B=1 the LMA keeps the other bindings for the new lifetime.

    Why it matters: a MAG that relies on B sends no refresh for its other paths. If the LMA lets
    them run out, they fail one by one.

    The RFC: section 4.1: B asks "to update the binding lifetime of all the mobile node's bindings
    upon accepting this specific request".

    Example: BID 1 is refreshed with B=1 for an hour; half an hour later a PBU for BID 2 is
    answered with other prefixes, as if its binding were new.

    How to mend: have the LMA set the lifetime of every binding of the mobile node, not only of
    the one that the PBU names.
    """
    binding = step.binding_before
    message = message_of(step)
    if message.kind != "PBA" or binding is None or not binding.state.is_live:
        return None
    extended = [t for t in binding.history if t.event == Event.EXTENDED]
    if not extended or binding.granted_at != extended[-1].moment.time:
        return None
    reply = registration(message)
    session = step.before
    if session is None or not reply.accepted or not reply.prefixes:
        return None
    if set(reply.prefixes) & set(session.prefixes):
        return PASS
    return proven(
        step,
        extended[-1].moment,
        f"BID {binding.bid} got other prefixes within the lifetime that B had extended",
    )


# --------------------------------------------------------------------- 4.2 MAG Identifier option


@rule("RFC8278-4.2-MAGID-STABLE", on="PBU", options=MAG_ID, when=SESSION)
def identifier_stays(step: Step) -> Verdict | None:
    """The MAG Identifier stays the same on one care-of address of one session.

    Why it matters: the identifier is what joins the paths of one MAG. When it changes, the LMA
    sees a second MAG, and may take the next PBU for a handover.

    The RFC: section 4.2: the option "is used for conveying the MAG's identity".

    Example: a PBU from 2001:db8:a::1 says mag1@example.com, its refresh mag1.example.com.

    How to mend: configure one identifier per MAG, and send it in every PBU.
    """
    request = registration(message_of(step))
    session, identifier = step.before, request.mag_identifier
    if session is None or identifier is None:
        return None
    for binding in session.bindings:
        if binding.care_of_address != request.care_of_address or not binding.state.is_live:
            continue
        earlier = binding.last_request or binding.first_request
        option = earlier.first(MagIdentifier) if earlier is not None else None
        known = option.identity if option is not None else None
        if known is not None and known != identifier:
            text = f"MAG Identifier {identifier}, but {known} before from the same care-of address"
            if _follows(session, request):
                return fail(text, field="identifier")
            return inconclusive(text, UNSEEN, field="identifier")
    return PASS


# ------------------------------------------------------------------ 4.4 Signaling Considerations


@rule(
    "RFC8278-4.4-MMB-EACH-PBU", on="PBU", unless=MULTIPATH, when=FIRST_ATTEMPT | MULTIPATH_SESSION
)
def option_in_each_pbu(step: Step) -> Verdict | None:
    """A MAG that uses multipath includes the option in each PBU for the mobile node.

    Why it matters: a PBU without the option is one of RFC 5213. It replaces all bindings of the
    mobile node by one.

    The RFC: section 4.4: "The MAG, when requesting multipath support, MUST include the MAG
    Multipath Binding option [...] in each of the PBU messages". A MAG may stop requesting it.

    Example: BID 1 and 2 are active; a refresh from the address of BID 1 lacks the option.

    How to mend: put options 63 and 64 into every PBU of the session, refreshes and
    de-registrations included.
    """
    session, message = step.before, message_of(step)
    if session is None or session.mode is not SessionMode.MULTIPATH or not complete(message):
        return None
    if session.refusal is not None or step.context.capability is Capability.NO:
        return None
    if not _own(step, session) or not is_first_attempt(step):
        return None
    return proven(
        step,
        session.mode_since,
        "no MAG Multipath Binding option, in a session with multipath bindings of this MAG",
    )


@rule("RFC8278-4.4-DISCOVER-FIRST", on=REPLY, when=CAPABILITY_OPEN)
def discover_on_one_path(step: Step) -> Verdict | None:
    """A MAG that does not know whether its LMA supports multipath tries it on one path first.

    Why it matters: an LMA without RFC 8278 takes the second PBU for a handover and overwrites the
    first path's binding.

    The RFC: section 4.4: "if the MAG is not aware of the LMA capability, then it SHOULD first
    discover the LMA capability by sending PBU packets with multipath on only one path first".

    Example: PBUs for BID 1 and BID 2 leave within 5 ms; the PBA for BID 1 lacks the option.

    How to mend: wait for the first PBA, and register further paths only if it has the option.
    """
    exchange, message = step.exchange, message_of(step)
    if exchange is None or message.kind != "PBA" or exchange.request is None:
        return None
    request, reply = registration(exchange.request), registration(message)
    if request.multipath is None or request.lifetime == 0 or not complete(message):
        return None
    context = step.context
    was_known = (
        context.capability is not Capability.UNKNOWN and context.capability_since != step.moment
    )
    if was_known:
        return None
    rival = _concurrent(step, exchange, request)
    if rival is None:
        return PASS
    later = rival if rival.attempts[0].ordinal > exchange.attempts[0].ordinal else exchange
    earlier = exchange if later is rival else rival
    assert later.request is not None
    second = registration(later.request)
    if second.prefixes:
        return None
    known = context.lma_multipath
    severity = Severity.INFO if known is not None and known.ordinal < step.moment.ordinal else None
    text = (
        f"PBUs for BID {_bid(earlier)} and {_bid(later)} were under way together, before the LMA"
        " had answered any"
    )
    evidence = (earlier.attempts[0], later.attempts[0])
    refuses = reply.multipath is None if reply.accepted else _denies(reply)
    if refuses:
        return fail(
            f"{text}; it does not support multipath",
            evidence=evidence,
            exchange=later.id,
            severity=severity,
        )
    return inconclusive(
        text,
        "the MAG may know from its configuration that the LMA supports multipath",
        evidence=evidence,
        exchange=later.id,
        severity=severity,
    )


def _denies(reply: Registration) -> bool:
    return reply.status == BindingStatus.CANNOT_SUPPORT_MULTIPATH_BINDING


def _bid(exchange: Exchange) -> int | None:
    return registration(exchange.request).bid if exchange.request is not None else None


def _concurrent(step: Step, exchange: Exchange, request: Registration) -> Exchange | None:
    """Give another multipath PBU of the same MAG and mobile node that is under way as well."""
    for other in step.outstanding:
        if other.id == exchange.id or other.request is None or other.mag != exchange.mag:
            continue
        rival = registration(other.request)
        if rival.multipath is None or rival.lifetime == 0:
            continue
        if (rival.care_of_address, rival.bid) != (request.care_of_address, request.bid):
            return other
    return None


@rule(
    "RFC8278-4.4-PBA-MMB-REQUIRED",
    on=REPLY,
    unless=MULTIPATH,
    given=lambda shape: only_if(
        shape.kind == "PBA" and shape.accepts and MULTIPATH in (shape.asked or ())
    ),
    when=SESSION,
)
def option_in_each_pba(step: Step) -> Verdict | None:
    """An LMA that has multipath enabled for a session includes the option in its PBAs.

    Why it matters: a PBA without the option tells the MAG to disable multipath. It will give up
    paths that the LMA still serves.

    The RFC: section 4.4: if the LMA "enables the same for a mobile node's session per the MAG's
    request, then the LMA MUST include the Multipath Binding option".

    Example: BID 1 was accepted with the option; the PBA that accepts BID 2 lacks it.

    How to mend: have the LMA copy option 63 into every PBA that accepts a PBU with it.
    """
    message = message_of(step)
    session = step.before
    if message.kind != "PBA" or session is None or not complete(message):
        return None
    asked, _ = pair(step)
    request, reply = registration(asked), registration(message)
    if request.multipath is None or not reply.accepted:
        return None
    evidence = request_evidence(step)
    text = f"BID {request.bid} was accepted without the MAG Multipath Binding option"
    if session.mode is not SessionMode.MULTIPATH or not _own(step, session):
        known = step.context.lma_multipath
        if request.lifetime == 0 or known is None:
            return None
        return fail(
            f"{text}, by an LMA that supports it; it need not enable it for every session",
            evidence=(*evidence, known),
            severity=Severity.INFO,
        )
    if request.lifetime == 0:
        return proven(step, session.mode_since, text, severity=Severity.WARNING)
    return proven(step, session.mode_since, f"{text}, in a session that has multipath bindings")


@rule(
    "RFC8278-4.4-LEGACY-DISABLE",
    on="PBU",
    options=MULTIPATH,
    configured="grace",
    when=FIRST_ATTEMPT | MAG_KNOWN | REFUSED_MULTIPATH,
)
def legacy_lma_is_not_asked_again(step: Step, options: RuleOptions) -> Verdict | None:
    """After a PBA without the option the MAG stops asking for multipath for that mobile node.

    Why it matters: an LMA that skips the option keeps one binding. Every PBU for another path
    takes that binding away from the path before.

    The RFC: section 4.4: "The MAG, upon receiving the PBA message without the MAG Multipath
    Binding option, SHOULD disable multipath support for the mobile node."

    Example: the PBA for BID 1 lacks the option; 30 s later a PBU asks for BID 2.

    How to mend: remember the answer per mobile node and LMA, and register one path without the
    option.
    """
    refusal = _refusal(step)
    if refusal is None or refusal.status >= 128:
        return None
    return _asks_again(step, refusal, "the LMA accepted without the option", options)


@rule(
    "RFC8278-4.4-180-DISABLE",
    on="PBU",
    options=MULTIPATH,
    configured="grace",
    when=FIRST_ATTEMPT | MAG_KNOWN | REFUSED_MULTIPATH,
)
def denied_mobile_node_is_not_asked_again(step: Step, options: RuleOptions) -> Verdict | None:
    """After status 180 the MAG stops asking for multipath for that mobile node.

    Why it matters: the mobile node has no service until the MAG registers it without multipath.

    The RFC: section 4.4: "The MAG, upon receiving this message, SHOULD disable multipath support
    for the mobile node."

    Example: a PBU with option 63 is rejected with 180; 2 s later the same mobile node is
    registered with option 63 again.

    How to mend: register the mobile node again at once, without options 63 and 64.
    """
    refusal = _refusal(step)
    if refusal is None or refusal.status != BindingStatus.CANNOT_SUPPORT_MULTIPATH_BINDING:
        return None
    return _asks_again(step, refusal, "the LMA rejected with status 180", options)


def _refusal(step: Step) -> Refusal | None:
    """Give the refusal that this PBU with the option comes after, if it is of the same MAG."""
    session, mag = step.before, step.mag
    if session is None or mag is None or not is_first_attempt(step):
        return None
    refusal = session.refusal
    return refusal if refusal is not None and refusal.mag == mag.id else None


def _asks_again(step: Step, refusal: Refusal, what: str, options: RuleOptions) -> Verdict | None:
    request = registration(message_of(step))
    session = step.before
    assert session is not None
    if request.lifetime == 0 or is_on_its_way(step, refusal.moment, options):
        return None
    elapsed = age(step, refusal.moment)
    repeats = request.repeats(registration(refusal.request))
    if repeats and elapsed is not None and elapsed <= options.retransmission_window:
        return None
    now = step.moment.time
    closed_for = now - session.closed_at if now and session.closed_at else 0
    if closed_for >= options.legacy_retry_window:
        return None
    if _asked_since(session, refusal, options):
        return None
    text = f"multipath is requested for BID {request.bid} after {what}"
    parts = {"evidence": (refusal.moment,), "option": request.multipath}
    if session.mode is SessionMode.MULTIPATH and session.live:
        why = "the mobile node has other multipath bindings, which the RFC does not speak of"
        return inconclusive(text, why, **parts)
    if _begins_anew(session, request):
        return inconclusive(text, "a MAG that restarted does not know of the refusal", **parts)
    return proven(step, refusal.moment, text, option=request.multipath)


def _begins_anew(session: Session, request: Registration) -> bool:
    """Tell whether a PBU registers a live binding as if its MAG did not know of it."""
    return not knows_its_binding(request) and any(
        request.handoff_indicator == Handoff.UNKNOWN or b.care_of_address == request.care_of_address
        for b in session.live
    )


def _follows(session: Session, request: Registration) -> bool:
    """Tell by its sequence number whether a PBU is the next one after the session's last.

    Another identifier makes another MAG, whose numbers prove nothing of the one before.
    """
    last = session.last_sent
    if last is None or not isinstance(last.body, BindingUpdate):
        return False
    return (request.sequence - last.body.sequence) % 65536 == 1


def _asked_since(session: Session, refusal: Refusal, options: RuleOptions) -> bool:
    """Tell whether the MAG's last PBU broke the same rule: it is reported once per session."""
    last = session.last_sent
    if last is None or last is refusal.request or not last.has(MULTIPATH):
        return False
    sent, refused = last.time, refusal.moment.time
    if sent is None or refused is None:
        return False
    return sent - refused >= options.grace


@rule("RFC8278-4.4-180-CONTRADICT", on=REPLY, options=MULTIPATH, when=SESSION)
def denied_while_in_use(step: Step) -> Verdict | None:
    """Status 180 is not sent for a mobile node that has multipath bindings at that LMA.

    Why it matters: the LMA says that multipath is not possible and uses it at the same time. The
    policy may have changed, or be one per path.

    The RFC: section 4.4 has the LMA send 180 "if the mobile node is not authorized for multipath
    support".

    Example: BID 1 is active; the PBU for BID 2 is rejected with 180.

    How to mend: see whether the policy of the mobile node was changed, or whether the LMA limits
    the number of paths: then 130 says so better.
    """
    session, message = step.before, message_of(step)
    if message.kind != "PBA" or session is None:
        return None
    asked, _ = pair(step)
    request = registration(asked)
    if request.lifetime == 0 or request.multipath is None:
        return None
    if not _denies(registration(message)):
        return PASS
    if session.mode is not SessionMode.MULTIPATH or not session.live:
        return PASS
    bids = ", ".join(str(b.bid) for b in session.live if b.bid is not None)
    return proven(
        step,
        session.mode_since,
        f"status 180 for BID {request.bid}, while BID {bids} of the mobile node is in use",
    )


# ---------------------------------------------------------------------------------- 3.1 Call flow


@rule(
    "RFC8278-3.1-HNP-2ND-PATH",
    on="PBU",
    options=MULTIPATH,
    configured="grace",
    when=FIRST_ATTEMPT | MULTIPATH_SESSION | ADDS_PATH,
)
def further_path_names_the_prefix(step: Step, options: RuleOptions) -> Verdict | None:
    """A PBU for a further path names the home network prefix that the first path got.

    Why it matters: an LMA that is asked for a prefix anew may assign another one, and the second
    path becomes a session of its own.

    The RFC: section 3.1, of the steps for the second path: "The MAG includes the HNP, received on
    step (4) in the PBU."

    Example: BID 1 got 2001:db8:100::/64; the PBU for BID 2 asks with prefix ``::``.

    How to mend: put the prefix of the first PBA into the PBUs for all other paths.
    """
    exchange, session = step.exchange, step.before
    request = registration(message_of(step))
    if exchange is None or exchange.kind is not ExchangeKind.ADD_PATH or session is None:
        return None
    if session.mode is not SessionMode.MULTIPATH or not is_first_attempt(step):
        return None
    if not session.prefixes or not _own(step, session):
        return None
    if not request.all_zero or request.prefixes:
        return PASS
    if _may_have_lost_its_state(request, session):
        return None
    if is_on_its_way(step, session.mode_since, options):
        return None
    claim = (
        f"the PBU for BID {request.bid} asks for a prefix, though the session has"
        f" {', '.join(map(str, session.prefixes))}"
    )
    if all(_may_be_revoked(binding, session) for binding in _own(step, session)):
        return inconclusive(claim, "the last answer may have been sent before the revocation")
    return proven(step, session.mode_since, claim)
