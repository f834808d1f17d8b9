"""Rules of RFC 5847 on Heartbeat messages."""

from __future__ import annotations

from pmiptrace.model import SECOND, ExchangeKind, Message, Step
from pmiptrace.rules.history import age, is_first_attempt
from pmiptrace.rules.look import (
    complete,
    find,
    is_reply,
    message_of,
    moment_of,
)
from pmiptrace.rules.peers import (
    answering,
    no_answer,
    sent,
    sequence_of,
    unanswered,
    unmatched,
)
from pmiptrace.rules.rule import (
    ANY,
    CLOCK,
    PASS,
    REPLY,
    RuleOptions,
    Verdict,
    fail,
    inconclusive,
    rule,
)
from pmiptrace.wire.messages.rfc5847 import Heartbeat
from pmiptrace.wire.options.rfc5847 import RestartCounter

RESTART_COUNTER = 28

OVERTAKING = 5 * SECOND
"""Within this time one message may have overtaken another."""
NUMBERS = 2**32


def _heartbeat(step: Step) -> Heartbeat | None:
    """Give the fixed part of a Heartbeat; None if it is too short for one."""
    body = message_of(step).body
    return body if isinstance(body, Heartbeat) else None


def _request(step: Step) -> Heartbeat | None:
    body = _heartbeat(step)
    return None if body is None or body.response else body


def _response(step: Step) -> Heartbeat | None:
    body = _heartbeat(step)
    return body if body is not None and body.response else None


def _previous(step: Step) -> tuple[Message, int] | None:
    """Give the sender's request before this new one, and by how much the number has grown."""
    previous, body = step.peering.previous, _request(step)
    if previous is None or body is None or not is_first_attempt(step):
        return None
    return previous, (body.sequence - sequence_of(previous)) % NUMBERS


# ------------------------------------------------------------------------- the message alone


@rule("RFC5847-3.4-RC-IN-REQUEST", on=ANY, options=RESTART_COUNTER)
def restart_counter_in_response(step: Step) -> Verdict | None:
    """The Restart Counter option stands in Heartbeat Responses and nowhere else.

    Why it matters: nobody looks for it elsewhere, so a restart that it tells of goes unnoticed.

    The RFC: section 3.4: "The Restart Counter mobility option is only valid in a Heartbeat
    Response message."

    Example: a MAG puts the option into its Heartbeat Requests.

    How to mend: send it in responses, asked for or not.
    """
    message = message_of(step)
    option = next((o for o in message.options if type(o) is RestartCounter), None)
    if not isinstance(message.body, Heartbeat):
        return fail(f"Restart Counter option (28) in a {message.kind}", option=option)
    if message.body.response:
        return PASS
    return fail("Restart Counter option (28) in a Heartbeat Request", option=option)


@rule("RFC5847-3.2-RC-MISSING", on="HB", unless=RESTART_COUNTER)
def restart_counter_sent(step: Step) -> Verdict | None:
    """A Heartbeat Response has the Restart Counter option.

    Why it matters: without it a peer does not learn that the responder restarted, and keeps
    bindings that the other end has lost.

    The RFC: section 3.2: a node "includes a Restart Counter mobility option, described in Section
    3.4, in a Heartbeat Response message".

    Example: a response that is the request with R set.

    How to mend: keep a counter over restarts, and send it.
    """
    if _response(step) is None or not complete(message_of(step)):
        return None
    return fail("the Heartbeat Response has no Restart Counter option (28)")


@rule("RFC5847-3.3-U", on="HB")
def unsolicited_is_a_response(step: Step) -> Verdict | None:
    """The U flag is set in responses only.

    Why it matters: the receiver cannot tell whether it has to answer.

    The RFC: section 3.3: "Set to 1 in Unsolicited Heartbeat Response. Otherwise, set to 0."

    Example: U=1 and R=0, since the two bits were swapped.

    How to mend: set R with U; R is the last bit.
    """
    body = _heartbeat(step)
    if body is None:
        return None
    if body.unsolicited and not body.response:
        return fail("U=1 with R=0", field="unsolicited")
    return PASS


