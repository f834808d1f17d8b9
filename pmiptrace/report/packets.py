"""The messages of a run as a list, each with what it was in the run and what was found about it.

What a message was is often known only later: an answer shows that a registration was a handover,
and silence that a request got none. So the list lags: a message is given once its exchange is
answered or given up, and so are those behind it, in the order of the captures. How many are held
back is bounded; beyond that the oldest goes out as it is known. What is found after that comes by
itself, as a `Finding`.
"""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from pmiptrace.analysis import Event, Seen
from pmiptrace.errors import UsageError
from pmiptrace.model import (
    BindingState,
    Exchange,
    Finding,
    Frame,
    MagNode,
    Message,
    Step,
    Undecoded,
)
from pmiptrace.track.bounded import keep

HELD = 10_000
"""Messages that wait for what is to be known of them."""
_REMEMBERED = 65_536
"""Messages already given of which it is known that they were."""

Place = tuple[int, int]
"""Index of a capture and number of a frame in it."""


class StateChange(Struct, frozen=True):
    """What a message did to a binding."""

    bid: int | None
    care_of_address: bytes
    before: BindingState
    after: BindingState


class Packet(Struct, frozen=True, kw_only=True):
    """A message, or a frame with signalling that cannot be decoded, and what it was in the run."""

    frame: Frame
    message: Message | None = None
    undecoded: Undecoded | None = None
    is_duplicate: bool = False
    """Whether the run holds the message twice, and this is the second."""
    exchange: Exchange | None = None
    """The exchange as it is known so far."""
    attempt: int = 0
    """Of a request: 1 for the first, 2 and so on for a retransmission; 0 for any other message."""
    mag: MagNode | None = None
    lma: bytes | None = None
    session: int | None = None
    """Id of the session that it is about."""
    changes: tuple[StateChange, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def is_answer(self) -> bool:
        """Whether it answers a request."""
        return self.exchange is not None and not self.attempt

    @property
    def is_unanswered(self) -> bool:
        """Whether it is the last attempt of a request that got no answer."""
        exchange = self.exchange
        return (
            exchange is not None
            and exchange.reply is None
            and 0 < self.attempt == len(exchange.attempts)
        )


class _Row:
    """A message that may become a packet: still waiting for what is to be known of it."""

    __slots__ = (
        "attempt",
        "changes",
        "exchange",
        "findings",
        "frame",
        "is_duplicate",
        "is_told",
        "lma",
        "mag",
        "message",
        "session",
        "undecoded",
    )

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.message: Message | None = None
        self.undecoded: Undecoded | None = None
        self.is_duplicate = False
        self.is_told = False
        self.exchange: Exchange | None = None
        self.attempt = 0
        self.mag: int | None = None
        self.lma: bytes | None = None
        self.session: int | None = None
        self.changes: list[StateChange] = []
        self.findings: list[Finding] = []

    @property
    def is_settled(self) -> bool:
        return self.is_told and (self.exchange is None or self.exchange.closed)


class Packets:
    """The packets of one run, made from what its analysis tells and yields.

    `frames` are those to give, by default all. `to_the_end` holds them back until the captures
    end, so that nothing is found too late to be among a packet's findings; `at_once` gives each as
    soon as it was followed, whatever may become of its exchange. `held` bounds how many are held
    back.
    """

    def __init__(
        self,
        *,
        frames: Frames | None = None,
        to_the_end: bool = False,
        at_once: bool = False,
        held: int = HELD,
    ) -> None:
        self._frames = frames
        self._at_once = at_once
        self._to_the_end = to_the_end
        self._held = held
        self._rows: deque[_Row] = deque()
        self._by_place: dict[Place, _Row] = {}
        self._by_message: dict[int, _Row] = {}
        self._by_exchange: dict[int, list[_Row]] = {}
        self._given: OrderedDict[Place, None] = OrderedDict()
        self._late: list[Finding] = []
        self.messages = 0
        """Messages read so far, asked for or not."""

    def take(self, event: Event, mags: Mapping[int, MagNode]) -> Iterator[Packet | Finding]:
        """Take in what an analysis yields, whose observer this is (`observe`); `mags` are its MAGs.

        Gives the packets of which all is known, and findings about packets that were given before.
        """
        if isinstance(event, Exchange):
            # At the end those come that are still open: nothing more will be known of them.
            self._update(event)
        yield from self.ready(mags)

    def rest(self, mags: Mapping[int, MagNode]) -> Iterator[Packet | Finding]:
        """Give what is left when the captures are at their end."""
        self._held, self._to_the_end = 0, False
        yield from self.ready(mags)

    def observe(self, seen: Seen, findings: Sequence[Finding]) -> None:
        """Take in what an analysis tells (`pmiptrace.analysis.Observer`)."""
        if isinstance(seen, Message):
            self.messages += 1
            if self._frames is None or self._frames.has_message(seen):
                row = self._add(seen.frame)
                row.message = seen
                self._by_message[id(seen)] = row
        elif isinstance(seen, Undecoded):
            if self._wants(seen):
                row = self._add(seen.frame)
                row.undecoded = seen
                row.is_told = True
        elif isinstance(seen, Step):
            self._step(seen)
        for finding in findings:
            self._found(finding)

    def _wants(self, undecoded: Undecoded) -> bool:
        """Tell whether a frame that cannot be decoded is listed; ESP only if it is asked for."""
        frame = undecoded.frame
        if self._frames is None:
            return undecoded.kind != "esp"
        return self._frames.has(frame.capture, frame.number)

    def _add(self, frame: Frame) -> _Row:
        row = _Row(frame)
        self._rows.append(row)
        self._by_place[frame.capture, frame.number] = row
        return row

    def _step(self, step: Step) -> None:
        exchange = step.exchange
        row = self._by_message.get(id(step.message)) if step.message is not None else None
        if row is not None:
            self._forget(row)
            row.is_told = True
            row.is_duplicate = "PM-DUP-CAPTURE" in step.events
            row.exchange = exchange
            row.mag = step.mag.id if step.mag is not None else None
            session = step.after or step.before
            if session is not None:
                row.session, row.lma = session.id, session.lma
            if exchange is not None and exchange.lma is not None:
                row.lma = exchange.lma  # an LMA may have an address of either family
            row.changes += (
                StateChange(binding.bid, binding.care_of_address, change.before, change.after)
                for binding, change in step.transitions
            )
            if exchange is not None:
                places = [(moment.capture, moment.frame) for moment in exchange.attempts]
                here = (row.frame.capture, row.frame.number)
                row.attempt = places.index(here) + 1 if here in places else 0
                self._by_exchange.setdefault(exchange.id, []).append(row)
        if exchange is not None:
            self._update(exchange)

    def _forget(self, row: _Row) -> None:
        """Have a row hear no more of its exchange."""
        if row.exchange is not None:
            others = self._by_exchange[row.exchange.id]
            others.remove(row)
            if not others:
                del self._by_exchange[row.exchange.id]

    def _update(self, exchange: Exchange) -> None:
        for row in self._by_exchange.get(exchange.id, ()):
            row.exchange = exchange

    def _found(self, finding: Finding) -> None:
        """Put a finding to the packet that shows it; one of the clock to the last attempt."""
        moment = finding.moment
        if moment.frame is not None:
            place = (moment.capture, moment.frame)
            row = self._by_place.get(place)
            if row is not None:
                row.findings.append(finding)
            elif place in self._given:
                self._late.append(finding)
        elif finding.exchange in self._by_exchange:
            self._by_exchange[finding.exchange][-1].findings.append(finding)

    def ready(self, mags: Mapping[int, MagNode]) -> Iterator[Packet | Finding]:
        """Give the packets that are due."""
        late, self._late = self._late, []
        yield from late
        rows = self._rows
        while rows and (len(rows) > self._held or self._is_due(rows[0])):
            yield self._packet(rows.popleft(), mags)

    def _is_due(self, row: _Row) -> bool:
        return row.is_told if self._at_once else row.is_settled and not self._to_the_end

    def _packet(self, row: _Row, mags: Mapping[int, MagNode]) -> Packet:
        place = (row.frame.capture, row.frame.number)
        self._by_place.pop(place, None)
        self._by_message.pop(id(row.message), None)
        self._forget(row)
        keep(self._given, place, None, _REMEMBERED)
        return Packet(
            frame=row.frame,
            message=row.message,
            undecoded=row.undecoded,
            is_duplicate=row.is_duplicate,
            exchange=row.exchange,
            attempt=row.attempt,
            mag=None if row.mag is None else mags.get(row.mag),
            lma=row.lma,
            session=row.session,
            changes=tuple(row.changes),
            findings=tuple(row.findings),
        )


# ------------------------------------------------------------------------- frames asked for

_FRAMES = re.compile(r"(?:([0-9]{1,9}):)?([0-9]{1,18})(-)?([0-9]{1,18})?")


class Range(Struct, frozen=True):
    """Frames from one number to another, of one capture or of each."""

    text: str
    first: int
    last: int | None
    """None for the end of the capture."""
    capture: int | None = None
    """Index of the capture, from 0; None for all."""

    def has(self, capture: int, number: int) -> bool:
        """Tell whether a frame is among them."""
        return (
            self.capture in (None, capture)
            and self.first <= number
            and (self.last is None or number <= self.last)
        )


class Frames:
    """The frames that somebody asked for, and which of them were found.

    Each text is a number, ``7``, a range, ``7-9`` or ``7-``, and may begin with the number of a
    capture, from 1: ``2:7``. Raises `UsageError` for anything else.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self.ranges = tuple(map(_range, texts))
        self._found: set[Range] = set()

    def has(self, capture: int, number: int) -> bool:
        """Tell whether a frame is asked for, and remember that it is there."""
        found = [each for each in self.ranges if each.has(capture, number)]
        self._found.update(found)
        return bool(found)

    def has_message(self, message: Message) -> bool:
        """Tell whether the frame of a message is asked for, or one of its fragments."""
        frame = message.frame
        numbers = message.datagram.fragments or (frame.number,)
        return bool([number for number in numbers if self.has(frame.capture, number)])

    @property
    def missing(self) -> tuple[Range, ...]:
        """Those of which no frame was there, or none with signalling."""
        return tuple(each for each in self.ranges if each not in self._found)


def is_frames(text: str) -> bool:
    """Tell whether a text names frames, and not a file."""
    return _FRAMES.fullmatch(text) is not None


def _range(text: str) -> Range:
    match = _FRAMES.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} names no frames; write 7, 7-9, or 2:7 for the second capture")
    capture, first, dash, last = match.groups()
    low = int(first)
    high = int(last) if last else None if dash else low
    if (last and not dash) or low == 0 or (high is not None and high < low) or capture == "0":
        raise UsageError(f"{text!r} names no frames; they count from 1, and so do captures")
    return Range(text, low, high, int(capture) - 1 if capture else None)
