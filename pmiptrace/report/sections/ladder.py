"""A ladder in characters: time and frame to the left, then the lifelines, remarks to the right.

The lifelines of the paths stand close together, and the words of every arrow between the last of
them and the LMA's, so that they read as a column::

      22:13:20.000000    1  ├────┼─ PBU initial BID 1 300 s ─────▶│
      22:13:20.049000    2  │◀───┼─ PBA accepted BID 1, 49.0 ms ──┤  ━ BID 1 active
                  75.0 s    ┊    ┊                                ┊

What has no room beside its row goes below it; nothing is cut off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct
from rich.text import Text

from pmiptrace.report.ladder import Arrow, Gap, Ladder, Lifeline, Mark, Note, Rest, Row, Tone
from pmiptrace.report.page import Column, Page
from pmiptrace.report.style import (
    BAD,
    DOUBTFUL,
    GOOD,
    INCONCLUSIVE,
    MUTED,
    SEVERITY,
    STATE,
    STRONG,
)
from pmiptrace.report.times import Clock, duration

_STEPS = (10, 8, 6, 4, 3, 2)
"""Distances between lifelines of paths, the best first."""
_INDENT = 2
_ROOM = 26
"""Columns for the words of an arrow, if they are to be had."""
_ENOUGH = 40
"""The same, if remarks then have room beside the LMA's lifeline."""
_LEAST = 14
_MARGIN = 3
"""Columns between the LMA's lifeline and what stands beside it."""
_TONE = {Tone.PLAIN: "", Tone.GOOD: GOOD, Tone.BAD: BAD, Tone.DOUBTFUL: DOUBTFUL}


class _Signs(Struct, frozen=True):
    """The characters that lines are made of."""

    life: str
    quiet: str
    dash: str
    again: str
    right: str
    left: str
    start: str
    end: str
    cross: str
    gap: str


_BOX = _Signs("│", "┊", "─", "╌", "▶", "◀", "├", "┤", "┼", "⋮")
_ASCII = _Signs("|", ":", "-", ".", ">", "<", "|", "|", "+", ":")

_WORDS = re.compile(r" (?!(?:h|min|s|ms|µs|us)\b)")
"""Where words may be parted: not between a number and its unit."""

Piece = tuple[str, str]
"""Text and its style."""


def write_ladder(page: Page, clock: Clock, ladder: Ladder) -> None:
    """Write the legend of the lifelines and the rows of a ladder."""
    drawing = LadderDrawing(page, clock, ladder.lines, ladder.rows)
    legend = [[page.text((key, STRONG)), *map(page.text, rest)] for key, *rest in drawing.legend()]
    page.table((Column(), Column(), Column(lower=1), Column(lower=2)), legend, _INDENT)
    page.blank()
    page.console.print(drawing.heads(), soft_wrap=True)
    for row in ladder.rows:
        for line in drawing.lines(row):
            page.console.print(line, soft_wrap=True)


