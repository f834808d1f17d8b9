"""What the commands do that look something up: find it, write it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, NoReturn, TypeVar

from pmiptrace.cli.arguments import finish

if TYPE_CHECKING:
    from rich.console import Console

    from pmiptrace.selection import Outcome

T = TypeVar("T")


def show(
    find: Callable[[], T], write: Callable[[Console, T], None], form: str, output: str | None
) -> NoReturn:
    """Find what was asked for and write it as text or JSON; ends the program."""
    from pmiptrace.cli.run import perform
    from pmiptrace.report.output import console
    from pmiptrace.report.readable_json import as_json
    from pmiptrace.selection import Outcome

    path = None if output == "-" else output

    def work(stream: BinaryIO) -> Outcome:
        found = find()
        if form == "json":
            stream.write(as_json(found))
        else:
            with console(path, stream) as page:
                write(page, found)
        return Outcome()

    finish(lambda: perform((), path, work, allow_empty=True))
