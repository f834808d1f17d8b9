"""Statistics as one JSON document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, TypeVar

from msgspec import Meta, Struct, json
from msgspec.structs import asdict

from pmiptrace.address import address_text
from pmiptrace.model import SECOND, CaptureInfo, ExchangeKind, Moment
from pmiptrace.report.document import (
    Address,
    CaptureDocument,
    Count,
    FrameMoment,
    MagDocument,
    StatusDocument,
    Time,
    Tool,
    capture_document,
    mag_document,
    tool,
)
from pmiptrace.report.times import rfc3339
from pmiptrace.statistics import Interval, Rejections, Statistics
from pmiptrace.statistics.quantiles import ACCURACY, Quantiles
from pmiptrace.wire.codes import (
    ACCESS_TECHNOLOGY,
    BINDING_STATUS_MEANING,
    BINDING_STATUS_REMEDY,
)
from pmiptrace.wire.fields import status_names
from pmiptrace.wire.messages import BindingAcknowledgement

K = TypeVar("K")

Milliseconds = Annotated[float, Meta(ge=0)]


class LatencyDocument(Struct, frozen=True, kw_only=True):
    """A distribution of times; the percentiles are nearest ranks."""

    count: Annotated[int, Meta(ge=1)]
    exact: Annotated[
        bool,
        Meta(description=f"else median, p95 and p99 may be off by {ACCURACY:.0%}"),
    ]
    min_ms: Milliseconds
    mean_ms: Milliseconds
    median_ms: Milliseconds
    p95_ms: Milliseconds
    p99_ms: Milliseconds
    max_ms: Milliseconds
    slowest: Annotated[FrameMoment | None, Meta(description="The answer that took longest")]


class KindLatency(Struct, frozen=True):
    """Latency of exchanges of one kind."""

    kind: ExchangeKind
    latency: LatencyDocument


class MagLatency(Struct, frozen=True):
    """Latency of the registrations of one MAG."""

    mag: Annotated[
        MagDocument, Meta(description="without identifier and addresses: all other MAGs")
    ]
    latency: LatencyDocument


class LmaLatency(Struct, frozen=True):
    """Latency of the registrations at one LMA."""

    lma: Annotated[Address | None, Meta(description="null: all other LMAs")]
    latency: LatencyDocument


class AccessLatency(Struct, frozen=True):
    """Latency of the registrations over one access technology."""

    access_technology: Annotated[int | None, Meta(description="null if the PBU names none")]
    name: str | None
    latency: LatencyDocument


class ExclusionsDocument(Struct, frozen=True):
    """Answered exchanges that no latency is taken of."""

    retransmitted: Count
    rejected: Count
    one_sided: Count
    uncertain: Count
    without_time: Count


class LatencyTables(Struct, frozen=True, kw_only=True):
    """From a request to the answer that accepts it."""

    registration: LatencyDocument | None
    by_kind: tuple[KindLatency, ...]
    by_mag: tuple[MagLatency, ...]
    by_lma: tuple[LmaLatency, ...]
    by_access: tuple[AccessLatency, ...]
    excluded: ExclusionsDocument


class HandoverDocument(Struct, frozen=True, kw_only=True):
    """Handovers between MAGs."""

    count: Count
    signalling: Annotated[LatencyDocument | None, Meta(description="From the PBU to the PBA")]
    gap: Annotated[
        LatencyDocument | None,
        Meta(description="From the end of the old path to the acceptance of the new one"),
    ]
    seamless: Annotated[int, Meta(ge=0, description="The old path was still up")]
    unknown: Annotated[int, Meta(ge=0, description="The end of the old path was not seen")]


class KindDocument(Struct, frozen=True, kw_only=True):
    """The exchanges of one kind."""

    kind: ExchangeKind
    count: Count
    accepted: Count
    rejected: Count
    unanswered: Count
    open: Annotated[int, Meta(ge=0, description="Awaiting an answer when the capture ended")]
    unmatched: Annotated[int, Meta(ge=0, description="Answers whose request was not captured")]
    late: Annotated[int, Meta(ge=0, description="Answered after they were given up")]
    retransmitted: Annotated[int, Meta(ge=0, description="Exchanges with more than one attempt")]
    retransmissions: Annotated[int, Meta(ge=0, description="Attempts beyond the first of each")]


class RejectionDocument(Struct, frozen=True, kw_only=True):
    """Answers with one status that refuses."""

    message: Annotated[str, Meta(description="PBA, BRA, UPA, BE ...")]
    status: StatusDocument
    count: Annotated[int, Meta(ge=1)]
    mags: Annotated[int, Meta(ge=0, description="MAGs that got it, up to 1000")]
    meaning: Annotated[str | None, Meta(description="What usually causes it")]
    remedy: Annotated[str | None, Meta(description="What to look at or change")]
    first: FrameMoment | None
    last: FrameMoment | None


class IntervalDocument(Struct, frozen=True, kw_only=True):
    """The messages of one interval."""

    time: Time | None
    messages: Count
    requests: Annotated[int, Meta(ge=0, description="PBUs")]
    replies: Annotated[int, Meta(ge=0, description="PBAs")]


class RateDocument(Struct, frozen=True, kw_only=True):
    """The signalling rate over time."""

    interval_s: Annotated[float, Meta(gt=0)]
    peak: IntervalDocument | None
    peak_per_second: Annotated[float, Meta(ge=0)] | None
    intervals: tuple[IntervalDocument, ...]


class PathsDocument(Struct, frozen=True, kw_only=True):
    """How many paths sessions had, by the LMA's cache."""

    sessions: Annotated[
        dict[str, int], Meta(description="Sessions by the most paths that they had at once")
    ]
    time_s: Annotated[
        dict[str, float], Meta(description="Time by the number of paths that were up, in sum")
    ]
    modes: Annotated[dict[str, int], Meta(description="Sessions by what is known of multipath")]


class StatsSummary(Struct, frozen=True, kw_only=True):
    """How much was read, and how much of it is counted."""

    messages: Annotated[int, Meta(ge=0, description="In all captures, whatever is counted")]
    exchanges: Count
    sessions: Count
    interrupted: bool


class StatsDocument(Struct, frozen=True, kw_only=True):
    """What captures add up to: ``pmiptrace stats --format json``."""

    schema_version: Literal["1.0"]
    tool: Tool
    captures: tuple[CaptureDocument, ...]
    summary: StatsSummary
    messages_by_type: dict[str, int]
    exchanges: tuple[KindDocument, ...]
    latency: LatencyTables
    handovers: HandoverDocument
    rejections: tuple[RejectionDocument, ...]
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
    return json.format(json.encode(document), indent=2) + b"\n"


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
