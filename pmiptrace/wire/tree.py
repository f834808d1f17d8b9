"""A message as a tree of its fields, each with the bits it stands in: the dissection.

Everything in it comes from the declarations of messages and options, so that an option which is
declared is dissected. The leaves cover every bit of the message once, in order; what no declaration
explains is a leaf of its own. A message in a dialect is shown as it is on the wire, with the
meaning that the dialect gives it; what it only implies has a width of zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.errors import EncodeError
from pmiptrace.model import Defect, Message, OpaqueOption, Option, option_number
from pmiptrace.packet.numbers import NO_NEXT_HEADER
from pmiptrace.wire.body import message_type
from pmiptrace.wire.decode import FIXED
from pmiptrace.wire.dialect import FLAG_WORDS, Dialect, OptionRule, flag_names
from pmiptrace.wire.fields import Shown, ShownOption, fields, message_fields, name_of
from pmiptrace.wire.option import MOBILITY_OPTIONS, PAD1, PADN, LengthRule, OptionRegistry

PROXY = {
    "PBU": ("Proxy Binding Update", "RFC 5213 section 8.1"),
    "PBA": ("Proxy Binding Acknowledgement", "RFC 5213 section 8.2"),
}
"""What BU and BA are called with the P flag, and the section that says so."""

_PROTOCOLS = {NO_NEXT_HEADER: f"No Next Header ({NO_NEXT_HEADER})"}


class Node(Struct, frozen=True, kw_only=True):
    """A part of a message: a leaf with a value, or a part with parts of its own."""

    label: str
    """Its name in the RFC's diagram, or the registered name of a message or option."""
    offset: int
    """In bits, from the start of the Mobility Header."""
    width: int
    """In bits; 0 for what is not on the wire: what a dialect implies."""
    name: str = ""
    """Its name for programs: ``mag_multipath_binding.bid``; empty for what has none."""
    value: Any = None
    text: str = ""
    """The value in words, for a leaf; printable whatever was sent."""
    bits: str = ""
    """The field among its neighbours, as ``.1.. ....``; empty if it fills whole octets alone."""
    reference: str | None = None
    """RFC and section that define it; None for a part of something that has one."""
    is_padding: bool = False
    is_reserved: bool = False
    defects: tuple[Defect, ...] = ()
    """What does not follow the format, at this place."""
    parts: tuple[Node, ...] = ()

    @property
    def end(self) -> int:
        """Where it ends, in bits from the start of the Mobility Header."""
        return self.offset + self.width

    @property
    def first_octet(self) -> int:
        """The octet that it begins in, from the start of the Mobility Header."""
        return self.offset // 8

    @property
    def last_octet(self) -> int:
        """The octet that it ends in; the one before `first_octet` if it has no width."""
        return (self.end - 1) // 8

    def leaves(self) -> Iterator[Node]:
        """Give the leaves below it, or itself if it is one."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


def dissect(message: Message, dialects: Mapping[str, Dialect] | None = None) -> tuple[Node, ...]:
    """Give the parts of a message, from the first octet of its header to the last of its packet.

    `dialects` are the tables by name that messages may have been translated by; without that of a
    translated message, its options are shown with the places of IANA's.
    """
    dialect = (dialects or {}).get(message.dialect or "")
    size = len(message.datagram.payload)
    parts = [_header(message)]
    if size > FIXED:
        end = min(size, max(message.length, FIXED))
        data_end = _body_end(message, end)
        parts.append(_body(message, dialect, data_end))
        parts.extend(_options(message, dialect, data_end, end))
        if end < size:
            parts.append(
                _leaf("Octets behind the message", end * 8, message.datagram.payload[end:])
            )
    return _with_defects(tuple(parts), message.defects)


# ------------------------------------------------------------------------ header and message


def _header(message: Message) -> Node:
    """Give the fields that every message begins with (RFC 6275 section 6.1.1)."""
    payload = message.datagram.payload
    declared = message_type(message.mh_type, payload[FIXED:])
    number, proto, units = message.mh_type, message.payload_proto, message.length // 8 - 1
    kind = f"{declared.name if declared else 'Unknown'} ({number})"
    fixed: tuple[tuple[str, str, int, int, str], ...] = (
        ("Payload Proto", "payload_proto", 1, proto, _PROTOCOLS.get(proto, str(proto))),
        ("Header Len", "header_len", 1, units, f"{units} ({message.length} octets)"),
        ("MH Type", "mh_type", 1, number, kind),
        ("Reserved", "reserved", 1, message.reserved, str(message.reserved)),
        ("Checksum", "checksum", 2, message.checksum, _checksum(message)),
    )
    parts, offset = [], 0
    for label, name, octets, value, text in fixed:
        if offset + octets > len(payload):
            parts.append(_leaf("Data", offset * 8, payload[offset:]))
            break
        parts.append(
            Node(
                label=label,
                name=f"mobility_header.{name}",
                value=value,
                text=text,
                offset=offset * 8,
                width=octets * 8,
                is_reserved=label == "Reserved",
            )
        )
        offset += octets
    return Node(
        label="Mobility Header",
        name="mobility_header",
        offset=0,
        width=min(FIXED, len(payload)) * 8,
        reference="RFC 6275 section 6.1.1",
        parts=tuple(part for part in parts if part.width),
    )


def _checksum(message: Message) -> str:
    text = f"0x{message.checksum:04x}"
    if message.checksum_correct is not None:
        return f"{text} ({'correct' if message.checksum_correct else 'wrong'})"
    if message.datagram.ports is not None:
        return f"{text} (not used over UDP)"
    return f"{text} (not verified: octets are missing)"


def _body_end(message: Message, end: int) -> int:
    """Give the octet behind the fixed part: where the first option stands, or should."""
    if message.offsets:
        return message.offsets[0]
    for defect in message.defects:
        if defect.kind == "option-overrun":
            return defect.offset
    return end


def _body(message: Message, dialect: Dialect | None, end: int) -> Node:
    declared = message_type(message.mh_type, message.datagram.payload[FIXED:])
    title, reference = PROXY.get(
        message.kind, (declared.name, declared.reference) if declared else ("Message Data", None)
    )
    prefix = name_of(declared.cls) if declared else "unknown_message"
    start = FIXED * 8
    parts = [_node(field, start, prefix) for field in message_fields(message)]
    if dialect is not None:
        parts = list(_body_in(dialect, message, parts))
    return Node(
        label=title,
        name=prefix,
        offset=start,
        width=end * 8 - start,
        reference=reference,
        parts=_in_words(parts, message.datagram.payload),
    )


def _body_in(dialect: Dialect, message: Message, parts: Sequence[Node]) -> Iterator[Node]:
    """Put flags where a dialect has them, and say what its status stands for."""
    body = message.body
    first, last = (octet * 8 for octet in FLAG_WORDS[body.abbreviation])
    table = dialect.flags.get(body.abbreviation)
    named = flag_names(type(body))
    by_name = {part.name.rpartition(".")[2]: part for part in parts}
    implied = [named[letter] for letter in dialect.implied.get(body.abbreviation, ())]
    placed = False
    for part in parts:
        if first <= part.offset < last and table is not None:
            if not placed:
                placed = True
                bits = {last - mask.bit_length(): by_name[named[f]] for f, mask in table.items()}
                yield from _flag_word(message, first, last, bits)
                for name in implied:
                    if by_name[name] not in bits.values():
                        yield _implied(by_name[name], last)
            continue
        raw = message.datagram.payload[part.first_octet]
        if part.name.endswith(".status") and raw != part.value:
            part = replace(part, text=f"{part.text}, {raw} on the wire")
        elif part.name.rpartition(".")[2] in implied:
            part = replace(part, text=f"{part.text}, implied by the dialect")
        yield part


def _flag_word(message: Message, first: int, last: int, bits: Mapping[int, Node]) -> Iterator[Node]:
    word = int.from_bytes(message.datagram.payload[first // 8 : last // 8])
    offset = first
    while offset < last:
        if offset in bits:
            yield replace(bits[offset], offset=offset)
            offset += 1
            continue
        end = next((bit for bit in range(offset, last) if bit in bits), last)
        value = word >> (last - end) & (1 << end - offset) - 1
        yield Node(
            label="Not used by the dialect",
            value=value,
            text=str(value),
            offset=offset,
            width=end - offset,
            is_reserved=True,
        )
        offset = end


def _implied(node: Node, offset: int) -> Node:
    text = f"{node.text}, implied by the dialect"
    return replace(node, offset=offset, width=0, text=text, parts=())


# ---------------------------------------------------------------------------------- options


def _options(message: Message, dialect: Dialect | None, start: int, end: int) -> Iterator[Node]:
    payload = message.datagram.payload
    rules = {rule.number: rule for rule in dialect.option} if dialect is not None else {}
    position = start
    for option, offset in zip(message.options, message.offsets, strict=True):
        number = payload[offset]
        position = offset + (1 if number == PAD1 else 2 + payload[offset + 1])
        rule = rules.get(number)
        if rule is not None:
            yield _translated(option, rule, payload, offset, position)
        elif message.dialect and not _is_read_from(option, payload[offset:position]):
            yield _as_on_the_wire(option, payload, offset, position)
        else:
            yield _option(option, payload, offset, position)
    if position < end and any(defect.kind == "option-overrun" for defect in message.defects):
        yield _leaf("Octets that are no whole option", position * 8, payload[position:end])


def _option(option: Option, payload: bytes, start: int, end: int) -> Node:
    number = option_number(option)
    declared = MOBILITY_OPTIONS.types.get(number)
    cls = declared.cls if declared else OpaqueOption
    prefix = "unknown_option" if declared is None else name_of(cls)
    content = [_node(field, (start + 2) * 8, prefix) for field in fields(option)]
    return Node(
        label=declared.name if declared else "Unknown option",
        name=prefix,
        value=number,
        text=str(number),
        offset=start * 8,
        width=(end - start) * 8,
        reference=declared.reference if declared else None,
        is_padding=number in (PAD1, PADN),
        parts=(
            *_type_and_length(payload, start, prefix, MOBILITY_OPTIONS, number),
            *_in_words(content, payload),
        ),
    )


def _type_and_length(
    payload: bytes, start: int, prefix: str, registry: OptionRegistry, number: int
) -> Iterator[Node]:
    """Give the two octets that an option begins with; Pad1 has only the first."""
    wire = payload[start]
    name = registry.name(number)
    text = f"{name} ({number})" + (f", {wire} on the wire" if wire != number else "")
    yield Node(
        label="Type", name=f"{prefix}.type", value=wire, text=text, offset=start * 8, width=8
    )
    if wire == PAD1 and wire in registry.types:
        return
    length = payload[start + 1]
    declared = registry.types.get(number)
    rule = declared.length if declared and wire == number else None
    yield Node(
        label="Length",
        name=f"{prefix}.length",
        value=length,
        text=_length(length, rule),
        offset=start * 8 + 8,
        width=8,
    )


def _length(length: int, rule: LengthRule | None) -> str:
    """Write the Length of an option, and what it should be if it is not."""
    wrong = rule is not None and not rule.allows(length)
    return f"{length} (should be {rule})" if wrong else str(length)


def _translated(option: Option, rule: OptionRule, payload: bytes, start: int, end: int) -> Node:
    """Give an option of a dialect: the fields of the one it stands for, where they really are."""
    content = (start + 2) * 8
    whole = _option(option, payload, start, end)
    head, inner = whole.parts[:2], whole.parts[2:]
    if option_number(option) == rule.means:
        skipped = rule.skip * 8
        shift = skipped - len(bytes.fromhex(rule.prepend)) * 8
        inner = tuple(_shifted(part, shift, content + skipped) for part in inner)
        if skipped:
            octets = payload[content // 8 : content // 8 + rule.skip]
            inner = (_leaf("Not used", content, octets), *inner)
    return replace(whole, label=f"{whole.label}, as the dialect has it", parts=(*head, *inner))


def _is_read_from(option: Option, octets: bytes) -> bool:
    """Tell whether an option is what its octets say in IANA's numbers."""
    try:
        return MOBILITY_OPTIONS.encode_one(option) == octets
    except EncodeError:  # a dialect's table made it longer than an option can be
        return False


