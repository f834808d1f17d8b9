"""What ``bindings``, ``stats`` and ``timeline`` do: read captures, show a view of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from msgspec.structs import replace

from pmiptrace.analysis import Analysis, Change, Event
from pmiptrace.cache import BindingCache, CacheBuilder
from pmiptrace.cli.progress import progress
from pmiptrace.cli.run import CapturesRequest, follow, tell, tell_end, tell_fault, tell_no_match
from pmiptrace.errors import PmiptraceError
from pmiptrace.instant import instant
from pmiptrace.model import CaptureInfo, Exchange, Finding, Problem, Report, Session
from pmiptrace.policy import Policy
from pmiptrace.report.as_document import with_unopened
from pmiptrace.report.digest import Digest
from pmiptrace.report.output import console
from pmiptrace.report.times import rfc3339
from pmiptrace.selection import Narrowing, Outcome
from pmiptrace.statistics import Collector


class _Reading:
    """An analysis on its way: what it says of its captures, and how it went."""

    def __init__(self, request: CapturesRequest, analysis: Analysis) -> None:
        self.analysis = analysis
        self._paths = request.captures
        self._selection = request.selection
        self._infos: list[CaptureInfo] = []
        self._is_faulty = False

    def follow(self, take: Callable[[Event], object]) -> None:
        """Hand all events on. A fault in this program ends them, and is told with the captures."""

        def event(event: Event) -> None:
            if isinstance(event, CaptureInfo):
                self._infos.append(event)
            take(event)

        try:
            follow(self.analysis, event)
        except (OSError, PmiptraceError):
            raise
        except Exception as fault:
            problem = Problem("internal-error", tell_fault(fault))
            self._is_faulty = True
            self._infos = [CaptureInfo(path=path, problems=(problem,)) for path in self._paths]

    @property
    def messages(self) -> int:
        """How many messages there were, selected or not."""
        return self.analysis.messages_by_type.total()

    @property
    def captures(self) -> tuple[CaptureInfo, ...]:
        """The captures, those that could not be opened last."""
        opened = Report(captures=tuple(self._infos))
        return with_unopened(opened, self.analysis.errors).captures

    @property
    def report(self) -> Report:
        """What pages say of captures, in a report that has nothing else."""
        return Report(
            captures=self.captures,
            messages=self.messages,
            messages_by_type=dict(self.analysis.messages_by_type.most_common()),
            mags=dict(self.analysis.mags),
            interrupted=self.analysis.interrupted,
        )

    def outcome(self, *, is_empty: bool) -> Outcome:
        """Tell how it went; `is_empty` says that nothing was left to show."""
        if is_empty and self._selection.is_narrow and self.messages:
            tell_no_match(self._selection)
        tell_end(self.analysis)
        return Outcome(
            unopened=bool(self.analysis.errors),
            messages=self.messages,
            interrupted=self.analysis.interrupted,
            faulty=self._is_faulty,
        )


# --------------------------------------------------------------------------------- bindings


def show_bindings(request: CapturesRequest, *, at: str | None, changes: bool) -> int:
    """Show the binding cache at a moment, by default the end; with `changes`, how it came about.

    Raises `UsageError` for arguments that make no sense.
    """
    until = None if at is None else instant(at)

    def work(stream: BinaryIO) -> Outcome:
        with progress(wanted=not (changes and stream.isatty())) as told:
            analysis = request.analysis(request.captures, progress=told, until=until, judge=False)
            return _Bindings(request, analysis, stream, changes).show()

    return request.perform(work)


class _Bindings:
    def __init__(
        self, request: CapturesRequest, analysis: Analysis, stream: BinaryIO, changes: bool
    ) -> None:
        self._request = request
        self._analysis = analysis
        self._reading = _Reading(request, analysis)
        self._stream = stream
        self._with_changes = changes
        self._builder = CacheBuilder(request.selection, analysis.mags)

    def show(self) -> Outcome:
        """Read the captures and write the view."""
        if self._request.format == "text":
            cache = self._show_text()
        else:
            cache = self._show_json(lines=self._request.format == "jsonl")
        self._tell_moment()
        return self._reading.outcome(is_empty=not (cache.entries or cache.gone))

    def _tell_moment(self) -> None:
        """Tell if the moment asked for is none of the captures'."""
        asked, start = self._analysis.asked_for, self._analysis.started_at
        times = (info.last_time for info in self._reading.captures)
        end = max((time for time in times if time is not None), default=None)
        if asked is not None and end is not None and asked > end:
            tell(f"note: the captures end at {rfc3339(end)}, before the moment asked for")
        if asked is not None and start is not None and asked < start:
            tell(f"note: the captures begin at {rfc3339(start)}, after the moment asked for")

    def _follow(self, take: Callable[[Change], object]) -> BindingCache:
        """Read the captures; hand changes on if they are wanted."""

        def event(event: Event) -> None:
            if self._builder.event(event) and self._with_changes:
                assert isinstance(event, Change)
                take(event)

        self._reading.follow(event)
        return self._builder.cache(self._analysis.ended_at)

    def _show_text(self) -> BindingCache:
        from pmiptrace.report.cache_page import ChangesPage, render_cache

        request = self._request
        with console(request.output, self._stream) as page:
            changes = ChangesPage(page, request.time, self._analysis)
            cache = self._follow(changes.add)
            changes.finish()
            render_cache(
                self._reading.report,
                cache,
                console=page,
                time=request.time,
                with_changes=self._with_changes,
            )
        return cache

    def _show_json(self, *, lines: bool) -> BindingCache:
        from pmiptrace.report.cache import cache_lines, cache_octets, cache_summary, change_line

        reading, mags = self._reading, self._analysis.mags
        collected: list[Change] = []

        live = "-" in self._request.captures or self._stream.isatty()

        def write(change: Change) -> None:
            self._stream.write(change_line(change, mags))
            if live:
                self._stream.flush()

        cache = self._follow(write if lines else collected.append)
        interrupted = self._analysis.interrupted
        summary = cache_summary(cache, reading.messages, interrupted=interrupted)
        if lines:
            self._stream.writelines(cache_lines(cache, summary, reading.captures, mags))
        else:
            changes = collected if self._with_changes else None
            self._stream.write(cache_octets(cache, summary, reading.captures, changes, mags))
        return cache


