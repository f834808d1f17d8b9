"""Several reports of one run: which goes where, and what becomes of the others if one fails."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from command_line import Run

import pmiptrace.report.html.writer
from pmiptrace.capture.writer import write_pcap
from pmiptrace.cli.outputs import Output, outputs
from pmiptrace.errors import UsageError
from pmiptrace.testing import Trace

ROOT = Path(__file__).parents[2]


def read(line: str) -> tuple[Output, ...]:
    """Give the reports that a command line of ``--format`` and ``-o`` asks for."""
    words = line.split()
    names = {"--format": "format", "-o": "output", "--select": "select"}
    pairs = list(zip(words[::2], words[1::2], strict=True))
    return outputs(
        [names[option] for option, _ in pairs],
        [value for option, value in pairs if option == "--format"],
        [value for option, value in pairs if option == "-o"],
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", [Output("text")]),
        ("-o a", [Output("text", "a")]),
        ("-o -", [Output("text")]),
        ("--format json", [Output("json")]),
        ("--format json -o a", [Output("json", "a")]),
        ("-o a --format json", [Output("json", "a")]),
        ("--format json -o -", [Output("json")]),
        ("--format json -o a --format html -o b", [Output("json", "a"), Output("html", "b")]),
        ("--format json -o a --format text", [Output("json", "a"), Output("text")]),
        ("--format text --format json -o a", [Output("text"), Output("json", "a")]),
        (
            "--format json --select RFC8278 -o a --format text",
            [Output("json", "a"), Output("text")],
        ),
        ("--format json -o a --format json -o b", [Output("json", "a"), Output("json", "b")]),
        ("--format json -o a --format text -o -", [Output("json", "a"), Output("text")]),
    ],
)
def test_a_file_is_that_of_the_format_before_it(line: str, expected: list[Output]) -> None:
    assert read(line) == tuple(expected)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("-o a -o b", "-o a has no --format before it: .* write each as --format NAME -o FILE"),
        ("-o a --format json -o b", "-o a has no --format before it"),
        ("-o a --format json --format html", "-o a has no --format before it"),
        ("--format json -o a -o b", "--format json has two files, a and b"),
        ("--format json -o - -o b", "--format json has two files, - and b"),
        (
            "--format json --format html",
            "--format json and --format html both go to standard output: give one a file, as in"
            " --format html -o FILE",
        ),
        ("--format json -o - --format html", "both go to standard output"),
        ("--format json -o a --format html -o a", "both go to a$"),
        ("--format json -o a --format html -o ./x/../a", "both go to"),
    ],
)
def test_what_leaves_the_file_open_is_a_usage_error(line: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        read(line)


# ---------------------------------------------------------------------------- as a user runs it


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one capture, that a MAG breaks a rule in; it is the working directory."""
    trace = Trace()
    path = trace.mag("mag1@example.com").path("2001:db8:a::1", bid=1, if_att=8, if_label=1)
    trace.register(path, bulk=True, overwrite=True)
    write_pcap(tmp_path / "faulty.pcap", trace.frames)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_one_run_writes_several_reports(folder: Path, run: Run) -> None:
    alone = {
        form: run("analyze", "faulty.pcap", "--format", form).out
        for form in ("text", "json", "jsonl", "html")
    }
    asked = "--format json -o a.json --format text --format jsonl -o b.jsonl --format html -o c"
    result = run("analyze", "faulty.pcap", *asked.split())
    assert (result.code, result.out, result.err) == (1, alone["text"], "")
    assert Path("a.json").read_text("utf-8") == alone["json"]
    assert Path("b.jsonl").read_text("utf-8") == alone["jsonl"]
    assert Path("c").read_text("utf-8") == alone["html"]


@pytest.mark.parametrize("arguments", ["faulty.pcap", "faulty.pcap nowhere.pcap", "empty.pcap"])
def test_reports_for_ci_say_how_the_run_went(folder: Path, run: Run, arguments: str) -> None:
    write_pcap(folder / "empty.pcap", ())
    asked = "--format sarif -o a --format junit -o b --format gitlab -o c"
    result = run("analyze", *arguments.split(), *asked.split())
    assert result.code == {"faulty.pcap": 1, "empty.pcap": 4}.get(arguments, 3)
    (invocation,) = json.loads(Path("a").read_bytes())["runs"][0]["invocations"]
    assert invocation["exitCode"] == result.code
    suites = ElementTree.fromstring(Path("b").read_bytes())
    assert [suite.get("name") for suite in suites] == arguments.split()
    passed = suites.findall(".//testcase[@name='RFC8278-4.1-MMB-RESERVED']")
    assert len(passed) == ("faulty.pcap" in arguments)
    broken = [issue["check_name"] for issue in json.loads(Path("c").read_bytes())]
    assert ("RFC8278-4.1-BO-EXCLUSIVE" in broken) is ("faulty.pcap" in arguments)


