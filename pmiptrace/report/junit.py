"""The report as JUnit XML: a suite per capture, a case per rule that applied to it.

There is no standard; what is written here is what Jenkins, GitLab and Azure Pipelines read, and
follows the schema of Jenkins' xUnit plugin (junit-10.xsd).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from pmiptrace.model import CaptureInfo, Finding, Report, RuleCount, RuleState, Status
from pmiptrace.report.as_document import FATAL_PROBLEMS
from pmiptrace.report.digest import FindingGroup
from pmiptrace.report.escaping import clean, name_text, path_text
from pmiptrace.report.files import relative_path
from pmiptrace.report.times import rfc3339
from pmiptrace.report.version import version
from pmiptrace.report.words import counted, party_name
from pmiptrace.rules.catalogue import catalogue

if TYPE_CHECKING:
    from pmiptrace.analysis import Event
    from pmiptrace.report.formats import Target

_SHOWN = 16
"""Findings of a rule that a case lists."""
_REMARKS = 64
"""Remarks that a suite lists."""
_SUPPRESSED = "suppressed"

_Key = tuple[int, str, str]
"""A capture, a rule, and what its findings are: ``fail``, ``inconclusive`` or ``suppressed``."""


class JunitWriter:
    """Collects findings by capture and rule, and writes the suites when the run is over."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._groups: dict[_Key, FindingGroup] = {}
        self._remarks: dict[int, list[str]] = {}
        self._remarked: Counter[int] = Counter()

    def event(self, event: Event) -> None:
        """Take in a finding."""
        if not isinstance(event, Finding):
            return
        capture = event.moment.capture
        if event.suppression is not None:
            kind = _SUPPRESSED
        elif event.status is Status.NOTE:
            self._remarked[capture] += 1
            remarks = self._remarks.setdefault(capture, [])
            if len(remarks) < _REMARKS:
                remarks.append(_line(event))
            return
        else:
            kind = event.status.value
        key = capture, event.rule, kind
        group = self._groups.get(key)
        if group is None:
            self._groups[key] = FindingGroup(event, limit=_SHOWN)
        else:
            group.add(event)

    def finish(self, report: Report) -> None:
        """Write the suites."""
        suites = [
            self._suite(number, info, counts, interrupted=report.interrupted)
            for number, (info, counts) in enumerate(
                zip_longest(report.captures, report.rules_by_capture, fillvalue=())
            )
            if isinstance(info, CaptureInfo)
        ]
        root = ET.Element("testsuites", name="pmiptrace")
        for name in ("tests", "failures", "errors"):
            root.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
        root.extend(suites)
        ET.indent(root)
        octets = ET.tostring(root, encoding="utf-8", xml_declaration=True)
        self._target.stream.write(octets + b"\n")

    def _suite(
        self, number: int, info: CaptureInfo, counts: tuple[RuleCount, ...], *, interrupted: bool
    ) -> ET.Element:
        cases = [_capture_case(info, interrupted=interrupted)]
        applied = {count.rule: count for count in counts if count.judged}
        for capture, rule, _ in self._groups:
            if capture == number:  # after a fault of the program there are findings, and no counts
                applied.setdefault(rule, RuleCount(rule, 0, 0, 0, 0))
        cases += [self._case(number, count) for count in applied.values()]
        suite = ET.Element(
            "testsuite",
            name=path_text(relative_path(info.path)),
            tests=str(len(cases)),
            failures=str(sum(case.find("failure") is not None for case in cases)),
            errors=str(sum(case.find("error") is not None for case in cases)),
            skipped=str(sum(case.find("skipped") is not None for case in cases)),
            time="0",
            id=str(number),
        )
        start = rfc3339(info.first_time)
        if start is not None:
            suite.set("timestamp", start[: len("2023-11-14T22:13:20")])
        properties = ET.SubElement(suite, "properties")
        for name, value in self._properties(info):
            if value is not None:
                ET.SubElement(properties, "property", name=name, value=clean(str(value)))
        suite.extend(cases)
        told = list(self._told(number, counts))
        if told:
            ET.SubElement(suite, "system-out").text = "\n".join(told)
        if info.problems:
            problems = (f"{problem.kind}: {clean(problem.message)}" for problem in info.problems)
            ET.SubElement(suite, "system-err").text = "\n".join(problems)
        return suite

    def _told(self, number: int, counts: Iterable[RuleCount]) -> Iterator[str]:
        """Give the remarks on a capture, then the rules that nothing in it is about."""
        remarks = self._remarks.get(number, [])
        yield from remarks
        left = self._remarked[number] - len(remarks)
        if left:
            yield f"and {counted(left, 'remark')} more"
        counts = tuple(counts)
        absent = [count.rule for count in counts if count.state is RuleState.UNTESTED]
        if absent:
            number_of_rules = counted(len(absent), "rule")
            yield f"not applicable, as nothing in this capture is about them: {number_of_rules}"
        yield from absent
        for count in counts:
            if count.state is RuleState.OFF:
                yield f"judged only with --timers {count.switch}=on: {count.rule}"

    def _properties(self, info: CaptureInfo) -> Iterator[tuple[str, object]]:
        yield "pmiptrace", version()
        yield "format", info.format
        yield "packets", info.packets
        yield "messages", info.messages
        yield "duplicates", info.duplicates
        yield "first time", rfc3339(info.first_time)
        yield "last time", rfc3339(info.last_time)
        yield "dialect", info.dialect
        yield "only", self._target.narrowness or None

    def _case(self, capture: int, count: RuleCount) -> ET.Element:
        row = catalogue().get(count.rule)
        home = "" if row is None or row.source is None else _class(row.source, row.section)
        case = ET.Element("testcase", classname=home, name=count.rule, time="0")
        groups = {
            kind: group
            for kind in (Status.FAIL.value, Status.INCONCLUSIVE.value, _SUPPRESSED)
            if (group := self._groups.get((capture, count.rule, kind))) is not None
        }
        failed = groups.get(Status.FAIL.value)
        if failed is not None:
            first = failed.findings[0]
            failure = ET.SubElement(case, "failure", type=failed.severity.value)
            more = f"; {counted(failed.count, 'finding')} in all" if failed.count > 1 else ""
            failure.set("message", clean(first.message) + more)
            claim = () if row is None else (f"{row.summary} ({row.reference})",)
            failure.text = "\n".join((*claim, *_lines(failed)))
        elif groups:
            _skip(case, "; ".join(_reason(kind, group) for kind, group in groups.items()))
        elif count.failed or count.inconclusive:
            _skip(case, "its findings are told of another capture, or not of what was asked for")
        told = [line for group in groups.values() if group is not failed for line in _lines(group)]
        counts = (
            f"judged {count.judged}, passed {count.passed}, failed {count.failed}, "
            f"inconclusive {count.inconclusive}"
        )
        ET.SubElement(case, "system-out").text = "\n".join((counts, *told))
        return case


