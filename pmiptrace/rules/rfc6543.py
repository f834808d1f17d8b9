"""A remark on RFC 6543, which reserves an interface identifier for all MAGs."""

from __future__ import annotations

from pmiptrace.model import Step
from pmiptrace.rules.look import find
from pmiptrace.rules.rule import FIRST, PASS, Verdict, note, rule
from pmiptrace.wire.options.rfc5213 import LinkLocalAddress

RESERVED_ADDRESS = bytes.fromhex("fe8000000000000002005efffe005213")
"""The link-local address made of the reserved interface identifier 0200:5EFF:FE00:5213."""


@rule("RFC6543-1-LLA-FIXED", on=("PBU", "PBA"), options=26, by_content=FIRST)
def reserved_interface_identifier(step: Step) -> Verdict | None:
    """The link-local address that RFC 6543 reserves for MAGs is pointed out.

    Why it matters: it explains why all MAGs of the domain have one address on their access links.
    It is no fault.

    The RFC: section 1, item 2: the reserved interface identifier SHOULD be used by all of the
    mobile access gateways "on all of the access links that they share with the mobile nodes".

    Example: option 26 with fe80::200:5eff:fe00:5213.

    How to mend: nothing needs mending.
    """
    option = find(step, LinkLocalAddress)
    if option is None:
        return None
    if option.address != RESERVED_ADDRESS:
        return PASS
    return note(
        "the link-local address is the one that RFC 6543 reserves for all MAGs",
        option=option,
        field="address",
    )
