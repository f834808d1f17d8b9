"""Decoded values as lists of fields: for the dissection tree, and as plain values for JSON.

Both are read off the declarations of `pmiptrace.wire.layout`, so that an option which is declared
is also shown. What comes from the wire is escaped: no text here holds a control character.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.address import address_text
from pmiptrace.model import (
    Body,
    Identifier,
    Message,
    OpaqueBody,
    OpaqueOption,
    Option,
    option_number,
    printable,
)
from pmiptrace.wire.body import message_type
from pmiptrace.wire.layout import (
    Bits,
    Field,
    Flag,
    Layout,
    Maybe,
    Octets,
    Placed,
    Rest,
    SubOptions,
)
from pmiptrace.wire.option import MOBILITY_OPTIONS, LengthRule, OptionRegistry

_SECONDS = {"s": 1, "4 s": 4}
"""Units of time that JSON also gets in seconds."""


class Shown(Struct, frozen=True):
    """One field of an option or a message, ready to be shown."""

    name: str
    """Its name in Python and in JSON."""
    label: str
    """Its name in the RFC's diagram."""
    value: Any
    text: str
    offset: int
    """In bits, from the end of the option's Length field or of the message's Checksum."""
    width: int
    """In bits."""
    codes: Mapping[int, str] | None = None
    """The registered names of its values, if it has some."""
    unit: str | None = None
    meaning: str | None = None
    """What a flag stands for, as its label is but a letter."""
    nested: tuple[ShownOption, ...] = ()
    """The sub-options, if it is a list of them."""
    form: str | None = None
    """How octets are to be read: ``address``, ``text`` ..."""


class ShownOption(Struct, frozen=True):
    """A sub-option, ready to be shown."""

    number: int
    name: str
    offset: int
    """Of its Type, in bits, counted as for the field that holds it."""
    width: int
    fields: tuple[Shown, ...]
    prefix: str
    """Its name for programs."""
    reference: str | None
    is_bare: bool = False
    """Whether it has no Type and Length of its own."""
    length_rule: LengthRule | None = None
    """Which lengths its definition allows; None for an unknown one."""


@cache
def name_of(cls: type[Struct]) -> str:
    """Give the name of a message or option for programs: ``mag_multipath_binding``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()


@cache
def status_names(cls: type[Body]) -> Mapping[int, str]:
    """Give the registered names of the Status values of a message; none if it has no such field."""
    for placed in Layout.of(cls).fields:
        if placed.name == "status" and isinstance(placed.field, Bits) and placed.field.codes:
            return placed.field.codes
    return {}


def fields(value: Option | Body, registry: OptionRegistry = MOBILITY_OPTIONS) -> Iterator[Shown]:
    """Give the fields of an option or of a message's fixed part, in the order of the wire.

    Of an option that is too short for its definition come the fields that are whole. `registry`
    is the one that the option belongs to.
    """
    if isinstance(value, OpaqueOption):
        declared = registry.types.get(value.type)
        yield from _partial(declared.layout if declared else None, value.data)
        return
    if isinstance(value, OpaqueBody):
        yield from _partial(None, value.data)
        return
    layout: Layout[Any] = Layout.of(type(value))
    end = 0
    for placed in layout.fields:
        shown = _shown(placed, getattr(value, placed.name), value)
        yield shown
        end = shown.offset + shown.width
    if value.excess:
        yield _octets("excess", "Excess", value.excess, end)


def message_fields(message: Message) -> Iterator[Shown]:
    """Give the fields of a message's fixed part, also of one that is cut short."""
    body = message.body
    if isinstance(body, OpaqueBody):
        declared = message_type(message.mh_type, body.data)
        yield from _partial(declared.layout if declared else None, body.data)
    else:
        yield from fields(body)


@lru_cache(maxsize=16_384)
def option_document(
    option: Option, registry: OptionRegistry = MOBILITY_OPTIONS
) -> dict[str, object]:
    """Give an option as plain values that JSON can carry, its registered name among them.

    A code comes as the number and, under `NAME_name`, its registered name; a time in seconds is
    under `NAME_s`. Reserved bits are left out where they are zero, as they must be. Equal options
    share the document, which nobody changes.
    """
    number = option_number(option)
    document: dict[str, object] = {"number": number, "name": registry.name(number)}
    if isinstance(option, OpaqueOption):
        _add_shown(document, fields(option, registry))
    else:
        _add_fields(document, option)
    return document


