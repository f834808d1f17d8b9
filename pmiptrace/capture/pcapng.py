"""The pcapng format (draft-ietf-opsawg-pcapng).

.. code-block:: text

    +-------------------------------+
    |          Block Type           |   Sections of either byte order follow one another, each with
    +-------------------------------+   interfaces of its own. Packets are in Enhanced, Simple and
    |      Block Total Length       |   (obsolete) Packet Blocks; other blocks are passed over.
    +-------------------------------+
    /          Block Body           /   A body ends with options: code (16 bits), length (16),
    +-------------------------------+   value, padded to 32 bits.
    |      Block Total Length       |
    +-------------------------------+
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from struct import Struct as Packing
from struct import unpack_from
from typing import Any

from msgspec import Struct

from pmiptrace.capture.candidates import ESP, REJECT, Buffer, examine
from pmiptrace.capture.records import (
    ENHANCED_PACKET,
    INTERFACE,
    INTERFACE_STATISTICS,
    PACKET,
    SECTION_HEADER,
    SIMPLE_PACKET,
    options,
)
from pmiptrace.capture.scan import (
    ENHANCED_PACKET_HEADER,
    ESP_LIMIT,
    RECORD_LIMIT,
    UNKNOWN,
    Hit,
    Shape,
    Stop,
)
from pmiptrace.capture.scanner import scanner
from pmiptrace.capture.segments import PcapngLayout
from pmiptrace.capture.walk import Walk, sensible_time, word_pattern
from pmiptrace.capture.window import Window
from pmiptrace.model import SECOND, Frame

_PACKET_BLOCKS = {PACKET: 32, SIMPLE_PACKET: 16, ENHANCED_PACKET: 32}
"""Block types with a packet, and their least length."""
_NUMBERED = frozenset({9, 0xBAD, 0x40000BAD, 0x204, 0x216, 0x221})
"""Blocks that hold no packet but have a frame number in Wireshark: journal, custom, sysdig."""
_DESCRIPTIONS = frozenset({SECTION_HEADER, INTERFACE, 4, 5, 10})
"""Blocks that may come before the first packet: also names, statistics and secrets."""
_KNOWN = frozenset({SECTION_HEADER, *range(1, 11)})
"""Block types that a search behind damage takes for a block."""
_SEARCH_FOR = {
    order: re.compile(
        rb"(?s)(?=(?:" + word_pattern(10, order) + rb"(?<!\x00{4})"
        + word_pattern(RECORD_LIMIT, order) + rb"|\x0a\x0d\x0d\x0a))"
    )
    for order in "<>"
}  # fmt: skip
"""What a search behind damage looks at: low block types with a believable length, sections."""
BYTE_ORDER = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
SECTION_LEAST, _INTERFACE_LEAST, _STATISTICS_LEAST = 28, 20, 24
"""Octets of the smallest Section Header, Interface Description and Statistics Blocks."""
_OPTION_RESOLUTION, _OPTION_FCS, _OPTION_OFFSET = 9, 13, 14
_OPTION_DROPS = (5, 7)
"""Of Interface Statistics Blocks: packets that the interface, and the system, had no room for."""
_OPTION_FLAGS = 2
"""Of Enhanced Packet and Packet Blocks: bits 5 to 8 are the octets of the FCS, if not zero."""
_INTERFACE_LIMIT = 65536
"""Interfaces of one section; more are only in a file that was made to fill the memory."""
_SEGMENT_INTERFACES = 1024
"""Interfaces beyond which a section is not read ahead: each of its segments is told of them all."""


class Interface(Struct, frozen=True):
    """What an Interface Description Block says of the packets captured there."""

    shape: Shape
    """Its link type is -1 if the description could not be read."""
    snap_length: int = 0
    units: int = 1_000_000
    """Time units per second."""
    offset: int = 0
    """Nanoseconds to add to its times."""
    fcs: int = 0
    """Octets of the frame check sequence at the end of each frame."""

    def time(self, units: int) -> int | None:
        """Give nanoseconds since 1970; None if no calendar date can be given for it."""
        return sensible_time(units * SECOND // self.units + self.offset)


def read_interface(block: bytes, order: str) -> Interface:
    """Decode an Interface Description Block, whole; an unreadable one has link type -1."""
    if len(block) < _INTERFACE_LEAST:
        return Interface(UNKNOWN[order])
    link_type, snap_length = unpack_from(f"{order}8xH2xI", block)
    units, offset, fcs = 1_000_000, 0, 0
    endian: Any = "little" if order == "<" else "big"
    for code, value in options(block[16:-4], order):
        if code == _OPTION_RESOLUTION and value:
            units = (2 if value[0] & 0x80 else 10) ** (value[0] & 0x7F)
        elif code == _OPTION_OFFSET and len(value) == 8:
            offset = int.from_bytes(value, endian, signed=True) * SECOND
        elif code == _OPTION_FCS and value:
            # Specified in bits, but its own example and many writers mean octets.
            fcs = value[0] // 8 if value[0] >= 8 else value[0]
    shape = Shape(order, ENHANCED_PACKET_HEADER, link_type)
    return Interface(shape, snap_length, units, offset, fcs)


def read_section(block: bytes, order: str) -> int | None:
    """Decode a Section Header Block, whole or not; give its major version, None if it has none."""
    if len(block) < SECTION_LEAST:
        return None
    (version,) = unpack_from(f"{order}12xH", block)
    return int(version)


class _Packet(Struct, frozen=True):
    """Where the parts of a packet block are."""

    interface: int
    time: int | None
    start: int
    captured: int
    original: int
    fcs: int


class PcapngWalk(Walk):
    """The walk over a pcapng file."""

    format = "pcapng"
    record = "block"

    def __init__(self, window: Window, capture: int, every: bool) -> None:
        super().__init__(window, capture, every)
        self._scan_blocks = scanner().pcapng
        self._earlier = 0
        """Interfaces of the sections before this one."""
        self._interfaces: list[Interface] = []
        self._begin("<")

    def _begin(self, order: str) -> None:
        """Begin a section."""
        self._order = order
        self._word = Packing(f"{order}I").unpack_from
        self._head = Packing(f"{order}7I").unpack_from
        self._earlier += len(self._interfaces)
        self._interfaces = []
        self._shapes: list[Shape] = []

    @classmethod
    def resumed(cls, window: Window, layout: PcapngLayout) -> PcapngWalk:
        """Give a walk in the middle of a section, to tell frames apart but not to make any."""
        walk = cls(window, 0, every=False)
        order = layout.order
        walk._begin(order)
        walk._shapes = [
            UNKNOWN[order] if number < 0 else Shape(order, ENHANCED_PACKET_HEADER, number)
            for number in layout.link_types
        ]
        return walk

    @property
    def order(self) -> str:
        """Byte order of the present section, as `struct` names it."""
        return self._order

    def _kind(self, position: int) -> int:
        (kind,) = self._word(self.window.buffer, position)
        return int(kind)

    def layout(self) -> PcapngLayout | None:
        """Give what a segment of this section is read by; None if there is too much of it."""
        if len(self._shapes) > _SEGMENT_INTERFACES:
            return None
        return PcapngLayout(self._order, [shape.link_type for shape in self._shapes])

    def _describe(self) -> bool:
        window = self.window
        while window.load(12) and self._word(window.buffer, window.position)[0] in _DESCRIPTIONS:
            _, going = self._other()
            if not going:
                return False
        return True

    def _scan(self, hits: list[Hit], end: int) -> tuple[int, Stop]:
        window = self.window
        return self._scan_blocks(
            window.buffer, window.position, end, self._order, self._shapes, self.tally, hits
        )

    def _time(self, buffer: Buffer, position: int) -> int | None:
        _, _, number, high, low, _, _ = self._head(buffer, position)
        interface: Interface = self._interfaces[number]
        return interface.time(high << 32 | low)

    def _extent(self, buffer: Buffer, position: int) -> int:
        (length,) = self._word(buffer, position + 4)
        return int(length)

    def _is_esp(self, record: bytes) -> bool:
        packet = self._packet(record, 0)
        link_type = self._interfaces[packet.interface].shape.link_type
        return examine(record, packet.start, packet.start + packet.captured, link_type) == ESP

    def _frame(self, number: int, buffer: Buffer, position: int) -> Frame:
        packet = self._packet(buffer, position)
        interface = self._interfaces[packet.interface]
        wire = max(packet.original, packet.captured) - packet.fcs
        data = buffer[packet.start : packet.start + max(0, min(packet.captured, wire))]
        return Frame(
            self.capture,
            number,
            packet.time,
            interface.shape.link_type,
            bytes(data),
            max(wire, 0),
            self._earlier + packet.interface,
        )

    def _packet(self, buffer: Buffer, position: int) -> _Packet:
        """Take a packet block apart whose lengths were found right."""
        kind, length, number, high, low, captured, original = self._head(buffer, position)
        if kind == SIMPLE_PACKET:
            interface = self._interfaces[0]
            captured = self._simple_captured(length, number, interface)
            return _Packet(0, None, position + 12, captured, number, interface.fcs)
        if kind == PACKET:
            number = self._packet_interface(number)
        interface = self._interfaces[number]
        fcs = interface.fcs
        behind, end = position + 28 + (captured + 3 & ~3), position + length - 4
        if behind < end:  # most packets have no options
            for code, value in options(bytes(buffer[behind:end]), self._order):
                if code == _OPTION_FLAGS and len(value) == 4:
                    (flags,) = self._word(value)
                    fcs = flags >> 5 & 0xF or fcs
        time = interface.time(high << 32 | low)
        return _Packet(number, time, position + 28, captured, original, fcs)

    def _simple_captured(self, length: int, original: int, interface: Interface) -> int:
        return min(original, interface.snap_length or original, length - 16)

    def _packet_interface(self, word: int) -> int:
        """Give the interface of a Packet Block: 16 bits of a word whose other half counts drops."""
        return word & 0xFFFF if self._order == "<" else word >> 16

    def _other(self) -> tuple[Frame | None, bool]:
        window = self.window
        place = window.position
        (kind,) = self._word(window.buffer, place)
        order = self._order
        if kind == SECTION_HEADER:
            found = BYTE_ORDER.get(bytes(window.buffer[place + 8 : place + 12]))
            if found is None:
                return None, self._search()
            order = found
        word = Packing(f"{order}I").unpack_from
        (length,) = word(window.buffer, place + 4)
        if length & 3 or not 12 <= length <= RECORD_LIMIT:
            return None, self._search()
        if not window.load(length):
            return None, self._finish()
        place = window.position
        if word(window.buffer, place + length - 4) != (length,):
            return None, self._search()
        frame, going = None, True
        if kind == SECTION_HEADER:
            going = self._open_section(bytes(window.buffer[place : place + length]), order)
        elif kind == INTERFACE:
            going = self._add_interface(bytes(window.buffer[place : place + length]))
        elif kind in _PACKET_BLOCKS:
            frame, going = self._take_packet(kind, length)
        elif kind == INTERFACE_STATISTICS:
            self._count_drops(bytes(window.buffer[place : place + length]))
        elif kind in _NUMBERED:
            self.tally.number += 1
            self.tally.others += 1
        window.position = place + length
        return frame, going

    def _open_section(self, block: bytes, order: str) -> bool:
        version = read_section(block, order)
        if version != 1:
            self._damage(f"pcapng version {version} is not known: not read on", "unsupported")
            return False
        self._begin(order)
        self._changed()
        return True

    def _add_interface(self, block: bytes) -> bool:
        interface = read_interface(block, self._order)
        going = True
        if interface.shape.link_type < 0:
            self._damage("this Interface Description Block is too short")
            going = self._bearable()
        if len(self._interfaces) < _INTERFACE_LIMIT:
            self._interfaces.append(interface)
            self._shapes.append(interface.shape)
            self._changed()
        return going

    def _count_drops(self, block: bytes) -> None:
        """Take the counters of an Interface Statistics Block; they count from the beginning on."""
        if len(block) < _STATISTICS_LEAST:
            return
        (interface,) = self._word(block, 8)
        counters = [
            unpack_from(f"{self._order}Q", value)[0]
            for code, value in options(block[20:-4], self._order)
            if code in _OPTION_DROPS and len(value) == 8
        ]
        if counters and interface < len(self._interfaces):
            self.drops[self._earlier + interface] = sum(counters)

    def _take_packet(self, kind: int, length: int) -> tuple[Frame | None, bool]:
        """Count the packet in the block at the window's position, and make its frame if wanted."""
        window, tally = self.window, self.tally
        _, _, number, _, _, captured, _ = self._head(window.buffer, window.position)
        if kind == SIMPLE_PACKET:
            number, captured = 0, 0
        elif kind == PACKET:
            number = self._packet_interface(number)
        if length < _PACKET_BLOCKS[kind] or captured > length - _PACKET_BLOCKS[kind]:
            self._damage("this block is too short for its packet")
        elif number >= len(self._interfaces) or self._interfaces[number].shape.link_type < 0:
            self._damage(f"interface {number} of this packet has no readable description")
        else:
            return self._wanted(), True
        tally.number += 1
        return None, self._bearable()

    def _wanted(self) -> Frame | None:
        place, tally = self.window.position, self.tally
        packet = self._packet(self.window.buffer, place)
        tally.number += 1
        self._clock(packet.time)
        if not tally.every:
            link_type = self._interfaces[packet.interface].shape.link_type
            end = packet.start + packet.captured
            verdict = examine(self.window.buffer, packet.start, end, link_type)
            if verdict == ESP:
                tally.esp += 1
            if verdict == REJECT or (verdict == ESP and tally.esp > ESP_LIMIT):
                return None
        return self._frame(tally.number, self.window.buffer, place)

    def _candidates(self, position: int, stop: int, edge: int) -> Iterator[int]:
        buffer = self.window.buffer
        pair = Packing(f"{self._order}II").unpack_from
        search_for = _SEARCH_FOR[self._order]
        for match in search_for.finditer(buffer, position, min(stop + 8, edge)):
            place = match.start()
            kind, length = pair(buffer, place)
            if kind not in _KNOWN:
                continue
            word = self._word
            if kind == SECTION_HEADER:
                order = BYTE_ORDER.get(bytes(buffer[place + 8 : place + 12]))
                if order is None:
                    continue
                word = Packing(f"{order}I").unpack_from
                (length,) = word(buffer, place + 4)
            if length & 3 or length < 12 or place + length > edge:
                continue
            if word(buffer, place + length - 4) == (length,):
                yield place
