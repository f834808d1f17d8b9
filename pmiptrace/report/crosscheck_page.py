"""The comparison with tshark for people: what nothing explains first, then what is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from pmiptrace.report.page import Column, Page
from pmiptrace.report.style import BAD, GOOD, MUTED, STRONG
from pmiptrace.report.words import count, counted, joined
from pmiptrace.tshark.compare import Kind
from pmiptrace.tshark.crosscheck import Alike, Crosscheck
from pmiptrace.tshark.program import Tshark

WORDS = {
    Kind.MISSING: "no message in tshark",
    Kind.EXTRA: "a message in tshark only",
    Kind.PLACE: "another place",
    Kind.VALUE: "another value",
    Kind.MEANING: "another meaning",
    Kind.UNNAMED: "unknown to tshark",
    Kind.UNLISTED: "unknown to pmiptrace",
    Kind.BROKEN: "broken, says tshark",
}
"""What the kinds of difference are called."""

_NAMED = 3
"""Fields and options that are named where a fault concerns more."""
_SHOWN = 40
"""Unexplained differences that are shown; more are counted."""

_UNEXPLAINED = (
    Column("Frame", "frame", right=True),
    Column("Octet", "octet", right=True),
    Column("Message"),
    Column("Difference"),
    Column("tshark", "tshark:", lower=1),
    Column("pmiptrace", "pmiptrace:", lower=1),
    Column("Times", "times:", right=True, lower=1),
)
_KNOWN = (
    Column("Times", right=True),
    Column("Frame", "frame", right=True),
    Column("Settled by", "settled by", lower=2),
    Column("Where", "at", lower=1),
    Column("Why", least=40),
)


def render_crosschecks(results: Sequence[Crosscheck], tshark: Tshark, *, console: Console) -> None:
    """Write what came out for each capture."""
    page = Page(console)
    for number, result in enumerate(results):
        if number:
            page.blank()
        _write(page, result, tshark)


def _write(page: Page, result: Crosscheck, tshark: Tshark) -> None:
    sums = result.comparison
    page.line((result.path, STRONG))
    compared = f"{counted(sums.messages, 'message')}, {counted(sums.fields, 'field')}"
    page.line(f"{compared} compared with tshark {tshark.release}", indent=2)
    if sums.broken:
        fields = counted(sums.broken, "field")
        page.line(f"{fields} of options that break their format left out", indent=2)
    if result.undecoded:
        headers = counted(result.undecoded, "header")
        page.line(f"{headers} that tshark shows of frames that break their format", indent=2)
    if sums.unknown:
        page.line(f"compared by place alone: {joined(sorted(sums.unknown))}", indent=2)
    page.blank()
    if result.problem is not None:
        page.line((f"tshark failed: {result.problem}", BAD))
    if not sums.messages and not result.alike:
        page.line("No Mobility Header message, neither here nor in tshark.")
        return
    unexplained = result.unexplained
    if unexplained:
        times = sum(group.count for group in unexplained)
        page.line((f"{counted(times, 'difference')} that nothing explains.", BAD))
        page.heading("Unexplained", "one of the two is wrong: please report it with the capture")
        rows = [_row(page, group) for group in unexplained[:_SHOWN]]
        page.table(_UNEXPLAINED, rows, 0)
        if len(unexplained) > _SHOWN:
            page.line((f"and {counted(len(unexplained) - _SHOWN, 'more kind')}", MUTED))
    else:
        page.line(("No unexplained difference.", GOOD))
    if result.explained:
        page.heading("Known differences", f"of tshark {tshark.release}")
        page.table(_KNOWN, [_fault_row(page, text, group) for text, group in _by_fault(result)], 0)


def _row(page: Page, group: Alike) -> tuple[Text, ...]:
    first = group.first
    theirs = f"{first.field} {first.theirs}" if first.field else first.theirs
    ours = f"{first.ours} {first.text}" if first.ours else first.text
    return (
        page.text(str(first.frame)),
        page.text("-" if first.octet is None else str(first.octet)),
        page.text(first.message),
        page.text((WORDS[first.kind], BAD)),
        page.text(theirs),
        page.text(ours),
        page.text(count(group.count)),
    )


def _by_fault(result: Crosscheck) -> Iterable[tuple[str, list[Alike]]]:
    """Give the explained differences by what explains them, the most frequent first."""
    found: dict[str, list[Alike]] = {}
    for group in result.explained:
        assert group.first.fault is not None
        found.setdefault(group.first.fault.text, []).append(group)
    return sorted(found.items(), key=lambda item: -sum(group.count for group in item[1]))


def _fault_row(page: Page, text: str, groups: Sequence[Alike]) -> tuple[Text, ...]:
    names = dict.fromkeys(group.first.ours or group.first.field for group in groups)
    named = joined(list(names)[:_NAMED]) + (" …" if len(names) > _NAMED else "")
    references = dict.fromkeys(group.first.fault.reference for group in groups if group.first.fault)
    return (
        page.text(count(sum(group.count for group in groups))),
        page.text(str(min(group.first.frame for group in groups))),
        page.text((joined(references), MUTED)),
        page.text((named, MUTED)),
        page.text(text),
    )
