"""What stands in the page, and how much of it: the values that the template puts into place."""

from __future__ import annotations

import base64
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pmiptrace.address import address_text
from pmiptrace.model import Finding, Message, Moment, Report, Session, Severity, Span, Status
from pmiptrace.plugins import plugins
from pmiptrace.report.coverage import MEANINGS, coverage
from pmiptrace.report.digest import Digest, RuleGroup, first_moment, has_failed
from pmiptrace.report.escaping import clean
from pmiptrace.report.html.packets import Packet, PacketStore, Place, place_of, unfold
from pmiptrace.report.ladder import ladder
from pmiptrace.report.svg import PALETTE, RULES, ladder_svg, lanes_svg
from pmiptrace.report.times import Clock, TimeFormat, duration
from pmiptrace.report.totals import totals_rows
from pmiptrace.report.version import version
from pmiptrace.report.words import (
    access_name,
    count,
    counted,
    frame_place,
    joined,
    known_words,
    mag_name,
    networks,
    node_name,
    nothing_found,
    party_name,
    tally,
    word,
)
from pmiptrace.rules.catalogue import catalogue
from pmiptrace.rules.registry import all_rules
from pmiptrace.wire.dialect import Dialect

if TYPE_CHECKING:
    from jinja2 import Environment

_ANSWERS = {
    Severity.ERROR: "Violations found",
    Severity.WARNING: "Recommendations not followed",
    Severity.INFO: "Nothing forbidden, but worth a look",
}
"""What the gravest finding makes of a capture."""
_FAILED = "failed requests"


class HtmlOptions(Struct, frozen=True, kw_only=True):
    """How a page is written, and how much of each kind it holds."""

    time: TimeFormat = TimeFormat.UTC
    narrowness: str = ""
    """The options that leave out mobile nodes, MAGs or LMAs, if there are any."""
    coverage: bool = False
    """Whether every rule is listed with how often it was judged."""
    rules: int = 60
    """Rules with their explanation."""
    sessions: int = 12
    """Mobile nodes with their timeline."""
    rows: int = 25
    """Rows of a table that are there without scripts."""
    most_rows: int = 20_000
    """Rows of a table that the page holds at all."""
    packets: int = 200
    """Packets that are taken apart."""
    open_packets: int = 20
    """Of these, those that are there without scripts."""


class Column(Struct, frozen=True):
    """A column of a table."""

    title: str
    kind: str = "text"
    """What its cells are: ``text``, ``number``, ``severity``, ``rule``, ``frame``, ``node``."""


class Table(Struct, frozen=True):
    """A table that sorts and filters."""

    name: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[str]]
    """The text of the cells; behind them the targets of the links of ``frame`` and ``node``."""
    left: int = 0
    """Rows that are not in the page."""


class RuleCard(Struct, frozen=True, kw_only=True):
    """A rule that somebody broke, or may have broken, and what there is to know about it."""

    id: str
    severity: str
    keyword: str
    reference: str
    summary: str
    count: int
    parties: tuple[tuple[str, int, tuple[tuple[str, str], ...], int, str], ...]
    """Who, how often, the first frames with their links, how many more, and the first evidence."""
    explanation: tuple[tuple[str, tuple[tuple[str, bool], ...]], ...]
    """Headings, with text in pieces, each with whether it is code."""


class ShownPacket(Struct, frozen=True):
    """A packet with what is said about it."""

    id: str
    title: str
    findings: tuple[tuple[str, str, str], ...]
    """Severity, rule and evidence."""
    packet: Packet


class ShownSession(Struct, frozen=True, kw_only=True):
    """A mobile node in full."""

    id: str
    name: str
    facts: tuple[tuple[str, str], ...]
    burden: str
    bindings: tuple[tuple[str, ...], ...]
    lanes: str
    ladder: str


def render(
    report: Report,
    *,
    store: PacketStore | None = None,
    dialects: Mapping[str, Dialect] | None = None,
    options: HtmlOptions | None = None,
) -> Iterator[str]:
    """Give the page, piece by piece.

    `store` has the packets that the report does not hold, `dialects` are those of the analysis.
    """
    page = _Page(report, store or PacketStore(), dialects or {}, options or HtmlOptions())
    template = _environment().get_template("page.html.j2")
    yield from template.generate(page.values())


