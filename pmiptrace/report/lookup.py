"""The tables behind the decoder, for looking up: options, codes, states, and fields.

All of it is read off the declarations; nothing is written down a second time.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from msgspec import Struct
from rich.console import Console
from rich.text import Text

from pmiptrace.errors import UsageError
from pmiptrace.report.columns import columns
from pmiptrace.report.escaping import clean
from pmiptrace.report.page import Column, Page
from pmiptrace.report.style import MUTED, SEVERITY, STRONG
from pmiptrace.rules.catalogue import CatalogueRow, catalogue
from pmiptrace.rules.registry import all_rules
from pmiptrace.track.states import TRANSITIONS
from pmiptrace.wire import codes
from pmiptrace.wire.body import MESSAGE_TYPES, MessageType
from pmiptrace.wire.fields import name_of
from pmiptrace.wire.layout import Bits, Flag, Layout, Maybe, Placed
from pmiptrace.wire.option import MOBILITY_OPTIONS, OptionRegistry, OptionType

# ----------------------------------------------------------------------------------- options


class FieldEntry(Struct, frozen=True, kw_only=True):
    """A field of an option or a message."""

    name: str
    label: str
    meaning: str | None
    offset: int
    """In bits, from the end of the Length field, or of the message's Checksum."""
    width: int | None
    """In bits; null for the rest of the octets."""
    unit: str | None
    table: str | None
    """The table of its values, as `codes` names it."""


class OptionEntry(Struct, frozen=True, kw_only=True):
    """An option, as it is declared."""

    number: int
    name: str
    key: str
    """Its name in `--fields` and `--filter`."""
    inside: int | None
    """The number of the option that it is a sub-option of."""
    reference: str
    summary: str
    diagram: str
    length: str
    alignment: str | None
    messages: tuple[str, ...]
    fields: tuple[FieldEntry, ...]
    rules: tuple[str, ...]
    """IDs of the rules that look at it."""


def options() -> tuple[OptionEntry, ...]:
    """Give all options, each followed by its sub-options."""
    looked_at: dict[int, list[str]] = {}
    for rule in all_rules():
        for number in sorted(rule.options | rule.unless):
            looked_at.setdefault(number, []).append(rule.id)
    return tuple(_entries(MOBILITY_OPTIONS, None, looked_at))


def _entries(
    registry: OptionRegistry, inside: int | None, looked_at: Mapping[int, list[str]]
) -> Iterator[OptionEntry]:
    for number, declared in sorted(registry.types.items()):
        yield _entry(declared, inside, looked_at.get(number, []) if inside is None else [])
        for registry in declared.registries:
            yield from _entries(registry, number, looked_at)


def _entry(declared: OptionType, inside: int | None, rules: list[str]) -> OptionEntry:
    summary, diagram = _documentation(declared.cls)
    alignment = declared.alignment
    return OptionEntry(
        number=declared.number,
        name=declared.name,
        key=name_of(declared.cls),
        inside=inside,
        reference=declared.reference,
        summary=summary,
        diagram=diagram,
        length=str(declared.length),
        alignment=f"{alignment[0]}n+{alignment[1]}" if alignment else None,
        messages=declared.messages,
        fields=tuple(map(_field, declared.layout.fields)),
        rules=tuple(rules),
    )


def _documentation(cls: type[Struct]) -> tuple[str, str]:
    """Give the first paragraph of a class's docstring, and the diagram in it or its base's."""
    text = inspect.cleandoc(cls.__doc__ or "")
    summary = " ".join(text.partition("\n\n")[0].split())
    if "+-" not in text:
        text = inspect.cleandoc(cls.__mro__[1].__doc__ or "")
    _, _, behind = text.partition(".. code-block:: text\n")
    lines = []
    for line in behind.splitlines():
        if line and not line.startswith(" "):
            break
        lines.append(line[4:])
    return summary, "\n".join(lines).strip("\n")


def _field(placed: Placed) -> FieldEntry:
    field = placed.field
    return FieldEntry(
        name=placed.name,
        label=field.label,
        meaning=field.meaning if isinstance(field, Flag) else None,
        offset=placed.offset,
        width=field.width if isinstance(field, Maybe) else placed.width,
        unit=field.unit if isinstance(field, Bits) else None,
        table=_table_name(field.codes) if isinstance(field, Bits) and field.codes else None,
    )


def find_options(text: str | None) -> tuple[OptionEntry, ...]:
    """Give the options of a number, or whose name it is or, failing that, is in; all for None.

    Raises `UsageError` with the nearest name if there is none.
    """
    known = options()
    if text is None:
        return known
    if text.isascii() and text.isdigit():
        found = [entry for entry in known if entry.number == int(text) and entry.inside is None]
    else:
        wanted = text.strip().casefold()
        found = [entry for entry in known if wanted in (entry.name.casefold(), entry.key)]
        found = found or [e for e in known if wanted and wanted in f"{e.name.casefold()} {e.key}"]
    if not found:
        names = [name for entry in known for name in (entry.name.casefold(), entry.key)]
        raise UsageError(f"there is no option {clean(text)!r}{_near(text, names)}")
    return tuple(found)


