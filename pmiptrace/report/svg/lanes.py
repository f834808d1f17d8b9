"""The bindings of one session over time as SVG, a lane for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from pmiptrace.address import address_text
from pmiptrace.model import Binding, BindingState, Session
from pmiptrace.report.ladder import lane_title
from pmiptrace.report.lanes import Scale, scale
from pmiptrace.report.style import STATE
from pmiptrace.report.svg.drawing import (
    CHARACTER,
    LINE,
    MARGIN,
    STATE_CLASS,
    Picture,
    group,
    line,
    polygon,
    rectangle,
    svg,
    text,
)
from pmiptrace.report.times import Clock
from pmiptrace.report.words import counted, node_name

_LANE = 34
_BAR = 14
_SPAN = 720
"""Width of the stretch of time."""
_VISIBLE = 2
"""Width from which on a state can be told from a line."""
_LABELS = 90
"""Distance of the labels of the axis, at least."""


def lanes_svg(session: Session, end: int | None, clock: Clock, *, limit: int = 12) -> str:
    """Give the lanes of a session as one ``<svg>`` element; empty if nothing has a time.

    `end` is the time of the capture's last packet. It needs the style of `drawing.STYLE`.
    """
    picture = lanes_picture(session, end, clock, limit=limit)
    return "" if picture is None else svg(picture)


def lanes_picture(
    session: Session, end: int | None, clock: Clock, *, limit: int = 12
) -> Picture | None:
    """Draw the lanes of up to `limit` bindings of a session; None if nothing has a time."""
    axis = scale(session, end, _SPAN)
    bindings = [binding for binding in session.bindings if binding.history]
    if axis is None or not bindings:
        return None
    return _Drawing(session, bindings[:limit], len(bindings) - limit, axis, clock).picture()


class _Piece(Struct, frozen=True):
    """A state that lasts, or the moment of one that does not."""

    state: BindingState
    start: int
    end: int
    event: str


class _Drawing:
    def __init__(
        self, session: Session, bindings: Sequence[Binding], left: int, axis: Scale, clock: Clock
    ) -> None:
        self._session = session
        self._bindings = bindings
        self._left = left
        self._axis = axis
        self._clock = clock
        names = [(_name(b), address_text(b.care_of_address)) for b in bindings]
        longest = max(len(word) for pair in names for word in pair)
        self._names = names
        self._x = MARGIN + longest * CHARACTER + 16

    def picture(self) -> Picture:
        top = 2 * LINE
        y, parts = top, list(self._marks(top))
        seen: set[BindingState] = set()
        for binding, name in zip(self._bindings, self._names, strict=True):
            pieces = _pieces(binding, self._axis.end)
            seen.update(piece.state for piece in pieces if self._is_visible(piece))
            parts += self._lane(name, pieces, y)
            y += _LANE
        if self._left > 0:
            parts.append(text(MARGIN, y + LINE, counted(self._left, "more binding"), "muted"))
            y += LINE
        parts += self._legend(seen, y + LINE + 4)
        width, height = self._x + _SPAN + MARGIN, y + 2 * LINE + 4
        title = f"Bindings of {node_name(self._session)} over time"
        return Picture(round(width), round(height), "".join(parts), title)

    def _at(self, time: int) -> float:
        span = max(self._axis.end - self._axis.start, 1)
        share = (time - self._axis.start) / span
        return self._x + _SPAN * min(max(share, 0), 1)

    def _is_visible(self, piece: _Piece) -> bool:
        """Tell whether a state is drawn as more than the edge of the next one."""
        if piece.state is BindingState.REFRESHING or STATE[piece.state].final:
            return True
        return self._at(piece.end) - self._at(piece.start) >= _VISIBLE

    def _marks(self, top: int) -> Iterator[str]:
        bottom = top + _LANE * len(self._bindings)
        for place, label in self._axis.marks(_LABELS):
            x = self._x + place
            yield line(x, top - 6, x, bottom, "life dotted")
            yield text(x, LINE, label, "muted", anchor="middle" if place else "start")

    def _lane(self, name: tuple[str, str], pieces: Sequence[_Piece], y: int) -> Iterator[str]:
        yield text(MARGIN, y + 13, name[0], "strong")
        yield text(MARGIN, y + 28, name[1], "muted")
        top = y + (_LANE - _BAR) / 2
        room = 0.0
        for piece in pieces:
            x, end = self._at(piece.start), self._at(piece.end)
            kind, word = STATE_CLASS[piece.state], piece.state.public_name
            begun = self._clock.moment(piece.start)
            title = f"{name[0]} {word} from {begun}: {piece.event}"
            if STATE[piece.state].final:
                middle = top + _BAR / 2
                corners = [(x, middle - 8), (x + 8, middle), (x, middle + 8), (x - 8, middle)]
                shapes = [polygon(corners, kind)]
                if x > room and x + 12 + len(word) * CHARACTER < self._x + _SPAN:
                    shapes.append(text(x + 12, top + 11, word, kind))
                    room = x + 12 + len(word) * CHARACTER
                yield group(title, *shapes)
                continue
            if piece.state is BindingState.REFRESHING:
                yield group(title, rectangle(x, top, end - x, _BAR, kind), _tick(x, top, kind))
                continue
            soft = "" if piece.state is BindingState.ACTIVE else " soft"
            shapes = [rectangle(x, top, max(end - x, 1.5), _BAR, f"{kind}{soft}")]
            shapes.append(line(x, top, x, top + _BAR, f"edge {kind}"))
            if soft and end - x > (len(word) + 1) * CHARACTER:
                shapes.append(text(x + 5, top + 11, word))
            yield group(title, *shapes)
        if self._axis.open and pieces and not STATE[pieces[-1].state].final:
            x, middle = self._x + _SPAN, top + _BAR / 2
            kind = STATE_CLASS[pieces[-1].state]
            yield polygon([(x, top), (x + 8, middle), (x, top + _BAR)], kind)

    def _legend(self, seen: set[BindingState], y: float) -> Iterator[str]:
        x = self._x
        shown: set[str] = set()
        for state in BindingState:
            word = state.public_name
            if state not in seen or word in shown:
                continue
            shown.add(word)
            kind = STATE_CLASS[state]
            if STATE[state].final:
                corners = [(x + 6, y - 10), (x + 12, y - 4), (x + 6, y + 2), (x, y - 4)]
                yield polygon(corners, kind)
            elif state is BindingState.REFRESHING:
                yield _tick(x + 6, y - 11, kind)
            else:
                soft = "" if state is BindingState.ACTIVE else " soft"
                yield rectangle(x, y - 9, 12, 10, f"{kind}{soft}")
                yield line(x, y - 9, x, y + 1, f"edge {kind}")
            name = "refresh" if state is BindingState.REFRESHING else word
            yield text(x + 17, y, name)
            x += 17 + (len(name) + 2) * CHARACTER


def _tick(x: float, top: float, kind: str) -> str:
    """Mark a refresh: a line that stands out above and below a bar."""
    return line(x, top - 4, x, top + _BAR + 4, f"edge {kind}")


def _name(binding: Binding) -> str:
    return lane_title(binding) or "path"


def _pieces(binding: Binding, end: int) -> list[_Piece]:
    """Give the states of a binding in their order; of its last remains only the first."""
    history = [t for t in binding.history if t.moment.time is not None]
    pieces = []
    for number, transition in enumerate(history):
        if STATE[transition.after].final and STATE[transition.before].final:
            continue  # from `deregistered` to `none` is no end of its own
        start = transition.moment.time or 0
        until = end
        if number + 1 < len(history):
            until = history[number + 1].moment.time or end
        pieces.append(_Piece(transition.after, start, until, transition.event))
    return pieces
