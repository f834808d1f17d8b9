"""Plays for the rules of RFC 6275 on sequence numbers and retransmissions."""

from __future__ import annotations

from typing import Any

from pmiptrace.model import SECOND, Severity, Status
from pmiptrace.rules.examples.acts import pba, then
from pmiptrace.rules.examples.example import example
from pmiptrace.rules.examples.rfc8278_session import lost, wait
from pmiptrace.rules.examples.stage import Play, Stage
from pmiptrace.testing.trace import START
from pmiptrace.wire.messages import Heartbeat
from pmiptrace.wire.options.rfc5847 import RestartCounter
from pmiptrace.wire.options.rfc8127 import LmaControlledMagParameters


def numbered(*acts: Play) -> Play:
    """The domain orders messages by sequence number; PBU 101 of the plain MAG is accepted."""

    def play(s: Stage) -> None:
        s.timestamps = False
        s.register(s.plain)
        s.wait(10)
        for act in acts:
            act(s)

    return play


def pbu(**parts: Any) -> Play:
    """Send a PBU of a MAG that knows no RFC 8278."""
    return lambda s: s.pbu(s.plain, **parts)


def register(**parts: Any) -> Play:
    """Register the mobile node at that MAG."""
    return lambda s: s.register(s.plain, **parts)


def restart(s: Stage) -> None:
    """The LMA says that it has lost its bindings."""
    for counter in (1, 2):
        body = Heartbeat(response=True, unsolicited=True)
        s.send(s.lma, s.plain.address, body, RestartCounter(restart_counter=counter))
        s.wait(1)


def other(**parts: Any) -> Play:
    """Send a PBU of another such MAG."""
    return lambda s: s.pbu(s.other, **parts)


def beginning_at(number: int, *acts: Play) -> Play:
    """The MAG's counter is at that number; there are no timestamps."""

    def play(s: Stage) -> None:
        s.timestamps = False
        s.plain.mag.sequence = number
        for act in acts:
            act(s)

    return play


def late_start(*acts: Play) -> Play:
    """The mobile node was registered before the capture began."""

    def play(s: Stage) -> None:
        numbered()(s)
        s.unseen.update(range(len(s.frames)))
        for act in acts:
            act(s)

    return play


example(
    "RFC6275-9.5.1-SEQ-GREATER",
    fires=[
        numbered(pbu(sequence=101), pba()),
        numbered(pbu(sequence=60), pba()),
        numbered(pbu(sequence=101), pba(status=130)),
        numbered(pbu(sequence=100, lifetime=0), pba()),
        # Nobody answers; that is known after 32 s.
        numbered(pbu(sequence=100), wait(40), lambda s: s.pbu(s.other, "mn2@example.com")),
        # 65535 is one behind 0.
        beginning_at(65534, register(), wait(5), register(), wait(5), pbu(sequence=65535), pba()),
    ],
    silent=[
        numbered(pbu(), pba()),
        numbered(pbu(sequence=3000), pba()),
        beginning_at(65534, register(), wait(5), pbu(sequence=0), pba()),
        # Timestamps order these.
        then(register(), wait(5), pbu(sequence=90), pba()),
        # The entry is gone, and its number with it.
        numbered(
            lambda s: s.deregister(s.plain), wait(20), pbu(sequence=5, hi=1, hnp="::/0"), pba()
        ),
        numbered(register(lifetime=20), wait(60), pbu(sequence=5, hi=1), pba()),
        # Another mobile node is another session.
        numbered(lambda s: s.pbu(s.plain, "mn2@example.com", sequence=7), pba()),
        numbered(pbu(sequence=60)),  # the answer will tell
        late_start(pbu(sequence=3), pba()),
    ],
    unclear=[
        # A MAG that has lost its state may start at any number.
        numbered(pbu(sequence=60, hi=1), pba(status=135, sequence=101)),
        numbered(pbu(sequence=60, hi=4), pba()),
        # Too far back: unseen numbers may have wrapped.
        numbered(register(sequence=20_000), wait(5), pbu(sequence=3), pba()),
        # Captured in another order than sent.
        numbered(
            lambda s: setattr(s, "first", s.pbu(s.plain, sequence=110)),
            wait(0.01),
            pbu(sequence=109, lifetime=0),
            pba(),
        ),
        # The MAG that the mobile node moves to may not know the number.
        numbered(other(sequence=60, hi=3), pba(status=135, sequence=101)),
    ],
    lesser=[(numbered(pbu(sequence=60), pba(status=135, sequence=101)), Severity.WARNING)],
    party="MAG",
)
example(
    "RFC6275-9.5.1-SEQ-ACCEPTED",
    fires=[
        numbered(pbu(sequence=101), pba()),
        numbered(pbu(sequence=60), pba()),
        numbered(pbu(sequence=60, hi=1), pba()),
        numbered(pbu(sequence=60, lifetime=0), pba()),
    ],
    silent=[
        numbered(pbu(), pba()),
        numbered(pbu(sequence=60), pba(status=135, sequence=101)),
        numbered(pbu(sequence=60), pba(status=130)),
        numbered(
            lambda s: s.deregister(s.plain), wait(20), pbu(sequence=5, hi=1, hnp="::/0"), pba()
        ),
        numbered(register(lifetime=20), wait(60), pbu(sequence=5, hi=1), pba()),
        then(register(), wait(5), pbu(sequence=90), pba()),
        numbered(restart, pbu(sequence=60, hi=1), pba()),
        late_start(pbu(sequence=3), pba()),
    ],
    unclear=[
        numbered(register(sequence=20_000), wait(5), pbu(sequence=3), pba()),
        numbered(other(sequence=60, hi=3), pba()),
        # An exchange in between has no answer: it may have ended the session.
        numbered(pbu(lifetime=0), wait(40), pbu(sequence=60, hi=1), pba()),
    ],
    party="LMA",
)
example(
    "RFC6275-9.5.1-135-LASTSEQ",
    fires=[
        numbered(pbu(sequence=60), pba(status=135)),
        numbered(pbu(sequence=60), pba(status=135, sequence=100)),
    ],
    silent=[
        numbered(pbu(sequence=60), pba(status=135, sequence=101)),
        numbered(pbu(sequence=60), pba(status=130)),
        then(register(), wait(5), pbu(sequence=90), pba(status=135)),
        # Nothing was accepted that is still there.
        numbered(
            lambda s: s.deregister(s.plain),
            wait(20),
            pbu(sequence=5, hi=1, hnp="::/0"),
            pba(status=135),
        ),
        late_start(register(sequence=3), wait(5), pbu(sequence=2), pba(status=135)),
    ],
    unclear=[numbered(pbu(sequence=60), pba(status=135, sequence=140))],
    party="LMA",
)


