"""What is known of the domain at one moment of the capture, and how it changes."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from pmiptrace.model import (
    Binding,
    BindingState,
    Context,
    Exchange,
    MagNode,
    Message,
    Moment,
    Session,
    Step,
    Transition,
)
from pmiptrace.track.peers import Continuity, Peers
from pmiptrace.track.sessions import (
    BindingKey,
    Sessions,
    binding_key,
    find_binding,
    is_open,
    rekeyed,
    with_binding,
)
from pmiptrace.track.states import TRANSITIONS, Event, next_shadow, next_state
from pmiptrace.track.timers import Alarm, Clock, Timers

ENOUGH_HISTORY = 8
"""Transitions of one binding beyond which the oldest refreshes are forgotten."""
MAX_HISTORY = 64
"""Transitions kept of one binding, however many of them are no refreshes; the oldest go first."""

SESSIONS_PER_MESSAGE = 256
"""Sessions that may be gone through for each message so far, for what concerns all of a MAG. That
comes seldom; a flood of it would take a time that grows with the square of the capture."""

_RENEWING = (Event.ACCEPTED, Event.EXTENDED)
"""Events that count even if the state stays the same: they grant a lifetime anew."""
_BEGUN = frozenset(s for s in BindingState if s.is_live or s is BindingState.PENDING)
_REFRESHED = (BindingState.ACTIVE, BindingState.REFRESHING, BindingState.ASSUMED)
_CERTAIN = frozenset(state for state, row in TRANSITIONS.items() if Event.PEER_RESTARTED in row)
"""States that a restart of the peer puts in doubt."""


class State:
    """Sessions, peers and the clock: all that the handlers of messages share."""

    def __init__(self, timers: Timers, before: State | None = None) -> None:
        """Begin with nothing known; ids go on behind those of a run `before`."""
        self.timers = timers
        self.peers: Peers = Peers() if before is None else Peers(before.peers)
        self.sessions: Sessions = Sessions() if before is None else Sessions(before.sessions.newest)
        self.continuity = Continuity()
        self.clock = Clock()
        self.ordinal = 0
        self.start: int | None = None
        """When the capture began."""
        self._gone_through = 0
        """Sessions gone through by then."""
        self._exchanges: int = 0 if before is None else before._exchanges
        self._transitions: list[tuple[Binding, Transition]] = []
        self._moved: list[int] = []
        self._alarm: Alarm = self._expire
        """One object for all bindings."""
        self._expiries: dict[tuple[int, BindingKey], int] = {}
        """When the alarm for a binding's expiry rings; one each, however often it is renewed."""

    # ------------------------------------------------------------------------------- changes

    def move(
        self,
        session: Session,
        binding: Binding,
        event: Event,
        moment: Moment,
        changed: Binding | None = None,
    ) -> Session:
        """Move one binding by an event, and set the alarms that its new state needs.

        `changed` is the binding with what else the event sets. The session that this gives is not
        stored yet: `touch` does that, once all has changed.
        """
        state, shadow = binding.state, binding.shadow
        after = next_state(state, event, shadow)
        shadow = next_shadow(state, event, shadow)
        if after is state and event not in _RENEWING:
            # The event does not touch the binding in this state.
            moved = replace(changed or binding, shadow=shadow)
            return with_binding(session, moved, binding_key(binding))
        transition = Transition(moment, event, state, after)
        ended = binding.ended_at
        if after in _BEGUN:
            ended = None
        elif ended is None:
            ended = moment.time
        moved = replace(
            changed or binding,
            state=after,
            shadow=shadow,
            since=moment,
            ended_at=ended,
            history=prolonged(binding.history, transition),
        )
        self._transitions.append((moved, transition))
        self._moved.append(session.id)
        self.watch(session, moved)
        return with_binding(session, moved, binding_key(binding))

    def renew(self, session: Session, binding: Binding, moved: Binding, moment: Moment) -> Session:
        """Store a session in which one binding changed and is live; the last of its history is new.

        It is what `move` and `touch` do together, but for the watch over the binding's end.
        """
        self._transitions.append((moved, moved.history[-1]))
        self._moved.append(session.id)
        bindings = tuple([moved if known is binding else known for known in session.bindings])
        session = replace(session, bindings=bindings, last=moment, closed_at=None)
        self.sessions.put(session)
        return session

    def touch(self, session: Session, moment: Moment) -> Session:
        """Store a session, opened or closed as its bindings are."""
        closed_at = session.closed_at
        if is_open(session):
            closed_at = None
        elif closed_at is None and moment.time is not None:
            closed_at = moment.time
            self.clock.set(closed_at + self.timers.forget, self._close, session.id, closed_at)
        last = moment if moment.frame is not None else session.last
        session = replace(session, last=last, closed_at=closed_at)
        self.sessions.put(session)
        return session

    def all_of_mag(self, mag: int) -> list[Session]:
        """Give the sessions that have, or had, a binding of a MAG; none where that is a flood."""
        count = self._gone_through + self.sessions.count_of_mag(mag)
        if count > SESSIONS_PER_MESSAGE * self.ordinal:
            return []
        self._gone_through = count
        return self.sessions.of_mag(mag)

    def join(self, mag: int, other: int) -> None:
        """Count the bindings of one MAG as those of another that it turned out to be."""
        for session in self.sessions.of_mag(mag):
            for binding in session.bindings:
                if binding.mag == mag:
                    known = replace(binding, mag=other)
                    session = rekeyed(session, binding_key(binding), known)
                    self.sessions.put(session)
                    self.watch(session, known)

    def suspect(self, mag: int, lma: bytes, event: Event, moment: Moment) -> None:
        """Doubt all bindings between a MAG and an LMA of which one restarted or fell silent."""
        for session in self.sessions.take_certain(mag, lma):
            for binding in session.bindings:
                if binding.mag == mag and binding.state in _CERTAIN:
                    session = self.move(session, binding, event, moment)
            self.sessions.put(session)

    # --------------------------------------------------------------------------------- steps

    def step(
        self,
        moment: Moment,
        message: Message | None,
        *,
        exchange: Exchange | None = None,
        mag: MagNode | None = None,
        before: Session | None = None,
        after: Session | None = None,
        binding_before: Binding | None = None,
        key: BindingKey | None = None,
        outstanding: tuple[Exchange, ...] = (),
        events: tuple[str, ...] = (),
    ) -> Step:
        """Make the step of a message, or of the clock, with the transitions since the last one."""
        if after is None and before is not None:
            after = self.sessions.get(before.id)
        transitions, self._transitions = tuple(self._transitions), []
        sessions, self._moved = tuple(self._moved), []
        return Step(
            moment=moment,
            message=message,
            exchange=exchange,
            outstanding=outstanding,
            mag=mag,
            before=before,
            after=after,
            binding_before=binding_before,
            binding=find_binding(after, key) if after and key else None,
            transitions=transitions,
            moved=sessions,
            context=self._context(after or before, mag, message, moment, exchange),
            events=events,
        )

    def _context(
        self,
        session: Session | None,
        mag: MagNode | None,
        message: Message | None,
        moment: Moment,
        exchange: Exchange | None,
    ) -> Context:
        lma = exchange.lma if exchange is not None else None
        if mag is None or lma is None:
            return Context(warmup=self.is_warmup(moment.time))
        if message is None:
            address = mag.addresses[-1]
        else:
            datagram = message.datagram
            address = datagram.source if datagram.source != lma else datagram.destination
        peers, number = self.peers, session.id if session is not None else 0
        capability, since = peers.capability(mag.id, lma)
        return Context(
            warmup=self.is_warmup(moment.time),
            half_duplex=peers.is_half_duplex(address, lma),
            capability=capability,
            capability_since=since,
            lma_multipath=peers.multipath_lmas.get(lma),
            lma_ipv4=peers.ipv4_lmas.get(lma),
            contiguous_since=self.continuity.since(mag.id, lma, number, moment.ordinal),
        )

    def moment(self, message: Message, ordinal: int | None = None) -> Moment:
        """Give the moment of a message."""
        frame = message.datagram.frame
        return Moment(
            frame.capture, frame.number, frame.time, self.ordinal if ordinal is None else ordinal
        )

    def clock_moment(self, now: int, cause: Message | None) -> Moment:
        """Give a moment at which the clock alone brings something about."""
        return Moment(cause.frame.capture if cause else 0, None, now, self.ordinal)

    def mag(self, number: int | None) -> MagNode | None:
        """Give a MAG as it is known now."""
        return None if number is None else self.peers.mags[self.peers.current(number)]

    def is_warmup(self, time: int | None) -> bool:
        """Tell whether the capture began so recently that what came before may have effects."""
        if time is None or self.start is None:
            return True
        return time - self.start < self.timers.warmup

    def next_exchange(self) -> int:
        """Give the id of a new exchange."""
        self._exchanges += 1
        return self._exchanges

    # -------------------------------------------------------------------------------- alarms

    def watch(self, session: Session, binding: Binding) -> None:
        """See to it that a binding is found by what ends it: time, or a restart of a peer."""
        state, since = binding.state, binding.since
        if state in _CERTAIN:
            self.sessions.note_certain(session, binding.mag)
        if state.is_live and binding.expires_at is not None:
            self._watch_expiry((session.id, binding_key(binding)), binding.expires_at + 1)
        elif state is BindingState.DEREG_WAIT and since is not None and since.time is not None:
            over = since.time + self.timers.delete_delay
            self.clock.set(over, self._delete, session.id, binding_key(binding), since)

    def _watch_expiry(self, which: tuple[int, BindingKey], over: int) -> None:
        """Have an alarm ring when a lifetime is over; an earlier one that is set will see to it."""
        known = self._expiries.get(which)
        if known is None or over < known:
            self._expiries[which] = over
            self.clock.set(over, self._alarm, which)

    def _expire(self, which: tuple[int, BindingKey], now: int) -> Step | None:
        if self._expiries.get(which) != now:
            return None
        del self._expiries[which]
        number, key = which
        session = self.sessions.get(number)
        binding = find_binding(session, key) if session else None
        if session is None or binding is None or not binding.state.is_live:
            return None
        if binding.expires_at is None or binding.expires_at >= now:
            if binding.expires_at is not None:
                self._watch_expiry(which, binding.expires_at + 1)
            return None
        before = session
        moment = self.clock_moment(now, binding.last_request)
        session = self.move(session, binding, Event.LIFETIME_OVER, moment)
        session = self.touch(session, moment)
        return self.step(
            moment,
            None,
            mag=self.mag(binding.mag),
            before=before,
            after=session,
            binding_before=binding,
            key=key,
            events=("PM-EXPIRED",),
        )

    def _delete(self, number: int, key: BindingKey, since: Moment, now: int) -> Step | None:
        session = self.sessions.get(number)
        binding = find_binding(session, key) if session else None
        if session is None or binding is None or binding.since != since:
            return None
        if binding.state is not BindingState.DEREG_WAIT:
            return None
        before = session
        moment = self.clock_moment(now, binding.last_request)
        session = self.move(session, binding, Event.DELETE_DELAY_OVER, moment)
        session = self.touch(session, moment)
        return self.step(
            moment, None, mag=self.mag(binding.mag), before=before, after=session, key=key
        )

    def _close(self, number: int, closed_at: int, now: int) -> Step | None:
        """Forget a session that has had no binding for long."""
        session = self.sessions.get(number)
        if session is None or session.closed_at != closed_at or is_open(session):
            return None
        return self._forget(session, now)

    @property
    def is_overfull(self) -> bool:
        """Whether there are more sessions than can be kept."""
        return self.sessions.is_overfull

    def shed(self) -> Iterator[Step]:
        """Forget the oldest sessions, as long as there are too many."""
        while self.is_overfull:
            session = self.sessions.oldest()
            yield self._forget(session, session.last.time)

    def _forget(self, session: Session, now: int | None) -> Step:
        self.sessions.remove(session)
        for mag in {binding.mag for binding in session.bindings}:
            self.continuity.forget(mag, session.id)
        moment = Moment(session.last.capture, None, now, self.ordinal)
        return Step(moment=moment, before=session, after=None)


def prolonged(history: tuple[Transition, ...], transition: Transition) -> tuple[Transition, ...]:
    """Give a binding's history with one more transition, and without its oldest refresh if long.

    A binding that lives long is refreshed again and again, and its memory must not grow with that.
    What is left out leads from a state back to the same, so that the rest still fits together.
    """
    if len(history) >= ENOUGH_HISTORY:
        start: int | None = None
        for index, known in enumerate(history):
            if start is not None and known.before is history[start].before:
                history = history[:start] + history[index:]
                break
            if known.before not in _REFRESHED or known.after not in _REFRESHED:
                start = None
            elif start is None:
                start = index
    return (*history[1 - MAX_HISTORY :], transition)
