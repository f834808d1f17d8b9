"""Rules of RFC 7077 on Update Notifications (UPN) and their acknowledgements (UPA)."""

from __future__ import annotations

from collections.abc import Callable

from pmiptrace.address import address_text
from pmiptrace.model import (
    SECOND,
    ExchangeKind,
    Message,
    Notified,
    Option,
    Session,
    Severity,
    Step,
)
from pmiptrace.rules.history import (
    ORDER,
    REORDERING,
    SEQUENCE_TRUST,
    UNSEEN,
    age,
    behind,
    is_first_attempt,
)
from pmiptrace.rules.look import complete, is_reply, message_of, moment_of, pair, request_evidence
from pmiptrace.rules.peers import (
    DELAYED,
    UNCERTAIN_REQUEST,
    answering,
    elsewhere,
    interval,
    is_near_sender,
    milliseconds,
    no_answer,
    sent,
    sequence_of,
    unanswered,
    unmatched,
)
from pmiptrace.rules.rule import (
    CLOCK,
    PASS,
    REPLY,
    RuleOptions,
    Shape,
    Verdict,
    fail,
    inconclusive,
    only_if,
    rule,
)
from pmiptrace.rules.situation import NOTIFIED
from pmiptrace.track.peering import is_same_request
from pmiptrace.wire.codes import NOTIFICATION_REASON, NotificationReason
from pmiptrace.wire.messages.rfc7077 import (
    UpdateNotification,
    UpdateNotificationAcknowledgement,
)
from pmiptrace.wire.options.rfc4283 import MnIdentifier
from pmiptrace.wire.options.rfc6602 import MnGroupIdentifier

MN_ID = 8
VENDOR_SPECIFIC = 19
GROUP_ID = 50
ACCESS_NETWORK = 52

RESERVED_REASONS = (0, 255)
MISSING_VENDOR_SPECIFIC_OPTION = 129
"""UPA status (RFC 7077 section 4.2)."""

OVERTAKING = 5 * SECOND
"""Within this time one message may have overtaken another."""
GIVEN_UP = 32 * SECOND
"""After this long a notification is not repeated any more."""

NOT_HEARD = "whether the notification reached the MAG is not known"
NOT_SEEN = "the PBU may have been lost, or have taken a way that was not captured"


def _notification(message: Message | None) -> UpdateNotification | None:
    """Give the fixed part of a UPN; None if it is too short for one."""
    body = None if message is None else message.body
    return body if isinstance(body, UpdateNotification) else None


def _answer(step: Step) -> UpdateNotificationAcknowledgement | None:
    """Give the fixed part of a UPA; None if it is too short for one."""
    body = message_of(step).body
    return body if isinstance(body, UpdateNotificationAcknowledgement) else None


def _is_answer(shape: Shape) -> bool:
    return shape.kind == "UPA" and shape.request == "UPN"


# ----------------------------------------------------------------------- the notification alone


@rule("RFC7077-4.1-REASON", on="UPN")
def reason_is_defined(step: Step) -> Verdict | None:
    """The Notification Reason of a UPN is one that is defined.

    Why it matters: the MAG cannot know what it has to do.

    The RFC: section 5: the field "MUST be set to a specific value that identifies the reason";
    section 4.1 says of 0 and 255: "This value is currently reserved and cannot be used."

    Example: reason 0 in a UPN that only carries new parameters.

    How to mend: use 2 for new session parameters, 1 to have the session registered again. A value
    that is not registered may be newer than this program.
    """
    body = _notification(message_of(step))
    if body is None:
        return None
    reason = body.reason
    if reason in RESERVED_REASONS:
        return fail(f"Notification Reason {reason} is reserved", field="reason")
    if reason in NOTIFICATION_REASON:
        return PASS
    text = f"Notification Reason {reason} is not registered"
    return fail(text, field="reason", severity=Severity.INFO)


@rule("RFC7077-4.1-RESERVED", on="UPN")
def reserved_in_notification(step: Step) -> Verdict | None:
    """The reserved bits of a UPN are zero.

    Why it matters: a later specification may give them a meaning.

    The RFC: section 4.1: "The value MUST be initialized to 0 by the sender".

    Example: the octets behind A and D are those of the message sent before.

    How to mend: clear the 14 bits behind A and D.
    """
    return _judge_reserved(_notification(message_of(step)))


