"""Wrong checksums: whose they are, and when that is known."""

from __future__ import annotations

import pytest
from rule_stage import judge, of_rule, one, run, steps

from pmiptrace.model import Span
from pmiptrace.rules.engine import Engine
from pmiptrace.rules.examples.rfc6275 import good_then_bad
from pmiptrace.rules.examples.stage import Stage

CHECKSUM = "RFC6275-9.2-CHECKSUM"
OFFLOAD = "PM-OFFLOAD-CHECKSUM"


def test_good_then_bad_accuses_at_once() -> None:
    finding = one(good_then_bad, CHECKSUM)
    assert finding.moment.frame == 2
    assert finding.span == Span(44, 2, "Mobility Header: Checksum")


def test_wrong_checksums_are_held_until_the_host_sends_a_right_one() -> None:
    stage = Stage()
    stage.pbu(stage.lte)
    stage.flip()
    stage.wait(40)
    stage.pbu(stage.lte, "mn2@example.com")
    engine = Engine()
    found = [
        (step.moment.frame, f.moment.frame)
        for step in steps(stage)
        for f in of_rule(engine.evaluate(step), CHECKSUM)
    ]
    assert found == [(2, 1)]
    assert of_rule(engine.finish(), CHECKSUM) == []


def test_offload_is_one_remark_however_many_messages() -> None:
    def play(s: Stage) -> None:
        for number in range(5):
            request = s.pbu(s.lte, f"mn{number}@example.com")
            s.flip()
            s.wait(0.02)
            s.pba(request)
            s.wait(3)

    engine = Engine()
    findings = run(engine, play)
    (remark,) = of_rule(findings, OFFLOAD)
    assert remark.occurrences == 5
    assert remark.moment.frame == 1
    assert [moment.frame for moment in remark.evidence] == [3, 5, 7, 9]
    assert of_rule(findings, CHECKSUM) == []
    (count,) = (c for c in engine.counts() if c.rule == CHECKSUM)
    assert (count.judged, count.passed, count.failed) == (5, 5, 0)


def test_a_run_after_another_is_judged_without_a_memory_of_it() -> None:
    def right(s: Stage) -> None:
        s.pba(s.pbu(s.lte))

    def offloaded(s: Stage) -> None:
        request = s.pbu(s.lte)
        s.flip()
        s.pba(request)

    engine = Engine()
    assert of_rule(run(engine, right), CHECKSUM) == []
    findings = run(engine, offloaded)
    # A host whose checksums were right in this run would be accused.
    assert of_rule(findings, CHECKSUM) == []
    assert len(of_rule(findings, OFFLOAD)) == 1
    (count,) = (c for c in engine.counts() if c.rule == CHECKSUM)
    assert count.passed == 3


def test_what_is_held_of_a_host_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pmiptrace.rules.offload._MAX_HELD_PER_HOST", 2)

    def play(s: Stage) -> None:
        for number in range(5):
            s.pbu(s.lte, f"mn{number}@example.com")
            s.flip()

    findings = of_rule(judge(play), CHECKSUM)
    assert [f.occurrences for f in findings] == [1, 4]


def test_hosts_with_wrong_checksums_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pmiptrace.rules.offload._MAX_HOSTS", 1)

    def play(s: Stage) -> None:
        for path in (s.lte, s.plain, s.other):
            s.pbu(path)
            s.flip()

    assert len(of_rule(judge(play), CHECKSUM)) == 3
