"""Requests and their answers: which PBA answers which PBU (RFC 5213 section 5.3.6).

A PBA goes back to where the PBU came from and carries its sequence number, but for status 135,
where the number is the last one that the LMA accepted (RFC 6275 section 9.5.1). Numbers repeat:
MAGs may count per mobile node. So candidates are narrowed by mobile node, Timestamp and BID.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from enum import Enum
from typing import TypeVar

from msgspec.structs import replace

from pmiptrace.model import Exchange, Identifier, Moment
from pmiptrace.track.registration import Registration, registration
from pmiptrace.wire.codes import BindingStatus

TIMESTAMP_STATUS = (156, 157)
"""Rejections in which the LMA puts its own time in place of the request's (RFC 5213 5.5)."""

MAX_PER_KEY = 64
"""Requests looked through for one answer."""
MAX_ATTEMPTS = 64
"""Attempts kept of one request: the first ones and the last."""

K = TypeVar("K")
Key = tuple[bytes, bytes, tuple[int, int] | None, int]


class Pending:
    """A request on the way, with all its attempts; its `exchange` is replaced as it goes on."""

    __slots__ = (
        "answered_attempt",
        "deferred",
        "exchange",
        "is_refresh",
        "last",
        "request",
        "requests",
        "time",
        "until",
    )

    def __init__(self, exchange: Exchange, request: Registration, *, deferred: bool) -> None:
        self.exchange = exchange
        self.request = request
        """The first attempt."""
        self.last = request
        self.answered_attempt = request
        self.requests = [request]
        self.time = request.message.time
        """Of the last attempt."""
        self.until: int | None = None
        """When to give it up or, once it is closed, to forget it."""
        self.deferred = deferred
        """Whether its checksum is wrong, so that only an answer shows that it was taken."""
        self.is_refresh = False
        """Whether it was taken for a refresh by the short way (`pmiptrace.track.refresh`)."""

    @property
    def answered(self) -> bool:
        """Whether a reply came."""
        return self.exchange.reply is not None

    @property
    def answered_by(self) -> Registration | None:
        """The reply."""
        reply = self.exchange.reply
        return None if reply is None else registration(reply)

    def attempt(self, reply: Registration) -> Registration:
        """Give the attempt that a PBA answers: by its Timestamp, its number, or the last one."""
        if len(self.requests) == 1:
            return self.last
        numbered = [r for r in self.requests if r.sequence == reply.sequence] or [self.last]
        return next((r for r in numbered if r.timestamp == reply.timestamp), numbered[0])


class Found(Enum):
    """How a PBA was paired."""

    ANSWER = "answer"
    REPEATED = "another answer to an answered request"
    LIKELY = "the only request that may be rejected with status 135, but not as it was sent"
    DOUBTFUL_SEQUENCE = "the only request outstanding, under another sequence number"
    DOUBTFUL_ADDRESS = "the only request outstanding, between other addresses"


