"""Where a report goes: to standard output, or to a file that appears whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO

from pmiptrace.errors import UsageError


@contextmanager
def destination(path: str | None) -> Iterator[BinaryIO]:
    """Open what a report is written to: the file `path`, or standard output for None.

    The octets go to a new file beside `path`, which takes its place when the block ends and is
    removed if an exception ends it. What is no regular file, as ``/dev/stdout``, is written to
    directly. Raises `UsageError` if the file cannot be made, or standard output is closed.
    """
    if path is None:
        if sys.stdout is None:
            raise UsageError("standard output is closed")
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif _is_special(path):
        with Path(path).open("wb") as stream:
            yield stream
    else:
        with _replacing(Path(path).resolve()) as stream:
            yield stream


def _is_special(path: str) -> bool:
    """Tell whether something is there that cannot be replaced by a file."""
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return False
    if stat.S_ISDIR(mode):
        raise UsageError(f"{path}: is a directory")
    return not stat.S_ISREG(mode)


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    try:
        file = NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False)  # noqa: SIM115
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
    temporary = Path(file.name)
    try:
        with file:
            yield file  # type: ignore[misc]
        temporary.chmod(_mode(path))
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _mode(path: Path) -> int:
    """Give the permissions that the file has, or that a new one gets."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
