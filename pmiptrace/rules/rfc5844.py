"""Rules of RFC 5844 section 3 on the IPv4 home address: its options, and the answers to them.

An LMA without RFC 5844 skips the IPv4 Home Address Request option and follows RFC 5213. It is held
to RFC 5844 only once it has shown that it knows it (`pmiptrace.model.Context.lma_ipv4`).
"""

from __future__ import annotations

from pmiptrace.address import address_text, is_unspecified
from pmiptrace.model import Message, Prefix, Severity, Step, option_number
from pmiptrace.rules.look import (
    acknowledgement_of,
    complete,
    message_of,
    option_reserved,
    pair,
    request_evidence,
    update_of,
)
from pmiptrace.rules.rule import (
    EACH,
    PASS,
    REPLY,
    Need,
    Shape,
    Verdict,
    fail,
    inconclusive,
    kept_if,
    only_if,
    rule,
)
from pmiptrace.wire.codes import BindingStatus
from pmiptrace.wire.option import MOBILITY_OPTIONS
from pmiptrace.wire.options.rfc5213 import HomeNetworkPrefix
from pmiptrace.wire.options.rfc5844 import (
    Ipv4DefaultRouterAddress,
    Ipv4DhcpSupportMode,
    Ipv4HomeAddressReply,
    Ipv4HomeAddressRequest,
)

HNP = 22
IPV4_REQUEST = 36
IPV4_REPLY = 37
DEFAULT_ROUTER = 38
DHCP_SUPPORT_MODE = 39
MULTIPATH = 63

FAILURE = 128
PROHIBITED = 129
"""Values of the Status field of option 37 (section 3.3.2)."""

NO_PREFIX = BindingStatus.MISSING_HOME_NETWORK_PREFIX_OPTION
NO_RESOURCES = BindingStatus.INSUFFICIENT_RESOURCES
NOT_THIS_ADDRESS = BindingStatus.NOT_AUTHORIZED_FOR_IPV4_HOME_ADDRESS
SEVERAL_ADDRESSES = BindingStatus.MULTIPLE_IPV4_HOME_ADDRESS_ASSIGNMENT_NOT_SUPPORTED


def _asked(shape: Shape) -> bool:
    """Tell whether a PBA answers a PBU with an IPv4 Home Address Request option."""
    return shape.is_proxy_pair and shape.asked is not None and IPV4_REQUEST in shape.asked


def _answered(shape: Shape) -> bool:
    """Tell whether such a PBA has an IPv4 Home Address Reply option."""
    return _asked(shape) and IPV4_REPLY in shape.numbers


def _known_to_support(step: Step) -> bool:
    return step.context.lma_ipv4 is not None


def _requested(message: Message) -> tuple[Ipv4HomeAddressRequest, ...]:
    return message.every(Ipv4HomeAddressRequest)


# ------------------------------------------------------------------- the request, section 3.1.2.1


@rule("RFC5844-3.2.3.1-ONE", on="PBU", options=IPV4_REQUEST, repeated=True)
def one_ipv4_address_requested(step: Step) -> Verdict | None:
    """A PBU has one IPv4 Home Address Request option.

    Why it matters: a session has one IPv4 home address. The LMA rejects a PBU that asks for two
    with status 173.

    The RFC: section 3.2.3.1 has an address asked for by "exactly one instance of the IPv4 Home
    Address Request option"; section 3.2.3.3: "there MUST be exactly one instance of the IPv4 Home
    Address Request option present in the Proxy Binding Update message."

    Example: a PBU with 0.0.0.0 and 10.1.2.3.

    How to mend: send the wanted address, or 0.0.0.0, not both.
    """
    message = message_of(step)
    second = [o for o in message.options if option_number(o) == IPV4_REQUEST][1]
    return fail(
        f"{message.count(IPV4_REQUEST)} IPv4 Home Address Request options in the PBU",
        option=second,
    )


@rule(
    "RFC5844-3.1.2.1-MULTI-173",
    on=REPLY,
    given=lambda shape: only_if(_answered(shape) and IPV4_REQUEST in shape.asked_repeatedly),
)
def several_addresses_refused(step: Step) -> Verdict | None:
    """A PBU with several IPv4 Home Address Request options is rejected with status 173.

    Why it matters: if one of them is picked, MAG and LMA may disagree about which.

    The RFC: section 3.1.2.1: if there is more than one instance of the option "the local mobility
    anchor MUST reject the request and send a Proxy Binding Acknowledgement message with the Status
    field set to MULTIPLE_IPV4_HOME_ADDRESS_ASSIGNMENT_NOT_SUPPORTED".

    Example: a PBU with two options 36 is accepted with one option 37.

    How to mend: count the options before looking at the first. An LMA that skips option 36
    altogether is not judged.
    """
    request, reply = pair(step)
    if request.count(IPV4_REQUEST) < 2:
        return None
    status = acknowledgement_of(reply).status
    if status == SEVERAL_ADDRESSES:
        return PASS
    return fail(
        f"status {status} for a PBU with {request.count(IPV4_REQUEST)} IPv4 Home Address Request"
        " options; 173 is due",
        field="status",
        evidence=request_evidence(step),
        # Another check may have come before.
        severity=None if status < 128 else Severity.INFO,
    )


