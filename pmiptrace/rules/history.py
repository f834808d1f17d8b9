"""What session rules ask of what came before a step: how long ago, how sure, in what order."""

from __future__ import annotations

from collections.abc import Callable

from pmiptrace.model import (
    MILLISECOND,
    SECOND,
    Binding,
    BindingState,
    Message,
    Moment,
    Rejection,
    Session,
    Step,
)
from pmiptrace.rules.look import once_per_step
from pmiptrace.rules.rule import RuleOptions, Verdict, fail, inconclusive
from pmiptrace.track.registration import Registration, registration
from pmiptrace.track.states import Event
from pmiptrace.wire.codes import HandoffIndicatorValue as Handoff
from pmiptrace.wire.messages import BindingUpdate
from pmiptrace.wire.options.rfc5213 import HandoffIndicator, Timestamp

REORDERING = 100 * MILLISECOND
"""Messages captured closer to each other may have been sent, or handled, in the other order."""
SEQUENCE_TRUST = 1000
"""A number so far behind cannot be that of a MAG whose messages in between were missed: they
would have had to wrap around."""

# Names of a module are found faster than those of a class, and these are asked for all the time.
_PENDING, _DEREG_PENDING = BindingState.PENDING, BindingState.DEREG_PENDING
_SUSPECT = BindingState.SUSPECT
_REQUEST, _DEREG_REQUEST = Event.REQUEST, Event.DEREG_REQUEST
_ACCEPTED, _SEEN_IN_USE = Event.ACCEPTED, Event.SEEN_IN_USE
_NOT_CHANGED = int(Handoff.NOT_CHANGED)

UNSEEN = "the MAG's sequence numbers leave room for messages that the capture lacks"
OTHER_MAG = "what another MAG sent in between may not have been captured"
ADMINISTRATOR = "an administrative action may have come between"
LOST = "it may be a retransmission by a MAG that the answer did not reach"
ORDER = "the two messages may have been handled in another order than they were captured"


def is_first_attempt(step: Step) -> bool:
    """Tell whether the message opens its exchange."""
    exchange = step.exchange
    if exchange is None or not exchange.attempts:
        return False
    return exchange.attempts[0] == step.moment


def is_given_up(step: Step) -> bool:
    """Tell whether it is the moment of the clock at which a PBU is given up."""
    exchange = step.exchange
    return (
        step.message is None
        and exchange is not None
        and exchange.reply is None
        and exchange.closed
        and exchange.request is not None
        and exchange.request.kind == "PBU"
    )


def request_of(step: Step) -> Registration | None:
    """Give the PBU that the step sends, answers or gives up; the attempt that is answered."""
    exchange = step.exchange
    request = None if exchange is None else exchange.answered
    if request is None or type(request.body) is not BindingUpdate:
        return None
    return registration(request)


def proven(step: Step, since: Moment | None, message: str, **parts: object) -> Verdict:
    """Accuse if nothing was missed since the state that the rule relies on was set."""
    parts.setdefault("evidence", () if since is None or since.frame is None else (since,))
    if step.proven_since(since) and not _is_open_elsewhere(step, since):
        return fail(message, **parts)
    return inconclusive(message, UNSEEN, **parts)


def _is_open_elsewhere(step: Step, since: Moment | None) -> bool:
    """Tell whether a request that made a session of its own has no answer since that moment.

    It may have been one for this session: a request without a prefix does not tell.
    """
    node = step.before.mobile_node if step.before is not None else None
    return any(
        other.mobile_node == node
        and other.unanswered is not None
        and since is not None
        and other.unanswered.ordinal >= since.ordinal
        for other in step.past.others
    )


def is_answered_since(step: Step, since: Moment | None) -> bool:
    """Tell whether no exchange of the session since that moment lacks its answer."""
    session = step.before
    if since is None or session is None:
        return False
    return session.unanswered is None or session.unanswered.ordinal < since.ordinal


def age(step: Step, since: Moment | Message | None) -> int | None:
    """Give the nanoseconds since a moment; None where either has no time."""
    if since is None or since.time is None or step.moment.time is None:
        return None
    return step.moment.time - since.time


def between(earlier: Message, later: Message) -> int | None:
    """Give the nanoseconds from one message to another; None where either has no time."""
    if earlier.time is None or later.time is None:
        return None
    return later.time - earlier.time


def is_close(nanoseconds: int | None) -> bool:
    """Tell whether so little time lies between two messages that their order is not sure."""
    return nanoseconds is None or nanoseconds < REORDERING


def is_on_its_way(step: Step, since: Moment | None, options: RuleOptions) -> bool:
    """Tell whether a PBU may have been sent before the MAG had the answer of that moment."""
    elapsed = age(step, since)
    return elapsed is None or elapsed < options.grace


def is_suspect(session: Session) -> bool:
    """Tell whether the LMA may have restarted since, and forgotten a binding of the session."""
    for binding in session.bindings:
        if binding.state is _SUSPECT or (binding.shadow is _SUSPECT and binding.state.is_live):
            return True
    return False


