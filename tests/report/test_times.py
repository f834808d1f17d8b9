from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmiptrace.model import SECOND
from pmiptrace.report.times import Clock, TimeFormat, duration, rfc3339

NOON = 1_700_000_000 * SECOND + 50_000_000


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (None, None),
        (0, "1970-01-01T00:00:00.000000000Z"),
        (NOON, "2023-11-14T22:13:20.050000000Z"),
        (NOON + 1, "2023-11-14T22:13:20.050000001Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (253_402_300_799 * SECOND, "9999-12-31T23:59:59.000000000Z"),
        (253_402_300_800 * SECOND, None),
        (2**64 * 1000, None),
        (-(2**64) * 1000, None),
    ],
)
def test_rfc3339(moment: int | None, text: str | None) -> None:
    assert rfc3339(moment) == text


@pytest.mark.parametrize(
    ("form", "moment", "text"),
    [
        (TimeFormat.UTC, NOON, "22:13:20.050000"),
        (TimeFormat.UTC, NOON + 86400 * SECOND, "2023-11-15 22:13:20.050000"),
        (TimeFormat.EPOCH, NOON, "1700000000.050000"),
        (TimeFormat.RELATIVE, NOON, "+0.000000"),
        (TimeFormat.RELATIVE, NOON + 12_345_678_000, "+12.345678"),
        (TimeFormat.RELATIVE, NOON - 500_000_000, "-0.500000"),
        (TimeFormat.UTC, None, "-"),
        (TimeFormat.UTC, 2**64 * 1000, "18446744073709.551616"),
    ],
)
def test_moments_within_one_day_leave_the_day_out(
    form: TimeFormat, moment: int | None, text: str
) -> None:
    assert Clock(form, [NOON, NOON + SECOND]).moment(moment) == text


def test_a_clock_over_several_days_writes_the_day() -> None:
    clock = Clock(TimeFormat.UTC, [NOON, NOON + 86400 * SECOND])
    assert clock.moment(NOON) == "2023-11-14 22:13:20.050000"


def test_all_moments_have_the_decimals_that_one_of_them_needs() -> None:
    assert Clock(TimeFormat.UTC, [NOON, NOON + 1]).moment(NOON) == "22:13:20.050000000"


def test_local_time_follows_the_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "XST-5:30")
    time.tzset()
    try:
        clock = Clock(TimeFormat.LOCAL, [NOON])
        assert clock.moment(NOON, full=True) == "2023-11-15 03:43:20.050000"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("form", TimeFormat)
@given(moment=st.integers(-(2**80), 2**80))
def test_no_time_is_too_strange_to_write(form: TimeFormat, moment: int) -> None:
    assert Clock(form, [moment, NOON]).moment(moment).isprintable()


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0 µs"),
        (12_300, "12.3 µs"),
        (999_900, "1.0 ms"),
        (3_100_000, "3.1 ms"),
        (99_960_000, "100 ms"),
        (100_000_000, "100 ms"),
        (999_600_000, "1.0 s"),
        (59_940_000_000, "59.9 s"),
        (59_960_000_000, "1 min 00 s"),
        (245 * SECOND, "4 min 05 s"),
        (3_599_600_000_000, "1 h 00 min"),
        (7_230 * SECOND, "2 h 00 min"),
        (90 * 3600 * SECOND, "3 d 18 h"),
        (-3_100_000, "-3.1 ms"),
    ],
)
def test_durations(nanoseconds: int, text: str) -> None:
    assert duration(nanoseconds) == text
