"""``pmiptrace analyze --timers`` and ``--config``, as a user would run it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import exit_code

import pmiptrace
from pmiptrace.capture.writer import write_pcap
from pmiptrace.configuration import configure
from pmiptrace.model import BindingState
from pmiptrace.testing import Trace
from pmiptrace.track.timers import Timers

Run = Callable[..., tuple[int, str]]

RULE = "RFC5847-3-INTERVAL"
FIVE_SECONDS = '[timers]\nheartbeat-interval-min = "5s"\n'


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def invoke(*arguments: object) -> tuple[int, str]:
        code = exit_code(*arguments)
        out, err = capfd.readouterr()
        return code, out if code < 2 else " ".join(err.split())

    return invoke


@pytest.fixture
def capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two heartbeats with 10 s between; RFC 5847 wants 30. It is in the working directory."""
    trace = Trace()
    path = trace.mag().path("2001:db8:a::1", bid=1, if_att=8, if_label=1)
    trace.register(path)
    for _ in range(2):
        trace.heartbeat(path)
        trace.wait(0.02)
        trace.heartbeat_response()
        trace.wait(10)
    write_pcap(tmp_path / "heartbeats.pcap", trace.frames)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "heartbeats.pcap"


@pytest.mark.parametrize(
    ("file", "arguments", "code"),
    [
        (None, "", 1),
        (None, "--timers heartbeat-interval-min=10s", 0),
        (None, "--timers grace=1s --timers update-rate=5,heartbeat-interval-min=10s", 0),
        (FIVE_SECONDS, "", 0),
        (FIVE_SECONDS, "--timers heartbeat-interval-min=20s", 1),
        (FIVE_SECONDS, "--config other.toml", 1),
    ],
)
def test_verdict_and_exit_code_follow(
    run: Run, capture: Path, file: str | None, arguments: str, code: int
) -> None:
    if file is not None:
        (capture.parent / "pmiptrace.toml").write_text(file, "utf-8")
        (capture.parent / "other.toml").write_text("", "utf-8")
    options = ("--select", RULE, "--fail-on", "warning", "--format", "json", *arguments.split())
    found, report = run("analyze", capture, *options)
    assert found == code
    assert [f["rule"] for f in json.loads(report)["findings"]] == [RULE] * code


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--timers heartbeat-interval=5s", "did you mean 'heartbeat-interval-min'?"),
        ("--timers delete-delay=soon", "--timers: delete-delay takes a time with its unit"),
        ("--timers delete-delay=-1s", "0s to 1h, not '-1s'"),
        ("--timers delete-delay", "delete-delay has no value"),
        ("--config absent.toml", "absent.toml: cannot read the configuration"),
        (
            "--config bad.toml",
            "bad.toml:2: timers.update-rate takes a whole number, 1 to 10, not 99",
        ),
    ],
)
def test_usage_error(run: Run, capture: Path, arguments: str, message: str) -> None:
    (capture.parent / "bad.toml").write_text("[timers]\nupdate-rate = 99\n", "utf-8")
    code, err = run("analyze", capture, "-o", "report.txt", *arguments.split())
    assert code == 2
    assert message in err
    assert not (capture.parent / "report.txt").exists()


def test_python_takes_the_same(capture: Path) -> None:
    (capture.parent / "pmiptrace.toml").write_text(FIVE_SECONDS, "utf-8")
    given = configure().settings
    by_default = pmiptrace.analyze(capture)
    as_set = pmiptrace.analyze(capture, timers=given.timers, options=given.options)
    assert RULE in [finding.rule for finding in by_default.findings]
    assert RULE not in [finding.rule for finding in as_set.findings]


def test_state_follows(tmp_path: Path) -> None:
    trace = Trace()
    path = trace.mag().path("2001:db8:a::1", bid=1, if_att=8, if_label=1)
    trace.register(path)
    trace.wait(60)
    trace.deregister(path)
    trace.wait(15)
    trace.heartbeat(path)
    write_pcap(tmp_path / "left.pcap", trace.frames)

    def end(**parts: Timers) -> BindingState:
        (session,) = pmiptrace.analyze(tmp_path / "left.pcap", **parts).sessions
        (binding,) = session.bindings
        return binding.state

    assert end() is BindingState.NONE
    assert (
        end(timers=configure({"timers": ["delete-delay=20s"]}).settings.timers)
        is BindingState.DEREG_WAIT
    )
