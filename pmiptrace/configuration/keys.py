"""The table of what a configuration can say, apart from times and limits, which `settings` has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from pmiptrace.configuration.file import Place
from pmiptrace.errors import UsageError
from pmiptrace.model import Severity
from pmiptrace.report.times import TimeFormat
from pmiptrace.rules.catalogue import catalogue
from pmiptrace.selection import Pattern
from pmiptrace.selectors import PARTIES, Selector, selectors
from pmiptrace.settings import suggestion, written
from pmiptrace.wire.dialect import load_dialect

NEVER = "never"
"""What ``fail-on`` is if no finding makes a run fail."""
NONE = "none"
"""What ``baseline`` is if nothing is known, whatever a weaker place says."""

_SWITCH = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
_TYPES: dict[type, str] = {str: "a text", bool: "true or false", int: "a number", list: "a list"}


class Key(Struct, frozen=True):
    """One thing that a configuration can say."""

    name: str
    type: type
    """What TOML has for it: ``list``, of texts, ``str``, ``bool`` or ``int``."""
    takes: str
    """What it takes, for people."""
    default: Any
    """The value if nobody sets it, as TOML would have it; None for one that TOML cannot have."""
    meaning: str
    choices: tuple[str, ...] = ()
    """All its values, if they are few."""
    check: Callable[[Any], Any] | None = None
    """Makes of what TOML has the value that counts, or None of what makes no sense."""
    is_file: Callable[[str], bool] | None = None
    """Whether a value names a file, from the folder of the configuration that it stands in."""

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return variable(self.name)

    def read(self, value: object) -> Any:
        """Give the value that counts; raises `UsageError` for one that makes no sense."""
        result = None
        if type(value) is self.type and (not self.choices or value in self.choices):
            result = value if self.check is None else self.check(value)
        if result is None:
            hint = suggestion(value, self.choices) if isinstance(value, str) else None
            raise UsageError(
                f"takes {self.takes}, not {written(value)}{f'; {hint}' if hint else ''}"
            )
        return result

    def parse(self, text: str) -> object:
        """Give what TOML would have for a text of the environment or the command line."""
        text = text.strip()
        if self.type is list:
            return [part.strip() for part in text.split(",")]
        if self.type is bool:
            return _SWITCH.get(text.lower(), text)
        if self.type is int and text.isascii() and text.isdecimal() and len(text) < 10:
            return int(text)
        return text


def variable(name: str) -> str:
    """Give the environment variable of a key: ``PMIPTRACE_FAIL_ON`` of ``fail-on``."""
    return f"PMIPTRACE_{name.upper().replace('-', '_')}"


def _rules(words: list[object]) -> tuple[Selector, ...] | None:
    if not all(isinstance(word, str) for word in words):
        return None
    return selectors(map(str, words), catalogue())


def _some_rules(words: list[object]) -> tuple[Selector, ...] | None:
    return _rules(words) or None


def _positive(number: int) -> int | None:
    return number if number > 0 else None


def _named(text: str) -> str | None:
    return text or None


def _dialect(text: str) -> str | None:
    """Give a dialect by name if there is one; a file is read, and judged, where it is used."""
    if text not in ("", "auto", "none") and not _is_table(text):
        load_dialect(text)
    return text or None


def _is_table(text: str) -> bool:
    return text.endswith(".toml")


_LEVELS = tuple(severity.value for severity in Severity)

KEYS: dict[str, Key] = {
    key.name: key
    for key in (
        Key(
            "select", list, 'a list of rules, such as ["RFC8278"]', ["all"],
            "What to report.", check=_some_rules,
        ),
        Key(
            "ignore", list, 'a list of rules, such as ["RFC5213-8.1"]', [],
            "What to leave out, even if selected.", check=_rules,
        ),
        Key(
            "fail-on", str, "error, warning, info or never", "error",
            "The mildest violation that makes the exit code 1.", choices=(*_LEVELS, NEVER),
        ),
        Key(
            "baseline", str, "a file, or none", NONE,
            "The file of the findings that are known.", check=_named,
            is_file=lambda text: text != NONE,
        ),
        Key(
            "dialect", str, "auto, none, a dialect or a file", "auto",
            "Numbers of implementations older than IANA's.", check=_dialect, is_file=_is_table,
        ),
        Key(
            "each", bool, "true or false", False,
            "Whether every capture is judged on its own, not all of them as one run.",
        ),
        Key(
            "allow-empty", bool, "true or false", False,
            "Whether captures without any signalling are no failure.",
        ),
        Key(
            "time", str, "utc, local, relative or epoch", "utc",
            "How text writes times.", choices=tuple(form.value for form in TimeFormat),
        ),
        Key(
            "jobs", int, "a number of cores, 1 or more", None,
            "On how many cores large captures are scanned; if not set, on those there are.",
            check=_positive,
        ),
    )
}  # fmt: skip
"""The keys with one value each, by name."""

TIMERS, SEVERITY, IGNORES = "timers", "severity", "ignores"
"""The keys with several values: two tables and an array of tables."""
NAMES = (*KEYS, TIMERS, SEVERITY, IGNORES)
"""All keys."""


def read_severity(name: str, value: object) -> tuple[Selector, Severity]:
    """Give the rules that an entry of ``severity`` is about, and what they become.

    Raises `UsageError` for rules that do not exist, and for what is no severity.
    """
    if not isinstance(value, str) or value not in _LEVELS:
        hint = suggestion(value, _LEVELS) if isinstance(value, str) else None
        if isinstance(value, dict):
            hint = "write a name with dots in quotes"
        wrong = f"takes error, warning or info, not {written(value)}"
        raise UsageError(f"{wrong}; {hint}" if hint else wrong)
    chosen = selectors([name], catalogue())
    if len(chosen) != 1 or not chosen[0].names_rules:
        raise UsageError("takes one rule, a prefix of some, a section or an RFC on its left")
    return chosen[0], Severity(value)


class Ignore(Struct, frozen=True, kw_only=True):
    """Findings that are known, and why: an entry of ``ignores``. All that is given must hold."""

    rule: tuple[Selector, ...]
    reason: str
    party: str | None = None
    """The role of the accused."""
    mag: Pattern | None = None
    lma: Pattern | None = None
    mobile_node: Pattern | None = None
    capture: Pattern | None = None
    expires: date | None = None
    """The last day on which it holds."""
    place: Place | None = None
    """Where it stands."""

    @property
    def title(self) -> str:
        """Name it in a line."""
        rules = ", ".join(selector.text for selector in self.rule)
        return f"{self.place}: the ignore of {rules}"


IGNORE_KEYS: dict[str, str] = {
    "rule": "What is ignored: a [rule](#which-rules), or a list of them. Required.",
    "reason": "Why; reports show it. Required.",
    "party": "The role of the accused: `MAG`, `LMA` or `unknown`.",
    "mag": "The MAG, by its identifier or a care-of address.",
    "lma": "The LMA, by its address.",
    "mobile-node": "The mobile node, by its name.",
    "capture": "The capture, by its path or file name.",
    "expires": "The last day on which the entry holds: `2027-01-31`.",
}
"""What an entry of ``ignores`` can say."""
_REQUIRED = ("rule", "reason")
_ROLES = {role.lower(): role for role in PARTIES}
_PATTERNS = ("mag", "lma", "mobile-node", "capture")


def read_ignore(entry: object, place: Place) -> Ignore:
    """Give an entry of ``ignores``; raises `UsageError` for one that makes no sense."""
    if not isinstance(entry, dict):
        raise UsageError(f"takes a table, not {written(entry)}")
    for name in entry:
        if name not in IGNORE_KEYS:
            hint = suggestion(name, IGNORE_KEYS) or f"known: {', '.join(IGNORE_KEYS)}"
            raise UsageError(f"there is no key {name!r}; {hint}")
    for name in _REQUIRED:
        if name not in entry:
            raise UsageError(f"{name} is missing")
    rules = [entry["rule"]] if isinstance(entry["rule"], str) else entry["rule"]
    if not isinstance(rules, list) or not rules or not all(isinstance(r, str) for r in rules):
        raise UsageError(f"rule takes a text or a list of texts, not {written(rules)}")
    texts = {name: value for name, value in entry.items() if name not in ("rule", "expires")}
    for name, value in texts.items():
        if not isinstance(value, str) or not value.strip():
            raise UsageError(f"{name} takes a text, not {written(value)}")
    party = texts.get("party")
    role = None if party is None else _ROLES.get(party.strip().lower())
    if party is not None and role is None:
        raise UsageError(f"party takes MAG, LMA or unknown, not {written(party)}")
    patterns = {name.replace("-", "_"): Pattern(texts[name]) for name in _PATTERNS if name in texts}
    return Ignore(
        rule=selectors(rules, catalogue()),
        reason=texts["reason"],
        party=role,
        expires=read_day(entry.get("expires"), "expires"),
        place=place,
        **patterns,
    )


def read_day(value: object, name: str) -> date | None:
    """Give a date, as TOML has it or as text; raises `UsageError` for what is none."""
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else _no_date()
    except ValueError:
        raise UsageError(f"{name} takes a date, such as 2027-01-31, not {written(value)}") from None


def _no_date() -> date:
    raise ValueError
