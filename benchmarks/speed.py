"""How fast pmiptrace is, beside other tools: ``python benchmarks/speed.py``.

It makes captures from a seed, runs whole commands over them several times, and prints medians and
ratios of one run on one machine, which it names. ``--readme`` puts the table into README.md, and
``--plots`` writes docs/images/growth.svg. Tools that are not there are left out and said so:
tcpdump and tshark come from the system, pyshark and scapy and matplotlib with ``.[bench]``.

Other tools get the same question, which frames hold a Mobility Header message: tcpdump by a
filter, which cannot see behind tags, tunnels and extension headers; tshark, pyshark and scapy by
decoding; dpkt by its own reader and its Ethernet parsing. pmiptrace answers it, decodes, tracks
and judges every message, and prints the report.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from compileall import compile_dir
from contextlib import suppress
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import traffic
from msgspec import Struct, field

ROOT = Path(__file__).parents[1]
GB = 1_000_000_000
FILTER = "ip6 proto 135 or udp port 5436"
MARKS = ("<!-- speed -->\n", "<!-- /speed -->\n")
"""Between them stands the table of README.md."""


class Timing(Struct):
    """What the runs of one command took."""

    name: str
    seconds: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    """Seconds of processors, which other work on the machine changes less."""
    peak: int = 0
    """Resident memory at most, in octets."""
    scale: float = 1.0
    """By how much the capture was smaller than that of the others."""

    @property
    def median(self) -> float:
        """Seconds for a capture of full size."""
        return statistics.median(self.seconds) * self.scale


_LAUNCHER = """
import json, os, subprocess, sys, time
started = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
seconds = time.perf_counter() - started
busy = usage.ru_utime + usage.ru_stime
print(json.dumps([seconds, busy, usage.ru_maxrss * 1024, os.waitstatus_to_exitcode(status)]))
"""
"""Runs a command from a small process: a new one begins with the memory of the one it is forked
from, and that is counted as its own."""


def timed(timing: Timing, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
    """Run a command once more, its output thrown away, and note its time and memory."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", _LAUNCHER, *command],
        capture_output=True,
        env={**os.environ, **(env or {})},
        cwd=ROOT,
        check=True,
    )
    seconds, busy, peak, code = json.loads(done.stdout)
    if code not in (0, 1):
        raise SystemExit(f"{' '.join(command)}: exit {code}: {done.stderr.decode()}")
    timing.seconds.append(seconds)
    timing.busy.append(busy)
    timing.peak = max(timing.peak, peak)


def alternating(
    runs: int, commands: Mapping[str, tuple[Sequence[str], Mapping[str, str]]]
) -> dict[str, Timing]:
    """Run commands in turn, so that what else the machine does falls on all of them."""
    timings = {name: Timing(name) for name in commands}
    for _ in range(runs):
        for name, (command, env) in commands.items():
            timed(timings[name], command, env)
    return timings


def pmiptrace(*arguments: object) -> list[str]:
    """Give the command line of this checkout's pmiptrace."""
    return [sys.executable, "-m", "pmiptrace", *map(str, arguments)]


# ------------------------------------------------------------------------------ the machine


def machine() -> list[str]:
    """Describe where this was measured."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    lines = [
        f"{model}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    ]
    for tool in ("tcpdump", "tshark"):
        if shutil.which(tool):
            found = subprocess.run([tool, "--version"], capture_output=True, text=True, check=False)
            lines.append((found.stdout or found.stderr).splitlines()[0].rstrip("."))
    for package in ("dpkt", "pyshark", "scapy"):
        with suppress(PackageNotFoundError):
            lines.append(f"{package} {version(package)}")
    return lines


# ---------------------------------------------------------------------------- mixed traffic

_DPKT = """
import sys, dpkt
with open(sys.argv[1], "rb") as file:
    found = 0
    for time, data in dpkt.pcap.Reader(file):
        try:
            packet = dpkt.ethernet.Ethernet(data).data
        except dpkt.UnpackError:
            continue
        if isinstance(packet, dpkt.ip6.IP6) and packet.nxt == 135:
            found += 1
