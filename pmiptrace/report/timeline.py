"""The timeline: for each mobile node its bindings over time, and its call flow as a ladder."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from rich.console import Console

from pmiptrace.address import address_text
from pmiptrace.model import Report, Session
from pmiptrace.report.digest import Digest
from pmiptrace.report.ladder import ladder
from pmiptrace.report.sections.captures import write_captures
from pmiptrace.report.sections.ladder import write_ladder
from pmiptrace.report.sections.timeline import write_lanes
from pmiptrace.report.sections.verdict import write_silence
from pmiptrace.report.style import DOUBTFUL, MUTED, STRONG
from pmiptrace.report.svg import document, heading, ladder_picture, lanes_picture
from pmiptrace.report.times import Clock, TimeFormat
from pmiptrace.report.view import TextOptions, View, known_times
from pmiptrace.report.words import counted, networks, node_name

_NARROW = 100
"""Columns of a page below which times are written with microseconds at most."""


_NOBODY = "No mobile node to draw"


class TimelineOptions(Struct, frozen=True, kw_only=True):
    """How much is shown of what, and how its times are written."""

    time: TimeFormat = TimeFormat.UTC
    sessions: int = 5
    exchanges: int = 40
    """Per session; refreshes that follow each other count as one."""
    bindings: int = 12
    """Lanes per session."""


CLOSE = TimelineOptions(sessions=20, exchanges=200, bindings=40)
"""For a closer look, at one mobile node."""


def render_timeline(
    report: Report, digest: Digest, *, console: Console, options: TimelineOptions
) -> None:
    """Write the timeline as a page; the sessions with the gravest findings come first.

    `digest` was made while the analysis went on; of `report` captures, counts and MAGs are used.
    """
    view = View(report, digest, console, TextOptions(time=options.time, bindings=options.bindings))
    page = view.page
    write_captures(view)
    if not report.messages:
        write_silence(view)
        return
    shown = digest.notable_sessions(options.sessions)
    clock = view.clock
    if page.width < _NARROW:
        clock = Clock(options.time, (time // 1000 * 1000 for time in known_times(report, digest)))
    if not shown:
        page.blank()
        page.line((_NOBODY, DOUBTFUL))
    for session in shown:
        page.heading(node_name(session), _day(clock))
        page.items([page.text((fact, MUTED)) for fact in facts(session)])
        page.blank()
        write_lanes(view, session, labels=True)
        page.blank()
        write_ladder(page, clock, ladder(report, digest, session, limit=options.exchanges))
    for advice in _left_out(digest, shown):
        page.blank()
        page.line((advice, STRONG))


def timeline_svg(report: Report, digest: Digest, options: TimelineOptions) -> str:
    """Give the timeline as an SVG file."""
    clock = Clock(options.time, known_times(report, digest))
    shown = digest.notable_sessions(options.sessions)
    pictures = []
    for session in shown:
        pictures.append(heading(node_name(session), (*facts(session), _day(clock))))
        lanes = lanes_picture(session, digest.end, clock, limit=options.bindings)
        if lanes is not None:
            pictures.append(lanes)
        found = ladder(report, digest, session, limit=options.exchanges)
        pictures.append(ladder_picture(found, clock))
    pictures += [heading(text, ()) for text in _left_out(digest, shown)]
    if not shown:
        pictures.append(heading(_NOBODY, ()))
    return document(pictures, _title(digest, shown))


def facts(session: Session) -> Iterator[str]:
    """Give what is to be said of a session besides its name."""
    if session.mode.value != "unknown":
        yield session.mode.value
    yield f"LMA {address_text(session.lma)}"
    yield networks(session)
    if session.partial:
        yield "its beginning was not captured"


def _left_out(digest: Digest, shown: tuple[Session, ...]) -> Iterator[str]:
    rest = digest.session_totals.count - len(shown)
    if rest:
        yield (
            f"… and {counted(rest, 'more session')}; "
            "--mobile-node NAME shows one, --limit N that many"
        )


def _day(clock: Clock) -> str:
    return clock.zone() if clock.day is None else f"{clock.day.isoformat()}, {clock.zone()}"


def _title(digest: Digest, shown: tuple[Session, ...]) -> str:
    if len(shown) == 1:
        return f"Timeline of {node_name(shown[0])}"
    return f"Timelines of {counted(len(shown), 'session')} of {digest.session_totals.count}"
