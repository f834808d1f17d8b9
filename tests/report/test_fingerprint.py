"""The fingerprint: the same for the same fault in whatever capture, another for another fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pmiptrace.analysis import Analysis
from pmiptrace.capture.reader import CaptureReader
from pmiptrace.capture.writer import write_pcapng
from pmiptrace.model import Finding, Frame, Status
from pmiptrace.report.escaping import name_text
from pmiptrace.report.fingerprint import fingerprint, offending_field
from pmiptrace.testing import Trace

SAMPLES = Path(__file__).parents[2] / "samples"
FAULTY = ("bulk-and-overwrite.pcap", "busy.pcap.gz", "mag-identifier-in-pba.pcap",
          "reserved-bid.pcap")  # fmt: skip
DAY = 86_400 * 10**9


@cache
def frames_of(name: str) -> list[Frame]:
    with CaptureReader(SAMPLES / name, every_frame=True) as reader:
        return list(reader)


def faults(path: Path | str) -> list[Finding]:
    events = Analysis([str(path)]).events()
    return [e for e in events if isinstance(e, Finding) and e.status is Status.FAIL]


def written(folder: Path, frames: Sequence[Frame]) -> Path:
    path = folder / "capture.pcapng"
    write_pcapng(path, frames)
    return path


@cache
def marks(name: str) -> Counter[str]:
    return Counter(map(fingerprint, faults(SAMPLES / name)))


@settings(max_examples=12, deadline=None)
@given(
    name=st.sampled_from(FAULTY),
    later=st.integers(-5000 * DAY, 5000 * DAY),
    before=st.integers(0, 5),
    between=st.booleans(),
)
def test_the_same_faults_at_another_time_in_other_frames(
    tmp_path_factory: pytest.TempPathFactory, name: str, later: int, before: int, between: bool
) -> None:
    first = frames_of(name)[0]
    foreign = replace(first, data=bytes(len(first.data)))  # an Ethernet frame of nothing
    moved: list[Frame] = [foreign] * before
    for frame in frames_of(name):
        moved += [frame, replace(foreign, time=frame.time)] if between else [frame]
    moved = [replace(frame, time=(frame.time or 0) + later) for frame in moved]
    path = written(tmp_path_factory.mktemp("moved"), moved)
    assert Counter(map(fingerprint, faults(path))) == marks(name)
    if before:
        assert {f.moment.frame for f in faults(path)} != {
            f.moment.frame for f in faults(SAMPLES / name)
        }


@pytest.mark.parametrize("name", FAULTY)
@pytest.mark.parametrize("part", [0.2, 0.4, 0.6, 0.8])
def test_a_capture_that_began_later_tells_of_no_other_faults(
    tmp_path: Path, name: str, part: float
) -> None:
    frames = frames_of(name)[int(len(frames_of(name)) * part) :]
    found = {fingerprint(finding) for finding in faults(written(tmp_path, frames))}
    assert found <= marks(name).keys()


def test_other_faults_have_other_fingerprints() -> None:
    known: dict[str, tuple[object, ...]] = {}
    for name in FAULTY:
        for finding in faults(SAMPLES / name):
            party = finding.party
            what = (
                finding.rule,
                party.role,
                name_text(party.identifier) or party.address or finding.lma,
                name_text(finding.mobile_node),
                offending_field(finding),
            )
            assert known.setdefault(fingerprint(finding), what) == what
    assert len(known) > 50
    assert len(set(known.values())) == len(known)


def only(trace: Trace, tmp_path: Path) -> str:
    """Give the fingerprint of what a trace is written for: B and O set together."""
    (mark,) = {
        fingerprint(finding)
        for finding in faults(written(tmp_path, trace.frames))
        if finding.rule == "RFC8278-4.1-BO-EXCLUSIVE"
    }
    return mark


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        ({}, True),
        ({"bid": 7}, True),
        ({"sequence": 4000}, True),
        ({"address": "2001:db8:b::9"}, True),
        ({"times": 3}, True),
        ({"mag": "mag2@example.com"}, False),
        ({"node": "mn2@example.com"}, False),
    ],
)
def test_what_changes_the_fingerprint(
    tmp_path: Path, changes: dict[str, object], is_same: bool
) -> None:
    def made(
        mag: str = "mag1@example.com",
        node: str = "mn1@example.com",
        address: str = "2001:db8:a::1",
        bid: int = 1,
        sequence: int = 1,
        times: int = 1,
    ) -> Trace:
        trace = Trace()
        path = trace.mag(mag, sequence=sequence).path(address, bid=bid, if_att=8, if_label=1)
        trace.register(path, node)
        for _ in range(times):
            trace.wait(30)
            trace.register(path, node, bulk=True, overwrite=True)
        return trace

    assert (only(made(**changes), tmp_path) == only(made(), tmp_path)) is is_same