@rule(
    "RFC5844-3.1.2.1-158",
    on=REPLY,
    given=lambda shape: kept_if(shape.status != NO_PREFIX) if _asked(shape) else Need.NONE,
)
def ipv4_only_request_not_refused(step: Step) -> Verdict | None:
    """A PBU with an IPv4 Home Address Request is not rejected for want of a prefix.

    Why it matters: a mobile node that uses IPv4 alone would never be registered.

    The RFC: section 3.1.2.1: with option 36 and without option 22 "the local mobility anchor MUST
    NOT reject the request as specified in Section 5.3.1 of [RFC5213]."

    Example: a PBU with option 36 alone is rejected with status 158.

    How to mend: answer 158 only where both options are missing. An LMA without RFC 5844 is right
    to answer so; send it PBUs with option 22.
    """
    request, _ = pair(step)
    has_prefix = request.has(HNP)
    option = "options 22 and 36" if has_prefix else "option 36"
    is_legacy = not has_prefix and not _known_to_support(step)
    return fail(
        f"status 158 for a PBU with {option}"
        + ("; the LMA was not seen to support RFC 5844" if is_legacy else ""),
        field="status",
        evidence=request_evidence(step),
        severity=Severity.INFO if is_legacy else None,
    )


# ---------------------------------------------------------------------- refusals, section 3.1.2.2


@rule(
    "RFC5844-3.1.2.2-171",
    on=REPLY,
    given=lambda shape: only_if(shape.is_proxy_pair and shape.status == NOT_THIS_ADDRESS),
)
def refused_address_says_why(step: Step) -> Verdict | None:
    """A PBA with status 171 has an IPv4 Home Address Reply option with status 129.

    Why it matters: the MAG learns from the option which address was refused, and why.

    The RFC: section 3.1.2.2: "It MUST also include the IPv4 Home Address Reply option (Section
    3.3.2). in the reply with the Status field value in the option set to 129 (Administratively
    prohibited)."

    Example: a PBA with status 171 and no option 37.

    How to mend: return the requested address in option 37 with status 129.
    """
    return _option_status(step, PROHIBITED)


@rule(
    "RFC5844-3.1.2.2-130",
    on=REPLY,
    given=lambda shape: only_if(_asked(shape) and shape.status == NO_RESOURCES),
)
def lack_of_addresses_says_so(step: Step) -> Verdict | None:
    """A PBA with status 130 for lack of IPv4 addresses has option 37 with status 128.

    Why it matters: status 130 alone does not tell the MAG whether it could register without IPv4.

    The RFC: section 3.1.2.2: "It MUST also include the IPv4 Home Address Reply option in the reply
    with the Status field value in the option set to 128 (Failure, reason unspecified)."

    Example: a PBU that asks for an IPv4 address alone is rejected with 130 and no option 37.

    How to mend: return option 37 with the requested values and status 128.
    """
    request, _ = pair(step)
    update = update_of(request)
    if update.lifetime == 0:
        return None
    verdict = _option_status(step, FAILURE)
    if verdict is None or verdict is PASS:
        return verdict
    severity = None if _known_to_support(step) else Severity.INFO
    parts = {"evidence": request_evidence(step), "option": verdict.option, "severity": severity}
    field = verdict.field
    wants_any = all(is_unspecified(o.home_address) for o in _requested(request))
    others = request.has(HNP) or request.has(MULTIPATH) or update.force_udp
    if others or not wants_any or not complete(request):
        why = "something else than an IPv4 address may have been lacking"
        return inconclusive(verdict.message, why, field=field, **parts)
    return fail(verdict.message, field=field, **parts)


