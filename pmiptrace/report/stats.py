"""Statistics as one JSON document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, TypeVar

from msgspec import Meta, Struct
from msgspec.structs import asdict

from pmiptrace.address import address_text
from pmiptrace.model import SECOND, CaptureInfo, ExchangeKind, Moment
from pmiptrace.report.as_document import capture_document, mag_document, tool
from pmiptrace.report.document import (
    Address,
    CaptureDocument,
    Count,
    FrameMoment,
    MagDocument,
    MessagesByType,
    Milliseconds,
    Octet,
    SchemaVersion,
    Seconds,
    StatusDocument,
    Time,
    Tool,
)
from pmiptrace.report.readable_json import as_json
from pmiptrace.report.times import rfc3339
from pmiptrace.statistics import Interval, Rejections, Statistics
from pmiptrace.statistics.quantiles import Quantiles
from pmiptrace.wire.codes import ACCESS_TECHNOLOGY, BINDING_STATUS_MEANING, BINDING_STATUS_REMEDY
from pmiptrace.wire.fields import status_names
from pmiptrace.wire.messages import BindingAcknowledgement

K = TypeVar("K")


class LatencyDocument(Struct, frozen=True, kw_only=True):
    """A distribution of times; the percentiles are nearest ranks."""

    count: Annotated[int, Meta(ge=1)]
    """How many times were measured."""
    exact: bool
    """Whether the percentiles are exact: up to 1000 values. Else they may be off by 1 %."""
    min_ms: Milliseconds
    """The least time; always exact."""
    mean_ms: Milliseconds
    """The arithmetic mean; always exact."""
    median_ms: Milliseconds
    """The least time that half of all do not exceed."""
    p95_ms: Milliseconds
    """The least time that 95 % of all do not exceed."""
    p99_ms: Milliseconds
    """The least time that 99 % of all do not exceed."""
    max_ms: Milliseconds
    """The greatest time; always exact."""
    slowest: FrameMoment | None
    """The answer that took longest."""


class KindLatency(Struct, frozen=True):
    """Latency of exchanges of one kind."""

    kind: ExchangeKind
    latency: LatencyDocument


class MagLatency(Struct, frozen=True):
    """Latency of the registrations of one MAG."""

    mag: MagDocument
    """Without identifier and addresses: all MAGs beyond the first 4096."""
    latency: LatencyDocument


class LmaLatency(Struct, frozen=True):
    """Latency of the registrations at one LMA."""

    lma: Address | None
    """Null: all LMAs beyond the first 4096."""
    latency: LatencyDocument


class AccessLatency(Struct, frozen=True):
    """Latency of the registrations over one access technology."""

    access_technology: Octet | None
    """If-ATT of the path, else Access Technology Type of the PBU; null if it names none."""
    name: str | None
    """Its registered name; null if there is none."""
    latency: LatencyDocument


class ExclusionsDocument(Struct, frozen=True):
    """Answered exchanges that no latency is taken of; each is counted for the first that fits."""

    retransmitted: Count
    """With more than one attempt: which of them the answer is to is not known."""
    rejected: Count
    """Refused: no registration, and often quicker."""
    one_sided: Count
    """Whose request was not captured."""
    uncertain: Count
    """Taken for a pair only because no other request was waiting."""
    without_time: Count
    """Without a time, or with an answer earlier than its request."""


class LatencyTables(Struct, frozen=True, kw_only=True):
    """From a request to the answer that accepts it."""

    registration: LatencyDocument | None
    """All PBUs that ask for a lifetime; null if there is none to measure."""
    by_kind: tuple[KindLatency, ...]
    """Exchanges of every kind, also those that are no registrations; most answers first."""
    by_mag: tuple[MagLatency, ...]
    """Registrations by MAG, most answers first."""
    by_lma: tuple[LmaLatency, ...]
    """Registrations by LMA, most answers first."""
    by_access: tuple[AccessLatency, ...]
    """Registrations by access technology, most answers first."""
    excluded: ExclusionsDocument


class HandoverDocument(Struct, frozen=True, kw_only=True):
    """Handovers between MAGs."""

    count: Count
    """Those that were accepted."""
    signalling: LatencyDocument | None
    """From the PBU to the PBA, as for other registrations; null if there is none to measure."""
    gap: LatencyDocument | None
    """From the end of the old path to the acceptance of the new one; null if there was no gap."""
    seamless: Count
    """The old path was still up."""
    unknown: Count
    """The end of the old path was not seen."""


class KindDocument(Struct, frozen=True, kw_only=True):
    """The exchanges of one kind."""

    kind: ExchangeKind
    count: Count
    """All of them: the sum of the next three and `open`."""
    accepted: Count
    """Answered with a status below 128, or without a status."""
    rejected: Count
    """Answered with a status of 128 or more, or a Binding Error."""
    unanswered: Count
    """Given up: no answer came in the time `answer` of the timers."""
    open: Count
    """Awaiting an answer when the capture ended."""
    unmatched: Count
    """Answers whose request was not captured; accepted or rejected too."""
    late: Count
    """Answered after they were given up; accepted or rejected too."""
    retransmitted: Count
    """Exchanges with more than one attempt."""
    retransmissions: Count
    """Attempts beyond the first of each."""


class RejectionDocument(Struct, frozen=True, kw_only=True):
    """Answers with one status that refuses."""

    message: str
    """PBA, BRA, UPA, BE ..."""
    status: StatusDocument
    count: Annotated[int, Meta(ge=1)]
    """How many there were."""
    mags: Count
    """MAGs that got it, up to 1000."""
    meaning: str | None
    """What usually causes it; null where no table says, and for messages other than BA and PBA."""
    remedy: str | None
    """What to look at or change; null as `meaning` is."""
    first: FrameMoment | None
    """The first such answer."""
    last: FrameMoment | None
    """The last such answer."""


class IntervalDocument(Struct, frozen=True, kw_only=True):
    """The messages of one interval."""

    time: Time | None
    """When it begins."""
    messages: Count
    """All Mobility Header messages, duplicates apart."""
    requests: Count
    """PBUs among them."""
    replies: Count
    """PBAs among them."""


class RateDocument(Struct, frozen=True, kw_only=True):
    """The signalling rate over time."""

    interval_s: Annotated[float, Meta(gt=0)]
    """Seconds in each interval: 1, and more in captures of more than some minutes."""
    peak: IntervalDocument | None
    """The first interval with most messages; null if no message has a time."""
    peak_per_second: Annotated[float, Meta(ge=0)] | None
    """Messages per second in that interval, on average; null as `peak` is."""
    intervals: tuple[IntervalDocument, ...]
    """From the first with a message to the last, empty ones too; 400 at most."""


class PathsDocument(Struct, frozen=True, kw_only=True):
    """How many paths sessions had, by the LMA's cache."""

    sessions: dict[str, Count]
    """Sessions by the most paths that were up at once; those that never had one are left out."""
    time_s: dict[str, Seconds]
    """Seconds, added up over sessions, by the number of paths that were up."""
    modes: dict[str, Count]
    """Sessions by what is known of multipath: the values of `mode` of a session."""