def _near(text: str, names: Iterable[str]) -> str:
    """Word what may have been meant: a name, or a word of one."""
    known = list(names)
    words = {word for name in known for word in re.split(r"[\W_]+", name) if len(word) > 3}
    close = get_close_matches(text.strip().casefold(), [*known, *sorted(words)], n=1)
    return f"; did you mean {close[0]!r}?" if close else "; without an argument, all are listed"


def write_options(console: Console, entries: tuple[OptionEntry, ...]) -> None:
    """Write options as a table, or what is known of one."""
    page = Page(console)
    if len(entries) == 1:
        write_option(page, entries[0])
        return
    rows = []
    for entry in entries:
        number = str(entry.number) if entry.inside is None else f"{entry.inside}/{entry.number}"
        rows.append(
            [
                page.text((number, STRONG)),
                page.text(entry.name),
                page.text(entry.reference),
                page.text(" ".join(entry.messages)),
            ]
        )
    page.table(
        (
            Column("number", right=True),
            Column("name"),
            Column("defined in", least=20),
            Column("in messages", "in", lower=1),
        ),
        rows,
        0,
    )


def write_option(page: Page, entry: OptionEntry) -> None:
    """Write all that is known of an option."""
    inside = f"inside option {entry.inside}" if entry.inside is not None else ""
    page.items(
        page.text(part)
        for part in ((f"{entry.number} {entry.name}", STRONG), (entry.reference, MUTED), inside)
        if part
    )
    page.line(entry.summary, indent=2)
    _write_diagram(page, entry.diagram)
    page.blank()
    facts = [("Length", entry.length), ("aligned", entry.alignment or "anywhere")]
    facts.append(("in", " ".join(entry.messages) or "not settled"))
    for name, fact in facts:
        page.line((f"{name}: ", MUTED), fact, indent=2)
    _write_fields(page, entry.key, entry.fields, "the end of the Length field")
    if entry.rules:
        page.heading("Rules that look at it")
        write_rule_lines(page, entry.rules)


def write_rule_lines(page: Page, rules: Iterable[str]) -> None:
    """Write a line for each rule: what it asks for, and how grave it is if it is broken."""
    known = catalogue()
    page.table(
        (Column(), Column(), Column(lower=1)),
        [
            [page.text((rule, STRONG)), graded(page, known[rule]), page.text(known[rule].summary)]
            for rule in rules
        ],
        2,
    )


def graded(page: Page, row: CatalogueRow) -> Text:
    """Give how grave it is to break a rule."""
    if row.is_diagnostic:
        return page.text(("note", MUTED))
    return page.text((row.severity.value, SEVERITY[row.severity]))


def _write_diagram(page: Page, diagram: str) -> None:
    page.blank()
    for line in diagram.splitlines():
        page.console.print(Text(f"  {line}"), soft_wrap=True)


def _write_fields(page: Page, key: str, fields: Iterable[FieldEntry], origin: str) -> None:
    rows = []
    for field in fields:
        width = field.width
        place = (
            f"{field.offset}-" if width is None else f"{field.offset}-{field.offset + width - 1}"
        )
        about = [field.meaning, f"in units of {field.unit}" if field.unit else None]
        about.append(f"values: codes {field.table}" if field.table else None)
        rows.append(
            [
                page.text(str(field.offset) if width == 1 else place),
                page.text((field.label, STRONG)),
                page.text(f"{key}.{field.name}"),
                page.text("; ".join(filter(None, about))),
            ]
        )
    if rows:
        page.heading("Fields", f"bits from {origin}")
    page.table(
        (Column("bits", right=True), Column("field"), Column("name"), Column("", lower=1)), rows, 2
    )


# ---------------------------------------------------------------------------------- messages


class MessageEntry(Struct, frozen=True, kw_only=True):
    """A message of the Mobility Header, as it is declared."""

    kind: str
    """What reports call it: ``PBU``, ``BRI``."""
    name: str
    key: str
    """Its name in `--fields` and `--filter`."""
    mh_type: int
    reference: str
    summary: str
    diagram: str
    """Of what stands behind the Checksum."""
    fields: tuple[FieldEntry, ...]
    options: tuple[tuple[int, str], ...]
    """Number and name of the options that are defined for it."""
    rules: tuple[str, ...]
    """IDs of the rules that judge such messages, and no others."""


