"""The ladder of one session as SVG."""

from __future__ import annotations

from collections.abc import Iterator

from pmiptrace.report.ladder import Arrow, Gap, Ladder, Lifeline, Mark, Note, Rest, Row, Tone
from pmiptrace.report.style import STATE
from pmiptrace.report.svg.drawing import (
    CHARACTER,
    LINE,
    MARGIN,
    SEVERITY_CLASS,
    STATE_CLASS,
    Picture,
    group,
    line,
    middle_cut,
    polygon,
    rectangle,
    svg,
    text,
)
from pmiptrace.report.times import Clock, duration
from pmiptrace.report.words import node_name

_STEP = 28
"""Height of a row."""
_FIRST = 150
"""Room of a lifeline's head, with up to three care-of addresses; with more it is less."""
_LEAST = 76
_TIP = 8
_LABEL_GAP = 10


def ladder_svg(ladder: Ladder, clock: Clock) -> str:
    """Give a ladder as one ``<svg>`` element; `clock` writes its times.

    It needs the style of `drawing.STYLE`, which it does not hold.
    """
    return svg(ladder_picture(ladder, clock))


def ladder_picture(ladder: Ladder, clock: Clock) -> Picture:
    """Draw a ladder."""
    return _Drawing(ladder, clock).picture()


class _Drawing:
    def __init__(self, ladder: Ladder, clock: Clock) -> None:
        self._ladder = ladder
        self._clock = clock
        arrows = [row for row in ladder.rows if isinstance(row, Arrow)]
        timed = [row for row in ladder.rows if isinstance(row, Arrow | Mark)]
        times = [clock.moment(row.time) for row in timed]
        self._time = MARGIN + max((len(time) for time in times), default=0) * CHARACTER
        places = max((len(row.place) for row in timed), default=1)
        self._frame = self._time + 12 + max(places, 5) * CHARACTER
        count = len(ladder.lines) - 1
        step = _FIRST if count <= 3 else max(_LEAST, 3 * _FIRST / count)
        labels = [len(arrow.label) for arrow in arrows]
        labels += [len(row.text) for row in ladder.rows if isinstance(row, Rest)]
        room = max(max(labels, default=0) * CHARACTER + 2 * _LABEL_GAP + _TIP, 2 * _FIRST)
        first = self._frame + 24 + step / 2
        self._head = step - 8
        self._x = [first + step * number for number in range(count)]
        last = self._x[-1] if self._x else first
        self._label = last + _LABEL_GAP
        self._x.append(last + room)
        self._notes = self._x[-1] + max(step / 2, 60)
        notes = [len(_note_text(note)) for row in timed for note in row.notes]
        self._width = self._notes + max(notes, default=0) * CHARACTER + MARGIN

    def picture(self) -> Picture:
        top = 4 * LINE + 12
        y, parts = top, []
        for row in self._ladder.rows:
            parts.append("".join(self._row(row, y)))
            y += self._height(row)
        y += _STEP // 2
        heads = "".join(self._heads())
        lives = "".join(line(x, top - 6, x, y, "life") for x in self._x)
        session = self._ladder.session
        title = f"Call flow of {node_name(session)}"
        return Picture(
            round(self._width), round(y + MARGIN), f"{heads}{lives}{''.join(parts)}", title
        )

    def _heads(self) -> Iterator[str]:
        yield text(MARGIN, 2 * LINE, self._clock.zone(), "muted")
        yield text(self._frame, 3 * LINE + 4, "frame", "muted", anchor="end")
        for x, life in zip(self._x, self._ladder.lines, strict=True):
            is_lma = not life.letter
            room = 2 * (self._notes - x) if is_lma else self._head
            shown = life.title or life.letter
            yield group(
                _whole(life),
                text(x, LINE, middle_cut(life.mag, room), "muted", anchor="middle"),
                text(x, 2 * LINE, middle_cut(shown, room), "strong", anchor="middle"),
                text(x, 3 * LINE, middle_cut(life.text, room), anchor="middle"),
            )

    def _height(self, row: Row) -> int:
        lines = max(1, len(row.notes)) if isinstance(row, Arrow | Mark) else 1
        return _STEP + (lines - 1) * LINE

    def _row(self, row: Row, y: int) -> Iterator[str]:
        base = y + 16
        if isinstance(row, Gap):
            yield self._gap(row, y)
        elif isinstance(row, Rest):
            x = self._label
            width = len(row.text) * CHARACTER
            yield rectangle(x - 4, y + 3, width + 8, _STEP - 8, "halo")
            yield text(x, base, row.text, "muted")
        else:
            yield text(self._time, base, self._clock.moment(row.time), anchor="end")
            yield text(self._frame, base, row.place, "muted", anchor="end")
            yield self._arrow(row, y) if isinstance(row, Arrow) else self._mark(row, y)
            for number, note in enumerate(row.notes):
                yield self._note(note, base + number * LINE)

    def _gap(self, row: Gap, y: int) -> str:
        middle, words = y + _STEP / 2, duration(row.span)
        erased = [rectangle(x - 2, y + 4, 4, _STEP - 8, "halo") for x in self._x]
        dots = [line(x, y + 4, x, y + _STEP - 4, "life dotted") for x in self._x]
        label = text(self._time, middle + 4, f"⋮ {words}", "muted", anchor="end")
        return group(f"{words} without a message", *erased, *dots, label)

    def _arrow(self, row: Arrow, y: int) -> str:
        y_line = y + _STEP - 8
        start, end = self._x[row.source], self._x[row.target]
        way = 1 if end > start else -1
        kind = "" if row.tone is Tone.PLAIN else f" {row.tone.value}"
        dashed = " dashed" if row.repeated else ""
        tip = [(end, y_line), (end - way * _TIP, y_line - 4), (end - way * _TIP, y_line + 4)]
        detail = f"frame {row.place} {self._clock.moment(row.time)}: {row.label}"
        return group(
            f"{detail}, {_ends(self._ladder, row)}",
            line(start, y_line, end - way * _TIP, y_line, f"arrow{kind}{dashed}"),
            polygon(tip, row.tone.value if kind else "tip"),
            text(self._label, y_line - 5, row.label, row.tone.value if kind else ""),
        )

    def _mark(self, row: Mark, y: int) -> str:
        x, middle = self._x[row.line], y + _STEP / 2
        state = row.notes[0].state
        kind = "muted" if state is None else STATE_CLASS[state]
        corners = [(x, middle - 6), (x + 6, middle), (x, middle + 6), (x - 6, middle)]
        label = text(self._label, y + 16, row.notes[0].detail, "muted")
        title = "; ".join(f"{note.text} ({note.detail})" for note in row.notes)
        return group(title, polygon(corners, kind), label)

    def _note(self, note: Note, base: float) -> str:
        words = _note_text(note)
        if note.state is not None:
            return group(note.detail, text(self._notes, base, words, STATE_CLASS[note.state]))
        kind = "muted"
        if note.severity is not None and not note.inconclusive:
            kind = SEVERITY_CLASS[note.severity]
        return group(note.detail, text(self._notes, base, words, kind))


def _note_text(note: Note) -> str:
    if note.state is not None:
        return f"{STATE[note.state].sign} {note.text}"
    severity = "" if note.severity is None else f"{note.severity.value} "
    return f"{'?' if note.inconclusive else '✗'} {severity}{note.text}"


def _ends(ladder: Ladder, row: Arrow) -> str:
    return f"{ladder.lines[row.source].text} → {ladder.lines[row.target].text}"


def _whole(life: Lifeline) -> str:
    return " ".join(filter(None, (life.title, life.text, life.mag)))
