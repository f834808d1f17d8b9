"""The signalling alone: its frames as they were, and how long the capture was."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from anonymity import findings, frame_numbers, outline, report_of

from pmiptrace.analysis import Analysis
from pmiptrace.capture.reader import CaptureReader
from pmiptrace.capture.writer import write_pcapng
from pmiptrace.export.signalling import FrameSet, write_signalling
from pmiptrace.model import Frame
from pmiptrace.packet import build

TESTS = Path(__file__).parents[1]
sys.path += [str(TESTS / "packet"), str(TESTS / "capture")]

from container_bytes import (  # noqa: E402
    SIGNALLING,
    START,
    USER,
    block,
    enhanced,
    interface,
    option,
    section,
    simple,
)
from packet_frames import LMA, MAG, PBU, frame  # noqa: E402

SAMPLES = TESTS.parent / "samples"
NAMES = sorted(path.name for path in SAMPLES.iterdir() if ".pcap" in path.name)


def exported(path: Path) -> bytes:
    stream = io.BytesIO()
    write_signalling(str(path), stream)
    return stream.getvalue()


def frames(octets: bytes) -> list[Frame]:
    return list(CaptureReader("-", every_frame=True, stream=io.BytesIO(octets)))


@pytest.mark.parametrize("name", NAMES)
def test_a_capture_of_signalling_alone_is_what_it_was(name: str) -> None:
    path = SAMPLES / name
    report = Analysis([str(path)]).report()
    if report.messages == report.captures[0].packets:
        assert exported(path) == path.read_bytes()
    else:
        assert len(frames(exported(path))) == report.messages + 2


@pytest.mark.parametrize("name", NAMES)
def test_analyze_says_the_same_of_it(name: str, tmp_path: Path) -> None:
    original, reduced = SAMPLES / name, tmp_path / "reduced"
    reduced.write_bytes(exported(original))
    before, after = report_of(original), report_of(reduced)
    numbers = {(0, old): new for old, new in frame_numbers(original, reduced).items()}
    assert findings(before, numbers) == findings(after)
    assert outline(before) == outline(after)


def test_user_traffic_goes_and_the_rest_stays(tmp_path: Path) -> None:
    comment = option(1, b"seen at the LMA") + bytes(4)
    kept = [
        section(tail=comment),
        interface(tail=comment),
        enhanced(SIGNALLING, tail=comment),
        block(4, b"names"),
        block(5, bytes(12)),
    ]
    traffic = enhanced(USER, ticks=(START + 9) * 1_000_000, original=99)
    secrets = block(10, b"keys")
    path = tmp_path / "one.pcapng"
    path.write_bytes(b"".join(kept) + secrets + simple(USER) + traffic + traffic)
    last = enhanced(b"", ticks=(START + 9) * 1_000_000, original=99)
    assert exported(path) == b"".join(kept) + last


def test_fragments_of_a_message_stay_whole_or_not(tmp_path: Path) -> None:
    packets = build.fragment(MAG, LMA, 135, PBU, size=32)
    user = [build.ipv6(MAG, LMA, 6, bytes(20)), *build.fragment(MAG, LMA, 6, bytes(99), size=48)]
    data = [build.ethernet(p) for p in (user[0], *packets, *user[1:], *packets[1:], user[0])]
    given = [frame(octets, number=n, time=n * 10**9) for n, octets in enumerate(data, 1)]
    write_pcapng(tmp_path / "one.pcapng", given)
    found = frames(exported(tmp_path / "one.pcapng"))
    wanted = [b"", *data[1 : 1 + len(packets)], b""]
    assert [one.data for one in found] == wanted
    assert (found[0].time, found[-1].time) == (given[0].time, given[-1].time)


def test_a_message_whose_fragments_never_come_is_kept_as_far_as_it_came(tmp_path: Path) -> None:
    data = [build.ethernet(p) for p in build.fragment(MAG, LMA, 135, PBU, size=32)[:-1]]
    given = [frame(octets, number=n, time=n * 10**9) for n, octets in enumerate(data, 1)]
    write_pcapng(tmp_path / "one.pcapng", given)
    assert [one.data for one in frames(exported(tmp_path / "one.pcapng"))] == data


def test_a_set_of_frames() -> None:
    numbers = FrameSet()
    numbers.update((1, 8, 4711))
    assert [n for n in range(5000) if n in numbers] == [1, 8, 4711]
    assert None not in numbers
