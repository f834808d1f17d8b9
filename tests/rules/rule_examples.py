"""For every rule that judges one message or one exchange: plays that fire it, that come close and
must stay silent, and that leave it open because the capture does not show enough.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from rule_stage import Play, Stage, unknown

from pmiptrace.address import address_octets
from pmiptrace.model import SECOND, Severity, Status
from pmiptrace.packet.checksum import mobility_header_checksum
from pmiptrace.rules.rule import RuleOptions
from pmiptrace.testing import START, home_network_prefix, mag_identifier, mn_identifier
from pmiptrace.wire.messages import (
    BindingError,
    BindingRefreshRequest,
    Heartbeat,
    UpdateNotification,
)
from pmiptrace.wire.options.rfc4283 import MnIdentifier
from pmiptrace.wire.options.rfc5213 import (
    AccessTechnologyType,
    HandoffIndicator,
    HomeNetworkPrefix,
    LinkLocalAddress,
    MnLinkLayerIdentifier,
    Timestamp,
)
from pmiptrace.wire.options.rfc5844 import Ipv4HomeAddressReply, Ipv4HomeAddressRequest
from pmiptrace.wire.options.rfc5847 import RestartCounter
from pmiptrace.wire.options.rfc6275 import (
    AlternateCareOfAddress,
    BindingAuthorizationData,
    BindingRefreshAdvice,
    PadN,
)
from pmiptrace.wire.options.rfc8278 import MagIdentifier, MagMultipathBinding

MN = "mn1@example.com"
LTE = "2001:db8:a::1"
LMA = "2001:db8:f::1"
MAC = bytes.fromhex("02005e100001")


class Example(Struct, kw_only=True):
    """Plays that show what a rule says and what it does not say."""

    fires: list[Play]
    silent: list[Play]
    unclear: list[Play] = []
    """The rule may be inconclusive here; it must not accuse."""
    lesser: list[tuple[Play, Severity]] = []
    """It fires with another severity than the catalogue's."""
    status: Status = Status.FAIL
    party: str | None = None
    options: RuleOptions | None = None


EXAMPLES: dict[str, Example] = {}


def example(rule: str, **parts: object) -> None:
    assert rule not in EXAMPLES
    EXAMPLES[rule] = Example(**parts)  # type: ignore[arg-type]


def then(*acts: Callable[[Stage], object]) -> Play:
    """Put several acts into one play."""

    def play(s: Stage) -> None:
        for act in acts:
            act(s)

    return play


def mmb(**parts: object) -> MagMultipathBinding:
    """The MAG Multipath Binding option of the LTE path, with some parts changed."""
    return MagMultipathBinding(**{"if_att": 8, "if_label": 11, "bid": 1, **parts})  # type: ignore[arg-type]


def pbu(**parts: object) -> Play:
    return lambda s: s.pbu(s.lte, **parts)  # type: ignore[arg-type]


def plain(**parts: object) -> Play:
    return lambda s: s.pbu(s.plain, **parts)  # type: ignore[arg-type]


def pba(**parts: object) -> Play:
    def act(s: Stage) -> None:
        s.wait(0.02)
        s.pba(**parts)  # type: ignore[arg-type]

    return act


def registered(s: Stage) -> None:
    """The LTE path is registered; 10 s go by."""
    s.register(s.lte)
    s.wait(10)


def unseen(s: Stage) -> None:
    """The capture misses the last message."""
    s.unseen_last()


def cut(octets: int) -> Play:
    return lambda s: s.cut(octets)


def late(*acts: Play) -> Play:
    """The capture runs for longer than the warm-up before the play begins."""
    return then(lambda s: s.pbu(s.other, "early@example.com"), lambda s: s.wait(60), *acts)


def put(offset: int, *octets: int) -> Play:
    return lambda s: s.set(offset, *octets)


# ==================================================================================== RFC 8278

