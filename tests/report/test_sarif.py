"""SARIF: valid by its schema, within what GitHub takes, and the same for the same fault."""

import json
from pathlib import Path

import pytest
from format_run import BO, ECHO, FINDINGS, HI, MAG_ID, RUN, RUNS, at, written
from jsonschema import Draft4Validator
from msgspec.structs import replace
from snapshots import assert_snapshot

from pmiptrace.model import CaptureInfo, Finding, Moment, Report, Status
from pmiptrace.rules.registry import all_rules
from pmiptrace.testing import START, nai

SCHEMA = json.loads(Path(__file__).with_name("schemas").joinpath("sarif-2.1.0.json").read_bytes())
VALIDATOR = Draft4Validator(SCHEMA)


def run_of(report: Report, findings: tuple[Finding, ...], **target: object) -> dict:
    """Give the one run of a log, which follows the schema."""
    log = json.loads(written("sarif", report, findings, **target))
    VALIDATOR.validate(log)
    (run,) = log["runs"]
    return run


def results(*findings: Finding) -> list[dict]:
    return run_of(RUN, findings)["results"]


def test_the_log_is_as_somebody_has_looked_at() -> None:
    assert_snapshot("report.sarif", written("sarif", RUN, FINDINGS, exit_code=lambda: 1))


@pytest.mark.parametrize("name", RUNS)
def test_a_log_follows_the_schema(name: str) -> None:
    run_of(*RUNS[name])


def test_the_schema_would_see_a_wrong_log() -> None:
    log = json.loads(written("sarif", RUN, FINDINGS))
    log["runs"][0]["results"][0]["kind"] = "failure"
    assert not VALIDATOR.is_valid(log)


def test_findings_of_one_fault_are_one_result() -> None:
    (result,) = results(*FINDINGS[:3])
    assert (result["ruleId"], result["kind"], result["level"]) == (BO, "fail", "error")
    assert result["occurrenceCount"] == 4
    assert result["properties"]["findings"] == 3
    location = result["locations"][0]["physicalLocation"]
    assert location["artifactLocation"] == {"uri": "mag%20side.pcap", "index": 0}
    assert location["region"]["startLine"] == 2
    assert location["region"]["properties"]["span"]["offset"] == 100
    places = [
        (related["physicalLocation"]["artifactLocation"]["index"], related["message"]["text"])
        for related in result["relatedLocations"]
    ]
    assert places == [
        (0, "frame 1: evidence"), (1, "frame 1: evidence"), (0, "frame 6: seen again"),
        (0, "frame 8: seen again"),
    ]  # fmt: skip


def test_only_what_is_shown_has_a_level() -> None:
    told = {result["ruleId"]: (result["kind"], result["level"]) for result in results(*FINDINGS)}
    assert told == {
        BO: ("fail", "error"),
        HI: ("fail", "warning"),
        ECHO: ("open", "none"),
        MAG_ID: ("fail", "error"),
        "PM-EXPIRED": ("informational", "none"),
    }


def test_a_fingerprint_survives_another_capture_and_tells_results_apart() -> None:
    (first,) = results(FINDINGS[0])
    (second,) = results(at(1, 77))
    assert first["partialFingerprints"] == second["partialFingerprints"]
    many = results(*FINDINGS, *(replace(f, status=Status.INCONCLUSIVE) for f in FINDINGS[:2]))
    lines = [result["partialFingerprints"]["primaryLocationLineHash"] for result in many]
    assert len(set(lines)) == len(lines) == 6


def test_a_suppressed_result_says_why() -> None:
    suppressions = {r["ruleId"]: r.get("suppressions") for r in results(*FINDINGS)}
    assert suppressions.pop(MAG_ID) == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "the vendor knows",
            "properties": {"by": "baseline", "expires": "2027-01-31"},
        }
    ]
    assert set(suppressions.values()) == {None}


