"""The list of packets for people: a line each, with what happened and what was found."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Sequence
from time import monotonic

from rich.text import Text

from pmiptrace.address import address_text
from pmiptrace.analysis import Analysis
from pmiptrace.model import BindingState, Exchange, Finding, Identifier, Message, Severity, Status
from pmiptrace.report.as_document import status_document
from pmiptrace.report.columns import node_of, round_trip, told
from pmiptrace.report.digest import silence, stated_reason
from pmiptrace.report.packets import Packet
from pmiptrace.report.page import Column, Page, Table
from pmiptrace.report.style import BAD, DOUBTFUL, GOOD, INCONCLUSIVE, MUTED, SEVERITY, STRONG
from pmiptrace.report.times import Clock, TimeFormat, duration
from pmiptrace.track.bounded import keep
from pmiptrace.wire.codes import ACCESS_TECHNOLOGY_SHORT
from pmiptrace.wire.options.rfc8278 import MagMultipathBinding

BATCH = 500
"""Rows that are laid out together."""
PATIENCE = 0.2
"""Seconds that rows wait for others, where somebody watches."""
_WIDE = 160
"""Columns of a page with room for the identifier of a MAG beside its address."""
_ROOMY = 100
"""Columns of a page with room for an address in every row."""
_LINED = 70
"""Columns of a page with room for the mobile node in every row."""
_REMEMBERED = 65_536
"""Paths of which it is known that they were written."""

SIGNS = {Severity.ERROR: "E", Severity.WARNING: "W", Severity.INFO: "I"}
"""What stands for a severity in the margin."""
_DOUBTS = 2
"""Inconclusive findings of a message that are named; more are counted."""
DOUBT = "?"
"""What stands for an inconclusive finding in the margin."""


class PacketList:
    """Writes the packets of an analysis to a page as they come.

    `follow` tells whether somebody watches, so that rows shall not wait long for others. `without`
    names columns, by their titles, that are not wanted.
    """

    def __init__(
        self,
        page: Page,
        form: TimeFormat,
        analysis: Analysis,
        *,
        follow: bool = False,
        indent: int = 0,
        without: Collection[str] = (),
    ) -> None:
        self._page = page
        self._indent = indent
        self._without = without
        self._form = form
        self._analysis = analysis
        self._follow = follow
        self._held: list[Packet] = []
        self._since = monotonic()
        self._clock: Clock | None = None
        self._table: Table | None = None
        self._lmas: set[bytes] = set()
        """Those seen so far; no more than two are of interest."""
        self._paths: OrderedDict[tuple[str, int | None], str] = OrderedDict()
        """What was written last of a mobile node's path, on a narrow page."""

    def add(self, packet: Packet) -> None:
        """Take the next packet; write it with others or, if somebody follows, soon."""
        if self._clock is None and packet.frame.time is not None:
            started_at = self._analysis.started_at
            origin = packet.frame.time if started_at is None else started_at
            self._clock = Clock(self._form, (origin, packet.frame.time))
        self._held.append(packet)
        is_due = self._follow and monotonic() - self._since >= PATIENCE
        if len(self._held) >= BATCH or is_due:
            self.flush()

    def flush(self) -> None:
        """Write what is held back."""
        self._since = monotonic()
        if not self._held:
            return
        if self._table is None:
            self._table = Table(self._page, self._columns(), self._indent)
        self._introduce()
        rows = [self._wanted(self._row(packet)) for packet in self._held]
        self._table.write(rows, [self._below(packet) for packet in self._held])
        self._held.clear()

    def _introduce(self) -> None:
        """Name an LMA above the rows as long as there is but one."""
        lmas = {packet.lma for packet in self._held if packet.lma is not None}
        if self._lmas or len(lmas) != 1:
            self._lmas |= lmas if len(self._lmas) < 2 else set()
            return
        self._lmas = lmas
        self._page.line(("LMA ", MUTED), address_text(next(iter(lmas))), indent=self._indent)

    def _columns(self) -> Sequence[Column]:
        return (
            Column(""),
            Column("frame", "frame", right=True),
            Column(_time_title(self._clock)),
            Column("MAG", "MAG", lower=1),
            Column("path", "path", lower=3),
            Column("message"),
            Column("LMA", "LMA", lower=3),
            Column("seq", "seq", right=True, lower=2),
            Column("mobile node", "", lower=4),
            Column("BID", "BID", right=True),
            Column("life", "lifetime", right=True, lower=2),
            Column("what happened", least=18 if self._page.width >= _LINED else 12),
            Column("findings", lower=1),
        )

    def _wanted(self, row: list[Text]) -> list[Text]:
        """Leave the cells empty that are not wanted: a column without content is not written."""
        if not self._without:
            return row
        titles = (column.title for column in self._columns())
        return [Text() if t in self._without else c for t, c in zip(titles, row, strict=True)]

    def _below(self, packet: Packet) -> list[Text]:
        """Give what was found, to go below the row, unless there is room in it."""
        if self._page.width >= _WIDE or "findings" in self._without:
            return []
        return _found(self._page, packet.findings)

    def _row(self, packet: Packet) -> list[Text]:
        page, message = self._page, packet.message
        said = told(message)
        path = said.multipath if said is not None else None
        sequence, lifetime = self._numbers(packet)
        address, arrow, other, is_lma = _ends(packet, self._lmas)
        node = node_of(packet) or ""
        known = self._page.width < _LINED and packet.is_answer
        return [
            _margin(page, packet.findings),
            page.text((place(packet, several=self._analysis.capture_count > 1), STRONG)),
            page.text(self._clock.moment(packet.frame.time) if self._clock else "-"),
            page.text(_identifier(packet) if page.width >= _WIDE else ""),
            page.text(self._path(node, address_text(address), path)),
            page.text(f"{arrow} ", (message.kind if message is not None else "?", STRONG)),
            page.text(address_text(other) if len(self._lmas) > 1 or not is_lma else ""),
            page.text("" if sequence is None else str(sequence)),
            page.text("" if known else node),
            page.text("" if path is None else str(path.bid)),
            page.text("" if lifetime is None else f"{lifetime} s"),
            happened(page, packet),
            Text(", ").join(_found(page, packet.findings) if page.width >= _WIDE else ()),
        ]

    def _numbers(self, packet: Packet) -> tuple[int | None, int | None]:
        """Give sequence number and lifetime; on a narrow page an answer's only if they are new."""
        said = _numbers(packet.message)
        exchange = packet.exchange
        if self._page.width < _ROOMY and exchange is not None and packet.is_answer:
            asked = _numbers(exchange.answered)
            sequence, lifetime = (None if a == b else a for a, b in zip(said, asked, strict=True))
            return sequence, lifetime
        return said

    def _path(self, node: str, address: str, option: MagMultipathBinding | None) -> str:
        """Name a path by access and address; on a narrow page only when it is new for its BID."""
        access = ACCESS_TECHNOLOGY_SHORT.get(option.if_att, "") if option is not None else ""
        text = " ".join(filter(None, (access, address)))
        if self._page.width >= _ROOMY:
            return text
        key = (node, option.bid if option is not None else None)
        if self._paths.get(key) == text:
            return ""
        keep(self._paths, key, text, _REMEMBERED)
        return text


