"""The rule of RFC 4283 on the place of the MN Identifier option."""

from __future__ import annotations

from pmiptrace.model import Step, option_number
from pmiptrace.rules.look import message_of
from pmiptrace.rules.rule import ANY, PASS, Verdict, fail, rule

MN_IDENTIFIER = 8
AUTHENTICATION = (5, 9)
"""Binding Authorization Data (RFC 6275) and the Authentication option (RFC 4285)."""


@rule("RFC4283-3.2-MNID-BEFORE-AUTH", on=ANY, options=AUTHENTICATION)
def identifier_before_authentication(step: Step) -> Verdict | None:
    """The MN Identifier option stands before the authentication options.

    Why it matters: the receiver finds the key by the identifier and verifies what stands before
    the authenticator; an identifier behind it is not protected.

    The RFC: section 3.2: "this option MUST appear before any authentication-related option in a
    message containing a Mobility header."

    Example: a PBU with option 9 in front of option 8.

    How to mend: write the MN Identifier option first.
    """
    message = message_of(step)
    numbers = [option_number(option) for option in message.options]
    if MN_IDENTIFIER not in numbers:
        return None
    position = numbers.index(MN_IDENTIFIER)
    before = [number for number in numbers[:position] if number in AUTHENTICATION]
    if not before:
        return PASS
    return fail(
        f"the MN Identifier option stands behind option {before[0]}",
        option=message.options[position],
    )
