"""What tells a fault apart from others, in this capture and the next."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from pmiptrace.address import address_text
from pmiptrace.model import Finding
from pmiptrace.report.escaping import name_text


def fingerprint(finding: Finding) -> str:
    """Give 16 hexadecimal digits that stay the same for the same fault in another capture.

    They are made of the rule, who breaks it (role, and MAG Identifier or else address), for which
    mobile node, and in which field; not of times, frames or sequence numbers.
    """
    party = finding.party
    who = name_text(party.identifier)
    address = party.address or finding.lma
    if who is None and address is not None:
        who = address_text(address)
    parts = (
        finding.rule,
        party.role,
        who,
        name_text(finding.mobile_node),
        offending_field(finding),
    )
    return sha256(msgspec.json.encode(parts)).hexdigest()[:16]


def offending_field(finding: Finding) -> str | None:
    """Name the field that is wrong, if it is about one."""
    return finding.field or (finding.span.field if finding.span else None)
