"""Messages that were captured more than once: by port mirrors, or in several captures."""

from __future__ import annotations

from collections import OrderedDict

from pmiptrace.model import Message
from pmiptrace.track.timers import Timers

LIMIT = 200_000
"""Messages remembered; the oldest goes first."""

Place = tuple[int, int, int, bytes]


class Duplicates:
    """What was seen lately, octet by octet.

    The same octets between the same addresses are one message captured twice: at any distance up
    to 32 s if file, interface, hop limit or link address differ, else within 50 ms.
    """

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._seen: OrderedDict[int, tuple[int, Place]] = OrderedDict()
        """Time and place of a message by the hash of its octets and addresses."""

    def is_duplicate(self, message: Message) -> bool:
        """Tell whether a message was seen before, and remember it if not."""
        time = message.time
        if time is None:
            return False
        datagram = message.datagram
        key = hash((datagram.source, datagram.destination, datagram.payload))
        frame = datagram.frame
        place = (frame.capture, frame.interface, datagram.hop_limit, datagram.link_address)
        known = self._seen.get(key)
        if known is not None:
            elsewhere = known[1] != place
            window = self._timers.duplicate_elsewhere if elsewhere else self._timers.duplicate
            if abs(time - known[0]) <= window:
                return True
            self._seen.move_to_end(key)
        self._seen[key] = (time, place)
        self._purge(time)
        return False

    def _purge(self, now: int) -> None:
        seen = self._seen
        oldest = now - self._timers.duplicate_elsewhere
        while len(seen) > LIMIT or seen[next(iter(seen))][0] < oldest:
            seen.popitem(last=False)