# ------------------------------------------------------------------------------------ stats


def show_stats(request: CapturesRequest) -> int:
    """Add up captures; raises `UsageError` for arguments that make no sense."""
    return request.perform(lambda stream: _show_stats(request, stream))


def _show_stats(request: CapturesRequest, stream: BinaryIO) -> Outcome:
    with progress() as told:
        analysis = request.analysis(request.captures, progress=told, judge=False)
        reading = _Reading(request, analysis)
        collector = Collector(request.selection, analysis.mags)
        reading.follow(collector.event)
    found = collector.statistics(analysis.ended_at)
    if request.format == "json":
        from pmiptrace.report.stats import stats_document, stats_octets

        interrupted, messages = analysis.interrupted, reading.messages
        document = stats_document(
            found, reading.captures, messages=messages, interrupted=interrupted
        )
        stream.write(stats_octets(document))
    else:
        from pmiptrace.report.stats_page import render_stats

        with console(request.output, stream) as page:
            render_stats(reading.report, found, console=page, time=request.time)
    return reading.outcome(is_empty=not found.messages)


# --------------------------------------------------------------------------------- timeline


def show_timeline(request: CapturesRequest, *, limit: int | None) -> int:
    """Draw the timelines of up to `limit` sessions, as SVG if the file is named so.

    Raises `UsageError` for arguments that make no sense.
    """
    from pmiptrace.report.timeline import CLOSE, TimelineOptions, render_timeline, timeline_svg

    options = TimelineOptions() if request.mobile_node is None else CLOSE
    options = replace(options, time=request.time, sessions=limit or options.sessions)
    policy = Policy.of(request.configuration)

    def work(stream: BinaryIO) -> Outcome:
        digest = Digest()
        with progress() as told:
            analysis = request.analysis(request.captures, progress=told)
            reading = _Reading(request, analysis)
            policy.attend(analysis.mags, lambda: analysis.paths)
            chosen = Narrowing(request.selection, analysis.mags)

            def take(event: Event) -> None:
                event = policy.event(event)
                if not isinstance(event, Exchange | Finding | Session) or chosen.part(event):
                    digest.add(event)

            reading.follow(take)
        report = reading.report
        if request.output is not None and request.output.lower().endswith(".svg"):
            stream.write(timeline_svg(report, digest, options).encode())
        else:
            with console(request.output, stream) as page:
                render_timeline(report, digest, console=page, options=options)
        return reading.outcome(is_empty=not (digest.session_totals.count or digest.totals.count))

    return request.perform(work)