@rule("RFC7077-4.2-RESERVED", on="UPA")
def reserved_in_acknowledgement(step: Step) -> Verdict | None:
    """The reserved bits of a UPA are zero.

    Why it matters: a later specification may give them a meaning.

    The RFC: section 4.2: "The value MUST be initialized to 0 by the sender".

    Example: a Status Code written as 32 bits in the order of a little-endian host.

    How to mend: clear the three octets behind the Status Code.
    """
    return _judge_reserved(_answer(step))


def _judge_reserved(
    body: UpdateNotification | UpdateNotificationAcknowledgement | None,
) -> Verdict | None:
    if body is None:
        return None
    if body.reserved == 0:
        return PASS
    return fail(f"reserved bits 0x{body.reserved:04x}", field="reserved")


@rule("RFC7077-5-MNID-OR-GROUP", on="UPN", unless=(MN_ID, GROUP_ID))
def notification_names_sessions(step: Step) -> Verdict | None:
    """A UPN names a mobile node or a group of them.

    Why it matters: without it the MAG does not know which sessions it is about.

    The RFC: section 5: the message "MUST include either the Mobile Node Identifier option
    [RFC4283] or the Mobile Node Group Identifier option [RFC6602]."

    Example: a UPN for all sessions of a MAG, without any option.

    How to mend: for all sessions send the Mobile Node Group Identifier option with group 1.
    """
    if not complete(message_of(step)):
        return None
    return fail("the UPN has neither a Mobile Node Identifier (8) nor a Group Identifier (50)")


@rule("RFC7077-5.1-A-RECOMMENDED", on="UPN")
def no_acknowledgement_for_registration(step: Step) -> Verdict | None:
    """A UPN that asks for a PBU does not ask for an acknowledgement, too.

    Why it matters: the PBU is acknowledgement enough.

    The RFC: section 5.1: for reasons 1 and 4 "it is RECOMMENDED that the (A) flag be set to a
    value of (0)."

    Example: FORCE-REREGISTRATION with A=1: a UPA and a PBU come back.

    How to mend: clear the flag, unless the status of the UPA is of use.
    """
    body = _notification(message_of(step))
    if body is None or body.reason not in (
        NotificationReason.FORCE_REREGISTRATION,
        NotificationReason.ANI_PARAMS_REQUESTED,
    ):
        return None
    if not body.acknowledge:
        return PASS
    name = NOTIFICATION_REASON[body.reason]
    return fail(f"A=1 with reason {body.reason}, {name}", field="acknowledge")


@rule("RFC7077-4.1-DIR", on="UPN")
def notification_comes_from_the_lma(step: Step) -> Verdict | None:
    """A UPN is sent by an LMA.

    Why it matters: an LMA does not expect the message, and has no answer to it.

    The RFC: section 4.1: "It is used by the local mobility anchor to notify the mobile access
    gateway".

    Example: a MAG sends a UPN to tell its LMA of a new access network.

    How to mend: a MAG tells its LMA by a PBU.
    """
    return _direction(step, "MAG", "LMA")


@rule("RFC7077-4.2-DIR", on="UPA")
def acknowledgement_comes_from_the_mag(step: Step) -> Verdict | None:
    """A UPA is sent by a MAG.

    Why it matters: a MAG has sent no UPN that the message could answer.

    The RFC: section 4.2: "The mobile access gateway sends this message in order to acknowledge
    that it has received an Update Notification message".

    Example: an LMA acknowledges a UPN of a MAG.

    How to mend: find out which of the two began in the wrong role.
    """
    return _direction(step, "LMA", "MAG")


def _direction(step: Step, wrong: str, right: str) -> Verdict | None:
    """Judge what the sender is for the receiver, as registrations showed it."""
    message, peering = message_of(step), step.peering
    if peering.sender_role == right or right in peering.sender_roles:
        return PASS
    if wrong not in peering.sender_roles:
        return None
    text = f"{message.kind} of {address_text(message.source)}, which is a {wrong}"
    if peering.sender_role == wrong:
        return fail(text)
    return inconclusive(
        text, f"it may be the {right} of this peer, of whose registrations none was seen"
    )


# --------------------------------------------------------------------------- the acknowledgement