example(
    "RFC8278-4.1-BO-EXCLUSIVE",
    fires=[
        pbu(bulk=True, overwrite=True),
        then(pbu(), pba(replacing=[mmb(bulk=True, overwrite=True)])),
    ],
    silent=[
        pbu(bulk=True),
        pbu(overwrite=True),
    ],
    unclear=[then(pbu(bulk=True, overwrite=True), unseen, pba())],
)
example(
    "RFC8278-4.1-O-DEREG",
    fires=[then(registered, pbu(lifetime=0, overwrite=True))],
    silent=[then(registered, pbu(overwrite=True)), then(registered, pbu(lifetime=0))],
    party="MAG",
)
example(
    "RFC8278-4.1-MMB-RESERVED",
    fires=[
        pbu(replacing=[mmb(reserved=1)]),
        then(pbu(), pba(replacing=[mmb(reserved=1 << 21)])),
    ],
    silent=[pbu(bulk=True)],
    unclear=[then(pbu(replacing=[mmb(reserved=1)]), unseen, pba())],
)
example(
    "RFC8278-4.2-MAGID-RESERVED",
    fires=[
        pbu(replacing=[MagIdentifier(subtype=1, reserved=ord("m"), identifier=b"ag@example.com")])
    ],
    silent=[pbu()],
    party="MAG",
)
example(
    "RFC8278-4.3-REJECT-CODE",
    fires=[then(pbu(), pba(status=129)), then(pbu(), pba(status=128))],
    silent=[
        then(pbu(), pba(status=180)),
        then(pbu(), pba(status=130)),
        then(pbu(), pba(status=154)),
        then(plain(), pba(status=129)),
        then(registered, pbu(), pba(status=129)),
        then(registered, pbu(lifetime=0), pba(status=129)),
    ],
    lesser=[
        (then(pbu(), pba(status=129, without=[63])), Severity.INFO),
        (then(pbu(force_udp=True), pba(status=129)), Severity.INFO),
        (then(registered, lambda s: s.pbu(s.wlan), pba(status=129)), Severity.INFO),
    ],
    unclear=[then(pbu(), unseen, pba(status=129))],
    party="LMA",
)
example(
    "RFC8278-4.4-MAGID-REQUIRED",
    fires=[pbu(without=[64]), then(registered, pbu(lifetime=0, without=[64]))],
    silent=[pbu(), plain()],
    unclear=[then(pbu(), cut(96))],
    party="MAG",
)
example(
    "RFC8278-4.4-PBA-NO-MAGID",
    fires=[
        then(pbu(), pba(also=[mag_identifier("mag1@example.com")])),
        then(pbu(), pba(status=180, without=[63], also=[mag_identifier("mag1@example.com")])),
    ],
    silent=[then(pbu(), pba())],
    lesser=[
        (then(pbu(), pba(without=[63], also=[mag_identifier("mag1")])), Severity.WARNING),
    ],
    party="LMA",
)
example(
    "RFC8278-4.4-180-ECHO-MMB",
    fires=[
        then(pbu(), pba(status=180, without=[63])),
        then(pbu(), pba(status=180, replacing=[mmb(bid=2)])),
        then(pbu(bulk=True), pba(status=180, replacing=[mmb()])),
        then(pbu(), unseen, pba(status=180, without=[63])),
    ],
    silent=[
        then(pbu(), pba(status=180)),
        then(pbu(replacing=[mmb(reserved=5)]), pba(status=180, replacing=[mmb()])),
        then(pbu(), pba(status=130, without=[63])),
        then(plain(), pba(status=180)),
    ],
    unclear=[
        then(pbu(), unseen, pba(status=180, replacing=[mmb(bid=7)])),
        then(pbu(), pba(status=180, without=[63]), cut(48)),
    ],
    party="LMA",
)
example(
    "RFC8278-4.1-BID-RANGE",
    fires=[
        pbu(replacing=[mmb(bid=0)]),
        pbu(replacing=[mmb(bid=255)]),
        then(pbu(), pba(replacing=[mmb(bid=0)])),
    ],
    silent=[pbu(replacing=[mmb(bid=254)]), pbu(replacing=[mmb(bid=1)])],
    unclear=[then(pbu(replacing=[mmb(bid=0)]), unseen, pba())],
)
example(
    "RFC8278-4.1-IFATT-RANGE",
    fires=[pbu(replacing=[mmb(if_att=0)])],
    silent=[pbu(replacing=[mmb(if_att=1)]), pbu(replacing=[mmb(if_att=13)])],
    lesser=[(pbu(replacing=[mmb(if_att=14)]), Severity.INFO)],
    unclear=[then(pbu(replacing=[mmb(if_att=0)]), unseen, pba())],
)
example(
    "RFC8278-4.1-MMB-LENGTH",
    fires=[
        pbu(without=[63], also=[unknown(63, 8, 11, 1, 0)]),
        pbu(replacing=[mmb(excess=b"\0\0")]),
    ],
    silent=[
        pbu(),
        then(pbu(replacing=[mmb(excess=b"\0\0")]), unseen, pbu(), pba()),
    ],
    unclear=[then(pbu(replacing=[mmb(excess=b"\0\0")]), unseen, pba())],
)
example(
    "RFC8278-4.1-MMB-DUP",
    fires=[pbu(also=[mmb(bid=2)])],
    silent=[pbu()],
)
example(
    "RFC8278-4.2-MAGID-DUP",
    fires=[pbu(also=[mag_identifier("mag2@example.com")])],
    silent=[pbu()],
)
example(
    "RFC8278-4.2-MAGID-LENGTH",
    fires=[pbu(without=[64], also=[unknown(64, 1)]), pbu(without=[64], also=[unknown(64)])],
    silent=[pbu(replacing=[MagIdentifier(subtype=1, identifier=b"m")])],
    lesser=[(pbu(replacing=[MagIdentifier(subtype=1)]), Severity.WARNING)],
)
example(
    "RFC8278-4.2-MAGID-SUBTYPE",
    fires=[
        pbu(replacing=[MagIdentifier(subtype=0, identifier=b"mag1")]),
        pbu(replacing=[MagIdentifier(subtype=9, identifier=b"mag1")]),
        pbu(replacing=[MagIdentifier(subtype=5, identifier=bytes(8))]),
        pbu(replacing=[MagIdentifier(subtype=2, identifier=bytes(4))]),
        pbu(replacing=[MagIdentifier(subtype=1, identifier=b"\xff\xfe")]),
        pbu(replacing=[MagIdentifier(subtype=1, identifier=b"mag1@")]),
        pbu(replacing=[MagIdentifier(subtype=1, identifier=b"a@b@c")]),
    ],
    silent=[
        pbu(replacing=[MagIdentifier(subtype=5, identifier=bytes(6))]),
        pbu(replacing=[MagIdentifier(subtype=6, identifier=bytes(8))]),
        pbu(replacing=[MagIdentifier(subtype=1, identifier=b"mag1")]),
        pbu(replacing=[MagIdentifier(subtype=1, identifier=b"@example.com")]),
        pbu(replacing=[MagIdentifier(subtype=1, identifier=b"a\\@b@example.com")]),
        pbu(replacing=[MagIdentifier(subtype=8, identifier=b"\0\1\2")]),
        pbu(replacing=[MagIdentifier(subtype=1)]),
    ],
)
example(
    "RFC8278-4.1-CTX",
    fires=[
        pbu(proxy=False),
        lambda s: s.send(LTE, LMA, Heartbeat(sequence=1), mmb()),
    ],
    silent=[pbu(), then(pbu(), pba())],
    lesser=[
        (
            lambda s: s.send(
                LMA, LTE, UpdateNotification(sequence=1, reason=1), mn_identifier(MN), mmb()
            ),
            Severity.INFO,
        ),
    ],
)
example(
    "RFC8278-4.4-PBA-MMB-UNSOLICITED",
    fires=[then(plain(), pba(also=[mmb()]))],
    silent=[then(pbu(), pba()), then(plain(), pba())],
    unclear=[then(plain(), unseen, pba(also=[mmb()])), then(plain(), cut(40), pba(also=[mmb()]))],
    party="LMA",
)
example(
    "RFC8278-4.4-PBA-MMB-MISMATCH",
    fires=[then(pbu(), pba(replacing=[mmb(bid=2)]))],
    silent=[
        then(pbu(), pba()),
        then(pbu(replacing=[mmb(reserved=3)]), pba(replacing=[mmb()])),
        then(pbu(), pba(status=180, replacing=[mmb(bid=2)])),
    ],
    lesser=[
        (then(pbu(), pba(replacing=[mmb(if_label=9)])), Severity.INFO),
        (then(pbu(bulk=True), pba(replacing=[mmb()])), Severity.INFO),
    ],
    unclear=[then(pbu(), unseen, pba(replacing=[mmb(bid=2)]))],
    party="LMA",
)
example(
    "RFC8278-4.3-180-UNSOLICITED",
    fires=[then(plain(), pba(status=180))],
    silent=[then(pbu(), pba(status=180)), then(plain(), pba(status=129))],
    unclear=[then(plain(), unseen, pba(status=180))],
    party="LMA",
)
example(
    "RFC8278-4.3-180-DEREG",
    fires=[then(registered, pbu(lifetime=0), pba(status=180))],
    silent=[then(registered, pbu(lifetime=0), pba()), then(pbu(), pba(status=180))],
    unclear=[then(registered, pbu(lifetime=0), unseen, pba(status=180))],
    party="LMA",
)
example(
    "RFC8278-4.1-B-DEREG",
    fires=[then(registered, pbu(lifetime=0, bulk=True))],
    silent=[then(registered, pbu(bulk=True)), then(registered, pbu(lifetime=0))],
    party="MAG",
)
example(
    "RFC8278-3.1-PBA-HNP-SAME",
    fires=[
        then(
            registered,
            lambda s: s.pbu(s.wlan),
            pba(hnp=["2001:db8:100::/64", "2001:db8:200::/64"]),
        )
    ],
    silent=[
        then(registered, lambda s: s.register(s.wlan)),
        then(registered, lambda s: s.pbu(s.wlan), pba(status=129, hnp="2001:db8:200::/64")),
    ],
    unclear=[
        then(
            lambda s: s.pbu(s.lte, hnp="2001:db8:100::/64", hi=5),
            unseen,
            pba(),
            lambda s: s.wait(10),
            lambda s: s.pbu(s.wlan),
            pba(hnp=["2001:db8:100::/64", "2001:db8:200::/64"]),
        )
    ],
    party="LMA",
)

