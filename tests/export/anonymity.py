"""What anonymised captures are held against: the same findings, and nothing of the names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pmiptrace.analysis import Analysis
from pmiptrace.capture.reader import CaptureReader
from pmiptrace.model import Datagram, Report
from pmiptrace.packet.decoder import PacketDecoder
from pmiptrace.wire.dialect import DialectDecoder
from pmiptrace.wire.layout import Layout, Octets, Rest

Outline = tuple[object, ...]


def findings(report: Report, frames: dict[tuple[int, int], int] | None = None) -> Counter[Outline]:
    """Count findings by all that they say but names; frames numbered anew by `frames`."""

    def place(capture: int, frame: int | None) -> object:
        return frame if frame is None or frames is None else frames[capture, frame]

    return Counter(
        (
            f.rule,
            f.severity,
            f.status,
            f.why_inconclusive,
            f.confidence,
            f.party.role,
            f.moment.capture,
            place(f.moment.capture, f.moment.frame),
            f.moment.time,
            tuple(place(m.capture, m.frame) for m in f.evidence),
            f.occurrences,
            f.bid,
            f.span,
        )
        for f in report.findings
    )


def outline(report: Report) -> Outline:
    """Give what a report says beside its findings, without names."""
    return (
        report.messages,
        report.messages_by_type,
        [(s.mode, s.partial, [(b.bid, b.state) for b in s.bindings]) for s in report.sessions],
        [(e.kind, e.closed, len(e.attempts), e.round_trip) for e in report.exchanges],
        report.rules,
    )


def report_of(*paths: Path) -> Report:
    return Analysis([str(path) for path in paths]).report()


def frame_numbers(original: Path, exported: Path) -> dict[int, int]:
    """Give the number that each frame of an export has, by the one that it had.

    Frames are told by their times and lengths, in their order; an emptied one by its time.
    """
    numbers: dict[int, int] = {}
    with CaptureReader(str(original), every_frame=True) as reader:
        before = list(reader)
    with CaptureReader(str(exported), every_frame=True) as reader:
        after = list(reader)
    place = 0
    for frame in after:
        while (before[place].time, before[place].original_length) != (
            frame.time,
            frame.original_length,
        ):
            place += 1
        numbers[before[place].number] = frame.number
        place += 1
    return numbers


def names_in(path: Path) -> set[bytes]:
    """Give the octets of all addresses and identifiers in a capture, of 4 octets and more."""
    decoder, dialects = PacketDecoder(), DialectDecoder()
    names: set[bytes] = set()
    with CaptureReader(str(path)) as reader:
        for frame in reader:
            if frame.link_type == 1:
                names |= {frame.data[:6], frame.data[6:12]}
            for found in decoder.decode(frame):
                if not isinstance(found, Datagram):
                    continue
                names |= {found.source, found.destination}
                names |= {a for a in (found.home_address, found.routing_home_address) if a}
                message = dialects.decode(found)
                for value in (message.body, *message.options):
                    names.update(_names_of(value))
    return {name for name in names if len(name) >= 4 and any(name) and not _well_known(name)}


def _names_of(value: object) -> Iterator[bytes]:
    for placed in Layout.of(type(value)).fields:  # type: ignore[arg-type]
        content = getattr(value, placed.name)
        if isinstance(placed.field, Octets | Rest) and isinstance(content, bytes):
            if placed.name != "data":
                yield content
                yield from content.split(b"@")
                if len(content) == 16:
                    yield content[8:]
                    yield content[:8]
        elif isinstance(content, tuple):
            for inner in content:
                yield from _names_of(inner)


def _well_known(name: bytes) -> bool:
    """Tell names that belong to nobody: link-local prefixes, multicast, broadcast, numbers."""
    return (
        (name[:8] == b"\xfe\x80" + bytes(6) and len(name) == 8)
        or name[:2] in (b"\x33\x33", b"\xff\2")
        or name == b"\xff" * len(name)
    )


def leaks(original: Path, exported: Path) -> list[bytes]:
    """Give the names of a capture that the octets of another file hold."""
    octets = exported.read_bytes()
    return sorted(name for name in names_in(original) if name in octets)