print(found)
"""
_PYSHARK = """
import sys, pyshark
capture = pyshark.FileCapture(sys.argv[1], display_filter="mipv6", keep_packets=False)
print(sum(1 for packet in capture))
capture.close()
"""
_SCAPY = """
import sys
from scapy.all import PcapReader
from scapy.layers.inet6 import _MobilityHeader
with PcapReader(sys.argv[1]) as packets:
    print(sum(_MobilityHeader in packet for packet in packets))
"""


def mixed_commands(path: Path) -> dict[str, tuple[Sequence[str], Mapping[str, str]]]:
    """Give the commands of which each run is short."""
    commands: dict[str, tuple[Sequence[str], Mapping[str, str]]] = {}
    if shutil.which("tcpdump"):
        commands["tcpdump"] = (["tcpdump", "-r", str(path), "-w", "/dev/null", FILTER], {})
    commands["pmiptrace"] = (pmiptrace("analyze", path), {})
    commands["pmiptrace --jobs 1"] = (pmiptrace("analyze", path, "--jobs", 1), {})
    python = {"PMIPTRACE_SCAN": "python"}
    commands["pmiptrace, Python scan"] = (pmiptrace("analyze", path), python)
    commands["pmiptrace --jobs 1, Python scan"] = (pmiptrace("analyze", path, "--jobs", 1), python)
    return commands


def slow_commands(path: Path) -> dict[str, tuple[Sequence[str], Mapping[str, str]]]:
    """Give the commands that are run once, by what each needs."""
    script = [sys.executable, "-c"]
    commands: dict[str, tuple[Sequence[str], Mapping[str, str]]] = {
        "dpkt": ([*script, _DPKT, str(path)], {}),
    }
    if shutil.which("tshark"):
        fields = ["-Y", "mipv6", "-T", "fields", "-e", "frame.number"]
        commands["tshark"] = (["tshark", "-r", str(path), *fields], {})
        commands["pyshark"] = ([*script, _PYSHARK, str(path)], {})
    if subprocess.run([*script, "import scapy"], capture_output=True, check=False).returncode == 0:
        commands["scapy"] = ([*script, _SCAPY, str(path)], {})
    return commands


def mixed(folder: Path, size: int, runs: int, slow_part: int) -> Iterator[str]:
    """Measure captures of user traffic with 0.5 % signalling."""
    for suffix in ("pcap", "pcapng"):
        path = folder / f"mixed.{suffix}"
        frames = traffic.write(path, traffic.mixed(size, seed=1))
        octets = path.stat().st_size
        yield f"\n{suffix}, {octets / GB:.2f} GB, {frames:,} frames:\n\n"
        path.read_bytes()  # once, so that all find it in the cache
        timings = alternating(runs, mixed_commands(path))
        if suffix == "pcap" and slow_part:
            small = folder / "slow.pcap"
            traffic.write(small, traffic.mixed(size // slow_part, seed=1))
            slow = slow_commands(small)
            for name, (command, env) in slow.items():
                timing = timings[name] = Timing(name, scale=octets / small.stat().st_size)
                timed(timing, command, env)
            small.unlink()
        path.unlink()
        yield from table(timings, "tcpdump" if "tcpdump" in timings else "pmiptrace")
        if slow_part and suffix == "pcap":
            yield (
                f"\nThe last {len(slow)} ran once, on 1/{slow_part} of the capture;"
                " their times are scaled up.\n"
            )


def table(timings: Mapping[str, Timing], base: str) -> Iterator[str]:
    """Give a table of times, ratios and memory."""
    yield f"| | seconds | times {base} | processor seconds | peak memory |\n"
    yield "|---|---:|---:|---:|---:|\n"
    for name, timing in timings.items():
        ratio = timing.median / timings[base].median
        shown = f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"
        busy = statistics.median(timing.busy) * timing.scale
        cells = f"{timing.median:.2f} | {shown} | {busy:.2f} | {timing.peak / 1e6:.0f} MB"
        yield f"| {name} | {cells} |\n"


# ------------------------------------------------------------------------------- signalling

_STAGES = """
import gc, json, sys, time
from pmiptrace.capture.reader import CaptureReader
from pmiptrace.model import Datagram
from pmiptrace.packet.decoder import PacketDecoder
from pmiptrace.rules.engine import Engine
from pmiptrace.track.tracker import Tracker
from pmiptrace.wire.dialect import DialectDecoder

