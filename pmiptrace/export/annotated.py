"""Findings as packet comments: a capture that says in Wireshark what is wrong, where it is wrong.

Each finding is a comment of the frame that shows it, and is pointed to from the frames that it
rests on. All else stays bit for bit: blocks, options, times. A pcap file, which has no room for
comments, becomes pcapng. Octets that are no record, where a file is cut or damaged, are left out,
because no file with them is valid; so is the length of a section, which comments change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import BinaryIO

from msgspec import Struct

from pmiptrace.capture.pcap_header import read_file_header
from pmiptrace.capture.reader import CaptureReader
from pmiptrace.capture.records import (
    SECTION_HEADER,
    interface_of,
    open_section,
    packet_of,
    section_of,
    with_comments,
)
from pmiptrace.model import Finding, Moment, Problem, Status
from pmiptrace.report.escaping import clean
from pmiptrace.report.words import party_name

PREFIX = "pmiptrace"
"""How every comment begins; then comes the severity, ``inconclusive`` or ``note``."""

Comments = Mapping[int, Sequence[str]]
"""By the number of the frame."""


class Annotated(Struct, frozen=True):
    """What became of a capture."""

    comments: int
    """How many were written."""
    homeless: int
    """How many had to be left out: a Simple Packet Block cannot hold one."""
    problems: tuple[Problem, ...] = ()
    """What is wrong with the capture itself."""


def comments_of(findings: Iterable[Finding], names: Sequence[str]) -> dict[int, Comments]:
    """Give the comments that findings make, by capture and frame.

    `names` are the captures, for what refers from one to another. A finding at no frame, such as
    a remark about the time when nothing was captured, goes to the frames that it rests on.
    """
    comments: dict[int, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for finding in findings:
        places = list(dict.fromkeys(_place(m) for m in (finding.moment, *finding.evidence)))
        frames = [place for place in places if place[1] is not None]
        for index, (capture, frame) in enumerate(frames):
            assert frame is not None
            text = _full(finding) if not index else _pointer(finding, capture, frames[0], names)
            texts = comments[capture][frame]
            if text not in texts:
                texts.append(text)
    return {capture: dict(frames) for capture, frames in comments.items()}


def _place(moment: Moment) -> tuple[int, int | None]:
    return moment.capture, moment.frame


def headline(finding: Finding) -> str:
    """Give how a comment begins, which is what one filters by: ``pmiptrace error RULE``."""
    word = finding.severity if finding.status is Status.FAIL else finding.status
    return f"{PREFIX} {word.value} {finding.rule}"


def _full(finding: Finding) -> str:
    parts = [f"{headline(finding)}: {finding.message}"]
    if finding.status is Status.FAIL:
        parts.append(f"by {party_name(finding.party)}")
    if finding.why_inconclusive:
        parts.append(f"inconclusive because {finding.why_inconclusive}")
    if finding.occurrences > 1:
        parts.append(f"{finding.occurrences} times")
    if finding.reference:
        parts.append(finding.reference)
    return clean("; ".join(parts))


def _pointer(
    finding: Finding, capture: int, shown: tuple[int, int | None], names: Sequence[str]
) -> str:
    where = f" of {names[shown[0]]}" if shown[0] != capture and shown[0] < len(names) else ""
    return clean(f"{headline(finding)}: see frame {shown[1]}{where}")


def write_annotated(
    path: str, comments: Comments, stream: BinaryIO, *, only: Container[int] | None = None
) -> Annotated:
    """Write a capture with comments, as pcapng; of its frames `only` those, if they are named.

    Raises `CaptureError` if it cannot be opened.
    """
    written = homeless = 0
    with CaptureReader(path, every_frame=True) as reader:
        header = read_file_header(reader.head) if reader.head else None
        if header is not None:
            stream.write(section_of(header.order) + interface_of(header))
        for record in reader.records(lambda number: False):
            if header is not None:
                record = packet_of(record, header)
            if only is not None and record.number is not None and record.number not in only:
                continue
            octets = record.octets
            texts = comments.get(record.number, ()) if record.number is not None else ()
            if texts:
                changed = with_comments(record, texts)
                if changed is None:
                    homeless += len(texts)
                else:
                    octets = changed
                    written += len(texts)
            elif record.kind == SECTION_HEADER and (comments or only is not None):
                octets = open_section(octets)
            stream.write(octets)
        return Annotated(written, homeless, reader.info.problems)
