"""What a step is like, in facts that rules name so that the engine need not call them in vain.

A fact is a bit; several are joined with ``|``. `facts_of` finds them all, once for each step. What
a declaration says with them must be no more than what the rule finds out when it is called: that
it has nothing to say (`when`), or that it is kept (`kept_when`). A test holds the two against each
other.
"""

from __future__ import annotations

from functools import lru_cache

from pmiptrace.address import is_global_unicast, is_multicast
from pmiptrace.model import (
    Capability,
    Exchange,
    ExchangeKind,
    Message,
    Past,
    Session,
    SessionMode,
    Step,
)
from pmiptrace.packet.numbers import NO_NEXT_HEADER
from pmiptrace.track.registration import Registration, registration
from pmiptrace.wire.codes import BindingStatus
from pmiptrace.wire.codes import HandoffIndicatorValue as Handoff
from pmiptrace.wire.messages import BindingAcknowledgement, BindingUpdate

# ------------------------------------------------------------------------------ of the message

HEADER_IN_ORDER = 1 << 0
"""The Mobility Header is sound: Payload Proto 59, Reserved 0, a right checksum, as long as it says
and without a defect; nor is there a Home Address option or a type 2 routing header around it."""
SOUND = 1 << 1
"""Decoding found no defect."""
FIXED_PART_IN_ORDER = 1 << 2
"""Of a BU or PBU: A is set and the reserved bits are 0. Of a BA or PBA: the reserved bits and the
flags T (RFC 5845) and B (RFC 6602) are 0."""
ADDRESSES_IN_ORDER = 1 << 3
"""Of a BU or PBU: source and care-of address are global unicast, the destination is no multicast
address."""

# ---------------------------------------------------------------- of the PBU, sent or answered

HANDOFF_UNCHANGED = 1 << 4
"""Its Handoff Indicator is 5: the state of the attachment has not changed."""
SHARES_PREFIXES = 1 << 5
"""Its Handoff Indicator is 6: a new interface shares the prefixes of another (RFC 7864)."""
KNOWS_BINDING = 1 << 6
"""It is a de-registration or its Handoff Indicator is 5: the MAG has not lost its state."""
BULK = 1 << 7
"""B is set in its MAG Multipath Binding option."""
OVERWRITE = 1 << 8
"""O is set there."""
BULK_GROUP = 1 << 9
"""B of RFC 6602 is set: it is about a group of mobile nodes."""

# ------------------------------------------------------------------------------ of the exchange

FIRST_ATTEMPT = 1 << 10
"""The message opens its exchange."""
REPEATED = 1 << 11
"""The request was sent more than once."""
RENEWAL = 1 << 12
"""It is about a session that is there: refresh, bulk refresh, overwrite, de-registration."""
ADDS_PATH = 1 << 13
"""It adds a path to a session."""
ANSWER_FITS = 1 << 14
"""A BA or PBA goes back between the addresses of its request and has its sequence number."""
GRANT_FITS = 1 << 15
"""A BA or PBA has a lifetime that is not 0 and not longer than requested."""
CAPABILITY_OPEN = 1 << 16
"""It was not known before the message whether the LMA supports multipath."""

# ------------------------------------------------------------------------------- of what was before

MAG_KNOWN = 1 << 17
SESSION = 1 << 18
"""The session was there before the step."""
SESSION_AFTER = 1 << 19
"""It is there after it."""
MULTIPATH_SESSION = 1 << 20
"""It was there before the step, in multipath mode."""
REFUSED_MULTIPATH = 1 << 21
"""The LMA had refused multipath to it."""
NOTIFIED = 1 << 22
"""An Update Notification had asked for a PBU of it."""
IPV4_GRANTED = 1 << 23
"""The last acceptance granted it an IPv4 home address."""
LIVE_BINDING = 1 << 24
"""The LMA forwarded traffic over the binding that the message is about."""
IDLE_BINDING = 1 << 25
"""That binding is known, and the LMA forwarded no traffic over it."""
REJECTIONS = 1 << 26
"""The LMA rejected what was asked for the mobile node before."""
OTHER_SESSIONS = 1 << 27
"""There are others of the mobile node, or with a prefix that the message names."""
NO_OTHER_HOLDER = 1 << 28
"""None of these others has a prefix that a BA or PBA or its request names."""
NUMBERED = 1 << 29
"""The session had sent a PBU before the exchange began, and the request has no Timestamp."""
LIKE_OTHERS = 1 << 30
"""The PBU has, and lacks, the same options of the domain's settings as earlier ones."""
PREFIXES_RETURNED = 1 << 31
"""A BA or PBA names the prefixes of its request, none of which is ALL_ZERO; both are sound."""

_RENEWALS = frozenset(
    {
        ExchangeKind.REFRESH,
        ExchangeKind.BULK,
        ExchangeKind.OVERWRITE,
        ExchangeKind.DEREG,
        ExchangeKind.DEREG_SELECTIVE,
    }
)
_NOT_CHANGED = int(Handoff.NOT_CHANGED)
_SHARING = int(Handoff.NEW_INTERFACE_SHARING_PREFIXES)
_OUT_OF_WINDOW = int(BindingStatus.SEQUENCE_NUMBER_OUT_OF_WINDOW)


