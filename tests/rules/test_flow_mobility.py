"""Flow mobility (RFC 7864): a mobile node at two MAGs, with flows of one prefix through either."""

import pytest
from rule_stage import judge, of_rule, statuses

from pmiptrace.address import address_octets
from pmiptrace.model import Status
from pmiptrace.rules.examples.stage import Stage
from pmiptrace.wire.options.rfc5213 import HomeNetworkPrefix

FIRST, SECOND = "2001:db8:1::/64", "2001:db8:2::/64"
WLAN = {"att": 4, "link_layer": b"\2\0\0\0\0\1"}
LTE = {"att": 8, "link_layer": b"\2\0\0\0\0\2"}
OFF_LINK = HomeNetworkPrefix(off_link=True, home_network_prefix=address_octets("2001:db8:1::"))
"""The first prefix, as section 4.1 marks one for which flows are moved."""


def attached(s: Stage) -> None:
    """WLAN has the first prefix; LTE gets another, and flows of the first one (section 3.3)."""
    s.register(s.plain, hnp=FIRST, **WLAN)
    s.wait(10)
    s.pbu(s.other, hnp="::/0", hi=1, **LTE)
    s.pba(hnp=SECOND, also=[OFF_LINK])


def test_off_link_prefixes_are_those_of_another_session() -> None:
    def play(s: Stage) -> None:
        attached(s)
        for _ in range(2):
            s.wait(60)
            s.pbu(s.other, hnp=SECOND, hi=5, **LTE)
            s.pba(also=[OFF_LINK])
            s.register(s.plain, hnp=FIRST, hi=5, **WLAN)

    assert [f.rule for f in judge(play) if f.status is not Status.NOTE] == []


@pytest.mark.parametrize(
    ("status", "rule"), [(0, "RFC5213-5.3.6-HNP-ACCEPT"), (130, "RFC5213-5.3.6-HNP-REJECT")]
)
def test_they_do_not_stand_for_the_prefix_of_the_request(status: int, rule: str) -> None:
    def play(s: Stage) -> None:
        attached(s)
        s.wait(60)
        s.pbu(s.other, hnp=SECOND, hi=5, **LTE)
        s.pba(status=status, replacing=[OFF_LINK])

    assert statuses(of_rule(judge(play), rule)) == [Status.FAIL]


def test_the_other_bits_of_the_octet_are_reserved() -> None:
    def play(s: Stage) -> None:
        attached(s)
        s.pbu(s.other, hnp=SECOND, hi=5, **LTE)
        s.pba(also=[HomeNetworkPrefix(off_link=True, reserved=1)])

    assert statuses(of_rule(judge(play), "RFC5213-8.3-RESERVED")) == [Status.FAIL]