def _as_on_the_wire(option: Option, payload: bytes, start: int, end: int) -> Node:
    """Give an option of a dialect whose table is not at hand: where its fields are is not known."""
    whole = _option(option, payload, start, end)
    octets = payload[start + 2 : end]
    content = (_leaf("Content", (start + 2) * 8, octets),) if octets else ()
    return replace(whole, parts=(*whole.parts[:2], *content))


def _shifted(node: Node, shift: int, least: int) -> Node:
    """Move a node to its place on the wire; what lies before `least` is only implied."""
    if node.offset + shift < least and node.end + shift <= least:
        return _implied(node, least)
    offset = max(node.offset + shift, least)
    parts = tuple(_shifted(part, shift, least) for part in node.parts)
    return replace(node, offset=offset, width=node.end + shift - offset, parts=parts)


# ----------------------------------------------------------------------------------- fields


def _node(field: Shown, start: int, prefix: str) -> Node:
    """Make a node of a field whose offset counts from a start in bits."""
    meaning = f"{field.meaning} ({field.label})" if field.meaning else field.label
    parts = tuple(_sub_option(option, start) for option in field.nested)
    text = ("set" if field.value else "not set") if field.meaning else field.text
    if field.unit is not None and field.unit[0].isdigit() and "/" not in field.unit:
        text = f"{text} ({field.value} x {field.unit})"
    elif field.label == "Reserved" and field.value > 9:
        text = f"0x{field.value:x}"
    return Node(
        label=meaning,
        name=f"{prefix}.{field.name}",
        value=field.value,
        text=text,
        offset=start + field.offset,
        width=field.width,
        is_reserved=field.label == "Reserved",
        parts=parts,
    )


