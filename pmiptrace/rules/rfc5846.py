"""Rules of RFC 5846 on Binding Revocation Indications (BRI) and their acknowledgements (BRA)."""

from __future__ import annotations

from pmiptrace.address import address_text
from pmiptrace.model import (
    Binding,
    BindingState,
    Exchange,
    ExchangeKind,
    Message,
    SessionMode,
    Severity,
    Step,
)
from pmiptrace.rules.history import (
    OTHER_MAG,
    REORDERING,
    is_first_attempt,
    is_on_its_way,
    proven,
)
from pmiptrace.rules.look import (
    complete,
    find,
    is_reply,
    message_of,
    moment_of,
    pair,
    request_evidence,
)
from pmiptrace.rules.peers import (
    DELAYED,
    UNCERTAIN_ANSWER,
    UNCERTAIN_REQUEST,
    answering,
    between,
    elsewhere,
    interval,
    is_near_sender,
    milliseconds,
    no_answer,
    sent,
    sequence_of,
    unanswered,
    unmatched,
)
from pmiptrace.rules.rule import (
    CLOCK,
    FIRST,
    PASS,
    REPLY,
    RuleOptions,
    Verdict,
    fail,
    inconclusive,
    only_if,
    rule,
)
from pmiptrace.rules.situation import FIRST_ATTEMPT, IDLE_BINDING
from pmiptrace.track.classify import is_for_group
from pmiptrace.track.peering import is_same_request
from pmiptrace.track.registration import registration
from pmiptrace.track.states import Event
from pmiptrace.wire.codes import HandoffIndicatorValue as Handoff
from pmiptrace.wire.codes import RevocationTrigger
from pmiptrace.wire.messages.rfc5846 import (
    BindingRevocationAcknowledgement,
    BindingRevocationIndication,
    BindingRevocationMessage,
)
from pmiptrace.wire.options.rfc4283 import MnIdentifier
from pmiptrace.wire.options.rfc5555 import Ipv4HomeAddress
from pmiptrace.wire.options.rfc5844 import Ipv4HomeAddressRequest

ALTERNATE_COA = 3
MN_ID = 8
IPV4_HOME_ADDRESS = 29
BINDING_ID = 35
IPV4_REQUEST = 36
MULTIPATH = 63

NAI = 1
"""Subtype of the Mobile Node Identifier option (RFC 4283 section 3.1)."""
HANDOVER_TRIGGERS = (
    RevocationTrigger.INTER_MAG_HANDOVER_SAME_ACCESS_TYPE,
    RevocationTrigger.INTER_MAG_HANDOVER_DIFFERENT_ACCESS_TYPE,
    RevocationTrigger.INTER_MAG_HANDOVER_UNKNOWN,
)
FIRST_GLOBAL_TRIGGER = 128
FIRST_TEST_TRIGGER = 250


def _indication(step: Step) -> BindingRevocationIndication | None:
    """Give the fixed part of a BRI; None if it is too short for one."""
    body = message_of(step).body
    return body if isinstance(body, BindingRevocationIndication) else None


def _acknowledgement(step: Step) -> BindingRevocationAcknowledgement | None:
    """Give the fixed part of a BRA; None if it is too short for one."""
    body = message_of(step).body
    return body if isinstance(body, BindingRevocationAcknowledgement) else None


# ------------------------------------------------------------------------- the messages alone


@rule("RFC5846-5-TYPE", on=("BRI", "BRA", "BRM"), given=lambda shape: only_if(shape.kind == "BRM"))
def type_is_defined(step: Step) -> Verdict | None:
    """A Binding Revocation Message is of type 1 or 2.

    Why it matters: the receiver can neither act on it nor answer it.

    The RFC: section 5 defines 1, Binding Revocation Indication, and 2, Binding Revocation
    Acknowledgement. "All other values are unassigned".

    Example: the type is 0, since the sender's structure begins one octet too late.

    How to mend: put the type into the first octet behind the checksum.
    """
    body = message_of(step).body
    if not isinstance(body, BindingRevocationMessage):
        return None
    return fail(f"Binding Revocation Type {body.revocation_type}", field="revocation_type")


