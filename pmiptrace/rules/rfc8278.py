"""Rules of RFC 8278 section 4: the MAG Multipath Binding and MAG Identifier options, status 180."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from pmiptrace.model import (
    Capability,
    ExchangeKind,
    OpaqueOption,
    Option,
    Prefix,
    SessionMode,
    Severity,
    Step,
    option_number,
    printable,
)
from pmiptrace.rules.look import (
    acknowledgement_of,
    blame,
    bodies,
    complete,
    find,
    is_reply,
    length_of,
    message_of,
    pair,
    prefixes_of,
    request_evidence,
    same,
    update_of,
)
from pmiptrace.rules.rule import (
    ANY,
    FIRST,
    PASS,
    REPLY,
    Verdict,
    fail,
    inconclusive,
    kept_if,
    only_if,
    rule,
)
from pmiptrace.wire.codes import ACCESS_TECHNOLOGY, MN_IDENTIFIER_SUBTYPE, BindingStatus
from pmiptrace.wire.options.rfc8278 import MagIdentifier, MagMultipathBinding

MULTIPATH = 63
MAG_ID = 64


_ECHOED = ("if_att", "if_label", "bid", "bulk", "overwrite")
_FIELD_NAMES = {
    "if_att": "If-ATT",
    "if_label": "If-Label",
    "bid": "BID",
    "bulk": "B",
    "overwrite": "O",
}


def _difference(asked: MagMultipathBinding, given: MagMultipathBinding) -> list[str]:
    """Name the fields, reserved ones apart, in which two options differ."""
    if asked == given:
        return []
    return [name for name in _ECHOED if getattr(asked, name) != getattr(given, name)]


def _spelled(names: list[str], asked: MagMultipathBinding, given: MagMultipathBinding) -> str:
    return ", ".join(
        f"{_FIELD_NAMES[name]} {int(getattr(asked, name))} in the PBU and"
        f" {int(getattr(given, name))} in the PBA"
        for name in names
    )


def _same_length(step: Step) -> Callable[[Option, Option], bool]:
    """Give a test of whether an option has the length of the first such option of the request."""

    def agree(one: Option, other: Option) -> bool:
        request, reply = pair(step)
        return length_of(reply, one) == length_of(request, other)

    return agree


# ------------------------------------------------------------------ 4.1 MAG Multipath Binding


@rule("RFC8278-4.1-BO-EXCLUSIVE", on=("PBU", "PBA"), options=MULTIPATH, by_content=FIRST)
def bulk_or_overwrite(step: Step) -> Verdict | None:
    """B and O of the MAG Multipath Binding option are not both 1.

    Why it matters: B extends the other bindings and O deletes them. Together they leave the LMA
    with no defined result, and two implementations will end in two states.

    The RFC: section 4.1, of B: "MUST NOT be set to a value of (1) if the value of the Registration
    Overwrite (O) flag is set to a value of (1)", and the same of O with regard to B.

    Example: a PBU with ``3f 06 08 0b 01 c0 00 00``, B=1 and O=1 for BID 1.

    How to mend: send O=1 to make this path the only one, or B=1 to refresh all of them.
    """
    option = find(step, MagMultipathBinding)
    if option is None:
        return None
    if not (option.bulk and option.overwrite):
        return PASS
    kind = message_of(step).kind
    return blame(
        step,
        option,
        f"B=1 and O=1 in the {kind} for BID {option.bid}",
        same("bulk", "overwrite"),
        field="overwrite",
    )


@rule(
    "RFC8278-4.1-O-DEREG",
    on="PBU",
    options=MULTIPATH,
    given=lambda shape: only_if(shape.is_deregistration),
    by_content=FIRST,
)
def overwrite_in_deregistration(step: Step) -> Verdict | None:
    """A de-registration does not ask to overwrite: O is 0 where Lifetime is 0.

    Why it matters: O replaces all bindings by this one, which is about to go. An LMA that obeys
    removes every path of the mobile node.

    The RFC: section 4.1: "This flag MUST be set to a value of (0) in De-Registration requests."

    Example: a PBU with Lifetime 0 and O=1 for BID 2, sent when the WLAN path went down.

    How to mend: clear O in every PBU with Lifetime 0.
    """
    message = message_of(step)
    option = message.first(MagMultipathBinding)
    if option is None or update_of(message).lifetime != 0:
        return None
    if not option.overwrite:
        return PASS
    return fail(
        f"O=1 in a de-registration (Lifetime 0) of BID {option.bid}",
        option=option,
        field="overwrite",
    )


@rule("RFC8278-4.1-MMB-RESERVED", on=("PBU", "PBA"), options=MULTIPATH, by_content=FIRST)
def multipath_reserved(step: Step) -> Verdict | None:
    """The 22 reserved bits of the MAG Multipath Binding option are zero.

    Why it matters: a later RFC may give these bits a meaning, and a peer that knows it will act
    on what is noise today.

    The RFC: section 4.1, Reserved: "The value MUST be set to zero (0) by the sender".

    Example: ``3f 06 08 0b 01 80 00 01``, where the last octet was not initialised.

    How to mend: clear the whole octet behind the BID, and the two after it, before setting B or O.
    """
    option = find(step, MagMultipathBinding)
    if option is None:
        return None
    if not option.reserved:
        return PASS
    return blame(
        step,
        option,
        f"reserved bits are 0x{option.reserved:06x} in the {message_of(step).kind}"
        f" for BID {option.bid}",
        same("reserved"),
        field="reserved",
    )


@rule("RFC8278-4.1-BID-RANGE", on=("PBU", "PBA"), options=MULTIPATH, by_content=FIRST)
def binding_identifier_range(step: Step) -> Verdict | None:
    """The Binding ID is one of 1 to 254.

    Why it matters: 0 and 255 are reserved. An LMA may take them for "no binding" or for "all
    bindings".

    The RFC: section 4.1, Binding Identifier: "The permitted values are 1 through 254."

    Example: a MAG that counts its interfaces from 0 registers the first one with BID 0.

    How to mend: number the paths from 1.
    """
    option = find(step, MagMultipathBinding)
    if option is None:
        return None
    if 0 < option.bid < 255:
        return PASS
    return blame(
        step,
        option,
        f"BID {option.bid} in the {message_of(step).kind}; 1 to 254 are permitted",
        same("bid"),
        field="bid",
    )


@rule("RFC8278-4.1-IFATT-RANGE", on=("PBU", "PBA"), options=MULTIPATH, by_content=FIRST)
def interface_att_range(step: Step) -> Verdict | None:
    """If-ATT is an assigned value of the Access Technology Type registry.

    Why it matters: traffic policies select paths by access technology; a path of no known kind
    matches none of them.

    The RFC: section 4.1, If-ATT: "The permitted values for this are from the Access Technology
    Type registry".

    Example: If-ATT 0, which is reserved, because the interface type was never configured.

    How to mend: set the value that IANA assigns to the WAN interface's technology, such as 4 for
    WLAN or 8 for LTE; 1 for a virtual interface.
    """
    option = find(step, MagMultipathBinding)
    if option is None:
        return None
    if option.if_att in ACCESS_TECHNOLOGY and option.if_att != 0:
        return PASS
    kind = message_of(step).kind
    if option.if_att == 0:
        return blame(
            step,
            option,
            f"If-ATT 0, which is reserved, in the {kind} for BID {option.bid}",
            same("if_att"),
            field="if_att",
        )
    return blame(
        step,
        option,
        f"If-ATT {option.if_att} in the {kind} for BID {option.bid} is unassigned;"
        " or is the registry newer than this program?",
        same("if_att"),
        field="if_att",
        severity=Severity.INFO,
    )


@rule("RFC8278-4.1-MMB-LENGTH", on=("PBU", "PBA"), options=MULTIPATH, by_content=FIRST)
def multipath_length(step: Step) -> Verdict | None:
    """The Length of the MAG Multipath Binding option is 6.

    Why it matters: a shorter option has no flags or no BID; of a longer one nobody knows what the
    additional octets mean.

    The RFC: section 4.1, figure 3, draws 8 octets, and Length counts them "excluding the Type and
    Length fields"; it gives no number.

    Example: ``3f 04 08 0b 01 00``, an option that ends behind its flags.

    How to mend: send 6 octets behind Length: If-ATT, If-Label, Binding ID, flags and two reserved
    octets.
    """
    message = message_of(step)
    decoded = message.first(MagMultipathBinding)
    if decoded is not None and not decoded.excess:
        return PASS
    for option in message.options:
        if option_number(option) != MULTIPATH:
            continue
        if type(option) is OpaqueOption or option.excess:
            length = length_of(message, option)
            return blame(
                step,
                option,
                f"Length {length} in the {message.kind}; figure 3 makes it 6",
                _same_length(step),
                field="length",
            )
    return PASS


@rule("RFC8278-4.1-MMB-DUP", on=("PBU", "PBA"), options=MULTIPATH, repeated=True)
def multipath_once(step: Step) -> Verdict | None:
    """A message carries the MAG Multipath Binding option once.

    Why it matters: with two options the message has two BIDs, and receivers differ in which one
    they take.

    The RFC: section 4.1 speaks of "the current CoA associated with the request" and of one option;
    it does not say what several would mean.

    Example: a MAG that tries to register two paths, BID 1 and BID 2, with one PBU.

    How to mend: send one PBU per path, each from its own care-of address.
    """
    message = message_of(step)
    bids = [option.bid for option in message.every(MagMultipathBinding)]
    return _repeated(
        step, MULTIPATH, f"{message.count(MULTIPATH)} MAG Multipath Binding options, BIDs {bids}"
    )


def _repeated(step: Step, number: int, text: str) -> Verdict | None:
    """Give the verdict on an option that stands more than once; an LMA may have copied that."""
    message = message_of(step)
    second = [option for option in message.options if option_number(option) == number][1]
    return blame(
        step,
        second,
        f"{text} in the {message.kind}",
        lambda one, other: pair(step)[0].count(number) == message.count(number),
    )


@rule(
    "RFC8278-4.1-CTX",
    on=ANY,
    options=(MULTIPATH, MAG_ID),
    given=lambda shape: kept_if(shape.kind in ("PBU", "PBA")),
)
def multipath_context(step: Step) -> Verdict | None:
    """Options 63 and 64 stand in a PBU or PBA only.

    Why it matters: no other message has a meaning for them, so that whatever the sender intends
    does not happen.

    The RFC: sections 4.1 and 4.2: each is "a new mobility header option defined for use with PBU
    and PBA messages".

    Example: a MAG forgets the P flag, so that its PBU with option 63 is a plain Binding Update.

    How to mend: set the P flag, or leave the options out.
    """
    message = message_of(step)
    if message.kind in ("PBU", "PBA"):
        return PASS
    option = next(o for o in message.options if option_number(o) in (MULTIPATH, MAG_ID))
    return fail(
        f"option {option_number(option)} in a {message.kind}",
        option=option,
        # An update notification may carry any mobility option (RFC 7077 section 4.1).
        severity=Severity.INFO if message.kind in ("UPN", "UPA") else None,
    )


@rule(
    "RFC8278-4.1-B-DEREG",
    on="PBU",
    options=MULTIPATH,
    given=lambda shape: only_if(shape.is_deregistration),
    by_content=FIRST,
)
def bulk_deregistration(step: Step) -> Verdict | None:
    """A de-registration with B=1 is pointed out.

    Why it matters: the RFC defines B for the lifetime of all bindings and does not say what it
    means with Lifetime 0. One LMA may remove all paths, another only this one.

    The RFC: section 4.1, of B: "a request to update the binding lifetime of all the mobile node's
    bindings". It is not forbidden where the lifetime is 0.

    Example: a PBU with Lifetime 0 and B=1 for BID 1, to take all paths down at once.

    How to mend: de-register each path with a PBU of its own and B=0.
    """
    message = message_of(step)
    option = message.first(MagMultipathBinding)
    if option is None or update_of(message).lifetime != 0:
        return None
    if not option.bulk:
        return PASS
    return fail(
        f"B=1 in a de-registration (Lifetime 0) of BID {option.bid}: which bindings are meant"
        " is not specified",
        option=option,
        field="bulk",
    )


# ------------------------------------------------------------------------- 4.2 MAG Identifier


@rule("RFC8278-4.2-MAGID-RESERVED", on=("PBU", "PBA"), options=MAG_ID, by_content=FIRST)
def mag_identifier_reserved(step: Step) -> Verdict | None:
    """The reserved octet of the MAG Identifier option is zero.

    Why it matters: the octet stands between Subtype and Identifier. Whoever writes the identifier
    there loses its first octet at the receiver.

    The RFC: section 4.2, Reserved: "The value MUST be set to zero (0) by the sender".

    Example: ``40 0f 01 6d 61 67 ...``, the layout of the MN Identifier option, which has no
    reserved octet.

    How to mend: write Subtype, one zero octet, then the identifier, and count the zero in Length.
    """
    option = find(step, MagIdentifier)
    if option is None:
        return None
    if not option.reserved:
        return PASS
    text = f"reserved octet is 0x{option.reserved:02x}"
    if chr(option.reserved).isprintable() and option.reserved < 0x7F:
        text += (
            f" ({chr(option.reserved)!r}): the option seems to be written in the layout of the"
            " MN Identifier option, which has no reserved octet"
        )
    return blame(step, option, text, same("reserved"), field="reserved")


@rule("RFC8278-4.2-MAGID-DUP", on=("PBU", "PBA"), options=MAG_ID, repeated=True)
def mag_identifier_once(step: Step) -> Verdict | None:
    """A message carries the MAG Identifier option once.

    Why it matters: the LMA joins the paths of one MAG by its identifier; with two of them it may
    join the wrong ones.

    The RFC: section 4.2 defines the option "for conveying the MAG's identity", which is one.

    Example: a PBU with the NAI and, in a second option, the EUI-64 of the MAG.

    How to mend: choose one identifier and send it on every path.
    """
    return _repeated(step, MAG_ID, f"{message_of(step).count(MAG_ID)} MAG Identifier options")


@rule("RFC8278-4.2-MAGID-LENGTH", on=("PBU", "PBA"), options=MAG_ID, by_content=FIRST)
def mag_identifier_length(step: Step) -> Verdict | None:
    """The MAG Identifier option has a subtype, a reserved octet, and an identifier.

    Why it matters: without an identifier the LMA cannot tell that two paths belong to one MAG.

    The RFC: section 4.2, figure 4: Subtype and Reserved, then "A variable-length identifier of the
    type indicated in the Subtype field."

    Example: ``40 02 01 00``, an NAI without a character.

    How to mend: configure the MAG's identifier; Length is 2 more than its octets.
    """
    message = message_of(step)
    decoded = message.first(MagIdentifier)
    if decoded is not None and decoded.identifier:
        return PASS
    for option in message.options:
        if option_number(option) != MAG_ID:
            continue
        if type(option) is OpaqueOption:
            length = len(option.data)
            return blame(
                step,
                option,
                f"Length {length}; Subtype and Reserved alone take 2",
                _same_length(step),
                field="length",
            )
        if isinstance(option, MagIdentifier) and not option.identifier:
            return blame(
                step,
                option,
                "the identifier is empty (Length 2)",
                same("identifier"),
                field="identifier",
                severity=Severity.WARNING,
            )
    return PASS


_FIXED_LENGTHS = {2: 16, 5: 6, 6: 8}
"""Octets of the identifiers that have a fixed size (RFC 8371 section 4)."""


@rule("RFC8278-4.2-MAGID-SUBTYPE", on=("PBU", "PBA"), options=MAG_ID, by_content=FIRST)
def mag_identifier_subtype(step: Step) -> Verdict | None:
    """The subtype of the MAG Identifier is registered, and the identifier fits it.

    Why it matters: a peer compares and logs the identifier by its type; one of no known type, or
    of another size than its type has, matches nothing.

    The RFC: section 4.2, Subtype: "Accepted values for this field are the registered type values
    from the "Mobile Node Identifier Option Subtypes" registry".

    Example: subtype 5, an EUI-48 address, with an identifier of 8 octets.

    How to mend: use 1 for an NAI, 2 for an IPv6 address (16 octets), 5 for an EUI-48 address (6
    octets), 6 for an EUI-64 address (8 octets).
    """
    option = find(step, MagIdentifier)
    if option is None:
        return None
    subtype, identifier = option.subtype, option.identifier
    if subtype not in MN_IDENTIFIER_SUBTYPE:
        return blame(
            step,
            option,
            f"subtype {subtype} is not registered",
            same("subtype"),
            field="subtype",
        )
    if not identifier:
        return None
    expected = _FIXED_LENGTHS.get(subtype)
    if expected is not None and len(identifier) != expected:
        return blame(
            step,
            option,
            f"{MN_IDENTIFIER_SUBTYPE[subtype]} (subtype {subtype}) of {len(identifier)} octets"
            f" instead of {expected}",
            same("identifier"),
            field="identifier",
        )
    if subtype == 1 and not _is_nai(identifier):
        return blame(
            step,
            option,
            f"subtype 1 with {printable(identifier)!r}, which is no NAI",
            same("identifier"),
            field="identifier",
        )
    return PASS


@lru_cache(maxsize=1024)
def _is_nai(octets: bytes) -> bool:
    """Tell whether octets may be an NAI: UTF-8, ``user``, ``user@realm`` or ``@realm``.

    The user part may escape an ``@`` by a backslash (RFC 4282 section 2.1).
    """
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    user, at, realm = re.sub(r"\\.", "", text).partition("@")
    if at:
        return bool(realm) and "@" not in realm
    return bool(user)


# ----------------------------------------------------------------------- 4.3, 4.4: signalling


@rule("RFC8278-4.4-MAGID-REQUIRED", on="PBU", options=MULTIPATH, unless=MAG_ID)
def mag_identifier_required(step: Step) -> Verdict | None:
    """A PBU with the MAG Multipath Binding option has the MAG Identifier option too.

    Why it matters: the paths come from different addresses. Only the identifier tells the LMA
    that they lead to one MAG and not to another one after a handover.

    The RFC: section 4.4: "Furthermore, the MAG Identifier option MUST also be present in the PBU
    message." It holds for each PBU, re- and de-registrations included.

    Example: a refresh of BID 2 that carries option 63 and no option 64.

    How to mend: add option 64 to every PBU that has option 63.
    """
    message = message_of(step)
    if not complete(message):
        return None
    option = message.first(MagMultipathBinding)
    bid = "" if option is None else f" for BID {option.bid}"
    return fail(f"option 63{bid} without a MAG Identifier option (64)", option=option)


@rule(
    "RFC8278-4.4-PBA-NO-MAGID",
    on="PBA",
    options=(MULTIPATH, MAG_ID),
    given=lambda shape: kept_if(MAG_ID not in shape.numbers and shape.sound),
)
def no_mag_identifier_in_reply(step: Step) -> Verdict | None:
    """A PBA leaves the MAG Identifier option out.

    Why it matters: the MAG knows who it is; implementations of the drafts before the RFC echo the
    option, and a strict MAG may take such a PBA for malformed.

    The RFC: section 4.4: the LMA MUST include or echo the Multipath Binding option "without the
    MAG-NAI option (Section 4.2)".

    Example: a PBA with options 63 and 64, both copied from the PBU.

    How to mend: copy option 63 alone into the PBA.
    """
    message = message_of(step)
    option = next((o for o in message.options if option_number(o) == MAG_ID), None)
    if option is None:
        return PASS if complete(message) else None
    status = acknowledgement_of(message).status
    text = f"MAG Identifier option (64) in the PBA with status {status}: draft-era behaviour"
    if message.has(MULTIPATH) or status == BindingStatus.CANNOT_SUPPORT_MULTIPATH_BINDING:
        return fail(text, option=option)
    return fail(f"{text}, without option 63", option=option, severity=Severity.WARNING)


_FIRST = frozenset(
    {
        ExchangeKind.INITIAL,
        ExchangeKind.ADD_PATH,
        ExchangeKind.BULK,
        ExchangeKind.OVERWRITE,
        ExchangeKind.HANDOVER,
    }
)


@rule(
    "RFC8278-4.3-REJECT-CODE",
    on=REPLY,
    given=lambda shape: only_if(shape.rejects and MULTIPATH in (shape.asked or ())),
)
def reject_with_180(step: Step) -> Verdict | None:
    """A refused multipath registration is refused with status 180.

    Why it matters: with 128 or 129 the MAG does not learn that it may register without multipath,
    and the mobile node stays without service.

    The RFC: section 4.3: "The LMA SHOULD use this error code when rejecting a PBU message from a
    MAG requesting a multipath binding." Statuses that name another cause are as good.

    Example: the first PBU with option 63 is answered with 129 (administratively prohibited), and
    the PBA carries option 63.

    How to mend: answer 180 and echo option 63 where multipath is the reason.
    """
    pair_of_bodies = bodies(step)
    if pair_of_bodies is None:
        return None
    update, acknowledgement = pair_of_bodies
    request, reply = pair(step)
    option = request.first(MagMultipathBinding)
    if option is None or update.lifetime == 0 or step.exchange is None:
        return None
    if acknowledgement.status < 128 or step.exchange.kind not in _FIRST:
        return None
    if step.binding_before is not None and step.binding_before.lifetime is not None:
        return None
    status = acknowledgement.status
    if status == BindingStatus.CANNOT_SUPPORT_MULTIPATH_BINDING:
        return PASS
    if status not in (128, 129):
        return None
    text = f"status {status} for the multipath registration of BID {option.bid}"
    session = step.before
    context = step.context
    severity = None
    if session is not None and session.mode is SessionMode.MULTIPATH:
        text += "; multipath was accepted for the session before, so another cause is likely"
        severity = Severity.INFO
    elif update.force_udp:
        text += "; F=1 in the PBU, which 129 refuses by RFC 5844 section 4.1.3.1"
        severity = Severity.INFO
    elif (
        not reply.has(MULTIPATH)
        and context.capability is not Capability.YES
        and context.lma_multipath is None
    ):
        text += "; nothing shows that the LMA knows RFC 8278"
        severity = Severity.INFO
    return fail(
        f"{text}; 180 would tell the MAG to register without multipath"
        if severity is None
        else text,
        field="status",
        evidence=request_evidence(step),
        severity=severity,
    )


@rule(
    "RFC8278-4.4-180-ECHO-MMB",
    on="PBA",
    given=lambda shape: only_if(shape.status == BindingStatus.CANNOT_SUPPORT_MULTIPATH_BINDING),
)
def echo_with_180(step: Step) -> Verdict | None:
    """A PBA with status 180 echoes the MAG Multipath Binding option of the request.

    Why it matters: the MAG may have asked for several paths at a time; the option tells which one
    was refused.

    The RFC: section 4.4: "The LMA MUST echo the MAG Multipath Binding option (without the MAG-NAI
    option) in the PBA message."

    Example: a PBA with status 180 and no option 63, or with BID 1 where the PBU had BID 2.

    How to mend: copy If-ATT, If-Label, BID, B and O of the request, and zero the reserved bits.
    """
    message = message_of(step)
    if acknowledgement_of(message).status != BindingStatus.CANNOT_SUPPORT_MULTIPATH_BINDING:
        return None
    seen = is_reply(step)
    if not message.has(MULTIPATH):
        if not complete(message):
            return None
        if not seen:
            return fail(
                "status 180 without a MAG Multipath Binding option (63)",
                field="status",
                confidence="packet",
            )
        asked = pair(step)[0].first(MagMultipathBinding)
        if asked is None:
            return None
        return fail(
            f"status 180 without the MAG Multipath Binding option (63) of the PBU, BID {asked.bid}",
            field="status",
            evidence=request_evidence(step),
        )
    given = message.first(MagMultipathBinding)
    if not seen or given is None:
        return None
    asked = pair(step)[0].first(MagMultipathBinding)
    if asked is None:
        return None
    different = _difference(asked, given)
    if not different:
        return PASS
    return fail(
        f"the option echoed with status 180 differs: {_spelled(different, asked, given)}",
        option=given,
        field=different[0],
        evidence=request_evidence(step),
    )


@rule(
    "RFC8278-4.4-PBA-MMB-UNSOLICITED",
    on=REPLY,
    options=MULTIPATH,
    given=lambda shape: kept_if(shape.is_proxy_pair and MULTIPATH in (shape.asked or ())),
)
def multipath_unsolicited(step: Step) -> Verdict | None:
    """A PBA has the MAG Multipath Binding option only if the PBU had it.

    Why it matters: the MAG did not ask for several paths and has no BID to file the answer under.

    The RFC: section 4.4: the LMA enables multipath "for a mobile node's session per the MAG's
    request"; without one there is nothing to enable.

    Example: an LMA that remembers BID 1 of the session and adds option 63 to the answer to a plain
    PBU.

    How to mend: add option 63 only to the answer to a PBU that carries it.
    """
    request, reply = pair(step)
    if bodies(step) is None:
        return None
    if request.has(MULTIPATH):
        return PASS
    if not complete(request):
        return None
    option = next(o for o in reply.options if option_number(o) == MULTIPATH)
    return fail(
        "option 63 in the PBA, none in the PBU",
        option=option,
        evidence=request_evidence(step),
    )


@rule(
    "RFC8278-4.4-PBA-MMB-MISMATCH",
    on=REPLY,
    options=MULTIPATH,
    given=lambda shape: only_if(shape.accepts and MULTIPATH in (shape.asked or ())),
    by_echo=MULTIPATH,
)
def multipath_mismatch(step: Step) -> Verdict | None:
    """The MAG Multipath Binding option of an accepting PBA is that of the PBU.

    Why it matters: by the BID the MAG files the binding. An answer with another BID makes both
    sides keep different lists of paths.

    The RFC: section 4.1: "when the PBU request is accepted by the LMA, the resulting binding is
    associated with this BID"; section 4.4 asks for the option in the reply.

    Example: the PBU registers BID 2, the PBA accepts BID 1.

    How to mend: copy the option of the request into the answer.
    """
    request, reply = pair(step)
    asked, given = request.first(MagMultipathBinding), reply.first(MagMultipathBinding)
    if asked is None or given is None:
        return None
    different = _difference(asked, given)
    if not different:
        return PASS
    wrong_binding = "bid" in different
    return fail(
        f"the accepted option differs: {_spelled(different, asked, given)}",
        option=given,
        field="bid" if wrong_binding else different[0],
        evidence=request_evidence(step),
        severity=None if wrong_binding else Severity.INFO,
    )


@rule(
    "RFC8278-4.3-180-UNSOLICITED",
    on=REPLY,
    given=lambda shape: only_if(shape.status == BindingStatus.CANNOT_SUPPORT_MULTIPATH_BINDING),
)
def refusal_unsolicited(step: Step) -> Verdict | None:
    """Status 180 answers only a PBU that asks for multipath.

    Why it matters: the MAG asked for a plain registration and gets a refusal that it cannot mend
    by asking for less.

    The RFC: section 4.3: 180 is for "rejecting a PBU message from a MAG requesting a multipath
    binding".

    Example: a PBU without option 63 is answered with status 180.

    How to mend: use the status that names the actual cause.
    """
    pair_of_bodies = bodies(step)
    if (
        pair_of_bodies is None
        or pair_of_bodies[1].status != BindingStatus.CANNOT_SUPPORT_MULTIPATH_BINDING
    ):
        return None
    request, _ = pair(step)
    if request.has(MULTIPATH):
        return PASS
    if not complete(request):
        return None
    return fail(
        "status 180 for a PBU without option 63",
        field="status",
        evidence=request_evidence(step),
    )


@rule(
    "RFC8278-4.3-180-DEREG",
    on=REPLY,
    given=lambda shape: only_if(shape.is_deregistration and MULTIPATH in (shape.asked or ())),
)
def refusal_of_deregistration(step: Step) -> Verdict | None:
    """A de-registration is not answered with status 180.

    Why it matters: the MAG wants to give a path up. A refusal leaves the binding in the LMA until
    its lifetime ends, and traffic goes where nobody listens.

    The RFC: section 4.3 gives 180 to an LMA that refuses a multipath binding; a de-registration
    asks for none. The text does not forbid it.

    Example: Lifetime 0 for BID 2 is answered with status 180.

    How to mend: accept the de-registration of a binding that exists.
    """
    pair_of_bodies = bodies(step)
    if pair_of_bodies is None or pair_of_bodies[0].lifetime != 0:
        return None
    if not pair(step)[0].has(MULTIPATH):
        return None
    if pair_of_bodies[1].status != BindingStatus.CANNOT_SUPPORT_MULTIPATH_BINDING:
        return PASS
    return fail(
        "status 180 for a de-registration (Lifetime 0)",
        field="status",
        evidence=request_evidence(step),
    )


@rule(
    "RFC8278-3.1-PBA-HNP-SAME",
    on=REPLY,
    options=22,
    given=lambda shape: only_if(shape.accepts and shape.exchange is ExchangeKind.ADD_PATH),
)
def same_prefixes_on_every_path(step: Step) -> Verdict | None:
    """A further path gets the prefixes that the session has.

    Why it matters: the paths carry the flows of one mobile node. A path with other prefixes is a
    session of its own, and no flow can move to it.

    The RFC: section 3.1 has the LMA update the binding cache entry of the session with the
    further path; the prefixes stay.

    Example: BID 1 was given 2001:db8:1::/64, BID 2 is answered with 2001:db8:2::/64.

    How to mend: find the session by MN Identifier and MAG Identifier, and add the care-of address
    to it.
    """
    exchange, session = step.exchange, step.before
    pair_of_bodies = bodies(step)
    if exchange is None or session is None or pair_of_bodies is None:
        return None
    if exchange.kind is not ExchangeKind.ADD_PATH or pair_of_bodies[1].status >= 128:
        return None
    request, reply = pair(step)
    given = {option.prefix for option in prefixes_of(reply)}
    held = set(session.prefixes)
    if not held or not complete(reply) or any(prefix.is_all_zero for prefix in given):
        return None
    if given == held:
        return PASS
    text = f"the further path got {_list(given)}; the session has {_list(held)}"
    option = next((o for o in prefixes_of(reply) if o.prefix not in held), None)
    if session.partial:
        return inconclusive(
            text, "the capture does not hold the start of the session", option=option
        )
    if not held & {option.prefix for option in prefixes_of(request)}:
        # Section 3.1 has the MAG name the prefix, which is how the LMA finds the session.
        why = "the PBU named no prefix of the session, so the LMA may have made another"
        return inconclusive(text, why, option=option, evidence=request_evidence(step))
    return fail(text, option=option, evidence=request_evidence(step))


def _list(prefixes: Iterable[Prefix]) -> str:
    return ", ".join(sorted(map(str, prefixes)))
