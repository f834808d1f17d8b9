"""A capture held against the RFCs, as a test: what fails tells what to mend."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from pmiptrace.model import Report
from pmiptrace.testing.trace import Trace

if TYPE_CHECKING:
    from pmiptrace.configuration import Configuration
    from pmiptrace.report.results import Result, Results

Capture = str | PathLike[str] | bytes | Trace
"""A file, a directory, a glob, the octets of a capture file, or a trace."""

SHOWN = 10
"""Faults that a message tells in full."""


def assert_compliant(
    capture: Capture | Sequence[Capture],
    *,
    select: str | Iterable[str] = (),
    ignore: str | Iterable[str] = (),
    severity: Mapping[str, str] | None = None,
    fail_on: str = "error",
    baseline: str | PathLike[str] | None = None,
    dialect: str = "auto",
    timers: Mapping[str, str] | None = None,
    config: str | PathLike[str] | None = None,
    each: bool | None = None,
    allow_empty: bool = False,
) -> Report:
    """Analyze captures and fail if they violate what they are held against; give the report.

    Several captures are read as one run, by time, or with `each` every one as a run of its own;
    left out, it is as a configuration file says. `select`, `ignore`, `severity`, `fail_on`,
    `baseline`, `dialect` and `timers` are those of ``pmiptrace analyze`` and of its configuration:
    ``select="RFC8278"``, ``ignore=["RFC5213-8.1", "party:LMA"]``, ``severity={"RFC5213-8.1":
    "warning"}``, ``timers={"delete-delay": "20s"}``. A configuration file counts only if `config`
    names it, and the environment does not, so that a test says the same wherever it runs.

    Raises `AssertionError` for violations at or above `fail_on` (``error``, ``warning``, ``info``,
    or ``never``) that neither the baseline nor the configuration knows, and for captures without
    any signalling unless `allow_empty`. What is inconclusive never fails. The captures that were
    given as octets or as a trace are then left in a temporary folder, which the message names.
    Raises `UsageError` for arguments that make no sense, such as a rule that does not exist, and
    `CaptureError` for a capture that cannot be opened.
    """
    __tracebackhide__ = True
    from pmiptrace.configuration import configure

    chosen = configure(
        {
            "select": (select,) if isinstance(select, str) else tuple(select),
            "ignore": (ignore,) if isinstance(ignore, str) else tuple(ignore),
            "severity": tuple(f"{rule}={level}" for rule, level in (severity or {}).items()),
            "timers": tuple(f"{name}={value}" for name, value in (timers or {}).items()),
            "fail-on": fail_on,
            "baseline": None if baseline is None else fspath(baseline),
            "dialect": dialect,
            "each": each,
        },
        file=None if config is None else fspath(config),
        isolated=config is None,
        environment={},
    )
    given = [capture] if isinstance(capture, str | PathLike | bytes | Trace) else list(capture)
    paths, folder = _paths(given)
    try:
        report, failed = _judged(paths, chosen)
        if failed:
            message = "\n".join(_message(report, failed, paths))
        elif not report.messages and not allow_empty:
            has = "has" if len(paths) == 1 else "have"
            message = f"{_title(paths)} {has} no signalling: not one Mobility Header message"
        else:
            _remove(folder)
            return report
    except BaseException:
        _remove(folder)
        raise
    raise AssertionError(message)


def _paths(captures: Iterable[Capture]) -> tuple[list[str], Path | None]:
    """Give captures as files; those that are none are written to a folder of their own."""
    from pmiptrace.capture.writer import write_pcapng

    paths: list[str] = []
    folder: Path | None = None
    for number, capture in enumerate(captures, 1):
        if not isinstance(capture, bytes | Trace):
            paths.append(fspath(capture))
            continue
        folder = folder or Path(mkdtemp(prefix="pmiptrace-"))
        path = folder / f"capture-{number}.pcapng"
        if isinstance(capture, Trace):
            write_pcapng(path, capture.frames)
        else:
            path.write_bytes(capture)
        paths.append(str(path))
    return paths, folder


def _remove(folder: Path | None) -> None:
    if folder is not None:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def _judged(paths: Sequence[str], chosen: Configuration) -> tuple[Report, Results]:
    """Analyze captures; give what is reported of them, and of that what fails."""
    from msgspec.structs import replace

    from pmiptrace.analysis import Analysis
    from pmiptrace.model import Finding
    from pmiptrace.policy import Policy
    from pmiptrace.report.results import Results
    from pmiptrace.selection import Selection, narrow

    policy = Policy.of(chosen)
    selected = Selection(select=chosen.select, ignore=chosen.ignore, fail_on=chosen.fail_on)
    limits = chosen.settings
    analysis = Analysis(
        paths,
        dialect=chosen["dialect"],
        timers=limits.timers,
        options=limits.options,
        each=chosen["each"],
    )
    policy.attend(analysis.mags, lambda: analysis.paths)
    report = analysis.report()
    if analysis.errors:
        raise analysis.errors[0]
    if analysis.interrupted:
        raise KeyboardInterrupt  # a test passes by the whole of its captures, or not at all
    for exchange in report.exchanges:
        policy.event(exchange)
    events = map(policy.event, report.findings)
    findings = tuple(event for event in events if isinstance(event, Finding))
    report = narrow(replace(report, findings=findings), selected)
    failed = Results()
    for finding in filter(selected.fails, report.findings):
        failed.add(finding)
    return report, failed


def _title(paths: Sequence[str]) -> str:
    from pmiptrace.report.words import counted

    return paths[0] if len(paths) == 1 else counted(len(paths), "capture")


def _message(report: Report, failed: Results, paths: Sequence[str]) -> Iterator[str]:
    """Say what failed: the verdict, each fault with what to do, and where to see more."""
    from collections import Counter

    from pmiptrace.model import Severity
    from pmiptrace.report.words import count, counted, joined, word

    several = len(report.captures)
    found: Counter[Severity] = Counter()
    for result in failed:
        found[result.severity] += result.count
    counts = joined(
        f"{count(found[each])} {each if each is Severity.INFO else word(found[each], each)}"
        for each in Severity
        if found[each]
    )
    do = "does" if len(paths) == 1 else "do"
    yield f"{_title(paths)} {do} not comply: {counts}; {counted(report.messages, 'message')}"
    results = list(failed)
    for result in results[:SHOWN]:
        yield ""
        yield from _fault(result, report, several)
    if len(results) > SHOWN:
        yield ""
        yield f"and {counted(len(results) - SHOWN, 'fault')} more"
    yield ""
    each = "--each " if report.is_apart else ""
    yield f"Everything: pmiptrace analyze {each}{shlex.join(paths)}"


def _fault(result: Result, report: Report, several: int) -> Iterator[str]:
    """Tell of one fault: who does what where, what the RFC says, how to mend it."""
    from pmiptrace.report.escaping import clean
    from pmiptrace.report.words import frame_place, joined, party_name
    from pmiptrace.rules.registry import all_rules

    finding = result.first
    rule = next((rule for rule in all_rules() if rule.id == result.rule), None)
    yield f"{result.severity.value.upper()} {result.rule}  {clean(party_name(result.party))}"
    yield f"  {clean(finding.message)}"
    places = [frame_place(each.moment, several) for each in result.findings if each.moment.frame]
    if places:
        more = result.count - len(places)
        yield f"  frame {joined(places)}{f' and {more} more' if more > 0 else ''}"
    if finding.reference is not None:
        keyword = "" if finding.keyword is None else f" ({finding.keyword})"
        yield f"  {finding.reference}{keyword}"
    if rule is not None:
        yield f"  What holds: {rule.documentation.summary}"
        yield f"  How to mend: {rule.documentation.mend}"
    if finding.moment.frame is not None:
        path = report.captures[finding.moment.capture].path
        yield f"  See: pmiptrace dissect {shlex.quote(path)} {finding.moment.frame}"
