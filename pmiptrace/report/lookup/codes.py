"""The registered values of fields: statuses and the like, by table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from rich.console import Console

from pmiptrace.errors import UsageError
from pmiptrace.report.escaping import clean
from pmiptrace.report.lookup.near import near
from pmiptrace.report.page import Column, Page
from pmiptrace.report.style import MUTED, STRONG
from pmiptrace.wire import codes
from pmiptrace.wire.body import MESSAGE_TYPES
from pmiptrace.wire.fields import name_of
from pmiptrace.wire.layout import Bits, Layout
from pmiptrace.wire.option import MOBILITY_OPTIONS, OptionRegistry


class CodeEntry(Struct, frozen=True, kw_only=True):
    """A value of a table."""

    value: int
    name: str
    meaning: str | None
    """What a status usually means, where that is known."""
    remedy: str | None
    """What to look at or change then."""
    reference: str | None
    """The RFC that defines the value, where that is another than the table's."""


class TableEntry(Struct, frozen=True, kw_only=True):
    """A table of registered values."""

    name: str
    used_by: tuple[str, ...]
    """The fields that have these values, as `--fields` names them."""
    references: tuple[str, ...]
    """What defines those fields."""
    values: tuple[CodeEntry, ...]


def code_tables() -> tuple[TableEntry, ...]:
    """Give the tables that fields have, by name."""
    used: dict[str, list[tuple[str, str]]] = {}
    tables: dict[str, Mapping[int, str]] = {}
    for owner, reference, layout in _layouts():
        for placed in layout.fields:
            field = placed.field
            if isinstance(field, Bits) and field.codes and (name := table_name(field.codes)):
                tables[name] = field.codes
                used.setdefault(name, []).append((f"{owner}.{placed.name}", reference))
    return tuple(_table(name, tables[name], used[name]) for name in sorted(tables))


def _layouts() -> Iterator[tuple[str, str, Layout[Any]]]:
    for _, forms in sorted(MESSAGE_TYPES.items()):
        for form in forms:
            yield name_of(form.cls), form.reference, form.layout
    yield from _option_layouts(MOBILITY_OPTIONS)


def _option_layouts(registry: OptionRegistry) -> Iterator[tuple[str, str, Layout[Any]]]:
    for _, declared in sorted(registry.types.items()):
        yield name_of(declared.cls), declared.reference, declared.layout
        for registry in declared.registries:
            yield from _option_layouts(registry)


def table_name(table: Mapping[int, str]) -> str | None:
    """Give the name of a table: that of the constant which holds it."""
    return next((n.lower() for n, value in vars(codes).items() if value is table), None)


def _table(name: str, values: Mapping[int, str], used: list[tuple[str, str]]) -> TableEntry:
    is_status = values is codes.BINDING_STATUS
    meanings = codes.BINDING_STATUS_MEANING if is_status else {}
    remedies = codes.BINDING_STATUS_REMEDY if is_status else {}
    rfcs = codes.BINDING_STATUS_RFC if is_status else {}
    return TableEntry(
        name=name,
        used_by=tuple(dict.fromkeys(field for field, _ in used)),
        references=tuple(dict.fromkeys(reference for _, reference in used)),
        values=tuple(
            CodeEntry(
                value=value,
                name=text,
                meaning=meanings.get(value),
                remedy=remedies.get(value),
                reference=f"RFC {rfcs[value]}" if value in rfcs else None,
            )
            for value, text in values.items()
        ),
    )


def find_codes(table: str | None, value: str | None) -> tuple[TableEntry, ...]:
    """Give the tables whose name a text is, or is in; with a value, only those that have it.

    A table that is a number is taken for the value. Raises `UsageError` if there is none.
    """
    if value is None and table is not None and _code(table) is not None:
        table, value = None, table
    known = code_tables()
    wanted = "" if table is None else table.strip().casefold().replace("-", "_")
    found = [t for t in known if t.name == wanted] or [t for t in known if wanted in t.name]
    if not found:
        raise UsageError(
            f"there is no table {clean(table or '')!r}{near(wanted, (t.name for t in known))}"
        )
    if value is None:
        return tuple(found)
    number = _code(value)
    if number is None:
        raise UsageError(f"{clean(value)!r} is no value: write 180 or 0xb4")
    with_value = [
        TableEntry(name=t.name, used_by=t.used_by, references=t.references, values=chosen)
        for t in found
        if (chosen := tuple(code for code in t.values if code.value == number))
    ]
    if not with_value:
        what = f"table {found[0].name}" if len(found) == 1 else "any of these tables"
        raise UsageError(f"{number} is not registered in {what}")
    return tuple(with_value)


def _code(text: str) -> int | None:
    text = text.strip().casefold()
    try:
        return int(text, 16) if text.startswith("0x") else int(text) if text.isdigit() else None
    except ValueError:
        return None


def write_codes(console: Console, tables: tuple[TableEntry, ...], *, values: bool) -> None:
    """Write tables with their values, or only how they are called."""
    page = Page(console)
    if not values:
        rows = [
            [
                page.text((t.name, STRONG)),
                page.text(str(len(t.values))),
                page.text(", ".join(t.used_by)),
            ]
            for t in tables
        ]
        page.table(
            (Column("table"), Column("values", "values", right=True), Column("fields", lower=1)),
            rows,
            0,
        )
        return
    for number, table in enumerate(tables):
        if number:
            page.blank()
        page.items(
            [page.text((table.name, STRONG)), *(page.text((r, MUTED)) for r in table.references)]
        )
        page.line(("of ", MUTED), ", ".join(table.used_by), indent=2)
        page.table(
            (
                Column("value", right=True),
                Column("name"),
                Column("RFC"),
                Column("usual cause", "because", lower=1),
                Column("what to do", "to do:", lower=1),
            ),
            [
                [
                    page.text((str(code.value), STRONG)),
                    page.text(code.name),
                    page.text(code.reference or ""),
                    page.text(code.meaning or ""),
                    page.text(code.remedy or ""),
                ]
                for code in table.values
            ],
            2,
        )
