"""Mutations of correct runs: each is one change, well made, and the rules lose no sharpness.

`docs/blindness.md` tells what the rules find of many mutations. Here it is a small set of them;
what is expected stands in `benchmarks/blindness.json`, written by ``python
benchmarks/blindness.py --small``.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from simulated_runs import messages_of

from pmiptrace.rules.catalogue import catalogue
from pmiptrace.simulation import Scenario, simulate
from pmiptrace.simulation.mutation import Mutation, mutations
from pmiptrace.wire.messages import BindingUpdate
from pmiptrace.wire.options.rfc8278 import MagIdentifier

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "blindness.py"


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("blindness", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["blindness"] = module
    spec.loader.exec_module(module)
    return module


blindness = load_script()


@cache
def some() -> tuple[Mutation, ...]:
    run = simulate(Scenario(duration=60, mobile_nodes=2, paths=3, loss=0), 3)
    return tuple(mutations(run))


def test_rules_find_no_less() -> None:
    found = blindness.summary(blindness.outcomes(blindness.small_set(blindness.SEED)))
    expected = json.loads(blindness.SMALL.read_text("utf-8"))
    assert found.keys() >= expected.keys()
    fallen = {
        rule: (counts, found[rule])
        for rule, counts in expected.items()
        for kind in ("fail", "seen")
        if rate(found[rule], kind) < rate(counts, kind)
    }
    assert fallen == {}


def rate(counts: dict[str, int], kind: str) -> float:
    """Give the share of violations, or of violations and suspicions."""
    seen = counts["fail"] + (counts["inconclusive"] if kind == "seen" else 0)
    return seen / sum(counts.values())


def test_mutations_are_the_same_again() -> None:
    run = simulate(Scenario(duration=60, mobile_nodes=2, paths=3, loss=0), 3)
    again = list(mutations(run))
    assert [blindness.kind_of(m) for m in again] == [blindness.kind_of(m) for m in some()]
    assert [f.data for f in again[7].frames()] == [f.data for f in some()[7].frames()]


def test_one_message_is_changed() -> None:
    for mutation in some()[::197]:
        before, after = mutation.original, mutation.frames()
        data = [frame.data for frame in after]
        kept = [f.data for i, f in enumerate(before) if i != mutation.place.index]
        assert len(after) - len(before) in (-1, 0, 1)
        assert [each for each in data if each in kept] == kept, mutation.operator
        assert data != [frame.data for frame in before], mutation.operator
        assert [frame.number for frame in after] == list(range(1, len(after) + 1))


def test_checksum_is_right_unless_it_is_what_was_changed() -> None:
    for mutation in some()[::151]:
        changed = list(messages_of(mutation.frames()))
        if "Header Len" in mutation.operator:
            continue  # what the checksum covers is then in doubt
        wrong = [message for message in changed if message.checksum_correct is False]
        assert len(wrong) == ("Checksum" in mutation.operator), mutation.operator


def test_rules_named_are_of_the_catalogue() -> None:
    assert {rule for mutation in some() for rule in mutation.breaks} <= set(catalogue())


def test_each_mutation_breaks_a_rule_or_says_why_not() -> None:
    assert all(bool(mutation.breaks) != bool(mutation.because) for mutation in some())


def test_a_mutation_by_hand() -> None:
    wanted = "PBU: without MAG Identifier"
    mutation = next(m for m in some() if m.operator == wanted)
    assert mutation.breaks == ("RFC8278-4.4-MAGID-REQUIRED",)
    lacking = [
        message
        for message in messages_of(mutation.frames())
        if isinstance(message.body, BindingUpdate) and message.first(MagIdentifier) is None
    ]
    assert len(lacking) == 1
    assert lacking[0].frame.number == mutation.place.index + 1


@pytest.mark.parametrize("kind", ["PBU", "PBA"])
def test_messages_of_a_kind_are_mutated(kind: str) -> None:
    assert sum(mutation.place.kind == kind for mutation in some()) > 10
