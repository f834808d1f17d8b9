"""The list of mobile nodes: a row each, and what is said below it of the one that is chosen."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from rich.text import Text

from pmiptrace.address import address_text
from pmiptrace.model import Binding, Session, Severity
from pmiptrace.report.digest import Run, bid, first_moment, reply_moment
from pmiptrace.report.ladder import lane_title
from pmiptrace.report.live.screen import time_left
from pmiptrace.report.packet_list import DOUBT, SIGNS
from pmiptrace.report.packets import Packet
from pmiptrace.report.page import Page
from pmiptrace.report.sections.timeline import answer_text, request_words
from pmiptrace.report.style import DOUBTFUL, INCONCLUSIVE, MUTED, SEVERITY, STATE, STRONG
from pmiptrace.report.timeline import facts
from pmiptrace.report.times import Clock, duration
from pmiptrace.report.tui.advice import summary
from pmiptrace.report.tui.book import Book, Subject
from pmiptrace.report.words import access_name, count, counted, joined, mag_name

_MARGIN = 2
"""Columns for the cursor and the mark of a selected row."""


class Column(Struct, frozen=True):
    """A column of the list, and how many columns of the screen it takes."""

    title: str
    least: int
    most: int
    rank: int
    """The higher, the sooner it goes where there is little room."""
    right: bool = False


COLUMNS = (
    Column("", 1, 1, 0),
    Column("found", 5, 6, 0, right=True),
    Column("mobile node", 20, 40, 0),
    Column("bindings", 16, 36, 1),
    Column("MAG", 18, 32, 5),
    Column("LMA", 15, 39, 6),
    Column("last exchange", 23, 44, 3),
    Column("messages", 8, 8, 4, right=True),
    Column("time", 8, 12, 0),
)


def widths(width: int) -> list[int]:
    """Divide the columns of a screen among those of the list; 0 for what has no room."""
    room = width - _MARGIN + 1
    found = [0] * len(COLUMNS)
    for place, column in sorted(enumerate(COLUMNS), key=lambda each: each[1].rank):
        if column.least + 1 <= room:
            found[place] = column.least
            room -= column.least + 1
    for place in (2, 3, 8, 6, 4, 5):
        more = min(COLUMNS[place].most - found[place], room) if found[place] else 0
        found[place] += max(more, 0)
        room -= max(more, 0)
    return found


class NodeList:
    """Draws rows of the list, as wide as a page is."""

    def __init__(self, page: Page, clock: Clock, book: Book, now: int | None) -> None:
        self._page = page
        self._clock = clock
        self._book = book
        self._now = now
        self._widths = widths(page.width)

    def heads(self) -> Text:
        """Give the line of titles."""
        return self._line([self._page.text((column.title, MUTED)) for column in COLUMNS])

    def row(self, subject: Subject, *, is_selected: bool = False) -> Text:
        """Give the row of a subject; `is_selected` marks it."""
        page, last = self._page, self._book.last(subject)
        findings = page.text(count(subject.findings) if subject.findings else "")
        cells = [
            gravity(page, subject),
            findings,
            page.text((name(subject), STRONG)),
            self._bindings(subject),
            page.text(joined(self._mags(subject))),
            page.text("" if subject.lma is None else address_text(subject.lma)),
            self._exchange(last),
            page.text(count(subject.messages)),
            page.text(self._moment(None if last is None else last.frame.time)),
        ]
        return self._line(cells, "*" if is_selected else " ")

    def _line(self, cells: Sequence[Text], sign: str = " ") -> Text:
        line = Text(f" {sign}", end="")
        for column, cell, width in zip(COLUMNS, cells, self._widths, strict=True):
            if not width:
                continue
            cell.truncate(width, overflow="crop" if self._page.ascii else "ellipsis")
            padding = " " * (width - cell.cell_len)
            line.append(padding if column.right else "").append_text(cell)
            line.append(" " if column.right else f"{padding} ")
        line.rstrip()
        return line

    def _moment(self, time: int | None) -> str:
        """Write a time: as much of it as there is room for."""
        room = self._widths[-1]
        text = self._clock.moment(time)
        if len(text) > room and "." in text:
            whole, _, fraction = text.partition(".")
            digits = max(room - len(whole) - 1, 0)
            text = f"{whole}.{fraction[:digits]}" if digits else whole
        return text if len(text) <= room else text[-room:]

    def _mags(self, subject: Subject) -> list[str]:
        mags = self._book.mags
        names = (mag_name(mags.get(binding.mag)) for _, binding in subject.bindings)
        return list(dict.fromkeys(filter(None, names)))

    def _bindings(self, subject: Subject) -> Text:
        page = self._page
        bindings = [binding for _, binding in subject.bindings]
        if len(bindings) == 1:
            state = f" {bindings[0].state.public_name}"
            whole = page.text(_path(page, bindings[0], access_name(bindings[0])), state)
            if whole.cell_len <= self._widths[3]:
                return whole
            return page.text(_path(page, bindings[0], ""), state)
        paths = [_path(page, binding, access_name(binding)) for binding in bindings]
        if sum(path.cell_len + 2 for path in paths) - 2 > self._widths[3]:
            paths = [_path(page, binding, "") for binding in bindings]
        return Text("  ").join(paths)

    def _exchange(self, last: Packet | None) -> Text:
        page = self._page
        if last is None:
            return page.text()
        if last.exchange is None:
            return page.text(last.message.kind if last.message is not None else "not decoded")
        run = Run((last.exchange,))
        kind = page.text(f"{last.exchange.kind.value} ")
        if COLUMNS[6].least + 10 < self._widths[6]:
            kind = page.text(f"{request_words(run)} ")
        return page.text(kind, answer_text(page, run))

    # -------------------------------------------------------------------------- below the list

    def detail(self, subject: Subject) -> list[Text]:
        """Say all of a subject: its sessions, its bindings, its last exchange, what was found."""
        page = self._page
        lines: list[Text] = []
        session = subject.session
        if session is not None:
            parts = [(name(subject), STRONG), *((f"  {fact}", MUTED) for fact in facts(session))]
            lines += page.lines(*parts)
        else:
            lines += page.lines(
                (name(subject), STRONG), f"  {counted(subject.messages, 'message')}"
            )
        for session, binding in subject.bindings[:8]:
            lines += page.lines(*self._binding(session, binding), indent=2)
        lines += self._last(subject)
        return [*lines, *summary(page, self._book.findings(subject))]

    def _binding(self, session: Session, binding: Binding) -> list[Text]:
        page, look = self._page, STATE[binding.state]
        left = time_left(binding, self._now)
        mag = mag_name(self._book.mags.get(binding.mag))
        address = address_text(binding.care_of_address)
        parts = [
            page.text((f"{page.sign(look)} {binding.state.public_name}", look.colour)),
            page.text(lane_title(binding)),
            page.text(address),
            page.text("" if mag == address else mag),
        ]
        if left is not None:
            parts.append(page.text(f"{duration(left)} left"))
        return [Text("  ").join(part for part in parts if part.plain)]

    def _last(self, subject: Subject) -> list[Text]:
        page, last = self._page, self._book.last(subject)
        exchange = None if last is None else last.exchange
        if exchange is None:
            return []
        run, number = Run((exchange,)), bid(exchange)
        moment = reply_moment(exchange) or first_moment(exchange)
        time = self._clock.moment(moment.time if moment else None)
        path = "" if number is None else f" BID {number}"
        spent = "" if run.round_trip is None else f" in {duration(run.round_trip)}"
        return page.lines(
            ("last: ", MUTED),
            f"{time}  {request_words(run)}{path}: ",
            answer_text(page, run),
            spent,
            indent=2,
        )


def _path(page: Page, binding: Binding, access: str) -> Text:
    """Give BID, access and the sign of the state."""
    look = STATE[binding.state]
    number = "" if binding.bid is None else str(binding.bid)
    words = " ".join(filter(None, (number, access)))
    return page.text(f"{words} " if words else "", (page.sign(look), look.colour))


def name(subject: Subject) -> str:
    """Name what a row is about."""
    if subject.node is not None:
        return str(subject.node)
    if subject.ends:
        return " - ".join(map(address_text, subject.ends))
    return "unknown mobile node" if subject.session is not None else "all captures"


def gravity(page: Page, subject: Subject) -> Text:
    """Give the letter of the gravest kind of finding, or a sign for requests that failed."""
    worst = subject.worst
    if worst is None:
        return page.text(("✗", DOUBTFUL) if subject.trouble["failed"] else "")
    if worst == "inconclusive":
        return page.text((DOUBT, INCONCLUSIVE))
    severity = Severity(worst)
    return page.text((SIGNS[severity], SEVERITY[severity]))


def searched(book: Book, subject: Subject) -> str:
    """Give the text of a row that a search looks through: names, addresses, rules."""
    words = [name(subject), "" if subject.lma is None else address_text(subject.lma)]
    for session, binding in subject.bindings:
        words += (address_text(binding.care_of_address), binding.state.public_name)
        words += (mag_name(book.mags.get(binding.mag)), *map(str, session.prefixes))
    words += {finding.rule for finding in book.findings(subject)}
    return " ".join(words).casefold()


def ordered(subjects: Sequence[Subject], order: str) -> list[Subject]:
    """Sort rows: by ``worst`` first, by ``name``, or by ``time``, the newest last."""
    if order == "name":
        return sorted(subjects, key=lambda subject: (subject.node is None, name(subject)))
    if order == "time":
        return sorted(subjects, key=_newest)
    return sorted(subjects, key=lambda subject: subject.burden)


ORDERS = ("worst", "time", "name")


def _newest(subject: Subject) -> tuple[int, int]:
    last = subject.packets[-1].frame.time if subject.packets else None
    return last or 0, subject.number


def headline(page: Page, book: Book, subjects: Sequence[Subject]) -> list[Text]:
    """Count what is there: mobile nodes, messages, findings by severity."""
    nodes = sum(subject.node is not None or not subject.ends for subject in subjects)
    found = {kind: sum(s.trouble[kind] for s in subjects) for kind in ("error", "warning", "info")}
    doubts = sum(subject.trouble["inconclusive"] for subject in subjects)
    parts = [page.text(counted(nodes, "mobile node")), page.text(counted(book.messages, "message"))]
    for kind, number in found.items():
        if number:
            parts.append(page.text((f"{count(number)} {kind}", SEVERITY[Severity(kind)])))
    if doubts:
        parts.append(page.text((f"{count(doubts)} inconclusive", INCONCLUSIVE)))
    if book.let_go:
        parts.append(page.text((f"{count(book.let_go)} oldest not kept", MUTED)))
    return parts
