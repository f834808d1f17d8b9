"""The full-screen view as a program of textual."""

from __future__ import annotations

from time import monotonic

from textual.app import App
from textual.binding import Binding

from pmiptrace.report.tui.base import BaseScreen
from pmiptrace.report.tui.desk import Desk
from pmiptrace.report.tui.node_screen import NodeScreen

INTERVAL = 0.25
"""Seconds between two looks at what came."""
_IDLE = 5
"""Drawing takes at most one part in so many of the time."""


class FullScreen(App[None]):
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
