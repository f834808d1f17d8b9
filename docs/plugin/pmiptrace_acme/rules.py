"""What ACME asks of its MAGs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmiptrace.model import Severity, Step
from pmiptrace.rules.catalogue import CatalogueRow
from pmiptrace.rules.rule import PASS, Verdict, fail, foreign_rule
from pmiptrace.wire.options.rfc5094 import VendorSpecific
from pmiptrace_acme.options import AcmePathLoad

if TYPE_CHECKING:
    from pmiptrace.rules.examples.example import Example


def _example() -> Example:
    from pmiptrace_acme.examples import LOAD_RANGE

    return LOAD_RANGE


@foreign_rule(
    CatalogueRow(
        id="ACME-2.1-LOAD-RANGE",
        document="ACME MAG interface",
        section="2.1",
        keyword="MUST",
        severity=Severity.ERROR,
        party="MAG",
        confidence="packet",
        summary="The load of a path MUST be at most 100 %",
    ),
    on="PBU",
    options=19,
    example=_example,
)
def load_range(step: Step) -> Verdict | None:
    """The load of a path is at most 100 percent.

    Why it matters: the LMA spreads flows by it. A path with more than all of its capacity in use
    gets none, or all of them.

    The text: "Load, in percent, MUST NOT be greater than 100."

    Example: a PBU with load 101, which a MAG sends that counts in units of 0.4 percent.

    How to mend: send percent.
    """
    message = step.message
    assert message is not None
    judged = False
    for option in message.options:
        content = option.data_content if isinstance(option, VendorSpecific) else None
        if isinstance(content, AcmePathLoad):
            judged = True
            if content.load > 100:
                return fail(f"the load is {content.load} %", option=option, field="data")
    return PASS if judged else None
