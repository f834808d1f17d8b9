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
from pmiptrace.report.words import counted, joined, mag_name
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
            node = self._about(finding)
            if node is None:
                elsewhere.append(finding)
            else:
                placed.setdefault(id(node), []).append(finding)
        return placed, elsewhere

    def _about(self, finding: Finding) -> Node | None:
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
    for text in head_lines(page, packet, clock, several=several):
        page.line(text)
    for finding in (*grave(taken.elsewhere), *notes(taken.elsewhere)):
        page.line(*finding_words(page, finding), indent=2)
    for line in tree_lines(page, taken):
        page.line(line.text, indent=line.indent, hang=line.hang)
    if dump:
        page.blank()
        _write_dump(page, taken)


class TreeLine(Struct, frozen=True):
    """A line of the tree: a header, a field, or what is said of one."""

    text: Text
    indent: int = 0
    hang: int = 2
    """Columns by which it is indented further where it goes on below."""
    octets: tuple[int, int] | None = None
    """The first and the last octet that it is about, as the dump counts them."""
    is_finding: bool = False


def tree_lines(page: Page, taken: Dissection) -> Iterator[TreeLine]:
    """Give the lines of the tree: the headers around the message, then its fields."""
    gutter = _gutter(taken)
    for layer in taken.layers:
        octets = (layer.offset, layer.end - 1)
        yield _line(page, gutter, octets, 0, (layer.name, STRONG), f"  {layer.text}")
    packet = taken.packet
    if packet.undecoded is not None and packet.undecoded.defect is not None:
        yield _defect(page, gutter, 0, packet.undecoded.defect)
    if not taken.in_frame and packet.message is not None:
        frames = joined(map(str, packet.message.datagram.fragments))
        text = f"put together from the fragments in frames {frames}; octets count from its start"
        yield TreeLine(page.text((text, MUTED)), gutter + 2)
    for part in taken.parts:
        yield from _node(page, taken, part, gutter, 0)


def _gutter(taken: Dissection) -> int:
    """Give the columns that the widest place takes."""
    last = len(taken.packet.frame.data)
    if taken.message is not None:
        last = max(last, taken.start + len(taken.message.datagram.payload))
    return 2 * len(str(last)) + 1


def head_lines(page: Page, packet: Packet, clock: Clock, *, several: bool) -> list[Text]:
    """Say which frame it is, who sent it to whom, and what it was in the run."""
    frame, message = packet.frame, packet.message
    size = f"{len(frame.data)} octets"
    if frame.original_length > len(frame.data):
        size += f" of {frame.original_length}: cut by the snap length"
    moment = clock.moment(frame.time, full=True)
    zone = "" if frame.time is None else f" {clock.zone()}"
    title = f"Frame {place(packet, several=several)}"
    first = [page.text((title, STRONG)), page.text(f"{moment}{zone}"), page.text(size)]
    lines = page.item_lines(first)
    if message is None:
        return [*lines, *page.lines(happened(page, packet), indent=2)]
    ends = f"{address_text(message.source)} → {address_text(message.destination)}"
    facts = [page.text((message.kind, STRONG)), page.text(ends)]
    if packet.mag is not None and packet.mag.identifier is not None:
        facts.append(page.text(f"MAG {mag_name(packet.mag)}"))
    node = node_of(packet)
    if node is not None:
        facts.append(page.text(node))
    lines += page.item_lines(facts, indent=2)
    lines += page.lines(happened(page, packet), *_partner(packet, several=several), indent=2)
    if message.dialect is not None:
        text = f"dialect {message.dialect}: its numbers are not IANA's"
        lines += page.lines((text, DOUBTFUL), indent=2)
    return lines


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
) -> TreeLine:
    """Give a line with its octets in front."""
    where = ""
    if octets is not None:
        first, last = octets
        where = str(first) if last <= first else f"{first}-{last}"
    indent = gutter + 2 + 2 * depth
    text = page.text((f"{where:>{gutter}}  ", MUTED), " " * (2 * depth), *parts)
    return TreeLine(text, hang=indent + 2, octets=octets)


def _node(page: Page, taken: Dissection, node: Node, gutter: int, depth: int) -> Iterator[TreeLine]:
    start = taken.start
    octets = (start + node.first_octet, start + node.last_octet) if node.width else None
    findings = taken.placed.get(id(node), [])
    if node.is_padding and not findings and not node.defects:
        yield _padding(page, node, gutter, octets, depth)
        return
    yield _line(page, gutter, octets, depth, *_words(node))
    for finding in findings:
        text = page.text(*finding_words(page, finding))
        yield TreeLine(text, gutter + 4 + 2 * depth, octets=octets, is_finding=True)
    for defect in node.defects:
        yield _defect(page, gutter, depth + 1, defect)
    for part in node.parts:
        yield from _node(page, taken, part, gutter, depth + 1)


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


