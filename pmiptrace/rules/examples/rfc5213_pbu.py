"""Plays for the rules of RFC 5213 that judge a PBU by itself."""

from __future__ import annotations

from pmiptrace.address import address_octets
from pmiptrace.model import SECOND, Severity
from pmiptrace.packet.build import home_address
from pmiptrace.packet.checksum import mobility_header_checksum
from pmiptrace.packet.numbers import DESTINATION_OPTIONS, MOBILITY_HEADER
from pmiptrace.rules.examples.acts import (
    MAC,
    cut,
    pba,
    pbu,
    plain,
    protected,
    registered,
    then,
    unseen,
)
from pmiptrace.rules.examples.example import example
from pmiptrace.rules.examples.rfc6275 import from_address, last_option_runs_over
from pmiptrace.rules.examples.stage import Stage
from pmiptrace.rules.rule import RuleOptions
from pmiptrace.wire.options.rfc5213 import (
    AccessTechnologyType,
    HandoffIndicator,
    HomeNetworkPrefix,
    LinkLocalAddress,
    MnLinkLayerIdentifier,
)
from pmiptrace.wire.options.rfc5844 import Ipv4HomeAddressReply, Ipv4HomeAddressRequest

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
    """Have the last message carry the Home Address option, over which its checksum goes."""
    home, lma = address_octets("2001:db8:100::7"), s.sent[-1].destination
    right = mobility_header_checksum(home, lma, s.payload)
    s.set(4, *right.to_bytes(2), checksum=False)
    s.behind(DESTINATION_OPTIONS, home_address(MOBILITY_HEADER, s.payload, home))


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
        then(plain(), protected),
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
