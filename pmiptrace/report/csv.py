"""The findings as CSV (RFC 4180): a row for each, written as soon as it is known.

The columns are the fields of a finding in JSON. A spreadsheet takes a cell that begins with ``=``
and the like for a formula, even in quotes, and names in a capture are chosen by strangers: such a
cell gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from pmiptrace.model import Finding, Report
from pmiptrace.report.as_document import finding_document
from pmiptrace.report.document import FindingDocument

if TYPE_CHECKING:
    from pmiptrace.analysis import Event
    from pmiptrace.report.formats import Target

COLUMNS = (
    "rule",
    "severity",
    "status",
    "why_inconclusive",
    "confidence",
    "party_role",
    "party_address",
    "party_identifier",
    "capture",
    "frame",
    "frames",
    "time",
    "occurrences",
    "session",
    "exchange",
    "lma",
    "mobile_node",
    "bid",
    "span_offset",
    "span_length",
    "span_field",
    "message",
    "keyword",
    "reference",
    "fingerprint",
    "suppressed_by",
    "suppressed_reason",
    "suppressed_until",
)
"""The titles, in their order; new ones come last."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula may begin with, the wide forms of East Asian keyboards included."""
_BEHIND_CUT = re.compile(rf";(?=[\s\"]*[{re.escape(''.join(_FORMULA))}])")

Cell = str | int | None


class CsvWriter:
    """Writes the titles at once, then a row per finding: notes and what is suppressed, too."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._write(COLUMNS)

    def event(self, event: Event) -> None:
        """Write a finding; other events have no row."""
        if isinstance(event, Finding):
            self._write(_row(finding_document(event)))

    def finish(self, report: Report) -> None:
        """Do nothing: all rows are written."""

    def _write(self, row: tuple[Cell, ...]) -> None:
        line = io.StringIO(newline="")
        csv.writer(line).writerow([_guarded(cell) for cell in row])
        self._target.stream.write(line.getvalue().encode())
        if self._target.live:
            self._target.stream.flush()


def _row(finding: FindingDocument) -> tuple[Cell, ...]:
    party, span, known = finding.party, finding.span, finding.suppression
    return (
        finding.rule,
        finding.severity.value,
        finding.status.value,
        finding.why_inconclusive,
        finding.confidence,
        party.role,
        party.address,
        party.identifier,
        finding.capture,
        finding.frame,
        " ".join(f"{place.capture}:{place.frame}" for place in finding.frames),
        finding.time,
        finding.occurrences,
        finding.session,
        finding.exchange,
        finding.lma,
        finding.mobile_node,
        finding.bid,
        *((span.offset, span.length, span.field) if span else (None, None, None)),
        finding.message,
        finding.keyword,
        finding.reference,
        finding.fingerprint,
        *((known.by, known.reason, known.expires) if known else (None, None, None)),
    )


def _guarded(cell: Cell) -> Cell:
    """Keep a spreadsheet from taking a text for a formula."""
    if not isinstance(cell, str):
        return cell
    cell = _BEHIND_CUT.sub(";'", cell)
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
