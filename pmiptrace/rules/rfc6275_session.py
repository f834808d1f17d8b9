"""Rules of RFC 6275 on sequence numbers and retransmissions, held against the messages before."""

from __future__ import annotations

from pmiptrace.model import SECOND, Exchange, Message, Moment, Severity, Step
from pmiptrace.rules.history import (
    ORDER,
    OTHER_MAG,
    REORDERING,
    SEQUENCE_TRUST,
    UNSEEN,
    accepted_at,
    age,
    behind,
    between,
    has_any_entry,
    has_entry,
    is_answered_since,
    is_close,
    is_first_attempt,
    is_given_up,
    is_on_its_way,
    is_suspect,
    knows_its_binding,
    last_accepted_at,
    request_of,
)
from pmiptrace.rules.look import (
    complete,
    message_of,
    moment_of,
    request_evidence,
    update_of,
)
from pmiptrace.rules.rule import (
    CLOCK,
    PASS,
    REPLY,
    RuleOptions,
    Verdict,
    fail,
    inconclusive,
    only_if,
    rule,
)
from pmiptrace.rules.situation import FIRST_ATTEMPT, NUMBERED, REJECTIONS, REPEATED, SESSION
from pmiptrace.track.registration import Registration, registration
from pmiptrace.wire.codes import BindingStatus

TIMESTAMP = 27

PATH_DIFFERENCE = 3 * SECOND
"""What was sent over one path may come so much later than what was sent over another."""

LOST_STATE = "a MAG that has lost its state may start at any number"
PATHS = "whether the paths of a mobile node share a counter is not said"


# --------------------------------------------------------------------------- sequence numbers


@rule("RFC6275-9.5.1-SEQ-GREATER", on=(REPLY, CLOCK), when=NUMBERED)
def sequence_number_increases(step: Step) -> Verdict | None:
    """Without timestamps the sequence number is greater than that of the PBU before.

    Why it matters: the LMA rejects the PBU with status 135, and the mobile node waits for another
    round trip.

    The RFC: section 9.5.1: "The Sequence Number field in the Binding Update is greater than the
    Sequence Number received in the previous valid Binding Update for this home address, if any."

    Example: PBU 100 is accepted, then a refresh with number 99 follows.

    How to mend: keep one counter per session, count up by one, and hand it over with the mobile
    node.
    """
    exchange, previous = step.exchange, step.past.previous
    if exchange is None or exchange.request is None or previous is None:
        return None
    message = step.message
    if message is not None and message.kind != "PBA":
        return None
    if exchange.request.kind != "PBU" or not _in_sequence_mode(exchange.request, previous):
        return None
    request, last = registration(exchange.request), registration(previous)
    distance = behind(request.sequence, last.sequence)
    if distance < 0:
        return PASS
    answer = None if message is None else registration(message)
    is_out_of_window = (
        answer is not None and answer.status == BindingStatus.SEQUENCE_NUMBER_OUT_OF_WINDOW
    )
    text = f"sequence number {request.sequence} follows {last.sequence}"
    parts = {
        "evidence": (moment_of(previous), *exchange.attempts[:1]),
        "severity": Severity.WARNING if is_out_of_window else None,
    }
    doubt = _doubt_of_order(step, request, last)
    if doubt is ORDER:
        return None
    if distance > SEQUENCE_TRUST:
        doubt = UNSEEN
    if doubt is None and not knows_its_binding(request):
        doubt = LOST_STATE
    return inconclusive(text, doubt, **parts) if doubt else fail(text, **parts)


def _in_sequence_mode(*messages: Message) -> bool:
    return all(map(_has_only_its_number, messages))


def _has_only_its_number(message: Message) -> bool:
    return not message.has(TIMESTAMP) and complete(message)


def _doubt_of_order(step: Step, request: Registration, last: Registration) -> str | None:
    """Say why two PBUs may not be two of one counter, in this order; None if they are."""
    mag = step.mag
    same_mag = mag is not None and last.care_of_address in mag.addresses
    if not same_mag:
        return OTHER_MAG
    elapsed = between(last.message, request.message)
    if request.bid == last.bid:
        return ORDER if is_close(elapsed) else None
    return PATHS if elapsed is not None and elapsed > PATH_DIFFERENCE else ORDER


def _last_accepted(step: Step) -> tuple[Registration, Moment] | None:
    """Give the PBU that the LMA accepted last for an entry that it still has, and when."""
    session, binding = step.before, step.binding_before
    if session is None or not has_any_entry(session) or is_suspect(session):
        return None
    if binding is not None and has_entry(binding) and binding.last_request is not None:
        since = accepted_at(binding)
        if since is not None:
            return registration(binding.last_request), since
    since = last_accepted_at(session)
    if session.last_accepted is None or since is None:
        return None
    return registration(session.last_accepted), since


