"""What the rules say of a play, for their tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pmiptrace.model import Finding, Status, Step, Undecoded
from pmiptrace.rules.engine import Engine
from pmiptrace.rules.examples.stage import Play, Stage
from pmiptrace.rules.rule import ANY, Check, Rule, RuleOptions
from pmiptrace.track.tracker import Tracker


def steps(stage: Stage) -> Iterator[Step]:
    """Give what the tracker makes of the messages on a stage."""
    tracker = Tracker()
    for message in stage.messages():
        yield from tracker.feed(message)
    yield from tracker.finish(stage.now)


def judge(
    play: Play, *, options: RuleOptions | None = None, stage: Stage | None = None
) -> list[Finding]:
    """Give the findings on what a play put on stage."""
    stage = stage or Stage()
    play(stage)
    engine = Engine(options)
    findings = [finding for step in steps(stage) for finding in engine.evaluate(step)]
    for item in stage.items():
        if isinstance(item, Undecoded):
            findings += engine.undecoded(item)
    return findings + engine.finish()


def of_rule(findings: Iterable[Finding], rule: str) -> list[Finding]:
    return [finding for finding in findings if finding.rule == rule]


def statuses(findings: Iterable[Finding]) -> list[Status]:
    return [finding.status for finding in findings]


def one(play: Play, rule: str) -> Finding:
    (finding,) = of_rule(judge(play), rule)
    return finding


def made(rule: str, check: Check, on: str = ANY, **parts: object) -> Rule:
    declared: dict[str, object] = {
        "on": frozenset({on}),
        "options": frozenset(),
        "unless": frozenset(),
        "repeated": False,
        "given": None,
        "configured": None,
        "once": None,
    }
    return Rule(rule, check, **{**declared, **parts})  # type: ignore[arg-type]


def run(engine: Engine, *plays: Play) -> list[Finding]:
    stage = Stage()
    for play in plays:
        play(stage)
    return [f for step in steps(stage) for f in engine.evaluate(step)] + engine.finish()
