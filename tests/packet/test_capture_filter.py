"""The capture filter keeps what the scan can use; tcpdump runs it, as the kernel would."""

from __future__ import annotations

import shutil
import subprocess
from itertools import product
from pathlib import Path

import pytest
from packet_frames import GOLDEN, LMA, LMA_IPV4, MAG, MAG_IPV4
from test_scan_keeps_enough import EXTENSIONS, LINKS, TUNNELS, UPPER, Wrap

from pmiptrace.capture.candidates import HARMLESS
from pmiptrace.capture.reader import CaptureReader
from pmiptrace.capture.writer import write_pcap
from pmiptrace.live.filter import FILTER, PROTOCOLS, SIGNALLING
from pmiptrace.model import SECOND, Frame
from pmiptrace.packet import build
from pmiptrace.packet.decoder import PacketDecoder

UDP = 17
ROOT = Path(__file__).parents[2]

needs_tcpdump = pytest.mark.skipif(shutil.which("tcpdump") is None, reason="needs tcpdump")

TAGGED: list[Wrap] = [
    build.ethernet,
    build.ethernet_snap,
    lambda p: build.vlan_ethernet(p, 100),
    lambda p: build.vlan_ethernet(p, 100, 200, ethertype=0x88A8),
    lambda p: build.mpls_ethernet(p, 16),
    lambda p: build.mpls_ethernet(p, 16, 17),
    lambda p: build.mpls_ethernet(p, 16, 17, 18),
    lambda p: build.pppoe_ethernet(p, 3),
]


def packets() -> list[bytes]:
    """Every header that leads to a message, around every message, and user traffic in the same."""
    inner = []
    for number, payload in UPPER:
        inner.append(build.ipv6(MAG, LMA, number, payload))
        inner += [build.ipv6(MAG, LMA, *extend(number, payload)) for extend in EXTENSIONS]
        if number == UDP:
            inner.append(build.ipv4(MAG_IPV4, LMA_IPV4, number, payload))
    return [*inner, *(tunnel(packet) for tunnel, packet in product(TUNNELS, inner))]


def kept(frames: list[bytes], link_type: int, capture_filter: str, folder: Path) -> set[int]:
    """Give the indexes of the frames that tcpdump lets pass."""
    source, result = folder / "all.pcap", folder / "kept.pcap"
    numbered = (
        Frame(0, n, n * SECOND, link_type, data, len(data)) for n, data in enumerate(frames)
    )
    write_pcap(source, numbered, link_type=link_type)
    command = ["tcpdump", "-r", source, "-w", result, capture_filter]
    subprocess.run(command, check=True, capture_output=True)
    with CaptureReader(str(result), every_frame=True) as reader:
        return {(frame.time or 0) // SECOND for frame in reader}


def test_protocols_are_those_of_the_scan() -> None:
    assert {*PROTOCOLS, UDP} == {number for number in range(256) if not HARMLESS[number]}


@needs_tcpdump
@pytest.mark.parametrize("name", ["EN10MB", "RAW", "LINUX_SLL", "LINUX_SLL2", "PPP", "NULL"])
@pytest.mark.parametrize("capture_filter", [FILTER, SIGNALLING], ids=["whole", "untagged"])
def test_compiles_for_every_link_type(name: str, capture_filter: str) -> None:
    command = ["tcpdump", "-y", name, "-ddd", capture_filter]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    # More than that the kernel does not take (BPF_MAXINSNS).
    assert 10 < int(done.stdout.split()[0]) <= 4096


@needs_tcpdump
def test_dumpcap_can_compile_it() -> None:
    if shutil.which("dumpcap") is None:
        pytest.skip("needs dumpcap")
    command = ["dumpcap", "-d", "-i", "lo", "-f", FILTER]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "ermission" in done.stderr or "no device" in done.stderr:
        pytest.skip("dumpcap may not look at lo")
    assert "ret" in done.stdout


@needs_tcpdump
@pytest.mark.parametrize("number", range(len(TAGGED)))
def test_keeps_all_that_can_be_decoded(number: int, tmp_path: Path) -> None:
    frames = [TAGGED[number](packet) for packet in packets()]
    passed = kept(frames, 1, FILTER, tmp_path)
    decodable = {
        n
        for n, data in enumerate(frames)
        if PacketDecoder().decode(Frame(0, 1, 0, 1, data, len(data)))
    }
    assert decodable
    assert decodable <= passed


@needs_tcpdump
@pytest.mark.parametrize("link_type", [101, 113, 276, 9])
def test_keeps_what_has_no_tags_on_any_link(link_type: int, tmp_path: Path) -> None:
    wrap = next(wrap for number, wrap in LINKS if number == link_type)
    frames = [wrap(packet) for packet in packets()]
    decoded = [
        n
        for n, data in enumerate(frames)
        if PacketDecoder().decode(Frame(0, 1, 0, link_type, data, len(data)))
    ]
    for capture_filter in (FILTER, SIGNALLING):
        assert set(decoded) <= kept(frames, link_type, capture_filter, tmp_path)


@needs_tcpdump
def test_user_traffic_does_not_pass(tmp_path: Path) -> None:
    plain = [
        build.ipv6(MAG, LMA, 6, bytes(40)),
        build.ipv6(MAG, LMA, UDP, build.udp(MAG, LMA, bytes(80), ports=(53, 53))),
        build.ipv4(MAG_IPV4, LMA_IPV4, 6, bytes(40)),
        build.ipv4(MAG_IPV4, LMA_IPV4, UDP, build.udp(MAG_IPV4, LMA_IPV4, b"x", ports=(53, 53))),
    ]
    frames = [wrap(packet) for wrap in TAGGED for packet in plain]
    frames.append(build.ethernet(GOLDEN["V1"]))
    assert kept(frames, 1, FILTER, tmp_path) == {len(frames) - 1}


def test_the_documentation_has_this_filter() -> None:
    text = (ROOT / "docs" / "field.md").read_text("utf-8")
    shown = text.partition("FILTER='")[2].partition("'")[0]
    assert " ".join(shown.split()) == SIGNALLING
