"""What all parts of a page share: the report, how to write its times and frames, and the page."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from rich.console import Console

from pmiptrace.model import Moment, Report
from pmiptrace.report.digest import Digest, first_moment
from pmiptrace.report.page import Page
from pmiptrace.report.times import Clock, TimeFormat
from pmiptrace.report.words import frame_place, mag_name


class TextOptions(Struct, frozen=True, kw_only=True):
    """How a page is written, and how much of each kind it shows before it adds up the rest."""

    time: TimeFormat = TimeFormat.UTC
    narrowness: str = ""
    """The options that leave out mobile nodes, MAGs or LMAs, if there are any."""
    coverage: bool = False
    """Whether every rule is listed with how often it was judged."""
    advice: bool = True
    """Whether the captures are files, so that a reader can be told what to do with them next."""
    redacted: bool = False
    """Whether names and paths are pseudonyms, of no use on a command line."""
    captures: int = 10
    rules: int = 20
    parties: int = 3
    """Per rule."""
    findings: int = 5
    """Per rule and party."""
    sessions: int = 5
    """With their bindings, timeline and exchanges."""
    bindings: int = 12
    """Per session."""
    exchanges: int = 15
    """Per session."""


class View:
    """A report on its way to a page."""

    def __init__(
        self, report: Report, digest: Digest, console: Console, options: TextOptions
    ) -> None:
        self.report = report
        """Only the counts and the captures are taken from it; the rest is in the digest."""
        self.digest = digest
        self.options = options
        self.page = Page(console)
        self.clock = Clock(options.time, known_times(report, digest))
        self.shown = self.digest.worst_sessions(options.sessions)
        """The sessions that are shown in full."""

    @property
    def troubled(self) -> bool:
        """Whether anything went wrong in any session."""
        return self.digest.is_troubled

    def mag(self, number: int | None) -> str:
        """Name a MAG by its number in the report."""
        return "" if number is None else mag_name(self.report.mags.get(number))

    def identified(self, number: int) -> bool:
        """Tell whether a MAG has a name besides its addresses."""
        mag = self.report.mags.get(number)
        return mag is not None and mag.identifier is not None

    def place(self, moment: Moment) -> str:
        """Give a frame number, with that of its capture where there are several."""
        return frame_place(moment, len(self.report.captures))

    def frame(self, moment: Moment) -> str:
        """Give a frame in words; what the clock brought about has only a time."""
        if moment.frame is None:
            return f"at {self.clock.moment(moment.time)}"
        return f"frame {self.place(moment)}"


def known_times(report: Report, digest: Digest) -> Iterator[int]:
    """Give the times of the captures' ends, and of the exchanges that a digest kept."""
    for info in report.captures:
        for time in (info.first_time, info.last_time):
            if time is not None:
                yield time
    for session in digest.sessions:
        for exchange in digest.exchanges_of(session):
            begin = first_moment(exchange)
            if begin is not None and begin.time is not None:
                yield begin.time
