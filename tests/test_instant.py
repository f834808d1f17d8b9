"""Moments as people write them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmiptrace.errors import UsageError
from pmiptrace.instant import DAY, Instant, instant
from pmiptrace.model import SECOND

START = 1_700_000_000 * SECOND
"""2023-11-14T22:13:20Z"""


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2023-11-14T22:13:20Z", START),
        ("2023-11-14t22:13:20.5z", START + SECOND // 2),
        ("2023-11-14 22:13:20.000000001", START + 1),
        ("2023-11-14T23:13:20+01:00", START),
        ("2023-11-14T17:43:20-04:30", START),
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.25Z", -750_000_000),
        ("1700000000", START),
        ("1700000000.25", START + SECOND // 4),
        ("12.5", 12 * SECOND + SECOND // 2),
        ("+0", START),
        ("+12.5s", START + 12 * SECOND + SECOND // 2),
        ("+12.5", START + 12 * SECOND + SECOND // 2),
        ("+2min", START + 120 * SECOND),
        ("+1h", START + 3600 * SECOND),
        ("+250 ms", START + SECOND // 4),
        ("22:13:20", START),
        ("22:13:20.5", START + SECOND // 2),
        ("22:14:00", START + 40 * SECOND),
        ("00:00:01", START + (3600 + 46 * 60 + 41) * SECOND),
        (" 22:13:19 ", START + DAY - SECOND),
    ],
)
def test_a_time(text: str, time: int) -> None:
    assert instant(text).at(START) == time


@pytest.mark.parametrize(
    ("text", "capture", "frame"),
    [("1", 0, 1), ("12345678", 0, 12345678), ("2:1234", 1, 1234), ("1:123456789", 0, 123456789)],
)
def test_a_frame(text: str, capture: int, frame: int) -> None:
    assert instant(text) == Instant(capture=capture, frame=frame)
    assert instant(text).at(START) is None


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "0", "0:5", "2:0", "-5s", "+5d", "24:00:00", "10:60:00", "22:13:60",
        "2023-13-01T00:00:00Z", "2023-02-30T00:00:00Z", "0001-01-01T00:00:00+23:59",
        "1:2:3", "2023-11-14T22:13:20.1234567890Z",
    ],
)  # fmt: skip
def test_what_is_no_moment_is_refused_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(UsageError, match="no moment"):
        instant(text)


@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    with contextlib.suppress(UsageError):
        instant(text).at(START)


def test_what_depends_on_the_start_is_unknown_without_it() -> None:
    assert instant("+1s").at(None) is None
    assert instant("10:00:00").at(None) is None
    assert instant("1700000000").at(None) == START
