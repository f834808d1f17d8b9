"""The JSON Schemas of what this project prints, made from the types in `report.document`.

``python -m pmiptrace.report.schema`` writes the files beside this module anew; a test holds the
files against the types.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import json

from pmiptrace.report.cache import CacheDocument, CacheLine
from pmiptrace.report.crosscheck import CrosscheckDocument
from pmiptrace.report.document import SCHEMA_VERSION, ReportDocument
from pmiptrace.report.jsonl import Line
from pmiptrace.report.packets_json import DissectDocument, DissectLine
from pmiptrace.report.readable_json import as_json
from pmiptrace.report.schema.meanings import explain
from pmiptrace.report.stats import StatsDocument

DIALECT = "https://json-schema.org/draft/2020-12/schema"

SCHEMAS: dict[str, tuple[str, Any]] = {
    f"report-{SCHEMA_VERSION}.json": ("Report of pmiptrace analyze --format json", ReportDocument),
    f"jsonl-{SCHEMA_VERSION}.json": ("A line of pmiptrace analyze --format jsonl", Line),
    f"bindings-{SCHEMA_VERSION}.json": (
        "The binding cache of pmiptrace bindings --format json",
        CacheDocument,
    ),
    f"bindings-jsonl-{SCHEMA_VERSION}.json": (
        "A line of pmiptrace bindings --format jsonl",
        CacheLine,
    ),
    f"stats-{SCHEMA_VERSION}.json": ("Statistics of pmiptrace stats --format json", StatsDocument),
    f"dissect-{SCHEMA_VERSION}.json": (
        "Output of pmiptrace dissect --format json",
        DissectDocument,
    ),
    f"dissect-jsonl-{SCHEMA_VERSION}.json": (
        "A line of pmiptrace dissect --format jsonl",
        DissectLine,
    ),
    f"crosscheck-{SCHEMA_VERSION}.json": (
        "Output of pmiptrace crosscheck --format json",
        CrosscheckDocument,
    ),
}
"""File name to title and type."""


def schema(name: str) -> dict[str, Any]:
    """Make the schema of one of `SCHEMAS` from its type."""
    title, described = SCHEMAS[name]
    (top,), components = json.schema_components([described])
    explain(described, components)
    top.pop("discriminator", None)  # OpenAPI's word; validators know it only as unknown
    return {
        "$schema": DIALECT,
        "$id": f"urn:pmiptrace:{name.removesuffix('.json')}",
        "title": title,
        **top,
        "$defs": components,
    }


def schema_file(name: str) -> Path:
    """Give the place of the file that holds the schema."""
    return Path(__file__).with_name(name)


def octets(name: str) -> bytes:
    """Give what the file of a schema shall hold."""
    return as_json(schema(name))
