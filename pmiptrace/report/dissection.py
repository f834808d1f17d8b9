"""The dissection of a packet for people: a tree of its fields, and its octets.

Each line has in front the octets of the frame that it is about, counted from 0; for a message that
was put together from fragments, the octets of the message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from rich.text import Text

from pmiptrace.address import address_text
from pmiptrace.model import Defect, Finding, Message, Status
from pmiptrace.packet.layers import Layer, layers
from pmiptrace.report.columns import node_of
from pmiptrace.report.packet_list import grave, happened, mark, notes, place
from pmiptrace.report.packets import Packet
from pmiptrace.report.page import Page
from pmiptrace.report.style import DOUBTFUL, INCONCLUSIVE, MUTED, SEVERITY, STRONG
from pmiptrace.report.times import Clock
from pmiptrace.report.words import joined, mag_name
from pmiptrace.wire.dialect import Dialect
from pmiptrace.wire.tree import Node, dissect

_PER_LINE = 16
"""Octets in a line of the dump."""


class Segment(Struct, frozen=True):
    """Octets of the dump that belong together: a header, the fixed part, an option."""

    label: str
    offset: int
    octets: bytes
    starts: frozenset[int]
    """Where in them fields begin."""
    marks: tuple[tuple[int, int, Finding], ...] = ()
    """Octets that findings are about, from the one to before the other."""


class Dissection:
    """A packet taken apart: what is shown of it, whatever the page."""

    def __init__(self, packet: Packet, dialects: Mapping[str, Dialect]) -> None:
        self.packet = packet
        self.message: Message | None = packet.message
        self.parts: tuple[Node, ...] = ()
        self.start = 0
        """The octet of the frame that the message starts at."""
        self.in_frame = True
        end = None
        if self.message is not None:
            self.parts = dissect(self.message, dialects)
            offset = self.message.datagram.offset
            self.in_frame = offset is not None
            self.start = end = offset or 0
            if not self.in_frame:
                end = None
        self.layers: tuple[Layer, ...] = layers(packet.frame, end)
        self.placed, self.elsewhere = self._place()

    def _place(self) -> tuple[dict[int, list[Finding]], list[Finding]]:
        """Put each finding to the node it is about, by the node's identity."""
        placed: dict[int, list[Finding]] = {}
        elsewhere = []
        for finding in self.packet.findings:
            node = self._node(finding)
            if node is None:
                elsewhere.append(finding)
            else:
                placed.setdefault(id(node), []).append(finding)
        return placed, elsewhere

    def _node(self, finding: Finding) -> Node | None:
        """Give the smallest node that holds what a finding is about; of several, by its name."""
        span = finding.span
        if span is None or not self.in_frame:
            return None
        label = span.field.rpartition(": ")[2]
        first = (span.offset - self.start) * 8
        last = first + span.length * 8
        best = None
        nodes: Sequence[Node] = self.parts
        while True:
            inside = [n for n in nodes if n.offset <= first and last <= n.end]
            within = [n for n in nodes if first <= n.offset and n.end <= last and n.width]
            named = [
                n
                for n in nodes
                if n.offset < last
                and first < n.end
                and not n.parts
                and label in (n.label, _letter(n))
            ]
            if named:
                return named[0]
            if len(inside) != 1:
                return within[0] if len(within) == 1 else best
            best = inside[0]
            nodes = best.parts


def _letter(node: Node) -> str:
    """Give the letter of a flag: the part of its label in parentheses."""
    return node.label.rpartition("(")[2].removesuffix(")")


def write_dissection(
    page: Page,
    packet: Packet,
    dialects: Mapping[str, Dialect],
    clock: Clock,
    *,
    several: bool = False,
    dump: bool = False,
) -> None:
    """Write all that a packet says: the headers around the message, its tree, and its octets."""
    taken = Dissection(packet, dialects)
    _write_head(page, packet, clock, several=several)
    for finding in (*grave(taken.elsewhere), *notes(taken.elsewhere)):
        _write_finding(page, finding, 2)
    gutter = _gutter(taken)
    for layer in taken.layers:
        _line(
            page, gutter, (layer.offset, layer.end - 1), 0, (layer.name, STRONG), f"  {layer.text}"
        )
    if packet.undecoded is not None and packet.undecoded.defect is not None:
        _write_defect(page, gutter, 0, packet.undecoded.defect)
    if not taken.in_frame and packet.message is not None:
        frames = joined(map(str, packet.message.datagram.fragments))
        text = f"put together from the fragments in frames {frames}; octets count from its start"
        page.line((text, MUTED), indent=gutter + 2)
    for part in taken.parts:
        _write_node(page, taken, part, gutter, 0)
    if dump:
        page.blank()
        _write_dump(page, taken)


