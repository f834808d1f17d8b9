"""``analyze --redact``: what leaves the house names nobody, in any format."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest
from command_line import Run

from pmiptrace.address import address_text
from pmiptrace.export.anonymised import write_anonymised
from pmiptrace.export.pseudonyms import Pseudonyms
from pmiptrace.model import printable
from pmiptrace.report.formats import FORMATS

ROOT = Path(__file__).parents[2]
BUSY = ROOT / "samples" / "busy.pcap.gz"
"""Hundreds of mobile nodes, none with a name of another kind than those of the other samples."""
SAMPLES = sorted({*(ROOT / "samples").glob("*.pcap*")} - {BUSY})
SHARED = ROOT.parent / "shared" / "captures"
sys.path.append(str(ROOT / "tests" / "export"))

from anonymity import names_in  # noqa: E402

HANDOVER = ROOT / "samples" / "handover.pcap"
NAMES = [form.name for form in FORMATS]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    (tmp_path / "key").write_bytes(b"a key for tests\n")
    return tmp_path / "key"


def spellings(name: bytes) -> Iterator[bytes]:
    """Give the ways in which a report might tell a name; of a long one, parts of its octets."""
    yield name
    yield printable(name).encode()
    if len(name) in (4, 16):
        yield address_text(name).encode()
    parts = [name] if len(name) < 6 else [name[i : i + 6] for i in range(len(name) - 5)]
    for part in parts:
        if part.count(0) < 3:
            for text in (part.hex(), part.hex(" "), part.hex(":")):
                yield text.encode()
                yield text.upper().encode()


def told(capture: Path, report: bytes) -> set[bytes]:
    return {name for name in names_in(capture) for spelt in spellings(name) if spelt in report}


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Give captures in which nobody has a name that the documentation of rules uses as well."""
    folder = tmp_path_factory.mktemp("captures")
    found = []
    for capture in (*SAMPLES, *sorted(SHARED.glob("*.pcap"))):
        found.append(folder / f"real-{capture.name.removesuffix('.gz')}")
        with found[-1].open("wb") as stream:
            write_anonymised(str(capture), stream, Pseudonyms(b"another key"))
    return found


@pytest.mark.parametrize("form", NAMES)
def test_no_format_tells_a_name(
    form: str, originals: list[Path], key: Path, run: Run, tmp_path: Path
) -> None:
    report = tmp_path / "report"
    for capture in originals:
        run(
            "analyze", capture, "--redact", "--redact-key", key, "--format", form, "-o", report,
            "--fail-on", "never",
        )  # fmt: skip
        assert told(capture, report.read_bytes()) == set(), capture
        assert b"real-" not in report.read_bytes()


@pytest.mark.parametrize("form", NAMES)
def test_a_name_that_is_told_would_be_seen(
    form: str, originals: list[Path], run: Run, tmp_path: Path
) -> None:
    run("analyze", originals[0], "--format", form, "-o", tmp_path / "report")
    assert told(originals[0], (tmp_path / "report").read_bytes())


def test_names_of_files_and_of_what_was_asked_for_are_not_told(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "customer"
    folder.mkdir()
    (folder / "subscriber.pcap").write_bytes(HANDOVER.read_bytes())
    done = run(
        "analyze", folder / "subscriber.pcap", folder / "subscriber-2.pcap",
        "--redact", "--mobile-node", "nobody@example.com",
    )  # fmt: skip
    assert done.code == 3
    assert not {"customer", "subscriber", "nobody", "example"} & set(done.out.lower().split("/"))
    for word in ("customer", "subscriber", "nobody", "example"):
        assert word not in done.out
    assert "redacted-1.pcap" in done.out
    assert "no such file" in done.out
    assert f"redacted-2 is {folder}/subscriber-2.pcap" in done.err


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("--mobile-node", "mn1@example.com"),
        ("--mobile-node", "mn?@EXAMPLE.*"),
        ("--mag", "mag1@*"),
        ("--mag", "2001:db8:a::1"),
        ("--lma", "2001:db8:f:0::1"),
        ("--lma", "2001:db8:e::1"),
    ],
)
def test_one_chooses_by_real_names(option: str, name: str, key: Path, run: Run) -> None:
    arguments = ("analyze", HANDOVER, "--format", "json", option, name)
    plain, redacted = run(*arguments), run(*arguments, "--redact-key", key)
    before, after = json.loads(plain.out), json.loads(redacted.out)
    assert plain.code == redacted.code
    for part in ("sessions", "exchanges", "findings"):
        assert len(before[part]) == len(after[part])
    assert before["summary"] == after["summary"]


def test_a_key_gives_the_same_report_wherever_it_is_from(
    key: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("analyze", HANDOVER, "--format", "json")
    from_file = run(*arguments, "--redact-key", key)
    monkeypatch.setenv("PMIPTRACE_REDACT_KEY", "a key for tests")
    from_environment = run(*arguments, "--redact")
    assert from_file == from_environment
    assert "pseudonyms" not in from_file.err
    assert run(*arguments).out != from_file.out, "a key alone in the environment changes nothing"


def test_without_a_key_each_run_has_its_own_pseudonyms(run: Run) -> None:
    one, other = (run("analyze", HANDOVER, "--redact", "--format", "json") for _ in "12")
    assert one.out != other.out
    assert "PMIPTRACE_REDACT_KEY" in one.err


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "cannot be read: No such file"), (b"short\n", "a key of 5 octets"), (b"", "0 octets")],
)
def test_what_is_no_key_is_a_usage_error(
    content: bytes | None, told: str, run: Run, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    done = run("analyze", HANDOVER, "--redact-key", tmp_path / "key")
    assert done.code == 2
    assert told in " ".join(done.err.replace("│", "").split())
    assert not done.out


@pytest.mark.parametrize(
    "engine",
    ["own", pytest.param("tshark", marks=pytest.mark.skipif(not which("tshark"), reason="none"))],
)
@pytest.mark.parametrize("form", NAMES)
def test_a_capture_that_cannot_be_read_is_not_named(
    form: str, engine: str, run: Run, tmp_path: Path
) -> None:
    notes, report = tmp_path / "customer.txt", tmp_path / "report"
    notes.write_text("no capture")
    done = run(
        "analyze", notes, HANDOVER, "--redact", "--engine", engine, "--format", form, "-o", report
    )
    assert done.code == 3
    assert "customer.txt: " in done.err
    assert "customer" not in report.read_text()


def test_a_fault_of_the_program_is_told_without_what_it_stumbled_over(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object) -> None:
        raise ValueError("mn1@example.com")

    monkeypatch.setattr("pmiptrace.export.redaction.Redaction.found", stumble)
    done = run("analyze", HANDOVER, "--redact", "--format", "json")
    assert done.code == 70
    assert "internal-error" in done.out
    assert "example" not in done.out
    assert "example" in done.err
