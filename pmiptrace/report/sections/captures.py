"""What was captured."""

from __future__ import annotations

from collections.abc import Iterator

from pmiptrace.model import CaptureInfo
from pmiptrace.plugins import plugins
from pmiptrace.report.page import Part
from pmiptrace.report.style import DOUBTFUL, MUTED, STRONG
from pmiptrace.report.times import Clock, TimeFormat, duration
from pmiptrace.report.view import View
from pmiptrace.report.words import count, counted, joined

_PROBLEMS = 3
"""Problems of one capture that are told in full."""


def write_captures(view: View) -> None:
    """Write a line or two per capture, and which plugins were left out."""
    for plugin in plugins():
        if plugin.error is not None:
            view.page.line((f"{plugin} was left out: {plugin.error}", DOUBTFUL))
    infos = view.report.captures
    several = len(infos) > 1
    limit = view.options.captures
    for number, info in enumerate(infos[:limit], 1):
        _write_capture(view, info, f"{number}  " if several else "")
    if len(infos) > limit:
        rest = sum(info.messages for info in infos[limit:])
        view.page.line(
            f"… and {counted(len(infos) - limit, 'more capture')} with {counted(rest, 'message')}"
        )
    if several and view.report.messages:
        how = "each judged on its own, in all" if view.report.each else "all together"
        view.page.line(f"{how} {_kinds(view)}")


def _write_capture(view: View, info: CaptureInfo, number: str) -> None:
    page = view.page
    title = page.text((number, MUTED), (info.path, STRONG))
    if info.format is None:
        reasons = joined(problem.message for problem in info.problems)
        page.line(page.text(title, "  ", (f"not read: {reasons}", DOUBTFUL)))
        return
    facts = [info.format, counted(info.packets, "packet")]
    several = len(view.report.captures) > 1
    facts.append(counted(info.messages, "message") if several else _kinds(view))
    if info.first_time is not None and info.last_time is not None:
        if info.packets > 1:
            facts.append(duration(info.last_time - info.first_time))
        facts.append(_beginning(view, info.first_time))
    elif info.packets:
        facts.append("no times")
    indent = len(number) or 2
    whole = page.text(title, "  ", joined(facts))
    if page.fits(whole):
        page.line(whole)
    else:
        page.line(title)
        page.items([page.text(fact) for fact in facts], indent=indent, hang=0, separator=",")
    for remark in _remarks(info):
        page.line(remark, indent=indent)


def _beginning(view: View, time: int) -> str:
    """Say when a capture begins: as a date, whatever form the other times have."""
    if view.clock.form is TimeFormat.LOCAL:
        return f"from {view.clock.moment(time, full=True)} local time"
    clock = Clock(TimeFormat.UTC, [time])
    return f"from {clock.moment(time, full=True)} UTC"


def _remarks(info: CaptureInfo) -> Iterator[Part]:
    if info.dialect:
        yield f"dialect {info.dialect}: its numbers are not IANA's", DOUBTFUL
    if info.duplicates:
        yield f"{counted(info.duplicates, 'duplicate')} left out"
    if info.clock_offset:
        sign = "+" if info.clock_offset > 0 else ""
        yield f"its clock corrected by {sign}{duration(info.clock_offset)}"
    if info.truncated and not info.problems:
        yield "the file ends within a packet", DOUBTFUL
    for problem in info.problems[:_PROBLEMS]:
        place = f" (frame {problem.frame})" if problem.frame is not None else ""
        yield f"{problem.message}{place}", DOUBTFUL
    if len(info.problems) > _PROBLEMS:
        yield counted(len(info.problems) - _PROBLEMS, "more problem"), DOUBTFUL


def _kinds(view: View) -> str:
    """Say how many messages there are of which type, most frequent first."""
    report = view.report
    counts = sorted(report.messages_by_type.items(), key=lambda item: -item[1])
    total = counted(report.messages, "message")
    shown = joined(f"{count(number)} {kind}" for kind, number in counts)
    return f"{total} ({shown})" if shown else total
