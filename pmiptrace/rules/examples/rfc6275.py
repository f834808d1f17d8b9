"""Plays for the rules of RFC 6275 and RFC 4283 that judge one message or one exchange."""

from __future__ import annotations

from pmiptrace.address import address_octets
from pmiptrace.model import Severity
from pmiptrace.rules.examples.acts import (
    LMA,
    LTE,
    MN,
    cut,
    mmb,
    pba,
    pbu,
    plain,
    put,
    registered,
    then,
    unseen,
)
from pmiptrace.rules.examples.example import example
from pmiptrace.rules.examples.stage import Play, Stage, unknown
from pmiptrace.testing.trace import mag_identifier, mn_identifier
from pmiptrace.wire.messages import (
    BindingError,
    BindingRefreshRequest,
    Heartbeat,
)
from pmiptrace.wire.options.rfc5213 import (
    HomeNetworkPrefix,
    Timestamp,
)
from pmiptrace.wire.options.rfc6275 import (
    AlternateCareOfAddress,
    BindingAuthorizationData,
    BindingRefreshAdvice,
    PadN,
)


def good_then_bad(s: Stage) -> None:
    """Send a PBU with a right checksum, and one with a wrong one."""
    s.pbu(s.lte)
    s.wait(1)
    s.pbu(s.lte, MN)
    s.flip()


example(
    "RFC6275-9.2-CHECKSUM",
    fires=[
        good_then_bad,
        then(pbu(), lambda s: s.flip()),  # the capture ends, and nobody answered
        then(pbu(), pba(), lambda s: s.wait(5), pbu(), lambda s: s.flip(), pba()),
    ],
    silent=[
        pbu(),
        then(pbu(), lambda s: s.flip(), pba()),  # offload: the only PBU is answered
        lambda s: s.pbu(s.mag(None).path("192.0.2.1"), lma="192.0.2.9"),
    ],
    unclear=[then(pbu(), lambda s: s.flip(), cut(100))],
)
example(
    "RFC6275-9.2-PAYLOAD-PROTO",
    fires=[then(pbu(), put(0, 0))],
    silent=[pbu()],
)


def only_first_eight(s: Stage) -> None:
    """The last message says Header Len 0, and ends there."""

    def edit(payload: bytearray) -> None:
        del payload[8:]
        payload[1] = 0

    s.spoil(edit)


example(
    "RFC6275-9.2-HDRLEN",
    fires=[
        then(pbu(), only_first_eight),
        then(pbu(), put(1, 0)),
        then(lambda s: s.send(LMA, LTE, BindingError(status=2)), put(1, 1)),
    ],
    silent=[
        pbu(),
        lambda s: s.send(LMA, LTE, BindingRefreshRequest()),
        lambda s: s.send(LMA, LTE, BindingError(status=2)),
    ],
)


def longer(octets: int) -> Play:
    """Have octets behind the last message."""
    return lambda s: s.spoil(lambda payload: payload.extend(bytes(octets)))


example(
    "RFC6275-6.1.1-LEN-EXCEEDS",
    fires=[
        then(pbu(), lambda s: s.spoil(lambda p: p.__setitem__(1, p[1] + 1), checksum=False)),
        then(pbu(), lambda s: s.spoil(lambda p: p.__delitem__(slice(4, None)), checksum=False)),
    ],
    silent=[pbu()],
    lesser=[(then(pbu(), longer(8)), Severity.INFO)],
    unclear=[then(pbu(), cut(50)), then(pbu(), cut(3))],
)
example(
    "RFC6275-6.1.1-RESERVED",
    fires=[then(pbu(), put(3, 1))],
    silent=[pbu()],
)
example(
    "RFC6275-6.1.2-RESERVED",
    fires=[lambda s: s.send(LMA, LTE, BindingRefreshRequest(reserved=1))],
    silent=[lambda s: s.send(LMA, LTE, BindingRefreshRequest())],
)
example(
    "RFC6275-6.1.7-RESERVED",
    fires=[pbu(reserved=1), pbu(reserved=8, proxy=False)],
    silent=[pbu(dmm=True, multicast=True)],
)
example(
    "RFC6275-6.1.8-RESERVED",
    fires=[then(pbu(), pba(reserved=1))],
    silent=[then(pbu(), pba(dmm=True))],
)
example(
    "RFC6275-6.1.9-RESERVED",
    fires=[lambda s: s.send(LMA, LTE, BindingError(status=2, reserved=7))],
    silent=[lambda s: s.send(LMA, LTE, BindingError(status=2))],
)
example(
    "RFC6275-9.2-MHTYPE",
    fires=[then(pbu(), put(2, 200))],
    silent=[pbu(), lambda s: s.send(LTE, LMA, Heartbeat(sequence=1))],
)


def last_option_runs_over(s: Stage) -> None:
    """The last option of the message gets a Length beyond the end."""

    def edit(payload: bytearray) -> None:
        payload += bytes((200, 20, 1, 2, 3, 4, 5, 6))
        payload[1] += 1

    s.spoil(edit)


def lone_type(s: Stage) -> None:
    """The message ends with a Type octet."""

    def edit(payload: bytearray) -> None:
        payload += bytes((1, 5, 0, 0, 0, 0, 0, 200))
        payload[1] += 1

    s.spoil(edit)


example(
    "RFC6275-6.2-OPT-OVERRUN",
    fires=[then(pbu(), last_option_runs_over), then(pbu(), lone_type)],
    silent=[
        pbu(),
        then(pbu(), lambda s: s.spoil(lambda p: p.__setitem__(1, p[1] + 1), checksum=False)),
    ],
    unclear=[then(pbu(), last_option_runs_over, cut(60))],
)


