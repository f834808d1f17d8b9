"""Plays for the rules on update notifications, and for that of RFC 7864."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from pmiptrace.model import Option, Severity, Status
from pmiptrace.rules.examples.acts import registered, then
from pmiptrace.rules.examples.example import example
from pmiptrace.rules.examples.rfc5846 import bri, routed, warm
from pmiptrace.rules.examples.rfc5847 import error
from pmiptrace.rules.examples.rfc8278_session import late_start, lost, missing, wait
from pmiptrace.rules.examples.stage import Play, Stage
from pmiptrace.testing.trace import mn_identifier
from pmiptrace.wire.messages import UpdateNotification
from pmiptrace.wire.options.rfc5094 import VendorSpecific
from pmiptrace.wire.options.rfc6602 import MnGroupIdentifier
from pmiptrace.wire.options.rfc6757 import AccessNetworkIdentifier

GROUP = MnGroupIdentifier(group_identifier=1)
VENDOR = VendorSpecific(vendor_id=9, subtype=1, data=b"\0\0")
ACCESS_NETWORK = AccessNetworkIdentifier()


def upn(**parts: Any) -> Play:
    """Send an Update Notification that is to be acknowledged."""
    return lambda s: s.upn(s.lte, **{"acknowledge": True, **parts})


def upa(**parts: Any) -> Play:
    """Acknowledge it 20 ms later."""

    def act(s: Stage) -> None:
        s.wait(0.02)
        s.upa(**parts)

    return act


def repeated(
    seconds: float, *, retransmission: bool = True, options: tuple[Option, ...] = ()
) -> Play:
    """The last UPN is sent again."""

    def act(s: Stage) -> None:
        s.wait(seconds)
        last = next(m for m in reversed(s.sent) if isinstance(m.body, UpdateNotification))
        body = replace(last.body, retransmission=retransmission)
        s.send(last.source, last.destination, body, *(options or last.options), path=last.path)

    return act


# ----------------------------------------------------------------------- the notification alone

example(
    "RFC7077-4.1-REASON",
    fires=[upn(reason=0), upn(reason=255)],
    silent=[upn(reason=1), upn(reason=8)],
    lesser=[(upn(reason=9), Severity.INFO), (upn(reason=256), Severity.INFO)],
    party="LMA",
)
example(
    "RFC7077-4.1-RESERVED",
    fires=[upn(reserved=1), upn(reserved=0x2000)],
    silent=[upn(), upn(acknowledge=False, retransmission=True)],
)
example(
    "RFC7077-4.2-RESERVED",
    fires=[then(upn(), upa(reserved=1))],
    silent=[then(upn(), upa()), then(upn(reserved=1), upa())],
)
example(
    "RFC7077-5-MNID-OR-GROUP",
    fires=[upn(mn=None), upn(mn=None, options=(VENDOR,))],
    silent=[
        upn(),
        upn(mn=None, options=(GROUP,)),
        then(upn(), lambda s: s.cut(16)),
    ],
    party="LMA",
)
example(
    "RFC7077-5.1-A-RECOMMENDED",
    fires=[upn(reason=1), upn(reason=4)],
    silent=[upn(reason=1, acknowledge=False), upn(reason=2)],
    party="LMA",
)


def upn_of_mag(s: Stage) -> None:
    """Send an Update Notification from a MAG."""
    s.send(s.lte.address, s.lma, UpdateNotification(sequence=1, reason=2), mn_identifier("mn1"))


def upa_of_lma(s: Stage) -> None:
    """Acknowledge it as an LMA."""
    s.upa(s.sent[-1])


example(
    "RFC7077-4.1-DIR",
    fires=[then(registered, upn_of_mag)],
    silent=[
        then(registered, upn()),
        upn_of_mag,  # who is who was not seen
        late_start(upn_of_mag),
        # It is the LMA of others.
        then(
            registered,
            lambda s: s.pbu(s.other, lma="2001:db8:a::1"),
            lambda s: s.pba(),
            upn_of_mag,
        ),
    ],
    unclear=[
        then(
            registered,
            lambda s: s.send(
                s.lte.address,
                s.other.address,
                UpdateNotification(sequence=1, reason=2),
                mn_identifier("mn1"),
            ),
        )
    ],
    party="MAG",
)
example(
    "RFC7077-4.2-DIR",
    fires=[then(registered, upn_of_mag, upa_of_lma)],
    silent=[
        then(registered, upn(), upa()),
        then(upn_of_mag, upa_of_lma),
        late_start(upn_of_mag, upa_of_lma),
    ],
    party="LMA",
)

# --------------------------------------------------------------------------- the acknowledgement

example(
    "RFC7077-6.1-ACK",
    fires=[
        then(registered, upn(), repeated(1), wait(60)),
        then(upn(), wait(60)),
    ],
    silent=[
        then(registered, upn(), upa(), wait(60)),
        then(registered, upn(), upa(status=128), wait(60)),
        then(registered, upn(acknowledge=False), wait(60)),
        then(registered, upn(), error, wait(60)),
        then(registered, upn(), wait(20)),
        then(registered, upn(), upa(), repeated(1), wait(60)),  # the UPA got lost behind us
        then(lost(lambda s: s.pbu(s.lte)), lambda s: s.pba(), wait(1), upn(), wait(60)),
    ],
    status=Status.INCONCLUSIVE,
    party="unknown",
)
example(
    "RFC7077-6.2-SEQ",
    fires=[then(warm, upn(sequence=41), upa(sequence=1))],
    silent=[
        then(warm, upn(sequence=41), upa()),
        then(warm, upn(sequence=41), upa(), upa()),
        then(warm, upn(sequence=41), wait(50), upa()),
        then(warm, lost(upn(sequence=41)), upa()),
        then(upn(sequence=41), upa(sequence=1)),
    ],
    status=Status.INCONCLUSIVE,
    party="unknown",
)


def both_paths(s: Stage) -> None:
    """Register both paths."""
    s.register(s.lte)
    s.register(s.wlan)
    s.wait(5)


example(
    "RFC7077-6.2-ADDR",
    fires=[then(both_paths, upn(), upa(source="2001:db8:b::1"))],
    silent=[
        then(both_paths, upn(), upa()),
        then(both_paths, upn(sequence=41), upa(source="2001:db8:b::1", sequence=42)),
        then(both_paths, lost(upn()), upa(source="2001:db8:b::1")),
    ],
    unclear=[
        # Nothing shows that the two addresses are of one MAG.
        then(registered, upn(), upa(source="2001:db8:d::1")),
        then(both_paths, upn(), upa(source="2001:db8:b::1", options=())),
    ],
    party="MAG",
)
example(
    "RFC7077-6.2-MNID-OR-GROUP",
    fires=[
        then(upn(), upa(options=())),
        then(upn(), upa(options=(mn_identifier("mn2@example.com"),))),
        then(upn(), upa(options=(GROUP,))),
    ],
    silent=[
        then(upn(), upa()),
        then(upn(mn=None, options=(GROUP,)), upa()),
        then(upn(options=(GROUP,)), upa(options=(GROUP,))),
        then(upn(mn=None), upa(options=())),
        then(upn(), upa(), lambda s: s.cut(16)),
        then(lost(upn()), upa(options=())),
    ],
    party="MAG",
)
example(
    "RFC7077-6.1-VENDOR",
    fires=[then(upn(reason=3), upa()), then(upn(reason=3), upa(status=128))],
    silent=[
        then(upn(reason=3), upa(status=129)),
        then(upn(reason=3, options=(VENDOR,)), upa()),
        then(upn(reason=3, acknowledge=False), upa()),
        then(upn(reason=2), upa()),
        then(upn(reason=3), lambda s: s.cut(20), upa()),
    ],
    party="MAG",
)

# ---------------------------------------------------------------------------- retransmissions

example(
    "RFC7077-4.1-D",
    fires=[
        then(upn(), repeated(1, retransmission=False)),
        then(upn(), repeated(1, options=(mn_identifier("mn2@example.com"),))),
    ],
    silent=[
        then(upn(), repeated(1)),
        then(upn(), repeated(1), repeated(1)),
        then(upn(), upa(), wait(5), upn()),
        # The retransmission has overtaken the first attempt.
        then(upn(retransmission=True), repeated(0.5, retransmission=False)),
        upn(retransmission=True),  # the capture has just begun
        then(upn(), repeated(0.02, retransmission=False)),  # a port mirror
    ],
    unclear=[
        then(warm, upn(retransmission=True)),
        then(upn(), repeated(0.06, retransmission=False)),
    ],
    party="LMA",
)
example(
    "RFC7077-5.2-RETX-DELAY",
    fires=[then(upn(), repeated(0.2)), then(upn(), repeated(0.44))],
    silent=[
        then(upn(), repeated(1)),
        then(upn(), upa(), wait(0.1), upn()),
        then(upn(retransmission=True), repeated(0.2, retransmission=False)),
    ],
    unclear=[
        then(upn(), repeated(0.7)),
        then(upn(), repeated(0.2), routed),
        then(upn(), repeated(0.06)),
    ],
    lesser=[(then(upn(), repeated(1), repeated(1)), Severity.INFO)],
    party="LMA",
)
example(
    "RFC7077-5.1-SEQ-MONO",
    fires=[
        then(upn(sequence=41), upa(), wait(60), upn(sequence=40, mn="mn2@example.com")),
        then(upn(sequence=41), upa(), wait(60), upn(sequence=41, mn="mn2@example.com")),
        then(upn(sequence=41), upa(), wait(60), upn(sequence=41)),
        then(upn(sequence=2), upa(), wait(60), upn(sequence=65535)),
    ],
    silent=[
        then(upn(), upa(), wait(60), upn()),
        then(upn(sequence=65535), upa(), wait(60), upn(sequence=0)),
        then(upn(), repeated(1)),
        then(upn(sequence=41), wait(60), lambda s: s.upn(s.other, sequence=7)),
        then(upn(sequence=41), wait(60), upn(sequence=40, retransmission=True)),
        late_start(upn(sequence=7)),
    ],
    unclear=[
        then(upn(sequence=41), wait(0.5), upn(sequence=40)),
        then(upn(sequence=20000), upa(), wait(60), upn(sequence=7)),
    ],
    party="LMA",
)
example(
    "RFC7077-5.2-BE-STOP",
    fires=[then(registered, upn(), error, wait(60), upn())],
    silent=[
        then(registered, upn(), upa(), wait(60), upn()),
        then(registered, upn(), error, wait(60), lambda s: s.upn(s.other)),
        then(registered, upn(), error, wait(1), upn()),
        then(registered, upn(), error, repeated(5)),
        then(registered, upn(), wait(0.1), bri(), error, wait(60), upn()),
        then(registered, upn(), lost(error), wait(60), upn()),
    ],
    unclear=[then(registered, upn(sequence=7), error, wait(60), upn(sequence=900))],
    party="LMA",
)

# -------------------------------------------------------------------- what a notification asks


def lte(**parts: Any) -> Play:
    """Send a PBU over the LTE path."""
    return lambda s: s.pbu(s.lte, **parts)


def agreed(reason: int = 1) -> Play:
    """The LTE path is registered, a UPN asks for a PBU, and the MAG says yes."""
    return then(registered, upn(reason=reason), upa())


def wifi(s: Stage) -> None:
    """The mobile node moves to another MAG."""
    s.pbu(s.plain, hi=3)


example(
    "RFC7077-6.1-FORCE-REREG",
    fires=[then(agreed(), wait(7), lte())],
    silent=[
        then(agreed(), wait(1), lte()),
        then(agreed(), wait(1), lte(), wait(60), lte()),
        then(registered, upn(), wait(1), lte(), wait(30)),
        then(registered, upn(), upa(status=132), wait(60), lte()),
        then(registered, upn(reason=2), upa(), wait(60), lte()),
        then(registered, upn(mn="mn2@example.com"), upa(), wait(60), lte()),
        then(registered, upn(mn=None, options=(GROUP,)), upa(), wait(60), lte()),
        then(agreed(), wait(1), lte(lifetime=0), lambda s: s.pba(), wait(60), lte(hi=1)),
        then(agreed(), wait(7), wifi),
        then(agreed(), wait(7)),  # the capture ends
    ],
    unclear=[
        then(agreed(), wait(20)),
        then(registered, upn(acknowledge=False), wait(60), lte()),
        then(agreed(), missing(), wait(7), lte()),
        late_start(upn(), upa(), missing(), wait(60), lte()),
    ],
    party="MAG",
)
example(
    "RFC7077-6.1-ANI",
    fires=[then(agreed(4), wait(7), lte())],
    silent=[
        then(agreed(4), wait(1), lte(also=(ACCESS_NETWORK,)), wait(30)),
        then(agreed(4), wait(7), lte(also=(ACCESS_NETWORK,))),
        then(agreed(4), wait(1), lte()),  # another may follow
        then(registered, upn(reason=4), upa(status=132), wait(60), lte()),
        then(agreed(4), wait(7), wifi),
        then(agreed(4), wait(7), lte(), lambda s: s.cut(40)),
    ],
    unclear=[
        then(agreed(4), wait(20)),
        then(agreed(4), wait(1), lte(), wait(20)),
        then(registered, upn(reason=4, acknowledge=False), wait(60), lte()),
        then(agreed(4), missing(), wait(7), lte()),
    ],
    party="MAG",
)

# ---------------------------------------------------------------------------------- RFC 7864

PREFIX = "2001:db8:100::/64"
OTHER = "2001:db8:200::/64"


def attach(hi: int = 6, **parts: Any) -> Play:
    """The mobile node attaches by a second interface, to another MAG."""

    def act(s: Stage) -> None:
        s.register(s.plain)
        s.wait(5)
        s.pbu(s.other, hi=hi, att=4, **{"hnp": PREFIX, **parts})
        s.wait(0.02)

    return act


def pba(**parts: Any) -> Play:
    """Answer by a PBA."""
    return lambda s: s.pba(**parts)


example(
    "RFC7864-3.2.1-HI6",
    fires=[
        then(attach(), pba(hnp=OTHER)),
        then(attach(hnp=(PREFIX, OTHER)), pba(hnp=PREFIX)),
    ],
    silent=[
        then(attach(), pba()),
        then(attach(hi=1), pba(hnp=OTHER)),
        then(attach(hnp="::/0"), pba(hnp=OTHER)),
        then(attach(), pba(status=155)),
        then(attach(), pba(hnp=OTHER), lambda s: s.cut(60)),
        then(lost(attach()), pba(hnp=OTHER)),
    ],
    unclear=[then(attach(), pba(hnp=(PREFIX, OTHER)))],
    party="LMA",
)
