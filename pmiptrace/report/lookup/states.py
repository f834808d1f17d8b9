"""The states of a binding: what they mean, and which event leads from one to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct
from rich.console import Console

from pmiptrace.model import BindingState
from pmiptrace.report.lookup.terms import TermEntry, write_meaning, write_rules
from pmiptrace.report.page import Column, Page
from pmiptrace.report.style import MUTED, STRONG
from pmiptrace.report.words import joined
from pmiptrace.track.states import TRANSITIONS, Event, returns
from pmiptrace.track.terms import EVENTS, STATES

_BEFORE = "the state before"
_TRAFFIC = {True: "the LMA forwards over it", False: "the LMA forwards none over it"}


class TransitionEntry(Struct, frozen=True, kw_only=True, rename={"before": "from", "after": "to"}):
    """A row of the transition table."""

    before: str
    event: str
    after: str | None
    """Null for the state that the binding had before the request under way."""


def transitions() -> tuple[TransitionEntry, ...]:
    """Give the transition table of bindings (`pmiptrace.track.states`)."""
    return tuple(row for state in TRANSITIONS for row in _leaving(state))


def _leaving(state: BindingState) -> Iterator[TransitionEntry]:
    for event, after in TRANSITIONS[state].items():
        yield TransitionEntry(
            before=state.value,
            event=event.value,
            after=after.value if isinstance(after, BindingState) else None,
        )


def write_states(console: Console) -> None:
    """Write the transition table: for each state the events, and the state they lead to."""
    page = Page(console)
    page.line("What moves a binding from one state to the next, as the LMA must see it.")
    page.line("An event that a state has no line for leaves the state as it is.")
    page.blank()
    rows = []
    last = None
    for entry in transitions():
        if entry.before != last:
            rows.append([page.text((entry.before, STRONG)), page.text()])
            last = entry.before
        after = page.text("→ ", entry.after or (_BEFORE, MUTED))
        rows.append([page.text(f"  {entry.event}"), after])
    page.table((Column("state, event"), Column("next state")), rows, 0)


# ------------------------------------------------------------------------------ one of them


class StateEntry(TermEntry, frozen=True, kw_only=True):
    """A state of a binding."""

    live: bool
    """Whether the LMA forwards traffic over a binding in this state."""
    traffic: str
    """The same in words."""
    comes_from: tuple[TransitionEntry, ...]
    """What leads to it from another state."""
    returns_from: tuple[TransitionEntry, ...]
    """What leads back to it after a request that found it so and changed nothing."""
    leads_to: tuple[TransitionEntry, ...]
    events: dict[str, str]
    """What the events mean that these name."""


def states() -> tuple[StateEntry, ...]:
    """Give the states of a binding."""
    return tuple(map(_state, STATES))


def _state(state: BindingState) -> StateEntry:
    term, leaving = STATES[state], tuple(_leaving(state))
    ways = [
        (before, event)
        for before, row in TRANSITIONS.items()
        for event, after in row.items()
        if after is state and before is not state
    ]
    arriving, returning = _arriving(state, ways), _arriving(state, returns(state))
    return StateEntry(
        name=state.public_name,
        constant=state.name,
        meaning=term.meaning,
        told_by=None,
        advice=term.advice or None,
        references=term.references,
        rules=term.rules,
        live=state.is_live,
        traffic=term.traffic or _TRAFFIC[state.is_live],
        comes_from=arriving,
        returns_from=returning,
        leads_to=leaving,
        events={r.event: EVENTS[Event(r.event)] for r in (*arriving, *returning, *leaving)},
    )


def _arriving(
    state: BindingState, ways: Iterable[tuple[BindingState, Event]]
) -> tuple[TransitionEntry, ...]:
    return tuple(
        TransitionEntry(before=before.value, event=event.value, after=state.value)
        for before, event in ways
    )


def write_state(page: Page, entry: StateEntry) -> None:
    """Write what is known of a state."""
    write_meaning(page, entry, "state of a binding", ("Traffic", entry.traffic))
    page.heading("What leads to it")
    ways = [("from ", row.event, row.before) for row in entry.comes_from]
    ways += [("back from ", row.event, row.before) for row in entry.returns_from]
    _write_ways(page, entry, ways)
    page.heading("What it leads to", "anything else leaves it as it is")
    _write_ways(page, entry, [("→ ", row.event, row.after or _BEFORE) for row in entry.leads_to])
    write_rules(page, entry)


def _write_ways(page: Page, entry: StateEntry, ways: Iterable[tuple[str, str, str]]) -> None:
    """Write a line for each event, with the states at the other end and what it means."""
    others: dict[tuple[str, str], list[str]] = {}
    for sign, event, state in ways:
        others.setdefault((sign, event), []).append(state)
    page.table(
        (Column(), Column(), Column(lower=1, least=36)),
        [
            [
                page.text((event, STRONG)),
                page.text((sign, MUTED), joined(states)),
                page.text(entry.events[event]),
            ]
            for (sign, event), states in others.items()
        ],
        2,
    )
