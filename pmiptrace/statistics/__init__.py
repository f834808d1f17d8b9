"""What an analysis adds up to: latencies, rejections, signalling rate, use of paths.

`Collector` takes the events of an analysis as they come, in bounded memory, and gives
`Statistics`.
"""

from pmiptrace.statistics.collector import Collector
from pmiptrace.statistics.values import (
    Exclusions,
    Handovers,
    Interval,
    KindCount,
    Latencies,
    PathUse,
    RateOverTime,
    Rejections,
    Statistics,
)

__all__ = [
    "Collector",
    "Exclusions",
    "Handovers",
    "Interval",
    "KindCount",
    "Latencies",
    "PathUse",
    "RateOverTime",
    "Rejections",
    "Statistics",
]
