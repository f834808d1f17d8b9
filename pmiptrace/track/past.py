"""What went before a message, as far as rules ask for it and no state depends on it.

It is kept beside the sessions: by MAG, mobile node and LMA. All of it is bounded; at a bound what
was not heard of for longest is forgotten, and the rules that ask for it stay silent.
"""

from __future__ import annotations

from collections import OrderedDict

from msgspec.structs import replace

from pmiptrace.model import (
    SECOND,
    Exchange,
    Identifier,
    MagNode,
    Message,
    Moment,
    Past,
    Prefix,
    Rejection,
    Session,
    Step,
    Unlike,
)
from pmiptrace.track.bounded import keep
from pmiptrace.track.classify import is_cut, is_there
from pmiptrace.track.registration import Registration, registration
from pmiptrace.track.state import State
from pmiptrace.wire.codes import BindingStatus
from pmiptrace.wire.options.rfc5213 import LinkLocalAddress, Timestamp
from pmiptrace.wire.options.rfc8127 import LmaControlledMagParameters

LIMIT = 100_000
"""Entries kept of each kind."""
MAX_REJECTIONS = 8
RUN_ENDS = 2 * SECOND
"""After so long without a PBU, what rate the ones before had does not matter."""
MAX_REQUESTS = 12
"""Two more than the highest rate that rules can be set to allow."""
MAX_MAGS = 64
"""MAGs whose PBUs for one mobile node are noted."""
MAX_HOLDERS = 4
"""Sessions noted that have one prefix; there should be one."""

DOMAIN_OPTIONS = (LinkLocalAddress, Timestamp)
"""Options that are there or not by one setting of the domain (RFC 5213 section 9.3)."""


NodeKey = tuple[bytes, Identifier]
"""An LMA and a mobile node."""
Usage = tuple[int, bool]
"""An option, and whether it is there."""

_NOTHING: tuple[None, None] = (None, None)


class _Node:
    """What is remembered of one mobile node at one LMA."""

    __slots__ = ("accepted", "newest", "rejections", "requests")

    def __init__(self) -> None:
        self.accepted: Message | None = None
        """The PBU accepted last."""
        self.newest: int | None = None
        """The greatest timestamp accepted."""
        self.rejections: tuple[Rejection, ...] = ()
        self.requests: dict[int, tuple[Moment, ...]] = {}
        """The last PBUs by MAG."""


class _Pair:
    """What is remembered of one MAG at one LMA."""

    __slots__ = ("sent", "usage")

    def __init__(self) -> None:
        self.sent: Message | None = None
        """The PBU sent last."""
        self.usage: dict[Usage, Moment] = {}
        """The first PBU with, or without, an option that the domain's settings rule."""


