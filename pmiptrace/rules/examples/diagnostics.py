"""Plays for the remarks that accuse nobody."""

from __future__ import annotations

from typing import Any

from pmiptrace.model import Status
from pmiptrace.packet.build import fragment
from pmiptrace.packet.numbers import MOBILITY_HEADER
from pmiptrace.rules.examples.acts import (
    LMA,
    LTE,
    MAC,
    cut,
    late,
    pba,
    pbu,
    plain,
    protected,
    put,
    registered,
    then,
    unseen,
)
from pmiptrace.rules.examples.example import example
from pmiptrace.rules.examples.rfc6275 import good_then_bad
from pmiptrace.rules.examples.stage import Play, Stage, unknown
from pmiptrace.wire.messages import (
    BindingUpdate,
    Heartbeat,
)
from pmiptrace.wire.options.rfc5847 import RestartCounter


def note(rule: str, **parts: Any) -> None:
    """Give the example of a remark that accuses nobody."""
    example(rule, status=Status.NOTE, party="unknown", **parts)


def answered_twice(s: Stage) -> None:
    """Accept a PBU, and then reject it."""
    request = s.pbu(s.lte)
    s.wait(0.02)
    s.pba(request)
    s.wait(0.01)
    s.pba(request, status=130)


note(
    "PM-DUP-CAPTURE",
    fires=[then(pbu(), lambda s: s.wait(0.001), lambda s: s.again(s.sent[-1]))],
    silent=[then(pbu(), lambda s: s.wait(1), lambda s: s.again(s.sent[-1]))],
)
note("PM-TRUNCATED", fires=[then(pbu(), cut(60))], silent=[pbu(), then(pbu(), put(1, 40))])
note(
    "PM-UNMATCHED-PBA",
    fires=[late(pbu(), unseen, pba(), lambda s: s.wait(5))],
    silent=[
        late(pbu(), pba(), lambda s: s.wait(5)),
        then(pbu(), unseen, pba(), lambda s: s.wait(5)),  # during the warm-up
    ],
)
note(
    "PM-UNANSWERED-PBU",
    fires=[then(pbu(), lambda s: s.wait(40))],
    silent=[then(pbu(), pba(), lambda s: s.wait(40)), then(pbu(), lambda s: s.wait(20))],
)
note(
    "PM-RETRANSMISSION",
    fires=[then(pbu(), lambda s: s.wait(1), pbu())],
    silent=[then(pbu(), pba(), lambda s: s.wait(1), pbu())],
)
note(
    "PM-LATE-PBA",
    fires=[then(pbu(), lambda s: s.wait(36), pba())],
    silent=[then(pbu(), lambda s: s.wait(30), pba())],
)
note("PM-PBA-CONFLICT", fires=[answered_twice], silent=[registered])
note(
    "PM-EXPIRED",
    fires=[then(lambda s: s.register(s.lte, lifetime=300), lambda s: s.wait(400))],
    silent=[then(lambda s: s.register(s.lte, lifetime=300), lambda s: s.wait(200))],
)
note(
    "PM-REFRESH-LATE",
    fires=[then(lambda s: s.register(s.lte, lifetime=300), lambda s: s.wait(310), pbu())],
    silent=[then(lambda s: s.register(s.lte, lifetime=300), lambda s: s.wait(290), pbu())],
)
note(
    "PM-COA-CHANGE",
    fires=[
        then(
            registered,
            lambda s: s.register(s.lte.mag.path("2001:db8:a::2", bid=1, if_att=8, if_label=11)),
        )
    ],
    silent=[then(registered, lambda s: s.register(s.lte))],
)
note(
    "PM-HANDOVER",
    fires=[
        then(
            lambda s: s.register(s.plain),
            lambda s: s.wait(10),
            lambda s: s.register(s.other, hi=3),
        )
    ],
    silent=[then(registered, lambda s: s.register(s.wlan))],
)
note(
    "PM-LEGACY-LMA",
    fires=[then(pbu(), pba(without=[63]))],
    silent=[registered, then(plain(), pba())],
)
note(
    "PM-MULTIPATH-DENIED",
    fires=[then(pbu(), pba(status=180))],
    silent=[then(pbu(), pba(status=129))],
)
note(
    "PM-PARTIAL-SESSION",
    fires=[lambda s: s.register(s.lte, hi=5, hnp="2001:db8:1::/64")],
    silent=[registered],
)
note(
    "PM-CLOCK-BACKWARDS",
    fires=[then(registered, lambda s: s.wait(-15), lambda s: s.pbu(s.wlan))],
    silent=[then(registered, lambda s: s.wait(-10.5), lambda s: s.pbu(s.wlan))],
)


def restarting(first: int, second: int) -> Play:
    """Have two heartbeats answered, with one Restart Counter and then another."""

    def play(s: Stage) -> None:
        for number, counter in enumerate((first, second)):
            s.send(LTE, LMA, Heartbeat(sequence=number))
            s.wait(0.01)
            s.send(
                LMA,
                LTE,
                Heartbeat(sequence=number, response=True),
                RestartCounter(restart_counter=counter),
            )
            s.wait(60)

    return play


note("PM-PEER-RESTART", fires=[restarting(7, 8)], silent=[restarting(7, 7)])


def in_dialect(s: Stage) -> None:
    """Send a PBU as pmip6d did in 2011 (`pmiptrace/wire/dialects`)."""
    prefix, node, link_local = bytes((0, 64, *bytes(16))), bytes((0, 0x80, *MAC, 0, 1)), bytes(16)
    options = {7: prefix, 8: node, 9: bytes(8), 10: link_local}
    s.send(
        s.plain.address,
        s.lma,
        BindingUpdate(sequence=1, lifetime=900),
        *(unknown(number, *content) for number, content in options.items()),
    )
    s.set(8, 0x00, 0xA0)


note("PM-DIALECT", fires=[in_dialect], silent=[pbu()])
note(
    "PM-UNKNOWN-OPTION",
    fires=[pbu(also=[unknown(200, 1, 2)])],
    silent=[pbu(without=[64], also=[unknown(64, 1)])],
)
note(
    "PM-UNKNOWN-STATUS",
    fires=[then(pbu(), pba(status=200)), then(pbu(), pba(status=100))],
    silent=[then(pbu(), pba(status=180))],
)
note(
    "PM-OFFLOAD-CHECKSUM",
    fires=[
        then(pbu(), lambda s: s.flip(), pba()),
        then(pbu(), pba(), lambda s: s.flip(), lambda s: s.wait(5), pbu()),
    ],
    silent=[registered, then(pbu(), lambda s: s.flip()), good_then_bad],
)
note(
    "PM-CLEARTEXT",
    fires=[pbu()],
    silent=[then(pbu(), protected)],
)


def first_fragment(s: Stage) -> None:
    """The capture has the first fragment of a PBU, and no other."""
    s.pbu(s.lte)
    (packet, *_) = fragment(s.lte.address, s.lma, MOBILITY_HEADER, s.payload, size=64)
    s.replace_packet(packet)


note("PM-FRAGMENT", fires=[first_fragment], silent=[pbu()])
