"""Rules of RFC 6757 on access network information."""

from __future__ import annotations

from operator import eq

from pmiptrace.model import Option, Step, option_number
from pmiptrace.rules.look import blame, message_of, pair, request_evidence
from pmiptrace.rules.rule import PASS, REPLY, Verdict, fail, only_if, rule
from pmiptrace.wire.options.rfc6757 import (
    ANI_SUB_OPTIONS,
    AccessNetworkIdentifier,
    GeoLocation,
    NetworkIdentifier,
    OperatorIdentifier,
)

ACCESS_NETWORK = 52

OF_RFC_6757 = (NetworkIdentifier.number, GeoLocation.number, OperatorIdentifier.number)
"""Sub-options that the rules are about; those of RFC 7563 have none of these rules, and an LMA may
send some of them itself."""


@rule("RFC6757-3.1-DUP", on=("PBU", "PBA", "UPN", "UPA"), options=ACCESS_NETWORK)
def access_network_well_formed(step: Step) -> Verdict | None:
    """Access network information comes in one option, each sub-option of RFC 6757 once.

    Why it matters: of two networks, places or operators a receiver has to choose one; of a network
    without a name it learns nothing.

    The RFC: section 3: "there MUST NOT be more than a single instance of this mobility option in a
    mobility message"; section 3.1.1, as 3.1.2 and 3.1.3: "There MUST be no more than a single
    instance of this specific sub-option in any Access Network Identifier option", and of the
    length of the Network Name: "This field MUST NOT be set to zero."

    Example: option 52 with two Network-Identifier sub-options, one for each SSID.

    How to mend: send what the mobile node is attached to, once; leave unknown parts out.
    """
    message = message_of(step)
    options = [o for o in message.options if option_number(o) == ACCESS_NETWORK]
    if len(options) > 1:
        return blame(
            step,
            options[1],
            f"{len(options)} Access Network Identifier options in the {message.kind}",
            eq,
        )
    (option,) = options
    if not isinstance(option, AccessNetworkIdentifier):
        return None
    problem = _problem(option)
    if problem is None:
        return PASS
    return blame(
        step,
        option,
        problem,
        lambda one, other: (
            isinstance(other, AccessNetworkIdentifier) and one.sub_options == other.sub_options
        ),
        field="sub_options",
    )


def _problem(option: AccessNetworkIdentifier) -> str | None:
    numbers = [option_number(sub) for sub in option.sub_options]
    if not numbers:
        return "an Access Network Identifier option without sub-option"
    for number in OF_RFC_6757:
        if numbers.count(number) > 1:
            return f"{numbers.count(number)} {ANI_SUB_OPTIONS.name(number)} sub-options"
    for sub in option.sub_options:
        if isinstance(sub, NetworkIdentifier) and sub.network_name_length == 0:
            return "Net-Name Len 0 in the Network-Identifier"
    return None


@rule(
    "RFC6757-4.2-ECHO",
    on=REPLY,
    options=ACCESS_NETWORK,
    given=lambda shape: only_if(shape.is_proxy_pair and ACCESS_NETWORK in (shape.asked or ())),
)
def access_network_echoed(step: Step) -> Verdict | None:
    """The access network information of a PBA is that of the PBU.

    Why it matters: by the echo the MAG sees what the LMA understood. Another value shows that
    charging and policy go by a network that the mobile node is not in.

    The RFC: section 4.2: "The Access Network Identifier sub-options defined in this specification
    MUST NOT be altered by the local mobility anchor."

    Example: the PBU says SSID "guest", the PBA "GUEST".

    How to mend: copy the sub-options that were accepted, and leave out the others.
    """
    request, reply = pair(step)
    asked, given = (
        _information(request.every(AccessNetworkIdentifier)),
        reply.first(AccessNetworkIdentifier),
    )
    if given is None:
        return None
    judged = False
    for sub in given.sub_options:
        number = option_number(sub)
        sent = [other for other in asked if option_number(other) == number]
        if number not in OF_RFC_6757 or not sent:
            continue
        judged = True
        if _content(sub) not in map(_content, sent):
            return fail(
                f"the {ANI_SUB_OPTIONS.name(number)} of the PBA is not that of the PBU",
                option=given,
                field="sub_options",
                evidence=request_evidence(step),
            )
    return PASS if judged else None


def _information(options: tuple[AccessNetworkIdentifier, ...]) -> list[Option]:
    return [sub for option in options for sub in option.sub_options]


def _content(sub: Option) -> object:
    """Give what a sub-option says; its reserved bits, which a receiver ignores, say nothing."""
    if isinstance(sub, NetworkIdentifier):
        return sub.utf8, sub.network_name, sub.access_point_name
    return sub
