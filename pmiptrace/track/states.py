"""The states of a binding and what moves it from one to the next.

Theory of operation
-------------------
A binding is one entry of the LMA's binding cache (RFC 5213 section 5.1), or with RFC 8278 one
path of it, seen from outside: the tracker watches requests and answers and keeps the state that
the LMA must be in. The MAG's update list differs by the time that messages travel.

A registration makes a binding PENDING; its acceptance makes it ACTIVE. A live binding with a
request under way is REFRESHING, or DEREG_PENDING when the request has lifetime 0. A rejected or
unanswered request changes nothing at the LMA, so the binding returns to the state it had before,
which it keeps as its *shadow*. An accepted de-registration leaves the entry in place for
MinDelayBeforeBCEDelete (RFC 5213 section 5.3.5): DEREG_WAIT, then NONE. A lifetime that runs out
makes it EXPIRED; another binding that takes its place makes it REPLACED; a revocation
(RFC 5846) REVOKING, then REVOKED. A restart of the peer (RFC 5847) leaves it SUSPECT, as nobody
told whether it still exists. ASSUMED is a binding that the capture shows in use, but not how it
was accepted.

An event that a state has no entry for leaves the state as it is: a late de-registration from the
MAG before a handover, for one, does not touch the REPLACED binding (RFC 5213 section 5.3.5).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from pmiptrace.model import BindingState, direct


@direct
class Event(StrEnum):
    """What happens to a binding."""

    REQUEST = "PBU"
    DEREG_REQUEST = "PBU, lifetime 0"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ANOTHER_SESSION = "accepted as another session"
    DEREG_ACCEPTED = "de-registration accepted"
    BULK_DEREG_ACCEPTED = "bulk de-registration accepted"
    DEREG_REJECTED = "de-registration rejected"
    SEEN_IN_USE = "seen in use"
    EXTENDED = "extended by a bulk refresh"
    SUPERSEDED = "superseded"
    RETRACTED = "acceptance taken back"
    UNANSWERED = "no answer"
    DEREG_UNANSWERED = "de-registration unanswered"
    UNKNOWN_DEREG_UNANSWERED = "de-registration of an unknown binding unanswered"
    LIFETIME_OVER = "lifetime over"
    DELETE_DELAY_OVER = "delete delay over"
    REVOCATION = "BRI"
    REVOKED = "revocation accepted"
    REVOCATION_REFUSED = "revocation refused"
    REVOCATION_UNKNOWN = "revocation of an unknown binding"
    REVOCATION_UNANSWERED = "revocation unanswered"
    PEER_RESTARTED = "peer restarted"
    PEER_LOST = "peer silent"

    __hash__ = str.__hash__  # that of Enum calls Python code, for each look into a table


S = BindingState
E = Event

SHADOW = "shadow"
"""As a target: the state that the binding had before the request under way."""

TRANSITIONS: dict[BindingState, dict[Event, BindingState | str]] = {
    S.NONE: {
        E.REQUEST: S.PENDING,
        E.DEREG_REQUEST: S.DEREG_PENDING,
        E.SEEN_IN_USE: S.ASSUMED,
        E.ACCEPTED: S.ACTIVE,
    },
    S.PENDING: {
        E.ACCEPTED: S.ACTIVE,
        E.SEEN_IN_USE: S.ASSUMED,
        E.REJECTED: S.REJECTED,
        E.DEREG_REQUEST: S.DEREG_PENDING,
        E.UNANSWERED: S.PENDING_TIMEOUT,
    },
    S.ACTIVE: {
        E.REQUEST: S.REFRESHING,
        E.ACCEPTED: S.ACTIVE,
        # A second answer to the same request, with a rejection this time.
        E.RETRACTED: S.REJECTED,
        E.EXTENDED: S.ACTIVE,
        E.DEREG_REQUEST: S.DEREG_PENDING,
        E.DEREG_ACCEPTED: S.DEREG_WAIT,
        E.SUPERSEDED: S.REPLACED,
        E.LIFETIME_OVER: S.EXPIRED,
        E.REVOCATION: S.REVOKING,
        E.PEER_RESTARTED: S.SUSPECT,
        E.PEER_LOST: S.SUSPECT,
    },
    S.REFRESHING: {
        E.ACCEPTED: S.ACTIVE,
        E.REJECTED: SHADOW,
        # The request named no prefix, and got another one.
        E.ANOTHER_SESSION: SHADOW,
        E.EXTENDED: S.REFRESHING,
        E.DEREG_REQUEST: S.DEREG_PENDING,
        # The answer to a de-registration that was sent before the refresh under way.
        E.DEREG_ACCEPTED: S.PENDING,
        E.BULK_DEREG_ACCEPTED: S.PENDING,
        E.SUPERSEDED: S.REPLACED,
        E.UNANSWERED: SHADOW,
        E.LIFETIME_OVER: S.EXPIRED,
        E.REVOCATION: S.REVOKING,
        E.PEER_RESTARTED: S.SUSPECT,
        E.PEER_LOST: S.SUSPECT,
    },
    S.ASSUMED: {
        E.REQUEST: S.REFRESHING,
        E.ACCEPTED: S.ACTIVE,
        E.EXTENDED: S.ASSUMED,
        E.DEREG_REQUEST: S.DEREG_PENDING,
        E.DEREG_ACCEPTED: S.DEREG_WAIT,
        E.SUPERSEDED: S.REPLACED,
        E.LIFETIME_OVER: S.EXPIRED,
        E.REVOCATION: S.REVOKING,
        E.PEER_RESTARTED: S.SUSPECT,
        E.PEER_LOST: S.SUSPECT,
    },
    S.SUSPECT: {
        E.REQUEST: S.REFRESHING,
        E.ACCEPTED: S.ACTIVE,
        E.DEREG_REQUEST: S.DEREG_PENDING,
        E.DEREG_ACCEPTED: S.DEREG_WAIT,
        E.SUPERSEDED: S.REPLACED,
        E.LIFETIME_OVER: S.EXPIRED,
        E.REVOCATION: S.REVOKING,
        E.REVOKED: S.REVOKED,
        E.REVOCATION_UNKNOWN: S.NONE,
        E.REVOCATION_UNANSWERED: S.REVOKED,
    },
    S.DEREG_PENDING: {
        E.REQUEST: S.REFRESHING,
        E.DEREG_ACCEPTED: S.DEREG_WAIT,
        E.BULK_DEREG_ACCEPTED: S.DEREG_WAIT,
        E.DEREG_REJECTED: SHADOW,
        E.SUPERSEDED: S.REPLACED,
        # Whether the LMA removed the entry is unknown; the MAG did, after a second
        # (RFC 5213 section 6.9.1.4).
        E.DEREG_UNANSWERED: S.SUSPECT,
        E.UNKNOWN_DEREG_UNANSWERED: S.PENDING_TIMEOUT,
        E.LIFETIME_OVER: S.EXPIRED,
        E.REVOCATION: S.REVOKING,
        E.PEER_RESTARTED: S.SUSPECT,
        E.PEER_LOST: S.SUSPECT,
    },
    S.DEREG_WAIT: {
        E.REQUEST: S.PENDING,
        E.ACCEPTED: S.ACTIVE,
        E.SEEN_IN_USE: S.ASSUMED,
        E.DELETE_DELAY_OVER: S.NONE,
    },
    S.REVOKING: {
        # The MAG registered while the revocation was on its way (RFC 5846 section 8.1).
        E.ACCEPTED: S.ACTIVE,
        E.DEREG_ACCEPTED: S.DEREG_WAIT,
        E.REVOKED: S.REVOKED,
        E.REVOCATION_REFUSED: S.ACTIVE,
        E.REVOCATION_UNKNOWN: S.NONE,
        E.REVOCATION_UNANSWERED: S.REVOKED,
        E.SUPERSEDED: S.REPLACED,
        E.LIFETIME_OVER: S.EXPIRED,
        E.PEER_RESTARTED: S.SUSPECT,
        E.PEER_LOST: S.SUSPECT,
    },
    # Entries that are gone. An acceptance that comes after the lifetime ran out, or after the
    # request was given up, still answers a request, and makes a binding.
    S.EXPIRED: {
        E.REQUEST: S.PENDING,
        E.ACCEPTED: S.ACTIVE,
        E.SEEN_IN_USE: S.ASSUMED,
        E.DEREG_ACCEPTED: S.DEREG_WAIT,
    },
    S.REPLACED: {E.REQUEST: S.PENDING, E.ACCEPTED: S.ACTIVE, E.SEEN_IN_USE: S.ASSUMED},
    S.REJECTED: {E.REQUEST: S.PENDING, E.ACCEPTED: S.ACTIVE, E.SEEN_IN_USE: S.ASSUMED},
    S.REVOKED: {E.REQUEST: S.PENDING, E.ACCEPTED: S.ACTIVE, E.SEEN_IN_USE: S.ASSUMED},
    S.PENDING_TIMEOUT: {
        E.REQUEST: S.PENDING,
        E.DEREG_REQUEST: S.DEREG_PENDING,
        E.ACCEPTED: S.ACTIVE,
        E.SEEN_IN_USE: S.ASSUMED,
        E.REJECTED: S.REJECTED,
    },
}


# Python 3.11 takes 0.1 µs to find a member of an enumeration by its name.
_REQUESTS = (E.REQUEST, E.DEREG_REQUEST)
_REQUESTED = (S.REFRESHING, S.DEREG_PENDING, S.PENDING)
_DEREG_PENDING = S.DEREG_PENDING


def next_state(state: BindingState, event: Event, shadow: BindingState) -> BindingState:
    """Give the state that follows an event; the same state if it does not touch the binding."""
    target = TRANSITIONS[state].get(event, state)
    return shadow if target is SHADOW else target  # type: ignore[return-value]


def next_shadow(state: BindingState, event: Event, shadow: BindingState) -> BindingState:
    """Give the state to fall back to after an event.

    A request keeps the state it found, and a second request the one that the first had found. An
    acceptance that overtakes a de-registration under way is what that would fall back to.
    """
    if event in _REQUESTS:
        return shadow if state in _REQUESTED else state
    if state is _DEREG_PENDING and event is Event.ACCEPTED:
        return S.ACTIVE
    return shadow


def returns(state: BindingState) -> Iterator[tuple[BindingState, Event]]:
    """Give what leads back to a state that a request found: the state meanwhile, and the event."""
    asked = {TRANSITIONS[state].get(event) for event in _REQUESTS}
    for meanwhile, row in TRANSITIONS.items():
        if meanwhile in asked and state not in _REQUESTED:
            yield from ((meanwhile, event) for event in row if row[event] is SHADOW)


def diagram() -> Iterator[str]:
    """Give the lines of a Mermaid state diagram of the table, for the documentation."""
    yield "stateDiagram-v2"
    yield "    [*] --> NONE"
    yield '    state "the state before" as SHADOW'
    for state, target, events in _arrows():
        if target is not state:
            name = target.name if isinstance(target, BindingState) else "SHADOW"
            yield f"    {state.name} --> {name}: {events}"


def table() -> Iterator[str]:
    """Give the lines of a Markdown table of all transitions, for the documentation."""
    yield "| From | Event | To |"
    yield "|---|---|---|"
    for state, target, events in _arrows():
        name = target.name if isinstance(target, BindingState) else "the state before"
        yield f"| {state.name} | {events} | {name} |"


def _arrows() -> Iterator[tuple[BindingState, BindingState | str, str]]:
    """Give each state with each of its next states and the events that lead there."""
    for state, row in TRANSITIONS.items():
        for target in dict.fromkeys(row.values()):
            yield state, target, " / ".join(event for event in row if row[event] == target)