class _Page:
    def __init__(
        self,
        report: Report,
        store: PacketStore,
        dialects: Mapping[str, Dialect],
        options: HtmlOptions,
    ) -> None:
        self.report = report
        self.options = options
        self.digest = Digest.of(report)
        self.clock = Clock(options.time, _times(report))
        self._found: dict[int | None, Counter[str]] = defaultdict(Counter)
        """Per session the findings that are no notes, by their degree, and failed requests."""
        findings = [finding for finding in report.findings if finding.suppression is None]
        for finding in findings:
            if finding.status is not Status.NOTE:
                self._found[finding.session][_degree(finding)] += 1
        for exchange in report.exchanges:
            if has_failed(exchange):
                self._found[exchange.session][_FAILED] += 1
        self.findings = sorted(findings, key=_gravity)
        self.sessions = self.digest.worst_sessions(options.sessions)
        self._dialects = dialects
        self._packets = store.find(self._places(), report)
        self._shown = {session.id for session in self.sessions}

    def values(self) -> dict[str, Any]:
        """Give what the template names."""
        style, script = _style(), _resource("script.js")
        packets = list(self._shown_packets())
        return {
            "title": ", ".join(info.path for info in self.report.captures[:3]) or "no capture",
            "policy": _policy(style, script),
            "style": style,
            "script": script,
            "version": version(),
            "verdict": self._verdict(),
            "captures": tuple(map(self._capture, range(len(self.report.captures)))),
            "zone": f"{self.clock.zone()}{f', {self.clock.day}' if self.clock.day else ''}",
            "failures": self._cards(self.digest.failures),
            "doubts": self._cards(self.digest.doubts),
            "findings": self._finding_table(),
            "nodes": self._node_table(),
            "sessions": tuple(map(self._session, self.sessions)),
            "open_packets": packets[: self.options.open_packets],
            "folded_packets": packets[self.options.open_packets :],
            "totals": tuple(self._totals()),
            "judged": self._judged_table(),
            "coverage": coverage(self.report.rules) if self.options.coverage else None,
            "meanings": {state.value: meaning for state, meaning in MEANINGS.items()},
            "narrowness": self.options.narrowness,
            "rows": self.options.rows,
            "data": _data,
        }

    # ------------------------------------------------------------------------------ verdict

    def _verdict(self) -> dict[str, Any]:
        digest, report = self.digest, self.report
        counts = [
            (severity.value, count(number), word(number, severity.value, severity.value)
             if severity is Severity.INFO else word(number, severity.value))
            for severity in Severity if (number := digest.severities[severity])
        ]  # fmt: skip
        if digest.inconclusive:
            counts.append(("inconclusive", count(digest.inconclusive), "inconclusive"))
        judged = sum(rule.judged for rule in report.rules)
        rules = sum(1 for rule in report.rules if rule.judged)
        worst = None
        if digest.failures:
            group = digest.failures[0].parties[0]
            moment = group.findings[0].moment
            worst = (group.rule, party_name(group.party), self._frame(moment), self._link(moment))
        narrowness = self.options.narrowness
        if not any(info.format for info in report.captures):
            answer, tone = "Nothing was analyzed", "doubtful"
        elif not report.messages:
            answer, tone = "No Mobility Header message", "doubtful"
        elif narrowness and not (report.sessions or report.exchanges):
            answer, tone = f"Nothing matches {narrowness}", "doubtful"
        elif not digest.failures:
            answer, tone = nothing_found(digest.suppressed), "good"
        else:
            tone = "bad" if digest.severities[Severity.ERROR] else "doubtful"
            answer = _ANSWERS[digest.failures[0].parties[0].severity]
        return {
            "answer": answer,
            "tone": tone,
            "counts": counts,
            "worst": worst,
            "basis": f"{counted(judged, 'check')} of {counted(rules, 'rule')} on "
            f"{counted(report.messages, 'message')}; "
            f"{counted(len(report.sessions), 'session')}"
            + ("; every capture on its own" if report.is_apart else "")
            + "".join(f"; {each} was left out: {each.error}" for each in plugins() if each.error),
            "suppressed": known_words(digest.suppressed, report.baseline),
            "interrupted": report.interrupted,
        }

    def _capture(self, index: int) -> tuple[str, str, tuple[str, ...]]:
        info = self.report.captures[index]
        facts = [info.format or "not read", counted(info.packets, "packet")]
        facts.append(counted(info.messages, "message"))
        if info.duplicates:
            facts.append(counted(info.duplicates, "duplicate"))
        if info.first_time is not None and info.last_time is not None:
            facts.append(f"from {self.clock.moment(info.first_time, full=True)}")
            facts.append(duration(info.last_time - info.first_time))
        if info.dialect:
            facts.append(f"dialect {info.dialect}")
        if info.clock_offset:
            facts.append(f"clock moved by {duration(info.clock_offset)}")
        problems = tuple(problem.message for problem in info.problems)
        return info.path, ", ".join(facts), problems

    # ----------------------------------------------------------------------------- findings

    def _cards(self, groups: Sequence[RuleGroup]) -> tuple[RuleCard, ...]:
        rules = {rule.id: rule for rule in all_rules()}
        cards = []
        for group in groups[: self.options.rules]:
            row, rule = catalogue().get(group.rule), rules.get(group.rule)
            first = group.parties[0]
            explanation: list[tuple[str, tuple[tuple[str, bool], ...]]] = []
            if rule is not None:
                text = rule.documentation
                explanation = [
                    ("What it checks", _prose(text.summary)),
                    ("Why it matters", _prose(text.why)),
                    ("What the RFC says", _prose(text.rfc)),
                    ("Example", _prose(text.example)),
                    ("How to mend", _prose(text.mend)),
                ]
            doubtful = first.status is Status.INCONCLUSIVE
            cards.append(
                RuleCard(
                    id=group.rule,
                    severity="inconclusive" if doubtful else first.severity.value,
                    keyword=(row.keyword if row else None) or "",
                    reference=first.findings[0].reference or "",
                    summary=row.summary if row else "",
                    count=group.count,
                    parties=tuple(
                        (
                            party_name(party.party),
                            party.count,
                            tuple(self._linked(party.findings[:6])),
                            max(0, party.count - 6),
                            _evidence(party.findings[0]),
                        )
                        for party in group.parties[:20]
                    ),
                    explanation=tuple(explanation),
                )
            )
        return tuple(cards)

    def _linked(self, findings: Iterable[Finding]) -> Iterator[tuple[str, str]]:
        for finding in findings:
            yield self._frame(finding.moment), self._link(finding.moment)

    def _finding_table(self) -> Table:
        rows = [
            (
                _degree(finding),
                finding.rule,
                "" if finding.status is Status.NOTE else party_name(finding.party),
                "" if finding.mobile_node is None else str(finding.mobile_node),
                "" if finding.bid is None else str(finding.bid),
                self._frame(finding.moment),
                self.clock.moment(finding.moment.time),
                _evidence(finding),
                self._link(finding.moment),
            )
            for finding in self.findings[: self.options.most_rows]
        ]
        columns = (
            Column("severity", "severity"),
            Column("rule", "rule"),
            Column("accused"),
            Column("mobile node"),
            Column("BID", "number"),
            Column("frame", "frame"),
            Column("time"),
            Column("evidence"),
        )
        return Table("findings", columns, rows, len(self.findings) - len(rows))

    def _frame(self, moment: Moment) -> str:
        return "" if moment.frame is None else frame_place(moment, len(self.report.captures))

    def _link(self, moment: Moment) -> str:
        return _packet_id(place_of(moment)) if place_of(moment) in self._packets else ""

    # ------------------------------------------------------------------------------ packets

    def _places(self) -> list[Place]:
        """Give the frames to take apart: those of violations first, one of each rule before all."""
        moments: dict[Place, None] = {}
        leading: dict[tuple[str, object], Finding] = {}
        for finding in self.findings:
            leading.setdefault((finding.rule, finding.party), finding)
        for findings in (leading.values(), self.findings):
            for finding in findings:
                if finding.moment.frame is not None:
                    moments.setdefault(place_of(finding.moment))
                    for moment in finding.evidence[:2]:
                        if moment.frame is not None:
                            moments.setdefault(place_of(moment))
                if len(moments) >= self.options.packets:
                    return list(moments)[: self.options.packets]
        return list(moments)

    def _shown_packets(self) -> Iterator[ShownPacket]:
        about: dict[Place, list[Finding]] = defaultdict(list)
        for finding in self.findings:
            if finding.moment.frame is not None:
                about[place_of(finding.moment)].append(finding)
        for place, packet in self._packets.items():
            spans: list[Span] = [f.span for f in about[place] if f.span is not None]
            moment = Moment(*place, None)
            frame, kind = packet, "not decoded"
            if isinstance(packet, Message):
                frame, kind = packet.frame, packet.kind
            title = f"Frame {self._frame(moment)} · {kind} · {self.clock.moment(frame.time)}"
            yield ShownPacket(
                _packet_id(place),
                title,
                tuple((_degree(f), f.rule, _evidence(f)) for f in about[place][:12]),
                unfold(packet, spans, self._dialects),
            )

    # ------------------------------------------------------------------------- mobile nodes

    def _node_table(self) -> Table:
        ordered = sorted(self.report.sessions, key=self._burden)
        rows = []
        for session in ordered[: self.options.most_rows]:
            found = self._found[session.id]
            rows.append(
                (
                    node_name(session),
                    address_text(session.lma),
                    networks(session),
                    session.mode.value,
                    str(len(session.live)),
                    ", ".join(_paths(session)),
                    str(found["error"]),
                    str(found["warning"]),
                    str(found["inconclusive"]),
                    str(found[_FAILED]),
                    _session_id(session) if session.id in self._shown else "",
                )
            )
        columns = (
            Column("mobile node", "node"),
            Column("LMA"),
            Column("prefixes"),
            Column("mode"),
            Column("paths up", "number"),
            Column("bindings at the end"),
            Column("errors", "number"),
            Column("warnings", "number"),
            Column("doubts", "number"),
            Column("failed requests", "number"),
        )
        return Table("nodes", columns, rows, len(ordered) - len(rows))

    def _burden(self, session: Session) -> tuple[int, ...]:
        """Sort sessions by their errors, warnings, other findings and failed requests."""
        found = self._found[session.id]
        names = (*(severity.value for severity in Severity), Status.INCONCLUSIVE.value, _FAILED)
        return tuple(-found[name] for name in names)

    def _session(self, session: Session) -> ShownSession:
        facts = [("LMA", address_text(session.lma)), ("prefixes", networks(session))]
        facts += [("mode", session.mode.value)]
        if session.partial:
            facts.append(("seen in part", session.partial_reason or "yes"))
        steps = ladder(self.report, self.digest, session, limit=30)
        return ShownSession(
            id=_session_id(session),
            name=node_name(session),
            facts=tuple(fact for fact in facts if fact[1]),
            burden=joined(_counted(self._found[session.id])),
            bindings=tuple(self._binding(session)),
            lanes=lanes_svg(session, self.digest.end_of(session, self.report), self.clock),
            ladder=ladder_svg(steps, self.clock) if steps.rows else "",
        )

    def _binding(self, session: Session) -> Iterator[tuple[str, ...]]:
        end = self.digest.end_of(session, self.report)
        for binding in session.bindings:
            left = "-"
            if binding.state.is_live and binding.expires_at is not None and end is not None:
                left = duration(max(0, binding.expires_at - end))
            label = binding.interface_label
            yield (
                "-" if binding.bid is None else str(binding.bid),
                mag_name(self.report.mags.get(binding.mag)),
                address_text(binding.care_of_address),
                access_name(binding),
                "-" if label is None else str(label),
                binding.state.public_name,
                left,
                "-" if binding.lifetime is None else f"{binding.lifetime} s",
            )

    # ------------------------------------------------------------------------------- totals

    def _totals(self) -> Iterator[tuple[str, str]]:
        yield "messages", tally(Counter(self.report.messages_by_type))
        yield from totals_rows(self.digest.totals, lambda moment: f"frame {self._frame(moment)}")

    def _judged_table(self) -> Table:
        rows = [
            (
                rule.rule,
                row.summary if (row := catalogue().get(rule.rule)) else "",
                str(rule.judged),
                str(rule.passed),
                str(rule.failed),
                str(rule.inconclusive),
            )
            for rule in self.report.rules
            if rule.judged
        ]
        columns = (
            Column("rule", "rule"),
            Column("requirement"),
            *(Column(name, "number") for name in ("judged", "passed", "failed", "inconclusive")),
        )
        return Table("judged", columns, rows)


