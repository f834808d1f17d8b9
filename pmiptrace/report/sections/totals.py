"""The sums, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from pmiptrace.model import BindingState, CaptureInfo
from pmiptrace.report.page import Column
from pmiptrace.report.sections.verdict import checks, is_unmatched
from pmiptrace.report.style import MUTED, STRONG
from pmiptrace.report.totals import totals_rows
from pmiptrace.report.view import View

_LONGEST = 64
"""Characters of an identifier that a command line may be told to repeat."""

_DOUBTED = (BindingState.SUSPECT, BindingState.ASSUMED)
"""States that a binding has because something was not seen."""


def write_totals(view: View) -> None:
    """Write what all exchanges add up to, and how to find out more."""
    page = view.page
    page.heading("Totals")
    rows = [*totals_rows(view.digest.totals, view.frame), ("checked", checks(view))]
    page.table(
        (Column(), Column()),
        [[page.text((name, MUTED)), page.text(text)] for name, text in rows],
        2,
    )
    if not view.options.advice:
        return
    page.blank()
    page.line(("Next", STRONG))
    for advice in _advice(view):
        page.line(f"- {advice}", indent=2)


def _advice(view: View) -> Iterator[str]:
    """Say what leads on from here; only what this report makes useful."""
    report, digest = view.report, view.digest
    is_open = not view.options.redacted
    node = view.shown[0].mobile_node if view.shown and is_open else None
    if digest.session_totals.count > 1 and node is not None and len(str(node)) <= _LONGEST:
        yield f"one mobile node alone: --mobile-node {shlex.quote(str(node))}"
    if is_unmatched(view):
        yield f"whom the captures hold: the same without {view.options.narrowness}"
    groups = digest.failures or digest.doubts
    if groups and not report.each and _may_be_apart(report.captures):
        yield (
            f"these {len(report.captures)} captures were taken for one run, and merged by time;"
            " to judge every one on its own: --each"
        )
    if groups:
        yield f"what a rule means, and how to mend it: pmiptrace explain {groups[0].rule}"
    if len(groups) > 1:
        yield f"one rule alone: --select {groups[0].rule}"
    if groups:
        moment = groups[0].parties[0].findings[0].moment
        if moment.frame is not None and moment.capture < len(report.captures):
            path = report.captures[moment.capture].path
            where = f" in {path}" if len(report.captures) > 1 else ""
            if is_open and path.isprintable() and path != "-":
                yield f"field by field: pmiptrace dissect {shlex.quote(path)} {moment.frame}"
            yield f"in Wireshark: frame.number == {moment.frame}{where}"
    states = {binding.state for session in view.shown for binding in session.bindings}
    for state in _DOUBTED:
        if state in states:
            name = state.public_name
            yield f"why a binding is {name}, and what to do: pmiptrace explain {name}"
    known = report.baseline
    if is_open and known is not None and known.gone and known.path.isprintable():
        yield (
            "what is no longer found leaves the baseline with --write-baseline"
            f" {shlex.quote(known.path)}, given all captures"
        )
    yield "every finding, binding and exchange for programs: --format json"


def _may_be_apart(captures: Sequence[CaptureInfo]) -> bool:
    """Tell whether captures may be of several runs: of the same time, and not of the same messages.

    Two ends of one run mostly see the same, and the files of a ring buffer follow each other.
    """
    last, overlap = None, False
    with_messages = [info for info in captures if info.messages + info.duplicates]
    for info in sorted(with_messages, key=lambda info: info.first_time or 0):
        if info.first_time is not None and info.last_time is not None:
            overlap = overlap or (last is not None and info.first_time < last)
            last = info.last_time if last is None else max(last, info.last_time)
    copies = sum(info.duplicates for info in with_messages)
    return overlap and 2 * copies < sum(info.messages for info in with_messages)
