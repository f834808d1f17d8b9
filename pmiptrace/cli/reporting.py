"""One run of ``analyze``: reads captures, writes the report, gives the exit code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, BinaryIO

from msgspec.structs import replace

from pmiptrace.analysis import Analysis, Event, useful_jobs
from pmiptrace.capture.scanner import scanner
from pmiptrace.cli.progress import progress
from pmiptrace.cli.run import (
    CapturesRequest,
    console,
    follow,
    tell_end,
    tell_fault,
    tell_no_match,
)
from pmiptrace.model import CaptureInfo, Exchange, Finding, Problem, Report, Session, Severity
from pmiptrace.report.digest import Digest
from pmiptrace.report.document import unopened, with_unopened
from pmiptrace.rules.catalogue import catalogue
from pmiptrace.selection import Narrowing, Outcome, Selection, narrow, outcome, rule_ids

if TYPE_CHECKING:
    from pmiptrace.report.html.packets import PacketStore
    from pmiptrace.wire.dialect import Dialect


class ReportRequest(CapturesRequest, frozen=True, kw_only=True):
    """What ``analyze`` is asked for."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str | None = "error"
    jobs: int | None = None
    """None for as many as this machine has a use for."""

    @property
    def selection(self) -> Selection:
        """What is reported; raises `UsageError` for a rule that does not exist."""
        known = catalogue()
        return replace(
            super().selection,
            select=rule_ids(self.select, known) if self.select else None,
            ignore=rule_ids(self.ignore, known),
            fail_on=None if self.fail_on is None else Severity(self.fail_on),
        )


def write_report(request: ReportRequest) -> int:
    """Do what is asked for and give the exit code.

    Raises `UsageError` if it makes no sense, or if the report cannot be written.
    """
    scanner()  # a wrong choice is told before anything is done
    selected = request.selection
    return request.perform(lambda stream: _analyze(request, selected, stream))


def _analyze(request: ReportRequest, selected: Selection, stream: BinaryIO) -> Outcome:
    """Analyze the captures, write the report to `stream`, and tell the rest to standard error."""
    lines = request.format == "jsonl"
    with progress(wanted=not (lines and stream.isatty())) as told:
        packets = _packet_store() if request.format == "html" else None
        analysis = request.analysis(
            request.captures,
            jobs=useful_jobs() if request.jobs is None else request.jobs,
            progress=told,
            observer=packets,
        )
        if lines:
            result = _write_lines(request, analysis, selected, stream)
        elif request.format in ("json", "html"):
            report, result = _report(request, analysis, selected)
        else:
            digest, report, result = _digest(request, analysis, selected)
    if packets is not None:
        _write_html(request, report, packets, analysis.dialects, selected, stream)
    elif request.format == "json":
        from pmiptrace.report.json import write

        write(report, stream)
    elif not lines:
        _write_text(request, report, digest, selected, stream)
    tell_end(analysis)
    return result


def _report(
    request: ReportRequest, analysis: Analysis, selected: Selection
) -> tuple[Report, Outcome]:
    try:
        whole = analysis.report()
    except Exception as error:
        return _faulty(request, error)
    report = with_unopened(narrow(whole, selected), analysis.errors)
    if selected.is_narrow and not (report.sessions or report.exchanges):
        tell_no_match(selected)
    return report, outcome(report, selected, unopened=bool(analysis.errors))


def _faulty(request: ReportRequest, error: Exception) -> tuple[Report, Outcome]:
    """Tell of a fault in this program, and give the report that says nothing else."""
    problem = Problem("internal-error", tell_fault(error))
    captures = (CaptureInfo(path=path, problems=(problem,)) for path in request.captures)
    return Report(captures=tuple(captures)), Outcome(faulty=True)


def _digest(
    request: ReportRequest, analysis: Analysis, selected: Selection
) -> tuple[Digest, Report, Outcome]:
    """Run the analysis, and keep of it what a page shows."""
    digest, narrowing, result = Digest(), Narrowing(selected, analysis.mags), Outcome()

    def take(event: Event) -> None:
        if isinstance(event, Exchange | Finding | Session) and not narrowing.part(event):
            return
        if isinstance(event, Finding):
            result.failed |= selected.fails(event)
        digest.add(event)

    try:
        follow(analysis, take)
    except Exception as error:
        return digest, *_faulty(request, error)
    whole = analysis.overview()
    rules = tuple(count for count in whole.rules if selected.rule(count.rule))
    report = with_unopened(replace(whole, rules=rules), analysis.errors)
    if selected.is_narrow and not (digest.session_totals.count or digest.totals.count):
        tell_no_match(selected)
    result.messages, result.interrupted = report.messages, report.interrupted
    result.unopened = bool(analysis.errors)
    return digest, report, result


def _packet_store() -> PacketStore:
    from pmiptrace.report.html.packets import PacketStore

    return PacketStore()


def _write_html(
    request: ReportRequest,
    report: Report,
    packets: PacketStore,
    dialects: Mapping[str, Dialect],
    selected: Selection,
    stream: BinaryIO,
) -> None:
    from pmiptrace.report.html import HtmlOptions, render

    options = HtmlOptions(time=request.time, narrowness=selected.narrowness)
    for piece in render(report, store=packets, dialects=dialects, options=options):
        stream.write(piece.encode("utf-8", "backslashreplace"))


def _write_text(
    request: ReportRequest, report: Report, digest: Digest, selected: Selection, stream: BinaryIO
) -> None:
    from pmiptrace.report.text import TextOptions, render

    with console(request.output, stream) as page:
        options = TextOptions(time=request.time, narrowness=selected.narrowness)
        render(report, console=page, options=options, digest=digest)


def _write_lines(
    request: ReportRequest, analysis: Analysis, selected: Selection, stream: BinaryIO
) -> Outcome:
    from pmiptrace.report.jsonl import LineWriter

    live = "-" in request.captures or stream.isatty()
    writer = LineWriter(stream, Narrowing(selected, analysis.mags), flush=live)
    result = writer.outcome
    try:
        follow(analysis, writer.event)
    except OSError:
        raise
    except Exception as fault:
        tell_fault(fault)
        result.faulty = True
    for error in analysis.errors:
        writer.event(unopened(error))
    result.unopened = bool(analysis.errors)
    result.interrupted = analysis.interrupted
    writer.finish(analysis.rules)
    return result