# ==================================================================================== RFC 6275


def good_then_bad(s: Stage) -> None:
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
            lambda s: s.spoil(lambda p: (p.extend(bytes(8)), p.__setitem__(1, p[1] + 1))),  # type: ignore[arg-type, func-returns-value]
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
    return lambda s: s.pbu(s.mag(None).path(address))


def alternate(address: str) -> AlternateCareOfAddress:
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

# =============================================================================== RFC 5213, PBU

example(
    "RFC5213-6.9.1.5-A-FLAG",
    fires=[pbu(acknowledge=False)],
    silent=[pbu(), pbu(acknowledge=False, proxy=False)],
    party="MAG",
)
example(
    "RFC5213-8.1-P-FLAG",
    fires=[plain(proxy=False)],
    silent=[
        plain(),
        plain(proxy=False, without=[22, 23, 24]),
    ],
    party="MAG",
)
for _rule, _number in (
    ("RFC5213-6.9.1.1-MNID", 8),
    ("RFC5213-6.9.1.1-HI", 23),
    ("RFC5213-6.9.1.1-ATT", 24),
):
    example(
        _rule,
        fires=[plain(without=[_number])],
        silent=[plain(), plain(without=[_number], proxy=False)],
        unclear=[then(plain(), cut(20)), then(plain(without=[_number]), last_option_runs_over)],
        party="MAG",
    )
