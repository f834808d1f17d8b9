"""The time of a capture between its packets: never ahead of packets that may still come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pmiptrace.live.clock import MARGIN, CaptureClock
from pmiptrace.model import SECOND

YEAR_2023 = 1_700_000_000 * SECOND


def test_no_packet_no_time() -> None:
    clock = CaptureClock()
    assert clock.time(5 * SECOND) is None
    clock.heard(None, 5 * SECOND)
    assert clock.time(6 * SECOND) is None


def test_time_goes_on_without_packets() -> None:
    clock = CaptureClock()
    clock.heard(YEAR_2023, 100)
    assert clock.time(100) == YEAR_2023 - MARGIN
    assert clock.time(100 + 60 * SECOND) == YEAR_2023 + 60 * SECOND - MARGIN


def test_the_packet_that_was_least_late_counts() -> None:
    clock = CaptureClock()
    clock.heard(YEAR_2023, 800)
    clock.heard(YEAR_2023 + 1000, 1100)
    clock.heard(YEAR_2023 + 2000, 2900)
    assert clock.time(3000) == YEAR_2023 + 2900 - MARGIN


def test_a_clock_that_was_set_back_is_followed() -> None:
    clock = CaptureClock()
    clock.heard(YEAR_2023 + 3600 * SECOND, 0)
    clock.heard(YEAR_2023, SECOND)
    assert clock.time(2 * SECOND) == YEAR_2023 + SECOND - MARGIN


@given(st.lists(st.tuples(st.integers(0, 10 * SECOND), st.integers(0, MARGIN)), min_size=1))
def test_never_ahead_of_a_packet_under_way(sent: list[tuple[int, int]]) -> None:
    """Packets that take up to the margin are not overtaken, in whatever order they come."""
    clock = CaptureClock()
    for time, arrival in sorted(((t, t + delay) for t, delay in sent), key=lambda p: p[1]):
        known = clock.time(arrival)
        assert known is None or known <= time
        clock.heard(time, arrival)
