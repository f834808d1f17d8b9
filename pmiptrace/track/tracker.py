"""Messages to steps: the tracker's front, which knows time and duplicates and hands on the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from pmiptrace.model import SECOND, Exchange, Message, Session, Step
from pmiptrace.track.duplicates import Duplicates
from pmiptrace.track.past import Memory
from pmiptrace.track.registration import Registration, is_registration, registration
from pmiptrace.track.registrations import Registrations
from pmiptrace.track.signalling import Signalling
from pmiptrace.track.state import State
from pmiptrace.track.timers import Timers
from pmiptrace.wire.messages import BindingAcknowledgement


class Tracker:
    """Rebuilds exchanges, sessions and bindings while the messages of a capture go by."""

    def __init__(self, timers: Timers | None = None, before: Tracker | None = None) -> None:
        """Begin a run; ids go on behind those of one `before`, of which nothing else is known."""
        self.state: State = State(timers or Timers(), None if before is None else before.state)
        self._duplicates = Duplicates(self.state.timers)
        self._registrations = Registrations(self.state)
        self._signalling = Signalling(self.state)
        self._memory = Memory(self.state)
        self._last: int | None = None

    def feed(self, message: Message) -> Iterator[Step]:
        """Take the next message; give the steps that time and the message bring about."""
        time = message.datagram.frame.time
        events: tuple[str, ...] = ()
        if time is not None:
            if self._last is not None and time < self._last - SECOND:
                events = ("PM-CLOCK-BACKWARDS",)
            if self.state.clock.is_due(time):
                yield from map(self._memory.rung, self.state.clock.advance(time))
            self._last = time
            if self.state.start is None:
                self.state.start = time
        if self._duplicates.is_duplicate(message):
            moment = self.state.moment(message)
            yield Step(moment=moment, message=message, events=(*events, "PM-DUP-CAPTURE"))
            return
        self.state.ordinal += 1
        known: Registration | None = None
        sessions: list[Session] = []
        if is_registration(message) or isinstance(message.body, BindingAcknowledgement):
            known = registration(message)
            sessions = self._memory.sessions(known)
        for step in self._handle(message, known):
            told = self._memory.told(step, known, sessions)
            yield replace(told, events=(*events, *told.events)) if events else told
            events = ()
        if known is not None and (self._registrations.is_overfull or self.state.is_overfull):
            yield from self._registrations.shed()
            yield from self.state.shed()

    def advance(self, time: int | None) -> Iterator[Step]:
        """Let time go on without a message: the alarms up to then ring."""
        yield from map(self._memory.rung, self.state.clock.advance(time))

    def finish(self, time: int | None = None) -> Iterator[Step]:
        """End the capture at a time: alarms up to then ring, answers held back are let go."""
        yield from self.advance(self._last if time is None else max(time, self._last or time))
        yield from map(self._memory.rung, self._registrations.release_all())

    def unfinished(self) -> Iterator[Exchange]:
        """Give the exchanges that were still open when the capture ended."""
        yield from self._registrations.unfinished()
        yield from self._signalling.unfinished()

    def _handle(self, message: Message, known: Registration | None) -> Iterable[Step]:
        if known is None:
            return self._signalling.feed(message)
        if known.status is None:
            return self._registrations.request(known)
        return self._registrations.acknowledgement(known)
