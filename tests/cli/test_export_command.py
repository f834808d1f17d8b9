"""``pmiptrace export`` as a user would run it: files whole or not at all, never over a capture."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from command_line import exit_code

from pmiptrace.capture.reader import CaptureReader

SAMPLES = Path(__file__).parents[2] / "samples"
FAULTY, CLEAN = SAMPLES / "bulk-and-overwrite.pcap", SAMPLES / "call-flow.pcap"
KINDS = ("annotated", "signalling", "anonymised")


class Result(NamedTuple):
    code: int
    out: bytes
    err: str


Run = Callable[..., Result]


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    def invoke(*arguments: object) -> Result:
        code = exit_code("export", *arguments)
        out, err = capfdbinary.readouterr()
        return Result(code, out, err.decode())

    return invoke


def frames(octets: bytes) -> int:
    return len(list(CaptureReader("-", every_frame=True, stream=io.BytesIO(octets))))


@pytest.mark.parametrize("kind", KINDS)
def test_one_capture_to_a_file_or_to_standard_output(run: Run, tmp_path: Path, kind: str) -> None:
    more = ["--key", "a key for tests"] if kind == "anonymised" else []
    result = run(kind, FAULTY, "-o", tmp_path / "out", *more)
    assert (result.code, result.out) == (0, b"")
    assert str(FAULTY) in result.err
    octets = (tmp_path / "out").read_bytes()
    assert frames(octets) == 8
    assert run(kind, FAULTY, "-o", "-", *more).out == octets


@pytest.mark.parametrize("kind", KINDS)
def test_several_captures_go_to_a_directory(run: Run, tmp_path: Path, kind: str) -> None:
    zipped = SAMPLES / "busy.pcap.gz"
    assert run(kind, FAULTY, CLEAN, zipped, "-o", tmp_path).code == 0
    suffix = ".pcapng" if kind == "annotated" else ".pcap"
    names = {path.stem + suffix for path in (FAULTY, CLEAN)} | {f"busy{suffix}"}
    assert {path.name for path in tmp_path.iterdir()} == names


def test_annotations_of_captures_on_their_own(run: Run, tmp_path: Path) -> None:
    captures = SAMPLES / "bulk-refresh.pcap", CLEAN
    accused = rb"pmiptrace error RFC6275-10.3.1-LIFETIME-MAX"
    for how, count in (("--together", 1), ("--each", 0)):
        assert run("annotated", how, *captures, "-o", tmp_path).code == 0
        written = (tmp_path / "call-flow.pcapng").read_bytes()
        assert len(re.findall(accused, written)) == count


def test_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Standard:
        buffer = FAULTY.open("rb")

    monkeypatch.setattr(sys, "stdin", Standard)
    result = run("signalling", "-", "-o", "-")
    assert (result.code, result.out) == (0, FAULTY.read_bytes())
    assert result.err.startswith("pmiptrace: -: 8 ")


@pytest.mark.parametrize("kind", KINDS)
def test_no_capture_is_overwritten(run: Run, tmp_path: Path, kind: str) -> None:
    capture = tmp_path / "one.pcapng"
    capture.write_bytes((SAMPLES / "path-deregistration.pcapng").read_bytes())
    before = capture.read_bytes()
    assert run(kind, capture, "-o", capture).code == 2
    assert run(kind, capture, "-o", tmp_path).code == 2
    other = tmp_path / "link"
    other.symlink_to(capture)
    assert run(kind, capture, "-o", other).code == 2
    assert capture.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"one.pcapng", "link"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_opened_writes_nothing(run: Run, tmp_path: Path, kind: str) -> None:
    broken = tmp_path / "text.pcap"
    broken.write_text("no capture\n")
    (tmp_path / "out").mkdir()
    result = run(kind, FAULTY, broken, "-o", tmp_path / "out")
    assert result.code == 3
    assert "not a pcap" in result.err
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("annotated", FAULTY, CLEAN, "-o", "one.pcapng"), "directory"),
        (("annotated", FAULTY, "-o", "nowhere/one.pcapng"), "cannot be written"),
        (("annotated", FAULTY, "-o", "x", "--select", "RFC9999"), "RFC9999"),
        (("anonymised", FAULTY, "-o", "x", "--key", "short"), "guessed"),
        (("anonymised", FAULTY, "-o", "x", "--key", "long enough", "--key-file", "y"), "one"),
        (("anonymised", FAULTY, "-o", "x", "--key-file", "nowhere"), "cannot be read"),
        (("anonymised", FAULTY, "-o", "x", "--dialect", "klingon"), "klingon"),
        (("pdf", FAULTY, "-o", "x"), "pdf"),
    ],
)
def test_usage_errors(
    run: Run,
    arguments: tuple[object, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.code == 2
    assert said in result.err
    assert list(tmp_path.iterdir()) == []


def test_selected_findings_alone(run: Run) -> None:
    whole = run("annotated", FAULTY, "-o", "-").out
    assert b"PM-CLEARTEXT" in whole
    one = run("annotated", FAULTY, "-o", "-", "--select", "RFC8278").out
    assert b"PM-CLEARTEXT" not in one
    assert b"BO-EXCLUSIVE" in one
    none = run("annotated", FAULTY, "-o", "-", "--ignore", "PM", "--ignore", "RFC8278").out
    assert b"pmiptrace" not in none


def test_what_is_known_is_no_comment(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pmiptrace.toml").write_text(
        '[severity]\nRFC8278 = "info"\n[[ignores]]\nrule = "PM"\nreason = "a lab"\n', "utf-8"
    )
    octets = run("annotated", FAULTY, "-o", "-").out
    assert b"PM-CLEARTEXT" not in octets
    assert b"pmiptrace info RFC8278-4.1-BO-EXCLUSIVE" in octets


def test_the_key_decides_and_a_random_one_is_used_once(run: Run, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"a key for tests")
    by_file = run("anonymised", FAULTY, "-o", "-", "--key-file", tmp_path / "key").out
    assert by_file == run("anonymised", FAULTY, "-o", "-", "--key", "a key for tests").out
    first, second = (run("anonymised", FAULTY, "-o", "-").out for _ in range(2))
    assert len({by_file, first, second}) == 3


def test_damage_is_told(run: Run, tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(FAULTY.read_bytes()[:-10])
    result = run("annotated", cut, "-o", tmp_path / "out.pcapng")
    assert result.code == 0
    assert "the file ends" in result.err


def test_a_lua_script(run: Run, tmp_path: Path) -> None:
    assert run("wireshark-lua", "-o", tmp_path / "p.lua").code == 0
    assert b"MAG Multipath Binding" in (tmp_path / "p.lua").read_bytes()
    assert run("wireshark-lua", "-o", "-").out == (tmp_path / "p.lua").read_bytes()


@pytest.mark.parametrize("kind", [*KINDS, "wireshark-lua"])
def test_every_option_is_documented(run: Run, kind: str) -> None:
    shown = re.findall(rb"--[a-z][a-z-]+", run(kind, "--help").out)
    page = (SAMPLES.parent / "docs" / "export.md").read_text("utf-8")
    assert f"pmiptrace export {kind}" in page
    documented = set(re.findall(r"--[a-z][a-z-]+", page))
    assert {option.decode() for option in shown} - {"--help", "--output"} <= documented
