"""Rules of RFC 5213 on the Proxy Binding Acknowledgement, alone and against its request."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pmiptrace.address import ALL_ZERO, address_text
from pmiptrace.model import (
    ExchangeKind,
    Message,
    Option,
    Prefix,
    Severity,
    Step,
    option_number,
)
from pmiptrace.rules.look import (
    acknowledgement_of,
    bodies,
    care_of_address,
    complete,
    find,
    is_reply,
    message_of,
    moment_of,
    pair,
    prefixes_of,
    request_evidence,
)
from pmiptrace.rules.rule import (
    EVENT,
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
from pmiptrace.rules.situation import ANSWER_FITS, HEADER_IN_ORDER, PREFIXES_RETURNED
from pmiptrace.track.classify import is_for_group
from pmiptrace.track.registration import registration
from pmiptrace.wire.codes import BINDING_STATUS, BindingStatus
from pmiptrace.wire.messages import BindingAcknowledgement
from pmiptrace.wire.option import MOBILITY_OPTIONS
from pmiptrace.wire.options.rfc4283 import MnIdentifier
from pmiptrace.wire.options.rfc5213 import (
    AccessTechnologyType,
    HandoffIndicator,
    LinkLocalAddress,
    MnLinkLayerIdentifier,
    Timestamp,
)

MN_ID = 8
HNP = 22
HI = 23
ATT = 24
LLID = 25
LLA = 26
TIMESTAMP = 27
IPV4_REQUEST = 36
IPV4_REPLY = 37

TIMESTAMP_REFUSED = (
    BindingStatus.TIMESTAMP_MISMATCH,
    BindingStatus.TIMESTAMP_LOWER_THAN_PREV_ACCEPTED,
)


def _proxy_pair(step: Step) -> tuple[Message, Message, BindingAcknowledgement] | None:
    """Give request, reply and its fixed part where a PBA answers a PBU, else None."""
    both = bodies(step)
    if both is None or not (both[0].proxy and both[1].proxy):
        return None
    request, reply = pair(step)
    return request, reply, both[1]


def _complete_pair(step: Step) -> tuple[Message, Message, BindingAcknowledgement] | None:
    """Give a PBU and its PBA if no option of either can have escaped us."""
    found = _proxy_pair(step)
    if found is None or not (complete(found[0]) and complete(found[1])):
        return None
    return found


def _in_both(number: int) -> Callable[[Shape], Need]:
    """Take the rule as kept where the option is in the PBA, and in the PBU if that was seen."""

    def need(shape: Shape) -> Need:
        return kept_if(number in shape.numbers and (shape.asked is None or number in shape.asked))

    return need


def _in_any(shape: Shape, number: int) -> bool:
    return number in shape.numbers or number in (shape.asked or ())


def _in_both_or_neither(number: int) -> Callable[[Shape], Need]:
    def need(shape: Shape) -> Need:
        if not shape.is_proxy_pair or not _in_any(shape, number):
            return Need.NONE
        return _in_both(number)(shape)

    return need


def _not_asked(*numbers: int) -> Callable[[Shape], Need]:
    return lambda shape: only_if(shape.is_proxy_pair and not {*numbers} & (shape.asked or {-1}))


_FROM_ANYWHERE = frozenset({ExchangeKind.BULK, ExchangeKind.OVERWRITE})
"""Requests that may come from the binding's care-of address or from another one."""


def _accepting(*kinds: ExchangeKind) -> Callable[[Shape], Need]:
    def need(shape: Shape) -> Need:
        if not shape.is_proxy_pair or not shape.accepts or shape.exchange not in kinds:
            return Need.NONE
        return kept_if(shape.status == 0 and shape.exchange not in _FROM_ANYWHERE)

    return need


def _first(message: Message, number: int) -> Option | None:
    return next((o for o in message.options if option_number(o) == number), None)


# ------------------------------------------------------------------------- flags and addresses


