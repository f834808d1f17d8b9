"""One run of ``analyze``: reads captures, writes the reports, gives the exit code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from secrets import token_bytes
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from pmiptrace.analysis import Analysis, Event
from pmiptrace.capture.scanner import scanner
from pmiptrace.cli.keys import ENVIRONMENT, key
from pmiptrace.cli.outputs import Output
from pmiptrace.cli.progress import progress
from pmiptrace.cli.run import (
    Request,
    follow,
    perform_all,
    silence_stdout,
    tell,
    tell_end,
    tell_fault,
    tell_no_match,
)
from pmiptrace.errors import PmiptraceError, UsageError
from pmiptrace.model import CaptureInfo, Exchange, Finding, Problem, Report, Session, Severity
from pmiptrace.report.document import with_unopened
from pmiptrace.report.formats import ReportWriter, Target, format_named
from pmiptrace.report.output import Outlet
from pmiptrace.rules.catalogue import catalogue
from pmiptrace.selection import Narrowing, Outcome, Selection, rule_ids

if TYPE_CHECKING:
    from pmiptrace.export.redaction import Redaction

T = TypeVar("T")


class ReportRequest(Request, frozen=True, kw_only=True):
    """What ``analyze`` is asked for."""

    captures: tuple[str, ...]
    outputs: tuple[Output, ...] = (Output(),)
    """The reports to write; those to standard output, of which there is at most one, anywhere."""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str | None = "error"
    coverage: bool = False
    """Whether every rule is listed with how often it was judged."""
    redact: bool = False
    """Whether pseudonyms take the place of names and addresses."""
    redact_key: str | None = None
    """A file with the key that decides them."""

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


def write_reports(request: ReportRequest) -> int:
    """Do what is asked for and give the exit code.

    Raises `UsageError` if it makes no sense, or if a report cannot be written.
    """
    scanner()  # a wrong choice is told before anything is done
    redaction = _redaction(request) if request.redact or request.redact_key else None
    selected = request.selection
    if redaction is not None:
        selected = replace(selected, real=redaction.real)
    # Standard output is opened first, and so closed last: should its reader be gone by then, the
    # files are in their places.
    outputs = sorted(request.outputs, key=lambda output: output.path is not None)
    return perform_all(
        request.captures,
        [output.path for output in outputs],
        lambda outlets: _analyze(request, selected, redaction, outputs, outlets),
        allow_empty=request.allow_empty,
    )


def _redaction(request: ReportRequest) -> Redaction:
    """Prepare to redact; raises `UsageError` for a key that is none."""
    from pmiptrace.export.redaction import Redaction

    chosen = key(file=request.redact_key)
    if chosen is None:
        tell(f"note: pseudonyms of this run only; --redact-key or {ENVIRONMENT} makes them last")
    return Redaction(chosen or token_bytes(32), dialect=request.dialect)


def _analyze(
    request: ReportRequest,
    selected: Selection,
    redaction: Redaction | None,
    outputs: Sequence[Output],
    outlets: Sequence[Outlet],
) -> Outcome:
    """Analyze the captures, write the reports, and tell the rest to standard error."""
    formats = [format_named(output.format) for output in outputs]
    result = Outcome()
    crowded = any(
        form.streams and outlet.stream.isatty()
        for form, outlet in zip(formats, outlets, strict=True)
    )
    with progress(wanted=not crowded) as told:
        analysis = request.analysis(
            request.captures,
            progress=told,
            mask=None if redaction is None else redaction.found,
        )

        reports = []
        for form, output, outlet in zip(formats, outputs, outlets, strict=True):
            target = Target(
                stream=outlet.stream,
                path=output.path,
                live="-" in request.captures or outlet.stream.isatty(),
                time=request.time,
                narrowness=selected.narrowness,
                coverage=request.coverage,
                mags=analysis.mags,
                dialects=analysis.dialects,
                observe=analysis.observe,
                exit_code=lambda: result.exit_code(allow_empty=request.allow_empty),
            )
            writer = form.open(target)
            reports.append(_Report(writer, output, outlet, result, is_alone=len(outputs) == 1))
        run = _Run(Narrowing(selected, analysis.mags), redaction, result, reports)
        overview = run.follow(request, analysis)
    run.finish(overview)
    tell_end(analysis)
    if redaction is not None and len(redaction.captures) > 1:
        for number, path in enumerate(redaction.captures, 1):
            tell(f"redacted-{number} is {path}")
    return result


class _Report:
    """A report that is being written."""

    def __init__(
        self,
        writer: ReportWriter,
        output: Output,
        outlet: Outlet,
        result: Outcome,
        *,
        is_alone: bool,
    ) -> None:
        self._writer = writer
        self._output = output
        self._outlet = outlet
        self._result = result
        self._is_alone = is_alone
        self._is_lost = False

    def event(self, event: Event) -> None:
        """Hand on what became known."""
        self._do(self._writer.event, event)

    def finish(self, overview: Report) -> None:
        """Have the rest written."""
        self._do(self._writer.finish, overview)

    def _do(self, write: Callable[[T], object], value: T) -> None:
        """Write something.

        The reports beside one whose reader went away, or whose format has a fault, are written all
        the same. Raises `UsageError` if it cannot be written.
        """
        if self._is_lost:
            return
        try:
            write(value)
        except BrokenPipeError:
            if self._is_alone:
                raise
            self._is_lost = self._result.unread = True
        except OSError as error:
            if self._output.path is None:
                silence_stdout()
            where = "the report" if self._output.path is None else f"{self._output.path}: it"
            raise UsageError(f"{where} cannot be written: {error.strerror}") from error
        except Exception as error:
            if self._is_alone:
                raise
            self._is_lost = self._result.faulty = True
            self._outlet.discard()
            tell(f"the report of {self._output} is left out")
            tell_fault(error)


class _Run:
    """Hands what an analysis gives, narrowed to what is selected, to all who write of it."""

    def __init__(
        self,
        narrowing: Narrowing,
        redaction: Redaction | None,
        result: Outcome,
        reports: Sequence[_Report],
    ) -> None:
        self._narrowing = narrowing
        self._redaction = redaction
        self._result = result
        self._reports = reports
        self.has_matched = False
        """Whether an exchange or a session was of those that are selected."""

    def take(self, event: Event) -> None:
        """Report an event, if it is selected."""
        chosen = self._narrowing.event(event)
        if chosen is None:
            return
        if isinstance(chosen, Finding):
            self._result.failed |= self._narrowing.selection.fails(chosen)
        elif isinstance(chosen, Exchange | Session):
            self.has_matched = True
        elif isinstance(chosen, CaptureInfo) and self._redaction is not None:
            chosen = self._redaction.capture(chosen)
        for report in self._reports:
            report.event(chosen)

    def follow(self, request: ReportRequest, analysis: Analysis) -> Report:
        """Follow an analysis to its end; give what is known of it as a whole."""
        selected = self._narrowing.selection
        try:
            follow(analysis, self.take)
            whole = analysis.overview()
        except (PmiptraceError, BrokenPipeError):
            raise
        except Exception as error:
            self._result.faulty = True
            return self._faulty(analysis.paths or request.captures, error)
        counts = selected.counts(whole.rules)
        apart = tuple(map(selected.counts, whole.rules_by_capture))
        reported = replace(whole, rules=counts, rules_by_capture=apart)
        overview = with_unopened(reported, analysis.errors)
        for info in overview.captures[len(whole.captures) :]:
            self.take(info)
        self._result.messages, self._result.interrupted = overview.messages, overview.interrupted
        self._result.unopened = bool(analysis.errors)
        if selected.is_narrow and not self.has_matched:
            tell_no_match(selected)
        return overview

    def _faulty(self, paths: tuple[str, ...], error: Exception) -> Report:
        """Tell of a fault in this program; give an overview that says nothing else."""
        text = tell_fault(error)
        if self._redaction is not None:
            text = "internal error"  # the text may quote what it stumbled over
        problem = Problem("internal-error", text)
        infos = tuple(CaptureInfo(path=path, problems=(problem,)) for path in paths)
        for info in infos:
            self.take(info)
        return Report(captures=infos)

    def finish(self, overview: Report) -> None:
        """Have all reports written to their end."""
        if self._redaction is not None:
            infos = tuple(map(self._redaction.capture, overview.captures))
            overview = replace(overview, captures=infos)
        for report in self._reports:
            report.finish(overview)