@rule("RFC5846-5.1-P-MNID", on="BRI", unless=MN_ID)
def mobile_node_named(step: Step) -> Verdict | None:
    """A BRI for proxy bindings has the MN Identifier option.

    Why it matters: the receiver finds the bindings to remove by it.

    The RFC: section 5.1: "This option MUST be present when the (P) bit is set." Section 9.1 has a
    MAG check that a BRI of its LMA for all bindings of the peer comes with "no mobility options":
    there the RFC contradicts itself. In a BRI for a bulk binding update group, the group stands in
    for the mobile node (RFC 6602 section 5.1.3).

    Example: a BRI with P=1 that names its binding by the home network prefix alone.

    How to mend: add the NAI of the mobile node; in a BRI of the MAG, the identity of the MAG.
    """
    body, message = _indication(step), message_of(step)
    if body is None or not body.proxy or not complete(message) or is_for_group(message):
        return None
    text = "the BRI with P=1 has no Mobile Node Identifier option (8)"
    is_for_peer = body.global_revocation and body.trigger == RevocationTrigger.PER_PEER_POLICY
    if is_for_peer and step.peering.sender_role != "MAG":
        why = "sections 5.1 and 9.1 of RFC 5846 disagree on it"
        return inconclusive(text, why, severity=Severity.INFO)
    return fail(text)


@rule("RFC5846-6.1.1-P", on="BRI")
def proxy_binding_marked(step: Step) -> Verdict | None:
    """A BRI between a MAG and an LMA has P=1.

    Why it matters: without the flag it revokes a binding that a mobile node has registered itself.
    The receiver has none and rejects.

    The RFC: section 6.1.1: for a binding "created using proxy MIPv6 registration, the initiator
    MUST set the Proxy Binding (P) bit."

    Example: a home agent that became an LMA sends BRIs with P=0 to its MAGs.

    How to mend: set the flag.
    """
    body = _indication(step)
    if body is None or step.peering.sender_role is None:
        return None
    if body.proxy:
        return PASS
    return fail("P=0 in a BRI between a MAG and its LMA", field="proxy")


@rule("RFC5846-6.1.1-G-TRIGGER", on="BRI")
def trigger_fits_scope(step: Step) -> Verdict | None:
    """A BRI for many mobile nodes has a global trigger, one for a single mobile node has not.

    Why it matters: the receiver should reject a trigger that does not go with the G flag.

    The RFC: section 6.1.1: with G set "the initiator MUST set the Revocation Trigger field to a
    valid value from the list of Global Revocation Triggers", with G cleared from the other list.
    Global are 128 to 249, though section 5.1 says "greater than 128"; its own list has 128 among
    them.

    Example: G=1 with trigger 1, "Administrative Reason".

    How to mend: use 128 or 129 with G=1, a value below 128 with G=0.
    """
    body = _indication(step)
    if body is None or body.trigger >= FIRST_TEST_TRIGGER:
        return None
    if body.global_revocation == (body.trigger >= FIRST_GLOBAL_TRIGGER):
        return PASS
    scope = "one mobile node" if body.global_revocation else "many mobile nodes"
    return fail(
        f"G={int(body.global_revocation)} with trigger {body.trigger}, which is for {scope}",
        field="trigger",
    )


