"""The sample captures: written by their script, described by their index, read by Wireshark."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from pmiptrace.analysis import Analysis
from pmiptrace.capture.reader import CaptureReader

SAMPLES = Path(__file__).parents[2] / "samples"
LINE = re.compile(r"\| \[`(?P<name>[^`]+)`\].*\| (?P<messages>\d+) \| (?P<verdict>[^|]+) \|")
COUNT = re.compile(r"(?P<what>\w+): (?P<number>\d+)x `(?P<rule>[^`]+)`")

INDEX = {match["name"]: match for match in LINE.finditer((SAMPLES / "README.md").read_text())}


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_samples", SAMPLES / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_samples"] = module
    spec.loader.exec_module(module)
    return module


make = load_script()


def test_index_names_every_capture() -> None:
    captures = {path.name for path in SAMPLES.iterdir() if ".pcap" in path.name}
    assert list(INDEX) == [sample.name for sample in make.SAMPLES]
    assert set(INDEX) == captures


@pytest.mark.parametrize("sample", make.SAMPLES, ids=lambda sample: sample.name)
def test_file_is_what_the_script_writes(sample) -> None:
    assert make.is_current(SAMPLES / sample.name, sample.octets())
    assert sample.octets() == sample.octets()


def test_another_file_is_out_of_date(tmp_path: Path) -> None:
    sample = make.SAMPLES[0]
    assert not make.is_current(tmp_path / sample.name, sample.octets())
    (tmp_path / sample.name).write_bytes(sample.octets()[:-1])
    assert not make.is_current(tmp_path / sample.name, sample.octets())


@pytest.mark.parametrize("name", INDEX)
def test_index_says_what_analyze_says(name: str) -> None:
    report = Analysis([str(SAMPLES / name)]).report()
    assert report.messages == int(INDEX[name]["messages"])
    said = Counter()
    for count in COUNT.finditer(INDEX[name]["verdict"]):
        said[count["what"], count["rule"]] += int(count["number"])
    found = Counter(
        (finding.severity if finding.status == "fail" else finding.status, finding.rule)
        for finding in report.findings
    )
    assert said == found
    faults = {what for what, _ in found} & {"error", "warning"}
    assert INDEX[name]["verdict"].startswith("conforms") is not bool(faults)


@pytest.mark.parametrize("name", INDEX)
def test_sample_is_read_whole(name: str) -> None:
    report = Analysis([str(SAMPLES / name)]).report()
    assert not report.captures[0].problems
    assert not report.captures[0].duplicates


def test_samples_cover_the_containers() -> None:
    infos = {}
    for name in INDEX:
        with CaptureReader(str(SAMPLES / name), every_frame=True) as reader:
            frames = list(reader)
        infos[name] = (reader.info.format, {frame.interface for frame in frames})
    assert {container for container, _ in infos.values()} == {"pcap", "pcapng"}
    assert infos["path-deregistration.pcapng"] == ("pcapng", {0, 1})


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("name", INDEX)
def test_wireshark_agrees(name: str) -> None:
    def frames(display_filter: str) -> int:
        command = ["tshark", "-r", str(SAMPLES / name), "-Y", display_filter, "-T", "fields"]
        run = subprocess.run([*command, "-e", "frame.number"], capture_output=True, check=True)
        return len(run.stdout.splitlines())

    assert frames("mipv6") == int(INDEX[name]["messages"])
    assert frames("_ws.malformed") == 0
