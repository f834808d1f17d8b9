"""Rules of RFC 5213 on the Proxy Binding Update, and on options that both messages share."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from pmiptrace.address import (
    address_text,
    is_global_unicast,
    is_link_local,
    is_multicast,
    is_unspecified,
)
from pmiptrace.model import Message, Option, Severity, Step, option_number
from pmiptrace.rules.look import (
    blame,
    complete,
    find,
    message_of,
    option_reserved,
    pair,
    prefixes_of,
    same,
    update_of,
)
from pmiptrace.rules.rule import EACH, FIRST, PASS, RuleOptions, Verdict, fail, only_if, rule
from pmiptrace.rules.situation import ADDRESSES_IN_ORDER, FIXED_PART_IN_ORDER, HEADER_IN_ORDER
from pmiptrace.track.classify import is_for_group
from pmiptrace.wire.codes import ACCESS_TECHNOLOGY, HANDOFF_INDICATOR, HandoffIndicatorValue
from pmiptrace.wire.option import MOBILITY_OPTIONS
from pmiptrace.wire.options.rfc5213 import (
    AccessTechnologyType,
    HandoffIndicator,
    HomeNetworkPrefix,
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

PROXY_ONLY = (HNP, HI, ATT, 63, 64)
"""Options that exist for proxy registrations only; 6 and 27 have other uses."""

SINGLE = (MN_ID, HI, ATT, LLID, LLA, TIMESTAMP)
"""Options of which a PBU or PBA has at most one (RFC 5213 sections 8.1 and 8.2)."""


# ----------------------------------------------------------------------------- flags, options


@rule("RFC5213-6.9.1.5-A-FLAG", on="PBU", kept_when=FIXED_PART_IN_ORDER)
def acknowledge_flag(step: Step) -> Verdict | None:
    """The A flag of a PBU is 1.

    Why it matters: without it the LMA need not answer, and the MAG never learns the prefix.

    The RFC: section 6.9.1.5, figure 12: "P & A flags MUST be set to value 1".

    Example: a PBU with flags 0x0200.

    How to mend: set both flags in every PBU, de-registrations included.
    """
    if update_of(message_of(step)).acknowledge:
        return PASS
    return fail("A=0 in the PBU", field="acknowledge")


@rule("RFC5213-8.1-P-FLAG", on="BU", options=PROXY_ONLY)
def proxy_flag(step: Step) -> Verdict | None:
    """A proxy registration has the P flag set.

    Why it matters: without P the LMA treats the message as a mobile node's own Binding Update and
    looks for a Home Address option that is not there.

    The RFC: section 8.1: "The flag MUST be set to the value of 1 for proxy registrations".

    Example: a Binding Update with Handoff Indicator and Access Technology Type options and P=0.

    How to mend: set P in every message that a MAG sends on behalf of a mobile node.
    """
    message = message_of(step)
    found = [option_number(o) for o in message.options if option_number(o) in PROXY_ONLY]
    listed = ", ".join(map(str, dict.fromkeys(found)))
    return fail(f"P=0 with options of a proxy registration ({listed})", field="proxy")


@rule("RFC5213-6.9.1.1-MNID", on="PBU", unless=MN_ID)
def mn_identifier_present(step: Step) -> Verdict | None:
    """A PBU has the MN Identifier option.

    Why it matters: the LMA cannot tell whose binding is meant, and answers with status 160.

    The RFC: section 6.9.1.1: "The Proxy Binding Update message MUST include the Mobile Node
    Identifier option".

    Example: a PBU whose options begin with the Home Network Prefix.

    How to mend: send the identifier that the mobile node authenticated with.
    """
    return _missing(step, "MN Identifier option (8)")


@rule("RFC5213-6.9.1.1-HNP", on="PBU", unless=(HNP, IPV4_REQUEST))
def home_network_prefix_present(step: Step) -> Verdict | None:
    """A PBU has a Home Network Prefix option.

    Why it matters: the LMA rejects the request with status 158.

    The RFC: section 6.9.1.1: "The Home Network Prefix option(s) MUST be present in the Proxy
    Binding Update message." An IPv4 Home Address Request option can stand in for it (RFC 5844).

    Example: an initial PBU that leaves the option out to ask for any prefix.

    How to mend: ask for a prefix by one option with the value ALL_ZERO.
    """
    return _missing(
        step, "Home Network Prefix option (22) or IPv4 Home Address Request option (36)"
    )


@rule("RFC5213-6.9.1.1-HI", on="PBU", unless=HI)
def handoff_indicator_present(step: Step) -> Verdict | None:
    """A PBU has the Handoff Indicator option.

    Why it matters: the LMA cannot tell a new session from a handover, and answers with status 161.

    The RFC: section 6.9.1.1: "The Handoff Indicator option MUST be present in the Proxy Binding
    Update message."

    Example: a refresh that was cut down to the MN Identifier and the prefix.

    How to mend: send the option in every PBU; 4 stands for an unknown handoff state.
    """
    return _missing(step, "Handoff Indicator option (23)")


@rule("RFC5213-6.9.1.1-ATT", on="PBU", unless=ATT)
def access_technology_present(step: Step) -> Verdict | None:
    """A PBU has the Access Technology Type option.

    Why it matters: the LMA tells the interfaces of a mobile node apart by it, and answers with
    status 162.

    The RFC: section 6.9.1.1: "The Access Technology Type option MUST be present in the Proxy
    Binding Update message."

    Example: a PBU with a Handoff Indicator and no access technology.

    How to mend: send the type of the mobile node's access link in every PBU.
    """
    return _missing(step, "Access Technology Type option (24)")


def _missing(step: Step, what: str) -> Verdict | None:
    message = message_of(step)
    if not complete(message) or is_for_group(message):
        return None
    return fail(f"the {message.kind} has no {what}")


@rule("RFC5213-6.9.1.1-HNP-ZERO-ONCE", on="PBU", options=HNP, repeated=True)
def all_zero_prefix_once(step: Step) -> Verdict | None:
    """A Home Network Prefix option of ALL_ZERO is the only one.

    Why it matters: ALL_ZERO asks for an assignment and a prefix asks for that prefix; the LMA
    cannot do both in one session.

    The RFC: section 6.9.1.1: with a prefix value of ALL_ZERO "there MUST be only one instance of
    the Home Network prefix option in the request."

    Example: a PBU with ::/0 and 2001:db8:1::/64.

    How to mend: send ALL_ZERO alone, or every wanted prefix and no ALL_ZERO.
    """
    message = message_of(step)
    options = prefixes_of(message)
    zero = [option for option in options if option.prefix.is_all_zero]
    if not zero:
        return PASS
    return fail(
        f"ALL_ZERO among {message.count(HNP)} Home Network Prefix options",
        option=zero[0],
        field="home_network_prefix",
    )


@rule("RFC5213-8.1-OPT-ONCE", on=("PBU", "PBA"), options=SINGLE, repeated=True)
def options_once(step: Step) -> Verdict | None:
    """The options that identify and order a registration stand once.

    Why it matters: of two values receivers take the first or the last, and disagree.

    The RFC: section 8.1, and 8.2 for the PBA: "there cannot be more than one instance of any of
    the following options." The Home Network Prefix option is listed there too, against the
    sentence before, and is not judged.

    Example: a PBU with two Timestamp options.

    How to mend: build the list of options anew for every message.
    """
    message = message_of(step)
    numbers = [option_number(option) for option in message.options]
    for number in SINGLE:
        if numbers.count(number) < 2:
            continue
        second = [o for o in message.options if option_number(o) == number][1]
        verdict = blame(
            step,
            second,
            f"{numbers.count(number)} {MOBILITY_OPTIONS.name(number)} options in the"
            f" {message.kind}",
            _as_often(step, number),
        )
        if verdict is not None:
            return verdict
    return None


def _as_often(step: Step, number: int) -> Callable[[Option, Option], bool]:
    def agree(one: Option, other: Option) -> bool:
        request, reply = pair(step)
        return request.count(number) == reply.count(number)

    return agree


# --------------------------------------------------------------------------- values of options


@rule("RFC5213-8.4-HI-RANGE", on="PBU", options=HI, by_content=FIRST)
def handoff_indicator_range(step: Step) -> Verdict | None:
    """The Handoff Indicator is an assigned value.

    Why it matters: by the value the LMA decides between a new session and a handover; for another
    one it has no rule.

    The RFC: section 8.4 defines 1 to 5, RFC 7864 section 3.2.1 adds 6; 0 is reserved.

    Example: HI 0 in an initial PBU.

    How to mend: use 1 for a new attachment, 2 or 3 for a handover that is known to be one, 5 for a
    re-registration, else 4.
    """
    option = find(step, HandoffIndicator)
    if option is None:
        return None
    if option.indicator in HANDOFF_INDICATOR and option.indicator:
        return PASS
    word = "unassigned" if option.indicator else "reserved"
    return fail(f"HI {option.indicator} is {word}", option=option, field="indicator")


@rule("RFC5213-8.5-ATT-RANGE", on="PBU", options=ATT, by_content=FIRST)
def access_technology_range(step: Step) -> Verdict | None:
    """The Access Technology Type is an assigned value.

    Why it matters: the LMA keys sessions by it; a value that means nothing makes two interfaces
    look like one.

    The RFC: section 8.5: the values are managed by IANA, and "0: Reserved".

    Example: ATT 0, because the access type was never configured.

    How to mend: set the value that IANA assigns to the access link, such as 4 for WLAN.
    """
    option = find(step, AccessTechnologyType)
    if option is None:
        return None
    value = option.access_technology
    if value in ACCESS_TECHNOLOGY and value:
        return PASS
    if value == 0:
        return fail("ATT 0 is reserved", option=option, field="access_technology")
    return fail(
        f"ATT {value} is unassigned; or is the registry newer than this program?",
        option=option,
        field="access_technology",
        severity=Severity.INFO,
    )


@rule("RFC5213-8.3-RESERVED", on=("PBU", "PBA", "BRI", "BRA"), options=HNP, by_content=EACH)
def prefix_reserved(step: Step) -> Verdict | None:
    """The reserved bits of the Home Network Prefix option are zero.

    Why it matters: a later use of the bits would take the noise for a value. RFC 7864 did so: the
    highest bit of the octet is its L flag now, and free.

    The RFC: section 8.3, Reserved: "The value MUST be initialized to 0 by the sender".

    Example: ``16 12 01 40 2001...``, with 1 in front of the prefix length.

    How to mend: write 0 behind Length.
    """
    return option_reserved(step, HomeNetworkPrefix)


@rule("RFC5213-8.4-RESERVED", on=("PBU", "PBA"), options=HI, by_content=EACH)
def handoff_indicator_reserved(step: Step) -> Verdict | None:
    """The reserved octet of the Handoff Indicator option is zero.

    Why it matters: a sender that swaps the two octets announces HI 0 to every receiver.

    The RFC: section 8.4, Reserved: "The value MUST be initialized to 0 by the sender".

    Example: ``17 02 01 00``, where the indicator stands in the reserved octet.

    How to mend: write 0 first, then the indicator.
    """
    return option_reserved(step, HandoffIndicator)


@rule("RFC5213-8.5-RESERVED", on=("PBU", "PBA"), options=ATT, by_content=EACH)
def access_technology_reserved(step: Step) -> Verdict | None:
    """The reserved octet of the Access Technology Type option is zero.

    Why it matters: a sender that swaps the two octets announces ATT 0 to every receiver.

    The RFC: section 8.5, Reserved: "The value MUST be initialized to 0 by the sender".

    Example: ``18 02 04 00``, where the type stands in the reserved octet.

    How to mend: write 0 first, then the type.
    """
    return option_reserved(step, AccessTechnologyType)


@rule("RFC5213-8.6-RESERVED", on=("PBU", "PBA"), options=LLID, by_content=EACH)
def link_layer_identifier_reserved(step: Step) -> Verdict | None:
    """The reserved field of the MN Link-layer Identifier option is zero.

    Why it matters: a sender that leaves the field out puts the first two octets of the identifier
    there, and every receiver loses them.

    The RFC: section 8.6, Reserved: "The value MUST be initialized to 0 by the sender".

    Example: ``19 06 02 00 5e 10 00 01``, an Ethernet address right behind Length.

    How to mend: write two zero octets, then the identifier, and count both in Length.
    """
    return option_reserved(step, MnLinkLayerIdentifier)


@rule("RFC5213-6.9.1.1-LLID-ZERO", on="PBU", options=LLID, by_content=FIRST)
def link_layer_identifier_not_zero(step: Step) -> Verdict | None:
    """A PBU does not carry a link-layer identifier of zeros.

    Why it matters: the LMA compares the identifier to find the session; all mobile nodes without
    one would look like the same interface.

    The RFC: section 6.9.1.1: if the identifier is not known "or if the identifier value is
    ALL_ZERO, this option MUST NOT be present."

    Example: option 25 with 00:00:00:00:00:00.

    How to mend: leave the option out until the address is known.
    """
    option = find(step, MnLinkLayerIdentifier)
    if option is None or not option.identifier:
        return None
    if any(option.identifier):
        return PASS
    return fail(
        f"link-layer identifier of {len(option.identifier)} zero octets",
        option=option,
        field="identifier",
    )


@rule("RFC5213-8.7-LLA", on=("PBU", "PBA"), options=LLA, by_content=FIRST)
def link_local_address(step: Step) -> Verdict | None:
    """The Link-local Address option carries a link-local address, or ALL_ZERO.

    Why it matters: the MAG configures the address on the access link, where no other one works as
    a default router.

    The RFC: section 8.7: a field "containing the link-local address"; ALL_ZERO asks the LMA for
    one (section 6.9.1.1).

    Example: option 26 with 2001:db8::1.

    How to mend: generate an address out of fe80::/10.
    """
    option = find(step, LinkLocalAddress)
    if option is None:
        return None
    if is_unspecified(option.address) or is_link_local(option.address):
        return PASS
    return blame(
        step,
        option,
        f"{address_text(option.address)} is no link-local address",
        same("address"),
        field="address",
    )


@rule("RFC5213-8.3-PREFIXLEN", on=("PBU", "PBA"), options=HNP, by_content=EACH)
def prefix_length(step: Step) -> Verdict | None:
    """A home network prefix ends where its length says.

    Why it matters: what stands behind the length is cut off by one implementation and compared by
    another, so that the same prefix is two.

    The RFC: section 8.3: Prefix Length is "the prefix length of the IPv6 prefix contained in the
    option"; an IPv6 prefix has up to 128 bits.

    Example: 2001:db8:1::1 with length 64.

    How to mend: clear the bits behind the length. ALL_ZERO can have any length.
    """
    seen = False
    for option in message_of(step).options:
        if type(option) is not HomeNetworkPrefix:
            continue
        seen = True
        problem = _prefix_problem(option.home_network_prefix, option.prefix_length)
        if problem:
            return blame(
                step,
                option,
                problem,
                same("home_network_prefix", "prefix_length"),
                field="prefix_length",
            )
    return PASS if seen else None


@lru_cache(maxsize=4096)
def _prefix_problem(address: bytes, length: int) -> str | None:
    if is_unspecified(address):
        return None
    if length > 128:
        return f"prefix length {length} exceeds 128"
    if length == 0:
        return f"prefix {address_text(address)} with length 0"
    if int.from_bytes(address) & (1 << 128 - length) - 1:
        return f"{address_text(address)}/{length} has bits set behind its length"
    return None


@rule(
    "RFC5213-6.9.1.4-HI4",
    on="PBU",
    options=HI,
    given=lambda shape: only_if(shape.is_deregistration),
    by_content=FIRST,
)
def deregistration_handoff_indicator(step: Step) -> Verdict | None:
    """A de-registration has Handoff Indicator 4.

    Why it matters: with another value an LMA may take the de-registration for part of a handover
    and keep the binding.

    The RFC: section 6.9.1.4: "The Handoff Indicator field in the Handoff Indicator option MUST be
    set to a value of 4 (Handoff state unknown)."

    Example: a PBU with Lifetime 0 and the HI 5 of the refreshes before it.

    How to mend: set HI 4 where Lifetime is 0.
    """
    message = message_of(step)
    option = message.first(HandoffIndicator)
    if option is None or update_of(message).lifetime != 0:
        return None
    if option.indicator == HandoffIndicatorValue.UNKNOWN:
        return PASS
    return fail(
        f"HI {option.indicator} in a de-registration (Lifetime 0)",
        option=option,
        field="indicator",
    )


# ---------------------------------------------------------------------------------- addresses


@rule("RFC5213-6.9.1.5-SRC", on="PBU", kept_when=ADDRESSES_IN_ORDER)
def global_source(step: Step) -> Verdict | None:
    """The source address of a PBU is a global one.

    Why it matters: it is the Proxy-CoA, to which the LMA answers and builds the tunnel.

    The RFC: section 6.9.1.5: the source "MUST be set to the global address configured on the
    egress interface of the mobile access gateway."

    Example: a PBU from fe80::1.

    How to mend: bind the signalling socket to the interface's global or unique local address.
    """
    source = message_of(step).source
    if is_global_unicast(source):
        return PASS
    return fail(f"the PBU comes from {address_text(source)}, which is no global unicast address")


@rule("RFC5213-6.9.1.5-DST", on="PBU", kept_when=ADDRESSES_IN_ORDER)
def unicast_destination(step: Step) -> Verdict | None:
    """A PBU goes to the address of an LMA, not to a multicast group.

    Why it matters: every LMA of the group would create a binding.

    The RFC: section 6.9.1.5: the destination "MUST be set to the local mobility anchor address."

    Example: a PBU to ff02::1.

    How to mend: configure the LMA's unicast or anycast address.
    """
    destination = message_of(step).destination
    if not is_multicast(destination):
        return PASS
    return fail(f"the PBU goes to the multicast address {address_text(destination)}")


@rule("RFC5213-6.9.1.5-NO-HOA", on="PBU", kept_when=HEADER_IN_ORDER)
def no_home_address(step: Step) -> Verdict | None:
    """A PBU carries no Home Address destination option.

    Why it matters: the option says that the packet comes from the mobile node itself, and changes
    the addresses of the checksum and of IPsec.

    The RFC: section 6.9.1.5: the Home Address option "MUST NOT be present in the IPv6 Destination
    Options extension header of the Proxy Binding Update message."

    Example: a MAG made from a Mobile IPv6 client that still adds the option.

    How to mend: name the mobile node by option 8 and the prefix by option 22 alone.
    """
    address = message_of(step).datagram.home_address
    if address is None:
        return PASS
    return fail(f"the PBU has a Home Address option with {address_text(address)}")


# ------------------------------------------------------------------------------ off by default


@rule("RFC5213-4-IPSEC", on=("PBU", "PBA"), configured="ipsec", once="capture")
def protected_signalling(step: Step, options: RuleOptions) -> Verdict | None:
    """Signalling is protected by IPsec; off by default, and reported once per capture.

    Why it matters: whoever can send an unprotected PBU can take over a mobile node's traffic.

    The RFC: section 4: the signaling messages "MUST be protected using end-to-end security
    association(s) offering integrity and data origin authentication."

    Example: PBUs in clear text between two data centres.

    How to mend: set up ESP in transport mode between MAG and LMA. A capture behind the decryption,
    or on the host itself, shows clear text too.
    """
    if _is_protected(message_of(step)):
        return PASS
    return fail("PBU and PBA without ESP or AH in this capture")


def _is_protected(message: Message) -> bool:
    datagram = message.datagram
    return datagram.protected or any("ESP" in header.upper() for header in datagram.encapsulation)


@rule("RFC5213-5.5-TS-WINDOW", on="PBU", options=TIMESTAMP, configured="trust_clock")
def timestamp_window(step: Step, options: RuleOptions) -> Verdict | None:
    """The Timestamp of a PBU is near the time of capture; off unless that clock is trusted.

    Why it matters: an LMA whose clock is right rejects the PBU with status 156.

    The RFC: section 5.5: the timestamp MUST be "close enough (within TimestampValidityWindow
    amount of time difference) to the local mobility anchor's time-of-day clock."

    Example: a PBU captured at 12:00:00 with a Timestamp of 11:59:58.

    How to mend: synchronise the clocks of MAGs and LMAs to one source.
    """
    message = message_of(step)
    option = message.first(Timestamp)
    if option is None or message.time is None:
        return None
    difference = option.nanoseconds - message.time
    if abs(difference) <= options.timestamp_window:
        return PASS
    seconds = abs(difference) / 1_000_000_000
    return fail(
        f"the Timestamp is {seconds:.3f} s {'ahead of' if difference > 0 else 'behind'} the"
        f" capture's clock; the window is {options.timestamp_window / 1_000_000:g} ms",
        option=option,
        field="timestamp",
    )
