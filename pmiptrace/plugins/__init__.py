"""Rules, options and report formats that other packages bring, found by their entry points.

========================= ======================================================================
``pmiptrace.rules``       a `pmiptrace.rules.rule.Rule` made with `foreign_rule`, several of them,
                          or a module that has some
``pmiptrace.options``     an `OptionRegistry`, a `VendorRegistry`, several of them, or a module that
                          has some
``pmiptrace.formats``     what makes a `pmiptrace.report.formats.ReportWriter` of a `Target`; the
                          name of the entry point is that of the format
========================= ======================================================================

Importing a plugin changes nothing: `load_plugins` takes in what it offers, all of it or nothing. A
plugin that cannot be used is left out; its `Plugin` says why. What was taken in stays for the rest
of the process.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Iterator
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

VARIABLE = "PMIPTRACE_PLUGINS"
"""Environment variable that switches plugins ``off``; ``on`` is the default."""

_GROUP = "pmiptrace."
"""What the names of the groups begin with."""


class Plugin(Struct, frozen=True, kw_only=True):
    """An entry point of another package, and what became of it."""

    name: str
    kind: str
    """``rules``, ``options`` or ``formats``."""
    package: str | None
    version: str | None
    adds: tuple[str, ...] = ()
    """IDs of rules, names of options, the name of the format."""
    error: str | None = None
    """Why it was left out; None if it was not."""

    @property
    def origin(self) -> str:
        """The package that it comes with, as far as that is known."""
        return " ".join(filter(None, (self.package, self.version))) or "an unknown package"

    def __str__(self) -> str:
        """Name it for people."""
        return f"plugin {self.name} of {self.origin}"


class ForeignFormat(Struct, frozen=True):
    """A report format that a plugin offers; what writes it is not imported yet."""

    name: str
    plugin: Plugin
    writer: str
    """The module, a colon, and the name in it."""


class _Known:
    """What this process knows of plugins."""

    def __init__(self) -> None:
        self.is_off = False
        self.is_loaded = False
        self.may_be_there: bool | None = None
        """None as long as nobody looked."""
        self.plugins: list[Plugin] = []
        self.formats: list[ForeignFormat] | None = None


_known = _Known()


def switch_off() -> None:
    """Have no plugin loaded from now on."""
    _known.is_off = True


def plugins() -> tuple[Plugin, ...]:
    """Give the plugins that were found so far, those that were left out among them."""
    return tuple(_known.plugins)


def load_plugins() -> tuple[Plugin, ...]:
    """Take in the options and rules of all plugins, unless that was done; give what was found.

    Raises `UsageError` if the environment variable has another value than ``on`` or ``off``.
    """
    if not _known.is_loaded and _are_wanted():
        _known.is_loaded = True
        for kind in ("options", "rules"):  # rules may be about options
            for entry in _entries(kind):
                _known.plugins.append(_adopted(kind, entry))
    return plugins()


def foreign_formats(taken: Collection[str]) -> tuple[ForeignFormat, ...]:
    """Give the formats that plugins offer under names that are not `taken`.

    Raises `UsageError` as `load_plugins` does.
    """
    if _known.formats is None:
        if not _are_wanted():
            return ()
        _known.formats = []
        for entry in _entries("formats"):
            _add_format(entry, taken)
    return tuple(_known.formats)


def _are_wanted() -> bool:
    wanted = os.environ.get(VARIABLE, "").lower() or "on"
    if wanted not in ("on", "off"):
        raise UsageError(f"{VARIABLE} is {wanted!r}: on or off")
    return wanted == "on" and not _known.is_off


def _entries(kind: str) -> Iterator[EntryPoint]:
    if _known.may_be_there is None:
        _known.may_be_there = _may_be_there()
    if not _known.may_be_there:
        return iter(())
    from importlib.metadata import entry_points

    # A package that is on the path twice has each of its entry points twice.
    return iter(dict.fromkeys(entry_points(group=_GROUP + kind)))


def _may_be_there() -> bool:
    """Tell whether any installed package may have an entry point for this one.

    To import `importlib.metadata` and have it look takes as long as analyzing a small capture; most
    have no plugin. What is not a folder is left to it.
    """
    header = f"[{_GROUP}".encode()
    for place in sys.path:
        folder = Path(place or ".")
        try:
            names = os.listdir(folder)  # noqa: PTH208  (twice as fast)
        except NotADirectoryError:
            return True
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                with suppress(OSError):
                    if header in (folder / name / "entry_points.txt").read_bytes():
                        return True
    return False


def _adopted(kind: str, entry: EntryPoint) -> Plugin:
    """Take in the options or rules of an entry point; tell what, or why they were left out."""
    plugin = _plugin(kind, entry)
    try:
        from pmiptrace.plugins import adoption

        adopt = adoption.adopt_rules if kind == "rules" else adoption.adopt_options
        with redirect_stdout(sys.stderr):  # standard output is for the report alone
            return replace(plugin, adds=adopt(entry.load()))
    except (Exception, SystemExit) as fault:
        return replace(plugin, error=_words(fault))


def _add_format(entry: EntryPoint, taken: Collection[str]) -> None:
    """Note a format; its module is imported when a report is written in it."""
    assert _known.formats is not None
    plugin, name, error = _plugin("formats", entry), entry.name, None
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name) is None:
        error = f"{name!r} cannot name a format: small letters, digits and hyphens can"
    elif name in taken or name in {each.name for each in _known.formats}:
        error = f"there is a format {name!r} already"
    elif not entry.attr:
        error = f"{entry.value} is a module; what makes a writer in it has to be named"
    else:
        plugin = replace(plugin, adds=(name,))
        _known.formats.append(ForeignFormat(name, plugin, f"{entry.module}:{entry.attr}"))
    _known.plugins.append(replace(plugin, error=error))


def _plugin(kind: str, entry: EntryPoint) -> Plugin:
    dist = entry.dist
    package, version = (None, None) if dist is None else (dist.name, dist.version)
    return Plugin(name=entry.name, kind=kind, package=package, version=version)


def _words(fault: BaseException) -> str:
    if isinstance(fault, UnfitError):
        return str(fault)
    return f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__


class UnfitError(Exception):
    """What a plugin offers cannot be used."""
