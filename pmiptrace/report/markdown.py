r"""The report as GitHub-flavoured Markdown, for the summary of a step or a merge request.

Names in a capture are chosen by strangers. A name becomes a code span, in which Markdown knows
neither links nor images nor mentions; the two characters that could end the span, or the cell of a
table, are escaped as unprintable ones are (``\x60``, ``\x7c``). In prose the same is done to each
word that is more than letters, digits and common punctuation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from pmiptrace.model import CaptureInfo, Moment, Report, Severity
from pmiptrace.report.coverage import (
    FIRST_RFC,
    MEANINGS,
    Coverage,
    RequirementLine,
    RuleLine,
    coverage,
)
from pmiptrace.report.digest import Digest, FindingGroup
from pmiptrace.report.escaping import clean, path_text
from pmiptrace.report.files import relative_path
from pmiptrace.report.times import Clock
from pmiptrace.report.version import version
from pmiptrace.report.words import (
    count,
    counted,
    frame_place,
    joined,
    known_words,
    nothing_found,
    party_name,
    word,
)
from pmiptrace.rules.catalogue import CatalogueRow, catalogue

if TYPE_CHECKING:
    from pmiptrace.report.formats import Target

LIMIT = 1 << 20
"""Octets that the summary of a step may have: GitHub refuses a longer one as a whole."""
_ROOM = {"failures": 400_000, "doubts": 150_000, "captures": 100_000, "coverage": 250_000}
"""Octets for the rows of each part: less than `LIMIT` in all."""
_ROWS = 200
_FRAMES = 5

_WORD = re.compile(r"[^\s(),;]+")
_PLAIN = re.compile(r"(?!www\.)(?:[^\W_]|['.=+%-])+[.:]?", re.IGNORECASE)


def code(text: str) -> str:
    """Give a name as a code span that holds its characters literally, whatever they are."""
    text = clean(text).replace("`", "\\x60").replace("|", "\\x7c")
    return f"`{text}`" if text.strip() else ""


def prose(text: str) -> str:
    """Give text in which each word that could mean something to Markdown is a code span."""

    def shown(match: re.Match[str]) -> str:
        found = match.group()
        return found if _PLAIN.fullmatch(found) else code(found)

    return _WORD.sub(shown, clean(text))


class MarkdownWriter:
    """Keeps of a run what a page of text shows, and writes the summary when it is over."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._digest = Digest()
        self.event = self._digest.add

    def finish(self, report: Report) -> None:
        """Write the summary."""
        lines = _Summary(report, self._digest, self._target).lines()
        self._target.stream.write("".join(f"{line}\n" for line in lines).encode())


