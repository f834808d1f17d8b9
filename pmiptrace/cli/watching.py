"""What ``live`` does: captures, shows what happens, and reports in the end."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from io import TextIOWrapper
from time import monotonic_ns, time_ns
from typing import BinaryIO, Protocol, TypeVar, runtime_checkable

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.analysis import Event
from pmiptrace.capture.scanner import scanner
from pmiptrace.capture.source import STANDARD_INPUT
from pmiptrace.cli.reporting import JudgingRequest, Sieve
from pmiptrace.cli.run import perform, tell, tell_no_match
from pmiptrace.cli.stopping import Stop, stopping
from pmiptrace.cli.terminal import keyboard, require_full_screen
from pmiptrace.errors import CaptureError, UsageError
from pmiptrace.live.analysis import LiveAnalysis
from pmiptrace.live.dumpcap import PERMISSION, Capture, Drops, find_dumpcap, interfaces
from pmiptrace.live.feed import Feed
from pmiptrace.live.filter import FILTER
from pmiptrace.live.recording import Recording, Ring
from pmiptrace.model import SECOND, Finding, Problem, Report, Status
from pmiptrace.policy import Policy
from pmiptrace.report.as_document import unopened
from pmiptrace.report.digest import Digest
from pmiptrace.report.formats import ReportWriter, Target, format_named
from pmiptrace.report.live.situation import Situation
from pmiptrace.report.output import console, destination
from pmiptrace.report.text import render
from pmiptrace.report.view import TextOptions
from pmiptrace.report.words import count, counted, joined
from pmiptrace.rules.catalogue import catalogue
from pmiptrace.selection import Narrowing, Outcome, narrow_counts
from pmiptrace.selectors import selectors
from pmiptrace.settings import span

T = TypeVar("T")

PATIENCE = 0.2
"""Seconds after which to look up from an idle capture: what the clock brings about is not late."""
_REST = 5 * SECOND
"""Nanoseconds that a capture which was told to end may take to deliver the rest."""
_UNWRITTEN = 2
"""Exit code if the capture could not be kept to its end."""
_RING = re.compile(r"([1-9][0-9]{0,5}):([1-9][0-9]{0,6})")


class LiveRequest(JudgingRequest, frozen=True, kw_only=True):
    """What ``live`` is asked for."""

    interfaces: tuple[str, ...] = ()
    capture_filter: str | None = None
    buffer: int | None = None
    write: str | None = None
    ring: str | None = None
    duration: str | None = None
    until_finding: tuple[str, ...] = ()
    format: str = "text"
    extcap: tuple[str, ...] = ()
    tui: bool = False

    @property
    def reads_pipe(self) -> bool:
        """Whether somebody else captures; raises `UsageError` for what makes no sense with it."""
        if STANDARD_INPUT not in self.interfaces:
            return False
        if len(self.interfaces) > 1:
            raise UsageError("-i - stands alone: what is captured on interfaces has a pipe already")
        if self.capture_filter is not None or self.buffer is not None:
            raise UsageError("--filter and --buffer are for interfaces, not for a pipe")
        return True

    def capture(self) -> Capture | None:
        """Begin to capture; None for a pipe that is read here.

        Raises `UsageError` if what captures is not there, or for what makes no sense.
        """
        is_pipe, other = self.reads_pipe, self.other_engine()
        if other is not None:
            from pmiptrace.live.tshark import TsharkCapture

            return TsharkCapture(
                other,
                self.interfaces,
                self.capture_filter,
                buffer=self.buffer,
                extcap=self.extcap,
                pipe=_standard_input() if is_pipe else None,
            )
        if self.extcap:
            raise UsageError("--extcap needs --engine tshark")
        if is_pipe:
            return None
        return find_dumpcap().capture(
            self.interfaces, self.capture_filter or FILTER, buffer=self.buffer
        )

    def recording(self) -> Recording | None:
        """Begin to keep what is captured; raises `UsageError` if that is not possible."""
        if self.write is None:
            if self.ring is not None:
                raise UsageError("--ring needs -w FILE, from which its files have their names")
            return None
        if self.ring is None:
            return Recording(self.write)
        found = _RING.fullmatch(self.ring)
        if found is None:
            raise UsageError(f"--ring takes FILES:MB, as 20:100, not {self.ring!r}")
        return Recording(self.write, Ring(int(found[1]), int(found[2]) * 1_000_000))

    @property
    def length(self) -> int | None:
        """Nanoseconds after which to end; raises `UsageError` for what is no time."""
        if self.duration is None:
            return None
        length = span(self.duration)
        if not length:
            raise UsageError(
                f"--duration takes a time with its unit (10min), not {self.duration!r}"
            )
        return length


class View(Protocol):
    """Shows what happens."""

    def event(self, event: Event) -> object:
        """Take in what became known, if it is selected."""

    def refresh(self, situation: Situation) -> object:
        """Show how things stand."""


@runtime_checkable
class _OwnThread(Protocol):
    """A view that needs the thread of the program, so that the capture is followed in another."""

    def run(self, work: Callable[[], T]) -> T:
        """Have the work done, and give its result."""


def show_interfaces(request: LiveRequest) -> int:
    """List the interfaces of what captures; raises `UsageError` if that is missing or broken."""
    dumpcap, other = find_dumpcap(), request.other_engine()
    found = dumpcap.interfaces() if other is None else interfaces(other.tshark.path)
    width = max((len(each.name) for each in found), default=0)
    with destination(None) as stream:
        for each in found:
            line = f"{each.name:{width}}  {each.description}".rstrip()
            stream.write(line.encode(errors="backslashreplace") + b"\n")
    if not dumpcap.is_permitted:
        tell(f"{dumpcap.path} may not capture. {PERMISSION}")
    elif not found:
        tell(f"{dumpcap.path} has no interface to capture on. {PERMISSION}")
    return 0


def watch(request: LiveRequest) -> int:
    """Do what is asked for and give the exit code; raises `UsageError` if it makes no sense."""
    scanner()  # a wrong choice is told before anything is done
    if request.tui:
        if request.format != "text":
            raise UsageError(f"--tui shows a screen; it does not go with --format {request.format}")
        require_full_screen("pmiptrace live", reads_stdin=STANDARD_INPUT in request.interfaces)
    if not request.interfaces:
        raise UsageError("name an interface with -i; pmiptrace live --list shows what there is")
    return perform(
        (), None, lambda stream: _Watch(request, stream).run(), allow_empty=request.allow_empty
    )


def _standard_input() -> BinaryIO:
    """Give standard input without a buffer: a thread that waits in one keeps others from ending.

    Raises `UsageError` if nobody pipes anything into it.
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("-i - reads a pipe: tcpdump -U -w - ... | pmiptrace live -i -")
    return open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)


