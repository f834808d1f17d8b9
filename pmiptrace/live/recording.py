"""What is captured kept in a file, or in a ring of files: records as they came, only whole ones."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from struct import unpack_from
from threading import Lock
from typing import BinaryIO

from msgspec import Struct

from pmiptrace.capture.pcap_header import FILE_HEADER, MAGICS, MODIFIED, read_file_header
from pmiptrace.capture.pcapng import BYTE_ORDER
from pmiptrace.capture.records import INTERFACE, SECTION_HEADER
from pmiptrace.capture.scan import RECORD_LIMIT
from pmiptrace.errors import UsageError

_LEAST = 16
"""Octets of a record that tell how long it is."""
_HEAD_LIMIT = 1 << 20
"""Octets that the headers of a file may have."""


class Ring(Struct, frozen=True):
    """Files that take turns: the oldest makes room for the next."""

    files: int
    size: int
    """Octets from which on a file is full."""


class Recording:
    """Keeps the octets of a capture in files that are captures at any moment.

    Each file of a ring has a number and the time of its beginning in its name, as those of dumpcap
    have. Octets that are no records of pcap or pcapng are kept as they come, in the file that is
    the ring's last then.

    Raises `UsageError` if the file cannot be made. What goes wrong later ends the recording, and is
    told in `problem`; what was kept until then stays.
    """

    def __init__(self, path: str, ring: Ring | None = None) -> None:
        self.path = path
        self.problem: str | None = None
        self.octets = 0
        """Octets kept so far, in all files."""
        self._ring = ring
        self._cut = _Cutter()
        self._lock = Lock()
        self._count = 0
        self._size = 0
        self._kept: deque[Path] = deque()
        try:
            self._file: BinaryIO | None = self._next()
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {error.strerror}") from error

    def write(self, octets: bytes) -> None:
        """Take the next octets of the capture; never raises."""
        with self._lock:
            if self._file is None:
                return
            try:
                self._write(self._file, octets)
            except OSError as error:
                self.problem = f"{self.path}: cannot be written on: {error.strerror}"
                with suppress(OSError):
                    self._file.truncate(self._size)
                self._close()

    def close(self) -> None:
        """End the recording; what comes later is not kept."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None

    def _write(self, file: BinaryIO, octets: bytes) -> None:
        batch = bytearray()
        for record in self._cut.take(octets):
            if self._ring is not None and self._size + len(batch) >= self._ring.size:
                self._put(file, batch)
                file.close()
                file = self._file = self._next()
                batch = bytearray(self._cut.head)
                if self._cut.is_head:
                    continue  # it came with the others
            batch += record
        self._put(file, batch)

    def _put(self, file: BinaryIO, batch: bytearray) -> None:
        with memoryview(batch) as view:
            done = 0
            while done < len(view):
                done += file.write(view[done:])
        self._size += len(batch)
        self.octets += len(batch)

    def _next(self) -> BinaryIO:
        """Open the next file; in a ring, remove the one that is too many."""
        path = Path(self.path)
        if self._ring is not None:
            self._count += 1
            began = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
            path = path.with_name(f"{path.stem}_{self._count:05}_{began}{path.suffix}")
        opened = open(path, "wb", buffering=0)  # noqa: PTH123,SIM115  (closed by _close)
        self._size = 0
        self._kept.append(path)
        if self._ring is not None and len(self._kept) > self._ring.files:
            with suppress(OSError):
                os.unlink(self._kept.popleft())  # noqa: PTH108
        return opened


class _Cutter:
    """Cuts octets into the records of a capture."""

    def __init__(self) -> None:
        self.head = b""
        """What every file of these records begins with: headers of file, section and interfaces."""
        self.is_head = False
        """Whether the record given last is part of it."""
        self._held = bytearray()
        self._order = ""
        self._pcap_header = 0
        """Octets of the header of a pcap record; 0 for pcapng."""
        self._is_lost = False
        """Whether what came is no record, so that none can be told any more."""

    def take(self, octets: bytes) -> Iterator[bytes]:
        """Take octets; give the records that are whole with them."""
        self._held += octets
        place = 0
        while (length := self._length(place)) and place + length <= len(self._held):
            record = bytes(self._held[place : place + length])
            place += length
            self._note(record)
            yield record
        del self._held[:place]
        if self._is_lost:
            yield bytes(self._held)
            self._held.clear()

    def _length(self, place: int) -> int:
        """Give the octets of the record at a place; 0 if that is not known (yet)."""
        held = self._held
        left = len(held) - place
        if self._is_lost or left < _LEAST:
            return 0
        if not self.head and bytes(held[:4]) in MAGICS:
            return FILE_HEADER
        if self._pcap_header:
            length = self._pcap_header + int(unpack_from(f"{self._order}I", held, place + 8)[0])
            return self._believed(length, length <= RECORD_LIMIT)
        order = self._order
        if held[place : place + 4] == b"\x0a\x0d\x0d\x0a":
            order = BYTE_ORDER.get(bytes(held[place + 8 : place + 12]), "")
        if not order:
            return self._believed(0, False)
        length = int(unpack_from(f"{order}I", held, place + 4)[0])
        return self._believed(length, length % 4 == 0 and 12 <= length <= RECORD_LIMIT)

    def _believed(self, length: int, is_sensible: bool) -> int:
        self._is_lost = not is_sensible
        return length if is_sensible else 0

    def _note(self, record: bytes) -> None:
        """Keep what all files begin with."""
        self.is_head = True
        if self._pcap_header:
            self.is_head = False
        elif not self.head and record[:4] in MAGICS:
            header = read_file_header(record)
            assert header is not None
            self._pcap_header = 24 if header.magic == MODIFIED else 16
            self._order, self.head = header.order, record
        elif record[:4] == SECTION_HEADER.to_bytes(4):
            self._order, self.head = BYTE_ORDER[record[8:12]], record
        elif unpack_from(f"{self._order}I", record)[0] == INTERFACE:
            self.head += record
            self._is_lost = len(self.head) > _HEAD_LIMIT
        else:
            self.is_head = False
