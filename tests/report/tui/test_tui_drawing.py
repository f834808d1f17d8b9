"""Everything that the screens draw, of any capture and at any width: whole, literal, in room."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import Reading, Saved
from test_tui_book import book_of

from pmiptrace.capture.writer import write_pcap
from pmiptrace.report.dissection import Dissection, dump_lines, tree_lines
from pmiptrace.report.page import Page
from pmiptrace.report.sections.ladder import LadderDrawing
from pmiptrace.report.times import TimeFormat
from pmiptrace.report.tui.advice import full, of_packet, remedies
from pmiptrace.report.tui.book import Book
from pmiptrace.report.tui.desk import Desk
from pmiptrace.report.tui.flow import flow, legend, searched
from pmiptrace.report.tui.nodes import NodeList, headline
from pmiptrace.simulation import Scenario, Vantage, simulate
from pmiptrace.simulation.mutation import mutations

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "captures"
CAPTURES = sorted((*(ROOT / "samples").glob("*.pcap*"), *SHARED.glob("*.pcap*")))
WIDTHS = (20, 60, 80, 200)


def drawn(book: Book, width: int, form: TimeFormat = TimeFormat.UTC) -> None:
    """Draw all rows, call flows and messages of a book, as wide as that."""
    desk = Desk(book, Reading(()), Saved(), time=form)
    page, clock = desk.page(width), desk.clock(width)
    headline(page, book, book.subjects)
    rows = NodeList(page, clock, book, None)
    for subject in book.subjects[:40]:
        row = rows.row(subject)
        assert row.plain.isprintable()
        if width >= 60:
            assert row.cell_len <= width
        for line in rows.detail(subject):
            assert line.plain.isprintable()
            assert line.cell_len <= width
        shown = flow(book, subject, page)
        legend(page, shown.lines)
        drawing = LadderDrawing(page, clock, shown.lines, shown.rows)
        messages = [packet for packet in shown.packets if packet is not None]
        assert len(messages) == len(subject.packets)
        for each in shown.rows[:60]:
            searched(each)
            lines = drawing.lines(each)
            assert len(lines) == drawing.height(each)
            assert all(line.plain.isprintable() for line in lines)
        for packet in messages[:20]:
            of_packet(page, clock, packet, 1)
            remedies(page, packet)
            taken = Dissection(packet, {})
            for field in tree_lines(page, taken):
                assert field.text.plain.isprintable()
            assert marked(page, taken, None) == 0
        for finding in book.findings(subject)[:20]:
            assert all(line.cell_len <= width for line in full(page, clock, finding, 2))


def marked(page: Page, taken: Dissection, octets: tuple[int, int] | None) -> int:
    """Count the octets that the dump shows as selected."""
    return sum(
        span.end - span.start == 2 and "reverse" in str(span.style)
        for line in dump_lines(page, taken, octets)
        for span in line.text.spans
    )


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_captures(path: Path, width: int) -> None:
    drawn(book_of(path), width)


@pytest.mark.parametrize("form", TimeFormat)
def test_times(form: TimeFormat) -> None:
    drawn(book_of(ROOT / "samples" / "handover.pcap"), 80, form)


@pytest.mark.parametrize("width", [60, 80, 160])
@pytest.mark.parametrize("name", ["path-deregistration.pcapng", "bulk-refresh.pcap"])
def test_the_octets_of_every_field_are_marked(name: str, width: int) -> None:
    book = book_of(ROOT / "samples" / name)
    page = Desk(book, Reading(()), Saved()).page(width)
    for subject in book.subjects:
        for packet in book.packets(subject):
            taken = Dissection(packet, {})
            for line in tree_lines(page, taken):
                if line.octets is not None:
                    first, last = line.octets
                    assert marked(page, taken, line.octets) == last - first + 1
                    texts = [each.text.plain for each in dump_lines(page, taken, line.octets)]
                    assert any("[" in text for text in texts)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 99), number=st.integers(0, 400), width=st.sampled_from(WIDTHS))
def test_spoiled_runs(
    tmp_path_factory: pytest.TempPathFactory, seed: int, number: int, width: int
) -> None:
    run = simulate(Scenario(duration=60, mobile_nodes=3, mags=2), seed=seed)
    spoiled = next(islice(mutations(run), number, None), None)
    path = tmp_path_factory.mktemp("run") / "run.pcap"
    write_pcap(path, run.frames(Vantage.LMA) if spoiled is None else spoiled.frames())
    drawn(book_of(path), width)
