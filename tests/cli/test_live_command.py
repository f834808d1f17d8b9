"""``pmiptrace live`` as its users run it, with a pipe, or with a program in dumpcap's place."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import IO, Any

import pytest
from command_line import Run

from pmiptrace.errors import UsageError
from pmiptrace.live.tshark import extcap_preference

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
BOUND = 60
"""Seconds that anything may take at most."""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="programs here are shell scripts")

needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")

Live = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """Start ``pmiptrace live`` with a program in dumpcap's place that gives a sample and waits."""
    started = []

    def start(
        *arguments: object, sample: str = "", octets: int = 1_000_000, end: str = "", **how: Any
    ) -> subprocess.Popen[bytes]:
        script = tmp_path / "dumpcap"
        shown = f"head -c {octets} '{SAMPLES / sample}'" if sample else ":"
        drops = "(pcap:2/dumpcap:3/flushed:0/ps_ifdrop:0)"
        said = f"Packets received/dropped on interface 'eth0': 4/5 {drops}"
        script.write_text(
            f"""#!/bin/sh
end() {{ echo "{said}" >&2; exit 0; }}
trap end INT
{shown}
{end or "while :; do sleep 0.02; done"}
"""
        )
        script.chmod(0o755)
        environment = {**os.environ, "PMIPTRACE_DUMPCAP": str(script), "PYTHONPATH": str(ROOT)}
        how = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, **how}
        process = subprocess.Popen(
            [sys.executable, "-m", "pmiptrace", "live", *map(str, arguments)],
            stderr=subprocess.PIPE,
            env=environment,
            **how,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def until(stream: IO[bytes] | None, wanted: str) -> str:
    """Read lines up to one that has a text; fails at the end of the stream."""
    assert stream is not None
    for line in iter(stream.readline, b""):
        if wanted in line.decode():
            return line.decode()
    pytest.fail(f"{wanted!r} never came")


def end(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=BOUND)
    return process.returncode, out.decode(), err.decode()


# ------------------------------------------------------------------------------------- a pipe


@pytest.mark.parametrize(
    "name", ["call-flow.pcap", "bulk-and-overwrite.pcap", "ipv4-transport.pcap"]
)
def test_a_pipe_gives_the_lines_of_analyze(name: str, live: Live) -> None:
    with (SAMPLES / name).open("rb") as pipe:
        process = live("-i", "-", "--format", "jsonl", stdin=pipe)
        code, out, err = end(process)
    command = [sys.executable, "-m", "pmiptrace", "analyze", "-", "--format", "jsonl"]
    with (SAMPLES / name).open("rb") as pipe:
        analyzed = subprocess.run(command, stdin=pipe, capture_output=True, check=False, cwd=ROOT)
    assert (code, err) == (analyzed.returncode, "")
    assert out == analyzed.stdout.decode()


def test_lines_come_while_the_pipe_is_open(live: Live) -> None:
    process = live("-i", "-", "--format", "jsonl", stdin=subprocess.PIPE)
    octets = (SAMPLES / "call-flow.pcap").read_bytes()
    assert process.stdin is not None
    process.stdin.write(octets)
    process.stdin.flush()
    line = json.loads(until(process.stdout, '"type":"exchange"'))
    assert line["kind"] == "initial"
    process.send_signal(signal.SIGINT)
    code, out, _ = end(process)
    assert code == 0
    assert json.loads(out.splitlines()[-1])["type"] == "summary"


def test_one_line_for_each_thing_and_the_page_at_the_end(live: Live) -> None:
    with (SAMPLES / "bulk-and-overwrite.pcap").open("rb") as pipe:
        code, out, err = end(live("-i", "-", stdin=pipe))
    assert (code, err) == (1, "")
    lines = out.split("\n")
    first = lines.index("-  pcap, 8 packets, 8 messages (4 PBU, 4 PBA), 5 min 32 s, from"
                        " 2023-11-14 22:13:20.000000 UTC")  # fmt: skip
    kinds = [line.split("  ")[1] for line in lines[:first]]
    assert kinds.count("exchange") == 4
    assert kinds.count("finding") == 2
    assert set(kinds) == {"binding", "exchange", "finding"}
    assert "1 error. Worst: RFC8278-4.1-BO-EXCLUSIVE" in out
    assert "Next" not in lines, "there is no file to look at"


def test_no_capture_in_the_pipe(live: Live) -> None:
    process = live("-i", "-", stdin=subprocess.DEVNULL)
    assert end(process) == (3, "", "pmiptrace: -: empty file\n")


# ------------------------------------------------------------------------------- an interface


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_with_the_verdict(number: int, live: Live, tmp_path: Path) -> None:
    # A name that no temporary folder makes too long for the line.
    process = live(
        "-i", "eth0", "-w", "kept.pcap", sample="bulk-and-overwrite.pcap", cwd=tmp_path
    )  # fmt: skip
    until(process.stdout, "RFC8278-4.1-BO-EXCLUSIVE")
    process.send_signal(number)
    code, out, err = end(process)
    assert code == 1
    assert "Worst: RFC8278-4.1-BO-EXCLUSIVE, MAG mag1@example.com, frame 5." in out
    assert "pmiptrace dissect kept.pcap 5" in out
    assert "5 packets dropped while capturing" in out
    assert "packets dropped: 2 by the kernel, 3 by dumpcap" in err
    assert (tmp_path / "kept.pcap").read_bytes() == (
        SAMPLES / "bulk-and-overwrite.pcap"
    ).read_bytes()


def test_ctrl_c_on_a_terminal_is_for_both(live: Live) -> None:
    """The terminal sends it to dumpcap too, which ends before it is told to."""
    process = live("-i", "eth0", sample="call-flow.pcap", process_group=0)
    until(process.stdout, "exchange")
    os.killpg(process.pid, signal.SIGINT)
    code, out, err = end(process)
    assert (code, "No violation found" in out) == (0, True)
    assert "packets dropped" in err


def test_until_a_finding(live: Live) -> None:
    process = live(
        "-i", "eth0", "--until-finding", "RFC8278-4.1", "--fail-on", "never",
        sample="bulk-and-overwrite.pcap",
    )  # fmt: skip
    code, out, _ = end(process)
    assert code == 1
    assert "RFC8278-4.1-BO-EXCLUSIVE" in out


def test_a_finding_that_nobody_waits_for(live: Live) -> None:
    process = live(
        "-i", "eth0", "--until-finding", "RFC5846", "--fail-on", "never", "--duration", "1s",
        sample="bulk-and-overwrite.pcap",
    )  # fmt: skip
    assert end(process)[0] == 0


def test_duration(live: Live) -> None:
    assert end(live("-i", "eth0", "--duration", "300ms", sample="call-flow.pcap"))[0] == 0
    process = live("-i", "eth0", "--duration", "300ms", sample="call-flow.pcap", octets=24)
    code, out, _ = end(process)
    assert code == 4
    assert "No Mobility Header message in eth0" in out


def test_an_interface_that_goes_away(live: Live) -> None:
    gone = 'echo "dumpcap: The network adapter \\"eth0\\" is no longer attached." >&2'
    code, out, err = end(live("-i", "eth0", sample="call-flow.pcap", end=gone))
    assert code == 3
    assert "No violation found" in out
    assert err == 'pmiptrace: The network adapter "eth0" is no longer attached.\n'


def test_an_interface_that_never_was(live: Live) -> None:
    none = 'echo "dumpcap: There is no device named \\"eth7\\"." >&2; exit 1'
    assert end(live("-i", "eth7", end=none)) == (
        3, "", 'pmiptrace: There is no device named "eth7".\n',
    )  # fmt: skip
    code, out, _ = end(live("-i", "eth7", "--format", "jsonl", end=none))
    capture, summary = map(json.loads, out.splitlines())
    assert (code, capture["type"], summary["type"]) == (3, "capture", "summary")
    assert "no device" in capture["problems"][0]["message"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk(live: Live) -> None:
    process = live("-i", "eth0", "-w", "/dev/full", sample="call-flow.pcap")
    until(process.stdout, "exchange")
    process.send_signal(signal.SIGINT)
    code, out, err = end(process)
    assert code == 2
    assert "No violation found" in out
    assert "/dev/full: cannot be written on: No space left on device" in err


def test_a_reader_that_went_away(live: Live) -> None:
    process = live("-i", "-", "--format", "jsonl", stdin=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    process.communicate((SAMPLES / "bulk-and-overwrite.pcap").read_bytes(), timeout=BOUND)
    assert process.returncode == 141


def test_a_screen_on_a_terminal(live: Live) -> None:
    import pty

    leader, follower = pty.openpty()
    process = live("-i", "eth0", sample="call-flow.pcap", stdout=follower)
    os.close(follower)
    seen = b""

    def read(wanted: bytes) -> None:
        nonlocal seen
        while wanted not in seen:
            seen += os.read(leader, 65536)

    read(b"\x1b[?1049h")
    read(b"2 live of 1 session")
    process.send_signal(signal.SIGINT)
    read(b"\x1b[?1049l")
    assert b"No violation found" not in seen.partition(b"\x1b[?1049l")[0]
    read(b"No violation found")
    process.communicate(timeout=BOUND)
    assert process.returncode == 0
    os.close(leader)


# -------------------------------------------------------------------------------------- tshark


@needs_tshark
def test_a_pipe_read_by_tshark_gives_the_same(live: Live) -> None:
    def lines(*options: str) -> list[str]:
        with (SAMPLES / "bulk-and-overwrite.pcap").open("rb") as pipe:
            process = live("-i", "-", "--format", "jsonl", *options, stdin=pipe)
            code, out, _ = end(process)
        assert code == 1
        return [line for line in out.splitlines() if not line.startswith('{"type":"capture"')]

    assert lines("--engine", "tshark") == lines()


@needs_tshark
def test_an_extcap_interface(live: Live) -> None:
    process = live(
        "-i", "randpkt", "--engine", "tshark", "--extcap", "randpkt.count=2",
        "--extcap", "randpkt.max-bytes=500",
    )  # fmt: skip
    code, _, err = end(process)
    if "no device named" in err:
        pytest.skip("tshark has no random packet generator")
    assert (code, err) == (4, "pmiptrace: randpkt: no packet was dropped\n")


def other_tshark(folder: Path, said: str) -> Path:
    """Make a tshark that can tell its version, and capture nothing."""
    path = folder / "tshark"
    path.write_text(
        f"""#!/bin/sh
case "$1" in
-v|--version) echo "TShark (Wireshark) 4.0.17 (Git v4.0.17)." ;;
-G) echo '{{"mappings": {{"dynamic": false, "properties": {{}}}}}}' ;;
*) echo "Capturing on 'lo'" >&2; echo "{said}" >&2; exit 1 ;;
esac
"""
    )
    path.chmod(0o755)
    return path


def test_an_end_before_tshark_captures(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tshark, waits = other_tshark(tmp_path, ""), tmp_path / "waits"
    script = tshark.read_text().replace("*) echo", f'*) touch "{waits}"; exec sleep 60; echo')
    tshark.write_text(script)
    monkeypatch.setenv("PMIPTRACE_TSHARK", str(tshark))
    process = live("-i", "lo", "--engine", "tshark", process_group=0)
    end_of_waiting = monotonic() + BOUND
    while not waits.exists():
        assert process.poll() is None
        assert monotonic() < end_of_waiting
    os.killpg(process.pid, signal.SIGINT)
    code, out, err = end(process)
    assert (code, out) == (3, "")
    assert err == "pmiptrace: lo: it ended before anything was captured\n"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "tshark: You do not have permission to capture on device.",
            "do not have permission to capture on device[.]\npmiptrace: Debian and Ubuntu",
        ),
        ("tshark: There is no device named eth7.", "^pmiptrace: There is no device named eth7[.]$"),
        ("Segmentation fault", "^pmiptrace: Segmentation fault$"),
    ],
)
def test_a_tshark_that_does_not_capture(
    said: str, told: str, live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PMIPTRACE_TSHARK", str(other_tshark(tmp_path, said)))
    code, out, err = end(live("-i", "eth7", "--engine", "tshark"))
    assert (code, out) == (3, "")
    assert re.search(told, err, re.MULTILINE), err


# --------------------------------------------------------------------------------------- usage

USAGE = [
    ((), "name an interface with -i"),
    (("-i", "-", "-i", "lo"), "-i - stands alone"),
    (("-i", "-", "--filter", "udp"), "--filter and --buffer are for interfaces"),
    (("-i", "-", "--ring", "3:10"), "--ring needs -w FILE"),
    (("-i", "-", "-w", "x", "--ring", "3"), "--ring takes FILES:MB, as 20:100, not '3'"),
    (("-i", "-", "--duration", "soon"), "--duration takes a time with its unit (10min)"),
    (("-i", "-", "--until-finding", "RFC9999"), "no rule is, or begins with, 'RFC9999'"),
    (("-i", "-", "-w", "/nowhere/x"), "/nowhere/x: cannot be written"),
    (("-i", "lo"), "dumpcap is not installed"),
    (("-i", "lo", "--engine", "tshark"), "tshark is not installed; install it"),
    (("-i", "lo", "--engine", "tshark", "--esp-sa", "x"), "--esp-sa: it takes 7 parts"),
    (("-i", "lo", "--esp-sa", "*,*,*,null,,null,"), "--esp-sa needs --engine tshark"),
    (("-i", "lo", "--extcap", "sshdump.remote-host=a"), "--extcap needs --engine tshark"),
    (("--list",), "dumpcap is not installed"),
]


@pytest.mark.parametrize(("arguments", "words"), USAGE)
def test_usage_errors(
    arguments: tuple[str, ...], words: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("PMIPTRACE_DUMPCAP", raising=False)
    code, out, err = run("live", *arguments)
    assert (code, out) == (2, "")
    assert words in " ".join(err.split())


def test_list(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "dumpcap"
    path.write_text("#!/bin/sh\necho '1. eth0'\necho '2. lo (Loopback)'\n")
    path.chmod(0o755)
    monkeypatch.setenv("PMIPTRACE_DUMPCAP", str(path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "listxattr", lambda path: [], raising=False)
    code, out, err = run("live", "--list")
    assert (code, out) == (0, "eth0\nlo    Loopback\n")
    assert "may not capture. Debian and Ubuntu: dpkg-reconfigure wireshark-common" in err


def test_options_of_extcap_interfaces() -> None:
    found = extcap_preference("SSHdump.remote-host=mag1.example.com:22")
    assert found == "extcap.sshdump.remotehost: mag1.example.com:22"
    for text in ("sshdump", "sshdump=x", "sshdump.a=b\nesp.x: y", ".=x"):
        with pytest.raises(UsageError, match="--extcap takes INTERFACE"):
            extcap_preference(text)
