"""A buffer that slides over a capture: the one place where octets of the file are in memory."""

from __future__ import annotations

from pmiptrace.capture.source import Source

BLOCK = 256 << 10
"""Octets held at a time; larger only while a single record does not fit."""
SLACK = 128
"""Octets behind the buffer's end, so that a fixed-size read at the last octet stays inside."""


class Window:
    """The octets ``buffer[position:end]``, the first of which stands at `offset` in the file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.buffer = bytearray(BLOCK + SLACK)
        self.position = 0
        self.end = 0
        self.at_end = False
        """Whether the octets held are the last ones."""
        self._base = 0

    @property
    def offset(self) -> int:
        """Where `position` is in the (decompressed) file."""
        return self._base + self.position

    @property
    def available(self) -> int:
        """Octets held from `position` on."""
        return self.end - self.position

    def fill(self) -> bool:
        """Read more octets; False if there are none.

        What lies before `position` is forgotten. The buffer doubles when it is full, so that it
        never exceeds twice what the file really holds, whatever a length field says.
        """
        if self.at_end:
            return False
        capacity = len(self.buffer) - SLACK
        if self.available == capacity:
            self._move(2 * capacity)
        elif self.position:
            self._move(BLOCK if self.available < BLOCK else capacity)
        with memoryview(self.buffer) as view:
            count = self.source.readinto(view[self.end : len(self.buffer) - SLACK])
        self.end += count
        self.at_end = count == 0
        return count > 0

    def _move(self, capacity: int) -> None:
        """Move what is held to the front of a buffer of that capacity."""
        held = self.buffer[self.position : self.end]
        if len(self.buffer) != capacity + SLACK:
            self.buffer = bytearray(capacity + SLACK)
        self.buffer[: len(held)] = held
        self._base += self.position
        self.position, self.end = 0, len(held)

    def load(self, octets: int) -> bool:
        """Read until that many octets are held from `position` on; False if there are fewer."""
        while self.available < octets:
            if not self.fill():
                return False
        return True
