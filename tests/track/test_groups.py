"""Bulk binding updates (RFC 6602): one PBU renews the sessions of a group."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from track_run import Domain, Run

from pmiptrace.model import SECOND, Frame, Step
from pmiptrace.testing import Path
from pmiptrace.track import state
from pmiptrace.wire.options.rfc6602 import MnGroupIdentifier

NODES = ("mn1@example.com", "mn2@example.com", "mn3@example.com")


def group(number: int = 7) -> MnGroupIdentifier:
    return MnGroupIdentifier(group_identifier=number)


def join(d: Domain, mn: str, number: int = 7, path: Path | None = None) -> None:
    """Register a mobile node, in a group."""
    d.pbu(path or d.plain, mn, lifetime=300, also=[group(number)], bulk_binding_update=True)
    d.wait(0.02)
    d.pba(bulk_binding_update=True)


def renew(d: Domain, number: int = 7, *, status: int = 0, lifetime: int = 300) -> None:
    """Renew a group."""
    d.pbu(d.plain, hi=5, lifetime=lifetime, without=(8, 22), also=[group(number)])
    d.wait(0.02)
    d.pba(status=status)


def left(run: Run) -> dict[str, float]:
    """Give how long the bindings of each mobile node last, in seconds from the start."""
    start = run.steps[0].moment.time or 0
    return {
        str(session.mobile_node).partition("@")[0]: ((b.expires_at or 0) - start) / SECOND
        for session in run.sessions
        for b in session.bindings
    }


def test_a_group_is_renewed_as_a_whole_and_nothing_else() -> None:
    d = Domain()
    join(d, NODES[0])
    join(d, NODES[1], 8)
    d.register(d.plain, NODES[2], lifetime=300)
    join(d, "mn4@example.com", path=d.other)
    d.wait(199.92)
    renew(d)
    run = Run(d)
    assert left(run) == {"mn1": 500.02, "mn2": 300.04, "mn3": 300.06, "mn4": 300.08}
    assert run.kinds[-1] == "bulk-refresh"
    assert run.events == []


def test_group_1_is_of_all_sessions_in_a_group() -> None:
    d = Domain()
    join(d, NODES[0])
    join(d, NODES[1], 8)
    d.register(d.plain, NODES[2], lifetime=300)
    d.wait(199.94)
    renew(d, 1)
    assert left(Run(d)) == {"mn1": 500.02, "mn2": 500.02, "mn3": 300.06}


def test_renewed_again_and_again_it_does_not_expire() -> None:
    d = Domain()
    for mn in NODES:
        join(d, mn)
    for _ in range(5):
        d.wait(200)
        renew(d)
    run = Run(d)
    assert [b.state.name for s in run.sessions for b in s.bindings] == ["ACTIVE"] * 3
    assert run.events == []


def test_a_pbu_with_b_0_takes_a_session_out() -> None:
    d = Domain()
    join(d, NODES[0])
    d.wait(99.96)
    d.register(d.plain, NODES[0], lifetime=300)
    d.wait(100)
    renew(d)
    assert left(Run(d)) == {"mn1": 400.0}


def test_what_is_refused_or_gets_no_answer_renews_nothing() -> None:
    d = Domain()
    join(d, NODES[0])
    d.wait(100)
    renew(d, status=130)
    d.wait(20)
    d.pbu(d.plain, hi=5, lifetime=300, without=(8, 22), also=[group()])
    run = Run(d, end=60)
    assert left(run) == {"mn1": 300.02}
    assert run.events == ["PM-UNANSWERED-PBU"]


def test_a_group_of_nobody_makes_no_session() -> None:
    d = Domain()
    renew(d)
    assert Run(d).sessions == []


def test_the_sequence_numbers_go_on_across_it() -> None:
    d = Domain()
    join(d, NODES[0])
    d.wait(100)
    renew(d)
    d.wait(100)
    d.register(d.plain, NODES[0], lifetime=300)
    steps: list[Step] = Run(d).steps
    assert steps[-1].proven_since(steps[1].moment)


def test_a_renewal_with_a_wrong_checksum_counts_if_it_is_answered() -> None:
    for repeated in (False, True):
        d = Domain()
        join(d, NODES[0])
        d.wait(199.98)
        asked = d.pbu(d.plain, hi=5, lifetime=300, without=(8, 22), also=[group()])
        damaged = d.frames[-1]
        d.frames[-1] = with_octet(damaged, 44)
        if repeated:
            d.wait(1)
            d.again(asked)
        d.wait(0.02)
        d.pba(asked)
        run = Run(d)
        assert left(run) == {"mn1": 501.02 if repeated else 500.02}
        assert len(run.sessions) == 1


def with_octet(frame: Frame, place: int) -> Frame:
    """Give a frame with one octet turned over."""
    octets = bytearray(frame.data)
    octets[place] ^= 0xFF
    return replace(frame, data=bytes(octets))


def test_a_flood_of_renewals_takes_no_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "SESSIONS_PER_MESSAGE", 2)
    d = Domain()
    for n in range(20):
        join(d, f"mn{n}@example.com")
    for _ in range(20):
        d.wait(1)
        renew(d)
    run = Run(d)
    changes = sum(len(step.transitions) for step in run.steps if step.message is not None)
    # Two for each registration, and no more than two for each message of a renewal.
    assert 40 + 20 <= changes <= 40 + 2 * 80
    assert run.tracker.state.all_of_mag(1) == []
