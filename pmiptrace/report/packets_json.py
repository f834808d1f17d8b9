"""Packets for programs: as JSON lines, or as one JSON document.

A line is the ``message`` of ``pmiptrace analyze --format jsonl`` with more to it: what the message
was in the run, what was found, and its tree if that is wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, BinaryIO, Literal

import msgspec
from msgspec import Meta, Struct, json

from pmiptrace.address import address_text
from pmiptrace.model import ExchangeKind, Finding
from pmiptrace.packet.layers import layers
from pmiptrace.report.as_document import (
    defect_document,
    finding_document,
    frame_moment,
    mag_node_document,
    message_document,
    tool,
)
from pmiptrace.report.columns import node_of, round_trip
from pmiptrace.report.document import (
    Address,
    Bid,
    CaptureDocument,
    CaptureIndex,
    Count,
    DefectDocument,
    ExchangeId,
    FindingDocument,
    FrameMoment,
    FrameNumber,
    MagDocument,
    MessageDocument,
    Milliseconds,
    Name,
    SchemaVersion,
    SessionId,
    Time,
    Tool,
    TransitionState,
)
from pmiptrace.report.escaping import clean
from pmiptrace.report.jsonl import CaptureLine, FindingLine
from pmiptrace.report.packets import Packet
from pmiptrace.report.times import rfc3339
from pmiptrace.wire.dialect import Dialect
from pmiptrace.wire.tree import Node, dissect


class LayerDocument(Struct, frozen=True, kw_only=True):
    """A header around the message."""

    name: str
    """What it is: `Ethernet`, `VLAN 100`, `IPv6`, `UDP` ..."""
    text: str
    """What it says, in brief: its addresses, ports ...; empty for some."""
    offset: Count
    """Octets from the start of the frame."""
    length: Count
    """Octets up to the next header, or to the message."""


class NodeDocument(Struct, frozen=True, kw_only=True):
    """A part of a message: a field with its value, or a part that has parts."""

    name: str | None
    """As `--fields` and `--filter` name it; null for octets that no definition explains."""
    label: str
    """Its name in the RFC, or the registered name of a message or option."""
    value: Any
    """Number, flag, or octets as text (addresses as such); null for a part that has parts."""
    text: str
    """The value in words; of an option its number."""
    bits: str | None
    """The field among the bits of its octets, as `.1.. ....`; null if it fills them alone."""
    offset: Count | None
    """Octets from the start of the frame; null if the message came in fragments."""
    message_offset: Count
    """Octets from the start of the Mobility Header."""
    length: Count
    """Octets that it is in; 0 for what a dialect only implies."""
    reference: str | None
    """RFC and section that define it; null within a part that has one, or if none does."""
    defects: tuple[DefectDocument, ...]
    """What does not follow the format here."""
    parts: tuple[NodeDocument, ...]
    """What it consists of, in the order of the wire; empty for a field."""


class ChangeDocument(Struct, frozen=True, kw_only=True):
    """What a message did to a binding."""

    bid: Bid | None
    """Of the path; null where the LMA keeps a single binding, without RFC 8278."""
    care_of_address: Address
    """The MAG's end of the path."""
    before: TransitionState = msgspec.field(name="from")
    """The state before."""
    after: TransitionState = msgspec.field(name="to")
    """The state after; the same as before where a lifetime was granted anew."""


