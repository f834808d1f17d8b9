"""dumpcap as this program runs it: what it is asked for, what it says, how it ends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pmiptrace.errors import UsageError
from pmiptrace.live import dumpcap
from pmiptrace.live.dumpcap import PERMISSION, Drops, Dumpcap, Interface, find_dumpcap

pytestmark = pytest.mark.skipif(os.name != "posix", reason="programs here are shell scripts")


def program(folder: Path, script: str) -> Dumpcap:
    path = folder / "dumpcap"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return Dumpcap(str(path))


def test_none_to_find(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PMIPTRACE_DUMPCAP", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="dumpcap is not installed: apt-get install"):
        find_dumpcap()
    monkeypatch.setenv("PMIPTRACE_DUMPCAP", "/opt/dumpcap")
    assert find_dumpcap().path == "/opt/dumpcap"


def test_interfaces(tmp_path: Path) -> None:
    listed = program(tmp_path, "echo '1. eth0'; echo '2. lo (Loopback)'; echo gibberish")
    assert listed.interfaces() == (Interface("eth0"), Interface("lo", "Loopback"))
    with pytest.raises(UsageError, match="does not run"):
        program(tmp_path, "exit 1").interfaces()
    with pytest.raises(UsageError, match="does not run"):
        Dumpcap(str(tmp_path / "nothing")).interfaces()


def test_what_it_is_asked_for(tmp_path: Path) -> None:
    capture = program(tmp_path, 'echo "$@"').capture(["eth0", "eth1"], "udp", buffer=64)
    assert capture.stream.read() == b"-q -w - -B 64 -f udp -i eth0 -i eth1\n"
    assert capture.close() == ((), None)
    assert capture.close() == ((), None)
    with pytest.raises(UsageError, match="does not run: No such file"):
        Dumpcap(str(tmp_path / "nothing")).capture(["eth0"], "udp")


SAID = """
echo "Capturing on 'eth0' and 'eth1'" >&2
echo "Packets captured: 9" >&2
echo "Packets received/dropped on interface 'eth0': 9/7 \
(pcap:1/dumpcap:2/flushed:3/ps_ifdrop:4) (100.0%)" >&2
echo "Packets received/dropped on interface 'it''s': 9/0 \
(pcap:10/dumpcap:0/flushed:0/ps_ifdrop:0) (100.0%)" >&2
"""


def test_drops_are_added_up(tmp_path: Path) -> None:
    capture = program(tmp_path, SAID).capture(["eth0"], "")
    assert capture.stream.read() == b""
    assert capture.close() == ((), Drops(15, 5))


def test_it_ends_in_good_order_when_told_to(tmp_path: Path) -> None:
    script = f"end() {{ {SAID}\nexit 0; }}\ntrap end INT; echo on; while :; do sleep 0.02; done"
    capture = program(tmp_path, script).capture(["eth0"], "")
    assert capture.stream.read(3) == b"on\n"
    capture.stop()
    assert capture.close() == ((), Drops(15, 5))


def test_it_is_ended_if_it_does_not_listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dumpcap, "_PATIENCE", 0.1)
    script = "trap '' INT; echo on; while :; do sleep 0.02; done"
    capture = program(tmp_path, script).capture(["eth0"], "")
    assert capture.stream.read(3) == b"on\n"
    capture.stop()
    assert capture.close() == ((), None)


FAULTS = [
    ('dumpcap: There is no device named "x".\n(No such device exists)', 1,
     ('There is no device named "x".',)),
    ("dumpcap: You do not have permission to capture on device \"lo\".\nPlease check", 1,
     ('You do not have permission to capture on device "lo".', PERMISSION)),
    ('dumpcap: The network adapter "v0" is no longer attached; the capture has stopped.', 0,
     ('The network adapter "v0" is no longer attached; the capture has stopped.',)),
    ("Segmentation fault", 1, ("Segmentation fault",)),
    ("", 3, ("dumpcap ended with 3",)),
    ("Capturing on 'lo'", 0, ()),
]  # fmt: skip


@pytest.mark.parametrize(("said", "code", "faults"), FAULTS)
def test_faults(said: str, code: int, faults: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "said").write_text(said)
    capture = program(tmp_path, f"cat '{tmp_path}/said' >&2; exit {code}").capture(["x"], "")
    assert capture.stream.read() == b""
    assert capture.close()[0] == faults
