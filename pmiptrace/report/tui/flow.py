"""The call flow of a mobile node, as a ladder in which every message has a row of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct
from rich.text import Text

from pmiptrace.model import Binding, MagNode, Moment, Status
from pmiptrace.report.digest import Run, care_of_address, from_mag, is_rejected, silence
from pmiptrace.report.ladder import (
    MAX_LINES,
    Arrow,
    Lifeline,
    Mark,
    Note,
    Row,
    Tone,
    answer_label,
    change_text,
    finding_note,
    in_order,
    letter,
    lifeline,
    request_label,
    with_gaps,
)
from pmiptrace.report.packet_list import grave, happened
from pmiptrace.report.packets import Packet, StateChange
from pmiptrace.report.page import Page
from pmiptrace.report.style import STRONG
from pmiptrace.report.tui.book import Book, Subject
from pmiptrace.report.words import frame_place, joined

_DOUBTS = 2
"""Inconclusive findings of a message that are named; more are counted."""


class Flow(Struct, frozen=True):
    """The lifelines, and the rows with the messages that they stand for."""

    lines: tuple[Lifeline, ...]
    rows: tuple[Row, ...]
    packets: tuple[Packet | None, ...]
    """One for each row; None for a row that is no message."""
    left: int
    """Messages that came before and are no longer kept."""


def flow(book: Book, subject: Subject, page: Page) -> Flow:
    """Give the call flow of a subject as it stands; `page` says how words are written."""
    with book.lock:
        packets = book.packets(subject)
        sessions = (*subject.sessions.values(), *filter(None, (subject.past,)))
        bindings = tuple(binding for session in sessions for binding in session.bindings)
        places = {(p.frame.capture, p.frame.number) for p in packets}
        marks = [m for m in subject.marks if (m.moment.capture, m.moment.frame) not in places]
        captures = book.capture_count
        left = subject.messages - len(packets)
        mags = book.mags
    builder = _Builder(subject, packets, bindings, mags, page, captures)
    rows: list[tuple[int | None, Row]] = []
    shown: dict[int, Packet] = {}
    for packet in packets:
        row = builder.arrow(packet)
        shown[id(row)] = packet
        rows.append((row.time, row))
    if packets:
        start = packets[0].frame.time or 0
        rows += [
            (mark.time, mark)
            for each in marks
            if (each.moment.time or 0) >= start
            for mark in builder.marks(each.moment, each.change)
        ]
    sorted_rows = tuple(with_gaps(in_order(rows)))
    return Flow(builder.lines, sorted_rows, tuple(shown.get(id(row)) for row in sorted_rows), left)


class _Builder:
    def __init__(
        self,
        subject: Subject,
        packets: list[Packet],
        bindings: tuple[Binding, ...],
        mags: Mapping[int, MagNode],
        page: Page,
        captures: int,
    ) -> None:
        self._lma = subject.lma
        self._page = page
        self._captures = captures
        if self._lma is None and subject.ends:
            self._lma = next((p.lma for p in packets if p.lma is not None), None)
        last = self._lma if self._lma is not None else (subject.ends or (b"",))[-1]
        found = dict.fromkeys(filter(None, map(self._path, packets)))
        found.update(dict.fromkeys(b.care_of_address for b in bindings if b.history))
        found.pop(last, None)
        addresses: list[bytes | None] = list(found)
        if len(addresses) > MAX_LINES:
            addresses[MAX_LINES - 1 :] = [None]
        self._index = {address: place for place, address in enumerate(addresses)}
        self._paths = max(len(addresses), 1)
        lines = [lifeline(a, n, bindings, mags) for n, a in enumerate(addresses)]
        if not lines:
            lines = [Lifeline(last, letter(0), "", "", "")]
        title = "" if self._lma is None else "LMA"
        sign = "" if self._lma is not None else letter(len(lines))
        self.lines = (*lines, Lifeline(last, sign, title, "", ""))

    def _path(self, packet: Packet) -> bytes | None:
        """Give the address of a message that is not the LMA's."""
        exchange = packet.exchange
        if exchange is not None and (address := care_of_address(exchange)) is not None:
            return address
        origin = packet.message or packet.undecoded
        if origin is None:
            return None
        return origin.destination if origin.source == self._lma else origin.source

    def _place(self, moment: Moment) -> str:
        return "" if moment.frame is None else frame_place(moment, self._captures)

    def _line_of(self, address: bytes | None) -> int:
        return self._index.get(address, self._paths - 1)

    def arrow(self, packet: Packet) -> Arrow:
        """Give the row of a message."""
        frame = packet.frame
        moment = Moment(frame.capture, frame.number, frame.time)
        label, tone = self._words(packet)
        path, lma = self._line_of(self._path(packet)), self._paths
        ends = (path, lma) if self._is_from_path(packet) else (lma, path)
        return Arrow(
            moment=moment,
            place=self._place(moment),
            source=ends[0],
            target=ends[1],
            label=label,
            tone=tone,
            repeated=packet.attempt > 1,
            notes=tuple(self._notes(packet)),
        )

    def _is_from_path(self, packet: Packet) -> bool:
        if packet.exchange is not None and self._lma is not None:
            return from_mag(packet.exchange) is not packet.is_answer
        origin = packet.message or packet.undecoded
        return origin is not None and origin.source != self.lines[-1].address

    def _words(self, packet: Packet) -> tuple[str, Tone]:
        exchange, message = packet.exchange, packet.message
        if exchange is None or message is None or packet.is_duplicate:
            kind = "" if message is None else f"{message.kind} "
            return f"{kind}{happened(self._page, packet).plain}", Tone.DOUBTFUL
        run = Run((exchange,))
        if not packet.is_answer:
            label = request_label(run)
            if packet.attempt > 1:
                label += f", attempt {packet.attempt}"
            if packet.is_unanswered:
                label += f": {silence(exchange)}"
            doubtful = packet.attempt > 1 or packet.is_unanswered
            return label, Tone.DOUBTFUL if doubtful else Tone.PLAIN
        if exchange.reply is None or exchange.reply.frame != packet.frame:
            return f"{message.kind} {happened(self._page, packet).plain}", Tone.DOUBTFUL
        return answer_label(run), Tone.BAD if is_rejected(exchange) else Tone.GOOD

    def _notes(self, packet: Packet) -> Iterator[Note]:
        for change in packet.changes:
            yield from self._state(change)
        found = grave(packet.findings)
        doubts = [f for f in found if f.status is Status.INCONCLUSIVE]
        rules: set[str] = set()
        for finding in found:
            if finding in doubts and len(doubts) > _DOUBTS:
                continue
            if finding.rule not in rules:
                rules.add(finding.rule)
                yield finding_note(finding)
        if len(doubts) > _DOUBTS:
            named = joined(f.rule for f in doubts)
            yield Note(f"{len(doubts)} inconclusive", named, inconclusive=True)

    def _state(self, change: StateChange) -> Iterator[Note]:
        text = change_text(change.bid, change.care_of_address, change.before, change.after)
        if text is not None:
            yield Note(text, state=change.after)

    def marks(self, moment: Moment, change: StateChange) -> Iterator[Mark]:
        """Give the row of a change that no message of this call flow brought."""
        for note in self._state(change):
            line = self._line_of(change.care_of_address)
            yield Mark(moment=moment, place=self._place(moment), line=line, notes=(note,))


def searched(row: Row) -> str:
    """Give the text of a row that a search looks through."""
    if isinstance(row, Arrow | Mark):
        notes = (row.notes[1:] if isinstance(row, Mark) else row.notes) or ()
        words = [row.label if isinstance(row, Arrow) else row.notes[0].text, row.place]
        words += [f"{note.text} {note.detail}" for note in notes]
        return " ".join(words).casefold()
    return ""


def legend(page: Page, lines: tuple[Lifeline, ...]) -> list[Text]:
    """Give what each lifeline is, in a line or part of one."""
    return [
        page.text(
            (line.letter or "LMA", STRONG),
            *(f"  {part}" for part in (line.text, line.letter and line.title, line.mag) if part),
        )
        for line in lines
    ]
