"""The keys, and the signs."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from pmiptrace.model import BindingState
from pmiptrace.report.page import Page
from pmiptrace.report.style import STATE, STRONG
from pmiptrace.report.tui.base import StillScreen
from pmiptrace.report.tui.lines import Content, Plain

KEYS = (
    (
        "Everywhere",
        (
            ("↑ ↓ PgUp PgDn Home End", "move; so do k j Ctrl-B Ctrl-F g G"),
            ("Enter", "open the call flow, the message"),
            ("Esc", "back; in the list, away with filter and marks"),
            ("/ F3", "search; with nothing new typed, again"),
            ("n N  or  ] [", "next finding, the one before"),
            ("i F4", "findings in full, with what to do about them"),
            ("t", "times: UTC, local, relative, epoch"),
            ("p", "pause: the screen stays; nothing is lost"),
            ("? h F1", "this help"),
            ("q Ctrl-C", "quit; Ctrl-Z suspends"),
        ),
    ),
    (
        "Mobile nodes",
        (
            ("f F7", "filter: what a message of a row has to meet"),
            ("o", "order: worst first, newest last, by name"),
            ("Space", "mark a row"),
            ("s F2", "save the messages of the marked rows, or this"),
            ("F", "follow: stay with the newest"),
        ),
    ),
    (
        "Call flow",
        (
            ("s F2", "save the messages of this mobile node"),
            ("F", "follow: stay at the end"),
        ),
    ),
    ("Message", (("← →", "the message before, behind"),)),
)
SIGNS = (
    ("E W I", "violation: error, warning, info"),
    ("?", "inconclusive: suspected, not settled"),
    ("n", "note: accuses nobody"),
    ("✗", "a request was refused, or not answered"),
)


class HelpScreen(StillScreen):
    """All keys and signs."""

    KEYS = (("Esc", "back"), ("q", "quit"))

    def on_mount(self) -> None:
        """Have keys scroll."""
        self.rows.has_cursor = False
        super().on_mount()

    def draw(self) -> None:
        """Draw the tables."""
        page = self.page
        self.query_one("#head", Plain).set_lines([page.text(("Keys and signs", STRONG))])
        lines = _tables(page)
        self.rows.show(Content(len(lines), lambda place: (lines[place],)))

    def detail(self, page: Page) -> Sequence[Text]:
        """Say nothing more."""
        return ()

    def text_of(self, place: int) -> str:
        """Give what a search looks through."""
        return ""

    def action_help(self) -> None:
        """Go back, as this is the help."""
        self.action_back()

    def action_findings(self) -> None:
        """Do nothing here."""

    def action_finding(self, step: int) -> None:
        """Do nothing here."""

    def action_save(self) -> None:
        """Do nothing here."""

    def action_search(self) -> None:
        """Do nothing here."""


def _tables(page: Page) -> list[Text]:
    lines: list[Text] = []
    for title, known in KEYS:
        lines.append(page.text((title, STRONG)))
        lines += _rows(page, known)
    lines.append(page.text(("Signs", STRONG)))
    lines += _rows(page, SIGNS)
    for state in BindingState:
        if state is not BindingState.NONE:
            look = STATE[state]
            sign = (page.sign(look), look.colour)
            lines.append(page.text("  ", sign, f" {state.public_name}"))
    return lines


def _rows(page: Page, rows: Sequence[tuple[str, str]]) -> list[Text]:
    lines = []
    for key, text in rows:
        lines += page.lines((f"{key:<22}  ", STRONG), text, indent=2, hang=2)
    return lines
