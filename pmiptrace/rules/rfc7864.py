"""The rule of RFC 7864 on sessions that share their prefixes (flow mobility)."""

from __future__ import annotations

from pmiptrace.model import Step
from pmiptrace.rules.look import bodies, complete, pair, request_evidence
from pmiptrace.rules.rule import PASS, REPLY, Verdict, fail, inconclusive, only_if, rule
from pmiptrace.rules.situation import SHARES_PREFIXES
from pmiptrace.track.registration import registration
from pmiptrace.wire.codes import HandoffIndicatorValue as Handoff

HNP = 22


@rule(
    "RFC7864-3.2.1-HI6",
    on=REPLY,
    options=HNP,
    given=lambda shape: only_if(shape.is_proxy_pair and shape.accepts),
    when=SHARES_PREFIXES,
)
def shared_prefixes_assigned(step: Step) -> Verdict | None:
    """A session that is to share prefixes gets those that the MAG named.

    Why it matters: the mobile node has one address on both interfaces. With other prefixes on the
    second, no flow can move.

    The RFC: section 3.2.1: the value 6 "allows the MAG to indicate to the LMA that the same set of
    prefixes MUST be assigned to the MN."

    Example: a PBU with Handoff Indicator 6 names 2001:db8:1::/64, the PBA 2001:db8:2::/64.

    How to mend: have the LMA make the new entry with the prefixes of the one that it finds, and
    reject the request if it finds none.
    """
    both = bodies(step)
    if both is None or both[0].lifetime == 0:
        return None
    request, reply = pair(step)
    asked, given = registration(request), registration(reply)
    if asked.handoff_indicator != Handoff.NEW_INTERFACE_SHARING_PREFIXES or not asked.prefixes:
        return None
    if not complete(request) or not complete(reply) or not given.prefixes:
        return None
    if asked.prefixes == given.prefixes:
        return PASS
    text = (
        f"HI 6 with {', '.join(map(str, asked.prefixes))}; the PBA assigns"
        f" {', '.join(map(str, given.prefixes))}"
    )
    evidence = request_evidence(step)
    if set(asked.prefixes) < set(given.prefixes):
        return inconclusive(
            text, "the session may have more prefixes than the MAG knew", evidence=evidence
        )
    return fail(text, evidence=evidence)