class StatsSummary(Struct, frozen=True, kw_only=True):
    """How much was read, and how much of it is counted."""

    messages: Count
    """In all captures, duplicates apart, whatever is counted."""
    exchanges: Count
    """Those that are counted."""
    sessions: Count
    """Those that are counted."""
    interrupted: bool
    """Whether the analysis was stopped early."""


class StatsDocument(Struct, frozen=True, kw_only=True):
    """What captures add up to: ``pmiptrace stats --format json``."""

    schema_version: SchemaVersion
    tool: Tool
    captures: tuple[CaptureDocument, ...]
    """As far as they were read; those that could not be opened come last."""
    summary: StatsSummary
    messages_by_type: MessagesByType
    exchanges: tuple[KindDocument, ...]
    """By kind, the most frequent first."""
    latency: LatencyTables
    handovers: HandoverDocument
    rejections: tuple[RejectionDocument, ...]
    """By message and status, the most frequent first."""
    rate: RateDocument
    paths: PathsDocument


def stats_document(
    found: Statistics, captures: Iterable[CaptureInfo], *, messages: int, interrupted: bool
) -> StatsDocument:
    """Show statistics; `messages` are all that were read."""
    kinds = sorted(found.kinds.values(), key=lambda kind: (-kind.count, kind.kind))
    paths = found.paths
    return StatsDocument(
        schema_version="1.0",
        tool=tool(),
        captures=tuple(map(capture_document, captures)),
        summary=StatsSummary(
            messages=messages,
            exchanges=sum(kind.count for kind in kinds),
            sessions=sum(paths.modes.values()),
            interrupted=interrupted,
        ),
        messages_by_type=dict(found.messages.most_common()),
        exchanges=tuple(KindDocument(**asdict(kind)) for kind in kinds),
        latency=_latencies(found),
        handovers=HandoverDocument(
            count=found.handovers.count,
            signalling=latency_document(found.handovers.signalling),
            gap=latency_document(found.handovers.gap),
            seamless=found.handovers.seamless,
            unknown=found.handovers.unknown,
        ),
        rejections=tuple(map(_rejection, found.rejections)),
        rate=_rate(found),
        paths=PathsDocument(
            sessions={str(most): count for most, count in sorted(paths.sessions.items())},
            time_s={str(number): time / SECOND for number, time in sorted(paths.time.items())},
            modes=dict(paths.modes.most_common()),
        ),
    )


