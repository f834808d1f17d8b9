"""The rule of RFC 5648 on the Binding Identifier option, whose BID is not that of RFC 8278."""

from __future__ import annotations

from pmiptrace.model import Option, Step, option_number
from pmiptrace.rules.look import blame, length_of, message_of
from pmiptrace.rules.rule import ANY, PASS, Verdict, rule
from pmiptrace.wire.options.rfc5648 import BindingIdentifier

BINDING_IDENTIFIER = 35

WITHOUT_ADDRESS = 4
LENGTHS = (WITHOUT_ADDRESS, 8, 20)
"""Without a care-of address, with an IPv4 and with an IPv6 one."""


@rule("RFC5648-4.3-LEN", on=ANY, options=BINDING_IDENTIFIER)
def binding_identifier_length(step: Step) -> Verdict | None:
    """A Binding Identifier option has Length 4, 8 or 20; outside of a Binding Update 4.

    Why it matters: by its length a receiver knows whether a care-of address follows, and of which
    family.

    The RFC: section 4.3: "It MUST be set to either 4, 8, or 20 depending on the Care-of Address
    field."; "If the option is included in any messages other than a Binding Update, the length of
    this field MUST also be zero."

    Example: a Binding Acknowledgement that echoes an option of Length 20.

    How to mend: cut the address off where the option goes back.
    """
    message = message_of(step)
    is_update = message.kind in ("BU", "PBU")
    for option in message.options:
        if option_number(option) != BINDING_IDENTIFIER:
            continue
        length = length_of(message, option)
        if length in LENGTHS and (is_update or length == WITHOUT_ADDRESS):
            continue
        due = "4, 8 or 20" if is_update else "4"
        return blame(
            step,
            option,
            f"Binding Identifier option of Length {length} in a {message.kind}; {due} is due",
            _repeats_a_bad_one,
            field="length",
        )
    return PASS


def _repeats_a_bad_one(one: Option, other: Option) -> bool:
    """Tell whether an option was bad before it was echoed; with an address it is so only then."""
    is_right_in_update = (
        isinstance(one, BindingIdentifier) and len(one.care_of_address) + WITHOUT_ADDRESS in LENGTHS
    )
    return one == other and not is_right_in_update
