"""What a page for people says of an analysis: what to name first, what to add up. No layout.

It takes what an analysis gives as it goes on and keeps only what a page can show: counts, the first
findings of each rule and party, the sessions with most trouble, and exchanges of some sessions. So
it does not grow with the capture.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from statistics import median_low
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from pmiptrace.model import (
    CaptureInfo,
    Exchange,
    ExchangeKind,
    Finding,
    Identifier,
    Message,
    Moment,
    Party,
    Report,
    Session,
    Severity,
    Status,
)
from pmiptrace.wire.codes import NOTIFICATION_REASON, REVOCATION_TRIGGER
from pmiptrace.wire.fields import status_names
from pmiptrace.wire.messages import BindingRevocationIndication, UpdateNotification
from pmiptrace.wire.options.rfc6275 import AlternateCareOfAddress
from pmiptrace.wire.options.rfc8278 import MagMultipathBinding

if TYPE_CHECKING:
    from pmiptrace.analysis import Event

G = TypeVar("G")

_EXAMPLES = 2
"""Sessions to show of many that all went well."""
_FINDINGS = 64
"""Findings kept of a rule and party; more are counted."""
_GROUPS = 10_000
"""Rules and parties told apart; further parties are counted with the unknown one."""
_SESSIONS = 64
"""Sessions kept: the first ones, and as many with most trouble."""
_EXCHANGES = 4096
"""Exchanges kept. Beyond that, those of sessions that went well are let go."""
_RECENT = 1024
"""Exchanges of which it is known how they were counted, should another answer come."""
_NODES = 1_000_000
"""Mobile nodes that are counted exactly."""
_TROUBLED = 65_536
"""Sessions of which it is known how much trouble they had."""
_PRECISION = 4
"""Digits of a round-trip time that go into the median."""

ROUTINE = frozenset({ExchangeKind.REFRESH, ExchangeKind.BULK, ExchangeKind.HEARTBEAT})
"""Exchanges that leave everything as it is; in a row, and answered well, they are one line."""


class FindingGroup:
    """The findings of one rule about one party that share their status."""

    __slots__ = ("_limit", "alike", "count", "findings", "reasons", "severity")

    def __init__(self, first: Finding, *, limit: int = _FINDINGS) -> None:
        self._limit = limit
        self.count = 0
        self.findings: list[Finding] = []
        """Those that became known first, in the order of time; at least one."""
        self.severity = first.severity
        """The worst of all."""
        self.alike = True
        """Whether all have the same evidence."""
        self.reasons: set[str | None] = set()
        """Why they are inconclusive; a few of the reasons."""
        self.add(first)

    @property
    def rule(self) -> str:
        """The rule of all."""
        return self.findings[0].rule

    @property
    def status(self) -> Status:
        """The status of all."""
        return self.findings[0].status

    @property
    def party(self) -> Party:
        """The party of all, as the first names it."""
        return self.findings[0].party

    def add(self, finding: Finding) -> None:
        """Take in one more."""
        self.count += 1
        self.alike = self.alike and (
            not self.findings or finding.message == self.findings[0].message
        )
        if len(self.findings) < self._limit:
            # What rests on a missing answer is known late, and belongs before what came since.
            insort(self.findings, finding, key=_when)
        if len(self.reasons) < 2:
            self.reasons.add(finding.why_inconclusive)
        if finding.severity.rank < self.severity.rank:
            self.severity = finding.severity


class RuleGroup(Struct, frozen=True):
    """All that a rule found, by party, those with most findings first."""

    rule: str
    parties: tuple[FindingGroup, ...]

    @property
    def count(self) -> int:
        """How many findings there are."""
        return sum(group.count for group in self.parties)

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
    """Within half a unit of its fourth digit."""
    maximum: int
    slowest: Exchange


class Totals:
    """The exchanges, added up."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.unanswered = 0
        """Requests given up: no answer was captured in time."""
        self.open = 0
        """Requests that could still have been answered when the capture ended."""
        self.unmatched = 0
        """Replies to requests that were not captured."""
        self.retransmissions = 0
        self.rejections: Counter[str] = Counter()
        """By status with its name."""
        self._times: Counter[int] = Counter()
        self._slowest: Exchange | None = None

    def add(self, exchange: Exchange, times: int = 1) -> None:
        """Count an exchange, or with -1 take it back."""
        self.kinds[exchange.kind.value] += times
        self.retransmissions += times * retransmissions(exchange)
        if exchange.reply is None and exchange.closed:
            self.unanswered += times
        elif exchange.reply is None:
            self.open += times
        self.unmatched += times * (exchange.request is None)
        if is_rejected(exchange):
            self.rejections[status_text(exchange)] += times
        time = exchange.round_trip
        if time is None or time < 0:
            return
        self._times[_rounded(time)] += times
        slowest = self._slowest
        if times > 0 and (slowest is None or time > (slowest.round_trip or 0)):
            self._slowest = exchange

    @property
    def count(self) -> int:
        """How many exchanges there are."""
        return self.kinds.total()

    @property
    def latency(self) -> Latency | None:
        """How long answers took; None if no time could be measured."""
        left = (self._times.total() + 1) // 2
        for time in sorted(self._times):
            left -= self._times[time]
            if left <= 0 and self._slowest is not None:
                return Latency(time, self._slowest.round_trip or 0, self._slowest)
        return None


