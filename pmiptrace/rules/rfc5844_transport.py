"""Rules of RFC 5844 section 4: proxy registrations over IPv4 and UDP."""

from __future__ import annotations

from msgspec.structs import replace

from pmiptrace.address import address_text
from pmiptrace.model import SECOND, Message, Rejection, Step
from pmiptrace.packet.checksum import internet_checksum, pseudo_header
from pmiptrace.packet.numbers import NO_NEXT_HEADER, PMIPV6_CONTROL, UDP
from pmiptrace.rules.history import UNSEEN, between
from pmiptrace.rules.look import (
    acknowledgement_of,
    message_of,
    moment_of,
    pair,
    request_evidence,
    update_of,
)
from pmiptrace.rules.rule import (
    PASS,
    REPLY,
    Need,
    Shape,
    Verdict,
    fail,
    inconclusive,
    only_if,
    rule,
)
from pmiptrace.track.registration import registration
from pmiptrace.wire.codes import BindingStatus

UDP_HEADER = 8
"""Octets (RFC 768)."""

ADMINISTRATIVELY_PROHIBITED = 129

_NOT_FOR_UDP = (BindingStatus.REASON_UNSPECIFIED, BindingStatus.INSUFFICIENT_RESOURCES)
"""Statuses that an LMA may give in place of 129; all others name a cause of their own."""
_AT_ONCE = 10 * SECOND
"""Within this time nothing else will have changed the LMA's mind."""


def _over_udp(shape: Shape) -> Need:
    return only_if(shape.over_udp)


def _answer_over_udp(shape: Shape) -> Need:
    return only_if(shape.over_udp and shape.is_proxy_pair)


def _is_over_ipv4(message: Message) -> bool:
    return message.datagram.ports is not None and len(message.source) == 4


# -------------------------------------------------------------------------------- checksums


@rule("RFC5844-4.2.2.1-CKSUM-ZERO", on="PBU", given=_over_udp)
def checksum_of_update_unused(step: Step) -> Verdict | None:
    """Over UDP the Mobility Header checksum of a PBU is zero.

    Why it matters: the checksum covers IPv6 addresses that the packet does not have. The LMA has
    to ignore it; one that does not will drop the PBU.

    The RFC: section 4.2.2.1: "The Mobility Header Checksum field MUST be set to zero (and UDP
    checksum MUST be used instead)."

    Example: a PBU to port 5436 with checksum 0x8d36.

    How to mend: write zero into the field when the message goes into a UDP datagram.
    """
    return _checksum_unused(step)


@rule("RFC5844-4.1.3.2-CKSUM-ZERO", on="PBA", given=_over_udp)
def checksum_of_acknowledgement_unused(step: Step) -> Verdict | None:
    """Over UDP the Mobility Header checksum of a PBA is zero.

    Why it matters: the checksum covers IPv6 addresses that the packet does not have. The MAG has
    to ignore it; one that does not will drop the PBA and repeat its PBU.

    The RFC: section 4.1.3.2: "The Mobility Header Checksum field MUST be set to zero (and the UDP
    checksum MUST be used instead)."

    Example: a PBA from port 5436 with checksum 0x1f20.

    How to mend: write zero into the field when the message goes into a UDP datagram.
    """
    return _checksum_unused(step)


def _checksum_unused(step: Step) -> Verdict | None:
    message = message_of(step)
    if not _is_over_ipv4(message):
        return None
    if message.checksum == 0:
        return PASS
    return fail(
        f"checksum 0x{message.checksum:04x} in the Mobility Header of a {message.kind} over UDP",
        field="checksum",
    )


