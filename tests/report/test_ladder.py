"""Ladders and timelines of small traces, line by line."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from report_factory import hostile, many, multipath, silent
from rich.console import Console

from pmiptrace.analysis import Analysis
from pmiptrace.capture.writer import write_pcap
from pmiptrace.model import ExchangeKind, Report
from pmiptrace.report.digest import Digest
from pmiptrace.report.ladder import MAX_LINES, Arrow, Gap, Ladder, Mark, Rest, ladder
from pmiptrace.report.page import Page
from pmiptrace.report.sections.ladder import write_ladder
from pmiptrace.report.timeline import TimelineOptions, render_timeline, timeline_svg
from pmiptrace.report.times import Clock, TimeFormat
from pmiptrace.testing import Trace

WIDTHS = (60, 80, 120, 200)


def report_of(trace: Trace, folder: Path) -> Report:
    write_pcap(folder / "trace.pcap", trace.frames)
    return Analysis([str(folder / "trace.pcap")]).report()


def made(report: Report, session: int = 0, limit: int = 40) -> Ladder:
    return ladder(report, Digest.of(report), report.sessions[session], limit=limit)


def output(width: int, encoding: str = "utf-8") -> tuple[Console, io.BytesIO]:
    octets = io.BytesIO()
    file = io.TextIOWrapper(octets, encoding=encoding, write_through=True)
    console = Console(file=file, width=width, color_system=None, markup=False, highlight=False)
    return console, octets


def drawn(found: Ladder, width: int, encoding: str = "utf-8") -> list[str]:
    console, octets = output(width, encoding)
    times = [row.time for row in found.rows if isinstance(row, Arrow)]
    clock = Clock(TimeFormat.RELATIVE, [time for time in times if time is not None])
    write_ladder(Page(console), clock, found)
    return octets.getvalue().decode(encoding).splitlines()


def page(report: Report, width: int, options: TimelineOptions, encoding: str = "utf-8") -> str:
    console, octets = output(width, encoding)
    render_timeline(report, Digest.of(report), console=console, options=options)
    return octets.getvalue().decode(encoding)


def call_flow() -> Trace:
    """All that a ladder marks: a repeat, a silence, an expiry, a refusal, a BRI, no answer."""
    trace = Trace()
    mag = trace.mag("mag1@example.com")
    lte = mag.path("2001:db8:a::1", bid=1, if_att=8, if_label=11)
    wlan = mag.path("2001:db8:b::1", bid=2, if_att=4, if_label=9)
    trace.register(lte, lifetime=60)
    trace.wait(1)
    trace.pbu(wlan)
    trace.wait(1)
    trace.register(wlan)
    trace.wait(100)
    refused = trace.pbu(wlan, bulk=True, overwrite=True)
    trace.wait(0.1)
    trace.pba(refused, status=130)
    trace.wait(10)
    trace.bri(wlan)
    trace.wait(0.5)
    trace.bra()
    trace.wait(3)
    trace.pbu(lte, lifetime=60)
    return trace


LEGEND = """\
  A    2001:db8:a::1  BID 1 LTE label 11  mag1@example.com
  B    2001:db8:b::1  BID 2 WLAN label 9  mag1@example.com
  LMA  2001:db8:f::1

"""
WIDE = """\
  time         frame  A LTE     B WLAN                                                         LMA
  +0.000000        1  ├─────────┼── PBU initial BID 1 60 s ────────────────────────────────────▶│
  +0.020000        2  │◀────────┼── PBA accepted BID 1, 20.0 ms ────────────────────────────────┤
                      │         │   ━ BID 1 active                                              │
  +1.020000        3  │         ├── PBU add-path BID 2 3600 s ─────────────────────────────────▶│
  +2.020000        4  │         ├╌╌ PBU add-path BID 2 3600 s, attempt 2 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▶│
  +2.040000        5  │         │◀─ PBA accepted BID 2, 20.0 ms ────────────────────────────────┤
                      │         │   ━ BID 2 active                                              │
     ⋮ 58.0 s         ┊         ┊                                                               ┊
  +60.020000          ◇         │   BID 1 expired                                               │
     ⋮ 42.0 s         ┊         ┊                                                               ┊
  +102.040000      6  │         ├── PBU overwrite BID 2 3600 s B=1 O=1 ────────────────────────▶│
                      │         │   ✗ error RFC8278-4.1-BO-EXCLUSIVE                            │
                      │         │   ✗ info RFC8278-4.1-B-UNKNOWN                                │
                      │         │   ✗ info RFC8278-4.1-O-NOOP                                   │
  +102.140000      7  │         │◀─ PBA ✗ rejected BID 2: 130 Insufficient resources, 100 ms ───┤
     ⋮ 10.0 s         ┊         ┊                                                               ┊
  +112.140000      8  │         │◀─ BRI Administrative Reason ──────────────────────────────────┤
                      │         │   ▒ BID 2 revoking                                            │
  +112.640000      9  │         ├── BRA accepted, 500 ms ──────────────────────────────────────▶│
                      │         │   ⊘ BID 2 revoked                                             │
      ⋮ 3.0 s         ┊         ┊                                                               ┊
  +115.640000     10  ├─────────┼── PBU initial BID 1 60 s: no answer before the end ──────────▶│
                      │         │   ? warning RFC5213-6.9.1.3-HI5-INITIAL                       │
