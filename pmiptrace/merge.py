"""Several captures as one: their order in time, and how far their clocks are apart.

A MAG's and an LMA's capture of the same run hold the same messages. The median difference of
their times is the clock offset; it is taken out before the messages are put in order. The tracker
then sees each message twice, and takes the second for the duplicate that it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from heapq import heappop, heappush
from statistics import median_low

from msgspec import Struct

from pmiptrace.capture.source import STANDARD_INPUT, standard_input_file
from pmiptrace.model import Datagram, Message, Undecoded

Item = Message | Undecoded

MAX_COMPARED = 200_000
"""Messages of one capture that are compared with those of others."""
MIN_COMMON = 2
"""Messages that a capture must share with others before their clocks are compared."""
CAPTURED_TWICE = 50_000_000
"""Nanoseconds within which the same octets in one capture are one message, captured twice."""


class Overview(Struct, frozen=True):
    """What a first look at a capture shows: when its signalling begins, and its messages."""

    index: int
    path: str
    first_time: int | None
    times: dict[int, int]
    """Time of each message by its octets and addresses; those sent more than once left out."""


def overview(index: int, path: str, datagrams: Iterable[Datagram]) -> Overview:
    """Look through a capture's messages."""
    first: int | None = None
    times: dict[int, int] = {}
    repeated: set[int] = set()
    for datagram in datagrams:
        time = datagram.frame.time
        if time is None:
            continue
        first = time if first is None else min(first, time)
        if len(times) + len(repeated) >= MAX_COMPARED:
            continue
        key = hash((datagram.source, datagram.destination, datagram.payload))
        known = times.get(key)
        if known is not None and time - known > CAPTURED_TWICE:
            repeated.add(key)
            del times[key]
        elif known is None and key not in repeated:
            times[key] = time
    return Overview(index, path, first, times)


def clock_offsets(captures: Sequence[Overview]) -> dict[int, int]:
    """Give, per capture, the nanoseconds to add to its times to match the first capture's clock.

    Captures are compared with all that were matched before them, so that a chain of captures of
    which only neighbours share messages is matched too. One that shares none keeps its times.
    """
    owners: dict[int, list[int]] = {}
    for place, capture in enumerate(captures):
        for key in capture.times:
            owners.setdefault(key, []).append(place)
    offsets: dict[int, int] = {}
    differences: list[list[int]] = [[] for _ in captures]
    waiting = dict.fromkeys(range(len(captures)))
    ready: list[int] = []
    while waiting:
        place = heappop(ready) if ready else next(iter(waiting))
        del waiting[place]
        capture, found = captures[place], differences[place]
        offset = median_low(found) if len(found) >= _enough(capture) else 0
        offsets[capture.index] = offset
        for key, time in capture.times.items():
            for other in owners.pop(key, ()):
                if other in waiting:
                    differences[other].append(time + offset - captures[other].times[key])
                    if len(differences[other]) == _enough(captures[other]):
                        heappush(ready, other)
    return offsets


def _enough(capture: Overview) -> int:
    """Give how many messages a capture must share with those matched before it."""
    return max(1, min(MIN_COMMON, len(capture.times)))


def by_time(captures: Iterable[tuple[int, int | None]]) -> list[tuple[int, int | None]]:
    """Put captures, each with the time of its first message, in the order to open them in."""
    return sorted(captures, key=lambda known: (known[1] or 0, known[0]))


def in_order(
    captures: Iterable[tuple[int, int | None]], read: Callable[[int], Iterator[Item]]
) -> Iterator[Item]:
    """Give the messages of several captures by time; stable where times are equal.

    `captures` names each with the time of its first message; `read` gives a capture's messages. A
    capture is opened only when its time comes, as a ring buffer may have thousands of files.
    """
    waiting = deque(by_time(captures))
    heap: list[tuple[int, int, Item, Iterator[Item]]] = []

    def push(index: int, items: Iterator[Item], last: int) -> None:
        item = next(items, None)
        if item is not None:
            time = item.frame.time
            heappush(heap, (last if time is None else time, index, item, items))

    while heap or waiting:
        while waiting and (not heap or (waiting[0][1] or 0) <= heap[0][0]):
            index, first = waiting.popleft()
            push(index, read(index), first or 0)
        if heap:
            time, index, item, items = heappop(heap)
            yield item
            push(index, items, time)


@contextmanager
def spooled(paths: Sequence[str], *, even_alone: bool = False) -> Iterator[Sequence[str]]:
    """Put standard input into a file while it is one of several captures, to be read twice.

    `even_alone` does so where it is the only one, for whom reads that twice as well.
    """
    if STANDARD_INPUT not in paths or (len(paths) == 1 and not even_alone):
        yield paths
        return
    with standard_input_file() as file:
        yield [file if path == STANDARD_INPUT else path for path in paths]