def _gutter(taken: Dissection) -> int:
    """Give the columns that the widest place takes."""
    last = len(taken.packet.frame.data)
    if taken.message is not None:
        last = max(last, taken.start + len(taken.message.datagram.payload))
    return 2 * len(str(last)) + 1


def _write_head(page: Page, packet: Packet, clock: Clock, *, several: bool) -> None:
    frame, message = packet.frame, packet.message
    size = f"{len(frame.data)} octets"
    if frame.original_length > len(frame.data):
        size += f" of {frame.original_length}: cut by the snap length"
    moment = clock.moment(frame.time, full=True)
    zone = "" if frame.time is None else f" {clock.zone()}"
    title = f"Frame {place(packet, several=several)}"
    page.items([page.text((title, STRONG)), page.text(f"{moment}{zone}"), page.text(size)])
    if message is None:
        page.line(happened(page, packet), indent=2)
        return
    ends = f"{address_text(message.source)} → {address_text(message.destination)}"
    facts = [page.text((message.kind, STRONG)), page.text(ends)]
    if packet.mag is not None and packet.mag.identifier is not None:
        facts.append(page.text(f"MAG {mag_name(packet.mag)}"))
    node = node_of(packet)
    if node is not None:
        facts.append(page.text(node))
    page.items(facts, indent=2)
    page.line(happened(page, packet), *_partner(packet, several=several), indent=2)
    if message.dialect is not None:
        page.line((f"dialect {message.dialect}: its numbers are not IANA's", DOUBTFUL), indent=2)


def _partner(packet: Packet, *, several: bool) -> Iterator[str]:
    """Name the frame at the other end of the exchange."""
    exchange = packet.exchange
    if exchange is None:
        return

    def number(capture: int, frame: int | None) -> str:
        return f"{capture + 1}:{frame}" if several else str(frame)

    other = exchange.answered if packet.is_answer else exchange.reply
    if other is not None:
        frame = number(other.frame.capture, other.frame.number)
        yield f"; {'its request is' if packet.is_answer else 'answered in'} frame {frame}"
    if packet.attempt > 1:
        first = exchange.attempts[0]
        yield f"; first sent in frame {number(first.capture, first.frame)}"


def _line(
    page: Page,
    gutter: int,
    octets: tuple[int, int] | None,
    depth: int,
    *parts: str | tuple[str, str] | Text,
) -> None:
    """Write a line with its octets in front."""
    where = ""
    if octets is not None:
        first, last = octets
        where = str(first) if last <= first else f"{first}-{last}"
    indent = gutter + 2 + 2 * depth
    page.line((f"{where:>{gutter}}  ", MUTED), " " * (2 * depth), *parts, hang=indent + 2)


def _write_node(page: Page, taken: Dissection, node: Node, gutter: int, depth: int) -> None:
    start = taken.start
    octets = (start + node.first_octet, start + node.last_octet) if node.width else None
    findings = taken.placed.get(id(node), [])
    if node.is_padding and not findings and not node.defects:
        _write_padding(page, node, gutter, octets, depth)
        return
    _line(page, gutter, octets, depth, *_words(node))
    for finding in findings:
        _write_finding(page, finding, gutter + 4 + 2 * depth)
    for defect in node.defects:
        _write_defect(page, gutter, depth + 1, defect)
    for part in node.parts:
        _write_node(page, taken, part, gutter, depth + 1)


def _words(node: Node) -> Iterator[str | tuple[str, str] | Text]:
    """Give the words of a line: label and value, or a title with the section that defines it."""
    if node.parts:
        number = f" ({node.text})" if isinstance(node.value, int) else ""
        yield f"{node.label}{number}", STRONG
        if node.reference:
            yield f"  {node.reference}", MUTED
        return
    routine = node.name.endswith((".type", ".length")) or (node.is_reserved and not node.value)
    unset = node.value is False
    style = MUTED if routine or unset else ""
    if node.bits:
        yield f"{node.bits} = ", style
    yield f"{node.label}: ", style
    yield node.text, style or ("" if node.is_reserved else STRONG)
    if node.is_reserved and node.value:
        yield " (should be 0)", DOUBTFUL


def _write_padding(
    page: Page, node: Node, gutter: int, octets: tuple[int, int] | None, depth: int
) -> None:
    """Write padding in one line, with its octets if they are not all zero."""
    size = node.width // 8
    text = f"{node.label}: {size} {'octet' if size == 1 else 'octets'}"
    sent = [leaf for leaf in node.leaves() if isinstance(leaf.value, bytes) and any(leaf.value)]
    if sent:
        text += f", {sent[0].text}"
    _line(page, gutter, octets, depth, (text, MUTED))


