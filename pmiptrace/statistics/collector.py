"""Events of an analysis to statistics, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TypeVar

from pmiptrace.analysis import Change, Event
from pmiptrace.model import Exchange, ExchangeKind, MagNode, Message, Moment, Session
from pmiptrace.selection import Narrowing, Selection
from pmiptrace.statistics.paths import Paths
from pmiptrace.statistics.quantiles import Quantiles
from pmiptrace.statistics.rate import Rate
from pmiptrace.statistics.values import KindCount, Rejections, Statistics
from pmiptrace.track.bounded import keep
from pmiptrace.track.registration import Registration, registration
from pmiptrace.wire.messages import BindingAcknowledgement, BindingError, BindingUpdate

MOST_MAGS = 4096
"""MAGs, LMAs and access technologies that have a distribution of their own."""
MOST_STATUSES = 1024
_MAGS_OF_STATUS = 1000
"""MAGs that are told apart for one status."""
_REMEMBERED = 65536
"""Exchanges given up of which an answer that comes late is recognised."""

OTHER_MAGS = -1
"""Stands for the MAGs beyond `MOST_MAGS`."""

REGISTRATIONS = frozenset(
    {
        ExchangeKind.INITIAL,
        ExchangeKind.ADD_PATH,
        ExchangeKind.REFRESH,
        ExchangeKind.BULK,
        ExchangeKind.OVERWRITE,
        ExchangeKind.COA_CHANGE,
        ExchangeKind.HANDOVER,
    }
)
"""Kinds of PBUs that ask for a lifetime."""

K = TypeVar("K")


class Collector:
    """Takes the events of an analysis and gives the statistics of what is selected."""

    def __init__(self, selection: Selection, mags: Mapping[int, MagNode]) -> None:
        self._narrowing = Narrowing(selection, mags)
        self._mags = mags
        self._found = Statistics()
        self._rejections: dict[tuple[str, int], Rejections] = {}
        self._rejected: dict[tuple[str, int], set[int | None]] = {}
        self._rate = Rate()
        self._paths = Paths()
        self._given_up: OrderedDict[int, None] = OrderedDict()

    def event(self, event: Event) -> None:
        """Take an event."""
        chosen = self._narrowing
        if isinstance(event, Message):
            if chosen.message(event):
                self._found.messages[event.kind] += 1
                self._rate.add(event.time, event.kind)
        elif isinstance(event, Exchange):
            if chosen.exchange(event):
                self._exchange(event)
        elif isinstance(event, Change):
            if chosen.change(event.session, event.binding):
                self._paths.change(event)
        elif isinstance(event, Session) and chosen.session(event):
            self._paths.end(event)

    def statistics(self, end: int | None) -> Statistics:
        """Give what all came to; `end` is the time of the last packet of all captures."""
        found = self._found
        by_mag: dict[int, Quantiles] = {}
        for number, measured in found.latencies.by_mag.items():
            # Addresses may have turned out to be those of one MAG since.
            node = self._mags.get(number)
            key = number if node is None else node.id
            if node is not None:
                found.mags[key] = node
            _at(by_mag, key).merge(measured)
        found.latencies.by_mag = by_mag
        found.rejections = tuple(
            sorted(self._rejections.values(), key=lambda r: (-r.count, r.message, r.code))
        )
        found.rate = self._rate.over_time()
        found.paths = self._paths.use(end)
        return found

    # ---------------------------------------------------------------------------- exchanges

    def _exchange(self, exchange: Exchange) -> None:
        if exchange.replies > 1:
            return  # a second answer; the first was counted
        kind = self._found.kinds.setdefault(exchange.kind, KindCount(exchange.kind))
        if exchange.id in self._given_up:
            if exchange.reply is None:
                return
            del self._given_up[exchange.id]
            kind.unanswered -= 1
            kind.late += 1
        else:
            kind.count += 1
            repeated = max(0, len(exchange.attempts) - 1)
            kind.retransmissions += repeated
            kind.retransmitted += repeated > 0
        if exchange.reply is None:
            self._unanswered(exchange, kind)
            return
        if exchange.request is None:
            kind.unmatched += 1
        if is_rejected(exchange.reply):
            kind.rejected += 1
            self._reject(exchange, exchange.reply)
        else:
            kind.accepted += 1
            if exchange.kind is ExchangeKind.HANDOVER:
                self._handover(exchange, exchange.reply)
        self._measure(exchange, exchange.reply)

    def _unanswered(self, exchange: Exchange, kind: KindCount) -> None:
        if not exchange.closed:
            kind.open += 1
            return
        kind.unanswered += 1
        keep(self._given_up, exchange.id, None, _REMEMBERED)

    def _reject(self, exchange: Exchange, reply: Message) -> None:
        key = (reply.kind, status_of(reply) or 0)
        if key not in self._rejections and len(self._rejections) >= MOST_STATUSES:
            return
        known = self._rejections.setdefault(key, Rejections(*key, type(reply.body)))
        known.count += 1
        moment = _moment(reply)
        known.first, known.last = known.first or moment, moment
        mags = self._rejected.setdefault(key, set())
        if len(mags) < _MAGS_OF_STATUS:
            mags.add(exchange.mag)
            known.mags = len(mags)

    def _handover(self, exchange: Exchange, reply: Message) -> None:
        handovers = self._found.handovers
        handovers.count += 1
        arrival = self._paths.arrival(exchange.session, reply.time)
        if arrival is None:
            handovers.unknown += 1
        elif arrival.down_since is None or arrival.down_since == arrival.time:
            handovers.seamless += 1
        else:
            handovers.gap.add(arrival.time - arrival.down_since, _moment(reply))

    # ------------------------------------------------------------------------------ latency

    def _measure(self, exchange: Exchange, reply: Message) -> None:
        latencies, excluded = self._found.latencies, self._found.latencies.excluded
        time = exchange.round_trip
        if exchange.request is None:
            excluded.one_sided += 1
        elif not exchange.certain:
            excluded.uncertain += 1
        elif is_rejected(reply):
            excluded.rejected += 1
        elif len(exchange.attempts) > 1:
            excluded.retransmitted += 1
        elif time is None or time < 0:
            excluded.without_time += 1
        else:
            moment = _moment(reply)
            _at(latencies.by_kind, exchange.kind).add(time, moment)
            if exchange.kind not in REGISTRATIONS:
                return
            latencies.registration.add(time, moment)
            if exchange.kind is ExchangeKind.HANDOVER:
                self._found.handovers.signalling.add(time, moment)
            if exchange.mag is not None:
                _bounded(latencies.by_mag, exchange.mag, OTHER_MAGS).add(time, moment)
            if exchange.lma is not None:
                _bounded(latencies.by_lma, exchange.lma, b"").add(time, moment)
            access = access_technology(exchange.request)
            _bounded(latencies.by_access, access, None).add(time, moment)


def status_of(message: Message) -> int | None:
    """Give the status that a reply carries, if there is one."""
    code = getattr(message.body, "status", None)
    return code if isinstance(code, int) else None


def is_rejected(reply: Message) -> bool:
    """Tell whether a reply refuses: a status of 128 or more, or a Binding Error."""
    code = status_of(reply)
    return isinstance(reply.body, BindingError) or (code is not None and code >= 128)


def access_technology(request: Message) -> int | None:
    """Give the If-ATT of the path of a PBU, else its Access Technology Type option."""
    asked = _registration(request)
    if asked is None:
        return None
    return asked.multipath.if_att if asked.multipath is not None else asked.access_technology


def _registration(message: Message) -> Registration | None:
    if isinstance(message.body, BindingUpdate | BindingAcknowledgement):
        return registration(message)
    return None


def _moment(message: Message) -> Moment:
    return Moment(message.frame.capture, message.frame.number, message.time)


def _at(table: dict[K, Quantiles], key: K) -> Quantiles:
    return table.setdefault(key, Quantiles())


def _bounded(table: dict[K, Quantiles], key: K, rest: K) -> Quantiles:
    """Give the distribution of a key, or of the rest where there are too many keys."""
    return _at(table, key if key in table or len(table) < MOST_MAGS else rest)
