"""What this machine has of what pmiptrace can use, and what to do about what it lacks."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, requires, version
from shutil import get_terminal_size
from typing import TextIO

from msgspec import Struct

from pmiptrace.capture.scanner import COMPILED, VARIABLE, scanner
from pmiptrace.errors import UsageError
from pmiptrace.live.dumpcap import INSTALL, PERMISSION, find_dumpcap
from pmiptrace.tshark.program import find_tshark, tshark_path

TESTED = ((3, 11), (3, 14))
"""The first and the last version of Python that are supported."""
NARROW = 80
"""Columns from which on tables stand as they are meant to."""


class State(StrEnum):
    """What came of looking at something."""

    GOOD = "good"
    MISSING = "missing"
    """Something is not there that some commands want; the others work."""
    BAD = "bad"
    """What every command needs is not there."""


class Check(Struct, frozen=True):
    """One thing that was looked at."""

    name: str
    state: State
    found: str
    remedy: str | None = None
    """What to do, and what for; None where all is well."""


def checks(stdout: TextIO | None = None) -> Iterator[Check]:
    """Look at everything; `stdout` is the stream that pages are written to."""
    yield _python()
    yield _scan()
    yield from _packages()
    yield _tshark()
    yield _dumpcap()
    yield _terminal(sys.stdout if stdout is None else stdout)


def _python() -> Check:
    name = f"{platform.python_implementation()} {platform.python_version()}"
    first, last = TESTED
    if first <= sys.version_info[:2] <= last:
        return Check("Python", State.GOOD, name)
    versions = f"{_dotted(first)} to {_dotted(last)}"
    return Check("Python", State.MISSING, name, f"pmiptrace is tested with Python {versions}")


def _dotted(parts: tuple[int, ...]) -> str:
    return ".".join(map(str, parts))


def _scan() -> Check:
    try:
        found = scanner().name
    except UsageError as error:
        return Check("Scan", State.BAD, "none", f"{error}, or unset {VARIABLE}")
    if COMPILED:
        chosen = "" if found == "compiled" else f" (chosen by {VARIABLE})"
        return Check("Scan", State.GOOD, f"{found}{chosen}")
    remedy = "large captures take longer: install pmiptrace again where there is a C compiler"
    return Check("Scan", State.MISSING, found, remedy)


def _packages() -> Iterator[Check]:
    """Look at the dependencies, as the package itself names them, and at those of its extras."""
    for requirement in requires("pmiptrace") or ():
        specifier, _, marker = (part.strip() for part in requirement.partition(";"))
        name = _package(specifier)
        extra = marker.partition("extra == ")[2].strip("\"'")
        if extra and extra not in USED_EXTRAS:
            continue
        try:
            found = version(name)
        except PackageNotFoundError:
            found = ""
        if found:
            yield Check(name, State.GOOD, found)
        elif extra:
            remedy = f"for {USED_EXTRAS[extra]}: pip install 'pmiptrace[{extra}]'"
            yield Check(name, State.MISSING, "not installed", remedy)
        else:
            yield Check(name, State.BAD, "not installed", f"pip install {name}")


USED_EXTRAS = {
    "zstd": "captures compressed with zstd",
    "lz4": "captures compressed with lz4",
    "tui": "the full-screen view",
}
"""The extras of pyproject.toml that users have a use for, and for what."""


def _package(specifier: str) -> str:
    """Give the name in ``rich>=14.2``."""
    for position, character in enumerate(specifier):
        if not (character.isalnum() or character in "-_."):
            return specifier[:position]
    return specifier


def _tshark() -> Check:
    try:
        tshark = find_tshark()
    except UsageError as error:
        path = tshark_path()
        found = "none" if path is None else f"{path}, of no use"
        return Check("tshark", State.MISSING, found, f"for crosscheck and --engine tshark: {error}")
    return Check("tshark", State.GOOD, f"{tshark.release}, {tshark.path}")


def _dumpcap() -> Check:
    """Look for Wireshark's capture program, by which ``live`` captures."""
    try:
        dumpcap = find_dumpcap()
    except UsageError:
        remedy = f"to capture, with pmiptrace live for instance: {INSTALL}"
        return Check("dumpcap", State.MISSING, "none", remedy)
    try:
        interfaces = dumpcap.interfaces()
    except UsageError:
        return Check("dumpcap", State.MISSING, f"{dumpcap.path}, does not run", _PERMISSION)
    if not dumpcap.is_permitted:
        return Check("dumpcap", State.MISSING, f"{dumpcap.path}, may not capture", _PERMISSION)
    return Check("dumpcap", State.GOOD, f"{dumpcap.path}, {len(interfaces)} interfaces")


_PERMISSION = f"for pmiptrace live. {PERMISSION}"


def _terminal(stdout: TextIO) -> Check:
    encoding = (stdout.encoding or "ascii").lower()
    columns = get_terminal_size().columns
    if not stdout.isatty():
        found = f"none (redirected), {encoding}"
    else:
        found = f"{columns} columns, {encoding}, {os.environ.get('TERM') or 'no TERM'}"
    if "utf" not in encoding:
        remedy = "signs are replaced by plain ones: set LANG to a locale with UTF-8"
        return Check("Terminal", State.MISSING, found, remedy)
    if stdout.isatty() and columns < NARROW:
        return Check("Terminal", State.GOOD, found, f"tables are folded; {NARROW} columns are wide")
    return Check("Terminal", State.GOOD, found)
