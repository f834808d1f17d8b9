"""How many messages there are in each interval of time.

Intervals are of a second, and get longer as the capture does, so that there are never more than
`MOST`. They begin at round times.
"""

from __future__ import annotations

from pmiptrace.model import SECOND
from pmiptrace.statistics.values import Interval, RateOverTime

MOST = 400
"""Intervals, at most."""

_DAY = 86400 * SECOND
_WIDTHS = (
    *(n * SECOND for n in (1, 2, 10, 30, 60, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400)),
    *(10**n * _DAY for n in range(1, 20)),
)
"""Lengths of intervals in nanoseconds; each is a multiple of the one before it."""


class Rate:
    """Counts messages by time."""

    def __init__(self) -> None:
        self._width = 0
        self._counts: dict[int, list[int]] = {}
        """Messages, requests and replies by the number of the interval since 1970."""
        self._first = 0
        self._last = 0

    def add(self, time: int | None, kind: str) -> None:
        """Count a message; one without a time has no interval."""
        if time is None:
            return
        number = time // _WIDTHS[self._width]
        if not self._counts:
            self._first = self._last = number
        self._first, self._last = min(self._first, number), max(self._last, number)
        counts = self._counts.setdefault(number, [0, 0, 0])
        counts[0] += 1
        if kind == "PBU":
            counts[1] += 1
        elif kind == "PBA":
            counts[2] += 1
        while self._last - self._first >= MOST and self._width + 1 < len(_WIDTHS):
            self._coarsen()

    def over_time(self) -> RateOverTime:
        """Give all intervals from the first with a message to the last, empty ones too."""
        width = _WIDTHS[self._width]
        if not self._counts:
            return RateOverTime(width, ())
        numbers = range(self._first, self._last + 1)
        return RateOverTime(
            width,
            tuple(
                Interval(number * width, *self._counts.get(number, (0, 0, 0))) for number in numbers
            ),
        )

    def _coarsen(self) -> None:
        self._width += 1
        factor = _WIDTHS[self._width] // _WIDTHS[self._width - 1]
        merged: dict[int, list[int]] = {}
        for number, counts in self._counts.items():
            known = merged.setdefault(number // factor, [0, 0, 0])
            for place, count in enumerate(counts):
                known[place] += count
        self._counts = merged
        self._first, self._last = self._first // factor, self._last // factor
