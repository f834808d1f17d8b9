"""What applies to a run, and where it was said.

From the weakest to the strongest: what is so by default, the table ``tool.pmiptrace`` of
``pyproject.toml``, ``pmiptrace.toml``, environment variables, the command line. Each key counts by
itself, as does each entry of the tables ``timers`` and ``severity``: what is stronger takes its
place. ::

    select = ["RFC8278", "RFC5213"]
    fail-on = "warning"
    baseline = "pmiptrace-baseline.toml"

    [timers]
    delete-delay = "20s"

    [severity]
    "RFC8278-4.4-DISCOVER-FIRST" = "info"

    [[ignores]]
    rule = "RFC8278-4.4-PBA-NO-MAGID"
    lma = "2001:db8:f::1"
    reason = "fixed in release 2.1, ticket 4711"
    expires = 2027-01-31
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from msgspec import Struct

from pmiptrace.configuration.file import ConfigurationFile, Place, found, named
from pmiptrace.configuration.keys import (
    IGNORES,
    KEYS,
    NAMES,
    NEVER,
    NONE,
    SEVERITY,
    TIMERS,
    Ignore,
    Key,
    read_ignore,
    read_severity,
    variable,
)
from pmiptrace.errors import UsageError
from pmiptrace.model import Severity
from pmiptrace.report.times import TimeFormat
from pmiptrace.selectors import Selector
from pmiptrace.settings import SETTINGS, Settings, setting, settings_of, suggestion, written

DEFAULT, FILE, ENVIRONMENT, COMMAND_LINE = "default", "file", "environment", "command line"
"""Where a value can come from."""
CONFIG = variable("config")
"""The environment variable that names a configuration file."""

Name = tuple[str, ...]
"""A key, or the key of a table and that of its entry."""


class Value(Struct, frozen=True):
    """What applies, and where it was said."""

    value: Any
    origin: str = DEFAULT
    place: Place | str = ""
    """The file and line, the variable or the option."""


class Configuration(Struct, frozen=True):
    """All that applies to a run."""

    values: dict[Name, Value]
    """Entries of tables are in the order of their strength, weakest first."""
    files: tuple[str, ...] = ()
    """The files that were read, weakest first."""

    def __getitem__(self, name: str) -> Any:
        """Give the value of one of `KEYS`; None if it has none."""
        return self.values[(name,)].value

    @property
    def select(self) -> tuple[Selector, ...]:
        """What is reported."""
        chosen: tuple[Selector, ...] = self["select"]
        return chosen

    @property
    def ignore(self) -> tuple[Selector, ...]:
        """What is not, even if selected."""
        chosen: tuple[Selector, ...] = self["ignore"]
        return chosen

    @property
    def fail_on(self) -> Severity | None:
        """The mildest severity that makes a run fail; None for never."""
        return None if self["fail-on"] == NEVER else Severity(self["fail-on"])

    @property
    def baseline(self) -> str | None:
        """The file of the findings that are known, if there is one."""
        path: str | None = self["baseline"]
        return None if path == NONE else path

    @property
    def time(self) -> TimeFormat:
        """How text writes times."""
        return TimeFormat(self["time"])

    @property
    def settings(self) -> Settings:
        """The times and limits; raises `UsageError` if two of them contradict each other."""
        return settings_of({name: value.value for name, value in self.table(TIMERS)})

    @property
    def severities(self) -> dict[str, Severity]:
        """The severity that rules were given, by ID.

        What is said of fewer rules goes before what is said of more in the same place.
        """
        given: dict[str, Severity] = {}
        for _, value in self.table(SEVERITY):
            chosen, severity = value.value
            given |= dict.fromkeys(chosen.rules, severity)
        return given

    @property
    def ignores(self) -> tuple[Ignore, ...]:
        """The findings that are known, with reasons."""
        known: tuple[Ignore, ...] = self[IGNORES]
        return known

    def table(self, key: str) -> Iterator[tuple[str, Value]]:
        """Give the entries that were set of a table."""
        for (name, *entry), value in self.values.items():
            if name == key and entry:
                yield entry[0], value

    def rows(self) -> Iterator[tuple[str, Value]]:
        """Give everything that can be set, in the order of the documentation.

        Of severities there are those that any rule gets.
        """
        for key in KEYS:
            yield key, self.values[(key,)]
        yield IGNORES, self.values[(IGNORES,)]
        source: dict[str, str] = {}
        for name, value in self.table(SEVERITY):
            source |= dict.fromkeys(value.value[0].rules, name)
        for name, value in self.table(SEVERITY):
            if name in source.values():
                yield f"{SEVERITY}.{name}", value
        given = dict(self.table(TIMERS))
        for name, known in SETTINGS.items():
            yield f"{TIMERS}.{name}", given.get(name, Value(known.default))


def configure(
    given: Mapping[str, object] | None = None,
    *,
    file: str | None = None,
    isolated: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Configuration:
    """Put together what applies.

    `given` is what the command line says, by key: a text, a number, a switch, or several texts;
    None for what it does not say. `file` is read in place of the files that would be found, and
    with `isolated` none is. `environment` is that of the process if it is not given. Raises
    `UsageError` for what makes no sense, wherever it stands and whether or not it is the strongest.
    """
    variables = os.environ if environment is None else environment
    values: dict[Name, Value] = {
        (name,): Value(None if key.default is None else key.read(key.default))
        for name, key in KEYS.items()
    }
    values[(IGNORES,)] = Value(())
    files = _files(file, variables, isolated=isolated)
    for name, value in (
        *_from_files(files),
        *_from_environment(variables),
        *_from_command_line(given or {}),
    ):
        values.pop(name, None)  # what comes later stands behind
        values[name] = value
    return Configuration(values, tuple(each.name for each in files))


def _files(
    file: str | None, variables: Mapping[str, str], *, isolated: bool
) -> tuple[ConfigurationFile, ...]:
    if isolated:
        if file is not None:
            raise UsageError("--config and --isolated exclude each other")
        return ()
    path = file if file is not None else variables.get(CONFIG) or None
    return found() if path is None else (named(path),)


def _from_files(files: Iterable[ConfigurationFile]) -> Iterator[tuple[Name, Value]]:
    for file in files:
        for name in file.table:
            if name not in NAMES:
                hint = suggestion(name, NAMES) or f"known: {', '.join(NAMES)}"
                if name == "tool" and not file.prefix:
                    hint = "[tool.pmiptrace] is for pyproject.toml; here its keys stand alone"
                where = f"{file.place(name)}: {file.key(name)}"
                raise UsageError(f"{where}: there is no such key; {hint}")
        for name, value in file.table.items():
            if name in KEYS:
                yield _of_key(KEYS[name], value, file)
            elif name == IGNORES:
                yield (IGNORES,), Value(_ignores(value, file), FILE, file.place(name))
            else:
                yield from _of_table(name, value, file)


def _of_key(key: Key, value: object, file: ConfigurationFile) -> tuple[Name, Value]:
    place = file.place(key.name)
    try:
        read = key.read(value)
    except UsageError as error:
        raise _located(f"{place}: {file.key(key.name)}", error) from error
    if key.is_file is not None and key.is_file(read):
        read = file.beside(read)
    return (key.name,), Value(read, FILE, place)


def _of_table(key: str, table: object, file: ConfigurationFile) -> Iterator[tuple[Name, Value]]:
    if not isinstance(table, dict):
        raise UsageError(f"{file.place(key)}: {file.key(key)} takes a table, not {written(table)}")
    entries = []
    for name, value in table.items():
        place = file.place(key, name)
        where = f"{place}: {file.key(key)}"
        entries.append((name, Value(_entry(key, name, value, where, "."), FILE, place)))
    yield from _sorted(key, entries)


def _ignores(entries: object, file: ConfigurationFile) -> tuple[Ignore, ...]:
    if not isinstance(entries, list):
        raise UsageError(
            f"{file.place(IGNORES)}: {file.key(IGNORES)} takes tables, [[{file.key(IGNORES)}]]"
        )
    known = []
    for index, entry in enumerate(entries):
        place = file.place(IGNORES, index)
        try:
            known.append(read_ignore(entry, place))
        except UsageError as error:
            raise _located(f"{place}: {file.key(IGNORES)}", error) from error
    return tuple(known)


def _from_environment(variables: Mapping[str, str]) -> Iterator[tuple[Name, Value]]:
    """Read the variables that are set and not empty; a name nearly like one of them is refused."""
    known = {variable(name): name for name in NAMES if name != IGNORES}
    for each in variables:
        # Others may use the prefix for what is none of ours, so only what looks like a slip is one.
        if each.startswith(variable("")) and each not in {*known, CONFIG}:
            near = get_close_matches(each, known, n=1, cutoff=0.9)
            if near:
                raise UsageError(f"{each}: there is no such variable; did you mean {near[0]}?")
    for each, name in known.items():
        if text := variables.get(each, "").strip():
            yield from _of_text(name, [text], ENVIRONMENT, each)


def _from_command_line(given: Mapping[str, object]) -> Iterator[tuple[Name, Value]]:
    for name, said in given.items():
        option = f"--{name}"
        if said is None or said == ():
            continue
        if isinstance(said, str | Sequence):
            texts = [said] if isinstance(said, str) else [str(text) for text in said]
            yield from _of_text(name, texts, COMMAND_LINE, option)
        else:
            yield (name,), Value(_read(KEYS[name], said, option), COMMAND_LINE, option)


def _of_text(
    name: str, texts: Sequence[str], origin: str, place: str
) -> Iterator[tuple[Name, Value]]:
    """Read what the environment or the command line says of a key or of a table."""
    if name in KEYS:
        key = KEYS[name]
        text = ",".join(texts) if key.type is list else texts[-1]
        yield (name,), Value(_read(key, key.parse(text), place), origin, place)
        return
    entries = []
    for assignment in (part for text in texts for part in text.split(",")):
        entry, equals, value = (piece.strip() for piece in assignment.partition("="))
        read = _entry(name, entry, value if equals else None, place, ": ")
        entries.append((entry, Value(read, origin, place)))
    yield from _sorted(name, entries)


def _read(key: Key, value: object, place: str) -> Any:
    try:
        return key.read(value)
    except UsageError as error:
        raise _located(place, error) from error


def _entry(key: str, name: str, value: object, where: str, mark: str) -> Any:
    """Read an entry of a table; its name stands behind `where` and `mark` in what goes wrong."""
    try:
        known = setting(name) if key == TIMERS else None
    except UsageError as error:
        raise _located(where, error) from error
    if value is None:
        raise UsageError(f"{where}: {name} has no value; write {name}=VALUE")
    try:
        return read_severity(name, value) if known is None else known.read(value)
    except UsageError as error:
        raise _located(f"{where}{mark}{name}", error) from error


def _sorted(key: str, entries: list[tuple[str, Value]]) -> Iterator[tuple[Name, Value]]:
    """Give the entries of one place, of severities those of most rules first."""
    if key == SEVERITY:
        entries.sort(key=lambda entry: -len(entry[1].value[0].rules))
    for name, value in entries:
        yield (key, name), value


def _located(where: str, error: UsageError) -> UsageError:
    text = str(error)
    return UsageError(f"{where} {text}" if text.startswith("takes ") else f"{where}: {text}")