def _option_status(step: Step, due: int) -> Verdict | None:
    """Judge the Status field that the option 37 of a rejection must have."""
    _, reply = pair(step)
    status = acknowledgement_of(reply).status
    evidence = request_evidence(step)
    option = reply.first(Ipv4HomeAddressReply)
    if option is None:
        if reply.has(IPV4_REPLY) or not complete(reply):
            return None
        return fail(
            f"status {status} without IPv4 Home Address Reply option (37)", evidence=evidence
        )
    if option.status == due:
        return PASS
    return fail(
        f"status {status} with status {option.status} in the IPv4 Home Address Reply option;"
        f" {due} is due",
        option=option,
        field="status",
        evidence=evidence,
    )


# ------------------------------------------------------------ options of the PBA, section 3.1.2.6

_JUDGED_BY_THEMSELVES = frozenset({NO_RESOURCES, NO_PREFIX, NOT_THIS_ADDRESS})
"""Statuses with a rule of their own on option 37, or on whether they may be sent at all."""


def _needs_reply_option(shape: Shape) -> Need:
    if not _asked(shape) or shape.status in _JUDGED_BY_THEMSELVES:
        return Need.NONE
    return kept_if(IPV4_REPLY in shape.numbers)


@rule("RFC5844-3.1.2.6-REPLY", on=REPLY, given=_needs_reply_option)
def address_reply_present(step: Step) -> Verdict | None:
    """A PBA that answers an IPv4 Home Address Request has an IPv4 Home Address Reply.

    Why it matters: without the option the MAG must not enable IPv4 for the mobile node.

    The RFC: section 3.1.2.6: "The IPv4 Home Address Reply option MUST be present in the Proxy
    Binding Acknowledgement message."

    Example: an LMA that assigned 10.1.2.3 to a mobile node accepts its refresh without option 37.

    How to mend: return option 37 in every PBA to a PBU with option 36, rejections included. An LMA
    without RFC 5844 skips option 36.
    """
    _, reply = pair(step)
    if not complete(reply):
        return None
    status = acknowledgement_of(reply).status
    text = f"the PBA with status {status} has no IPv4 Home Address Reply option (37)"
    since = step.context.lma_ipv4
    if since is None:
        return fail(
            f"{text}; the LMA was not seen to support RFC 5844",
            evidence=request_evidence(step),
            severity=Severity.INFO,
        )
    return fail(text, evidence=(*request_evidence(step), since))


@rule(
    "RFC5844-3.1.2.6-REPLY-REJECT",
    on=REPLY,
    given=lambda shape: only_if(_answered(shape) and shape.rejects),
)
def rejected_address_returned(step: Step) -> Verdict | None:
    """The option 37 of a rejecting PBA returns the address and prefix length of the request.

    Why it matters: by them the MAG knows which request was refused; another address would look
    like an assignment.

    The RFC: section 3.1.2.6: option 37 "with the IPv4 address value and the prefix length fields
    in the option set to the corresponding values in the request. The Status field value in the
    option must be set to the specific error code."

    Example: a PBU for 10.1.2.3/24 is rejected with option 37 for 0.0.0.0/0.

    How to mend: copy both fields from option 36, and set a status of failure in the option.
    """
    request, reply = pair(step)
    asked = [option.prefix for option in _requested(request)]
    given = reply.first(Ipv4HomeAddressReply)
    if given is None or len(asked) != request.count(IPV4_REQUEST):
        return None
    status = acknowledgement_of(reply).status
    evidence = request_evidence(step)
    if given.prefix not in asked:
        return fail(
            f"{_shown(given.prefix)} in the PBA with status {status};"
            f" {', '.join(map(_shown, asked))} in the PBU",
            option=given,
            field="home_address",
            evidence=evidence,
        )
    if given.accepted and status not in (NOT_THIS_ADDRESS, NO_RESOURCES):
        return fail(
            f"status {given.status} in the IPv4 Home Address Reply option of a PBA with status"
            f" {status}",
            option=given,
            field="status",
            evidence=evidence,
            severity=Severity.WARNING,
        )
    return PASS


@rule(
    "RFC5844-3.1.2.6-REPLY-OK",
    on=REPLY,
    given=lambda shape: only_if(_answered(shape) and shape.accepts and not shape.is_deregistration),
)
def assigned_address_returned(step: Step) -> Verdict | None:
    """The option 37 of an accepting PBA carries the assigned address, the one asked for if any.

    Why it matters: the MAG has no other way to learn it; the mobile node gets no IPv4 address.

    The RFC: section 3.1.2.6: "there MUST be an IPv4 Home Address Reply option to carry the IPv4
    home address assigned for that mobility session and with the value in the option set to the
    allocated IPv4 address." Section 3.1.2.2: a request for an address that the mobile node may not
    have MUST be rejected with status 171.

    Example: a PBU asks with 0.0.0.0 and is accepted with option 37 for 0.0.0.0, status 0.

    How to mend: fill in the allocated address, or reject the request.
    """
    request, reply = pair(step)
    option = reply.first(Ipv4HomeAddressReply)
    if option is None or option.status != 0:
        return None
    given, asked = option.home_address, [each.home_address for each in _requested(request)]
    if is_unspecified(given):
        text = "an IPv4 home address is granted, and it is 0.0.0.0"
    elif given in asked or not asked or any(map(is_unspecified, asked)):
        return PASS
    else:
        named = " and ".join(map(address_text, asked))
        text = f"{address_text(given)} is granted where {named} was asked for"
    return fail(text, option=option, field="home_address", evidence=request_evidence(step))