def message_document(message: Message) -> dict[str, object]:
    """Give the fixed part of a message as plain values, in the way of `option_document`."""
    document: dict[str, object] = {}
    if isinstance(message.body, OpaqueBody):
        _add_shown(document, message_fields(message))
    else:
        _add_fields(document, message.body)
    return document


def _add_shown(document: dict[str, object], shown: Iterable[Shown]) -> None:
    """Add the fields of what could not be decoded as a whole."""
    for field in shown:
        if field.label != "Reserved" or field.value:
            document[field.name] = field.text if isinstance(field.value, bytes) else field.value
            _add_meaning(document, field.name, field.value, field.codes, field.unit)


class _Column(Struct, frozen=True):
    """What is fixed about one field of a class in its document."""

    name: str
    field: Field
    reserved: bool
    codes: Mapping[int, str] | None
    unit: str | None
    names_itself: bool
    """Whether the class has a property for what the value means."""
    is_number: bool
    """Whether it is nothing but a number or a flag."""


@cache
def _columns(cls: type[Option | Body]) -> tuple[_Column, ...]:
    columns = []
    for placed in Layout.of(cls).fields:
        field = placed.field
        codes = field.codes if isinstance(field, Bits) else None
        unit = field.unit if isinstance(field, Bits) and field.unit in _SECONDS else None
        names_itself = hasattr(cls, f"{placed.name}_name")
        plain = isinstance(field, Bits | Maybe) and codes is None and not (unit or names_itself)
        is_reserved = field.label == "Reserved"
        columns.append(_Column(placed.name, field, is_reserved, codes, unit, names_itself, plain))
    return tuple(columns)


def _add_fields(document: dict[str, object], value: Option | Body) -> None:
    """Add the fields of a value, as `fields` gives them, without the rest that a tree needs."""
    for column in _columns(type(value)):
        name, field = column.name, column.field
        content = getattr(value, name)
        if column.reserved and not content:
            continue
        if column.is_number:
            document[name] = content
            continue
        codes = column.codes
        if column.names_itself:
            meaning = getattr(value, f"{name}_name")
            codes = codes if meaning is None else {content: meaning}
        if isinstance(field, SubOptions):
            document[name] = [option_document(option, field.registry) for option in content]
        elif isinstance(content, bytes):
            document[name] = _text(field, content, codes, value)
        else:
            document[name] = content
        _add_meaning(document, name, content, codes, column.unit)
    if value.excess:
        document["excess"] = value.excess.hex()


def _add_meaning(
    document: dict[str, object],
    name: str,
    value: Any,
    codes: Mapping[int, str] | None,
    unit: str | None,
) -> None:
    if codes is not None:
        document[f"{name}_name"] = codes.get(value, "Unassigned")
    if unit in _SECONDS:
        document[f"{name}_s"] = value * _SECONDS[unit]


def _partial(layout: Layout[Any] | None, data: bytes) -> Iterator[Shown]:
    """Give the whole fields of octets that could not be decoded, and what is left of them.

    Fields that end within an octet whose rest is missing are left to the rest: no bit comes twice.
    """
    end = 0
    held: list[Shown] = []
    if layout is not None:
        for placed, content in layout.readable(data):
            if placed.width is None:
                break
            value = bool(content) if isinstance(placed.field, Flag) else content
            held.append(_shown(placed, value, None))
            if (placed.offset + placed.width) % 8 == 0:
                end = (placed.offset + placed.width) // 8
                yield from held
                held.clear()
    yield _octets("data", "Data", data[end:], end * 8)


def _octets(name: str, label: str, data: bytes, offset: int) -> Shown:
    return Shown(name, label, data, data.hex(), offset, len(data) * 8)


