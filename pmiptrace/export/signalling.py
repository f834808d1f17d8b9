"""The signalling of a capture alone: small enough to send, and nobody's user traffic in it.

A first reading tells which frames those are, since a fragment shows only later what it is part of;
a second one copies them as they are, in the container that they came in, with all that it says of
them: interfaces, options, comments. Frames with ESP are left out: they are user traffic mostly, and
nothing of them can be read.

The first and the last packet of the capture stay even if they are none, without their octets: how
long was captured without seeing a message is evidence too.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import BinaryIO

from msgspec import Struct

from pmiptrace.capture.reader import CaptureReader
from pmiptrace.capture.records import (
    DECRYPTION_SECRETS,
    ENHANCED_PACKET,
    PACKET,
    PCAP_RECORD,
    SECTION_HEADER,
    Record,
    open_section,
    with_packet,
)
from pmiptrace.model import Datagram, Problem, Undecoded
from pmiptrace.packet.decoder import PacketDecoder


class FrameSet:
    """A set of frame numbers, one bit each: captures have many million frames."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, number: int) -> None:
        """Take a number in."""
        place = number >> 3
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 1 - len(self._bits)))
        self._bits[place] |= 1 << (number & 7)

    def update(self, numbers: Iterable[int]) -> None:
        """Take numbers in."""
        for number in numbers:
            self.add(number)

    def __contains__(self, number: object) -> bool:
        if not isinstance(number, int):
            return False
        place = number >> 3
        return place < len(self._bits) and bool(self._bits[place] >> (number & 7) & 1)


class Survey(Struct, frozen=True):
    """Which frames of a capture carry signalling."""

    frames: FrameSet
    groups: tuple[tuple[int, ...], ...]
    """Frames that hold the fragments of one packet, put together or not."""
    ends: frozenset[int]
    """The first and the last frame of the capture."""
    problems: tuple[Problem, ...]
    esp_frames: int


class Exported(Struct, frozen=True):
    """What was written of a capture."""

    frames: int
    """Frames with signalling."""
    left_out: int = 0
    """Frames with signalling that could not be written as they were asked for."""
    esp_frames: int = 0
    problems: tuple[Problem, ...] = ()


def survey(path: str) -> Survey:
    """Read a capture for the frames with signalling, whole or not, decodable or not.

    Raises `CaptureError` if it cannot be opened.
    """
    frames = FrameSet()
    groups: list[tuple[int, ...]] = []
    decoder = PacketDecoder()
    with CaptureReader(path) as reader:
        for found in _found(reader, decoder):
            numbers = found.fragments or (found.frame.number,)
            frames.update(numbers)
            if found.fragments:
                groups.append(found.fragments)
        ends = frozenset({1, reader.last_number})
        return Survey(frames, tuple(groups), ends, reader.info.problems, reader.esp_frames)


def _found(reader: CaptureReader, decoder: PacketDecoder) -> Iterator[Datagram | Undecoded]:
    for frame in reader:
        for found in decoder.decode(frame):
            if isinstance(found, Datagram) or found.kind != "esp":
                yield found
    yield from decoder.flush()


def emptied(record: Record) -> bytes:
    """Give a packet's record without its octets, which still tells when something was captured.

    Nothing for the kinds that have no time or cannot be without octets.
    """
    if record.kind not in (PCAP_RECORD, PACKET, ENHANCED_PACKET):
        return b""
    return with_packet(record, b"")


def write_signalling(path: str, stream: BinaryIO) -> Exported:
    """Write the signalling of a capture in the format of the capture.

    Secrets for decryption are left out, for what they decrypt is. Raises `CaptureError` if it
    cannot be opened.
    """
    found = survey(path)
    with CaptureReader(path, every_frame=True) as reader:
        count = _copy(reader, stream, found.frames, found.ends)
    return Exported(count, 0, found.esp_frames, found.problems)


def write_frames(path: str, frames: Container[int], stream: BinaryIO) -> int:
    """Write the frames with some numbers in the same way; give how many that were.

    Raises `CaptureError` if the capture cannot be opened.
    """
    with CaptureReader(path, every_frame=True) as reader:
        return _copy(reader, stream, frames)


def _copy(
    reader: CaptureReader,
    stream: BinaryIO,
    frames: Container[int],
    ends: Container[int] = frozenset(),
) -> int:
    """Copy some frames, with what belongs to none; those at the `ends` without their octets."""
    count = 0
    stream.write(reader.head)
    for record in reader.records(lambda number: False):
        if record.kind == SECTION_HEADER:
            stream.write(open_section(record.octets))
        elif record.number is None:
            if record.kind != DECRYPTION_SECRETS:
                stream.write(record.octets)
        elif record.number in frames:
            stream.write(record.octets)
            count += 1
        elif record.number in ends:
            stream.write(emptied(record))
    return count