@rule(
    "RFC6275-9.5.1-SEQ-ACCEPTED",
    on=REPLY,
    given=lambda shape: only_if(
        shape.is_proxy_pair and shape.accepts and TIMESTAMP not in (shape.asked or ())
    ),
    when=SESSION,
)
def stale_sequence_number_rejected(step: Step) -> Verdict | None:
    """An LMA does not accept a sequence number that is not greater than the last accepted one.

    Why it matters: a PBU that was delayed on its way would put the state of before in place of the
    present one.

    The RFC: section 9.5.1: for a number that is not greater "the receiving node MUST send back a
    Binding Acknowledgement with status code 135".

    Example: PBU 100 is accepted, then PBU 99 is accepted as well.

    How to mend: store the number with the binding, and compare modulo 2^16.
    """
    request, known = request_of(step), _last_accepted(step)
    if request is None or known is None:
        return None
    last, since = known
    if last.message is request.message or not _in_sequence_mode(request.message, last.message):
        return None
    distance = behind(request.sequence, last.sequence)
    if distance < 0:
        return PASS
    text = f"sequence number {request.sequence} is accepted after {last.sequence}"
    evidence = (since, *request_evidence(step))
    doubt = _doubt_of_order(step, request, last)
    sent = request.message.time
    if doubt is ORDER and not (sent is None or since.time is None or sent <= since.time):
        doubt = None  # it was sent when the other had been accepted
    elif doubt is None and (sent is None or since.time is None or sent <= since.time):
        doubt = ORDER  # it may have been accepted first, and its answer be late
    if doubt is None and is_close(age(step, since)):
        doubt = ORDER
    if distance > SEQUENCE_TRUST or not is_answered_since(step, since):
        doubt = UNSEEN
    if doubt is None:
        return fail(text, evidence=evidence)
    return inconclusive(text, doubt, evidence=evidence)


@rule(
    "RFC6275-9.5.1-135-LASTSEQ",
    on=REPLY,
    given=lambda shape: only_if(
        shape.is_proxy_pair
        and shape.status == BindingStatus.SEQUENCE_NUMBER_OUT_OF_WINDOW
        and TIMESTAMP not in (shape.asked or ())
    ),
)
def last_accepted_number_returned(step: Step) -> Verdict | None:
    """A PBA with status 135 carries the last sequence number that was accepted.

    Why it matters: the MAG goes on from that number. With a wrong one it is rejected again.

    The RFC: section 9.5.1: "status code 135, and the last accepted sequence number in the Sequence
    Number field of the Binding Acknowledgement".

    Example: PBU 100 is accepted, PBU 90 is rejected with 135 and number 90.

    How to mend: do not copy the number of the request where the status is 135.
    """
    session, known = step.before, _last_accepted(step)
    if session is None or session.partial or known is None:
        return None
    last, since = known
    if not _in_sequence_mode(last.message):
        return None
    number = registration(message_of(step)).sequence
    # The counter may be one of the binding, of the session or of the mobile node.
    accepted = [b.last_request for b in session.live]
    accepted += [s.last_accepted for s in step.past.others if s.lma == session.lma]
    accepted += [last.message, step.past.accepted]
    numbers = {registration(message).sequence for message in accepted if message is not None}
    if number in numbers:
        return PASS
    text = f"status 135 with number {number}; the last one accepted is {last.sequence}"
    evidence = (since, *request_evidence(step))
    is_impossible = 0 < behind(number, last.sequence) <= SEQUENCE_TRUST
    request = step.exchange.answered if step.exchange is not None else None
    was_last = request is not None and _is_before(since, request)
    if is_impossible and was_last and len(numbers) == 1 and is_answered_since(step, since):
        return fail(text, field="sequence", evidence=evidence)
    return inconclusive(text, UNSEEN, field="sequence", evidence=evidence)


def _is_before(moment: Moment, message: Message) -> bool:
    """Tell whether a moment is earlier than a message, and not by so little that it is unsure."""
    if moment.time is None or message.time is None:
        return False
    return message.time - moment.time >= REORDERING


