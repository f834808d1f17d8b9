"""Time: the tolerances of the analysis, and the clock that moves with the capture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import Any

from msgspec import Struct

from pmiptrace.model import MILLISECOND, SECOND, Step

Alarm = Callable[..., Step | None]
"""What to do when a moment comes: takes what was set with it and, last, the time it was set for;
gives the step it makes, if any."""


class Timers(Struct, frozen=True):
    """How long things take, in nanoseconds; the defaults are those of the RFCs."""

    answer: int = 32 * SECOND
    """After the last attempt an answer is awaited so long: MAX_BINDACK_TIMEOUT (RFC 6275 12)."""
    late_answer: int = 300 * SECOND
    """So long an answer is still recognised as one, though late."""
    delete_delay: int = 10 * SECOND
    """MinDelayBeforeBCEDelete (RFC 5213 section 9.1)."""
    reordering: int = SECOND
    """An answer may stand so long before its request, in captures of several interfaces."""
    duplicate: int = 50 * MILLISECOND
    """The same octets within this time are one message captured twice."""
    duplicate_elsewhere: int = 32 * SECOND
    """The same, if a file, interface, hop limit or link address differs."""
    warmup: int = 40 * SECOND
    """What came before the capture may have effects for so long."""
    forget: int = 300 * SECOND
    """A session without bindings is remembered so long, for what its MAG may not do again."""
    revocation_answer: int = 10 * SECOND
    """After the last BRI an answer is awaited so long; more than all retries of RFC 5846 take."""
    heartbeat_answer: int = 3 * SECOND
    """A heartbeat without an answer for so long is missing."""
    registration: int = 10 * SECOND
    """After an Update Notification that asks for it, a PBU is awaited so long."""
    retry: int = 10 * SECOND
    """After a PBA with status 157 a new PBU is awaited so long (RFC 5213 section 6.9.1.2)."""
    missing_heartbeats: int = 3
    """MISSING_HEARTBEATS_ALLOWED (RFC 5847 section 5): one more, and the peer is lost."""


class Clock:
    """Alarms in the order of their time, rung as the capture's time passes them."""

    LIMIT = 500_000
    """Alarms kept; beyond, the next one rings early, so that a time that stands still, as damaged
    captures have it, does not pile them up."""

    def __init__(self) -> None:
        self._alarms: list[tuple[Any, ...]] = []
        """Each with its time, a number that tells it from others, what to do, and for what."""
        self._count = 0

    def __len__(self) -> int:
        return len(self._alarms)

    def set(self, time: int | None, alarm: Alarm, *about: Any) -> None:
        """Have an alarm ring at a time; never without one, as where packets have no time."""
        if time is not None:
            self._count += 1
            heappush(self._alarms, (time, self._count, alarm, *about))

    def advance(self, now: int | None) -> Iterator[Step]:
        """Ring, one by one, the alarms up to and including `now`."""
        alarms = self._alarms
        while now is not None and alarms and (alarms[0][0] <= now or len(alarms) > self.LIMIT):
            time, _, alarm, *about = heappop(alarms)
            step = alarm(*about, time)
            if step is not None:
                yield step

    def is_due(self, now: int) -> bool:
        """Tell whether an alarm has to ring."""
        alarms = self._alarms
        return bool(alarms) and (alarms[0][0] <= now or len(alarms) > self.LIMIT)
