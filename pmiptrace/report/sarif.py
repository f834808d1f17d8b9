"""The report as SARIF 2.1.0, the OASIS standard for results of analysis tools.

What GitHub code scanning makes of a file decides what is written where SARIF leaves a choice. It
takes 25 000 results of a run and shows 5 000 of them, takes up to 20 tags of a rule and shows 10,
and takes up to 1 000 locations of a result and shows 100 ("SARIF results exceed limits", GitHub
documentation); of `partialFingerprints` it uses `primaryLocationLineHash`, and it shows a result
only where that has a line ("SARIF support for code scanning", same place). Section numbers below
are those of SARIF.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Raw, json

from pmiptrace.model import (
    CaptureInfo,
    Finding,
    Moment,
    Problem,
    Report,
    Severity,
    Status,
    Suppression,
)
from pmiptrace.plugins import plugins
from pmiptrace.report.as_document import FATAL_PROBLEMS, counted_as, finding_document, rule_document
from pmiptrace.report.document import FindingDocument
from pmiptrace.report.escaping import clean, path_text
from pmiptrace.report.files import file_uri
from pmiptrace.report.readable_json import as_json
from pmiptrace.report.results import Result, Results, result_text
from pmiptrace.report.times import rfc3339
from pmiptrace.report.version import version
from pmiptrace.report.words import counted
from pmiptrace.rules.registry import all_rules
from pmiptrace.rules.rule import Rule

if TYPE_CHECKING:
    from pmiptrace.analysis import Event
    from pmiptrace.report.formats import Target

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_KINDS = {Status.FAIL: "fail", Status.INCONCLUSIVE: "open", Status.NOTE: "informational"}
"""Section 3.27.9: ``open`` is what a tool could not decide, for lack of information."""
_PROBLEMS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}
_PRECISIONS = {"packet": "very-high", "exchange": "high", "session": "medium"}
"""The less had to be seen to decide, the surer a finding is."""
_LOCATIONS = 20
"""Further frames of a result."""
_EXIT_CODES = {
    0: "nothing was found that fails a run",
    1: "a violation at or above --fail-on was found",
    3: "a capture could not be opened, or is none",
    4: "not one Mobility Header message in any capture",
    70: "a fault in pmiptrace itself",
    130: "interrupted; what was found until then is reported",
}
_SUCCESSES = {0, 1, 4}
_KNOWN_BY = {"ignore": "the configuration", "baseline": "the baseline"}


class SarifWriter:
    """Collects the findings of a run, and writes the log when it is over."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._results = Results()
        self._counts: dict[str, int] = {}

    def event(self, event: Event) -> None:
        """Take in a finding."""
        if isinstance(event, Finding):
            self._results.add(event)
            kind = counted_as(event)
            self._counts[kind] = self._counts.get(kind, 0) + 1

    def finish(self, report: Report) -> None:
        """Write the log."""
        results = list(self._results)
        judged = {count.rule for count in report.rules} | {each.rule for each in results}
        rules = [each for each in all_rules() if each.id in judged]
        locator = _Locator(report.captures, [each.id for each in rules])
        run = {
            "tool": {
                "driver": {
                    "name": "pmiptrace",
                    "version": version(),
                    "rules": list(map(_rule, rules)),
                }
            },
            "invocations": [self._invocation(report)],
            "artifacts": list(map(_artifact, report.captures)),
            "results": [Raw(json.encode(locator.result(result))) for result in results],
            "properties": {
                "messages": report.messages,
                "messagesByType": report.messages_by_type,
                "findings": self._counts,
                "rules": list(map(rule_document, report.rules)),
                "narrowness": clean(self._target.narrowness) or None,
            },
        }
        log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
        self._target.stream.write(as_json(log))

    def _invocation(self, report: Report) -> dict[str, Any]:
        """Say how the run went (section 3.20)."""
        code = self._target.exit_code()
        notifications = [
            _notification(problem, index)
            for index, info in enumerate(report.captures)
            for problem in info.problems
        ]
        left = self._results.left_out
        if left:
            text = f"{counted(left, 'finding')} left out, the mildest: there are too many to show"
            notifications.append(_told("left-out", "warning", text))
        if report.interrupted:
            notifications.append(_told("interrupted", "error", _EXIT_CODES[130]))
        return {
            "executionSuccessful": code in _SUCCESSES and not report.interrupted,
            "exitCode": code,
            "exitCodeDescription": _EXIT_CODES[code],
            "toolExecutionNotifications": notifications,
            "toolConfigurationNotifications": [
                _told("plugin", "warning", f"{plugin} was left out: {plugin.error}")
                for plugin in plugins()
                if plugin.error is not None
            ],
        }


