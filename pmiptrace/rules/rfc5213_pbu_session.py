"""Rules of RFC 5213 on the Proxy Binding Update, held against the messages before it."""

from __future__ import annotations

from pmiptrace.model import (
    SECOND,
    Binding,
    BindingState,
    ExchangeKind,
    Moment,
    Session,
    SessionMode,
    Severity,
    Step,
)
from pmiptrace.rules.history import (
    ADMINISTRATOR,
    SEQUENCE_TRUST,
    UNSEEN,
    accepted_at,
    age,
    asked_again,
    behind,
    ended_at,
    first_request,
    is_first_attempt,
    is_given_up,
    is_on_its_way,
    knows_its_binding,
    proven,
    rejection_before,
    request_of,
    requested_at,
)
from pmiptrace.rules.look import complete, has_same_numbers, message_of, moment_of
from pmiptrace.rules.rule import (
    CLOCK,
    PASS,
    RuleOptions,
    Verdict,
    fail,
    inconclusive,
    rule,
)
from pmiptrace.rules.situation import (
    FIRST_ATTEMPT,
    HANDOFF_UNCHANGED,
    KNOWS_BINDING,
    LIKE_OTHERS,
    LIVE_BINDING,
    MAG_KNOWN,
    REJECTIONS,
    RENEWAL,
    SESSION,
    SOUND,
)
from pmiptrace.track.registration import Registration, registration
from pmiptrace.track.states import Event
from pmiptrace.wire.codes import BindingStatus
from pmiptrace.wire.codes import HandoffIndicatorValue as Handoff

HNP = 22
LLID = 25
LLA = 26
TIMESTAMP = 27
IPV4_REQUEST = 36
MULTIPATH = 63


FIRST_SECOND = SECOND
"""A PBU so soon after the first may be its repetition, with the Handoff Indicator of the first."""
NO_LONGER_RETRANSMITTED = 3600 * SECOND


# ------------------------------------------------------------------------ 6.9.1.1 Registration


@rule("RFC5213-6.9.1.1-TS-OR-SEQ", on="PBU", once="peer", kept_when=SOUND | MAG_KNOWN | LIKE_OTHERS)
def one_way_of_ordering(step: Step) -> Verdict | None:
    """All PBUs of a domain have a Timestamp, or none has.

    Why it matters: the LMA orders the messages of a mobile node by one of the two. When they
    change places, it cannot tell a delayed PBU from a new one.

    The RFC: section 6.9.1.1: "Either the Timestamp option or a valid sequence number maintained on
    a per mobile node's mobility session basis [...] MUST be present." Section 9.3 makes
    TimestampBasedApproachInUse one setting of the whole domain.

    Example: a MAG's PBUs have option 27; the one for its newest mobile node lacks it.

    How to mend: set TimestampBasedApproachInUse alike on all MAGs and LMAs of the domain.
    """
    return _differs_in_domain(step, TIMESTAMP, "Timestamp", Severity.WARNING)


@rule("RFC5213-6.9.1.1-LLA-FIXED", on="PBU", once="peer", kept_when=SOUND | MAG_KNOWN | LIKE_OTHERS)
def one_way_of_link_local_addresses(step: Step) -> Verdict | None:
    """All PBUs of a domain have the Link-local Address option, or none has.

    Why it matters: a mobile node that moves between MAGs with and without a fixed link-local
    address loses its default router.

    The RFC: section 6.9.1.1: the option "MUST be present in the Proxy Binding Update message only
    if the value of the configuration variable FixedMAGLinkLocalAddressOnAllAccessLinks is set to a
    value of ALL_ZERO".

    Example: one MAG asks with option 26, the next one has a fixed address and does not.

    How to mend: set FixedMAGLinkLocalAddressOnAllAccessLinks alike on all MAGs of the domain.
    """
    return _differs_in_domain(step, LLA, "Link-local Address", Severity.INFO)


def _differs_in_domain(step: Step, option: int, name: str, abroad: Severity) -> Verdict | None:
    """Judge an option that every PBU of a domain has, or none."""
    message = message_of(step)
    if not complete(message) or step.mag is None:
        return None
    unlike = next((u for u in step.past.unlike if u.option == option), None)
    if unlike is None:
        return PASS
    has = "has the" if message.has(option) else "lacks the"
    other = "lacks it" if message.has(option) else "has it"
    if unlike.same_mag:
        text = f"the PBU {has} {name} option ({option}); an earlier one of this MAG {other}"
        return fail(text, evidence=(unlike.moment,))
    return fail(
        f"the PBU {has} {name} option ({option}); one of another MAG of this LMA {other}",
        evidence=(unlike.moment,),
        severity=abroad,
        # Which of the two MAGs is set as the domain is cannot be seen.
        party="unknown",
    )


