"""The headers around a message: which there are, and that they lie side by side."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packet_frames import decode

from pmiptrace.address import address_octets
from pmiptrace.model import Datagram, Frame
from pmiptrace.packet import build
from pmiptrace.packet.layers import layers
from pmiptrace.packet.link import LINK_TYPES
from pmiptrace.packet.numbers import (
    DESTINATION_OPTIONS,
    FRAGMENT,
    GRE,
    LINK_COOKED,
    LINK_ETHERNET,
    LINK_RAW,
    MOBILITY_HEADER,
    ROUTING,
)

MAG, LMA = address_octets("2001:db8:a::1"), address_octets("2001:db8:f::1")
MAG4, LMA4 = address_octets("192.0.2.10"), address_octets("198.51.100.1")
HEADER = bytes.fromhex("3b010500000000010000000001020000")
PLAIN = build.ipv6(MAG, LMA, MOBILITY_HEADER, HEADER)
IPV6 = ("IPv6", "2001:db8:a::1 > 2001:db8:f::1, hop limit 64")


def frame(data: bytes, link_type: int = LINK_ETHERNET) -> Frame:
    return Frame(0, 1, None, link_type, data, len(data))


@pytest.mark.parametrize(
    ("data", "link_type", "expected"),
    [
        (PLAIN, LINK_RAW, [IPV6]),
        (
            build.ethernet(PLAIN),
            LINK_ETHERNET,
            [("Ethernet", "02:00:00:00:00:01 > 02:00:00:00:00:02"), IPV6],
        ),
        (build.cooked(PLAIN), LINK_COOKED, [("Linux cooked capture", ""), IPV6]),
        (
            build.vlan_ethernet(PLAIN, 100, 7),
            LINK_ETHERNET,
            [
                ("Ethernet", "02:00:00:00:00:01 > 02:00:00:00:00:02"),
                ("VLAN 100", ""),
                ("VLAN 7", ""),
                IPV6,
            ],
        ),
        (
            build.ipv6(LMA, MAG, GRE, build.gre(PLAIN, key=5)),
            LINK_RAW,
            [("IPv6", "2001:db8:f::1 > 2001:db8:a::1, hop limit 64"), ("GRE key 0x5", ""), IPV6],
        ),
        (
            build.udp_ipv4(MAG4, LMA4, HEADER),
            LINK_RAW,
            [
                ("IPv4", "192.0.2.10 > 198.51.100.1, TTL 64"),
                ("UDP", "5436 > 5436, length 24, checksum 0x"),
            ],
        ),
        (
            build.ipv6(
                MAG,
                LMA,
                ROUTING,
                build.routing_type_2(
                    DESTINATION_OPTIONS, build.home_address(MOBILITY_HEADER, HEADER, MAG), LMA
                ),
            ),
            LINK_RAW,
            [
                IPV6,
                ("IPv6 Routing", "type 2, segments left 1"),
                ("IPv6 Destination Options", "Home Address 2001:db8:a::1"),
            ],
        ),
        (
            build.ipv6(
                MAG,
                LMA,
                FRAGMENT,
                build.fragment_header(MOBILITY_HEADER, HEADER, position=8, more=True),
            ),
            LINK_RAW,
            [IPV6, ("IPv6 Fragment", "from octet 8 on, more fragments follow, identification 0x")],
        ),
    ],
)
def test_headers(data: bytes, link_type: int, expected: list[tuple[str, str]]) -> None:
    found = decode(data, link_type)
    start = found.offset if isinstance(found, Datagram) else None
    shown = layers(frame(data, link_type), start)
    assert [
        (layer.name, layer.text[: len(text)])
        for layer, (_, text) in zip(shown, expected, strict=True)
    ] == expected
    assert shown[0].offset == 0
    assert [layer.end for layer in shown[:-1]] == [layer.offset for layer in shown[1:]]
    assert shown[-1].end == (len(data) if start is None else start)


@given(st.binary(max_size=120), st.sampled_from(sorted(LINK_TYPES)), st.integers(0, 160))
def test_any_octets(data: bytes, link_type: int, cut: int) -> None:
    for octets in (data, build.ethernet(PLAIN)[:cut] + data):
        for layer in layers(frame(octets, link_type)):
            assert 0 <= layer.offset <= layer.end <= len(octets)
            assert layer.text.isprintable()
