"""Runs of captures whose packets are looked at."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from pmiptrace.analysis import Analysis
from pmiptrace.capture.writer import write_pcap
from pmiptrace.model import Finding, Frame
from pmiptrace.report.packets import HELD, Frames, Packet, Packets
from pmiptrace.report.packets_page import PacketsPage
from pmiptrace.report.times import TimeFormat

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def run(
    *paths: Path,
    frames: Iterable[str] = (),
    held: int = HELD,
) -> tuple[list[Packet | Finding], Packets, Analysis]:
    """Give what comes out of some captures, in its order."""
    wanted = Frames(frames)
    chosen = wanted if wanted.ranges else None
    packets = Packets(frames=chosen, to_the_end=chosen is not None, held=held)
    analysis = Analysis([str(path) for path in paths], observer=packets.observe)
    found = [each for event in analysis.events() for each in packets.take(event, analysis.mags)]
    return [*found, *packets.rest(analysis.mags)], packets, analysis


def packets_of(*paths: Path, frames: Iterable[str] = ()) -> list[Packet]:
    return [each for each in run(*paths, frames=frames)[0] if isinstance(each, Packet)]


def written(path: Path, frames: Iterable[Frame]) -> Path:
    write_pcap(path, frames)
    return path


def page(
    *paths: Path,
    width: int = 120,
    frames: Iterable[str] = (),
    tree: bool = False,
    dump: bool = False,
    time: TimeFormat = TimeFormat.UTC,
    encoding: str = "utf-8",
) -> str:
    """Give the page that is written of some captures."""
    found, _, analysis = run(*paths, frames=frames)
    octets = io.BytesIO()
    file = io.TextIOWrapper(octets, encoding=encoding, errors="backslashreplace")
    console = Console(file=file, width=width, color_system=None)
    sink = PacketsPage(console, time, analysis, tree=tree, dump=dump)
    for each in found:
        if isinstance(each, Finding):
            sink.late(each)
        else:
            sink.packet(each)
    sink.finish([])
    file.flush()
    return octets.getvalue().decode(encoding)