@rule("RFC5844-4-UDP-CKSUM", on=("PBU", "PBA"), given=_over_udp)
def udp_checksum_used(step: Step) -> Verdict | None:
    """Over UDP a PBU and a PBA have a UDP checksum, and a right one.

    Why it matters: the Mobility Header checksum is not used then, so nothing else protects the
    addresses, prefixes and lifetimes in the message.

    The RFC: section 4.2.2.1 for the PBU and section 4.1.3.2 for the PBA: the UDP checksum "MUST be
    used instead".

    Example: a MAG that switches UDP checksums off, as IPv4 allows: the field is 0.

    How to mend: leave UDP checksums on for the signalling socket. A capture on the sending host
    may show the sum that its network card completes; that sum is recognised and not judged.
    """
    message = message_of(step)
    datagram = message.datagram
    if not _is_over_ipv4(message) or datagram.udp_checksum is None:
        return None
    if datagram.udp_checksum == 0:
        return fail(f"no UDP checksum in the datagram of the {message.kind}")
    if datagram.udp_checksum_correct is None or _is_left_to_hardware(message):
        return None
    if datagram.udp_checksum_correct:
        return PASS
    return fail(f"UDP checksum 0x{datagram.udp_checksum:04x} of the {message.kind} is wrong")


def _is_left_to_hardware(message: Message) -> bool:
    """Tell whether the checksum is that of the pseudo-header alone, as offload begins with it."""
    datagram = message.datagram
    length = UDP_HEADER + len(datagram.payload)
    covered = pseudo_header(datagram.source, datagram.destination, length, UDP)
    return datagram.udp_checksum == internet_checksum(covered) ^ 0xFFFF


# ---------------------------------------------------------------------- ports and addresses


@rule("RFC5844-4.2.2.1-DPORT", on="PBU", given=_over_udp)
def destination_port(step: Step) -> Verdict | None:
    """A PBU over UDP goes to port 5436.

    Why it matters: the LMA listens there and nowhere else.

    The RFC: section 4.2.2.1 has the Mobility Header "encapsulated in UDP (with the destination
    port set to 5436)".

    Example: a PBU to port 5437, which is for the mobile node's traffic.

    How to mend: send signalling to port 5436 (pmip6-cntl).
    """
    message = message_of(step)
    ports = message.datagram.ports
    if ports is None or len(message.source) != 4:
        return None
    if ports[1] == PMIPV6_CONTROL:
        return PASS
    text = f"the PBU goes to UDP port {ports[1]}"
    if message.defects or message.payload_proto != NO_NEXT_HEADER:
        return inconclusive(text, "what is sent there may be no Mobility Header")
    return fail(text)


@rule("RFC5844-4.1.3.2-PORTS", on=REPLY, given=_answer_over_udp)
def ports_of_acknowledgement(step: Step) -> Verdict | None:
    """A PBA over UDP comes from port 5436 and goes to the port that the PBU came from.

    Why it matters: a firewall or NAT on the way lets only the answer through that mirrors the
    request.

    The RFC: section 4.1.3.2 has the PBA "encapsulated in UDP (with source port set to 5436 and
    destination port set to the source port of the received Proxy Binding Update message)".

    Example: the PBU came from port 49152; the PBA goes to port 5436.

    How to mend: answer from the socket that is bound to 5436, to the address and port of the PBU.
    """
    request, reply = pair(step)
    asked, given = request.datagram.ports, reply.datagram.ports
    if asked is None or given is None or len(reply.source) != 4:
        return None
    # A PBU to another port is the MAG's fault; the LMA may well answer from there.
    if given[0] in (PMIPV6_CONTROL, asked[1]) and given[1] == asked[0]:
        return PASS
    text = (
        f"PBA from port {given[0]} to port {given[1]}; the PBU went from port {asked[0]} to port"
        f" {asked[1]}"
    )
    evidence = request_evidence(step)
    swapped = (request.destination, request.source)
    if (reply.source, reply.destination) != swapped or _is_seen_elsewhere(step):
        return inconclusive(text, "a NAT may have changed the ports", evidence=evidence)
    return fail(text, evidence=evidence)


