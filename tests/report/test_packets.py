"""The list of packets: in order, each with what it was, as soon as that is known."""

from __future__ import annotations

from pathlib import Path

import pytest
from packet_run import SAMPLES, packets_of, run, written

from pmiptrace.analysis import Analysis
from pmiptrace.errors import UsageError
from pmiptrace.model import ExchangeKind, Finding, Frame
from pmiptrace.packet.build import ethernet, fragment
from pmiptrace.packet.numbers import LINK_ETHERNET, MOBILITY_HEADER
from pmiptrace.report.packets import Frames, Packet, Packets, is_frames
from pmiptrace.testing import Trace


def numbers(found: list[Packet | Finding]) -> list[int]:
    return [each.frame.number for each in found if isinstance(each, Packet)]


def retried() -> Trace:
    """A PBU that is answered at the third attempt, and one that nobody answers."""
    trace = Trace()
    path = trace.mag().path("2001:db8:a::1", bid=1, if_att=8)
    request = trace.pbu(path)
    for wait in (1.5, 3):
        trace.wait(wait)
        trace.again(request)
    trace.pba(request)
    trace.wait(60)
    trace.pbu(path)
    trace.wait(100)
    trace.register(path)
    return trace


def test_what_each_message_was(tmp_path: Path) -> None:
    found = packets_of(written(tmp_path / "x.pcap", retried().frames))
    told = [(p.frame.number, p.attempt, p.is_answer, p.is_unanswered) for p in found]
    assert told == [
        (1, 1, False, False),
        (2, 2, False, False),
        (3, 3, False, False),
        (4, 0, True, False),
        (5, 1, False, True),
        (6, 1, False, False),
        (7, 0, True, False),
    ]
    assert {p.exchange.kind for p in found[:4] if p.exchange} == {ExchangeKind.INITIAL}


def test_a_kind_that_the_answer_shows_is_that_of_the_request_too() -> None:
    found = packets_of(SAMPLES / "handover.pcap")
    kinds = {p.frame.number: p.exchange.kind.value for p in found if p.exchange}
    assert kinds[5] == kinds[6] == "handover"


def test_findings_are_those_of_the_frame() -> None:
    found = packets_of(SAMPLES / "bulk-and-overwrite.pcap")
    rules = {p.frame.number: [f.rule for f in p.findings] for p in found}
    assert rules.pop(5) == ["RFC8278-4.1-BO-EXCLUSIVE"]
    assert not any(rules.values())


def test_a_finding_of_the_clock_is_with_the_request_that_it_is_about(tmp_path: Path) -> None:
    found = packets_of(written(tmp_path / "x.pcap", retried().frames))
    rules = {p.frame.number: [f.rule for f in p.findings] for p in found}
    assert "PM-UNANSWERED-PBU" in rules[5]


def test_what_comes_too_late_comes_by_itself() -> None:
    found, _, _ = run(SAMPLES / "call-flow.pcap")
    assert [each.rule for each in found if isinstance(each, Finding)] == ["PM-CLEARTEXT"]
    found, _, _ = run(SAMPLES / "call-flow.pcap", frames=["1"])
    (packet,) = found
    assert isinstance(packet, Packet)
    assert "PM-CLEARTEXT" in [finding.rule for finding in packet.findings]


def test_an_answer_in_front_of_its_request_stays_there(tmp_path: Path) -> None:
    trace = Trace()
    trace.register(trace.mag().path("2001:db8:a::1"))
    frames = list(reversed(trace.frames))
    found = packets_of(written(tmp_path / "x.pcap", frames))
    assert [(p.frame.number, p.is_answer) for p in found] == [(1, True), (2, False)]


