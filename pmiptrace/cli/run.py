"""One run of ``analyze``: reads captures, writes the report, gives the exit code.

Standard output carries the report alone. All else goes to standard error, a line each.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.analysis import Analysis, Event, useful_jobs
from pmiptrace.capture.scanner import scanner
from pmiptrace.cli.progress import progress
from pmiptrace.errors import PmiptraceError, UsageError
from pmiptrace.model import CaptureInfo, Exchange, Finding, Problem, Report, Session, Severity
from pmiptrace.report.digest import Digest
from pmiptrace.report.document import clean, unopened, with_unopened
from pmiptrace.report.output import destination
from pmiptrace.report.times import TimeFormat
from pmiptrace.rules.catalogue import catalogue
from pmiptrace.selection import Narrowing, Outcome, Pattern, Selection, narrow, outcome, rule_ids
from pmiptrace.settings import Settings, settings

if TYPE_CHECKING:
    from rich.console import Console

    from pmiptrace.report.html.packets import PacketStore
    from pmiptrace.wire.dialect import Dialect

READER_GONE = 141
"""128 + SIGPIPE, as a shell reports a filter that lost its reader."""


class Request(Struct, frozen=True, kw_only=True):
    """What the command line asks for, as it was written there."""

    captures: tuple[str, ...]
    format: str = "text"
    output: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str | None = "error"
    mobile_node: str | None = None
    mag: str | None = None
    lma: str | None = None
    allow_empty: bool = False
    dialect: str = "auto"
    timers: tuple[str, ...] = ()
    config: str | None = None
    time: TimeFormat = TimeFormat.UTC
    jobs: int | None = None
    """None for as many as this machine has a use for."""


def run(request: Request) -> int:
    """Do what is asked for and give the exit code.

    Raises `UsageError` if it makes no sense, or if the report cannot be written.
    """
    scanner()  # a wrong choice is told before anything is done
    selected = selection(request)
    tolerances = settings(request.timers, request.config)
    return perform(
        request.captures,
        request.output,
        lambda stream: _analyze(request, selected, tolerances, stream),
        allow_empty=request.allow_empty,
    )


def perform(
    captures: Iterable[str],
    output: str | None,
    work: Callable[[BinaryIO], Outcome],
    *,
    allow_empty: bool = False,
) -> int:
    """Have something written, to a file or to standard output for None, and give the exit code.

    Raises `UsageError` if it cannot be written, or would take the place of a capture.
    """
    _refuse_to_overwrite(captures, output)
    try:
        with destination(output) as stream:
            result = work(stream)
    except BrokenPipeError:
        silence_stdout()
        return READER_GONE
    except KeyboardInterrupt:
        return Outcome(interrupted=True).exit_code()
    except OSError as error:
        silence_stdout()
        raise UsageError(f"the report cannot be written: {error.strerror}") from error
    except PmiptraceError:
        raise
    except Exception as error:
        tell_fault(error)
        return Outcome(faulty=True).exit_code()
    return result.exit_code(allow_empty=allow_empty)


def selection(request: Request) -> Selection:
    """Give what is to be reported; raises `UsageError` for a rule that does not exist."""
    known = catalogue()
    return Selection(
        select=rule_ids(request.select, known) if request.select else None,
        ignore=rule_ids(request.ignore, known),
        mobile_node=pattern(request.mobile_node),
        mag=pattern(request.mag),
        lma=pattern(request.lma),
        fail_on=None if request.fail_on is None else Severity(request.fail_on),
    )


def pattern(text: str | None) -> Pattern | None:
    """Give what an option for names asks for."""
    return None if text is None else Pattern(text)


def _refuse_to_overwrite(captures: Iterable[str], output: str | None) -> None:
    """Raise `UsageError` if the report would take the place of a capture."""
    if output is None or not Path(output).exists():
        return
    for capture in captures:
        if Path(capture).is_file() and Path(capture).samefile(output):
            raise UsageError(f"{output}: the report would replace a capture")


def _analyze(
    request: Request, selected: Selection, tolerances: Settings, stream: BinaryIO
) -> Outcome:
    """Analyze the captures, write the report to `stream`, and tell the rest to standard error."""
    lines = request.format == "jsonl"
    with progress(wanted=not (lines and stream.isatty())) as told:
        packets = _packet_store() if request.format == "html" else None
        analysis = Analysis(
            request.captures,
            dialect=request.dialect,
            timers=tolerances.timers,
            options=tolerances.options,
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


def tell_end(analysis: Analysis) -> None:
    """Tell on standard error which captures could not be opened, and of an interruption."""
    for error in analysis.errors:
        tell(str(error))
    if analysis.interrupted:
        tell("interrupted; the report covers what was read until then")


def _report(request: Request, analysis: Analysis, selected: Selection) -> tuple[Report, Outcome]:
    try:
        whole = analysis.report()
    except Exception as error:
        problem = Problem("internal-error", tell_fault(error))
        captures = (CaptureInfo(path=path, problems=(problem,)) for path in request.captures)
        return Report(captures=tuple(captures)), Outcome(faulty=True)
    report = with_unopened(narrow(whole, selected), analysis.errors)
    if selected.is_narrow and not (report.sessions or report.exchanges):
        tell_no_match(selected)
    return report, outcome(report, selected, unopened=bool(analysis.errors))


def _digest(
    request: Request, analysis: Analysis, selected: Selection
) -> tuple[Digest, Report, Outcome]:
    """Run the analysis, and keep of it what a page shows."""
    digest, narrowing, result = Digest(), Narrowing(selected, analysis.mags), Outcome()

    def take(event: Event) -> None:
        if isinstance(event, Finding):
            if not narrowing.finding(event):
                return
            result.failed |= selected.fails(event)
        elif (isinstance(event, Exchange) and not narrowing.exchange(event)) or (
            isinstance(event, Session) and not narrowing.session(event)
        ):
            return
        digest.add(event)

    try:
        follow(analysis, take)
    except Exception as error:
        problem = Problem("internal-error", tell_fault(error))
        captures = (CaptureInfo(path=path, problems=(problem,)) for path in request.captures)
        return digest, Report(captures=tuple(captures)), Outcome(faulty=True)
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
    request: Request,
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
    request: Request, report: Report, digest: Digest, selected: Selection, stream: BinaryIO
) -> None:
    from pmiptrace.report.text import TextOptions, render

    with console(request.output, stream) as page:
        options = TextOptions(time=request.time, narrowness=selected.narrowness)
        render(report, console=page, options=options, digest=digest)


@contextmanager
def console(output: str | None, stream: BinaryIO) -> Iterator[Console]:
    """Open what a page is written to: as wide as the terminal is, or a file without colour."""
    from rich.console import Console

    from pmiptrace.report.page import PIPE_WIDTH, open_console

    if output is None:
        # An encoding that lacks a character shall not end the report.
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            yield open_console(sys.stdout)
        except SystemExit as gone:  # what rich makes of a broken pipe
            raise BrokenPipeError from gone
        sys.stdout.flush()
        return
    text = TextIOWrapper(stream, encoding="utf-8")
    yield Console(
        file=text, width=PIPE_WIDTH, color_system=None, markup=False, emoji=False, highlight=False
    )
    text.flush()
    text.detach()


def _write_lines(
    request: Request, analysis: Analysis, selected: Selection, stream: BinaryIO
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


def follow(analysis: Analysis, take: Callable[[Event], object]) -> None:
    """Hand what an analysis gives to a function, to its conclusion even after Ctrl-C."""
    events = analysis.events()
    try:
        for event in events:
            take(event)
    except KeyboardInterrupt:
        # It came outside of the analysis, which has to hear of it, to conclude.
        for event in _after_interrupt(events):
            take(event)


def _after_interrupt(events: Iterator[Event]) -> Iterator[Event]:
    """Pass Ctrl-C on to an analysis and give what it still has to tell."""
    assert isinstance(events, Generator)
    try:
        yield events.throw(KeyboardInterrupt())
        yield from events
    except (StopIteration, KeyboardInterrupt):
        # The first: nothing was left to tell. The second: it was over already, or Ctrl-C again.
        return


def tell(text: str) -> None:
    """Write a line to standard error; what comes from file names is escaped."""
    if sys.stderr is not None:
        print(f"pmiptrace: {clean(text)}", file=sys.stderr)


def tell_no_match(selected: Selection) -> None:
    """Tell on standard error that the names asked for are not in the captures."""
    tell(f"note: nothing in the captures matches {selected.narrowness}")


def tell_fault(error: Exception) -> str:
    """Tell of a fault in this program, with the place to look at; give the line."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    text = f"internal error, please report it: {type(error).__name__} at {place}: {error}"
    tell(text)
    return text


def silence_stdout() -> None:
    """Let nothing be written to a standard output that does not take it, at exit for instance."""
    if sys.stdout is None:
        return
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