def _padding(
    page: Page, node: Node, gutter: int, octets: tuple[int, int] | None, depth: int
) -> TreeLine:
    """Give padding in one line, with its octets if they are not all zero."""
    size = node.width // 8
    text = f"{node.label}: {counted(size, 'octet')}"
    sent = [leaf for leaf in node.leaves() if isinstance(leaf.value, bytes) and any(leaf.value)]
    if sent:
        text += f", {sent[0].text}"
    return _line(page, gutter, octets, depth, (text, MUTED))


def finding_words(page: Page, finding: Finding) -> Iterator[str | tuple[str, str] | Text]:
    """Give the words of a finding: how grave it is, its rule, the evidence, and the source."""
    style = INCONCLUSIVE if finding.status is Status.INCONCLUSIVE else SEVERITY[finding.severity]
    if finding.status is Status.NOTE:
        style = MUTED
    source = joined(filter(None, (finding.reference, finding.keyword)))
    why = f"; undecided: {finding.why_inconclusive}" if finding.why_inconclusive else ""
    yield mark(page, finding)
    yield f" {finding.rule}", style
    yield f"  {finding.message}{why}"
    yield f"  {source}" if source else "", MUTED


def _defect(page: Page, gutter: int, depth: int, defect: Defect) -> TreeLine:
    field = f", by its {defect.length_field}" if defect.length_field else ""
    text = (
        f"! {defect.kind}: {defect.layer} needs {defect.needed} octets{field},"
        f" {defect.available} are there"
    )
    return TreeLine(page.text((text, DOUBTFUL)), gutter + 2 + 2 * depth)


# ------------------------------------------------------------------------------ the octets


def _write_dump(page: Page, taken: Dissection) -> None:
    """Write the octets of the frame: a part per line, its fields apart by bars."""
    if not taken.in_frame:
        page.line(("octets of the message", MUTED))
    for line in dump_lines(page, taken):
        page.line(line.text, hang=line.hang)


class DumpLine(Struct, frozen=True):
    """A line of the dump."""

    text: Text
    hang: int = 2
    octets: tuple[int, int] | None = None
    """The first and the last octet in it; None for a line without."""


def dump_lines(
    page: Page, taken: Dissection, selected: tuple[int, int] | None = None
) -> Iterator[DumpLine]:
    """Give the lines of the dump; `selected` octets, the first and the last, stand in brackets."""
    gutter = _gutter(taken) // 2
    segments = tuple(_segments(taken))
    width = gutter + 4 * _PER_LINE + 3
    per_line = _PER_LINE if width <= page.width else _PER_LINE // 2
    longest = max((len(segment.label) for segment in segments), default=0)
    beside = width + 2 + longest <= page.width
    for number, segment in enumerate(segments):
        style = ("cyan", "")[number % 2]
        if not beside:
            yield DumpLine(page.text((segment.label, STRONG)))
        for begin in range(0, len(segment.octets), per_line):
            label = segment.label if beside and not begin else ""
            yield from _dumped(page, segment, begin, per_line, gutter, style, label, selected)


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


def _dumped(
    page: Page,
    segment: Segment,
    begin: int,
    per_line: int,
    gutter: int,
    style: str,
    label: str,
    selected: tuple[int, int] | None,
) -> Iterator[DumpLine]:
    """Give a line of octets, with its `label`, and what findings are about in it."""
    octets = segment.octets[begin : begin + per_line]
    low, high = selected or (-1, -2)
    first = segment.offset + begin
    text = page.text((f"{first:>{gutter}} ", MUTED))
    below = Text(" " * (gutter + 1))
    rules: list[Finding] = []
    for i, octet in enumerate(octets, begin):
        place = segment.offset + i
        is_selected = low <= place <= high
        bar = "|" if i and i in segment.starts else " "
        if place == low or (is_selected and i == begin):
            bar = "["
        elif place == high + 1 and i != begin:
            bar = "]"
        marked = [f for start, end, f in segment.marks if start <= i < end]
        look = SEVERITY[marked[0].severity] if marked else style
        text.append_text(
            page.text((bar, MUTED), (f"{octet:02x}", "bold reverse" if is_selected else look))
        )
        below.append(" ^^" if marked else "   ")
        rules += [f for f in marked if f not in rules and i == max(begin, _first(segment, f))]
    last = first + len(octets) - 1
    text.append("]" if low <= last <= high else " ")
    text.append(" " * (3 * (per_line - len(octets)) + 1))
    text.append_text(page.text(_characters(octets).ljust(per_line), "  ", (label, STRONG)))
    yield DumpLine(text, octets=(first, last))
    if rules:
        below.append_text(page.text("  ", *_names(page, rules)))
        yield DumpLine(below, gutter + 4)


def _first(segment: Segment, finding: Finding) -> int:
    return min(first for first, _, other in segment.marks if other is finding)


def _names(page: Page, findings: Sequence[Finding]) -> Iterator[Text]:
    for finding in findings:
        yield page.text(mark(page, finding), f" {finding.rule} ")


def _characters(octets: bytes) -> str:
    return "".join(chr(octet) if 0x20 <= octet < 0x7F else "." for octet in octets)
