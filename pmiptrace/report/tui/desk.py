"""What all screens of the view share: what is known, how it is to be written, what is chosen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from io import BytesIO, StringIO, TextIOWrapper
from typing import Protocol

from msgspec import Struct
from rich.console import Console

from pmiptrace.model import Finding
from pmiptrace.report.columns import Filter
from pmiptrace.report.live.situation import Situation
from pmiptrace.report.packets import Packet, Place
from pmiptrace.report.page import Page
from pmiptrace.report.times import Clock, TimeFormat
from pmiptrace.report.tui.book import Book, Subject
from pmiptrace.report.tui.nodes import ORDERS, ordered
from pmiptrace.wire.dialect import Dialect

_NARROW = 100
"""Columns of a screen below which times are written with microseconds at most."""


class Status(Struct, frozen=True, kw_only=True):
    """How far reading is."""

    done: int = 0
    """Octets read."""
    total: int | None = None
    """Of how many; None where that is not known."""
    has_ended: bool = False
    now: int | None = None
    """The time up to which captures were followed; None for that of the last message."""
    situation: Situation | None = None
    """Of a live capture, how it stands."""
    must_quit: bool = False
    """Whether the view is to end, as somebody told the program to."""
    problems: tuple[str, ...] = ()
    """What went wrong: captures that cannot be opened, a fault."""


class Source(Protocol):
    """Whoever reads captures into the book, in a thread of its own."""

    @property
    def title(self) -> str:
        """What is read: captures, or interfaces."""

    @property
    def dialects(self) -> Mapping[str, Dialect]:
        """The dialects that messages may be translated by, by name."""

    def start(self) -> None:
        """Begin to read."""

    def stop(self) -> None:
        """Have the reading end soon, and wait for that."""

    def status(self) -> Status:
        """Tell how far it is."""


class Cut(Struct, frozen=True):
    """What is to be saved."""

    frames: Collection[Place]
    packets: Sequence[Packet]
    findings: Sequence[Finding]


class Saver(Protocol):
    """Writes messages as a capture, whole or not at all."""

    def __call__(self, path: str, cut: Cut, *, annotated: bool, replaces: bool) -> str:
        """Write a file, with findings as comments if `annotated`, and say what was written.

        Raises `PmiptraceError` or ``OSError`` if that cannot be done, `StandingError` if files
        stand there and not `replaces`.
        """


class Desk:
    """What the screens share."""

    def __init__(
        self,
        book: Book,
        source: Source,
        save: Saver,
        *,
        time: TimeFormat = TimeFormat.UTC,
        narrowness: str = "",
        filter: Filter | None = None,  # noqa: A002
        encoding: str = "utf-8",
        follows: bool = False,
    ) -> None:
        self.book = book
        self.source = source
        self.save = save
        self.time = time
        self.narrowness = narrowness
        """The options that leave out mobile nodes, MAGs or LMAs, if there are any."""
        self.filter = filter
        self.order = "time" if follows else ORDERS[0]
        self.follows = follows
        """Whether the cursor stays with what is newest."""
        self.is_paused = False
        self.sought = ""
        """What was searched for last."""
        self.chosen: set[Subject] = set()
        """The rows that are marked to be saved."""
        self._encoding = encoding

    def page(self, width: int) -> Page:
        """Give what lays out text of a width, with characters that the terminal has."""
        file = StringIO() if _is_utf8(self._encoding) else TextIOWrapper(BytesIO(), self._encoding)
        return Page(Console(file=file, width=max(width, 20), color_system=None))

    def clock(self, width: int) -> Clock:
        """Give what writes times, on a screen of a width."""
        times: tuple[int, ...] = self.book.times or ()
        if width < _NARROW:
            times = tuple(time // 1000 * 1000 for time in times)
        return Clock(self.time, times)

    @property
    def now(self) -> int | None:
        """The time up to which captures were followed."""
        now = self.source.status().now
        return now if now is not None or self.book.times is None else self.book.times[1]

    @property
    def captures(self) -> int:
        """How many captures there are: with one, frames are named without it."""
        return self.book.capture_count

    def rows(self) -> list[Subject]:
        """Give the rows of the list, in their order."""
        with self.book.lock:
            subjects: Sequence[Subject] = self.book.subjects
            if self.filter is not None:
                accepts = self.filter.accepts
                subjects = [s for s in subjects if self.book.is_accepted(s, accepts)]
            return ordered(subjects, self.order)

    def next_time(self) -> None:
        """Write times in the next format."""
        forms = list(TimeFormat)
        self.time = forms[(forms.index(self.time) + 1) % len(forms)]

    def next_order(self) -> None:
        """Sort rows in the next order."""
        self.order = ORDERS[(ORDERS.index(self.order) + 1) % len(ORDERS)]

    def cut(self, subjects: Collection[Subject]) -> Cut:
        """Give what is to be saved of some rows."""
        with self.book.lock:
            packets = [p for subject in subjects for p in self.book.packets(subject)]
            packets.sort(key=lambda p: (p.frame.time or 0, p.frame.capture, p.frame.number))
            findings = [f for subject in subjects for f in self.book.findings(subject)]
            return Cut(self.book.frames(subjects), packets, findings)


def _is_utf8(encoding: str) -> bool:
    return encoding.lower().replace("-", "").replace("_", "") == "utf8"
