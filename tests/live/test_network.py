"""Peers of the simulation on a network of its own: two namespaces, a cable, raw packets.

Needs root, ip (iproute2) and dumpcap; left out without.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic

import pytest
from esp_protection import AES, aes, inside_esp, null

from pmiptrace.capture.reader import CaptureReader
from pmiptrace.model import Frame
from pmiptrace.packet.build import ethernet
from pmiptrace.simulation import Rates, Scenario, Vantage, simulate
from pmiptrace.testing import Trace

ROOT = Path(__file__).parents[2]
BOUND = 60
"""Seconds that anything may take at most."""
QUIET = Rates(
    handover=0, detachment=0, path_outage=0, readdressing=0, overwrite=0, revocation=0,
    notification=0, restart=0,
)  # fmt: skip

SENDER = """
import socket, sys
end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
end.bind((sys.argv[1], 0))
for line in sys.stdin:
    end.send(bytes.fromhex(line))
    print(flush=True)
"""


def _can() -> bool:
    if not hasattr(os, "geteuid") or os.geteuid() or not shutil.which("dumpcap"):
        return False
    if not shutil.which("ip"):
        return False
    name = f"pmip-can-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    if made.returncode:
        return False
    inside = ["ip", "-n", name, "link", "add", "x", "type", "veth", "peer", "name", "y"]
    found = subprocess.run(inside, capture_output=True, check=False)
    subprocess.run(["ip", "netns", "del", name], check=True)
    return found.returncode == 0


needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
pytestmark = pytest.mark.skipif(not _can(), reason="needs root, ip and dumpcap")


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Network:
    """Two hosts and the cable between them; each has a loopback too."""

    def __init__(self, hosts: dict[str, str], stack: ExitStack) -> None:
        self.hosts = hosts
        self._stack = stack

    def interface(self, host: str) -> str:
        return f"to-{'lma' if host == 'mag' else 'mag'}"

    @contextmanager
    def sender(self, host: str, interface: str | None = None) -> Iterator[Sender]:
        command = ["ip", "netns", "exec", self.hosts[host], sys.executable, "-c", SENDER]
        with subprocess.Popen(
            [*command, interface or self.interface(host)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            yield Sender(process)
            assert process.stdin is not None
            process.stdin.close()

    def live(self, host: str, kept: Path, *arguments: str) -> subprocess.Popen[str]:
        """Capture there; when this returns, it does."""
        command = ["ip", "netns", "exec", self.hosts[host], sys.executable, "-m", "pmiptrace"]
        process = subprocess.Popen(
            [*command, "live", "-w", str(kept), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self._stack.callback(process.communicate)
        self._stack.callback(process.kill)
        end = monotonic() + BOUND
        while not kept.exists() or not kept.stat().st_size:
            assert process.poll() is None, process.communicate()
            assert monotonic() < end
        return process


class Sender:
    """An end that sends frames, one after the other."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def send(self, frame: bytes) -> None:
        """Send a frame; it is out when this returns."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(frame.hex().encode() + b"\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline()


@pytest.fixture
def network() -> Iterator[Network]:
    with ExitStack() as stack:
        hosts = {}
        for host in ("mag", "lma"):
            hosts[host] = name = f"pmip-{host}-{os.getpid()}"
            ip("netns", "add", name)
            stack.callback(ip, "netns", "del", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip(
            "link", "add", "to-lma", "netns", hosts["mag"],
            "type", "veth", "peer", "name", "to-mag", "netns", hosts["lma"],
        )  # fmt: skip
        ip("-n", hosts["mag"], "link", "set", "to-lma", "up")
        ip("-n", hosts["lma"], "link", "set", "to-mag", "up")
        yield Network(hosts, stack)


def until(process: subprocess.Popen[str], *wanted: str) -> str:
    """Read lines up to one that has all of the texts."""
    assert process.stdout is not None
    for line in process.stdout:
        if all(text in line for text in wanted):
            return line
    pytest.fail(f"{wanted} never came: {process.communicate()}")


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=BOUND)
    return process.returncode, out, err


def signalling(**parts: bool) -> list[Frame]:
    scenario = Scenario(
        duration=30, mobile_nodes=4, mags=1, loss=0, slow_answers=0, not_enabled=0, lifetime=3600,
        timestamps=False, heartbeat=None, rates=QUIET, **parts,
    )  # fmt: skip
    return simulate(scenario, seed=3).frames(Vantage.LMA)


def is_from_mag(frame: Frame) -> bool:
    return frame.data[11] == 1


@pytest.mark.parametrize("ipv4", [False, True], ids=["IPv6", "IPv4"])
def test_conforming_peers_on_a_cable(ipv4: bool, network: Network, tmp_path: Path) -> None:
    frames, kept = signalling(ipv4_transport=ipv4), tmp_path / "kept.pcapng"
    process = network.live("lma", kept, "-i", "to-mag")
    with network.sender("mag") as mag, network.sender("lma") as lma:
        for frame in frames:
            (mag if is_from_mag(frame) else lma).send(frame.data)
    answers = sum(not is_from_mag(frame) for frame in frames)
    assert answers > 3
    for _ in range(answers):
        assert "accepted" in until(process, "  exchange  ")
    code, out, err = end(process)
    assert (code, err) == (0, "pmiptrace: to-mag: no packet was dropped\n")
    assert "No violation found" in out
    assert f"{len(frames)} messages" in out
    with CaptureReader(str(kept)) as reader:
        found = [frame.data for frame in reader]
    assert [data for data in found if data in {f.data for f in frames}] == [f.data for f in frames]


def test_loopback_and_two_interfaces(network: Network, tmp_path: Path) -> None:
    frames = signalling()
    process = network.live("lma", tmp_path / "kept.pcapng", "-i", "lo", "-i", "to-mag")
    with network.sender("lma", "lo") as sender:
        for frame in frames:
            sender.send(frame.data)
    for _ in range(sum(not is_from_mag(frame) for frame in frames)):
        until(process, "  exchange  ", "accepted")
    code, out, err = end(process)
    assert (code, err) == (0, "pmiptrace: lo, to-mag: no packet was dropped\n")
    assert f"{len(frames)} messages" in out


def registration(lifetime: int) -> list[bytes]:
    trace = Trace()
    trace.register(trace.mag().path("2001:db8:a::1", bid=1), lifetime=lifetime)
    return [ethernet(message.frame.data) for message in trace.messages()]


@needs_tshark
@pytest.mark.parametrize(
    ("protect", "given"),
    [(null, ["--esp-null"]), (aes, ["--esp-sa", AES])],
    ids=["null", "aes-cbc"],
)
def test_esp_by_tshark(
    protect: Callable[[bytes], bytes], given: list[str], network: Network, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.pcapng"
    process = network.live("lma", kept, "-i", "to-mag", "--engine", "tshark", *given)
    request, answer = registration(lifetime=3600)
    with network.sender("mag") as mag, network.sender("lma") as lma:
        for end_of_cable, frame in ((mag, request), (lma, answer)):
            end_of_cable.send(ethernet(inside_esp(frame[14:], protect)))
    until(process, "pending → active")
    code, out, err = end(process)
    assert (code, err) == (0, "pmiptrace: to-mag: no packet was dropped\n")
    assert "2 messages" in out
    with CaptureReader(str(kept)) as reader:
        assert [frame.data[40:] for frame in reader] == [request[54:], answer[54:]]


@needs_tshark
def test_an_interface_that_tshark_loses(network: Network, tmp_path: Path) -> None:
    process = network.live("lma", tmp_path / "kept", "-i", "to-mag", "--engine", "tshark")
    with network.sender("mag") as mag, network.sender("lma") as lma:
        for end_of_cable, frame in zip((mag, lma), registration(lifetime=3600), strict=True):
            end_of_cable.send(frame)
    until(process, "pending → active")
    ip("-n", network.hosts["lma"], "link", "del", "to-mag")
    out, err = process.communicate(timeout=BOUND)
    assert process.returncode == 3
    assert "2 messages" in out
    assert 'The network adapter "to-mag" is no longer' in err


def test_an_expiry_without_a_packet(network: Network, tmp_path: Path) -> None:
    process = network.live("lma", tmp_path / "kept.pcapng", "-i", "to-mag")
    with network.sender("mag") as mag, network.sender("lma") as lma:
        request, answer = registration(lifetime=4)
        mag.send(request)
        lma.send(answer)
    until(process, "pending → active", "for 4 s")
    until(process, "active → expired")
    assert "PM-EXPIRED" in until(process, "  finding  ")
    code, out, _ = end(process)
    assert code == 0
    assert "expired" in out


def test_an_interface_that_goes_away(network: Network, tmp_path: Path) -> None:
    kept = tmp_path / "kept.pcapng"
    process = network.live("lma", kept, "-i", "to-mag")
    with network.sender("mag") as mag, network.sender("lma") as lma:
        request, answer = registration(lifetime=3600)
        mag.send(request)
        lma.send(answer)
    until(process, "pending → active")
    ip("-n", network.hosts["lma"], "link", "del", "to-mag")
    out, err = process.communicate(timeout=BOUND)
    assert process.returncode == 3
    assert "2 messages" in out
    assert 'The network adapter "to-mag" is no longer' in err
    with CaptureReader(str(kept)) as reader:
        found = [frame.data for frame in reader]
        assert not reader.info.problems
    assert request in found
    assert answer in found