@rule(
    "RFC5213-8.2-P-FLAG",
    on=REPLY,
    given=lambda shape: kept_if(shape.is_proxy_pair),
)
def proxy_flag_follows(step: Step) -> Verdict | None:
    """The P flag of the answer is that of the request.

    Why it matters: by the P flag the MAG knows that the LMA understood the request as a proxy
    registration.

    The RFC: section 5.3.6, figure 6: "P flag must be set to value of 1"; section 8.2 sets it "only
    if the corresponding Proxy Binding Update had the Proxy Registration Flag (P) set to value of
    1."

    Example: a PBU is answered by a Binding Acknowledgement with status 0 and P=0.

    How to mend: copy the flag. P=0 with status 131 or 133 shows a home agent that knows no Proxy
    Mobile IPv6.
    """
    both = bodies(step)
    if both is None:
        return None
    update, acknowledgement = both
    if update.proxy == acknowledgement.proxy:
        return PASS
    text = f"P={int(acknowledgement.proxy)} answers P={int(update.proxy)}"
    if update.proxy and acknowledgement.status in (131, 133):
        return fail(
            f"{text} with status {acknowledgement.status}: a home agent without Proxy Mobile IPv6",
            field="proxy",
            evidence=request_evidence(step),
            severity=Severity.INFO,
        )
    return fail(text, field="proxy", evidence=request_evidence(step))


@rule(
    "RFC5213-5.3.6-ADDR",
    on=(REPLY, EVENT),
    given=lambda shape: only_if(shape.is_proxy_pair),
    kept_when=ANSWER_FITS,
)
def addresses_swapped(step: Step) -> Verdict | None:
    """A PBA goes from where the PBU went to, back to where it came from.

    Why it matters: a MAG, and the security association between the two, expect the answer from
    the address that was asked.

    The RFC: section 5.3.6: the source "MUST be set to the destination address of the received
    Proxy Binding Update message", the destination to its source.

    Example: the PBU went to the LMA's loopback address, the PBA comes from its interface address.

    How to mend: answer from the address the request was sent to.
    """
    message = message_of(step)
    if is_reply(step):
        request, reply = pair(step)
        if reply.source == request.destination and reply.destination == request.source:
            return PASS
        text = _crossed(request, reply)
        if request.datagram.ports is not None:
            return inconclusive(
                text, "a NAT may have changed the addresses", evidence=request_evidence(step)
            )
        return fail(text, evidence=request_evidence(step))
    if "RFC5213-5.3.6-ADDR" not in step.events:
        return None
    asked = [m for m in (e.answered or e.request for e in step.outstanding) if m is not None]
    if not asked:
        return None
    return inconclusive(
        _crossed(asked[0], message),
        "the PBU between these addresses may not have been captured",
        evidence=tuple(map(moment_of, asked[:4])),
    )


def _crossed(request: Message, reply: Message) -> str:
    return (
        f"PBA from {address_text(reply.source)} to {address_text(reply.destination)}; the PBU went"
        f" from {address_text(request.source)} to {address_text(request.destination)}"
    )


@rule("RFC5213-5.3.6-NO-RH2", on="PBA", kept_when=HEADER_IN_ORDER)
def no_routing_header(step: Step) -> Verdict | None:
    """A PBA has no type 2 routing header.

    Why it matters: the header names a mobile node's home address as the final destination; the
    answer is for the MAG.

    The RFC: section 5.3.6: "the Type 2 Routing header MUST NOT be present in the IPv6 header of
    the packet."

    Example: an LMA made from a home agent that still adds the header.

    How to mend: send the PBA to the Proxy-CoA without a routing header.
    """
    address = message_of(step).datagram.routing_home_address
    if address is None:
        return PASS
    return fail(f"the PBA has a type 2 routing header with {address_text(address)}")


# ---------------------------------------------------------------------------- mandatory options


@rule(
    "RFC5213-5.3.6-MNID",
    on="PBA",
    given=_in_both(MN_ID),
)
def mn_identifier_in_reply(step: Step) -> Verdict | None:
    """A PBA has the MN Identifier option, empty only if the PBU had none.

    Why it matters: the MAG finds the mobile node by it.

    The RFC: section 5.3.6: "The Mobile Node Identifier option [RFC4283] MUST be present." If the
    request had none, it "MUST be set to a zero length identifier."

    Example: a PBA with status 160 and no option 8.

    How to mend: copy the option; without one in the request send ``08 01 01``.
    """
    message = message_of(step)
    option = message.first(MnIdentifier)
    if option is None:
        return _absent(step, MN_ID)
    asked = _unasked(step, MN_ID)
    if asked is None or not option.identifier:
        return PASS
    return fail(
        f"identifier {option.identity} in the answer to a PBU without one",
        option=option,
        field="identifier",
        evidence=request_evidence(step),
        confidence="exchange",
    )


