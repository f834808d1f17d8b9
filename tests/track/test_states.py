"""The state table itself: nothing unreachable, no way into nowhere, names as reports have them."""

from __future__ import annotations

import pytest

from pmiptrace.model import BindingState as S
from pmiptrace.track.states import (
    SHADOW,
    TRANSITIONS,
    Event,
    diagram,
    next_shadow,
    next_state,
    returns,
    table,
)

PUBLIC_NAMES = {
    S.NONE: "deregistered",
    S.PENDING: "pending",
    S.ACTIVE: "active",
    S.REFRESHING: "refreshing",
    S.DEREG_PENDING: "deregistering",
    S.DEREG_WAIT: "deregistered",
    S.EXPIRED: "expired",
    S.REPLACED: "replaced",
    S.REJECTED: "rejected",
    S.REVOKING: "revoking",
    S.REVOKED: "revoked",
    S.ASSUMED: "assumed",
    S.SUSPECT: "suspect",
    S.PENDING_TIMEOUT: "unanswered",
}

LIVE = {S.ACTIVE, S.REFRESHING, S.ASSUMED, S.SUSPECT, S.REVOKING, S.DEREG_PENDING}


def test_every_state_has_its_public_name() -> None:
    assert {state: state.public_name for state in S} == PUBLIC_NAMES


def test_live_states_are_those_over_which_traffic_goes() -> None:
    assert {state for state in S if state.is_live} == LIVE


def test_table_has_a_row_for_every_state() -> None:
    assert set(TRANSITIONS) == set(S)


def test_every_state_is_reached_from_none() -> None:
    reached = {S.NONE}
    while True:
        targets = {t for s in reached for t in TRANSITIONS[s].values() if isinstance(t, S)}
        if targets <= reached:
            break
        reached |= targets
    assert reached == set(S)


def test_every_event_moves_some_state() -> None:
    assert {event for row in TRANSITIONS.values() for event in row} == set(Event)


def test_every_state_but_none_is_left_by_time_or_a_message() -> None:
    for state, row in TRANSITIONS.items():
        assert any(target is not state for target in row.values())


@pytest.mark.parametrize("state", sorted(LIVE))
def test_every_live_state_ends_with_its_lifetime(state: S) -> None:
    assert next_state(state, Event.LIFETIME_OVER, S.NONE) is S.EXPIRED


@pytest.mark.parametrize("state", sorted(LIVE))
def test_every_live_state_gives_way_to_a_handover(state: S) -> None:
    assert next_state(state, Event.SUPERSEDED, S.NONE) is S.REPLACED


@pytest.mark.parametrize("state", sorted(set(S) - {S.DEREG_PENDING}))
def test_every_state_takes_an_acceptance(state: S) -> None:
    assert next_state(state, Event.ACCEPTED, S.NONE) is S.ACTIVE


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("event", list(Event))
def test_an_event_leads_to_a_state_and_a_shadow(state: S, event: Event) -> None:
    assert next_state(state, event, S.ACTIVE) in S
    assert next_shadow(state, event, S.ACTIVE) in S


@pytest.mark.parametrize("shadow", [S.ACTIVE, S.ASSUMED, S.SUSPECT])
def test_a_rejected_refresh_leaves_what_was_there(shadow: S) -> None:
    state = next_state(shadow, Event.REQUEST, S.NONE)
    kept = next_shadow(shadow, Event.REQUEST, S.NONE)
    assert (state, kept) == (S.REFRESHING, shadow)
    assert next_state(state, Event.REJECTED, kept) is shadow


def test_what_leads_back_to_a_state_is_known_of_those_that_a_request_finds() -> None:
    found = {state for state in S if list(returns(state))}
    assert found == {S.NONE, S.ACTIVE, S.ASSUMED, S.SUSPECT, S.PENDING_TIMEOUT}
    for state in found:
        requests = (Event.REQUEST, Event.DEREG_REQUEST)
        ways = {next_state(state, r, S.NONE): next_shadow(state, r, S.NONE) for r in requests}
        for meanwhile, event in returns(state):
            assert next_state(meanwhile, event, ways[meanwhile]) is state


def test_a_second_request_keeps_what_the_first_had_found() -> None:
    kept = next_shadow(S.ACTIVE, Event.REQUEST, S.NONE)
    kept = next_shadow(S.REFRESHING, Event.DEREG_REQUEST, kept)
    assert next_state(S.DEREG_PENDING, Event.DEREG_REJECTED, kept) is S.ACTIVE


def test_diagram_and_table_show_every_transition() -> None:
    drawn = "\n".join(diagram())
    told = "\n".join(table())
    for state, row in TRANSITIONS.items():
        for event, target in row.items():
            end = "the state before" if target == SHADOW else S(target).name
            lines = [x for x in told.splitlines() if x.startswith(f"| {state.name} |")]
            assert any(event in x and x.endswith(f"| {end} |") for x in lines)
            if target is not state:
                node = "SHADOW" if target == SHADOW else S(target).name
                arrows = [x for x in drawn.splitlines() if f" {state.name} --> {node}:" in x]
                assert len(arrows) == 1
                assert event in arrows[0]
