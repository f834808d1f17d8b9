"""For what rules are called. What spares them calls is held against calling them all."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterable
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rule_stage import made, run, steps
from test_hostile_input import PAYLOADS, _conforming, _edit, edits

from pmiptrace.model import Datagram, Finding, Frame, RuleCount, Status, Step
from pmiptrace.packet.checksum import mobility_header_checksum
from pmiptrace.packet.decoder import PacketDecoder
from pmiptrace.rules.engine import Engine
from pmiptrace.rules.examples.acts import mmb, pba, pbu, registered, then
from pmiptrace.rules.examples.stage import IPV6_HEADER, Stage, unknown
from pmiptrace.rules.registry import all_rules
from pmiptrace.rules.rule import FIRST, PASS, Check, Need, Rule, RuleOptions, Shape, Verdict
from pmiptrace.rules.situation import (
    FIRST_ATTEMPT,
    IPV4_GRANTED,
    NOTIFIED,
    SOUND,
)
from pmiptrace.simulation import Scenario, Vantage, simulate
from pmiptrace.simulation.damage import damaged, drawn
from pmiptrace.testing import Trace
from pmiptrace.track.tracker import Tracker
from pmiptrace.wire.dialect import DialectDecoder
from pmiptrace.wire.options.rfc5213 import HandoffIndicator

OPTIONS = RuleOptions(trust_clock=True, ipsec=True)
O_DEREG = "RFC8278-4.1-O-DEREG"
SPARING = ("when", "kept_when", "by_content", "by_places", "by_echo")


def declared(each: Rule, **parts: object) -> Rule:
    """Give a rule as it is, or with other declarations, or with none that spare calls."""
    names = ("check", "on", "options", "unless", "repeated", "given", "configured", "once")
    return Rule(each.id, **{name: getattr(each, name) for name in (*names, *SPARING)} | parts)


def never_spared(each: Rule) -> Rule:
    return declared(
        each, when=0, kept_when=0, by_content=None, by_places=False, by_echo=frozenset()
    )


class Forgetful(Engine):
    """An engine that works out for every step anew which rules are for it, and calls them all."""

    def __init__(self, options: RuleOptions) -> None:
        super().__init__(options, map(never_spared, all_rules()))

    def evaluate(self, step: Step) -> list[Finding]:
        self._dispatch.forget()
        return super().evaluate(step)


Outcome = tuple[list[Finding], tuple[RuleCount, ...]]


def outcome(engine: Engine, steps: Iterable[Step]) -> Outcome:
    findings = [finding for step in steps for finding in engine.evaluate(step)]
    return findings + engine.finish(), engine.counts()


def assert_same(steps: list[Step]) -> None:
    findings, counts = outcome(Engine(OPTIONS), steps)
    expected, counted = outcome(Forgetful(OPTIONS), steps)
    assert findings == expected
    assert counts == counted


def steps_of(frames: Iterable[Frame]) -> list[Step]:
    packets, messages, tracker = PacketDecoder(), DialectDecoder("auto"), Tracker()
    steps: list[Step] = []
    end = None
    for frame in frames:
        for found in packets.decode(frame):
            if isinstance(found, Datagram):
                steps += tracker.feed(messages.decode(found))
        end = frame.time
    assert end is not None
    return [*steps, *tracker.finish(end)]


@cache
def played(seed: int) -> list[Frame]:
    scenario = Scenario(duration=240, mobile_nodes=4, paths=3, loss=0.05 if seed % 2 else 0)
    return simulate(scenario, seed).frames(list(Vantage)[seed % 3])


def spoiled(frames: Iterable[Frame], seed: int) -> list[Frame]:
    """Change some octets of every other packet, mostly with a right checksum all the same."""
    random = Random(f"octets {seed}")
    spoilt = []
    for frame in frames:
        data = bytearray(frame.data)
        changes = random.choice((0, 0, 1, 2))
        for _ in range(changes):
            place = random.randrange(IPV6_HEADER, len(data))
            data[place] = random.choice((0, 1, 2, 6, 128, 255, data[place] ^ 0x80))
        if changes and data[0] >> 4 == 6 and random.random() < 0.8:
            header = bytes(data[IPV6_HEADER:])
            right = mobility_header_checksum(bytes(data[8:24]), bytes(data[24:40]), header)
            data[IPV6_HEADER + 4 : IPV6_HEADER + 6] = right.to_bytes(2)
        spoilt.append(replace(frame, data=bytes(data)))
    return spoilt


# --------------------------------------------------------------------------------- held against


@pytest.mark.parametrize("seed", range(3))
def test_simulated_runs_are_judged_the_same(seed: int) -> None:
    assert_same(steps_of(played(seed)))


@pytest.mark.parametrize("seed", range(3))
def test_damaged_captures_are_judged_the_same(seed: int) -> None:
    assert_same(steps_of(damaged(played(seed), seed, *drawn(seed))))


@pytest.mark.parametrize("seed", range(4))
def test_spoiled_messages_are_judged_the_same(seed: int) -> None:
    assert_same(steps_of(spoiled(played(seed), seed)))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(edits, st.booleans(), st.integers(0, len(PAYLOADS) - 1))
def test_hostile_messages_are_judged_the_same(
    changes: list[tuple[int, int, int]], right_checksums: bool, cut: int
) -> None:
    stage = _conforming()
    for index, offset, value in changes:
        _edit(stage, index, offset, value, right_checksums)
    if not right_checksums:
        stage._kept[cut] = len(PAYLOADS[cut]) - 9
    assert_same(list(steps(stage)))


def test_what_is_new_to_some_rules_calls_no_others() -> None:
    calls: Counter[str] = Counter()

    def counted(each: Rule) -> Rule:
        def check(*subject: object) -> Verdict | None:
            calls[each.id] += 1
            return each.check(*subject)

        return declared(each, check=check)

    trace = Trace()
    path = trace.mag("mag1@example.com").path("2001:db8:a::1", bid=1)
    for name in ("mn1@example.com", "mn2@example.com"):
        trace.register(path, name)
        trace.wait(30)
    steps = [step for step in steps_of(trace.frames) if step.message is not None]
    engine = Engine(OPTIONS, map(counted, all_rules()))
    for step in steps[:2]:
        engine.evaluate(step)
    before = calls.copy()
    for step in steps[2:]:
        engine.evaluate(step)
    calls.subtract(before)
    assert calls["RFC5213-8.3-PREFIXLEN"] == 1  # the prefix that the second PBA assigns
    assert calls["RFC6275-6.2-ALIGN"] == 0


def test_memories_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pmiptrace.rules.plan._MAX_IN_ORDER", 3)
    monkeypatch.setattr("pmiptrace.rules.dispatch._MAX_LATELY", 3)
    monkeypatch.setattr("pmiptrace.rules.dispatch._MAX_PLANS", 5)
    assert_same(steps_of(spoiled(played(1), 1)))


# ------------------------------------------------------------------------- wrong declarations


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        ("RFC5213-6.9.1.3-HI5-INITIAL", {"when": IPV4_GRANTED}),
        ("RFC6275-11.8-RATE", {"when": FIRST_ATTEMPT | NOTIFIED}),
        ("RFC6275-9.2-CHECKSUM", {"kept_when": SOUND}),
        ("RFC5213-6.9.1.2-152-STOP", {"kept_when": FIRST_ATTEMPT}),
        ("RFC8278-4.4-PBA-MMB-MISMATCH", {"by_echo": frozenset(), "by_content": FIRST}),
        ("RFC6275-6.2.3-PADN-ZERO", {"by_content": None, "by_places": True}),
        ("RFC5213-5.3.6-ECHO", {"by_echo": frozenset({8})}),
    ],
)
def test_a_wrong_declaration_shows(rule: str, wrong: dict[str, object]) -> None:
    rules = [declared(each, **wrong) if each.id == rule else each for each in all_rules()]
    runs = [steps_of(spoiled(played(seed), seed)) for seed in range(3)] + [unfaithful_answers()]
    assert any(
        outcome(Engine(OPTIONS, rules), steps) != outcome(Engine(OPTIONS), steps) for steps in runs
    )


def unfaithful_answers() -> list[Step]:
    """Have a path registered, and refreshed by answers that repeat other options than were sent."""
    stage = Stage()
    registered(stage)
    for changed in (*[HandoffIndicator(indicator=4)] * 2, mmb(bid=2)):
        stage.wait(5)
        then(pbu(replacing=[mmb(bid=2)]), pba())(stage)
        stage.wait(5)
        then(pbu(), pba(replacing=[changed]))(stage)
    return list(steps(stage))


def test_a_rule_by_content_is_about_one_option() -> None:
    for each in all_rules():
        if each.by_content is not None:
            assert len(each.options) == 1, each


# ------------------------------------------------------------------------- for what they are called


def test_rules_are_called_for_their_messages_options_and_shapes_only() -> None:
    calls: list[str] = []

    def noting(name: str) -> Check:
        return lambda step: calls.append(name)

    rules = [
        made(O_DEREG, noting("PBU with 63"), on="PBU", options=frozenset({63})),
        made(O_DEREG, noting("PBU with 99"), on="PBU", options=frozenset({99})),
        made(O_DEREG, noting("PBU without 8"), on="PBU", unless=frozenset({8})),
        made(O_DEREG, noting("63 twice"), on="PBU", options=frozenset({63}), repeated=True),
        made(O_DEREG, noting("PBA"), on="PBA"),
        made(O_DEREG, noting("reply"), on="reply"),
        made(O_DEREG, noting("clock"), on="clock"),
    ]
    run(Engine(rules=rules), pbu(), pba())
    assert calls == ["PBU with 63", "PBA", "reply"]
    calls.clear()
    run(Engine(rules=rules), pbu(without=[8], also=[mmb()]), lambda s: s.wait(40))
    assert calls == ["PBU with 63", "PBU without 8", "63 twice", "clock"]


def test_shapes_with_options_of_one_class_are_told_apart_by_number() -> None:
    numbers = []

    def check(step: Step) -> Verdict | None:
        numbers.append(step.moment.frame)
        return PASS

    engine = Engine(rules=[made(O_DEREG, check, options=frozenset({201}))])
    run(
        engine,
        pbu(also=[unknown(200)]),
        pbu(also=[unknown(201)]),
        pbu(also=[unknown(200)]),
    )
    assert numbers == [2]


def test_a_rule_that_cannot_tell_what_it_is_for_becomes_a_finding() -> None:
    def confused(shape: Shape) -> Need:
        raise LookupError("no such status")

    engine = Engine(rules=[made(O_DEREG, lambda step: PASS, "PBU", given=confused)])
    (finding,) = run(engine, pbu())
    assert (finding.rule, finding.status) == (O_DEREG, Status.NOTE)
    assert finding.message == "the check of this rule crashed: LookupError: no such status"


def test_a_rule_that_cannot_tell_its_messages_keeps_none_of_them() -> None:
    error = LookupError("no such status")

    def confused(shape: Shape) -> Need:
        raise error

    engine = Engine(rules=[made(O_DEREG, lambda step: PASS, "PBU", given=confused)])

    def refreshes(stage: Stage) -> None:
        for _ in range(50):
            stage.pbu(stage.lte)
            stage.wait(1)

    run(engine, refreshes)
    assert len(traceback.extract_tb(error.__traceback__)) < 5
