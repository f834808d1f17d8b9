"""JUnit XML: valid by the schema of Jenkins, a suite per capture, a case per rule that applied."""

from pathlib import Path

import pytest
from format_run import BO, ECHO, FINDINGS, HI, MAG_ID, O_DEREG, RUN, RUNS, at, written
from lxml import etree
from msgspec.structs import replace
from snapshots import assert_snapshot

from pmiptrace.model import Finding, Report, Status

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("schemas") / "junit-10.xsd"))


def suites_of(report: Report, findings: tuple[Finding, ...], **target: object) -> list:
    root = etree.fromstring(written("junit", report, findings, **target))
    SCHEMA.assertValid(root)
    return list(root)


def verdicts(suite) -> dict[str, tuple[str, str | None]]:
    """Give what each case says, and in what words."""
    found = {}
    for case in suite.iter("testcase"):
        said = [part for part in case if part.tag != "system-out"]
        assert len(said) < 2
        found[case.get("name")] = (
            (said[0].tag, said[0].get("message")) if said else ("passed", None)
        )
    return found


def test_the_suites_are_as_somebody_has_looked_at() -> None:
    assert_snapshot("report.junit.xml", written("junit", RUN, FINDINGS))


@pytest.mark.parametrize("name", RUNS)
def test_suites_follow_the_schema_and_add_up(name: str) -> None:
    suites = suites_of(*RUNS[name])
    assert len(suites) == len(RUNS[name][0].captures)
    for suite in suites:
        told = [verdict for verdict, _ in verdicts(suite).values()]
        assert int(suite.get("tests")) == len(told) > 0
        assert int(suite.get("failures")) == told.count("failure")
        assert int(suite.get("errors")) == told.count("error")
        assert int(suite.get("skipped")) == told.count("skipped")


def test_the_schema_would_see_wrong_suites() -> None:
    root = etree.fromstring(written("junit", RUN, FINDINGS))
    del root[0].attrib["name"]
    assert not SCHEMA.validate(root)


def test_each_rule_that_applied_is_a_case() -> None:
    first, second = suites_of(RUN, FINDINGS)
    assert (first.get("name"), first.get("timestamp")) == ("mag side.pcap", "2023-11-14T22:13:20")
    assert verdicts(first) == {
        "capture": ("passed", None),
        BO: ("failure", "B=1 and O=1; 3 findings in all"),
        MAG_ID: ("skipped", "suppressed: the vendor knows"),
        HI: ("passed", None),
        ECHO: ("passed", None),
    }
    assert verdicts(second) == {
        "capture": ("passed", None),
        BO: ("passed", None),
        HI: ("failure", "the answer has Handoff Indicator 4, the request 1"),
        ECHO: ("skipped", "inconclusive: the request was not captured"),
    }


def test_rules_that_nothing_is_about_are_named() -> None:
    first, _ = suites_of(RUN, FINDINGS)
    (told,) = first.findall("system-out")
    assert "binding expired" in told.text
    assert told.text.endswith(f"about them: 1 rule\n{O_DEREG}")


def test_a_case_tells_who_and_where() -> None:
    first, _ = suites_of(RUN, FINDINGS)
    (failure,) = first.iter("failure")
    assert failure.get("type") == "error"
    claim, line, *_ = failure.text.splitlines()
    assert claim == "B and O MUST NOT both be 1 (RFC 8278 section 4.1)"
    assert line.startswith("frame 2, 2023-11-14T22:13:22")
    assert line.endswith("MAG mag1@example.com, mobile node mn1@example.com: B=1 and O=1")
    (case,) = (c for c in first.iter("testcase") if c.get("name") == BO)
    assert case.get("classname") == "RFC8278.section-4_1"
    assert case.findtext("system-out") == "judged 5, passed 2, failed 3, inconclusive 0"


def test_a_case_lists_a_few_of_many_findings() -> None:
    first, _ = suites_of(RUN, tuple(at(0, number) for number in range(1, 101)))
    (failure,) = first.iter("failure")
    assert len(failure.text.splitlines()) == 18
    assert failure.text.endswith("and 84 findings more")


def test_a_broken_rule_is_not_passed_for_want_of_a_finding() -> None:
    first, second = suites_of(RUN, (), narrowness="--mag mag9@*")
    assert verdicts(first)[BO][0] == verdicts(second)[ECHO][0] == "skipped"
    (only,) = (p.get("value") for p in first.iter("property") if p.get("name") == "only")
    assert only == "--mag mag9@*"


@pytest.mark.parametrize(
    ("name", "verdict", "told"),
    [
        ("unopened", "error", "no such file"),
        ("faulty", "error", "a fault"),
        ("interrupted", "error", "the report covers what was read until then"),
        ("empty", "skipped", "not one Mobility Header message"),
        ("plain", "passed", None),
    ],
)
def test_a_capture_that_cannot_be_judged_is_no_success(
    name: str, verdict: str, told: str | None
) -> None:
    assert verdicts(suites_of(*RUNS[name])[-1])["capture"] == (verdict, told)


def test_what_is_doubted_and_suppressed_both_is_skipped_for_both() -> None:
    doubt = replace(FINDINGS[5], suppression=None, status=Status.INCONCLUSIVE, why_inconclusive="x")
    first, _ = suites_of(RUN, (FINDINGS[5], doubt))
    assert verdicts(first)[MAG_ID][1] == "inconclusive: x; suppressed: the vendor knows"


def test_names_stay_text() -> None:
    text = written("junit", *RUNS["hostile"]).decode()
    assert not any(ord(char) < 32 and char != "\n" for char in text)
    first, _ = suites_of(*RUNS["hostile"])
    assert "</failure>]]>" in next(first.iter("failure")).text
