"""Tables that senders fill and that must not grow with what they send.

They are ordered dictionaries. A plain one looks for its first entry behind the gaps that all before
it left: where that goes out for each that comes in, it takes a hundred times as long.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def keep(table: OrderedDict[K, V], key: K, value: V, limit: int) -> None:
    """Put an entry in, as the newest; beyond the limit the one put in longest ago goes."""
    table[key] = value
    table.move_to_end(key)
    if len(table) > limit:
        table.popitem(last=False)
