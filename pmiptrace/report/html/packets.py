"""The packets behind findings: kept while an analysis runs, then taken apart for the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from pmiptrace.model import Finding, Frame, Message, Moment, Report, Span, Step, Undecoded
from pmiptrace.packet.layers import layers
from pmiptrace.wire.dialect import Dialect
from pmiptrace.wire.tree import Node, dissect

Place = tuple[int, int]
"""A capture and a frame of it."""

_KEPT = 4096
"""Packets that are kept of an analysis."""
_OCTETS = 1024
"""Octets of a packet that are shown."""
_LINE = 16


class PacketStore:
    """Keeps the packets that findings are about, the first ones if there are very many.

    It is an `pmiptrace.analysis.Observer`: the report itself holds messages of exchanges only.
    """

    def __init__(self) -> None:
        self._messages: dict[Place, Message] = {}
        self._frames: dict[Place, Frame] = {}

    def __call__(
        self, seen: Message | Step | Undecoded | None, findings: Sequence[Finding]
    ) -> None:
        """Look at what an analysis has seen, and what it found in it."""
        if not findings or len(self._messages) + len(self._frames) >= _KEPT:
            return
        message = seen.message if isinstance(seen, Step) else seen
        if isinstance(message, Undecoded):
            self._frames[message.frame.capture, message.frame.number] = message.frame
        elif message is not None:
            self._messages[place_of(message)] = message

    def find(self, places: Iterable[Place], report: Report) -> dict[Place, Message | Frame]:
        """Give the packets at some places, as far as they are known here or to the report."""
        wanted = dict.fromkeys(places)
        found: dict[Place, Message | Frame] = {}
        for exchange in report.exchanges:
            for message in (exchange.request, exchange.answered, exchange.reply):
                if message is not None and place_of(message) in wanted:
                    found[place_of(message)] = message
        for known in (self._messages, self._frames):
            found.update((place, known[place]) for place in wanted if place in known)
        return {place: found[place] for place in wanted if place in found}


def place_of(message: Message | Moment) -> Place:
    """Give where a message is."""
    if isinstance(message, Moment):
        return message.capture, message.frame or 0
    return message.frame.capture, message.frame.number


class Field(Struct, frozen=True):
    """A line of the tree of a packet."""

    depth: int
    label: str
    text: str
    bits: str
    octets: str
    """Which octets of the frame, or of the packet put together, as ``58..59``."""
    reference: str
    marked: bool
    """Whether a finding is about it."""
    is_faint: bool
    """Whether it is padding or reserved."""
    has_parts: bool


class Piece(Struct, frozen=True):
    """Octets of one line that look alike."""

    text: str
    marked: bool
    inside: bool
    """Whether they belong to the Mobility Header."""


class Line(Struct, frozen=True):
    """A line of the octets of a packet."""

    offset: str
    pieces: tuple[Piece, ...]
    text: str


class Packet(Struct, frozen=True, kw_only=True):
    """A packet as the page shows it."""

    headers: tuple[tuple[str, str], ...]
    fields: tuple[Field, ...]
    lines: tuple[Line, ...]
    left: int
    """Octets that are not shown."""
    is_whole: bool
    """Whether the octets are those of the frame, not of a packet put together of fragments."""


def unfold(
    packet: Message | Frame, spans: Sequence[Span], dialects: Mapping[str, Dialect]
) -> Packet:
    """Take a packet apart; `spans` are the octets of its frame that findings are about."""
    if isinstance(packet, Frame):
        marked = _octets(spans)
        return Packet(
            headers=tuple((layer.name, layer.text) for layer in layers(packet)),
            fields=(),
            lines=tuple(_lines(packet.data, marked, len(packet.data))),
            left=max(0, len(packet.data) - _OCTETS),
            is_whole=True,
        )
    datagram = packet.datagram
    start, data = datagram.offset, datagram.frame.data
    if start is None:
        start, data, spans = 0, datagram.payload, ()
    marked = _octets(spans)
    around = layers(datagram.frame, datagram.offset)
    reserved = _octets(span for span in spans if "Reserved" in span.field)
    nodes = dissect(packet, dialects)
    return Packet(
        headers=tuple((layer.name, layer.text) for layer in around),
        fields=tuple(_fields(nodes, start, (marked, reserved), 0)),
        lines=tuple(_lines(data, marked, start)),
        left=max(0, len(data) - _OCTETS),
        is_whole=datagram.offset is not None,
    )


def _octets(spans: Iterable[Span]) -> frozenset[int]:
    return frozenset(n for span in spans for n in range(span.offset, span.offset + span.length))


def _fields(
    nodes: Iterable[Node], start: int, marks: tuple[frozenset[int], frozenset[int]], depth: int
) -> Iterator[Field]:
    """Give a line for each node; reserved bits beside a flag are marked only if they are meant."""
    for node in nodes:
        first, last = start + node.first_octet, start + node.last_octet
        marked = marks[node.is_reserved]
        is_marked = not node.parts and any(n in marked for n in range(first, last + 1))
        text = "" if node.parts and depth == 0 else node.text
        defects = "; ".join(f"{d.kind}: {d.needed} octets needed, {d.available} there"
                            for d in node.defects)  # fmt: skip
        yield Field(
            depth=depth,
            label=node.label,
            text=" ".join(filter(None, (text, f"({defects})" if defects else ""))),
            bits=node.bits,
            octets="" if not node.width else f"{first}" if first == last else f"{first}..{last}",
            reference=node.reference or "",
            marked=is_marked or bool(node.defects),
            is_faint=node.is_padding or node.is_reserved,
            has_parts=bool(node.parts),
        )
        yield from _fields(node.parts, start, marks, depth + 1)


def _lines(data: bytes, marked: frozenset[int], inside: int) -> Iterator[Line]:
    """Give lines of 16 octets, those of the Mobility Header and of findings apart."""
    for begin in range(0, min(len(data), _OCTETS), _LINE):
        octets = data[begin : begin + _LINE]
        pieces: list[Piece] = []
        for place, octet in enumerate(octets, begin):
            look = (place in marked, place >= inside)
            if pieces and (pieces[-1].marked, pieces[-1].inside) == look:
                pieces[-1] = Piece(f"{pieces[-1].text} {octet:02x}", *look)
            else:
                pieces.append(Piece(f"{octet:02x}", *look))
        text = "".join(chr(o) if 0x20 <= o < 0x7F else "." for o in octets)
        yield Line(f"{begin:04x}", tuple(pieces), text)
