"""What a user makes of the findings: other severities, and which ones are known and why.

It is applied to every finding before anything is narrowed, so that an entry that knows nothing any
more can be told from one whose finding was not asked for.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pmiptrace.baseline import Baseline, Draft, entry_title, read_baseline
from pmiptrace.configuration.keys import Ignore
from pmiptrace.errors import UsageError
from pmiptrace.model import (
    BaselineResult,
    Exchange,
    Finding,
    KnownFault,
    MagNode,
    Party,
    Severity,
    Status,
    Suppression,
)
from pmiptrace.report.fingerprint import fingerprint
from pmiptrace.selection import Name
from pmiptrace.track.bounded import keep

if TYPE_CHECKING:
    from pmiptrace.analysis import Event
    from pmiptrace.configuration import Configuration

EPOCH = "SOURCE_DATE_EPOCH"
"""The environment variable that says what to take for the present, in seconds since 1970."""
_REMEMBERED = 65536
"""Exchanges whose MAG is known, for a finding that comes long after."""
_REDACTED = "redacted"
_TOLD = 5
"""Ignores that are told to be idle, each in a line."""


class Policy:
    """Regrades findings and marks the ones that are known, in the order in which they come.

    `severities` are by rule, and regrade what accuses; notes stay as they are. An entry of
    `ignores` marks what it is about, the first that fits; what no entry marks, the `baseline` may
    know. An entry of either that expired before `today` marks nothing. What goes into the `draft`
    of a baseline is known from now on, and marked as well.

    Where a report has pseudonyms, `real` gives the names that have them: entries mean those. What
    people wrote into entries may name somebody, and then is not reported.
    """

    def __init__(
        self,
        *,
        severities: Mapping[str, Severity] | None = None,
        ignores: tuple[Ignore, ...] = (),
        baseline: Baseline | None = None,
        draft: Draft | None = None,
        today: date,
        real: Callable[[Name], Name] | None = None,
    ) -> None:
        self.draft = draft
        self._real = real
        self._severities = severities or {}
        self._ignores = tuple(ignore for ignore in ignores if _holds(ignore, today))
        self._former = tuple(ignore for ignore in ignores if not _holds(ignore, today))
        self._baseline = baseline
        self._today = today.isoformat()
        self._used: set[int] = set()
        """Indexes of the ignores that marked something."""
        self._found: set[str] = set()
        """Fingerprints of the baseline's entries that occur."""
        self._expired: set[str] = set()
        """Of these, the ones that no longer hold."""
        self._known = self._new = 0
        self._mags: Mapping[int, MagNode] = {}
        self._paths: Callable[[], Sequence[str]] = tuple
        self._exchanges: OrderedDict[int, int | None] = OrderedDict()
        """Whose exchanges are; only if an ignore asks for it."""
        self._by_mag = any(ignore.mag for ignore in self._ignores)

    @classmethod
    def of(cls, configuration: Configuration) -> Policy:
        """Give what a configuration makes of findings.

        Raises `UsageError` for a baseline that makes no sense.
        """
        path = configuration.baseline
        return cls(
            severities=configuration.severities,
            ignores=configuration.ignores,
            baseline=None if path is None else read_baseline(path),
            today=today(),
        )

    def attend(self, mags: Mapping[int, MagNode], paths: Callable[[], Sequence[str]]) -> None:
        """Take the MAGs of an analysis and the paths of its captures, as they become known."""
        self._mags = mags
        self._paths = paths

    def event(self, event: Event) -> Event:
        """Give an event as it is to be reported: all but findings as they are."""
        if isinstance(event, Finding):
            return self._judged(event)
        if self._by_mag and isinstance(event, Exchange):
            keep(self._exchanges, event.id, event.mag, _REMEMBERED)
        return event

    def reported(self, finding: Finding) -> None:
        """Count a finding that is reported, and put it into the draft if it belongs there."""
        known, fails = finding.suppression, finding.status is Status.FAIL
        if known is not None and known.by == "ignore":
            return
        self._known += known is not None
        self._new += known is None and fails
        if self.draft is not None and fails:
            self.draft.add(finding)

    def _judged(self, finding: Finding) -> Finding:
        if finding.status is not Status.NOTE:
            severity = self._severities.get(finding.rule)
            if severity is not None and severity is not finding.severity:
                finding = replace(finding, severity=severity)
        meant = finding if self._real is None else _with_names(finding, self._real)
        known = self._known_by_baseline(meant)
        for index, ignore in enumerate(self._ignores):
            if self._is_meant(ignore, meant):
                self._used.add(index)
                day = None if ignore.expires is None else ignore.expires.isoformat()
                known = Suppression(by="ignore", reason=ignore.reason, expires=day)
                break
        if known is not None and self._real is not None:
            known = replace(known, reason=None)
        return finding if known is None else replace(finding, suppression=known)

    def _is_meant(self, ignore: Ignore, finding: Finding) -> bool:
        party = finding.party
        lma = (finding.lma, party.address if party.role == "LMA" else None)
        return (
            any(selector.means(finding) for selector in ignore.rule)
            and ignore.party in (None, party.role)
            and (ignore.mobile_node is None or ignore.mobile_node.matches(finding.mobile_node))
            and (ignore.lma is None or ignore.lma.matches(*lma))
            and (ignore.mag is None or ignore.mag.matches(*self._mag_names(finding)))
            and (ignore.capture is None or _is_of(ignore, self._path(finding)))
        )

    def _mag_names(self, finding: Finding) -> tuple[Name | None, ...]:
        """Give the names of the MAG that is accused, and of the one whose exchange it is about."""
        party, number = finding.party, finding.exchange
        accused = (party.identifier, party.address) if party.role == "MAG" else ()
        mag = None if number is None else self._exchanges.get(number)
        node = None if mag is None else self._mags.get(mag)
        asking = (node.identifier, *node.addresses) if node else ()
        return (*accused, *(_named(name, self._real) for name in asking))

    def _path(self, finding: Finding) -> str | None:
        paths, capture = self._paths(), finding.moment.capture
        return paths[capture] if capture < len(paths) else None

    def _known_by_baseline(self, finding: Finding) -> Suppression | None:
        if self._baseline is None or finding.status is Status.NOTE:
            return None
        mark = fingerprint(finding)
        fault = self._baseline.known.get(mark)
        if fault is None:
            if self.draft is None or finding.status is not Status.FAIL:
                return None
            return Suppression(by="baseline", reason=self.draft.reason or None)
        self._found.add(mark)
        if fault.expires is not None and fault.expires < self._today:
            self._expired.add(mark)
            return None
        return Suppression(by="baseline", reason=fault.reason or None, expires=fault.expires)

    def result(self, *, complete: bool) -> BaselineResult | None:
        """Give how what was reported compares to the baseline, if there is one.

        What is gone can be told only after a `complete` run, of which everything could be read.
        """
        if self._baseline is None:
            return None
        faults = self._baseline.known.values()
        gone = (fault for fault in faults if fault.fingerprint not in self._found)
        expired = (fault for fault in faults if fault.fingerprint in self._expired)
        is_open = self._real is None
        return BaselineResult(
            path=self._baseline.path if is_open else _REDACTED,
            known=self._known,
            new=self._new,
            gone=tuple(f if is_open else _redacted(f) for f in gone) if complete else (),
            expired=tuple(f if is_open else _redacted(f) for f in expired),
        )

    def expired_entries(self) -> Iterator[str]:
        """Say which entries of the baseline no longer hold, though something of them is found.

        Where a report has pseudonyms, an entry is told by its place in the file.
        """
        if self._baseline is not None:
            for number, (mark, fault) in enumerate(self._baseline.known.items(), 1):
                if mark in self._expired:
                    named = entry_title(fault)
                    title = named if self._real is None else f"{fault.rule}, entry {number}"
                    yield f"{self._baseline.path}: {title} was known until {fault.expires}"

    def expired_ignores(self) -> Iterator[str]:
        """Say which ignores no longer hold."""
        for ignore in self._former:
            yield f"{ignore.title} held until {ignore.expires}: remove it, or give it a new date"

    def idle_ignores(self, captures: Sequence[str]) -> Iterator[str]:
        """Say which ignores marked nothing, though one of these captures is theirs."""
        idle = [
            ignore.title
            for index, ignore in enumerate(self._ignores)
            if index not in self._used and any(_is_of(ignore, path) for path in captures)
        ]
        yield from (f"note: {title} met nothing in these captures" for title in idle[:_TOLD])
        if rest := len(idle[_TOLD:]):
            yield f"note: nor did {rest} more"


