"""Writes the page of HTML when a run is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmiptrace.analysis import Collection
from pmiptrace.model import Report
from pmiptrace.report.html.packets import PacketStore
from pmiptrace.report.html.page import HtmlOptions, render

if TYPE_CHECKING:
    from pmiptrace.report.formats import Target


class HtmlWriter(Collection):
    """Collects a run, and the packets behind its findings."""

    def __init__(self, target: Target) -> None:
        super().__init__()
        self._target = target
        self._packets = PacketStore()
        target.observe(self._packets)

    event = Collection.add

    def finish(self, report: Report) -> None:
        """Write the page."""
        target = self._target
        pieces = render(
            self.report(report),
            store=self._packets,
            dialects=target.dialects,
            options=HtmlOptions(
                time=target.time, narrowness=target.narrowness, coverage=target.coverage
            ),
        )
        for piece in pieces:
            target.stream.write(piece.encode("utf-8", "backslashreplace"))