@rule(
    "RFC6275-11.7.1-135-NEXT",
    on="PBU",
    unless=TIMESTAMP,
    configured="grace",
    when=FIRST_ATTEMPT | REJECTIONS,
)
def next_number_after_rejection(step: Step, options: RuleOptions) -> Verdict | None:
    """After status 135 the MAG goes on with the number behind the one that it was told.

    Why it matters: a number that is still too low is rejected again, and the mobile node has no
    service until the MAG gets it right.

    The RFC: section 11.7.1: the sender "MUST store this information and use the next Sequence
    Number value for the next Binding Update it sends."

    Example: status 135 with number 100; the next PBU has number 92.

    How to mend: set the counter to the number of the PBA, and count on from there.
    """
    message, session, mag = message_of(step), step.before, step.mag
    if mag is None or session is None or not is_first_attempt(step) or not complete(message):
        return None
    told = next((r for r in reversed(step.past.rejections) if r.mag == mag.id), None)
    if told is None or session.last_sent is not told.request or told.request.has(TIMESTAMP):
        return None
    answer = registration(told.reply)
    if answer.status != BindingStatus.SEQUENCE_NUMBER_OUT_OF_WINDOW or is_on_its_way(
        step, told.moment, options
    ):
        return None
    number = update_of(message).sequence
    distance = behind(number, answer.sequence)
    if distance == -1:
        return PASS
    text = f"number {number} after status 135 with {answer.sequence}"
    if distance < 0 and not registration(message).repeats(registration(told.request)):
        return None  # it may be the second one since
    if distance < 0:
        return inconclusive(
            text, UNSEEN, severity=Severity.WARNING, field="sequence", evidence=(told.moment,)
        )
    if distance > SEQUENCE_TRUST or not is_answered_since(step, told.moment):
        return inconclusive(
            text, UNSEEN, severity=Severity.ERROR, field="sequence", evidence=(told.moment,)
        )
    return fail(text, severity=Severity.ERROR, field="sequence", evidence=(told.moment,))


# ------------------------------------------------------------------- answers, retransmissions


@rule("RFC6275-9.5.4-ACK", on=CLOCK)
def request_is_acknowledged(step: Step) -> Verdict | None:
    """A PBU that asks for an acknowledgement gets one.

    Why it matters: without an answer the MAG knows neither prefix nor lifetime, and the mobile
    node has no service.

    The RFC: section 9.5.4: "If the Acknowledge (A) bit is set in the Binding Update, a Binding
    Acknowledgement MUST be sent."

    Example: three attempts within 7 s, and nothing from the LMA.

    How to mend: see whether the PBU reached the LMA, and whether its answer reached the place of
    capture: an LMA has no number of its own that would show it.
    """
    exchange = step.exchange
    if not is_given_up(step) or exchange is None or exchange.request is None:
        return None
    message = exchange.request
    if message.defects or message.checksum_correct is False or message.payload_proto != 59:
        return None
    if not update_of(message).acknowledge or step.context.half_duplex:
        return None
    request = registration(message)
    if request.lifetime == 0 and not _may_deregister(step, request):
        return None
    tries = len(exchange.attempts)
    return inconclusive(
        f"the PBU with sequence number {request.sequence} got no answer, in {tries}"
        f" attempt{'s' if tries != 1 else ''}",
        "the PBU may not have reached the LMA, nor its answer the place of capture",
        party="unknown",
        evidence=exchange.attempts[:8],
        severity=None if tries > 1 else Severity.INFO,
    )


def _may_deregister(step: Step, request: Registration) -> bool:
    """Tell whether the LMA has a binding that a de-registration is about, and must answer it.

    It ignores one from another care-of address, or for no session (RFC 5213 sections 5.3.5 and
    5.4.1).
    """
    session = step.before
    if session is None:
        return False
    return any(
        has_entry(b) and b.care_of_address == request.care_of_address for b in session.bindings
    )


@rule("RFC6275-11.8-BACKOFF", on="PBU", configured="initial_timeout", when=REPEATED)
def interval_doubles(step: Step, options: RuleOptions) -> Verdict | None:
    """The time between retransmissions doubles with each of them.

    Why it matters: an LMA that is too slow gets slower when all its MAGs repeat at a fixed pace.

    The RFC: section 11.8: retransmissions "MUST use an exponential back-off process in which the
    timeout period is doubled upon each retransmission, until either the node receives a response
    or the timeout period reaches the value MAX_BINDACK_TIMEOUT."

    Example: attempts at 0 s, 1 s, 2 s and 3 s.

    How to mend: begin with INITIAL_BINDACK_TIMEOUT of 1 s, double up to 32 s.
    """
    exchange = step.exchange
    if exchange is None or len(exchange.attempts) < 2 or exchange.attempts[-1] != step.moment:
        return None
    if not all(map(complete, _requests(exchange))):
        return None  # they may be about different mobile nodes
    if step.context.half_duplex or step.past.lma_sets_timers is not None:
        return None
    if not complete(message_of(step)):
        return None  # what was cut off may tell the two apart
    times = [attempt.time for attempt in exchange.attempts if attempt.time is not None]
    if len(times) != len(exchange.attempts):
        return None
    if not times[0] < times[1] <= times[0] + options.first_gap_max:
        return None
    gap, so_far = times[-1] - times[-2], times[-2] - times[0]
    number, seconds = len(times), gap / SECOND
    if number == 2:
        if gap >= options.at_least(options.initial_timeout):
            return PASS
        return inconclusive(
            f"first retransmission after {seconds:.3f} s; the timer starts at"
            f" {options.initial_timeout / SECOND:g} s",
            "an answer to the first that was not captured may have brought about the second",
            severity=Severity.WARNING,
            evidence=exchange.attempts[:1],
        )
    if gap >= options.at_least(min(so_far, options.max_timeout)):
        return PASS
    text = (
        f"attempt {number} came {seconds:.3f} s after the one before; the attempts before took"
        f" {so_far / SECOND:.3f} s"
    )
    before = times[-2] - times[-3]
    if abs(gap - before) > before // 20:
        # Not a timer that stands still: what makes a MAG register anew comes at any time.
        why = "an event, or an answer that was not captured, may have brought it about"
        return inconclusive(text, why, evidence=exchange.attempts[-9:-1])
    return fail(text, evidence=exchange.attempts[-9:-1])