def _times(report: Report) -> Iterator[int]:
    for info in report.captures:
        yield from (time for time in (info.first_time, info.last_time) if time is not None)
    for exchange in report.exchanges:
        begin = first_moment(exchange)
        if begin is not None and begin.time is not None:
            yield begin.time


def _gravity(finding: Finding) -> tuple[int, int]:
    status = list(Status).index(finding.status)
    return status, finding.severity.rank


def _degree(finding: Finding) -> str:
    """Give the severity of a violation; of what is none, what it is."""
    return finding.severity.value if finding.status is Status.FAIL else finding.status.value


def _evidence(finding: Finding) -> str:
    parts = [finding.message]
    if finding.why_inconclusive:
        parts.append(f"undecided: {finding.why_inconclusive}")
    if finding.occurrences > 1:
        parts.append(f"{count(finding.occurrences)} times")
    return "; ".join(parts)


def _prose(text: str) -> tuple[tuple[str, bool], ...]:
    """Give a part of a rule's documentation in pieces; code stands between double backquotes."""
    pieces = text[:1].upper() + text[1:]
    return tuple((piece, bool(place % 2)) for place, piece in enumerate(pieces.split("``")))


def _counted(found: Counter[str]) -> Iterator[str]:
    """Write how many findings there are of each degree, the gravest first."""
    for severity in Severity:
        if number := found[severity.value]:
            name = severity.value
            yield f"{number} {name if severity is Severity.INFO else word(number, name)}"
    for name in (Status.INCONCLUSIVE.value, _FAILED):
        if number := found[name]:
            yield f"{number} {name if number > 1 else name.removesuffix('s')}"


