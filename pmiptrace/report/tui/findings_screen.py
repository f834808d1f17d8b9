"""Findings in full: evidence, source, and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import on

from pmiptrace.model import Finding
from pmiptrace.report.packet_list import grave, notes
from pmiptrace.report.page import Page
from pmiptrace.report.style import DOUBTFUL, STRONG
from pmiptrace.report.tui.advice import full
from pmiptrace.report.tui.base import StillScreen
from pmiptrace.report.tui.book import Subject
from pmiptrace.report.tui.lines import Content, Lines, Plain
from pmiptrace.report.tui.nodes import name
from pmiptrace.report.words import counted


class FindingsScreen(StillScreen):
    """All findings about a row of the list, or a message, the gravest first."""

    KEYS = (
        ("Enter", "the message"),
        ("Esc", "back"),
        ("?", "help"),
        ("/", "search"),
        ("q", "quit"),
    )

    def __init__(self, subject: Subject | None, findings: Sequence[Finding]) -> None:
        super().__init__()
        self._subject = subject
        self._findings = [*grave(findings), *notes(findings)]
        self._texts: list[str] = []

    def draw(self) -> None:
        """Draw the findings, some lines each."""
        desk, page = self.desk, self.page
        about = "this message" if self._subject is None else name(self._subject)
        counts = counted(len(self._findings), "finding")
        head = page.lines(("Findings", STRONG), f"  {about}  {counts}")
        self.query_one("#head", Plain).set_lines(head)
        narrow = desk.page(self.size.width - 2)
        drawn = []
        rules: set[str] = set()
        for finding in self._findings:
            is_new = finding.rule not in rules
            rules.add(finding.rule)
            lines = full(narrow, self.clock, finding, desk.captures, remedy=is_new)
            drawn.append([*(Text("  ").append_text(line) for line in lines), Text()])
        if not drawn:
            nothing = page.lines(("Nothing was found here.", DOUBTFUL), indent=2)
            self.rows.show(Content(1, lambda _: nothing, can_rest=lambda _: False))
            return
        self._texts = [" ".join(line.plain for line in lines).casefold() for lines in drawn]
        content = Content(len(drawn), lambda place: drawn[place], lambda place: len(drawn[place]))
        self.rows.show(content)

    def detail(self, page: Page) -> Sequence[Text]:
        """Say nothing more: all is in the list."""
        return ()

    def text_of(self, place: int) -> str:
        """Give what a search looks through."""
        return self._texts[place]

    @on(Lines.Chosen, "#list")
    def open_message(self) -> None:
        """Show the message that shows the finding, in its call flow."""
        if self._subject is None or not self._findings:
            self.action_back()
            return
        self.program.show_flow(self._subject, self._findings[self.rows.cursor].moment)

    def action_finding(self, step: int) -> None:
        """Go to the next finding."""
        self.rows.action_move(step)

    def action_findings(self) -> None:
        """Stay: they are shown."""

    def action_save(self) -> None:
        """Say where messages are saved."""
        self.say("Esc goes back to the list, where s saves")