IPV4 = Ipv4HomeAddressRequest(prefix_length=32)
IPV4_OK = Ipv4HomeAddressReply(prefix_length=32, home_address=bytes((192, 0, 2, 7)))
example(
    "RFC5213-6.9.1.1-HNP",
    fires=[plain(without=[22])],
    silent=[plain(), plain(without=[22], also=[IPV4])],
    unclear=[then(plain(), cut(40))],
    party="MAG",
)
example(
    "RFC5213-6.9.1.1-HNP-ZERO-ONCE",
    fires=[plain(hnp=["::/0", "2001:db8:1::/64"])],
    silent=[plain(hnp="::/0"), plain(hnp=["2001:db8:1::/64", "2001:db8:2::/64"])],
    party="MAG",
)
example(
    "RFC5213-8.1-OPT-ONCE",
    fires=[
        plain(also=[HandoffIndicator(indicator=1)]),
        then(plain(), pba(also=[AccessTechnologyType(access_technology=2)])),
    ],
    silent=[plain(hnp=["2001:db8:1::/64", "2001:db8:2::/64"])],
    unclear=[then(plain(also=[HandoffIndicator(indicator=1)]), unseen, pba())],
)
example(
    "RFC5213-8.4-HI-RANGE",
    fires=[plain(hi=0), plain(hi=7)],
    silent=[plain(hi=6), then(plain(without=[23]), pba(also=[HandoffIndicator(indicator=0)]))],
    party="MAG",
)
example(
    "RFC5213-8.5-ATT-RANGE",
    fires=[plain(att=0)],
    silent=[
        plain(att=13),
        then(plain(without=[24]), pba(also=[AccessTechnologyType(access_technology=0)])),
    ],
    lesser=[(plain(att=14), Severity.INFO)],
    party="MAG",
)
for _rule, _option, _clean in (
    ("RFC5213-8.3-RESERVED", HomeNetworkPrefix(reserved=1), HomeNetworkPrefix()),
    (
        "RFC5213-8.4-RESERVED",
        HandoffIndicator(reserved=1, indicator=1),
        HandoffIndicator(indicator=1),
    ),
    (
        "RFC5213-8.5-RESERVED",
        AccessTechnologyType(reserved=1, access_technology=2),
        AccessTechnologyType(access_technology=2),
    ),
    (
        "RFC5213-8.6-RESERVED",
        MnLinkLayerIdentifier(reserved=1, identifier=MAC),
        MnLinkLayerIdentifier(identifier=MAC),
    ),
):
    example(
        _rule,
        fires=[
            plain(link_layer=MAC, replacing=[_option]),
            then(plain(link_layer=MAC), pba(replacing=[_option])),
        ],
        silent=[plain(link_layer=MAC, replacing=[_clean])],
        unclear=[then(plain(link_layer=MAC, replacing=[_option]), unseen, pba())],
    )
