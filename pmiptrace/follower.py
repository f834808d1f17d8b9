"""From messages to events: what tracker and rules make of messages that come in order of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.model import (
    Binding,
    CaptureInfo,
    Exchange,
    Finding,
    MagNode,
    Message,
    Problem,
    Report,
    RuleCount,
    Session,
    Step,
    Transition,
    Undecoded,
)
from pmiptrace.rules.engine import Engine
from pmiptrace.rules.rule import RuleOptions
from pmiptrace.track.peers import KnownMags
from pmiptrace.track.timers import Timers
from pmiptrace.track.tracker import Tracker


class Change(Struct, frozen=True):
    """A binding's change of state, with the session it belongs to."""

    session: Session
    binding: Binding
    transition: Transition


Seen = Message | Step | Undecoded | None
Observer = Callable[[Seen, Sequence[Finding]], None]
"""Told of each message as it is read; then, maybe after others, of the steps it makes, with the
findings that became final with them, before the events they give. None stands for the end of the
captures, and the findings that only it settles."""

Event = CaptureInfo | Message | Exchange | Change | Finding | Session
"""What an analysis gives as it goes on."""


class Follower:
    """Follows the messages of a run with the tracker and the rules, and counts them.

    Messages come in the order of their time. `timers` and `options` are the tolerances of the
    tracker and of the rules, by default those of the RFCs. Without `judge` no rule is called, and
    there are no findings.
    """

    def __init__(
        self,
        timers: Timers | None = None,
        options: RuleOptions | None = None,
        *,
        judge: bool = True,
        observer: Observer | None = None,
    ) -> None:
        self._tracker = Tracker(timers)
        self._engine = Engine(options)
        self._judge = judge
        self._observer = observer
        self._messages: Counter[int] = Counter()
        self._duplicates: Counter[int] = Counter()
        self._dialects: dict[int, str] = {}
        self._esp: Counter[int] = Counter()
        """Frames by capture whose ESP was looked into in vain."""
        self.messages_by_type: Counter[str] = Counter()
        """Messages so far by their kind, capture duplicates apart."""

    def observe(self, observer: Observer) -> None:
        """Have one more observer hear of every step; to be called before the first message."""
        first = self._observer
        if first is None:
            self._observer = observer
            return

        def both(seen: Seen, findings: Sequence[Finding]) -> None:
            first(seen, findings)
            observer(seen, findings)

        self._observer = both

    @property
    def mags(self) -> Mapping[int, MagNode]:
        """The MAGs known so far, by every id that they had."""
        return KnownMags(self._tracker.state.peers)

    @property
    def rules(self) -> tuple[RuleCount, ...]:
        """How often each rule was judged so far, and how it went."""
        return self._engine.counts()

    @property
    def sessions(self) -> Iterable[Session]:
        """The sessions as they stand now; those that were forgotten came as events."""
        return self._tracker.state.sessions

    @property
    def timers(self) -> Timers:
        """The tolerances of the tracker."""
        return self._tracker.state.timers

    def take(self, item: Message | Undecoded) -> Iterator[Event]:
        """Take what came next, and give what becomes known with it."""
        if isinstance(item, Undecoded):
            yield from self._undecoded(item)
            return
        if self._observer is not None:
            self._observer(item, ())
        for step in self._tracker.feed(item):
            yield from self._step(step)

    def advance(self, time: int) -> Iterator[Event]:
        """Let time go on without a message, and give what that brings about: expiries and such."""
        for step in self._tracker.advance(time):
            yield from self._step(step)

    def conclude(self, end: int | None) -> Iterator[Event]:
        """Give what the end of the captures, at that time, settles; the sessions come last."""
        for step in self._tracker.finish(end):
            yield from self._step(step)
        yield from self._tracker.unfinished()
        findings = self._engine.finish() if self._judge else ()
        if self._observer is not None:
            self._observer(None, findings)
        yield from findings
        yield from self.sessions

    def begin_anew(self) -> None:
        """Begin another run after one that was concluded, of which it knows nothing.

        Both are counted together, and no id of sessions, exchanges and MAGs comes twice.
        """
        self._tracker = Tracker(self.timers, self._tracker)

    def overview(self, captures: Mapping[int, CaptureInfo], *, interrupted: bool = False) -> Report:
        """Give the report without sessions, exchanges and findings, once the events are over."""
        return Report(
            captures=tuple(info for _, info in sorted(captures.items())),
            messages=self.messages_by_type.total(),
            messages_by_type=dict(self.messages_by_type.most_common()),
            mags=dict(self.mags),
            rules=self.rules,
            rules_by_capture=tuple(map(self._engine.counts, sorted(captures))),
            interrupted=interrupted,
        )

    def counted(self, index: int, info: CaptureInfo, esp: int | None) -> CaptureInfo:
        """Give what is known of a capture with what was counted here.

        `esp` are its frames with ESP; None for those that were looked into in vain.
        """
        esp = self._esp[index] if esp is None else esp
        problems = info.problems
        if esp:
            frames = "frame" if esp == 1 else "frames"
            text = f"{esp} {frames} protected by ESP not decoded"
            problems = (*problems, Problem("esp", text))
        return replace(
            info,
            messages=self._messages[index],
            duplicates=self._duplicates[index],
            dialect=self._dialects.get(index),
            problems=problems,
        )

    def _step(self, step: Step) -> Iterator[Event]:
        message, exchange = step.message, step.exchange
        findings = self._engine.evaluate(step) if self._judge else ()
        if self._observer is not None:
            self._observer(step, findings)
        if message is not None and self._count(message, step):
            yield message
        for number, (binding, transition) in zip(step.moved, step.transitions, strict=True):
            session = self._session(step, number)
            if session is not None:
                yield Change(session, binding, transition)
        if exchange is not None and exchange.closed and exchange.reply is message:
            yield exchange
        yield from findings
        if step.before is not None and step.after is None:
            yield step.before

    def _count(self, message: Message, step: Step) -> bool:
        """Count a message before anybody hears of it; tell whether it is no duplicate."""
        index = message.frame.capture
        if "PM-DUP-CAPTURE" in step.events:
            self._duplicates[index] += 1
            return False
        self._messages[index] += 1
        self.messages_by_type[message.kind] += 1
        if message.dialect is not None:
            self._dialects.setdefault(index, message.dialect)
        return True

    def _session(self, step: Step, number: int) -> Session | None:
        """Give the session that a transition of a step is about, as it is after the step."""
        session = step.after or step.before
        if session is not None and session.id == number:
            return session
        return self._tracker.state.sessions.get(number)

    def _undecoded(self, undecoded: Undecoded) -> Iterator[Event]:
        findings: Sequence[Finding] = ()
        if undecoded.kind == "esp":
            self._esp[undecoded.frame.capture] += 1
        elif self._judge:
            findings = self._engine.undecoded(undecoded)
        if self._observer is not None:
            self._observer(undecoded, findings)
        yield from findings
