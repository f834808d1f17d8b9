"""The findings of a run by fingerprint: what formats for other programs show as one result.

A fault that recurs at every refresh of a binding is one thing to mend. Its findings share their
fingerprint, and a result tells the first of them, how many there are, and some of the frames.
"""

from __future__ import annotations

from collections.abc import Iterator

from pmiptrace.model import Finding, Severity, Status, Suppression
from pmiptrace.report.digest import FindingGroup
from pmiptrace.report.escaping import clean
from pmiptrace.report.fingerprint import fingerprint
from pmiptrace.report.words import counted, party_name

LIMIT = 10_000
"""Results that are kept: twice what GitHub shows of a run, fewer than it takes."""
SHOWN = 8
"""Findings that are kept of a result."""

_STATUSES = list(Status)
_DEGREES = len(_STATUSES) * len(Severity)


class Result(FindingGroup):
    """The findings with one fingerprint that share their status, and whether they are suppressed.

    `findings` has up to `SHOWN` of them, in the order of time.
    """

    __slots__ = ("fingerprint", "first_time", "last_time", "occurrences")

    def __init__(self, first: Finding, print_: str) -> None:
        self.fingerprint = print_
        """The same for the same fault in another capture; `key` tells results of one run apart."""
        self.occurrences = 0
        """How often the fault was seen: some findings stand for several times."""
        self.first_time: int | None = None
        self.last_time: int | None = None
        super().__init__(first, limit=SHOWN)

    @property
    def first(self) -> Finding:
        """The finding that stands for all."""
        return self.findings[0]

    @property
    def suppression(self) -> Suppression | None:
        """Why all of them are known; None if they count."""
        return self.first.suppression

    @property
    def key(self) -> str:
        """The fingerprint, made unique among results: what is shown, suspected and suppressed."""
        parts = [self.fingerprint]
        if self.status is not Status.FAIL:
            parts.append(self.status.value)
        if self.suppression is not None:
            parts.append("suppressed")
        return "-".join(parts)

    @property
    def rank(self) -> int:
        """Sorts the gravest first: what is shown, suspected, remarked; what is suppressed last."""
        degree = _STATUSES.index(self.status) * len(Severity) + self.severity.rank
        return degree if self.suppression is None else _DEGREES + degree

    def add(self, finding: Finding) -> None:
        """Take in one more."""
        super().add(finding)
        self.occurrences += finding.occurrences
        time = finding.moment.time
        if time is not None:
            self.first_time = time if self.first_time is None else min(self.first_time, time)
            self.last_time = time if self.last_time is None else max(self.last_time, time)


class Results:
    """The results of a run, the gravest if there are too many."""

    def __init__(self, *, limit: int = LIMIT) -> None:
        self._limit = limit
        self._kept: list[dict[tuple[object, ...], Result]] = [{} for _ in range(2 * _DEGREES)]
        """By rank, then by what their findings share."""
        self._rank_of: dict[tuple[object, ...], int] = {}
        self.left_out = 0
        """Findings that no result tells of, because there are too many results."""

    def __len__(self) -> int:
        """Give how many results are kept."""
        return len(self._rank_of)

    def __iter__(self) -> Iterator[Result]:
        """Give the results, the gravest first, and those alike in the order they became known."""
        for results in self._kept:
            yield from results.values()

    def add(self, finding: Finding) -> None:
        """Take in a finding."""
        shared = fingerprint(finding)
        key = (shared, finding.status, finding.suppression is None)
        known = self._rank_of.get(key)
        if known is not None:
            result = self._kept[known][key]
            result.add(finding)
            if result.rank != known:
                del self._kept[known][key]
                self._keep(key, result)
            return
        result = Result(finding, shared)
        if len(self) < self._limit or self._make_room(result.rank):
            self._keep(key, result)
        else:
            self.left_out += 1

    def _keep(self, key: tuple[object, ...], result: Result) -> None:
        self._kept[result.rank][key] = result
        self._rank_of[key] = result.rank

    def _make_room(self, rank: int) -> bool:
        """Let go of the newest of the mildest results, if that is milder than this rank."""
        for results in reversed(self._kept[rank + 1 :]):
            if results:
                key, gone = results.popitem()
                del self._rank_of[key]
                self.left_out += gone.count
                return True
        return False


def result_text(result: Result) -> str:
    """Word a result in a line without unprintable characters: who does what, where, how often."""
    finding, party = result.first, result.party
    text = finding.message
    if party.identifier is not None or party.address is not None:
        text = f"{party_name(party)}: {text}"
    if finding.moment.frame is not None:
        text += f" (frame {finding.moment.frame})"
    if finding.why_inconclusive is not None:
        text += f"; inconclusive: {finding.why_inconclusive}"
    if result.count > 1:
        text += f"; {counted(result.count, 'finding')} in all"
    return clean(text)
