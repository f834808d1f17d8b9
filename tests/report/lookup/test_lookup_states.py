"""The table of states: that it is the tracker's."""

from __future__ import annotations

from lookup_page import console, text

from pmiptrace.report.lookup.states import transitions, write_states
from pmiptrace.track.states import TRANSITIONS


def test_states_are_those_of_the_table() -> None:
    rows = transitions()
    assert len(rows) == sum(len(row) for row in TRANSITIONS.values())
    assert ("pending", "accepted", "active") in [(r.before, r.event, r.after) for r in rows]
    assert ("refreshing", "rejected", None) in [(r.before, r.event, r.after) for r in rows]


def test_events_stand_below_their_state() -> None:
    page = console(60)
    write_states(page)
    assert "\npending\n  accepted " in text(page)
