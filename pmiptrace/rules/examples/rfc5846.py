"""Plays for the rules on binding revocation."""

from __future__ import annotations

from typing import Any

from pmiptrace.model import Status
from pmiptrace.packet.numbers import MOBILITY_HEADER
from pmiptrace.rules.examples.acts import registered, then
from pmiptrace.rules.examples.example import example
from pmiptrace.rules.examples.rfc8278_session import both, late_start, lost, missing, wait
from pmiptrace.rules.examples.stage import Play, Stage, unknown
from pmiptrace.testing.trace import home_network_prefix
from pmiptrace.wire.messages import BindingRevocationAcknowledgement, BindingRevocationMessage
from pmiptrace.wire.options.rfc4283 import MnIdentifier
from pmiptrace.wire.options.rfc5555 import Ipv4HomeAddress
from pmiptrace.wire.options.rfc5844 import Ipv4HomeAddressRequest
from pmiptrace.wire.options.rfc6275 import AlternateCareOfAddress, PadN

PREFIX = "2001:db8:100::/64"
IPV4 = bytes([192, 0, 2, 1])
REQUESTED = Ipv4HomeAddressRequest(prefix_length=32, home_address=IPV4)
DUAL_STACK = Ipv4HomeAddress(prefix_length=32, home_address=IPV4)
BRA_7 = BindingRevocationAcknowledgement(status=0, sequence=7, proxy=True)
ALL = {"global_revocation": True, "trigger": 128}


def bri(**parts: Any) -> Play:
    """Send a BRI for the LTE path."""
    return lambda s: s.bri(s.lte, **parts)


def bra(**parts: Any) -> Play:
    """Answer it 20 ms later."""

    def act(s: Stage) -> None:
        s.wait(0.02)
        s.bra(**parts)

    return act


def again(seconds: float) -> Play:
    """The last message is sent again."""

    def act(s: Stage) -> None:
        s.wait(seconds)
        s.again(s.sent[-1])

    return act


def routed(s: Stage) -> None:
    """The last message was captured behind three routers."""
    s.behind(MOBILITY_HEADER, s.payload, hop_limit=61)


def warm(s: Stage) -> None:
    """The capture has run for a minute."""
    s.register(s.other, "early@example.com")
    s.wait(60)


# ------------------------------------------------------------------------- the messages alone

example(
    "RFC5846-5-TYPE",
    fires=[
        lambda s: s.send(s.lma, s.lte.address, BindingRevocationMessage(revocation_type=0)),
        lambda s: s.send(s.lma, s.lte.address, BindingRevocationMessage(revocation_type=3)),
    ],
    silent=[bri(), then(bri(), bra())],
)
example(
    "RFC5846-5.1-P-MNID",
    fires=[
        bri(mn=None, options=(home_network_prefix(PREFIX),)),
        then(registered, bri(mn=None, from_mag=True, **ALL)),
    ],
    silent=[
        bri(),
        bri(mn=None, proxy=False),
        then(bri(mn=None, options=(PadN(data=bytes(6)),)), lambda s: s.cut(14)),
    ],
    # As section 8.1 wants it of an LMA, and section 5.1 does not.
    unclear=[bri(mn=None, **ALL), then(registered, bri(mn=None, **ALL))],
)
example(
    "RFC5846-6.1.1-P",
    fires=[
        then(registered, bri(proxy=False)),
        then(registered, bri(proxy=False, from_mag=True, **ALL)),
    ],
    silent=[
        then(registered, bri()),
        # A home agent and its mobile node, for all that the capture shows.
        bri(proxy=False),
        then(registered, lambda s: s.bri(s.other, proxy=False)),
    ],
)
example(
    "RFC5846-6.1.1-G-TRIGGER",
    fires=[
        bri(global_revocation=True, trigger=1),
        bri(trigger=128),
        bri(trigger=249),
    ],
    silent=[
        bri(),
        bri(trigger=127),
        bri(global_revocation=True, trigger=128),
        bri(global_revocation=True, trigger=129),
        bri(trigger=250),
        bri(global_revocation=True, trigger=255),
    ],
)
example(
    "RFC5846-6.1.1-V",
    fires=[
        bri(ipv4_only=True),
        bri(ipv4_only=True, options=(DUAL_STACK,)),
        bri(ipv4_only=True, proxy=False, options=(REQUESTED,)),
        bri(options=(REQUESTED,)),
        bri(proxy=False, options=(DUAL_STACK,)),
    ],
    silent=[
        bri(),
        bri(ipv4_only=True, options=(REQUESTED,)),
        bri(ipv4_only=True, proxy=False, options=(DUAL_STACK,)),
        then(bri(ipv4_only=True, options=(REQUESTED,)), lambda s: s.cut(16)),
    ],
)
example(
    "RFC5846-5.1-MNID-SUBTYPE",
    fires=[bri(mn=None, options=(MnIdentifier(subtype=3, identifier=b"\x12\x34"),))],
    silent=[bri(), bri(mn=None, proxy=False)],
)
example(
    "RFC5846-9.2-MAG",
    fires=[
        then(registered, bri(from_mag=True)),
        then(registered, bri(from_mag=True, global_revocation=True, trigger=129)),
    ],
    silent=[
        then(registered, bri(from_mag=True, **ALL)),
        then(registered, bri()),
        bri(from_mag=True),  # who is who was not seen
        late_start(bri(from_mag=True)),
    ],
    party="MAG",
)
example(
    "RFC5846-5.1-RESERVED",
    fires=[bri(reserved=1), bri(reserved=0x1000)],
    silent=[bri(), bri(ipv4_only=True, global_revocation=True)],
)
example(
    "RFC5846-5.2-RESERVED",
    fires=[then(bri(), bra(reserved=1))],
    silent=[then(bri(), bra()), then(bri(reserved=1), bra())],
)