class _Summary:
    def __init__(self, report: Report, digest: Digest, target: Target) -> None:
        self._report = report
        self._digest = digest
        self._target = target
        times = [t for i in report.captures for t in (i.first_time, i.last_time) if t is not None]
        self._clock = Clock(target.time, times)

    def lines(self) -> Iterator[str]:
        """Give the summary: the answer first."""
        digest = self._digest
        found = coverage(self._report.rules)
        yield from ("## pmiptrace", "", f"**{self._answer()}**{self._basis()}", "")
        if self._report.interrupted:
            yield from ("Interrupted: this is what was found until then.", "")
        if words := known_words(digest.suppressed, self._report.baseline):
            yield from (f"{prose(words)}.", "")
        if digest.failures:
            yield from ("### Violations", "")
            groups = [group for rule in digest.failures for group in rule.parties]
            yield from self._findings(groups, "failures")
        if digest.doubts:
            yield from ("### Inconclusive", "", "Suspected; the captures do not settle it.", "")
            groups = [group for rule in digest.doubts for group in rule.parties]
            yield from self._findings(groups, "doubts")
        if self._report.captures:
            yield from ("### Captures", "")
            yield from self._captures()
            if self._report.is_apart:
                yield from ("Every capture was judged on its own.", "")
        if found.judged or (self._target.coverage and found.rfcs):
            yield from ("### Coverage", "", f"{found.verdict}.", "")
            yield from _sums(found)
            if self._target.coverage:
                if self._target.narrowness:
                    only = code(self._target.narrowness)
                    yield from (f"Counted over whole captures, not only {only}.", "")
                yield from _details(found)
        yield f"<sub>pmiptrace {version()}; times in {self._clock.zone()}</sub>"

    # ------------------------------------------------------------------------------ verdict

    def _answer(self) -> str:
        digest, report = self._digest, self._report
        only = self._target.narrowness
        if not any(info.format for info in report.captures):
            return "Nothing was analyzed."
        if not report.messages:
            return "No Mobility Header message."
        if only and not (digest.session_totals.count or digest.totals.count):
            return "Nothing matches."
        counts = [
            f"{count(number)} {severity if severity is Severity.INFO else word(number, severity)}"
            for severity in Severity
            if (number := digest.severities[severity])
        ]
        return f"{joined(counts) or nothing_found(digest.suppressed)}."

    def _basis(self) -> str:
        digest, report = self._digest, self._report
        parts = []
        if digest.failures:
            worst = digest.failures[0].parties[0]
            where = self._moment(worst.findings[0].moment)
            parts.append(f" Worst: {_rule(worst)}, {_party(worst)}, {where}.")
        if digest.inconclusive:
            parts.append(f" {count(digest.inconclusive)} inconclusive.")
        judged = sum(rule.judged for rule in report.rules)
        rules = sum(1 for rule in report.rules if rule.judged)
        if report.messages:
            parts.append(
                f" {counted(judged, 'check')} of {counted(rules, 'rule')}"
                f" on {counted(report.messages, 'message')}."
            )
        if self._target.narrowness:
            parts.append(f" Only {code(self._target.narrowness)}.")
        return "".join(parts)

    # ----------------------------------------------------------------------------- findings

    def _findings(self, groups: Sequence[FindingGroup], part: str) -> Iterator[str]:
        doubtful = part == "doubts"
        heads = ["severity", "rule", "party", "where", "count", "message"]
        heads += ["undecided"] if doubtful else []
        rows = (self._row(group, doubtful=doubtful) for group in groups)
        return _table(heads, rows, len(groups), _ROOM[part], "group")

    def _row(self, group: FindingGroup, *, doubtful: bool) -> list[str]:
        first = group.findings[0]
        row = catalogue().get(group.rule)
        text = prose(first.message) + ("" if group.alike else " …")
        claim = f"{row.summary}: " if row and not row.is_diagnostic else ""
        cells = [
            group.severity.value,
            _rule(group),
            _party(group),
            self._places(group),
            count(group.count),
            f"{prose(claim)}{text}",
        ]
        return [*cells, prose(first.why_inconclusive or "")] if doubtful else cells

    def _places(self, group: FindingGroup) -> str:
        moments = [finding.moment for finding in group.findings[:_FRAMES]]
        frames = [m for m in moments if m.frame is not None]
        parts = [self._moment(m) for m in moments if m.frame is None]
        if frames:
            named = joined(frame_place(m, len(self._report.captures)) for m in frames)
            parts.insert(0, f"{word(len(frames), 'frame')} {_colons(named)}")
        return joined([*parts, "…"] if group.count > len(moments) else parts)

    def _moment(self, moment: Moment) -> str:
        if moment.frame is None:
            return f"at {code(self._clock.moment(moment.time))}"
        return f"frame {_colons(frame_place(moment, len(self._report.captures)))}"

    # ----------------------------------------------------------------------------- captures

    def _captures(self) -> Iterator[str]:
        infos = self._report.captures
        heads = ["", "capture", "packets", "messages", "from", "remarks"]
        rows = (self._capture(number, info) for number, info in enumerate(infos, 1))
        return _table(heads, rows, len(infos), _ROOM["captures"], "capture")

    def _capture(self, number: int, info: CaptureInfo) -> list[str]:
        remarks = [problem.message for problem in info.problems[:3]]
        if len(info.problems) > len(remarks):
            remarks.append(counted(len(info.problems) - len(remarks), "more problem"))
        if info.duplicates:
            remarks.append(f"{counted(info.duplicates, 'duplicate')} left out")
        if info.dialect:
            remarks.append(f"dialect {info.dialect}")
        begin = info.first_time
        return [
            str(number),
            code(path_text(relative_path(info.path))),
            count(info.packets) if info.format else "not read",
            count(info.messages) if info.format else "",
            code(self._clock.moment(begin, full=True)) if begin is not None else "",
            prose("; ".join(remarks)),
        ]


