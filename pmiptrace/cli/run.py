"""What the commands that read captures have in common: what they are asked for, how they end.

Standard output carries the result alone. All else goes to standard error, a line each.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from msgspec import Struct

from pmiptrace.analysis import Analysis, Event
from pmiptrace.capture.files import refuse_to_overwrite
from pmiptrace.configuration import Configuration, configure
from pmiptrace.errors import PmiptraceError, UsageError
from pmiptrace.reading import useful_jobs
from pmiptrace.report.escaping import clean
from pmiptrace.report.logs import obeyed_by_none
from pmiptrace.report.output import Outlet, outlet
from pmiptrace.report.times import TimeFormat
from pmiptrace.selection import Outcome, Pattern, Selection

if TYPE_CHECKING:
    from pmiptrace.tshark.engine import TsharkEngine

READER_GONE = 141
"""128 + SIGPIPE, as a shell reports a filter that lost its reader."""


class Request(Struct, frozen=True, kw_only=True, dict=True):
    """What the command line asks for, as it was written there."""

    given: Mapping[str, object] = {}
    """What it says of the keys of a configuration (`pmiptrace.configuration.configure`)."""
    engine: str = "own"
    """``own``, or ``tshark``, which reads the captures then."""
    esp_sa: tuple[str, ...] = ()
    esp_null: bool = False
    config: str | None = None
    isolated: bool = False
    mobile_node: str | None = None
    mag: str | None = None
    lma: str | None = None

    @cached_property
    def configuration(self) -> Configuration:
        """What applies; raises `UsageError` for what makes no sense."""
        return configure(self.given, file=self.config, isolated=self.isolated)

    @property
    def time(self) -> TimeFormat:
        """How text writes times."""
        return self.configuration.time

    @property
    def allow_empty(self) -> bool:
        """Whether captures without any signalling are no failure."""
        allowed: bool = self.configuration["allow-empty"]
        return allowed

    @property
    def decodes_esp(self) -> bool:
        """Whether this program itself looks into ESP that is not encrypted."""
        return self.esp_null and self.engine == "own"

    @property
    def selection(self) -> Selection:
        """What of the captures is shown."""
        return Selection(
            mobile_node=_pattern(self.mobile_node), mag=_pattern(self.mag), lma=_pattern(self.lma)
        )

    def analysis(self, captures: Sequence[str], **how: Any) -> Analysis:
        """Prepare to read captures; raises `UsageError` for a setting that makes no sense."""
        chosen = self.configuration.settings
        return Analysis(
            captures,
            dialect=self.configuration["dialect"],
            engine=self.other_engine(),
            esp_null=self.decodes_esp,
            timers=chosen.timers,
            options=chosen.options,
            jobs=self.configuration["jobs"] or useful_jobs(),
            **how,
        )

    def other_engine(self) -> TsharkEngine | None:
        """Give what reads the captures in place of this program; None if nothing does.

        Raises `UsageError` if it is not there, or for keys that make no sense.
        """
        if self.engine == "own":
            if self.esp_sa:
                raise UsageError("--esp-sa needs --engine tshark, which decrypts")
            return None
        from pmiptrace.tshark.engine import TsharkEngine, security_associations
        from pmiptrace.tshark.program import find_tshark

        try:
            known = security_associations(self.esp_sa)
        except UsageError as error:
            raise UsageError(f"--esp-sa: {error}") from error
        return TsharkEngine(find_tshark(), known, self.esp_null)


class ViewRequest(Request, frozen=True, kw_only=True):
    """The same of commands that write one thing."""

    format: str = "text"
    output: str | None = None
    """A file; None for standard output."""


class CapturesRequest(ViewRequest, frozen=True, kw_only=True):
    """The same of those whose arguments are captures only."""

    captures: tuple[str, ...]

    def perform(self, work: Callable[[BinaryIO], Outcome]) -> int:
        """Have the result written and give the exit code, as `perform` does."""
        return perform(self.captures, self.output, work, allow_empty=self.allow_empty)


def _pattern(text: str | None) -> Pattern | None:
    return None if text is None else Pattern(text)


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

    def alone(outlets: Sequence[Outlet]) -> Outcome:
        (only,) = outlets
        return work(only.stream)

    return perform_all(captures, (output,), alone, allow_empty=allow_empty)


def perform_all(
    captures: Iterable[str],
    outputs: Sequence[str | None],
    work: Callable[[Sequence[Outlet]], Outcome],
    *,
    allow_empty: bool = False,
) -> int:
    """Do the same for several outputs of one work: if one cannot be written, no file appears."""
    try:
        refuse_to_overwrite(captures, outputs)
        with ExitStack() as opened:
            outlets = [opened.enter_context(outlet(output)) for output in outputs]
            result = work(outlets)
            # Files take their places one by one: whatever may still fail comes before the first.
            for output, each in zip(outputs, outlets, strict=True):
                if output is not None:
                    each.stream.flush()
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
    if result.unread:
        silence_stdout()
        return READER_GONE
    return result.exit_code(allow_empty=allow_empty)


def tell_end(analysis: Analysis) -> None:
    """Tell on standard error which captures could not be opened, and of an interruption."""
    for error in analysis.errors:
        tell(str(error))
    if analysis.interrupted:
        tell("interrupted; the report covers what was read until then")


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
        print(f"pmiptrace: {obeyed_by_none(clean(text))}", file=sys.stderr)


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
    try:
        sys.stdout.flush()
    except OSError:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
