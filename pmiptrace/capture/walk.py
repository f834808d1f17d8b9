"""What the readers of both file formats share: numbering, times, and the notes on what is wrong."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import ClassVar, Protocol

from pmiptrace.capture.candidates import Buffer
from pmiptrace.capture.records import Record
from pmiptrace.capture.scan import ESP_LIMIT, Hit, Stop, Tally
from pmiptrace.capture.segments import Layout, Scanned
from pmiptrace.capture.window import BLOCK, Window
from pmiptrace.model import SECOND, Frame, Problem

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
HITS_LIMIT = 1 << 20
"""Octets of records that may hold signalling, after which a segment is not scanned further."""
_GUESSES = 32
"""Places tried to find where the records of a segment begin."""
_HEAD = 32
"""Octets of a record from which its time can be told."""


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


class ScannedAhead(Protocol):
    """The segments that others scan ahead of a walk (`pmiptrace.capture.ahead.Ahead`)."""

    @property
    def edge(self) -> int | None:
        """Where the walk has to pause."""

    def is_void(self, offset: int) -> bool:
        """Tell whether to `plan`."""

    def plan(self, offset: int, layout: Layout | None) -> None:
        """Begin at a place where a record begins."""

    def forget(self) -> None:
        """Drop all segments."""

    def take(self, offset: int, esp: int) -> Scanned | None:
        """Give what was scanned from `offset` on, if it was."""

    def reached(self, offset: int) -> None:
        """Say that the walk is at the `edge`, or that the record at `offset` reaches across it."""


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
        self.drops: dict[int, int] = {}
        """By interface, the packets lost of which the capture tells."""
        self.ahead: ScannedAhead | None = None
        """Segments of the capture that others scan meanwhile."""
        self._searched = 0
        self._searches = 0
        self._going = True

    @property
    @abstractmethod
    def order(self) -> str:
        """Byte order of the records at the window's position, as `struct` names it."""

    @abstractmethod
    def _kind(self, position: int) -> int:
        """Give the type of the block at a place in the buffer; of a pcap record `PCAP_RECORD`."""

    @abstractmethod
    def layout(self) -> Layout | None:
        """Give what must be known to read on from here; None if that is too much."""

    def _describe(self) -> bool:
        """Walk past what stands before the first record; tell whether to go on."""
        return True

    @abstractmethod
    def _scan(self, hits: list[Hit], end: int) -> tuple[int, Stop]:
        """Walk what the window holds before `end`."""

    @abstractmethod
    def _time(self, buffer: Buffer, position: int) -> int | None:
        """Give the time of the record at a place in a buffer."""

    @abstractmethod
    def _extent(self, buffer: Buffer, position: int) -> int:
        """Give how many octets the record at a place in a buffer has."""

    @abstractmethod
    def _is_esp(self, record: bytes) -> bool:
        """Tell whether the frame in a record is ESP."""

    @abstractmethod
    def _frame(self, number: int, buffer: Buffer, position: int) -> Frame:
        """Make the frame of the record at a place in a buffer."""

    @abstractmethod
    def _other(self) -> tuple[Frame | None, bool]:
        """Take the one block at the window's position that the scan left; tell whether to go on."""

    @abstractmethod
    def _candidates(self, position: int, stop: int, edge: int) -> Iterator[int]:
        """Give the places from `position` on and before `stop` where a plausible record begins.

        What makes it plausible is all before `edge`.
        """

    def frames(self) -> Iterator[Frame]:
        """Give the frames one by one, to the end of the capture or of what can be read of it."""
        window = self.window
        self.prepare()
        while self._going:
            scanned = self._scanned_ahead()
            if scanned is not None:
                yield from self._take(scanned)
                continue
            hits: list[Hit] = []
            first, counted, end = window.position, self.tally.number, self._pause()
            position, stop = self._scan(hits, end)
            if self.tally.number > counted:
                self._clock_records(first)
            for number, place in hits:
                yield self._frame(number, window.buffer, place)
            window.position = position
            if stop is Stop.DAMAGE:
                self._going = self._search()
            elif stop is Stop.OTHER:
                frame, self._going = self._other()
                if frame is not None:
                    yield frame
            elif end < window.end and self.ahead is not None:
                self.ahead.reached(window.offset)
            else:
                self._going = window.fill() or self._finish()
            if self.tally.number > counted:
                self._plan()
        if window.source.problem is not None:
            self._note(window.source.problem)

    def records(self, wanted: Callable[[int], bool]) -> Iterator[Record]:
        """Give all records as they stand in the file; with their frames where those are `wanted`.

        Octets that are no record, because the file is cut or damaged there, are left out. The walk
        must be one over every frame, and is over with this as it is with `frames`.
        """
        window = self.window
        going = True
        while going:
            hits: list[Hit] = []
            first, counted = window.position, self.tally.number
            position, stop = self._scan(hits, window.end)
            if self.tally.number > counted:
                self._clock_records(first)
            buffer = window.buffer
            for index, (number, place) in enumerate(hits):
                end = hits[index + 1][1] if index + 1 < len(hits) else position
                frame = self._frame(number, buffer, place) if wanted(number) else None
                octets = bytes(buffer[place:end])
                yield Record(self._kind(place), self.order, octets, number, frame)
            window.position = position
            if stop is Stop.DAMAGE:
                going = self._search()
            elif stop is Stop.OTHER:
                begin, searches, counted = window.offset, self._searches, self.tally.number
                frame, going = self._other()
                length = window.offset - begin
                if going and searches == self._searches:
                    place = window.position - length
                    octets = bytes(window.buffer[place : window.position])
                    is_packet = self.tally.number > counted
                    counted_as = self.tally.number if is_packet else None
                    yield Record(self._kind(place), self.order, octets, counted_as, frame)
            else:
                going = window.fill() or self._finish()
        if window.source.problem is not None:
            self._note(window.source.problem)

    def _clock_records(self, place: int) -> None:
        """Take the times of the records from a place in the buffer to the last that was counted."""
        buffer, last = self.window.buffer, self.tally.last
        begin, end = self._time(buffer, place), self._time(buffer, last)
        if begin is not None and end is not None:
            self._clock(begin)
            self._clock(end)
            return
        while place <= last:
            self._clock(self._time(buffer, place))
            place += self._extent(buffer, place)

    def _clock(self, time: int | None) -> None:
        if time is None:
            return
        if self.first_time is None:
            self.first_time = time
        self.last_time = time

    # ------------------------------------------------------------------------------- segments

    def prepare(self) -> None:
        """Have the first segments scanned, if there is anybody to do so."""
        if self.ahead is not None and self.tally.number == 0:
            self._going = self._going and self._describe()
            self._plan()

    def _plan(self) -> None:
        ahead, offset = self.ahead, self.window.offset
        if ahead is not None and ahead.is_void(offset):
            ahead.plan(offset, self.layout())

    def _changed(self) -> None:
        """Take note that what was scanned ahead was scanned under other assumptions."""
        if self.ahead is not None:
            self.ahead.forget()

    def _scanned_ahead(self) -> Scanned | None:
        """Give what was scanned from exactly the window's position on."""
        if self.ahead is None:
            return None
        scanned = self.ahead.take(self.window.offset, self.tally.esp)
        if scanned is None or None in (
            self._time(scanned.first_head, 0),
            self._time(scanned.last_head, 0),
        ):
            return None
        return scanned

    def _pause(self) -> int:
        """Give where in the buffer the next segment begins, or may begin; else its end."""
        window = self.window
        if self.ahead is None or self.ahead.edge is None:
            return window.end
        return min(window.end, self.ahead.edge - window.base)

    def _take(self, scanned: Scanned) -> Iterator[Frame]:
        """Count what was scanned as if it had been scanned here, and give its frames."""
        tally = self.tally
        before, room = tally.number, ESP_LIMIT - tally.esp
        tally.number += scanned.frames
        tally.esp += scanned.esp
        self._clock(self._time(scanned.first_head, 0))
        self._clock(self._time(scanned.last_head, 0))
        self.window.seek(scanned.end)
        for number, record in scanned.hits:
            if scanned.esp > room and self._is_esp(record):
                room -= 1
                if room < 0:
                    continue
            yield self._frame(before + number, record, 0)

    def segment(self, known: bool, esp: int) -> Scanned | None:
        """Scan the segment that the window's source is limited to; None if nothing is found there.

        Unless a record is `known` to begin where the segment does, a place is searched where one
        may begin. It was one if the walk over the whole file comes to the same place, which is not
        known here. `esp` is the least number of frames with ESP before the segment.
        """
        window = self.window
        if known:
            scanned, _ = self._chain(esp)
            return scanned
        for _ in range(_GUESSES):
            place = None
            for octets in (BLOCK, LOOK_AHEAD):  # the second is hardly ever needed
                window.load(octets)
                place = next(self._candidates(window.position, window.end, window.end), None)
                if place is not None:
                    break
            else:
                return None
            window.position = place
            guess = window.offset
            scanned, stop = self._chain(esp)
            if scanned is not None and (stop is Stop.MORE or scanned.end - guess >= BLOCK):
                return scanned
            window.seek(guess + 1)
        return None

    def _chain(self, esp: int) -> tuple[Scanned | None, Stop]:
        """Scan from the window's position on, as far as records follow one another."""
        window = self.window
        tally = self.tally = Tally()
        tally.esp = esp
        start, size = window.offset, 0
        first = last = b""
        found: list[tuple[int, bytes]] = []
        while True:
            hits: list[Hit] = []
            place, counted = window.position, tally.number
            window.position, stop = self._scan(hits, window.end)
            if tally.number > counted:
                first = first or bytes(window.buffer[place : place + _HEAD])
                last = bytes(window.buffer[tally.last : tally.last + _HEAD])
            for number, place in hits:
                record = bytes(window.buffer[place : place + self._extent(window.buffer, place)])
                found.append((number, record))
                size += len(record)
            if stop is not Stop.MORE or size > HITS_LIMIT or window.available >= LOOK_AHEAD:
                break
            if not window.fill():
                break
        if not tally.number:
            return None, stop
        scanned = Scanned(start, window.offset, tally.number, tally.esp - esp, first, last, found)
        return scanned, stop

    # ------------------------------------------------------------------------------- the end

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
        self._searches += 1
        damaged = window.offset
        place = None
        skipped = 1
        while skipped < GAP_LIMIT and self._searched < SEARCH_LIMIT:
            # What else the buffer happens to hold must not matter.
            window.load(LOOK_AHEAD + 1)
            edge = min(window.end, window.position + LOOK_AHEAD)
            start = window.position + skipped % _STEP
            stop = min(window.position + _STEP, window.end)
            place = next(self._candidates(start, stop, edge), None)
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
