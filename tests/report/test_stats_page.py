"""The page of statistics: what it names, what it leaves out, at every width."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from report_factory import HOSTILE, silent
from rich.console import Console

from pmiptrace.analysis import Analysis
from pmiptrace.capture.writer import write_pcap
from pmiptrace.model import Report
from pmiptrace.report.stats_page import _bars, render_stats
from pmiptrace.selection import Selection
from pmiptrace.statistics import Collector, Statistics
from pmiptrace.testing import Trace


def page(trace: Trace, folder: Path, width: int = 110, encoding: str = "utf-8") -> str:
    write_pcap(folder / "trace.pcap", trace.frames)
    analysis = Analysis([str(folder / "trace.pcap")])
    collected = Collector(Selection(), analysis.mags)
    for event in analysis.events():
        collected.event(event)
    report = Analysis([str(folder / "trace.pcap")]).report()
    return rendered(report, collected.statistics(analysis.ended_at), width, encoding)


def rendered(report: Report, found: Statistics, width: int, encoding: str = "utf-8") -> str:
    octets = io.BytesIO()
    file = io.TextIOWrapper(octets, encoding=encoding, write_through=True)
    console = Console(file=file, width=width, color_system=None, markup=False, highlight=False)
    render_stats(report, found, console=console)
    return octets.getvalue().decode(encoding)


def domain() -> Trace:
    trace = Trace()
    for number in range(1, 4):
        mag = trace.mag(f"mag{number}@example.com")
        for bid in (1, 2):
            path = mag.path(f"2001:db8:{number}::{bid}", bid=bid, if_att=(8, 4)[bid - 1])
            request = trace.pbu(path, f"mn{number}@example.com")
            trace.wait(0.01 * number)
            trace.pba(request)
            trace.wait(1)
    refused = trace.pbu(path, "mn9@example.com")
    trace.wait(0.01)
    trace.pba(refused, status=156)
    return trace


def test_latencies_stand_in_one_table_slowest_mag_first(tmp_path: Path) -> None:
    text = page(domain(), tmp_path)
    assert (
        """\
                      answers   median     95 %     99 %      max  slowest
  registration              6  20.0 ms  30.0 ms  30.0 ms  30.0 ms  frame 10
  by kind
    initial                 3  20.0 ms  30.0 ms  30.0 ms  30.0 ms  frame 10
    add-path                3  20.0 ms  30.0 ms  30.0 ms  30.0 ms  frame 12
  by access
    LTE                     3  20.0 ms  30.0 ms  30.0 ms  30.0 ms  frame 10
    WLAN                    3  20.0 ms  30.0 ms  30.0 ms  30.0 ms  frame 12
  by MAG
    mag3@example.com        2  30.0 ms  30.0 ms  30.0 ms  30.0 ms  frame 10
    mag2@example.com        2  20.0 ms  20.0 ms  20.0 ms  20.0 ms  frame 6
    mag1@example.com        2  10.0 ms  10.0 ms  10.0 ms  10.0 ms  frame 2
  answers left out: 1 rejected
"""
        in text
    )


def test_a_rejection_tells_its_cause_and_what_to_do(tmp_path: Path) -> None:
    assert """\
  1 x PBA 156 TIMESTAMP_MISMATCH  1 MAG, first frame 14
      cause  the MAG's clock differs from the LMA's by more than the validity window allows
      do     synchronize the MAG with the domain's time source, not by the PBA (RFC 5213 6.9.1.2)
""" in page(domain(), tmp_path)


def test_paths_are_told_by_sessions_and_time(tmp_path: Path) -> None:
    assert """\
  paths  most at once   time  share
      1             -  3.1 s  25.0%  ━━━━━━━
      2    3 sessions  9.2 s  75.0%  ━━━━━━━━━━━━━━━━━━━━━━━
""" in page(domain(), tmp_path)


def test_the_rate_is_a_line_with_its_peak(tmp_path: Path) -> None:
    text = page(domain(), tmp_path)
    assert "Signalling · messages in each 1.0 s" in text
    assert "  peak 2 messages in 1.0 s from 22:13:20: 1 PBU, 1 PBA, 2/s\n" in text


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_no_line_is_wider_than_the_page(tmp_path: Path, width: int, encoding: str) -> None:
    trace = domain()
    name = HOSTILE[:240].decode("utf-8", "replace")
    trace.register(trace.mag(name).path("2001:db8:9::1", bid=1), name)
    text = page(trace, tmp_path, width, encoding)
    assert all(len(line) <= width for line in text.splitlines())
    assert all(c.isprintable() or c == "\n" for c in text)


def test_a_bar_is_blank_for_nothing_alone() -> None:
    assert "".join(_bars([0, 1, 500, 1000], plain=False)) == " ▁▄█"
    assert "".join(_bars([0, 1, 500, 1000], plain=True)) == " .=@"
    assert "".join(_bars([0, 0], plain=True)) == "  "


def test_a_capture_without_signalling_says_so() -> None:
    assert "No Mobility Header message" in rendered(silent(), Statistics(), 100)
