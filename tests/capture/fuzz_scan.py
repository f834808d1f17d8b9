"""Feed the compiled scan with damaged captures: ``python tests/capture/fuzz_scan.py SECONDS``.

Meant for a build with sanitizers, as `.ci/run` makes it: any read outside ends the program. The
octets lie in memory of exactly their size, which a `bytes` or `bytearray` does not give. Every
batch has a seed of its own, told before it runs; given behind SECONDS, the run begins with it.
"""

from __future__ import annotations

import sys
from array import array
from random import Random
from time import monotonic

from container_bytes import HEADERS, enhanced, record

from pmiptrace.capture import _scan

ROUNDS = 2000
"""Rounds of a batch."""
LINK_TYPES = (1, 1, 1, 113, 276, 101, 228, 229, 0, 9, 51, 105)
NUMBERS = (0, 1, 4, 6, 17, 28, 31, 32, 41, 43, 44, 47, 51, 60, 127, 128, 135, 254, 255)
"""Octets that mean something somewhere."""


def damage(random: Random, octets: bytes) -> array[int]:
    """Change some octets, and cut somewhere."""
    damaged = array("B", octets)
    for _ in range(random.randrange(6)):
        damaged[random.randrange(len(damaged))] = random.choice(NUMBERS)
    return damaged[: random.randrange(len(damaged) + 1)] if random.random() < 0.5 else damaged


def batch(seed: int) -> None:
    """Run so many rounds of every function."""
    random = Random(seed)
    interfaces = [Interface(random.choice(LINK_TYPES)) for _ in range(random.choice((1, 2, 100)))]
    for _ in range(ROUNDS):
        frame = random.choice(HEADERS)
        octets = damage(random, frame)
        _scan.examine(octets, 0, len(octets), random.choice(LINK_TYPES))
        order = random.choice("<>")
        some = random.choices(HEADERS, k=3)
        common = (order == ">", random.random() < 0.2, 0, random.choice((0, 4095)), 0, [])
        octets = damage(random, b"".join(record(one, order) for one in some))
        header = random.choice((16, 24))
        _scan.scan_pcap(
            octets, 0, len(octets), *common, header, 1 << 18, 0xA1B2C3D4, random.choice(LINK_TYPES)
        )
        octets = damage(
            random, b"".join(enhanced(one, order, random.choice((0, 1, 64))) for one in some)
        )
        _scan.scan_pcapng(octets, 0, len(octets), *common, interfaces)


class Interface:
    """As much of `scan.Shape` as the compiled scan looks at."""

    def __init__(self, link_type: int) -> None:
        self.link_type = link_type


def main(seconds: float, seed: int = 0) -> None:
    """Run batch after batch for that time, from `seed` on."""
    end = monotonic() + seconds
    first = seed
    while monotonic() < end:
        sys.stdout.write(f"\rbatch {seed}")
        sys.stdout.flush()
        batch(seed)
        seed += 1
    sys.stdout.write(f"\r{(seed - first) * ROUNDS} rounds of {_scan.__file__}\n")


if __name__ == "__main__":
    main(float(sys.argv[1]), *map(int, sys.argv[2:]))
