"""The states of a binding: which event leads from one to the next."""

from __future__ import annotations

from msgspec import Struct
from rich.console import Console

from pmiptrace.report.page import Column, Page
from pmiptrace.report.style import MUTED, STRONG
from pmiptrace.track.states import TRANSITIONS


class TransitionEntry(Struct, frozen=True, kw_only=True, rename={"before": "from", "after": "to"}):
    """A row of the transition table."""

    before: str
    event: str
    after: str | None
    """Null for the state that the binding had before the request under way."""


def transitions() -> tuple[TransitionEntry, ...]:
    """Give the transition table of bindings (`pmiptrace.track.states`)."""
    return tuple(
        TransitionEntry(
            before=state.value,
            event=event.value,
            after=None if isinstance(after, str) and after not in TRANSITIONS else str(after),
        )
        for state, row in TRANSITIONS.items()
        for event, after in row.items()
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
        after = page.text("→ ", entry.after or ("the state before", MUTED))
        rows.append([page.text(f"  {entry.event}"), after])
    page.table((Column("state, event"), Column("next state")), rows, 0)
