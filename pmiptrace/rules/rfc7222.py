"""The rule of RFC 7222 on the Quality-of-Service option."""

from __future__ import annotations

from pmiptrace.model import Severity, Step
from pmiptrace.rules.look import blame, message_of, same
from pmiptrace.rules.rule import PASS, Verdict, fail, rule
from pmiptrace.wire.codes import QOS_OPERATION, QosOperation
from pmiptrace.wire.options.rfc7222 import QualityOfService

QOS = 58


@rule("RFC7222-4.1-OC", on=("PBU", "PBA", "UPN", "UPA"), options=QOS)
def operational_code(step: Step) -> Verdict | None:
    """The Operational Code of a QoS option is one that is defined; its reserved bits are zero.

    Why it matters: a receiver ignores an option with another code; the service request is lost
    without a word.

    The RFC: section 4.1: "Receiver MUST ignore the option received with any value in this range",
    which is 6 to 255; of the reserved bits: "These bits MUST be initialized by the sender to (0)".

    Example: Operational Code 6 for a private operation.

    How to mend: use 0 to 5, and a vendor-specific attribute for what they do not cover. NEGOTIATE
    (5) is an answer: a MAG asks in a PBU with ALLOCATE, MODIFY, DE-ALLOCATE or QUERY.
    """
    message = message_of(step)
    options = message.every(QualityOfService)
    for option in options:
        for field in ("reserved", "reserved_tc"):
            value = getattr(option, field)
            if value:
                return blame(
                    step,
                    option,
                    f"reserved bits of the QoS option are 0x{value:x}",
                    same(field),
                    field=field,
                    severity=Severity.ERROR,
                )
    for option in options:
        if option.operation not in QOS_OPERATION:
            return blame(
                step,
                option,
                f"Operational Code {option.operation} is reserved; receivers ignore the option",
                same("operation"),
                field="operation",
            )
        if option.operation == QosOperation.NEGOTIATE and message.kind == "PBU":
            return fail(
                "NEGOTIATE, which answers a request, in a PBU",
                option=option,
                field="operation",
                severity=Severity.INFO,
            )
    return PASS if options else None