class Pairing:
    """The PBUs that may still be answered."""

    LIMIT = 200_000
    """Requests kept; the oldest goes first."""

    def __init__(self, same_node: Callable[[bytes, bytes], bool]) -> None:
        self._same_node = same_node
        """Tells whether two addresses belong to one MAG."""
        self._all: OrderedDict[int, Pending] = OrderedDict()
        self._by_key: dict[Key, list[Pending]] = {}
        self._by_node: dict[Identifier | None, list[Pending]] = {}

    def __iter__(self) -> Iterator[Pending]:
        return iter(self._all.values())

    def add(self, pending: Pending) -> None:
        """Take in a new request."""
        self._all[pending.exchange.id] = pending
        self._index(pending, pending.request)
        _append(self._by_node, pending.request.mobile_node, pending)

    @property
    def is_overfull(self) -> bool:
        """Whether there are more requests than can be kept."""
        return len(self._all) > self.LIMIT

    def oldest(self) -> Pending:
        """Give the request that was made first of those that are left."""
        return next(iter(self._all.values()))

    def repeat(self, pending: Pending, attempt: Registration, moment: Moment) -> None:
        """Take in another attempt of a request."""
        pending.last = attempt
        pending.time = attempt.message.time
        pending.deferred = pending.deferred and attempt.message.checksum_correct is False
        attempts = pending.exchange.attempts
        if len(attempts) == MAX_ATTEMPTS:
            given_up = pending.requests.pop()
            _remove(self._by_key, _key(given_up), pending)
            attempts = attempts[:-1]
        pending.requests.append(attempt)
        self._index(pending, attempt)
        pending.exchange = replace(
            pending.exchange, attempts=(*attempts, moment), answered=attempt.message
        )

    def forget(self, pending: Pending) -> None:
        """Drop a request that nothing can answer any more."""
        self._all.pop(pending.exchange.id, None)
        for attempt in pending.requests:
            _remove(self._by_key, _key(attempt), pending)
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

    def waiting(self, request: Registration) -> list[Pending]:
        """Give the other unanswered requests for the same mobile node at the same LMA."""
        return [
            pending
            for pending in self._by_node.get(request.mobile_node, ())
            if not pending.exchange.closed
            and pending.request is not request
            and pending.request.lma == request.lma
        ]

    def outstanding(self, request: Registration) -> tuple[Exchange, ...]:
        """Give the exchanges of these."""
        waiting = self.waiting(request)
        return tuple([pending.exchange for pending in waiting]) if waiting else ()

    def moved(self, request: Registration, old: int, new: int) -> None:
        """Note that the requests of one session for a mobile node are about another."""
        for pending in self._by_node.get(request.mobile_node, ()):
            if pending.exchange.session == old:
                pending.exchange = replace(pending.exchange, session=new)

    def match(self, reply: Registration) -> tuple[Pending, Found] | None:
        """Give the request that a PBA answers, and how sure that is."""
        if reply.status == BindingStatus.SEQUENCE_NUMBER_OUT_OF_WINDOW:
            return self._match_out_of_window(reply)
        ports = reply.message.datagram.ports
        swapped = (ports[1], ports[0]) if ports else None
        key = (reply.mag_address, reply.lma, swapped, reply.sequence)
        candidates = [p for p in self._by_key.get(key, ()) if _may_answer(reply, p)]
        if candidates:
            best = candidates[0] if len(candidates) == 1 else _best(candidates, reply)
            return best, Found.REPEATED if best.answered else Found.ANSWER
        return self._match_elsewhere(reply)

    def _match_out_of_window(self, reply: Registration) -> tuple[Pending, Found] | None:
        """Find the request that status 135 answers, with the number accepted last in its place.

        A rejection repeats the options of its request, and the number accepted last is not behind
        that of the request. With less, and without the Timestamp of the request, it may be the
        answer to one that was not captured.
        """
        candidates = [
            pending
            for pending in self._by_node.get(reply.mobile_node, ())
            if pending.request.mag_address == reply.mag_address
            and pending.request.lma == reply.lma
            and reply.bid in (None, pending.request.bid)
        ]
        # Sessions of one mobile node share the number, and so do its requests one after the other.
        repeated = [p for p in candidates if _is_repeated_by(reply, p)]
        open_ones = [p for p in candidates if not p.answered and not p.exchange.closed]
        stamped = [p for p in open_ones if _has_timestamp_of(reply, p)]
        if len(stamped) == 1:
            return stamped[0], Found.ANSWER
        fitting = [p for p in open_ones if p in repeated and _is_not_after(reply, p)]
        if fitting:
            without_timestamp = [p for p in fitting if p.last.timestamp is None]
            return _latest(without_timestamp or fitting), Found.ANSWER
        again = [p for p in repeated if p.answered_by and p.answered_by.status == reply.status]
        if again:
            return _latest(again), Found.REPEATED
        likely = [p for p in open_ones if p in repeated or _is_not_after(reply, p)]
        return (likely[0], Found.LIKELY) if len(likely) == 1 else None

    def _match_elsewhere(self, reply: Registration) -> tuple[Pending, Found] | None:
        """Find a request that the PBA answers from, or to, another address or number.

        The number of the mobile node's only outstanding request is no proof; the Timestamp is,
        which the LMA copies (RFC 5213 section 5.5).
        """
        if reply.mobile_node is None:
            return None
        waiting = [p for p in self._by_node.get(reply.mobile_node, ()) if not p.answered]
        related = [
            pending
            for pending in waiting
            if reply.lma == pending.request.lma
            or self._same_node(reply.mag_address, pending.request.mag_address)
        ]
        numbered = [p for p in related if any(r.sequence == reply.sequence for r in p.requests)]
        if numbered:
            return _best(numbered, reply), Found.ANSWER
        related = [p for p in related if reply.bid in (None, p.request.bid)]
        stamped = [p for p in related if _has_timestamp_of(reply, p)]
        if len(stamped) == 1:
            return stamped[0], Found.ANSWER
        related = [p for p in related if not p.exchange.closed] or related
        if len(related) != 1:
            return None
        asked = related[0].request
        is_between_them = (reply.mag_address, reply.lma) == (asked.mag_address, asked.lma)
        found = Found.DOUBTFUL_SEQUENCE if is_between_them else Found.DOUBTFUL_ADDRESS
        return related[0], found

    def _index(self, pending: Pending, attempt: Registration) -> None:
        _append(self._by_key, _key(attempt), pending)


