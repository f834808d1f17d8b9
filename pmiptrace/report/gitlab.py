"""The report as Code Quality of GitLab: what a merge request shows of violations.

The format is a part of that of Code Climate:
https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from pmiptrace.model import Finding, Report, Severity, Status
from pmiptrace.report.as_document import finding_document
from pmiptrace.report.escaping import path_text
from pmiptrace.report.files import relative_path
from pmiptrace.report.readable_json import as_json
from pmiptrace.report.results import Result, Results, result_text

if TYPE_CHECKING:
    from pmiptrace.analysis import Event
    from pmiptrace.report.formats import Target

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "minor"}
_DOUBT = "info"
"""Of what is inconclusive, however grave it would be."""


class Lines(Struct, frozen=True):
    """Where in a file."""

    begin: int
    """The frame: a capture has no lines, and frames count from 1 as these do."""


class Location(Struct, frozen=True):
    """Where something is."""

    path: str
    """From the root of the repository on."""
    lines: Lines


class Issue(Struct, frozen=True):
    """A violation, or a suspicion of one."""

    description: str
    check_name: str
    fingerprint: str
    severity: str
    location: Location


class GitlabWriter:
    """Collects violations and suspicions, and writes them when the run is over.

    What is suppressed or only remarked is left out: every entry is shown as something to mend.
    """

    def __init__(self, target: Target) -> None:
        self._stream = target.stream
        self._results = Results()

    def event(self, event: Event) -> None:
        """Take in a finding."""
        if (
            isinstance(event, Finding)
            and event.status is not Status.NOTE
            and event.suppression is None
        ):
            self._results.add(event)

    def finish(self, report: Report) -> None:
        """Write the array."""
        paths = [path_text(relative_path(info.path)) for info in report.captures]
        issues = [_issue(result, paths) for result in self._results]
        self._stream.write(as_json(issues))


def _issue(result: Result, paths: list[str]) -> Issue:
    shown = finding_document(result.first)
    return Issue(
        description=result_text(result),
        check_name=result.rule,
        fingerprint=result.key,
        severity=_SEVERITIES[result.severity] if result.status is Status.FAIL else _DOUBT,
        location=Location(paths[shown.capture], Lines(shown.frame or 1)),
    )