@rule(
    "RFC5213-5.3.6-HI",
    on="PBA",
    given=_in_both(HI),
)
def handoff_indicator_in_reply(step: Step) -> Verdict | None:
    """A PBA has the Handoff Indicator option, 0 if the PBU had none.

    Why it matters: the MAG ignores an answer whose options are not those it sent.

    The RFC: section 5.3.6: "The Handoff Indicator option MUST be present." If the request had
    none, the value "MUST be set to zero."

    Example: an LMA that returns only MN Identifier and prefix.

    How to mend: copy the option of the request.
    """
    option = find(step, HandoffIndicator)
    if option is None:
        return _absent(step, HI)
    if option.indicator == 0 or _unasked(step, HI) is None:
        return PASS
    return fail(
        f"HI {option.indicator} in the answer to a PBU without a Handoff Indicator",
        option=option,
        field="indicator",
        evidence=request_evidence(step),
        confidence="exchange",
    )


@rule(
    "RFC5213-5.3.6-ATT",
    on="PBA",
    given=_in_both(ATT),
)
def access_technology_in_reply(step: Step) -> Verdict | None:
    """A PBA has the Access Technology Type option, 0 if the PBU had none.

    Why it matters: the MAG ignores an answer whose options are not those it sent.

    The RFC: section 5.3.6: "The Access Technology Type option MUST be present." If the request had
    none, the value "MUST be set to zero."

    Example: an LMA that returns only MN Identifier and prefix.

    How to mend: copy the option of the request.
    """
    option = find(step, AccessTechnologyType)
    if option is None:
        return _absent(step, ATT)
    if option.access_technology == 0 or _unasked(step, ATT) is None:
        return PASS
    return fail(
        f"ATT {option.access_technology} in the answer to a PBU without an Access Technology Type",
        option=option,
        field="access_technology",
        evidence=request_evidence(step),
        confidence="exchange",
    )


def _absent(step: Step, number: int) -> Verdict | None:
    """Give the verdict on an option that could not be found in decodable form."""
    message = message_of(step)
    if message.has(number) or not complete(message) or is_for_group(message):
        return None
    if is_reply(step) and is_for_group(pair(step)[0]):
        return None
    return fail(f"the PBA has no {MOBILITY_OPTIONS.name(number)} option ({number})")


def _unasked(step: Step, number: int) -> Message | None:
    """Give the request that the message answers, if it is known to lack that option."""
    if not is_reply(step):
        return None
    request, _ = pair(step)
    if not complete(request) or request.has(number):
        return None
    return request


_ECHOED: dict[type[Option], tuple[str, ...]] = {
    MnIdentifier: ("identifier", "subtype"),
    HandoffIndicator: ("indicator",),
    AccessTechnologyType: ("access_technology",),
    MnLinkLayerIdentifier: ("identifier",),
}
"""The options that come back, with the fields that must be equal, the one to point at first."""


@rule(
    "RFC5213-5.3.6-ECHO",
    on=REPLY,
    options=(MN_ID, HI, ATT, LLID),
    given=lambda shape: only_if(shape.is_proxy_pair),
    by_echo=(MN_ID, HI, ATT, LLID),
)
def options_echoed(step: Step) -> Verdict | None:
    """The options that identify a registration come back unchanged.

    Why it matters: a MAG must ignore an answer in which one of them differs, and must not even
    send the request again.

    The RFC: section 5.3.6: each field "MUST be copied from" the option in the PBU; section
    6.9.1.2: the LMA "is expected to echo back all these listed options and with the same option
    values".

    Example: the PBU has HI 1, the PBA HI 4, the LMA's own view of the handoff.

    How to mend: copy options 8, 23, 24 and 25 from the request, whatever the status.
    """
    request, reply = pair(step)
    judged = False
    for given in reply.options:
        fields = _ECHOED.get(type(given))
        asked = None if fields is None else request.first(type(given))
        if fields is None or asked is None:
            continue
        judged = True
        if asked == given or all(getattr(asked, name) == getattr(given, name) for name in fields):
            continue
        return fail(
            f"{MOBILITY_OPTIONS.name(given.number)} is {_value(given, fields[0])} in the PBA and"
            f" {_value(asked, fields[0])} in the PBU",
            option=given,
            field=fields[0],
            evidence=request_evidence(step),
        )
    return PASS if judged else None


def _value(option: Option, field: str) -> str:
    if isinstance(option, MnIdentifier):
        return str(option.identity)
    value = getattr(option, field)
    return value.hex() if isinstance(value, bytes) else str(value)


