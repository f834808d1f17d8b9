"""The first screen: the list of mobile nodes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from rich.text import Text
from textual import on
from textual.binding import Binding

from pmiptrace.errors import UsageError
from pmiptrace.model import SECOND
from pmiptrace.report.columns import Filter
from pmiptrace.report.page import Page
from pmiptrace.report.style import BAD, DOUBTFUL, GOOD, MUTED, STRONG
from pmiptrace.report.times import duration
from pmiptrace.report.tui.base import BaseScreen
from pmiptrace.report.tui.book import Subject
from pmiptrace.report.tui.desk import Status
from pmiptrace.report.tui.flow_screen import FlowScreen
from pmiptrace.report.tui.lines import Content, Lines, Plain
from pmiptrace.report.tui.nodes import NodeList, headline, searched
from pmiptrace.report.tui.prompts import Prompt
from pmiptrace.report.words import count, counted

_PROBLEMS = 2
"""Lines that problems of captures may take above the list."""


class NodeScreen(BaseScreen):
    """The list of mobile nodes, the worst first."""

    BINDINGS = [
        Binding("space", "choose", show=False),
        Binding("f,f7", "filter", show=False),
        Binding("o", "order", show=False),
        Binding("F", "follow", show=False),
    ]
    KEYS = (
        ("Enter", "open"),
        ("?", "help"),
        ("q", "quit"),
        ("/", "search"),
        ("f", "filter"),
        ("n", "finding"),
        ("Space", "mark"),
        ("s", "save"),
        ("i", "findings"),
        ("o", "order"),
        ("t", "time"),
        ("F", "follow"),
        ("p", "pause"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Subject] = []

    @property
    def chosen(self) -> Subject | None:
        """The row with the cursor."""
        cursor = self.rows.cursor
        return self._rows[cursor] if cursor < len(self._rows) else None

    # ------------------------------------------------------------------------------- drawing

    def draw(self) -> None:
        """Draw the head and the rows; the cursor stays with what it is on, or with the newest."""
        desk, page, lines = self.desk, self.page, self.rows
        before = self.chosen
        was_first = lines.cursor == 0 and not desk.follows
        rows = self._rows = desk.rows()
        status = desk.source.status()
        self.query_one("#head", Plain).set_lines(self._head(page, status))
        if not rows:
            self.query_one("#titles", Plain).set_lines([])
            words = self._nothing(page, status)
            lines.show(Content(len(words), lambda n: (words[n],), can_rest=lambda _: False))
            return
        drawing = NodeList(page, self.clock, desk.book, desk.now)
        self.query_one("#titles", Plain).set_lines([drawing.heads()])

        def draw(place: int) -> Sequence[Text]:
            with desk.book.lock:
                subject = rows[place]
                return (drawing.row(subject, is_selected=subject in desk.chosen),)

        cursor = 0
        if desk.follows:
            cursor = len(rows) - 1
        elif before is not None and not was_first and before in rows:
            cursor = rows.index(before)
        lines.show(Content(len(rows), draw), cursor)

    def _head(self, page: Page, status: Status) -> list[Text]:
        desk = self.desk
        parts = [page.text((desk.source.title, STRONG))]
        if status.situation is not None:
            now = status.situation
            drops = now.drops
            parts += [
                page.text(duration(now.elapsed) if now.elapsed >= SECOND else ""),
                page.text(counted(now.packets, "packet")),
                page.text(("drops: told at the end", MUTED))
                if drops is None
                else page.text((f"{count(drops)} dropped", BAD if drops else GOOD)),
            ]
        parts += [page.text((state, DOUBTFUL)) for state in self._states(status)]
        lines = page.item_lines(parts)
        with desk.book.lock:
            lines += page.item_lines(headline(page, desk.book, self._rows))
        if self._rows:
            lines += self._problems(page, status)
        if desk.filter is not None:
            lines += page.lines("filter: ", (desk.filter.expression.text, STRONG))[:2]
        return lines

    def _problems(self, page: Page, status: Status) -> list[Text]:
        """Say what is wrong with captures, in few lines: rows matter more."""
        book = self.desk.book
        told = [page.text((f"! {problem}", BAD)) for problem in status.problems]
        for info in book.captures:
            name = f"{PurePath(info.path).name}: " if len(book.captures) > 1 else ""
            told += [page.text((f"! {name}{p.message}", DOUBTFUL)) for p in info.problems]
        if len(told) > _PROBLEMS:
            rest = counted(len(told) - _PROBLEMS + 1, "more problem")
            told[_PROBLEMS - 1 :] = [page.text((f"! {rest} with captures", DOUBTFUL))]
        return [page.lines(text)[0] for text in told]

    def _states(self, status: Status) -> list[str]:
        desk, states = self.desk, []
        if not status.has_ended:
            live = status.situation is not None
            states.append("live" if live else f"reading {_progress(status)}".strip())
        elif status.situation is not None:
            states.append("ended")
        if desk.is_paused:
            states.append("paused: p goes on")
        if desk.follows:
            states.append("following")
        return states

    def _nothing(self, page: Page, status: Status) -> list[Text]:
        """Say why there is no row, and what to do."""
        desk, book = self.desk, self.desk.book
        if not status.has_ended:
            waits = "waiting for signalling" if status.situation else "reading"
            return page.lines((f"{waits} …", MUTED), indent=2)
        lines = []
        for problem in status.problems:
            lines += page.lines((f"! {problem}", BAD), indent=2)
        if book.messages and desk.filter is not None:
            text = "No mobile node has a message that meets the filter; Esc takes it away."
        elif book.messages and desk.narrowness:
            text = f"Nothing in the captures matches {desk.narrowness}."
        elif status.problems and not book.captures:
            text = "No capture could be read."
        else:
            text = "Not one Mobility Header message in what was read."
        lines += page.lines((text, DOUBTFUL), indent=2)
        for info in book.captures:
            packets = f"{info.path}: {info.format or 'nothing'}, {counted(info.packets, 'packet')}"
            lines += page.lines(packets, indent=2)
            for each in info.problems:
                lines += page.lines((each.message, DOUBTFUL), indent=4)
        return lines

    def detail(self, page: Page) -> Sequence[Text]:
        """Give the bindings and the findings of the row with the cursor."""
        subject, desk = self.chosen, self.desk
        if subject is None:
            return ()
        with desk.book.lock:
            return NodeList(page, self.clock, desk.book, desk.now).detail(subject)

    def text_of(self, place: int) -> str:
        """Give what a search looks through: names, addresses, rules."""
        with self.desk.book.lock:
            return searched(self.desk.book, self._rows[place])

    # --------------------------------------------------------------------------------- keys

    @on(Lines.Chosen, "#list")
    def open_flow(self) -> None:
        """Show the call flow of the row."""
        if self.chosen is not None:
            self.app.push_screen(FlowScreen(self.chosen))

    def action_back(self) -> None:
        """Take the filter away, and the marks; the program is left by q."""
        desk = self.desk
        if desk.filter is not None:
            desk.filter = None
        elif desk.chosen:
            desk.chosen.clear()
        else:
            self.say("q quits")
        self.update_view(again=True)

    def action_choose(self) -> None:
        """Mark the row to be saved, or no longer."""
        if self.chosen is not None:
            self.desk.chosen ^= {self.chosen}
            self.rows.redraw()
            self.rows.action_move(1)

    def action_filter(self) -> None:
        """Ask for a condition that a message has to meet; a mistake in it is shown."""

        def wrong(text: str) -> str | None:
            try:
                if text:
                    Filter(text)
            except UsageError as error:
                return str(error)
            return None

        def filtered(text: str | None) -> None:
            if text is not None:
                self.desk.filter = Filter(text) if text else None
                self.update_view(again=True)

        now = self.desk.filter
        before = "" if now is None else now.expression.text
        hint = 'for example: status >= 128 or mobile_node contains "example"'
        self.app.push_screen(Prompt("filter: ", before, wrong, hint), filtered)

    def action_finding(self, step: int) -> None:
        """Go to the next row with findings."""
        rows = self._rows
        self.go_to(step, lambda place: bool(rows[place].findings), "no findings in this list")

    def action_findings(self) -> None:
        """Show all findings of the row."""
        if self.chosen is not None:
            self.show_findings(self.chosen)

    def action_order(self) -> None:
        """Sort rows in another way."""
        self.desk.next_order()
        self.update_view(again=True)
        words = {"worst": "the worst first", "time": "the newest last", "name": "by name"}
        self.say(f"order: {words[self.desk.order]}")

    def action_follow(self) -> None:
        """Stay with what is newest, or no longer."""
        desk = self.desk
        desk.follows = not desk.follows
        if desk.follows:
            desk.order = "time"
        self.update_view(again=True)

    def action_save(self) -> None:
        """Save the messages of the marked rows, or of this one."""
        subject = self.chosen
        subjects = self.desk.chosen or ({subject} if subject else set())
        self.save(subjects)


def _progress(status: Status) -> str:
    if not status.total:
        return f"{status.done / 1e6:.0f} MB" if status.done else ""
    return f"{min(status.done * 100 // status.total, 100)} % of {status.total / 1e6:.0f} MB"
