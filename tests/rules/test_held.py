"""How long findings wait, and what joins them meanwhile."""

from __future__ import annotations

import pytest
from rule_stage import judge, made, of_rule, one, run, steps

from pmiptrace.model import Exchange, ExchangeKind, Moment, Status, Step
from pmiptrace.rules.engine import Engine
from pmiptrace.rules.examples.acts import mmb, pba, pbu, registered, then
from pmiptrace.rules.examples.stage import Stage
from pmiptrace.rules.rule import PASS, Verdict, fail, inconclusive

O_DEREG = "RFC8278-4.1-O-DEREG"


def test_a_repeated_bad_request_is_one_finding() -> None:
    def attempts(s: Stage) -> None:
        for _ in range(3):
            s.pbu(s.lte, bulk=True, overwrite=True)
            s.wait(1)

    finding = one(attempts, "RFC8278-4.1-BO-EXCLUSIVE")
    assert finding.occurrences == 3
    assert finding.moment.frame == 1
    assert [moment.frame for moment in finding.evidence] == [2, 3]


def test_findings_wait_for_the_exchange_to_close() -> None:
    stage = Stage()
    stage.pbu(stage.lte, bulk=True, overwrite=True)
    stage.wait(0.1)
    stage.pba()
    engine = Engine()
    found = [
        [f.rule for f in engine.evaluate(step) if f.rule == "RFC8278-4.1-BO-EXCLUSIVE"]
        for step in steps(stage)
    ]
    assert found == [[], ["RFC8278-4.1-BO-EXCLUSIVE"]]
    assert of_rule(engine.finish(), "RFC8278-4.1-BO-EXCLUSIVE") == []


def test_a_second_equal_answer_adds_no_finding() -> None:
    def twice(s: Stage) -> None:
        request = s.pbu(s.lte, lifetime=300)
        s.wait(0.02)
        s.pba(request, lifetime=600)
        s.wait(0.5)
        s.pba(request, lifetime=600)

    assert one(twice, "RFC6275-10.3.1-LIFETIME-MAX").occurrences == 1


def test_a_proven_finding_takes_the_place_of_a_suspicion() -> None:
    verdicts = iter(
        [inconclusive("first", "nothing known"), fail("second"), inconclusive("third", "?")]
    )
    engine = Engine(rules=[made(O_DEREG, lambda step: next(verdicts))])

    def attempts(s: Stage) -> None:
        for _ in range(3):
            s.pbu(s.lte)
            s.wait(1)

    (finding,) = run(engine, attempts)
    assert (finding.status, finding.message) == (Status.FAIL, "second")
    assert finding.occurrences == 3
    assert [moment.frame for moment in finding.evidence] == [1, 3]


def test_both_peers_are_accused_where_each_broke_the_rule_in_its_own_way() -> None:
    findings = of_rule(
        judge(then(pbu(replacing=[mmb(reserved=1)]), pba(replacing=[mmb(reserved=2)]))),
        "RFC8278-4.1-MMB-RESERVED",
    )
    assert [(f.party.role, f.occurrences) for f in findings] == [("MAG", 1), ("LMA", 1)]


def test_a_verdict_may_be_about_another_exchange() -> None:
    def check(step: Step) -> Verdict | None:
        return fail("about the first", exchange=1) if step.moment.frame == 3 else PASS

    (finding,) = run(Engine(rules=[made(O_DEREG, check, on="PBU")]), registered, pbu())
    assert finding.exchange == 1


def test_open_exchanges_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pmiptrace.rules.held._MAX_OPEN_EXCHANGES", 2)
    engine = Engine(rules=[made(O_DEREG, lambda step: fail("bad"), on="PBU")])
    stage = Stage()
    for number in range(4):
        stage.pbu(stage.plain, f"mn{number}@example.com")
    early = [f.moment.frame for step in steps(stage) for f in engine.evaluate(step)]
    assert early == [1, 2]
    assert [f.moment.frame for f in engine.finish()] == [3, 4]


def test_evidence_is_bounded() -> None:
    engine = Engine(rules=[made(O_DEREG, lambda step: fail("bad"), on="PBU")])
    stage = Stage()
    message = (stage.pbu(stage.lte), next(stage.messages()))[1]
    exchange = Exchange(id=1, kind=ExchangeKind.INITIAL, request=message, answered=message)
    for number in range(100):
        moment = Moment(0, number + 1, number)
        assert engine.evaluate(Step(moment=moment, message=message, exchange=exchange)) == []
    (finding,) = engine.finish()
    assert finding.occurrences == 100
    assert len(finding.evidence) == 16


# --------------------------------------------------------------------------------------------- once


def test_clear_text_is_reported_once_per_capture_with_a_count() -> None:
    def two_captures(s: Stage) -> None:
        registered(s)
        s.capture = 1
        s.pbu(s.lte)

    found = of_rule(judge(two_captures), "PM-CLEARTEXT")
    assert [(f.moment.capture, f.moment.frame, f.occurrences) for f in found] == [
        (0, 1, 2),
        (1, 3, 1),
    ]


def test_what_is_reported_once_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pmiptrace.rules.held._MAX_REMEMBERED", 2)
    rules = [made(O_DEREG, lambda step: fail("bad"), on="PBU", once="peer")]
    engine, stage = Engine(rules=rules), Stage()
    for path in (stage.lte, stage.lte, stage.plain, stage.other):
        stage.pbu(path)
    early = [f for step in steps(stage) for f in engine.evaluate(step)]
    assert [(f.moment.frame, f.occurrences) for f in early] == [(1, 2)]
    assert [(f.moment.frame, f.occurrences) for f in engine.finish()] == [(3, 1), (4, 1)]