# ------------------------------------------------------------------------ home network prefixes


def _listed(prefixes: Iterable[Prefix]) -> str:
    return ", ".join(sorted(map(str, prefixes))) or "none"


def _not_for_ipv4_alone(shape: Shape) -> Need:
    asked = shape.asked or frozenset()
    is_for_ipv4_alone = IPV4_REQUEST in asked and HNP not in asked and IPV4_REPLY in shape.numbers
    return only_if(shape.is_proxy_pair and not is_for_ipv4_alone)


@rule("RFC5213-5.3.6-HNP-PRESENT", on=REPLY, unless=HNP, given=_not_for_ipv4_alone)
def prefix_in_reply(step: Step) -> Verdict | None:
    """A PBA has a Home Network Prefix option.

    Why it matters: without a prefix the MAG has nothing to advertise on the access link.

    The RFC: section 5.3.6: "At least one Home Network Prefix option MUST be present." RFC 5844
    section 3.1.2.6 leaves it out where only an IPv4 address was asked for and is returned.

    Example: a PBA that rejects with status 130 and leaves the prefix of the request out.

    How to mend: return the assigned prefixes, or those of the request if it is rejected.
    """
    found = _complete_pair(step)
    if found is None:
        return None
    request, reply, acknowledgement = found
    ipv4_only = request.has(IPV4_REQUEST) and not request.has(HNP)
    if (ipv4_only and reply.has(IPV4_REPLY)) or is_for_group(request):
        return None
    return fail(
        f"the PBA with status {acknowledgement.status} has no Home Network Prefix option (22)",
        evidence=request_evidence(step),
    )


@rule(
    "RFC5213-5.3.6-HNP-REJECT",
    on=REPLY,
    options=HNP,
    given=lambda shape: only_if(shape.is_proxy_pair and shape.rejects),
)
def prefixes_of_rejection(step: Step) -> Verdict | None:
    """A rejecting PBA returns the prefixes of the request.

    Why it matters: by the prefixes the MAG knows which of its requests was refused, and a foreign
    one must not look assigned.

    The RFC: section 5.3.6: on rejection "all the Home Network Prefix options that were present in
    the request (along with their prefix values) MUST be present in the reply."

    Example: a request for 2001:db8:1::/64 is rejected with ::/0.

    How to mend: copy all options 22 of the request; without any, send one with ALL_ZERO.
    """
    request, reply = pair(step)
    if request.defects or reply.defects:
        return None
    given = prefixes_of(reply)
    first = given[0] if given else None
    status = acknowledgement_of(reply).status
    text = f"prefixes {_listed(o.prefix for o in given)} with status {status}"
    if not request.has(HNP):
        if request.has(IPV4_REQUEST):
            return None
        if len(given) == 1 and given[0].prefix.is_all_zero:
            return PASS
        return fail(
            f"{text}; the PBU had no prefix, so one ALL_ZERO is due",
            option=first,
            evidence=request_evidence(step),
        )
    asked = [option.prefix for option in prefixes_of(request)]
    answered = [option.prefix for option in given]
    missing = [prefix for prefix in asked if prefix not in answered]
    added = [option for option in given if option.prefix not in asked]
    if missing:
        return fail(
            f"{text}; the PBU had {_listed(asked)}",
            option=added[0] if added else first,
            evidence=request_evidence(step),
        )
    if added or len(asked) != len(answered):
        return fail(
            f"{text}; the PBU had only {_listed(asked)}",
            option=added[0] if added else given[-1] if given else None,
            evidence=request_evidence(step),
            # The text demands the request's prefixes; of further ones it says nothing.
            severity=Severity.WARNING,
        )
    return PASS


