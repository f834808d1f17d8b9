"""``pmiptrace dissect`` and the commands that look things up, as a user would run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Run
from jsonschema import Draft202012Validator

from pmiptrace.capture.writer import write_pcap
from pmiptrace.model import Frame
from pmiptrace.packet.build import ethernet
from pmiptrace.report.schema import schema_file
from pmiptrace.testing import Trace

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SAMPLE, BUSY = SAMPLES / "bulk-and-overwrite.pcap", SAMPLES / "busy.pcap.gz"


def checked(name: str, value: object) -> None:
    Draft202012Validator(json.loads(schema_file(name).read_bytes())).validate(value)


# --------------------------------------------------------------------------------- exit codes


def test_the_list(run: Run) -> None:
    result = run("dissect", SAMPLE)
    assert result.code == 0
    assert "RFC8278-4.1-BO-EXCLUSIVE" in result.out
    assert result.err == ""


def test_findings_do_not_make_it_fail(run: Run) -> None:
    assert run("dissect", SAMPLE, 5).code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "which CAPTURE?"),
        ((SAMPLE, "5", SAMPLE), "frames stand behind all captures"),
        ((SAMPLE, "0"), "'0' names no frames"),
        ((SAMPLE, "--filter", "statu == 1"), "there is no field statu; did you mean status"),
        ((SAMPLE, "--filter", "status = 1"), "\n         ^"),
        ((SAMPLE, "--fields", "frame,tim"), "there is no field 'tim'; did you mean time"),
        ((SAMPLE, "--fields", "frame", "--format", "json"), "it does not go with --format"),
        ((SAMPLE, "--fields", "frame", "-x"), "it does not go with"),
        ((SAMPLE, "-o", SAMPLE), "would replace a capture"),
        ((SAMPLE, "--dialect", "klingon"), "there is no dialect"),
    ],
)
def test_usage_errors(run: Run, arguments: tuple[object, ...], said: str) -> None:
    before = SAMPLE.read_bytes()
    result = run("dissect", *arguments)
    assert result.code == 2
    assert said in result.err
    assert result.out == ""
    assert SAMPLE.read_bytes() == before


def test_frames_without_signalling(run: Run) -> None:
    result = run("dissect", SAMPLE, "5", "9", "20-30")
    assert result.code == 2
    assert result.out.startswith("Frame 5 ")
    assert f"frame 9: not there; {SAMPLE} has 8 packets" in result.err
    assert f"frames 20-30: not there; {SAMPLE} has 8 packets" in result.err
    result = run("dissect", SAMPLE, BUSY, "1:2", "2:2", "1:9", "6902")
    assert result.code == 2
    assert result.out.startswith("Frame 1:2 ")
    assert "frame 2:2: no signalling there" in result.err
    assert f"frame 1:9: not there; {SAMPLE} has 8 packets" in result.err
    assert "frame 6902: not there; the longest of the captures has 6901 packets" in result.err


def test_no_signalling_at_all(run: Run, tmp_path: Path) -> None:
    write_pcap(tmp_path / "x.pcap", ())
    result = run("dissect", tmp_path / "x.pcap")
    assert (result.code, result.out) == (4, "")
    assert "no Mobility Header message" in result.err
    assert run("dissect", tmp_path / "x.pcap", "--allow-empty").code == 0


def test_frames_of_a_folder_name_their_capture(run: Run, tmp_path: Path) -> None:
    for name in ("a.pcap", "b.pcap"):
        (tmp_path / name).write_bytes(SAMPLE.read_bytes())
    assert " 1:5 " in run("dissect", tmp_path).out
    assert run("dissect", tmp_path, "1:5").out.startswith("Frame 1:5 ")


def test_a_capture_that_is_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.pcap").write_text("nothing")
    result = run("dissect", SAMPLE, tmp_path / "x.pcap")
    assert result.code == 3
    assert "RFC8278-4.1-BO-EXCLUSIVE" in result.out
    assert "not a pcap" in result.err
    assert "not a pcap" not in result.out


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pmiptrace", "dissect", str(SAMPLES / "busy.pcap.gz")]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


def test_standard_input() -> None:
    command = [sys.executable, "-m", "pmiptrace", "dissect", "-", "--fields", "frame,type"]
    done = subprocess.run(command, input=SAMPLE.read_bytes(), capture_output=True, check=True)
    assert done.stdout.startswith(b"1\tPBU\n2\tPBA\n")


# -------------------------------------------------------------------------------------- forms


def test_fields(run: Run) -> None:
    result = run("dissect", SAMPLE, "--fields", "frame,type,flags", "--header", 1, 2)
    assert result.out == "frame\ttype\tflags\n1\tPBU\tA,P\n2\tPBA\tP\n"
    result = run("dissect", SAMPLE, 1, "--fields", "frame,flags", "--separator", ",")
    assert result.out == "1,A;P\n"
    result = run("dissect", SAMPLE, 1, "--fields", "frame,bid", "--separator", r"\t|")
    assert result.out == "1\t|1\n"


@pytest.mark.parametrize(
    ("narrow", "frames"),
    [
        (("--mag", "2001:db8:b::1"), "5 6 9"),
        (("--mag", "2001:db8:b::1", "--filter", "type == PBA"), "6"),
        (("--lma", "2001:db8:f::1", "--filter", "retransmission"), ""),
        (("--mobile-node", "mn1*", "--mag", "2001:db8:a::*"), "1 2 3 4 7 8 10 11"),
    ],
)
def test_names_narrow_what_is_shown(run: Run, narrow: tuple[str, ...], frames: str) -> None:
    result = run("dissect", SAMPLES / "handover.pcap", "--fields", "frame", *narrow)
    assert " ".join(result.out.split()) == frames
    assert ("no message meets the filter" in result.err) is (not frames)


def test_a_name_that_nothing_matches_is_noted(run: Run) -> None:
    result = run("dissect", SAMPLE, "--mobile-node", "mn1@exmaple.com", "--filter", "type == PBU")
    assert result.out == ""
    assert result.err.endswith("nothing in the captures matches --mobile-node mn1@exmaple.com\n")


def test_a_filter(run: Run) -> None:
    result = run("dissect", SAMPLE, "--filter", "finding like RFC8278*", "--fields", "frame")
    assert result.out == "5\n"
    result = run("dissect", SAMPLE, "--filter", "status > 200")
    assert (result.code, result.out) == (0, "")
    assert "note: no message meets the filter" in result.err


@pytest.mark.parametrize("name", ["call-flow.pcap", "ipv4-transport.pcap", "handover.pcap"])
@pytest.mark.parametrize("tree", [False, True])
def test_json(run: Run, name: str, tree: bool) -> None:
    more = ["--tree"] if tree else []
    result = run("dissect", SAMPLES / name, "--format", "json", *more)
    document = json.loads(result.out)
    checked("dissect-1.0.json", document)
    result = run("dissect", SAMPLES / name, "--format", "jsonl", *more)
    lines = [json.loads(line) for line in result.out.splitlines()]
    for line in lines:
        checked("dissect-jsonl-1.0.json", line)
    assert [line for line in lines if line["type"] == "message"] == document["packets"]
    assert all((packet["tree"] is not None) == tree for packet in document["packets"])
    assert [f["rule"] for f in document["findings"]] == ["PM-CLEARTEXT"]
    assert lines[-1]["type"] == "capture"


def test_a_message_is_that_of_analyze_with_more_to_it(run: Run) -> None:
    lines = run("analyze", SAMPLE, "--format", "jsonl", "--fail-on", "never").out.splitlines()
    theirs = [line for line in map(json.loads, lines) if line["type"] == "message"]
    ours = json.loads(run("dissect", SAMPLE, "--format", "json").out)["packets"]
    assert [{key: packet[key] for key in theirs[0]} for packet in ours] == theirs


def test_the_tree_has_the_octets_of_the_frame(run: Run) -> None:
    (packet,) = json.loads(run("dissect", SAMPLE, 5, "--format", "json").out)["packets"]
    assert [layer["offset"] for layer in packet["layers"]] == [0, 14]
    option = next(part for part in packet["tree"] if part["name"] == "mag_multipath_binding")
    assert (option["offset"], option["message_offset"], option["length"]) == (130, 76, 8)
    overwrite = next(p for p in option["parts"] if p["name"].endswith(".overwrite"))
    assert overwrite["value"] is True
    assert overwrite["bits"] == ".1.. .... .... .... .... .... "[:-1]
    (finding,) = packet["findings"]
    assert finding["span"]["offset"] == 135
    assert packet["answered_by"]["frame"] == 6


def test_hostile_names_stay_text(run: Run, tmp_path: Path) -> None:
    trace = Trace()
    trace.register(trace.mag("\x1b]0;mag\x07").path("2001:db8:a::1"), "\x1b[2J\n<b>\u202e")
    frames = [
        Frame(0, n, f.time, 1, ethernet(f.data), len(f.data) + 14)
        for n, f in enumerate(trace.frames, 1)
    ]
    write_pcap(tmp_path / "x.pcap", frames)
    for more in (
        [],
        ["--tree", "-x"],
        ["--format", "json"],
        ["--fields", "mobile_node,mag", "--separator", "|"],
    ):
        result = run("dissect", tmp_path / "x.pcap", *more)
        assert result.code == 0
        assert all(line.isprintable() for line in result.out.splitlines())


def test_a_file_is_written_whole(run: Run, tmp_path: Path) -> None:
    assert run("dissect", SAMPLE, 5, "-x", "-o", tmp_path / "x.txt").out == ""
    assert "MAG Multipath Binding" in (tmp_path / "x.txt").read_text("utf-8")
    assert os.listdir(tmp_path) == ["x.txt"]  # noqa: PTH208


# ----------------------------------------------------------------------------------- look up


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("options",), "MAG Multipath Binding"),
        (("options", "63"), "Registration Overwrite"),
        (("codes",), "handoff_indicator"),
        (("codes", "status", "180"), "CANNOT_SUPPORT_MULTIPATH_BINDING"),
        (("states",), "lifetime over"),
        (("dissect", "--list-fields"), "mag_multipath_binding.overwrite"),
    ],
)
def test_looking_up(run: Run, arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert (result.code, result.err) == (0, "")
    assert said in result.out
    result = run(*arguments, "--format", "json")
    assert said in json.dumps(json.loads(result.out))


@pytest.mark.parametrize("arguments", [("options", "999"), ("codes", "status", "999")])
def test_what_is_not_there(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert "Error: " in result.err
