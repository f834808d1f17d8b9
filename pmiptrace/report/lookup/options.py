"""The mobility options: each as it is declared, with the rules that look at it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct
from rich.console import Console

from pmiptrace.errors import UsageError
from pmiptrace.report.escaping import clean
from pmiptrace.report.lookup.layout import (
    FieldEntry,
    documentation,
    field_entry,
    write_diagram,
    write_fields,
)
from pmiptrace.report.lookup.near import near
from pmiptrace.report.page import Column, Page
from pmiptrace.report.rule_lines import write_rule_lines
from pmiptrace.report.style import MUTED, STRONG
from pmiptrace.rules.registry import all_rules
from pmiptrace.wire.fields import name_of
from pmiptrace.wire.option import MOBILITY_OPTIONS, OptionRegistry, OptionType


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
    summary, diagram = documentation(declared.cls)
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
        fields=tuple(map(field_entry, declared.layout.fields)),
        rules=tuple(rules),
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
        raise UsageError(f"there is no option {clean(text)!r}{near(text, names)}")
    return tuple(found)


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
    write_diagram(page, entry.diagram)
    page.blank()
    facts = [("Length", entry.length), ("aligned", entry.alignment or "anywhere")]
    facts.append(("in", " ".join(entry.messages) or "not settled"))
    for name, fact in facts:
        page.line((f"{name}: ", MUTED), fact, indent=2)
    write_fields(page, entry.key, entry.fields, "the end of the Length field")
    if entry.rules:
        page.heading("Rules that look at it")
        write_rule_lines(page, entry.rules)
