"""One message as this program and as tshark decode it, held against each other bit by bit.

Every field that tshark shows says which bits it stands in. Here the same bits must be one field, of
the meaning that `fields.tsv` names, with the same value. An option whose octets break its format is
left out, as each program shows in its own way what is left of it; but where tshark calls a format
broken, so must this program.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.address import address_octets
from pmiptrace.model import Message, direct
from pmiptrace.tshark.pdml import Field, Header
from pmiptrace.tshark.tables import Fault, FieldRow, How, faults, field_rows
from pmiptrace.wire.tree import Node, dissect


@direct
class Kind(StrEnum):
    """In what the two differ."""

    MISSING = "missing"
    """A message here, none in tshark."""
    EXTRA = "extra"
    """A message in tshark, none here."""
    PLACE = "place"
    """tshark has a field where there is none here, or another."""
    VALUE = "value"
    MEANING = "meaning"
    """The same number, explained in another way."""
    UNNAMED = "unnamed"
    """tshark does not know what a number means."""
    UNLISTED = "unlisted"
    """This program does not know what a number means."""
    BROKEN = "broken"
    """tshark calls a format broken that is in order here."""


class Difference(Struct, frozen=True, kw_only=True):
    """One thing in which the two programs do not agree."""

    kind: Kind
    frame: int
    message: str
    """The kind of message: ``PBU``; ``MH`` where there is none here."""
    octet: int | None = None
    """Where, from the start of the Mobility Header."""
    field: str = ""
    """tshark's field."""
    theirs: str = ""
    """What tshark says."""
    ours: str = ""
    """The name of the field or option here."""
    text: str = ""
    """What this program says."""
    fault: Fault | None = None
    """The known difference that explains it."""


class Comparison(Struct):
    """The sum of a comparison."""

    messages: int = 0
    """That both decoded."""
    fields: int = 0
    """That were compared."""
    broken: int = 0
    """Fields that were not, as they stand in an option that breaks its format."""
    unknown: set[str] = set()
    """Fields of tshark's that `fields.tsv` does not have."""

    def compare(self, message: Message, header: Header) -> Iterator[Difference]:
        """Compare one message as the two decode it."""
        self.messages += 1
        places = _Places(message)
        unknown = {f.inside for f in header.fields if f.name == "mip6.mobility_opt"}
        for field in header.fields:
            row = field_rows().get(field.name)
            if row is None:
                if field.name.startswith("mip6."):
                    self.unknown.add(field.name)
            elif row.how is How.COMPLAINT:
                if not places.is_broken(field.inside):
                    yield _difference(Kind.BROKEN, message, field, places.at(field.inside))
            elif row.how is not How.SKIP and field.width:
                # Of an option that it does not know tshark may show a Length from anywhere.
                is_stray = field.name == "mip6.mobility_opt.len" and field.inside in unknown
                start = field.inside if is_stray else field.offset
                if places.is_broken(start):
                    self.broken += 1
                else:
                    self.fields += 1
                    yield from _compare(message, field, row, places, places.at(start))
        if header.is_malformed and not places.are_broken:
            begun = [places.at(field.inside) for field in header.fields if field.width]
            last = begun[-1] if begun else None  # the option that tshark was reading
            yield _difference(Kind.BROKEN, message, _MALFORMED, last)


_MALFORMED = Field("_ws.malformed", 0, 0, "", "Malformed packet", b"", 0)


class _Places:
    """The fields of a message here, by the bits that they stand in."""

    def __init__(self, message: Message) -> None:
        self._parts = dissect(message)
        self._leaves = [leaf for part in self._parts for leaf in part.leaves() if leaf.width]
        self._by_bits = {(leaf.offset, leaf.width): leaf for leaf in self._leaves}

    def part(self, offset: int, width: int) -> Node | None:
        """Give the part that fills these bits: a header, a message or an option."""
        fitting = (part for part in self._parts if (part.offset, part.width) == (offset, width))
        return next(fitting, None)

    def leaf(self, offset: int, width: int) -> Node | None:
        """Give the field that fills these bits."""
        return self._by_bits.get((offset, width))

    def at(self, offset: int) -> Node | None:
        """Give the field that has this bit."""
        having = (leaf for leaf in self._leaves if leaf.offset <= offset < leaf.end)
        return next(having, None)

    @property
    def are_broken(self) -> bool:
        """Tell whether any part breaks its format."""
        return any(map(_is_broken, self._parts))

    def is_broken(self, offset: int) -> bool:
        """Tell whether the part that has this bit breaks its format."""
        return any(part.offset <= offset < part.end and _is_broken(part) for part in self._parts)


