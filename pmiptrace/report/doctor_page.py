"""What this machine has, for people: a line each, and what to do about what is missing."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from pmiptrace.doctor import Check, State
from pmiptrace.report.page import Column, Page
from pmiptrace.report.style import BAD, DOUBTFUL, GOOD
from pmiptrace.report.words import counted

_STYLE = {State.GOOD: GOOD, State.MISSING: DOUBTFUL, State.BAD: BAD}


def render_checks(found: Sequence[Check], *, console: Console) -> None:
    """Write the verdict, then every check."""
    page = Page(console)
    bad = sum(check.state is State.BAD for check in found)
    missing = sum(check.state is State.MISSING for check in found)
    if bad:
        page.line((f"pmiptrace cannot work: {counted(bad, 'thing')} to mend.", BAD))
    elif missing:
        page.line(("pmiptrace works", GOOD), f"; {counted(missing, 'thing')} it could use.")
    else:
        page.line(("pmiptrace works, and has all that it could use.", GOOD))
    page.blank()
    rows = [
        [
            page.text((check.state.value, _STYLE[check.state])),
            page.text(check.name),
            page.text(check.found),
        ]
        for check in found
    ]
    remedies = [[page.text(check.remedy)] if check.remedy else [] for check in found]
    page.table((Column(), Column(), Column()), rows, 0, below=remedies)
