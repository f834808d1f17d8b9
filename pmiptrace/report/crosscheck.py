"""The comparison with tshark as one JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from pmiptrace.report.as_document import tool
from pmiptrace.report.document import Count, FrameNumber, SchemaVersion, Tool
from pmiptrace.report.escaping import clean
from pmiptrace.report.readable_json import as_json
from pmiptrace.tshark.compare import Kind
from pmiptrace.tshark.crosscheck import Alike, Crosscheck
from pmiptrace.tshark.program import Tshark


class DifferenceDocument(Struct, frozen=True, kw_only=True):
    """Differences of one kind at the same fields; the first of them in full."""

    kind: Kind
    """In what they differ: `value`, `place`, `meaning` of a code, a whole message `missing` ..."""
    count: Annotated[int, Meta(ge=1)]
    """How often it was found in the capture."""
    frame: FrameNumber
    """Of the first."""
    message: str
    """Kind of the message, as PBU; MH if only tshark has it."""
    octet: Count | None
    """From the start of the Mobility Header; null if there is no field of this program's."""
    tshark_field: str | None
    """Name of the field in tshark; null if a whole message differs."""
    tshark: str
    """What tshark says; empty if it has nothing there."""
    field: str | None
    """Name of the field here, as in the tree of `dissect`; null if there is none."""
    pmiptrace: str
    """What this program says; empty if it has nothing there."""
    explanation: str | None
    """What is known of the difference; null if nothing explains it."""
    reference: str | None
    """What settles it: RFC and section, or a registry; null if nothing explains it."""


class ComparisonDocument(Struct, frozen=True, kw_only=True):
    """One capture."""

    path: str
    """The file, as it was named on the command line or found in a folder."""
    messages: Count
    """Messages that both decoded."""
    fields: Count
    """Fields that were compared."""
    fields_left_out: Count
    """Fields that were not, as their header or option breaks its format."""
    undecoded: Count
    """Headers of tshark's in frames that could not be decoded here."""
    problem: str | None
    """What tshark said, if it failed; else null."""
    unexplained: tuple[DifferenceDocument, ...]
    """Those that nothing explains: one of the two programs is wrong."""
    explained: tuple[DifferenceDocument, ...]
    """Those that are known, mostly faults of tshark's."""


class CrosscheckDocument(Struct, frozen=True, kw_only=True):
    """All captures."""

    schema_version: SchemaVersion
    tool: Tool
    tshark: str
    """Version of tshark, as `4.0.17`."""
    captures: tuple[ComparisonDocument, ...]
    """Those that could be opened."""


def crosscheck_octets(results: Sequence[Crosscheck], tshark: Tshark) -> bytes:
    """Give the document as it is written."""
    document = CrosscheckDocument(
        schema_version="1.0",
        tool=tool(),
        tshark=tshark.release,
        captures=tuple(map(_comparison, results)),
    )
    return as_json(document)


def _comparison(result: Crosscheck) -> ComparisonDocument:
    return ComparisonDocument(
        path=clean(result.path),
        messages=result.comparison.messages,
        fields=result.comparison.fields,
        fields_left_out=result.comparison.broken,
        undecoded=result.undecoded,
        problem=None if result.problem is None else clean(result.problem),
        unexplained=tuple(map(_difference, result.unexplained)),
        explained=tuple(map(_difference, result.explained)),
    )


def _difference(group: Alike) -> DifferenceDocument:
    first, fault = group.first, group.first.fault
    return DifferenceDocument(
        kind=first.kind,
        count=group.count,
        frame=first.frame,
        message=first.message,
        octet=first.octet,
        tshark_field=first.field or None,
        tshark=clean(first.theirs),
        field=first.ours or None,
        pmiptrace=clean(first.text),
        explanation=None if fault is None else fault.text,
        reference=None if fault is None else fault.reference,
    )