def _numbers(message: Message | None) -> tuple[int | None, int | None]:
    body = None if message is None else message.body
    return getattr(body, "sequence", None), getattr(body, "lifetime_s", None)


def place(packet: Packet, *, several: bool) -> str:
    """Give the number of a frame, with that of its capture where there are several."""
    frame = packet.frame
    return f"{frame.capture + 1}:{frame.number}" if several else str(frame.number)


def _time_title(clock: Clock | None) -> str:
    if clock is None:
        return "time"
    if clock.form in (TimeFormat.UTC, TimeFormat.LOCAL):
        zone = "UTC" if clock.form is TimeFormat.UTC else "local"
        return f"{clock.day.isoformat()} {zone}" if clock.day is not None else zone
    return "relative (s)" if clock.form is TimeFormat.RELATIVE else "epoch (s)"


def _identifier(packet: Packet) -> str:
    identifier: Identifier | None = packet.mag.identifier if packet.mag is not None else None
    return "" if identifier is None else str(identifier)


def _ends(packet: Packet, lmas: Iterable[bytes]) -> tuple[bytes, str, bytes, bool]:
    """Give the MAG's address, which way the message went, the LMA's, and whether that is one.

    Where it is not known who is the LMA, the sender comes first.
    """
    origin = packet.message or packet.undecoded
    assert origin is not None
    source, destination = origin.source, origin.destination
    known = {packet.lma} if packet.lma is not None else set(lmas)
    if source in known:
        return destination, "←", source, True
    return source, "→", destination, destination in known


