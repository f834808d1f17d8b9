"""Packets for people: as a list, or each taken apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console

from pmiptrace.model import CaptureInfo, Finding, Status
from pmiptrace.report.dissection import write_dissection
from pmiptrace.report.packet_list import PacketList, mark
from pmiptrace.report.packets import Packet
from pmiptrace.report.page import Page
from pmiptrace.report.style import DOUBTFUL, MUTED
from pmiptrace.report.times import Clock, TimeFormat
from pmiptrace.wire.dialect import Dialect

_LATE = 1000
"""Findings that are listed though they came too late for their packet."""


class PacketsPage:
    """Writes packets to a page as they come.

    `tree` has each taken apart, `dump` with its octets. `several` tells whether there are several
    captures, `follow` whether somebody watches.
    """

    def __init__(
        self,
        console: Console,
        form: TimeFormat,
        dialects: Mapping[str, Dialect],
        *,
        tree: bool = False,
        dump: bool = False,
        several: bool = False,
        follow: bool = False,
    ) -> None:
        self._page = Page(console)
        self._form = form
        self._dialects = dialects
        self._tree = tree
        self._dump = dump
        self._several = several
        self._clock: Clock | None = None
        self._list = PacketList(self._page, form, several=several, follow=follow)
        self._late: list[Finding] = []
        self._count = 0

    def packet(self, packet: Packet, started_at: int | None) -> None:
        """Write a packet, now or with those that follow; relative times begin at `started_at`."""
        if not self._tree:
            self._list.add(packet, started_at)
            return
        if self._clock is None:
            samples = [time for time in (started_at, packet.frame.time) if time is not None]
            self._clock = Clock(self._form, samples)
        if self._count:
            self._page.blank()
        self._count += 1
        write_dissection(
            self._page,
            packet,
            self._dialects,
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
            for problem in info.problems[:3]:
                at = f" (frame {problem.frame})" if problem.frame is not None else ""
                page.line((f"{info.path}: {problem.message}{at}", DOUBTFUL))
