"""Plays for the rules of RFC 5213 and RFC 6543 that judge a PBA by its PBU."""

from __future__ import annotations

from pmiptrace.address import address_octets
from pmiptrace.model import SECOND, Severity, Status
from pmiptrace.packet.build import routing_type_2
from pmiptrace.packet.checksum import mobility_header_checksum
from pmiptrace.packet.numbers import MOBILITY_HEADER, ROUTING
from pmiptrace.rules.examples.acts import (
    MAC,
    MN,
    cut,
    pba,
    pbu,
    plain,
    registered,
    then,
    unseen,
)
from pmiptrace.rules.examples.example import example
from pmiptrace.rules.examples.rfc5213_pbu import IPV4, IPV4_OK
from pmiptrace.rules.examples.stage import Stage, unknown
from pmiptrace.testing.trace import START, home_network_prefix, mn_identifier
from pmiptrace.wire.options.rfc4283 import MnIdentifier
from pmiptrace.wire.options.rfc5213 import (
    AccessTechnologyType,
    HandoffIndicator,
    LinkLocalAddress,
    MnLinkLayerIdentifier,
    Timestamp,
)

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
    """Give the Link-local Address option."""
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
    """Have the last message carry a type 2 Routing header, over whose address its checksum goes."""
    home, lma = address_octets("2001:db8:100::7"), s.sent[-1].source
    right = mobility_header_checksum(lma, home, s.payload)
    s.set(4, *right.to_bytes(2), checksum=False)
    s.behind(ROUTING, routing_type_2(MOBILITY_HEADER, s.payload, home))


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
