"""What the exchanges of an analysis add up to, in words. No layout."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pmiptrace.model import Moment
from pmiptrace.report.digest import Totals, reply_moment
from pmiptrace.report.times import duration
from pmiptrace.report.words import count, counted, joined, tally


def totals_rows(totals: Totals, frame: Callable[[Moment], str]) -> Iterator[tuple[str, str]]:
    """Give rows of a name and what there is of it, without those of which there is nothing.

    `frame` words where a moment is: ``frame 10``.
    """
    number, latency = totals.count, totals.latency
    if number:
        misses = []
        if totals.unanswered:
            misses.append(f"; {count(totals.unanswered)} unanswered")
        if totals.open:
            misses.append(f"; {count(totals.open)} still open at the end")
        if totals.unmatched:
            misses.append(f"; {counted(totals.unmatched, 'answer')} without request")
        yield "exchanges", f"{count(number)}: {tally(+totals.kinds)}{''.join(misses)}"
    if latency is not None:
        slowest = reply_moment(latency.slowest)
        where = f" ({frame(slowest)})" if slowest is not None else ""
        median, maximum = duration(latency.median), duration(latency.maximum)
        yield "latency", f"median {median}, max {maximum}{where}"
    if totals.retransmissions:
        yield "repeated", counted(totals.retransmissions, "retransmission")
    if +totals.rejections:
        parts = (f"{count(n)} x {status}" for status, n in (+totals.rejections).most_common())
        yield "rejected", joined(parts)