def stats_octets(document: StatsDocument) -> bytes:
    """Give the document in UTF-8."""
    return as_json(document)


def latency_document(measured: Quantiles) -> LatencyDocument | None:
    """Show a distribution; None for an empty one."""
    least, most, mean = measured.minimum, measured.maximum, measured.mean
    median, high, highest = map(measured.percentile, (50, 95, 99))
    if None in (least, most, mean, median, high, highest):
        return None
    return LatencyDocument(
        count=measured.count,
        exact=measured.is_exact,
        min_ms=_milliseconds(least),
        mean_ms=_milliseconds(mean),
        median_ms=_milliseconds(median),
        p95_ms=_milliseconds(high),
        p99_ms=_milliseconds(highest),
        max_ms=_milliseconds(most),
        slowest=_place(measured.slowest),
    )


def _milliseconds(nanoseconds: int | None) -> float:
    return (nanoseconds or 0) / 1_000_000


def _latencies(found: Statistics) -> LatencyTables:
    measured = found.latencies
    return LatencyTables(
        registration=latency_document(measured.registration),
        by_kind=tuple(KindLatency(kind, shown) for kind, shown in _shown(measured.by_kind)),
        by_mag=tuple(
            MagLatency(mag_document(found.mags, mag), shown)
            for mag, shown in _shown(measured.by_mag)
        ),
        by_lma=tuple(
            LmaLatency(address_text(lma) if lma else None, shown)
            for lma, shown in _shown(measured.by_lma)
        ),
        by_access=tuple(
            AccessLatency(number, None if number is None else ACCESS_TECHNOLOGY.get(number), shown)
            for number, shown in _shown(measured.by_access)
        ),
        excluded=ExclusionsDocument(**asdict(measured.excluded)),
    )


def _shown(table: Mapping[K, Quantiles]) -> Iterable[tuple[K, LatencyDocument]]:
    """Give the distributions of a table, those of most values first."""
    for key, measured in sorted(table.items(), key=lambda item: -item[1].count):
        shown = latency_document(measured)
        if shown is not None:
            yield key, shown


def _rejection(found: Rejections) -> RejectionDocument:
    meaning, remedy = advice(found)
    return RejectionDocument(
        message=found.message,
        status=StatusDocument(found.code, rejection_name(found)),
        count=found.count,
        mags=found.mags,
        meaning=meaning,
        remedy=remedy,
        first=_place(found.first),
        last=_place(found.last),
    )


def rejection_name(found: Rejections) -> str:
    """Give the registered name of a status."""
    return status_names(found.body).get(found.code, "Unassigned")


def advice(found: Rejections) -> tuple[str | None, str | None]:
    """Give what usually causes a rejection, and what to look at; None where no table says."""
    if found.body is not BindingAcknowledgement:
        return None, None
    return BINDING_STATUS_MEANING.get(found.code), BINDING_STATUS_REMEDY.get(found.code)


def _place(moment: Moment | None) -> FrameMoment | None:
    if moment is None or moment.frame is None:
        return None
    return FrameMoment(moment.capture, moment.frame, rfc3339(moment.time))


def _rate(found: Statistics) -> RateDocument:
    rate, peak = found.rate, found.rate.peak
    return RateDocument(
        interval_s=rate.width / SECOND,
        peak=None if peak is None else _interval(peak),
        peak_per_second=None if peak is None else peak.messages * SECOND / rate.width,
        intervals=tuple(map(_interval, rate.intervals)),
    )


def _interval(interval: Interval) -> IntervalDocument:
    return IntervalDocument(
        time=rfc3339(interval.start),
        messages=interval.messages,
        requests=interval.requests,
        replies=interval.replies,
    )
