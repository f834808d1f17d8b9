"""What the screens of the view ask of the program that shows them, which knows them all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from textual.app import App
from textual.message_pump import MessagePump

from pmiptrace.model import Finding, Moment
from pmiptrace.report.tui.book import Subject
from pmiptrace.report.tui.desk import Desk


class Program(App[None]):
    """Has what the screens share, and leads from each of them to those that lead back."""

    desk: Desk

    def show_help(self) -> None:
        """Show all keys."""
        raise NotImplementedError

    def show_findings(self, subject: Subject | None, findings: Sequence[Finding]) -> None:
        """Show the findings about a row of the list, or about a message for None."""
        raise NotImplementedError

    def show_flow(self, subject: Subject, start: Moment) -> None:
        """Show the call flow of a row of the list from a message on, in place of this screen."""
        raise NotImplementedError


def program(screen: MessagePump) -> Program:
    """Give the program that a screen belongs to."""
    return cast(Program, screen.app)