@rule(
    "RFC5844-3.1.2.6-STATUS",
    on=REPLY,
    given=lambda shape: only_if(_answered(shape) and shape.accepts),
)
def address_status_is_success(step: Step) -> Verdict | None:
    """The option 37 of an accepting PBA has status 0.

    Why it matters: a MAG that looks at the Status of the PBA alone enables IPv4 with an address
    that was refused.

    The RFC: section 3.1.2.6: "The Status field value in the option must be set to 0 (Success)."
    Section 3.2.3.2 lets the MAG handle another value all the same.

    Example: a PBA with status 0 whose option 37 has status 128, as IPv6 alone was granted.

    How to mend: reject the request as a whole, so that the MAG asks again without option 36.
    """
    _, reply = pair(step)
    option = reply.first(Ipv4HomeAddressReply)
    if option is None:
        return None
    if option.status == 0:
        return PASS
    return fail(
        f"status {option.status} in the IPv4 Home Address Reply option of a PBA with status"
        f" {acknowledgement_of(reply).status}",
        option=option,
        field="status",
        evidence=request_evidence(step),
    )


@rule(
    "RFC5844-3.1.2.6-DEFROUTER",
    on=REPLY,
    options=(IPV4_REPLY, DEFAULT_ROUTER),
    given=lambda shape: only_if(shape.is_proxy_pair),
)
def default_router_with_success(step: Step) -> Verdict | None:
    """A PBA with status 0 names the IPv4 default router, a PBA with another status does not.

    Why it matters: the MAG answers ARP for that address, and gives it out by DHCP.

    The RFC: section 3.1.2.6: "The IPv4 Default-Router Address option (Section 3.3.3) MUST be
    present, if the Status field value in the Proxy Binding Acknowledgement message is set to 0
    (Proxy Binding Update accepted) [RFC5213]. Otherwise, the option MUST NOT be present."

    Example: option 37 with 10.1.2.3 and no option 38.

    How to mend: send option 38 next to option 37. Statuses 2 and 3 of RFC 5845 accept as well;
    that the option is forbidden there will be an oversight.
    """
    request, reply = pair(step)
    status = acknowledgement_of(reply).status
    evidence = request_evidence(step)
    router = next((o for o in reply.options if option_number(o) == DEFAULT_ROUTER), None)
    if router is not None:
        if status == 0:
            return PASS
        return fail(
            f"an IPv4 Default-Router Address in a PBA with status {status}",
            option=router,
            evidence=evidence,
            severity=None if status >= 128 else Severity.INFO,
        )
    given = reply.first(Ipv4HomeAddressReply)
    if status != 0 or given is None or given.status != 0 or not complete(reply):
        return None
    return fail(
        f"{_shown(given.prefix)} without IPv4 Default-Router Address option (38)",
        option=given,
        evidence=evidence,
        # There is nothing left to route to behind a de-registration.
        severity=None if update_of(request).lifetime else Severity.INFO,
    )


@rule(
    "RFC5844-3.1.2.6-NO-HNP",
    on=REPLY,
    options=HNP,
    given=lambda shape: only_if(_answered(shape) and HNP not in (shape.asked or ())),
)
def no_prefix_unasked(step: Step) -> Verdict | None:
    """A PBA to a PBU for an IPv4 address alone has no Home Network Prefix option.

    Why it matters: the MAG would advertise a prefix to a mobile node that is to use IPv4 alone.

    The RFC: section 3.1.2.6: if the PBU has only the IPv4 Home Address Request option "the local
    mobility anchor MUST NOT include any Home Network Prefix option(s) in the reply."

    Example: a PBU with option 36 alone is accepted with options 22 and 37.

    How to mend: assign a prefix only where option 22 asks for one.
    """
    request, reply = pair(step)
    if not complete(request):
        return None
    prefixes = ", ".join(str(option.prefix) for option in reply.every(HomeNetworkPrefix))
    return fail(
        f"{prefixes or 'a Home Network Prefix option'} in the answer to a PBU with option 36 alone",
        option=next(o for o in reply.options if option_number(o) == HNP),
        evidence=request_evidence(step),
    )


