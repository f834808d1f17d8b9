"""One run of ``analyze``: reads captures, writes the reports, gives the exit code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from secrets import token_bytes
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from pmiptrace.analysis import Analysis, Event
from pmiptrace.baseline import Baseline, Draft, read_baseline
from pmiptrace.capture.files import refuse_to_overwrite
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
from pmiptrace.errors import CaptureError, PmiptraceError, UsageError
from pmiptrace.model import CaptureInfo, Exchange, Finding, KnownFault, Problem, Report, Session
from pmiptrace.policy import Policy, today
from pmiptrace.report.as_document import with_unopened
from pmiptrace.report.escaping import clean
from pmiptrace.report.formats import ReportWriter, Target, format_named
from pmiptrace.report.output import Outlet
from pmiptrace.selection import Narrowing, Outcome, Selection, narrow_counts

if TYPE_CHECKING:
    from pmiptrace.export.redaction import Redaction

T = TypeVar("T")


class JudgingRequest(Request, frozen=True, kw_only=True):
    """What commands are asked for that report findings."""

    @property
    def selection(self) -> Selection:
        """What is reported; raises `UsageError` for a rule that does not exist."""
        chosen = self.configuration
        return replace(
            super().selection,
            select=chosen.select,
            ignore=chosen.ignore,
            fail_on=chosen.fail_on,
        )


class Sieve:
    """Gives what is reported of an analysis, and notes in an outcome whether that makes it fail."""

    def __init__(self, policy: Policy, narrowing: Narrowing, outcome: Outcome) -> None:
        self._policy = policy
        self._narrowing = narrowing
        self._outcome = outcome
        self.has_matched = False
        """Whether an exchange or a session was of those that are selected."""

    def event(self, event: Event) -> Event | None:
        """Give what is reported of an event; None for nothing."""
        chosen = self._narrowing.event(self._policy.event(event))
        if isinstance(chosen, Finding):
            self._policy.reported(chosen)
            self._outcome.failed |= self._narrowing.selection.fails(chosen)
        elif isinstance(chosen, Exchange | Session):
            self.has_matched = True
        return chosen


class ReportRequest(JudgingRequest, frozen=True, kw_only=True):
    """What ``analyze`` is asked for."""

    captures: tuple[str, ...]
    outputs: tuple[Output, ...] = (Output(),)
    """The reports to write; those to standard output, of which there is at most one, anywhere."""
    coverage: bool = False
    """Whether every rule is listed with how often it was judged."""
    redact: bool = False
    """Whether pseudonyms take the place of names and addresses."""
    redact_key: str | None = None
    """A file with the key that decides them."""
    write_baseline: str | None = None
    """The file of the baseline to write, if one is asked for."""
    baseline_reason: str | None = None

    def baseline(self) -> Baseline | None:
        """Give what is known; of a baseline that is to be written, what it has so far as well.

        Raises `UsageError` for a baseline that makes no sense.
        """
        path, target = self.configuration.baseline, self.write_baseline
        known: dict[str, KnownFault] = {}
        if path is not None and (path != target or Path(path).is_file()):
            known |= read_baseline(path).known
        if target is not None and target != path and Path(target).is_file():
            known |= read_baseline(target).known
        place = target or path
        return None if place is None else Baseline(place, known)


def write_reports(request: ReportRequest) -> int:
    """Do what is asked for and give the exit code.

    Raises `UsageError` if it makes no sense, or if a report cannot be written.
    """
    scanner()  # a wrong choice is told before anything is done
    redaction = _redaction(request) if request.redact or request.redact_key else None
    policy = _policy(request, redaction)
    # Standard output is opened first, and so closed last: should its reader be gone by then, the
    # files are in their places.
    outputs = sorted(request.outputs, key=lambda output: output.path is not None)
    paths = [output.path for output in outputs]
    if request.write_baseline is not None:
        paths.append(request.write_baseline)  # told before a long run if it cannot be written
    return perform_all(
        request.captures,
        paths,
        lambda outlets: _analyze(request, policy, redaction, outputs, outlets),
        allow_empty=request.allow_empty,
    )


def _redaction(request: ReportRequest) -> Redaction:
    """Prepare to redact; raises `UsageError` for a key that is none."""
    from pmiptrace.export.redaction import Redaction

    chosen = key(file=request.redact_key)
    if chosen is None:
        tell(f"note: pseudonyms of this run only; --redact-key or {ENVIRONMENT} makes them last")
    return Redaction(chosen or token_bytes(32), dialect=request.configuration["dialect"])


def _analyze(
    request: ReportRequest,
    policy: Policy,
    redaction: Redaction | None,
    outputs: Sequence[Output],
    outlets: Sequence[Outlet],
) -> Outcome:
    """Analyze the captures, write the reports, and tell the rest to standard error.

    There is an outlet for each of the outputs, and one more if a baseline is to be written.
    """
    selected = request.selection
    if redaction is not None:
        selected = replace(selected, real=redaction.real)
    formats = [format_named(output.format) for output in outputs]
    report_outlets, baseline_outlets = outlets[: len(outputs)], outlets[len(outputs) :]
    result = Outcome()
    crowded = any(
        form.streams and outlet.stream.isatty()
        for form, outlet in zip(formats, report_outlets, strict=True)
    )
    with progress(wanted=not crowded) as told:
        analysis = request.analysis(
            request.captures,
            each=request.configuration["each"],
            progress=told,
            mask=None if redaction is None else redaction.found,
        )

        reports = []
        for form, output, outlet in zip(formats, outputs, report_outlets, strict=True):
            target = Target(
                stream=outlet.stream,
                path=output.path,
                live="-" in request.captures or outlet.stream.isatty(),
                time=request.time,
                narrowness=selected.narrowness,
                coverage=request.coverage,
                redacted=redaction is not None,
                mags=analysis.mags,
                dialects=analysis.dialects,
                observe=analysis.observe,
                exit_code=lambda: result.exit_code(allow_empty=request.allow_empty),
            )
            writer = form.open(target)
            reports.append(_Report(writer, output, outlet, result, is_alone=len(outlets) == 1))
        policy.attend(analysis.mags, lambda: analysis.paths)
        run = _Run(policy, Narrowing(selected, analysis.mags), redaction, result, reports)
        overview = run.follow(request, analysis)
    run.finish(overview)
    tell_end(analysis)
    if redaction is not None and len(redaction.captures) > 1:
        for number, path in enumerate(redaction.captures, 1):
            tell(f"redacted-{number} is {path}")
    _tell_idle(policy, analysis.paths, result)
    for outlet in baseline_outlets:
        _write_baseline(request, policy, result, outlet)
    return result


def _policy(request: ReportRequest, redaction: Redaction | None) -> Policy:
    """Give what is made of findings; raises `UsageError` for what makes no sense."""
    chosen, target = request.configuration, request.write_baseline
    if target is not None and redaction is not None:
        raise UsageError("--write-baseline does not go with --redact: a baseline has names in it")
    if target is not None:
        if target == "-":
            raise UsageError("--write-baseline takes a file; standard output is for reports")
        refuse_to_overwrite(request.captures, (target,))
    _refuse_to_replace(request)
    baseline, draft = request.baseline(), None
    if target is not None:
        draft = Draft(baseline.known if baseline else {}, clean(request.baseline_reason or ""))
    elif request.baseline_reason is not None:
        raise UsageError("--baseline-reason goes with --write-baseline")
    policy = Policy(
        severities=chosen.severities,
        ignores=chosen.ignores,
        baseline=baseline,
        draft=draft,
        today=today(),
        real=None if redaction is None else redaction.real,
    )
    for text in policy.expired_ignores():
        tell(text)
    return policy


def _refuse_to_replace(request: ReportRequest) -> None:
    """Raise `UsageError` if a report would take the place of what says how to judge."""
    chosen, target = request.configuration, request.write_baseline
    kept = {Path(name).resolve(): f"{name}, the configuration" for name in chosen.files}
    if chosen.baseline is not None:
        kept[Path(chosen.baseline).resolve()] = f"{chosen.baseline}, the baseline"
    for output in request.outputs:
        if output.path is None:
            continue
        place = Path(output.path).resolve()
        if target is not None and place == Path(target).resolve():
            raise UsageError(f"{output} and --write-baseline {target} both go to one file")
        if place in kept:
            raise UsageError(f"{output} would replace {kept[place]}")


def _tell_idle(policy: Policy, captures: Sequence[str], result: Outcome) -> None:
    """Tell of what is said to be known and had no effect."""
    for text in policy.expired_entries():
        tell(text)
    if result.is_complete:
        for text in policy.idle_ignores(captures):
            tell(text)


def _write_baseline(
    request: ReportRequest, policy: Policy, result: Outcome, outlet: Outlet
) -> None:
    """Write what is known from now on, unless something is missing in it."""
    assert policy.draft is not None
    if not result.is_complete:
        outlet.discard()
        tell(f"{request.write_baseline}: not written, as not all could be analyzed")
        return
    outlet.stream.write(policy.draft.text.encode())
    tell(f"{request.write_baseline}: {policy.draft.difference}")


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
            if isinstance(error, PmiptraceError):  # a fault of a plugin's, not of this program's
                tell(str(error))
            else:
                tell_fault(error)


class _Run:
    """Hands what an analysis gives, narrowed to what is selected, to all who write of it."""

    def __init__(
        self,
        policy: Policy,
        narrowing: Narrowing,
        redaction: Redaction | None,
        result: Outcome,
        reports: Sequence[_Report],
    ) -> None:
        self._policy = policy
        self._selection = narrowing.selection
        self._sieve = Sieve(policy, narrowing, result)
        self._redaction = redaction
        self._result = result
        self._reports = reports

    def take(self, event: Event) -> None:
        """Report an event, if it is selected."""
        chosen = self._sieve.event(event)
        if chosen is None:
            return
        if isinstance(chosen, CaptureInfo) and self._redaction is not None:
            chosen = self._redaction.capture(chosen)
        for report in self._reports:
            report.event(chosen)

    def follow(self, request: ReportRequest, analysis: Analysis) -> Report:
        """Follow an analysis to its end; give what is known of it as a whole."""
        selected = self._selection
        try:
            follow(analysis, self.take)
            whole = analysis.overview()
        except (PmiptraceError, BrokenPipeError):
            raise
        except Exception as error:
            self._result.faulty = True
            return self._faulty(analysis.paths or request.captures, error)
        self._result.interrupted = whole.interrupted
        self._result.unopened = bool(analysis.errors)
        reported = replace(
            narrow_counts(whole, selected),
            baseline=self._policy.result(complete=self._result.is_complete),
        )
        overview = with_unopened(reported, self._told(request, analysis.errors))
        for info in overview.captures[len(whole.captures) :]:
            self.take(info)
        self._result.messages = overview.messages
        if selected.is_narrow and not self._sieve.has_matched:
            tell_no_match(selected)
        return overview

    def _told(self, request: ReportRequest, errors: Sequence[CaptureError]) -> list[CaptureError]:
        """Give the captures that could not be opened as a report may tell of them."""
        if self._redaction is None or request.engine == "own":
            return list(errors)
        # What tshark says quotes the path.
        return [CaptureError(error.path, "standard error says why") for error in errors]

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