def test_suites_tell_which_rules_applied_to_which_capture(folder: Path, run: Run) -> None:
    """The second capture begins later, and has only a registration without multipath."""
    trace = Trace()
    trace.wait(60)
    trace.register(trace.mag("mag2@example.com").path("2001:db8:c::1"), "mn2@example.com")
    write_pcap(folder / "plain.pcap", trace.frames)
    first, second = ElementTree.fromstring(
        run("analyze", "faulty.pcap", "plain.pcap", "--format", "junit").out
    )
    applied = [{case.get("name") for case in suite.iter("testcase")} for suite in (first, second)]
    assert "RFC5213-8.2-P-FLAG" in applied[0] & applied[1]
    assert "RFC8278-4.1-BO-EXCLUSIVE" in applied[0] - applied[1]


def test_what_does_not_go_together_is_told_before_anything_is_done(folder: Path, run: Run) -> None:
    result = run("analyze", "faulty.pcap", "--format", "json", "--format", "text")
    assert (result.code, result.out) == (2, "")
    assert "both go to standard output" in " ".join(result.err.split())


def test_a_file_that_cannot_be_made_leaves_none_of_the_others(folder: Path, run: Run) -> None:
    asked = "--format json -o a --format html -o no/b"
    result = run("analyze", "faulty.pcap", *asked.split())
    assert (result.code, result.out) == (2, "")
    assert "no/b" in result.err
    assert names(folder) == ["faulty.pcap"]


def test_a_report_that_fails_leaves_none_of_the_others(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pmiptrace.report.html.writer, "render", full)
    asked = "--format json -o a --format html -o b --format jsonl -o c"
    result = run("analyze", "faulty.pcap", *asked.split())
    assert (result.code, result.out) == (2, "")
    assert "b: it cannot be written: No space left on device" in " ".join(result.err.split())
    assert names(folder) == ["faulty.pcap"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_disk_that_is_full_at_the_end_leaves_none_of_the_others(folder: Path, run: Run) -> None:
    asked = "--format csv -o /dev/full --format json -o a"
    result = run("analyze", "faulty.pcap", *asked.split())
    assert (result.code, result.out) == (2, "")
    assert "No space left on device" in " ".join(result.err.split())
    assert names(folder) == ["faulty.pcap"]


@pytest.mark.parametrize("when", ["event", "finish"])
def test_a_format_with_a_fault_is_left_out_and_the_others_are_written(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    def crash(*_: object) -> None:
        raise ZeroDivisionError

    expected = run("analyze", "faulty.pcap", "--format", "json").out
    Path("b").write_text("old")
    monkeypatch.setattr(pmiptrace.report.html.writer.HtmlWriter, when, crash)
    asked = "--format json -o a --format html -o b --format text"
    result = run("analyze", "faulty.pcap", *asked.split())
    assert result.code == 70
    assert "RFC8278-4.1-BO-EXCLUSIVE" in result.out
    assert Path("a").read_text("utf-8") == expected
    assert Path("b").read_text() == "old"
    left_out, fault = result.err.splitlines()
    assert left_out == "pmiptrace: the report of --format html -o b is left out"
    assert "ZeroDivisionError" in fault
    assert names(folder) == ["a", "b", "faulty.pcap"]


@pytest.mark.parametrize("named", ["faulty.pcap", ".", "*.pcap", "absent.pcap ./"])
def test_a_report_would_replace_a_capture(folder: Path, run: Run, named: str) -> None:
    asked = "--format json -o a --format html -o faulty.pcap"
    result = run("analyze", *named.split(), *asked.split())
    assert result.code == 2
    assert "would replace a capture" in result.err
    assert names(folder) == ["faulty.pcap"]


@pytest.mark.parametrize("form", ["text", "jsonl", "json", "gitlab"])
@pytest.mark.parametrize("order", [1, -1])
def test_files_are_written_though_the_reader_of_another_report_goes_away(
    folder: Path, form: str, order: int
) -> None:
    target = folder / "a.json"
    first, second = [("--format", "json", "-o", target), ("--format", form, "-o", "-")][::order]
    done = unread(folder, *first, *second)
    assert (done.returncode, done.stderr) == (141, b"")
    assert json.loads(target.read_bytes())["findings"]


def test_a_baseline_is_written_though_the_reader_of_the_report_goes_away(folder: Path) -> None:
    done = unread(folder, "--write-baseline", folder / "known.toml")
    assert done.returncode == 141
    assert b"3 new" in done.stderr
    assert "BO-EXCLUSIVE" in (folder / "known.toml").read_text("utf-8")


def unread(folder: Path, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    """Analyze with a standard output that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    try:
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "pmiptrace",
                "analyze",
                folder / "faulty.pcap",
                *map(str, arguments),
            ],
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
            cwd=ROOT,
            env=buffered,
        )
    finally:
        os.close(writing)


@pytest.mark.parametrize("form", ["sarif", "junit", "github", "gitlab", "markdown"])
def test_ci_names_captures_from_the_working_directory_on(folder: Path, run: Run, form: str) -> None:
    """So that a report is the same wherever the repository lies."""
    report = run("analyze", folder / "faulty.pcap", "--format", form).out
    if form == "sarif":  # one property has the path as it was given
        report = "".join(line for line in report.splitlines() if '"path"' not in line)
    assert "faulty.pcap" in report
    assert str(folder) not in report