def refused(*acts: Play) -> Play:
    """PBU 60 is refused with 135; the last number accepted is 101."""
    return numbered(pbu(sequence=60), pba(status=135, sequence=101), *acts)


example(
    "RFC6275-11.7.1-135-NEXT",
    fires=[refused(wait(1), pbu(sequence=103))],
    status=Status.INCONCLUSIVE,
    silent=[
        refused(wait(1), pbu(sequence=102)),
        refused(wait(0.1), pbu(sequence=61)),  # sent before the answer came
        refused(wait(1), pbu(sequence=102), pba(), wait(5), pbu(sequence=104)),
        # Another request than the one refused: it may be the second since.
        refused(wait(1), pbu(sequence=103, lifetime=0)),
        refused(wait(1), pbu(sequence=61, timestamp=START)),
        refused(wait(1), other(sequence=61, hi=3)),
        numbered(pbu(sequence=60), pba(status=130), wait(1), pbu(sequence=70)),
        numbered(
            lost(pbu(sequence=60)),
            lost(lambda s: s.pba(status=135, sequence=101)),
            wait(1),
            pbu(sequence=61),
        ),
    ],
    unclear=[refused(wait(1), pbu(sequence=9000))],
    lesser=[
        (refused(wait(1), pbu(sequence=61)), Severity.ERROR),
        (refused(wait(1), pbu(sequence=101)), Severity.ERROR),
    ],
    party="MAG",
)

# ------------------------------------------------------------------- answers, retransmissions


def attempts(*gaps: float, **parts: Any) -> Play:
    """A refresh is repeated after each gap."""

    def play(s: Stage) -> None:
        s.pbu(s.plain, **parts)
        for gap in gaps:
            s.wait(gap)
            s.pbu(s.plain, **parts)

    return play


def known(*acts: Play) -> Play:
    """The mobile node is registered; 10 s go by."""
    return then(register(), wait(10), *acts)


def much_later(s: Stage) -> None:
    """A minute later something else happens."""
    s.wait(60)
    s.pbu(s.other, "mn2@example.com")


example(
    "RFC6275-9.5.4-ACK",
    fires=[known(attempts(1, 2, 4), much_later)],
    status=Status.INCONCLUSIVE,
    silent=[
        known(attempts(1, 2), pba(), much_later),
        known(attempts(1, 2)),  # the answer may still come
        known(attempts(1, acknowledge=False), much_later),
        # Only one direction is captured.
        then(attempts(1, 2, 4), much_later),
        # The LMA has to ignore these.
        known(
            lambda s: s.register(s.other, hi=3),
            wait(5),
            attempts(1, lifetime=0),
            much_later,
        ),
        known(lambda s: s.pbu(s.plain), lambda s: s.flip(), much_later),
    ],
    unclear=[known(attempts(), much_later)],
    party="unknown",
)


