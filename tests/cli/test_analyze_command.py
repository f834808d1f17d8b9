"""``pmiptrace analyze`` on captures that the tests write, as a user would run it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Timer

import pytest
from command_line import Run
from jsonschema import Draft202012Validator

import pmiptrace.report.json
import pmiptrace.report.text
from pmiptrace.analysis import Event
from pmiptrace.capture.writer import write_pcap
from pmiptrace.model import Exchange, Frame
from pmiptrace.packet.decoder import PacketDecoder
from pmiptrace.report.jsonl import LineWriter
from pmiptrace.report.schema import schema_file
from pmiptrace.testing import Trace

MAG = "mag1@example.com"


Press = Callable[[type[BaseException]], None]


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema_file(name).read_bytes()))


def document(text: str) -> dict:
    """Read a report; it must be one JSON document that follows the schema."""
    value = json.loads(text)
    validator("report-1.0.json").validate(value)
    return value


def lines(text: str) -> list[dict]:
    values = [json.loads(line) for line in text.splitlines()]
    checked = validator("jsonl-1.0.json")
    for value in values:
        checked.validate(value)
    return values


# --------------------------------------------------------------------------------- captures


def clean_trace() -> Trace:
    """Two paths of one mobile node, registered as RFC 8278 wants it."""
    trace = Trace()
    mag = trace.mag(MAG)
    trace.register(mag.path("2001:db8:a::1", bid=1, if_att=8, if_label=1))
    trace.wait(2)
    trace.register(mag.path("2001:db8:b::1", bid=2, if_att=4, if_label=2))
    return trace


def faulty_trace() -> Trace:
    """As `clean_trace`, then a PBU that sets B and O both."""
    trace = clean_trace()
    trace.wait(2)
    path = trace.mag(MAG, sequence=2).path("2001:db8:b::1", bid=2, if_att=4, if_label=2)
    trace.register(path, bulk=True, overwrite=True)
    return trace


def longer_trace() -> Trace:
    """As `faulty_trace`, then a refresh."""
    trace = faulty_trace()
    trace.wait(2)
    trace.register(trace.mag(MAG, sequence=3).path("2001:db8:b::1", bid=2, if_att=4, if_label=2))
    return trace


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    """A folder with one capture of each kind."""
    write_pcap(tmp_path / "clean.pcap", clean_trace().frames)
    write_pcap(tmp_path / "faulty.pcap", faulty_trace().frames)
    write_pcap(tmp_path / "silent.pcap", ())
    write_pcap(tmp_path / "longer.pcap", longer_trace().frames)
    octets = (tmp_path / "faulty.pcap").read_bytes()
    (tmp_path / "cut.pcap").write_bytes(octets[:-10])
    (tmp_path / "empty.pcap").write_bytes(b"")
    (tmp_path / "text.pcap").write_text("no capture\n")
    (tmp_path / "nothing").mkdir()
    return tmp_path


# ------------------------------------------------------------------- one run, or each its own

SAMPLES = Path(__file__).parents[2] / "samples"
OF_DIFFERENT_RUNS = SAMPLES / "bulk-refresh.pcap", SAMPLES / "call-flow.pcap"


def test_captures_of_different_runs_do_not_accuse_each_other(run: Run) -> None:
    assert run("analyze", *OF_DIFFERENT_RUNS).code == 1
    result = run("analyze", "--each", *OF_DIFFERENT_RUNS)
    assert (result.code, result.err) == (0, "")
    assert "each judged on its own, in all 12 messages" in result.out
    assert "duplicate" not in result.out
    # The second capture ends eight minutes before the first.
    assert "at the end of their captures" in result.out
    assert re.search(r"active +3598 s +3600 s +2:2", result.out)


def test_a_page_gives_what_is_left_at_the_end_of_each_capture(run: Run) -> None:
    page = run("analyze", "--each", "--format", "html", *OF_DIFFERENT_RUNS).out
    assert re.findall("<td>([^<]+)</td>\\s*<td>3600 s", page) == ["59 min 58 s", "1 h 00 min"]


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_a_report_says_that_captures_were_judged_on_their_own(run: Run, form: str) -> None:
    told = "very capture on its own" if form == "html" else "very capture was judged on its own"
    assert told in run("analyze", "--each", "--format", form, *OF_DIFFERENT_RUNS).out
    assert told not in run("analyze", "--each", "--format", form, OF_DIFFERENT_RUNS[0]).out
    assert told not in run("analyze", "--format", form, *OF_DIFFERENT_RUNS).out


@pytest.mark.parametrize("each", [False, True])
def test_json_says_whether_captures_were_judged_on_their_own(run: Run, each: bool) -> None:
    how = ["--each"] if each else ["--together"]
    report = document(run("analyze", "--format", "json", *how, *OF_DIFFERENT_RUNS).out)
    assert report["summary"]["each"] is each
    assert len(report["sessions"]) == (2 if each else 1)
    *_, summary = lines(run("analyze", "--format", "jsonl", *how, *OF_DIFFERENT_RUNS).out)
    assert summary["each"] is each


# ------------------------------------------------------------------------------- exit codes


@pytest.mark.parametrize("form", ["text", "json", "jsonl"])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("clean.pcap", 0),
        ("faulty.pcap", 1),
        ("faulty.pcap --fail-on never", 0),
        ("faulty.pcap --fail-on info", 1),
        ("faulty.pcap --ignore RFC8278 --ignore RFC5213 --ignore RFC6275", 0),
        ("faulty.pcap --select RFC8278-4.1-BO-EXCLUSIVE", 1),
        ("faulty.pcap --select rfc8278-4.1-bo --ignore RFC8278-4.1", 0),
        ("faulty.pcap --mobile-node mn1@example.com", 1),
        ("faulty.pcap --mobile-node somebody", 0),
        ("faulty.pcap --mag mag1@*", 1),
        ("faulty.pcap --mag mag9@*", 0),
        ("faulty.pcap --lma 2001:DB8:F:0::1", 1),
        ("faulty.pcap --lma 2001:db8:f::9", 0),
        ("clean.pcap faulty.pcap", 1),
        ("cut.pcap", 1),
        ("silent.pcap", 4),
        ("silent.pcap --allow-empty", 0),
        ("silent.pcap clean.pcap", 0),
        ("empty.pcap", 3),
        ("text.pcap", 3),
        ("missing.pcap", 3),
        ("missing*.pcap", 3),
        ("nothing", 3),
        ("missing.pcap faulty.pcap", 3),
        ("missing.pcap silent.pcap --allow-empty", 3),
    ],
)
def test_the_exit_code_follows_the_contract(
    captures: Path, monkeypatch: pytest.MonkeyPatch, run: Run, arguments: str, code: int, form: str
) -> None:
    monkeypatch.chdir(captures)
    result = run("analyze", *arguments.split(), "--format", form)
    assert result.code == code, result.err
    if form == "json":
        document(result.out)
    if form == "jsonl":
        assert lines(result.out)[-1]["type"] == "summary"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("", "CAPTURE"),
        ("clean.pcap --format yaml", "yaml"),
        ("clean.pcap --fail-on worst", "worst"),
        ("clean.pcap --select RFC8279", "did you mean 'RFC8278'"),
        ("clean.pcap --ignore RFC8278-4.1-BO-EXCLUSIV3", "RFC8278-4.1-BO-EXCLUSIVE"),
        ("clean.pcap --dialect klingon", "klingon"),
        ("clean.pcap --time lunar", "lunar"),
        ("clean.pcap --nonsense", "--nonsense"),
        ("clean.pcap --jobs 0", "--jobs"),
        ("clean.pcap --jobs many", "--jobs"),
        ("clean.pcap -o nowhere/report.txt", "nowhere/report.txt"),
        ("clean.pcap -o nothing", "Is a directory"),
        ("clean.pcap -o clean.pcap", "would replace a capture"),
    ],
)
def test_a_usage_error_is_told_on_stderr_alone(
    captures: Path, monkeypatch: pytest.MonkeyPatch, run: Run, arguments: str, told: str
) -> None:
    monkeypatch.chdir(captures)
    before = sorted(captures.iterdir()), (captures / "clean.pcap").read_bytes()
    result = run("analyze", "--format", "json", *arguments.split())
    assert result.code == 2
    assert result.out == ""
    assert told in " ".join(result.err.split())
    assert (sorted(captures.iterdir()), (captures / "clean.pcap").read_bytes()) == before


def test_no_command_is_a_usage_error(run: Run) -> None:
    assert run().code == 2


# ------------------------------------------------------------------------------ the report


def test_a_report_tells_what_the_capture_holds(captures: Path, run: Run) -> None:
    told = document(run("analyze", captures / "faulty.pcap", "--format", "json").out)
    assert told["messages_by_type"] == {"PBU": 3, "PBA": 3}
    assert told["captures"][0]["packets"] == told["summary"]["messages"] == 6
    (session,) = told["sessions"]
    assert (session["mobile_node"], session["mode"]) == ("mn1@example.com", "multipath")
    assert {binding["bid"] for binding in session["bindings"]} == {1, 2}
    assert [exchange["kind"] for exchange in told["exchanges"]][:2] == ["initial", "add-path"]
    rules = {finding["rule"]: finding for finding in told["findings"]}
    assert rules["RFC8278-4.1-BO-EXCLUSIVE"]["frame"] == 5
    assert rules["RFC8278-4.1-BO-EXCLUSIVE"]["party"]["identifier"] == MAG


def test_the_order_of_lines_is_that_of_the_capture(captures: Path, run: Run) -> None:
    told = lines(run("analyze", captures / "faulty.pcap", "--format", "jsonl").out)
    assert [line["frame"] for line in told if line["type"] == "message"] == [1, 2, 3, 4, 5, 6]
    assert {line["type"] for line in told} == {
        "capture", "message", "exchange", "transition", "finding", "session", "summary",
    }  # fmt: skip
    assert [line["id"] for line in told if line["type"] == "exchange"] == sorted(
        line["id"] for line in told if line["type"] == "exchange"
    )


def without(item: dict, *names: str) -> dict:
    """Leave out fields, and the MAG: a line cannot know the addresses that are yet to be seen."""
    return {name: value for name, value in item.items() if name not in {*names, "mag"}}


def test_lines_and_document_agree(captures: Path, run: Run) -> None:
    path = captures / "faulty.pcap"
    whole = document(run("analyze", path, "--format", "json").out)
    told = lines(run("analyze", path, "--format", "jsonl").out)
    for kind in ("capture", "exchange", "finding", "session"):
        shown = [without(line, "type") for line in told if line["type"] == kind]
        expected = [without(item) for item in whole[f"{kind}s"]]
        assert sorted(shown, key=json.dumps) == sorted(expected, key=json.dumps), kind
    summary = told[-1]
    for name, value in whole["summary"].items():
        assert summary[name] == value, name
    assert summary["messages_by_type"] == whole["messages_by_type"]
    assert summary["rules"] == whole["rules"]


def test_a_capture_that_cannot_be_opened_is_reported_beside_the_others(
    captures: Path, run: Run
) -> None:
    result = run("analyze", captures / "missing", captures / "clean.pcap", "--format", "json")
    told = document(result.out)["captures"]
    assert [(Path(info["path"]).name, info["format"]) for info in told] == [
        ("clean.pcap", "pcap"), ("missing", None),
    ]  # fmt: skip
    assert told[1]["problems"][0]["message"] in result.err
    assert result.err.count("\n") == 1


def test_a_capture_that_is_cut_says_so(captures: Path, run: Run) -> None:
    (told,) = document(run("analyze", captures / "cut.pcap", "--format", "json").out)["captures"]
    assert told["truncated"] is True
    assert told["problems"]


def test_a_name_that_nothing_matches_is_noted(captures: Path, run: Run) -> None:
    result = run("analyze", captures / "clean.pcap", "--mobile-node", "mn1@exmaple.com")
    assert "note: nothing in the captures matches --mobile-node mn1@exmaple.com" in result.err
    assert "Nothing matches --mobile-node mn1@exmaple.com." in result.out
    assert "No violation" not in result.out
    page = run(
        "analyze", captures / "clean.pcap", "--mobile-node", "mn1@exmaple.com", "--format", "html"
    )
    assert "<h1>Nothing matches --mobile-node mn1@exmaple.com</h1>" in page.out


def test_a_name_that_something_matches_is_not_noted(captures: Path, run: Run) -> None:
    assert run("analyze", captures / "clean.pcap", "--mobile-node", "mn1@example.com").err == ""


# -------------------------------------------------------------------------- where it is written


@pytest.mark.parametrize("form", ["text", "json", "jsonl"])
def test_a_report_in_a_file_is_that_of_stdout_without_colour(
    captures: Path, monkeypatch: pytest.MonkeyPatch, run: Run, form: str
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    target = captures / "report"
    result = run("analyze", captures / "faulty.pcap", "--format", form, "-o", target)
    assert (result.code, result.out, result.err) == (1, "", "")
    text = target.read_text("utf-8")
    assert "\x1b" not in text
    assert "RFC8278-4.1-BO-EXCLUSIVE" in text
    monkeypatch.delenv("FORCE_COLOR")
    assert text == run("analyze", captures / "faulty.pcap", "--format", form).out
    mask = os.umask(0)
    os.umask(mask)
    assert target.stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_file_that_is_replaced_keeps_its_permissions_and_links(captures: Path, run: Run) -> None:
    target, link = captures / "report", captures / "link"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    run("analyze", captures / "clean.pcap", "-o", link)
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert target.read_text("utf-8") != "old"


def test_a_device_is_written_to_and_not_replaced(captures: Path, run: Run) -> None:
    assert run("analyze", captures / "clean.pcap", "-o", "/dev/null").code == 0
    assert Path("/dev/null").is_char_device()


def test_a_dash_is_standard_output(captures: Path, run: Run) -> None:
    path = captures / "clean.pcap"
    expected = run("analyze", path).out
    assert run("analyze", path, "-o", "-").out == expected


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_a_closed_standard_output_is_a_usage_error(captures: Path) -> None:
    call = " ".join(command("analyze", captures / "clean.pcap"))
    done = subprocess.run(f"{call} >&-", shell=True, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert b"standard output is closed" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("form", ["text", "json", "jsonl"])
def test_a_report_that_cannot_be_written_is_told_in_one_line(captures: Path, form: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = pmiptrace_process("analyze", captures / "clean.pcap", "--format", form, stdout=full)
    assert done.returncode == 2
    assert b"cannot be written" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("variable", ["NO_COLOR", None])
def test_a_pipe_gets_no_colour(
    captures: Path, monkeypatch: pytest.MonkeyPatch, run: Run, variable: str | None
) -> None:
    if variable:
        monkeypatch.setenv(variable, "1")
    assert "\x1b" not in run("analyze", captures / "faulty.pcap").out


def test_colour_can_be_asked_for(captures: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[" in run("analyze", captures / "faulty.pcap").out


@pytest.mark.parametrize("form", ["utc", "local", "relative", "epoch"])
def test_times_are_written_as_asked(captures: Path, run: Run, form: str) -> None:
    result = run("analyze", captures / "faulty.pcap", "--time", form)
    assert ("1700000000" in result.out) is (form == "epoch")


# ------------------------------------------------------------------- when something goes wrong


@pytest.fixture
def press(monkeypatch: pytest.MonkeyPatch) -> Press:
    """Make reading the frame behind the violation end in an exception."""

    def at_frame_7(error: type[BaseException]) -> None:
        decode = PacketDecoder.decode

        def until_then(self: PacketDecoder, frame: Frame) -> object:
            if frame.number == 7:
                raise error("made up")
            return decode(self, frame)

        monkeypatch.setattr(PacketDecoder, "decode", until_then)

    return at_frame_7


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "sarif", "junit", "gitlab"])
def test_what_was_found_before_an_interrupt_is_reported(
    captures: Path, press: Press, run: Run, form: str
) -> None:
    press(KeyboardInterrupt)
    arguments = ("analyze", captures / "longer.pcap", "--fail-on", "never", "--format", form)
    result = run(*arguments)
    assert result.code == 130
    assert "interrupted" in result.err
    assert "RFC8278-4.1-BO-EXCLUSIVE" in result.out
    if form == "json":
        told = document(result.out)
        assert told["summary"]["interrupted"] is True
        assert (told["summary"]["messages"], told["summary"]["sessions"]) == (6, 1)
    if form == "jsonl":
        told = lines(result.out)
        assert told[-1]["interrupted"] is True
        assert (told[-1]["messages"], told[-1]["sessions"]) == (6, 1)


def test_an_interrupt_while_a_line_is_written_is_heard_by_the_analysis(
    captures: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    write = LineWriter.event
    pressed = iter([KeyboardInterrupt])

    def interrupted(self: LineWriter, event: Event) -> None:
        write(self, event)
        if isinstance(event, Exchange):
            for error in pressed:
                raise error

    monkeypatch.setattr(LineWriter, "event", interrupted)
    result = run("analyze", captures / "faulty.pcap", "--format", "jsonl")
    assert result.code == 130
    told = lines(result.out)
    assert told[-1]["interrupted"] is True
    assert (told[-1]["messages"], told[-1]["sessions"]) == (2, 1)


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "sarif", "junit", "gitlab"])
def test_a_fault_of_the_program_is_told_and_is_no_finding(
    captures: Path, press: Press, run: Run, form: str
) -> None:
    press(ZeroDivisionError)
    result = run("analyze", captures / "longer.pcap", "--format", form)
    assert result.code == 70
    assert "internal error, please report it: ZeroDivisionError" in result.err
    assert "Traceback" not in result.err
    if form == "json":
        (told,) = document(result.out)["captures"]
        assert told["problems"][0]["kind"] == "internal-error"
    if form == "jsonl":
        lines(result.out)


def test_a_fault_in_the_report_is_told_and_leaves_no_file_behind(
    captures: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    def crash(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(pmiptrace.report.json, "report_document", crash)
    before = sorted(captures.iterdir())
    arguments = ("analyze", captures / "clean.pcap", "--format", "json")
    result = run(*arguments, "-o", captures / "report")
    assert (result.code, result.out) == (70, "")
    assert "internal error" in result.err
    assert sorted(captures.iterdir()) == before


def test_an_interrupt_while_writing_leaves_no_file_behind(
    captures: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pmiptrace.report.text, "render", interrupted)
    before = sorted(captures.iterdir())
    assert run("analyze", captures / "clean.pcap", "-o", captures / "report").code == 130
    assert sorted(captures.iterdir()) == before


# -------------------------------------------------------------------------- as a real process


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "pmiptrace", *map(str, arguments)]


def pmiptrace_process(*arguments: object, **how: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command(*arguments),
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "check": False, **how},  # type: ignore[call-overload]
    )


@pytest.mark.parametrize("form", ["text", "json", "jsonl"])
def test_a_reader_that_goes_away_ends_it_quietly(captures: Path, form: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        arguments = ("analyze", captures / "faulty.pcap", "--format", form)
        done = pmiptrace_process(*arguments, stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("form", ["text", "json", "jsonl"])
def test_standard_input_is_read(captures: Path, form: str) -> None:
    octets = (captures / "faulty.pcap").read_bytes()
    done = pmiptrace_process("analyze", "-", "--format", form, input=octets)
    assert done.returncode == 1, done.stderr
    assert b"RFC8278-4.1-BO-EXCLUSIVE" in done.stdout


def test_a_capture_still_being_written_is_followed_until_ctrl_c(captures: Path) -> None:
    trace = Trace()
    trace.pbu(trace.mag(MAG).path("2001:db8:a::1", bid=1))
    other = b"\x60\0\0\0\x03\xd8\x3b\x40" + bytes(32 + 984)  # user traffic, to fill buffers
    traffic = [
        Frame(0, number, trace.now, trace.frames[0].link_type, other, len(other))
        for number in range(20)
    ]
    write_pcap(captures / "live.pcap", [*trace.frames, *traffic])
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with subprocess.Popen(
        command("analyze", "-", "--format", "jsonl"),
        env=buffered,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        guard = Timer(60, process.kill)  # a line held back would be waited for without end
        guard.start()
        process.stdin.write((captures / "live.pcap").read_bytes())
        process.stdin.flush()
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, told = process.stdout.read(), process.stderr.read()
        code = process.wait()
        guard.cancel()
    assert json.loads(first)["type"] == "message"
    assert code == 130, told
    assert lines(rest.decode())[-1]["interrupted"] is True


# ------------------------------------------------------------------------------------- help


def test_help_lists_the_options_and_exit_codes(run: Run) -> None:
    result = run("analyze", "--help")
    assert result.code == 0
    for option in (
        "--format", "--output", "--select", "--ignore", "--fail-on", "--mobile-node", "--mag",
        "--lma", "--allow-empty", "--dialect", "--time", "  130  interrupted",
    ):  # fmt: skip
        assert option in result.out


def test_version_is_that_of_the_package_and_tells_the_scan(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib.metadata import version

    from pmiptrace.capture.scanner import scanner

    told = f"pmiptrace {version('pmiptrace')} "
    assert run("--version").out == f"{told}({scanner().name} scan)\n"
    monkeypatch.setenv("PMIPTRACE_SCAN", "python")
    assert run("--version").out == f"{told}(Python scan)\n"


@pytest.mark.parametrize("arguments", [("--version",), ("analyze", "absent.pcap")])
def test_unknown_scan_is_a_usage_error(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[object, ...]
) -> None:
    monkeypatch.setenv("PMIPTRACE_SCAN", "perl")
    result = run(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert "PMIPTRACE_SCAN is 'perl': choose 'python' or 'compiled'" in result.err


def test_help_loads_neither_rich_nor_the_pipeline() -> None:
    probe = (
        "import sys\n"
        "from pmiptrace.cli.app import app\n"
        "try:\n"
        "    app(['analyze', '--help'])\n"
        "except SystemExit:\n"
        "    pass\n"
        "print(sorted({'rich', 'dpkt', 'pyshark', 'pmiptrace.wire'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, check=True)
    assert done.stdout.splitlines()[-1] == b"[]"


def test_html_is_one_page_to_a_file_or_to_standard_output(run: Run, captures: Path) -> None:
    page = captures / "report.html"
    to_file = run("analyze", captures / "faulty.pcap", "--format", "html", "-o", page)
    assert (to_file.code, to_file.out, to_file.err) == (1, "", "")
    text = page.read_text("utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert text.endswith("</html>\n")
    assert "Violations found" in text
    assert run("analyze", captures / "faulty.pcap", "--format", "html").out == text
    empty = run("analyze", captures / "silent.pcap", "--format", "html")
    assert empty.code == 4
    assert "No Mobility Header message" in empty.out
    assert run("analyze", captures / "nowhere.pcap", "--format", "html").code == 3
