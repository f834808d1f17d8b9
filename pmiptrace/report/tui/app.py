"""The full-screen view as a program of textual."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from textual.binding import Binding

from pmiptrace.model import Finding, Moment
from pmiptrace.report.tui.base import BaseScreen
from pmiptrace.report.tui.book import Subject
from pmiptrace.report.tui.desk import Desk
from pmiptrace.report.tui.findings_screen import FindingsScreen
from pmiptrace.report.tui.flow_screen import FlowScreen
from pmiptrace.report.tui.help import HelpScreen
from pmiptrace.report.tui.node_screen import NodeScreen
from pmiptrace.report.tui.program import Program

INTERVAL = 0.25
"""Seconds between two looks at what came."""
_IDLE = 5
"""Drawing takes at most one part in so many of the time."""


class FullScreen(Program):
    """Shows what a desk has, and has its source read meanwhile."""

    BINDINGS = [
        Binding("ctrl+c,ctrl+q", "quit", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
    ]
    ENABLE_COMMAND_PALETTE = False
    TITLE = "pmiptrace"

    def __init__(self, desk: Desk) -> None:
        super().__init__(ansi_color=True)
        self.desk = desk
        self._due = 0.0

    def on_mount(self) -> None:
        """Have reading begin, and show the list."""
        self.push_screen(NodeScreen())
        self.desk.source.start()
        self.set_interval(INTERVAL, self.tick)

    def tick(self) -> None:
        """Draw what came since, unless drawing takes too much of the time."""
        if self.desk.source.status().must_quit:
            self.exit()
            return
        began = monotonic()
        screen = self.screen
        if began >= self._due and isinstance(screen, BaseScreen):
            screen.update_view()
            self._due = monotonic() + _IDLE * (monotonic() - began)

    # ------------------------------------------------------------------------------- screens

    def show_help(self) -> None:
        """Show all keys."""
        self.push_screen(HelpScreen())

    def show_findings(self, subject: Subject | None, findings: Sequence[Finding]) -> None:
        """Show the findings about a row of the list, or about a message for None."""
        self.push_screen(FindingsScreen(subject, findings))

    def show_flow(self, subject: Subject, start: Moment) -> None:
        """Show the call flow of a row of the list from a message on, in place of this screen."""
        self.switch_screen(FlowScreen(subject, start))
