"""Soak a live capture: traffic of an hour at ten times real speed, and what memory does meanwhile.

    python benchmarks/live.py [--hours 1] [--speed 10] [--mobile-nodes 100]

Traffic of the simulation goes through a pipe into ``pmiptrace live -i -``, each packet when its
time has come. What is printed: memory of the process over time, how many packets it was behind, and
whether the second half took more memory than the second quarter. Nothing needs root.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from struct import pack
from threading import Thread
from time import monotonic, sleep

from traffic import SECOND, START, Packet

from pmiptrace.simulation import Rates, Scenario, Vantage, simulate

FILE_HEADER = pack("<I2H4I", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)
GROWTH = 1.2
"""What the second half may take of the second quarter's memory, at most. Tables that have a bound
and no age, such as what was reported of exchanges, still fill in the first hours."""
SAMPLES = 12
"""Lines of figures that are printed."""


def packets(hours: float, mobile_nodes: int) -> Sequence[Packet]:
    """Give the signalling of so many hours between an LMA and ten MAGs."""
    scenario = Scenario(
        duration=hours * 3600,
        mobile_nodes=mobile_nodes,
        mags=10,
        lifetime=120,
        loss=0.005,
        rates=Rates(restart=0, readdressing=0),
    )
    frames = simulate(scenario, seed=1).frames(Vantage.LMA)
    return [(frame.time or 0, frame.data) for frame in frames]


def resident(process: int) -> int:
    """Give the octets of memory that a process holds; 0 if it is gone. Linux only."""
    try:
        text = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    found = [line.split()[1] for line in text.splitlines() if line.startswith("VmRSS:")]
    return int(found[0]) * 1024 if found else 0


class Reader:
    """Counts the lines of JSON that a live capture writes."""

    def __init__(self, stream: object) -> None:
        self._stream = stream
        self.messages = 0
        self.summary: dict[str, object] = {}
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self._stream:  # type: ignore[attr-defined]
            self.messages += line.startswith(b'{"type":"message"')
            if line.startswith(b'{"type":"summary"'):
                self.summary = json.loads(line)

    def join(self) -> None:
        """Wait for the last line."""
        self._thread.join()


def soak(hours: float, speed: float, mobile_nodes: int) -> bool:
    traffic = packets(hours, mobile_nodes)
    process = subprocess.Popen(
        [sys.executable, "-m", "pmiptrace", "live", "-i", "-", "--format", "jsonl"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    reader = Reader(process.stdout)
    process.stdin.write(FILE_HEADER)
    began, sent, due, behind = monotonic(), 0, 0.0, 0
    whole = hours * 3600 / speed
    memory: list[int] = []
    print(f"{'seconds':>8}{'messages':>10}{'behind':>8}{'MB':>8}")
    for time, frame in traffic:
        when = began + (time - START) / SECOND / speed
        if when > monotonic():
            process.stdin.flush()
            behind = max(behind, sent - reader.messages)
            while (now := monotonic()) < when:
                sleep(min(when - now, 0.1))
        seconds, rest = divmod(time, SECOND)
        process.stdin.write(pack("<4I", seconds, rest, len(frame), len(frame)) + frame)
        sent += 1
        if monotonic() - began >= due:
            memory.append(resident(process.pid))
            print(f"{due:8.0f}{sent:10}{sent - reader.messages:8}{memory[-1] / 1e6:8.1f}")
            due += whole / SAMPLES
    process.stdin.flush()
    memory.append(resident(process.pid))
    process.stdin.close()
    reader.join()
    code = process.wait()
    half = len(memory) // 2
    before, after = max(memory[half // 2 : half]), max(memory[half:])
    print(f"{sent} packets in {monotonic() - began:.0f} s, exit code {code}")
    print(f"messages {reader.summary.get('messages')}, findings {reader.summary.get('findings')}")
    print(f"memory {before / 1e6:.1f} MB, then {after / 1e6:.1f} MB; at most {behind} behind")
    return after <= GROWTH * before


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--speed", type=float, default=10.0)
    parser.add_argument("--mobile-nodes", type=int, default=100)
    chosen = parser.parse_args()
    flat = soak(chosen.hours, chosen.speed, chosen.mobile_nodes)
    print("memory stays within bounds" if flat else "memory grows")
    return 0 if flat else 1


if __name__ == "__main__":
    sys.exit(main())
