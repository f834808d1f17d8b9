"""What a full-screen view knows of a run: its messages and findings, by mobile node.

A thread that reads captures writes it, and the one that draws reads it; whoever does more than call
one method holds its `lock`. It keeps whole messages, so that each can be shown again at once, from
whatever source it came; how many is bounded, and the oldest are let go.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import RLock

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.analysis import Change, Event, Seen
from pmiptrace.cache import is_held
from pmiptrace.model import (
    Binding,
    CaptureInfo,
    Exchange,
    Finding,
    Identifier,
    MagNode,
    Moment,
    Session,
    Severity,
    Status,
    Step,
)
from pmiptrace.report.digest import has_failed
from pmiptrace.report.packets import Packet, Packets, Place, StateChange
from pmiptrace.selection import Narrowing, Selection, mobile_node
from pmiptrace.track.bounded import keep

MESSAGES = 200_000
"""Messages that are kept, of some 2 kB each; beyond that the oldest are let go."""
SUBJECTS = 50_000
"""Rows of the list; beyond that the one that was quiet longest is let go."""
_SESSIONS = 16
"""Sessions of one mobile node that are kept."""
_MARKS = 1000
"""Changes of state without a message that are kept of one mobile node."""
_LOOSE = 64
"""Findings of one mobile node, or of one frame, that are kept; more are counted."""

_GRAVITY = (*(severity.value for severity in Severity), Status.INCONCLUSIVE.value, "failed")

Accepts = Callable[[Packet], bool]
"""Tells whether a message is one of those that are wanted."""


class StateMark(Struct, frozen=True):
    """A change of state, and when it was."""

    moment: Moment
    change: StateChange


class Subject:
    """A row of the list: a mobile node at an LMA; or two peers, about what names no mobile node."""

    def __init__(
        self, node: Identifier | None, lma: bytes | None, ends: tuple[bytes, ...], number: int
    ) -> None:
        self.node = node
        self.lma = lma
        self.ends = ends
        """The addresses of two peers; empty for a mobile node."""
        self.number = number
        """Position among all rows by their first message, from 0."""
        self.packets: deque[Packet] = deque()
        """Its messages, oldest first, as they were when they came."""
        self.marks: deque[StateMark] = deque(maxlen=_MARKS)
        """Changes of state that none of its own messages brought."""
        self.sessions: OrderedDict[int, Session] = OrderedDict()
        self.past: Session | None = None
        """The session that was over last, if none has begun since."""
        self.trouble: Counter[str] = Counter()
        """Findings by severity, ``inconclusive`` apart, and as ``failed`` the requests refused or
        not answered."""
        self.loose: list[Finding] = []
        """Findings that no message of its own shows."""
        self.messages = 0
        """How many there were, kept or not."""
        self.changed = 0
        """The version of the book with the last change."""
        self._accepted: tuple[Accepts, int, bool] | None = None

    @property
    def findings(self) -> int:
        """How many findings there are that are more than notes."""
        return self.trouble.total() - self.trouble["failed"]

    @property
    def burden(self) -> tuple[int, ...]:
        """Sorts the worst first."""
        return *(-self.trouble[kind] for kind in _GRAVITY), self.number

    @property
    def worst(self) -> str | None:
        """The gravest kind of finding: a severity, or ``inconclusive``; None for no finding."""
        return next((kind for kind in _GRAVITY[:-1] if self.trouble[kind]), None)

    @property
    def bindings(self) -> tuple[tuple[Session, Binding], ...]:
        """The bindings that an LMA holds; if there are none, those of the last session."""
        found = [(s, b) for s in self.sessions.values() for b in s.bindings]
        held = tuple(each for each in found if is_held(each[1]))
        last = self.session
        if held or last is None:
            return held
        return tuple((last, binding) for binding in last.bindings)

    @property
    def session(self) -> Session | None:
        """The last session."""
        return next(reversed(self.sessions.values())) if self.sessions else self.past


class Book:
    """Takes what an analysis gives and tells, whose observer it is.

    `mags` are those of the analysis; `messages` bounds how many messages are kept.
    """

    def __init__(
        self, selection: Selection, mags: Mapping[int, MagNode], *, messages: int = MESSAGES
    ) -> None:
        self.lock = RLock()
        self.version = 0
        """Grows with everything that comes."""
        self.mags = mags
        self.captures: list[CaptureInfo] = []
        """Those that were read."""
        self.capture_count = 0
        """How many of them have been begun."""
        self.times: tuple[int, int] | None = None
        """The first and the last time of a message."""
        self.let_go = 0
        """Messages that are no longer kept."""
        self.suppressed = 0
        """Findings that are known, and not shown."""
        self._narrowing = Narrowing(selection, mags)
        self._packets = Packets(at_once=True)
        self._limit = messages
        self._subjects: OrderedDict[object, Subject] = OrderedDict()
        """By what they are about, the one touched last at the end."""
        self._numbered = 0
        self._of_session: dict[int, Subject] = {}
        self._order: deque[Subject] = deque()
        """Whose the messages are, oldest first."""
        self._places: dict[Place, Subject] = {}
        self._exchanges: OrderedDict[int, Exchange] = OrderedDict()
        self._findings: OrderedDict[Place, list[Finding]] = OrderedDict()

    # ------------------------------------------------------------------------------ what comes

    def observe(self, seen: Seen, findings: Sequence[Finding]) -> None:
        """Take in what an analysis tells (`pmiptrace.analysis.Observer`)."""
        with self.lock:
            # Findings come as events too, and those have been graded.
            self._packets.observe(seen, ())
            if isinstance(seen, Step):
                before, after = seen.before, seen.after
                if before is not None and (after is None or after.id != before.id):
                    self._over(before)  # an answer may show that it was another session
                if after is not None:
                    self._session(after)

    def take(self, event: Event) -> None:
        """Take in what an analysis gives, findings as they are to be reported."""
        with self.lock:
            for found in self._packets.take(event, self.mags):
                if isinstance(found, Packet):
                    self._packet(found)
            if isinstance(event, Exchange):
                self._exchange(event)
            elif isinstance(event, Finding):
                self._finding(event)
            elif isinstance(event, Change):
                self._change(event)
            elif isinstance(event, CaptureInfo):
                self.captures.append(event)
                self.capture_count = max(self.capture_count, len(self.captures))
            self.version += 1

    def flush(self) -> None:
        """Take in messages that nothing was said of since."""
        with self.lock:
            self._add(self._packets.ready(self.mags))

    def end(self) -> None:
        """Take in what was held back, when there is no more to come."""
        with self.lock:
            self._add(self._packets.rest(self.mags))

    def _add(self, found: Iterable[Packet | Finding]) -> None:
        for each in found:
            if isinstance(each, Packet):
                self._packet(each)
        self.version += 1

    @property
    def messages(self) -> int:
        """Messages read so far, selected or not."""
        return self._packets.messages

    def _packet(self, packet: Packet) -> None:
        exchange, message = packet.exchange, packet.message
        if exchange is not None:
            if not self._narrowing.exchange(exchange):
                return
        elif self._narrowing.selection.is_narrow and not (
            message is not None and self._narrowing.message(message)
        ):
            return
        subject = self._subject_of(packet)
        frame = packet.frame
        subject.packets.append(packet)
        subject.messages += 1
        self._touch(subject)
        self._order.append(subject)
        self._places[frame.capture, frame.number] = subject
        if exchange is not None:
            self._exchange(exchange)
        self.capture_count = max(self.capture_count, frame.capture + 1)
        if frame.time is not None:
            first, last = self.times or (frame.time, frame.time)
            self.times = min(first, frame.time), max(last, frame.time)
        while len(self._order) > self._limit:
            self._let_go(self._order.popleft())

    def _let_go(self, subject: Subject) -> None:
        if not subject.packets:
            return  # it was let go itself
        frame = subject.packets.popleft().frame
        place = (frame.capture, frame.number)
        self._places.pop(place, None)
        self._findings.pop(place, None)
        self.let_go += 1

    def _touch(self, subject: Subject) -> None:
        subject.changed = self.version

    def _subject_of(self, packet: Packet) -> Subject:
        if packet.session is not None and packet.session in self._of_session:
            return self._of_session[packet.session]
        exchange, message = packet.exchange, packet.message
        lma = packet.lma
        asked = None if exchange is None else exchange.request
        node = mobile_node(message, asked)
        if node is not None and lma is not None:
            return self._subject((node, lma), node, lma)
        origin = message or packet.undecoded
        assert origin is not None
        ends = (origin.source, origin.destination)
        return self._subject(frozenset(ends), None, lma, ends)

    def _subject(
        self,
        key: object,
        node: Identifier | None,
        lma: bytes | None,
        ends: tuple[bytes, ...] = (),
    ) -> Subject:
        subject = self._subjects.get(key)
        if subject is None:
            subject = Subject(node, lma, ends, self._numbered)
            self._numbered += 1
            self._subjects[key] = subject
            if len(self._subjects) > SUBJECTS:
                _, gone = self._subjects.popitem(last=False)
                self._forget(gone)
        else:
            self._subjects.move_to_end(key)
        return subject

    def _forget(self, subject: Subject) -> None:
        for number in subject.sessions:
            self._of_session.pop(number, None)
        self.let_go += len(subject.packets)
        for packet in subject.packets:
            self._places.pop((packet.frame.capture, packet.frame.number), None)
        subject.packets.clear()

    def _session(self, session: Session) -> Subject | None:
        if not self._narrowing.session(session):
            return None
        subject = self._of_session.get(session.id)
        if subject is None:
            node = session.mobile_node
            key: object = ("session", session.id) if node is None else (node, session.lma)
            subject = self._subject(key, node, session.lma)
            self._of_session[session.id] = subject
        subject.sessions[session.id] = session
        subject.past = None
        if len(subject.sessions) > _SESSIONS:
            gone, _ = subject.sessions.popitem(last=False)
            self._of_session.pop(gone, None)
        self._touch(subject)
        return subject

    def _over(self, session: Session) -> None:
        """Take in that a session is over, and is not known any more."""
        subject = self._session(session)
        if subject is not None:
            del subject.sessions[session.id]
            subject.past = session

    def _exchange(self, exchange: Exchange) -> None:
        before = self._exchanges.get(exchange.id)
        keep(self._exchanges, exchange.id, exchange, self._limit)
        place = _last_attempt(exchange)
        subject = None if place is None else self._places.get(place)
        if subject is None:
            return
        if has_failed(exchange) and not (before is not None and has_failed(before)):
            subject.trouble["failed"] += 1
        self._touch(subject)

    def _change(self, change: Change) -> None:
        if not self._narrowing.change(change.session, change.binding):
            return
        subject = self._session(change.session)
        moment, transition, binding = change.transition.moment, change.transition, change.binding
        is_shown = moment.frame is not None and (moment.capture, moment.frame) in self._places
        if subject is not None and not is_shown:
            found = StateChange(
                binding.bid, binding.care_of_address, transition.before, transition.after
            )
            subject.marks.append(StateMark(moment, found))

    def _finding(self, finding: Finding) -> None:
        if not self._narrowing.finding(finding):
            return
        if finding.suppression is not None:
            self.suppressed += 1
            return
        place = self._place_of(finding)
        subject = None if place is None else self._places.get(place)
        if place is not None and subject is not None:
            kept = self._findings.get(place, [])
            keep(self._findings, place, kept, self._limit)
        else:
            subject = self._accused(finding)
            kept = subject.loose
        if len(kept) < _LOOSE:
            kept.append(finding)
        if finding.status is Status.FAIL:
            subject.trouble[finding.severity.value] += 1
        elif finding.status is Status.INCONCLUSIVE:
            subject.trouble[Status.INCONCLUSIVE.value] += 1
        self._touch(subject)

    def _place_of(self, finding: Finding) -> Place | None:
        """Give the frame that shows a finding; of what the clock showed, the last attempt."""
        moment = finding.moment
        if moment.frame is not None:
            return moment.capture, moment.frame
        exchange = None if finding.exchange is None else self._exchanges.get(finding.exchange)
        return None if exchange is None else _last_attempt(exchange)

    def _accused(self, finding: Finding) -> Subject:
        """Give whose a finding is that no kept message shows."""
        if finding.session is not None and finding.session in self._of_session:
            return self._of_session[finding.session]
        node, lma = finding.mobile_node, finding.lma
        if node is not None and lma is not None:
            return self._subject((node, lma), node, lma)
        ends = tuple(end for end in (finding.party.address, lma) if end is not None)
        return self._subject(frozenset(ends), None, lma, tuple(dict.fromkeys(ends)))

    # --------------------------------------------------------------------------------- asking

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """All rows there are, the one touched last at the end."""
        return tuple(self._subjects.values())

    def current(self, packet: Packet) -> Packet:
        """Give a message with what is known of it by now."""
        exchange = packet.exchange
        if exchange is not None:
            exchange = self._exchanges.get(exchange.id, exchange)
        place = (packet.frame.capture, packet.frame.number)
        return replace(
            packet, exchange=exchange, findings=tuple(self._findings.get(place, packet.findings))
        )

    def packets(self, subject: Subject) -> list[Packet]:
        """Give the messages of a subject that are kept, with what is known of them by now."""
        return [self.current(packet) for packet in subject.packets]

    def last(self, subject: Subject) -> Packet | None:
        """Give the last message of a subject."""
        return self.current(subject.packets[-1]) if subject.packets else None

    def findings(self, subject: Subject) -> list[Finding]:
        """Give all findings about a subject that are kept, in the order of its messages."""
        shown = (
            finding
            for packet in subject.packets
            for finding in self._findings.get((packet.frame.capture, packet.frame.number), ())
        )
        return [*shown, *subject.loose]

    def is_accepted(self, subject: Subject, accepts: Accepts) -> bool:
        """Tell whether a subject has a message that is wanted; remembered until it changes."""
        known = subject._accepted
        if known is None or known[0] is not accepts or known[1] != subject.changed:
            found = any(accepts(self.current(packet)) for packet in subject.packets)
            known = subject._accepted = accepts, subject.changed, found
        return known[2]

    def frames(self, subjects: Iterable[Subject]) -> set[Place]:
        """Give the frames of the messages of some subjects, all fragments of each."""
        found: set[Place] = set()
        for subject in subjects:
            for packet in subject.packets:
                found.add((packet.frame.capture, packet.frame.number))
                origin = packet.message.datagram if packet.message else packet.undecoded
                if origin is not None:
                    found.update((packet.frame.capture, number) for number in origin.fragments)
        return found


def _last_attempt(exchange: Exchange) -> Place | None:
    """Give the frame of the last attempt, or else that of the reply."""
    if exchange.attempts:
        last = exchange.attempts[-1]
        return None if last.frame is None else (last.capture, last.frame)
    message = exchange.request or exchange.reply
    return None if message is None else (message.frame.capture, message.frame.number)
