"""A page of text of a given width on which nothing is cut off.

What does not fit beside its neighbours goes below them; what does not fit in a line is folded.
Whatever comes from a capture is taken literally: no markup, no control characters, and where the
output is not UTF-8 no character that it cannot hold.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import compress
from typing import IO

from msgspec import Struct
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from pmiptrace.report.logs import obeyed_by_none
from pmiptrace.report.style import MUTED, STRONG, Look

Part = str | tuple[str, str]
"""Text, or text with a style."""

PIPE_WIDTH = 120
"""Columns where there is no terminal to tell: no address or identifier is folded at that."""

GAP = 2
_WIDEST = 45
"""Columns that one column of a table may take: those of the longest IPv6 address."""
_NARROWEST = 10
"""Columns that the last column of a table needs, if its cells are longer than that."""
_LEGIBLE = 24
"""The same, where its cells might as well go below the others."""
_PLAIN = str.maketrans(
    {
        "…": "...",
        "→": "->",
        "←": "<-",
        "µ": "u",
        "·": "-",
        "─": "-",
        "✗": "!",
        "▸": ">",
        "┬": "+",
    }
)


def open_console(file: IO[str], *, width: int | None = None) -> Console:
    """Give a console for a page: colours and width of a terminal, else none and `PIPE_WIDTH`.

    NO_COLOR, FORCE_COLOR and COLUMNS are honoured.
    """
    console = Console(file=file, width=width, markup=False, emoji=False, highlight=False)
    if width is None and not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PIPE_WIDTH
    return console


class Column(Struct, frozen=True):
    """A column of a table; `label` stands before its cells where they are not in columns."""

    title: str = ""
    label: str = ""
    right: bool = False
    lower: int = 0
    """Whether its cells go below their row where the page is too narrow: 1 first, then 2."""
    least: int = 0
    """As the last column: so many columns are worth having others go below for."""


class Page:
    """Writes lines, headings and tables to a console."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.width = max(console.width, 20)
        self.encoding = console.encoding
        self.ascii = not self._can_hold("░━→…")

    def _can_hold(self, text: str) -> bool:
        try:
            text.encode(self.encoding)
        except (UnicodeEncodeError, LookupError):
            return False
        return True

    def literal(self, text: str) -> str:
        """Give text as it can be shown: unprintable characters escaped, the encoding respected.

        What the runner of a CI job would take for a command is escaped too.
        """
        if not text.isprintable():
            text = "".join(
                c if c.isprintable() else c.encode("unicode_escape").decode() for c in text
            )
        if self.ascii:
            text = text.translate(_PLAIN)
        if not self._can_hold(text):
            text = text.encode("ascii", "backslashreplace").decode()
        return obeyed_by_none(text)

    def sign(self, look: Look) -> str:
        """Give the sign of a state that the encoding can hold."""
        return look.plain if self.ascii else look.sign

    def text(self, *parts: Part | Text) -> Text:
        """Join parts to a text, each with its style, none interpreted."""
        text = Text(end="")
        for part in parts:
            if isinstance(part, Text):
                text.append_text(part)
            else:
                content, style = part if isinstance(part, tuple) else (part, "")
                text.append(self.literal(content), style or None)
        return text

    def fits(self, text: Text, indent: int = 0) -> bool:
        """Tell whether a text goes into one line."""
        return cell_len(text.plain) <= self.width - indent

    def blank(self) -> None:
        """Leave a line free."""
        self.console.print(Text(""), crop=False)

    def line(self, *parts: Part | Text, indent: int = 0, hang: int = 2) -> None:
        """Write a line; where it is too long it goes on below, `hang` columns further right."""
        for line in self.lines(*parts, indent=indent, hang=hang):
            self._put(line)

    def lines(self, *parts: Part | Text, indent: int = 0, hang: int = 2) -> list[Text]:
        """Give the lines that `line` writes."""
        text = self.text(*parts)
        lines = [text] if self.fits(text, indent) else self._wrap(text, self.width - indent - hang)
        return [
            Text(" " * (indent + (hang if number else 0))).append_text(line)
            for number, line in enumerate(lines)
        ]

    def items(
        self, items: Iterable[Text], *, indent: int = 0, hang: int = 2, separator: str = ""
    ) -> None:
        """Write items one after the other, broken between them where they need more lines."""
        for line in self.item_lines(items, indent=indent, hang=hang, separator=separator):
            self._put(line)

    def item_lines(
        self, items: Iterable[Text], *, indent: int = 0, hang: int = 2, separator: str = ""
    ) -> list[Text]:
        """Give the lines that `items` writes."""
        line = Text()
        lines: list[Text] = []
        for item in filter(None, items):
            if line and not self.fits(line + item, indent + GAP + len(separator)):
                lines += self.lines(line + Text(separator), indent=indent, hang=hang)
                indent, hang, line = indent + hang, 0, Text()
            elif line:
                line.append(f"{separator} " if separator else " " * GAP)
            line.append_text(item)
        if line:
            lines += self.lines(line, indent=indent, hang=hang)
        return lines

    def heading(self, title: str, remark: str = "") -> None:
        """Write the title of a section, a rule to the right of it, after a free line."""
        self.blank()
        text = self.text((title, STRONG), f" · {remark}" if remark else "")
        free = min(self.width, 120) - cell_len(text.plain) - 1
        if free > 2:
            text.append_text(self.text((" " + "─" * free, MUTED)))
        self.line(text)

    def table(
        self,
        columns: Sequence[Column],
        rows: Sequence[Sequence[Text]],
        indent: int,
        *,
        below: Sequence[Sequence[Text]] = (),
    ) -> None:
        """Write rows in columns, and what belongs `below` each row.

        Columns without content are left out. The last one may be of any length. Where the page is
        too narrow, the cells of the columns that are `lower` go below their row, level by level;
        where that does not help, a row is its cells one after the other.
        """
        Table(self, columns, indent).write(rows, below)

    def _labelled(self, column: Column, cell: Text) -> Text:
        """Give a cell that says itself what it is; nothing for an empty one."""
        if cell.plain in ("", "-"):
            return Text()
        return self.text((f"{column.label} ", MUTED), cell) if column.label else cell

    def _row(
        self, row: Sequence[Text], columns: Sequence[Column], widths: Sequence[int], indent: int
    ) -> None:
        sizes = [cell_len(cell.plain) for cell in row]
        if all(size <= width for size, width in zip(sizes, widths, strict=True)):
            self._put(_side_by_side(row, sizes, columns, widths, indent))
            return
        cells = [self._wrap(cell, width) for cell, width in zip(row, widths, strict=True)]
        for number in range(max(map(len, cells))):
            parts = [cell[number] if number < len(cell) else Text("") for cell in cells]
            sizes = [cell_len(part.plain) for part in parts]
            self._put(_side_by_side(parts, sizes, columns, widths, indent))

    def _wrap(self, text: Text, width: int) -> list[Text]:
        width = max(width, 10)
        if cell_len(text.plain) <= width:
            return [text]
        lines = list(text.wrap(self.console, width, overflow="fold"))
        for line in lines:
            line.rstrip()
        return lines

    def _put(self, line: Text) -> None:
        line.rstrip()
        self.console.print(line, soft_wrap=True)


