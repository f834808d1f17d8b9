"""The layers put together: from files to events and reports."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

import pmiptrace
from pmiptrace.analysis import Analysis, Change, Event
from pmiptrace.capture.writer import write_pcap
from pmiptrace.errors import CaptureError, UsageError
from pmiptrace.instant import Instant
from pmiptrace.model import (
    SECOND,
    BindingState,
    CaptureInfo,
    Exchange,
    Finding,
    Message,
    Report,
    Session,
    SessionMode,
    Status,
)
from pmiptrace.testing import START, Trace

SKKU = Path(__file__).resolve().parents[2] / "shared" / "captures" / "skku_lma2mags.pcap"


class TwoPaths(Trace):
    """A trace with one MAG that has an LTE and a WLAN path."""

    def __init__(self) -> None:
        super().__init__()
        mag = self.mag("mag1@example.com")
        self.lte = mag.path("2001:db8:a::1", bid=1, if_att=8, if_label=11)
        self.wlan = mag.path("2001:db8:b::1", bid=2, if_att=4, if_label=9)


def written(trace: Trace, path: Path) -> str:
    write_pcap(path, trace.frames)
    return str(path)


@pytest.fixture
def call_flow(tmp_path: Path) -> str:
    trace = TwoPaths()
    trace.register(trace.lte)
    trace.wait(5)
    trace.register(trace.wlan)
    return written(trace, tmp_path / "call-flow.pcap")


def test_call_flow_of_rfc_8278_makes_two_bindings_and_no_finding(call_flow: str) -> None:
    report = pmiptrace.analyze(call_flow)
    (session,) = report.sessions
    assert session.mode is SessionMode.MULTIPATH
    assert [(b.bid, b.state) for b in session.bindings] == [
        (1, BindingState.ACTIVE),
        (2, BindingState.ACTIVE),
    ]
    assert [exchange.kind for exchange in report.exchanges] == ["initial", "add-path"]
    assert all(finding.status is Status.NOTE for finding in report.findings)
    assert report.messages_by_type == {"PBU": 2, "PBA": 2}


def test_decode_gives_messages_in_the_order_of_the_file(call_flow: str) -> None:
    messages = list(pmiptrace.decode(call_flow))
    assert [message.kind for message in messages] == ["PBU", "PBA", "PBU", "PBA"]
    assert [message.frame.number for message in messages] == [1, 2, 3, 4]


def test_events_come_in_the_order_of_the_capture(call_flow: str) -> None:
    events = list(Analysis([call_flow]).events())
    kinds = [type(event) for event in events]
    assert kinds.count(Message) == 4
    assert kinds.count(Exchange) == 2
    assert kinds.count(Change) == 4
    assert kinds[0] is Message
    assert kinds[-1] is CaptureInfo
    assert kinds.index(Exchange) < len(kinds) - kinds[::-1].index(Message)
    assert kinds[-2] is Session


def test_a_capture_that_cannot_be_opened_is_an_error_and_the_others_are_read(
    call_flow: str, tmp_path: Path
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no capture at all\n")
    analysis = Analysis([str(text), call_flow, str(tmp_path / "missing.pcap")])
    report = analysis.report()
    assert sorted(Path(error.path).name for error in analysis.errors) == [
        "missing.pcap",
        "notes.txt",
    ]
    assert len(report.captures) == 1
    assert report.messages == 4
    with pytest.raises(CaptureError, match=r"notes\.txt"):
        pmiptrace.analyze([text, call_flow])


def test_an_unknown_dialect_is_a_usage_error(call_flow: str) -> None:
    with pytest.raises(UsageError):
        pmiptrace.analyze(call_flow, dialect="klingon")


def test_a_lifetime_runs_out_when_the_capture_outlasts_it(tmp_path: Path) -> None:
    trace = TwoPaths()
    trace.register(trace.lte, lifetime=60)
    trace.wait(61)
    other = replace(trace.frames[0], data=bytes(60), time=trace.now, number=3, original_length=60)
    trace.frames.append(other)
    report = pmiptrace.analyze(written(trace, tmp_path / "long.pcap"))
    assert report.captures[0].packets == 3
    assert report.messages == 2
    assert [b.state for s in report.sessions for b in s.bindings] == [BindingState.EXPIRED]


def test_a_copy_by_a_port_mirror_is_counted_apart(tmp_path: Path) -> None:
    trace = TwoPaths()
    trace.register(trace.lte)
    copied = [
        replace(f, number=2 * f.number - 1 + copy, time=(f.time or 0) + copy * 1000)
        for f in trace.frames
        for copy in (0, 1)
    ]
    trace.frames[:] = copied
    report = pmiptrace.analyze(written(trace, tmp_path / "mirror.pcap"))
    assert report.messages == 2
    assert (report.captures[0].messages, report.captures[0].duplicates) == (2, 2)
    assert len(report.exchanges) == 1


def test_two_views_of_one_run_are_one_with_the_clock_offset_said(tmp_path: Path) -> None:
    trace = TwoPaths()
    for _ in range(3):
        trace.register(trace.lte)
        trace.wait(50)
    at_mag = written(trace, tmp_path / "mag.pcap")
    skew = 7_250_000_000
    trace.frames[:] = [replace(f, time=(f.time or 0) + skew) for f in trace.frames]
    at_lma = written(trace, tmp_path / "lma.pcap")
    report = pmiptrace.analyze([at_mag, at_lma])
    assert [info.clock_offset for info in report.captures] == [0, -skew]
    assert report.messages == 6
    assert [info.duplicates for info in report.captures] == [0, 6]
    assert len(report.exchanges) == 3


def test_standard_input_is_one_of_several(
    call_flow: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = Trace()
    trace.register(trace.mag(None).path("2001:db8:c::1"), "mn2@example.com")
    other = written(trace, tmp_path / "other.pcap")
    with Path(other).open("rb") as stream:
        monkeypatch.setattr(sys, "stdin", type("In", (), {"buffer": stream}))
        report = pmiptrace.analyze([call_flow, "-"])
    assert report.messages == 6
    assert len(report.sessions) == 2
    assert [info.path for info in report.captures] == [call_flow, "-"]


def test_an_interrupt_gives_what_was_found_so_far(
    call_flow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis = Analysis([call_flow])
    read = analysis._reading.by_time

    def interrupted() -> Iterator[object]:
        items = read()
        yield next(items)
        yield next(items)
        raise KeyboardInterrupt

    monkeypatch.setattr(analysis._reading, "by_time", interrupted)
    report = analysis.report()
    assert report.interrupted
    assert report.messages == 2
    assert len(report.exchanges) == 1


def test_findings_name_their_capture_though_the_run_did_not_come_to_all(tmp_path: Path) -> None:
    early, late = Trace(), Trace(start=START + 3600 * SECOND)
    for number, trace in enumerate((early, late)):
        path = trace.mag(f"mag{number}@example.com").path(f"2001:db8:a::{number + 1}", bid=1)
        trace.register(path)
    paths = [written(late, tmp_path / "late.pcap"), written(early, tmp_path / "early.pcap")]
    analysis = Analysis(paths)
    events = analysis.events()
    found = [next(events)]
    assert isinstance(events, Generator)
    found += [events.throw(KeyboardInterrupt()), *events]
    places = {event.moment.capture for event in found if isinstance(event, Finding)}
    assert places == {1}
    unread, read = analysis.overview().captures
    assert [unread.path, read.path] == paths
    assert [problem.kind for problem in unread.problems] == ["unread"]
    assert [info for info in found if isinstance(info, CaptureInfo)] == [unread, read]
    assert [any(c.judged for c in counts) for counts in analysis.overview().rules_by_capture] == [
        False,
        True,
    ]


# ------------------------------------------------------------------- each capture on its own

SAMPLES = sorted(map(str, (Path(__file__).parents[1] / "samples").glob("*.pcap*")))


@pytest.mark.parametrize("jobs", [1, 3])
def test_a_capture_on_its_own_is_judged_as_if_alone(jobs: int, small_segments: None) -> None:
    # Workers take long for the large one, whose user traffic is cut into so many segments.
    samples = SAMPLES if jobs == 1 else [path for path in SAMPLES if "busy" not in path]
    report = pmiptrace.analyze(samples, each=True, jobs=jobs)
    assert report.each
    alone = [pmiptrace.analyze(path) for path in samples]
    assert report.messages == sum(each.messages for each in alone)
    assert report.captures == tuple(each.captures[0] for each in alone)
    assert report.rules_by_capture == tuple(each.rules for each in alone)
    assert len({session.id for session in report.sessions}) == len(report.sessions)
    assert len({exchange.id for exchange in report.exchanges}) == len(report.exchanges)

    def told(run: Report, index: int | None = None) -> Iterator[tuple[object, ...]]:
        for finding in run.findings:
            moment = finding.moment
            place = moment.capture if index is None else index
            yield finding.rule, finding.status, finding.message, place, moment.frame, moment.time
        for session in run.sessions:
            place = session.first.capture if index is None else index
            yield place, session.mobile_node, session.first.frame, session.last.time, session.mode
            for binding in session.bindings:
                mag = run.mags[binding.mag]
                yield place, mag.identifier, mag.addresses, binding.bid, binding.state

    expected = Counter(item for index, each in enumerate(alone) for item in told(each, index))
    assert Counter(told(report)) == expected
    together = pmiptrace.analyze(samples)
    assert Counter(told(together)) != expected, "they would show nothing"


def test_a_capture_on_its_own_that_cannot_be_opened_keeps_its_place(
    call_flow: str, tmp_path: Path
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no capture at all\n")
    analysis = Analysis([str(text), call_flow, SAMPLES[0]], each=True)
    report = analysis.report()
    assert [Path(error.path).name for error in analysis.errors] == ["notes.txt"]
    assert [info.path for info in report.captures] == [str(text), call_flow, SAMPLES[0]]
    assert [[problem.kind for problem in info.problems] for info in report.captures] == [
        ["unopened"],
        [],
        [],
    ]
    failed = [finding for finding in report.findings if finding.status is Status.FAIL]
    assert {finding.moment.capture for finding in failed} == {2}
    assert len(report.rules_by_capture) == 3


def test_an_interrupt_leaves_what_captures_on_their_own_gave(tmp_path: Path) -> None:
    first, second = TwoPaths(), TwoPaths()
    first.register(first.lte)
    first.wait(90_000)  # beyond the lifetime, of the second one's binding too
    first.register(first.wlan)
    second.register(second.lte)
    paths = [written(first, tmp_path / "1.pcap"), written(second, tmp_path / "2.pcap")]
    analysis = Analysis([*paths, paths[0] + ".missing", SAMPLES[0]], each=True)
    events = analysis.events()
    found: list[Event] = []
    for event in events:
        found.append(event)
        if isinstance(event, Exchange) and event.request and event.request.frame.capture == 1:
            break
    assert isinstance(events, Generator)
    found += [events.throw(KeyboardInterrupt()), *events]
    *_, unanswered, ended = (event for event in found if isinstance(event, Session))
    assert [binding.state for binding in ended.bindings] == [BindingState.ACTIVE]
    assert unanswered.id != ended.id
    assert analysis.overview().interrupted
    kinds = [[problem.kind for problem in info.problems] for info in analysis.overview().captures]
    assert kinds == [[], [], ["unread"]]


def test_captures_on_their_own_have_no_moment_in_common(call_flow: str) -> None:
    with pytest.raises(UsageError, match="no moment in common"):
        Analysis([call_flow], each=True, until=Instant(frame=1))


@pytest.mark.skipif(not SKKU.exists(), reason="the public captures are not here")
def test_the_skku_run_is_understood() -> None:
    report = pmiptrace.analyze(SKKU)
    kinds = [exchange.kind.value for exchange in report.exchanges]
    assert kinds == [
        "initial",
        "handover",
        "deregistration",
        "handover",
        "deregistration",
        "handover",
        "deregistration",
    ]
    latencies = [e.round_trip for e in report.exchanges if e.round_trip is not None]
    assert [round(ns / 1e6, 1) for ns in latencies] == [3.1, 84.8, 86.4, 92.3]
    assert all(e.reply is None for e in report.exchanges if e.kind == "deregistration")
    assert report.captures[0].dialect == "pmip6d-2011"
    assert not [finding for finding in report.findings if finding.status is Status.FAIL]
    assert "PM-DIALECT" in {finding.rule for finding in report.findings}


def test_every_event_is_of_a_kind_that_reports_know(call_flow: str) -> None:
    known = (CaptureInfo, Message, Exchange, Change, Finding, Session)
    events: list[Event] = list(Analysis([call_flow]).events())
    assert all(isinstance(event, known) for event in events)
