"""What two peers said to each other before, as far as rules ask for it and no state depends on it.

All of it is bounded; at a bound what was not heard of for longest is forgotten.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import islice

from msgspec.structs import replace

from pmiptrace.model import (
    ExchangeKind,
    MagNode,
    Message,
    Moment,
    Option,
    Peering,
    option_number,
)
from pmiptrace.track.bounded import keep
from pmiptrace.track.sessions import is_open
from pmiptrace.track.state import State
from pmiptrace.wire.messages.rfc5846 import BindingRevocationIndication
from pmiptrace.wire.messages.rfc5847 import Heartbeat
from pmiptrace.wire.messages.rfc7077 import UpdateNotification

Direction = tuple[bytes, bytes]
"""Sender and receiver."""

LIMIT = 10_000
"""Entries kept of each kind."""
MAX_SESSIONS = 1_000
"""Sessions of a MAG looked through for one that is open."""
PADDING = (0, 1)


class Peerings:
    """Remembers what peers sent each other, and gives it to the steps of what they send next."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._requests: OrderedDict[tuple[ExchangeKind, Direction], tuple[Message, bool]]
        self._requests = OrderedDict()
        self._refused: OrderedDict[tuple[ExchangeKind, Direction], Moment] = OrderedDict()
        self._counters: OrderedDict[Direction, tuple[int, Moment]] = OrderedDict()

    def before(self, message: Message, mag: MagNode | None, lma: bytes) -> Peering:
        """Give what went before a message, which is not noted yet."""
        direction = (message.source, message.destination)
        kind = _kind(message)
        previous, was_answered = None, False
        refused = None
        if kind is not None:
            previous, was_answered = self._requests.get((kind, direction), (None, False))
            refused = self._refused.get((kind, direction))
        counter, since = self._counters.get(direction, (None, None))
        role = self.role(message)
        is_asking = isinstance(message.body, Heartbeat) and not message.body.response
        return Peering(
            sender_role=role,
            sender_roles=self._roles(message.source),
            previous=previous,
            previous_was_answered=was_answered,
            refused=refused,
            restart_counter=counter,
            restart_counter_since=since,
            has_binding=self._has_binding(message, mag, lma) if is_asking and role else None,
        )

    def role(self, message: Message) -> str | None:
        """Tell what the sender of a message is for its receiver; None if not known, or both."""
        peers = self._state.peers
        is_mag = peers.is_mag_of(message.source, message.destination)
        is_lma = peers.is_mag_of(message.destination, message.source)
        if is_mag == is_lma:
            return None
        return "MAG" if is_mag else "LMA"

    def asked(self, kind: ExchangeKind, request: Message) -> None:
        """Note a request that opens an exchange."""
        keep(self._requests, (kind, (request.source, request.destination)), (request, False), LIMIT)

    def answered(self, kind: ExchangeKind, request: Message) -> None:
        """Note that a request was answered, by something else than a refusal."""
        key = (kind, (request.source, request.destination))
        self._refused.pop(key, None)
        if self._requests.get(key, (None, False))[0] is request:
            self._requests[key] = (request, True)

    def refused(self, kind: ExchangeKind, request: Message, moment: Moment) -> None:
        """Note that the receiver of a request does not know such messages."""
        keep(self._refused, (kind, (request.source, request.destination)), moment, LIMIT)

    def counted(self, message: Message, counter: int, moment: Moment) -> None:
        """Note the Restart Counter of a heartbeat."""
        keep(self._counters, (message.source, message.destination), (counter, moment), LIMIT)

    def _roles(self, address: bytes) -> frozenset[str]:
        peers = self._state.peers
        roles = set()
        if peers.mag_at(address) is not None:
            roles.add("MAG")
        if peers.is_lma(address):
            roles.add("LMA")
        return frozenset(roles)

    def _has_binding(self, message: Message, mag: MagNode | None, lma: bytes) -> bool | None:
        """Look for a session of two peers that is open, or was until a moment ago."""
        if mag is None or message.time is None:
            return None
        recent = message.time - self._state.timers.warmup
        looked_through, is_unclear = 0, False
        sessions = self._state.sessions
        for session in islice(sessions.newest_of_mag(mag.id), MAX_SESSIONS):
            if not sessions.is_at(session, lma):
                continue
            if is_open(session):
                return True
            looked_through += 1
            is_unclear = is_unclear or session.partial or (session.closed_at or recent) >= recent
        return None if is_unclear or looked_through in (0, MAX_SESSIONS) else False


def is_same_request(message: Message, earlier: Message) -> bool:
    """Tell whether a request between two peers repeats an earlier one, padding apart.

    A retransmitted Update Notification differs in its D flag (RFC 7077 section 5.2), a Binding
    Revocation Indication in nothing (RFC 5846 section 6.3).
    """
    one, other = message.body, earlier.body
    if isinstance(one, UpdateNotification) and isinstance(other, UpdateNotification):
        one = replace(one, retransmission=other.retransmission)
    return one == other and _contents(message) == _contents(earlier)


def _contents(message: Message) -> list[Option]:
    return [option for option in message.options if option_number(option) not in PADDING]


def _kind(message: Message) -> ExchangeKind | None:
    body = message.body
    if isinstance(body, BindingRevocationIndication):
        return ExchangeKind.REVOCATION
    if isinstance(body, Heartbeat) and not body.response:
        return ExchangeKind.HEARTBEAT
    return ExchangeKind.NOTIFICATION if isinstance(body, UpdateNotification) else None
