"""What a page for people says of a report: what to name first, what to add up. No layout.

One pass over the report counts everything; lists are made only for what a page shows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from statistics import median_low

from msgspec import Struct

from pmiptrace.model import (
    Body,
    Exchange,
    ExchangeKind,
    Finding,
    Message,
    Moment,
    Party,
    Report,
    Session,
    Severity,
    Status,
)
from pmiptrace.wire.layout import Bits, Layout
from pmiptrace.wire.options.rfc6275 import AlternateCareOfAddress
from pmiptrace.wire.options.rfc8278 import MagMultipathBinding

_EXAMPLES = 2
"""Sessions to show of many that all went well."""

ROUTINE = frozenset({ExchangeKind.REFRESH, ExchangeKind.BULK, ExchangeKind.HEARTBEAT})
"""Exchanges that leave everything as it is; in a row, and answered well, they are one line."""


class FindingGroup(Struct, frozen=True):
    """The findings of one rule about one party that share their status."""

    rule: str
    status: Status
    severity: Severity
    """The worst of them."""
    party: Party
    findings: tuple[Finding, ...]
    """In the order of the capture."""


class RuleGroup(Struct, frozen=True):
    """All that a rule found, by party, those with most findings first."""

    rule: str
    parties: tuple[FindingGroup, ...]

    @property
    def count(self) -> int:
        """How many findings there are."""
        return sum(len(group.findings) for group in self.parties)

    @property
    def rank(self) -> tuple[int, int, str]:
        """Sorts the gravest first, then the most frequent."""
        return (min(group.severity.rank for group in self.parties), -self.count, self.rule)


class Run(Struct, frozen=True):
    """Exchanges that a page shows as one line: the first, and those like it that follow."""

    exchanges: tuple[Exchange, ...]

    @property
    def first(self) -> Exchange:
        """The exchange that stands for all."""
        return self.exchanges[0]

    @property
    def round_trip(self) -> int | None:
        """The median of those measured, in nanoseconds."""
        return median(e.round_trip for e in self.exchanges)

    @property
    def retransmissions(self) -> int:
        """Attempts beyond the first of each."""
        return sum(retransmissions(e) for e in self.exchanges)


class Latency(Struct, frozen=True):
    """How long answers took, in nanoseconds."""

    median: int
    maximum: int
    slowest: Exchange


class Totals(Struct, frozen=True, kw_only=True):
    """The exchanges of a report, added up."""

    kinds: Counter[str]
    unanswered: int
    unmatched: int
    """Replies to requests that were not captured."""
    retransmissions: int
    rejections: Counter[str]
    """By status with its name."""
    latency: Latency | None


class Digest:
    """A report, sorted by what matters to its reader."""

    def __init__(self, report: Report) -> None:
        self.report = report
        grouped: dict[tuple[object, ...], list[Finding]] = defaultdict(list)
        self.severities: Counter[Severity] = Counter()
        self.inconclusive = 0
        self.notes: dict[str, list[Finding]] = defaultdict(list)
        self.by_session: dict[int, Counter[str]] = defaultdict(Counter)
        """Per session the number of findings by severity, ``inconclusive`` apart."""
        self.by_exchange: dict[int, list[Finding]] = defaultdict(list)
        for finding in report.findings:
            if finding.status is Status.NOTE:
                self.notes[finding.rule].append(finding)
                continue
            if finding.status is Status.FAIL:
                self.severities[finding.severity] += 1
            else:
                self.inconclusive += 1
            grouped[finding.rule, finding.status, *_identity(finding.party)].append(finding)
            if finding.session is not None:
                key = (
                    finding.severity.value
                    if finding.status is Status.FAIL
                    else Status.INCONCLUSIVE.value
                )
                self.by_session[finding.session][key] += 1
            if finding.exchange is not None:
                self.by_exchange[finding.exchange].append(finding)
        groups = [_group(findings) for findings in grouped.values()]
        self.failures = _by_rule(group for group in groups if group.status is Status.FAIL)
        self.doubts = _by_rule(group for group in groups if group.status is Status.INCONCLUSIVE)
        self.trouble: Counter[int | None] = Counter()
        """Per session the number of requests refused or not answered."""
        for exchange in report.exchanges:
            if exchange.reply is None or is_rejected(exchange):
                self.trouble[exchange.session] += 1
        self.exchanges: dict[int | None, Exchange] = {e.id: e for e in report.exchanges}
        self.end = max(
            (c.last_time for c in report.captures if c.last_time is not None), default=None
        )
        """Time of the last packet of all captures."""

    def worst_sessions(self, limit: int) -> tuple[Session, ...]:
        """Give all sessions if they are few; else those with trouble, the gravest first."""
        sessions = self.report.sessions
        if len(sessions) <= limit:
            return sessions
        troubled = sorted(filter(self._is_troubled, sessions), key=self._burden)
        return tuple(troubled[:limit]) or sessions[:_EXAMPLES]

    def _is_troubled(self, session: Session) -> bool:
        return session.id in self.by_session or session.id in self.trouble

    def _burden(self, session: Session) -> tuple[int, ...]:
        """Sorts sessions by errors, then warnings, infos, doubts, and failed exchanges."""
        found = self.by_session.get(session.id, Counter())
        names = (*(severity.value for severity in Severity), Status.INCONCLUSIVE.value)
        return (*(-found[name] for name in names), -self.trouble[session.id])

    def exchanges_of(self, sessions: Iterable[Session]) -> dict[int, list[Exchange]]:
        """Give the exchanges of some sessions by session id, in the order of the capture."""
        found: dict[int, list[Exchange]] = {session.id: [] for session in sessions}
        for exchange in self.report.exchanges:
            if exchange.session in found:
                found[exchange.session].append(exchange)
        return found

    def runs(self, exchanges: Iterable[Exchange]) -> Iterator[Run]:
        """Join exchanges of routine that follow each other on one path and went well."""
        held: list[Exchange] = []
        for exchange in exchanges:
            if held and not (
                self._is_routine(exchange)
                and self._is_routine(held[0])
                and _path(exchange) == _path(held[0])
            ):
                yield Run(tuple(held))
                held = []
            held.append(exchange)
        if held:
            yield Run(tuple(held))

    def salient(self, runs: Sequence[Run], limit: int) -> list[Run]:
        """Give up to `limit` runs: those with findings, then failures, then the outermost."""

        def weight(number: int) -> tuple[bool, bool, int]:
            exchange = runs[number].first
            failed = exchange.reply is None or is_rejected(exchange)
            return (
                exchange.id not in self.by_exchange,
                not failed,
                min(number, len(runs) - 1 - number),
            )

        chosen = sorted(range(len(runs)), key=weight)[:limit]
        return [runs[number] for number in sorted(chosen)]

    def _is_routine(self, exchange: Exchange) -> bool:
        return (
            exchange.kind in ROUTINE
            and exchange.request is not None
            and exchange.reply is not None
            and not is_rejected(exchange)
            and exchange.id not in self.by_exchange
        )

    def totals(self) -> Totals:
        """Add up all exchanges."""
        kinds: Counter[str] = Counter()
        rejections: Counter[str] = Counter()
        unanswered = unmatched = repeated = 0
        measured: list[int] = []
        slowest: Exchange | None = None
        for exchange in self.report.exchanges:
            kinds[exchange.kind.value] += 1
            repeated += retransmissions(exchange)
            unanswered += exchange.reply is None
            unmatched += exchange.request is None
            if is_rejected(exchange):
                rejections[status_text(exchange)] += 1
            time = exchange.round_trip
            if time is not None and time >= 0:
                if slowest is None or time > (slowest.round_trip or 0):
                    slowest = exchange
                measured.append(time)
        return Totals(
            kinds=kinds,
            unanswered=unanswered,
            unmatched=unmatched,
            retransmissions=repeated,
            rejections=rejections,
            latency=None
            if slowest is None
            else Latency(median_low(measured), max(measured), slowest),
        )


def _identity(party: Party) -> tuple[object, ...]:
    """Give what tells parties apart: the identifier, over whatever address it speaks."""
    return (party.role, party.identifier or party.address)


def _by_rule(groups: Iterable[FindingGroup]) -> tuple[RuleGroup, ...]:
    rules: dict[str, list[FindingGroup]] = defaultdict(list)
    for group in groups:
        rules[group.rule].append(group)
    found = (
        RuleGroup(rule, tuple(sorted(parties, key=lambda g: (g.severity.rank, -len(g.findings)))))
        for rule, parties in rules.items()
    )
    return tuple(sorted(found, key=lambda group: group.rank))


def _group(findings: list[Finding]) -> FindingGroup:
    first = findings[0]
    severity = min((finding.severity for finding in findings), key=lambda s: s.rank)
    return FindingGroup(first.rule, first.status, severity, first.party, tuple(findings))


def _path(exchange: Exchange) -> tuple[object, ...]:
    return (exchange.kind, exchange.mag, care_of_address(exchange), bid(exchange))


def median(values: Iterable[int | None]) -> int | None:
    """Give the lower median of those values that are known."""
    known = [value for value in values if value is not None]
    return median_low(known) if known else None


def retransmissions(exchange: Exchange) -> int:
    """Count the attempts beyond the first."""
    return max(0, len(exchange.attempts) - 1)


def first_moment(exchange: Exchange) -> Moment | None:
    """Give where the exchange begins: its first attempt, else its reply."""
    if exchange.attempts:
        return exchange.attempts[0]
    message = exchange.request or exchange.reply
    return None if message is None else _moment(message)


def reply_moment(exchange: Exchange) -> Moment | None:
    """Give where the reply is."""
    return None if exchange.reply is None else _moment(exchange.reply)


def _moment(message: Message) -> Moment:
    return Moment(message.frame.capture, message.frame.number, message.time)


def multipath(exchange: Exchange) -> MagMultipathBinding | None:
    """Give the MAG Multipath Binding option of the request, else of the reply."""
    for message in (exchange.request, exchange.reply):
        if message is not None and (option := message.first(MagMultipathBinding)) is not None:
            return option
    return None


def bid(exchange: Exchange) -> int | None:
    """Give the BID that an exchange is about."""
    option = multipath(exchange)
    return None if option is None else option.bid


def from_mag(exchange: Exchange) -> bool:
    """Tell whether the request went from the MAG to the LMA."""
    if exchange.request is not None:
        return exchange.request.source != exchange.lma
    return exchange.reply is None or exchange.reply.source == exchange.lma


def care_of_address(exchange: Exchange) -> bytes | None:
    """Give the MAG's address: the alternate care-of address, else the one of the IP header."""
    request, reply = exchange.request, exchange.reply
    if request is not None:
        alternate = request.first(AlternateCareOfAddress)
        if alternate is not None:
            return alternate.care_of_address
        return request.source if from_mag(exchange) else request.destination
    if reply is not None:
        return reply.destination if from_mag(exchange) else reply.source
    return None


def status_code(exchange: Exchange) -> int | None:
    """Give the status that the reply carries, if there is one."""
    code = getattr(exchange.reply.body, "status", None) if exchange.reply is not None else None
    return code if isinstance(code, int) else None


def is_rejected(exchange: Exchange) -> bool:
    """Tell whether the reply refuses: 128 or more in all messages of Mobile IPv6."""
    code = status_code(exchange)
    return code is not None and code >= 128


def status_text(exchange: Exchange) -> str:
    """Give the reply's status by number and registered name; nothing if it has none."""
    code = status_code(exchange)
    if exchange.reply is None or code is None:
        return ""
    name = _status_names(type(exchange.reply.body)).get(code)
    return f"{code} {name}" if name else str(code)


def _status_names(body: type[Body]) -> dict[int, str]:
    for placed in Layout.of(body).fields:
        if placed.name == "status" and isinstance(placed.field, Bits) and placed.field.codes:
            return dict(placed.field.codes)
    return {}


def lifetime(message: Message | None) -> int | None:
    """Give the lifetime that a request asks for or a reply grants, in seconds."""
    seconds = getattr(message.body, "lifetime_s", None) if message is not None else None
    return seconds if isinstance(seconds, int) else None