def _side_by_side(
    cells: Sequence[Text],
    sizes: Sequence[int],
    columns: Sequence[Column],
    widths: Sequence[int],
    indent: int,
) -> Text:
    """Join the cells of one line, each moved to its column."""
    line = Text()
    free = indent
    for cell, size, column, width in zip(cells, sizes, columns, widths, strict=True):
        if not size:
            free += width + GAP
            continue
        before = width - size if column.right else 0
        line.append(" " * (free + before))
        line.append_text(cell)
        free = width - size - before + GAP
    return line


class Table:
    """Rows in columns, written bit by bit.

    Columns grow with what comes. Their titles come again when a column gets its first content, or
    goes below the rows for want of room.
    """

    def __init__(self, page: Page, columns: Sequence[Column], indent: int = 0) -> None:
        self._page = page
        self._columns = columns
        self._indent = indent
        self._used = [False] * len(columns)
        self._sizes = [cell_len(column.title) for column in columns]
        self._titles: list[Column] = []
        """Those that were written last."""

    def write(self, rows: Sequence[Sequence[Text]], below: Sequence[Sequence[Text]] = ()) -> None:
        """Write rows, and what belongs `below` each, as `Page.table` does."""
        if not rows:
            return
        page, indent = self._page, self._indent
        for i, column in enumerate(zip(*rows, strict=True)):
            self._used[i] |= any(cell.plain not in ("", "-") for cell in column)
            self._sizes[i] = max(self._sizes[i], *(cell_len(cell.plain) for cell in column))
        columns = list(compress(self._columns, self._used))
        sizes = list(compress(self._sizes, self._used))
        rows = [list(compress(row, self._used)) for row in rows]
        for level in range(max((column.lower for column in columns), default=0) + 1):
            upper = [not 0 < column.lower <= level for column in columns]
            kept = list(compress(columns, upper))
            widths = self._widths(kept, list(compress(sizes, upper)), rows, upper)
            if widths is not None:
                break
        titled = widths is not None and any(column.title for column in kept)
        if titled and kept != self._titles:
            assert widths is not None
            page._row([page.text((c.title, MUTED)) for c in kept], kept, widths, indent)
            self._titles = kept
        for row, notes in zip(rows, below or [()] * len(rows), strict=True):
            if widths is not None:
                page._row(list(compress(row, upper)), kept, widths, indent)
            rest = [
                page._labelled(column, cell)
                for column, cell, above in zip(columns, row, upper, strict=True)
                if widths is None or not above
            ]
            if widths is None:
                page.items(rest, indent=indent)
            else:
                page.items(rest, indent=indent + 4, hang=0)
            page.items(notes, indent=indent + 4, hang=0)

    def _widths(
        self,
        columns: Sequence[Column],
        sizes: Sequence[int],
        rows: Sequence[Sequence[Text]],
        upper: Sequence[bool],
    ) -> list[int] | None:
        """Give the width of each column, or None if they do not go side by side."""
        if not columns:
            return None
        widths = [min(size, _WIDEST) for size in sizes[:-1]]
        room = self._page.width - self._indent - sum(widths) - GAP * len(widths)
        last = max(i for i, above in enumerate(upper) if above)
        words = (len(word) for row in rows for word in row[last].plain.split())
        narrowest = columns[-1].least or (_LEGIBLE if columns[-1].lower else _NARROWEST)
        least = max(narrowest, min(max(words, default=0), _WIDEST))
        if room < min(sizes[-1], least):
            return None
        return [*widths, min(sizes[-1], room)]
