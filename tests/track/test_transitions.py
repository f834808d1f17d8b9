"""What moves a binding from one state to the next, as sequences of messages.

Every row stands for one of the transitions T1 to T32: a call flow, whose last part brings it about,
and the transitions of all bindings that this last part makes.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from track_run import MN, Domain, Run

from pmiptrace.model import SessionMode
from pmiptrace.testing import mn_identifier
from pmiptrace.wire.messages.rfc5846 import (
    BindingRevocationAcknowledgement,
    BindingRevocationIndication,
)
from pmiptrace.wire.messages.rfc5847 import Heartbeat
from pmiptrace.wire.messages.rfc7077 import UpdateNotification
from pmiptrace.wire.options.rfc5847 import RestartCounter

MMB = 63
FORCE_REREGISTRATION = 1

Script = Callable[[Domain], object]


def both(d: Domain) -> None:
    d.register(d.lte)
    d.wait(5)
    d.register(d.wlan)
    d.wait(100)


def registered(d: Domain) -> None:
    d.register(d.lte)
    d.wait(100)


def revocation(d: Domain, sequence: int = 1) -> None:
    d.send(
        d.lma,
        d.lte.address,
        BindingRevocationIndication(trigger=1, sequence=sequence, proxy=True),
        mn_identifier(MN),
    )
    d.wait(0.1)


def revoked(d: Domain, status: int = 0, sequence: int = 1) -> None:
    d.send(
        d.lte.address,
        d.lma,
        BindingRevocationAcknowledgement(status=status, sequence=sequence, proxy=True),
    )


def heartbeat(d: Domain, sequence: int, counter: int | None) -> None:
    d.send(d.lte.address, d.lma, Heartbeat(sequence=sequence))
    d.wait(0.01)
    if counter is not None:
        d.send(
            d.lma,
            d.lte.address,
            Heartbeat(sequence=sequence, response=True),
            RestartCounter(restart_counter=counter),
        )
    d.wait(0.1)


def restarted(d: Domain) -> None:
    heartbeat(d, 1, 7)
    heartbeat(d, 2, 8)


CASES: list[tuple[str, Script, Script, list[str]]] = [
    # row, what goes before, what the row is about, the transitions that it makes
    ("T1", lambda d: None, lambda d: d.pbu(d.lte), ["1 NONE PENDING"]),
    (
        "T1 after rejection",
        lambda d: (d.pbu(d.lte), d.pba(status=130), d.wait(1)),
        lambda d: d.pbu(d.lte),
        ["1 REJECTED PENDING"],
    ),
    (
        "T1 after expiry",
        lambda d: (d.register(d.lte, lifetime=40), d.wait(60)),
        lambda d: d.pbu(d.lte),
        ["1 EXPIRED PENDING"],
    ),
    (
        "T1 in the delete delay",
        lambda d: (registered(d), d.deregister(d.lte), d.wait(2)),
        lambda d: d.pbu(d.lte),
        ["1 DEREG_WAIT PENDING"],
    ),
    (
        "T1 after silence",
        lambda d: (d.pbu(d.lte), d.wait(40)),
        lambda d: d.pbu(d.lte),
        ["1 PENDING_TIMEOUT PENDING"],
    ),
    (
        "T1 after overwriting",
        lambda d: (both(d), d.register(d.wlan, overwrite=True), d.wait(1)),
        lambda d: d.pbu(d.lte),
        ["1 REPLACED PENDING"],
    ),
    (
        "T1 after revocation",
        lambda d: (registered(d), revocation(d), revoked(d), d.wait(1)),
        lambda d: d.pbu(d.lte),
        ["1 REVOKED PENDING"],
    ),
    ("T2", lambda d: d.pbu(d.lte), lambda d: d.pba(), ["1 PENDING ACTIVE"]),
    (
        "T2 leaves others alone",
        lambda d: (d.register(d.lte), d.pbu(d.wlan)),
        lambda d: d.pba(),
        ["2 PENDING ACTIVE"],
    ),
    ("T3", lambda d: d.pbu(d.lte), lambda d: d.pba(without=[MMB]), ["a PENDING ACTIVE"]),
    (
        "T3 one path overwrites the other",
        lambda d: (d.pbu(d.lte), d.pba(without=[MMB]), d.wait(1), d.pbu(d.wlan)),
        lambda d: d.pba(without=[MMB]),
        ["b PENDING ACTIVE", "a ACTIVE REPLACED"],
    ),
    (
        "T3 not where the session is multipath already",
        lambda d: (d.register(d.lte), d.wait(1), d.pbu(d.wlan)),
        lambda d: d.pba(without=[MMB]),
        ["2 PENDING ACTIVE"],
    ),
    ("T4", lambda d: d.pbu(d.plain), lambda d: d.pba(), ["c PENDING ACTIVE"]),
    (
        "T4 ends multipath",
        lambda d: (both(d), d.pbu(d.lte, multipath=False)),
        lambda d: d.pba(),
        ["a PENDING ACTIVE", "1 ACTIVE REPLACED", "2 ACTIVE REPLACED"],
    ),
    ("T5", lambda d: d.pbu(d.lte), lambda d: d.pba(status=180), ["1 PENDING REJECTED"]),
    (
        "T5 leaves others alone",
        lambda d: (d.register(d.lte), d.pbu(d.wlan)),
        lambda d: d.pba(status=180),
        ["2 PENDING REJECTED"],
    ),
    ("T6", lambda d: d.pbu(d.lte), lambda d: d.pba(status=130), ["1 PENDING REJECTED"]),
    ("T7", registered, lambda d: d.pbu(d.lte), ["1 ACTIVE REFRESHING"]),
    (
        "T8",
        lambda d: (registered(d), d.pbu(d.lte)),
        lambda d: d.pba(),
        ["1 REFRESHING ACTIVE"],
    ),
    (
        "T9",
        lambda d: (both(d), d.pbu(d.lte, bulk=True)),
        lambda d: d.pba(),
        ["1 REFRESHING ACTIVE", "2 ACTIVE ACTIVE"],
    ),
    (
        "T9 from pending",
        lambda d: (both(d), d.pbu(d.dsl, bulk=True)),
        lambda d: d.pba(),
        ["3 PENDING ACTIVE", "1 ACTIVE ACTIVE", "2 ACTIVE ACTIVE"],
    ),
    (
        "T9 does not raise the dead",
        lambda d: (
            d.register(d.wlan, lifetime=40),
            d.register(d.lte),
            d.wait(100),
            d.pbu(d.lte, bulk=True),
        ),
        lambda d: d.pba(),
        ["1 REFRESHING ACTIVE"],
    ),
    (
        "T10",
        lambda d: (both(d), d.pbu(d.wlan, overwrite=True)),
        lambda d: d.pba(),
        ["2 REFRESHING ACTIVE", "1 ACTIVE REPLACED"],
    ),
    (
        "T11",
        lambda d: (registered(d), d.pbu(d.lte)),
        lambda d: d.pba(status=130),
        ["1 REFRESHING ACTIVE"],
    ),
    (
        "T12",
        lambda d: (registered(d), d.pbu(d.mag1.path("2001:db8:aa::1", bid=1))),
        lambda d: d.pba(),
        ["1 REFRESHING ACTIVE"],
    ),
    (
        "T13",
        registered,
        lambda d: d.pbu(d.lte, lifetime=0),
        ["1 ACTIVE DEREG_PENDING"],
    ),
    (
        "T13 in mid-session",
        lambda d: None,
        lambda d: d.pbu(d.lte, lifetime=0, hnp="2001:db8:7::/64"),
        ["1 NONE DEREG_PENDING"],
    ),
    (
        "T14 and only that path",
        lambda d: (both(d), d.pbu(d.lte, lifetime=0)),
        lambda d: d.pba(),
        ["1 DEREG_PENDING DEREG_WAIT"],
    ),
    (
        "T15",
        lambda d: (registered(d), d.deregister(d.lte)),
        lambda d: d.wait(11),
        ["1 DEREG_WAIT NONE"],
    ),
    (
        "T16",
        lambda d: (registered(d), d.deregister(d.lte), d.wait(2), d.pbu(d.lte)),
        lambda d: d.pba(),
        ["1 PENDING ACTIVE"],
    ),
    (
        "T17",
        lambda d: (registered(d), d.pbu(d.lte, lifetime=0)),
        lambda d: d.wait(33),
        ["1 DEREG_PENDING SUSPECT"],
    ),
    (
        "T17 a late answer still ends it",
        lambda d: (registered(d), d.pbu(d.lte, lifetime=0), d.wait(33)),
        lambda d: d.pba(),
        ["1 SUSPECT DEREG_WAIT"],
    ),
    (
        "T18",
        lambda d: d.register(d.lte, lifetime=40),
        lambda d: d.wait(41),
        ["1 ACTIVE EXPIRED"],
    ),
    (
        "T18 with a request under way",
        lambda d: (d.register(d.lte, lifetime=40), d.wait(39), d.pbu(d.lte), d.wait(2)),
        lambda d: d.pba(),
        ["1 EXPIRED ACTIVE"],
    ),
    (
        "T18 of a suspect",
        lambda d: (d.register(d.lte, lifetime=40), d.pbu(d.lte, lifetime=0), d.wait(33)),
        lambda d: d.wait(9),
        ["1 SUSPECT EXPIRED"],
    ),
    (
        "T19",
        lambda d: (d.register(d.plain), d.wait(50), d.pbu(d.other, hi=3)),
        lambda d: d.pba(),
        ["d PENDING ACTIVE", "c ACTIVE REPLACED"],
    ),
    (
        "T19 while the old MAG de-registers",
        lambda d: (
            d.register(d.plain),
            d.wait(50),
            d.pbu(d.plain, lifetime=0),
            d.pbu(d.other, hi=3),
        ),
        lambda d: d.pba(),
        ["d PENDING ACTIVE", "c DEREG_PENDING REPLACED"],
    ),
    (
        "T19 a later de-registration by the old MAG is ignored",
        lambda d: (d.register(d.plain), d.wait(50), d.register(d.other, hi=3), d.wait(1)),
        lambda d: d.deregister(d.plain),
        [],
    ),
    ("T20", registered, revocation, ["1 ACTIVE REVOKING"]),
    (
        "T21",
        lambda d: (registered(d), revocation(d)),
        revoked,
        ["1 REVOKING REVOKED"],
    ),
    (
        "T22 still attached",
        lambda d: (registered(d), revocation(d)),
        lambda d: revoked(d, 132),
        ["1 REVOKING ACTIVE"],
    ),
    (
        "T22 no such binding",
        lambda d: (registered(d), revocation(d)),
        lambda d: revoked(d, 128),
        ["1 REVOKING NONE"],
    ),
    (
        "T23",
        lambda d: (registered(d), revocation(d)),
        lambda d: d.wait(20),
        ["1 REVOKING REVOKED"],
    ),
    (
        "T24",
        lambda d: (registered(d), revocation(d), d.pbu(d.lte)),
        lambda d: d.pba(),
        ["1 REVOKING ACTIVE"],
    ),
    (
        "T24 the acknowledgement comes after",
        lambda d: (registered(d), revocation(d), d.register(d.lte)),
        revoked,
        [],
    ),
    (
        "T25",
        lambda d: (both(d), heartbeat(d, 1, 7)),
        lambda d: heartbeat(d, 2, 8),
        ["1 ACTIVE SUSPECT", "2 ACTIVE SUSPECT"],
    ),
    (
        "T25 the next registration mends it",
        lambda d: (registered(d), restarted(d), d.pbu(d.lte)),
        lambda d: d.pba(),
        ["1 REFRESHING ACTIVE"],
    ),
    (
        "T26",
        lambda d: (registered(d), [heartbeat(d, n, None) for n in range(3)], d.wait(4)),
        lambda d: (heartbeat(d, 4, None), d.wait(4)),
        ["1 ACTIVE SUSPECT"],
    ),
    (
        "T27",
        registered,
        lambda d: d.send(
            d.lma,
            d.lte.address,
            UpdateNotification(sequence=1, reason=FORCE_REREGISTRATION, acknowledge=True),
            mn_identifier(MN),
        ),
        [],
    ),
    ("T29", lambda d: d.pbu(d.lte), lambda d: d.wait(33), ["1 PENDING PENDING_TIMEOUT"]),
    ("T29 not before", lambda d: d.pbu(d.lte), lambda d: d.wait(31), []),
    (
        "T29 a late answer counts all the same",
        lambda d: (d.pbu(d.lte), d.wait(33)),
        lambda d: d.pba(),
        ["1 PENDING_TIMEOUT ACTIVE"],
    ),
    (
        "T30",
        lambda d: (registered(d), d.pbu(d.lte, lifetime=0)),
        lambda d: d.pba(status=130),
        ["1 DEREG_PENDING ACTIVE"],
    ),
    (
        "T31",
        lambda d: (registered(d), d.pbu(d.lte, lifetime=0), d.wait(1)),
        lambda d: d.pbu(d.lte),
        ["1 DEREG_PENDING REFRESHING"],
    ),
    (
        "T32",
        lambda d: (registered(d), d.pbu(d.lte)),
        lambda d: d.wait(33),
        ["1 REFRESHING ACTIVE"],
    ),
]


@pytest.mark.parametrize(
    ("before", "last", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_transition(before: Script, last: Script, expected: list[str]) -> None:
    domain = Domain()
    before(domain)
    earlier = Run(domain).moves
    last(domain)
    moves = Run(domain).moves
    assert moves[: len(earlier)] == earlier
    assert moves[len(earlier) :] == expected


def test_assumed_when_only_the_answer_was_captured() -> None:  # T28
    d = Domain()
    request = d.register(d.lte, lifetime=600)
    d.wait(5)
    run = Run(d, lost=[request])
    assert run.moves == ["1 NONE ASSUMED"]
    assert run.session.partial
    assert run.session.mode is SessionMode.MULTIPATH
    assert [str(p) for p in run.session.prefixes] == ["2001:db8:100::/64"]
    assert run.binding(d.lte).lifetime == 600
    assert run.binding(d.lte).inferred


def test_assumed_and_refreshed() -> None:  # T28, T7
    d = Domain()
    request = d.register(d.lte)
    d.wait(50)
    d.register(d.lte)
    run = Run(d, lost=[request])
    assert run.moves == ["1 NONE ASSUMED", "1 ASSUMED REFRESHING", "1 REFRESHING ACTIVE"]
    assert not run.binding(d.lte).inferred


def test_grant_counts_from_the_answer_in_units_of_four_seconds() -> None:
    d = Domain()
    start = d.now
    d.pbu(d.lte, lifetime=600)
    d.wait(0.5)
    d.pba(lifetime=403)
    binding = Run(d).binding(d.lte)
    assert binding.lifetime == 400
    assert binding.granted_at == start + 500_000_000
    assert binding.expires_at == start + 400_500_000_000


def test_expiry_stands_at_its_own_time_and_goes_before_the_message_that_shows_it() -> None:
    d = Domain()
    start = d.now
    d.pbu(d.lte, lifetime=40)
    d.pba()
    d.wait(43)
    d.pbu(d.lte)
    run = Run(d)
    expired, late = run.steps[2], run.steps[3]
    assert expired.message is None
    assert expired.events == ("PM-EXPIRED",)
    assert expired.moment.time == start + 40_000_000_001
    assert expired.moment.frame is None
    assert late.events == ("PM-REFRESH-LATE",)
    assert late.before is not None
    assert late.before.bindings[0].state.name == "EXPIRED"


@pytest.mark.parametrize(("seconds", "is_late"), [(44, True), (45, False)])
def test_a_refresh_is_late_up_to_a_tenth_of_the_lifetime(seconds: int, is_late: bool) -> None:
    d = Domain()
    d.pbu(d.lte, lifetime=40)
    d.pba()
    d.wait(seconds)
    d.pbu(d.lte)
    assert ("PM-REFRESH-LATE" in Run(d).events) is is_late


def test_a_binding_is_live_at_the_very_end_of_its_lifetime() -> None:
    d = Domain()
    d.pbu(d.lte, lifetime=40)
    d.pba()
    d.wait(40)
    assert Run(d).states() == {"1": "ACTIVE"}
    assert Run(d, end=1e-9).states() == {"1": "EXPIRED"}


def test_many_refreshes_keep_one_alarm() -> None:
    d = Domain()
    for _ in range(50):
        d.register(d.lte, lifetime=3600)
        d.wait(40)
    run = Run(d, end=3600)
    assert run.events.count("PM-EXPIRED") == 1
    run = Run(d)
    assert len(run.tracker.state.clock) <= 2


def test_a_shorter_lifetime_ends_sooner_than_the_one_before_it() -> None:
    d = Domain()
    d.register(d.lte, lifetime=3600)
    d.wait(10)
    d.register(d.lte, lifetime=40)
    run = Run(d, end=41)
    assert run.events == ["PM-EXPIRED"]
    assert run.states() == {"1": "EXPIRED"}


def test_the_end_of_a_binding_is_noted_and_taken_back_by_its_return() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(10)
    d.deregister(d.lte)
    ended = d.now
    d.wait(20)
    assert Run(d).binding(d.lte).ended_at == ended
    d.register(d.lte)
    assert Run(d).binding(d.lte).ended_at is None


def test_replaced_says_by_what() -> None:
    d = Domain()
    both(d)
    d.register(d.wlan, overwrite=True)
    d.wait(1)
    d.register(d.far, hi=3)
    run = Run(d)
    (session,) = run.sessions
    assert [(b.mag, b.bid, b.replaced_by) for b in session.bindings] == [
        (1, 1, "overwrite"),
        (1, 2, "handover"),
        (2, 1, None),
    ]


def test_closed_sessions_are_forgotten_after_five_minutes() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(1)
    d.deregister(d.lte)
    d.wait(300)
    assert len(Run(d).sessions) == 1
    run = Run(d, end=11)
    assert run.sessions == []
    assert run.steps[-1].before is not None
    assert run.steps[-1].after is None
