"""Messages that were captured more than once: by port mirrors, or in several captures."""

from __future__ import annotations

from pmiptrace.model import Message
from pmiptrace.track.timers import Timers

LIMIT = 200_000
"""Messages remembered; the oldest half goes first."""


class Duplicates:
    """What was seen lately, octet by octet.

    The same octets between the same addresses are one message captured twice: at any distance up
    to 32 s if file, interface, hop limit or link address differ, else within 50 ms.
    """

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._seen: dict[int, tuple[int, int]] = {}
        """Time and place of a message by the hash of its octets and addresses."""
        self._seen_before: dict[int, tuple[int, int]] = {}
        """The same, of those before `_since`; forgotten when that moves on."""
        self._since = 0

    def is_duplicate(self, message: Message) -> bool:
        """Tell whether a message was seen before, and remember it if not."""
        datagram = message.datagram
        frame = datagram.frame
        time = frame.time
        if time is None:
            return False
        key = hash((datagram.source, datagram.destination, datagram.payload))
        place = hash((frame.capture, frame.interface, datagram.hop_limit, datagram.link_address))
        known = self._seen.get(key) or self._seen_before.get(key)
        if known is not None:
            timers = self._timers
            elsewhere = known[1] != place
            window = timers.duplicate_elsewhere if elsewhere else timers.duplicate
            if abs(time - known[0]) <= window:
                return True
        if time - self._since > self._timers.duplicate_elsewhere or len(self._seen) * 2 >= LIMIT:
            self._seen_before, self._seen, self._since = self._seen, {}, time
        self._seen[key] = (time, place)
        return False
