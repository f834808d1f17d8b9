"""A live capture on a terminal: the state of things on one screen, drawn anew as they change.

From above: what is captured and whether anything was lost; findings, the worst first; bindings, the
soonest to expire first; the last exchanges. Each part has a share of the lines there are, and says
how much more there is.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import nsmallest
from itertools import compress
from time import monotonic

from msgspec import Struct
from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from pmiptrace.address import address_text
from pmiptrace.analysis import Event
from pmiptrace.cache import is_held
from pmiptrace.model import (
    SECOND,
    Binding,
    Exchange,
    Finding,
    MagNode,
    Moment,
    Session,
    Status,
)
from pmiptrace.report.digest import (
    Run,
    bid,
    care_of_address,
    first_moment,
    from_mag,
    reply_moment,
)
from pmiptrace.report.live.situation import Situation
from pmiptrace.report.packet_list import mark
from pmiptrace.report.page import Column, Page, Part
from pmiptrace.report.sections.timeline import answer_text, request_words
from pmiptrace.report.style import BAD, DOUBTFUL, GOOD, MUTED, STATE, STRONG
from pmiptrace.report.times import Clock, TimeFormat, duration
from pmiptrace.report.words import (
    access_name,
    count,
    counted,
    frame_place,
    mag_name,
    node_name,
    party_name,
    shortened,
)
from pmiptrace.selection import mobile_node

INTERVAL = 0.5
"""Seconds between two drawings, at least."""
_IDLE = 10
"""Drawing takes at most one part in so many of the time."""
_KINDS = 1000
"""Kinds of findings told apart, by rule, status and party; the one that came last longest ago is
let go for a new one."""
_LAST = 200
"""Exchanges of which the last are shown."""
_RATED = 10 * SECOND
"""Nanoseconds over which the rate of messages is taken."""
_SOON = 10 * SECOND
"""Nanoseconds before its end from which on a lifetime stands out."""
_WIDE, _ROOMY, _MEDIUM = 120, 90, 72
"""Columns of a screen with room for addresses beside names; for milliseconds; for whole names."""

Held = tuple[Session, Binding]


class _Kind(Struct):
    """Findings of one rule about one party."""

    last: Finding
    count: int = 1


class LiveScreen:
    """Draws how a capture stands, on an alternate screen as long as it is open.

    `sessions` gives the sessions as they stand, `is_shown` tells which bindings are selected.
    """

    def __init__(
        self,
        console: Console,
        form: TimeFormat,
        mags: Mapping[int, MagNode],
        sessions: Callable[[], Iterable[Session]],
        is_shown: Callable[[Session, Binding], bool],
    ) -> None:
        self._live = Live(console=console, screen=True, auto_refresh=False)
        self._console = console
        self._form = form
        self._mags = mags
        self._sessions = sessions
        self._is_shown = is_shown
        self._kinds: OrderedDict[tuple[object, ...], _Kind] = OrderedDict()
        self._exchanges: OrderedDict[int, Exchange] = OrderedDict()
        self._counts: deque[tuple[int, int]] = deque()
        """When there were how many messages."""
        self._due = 0.0

    def open(self) -> None:
        """Take the screen."""
        self._live.start(refresh=False)

    def close(self) -> None:
        """Give the screen back as it was."""
        self._live.stop()

    def event(self, event: Event) -> None:
        """Take in what became known."""
        if isinstance(event, Exchange):
            self._exchanges.pop(event.id, None)
            self._exchanges[event.id] = event
            if len(self._exchanges) > _LAST:
                self._exchanges.popitem(last=False)
        elif isinstance(event, Finding) and event.suppression is None:
            self._finding(event)

    def _finding(self, finding: Finding) -> None:
        party = finding.party
        key = (finding.rule, finding.status, party.role, party.identifier or party.address)
        known = self._kinds.pop(key, None)
        self._kinds[key] = _Kind(finding) if known is None else _Kind(finding, known.count + 1)
        if len(self._kinds) > _KINDS:
            self._kinds.popitem(last=False)

    def refresh(self, situation: Situation) -> None:
        """Draw, unless that was done a moment ago."""
        began = monotonic()
        if began < self._due:
            return
        self._live.update(self.drawn(situation), refresh=True)
        self._due = monotonic() + max(INTERVAL, _IDLE * (monotonic() - began))

    def drawn(self, situation: Situation) -> RenderableType:
        """Give what the screen shows, as many lines as the console has at most."""
        self._counts.append((situation.elapsed, situation.messages))
        while len(self._counts) > 2 and situation.elapsed - self._counts[0][0] > _RATED:
            self._counts.popleft()
        page = Page(self._console)
        drawing = _Drawing(page, Clock(self._form, (situation.began,)), self._mags)
        height = self._console.height
        top = drawing.top(situation, self._rate())
        held = [(s, b) for s in self._sessions() for b in s.bindings if is_held(b)]
        held = [each for each in held if self._is_shown(*each)]
        kinds = [*reversed(self._kinds.values())]
        kinds.sort(key=_gravity)
        exchanges = [*reversed(self._exchanges.values())]
        soonest = nsmallest(height, held, key=_end)
        parts = [
            drawing.findings(kinds[:height]),
            drawing.bindings(soonest, situation.time),
            drawing.exchanges(exchanges[:height]),
        ]
        heads = [
            drawing.heading("Findings", drawing.severities(kinds)),
            drawing.heading("Bindings", _bindings(held)),
            drawing.heading("Exchanges", "newest first"),
        ]
        room = height - len(top) - len(parts)
        shares = shared(room, [max(1, len(part)) for part in parts])
        lines = top
        for head, part, share in zip(heads, parts, shares, strict=True):
            lines += [head, *(part or [drawing.nothing()])[:share]]
        for line in lines:
            line.truncate(page.width, overflow="crop" if page.ascii else "ellipsis")
        return Text("\n").join(lines[:height])

    def _rate(self) -> float | None:
        (first, before), (last, now) = self._counts[0], self._counts[-1]
        return None if last <= first else (now - before) * SECOND / (last - first)


class _Drawing:
    """One drawing: its parts as lines, which may still be too long."""

    def __init__(self, page: Page, clock: Clock, mags: Mapping[int, MagNode]) -> None:
        self._page = page
        self._clock = clock
        self._mags = mags

    def _flow(self, parts: Iterable[Text]) -> list[Text]:
        """Set parts one after the other, in as many lines as they need."""
        lines: list[Text] = []
        for part in filter(None, parts):
            if lines and self._page.fits(lines[-1] + part, 2):
                lines[-1].append("  ").append_text(part)
            else:
                lines.append(self._page.text(" " if lines else "", part))
        return lines

    def _moment(self, time: int | None) -> str:
        """Write a time with milliseconds, or with seconds where there is little room."""
        whole, point, fraction = self._clock.moment(time).partition(".")
        return f"{whole}{point}{fraction[:3]}" if self._page.width >= _ROOMY else whole

    def nothing(self) -> Text:
        """Say that a part is empty."""
        return self._page.text((" none so far", MUTED))

    def heading(self, title: str, remark: Text | str) -> Text:
        """Give the line above a part."""
        page = self._page
        text = page.text((title, STRONG), " · " if remark else "", remark)
        free = min(page.width, _WIDE) - text.cell_len - 1
        if free > 2:
            text.append_text(page.text((" " + "─" * free, MUTED)))
        return text

    # ----------------------------------------------------------------------------------- top

    def top(self, now: Situation, rate: float | None) -> list[Text]:
        """Say what is captured, since when, how much, and what was lost."""
        page = self._page
        zone = f" {self._clock.zone()}" if self._clock.day is not None else ""
        since = f"since {self._clock.moment(now.began)[:8]}{zone}" if zone else ""
        rated = "" if rate is None else f" ({rate:.1f}/s)" if rate < 100 else f" ({rate:.0f}/s)"
        parts: list[Text] = [
            page.text((now.source, STRONG)),
            page.text(since),
            page.text(duration(now.elapsed) if now.elapsed >= SECOND else ""),
            page.text(counted(now.packets, "packet")),
            page.text(counted(now.messages, "message"), rated),
            _lost(page, now.drops),
        ]
        lines = self._flow(parts)
        if now.recording is not None:
            size = f"{now.recorded / 1_000_000:.1f} MB"
            lines.append(page.text((f" kept in {now.recording}, {size}", MUTED)))
        if now.trouble is not None:
            trouble = page.text((f"! {now.trouble}", BAD))
            lines += trouble.wrap(page.console, page.width, overflow="fold")
        return lines

    # ------------------------------------------------------------------------------ findings

    def severities(self, kinds: Iterable[_Kind]) -> Text:
        """Count what breaks rules, and what may."""
        page, failed, doubts = self._page, 0, 0
        for kind in kinds:
            failed += kind.count * (kind.last.status is Status.FAIL)
            doubts += kind.count * (kind.last.status is Status.INCONCLUSIVE)
        if not failed and not doubts:
            return page.text(("no violation so far", GOOD))
        words: list[Part] = [(counted(failed, "violation"), BAD if failed else GOOD)]
        words += [f", {count(doubts)} inconclusive"] if doubts else []
        return page.text(*words)

    def findings(self, kinds: Sequence[_Kind]) -> list[Text]:
        """Give a row per rule and party, with the last finding."""
        page = self._page
        rows = []
        for kind in kinds:
            finding = kind.last
            node = finding.mobile_node
            rows.append(
                [
                    mark(page, finding),
                    page.text((finding.rule, STRONG)),
                    page.text(f"x{count(kind.count)}" if kind.count > 1 else ""),
                    page.text(self._moment(finding.moment.time) if page.width >= _ROOMY else ""),
                    page.text(_frame(finding.moment)),
                    page.text(
                        ""
                        if finding.status is Status.NOTE
                        else shortened(party_name(finding.party), 28)
                    ),
                    page.text("" if node is None else shortened(str(node), 24)),
                    page.text(finding.message if page.width >= _WIDE else ""),
                ]
            )
        return self._rows(
            (
                Column(),
                Column("rule"),
                Column(right=True),
                Column("last"),
                Column("frame", right=True),
                Column("party"),
                Column("mobile node"),
                Column("evidence"),
            ),
            rows,
        )

    # ------------------------------------------------------------------------------ bindings

    def bindings(self, held: Sequence[Held], now: int | None) -> list[Text]:
        """Give a row per binding, with the time that is left of its lifetime."""
        page = self._page
        rows = [self._binding(session, binding, now) for session, binding in held]
        title = "left" if page.width < _ROOMY else "time left"
        return self._rows(
            (
                Column(title, right=True),
                Column("of", right=True),
                Column("mobile node"),
                Column("BID", right=True),
                Column("state"),
                Column("access"),
                Column("care-of address"),
                Column("MAG"),
                Column("LMA"),
            ),
            rows,
        )

    def _binding(self, session: Session, binding: Binding, now: int | None) -> list[Text]:
        page, look, left = self._page, STATE[binding.state], time_left(binding, now)
        style = DOUBTFUL if left is not None and left < _SOON else ""
        narrow = page.width < _ROOMY
        mag = self._mags.get(binding.mag)
        named = mag is not None and mag.identifier is not None
        return [
            page.text("" if left is None else (_left(left), style)),
            page.text(
                "" if binding.lifetime is None or page.width < _WIDE else f"{binding.lifetime} s"
            ),
            page.text((shortened(node_name(session), 24), STRONG)),
            page.text("" if binding.bid is None else str(binding.bid)),
            page.text((f"{page.sign(look)} {binding.state.public_name}", look.colour)),
            page.text(access_name(binding)),
            page.text("" if narrow and named else address_text(binding.care_of_address)),
            page.text(shortened(mag_name(mag), 24) if named else ""),
            page.text(address_text(session.lma) if page.width >= _WIDE else ""),
        ]

    # ----------------------------------------------------------------------------- exchanges

    def exchanges(self, exchanges: Sequence[Exchange]) -> list[Text]:
        """Give a row per exchange."""
        page = self._page
        return self._rows(
            (
                Column("time"),
                Column("who"),
                Column("BID", right=True),
                Column("request"),
                Column("after", right=True),
                Column("answer"),
                Column(""),
                Column("care-of address"),
            ),
            [self._exchange(page, exchange) for exchange in exchanges],
        )

    def _exchange(self, page: Page, exchange: Exchange) -> list[Text]:
        run, number, time = Run((exchange,)), bid(exchange), exchange.round_trip
        moment = reply_moment(exchange) or first_moment(exchange)
        node = mobile_node(exchange.request, exchange.reply)
        mag = None if exchange.mag is None else self._mags.get(exchange.mag)
        who = (mag_name(mag), "") if node is None else (str(node), STRONG)
        address = care_of_address(exchange)
        shown = address is not None and page.width >= _WIDE
        return [
            page.text(self._moment(moment.time if moment else None)),
            page.text((shortened(who[0], 24 if page.width >= _MEDIUM else 16), who[1])),
            page.text("" if number is None else str(number)),
            page.text(request_words(run) if page.width >= _MEDIUM else exchange.kind.value),
            page.text("" if time is None or page.width < _ROOMY else duration(time)),
            answer_text(page, run),
            page.text("" if not shown else "→" if from_mag(exchange) else "←"),
            page.text(address_text(address) if shown and address is not None else ""),
        ]

    def _rows(self, columns: Sequence[Column], rows: Sequence[Sequence[Text]]) -> list[Text]:
        """Give rows in columns, a line each, below a line of titles."""
        page = self._page
        if not rows:
            return []
        cells = list(zip(*rows, strict=True))
        used = [any(cell.plain for cell in column) for column in cells]
        sizes = [
            max(len(column.title), *(cell.cell_len for cell in each))
            for column, each in zip(columns, cells, strict=True)
        ]
        head = [page.text((column.title, MUTED)) for column in columns]
        lines = []
        for row in [head, *rows]:
            line = Text(" ", end="")
            for column, cell, size in compress(zip(columns, row, sizes, strict=True), used):
                padding = " " * (size - cell.cell_len)
                line.append(padding if column.right else "")
                line.append_text(cell)
                line.append("  " if column.right else f"{padding}  ")
            line.rstrip()
            lines.append(line)
        return lines


def shared(room: int, needs: Sequence[int]) -> list[int]:
    """Divide lines among parts: as much as each needs, or else the same for all that need more."""
    shares = [0] * len(needs)
    room = max(room, 0)
    while room and (wanting := [i for i, need in enumerate(needs) if shares[i] < need]):
        for i in wanting:
            if room:
                shares[i] += 1
                room -= 1
    return shares


def time_left(binding: Binding, now: int | None) -> int | None:
    """Give the nanoseconds until a lifetime ends; None where that is not known."""
    if now is None or binding.expires_at is None or not binding.state.is_live:
        return None
    return max(binding.expires_at - now, 0)


def _left(nanoseconds: int) -> str:
    return f"{-(-nanoseconds // SECOND)} s"


def _end(held: Held) -> tuple[bool, int, int]:
    """Sorts the soonest to expire first; what does not expire comes last."""
    session, binding = held
    expires = binding.expires_at if binding.state.is_live else None
    return expires is None, expires or 0, session.id


def _bindings(held: Sequence[Held]) -> str:
    live = sum(binding.state.is_live for _, binding in held)
    sessions = len({session.id for session, _ in held})
    if not held:
        return ""
    return f"{count(live)} live of {counted(sessions, 'session')}, the next to expire first"


def _gravity(kind: _Kind) -> tuple[int, int]:
    """Sorts what is proven before what is not, the worst first, and notes last."""
    status = (Status.FAIL, Status.INCONCLUSIVE, Status.NOTE).index(kind.last.status)
    return status, kind.last.severity.rank


def _frame(moment: Moment) -> str:
    return "" if moment.frame is None else frame_place(moment, 1)


def _lost(page: Page, drops: int | None) -> Text:
    """Say how many packets were lost; as long as the capture goes on, that is seldom known."""
    if drops is None:
        return page.text(("drops: told at the end", MUTED))
    return page.text((f"{count(drops)} dropped", BAD if drops else GOOD))
