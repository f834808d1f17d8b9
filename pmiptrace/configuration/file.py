"""The files of a configuration: where they are looked for, and where in them something stands.

They are ``pmiptrace.toml``, and ``pyproject.toml`` with its table ``tool.pmiptrace``. The nearest
folder that has one of them counts, from the working directory upwards to the root of the
repository. Outside of a repository only the working directory is looked at: what lies further up
may be anybody's.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from pmiptrace.errors import UsageError

NAMES = ("pyproject.toml", "pmiptrace.toml")
"""Of two in one folder the later is the stronger."""
ROOTS = (".git", ".hg", ".jj", ".svn")
"""What only the root of a repository has."""

Step = str | int
"""A key of a table, or an index of an array."""


class ConfigurationFile(Struct, frozen=True, kw_only=True):
    """A file, and the table in it that is meant for this program."""

    path: Path
    text: str
    table: dict[str, Any]
    prefix: tuple[str, ...] = ()
    """Where the table stands in the file."""

    @property
    def name(self) -> str:
        """The path as one gets there from the working directory."""
        try:
            return os.path.relpath(self.path)
        except (OSError, ValueError):  # no working directory, or another drive
            return str(self.path)

    def key(self, *steps: Step) -> str:
        """Write a key with that of its table, as ``tool.pmiptrace.timers.grace``."""
        return ".".join(map(str, (*self.prefix, *steps)))

    def place(self, *steps: Step) -> Place:
        """Give where a key or an entry of the table stands."""
        return Place(self, steps)

    def beside(self, path: str) -> str:
        """Give the path of a file that is named in this one, seen from the folder of this one."""
        return str(Path(self.name).parent / path)


class Place(Struct, frozen=True):
    """Where a key or an entry of a file stands; as text ``pyproject.toml:12``."""

    file: ConfigurationFile
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        # To find a line takes several readings of the file, so it is done only to show it.
        file = self.file
        line = line_of(file.text, (*file.prefix, *self.steps))
        return file.name if line is None else f"{file.name}:{line}"


def found(start: Path | None = None) -> tuple[ConfigurationFile, ...]:
    """Give the files that count for a folder, by default the working directory, weakest first.

    Raises `UsageError` for one that cannot be read.
    """
    for folder in _folders(start):
        here = [folder / name for name in NAMES if _is_file(folder / name)]
        files = tuple(file for path in here if (file := _read(path)) is not None)
        if files:
            return files
    return ()


def named(path: str) -> ConfigurationFile:
    """Give the file that somebody named; raises `UsageError` if it cannot be read, or is none."""
    file = _read(Path(path))
    if file is None:
        raise UsageError(f"{path}: there is no table tool.pmiptrace")
    return file


def _folders(start: Path | None) -> Iterator[Path]:
    """Give a folder and those above it up to the root of its repository."""
    try:
        folder = (start or Path.cwd()).resolve()
    except OSError:  # the working directory was deleted
        return
    folders = (folder, *folder.parents)
    depth = next((n for n, each in enumerate(folders) if any(map(_exists, _roots(each)))), 0)
    yield from folders[: depth + 1]


def _roots(folder: Path) -> Iterator[Path]:
    return (folder / name for name in ROOTS)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _read(path: Path) -> ConfigurationFile | None:
    """Read a file; None for a ``pyproject.toml`` that has nothing for this program."""
    try:
        text = path.read_text("utf-8")
        table: dict[str, Any] = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"{path}: cannot read the configuration: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: no valid TOML: not UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: no valid TOML: {error}") from error
    if path.name != "pyproject.toml":
        return ConfigurationFile(path=path, text=text, table=table)
    tools = table.get("tool", {})
    if not isinstance(tools, dict) or "pmiptrace" not in tools:
        return None
    prefix = ("tool", "pmiptrace")
    own = ConfigurationFile(path=path, text=text, table={}, prefix=prefix)
    if not isinstance(tools["pmiptrace"], dict):
        raise UsageError(f"{own.place()}: {own.key()} takes a table")
    return ConfigurationFile(path=path, text=text, table=tools["pmiptrace"], prefix=prefix)


def line_of(text: str, steps: Sequence[Step]) -> int | None:
    """Give the line on which a key or an entry of a TOML file begins, from 1; None if it is absent.

    The parser of the standard library tells no places. But the lines before a key are TOML of their
    own, without it, and those up to the end of its value are TOML with it.
    """
    lines = text.split("\n")
    before, behind = 0, len(lines)
    if not _has(lines, behind, steps):
        return None
    while behind - before > 1:
        middle = (before + behind) // 2
        nearby = (*range(middle, before, -1), *range(middle + 1, behind))
        seen = ((n, _has(lines, n, steps)) for n in nearby)
        whole = next(((n, has) for n, has in seen if has is not None), None)
        if whole is None:
            break
        number, has = whole
        before, behind = (before, number) if has else (number, behind)
    return before + 1


def _has(lines: Sequence[str], number: int, steps: Sequence[Step]) -> bool | None:
    """Tell whether the first lines have a key; None if they end within a value."""
    try:
        value: Any = tomllib.loads("\n".join(lines[:number]))
    except tomllib.TOMLDecodeError:
        return None
    for step in steps:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return False
    return True