class _Watch:
    """One live capture, from its beginning to the report."""

    def __init__(self, request: LiveRequest, stream: BinaryIO) -> None:
        self._request = request
        self._stream = stream
        self._length = request.length
        self._until = selectors(request.until_finding, catalogue())
        self._selection = request.selection
        policy = Policy.of(request.configuration)
        chosen = request.configuration
        self._analysis = LiveAnalysis(
            dialect=chosen["dialect"],
            timers=chosen.settings.timers,
            options=chosen.settings.options,
            esp_null=request.decodes_esp,
        )
        self._follower = self._analysis.follower
        policy.attend(self._follower.mags, lambda: (self._feed.info.path,))
        self._narrowing = Narrowing(self._selection, self._follower.mags)
        self._outcome = LiveOutcome()
        self._sieve = Sieve(policy, self._narrowing, self._outcome)
        self._digest = Digest()
        self._writer: ReportWriter | None = None
        self._capture: Capture | None = None
        self._is_found = False
        """Whether a finding came at which the capture is to end."""

    def run(self) -> Outcome:
        """Capture until something ends it, then report."""
        request = self._request
        is_pipe = request.reads_pipe
        self._source = "standard input" if is_pipe else joined(request.interfaces)
        with ExitStack() as stack:
            self._capture = request.capture()
            if self._capture is not None:
                stack.callback(self._capture.close)
                stack.callback(self._capture.stop)
            stop = stack.enter_context(stopping())
            if request.tui:
                stack.enter_context(keyboard(reads_stdin=is_pipe))
            # Only once it captures: a file shall not be made for nothing.
            self._recording = request.recording()
            if self._recording is not None:
                stack.callback(self._recording.close)
            self._feed = Feed(
                _standard_input() if self._capture is None else self._capture.stream,
                "-" if is_pipe else self._source,
                every_frame=request.decodes_esp,
                recording=self._recording,
            )
            self._began, self._start = time_ns(), monotonic_ns()
            self._feed.start()
            with self._opened(stop) as view:

                def work() -> tuple[Report, _Ending]:
                    self._follow(view, stop)
                    ending = self._ended(view)
                    return self._conclude(view, ending), ending

                report, ending = view.run(work) if isinstance(view, _OwnThread) else work()
        return self._report(report, ending)

    # ------------------------------------------------------------------------- while it goes on

    @contextmanager
    def _opened(self, stop: Stop) -> Iterator[View]:
        """Open what shows what happens."""
        request, mags = self._request, self._follower.mags
        if request.tui:
            from pmiptrace.cli.full_screen import LiveView

            yield LiveView(
                self._source,
                self._follower,
                self._selection,
                self._analysis.dialects,
                stop,
                time=request.time,
                kept=self._file,
            )
        elif request.format == "jsonl":
            target = Target(stream=self._stream, live=True, mags=mags)
            self._writer = format_named("jsonl").open(target)
            yield _EventsAlone(self._writer)
        elif self._stream.isatty():
            from pmiptrace.report.live.screen import LiveScreen

            with console(None, self._stream) as page:
                screen = LiveScreen(
                    page,
                    request.time,
                    mags,
                    lambda: self._follower.sessions,
                    self._narrowing.change,
                )
                screen.open()
                try:
                    yield screen
                finally:
                    screen.close()
        else:
            from pmiptrace.report.live.lines import LiveLines

            # An encoding that lacks a character shall not end the capture.
            if isinstance(sys.stdout, TextIOWrapper):
                sys.stdout.reconfigure(errors="backslashreplace")
            yield LiveLines(sys.stdout, request.time, mags)

    def _follow(self, view: View, stop: Stop) -> None:
        """Take what comes, and let time go by, until something ends it."""
        feed, analysis = self._feed, self._analysis
        while not (stop.is_asked or feed.has_ended or self._is_found or self._is_over):
            for arrival in feed.take(PATIENCE):
                self._take(view, analysis.arrived(arrival))
            if feed.is_dry:
                self._take(view, analysis.passed(monotonic_ns()))
            view.refresh(self._situation())

    def _ended(self, view: View) -> _Ending:
        """Have the capture end and take the rest; from a pipe, what is there already."""
        feed, capture = self._feed, self._capture
        if capture is not None and not feed.has_ended:
            capture.stop()
        end = monotonic_ns() + _REST
        while not feed.has_ended and monotonic_ns() < end:
            arrivals = feed.take(PATIENCE)
            for arrival in arrivals:
                self._take(view, self._analysis.arrived(arrival))
            if capture is None and not arrivals:
                break
        if capture is None:
            return _Ending(lost=feed.drops or 0)
        faults, drops = capture.close()
        if feed.error is not None and not faults:
            faults = (f"{self._source}: it ended before anything was captured",)
        lost = feed.drops or 0 if drops is None else drops.kernel + drops.dumpcap
        return _Ending(faults, drops, lost)

    @property
    def _is_over(self) -> bool:
        return self._length is not None and monotonic_ns() - self._start >= self._length

    def _take(self, view: View, events: Iterable[Event]) -> None:
        """Show events, those that are selected."""
        for event in events:
            chosen = self._sieve.event(event)
            if chosen is None:
                continue
            if isinstance(chosen, Finding):
                self._is_found |= self._is_awaited(chosen)
            if self._writer is None:
                self._digest.add(chosen)
            view.event(chosen)

    def _is_awaited(self, finding: Finding) -> bool:
        return (
            any(selector.means(finding) for selector in self._until)
            and finding.suppression is None
            and finding.status is not Status.INCONCLUSIVE
        )

    @property
    def _file(self) -> str | None:
        """What is captured, as one file that can be analyzed again; None if there is none."""
        recording, is_ring = self._recording, self._request.ring is not None
        return None if recording is None or is_ring else recording.path

    def _situation(self) -> Situation:
        recording = self._recording
        return Situation(
            source=self._source,
            began=self._began,
            elapsed=monotonic_ns() - self._start,
            time=self._analysis.time,
            packets=self._feed.info.packets,
            messages=self._follower.messages_by_type.total(),
            drops=self._feed.drops,
            recording=None if recording is None else recording.path,
            recorded=0 if recording is None else recording.octets,
            trouble=None if recording is None else recording.problem,
        )

    # --------------------------------------------------------------------------------- the end

    def _conclude(self, view: View, ending: _Ending) -> Report:
        """Show what the end settles; give what is known of the whole."""
        feed = self._feed
        if feed.fault is not None:
            raise feed.fault
        info = feed.info
        if feed.error is not None:
            reason = ending.faults[0] if ending.faults else feed.error.reason
            info = unopened(CaptureError(info.path, reason))
        elif self._file is not None:
            info = replace(info, path=self._file)
        if ending.lost:
            text = f"{counted(ending.lost, 'packet')} dropped while capturing"
            info = replace(info, problems=(*info.problems, Problem("drops", text)))
        self._take(view, self._analysis.conclude(info, feed.esp_frames))
        return narrow_counts(self._analysis.overview(), self._selection)

    def _report(self, report: Report, ending: _Ending) -> Outcome:
        """Write the report, and tell how the capture went."""
        feed, selected, recording = self._feed, self._selection, self._recording
        if self._writer is not None:
            self._writer.finish(report)
        elif feed.error is None:
            options = TextOptions(
                time=self._request.time,
                narrowness=selected.narrowness,
                advice=self._file is not None,
            )
            with console(None, self._stream) as page:
                render(report, console=page, options=options, digest=self._digest)
        if ending.faults:
            for fault in ending.faults:
                tell(fault)
        elif feed.error is not None:
            tell(str(feed.error))
        if feed.error is None and ending.drops is not None:
            tell(f"{self._source}: {_lost(ending.drops)}")
        if recording is not None and recording.problem is not None:
            tell(f"{recording.problem}; what was captured before is kept")
        if selected.is_narrow and not self._sieve.has_matched and report.messages:
            tell_no_match(selected)
        outcome = self._outcome
        outcome.unopened = bool(ending.faults) or feed.error is not None
        outcome.failed |= self._is_found
        outcome.messages = report.messages
        outcome.unwritten = recording is not None and recording.problem is not None
        return outcome


def _lost(drops: Drops) -> str:
    """Say how many packets were lost, and by whom."""
    if not drops.kernel and not drops.dumpcap:
        return "no packet was dropped"
    kernel, dumpcap = count(drops.kernel), count(drops.dumpcap)
    return (
        f"packets dropped: {kernel} by the kernel, {dumpcap} by dumpcap; --buffer gives more room"
    )


class _Ending(Struct, frozen=True):
    """What whoever captured said in the end."""

    faults: tuple[str, ...] = ()
    drops: Drops | None = None
    lost: int = 0
    """Packets lost in all, as far as that is known."""


class LiveOutcome(Outcome, kw_only=True):
    """What the exit code of a live capture depends on."""

    unwritten: bool = False
    """Whether the capture could not be kept to its end."""

    def exit_code(self, *, allow_empty: bool = False) -> int:
        """Give the exit code: 2 before all others if the capture could not be kept."""
        return _UNWRITTEN if self.unwritten else super().exit_code(allow_empty=allow_empty)


class _EventsAlone:
    """Hands events to the writer of a report, and shows nothing else."""

    def __init__(self, writer: ReportWriter) -> None:
        self.event = writer.event

    def refresh(self, situation: Situation) -> None:
        """Do nothing."""