gc.disable()  # as the command line has it
path, judge = sys.argv[1], sys.argv[2] == "rules"
packets, wire, tracker = PacketDecoder(), DialectDecoder(), Tracker()
engine = Engine() if judge else None
messages = 0
started = time.process_time()
for frame in CaptureReader(path):
    for datagram in packets.decode(frame):
        if isinstance(datagram, Datagram):
            messages += 1
            for step in tracker.feed(wire.decode(datagram)):
                if engine is not None:
                    engine.evaluate(step)
print(json.dumps([messages, time.process_time() - started]))
"""


def signalling(folder: Path, mobile_nodes: int, runs: int) -> Iterator[str]:
    """Measure captures of signalling alone, of peers that conform."""
    path = folder / "signalling.pcap"
    messages = traffic.write(path, traffic.signalling(mobile_nodes, seed=1))
    path.read_bytes()
    yield f"\nSignalling only, {messages:,} messages of {mobile_nodes:,} mobile nodes, one core:\n"
    yield "\n| | messages/s | peak memory |\n|---|---:|---:|\n"
    rates: dict[str, list[float]] = {"track": [], "rules": []}
    for _ in range(runs):
        for stage, found in rates.items():
            done = subprocess.run(
                [sys.executable, "-c", _STAGES, str(path), stage],
                capture_output=True,
                check=True,
                cwd=ROOT,
            )
            count, seconds = json.loads(done.stdout)
            found.append(count / seconds)
    yield f"| read, decode, pair and track | {statistics.median(rates['track']):,.0f} | |\n"
    yield f"| the same, and judge by every rule | {statistics.median(rates['rules']):,.0f} | |\n"
    timings = alternating(
        runs,
        {
            f"`analyze --format {name}`, whole command": (
                pmiptrace("analyze", path, "--jobs", 1, "--format", name),
                {},
            )
            for name in ("text", "jsonl", "json")
        },
    )
    for name, timing in timings.items():
        yield f"| {name} | {messages / timing.median:,.0f} | {timing.peak / 1e6:.0f} MB |\n"
    path.unlink()


def start_up(folder: Path, runs: int) -> Iterator[str]:
    """Measure what every run begins with."""
    small = folder / "small.pcap"
    traffic.write(small, list(traffic.signalling(25, seed=1))[:10])
    timings = alternating(
        2 * runs,
        {
            "`pmiptrace --help`": (pmiptrace("--help"), {}),
            "`analyze`, ten packets": (pmiptrace("analyze", small), {}),
        },
    )
    yield "\n| | seconds |\n|---|---:|\n"
    for name, timing in timings.items():
        yield f"| {name} | {timing.median:.2f} |\n"


# ----------------------------------------------------------------------------------- growth


def growth(
    folder: Path, runs: int, mobile_nodes: int
) -> dict[str, list[tuple[float, float, float]]]:
    """Measure how time and memory grow: (size, processor seconds, octets) by what grows."""
    found: dict[str, list[tuple[float, float, float]]] = {}

    def measure(line: str, size: float, command: Sequence[str]) -> None:
        timing = Timing(line)
        for _ in range(runs):
            timed(timing, command)
        busy = statistics.median(timing.busy)
        found.setdefault(line, []).append((size, busy, timing.peak))
        print(f"{line}: {size:g}, {busy:.2f} s, {timing.peak / 1e6:.0f} MB", flush=True)

    for size in (GB // 10, GB, 4 * GB):
        path = folder / "growing.pcap"
        traffic.write(path, traffic.mixed(size, seed=1))
        path.read_bytes()
        measure("size", path.stat().st_size / GB, pmiptrace("analyze", path))
        path.unlink()
    for part in (100, 30, 10, 3, 1):
        path = folder / "growing.pcap"
        traffic.write(path, traffic.live_bindings(mobile_nodes // part, seed=1))
        live = _live_bindings(path)
        for form in ("text", "jsonl"):
            measure(f"bindings, {form}", live, pmiptrace("analyze", path, "--format", form))
        path.unlink()
    for line, points in found.items():
        if line.startswith("bindings"):
            (fewest, _, least), (most, _, largest) = points[0], points[-1]
            each = (largest - least) / (most - fewest)
            print(f"{line}: {each:,.0f} octets for each that lives", flush=True)
    return found


def _live_bindings(path: Path) -> int:
    """Count the bindings that live when a capture ends."""
    live = 0
    with subprocess.Popen(
        pmiptrace("analyze", path, "--format", "jsonl"), stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(b'{"type":"session"'):
                states = (binding["state"] for binding in json.loads(line)["bindings"])
                live += sum(state in ("active", "refreshing") for state in states)
    return live


def plot(found: Mapping[str, list[tuple[float, float, float]]], path: Path) -> None:
    """Draw how time and memory grow."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "pmiptrace"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 2, figsize=(9, 6), layout="constrained")
    for row, kind, label in (
        (0, "size", "size of the capture, GB, 0.5 % signalling"),
        (1, "bindings", "live bindings"),
    ):
        for line, points in found.items():
            if line.startswith(kind):
                sizes = [point[0] for point in points]
                axes[row][0].plot(sizes, [point[1] for point in points], "o-", label=line)
                axes[row][1].plot(sizes, [point[2] / 1e6 for point in points], "o-", label=line)
        for axis, unit in zip(axes[row], ("processor seconds", "peak memory, MB"), strict=True):
            axis.set_xlabel(label)
            axis.set_ylabel(unit)
            axis.set_ylim(bottom=0)
            axis.grid(alpha=0.3)
    axes[1][0].legend()
    figure.savefig(path, metadata={"Date": None})


