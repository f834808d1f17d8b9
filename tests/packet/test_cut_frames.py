"""Frames that the snap length cut, and headers whose lengths cannot be true."""

from __future__ import annotations

import pytest
from packet_frames import (
    ETHERNET,
    HOME,
    LMA,
    LMA_IPV4,
    MAG,
    MAG_IPV4,
    OUTER_1,
    OUTER_2,
    PBU,
    PBU_UDP,
    decode,
    frame,
)

from pmiptrace.model import Datagram, Defect, Undecoded
from pmiptrace.packet import build
from pmiptrace.packet.decoder import PacketDecoder
from pmiptrace.packet.numbers import (
    AH,
    DESTINATION_OPTIONS,
    FRAGMENT,
    HOP_BY_HOP,
    IPV6,
    MOBILITY_HEADER,
    ROUTING,
    UDP,
)

PACKET = build.ipv6(MAG, LMA, MOBILITY_HEADER, PBU)


def decode_cut(data: bytes, size: int) -> Datagram | Undecoded | None:
    found = PacketDecoder().decode(frame(data[:size], ETHERNET, original_length=len(data)))
    return found[0] if found else None


WHOLE = {
    "plain": build.ethernet(PACKET),
    "vlan": build.vlan_ethernet(PACKET, 5),
    "tunnel": build.ethernet(build.tunnel(OUTER_1, OUTER_2, PACKET)),
    "udp": build.ethernet(build.udp_ipv4(MAG_IPV4, LMA_IPV4, PBU_UDP)),
    "home-address": build.ethernet(
        build.ipv6(MAG, LMA, DESTINATION_OPTIONS, build.home_address(MOBILITY_HEADER, PBU, HOME))
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_message_cut_anywhere_is_there_in_part(name: str) -> None:
    data = WHOLE[name]
    message = PBU_UDP if name == "udp" else PBU
    start = len(data) - len(message)

    for size in range(start, len(data) + 1):
        found = decode_cut(data, size)
        assert isinstance(found, Datagram)
        assert found.payload == message[: size - start]
        assert found.truncated is (size < len(data))
        assert found.udp_checksum_correct is (True if name == "udp" and size == len(data) else None)


@pytest.mark.parametrize("name", WHOLE)
def test_a_frame_cut_before_the_message_claims_no_more_than_it_shows(name: str) -> None:
    data = WHOLE[name]
    start = len(data) - len(PBU_UDP if name == "udp" else PBU)

    for size in range(start):
        found = decode_cut(data, size)
        if isinstance(found, Datagram):
            assert (found.payload, found.truncated) == (b"", True)
        elif found is not None:
            assert found.kind == "truncated"
            assert found.defect
            assert found.defect.offset + found.defect.available == size


def test_a_message_known_to_follow_a_cut_extension_header() -> None:
    found = decode_cut(WHOLE["home-address"], 14 + 40 + 10)

    assert isinstance(found, Datagram)
    assert (found.payload, found.truncated, found.source) == (b"", True, MAG)


def test_an_ipv6_header_cut_after_its_next_header() -> None:
    found = decode_cut(WHOLE["plain"], 14 + 39)

    assert isinstance(found, Undecoded)
    assert (found.kind, found.defect) == ("truncated", Defect("truncated", "IPv6", 14, 40, 39))


def test_a_cut_extension_header_that_may_lead_to_a_message() -> None:
    chain = build.options_header(ROUTING, build.routing_type_2(MOBILITY_HEADER, PBU, HOME))
    data = build.ethernet(build.ipv6(MAG, LMA, HOP_BY_HOP, chain))

    for size in (54, 55, 56, 61):
        found = decode_cut(data, size)
        assert isinstance(found, Undecoded)
        assert (found.kind, found.source) == ("truncated", MAG)

    user_traffic = build.ethernet(
        build.ipv6(MAG, LMA, HOP_BY_HOP, build.options_header(6, bytes(60)))
    )
    assert decode_cut(user_traffic, 56) is None


def test_a_trailer_that_was_cut_is_not_missed() -> None:
    data = build.ethernet(PACKET, padding=bytes(20))
    found = decode_cut(data, len(data) - 15)

    assert isinstance(found, Datagram)
    assert (found.payload, found.truncated) == (PBU, False)


def test_a_payload_length_beyond_the_frame() -> None:
    """Octets are missing, whether or not the capture recorded that it cut the frame."""
    packet = build.ipv6(MAG, LMA, MOBILITY_HEADER, PBU, length=len(PBU) + 1)
    for data in (build.ethernet(packet), build.vlan_ethernet(packet, 1)):
        found = decode(data)
        assert isinstance(found, Datagram)
        assert (found.payload, found.truncated) == (PBU, True)


MALFORMED = [
    pytest.param(
        build.ipv6(MAG, LMA, DESTINATION_OPTIONS, b"\x87\xff" + bytes(30)),
        Defect("header-overrun", "IPv6 Destination Options", 54, 2048, 32, "Hdr Ext Len"),
        id="extension-header",
    ),
    pytest.param(
        build.ipv6(MAG, LMA, AH, b"\x87\xff" + bytes(30)),
        Defect("header-overrun", "Authentication Header", 54, 1028, 32, "Payload Len"),
        id="authentication-header",
    ),
    pytest.param(
        build.ipv6(MAG, LMA, FRAGMENT, b"\x87\0\0\0\0"),
        Defect("header-short", "IPv6 Fragment", 54, 8, 5),
        id="fragment-header",
    ),
    pytest.param(
        PACKET[:30],
        Defect("header-short", "IPv6", 14, 40, 30),
        id="ipv6-header",
    ),
    pytest.param(
        build.ipv4(MAG_IPV4, LMA_IPV4, UDP, build.udp(MAG_IPV4, LMA_IPV4, PBU_UDP), length=19),
        Defect("length-short", "IPv4", 14, 20, 19, "Total Length"),
        id="ipv4-length",
    ),
    pytest.param(
        build.ipv4(MAG_IPV4, LMA_IPV4, UDP, build.udp(MAG_IPV4, LMA_IPV4, PBU_UDP, length=7)),
        Defect("length-short", "UDP", 34, 8, 7, "Length"),
        id="udp-length-short",
    ),
    pytest.param(
        build.ipv4(MAG_IPV4, LMA_IPV4, UDP, build.udp(MAG_IPV4, LMA_IPV4, PBU_UDP, length=97)),
        Defect("length-overrun", "UDP", 34, 97, 96, "Length"),
        id="udp-length-overrun",
    ),
    pytest.param(
        build.ipv4(MAG_IPV4, LMA_IPV4, UDP, build.udp(MAG_IPV4, LMA_IPV4, b"")[:6]),
        Defect("header-short", "UDP", 34, 8, 6),
        id="udp-header",
    ),
]


@pytest.mark.parametrize(("packet", "defect"), MALFORMED)
def test_malformed_headers_around_a_message(packet: bytes, defect: Defect) -> None:
    found = decode(build.ethernet(packet))

    assert isinstance(found, Undecoded)
    assert (found.kind, found.defect) == ("malformed", defect)


@pytest.mark.parametrize(
    "packet",
    [
        build.ipv6(MAG, LMA, DESTINATION_OPTIONS, b"\x06\xff" + bytes(30)),
        build.ipv6(MAG, LMA, DESTINATION_OPTIONS, b"\x87"),
        build.ipv4(MAG_IPV4, LMA_IPV4, UDP, bytes(30), length=19),
        build.ipv4(MAG_IPV4, LMA_IPV4, 6, bytes(30), length=19),
        build.ipv6(MAG, LMA, IPV6, PACKET[:6]),
        build.ipv6(MAG, LMA, FRAGMENT, b"\x06\0\0\0\0"),
    ],
)
def test_malformed_headers_around_anything_else(packet: bytes) -> None:
    assert decode(build.ethernet(packet)) is None