@rule(
    "RFC5213-5.3.6-HNP-ACCEPT",
    on=REPLY,
    options=HNP,
    given=lambda shape: only_if(shape.is_proxy_pair and shape.accepts),
    kept_when=PREFIXES_RETURNED,
)
def prefixes_of_acceptance(step: Step) -> Verdict | None:
    """An accepting PBA returns the prefixes assigned, those asked for among them.

    Why it matters: the MAG advertises what the PBA says. ::/0 cannot be advertised, and a prefix
    that is left out takes the mobile node's address away.

    The RFC: section 5.3.6: "there MUST be a Home Network Prefix option for each of the assigned
    home network prefixes (for that mobility session), and with the prefix value in the option set
    to the allocated prefix value."

    Example: a request with ALL_ZERO is accepted with ALL_ZERO.

    How to mend: fill the options from the binding cache entry.
    """
    request, reply = pair(step)
    if request.defects or reply.defects:
        return None
    asks, assigns = registration(request), registration(reply)
    if not assigns.all_zero and asks.prefixes == assigns.prefixes:
        return PASS
    wanted = prefixes_of(request)
    given = prefixes_of(reply)
    for option in given:
        if option.home_network_prefix == ALL_ZERO:
            return fail(
                "accepted with a Home Network Prefix of ALL_ZERO",
                option=option,
                field="home_network_prefix",
                evidence=request_evidence(step),
            )
    if wanted == given or not wanted:
        return PASS
    asked = {option.prefix for option in wanted}
    answered = {option.prefix for option in given}
    if asked == answered or any(prefix.is_all_zero for prefix in asked):
        return PASS
    if asked - answered:
        return fail(
            f"accepted without {_listed(asked - answered)}, which the PBU asked for",
            option=given[0] if given else None,
            evidence=request_evidence(step),
        )
    return fail(
        f"accepted with {_listed(answered - asked)}, which the PBU did not ask for",
        option=next(option for option in given if option.prefix not in asked),
        evidence=request_evidence(step),
        severity=Severity.WARNING,
    )


# ---------------------------------------------------------------------- options that follow


def _follows(step: Step, number: int) -> Verdict | None:
    """Judge an option that has to be in both messages or in neither."""
    found = _complete_pair(step)
    if found is None:
        return None
    request, reply, _ = found
    asked, given = request.has(number), reply.has(number)
    if asked == given:
        return PASS if asked else None
    name = MOBILITY_OPTIONS.name(number)
    if asked:
        return fail(
            f"the PBU has the {name} option ({number}), the PBA has not",
            evidence=request_evidence(step),
        )
    return fail(
        f"the PBA has the {name} option ({number}), the PBU has not",
        option=_first(reply, number),
        evidence=request_evidence(step),
    )


@rule(
    "RFC5213-5.3.6-TS",
    on=REPLY,
    given=_in_both_or_neither(TIMESTAMP),
)
def timestamp_follows(step: Step) -> Verdict | None:
    """A Timestamp is in both PBU and PBA, or in neither.

    Why it matters: the MAG matches the answer by the timestamp; with a timestamp it never sent it
    cannot.

    The RFC: section 5.3.6: "The Timestamp option MUST be present only if the same option was
    present in the received Proxy Binding Update message and MUST NOT be present otherwise."

    Example: a PBU with option 27 is accepted by a PBA without.

    How to mend: copy option 27, and do not add one of your own.
    """
    return _follows(step, TIMESTAMP)


@rule(
    "RFC5213-5.3.6-LLID",
    on=REPLY,
    given=_in_both_or_neither(LLID),
)
def link_layer_identifier_follows(step: Step) -> Verdict | None:
    """An MN Link-layer Identifier is in both PBU and PBA, or in neither.

    Why it matters: a MAG may file its requests by the identifier.

    The RFC: section 5.3.6: the option "MUST be present only if the same option was present in the
    received Proxy Binding Update message and MUST NOT be present otherwise."

    Example: a PBU with option 25 is accepted by a PBA without.

    How to mend: copy option 25 of the request.
    """
    return _follows(step, LLID)


@rule(
    "RFC5213-5.3.6-LLA",
    on=REPLY,
    given=lambda shape: only_if(shape.is_proxy_pair and _in_any(shape, LLA)),
)
def link_local_address_follows(step: Step) -> Verdict | None:
    """A Link-local Address is in both PBU and PBA, with the value that is due.

    Why it matters: the MAG configures the address on the access link. It must be the same on every
    MAG, or the mobile node loses its default router at a handover.

    The RFC: section 5.3.6: on rejection, and where the request has a value, the address "from the
    request MUST be copied"; for ALL_ZERO the LMA "MUST generate the link-local address".

    Example: a request with ALL_ZERO is accepted with ALL_ZERO.

    How to mend: copy a value; for ALL_ZERO return the session's address, made once and kept.
    """
    verdict = _follows(step, LLA)
    if verdict is not PASS:
        return verdict
    request, reply = pair(step)
    asked, given = request.first(LinkLocalAddress), reply.first(LinkLocalAddress)
    both = bodies(step)
    if asked is None or given is None or both is None:
        return None
    accepted = both[1].status < 128
    if accepted and asked.address == ALL_ZERO:
        if given.address != ALL_ZERO:
            return PASS
        return fail(
            "a link-local address was asked for; the PBA accepts with ALL_ZERO",
            option=given,
            field="address",
            evidence=request_evidence(step),
        )
    if asked.address == given.address:
        return PASS
    return fail(
        f"link-local address {address_text(given.address)} instead of"
        f" {address_text(asked.address)} as in the PBU (status {both[1].status})",
        option=given,
        field="address",
        evidence=request_evidence(step),
    )


