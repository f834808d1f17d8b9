"""``pmiptrace options``: the mobility options, for looking up."""

from __future__ import annotations

from typing import Annotated

import typer

from pmiptrace.cli.arguments import NoPlugins, Output, ShortForm, ShortFormat


def options(
    option: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME|NUMBER",
            help="An option, or part of the name of some.",
            show_default=False,
        ),
    ] = None,
    format: ShortFormat = ShortForm.TEXT,  # noqa: A002
    output: Output = None,
    no_plugins: NoPlugins = False,
) -> None:
    """List the mobility options; of one, show its diagram, its fields and the rules about it."""
    from pmiptrace.cli.tables import show
    from pmiptrace.report.lookup.options import find_options, write_options

    show(
        lambda: find_options(option),
        lambda console, entries: write_options(console, entries),
        format.value,
        output,
    )
