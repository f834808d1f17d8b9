"""What the captures put to the test, rule by rule."""

from __future__ import annotations

from rich.text import Text

from pmiptrace.report.coverage import (
    FIRST_RFC,
    MEANINGS,
    Coverage,
    RequirementState,
    RfcCoverage,
    RuleLine,
    coverage,
)
from pmiptrace.report.page import Column, Page
from pmiptrace.report.style import MUTED, RULE_STATE, STRONG
from pmiptrace.report.view import View
from pmiptrace.report.words import count

_ROOM = 110
"""Columns that a page needs to tell how often a rule passed where it was kept each time."""
_AMPLE = 170
"""Columns that a page needs for what a rule demands."""


def write_coverage(view: View) -> None:
    """Write the sums by RFC; if anything was judged, what RFC 8278 requires and every rule, too."""
    found, page = coverage(view.report.rules), view.page
    page.heading("Coverage", found.verdict)
    present = [state for state in MEANINGS if found.states[state.value]]
    page.items(
        [page.text((f"{state.value}:", STRONG), f" {MEANINGS[state]}") for state in present],
        indent=2,
        hang=0,
        separator=";",
    )
    if view.options.narrowness:
        page.line(f"counted over whole captures, not only {view.options.narrowness}", indent=2)
    page.blank()
    _write_sums(page, found)
    if not found.judged:
        return  # the sums have said it; 200 lines that say it again would hide it
    if found.requirements:
        page.heading(f"RFC {FIRST_RFC} section 4", found.requirement_verdict)
        _write_requirements(page, found)
    for part in found.rfcs:
        page.heading(part.source, part.verdict)
        _write_rules(page, part)


def _write_sums(page: Page, found: Coverage) -> None:
    states = [state.value for state in MEANINGS]
    rows = [
        [
            page.text((part.source, STRONG)),
            page.text(count(len(part.rules))),
            *(page.text(_number(part.states[state])) for state in states),
            page.text(_number(part.judged)),
        ]
        for part in found.rfcs
    ]
    columns = (
        Column(),
        Column("rules", "rules", right=True),
        *(Column(state, state, right=True) for state in states),
        Column("checks", "checks", right=True, lower=1),
    )
    page.table(columns, rows, 2)


def _write_requirements(page: Page, found: Coverage) -> None:
    lines = found.requirements
    rows = [
        [
            _state(page, line.state.value),
            page.text(line.sentence.section),
            page.text(line.sentence.keyword),
            page.text(line.sentence.requirement),
        ]
        for line in lines
    ]
    told = [line.state is not RequirementState.PASSED for line in lines]
    below = [
        [page.text((line.remark, MUTED))] if tell else []
        for line, tell in zip(lines, told, strict=True)
    ]
    columns = (Column(), Column("section"), Column("keyword"), Column("requirement"))
    page.table(columns, rows, 2, below=below)


def _write_rules(page: Page, part: RfcCoverage) -> None:
    columns = (
        Column(),
        Column("section", "section", lower=2),
        Column("rule"),
        Column("keyword", lower=2),
        Column("judged", "judged", right=True),
        Column("passed", "passed", right=True, lower=1),
        Column("failed", "failed", right=True, lower=1),
        Column("inconclusive", "inconclusive", right=True, lower=1),
        Column("requirement", lower=1),
    )
    rows = [_cells(page, line) for line in part.rules]
    below = [[page.text((line.remark, MUTED))] if line.remark else [] for line in part.rules]
    page.table(columns, rows, 2, below=below)


def _cells(page: Page, line: RuleLine) -> list[Text]:
    row, number = line.row, line.count
    tell_passed = page.width >= _ROOM or number.passed != number.judged
    return [
        _state(page, number.state.value),
        page.text(row.section or ""),
        page.text((row.id, STRONG)),
        page.text(line.keyword),
        page.text(_number(number.judged)),
        page.text(_number(number.passed) if tell_passed else ""),
        page.text(_number(number.failed)),
        page.text(_number(number.inconclusive)),
        page.text(row.summary if page.width >= _AMPLE else ""),
    ]


def _state(page: Page, state: str) -> Text:
    look = RULE_STATE[state]
    return page.text((f"{page.sign(look)} {state}", look.colour))


def _number(number: int) -> str:
    return count(number) if number else ""
