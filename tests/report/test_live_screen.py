"""The screen of a live capture: at any size, in any moment, whatever names a capture has."""

from __future__ import annotations

import io
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from pmiptrace.live.analysis import LiveAnalysis
from pmiptrace.live.feed import Arrival
from pmiptrace.model import SECOND, Message
from pmiptrace.report.live.screen import LiveScreen, shared
from pmiptrace.report.live.situation import Situation
from pmiptrace.report.times import TimeFormat
from pmiptrace.simulation import Scenario, Vantage, simulate
from pmiptrace.testing import Trace

START = 1_700_000_000 * SECOND


class Stage:
    """A screen with an analysis behind it."""

    def __init__(self, width: int = 80, height: int = 24, encoding: str = "utf-8") -> None:
        file = io.TextIOWrapper(io.BytesIO(), encoding, errors="strict")
        self.console = Console(file=file, width=width, height=height, force_terminal=True)
        self.live = LiveAnalysis()
        follower = self.live.follower
        self.screen = LiveScreen(
            self.console, TimeFormat.UTC, follower.mags, lambda: follower.sessions, lambda *_: True
        )

    def take(self, messages: Iterable[Message]) -> None:
        for message in messages:
            at = (message.time or 0) - START
            for event in self.live.arrived(Arrival(message.frame, at)):
                self.screen.event(event)

    def lines(self, **changes: object) -> list[str]:
        now: dict[str, object] = {
            "source": "eth0",
            "began": START,
            "elapsed": 65 * SECOND,
            "time": self.live.time,
            "packets": 9,
            "messages": 8,
            "drops": None,
        }
        drawn = self.screen.drawn(Situation(**{**now, **changes}))  # type: ignore[arg-type]
        assert isinstance(drawn, Text)
        return drawn.plain.split("\n")


def violation() -> Trace:
    trace = Trace()
    path = trace.mag().path("2001:db8:a::1", bid=1, if_att=8, if_label=11)
    trace.register(path, lifetime=300)
    trace.wait(20)
    trace.pbu(path, bulk=True, overwrite=True, lifetime=300)
    trace.pba()
    return trace


def test_before_the_first_packet() -> None:
    lines = Stage().lines(packets=0, messages=0, elapsed=0)
    assert lines[0] == "eth0  since 22:13:20 UTC  0 packets  0 messages  drops: told at the end"
    assert lines[1].startswith("Findings · no violation so far ──")
    assert [line for line in lines if not line.endswith("─")][1:] == [" none so far"] * 3


def test_the_answer_is_at_the_top() -> None:
    stage = Stage(120, 30)
    stage.take(violation().messages())
    lines = stage.lines(recording="kept.pcapng", recorded=1_234_567)
    assert "1 min 05 s  9 packets  8 messages" in lines[0]
    assert lines[1] == " kept in kept.pcapng, 1.2 MB"
    assert lines[2].startswith("Findings · 3 violations ─")
    (found,) = [line for line in lines if "RFC8278-4.1-BO-EXCLUSIVE" in line]
    assert found in lines[4:7]
    assert found.startswith(" E  ")
    assert "MAG mag1@example.com" in found
    bindings = next(n for n, line in enumerate(lines) if line.startswith("Bindings"))
    assert lines[bindings].startswith("Bindings · 1 live of 1 session, the next to expire first")
    assert lines[bindings + 2].split()[:6] == ["300", "s", "300", "s", "mn1@example.com", "1"]
    assert lines[bindings + 3].startswith("Exchanges · newest first")
    assert "overwrite" in lines[bindings + 5] or "refresh" in lines[bindings + 5]


def test_time_that_goes_by_shows() -> None:
    stage = Stage()
    stage.take(violation().messages())
    assert stage.live.time is not None
    lines = stage.lines(time=stage.live.time + 296 * SECOND)
    assert any(line.strip().startswith("4 s  mn1") for line in lines)


def test_drops_and_trouble() -> None:
    stage = Stage()
    assert "12 dropped" in stage.lines(drops=12)[0]
    assert "0 dropped" in stage.lines(drops=0)[0]
    trouble = "kept.pcapng: cannot be written on: No space left on device"
    assert f"! {trouble}" in stage.lines(recording="kept.pcapng", trouble=trouble)


def test_rate_is_that_of_the_last_seconds() -> None:
    stage = Stage()
    for second in range(100):
        lines = stage.lines(elapsed=second * SECOND, messages=0 if second < 80 else second - 79)
    assert "(1.0/s)" in lines[0]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120, 200])
@pytest.mark.parametrize("height", [5, 10, 24, 60])
def test_fits_any_screen(width: int, height: int) -> None:
    stage = Stage(width, height)
    run = simulate(Scenario(duration=300, mobile_nodes=8, mags=3), seed=4)
    for number, frame in enumerate(run.frames(Vantage.LMA)):
        for event in stage.live.arrived(Arrival(frame, (frame.time or 0) - START)):
            stage.screen.event(event)
        if not number % 50:
            stage.lines()
    lines = stage.lines(recording="kept.pcapng", drops=3)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    assert "eth0" in lines[0]


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_hostile_names(encoding: str) -> None:
    name = "\x1b[2J[red]no\n" + "x" * 100 + "\N{RIGHT-TO-LEFT OVERRIDE}ü→"
    trace = Trace()
    path = trace.mag(name).path("2001:db8:a::1", bid=1)
    trace.register(path, mn=name)
    trace.pbu(path, mn=name, bulk=True, overwrite=True)
    trace.pba()
    stage = Stage(200, 30, encoding)
    stage.take(trace.messages())
    lines = stage.lines()
    assert all(line.isprintable() for line in lines)
    assert "\n".join(lines).encode(encoding)
    assert any("\\x1b[2J[red]no" in line for line in lines)


def test_kinds_of_findings_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pmiptrace.report.live.screen._KINDS", 3)
    monkeypatch.setattr("pmiptrace.report.live.screen._LAST", 2)
    stage = Stage()
    for number in range(9):
        trace = Trace()
        path = trace.mag(f"mag{number}@example.com").path(f"2001:db8:a::{number + 1}", bid=1)
        trace.register(path, mn=f"mn{number}@example.com")
        trace.pbu(path, mn=f"mn{number}@example.com", bulk=True, overwrite=True)
        trace.pba()
        stage.take(trace.messages())
    assert len(stage.screen._kinds) <= 3
    assert len(stage.screen._exchanges) == 2


@given(st.integers(-5, 60), st.lists(st.integers(0, 40), min_size=1, max_size=4))
def test_lines_are_shared_fairly(room: int, needs: list[int]) -> None:
    shares = shared(room, needs)
    assert all(0 <= share <= need for share, need in zip(shares, needs, strict=True))
    assert sum(shares) == min(max(room, 0), sum(needs))
    short = [share for share, need in zip(shares, needs, strict=True) if share < need]
    assert not short or max(shares) - min(short) <= 1