@rule("RFC5847-3.3-RESERVED", on="HB")
def reserved_in_heartbeat(step: Step) -> Verdict | None:
    """The reserved bits of a Heartbeat are zero.

    Why it matters: a later specification may give them a meaning.

    The RFC: section 3.3: "Set to 0 and ignored by the receiver."

    Example: the flags are written into the first octet in place of the second.

    How to mend: clear the 14 bits before U and R.
    """
    body = _heartbeat(step)
    if body is None:
        return None
    if body.reserved == 0:
        return PASS
    return fail(f"reserved bits 0x{body.reserved:04x}", field="reserved")


# ------------------------------------------------------------------------------ the exchange


@rule("RFC5847-3-RESPOND", on=(REPLY, CLOCK), given=lambda shape: answering("HB", shape))
def heartbeat_answered(step: Step) -> Verdict | None:
    """A Heartbeat Request is answered, by a response or by a Binding Error.

    Why it matters: after a few missing answers the peer counts as lost, and all bindings with it.

    The RFC: section 3: "A PMIPv6 node MUST respond to a Heartbeat Request message with a Heartbeat
    Response message, irrespective of whether there is an active Binding Cache entry."

    Example: a MAG without bindings stays silent.

    How to mend: answer every request. If the peer does answer, look for drops on the way.
    """
    exchange = unanswered(step, ExchangeKind.HEARTBEAT)
    if exchange is None or exchange.answered is None:
        return None
    number = sequence_of(exchange.answered)
    return no_answer(
        exchange,
        f"the Heartbeat Request with sequence number {number} was sent {sent(exchange)}; no answer"
        " was seen",
    )


@rule("RFC5847-3-SEQ", on="HB")
def response_matches_request(step: Step) -> Verdict | None:
    """A Heartbeat Response has the sequence number of its request.

    Why it matters: the initiator counts the heartbeat as missing.

    The RFC: section 3: the number of the last request "is used to match the corresponding
    Heartbeat Response."

    Example: request 17 is answered by response 18.

    How to mend: copy the number.
    """
    body = _response(step)
    if body is None or body.unsolicited:
        return None
    return PASS if is_reply(step) else unmatched(step, body.sequence)


# ------------------------------------------------------------------------------ the initiator


@rule("RFC5847-3-BE-STOP", on="HB", configured="first_registration_timeout")
def unsupported_heartbeat_is_given_up(step: Step, options: RuleOptions) -> Verdict | None:
    """A peer that does not know heartbeats gets no more of them.

    Why it matters: they do no harm, but the missing answers may be taken for a lost peer.

    The RFC: section 3: after a Binding Error with status 2 the initiator "MUST NOT use Heartbeat
    messages with the other end again."

    Example: an old MAG answers each Heartbeat Request by a Binding Error.

    How to mend: switch heartbeats off for this peer, or update it.
    """
    refused, found = step.peering.refused, _previous(step)
    if refused is None or found is None:
        return None
    elapsed = age(step, refused)
    if elapsed is None or elapsed < options.retransmission_window:
        return None
    text = "a Heartbeat Request to a peer that answered an earlier one by Binding Error, status 2"
    if found[1] == 1:
        return fail(text, evidence=(refused,))
    return inconclusive(
        text, "the initiator may have lost its state, or the peer have learned", evidence=(refused,)
    )


@rule("RFC5847-3-INTERVAL", on="HB", configured="heartbeat_interval_min")
def interval_is_sane(step: Step, options: RuleOptions) -> Verdict | None:
    """Heartbeats to one peer come at most every 30 seconds, and at least every hour.

    Why it matters: too many load the path; too few do not find a lost peer in time.

    The RFC: section 5 on HEARTBEAT_INTERVAL: "It SHOULD NOT be set to less than 30 seconds or more
    than 3600 seconds." A MAG whose LMA sets its timers takes the interval from there, whatever that
    is (RFC 8127 section 5.2); it is not judged.

    Example: a Heartbeat Request every 5 seconds.

    How to mend: set HEARTBEAT_INTERVAL; its default is 60 seconds.
    """
    found = _previous(step)
    if found is None:
        return None
    if step.peering.sender_role != "LMA" and step.past.lma_sets_timers is not None:
        return None
    previous, grown = found
    elapsed = age(step, previous)
    if elapsed is None or elapsed < 0 or grown == 0:
        return None
    text = f"{elapsed / SECOND:.1f} s after the last Heartbeat Request to this peer"
    evidence = (moment_of(previous),)
    if elapsed > options.at_most(options.heartbeat_interval_max):
        return inconclusive(
            text, "without a binding in between no heartbeats are due", evidence=evidence
        )
    if elapsed >= options.at_least(options.heartbeat_interval_min):
        return PASS
    if not step.peering.previous_was_answered:
        return None
    if grown == 1:
        return fail(text, evidence=evidence)
    return inconclusive(text, "the initiator may have restarted", evidence=evidence)


