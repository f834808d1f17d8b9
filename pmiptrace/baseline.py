"""The baseline: a file of the faults that are known, so that what is new stands out.

It is TOML, written for people to review: sorted, an entry per fault, with a reason and, if one
wishes, a last day. ::

    version = 1

    [[known]]
    fingerprint = "0f3a9c41d2b87e56"
    rule = "RFC8278-4.4-PBA-NO-MAGID"
    party = "LMA 2001:db8:f::1"
    mobile-node = "mn1@example.com"
    count = 3
    first-seen = 2026-11-23
    reason = "fixed in release 2.1"
    expires = 2027-01-31

The fingerprint alone decides what an entry knows; rule, party, mobile node and field say what that
is, and count and first day how it was when the baseline was written.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.configuration.file import Step, line_of
from pmiptrace.configuration.keys import read_day
from pmiptrace.errors import UsageError
from pmiptrace.model import Finding, KnownFault
from pmiptrace.report.escaping import name_text
from pmiptrace.report.fingerprint import fingerprint, offending_field
from pmiptrace.report.times import rfc3339
from pmiptrace.report.words import counted, party_name
from pmiptrace.settings import suggestion, written

VERSION = 1
_FINGERPRINT = re.compile("[0-9a-f]{16}")
_TEXTS = {"rule": "rule", "party": "party", "mobile-node": "mobile_node", "field": "field"}
_KEYS = ("fingerprint", *_TEXTS, "count", "first-seen", "reason", "expires")
_HEADER = """\
# Findings that are known: pmiptrace analyze --baseline reports what is new.
# Say why in `reason`; with `expires = 2027-01-31` an entry no longer holds from the day after.
# --write-baseline writes this file anew and keeps reasons and dates of what it still finds.
"""


class Baseline(Struct, frozen=True):
    """A baseline as it was read."""

    path: str
    known: dict[str, KnownFault]
    """The entries by their fingerprint, in the order of the file."""


def read_baseline(path: str) -> Baseline:
    """Read a baseline; raises `UsageError` with file and line for one that makes no sense."""
    try:
        text = Path(path).read_text("utf-8")
        table = tomllib.loads(text)
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        hint = "; --write-baseline makes one" if isinstance(error, FileNotFoundError) else ""
        raise UsageError(f"{path}: cannot read the baseline: {reason}{hint}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: no valid TOML: not UTF-8") from error
    except ValueError as error:  # of TOML, and of a path with a null character
        raise UsageError(f"{path}: no valid TOML: {error}") from error
    except RecursionError as error:
        raise UsageError(f"{path}: no valid TOML: nested too deeply") from error
    steps: tuple[Step, ...] = ()
    try:
        _check_keys(table, ("version", "known"))
        if table.get("version") != VERSION:
            found = written(table["version"]) if "version" in table else "missing"
            raise UsageError(f"version must be {VERSION}, and is {found}")
        entries = table.get("known", [])
        if not isinstance(entries, list):
            raise UsageError("known takes tables, [[known]]")
        known: dict[str, KnownFault] = {}
        for index, entry in enumerate(entries):
            steps = ("known", index)
            fault = _read(entry)
            if fault.fingerprint in known:
                raise UsageError(f"fingerprint {fault.fingerprint!r} stands there twice")
            known[fault.fingerprint] = fault
    except UsageError as error:
        line = line_of(text, steps) if steps else None
        raise UsageError(f"{path}{f':{line}' if line else ''}: {error}") from error
    return Baseline(path, known)


def _check_keys(table: Mapping[str, Any], known: Iterable[str]) -> None:
    for name in table:
        if name not in known:
            hint = suggestion(name, known) or f"known: {', '.join(known)}"
            raise UsageError(f"there is no key {name!r}; {hint}")


def _read(entry: object) -> KnownFault:
    if not isinstance(entry, dict):
        raise UsageError(f"known takes tables, not {written(entry)}")
    _check_keys(entry, _KEYS)
    mark = entry.get("fingerprint")
    if not isinstance(mark, str) or not _FINGERPRINT.fullmatch(mark):
        raise UsageError(f"fingerprint takes 16 hexadecimal digits, not {written(mark)}")
    for name in (*_TEXTS, "reason"):
        if not isinstance(entry.get(name, ""), str):
            raise UsageError(f"{name} takes a text, not {written(entry[name])}")
    count = entry.get("count", 1)
    if type(count) is not int or count < 1:
        raise UsageError(f"count takes a number from 1 on, not {written(count)}")
    days = {name: read_day(entry.get(name), name) for name in ("first-seen", "expires")}
    return KnownFault(
        fingerprint=mark,
        rule=entry.get("rule", ""),
        party=entry.get("party", ""),
        mobile_node=entry.get("mobile-node"),
        field=entry.get("field"),
        count=count,
        first_seen=None if (day := days["first-seen"]) is None else day.isoformat(),
        reason=entry.get("reason", ""),
        expires=None if (day := days["expires"]) is None else day.isoformat(),
    )


class Draft:
    """Gathers the faults of a run for a baseline; it grows with how many different ones there are.

    Entries that were there `before` keep their reason, their first day and their last; others get
    this `reason`.
    """

    def __init__(self, before: Mapping[str, KnownFault], reason: str = "") -> None:
        self.reason = reason
        self._before = before
        self._found: dict[str, KnownFault] = {}

    def add(self, finding: Finding) -> None:
        """Take in a finding of status fail."""
        mark = fingerprint(finding)
        day = (rfc3339(finding.moment.time) or "")[:10] or None
        fault = self._found.get(mark)
        if fault is not None:
            self._found[mark] = replace(fault, count=fault.count + 1)
            return
        old = self._before.get(mark, KnownFault(fingerprint=mark, rule="", party=""))
        self._found[mark] = KnownFault(
            fingerprint=mark,
            rule=finding.rule,
            party=party_name(finding.party),
            mobile_node=name_text(finding.mobile_node),
            field=offending_field(finding),
            first_seen=min(filter(None, (day, old.first_seen)), default=None),
            reason=old.reason or self.reason,
            expires=old.expires,
        )

    @property
    def faults(self) -> list[KnownFault]:
        """The faults, by rule, party and mobile node."""
        return sorted(self._found.values(), key=_order)

    @property
    def text(self) -> str:
        """The file."""
        return "\n".join((_HEADER, f"version = {VERSION}", *map(_entry, self.faults))) + "\n"

    @property
    def difference(self) -> str:
        """Say how it differs from what there was before."""
        new = sum(mark not in self._before for mark in self._found)
        gone = sum(mark not in self._found for mark in self._before)
        kept = len(self._found) - new
        entries = counted(len(self._found), "entry", "entries")
        return f"written with {entries}: {new} new, {kept} kept; {gone} removed, no longer found"


def entry_title(fault: KnownFault) -> str:
    """Name what an entry knows in a line."""
    of_node = f", {fault.mobile_node}" if fault.mobile_node else ""
    return f"{fault.rule}, {fault.party}{of_node}"


def _order(fault: KnownFault) -> tuple[str, str, str, str, str]:
    return (
        fault.rule, fault.party, fault.mobile_node or "", fault.field or "", fault.fingerprint
    )  # fmt: skip


def _entry(fault: KnownFault) -> str:
    return "\n".join(("", "[[known]]", *_lines(fault)))


def _lines(fault: KnownFault) -> Iterator[str]:
    yield f"fingerprint = {_quoted(fault.fingerprint)}"
    for name, field in _TEXTS.items():
        text = getattr(fault, field)
        if text is not None:
            yield f"{name} = {_quoted(text)}"
    yield f"count = {fault.count}"
    if fault.first_seen is not None:
        yield f"first-seen = {fault.first_seen}"
    yield f"reason = {_quoted(fault.reason)}"
    if fault.expires is not None:
        yield f"expires = {fault.expires}"


def _quoted(text: str) -> str:
    """Write a text as TOML: as in JSON, but that a Delete is escaped there."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
