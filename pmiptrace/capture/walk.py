"""What the readers of both file formats share: numbering, times, and the notes on what is wrong."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from pmiptrace.capture.scan import Hit, Stop, Tally
from pmiptrace.capture.window import Window
from pmiptrace.model import Frame, Problem

SECOND = 1_000_000_000
"""Nanoseconds."""
_EARLIEST, _LATEST = -62_135_596_800 * SECOND, 253_402_300_800 * SECOND
"""The years 1 to 9999: what a date can be written for."""
LOOK_AHEAD = 1 << 20
"""Octets that must hold all the evidence for a record, when one is searched behind damage."""
GAP_LIMIT = 2 << 20
"""Octets searched for the next record behind one damaged place."""
SEARCH_LIMIT = 8 << 20
"""Octets searched in one capture: an upper bound for the time that damage can cost."""
PROBLEM_LIMIT = 100
"""Damaged places of one capture, after which it is not read on."""


def sensible_time(time: int) -> int | None:
    """Give back a time in nanoseconds since 1970, or None if it has no date in the calendar."""
    return time if _EARLIEST <= time < _LATEST else None


def word_pattern(limit: int, order: str) -> bytes:
    """Give a regular expression for the octets of 32-bit words that are not far beyond `limit`.

    It lets a search pass over most places at the speed of `re`; what matches is still to be judged.
    """
    high, low = limit >> 24, 0xFF if limit >> 24 else limit >> 16
    parts = [rb"[\x00-\x%02x]" % high, rb"[\x00-\x%02x]" % low, b".", b"."]
    return b"".join(reversed(parts) if order == "<" else parts)


class Walk(ABC):
    """A walk over the records of one capture, of which the subclasses know the format."""

    format: ClassVar[str]
    record: ClassVar[str]
    """What the format calls its unit."""

    def __init__(self, window: Window, capture: int, every: bool) -> None:
        self.window = window
        self.capture = capture
        self.tally = Tally(every)
        self.first_time: int | None = None
        self.last_time: int | None = None
        self.truncated = False
        self.problems: list[Problem] = []
        self._searched = 0

    @abstractmethod
    def _scan(self, hits: list[Hit]) -> tuple[int, Stop]:
        """Walk what the window holds."""

    @abstractmethod
    def _time(self, position: int) -> int | None:
        """Give the time of the record at a place in the buffer."""

    @abstractmethod
    def _frame(self, number: int, position: int) -> Frame:
        """Make the frame of the record at a place in the buffer."""

    @abstractmethod
    def _other(self) -> tuple[Frame | None, bool]:
        """Take the one block at the window's position that the scan left; tell whether to go on."""

    @abstractmethod
    def _find(self, position: int, stop: int) -> int | None:
        """Find a place from `position` on and before `stop` where a plausible record begins."""

    def frames(self) -> Iterator[Frame]:
        """Give the frames one by one, to the end of the capture or of what can be read of it."""
        window = self.window
        going = True
        while going:
            hits: list[Hit] = []
            first, counted = window.position, self.tally.number
            position, stop = self._scan(hits)
            if self.tally.number > counted:
                self._clock(self._time(self.tally.last), self._time(first))
            for number, place in hits:
                yield self._frame(number, place)
            window.position = position
            if stop is Stop.DAMAGE:
                going = self._search()
            elif stop is Stop.OTHER:
                frame, going = self._other()
                if frame is not None:
                    yield frame
            else:
                going = window.fill() or self._finish()
        if window.source.problem is not None:
            self._note(window.source.problem)

    def _clock(self, last: int | None, first: int | None = None) -> None:
        if self.first_time is None:
            self.first_time = last if first is None else first
        if last is not None:
            self.last_time = last

    def _finish(self) -> bool:
        """Judge what is left when no more octets come; tell whether to go on."""
        window = self.window
        if not window.available:
            return False
        if window.source.problem is None:
            return self._search(at_end=True)
        self.truncated = True
        return False

    def _note(self, problem: Problem) -> None:
        self.problems.append(problem)

    def _damage(self, message: str, kind: str | None = None) -> None:
        """Note that something is wrong with the record at the window's position."""
        self._note(
            Problem(
                kind or f"damaged-{self.record}",
                message,
                offset=self.window.offset,
                frame=self.tally.number + 1,
            )
        )

    def _search(self, at_end: bool = False) -> bool:
        """Put the window's position on the next plausible record; tell whether there is one.

        With `at_end`, the file ends within the record at the position: either it was cut there, or
        the record's length is damaged, which shows by records that follow.
        """
        window = self.window
        damaged = window.offset
        place = None
        skipped = 1
        while skipped < GAP_LIMIT and self._searched < SEARCH_LIMIT:
            window.load(LOOK_AHEAD)
            start = window.position + skipped % _STEP
            stop = min(window.position + _STEP, window.end)
            place = self._find(start, stop)
            self._searched += max(0, stop - start)
            if place is not None or stop == window.end:
                break
            window.position = stop
            skipped = window.offset - damaged
        number = self.tally.number + 1
        if place is None:
            if at_end:
                left = window.offset - damaged + window.available
                message = f"the file ends {left} octets into a {self.record}"
                self._note(Problem("truncated", message, damaged, number))
                self.truncated = True
            else:
                message = f"no {self.record} can be read here, and none was found behind it"
                self._note(Problem(f"damaged-{self.record}", message, damaged, number))
            return False
        window.position = place
        lost = window.offset - damaged
        message = f"{lost} octets that are no {self.record} were skipped"
        self._note(Problem(f"damaged-{self.record}", message, damaged, number))
        return self._bearable()

    def _bearable(self) -> bool:
        """Tell whether to read on after one more damaged place."""
        if len(self.problems) < PROBLEM_LIMIT:
            return True
        self._damage(f"{PROBLEM_LIMIT} damaged places: not read on", "too-damaged")
        return False


_STEP = 256 << 10
"""Octets searched before more are read."""
