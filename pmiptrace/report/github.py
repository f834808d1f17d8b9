"""The report as annotations of GitHub Actions: workflow commands on standard output.

GitHub shows ten errors, ten warnings and ten notices of a step and drops the rest silently
(github.com/actions/toolkit, docs/problem-matchers.md). So the gravest come first, and where there
are more the tenth adds them up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pmiptrace.model import Finding, Report, Severity, Status
from pmiptrace.report.as_document import FATAL_PROBLEMS
from pmiptrace.report.escaping import clean, path_text
from pmiptrace.report.files import STANDARD_INPUT, relative_path
from pmiptrace.report.results import Result, Results, result_text
from pmiptrace.report.words import count, counted, joined, word

if TYPE_CHECKING:
    from pmiptrace.analysis import Event
    from pmiptrace.report.formats import Target

LIMIT = 10
"""Annotations of each kind that GitHub shows of a step."""
_RULES = 5
"""Rules that are named of those left out."""
_KINDS = ("error", "warning", "notice")
_OF_SEVERITY = dict(zip(Severity, _KINDS, strict=True))


class GithubWriter:
    """Collects violations and suspicions, and writes annotations when the run is over.

    Suspicions are notices, behind the violations that are. What is suppressed is added up; notes
    are left out.
    """

    def __init__(self, target: Target) -> None:
        self._stream = target.stream
        self._results = Results()
        self._suppressed = 0

    def event(self, event: Event) -> None:
        """Take in a finding."""
        if not isinstance(event, Finding):
            return
        if event.suppression is not None:
            self._suppressed += 1
        elif event.status is not Status.NOTE:
            self._results.add(event)

    def finish(self, report: Report) -> None:
        """Write the commands, then a line for the log."""
        lines = [*self._annotations(report), self._sums(report)]
        self._stream.write("".join(f"{line}\n" for line in lines).encode())

    def _annotations(self, report: Report) -> Iterator[str]:
        paths = [info.path for info in report.captures]
        first: dict[str, list[str]] = {kind: [] for kind in _KINDS}
        for info in report.captures:
            for problem in info.problems:
                if problem.kind in FATAL_PROBLEMS:
                    title = "capture not read" if problem.kind == "unopened" else "fault"
                    text = f"{path_text(info.path)}: {clean(problem.message)}"
                    first["error"].append(command("error", text, title=f"pmiptrace: {title}"))
        if report.interrupted:
            text = "Interrupted: this is what was found until then."
            first["error"].append(command("error", text, title="pmiptrace"))
        if report.captures and not report.messages and not first["error"]:
            text = "Not one Mobility Header message in the captures: nothing was judged."
            first["notice"].append(command("notice", text, title="pmiptrace: no signalling"))
        found: dict[str, list[Result]] = {kind: [] for kind in _KINDS}
        for result in self._results:
            failed = result.status is Status.FAIL
            found[_OF_SEVERITY[result.severity] if failed else "notice"].append(result)
        for kind in _KINDS:
            yield from _limited(kind, first[kind], found[kind], paths)

    def _sums(self, report: Report) -> str:
        """Say in a line how much was found; it is no command, whatever the numbers."""
        failed = sum(r.count for r in self._results if r.status is Status.FAIL)
        doubts = sum(r.count for r in self._results if r.status is not Status.FAIL)
        parts = [counted(failed, "violation"), f"{count(doubts)} inconclusive"]
        if self._suppressed:
            parts.append(f"{count(self._suppressed)} suppressed")
        if self._results.left_out:
            parts.append(f"{count(self._results.left_out)} more not told apart")
        judged = sum(rule.judged for rule in report.rules)
        return (
            f"pmiptrace: {joined(parts)}; {counted(judged, 'check')}"
            f" on {counted(report.messages, 'message')}"
        )


def _limited(
    kind: str, first: list[str], results: Sequence[Result], paths: Sequence[str]
) -> Iterator[str]:
    """Give the annotations of one kind, no more than GitHub shows."""
    most = LIMIT if len(first) + len(results) <= LIMIT else LIMIT - 1
    yield from first[:most]
    room = max(0, most - len(first))
    yield from (_annotation(kind, result, paths) for result in results[:room])
    unread, rest = len(first) - most, results[room:]
    if unread <= 0 and not rest:
        return
    parts = [f"{counted(unread, 'more problem')} with captures"] if unread > 0 else []
    if rest:
        rules = dict.fromkeys(result.rule for result in rest)
        named = [*list(rules)[:_RULES], *(["…"] if len(rules) > _RULES else [])]
        what = counted(sum(result.count for result in rest), "more finding")
        parts.append(f"{what} of {counted(len(rules), 'rule')}: {joined(named)}")
    yield command(kind, "; ".join(parts), title=f"pmiptrace: more {word(2, kind)}")


def _annotation(kind: str, result: Result, paths: Sequence[str]) -> str:
    finding = result.first
    doubt = " (inconclusive)" if result.status is Status.INCONCLUSIVE else ""
    source = f"{finding.reference}: " if finding.reference else ""
    text = source + result_text(result)
    title = f"{result.rule}{doubt}"
    moment = finding.moment
    path = paths[moment.capture] if moment.capture < len(paths) else STANDARD_INPUT
    if path == STANDARD_INPUT:
        return command(kind, text, title=title)
    # A capture has no lines: the frame stands in their place, and counts from 1 as they do.
    line = {} if moment.frame is None else {"line": str(moment.frame)}
    return command(kind, text, file=path_text(relative_path(path)), **line, title=title)


def command(kind: str, text: str, **properties: str) -> str:
    """Give a workflow command, ``::error file=...,line=...::text``, in one line.

    Escaped as the runner unescapes it (github.com/actions/runner, ActionCommand.cs).
    """
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{kind} {given}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
