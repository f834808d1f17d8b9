"""The statistics of captures, as values. What each number means stands in ``docs/stats.md``."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct, field

from pmiptrace.model import Body, ExchangeKind, MagNode, Moment
from pmiptrace.statistics.quantiles import Quantiles


class KindCount(Struct):
    """The exchanges of one kind."""

    kind: ExchangeKind
    count: int = 0
    accepted: int = 0
    """Answered by a status below 128, or by an answer that has no status."""
    rejected: int = 0
    unanswered: int = 0
    """Given up: no answer was captured in time."""
    open: int = 0
    """Still awaiting their answer when the capture ended."""
    unmatched: int = 0
    """Answers whose request was not captured."""
    late: int = 0
    """Answered after they were given up; counted as accepted or rejected too."""
    retransmitted: int = 0
    """Exchanges with more than one attempt."""
    retransmissions: int = 0
    """Attempts beyond the first of each."""


class Exclusions(Struct):
    """Exchanges that have no latency, or none that can be told."""

    retransmitted: int = 0
    """Which attempt the answer belongs to is not known."""
    rejected: int = 0
    one_sided: int = 0
    """The request was not captured; those without an answer are counted in `KindCount`."""
    uncertain: int = 0
    """That they belong together is a guess."""
    without_time: int = 0
    """A frame has no time, or the answer is earlier than the request."""


class Latencies(Struct):
    """From a request to the answer that accepts it."""

    registration: Quantiles = field(default_factory=Quantiles)
    """All PBUs with a lifetime above 0."""
    by_kind: dict[ExchangeKind, Quantiles] = field(default_factory=dict)
    """All exchanges by kind, de-registrations and other messages too."""
    by_mag: dict[int, Quantiles] = field(default_factory=dict)
    """Registrations by MAG; -1 for those beyond the first few thousand."""
    by_lma: dict[bytes, Quantiles] = field(default_factory=dict)
    by_access: dict[int | None, Quantiles] = field(default_factory=dict)
    """Registrations by access technology: of the path, else of the mobile node's attachment."""
    excluded: Exclusions = field(default_factory=Exclusions)


class Handovers(Struct):
    """Registrations by which a session moved to another MAG."""

    count: int = 0
    """Accepted ones."""
    signalling: Quantiles = field(default_factory=Quantiles)
    """From the new MAG's PBU to the PBA."""
    gap: Quantiles = field(default_factory=Quantiles)
    """From the end of the last path at the old MAG to the PBA for the new one."""
    seamless: int = 0
    """Those in which a path at the old MAG was still up when the new one was accepted."""
    unknown: int = 0
    """Those of which the capture does not show the end of the old path."""


class Rejections(Struct):
    """The answers of one type with one status of 128 or more."""

    message: str
    """``PBA``, ``BRA``, ``UPA`` ..."""
    code: int
    body: type[Body]
    """The class of the message; its fields name the code."""
    count: int = 0
    mags: int = 0
    """MAGs that got them; counted up to a bound."""
    first: Moment | None = None
    last: Moment | None = None


class Interval(Struct, frozen=True):
    """Messages in one interval of time."""

    start: int
    messages: int
    requests: int
    """PBUs among them."""
    replies: int
    """PBAs among them."""


class RateOverTime(Struct, frozen=True):
    """Messages by intervals of equal length, in nanoseconds."""

    width: int
    intervals: tuple[Interval, ...]

    @property
    def peak(self) -> Interval | None:
        """The interval with most messages, the first of them."""
        return max(self.intervals, key=lambda interval: interval.messages, default=None)


class PathUse(Struct):
    """How many paths sessions had, by the cache of the LMA."""

    sessions: Counter[int] = field(default_factory=Counter)
    """Sessions by the greatest number of paths that were up at once; at least 1."""
    time: Counter[int] = field(default_factory=Counter)
    """Nanoseconds, added up over sessions, by the number of paths that were up."""
    modes: Counter[str] = field(default_factory=Counter)
    """Sessions by what is known of multipath (RFC 8278 section 4.4)."""


class Statistics(Struct, kw_only=True):
    """All that captures add up to."""

    messages: Counter[str] = field(default_factory=Counter)
    """By their short name."""
    kinds: dict[ExchangeKind, KindCount] = field(default_factory=dict)
    latencies: Latencies = field(default_factory=Latencies)
    handovers: Handovers = field(default_factory=Handovers)
    rejections: tuple[Rejections, ...] = ()
    """Most frequent first."""
    rate: RateOverTime = RateOverTime(1, ())
    paths: PathUse = field(default_factory=PathUse)
    mags: dict[int, MagNode] = field(default_factory=dict)
    """Those of `Latencies.by_mag`."""