@rule(
    "RFC5213-5.5-TS-VALUE",
    on=REPLY,
    options=TIMESTAMP,
    given=lambda shape: only_if(shape.is_proxy_pair and shape.status not in TIMESTAMP_REFUSED),
    by_echo=TIMESTAMP,
)
def timestamp_returned(step: Step) -> Verdict | None:
    """A PBA returns the timestamp of a PBU that is valid.

    Why it matters: by the value the MAG matches the answer to its request; another one would tell
    it of a clock error that does not exist.

    The RFC: section 5.5: if the timestamp is valid, the LMA "MUST return the same timestamp value
    in the Timestamp option included in the Proxy Binding Acknowledgement message".

    Example: an accepting PBA with the LMA's own time of day.

    How to mend: copy option 27; send the LMA's time with status 156 and 157 only.
    """
    request, reply = pair(step)
    asked, given = request.first(Timestamp), reply.first(Timestamp)
    if asked is None or given is None:
        return None
    if asked.timestamp == given.timestamp:
        return PASS
    acknowledgement = acknowledgement_of(reply)
    seconds = (given.nanoseconds - asked.nanoseconds) / 1_000_000_000
    return fail(
        f"the Timestamp of the PBA (status {acknowledgement.status}) differs from the PBU's by"
        f" {seconds:+.6f} s",
        option=given,
        field="timestamp",
        evidence=request_evidence(step),
        # For a rejection the timestamp may not have been found valid before.
        severity=None if acknowledgement.accepted else Severity.WARNING,
    )


CHANCE = 1_000_000_000
"""Nanoseconds: a Timestamp so close to the time of capture may be the LMA's own."""


@rule(
    "RFC5213-5.5-TS-CURRENT",
    on=REPLY,
    options=TIMESTAMP,
    given=lambda shape: only_if(shape.is_proxy_pair and shape.status in TIMESTAMP_REFUSED),
)
def current_time_returned(step: Step) -> Verdict | None:
    """A PBA with status 156 or 157 carries the LMA's own time.

    Why it matters: the difference tells the operator whose clock is wrong.

    The RFC: section 5.5: "The message MUST also include the Timestamp option with the value set to
    the current time of day on the local mobility anchor."

    Example: a PBA with status 157 and the timestamp of the PBU.

    How to mend: fill option 27 with the time of day when the status is 156 or 157.
    """
    request, reply = pair(step)
    asked, given = request.first(Timestamp), reply.first(Timestamp)
    if asked is None or given is None:
        return None
    if asked.timestamp != given.timestamp:
        return PASS
    status = acknowledgement_of(reply).status
    text = f"status {status} with the Timestamp of the PBU"
    distance = None if reply.time is None else abs(reply.time - given.nanoseconds)
    if status == BindingStatus.TIMESTAMP_MISMATCH or distance is None or distance < CHANCE:
        return inconclusive(
            text,
            "the LMA's clock may have shown the same time by chance",
            option=given,
            field="timestamp",
            evidence=request_evidence(step),
        )
    return fail(text, option=given, field="timestamp", evidence=request_evidence(step))


# ----------------------------------------------------------------- statuses for what is missing


def _status_for(
    step: Step, missing: tuple[int, ...], due: int, before: dict[int, tuple[int, ...]]
) -> Verdict | None:
    """Judge the answer to a PBU without some options.

    `before` gives the statuses of earlier checks that the request would fail as well, with the
    options whose absence makes it fail them (RFC 5213 section 5.3.1, items 4 to 12).
    """
    found = _proxy_pair(step)
    if found is None or not complete(found[0]) or is_for_group(found[0]):
        return None
    request, _, acknowledgement = found
    if any(request.has(number) for number in missing):
        return None
    status = acknowledgement.status
    if status == due:
        return PASS
    name = MOBILITY_OPTIONS.name(missing[0])
    if status < 128:
        return fail(
            f"status {status} accepts a PBU without {name} option; {due} is due",
            field="status",
            evidence=request_evidence(step),
        )
    if status in before and not any(request.has(number) for number in before[status]):
        return PASS
    return fail(
        f"status {status} ({BINDING_STATUS.get(status, 'unknown')}) for a PBU without {name}"
        f" option; {due} is due unless an earlier check failed",
        field="status",
        evidence=request_evidence(step),
        severity=Severity.INFO,
    )


