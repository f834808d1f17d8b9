"""The report for people: one page that says what was found, worst first, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from pmiptrace.model import Report
from pmiptrace.report.digest import Digest
from pmiptrace.report.output import console as opened_console
from pmiptrace.report.page import open_console
from pmiptrace.report.sections.baseline import write_gone
from pmiptrace.report.sections.bindings import write_bindings
from pmiptrace.report.sections.captures import write_captures
from pmiptrace.report.sections.coverage import write_coverage
from pmiptrace.report.sections.findings import write_findings
from pmiptrace.report.sections.timeline import write_timeline
from pmiptrace.report.sections.totals import write_totals
from pmiptrace.report.sections.verdict import (
    write_silence,
    write_suppressed,
    write_verdict,
)
from pmiptrace.report.times import TimeFormat
from pmiptrace.report.view import TextOptions, View

if TYPE_CHECKING:
    from pmiptrace.report.formats import Target

__all__ = ["TextOptions", "TextWriter", "TimeFormat", "open_console", "render"]


class TextWriter:
    """Keeps of a run what a page shows, and writes that when it is over."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._digest = Digest()
        self.event = self._digest.add

    def finish(self, report: Report) -> None:
        """Write the page."""
        target = self._target
        options = TextOptions(
            time=target.time,
            narrowness=target.narrowness,
            coverage=target.coverage,
            redacted=target.redacted,
        )
        with opened_console(target.path, target.stream) as console:
            render(report, console=console, options=options, digest=self._digest)


def render(
    report: Report,
    *,
    console: Console,
    options: TextOptions | None = None,
    digest: Digest | None = None,
) -> None:
    """Write the page to a console; `open_console` gives one that suits a file.

    A `digest` that was made while the analysis went on stands in place of the report's findings,
    exchanges and sessions.
    Nothing is cut off at any width. Of thousands of mobile nodes the worst are shown, the others
    added up.
    """
    view = View(report, digest or Digest.of(report), console, options or TextOptions())
    write_captures(view)
    if not report.messages:
        write_silence(view)
        write_suppressed(view)
        write_findings(view)
        if view.options.coverage:
            write_coverage(view)
        return
    write_verdict(view)
    write_suppressed(view)
    write_findings(view)
    write_bindings(view)
    write_timeline(view)
    write_gone(view)
    write_totals(view)
    if view.options.coverage:
        write_coverage(view)