class PacketDocument(MessageDocument, frozen=True, kw_only=True, tag_field="type", tag="message"):
    """A message, with what it was in the run and what was found about it."""

    mobile_node: Name | None
    """The one that it names, else its request or reply; null if none does."""
    mag: MagDocument | None
    """The MAG at one end of it; null if that is not known."""
    lma: Address | None
    """The LMA at the other end; null if that is not known."""
    session: SessionId | None
    """The session that it is about; null if it is about none, or none is known."""
    exchange: ExchangeId | None
    """The exchange that it belongs to; null for none, and for a duplicate."""
    event: ExchangeKind | None
    """What the request of that exchange asks for; null without an exchange."""
    attempt: Annotated[int, Meta(ge=1)] | None
    """Of a request: 1, or more for a retransmission; null for any other message."""
    unanswered: bool
    """Whether it is the last attempt of a request that got no answer."""
    duplicate: bool
    """Whether the run had seen it before, in this capture or another."""
    answers: FrameMoment | None
    """The attempt that it answers; null if it is no answer, or that was not captured."""
    answered_by: FrameMoment | None
    """The answer to this request; null if it is none, or has no answer."""
    rtt_ms: Milliseconds | None
    """Of an answer: the time since the attempt that it answers; null for others, or if below 0."""
    changes: tuple[ChangeDocument, ...]
    """What it did to bindings, in order."""
    findings: tuple[FindingDocument, ...]
    """Those that this frame shows, as far as they were known in time."""
    layers: tuple[LayerDocument, ...] | None
    """The headers around it, outermost first; null unless the tree was asked for."""
    tree: tuple[NodeDocument, ...] | None
    """Header, fixed part and options, bit by bit; null unless it was asked for."""


class UndecodedDocument(Struct, frozen=True, kw_only=True, tag_field="type", tag="undecoded"):
    """A frame with signalling that cannot be decoded."""

    capture: CaptureIndex
    frame: FrameNumber
    time: Time | None
    """When it was captured; null if the capture has no times."""
    source: Address
    """Of the innermost IP packet that could be read."""
    destination: Address
    """Of the innermost IP packet that could be read, as `source`."""
    kind: Literal["fragment", "esp", "truncated", "malformed"]
    """A fragment of a packet never whole, encrypted, cut by the snap length, or broken."""
    defect: DefectDocument | None
    """Where it does not follow the format; null for ESP."""
    findings: tuple[FindingDocument, ...]
    """Those that this frame shows."""


DissectLine = PacketDocument | UndecodedDocument | FindingLine | CaptureLine
"""A line of ``pmiptrace dissect --format jsonl``; a finding by itself came too late for its
message's line."""


class DissectDocument(Struct, frozen=True, kw_only=True):
    """What ``pmiptrace dissect --format json`` prints."""

    schema_version: SchemaVersion
    tool: Tool
    packets: tuple[PacketDocument | UndecodedDocument, ...]
    """Messages, and frames that cannot be decoded, in order of time."""
    findings: tuple[FindingDocument, ...]
    """Those known too late for their packet."""
    captures: tuple[CaptureDocument, ...]
    """As far as they were read; those that could not be opened come last."""


def packet_document(
    packet: Packet, dialects: Mapping[str, Dialect], *, tree: bool = False
) -> PacketDocument | UndecodedDocument:
    """Show a packet, with its tree if that is wanted."""
    message, exchange, undecoded = packet.message, packet.exchange, packet.undecoded
    findings = tuple(map(finding_document, packet.findings))
    if message is None:
        assert undecoded is not None
        return UndecodedDocument(
            capture=packet.frame.capture,
            frame=packet.frame.number,
            time=rfc3339(packet.frame.time),
            source=address_text(undecoded.source),
            destination=address_text(undecoded.destination),
            kind=undecoded.kind,  # type: ignore[arg-type]
            defect=None if undecoded.defect is None else defect_document(undecoded.defect),
            findings=findings,
        )
    time = round_trip(packet)
    start = message.datagram.offset
    return PacketDocument(
        **msgspec.structs.asdict(message_document(message)),
        mobile_node=node_of(packet),
        mag=None if packet.mag is None else mag_node_document(packet.mag),
        lma=None if packet.lma is None else address_text(packet.lma),
        session=packet.session,
        exchange=None if exchange is None else exchange.id,
        event=None if exchange is None else exchange.kind,
        attempt=packet.attempt or None,
        unanswered=packet.is_unanswered,
        duplicate=packet.is_duplicate,
        answers=frame_moment(exchange.answered) if exchange and packet.is_answer else None,
        answered_by=frame_moment(exchange.reply) if exchange and packet.attempt else None,
        rtt_ms=None if time is None else time / 1_000_000,
        changes=tuple(
            ChangeDocument(
                bid=c.bid,
                care_of_address=address_text(c.care_of_address),
                before=c.before.value,
                after=c.after.value,
            )
            for c in packet.changes
        ),
        findings=findings,
        layers=tuple(
            LayerDocument(name=each.name, text=each.text, offset=each.offset,
                          length=each.end - each.offset)
            for each in layers(packet.frame, start)
        ) if tree else None,
        tree=tuple(_node(part, start) for part in dissect(message, dialects)) if tree else None,
    )  # fmt: skip


