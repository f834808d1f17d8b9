"""The fields of messages, as `--fields` and `--filter` name them."""

from __future__ import annotations

from msgspec import Struct
from rich.console import Console

from pmiptrace.report.columns import columns
from pmiptrace.report.page import Column, Page
from pmiptrace.report.style import STRONG


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
