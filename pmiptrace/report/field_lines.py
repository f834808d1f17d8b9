"""Fields of packets as columns of text for scripts: a line per packet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import BinaryIO

from pmiptrace.report.columns import Column, cell
from pmiptrace.report.packets import Packet


class FieldLines:
    """Writes the values of some fields, a line per packet, in UTF-8.

    `separator` stands between fields; `header` has their names come first; `flush` sends each line
    on its way at once.
    """

    def __init__(
        self,
        stream: BinaryIO,
        columns: Sequence[Column],
        *,
        separator: str = "\t",
        header: bool = False,
        flush: bool = False,
    ) -> None:
        self._stream = stream
        self._columns = columns
        self._separator = separator
        self._flush = flush
        if header:
            self._write(column.field.name for column in columns)

    def packet(self, packet: Packet) -> None:
        """Write a line."""
        self._write(cell(column, packet, self._separator) for column in self._columns)

    def _write(self, cells: Iterable[str]) -> None:
        self._stream.write(self._separator.join(cells).encode("utf-8", "backslashreplace") + b"\n")
        if self._flush:
            self._stream.flush()
