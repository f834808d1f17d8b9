"""Questions that are answered in a line at the bottom of the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from pmiptrace.errors import PmiptraceError, StandingError
from pmiptrace.report.tui.desk import Cut, Saver
from pmiptrace.report.tui.program import program

_ENTER, _ESCAPE = "Enter", "Esc"


class Prompt(ModalScreen[str | None]):
    """Asks for a line of text; gives None if there is no answer.

    `examine` says what is wrong with an answer, in one line or more; then it can be mended. The
    answer that is offered is edited if it is kept; else what is typed takes its place.
    """

    DEFAULT_CSS = """
    Prompt { background: transparent; align: left bottom; }
    Prompt > Vertical { height: auto; background: ansi_default; color: ansi_default; }
    Prompt Horizontal { height: 1; }
    Prompt Label { height: auto; width: auto; background: ansi_default; color: ansi_default; }
    Prompt #asked { text-style: bold; }
    Prompt Input { border: none; height: 1; padding: 0; width: 1fr; background: ansi_default;
                   color: ansi_default; }
    Prompt Input:focus { border: none; background: ansi_default; }
    """
    BINDINGS = [Binding("escape", "leave", show=False)]

    def __init__(
        self,
        asked: str,
        answer: str = "",
        examine: Callable[[str], str | None] | None = None,
        hint: str = "",
        *,
        is_kept: bool = True,
    ) -> None:
        super().__init__()
        self._asked = asked
        self._answer = answer
        self._examine = examine
        self._hint = hint
        self._is_kept = is_kept

    def compose(self) -> ComposeResult:
        """Put what is wrong above what is asked."""
        with Vertical():
            yield Label(self._literal("─") * 400, id="line", markup=False)
            yield Label(self._hint, id="told", markup=False)
            with Horizontal():
                yield Label(self._asked, id="asked", markup=False)
                yield Input(self._answer, compact=True, select_on_focus=not self._is_kept)
            yield Label(self.keys, id="keys", markup=False)

    def _literal(self, text: str) -> str:
        """Give text in characters that the terminal has."""
        return program(self).desk.page(80).literal(text)

    @property
    def keys(self) -> str:
        """The keys, and what they do."""
        return f"{_ENTER} go  {_ESCAPE} back"

    def on_mount(self) -> None:
        """Leave no room for what is not said."""
        self.tell(self._hint)

    def tell(self, text: str) -> None:
        """Say something above the line."""
        label = self.query_one("#told", Label)
        label.update("\n".join(map(self._literal, text.split("\n"))))
        label.display = bool(text)

    @on(Input.Submitted)
    async def _submitted(self, event: Input.Submitted) -> None:
        await self.answered(event.value.strip())

    async def answered(self, text: str) -> None:
        """Take an answer, unless something is wrong with it."""
        wrong = None if self._examine is None else self._examine(text)
        if wrong is None:
            self.dismiss(text)
        else:
            self.tell(wrong)

    def action_leave(self) -> None:
        """Give no answer."""
        self.dismiss(None)


class SavePrompt(Prompt):
    """Asks for the name of a file, and writes it; gives what is to be said of that."""

    BINDINGS = [Binding("tab", "other_form", show=False, priority=True)]

    def __init__(self, what: str, cut: Cut, save: Saver) -> None:
        super().__init__(f"save {what} to: ")
        self._cut = cut
        self._save = save
        self._annotated = False
        self._standing: tuple[str, bool] | None = None
        """The answer and the form of it by which files would be replaced, as was said."""

    @property
    def keys(self) -> str:
        """The keys, and the form that Tab leaves."""
        form = "with findings as comments" if self._annotated else "frames as they are"
        return f"{_ENTER} save  Tab form: {form}  {_ESCAPE} back"

    def action_other_form(self) -> None:
        """Take the other form."""
        self._annotated = not self._annotated
        self.query_one("#keys", Label).update(self.keys)

    async def answered(self, text: str) -> None:
        """Write the file; what is wrong is said, and can be mended."""
        if not text:
            self.tell("a name for the file is needed")
        else:
            path = str(Path(text).expanduser()) if text.startswith("~/") else text
            chosen = path, self._annotated
            self.tell("saving …")
            try:
                said = await asyncio.to_thread(
                    self._save,
                    path,
                    self._cut,
                    annotated=self._annotated,
                    replaces=chosen == self._standing,
                )
            except StandingError as error:
                self._standing = chosen
                first, *more = error.names
                self.tell(
                    f"{first} and {len(more)} more exist; Enter again replaces them"
                    if more
                    else f"{first} exists; Enter again replaces it"
                )
            except PmiptraceError as error:
                self.tell(str(error))
            except OSError as error:
                self.tell(f"{path}: cannot be written: {error.strerror}")
            else:
                self.dismiss(said)
