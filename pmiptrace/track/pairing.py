"""Requests and their answers: which PBA answers which PBU (RFC 5213 section 5.3.6).

A PBA goes back to where the PBU came from and carries its sequence number, but for status 135,
where the number is the last one that the LMA accepted (RFC 6275 section 9.5.1). Numbers repeat:
MAGs may count per mobile node. So candidates are narrowed by mobile node, Timestamp and BID.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import TypeVar

from msgspec.structs import replace

from pmiptrace.model import Exchange, Message, Moment
from pmiptrace.track.registration import Registration

SEQUENCE_OUT_OF_WINDOW = 135
TIMESTAMP_STATUS = (156, 157)
"""Rejections in which the LMA puts its own time in place of the request's (RFC 5213 5.5)."""

MAX_PER_KEY = 64
"""Requests looked through for one answer."""
MAX_ATTEMPTS = 64
"""Retransmissions kept of one request; further ones are answered by the last."""

K = TypeVar("K")
Key = tuple[bytes, bytes, tuple[int, int] | None, int]


class Pending:
    """A request on the way, with all its attempts; its `exchange` is replaced as it goes on."""

    __slots__ = ("deferred", "exchange", "last", "request", "requests", "time")

    def __init__(self, exchange: Exchange, request: Registration, *, deferred: bool) -> None:
        self.exchange = exchange
        self.request = request
        """The first attempt."""
        self.last = request
        self.requests = [request]
        self.time = request.message.time
        """Of the last attempt."""
        self.deferred = deferred
        """Whether its checksum is wrong, so that only an answer shows that it was taken."""

    @property
    def answered(self) -> bool:
        """Whether a reply came."""
        return self.exchange.reply is not None


class Found(Enum):
    """How a PBA was paired."""

    ANSWER = "answer"
    REPEATED = "another answer to an answered request"
    DOUBTFUL_SEQUENCE = "the only request outstanding, under another sequence number"
    DOUBTFUL_ADDRESS = "the only request outstanding, between other addresses"