@rule("RFC7077-6.1-ACK", on=(REPLY, CLOCK), given=lambda shape: answering("UPN", shape))
def notification_acknowledged(step: Step) -> Verdict | None:
    """A UPN with A=1 is answered, by a UPA or by a Binding Error.

    Why it matters: the LMA repeats itself, and never learns whether the MAG did what it asked.

    The RFC: section 6.1: with the (A) flag set "the mobile access gateway MUST send an Update
    Notification Acknowledgement message".

    Example: an LMA sends a UPN twice, and nothing comes back.

    How to mend: look for drops on the way, by IPsec policies without MH Types 19 and 20 above all.
    """
    exchange = unanswered(step, ExchangeKind.NOTIFICATION)
    body = None if exchange is None else _notification(exchange.answered)
    if exchange is None or body is None or not body.acknowledge:
        return None
    return no_answer(
        exchange,
        f"the UPN with sequence number {body.sequence} and A=1 was sent {sent(exchange)}; no UPA"
        " was seen",
    )


@rule("RFC7077-6.2-SEQ", on="UPA")
def acknowledgement_has_the_number(step: Step) -> Verdict | None:
    """A UPA has the sequence number of the UPN that it answers.

    Why it matters: the LMA discards an answer that matches none of its notifications.

    The RFC: section 6.2: "The Sequence Number MUST be the same as the Sequence Number from the
    received Update Notification message."

    Example: UPN 41 is answered by UPA 1, from a counter of the MAG's own.

    How to mend: copy the number.
    """
    if is_reply(step):
        return PASS
    body = _answer(step)
    return None if body is None else unmatched(step, body.sequence)


@rule("RFC7077-6.2-ADDR", on="UPA")
def acknowledgement_goes_back(step: Step) -> Verdict | None:
    """A UPA goes from where the UPN went to, back to where it came from.

    Why it matters: the LMA, and the security association between the two, expect the answer from
    the address that was notified.

    The RFC: section 6.2: the source "MUST be set to the destination IP address of the received
    Update Notification message", the destination to its source.

    Example: the UPN went to a MAG's LTE address, the UPA comes from its WLAN address.

    How to mend: answer from the address that the notification was sent to.
    """
    reply, body = message_of(step), _answer(step)
    if body is None:
        return None
    request = pair(step)[0] if is_reply(step) else elsewhere(step, body.sequence)
    if request is None:
        return None
    if reply.source == request.destination and reply.destination == request.source:
        return PASS
    text = (
        f"UPA from {address_text(reply.source)} to {address_text(reply.destination)}; the UPN went"
        f" from {address_text(request.source)} to {address_text(request.destination)}"
    )
    evidence = (moment_of(request),)
    if request.datagram.ports is not None:
        return inconclusive(text, "a NAT may have changed the addresses", evidence=evidence)
    if is_reply(step):
        return fail(text, evidence=evidence)
    return inconclusive(text, UNCERTAIN_REQUEST, evidence=evidence)


@rule("RFC7077-6.2-MNID-OR-GROUP", on=REPLY, given=lambda shape: only_if(_is_answer(shape)))
def acknowledgement_names_sessions(step: Step) -> Verdict | None:
    """A UPA names the mobile node or the group that the UPN named.

    Why it matters: by it the LMA knows which sessions the status is about.

    The RFC: section 6.2: the message "MUST contain either the Mobile Node Identifier option or the
    Mobile Node Group Identifier option, copied from the Update Notification message."

    Example: a UPA with a status and no option.

    How to mend: copy option 8, or option 50, from the UPN.
    """
    request, reply = pair(step)
    if not complete(request) or not complete(reply):
        return None
    asked = _named(request)
    if not asked:
        return None
    given = _named(reply)
    if not given:
        if reply.has(MN_ID) or reply.has(GROUP_ID):
            return None
        return fail(
            "the UPA has neither a Mobile Node Identifier (8) nor a Group Identifier (50)",
            evidence=request_evidence(step),
        )
    for option in given:
        if not any(option == other for other in asked):
            return fail(
                "the UPA names others than the UPN",
                option=option,
                evidence=request_evidence(step),
            )
    return PASS


def _named(message: Message) -> list[Option]:
    return [o for o in message.options if isinstance(o, MnIdentifier | MnGroupIdentifier)]


