"""The plugin, as pmiptrace takes it in. It has to be installed."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from pmiptrace_acme.examples import LOAD_RANGE, loaded
from pmiptrace_acme.options import AcmePathLoad

import pmiptrace
from pmiptrace.capture.writer import write_pcap
from pmiptrace.model import Finding
from pmiptrace.plugins import load_plugins
from pmiptrace.report.formats import Target, format_named
from pmiptrace.rules.examples.stage import Play, Stage
from pmiptrace.wire.options.rfc5094 import VendorSpecific

RULE = "ACME-2.1-LOAD-RANGE"


@pytest.fixture(scope="module", autouse=True)
def _plugins() -> None:
    assert [plugin.error for plugin in load_plugins() if plugin.package == "pmiptrace-acme"] == [
        None,
        None,
    ]


def captured(play: Play, path: Path) -> Path:
    stage = Stage()
    play(stage)
    write_pcap(path, stage.capture_frames())
    return path


def found(play: Play, folder: Path) -> Iterator[Finding]:
    report = pmiptrace.analyze(captured(play, folder / "trace.pcap"))
    return (finding for finding in report.findings if finding.rule == RULE)


@pytest.mark.parametrize("play", LOAD_RANGE.fires)
def test_more_than_all_is_refused(play: Play, tmp_path: Path) -> None:
    (finding,) = found(play, tmp_path)
    assert (finding.party.role, finding.reference) == ("MAG", "ACME MAG interface section 2.1")


@pytest.mark.parametrize("play", LOAD_RANGE.silent)
def test_all_or_less_is_not(play: Play, tmp_path: Path) -> None:
    assert list(found(play, tmp_path)) == []


def test_the_option_is_decoded(tmp_path: Path) -> None:
    (message,) = pmiptrace.decode(captured(loaded(40), tmp_path / "trace.pcap"))
    option = message.first(VendorSpecific)
    assert option is not None
    assert option.data_content == AcmePathLoad(load=40, source=1)


def test_the_format_counts(tmp_path: Path) -> None:
    stream = BytesIO()
    writer = format_named("metrics").open(Target(stream=stream))
    report = pmiptrace.analyze(captured(loaded(101), tmp_path / "trace.pcap"))
    for finding in report.findings:
        writer.event(finding)
    writer.finish(report)
    assert f'rule="{RULE}",severity="error",party="MAG"}} 1\n'.encode() in stream.getvalue()
