"""Rules as lines of a table, and how grave it is to break one."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text

from pmiptrace.report.page import Column, Page
from pmiptrace.report.style import MUTED, SEVERITY, STRONG
from pmiptrace.rules.catalogue import CatalogueRow, catalogue


def write_rule_lines(page: Page, rules: Iterable[str]) -> None:
    """Write a line for each rule: what it asks for, and how grave it is if it is broken."""
    known = catalogue()
    page.table(
        (Column(), Column(), Column(lower=1)),
        [
            [page.text((rule, STRONG)), graded(page, known[rule]), page.text(known[rule].summary)]
            for rule in rules
        ],
        2,
    )


def graded(page: Page, row: CatalogueRow) -> Text:
    """Give how grave it is to break a rule."""
    if row.is_diagnostic:
        return page.text(("note", MUTED))
    return page.text((row.severity.value, SEVERITY[row.severity]))