@rule("RFC7077-6.1-VENDOR", on=REPLY, given=lambda shape: only_if(_is_answer(shape)))
def missing_vendor_option_told(step: Step) -> Verdict | None:
    """A UPN for a vendor's reason without the vendor's option is answered by status 129.

    Why it matters: the LMA would believe that something was done.

    The RFC: section 6.1: without the option, and with the (A) flag set, the MAG "MUST send an
    Update Notification Acknowledgement message with a status code value of 129
    (MISSING-VENDOR-SPECIFIC-OPTION)."

    Example: reason 3, no option 19, and a UPA with status 0.

    How to mend: have the MAG check for option 19, and the LMA send it.
    """
    request, _ = pair(step)
    body, answer = _notification(request), _answer(step)
    if body is None or answer is None:
        return None
    if body.reason != NotificationReason.VENDOR_SPECIFIC_REASON or not body.acknowledge:
        return None
    if request.has(VENDOR_SPECIFIC) or not complete(request):
        return None
    if answer.status == MISSING_VENDOR_SPECIFIC_OPTION:
        return PASS
    return fail(
        f"status {answer.status} for a UPN of reason 3 without option 19",
        field="status",
        evidence=request_evidence(step),
    )


# ---------------------------------------------------------------------------- retransmissions


@rule("RFC7077-4.1-D", on="UPN")
def retransmission_marked(step: Step) -> Verdict | None:
    """A UPN that is sent again says so by D=1, and is otherwise the same; a first one has D=0.

    Why it matters: the MAG tells by number and flag what it has handled before.

    The RFC: section 4.1: the flag "MUST be cleared when sending a request for the first time for a
    given Sequence Number; otherwise, the sender MUST set this flag." Section 5.2: "the Sequence
    Number value and other message contents MUST be the same".

    Example: UPN 41 is sent twice with D=0.

    How to mend: set the flag, and nothing else, in every further attempt.
    """
    exchange, message = step.exchange, message_of(step)
    body = _notification(message)
    if exchange is None or exchange.request is None or body is None:
        return None
    if is_first_attempt(step):
        if not body.retransmission:
            return PASS
        if step.context.warmup:
            return None
        return inconclusive(
            f"D=1 in the first UPN with sequence number {body.sequence} that was seen",
            "the attempt before may not have been captured",
            field="retransmission",
            severity=Severity.WARNING,
        )
    request = exchange.request
    same, evidence = is_same_request(message, request), (exchange.attempts[0],)
    if body.retransmission:
        if same:
            return PASS
        if not complete(message) or not complete(request):
            return None
        return fail(
            f"D=1, but the first UPN with sequence number {body.sequence} had other contents",
            field="retransmission",
            evidence=evidence,
        )
    gap = interval(step)
    first = _notification(request)
    was_first = len(exchange.attempts) == 2 and first is not None and not first.retransmission
    if not same or not was_first or gap is None:
        # Another notification, or the first attempt that its retransmission has overtaken.
        return None
    text = f"D=0 in a UPN that was sent {milliseconds(gap)} before"
    if gap < REORDERING:
        return inconclusive(text, DELAYED, field="retransmission", evidence=evidence)
    return fail(text, field="retransmission", evidence=evidence)


@rule("RFC7077-5.2-RETX-DELAY", on="UPN", configured="notification_delay")
def retransmission_waits(step: Step, options: RuleOptions) -> Verdict | None:
    """A UPN is repeated after a second, and once.

    Why it matters: repeats that come too soon meet a MAG that is about to answer.

    The RFC: section 5.2: "There MUST be a minimum delay" between two retransmissions, "with a
    default value of 1000 milliseconds"; section 7 suggests 500 to 5000 ms, and 0 to 5 repeats, by
    default 1.

    Example: the same UPN three times within 300 ms.

    How to mend: set MIN_DELAY_BETWEEN_UPDATE_NOTIFICATION_REPLAY.
    """
    exchange, gap, message = step.exchange, interval(step), message_of(step)
    if exchange is None or gap is None or exchange.request is None:
        return None
    body, first = _notification(message), _notification(exchange.request)
    if body is None or first is None:
        return None
    if not is_same_request(message, exchange.request):
        return None
    if len(exchange.attempts) == 2 and first.retransmission and not body.retransmission:
        return None  # the retransmission has overtaken the first attempt
    text, evidence = f"the UPN was repeated after {milliseconds(gap)}", exchange.attempts[:-1][-8:]
    shortest = min(options.notification_delay_min, options.notification_delay)
    if gap < options.at_least(shortest):
        if gap < REORDERING or not is_near_sender(step):
            return inconclusive(text, DELAYED, evidence=evidence)
        return fail(text, evidence=evidence)
    if gap < options.at_least(options.notification_delay):
        due = milliseconds(options.notification_delay)
        return inconclusive(
            text, f"the delay may be configured to less than {due}", evidence=evidence
        )
    retries = options.notification_retries
    if len(exchange.attempts) > 1 + retries:
        return fail(
            f"attempt {len(exchange.attempts)} of a UPN; it is repeated {retries}"
            f" time{'s' if retries != 1 else ''} by default",
            severity=Severity.INFO,
            evidence=evidence,
        )
    return PASS


