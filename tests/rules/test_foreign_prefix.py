"""A prefix that two mobile nodes have: suspected at once, proven by the first one's refresh."""

import pytest
from rule_stage import judge, of_rule, statuses

from pmiptrace.model import Status
from pmiptrace.rules.examples.acts import pba
from pmiptrace.rules.examples.rfc5213_pba_session import PREFIX, second
from pmiptrace.rules.examples.rfc6275_session import known, pbu
from pmiptrace.rules.examples.rfc8278_session import wait

RULES = {
    "RFC5213-5.4.1.1-155": (second(hnp=PREFIX), pba()),
    "RFC5213-5.2-PREFIX-UNIQUE": (second(hnp="::/0"), pba(hnp=PREFIX)),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_refresh_of_the_first_mobile_node_proves_it(rule: str) -> None:
    play = known(*RULES[rule], wait(5), pbu(), pba(), wait(5), pbu(), pba())
    findings = of_rule(judge(play), rule)
    assert statuses(findings) == [Status.INCONCLUSIVE, Status.FAIL]
    suspected, shown = findings
    assert "mn1@example.com" in suspected.message
    assert "mn2@example.com" in shown.message
    assert shown.party.role == "LMA"
    assert [m.frame for m in shown.evidence] == [2, 4]


@pytest.mark.parametrize("rule", RULES)
def test_a_second_refresh_of_the_other_accuses_nobody_anew(rule: str) -> None:
    def again(s):  # type: ignore[no-untyped-def]
        s.pbu(s.other, "mn2@example.com", hnp=PREFIX)
        s.wait(0.02)
        s.pba()

    play = known(*RULES[rule], wait(5), again, wait(5), again)
    assert statuses(of_rule(judge(play), rule)) == [Status.INCONCLUSIVE]


@pytest.mark.parametrize("rule", RULES)
def test_a_mobile_node_without_a_name_may_be_the_same(rule: str) -> None:
    """An identifier of no octets tells it from no other."""
    asked, given = ("::/0", PREFIX) if rule == "RFC5213-5.2-PREFIX-UNIQUE" else (PREFIX, PREFIX)

    def unnamed(s):  # type: ignore[no-untyped-def]
        s.pbu(s.other, "", hnp=asked)

    play = known(unnamed, pba(hnp=given), wait(5), pbu(), pba(), wait(5), unnamed, pba(hnp=given))
    assert of_rule(judge(play), rule) == []
