"""Plays for the rules on heartbeats."""

from __future__ import annotations

from typing import Any

from pmiptrace.model import Status
from pmiptrace.rules.examples.acts import registered, then
from pmiptrace.rules.examples.example import example
from pmiptrace.rules.examples.rfc5846 import bri, warm
from pmiptrace.rules.examples.rfc8278_session import late_start, lost, wait
from pmiptrace.rules.examples.stage import Play, Stage
from pmiptrace.wire.options.rfc5847 import RestartCounter
from pmiptrace.wire.options.rfc8127 import HeartbeatControl, LmaControlledMagParameters

COUNTER = RestartCounter(restart_counter=7)


def hb(**parts: Any) -> Play:
    """Send a Heartbeat Request to the MAG of the LTE path."""
    return lambda s: s.heartbeat(s.lte, **parts)


def response(**parts: Any) -> Play:
    """Answer it 20 ms later."""

    def act(s: Stage) -> None:
        s.wait(0.02)
        s.heartbeat_response(**parts)

    return act


def beat(**parts: Any) -> Play:
    """A heartbeat is asked for and answered."""
    return then(hb(**parts), response())


def lma_sets_interval(s: Stage) -> None:
    """The LMA tells its MAG to send a heartbeat every 10 seconds."""
    timers = HeartbeatControl(interval=10, retransmission_delay=2, maximum_retransmissions=3)
    s.pbu(s.lte)
    s.wait(0.02)
    s.pba(also=[LmaControlledMagParameters(sub_options=(timers,))])
    s.wait(10)


def error(s: Stage) -> None:
    """Answer 20 ms later that the message is not known."""
    s.wait(0.02)
    s.binding_error()


# ------------------------------------------------------------------------- the message alone

example(
    "RFC5847-3.4-RC-IN-REQUEST",
    fires=[
        hb(options=(COUNTER,)),
        bri(options=(COUNTER,)),
        lambda s: s.pbu(s.lte, also=(COUNTER,)),
    ],
    silent=[beat(), then(hb(), response(unsolicited=True))],
)
example(
    "RFC5847-3.2-RC-MISSING",
    fires=[then(hb(), response(counter=None))],
    silent=[
        beat(),
        hb(),
        then(hb(), response(), lambda s: s.cut(16)),
    ],
)
example(
    "RFC5847-3.3-U",
    fires=[hb(unsolicited=True)],
    silent=[beat(), then(hb(), response(unsolicited=True))],
)
example(
    "RFC5847-3.3-RESERVED",
    fires=[hb(reserved=1), hb(reserved=0x2000)],
    silent=[beat(), hb(unsolicited=True)],
)

# ------------------------------------------------------------------------------ the exchange

example(
    "RFC5847-3-RESPOND",
    fires=[
        then(registered, hb(), wait(10)),
        then(registered, hb(from_mag=True), wait(10)),
        then(hb(), wait(10)),
    ],
    silent=[
        then(registered, beat(), wait(10)),
        then(registered, hb(), error, wait(10)),
        then(registered, hb(), wait(2)),  # the capture ends
        # Only what goes to the MAG was captured.
        then(lost(lambda s: s.pbu(s.lte)), lambda s: s.pba(), wait(1), hb(), wait(10)),
    ],
    status=Status.INCONCLUSIVE,
    party="unknown",
)
example(
    "RFC5847-3-SEQ",
    fires=[then(warm, hb(sequence=17), response(sequence=18))],
    silent=[
        then(warm, beat()),
        then(warm, hb(), response(), response()),
        then(warm, hb(), wait(20), response()),  # late
        then(warm, hb(sequence=17), response(sequence=0, unsolicited=True)),
        then(warm, lost(hb()), response()),
        then(hb(sequence=17), response(sequence=18)),  # the capture has just begun
    ],
    status=Status.INCONCLUSIVE,
    party="unknown",
)

# ------------------------------------------------------------------------------ the initiator

