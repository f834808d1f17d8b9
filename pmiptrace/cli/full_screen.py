"""What ``tui`` does: reads captures in a thread, and shows what is known of them meanwhile."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from threading import Thread
from typing import TypeVar

from pmiptrace.analysis import Analysis, Event
from pmiptrace.capture.scanner import scanner
from pmiptrace.capture.source import STANDARD_INPUT
from pmiptrace.cli.reporting import JudgingRequest
from pmiptrace.cli.run import tell, tell_end, tell_fault
from pmiptrace.cli.saving import FileSaver, MemorySaver
from pmiptrace.cli.stopping import Stop, stopping
from pmiptrace.cli.terminal import is_gone, keyboard, require_full_screen
from pmiptrace.errors import PmiptraceError
from pmiptrace.follower import Follower
from pmiptrace.policy import Policy
from pmiptrace.report.columns import Filter
from pmiptrace.report.escaping import clean
from pmiptrace.report.live.situation import Situation
from pmiptrace.report.times import TimeFormat
from pmiptrace.report.tui.book import Book
from pmiptrace.report.tui.desk import Desk, Status
from pmiptrace.selection import Outcome, Selection
from pmiptrace.wire.dialect import Dialect

T = TypeVar("T")

_PATIENCE, _SHORT = 5.0, 0.1
"""Seconds that a thread is waited for which was told to end; the same where it may wait itself."""


class TuiRequest(JudgingRequest, frozen=True, kw_only=True):
    """What ``tui`` is asked for."""

    captures: tuple[str, ...]
    filter: str | None = None


def show_full_screen(request: TuiRequest) -> int:
    """Show captures full-screen and give the exit code.

    Raises `UsageError` for arguments that make no sense, and where there is no terminal.
    """
    reads_stdin = STANDARD_INPUT in request.captures
    wanted = None if request.filter is None else Filter(request.filter)
    scanner()  # a wrong choice is told before anything is done
    require_full_screen("pmiptrace timeline", reads_stdin=reads_stdin)
    try:
        with stopping() as stop, keyboard(reads_stdin=reads_stdin):
            reading = Reading(request, stop)
            _run(_desk(request, reading, wanted, reads_stdin=reads_stdin))
    except PmiptraceError:
        raise
    except Exception as error:
        tell_fault(error)
        return Outcome(faulty=True).exit_code()
    tell_end(reading.analysis)
    outcome = reading.outcome
    if not reading.has_ended:
        return outcome.exit_code(allow_empty=True)  # nobody waited for what there is
    if not outcome.messages and not outcome.unopened:
        tell("no Mobility Header message in what was read")
    return outcome.exit_code(allow_empty=request.allow_empty)


def _desk(
    request: TuiRequest, reading: Reading, wanted: Filter | None, *, reads_stdin: bool
) -> Desk:
    is_read_once = reads_stdin or request.engine != "own"
    saver: type[FileSaver | MemorySaver] = MemorySaver if is_read_once else FileSaver
    return Desk(
        reading.book,
        reading,
        saver(lambda: reading.analysis.paths),
        time=request.time,
        narrowness=request.selection.narrowness,
        filter=wanted,
        encoding=sys.stdout.encoding,
    )


def _run(desk: Desk) -> None:
    from pmiptrace.report.tui.app import FullScreen

    app = FullScreen(desk)
    try:
        app.run(mouse=False)
    finally:
        desk.source.stop()
    if app.return_code:
        raise RuntimeError("the screen failed")  # textual told how


def _title(captures: Sequence[str]) -> str:
    """Name captures in a line: rows of the list matter more than how many files they are from."""
    first, *more = captures
    name = "standard input" if first == STANDARD_INPUT else clean(first)
    return f"{name} and {len(more)} more" if more else name


class Reading:
    """Reads captures into a book, in a thread of its own.

    It is a `pmiptrace.report.tui.desk.Source`.
    """

    def __init__(self, request: TuiRequest, stop: Stop) -> None:
        self.title = _title(request.captures)
        self._stop = stop
        self._is_told = False
        self._patience = _SHORT if STANDARD_INPUT in request.captures else _PATIENCE
        self._policy = Policy.of(request.configuration)
        self._octets: tuple[int, int | None] = (0, None)
        self._fault: str | None = None
        self.has_ended = False
        self.analysis: Analysis = request.analysis(request.captures, progress=self._progress)
        self.book = Book(request.selection, self.analysis.mags)
        self.analysis.observe(self.book.observe)
        self._policy.attend(self.analysis.mags, lambda: self.analysis.paths)
        self._thread = Thread(target=self._read, name="reading", daemon=True)

    @property
    def dialects(self) -> Mapping[str, Dialect]:
        """The dialects that messages may be translated by, by name."""
        return self.analysis.dialects

    @property
    def outcome(self) -> Outcome:
        """What the exit code depends on."""
        return Outcome(
            unopened=bool(self.analysis.errors),
            messages=self.book.messages,
            faulty=self._fault is not None,
        )

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Have the reading end soon, and wait for that."""
        self._is_told = True
        if self._thread.is_alive():
            self._thread.join(self._patience)

    def status(self) -> Status:
        """Tell how far it is."""
        problems = [clean(str(error)) for error in tuple(self.analysis.errors)]
        done, total = self._octets
        return Status(
            done=done,
            total=total,
            has_ended=self.has_ended,
            now=self.analysis.ended_at,
            problems=(*problems, *filter(None, (self._fault,))),
            must_quit=self._stop.is_asked or is_gone(),
        )

    def _progress(self, done: int, total: int | None) -> None:
        self._octets = done, total
        if self._is_told:
            raise _ToldError

    def _read(self) -> None:
        events = self.analysis.events()
        try:
            for event in events:
                if self._is_told:
                    return
                self.book.take(self._policy.event(event))
            self.book.end()
            self.has_ended = True
        except _ToldError:
            pass
        except Exception as error:
            self._fault = tell_fault(error)
            self.has_ended = True
        finally:
            events.close()  # type: ignore[attr-defined]


