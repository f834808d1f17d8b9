"""A buffer that slides over a capture: the one place where octets of the file are in memory."""

from __future__ import annotations

from typing import Protocol

from pmiptrace.model import Problem

BLOCK = 256 << 10
"""Octets held at a time; larger only while a single record does not fit."""
SLACK = 128
"""Octets behind the buffer's end, so that a fixed-size read at the last octet stays inside."""


class Octets(Protocol):
    """What a window slides over: a capture, or a stretch of one."""

    problem: Problem | None
    """What ended the octets early."""

    def readinto(self, view: memoryview) -> int:
        """Fill some or all of `view`; give the number of octets, 0 at the end."""

    def seek(self, offset: int) -> None:
        """Go on at a place in the file. Not every source can do that."""


class Window:
    """The octets ``buffer[position:end]``, the first of which stands at `offset` in the file."""

    def __init__(self, source: Octets, base: int = 0) -> None:
        self.source = source
        self.base = base
        """Where the first octet of the buffer is in the (decompressed) file."""
        self.buffer = bytearray(BLOCK + SLACK)
        self.position = 0
        self.end = 0
        self.at_end = False
        """Whether the octets held are the last ones."""

    @property
    def offset(self) -> int:
        """Where `position` is in the (decompressed) file."""
        return self.base + self.position

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
        self.base += self.position
        self.position, self.end = 0, len(held)

    def seek(self, offset: int) -> None:
        """Put the position on a place in the file, of which more octets may have to be read."""
        place = offset - self.base
        if not 0 <= place <= self.end:
            self.source.seek(offset)
            self.base, self.end, self.at_end = offset, 0, False
            place = 0
        self.position = place

    def load(self, octets: int) -> bool:
        """Read until that many octets are held from `position` on; False if there are fewer."""
        while self.available < octets:
            if not self.fill():
                return False
        return True

    def release(self) -> None:
        """Let go of what is held, and read no more."""
        self.base, self.position, self.end = self.offset, 0, 0
        self.buffer = bytearray(SLACK)
        self.at_end = True
