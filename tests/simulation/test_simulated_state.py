"""The bindings that the analysis rebuilds, held against the cache of the simulated LMAs.

Two sets are compared, binding by binding: LMA, mobile node, prefixes, BID, care-of address and the
moment of expiry. What the tracker itself leaves open is left open here as well: bindings that are
being de-registered or revoked, or that a restart or silence of a peer put in doubt.

A capture at the LMA shows all that its cache depends on, so both sets must be equal, at every
moment. A damaged capture shows less. Then a binding that is said to be active must have been in
the cache when the last answer that granted it was captured, under the same name and for no longer
time. An `assumed` one makes no such claim.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from msgspec.structs import replace
from simulated_runs import chosen, messages_of, report_of, seeds, vantage_of

from pmiptrace.model import Binding, BindingState, Identifier, Prefix, Session
from pmiptrace.simulation import Held, Run, Scenario, simulate
from pmiptrace.simulation.damage import damaged, drawn
from pmiptrace.track.tracker import Tracker

SECOND = 1_000_000_000
Known = tuple[bytes, Identifier | None, frozenset[Prefix], int | None, bytes, int | None]

CERTAIN = (BindingState.ACTIVE, BindingState.REFRESHING)
OPEN = (
    BindingState.REVOKING,
    BindingState.DEREG_PENDING,
    BindingState.SUSPECT,
    BindingState.PENDING,
)

QUIET = SECOND // 20
"""So long after a packet the LMA has dealt with it."""
ON_THE_WAY = 2 * SECOND
"""An answer is captured at most so long after the cache changed."""


def known(session: Session, binding: Binding) -> Known:
    ipv4 = session.ipv4_home_address
    return (
        session.lma,
        session.mobile_node,
        frozenset((*session.prefixes, *((ipv4,) if ipv4 else ()))),
        binding.bid,
        binding.care_of_address,
        binding.expires_at,
    )


def held(binding: Held) -> Known:
    return (
        binding.lma,
        binding.mobile_node,
        binding.prefixes,
        binding.bid,
        binding.care_of_address,
        binding.expires_at,
    )


def has_successor(name: Known, sessions: Iterable[Session]) -> bool:
    """Tell whether a MAG that had forgotten a session got another one for the same path.

    The LMA keeps the old entry until its lifetime is over; the tracker lets the binding go on in
    the new session.
    """
    paths = [known(s, b) for s in sessions for b in s.bindings]
    if any(path[:4] == name[:4] for path in paths):
        return False
    # The path may have got another address since.
    return any((*path[:2], path[3]) == (*name[:2], name[3]) for path in paths)


def compare(run: Run, sessions: Iterable[Session], at: int) -> None:
    """Hold what the tracker claims at a moment against the truth."""
    sessions = list(sessions)
    claimed, undecided = set(), set()
    for session in sessions:
        for binding in session.bindings:
            if binding.state in CERTAIN and (binding.expires_at or at + 1) > at:
                claimed.add(known(session, binding))
            elif binding.state in OPEN:
                undecided.add(known(session, binding)[:5])
    truth = run.ground_truth(at)
    doubtful = {held(binding) for binding in truth if binding.doubtful}
    certain = {held(binding) for binding in truth if not binding.doubtful}
    assert claimed - certain - doubtful == set(), "claimed, but not in the cache"
    missed = {
        binding
        for binding in certain - claimed
        if binding[:5] not in undecided and not has_successor(binding, sessions)
    }
    assert missed == set(), "in the cache, but not claimed"


def without_restarts(seed: int) -> Scenario:
    """Give a scenario in which no LMA forgets its cache before it tells so."""
    scenario = Scenario.random(seed)
    return replace(scenario, rates=replace(scenario.rates, restart=0))


@pytest.mark.parametrize("seed", seeds(100))
def test_state_at_the_end(seed: int, tmp_path: Path) -> None:
    run = simulate(without_restarts(seed), seed)
    frames = run.frames()
    report = report_of(tmp_path, frames)
    end = max((frame.time or 0 for frame in frames), default=run.started)
    compare(run, report.sessions, end)


@pytest.mark.parametrize("seed", seeds(100))
def test_state_at_many_moments(seed: int) -> None:
    run = simulate(without_restarts(seed), seed)
    tracker, random = Tracker(), chosen(seed, "moments")
    last, compared = run.started, 0
    for message in messages_of(run.frames()):
        now = message.time
        assert now is not None
        gap = now - last - QUIET
        if gap > 1 and random.random() < 0.2:
            at = last + QUIET + random.randrange(gap)
            compare(run, tracker.state.sessions, at)
            compared += 1
        for _ in tracker.feed(message):
            pass
        last = now
    assert compared or len(run.frames()) < 200


def was_held(run: Run, session: Session, binding: Binding) -> bool:
    """Tell whether the cache had a binding when the answer that granted it was on its way."""
    granted, name = binding.granted_at, known(session, binding)
    assert granted is not None
    for lma in run.lmas:
        for time, cache in lma.history:
            # The state that began before the window counts as well: it may last into it.
            if time > granted + ON_THE_WAY:
                break
            for truth in map(held, cache):
                same = truth[:2] == name[:2] and truth[4] == name[4]
                same = same and name[3] in (None, truth[3])  # the option may be cut off
                if same and name[2] <= truth[2] and abs(truth[5] - (name[5] or 0)) < ON_THE_WAY:
                    return True
    return False


@pytest.mark.parametrize("seed", seeds(100))
def test_damaged_captures_claim_no_more_than_they_show(seed: int, tmp_path: Path) -> None:
    run = simulate(Scenario.random(seed), seed)
    damages = drawn(seed)
    frames = damaged(run.frames(vantage_of(seed)), seed, *damages)
    report = report_of(tmp_path, frames)
    for session in report.sessions:
        for binding in session.bindings:
            if binding.state not in CERTAIN or binding.inferred or binding.granted_at is None:
                continue
            if session.mobile_node is None or not (session.prefixes or session.ipv4_home_address):
                continue  # cut off
            assert was_held(run, session, binding), (damages, known(session, binding))