"""
NARROW = """\
  time         frame  A LTE B WLAN                    LMA
  +0.000000        1  |-----+-- PBU initial BID 1 ----->|
                      |     |   60 s                    |
  +0.020000        2  |<----+-- PBA accepted BID 1, ----|
                      |     |   20.0 ms                 |
                      |     |   = BID 1 active          |
  +1.020000        3  |     |-- PBU add-path BID 2 ---->|
                      |     |   3600 s                  |
  +2.020000        4  |     |.. PBU add-path BID 2 ....>|
                      |     |   3600 s, attempt 2       |
  +2.040000        5  |     |<- PBA accepted BID 2, ----|
                      |     |   20.0 ms                 |
"""


@pytest.mark.parametrize(
    ("width", "encoding", "expected"), [(98, "utf-8", WIDE), (57, "ascii", NARROW)]
)
def test_a_call_flow_line_by_line(tmp_path: Path, width: int, encoding: str, expected: str) -> None:
    lines = drawn(made(report_of(call_flow(), tmp_path)), width, encoding)
    wanted = expected.splitlines()
    first = lines.index(wanted[0])
    assert lines[first : first + len(wanted)] == wanted


def test_the_legend_names_every_lifeline(tmp_path: Path) -> None:
    lines = drawn(made(report_of(call_flow(), tmp_path)), 98)
    assert "\n".join(lines[:4]) + "\n" == LEGEND


def test_remarks_stand_beside_their_rows_where_there_is_room(tmp_path: Path) -> None:
    lines = drawn(made(report_of(call_flow(), tmp_path)), 130)
    (line,) = [line for line in lines if "O=1" in line]
    assert line.endswith("▶│  ✗ error RFC8278-4.1-BO-EXCLUSIVE")
    after = lines[lines.index(line) + 1]
    assert after.endswith("│  ✗ info RFC8278-4.1-B-UNKNOWN")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_no_line_is_wider_than_the_page_and_nothing_is_lost(
    tmp_path: Path, width: int, encoding: str
) -> None:
    found = made(report_of(call_flow(), tmp_path))
    lines = drawn(found, width, encoding)
    assert max(map(len, lines)) <= width
    text = " ".join(
        "".join(c if c.isalnum() or c in ".:=-" else " " for c in "".join(lines)).split()
    )
    for word in ("RFC8278-4.1-BO-EXCLUSIVE", "2001:db8:a::1", "Insufficient", "expired", "B=1"):
        assert word in text


def test_a_request_answered_while_another_waits_stays_in_the_order_of_time(tmp_path: Path) -> None:
    trace = Trace()
    mag = trace.mag("mag1@example.com")
    first, second = (mag.path(f"2001:db8:{n}::1", bid=n) for n in (1, 2))
    one = trace.pbu(first)
    trace.wait(0.1)
    other = trace.pbu(second)
    trace.wait(0.1)
    trace.pba(one)
    trace.wait(0.1)
    trace.pba(other)
    found = made(report_of(trace, tmp_path))
    rows = [row for row in found.rows if isinstance(row, Arrow)]
    assert [row.place for row in rows] == ["1", "2", "3", "4"]
    assert [(row.source, row.target) for row in rows] == [(0, 2), (1, 2), (2, 0), (2, 1)]


def test_routine_in_a_row_is_two_rows(tmp_path: Path) -> None:
    trace = Trace()
    path = trace.mag("mag1@example.com").path("2001:db8:a::1", bid=1, if_att=8)
    for _ in range(6):
        trace.register(path, lifetime=60)
        trace.wait(30)
    found = made(report_of(trace, tmp_path))
    assert [row.label for row in found.rows if isinstance(row, Arrow)] == [
        "PBU initial BID 1 60 s",
        "PBA accepted BID 1, 20.0 ms",
        "PBU 5 x refresh BID 1 60 s",
        "PBA accepted BID 1, median 20.0 ms",
    ]
    assert [row.span for row in found.rows if isinstance(row, Gap)] == [30 * 10**9, 120100000000]


def test_what_is_left_out_is_counted_where_it_belongs() -> None:
    found = made(multipath(), limit=2)
    left = [row.text for row in found.rows if isinstance(row, Rest)]
    assert found.left == sum(int(text.split()[0]) for text in left) > 0
    assert all("left out: " in text for text in left)
    findings = {note.text for row in found.rows if isinstance(row, Arrow) for note in row.notes}
    assert "RFC8278-4.1-BO-EXCLUSIVE" in findings


def test_a_restart_is_marked_though_its_message_is_of_no_session(tmp_path: Path) -> None:
    trace = Trace()
    path = trace.mag("mag1@example.com").path("2001:db8:a::1", bid=1)
    trace.register(path)
    trace.wait(50)
    trace.heartbeat_response(trace.heartbeat(path), counter=1)
    trace.wait(60)
    trace.heartbeat_response(trace.heartbeat(path), counter=2)
    (mark,) = [r for r in made(report_of(trace, tmp_path)).rows if isinstance(r, Mark)]
    assert (mark.place, mark.notes[0].text) == ("6", "BID 1 suspect")
    assert mark.notes[0].detail == "active → suspect: peer restarted"


def test_many_addresses_share_the_last_lifeline(tmp_path: Path) -> None:
    trace = Trace()
    mag = trace.mag("mag1@example.com")
    for number in range(1, 31):
        trace.register(mag.path(f"2001:db8:a::{number}", bid=number))
        trace.wait(1)
    found = made(report_of(trace, tmp_path))
    assert len(found.lines) == MAX_LINES + 1
    assert [line.text for line in found.lines[-2:]] == ["further paths", "2001:db8:f::1"]
    for width in WIDTHS:
        assert max(map(len, drawn(found, width))) <= width


def test_inconclusive_findings_are_counted_if_they_are_many(tmp_path: Path) -> None:
    trace = Trace()
    path = trace.mag(None).path("2001:db8:a::1")
    trace.pbu(path, hi=5, hnp="2001:db8:1::/64", without=(23, 24))
    report = report_of(trace, tmp_path)
    notes = [n for row in made(report).rows if isinstance(row, Arrow) for n in row.notes]
    doubts = [f for f in report.findings if f.status.value == "inconclusive"]
    assert len({f.rule for f in doubts}) <= 2 or any("inconclusive" in n.text for n in notes)


# ---------------------------------------------------------------------------------- timeline


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_page_of_strangers_names_keeps_to_its_width_and_to_printable_text(
    width: int, encoding: str
) -> None:
    for report in (hostile(), multipath(), many(7), silent()):
        text = page(report, width, TimelineOptions(), encoding)
        assert all(c.isprintable() or c == "\n" for c in text)
        assert all(len(line) <= width for line in text.splitlines())


def test_of_many_the_worst_are_shown_and_the_others_counted() -> None:
    text = page(many(50), 120, TimelineOptions(sessions=3))
    assert "… and 47 more sessions; --mobile-node NAME shows one" in text
    digest = Digest.of(many(50))
    assert digest.notable_sessions(3) == digest.worst_sessions(3)
    svg = timeline_svg(many(50), digest, TimelineOptions(sessions=3))
    assert "and 47 more sessions" in svg
    assert svg.count("Call flow") <= 3


def test_a_capture_without_signalling_says_so() -> None:
    assert "No Mobility Header message" in page(silent(), 100, TimelineOptions())
    assert "No mobile node" in timeline_svg(silent(), Digest.of(silent()), TimelineOptions())


def test_the_drawing_is_bounded(tmp_path: Path) -> None:
    trace = Trace()
    path = trace.mag("mag1@example.com").path("2001:db8:a::1", bid=1)
    for _ in range(300):
        trace.register(path, bulk=True)
        trace.wait(1)
        trace.pbu(path, lifetime=0)
        trace.wait(40)
    report = report_of(trace, tmp_path)
    found = made(report, limit=40)
    assert len(found.rows) < 400
    assert found.left > 400
    assert len(timeline_svg(report, Digest.of(report), TimelineOptions())) < 400_000


def test_refreshes_are_no_transition_worth_a_note(tmp_path: Path) -> None:
    trace = Trace()
    path = trace.mag("mag1@example.com").path("2001:db8:a::1", bid=1)
    trace.register(path)
    trace.wait(1)
    trace.register(path)
    rows = made(report_of(trace, tmp_path)).rows
    assert [note.text for row in rows if isinstance(row, Arrow) for note in row.notes] == [
        "BID 1 active"
    ]


def test_kinds_are_worded_as_reports_name_them() -> None:
    found = made(multipath())
    labels = " ".join(row.label for row in found.rows if isinstance(row, Arrow))
    assert ExchangeKind.ADD_PATH.value in labels
    assert ExchangeKind.DEREG_SELECTIVE.value in labels