@rule("RFC5847-3-NO-BINDING", on="HB")
def heartbeat_needs_a_binding(step: Step) -> Verdict | None:
    """Heartbeats go between peers that share a binding.

    Why it matters: with none, there is nothing that a lost peer would put in doubt.

    The RFC: section 3: without an entry for a mobile node of the MAG "the Heartbeat message SHOULD
    NOT be sent", and so from the LMA "if there is no active Binding Cache entry created by the
    MAG."

    Example: the last mobile node of a MAG was de-registered minutes ago; heartbeats go on.

    How to mend: stop the timer with the last binding.
    """
    if _request(step) is None or step.context.warmup or step.peering.has_binding is None:
        return None
    if step.peering.has_binding:
        return PASS
    return inconclusive(
        "a Heartbeat Request, though all bindings seen between the two are over",
        "there may be bindings from before the capture",
    )


# ------------------------------------------------------------------------------- restarts


@rule("RFC5847-3.2-RESTART-MONO", on="HB", options=RESTART_COUNTER)
def restart_counter_grows(step: Step) -> Verdict | None:
    """The Restart Counter of a node never gets less.

    Why it matters: a counter that begins anew can by chance have the value of before, and the
    restart goes unnoticed.

    The RFC: section 3.2: every node "MUST maintain a monotonically increasing Restart Counter",
    which "MUST be treated as state that is preserved across reboots."

    Example: responses say 7, and after a reboot 1.

    How to mend: keep the counter in storage that survives a reboot.
    """
    grown = _counter_growth(step)
    if grown is None:
        return None
    if grown < NUMBERS // 2:
        return PASS
    since = step.peering.restart_counter_since
    assert since is not None
    option = find(step, RestartCounter)
    assert option is not None
    text = f"Restart Counter {option.restart_counter} after {step.peering.restart_counter}"
    parts = {"option": option, "field": "restart_counter", "evidence": (since,)}
    elapsed = age(step, since)
    if elapsed is None or elapsed < OVERTAKING:
        return inconclusive(text, "one response may have overtaken the other", **parts)
    return fail(text, **parts)


@rule("RFC5847-3.2-RESTART-EVENT", on="HB", options=RESTART_COUNTER)
def peer_restart_told(step: Step) -> Verdict | None:
    """A node says that it has restarted and lost its sessions.

    Why it matters: all its bindings are in doubt until they are registered anew.

    The RFC: section 3.2: "If the value is different, the receiving node assumes that the peer
    PMIPv6 node had crashed and recovered."

    Example: responses say 7, from some moment on 8.

    How to mend: find out why the node restarted.
    """
    grown = _counter_growth(step)
    if grown is None or grown >= NUMBERS // 2:
        return None
    if grown == 0:
        return PASS
    option, since = find(step, RestartCounter), step.peering.restart_counter_since
    assert option is not None
    return fail(
        f"Restart Counter {option.restart_counter} after {step.peering.restart_counter}",
        option=option,
        field="restart_counter",
        evidence=() if since is None else (since,),
    )


def _counter_growth(step: Step) -> int | None:
    """Give by how much the sender's Restart Counter has grown, modulo 2^32."""
    option, before = find(step, RestartCounter), step.peering.restart_counter
    if option is None or before is None or _response(step) is None:
        return None
    return (option.restart_counter - before) % NUMBERS
