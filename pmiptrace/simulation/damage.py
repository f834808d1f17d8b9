"""Damage done to captures, never to what the peers did: what a capture lacks, repeats or distorts.

A damage takes the frames of a capture and a random generator and gives the frames of a worse one;
`damaged` applies several in turn. Frames are numbered anew, as the file would have them::

    frames = damaged(run.frames(Vantage.LMA), 7, start_late, lose, mirrored)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random

from msgspec.structs import replace

from pmiptrace.model import SECOND, Frame
from pmiptrace.packet.checksum import internet_checksum
from pmiptrace.simulation.network import Vantage
from pmiptrace.simulation.run import Run

Damage = Callable[[list[Frame], Random], list[Frame]]
"""Gives the frames of a damaged capture, in the order of the file."""

MILLISECOND = 1_000_000
ETHERNET_HEADER = 14
IPV4 = b"\x08\x00"


def damaged(frames: list[Frame], seed: int, *damages: Damage) -> list[Frame]:
    """Apply damages one after the other; the same seed gives the same result."""
    random = Random(f"damage {seed}")
    for damage in damages:
        frames = damage(frames, random)
    return renumbered(frames)


def renumbered(frames: Iterable[Frame]) -> list[Frame]:
    """Give frames the numbers that they have in a file."""
    return [replace(frame, number=number) for number, frame in enumerate(frames, 1)]


def start_late(frames: list[Frame], random: Random) -> list[Frame]:
    """Begin the capture when the run is under way."""
    return frames[random.randint(0, len(frames) * 2 // 3) :]


def end_early(frames: list[Frame], random: Random) -> list[Frame]:
    """End the capture while the run goes on."""
    return frames[: random.randint(len(frames) // 3, len(frames))]


def lose(frames: list[Frame], random: Random) -> list[Frame]:
    """Drop frames at random, as an overloaded capture does; from one in a hundred to one in two."""
    share = random.choice((0.01, 0.05, 0.2, 0.5))
    return [frame for frame in frames if random.random() >= share]


def lose_a_while(frames: list[Frame], random: Random) -> list[Frame]:
    """Drop all frames of some time, as a capture does whose disk is full."""
    if not frames:
        return frames
    start = random.randrange(len(frames))
    return frames[:start] + frames[start + random.randint(1, max(1, len(frames) // 3)) :]


def one_way(frames: list[Frame], random: Random) -> list[Frame]:
    """Keep one direction, as a tap on one fibre does."""
    if not frames:
        return frames
    sender = random.choice(frames).data[6:12]
    return [frame for frame in frames if frame.data[6:12] == sender]


def mirrored(frames: list[Frame], random: Random) -> list[Frame]:
    """Capture every packet twice, a hop apart, as a port mirror of two ports does."""
    delay = random.randint(10_000, 3 * MILLISECOND)
    copies = [
        replace(frame, time=frame.time + delay, data=_forwarded(frame.data))
        for frame in frames
        if frame.time is not None
    ]
    return sorted((*frames, *copies), key=lambda frame: frame.time or 0)


def _forwarded(data: bytes) -> bytes:
    """Give an Ethernet frame as the next router sends it: other addresses, one hop less."""
    start = ETHERNET_HEADER
    packet = bytearray(data[start:])
    if data[start - 2 : start] == IPV4:
        packet[8] -= 1
        packet[10:12] = bytes(2)
        packet[10:12] = internet_checksum(bytes(packet[:20])).to_bytes(2)
    else:
        packet[7] -= 1
    addresses = bytes((*data[:5], data[5] ^ 0x10, *data[6:11], data[11] ^ 0x10))
    return addresses + data[start - 2 : start] + bytes(packet)


def shuffled(frames: list[Frame], random: Random) -> list[Frame]:
    """Write frames out of order within some milliseconds; each keeps its true time.

    Captures of several queues or interfaces are like that.
    """
    reach = random.choice((1, 5, 20)) * MILLISECOND
    places = [(frame.time or 0) + random.randint(0, reach) for frame in frames]
    order = sorted(range(len(frames)), key=places.__getitem__)
    return [frames[index] for index in order]


def jittered(frames: list[Frame], random: Random) -> list[Frame]:
    """Stamp frames some milliseconds late, so that some seem to overtake others."""
    reach = random.choice((1, 5, 20)) * MILLISECOND
    late = [replace(f, time=(f.time or 0) + random.randint(0, reach)) for f in frames]
    return sorted(late, key=lambda frame: frame.time or 0)


def cut(frames: list[Frame], random: Random) -> list[Frame]:
    """Cut frames to a snap length."""
    length = random.choice((60, 68, 80, 96, 128, 160))
    return [replace(frame, data=frame.data[:length]) for frame in frames]


SINGLE: tuple[Damage, ...] = (
    start_late,
    end_early,
    lose,
    lose_a_while,
    one_way,
    mirrored,
    shuffled,
    jittered,
    cut,
)
"""The damages to one capture."""


def two_captures(run: Run, seed: int) -> tuple[list[Frame], list[Frame]]:
    """Give captures of the same run from two vantage points, of which one has a wrong clock."""
    random = Random(f"skew {seed}")
    one, other = random.sample(list(Vantage), 2)
    offset = round(random.choice((0, 0.003, 0.7, 45, 3700)) * random.choice((1, -1)) * SECOND)
    skewed = [
        replace(frame, time=(frame.time or 0) + offset) for frame in run.frames(other, capture=1)
    ]
    return run.frames(one), skewed


def drawn(seed: int) -> tuple[Damage, ...]:
    """Choose one to three damages."""
    random = Random(f"damages {seed}")
    return tuple(random.sample(SINGLE, random.choice((1, 1, 2, 3))))
