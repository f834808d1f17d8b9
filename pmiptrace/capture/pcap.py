"""The pcap format (draft-ietf-opsawg-pcap), in all variants that libpcap writes.

.. code-block:: text

    record header
    +-------------------------------+
    |      Timestamp (Seconds)      |
    +-------------------------------+
    | Timestamp (Micro-/Nanoseconds)|
    +-------------------------------+
    |    Captured Packet Length     |
    +-------------------------------+
    |    Original Packet Length     |     The modified format adds interface index (32 bits),
    +-------------------------------+     protocol (16), packet type (8) and padding (8).

The file header before the records is that of `pmiptrace.capture.pcap_header`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from struct import Struct as Packing

from pmiptrace.capture.candidates import ESP, Buffer, examine
from pmiptrace.capture.pcap_header import MODIFIED, NANOSECONDS, FileHeader
from pmiptrace.capture.records import PCAP_RECORD
from pmiptrace.capture.scan import RECORD_LIMIT, Hit, RecordFormat, Shape, Stop
from pmiptrace.capture.scanner import scanner
from pmiptrace.capture.segments import PcapLayout
from pmiptrace.capture.walk import Walk, word_pattern
from pmiptrace.capture.window import Window
from pmiptrace.model import SECOND, Frame

USUAL_LIMIT = 262144
"""Octets that a record may have whatever its file says: the largest snap length of libpcap."""
_DAY = 86400
"""Seconds by which records in a row may differ."""
_SECONDS_LEAST = 1_000_000
"""Seconds since 1970 that cannot be mistaken for microseconds."""
_CHAIN = 3
"""Record headers in a row that must be plausible to take up reading again."""


class PcapWalk(Walk):
    """The walk over a pcap file."""

    format = "pcap"
    record = "record"

    def __init__(self, window: Window, header: FileHeader, capture: int, every: bool) -> None:
        super().__init__(window, capture, every)
        modified = header.magic == MODIFIED
        layout = "4x3I8x" if modified else "4x3I"  # without the seconds
        little = header.order == "<"
        self.header = header
        self._scan_records = scanner().pcap
        self._unpack = Packing(f"{header.order}4I").unpack_from
        self._unit = 1 if header.magic == NANOSECONDS else 1000
        self._form = RecordFormat(
            header=24 if modified else 16,
            shape=Shape(header.order, layout, header.link_type),
            limit=min(max(header.snap_length, USUAL_LIMIT), RECORD_LIMIT),
            magic=header.magic.to_bytes(4, "little" if little else "big"),
        )
        # From the second word of a record header on; a lookahead, as matches may overlap.
        self._search_for = re.compile(
            b"(?s)(?="
            + word_pattern(SECOND // self._unit, header.order)
            + rb"(?!\x00{4})"
            + word_pattern(self._form.limit, header.order)
            + word_pattern(self._form.limit, header.order)
            + b")"
        )

    @classmethod
    def resumed(cls, window: Window, layout: PcapLayout) -> PcapWalk:
        """Give a walk in the middle of a file, to tell frames apart but not to make any."""
        walk = cls(window, layout.header, 0, every=False)
        walk.first_time = None if layout.seconds is None else layout.seconds * SECOND
        return walk

    @property
    def order(self) -> str:
        """Byte order of the records, as `struct` names it."""
        return self.header.order

    def _kind(self, position: int) -> int:
        return PCAP_RECORD

    def layout(self) -> PcapLayout:
        """Give what a segment of the file is read by."""
        if self.first_time is not None:
            return PcapLayout(self.header, self.first_time // SECOND)
        if not self.window.load(self._form.header):
            return PcapLayout(self.header)
        seconds, _, _, _ = self._unpack(self.window.buffer, self.window.position)
        return PcapLayout(self.header, seconds)

    def _scan(self, hits: list[Hit], end: int) -> tuple[int, Stop]:
        window = self.window
        return self._scan_records(window.buffer, window.position, end, self._form, self.tally, hits)

    def _time(self, buffer: Buffer, position: int) -> int | None:
        seconds, fraction, _, _ = self._unpack(buffer, position)
        return int(seconds * SECOND + fraction * self._unit)

    def _extent(self, buffer: Buffer, position: int) -> int:
        _, _, captured, _ = self._unpack(buffer, position)
        return self._form.header + int(captured)

    def _is_esp(self, record: bytes) -> bool:
        return examine(record, self._form.header, len(record), self.header.link_type) == ESP

    def _frame(self, number: int, buffer: Buffer, position: int) -> Frame:
        seconds, fraction, captured, original = self._unpack(buffer, position)
        # Some writers give less as the original length than they captured.
        wire = max(original, captured) - self.header.fcs
        start = position + self._form.header
        data = bytes(buffer[start : start + max(0, min(captured, wire))])
        return Frame(
            self.capture,
            number,
            seconds * SECOND + fraction * self._unit,
            self.header.link_type,
            data,
            max(wire, 0),
        )

    def _other(self) -> tuple[Frame | None, bool]:
        raise AssertionError("a pcap file has records only")

    def _candidates(self, position: int, stop: int, edge: int) -> Iterator[int]:
        for match in self._search_for.finditer(self.window.buffer, position + 4, edge):
            place = match.start() - 4
            if place >= stop:
                break
            if self._plausible(place, edge):
                yield place

    def _datable(self, seconds: int) -> bool:
        """Tell whether a number can be the seconds of a record, and not microseconds.

        Without that, a chain of records would look the same four octets off: what is taken for
        the seconds is then the fraction, and the two equal lengths stand for each other.
        """
        known = [time // SECOND for time in (self.first_time, self.last_time) if time is not None]
        return seconds >= _SECONDS_LEAST or any(abs(seconds - time) < _DAY for time in known)

    def _plausible(self, place: int, edge: int) -> bool:
        """Tell whether records follow one another from here, or end exactly where the file does."""
        window, form = self.window, self._form
        fractions = SECOND // self._unit
        previous = None
        for _ in range(_CHAIN):
            if place == edge == window.end and window.at_end and previous is not None:
                return True
            if place + form.header > edge:
                return False
            seconds, fraction, captured, original = self._unpack(window.buffer, place)
            if not 0 < captured <= form.limit or fraction >= fractions:
                return False
            if not captured <= original <= form.limit or not self._datable(seconds):
                return False
            if previous is not None and abs(seconds - previous) > _DAY:
                return False
            previous = seconds
            place += form.header + captured
        return True
