"""``pmiptrace bindings``, ``stats`` and ``timeline`` on captures that the tests write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from threading import Timer
from xml.etree import ElementTree

import pytest
from command_line import Run
from jsonschema import Draft202012Validator

from pmiptrace import reading
from pmiptrace.capture import workers
from pmiptrace.capture.writer import write_pcap
from pmiptrace.model import SECOND, Frame
from pmiptrace.packet.decoder import PacketDecoder
from pmiptrace.report.schema import schema_file
from pmiptrace.simulation import Scenario, simulate
from pmiptrace.testing import START, Trace

SAMPLES = Path(__file__).parents[2] / "samples"
VIEWS = (
    "bindings",
    "bindings --changes",
    "bindings --format json",
    "bindings --changes --format json",
    "bindings --format jsonl",
    "bindings --changes --format jsonl",
    "stats",
    "stats --format json",
    "timeline",
)
SCHEMAS = {"bindings": "bindings-1.0.json", "stats": "stats-1.0.json"}


def validated(text: str, name: str) -> dict:
    value = json.loads(text)
    Draft202012Validator(json.loads(schema_file(name).read_bytes())).validate(value)
    return value


def checked(view: str, text: str) -> None:
    """Hold what a view printed against its schema, if it has one."""
    if view.endswith("jsonl"):
        for line in text.splitlines():
            validated(line, "bindings-jsonl-1.0.json")
    elif view.endswith("json"):
        validated(text, SCHEMAS[view.split()[0]])


def call_flow() -> Trace:
    """Frames 1 to 6: two paths of mn1, then one of mn2 that is refused."""
    trace = Trace()
    mag = trace.mag("mag1@example.com")
    trace.register(mag.path("2001:db8:a::1", bid=1, if_att=8, if_label=1))
    trace.wait(2)
    trace.register(mag.path("2001:db8:b::1", bid=2, if_att=4, if_label=2))
    trace.wait(2)
    request = trace.pbu(mag.path("2001:db8:a::1", bid=1, if_att=8), "mn2@example.com")
    trace.wait(0.02)
    trace.pba(request, status=180)
    return trace


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    write_pcap(tmp_path / "flow.pcap", call_flow().frames)
    write_pcap(tmp_path / "silent.pcap", ())
    octets = (tmp_path / "flow.pcap").read_bytes()
    (tmp_path / "cut.pcap").write_bytes(octets[:-10])
    (tmp_path / "text.pcap").write_text("no capture\n")
    return tmp_path


# ------------------------------------------------------------------------------- exit codes


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("flow.pcap", 0),
        ("cut.pcap", 0),
        ("flow.pcap --mobile-node mn1@*", 0),
        ("flow.pcap --mag nobody", 0),
        ("silent.pcap", 4),
        ("silent.pcap --allow-empty", 0),
        ("text.pcap", 3),
        ("missing.pcap flow.pcap", 3),
        ("flow.pcap --timers no-such=1s", 2),
        ("flow.pcap --dialect no-such", 2),
        ("flow.pcap -o flow.pcap", 2),
    ],
)
def test_the_exit_code_follows_the_contract(
    captures: Path, monkeypatch: pytest.MonkeyPatch, run: Run, view: str, arguments: str, code: int
) -> None:
    monkeypatch.chdir(captures)
    result = run(*view.split(), *arguments.split())
    assert result.code == code, result.err
    if code == 2:
        assert result.out == ""
    else:
        checked(view, result.out)
    if code == 3:
        assert "pmiptrace: " in result.err


@pytest.mark.parametrize("view", ["bindings", "stats", "timeline"])
def test_no_capture_is_a_usage_error(run: Run, view: str) -> None:
    assert run(view).code == 2


@pytest.mark.parametrize("view", VIEWS)
def test_a_damaged_capture_is_said_to_be_so(captures: Path, run: Run, view: str) -> None:
    out = run(*view.split(), captures / "cut.pcap").out
    assert "the file ends" in out or '"truncated"' in out, out


@pytest.mark.parametrize("view", VIEWS)
def test_an_interrupt_shows_what_was_found(
    captures: Path, monkeypatch: pytest.MonkeyPatch, run: Run, view: str
) -> None:
    decode = PacketDecoder.decode

    def until_frame_5(self: PacketDecoder, frame: Frame) -> object:
        if frame.number == 5:
            raise KeyboardInterrupt
        return decode(self, frame)

    monkeypatch.setattr(PacketDecoder, "decode", until_frame_5)
    result = run(*view.split(), captures / "flow.pcap")
    assert result.code == 130
    assert "interrupted" in result.err
    checked(view, result.out)
    assert "mn2@" not in result.out
    assert "2001:db8:b::1" in result.out or "add-path" in result.out


@pytest.mark.parametrize("view", VIEWS)
def test_a_fault_of_the_program_is_told(
    captures: Path, monkeypatch: pytest.MonkeyPatch, run: Run, view: str
) -> None:
    def crash(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(PacketDecoder, "decode", crash)
    result = run(*view.split(), captures / "flow.pcap")
    assert result.code == 70
    assert "internal error" in result.err
    if "--format" in view:
        assert "internal-error" in result.out
    checked(view, result.out)


@pytest.mark.parametrize("view", VIEWS)
def test_a_reader_that_goes_away_ends_it_quietly(captures: Path, view: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "pmiptrace", *view.split(), str(captures / "flow.pcap")]
    try:
        done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("view", VIEWS)
def test_standard_input_is_read(captures: Path, view: str) -> None:
    command = [sys.executable, "-m", "pmiptrace", *view.split(), "-"]
    octets = (captures / "flow.pcap").read_bytes()
    done = subprocess.run(command, input=octets, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"initial" in done.stdout or b"mn1@example.com" in done.stdout


@pytest.mark.parametrize("view", VIEWS)
def test_a_file_gets_what_a_pipe_gets(captures: Path, run: Run, view: str) -> None:
    target = captures / "out"
    result = run(*view.split(), captures / "flow.pcap", "-o", target)
    assert (result.code, result.out) == (0, "")
    assert target.read_text("utf-8") == run(*view.split(), captures / "flow.pcap").out


@pytest.mark.parametrize("view", ["bindings", "stats", "timeline", "dissect"])
def test_a_large_capture_is_scanned_by_as_many_as_asked_for(
    captures: Path, run: Run, monkeypatch: pytest.MonkeyPatch, view: str
) -> None:
    crews: list[int] = []
    make = workers.Workers
    monkeypatch.setattr(reading, "WORTH_WORKERS", 0)
    monkeypatch.setattr(workers, "Workers", lambda jobs: crews.append(jobs) or make(jobs))
    alone = run(view, captures / "flow.pcap", "--jobs", "1")
    assert not crews
    assert run(view, captures / "flow.pcap", "--jobs", "3") == alone
    assert crews == [3]


# --------------------------------------------------------------------------------- bindings


@pytest.mark.parametrize(
    ("at", "bids"),
    [("2", [1]), ("+1s", [1]), ("4", [1, 2]), ("1700000001.5", [1]), ("22:13:22.5", [1, 2])],
)
def test_the_cache_at_a_moment(captures: Path, run: Run, at: str, bids: list[int]) -> None:
    result = run("bindings", captures / "flow.pcap", "--at", at, "--format", "json")
    told = validated(result.out, "bindings-1.0.json")
    assert [entry["bid"] for entry in told["bindings"]] == bids
    assert told["changes"] is None


def test_the_same_is_told_in_all_forms(captures: Path, run: Run) -> None:
    flow = captures / "flow.pcap"
    whole = json.loads(run("bindings", flow, "--changes", "--format", "json").out)
    lines = [
        json.loads(line)
        for line in run("bindings", flow, "--changes", "--format", "jsonl").out.splitlines()
    ]

    def untyped(kind: str) -> list[dict]:
        shown = [line for line in lines if line["type"] == kind]
        return [{name: value for name, value in line.items() if name != "type"} for line in shown]

    assert untyped("binding") == whole["bindings"]
    assert untyped("capture") == whole["captures"]
    # A line cannot know the addresses of the MAG that are yet to be seen.
    told = [{**line, "mag": None} for line in lines if line["type"] == "transition"]
    assert told == [{**change, "mag": None} for change in whole["changes"]]
    assert [change["frame"] for change in whole["changes"]] == [1, 2, 3, 4, 5, 6]
    assert whole["changes"][-1]["to"] == "rejected"
    (summary,) = untyped("summary")
    assert summary["gone"] == {"rejected": 1}


def test_a_capture_that_begins_after_the_moment_keeps_its_length(tmp_path: Path, run: Run) -> None:
    for name, start in (("early", START), ("late", START + 3600 * SECOND)):
        trace = Trace(start=start)
        trace.register(trace.mag(f"{name}@example.com").path("2001:db8:a::1", bid=1))
        write_pcap(tmp_path / f"{name}.pcap", trace.frames)
    early, late = tmp_path / "early.pcap", tmp_path / "late.pcap"
    result = run("bindings", late, early, "--at", "+1s")
    shown = " ".join(result.out.split())
    assert "2 packets, 0 messages, 20.0 ms" in shown
    assert "2 packets, 2 messages, 20.0 ms" in shown


def test_the_cache_stands_apart_from_the_changes(captures: Path, run: Run) -> None:
    out = run("bindings", captures / "flow.pcap", "--changes").out
    assert f"\n\n{captures / 'flow.pcap'}" in out


def test_frames_of_a_folder_name_their_capture(captures: Path, run: Run) -> None:
    folder = captures / "run"
    folder.mkdir()
    frames = call_flow().frames
    write_pcap(folder / "a.pcap", frames[:2])
    write_pcap(folder / "b.pcap", frames[2:])
    assert " 2:1 " in run("bindings", folder, "--changes").out
    assert " 2:1 " not in run("bindings", folder / "b.pcap", "--changes").out


@pytest.mark.parametrize("at", ["yesterday", "99", "3:1"])
def test_a_moment_that_makes_no_sense_is_a_usage_error(captures: Path, run: Run, at: str) -> None:
    result = run("bindings", captures / "flow.pcap", "--at", at)
    assert (result.code, result.out) == (2, "")


@pytest.mark.parametrize(
    ("at", "told"), [("+2h", "the captures end at"), ("2001-01-01T00:00:00Z", "begin at")]
)
def test_a_moment_outside_of_the_capture_is_noted(
    captures: Path, run: Run, at: str, told: str
) -> None:
    result = run("bindings", captures / "flow.pcap", "--at", at)
    assert result.code == (0 if "end" in told else 4)
    assert told in result.err


def test_a_frame_of_standard_input_is_a_usage_error(captures: Path) -> None:
    command = [sys.executable, "-m", "pmiptrace", "bindings", "-", "--at", "3"]
    octets = (captures / "flow.pcap").read_bytes()
    done = subprocess.run(command, input=octets, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"give a time" in done.stderr


def test_changes_of_a_live_capture_are_told_at_once(captures: Path) -> None:
    command = [sys.executable, "-m", "pmiptrace", "bindings", "-", "--changes"]
    other = b"\x60\0\0\0\x03\xd8\x3b\x40" + bytes(32 + 984)  # user traffic, to fill buffers
    trace = call_flow()
    traffic = [
        Frame(0, number, trace.now, trace.frames[0].link_type, other, len(other))
        for number in range(20)
    ]
    write_pcap(captures / "live.pcap", [*trace.frames, *traffic])
    with subprocess.Popen(
        [*command, "--format", "jsonl"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    ) as process:
        assert process.stdin
        assert process.stdout
        guard = Timer(60, process.kill)  # a line held back would be waited for without end
        guard.start()
        process.stdin.write((captures / "live.pcap").read_bytes())
        process.stdin.flush()
        first = process.stdout.readline()
        process.stdin.close()
        rest = process.stdout.read()
        guard.cancel()
    assert json.loads(first)["type"] == "transition"
    assert json.loads(rest.splitlines()[-1])["type"] == "summary"


def test_many_sessions_are_one_table(tmp_path: Path, run: Run) -> None:
    trace = Trace()
    path = trace.mag("mag1@example.com").path("2001:db8:a::1", bid=1)
    for number in range(30):
        trace.register(path, f"mn{number:02}@example.com")
    write_pcap(tmp_path / "many.pcap", trace.frames)
    out = run("bindings", tmp_path / "many.pcap").out
    assert "30 bindings of 30 sessions, 30 live" in out
    assert out.count("care-of address") == 1
    assert all(f"mn{number:02}@example.com" in out for number in range(30))


# ------------------------------------------------------------------------------------ stats


def test_sums_are_told_in_text_and_json(captures: Path, run: Run) -> None:
    told = validated(run("stats", captures / "flow.pcap", "--format", "json").out, "stats-1.0.json")
    assert told["messages_by_type"] == {"PBU": 3, "PBA": 3}
    assert told["latency"]["registration"]["median_ms"] == 20
    assert told["latency"]["excluded"]["rejected"] == 1
    (rejection,) = told["rejections"]
    assert rejection["status"] == {"code": 180, "name": "CANNOT_SUPPORT_MULTIPATH_BINDING"}
    assert rejection["first"]["frame"] == 6
    assert "RFC 8278" in rejection["remedy"]
    assert told["paths"]["sessions"] == {"2": 1}
    assert sum(interval["messages"] for interval in told["rate"]["intervals"]) == 6
    text = run("stats", captures / "flow.pcap").out
    for words in ("registration", "20.0 ms", "answers left out: 1 rejected", "180", "cause", "do "):
        assert words in text


@pytest.mark.parametrize("seed", [1, 4])
def test_sums_of_a_simulated_run_follow_the_schema(seed: int, tmp_path: Path, run: Run) -> None:
    write_pcap(tmp_path / "run.pcap", simulate(Scenario.random(seed), seed).frames())
    result = run("stats", tmp_path / "run.pcap", "--format", "json")
    validated(result.out, "stats-1.0.json")
    text = run("stats", tmp_path / "run.pcap").out
    assert all(len(line) <= 120 for line in text.splitlines())


# --------------------------------------------------------------------------------- timeline


def test_a_file_named_so_is_svg(captures: Path, run: Run) -> None:
    target = captures / "flow.svg"
    assert run("timeline", captures / "flow.pcap", "-o", target).code == 0
    root = ElementTree.parse(target).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "mn2@example.com" in target.read_text("utf-8")


@pytest.mark.parametrize(("limit", "left"), [(1, "1 more session;"), (2, None)])
def test_the_limit_is_kept_and_told(captures: Path, run: Run, limit: int, left: str | None) -> None:
    out = run("timeline", captures / "flow.pcap", "--limit", limit).out
    assert (left in out) if left else ("more session" not in out)


def test_known_findings_are_not_drawn(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    faulty = SAMPLES / "bulk-and-overwrite.pcap"
    assert "BO-EXCLUSIVE" in run("timeline", faulty).out
    Path("pmiptrace.toml").write_text(
        '[[ignores]]\nrule = "RFC8278-4.1-BO-EXCLUSIVE"\nreason = "a lab"\n', "utf-8"
    )
    assert "BO-EXCLUSIVE" not in run("timeline", faulty).out


def test_a_name_that_nothing_matches_is_noted(captures: Path, run: Run) -> None:
    for view in ("timeline", "stats", "bindings"):
        result = run(view, captures / "flow.pcap", "--mobile-node", "mn1@exmaple.com")
        assert "matches --mobile-node mn1@exmaple.com" in result.err, view
        assert {"timeline": "No mobile node", "stats": "No message", "bindings": "0 bindings"}[
            view
        ] in result.out


# ------------------------------------------------------------------------------------- help


@pytest.mark.parametrize("view", ["bindings", "stats", "timeline"])
def test_help_loads_neither_rich_nor_the_pipeline(view: str) -> None:
    probe = (
        "import sys\n"
        "from pmiptrace.cli.app import app\n"
        "try:\n"
        f"    app(['{view}', '--help'])\n"
        "except SystemExit:\n"
        "    pass\n"
        "print(sorted({'rich', 'dpkt', 'pyshark', 'pmiptrace.wire'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, check=True)
    assert done.stdout.splitlines()[-1] == b"[]"