@rule("RFC5846-6.1.1-V", on="BRI")
def ipv4_address_named(step: Step) -> Verdict | None:
    """V and an option with an IPv4 home address come together in a BRI.

    Why it matters: V says that only the use of this address ends. Without the address the receiver
    does not know which; without V it may end the whole binding.

    The RFC: section 6.1.1: with V "the initiator MUST include either the IPv4 Home Address option
    or the IPv4 Home Address Request option"; section 5.1: the one "MUST only be included when" V
    is set and P is not, the other when both are.

    Example: V=1 and P=1 with option 29 of dual-stack Mobile IPv6.

    How to mend: with P=1 send option 36, otherwise option 29, and set V with either.
    """
    body, message = _indication(step), message_of(step)
    if body is None:
        return None
    wanted, other = IPV4_REQUEST, IPV4_HOME_ADDRESS
    if not body.proxy:
        wanted, other = other, wanted
    flags = f"V={int(body.ipv4_only)} and P={int(body.proxy)}"
    present = find(step, Ipv4HomeAddress) or find(step, Ipv4HomeAddressRequest)
    if not body.ipv4_only:
        if not message.has(wanted) and not message.has(other):
            return PASS
        return fail(f"an IPv4 home address with {flags}", option=present)
    if message.has(wanted):
        return PASS
    if message.has(other):
        return fail(f"{flags} with option {other} in place of {wanted}", option=present)
    return fail(f"{flags} without option {wanted}") if complete(message) else None


@rule("RFC5846-5.1-MNID-SUBTYPE", on="BRI", options=MN_ID, by_content=FIRST)
def mobile_node_named_by_nai(step: Step) -> Verdict | None:
    """The MN Identifier option of a BRI has subtype 1, an NAI.

    Why it matters: an implementation of RFC 5846 need not understand another one.

    The RFC: section 5.1: "only the Mobile Node Identifier option with subtype 1 is required and
    other subtypes are currently not supported."

    Example: a BRI that names the mobile node by its IMSI, subtype 3.

    How to mend: use the NAI of the registration, or make sure that the peer knows the subtype.
    """
    option = find(step, MnIdentifier)
    if option is None:
        return None
    if option.subtype == NAI:
        return PASS
    return fail(f"subtype {option.subtype}", option=option, field="subtype")


@rule("RFC5846-9.2-MAG", on="BRI")
def mag_revokes_all(step: Step) -> Verdict | None:
    """A BRI of a MAG is for all its bindings: G=1 and trigger 128.

    Why it matters: to end one binding a MAG de-registers it. An LMA may not be ready for a BRI
    for one mobile node.

    The RFC: section 9.2: "The Global (G) bit MUST be set and the Revocation Trigger MUST contain a
    value of "Per-Peer Policy" in the Binding Revocation Indication".

    Example: a MAG sends a BRI with G=0 when a mobile node leaves.

    How to mend: send a PBU with lifetime 0 for a single mobile node.
    """
    body = _indication(step)
    if body is None or step.peering.sender_role != "MAG":
        return None
    if not body.global_revocation:
        return fail("G=0 in a BRI of a MAG", field="global_revocation")
    if body.trigger != RevocationTrigger.PER_PEER_POLICY:
        return fail(f"trigger {body.trigger} in a BRI of a MAG", field="trigger")
    return PASS


@rule("RFC5846-5.1-RESERVED", on="BRI")
def reserved_in_indication(step: Step) -> Verdict | None:
    """The reserved bits of a BRI are zero.

    Why it matters: a later specification may give them a meaning.

    The RFC: section 5.1: "They MUST be initialized to zero by the sender".

    Example: the flags are written one bit too far to the right.

    How to mend: clear the 13 bits behind P, V and G.
    """
    return _judge_reserved(_indication(step))


@rule("RFC5846-5.2-RESERVED", on="BRA")
def reserved_in_acknowledgement(step: Step) -> Verdict | None:
    """The reserved bits of a BRA are zero.

    Why it matters: a later specification may give them a meaning.

    The RFC: section 5.2: "They MUST be initialized to zero by the sender".

    Example: the responder sends the flags of a reserved field that it never cleared.

    How to mend: clear the 13 bits behind P, V and G.
    """
    return _judge_reserved(_acknowledgement(step))


def _judge_reserved(
    body: BindingRevocationIndication | BindingRevocationAcknowledgement | None,
) -> Verdict | None:
    if body is None:
        return None
    if body.reserved == 0:
        return PASS
    return fail(f"reserved bits 0x{body.reserved:04x}", field="reserved")