def lma_sets_timers(s: Stage) -> None:
    """The LMA sends its MAGs the timers to use."""
    s.pbu(s.plain)
    s.wait(0.02)
    s.pba(also=(LmaControlledMagParameters(),))
    s.wait(10)


example(
    "RFC6275-11.8-BACKOFF",
    fires=[
        known(attempts(1, 1, 1)),
        known(attempts(1, 2, 2)),
        known(attempts(1.5, 3, 3, 3)),
        known(attempts(1, 2, 4, 8, 8)),
        known(attempts(0.5, 0.5, 0.5)),
    ],
    silent=[
        known(attempts(1, 2, 4, 8, 16, 32, 32, 32)),
        known(attempts(1.5, 3, 6, 12, 24, 31.99, 31.99)),
        known(attempts(1, 2, 4)),
        # One attempt was not captured.
        known(lambda s: s.pbu(s.plain), wait(1), lost(pbu()), wait(2), pbu(), wait(4), pbu()),
        known(attempts(5, 5, 5)),  # no retransmission timer has this pace
        then(attempts(1, 1, 1)),  # answers are not captured
        then(lma_sets_timers, attempts(1, 1, 1)),
        known(register(), wait(1), register(), wait(1), register(), wait(1), register()),
    ],
    # An answer that was not captured may have brought about the second one.
    unclear=[known(attempts(0.5))],
    party="MAG",
)


def same_time(act: Play) -> Play:
    """The MAG's clock stands still."""

    def play(s: Stage) -> None:
        stamp = s.now
        s.pbu(s.plain, timestamp=stamp)
        s.wait(1)
        s.pbu(s.plain, timestamp=stamp)
        act(s)

    return play


example(
    "RFC6275-11.8-FRESH-SEQ",
    fires=[
        numbered(pbu(sequence=110), wait(1), pbu(sequence=110)),
        numbered(pbu(sequence=110), wait(1), pbu(sequence=109)),
        known(same_time(wait(0))),
        known(pbu(timestamp=START + 20 * SECOND), wait(1), pbu(timestamp=START + 19 * SECOND)),
        numbered(pbu(sequence=110), wait(1), lambda s: s.again(s.sent[-1])),
        # After its answer, which may not have reached the MAG.
        numbered(pbu(sequence=110), pba(), wait(1), lambda s: s.again(s.sent[-2])),
        known(pbu(), pba(), wait(1), lambda s: s.again(s.sent[-2])),
    ],
    silent=[
        numbered(pbu(sequence=110), wait(1), pbu(sequence=111)),
        numbered(pbu(sequence=65535), wait(1), pbu(sequence=0)),
        known(attempts(1, 2)),
        # With a timestamp the number does not count.
        known(pbu(sequence=110), wait(1), pbu(sequence=110)),
        # A port mirror's copy.
        numbered(pbu(sequence=110), wait(0.01), lambda s: s.again(s.sent[-1])),
        numbered(pbu(sequence=110), pba(), wait(0.01), lambda s: s.again(s.sent[-2])),
        # Answered in between: that is another request.
        known(pbu(), pba(), wait(1), pbu(timestamp=START)),
        # The earlier attempt was not captured.
        numbered(lost(pbu(sequence=110)), wait(1), pbu(sequence=110)),
    ],
    unclear=[
        numbered(pbu(sequence=111), wait(0.06), pbu(sequence=110)),
        numbered(pbu(sequence=20_000), wait(1), pbu(sequence=3)),
    ],
    party="MAG",
)


def burst(count: int, **parts: Any) -> Play:
    """PBUs follow each other every 100 ms, each with another lifetime."""

    def play(s: Stage) -> None:
        for position in range(count):
            s.pbu(s.plain, lifetime=400 + 4 * position, att=position, **parts)
            s.wait(0.1)

    return play


example(
    "RFC6275-11.8-RATE",
    fires=[known(burst(4)), known(burst(8))],
    silent=[
        known(burst(3)),
        known(attempts(1, 2, 4)),
        # One for each of many mobile nodes.
        then(
            *[lambda s, n=n: (s.pbu(s.plain, f"mn{n}@example.com"), s.wait(0.05)) for n in range(8)]
        ),
        known(burst(3), lambda s: s.pbu(s.other, hi=3)),
    ],
    party="MAG",
)
