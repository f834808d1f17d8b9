"""The simulated peers themselves: each test states something that an RFC says of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

import pytest
from msgspec.structs import replace
from simulated_runs import messages_of, seeds

from pmiptrace.model import Message
from pmiptrace.simulation import Multipath, Rates, Run, Scenario, Vantage, simulate
from pmiptrace.wire.messages import BindingAcknowledgement, BindingUpdate, Heartbeat
from pmiptrace.wire.options.rfc4283 import MnIdentifier
from pmiptrace.wire.options.rfc5213 import HandoffIndicator, HomeNetworkPrefix, Timestamp
from pmiptrace.wire.options.rfc5847 import RestartCounter
from pmiptrace.wire.options.rfc8278 import MagIdentifier, MagMultipathBinding

SECOND = 1_000_000_000
QUIET = Rates(
    handover=0,
    detachment=0,
    path_outage=0,
    readdressing=0,
    overwrite=0,
    revocation=0,
    notification=0,
    restart=0,
)
STILL = Scenario(
    mobile_nodes=1,
    mags=1,
    loss=0,
    slow_answers=0,
    jitter=0,
    heartbeat=None,
    ipv4_home_addresses=0,
    two_interfaces=0,
    two_prefixes=0,
    not_enabled=0,
    imsi=0,
    rates=QUIET,
)
"""A domain in which nothing happens but registration and refresh."""


def sent(run: Run, vantage: Vantage = Vantage.LMA) -> list[Message]:
    return list(messages_of(run.frames(vantage)))


def updates(messages: list[Message]) -> Iterator[tuple[Message, BindingUpdate]]:
    for message in messages:
        if isinstance(message.body, BindingUpdate):
            yield message, message.body


def with_paths(scenario: Scenario, count: int) -> Run:
    """Give a run in which the first MAG drew that many paths."""
    for seed in range(100):
        run = simulate(scenario, seed)
        bids = {o.bid for m in sent(run) if (o := m.first(MagMultipathBinding)) is not None}
        if len(bids) == count:
            return run
    raise AssertionError("no seed has so many paths")


@pytest.mark.parametrize("seed", seeds(10))
def test_the_same_seed_gives_the_same_run(seed: int) -> None:
    one, other = (simulate(Scenario.random(seed), seed) for _ in range(2))
    for vantage in Vantage:
        assert one.frames(vantage) == other.frames(vantage)
    assert one.ground_truth(one.ended) == other.ground_truth(other.ended)


def test_another_seed_gives_another_run() -> None:
    assert simulate(STILL, 1).frames() != simulate(STILL, 2).frames()


def test_a_path_is_added_with_the_prefix_of_the_first() -> None:
    """RFC 8278 sections 3.1 and 4.4."""
    run = with_paths(STILL, 2)
    first, second = (m for m, b in list(updates(sent(run)))[:2])
    assert first.first(MagIdentifier) == second.first(MagIdentifier) is not None
    answer = next(m for m in sent(run) if isinstance(m.body, BindingAcknowledgement))
    assert second.every(HomeNetworkPrefix) == answer.every(HomeNetworkPrefix)
    assert answer.first(MagMultipathBinding) is not None
    assert answer.first(MagIdentifier) is None
    assert {held.bid for held in run.ground_truth(run.ended)} == {1, 2}


@pytest.mark.parametrize("multipath", [Multipath.LEGACY, Multipath.DENIED])
def test_without_multipath_there_is_one_binding(multipath: Multipath) -> None:
    """RFC 8278 section 4.4: the MAG goes on without the option."""
    run = with_paths(replace(STILL, multipath=multipath), 1)
    asked = [m.first(MagMultipathBinding) is not None for m, _ in updates(sent(run))]
    assert asked[0]
    assert not any(asked[1:])
    (held,) = run.ground_truth(run.ended)
    assert held.bid is None


def test_a_lifetime_is_extended_before_it_ends() -> None:
    run = simulate(replace(STILL, paths=1, lifetime=60), 3)
    handoffs = [m.first(HandoffIndicator) for m, _ in updates(sent(run))]
    assert [h.indicator for h in handoffs if h] == [1] + [5] * (len(handoffs) - 1)
    first = run.lmas[0].history[1][0]
    moments = range(first, run.ended, SECOND)
    assert all(len(run.ground_truth(at)) == 1 for at in moments)


def test_retransmissions_double_their_interval_and_are_fresh() -> None:
    """RFC 6275 section 11.8, RFC 5213 section 6.9.4."""
    run = simulate(replace(STILL, paths=1, loss=1, static_prefixes=0, duration=200), 4)
    attempts = list(updates(sent(run, Vantage.MAG)))
    times = [m.time or 0 for m, _ in attempts]
    gaps = [round((b - a) / SECOND, 3) for a, b in pairwise(times)]
    assert gaps[0] in (1.0, 1.5)
    assert gaps == [min(gaps[0] * 2**n, 32) for n in range(len(gaps))]
    numbers = [b.sequence for _, b in attempts]
    assert [(b - a) % 65536 for a, b in pairwise(numbers)] == [1] * len(gaps)
    stamps = [stamp.nanoseconds for m, _ in attempts if (stamp := m.first(Timestamp))]
    assert stamps == sorted(set(stamps))
    assert len(stamps) == len(attempts)
    assert run.ground_truth(run.ended) == frozenset()


@pytest.mark.parametrize("seed", seeds(40))
def test_no_mag_sends_more_than_three_updates_a_second(seed: int) -> None:
    """RFC 6275 section 11.8, MAX_UPDATE_RATE."""
    run = simulate(Scenario.random(seed), seed)
    by_mag: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    for sighting in run.seen[Vantage.MAG]:
        if isinstance(sighting.packet.body, BindingUpdate):
            by_mag[sighting.mag, sighting.packet.destination].append(sighting.time)
    for times in by_mag.values():
        assert all(b - a > SECOND for a, b in zip(times, times[3:], strict=False))


@pytest.mark.parametrize("seed", seeds(40))
def test_ordering_is_one_setting_of_the_domain(seed: int) -> None:
    """RFC 5213 section 9.3."""
    scenario = Scenario.random(seed)
    for message in sent(simulate(scenario, seed)):
        if isinstance(message.body, BindingUpdate):
            assert message.has(Timestamp.number) == scenario.timestamps


@pytest.mark.parametrize("seed", seeds(40))
def test_every_octet_is_as_its_format_wants_it(seed: int) -> None:
    for message in sent(simulate(Scenario.random(seed), seed), Vantage.MIDDLE):
        assert message.defects == ()
        assert message.checksum_correct is not False
        assert message.datagram.udp_checksum_correct is not False


def test_over_ipv4_it_is_udp_without_a_checksum_in_the_header() -> None:
    """RFC 5844 sections 4.1.3.2 and 4.2.2.1."""
    messages = sent(simulate(replace(STILL, ipv4_transport=True), 5))
    assert {m.datagram.ports for m in messages} == {(5436, 5436)}
    assert {m.checksum for m in messages} == {0}


def test_heartbeats_keep_their_distance() -> None:
    """RFC 5847 sections 3.1 and 5."""
    run = simulate(replace(STILL, heartbeat=30), 6)
    asked: dict[bytes, list[tuple[int, int]]] = defaultdict(list)
    answered = set()
    for message in sent(run):
        body = message.body
        if isinstance(body, Heartbeat) and body.response:
            assert message.first(RestartCounter) is not None
            answered.add((message.destination, body.sequence))
        elif isinstance(body, Heartbeat):
            asked[message.source].append((message.time or 0, body.sequence))
    assert len(asked) == 2
    for source, requests in asked.items():
        for (time, number), (later, following) in pairwise(requests):
            assert later - time >= 30 * SECOND
            assert following == number + 1
            assert (source, number) in answered


@pytest.mark.parametrize("seed", range(20))
def test_a_handover_moves_the_session(seed: int) -> None:
    """RFC 5213 section 5.3.4: one mobility session, at one MAG, with the prefix it had."""
    scenario = replace(
        STILL,
        mags=3,
        link_layer_identifiers=1,
        duration=600,
        rates=replace(QUIET, handover=60),
    )
    run = simulate(scenario, seed)
    prefixes = {
        held.prefixes
        for at in range(run.started, run.ended, SECOND)
        for held in run.ground_truth(at)
    }
    assert len(prefixes) == 1
    sources = {m.source for m, _ in updates(sent(run))}
    assert len(sources) > 1


def test_a_lost_packet_is_seen_on_its_way() -> None:
    run = simulate(replace(STILL, loss=0.5), 7)
    counts = {}
    for vantage in Vantage:
        counts[vantage] = sum(1 for _ in updates(sent(run, vantage)))
    assert counts[Vantage.MAG] > counts[Vantage.MIDDLE] > counts[Vantage.LMA]


def test_a_capture_can_be_of_one_peer() -> None:
    run = simulate(replace(STILL, mags=3, mobile_nodes=6), 8)
    parts = [run.frames(Vantage.MAG, mag=number) for number in range(3)]
    assert sum(map(len, parts)) == len(run.frames(Vantage.MAG))
    assert [frame.number for frame in parts[0]] == list(range(1, len(parts[0]) + 1))


def test_every_message_names_a_mobile_node_of_the_domain() -> None:
    run = simulate(Scenario(mobile_nodes=3, duration=300), 9)
    names = {o.identity for m in sent(run) if (o := m.first(MnIdentifier)) is not None}
    assert 1 <= len(names) <= 3