class _ToldError(Exception):
    """The reading was told to end."""


class LiveView:
    """A live capture full-screen: a view for `pmiptrace.cli.watching`, and a source of the screens.

    `kept` is the file that the capture is written to.
    """

    def __init__(
        self,
        source: str,
        follower: Follower,
        selection: Selection,
        dialects: Mapping[str, Dialect],
        stop: Stop,
        *,
        time: TimeFormat,
        kept: str | None,
    ) -> None:
        self.title = source
        self.dialects = dialects
        self._stop = stop
        self._situation: Situation | None = None
        self._has_ended = False
        self._problems: tuple[str, ...] = ()
        self._work: Callable[[], object] = lambda: None
        self._error: BaseException | None = None
        self._thread = Thread(target=self._do, name="capture", daemon=True)
        self.book = Book(selection, follower.mags)
        follower.observe(self.book.observe)
        self._desk = Desk(
            self.book,
            self,
            MemorySaver(lambda: () if kept is None else (kept,)),
            time=time,
            narrowness=selection.narrowness,
            encoding=sys.stdout.encoding,
            follows=True,
        )

    def run(self, work: Callable[[], T]) -> T:
        """Show what is known while work is done in a thread; give its result when both are over."""
        results: list[T] = []
        self._work = lambda: results.append(work())
        _run(self._desk)
        self._thread.join()
        if self._error is not None:
            raise self._error
        return results[0]

    def event(self, event: Event) -> None:
        """Take in what became known."""
        self.book.take(event)

    def refresh(self, situation: Situation) -> None:
        """Take in how things stand."""
        self.book.flush()
        self._situation = situation

    def start(self) -> None:
        """Have the work begin."""
        self._thread.start()

    def stop(self) -> None:
        """Have the capture end."""
        self._stop.is_asked = True

    def status(self) -> Status:
        """Tell how the capture stands."""
        now = self._situation
        return Status(
            has_ended=self._has_ended,
            now=None if now is None else now.time,
            situation=now,
            problems=self._problems + ((now.trouble,) if now is not None and now.trouble else ()),
            must_quit=self._stop.is_asked or is_gone(),
        )

    def _do(self) -> None:
        try:
            self._work()
            self.book.end()
        except BaseException as error:
            self._error = error
            self._problems = (clean(str(error)) or type(error).__name__,)
        self._has_ended = True