# ---------------------------------------------------------------------- the acknowledgement


@rule("RFC5846-6.1.2-ACK", on=(REPLY, CLOCK), given=lambda shape: answering("BRI", shape))
def revocation_acknowledged(step: Step) -> Verdict | None:
    """A BRI is answered, by a BRA or by a Binding Error.

    Why it matters: the initiator repeats itself and then removes the binding, not knowing whether
    its peer did.

    The RFC: section 6.1.2: "The responder MUST send a Binding Revocation Acknowledgement message
    to indicate the receipt and the status of processing".

    Example: an LMA sends a BRI twice, and nothing comes back.

    How to mend: look for drops on the way, by IPsec policies without MH Type 16 above all.
    """
    exchange = unanswered(step, ExchangeKind.REVOCATION)
    if exchange is None or exchange.answered is None:
        return None
    body = exchange.answered.body
    assert isinstance(body, BindingRevocationIndication)
    return no_answer(
        exchange,
        f"the BRI with sequence number {body.sequence} was sent {sent(exchange)}; no BRA was seen",
    )


@rule("RFC5846-6.1.2-SEQ", on="BRA")
def sequence_number_copied(step: Step) -> Verdict | None:
    """A BRA has the sequence number of the BRI that it answers.

    Why it matters: the initiator discards an answer that matches none of its requests, and repeats
    the request in vain.

    The RFC: section 6.1.2: "The responder MUST set the Sequence Number field by copying the value"
    from the BRI.

    Example: BRI 41 is answered by BRA 1, from a counter of the responder's own.

    How to mend: copy the number.
    """
    if is_reply(step):
        return PASS
    body = _acknowledgement(step)
    return None if body is None else unmatched(step, body.sequence)


@rule(
    "RFC5846-6.1.2-PGV",
    on=REPLY,
    given=lambda shape: only_if(shape.kind == "BRA" and shape.request == "BRI"),
)
def flags_copied(step: Step) -> Verdict | None:
    """The flags P, G and V of a BRI are set in its BRA, too.

    Why it matters: they tell the initiator that the responder understood which bindings are meant.

    The RFC: section 6.1.2: "If the (P) bit is set in the received Binding Revocation Indication,
    the responder MUST set the (P) bit in the Binding Revocation Acknowledgement", and so for G and
    V.

    Example: a BRI with P=1 is accepted with P=0.

    How to mend: copy the three flags.
    """
    exchange, answer = step.exchange, _acknowledgement(step)
    if exchange is None or answer is None:
        return None
    asked = [
        message.body
        for message in (exchange.request, exchange.answered)
        if message is not None and isinstance(message.body, BindingRevocationIndication)
    ]
    for name, flag in (("proxy", "P"), ("global_revocation", "G"), ("ipv4_only", "V")):
        if all(getattr(body, name) for body in asked) and not getattr(answer, name):
            return fail(f"{flag}=0 answers {flag}=1", field=name, evidence=request_evidence(step))
    return PASS


@rule("RFC5846-6.1.2-DST", on="BRA")
def sent_to_the_initiator(step: Step) -> Verdict | None:
    """A BRA goes to where its BRI came from.

    Why it matters: sent elsewhere it does not reach the initiator, or not through the security
    association of the two.

    The RFC: section 6.1.2: the destination "is set to the source IP address of the received
    Binding Revocation Indication."

    Example: the BRI came from the LMA's second address, the BRA goes to its first.

    How to mend: answer to the source of the request.
    """
    if is_reply(step):
        return PASS
    message, body = message_of(step), _acknowledgement(step)
    request = None if body is None else elsewhere(step, body.sequence)
    if request is None or request.destination != message.source:
        return None
    return inconclusive(
        f"the BRA goes to {address_text(message.destination)}, the BRI of that number came from"
        f" {address_text(request.source)}",
        UNCERTAIN_REQUEST,
        evidence=(moment_of(request),),
    )


