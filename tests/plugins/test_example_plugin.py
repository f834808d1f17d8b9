"""The plugin of docs/plugin, installed: what it brings works like what is built in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from installed import EXAMPLE, install_example, run

RULE = "ACME-2.1-LOAD-RANGE"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    install_example(folder)
    return folder


@pytest.fixture(scope="module")
def capture(site: Path) -> Path:
    """The example of its rule, as `explain` writes it."""
    path = site / "acme.pcap"
    result = run(site, "pmiptrace", "explain", RULE, "--example", path)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"{RULE}  error  ACME MAG interface section 2.1, MUST\n")
    assert '  The text says   "Load, in percent, MUST NOT be greater than 100."' in result.out
    assert "  E  frame 1: the load is 101 %\n" in result.out
    return path


def test_the_rule_fires_and_can_be_selected(site: Path, capture: Path) -> None:
    result = run(site, "pmiptrace", "analyze", capture, "--select", "ACME", "--format", "json")
    assert (result.code, result.err) == (1, "")
    report = json.loads(result.out)
    (finding,) = report["findings"]
    assert (finding["rule"], finding["reference"]) == (RULE, "ACME MAG interface section 2.1")
    assert finding["span"]["field"] == "Vendor Specific: Data"
    assert [rule["rule"] for rule in report["rules"]] == [RULE]
    assert report["tool"]["plugins"] == [
        {"name": "acme", "version": "1.0", "kind": "options", "error": None},
        {"name": "acme", "version": "1.0", "kind": "rules", "error": None},
        {"name": "metrics", "version": "1.0", "kind": "formats", "error": None},
    ]


def test_reports_for_other_programs_know_the_rule(site: Path, capture: Path) -> None:
    command = ("analyze", capture, "--select", "ACME", "--format")
    log = json.loads(run(site, "pmiptrace", *command, "sarif").out)
    (described,) = log["runs"][0]["tool"]["driver"]["rules"]
    assert described["properties"]["reference"] == "ACME MAG interface section 2.1"
    assert "helpUri" not in described
    assert "**The text:** " in described["help"]["markdown"]
    junit = run(site, "pmiptrace", *command, "junit").out
    for form in ("text", "markdown", "html"):
        told = run(site, "pmiptrace", "analyze", capture, "--coverage", "--format", form)
        assert told.code == 1
        assert "ACME MAG interface" in told.out
    assert f'classname="ACME MAG interface.section-2_1" name="{RULE}"' in junit


def test_the_option_is_decoded_by_name(site: Path, capture: Path) -> None:
    tree = run(site, "pmiptrace", "dissect", capture, "1").out
    assert "Vendor ID: ACME (32473)\n" in tree
    assert "Sub-Type: ACME Path Load (1)\n" in tree
    assert "    Load: 101\n" in tree
    fields = run(site, "pmiptrace", "dissect", capture, "--fields", "acme_path_load.load")
    assert fields.out == "101\n"
    assert run(site, "pmiptrace", "options", "acme path load").out.startswith("1 ACME Path Load  ")


def test_the_rule_is_listed(site: Path) -> None:
    (entry,) = json.loads(run(site, "pmiptrace", "rules", "ACME-2.1", "--format", "json").out)
    assert (entry["id"], entry["link"], entry["documentation"]["mend"]) == (
        RULE,
        None,
        "send percent.",
    )


def test_the_format_is_written_and_named(site: Path, capture: Path) -> None:
    path = site / "metrics.prom"
    result = run(site, "pmiptrace", "analyze", capture, "--format", "metrics", "-o", path)
    assert (result.code, result.out, result.err) == (1, "", "")
    assert f'rule="{RULE}",severity="error",party="MAG"}} 1\n' in path.read_text()
    listed = run(site, "pmiptrace", "analyze", "--help", COLUMNS="100").out
    assert "metrics from pmiptrace-acme 1.0" in " ".join(listed.split())
    assert "'metrics'" in run(site, "pmiptrace", "analyze", capture, "--format", "metric").err


@pytest.mark.parametrize(
    ("arguments", "environment"), [(["--no-plugins"], {}), ([], {"PMIPTRACE_PLUGINS": "off"})]
)
def test_plugins_can_be_switched_off(
    site: Path, capture: Path, arguments: list[str], environment: dict[str, str]
) -> None:
    result = run(
        site, "pmiptrace", "analyze", capture, "--format", "json", *arguments, **environment
    )
    report = json.loads(result.out)
    assert report["tool"]["plugins"] == []
    assert RULE not in {rule["rule"] for rule in report["rules"]}


def test_a_wrong_value_of_the_switch_is_a_usage_error(site: Path, capture: Path) -> None:
    result = run(site, "pmiptrace", "analyze", capture, PMIPTRACE_PLUGINS="maybe")
    assert result.code == 2
    assert "PMIPTRACE_PLUGINS is 'maybe': on or off" in result.err


def test_its_own_tests_pass(site: Path) -> None:
    result = run(site, "pytest", "-q", "-p", "no:cacheprovider", EXAMPLE / "tests")
    assert result.code == 0, result.out