example(
    "RFC5213-6.9.1.1-LLID-ZERO",
    fires=[plain(link_layer=bytes(6))],
    silent=[plain(link_layer=MAC), plain()],
    party="MAG",
)
example(
    "RFC5213-8.7-LLA",
    fires=[
        plain(link_local="2001:db8::1"),
        then(
            plain(link_local="::"),
            pba(replacing=[LinkLocalAddress(address=address_octets("2001:db8::1"))]),
        ),
    ],
    silent=[plain(link_local="::"), plain(link_local="fe80::1")],
    unclear=[then(plain(link_local="2001:db8::1"), unseen, pba())],
)
example(
    "RFC5213-8.3-PREFIXLEN",
    fires=[
        plain(hnp="2001:db8:1::1/64"),
        plain(hnp="2001:db8:1::/129"),
        plain(hnp="2001:db8:1::/0"),
    ],
    silent=[plain(hnp="2001:db8:1::/64"), plain(hnp="::/64"), plain(hnp="2001:db8:1::1/128")],
    unclear=[then(plain(hnp="2001:db8:1::1/64"), unseen, pba())],
)
example(
    "RFC5213-6.9.1.4-HI4",
    fires=[then(registered, pbu(lifetime=0, hi=5))],
    silent=[then(registered, pbu(lifetime=0)), then(registered, pbu())],
    party="MAG",
)
example(
    "RFC5213-6.9.1.5-SRC",
    fires=[from_address("fe80::1"), from_address("ff02::1"), from_address("::")],
    silent=[plain(), from_address("fd00::1")],
    party="MAG",
)
example(
    "RFC5213-6.9.1.5-DST",
    fires=[plain(lma="ff02::1")],
    silent=[plain()],
    party="MAG",
)


def with_home_address(s: Stage) -> None:
    home = address_octets("2001:db8:100::7")
    s.carried(home_address=home)
    s.spoil(
        lambda p: p.__setitem__(
            slice(4, 6),
            mobility_header_checksum(home, s.sent[-1].destination, bytes(p)).to_bytes(2),
        ),
        checksum=False,
    )


