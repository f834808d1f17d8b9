"""The full-screen view of a live capture: what comes shows, and so does time that goes by."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace
from stage import Pilots, Saved, assert_screen, shown
from test_tui_screens import cursor

from pmiptrace.live.analysis import LiveAnalysis
from pmiptrace.live.feed import Arrival
from pmiptrace.model import SECOND
from pmiptrace.report.live.situation import Situation
from pmiptrace.report.tui.app import FullScreen
from pmiptrace.report.tui.book import Book
from pmiptrace.report.tui.desk import Desk, Status
from pmiptrace.selection import Selection
from pmiptrace.testing import Trace
from pmiptrace.wire.dialect import Dialect

START = 1_700_000_000 * SECOND
NOW = Situation(source="eth0", began=START, elapsed=0, time=None, packets=0, messages=0, drops=None)


class Capture:
    """A live capture whose frames and whose clock the test gives."""

    title = "eth0"

    def __init__(self) -> None:
        self.analysis = LiveAnalysis()
        self.book = Book(Selection(), self.analysis.follower.mags)
        self.analysis.follower.observe(self.book.observe)
        self.now = Status(situation=NOW)
        self._given = 0

    @property
    def dialects(self) -> Mapping[str, Dialect]:
        return self.analysis.dialects

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def status(self) -> Status:
        return self.now

    def take(self, trace: Trace) -> None:
        """Take what a trace has more than before."""
        for frame in trace.frames[self._given :]:
            for event in self.analysis.arrived(Arrival(frame, (frame.time or 0) - START)):
                self.book.take(event)
        self._given = len(trace.frames)
        self.passed(trace.now)

    def passed(self, time: int, drops: int | None = None) -> None:
        """Let time go on."""
        for event in self.analysis.passed(time - START):
            self.book.take(event)
        self.book.flush()
        situation = replace(
            NOW, elapsed=time - START, time=self.analysis.time, packets=self._given, drops=drops
        )
        self.now = Status(now=self.analysis.time, situation=situation)


class Live:
    """A view of it, drawn when the test says so."""

    def __init__(self) -> None:
        self.capture = Capture()
        self.app = FullScreen(Desk(self.capture.book, self.capture, Saved(), follows=True))
        self.trace = Trace()
        self.path = self.trace.mag().path("2001:db8:a::1", bid=1, if_att=8, if_label=11)

    async def drawn(self, pilot: Pilots) -> str:
        self.app._due = 0.0
        self.app.tick()
        await pilot.pause()
        return shown(self.app)

    async def begin(self, pilot: Pilots) -> None:
        """Have two mobile nodes register."""
        self.trace.register(self.path, lifetime=300)
        self.trace.wait(2)
        self.trace.register(self.path, mn="mn2@example.com", lifetime=300)
        self.capture.take(self.trace)
        await self.drawn(pilot)


def run(act: object) -> None:
    import asyncio

    live = Live()

    async def play() -> None:
        async with live.app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await act(live, pilot)  # type: ignore[operator]

    asyncio.run(play())


def test_what_comes_shows_and_the_cursor_follows() -> None:
    async def act(live: Live, pilot: Pilots) -> None:
        assert "waiting for signalling …" in shown(live.app)
        await live.begin(pilot)
        text = shown(live.app)
        assert_screen("live", text)
        assert "mn2@example.com" in cursor(text)
        live.trace.wait(1)
        live.trace.pbu(live.path, lifetime=300)
        live.capture.take(live.trace)
        # A request shows before its answer comes.
        assert "mn1@example.com" in cursor(await live.drawn(pilot))

    run(act)


def test_a_lifetime_ends_on_the_clock() -> None:
    async def act(live: Live, pilot: Pilots) -> None:
        await live.begin(pilot)
        live.capture.passed(START + 299 * SECOND)
        await pilot.press("F", "home")
        assert "1 LTE ━ active" in cursor(await live.drawn(pilot))
        live.capture.passed(START + 310 * SECOND)
        text = await live.drawn(pilot)
        assert "1 LTE ◇ expired" in cursor(text)
        await pilot.press("enter")
        assert "◇   BID 1 expired" in await live.drawn(pilot)

    run(act)


def test_a_pause_holds_the_screen_and_loses_nothing() -> None:
    async def act(live: Live, pilot: Pilots) -> None:
        await live.begin(pilot)
        await pilot.press("p")
        live.trace.register(live.path, mn="mn3@example.com", lifetime=300)
        live.capture.take(live.trace)
        text = await live.drawn(pilot)
        assert "paused: p goes on" in text
        assert "mn3@example.com" not in text
        await pilot.press("p")
        assert "mn3@example.com" in await live.drawn(pilot)

    run(act)


def test_a_call_flow_grows_at_its_end() -> None:
    async def act(live: Live, pilot: Pilots) -> None:
        await live.begin(pilot)
        await pilot.press("enter", "end")
        live.trace.wait(1)
        live.trace.pbu(live.path, mn="mn2@example.com", lifetime=300)
        live.capture.take(live.trace)
        assert "PBU refresh" in cursor(await live.drawn(pilot))
        live.trace.pba()
        live.capture.take(live.trace)
        assert "PBA accepted" in cursor(await live.drawn(pilot))

    run(act)


def test_packets_that_were_dropped_are_told() -> None:
    async def act(live: Live, pilot: Pilots) -> None:
        await live.begin(pilot)
        live.capture.passed(START + 5 * SECOND, drops=12)
        assert "12 dropped" in await live.drawn(pilot)

    run(act)
