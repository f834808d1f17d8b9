"""A moment of a run as people name it: a time, a time since the beginning, or a frame."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from msgspec import Struct

from pmiptrace.errors import UsageError
from pmiptrace.model import SECOND

DAY = 86400 * SECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {"h": 3600 * SECOND, "min": 60 * SECOND, "s": SECOND, "ms": SECOND // 1000, "": SECOND}

_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt _](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))?"
)
_OF_DAY = re.compile(r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?")
_SINCE = re.compile(r"\+(\d{1,12}(?:\.\d{1,9})?) ?(h|min|s|ms|)")
_FRAME = re.compile(r"(?:(\d{1,6}):(\d{1,12}))|(\d{1,8})")
_SECONDS = re.compile(r"(\d{9,12})(?:\.(\d{1,9}))?|(\d{1,8})\.(\d{1,9})")

FORMS = "2023-11-14T22:13:20.5Z, 22:13:20.5, 1700000000.5, +12.5s, 1234 or 2:1234"
"""An example of each form."""


class Instant(Struct, frozen=True, kw_only=True):
    """A moment, by one of these. Times are nanoseconds."""

    time: int | None = None
    """Since 1970-01-01 UTC."""
    of_day: int | None = None
    """Since midnight UTC of the day on which the run begins, or of the next one."""
    since_start: int | None = None
    """Since the first packet of the run."""
    capture: int = 0
    """Which capture `frame` is of, from 0."""
    frame: int | None = None
    """When the frame with that number had been captured."""

    def at(self, start: int | None) -> int | None:
        """Give the time, for a run whose first packet has the time `start`.

        None for a frame, and for a time that depends on a start that is not known.
        """
        if self.since_start is not None:
            return None if start is None else start + self.since_start
        if self.of_day is not None:
            if start is None:
                return None
            time = start - start % DAY + self.of_day
            # Times are copied from pages that leave out the fractions they do not show.
            return time if time > start - SECOND else time + DAY
        return self.time


def instant(text: str) -> Instant:
    """Read a moment.

    RFC 3339 (UTC if it names no zone), the time of day in UTC, seconds since 1970 (at least nine
    digits, or with a fraction), ``+12.5s`` since the first packet (h, min, s or ms), or the number
    of a frame: ``1234`` of at most eight digits, or ``2:1234`` for the second capture. Raises
    `UsageError` for any other text.
    """
    text = text.strip()
    if match := _RFC3339.fullmatch(text):
        return Instant(time=_calendar(text, match))
    if match := _OF_DAY.fullmatch(text):
        hours, minutes, seconds = (int(part) for part in match.groups()[:3])
        if hours < 24 and minutes < 60 and seconds < 60:
            whole = 3600 * hours + 60 * minutes + seconds
            return Instant(of_day=whole * SECOND + _fraction(match[4]))
    elif match := _SINCE.fullmatch(text):
        return Instant(since_start=int(Decimal(match[1]) * _UNITS[match[2]]))
    elif match := _FRAME.fullmatch(text):
        capture, frame = int(match[1] or 1), int(match[2] or match[3])
        if capture and frame:
            return Instant(capture=capture - 1, frame=frame)
    elif match := _SECONDS.fullmatch(text):
        whole = int(match[1] or match[3])
        return Instant(time=whole * SECOND + _fraction(match[2] or match[4]))
    raise UsageError(f"{text!r} is no moment; write one as {FORMS}")


def _calendar(text: str, match: re.Match[str]) -> int:
    try:
        moment = datetime.fromisoformat(f"{match[1]}T{match[2]}").replace(tzinfo=UTC)
    except ValueError as error:
        raise UsageError(f"{text!r} is no moment: {error}") from error
    if match[5]:
        ahead = timedelta(hours=int(match[6]), minutes=int(match[7]))
        try:
            moment = moment - ahead if match[5] == "+" else moment + ahead
        except OverflowError as error:
            raise UsageError(f"{text!r} is no moment: {error}") from error
    seconds = (moment - _EPOCH) // timedelta(seconds=1)
    return seconds * SECOND + _fraction(match[3])


def _fraction(digits: str | None) -> int:
    return int((digits or "0").ljust(9, "0"))