@rule("RFC5213-6.9.1.1-SEQ-MONO", on="PBU", options=TIMESTAMP, once="peer", when=FIRST_ATTEMPT)
def counter_increases(step: Step) -> Verdict | None:
    """With timestamps the sequence number is a counter of the MAG that only goes up.

    Why it matters: the LMA ignores it, but returns it. Two PBUs under way with the same number
    have answers that cannot be told apart.

    The RFC: section 6.9.1.1: the MAG "SHOULD also set the Sequence Number field to a value of a
    monotonically increasing counter (maintained at each mobile access gateway and not to be
    confused with the per mobile node sequence number specified in [RFC3775])."

    Example: number 812 for one mobile node, then 17 for the next.

    How to mend: count once per MAG, not once per mobile node.
    """
    earlier, message = step.past.sent_by_mag, message_of(step)
    if earlier is None or not is_first_attempt(step) or message.checksum_correct is False:
        return None
    last, request = registration(earlier), registration(message)
    if last.timestamp is None or request.timestamp is None:
        return None
    if request.timestamp <= last.timestamp:
        return None  # captured in another order than sent
    distance = behind(request.sequence, last.sequence)
    if distance < 0:
        return PASS
    text = f"sequence number {request.sequence} follows {last.sequence} of the same MAG"
    evidence = (moment_of(earlier),)
    if not knows_its_binding(request):
        why = "a MAG that restarted may begin anew"
    elif distance > SEQUENCE_TRUST:
        why = UNSEEN
    else:
        return fail(text, field="sequence", evidence=evidence)
    return inconclusive(text, why, field="sequence", evidence=evidence)


# ------------------------------------------------------------------ 6.9.1.3 Extending a lifetime

_HANDOFFS = (Handoff.NEW_INTERFACE, Handoff.BETWEEN_MAGS, Handoff.UNKNOWN)


@rule(
    "RFC5213-6.9.1.3-HI5",
    on="PBU",
    configured="first_registration_timeout",
    when=FIRST_ATTEMPT | LIVE_BINDING,
)
def refresh_says_so(step: Step, options: RuleOptions) -> Verdict | None:
    """A re-registration has Handoff Indicator 5.

    Why it matters: with another value the LMA takes the refresh for an attachment, and may create
    a second session or wait for a de-registration.

    The RFC: section 6.9.1.3: "The Handoff Indicator field in the Handoff Indicator option MUST be
    set to a value of 5 (Handoff state not changed - Re-Registration)."

    Example: a mobile node is refreshed every half hour with Handoff Indicator 1.

    How to mend: keep the value of the first PBU for the first PBU. A MAG that restarted, or whose
    mobile node attached again, is right to use another value.
    """
    binding, request = step.binding_before, request_of(step)
    if binding is None or request is None or request.lifetime == 0 or not is_first_attempt(step):
        return None
    if binding.state is not BindingState.ACTIVE or not binding.first_reply_seen:
        return None
    if binding.care_of_address != request.care_of_address or not _is_same_attachment(
        binding, request
    ):
        return None
    accepted, elapsed = accepted_at(binding), age(step, binding.first_request)
    if elapsed is None or elapsed < FIRST_SECOND:
        return None
    since = age(step, accepted)
    if since is None or (
        since <= options.retransmission_window and _repeats_last(binding, request)
    ):
        return None  # the answer may not have reached the MAG
    if _was_given_up(binding):
        return None
    indicator = request.handoff_indicator
    if indicator == Handoff.NOT_CHANGED:
        return PASS
    if indicator is None or not Handoff.NEW_INTERFACE <= indicator <= 6:
        return None
    return inconclusive(
        f"Handoff Indicator {indicator} for a binding that is registered from the same care-of"
        " address",
        "the MAG may have restarted, or the mobile node have attached again",
        severity=Severity.WARNING if indicator in _HANDOFFS else None,
        evidence=() if accepted is None else (accepted,),
    )


