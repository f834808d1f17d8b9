"""Findings as CSV: a row for each, and no cell that a spreadsheet takes for a formula."""

import csv
import io

import pytest
from format_run import FINDINGS, HOSTILE_FINDINGS, HOSTILE_RUN, RUN, RUNS, at, written
from hypothesis import given
from hypothesis import strategies as st
from snapshots import assert_snapshot

from pmiptrace.model import Finding, Identifier, Party, Report
from pmiptrace.report.as_document import finding_document
from pmiptrace.report.csv import COLUMNS, CsvWriter
from pmiptrace.report.document import FindingDocument, PartyDocument
from pmiptrace.report.formats import Target


def rows(report: Report, findings: tuple[Finding, ...]) -> list[dict[str, str]]:
    text = written("csv", report, findings).decode()
    assert text.count("\r\n") == 1 + len(findings)
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_the_rows_are_as_somebody_has_looked_at() -> None:
    assert_snapshot("report.csv", written("csv", RUN, FINDINGS))


@pytest.mark.parametrize("name", RUNS)
def test_each_finding_is_a_row_with_all_cells(name: str) -> None:
    report, findings = RUNS[name]
    found = rows(report, findings)
    assert len(found) == len(findings)
    for row in found:
        assert tuple(row) == COLUMNS
        assert None not in row.values()


def test_columns_are_the_fields_of_json() -> None:
    fields = set(FindingDocument.__struct_fields__) - {"party", "span", "suppression"}
    assert fields < set(COLUMNS)
    assert {f"party_{name}" for name in PartyDocument.__struct_fields__} < set(COLUMNS)


def test_a_row_says_what_json_says() -> None:
    row, shown = rows(RUN, FINDINGS)[0], finding_document(FINDINGS[0])
    for name in ("rule", "time", "message", "fingerprint", "mobile_node", "reference"):
        assert row[name] == getattr(shown, name)
    assert (row["capture"], row["frame"], row["frames"]) == ("0", "2", "0:1 0:2 1:1")
    assert (row["span_offset"], row["span_length"], row["span_field"]) == ("100", "1", "B")


def test_what_is_suppressed_says_by_what() -> None:
    (row,) = (row for row in rows(RUN, FINDINGS) if row["suppressed_by"])
    known = (row["suppressed_by"], row["suppressed_reason"], row["suppressed_until"])
    assert known == ("baseline", "the vendor knows", "2027-01-31")


def test_rows_are_written_as_findings_come() -> None:
    stream = io.BytesIO()
    writer = CsvWriter(Target(stream=stream))
    assert stream.getvalue().startswith(b"rule,severity,")
    writer.event(FINDINGS[0])
    assert stream.getvalue().count(b"\r\n") == 2


def test_hostile_names_stay_in_their_cell() -> None:
    for row in rows(HOSTILE_RUN, HOSTILE_FINDINGS):
        assert all(value.isprintable() for value in row.values())


@given(st.sampled_from("=+-@\t\r\uff1d"), st.text())
def test_no_cell_is_a_formula(sign: str, text: str) -> None:
    name = Identifier(1, (sign + text).encode("utf-8", "replace"))
    finding = at(0, 1, message=sign + text, mobile_node=name, party=Party("MAG", None, name))
    (row,) = rows(RUN, (finding,))
    for value in row.values():
        assert not value.startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d"))


@pytest.mark.parametrize("name", ["a;=1+1", "a; =1+1", 'a;"@SUM(1)"', "a;-1;+2", "a;\uff1d1"])
def test_no_part_behind_a_semicolon_is_a_formula(name: str) -> None:
    """Where a comma is the decimal sign, a row is cut there."""
    finding = at(0, 1, mobile_node=Identifier(1, name.encode()))
    line = written("csv", RUN, (finding,)).decode().splitlines()[1]
    for part in line.split(";"):
        assert not part.lstrip(' "').startswith(("=", "+", "-", "@", "\uff1d"))
    assert "'" not in rows(RUN, (at(0, 1, message="a; b, in all"),))[0]["message"]
