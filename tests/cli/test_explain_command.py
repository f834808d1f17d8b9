"""``explain`` and ``rules``, as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Run

RULE = "RFC8278-4.1-BO-EXCLUSIVE"


def test_several_things_at_once(run: Run) -> None:
    result = run("explain", RULE, "option", "63", "180")
    assert result.code == 0
    assert result.out.startswith(RULE)
    assert "\n63 MAG Multipath Binding" in result.out
    assert "\n180 CANNOT_SUPPORT_MULTIPATH_BINDING" in result.out
    assert result.err == ""


def test_plain_text_on_a_pipe(run: Run) -> None:
    assert "\x1b" not in run("explain", RULE).out


@pytest.mark.parametrize("command", ["explain", "rules"])
def test_unknown_is_a_usage_error_with_a_suggestion(run: Run, command: str) -> None:
    result = run(command, "RFC8278-4.1-BO-EXCLUSVE")
    assert result.code == 2
    assert f"did you mean '{RULE}'" in result.err
    assert result.out == ""


def test_explain_needs_something(run: Run) -> None:
    assert run("explain").code == 2


def test_json(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "explained.json"
    assert run("explain", "5", "--format", "json", "-o", path).out == ""
    (meaning,) = json.loads(path.read_text())
    assert [each["type"] for each in meaning["explanations"]] == [
        "option",
        "message",
        "message",
        "status",
    ]


def test_the_example_as_a_capture(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "example.pcap"
    assert run("explain", RULE, "--example", path).code == 0
    assert run("analyze", path, "--select", RULE).code == 1


def test_an_example_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    result = run("explain", RULE, "--example", tmp_path / "absent" / "example.pcap")
    assert result.code == 2
    assert "cannot be written" in result.err


def test_rules_are_listed_and_narrowed(run: Run) -> None:
    every = run("rules").out
    assert RULE in every
    some = run("rules", "--rfc", 8278, "--severity", "error", "--keyword", "must not").out
    assert some.splitlines()[-1] == "1 rule: 1 error; 1 MUST NOT"
    few = run("rules", "RFC8278-4.3", "--party", "mag", "--confidence", "exchange")
    assert (few.code, few.out.strip()) == (0, "0 rules")
    entries = json.loads(run("rules", "RFC8278-4.1", "--format", "json").out)
    assert RULE in {entry["id"] for entry in entries}
