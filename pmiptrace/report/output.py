"""Where a report goes: to standard output, or to a file that appears whole or not at all."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO

from pmiptrace.capture.writer import whole_file
from pmiptrace.errors import UsageError


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