def _is_same_attachment(binding: Binding, request: Registration) -> bool:
    """Tell whether a PBU is about the same attachment of the mobile node as the last one."""
    last = binding.last_request
    return (
        last is not None
        and last.has(MULTIPATH) == (request.multipath is not None)
        and binding.access_technology == request.access_technology
        and binding.link_layer_identifier == request.link_layer_identifier
    )


def _was_given_up(binding: Binding) -> bool:
    """Tell whether the MAG tried to end a binding that the LMA still has.

    It removes its own entry even without an answer (RFC 5213 section 6.9.1.4).
    """
    for transition in reversed(binding.history):
        if transition.event == Event.ACCEPTED:
            return False
        if transition.event in (Event.DEREG_REQUEST, Event.REVOCATION):
            return True
    return False


def _repeats_last(binding: Binding, request: Registration) -> bool:
    last = binding.last_request
    return last is not None and request.repeats(registration(last))


_GONE = (
    BindingState.DEREG_WAIT,
    BindingState.NONE,
    BindingState.EXPIRED,
    BindingState.REPLACED,
    BindingState.REJECTED,
)


@rule(
    "RFC5213-6.9.1.3-HI5-INITIAL",
    on="PBU",
    configured="grace",
    when=FIRST_ATTEMPT | SESSION | HANDOFF_UNCHANGED,
)
def refresh_has_something_to_refresh(step: Step, options: RuleOptions) -> Verdict | None:
    """Handoff Indicator 5 is sent only for a binding that exists.

    Why it matters: the MAG believes in a binding that the LMA does not have. The LMA makes a new
    session of it, mostly with other prefixes.

    The RFC: section 6.9.1.1 has the Handoff Indicator "set to a value indicating the handoff
    hint", 1 to 4 for an attachment; section 6.9.1.3 gives 5 to the re-registration of "a currently
    registered mobile node".

    Example: a mobile node was de-registered a minute ago; now it is "refreshed".

    How to mend: drop the binding from the update list when its de-registration is answered or its
    lifetime is over.
    """
    session, request = step.before, request_of(step)
    if session is None or request is None or request.lifetime == 0 or not is_first_attempt(step):
        return None
    if request.handoff_indicator != Handoff.NOT_CHANGED or not complete(message_of(step)):
        return None
    if request.all_zero:
        return fail("Handoff Indicator 5, and a request for a prefix to be assigned")
    if session.partial or session.refusal is not None:
        return None
    if not _is_named(session, request):
        return None  # the MAG knows its prefixes from an answer that the capture lacks
    binding = step.binding_before
    if binding is None:
        return _never_registered(step, session, request)
    if request.multipath is not None and _has_other_paths(step, session, binding):
        return None  # which value a path has that is added again is not said
    if binding.state is BindingState.REJECTED and _began_with_5(binding):
        return None  # it was judged when it was sent first
    if binding.state.is_live:
        return PASS
    over = ended_at(binding)
    if binding.state not in _GONE or over is None:
        return None
    if binding.state is BindingState.EXPIRED:
        return _late_refresh(step, binding)
    if binding.state is BindingState.REPLACED and binding.replaced_by == "overwrite":
        return None  # RFC8278-4.1-O-SURVIVOR
    if is_on_its_way(step, over, options):
        return None
    text = f"Handoff Indicator 5 for a binding that is {binding.state.public_name}"
    why = None
    if binding.state is BindingState.REPLACED and binding.replaced_by == "handover":
        why = "the MAG may not have noticed that the mobile node left"
    elif any(b is not binding and ended_at(b) == over for b in session.bindings):
        why = "one PBU ended several bindings, which the MAG may not have meant"
    elif request.multipath is not None:
        why = "the path may be added again to others that the capture does not show"
    if why is not None:
        return inconclusive(text, why, evidence=_at(over))
    return proven(step, over, text)


def _is_named(session: Session, request: Registration) -> bool:
    """Tell whether a PBU names a prefix, or the IPv4 home address, of the session."""
    address = request.ipv4_home_address
    is_address = address is not None and address == session.ipv4_home_address
    return is_address or not set(session.prefixes).isdisjoint(request.prefixes)


def _began_with_5(binding: Binding) -> bool:
    first = binding.first_request
    return first is not None and registration(first).handoff_indicator == Handoff.NOT_CHANGED


_MAYBE = (BindingState.PENDING, BindingState.PENDING_TIMEOUT, BindingState.EXPIRED)
"""States in which an answer that was not captured may have kept a binding."""


