"""The report as JSON lines: one object per line, written as soon as it is known.

Each object says in ``type`` what it is. Nothing is held back but the counts of the last line, the
summary, so that memory does not grow with the capture and a reader can follow a live one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Struct, json

from pmiptrace.address import address_text
from pmiptrace.model import CaptureInfo, Exchange, Finding, MagNode, Message, Report, Session
from pmiptrace.report.as_document import (
    baseline_document,
    capture_document,
    counted_as,
    exchange_document,
    finding_counts,
    finding_document,
    mag_document,
    message_document,
    rule_document,
    session_document,
    tool,
)
from pmiptrace.report.document import (
    Address,
    BaselineDocument,
    Bid,
    CaptureDocument,
    ExchangeDocument,
    FindingDocument,
    MagDocument,
    MessageDocument,
    MessagesByType,
    Name,
    RuleDocument,
    SchemaVersion,
    SessionDocument,
    SessionId,
    Summary,
    Tool,
    TransitionDocument,
)
from pmiptrace.report.escaping import name_text
from pmiptrace.report.times import rfc3339

if TYPE_CHECKING:
    from pmiptrace.analysis import Change, Event
    from pmiptrace.report.formats import Target


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

    session: SessionId
    """The session of the binding."""
    lma: Address
    """The LMA that has the binding."""
    mobile_node: Name | None
    """Of the session; null if its messages name none."""
    mag: MagDocument
    """The MAG that registered the binding."""
    bid: Bid | None
    """Of the path; null where the LMA keeps a single binding, without RFC 8278."""
    care_of_address: Address
    """The MAG's end of the path."""


class FindingLine(FindingDocument, frozen=True, kw_only=True, tag_field="type", tag="finding"):
    """A finding in its final form."""


class SessionLine(SessionDocument, frozen=True, kw_only=True, tag_field="type", tag="session"):
    """A session that is over, or as it stood when the captures ended."""


class SummaryLine(Summary, frozen=True, kw_only=True, tag_field="type", tag="summary"):
    """The last line: how much was read, and how much of it was reported."""

    schema_version: SchemaVersion
    tool: Tool
    messages_by_type: MessagesByType
    baseline: BaselineDocument | None
    """How findings compare to the baseline; null without one."""
    rules: tuple[RuleDocument, ...]
    """Every rule that is reported, judged or not; remarks (PM-...) are left out."""


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
    """Writes what a run gives, as it goes on; nothing is kept but counts."""

    def __init__(self, target: Target) -> None:
        self._stream = target.stream
        self._mags = target.mags
        self._flush = target.live
        self._counts: Counter[str] = Counter()
        self._findings: Counter[str] = Counter()

    def event(self, event: Event) -> None:
        """Write one event."""
        if isinstance(event, Message):
            self._write(message_document(event, MessageLine))
        elif isinstance(event, Exchange):
            self._counts["exchanges"] += 1
            self._write(exchange_document(event, self._mags, ExchangeLine))
        elif isinstance(event, Finding):
            self._findings[counted_as(event)] += 1
            self._write(_line(FindingLine, finding_document(event)))
        elif isinstance(event, Session):
            self._counts["sessions"] += 1
            self._counts["bindings"] += len(event.bindings)
            self._write(_line(SessionLine, session_document(event, self._mags)))
        elif isinstance(event, CaptureInfo):
            self._write(_line(CaptureLine, capture_document(event)))
        else:
            self._write(transition_line(event, self._mags))

    def finish(self, report: Report) -> None:
        """Write the summary."""
        self._write(
            SummaryLine(
                schema_version="1.0",
                tool=tool(),
                messages=report.messages,
                exchanges=self._counts["exchanges"],
                sessions=self._counts["sessions"],
                bindings=self._counts["bindings"],
                findings=finding_counts(self._findings),
                each=report.each,
                interrupted=report.interrupted,
                messages_by_type=report.messages_by_type,
                baseline=baseline_document(report.baseline),
                rules=tuple(map(rule_document, report.rules)),
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
