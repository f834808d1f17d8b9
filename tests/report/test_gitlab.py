"""Code Quality of GitLab: valid by its description, with fingerprints that tell entries apart."""

import json
from pathlib import Path

import pytest
from format_run import BO, ECHO, FINDINGS, HI, RUN, RUNS, written
from jsonschema import Draft202012Validator
from msgspec.structs import replace
from snapshots import assert_snapshot

from pmiptrace.model import Finding, Report, Severity, Status

SCHEMA = Path(__file__).with_name("schemas") / "gitlab-code-quality.json"
VALIDATOR = Draft202012Validator(json.loads(SCHEMA.read_bytes()))


def issues_of(report: Report, findings: tuple[Finding, ...]) -> list[dict]:
    issues = json.loads(written("gitlab", report, findings))
    VALIDATOR.validate(issues)
    return issues


def test_the_array_is_as_somebody_has_looked_at() -> None:
    assert_snapshot("report.gitlab.json", written("gitlab", RUN, FINDINGS))


@pytest.mark.parametrize("name", RUNS)
def test_an_array_follows_the_schema(name: str) -> None:
    issues_of(*RUNS[name])


def test_the_schema_would_see_a_wrong_entry() -> None:
    issues = issues_of(RUN, FINDINGS)
    issues[0]["severity"] = "error"
    assert not VALIDATOR.is_valid(issues)


def test_what_is_known_or_only_remarked_is_no_entry() -> None:
    told = [(issue["check_name"], issue["severity"]) for issue in issues_of(RUN, FINDINGS)]
    assert told == [(BO, "critical"), (HI, "major"), (ECHO, "info")]


def test_an_entry_is_at_its_frame() -> None:
    (issue,) = issues_of(RUN, FINDINGS[:3])
    assert issue["location"] == {"path": "mag side.pcap", "lines": {"begin": 2}}
    assert issue["description"] == "MAG mag1@example.com: B=1 and O=1 (frame 2); 3 findings in all"


def test_fingerprints_are_unique() -> None:
    doubts = tuple(replace(f, status=Status.INCONCLUSIVE) for f in FINDINGS[:2])
    mild = replace(FINDINGS[0], severity=Severity.INFO)
    prints = [issue["fingerprint"] for issue in issues_of(RUN, (*FINDINGS, *doubts, mild))]
    assert len(set(prints)) == len(prints) == 4