def _write_finding(page: Page, finding: Finding, indent: int) -> None:
    """Write a finding below what it is about."""
    style = INCONCLUSIVE if finding.status is Status.INCONCLUSIVE else SEVERITY[finding.severity]
    if finding.status is Status.NOTE:
        style = MUTED
    source = joined(filter(None, (finding.reference, finding.keyword)))
    why = f"; undecided: {finding.why_inconclusive}" if finding.why_inconclusive else ""
    page.line(
        mark(page, finding),
        (f" {finding.rule}", style),
        f"  {finding.message}{why}",
        (f"  {source}" if source else "", MUTED),
        indent=indent,
    )


def _write_defect(page: Page, gutter: int, depth: int, defect: Defect) -> None:
    field = f", by its {defect.length_field}" if defect.length_field else ""
    text = (
        f"! {defect.kind}: {defect.layer} needs {defect.needed} octets{field},"
        f" {defect.available} are there"
    )
    page.line((text, DOUBTFUL), indent=gutter + 2 + 2 * depth)


# ------------------------------------------------------------------------------ the octets


def _write_dump(page: Page, taken: Dissection) -> None:
    """Write the octets of the frame: a part per line, its fields apart by bars."""
    if not taken.in_frame:
        page.line(("octets of the message", MUTED))
    gutter = _gutter(taken) // 2
    segments = tuple(_segments(taken))
    width = gutter + 4 * _PER_LINE + 3
    per_line = _PER_LINE if width <= page.width else _PER_LINE // 2
    longest = max((len(segment.label) for segment in segments), default=0)
    beside = width + 2 + longest <= page.width
    for number, segment in enumerate(segments):
        _write_segment(page, segment, gutter, number, per_line=per_line, beside=beside)


def _segments(taken: Dissection) -> Iterator[Segment]:
    data = taken.packet.frame.data
    if taken.in_frame:
        for layer in taken.layers:
            octets = data[layer.offset : layer.end]
            yield Segment(layer.name, layer.offset, octets, frozenset())
    if taken.message is None:
        if not taken.layers:
            yield Segment("frame", 0, data, frozenset())
        return
    payload = taken.message.datagram.payload
    for part in taken.parts:
        octets = payload[part.offset // 8 : part.end // 8]
        starts = {leaf.offset // 8 - part.first_octet for leaf in part.leaves() if leaf.width}
        marks = tuple(_marks(taken, part))
        number = f" ({part.text})" if part.parts and isinstance(part.value, int) else ""
        label = f"{part.label}{number}"
        yield Segment(label, taken.start + part.first_octet, octets, frozenset(starts), marks)
    behind = taken.start + len(payload)
    if taken.in_frame and behind < len(data):
        yield Segment("behind the packet", behind, data[behind:], frozenset())


def _marks(taken: Dissection, part: Node) -> Iterator[tuple[int, int, Finding]]:
    for node in _all(part):
        for finding in taken.placed.get(id(node), ()):
            first = node.first_octet - part.first_octet
            yield first, node.last_octet + 1 - part.first_octet, finding


def _all(node: Node) -> Iterator[Node]:
    yield node
    for part in node.parts:
        yield from _all(part)


def _write_segment(
    page: Page, segment: Segment, gutter: int, number: int, *, per_line: int, beside: bool
) -> None:
    """Write the octets of a part, its name `beside` the first line or above it."""
    if not beside:
        page.line((segment.label, STRONG))
    style = ("cyan", "")[number % 2]
    for begin in range(0, len(segment.octets), per_line):
        octets = segment.octets[begin : begin + per_line]
        text = page.text((f"{segment.offset + begin:>{gutter}} ", MUTED))
        below = Text(" " * (gutter + 1))
        rules: list[Finding] = []
        for i, octet in enumerate(octets, begin):
            bar = "|" if i and i in segment.starts else " "
            marked = [f for first, last, f in segment.marks if first <= i < last]
            text.append_text(
                page.text(
                    (bar, MUTED),
                    (f"{octet:02x}", SEVERITY[marked[0].severity] if marked else style),
                )
            )
            below.append(" ^^" if marked else "   ")
            rules += [f for f in marked if f not in rules and i == max(begin, _first(segment, f))]
        text.append(" " * (3 * (per_line - len(octets)) + 2))
        text.append_text(
            page.text(
                _characters(octets).ljust(per_line),
                "  ",
                (segment.label if beside and not begin else "", STRONG),
            )
        )
        page.line(text)
        if rules:
            below.append_text(page.text("  ", *_names(page, rules)))
            page.line(below, hang=gutter + 4)


def _first(segment: Segment, finding: Finding) -> int:
    return min(first for first, _, other in segment.marks if other is finding)


def _names(page: Page, findings: Sequence[Finding]) -> Iterator[Text]:
    for finding in findings:
        yield page.text(mark(page, finding), f" {finding.rule} ")


def _characters(octets: bytes) -> str:
    return "".join(chr(octet) if 0x20 <= octet < 0x7F else "." for octet in octets)