example(
    "RFC5847-3-BE-STOP",
    fires=[then(hb(), error, wait(60), hb()), then(registered, hb(), error, wait(60), hb())],
    silent=[
        then(beat(), wait(60), hb()),
        then(hb(), error, wait(60), lambda s: s.heartbeat(s.other)),
        then(hb(), error, wait(60), hb(from_mag=True)),
        then(hb(), error, wait(1), hb()),
        then(hb(), lambda s: s.binding_error(status=1), wait(60), hb()),
        # The Binding Error may be about the BRI.
        then(hb(), wait(0.1), bri(), error, wait(60), hb()),
        then(hb(), lost(error), wait(60), hb()),
    ],
    unclear=[then(hb(sequence=7), error, wait(60), hb(sequence=900))],
)
example(
    "RFC5847-3-INTERVAL",
    fires=[
        then(registered, beat(), wait(5), hb()),
        then(registered, beat(from_mag=True), wait(20), hb(from_mag=True)),
        then(lma_sets_interval, beat(), wait(5), hb()),
    ],
    silent=[
        then(registered, beat(), wait(60), hb()),
        then(registered, beat(), wait(29), hb()),  # delays on the way vary
        then(registered, hb(), wait(5), hb()),  # the first was not answered
        then(registered, beat(), wait(5), hb(from_mag=True)),
        then(registered, beat(), wait(5), lambda s: s.heartbeat(s.other)),
        then(registered, beat(), wait(3600), hb()),
        then(lma_sets_interval, beat(from_mag=True), wait(10), hb(from_mag=True)),
    ],
    unclear=[
        then(registered, hb(sequence=7), response(), wait(5), hb(sequence=900)),
        then(registered, beat(), wait(4400), hb()),
    ],
)


def gone(s: Stage) -> None:
    """The only binding was de-registered; two minutes go by."""
    s.register(s.plain)
    s.wait(10)
    s.deregister(s.plain)
    s.wait(120)


def pulse(s: Stage) -> None:
    """Have a heartbeat answered."""
    s.heartbeat(s.plain)


example(
    "RFC5847-3-NO-BINDING",
    fires=[then(gone, pulse), then(gone, lambda s: s.heartbeat(s.plain, from_mag=True))],
    silent=[
        then(lambda s: s.register(s.plain), wait(60), pulse),
        then(lambda s: s.register(s.plain), wait(10), lambda s: s.deregister(s.plain), pulse),
        then(gone, lambda s: s.register(s.plain, "mn2@example.com"), wait(60), pulse),
        then(wait(60), pulse),  # nothing is known of the two
        then(warm, pulse),
        # The capture began in the middle: there may be more from before.
        then(lambda s: s.pbu(s.plain, hi=5, hnp="2001:db8:9::/64"), lambda s: s.pba(), gone, pulse),
    ],
    status=Status.INCONCLUSIVE,
)

# ------------------------------------------------------------------------------- restarts


def says(first: int, second: int, seconds: float = 60) -> Play:
    """Responses with two counters, one after the other."""
    return then(hb(), response(counter=first), wait(seconds), hb(), response(counter=second))


example(
    "RFC5847-3.2-RESTART-MONO",
    fires=[says(7, 6), says(0, 0xFFFFFFFF), then(registered, says(900, 1))],
    silent=[
        says(7, 7),
        says(7, 8),
        says(0xFFFFFFFF, 0),  # it wraps around
        then(hb(), response(counter=7), lambda s: s.heartbeat(s.other), response(counter=1)),
        late_start(hb(), response(counter=1)),
    ],
    unclear=[says(7, 6, 1)],
)
example(
    "RFC5847-3.2-RESTART-EVENT",
    fires=[
        says(7, 8),
        says(0xFFFFFFFF, 0),
        then(hb(), response(counter=7), wait(60), response(counter=9, unsolicited=True)),
    ],
    silent=[says(7, 7), says(7, 6), then(hb(), response(counter=7))],
)