@rule("RFC7077-5.1-SEQ-MONO", on="UPN")
def sequence_number_grows(step: Step) -> Verdict | None:
    """Each new UPN to a MAG has a greater sequence number than the one before.

    Why it matters: a MAG takes a number that it knows for a repeat, and does nothing.

    The RFC: section 5.1: the number "MUST be initialized to a random number and increased
    monotonically for subsequent messages", and is wrapped around to 0.

    Example: UPN 41, and a minute later UPN 40 for another mobile node.

    How to mend: take the numbers from one counter.
    """
    previous, message = step.peering.previous, message_of(step)
    body = _notification(message)
    elapsed = age(step, previous)
    if previous is None or body is None or body.retransmission or elapsed is None:
        return None
    if is_same_request(message, previous) and elapsed <= GIVEN_UP:
        return None
    last = sequence_of(previous)
    distance = behind(body.sequence, last)
    if distance < 0:
        return PASS
    text = f"sequence number {body.sequence} after {last}"
    parts = {"field": "sequence", "evidence": (moment_of(previous),)}
    if elapsed < OVERTAKING:
        return inconclusive(text, ORDER, **parts)
    if distance > SEQUENCE_TRUST:
        return inconclusive(text, "an LMA that restarted begins at a random number", **parts)
    return fail(text, **parts)


@rule("RFC7077-5.2-BE-STOP", on="UPN", configured="first_registration_timeout")
def unsupported_notification_is_given_up(step: Step, options: RuleOptions) -> Verdict | None:
    """A MAG that does not know notifications gets no more of them.

    Why it matters: the LMA must reach its end by other means, such as a revocation.

    The RFC: section 5.2: after a Binding Error with status 2 the LMA "MUST NOT send any further
    Update Notification messages to that mobile access gateway unless an administrative action is
    taken."

    Example: an old MAG answers each UPN by a Binding Error.

    How to mend: switch notifications off for this MAG, or update it.
    """
    refused, previous = step.peering.refused, step.peering.previous
    body = _notification(message_of(step))
    if refused is None or previous is None or body is None or body.retransmission:
        return None
    if not is_first_attempt(step):
        return None
    elapsed = age(step, refused)
    if elapsed is None or elapsed < options.retransmission_window:
        return None
    text = "a UPN to a MAG that answered an earlier one by Binding Error, status 2"
    if (body.sequence - sequence_of(previous)) % 65536 == 1:
        return fail(text, evidence=(refused,))
    return inconclusive(
        text, "the LMA may have restarted, or been told to try again", evidence=(refused,)
    )


# -------------------------------------------------------------------- what a notification asks


@rule("RFC7077-6.1-FORCE-REREG", on=("PBU", CLOCK), configured="reregistration", when=NOTIFIED)
def session_registered_anew(step: Step, options: RuleOptions) -> Verdict | None:
    """After FORCE-REREGISTRATION a MAG registers the session anew.

    Why it matters: the LMA has parameters for the session that the MAG does not get otherwise.

    The RFC: section 6.1: for reason 1 "the mobile access gateway MUST send a Proxy Binding Update
    message to the local mobility anchor and obtain the updated session parameters".

    Example: the UPA says success, and the next PBU is the refresh ten minutes later.

    How to mend: send the PBU at once; its Handoff Indicator is 5.
    """
    asked = NotificationReason.FORCE_REREGISTRATION
    if step.message is None:
        return _not_registered(step, asked, _is_sent_since, options)
    found = _first_since(step, asked)
    if found is None:
        return None
    notified, elapsed = found
    if elapsed <= options.reregistration:
        return PASS
    text = f"the PBU comes {elapsed / SECOND:.1f} s after the UPN that asks for it"
    return _neglected(step, notified, text, options)