def test_every_rule_that_is_reported_is_described() -> None:
    run = run_of(RUN, FINDINGS)
    rules = run["tool"]["driver"]["rules"]
    expected = {count.rule for count in RUN.rules} | {"PM-EXPIRED"}
    assert {rule["id"] for rule in rules} == expected
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    (described,) = (rule for rule in rules if rule["id"] == BO)
    assert described["helpUri"] == "https://www.rfc-editor.org/rfc/rfc8278.html#section-4.1"
    assert described["defaultConfiguration"]["level"] == "error"
    assert "RFC 8278 section 4.1" in described["properties"]["tags"]


def test_descriptions_and_tags_are_within_what_github_takes() -> None:
    counts = tuple(replace(RUN.rules[0], rule=rule.id) for rule in all_rules())
    rules = run_of(replace(RUN, rules=counts), ())["tool"]["driver"]["rules"]
    assert len(rules) == len(all_rules())
    for rule in rules:
        assert len(rule["shortDescription"]["text"]) <= 1024
        assert len(rule["fullDescription"]["text"]) <= 1024
        assert len(rule["properties"]["tags"]) <= 10
        assert rule["help"]["markdown"].startswith("**Why it matters:** ")
        assert "``" not in rule["help"]["text"]
        link = rule.get("helpUri")
        assert link is None or f"]({link})" in rule["help"]["markdown"]


def test_the_run_says_how_it_went() -> None:
    def told(name: str, code: int) -> tuple[bool, int, list[tuple[str, str]]]:
        (invocation,) = run_of(*RUNS[name], exit_code=lambda: code)["invocations"]
        notes = invocation["toolExecutionNotifications"]
        return (
            invocation["executionSuccessful"],
            invocation["exitCode"],
            [(note["descriptor"]["id"], note["level"]) for note in notes],
        )

    assert told("plain", 1) == (True, 1, [("truncated", "warning")])
    assert told("empty", 4) == (True, 4, [])
    assert told("unopened", 3) == (False, 3, [("truncated", "warning"), ("unopened", "error")])
    assert told("faulty", 70) == (False, 70, [("internal-error", "error")])
    interrupted = told("interrupted", 1)
    assert interrupted == (False, 1, [("truncated", "warning"), ("interrupted", "error")])


def test_what_is_left_out_of_too_many_results_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from pmiptrace.report import results as module

    monkeypatch.setattr(module.Results.__init__, "__kwdefaults__", {"limit": 2})
    findings = tuple(at(0, 2, mobile_node=nai(f"mn{number}")) for number in range(5))
    run = run_of(RUN, findings)
    assert len(run["results"]) == 2
    (invocation,) = run["invocations"]
    texts = [note["message"]["text"] for note in invocation["toolExecutionNotifications"]]
    assert "3 findings left out, the mildest: there are too many to show" in texts


def test_frames_of_a_result_are_bounded() -> None:
    evidence = tuple(Moment(0, number, START) for number in range(100, 200))
    (result,) = results(at(0, 2, evidence=evidence))
    assert len(result["relatedLocations"]) == 20


def test_names_are_no_links_placeholders_or_controls() -> None:
    report, findings = RUNS["hostile"]
    text = written("sarif", report, findings).decode()
    assert "\\u001b" not in text
    run = run_of(report, findings)
    message = run["results"][0]["message"]["text"]
    assert r"\[x\](javascript:1)" in message
    assert "{{0}}" in message
    assert run["artifacts"][0]["location"]["uri"].startswith("%FF%1B%5B31m/%3Cb%3E")


def test_a_capture_elsewhere_has_an_absolute_uri(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    paths = [tmp_path / "here" / "a:b.pcap", "sub/../c.pcap", tmp_path / "else where.pcap"]
    captures = tuple(CaptureInfo(path=str(path)) for path in paths)
    artifacts = run_of(Report(captures=captures), ())["artifacts"]
    assert [artifact["location"]["uri"] for artifact in artifacts] == [
        "a%3Ab.pcap", "c.pcap", f"{tmp_path.as_uri()}/else%20where.pcap",
    ]  # fmt: skip
