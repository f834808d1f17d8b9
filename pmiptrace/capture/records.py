"""Records of a capture file as octets, to write them again as they were or with one thing changed.

What is not changed stays as it is, bit for bit. That is why records are not decoded and encoded:
options, name resolution, statistics and blocks that nobody here knows pass through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct as Packing
from struct import pack, unpack_from

from msgspec import Struct

from pmiptrace.capture.pcap_header import FileHeader
from pmiptrace.errors import EncodeError
from pmiptrace.model import Frame

PCAP_RECORD = -1
"""In place of a block type, for the records of pcap."""
SECTION_HEADER = 0x0A0D0D0A
"""Block type of pcapng; it reads the same in both byte orders."""
INTERFACE, PACKET, SIMPLE_PACKET, INTERFACE_STATISTICS, ENHANCED_PACKET = 1, 2, 3, 5, 6
DECRYPTION_SECRETS = 10

OPTION_COMMENT = 1
_COMMENT_LIMIT = 65535
_OPTIONS_AT = {SECTION_HEADER: 24, INTERFACE: 16}


class Record(Struct, frozen=True):
    """A record of pcap or a block of pcapng, whole, with its headers."""

    kind: int
    """Block type; `PCAP_RECORD` in a pcap file."""
    order: str
    """``<`` or ``>``: its byte order."""
    octets: bytes
    number: int | None = None
    """Of the frame, if it is one or counts as one."""
    frame: Frame | None = None
    """Present where it was asked for."""

    @property
    def packet_start(self) -> int:
        """Where the packet begins in the octets, for a record that has one."""
        if self.kind == PCAP_RECORD:
            return len(self.octets) - self.captured
        return 12 if self.kind == SIMPLE_PACKET else 28

    @property
    def captured(self) -> int:
        """Octets of the packet that were captured, those of a frame check sequence included."""
        if self.kind == PCAP_RECORD:
            return int(unpack_from(f"{self.order}I", self.octets, 8)[0])
        if self.kind == SIMPLE_PACKET:
            return len(self.octets) - 16 if self.frame is None else len(self.frame.data)
        return int(unpack_from(f"{self.order}I", self.octets, 20)[0])


def with_packet(record: Record, packet: bytes) -> bytes:
    """Give a record with another packet in it, of any length, and without options.

    Original length and time stay. A Simple Packet Block, which does not say how much was captured,
    is filled up with zeros.
    """
    octets, order, start = record.octets, record.order, record.packet_start
    if record.kind == PCAP_RECORD:
        return octets[:8] + pack(f"{order}I", len(packet)) + octets[12:start] + packet
    padded = packet + bytes(-len(packet) % 4)
    if record.kind == SIMPLE_PACKET:
        return octets[:start] + packet.ljust(len(octets) - 16, b"\0") + octets[-4:]
    body = octets[8:20] + pack(f"{order}I", len(packet)) + octets[24:28] + padded
    return _block(order, octets[:4], body)


def with_comments(record: Record, comments: Iterable[str]) -> bytes | None:
    """Give a packet block with further comments; None if its kind cannot hold any.

    They go before the options that it has. Comments longer than an option can be are cut.
    """
    if record.kind not in (ENHANCED_PACKET, PACKET):
        return None
    octets, order = record.octets, record.order
    end = record.packet_start + (record.captured + 3 & ~3)
    options = octets[end:-4]
    added = b"".join(_option(order, OPTION_COMMENT, _comment(text)) for text in comments)
    return _block(order, octets[:4], octets[8:end] + added + (options or bytes(4)))


def with_options(record: Record, keep: frozenset[int]) -> bytes:
    """Give a Section Header or Interface Description Block with only some of its options."""
    octets, order, start = record.octets, record.order, _OPTIONS_AT[record.kind]
    kept = [(code, value) for code, value in options(octets[start:-4], order) if code in keep]
    added = b"".join(_option(order, code, value) for code, value in kept)
    return _block(order, octets[:4], octets[8:start] + added + (bytes(4) if added else b""))


def open_section(octets: bytes) -> bytes:
    """Give a Section Header Block that does not say how long its section is.

    What the length said is wrong once a block of the section has another length.
    """
    return octets[:16] + b"\xff" * 8 + octets[24:]


def section_of(order: str) -> bytes:
    """Give a Section Header Block without options (pcapng 1.0)."""
    body = pack(f"{order}IHH", 0x1A2B3C4D, 1, 0) + b"\xff" * 8
    return _block(order, pack(f"{order}I", SECTION_HEADER), body)


def interface_of(header: FileHeader) -> bytes:
    """Give the Interface Description Block that says what a pcap file header says."""
    order = header.order
    resolution = 9 if header.has_nanoseconds else 6
    added = _option(order, 9, bytes((resolution,)))
    if header.fcs:
        added += _option(order, 13, bytes((header.fcs,)))
    body = pack(f"{order}HHI", header.link_type, 0, header.snap_length) + added + bytes(4)
    return _block(order, pack(f"{order}I", INTERFACE), body)


def packet_of(record: Record, header: FileHeader) -> Record:
    """Give the Enhanced Packet Block for a record of pcap: same time, lengths and octets."""
    order, octets = record.order, record.octets
    seconds, fraction, captured, original = unpack_from(f"{order}4I", octets)
    units = seconds * (1_000_000_000 if header.has_nanoseconds else 1_000_000) + fraction
    packet = octets[record.packet_start :]
    body = pack(f"{order}5I", 0, units >> 32, units & 0xFFFFFFFF, captured, original)
    block = _block(
        order, pack(f"{order}I", ENHANCED_PACKET), body + packet + bytes(-len(packet) % 4)
    )
    return Record(ENHANCED_PACKET, order, block, record.number, record.frame)


def options(octets: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Give code and value of the options in `octets`, as far as they are whole."""
    head = Packing(f"{order}HH").unpack_from
    at = 0
    while at + 4 <= len(octets):
        code, length = head(octets, at)
        if code == 0 or at + 4 + length > len(octets):
            return
        yield code, octets[at + 4 : at + 4 + length]
        at += 4 + (length + 3 & ~3)


def _block(order: str, kind: bytes, body: bytes) -> bytes:
    length = 12 + len(body)
    if length > 0xFFFFFFFF:
        raise EncodeError("a block of pcapng holds 4 GiB")
    word = pack(f"{order}I", length)
    return kind + word + body + word


def _option(order: str, code: int, value: bytes) -> bytes:
    return pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)


def _comment(text: str) -> bytes:
    return (
        text.encode("utf-8", "backslashreplace")[:_COMMENT_LIMIT].decode(errors="ignore").encode()
    )
