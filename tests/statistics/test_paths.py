"""Paths that come up, whatever the order in which one message's changes are told."""

from __future__ import annotations

from itertools import permutations

from pmiptrace.analysis import Change
from pmiptrace.model import Binding, BindingState, Moment, Session, Transition
from pmiptrace.statistics.paths import Arrival, Paths

S = BindingState


def change(time: int, number: int, before: S, after: S, *states: S) -> Change:
    """Give the change of one of a session's bindings, which then stand in these states."""
    bindings = tuple(
        Binding(mag=mag, bid=None, care_of_address=bytes([mag] * 16), state=state)
        for mag, state in enumerate(states)
    )
    moment = Moment(0, 1, time)
    session = Session(
        id=1, lma=bytes(16), mobile_node=None, first=moment, last=moment, bindings=bindings
    )
    return Change(session, bindings[number], Transition(moment, "event", before, after))


def test_a_handover_after_a_gap_in_any_order_of_its_changes() -> None:
    both = (S.REPLACED, S.ACTIVE)
    at_once = (
        change(30, 0, S.DEREG_PENDING, S.REPLACED, *both),
        change(30, 1, S.PENDING, S.ACTIVE, *both),
    )
    for changes in permutations(at_once):
        paths = Paths()
        paths.change(change(10, 0, S.PENDING, S.ACTIVE, S.ACTIVE))
        paths.change(change(20, 0, S.ACTIVE, S.DEREG_PENDING, S.DEREG_PENDING))
        for each in changes:
            paths.change(each)
        assert paths.arrival(1, 30) == Arrival(30, 20)
        assert paths.arrival(1, 31) is None
        assert paths.arrival(2, 30) is None


def test_a_handover_without_a_gap_in_any_order_of_its_changes() -> None:
    both = (S.REPLACED, S.ACTIVE)
    at_once = (
        change(30, 0, S.ACTIVE, S.REPLACED, *both),
        change(30, 1, S.PENDING, S.ACTIVE, *both),
    )
    for changes in permutations(at_once):
        paths = Paths()
        paths.change(change(10, 0, S.PENDING, S.ACTIVE, S.ACTIVE))
        for each in changes:
            paths.change(each)
        assert paths.arrival(1, 30) == Arrival(30, None)


def test_a_session_that_never_had_a_path_is_not_remembered() -> None:
    paths = Paths()
    paths.change(change(10, 0, S.NONE, S.PENDING, S.PENDING))
    paths.change(change(20, 0, S.PENDING, S.REJECTED, S.REJECTED))
    assert not paths._records
    assert paths.use(100).sessions == {}