@rule("RFC7077-6.1-ANI", on=("PBU", CLOCK), configured="reregistration", when=NOTIFIED)
def access_network_told(step: Step, options: RuleOptions) -> Verdict | None:
    """After ANI-PARAMS-REQUESTED a MAG sends a PBU with the Access Network Identifier option.

    Why it matters: the LMA waits for it, to choose a policy or to charge.

    The RFC: section 6.1: for reason 4 the MAG "MUST send a Proxy Binding Update message to the
    local mobility anchor with the Access Network Identifier option [RFC6757]."

    Example: the UPA says success; the PBU comes without option 52.

    How to mend: add option 52 with what the MAG knows of the access network.
    """
    asked = NotificationReason.ANI_PARAMS_REQUESTED
    if step.message is None:
        return _not_registered(step, asked, _is_told_since, options)
    found = _first_since(step, asked)
    if found is None:
        return None
    notified, elapsed = found
    if step.message.has(ACCESS_NETWORK):
        return PASS
    if elapsed <= options.reregistration or not complete(step.message):
        return None
    text = f"no option 52 in the PBU that comes {elapsed / SECOND:.1f} s after the UPN for it"
    return _neglected(step, notified, text, options)


def _first_since(step: Step, reason: int) -> tuple[Notified, int] | None:
    """Give the notification that asks for this PBU, and its age, if no other PBU came since."""
    session, exchange = step.before, step.exchange
    notified = session.notified if session is not None else None
    if session is None or exchange is None or notified is None or notified.reason != reason:
        return None
    elapsed = age(step, notified.moment)
    is_refused = notified.status is not None and notified.status >= 128
    if elapsed is None or is_refused or notified.mag != exchange.mag:
        return None
    if not is_first_attempt(step) or not session.live or _is_sent_since(session, notified):
        return None
    return notified, elapsed


def _is_sent_since(session: Session, notified: Notified) -> bool:
    last, since = session.last_sent, notified.moment
    if last is None or last.time is None or since.time is None:
        return False
    return last.time >= since.time - REORDERING


def _is_told_since(session: Session, notified: Notified) -> bool:
    last = session.last_sent
    return last is not None and _is_sent_since(session, notified) and last.has(ACCESS_NETWORK)


def _neglected(step: Step, notified: Notified, text: str, options: RuleOptions) -> Verdict:
    parts = {
        "evidence": (notified.moment,),
        "exchange": notified.exchange,
        "severity": _gravity(step, notified, options),
    }
    if notified.status is None:
        return inconclusive(text, NOT_HEARD, party="unknown", **parts)
    if not step.proven_since(notified.moment):
        return inconclusive(text, UNSEEN, party="unknown", **parts)
    return fail(text, **parts)


def _not_registered(
    step: Step, reason: int, is_done: Callable[[Session, Notified], bool], options: RuleOptions
) -> Verdict | None:
    """Judge at the moment when the PBU is overdue."""
    exchange, session = step.exchange, step.before
    notified = session.notified if session is not None else None
    if exchange is None or session is None or notified is None or notified.reason != reason:
        return None
    if exchange.id != notified.exchange or (exchange.closed and exchange.reply is None):
        return None
    if not session.live or (notified.status is not None and notified.status >= 128):
        return None
    if is_done(session, notified):
        return PASS
    elapsed = age(step, notified.moment)
    if elapsed is None or step.context.half_duplex:
        return None
    what = " with option 52" if reason == NotificationReason.ANI_PARAMS_REQUESTED else ""
    return inconclusive(
        f"no PBU{what} was seen within {elapsed / SECOND:.0f} s after the UPN that asks for it",
        NOT_HEARD if notified.status is None else NOT_SEEN,
        party="unknown",
        evidence=(notified.moment,),
        severity=_gravity(step, notified, options),
    )


def _gravity(step: Step, notified: Notified, options: RuleOptions) -> Severity | None:
    elapsed = age(step, notified.moment)
    agreed = notified.status is not None and notified.status < 128
    is_forced = notified.reason == NotificationReason.FORCE_REREGISTRATION
    is_overdue = elapsed is not None and elapsed >= options.reregistration_overdue
    return Severity.ERROR if agreed and is_forced and is_overdue else None