# ---------------------------------------------------------------------- the acknowledgement

example(
    "RFC5846-6.1.2-ACK",
    fires=[
        then(registered, bri(), again(1), wait(30)),
        then(bri(), wait(30)),
    ],
    silent=[
        then(registered, bri(), bra(), wait(30)),
        then(registered, bri(), again(1), bra(), wait(30)),
        then(registered, bri(), lambda s: s.binding_error(), wait(30)),
        then(registered, bri(), wait(5)),  # the capture ends
        # Only what goes to the MAG was captured.
        then(lost(lambda s: s.pbu(s.lte)), lambda s: s.pba(), wait(1), bri(), wait(30)),
        # The BRA was seen, its initiator did not get it and tries once more.
        then(registered, bri(), bra(), lambda s: s.wait(1), bri(sequence=1), wait(30)),
    ],
    status=Status.INCONCLUSIVE,
    party="unknown",
)
example(
    "RFC5846-6.1.2-SEQ",
    fires=[then(warm, bri(sequence=7), bra(sequence=8))],
    silent=[
        then(warm, bri(sequence=7), bra()),
        then(warm, bri(sequence=7), bra(), bra()),  # each attempt may get an answer
        then(warm, bri(sequence=7), wait(15), bra()),  # late
        then(warm, lost(bri()), bra()),
        then(bri(sequence=7), bra(sequence=8)),  # the capture has just begun
    ],
    status=Status.INCONCLUSIVE,
    party="unknown",
)
example(
    "RFC5846-6.1.2-PGV",
    fires=[
        then(bri(), bra(proxy=False)),
        then(bri(mn=None, **ALL), bra(global_revocation=False)),
        then(bri(ipv4_only=True, options=(REQUESTED,)), bra(ipv4_only=False)),
    ],
    silent=[
        then(bri(), bra()),
        then(bri(mn=None, **ALL), bra()),
        then(bri(), lost(bri()), bra(ipv4_only=True)),
        then(lost(bri()), bra(proxy=False)),
    ],
)
example(
    "RFC5846-6.1.2-DST",
    fires=[
        then(
            bri(sequence=7),
            wait(0.02),
            lambda s: s.send(s.lte.address, "2001:db8:f::2", BRA_7),
        )
    ],
    silent=[
        then(bri(sequence=7), bra()),
        then(
            bri(sequence=7),
            lambda s: s.send(s.other.address, "2001:db8:f::2", BRA_7),
        ),
    ],
    status=Status.INCONCLUSIVE,
)

# ------------------------------------------------------------------------------- the initiator

example(
    "RFC5846-6.3-RETX",
    fires=[then(bri(), again(0.2)), then(bri(), again(0.4))],
    silent=[
        then(bri(), again(1)),
        then(bri(), again(0.5)),
        then(bri(), again(3)),
        then(bri(), bra(), wait(0.1), bri()),  # another BRI
        then(bri(sequence=7), again(0.02)),  # a port mirror
    ],
    unclear=[
        then(bri(), again(1), again(2)),
        then(bri(), again(1), again(1)),
        then(bri(), again(0.2), routed),
        then(bri(), again(0.06)),
    ],
)


