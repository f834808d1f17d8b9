"""The short way of refreshes leads where the long one does, whatever a capture holds."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest
from msgspec.structs import replace
from simulated_runs import seeds, vantage_of

from pmiptrace.model import Datagram, Exchange, Frame, Session, Step
from pmiptrace.packet.checksum import mobility_header_checksum
from pmiptrace.packet.decoder import PacketDecoder
from pmiptrace.simulation import Scenario, simulate
from pmiptrace.simulation.damage import SINGLE, damaged, renumbered
from pmiptrace.track import refresh
from pmiptrace.track.tracker import Tracker
from pmiptrace.wire.dialect import DialectDecoder

IPV6_HEADER = 40

Outcome = tuple[list[Step], list[Session], list[Exchange]]


def outcome(frames: Iterable[Frame]) -> Outcome:
    packets, messages, tracker = PacketDecoder(), DialectDecoder("auto"), Tracker()
    steps: list[Step] = []
    end = None
    for frame in frames:
        for found in packets.decode(frame):
            if isinstance(found, Datagram):
                steps += tracker.feed(messages.decode(found))
        end = frame.time
    steps += tracker.finish(end)
    return steps, list(tracker.state.sessions), list(tracker.unfinished())


def assert_same(frames: list[Frame], monkeypatch: pytest.MonkeyPatch) -> None:
    short = outcome(frames)
    with monkeypatch.context() as patch:
        patch.setattr("pmiptrace.track.requests.refreshed", lambda *_: None)
        long = outcome(frames)
    assert short == long


def played(seed: int) -> list[Frame]:
    return simulate(Scenario.random(seed), seed).frames(vantage_of(seed))


def spoiled(frames: Iterable[Frame], seed: int) -> list[Frame]:
    """Change some octets of every other message over IPv6; most have a right checksum still."""
    random = Random(f"octets {seed}")
    spoilt = []
    for frame in frames:
        data = bytearray(frame.data)
        changes = random.choice((0, 0, 0, 0, 1, 1, 2)) if data[0] >> 4 == 6 else 0
        for _ in range(changes):
            place = random.randrange(IPV6_HEADER + 6, len(data))
            data[place] = random.choice((0, 1, 2, 6, 128, 255, data[place] ^ 0x80))
        if changes and random.random() < 0.9:
            right = mobility_header_checksum(
                bytes(data[8:24]), bytes(data[24:40]), bytes(data[IPV6_HEADER:])
            )
            data[IPV6_HEADER + 4 : IPV6_HEADER + 6] = right.to_bytes(2)
        spoilt.append(replace(frame, data=bytes(data)))
    return spoilt


def repeated(frames: Iterable[Frame], seed: int) -> list[Frame]:
    """Send some messages again later, as other messages have been sent meanwhile."""
    random = Random(f"again {seed}")
    again = []
    for frame in frames:
        again.append(frame)
        if random.random() < 0.1 and frame.time is not None:
            later = frame.time + random.randint(0, 90_000_000_000)
            again.append(replace(frame, time=later))
    again.sort(key=lambda frame: frame.time or 0)
    return renumbered(again)


@pytest.mark.parametrize("seed", seeds(12))
def test_simulated_runs(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_same(played(seed), monkeypatch)


@pytest.mark.parametrize("seed", seeds(12))
def test_damaged_captures(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    damages = Random(seed).sample(SINGLE, 2)
    assert_same(damaged(played(seed), seed, *damages), monkeypatch)


@pytest.mark.parametrize("seed", seeds(12))
def test_spoiled_messages(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_same(spoiled(played(seed), seed), monkeypatch)


@pytest.mark.parametrize("seed", seeds(6))
def test_messages_that_come_again(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_same(repeated(spoiled(played(seed), seed), seed), monkeypatch)


def test_most_refreshes_go_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    for name in ("requested", "accepted"):
        way = getattr(refresh, name)
        module = "requests" if name == "requested" else "answers"

        def noted(*args: object, name: str = name, way: object = way) -> object:
            taken.append(name)
            return way(*args)  # type: ignore[operator]

        monkeypatch.setattr(f"pmiptrace.track.{module}.{name}", noted)
    frames = simulate(Scenario(loss=0, slow_answers=0), 1).frames()
    steps, _, _ = outcome(frames)
    refreshes = [s for s in steps if s.exchange is not None and s.exchange.kind == "refresh"]
    assert len(taken) > len(refreshes) // 2
    assert set(taken) == {"requested", "accepted"}