def _told(name: str, level: str, text: str) -> dict[str, Any]:
    """Give a notification (section 3.58)."""
    return {"descriptor": {"id": name}, "level": level, "message": {"text": _message(clean(text))}}


def _notification(problem: Problem, capture: int) -> dict[str, Any]:
    """Give the notification of what is wrong with a capture."""
    told = _told(
        problem.kind, "error" if problem.kind in FATAL_PROBLEMS else "warning", problem.message
    )
    place = {"octet": problem.offset, "frame": problem.frame}
    told["locations"] = [{"physicalLocation": {"artifactLocation": {"index": capture}}}]
    told["properties"] = {name: value for name, value in place.items() if value is not None}
    return told


def _artifact(info: CaptureInfo) -> dict[str, Any]:
    """Give a capture (section 3.24)."""
    artifact: dict[str, Any] = {
        "location": {"uri": file_uri(info.path)},
        "roles": ["analysisTarget"],
        "properties": {
            "path": path_text(info.path),
            "packets": info.packets,
            "messages": info.messages,
            "duplicates": info.duplicates,
            "firstTime": rfc3339(info.first_time),
            "lastTime": rfc3339(info.last_time),
            "dialect": info.dialect,
            "truncated": info.truncated,
        },
    }
    if info.format is not None:
        artifact["mimeType"] = "application/vnd.tcpdump.pcap"
    return artifact


# ------------------------------------------------------------------------------------ rules


def _rule(rule: Rule) -> dict[str, Any]:
    """Describe a rule (section 3.49)."""
    row, text = rule.row, rule.documentation
    reference = row.reference
    parts = [
        ("Why it matters", text.why),
        ("The RFC" if row.document is None else "The text", text.rfc),
        ("Example", text.example),
        ("How to mend", text.mend),
    ]
    plain = [f"{head}: {_plain(part)}" for head, part in parts]
    marked = [f"**{head}:** {part}" for head, part in parts]
    if row.link is not None:  # helpUri is not among what GitHub shows
        plain.append(f"Read it: {row.link}")
        marked.append(f"**Read it:** [{reference or row.link}]({row.link})")
    described: dict[str, Any] = {
        "id": rule.id,
        "shortDescription": {"text": _message(row.summary)},
        "fullDescription": {"text": _message(_plain(f"{text.summary} {_begun(text.why)}"))},
        "help": {
            "text": _message("\n".join(plain)),
            "markdown": "\n\n".join(marked),
        },
        "defaultConfiguration": {"level": "none" if row.is_diagnostic else _LEVELS[row.severity]},
        "properties": {
            "tags": list(_tags(rule)),
            "precision": _PRECISIONS[row.confidence],
            "problem.severity": _PROBLEMS[row.severity],
        },
    }
    if row.link is not None:
        described["helpUri"] = row.link
    if reference is not None:
        described["properties"]["reference"] = reference
        described["properties"]["keyword"] = row.keyword
    return described


def _tags(rule: Rule) -> Iterator[str]:
    row = rule.row
    if row.is_diagnostic:
        yield "diagnostic"
    else:
        yield from dict.fromkeys(filter(None, (row.source, row.reference)))
        yield row.party
    yield row.confidence


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


def _plain(text: str) -> str:
    """Give documentation without the marks of code."""
    return text.replace("``", "")


# ---------------------------------------------------------------------------------- results