def grave(findings: Iterable[Finding]) -> list[Finding]:
    """Give the findings that are more than notes: what is proven first, the gravest before all."""
    return sorted(
        (finding for finding in findings if finding.status is not Status.NOTE),
        key=lambda finding: (finding.status is not Status.FAIL, finding.severity.rank),
    )


def notes(findings: Iterable[Finding]) -> list[Finding]:
    """Give the findings that accuse nobody."""
    return [finding for finding in findings if finding.status is Status.NOTE]


def mark(page: Page, finding: Finding) -> Text:
    """Give the letter that stands for how grave a finding is."""
    if finding.status is Status.INCONCLUSIVE:
        return page.text((DOUBT, INCONCLUSIVE))
    if finding.status is Status.NOTE:
        return page.text(("n", MUTED))
    return page.text((SIGNS[finding.severity], SEVERITY[finding.severity]))


def _margin(page: Page, findings: Iterable[Finding]) -> Text:
    worst = grave(findings)
    return mark(page, worst[0]) if worst else page.text("")


def _found(page: Page, findings: Iterable[Finding]) -> list[Text]:
    """Name the rules that are broken; of doubts, a few or how many."""
    rules: dict[str, Finding] = {}
    for finding in grave(findings):
        rules.setdefault(finding.rule, finding)
    doubts = [rule for rule, f in rules.items() if f.status is Status.INCONCLUSIVE]
    named = [r for r in rules if len(doubts) <= _DOUBTS or r not in doubts]
    texts = [page.text(mark(page, rules[rule]), f" {rule}") for rule in named]
    if len(doubts) > _DOUBTS:
        texts.append(page.text((f"{DOUBT} {len(doubts)} inconclusive", INCONCLUSIVE)))
    return texts


def happened(page: Page, packet: Packet) -> Text:
    """Say what a message was: what it asked for and which attempt, or what it answered."""
    return page.text(*_happened(packet))


def _happened(packet: Packet) -> Iterator[str | tuple[str, str]]:
    message, exchange = packet.message, packet.exchange
    if packet.undecoded is not None:
        reason = packet.undecoded.defect
        yield "not decoded: ", DOUBTFUL
        yield packet.undecoded.kind if reason is None else f"{reason.layer}, {reason.kind}"
    if message is None:
        return
    if packet.is_duplicate:
        yield "captured before", MUTED
        return
    if exchange is None:
        yield "not decoded" if message.kind == "MH" else "seen"
        return
    if not packet.is_answer or exchange.request is None:
        yield (packet.attempt <= 1 and stated_reason(exchange)) or exchange.kind.value
        yield ", " if packet.is_answer else ""
    if packet.attempt > 1:
        yield ", "
        yield f"retransmission {packet.attempt - 1}", DOUBTFUL
    if packet.is_unanswered:
        yield ", "
        yield silence(exchange), DOUBTFUL
    if packet.is_answer:
        yield from _answered(packet, message, exchange)
    for change in packet.changes:
        if change.after is BindingState.REPLACED:
            address = address_text(change.care_of_address)
            yield f", replaces {address if change.bid is None else f'BID {change.bid}'}"


def _answered(
    packet: Packet, message: Message, exchange: Exchange
) -> Iterator[str | tuple[str, str]]:
    status, time = status_document(message.body), round_trip(packet)
    if status is not None and status.code >= 128:
        yield f"rejected: {status.code} {status.name}", BAD
    elif status is not None:
        yield "accepted", GOOD
        if status.code:
            yield f": {status.code} {status.name}"
    else:
        yield "answered", GOOD
    if time is not None:
        yield f" in {duration(time)}"
    if exchange.request is None:
        yield ", request not captured", MUTED
    elif exchange.replies > 1 and exchange.reply is not message:
        yield ", answered before", DOUBTFUL
