"""Simulated time: what is due when."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

from pmiptrace.model import SECOND


class Timer:
    """Something that will happen, unless it is cancelled before."""

    __slots__ = ("action", "due")

    def __init__(self, due: int, action: Callable[[], object]) -> None:
        self.due = due
        self.action: Callable[[], object] | None = action

    def cancel(self) -> None:
        """Let it not happen; harmless if it has happened already."""
        self.action = None


class Clock:
    """The time of day of a simulated domain, in nanoseconds since 1970-01-01 UTC.

    What is due at the same moment happens in the order in which it was asked for, so that a run
    depends on nothing but its scenario and seed.
    """

    def __init__(self, start: int) -> None:
        self.now = start
        self._waiting: list[tuple[int, int, Timer]] = []
        self._count = 0

    def after(self, seconds: float, action: Callable[[], object]) -> Timer:
        """Let something happen that many seconds from now; never in the past."""
        return self.at(self.now + round(max(seconds, 0) * SECOND), action)

    def at(self, due: int, action: Callable[[], object]) -> Timer:
        """Let something happen at a moment."""
        timer = Timer(max(due, self.now), action)
        self._count += 1
        heappush(self._waiting, (timer.due, self._count, timer))
        return timer

    def run(self, until: int) -> None:
        """Let everything happen that is due up to a moment, which then is the present."""
        while self._waiting and self._waiting[0][0] <= until:
            self.now, _, timer = heappop(self._waiting)
            action, timer.action = timer.action, None
            if action is not None:
                action()
        self.now = until
