"""A Lua script by which Wireshark shows what it lacks, made from the declarations of `wire`.

Wireshark asks the dissector table ``mip6.option`` for each option; the script enters those that
Wireshark has no dissector for. It shows no such openness for messages and status codes: a
post-dissector reads MH types 19 to 23 from the octets that Wireshark leaves undissected, and names
status codes that it has no name for. Findings in packet comments become expert information, which
Wireshark colours, and fields to filter by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from pmiptrace.wire.body import MESSAGE_TYPES, MessageType
from pmiptrace.wire.codes import BINDING_STATUS
from pmiptrace.wire.layout import Bits, Flag, Layout, Maybe, Octets, Placed, Rest, SubOptions
from pmiptrace.wire.option import MOBILITY_OPTIONS, OptionRegistry, OptionType

LACKED_OPTIONS = (*range(42, 46), 53, 54, *range(56, 71))
"""Options without a dissector in Wireshark 4.0. If a later one has it, that is used."""
LACKED_MESSAGES = range(19, 24)
"""MH types that Wireshark 4.0 has no name for."""
LACKED_STATUS = (179, 180)
"""Status codes of a Binding Acknowledgement that Wireshark 4.0 has no name for."""
_PROTOCOL = "pmiptrace"


def lua_script() -> str:
    """Give the script; the same for the same declarations."""
    engine = files("pmiptrace.export").joinpath("wireshark.lua").read_text("utf-8")
    tables = "\n".join(_Tables().lines())
    return engine.replace("-- @tables@", tables)


class _Tables:
    """Lua tables of fields, options and messages."""

    def __init__(self) -> None:
        self._fields: list[str] = []
        self._registries: dict[int, tuple[str, OptionRegistry]] = {}
        self._codes: dict[int, tuple[str, Mapping[int, str]]] = {}

    def lines(self) -> Iterator[str]:
        options = [
            self._option(MOBILITY_OPTIONS.types[number], f"{_PROTOCOL}.{_slug(name)}")
            for number in LACKED_OPTIONS
            for name in [MOBILITY_OPTIONS.types[number].name]
        ]
        messages = [
            self._message(form) for number in LACKED_MESSAGES for form in MESSAGE_TYPES[number]
        ]
        lists = [
            f"lists[{_quoted(name)}] = {{\n" + "\n".join(entries) + "\n}"
            for name, entries in self._lists()
        ]
        for name, codes in self._codes.values():
            yield f"codes[{_quoted(name)}] = {_names(codes)}"
        yield from self._fields
        yield from lists
        yield "options = {\n" + "\n".join(options) + "\n}"
        yield "messages = {\n" + "\n".join(messages) + "\n}"
        yield f"statuses = {_names({n: BINDING_STATUS[n] for n in LACKED_STATUS})}"

    def _lists(self) -> list[tuple[str, list[str]]]:
        done: dict[str, list[str]] = {}
        while len(done) < len(self._registries):
            for name, registry in list(self._registries.values()):
                if name not in done:
                    done[name] = [
                        self._option(declared, f"{_PROTOCOL}.{_slug(name)}.{_slug(declared.name)}")
                        for declared in registry.types.values()
                    ]
        return list(done.items())

    def _option(self, declared: OptionType, prefix: str) -> str:
        heading = f"  [{declared.number}] = {{name = {_quoted(declared.name)}, "
        return (
            heading
            + f"rfc = {_quoted(declared.reference)}, {self._layout(declared.layout, prefix)}}},"
        )

    def _message(self, form: MessageType) -> str:
        variant = form.variant.hex().upper()
        prefix = f"{_PROTOCOL}.{_slug(form.abbreviation)}"
        return (
            f"  {{mh_type = {form.mh_type}, name = {_quoted(form.name)}, "
            f"short = {_quoted(form.abbreviation)}, rfc = {_quoted(form.reference)}, "
            f"variant = {_quoted(variant)}, has_options = {_truth(form.has_options)}, "
            f"{self._layout(form.layout, prefix)}}},"
        )

    def _layout(self, layout: Layout[Any], prefix: str) -> str:
        """Give the fields of an option or message; each is declared to Wireshark as well."""
        fixed = [self._fixed(placed, prefix) for placed in layout.fields if placed.width]
        tail = f", tail = {self._tail(layout.tail, prefix)}" if layout.tail else ""
        return f"size = {layout.size}, fields = {{{', '.join(fixed)}}}{tail}"

    def _fixed(self, placed: Placed, prefix: str) -> str:
        field, width = placed.field, placed.width
        assert width is not None
        first, end = placed.offset // 8, (placed.offset + width + 7) // 8
        size = end - first
        if isinstance(field, Octets):
            kind = {16: "ipv6", 4: "ipv4"}.get(size) if field.form == "address" else None
            name = self._declare(prefix, placed, kind or "bytes", "")
        else:
            assert isinstance(field, Bits)
            mask = "nil"
            if width % 8:
                mask = f"0x{((1 << width) - 1) << end * 8 - placed.offset - width:X}"
            elif size not in (1, 2, 3, 4, 8):
                raise TypeError(f"Wireshark has no integer of {size} octets")
            if isinstance(field, Flag):
                name = self._declare(prefix, placed, "bool", f", {size * 8}, nil, {mask}")
            else:
                sign = "int" if field.signed else "uint"
                names = self._code_table(field.codes)
                kind = f"{sign}{size * 8}"
                name = self._declare(prefix, placed, kind, f", base.DEC, {names}, {mask}")
        return f"{{{name}, {first}, {size}}}"

    def _tail(self, placed: Placed, prefix: str) -> str:
        field = placed.field
        if isinstance(field, SubOptions):
            name, _ = self._registries.setdefault(
                id(field.registry), (field.registry.what, field.registry)
            )
            return f"{{kind = 'list', list = {_quoted(name)}}}"
        if isinstance(field, Maybe):
            name = self._declare(prefix, placed, f"uint{field.width}", ", base.DEC")
            return f"{{kind = 'maybe', size = {field.width // 8}, field = {name}}}"
        assert isinstance(field, Rest)
        if field.form == "address":
            v4 = self._declare(f"{prefix}", placed, "ipv4", "", "_ipv4")
            v6 = self._declare(f"{prefix}", placed, "ipv6", "", "_ipv6")
            return f"{{kind = 'address', ipv4 = {v4}, ipv6 = {v6}}}"
        if field.form in ("identifier", "text"):
            octets = self._declare(prefix, placed, "bytes", "", "_octets")
            text = self._declare(prefix, placed, "string", "")
            return f"{{kind = '{field.form}', text = {text}, octets = {octets}}}"
        if field.form == "numbers":
            name = self._declare(prefix, placed, "uint16", ", base.DEC")
            return f"{{kind = 'numbers', field = {name}}}"
        name = self._declare(prefix, placed, "bytes", "")
        return f"{{kind = 'octets', field = {name}}}"

    def _declare(self, prefix: str, placed: Placed, kind: str, more: str, suffix: str = "") -> str:
        """Declare a field to Wireshark and give the Lua expression for it."""
        key = f"{prefix}.{placed.name}{suffix}"
        label = placed.field.label
        if isinstance(placed.field, Flag):
            label = f"{label} ({placed.field.meaning})"
        self._fields.append(
            f"declare({_quoted(key)}, ProtoField.{kind}({_quoted(key)}, {_quoted(label)}{more}))"
        )
        return f"F[{_quoted(key)}]"

    def _code_table(self, codes: Mapping[int, str] | None) -> str:
        if not codes:
            return "nil"
        name, _ = self._codes.setdefault(id(codes), (f"codes {len(self._codes) + 1}", codes))
        return f"codes[{_quoted(name)}]"


def _names(codes: Mapping[int, str]) -> str:
    entries = (f"[{number}] = {_quoted(name)}" for number, name in codes.items())
    return "{" + ", ".join(entries) + "}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _quoted(text: str) -> str:
    """Give a string of Lua; what is declared is printable ASCII."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
