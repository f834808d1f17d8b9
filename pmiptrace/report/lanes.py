"""The lanes of a timeline: each binding's state over time, one character per span of time.

A lane shows in each column the state at the end of that column's span, so that a request answered
at once does not hide the binding it brings. Two things are too short to last and are drawn all
the same: a refresh, and the end of a binding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from pmiptrace.model import SECOND, Binding, BindingState, Session
from pmiptrace.report.style import STATE

_STEPS = tuple(
    step * unit
    for unit, steps in (
        (1_000, (1, 2, 5, 10, 20, 50, 100, 200, 500)),
        (1_000_000, (1, 2, 5, 10, 20, 50, 100, 200, 500)),
        (SECOND, (1, 2, 5, 10, 20, 30)),
        (60 * SECOND, (1, 2, 5, 10, 20, 30)),
        (3600 * SECOND, (1, 2, 3, 6, 12)),
        (86400 * SECOND, (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)),
    )
    for step in steps
)
"""Distances between marks that are easy to read, in nanoseconds."""

_UNITS = (
    (86400 * SECOND, "d"),
    (3600 * SECOND, "h"),
    (60 * SECOND, "min"),
    (SECOND, "s"),
    (1_000_000, "ms"),
    (1_000, "µs"),
)

_REFRESHED = frozenset({BindingState.ACTIVE, BindingState.REFRESHING})


class Scale(Struct, frozen=True):
    """A stretch of time laid out over columns."""

    start: int
    end: int
    columns: int
    open: bool = False
    """Whether nothing changes behind `end`, but the capture goes on."""

    def column(self, time: int) -> int:
        """Give the column of a time; times outside belong to the first or last one."""
        span = max(self.end - self.start, 1)
        place = (time - self.start) * self.columns // span
        return min(max(place, 0), self.columns - 1)

    def marks(self, distance: int) -> list[tuple[int, str]]:
        """Give columns and labels of marks at round times since `start`, `distance` apart or more.

        All labels have one unit, so that they compare at a glance.
        """
        span = max(self.end - self.start, 1)
        least = span * distance // self.columns
        step = next((step for step in _STEPS if step >= least), _STEPS[-1])
        size, unit = next(((s, u) for s, u in _UNITS if step % s == 0), _UNITS[-1])
        count = min(span // step, self.columns)
        return [
            (i * step * self.columns // span, f"{i * step // size} {unit}")
            for i in range(count + 1)
            if i * step * self.columns // span < self.columns
        ]

    def ruler(self, distance: int) -> tuple[str, str]:
        """Give two lines: the labels of such marks, those for which there is room, and a rule."""
        labels, rule = [" "] * self.columns, ["─"] * self.columns
        for column, label in self.marks(distance):
            rule[column] = "┬"
            if column + len(label) <= self.columns:
                labels[column : column + len(label)] = label
        return "".join(labels), "".join(rule)


def scale(session: Session, end: int | None, columns: int) -> Scale | None:
    """Give the scale for a session: from its first message until nothing changes any more.

    `end` is the time of the capture's last packet. Where the bindings just last until then, the
    scale stops earlier, so that the part in which something happens stays legible. None where the
    capture has no times, or the session is but one moment.
    """
    start = session.first.time
    if start is None:
        return None
    changes = [
        transition.moment.time
        for binding in session.bindings
        for transition in binding.history
        if transition.moment.time is not None
    ]
    last = max([start, *changes, session.last.time or start])
    if end is None or end <= last:
        return Scale(start, last, columns) if last > start else None
    tail = max((last - start) // 2, SECOND)
    return Scale(start, min(last + tail, end), columns, open=end > last + tail)


def lane(binding: Binding, scale: Scale) -> list[BindingState | None]:
    """Give the state of a binding in each column of a scale; None where there is none."""
    cells: list[BindingState | None] = [None] * scale.columns
    history = [t for t in binding.history if t.moment.time is not None]
    if not history:
        return cells
    changes = [(t.moment.time or 0, t.before, t.after) for t in history]
    for number, (time, before, after) in enumerate(changes):
        first = scale.column(time)
        if STATE[after].final:
            # The entry's last remains, `deregistered` to `none`, are no end of their own.
            if not STATE[before].final:
                cells[first] = after
                cells[first + 1 :] = [None] * (scale.columns - first - 1)
            continue
        refreshed = {before, after} <= _REFRESHED and after is BindingState.ACTIVE
        until = scale.column(changes[number + 1][0]) if number + 1 < len(changes) else scale.columns
        for column in range(first, max(until, first + 1)):
            cells[column] = after
        if refreshed:
            cells[first] = BindingState.REFRESHING
    return cells


def states_of(lanes: Iterable[Sequence[BindingState | None]]) -> tuple[BindingState, ...]:
    """Give the states that some lanes show, in the order of `BindingState`, for their legend."""
    seen = {cell for cells in lanes for cell in cells}
    return tuple(state for state in BindingState if state in seen)
