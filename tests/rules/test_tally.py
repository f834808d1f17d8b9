"""How often rules were judged, and how it went; what is off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from rule_stage import judge, made, of_rule, run, steps

from pmiptrace.model import RuleCount, RuleState, Step
from pmiptrace.rules.catalogue import catalogue
from pmiptrace.rules.engine import Engine
from pmiptrace.rules.examples.acts import pbu, registered
from pmiptrace.rules.examples.stage import Stage, unknown
from pmiptrace.rules.rule import PASS, RuleOptions, Verdict, fail
from pmiptrace.settings import SETTINGS

O_DEREG = "RFC8278-4.1-O-DEREG"


def test_counts_tell_what_was_judged() -> None:
    engine = Engine()
    run(engine, registered, pbu(lifetime=0, overwrite=True), lambda s: s.wait(9), pbu())
    counts = {count.rule: count for count in engine.counts()}
    judged = counts[O_DEREG]
    assert (judged.judged, judged.passed, judged.failed, judged.inconclusive) == (1, 0, 1, 0)
    mnid = counts["RFC5213-6.9.1.1-MNID"]
    assert (mnid.judged, mnid.passed) == (3, 3)
    assert not any(rule.startswith("PM-") for rule in counts)
    for count in counts.values():
        assert count.judged == count.passed + count.failed + count.inconclusive
        assert min(count.judged, count.passed, count.failed, count.inconclusive) >= 0


def test_counts_are_kept_by_capture() -> None:
    """Captures of one run alternate; what is judged on a message counts for the one it is in."""

    def broken_at_the_lma(step: Step) -> Verdict | None:
        return PASS if step.moment.capture == 0 else fail("bad")

    engine = Engine(rules=[made(O_DEREG, broken_at_the_lma)])
    stage = Stage()
    for _ in range(3):
        stage.pbu(stage.lte)
    for number, step in enumerate(steps(stage)):
        moment = replace(step.moment, capture=number % 2)
        engine.evaluate(replace(step, moment=moment))
    engine.finish()
    (first,), (second,), (both,) = engine.counts(0), engine.counts(1), engine.counts()
    assert (first.judged, first.passed) == (2, 2)
    assert (second.judged, second.failed) == (1, 1)
    assert (both.judged, both.passed, both.failed) == (3, 2, 1)
    assert engine.counts(7) == (RuleCount(O_DEREG, 0, 0, 0, 0),)


@pytest.mark.parametrize("module", ["dispatch", "tally"])
def test_counts_survive_the_loss_of_plans(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def play(s: Stage) -> None:
        for number in range(6):
            s.pbu(s.lte, f"mn{number}@example.com", also=[unknown(200 + number)])

    plenty, scarce = Engine(), Engine()
    run(plenty, play)
    monkeypatch.setattr(f"pmiptrace.rules.{module}._MAX_PLANS", 2)
    run(scarce, play)
    assert scarce.counts() == plenty.counts()


# ----------------------------------------------------------------------------------------- switches


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        ("RFC5213-4-IPSEC", RuleOptions(ipsec=True)),
        ("RFC5213-5.5-TS-WINDOW", RuleOptions(trust_clock=True, timestamp_window=10_000_000)),
    ],
)
def test_some_rules_are_off_by_default(rule: str, options: RuleOptions) -> None:
    play: Callable[[Stage], object] = lambda s: s.pbu(s.lte, timestamp=s.now - 200_000_000)  # noqa: E731
    assert of_rule(judge(play), rule) == []
    assert len(of_rule(judge(play, options=options), rule)) == 1


def test_counts_name_the_rules_that_are_off_and_their_setting() -> None:
    counts = {count.rule: count for count in Engine().counts()}
    off = {name: count.switch for name, count in counts.items() if count.state is RuleState.OFF}
    assert off == {"RFC5213-4-IPSEC": "ipsec", "RFC5213-5.5-TS-WINDOW": "trust-clock"}
    assert set(off.values()) <= set(SETTINGS)
    assert counts.keys() == {r.id for r in catalogue().values() if not r.is_diagnostic}
    on = {count.rule: count for count in Engine(RuleOptions(ipsec=True)).counts()}
    assert on["RFC5213-4-IPSEC"].state is RuleState.UNTESTED


@pytest.mark.parametrize(
    ("counted", "state"),
    [
        ((9, 8, 1, 0), RuleState.FAILED),
        ((9, 7, 1, 1), RuleState.FAILED),
        ((9, 8, 0, 1), RuleState.INCONCLUSIVE),
        ((9, 9, 0, 0), RuleState.PASSED),
        ((0, 0, 0, 0), RuleState.UNTESTED),
        ((0, 0, 0, 0, "ipsec"), RuleState.OFF),
    ],
)
def test_the_worst_judgement_decides_about_a_rule(
    counted: tuple[Any, ...], state: RuleState
) -> None:
    assert RuleCount("RFC5213-4-IPSEC", *counted).state is state
