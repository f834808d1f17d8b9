"""The example of a rule, as a capture of it would be analyzed."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.analysis import Analysis
from pmiptrace.capture.writer import write_pcap, write_pcapng
from pmiptrace.model import Finding, Frame
from pmiptrace.report.packets import Packet, Packets
from pmiptrace.rules.examples.stage import Play, Stage
from pmiptrace.rules.rule import RuleOptions


class Played(Struct, frozen=True):
    """An example that was played and analyzed."""

    analysis: Analysis
    packets: tuple[Packet, ...]
    """With those findings only that are of the rule."""
    findings: tuple[Finding, ...]
    """Those of the rule."""


def frames_of(act: Play) -> tuple[Frame, ...]:
    """Give the frames of a play."""
    stage = Stage()
    act(stage)
    return tuple(stage.capture_frames())


def write_example(path: str, act: Play) -> int:
    """Write the frames of a play as a capture: pcap if it is named so, else pcapng.

    Gives their number. Raises ``OSError`` if the file cannot be written.
    """
    write = write_pcap if path.lower().endswith(".pcap") else write_pcapng
    return write(path, frames_of(act))


def play(rule: str, act: Play, options: RuleOptions | None) -> Played:
    """Have a play captured and analyzed, for what a rule says of it."""
    packets = Packets(to_the_end=True)
    told: list[Packet | Finding] = []
    findings: list[Finding] = []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "example.pcapng"
        write_pcapng(path, frames_of(act))
        analysis = Analysis([str(path)], options=options, observer=packets.observe)
        for event in analysis.events():
            if isinstance(event, Finding) and event.rule == rule:
                findings.append(event)
            told += packets.take(event, analysis.mags)
        told += packets.rest(analysis.mags)
    shown = tuple(
        replace(each, findings=tuple(f for f in each.findings if f.rule == rule))
        for each in told
        if isinstance(each, Packet)
    )
    return Played(analysis, shown, tuple(findings))
