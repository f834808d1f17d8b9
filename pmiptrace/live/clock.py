"""The time of a capture that goes on, between its packets."""

from __future__ import annotations

from pmiptrace.model import SECOND

MARGIN = SECOND
"""Nanoseconds that a packet may be on its way from the wire to here; more than dumpcap waits."""


class CaptureClock:
    """Tells what time it is where packets are captured, from the packets and from how long ago.

    That need not be the time of this machine: packets may come through a pipe from another, or
    from a file. What was captured last is at least as old as it took to get here, so time is never
    told ahead of what it is there, and `MARGIN` behind that for packets that are still under way.
    """

    def __init__(self, margin: int = MARGIN) -> None:
        self._margin = margin
        self._ahead: int | None = None
        """What the capture's time is ahead of the clock here, at least."""

    def heard(self, time: int | None, at: int) -> None:
        """Take note that a packet captured at `time` came at `at` of the clock here."""
        if time is None:
            return
        ahead = time - at
        # A clock that was set back, or a queue that grew: from then on that counts.
        if self._ahead is None or ahead > self._ahead or ahead < self._ahead - self._margin:
            self._ahead = ahead

    def time(self, at: int) -> int | None:
        """Give the time up to which every packet is here; None as long as there was none."""
        return None if self._ahead is None else at + self._ahead - self._margin
