"""The report as one JSON document, one line per session, exchange and finding.

Such lines are short enough to read and to compare, and a tool for lines finds the one it wants.
The same report always gives the same octets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from msgspec import json

from pmiptrace.analysis import Collection
from pmiptrace.model import Report
from pmiptrace.report.as_document import report_document
from pmiptrace.report.document import ReportDocument

if TYPE_CHECKING:
    from pmiptrace.report.formats import Target


class JsonWriter(Collection):
    """Collects a run, and writes it when it is over."""

    def __init__(self, target: Target) -> None:
        super().__init__()
        self._stream = target.stream

    event = Collection.add

    def finish(self, report: Report) -> None:
        """Write the document."""
        write(self.report(report), self._stream)


def write(report: Report, stream: BinaryIO) -> None:
    """Write a report, as it was narrowed to what is selected, in UTF-8."""
    stream.writelines(encode(report_document(report)))


def encode(document: ReportDocument) -> Iterator[bytes]:
    """Give the octets of a report, piece by piece."""
    separator = b"{\n"
    for name in document.__struct_fields__:
        yield b'%b  "%b": ' % (separator, name.encode())
        value = getattr(document, name)
        if isinstance(value, tuple):
            yield from _lines(value)
        else:
            yield json.encode(value)
        separator = b",\n"
    yield b"\n}\n"


def _lines(items: tuple[object, ...]) -> Iterator[bytes]:
    """Give an array with a line for each of its items."""
    if not items:
        yield b"[]"
        return
    separator = b"[\n    "
    for item in items:
        yield separator
        yield json.encode(item)
        separator = b",\n    "
    yield b"\n  ]"
