"""What is kept of an analysis for a page: the same whatever the order, and never more than that."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from report_factory import many, multipath

from pmiptrace.analysis import Analysis
from pmiptrace.capture.writer import write_pcapng
from pmiptrace.model import Body, Exchange, Finding, Report, Session, Status
from pmiptrace.report import digest as module
from pmiptrace.report.digest import Digest, Run, stated_reason
from pmiptrace.report.ladder import request_label
from pmiptrace.report.sections.timeline import request_words
from pmiptrace.report.times import duration
from pmiptrace.simulation import Rates, Scenario, Vantage, simulate
from pmiptrace.wire.messages import BindingRevocationIndication, UpdateNotification

BUSY = Scenario(duration=600, mobile_nodes=4, loss=0.1, rates=Rates(handover=60, revocation=20))


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("digest") / "busy.pcapng"
    write_pcapng(path, simulate(BUSY, seed=8278).frames(Vantage.MAG))
    return str(path)


def streamed(capture: str) -> Digest:
    digest = Digest()
    for event in Analysis([capture]).events():
        digest.add(event)
    return digest


def sums(digest: Digest) -> dict[str, object]:
    totals, sessions = digest.totals, digest.session_totals
    return {
        "kinds": +totals.kinds,
        "rejections": +totals.rejections,
        "others": (totals.unanswered, totals.unmatched, totals.retransmissions),
        "modes": sessions.modes,
        "states": sessions.states,
        "nodes": sessions.mobile_nodes,
        "severities": digest.severities,
        "inconclusive": digest.inconclusive,
        "end": digest.end,
    }


def test_a_digest_made_on_the_way_is_that_of_the_whole_report(capture: str) -> None:
    # An exchange and a session can be given more than once; only the last form counts.
    assert sums(streamed(capture)) == sums(Digest.of(Analysis([capture]).report()))


def test_the_sums_are_those_of_the_report(capture: str) -> None:
    report = Analysis([capture]).report()
    digest = Digest.of(report)
    assert digest.totals.count == len(report.exchanges)
    assert digest.session_totals.count == len(report.sessions)
    accused = sum(f.status is Status.FAIL for f in report.findings)
    assert digest.severities.total() == accused
    assert sum(group.count for group in digest.failures) == accused


def test_little_is_kept_of_much(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, limit in (("_EXCHANGES", 8), ("_SESSIONS", 3), ("_FINDINGS", 2), ("_RECENT", 4)):
        monkeypatch.setattr(module, name, limit)
    report = many(300)
    digest = Digest.of(report)
    kept = sum(len(digest.exchanges_of(session)) for session in report.sessions)
    left_out = sum(digest.left_out(session) for session in report.sessions)
    assert kept == 8
    assert kept + left_out == sum(e.session is not None for e in report.exchanges)
    assert len(digest.sessions) < 12
    assert all(len(group.findings) <= 2 for rule in digest.failures for group in rule.parties)
    assert digest.totals.count == len(report.exchanges)
    assert digest.session_totals.count == len(report.sessions)


def test_the_worst_session_is_shown_however_many_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_SESSIONS", 2)
    report = many(300)
    troubled = {f.session for f in report.findings if f.status is Status.FAIL}
    shown = Digest.of(report).worst_sessions(1)
    assert shown[0].id in troubled


def test_exchanges_of_sessions_that_went_well_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_EXCHANGES", 2)
    good, bad, other = (numbered(multipath(), number) for number in (1, 2, 3))
    digest = Digest()
    for finding in (replace(f, session=2, exchange=None) for f in multipath().findings):
        digest.add(finding)
    for exchange in (bad, good, other):
        digest.add(exchange)
    of = {number: digest.exchanges_of(session(number)) for number in (1, 2, 3)}
    assert of == {1: [], 2: [bad], 3: [other]}
    assert digest.left_out(session(1)) == 1


def test_another_answer_replaces_the_first(capture: str) -> None:
    exchange = next(e for e in Analysis([capture]).report().exchanges if e.reply is not None)
    unanswered = replace(exchange, reply=None, closed=True)
    digest = Digest()
    digest.add(unanswered)
    assert digest.totals.unanswered == 1
    digest.add(exchange)
    assert (digest.totals.count, digest.totals.unanswered) == (1, 0)


def test_a_request_that_may_still_be_answered_is_not_unanswered() -> None:
    exchange = multipath().exchanges[0]
    digest = Digest()
    digest.add(replace(exchange, reply=None, closed=False))
    assert (digest.totals.unanswered, digest.totals.open) == (0, 1)
    assert not digest.is_troubled
    digest.add(exchange)
    assert (digest.totals.unanswered, digest.totals.open) == (0, 0)


def test_a_request_without_a_reason_gives_none() -> None:
    exchange = multipath().exchanges[0]
    assert stated_reason(exchange) == ""
    assert stated_reason(replace(exchange, request=None)) == ""


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (UpdateNotification(sequence=1, reason=1), "FORCE-REREGISTRATION"),
        (UpdateNotification(sequence=1, reason=999), "reason 999"),
        (BindingRevocationIndication(sequence=1, trigger=1), "Administrative Reason"),
        (
            BindingRevocationIndication(sequence=1, trigger=99, ipv4_only=True),
            "trigger 99 V=1",
        ),
    ],
)
def test_the_reason_of_a_request_by_its_name_else_its_number(body: Body, reason: str) -> None:
    exchange = multipath().exchanges[0]
    assert exchange.request is not None
    exchange = replace(exchange, request=replace(exchange.request, body=body))
    assert stated_reason(exchange) == reason
    assert f"({reason})" in request_words(Run((exchange,)))
    assert reason in request_label(Run((exchange,)))


def test_the_median_has_four_digits() -> None:
    exchange = next(e for e in multipath().exchanges if e.round_trip)
    digest = Digest()
    digest.add(exchange)
    latency = digest.totals.latency
    assert latency is not None
    assert latency.median == pytest.approx(exchange.round_trip, rel=5e-4)
    assert latency.maximum == exchange.round_trip


@pytest.mark.parametrize(
    ("time", "written"), [(10_252_000, "10.3 ms"), (10_249_900, "10.2 ms"), (84_800_000, "84.8 ms")]
)
def test_the_median_is_written_as_the_time_itself(time: int, written: str) -> None:
    exchange = next(e for e in multipath().exchanges if e.round_trip)
    assert exchange.answered is not None
    assert exchange.reply is not None
    assert exchange.reply.time is not None
    digest = Digest()
    datagram = exchange.answered.datagram
    frame = replace(datagram.frame, time=exchange.reply.time - time)
    sent = replace(exchange.answered, datagram=replace(datagram, frame=frame))
    digest.add(replace(exchange, answered=sent))
    latency = digest.totals.latency
    assert latency is not None
    assert duration(latency.median) == duration(latency.maximum) == written


def test_findings_that_become_known_late_stand_where_they_belong() -> None:
    finding = multipath().findings[0]
    digest = Digest()
    for number in (7, 3, 9):
        moment = replace(finding.moment, frame=number, time=number)
        digest.add(replace(finding, moment=moment))
    (group,) = digest.failures
    assert [f.moment.frame for f in group.parties[0].findings] == [3, 7, 9]
    assert group.parties[0].alike


def numbered(report: Report, number: int) -> Exchange:
    return replace(report.exchanges[0], id=number, session=number)


def session(number: int) -> Session:
    return replace(multipath().sessions[0], id=number)


def test_findings_of_exchanges_that_were_let_go_are_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_EXCHANGES", 1)
    first, second = numbered(multipath(), 1), numbered(multipath(), 2)
    finding: Finding = replace(multipath().findings[0], session=1, exchange=1)
    digest = Digest()
    for event in (first, finding, replace(finding, session=2, exchange=None), second):
        digest.add(event)
    digest.add(finding)
    assert digest.by_exchange == {}
