"""``--engine tshark``, ``--esp-sa`` and ``--esp-null`` as a user gives them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from command_line import Run
from msgspec.structs import replace

from pmiptrace.capture.writer import write_pcap
from pmiptrace.packet.build import esp, ipv6
from pmiptrace.packet.numbers import ESP, MOBILITY_HEADER
from pmiptrace.testing import Trace
from pmiptrace.tshark.program import VARIABLE

needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


@pytest.fixture
def hidden(tmp_path: Path) -> Path:
    """Two messages in ESP that is not encrypted."""
    trace = Trace()
    trace.register(trace.mag("mag1@example.com").path("2001:db8:a::1", bid=1))

    def protect(data: bytes) -> bytes:
        inside = esp(MOBILITY_HEADER, data[40:], spi=7, sequence=1)
        return ipv6(data[8:24], data[24:40], ESP, inside)

    protected = [protect(frame.data) for frame in trace.frames]
    path = tmp_path / "esp.pcap"
    write_pcap(
        path,
        (
            replace(frame, data=data, original_length=len(data))
            for frame, data in zip(trace.frames, protected, strict=True)
        ),
    )
    return path


def test_the_page_says_how_to_read_esp(run: Run, hidden: Path) -> None:
    code, out, _ = run("analyze", hidden)
    assert code == 4
    assert "--esp-null" in out
    assert "--engine tshark and --esp-sa" in out


@pytest.mark.parametrize(
    "options",
    [
        ["--esp-null"],
        pytest.param(["--engine", "tshark", "--esp-null"], marks=needs_tshark),
        pytest.param(
            ["--engine", "tshark", "--esp-sa", "*,*,0x7,null,,any-96,"], marks=needs_tshark
        ),
    ],
    ids=lambda options: " ".join(options),
)
@pytest.mark.parametrize("command", ["analyze", "dissect", "bindings"])
def test_esp_without_encryption(run: Run, hidden: Path, command: str, options: list[str]) -> None:
    code, out, err = run(command, hidden, "--format", "json", *options)
    assert (code, err) == (0, "")
    assert "mn1@example.com" in json.dumps(json.loads(out))


def test_keys_need_tshark(run: Run, hidden: Path) -> None:
    code, _, err = run("analyze", hidden, "--esp-sa", "*,*,*,null,,null,")
    assert code == 2
    assert "--esp-sa needs --engine tshark" in err


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("0x7", "--esp-sa: it takes 7 parts"),
        ("@no-such-file", "--esp-sa: no-such-file: cannot be read: No such file"),
    ],
)
def test_keys_that_make_no_sense(run: Run, hidden: Path, given: str, told: str) -> None:
    code, _, err = run("analyze", hidden, "--engine", "tshark", "--esp-sa", given)
    assert code == 2
    assert told in " ".join(err.split())


def test_no_tshark(run: Run, hidden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("PATH", "")
    code, _, err = run("analyze", hidden, "--engine", "tshark")
    assert code == 2
    assert "apt-get install tshark" in " ".join(err.split())
