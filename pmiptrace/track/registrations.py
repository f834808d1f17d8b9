"""Proxy registrations: PBUs and PBAs, and the sessions and bindings that they make.

The order for one message: who sent it, pairing, which session and binding it is about, what it
asks for, and only then the transition; so a `Step` has the session as the message met it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from operator import itemgetter

from msgspec.structs import replace

from pmiptrace.model import Exchange, Identifier, Message, Moment, Step
from pmiptrace.track.answers import Answers
from pmiptrace.track.pairing import Found, Pairing
from pmiptrace.track.registration import Registration
from pmiptrace.track.requests import Requests
from pmiptrace.track.state import State
from pmiptrace.track.targets import Targets

MAX_HELD = 64
"""Answers for one mobile node that are held back until their request may follow."""
MAX_SENDERS = 100_000
"""Hosts of which it is known that they do not leave checksums to their hardware."""


class Registrations:
    """Handles PBUs and PBAs."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._pairing = Pairing(self._same_mag)
        targets = Targets(state)
        self._requests = Requests(state, self._pairing, targets)
        self._answers = Answers(state, self._pairing, targets, self._requests)
        self._held: dict[Identifier | None, dict[int, Registration]] = {}
        """Answers without a request so far, by mobile node and ordinal."""
        self._good_checksums: OrderedDict[bytes, None] = OrderedDict()

    def release_all(self) -> Iterator[Step]:
        """Let go of the answers that were held back, as the capture ended."""
        held = [(ordinal, node) for node, replies in self._held.items() for ordinal in replies]
        for ordinal, node in sorted(held, key=itemgetter(0)):
            step = self._release(node, ordinal, 0)
            if step is not None:
                yield step

    @property
    def is_overfull(self) -> bool:
        """Whether there are more requests than can be kept."""
        return self._pairing.is_overfull

    def shed(self) -> Iterator[Step]:
        """Forget the oldest requests, as long as there are too many."""
        while self.is_overfull:
            pending = self._pairing.oldest()
            self._pairing.forget(pending)
            if not pending.exchange.closed:
                exchange = replace(pending.exchange, closed=True)
                moment = self._state.moment(pending.last.message)
                yield self._state.step(moment, None, exchange=exchange)

    def unfinished(self) -> Iterator[Exchange]:
        """Give the exchanges that await an answer."""
        for pending in self._pairing:
            if not pending.exchange.closed:
                yield pending.exchange

    def request(self, request: Registration) -> Iterator[Step]:
        """Take a PBU."""
        self._note_checksum(request.message)
        yield self._requests.take(request, self._state.moment(request.message))
        if self._held:
            yield from self._answered_before(request.mobile_node)

    def _answered_before(self, mobile_node: Identifier | None) -> Iterator[Step]:
        """Pair the answers that stand before their request in the capture."""
        for node in dict.fromkeys((mobile_node, None)):
            for ordinal, reply in list(self._held.get(node, {}).items()):
                matched = self._pairing.match(reply)
                if matched is not None and matched[1] is Found.ANSWER:
                    self._let_go(node, ordinal)
                    moment = self._state.moment(reply.message, ordinal)
                    yield self._answers.take(matched[0], reply, moment)

    def _let_go(self, node: Identifier | None, ordinal: int) -> Registration | None:
        held = self._held.get(node, {})
        reply = held.pop(ordinal, None)
        if not held:
            self._held.pop(node, None)
        return reply

    def acknowledgement(self, reply: Registration) -> Iterator[Step]:
        """Take a PBA, or a BA that may be one."""
        message = reply.message
        self._note_checksum(message)
        moment = self._state.moment(message)
        has_bad_checksum = message.checksum_correct is False
        if has_bad_checksum and message.source in self._good_checksums:
            # Its receiver discards it (RFC 6275 section 9.2).
            yield self._state.step(moment, message)
            return
        matched = self._pairing.match(reply)
        if matched is not None and matched[1] is Found.ANSWER:
            yield self._answers.take(matched[0], reply, moment)
        elif matched is not None and matched[1] is Found.LIKELY:
            yield self._answers.take(matched[0], reply, moment, certain=False)
        elif matched is not None and matched[1] is Found.REPEATED:
            yield self._answers.take_again(matched[0], reply, moment)
        elif message.kind != "PBA":
            yield self._state.step(moment, message)
        elif message.time is None:
            yield self._answers.take_unmatched(reply, moment)
        else:
            yield from self._hold(reply, message.time, moment)

    def _hold(self, reply: Registration, time: int, moment: Moment) -> Iterator[Step]:
        """Hold a PBA back for a moment, in case its request follows."""
        node = reply.mobile_node
        held = self._held.setdefault(node, {})
        held[moment.ordinal] = reply
        over = time + self._state.timers.reordering
        self._state.clock.set(over, self._release, node, moment.ordinal)
        if len(held) > MAX_HELD:
            step = self._release(node, next(iter(held)), time)
            if step is not None:
                yield step

    def _release(self, node: Identifier | None, ordinal: int, _now: int) -> Step | None:
        """Let go a PBA that was held in case its request follows."""
        reply = self._let_go(node, ordinal)
        if reply is None:
            return None
        return self._answers.take_unmatched(reply, self._state.moment(reply.message, ordinal))

    def _note_checksum(self, message: Message) -> None:
        if message.checksum_correct and message.source not in self._good_checksums:
            self._good_checksums[message.source] = None
            if len(self._good_checksums) > MAX_SENDERS:
                self._good_checksums.popitem(last=False)

    def _same_mag(self, one: bytes, other: bytes) -> bool:
        first, second = self._state.peers.mag_at(one), self._state.peers.mag_at(other)
        return first is not None and second is not None and first.id == second.id
