"""``pmiptrace crosscheck`` as a user calls it."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path

import pytest
from command_line import Run
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from pmiptrace.capture.writer import write_pcap
from pmiptrace.report.schema import schema_file
from pmiptrace.testing import Trace
from pmiptrace.tshark import compare
from pmiptrace.tshark.program import VARIABLE

SAMPLES = Path(__file__).parents[2] / "samples"
needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def test_without_tshark_it_says_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("PATH", "")
    code, out, err = run("crosscheck", SAMPLES / "call-flow.pcap")
    assert (code, out) == (2, "")
    assert "apt-get install tshark" in " ".join(err.split())


@needs_tshark
def test_sample(run: Run) -> None:
    code, out, err = run("crosscheck", SAMPLES / "call-flow.pcap")
    assert (code, err) == (0, "")
    assert "4 messages, 174 fields compared" in out
    assert "No unexplained difference." in out
    assert "tshark does not know the option" in out


@needs_tshark
def test_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    octets = io.BytesIO((SAMPLES / "call-flow.pcap").read_bytes())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(octets))
    code, out, err = run("crosscheck", "-")
    assert (code, err) == (0, "")
    assert out.startswith("-\n  4 messages, 174 fields compared")


@needs_tshark
def test_json_follows_its_schema(run: Run) -> None:
    code, out, _ = run("crosscheck", SAMPLES / "call-flow.pcap", "--format", "json")
    document = json.loads(out)
    schema = json.loads(schema_file("crosscheck-1.0.json").read_bytes())
    Draft202012Validator(schema).validate(document)
    (capture,) = document["captures"]
    assert code == 0
    assert (capture["messages"], capture["unexplained"]) == (4, [])
    assert {each["kind"] for each in capture["explained"]} == {"unnamed", "place"}


@needs_tshark
def test_difference_that_nothing_explains(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "faults", lambda: ())
    code, out, _ = run("crosscheck", SAMPLES / "call-flow.pcap")
    assert code == 1
    assert "14 differences that nothing explains." in out
    assert "Mobility Option: Unknown (63)" in out


@needs_tshark
def test_captures_that_are_none(run: Run, tmp_path: Path) -> None:
    text, empty = tmp_path / "notes.txt", tmp_path / "empty.pcap"
    text.write_text("not a capture")
    empty.write_bytes(b"")
    code, out, err = run("crosscheck", text, empty, SAMPLES / "call-flow.pcap")
    assert code == 3
    assert "4 messages" in out
    assert f"{text}: " in err
    assert f"{empty}: " in err


@needs_tshark
def test_capture_without_signalling(run: Run, tmp_path: Path) -> None:
    trace = Trace()
    trace.pbu(trace.mag("mag1@example.com").path("2001:db8:a::1"))
    frame = replace(trace.frames[0], data=trace.frames[0].data.replace(b"\x87", b"\x3b", 1))
    write_pcap(tmp_path / "other.pcap", [frame])
    code, out, _ = run("crosscheck", tmp_path / "other.pcap")
    assert code == 4
    assert "No Mobility Header message, neither here nor in tshark." in out
