"""How a live capture stands, beside what is in it."""

from __future__ import annotations

from msgspec import Struct


class Situation(Struct, frozen=True, kw_only=True):
    """What the top of the screen tells."""

    source: str
    """The interfaces, or standard input."""
    began: int
    """Nanoseconds since 1970 by the clock of this machine."""
    elapsed: int
    """Nanoseconds since then."""
    time: int | None
    """The time of the capture up to which it was followed."""
    packets: int
    messages: int
    drops: int | None
    """Packets lost, as far as the capture tells while it goes on; None if it does not."""
    recording: str | None = None
    """The file that keeps what is seen."""
    recorded: int = 0
    """Its octets."""
    trouble: str | None = None
    """What went wrong besides."""
