"""``analyze --baseline`` and ``--write-baseline``, as a pipeline uses them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from command_line import Run
from jsonschema import Draft202012Validator

from pmiptrace.capture.writer import write_pcap
from pmiptrace.report.schema import schema_file
from pmiptrace.testing import Trace

SAMPLES = Path(__file__).parents[2] / "samples"
FAULTY, CLEAN = SAMPLES / "bulk-and-overwrite.pcap", SAMPLES / "call-flow.pcap"
OTHER = "other.pcap"
RULE = "RFC8278-4.1-BO-EXCLUSIVE"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    trace = Trace()
    trace.wait(86_400)  # a day after the samples, of other peers
    path = trace.mag("mag9@example.com").path("2001:db8:9::1", bid=255, if_att=8, if_label=1)
    trace.pbu(path, "mn9@example.com")
    write_pcap(tmp_path / OTHER, trace.frames)
    return tmp_path


def entries(path: str = "known.toml") -> list[dict]:
    return tomllib.loads(Path(path).read_text("utf-8")).get("known", [])


def wrote(run: Run, *captures: object, said: tuple[str, ...] = ()) -> str:
    found = run("analyze", *captures, "--write-baseline", "known.toml", "-o", "report.txt", *said)
    assert found.code == 0, found.err
    return found.err


def test_what_is_known_passes_and_what_is_new_fails(run: Run) -> None:
    assert run("analyze", FAULTY).code == 1
    told = wrote(run, FAULTY)
    assert "known.toml: written with 1 entry: 1 new, 0 kept; 0 removed" in told
    (entry,) = entries()
    assert (entry["rule"], entry["party"]) == (RULE, "MAG mag1@example.com")
    assert (entry["mobile-node"], entry["count"], entry["reason"]) == ("mn1@example.com", 1, "")
    known = run("analyze", FAULTY, "--baseline", "known.toml")
    assert known.code == 0
    assert "1 finding suppressed by the baseline." in known.out
    assert RULE not in known.out
    assert run("analyze", OTHER, "--baseline", "known.toml").code == 1


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_a_program_is_told_what_is_known_new_and_gone(run: Run, form: str) -> None:
    wrote(run, FAULTY, said=("--baseline-reason", "ticket 7"))
    for capture, known, new, gone in ((FAULTY, 1, 0, []), (OTHER, 0, 1, [RULE])):
        out = run("analyze", capture, "--baseline", "known.toml", "--format", form).out
        last = json.loads(out if form == "json" else out.splitlines()[-1])
        schema = "report-1.0.json" if form == "json" else "jsonl-1.0.json"
        Draft202012Validator(json.loads(schema_file(schema).read_bytes())).validate(last)
        compared = last["baseline"]
        assert (compared["path"], compared["known"], compared["new"]) == ("known.toml", known, new)
        assert [entry["rule"] for entry in compared["gone"]] == gone
        assert [entry["reason"] for entry in compared["gone"]] == ["ticket 7"] * len(gone)
    assert json.loads(run("analyze", FAULTY, "--format", "json").out)["baseline"] is None


def test_what_is_gone_is_told(run: Run) -> None:
    wrote(run, FAULTY, said=("--baseline-reason", "ticket 7"))
    found = run("analyze", CLEAN, "--baseline", "known.toml")
    assert found.code == 0
    assert "1 entry of the baseline is no longer found." in found.out
    assert "No longer found" in found.out
    line = next(line for line in found.out.splitlines() if RULE in line)
    assert line.split() == [RULE, "MAG", "mag1@example.com", "mn1@example.com", "ticket", "7"]


def test_writing_anew_keeps_reasons_and_drops_what_is_gone(run: Run, folder: Path) -> None:
    wrote(run, FAULTY, OTHER)
    text = (folder / "known.toml").read_text("utf-8")
    assert len(entries()) == 2
    edited = text.replace('reason = ""', 'reason = "ticket 7"\nexpires = 2027-01-31')
    (folder / "known.toml").write_text(edited, "utf-8")
    wrote(run, FAULTY, OTHER)
    assert (folder / "known.toml").read_text("utf-8") == edited
    assert "1 entry: 0 new, 1 kept; 1 removed, no longer found" in wrote(run, FAULTY)
    assert [entry["reason"] for entry in entries()] == ["ticket 7"]


def test_an_entry_that_expired_fails_again(run: Run, folder: Path) -> None:
    wrote(run, FAULTY)
    with (folder / "known.toml").open("a") as file:
        file.write("expires = 2023-11-13\n")
    found = run("analyze", FAULTY, "--baseline", "known.toml", "--format", "json")
    assert found.code == 1
    assert f"known.toml: {RULE}, MAG mag1@example.com, mn1@example.com was known until" in found.err
    assert [entry["rule"] for entry in json.loads(found.out)["baseline"]["expired"]] == [RULE]
    assert run("analyze", FAULTY, "--write-baseline", "known.toml").code == 1, "nor does it then"


def test_the_configuration_names_it_and_the_command_line_declines_it(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrote(run, FAULTY)
    (folder / ".git").mkdir()
    (folder / "deep").mkdir()
    (folder / "pmiptrace.toml").write_text('baseline = "known.toml"\n', "utf-8")
    monkeypatch.chdir(folder / "deep")
    assert run("analyze", FAULTY).code == 0
    assert run("analyze", FAULTY, "--baseline", "none").code == 1
    # Written for the first time, it need not be there.
    (folder / "pmiptrace.toml").write_text('baseline = "deep/new.toml"\n', "utf-8")
    assert run("analyze", FAULTY).code == 2
    assert run("analyze", FAULTY, "--write-baseline", "../deep/new.toml").code == 0
    assert run("analyze", FAULTY).code == 0


def test_a_reason_that_is_no_text_is_escaped(run: Run) -> None:
    wrote(run, FAULTY, said=("--baseline-reason", "caf\udce9"))
    assert [entry["reason"] for entry in entries()] == ["caf\\udce9"]


def test_reasons_come_along_from_another_baseline(run: Run) -> None:
    wrote(run, FAULTY, said=("--baseline-reason", "ticket 7"))
    arguments = ("--baseline", "known.toml", "--write-baseline", "next.toml")
    assert run("analyze", FAULTY, OTHER, *arguments).code == 0
    assert sorted(entry["reason"] for entry in entries("next.toml")) == ["", "ticket 7"]


def test_a_redacted_report_compares_and_tells_no_name(run: Run) -> None:
    wrote(run, FAULTY, OTHER, said=("--baseline-reason", "of mn1@example.com"))
    redacted = ("--baseline", "known.toml", "--redact", "--format", "json")
    found = run("analyze", FAULTY, *redacted)
    assert found.code == 0
    compared = json.loads(found.out)["baseline"]
    assert (compared["known"], compared["new"], len(compared["gone"])) == (1, 0, 1)
    assert "--write-baseline" not in run("analyze", FAULTY, *redacted[:3]).out
    assert "--write-baseline known.toml" in run("analyze", FAULTY, *redacted[:2]).out
    for name in ("example.com", "known.toml", *(entry["fingerprint"] for entry in entries())):
        assert name not in found.out
    expired = (
        Path("known.toml").read_text("utf-8").replace("\nreason", "\nexpires = 2020-01-01\nreason")
    )
    Path("known.toml").write_text(expired, "utf-8")
    found = run("analyze", FAULTY, *redacted)
    assert found.code == 1
    assert f"known.toml: {RULE}, entry 2 was known until 2020-01-01" in found.err
    assert "example.com" not in found.out + found.err


def test_only_what_is_reported_is_written(run: Run) -> None:
    wrote(run, FAULTY, OTHER, said=("--select", "RFC8278-4.1-BID-RANGE"))
    assert [entry["rule"] for entry in entries()] == ["RFC8278-4.1-BID-RANGE"]


def test_nothing_is_written_of_what_could_not_be_read(run: Run, folder: Path) -> None:
    found = run("analyze", FAULTY, "absent.pcap", "--write-baseline", "known.toml")
    assert found.code == 3
    assert "known.toml: not written, as not all could be analyzed" in found.err
    assert not (folder / "known.toml").exists()
    wrote(run, FAULTY)
    found = run("analyze", CLEAN, "absent.pcap", "--baseline", "known.toml", "--format", "json")
    assert json.loads(found.out)["baseline"]["gone"] == [], "it may be in the other"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--baseline", "absent.toml"), "absent.toml: cannot read the baseline: No such file"),
        (("--baseline", "bad.toml"), "bad.toml:2: fingerprint takes 16 hexadecimal digits, not"),
        (("--write-baseline", "bad.toml"), "bad.toml:2: fingerprint takes 16 hexadecimal digits"),
        (("--baseline-reason", "x"), "--baseline-reason goes with --write-baseline"),
        (("--write-baseline", "copy.pcap"), "copy.pcap: this would replace a capture"),
        (("--write-baseline", "x.toml", "--redact"), "does not go with --redact"),
        (("--write-baseline", "x.toml", "-o", "x.toml"), "--write-baseline x.toml both go to one"),
        (("--baseline", "good.toml", "-o", "./good.toml"), "would replace good.toml, the baseline"),
        (("--config", "set.toml", "-o", "set.toml"), "would replace set.toml, the configuration"),
        (("--write-baseline", "-"), "--write-baseline takes a file; standard output is for"),
        (("--write-baseline", "absent/x.toml"), "absent/x.toml: cannot be written: No such file"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(
    run: Run, folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    (folder / "bad.toml").write_text("version = 1\n[[known]]\n", "utf-8")
    (folder / "good.toml").write_text("version = 1\n", "utf-8")
    (folder / "set.toml").write_text("", "utf-8")
    (folder / "copy.pcap").write_bytes(FAULTY.read_bytes())
    found = run("analyze", "copy.pcap", *arguments)
    assert (found.code, found.out) == (2, ""), "it is told before anything is read"
    assert message in " ".join(found.err.split())
    assert not (folder / "x.toml").exists()
    assert (folder / "good.toml").read_text("utf-8") == "version = 1\n"


@pytest.mark.parametrize("known", ["none", "/dev/full"])
def test_a_device_is_written_to_and_never_read(run: Run, known: str) -> None:
    """It may have no end."""
    found = run("analyze", FAULTY, "--write-baseline", "/dev/full", "--baseline", known)
    assert found.code == 2
    assert "cannot be written: No space left on device" in " ".join(found.err.split())