def _rule(group: FindingGroup) -> str:
    """Name a rule, with a link to the section that it is about."""
    row = catalogue().get(group.rule)
    return code(group.rule) if row is None else _linked(row)


def _linked(row: CatalogueRow) -> str:
    return code(row.id) if row.link is None else f"[{code(row.id)}]({row.link})"


def _party(group: FindingGroup) -> str:
    party = group.party
    role, _, who = party_name(party).partition(" ")
    named = party.identifier is not None or party.address is not None
    return f"{role} {code(who)}" if named else party_name(party)


def _colons(text: str) -> str:
    """Keep numbers between colons from becoming an emoji, as ``:100:`` would."""
    return code(text) if ":" in text else text


# ---------------------------------------------------------------------------------- coverage


def _sums(found: Coverage) -> Iterator[str]:
    states = [state.value for state in MEANINGS if found.states[state.value]]
    rows = [
        [
            prose(part.source),
            count(len(part.rules)),
            *(_number(part.states[state]) for state in states),
            _number(part.judged),
        ]
        for part in found.rfcs
    ]
    return _table(
        ["", "rules", *states, "checks"], rows, len(rows), _ROOM["coverage"], "RFC", numbers=1
    )


def _details(found: Coverage) -> Iterator[str]:
    present = [state for state in MEANINGS if found.states[state.value]]
    yield from (f"- {state.value}: {MEANINGS[state]}" for state in present)
    yield ""
    if found.requirements:
        title = f"RFC {FIRST_RFC} section 4, {found.requirement_verdict}"
        rows = [_requirement(line) for line in found.requirements]
        heads = ["state", "section", "keyword", "requirement", "rules, or why none can tell"]
        yield from _folded(title, heads, rows)
    for part in found.rfcs:
        heads = ["state", "section", "rule", "keyword", "requirement"]
        heads += ["judged", "passed", "failed", "inconclusive"]
        title = f"{escape(part.source)}, {part.verdict}"
        yield from _folded(title, heads, [_line(line) for line in part.rules])


def _folded(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield from (f"<details><summary>{title}</summary>", "")
    yield from _table(heads, rows, len(rows), _ROOM["coverage"] // 2, "row", most=len(rows))
    yield from ("</details>", "")


def _requirement(line: RequirementLine) -> list[str]:
    sentence = line.sentence
    rules = "<br>".join(map(code, sentence.rules))
    told = rules or prose(sentence.unobservable or "")
    return [
        line.state.value,
        sentence.section,
        sentence.keyword,
        prose(sentence.requirement),
        told,
    ]


def _line(line: RuleLine) -> list[str]:
    row, number = line.row, line.count
    remark = f"; {line.remark}" if line.remark else ""
    return [
        number.state.value,
        row.section or "",
        _linked(row),
        line.keyword,
        prose(row.summary + remark),
        *(_number(n) for n in (number.judged, number.passed, number.failed, number.inconclusive)),
    ]


def _number(number: int) -> str:
    return count(number) if number else ""


# ------------------------------------------------------------------------------------ tables


def _table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    number: int,
    room: int,
    name: str,
    *,
    most: int = _ROWS,
    numbers: int | None = None,
) -> Iterator[str]:
    """Give a table of as many rows as fit into `room` octets, and how many are left out.

    `number` is how many there are, `name` what one is called; columns from `numbers` on are flush
    right.
    """
    yield _cells(heads)
    last = len(heads) if numbers is None else numbers
    yield "|" + "|".join("---" if i < last else "--:" for i in range(len(heads))) + "|"
    shown = 0
    for row in rows:
        line = _cells(row)
        room -= len(line.encode()) + 1
        if room < 0 or shown == most:
            break
        yield line
        shown += 1
    if shown < number:
        yield from ("", f"… and {counted(number - shown, f'more {name}')}: not shown.")
    yield ""


def _cells(row: Sequence[str]) -> str:
    return f"| {' | '.join(row)} |"
