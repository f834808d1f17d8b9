"""Plays for the rules of RFC 8278 that judge one message or one exchange."""

from __future__ import annotations

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
    registered,
    then,
    unseen,
)
from pmiptrace.rules.examples.example import example
from pmiptrace.rules.examples.stage import unknown
from pmiptrace.testing.trace import mag_identifier, mn_identifier
from pmiptrace.wire.messages import (
    Heartbeat,
    UpdateNotification,
)
from pmiptrace.wire.options.rfc8278 import MagIdentifier

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
