"""How many paths sessions have, for how long, and how long they have none between two MAGs."""

from __future__ import annotations

from msgspec import Struct

from pmiptrace.analysis import Change
from pmiptrace.model import Binding, BindingState, Session
from pmiptrace.statistics.values import PathUse


class Arrival(Struct, frozen=True):
    """That a path came up: when, and since when its session had had none."""

    time: int
    down_since: int | None
    """None if another path was up; the time of the arrival itself if that ended with it."""


class _Record(Struct):
    """The paths of one session as they are now."""

    since: int
    """When their number changed last."""
    up: int = 0
    most: int = 0
    down_since: int | None = None
    arrival: Arrival | None = None


def is_up(binding: Binding) -> bool:
    """Tell whether a path is in use: its MAG has not asked to end it, and the LMA has it."""
    return binding.state.is_live and binding.state is not BindingState.DEREG_PENDING


class Paths:
    """Follows the paths of sessions; those that never had one are not remembered."""

    def __init__(self) -> None:
        self._records: dict[int, _Record] = {}
        self._use = PathUse()

    def change(self, change: Change) -> None:
        """Take a change of a binding."""
        session, time = change.session, change.transition.moment.time
        up = sum(map(is_up, session.bindings))
        record = self._records.get(session.id)
        if time is None or (record is None and not up):
            return
        if record is None:
            record = self._records[session.id] = _Record(since=time)
        if up == record.up and change.transition.after is not BindingState.ACTIVE:
            return
        self._note(record, time)
        if up and not record.up:
            down = record.down_since
            record.arrival = None if down is None else Arrival(time, down)
        elif up and (record.arrival is None or record.arrival.time != time):
            record.arrival = Arrival(time, None)
        elif not up and record.up:
            record.down_since = time
        record.up, record.most = up, max(record.most, up)

    def arrival(self, session: int | None, time: int | None) -> Arrival | None:
        """Give how a session's path came up at a time; None if it is not known."""
        record = None if session is None else self._records.get(session)
        arrival = record.arrival if record is not None else None
        return arrival if arrival is not None and arrival.time == time else None

    def end(self, session: Session) -> None:
        """Count a session that is over, or that stands as it does when the capture ends."""
        self._use.modes[session.mode.value] += 1
        record = self._records.get(session.id)
        if record is not None and not record.up:
            self._fold(self._records.pop(session.id))

    def use(self, end: int | None) -> PathUse:
        """Give the sums; paths that are still up are counted until `end`."""
        for record in self._records.values():
            if end is not None:
                self._note(record, end)
            self._fold(record)
        self._records.clear()
        return self._use

    def _note(self, record: _Record, time: int) -> None:
        if record.up and time > record.since:
            self._use.time[record.up] += time - record.since
        record.since = max(time, record.since)

    def _fold(self, record: _Record) -> None:
        self._use.sessions[record.most] += 1