class SessionTotals:
    """The sessions and their bindings, added up."""

    def __init__(self) -> None:
        self.modes: Counter[str] = Counter()
        self.states: Counter[str] = Counter()
        """Bindings by their state."""
        self.mag_sessions: Counter[int] = Counter()
        self.mag_bindings: Counter[int] = Counter()
        self.mag_live: Counter[int] = Counter()
        """Bindings over which the LMA forwards, by MAG."""
        self._nodes: set[Identifier | None] = set()

    def add(self, session: Session) -> None:
        """Count a session."""
        self.modes[session.mode.value] += 1
        if len(self._nodes) < _NODES:
            self._nodes.add(session.mobile_node)
        self.mag_sessions.update({binding.mag for binding in session.bindings})
        for binding in session.bindings:
            self.states[binding.state.public_name] += 1
            self.mag_bindings[binding.mag] += 1
            self.mag_live[binding.mag] += binding.state.is_live

    @property
    def count(self) -> int:
        """How many sessions there are."""
        return self.modes.total()

    @property
    def mobile_nodes(self) -> int:
        """How many mobile nodes they are of; at most a million are told apart."""
        return len(self._nodes)


class Digest:
    """What was found, sorted by what matters to its reader."""

    def __init__(self) -> None:
        self.severities: Counter[Severity] = Counter()
        self.inconclusive = 0
        self.suppressed: Counter[str] = Counter()
        """Findings that are known, by what they are known by: ``ignore`` or ``baseline``.

        Nothing else here tells of them."""
        self.totals = Totals()
        self.session_totals = SessionTotals()
        self.violations: Counter[int | None] = Counter()
        """Findings of status fail by the MAG of their exchange."""
        self.by_exchange: dict[int, list[Finding]] = {}
        """The findings, notes apart, of exchanges that are kept."""
        self.end: int | None = None
        """Time of the last packet of all captures."""
        self._groups: dict[tuple[object, ...], FindingGroup] = {}
        self._notes: dict[str, FindingGroup] = {}
        self._mags: dict[int, int | None] = {}
        """The MAGs of the exchanges that findings are about which are kept."""
        self._trouble: OrderedDict[int, Counter[str]] = OrderedDict()
        """Per session the number of findings by severity, ``inconclusive`` apart, and as
        ``failed`` that of requests refused or not answered."""
        self._sessions: dict[int, Session] = {}
        self._excerpt = _Excerpt()
        self._recent: OrderedDict[int, Exchange] = OrderedDict()

    @classmethod
    def of(cls, report: Report) -> Digest:
        """Give the digest of a report."""
        digest = cls()
        for part in (report.exchanges, report.findings, report.sessions, report.captures):
            for event in part:
                digest.add(event)
        return digest

    def add(self, event: Event) -> None:
        """Take in what an analysis gives; messages and changes of state say nothing here."""
        if isinstance(event, Exchange):
            self._exchange(event)
        elif isinstance(event, Finding):
            self._finding(event)
        elif isinstance(event, Session):
            self._session(event)
        elif isinstance(event, CaptureInfo) and event.last_time is not None:
            self.end = max(self.end or event.last_time, event.last_time)

    def end_of(self, session: Session, report: Report) -> int | None:
        """Give when the run ended that a session is of: its capture, where each is judged alone."""
        return report.captures[session.last.capture].last_time if report.each else self.end

    def _exchange(self, exchange: Exchange) -> None:
        before = self._recent.pop(exchange.id, None)
        if before is not None:
            self.totals.add(before, -1)
        self.totals.add(exchange)
        self._recent[exchange.id] = exchange
        if len(self._recent) > _RECENT:
            self._recent.popitem(last=False)
        if has_failed(exchange) and not (before is not None and has_failed(before)):
            self._troubled(exchange.session, "failed")
        for gone in self._excerpt.add(exchange, self._trouble):
            self.by_exchange.pop(gone.id, None)

    def _finding(self, finding: Finding) -> None:
        if finding.suppression is not None:
            self.suppressed[finding.suppression.by] += 1
            return
        if finding.status is Status.NOTE:
            _gather(self._notes, finding.rule, finding)
            return
        failed = finding.status is Status.FAIL
        exchange = self.exchange(finding.exchange)
        if failed:
            self.severities[finding.severity] += 1
            if exchange is not None:
                self.violations[exchange.mag] += 1
        else:
            self.inconclusive += 1
        key: tuple[object, ...] = (finding.rule, finding.status, *_identity(finding.party))
        if key not in self._groups and len(self._groups) >= _GROUPS:
            key = (finding.rule, finding.status)
        _gather(self._groups, key, finding)
        if exchange is not None and self._groups[key].count <= _FINDINGS:
            self._mags[exchange.id] = exchange.mag
        self._troubled(
            finding.session, finding.severity.value if failed else Status.INCONCLUSIVE.value
        )
        number = finding.exchange
        if number is not None and not self._excerpt.is_gone(finding.session):
            about = self.by_exchange.setdefault(number, [])
            if len(about) < _FINDINGS:
                about.append(finding)

    def _troubled(self, session: int | None, kind: str) -> None:
        if session is not None:
            if session not in self._trouble and len(self._trouble) >= _TROUBLED:
                self._trouble.popitem(last=False)
            self._trouble.setdefault(session, Counter())[kind] += 1

    def _session(self, session: Session) -> None:
        self.session_totals.add(session)
        kept = self._sessions
        kept[session.id] = session
        if len(kept) >= 4 * _SESSIONS:
            chosen = {*sorted(kept)[:_SESSIONS]}
            chosen.update(sorted(filter(self._trouble.get, kept), key=self._burden)[:_SESSIONS])
            self._sessions = {number: kept[number] for number in sorted(chosen)}

    # ------------------------------------------------------------------------------- asking

    @property
    def failures(self) -> tuple[RuleGroup, ...]:
        """What breaks rules, the gravest first."""
        return _by_rule(g for g in self._groups.values() if g.status is Status.FAIL)

    @property
    def doubts(self) -> tuple[RuleGroup, ...]:
        """What may break rules, the gravest first."""
        return _by_rule(g for g in self._groups.values() if g.status is not Status.FAIL)

    @property
    def notes(self) -> tuple[FindingGroup, ...]:
        """What was noticed, a group per rule."""
        return tuple(
            sorted(self._notes.values(), key=lambda g: (g.findings[0].severity.rank, g.rule))
        )

    @property
    def is_troubled(self) -> bool:
        """Whether anything went wrong in any session."""
        return bool(self._trouble)

    @property
    def sessions(self) -> tuple[Session, ...]:
        """The sessions that were kept; all, if they are few."""
        return tuple(self._sessions[number] for number in sorted(self._sessions))

    def worst_sessions(self, limit: int) -> tuple[Session, ...]:
        """Give all sessions if they are few; else those with trouble, the gravest first."""
        if self.session_totals.count <= limit:
            return self.sessions
        troubled = sorted(filter(self._trouble.get, self._sessions), key=self._burden)
        shown = tuple(self._sessions[number] for number in troubled[:limit])
        return shown or self.sessions[:_EXAMPLES]

    def notable_sessions(self, limit: int) -> tuple[Session, ...]:
        """Give up to `limit` sessions: those with trouble, the gravest first, then the busiest."""
        if self.session_totals.count <= limit:
            return self.sessions

        def rank(number: int) -> tuple[int, ...]:
            size = len(self._excerpt.of(number)) + self._excerpt.dropped.get(number, 0)
            return (*self._burden(number)[:-1], -size, number)

        return tuple(self._sessions[n] for n in sorted(self._sessions, key=rank)[:limit])

    def _burden(self, session: int) -> tuple[int, ...]:
        """Sorts sessions by errors, then warnings, infos, doubts, and failed exchanges."""
        found = self._trouble.get(session, Counter())
        names = (*(severity.value for severity in Severity), Status.INCONCLUSIVE.value, "failed")
        return (*(-found[name] for name in names), session)

    def exchange(self, number: int | None) -> Exchange | None:
        """Give an exchange that was kept."""
        if number is None:
            return None
        return self._recent.get(number) or self._excerpt.exchange(number)

    def mag_of(self, finding: Finding) -> int | None:
        """Give the MAG of the exchange that a finding is about."""
        return None if finding.exchange is None else self._mags.get(finding.exchange)

    def exchanges_of(self, session: Session) -> list[Exchange]:
        """Give the exchanges kept of a session, in the order of the capture."""
        return self._excerpt.of(session.id)

    def left_out(self, session: Session) -> int:
        """Give how many exchanges of a session came before those that were kept."""
        return self._excerpt.dropped.get(session.id, 0)

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
            return (
                exchange.id not in self.by_exchange,
                not has_failed(exchange),
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


class _Excerpt:
    """The exchanges of some sessions, all of them where they are few."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, dict[int, Exchange]] = OrderedDict()
        """By session, the one touched last at the end, and number."""
        self._session_of: dict[int, int] = {}
        self.dropped: OrderedDict[int, int] = OrderedDict()
        """Exchanges let go, by session."""

    def add(self, exchange: Exchange, trouble: Mapping[int, object]) -> list[Exchange]:
        """Keep an exchange of a session; give those that are let go for it."""
        session = exchange.session
        if session is None:
            return []
        self._kept.setdefault(session, {})[exchange.id] = exchange
        self._kept.move_to_end(session)
        self._session_of[exchange.id] = session
        gone: list[Exchange] = []
        while len(self._session_of) > _EXCHANGES:
            gone += self._let_go(trouble)
        return gone

    def _let_go(self, trouble: Mapping[int, object]) -> list[Exchange]:
        """Forget the session untouched longest of those without trouble, if there is one."""
        oldest = islice(self._kept, _SESSIONS)
        session = next((n for n in oldest if n not in trouble), next(iter(self._kept)))
        gone = list(self._kept.pop(session).values())
        for exchange in gone:
            del self._session_of[exchange.id]
        self.dropped[session] = self.dropped.pop(session, 0) + len(gone)
        if len(self.dropped) > _TROUBLED:
            self.dropped.popitem(last=False)
        return gone

    def is_gone(self, session: int | None) -> bool:
        """Tell whether no exchange of a session is kept, though there were some."""
        return session in self.dropped and session not in self._kept

    def exchange(self, number: int) -> Exchange | None:
        """Give one that is kept."""
        session = self._session_of.get(number)
        return None if session is None else self._kept[session][number]

    def of(self, session: int) -> list[Exchange]:
        """Give those of a session, in their order."""
        kept = self._kept.get(session, {})
        return [kept[number] for number in sorted(kept)]


def _gather(groups: dict[G, FindingGroup], key: G, finding: Finding) -> None:
    group = groups.get(key)
    if group is None:
        groups[key] = FindingGroup(finding)
    else:
        group.add(finding)


def _when(finding: Finding) -> tuple[int, int, int]:
    """Sorts findings by time, and those of one time, or of none, by capture and frame."""
    moment = finding.moment
    return (moment.time or 0, moment.capture, moment.frame or 0)


def has_failed(exchange: Exchange) -> bool:
    """Tell whether a request was refused, or given up without an answer."""
    return (exchange.reply is None and exchange.closed) or is_rejected(exchange)


def _rounded(time: int) -> int:
    """Give the time that stands for all with the same first digits.

    It is the middle of what they share, so that writing it with fewer digits rounds as the time
    itself would: to round 10.252 ms to 10.25 ms first would make 10.2 ms of it.
    """
    unit: int = 10 ** max(0, len(str(time)) - _PRECISION)
    return time - time % unit + unit // 2 if time % unit else time


def _identity(party: Party) -> tuple[object, ...]:
    """Give what tells parties apart: the identifier, over whatever address it speaks."""
    return (party.role, party.identifier or party.address)


def _by_rule(groups: Iterable[FindingGroup]) -> tuple[RuleGroup, ...]:
    rules: dict[str, list[FindingGroup]] = {}
    for group in groups:
        rules.setdefault(group.rule, []).append(group)
    found = (
        RuleGroup(rule, tuple(sorted(parties, key=lambda g: (g.severity.rank, -g.count))))
        for rule, parties in rules.items()
    )
    return tuple(sorted(found, key=lambda group: group.rank))


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


def silence(exchange: Exchange) -> str:
    """Say of a request without a reply whether it was given up, or might still get one."""
    return "no answer" if exchange.closed else "no answer before the end"


def status_text(exchange: Exchange) -> str:
    """Give the reply's status by number and registered name; nothing if it has none."""
    code = status_code(exchange)
    if exchange.reply is None or code is None:
        return ""
    name = status_names(type(exchange.reply.body)).get(code)
    return f"{code} {name}" if name else str(code)


def stated_reason(exchange: Exchange) -> str:
    """Give what a revocation or a notification gives as its reason; nothing of other requests."""
    body = None if exchange.request is None else exchange.request.body
    if isinstance(body, UpdateNotification):
        return NOTIFICATION_REASON.get(body.reason, f"reason {body.reason}")
    if isinstance(body, BindingRevocationIndication):
        trigger = REVOCATION_TRIGGER.get(body.trigger, f"trigger {body.trigger}")
        flags = ("V=1" if body.ipv4_only else "", "G=1" if body.global_revocation else "")
        return " ".join(filter(None, (trigger, *flags)))
    return ""


def lifetime(message: Message | None) -> int | None:
    """Give the lifetime that a request asks for or a reply grants, in seconds."""
    seconds = getattr(message.body, "lifetime_s", None) if message is not None else None
    return seconds if isinstance(seconds, int) else None