def _has_other_paths(step: Step, session: Session, binding: Binding) -> bool:
    """Tell whether the mobile node is, or may be, registered by other paths of the same MAG."""
    return session.mode is SessionMode.MULTIPATH and any(
        b is not binding
        and step.mag is not None
        and b.mag == step.mag.id
        and (b.state.is_live or b.state in _MAYBE)
        for b in session.bindings
    )


def _never_registered(step: Step, session: Session, request: Registration) -> Verdict | None:
    """Judge a refresh of a binding of which no PBU was seen, in a session seen from its start."""
    exchange = step.exchange
    if session.mode is SessionMode.MULTIPATH and request.multipath is not None:
        return None  # which value a further path has is not said
    if exchange is None or exchange.kind is ExchangeKind.COA_CHANGE or not session.prefixes:
        return None
    if request.mag_identifier is None:
        return None  # it may be another address of the MAG that has the binding
    if session.last_accepted is None:
        return None  # what became of its other registrations is not known
    return proven(
        step, session.first, "Handoff Indicator 5 from a care-of address that never registered"
    )


def _late_refresh(step: Step, binding: Binding) -> Verdict | None:
    """Judge a refresh that came after the lifetime was over."""
    now, over = step.moment.time, binding.expires_at
    if now is None or over is None or binding.lifetime is None:
        return None
    is_little = (now - over) * 10 <= binding.lifetime * SECOND
    severity = Severity.INFO if is_little else Severity.WARNING
    text = f"refreshed {(now - over) / SECOND:.3f} s after its lifetime of {binding.lifetime} s"
    if binding.bid is not None:
        return inconclusive(text, "a bulk refresh may have extended it", severity=severity)
    return proven(step, accepted_at(binding), text, severity=severity)


def _at(moment: Moment | None) -> tuple[Moment, ...]:
    return () if moment is None or moment.frame is None else (moment,)


_OF_THE_SESSION = (
    ExchangeKind.REFRESH,
    ExchangeKind.BULK,
    ExchangeKind.OVERWRITE,
    ExchangeKind.DEREG,
)


@rule(
    "RFC5213-6.9.1.3-HNP-ALL",
    on="PBU",
    options=HNP,
    when=FIRST_ATTEMPT | RENEWAL | SESSION | KNOWS_BINDING,
)
def all_prefixes_named(step: Step) -> Verdict | None:
    """A re- or de-registration names every prefix of the session, and no other.

    Why it matters: the LMA finds the session by its prefixes and rejects a set that does not match
    with status 159.

    The RFC: sections 6.9.1.3 and 6.9.1.4: "There MUST be a Home Network Prefix option for each of
    the assigned home network prefixes assigned for that mobility session".

    Example: two prefixes were assigned; the refresh names one.

    How to mend: keep all prefixes of the PBA in the update list, and send them all.
    """
    exchange, session, request = step.exchange, step.before, request_of(step)
    if exchange is None or session is None or request is None or not is_first_attempt(step):
        return None
    if exchange.kind not in _OF_THE_SESSION or not complete(request.message):
        return None
    if not knows_its_binding(request):
        return None  # the mobile node may have attached anew
    if request.all_zero and request.handoff_indicator == Handoff.NOT_CHANGED:
        return None  # RFC5213-6.9.1.3-HI5-INITIAL
    binding = step.binding_before
    if binding is None or not binding.state.is_live:
        return _wrong_session(step, request) if session.partial else None
    if not session.prefixes or request.has_ipv4 != (session.ipv4_home_address is not None):
        return None
    if request.prefixes == session.prefixes or set(request.prefixes) == set(session.prefixes):
        return PASS
    if request.all_zero and request.lifetime > 0:
        return None  # an attachment, of a MAG that has lost or forgotten the session
    return proven(
        step,
        accepted_at(binding),
        f"prefixes {_listed(request)}; the session has {', '.join(map(str, session.prefixes))}",
    )


