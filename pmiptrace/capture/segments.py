"""Segments of a capture: what those are told who scan one, and what they find in it."""

from __future__ import annotations

from msgspec import Struct

from pmiptrace.capture.pcap_header import FileHeader


class PcapLayout(Struct, frozen=True, tag=True):
    """What must be known of a pcap file to read on in the middle of it."""

    header: FileHeader
    seconds: int | None = None
    """Seconds since 1970 of a packet of the file."""


class PcapngLayout(Struct, frozen=True, tag=True):
    """What must be known of a pcapng section to read on in the middle of it."""

    order: str
    link_types: list[int]
    """Of its interfaces, in order; -1 where a description could not be read."""


Layout = PcapLayout | PcapngLayout


class Segment(Struct, frozen=True):
    """What a worker is told: the stretch of a file to scan, and what to know of the file."""

    path: bytes
    identity: str
    """That of the file when the walk opened it; another may have its name by now."""
    layout: Layout
    start: int
    stop: int
    known: bool = False
    """Whether a record begins at `start`."""
    esp: int = 0
    """The least number of frames with ESP before it."""


class Scanned(Struct, frozen=True):
    """What a scan found in a chain of records: from `first` to `end` in the file, without a gap."""

    first: int
    end: int
    """Where the next record begins, unless the file ends or is damaged there."""
    frames: int
    esp: int
    first_head: bytes
    """The first octets of the first record."""
    last_head: bytes
    """The first octets of the last record."""
    hits: list[tuple[int, bytes]]
    """The records that may hold signalling, whole, with the numbers of their frames from 1 on."""
