"""The third screen: a message field by field, and its octets."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container

from pmiptrace.report.dissection import Dissection, TreeLine, dump_lines, head_lines, tree_lines
from pmiptrace.report.packet_list import grave
from pmiptrace.report.packets import Packet
from pmiptrace.report.page import Page
from pmiptrace.report.tui.advice import remedies
from pmiptrace.report.tui.base import StillScreen
from pmiptrace.report.tui.lines import Content, Lines, Plain

_BESIDE = 110
"""Columns of a screen from which on the octets stand beside the fields."""
_WIDE = 150
"""The same for sixteen octets in a line."""


class PacketScreen(StillScreen):
    """The fields of a message as a tree, and its octets with those of the field marked."""

    DEFAULT_CSS = """
    PacketScreen #body { height: 1fr; }
    PacketScreen #body.beside { layout: horizontal; }
    PacketScreen #octets { height: 5; }
    PacketScreen .beside #octets { height: 1fr; width: 46; }
    PacketScreen .wide #octets { width: 78; }
    PacketScreen #line { height: 1; }
    PacketScreen .beside #line { width: 1; display: none; }
    """
    BINDINGS = [
        Binding("left,comma", "other(-1)", show=False),
        Binding("right,full_stop", "other(1)", show=False),
    ]
    KEYS = (
        ("Esc", "back"),
        ("←→", "other message"),
        ("?", "help"),
        ("n", "finding"),
        ("/", "search"),
        ("i", "findings"),
        ("t", "time"),
        ("q", "quit"),
    )

    def __init__(self, packets: Sequence[Packet], place: int) -> None:
        super().__init__()
        self._packets = packets
        self._place = place
        self._shown: int | None = None
        """The message for which the cursor was put somewhere."""
        self._tree: list[TreeLine] = []
        self._taken: Dissection | None = None

    @property
    def packet(self) -> Packet:
        """The message that is shown."""
        return self._packets[self._place]

    def compose(self) -> ComposeResult:
        """Put the octets below the fields, or beside them."""
        yield Plain(id="head")
        yield Plain(id="titles")
        with Container(id="body"):
            yield Lines(id="list")
            yield Plain(id="line")
            yield Lines(has_cursor=False, id="octets")
        yield Plain(id="rule")
        yield Plain(id="detail")
        yield Plain(id="foot")

    def on_resize(self, event: events.Resize) -> None:
        """Put the octets where there is room."""
        body = self.query_one("#body", Container)
        body.set_class(self.size.width >= _BESIDE, "beside")
        body.set_class(self.size.width >= _WIDE, "wide")
        super().on_resize(event)

    @property
    def _octet_columns(self) -> int:
        width = self.size.width
        return width if width < _BESIDE else 78 if width >= _WIDE else 46

    def draw(self) -> None:
        """Draw what the message is, and its fields."""
        desk, page, packet = self.desk, self.page, self.packet
        with desk.book.lock:
            packet = desk.book.current(packet)
        taken = self._taken = Dissection(packet, desk.source.dialects)
        head = head_lines(page, packet, self.clock, several=desk.captures > 1)
        self.query_one("#head", Plain).set_lines(head)
        width = self.size.width
        rest = width if width < _BESIDE else width - self._octet_columns
        column = desk.page(rest - 1)
        tree = self._tree = list(tree_lines(column, taken))
        drawn = [
            [
                Text(" ").append_text(text)
                for text in column.lines(line.text, indent=line.indent, hang=line.hang)
            ]
            for line in tree
        ]
        content = Content(len(tree), lambda place: drawn[place], lambda place: len(drawn[place]))
        cursor = self.rows.cursor
        if self._shown != self._place:
            self._shown = self._place
            cursor = next((n for n, line in enumerate(tree) if line.is_finding), 0)
        self.rows.show(content, cursor)
        rule = [page.text("─" * self.size.width)] if width < _BESIDE else []
        self.query_one("#line", Plain).set_lines(rule)

    def _draw_octets(self) -> None:
        """Draw the octets, those of the field with the cursor in brackets and in sight."""
        if self._taken is None:
            return
        cursor = self.rows.cursor
        selected = self._tree[cursor].octets if cursor < len(self._tree) else None
        page = self.desk.page(self._octet_columns - 1)
        lines = [
            (Text(" ").append_text(text), line.octets)
            for line in dump_lines(page, self._taken, selected)
            for text in page.lines(line.text, hang=line.hang)
        ]
        pane = self.query_one("#octets", Lines)
        pane.show(Content(len(lines), lambda place: (lines[place][0],)))
        if selected is None:
            return
        for place, (_, octets) in enumerate(lines):
            if octets is not None and octets[1] >= selected[0]:
                height, top = max(pane.size.height, 1), pane.scroll_offset.y
                if not top <= place - 1 or place + 2 > top + height:
                    pane.scroll_to(y=max(place - height // 2, 0), animate=False)
                break

    def draw_detail(self) -> None:
        """Draw what is said of the message, and the octets of the field."""
        super().draw_detail()
        self._draw_octets()

    def detail(self, page: Page) -> Sequence[Text]:
        """Give what to do about the findings; which they are stands among the fields."""
        packet = self.desk.book.current(self.packet)
        return remedies(page, packet)

    def text_of(self, place: int) -> str:
        """Give what a search looks through: the words of a line."""
        return self._tree[place].text.plain.casefold()

    # --------------------------------------------------------------------------------- keys

    def action_back(self) -> None:
        """Go back to the call flow, to the message shown last."""
        self.dismiss(self.packet)  # type: ignore[arg-type]

    def action_other(self, step: int) -> None:
        """Show the message before or behind."""
        place = self._place + step
        if 0 <= place < len(self._packets):
            self._place = place
            self.update_view(again=True)
        else:
            self.say("this is the last message" if step > 0 else "this is the first message")

    def action_finding(self, step: int) -> None:
        """Show the next message with findings."""
        count = len(self._packets)
        for n in range(1, count + 1):
            place = (self._place + step * n) % count
            if grave(self.desk.book.current(self._packets[place]).findings):
                self._place = place
                self.update_view(again=True)
                return
        self.say("no findings in this call flow")

    def action_findings(self) -> None:
        """Show all findings of the message."""
        self.program.show_findings(None, self.desk.book.current(self.packet).findings)

    def action_save(self) -> None:
        """Say where messages are saved."""
        self.say("Esc goes back to the call flow, which s saves")
