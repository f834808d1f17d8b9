"""The modes of sessions and the kinds of exchanges: what the words mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct

from pmiptrace.report.page import Column, Page
from pmiptrace.report.rule_lines import write_rule_lines
from pmiptrace.report.style import MUTED, STRONG
from pmiptrace.report.words import joined
from pmiptrace.track.terms import KINDS, MODES, Term

E = TypeVar("E", bound=StrEnum)


class TermEntry(Struct, frozen=True, kw_only=True):
    """A word of reports and what it means."""

    name: str
    """As reports have it: ``multipath-denied``."""
    constant: str
    """As the documentation and the code have it: ``MP_DENIED``."""
    meaning: str
    told_by: str | None
    """What a capture shows where it is said; null for a state, which events lead to."""
    advice: str | None
    """What to do, or to look at next."""
    references: tuple[str, ...]
    rules: tuple[str, ...]
    """IDs of the rules that speak of it."""


def modes() -> tuple[TermEntry, ...]:
    """Give the modes of a session."""
    return tuple(_entries(MODES))


def kinds() -> tuple[TermEntry, ...]:
    """Give the kinds of exchanges."""
    return tuple(_entries(KINDS))


def _entries(terms: Mapping[E, Term]) -> Iterator[TermEntry]:
    for word, term in terms.items():
        yield TermEntry(
            name=word.value,
            constant=word.name,
            meaning=term.meaning,
            told_by=term.told_by,
            advice=term.advice or None,
            references=term.references,
            rules=term.rules,
        )


def write_term(page: Page, entry: TermEntry, what: str) -> None:
    """Write what is known of a word that stands for a `what`."""
    write_meaning(page, entry, what, ("Told by", entry.told_by or ""))
    write_rules(page, entry)


def write_meaning(page: Page, entry: TermEntry, what: str, *facts: tuple[str, str]) -> None:
    """Write a word with what it means, what else is to be said of it, and what to do."""
    page.items([page.text((entry.name, STRONG)), page.text(f"{what}, {entry.constant}")])
    page.line(sentence(entry.meaning), indent=2)
    page.blank()
    page.table(
        (Column(), Column(least=30)),
        [
            [page.text((name, MUTED)), page.text(fact)]
            for name, fact in (
                *facts,
                ("What to do", entry.advice or ""),
                ("Read", joined(entry.references)),
            )
            if fact
        ],
        2,
    )


def write_rules(page: Page, entry: TermEntry) -> None:
    """Write the rules that speak of a word, if there are any."""
    if entry.rules:
        page.heading("Rules that speak of it")
        write_rule_lines(page, entry.rules)


def sentence(text: str) -> str:
    """Make a text a sentence."""
    return f"{text[0].upper()}{text[1:]}."
