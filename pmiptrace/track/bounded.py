"""Tables that senders fill and that must not grow with what they send.

They are ordered dictionaries. A plain one looks for its first entry behind the gaps that all before
it left: where that goes out for each that comes in, it takes a hundred times as long.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


def keep(table: OrderedDict[K, V], key: K, value: V, limit: int) -> None:
    """Put an entry in, as the newest; beyond the limit the one put in longest ago goes."""
    table[key] = value
    table.move_to_end(key)
    if len(table) > limit:
        table.popitem(last=False)


class Lately(Generic[K, V]):
    """A table of what was put in lately, by the time of the capture; limited in number as well.

    `age` is in nanoseconds. An entry without a time is kept until there are too many.
    """

    def __init__(self, age: int, limit: int) -> None:
        self._age = age
        self._limit = limit
        self._entries: OrderedDict[K, tuple[int | None, V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, key: K, value: V, time: int | None) -> None:
        """Put an entry in, as the newest, and let those go that are too old by then."""
        keep(self._entries, key, (time, value), self._limit)
        while self._is_old(next(iter(self._entries.values()))[0], time):
            self._entries.popitem(last=False)

    def get(self, key: K, time: int | None) -> V | None:
        """Give what was put in under a key, unless that is too old at a time."""
        known = self._entries.get(key)
        return None if known is None or self._is_old(known[0], time) else known[1]

    def pop(self, key: K) -> None:
        """Take an entry out, if there is one."""
        self._entries.pop(key, None)

    def _is_old(self, since: int | None, now: int | None) -> bool:
        return since is not None and now is not None and now - since > self._age