def _paths(session: Session) -> Iterator[str]:
    for binding in session.bindings[:6]:
        name = f"BID {binding.bid}" if binding.bid is not None else ""
        yield " ".join(filter(None, (name, access_name(binding), binding.state.public_name)))
    if len(session.bindings) > 6:
        yield f"{len(session.bindings) - 6} more"


def _packet_id(place: Place) -> str:
    return f"packet-{place[0]}-{place[1]}"


def _session_id(session: Session) -> str:
    return f"session-{session.id}"


def _resource(name: str) -> str:
    return files("pmiptrace.report.html").joinpath(name).read_text("utf-8")


def _style() -> str:
    # What is printed is dark on white, whatever the reader prefers on the screen.
    palette = PALETTE.replace("@media (prefers", "@media screen and (prefers")
    return f"{palette}\n{RULES}{_resource('style.css')}"


def _policy(style: str, script: str) -> str:
    """Give the content security policy: the page's own style and script, nothing else."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}"


def _data(table: Table) -> str:
    """Give the rows of a table as JSON that cannot end the element that holds it."""
    from markupsafe import Markup

    rows = [[clean(cell) for cell in row] for row in table.rows]
    text = json.dumps(rows, ensure_ascii=True, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _environment() -> Environment:
    """Give the template engine: everything is escaped that no one here made as markup."""
    from jinja2 import DictLoader, Environment, StrictUndefined
    from markupsafe import Markup

    def printable(value: object) -> object:
        return clean(value) if type(value) is str else value

    environment = Environment(
        loader=DictLoader({"page.html.j2": _resource("page.html.j2")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=printable,
    )
    environment.filters["markup"] = Markup
    return environment