# ------------------------------------------------------------------------------------- main


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=float, default=1.25, help="GB of mixed traffic")
    parser.add_argument("--mobile-nodes", type=int, default=1000)
    parser.add_argument(
        "--most-mobile-nodes",
        type=int,
        default=66_000,
        help="for the plot of live bindings; each has 1.5",
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument(
        "--slow-part", type=int, default=10, help="1/N of the capture for slow tools; 0: none"
    )
    parser.add_argument("--folder", type=Path, help="where to write the captures")
    parser.add_argument("--readme", action="store_true", help="put the result into README.md")
    parser.add_argument("--plots", action="store_true", help="measure growth and draw it")
    asked = parser.parse_args()
    # As an installation does. Where PYTHONDONTWRITEBYTECODE is set, every run would compile anew.
    compile_dir(ROOT / "pmiptrace", quiet=1)
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        if asked.plots:
            found = growth(folder, max(1, asked.runs // 2), asked.most_mobile_nodes)
            plot(found, ROOT / "docs" / "images" / "growth.svg")
            return
        parts: tuple[Callable[[], Iterator[str]], ...] = (
            lambda: mixed(folder, int(asked.size * GB), asked.runs, asked.slow_part),
            lambda: signalling(folder, asked.mobile_nodes, asked.runs),
            lambda: start_up(folder, asked.runs),
        )
        text = f"Measured {date.today()} with `python benchmarks/speed.py`: "
        text += "; ".join(machine()) + ".\n"
        print(text, end="", flush=True)
        for part in parts:
            for line in part():
                print(line, end="", flush=True)
                text += line
    if asked.readme:
        readme = ROOT / "README.md"
        before, _, rest = readme.read_text("utf-8").partition(MARKS[0])
        _, _, after = rest.partition(MARKS[1])
        readme.write_text(before + MARKS[0] + text + MARKS[1] + after, "utf-8")


if __name__ == "__main__":
    main()