def _sub_option(option: ShownOption, start: int) -> Node:
    offset = start + option.offset
    content = tuple(_node(field, start, option.prefix) for field in option.fields)
    head: list[Node] = []
    if not option.is_bare:
        head = list(_head(option, offset))
    return Node(
        label=option.name,
        name=option.prefix,
        value=option.number,
        text=str(option.number),
        offset=offset,
        width=option.width,
        reference=option.reference,
        is_padding=option.prefix.removeprefix("flow_") in ("pad", "pad_n"),
        parts=(*head, *content),
    )


def _head(option: ShownOption, offset: int) -> Iterator[Node]:
    """Give the Type of a sub-option and, if it has one, its Length."""
    text = f"{option.name} ({option.number})"
    name = f"{option.prefix}.type"
    yield Node(label="Type", value=option.number, text=text, name=name, offset=offset, width=8)
    if option.width > 8:
        length = option.width // 8 - 2
        yield Node(
            label="Length",
            value=length,
            text=_length(length, option.length_rule),
            name=f"{option.prefix}.length",
            offset=offset + 8,
            width=8,
        )


def _leaf(label: str, offset: int, octets: bytes) -> Node:
    """Make a leaf of octets that no declaration explains."""
    return Node(label=label, value=octets, text=octets.hex(), offset=offset, width=len(octets) * 8)


