"""The report as JSON lines: one object per line, written as soon as it is known.

Each object says in ``type`` what it is. Nothing is held back but the counts of the last line, the
summary, so that memory does not grow with the capture and a reader can follow a live one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, BinaryIO, Literal, TypeVar

import msgspec
from msgspec import Struct, json

from pmiptrace.address import address_text
from pmiptrace.model import (
    CaptureInfo,
    Exchange,
    Finding,
    MagNode,
    Message,
    RuleCount,
    Session,
)
from pmiptrace.report.document import (
    Address,
    CaptureDocument,
    ExchangeDocument,
    FindingDocument,
    MagDocument,
    MessageDocument,
    Name,
    RuleDocument,
    SessionDocument,
    Summary,
    Tool,
    TransitionDocument,
    capture_document,
    counted_as,
    exchange_document,
    finding_counts,
    finding_document,
    mag_document,
    message_document,
    name_text,
    rule_document,
    session_document,
    tool,
)
from pmiptrace.report.times import rfc3339
from pmiptrace.selection import Narrowing, Outcome

if TYPE_CHECKING:
    from pmiptrace.analysis import Change, Event


class CaptureLine(CaptureDocument, frozen=True, kw_only=True, tag_field="type", tag="capture"):
    """A capture, when all of it was read or when it turned out that it cannot be opened."""


class MessageLine(MessageDocument, frozen=True, kw_only=True, tag_field="type", tag="message"):
    """A message that was decoded; capture duplicates are left out."""


class ExchangeLine(ExchangeDocument, frozen=True, kw_only=True, tag_field="type", tag="exchange"):
    """An exchange that was answered or given up."""


class TransitionLine(
    TransitionDocument, frozen=True, kw_only=True, tag_field="type", tag="transition"
):
    """A change of a binding's state, and which binding it is."""

    session: int
    lma: Address
    mobile_node: Name | None
    mag: MagDocument
    bid: int | None
    care_of_address: Address


class FindingLine(FindingDocument, frozen=True, kw_only=True, tag_field="type", tag="finding"):
    """A finding in its final form."""


class SessionLine(SessionDocument, frozen=True, kw_only=True, tag_field="type", tag="session"):
    """A session that is over, or as it stood when the captures ended."""


class SummaryLine(Summary, frozen=True, kw_only=True, tag_field="type", tag="summary"):
    """The last line: how much was read, and how much of it was reported."""

    schema_version: Literal["1.0"]
    tool: Tool
    messages_by_type: dict[str, int]
    rules: tuple[RuleDocument, ...]


Line = (
    CaptureLine
    | MessageLine
    | ExchangeLine
    | TransitionLine
    | FindingLine
    | SessionLine
    | SummaryLine
)

L = TypeVar("L", bound=Struct)


class LineWriter:
    """Writes what an analysis yields, narrowed to what is selected.

    `flush` sends every line on its way at once, for a reader that follows a live capture.
    """

    def __init__(self, stream: BinaryIO, narrowing: Narrowing, *, flush: bool = False) -> None:
        self.outcome = Outcome()
        self._stream = stream
        self._narrowing = narrowing
        self._mags = narrowing.mags
        self._flush = flush
        self._kinds: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._findings: Counter[str] = Counter()

    def event(self, event: Event) -> None:
        """Write one event, if it is selected."""
        chosen = self._narrowing
        if isinstance(event, Message):
            self.outcome.messages += 1
            self._kinds[event.kind] += 1
            if chosen.message(event):
                self._write(message_document(event, MessageLine))
        elif isinstance(event, Exchange):
            if chosen.exchange(event):
                self._counts["exchanges"] += 1
                self._write(exchange_document(event, self._mags, ExchangeLine))
        elif isinstance(event, Finding):
            if chosen.finding(event):
                self._findings[counted_as(event)] += 1
                self.outcome.failed |= chosen.selection.fails(event)
                self._write(_line(FindingLine, finding_document(event)))
        elif isinstance(event, Session):
            if chosen.session(event):
                self._counts["sessions"] += 1
                self._counts["bindings"] += len(event.bindings)
                self._write(_line(SessionLine, session_document(event, self._mags)))
        elif isinstance(event, CaptureInfo):
            self._write(_line(CaptureLine, capture_document(event)))
        elif chosen.change(event.session, event.binding):
            self._write(transition_line(event, self._mags))

    def finish(self, rules: Iterable[RuleCount]) -> None:
        """Write the summary."""
        chosen = self._narrowing.selection
        self._write(
            SummaryLine(
                schema_version="1.0",
                tool=tool(),
                messages=self.outcome.messages,
                exchanges=self._counts["exchanges"],
                sessions=self._counts["sessions"],
                bindings=self._counts["bindings"],
                findings=finding_counts(self._findings),
                interrupted=self.outcome.interrupted,
                messages_by_type=dict(self._kinds.most_common()),
                rules=tuple(rule_document(count) for count in rules if chosen.rule(count.rule)),
            )
        )

    def _write(self, line: Struct) -> None:
        self._stream.write(json.encode(line) + b"\n")
        if self._flush:
            self._stream.flush()


def transition_line(change: Change, mags: Mapping[int, MagNode]) -> TransitionLine:
    """Show a change of a binding's state, with the binding that it is about."""
    session, binding, transition = change.session, change.binding, change.transition
    moment = transition.moment
    return TransitionLine(
        time=rfc3339(moment.time),
        capture=moment.capture,
        frame=moment.frame,
        event=transition.event,
        before=transition.before,
        after=transition.after,
        session=session.id,
        lma=address_text(session.lma),
        mobile_node=name_text(session.mobile_node),
        mag=mag_document(mags, binding.mag),
        bid=binding.bid,
        care_of_address=address_text(binding.care_of_address),
    )


def _line(cls: type[L], document: Struct) -> L:
    """Give a document its type."""
    return cls(**msgspec.structs.asdict(document))