_PROXY = {"BU": ("PBU", "RFC 5213 section 8.1"), "BA": ("PBA", "RFC 5213 section 8.2")}
"""What a Binding Update and its answer are called if the P flag is set."""


def messages() -> tuple[MessageEntry, ...]:
    """Give all messages by their type, those with the P flag behind those without."""
    return tuple(_messages())


def _messages() -> Iterator[MessageEntry]:
    for _, forms in sorted(MESSAGE_TYPES.items()):
        for form in forms:
            yield _message(form, form.abbreviation, form.name, form.reference)
            if form.abbreviation in _PROXY:
                kind, reference = _PROXY[form.abbreviation]
                yield _message(form, kind, f"Proxy {form.name}", reference)


def _message(form: MessageType, kind: str, name: str, reference: str) -> MessageEntry:
    summary, diagram = _documentation(form.cls)
    return MessageEntry(
        kind=kind,
        name=name,
        key=name_of(form.cls),
        mh_type=form.mh_type,
        reference=reference,
        summary=summary,
        diagram=diagram,
        fields=tuple(map(_field, form.layout.fields)),
        options=tuple(
            (number, declared.name)
            for number, declared in sorted(MOBILITY_OPTIONS.types.items())
            if kind in declared.messages
        ),
        rules=tuple(rule.id for rule in all_rules() if kind in rule.on),
    )


def write_message(page: Page, entry: MessageEntry) -> None:
    """Write what is known of a message, but for its rules."""
    page.items(
        page.text(part)
        for part in (
            (f"{entry.kind} {entry.name}", STRONG),
            (f"MH Type {entry.mh_type}", MUTED),
            (entry.reference, MUTED),
        )
    )
    page.line(entry.summary, indent=2)
    _write_diagram(page, entry.diagram)
    _write_fields(page, entry.key, entry.fields, "the end of the Checksum")
    if entry.options:
        page.heading("Options that are defined for it")
        page.items(
            (page.text((str(number), STRONG), f" {name}") for number, name in entry.options),
            indent=2,
            hang=0,
            separator=",",
        )


# ------------------------------------------------------------------------------------- codes


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
            if isinstance(field, Bits) and field.codes and (name := _table_name(field.codes)):
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


def _table_name(table: Mapping[int, str]) -> str | None:
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
            f"there is no table {clean(table or '')!r}{_near(wanted, (t.name for t in known))}"
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


# ------------------------------------------------------------------------------------ states


class TransitionEntry(Struct, frozen=True, kw_only=True, rename={"before": "from", "after": "to"}):
    """A row of the transition table."""

    before: str
    event: str
    after: str | None
    """Null for the state that the binding had before the request under way."""


def transitions() -> tuple[TransitionEntry, ...]:
    """Give the transition table of bindings (`pmiptrace.track.states`)."""
    return tuple(
        TransitionEntry(
            before=state.value,
            event=event.value,
            after=None if isinstance(after, str) and after not in TRANSITIONS else str(after),
        )
        for state, row in TRANSITIONS.items()
        for event, after in row.items()
    )


def write_states(console: Console) -> None:
    """Write the transition table: for each state the events, and the state they lead to."""
    page = Page(console)
    page.line("What moves a binding from one state to the next, as the LMA must see it.")
    page.line("An event that a state has no line for leaves the state as it is.")
    page.blank()
    rows = []
    last = None
    for entry in transitions():
        if entry.before != last:
            rows.append([page.text((entry.before, STRONG)), page.text()])
            last = entry.before
        after = page.text("→ ", entry.after or ("the state before", MUTED))
        rows.append([page.text(f"  {entry.event}"), after])
    page.table((Column("state, event"), Column("next state")), rows, 0)


# ------------------------------------------------------------------------------------ fields


class NamedField(Struct, frozen=True, kw_only=True):
    """A field for ``--fields`` and ``--filter``."""

    name: str
    kind: str
    unit: str | None
    meaning: str


def named_fields() -> tuple[NamedField, ...]:
    """Give all fields: those of a message first, then those of the fixed parts and options."""
    return tuple(
        NamedField(name=f.name, kind=f.kind.value, unit=f.unit, meaning=f.meaning)
        for f in (column.field for column in columns().values())
    )


def write_named_fields(console: Console) -> None:
    """Write all fields as a table."""
    page = Page(console)
    page.table(
        (Column("field"), Column("kind"), Column("unit"), Column("meaning", lower=1)),
        [
            [
                page.text((field.name, STRONG)),
                page.text(field.kind),
                page.text(field.unit or ""),
                page.text(field.meaning),
            ]
            for field in named_fields()
        ],
        0,
    )


# ------------------------------------------------------------------------------------- forms


def as_json(value: Any) -> bytes:
    """Give a table as a JSON document for people to read, too."""
    from msgspec import json

    return json.format(json.encode(value), indent=2) + b"\n"