class Memory:
    """Remembers what peers did, and gives it to the steps of what they do next."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._nodes: OrderedDict[NodeKey, _Node] = OrderedDict()
        self._pairs: OrderedDict[tuple[int, bytes], _Pair] = OrderedDict()
        self._asked: OrderedDict[int, tuple[Message | None, Message]] = OrderedDict()
        """Of an exchange without an answer, the PBU before it, and its own last attempt."""
        self._usage: OrderedDict[bytes, dict[Usage, tuple[int, Moment]]] = OrderedDict()
        """By LMA, the first MAG that used, or did not use, an option."""
        self._holders: OrderedDict[tuple[bytes, Prefix], tuple[int, ...]] = OrderedDict()
        self._timers: OrderedDict[bytes, Moment] = OrderedDict()

    def sessions(self, known: Registration) -> list[Session]:
        """Give the sessions that a message may be about, or in conflict with, as they stand."""
        sessions = self._state.sessions
        found = sessions.of_node(known.lma, known.mobile_node)
        for prefix in known.prefixes:
            for number in self._holders.get((known.lma, prefix), ()):
                session = sessions.get(number)
                if session is not None and session not in found:
                    found.append(session)
        return found

    def told(self, step: Step, known: Registration | None, sessions: list[Session]) -> Step:
        """Give the step of a message with what went before it, and remember the message.

        `known` is the message that the tracker was given, if that is a PBU or PBA.
        """
        exchange, mag, message = step.exchange, step.mag, step.message
        if exchange is None or mag is None or exchange.lma is None or message is None:
            return step
        if known is None:
            return replace(step, past=Past(lma_sets_timers=self._timers.get(exchange.lma)))
        if known.message is not message:  # an answer that was held back
            known = registration(message)
        own = step.before.id if step.before is not None else None
        others = tuple([s for s in sessions if s.id != own])
        if known.status is None:
            past = self._request(step, exchange, mag, known, others)
        else:
            past = self._reply(step, exchange, mag, known, others)
        return replace(step, past=past)

    def rung(self, step: Step) -> Step:
        """Give a step of the clock with what went before the request that it gives up."""
        exchange = step.exchange
        if step.message is not None:  # an answer that was held back
            return self.told(step, registration(step.message), [])
        if exchange is None:
            return step
        previous, _ = self._asked.pop(exchange.id, _NOTHING)
        timers = self._timers.get(exchange.lma) if exchange.lma is not None else None
        return replace(step, past=replace(step.past, previous=previous, lma_sets_timers=timers))

    def _node(self, lma: bytes, mobile_node: Identifier) -> _Node:
        key = (lma, mobile_node)
        node = self._nodes.get(key)
        if node is None:
            node = _Node()
            keep(self._nodes, key, node, LIMIT)
        else:
            self._nodes.move_to_end(key)
        return node

    def _pair(self, mag: MagNode, lma: bytes) -> _Pair:
        key = (mag.id, lma)
        pair = self._pairs.get(key)
        if pair is None:
            pair = _Pair()
            keep(self._pairs, key, pair, LIMIT)
        return pair

    # ------------------------------------------------------------------------------- requests

    def _request(
        self,
        step: Step,
        exchange: Exchange,
        mag: MagNode,
        request: Registration,
        others: tuple[Session, ...],
    ) -> Past:
        message, before = request.message, step.before
        previous, repeated = self._asked.get(exchange.id, _NOTHING)
        if repeated is None and before is not None and _is_known(before, mag.id):
            previous = before.last_sent
        keep(self._asked, exchange.id, (previous, message), LIMIT)
        requests: tuple[Moment, ...] = ()
        rejections: tuple[Rejection, ...] = ()
        if request.mobile_node is not None:
            node = self._node(request.lma, request.mobile_node)
            rejections = node.rejections
            requests = (*_just_before(step.moment, node.requests.get(mag.id, ())), step.moment)
            node.requests[mag.id] = requests
            if len(node.requests) > MAX_MAGS:
                del node.requests[next(iter(node.requests))]
        pair = self._pair(mag, request.lma)
        sent_by_mag, pair.sent = pair.sent, message
        return Past(
            previous=previous,
            repeated=repeated,
            sent_by_mag=sent_by_mag,
            requests=requests,
            rejections=rejections,
            unlike=() if is_cut(message) else self._unlike(step.moment, mag, request, pair.usage),
            others=others,
            lma_sets_timers=self._timers.get(request.lma),
        )

    def _unlike(
        self, moment: Moment, mag: MagNode, request: Registration, own: dict[Usage, Moment]
    ) -> tuple[Unlike, ...]:
        """Compare the options that the domain's settings rule, and note them."""
        usage = self._usage.get(request.lma)
        if usage is None:
            usage = {}
            keep(self._usage, request.lma, usage, LIMIT)
        unlike: list[Unlike] = []
        for cls in DOMAIN_OPTIONS:
            option = cls.number
            present = request.has(cls)
            opposite = (option, not present)
            if opposite in own:
                unlike.append(Unlike(option, True, own[opposite]))
            elif opposite in usage:
                user, since = usage[opposite]
                if user != mag.id:
                    unlike.append(Unlike(option, False, since))
            if (option, present) not in own:
                own[option, present] = moment
                usage.setdefault((option, present), (mag.id, moment))
        return tuple(unlike)

    # -------------------------------------------------------------------------------- replies

    def _reply(
        self,
        step: Step,
        exchange: Exchange,
        mag: MagNode,
        reply: Registration,
        others: tuple[Session, ...],
    ) -> Past:
        lma = exchange.lma
        assert lma is not None
        timers = self._timers.get(lma)
        if timers is None and reply.has(LmaControlledMagParameters):
            keep(self._timers, lma, step.moment, LIMIT)
        previous, _ = self._asked.pop(exchange.id, _NOTHING)
        if step.after is not None:
            self._note_holder(step.after)
        asked = None if exchange.answered is None else registration(exchange.answered)
        if asked is None or asked.mobile_node is None:
            # Whose it is, is not known.
            return Past(previous=previous, others=others, lma_sets_timers=timers)
        node = self._node(lma, asked.mobile_node)
        past = Past(
            previous=previous,
            rejections=node.rejections,
            others=others,
            accepted=node.accepted,
            newest_timestamp=node.newest,
            lma_sets_timers=timers,
        )
        if reply.accepted:
            node.accepted = asked.message
            if asked.timestamp is not None:
                node.newest = max(asked.timestamp, node.newest or 0)
        if not reply.accepted or not asked.is_echoed_by(reply):
            self._note_rejection(step, asked, mag, node, reply)
        elif node.rejections:
            # The MAG has now what it asked for.
            node.rejections = tuple(r for r in node.rejections if r.mag != mag.id)
        return past

    def _note_holder(self, session: Session) -> None:
        for prefix in session.prefixes:
            known = self._holders.get((session.lma, prefix), ())
            if session.id not in known and session.live:
                holders = (*known, session.id)[-MAX_HOLDERS:]
                keep(self._holders, (session.lma, prefix), holders, LIMIT)

    def _note_rejection(
        self, step: Step, request: Registration, mag: MagNode, node: _Node, reply: Registration
    ) -> None:
        attempts = step.exchange.attempts if step.exchange is not None else ()
        first = attempts[0] if attempts else step.moment
        rejection = Rejection(mag.id, request.message, reply.message, step.moment, first)
        node.rejections = (*node.rejections[1 - MAX_REJECTIONS :], rejection)
        time = reply.message.time
        if reply.status == BindingStatus.TIMESTAMP_LOWER_THAN_PREV_ACCEPTED and time is not None:
            self._state.clock.set(time + self._state.timers.retry, self._not_retried, step, node)

    def _not_retried(self, answer: Step, node: _Node, now: int) -> Step | None:
        """Look whether a MAG registered again after status 157 (RFC 5213 section 6.9.1.2)."""
        exchange, mag = answer.exchange, answer.mag
        assert exchange is not None
        assert mag is not None
        requests = node.requests.get(mag.id, ())
        if requests and requests[-1].ordinal > answer.moment.ordinal:
            return None
        rejections = [r for r in node.rejections if r.moment.ordinal == answer.moment.ordinal]
        moment = self._state.clock_moment(now, exchange.answered)
        step = self._state.step(
            moment,
            None,
            exchange=exchange,
            mag=mag,
            before=self._state.sessions.get(exchange.session),
        )
        return replace(step, past=Past(rejections=tuple(rejections)))


def _just_before(moment: Moment, requests: tuple[Moment, ...]) -> tuple[Moment, ...]:
    """Give the requests of a run that goes on with one at this moment."""
    if not requests:
        return ()
    now, last = moment.time, requests[-1].time
    if now is not None and last is not None and now - last > RUN_ENDS:
        return ()
    return requests[1 - MAX_REQUESTS :]


def _is_known(session: Session, mag: int) -> bool:
    """Tell whether the LMA has an entry of the session, or may be about to make one."""
    for binding in session.bindings:
        if binding.state.is_live or (binding.mag == mag and is_there(binding)):
            return True
    return False
