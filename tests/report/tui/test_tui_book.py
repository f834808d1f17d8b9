"""What a full-screen view keeps of a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from pmiptrace.analysis import Analysis
from pmiptrace.cache import CacheBuilder, is_held
from pmiptrace.model import Finding, Suppression
from pmiptrace.report.columns import Filter
from pmiptrace.report.packets import Packet
from pmiptrace.report.tui.book import Book
from pmiptrace.report.tui.nodes import COLUMNS, name, ordered, widths
from pmiptrace.selection import Pattern, Selection

SAMPLES = Path(__file__).parents[3] / "samples"
NAMES = sorted(path.name for path in SAMPLES.iterdir() if ".pcap" in path.name)


def book_of(path: Path, selection: Selection | None = None, **how: int) -> Book:
    analysis = Analysis([str(path)])
    book = Book(selection or Selection(), analysis.mags, **how)
    analysis.observe(book.observe)
    for event in analysis.events():
        book.take(event)
    book.end()
    return book


@pytest.mark.parametrize("sample", NAMES)
def test_every_message_and_finding_has_a_row(sample: str) -> None:
    report = Analysis([str(SAMPLES / sample)]).report()
    book = book_of(SAMPLES / sample)
    packets = [packet for subject in book.subjects for packet in subject.packets]
    assert sum(packet.message is not None for packet in packets) == report.messages
    found = [finding for subject in book.subjects for finding in book.findings(subject)]
    assert sorted(map(repr, found)) == sorted(map(repr, report.findings))


@pytest.mark.parametrize("sample", NAMES)
def test_bindings_are_those_of_the_cache(sample: str) -> None:
    analysis = Analysis([str(SAMPLES / sample)])
    builder = CacheBuilder(Selection(), analysis.mags)
    for event in analysis.events():
        builder.event(event)
    expected = builder.cache(analysis.ended_at).entries
    book = book_of(SAMPLES / sample)
    held = [b for subject in book.subjects for _, b in subject.bindings if is_held(b)]
    key = lambda b: (b.mag, b.bid or 0, b.care_of_address, b.state, b.expires_at or 0)  # noqa: E731
    assert sorted(map(key, held)) == sorted(key(entry.binding) for entry in expected)


def test_a_message_is_shown_with_what_is_known_by_now() -> None:
    book = book_of(SAMPLES / "handover.pcap")
    (subject,) = book.subjects
    kinds = {
        packet.exchange.kind.value
        for packet in book.packets(subject)
        if packet.exchange is not None
    }
    assert "handover" in kinds
    # That the first request of a new MAG is a handover, its answer shows.
    assert any(
        packet.exchange and now.exchange and packet.exchange.kind is not now.exchange.kind
        for packet, now in zip(subject.packets, book.packets(subject), strict=True)
    )


def test_the_oldest_messages_are_let_go() -> None:
    whole = book_of(SAMPLES / "busy.pcap.gz")
    book = book_of(SAMPLES / "busy.pcap.gz", messages=100)
    kept = [packet for subject in book.subjects for packet in subject.packets]
    assert len(kept) == 100
    assert book.let_go == whole.messages - 100
    assert min(packet.frame.number for packet in kept) > 6000
    assert len(book._places) == len(book._order) == 100
    assert len(book._findings) <= 100
    assert len(book._exchanges) <= 100
    for subject in book.subjects:
        assert subject.messages == next(
            other.messages for other in whole.subjects if name(other) == name(subject)
        )


def test_a_selection_narrows_the_rows() -> None:
    selection = Selection(mobile_node=Pattern("user10?@*"))
    book = book_of(SAMPLES / "busy.pcap.gz", selection)
    assert 0 < len(book.subjects) <= 10
    assert all(name(subject).startswith("user10") for subject in book.subjects)


def test_known_findings_are_counted_and_not_shown() -> None:
    analysis = Analysis([str(SAMPLES / "bulk-and-overwrite.pcap")])
    book = Book(Selection(), analysis.mags)
    analysis.observe(book.observe)
    known = Suppression(by="ignore")
    for event in analysis.events():
        if isinstance(event, Finding):
            event = replace(event, suppression=known)
        book.take(event)
    assert book.suppressed
    assert not any(subject.findings for subject in book.subjects)


def test_a_filter_is_decided_again_when_something_changes() -> None:
    book = book_of(SAMPLES / "multipath-denied.pcap")
    (subject,) = book.subjects
    asked: list[Packet] = []
    wanted = Filter("status == 180")

    def accepts(packet: Packet) -> bool:
        asked.append(packet)
        return wanted.accepts(packet)

    assert book.is_accepted(subject, accepts)
    before = len(asked)
    assert book.is_accepted(subject, accepts)
    assert len(asked) == before
    subject.changed += 1
    assert book.is_accepted(subject, accepts)
    assert len(asked) == 2 * before


def test_the_worst_row_is_first() -> None:
    rows = ordered(book_of(SAMPLES / "busy.pcap.gz").subjects, "worst")
    assert rows[0].trouble["error"] == max(row.trouble["error"] for row in rows)
    assert [row.worst for row in rows] == sorted(
        (row.worst for row in rows),
        key=["error", "warning", "info", "inconclusive", None].index,
    )


def test_columns_fit_any_width() -> None:
    for width in range(20, 300):
        found = widths(width)
        assert 2 + sum(size + 1 for size in found if size) - 1 <= width
        assert all(not size or size >= c.least for size, c in zip(found, COLUMNS, strict=True))
        needed = [size for size, c in zip(found, COLUMNS, strict=True) if not c.rank]
        assert all(needed) or width < 40
