"""The binding cache for people: who is registered where, at a moment."""

from __future__ import annotations

from msgspec.structs import replace
from rich.console import Console

from pmiptrace.analysis import Analysis, Change
from pmiptrace.cache import BindingCache
from pmiptrace.model import CaptureInfo, Report, Session
from pmiptrace.report.digest import Digest
from pmiptrace.report.page import Page
from pmiptrace.report.sections.bindings import write_compact, write_session
from pmiptrace.report.sections.captures import write_captures
from pmiptrace.report.sections.changes import write_changes
from pmiptrace.report.sections.verdict import write_silence
from pmiptrace.report.style import MUTED
from pmiptrace.report.times import Clock, TimeFormat
from pmiptrace.report.view import TextOptions, View
from pmiptrace.report.words import count, counted, tally

FEW = 20
"""Sessions that have a table each."""
_AT_ONCE = 500
"""Sessions, or changes, that share the widths of their columns."""


class ChangesPage:
    """Writes the changes of an analysis as they come, a table for every few hundred of them."""

    def __init__(self, console: Console, form: TimeFormat, analysis: Analysis) -> None:
        self._page = Page(console)
        self._form = form
        self._analysis = analysis
        self._waiting: list[Change] = []
        self._clock: Clock | None = None

    def add(self, change: Change) -> None:
        """Write a change, at once or with those that follow."""
        self._waiting.append(change)
        if len(self._waiting) >= _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what was held back."""
        if not self._waiting:
            return
        if self._clock is None:
            times = [change.transition.moment.time for change in self._waiting]
            known = [time for time in (self._analysis.started_at, *times) if time is not None]
            self._clock = Clock(self._form, known)
            self._page.heading("Changes", _zone(self._clock))
        write_changes(self._page, self._clock, self._waiting, self._analysis.capture_count)
        self._waiting.clear()

    def finish(self) -> None:
        """Write what was held back, and set it apart from what follows."""
        self.flush()
        if self._clock is not None:
            self._page.blank()


def render_cache(
    report: Report,
    cache: BindingCache,
    *,
    console: Console,
    time: TimeFormat = TimeFormat.UTC,
    with_changes: bool = False,
) -> None:
    """Write the cache; of `report` the captures, message counts and MAGs are used."""
    sessions = _sessions(cache)
    infos = report.captures
    if cache.at is not None:
        infos = tuple(_until(info, cache.at) for info in infos)
    shown = replace(report, sessions=sessions)
    shown = replace(shown, captures=infos)
    options = TextOptions(time=time, bindings=512)
    view = View(shown, Digest.of(shown), console, options)
    page = view.page
    write_captures(view)
    if not report.messages:
        write_silence(view)
        return
    moment = "at the end" if cache.at is None else f"at {view.clock.moment(cache.at, full=True)}"
    page.heading("Binding cache", f"{moment}, {view.clock.zone()}" if cache.at else moment)
    live = sum(entry.binding.state.is_live for entry in cache.entries)
    entries = counted(len(cache.entries), "binding")
    page.line(f"{entries} of {counted(len(sessions), 'session')}, {count(live)} live")
    if cache.gone:
        how = "" if with_changes else "; --changes tells how"
        page.line((f"no longer held: {tally(cache.gone)}{how}", MUTED))
    if not sessions:
        return
    page.blank()
    if len(sessions) > FEW:
        for first in range(0, len(sessions), _AT_ONCE):
            write_compact(view, sessions[first : first + _AT_ONCE])
        return
    for number, session in enumerate(sessions):
        if number:
            page.blank()
        write_session(view, session)


def _until(info: CaptureInfo, at: int) -> CaptureInfo:
    """Give what is known of a capture up to a moment; of one that begins later, all."""
    first, last = info.first_time, info.last_time
    if first is None or last is None or first > at:
        return info
    return replace(info, last_time=min(last, at))


def _sessions(cache: BindingCache) -> tuple[Session, ...]:
    """Give the sessions with no bindings but those of the cache."""
    found: dict[int, Session] = {}
    for entry in cache.entries:
        known = found.get(entry.session.id)
        bindings = (entry.binding,) if known is None else (*known.bindings, entry.binding)
        found[entry.session.id] = replace(entry.session, bindings=bindings)
    return tuple(found.values())


def _zone(clock: Clock) -> str:
    return clock.zone() if clock.day is None else f"{clock.day.isoformat()}, {clock.zone()}"
