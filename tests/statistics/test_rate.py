"""Messages per interval: nothing is lost, and there are never too many intervals."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pmiptrace.statistics.rate import _WIDTHS, MOST, Rate

SECOND = 1_000_000_000


def counted(*times: int, kind: str = "PBU") -> Rate:
    rate = Rate()
    for time in times:
        rate.add(time, kind)
    return rate


def test_every_length_is_a_multiple_of_the_one_before() -> None:
    assert all(longer % shorter == 0 for shorter, longer in pairwise(_WIDTHS))


@given(st.lists(st.integers(-(2**64), 2**64), min_size=1, max_size=50))
def test_all_messages_are_counted_in_few_intervals(times: list[int]) -> None:
    found = counted(*times).over_time()
    assert len(found.intervals) <= MOST
    assert sum(interval.messages for interval in found.intervals) == len(times)
    starts = [interval.start for interval in found.intervals]
    assert all(b - a == found.width for a, b in pairwise(starts))
    assert starts[0] <= min(times)
    assert max(times) < starts[-1] + found.width
    for interval in found.intervals:
        inside = [t for t in times if interval.start <= t < interval.start + found.width]
        assert interval.messages == len(inside)


def test_requests_and_replies_are_told_apart() -> None:
    rate = counted(0, 1)
    rate.add(2, "PBA")
    rate.add(3, "HB")
    (interval,) = rate.over_time().intervals
    assert (interval.messages, interval.requests, interval.replies) == (4, 2, 1)


def test_the_peak_is_the_first_of_the_fullest() -> None:
    found = counted(0, 10 * SECOND, 10 * SECOND + 1, 30 * SECOND, 30 * SECOND + 1).over_time()
    assert found.width == SECOND
    assert found.peak is not None
    assert (found.peak.start, found.peak.messages) == (10 * SECOND, 2)


def test_without_times_there_are_no_intervals() -> None:
    rate = Rate()
    rate.add(None, "PBU")
    assert rate.over_time().intervals == ()
    assert rate.over_time().peak is None
