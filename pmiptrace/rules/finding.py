"""What a finding says: it is made of a rule's verdict and the step that the verdict is about.

The verdict tells what was seen, the rule's row in the catalogue what that claims, and the step who,
where and when. An accusation that the capture cannot carry is doubted before it is made. Two
findings on the same thing are merged to one, with the graver claim and all frames.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from pmiptrace.model import Finding, Message, Party, Status, Step
from pmiptrace.rules import look
from pmiptrace.rules.rule import Outcome, Rule, Verdict

MAX_EVIDENCE = 16

_STATUS = {
    Outcome.FAIL: Status.FAIL,
    Outcome.INCONCLUSIVE: Status.INCONCLUSIVE,
    Outcome.NOTE: Status.NOTE,
}


def finding_of(each: Rule, verdict: Verdict, step: Step) -> Finding:
    """Give the finding that a rule's verdict on a step makes."""
    row, message = each.row, step.message
    exchange = verdict.exchange
    if exchange is None and step.exchange is not None:
        exchange = step.exchange.id
    role = verdict.party or row.party
    return Finding(
        rule=each.id,
        severity=verdict.severity or row.severity,
        status=_STATUS[verdict.outcome],
        why_inconclusive=verdict.why_inconclusive,
        confidence=verdict.confidence or row.confidence,
        party=Party("unknown") if row.is_diagnostic else look.party_of(step, role),
        moment=step.moment,
        evidence=verdict.evidence,
        session=look.session_of(step),
        exchange=exchange,
        lma=look.lma_of(step),
        mobile_node=look.mobile_node_of(step),
        bid=look.bid_of(step),
        span=look.span_of(message, verdict),
        field=look.field_name(message, verdict),
        message=verdict.message,
        keyword=row.keyword,
        reference=row.reference,
    )


def doubted(
    each: Rule, verdict: Verdict, step: Step, is_damaged: Callable[[Message], bool]
) -> Verdict:
    """Make a failure inconclusive where the octets or the pairing may mislead.

    Where a peer uses numbers from before IANA's assignment, what is read into them is not sure. Nor
    is it of a message that was damaged on its way, which its receiver discards (RFC 6275 section
    9.2).
    """
    if verdict.outcome is not Outcome.FAIL or each.row.is_diagnostic:
        return verdict
    messages = [step.message]
    exchange = step.exchange
    if exchange is not None and each.row.confidence != "packet":
        messages.append(exchange.answered)
        if not exchange.certain and look.is_reply(step):
            return _changed(verdict, "the reply was paired as the only candidate")
    for message in filter(None, messages):
        if message.dialect is not None:
            return _changed(verdict, f"the peer speaks dialect {message.dialect}")
        if is_damaged(message):
            return _changed(verdict, "its checksum is wrong: it may be not as it was sent")
    return verdict


def _changed(verdict: Verdict, why: str) -> Verdict:
    return replace(verdict, outcome=Outcome.INCONCLUSIVE, why_inconclusive=why)


def merged(earlier: Finding, later: Finding) -> Finding:
    """Join two findings of one rule on one transaction: the graver claim, both frames."""
    if _gravity(later) < _gravity(earlier):
        first, second = later, earlier
    else:
        first, second = earlier, later
    moments = dict.fromkeys((*first.evidence, second.moment, *second.evidence))
    moments.pop(first.moment, None)
    return replace(
        first,
        occurrences=earlier.occurrences + 1,
        evidence=tuple(moments)[:MAX_EVIDENCE],
    )


def _gravity(finding: Finding) -> tuple[bool, int]:
    """Give what orders findings of one rule, the gravest first: what is shown, then how bad."""
    return finding.status is Status.INCONCLUSIVE, finding.severity.rank
