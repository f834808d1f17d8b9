"""Simulated runs as captures on disk, and their reports.

How many seeds are tried is set by PMIPTRACE_SEEDS: a number, or a range such as ``1000-3000``.
Every test has its seed for a parameter, so a failure names it, and ``-k "[1234]"`` repeats it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

from pmiptrace.analysis import Analysis
from pmiptrace.capture.writer import write_pcapng
from pmiptrace.model import Datagram, Finding, Frame, Message, Report, Severity, Status
from pmiptrace.packet.decoder import PacketDecoder
from pmiptrace.simulation import Vantage
from pmiptrace.wire.decode import decode


def seeds(usual: int) -> range:
    """Give the seeds to try: `usual` many, unless the environment asks for others."""
    wanted = os.environ.get("PMIPTRACE_SEEDS", "")
    first, _, end = wanted.rpartition("-")
    return range(int(first or 0), int(end or usual))


def vantage_of(seed: int) -> Vantage:
    """Give the place of the capture of a seed, each of the three in turn."""
    return list(Vantage)[seed % 3]


def report_of(folder: Path, *captures: list[Frame]) -> Report:
    """Analyse captures as the command line does."""
    paths = []
    for number, frames in enumerate(captures, 1):
        path = folder / f"{number}.pcapng"
        write_pcapng(path, frames)
        paths.append(str(path))
    return Analysis(paths).report()


def messages_of(frames: Iterable[Frame]) -> Iterator[Message]:
    """Decode a capture."""
    decoder = PacketDecoder()
    for frame in frames:
        for found in decoder.decode(frame):
            if isinstance(found, Datagram):
                yield decode(found)


def accusations(report: Report, *severities: Severity) -> list[Finding]:
    """Give the findings that say that somebody broke a rule, of these severities."""
    return [f for f in report.findings if f.status is Status.FAIL and f.severity in severities]


def listed(findings: Iterable[Finding]) -> list[str]:
    """Word findings for the message of a failing test."""
    return [
        f"{f.severity} {f.rule} capture {f.moment.capture} frame {f.moment.frame}: {f.message}"
        for f in findings
    ]


def chosen(seed: int, purpose: str) -> Random:
    """Give a random generator of its own for what a test chooses."""
    return Random(f"{purpose} {seed}")
