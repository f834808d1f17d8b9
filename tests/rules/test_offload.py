"""Wrong checksums: whose they are, and when that is known."""

from __future__ import annotations

import pytest
from rule_stage import judge, of_rule, one, run, steps

from pmiptrace.model import Span, Status
from pmiptrace.rules.engine import Engine
from pmiptrace.rules.examples.acts import registered
from pmiptrace.rules.examples.rfc6275 import good_then_bad
from pmiptrace.rules.examples.stage import Stage

CHECKSUM = "RFC6275-9.2-CHECKSUM"
OFFLOAD = "PM-OFFLOAD-CHECKSUM"
O_DEREG = "RFC8278-4.1-O-DEREG"


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


def dereg_with_o(s: Stage) -> None:
    s.pbu(s.lte, lifetime=0, overwrite=True)
    s.flip()


def test_what_was_damaged_on_its_way_accuses_nobody() -> None:
    finding = one(lambda s: (registered(s), dereg_with_o(s)), O_DEREG)
    assert finding.status is Status.INCONCLUSIVE
    assert finding.why_inconclusive is not None
    assert finding.why_inconclusive.startswith("its checksum is wrong")


def test_nor_does_the_answer_to_what_was_damaged() -> None:
    def play(s: Stage) -> None:
        registered(s)
        request = s.pbu(s.lte, lifetime=300)
        s.flip()
        s.pba(request, lifetime=3600)

    (finding,) = of_rule(judge(play), "RFC6275-10.3.1-LIFETIME-MAX")
    assert finding.status is Status.INCONCLUSIVE


def test_where_checksums_are_right_on_arrival_messages_say_what_was_sent() -> None:
    def play(s: Stage) -> None:
        request = s.pbu(s.lte)
        s.flip()
        s.pba(request)
        s.wait(3)
        dereg_with_o(s)

    assert one(play, O_DEREG).status is Status.FAIL
    assert one(dereg_with_o, O_DEREG).status is Status.INCONCLUSIVE
