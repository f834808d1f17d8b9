"""Ctrl-C and SIGTERM as a wish to end, which is met when there is time for it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


class Stop:
    """Whether the user wants an end; who asks twice gets it at once."""

    is_asked = False

    def __call__(self, number: int, frame: object) -> None:
        """Take a signal."""
        if self.is_asked:
            raise KeyboardInterrupt
        self.is_asked = True


@contextmanager
def stopping() -> Iterator[Stop]:
    """Have Ctrl-C and SIGTERM ask for an end."""
    stop = Stop()
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
