"""What a full-screen view needs: textual, a terminal, and a keyboard."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from io import TextIOWrapper

from pmiptrace.errors import UsageError

_KEYBOARD = "/dev/tty"
_OLDEST = 8
"""The oldest release of textual whose screens are as they are tested."""


def _has_textual() -> bool:
    try:
        return int(version("textual").partition(".")[0]) >= _OLDEST
    except (PackageNotFoundError, ValueError):
        return False


def require_full_screen(instead: str, *, reads_stdin: bool) -> None:
    """Raise `UsageError` unless a full-screen view can be shown; `instead` names what can be."""
    if not _has_textual():
        raise UsageError(
            f"the full-screen view needs textual {_OLDEST} or later: "
            f"pip install 'pmiptrace[tui]'; {instead} needs nothing more"
        )
    streams = {"output": sys.__stdout__, "error": sys.__stderr__}
    if not reads_stdin:
        streams["input"] = sys.__stdin__
    for name, stream in streams.items():
        if stream is None or not stream.isatty():
            raise UsageError(
                f"the full-screen view needs a terminal, and standard {name} is none; "
                f"{instead} writes to whatever there is"
            )
    if os.environ.get("TERM") == "dumb":
        raise UsageError(
            "the full-screen view needs a terminal with a cursor, and TERM=dumb says that this has "
            f"none; {instead} writes to whatever there is"
        )


def is_gone() -> bool:
    """Tell whether the terminal is no more, as after a lost connection.

    The signal that says so ends the program, unless it is ignored.
    """
    return sys.__stdin__ is None or not sys.__stdin__.isatty()


@contextmanager
def keyboard(*, reads_stdin: bool) -> Iterator[None]:
    """Have keys come from the terminal while standard input has a capture.

    Raises `UsageError` if standard input has none, or there is no such terminal.
    """
    if not reads_stdin:
        yield
        return
    before = sys.stdin
    if before is None or before.isatty():
        raise UsageError("- reads a capture from a pipe: tcpdump -U -w - ... | pmiptrace tui -")
    try:
        keys = os.open(_KEYBOARD, os.O_RDWR)
    except OSError as error:
        raise UsageError(
            f"standard input has the capture, and {_KEYBOARD}, from which keys would come, "
            f"cannot be opened: {error.strerror}; write the capture to a file first"
        ) from error
    descriptor = before.fileno()
    capture = os.dup(descriptor)
    os.dup2(keys, descriptor)
    os.close(keys)
    # Without a buffer: a thread that waits in one keeps others from ending.
    sys.stdin = TextIOWrapper(open(capture, "rb", buffering=0))  # noqa: PTH123,SIM115
    try:
        yield
    finally:
        os.dup2(capture, descriptor)
        sys.stdin = before
