"""Which report goes where: ``--format`` and ``-o`` by the order in which they stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import typer
from msgspec import Struct
from typer.core import TyperCommand

from pmiptrace.errors import UsageError

ORDER = "pmiptrace.order"
"""Where a `CommandInOrder` leaves the order of its options."""


class Output(Struct, frozen=True):
    """A report that is asked for."""

    format: str = "text"
    path: str | None = None
    """A file; None for standard output."""

    def __str__(self) -> str:
        """Give what asks for it on the command line."""
        return f"--format {self.format}" + ("" if self.path is None else f" -o {self.path}")


class CommandInOrder(TyperCommand):
    """A command that knows in which order its options were given.

    Its function finds the names of its parameters, each as often as it was given, in the context's
    ``meta`` under `ORDER`: the values of two options alone do not tell which stood before which.
    """

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Note the order, and read the arguments."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        ctx.meta[ORDER] = tuple(parameter.name for parameter in order)
        return super().parse_args(ctx, args)


def outputs(
    order: Iterable[str], formats: Sequence[str], paths: Sequence[str]
) -> tuple[Output, ...]:
    """Join formats and files to reports.

    Each ``--format`` is a report, and an ``-o`` names the file of the ``--format`` before it. Where
    there is one of each, either may come first; an ``-o`` alone is a report as text. `order` has
    ``format`` and ``output`` as they follow each other, among other names. Raises `UsageError` for
    what leaves open which file is meant, and for two reports to one place.
    """
    files = [None if path == "-" else path for path in paths]
    if not formats and len(files) < 2:
        return (Output(path=files[0] if files else None),)
    if len(formats) == len(files) == 1:
        return (Output(formats[0], files[0]),)
    found = tuple(_in_order(order, formats, files))
    _refuse_to_share(found)
    return found


def _in_order(
    order: Iterable[str], formats: Sequence[str], files: Sequence[str | None]
) -> Iterable[Output]:
    named, placed = iter(formats), iter(files)
    form: str | None = None
    path: tuple[str | None, ...] = ()
    for option in order:
        if option == "format":
            if form is not None:
                yield Output(form, *path)
            form, path = next(named), ()
        elif option == "output":
            file = next(placed)
            if form is None:
                raise UsageError(
                    f"-o {file or '-'} has no --format before it: with several reports, write each"
                    f" as --format NAME -o FILE"
                )
            if path:
                raise UsageError(
                    f"--format {form} has two files, {path[0] or '-'} and {file or '-'}: write"
                    f" another --format NAME before the second"
                )
            path = (file,)
    if form is not None:
        yield Output(form, *path)


def _refuse_to_share(found: Iterable[Output]) -> None:
    """Raise `UsageError` if two reports would go to one place."""
    taken: dict[Path | None, Output] = {}
    for output in found:
        place = None if output.path is None else Path(output.path).resolve()
        other = taken.setdefault(place, output)
        if other is output:
            continue
        if place is None:
            raise UsageError(
                f"{other} and {output} both go to standard output: give one a file, as in"
                f" --format {output.format} -o FILE"
            )
        raise UsageError(f"{other} and {output} both go to {output.path}")