class _Locator:
    """Gives results with their places in the captures of the run."""

    def __init__(self, captures: Iterable[CaptureInfo], rules: Iterable[str]) -> None:
        self._uris = [file_uri(info.path) for info in captures]
        self._rules = {rule: index for index, rule in enumerate(rules)}

    def result(self, result: Result) -> dict[str, Any]:
        """Give a result (section 3.27)."""
        finding = result.first
        shown = finding_document(finding)
        # Section 3.27.10: what is no failure has no level.
        level = _LEVELS[result.severity] if result.status is Status.FAIL else "none"
        told: dict[str, Any] = {
            "ruleId": result.rule,
            "ruleIndex": self._rules.get(result.rule, -1),
            "kind": _KINDS[result.status],
            "level": level,
            "message": {"text": _message(result_text(result))},
            "locations": [self._location(shown.capture, shown.frame, shown)],
            "partialFingerprints": {
                "primaryLocationLineHash": result.key,
                "pmiptrace/v1": result.fingerprint,
            },
            "occurrenceCount": result.occurrences,
            "properties": {
                "severity": result.severity,
                "confidence": shown.confidence,
                "party": shown.party,
                "lma": shown.lma,
                "mobileNode": shown.mobile_node,
                "bid": shown.bid,
                "findings": result.count,
                "firstTime": rfc3339(result.first_time),
                "lastTime": rfc3339(result.last_time),
            },
        }
        related = list(self._related(result))
        if related:
            told["relatedLocations"] = related
        if result.suppression is not None:
            told["suppressions"] = [_suppression(result.suppression)]
        return told

    def _related(self, result: Result) -> Iterator[dict[str, Any]]:
        """Give the frames that the first finding rests on, then those of further ones."""
        first, *others = result.findings
        places: dict[tuple[int, int], str] = {}
        for moment in first.evidence:
            _note(places, moment, "evidence")
        for other in others:
            _note(places, other.moment, "seen again")
        if first.moment.frame is not None:
            places.pop((first.moment.capture, first.moment.frame), None)
        for number, ((capture, frame), what) in enumerate(list(places.items())[:_LOCATIONS]):
            location = self._location(capture, frame)
            yield {"id": number, "message": {"text": f"frame {frame}: {what}"}, **location}

    def _location(
        self, capture: int, frame: int | None, shown: FindingDocument | None = None
    ) -> dict[str, Any]:
        """Give the place of a frame (section 3.28).

        A capture has no lines, but programs for people show results by line: frames, which count
        from 1 as lines do, stand for them. The octets of a binary region would count from the start
        of the file, which nobody here knows of a frame; those within the frame are properties.
        """
        artifact: dict[str, Any] = {}
        if capture < len(self._uris):
            artifact = {"uri": self._uris[capture], "index": capture}
        line = frame or 1
        region: dict[str, Any] = {
            "startLine": line,
            "startColumn": 1,
            "endLine": line,
            "endColumn": 1,
        }
        if shown is not None and shown.span is not None:
            region["properties"] = {"frame": frame, "span": shown.span}
        located: dict[str, Any] = {
            "physicalLocation": {"artifactLocation": artifact, "region": region}
        }
        logical = list(_logical(frame, shown))
        if logical:
            located["logicalLocations"] = logical
        return located


def _suppression(known: Suppression) -> dict[str, Any]:
    """Say why a result is known (section 3.35); ``external`` is all that is not in the capture."""
    return {
        "kind": "external",
        "status": "accepted",
        "justification": clean(known.reason or f"known to {_KNOWN_BY[known.by]}"),
        "properties": {"by": known.by, "expires": known.expires},
    }


def _logical(frame: int | None, shown: FindingDocument | None) -> Iterator[dict[str, Any]]:
    """Give the frame, and what of the network a result is about (section 3.33)."""
    if frame is not None:
        yield {"kind": "frame", "name": f"frame {frame}"}
    if shown is None:
        return
    for kind, name in (
        ("mobile node", shown.mobile_node),
        (shown.party.role, shown.party.identifier or shown.party.address),
    ):
        if name is not None:
            yield {"kind": kind, "name": name}


def _note(places: dict[tuple[int, int], str], moment: Moment, what: str) -> None:
    if moment.frame is not None:
        places.setdefault((moment.capture, moment.frame), what)


def _message(text: str) -> str:
    """Escape what would be a link or a placeholder in a message (sections 3.11.5 and 3.11.6)."""
    if "](" in text:
        text = re.sub(r"([\[\]])", r"\\\1", text)
    return re.sub(r"\{(\d+)\}", r"{{\1}}", text)
