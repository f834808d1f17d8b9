"""Moments and durations as text. Times come in integer nanoseconds since 1970-01-01 UTC."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from pmiptrace.model import SECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TimeFormat(StrEnum):
    """How a report writes a moment; the values are those of ``--time``."""

    UTC = "utc"
    LOCAL = "local"
    RELATIVE = "relative"
    EPOCH = "epoch"


@lru_cache(maxsize=1024)
def rfc3339(time: int | None) -> str | None:
    """Give a time as RFC 3339 text in UTC with nine decimals, ``2023-11-14T22:13:20.050000000Z``.

    None for None, and for a time outside of the years 1 to 9999, for which RFC 3339 has no form.
    """
    if time is None:
        return None
    seconds, nanoseconds = divmod(time, SECOND)
    text = _utc_text(seconds)
    return None if text is None else f"{text}.{nanoseconds:09}Z"


@lru_cache(maxsize=1024)
def _utc_text(seconds: int) -> str | None:
    moment = _utc(seconds)
    return None if moment is None else moment.replace(tzinfo=None).isoformat()


def _utc(seconds: int) -> datetime | None:
    """Give a moment as a datetime, or None if the calendar does not reach that far."""
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None


class Clock:
    """Writes the moments of one report, all in one form and with the same number of decimals.

    Decimals are microseconds unless one of the `samples` needs nanoseconds. Where `samples` all
    lie on one day, `day` names it and moments are written without it; a report says the day once.
    Relative times count from the earliest of `samples`.
    """

    def __init__(self, form: TimeFormat, samples: Iterable[int] = ()) -> None:
        times = tuple(samples)
        self.form = form
        self.origin = min(times, default=0)
        self._digits = 9 if any(time % 1000 for time in times) else 6
        self.day: date | None = None
        """The day that all samples lie on, if the form of the times has days."""
        if times and form in (TimeFormat.UTC, TimeFormat.LOCAL):
            first, last = self._day(min(times)), self._day(max(times))
            self.day = first if first == last else None

    def moment(self, time: int | None, *, full: bool = False) -> str:
        """Write a moment, with its day if it is `full`; ``-`` where there is no time."""
        if time is None:
            return "-"
        if self.form is TimeFormat.RELATIVE:
            return self._decimal(time - self.origin, sign=True)
        seconds, nanoseconds = divmod(time, SECOND)
        moment = self._date_time(seconds)
        if self.form is TimeFormat.EPOCH or moment is None:
            return self._decimal(time)
        dated = full or self.day is None or moment.date() != self.day
        text = moment.strftime("%H:%M:%S") + self._fraction(nanoseconds)
        return f"{moment.date().isoformat()} {text}" if dated else text

    def zone(self) -> str:
        """Name what the moments are relative to, for a heading: ``UTC``, ``local time`` ..."""
        return {
            TimeFormat.UTC: "UTC",
            TimeFormat.LOCAL: "local time",
            TimeFormat.RELATIVE: "seconds since the first packet",
            TimeFormat.EPOCH: "seconds since 1970",
        }[self.form]

    def _date_time(self, seconds: int) -> datetime | None:
        moment = _utc(seconds)
        if moment is None or self.form is not TimeFormat.LOCAL:
            return moment
        try:
            return moment.astimezone()
        except (OverflowError, OSError, ValueError):
            return None

    def _day(self, time: int) -> date | None:
        moment = self._date_time(time // SECOND)
        return None if moment is None else moment.date()

    def _fraction(self, nanoseconds: int) -> str:
        return "." + f"{nanoseconds:09}"[: self._digits]

    def _decimal(self, time: int, *, sign: bool = False) -> str:
        seconds, nanoseconds = divmod(abs(time), SECOND)
        mark = "-" if time < 0 else "+" if sign else ""
        return f"{mark}{seconds}{self._fraction(nanoseconds)}"


def duration(nanoseconds: int) -> str:
    """Write a length of time with three figures or so and its unit: ``84.8 ms``, ``2 h 05 min``."""
    if nanoseconds < 0:
        return "-" + duration(-nanoseconds)
    if nanoseconds < 999_500:
        return f"{nanoseconds / 1000:.3g} µs"
    if nanoseconds < 999_500_000:
        milliseconds = nanoseconds / 1_000_000
        return f"{milliseconds:.1f} ms" if milliseconds < 99.95 else f"{milliseconds:.0f} ms"
    seconds = nanoseconds / SECOND
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours:02} h"
