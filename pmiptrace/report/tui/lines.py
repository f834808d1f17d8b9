"""A list of any length of which only what is on the screen is drawn."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate

from msgspec import Struct
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

_DRAWN = 500
"""Items whose lines are kept for the next drawing."""
_CURSOR = Style(bold=True, reverse=True)


class Content(Struct, frozen=True):
    """Items, each of one line or more, and how to draw them."""

    count: int
    draw: Callable[[int], Sequence[Text]]
    """Gives the lines of an item, by its place."""
    height: Callable[[int], int] | None = None
    """Gives how many lines an item has; None if each has one."""
    can_rest: Callable[[int], bool] | None = None
    """Tells whether the cursor can rest on an item; None if it can on each."""


EMPTY = Content(0, lambda _: ())


class Lines(ScrollView, can_focus=True):
    """Shows a `Content` with a cursor, for which its items leave the first column free."""

    BINDINGS = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup,ctrl+b", "page(-1)", show=False),
        Binding("pagedown,ctrl+f", "page(1)", show=False),
        Binding("home,g", "edge(-1)", show=False),
        Binding("end,G", "edge(1)", show=False),
        Binding("enter", "choose", show=False),
    ]
    DEFAULT_CSS = """
    Lines { scrollbar-size: 0 0; overflow-x: hidden; background: ansi_default; }
    """

    class Moved(Message):
        """The cursor went to another item."""

        def __init__(self, lines: Lines) -> None:
            super().__init__()
            self.lines = lines

        @property
        def control(self) -> Lines:
            """Where it did."""
            return self.lines

    class Chosen(Moved):
        """An item was chosen with Enter."""

    pointer = "▸"
    """What stands in the first column of the item with the cursor."""

    def __init__(self, *, has_cursor: bool = True, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.cursor = 0
        """The place of the item that the cursor is on."""
        self.has_cursor = has_cursor
        """Whether there is a cursor; without one, keys scroll."""
        self._content = EMPTY
        self._ends: list[int] | None = None
        """Where items end, in lines; None if each has one."""
        self._drawn: dict[int, Sequence[Text]] = {}

    def show(self, content: Content, cursor: int | None = None) -> None:
        """Show other content; the cursor goes to an item of it, and stays in sight."""
        self._content = content
        self._drawn.clear()
        height = content.height
        self._ends = None if height is None else list(accumulate(map(height, range(content.count))))
        lines = content.count if self._ends is None else (self._ends or [0])[-1]
        self.virtual_size = Size(self.size.width, lines)
        wanted = self.cursor if cursor is None else cursor
        self.cursor = self._resting(min(max(wanted, 0), max(content.count - 1, 0)), 1)
        if self.has_cursor:
            self._scroll_to_cursor()
        else:
            self.scroll_to(y=min(self.scroll_offset.y, self.max_scroll_y), animate=False)
        self.refresh()

    def on_resize(self) -> None:
        """Keep the cursor in sight, whatever takes room or gives it back."""
        if self.has_cursor:
            self._scroll_to_cursor()

    def redraw(self) -> None:
        """Draw all items anew."""
        self._drawn.clear()
        self.refresh()

    @property
    def count(self) -> int:
        """How many items there are."""
        return self._content.count

    @property
    def is_at_end(self) -> bool:
        """Whether the cursor is on the last item that it can be on."""
        return self.cursor >= self._resting(self._content.count - 1, -1)

    def go(self, place: int) -> None:
        """Put the cursor on an item."""
        place = self._resting(min(max(place, 0), self._content.count - 1), 1)
        if place != self.cursor:
            self.cursor = place
            self.refresh()
            self.post_message(self.Moved(self))
        self._scroll_to_cursor()

    # ------------------------------------------------------------------------------- moving

    def _resting(self, place: int, step: int) -> int:
        """Give the nearest item on which the cursor can rest, first in one direction."""
        can_rest = self._content.can_rest
        if can_rest is None or not 0 <= place < self._content.count:
            return max(place, 0)
        for places in (
            range(place, self._content.count if step > 0 else -1, step),
            range(place, -1 if step > 0 else self._content.count, -step),
        ):
            for found in places:
                if can_rest(found):
                    return found
        return place

    def _top(self, place: int) -> int:
        if self._ends is None:
            return place
        return self._ends[place - 1] if place else 0

    def _bottom(self, place: int) -> int:
        return place + 1 if self._ends is None else self._ends[place]

    def _scroll_to_cursor(self) -> None:
        height = self.size.height
        if not self._content.count or not height:
            return
        top, bottom = self._top(self.cursor), self._bottom(self.cursor)
        if not self._resting_before(self.cursor):
            top = 0  # what stands above the first is in sight with it
        seen = self.scroll_offset.y
        if bottom - top > height:
            bottom = top + height
        wanted = min(max(seen, bottom - height), top)
        if wanted != seen:
            self.scroll_to(y=wanted, animate=False)

    def _resting_before(self, place: int) -> bool:
        can_rest = self._content.can_rest
        return place > 0 if can_rest is None else any(map(can_rest, range(place)))

    def action_move(self, step: int) -> None:
        """Go to the next item, or the one before."""
        if not self.has_cursor:
            self.scroll_relative(y=step, animate=False)
            return
        place = self.cursor + step
        if 0 <= place < self._content.count:
            found = self._resting(place, step)
            if (found - self.cursor) * step > 0:
                self.go(found)

    def action_page(self, step: int) -> None:
        """Go on, or back, by as much as is in sight."""
        height = max(self.size.height - 1, 1)
        if not self.has_cursor:
            self.scroll_relative(y=step * height, animate=False)
            return
        line = self._top(self.cursor) + step * height
        place = line if self._ends is None else bisect_right(self._ends, max(line, 0))
        place = min(max(place, 0), self._content.count - 1)
        if self._content.count:
            self.go(self._resting(place, step))

    def action_edge(self, step: int) -> None:
        """Go to the first item, or the last."""
        if not self.has_cursor:
            self.scroll_to(y=0 if step < 0 else self.max_scroll_y, animate=False)
        elif self._content.count:
            self.go(self._resting(0 if step < 0 else self._content.count - 1, -step))

    def action_choose(self) -> None:
        """Tell that an item was chosen."""
        if self._content.count:
            self.post_message(self.Chosen(self))

    # ------------------------------------------------------------------------------ drawing

    def render_line(self, y: int) -> Strip:
        """Draw a line of what is in sight."""
        width = self.size.width
        line = y + self.scroll_offset.y
        place = line if self._ends is None else bisect_right(self._ends, line)
        if place >= self._content.count:
            return Strip.blank(width)
        part = line - self._top(place)
        lines = self._lines(place)
        text = lines[part] if part < len(lines) else Text()
        is_cursor = part == 0 and place == self.cursor and self.can_rest(place)
        if is_cursor:
            text = Text(f"{self.pointer}{text.plain[1:]}", end="")
        segments = [
            Segment(segment.text, segment.style)
            for segment in text.render(self.app.console)
            if segment.text != "\n"
        ]
        strip = Strip(segments).adjust_cell_length(width)
        return strip.apply_style(_CURSOR) if is_cursor else strip

    def can_rest(self, place: int) -> bool:
        """Tell whether the cursor can be on an item."""
        can_rest = self._content.can_rest
        return self.has_cursor and (can_rest is None or can_rest(place))

    def _lines(self, place: int) -> Sequence[Text]:
        found = self._drawn.get(place)
        if found is None:
            if len(self._drawn) >= _DRAWN:
                self._drawn.clear()
            found = self._drawn[place] = self._content.draw(place)
        return found


class Plain(Lines, can_focus=False):
    """Some lines without a cursor, as high as they are many."""

    DEFAULT_CSS = "Plain { height: 0; display: none; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(has_cursor=False, id=id)

    def set_lines(self, lines: Sequence[Text]) -> None:
        """Show these lines."""
        self.styles.height = len(lines)
        self.display = bool(lines)
        self.show(Content(len(lines), lambda place: (lines[place],)))
