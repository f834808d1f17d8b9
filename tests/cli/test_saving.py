"""What a full-screen view saves."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmiptrace.analysis import Analysis
from pmiptrace.capture.pcapng import BYTE_ORDER
from pmiptrace.capture.reader import CaptureReader
from pmiptrace.cli.saving import FileSaver, MemorySaver
from pmiptrace.errors import PmiptraceError, StandingError
from pmiptrace.model import Frame
from pmiptrace.report.tui.book import Book
from pmiptrace.report.tui.desk import Cut
from pmiptrace.report.tui.nodes import name
from pmiptrace.selection import Selection

SAMPLES = Path(__file__).parents[2] / "samples"
BUSY, DENIED = SAMPLES / "busy.pcap.gz", SAMPLES / "multipath-denied.pcap"


def cut_of(*paths: Path, node: str) -> Cut:
    analysis = Analysis([str(path) for path in paths])
    book = Book(Selection(), analysis.mags)
    analysis.observe(book.observe)
    for event in analysis.events():
        book.take(event)
    book.end()
    subjects = [subject for subject in book.subjects if name(subject) == node]
    packets = [packet for subject in subjects for packet in book.packets(subject)]
    findings = [finding for subject in subjects for finding in book.findings(subject)]
    return Cut(book.frames(subjects), packets, findings)


def frames(path: Path) -> list[Frame]:
    with CaptureReader(str(path), every_frame=True) as reader:
        return list(reader)


@pytest.mark.parametrize("annotated", [False, True])
@pytest.mark.parametrize("from_memory", [False, True])
def test_the_frames_of_a_mobile_node(tmp_path: Path, annotated: bool, from_memory: bool) -> None:
    cut = cut_of(BUSY, node="user103@example.com")
    save = MemorySaver(tuple) if from_memory else FileSaver(lambda: [str(BUSY)])
    target = tmp_path / "out.pcapng"
    assert save(str(target), cut, annotated=annotated, replaces=True) == f"{target}: 8 frames"
    saved = frames(target)
    assert [(f.data, f.time) for f in saved] == [(p.frame.data, p.frame.time) for p in cut.packets]
    comments = target.read_bytes().count(b"pmiptrace error RFC8278-4.1-BO-EXCLUSIVE")
    assert comments == (2 if annotated else 0)
    octets = target.read_bytes()
    assert (octets[8:12] in BYTE_ORDER) is (annotated or from_memory)
    assert Analysis([str(target)]).report().messages == 8


def test_several_captures_need_a_directory(tmp_path: Path) -> None:
    paths = [SAMPLES / "handover.pcap", DENIED]
    cut = cut_of(*paths, node="mn1@example.com")
    save = FileSaver(lambda: [str(path) for path in paths])
    with pytest.raises(PmiptraceError, match="2 captures need a directory"):
        save(str(tmp_path / "out"), cut, annotated=False, replaces=True)
    assert list(tmp_path.iterdir()) == []
    assert save(str(tmp_path), cut, annotated=False, replaces=True) == f"{tmp_path}: 17 frames"
    assert sorted(path.name for path in tmp_path.iterdir()) == [path.name for path in paths]


@pytest.mark.parametrize("annotated", [False, True])
def test_a_capture_is_never_replaced(tmp_path: Path, annotated: bool) -> None:
    capture = tmp_path / "capture.pcap"
    capture.write_bytes(DENIED.read_bytes())
    cut = cut_of(capture, node="mn1@example.com")
    for save in (FileSaver(lambda: [str(capture)]), MemorySaver(lambda: [str(capture)])):
        with pytest.raises(PmiptraceError, match="replace a capture"):
            save(str(capture), cut, annotated=annotated, replaces=True)
    assert capture.read_bytes() == DENIED.read_bytes()


def test_nor_is_another_one_of_the_run(tmp_path: Path) -> None:
    other = tmp_path / "other.pcap"
    other.write_bytes(BUSY.read_bytes())
    cut = cut_of(DENIED, node="mn1@example.com")
    with pytest.raises(PmiptraceError, match="replace a capture"):
        FileSaver(lambda: [str(DENIED), str(other)])(
            str(other), cut, annotated=False, replaces=True
        )
    assert other.read_bytes() == BUSY.read_bytes()


def test_nor_one_that_has_the_name_of_another_in_its_directory(tmp_path: Path) -> None:
    paths = [tmp_path / directory / "capture.pcap" for directory in ("mag", "lma")]
    for path, source in zip(paths, (DENIED, BUSY), strict=True):
        path.parent.mkdir()
        path.write_bytes(source.read_bytes())
    cut = cut_of(paths[0], node="mn1@example.com")
    with pytest.raises(PmiptraceError, match="replace a capture"):
        FileSaver(lambda: [str(path) for path in paths])(
            str(paths[1].parent), cut, annotated=False, replaces=True
        )
    assert paths[1].read_bytes() == BUSY.read_bytes()


@pytest.mark.parametrize("saver", [FileSaver, MemorySaver])
def test_what_stands_there_is_replaced_if_that_is_wanted(
    tmp_path: Path, saver: type[FileSaver | MemorySaver]
) -> None:
    cut = cut_of(DENIED, node="mn1@example.com")
    save = saver(lambda: [str(DENIED)])
    target = tmp_path / DENIED.name
    outputs = [target, tmp_path] if saver is FileSaver else [target]
    for output in outputs:
        target.write_bytes(b"dear")
        with pytest.raises(StandingError) as caught:
            save(str(output), cut, annotated=False, replaces=False)
        assert caught.value.names == (str(target),)
        assert target.read_bytes() == b"dear"
        save(str(output), cut, annotated=False, replaces=True)
        assert len(frames(target)) == len(cut.frames)


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    cut = cut_of(DENIED, node="mn1@example.com")
    for save in (FileSaver(lambda: [str(DENIED)]), MemorySaver(tuple)):
        with pytest.raises(PmiptraceError, match="cannot be written"):
            save(str(tmp_path / "no" / "out"), cut, annotated=False, replaces=True)
    assert list(tmp_path.iterdir()) == []
