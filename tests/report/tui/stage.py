"""The full-screen view on a terminal of a given size, with keys that somebody presses.

What the screen shows then is held against a file that somebody has looked at. With
``UPDATE_SNAPSHOTS=1`` in the environment the files are written anew: look at the difference.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from textual.pilot import Pilot

from pmiptrace.analysis import Analysis
from pmiptrace.capture.writer import write_pcap
from pmiptrace.errors import StandingError
from pmiptrace.report.columns import Filter
from pmiptrace.report.times import TimeFormat
from pmiptrace.report.tui.app import FullScreen
from pmiptrace.report.tui.book import Book
from pmiptrace.report.tui.desk import Cut, Desk, Status
from pmiptrace.selection import Pattern, Selection
from pmiptrace.testing import Trace
from pmiptrace.wire.dialect import Dialect

Pilots = Pilot[None]
FOLDER = Path(__file__).with_name("snapshots")


class Reading:
    """Reads captures at once, when it is started."""

    def __init__(self, paths: Sequence[str | Path], selection: Selection | None = None) -> None:
        self.analysis = Analysis([str(path) for path in paths])
        self.book = Book(selection or Selection(), self.analysis.mags)
        self.analysis.observe(self.book.observe)
        self.title = ", ".join(Path(path).name for path in paths)
        self.now = Status(has_ended=False)
        self.is_stopped = False

    @property
    def dialects(self) -> Mapping[str, Dialect]:
        return self.analysis.dialects

    def start(self) -> None:
        for event in self.analysis.events():
            self.book.take(event)
        self.book.end()
        problems = tuple(Path(e.path).name + f": {e.reason}" for e in self.analysis.errors)
        self.now = Status(has_ended=True, now=self.analysis.ended_at, problems=problems)

    def stop(self) -> None:
        self.is_stopped = True

    def status(self) -> Status:
        return self.now


class Saved:
    """Keeps what was to be saved."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Cut, bool]] = []
        self.standing: list[str] = []

    def __call__(self, path: str, cut: Cut, *, annotated: bool, replaces: bool) -> str:
        standing = [name for name in (path, *self.standing) if Path(name).is_file()]
        if standing and not replaces:
            raise StandingError(*standing)
        self.calls.append((path, cut, annotated))
        return f"{path}: {len(cut.packets)} messages"


class Stage:
    """A view of captures, to be driven by keys."""

    def __init__(
        self,
        *paths: str | Path,
        size: tuple[int, int] = (80, 24),
        mobile_node: str | None = None,
        filter: str | None = None,  # noqa: A002
        encoding: str = "utf-8",
        follows: bool = False,
    ) -> None:
        pattern = None if mobile_node is None else Pattern(mobile_node)
        selection = Selection(mobile_node=pattern)
        self.source = Reading(paths, selection)
        self.saved = Saved()
        self.size = size
        self.desk = Desk(
            self.source.book,
            self.source,
            self.saved,
            time=TimeFormat.UTC,
            narrowness=selection.narrowness,
            filter=None if filter is None else Filter(filter),
            encoding=encoding,
            follows=follows,
        )
        self.app = FullScreen(self.desk)

    def after(self, *keys: str) -> str:
        """Press keys, and give what the screen shows then."""

        async def press(pilot: Pilots) -> None:
            for key in keys:
                await pilot.press(key)
                await pilot.pause()

        return self.play(press)

    def play(self, act: Callable[[Pilots], object]) -> str:
        """Do something, and give what the screen shows then."""

        async def run() -> str:
            async with self.app.run_test(size=self.size) as pilot:
                await pilot.pause()
                self.app.tick()
                await pilot.pause()
                done = act(pilot)
                if asyncio.iscoroutine(done):
                    await done
                await pilot.pause()
                return shown(self.app)

        return asyncio.run(run())


def shown(app: FullScreen) -> str:
    """Give the characters on the screen, a line each, without spaces at their ends."""
    lines = app.screen._compositor.render_strips()
    texts = ["".join(segment.text for segment in strip) for strip in lines]
    assert len(texts) == app.size.height
    return "\n".join(text.rstrip() for text in texts) + "\n"


def assert_screen(name: str, text: str) -> None:
    """Compare what a screen shows with the file of that name."""
    path = FOLDER / f"{name}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def written(path: Path, trace: Trace) -> Path:
    """Write a trace to a file."""
    write_pcap(path, trace.frames)
    return path
