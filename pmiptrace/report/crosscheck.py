"""The comparison with tshark as one JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct, json

from pmiptrace.report.document import Tool, clean, tool
from pmiptrace.tshark.compare import Kind
from pmiptrace.tshark.crosscheck import Alike, Crosscheck
from pmiptrace.tshark.program import Tshark


class DifferenceDocument(Struct, frozen=True, kw_only=True):
    """Differences of one kind at the same fields; the first of them in full."""

    kind: Kind
    count: int
    frame: int
    message: str
    octet: int | None
    """From the start of the Mobility Header."""
    tshark_field: str | None
    tshark: str
    field: str | None
    pmiptrace: str
    explanation: str | None
    """Null if no known difference explains it."""
    reference: str | None


class ComparisonDocument(Struct, frozen=True, kw_only=True):
    """One capture."""

    path: str
    messages: int
    fields: int
    fields_left_out: int
    """Fields of options that break their format."""
    undecoded: int
    """Headers of tshark's in frames that could not be decoded here."""
    problem: str | None
    """What tshark said, if it failed."""
    unexplained: tuple[DifferenceDocument, ...]
    explained: tuple[DifferenceDocument, ...]


class CrosscheckDocument(Struct, frozen=True, kw_only=True):
    """All captures."""

    schema_version: Literal["1.0"]
    tool: Tool
    tshark: str
    """Its version."""
    captures: tuple[ComparisonDocument, ...]


def crosscheck_octets(results: Sequence[Crosscheck], tshark: Tshark) -> bytes:
    """Give the document as it is written."""
    document = CrosscheckDocument(
        schema_version="1.0",
        tool=tool(),
        tshark=tshark.release,
        captures=tuple(map(_comparison, results)),
    )
    return json.format(json.encode(document), indent=2) + b"\n"


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
