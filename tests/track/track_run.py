"""Feeds a trace to the tracker and keeps what it made of it, in words that tests can compare."""

from __future__ import annotations

from collections.abc import Iterable

from pmiptrace.address import address_text
from pmiptrace.model import SECOND, Binding, Exchange, Message, Session, Step
from pmiptrace.testing import Path, Sent, Trace
from pmiptrace.track.tracker import Tracker

MN = "mn1@example.com"


class Domain(Trace):
    """A trace with a MAG that has an LTE and a WLAN path, and two MAGs without RFC 8278."""

    def __init__(self, **settings: object) -> None:
        super().__init__(**settings)  # type: ignore[arg-type]
        self.mag1 = self.mag("mag1@example.com")
        self.lte = self.mag1.path("2001:db8:a::1", bid=1, if_att=8, if_label=11)
        self.wlan = self.mag1.path("2001:db8:b::1", bid=2, if_att=4, if_label=9)
        self.dsl = self.mag1.path("2001:db8:e::1", bid=3, if_att=3, if_label=7)
        self.mag2 = self.mag("mag2@example.com", sequence=500)
        self.far = self.mag2.path("2001:db8:21::1", bid=1, if_att=8, if_label=11)
        self.plain = self.mag(None, sequence=1000).path("2001:db8:c::1")
        self.other = self.mag(None, sequence=2000).path("2001:db8:d::1")


class Run:
    """What the tracker made of messages."""

    def __init__(
        self,
        trace: Trace | Iterable[Message],
        *,
        lost: Iterable[Sent] = (),
        end: float | None = None,
    ) -> None:
        self.tracker = Tracker()
        self.steps: list[Step] = []
        if isinstance(trace, Trace):
            gone = {id(sent) for sent in lost}
            pairs = zip(trace.sent, trace.messages(), strict=True)
            messages: Iterable[Message] = [m for sent, m in pairs if id(sent) not in gone]
            finish = trace.now if end is None else trace.now + round(end * SECOND)
        else:
            messages, finish = trace, None
        for message in messages:
            self.steps.extend(self.tracker.feed(message))
        self.steps.extend(self.tracker.finish(finish))

    @property
    def sessions(self) -> list[Session]:
        """The sessions that are left."""
        return list(self.tracker.state.sessions)

    @property
    def session(self) -> Session:
        """The only session."""
        (session,) = self.sessions
        return session

    @property
    def exchanges(self) -> list[Exchange]:
        """Every exchange, as it was in the end."""
        known = {s.exchange.id: s.exchange for s in self.steps if s.exchange is not None}
        return list(known.values())

    @property
    def events(self) -> list[str]:
        """The diagnostics that the tracker noticed, in their order."""
        return [event for step in self.steps for event in step.events]

    @property
    def kinds(self) -> list[str]:
        """The kind of every exchange, as it was in the end."""
        return [exchange.kind.value for exchange in self.exchanges]

    @property
    def moves(self) -> list[str]:
        """Every transition: BID or care-of address, state before, state after."""
        return [
            f"{name(binding)} {transition.before.name} {transition.after.name}"
            for step in self.steps
            for binding, transition in step.transitions
        ]

    def states(self, session: Session | None = None) -> dict[str, str]:
        """The state of each binding of a session in the end."""
        return {name(b): b.state.name for b in (session or self.session).bindings}

    def binding(self, path: Path) -> Binding:
        """The binding of the only session that a path stands for."""
        return binding_of(self.session, path)

    def of(self, sent: Sent) -> Exchange:
        """The exchange that a message of the trace is part of, as it was in the end."""
        step = next(s for s in self.steps if s.message is not None and s.moment.time == sent.time)
        assert step.exchange is not None
        return next(e for e in self.exchanges if e.id == step.exchange.id)


def binding_of(session: Session, path: Path) -> Binding:
    """The binding of a session that a path stands for, by BID or else by care-of address."""
    (binding,) = (
        b
        for b in session.bindings
        if b.care_of_address == path.address and b.bid in (path.bid, None)
    )
    return binding


def name(binding: Binding) -> str:
    """BID or, where there is none, the care-of address's third group."""
    if binding.bid is not None:
        return str(binding.bid)
    return address_text(binding.care_of_address).split(":")[2]
