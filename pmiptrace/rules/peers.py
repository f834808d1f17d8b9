"""What rules ask of the exchanges between two peers that are no registrations."""

from __future__ import annotations

from pmiptrace.model import Exchange, ExchangeKind, Message, Moment, Step
from pmiptrace.rules.look import is_reply, message_of, moment_of
from pmiptrace.rules.rule import Need, Shape, Verdict, inconclusive

UNCERTAIN_ANSWER = "the answer may have been lost, or have taken a way that was not captured"
UNCERTAIN_REQUEST = "the request may not have been captured"
DELAYED = "packets may have drawn closer together on their way to the place of capture"

_INITIAL_HOP_LIMITS = (64, 128, 255)


def answering(request: str, shape: Shape) -> Need:
    """Count a rule about missing answers as kept by every answer to such a request."""
    return Need.KEPT if shape.request == request else Need.NONE


def unanswered(step: Step, kind: ExchangeKind) -> Exchange | None:
    """Give the exchange of a kind that the step gives up, if both directions were captured."""
    exchange = step.exchange
    if step.message is not None or exchange is None or exchange.kind is not kind:
        return None
    if not exchange.closed or exchange.reply is not None or step.context.half_duplex:
        return None
    return exchange


def no_answer(exchange: Exchange, message: str) -> Verdict:
    """Suspect that somebody did not answer; nothing seen is no proof, and accuses nobody."""
    return inconclusive(message, UNCERTAIN_ANSWER, party="unknown", evidence=exchange.attempts[-8:])


def sent(exchange: Exchange) -> str:
    """Say how often a request was sent."""
    tries = len(exchange.attempts)
    return "once" if tries == 1 else f"{tries} times"


def unmatched(step: Step, number: int) -> Verdict | None:
    """Suspect an answer of a wrong number while requests with other numbers await theirs.

    Without any request to compare with, or with one of that number to or from another address,
    there is nothing to say.
    """
    if is_reply(step) or step.exchange is not None or step.context.warmup:
        return None
    asked = [m for m in (e.answered for e in step.outstanding) if m is not None]
    numbers = [sequence_of(message) for message in asked]
    if not asked or number in numbers:
        return None
    listed = ", ".join(map(str, numbers))
    return inconclusive(
        f"sequence number {number}; the requests that await an answer have {listed}",
        UNCERTAIN_REQUEST,
        field="sequence",
        party="unknown",
        evidence=tuple(map(moment_of, asked)),
    )


def elsewhere(step: Step, number: int) -> Message | None:
    """Give the request with the number of an unpaired answer, to or from another address."""
    if is_reply(step) or step.exchange is not None:
        return None
    for exchange in step.outstanding:
        request = exchange.answered
        if request is not None and sequence_of(request) == number:
            return request
    return None


def sequence_of(message: Message) -> int:
    """Give the sequence number of a message that is known to have one."""
    number: int = message.body.sequence  # type: ignore[attr-defined]
    return number


def interval(step: Step) -> int | None:
    """Give the nanoseconds between the last two attempts; None where either has no time."""
    exchange = step.exchange
    if exchange is None or len(exchange.attempts) < 2:
        return None
    return between(exchange.attempts[-2], exchange.attempts[-1])


def between(earlier: Moment, later: Moment) -> int | None:
    """Give the nanoseconds from one moment to another; None where either has no time."""
    if earlier.time is None or later.time is None:
        return None
    return later.time - earlier.time


def is_near_sender(step: Step) -> bool:
    """Tell whether the message was captured before any router: intervals are as they were sent."""
    datagram = message_of(step).datagram
    return datagram.hop_limit in _INITIAL_HOP_LIMITS and not datagram.encapsulation


def milliseconds(nanoseconds: int) -> str:
    """Write a time as people do."""
    return f"{nanoseconds / 1_000_000:.0f} ms"
