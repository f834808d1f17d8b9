"""What the engine does with whole runs: what it judges, and what it does not stumble over."""

from __future__ import annotations

from msgspec.structs import replace
from rule_stage import judge, made, of_rule, one, run, steps

from pmiptrace.model import Defect, Frame, Moment, Status, Step, Undecoded
from pmiptrace.rules.engine import Engine
from pmiptrace.rules.examples.acts import pbu, then
from pmiptrace.rules.examples.stage import Stage
from pmiptrace.rules.rule import Verdict, fail

O_DEREG = "RFC8278-4.1-O-DEREG"


def test_a_conforming_trace_has_no_finding() -> None:
    def life(s: Stage) -> None:
        s.register(s.lte)
        s.wait(5)
        s.register(s.wlan)
        s.wait(300)
        s.register(s.lte, bulk=True)
        s.wait(300)
        s.deregister(s.wlan)
        s.wait(1)
        s.deregister(s.lte)

    assert [f for f in judge(life) if not f.rule.startswith("PM-")] == []


def test_a_crash_of_a_rule_names_the_rule_and_the_run_goes_on() -> None:
    def crash(step: Step) -> Verdict | None:
        raise KeyError("boom")

    rules = [made(O_DEREG, crash), made("RFC8278-4.1-B-DEREG", lambda step: fail("bad"))]
    engine = Engine(rules=rules)
    crashed, failed = run(engine, lambda s: s.pbu(s.lte))
    assert (crashed.rule, crashed.status) == (O_DEREG, Status.NOTE)
    assert "crashed" in crashed.message
    assert "boom" in crashed.message
    assert failed.rule == "RFC8278-4.1-B-DEREG"
    assert engine.counts()[0].judged == 0


def test_a_crash_on_an_event_is_no_judgement() -> None:
    def crash(step: Step) -> Verdict | None:
        raise ValueError("boom")

    engine = Engine(rules=[made("RFC6275-10.3.1-SEQ-COPY", crash, on="event")])
    stage = Stage()
    stage.pbu(stage.lte)
    step = next(steps(stage))
    engine.evaluate(replace(step, events=("RFC6275-10.3.1-SEQ-COPY",)))
    (count,) = engine.counts()
    assert (count.judged, count.passed) == (0, 0)


def test_a_duplicate_is_counted_and_not_judged() -> None:
    def play(s: Stage) -> None:
        s.pbu(s.lte, bulk=True, overwrite=True)
        s.wait(0.001)
        s.again(s.sent[-1])

    findings = judge(play)
    assert one(play, "RFC8278-4.1-BO-EXCLUSIVE").occurrences == 1
    assert [f.moment.frame for f in of_rule(findings, "PM-DUP-CAPTURE")] == [2]


def test_a_cut_frame_yields_a_remark_and_nothing_on_its_length_or_options() -> None:
    for octets in range(0, 100, 7):
        rules = {f.rule for f in judge(then(pbu(), lambda s, n=octets: s.cut(n)))}
        assert rules == {"PM-TRUNCATED", "PM-CLEARTEXT"}, octets


def _undecoded(kind: str) -> Undecoded:
    frame = Frame(0, 7, 5, 101, bytes(60), 200)
    return Undecoded(frame, kind, bytes(16), bytes(16), Defect(kind, "IPv6", 0, 2, 1))


def test_frames_that_cannot_be_decoded() -> None:
    engine = Engine()
    (fragment,) = engine.undecoded(_undecoded("fragment"))
    assert (fragment.rule, fragment.moment) == ("PM-FRAGMENT", Moment(0, 7, 5))
    assert fragment.status is Status.NOTE
    (cut,) = engine.undecoded(_undecoded("truncated"))
    assert cut.rule == "PM-TRUNCATED"
    assert "60 of 200" in cut.message
    assert engine.undecoded(_undecoded("esp")) == []
