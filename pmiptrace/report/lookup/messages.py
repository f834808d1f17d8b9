"""The messages of the Mobility Header: each as it is declared, with what it can hold."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from pmiptrace.report.lookup.layout import (
    FieldEntry,
    documentation,
    field_entry,
    write_diagram,
    write_fields,
)
from pmiptrace.report.page import Page
from pmiptrace.report.style import MUTED, STRONG
from pmiptrace.rules.registry import all_rules
from pmiptrace.wire.body import MESSAGE_TYPES, MessageType
from pmiptrace.wire.fields import name_of
from pmiptrace.wire.option import MOBILITY_OPTIONS


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
    summary, diagram = documentation(form.cls)
    return MessageEntry(
        kind=kind,
        name=name,
        key=name_of(form.cls),
        mh_type=form.mh_type,
        reference=reference,
        summary=summary,
        diagram=diagram,
        fields=tuple(map(field_entry, form.layout.fields)),
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
    write_diagram(page, entry.diagram)
    write_fields(page, entry.key, entry.fields, "the end of the Checksum")
    if entry.options:
        page.heading("Options that are defined for it")
        page.items(
            (page.text((str(number), STRONG), f" {name}") for number, name in entry.options),
            indent=2,
            hang=0,
            separator=",",
        )