def today() -> date:
    """Give the day by which entries expire: today, or the day of ``SOURCE_DATE_EPOCH`` in UTC.

    Raises `UsageError` if that variable holds no time.
    """
    text = os.environ.get(EPOCH)
    if not text:
        return datetime.now().astimezone().date()
    try:
        return datetime.fromtimestamp(int(text), UTC).date()
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"{EPOCH} takes seconds since 1970, not {text!r}") from None


def _named(name: Name | None, real: Callable[[Name], Name] | None) -> Name | None:
    return name if name is None or real is None else real(name)


def _with_names(finding: Finding, real: Callable[[Name], Name]) -> Finding:
    """Give a finding with the names that have the pseudonyms in it, as far as entries mean any."""
    party = finding.party
    return replace(
        finding,
        party=Party(party.role, _named(party.address, real), _named(party.identifier, real)),  # type: ignore[arg-type]
        lma=_named(finding.lma, real),
        mobile_node=_named(finding.mobile_node, real),
    )


def _redacted(fault: KnownFault) -> KnownFault:
    """Give an entry without what tells who it is about; its fingerprint could be tried out."""
    return replace(
        fault,
        fingerprint=_REDACTED,
        party=_REDACTED,
        mobile_node=None if fault.mobile_node is None else _REDACTED,
        reason="",
    )


def _holds(ignore: Ignore, day: date) -> bool:
    return ignore.expires is None or day <= ignore.expires


def _is_of(ignore: Ignore, path: str | None) -> bool:
    """Tell whether an ignore is about a capture, by its path or file name."""
    pattern = ignore.capture
    return pattern is None or (path is not None and pattern.matches(path, PurePath(path).name))
