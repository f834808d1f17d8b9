"""Plugins that cannot be used: named, left out, and nothing else changes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from installed import ROOT, install, run

from pmiptrace import plugins
from pmiptrace.model import Severity
from pmiptrace.plugins import UnfitError
from pmiptrace.plugins.adoption import adopt_options, adopt_rules
from pmiptrace.rules.catalogue import CatalogueRow, catalogue
from pmiptrace.rules.rule import FIRST, PASS, RULES, Check, Rule, foreign_rule
from pmiptrace.wire.option import MOBILITY_OPTIONS, OptionRegistry, exactly
from pmiptrace.wire.options.rfc5094 import VendorRegistry
from pmiptrace.wire.options.rfc8278 import MagIdentifier

SAMPLE = ROOT / "samples" / "bulk-and-overwrite.pcap"

ROW = {
    "id": "LAB-1-RULE",
    "document": "the lab's handbook",
    "severity": Severity.ERROR,
    "party": "MAG",
    "confidence": "packet",
    "summary": "All is well",
}


def documented(step: object) -> object:
    """All is well.

    Why it matters: somebody looks.

    The text: "All shall be well."

    Example: nothing is well.

    How to mend: do well.
    """
    return PASS


def undocumented(step: object) -> object:
    """All is well."""
    return PASS


def rule(check: Check = documented, *, on: str = "PBU", **parts: object) -> Rule:  # type: ignore[assignment]
    row = {key: value for key, value in parts.items() if key in CatalogueRow.__struct_fields__}
    declared = {key: value for key, value in parts.items() if key not in row}
    return foreign_rule(CatalogueRow(**{**ROW, **row}), on=on, **declared)(check)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("offer", "said"),
    [
        (object(), "it names object, not rules made with foreign_rule"),
        ([], "it names list, not rules"),
        ([rule(), 7], "it names int, not rules"),
        (json, "it names module, not rules"),
        (rule(id="RFC8278-4.1-O-DEREG"), "there is a rule with this ID already"),
        (rule(id="RFC9999-1-NEW"), "RFC... and PM-... are pmiptrace's own"),
        (rule(id="PM-NEW"), "RFC... and PM-... are pmiptrace's own"),
        (rule(id="lab-1"), "an ID is NAME-..., in capitals"),
        ([rule(), rule()], "rule LAB-1-RULE is there twice"),
        (rule(undocumented), "the docstring has 1 paragraphs, not 5"),
        (rule(party="everybody"), "party is 'everybody', none of -, LMA, MAG"),
        (rule(confidence="sure"), "confidence is 'sure'"),
        (rule(severity="fatal"), "severity is 'fatal'"),
        (rule(document=None), "it has neither an RFC nor a document"),
        (rule(summary=""), "it has no summary"),
        (rule(on="PBX"), "on is 'PBX'"),
        (rule(once="day"), "once is 'day'"),
        (rule(by_content=FIRST), "by_content is for a rule about one option"),
        (rule(configured="patience"), "configured is 'patience'"),
        ([rule(id="LAB-2-GOOD"), rule(undocumented)], "LAB-1-RULE"),
    ],
)
def test_rules_that_are_not_taken_in(offer: object, said: str) -> None:
    before = dict(RULES), dict(catalogue())
    with pytest.raises(UnfitError) as fault:
        adopt_rules(offer)
    assert said in str(fault.value)
    assert (RULES, catalogue()) == before


def registry(number: int, name: str = "LabOption", **parts: object) -> OptionRegistry:
    made = OptionRegistry("option")
    cls = type(name, (MagIdentifier,), {"__doc__": "An option."}, frozen=True, kw_only=True)  # type: ignore[call-overload]
    made.declare(number, "Lab Option", "the lab's handbook", length=exactly(2))(cls)
    return made


@pytest.mark.parametrize(
    ("offer", "said"),
    [
        (7, "it names int, not an OptionRegistry"),
        (OptionRegistry("option"), "it declares no option"),
        (VendorRegistry(32473, "ACME"), "it declares no option"),
        (registry(63), "option 63 (Lab Option): option 63 is MAG Multipath Binding"),
        (registry(300), "the number of an option has 8 bits"),
        (registry(200, "MagIdentifier"), "there is a mag_identifier already"),
        ([registry(200), registry(200, "OtherOption")], "option 200 is there twice"),
        ([registry(201), registry(63)], "option 63 is MAG Multipath Binding"),
    ],
)
def test_options_that_are_not_taken_in(offer: object, said: str) -> None:
    before = dict(MOBILITY_OPTIONS.types)
    with pytest.raises(UnfitError) as fault:
        adopt_options(offer)
    assert said in str(fault.value)
    assert MOBILITY_OPTIONS.types == before


# ------------------------------------------------------------------------------- all together

CHECKS = '''
from pmiptrace.model import Severity
from pmiptrace.rules.catalogue import CatalogueRow
from pmiptrace.rules.rule import PASS, foreign_rule, note

def made(name):
    row = CatalogueRow(id=f"LAB-{name}", document="the lab's handbook", severity=Severity.ERROR,
                       party="MAG", confidence="packet", summary="All is well")
    return foreign_rule(row, on="PBU")

DOC = """All is well.

Why it matters: somebody looks.

The text: "All shall be well."

Example: nothing is well.

