"""Percentiles, held against sorting all values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmiptrace.model import Moment
from pmiptrace.statistics import quantiles
from pmiptrace.statistics.quantiles import ACCURACY, EXACT, Quantiles

TIMES = st.integers(0, 10**12)
FEW = st.lists(TIMES, min_size=1, max_size=60)


def naive(values: list[int], percent: int) -> int:
    """The nearest rank: the least value that `percent` of 100 do not exceed."""
    ordered = sorted(values)
    return next(v for i, v in enumerate(ordered, 1) if 100 * i >= percent * len(values))


def filled(values: list[int]) -> Quantiles:
    measured = Quantiles()
    for number, value in enumerate(values):
        measured.add(value, Moment(0, number, None))
    return measured


def close(value: int | None, expected: int) -> bool:
    return value is not None and abs(value - expected) <= ACCURACY * expected + 1


@given(FEW, st.integers(1, 100))
def test_few_values_give_exact_percentiles(values: list[int], percent: int) -> None:
    measured = filled(values)
    assert measured.is_exact
    assert measured.percentile(percent) == naive(values, percent)


@given(FEW, st.integers(1, 100))
def test_many_values_give_percentiles_within_the_bound(values: list[int], percent: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantiles, "EXACT", 10)
        measured = filled(values * 3)
    assert measured.is_exact is (len(values) * 3 <= 10)
    assert close(measured.percentile(percent), naive(values, percent))


@given(FEW)
def test_count_sum_and_extremes_are_exact_in_either_form(values: list[int]) -> None:
    for limit in (10, EXACT):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(quantiles, "EXACT", limit)
            measured = filled(values)
        assert (measured.count, measured.total) == (len(values), sum(values))
        assert (measured.minimum, measured.maximum) == (min(values), max(values))
        assert measured.mean == sum(values) // len(values)
        assert measured.percentile(100) == max(values)
        assert measured.slowest == Moment(0, values.index(max(values)), None)


@given(st.lists(TIMES, max_size=40), st.lists(TIMES, max_size=40), st.sampled_from([5, 30, EXACT]))
def test_merged_is_as_if_all_were_added_to_one(
    one: list[int], other: list[int], limit: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantiles, "EXACT", limit)
        merged = filled(one)
        merged.merge(filled(other))
        together = filled([*one, *other])
    assert merged.is_exact is together.is_exact
    assert (merged.count, merged.total) == (together.count, together.total)
    for percent in (1, 50, 95, 99, 100):
        assert merged.percentile(percent) == together.percentile(percent)


def test_no_value_has_no_percentile() -> None:
    assert Quantiles().percentile(50) is None
    assert Quantiles().mean is None


def test_memory_is_bounded_by_the_range_of_the_values() -> None:
    measured = Quantiles()
    for number in range(20_000):
        measured.add(number * 7919 % 1_000_000_007)
    assert not measured._values
    assert len(measured._buckets) < 1100