@rule(
    "RFC5213-5.3.1-STATUS-160",
    on=REPLY,
    given=_not_asked(MN_ID),
)
def status_missing_mn_identifier(step: Step) -> Verdict | None:
    """A PBU without the MN Identifier option is rejected with status 160.

    Why it matters: an LMA that accepts it has a binding of nobody, which nobody can remove.

    The RFC: section 5.3.1: the LMA "MUST reject the request and send a Proxy Binding
    Acknowledgement message with Status field set to MISSING_MN_IDENTIFIER_OPTION".

    Example: a PBU without option 8 is accepted with status 0.

    How to mend: check for option 8 first, right behind authentication.
    """
    return _status_for(step, (MN_ID,), BindingStatus.MISSING_MN_IDENTIFIER_OPTION, {})


@rule(
    "RFC5213-5.3.1-STATUS-158",
    on=REPLY,
    given=_not_asked(HNP, IPV4_REQUEST),
)
def status_missing_prefix(step: Step) -> Verdict | None:
    """A PBU without a Home Network Prefix option is rejected with status 158.

    Why it matters: the MAG learns what its request lacks; an LMA that guesses hides the fault.

    The RFC: section 5.3.1: the LMA "MUST reject the request and send a Proxy Binding
    Acknowledgement message with the Status field set to MISSING_HOME_NETWORK_PREFIX_OPTION". RFC
    5844 lets option 36 stand in for the prefix.

    Example: a PBU without options 22 and 36 is accepted, with a prefix of the LMA's choice.

    How to mend: assign a prefix only where option 22 asks for one.
    """
    return _status_for(
        step,
        (HNP, IPV4_REQUEST),
        BindingStatus.MISSING_HOME_NETWORK_PREFIX_OPTION,
        {BindingStatus.MISSING_MN_IDENTIFIER_OPTION: (MN_ID,)},
    )


@rule(
    "RFC5213-5.3.1-STATUS-161",
    on=REPLY,
    given=_not_asked(HI),
)
def status_missing_handoff_indicator(step: Step) -> Verdict | None:
    """A PBU without the Handoff Indicator option is rejected with status 161.

    Why it matters: without the indicator the LMA cannot know whether to create a session or to
    move one.

    The RFC: section 5.3.1: the LMA "MUST reject the request and send a Proxy Binding
    Acknowledgement message with the Status field set to MISSING_HANDOFF_INDICATOR_OPTION".

    Example: a PBU without option 23 is accepted with status 0.

    How to mend: check for option 23 behind the check for a prefix.
    """
    return _status_for(
        step,
        (HI,),
        BindingStatus.MISSING_HANDOFF_INDICATOR_OPTION,
        {
            BindingStatus.MISSING_MN_IDENTIFIER_OPTION: (MN_ID,),
            BindingStatus.MISSING_HOME_NETWORK_PREFIX_OPTION: (HNP, IPV4_REQUEST),
        },
    )


@rule(
    "RFC5213-5.3.1-STATUS-162",
    on=REPLY,
    given=_not_asked(ATT),
)
def status_missing_access_technology(step: Step) -> Verdict | None:
    """A PBU without the Access Technology Type option is rejected with status 162.

    Why it matters: without it the LMA cannot tell the interfaces of a mobile node apart.

    The RFC: section 5.3.1: the LMA "MUST reject the request and send a Proxy Binding
    Acknowledgement message with the Status field set to MISSING_ACCESS_TECH_TYPE_OPTION".

    Example: a PBU without option 24 is accepted with status 0.

    How to mend: check for option 24 behind the check for option 23.
    """
    return _status_for(
        step,
        (ATT,),
        BindingStatus.MISSING_ACCESS_TECH_TYPE_OPTION,
        {
            BindingStatus.MISSING_MN_IDENTIFIER_OPTION: (MN_ID,),
            BindingStatus.MISSING_HOME_NETWORK_PREFIX_OPTION: (HNP, IPV4_REQUEST),
            BindingStatus.MISSING_HANDOFF_INDICATOR_OPTION: (HI,),
        },
    )