def _key(request: Registration) -> Key:
    return request.mag_address, request.lma, request.message.datagram.ports, request.sequence


def _may_answer(reply: Registration, pending: Pending) -> bool:
    """Tell whether a PBA with the right number and addresses is about the same mobile node.

    One without an identifier answers a PBU without one (RFC 5213 section 5.3.6). One with another
    identifier is another exchange with the same number, unless its Timestamp says otherwise.
    """
    asked = pending.request.mobile_node
    if reply.mobile_node is None or asked is None or reply.mobile_node == asked:
        return True
    return _has_timestamp_of(reply, pending)


def _is_repeated_by(reply: Registration, pending: Pending) -> bool:
    """Tell whether a rejection has the options of a request (RFC 5213 section 5.3.6).

    What a MAG learns from an answer tells its next request from the one before.
    """
    request = pending.request
    learned = (
        (request.link_local_address, reply.link_local_address),
        (request.ipv4_home_address, reply.ipv4_home_address) if reply.has_ipv4 else (None, None),
    )
    return (
        request.is_echoed_by(reply)
        and request.prefixes == reply.prefixes
        and all(asked == given or given is None for asked, given in learned)
    )


def _is_not_after(reply: Registration, pending: Pending) -> bool:
    """Tell whether a request has a number that is not greater than that of a PBA.

    Numbers are compared modulo 2^16 (RFC 6275 section 9.5.1).
    """
    return any((reply.sequence - r.sequence) % 65536 <= 32768 for r in pending.requests)


def _has_timestamp_of(reply: Registration, pending: Pending) -> bool:
    """Tell whether a PBA has the Timestamp of a request, which no other has."""
    return reply.timestamp is not None and any(
        reply.timestamp == attempt.timestamp for attempt in pending.requests
    )


def _best(candidates: list[Pending], reply: Registration) -> Pending:
    """Choose among requests that share number and addresses."""
    if len(candidates) == 1:
        return candidates[0]
    narrowing: list[Callable[[Pending], bool]] = [
        lambda p: p.request.mobile_node == reply.mobile_node
    ]
    if reply.status not in TIMESTAMP_STATUS:
        narrowing.append(lambda p: _has_timestamp_of(reply, p))
    narrowing.append(lambda p: p.request.bid == reply.bid)
    narrowing.append(lambda p: not p.answered)
    for test in narrowing:
        candidates = [p for p in candidates if test(p)] or candidates
    return _latest(candidates)


def _latest(candidates: list[Pending]) -> Pending:
    """Give the request sent last; of those without a time, the one seen last."""
    return max(reversed(candidates), key=lambda p: p.time or 0)


def _append(index: dict[K, list[Pending]], key: K, pending: Pending) -> None:
    entries = index.get(key)
    if entries is None:
        index[key] = [pending]
    elif pending not in entries:
        entries.append(pending)
        del entries[:-MAX_PER_KEY]


def _remove(index: dict[K, list[Pending]], key: K, pending: Pending) -> None:
    entries = index.get(key)
    if entries and pending in entries:
        entries.remove(pending)
        if not entries:
            del index[key]