example(
    "RFC5213-6.9.1.5-NO-HOA",
    fires=[then(plain(), with_home_address)],
    silent=[plain(), then(plain(proxy=False), with_home_address)],
    party="MAG",
)
example(
    "RFC5213-4-IPSEC",
    fires=[plain()],
    silent=[
        then(plain(), lambda s: s.carried(protected=True)),
        then(plain(), lambda s: s.carried(encapsulation=("ESP",))),
    ],
    options=RuleOptions(ipsec=True),
)
example(
    "RFC5213-5.5-TS-WINDOW",
    fires=[lambda s: s.pbu(s.plain, timestamp=s.now - SECOND)],
    silent=[
        plain(),
        plain(without=[27]),
        lambda s: s.pbu(s.plain, timestamp=s.now - SECOND // 4),
    ],
    options=RuleOptions(trust_clock=True),
    party="MAG",
)

# =============================================================================== RFC 5213, PBA

example(
    "RFC5213-8.2-P-FLAG",
    fires=[then(plain(), pba(proxy=False))],
    silent=[then(plain(), pba())],
    lesser=[(then(plain(), pba(proxy=False, status=131)), Severity.INFO)],
    unclear=[then(plain(), unseen, pba(proxy=False))],
    party="LMA",
)
for _rule, _number, _wrong, _right in (
    ("RFC5213-5.3.6-MNID", 8, mn_identifier(MN), MnIdentifier(subtype=1)),
    ("RFC5213-5.3.6-HI", 23, HandoffIndicator(indicator=1), HandoffIndicator(indicator=0)),
    (
        "RFC5213-5.3.6-ATT",
        24,
        AccessTechnologyType(access_technology=2),
        AccessTechnologyType(access_technology=0),
    ),
):
    example(
        _rule,
        fires=[
            then(plain(), pba(without=[_number])),
            then(plain(), unseen, pba(without=[_number])),
            then(plain(without=[_number]), pba(status=160, also=[_wrong])),
        ],
        silent=[
            then(plain(), pba()),
            then(plain(without=[_number]), pba(status=160, also=[_right])),
        ],
        unclear=[
            then(plain(), pba(), cut(20)),
            then(plain(without=[_number]), unseen, pba(status=160, also=[_wrong])),
            then(plain(), cut(20), pba()),
        ],
        party="LMA",
    )
example(
    "RFC5213-5.3.6-ECHO",
    fires=[
        then(plain(hi=1), pba(replacing=[HandoffIndicator(indicator=4)])),
        then(plain(att=2), pba(replacing=[AccessTechnologyType(access_technology=4)])),
        then(plain(), pba(replacing=[mn_identifier("MN1@example.com")])),
        then(plain(link_layer=MAC), pba(replacing=[MnLinkLayerIdentifier(identifier=MAC[::-1])])),
    ],
    silent=[
        then(plain(link_layer=MAC), pba()),
        then(
            plain(replacing=[HandoffIndicator(indicator=1, reserved=1)]),
            pba(replacing=[HandoffIndicator(indicator=1)]),
        ),
    ],
    unclear=[then(plain(), unseen, pba(replacing=[HandoffIndicator(indicator=4)]))],
    party="LMA",
)
example(
    "RFC5213-5.3.6-HNP-PRESENT",
    fires=[then(plain(), pba(without=[22])), then(plain(), pba(status=130, without=[22]))],
    silent=[
        then(plain(), pba()),
        then(plain(without=[22], also=[IPV4]), pba(without=[36], also=[IPV4_OK])),
    ],
    unclear=[
        then(plain(), pba(without=[22]), cut(40)),
        then(plain(), cut(40), pba(without=[22])),
        then(plain(), unseen, pba(without=[22])),
    ],
    party="LMA",
)
example(
    "RFC5213-5.3.6-HNP-REJECT",
    fires=[
        then(plain(hnp="2001:db8:1::/64"), pba(status=155, hnp="::/0")),
        then(plain(without=[22]), pba(status=158, also=[home_network_prefix("2001:db8:1::/64")])),
    ],
    silent=[
        then(plain(hnp="2001:db8:1::/64"), pba(status=155)),
        then(plain(without=[22]), pba(status=158, also=[home_network_prefix("::/0")])),
        then(
            plain(without=[22], also=[IPV4]),
            pba(status=170, also=[home_network_prefix("2001:db8:1::/64")]),
        ),
        then(plain(hnp="2001:db8:1::/64"), pba(status=155, without=[22])),
    ],
    lesser=[
        (
            then(
                plain(hnp="2001:db8:1::/64"),
                pba(status=155, hnp=["2001:db8:1::/64", "2001:db8:2::/64"]),
            ),
            Severity.WARNING,
        )
    ],
    unclear=[
        then(plain(hnp="2001:db8:1::/64"), cut(40), pba(status=155, hnp="::/0")),
        then(plain(hnp="2001:db8:1::/64"), unseen, pba(status=155, hnp="::/0")),
    ],
    party="LMA",
)
example(
    "RFC5213-5.3.6-HNP-ACCEPT",
    fires=[
        then(plain(), pba(hnp="::/0")),
        then(plain(hnp="2001:db8:1::/64"), pba(hnp="2001:db8:2::/64")),
        then(plain(hnp=["2001:db8:1::/64", "2001:db8:2::/64"]), pba(hnp="2001:db8:1::/64")),
    ],
    silent=[
        then(plain(), pba()),
        then(plain(), pba(hnp=["2001:db8:1::/64", "2001:db8:2::/64"])),
        then(plain(hnp="2001:db8:1::/64"), pba()),
    ],
    lesser=[
        (
            then(plain(hnp="2001:db8:1::/64"), pba(hnp=["2001:db8:1::/64", "2001:db8:2::/64"])),
            Severity.WARNING,
        )
    ],
    unclear=[
        then(plain(hnp="2001:db8:1::/64"), unseen, pba(hnp="2001:db8:2::/64")),
        then(plain(hnp=["2001:db8:1::/64", "2001:db8:2::/64"]), pba(), cut(60)),
    ],
    party="LMA",
)
example(
    "RFC5213-5.3.6-TS",
    fires=[
        then(plain(), pba(without=[27])),
        then(plain(without=[27]), pba(also=[Timestamp(timestamp=1)])),
    ],
    silent=[then(plain(), pba()), then(plain(without=[27]), pba())],
    unclear=[
        then(plain(), unseen, pba(without=[27])),
        then(plain(), cut(60), pba()),
        then(plain(), pba(), cut(60)),
    ],
    party="LMA",
)
example(
    "RFC5213-5.5-TS-VALUE",
    fires=[then(plain(), pba(replacing=[Timestamp(timestamp=1)]))],
    silent=[
        then(plain(), pba()),
        then(plain(), pba(status=156, replacing=[Timestamp(timestamp=1)])),
        then(plain(), pba(status=157, replacing=[Timestamp(timestamp=1)])),
    ],
    lesser=[(then(plain(), pba(status=130, replacing=[Timestamp(timestamp=1)])), Severity.WARNING)],
    unclear=[then(plain(), unseen, pba(replacing=[Timestamp(timestamp=1)]))],
    party="LMA",
)
example(
    "RFC5213-5.5-TS-CURRENT",
    fires=[then(plain(timestamp=START - 60 * SECOND), pba(status=157))],
    silent=[
        then(plain(), pba(status=157, replacing=[Timestamp(timestamp=1)])),
        then(plain(), pba(status=130)),
    ],
    # By chance it may be the time of the LMA as well.
    unclear=[then(plain(), pba(status=status)) for status in (156, 157)],
    party="LMA",
)
example(
    "RFC5213-5.3.6-LLID",
    fires=[
        then(plain(link_layer=MAC), pba(without=[25])),
        then(plain(), pba(also=[MnLinkLayerIdentifier(identifier=MAC)])),
    ],
    silent=[then(plain(link_layer=MAC), pba()), then(plain(), pba())],
    unclear=[then(plain(link_layer=MAC), pba(), cut(60))],
    party="LMA",
)


def lla(address: str) -> LinkLocalAddress:
    return LinkLocalAddress(address=address_octets(address))


example(
    "RFC5213-5.3.6-LLA",
    fires=[
        then(plain(link_local="::"), pba(without=[26])),
        then(plain(), pba(also=[lla("fe80::1")])),
        then(plain(link_local="::"), pba()),
        then(plain(link_local="fe80::1"), pba(replacing=[lla("fe80::2")])),
        then(plain(link_local="::"), pba(status=130, replacing=[lla("fe80::2")])),
    ],
    silent=[
        then(plain(), pba()),
        then(plain(link_local="::"), pba(replacing=[lla("fe80::1")])),
        then(plain(link_local="::"), pba(status=130)),
        then(plain(link_local="fe80::1"), pba()),
    ],
    unclear=[then(plain(link_local="::"), pba(), cut(60))],
    party="LMA",
)
example(
    "RFC5213-5.3.6-ADDR",
    fires=[
        then(plain(), pba(source="2001:db8:f::2")),
        then(plain(), pba(destination="2001:db8:c::2")),
    ],
    silent=[then(plain(), pba())],
    unclear=[
        then(plain(without=[27]), pba(source="2001:db8:f::2", sequence=9)),
        then(  # a NAT between the two
            lambda s: s.pbu(s.mag(None).path("192.0.2.1"), lma="192.0.2.9"),
            pba(destination="192.0.2.77"),
        ),
    ],
    party="LMA",
)


def with_routing_header(s: Stage) -> None:
    home = address_octets("2001:db8:100::7")
    s.carried(routing_home_address=home)
    s.spoil(
        lambda p: p.__setitem__(
            slice(4, 6), mobility_header_checksum(s.sent[-1].source, home, bytes(p)).to_bytes(2)
        ),
        checksum=False,
    )


example(
    "RFC5213-5.3.6-NO-RH2",
    fires=[then(plain(), pba(), with_routing_header)],
    silent=[then(plain(), pba())],
    party="LMA",
)
for _rule, _number, _due in (
    ("RFC5213-5.3.1-STATUS-160", 8, 160),
    ("RFC5213-5.3.1-STATUS-158", 22, 158),
    ("RFC5213-5.3.1-STATUS-161", 23, 161),
    ("RFC5213-5.3.1-STATUS-162", 24, 162),
):
    example(
        _rule,
        fires=[then(plain(without=[_number]), pba())],
        silent=[
            then(plain(), pba()),
            then(plain(without=[_number]), pba(status=_due)),
            then(plain(), pba(status=129)),
            then(plain(without=[8, 22, 23, 24]), pba(status=160)),
        ],
        lesser=[(then(plain(without=[_number]), pba(status=154)), Severity.INFO)],
        unclear=[
            then(plain(without=[_number]), unseen, pba()),
            then(plain(), cut(20), pba()),
        ],
        party="LMA",
    )
example(
    "RFC5213-5.3.5-DEREG-STATUS",
    fires=[then(registered, pbu(lifetime=0), pba(status=1))],
    silent=[
        then(registered, pbu(lifetime=0), pba()),
        then(registered, pbu(lifetime=0), pba(status=129)),
        then(pbu(), pba(status=1)),
    ],
    unclear=[then(registered, pbu(lifetime=0), unseen, pba(status=1))],
    party="LMA",
)
GRE = unknown(33, 0, 0)
example(
    "RFC5213-5.3.2-STATUS0",
    fires=[then(pbu(), pba(status=1)), then(registered, lambda s: s.pbu(s.wlan), pba(status=2))],
    silent=[
        then(pbu(), pba()),
        then(pbu(also=[GRE]), pba(status=2)),
        then(registered, pbu(), pba(status=1)),
    ],
    unclear=[then(pbu(), unseen, pba(status=1))],
    party="LMA",
)
example(
    "RFC5213-5.3.3-STATUS0",
    fires=[
        then(registered, pbu(), pba(status=1)),
        then(registered, pbu(bulk=True), pba(status=1)),
    ],
    silent=[
        then(registered, pbu(), pba()),
        then(registered, pbu(bulk=True), pba()),
        then(pbu(), pba(status=1)),
        then(registered, lambda s: s.pbu(s.wlan, overwrite=True), pba(status=1)),
    ],
    unclear=[then(registered, pbu(), unseen, pba(status=1))],
    party="LMA",
)
example(
    "RFC5213-5.3.4-STATUS0",
    fires=[
        then(
            lambda s: s.register(s.plain),
            lambda s: s.wait(10),
            lambda s: s.pbu(s.other, hi=3),
            pba(status=1),
        )
    ],
    silent=[
        then(
            lambda s: s.register(s.plain),
            lambda s: s.wait(10),
            lambda s: s.pbu(s.other, hi=3),
            pba(),
        ),
        then(pbu(), pba(status=1)),
    ],
    party="LMA",
)
example(
    "RFC6543-1-LLA-FIXED",
    fires=[plain(link_local="fe80::200:5eff:fe00:5213")],
    silent=[plain(link_local="fe80::1")],
    status=Status.NOTE,
)

# ================================================================================= diagnostics


def note(rule: str, **parts: object) -> None:
    example(rule, status=Status.NOTE, party="unknown", **parts)


def answered_twice(s: Stage) -> None:
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
    s.speaks(s.lte.address, "draft-07")
    s.pbu(s.lte)


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
    silent=[then(pbu(), lambda s: s.carried(protected=True))],
)

# PM-FRAGMENT is about frames that are no message: tests/rules/test_engine.py plays it.