# --------------------------------------------------------------------- statuses of acceptances


@rule(
    "RFC5213-5.3.5-DEREG-STATUS",
    on=REPLY,
    given=lambda shape: only_if(shape.is_deregistration and shape.accepts),
)
def status_of_deregistration(step: Step) -> Verdict | None:
    """A de-registration that is accepted has status 0.

    Why it matters: other statuses of acceptance speak of a binding that goes on.

    The RFC: section 5.3.5: the LMA "MUST send the Proxy Binding Acknowledgement message with the
    Status field set to 0 (Proxy Binding Update Accepted)."

    Example: a de-registration is answered with status 1.

    How to mend: answer 0 to every de-registration that is accepted.
    """
    both = bodies(step)
    if both is None or not both[0].proxy or both[0].lifetime != 0 or both[1].status >= 128:
        return None
    if both[1].status == 0:
        return PASS
    return fail(
        f"status {both[1].status} accepts a de-registration",
        field="status",
        evidence=request_evidence(step),
    )


_EXTENSION_OF_STATUS = {2: 33, 3: 33, 4: 35, 5: 35, 6: 43}
"""Statuses of acceptance that an option of the request brings into play (RFC 5845, 5648, 6058)."""


def _status_zero(step: Step) -> Verdict | None:
    request, reply = pair(step)
    status = acknowledgement_of(reply).status
    extension = _EXTENSION_OF_STATUS.get(status)
    if status == 0 or (extension is not None and request.has(extension)):
        return PASS
    if extension is not None and not complete(request):
        return None
    return fail(
        f"status {status} ({BINDING_STATUS.get(status, 'unassigned')}) where 0 is due",
        field="status",
        evidence=request_evidence(step),
    )


def _from_same_address(step: Step) -> bool:
    """Tell whether the binding was known by the care-of address that the request has."""
    binding = step.binding_before
    return (
        binding is not None
        and binding.lifetime is not None
        and binding.care_of_address == care_of_address(pair(step)[0])
    )


@rule(
    "RFC5213-5.3.2-STATUS0",
    on=REPLY,
    given=_accepting(ExchangeKind.INITIAL, ExchangeKind.ADD_PATH),
)
def status_of_initial_registration(step: Step) -> Verdict | None:
    """An initial registration that is accepted has status 0.

    Why it matters: statuses 1 to 127 come with extensions that the MAG did not ask for.

    The RFC: section 5.3.2: the LMA "MUST send the Proxy Binding Acknowledgement message with the
    Status field set to 0 (Proxy Binding Update Accepted)."

    Example: status 1, accepted but prefix discovery necessary, which is for mobile nodes.

    How to mend: answer 0, unless an option of the request brings a status of its own.
    """
    return _status_zero(step)


@rule(
    "RFC5213-5.3.3-STATUS0",
    on=REPLY,
    given=_accepting(ExchangeKind.REFRESH, ExchangeKind.BULK, ExchangeKind.OVERWRITE),
)
def status_of_lifetime_extension(step: Step) -> Verdict | None:
    """A lifetime extension that is accepted has status 0.

    Why it matters: statuses 1 to 127 come with extensions that the MAG did not ask for.

    The RFC: section 5.3.3: the LMA "MUST send the Proxy Binding Acknowledgement message with the
    Status field set to 0 (Proxy Binding Update Accepted)."

    Example: a refresh from the same care-of address is answered with status 1.

    How to mend: answer 0, unless an option of the request brings a status of its own.
    """
    exchange = step.exchange
    is_refresh = exchange is not None and exchange.kind is ExchangeKind.REFRESH
    return _status_zero(step) if is_refresh or _from_same_address(step) else None


@rule(
    "RFC5213-5.3.4-STATUS0",
    on=REPLY,
    given=_accepting(ExchangeKind.HANDOVER, ExchangeKind.COA_CHANGE),
)
def status_of_handoff(step: Step) -> Verdict | None:
    """A handoff that is accepted has status 0.

    Why it matters: statuses 1 to 127 come with extensions that the MAG did not ask for.

    The RFC: section 5.3.4: the LMA "MUST send the Proxy Binding Acknowledgement message with the
    Status field set to 0 (Proxy Binding Update Accepted)."

    Example: a PBU from the new MAG is answered with status 1.

    How to mend: answer 0, unless an option of the request brings a status of its own.
    """
    return _status_zero(step)
