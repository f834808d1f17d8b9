"""What a baseline knows and the captures do not show: faults that may be mended."""

from __future__ import annotations

from pmiptrace.model import KnownFault
from pmiptrace.report.escaping import path_text
from pmiptrace.report.page import Column
from pmiptrace.report.style import MUTED, STRONG
from pmiptrace.report.view import View
from pmiptrace.report.words import count, counted, joined

_SHOWN = 10
"""Rules and parties that are shown."""
_NAMED = 3
"""Mobile nodes that are named of each."""


def write_gone(view: View) -> None:
    """Write the entries of the baseline of which nothing was found, by rule and party."""
    result, page = view.report.baseline, view.page
    if result is None or not result.gone:
        return
    groups: dict[tuple[str, str], list[KnownFault]] = {}
    for fault in result.gone:
        groups.setdefault((fault.rule, fault.party), []).append(fault)
    page.heading("No longer found", f"known to {path_text(result.path)}")
    shown = list(groups.items())[:_SHOWN]
    rows = [
        [
            page.text((rule, STRONG)),
            page.text(party),
            page.text(f"x{count(len(faults))}" if len(faults) > 1 else ""),
            page.text(_nodes(faults), (f"  {_reason(faults)}", MUTED)),
        ]
        for (rule, party), faults in shown
    ]
    page.table((Column(), Column(), Column(right=True), Column("", lower=1)), rows, 2)
    if rest := len(result.gone) - sum(len(faults) for _, faults in shown):
        page.line((f"… and {counted(rest, 'more entry', 'more entries')}", MUTED), indent=2)


def _nodes(faults: list[KnownFault]) -> str:
    names = list(dict.fromkeys(fault.mobile_node for fault in faults if fault.mobile_node))
    return joined([*names[:_NAMED], "…"] if len(names) > _NAMED else names)


def _reason(faults: list[KnownFault]) -> str:
    """Give the reason of all, if it is one."""
    reasons = {fault.reason for fault in faults}
    return reasons.pop() if len(reasons) == 1 else ""
