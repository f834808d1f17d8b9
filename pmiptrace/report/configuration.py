"""What applies to a run, for people and programs: every setting, its value, and who said so."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from rich.console import Console
from rich.text import Text

from pmiptrace.configuration import DEFAULT, Configuration, Value
from pmiptrace.configuration.keys import IGNORE_KEYS, IGNORES, NAMES, SEVERITY, TIMERS, Ignore
from pmiptrace.report.escaping import clean, path_text
from pmiptrace.report.page import Column, Page
from pmiptrace.report.style import MUTED, STRONG
from pmiptrace.report.words import counted, joined
from pmiptrace.selection import Pattern
from pmiptrace.settings import SETTINGS

JsonValue = str | int | bool | None | tuple[str, ...] | tuple[dict[str, str], ...]


class SettingEntry(Struct, frozen=True):
    """One thing that can be set."""

    name: str
    value: JsonValue
    """As a configuration file would have it; null for what has no value."""
    origin: str
    """``default``, ``file``, ``environment`` or ``command line``."""
    place: str | None
    """The file and line, the variable or the option."""


class ConfigurationEntry(Struct, frozen=True):
    """All that applies."""

    files: tuple[str, ...]
    """The files that were read, weakest first."""
    settings: tuple[SettingEntry, ...]


def configuration_entry(configuration: Configuration) -> ConfigurationEntry:
    """Show what applies; raises `UsageError` for times that contradict each other."""
    _ = configuration.settings
    return ConfigurationEntry(
        files=tuple(map(path_text, configuration.files)),
        settings=tuple(_entry(name, value) for name, value in configuration.rows()),
    )


def _entry(name: str, value: Value) -> SettingEntry:
    place = clean(str(value.place)) or None
    return SettingEntry(name, _plain(name, value.value), value.origin, place)


def _plain(name: str, value: object) -> JsonValue:
    table, _, entry = name.partition(".")
    if table == TIMERS:
        assert isinstance(value, int)
        return SETTINGS[entry].shown(value)
    if table == SEVERITY:
        assert isinstance(value, tuple)
        return str(value[1])
    if name == IGNORES:
        assert isinstance(value, tuple)
        return tuple(dict(_parts(ignore)) for ignore in value)
    if isinstance(value, tuple):
        return tuple(clean(selector.text) for selector in value)
    return clean(value) if isinstance(value, str) else value  # type: ignore[return-value]


def _parts(ignore: Ignore) -> Iterator[tuple[str, str]]:
    for name in IGNORE_KEYS:
        value = getattr(ignore, name.replace("-", "_"))
        if isinstance(value, tuple):
            value = joined(selector.text for selector in value)
        elif isinstance(value, Pattern):
            value = value.text
        if value is not None:
            yield name, clean(str(value))


def write_configuration(console: Console, entry: ConfigurationEntry) -> None:
    """Write a line for each setting; what is not as by default stands out."""
    page = Page(console)
    page.line("Read: ", joined(entry.files) if entry.files else "no configuration file")
    tables = (SEVERITY, TIMERS)
    general = [each for each in entry.settings if each.name.partition(".")[0] not in tables]
    page.heading("Settings")
    _write(page, "setting", general)
    ignores = [i for each in general if isinstance(each.value, tuple) for i in each.value]
    if known := [ignore for ignore in ignores if isinstance(ignore, dict)]:
        page.heading("Ignores")
        for ignore in known:
            _write_ignore(page, ignore)
    for title, table, name in (
        ("Severities", SEVERITY, "rule"),
        ("Times and limits", TIMERS, "setting"),
    ):
        if entries := [each for each in entry.settings if each.name.startswith(f"{table}.")]:
            page.heading(title)
            _write(page, name, entries)


def _write(page: Page, title: str, settings: list[SettingEntry]) -> None:
    rows = []
    for each in settings:
        is_set = each.origin != DEFAULT
        style = STRONG if is_set else ""
        name = each.name if each.name in NAMES else each.name.partition(".")[2]
        rows.append(
            [
                page.text((name, style)),
                page.text((_shown(each.value), style)),
                page.text((each.place or each.origin, "" if is_set else MUTED)),
            ]
        )
    page.table((Column(title), Column("value"), Column("from")), rows, 2)


def _write_ignore(page: Page, ignore: dict[str, str]) -> None:
    conditions = [f"{n} {text}" for n, text in ignore.items() if n not in ("rule", "reason")]
    parts: list[Text] = [page.text((ignore["rule"], STRONG)), *map(page.text, conditions)]
    page.items([*parts, page.text((ignore["reason"], MUTED))], indent=2)


def _shown(value: JsonValue) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        if any(isinstance(part, dict) for part in value):
            return counted(len(value), "entry", "entries")
        return joined(map(str, value)) or "none"
    return str(value)
