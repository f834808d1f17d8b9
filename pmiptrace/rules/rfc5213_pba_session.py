"""Rules of RFC 5213 on the Proxy Binding Acknowledgement, held against the LMA's binding cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pmiptrace.address import ALL_ZERO, address_text
from pmiptrace.model import (
    SECOND,
    Binding,
    BindingState,
    ExchangeKind,
    Moment,
    Prefix,
    Session,
    SessionMode,
    Severity,
    Step,
)
from pmiptrace.rules.history import (
    ORDER,
    OTHER_MAG,
    accepted_at,
    age,
    ended_at,
    has_any_entry,
    has_entry,
    has_live_binding,
    is_close,
    is_suspect,
    last_accepted_at,
    proven,
    request_of,
    timestamp_of,
)
from pmiptrace.rules.look import complete, message_of, once_per_step, pair, request_evidence
from pmiptrace.rules.rule import (
    PASS,
    REPLY,
    Need,
    Shape,
    Verdict,
    inconclusive,
    only_if,
    rule,
)
from pmiptrace.rules.situation import (
    GRANT_FITS,
    NO_OTHER_HOLDER,
    OTHER_SESSIONS,
    SESSION,
    SESSION_AFTER,
)
from pmiptrace.track.registration import Registration, registration
from pmiptrace.track.states import Event
from pmiptrace.wire.codes import BindingStatus
from pmiptrace.wire.codes import HandoffIndicatorValue as Handoff

HNP = 22
LLA = 26
TIMESTAMP = 27


SHARING_PREFIXES = 6
"""Handoff Indicator of a new interface that shares the prefixes of another (RFC 7864)."""

UNITS_PER_SECOND = 65536
"""Of a Timestamp (RFC 5213 section 8.8)."""


def _accepts(shape: Shape) -> Need:
    return only_if(shape.is_proxy_pair and shape.accepts)


def _accepts_with(option: int) -> Callable[[Shape], Need]:
    def need(shape: Shape) -> Need:
        return only_if(
            shape.is_proxy_pair and shape.accepts and option in (shape.asked or frozenset())
        )

    return need


def _accepts_deregistration(shape: Shape) -> Need:
    return only_if(shape.is_proxy_pair and shape.accepts and shape.is_deregistration)


# ---------------------------------------------------------------------------------- timestamps


@once_per_step
def _compared(step: Step) -> tuple[Registration, Binding | None, int, Moment | None] | None:
    """Give an accepted PBU with a timestamp, and what was accepted before it.

    That is, for the entry that the LMA still has: the binding of the same path, or None where it
    is another, its last timestamp and when it was accepted.
    """
    session, request = step.before, request_of(step)
    if session is None or request is None or request.timestamp is None:
        return None
    own, last = step.binding_before, session.last_accepted
    if is_suspect(session):
        return None
    if own is not None and has_entry(own) and own.last_request is not None:
        last, since = own.last_request, accepted_at(own)
    elif has_any_entry(session):
        own, since = None, last_accepted_at(session)
    else:
        return None
    known = None if last is None else timestamp_of(last)
    if last is None or known is None or last is request.message:
        return None
    if known == request.timestamp and request.repeats(registration(last)):
        return None  # the same PBU again
    return request, own, known, since


def _judge_timestamp(step: Step, text: str, own: Binding | None, since: Moment | None) -> Verdict:
    evidence = (*(() if since is None else (since,)), *request_evidence(step))
    if own is None and step.before is not None and step.before.mode is SessionMode.MULTIPATH:
        # Whether timestamps count per mobile node or per binding the text leaves open.
        return inconclusive(
            f"{text}, on another path",
            "PBUs on two paths may overtake each other",
            severity=Severity.INFO,
            evidence=evidence,
        )
    if own is None:
        return inconclusive(text, OTHER_MAG, evidence=evidence)
    request = pair(step)[0]
    is_late = since is None or since.time is None or (request.time or 0) <= since.time
    if is_late or is_close(age(step, since)):
        return inconclusive(text, ORDER, evidence=evidence)
    return proven(step, since, text, evidence=evidence)


@rule("RFC5213-5.5-TS-ORDER", on=REPLY, given=_accepts_with(TIMESTAMP), when=SESSION)
def older_timestamp_rejected(step: Step) -> Verdict | None:
    """An LMA does not accept a timestamp that is lower than the last one it accepted.

    Why it matters: a PBU that was delayed on its way would send the traffic back to where the
    mobile node was before.

    The RFC: section 5.5: for a lower timestamp "the local mobility anchor MUST reject the Proxy
    Binding Update message and send a Proxy Binding Acknowledgement message with the Status field
    set to TIMESTAMP_LOWER_THAN_PREV_ACCEPTED".

    Example: a PBU of 10:00:05 is accepted, then one of 10:00:02.

    How to mend: keep the timestamp with the binding, and compare before accepting.
    """
    compared = _compared(step)
    if compared is None:
        return None
    request, own, last, since = compared
    assert request.timestamp is not None
    if request.timestamp >= last:
        return PASS
    seconds = (last - request.timestamp) / UNITS_PER_SECOND
    text = f"accepted with a Timestamp {seconds:.6f} s before the last one that was accepted"
    return _judge_timestamp(step, text, own, since)


@rule("RFC5213-5.5-TS-EQUAL", on=REPLY, given=_accepts_with(TIMESTAMP), when=SESSION)
def repeated_timestamp_rejected(step: Step) -> Verdict | None:
    """An LMA does not accept a timestamp that it accepted before.

    Why it matters: of two PBUs with one timestamp it cannot tell which is the later.

    The RFC: section 5.5: "The timestamp MUST be greater than all previously accepted timestamps in
    the Proxy Binding Update messages sent for that mobile node."

    Example: a registration and a de-registration have the same timestamp; both are accepted.

    How to mend: reject with status 156 what is not greater.
    """
    compared = _compared(step)
    if compared is None:
        return None
    request, own, last, since = compared
    if request.timestamp != last:
        return PASS
    return _judge_timestamp(step, "accepted with the Timestamp of the last one", own, since)


@rule(
    "RFC5213-5.5-157-BOGUS",
    on=REPLY,
    given=lambda shape: only_if(
        shape.is_proxy_pair and shape.status == BindingStatus.TIMESTAMP_LOWER_THAN_PREV_ACCEPTED
    ),
    when=SESSION,
)
def newer_timestamp_not_refused(step: Step) -> Verdict | None:
    """Status 157 is sent only for a timestamp lower than the last one that was accepted.

    Why it matters: the MAG will try again at once, with the same result, and the mobile node stays
    without service.

    The RFC: section 5.5 has the LMA send it if the timestamp "is lower than the previously
    accepted timestamp in the Proxy Binding Update messages sent for that mobility binding".

    Example: PBUs of 10:00:02 and 10:00:05; the first is accepted, the second is refused with 157.

    How to mend: compare with the timestamp of that mobile node's binding, not with any other.
    """
    session, request = step.before, request_of(step)
    if session is None or session.partial or request is None or request.timestamp is None:
        return None
    newest = step.past.newest_timestamp  # of the mobile node, as item 6 of section 5.5 has it
    if newest is None:
        return None
    if request.timestamp < newest:
        return PASS
    since = last_accepted_at(session)
    return inconclusive(
        "status 157, but the Timestamp is not lower than any that was accepted",
        "another MAG's PBU may have been accepted that was not captured",
        field="status",
        evidence=(*(() if since is None else (since,)), *request_evidence(step)),
    )


# -------------------------------------------------------------------------- link-local address


RESTART = 15 * SECOND
"""No LMA restarts in less. RFC 5847 has one that lost its sessions say so, but is no duty."""


@rule("RFC5213-5.3.6-LLA-STORED", on=REPLY, options=LLA, given=_accepts_with(LLA), when=SESSION)
def stored_link_local_address_returned(step: Step) -> Verdict | None:
    """An LMA that is asked for the link-local address of a session returns the one it has stored.

    Why it matters: the address is the mobile node's default router. When it changes at a handover,
    the mobile node's packets go nowhere.

    The RFC: section 5.3.6: "the link-local address from the Binding Cache entry MUST be copied to
    the Link-local Address option in the reply".

    Example: fe80::1 was returned at the first attachment, fe80::2 after a handover.

    How to mend: make the address once, when the session is created, and keep it with the session.
    """
    session, request = step.before, request_of(step)
    if session is None or request is None or not has_live_binding(session):
        return None
    stored, given = session.link_local_address, registration(message_of(step)).link_local_address
    if request.link_local_address != ALL_ZERO or request.lifetime == 0:
        return None
    if stored in (None, ALL_ZERO) or given in (None, ALL_ZERO):
        return None
    if stored == given:
        return PASS
    if not set(session.prefixes) & set(registration(message_of(step)).prefixes):
        return None  # the LMA has made another session
    if is_suspect(session):
        return None  # the LMA may have lost the session when it restarted
    assert stored is not None
    assert given is not None
    since = last_accepted_at(session)
    text = f"link-local address {address_text(given)}; {address_text(stored)} was returned before"
    elapsed = age(step, since)
    if elapsed is None or elapsed > RESTART:
        evidence = () if since is None else (since,)
        return inconclusive(text, "the LMA may have restarted in between", evidence=evidence)
    return proven(step, since, text)


# ------------------------------------------------------------------------------------ prefixes


def _holders(step: Step, prefixes: tuple[Prefix, ...]) -> Iterator[tuple[Session, Binding, Prefix]]:
    """Give the bindings of other sessions at the LMA that have one of the prefixes.

    Of a mobile node that nobody named none can be told to be another's.
    """
    own = step.after or step.before
    if not prefixes or (own is not None and own.mobile_node is None):
        return
    for session in step.past.others:
        if session.mobile_node is None or (own is not None and session.lma != own.lma):
            continue
        for prefix in prefixes:
            if prefix in session.prefixes:
                for binding in filter(has_entry, session.bindings):
                    yield session, binding, prefix


def _begun_at(binding: Binding) -> Moment | None:
    """Give when the binding that is there now was accepted for the first time."""
    for transition in reversed(binding.history):
        if transition.event == Event.ACCEPTED and not transition.before.is_live:
            return transition.moment
    return None


def _taken(step: Step, *, named: bool) -> Verdict | None:
    """Judge an acceptance of a prefix that another mobile node holds.

    That it held the prefix all the time shows when it is refreshed with it afterwards. `named`
    tells whether the rule is about a PBU that named the prefix, or about one that had the LMA
    assign it.
    """
    request, session = request_of(step), step.after
    if request is None or session is None or request.lifetime == 0:
        return None
    own = step.binding_before
    is_new = own is None or not has_entry(own)
    if is_new and named == bool(request.prefixes):
        prefixes = request.prefixes or registration(message_of(step)).prefixes
        for other, binding, prefix in _holders(step, prefixes):
            if other.mobile_node == session.mobile_node:
                continue
            since = _begun_at(binding)
            return inconclusive(
                f"{prefix} is accepted, which is assigned to {other.mobile_node}",
                "a de-registration may not have been captured",
                evidence=() if since is None else (since,),
            )
    return _was_taken(step, named=named)


def _was_taken(step: Step, *, named: bool) -> Verdict | None:
    """Judge, at the refresh of one mobile node, an acceptance of its prefix for another."""
    own, session = step.binding_before, step.before
    since = accepted_at(own)
    if own is None or session is None or since is None or not has_entry(own):
        return PASS
    given = registration(message_of(step)).prefixes
    prefixes = tuple(prefix for prefix in session.prefixes if prefix in given)
    for other, binding, prefix in _holders(step, prefixes):
        first, began = binding.first_request, _begun_at(binding)
        if other.mobile_node == session.mobile_node or first is None or began is None:
            continue
        if began.ordinal <= since.ordinal or named != (prefix in registration(first).prefixes):
            continue
        text = (
            f"{prefix} was accepted for {other.mobile_node} while {session.mobile_node} had it,"
            " which is refreshed with it now"
        )
        return proven(step, since, text, evidence=(since, began))
    return PASS


@rule(
    "RFC5213-5.4.1.1-155",
    on=REPLY,
    options=HNP,
    given=_accepts_with(HNP),
    kept_when=GRANT_FITS | SESSION_AFTER | NO_OTHER_HOLDER,
    when=SESSION_AFTER,
)
def foreign_prefix_refused(step: Step) -> Verdict | None:
    """A PBU that names a prefix of another mobile node is rejected with status 155.

    Why it matters: two mobile nodes with one prefix receive each other's traffic.

    The RFC: section 5.4.1.1: if the identifiers do not match, "the local mobility anchor MUST
    reject the request with the Status field value set to NOT_AUTHORIZED_FOR_HOME_NETWORK_PREFIX".

    Example: 2001:db8:1::/64 is mn1's; a PBU for mn2 names it and is accepted.

    How to mend: look up prefixes over all mobile nodes, not only over those of the one that asks.
    """
    return _taken(step, named=True)


@rule(
    "RFC5213-5.2-PREFIX-UNIQUE",
    on=REPLY,
    options=HNP,
    given=_accepts_with(HNP),
    kept_when=GRANT_FITS | SESSION_AFTER | NO_OTHER_HOLDER,
    when=SESSION_AFTER,
)
def assigned_prefix_is_free(step: Step) -> Verdict | None:
    """An LMA assigns a prefix to one mobile node, and to one session, only.

    Why it matters: two mobile nodes with one prefix receive each other's traffic.

    The RFC: section 5.2: "all of those assigned prefixes MUST be unique to that mobile node, and
    all are part of exactly one mobility session." Section 5.3.2: the LMA "MUST ensure the
    allocated prefix(es) is not in use by any other node or mobility session."

    Example: mn1 has 2001:db8:1::/64; mn2 asks with ALL_ZERO and gets it too.

    How to mend: mark a prefix as used until its entry is deleted.
    """
    verdict = _taken(step, named=False)
    if verdict is not PASS:
        return verdict
    request, session = request_of(step), step.after
    if request is None or session is None or request.prefixes or request.multipath is not None:
        return PASS
    if request.handoff_indicator != Handoff.NEW_INTERFACE or request.lifetime == 0:
        return PASS
    given = registration(message_of(step)).prefixes
    for other, binding, prefix in _holders(step, given):
        if other.mobile_node != session.mobile_node or binding.inferred:
            continue
        if request.link_layer_identifier is not None and _is_same_interface(binding, request):
            continue
        last, since = binding.last_request, accepted_at(binding)
        if last is not None and request.repeats(registration(last)):
            continue  # the answer did not reach the MAG
        return inconclusive(
            f"{prefix} is assigned to a new interface; another session of the mobile node has it",
            "the LMA may have ended the other session",
            severity=Severity.WARNING,
            evidence=() if since is None else (since,),
        )
    return PASS


def _is_same_interface(binding: Binding, request: Registration) -> bool:
    return (
        binding.access_technology == request.access_technology
        and binding.link_layer_identifier == request.link_layer_identifier
    )


@rule("RFC5213-5.4.1.1-159", on=REPLY, given=_accepts_with(HNP), when=SESSION)
def partial_match_refused(step: Step) -> Verdict | None:
    """A PBU that names some but not exactly the prefixes of a session is rejected with status 159.

    Why it matters: MAG and LMA disagree on what the mobile node has; one of them drops its
    traffic.

    The RFC: section 5.4.1.1: if the sets do not match, "the local mobility anchor MUST reject the
    request with the Status field value set to BCE_PBU_PREFIX_SET_DO_NOT_MATCH".

    Example: the session has two prefixes, the refresh names one, and is accepted.

    How to mend: compare the whole sets, not the first prefix.
    """
    exchange, session, request = step.exchange, step.before, request_of(step)
    if exchange is None or session is None or request is None or not has_live_binding(session):
        return None
    if exchange.kind is ExchangeKind.DEREG_SELECTIVE or request.all_zero:
        return None
    if request.handoff_indicator == SHARING_PREFIXES:
        return None
    if request.prefixes and request.prefixes == session.prefixes:
        return PASS
    named, known = set(request.prefixes), set(session.prefixes)
    if not named & known:
        return None
    if named == known:
        return PASS
    return proven(
        step,
        last_accepted_at(session),
        f"accepted with prefixes {', '.join(map(str, request.prefixes))}; the session has"
        f" {', '.join(map(str, session.prefixes))}",
    )


# ------------------------------------------------------------------------------ de-registration


@rule("RFC5213-5.3.5-DEREG-WRONG-COA", on=REPLY, given=_accepts_deregistration, when=SESSION)
def foreign_deregistration_ignored(step: Step) -> Verdict | None:
    """A de-registration from a care-of address that is not the binding's gets no answer.

    Why it matters: the MAG that a mobile node has left would delete the binding of the MAG that it
    has moved to.

    The RFC: section 5.3.5: if the address is different from the Proxy-CoA of the entry, "the local
    mobility anchor MUST ignore the request." RFC 8278 leaves open how a MAG gives up a path that is
    down; over another path, with the BID of the one that is meant, is a way.

    Example: a mobile node moved to a second MAG; the first one's de-registration is accepted.

    How to mend: compare the source, or the Alternate Care-of Address, with the entry first.
    """
    session, request = step.before, request_of(step)
    if session is None or request is None or not has_live_binding(session):
        return None
    if not complete(request.message):
        return None  # a BID that was cut off names another binding
    own = step.binding_before
    if own is not None and has_entry(own):
        if own.care_of_address == request.care_of_address:
            return PASS
        if own.bid is None and _has_path(session, request.care_of_address):
            return PASS
    elif _has_path(session, request.care_of_address):
        return PASS
    binding = _meant(step, session, request)
    since = accepted_at(binding)
    if binding is None or since is None:
        return None
    path = "" if binding.bid is None else f" of BID {binding.bid}"
    text = (
        f"a de-registration from {address_text(request.care_of_address)} is accepted; the binding"
        f"{path} has {address_text(binding.care_of_address)}"
    )
    if binding.bid is not None and step.mag is not None and binding.mag == step.mag.id:
        why = "RFC 8278 does not say whether one path of a MAG may de-register another"
        return inconclusive(text, why, severity=Severity.WARNING, evidence=(since,))
    if not _was_sent_after(step, since):
        return inconclusive(text, ORDER, evidence=(since,))
    return proven(step, since, text)


def _has_path(session: Session, care_of_address: bytes) -> bool:
    return any(has_entry(b) and b.care_of_address == care_of_address for b in session.bindings)


def _meant(step: Step, session: Session, request: Registration) -> Binding | None:
    """Give the entry that a de-registration is about, by its BID or as the only one."""
    own = step.binding_before
    if own is not None and has_entry(own):
        return own
    held = [b for b in session.bindings if has_entry(b)]
    if session.mode is not SessionMode.MP_UNSUPPORTED:
        held = [b for b in held if b.bid == request.bid]
    return held[0] if len(held) == 1 else None


def _was_sent_after(step: Step, since: Moment) -> bool:
    asked = None if step.exchange is None else step.exchange.attempts[0]
    if asked is None or asked.time is None or since.time is None:
        return False
    return asked.ordinal > since.ordinal and not is_close(asked.time - since.time)


@rule("RFC5213-5.4.1-DEREG-UNKNOWN", on=REPLY, given=_accepts_deregistration, when=SESSION)
def unknown_deregistration_ignored(step: Step) -> Verdict | None:
    """A de-registration of a session that the LMA does not have gets no answer.

    Why it matters: an answer for a session that is not there hides that the two do not agree.

    The RFC: section 5.4.1.1: "if the request cannot be associated with any existing mobility
    session, the message MUST be silently ignored."

    Example: a registration was rejected; its de-registration is accepted.

    How to mend: look the session up before answering.
    """
    session, request, exchange = step.before, request_of(step), step.exchange
    if session is None or session.partial or step.context.warmup:
        return None
    if request is None or exchange is None or any(map(_may_be_there, session.bindings)):
        return None
    last = max(session.bindings, key=lambda b: _ordinal(b.since), default=None)
    if last is None:
        return None
    over = ended_at(last)
    if last.state is BindingState.REJECTED:
        return proven(step, over, "a de-registration is accepted of a session that was rejected")
    return inconclusive(
        "a de-registration is accepted of a session that ended before",
        "the LMA may keep entries for longer than is known",
        evidence=() if over is None else (over,),
    )


def _ordinal(moment: Moment | None) -> int:
    return 0 if moment is None else moment.ordinal


def _may_be_there(binding: Binding) -> bool:
    """Tell whether the LMA may have an entry of the binding."""
    waiting = (BindingState.DEREG_WAIT, BindingState.PENDING, BindingState.PENDING_TIMEOUT)
    if binding.state in waiting or has_entry(binding):
        return True
    if binding.state is not BindingState.DEREG_PENDING:
        return False
    asked = next((t for t in reversed(binding.history) if t.event == Event.DEREG_REQUEST), None)
    return asked is None or asked.before in waiting


@rule("RFC5213-5.3.5-BCE-KEEP", on=REPLY, options=HNP, given=_accepts, when=OTHER_SESSIONS)
def entry_kept_for_a_moment(step: Step) -> Verdict | None:
    """A mobile node that comes back soon after its de-registration gets its prefixes again.

    Why it matters: with other prefixes all its connections break. The delay is there so that the
    de-registration of the old MAG may come before the registration of the new one.

    The RFC: section 5.3.5: if a PBU for the session comes during the wait and is accepted, "then
    the Binding Cache entry MUST NOT be deleted, but must be updated".

    Example: de-registered at 0 s, registered again at 2 s with Handoff Indicator 3: another
    prefix.

    How to mend: delete the entry after MinDelayBeforeBCEDelete (10 s), not at once.
    """
    session, request = step.after, request_of(step)
    if session is None or request is None or request.lifetime == 0 or request.prefixes:
        return None
    given = registration(message_of(step)).prefixes
    left = [s for s in step.past.others if s.mobile_node == session.mobile_node and s.prefixes]
    for other in left:
        binding = next((b for b in other.bindings if _is_same_session(b, request, left)), None)
        if binding is None or other.live or not given:
            continue
        if any(b.state in _REVOKED for b in other.bindings):
            continue  # a revocation ends the session without the delay
        if set(given) & set(other.prefixes):
            return PASS
        text = (
            f"prefixes {', '.join(map(str, given))} within the delete delay of a session with"
            f" {', '.join(map(str, other.prefixes))}"
        )
        since = ended_at(binding)
        why = ORDER if is_close(age(step, since)) else CONFIGURED_DELAY
        return inconclusive(text, why, evidence=() if since is None else (since,))
    return None


CONFIGURED_DELAY = "the LMA may be configured with a shorter MinDelayBeforeBCEDelete (RFC 5213 9.1)"
_REVOKED = (BindingState.REVOKED, BindingState.REVOKING)


def _is_same_session(binding: Binding, request: Registration, left: list[Session]) -> bool:
    """Tell whether a PBU must be taken as one for the session of a de-registered binding.

    So the look-up of RFC 5213 sections 5.4.1.2 and 5.4.1.3 has it. With Handoff Indicator 4 the
    LMA may make a new session, unless the interface is the same.
    """
    if binding.state is not BindingState.DEREG_WAIT:
        return False
    indicator = request.handoff_indicator
    if indicator == Handoff.NEW_INTERFACE:
        return False
    if request.link_layer_identifier is not None and _is_same_interface(binding, request):
        return True
    if indicator == Handoff.BETWEEN_INTERFACES:
        return len(left) == 1
    return (
        indicator == Handoff.BETWEEN_MAGS
        and request.link_layer_identifier is None
        and len(left) == 1
    )