def _class(source: str, section: str | None) -> str:
    """Give the name by which cases are grouped; viewers take dots for levels."""
    levels = [source.replace("RFC ", "RFC"), *(() if section is None else (f"section-{section}",))]
    return ".".join(level.replace(".", "_") for level in levels)


def _capture_case(info: CaptureInfo, *, interrupted: bool) -> ET.Element:
    """Give the case that tells whether the capture could be judged at all."""
    case = ET.Element("testcase", classname="pmiptrace.capture", name="capture", time="0")
    fatal = [problem for problem in info.problems if problem.kind in FATAL_PROBLEMS]
    if fatal:
        error = ET.SubElement(case, "error", type=fatal[0].kind, message=clean(fatal[0].message))
        error.text = "nothing of it is reported"
    elif interrupted:
        text = "the report covers what was read until then"
        ET.SubElement(case, "error", type="interrupted", message=text)
    elif not info.messages:
        _skip(case, "not one Mobility Header message")
    return case


def _skip(case: ET.Element, reason: str) -> None:
    ET.SubElement(case, "skipped", message=clean(reason))


def _reason(kind: str, group: FindingGroup) -> str:
    """Say why a rule that nobody is shown to break is not passed."""
    first = group.findings[0]
    if first.suppression is not None:
        return f"{kind}: {first.suppression.reason or f'known by {first.suppression.by}'}"
    return f"{kind}: {first.why_inconclusive or first.message}"


def _lines(group: FindingGroup) -> Iterator[str]:
    yield from map(_line, group.findings)
    left = group.count - len(group.findings)
    if left:
        yield f"and {counted(left, 'finding')} more"


def _line(finding: Finding) -> str:
    """Show a finding in a line."""
    moment, party, node = finding.moment, finding.party, name_text(finding.mobile_node)
    parts = [
        None if moment.frame is None else f"frame {moment.frame}",
        rfc3339(moment.time),
        party_name(party) if party.identifier or party.address else None,
        None if node is None else f"mobile node {node}",
    ]
    where = ", ".join(part for part in parts if part is not None)
    return clean(f"{where}: {finding.message}" if where else finding.message)