def misaligned(s: Stage) -> None:
    """Put an unaligned Home Network Prefix option behind all others."""

    def edit(payload: bytearray) -> None:
        payload += bytes((22, 18, 0, 64)) + bytes(16) + bytes((1, 2, 0, 0))
        payload[1] += 3

    s.spoil(edit)


example(
    "RFC6275-6.2-ALIGN",
    fires=[then(plain(without=[22]), misaligned)],
    silent=[pbu(), plain(), pbu(also=[mmb(), mag_identifier("m")])],
)
example(
    "RFC6275-6.2.3-PADN-ZERO",
    fires=[pbu(also=[PadN(data=b"\xde\xad")])],
    silent=[pbu(also=[PadN(data=b"\0\0")])],
)
example(
    "RFC6275-6.2.2-PAD1-RUN",
    fires=[
        then(
            pbu(),
            longer(8),
            lambda s: s.set(1, s.payload[1] + 1),
        )
    ],
    silent=[pbu(also=[PadN(data=bytes(4))]), then(pbu(), pba())],
)
example(
    "RFC6275-6.2-OPT-LENGTH",
    fires=[
        plain(without=[23], also=[unknown(23, 1)]),
        plain(replacing=[HomeNetworkPrefix(excess=b"\0\0")]),
    ],
    silent=[
        plain(),
        pbu(replacing=[mmb(excess=b"\0")]),
        pbu(without=[64], also=[unknown(64, 1)]),
        plain(also=[unknown(200, 1, 2, 3)]),
    ],
    unclear=[then(plain(), cut(60))],
)
example(
    "RFC6275-6.2.7-AUTH-LAST",
    fires=[
        plain(also=[BindingAuthorizationData(authenticator=bytes(12)), PadN(data=bytes(2))]),
    ],
    silent=[plain(also=[BindingAuthorizationData(authenticator=bytes(12))])],
    unclear=[],
)
example(
    "RFC4283-3.2-MNID-BEFORE-AUTH",
    fires=[plain(without=[8], also=[unknown(9, 1, 0, 0, 1, 0, 7), mn_identifier(MN)])],
    silent=[plain(also=[unknown(9, 1, 0, 0, 1, 0, 7)])],
)


def from_address(address: str) -> Play:
    """Send a PBU from that address."""
    return lambda s: s.pbu(s.mag(None).path(address))


def alternate(address: str) -> AlternateCareOfAddress:
    """Give the Alternate Care-of Address option."""
    return AlternateCareOfAddress(care_of_address=address_octets(address))


example(
    "RFC6275-6.1.7-COA-UNICAST",
    fires=[
        from_address("fe80::1"),
        from_address("::"),
        plain(also=[alternate("ff02::1")]),
        plain(also=[alternate("::1")]),
    ],
    silent=[
        plain(),
        from_address("fd00::1"),
        plain(also=[alternate("2001:db8::7")]),
        lambda s: s.pbu(s.mag(None).path("fe80::1"), also=[alternate("2001:db8::7")]),
    ],
    party="MAG",
)
example(
    "RFC5213-5.5-SEQ-IGNORED-TS",
    fires=[then(plain(), pba(status=135))],
    silent=[
        then(plain(without=[27]), pba(status=135, without=[27])),
        then(plain(), pba(status=157, replacing=[Timestamp(timestamp=5)])),
    ],
    unclear=[then(plain(), unseen, pba(status=135))],
    party="LMA",
)
example(
    "RFC6275-10.3.1-SEQ-COPY",
    fires=[then(plain(), pba(sequence=7))],
    silent=[
        then(plain(), pba()),
        then(plain(without=[27], sequence=9), pba(status=135, sequence=7)),
        then(plain(), lambda s: s.wait(1), plain(), pba()),
    ],
    unclear=[
        then(plain(without=[27]), pba(sequence=7)),
        then(plain(), unseen, pba(sequence=7)),
    ],
    party="LMA",
)
example(
    "RFC6275-10.3.1-LIFETIME-MAX",
    fires=[then(plain(lifetime=300), pba(lifetime=304))],
    silent=[
        then(plain(lifetime=300), pba(lifetime=300)),
        then(plain(lifetime=300), pba(lifetime=100)),
        then(plain(lifetime=0), pba(lifetime=100)),
    ],
    unclear=[then(plain(lifetime=300), unseen, pba(lifetime=304))],
    party="LMA",
)
example(
    "RFC6275-10.3.2-DEREG-LIFETIME",
    fires=[then(registered, pbu(lifetime=0), pba(lifetime=3600))],
    silent=[then(registered, pbu(lifetime=0), pba()), then(pbu(), pba())],
    unclear=[then(registered, pbu(lifetime=0), unseen, pba(lifetime=3600))],
    party="LMA",
)
example(
    "RFC6275-6.1.8-ZERO-GRANT",
    fires=[then(pbu(), pba(lifetime=0))],
    silent=[then(registered, pbu(lifetime=0), pba()), then(pbu(), pba(status=130))],
    unclear=[then(pbu(), unseen, pba(lifetime=0))],
    party="LMA",
)
example(
    "RFC6275-6.2.4-BRA",
    fires=[
        then(pbu(lifetime=300), pba(also=[BindingRefreshAdvice(refresh_interval=75)])),
        then(
            registered,
            pbu(lifetime=0),
            pba(also=[BindingRefreshAdvice(refresh_interval=10)]),
        ),
        pbu(also=[BindingRefreshAdvice(refresh_interval=10)]),
    ],
    silent=[
        then(pbu(lifetime=300), pba(also=[BindingRefreshAdvice(refresh_interval=74)])),
        then(pbu(), pba(status=130, also=[BindingRefreshAdvice(refresh_interval=74)])),
    ],
)