def _wrong_session(step: Step, request: Registration) -> Verdict | None:
    """Judge a PBU for a session never seen, of a binding that is known with other prefixes."""
    if not request.prefixes or request.has_ipv4:
        return None
    for session in step.past.others:
        if session.mobile_node != request.mobile_node or not session.prefixes:
            continue
        for binding in session.live:
            if (
                step.mag is not None
                and binding.mag == step.mag.id
                and binding.bid == request.bid
                and binding.care_of_address == request.care_of_address
                and _is_same_attachment(binding, request)
            ):
                return inconclusive(
                    f"prefixes {_listed(request)}; the session has"
                    f" {', '.join(map(str, session.prefixes))}",
                    "it may be another session of the mobile node, from before the capture",
                    evidence=_at(accepted_at(binding)),
                )
    return None


def _listed(request: Registration) -> str:
    return ", ".join(map(str, request.prefixes)) or "ALL_ZERO"


_SAME_SET = {LLID: "MN Link-layer Identifier", LLA: "Link-local Address", TIMESTAMP: "Timestamp"}
"""Options that a re-registration has if the first PBU had them. Those that every PBU has to have
are judged by rules of their own, as are those of RFC 5844, 5845 and 8278."""


@rule(
    "RFC5213-6.9.1.3-SAME-OPTS",
    on="PBU",
    when=FIRST_ATTEMPT | RENEWAL | LIVE_BINDING | KNOWS_BINDING,
)
def same_set_of_options(step: Step) -> Verdict | None:
    """A re- or de-registration has the options of the first PBU.

    Why it matters: the LMA finds a session by them too. A link-layer identifier that is missing
    makes another session of it.

    The RFC: sections 6.9.1.3 and 6.9.1.4: the message "MUST be constructed with the same set of
    options as the initial Proxy Binding Update message".

    Example: the first PBU has the MN Link-layer Identifier option, the refresh lacks it.

    How to mend: keep the set of options in the update list.
    """
    exchange, binding, message = step.exchange, step.binding_before, message_of(step)
    if exchange is None or binding is None or not is_first_attempt(step) or not complete(message):
        return None
    if exchange.kind not in _OF_THE_SESSION or not binding.state.is_live:
        return None
    if not knows_its_binding(registration(message)):
        return None  # the mobile node may have attached anew
    first = first_request(step)
    if first is None or not complete(first):
        return None
    if has_same_numbers(first, message):
        return PASS
    for number, name in _SAME_SET.items():
        had, has = first.has(number), message.has(number)
        if had == has or (number == LLID and has):
            continue  # a MAG may learn the identifier later, and has to send it then
        last = binding.last_request
        is_confirmed = last is not None and last.has(number) == had
        since = accepted_at(binding) if is_confirmed else requested_at(binding)
        verb = "lacks" if had else "has"
        text = f"the PBU {verb} the {name} option ({number}), unlike the first one"
        return proven(step, since, text, evidence=(moment_of(first), *_at(since)))
    return PASS


# ----------------------------------------------------------------- 6.9.1.2 Receiving the answer


@rule("RFC5213-6.9.1.2-ECHO-RETX", on="PBU", configured="grace", when=FIRST_ATTEMPT | REJECTIONS)
def unusable_answer_ends_it(step: Step, options: RuleOptions) -> Verdict | None:
    """After a PBA whose options are not those of the request, the MAG does not send it again.

    Why it matters: the LMA will make the same mistake again; the two would go on for ever.

    The RFC: section 6.9.1.2: "In this case, the mobile access gateway MUST NOT retransmit the
    Proxy Binding Update message until an administrative action is taken."

    Example: the PBA has another Access Technology Type than the PBU; the MAG repeats the PBU.

    How to mend: mend the LMA, and have the MAG report such an answer and stop.
    """
    told = rejection_before(step, lambda asked, given: not asked.is_echoed_by(given))
    request = request_of(step)
    if told is None or request is None or not request.repeats(registration(told.request)):
        return None
    elapsed = age(step, told.moment)
    if elapsed is None or elapsed > NO_LONGER_RETRANSMITTED:
        return None
    if elapsed < options.grace:
        return None
    text = f"repeated {elapsed / SECOND:.3f} s after a PBA whose options differ from the PBU's"
    if elapsed > options.administrative_action:
        return inconclusive(text, ADMINISTRATOR, evidence=(told.moment,))
    return proven(step, told.moment, text)