def _is_broken(node: Node) -> bool:
    """Tell whether octets are not as the format wants them, its length included."""
    # The dissection adds to a Length what it should be.
    is_wrong_length = node.name.endswith(".length") and node.text != str(node.value)
    return is_wrong_length or bool(node.defects) or any(map(_is_broken, node.parts))


def _compare(
    message: Message, field: Field, row: FieldRow, places: _Places, here: Node | None
) -> Iterator[Difference]:
    if row.how is How.OPTION:
        part = places.part(field.offset, field.width)
        if part is None or not row.means(part.name):
            yield _difference(Kind.PLACE, message, field, here)
        return
    if row.how is How.WITHIN:
        if here is None or not any(row.means(name) for name in (here.name, _whole(here.name))):
            yield _difference(Kind.PLACE, message, field, here)
        return
    leaf = places.leaf(field.offset, field.width)
    if leaf is None or not row.means(leaf.name):
        yield _difference(Kind.PLACE, message, field, here)
    elif not _is_equal(field, leaf):
        yield _difference(Kind.VALUE, message, field, here)
    elif row.how is How.CODE:
        kind = _contradiction(field, leaf)
        if kind is not None:
            yield _difference(kind, message, field, leaf)


def _whole(name: str) -> str:
    """Give the message or option that a field is of."""
    return name.partition(".")[0]


def _difference(kind: Kind, message: Message, field: Field, here: Node | None) -> Difference:
    return explained(
        Difference(
            kind=kind,
            frame=message.frame.number,
            message=message.kind,
            octet=None if here is None else here.first_octet,
            field=field.name,
            theirs=field.label,
            ours="" if here is None else here.name,
            text="" if here is None else f"{here.label}: {here.text}",
        )
    )


def explained(difference: Difference) -> Difference:
    """Name the known difference that it is, if it is one."""
    facts = (difference.kind.value, difference.message, difference.field, difference.ours)
    fault = next((fault for fault in faults() if fault.explains(*facts)), None)
    return replace(difference, fault=fault)


# ----------------------------------------------------------------------------------- values

_TIMES = frozenset({"timestamp.timestamp", "mobility_message_replay_protection.timestamp"})
"""Compared as octets: as text, tshark writes fractions below zero and years of five digits."""


def _is_equal(field: Field, leaf: Node) -> bool:
    """Tell whether tshark shows the value that the field has here."""
    show, value = field.show, leaf.value
    if leaf.name in _TIMES:
        return bool(int.from_bytes(field.octets) == value)
    if isinstance(value, bytes):
        if len(value) in (4, 16) and not _is_hexadecimal(show):
            try:
                return address_octets(show) == value
            except ValueError:
                pass  # not an address, but a name of four octets
        return field.octets == value
    return bool(_number(show) == value)


def _is_hexadecimal(show: str) -> bool:
    return re.fullmatch(r"0x[0-9a-f]+|[0-9a-f]{2}(:[0-9a-f]{2})*", show) is not None


def _number(show: str) -> int | None:
    if show in ("True", "False"):
        return int(show == "True")
    try:
        return int(show, 0)
    except ValueError:
        return None


# ---------------------------------------------------------------------------------- meanings

_NUMBER_BEHIND = re.compile(r" ?\((0x[0-9a-f]+|\d+)\)$")
_UNKNOWN = frozenset({"unknown", "unassigned", "reserved", ""})
"""What stands for a number without a meaning."""
_SAME = frozenset({("mip6.fback.status", 1)})
"""Codes that both explain, in other words."""


def _contradiction(field: Field, leaf: Node) -> Kind | None:
    """Tell whether the two explain a number differently, or only one of them does."""
    theirs, ours = _words(field.label.partition(": ")[2]), _words(leaf.text)
    if theirs in _UNKNOWN or ours in _UNKNOWN:
        if theirs in _UNKNOWN and ours in _UNKNOWN:
            return None
        return Kind.UNNAMED if theirs in _UNKNOWN else Kind.UNLISTED
    if theirs in ours or ours in theirs or (field.name, leaf.value) in _SAME:
        return None
    return Kind.MEANING


def _words(text: str) -> str:
    """Give the letters and digits of an explanation, without the number that it explains."""
    plain = re.sub(r"[^a-z0-9]", "", _NUMBER_BEHIND.sub("", text).casefold())
    return "" if plain.isdigit() else plain
