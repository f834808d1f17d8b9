"""Several captures as one: the offset of their clocks, and the order of their messages."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pmiptrace.analysis import Analysis
from pmiptrace.capture.writer import write_pcap
from pmiptrace.merge import Item, Overview, clock_offsets, in_order, overview, spooled
from pmiptrace.model import SECOND, Datagram, Frame, Message
from pmiptrace.testing import Trace
from pmiptrace.track.tracker import Tracker

MILLISECOND = 1_000_000


def run_of(bindings: int) -> Trace:
    """A run that two captures may have seen."""
    trace = Trace()
    mag = trace.mag()
    lte, wlan = mag.path("2001:db8:a::1", bid=1), mag.path("2001:db8:b::1", bid=2)
    for _ in range(bindings):
        trace.register(lte, lifetime=600)
        trace.wait(10)
        trace.register(wlan, lifetime=600)
        trace.wait(10)
    return trace


def seen(
    trace: Trace, capture: int, skew: int = 0, part: slice = slice(None), transit: int = 0
) -> list[Message]:
    """What one capture has of a run; `transit` later where it stands at the receiver of PBUs."""
    messages = []
    for number, message in enumerate(list(trace.messages())[part], 1):
        late = transit if message.kind == "PBU" else -transit
        time = None if message.time is None else message.time + skew + late
        frame = replace(message.frame, capture=capture, number=number, time=time)
        messages.append(replace(message, datagram=replace(message.datagram, frame=frame)))
    return messages


def overviews(*captures: list[Message]) -> list[Overview]:
    return [
        overview(index, f"{index}.pcap", (m.datagram for m in messages))
        for index, messages in enumerate(captures)
    ]


# --------------------------------------------------------------------------------- clock offsets


def test_the_first_capture_s_clock_is_the_measure() -> None:
    trace = run_of(4)
    captures = overviews(seen(trace, 0), seen(trace, 1, 7 * SECOND), seen(trace, 2, -3 * SECOND))
    assert clock_offsets(captures) == {0: 0, 1: -7 * SECOND, 2: 3 * SECOND}


def test_the_offset_is_a_difference_that_was_measured() -> None:
    trace = run_of(4)
    there = seen(trace, 1, 7 * SECOND, transit=5 * MILLISECOND)
    offset = clock_offsets(overviews(seen(trace, 0), there))[1]
    assert offset in (-7 * SECOND - 5 * MILLISECOND, -7 * SECOND + 5 * MILLISECOND)


def test_one_odd_message_does_not_move_the_offset() -> None:
    trace = run_of(4)
    there = seen(trace, 1, 7 * SECOND)
    odd = there[5]
    frame = replace(odd.frame, time=(odd.time or 0) + 100 * SECOND)
    there[5] = replace(odd, datagram=replace(odd.datagram, frame=frame))
    assert clock_offsets(overviews(seen(trace, 0), there))[1] == -7 * SECOND


def test_captures_that_share_nothing_keep_their_times() -> None:
    one, other = run_of(3), Trace(start=5 * SECOND)
    other.register(other.mag().path("2001:db8:77::1"))
    assert clock_offsets(overviews(seen(one, 0), seen(other, 1))) == {0: 0, 1: 0}


def test_one_message_in_common_is_too_few() -> None:
    trace = run_of(4)
    captures = overviews(
        seen(trace, 0, part=slice(0, 4)), seen(trace, 1, SECOND, part=slice(3, 12))
    )
    assert clock_offsets(captures) == {0: 0, 1: 0}


def test_one_message_in_common_is_enough_if_there_are_no_more() -> None:
    trace = run_of(4)
    captures = overviews(seen(trace, 0), seen(trace, 1, SECOND, part=slice(3, 4)))
    assert clock_offsets(captures)[1] == -SECOND


def test_a_chain_of_captures_in_any_order() -> None:
    trace = run_of(6)
    first = seen(trace, 0, part=slice(0, 8))
    last = seen(trace, 1, 2 * SECOND, part=slice(14, 24))
    between = seen(trace, 2, SECOND, part=slice(4, 18))
    assert clock_offsets(overviews(first, last, between)) == {0: 0, 1: -2 * SECOND, 2: -SECOND}


def test_messages_shared_with_two_others_count_together() -> None:
    trace = run_of(6)
    captures = overviews(
        seen(trace, 0, part=slice(0, 10)),
        seen(trace, 1, part=slice(8, 16)),
        seen(trace, 2, SECOND, part=slice(7, 12, 4)),
    )
    assert clock_offsets(captures)[2] == -SECOND


def test_a_message_sent_twice_tells_nothing() -> None:
    trace = Trace()
    path = trace.mag().path("2001:db8:a::1", bid=1)
    for n in range(4):
        request = trace.pbu(path, f"mn{n}@example.com")
        trace.wait(1)
        trace.again(request)
    (one,) = overviews(seen(trace, 0))
    assert one.times == {}


def test_a_port_mirror_s_copies_do_not_spoil_the_comparison() -> None:
    trace = run_of(4)
    mirrored = [m for m in seen(trace, 0) for _ in range(2)]
    assert clock_offsets(overviews(mirrored, seen(trace, 1, SECOND))) == {0: 0, 1: -SECOND}


def test_captures_without_times_take_no_part() -> None:
    trace = run_of(2)
    timeless = [
        replace(m, datagram=replace(m.datagram, frame=replace(m.frame, time=None)))
        for m in seen(trace, 1)
    ]
    captures = overviews(seen(trace, 0), timeless)
    assert captures[1].first_time is None
    assert clock_offsets(captures) == {0: 0, 1: 0}


def test_many_captures_that_share_nothing_take_no_long() -> None:
    captures = [
        Overview(n, f"{n}.pcap", n, {n * 100 + k: n for k in range(100)}) for n in range(3000)
    ]
    assert set(clock_offsets(captures).values()) == {0}


@given(st.lists(st.dictionaries(st.integers(0, 9), st.integers(-50, 50)), max_size=6))
def test_every_capture_has_an_offset(times: list[dict[int, int]]) -> None:
    captures = [Overview(n, "", None, known) for n, known in enumerate(times)]
    offsets = clock_offsets(captures)
    assert offsets.keys() == set(range(len(times)))
    assert not times or offsets[0] == 0


# ------------------------------------------------------------------------------------------ order


def reader(captures: list[list[Message]]) -> Callable[[int], Iterator[Item]]:
    return lambda index: iter(captures[index])


def merged(captures: list[list[Message]]) -> list[Item]:
    known = [(o.index, o.first_time) for o in overviews(*captures)]
    return list(in_order(known, reader(captures)))


def test_messages_come_by_time() -> None:
    trace = run_of(4)
    captures = [seen(trace, 0, part=slice(0, None, 2)), seen(trace, 1, part=slice(1, None, 2))]
    times = [item.frame.time for item in merged(captures)]
    assert times == [m.time for m in trace.messages()]


def test_equal_times_come_in_the_order_of_the_captures() -> None:
    trace = run_of(2)
    items = merged([seen(trace, 0), seen(trace, 1)])
    assert [item.frame.capture for item in items] == [0, 1] * 8


def test_a_capture_out_of_order_keeps_its_own_order() -> None:
    trace = run_of(2)
    backwards = seen(trace, 0)[::-1]
    assert [m.frame.number for m in merged([backwards])] == [m.frame.number for m in backwards]


def test_messages_without_time_stay_where_they_stand() -> None:
    trace = run_of(2)
    timeless = seen(trace, 0)
    for n in (2, 3):
        frame = replace(timeless[n].frame, time=None)
        timeless[n] = replace(timeless[n], datagram=replace(timeless[n].datagram, frame=frame))
    items = merged([timeless, seen(trace, 1)])
    assert [m.frame.number for m in items if m.frame.capture == 0] == list(range(1, 9))


def test_ring_buffer_files_are_opened_one_after_another() -> None:
    trace = run_of(8)
    parts = [seen(trace, n, part=slice(4 * n, 4 * n + 4)) for n in range(8)]
    shuffled = [parts[n] for n in (3, 0, 7, 1, 2, 6, 5, 4)]
    events: list[str] = []

    def read(index: int) -> Iterator[Item]:
        events.append(f"open {index}")
        yield from shuffled[index]
        events.append(f"done {index}")

    known = [(o.index, o.first_time) for o in overviews(*shuffled)]
    times = [item.frame.time for item in in_order(known, read)]
    assert times == [m.time for m in trace.messages()]
    assert events[:4] == ["open 1", "done 1", "open 3", "done 3"]


def test_an_empty_capture_among_others() -> None:
    trace = run_of(1)
    assert len(merged([[], seen(trace, 1), []])) == 4


# -------------------------------------------------------------------------------------- the whole


def test_the_tracker_takes_the_second_view_for_the_duplicate_it_is() -> None:
    trace = run_of(4)
    captures = [seen(trace, 0), seen(trace, 1, transit=5 * MILLISECOND)]
    tracker = Tracker()
    steps = [
        s for item in merged(captures) if isinstance(item, Message) for s in tracker.feed(item)
    ]
    duplicates = [s for s in steps if "PM-DUP-CAPTURE" in s.events]
    assert len(steps) == 32
    assert len(duplicates) == 16
    assert {b.state.name for s in tracker.state.sessions for b in s.bindings} == {"ACTIVE"}
    assert all(s.exchange and s.exchange.certain for s in steps if s not in duplicates)


def frames(messages: list[Message], capture: int) -> list[Frame]:
    return [replace(m.frame, capture=capture) for m in messages]


def test_two_captures_of_one_run_make_one_report(tmp_path: Path) -> None:
    trace = run_of(4)
    one, two = tmp_path / "mag.pcap", tmp_path / "lma.pcap"
    write_pcap(one, frames(seen(trace, 0), 0))
    write_pcap(two, frames(seen(trace, 1, 40 * SECOND), 0))
    report = Analysis([str(one), str(two)]).report()
    assert [c.clock_offset for c in report.captures] == [0, -40 * SECOND]
    assert [c.messages + c.duplicates for c in report.captures] == [16, 16]
    assert report.messages == 16
    (session,) = report.sessions
    assert {b.state.name for b in session.bindings} == {"ACTIVE"}
    assert len(report.exchanges) == 8


def test_the_pieces_of_a_ring_buffer_make_one_run(tmp_path: Path) -> None:
    trace = run_of(6)
    paths = []
    for n, name in enumerate(("c", "a", "b")):
        path = tmp_path / f"{name}.pcap"
        write_pcap(path, frames(seen(trace, 0, part=slice(8 * n, 8 * n + 8)), 0))
        paths.append(str(path))
    report = Analysis(sorted(paths)).report()
    assert report.messages == 24
    assert len(report.exchanges) == 12
    assert all(e.reply is not None for e in report.exchanges)
    assert [c.clock_offset for c in report.captures] == [0, 0, 0]


# -------------------------------------------------------------------------------- standard input


def test_standard_input_beside_files_is_kept_to_be_read_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"octets")))
    with spooled(["-", "file.pcap"]) as paths:
        name, other = paths
        assert other == "file.pcap"
        assert Path(name).read_bytes() == b"octets"
    assert not Path(name).exists()


@pytest.mark.parametrize("paths", [["-"], ["a.pcap", "b.pcap"], []])
def test_otherwise_paths_are_left_alone(paths: list[str]) -> None:
    with spooled(paths) as same:
        assert same is paths


def test_an_overview_has_the_earliest_time_first() -> None:
    trace = run_of(2)
    backwards: list[Datagram] = [m.datagram for m in seen(trace, 0)[::-1]]
    assert overview(0, "", backwards).first_time == next(trace.messages()).time