def _requests(exchange: Exchange) -> tuple[Message, ...]:
    """Give the first attempt and the last one."""
    return tuple(m for m in (exchange.request, exchange.answered) if m is not None)


@rule("RFC6275-11.8-FRESH-SEQ", on="PBU")
def retransmission_is_fresh(step: Step) -> Verdict | None:
    """A retransmission has a greater sequence number, or the latest timestamp.

    Why it matters: the LMA takes an attempt that looks older than the one before for a delayed
    one, and rejects it.

    The RFC: section 11.8: "Retransmitted Binding Updates MUST use a Sequence Number value greater
    than that used for the previous transmission of this Binding Update." RFC 5213 section 6.9.4:
    they "MUST use the latest timestamp" where timestamps are in use.

    Example: the same octets again after 1 s.

    How to mend: build the message anew for every attempt.
    """
    message = message_of(step)
    earlier = step.past.repeated or _same_octets_before(step)
    if earlier is None or message.checksum_correct is False or not complete(message):
        return None
    last, attempt = registration(earlier), registration(message)
    if attempt.timestamp is not None and last.timestamp is not None:
        if attempt.timestamp > last.timestamp:
            return PASS
        which = "the same" if attempt.timestamp == last.timestamp else "an older"
        text = f"retransmitted with {which} timestamp"
        doubt = None
    elif _in_sequence_mode(message, earlier):
        distance = behind(attempt.sequence, last.sequence)
        if distance < 0:
            return PASS
        text = f"retransmitted with sequence number {attempt.sequence} after {last.sequence}"
        doubt = UNSEEN if distance > SEQUENCE_TRUST else None
    else:
        return None
    evidence = (moment_of(earlier),)
    if is_close(between(earlier, message)):
        doubt = ORDER
    return inconclusive(text, doubt, evidence=evidence) if doubt else fail(text, evidence=evidence)


def _same_octets_before(step: Step) -> Message | None:
    """Give the PBU that is sent again octet by octet, though it was answered.

    The answer may not have reached the MAG; it has to build the message anew all the same.
    """
    sent, session, past = message_of(step).datagram, step.before, step.past
    last = session.last_sent if session is not None else None
    for earlier in (past.sent_by_mag, last, past.accepted):
        if earlier is not None:
            known = earlier.datagram
            if known.payload == sent.payload and known.source == sent.source:
                return earlier
    return None


@rule("RFC6275-11.8-RATE", on="PBU", configured="update_rate")
def update_rate_is_kept(step: Step, options: RuleOptions) -> Verdict | None:
    """A MAG sends at most three PBUs within a second for one mobile node.

    Why it matters: a burst of PBUs for one mobile node is mostly a loop in the MAG. The text's
    limit holds for all mobile nodes together; so strictly no MAG of any size can keep it.

    The RFC: section 11.8: the sender "MUST NOT send Mobility Header messages of a particular type
    to a particular correspondent node more than MAX_UPDATE_RATE times within a second."

    Example: five PBUs for one mobile node within 200 ms.

    How to mend: find out what triggers the PBUs. Several paths registered at once are harmless.
    """
    requests, limit = step.past.requests, options.update_rate
    if len(requests) <= limit:
        return PASS if requests else None
    if not _is_burst(requests[-1 - limit :]):
        return PASS
    if len(requests) > limit + 1 and _is_burst(requests[-2 - limit : -1]):
        return None  # the burst was reported
    return fail(
        f"{limit + 1} PBUs for the mobile node within a second",
        evidence=requests[-1 - limit : -1],
    )


def _is_burst(requests: tuple[Moment, ...]) -> bool:
    first, last = requests[0].time, requests[-1].time
    return first is not None and last is not None and 0 <= last - first < SECOND