def facts_of(step: Step, request: Message | None) -> int:
    """Give all facts that hold for a step, whose message may answer that request."""
    message, exchange, session = step.message, step.exchange, step.before
    facts = 0
    if message is not None:
        facts = _of_header(message)
        body = message.body
        if type(body) is BindingUpdate:
            facts |= _of_update(message, body)
        elif type(body) is BindingAcknowledgement:
            facts |= _of_acknowledgement(step, message, body, request)
    if exchange is not None:
        facts |= _of_exchange(step, exchange)
    if session is not None:
        facts |= SESSION
        if session.mode is SessionMode.MULTIPATH:
            facts |= MULTIPATH_SESSION
        if session.refusal is not None:
            facts |= REFUSED_MULTIPATH
        if session.notified is not None:
            facts |= NOTIFIED
        if session.ipv4_since is not None:
            facts |= IPV4_GRANTED
    binding = step.binding_before
    if binding is not None:
        facts |= LIVE_BINDING if binding.state.is_live else IDLE_BINDING
    if step.after is not None:
        facts |= SESSION_AFTER
    if step.mag is not None:
        facts |= MAG_KNOWN
    return facts | _of_past(step.past)


def _of_header(message: Message) -> int:
    if message.defects:
        return 0
    datagram = message.datagram
    is_in_order = (
        message.checksum_correct
        and message.payload_proto == NO_NEXT_HEADER
        and not message.reserved
        and len(datagram.payload) == message.length
        and datagram.home_address is None
        and datagram.routing_home_address is None
    )
    return SOUND | HEADER_IN_ORDER if is_in_order else SOUND


def _of_update(message: Message, body: BindingUpdate) -> int:
    request, datagram = registration(message), message.datagram
    facts = _of_request(request)
    if body.acknowledge and not body.reserved:
        facts |= FIXED_PART_IN_ORDER
    if body.bulk_binding_update:
        facts |= BULK_GROUP
    if _is_routed(datagram.source, datagram.destination, request.care_of_address):
        facts |= ADDRESSES_IN_ORDER
    return facts


@lru_cache(maxsize=4096)
def _is_routed(source: bytes, destination: bytes, care_of_address: bytes) -> bool:
    is_sent_well = is_global_unicast(source) and not is_multicast(destination)
    return is_sent_well and is_global_unicast(care_of_address)


def _of_request(request: Registration) -> int:
    """Give the facts of a BU or PBU that its answer shares."""
    handoff, multipath = request.handoff_indicator, request.multipath
    if handoff == _NOT_CHANGED:
        facts = HANDOFF_UNCHANGED | KNOWS_BINDING
    elif handoff == _SHARING:
        facts = SHARES_PREFIXES
    else:
        facts = 0
    if request.lifetime == 0:
        facts |= KNOWS_BINDING
    if multipath is not None:
        if multipath.bulk:
            facts |= BULK
        if multipath.overwrite:
            facts |= OVERWRITE
    return facts


def _of_acknowledgement(
    step: Step, message: Message, body: BindingAcknowledgement, request: Message | None
) -> int:
    is_in_order = not (body.reserved or body.tlv_header or body.bulk_binding_update)
    facts = FIXED_PART_IN_ORDER if is_in_order else 0
    if request is None or type(request.body) is not BindingUpdate:
        return facts
    asked, given = registration(request), registration(message)
    facts |= _of_request(asked)
    if (
        body.sequence == request.body.sequence
        and body.status != _OUT_OF_WINDOW
        and given.lma == asked.lma
        and given.mag_address == asked.mag_address
    ):
        facts |= ANSWER_FITS
    if 0 < body.lifetime <= request.body.lifetime:
        facts |= GRANT_FITS
    if (
        given.prefixes == asked.prefixes
        and not (given.all_zero or asked.all_zero)
        and not (message.defects or request.defects)
    ):
        facts |= PREFIXES_RETURNED
    if not any(_has_one(other, given, asked) for other in step.past.others):
        facts |= NO_OTHER_HOLDER
    return facts


def _has_one(session: Session, reply: Registration, request: Registration) -> bool:
    """Tell whether a session has a prefix that a reply or its request names."""
    for prefix in session.prefixes:
        if prefix in reply.prefixes or prefix in request.prefixes:
            return True
    return False


def _of_exchange(step: Step, exchange: Exchange) -> int:
    attempts, kind, context = exchange.attempts, exchange.kind, step.context
    facts = 0
    if len(attempts) > 1:
        facts = REPEATED
    if attempts and attempts[0] == step.moment:
        facts |= FIRST_ATTEMPT
    if kind in _RENEWALS:
        facts |= RENEWAL
    elif kind is ExchangeKind.ADD_PATH:
        facts |= ADDS_PATH
    if context.capability is Capability.UNKNOWN or context.capability_since == step.moment:
        facts |= CAPABILITY_OPEN
    request = exchange.request
    if step.past.previous is not None and request is not None:
        is_update = type(request.body) is BindingUpdate
        if is_update and registration(request).timestamp is None:
            facts |= NUMBERED
    return facts


def _of_past(past: Past) -> int:
    facts = OTHER_SESSIONS if past.others else 0
    if past.rejections:
        facts |= REJECTIONS
    if past.repeated is not None:
        facts |= REPEATED
    if not past.unlike:
        facts |= LIKE_OTHERS
    return facts