@rule("RFC5213-6.9.1.2-152-STOP", on="PBU", configured="grace", when=FIRST_ATTEMPT | REJECTIONS)
def unauthorized_mobile_node_is_left_alone(step: Step, options: RuleOptions) -> Verdict | None:
    """After status 152 the MAG sends no further PBU for the mobile node.

    Why it matters: the mobile node has no right to the service; asking again loads the LMA.

    The RFC: section 6.9.1.2: after PROXY_REG_NOT_ENABLED the MAG "SHOULD NOT send a Proxy Binding
    Update message again for that mobile node until an administrative action is taken."

    Example: status 152, and 5 s later a PBU for the same mobile node.

    How to mend: remember the refusal in the mobile node's profile.
    """
    request = request_of(step)
    if request is None or request.lifetime == 0 or request.mobile_node is None:
        return None
    told = rejection_before(
        step, lambda _, given: given.status == BindingStatus.PROXY_REG_NOT_ENABLED
    )
    if told is None:
        return None
    return asked_again(step, told, "a PBU for a mobile node that status 152 refused", options)


@rule(
    "RFC5213-6.9.1.2-155-SAME",
    on="PBU",
    options=HNP,
    configured="grace",
    when=FIRST_ATTEMPT | REJECTIONS,
)
def refused_prefix_is_not_asked_for_again(step: Step, options: RuleOptions) -> Verdict | None:
    """After status 155 the MAG does not ask for the same prefixes again.

    Why it matters: the mobile node may not use them; with ALL_ZERO the LMA would assign others.

    The RFC: section 6.9.1.2: after NOT_AUTHORIZED_FOR_HOME_NETWORK_PREFIX the MAG "SHOULD NOT
    request the same prefix(es) again".

    Example: 2001:db8:1::/64 is refused with 155 and asked for again 5 s later.

    How to mend: ask with one Home Network Prefix option of ALL_ZERO.
    """
    request = request_of(step)
    if request is None or request.lifetime == 0:
        return None
    wanted = set(request.prefixes)
    told = rejection_before(
        step,
        lambda asked, given: (
            given.status == BindingStatus.NOT_AUTHORIZED_FOR_HOME_NETWORK_PREFIX
            and not wanted.isdisjoint(asked.prefixes)
        ),
    )
    if told is None:
        return None
    same = sorted(wanted & set(registration(told.request).prefixes))
    text = f"{', '.join(map(str, same))} is asked for, which status 155 refused"
    return asked_again(step, told, text, options)


@rule("RFC5213-6.9.1.2-157-RETRY", on=CLOCK, when=REJECTIONS)
def registers_again_after_an_old_timestamp(step: Step) -> Verdict | None:
    """After status 157 the MAG registers again.

    Why it matters: the LMA holds a newer PBU, perhaps of a MAG that the mobile node has left. A
    MAG that does not insist leaves the mobile node without service.

    The RFC: section 6.9.1.2: after TIMESTAMP_LOWER_THAN_PREV_ACCEPTED the MAG "SHOULD try to
    register again to reassert the mobile node's presence on its access link."

    Example: status 157, and nothing more from the MAG within 10 s.

    How to mend: send a PBU with the present time, if the mobile node is still attached.
    """
    told = next(
        (
            r
            for r in step.past.rejections
            if registration(r.reply).status == BindingStatus.TIMESTAMP_LOWER_THAN_PREV_ACCEPTED
        ),
        None,
    )
    if told is None or registration(told.request).lifetime == 0:
        return None
    return inconclusive(
        "no PBU within 10 s of status 157",
        "the mobile node may have left, or the PBU may not have been captured",
        party="unknown",
        evidence=(told.moment,),
    )


@rule("RFC5213-6.9.4-RETX", on=CLOCK)
def unanswered_request_is_repeated(step: Step) -> Verdict | None:
    """A registration without an answer is sent again.

    Why it matters: one lost packet leaves the mobile node without service.

    The RFC: section 6.9.4: if the MAG gets no answer in time "it SHOULD retransmit the message
    until a response is received."

    Example: one PBU, no answer within 32 s, and no second attempt.

    How to mend: start INITIAL_BINDACK_TIMEOUT with every PBU. A mobile node that has left is not
    registered again.
    """
    exchange, session, request = step.exchange, step.before, request_of(step)
    if exchange is None or not is_given_up(step) or request is None or session is None:
        return None
    if request.lifetime == 0 or step.context.half_duplex:
        return None
    if len(exchange.attempts) > 1 or session.last_sent is not exchange.request:
        return None
    return inconclusive(
        "the PBU got no answer in time and was not sent again",
        "the mobile node may have left, or messages may not have been captured",
        party="unknown",
        evidence=exchange.attempts,
    )
