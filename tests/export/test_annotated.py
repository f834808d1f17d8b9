"""Findings as comments: on their frames, and nothing else changed."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest

from pmiptrace.analysis import Analysis
from pmiptrace.capture.reader import CaptureReader
from pmiptrace.capture.records import SECTION_HEADER, Record
from pmiptrace.export.annotated import Comments, comments_of, headline, write_annotated
from pmiptrace.model import Finding, Frame, Moment, Party, Severity, Status

SAMPLES = Path(__file__).parents[2] / "samples"
NAMES = sorted(path.name for path in SAMPLES.iterdir() if ".pcap" in path.name)


def finding(**changes: object) -> Finding:
    parts: dict[str, object] = {
        "rule": "RFC8278-4.1-BO-EXCLUSIVE",
        "severity": Severity.ERROR,
        "status": Status.FAIL,
        "confidence": "packet",
        "party": Party("MAG"),
        "moment": Moment(0, 3, 1),
        "message": "B=1 and O=1",
    }
    return Finding(**(parts | changes))  # type: ignore[arg-type]


def comments_for(path: Path) -> Comments:
    report = Analysis([str(path)]).report()
    return comments_of(report.findings, [str(path)]).get(0, {})


def written(path: Path, comments: Comments) -> bytes:
    stream = io.BytesIO()
    write_annotated(str(path), comments, stream)
    return stream.getvalue()


def records(octets: bytes) -> list[Record]:
    reader = CaptureReader("-", every_frame=True, stream=io.BytesIO(octets))
    return list(reader.records(lambda number: True))


def frames(path: Path) -> list[Frame]:
    with CaptureReader(str(path), every_frame=True) as reader:
        return list(reader)


@pytest.mark.parametrize("name", NAMES)
def test_every_frame_is_as_it_was(name: str) -> None:
    octets = written(SAMPLES / name, comments_for(SAMPLES / name))
    assert [record.frame for record in records(octets) if record.frame] == frames(SAMPLES / name)


@pytest.mark.parametrize("name", NAMES)
def test_every_finding_is_on_its_frame(name: str) -> None:
    report = Analysis([str(SAMPLES / name)]).report()
    octets = written(SAMPLES / name, comments_for(SAMPLES / name))
    on_frame = {record.number: record.octets for record in records(octets)}
    for one in report.findings:
        for moment in (one.moment, *one.evidence):
            if moment.frame is not None:
                assert headline(one).encode() in on_frame[moment.frame]


def test_pcapng_without_its_comments_is_what_it_was() -> None:
    path = SAMPLES / "path-deregistration.pcapng"
    comments = comments_for(path)
    before, after = records(path.read_bytes()), records(written(path, comments))
    assert len(before) == len(after)
    for one, other in zip(before, after, strict=True):
        if one.number in comments:
            assert one.octets != other.octets
        elif one.kind != SECTION_HEADER:
            assert one.octets == other.octets
    assert written(path, {}) == path.read_bytes()


def test_what_a_comment_says() -> None:
    given = [
        finding(
            evidence=(Moment(0, 1, 0), Moment(1, 8, 0), Moment(0, 3, 1)),
            occurrences=4,
            reference="RFC 8278 section 4.1",
        ),
        finding(status=Status.INCONCLUSIVE, why_inconclusive="the capture began late"),
        finding(status=Status.NOTE, rule="PM-X", severity=Severity.INFO, message="a\x1b[31mb\n"),
        finding(moment=Moment(0, None, 1), evidence=(Moment(0, 5, 1),)),
        finding(moment=Moment(0, None, 1)),
    ]
    comments = comments_of(given, ["one.pcap", "two.pcap"])
    start = "pmiptrace error RFC8278-4.1-BO-EXCLUSIVE: "
    assert comments == {
        0: {
            3: [
                f"{start}B=1 and O=1; by MAG; 4 times; RFC 8278 section 4.1",
                "pmiptrace inconclusive RFC8278-4.1-BO-EXCLUSIVE: B=1 and O=1; "
                "inconclusive because the capture began late",
                "pmiptrace note PM-X: a\\x1b[31mb\\n",
            ],
            1: [f"{start}see frame 3"],
            5: [f"{start}B=1 and O=1; by MAG"],
        },
        1: {8: [f"{start}see frame 3 of one.pcap"]},
    }


def test_a_simple_packet_block_keeps_silent(tmp_path: Path) -> None:
    from pmiptrace.capture.writer import write_pcapng

    write_pcapng(tmp_path / "one.pcapng", [Frame(0, 1, None, 1, b"x" * 60, 60)])
    stream = io.BytesIO()
    done = write_annotated(str(tmp_path / "one.pcapng"), {1: ["a", "b"]}, stream)
    assert (done.comments, done.homeless) == (0, 2)
    assert [r.frame for r in records(stream.getvalue()) if r.frame] == frames(
        tmp_path / "one.pcapng"
    )


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("name", ["bulk-and-overwrite.pcap", "path-deregistration.pcapng"])
def test_wireshark_shows_and_filters_comments(name: str, tmp_path: Path) -> None:
    comments = comments_for(SAMPLES / name)
    (tmp_path / "annotated.pcapng").write_bytes(written(SAMPLES / name, comments))
    command = ["tshark", "-r", str(tmp_path / "annotated.pcapng"), "-Y", "frame.comment"]
    fields = ["-T", "fields", "-e", "frame.number", "-e", "frame.comment"]
    run = subprocess.run([*command, *fields], capture_output=True, text=True, check=True)
    shown = dict(line.split("\t", 1) for line in run.stdout.splitlines())
    assert shown == {str(number): ",".join(texts) for number, texts in comments.items()}