# ------------------------------------------------------------------------------- the initiator


@rule("RFC5846-6.3-RETX", on="BRI", configured="revocation_retries")
def retransmission_backs_off(step: Step, options: RuleOptions) -> Verdict | None:
    """A BRI is repeated after a second, then after two, and not more often than configured.

    Why it matters: repeats that come too soon load a peer that may be busy with just this.

    The RFC: section 6.3: retransmissions "MUST use an exponential back-off process in which the
    timeout period is doubled upon each retransmission"; section 11 sets the first delay to 1
    second, "not to be configured to less than 0.5 seconds", the longest to 2, and the number of
    retries to 1.

    Example: the same BRI five times within a second.

    How to mend: set InitMINDelayBRIs, MAX_BRACK_TIMEOUT and BRIMaxRetriesNumber.
    """
    exchange, gap = step.exchange, interval(step)
    if exchange is None or gap is None or exchange.request is None:
        return None
    if not is_same_request(message_of(step), exchange.request):
        return None
    attempts = exchange.attempts
    parts = {"evidence": attempts[:-1][-8:]}
    if gap < options.at_least(options.revocation_delay_min):
        text = f"the BRI was repeated after {milliseconds(gap)}"
        if gap < REORDERING or not is_near_sender(step):
            return inconclusive(text, DELAYED, **parts)
        return fail(text, **parts)
    if len(attempts) <= 1 + options.revocation_retries:
        return PASS
    before = between(attempts[-3], attempts[-2]) or 0
    due = min(2 * before, options.revocation_timeout_max)
    if gap < options.at_least(due):
        return inconclusive(
            f"the BRI was repeated after {milliseconds(gap)}, not {milliseconds(due)}",
            "an attempt in between may be missing, or MAX_BRACK_TIMEOUT be configured to less",
            **parts,
        )
    return inconclusive(
        f"attempt {len(attempts)} of a BRI",
        f"BRIMaxRetriesNumber may be configured to more than {options.revocation_retries}",
        **parts,
    )


@rule("RFC5846-5.1-SEQ-UNIQUE", on=("BRI", "BRA"))
def sequence_number_unique(step: Step) -> Verdict | None:
    """Two BRIs that await their answers have different sequence numbers.

    Why it matters: the initiator finds the request of an answer by the number alone.

    The RFC: section 5.1: "At any time, implementations MUST ensure there is no collision between
    the sequence numbers of all outstanding Binding Revocation Indication Messages."

    Example: after a restart of its process an LMA begins at 1 again, while BRI 1 to another MAG
    awaits its answer.

    How to mend: take numbers from one counter for all peers.
    """
    message, exchange = message_of(step), step.exchange
    if message.kind == "BRA":
        return _was_outstanding(step)
    if exchange is None or exchange.request is None:
        return None
    others = [m for m in (e.request for e in step.outstanding) if m is not None]
    if not is_first_attempt(step):
        if is_same_request(message, exchange.request) or not _is_whole(message, exchange.request):
            return None
        others = [exchange.request]
    if not others:
        return PASS
    return inconclusive(
        f"sequence number {sequence_of(message)} is that of a BRI for another binding",
        UNCERTAIN_ANSWER,
        field="sequence",
        evidence=tuple(map(moment_of, others)),
    )


def _was_outstanding(step: Step) -> Verdict | None:
    """Judge by an answer: its BRI, sent once, was outstanding until now."""
    exchange = step.exchange
    if exchange is None or not is_reply(step) or exchange.replies != 1:
        return None
    for rival in step.outstanding:
        if len(exchange.attempts) == 1 and _is_later(rival, exchange):
            request, _ = pair(step)
            return fail(
                f"two BRIs with sequence number {sequence_of(request)} were outstanding together",
                evidence=(moment_of(request), rival.attempts[0]),
                party=_initiator(step),
                exchange=rival.id,
            )
    return None