def test_nothing_waits_longer_than_for_its_exchange(tmp_path: Path) -> None:
    path = written(tmp_path / "x.pcap", retried().frames)
    packets = Packets()
    analysis = Analysis([str(path)], observer=packets.observe)
    seen: list[tuple[int, list[int]]] = []
    for event in analysis.events():
        given = numbers(list(packets.take(event, analysis.mags)))
        if given:
            seen.append((packets.messages, given))
    # The first four with the answer in frame 4; the one nobody answers when time has passed.
    assert seen == [(4, [1, 2, 3, 4]), (6, [5]), (7, [6, 7])]


def test_what_is_held_back_is_bounded(tmp_path: Path) -> None:
    trace = Trace()
    mag = trace.mag()
    for number in range(50):
        trace.pbu(mag.path("2001:db8:a::1"), f"mn{number}@example.com")
    path = written(tmp_path / "x.pcap", trace.frames)
    packets = Packets(held=10)
    analysis = Analysis([str(path)], observer=packets.observe)
    count = 0
    for event in analysis.events():
        count += len(list(packets.take(event, analysis.mags)))
        assert packets.messages - count <= 11
    assert len(list(packets.rest(analysis.mags))) + count >= 50


def test_a_copy_of_a_message_is_one(tmp_path: Path) -> None:
    trace = Trace()
    trace.register(trace.mag().path("2001:db8:a::1"))
    frames = [trace.frames[0], *trace.frames]
    found = packets_of(written(tmp_path / "x.pcap", frames))
    assert [(p.frame.number, p.is_duplicate) for p in found] == [(1, False), (2, True), (3, False)]


def test_every_message_comes_once() -> None:
    for sample in sorted(SAMPLES.glob("*.pcap*")):
        found, packets, _ = run(sample)
        given = numbers(found)
        assert given == sorted(set(given))
        assert len(given) == packets.messages


# --------------------------------------------------------------------------------- FRAME


@pytest.mark.parametrize(
    ("texts", "has", "has_not"),
    [
        (["7"], [(0, 7), (3, 7)], [(0, 8), (0, 77)]),
        (["7-9"], [(0, 7), (0, 9)], [(0, 6), (0, 10)]),
        (["7-"], [(0, 7), (0, 1 << 40)], [(0, 6)]),
        (["2:7"], [(1, 7)], [(0, 7), (2, 7)]),
        (["2:7-9", "1"], [(1, 8), (0, 1), (1, 1)], [(0, 8)]),
    ],
)
def test_frames(
    texts: list[str], has: list[tuple[int, int]], has_not: list[tuple[int, int]]
) -> None:
    frames = Frames(texts)
    assert all(frames.has(*place) for place in has)
    assert not any(frames.has(*place) for place in has_not)


@pytest.mark.parametrize("text", ["0", "9-7", "0:7", "7-0", "-7", "7:", "a", "1-2-3", ""])
def test_what_names_no_frames(text: str) -> None:
    with pytest.raises(UsageError, match="names no frames"):
        Frames([text])


@pytest.mark.parametrize("text", ["7", "7-9", "7-", "2:7"])
def test_frames_look_like_frames(text: str) -> None:
    assert is_frames(text)
    assert not is_frames(f"./{text}")


def test_frames_that_are_not_there_are_known() -> None:
    _, packets, _ = run(SAMPLES / "call-flow.pcap", frames=["1", "3-9", "7-9"])
    assert packets._frames is not None
    assert [each.text for each in packets._frames.missing] == ["7-9"]


def test_a_fragment_stands_for_its_message(tmp_path: Path) -> None:
    trace = Trace()
    trace.pbu(trace.mag().path("2001:db8:a::1"))
    packet = trace.frames[0].data
    parts = fragment(packet[8:24], packet[24:40], MOBILITY_HEADER, packet[40:], size=48)
    frames = [
        Frame(0, n, trace.now, LINK_ETHERNET, ethernet(part), len(ethernet(part)))
        for n, part in enumerate(parts, 1)
    ]
    (found,) = packets_of(written(tmp_path / "x.pcap", frames), frames=["1"])
    assert found.frame.number == len(parts)
    assert found.message is not None
    assert found.message.datagram.fragments[0] == 1
