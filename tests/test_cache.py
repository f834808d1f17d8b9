"""The binding cache at a moment, from traces."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from pmiptrace.address import address_text
from pmiptrace.analysis import Analysis, Change, Event
from pmiptrace.cache import BindingCache, CacheBuilder
from pmiptrace.capture.writer import write_pcap
from pmiptrace.errors import UsageError
from pmiptrace.instant import Instant, instant
from pmiptrace.model import SECOND, BindingState, Frame, Message
from pmiptrace.selection import Pattern, Selection
from pmiptrace.testing import START, Trace

SKKU = Path(__file__).resolve().parents[2] / "shared" / "captures" / "skku_lma2mags.pcap"


def two_paths() -> Trace:
    """Frames 1 to 8: LTE at 0 s, WLAN at 5 s; LTE is given up at 60 s, WLAN expires at 125 s."""
    trace = Trace()
    mag = trace.mag("mag1@example.com")
    lte = mag.path("2001:db8:a::1", bid=1, if_att=8, if_label=11)
    wlan = mag.path("2001:db8:b::1", bid=2, if_att=4, if_label=9)
    trace.register(lte, lifetime=120)
    trace.now = START + 5 * SECOND
    trace.register(wlan, lifetime=120)
    trace.now = START + 60 * SECOND
    trace.deregister(lte)
    trace.now = START + 200 * SECOND
    trace.register(trace.mag("mag2@example.com").path("2001:db8:c::1", bid=1), "mn2@example.com")
    return trace


@pytest.fixture
def capture(tmp_path: Path) -> str:
    write_pcap(tmp_path / "two.pcap", two_paths().frames)
    return str(tmp_path / "two.pcap")


def followed(*paths: str, at: str | None = None, **selected: Pattern) -> tuple[
    BindingCache, list[Event]
]:  # fmt: skip
    until = None if at is None else instant(at)
    analysis = Analysis(paths, until=until, judge=False)
    builder = CacheBuilder(Selection(**selected), analysis.mags)
    events = [event for event in analysis.events() if builder.event(event) or True]
    return builder.cache(analysis.ended_at), events


def told(cache: BindingCache) -> list[tuple[str, int | None, str, float | None]]:
    return [
        (
            str(entry.session.mobile_node).partition("@")[0],
            entry.binding.bid,
            entry.binding.state.public_name,
            None if entry.left is None else round(entry.left / SECOND, 2),
        )
        for entry in cache.entries
    ]


@pytest.mark.parametrize(
    ("at", "entries"),
    [
        ("+0", [("mn1", 1, "pending", None)]),
        ("1", [("mn1", 1, "pending", None)]),
        ("2", [("mn1", 1, "active", 120)]),
        ("+1", [("mn1", 1, "active", 119.02)]),
        ("1:4", [("mn1", 1, "active", 115), ("mn1", 2, "active", 120)]),
        ("+60", [("mn1", 1, "deregistering", 60.02), ("mn1", 2, "active", 65.02)]),
        ("6", [("mn1", 1, "deregistered", None), ("mn1", 2, "active", 65)]),
        ("+65", [("mn1", 1, "deregistered", None), ("mn1", 2, "active", 60.02)]),
        ("+71", [("mn1", 2, "active", 54.02)]),
        ("+125.02s", [("mn1", 2, "active", 0)]),
        ("+126s", []),
        ("22:16:00", []),
        (None, [("mn2", 1, "active", 3600)]),
        ("+5h", [("mn2", 1, "active", 3600)]),
        ("2023-11-14T22:00:00Z", []),
    ],
)
def test_the_cache_at_a_moment(
    capture: str, at: str | None, entries: list[tuple[str, int | None, str, float | None]]
) -> None:
    cache, _ = followed(capture, at=at)
    assert told(cache) == entries


def test_what_is_no_longer_held_is_counted(capture: str) -> None:
    cache, _ = followed(capture)
    assert cache.gone == {"deregistered": 1, "expired": 1}


def test_what_comes_later_is_not_read(capture: str) -> None:
    _, events = followed(capture, at="+60")
    assert [e.frame.number for e in events if isinstance(e, Message)] == [1, 2, 3, 4, 5]
    assert not any(isinstance(e, Change) and e.transition.moment.time > START + 60 * SECOND
                   for e in events)  # fmt: skip


def test_a_message_captured_late_by_another_interface_still_counts(tmp_path: Path) -> None:
    frames = two_paths().frames[:4]
    swapped = [frames[0], frames[2], frames[1], frames[3]]
    swapped = [replace(frame, number=n) for n, frame in enumerate(swapped, 1)]
    swapped[1] = replace(swapped[1], time=START + SECOND // 2)
    write_pcap(tmp_path / "swapped.pcap", swapped)
    cache, events = followed(str(tmp_path / "swapped.pcap"), at="+0.1")
    assert told(cache) == [("mn1", 1, "active", 119.92)]
    assert [e.frame.number for e in events if isinstance(e, Message)] == [1, 3]


def test_the_frame_may_be_any_and_has_its_time(tmp_path: Path) -> None:
    frames = two_paths().frames[:4]
    other = b"\x60\0\0\0\0\x08\x3b\x40" + bytes(40)
    late = Frame(0, 5, START + 300 * SECOND, frames[0].link_type, other, len(other))
    write_pcap(tmp_path / "idle.pcap", [*frames, late, *two_paths().frames[6:]])
    assert told(followed(str(tmp_path / "idle.pcap"), at="4")[0])[0][2] == "active"
    cache, _ = followed(str(tmp_path / "idle.pcap"), at="5")
    assert told(cache) == []
    assert cache.gone == {"expired": 2}


@pytest.mark.parametrize("at", ["9", "2:1"])
def test_a_frame_that_is_not_there_is_a_usage_error(capture: str, at: str) -> None:
    with pytest.raises(UsageError, match=r"no frame 9|no capture 2"):
        followed(capture, at=at)


def test_a_frame_of_the_second_of_two_captures(tmp_path: Path) -> None:
    """The second capture's clock is 7 s late; the first one's counts."""
    frames = two_paths().frames
    write_pcap(tmp_path / "a.pcap", frames[:6])
    later = [replace(f, number=n, time=f.time - 7 * SECOND) for n, f in enumerate(frames[2:], 1)]
    write_pcap(tmp_path / "b.pcap", later)
    paths = (str(tmp_path / "a.pcap"), str(tmp_path / "b.pcap"))
    assert told(followed(*paths, at="2:2")[0]) == told(followed(*paths, at="1:4")[0])
    assert told(followed(*paths, at="2:5")[0]) == [("mn2", 1, "pending", None)]


def test_only_what_is_selected_is_shown(capture: str) -> None:
    assert len(followed(capture, at="4")[0].entries) == 2
    for selected in (
        {"mobile_node": Pattern("mn2*")},
        {"mag": Pattern("mag2@*")},
        {"lma": Pattern("2001:db8::1")},
    ):
        assert followed(capture, at="4", **selected)[0].entries == ()
    assert len(followed(capture, at="4", mag=Pattern("2001:db8:b::1"))[0].entries) == 2


def test_a_restart_of_a_peer_changes_the_bindings_of_all_its_sessions(tmp_path: Path) -> None:
    trace = Trace()
    path = trace.mag("mag1@example.com").path("2001:db8:a::1", bid=1)
    trace.register(path, "mn1@example.com")
    trace.register(path, "mn2@example.com")
    trace.wait(50)
    trace.heartbeat_response(trace.heartbeat(path), counter=1)
    trace.wait(60)
    trace.heartbeat_response(trace.heartbeat(path), counter=2)
    write_pcap(tmp_path / "restart.pcap", trace.frames)
    cache, events = followed(str(tmp_path / "restart.pcap"))
    assert [state for _, _, state, _ in told(cache)] == ["suspect", "suspect"]
    changes = [e for e in events if isinstance(e, Change)]
    doubted = [c for c in changes if c.transition.after is BindingState.SUSPECT]
    assert {str(c.session.mobile_node) for c in doubted} == {"mn1@example.com", "mn2@example.com"}
    assert {c.transition.moment.frame for c in doubted} == {8}


def test_an_instant_without_times_is_the_frame() -> None:
    assert Instant(frame=3).at(START) is None


@pytest.mark.skipif(not SKKU.exists(), reason="needs the capture of SKKU")
@pytest.mark.parametrize(
    ("at", "entries"),
    [
        ("136", [("2001:100::2", "pending")]),
        ("150", [("2001:100::2", "active")]),
        ("193", [("2001:100::2", "active"), ("2001:100::3", "pending")]),
        ("194", [("2001:100::2", "deregistering"), ("2001:100::3", "pending")]),
        ("195", [("2001:100::3", "active")]),
        ("08:25:20", [("2001:100::3", "active")]),
    ],
)
def test_a_handover_of_a_real_capture(at: str, entries: list[tuple[str, str]]) -> None:
    cache, _ = followed(str(SKKU), at=at)
    shown = [
        (address_text(e.binding.care_of_address), e.binding.state.public_name)
        for e in cache.entries
    ]
    assert shown == entries