class Pairing:
    """The PBUs that may still be answered."""

    def __init__(self, same_node: Callable[[bytes, bytes], bool]) -> None:
        self._same_node = same_node
        """Tells whether two addresses belong to one MAG."""
        self._by_key: dict[Key, list[Pending]] = {}
        self._by_node: dict[object, list[Pending]] = {}

    def __iter__(self) -> Iterator[Pending]:
        for entries in self._by_node.values():
            yield from entries

    def add(self, pending: Pending) -> None:
        """Take in a new request."""
        self._index(pending, pending.request)
        _append(self._by_node.setdefault(pending.request.mobile_node, []), pending)

    def repeat(self, pending: Pending, attempt: Registration, moment: Moment) -> None:
        """Take in another attempt of a request."""
        pending.last = attempt
        pending.time = attempt.message.time
        if len(pending.requests) < MAX_ATTEMPTS:
            pending.requests.append(attempt)
            self._index(pending, attempt)
            exchange = pending.exchange
            pending.exchange = replace(
                exchange, attempts=(*exchange.attempts, moment), answered=attempt.message
            )

    def forget(self, pending: Pending) -> None:
        """Drop a request that nothing can answer any more."""
        for attempt in pending.requests:
            _remove(self._by_key, _key(attempt.message, attempt.sequence), pending)
        _remove(self._by_node, pending.request.mobile_node, pending)

    def retransmitted(self, request: Registration) -> Pending | None:
        """Give the unanswered request that a PBU repeats, if it does.

        That can only be the newest one for the same binding: a de-registration that looks like an
        earlier one, with a registration between the two, is another.
        """
        for pending in reversed(self._by_node.get(request.mobile_node, ())):
            if request.concerns_same(pending.request):
                is_open = not pending.answered and not pending.exchange.closed
                return pending if is_open and request.repeats(pending.request) else None
        return None

    def outstanding(self, request: Registration) -> Iterable[Pending]:
        """Give the other unanswered requests for the same mobile node at the same LMA."""
        for pending in self._by_node.get(request.mobile_node, ()):
            if (
                not pending.exchange.closed
                and pending.request.message.destination == request.message.destination
            ):
                yield pending

    def match(self, reply: Registration) -> tuple[Pending, Found] | None:
        """Give the request that a PBA answers, and how sure that is."""
        message = reply.message
        if reply.status == SEQUENCE_OUT_OF_WINDOW:
            return self._match_out_of_window(reply)
        ports = message.datagram.ports
        swapped = (ports[1], ports[0]) if ports else None
        key = (message.destination, message.source, swapped, reply.sequence)
        candidates = [p for p in self._by_key.get(key, ()) if _may_answer(reply, p)]
        if candidates:
            best = _best(candidates, reply)
            return best, Found.REPEATED if best.answered else Found.ANSWER
        return self._match_elsewhere(reply)

    def _match_out_of_window(self, reply: Registration) -> tuple[Pending, Found] | None:
        candidates = [
            pending
            for pending in self._by_node.get(reply.mobile_node, ())
            if not pending.answered
            and pending.request.message.source == reply.message.destination
            and pending.request.message.destination == reply.message.source
            and reply.bid in (None, pending.request.bid)
        ]
        if not candidates:
            return None
        without_timestamp = [p for p in candidates if p.last.timestamp is None]
        return (without_timestamp or candidates)[-1], Found.ANSWER

    def _match_elsewhere(self, reply: Registration) -> tuple[Pending, Found] | None:
        """Find a request that the PBA answers from, or to, another address or number.

        The number of the mobile node's only outstanding request is no proof; the Timestamp is,
        which the LMA copies (RFC 5213 section 5.5).
        """
        if reply.mobile_node is None:
            return None
        message = reply.message
        waiting = [p for p in self._by_node.get(reply.mobile_node, ()) if not p.answered]
        related = [
            pending
            for pending in waiting
            if message.source == pending.request.message.destination
            or self._same_node(message.destination, pending.request.message.source)
        ]
        numbered = [p for p in related if any(r.sequence == reply.sequence for r in p.requests)]
        if numbered:
            return _best(numbered, reply), Found.ANSWER
        if len(related) != 1 or reply.bid not in (None, related[0].request.bid):
            return None
        pending = related[0]
        if reply.timestamp is not None and reply.timestamp == pending.last.timestamp:
            return pending, Found.ANSWER
        swapped = (pending.request.message.destination, pending.request.message.source)
        same_addresses = (message.source, message.destination) == swapped
        return (
            pending,
            Found.DOUBTFUL_SEQUENCE if same_addresses else Found.DOUBTFUL_ADDRESS,
        )

    def _index(self, pending: Pending, attempt: Registration) -> None:
        _append(self._by_key.setdefault(_key(attempt.message, attempt.sequence), []), pending)


def _key(message: Message, sequence: int) -> Key:
    return (message.source, message.destination, message.datagram.ports, sequence)


def _may_answer(reply: Registration, pending: Pending) -> bool:
    """Tell whether a PBA with the right number and addresses is about the same mobile node.

    One without an identifier answers a PBU without one (RFC 5213 section 5.3.6). One with another
    identifier is another exchange with the same number, unless its Timestamp says otherwise.
    """
    asked = pending.request.mobile_node
    if reply.mobile_node is None or asked is None or reply.mobile_node == asked:
        return True
    return reply.timestamp is not None and any(
        reply.timestamp == attempt.timestamp for attempt in pending.requests
    )


def _best(candidates: list[Pending], reply: Registration) -> Pending:
    """Choose among requests that share number and addresses."""
    narrowing: list[Callable[[Pending], bool]] = [
        lambda p: not p.answered,
        lambda p: p.request.mobile_node == reply.mobile_node,
    ]
    if reply.status not in TIMESTAMP_STATUS and reply.timestamp is not None:
        narrowing.append(lambda p: any(r.timestamp == reply.timestamp for r in p.requests))
    narrowing.append(lambda p: p.request.bid == reply.bid)
    for test in narrowing:
        candidates = [p for p in candidates if test(p)] or candidates
    return max(candidates, key=lambda p: p.time or 0)


def _append(entries: list[Pending], pending: Pending) -> None:
    if pending not in entries:
        entries.append(pending)
        del entries[:-MAX_PER_KEY]


def _remove(index: dict[K, list[Pending]], key: K, pending: Pending) -> None:
    entries = index.get(key)
    if entries and pending in entries:
        entries.remove(pending)
        if not entries:
            del index[key]
