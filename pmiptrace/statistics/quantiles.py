"""Percentiles of a stream of times, exact while there are few, then within 1 %.

The first `EXACT` values are kept. Beyond that, values are counted in buckets whose bounds grow by
a constant factor, so that any percentile is known with a bounded relative error whatever the
values are: DDSketch (Masson, Rim and Lee, "DDSketch: A fast and fully-mergeable quantile sketch
with relative-error guarantees", VLDB 2019), without its collapsing of buckets, as latencies span
few orders of magnitude. Count, sum, least and greatest value are always exact.
"""

from __future__ import annotations

from bisect import insort
from math import ceil, log

from pmiptrace.model import Moment

EXACT = 1000
"""Values that are kept as they are."""
ACCURACY = 0.01
"""Relative error of a percentile beyond that, at most."""

_GROWTH = (1 + ACCURACY) / (1 - ACCURACY)
_LOG = log(_GROWTH)


class Quantiles:
    """A distribution of lengths of time, in nanoseconds, none negative."""

    def __init__(self) -> None:
        self.count = 0
        self.total = 0
        self.minimum: int | None = None
        self.maximum: int | None = None
        self.slowest: Moment | None = None
        """Where the greatest value was seen."""
        self._values: list[int] = []
        """Sorted; empty once they are counted in buckets."""
        self._buckets: dict[int, int] = {}

    @property
    def is_exact(self) -> bool:
        """Whether percentiles are those of the values themselves."""
        return not self._buckets

    @property
    def mean(self) -> int | None:
        """The arithmetic mean."""
        return self.total // self.count if self.count else None

    def add(self, value: int, moment: Moment | None = None) -> None:
        """Count a value, and note where it was seen if it is the greatest."""
        self.count += 1
        self.total += value
        if self.minimum is None or value < self.minimum:
            self.minimum = value
        if self.maximum is None or value > self.maximum:
            self.maximum, self.slowest = value, moment
        if self._buckets:
            self._bucket(value, 1)
        else:
            insort(self._values, value)
            self._spill()

    def merge(self, other: Quantiles) -> None:
        """Count all values of another distribution."""
        if other.minimum is None or other.maximum is None:
            return
        self.count += other.count
        self.total += other.total
        if self.minimum is None or other.minimum < self.minimum:
            self.minimum = other.minimum
        if self.maximum is None or other.maximum > self.maximum:
            self.maximum, self.slowest = other.maximum, other.slowest
        if self._buckets or other._buckets:
            for value in (*self._values, *other._values):
                self._bucket(value, 1)
            self._values = []
            for index, number in other._buckets.items():
                self._buckets[index] = self._buckets.get(index, 0) + number
        else:
            self._values = sorted((*self._values, *other._values))
            self._spill()

    def percentile(self, percent: int) -> int | None:
        """Give the least value that `percent` of 100 values do not exceed: the nearest rank.

        `percent` is 1 to 100; None if there are no values.
        """
        if self.minimum is None or self.maximum is None:
            return None
        rank = -(-percent * self.count // 100)
        if not self._buckets:
            return self._values[rank - 1]
        if rank in (1, self.count):
            return self.minimum if rank == 1 else self.maximum
        seen = 0
        for index in sorted(self._buckets):
            seen += self._buckets[index]
            if seen >= rank:
                return min(max(_middle(index), self.minimum), self.maximum)
        return self.maximum

    def _spill(self) -> None:
        """Go on with buckets once there are too many values."""
        if len(self._values) > EXACT:
            for value in self._values:
                self._bucket(value, 1)
            self._values = []

    def _bucket(self, value: int, number: int) -> None:
        index = ceil(log(value) / _LOG) if value else -1
        self._buckets[index] = self._buckets.get(index, 0) + number


def _middle(index: int) -> int:
    """Give the value that is within `ACCURACY` of all in a bucket; -1 is the bucket of 0."""
    return 0 if index < 0 else round(2 * _GROWTH**index / (_GROWTH + 1))
