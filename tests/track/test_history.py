"""How much of a binding's past is kept."""

from __future__ import annotations

from itertools import pairwise

from pmiptrace.model import BindingState as S
from pmiptrace.testing import Trace
from pmiptrace.track.state import ENOUGH_HISTORY, MAX_HISTORY
from pmiptrace.track.tracker import Tracker


def history_of(trace: Trace) -> list[tuple[S, S]]:
    tracker = Tracker()
    for message in trace.messages():
        list(tracker.feed(message))
    (session,) = tracker.state.sessions
    (binding,) = session.bindings
    return [(transition.before, transition.after) for transition in binding.history]


def test_of_many_refreshes_the_newest_are_kept() -> None:
    trace = Trace()
    path = trace.mag().path("2001:db8:a::1")
    for _ in range(100):
        trace.register(path)
        trace.wait(60)
    refresh = [(S.ACTIVE, S.REFRESHING), (S.REFRESHING, S.ACTIVE)]
    history = history_of(trace)
    assert history[:2] == [(S.NONE, S.PENDING), (S.PENDING, S.ACTIVE)]
    assert history[2:] == refresh * (ENOUGH_HISTORY // 2 - 1)


def test_what_is_no_refresh_is_kept_far_longer_and_fits_together() -> None:
    trace = Trace()
    path = trace.mag().path("2001:db8:a::1")
    for _ in range(8):
        trace.register(path)
        for _ in range(5):
            trace.wait(60)
            trace.register(path)
        trace.wait(60)
        trace.deregister(path)
        trace.wait(60)
    history = history_of(trace)
    assert sum(before is S.PENDING for before, _ in history) == 8
    assert all(one[1] is other[0] for one, other in pairwise(history))


def test_a_binding_that_comes_and_goes_all_the_time_has_a_bounded_history() -> None:
    trace = Trace()
    path = trace.mag().path("2001:db8:a::1")
    for _ in range(40):
        trace.register(path)
        trace.wait(60)
        trace.deregister(path)
        trace.wait(60)
    assert len(history_of(trace)) == MAX_HISTORY
