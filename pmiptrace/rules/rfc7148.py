"""Rules of RFC 7148 on delegated prefixes, for the network behind a mobile router."""

from __future__ import annotations

from operator import eq

from pmiptrace.address import is_unspecified
from pmiptrace.model import Message, Step, option_number
from pmiptrace.rules.look import (
    blame,
    complete,
    length_of,
    message_of,
    pair,
    request_evidence,
)
from pmiptrace.rules.rule import ANY, PASS, REPLY, Verdict, fail, only_if, rule
from pmiptrace.wire.options.rfc7148 import DelegatedMobileNetworkPrefix

DELEGATED_PREFIX = 55

LENGTH_IPV4 = 6
LENGTH_IPV6 = 18


def _all_zero(message: Message) -> list[DelegatedMobileNetworkPrefix]:
    """Give the options that ask for a prefix to be assigned."""
    return [
        option
        for option in message.every(DelegatedMobileNetworkPrefix)
        if len(option.delegated_prefix) in (4, 16) and is_unspecified(option.delegated_prefix)
    ]


@rule("RFC7148-4.1-DMNP-LEN", on=ANY, options=DELEGATED_PREFIX)
def length_follows_family(step: Step) -> Verdict | None:
    """A Delegated Mobile Network Prefix option has the length of the address that V stands for.

    Why it matters: a receiver that trusts V reads past the end of the option, or cuts the prefix.

    The RFC: section 4.1: the field "Contains a mobile router's 4-byte IPv4 or a 16-byte IPv6
    Delegated Mobile Network Prefix"; with V=1 it "is an IPv4 prefix".

    Example: V=0 and Length 6.

    How to mend: set V together with the address: 1 and Length 6, or 0 and Length 18.
    """
    message = message_of(step)
    for option in message.options:
        if option_number(option) != DELEGATED_PREFIX:
            continue
        length = length_of(message, option)
        if isinstance(option, DelegatedMobileNetworkPrefix):
            due = LENGTH_IPV4 if option.ipv4 else LENGTH_IPV6
            text = f"Length {length} with V={int(option.ipv4)}; {due} is due"
            if length == due:
                continue
        else:
            text = f"Length {length}; 6 or 18 is due"
        return blame(
            step,
            option,
            f"Delegated Mobile Network Prefix option of {text}",
            eq,
            field="length",
        )
    return PASS


@rule("RFC7148-5.1-ZERO-ONCE", on="PBU", options=DELEGATED_PREFIX, repeated=True)
def one_request_per_family(step: Step) -> Verdict | None:
    """A PBU asks once for IPv6 prefixes and once for IPv4 prefixes to be delegated.

    Why it matters: one option asks for as many prefixes as the LMA wants to give; what two ask for
    is not defined.

    The RFC: section 5.1.2: "There MUST be exactly one instance of the Delegated Mobile Network
    Prefix option with an ALL_ZERO value and with the (V) flag set to a value of (0)"; the same for
    V=1.

    Example: a PBU with ``::/56`` twice, for two networks.

    How to mend: send one option of ALL_ZERO for each family that is wanted.
    """
    for is_ipv4 in (False, True):
        options = [o for o in _all_zero(message_of(step)) if o.ipv4 == is_ipv4]
        if len(options) > 1:
            return fail(
                f"{len(options)} Delegated Mobile Network Prefix options of ALL_ZERO with"
                f" V={int(is_ipv4)}",
                option=options[1],
                field="delegated_prefix",
            )
    return PASS


@rule(
    "RFC7148-5.2.2-UNSOLICITED",
    on=REPLY,
    options=DELEGATED_PREFIX,
    given=lambda shape: only_if(
        shape.is_proxy_pair and DELEGATED_PREFIX not in (shape.asked or ())
    ),
)
def no_prefix_delegated_unasked(step: Step) -> Verdict | None:
    """A PBA has no Delegated Mobile Network Prefix option if the PBU had none.

    Why it matters: the MAG does not route a prefix that it did not ask for. What is sent to it is
    lost.

    The RFC: section 5.2.2: if the PBU has none, the PBA "MUST NOT contain any Delegated Mobile
    Network Prefix option(s)."

    Example: an LMA that delegates by its policy, whoever asks.

    How to mend: delegate a prefix only where option 55 asks for one.
    """
    request, reply = pair(step)
    if not complete(request):
        return None
    return fail(
        "a Delegated Mobile Network Prefix option in the answer to a PBU without one",
        option=next(o for o in reply.options if option_number(o) == DELEGATED_PREFIX),
        evidence=request_evidence(step),
    )


@rule(
    "RFC7148-5.2.2-ALLOC",
    on=REPLY,
    options=DELEGATED_PREFIX,
    given=lambda shape: only_if(
        shape.is_proxy_pair
        and shape.accepts
        and not shape.is_deregistration
        and DELEGATED_PREFIX in (shape.asked or ())
    ),
)
def delegated_prefix_returned(step: Step) -> Verdict | None:
    """An accepting PBA names the prefixes that were delegated.

    Why it matters: the mobile router gets no prefix, and everybody believes that it has one.

    The RFC: section 5.2.2: "The message MUST include one instance of the Delegated Mobile Network
    Prefix option for each of the allocated IPv4/IPv6 DMNPs."

    Example: a PBU asks with ``::/56`` and is accepted with ``::/56``.

    How to mend: fill in the allocated prefix. An LMA that delegates none leaves the option out.
    """
    _, reply = pair(step)
    zero = _all_zero(reply)
    if not zero:
        return PASS
    return fail(
        "a prefix is delegated, and it is ALL_ZERO",
        option=zero[0],
        field="delegated_prefix",
        evidence=request_evidence(step),
    )