def _shown(prefix: Prefix) -> str:
    return f"{address_text(prefix.address)}/{prefix.length}"


# -------------------------------------------------------------------- the options, section 3.3


@rule("RFC5844-3.3.1-RESERVED", on=("PBU", "PBA", "BRI"), options=IPV4_REQUEST, by_content=EACH)
def address_request_reserved(step: Step) -> Verdict | None:
    """The reserved bits of the IPv4 Home Address Request option are zero.

    Why it matters: a later use of the bits would take the noise for a value.

    The RFC: section 3.3.1, Reserved: "The value MUST be initialized to (0) by the sender". Section
    3.2.3.1 speaks of a P flag that the option does not have; it is the first of these bits.

    Example: the P flag of option 29 of RFC 5555, set in option 36.

    How to mend: write the prefix length into the upper six bits, and zero behind it.
    """
    return option_reserved(step, Ipv4HomeAddressRequest)


@rule("RFC5844-3.3.2-RESERVED", on=("PBU", "PBA"), options=IPV4_REPLY, by_content=EACH)
def address_reply_reserved(step: Step) -> Verdict | None:
    """The reserved bits of the IPv4 Home Address Reply option are zero.

    Why it matters: a sender that does not shift the prefix length puts its lower bits there, and
    a quarter of it in front.

    The RFC: section 3.3.2, Reserved: "The value MUST be initialized to (0) by the sender".

    Example: ``25 06 00 19 ...``, where 0x19 should stand for length 25 and means 6.

    How to mend: write the prefix length into the upper six bits: 0x64 for 25.
    """
    return option_reserved(step, Ipv4HomeAddressReply)


@rule("RFC5844-3.3.3-RESERVED", on=("PBU", "PBA"), options=DEFAULT_ROUTER, by_content=EACH)
def default_router_reserved(step: Step) -> Verdict | None:
    """The reserved field of the IPv4 Default-Router Address option is zero.

    Why it matters: a later use of the field would take the noise for a value.

    The RFC: section 3.3.3, Reserved: "The value MUST be initialized to (0) by the sender".

    Example: an option built in a buffer that was not cleared.

    How to mend: write two zero octets behind Length.
    """
    return option_reserved(step, Ipv4DefaultRouterAddress)


@rule("RFC5844-3.3.4-RESERVED", on=("PBU", "PBA"), options=DHCP_SUPPORT_MODE, by_content=EACH)
def dhcp_support_mode_reserved(step: Step) -> Verdict | None:
    """The reserved bits of the IPv4 DHCP Support Mode option are zero.

    Why it matters: a sender that puts the S flag at the wrong end of the field makes a DHCP relay
    of every MAG.

    The RFC: section 3.3.4, Reserved: "The value MUST be initialized to (0) by the sender".

    Example: ``27 02 80 00``, where S stands in the first bit.

    How to mend: S is the last bit of the option: ``27 02 00 01``.
    """
    return option_reserved(step, Ipv4DhcpSupportMode)


_OUT_OF_PLACE = {
    "PBU": (IPV4_REPLY, DEFAULT_ROUTER, DHCP_SUPPORT_MODE),
    "PBA": (IPV4_REQUEST,),
}


@rule(
    "RFC5844-3.3-CTX",
    on=("PBU", "PBA"),
    options=(IPV4_REQUEST, IPV4_REPLY, DEFAULT_ROUTER, DHCP_SUPPORT_MODE),
    given=lambda shape: kept_if(shape.numbers.isdisjoint(_OUT_OF_PLACE[shape.kind])),
)
def ipv4_options_in_their_place(step: Step) -> Verdict | None:
    """Option 36 is for the PBU, options 37, 38 and 39 are for the PBA.

    Why it matters: a receiver skips an option that it does not expect in the message: the address
    is not asked for, or not assigned.

    The RFC: section 3.3.1 defines option 36 "for use with the Proxy Binding Update message";
    sections 3.3.2 to 3.3.4 define the others "for use in the Proxy Binding Acknowledgement
    message". RFC 5846 puts option 36 into revocations, too.

    Example: an LMA that echoes option 36 in place of sending option 37.

    How to mend: answer option 36 by options 37 and 38.
    """
    message = message_of(step)
    wrong = _OUT_OF_PLACE[message.kind]
    option = next(o for o in message.options if option_number(o) in wrong)
    number = option_number(option)
    return fail(
        f"{MOBILITY_OPTIONS.name(number)} option ({number}) in a {message.kind}", option=option
    )