def _in_words(parts: Iterable[Node], payload: bytes) -> tuple[Node, ...]:
    """Draw the bits of fields that share octets, and leave out fields that have none."""
    drawn: list[Node] = []
    word: list[Node] = []
    for part in parts:
        if not part.width:
            # Nothing was sent of it, such as the data of a PadN of two octets.
            if part.text.endswith("implied by the dialect"):
                drawn.append(part)
            continue
        if part.parts:
            part = replace(part, parts=tuple(_redrawn(inner, payload) for inner in part.parts))
        word.append(part)
        if part.end % 8 == 0:
            drawn.extend(word if len(word) == 1 else _drawn(word, payload))
            word = []
    return (*drawn, *word)


def _redrawn(option: Node, payload: bytes) -> Node:
    return replace(option, parts=_in_words(option.parts, payload))


def _drawn(word: Sequence[Node], payload: bytes) -> Iterator[Node]:
    start, end = word[0].offset, word[-1].end
    octets = payload[start // 8 : end // 8]
    digits = f"{int.from_bytes(octets):0{len(octets) * 8}b}"
    for field in word:
        first, last = field.offset - start, field.end - start
        line = "".join(d if first <= i < last else "." for i, d in enumerate(digits))
        bits = " ".join(line[i : i + 4] for i in range(0, len(line), 4))
        yield replace(field, bits=bits)


# ---------------------------------------------------------------------------------- defects


def _with_defects(parts: tuple[Node, ...], defects: Sequence[Defect]) -> tuple[Node, ...]:
    """Put each defect to the part that it begins at: the last one, where nothing is there."""
    for defect in defects:
        index = next(
            (i for i in reversed(range(len(parts))) if parts[i].first_octet <= defect.offset), 0
        )
        part = parts[index]
        marked = replace(part, defects=(*part.defects, defect))
        parts = (*parts[:index], marked, *parts[index + 1 :])
    return parts
