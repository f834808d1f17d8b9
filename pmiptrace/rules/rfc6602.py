"""Rules of RFC 6602 on bulk binding updates: the B flag and the group identifier."""

from __future__ import annotations

from operator import eq

from pmiptrace.model import Severity, Step, option_number
from pmiptrace.rules.look import (
    blame,
    bodies,
    complete,
    length_of,
    message_of,
    request_evidence,
    same,
    update_of,
)
from pmiptrace.rules.rule import ANY, PASS, REPLY, Verdict, fail, only_if, rule
from pmiptrace.rules.situation import BULK_GROUP, FIXED_PART_IN_ORDER
from pmiptrace.wire.messages import BindingAcknowledgement, BindingUpdate
from pmiptrace.wire.options.rfc6602 import BULK_BINDING_UPDATE_GROUP, MnGroupIdentifier

BINDING_IDENTIFIER = 35
GROUP = 50
LENGTH = 6


@rule("RFC6602-4.1-B-P", on=("BU", "BA"))
def bulk_flag_of_proxies_only(step: Step) -> Verdict | None:
    """The B flag is set only together with the P flag.

    Why it matters: for a mobile node's own Binding Update the bit has another meaning: in RFC 5648
    it replaces all bindings.

    The RFC: section 4.1, and section 4.2 for the acknowledgement: the flag "MUST be set to the
    value of (0) when the (P) flag is set to a value of (0)."

    Example: a Binding Update with flags 0xc040.

    How to mend: set B in proxy registrations alone. With a Binding Identifier option the bit is
    the O flag of RFC 5648, and right.
    """
    message = message_of(step)
    body = message.body
    if not isinstance(body, BindingUpdate | BindingAcknowledgement):
        return None
    if not body.bulk_binding_update:
        return PASS
    if isinstance(body, BindingUpdate) and message.has(BINDING_IDENTIFIER):
        text = "the bit of B with P=0; next to a Binding Identifier it is the O flag of RFC 5648"
        return fail(text, field="bulk_binding_update", severity=Severity.INFO)
    if isinstance(body, BindingUpdate) and not complete(message):
        return None
    return fail("B=1 with P=0", field="bulk_binding_update")


@rule(
    "RFC6602-4.2-B",
    on=REPLY,
    given=lambda shape: only_if(shape.is_proxy_pair),
    kept_when=FIXED_PART_IN_ORDER,
)
def bulk_flag_only_if_asked_for(step: Step) -> Verdict | None:
    """The B flag of a PBA is set only if that of the PBU was.

    Why it matters: the LMA counts the session to a group that the MAG knows nothing of; the next
    revocation of the group takes it along.

    The RFC: section 4.2: the value of the flag "MUST be set to the value of (0) if the value of
    the (B) flag in the Proxy Binding Update message that it received from the mobile access
    gateway was set to a value of (0)."

    Example: a PBU with B=0 is accepted with B=1.

    How to mend: take the flag from the PBU that is answered, and clear it if unsupported.
    """
    both = bodies(step)
    if both is None:
        return None
    update, acknowledgement = both
    if update.bulk_binding_update or not acknowledgement.bulk_binding_update:
        return PASS
    return fail("B=1 answers B=0", field="bulk_binding_update", evidence=request_evidence(step))


@rule("RFC6602-5.1.2-GROUP", on="PBU", when=BULK_GROUP)
def bulk_request_names_its_group(step: Step) -> Verdict | None:
    """A PBU with the B flag has a Mobile Node Group Identifier option of sub-type 1.

    Why it matters: without the group the LMA cannot know which sessions a later bulk update is
    about.

    The RFC: section 5.1.2: "the Bulk-Binding-Update flag (B) in the request MUST be set to a value
    of (1) and the Mobile Node Group Identifier option MUST be present"; its sub-type "MUST be set
    to the value of (1) (Bulk Binding Update Group)."

    Example: a PBU with B=1 and no option 50.

    How to mend: send the group that the MAG put the session into, or 1 for all its sessions.
    """
    message = message_of(step)
    if not update_of(message).bulk_binding_update:
        return None
    groups = message.every(MnGroupIdentifier)
    if any(group.subtype == BULK_BINDING_UPDATE_GROUP for group in groups):
        return PASS
    if not complete(message) or message.count(GROUP) > len(groups):
        return None
    if groups:
        text = f"only a Mobile Node Group Identifier of sub-type {groups[0].subtype}"
    else:
        text = "no Mobile Node Group Identifier option (50)"
    return fail(f"{text} with B=1", field="bulk_binding_update")


@rule("RFC6602-4.3-ID", on=ANY, options=GROUP)
def group_identifier(step: Step) -> Verdict | None:
    """A Mobile Node Group Identifier is 6 octets long, and not 0.

    Why it matters: 0 stands for no group, so what is done to the group is done to nobody.

    The RFC: section 4.3: "The value of (0) is reserved and SHOULD NOT be used."; Length: "The
    value for this field MUST be set to a value of (6)."

    Example: a PBU with B=1 and group 0.

    How to mend: use the default group 1 (ALL-SESSIONS) where no group was assigned.
    """
    message = message_of(step)
    for option in message.options:
        if option_number(option) != GROUP:
            continue
        length = length_of(message, option)
        if length != LENGTH:
            return blame(
                step,
                option,
                f"Mobile Node Group Identifier option of Length {length}, not 6",
                eq,
                field="length",
                severity=Severity.ERROR,
            )
        if isinstance(option, MnGroupIdentifier) and option.group_identifier == 0:
            return blame(
                step,
                option,
                "group identifier 0",
                same("group_identifier"),
                field="group_identifier",
            )
    return PASS