def _shown(placed: Placed, value: Any, owner: Option | Body | None) -> Shown:
    field = placed.field
    codes = field.codes if isinstance(field, Bits) else None
    name = getattr(owner, f"{placed.name}_name", None)
    if name is not None:
        # What the value means depends on another field: the class has a property for it.
        codes = {value: name}
    nested: tuple[ShownOption, ...] = ()
    width = placed.width
    if isinstance(field, SubOptions):
        nested, width = _nested(field.registry, value, placed.offset)
    elif isinstance(field, Maybe):
        width = 0 if value is None else field.width
    elif width is None:
        width = len(value) * 8
        content = getattr(owner, f"{placed.name}_content", None)
        if content is not None:
            nested = (_content(owner, content, placed.offset, width),)
    return Shown(
        placed.name,
        field.label,
        value,
        _text(field, value, codes, owner),
        placed.offset,
        width,
        codes,
        field.unit if isinstance(field, Bits) else None,
        field.meaning if isinstance(field, Flag) else None,
        nested,
        field.form if isinstance(field, Octets | Rest) else None,
    )


def _content(owner: Any, content: Option, start: int, width: int) -> ShownOption:
    """Give what the octets of a field say by themselves, without Type and Length."""
    registry: OptionRegistry = owner.content_registry
    number = option_number(content)
    declared = registry.types[number]
    inner = tuple(
        replace(field, offset=field.offset + start) for field in fields(content, registry)
    )
    name, reference = declared.name, declared.reference
    return ShownOption(number, name, start, width, inner, name_of(declared.cls), reference, True)


def _nested(
    registry: OptionRegistry, options: tuple[Option, ...], start: int
) -> tuple[tuple[ShownOption, ...], int]:
    shown = []
    offset = start
    for option in options:
        number = option_number(option)
        width = len(registry.encode_one(option)) * 8
        content = offset + min(16, width)
        inner = tuple(
            replace(field, offset=field.offset + content) for field in fields(option, registry)
        )
        declared = registry.types.get(number)
        shown.append(
            ShownOption(
                number,
                registry.name(number),
                offset,
                width,
                inner,
                name_of(declared.cls) if declared else "unknown_sub_option",
                declared.reference if declared else None,
                length_rule=declared.length if declared else None,
            )
        )
        offset += width
    return tuple(shown), offset - start


def _text(
    field: Field, value: Any, codes: Mapping[int, str] | None, owner: Option | Body | None
) -> str:
    if isinstance(field, Flag):
        return "yes" if value else "no"
    if codes is not None:
        return f"{codes.get(value, 'Unassigned')} ({value})"
    if isinstance(field, Bits):
        return _with_unit(value, field.unit)
    if isinstance(field, Octets):
        return address_text(value) if field.form == "address" else value.hex()
    if isinstance(field, Rest):
        return _rest_text(field.form, value, owner)
    if isinstance(field, SubOptions):
        return str(len(value))
    return "none" if value is None else str(value)


def _rest_text(form: str, value: bytes, owner: Option | Body | None) -> str:
    if form == "text":
        return printable(value)
    if form == "address":
        return address_text(value)
    if form == "addresses":
        return ", ".join(address_text(value[i : i + 16]) for i in range(0, len(value), 16))
    if form == "numbers":
        return ", ".join(str(int.from_bytes(value[i : i + 2])) for i in range(0, len(value), 2))
    if form == "identifier":
        return str(Identifier(getattr(owner, "subtype", 0), value))
    return value.hex()


def _with_unit(value: int, unit: str | None) -> str:
    if unit is None:
        return str(value)
    if unit == "1/65536 s":
        return _time_of_day(value)
    if unit == "1/32768 degree":
        return f"{value / 32768:.5f} degrees"
    scale, _, name = unit.rpartition(" ")
    return f"{value * int(scale)} {name}" if scale else f"{value} {name}"


def _time_of_day(value: int) -> str:
    """Give a Timestamp of RFC 5213 section 8.8 as text; beyond the year 9999 as its seconds."""
    try:
        time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value >> 16)
    except OverflowError:
        return f"{value >> 16} s after 1970"
    return f"{time:%Y-%m-%dT%H:%M:%S}.{(value & 0xFFFF) * 1_000_000 >> 16:06d}Z"
