"""Packets for people: as a list, or each taken apart."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from pmiptrace.analysis import Analysis
from pmiptrace.model import CaptureInfo, Finding, Status
from pmiptrace.report.dissection import write_dissection
from pmiptrace.report.packet_list import PacketList, mark
from pmiptrace.report.packets import Packet
from pmiptrace.report.page import Page
from pmiptrace.report.style import DOUBTFUL, MUTED
from pmiptrace.report.times import Clock, TimeFormat

_LATE = 1000
"""Findings that are listed though they came too late for their packet."""


class PacketsPage:
    """Writes the packets of an analysis to a page as they come.

    `tree` has each taken apart, `dump` with its octets. `follow` tells whether somebody watches.
    """

    def __init__(
        self,
        console: Console,
        form: TimeFormat,
        analysis: Analysis,
        *,
        tree: bool = False,
        dump: bool = False,
        follow: bool = False,
    ) -> None:
        self._page = Page(console)
        self._form = form
        self._analysis = analysis
        self._tree = tree
        self._dump = dump
        self._clock: Clock | None = None
        self._list = PacketList(self._page, form, analysis, follow=follow)
        self._late: list[Finding] = []
        self._count = 0

    @property
    def _several(self) -> bool:
        return self._analysis.capture_count > 1

    def packet(self, packet: Packet) -> None:
        """Write a packet, now or with those that follow."""
        if not self._tree:
            self._list.add(packet)
            return
        if self._clock is None:
            samples = (self._analysis.started_at, packet.frame.time)
            self._clock = Clock(self._form, [time for time in samples if time is not None])
        if self._count:
            self._page.blank()
        self._count += 1
        write_dissection(
            self._page,
            packet,
            self._analysis.dialects,
            self._clock,
            several=self._several,
            dump=self._dump,
        )

    def late(self, finding: Finding) -> None:
        """Keep a finding that became known after its packet was written."""
        if finding.status is not Status.NOTE and len(self._late) < _LATE:
            self._late.append(finding)

    def finish(self, captures: Sequence[CaptureInfo]) -> None:
        """Write what is left: findings that came late, and what is to be said of the captures."""
        page = self._page
        self._list.flush()
        if self._late:
            page.heading("Found later")
            for finding in self._late:
                frame = finding.moment.frame
                place = f"{finding.moment.capture + 1}:{frame}" if self._several else f"{frame}"
                page.line(mark(page, finding), f" frame {place}  {finding.rule}  {finding.message}")
        if self._several:
            page.blank()
            for number, info in enumerate(captures, 1):
                page.line((f"{number}: ", MUTED), info.path)
        for info in captures:
            # Why one could not be opened is told on standard error.
            for problem in info.problems[:3] if info.format else ():
                at = f" (frame {problem.frame})" if problem.frame is not None else ""
                page.line((f"{info.path}: {problem.message}{at}", DOUBTFUL))
