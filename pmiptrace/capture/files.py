"""From the arguments of a command to the captures they name, which no output may replace."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable
from pathlib import Path

from pmiptrace.capture.reader import CaptureReader
from pmiptrace.capture.source import STANDARD_INPUT, MissingExtraError
from pmiptrace.errors import CaptureError, UsageError


def expand(arguments: Iterable[str]) -> tuple[list[str], list[CaptureError]]:
    """Give the captures that the arguments name, and an error for each that names none.

    An argument is a file, ``-`` for standard input, a directory, or a glob. A directory stands for
    the captures anywhere in it, told by their contents, in the order of their names, numbers in
    names counted as numbers. A file is opened only by who reads it, so that what is wrong with it
    shows there. A capture that is named twice is read once.
    """
    paths: dict[str, str] = {}
    errors: list[CaptureError] = []
    for argument in arguments:
        try:
            found = _expand_one(argument, errors)
        except CaptureError as error:
            errors.append(error)
            continue
        for path in found:
            identity = path if path == STANDARD_INPUT else os.path.realpath(path)
            paths.setdefault(identity, path)
    return list(paths.values()), errors


def _expand_one(argument: str, errors: list[CaptureError]) -> list[str]:
    if argument == STANDARD_INPUT:
        return [argument]
    if _exists(argument):
        return _captures_in(argument, errors) if Path(argument).is_dir() else [argument]
    matches = sorted(glob.glob(argument, recursive=True), key=_natural)  # noqa: PTH207
    if not matches:
        wild = glob.has_magic(argument)
        raise CaptureError(argument, "matches no file" if wild else "no such file or directory")
    found: list[str] = []
    for match in matches:
        found += _captures_in(match, errors) if Path(match).is_dir() else [match]
    return found


def _exists(argument: str) -> bool:
    try:
        return os.path.lexists(argument)
    except ValueError:  # a NUL in the name
        return False


def _captures_in(directory: str, errors: list[CaptureError]) -> list[str]:
    """Give the captures in a directory and those below it."""

    def unreadable(error: OSError) -> None:
        errors.append(CaptureError(str(error.filename), (error.strerror or "unreadable").lower()))

    known = len(errors)
    found = [
        path
        for folder, _, names in os.walk(directory, onerror=unreadable)
        for name in names
        if is_capture(path := str(Path(folder) / name))
    ]
    if not found and len(errors) == known:
        raise CaptureError(directory, "no captures in this directory")
    return sorted(found, key=_natural)


def is_capture(path: str) -> bool:
    """Tell by its contents whether a regular file is a capture, or compressed so that it may be."""
    if not Path(path).is_file():
        return False
    try:
        CaptureReader(path).close()
    except MissingExtraError:
        return True
    except CaptureError:
        return False
    return True


def refuse_to_overwrite(captures: Iterable[str], outputs: Iterable[str | None]) -> None:
    """Raise `UsageError` if an output would take the place of a capture.

    That is one that the arguments name (`expand`): those in a directory, or that a glob matches, as
    well. None stands for standard output.
    """
    present = [output for output in outputs if output is not None and Path(output).is_file()]
    if not present:
        return
    sources, _ = expand(captures)
    for source in sources:
        for output in present:
            if Path(source).is_file() and Path(source).samefile(output):
                raise UsageError(f"{output}: this would replace a capture")


def _natural(path: str) -> list[str | int]:
    """Give a sort key that puts ``ring9`` before ``ring10``."""
    return [
        int(part) if part.isdecimal() else part.casefold() for part in re.split(r"([0-9]+)", path)
    ]
