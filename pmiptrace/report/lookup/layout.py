"""What options and messages share: their fields and their diagram, as they are declared."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from msgspec import Struct
from rich.text import Text

from pmiptrace.report.lookup.codes import table_name
from pmiptrace.report.page import Column, Page
from pmiptrace.report.style import STRONG
from pmiptrace.wire.layout import Bits, Flag, Maybe, Placed


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


def documentation(cls: type[Struct]) -> tuple[str, str]:
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


def field_entry(placed: Placed) -> FieldEntry:
    """Give what is to be known of a field that is declared."""
    field = placed.field
    return FieldEntry(
        name=placed.name,
        label=field.label,
        meaning=field.meaning if isinstance(field, Flag) else None,
        offset=placed.offset,
        width=field.width if isinstance(field, Maybe) else placed.width,
        unit=field.unit if isinstance(field, Bits) else None,
        table=table_name(field.codes) if isinstance(field, Bits) and field.codes else None,
    )


def write_diagram(page: Page, diagram: str) -> None:
    """Write a diagram as it is, however narrow the page."""
    page.blank()
    for line in diagram.splitlines():
        page.console.print(Text(f"  {line}"), soft_wrap=True)


def write_fields(page: Page, key: str, fields: Iterable[FieldEntry], origin: str) -> None:
    """Write a table of fields whose places count from an `origin`; `key` names what has them."""
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