def _is_later(exchange: Exchange, other: Exchange) -> bool:
    gap = between(other.attempts[0], exchange.attempts[0])
    return gap is not None and gap > 0


def _initiator(step: Step) -> str:
    role = step.peering.sender_role
    return {"MAG": "LMA", "LMA": "MAG"}.get(role or "", "unknown")


def _is_whole(*messages: Message) -> bool:
    return all(complete(message) for message in messages)


# ----------------------------------------------------------------------------- the bindings


@rule(
    "RFC5846-9.1-REFRESH-AFTER-REVOKE",
    on="PBU",
    configured="grace",
    when=FIRST_ATTEMPT | IDLE_BINDING,
)
def revoked_binding_is_gone(step: Step, options: RuleOptions) -> Verdict | None:
    """A MAG does not refresh a binding after it has agreed to its revocation.

    Why it matters: the MAG goes on to serve a mobile node that the LMA has given up.

    The RFC: section 9.1 has a MAG that agrees answer with success, section 3.4.1 why: "the mobile
    node binding has been terminated and the mobile access gateway can clean up the applicable
    resources."

    Example: the BRA says success; a minute later a PBU refreshes the binding with Handoff
    Indicator 5.

    How to mend: remove the binding from the update list before the BRA is sent. A mobile node
    that attaches anew is registered with another indicator.
    """
    binding, request = step.binding_before, registration(message_of(step))
    if binding is None or binding.state is not BindingState.REVOKED or request.lifetime == 0:
        return None
    if not is_first_attempt(step) or binding.since is None or not binding.history:
        return None
    if binding.history[-1].event != Event.REVOKED:
        return None
    if request.handoff_indicator != Handoff.NOT_CHANGED:
        return PASS
    if is_on_its_way(step, binding.since, options):
        return None
    if request.multipath is not None and _has_other_paths(step, binding):
        return None  # which value a path has that is added again RFC 8278 does not say
    return proven(
        step, binding.since, "a binding is refreshed whose revocation the MAG had accepted"
    )


def _has_other_paths(step: Step, binding: Binding) -> bool:
    """Tell whether the mobile node is registered by other paths of the same MAG."""
    live = step.before.live if step.before is not None else ()
    return any(b is not binding and b.mag == binding.mag for b in live)


@rule(
    "RFC5846-5.1-8278-GAP",
    on="BRI",
    unless=(ALTERNATE_COA, BINDING_ID, MULTIPATH),
)
def path_is_named(step: Step) -> Verdict | None:
    """A BRI for a mobile node with several paths says which of them it is about.

    Why it matters: RFC 5846 knows no BID of RFC 8278. A BRI that names only the mobile node ends
    all its paths; if one was meant, the others are lost.

    The RFC: section 5.1 has the Binding Identifier option of RFC 5648 for several care-of
    addresses, and the Alternate Care-of Address option "to indicate the proxy care-of address of
    the mobile node's binding that is being revoked".

    Example: BID 1 and 2 are active; a BRI from the LMA to the MAG's loopback address names the
    mobile node alone.

    How to mend: add the Alternate Care-of Address option with the address of the path, unless all
    paths are meant.
    """
    body, session, message = _indication(step), step.before, message_of(step)
    if body is None or body.global_revocation or body.ipv4_only or not body.proxy:
        return None
    if session is None or session.mode is not SessionMode.MULTIPATH or step.mag is None:
        return None
    if not complete(message) or not is_first_attempt(step) or step.peering.sender_role == "MAG":
        return None
    if any(b.care_of_address == message.destination for b in session.bindings):
        return None
    live = session.live
    if len(live) < 2:
        return None
    text = f"the BRI names none of the {len(live)} paths of the mobile node: it ends them all"
    if body.trigger in HANDOVER_TRIGGERS:
        # It goes to the MAG that the mobile node has left.
        return inconclusive(text, OTHER_MAG)
    return proven(step, session.mode_since, text)