class LadderDrawing:
    """Draws a ladder row by row, as wide as a page is."""

    def __init__(
        self, page: Page, clock: Clock, lines: Sequence[Lifeline], rows: Sequence[Row]
    ) -> None:
        self._page = page
        self._clock = clock
        self._lines = lines
        self._signs = _ASCII if page.ascii else _BOX
        timed = [row for row in rows if isinstance(row, Arrow | Mark)]
        self._time = max((len(clock.moment(row.time)) for row in timed), default=1)
        self._frame = max(5, *(len(row.place) for row in timed), 0)
        left = _INDENT + self._time + 2 + self._frame + 2
        labels = [len(page.literal(self._label(row))) for row in rows]
        longest = max(labels, default=0) + 7
        notes = [len(self._note(note)[0]) for row in timed for note in self._beside(row)]
        paths = len(lines) - 1
        for step in _STEPS:
            last = left + (paths - 1) * step
            room = page.width - last - 2
            if room >= min(longest, _ROOM):
                break
        beside = room - _MARGIN - max(notes, default=0)
        self._is_beside = beside >= min(longest, _ENOUGH)
        room = max(min(longest, beside if self._is_beside else room), _LEAST)
        self._x = [left + number * step for number in range(paths)] + [last + room + 1]
        self._words = last + 4
        self._step = step

    def legend(self) -> list[tuple[str, str, str, str]]:
        """Give for each lifeline its letter, its address, what it is, and its MAG."""
        return [
            (life.letter or "LMA", life.text, life.title if life.letter else "", life.mag)
            for life in self._lines
        ]

    def heads(self) -> Text:
        """Give the line of titles above the rows."""
        return _joined([(" " * _INDENT, ""), *self._heads()])

    def lines(self, row: Row) -> list[Text]:
        """Give the lines of a row."""
        return [_joined(line) for line in self._row(row)]

    def height(self, row: Row) -> int:
        """Give how many lines a row has."""
        if isinstance(row, Gap):
            return 1
        if isinstance(row, Rest):
            return len(self._folded(row.text))
        number = len(self._beside(row))
        words = len(self._words_of(row))
        return max(words, number) if self._is_beside else words + number

    def _heads(self) -> Iterator[Piece]:
        yield f"{'time':<{self._time}}  {'frame':>{self._frame}}", MUTED
        column = _INDENT + self._time + 2 + self._frame
        for number, (x, life) in enumerate(zip(self._x, self._lines, strict=True), 2):
            name = f"{life.letter} {life.short}".strip()
            if not life.letter:
                name, x = "LMA", min(x - 1, self._page.width - 3)
            elif len(name) >= self._step and number < len(self._x):
                name = life.letter
            yield " " * (x - column), ""
            yield self._page.literal(name), STRONG
            column = x + len(name)

    # -------------------------------------------------------------------------------- rows

    def _row(self, row: Row) -> Iterator[list[Piece]]:
        if isinstance(row, Gap):
            words = f"{self._signs.gap} {duration(row.span)}"
            head = self._page.literal(words).rjust(self._time)
            yield [self._left(head), *self._cells(self._signs.quiet)]
            return
        if isinstance(row, Rest):
            for words in self._folded(row.text):
                yield self._beneath(words, MUTED)
            return
        label = self._words_of(row)
        notes = [self._note(note) for note in self._beside(row)]
        beside = notes if self._is_beside else []
        below = [] if self._is_beside else notes
        first = self._left(self._clock.moment(row.time), row.place)
        for number in range(max(len(label), len(beside))):
            words = label[number] if number < len(label) else ""
            if number:
                line = self._beneath(words, self._tone(row))
            elif isinstance(row, Arrow):
                line = [first, *self._arrow(row, words)]
            else:
                line = [first, *self._mark(row, words)]
            if number < len(beside):
                line += [(" " * (_MARGIN - 1), ""), beside[number]]
            yield line
        for words, style in below:
            yield self._beneath(words, style)

    def _words_of(self, row: Arrow | Mark) -> list[str]:
        """Give the words of a row, a line each; the first may be empty."""
        label = self._folded(self._label(row))
        if isinstance(row, Mark) and not self._fits(label[0]):
            label.insert(0, "")
        return label

    def _label(self, row: Row) -> str:
        if isinstance(row, Arrow):
            return row.label
        if isinstance(row, Mark):
            return row.notes[0].text
        return row.text if isinstance(row, Rest) else ""

    def _beside(self, row: Arrow | Mark) -> Sequence[Note]:
        return row.notes if isinstance(row, Arrow) else row.notes[1:]

    def _tone(self, row: Arrow | Mark) -> str:
        if isinstance(row, Arrow):
            return _TONE[row.tone]
        state = row.notes[0].state
        return "" if state is None else STATE[state].colour

    def _note(self, note: Note) -> Piece:
        page = self._page
        if note.state is not None:
            look = STATE[note.state]
            return f"{page.sign(look)} {page.literal(note.text)}", look.colour
        severity = "" if note.severity is None else f"{note.severity.value} "
        if note.inconclusive or note.severity is None:
            return f"? {severity}{note.text}", INCONCLUSIVE
        return page.literal(f"✗ {severity}{note.text}"), SEVERITY[note.severity]

    # ----------------------------------------------------------------------------- drawing

    def _left(self, time: str = "", place: str = "") -> Piece:
        return f"{'':{_INDENT}}{time:<{self._time}}  {place:>{self._frame}}  ", MUTED

    def _cells(self, sign: str) -> list[Piece]:
        """Give the columns from the first lifeline to the last, nothing but lifelines drawn."""
        start = self._x[0]
        cells: list[Piece] = [(" ", "")] * (self._x[-1] - start + 1)
        for x in self._x:
            cells[x - start] = (sign, MUTED)
        return cells

    def _set(self, cells: list[Piece], column: int, words: str, style: str) -> None:
        """Write words over cells, and beyond them if they are longer."""
        start = column - self._x[0]
        for number, character in enumerate(words, start):
            if number < len(cells):
                cells[number] = (character, style)
            else:
                cells.append((character, style))

    def _fits(self, words: str) -> bool:
        return self._words + len(words) <= self._page.width

    def _beneath(self, words: str, style: str) -> list[Piece]:
        """Write words below an arrow's; without lifelines, if they are too long for that."""
        if not self._fits(words):
            return [(" " * max(self._page.width - len(words), _INDENT), ""), (words, style)]
        return [self._left(), *self._with_lines(words, style)]

    def _with_lines(self, words: str, style: str) -> list[Piece]:
        cells = self._cells(self._signs.life)
        self._set(cells, self._words, words, style)
        return cells

    def _arrow(self, row: Arrow, words: str) -> list[Piece]:
        signs, style = self._signs, _TONE[row.tone]
        cells = self._cells(signs.life)
        source, target = self._x[row.source], self._x[row.target]
        low, high = min(source, target), max(source, target)
        dash = signs.again if row.repeated else signs.dash
        self._set(cells, low + 1, dash * (high - low - 1), style)
        for x in self._x:
            if low < x < high:
                self._set(cells, x, signs.cross, style)
        self._set(cells, source, signs.start if source < target else signs.end, style)
        if source < target:
            self._set(cells, target - 1, signs.right, style)
        else:
            self._set(cells, target + 1, signs.left, style)
        self._set(cells, self._words - 1, f" {words} ", style)
        return cells

    def _mark(self, row: Mark, words: str) -> list[Piece]:
        cells = self._with_lines(words, self._tone(row))
        state = row.notes[0].state
        if state is not None:
            self._set(cells, self._x[row.line], self._page.sign(STATE[state]), STATE[state].colour)
        return cells

    def _folded(self, words: str) -> list[str]:
        """Break words into lines that fit between the last path and the LMA."""
        width = max(self._x[-1] - self._words - 3, _LEAST - 7)
        lines = [""]
        for word in _WORDS.split(self._page.literal(words)):
            if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
                lines.append(word)
            else:
                lines[-1] = f"{lines[-1]} {word}".lstrip()
        return lines


def _joined(pieces: Sequence[Piece]) -> Text:
    """Give a line; neighbours of one style go out together."""
    text = Text()
    for content, style in pieces:
        text.append(content, style or None)
    text.rstrip()
    return text
