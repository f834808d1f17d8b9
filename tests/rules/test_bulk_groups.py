"""Bulk binding updates (RFC 6602): messages for a group of sessions, which name none of them."""

import pytest
from rule_stage import judge, of_rule, statuses

from pmiptrace.model import Status
from pmiptrace.rules.examples.stage import Play, Stage
from pmiptrace.testing import mn_identifier
from pmiptrace.wire.options.rfc6602 import MnGroupIdentifier

GROUP = MnGroupIdentifier(group_identifier=7)
NO_SESSION = (8, 22)
"""What section 5.1.3 forbids: MN Identifier and Home Network Prefix."""
NOTHING = (8, 22, 23, 24)


def joined(s: Stage) -> None:
    """Two mobile nodes of a MAG are in the group."""
    for mn in ("mn1@example.com", "mn2@example.com"):
        s.pbu(s.plain, mn, also=[GROUP], bulk_binding_update=True)
        s.pba(bulk_binding_update=True)
        s.wait(5)


def renewed(without: tuple[int, ...], *, status: int = 0, echo: bool = True) -> Play:
    """The MAG renews the group, and the LMA answers, with the group or without it."""

    def play(s: Stage) -> None:
        joined(s)
        s.pbu(s.plain, hi=5, without=without, also=[GROUP])
        s.wait(0.02)
        s.pba(status=status, without=() if echo else (GROUP.number,))

    return play


def revoked(s: Stage) -> None:
    """The LMA revokes the group."""
    joined(s)
    s.bri(s.plain, None, options=[GROUP])


@pytest.mark.parametrize(
    "play",
    [
        renewed(NO_SESSION),
        renewed(NOTHING),
        renewed(NO_SESSION, status=130),
        renewed(NO_SESSION, status=130, echo=False),
        revoked,
    ],
)
def test_a_message_for_a_group_names_no_session(play: Play) -> None:
    assert [f.rule for f in judge(play) if f.status is not Status.NOTE] == []


def test_an_answer_alone_is_spared_as_well() -> None:
    def play(s: Stage) -> None:
        renewed(NOTHING)(s)
        s.unseen.update(range(len(s.frames) - 1))

    assert [f.rule for f in judge(play) if f.status is not Status.NOTE] == []


@pytest.mark.parametrize(
    ("group", "bulk"),
    [(MnGroupIdentifier(subtype=2, group_identifier=7), False), (GROUP, True)],
)
def test_no_other_group_stands_in_for_the_mobile_node(group: MnGroupIdentifier, bulk: bool) -> None:
    """B=1 asks for one session to join the group (section 5.1.2)."""

    def play(s: Stage) -> None:
        s.pbu(s.plain, without=NO_SESSION, also=[group], bulk_binding_update=bulk)

    assert statuses(of_rule(judge(play), "RFC5213-6.9.1.1-MNID")) == [Status.FAIL]


def test_a_message_that_names_a_session_is_for_that_one() -> None:
    def play(s: Stage) -> None:
        s.pbu(s.plain, without=(8, 22, 23), also=[GROUP, mn_identifier("mn1@example.com")])

    findings = judge(play)
    for rule in ("RFC5213-6.9.1.1-HNP", "RFC5213-6.9.1.1-HI"):
        assert statuses(of_rule(findings, rule)) == [Status.FAIL]