def _node(node: Node, start: int | None) -> NodeDocument:
    value = node.value
    if node.parts or isinstance(value, tuple):
        value = None
    elif isinstance(value, bytes):
        value = node.text
    return NodeDocument(
        name=node.name or None,
        label=node.label,
        value=value,
        text=clean(node.text),
        bits=node.bits or None,
        offset=None if start is None else start + node.first_octet,
        message_offset=node.first_octet,
        length=node.last_octet - node.first_octet + 1 if node.width else 0,
        reference=node.reference,
        defects=tuple(map(defect_document, node.defects)),
        parts=tuple(_node(part, start) for part in node.parts),
    )


class PacketLines:
    """Writes packets as JSON lines as they come; `flush` sends each on its way at once."""

    def __init__(
        self, stream: BinaryIO, dialects: Mapping[str, Dialect], *, tree: bool, flush: bool
    ) -> None:
        self._stream = stream
        self._dialects = dialects
        self._tree = tree
        self._flush = flush

    def packet(self, packet: Packet) -> None:
        """Write a packet."""
        self._write(packet_document(packet, self._dialects, tree=self._tree))

    def late(self, finding: Finding) -> None:
        """Write a finding that became known after its packet was written."""
        self._write(FindingLine(**msgspec.structs.asdict(finding_document(finding))))

    def finish(self, captures: tuple[CaptureDocument, ...]) -> None:
        """Write the captures."""
        for capture in captures:
            self._write(CaptureLine(**msgspec.structs.asdict(capture)))

    def _write(self, line: Struct) -> None:
        self._stream.write(json.encode(line) + b"\n")
        if self._flush:
            self._stream.flush()


class PacketsDocument:
    """Writes packets as one JSON document, piece by piece, a line for each."""

    def __init__(self, stream: BinaryIO, dialects: Mapping[str, Dialect], *, tree: bool) -> None:
        self._stream = stream
        self._dialects = dialects
        self._tree = tree
        self._findings: list[FindingDocument] = []
        self._separator = b"\n    "
        stream.write(
            b'{\n  "schema_version": "1.0",\n  "tool": %b,\n  "packets": [' % json.encode(tool())
        )

    def packet(self, packet: Packet) -> None:
        """Write a packet."""
        document = packet_document(packet, self._dialects, tree=self._tree)
        self._stream.write(self._separator + json.encode(document))
        self._separator = b",\n    "

    def late(self, finding: Finding) -> None:
        """Keep a finding that became known after its packet was written."""
        self._findings.append(finding_document(finding))

    def finish(self, captures: tuple[CaptureDocument, ...]) -> None:
        """Write what stands behind the packets."""
        end = b"\n  ]" if self._separator.startswith(b",") else b"]"
        rest = b'%b,\n  "findings": %b,\n  "captures": %b\n}\n'
        self._stream.write(rest % (end, _lines(self._findings), _lines(captures)))


def _lines(items: Iterable[Struct]) -> bytes:
    """Give an array with a line for each of its items."""
    lines = [b"\n    " + json.encode(item) for item in items]
    return b"[%b\n  ]" % b",".join(lines) if lines else b"[]"
