"""``pmiptrace codes``: the registered values of fields, for looking up."""

from __future__ import annotations

from typing import Annotated

import typer

from pmiptrace.cli.arguments import Output, ShortForm, ShortFormat


def codes(
    table: Annotated[
        str | None,
        typer.Argument(
            metavar="TABLE",
            help="A table, or part of the name of some: status, handoff.",
            show_default=False,
        ),
    ] = None,
    value: Annotated[
        str | None,
        typer.Argument(metavar="VALUE", help="A value: 180, 0xb4.", show_default=False),
    ] = None,
    format: ShortFormat = ShortForm.TEXT,  # noqa: A002
    output: Output = None,
) -> None:
    """List the tables of codes; of one, show what its values mean."""
    from pmiptrace.cli.tables import show
    from pmiptrace.report.lookup.codes import find_codes, write_codes

    show(
        lambda: find_codes(table, value),
        lambda console, tables: write_codes(console, tables, values=table is not None),
        format.value,
        output,
    )
