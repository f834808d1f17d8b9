"""The second screen: the call flow of a mobile node as a ladder."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import on
from textual.binding import Binding

from pmiptrace.model import Moment
from pmiptrace.report.packet_list import grave
from pmiptrace.report.packets import Packet
from pmiptrace.report.page import Page
from pmiptrace.report.sections.ladder import LadderDrawing
from pmiptrace.report.style import MUTED, STRONG
from pmiptrace.report.timeline import facts
from pmiptrace.report.tui.advice import of_packet
from pmiptrace.report.tui.base import BaseScreen
from pmiptrace.report.tui.book import Subject
from pmiptrace.report.tui.flow import Flow, flow, legend, searched
from pmiptrace.report.tui.lines import Content, Lines, Plain
from pmiptrace.report.tui.nodes import name
from pmiptrace.report.tui.packet_screen import PacketScreen
from pmiptrace.report.words import counted

_LEGEND = 4
"""Lines that the legend of the lifelines may take."""


class FlowScreen(BaseScreen):
    """The call flow of one row of the list."""

    BINDINGS = [Binding("F", "follow", show=False)]
    KEYS = (
        ("Enter", "message"),
        ("Esc", "back"),
        ("?", "help"),
        ("n", "finding"),
        ("/", "search"),
        ("i", "findings"),
        ("s", "save"),
        ("t", "time"),
        ("q", "quit"),
        ("F", "follow"),
    )

    def __init__(self, subject: Subject, start: Moment | None = None) -> None:
        super().__init__()
        self._subject = subject
        self._flow: Flow | None = None
        self._drawn_at = -1
        """When the call flow had changed last, as it is drawn."""
        self._start = start
        """The message to begin with."""

    def update_view(self, *, again: bool = False) -> None:
        """Draw what changed, if anything of this call flow did."""
        if again or self._drawn_at != self._subject.changed:
            super().update_view(again=again)

    @property
    def packets(self) -> tuple[Packet | None, ...]:
        """The messages, a row each; None for a row that is none."""
        return () if self._flow is None else self._flow.packets

    @property
    def chosen(self) -> Packet | None:
        """The message with the cursor."""
        cursor = self.rows.cursor
        return self.packets[cursor] if cursor < len(self.packets) else None

    def draw(self) -> None:
        """Draw the head, the titles and the ladder."""
        desk, page, lines = self.desk, self.page, self.rows
        subject = self._subject
        is_first = self._flow is None
        self._drawn_at = subject.changed
        before, was_at_end = self.chosen, lines.is_at_end
        found = self._flow = flow(desk.book, subject, page)
        drawing = LadderDrawing(page, self.clock, found.lines, found.rows)
        head = self._head(page, found)
        self.query_one("#head", Plain).set_lines(head)
        self.query_one("#titles", Plain).set_lines([drawing.heads()])
        packets, rows = found.packets, found.rows
        content = Content(
            len(rows),
            lambda place: drawing.lines(rows[place]),
            lambda place: drawing.height(rows[place]),
            lambda place: packets[place] is not None,
        )
        cursor = None
        if is_first:
            cursor = self._beginning(found)
        elif desk.follows and was_at_end:
            cursor = len(rows) - 1
        elif before is not None:
            cursor = self._place_of(before.frame.capture, before.frame.number)
        lines.show(content, cursor)

    def _beginning(self, found: Flow) -> int | None:
        """Give where to begin: what was asked for, what meets the filter, else the first."""
        if self._start is not None:
            return self._place_of(self._start.capture, self._start.frame)
        wanted = self.desk.filter
        if wanted is not None:
            for place, packet in enumerate(found.packets):
                if packet is not None and wanted.accepts(packet):
                    return place
        return len(found.rows) - 1 if self.desk.follows else 0

    def _place_of(self, capture: int, frame: int | None) -> int | None:
        for place, packet in enumerate(self.packets):
            if packet is not None and (packet.frame.capture, packet.frame.number) == (
                capture,
                frame,
            ):
                return place
        return None

    def _head(self, page: Page, found: Flow) -> list[Text]:
        subject = self._subject
        parts = [page.text((name(subject), STRONG))]
        with self.desk.book.lock:
            session = subject.session
            if session is not None:
                parts += [page.text((fact, MUTED)) for fact in facts(session)]
        parts.append(page.text((counted(subject.messages, "message"), MUTED)))
        if found.left:
            parts.append(page.text((f"the first {found.left} are no longer kept", MUTED)))
        named = page.item_lines(legend(page, found.lines), hang=0)
        return [*page.item_lines(parts)[:3], *named[:_LEGEND]]

    def detail(self, page: Page) -> Sequence[Text]:
        """Give what is to be said of the message with the cursor."""
        packet = self.chosen
        return () if packet is None else of_packet(page, self.clock, packet, self.desk.captures)

    def text_of(self, place: int) -> str:
        """Give what a search looks through: labels, frames, findings."""
        if self._flow is None or self._flow.packets[place] is None:
            return ""
        return searched(self._flow.rows[place])

    # --------------------------------------------------------------------------------- keys

    @on(Lines.Chosen, "#list")
    def open_packet(self) -> None:
        """Take the message apart."""
        if self.chosen is not None:
            shown = [packet for packet in self.packets if packet is not None]
            self.app.push_screen(PacketScreen(shown, shown.index(self.chosen)), self._returned)

    def _returned(self, packet: Packet | None) -> None:
        if packet is not None:
            place = self._place_of(packet.frame.capture, packet.frame.number)
            if place is not None:
                self.rows.go(place)

    def action_finding(self, step: int) -> None:
        """Go to the next message with findings."""
        packets = self.packets

        def has_findings(place: int) -> bool:
            packet = packets[place]
            return packet is not None and bool(grave(packet.findings))

        self.go_to(step, has_findings, "no findings in this call flow")

    def action_findings(self) -> None:
        """Show all findings of the call flow."""
        self.show_findings(self._subject)

    def action_follow(self) -> None:
        """Stay with the newest message, or no longer."""
        self.desk.follows = not self.desk.follows
        if self.desk.follows:
            self.rows.action_edge(1)
        self.update_view(again=True)
        self.say("following: the cursor stays at the end" if self.desk.follows else "not following")

    def action_save(self) -> None:
        """Save the messages of this call flow."""
        self.save({self._subject})