@rule("RFC5844-4.1.3.2-SRC", on=REPLY, given=_answer_over_udp)
def source_of_acknowledgement(step: Step) -> Verdict | None:
    """A PBA over IPv4 comes from the address that the PBU went to.

    Why it matters: the MAG, and every NAT or firewall on the way, expects the answer from there.

    The RFC: section 4.1.3.2: "The source address in the IPv4 header of the message MUST be set to
    the destination IPv4 address of the received request."

    Example: the PBU went to the LMA's service address, the PBA comes from its interface address.

    How to mend: bind the answer to the address the request was sent to.
    """
    request, reply = pair(step)
    if not _is_over_ipv4(request) or not _is_over_ipv4(reply):
        return None
    if reply.source == request.destination:
        return PASS
    text = (
        f"the PBA comes from {address_text(reply.source)}; the PBU went to"
        f" {address_text(request.destination)}"
    )
    evidence = request_evidence(step)
    if _is_seen_elsewhere(step):
        return inconclusive(text, "a NAT may have changed the addresses", evidence=evidence)
    stamp = registration(request).timestamp
    if stamp is None or registration(reply).timestamp != stamp:
        return inconclusive(
            text, "the PBU between these addresses may not have been captured", evidence=evidence
        )
    return fail(text, evidence=evidence)


def _is_seen_elsewhere(step: Step) -> bool:
    """Tell whether PBU and PBA were captured at different places, a NAT perhaps between them."""
    request, reply = pair(step)
    return request.frame.capture != reply.frame.capture


# -------------------------------------------------------------------------- the F flag


@rule("RFC5844-4.1.3.1-F", on=REPLY, given=_answer_over_udp)
def refused_encapsulation_says_so(step: Step) -> Verdict | None:
    """A PBU whose F flag is refused is rejected with status 129.

    Why it matters: from 129 the MAG learns that the LMA does not accept forced UDP encapsulation.
    After 128 or 130 it would try the same again.

    The RFC: section 4.1.3.1: with F=1, and AcceptForcedIPv4UDPEncapsulationRequest set to 0, "the
    local mobility anchor MUST reject the request with the Status field value set to 129
    (Administratively prohibited)."

    Example: F=1 is rejected with 130; the same PBU with F=0 is accepted a second later.

    How to mend: map this refusal to 129 in the LMA.
    """
    request, reply = pair(step)
    if not _is_over_ipv4(request):
        return None
    status = acknowledgement_of(reply).status
    if update_of(request).force_udp:
        return PASS if status == ADMINISTRATIVELY_PROHIBITED else None
    told = _refusal_before(step) if status < 128 else None
    if told is None:
        return None
    text = (
        f"status {acknowledgement_of(told.reply).status} for a PBU with F=1, and one with F=0 is"
        " accepted"
    )
    evidence = (moment_of(told.request), told.moment, *request_evidence(step))
    elapsed = between(told.reply, request)
    if elapsed is None or elapsed > _AT_ONCE:
        why = "what made the LMA refuse may have changed"
    elif not _differs_in_f_alone(told.request, request):
        why = "the two PBUs differ in more than F"
    elif not step.proven_since(told.moment):
        why = UNSEEN
    else:
        return fail(text, field="status", evidence=evidence)
    return inconclusive(text, why, field="status", evidence=evidence)


def _refusal_before(step: Step) -> Rejection | None:
    """Give the last rejection of this MAG for this mobile node, if it may hide a refused F."""
    own = [r for r in step.past.rejections if step.mag is not None and r.mag == step.mag.id]
    if not own or acknowledgement_of(own[-1].reply).status not in _NOT_FOR_UDP:
        return None
    asked = own[-1].request
    return own[-1] if _is_over_ipv4(asked) and update_of(asked).force_udp else None


def _differs_in_f_alone(refused: Message, accepted: Message) -> bool:
    first, second = update_of(refused), update_of(accepted)
    return replace(first, force_udp=False, sequence=second.sequence) == second and registration(
        accepted
    ).repeats(registration(refused))