def to_two(s: Stage) -> None:
    """BRIs with one number go to two MAGs."""
    s.first = s.bri(s.lte, sequence=7)
    s.wait(0.1)
    s.second = s.bri(s.other, "mn2@example.com", sequence=7)
    s.wait(0.1)


example(
    "RFC5846-5.1-SEQ-UNIQUE",
    fires=[then(registered, to_two, lambda s: s.bra(s.first))],
    silent=[
        then(bri(), again(1), bra()),
        then(bri(sequence=7), bra(), wait(5), bri(sequence=7, mn="mn2@example.com")),
        then(
            lambda s: s.bri(s.lte, sequence=7),
            bra(),
            wait(0.1),
            lambda s: s.bri(s.other, "mn2@example.com", sequence=7),
            bra(),
        ),
        then(lambda s: s.bri(s.lte, sequence=7), lambda s: s.bri(s.other, sequence=8), bra()),
    ],
    unclear=[
        # The answer in between may not have been captured.
        to_two,
        then(bri(sequence=7), wait(5), bri(sequence=7, mn="mn2@example.com")),
        # It may be the answer to the second of two attempts.
        then(
            lambda s: s.bri(s.lte, sequence=7),
            again(1),
            lambda s: s.bri(s.other, "mn2@example.com", sequence=7),
            lambda s: s.bra(s.sent[0]),
        ),
    ],
    party="LMA",
)

# ----------------------------------------------------------------------------- the bindings


def revoked(s: Stage) -> None:
    """The binding of the LTE path was revoked."""
    registered(s)
    s.bri(s.lte)
    s.wait(0.02)
    s.bra()


def lte(**parts: Any) -> Play:
    """Send a PBU over the LTE path."""
    return lambda s: s.pbu(s.lte, **parts)


example(
    "RFC5846-9.1-REFRESH-AFTER-REVOKE",
    fires=[then(revoked, wait(60), lte(hi=5))],
    silent=[
        then(revoked, wait(60), lte(hi=1)),
        then(revoked, wait(60), lte(hi=4)),
        then(revoked, wait(0.2), lte(hi=5)),
        then(revoked, wait(60), lte(lifetime=0)),
        then(revoked, wait(60), lambda s: s.pbu(s.lte, "mn2@example.com", hi=5)),
        then(registered, bri(), bra(status=132), wait(60), lte(hi=5)),
        # It was never answered: the MAG may not have got it.
        then(registered, bri(), again(1), wait(60), lte(hi=5)),
        # Only the IPv4 address was revoked.
        then(
            registered,
            bri(ipv4_only=True, options=(REQUESTED,)),
            bra(),
            wait(60),
            lte(hi=5),
        ),
        # The PBU was on its way before the BRI, and is repeated.
        then(registered, lte(), wait(0.9), bri(), wait(0.01), bra(), wait(0.6), lte()),
        late_start(bri(), bra(), wait(60), lte(hi=5)),
    ],
    unclear=[then(revoked, missing(), wait(60), lte(hi=5))],
    party="MAG",
)


def to_elsewhere(*options: Any, **flags: Any) -> Play:
    """The LMA sends a BRI to an address of the MAG that is no path's."""

    def act(s: Stage) -> None:
        path = s.lte.mag.path("2001:db8:a::99")
        s.bri(path, options=options, **flags)

    return act


example(
    "RFC5846-5.1-8278-GAP",
    fires=[then(both, to_elsewhere())],
    silent=[
        then(
            both,
            lambda s: to_elsewhere(AlternateCareOfAddress(care_of_address=s.lte.address))(s),
        ),
        then(both, bri()),  # to the address of one path
        then(registered, to_elsewhere()),
        then(lambda s: s.register(s.lte, multipath=False), wait(5), to_elsewhere()),
        late_start(to_elsewhere()),
        then(both, to_elsewhere(unknown(63, 8, 11, 1, 0, 0, 0))),
    ],
    unclear=[
        then(both, missing(), lte(), to_elsewhere()),
        # To the MAG that the mobile node has left, which the capture does not show.
        then(both, lambda s: s.bri(s.other, trigger=2)),
        then(both, to_elsewhere(trigger=3)),
    ],
    party="LMA",
)