def has_live_binding(session: Session) -> bool:
    """Tell whether the LMA forwards traffic over a binding of the session."""
    return any(binding.state.is_live for binding in session.bindings)


def has_any_entry(session: Session) -> bool:
    """Tell whether the LMA has an entry for a binding of the session."""
    return any(map(has_entry, session.bindings))


def has_entry(binding: Binding) -> bool:
    """Tell whether the LMA has an entry for a binding.

    One that is being de-registered has none if it was gone before.
    """
    if binding.state is _DEREG_PENDING:
        for transition in reversed(binding.history):
            if transition.event == _DEREG_REQUEST:
                return transition.before.is_live
    return binding.state.is_live


def accepted_at(binding: Binding | None) -> Moment | None:
    """Give when a binding was accepted last, if that was seen.

    None as well if it was gone since, and what brought it back was not seen.
    """
    if binding is not None:
        for transition in reversed(binding.history):
            event = transition.event
            if event == _ACCEPTED:
                return transition.moment
            if event == _SEEN_IN_USE:
                return None
    return None


def ended_at(binding: Binding) -> Moment | None:
    """Give the last message that moved a binding."""
    for transition in reversed(binding.history):
        if transition.moment.frame is not None:
            return transition.moment
    return None


def last_accepted_at(session: Session) -> Moment | None:
    """Give when a PBU of a session was accepted last, if that was seen."""
    moments = [m for m in map(accepted_at, session.bindings) if m is not None]
    return max(moments, key=lambda moment: moment.ordinal, default=None)


def behind(number: int, last: int) -> int:
    """Give how far a sequence number is behind the last one; 0 if equal, negative if greater.

    Numbers are compared modulo 2^16: one up to 32768 behind is not greater (RFC 6275 9.5.1).
    """
    ahead = (number - last) % 65536
    return -ahead if 0 < ahead < 32768 else (last - number) % 65536


def timestamp_of(message: Message) -> int | None:
    """Give the timestamp of a PBU, in units of 1/65536 s; eight zero octets are none."""
    option = message.first(Timestamp)
    return option.timestamp or None if option is not None else None


def knows_its_binding(request: Registration) -> bool:
    """Tell whether a PBU shows that its MAG has not lost its state: it names a binding it has."""
    return request.lifetime == 0 or request.handoff_indicator == _NOT_CHANGED


@once_per_step
def first_request(step: Step) -> Message | None:
    """Give the PBU that registered the step's binding anew, if it was seen."""
    binding = step.binding_before
    if binding is None:
        return None
    first, begun = binding.first_request, requested_at(binding)
    if first is None or begun is None or first.frame.number != begun.frame:
        return None
    handoff = first.first(HandoffIndicator)
    is_renewal = handoff is not None and handoff.indicator == _NOT_CHANGED
    return None if is_renewal else first


def requested_at(binding: Binding) -> Moment | None:
    """Give when the binding was asked for that is there now, if that was seen."""
    for transition in reversed(binding.history):
        if transition.after is _PENDING and transition.event == _REQUEST:
            return transition.moment
    return None


def rejection_before(
    step: Step, fits: Callable[[Registration, Registration], bool]
) -> Rejection | None:
    """Give the last rejection of this MAG, for this mobile node, whose PBU and PBA fit."""
    if step.mag is None or not is_first_attempt(step):
        return None
    for told in reversed(step.past.rejections):
        if told.mag == step.mag.id and fits(registration(told.request), registration(told.reply)):
            return told
    return None


def asked_again(step: Step, told: Rejection, text: str, options: RuleOptions) -> Verdict | None:
    """Judge a PBU that comes although the answer to an earlier one should have stopped it."""
    request = request_of(step)
    if request is None or is_on_its_way(step, told.moment, options):
        return None
    elapsed = age(step, told.moment)
    if elapsed is None:
        return None
    refused = registration(told.request)
    is_retry = request.repeats(refused) or request.care_of_address != refused.care_of_address
    # Each wait is twice the one before (RFC 6275 section 11.8): the next is about as long as all
    # that went before the attempt that was answered, and the first.
    waited = min((told.request.time or 0) - (told.asked.time or 0), options.max_timeout)
    if elapsed <= options.at_most(max(waited, 0)) + options.retransmission_window and is_retry:
        return None  # the answer may not have reached the MAG, which tries again, or another path
    # Earlier attempts of a request that was the fifth, say, would show as a gap before it.
    is_run_older = step.context.contiguous_since < told.asked.ordinal
    is_within = elapsed <= options.max_timeout + options.retransmission_window
    if is_retry and is_within and not is_run_older:
        return inconclusive(text, LOST, evidence=(told.moment,))
    text = f"{text} {elapsed / SECOND:.3f} s before"
    if elapsed > options.administrative_action:
        return inconclusive(text, ADMINISTRATOR, evidence=(told.moment,))
    return proven(step, told.moment, text)
