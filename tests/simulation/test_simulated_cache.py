"""The binding cache at a moment, held against what the simulated LMAs held then.

The captures are whole, and taken at the LMA. What the tracker leaves open is left open, as in
`test_simulated_state`.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from simulated_runs import chosen, seeds
from test_simulated_state import QUIET, compare, without_restarts

from pmiptrace.analysis import Analysis, Event
from pmiptrace.cache import BindingCache, CacheBuilder
from pmiptrace.capture.writer import write_pcapng
from pmiptrace.instant import Instant
from pmiptrace.model import Message
from pmiptrace.selection import Selection
from pmiptrace.simulation import simulate

MOMENTS = 6
"""Of each run; each is an analysis of its own."""


def cache_at(path: str, until: Instant) -> tuple[BindingCache, list[Event]]:
    analysis = Analysis([path], until=until, judge=False)
    builder = CacheBuilder(Selection(), analysis.mags)
    events = list(analysis.events())
    for event in events:
        builder.event(event)
    return builder.cache(analysis.ended_at), events


@pytest.mark.parametrize("seed", seeds(25))
def test_the_cache_at_any_moment_is_that_of_the_lma(seed: int, tmp_path: Path) -> None:
    run = simulate(without_restarts(seed), seed)
    frames = run.frames()
    if not frames:
        return
    path = tmp_path / "run.pcapng"
    write_pcapng(path, frames)
    random = chosen(seed, "cache")
    times = sorted(frame.time or 0 for frame in frames)
    gaps = [(a + QUIET, b) for a, b in itertools.pairwise(times) if b - a > QUIET + 1]
    for first, last in random.sample(gaps, min(MOMENTS, len(gaps))):
        at = random.randrange(first, last)
        cache, events = cache_at(str(path), Instant(time=at))
        assert cache.at == at
        compare(run, [entry.session for entry in cache.entries], at)
        left = {e.left for e in cache.entries if e.binding.state.is_live and e.binding.expires_at}
        expected = {
            (e.binding.expires_at or 0) - at
            for e in cache.entries
            if e.binding.state.is_live and e.binding.expires_at
        }
        assert left == expected
        assert min(left, default=0) >= 0
        read = [e.frame.number for e in events if isinstance(e, Message)]
        assert len(read) <= sum(time <= at for time in times)


@pytest.mark.parametrize("seed", seeds(10))
def test_a_frame_names_the_moment_at_which_it_was_captured(seed: int, tmp_path: Path) -> None:
    frames = simulate(without_restarts(seed), seed).frames()
    if not frames:
        return
    path = tmp_path / "run.pcapng"
    write_pcapng(path, frames)
    frame = chosen(seed, "frame").choice(frames)
    by_frame, _ = cache_at(str(path), Instant(frame=frame.number))
    by_time, _ = cache_at(str(path), Instant(time=frame.time))
    assert by_frame == by_time
