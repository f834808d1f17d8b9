"""The rules as a list: those that somebody asks for, a line each, and how many there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches

from msgspec import Struct
from rich.console import Console

from pmiptrace.errors import UsageError
from pmiptrace.report.escaping import clean
from pmiptrace.report.explanation import RuleEntry, rule_entry
from pmiptrace.report.page import Column, Page
from pmiptrace.report.rule_lines import graded
from pmiptrace.report.style import STRONG
from pmiptrace.report.words import counted, tally
from pmiptrace.rules.catalogue import catalogue
from pmiptrace.rules.registry import all_rules
from pmiptrace.rules.rule import Rule
from pmiptrace.selectors import selectors


class Wanted(Struct, frozen=True, kw_only=True):
    """Which rules to list; those that meet all of it."""

    selectors: tuple[tuple[str, ...], ...] = ()
    """Of each of these, one must mean the rule, as ``--select`` would."""
    severities: frozenset[str] = frozenset()
    parties: frozenset[str] = frozenset()
    """``MAG``, ``LMA``: who may be accused."""
    confidences: frozenset[str] = frozenset()
    keywords: frozenset[str] = frozenset()
    messages: frozenset[str] = frozenset()
    words: str | None = None
    """Words that must all be in what is said of the rule."""


def listed(wanted: Wanted) -> tuple[RuleEntry, ...]:
    """Give the rules that are wanted, in the order of the catalogue.

    Raises `UsageError` for what means nothing, with a suggestion.
    """
    known = catalogue()
    keywords = {row.keyword or "none" for row in known.values()}
    _refuse_unknown("keyword", wanted.keywords, keywords)
    _refuse_unknown("message", wanted.messages, {kind for each in all_rules() for kind in each.on})
    chosen = set(known)
    for group in wanted.selectors:
        chosen &= {rule for each in selectors(group, known) for rule in each.rules}
    by_id = {rule.id: rule for rule in all_rules()}
    rules = (by_id[identifier] for identifier in known if identifier in chosen)
    return tuple(rule_entry(rule) for rule in rules if _meets(rule, wanted))


def _refuse_unknown(what: str, asked: Iterable[str], known: Collection[str]) -> None:
    for each in asked:
        if each not in known:
            close = get_close_matches(each, known, n=1)
            meant = f"; did you mean {close[0]!r}?" if close else ""
            raise UsageError(f"no rule has the {what} {clean(each)!r}{meant}")


_EITHER = frozenset({"sender", "responder", "initiator"})
"""Parties of the catalogue that are a MAG in one message and an LMA in another."""


def _meets(rule: Rule, wanted: Wanted) -> bool:
    row = rule.row
    severity = "note" if row.is_diagnostic else row.severity.value
    accused = {"MAG", "LMA"} if row.party in _EITHER else {row.party}
    return (
        (not wanted.severities or severity in wanted.severities)
        and (not wanted.parties or bool(wanted.parties & accused))
        and (not wanted.confidences or row.confidence in wanted.confidences)
        and (not wanted.keywords or (row.keyword or "none") in wanted.keywords)
        and (not wanted.messages or not wanted.messages.isdisjoint(rule.on))
        and (wanted.words is None or _says(rule, wanted.words))
    )


def _says(rule: Rule, words: str) -> bool:
    about = rule.documentation
    texts = (rule.id, rule.row.summary, about.summary, about.why, about.rfc, about.mend)
    said = " ".join(texts).casefold()
    return all(word in said for word in words.casefold().split())


def write_rules(console: Console, entries: Sequence[RuleEntry]) -> None:
    """Write a line for each rule, and how many there are of which kind."""
    page, known = Page(console), catalogue()
    page.table(
        (
            Column("rule"),
            Column("severity"),
            Column("keyword", "", lower=2),
            Column("accused", "accuses", lower=2),
            Column("decided from", "from", lower=2),
            Column("requirement", lower=1),
        ),
        [
            [
                page.text((entry.id, STRONG)),
                graded(page, known[entry.id]),
                page.text(entry.keyword or ""),
                page.text(entry.party or ""),
                page.text(entry.confidence),
                page.text(entry.summary),
            ]
            for entry in entries
        ],
        0,
    )
    page.blank()
    page.line((counted(len(entries), "rule"), STRONG), *_counts(entries))


def _counts(entries: Iterable[RuleEntry]) -> Iterable[str]:
    severities = Counter("note" if e.party is None else e.severity.value for e in entries)
    keywords = Counter(entry.keyword for entry in entries if entry.keyword)
    if severities:
        yield f": {tally(severities)}"
    if keywords:
        yield f"; {tally(keywords)}"
