"""What went before a message, as far as rules ask for it and no state depends on it.

It is kept beside the sessions: by MAG, mobile node and LMA. All of it is bounded; at a bound what
was not heard of for longest is forgotten, and the rules that ask for it stay silent.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from pmiptrace.model import (
    BindingState,
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
from pmiptrace.track.classify import is_cut
from pmiptrace.track.registration import is_registration, registration
from pmiptrace.track.state import State
from pmiptrace.wire.messages import BindingAcknowledgement

LIMIT = 100_000
"""Entries kept of each kind."""
MAX_REJECTIONS = 8
MAX_REQUESTS = 12
"""Two more than the highest rate that rules can be set to allow."""
MAX_HOLDERS = 4
"""Sessions noted that have one prefix; there should be one."""

LINK_LOCAL_ADDRESS = 26
TIMESTAMP = 27
DOMAIN_OPTIONS = (LINK_LOCAL_ADDRESS, TIMESTAMP)
"""Options that are there or not by one setting of the domain (RFC 5213 section 9.3)."""
LMA_CONTROLLED_PARAMETERS = 62

TIMESTAMP_LOWER_THAN_PREV_ACCEPTED = 157

K = TypeVar("K")
V = TypeVar("V")
Node = tuple[bytes, Identifier | None]
"""An LMA and a mobile node."""


class Memory:
    """Remembers what peers did, and gives it to the steps of what they do next."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._previous: OrderedDict[int, Message] = OrderedDict()
        self._attempts: OrderedDict[int, Message] = OrderedDict()
        self._sent: OrderedDict[tuple[int, bytes], Message] = OrderedDict()
        self._requests: OrderedDict[tuple[int, Node], tuple[Moment, ...]] = OrderedDict()
        self._rejections: OrderedDict[Node, tuple[Rejection, ...]] = OrderedDict()
        self._accepted: OrderedDict[Node, tuple[Message, int | None]] = OrderedDict()
        self._usage: OrderedDict[tuple[bytes, int, bool], tuple[tuple[int, Moment], ...]]
        self._usage = OrderedDict()
        self._own_usage: OrderedDict[tuple[bytes, int, bool, int], Moment] = OrderedDict()
        self._holders: OrderedDict[tuple[bytes, Prefix], tuple[int, ...]] = OrderedDict()
        self._timers: OrderedDict[bytes, Moment] = OrderedDict()

    def sessions(self, message: Message) -> tuple[Session, ...]:
        """Give the sessions that a message may be about, or in conflict with, as they stand."""
        is_request = is_registration(message)
        if not is_request and not isinstance(message.body, BindingAcknowledgement):
            return ()
        lma = message.destination if is_request else message.source
        known = registration(message)
        found = {s.id: s for s in self._state.sessions.of_node(lma, known.mobile_node)}
        for prefix in known.prefixes:
            for number in self._holders.get((lma, prefix), ()):
                session = self._state.sessions.get(number)
                if session is not None:
                    found[number] = session
        return tuple(found.values())

    def told(self, step: Step, sessions: tuple[Session, ...]) -> Step:
        """Give the step of a message with what went before it, and remember the message."""
        exchange, mag, message = step.exchange, step.mag, step.message
        if exchange is None or mag is None or exchange.lma is None or message is None:
            return step
        lma = exchange.lma
        own = step.before.id if step.before is not None else None
        past = Past(
            others=tuple(s for s in sessions if s.id != own),
            lma_sets_timers=self._timers.get(lma),
        )
        if is_registration(message):
            past = self._request(step, exchange, mag, lma, message, past)
        elif isinstance(message.body, BindingAcknowledgement):
            past = self._reply(step, exchange, mag, lma, message, past)
        return replace(step, past=past)

    def rung(self, step: Step) -> Step:
        """Give a step of the clock with what went before the request that it gives up."""
        exchange = step.exchange
        if step.message is not None:  # an answer that was held back
            return self.told(step, ())
        if exchange is None:
            return step
        self._attempts.pop(exchange.id, None)
        previous = self._previous.pop(exchange.id, None)
        timers = self._timers.get(exchange.lma) if exchange.lma is not None else None
        return replace(step, past=replace(step.past, previous=previous, lma_sets_timers=timers))

    # ------------------------------------------------------------------------------- requests

    def _request(
        self,
        step: Step,
        exchange: Exchange,
        mag: MagNode,
        lma: bytes,
        message: Message,
        past: Past,
    ) -> Past:
        node = _node(lma, message)
        before = step.before
        repeated = self._attempts.get(exchange.id)
        previous = self._previous.get(exchange.id)
        if repeated is None and before is not None and _is_known(before, mag.id):
            previous = before.last_sent
        if previous is not None:
            _keep(self._previous, exchange.id, previous)
        _keep(self._attempts, exchange.id, message)
        requests: tuple[Moment, ...] = ()
        if node[1] is not None:
            requests = (*self._requests.get((mag.id, node), ())[1 - MAX_REQUESTS :], step.moment)
            _keep(self._requests, (mag.id, node), requests)
        sent_by_mag = self._sent.get((mag.id, lma))
        _keep(self._sent, (mag.id, lma), message)
        return replace(
            past,
            previous=previous,
            repeated=repeated,
            sent_by_mag=sent_by_mag,
            requests=requests,
            rejections=self._rejections.get(node, ()),
            unlike=() if is_cut(message) else self._unlike(step, mag, lma, message),
        )

    def _unlike(self, step: Step, mag: MagNode, lma: bytes, message: Message) -> tuple[Unlike, ...]:
        """Compare the options that the domain's settings rule, and note them."""
        unlike: list[Unlike] = []
        for option in DOMAIN_OPTIONS:
            present = message.has(option)
            own = self._own_usage.get((lma, option, not present, mag.id))
            if own is not None:
                unlike.append(Unlike(option, True, own))
            else:
                users = self._usage.get((lma, option, not present), ())
                unlike.extend(Unlike(option, False, m) for user, m in users[:1] if user != mag.id)
            if (lma, option, present, mag.id) not in self._own_usage:
                _keep(self._own_usage, (lma, option, present, mag.id), step.moment)
                first = self._usage.get((lma, option, present), ())
                if not first:
                    _keep(self._usage, (lma, option, present), ((mag.id, step.moment),))
        return tuple(unlike)

    # -------------------------------------------------------------------------------- replies

    def _reply(
        self,
        step: Step,
        exchange: Exchange,
        mag: MagNode,
        lma: bytes,
        message: Message,
        past: Past,
    ) -> Past:
        self._attempts.pop(exchange.id, None)
        previous = self._previous.pop(exchange.id, None)
        if message.has(LMA_CONTROLLED_PARAMETERS) and lma not in self._timers:
            _keep(self._timers, lma, step.moment)
        self._note_holder(step.after)
        node = (lma, None) if exchange.answered is None else _node(lma, exchange.answered)
        if exchange.answered is None or node[1] is None:
            return replace(past, previous=previous)  # whose it is, is not known
        accepted, newest = self._accepted.get(node, (None, None))
        past = replace(
            past,
            previous=previous,
            rejections=self._rejections.get(node, ()),
            accepted=accepted,
            newest_timestamp=newest,
        )
        self._note_answer(step, exchange.answered, mag, node, message)
        return past

    def _note_holder(self, session: Session | None) -> None:
        if session is None or not session.live:
            return
        for prefix in session.prefixes:
            known = self._holders.get((session.lma, prefix), ())
            if session.id not in known:
                _keep(self._holders, (session.lma, prefix), (*known, session.id)[-MAX_HOLDERS:])

    def _note_answer(
        self, step: Step, request: Message, mag: MagNode, node: Node, reply: Message
    ) -> None:
        asked, given = registration(request), registration(reply)
        if given.accepted:
            _, newest = self._accepted.get(node, (None, None))
            times = [t for t in (newest, asked.timestamp) if t is not None]
            _keep(self._accepted, node, (request, max(times, default=None)))
        known = self._rejections.get(node, ())
        if given.accepted and asked.is_echoed_by(given):
            kept = tuple(r for r in known if r.mag != mag.id)
            if kept:
                _keep(self._rejections, node, kept)
            else:
                self._rejections.pop(node, None)
            return
        attempts = step.exchange.attempts if step.exchange is not None else ()
        first = attempts[0] if attempts else step.moment
        rejection = Rejection(mag.id, request, reply, step.moment, first)
        _keep(self._rejections, node, (*known[1 - MAX_REJECTIONS :], rejection))
        if given.status == TIMESTAMP_LOWER_THAN_PREV_ACCEPTED and reply.time is not None:
            self._state.clock.set(
                reply.time + self._state.timers.retry, partial(self._not_retried, step)
            )

    def _not_retried(self, answer: Step, now: int) -> Iterator[Step]:
        """Look whether a MAG registered again after status 157 (RFC 5213 section 6.9.1.2)."""
        exchange, mag = answer.exchange, answer.mag
        assert exchange is not None
        assert mag is not None
        assert exchange.lma is not None
        assert exchange.answered is not None
        node = _node(exchange.lma, exchange.answered)
        requests = self._requests.get((mag.id, node), ())
        if requests and requests[-1].ordinal > answer.moment.ordinal:
            return
        rejections = [
            r for r in self._rejections.get(node, ()) if r.moment.ordinal == answer.moment.ordinal
        ]
        moment = self._state.clock_moment(now, exchange.answered)
        step = self._state.step(
            moment,
            None,
            exchange=exchange,
            mag=mag,
            before=self._state.sessions.get(exchange.session),
        )
        yield replace(step, past=Past(rejections=tuple(rejections)))


def _node(lma: bytes, request: Message) -> Node:
    return lma, registration(request).mobile_node


def _is_known(session: Session, mag: int) -> bool:
    """Tell whether the LMA has an entry of the session, or may be about to make one."""
    return any(
        b.state.is_live or (b.mag == mag and b.state is BindingState.PENDING)
        for b in session.bindings
    )


def _keep(table: OrderedDict[K, V], key: K, value: V) -> None:
    table[key] = value
    table.move_to_end(key)
    while len(table) > LIMIT:
        table.popitem(last=False)
