"""Putting fragments together again (RFC 8200 section 4.5, RFC 791), with bounds on everything."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Hashable
from typing import Generic, TypeVar

from msgspec import Struct

from pmiptrace.model import Defect

TIMEOUT = 60_000_000_000
"""Nanoseconds of capture time after its first fragment that a packet may take (RFC 8200 4.5)."""
MAX_PACKETS = 1024
"""Packets in the making."""
MAX_OCTETS = 4 << 20
"""Octets held for all packets in the making, an allowance for Python's objects included."""
MAX_REMEMBERED = 4096
"""Packets remembered for what became of them."""
MAX_PACKET = 65535
"""Octets that the fragments of one packet can make up."""

OBJECT_SIZE = 256
"""What a fragment costs beyond its octets, roughly."""

H = TypeVar("H")


class Part(Struct, frozen=True):
    """One fragment's octets."""

    position: int
    """Octets from the start of the fragmented part of the packet."""
    data: bytes
    more: bool
    """Whether this is not the last one."""
    frames: tuple[int, ...]
    """Numbers of the frames that it came in: one, unless it was put together itself."""

    @property
    def end(self) -> int:
        """The position behind it."""
        return self.position + len(self.data)


class Assembly(Struct, Generic[H]):
    """A packet in the making."""

    key: Hashable
    time: int | None
    """When its first fragment to arrive was captured."""
    head: H
    """What the caller knows of the packet: from the fragment at 0, else from the last to arrive."""
    has_first: bool = False
    parts: list[Part] = []
    """Without overlap, in the order of their positions."""
    total: int | None = None
    """Octets of the whole, known from the last fragment on."""
    held: int = 0
    cost: int = 0
    defect: Defect | None = None
    """Why it will never be whole, if it is more than a fragment that is missing."""

    @property
    def is_whole(self) -> bool:
        """Whether all octets are there."""
        return self.held == self.total

    @property
    def frames(self) -> tuple[int, ...]:
        """The numbers of all frames that had a part in it, in their order."""
        return tuple(sorted({number for part in self.parts for number in part.frames}))

    @property
    def needed(self) -> int:
        """How many octets it has at least."""
        return self.parts[-1].end + 1 if self.total is None else self.total

    def join(self) -> bytes:
        """Give the octets of the whole packet."""
        return b"".join(part.data for part in self.parts)

    def place(self, part: Part) -> str | None:
        """Take a fragment in, and give a word for what is wrong with it, or None.

        RFC 8200 section 4.5 demands that a packet with overlapping fragments is dropped (it was
        RFC 5722 that changed this), and allows to ignore a fragment that is there already.
        """
        index = bisect(self.parts, part.position, key=lambda other: other.position)
        before = self.parts[index - 1] if index else None
        after = self.parts[index] if index < len(self.parts) else None
        if before and (before.position, before.data) == (part.position, part.data):
            return None if before.more == part.more else "fragment-end"
        if (before and before.end > part.position) or (after and after.position < part.end):
            return "fragment-overlap"
        if not part.more and (after or self.total is not None):
            return "fragment-end"
        if self.total is not None and part.end > self.total:
            return "fragment-end"
        self.parts.insert(index, part)
        self.held += len(part.data)
        if not part.more:
            self.total = part.end
        return None


class _Memory:
    """The packets last added, for as long as fragments of them may come."""

    def __init__(self) -> None:
        self._times: dict[Hashable, int | None] = {}  # the oldest first

    def add(self, key: Hashable, time: int | None) -> None:
        self._times.pop(key, None)
        self._times[key] = time
        if len(self._times) > MAX_REMEMBERED:
            del self._times[next(iter(self._times))]

    def discard(self, key: Hashable) -> None:
        self._times.pop(key, None)

    def has(self, key: Hashable, time: int | None) -> bool:
        if key not in self._times:
            return False
        then = self._times[key]
        return then is None or time is None or time - then <= TIMEOUT


class Reassembler(Generic[H]):
    """All packets of one capture that wait for fragments.

    `abandoned` collects those that will never be whole, for the caller to take.
    """

    def __init__(self) -> None:
        self.abandoned: list[Assembly[H]] = []
        self._waiting: dict[Hashable, Assembly[H]] = {}  # the oldest first
        self._orphans: dict[Hashable, None] = {}  # those of them without their first fragment
        self._cost = 0
        self._boring = _Memory()
        self._spoiled = _Memory()
        self._completed = _Memory()

    def add(
        self, key: Hashable, part: Part, head: H, *, time: int | None, cost: int
    ) -> Assembly[H] | None:
        """Take a fragment; give its packet when it is whole.

        `cost` is how many octets keeping `head` takes. When there is too much to hold, packets
        without their first fragment go before others: mostly they are user traffic.
        """
        assembly = self._waiting.get(key)
        if assembly is None:
            assembly = self._waiting[key] = Assembly(key, time, head)
        is_first = part.position == 0
        if is_first or not assembly.has_first:
            assembly.head = head
            assembly.has_first = is_first
        if assembly.has_first:
            self._orphans.pop(key, None)
        else:
            self._orphans[key] = None
        wrong = assembly.place(part)
        if wrong:
            defect = Defect(wrong, "Fragment", part.position, part.end, assembly.needed)
            self.spoil(key, head, defect, time=time, is_first=is_first)
            return None
        if assembly.is_whole:
            self._remove(key)
            self._completed.add(key, time)
            return assembly
        cost += len(part.data) + OBJECT_SIZE
        assembly.cost += cost
        self._cost += cost
        while len(self._waiting) > MAX_PACKETS or self._cost > MAX_OCTETS:
            self._abandon(next(iter(self._orphans or self._waiting)))
        return None

    def spoil(
        self, key: Hashable, head: H, defect: Defect, *, time: int | None, is_first: bool
    ) -> None:
        """Give a packet up for a fragment that cannot be right; the rest of it is ignored."""
        assembly = self._remove(key) or Assembly(key, time, head)
        assembly.defect = defect
        assembly.has_first |= is_first
        self.abandoned.append(assembly)
        self._spoiled.add(key, time)

    def skip(self, key: Hashable, time: int | None) -> None:
        """Drop a packet without a word, with all fragments of it that are still to come."""
        self._remove(key)
        self._boring.add(key, time)

    def skips(self, key: Hashable, time: int | None, *, is_first: bool) -> bool:
        """Tell whether a fragment belongs to a packet that was dropped or given up.

        A first fragment can start another packet with the identification of one that was dropped,
        but RFC 8200 section 4.5 wants every fragment of a spoiled one to be discarded.
        """
        if is_first:
            self._boring.discard(key)
        return self._boring.has(key, time) or self._spoiled.has(key, time)

    def expire(self, time: int | None) -> None:
        """Give up the packets whose time has run out."""
        while self._waiting and time is not None:
            key, assembly = next(iter(self._waiting.items()))
            if assembly.time is None or time - assembly.time <= TIMEOUT:
                return
            self._abandon(key)

    def drain(self) -> None:
        """Give up all packets."""
        for key in list(self._waiting):
            self._abandon(key)

    def _abandon(self, key: Hashable) -> None:
        """Give up a packet; if it was whole once, then what is left are copies of its fragments."""
        assembly = self._remove(key)
        if assembly and not self._completed.has(key, assembly.time):
            self.abandoned.append(assembly)

    def _remove(self, key: Hashable) -> Assembly[H] | None:
        self._orphans.pop(key, None)
        assembly = self._waiting.pop(key, None)
        if assembly:
            self._cost -= assembly.cost
        return assembly
