"""A live capture gives what a file gives, and what time alone brings about when it does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pmiptrace.analysis import Analysis, Change, Event
from pmiptrace.capture.reader import CaptureReader
from pmiptrace.live.analysis import LiveAnalysis
from pmiptrace.live.clock import MARGIN
from pmiptrace.live.feed import Arrival
from pmiptrace.model import SECOND, BindingState, Exchange, Finding, Frame
from pmiptrace.testing import Trace

SAMPLES = Path(__file__).parents[2] / "samples"
START = 1_000_000
"""When the first frame arrives, on the clock here."""


def events(path: Path) -> Iterator[Event]:
    """Read a sample as a live capture, looking up after every frame."""
    live = LiveAnalysis()
    with CaptureReader(str(path)) as reader:
        origin = None
        for frame in reader:
            origin = frame.time if origin is None else origin
            at = START + (frame.time or 0) - (origin or 0)
            yield from live.arrived(Arrival(frame, at))
            yield from live.passed(at)
        yield from live.conclude(reader.info, reader.esp_frames)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.pcap*")), ids=lambda path: path.name)
def test_the_same_as_from_a_file(path: Path) -> None:
    assert [*events(path)] == [*Analysis([str(path)]).events()]


def registered(lifetime: int = 40) -> tuple[LiveAnalysis, list[Frame]]:
    """Register a mobile node; give the analysis and the frames it has seen."""
    trace = Trace()
    trace.register(trace.mag().path("2001:db8:a::1", bid=1), lifetime=lifetime)
    frames = [message.frame for message in trace.messages()]
    live = LiveAnalysis()
    for frame in frames:
        for _ in live.arrived(Arrival(frame, START)):
            pass
    return live, frames


def states(found: Iterator[Event]) -> list[BindingState]:
    return [event.transition.after for event in found if isinstance(event, Change)]


def test_a_lifetime_ends_without_a_packet() -> None:
    live, _ = registered(40)
    assert states(live.passed(START + 40 * SECOND)) == []
    found = [*live.passed(START + 40 * SECOND + MARGIN + 1)]
    assert states(iter(found)) == [BindingState.EXPIRED]
    assert "PM-EXPIRED" in [event.rule for event in found if isinstance(event, Finding)]
    assert states(live.passed(START + 3600 * SECOND)) == []


def test_a_refresh_under_way_is_awaited() -> None:
    """It was captured in time, and comes within the margin after the end."""
    trace = Trace()
    path = trace.mag().path("2001:db8:a::1", bid=1)
    trace.register(path, lifetime=40)
    trace.wait(39)
    trace.register(path, lifetime=40)
    live, start = LiveAnalysis(), trace.messages().__next__().frame.time or 0
    found: list[Event] = []
    for message in trace.messages():
        at = START + (message.time or 0) - start
        late = 0 if at < 30 * SECOND else MARGIN - SECOND // 5
        found += live.passed(at + late)
        found += live.arrived(Arrival(message.frame, at + late))
    assert BindingState.EXPIRED not in states(iter(found))


def test_a_request_is_given_up_without_a_packet() -> None:
    trace = Trace()
    trace.pbu(trace.mag().path("2001:db8:a::1", bid=1))
    live = LiveAnalysis()
    (message,) = trace.messages()
    assert not [e for e in live.arrived(Arrival(message.frame, 0)) if isinstance(e, Exchange)]
    found = [*live.passed(40 * SECOND)]
    assert [e.reply for e in found if isinstance(e, Exchange)] == [None]


def test_silence_before_the_end_counts() -> None:
    live, frames = registered(3600)
    start, last = frames[0].time, frames[-1].time
    assert start is not None
    assert last is not None
    assert [*live.passed(START + 600 * SECOND)] == []
    with CaptureReader(str(SAMPLES / "call-flow.pcap")) as reader:
        for _ in reader:
            pass
        [*live.conclude(reader.info, 0)]
    (info,) = live.overview().captures
    assert info.last_time == last + 600 * SECOND - MARGIN


def test_time_does_not_pass_before_the_first_packet() -> None:
    assert [*LiveAnalysis().passed(10**18)] == []
