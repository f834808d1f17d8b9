"""What of the RFCs a run put to the test: its rules by RFC and section, and requirements.

No layout. A reader must see at once what the captures did not exercise: a rule that nothing put to
the test is no rule that was kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import groupby

from msgspec import Struct

from pmiptrace.model import RuleCount, RuleState
from pmiptrace.report.words import count, counted, joined
from pmiptrace.rules.catalogue import CatalogueRow, Sentence, catalogue, sentences

FIRST_RFC = 8278
"""Stands before the others, which follow by number."""

MEANINGS = {
    RuleState.FAILED: "broken at least once",
    RuleState.INCONCLUSIVE: "not broken as far as the captures can tell",
    RuleState.PASSED: "kept each time",
    RuleState.UNTESTED: "nothing in the captures put it to the test",
    RuleState.OFF: "judged only with a setting that was not given",
}
"""What the states of rules mean, for a legend."""


class RequirementState(StrEnum):
    """What became of a requirement, by the rules that check it."""

    FAILED = "failed"
    """One of them failed."""
    INCONCLUSIVE = "inconclusive"
    """One of them is inconclusive."""
    UNTESTED = "untested"
    """One of them was not put to the test."""
    PASSED = "passed"
    """All of them passed."""
    UNOBSERVABLE = "unobservable"
    """There are none, as no capture can show whether it is met."""
    UNSELECTED = "unselected"
    """One of them was left out of the report."""


class RuleLine(Struct, frozen=True):
    """A rule and how often it was judged."""

    row: CatalogueRow
    count: RuleCount

    @property
    def keyword(self) -> str:
        """``MUST``, ``SHOULD NOT`` ...; nothing where the RFC's text has no keyword."""
        return self.row.keyword or ""

    @property
    def remark(self) -> str:
        """The setting that it waits for, if it does."""
        if self.count.state is not RuleState.OFF:
            return ""
        return f"judged only with --timers {self.count.switch}=on"


class RfcCoverage(Struct, frozen=True):
    """The rules of one RFC, or of what else is cited, in the order of its sections."""

    source: str
    """``RFC 8278``."""
    rules: tuple[RuleLine, ...]

    @property
    def states(self) -> Counter[str]:
        """How many rules are in which state."""
        return Counter(line.count.state.value for line in self.rules)

    @property
    def judged(self) -> int:
        """How many judgements there were."""
        return sum(line.count.judged for line in self.rules)

    @property
    def verdict(self) -> str:
        """How many rules there are in which state, in words."""
        return f"{counted(len(self.rules), 'rule')}: {state_words(self.states)}"

    @property
    def sections(self) -> Iterator[tuple[str, tuple[RuleLine, ...]]]:
        """The sections with their rules."""
        for section, rules in groupby(self.rules, lambda line: line.row.section or ""):
            yield section, tuple(rules)


class RequirementLine(Struct, frozen=True):
    """A requirement and what became of it."""

    sentence: Sentence
    state: RequirementState

    @property
    def remark(self) -> str:
        """Which rules check it, or why none can."""
        return self.sentence.unobservable or joined(self.sentence.rules)


class Coverage(Struct, frozen=True):
    """All rules that a report is about, and what they say of the requirements of RFC 8278."""

    rfcs: tuple[RfcCoverage, ...]
    requirements: tuple[RequirementLine, ...]
    """Those of RFC 8278 section 4, in the order of its text; none if no rule of them is reported.
    """
    unselected: int
    """Rules that were left out of the report."""

    @property
    def states(self) -> Counter[str]:
        """How many rules are in which state."""
        return sum((part.states for part in self.rfcs), Counter())

    @property
    def judged(self) -> int:
        """How many judgements there were."""
        return sum(part.judged for part in self.rfcs)

    @property
    def verdict(self) -> str:
        """How many rules there are in which state, in words."""
        total = self.states.total()
        left_out = f"; {count(self.unselected)} not selected" if self.unselected else ""
        return f"{counted(total, 'rule')}: {state_words(self.states)}{left_out}"

    @property
    def requirement_verdict(self) -> str:
        """How many requirements there are in which state, in words."""
        states = Counter(line.state.value for line in self.requirements)
        return f"{counted(states.total(), 'requirement')}: {state_words(states)}"


def coverage(counts: Iterable[RuleCount]) -> Coverage:
    """Give the coverage of a report, of which `counts` are the rules; diagnostics are none."""
    rows = {rule: row for rule, row in catalogue().items() if not row.is_diagnostic}
    by_rule = {each.rule: each for each in counts if each.rule in rows}
    lines = sorted((RuleLine(rows[rule], each) for rule, each in by_rule.items()), key=_order)
    return Coverage(
        tuple(
            RfcCoverage(source, tuple(group))
            for source, group in groupby(lines, lambda line: line.row.source or "")
        ),
        _requirements(by_rule),
        len(rows) - len(by_rule),
    )


def state_words(states: Counter[str]) -> str:
    """Write how many there are in which state, worst first."""
    order = dict.fromkeys(state.value for kind in (RuleState, RequirementState) for state in kind)
    return joined(f"{count(states[state])} {state}" for state in order if states[state])


def _order(line: RuleLine) -> tuple[object, ...]:
    row = line.row
    foreign = row.rfc is None, row.document or ""
    return (row.rfc != FIRST_RFC, *foreign, row.rfc or 0, _section(row.section or ""))


def _section(section: str) -> tuple[tuple[int, str], ...]:
    """Sorts sections as their RFC does: 9 before 10."""
    parts = section.split(".")
    return tuple((int(part), "") if part.isdecimal() else (1 << 30, part) for part in parts)


def _requirements(counts: dict[str, RuleCount]) -> tuple[RequirementLine, ...]:
    of_rfc = [sentence for sentence in sentences() if sentence.rfc == FIRST_RFC]
    if not any(rule in counts for sentence in of_rfc for rule in sentence.rules):
        return ()
    return tuple(RequirementLine(each, _state(each, counts)) for each in of_rfc)


def _state(sentence: Sentence, counts: dict[str, RuleCount]) -> RequirementState:
    """Give the state of a requirement; it is met only where all its rules were kept."""
    states = [counts[rule].state if rule in counts else None for rule in sentence.rules]
    if not states:
        return RequirementState.UNOBSERVABLE
    if RuleState.FAILED in states:
        return RequirementState.FAILED
    if None in states:
        return RequirementState.UNSELECTED
    if RuleState.INCONCLUSIVE in states:
        return RequirementState.INCONCLUSIVE
    if set(states) == {RuleState.PASSED}:
        return RequirementState.PASSED
    return RequirementState.UNTESTED
