"""Findings of one fingerprint become one result, and there is a bound to results."""

import pytest
from json_factory import START, finding
from msgspec.structs import replace

from pmiptrace.model import SECOND, Finding, Moment, Severity, Status, Suppression
from pmiptrace.report.fingerprint import fingerprint
from pmiptrace.report.results import SHOWN, Results
from pmiptrace.testing import nai


def results(*findings: Finding, limit: int = 100) -> Results:
    collected = Results(limit=limit)
    for each in findings:
        collected.add(each)
    return collected


def later(number: int, **parts: object) -> Finding:
    """As `finding`, so many seconds and frames later."""
    return finding(moment=Moment(0, 2 + number, START + number * SECOND), **parts)


def other(number: int, **parts: object) -> Finding:
    """As `finding`, of another mobile node."""
    return finding(mobile_node=nai(f"mn{number}@example.org"), **parts)


def test_a_fault_that_recurs_is_one_result() -> None:
    (result,) = results(*map(later, (3, 1, 2)))
    assert (result.count, result.first.moment.frame) == (3, 3)
    assert [each.moment.frame for each in result.findings] == [3, 4, 5]
    assert (result.first_time, result.last_time) == (START + SECOND, START + 3 * SECOND)
    assert result.key == result.fingerprint == fingerprint(finding())


def test_a_few_of_many_findings_are_kept() -> None:
    (result,) = results(*map(later, range(1000)))
    assert (result.count, len(result.findings)) == (1000, SHOWN)
    assert result.last_time == START + 999 * SECOND


@pytest.mark.parametrize(
    ("parts", "suffix"),
    [
        ({"status": Status.INCONCLUSIVE}, "-inconclusive"),
        ({"status": Status.NOTE}, "-note"),
        ({"suppression": Suppression(by="ignore")}, "-suppressed"),
        (
            {"status": Status.INCONCLUSIVE, "suppression": Suppression(by="baseline")},
            "-inconclusive-suppressed",
        ),
    ],
)
def test_what_is_shown_suspected_and_suppressed_is_told_apart(
    parts: dict[str, object], suffix: str
) -> None:
    shown, apart = results(finding(**parts), finding())
    assert (shown.key, apart.key) == (shown.fingerprint, shown.fingerprint + suffix)
    assert shown.status is Status.FAIL
    assert shown.suppression is None


def test_a_result_without_times_has_none() -> None:
    (result,) = results(finding(moment=Moment(0, 1, None)))
    assert (result.first_time, result.last_time) == (None, None)


def test_the_gravest_come_first() -> None:
    note = other(1, status=Status.NOTE, severity=Severity.INFO)
    doubt = other(2, status=Status.INCONCLUSIVE)
    hint = other(3, severity=Severity.INFO)
    known = other(4, suppression=Suppression(by="ignore"))
    error, next_error = other(5), other(6)
    collected = results(known, note, doubt, hint, error, next_error)
    assert [each.first for each in collected] == [error, next_error, hint, doubt, note, known]


def test_a_result_is_as_grave_as_its_gravest_finding() -> None:
    mild = finding(severity=Severity.INFO)
    collected = results(mild, other(1, severity=Severity.WARNING), replace(mild), finding())
    assert [each.severity for each in collected] == [Severity.ERROR, Severity.WARNING]
    assert len(collected) == 2


def test_the_mildest_make_room() -> None:
    hints = [other(number, severity=Severity.INFO) for number in range(3)]
    errors = [other(number) for number in range(3, 7)]
    collected = results(*hints, *hints, *errors, limit=4)
    assert [each.first for each in collected] == errors
    assert collected.left_out == 6
    collected.add(other(9, severity=Severity.INFO))
    collected.add(other(10))
    assert (len(collected), collected.left_out) == (4, 8)
