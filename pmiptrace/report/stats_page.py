"""Statistics for people: tables of latencies and counts, and the signalling rate as a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from rich.console import Console
from rich.text import Text

from pmiptrace.address import address_text
from pmiptrace.model import SECOND, Report
from pmiptrace.report.digest import Digest
from pmiptrace.report.lanes import Scale
from pmiptrace.report.page import Column
from pmiptrace.report.sections.captures import write_captures
from pmiptrace.report.sections.verdict import write_silence
from pmiptrace.report.stats import advice, rejection_name
from pmiptrace.report.style import BAD, DOUBTFUL, MUTED, STRONG
from pmiptrace.report.times import TimeFormat, duration
from pmiptrace.report.view import TextOptions, View
from pmiptrace.report.words import count, counted, joined, mag_name, tally, word
from pmiptrace.statistics import Interval, RateOverTime, Statistics
from pmiptrace.statistics.quantiles import Quantiles
from pmiptrace.wire.codes import ACCESS_TECHNOLOGY_SHORT

K = TypeVar("K")

_MAGS = 10
"""MAGs and LMAs that have a row each."""
_WIDEST = 120
_BARS = " ▁▂▃▄▅▆▇█"
_PLAIN_BARS = " .:-=+*#@"
_BAR = 30
"""Columns of the bar for the whole."""
_LABELS = 12

_LATENCY = (
    Column(),
    Column("answers", "answers", right=True),
    Column("median", "median", right=True),
    Column("95 %", "95 %", right=True),
    Column("99 %", "99 %", right=True),
    Column("max", "max", right=True),
    Column("slowest", "slowest at", lower=1),
)
_REQUESTS = (
    Column(),
    Column("requests", "requests", right=True),
    Column("accepted", "accepted", right=True),
    Column("rejected", "rejected", right=True),
    Column("unanswered", "unanswered", right=True),
    Column("repeats", "repeats", right=True),
    Column("remarks"),
)


def render_stats(
    report: Report, found: Statistics, *, console: Console, time: TimeFormat = TimeFormat.UTC
) -> None:
    """Write statistics; of `report` the captures and message counts are used."""
    view = View(report, Digest.of(report), console, TextOptions(time=time))
    write_captures(view)
    if not report.messages:
        write_silence(view)
        return
    if not found.messages:
        view.page.blank()
        view.page.line(("No message", DOUBTFUL), " of what was selected.")
        return
    _write_latencies(view, found)
    _write_handovers(view, found)
    _write_requests(view, found)
    _write_rejections(view, found)
    _write_rate(view, found.rate)
    _write_paths(view, found)


# ---------------------------------------------------------------------------------- latency


def _write_latencies(view: View, found: Statistics) -> None:
    page, measured = view.page, found.latencies
    page.heading("Latency", "from a request to the answer that accepts it")
    if not measured.by_kind:
        page.line("no exchange of which both sides were captured", indent=2)
    rows = []
    if measured.registration.count:
        rows.append(_latency(view, page.text(("registration", STRONG)), measured.registration))
    kinds = [(kind.value, value) for kind, value in _by_count(measured.by_kind)]
    rows += _group(view, "by kind", kinds)
    access = [(_access_name(number), value) for number, value in _by_count(measured.by_access)]
    if len(access) > 1 or any(number is not None for number in measured.by_access):
        rows += _group(view, "by access", access)
    lmas = [
        (address_text(lma) if lma else "others", value) for lma, value in _slowest(measured.by_lma)
    ]
    rows += _group(view, "by LMA", lmas, least=2)
    mags = [
        (mag_name(found.mags.get(mag)) or "others", value)
        for mag, value in _slowest(measured.by_mag)
    ]
    rows += _group(view, "by MAG", mags, least=2)
    if rows:
        page.table(_LATENCY, rows, 2)
    if not measured.registration.is_exact:
        page.line(("above 1000 answers percentiles are within 1 %", MUTED), indent=2)
    excluded = measured.excluded
    parts = (
        (excluded.retransmitted, "retransmitted"),
        (excluded.rejected, "rejected"),
        (excluded.one_sided, "without request"),
        (excluded.uncertain, "not surely paired"),
        (excluded.without_time, "without usable times"),
    )
    left = joined(f"{count(number)} {name}" for number, name in parts if number)
    if left:
        page.line((f"answers left out: {left}", MUTED), indent=2)


def _group(
    view: View, title: str, measured: Sequence[tuple[str, Quantiles]], *, least: int = 1
) -> list[list[Text]]:
    """Give the rows of a group, under its title, if it has so many."""
    if len(measured) < least:
        return []
    rows = [[view.page.text((title, MUTED)), *(Text() for _ in _LATENCY[1:])]]
    shown = measured[:_MAGS]
    rows += [_latency(view, view.page.text(f"  {name}"), value) for name, value in shown]
    if len(measured) > len(shown):
        more = f"  … and {count(len(measured) - len(shown))} more, faster"
        rows.append([view.page.text((more, MUTED)), *(Text() for _ in _LATENCY[1:])])
    return rows


def _latency(view: View, name: Text, measured: Quantiles) -> list[Text]:
    page = view.page
    values = [measured.percentile(percent) for percent in (50, 95, 99)]
    slowest = measured.slowest
    return [
        name,
        page.text(count(measured.count)),
        *(page.text("" if v is None else duration(v)) for v in (*values, measured.maximum)),
        page.text("" if slowest is None else (view.frame(slowest), MUTED)),
    ]


def _by_count(table: Mapping[K, Quantiles]) -> list[tuple[K, Quantiles]]:
    return sorted(table.items(), key=lambda item: -item[1].count)


def _slowest(table: Mapping[K, Quantiles]) -> list[tuple[K, Quantiles]]:
    return sorted(table.items(), key=lambda item: -(item[1].percentile(95) or 0))


def _access_name(number: int | None) -> str:
    if number is None:
        return "not named"
    return ACCESS_TECHNOLOGY_SHORT.get(number, f"ATT {number}")


def _write_handovers(view: View, found: Statistics) -> None:
    page, handovers = view.page, found.handovers
    if not handovers.count:
        return
    parts = [
        f"{count(handovers.gap.count)} after a gap" if handovers.gap.count else "",
        f"{count(handovers.seamless)} with the old path still up" if handovers.seamless else "",
        f"{count(handovers.unknown)} whose old path was not seen to end"
        if handovers.unknown
        else "",
    ]
    page.heading("Handovers", f"{count(handovers.count)}: {joined(filter(None, parts))}")
    rows = []
    if handovers.signalling.count:
        rows.append(_latency(view, page.text("PBU to PBA"), handovers.signalling))
    if handovers.gap.count:
        rows.append(_latency(view, page.text("old path down to new one up"), handovers.gap))
    if rows:
        page.table(_LATENCY, rows, 2)


# --------------------------------------------------------------------------------- requests


def _write_requests(view: View, found: Statistics) -> None:
    page = view.page
    if not found.kinds:
        return
    page.heading("Requests", "PBUs and others by kind")
    kinds = sorted(found.kinds.values(), key=lambda kind: (-kind.count, kind.kind.value))
    rows = []
    for kind in kinds:
        remarks = (
            (kind.open, "still open at the end"),
            (kind.late, "answered late"),
            (kind.unmatched, "answers without request"),
        )
        rows.append(
            [
                page.text(kind.kind.value),
                page.text(count(kind.count)),
                page.text(_some(kind.accepted)),
                page.text((_some(kind.rejected), BAD if kind.rejected else "")),
                page.text((_some(kind.unanswered), DOUBTFUL if kind.unanswered else "")),
                page.text((_some(kind.retransmissions), DOUBTFUL if kind.retransmissions else "")),
                page.text((joined(f"{count(n)} {name}" for n, name in remarks if n), MUTED)),
            ]
        )
    page.table(_REQUESTS, rows, 2)


def _some(number: int) -> str:
    return count(number) if number else "-"


def _write_rejections(view: View, found: Statistics) -> None:
    page = view.page
    if not found.rejections:
        return
    total = sum(rejection.count for rejection in found.rejections)
    page.heading("Rejections", count(total))
    for rejection in found.rejections:
        meaning, remedy = advice(rejection)
        status = f"{rejection.message} {rejection.code} {rejection_name(rejection)}"
        facts = [f"{count(rejection.mags)} {word(rejection.mags, 'MAG')}"]
        if rejection.first is not None:
            facts.append(f"first {view.frame(rejection.first)}")
        page.line(
            f"{count(rejection.count)} x ", (status, BAD), (f"  {joined(facts)}", MUTED), indent=2
        )
        if meaning:
            page.line(("cause  ", MUTED), meaning, indent=6, hang=7)
        if remedy:
            page.line(("do     ", MUTED), remedy, indent=6, hang=7)


# ------------------------------------------------------------------------------------- rate


def _write_rate(view: View, rate: RateOverTime) -> None:
    page, peak = view.page, rate.peak
    if peak is None:
        return
    columns = min(page.width - 4, _WIDEST)
    step = -(-len(rate.intervals) // columns)
    width = rate.width * step
    page.heading("Signalling", f"messages in each {duration(width)}")
    sums = [
        sum(interval.messages for interval in group) for group in _grouped(rate.intervals, step)
    ]
    scale = max(-(-columns // len(sums)), 1)
    scale = scale if scale * len(sums) <= columns else columns // len(sums)
    scale = min(max(scale, 1), 8)
    axis = Scale(0, width * len(sums), len(sums) * scale)
    for line in axis.ruler(_LABELS):
        page.line((line, MUTED), indent=2)
    bars = "".join(bar * scale for bar in _bars(sums, page.ascii))
    page.line((bars, "green"), indent=2)
    per_second = peak.messages * SECOND / rate.width
    page.line(
        "peak ",
        (counted(peak.messages, "message"), STRONG),
        f" in {duration(rate.width)} from {_round(view.clock.moment(peak.start))}: "
        f"{count(peak.requests)} PBU, {count(peak.replies)} PBA, {_rounded(per_second)}/s",
        indent=2,
    )


def _grouped(intervals: Sequence[Interval], step: int) -> Iterator[Sequence[Interval]]:
    for first in range(0, len(intervals), step):
        yield intervals[first : first + step]


def _bars(sums: Iterable[int], plain: bool) -> Iterator[str]:
    """Give a bar for each number, a blank for 0 alone."""
    known = list(sums)
    signs = _PLAIN_BARS if plain else _BARS
    most = max(known, default=1) or 1
    for number in known:
        yield signs[0 if not number else max(1, -(-number * (len(signs) - 1) // most))]


def _round(moment: str) -> str:
    """Leave out the fraction of a time that has none."""
    return moment.rstrip("0").rstrip(".") if "." in moment else moment


def _rounded(number: float) -> str:
    return count(round(number)) if number >= 100 else f"{number:.3g}"


# ------------------------------------------------------------------------------------ paths


def _write_paths(view: View, found: Statistics) -> None:
    page, paths = view.page, found.paths
    sessions = sum(paths.modes.values())
    if not sessions:
        return
    page.heading("Paths", f"{counted(sessions, 'session')}: {tally(paths.modes)}")
    total, time = sum(paths.sessions.values()), sum(paths.time.values())
    if not total:
        page.line("no session had a path", indent=2)
        return
    rows = []
    for number in sorted({*paths.sessions, *paths.time}):
        share = paths.time[number] / time if time else 0
        bar = ("#" if page.ascii else "━") * round(share * _BAR)
        rows.append(
            [
                page.text((str(number), STRONG)),
                page.text(
                    counted(paths.sessions[number], "session") if paths.sessions[number] else "-"
                ),
                page.text("-" if not paths.time[number] else duration(paths.time[number])),
                page.text(f"{share:.1%}" if time else "-"),
                page.text((bar, "green")),
            ]
        )
    page.table(
        (
            Column("paths", "paths", right=True),
            Column("most at once", "most at once in", right=True),
            Column("time", "time", right=True),
            Column("share", "share", right=True),
            Column(),
        ),
        rows,
        2,
    )
