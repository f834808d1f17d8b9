"""What happens in examples: the messages and events that plays are put together of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pmiptrace.packet.build import authentication
from pmiptrace.packet.numbers import AH, MOBILITY_HEADER
from pmiptrace.rules.examples.stage import Play, Stage
from pmiptrace.wire.options.rfc8278 import MagMultipathBinding

MN = "mn1@example.com"
LTE = "2001:db8:a::1"
LMA = "2001:db8:f::1"
MAC = bytes.fromhex("02005e100001")


def then(*acts: Callable[[Stage], object]) -> Play:
    """Put several acts into one play."""

    def play(s: Stage) -> None:
        for act in acts:
            act(s)

    return play


def mmb(**parts: Any) -> MagMultipathBinding:
    """The MAG Multipath Binding option of the LTE path, with some parts changed."""
    return MagMultipathBinding(**{"if_att": 8, "if_label": 11, "bid": 1, **parts})


def pbu(**parts: Any) -> Play:
    """Send a PBU over the LTE path."""
    return lambda s: s.pbu(s.lte, **parts)


def plain(**parts: Any) -> Play:
    """Send a PBU of a MAG that knows no RFC 8278."""
    return lambda s: s.pbu(s.plain, **parts)


def pba(**parts: Any) -> Play:
    """Answer 20 ms later by a PBA."""

    def act(s: Stage) -> None:
        s.wait(0.02)
        s.pba(**parts)

    return act


def registered(s: Stage) -> None:
    """The LTE path is registered; 10 s go by."""
    s.register(s.lte)
    s.wait(10)


def unseen(s: Stage) -> None:
    """The capture misses the last message."""
    s.unseen_last()


def cut(octets: int) -> Play:
    """Have the last message cut short."""
    return lambda s: s.cut(octets)


def late(*acts: Play) -> Play:
    """The capture runs for longer than the warm-up before the play begins."""
    return then(lambda s: s.pbu(s.other, "early@example.com"), lambda s: s.wait(60), *acts)


def put(offset: int, *octets: int) -> Play:
    """Overwrite octets of the last message."""
    return lambda s: s.set(offset, *octets)


def protected(s: Stage) -> None:
    """The last message stands behind an Authentication Header."""
    s.behind(AH, authentication(MOBILITY_HEADER, s.payload))
