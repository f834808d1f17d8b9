"""Where a report goes: to standard output, or to a file that appears whole or not at all."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from io import TextIOWrapper
from typing import TYPE_CHECKING, BinaryIO

from pmiptrace.capture.writer import whole_file
from pmiptrace.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def destination(path: str | None) -> Iterator[BinaryIO]:
    """Open what a report is written to: the file `path`, or standard output for None.

    Raises `UsageError` if the file cannot be made, or standard output is closed.
    """
    if path is None:
        if sys.stdout is None:
            raise UsageError("standard output is closed")
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(whole_file(path))
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
        yield stream


class Outlet:
    """What one of several reports is written to."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.is_discarded = False

    def discard(self) -> None:
        """Have no file appear. What standard output got already stays."""
        self.is_discarded = True


class _DiscardedError(Exception):
    pass


@contextmanager
def outlet(path: str | None) -> Iterator[Outlet]:
    """Open what a report is written to, as `destination` does, so that it can be discarded."""
    with suppress(_DiscardedError), destination(path) as stream:
        opened = Outlet(stream)
        yield opened
        if opened.is_discarded:
            raise _DiscardedError


@contextmanager
def console(path: str | None, stream: BinaryIO) -> Iterator[Console]:
    """Open what a page is written to: as wide as the terminal is, or a file without colour.

    `stream` is what `destination` opened for the same `path`.
    """
    from rich.console import Console

    from pmiptrace.report.page import PIPE_WIDTH, open_console

    if path is None:
        # An encoding that lacks a character shall not end the report.
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            yield open_console(sys.stdout)
        except SystemExit as gone:  # what rich makes of a broken pipe
            raise BrokenPipeError from gone
        sys.stdout.flush()
        return
    text = TextIOWrapper(stream, encoding="utf-8")
    yield Console(
        file=text, width=PIPE_WIDTH, color_system=None, markup=False, emoji=False, highlight=False
    )
    text.flush()
    text.detach()
