"""What the screens of the view have in common: a head, a list, what is said of a row, the keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import Screen

from pmiptrace.report.page import Page
from pmiptrace.report.style import MUTED, STRONG
from pmiptrace.report.times import Clock
from pmiptrace.report.tui.advice import clipped
from pmiptrace.report.tui.book import Subject
from pmiptrace.report.tui.desk import Desk
from pmiptrace.report.tui.lines import Lines, Plain
from pmiptrace.report.tui.program import Program, program
from pmiptrace.report.tui.prompts import Prompt, SavePrompt
from pmiptrace.report.words import counted

_LEAST = 6
"""Lines of a list that what is said below it leaves."""


class BaseScreen(Screen[None]):
    """A screen with a head, a list with a cursor, what is said of its row, and the keys."""

    DEFAULT_CSS = """
    BaseScreen { background: ansi_default; color: ansi_default; layout: vertical; }
    #list { height: 1fr; }
    #foot { height: 1; }
    """
    BINDINGS = [
        Binding("escape,backspace", "back", show=False),
        Binding("slash,f3", "search", show=False),
        Binding("n,right_square_bracket", "finding(1)", show=False),
        Binding("N,left_square_bracket", "finding(-1)", show=False),
        Binding("t", "time", show=False),
        Binding("i,f4", "findings", show=False),
        Binding("s,f2", "save", show=False),
        Binding("p", "pause", show=False),
        Binding("h,question_mark,f1", "help", show=False),
        Binding("q", "app.quit", show=False),
    ]
    KEYS: Sequence[tuple[str, str]] = ()
    """What stands in the last line: keys and what they do, the most needed first."""

    def __init__(self) -> None:
        super().__init__()
        self._said = ""
        self._drawn: tuple[object, ...] = ()

    @property
    def program(self) -> Program:
        """What leads to the other screens."""
        return program(self)

    @property
    def desk(self) -> Desk:
        """What the screens share."""
        return self.program.desk

    @property
    def rows(self) -> Lines:
        """The list."""
        return self.query_one("#list", Lines)

    @property
    def page(self) -> Page:
        """What lays out text as wide as the screen."""
        return self.desk.page(self.size.width)

    @property
    def clock(self) -> Clock:
        """What writes times."""
        return self.desk.clock(self.size.width)

    def compose(self) -> ComposeResult:
        """Put the parts below each other."""
        yield Plain(id="head")
        yield Plain(id="titles")
        with Vertical(id="body"):
            yield Lines(id="list")
        yield Plain(id="rule")
        yield Plain(id="detail")
        yield Plain(id="foot")

    def on_mount(self) -> None:
        """Give the list the keys."""
        if self.page.ascii:
            self.rows.pointer = ">"
        self.rows.focus()

    def on_resize(self, event: events.Resize) -> None:
        """Draw as wide as the screen is now."""
        self.update_view(again=True)

    def on_screen_resume(self) -> None:
        """Draw what changed while another screen was shown."""
        if self.size.width:
            self.update_view(again=True)

    # ------------------------------------------------------------------------------- drawing

    def update_view(self, *, again: bool = False) -> None:
        """Draw what changed; all of it `again` if that is asked for."""
        desk = self.desk
        state = (desk.book.version, desk.source.status())
        if not again and (desk.is_paused or state == self._drawn):
            return
        self._drawn = state
        self.draw()
        self.draw_detail()
        self.draw_foot()

    def draw(self) -> None:
        """Draw the head and the list."""
        raise NotImplementedError

    def detail(self, page: Page) -> Sequence[Text]:
        """Give what is said of the row with the cursor."""
        raise NotImplementedError

    @property
    def room(self) -> int:
        """Lines that what is said of a row may take."""
        taken = self.query_one("#head", Plain).count + self.query_one("#titles", Plain).count
        return min(max(self.size.height - taken - 2 - _LEAST, 0), max(self.size.height * 2 // 5, 3))

    def draw_detail(self) -> None:
        """Draw what is said of the row with the cursor."""
        page = self.page
        lines = clipped(page, list(self.detail(page)), self.room)
        rule = [page.text(("─" * self.size.width, MUTED))] if lines else []
        self.query_one("#rule", Plain).set_lines(rule)
        self.query_one("#detail", Plain).set_lines(lines)

    def draw_foot(self) -> None:
        """Draw the last line: what there is to say, else the keys."""
        page = self.page
        text = page.text((self._said, STRONG)) if self._said else keys(page, self.KEYS)
        self.query_one("#foot", Plain).set_lines([text])

    def say(self, text: str) -> None:
        """Say something in the last line, until the next key."""
        self._said = text
        self.draw_foot()

    def on_key(self, event: events.Key) -> None:
        """Take back what was said."""
        if self._said:
            self._said = ""
            self.draw_foot()

    @on(Lines.Moved, "#list")
    def _moved(self, event: Lines.Moved) -> None:
        if type(event) is Lines.Moved:
            self.draw_detail()

    # --------------------------------------------------------------------------------- keys

    def action_back(self) -> None:
        """Go back to where one came from."""
        self.app.pop_screen()

    def action_time(self) -> None:
        """Write times in another way."""
        self.desk.next_time()
        self.update_view(again=True)
        self.say(f"times: {self.clock.zone()}")

    def action_help(self) -> None:
        """Show all keys."""
        self.program.show_help()

    def action_pause(self) -> None:
        """Stop drawing what comes, or go on; nothing is lost meanwhile."""
        self.desk.is_paused = not self.desk.is_paused
        self.update_view(again=True)
        self.say("paused: p goes on" if self.desk.is_paused else "goes on")

    def save(self, subjects: set[Subject]) -> None:
        """Ask for a file, and save the messages of some rows of the list in it."""
        cut = self.desk.cut(subjects)
        if not cut.packets:
            self.say("there is no message to save")
            return
        what = counted(len(cut.packets), "message")
        if len(subjects) > 1:
            what += f" of {len(subjects)} rows"

        def saved(said: str | None) -> None:
            if said is not None:
                self.say(said)

        self.app.push_screen(SavePrompt(what, cut, self.desk.save), saved)

    def show_findings(self, subject: Subject) -> None:
        """Show all findings of a row of the list."""
        with self.desk.book.lock:
            findings = self.desk.book.findings(subject)
        self.program.show_findings(subject, findings)

    def action_search(self) -> None:
        """Ask for a text, and go to the next row that has it."""

        def sought(text: str | None) -> None:
            if text is not None:
                self.desk.sought = text or self.desk.sought
                self.seek(self.desk.sought.casefold())

        self.app.push_screen(Prompt("search: ", self.desk.sought, is_kept=False), sought)

    def seek(self, text: str) -> None:
        """Go to the next row that has a text, in lower case."""
        self.go_to(1, lambda place: text in self.text_of(place), f"nothing has {text!r}")

    def text_of(self, place: int) -> str:
        """Give the text of a row, in lower case."""
        raise NotImplementedError

    def go_to(self, step: int, wanted: Callable[[int], bool], missing: str) -> None:
        """Go to the next row that is wanted, from the other end if there is none."""
        lines = self.rows
        places = [(lines.cursor + step * n) % lines.count for n in range(1, lines.count + 1)]
        found = next((n for n in places if lines.can_rest(n) and wanted(n)), None)
        if found is None:
            self.say(missing)
        else:
            lines.go(found)
            self.draw_detail()


class StillScreen(BaseScreen):
    """A screen of what does not change while one looks at it."""

    def update_view(self, *, again: bool = False) -> None:
        """Draw when that is asked for."""
        if again:
            super().update_view(again=True)


def keys(page: Page, known: Iterable[tuple[str, str]]) -> Text:
    """Give a line of keys and what they do, as many as there is room for."""
    line = page.text()
    for key, does in known:
        more = page.text("  " if line else "", (key, STRONG), f" {does}")
        if not page.fits(line + more):
            break
        line.append_text(more)
    return line
