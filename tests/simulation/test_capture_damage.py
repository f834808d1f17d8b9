"""Each damage does to a capture what it says, and nothing to the octets it leaves alone."""

from __future__ import annotations

from random import Random

import pytest
from simulated_runs import messages_of

from pmiptrace.model import Frame
from pmiptrace.simulation import Scenario, simulate
from pmiptrace.simulation.damage import (
    SINGLE,
    cut,
    damaged,
    drawn,
    end_early,
    jittered,
    lose,
    lose_a_while,
    mirrored,
    one_way,
    shuffled,
    start_late,
    two_captures,
)

MILLISECOND = 1_000_000
RUN = simulate(Scenario(mobile_nodes=3, duration=600), 1)
FRAMES = RUN.frames()
SEEDS = range(10)


def contents(frames: list[Frame]) -> list[bytes]:
    return [frame.data for frame in frames]


@pytest.mark.parametrize("damage", SINGLE, ids=lambda damage: damage.__name__)
def test_a_damage_depends_on_its_seed_alone(damage) -> None:
    assert damaged(FRAMES, 3, damage) == damaged(FRAMES, 3, damage)
    assert len({tuple(damaged(FRAMES, seed, damage)) for seed in SEEDS}) > 1
    assert [f.number for f in damaged(FRAMES, 3, damage)] == list(
        range(1, len(damaged(FRAMES, 3, damage)) + 1)
    )


@pytest.mark.parametrize("damage", SINGLE, ids=lambda damage: damage.__name__)
def test_an_empty_capture_stays_empty(damage) -> None:
    assert damaged([], 1, damage) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_left_out(seed: int) -> None:
    random = Random(seed)
    whole = contents(FRAMES)
    late = contents(start_late(FRAMES, random))
    assert late == whole[len(whole) - len(late) :]
    early = contents(end_early(FRAMES, random))
    assert early == whole[: len(early)]
    gap = contents(lose_a_while(FRAMES, random))
    start = next((n for n, pair in enumerate(zip(whole, gap, strict=False)) if pair[0] != pair[1]),
                 len(gap))  # fmt: skip
    assert len(gap) < len(whole)
    assert gap == whole[:start] + whole[len(whole) - (len(gap) - start) :]
    rest = iter(whole)
    assert all(data in rest for data in contents(lose(FRAMES, random)))


def test_one_way_has_one_sender() -> None:
    frames = one_way(FRAMES, Random(1))
    assert 0 < len(frames) < len(FRAMES)
    assert len({frame.data[6:12] for frame in frames}) == 1


def test_a_mirror_repeats_every_message_a_hop_further() -> None:
    frames = mirrored(FRAMES, Random(1))
    assert len(frames) == 2 * len(FRAMES)
    messages = list(messages_of(frames))
    payloads = [message.datagram.payload for message in messages]
    assert all(payloads.count(payload) >= 2 for payload in payloads)
    limits = {message.datagram.hop_limit for message in messages}
    assert limits == {64, 63, 60, 59}
    assert all(message.checksum_correct for message in messages)


def test_a_mirror_of_ipv4_has_correct_checksums() -> None:
    run = simulate(Scenario(ipv4_transport=True, duration=120), 1)
    messages = list(messages_of(mirrored(run.frames(), Random(1))))
    assert len(messages) == 2 * len(run.frames())
    assert all(message.datagram.udp_checksum_correct for message in messages)


@pytest.mark.parametrize("seed", SEEDS)
def test_disorder_is_a_matter_of_milliseconds(seed: int) -> None:
    out_of_order = shuffled(FRAMES, Random(seed))
    assert sorted(out_of_order, key=lambda f: f.number) == FRAMES
    times = [frame.time or 0 for frame in out_of_order]
    latest = 0
    for time in times:
        latest = max(latest, time)
        assert latest - time <= 20 * MILLISECOND
    late = jittered(FRAMES, Random(seed))
    before = {frame.number: frame.time or 0 for frame in FRAMES}
    assert all(0 <= (f.time or 0) - before[f.number] <= 20 * MILLISECOND for f in late)


def test_a_snap_length_leaves_the_original_length() -> None:
    frames = cut(FRAMES, Random(1))
    assert [f.original_length for f in frames] == [len(f.data) for f in FRAMES]
    assert len({len(f.data) for f in frames}) < len({len(f.data) for f in FRAMES})
    assert all(whole.data.startswith(f.data) for f, whole in zip(frames, FRAMES, strict=True))


def test_two_captures_share_messages_and_differ_in_their_clock() -> None:
    offsets = set()
    for seed in SEEDS:
        one, other = two_captures(RUN, seed)
        payloads = {m.datagram.payload: m.time or 0 for m in messages_of(one)}
        common = [m for m in messages_of(other) if m.datagram.payload in payloads]
        assert common
        assert {frame.capture for frame in other} == {1}
        offsets.add(round((common[0].time or 0) - payloads[common[0].datagram.payload], -9))
    assert len(offsets) > 3


def test_damages_are_combined() -> None:
    counts = {len(drawn(seed)) for seed in range(50)}
    assert counts == {1, 2, 3}
    assert {damage for seed in range(200) for damage in drawn(seed)} == set(SINGLE)
