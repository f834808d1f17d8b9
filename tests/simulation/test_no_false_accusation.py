"""Not one false accusation: what conforming peers send breaks no rule, however it was captured."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from simulated_runs import accusations, listed, report_of, seeds, vantage_of

from pmiptrace.model import Severity
from pmiptrace.simulation import Scenario, Vantage, simulate
from pmiptrace.simulation.damage import damaged, drawn, two_captures

LEGAL_BUT_NOTABLE = {
    "RFC5847-3.2-RESTART-EVENT": "a peer that restarted says so, as RFC 5847 wants",
    "RFC7077-5.1-A-RECOMMENDED": "RFC 7077 section 5.1 recommends A=0, it does not forbid A=1",
    "RFC8278-4.1-BID-UNIQUE": "two MAGs of a mobile node number their paths by themselves",
}
"""Information that a conforming run may bring about, and why. It is true whatever the capture
lacks: one packet, or two that were captured, show it."""

SEEDS = seeds(150)


@pytest.mark.parametrize("seed", SEEDS)
def test_undamaged_captures(seed: int, tmp_path: Path) -> None:
    run = simulate(Scenario.random(seed), seed)
    report = report_of(tmp_path, run.frames(vantage_of(seed)))
    assert listed(accusations(report, Severity.ERROR, Severity.WARNING)) == []
    remarks = {f.rule for f in accusations(report, Severity.INFO)}
    assert remarks <= set(LEGAL_BUT_NOTABLE)


@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_captures(seed: int, tmp_path: Path) -> None:
    run = simulate(Scenario.random(seed), seed)
    damages = drawn(seed)
    frames = damaged(run.frames(vantage_of(seed)), seed, *damages)
    report = report_of(tmp_path, frames)
    done = [damage.__name__ for damage in damages]
    assert (done, listed(accusations(report, Severity.ERROR, Severity.WARNING))) == (done, [])
    remarks = {f.rule for f in accusations(report, Severity.INFO)}
    assert remarks <= set(LEGAL_BUT_NOTABLE), done


@pytest.mark.parametrize("seed", seeds(60))
def test_global_revocations(seed: int, tmp_path: Path) -> None:
    """A peer ends all bindings at once (RFC 5846 sections 8.1 and 9.2), seen well and badly."""
    scenario = Scenario.random(seed)
    rates = replace(scenario.rates, global_revocation=40)
    run = simulate(replace(scenario, revocation=True, rates=rates), seed)
    frames = run.frames(vantage_of(seed))
    for name, captured in (("w", frames), ("d", damaged(frames, seed, *drawn(seed)))):
        folder = tmp_path / name
        folder.mkdir()
        report = report_of(folder, captured)
        assert listed(accusations(report, Severity.ERROR, Severity.WARNING)) == []
        assert {f.rule for f in accusations(report, Severity.INFO)} <= set(LEGAL_BUT_NOTABLE)


@pytest.mark.parametrize("seed", seeds(60))
def test_two_vantage_points_with_skewed_clocks(seed: int, tmp_path: Path) -> None:
    run = simulate(Scenario.random(seed), seed)
    report = report_of(tmp_path, *two_captures(run, seed))
    assert listed(accusations(report, Severity.ERROR, Severity.WARNING)) == []
    assert {f.rule for f in accusations(report, Severity.INFO)} <= set(LEGAL_BUT_NOTABLE)


@pytest.mark.parametrize("seed", seeds(30))
def test_one_peer_of_many(seed: int, tmp_path: Path) -> None:
    """The capture is of one MAG only; what its mobile nodes do elsewhere is not seen."""
    run = simulate(Scenario.random(seed), seed)
    report = report_of(tmp_path, run.frames(Vantage.MAG, mag=0))
    assert listed(accusations(report, Severity.ERROR, Severity.WARNING)) == []