How to mend: do well.
"""

print("loud at import")

def crashes(step): return step.message.first(int).nothing
def answers(step): return "yes"
def leaves(step): raise SystemExit(3)
def mumbles(step): return note(7)
for check in (crashes, answers, leaves, mumbles):
    check.__doc__ = DOC
CRASHES, ANSWERS, LEAVES, MUMBLES = (
    made(f"1-{check.__name__.upper()}")(check) for check in (crashes, answers, leaves, mumbles))
'''
WRITERS = """
class Writer:
    def __init__(self, target): self.stream = target.stream
    def event(self, event): self.stream.write(b"begun"); raise KeyError("no such metric")
    def finish(self, report): pass
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    groups = {
        "pmiptrace.rules": {
            "absent": "no_such_module",
            "faulty": "lab_syntax",
            "leaving": "lab_exit",
            "odd": "lab_checks:DOC",
            "rough": "lab_checks",
        },
        "pmiptrace.options": {"absent": "lab_checks:NOTHING"},
        "pmiptrace.formats": {
            "json": "lab_writers:Writer",
            "Bad Name": "lab_writers:Writer",
            "module": "lab_writers",
            "crashing": "lab_writers:Writer",
            "missing": "lab_writers:Nobody",
        },
    }
    install(
        folder,
        "lab-checks",
        "0.1",
        groups,
        lab_checks=CHECKS,
        lab_writers=WRITERS,
        lab_syntax="def :",
        lab_exit="raise SystemExit('bye')",
    )
    return folder


def test_the_broken_are_named_and_the_run_goes_on(site: Path) -> None:
    result = run(site, "pmiptrace", "analyze", SAMPLE, "--format", "json")
    assert result.code == 1  # for what the sample holds
    report = json.loads(result.out)
    errors = {(p["kind"], p["name"]): p["error"] for p in report["tool"]["plugins"]}
    assert errors.pop(("rules", "rough")) is None
    assert errors.pop(("formats", "crashing")) is None
    assert errors.pop(("formats", "missing")) is None
    told = {
        ("rules", "absent"): "ModuleNotFoundError: No module named 'no_such_module'",
        ("rules", "faulty"): "SyntaxError",
        ("rules", "leaving"): "SystemExit: bye",
        ("rules", "odd"): "it names str, not rules",
        ("options", "absent"): "AttributeError",
        ("formats", "json"): "there is a format 'json' already",
        ("formats", "Bad Name"): "'Bad Name' cannot name a format",
        ("formats", "module"): "lab_writers is a module",
    }
    assert errors.keys() == told.keys()
    for key, text in told.items():
        assert text in (errors[key] or "")
        assert f"pmiptrace: plugin {key[1]} of lab-checks 0.1 was left out: " in result.err
    assert "rough" not in result.err
    assert "loud at import" in result.err


def test_all_reports_name_them(site: Path) -> None:
    said = "plugin absent of lab-checks 0.1 was left out: "
    assert run(site, "pmiptrace", "analyze", SAMPLE).out.startswith(said)
    assert said in run(site, "pmiptrace", "analyze", SAMPLE, "--format", "html").out
    log = json.loads(run(site, "pmiptrace", "analyze", SAMPLE, "--format", "sarif").out)
    (invocation,) = log["runs"][0]["invocations"]
    told = [each["message"]["text"] for each in invocation["toolConfigurationNotifications"]]
    assert any(text.startswith(said) for text in told)


def test_a_rule_that_misbehaves_becomes_a_finding(site: Path) -> None:
    result = run(site, "pmiptrace", "analyze", SAMPLE, "--select", "LAB", "--format", "json")
    assert result.code == 0
    said = {finding["rule"]: finding["message"] for finding in json.loads(result.out)["findings"]}
    assert "AttributeError" in said.pop("LAB-1-CRASHES")
    assert "it gave 'yes', which is no verdict" in said.pop("LAB-1-ANSWERS")
    assert "it wants to exit: 3" in said.pop("LAB-1-LEAVES")
    assert "a part of its verdict is of the wrong type" in said.pop("LAB-1-MUMBLES")
    assert said == {}


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("crashing", "KeyError: 'no such metric'"),
        ("missing", "module 'lab_writers' has no attribute 'Nobody'"),
    ],
)
def test_a_format_that_fails_is_blamed_and_leaves_no_file(
    site: Path, tmp_path: Path, form: str, said: str
) -> None:
    path = tmp_path / "report"
    result = run(site, "pmiptrace", "analyze", SAMPLE, "--format", form, "-o", path)
    assert result.code == 2
    told = " ".join(result.err.split())
    assert f"format {form} of plugin {form} of lab-checks 0.1 failed" in told
    assert said in told
    assert not path.exists()


def test_the_reports_beside_one_that_fails_are_written(site: Path, tmp_path: Path) -> None:
    lost, kept = tmp_path / "lost", tmp_path / "kept.json"
    outputs = ("--format", "crashing", "-o", lost, "--format", "json", "-o", kept)
    result = run(site, "pmiptrace", "analyze", SAMPLE, *outputs)
    assert result.code == 70
    assert "format crashing of plugin crashing of lab-checks 0.1 failed" in result.err
    assert "internal error" not in result.err
    assert not lost.exists()
    assert json.loads(kept.read_text())["findings"]


# --------------------------------------------------------------------------------- none at all


def test_without_plugins_nothing_is_imported_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "unrelated", "1.0", {"console_scripts": {"other": "other:main"}})
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "absent")])
    assert not plugins._may_be_there()
    install(tmp_path, "related", "1.0", {"pmiptrace.rules": {"other": "other"}})
    assert plugins._may_be_there()


def test_what_is_no_folder_is_left_to_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "library.zip"
    archive.write_bytes(b"")
    monkeypatch.setattr(sys, "path", [str(archive)])
    assert plugins._may_be_there()
