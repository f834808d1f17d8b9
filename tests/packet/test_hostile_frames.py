"""No octets may make decoding raise, and what comes out must be consistent with what went in."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st
from packet_frames import (
    ETHERNET,
    GOLDEN,
    HOME,
    LMA,
    LMA_IPV4,
    MAG,
    MAG_IPV4,
    OUTER_1,
    OUTER_2,
    PBU,
    PBU_UDP,
    RAW,
    frame,
)

from pmiptrace.model import Datagram, Frame, Undecoded
from pmiptrace.packet import build
from pmiptrace.packet.decoder import PacketDecoder
from pmiptrace.packet.link import LINK_TYPES
from pmiptrace.packet.numbers import (
    AH,
    DESTINATION_OPTIONS,
    ETHERTYPE_TRANSPARENT_ETHERNET,
    FRAGMENT,
    GRE,
    HOP_BY_HOP,
    MOBILITY_HEADER,
    ROUTING,
    UDP,
)

UDP_MESSAGE = build.udp(MAG_IPV4, LMA_IPV4, PBU_UDP)
PACKET = build.ipv6(MAG, LMA, MOBILITY_HEADER, PBU)


def chain_packet() -> bytes:
    chain = build.authentication(MOBILITY_HEADER, PBU)
    chain = build.home_address(AH, chain, HOME)
    chain = build.fragment_header(DESTINATION_OPTIONS, chain, position=0, more=False)
    chain = build.routing_type_2(FRAGMENT, chain, OUTER_2)
    chain = build.options_header(ROUTING, chain)
    return build.ipv6(MAG, LMA, HOP_BY_HOP, chain)


def gre_packet() -> bytes:
    inner = build.vlan_ethernet(build.mpls(PACKET, 16), 5, ethertype=0x8100)
    carried = build.gre(
        inner, key=1, sequence=2, checksum=True, ethertype=ETHERTYPE_TRANSPARENT_ETHERNET
    )
    return build.ipv6(OUTER_1, OUTER_2, GRE, carried)


FRAMES = [
    (ETHERNET, build.ethernet(PACKET)),
    (ETHERNET, build.ethernet_snap(PACKET)),
    (ETHERNET, build.vlan_ethernet(chain_packet(), 1, 2)),
    (ETHERNET, build.mpls_ethernet(build.tunnel(MAG_IPV4, LMA_IPV4, PACKET), 16, 17)),
    (ETHERNET, build.pppoe_ethernet(build.udp_ipv4(MAG_IPV4, LMA_IPV4, PBU_UDP), 3)),
    (113, build.cooked(gre_packet())),
    (276, build.cooked_v2(build.tunnel(OUTER_1, OUTER_2, PACKET))),
    (0, build.loopback(PACKET, 30, little_endian=True)),
    (50, build.ppp(PACKET)),
    (RAW, build.fragment(MAG, LMA, MOBILITY_HEADER, PBU, size=32)[0]),
    (RAW, build.fragment(MAG_IPV4, LMA_IPV4, UDP, UDP_MESSAGE, size=32)[1]),
    *((RAW, packet) for packet in GOLDEN.values()),
]  # fmt: skip


def check(decoder: PacketDecoder, one: Frame) -> None:
    """Decode a frame, and hold what is found against its octets."""
    for found in decoder.decode(one):
        assert len(found.source) in (0, 4, 16)
        if isinstance(found, Undecoded):
            assert found.kind in ("fragment", "esp", "truncated", "malformed")
            continue
        assert isinstance(found, Datagram)
        assert len(found.source) == len(found.destination)
        assert len(found.payload) <= 65535 or found.offset is not None
        if found.offset is not None:
            end = found.offset + len(found.payload)
            assert found.payload == one.data[found.offset : end]
        assert all(isinstance(text, str) for text in found.encapsulation)
        assert bool(found.fragments) == (found.offset is None)


@given(st.sampled_from([*sorted(LINK_TYPES), 147]), st.binary(max_size=200), st.integers(0, 300))
@settings(max_examples=400, deadline=None)
@example(ETHERNET, b"", 0)
@example(ETHERNET, bytes(12) + b"\x81\x00", 14)
@example(ETHERNET, bytes(12) + b"\x88\x47" + bytes(4), 18)
@example(ETHERNET, bytes(12) + b"\x88\x47\0\0\1\0", 18)
@example(ETHERNET, bytes(12) + b"\0\x08\xaa\xaa\3\0\0\0", 20)
@example(ETHERNET, bytes(12) + b"\0\x08\x06\x06\3\0\0\0\x86\xdd", 22)
@example(113, bytes(14) + b"\x86\xdd", 16)
def test_random_octets(link_type: int, data: bytes, original_length: int) -> None:
    decoder = PacketDecoder()
    check(decoder, Frame(0, 1, 0, link_type, data, original_length))
    decoder.flush()


@given(
    st.sampled_from(FRAMES),
    st.lists(st.tuples(st.integers(0, 250), st.integers(0, 255)), min_size=1, max_size=4),
    st.integers(0, 250),
)
@settings(max_examples=400, deadline=None)
def test_damaged_frames(
    original: tuple[int, bytes], changes: list[tuple[int, int]], size: int
) -> None:
    link_type, data = original
    damaged = bytearray(data)
    for offset, value in changes:
        damaged[offset % len(damaged)] = value
    check(PacketDecoder(), frame(bytes(damaged), link_type))
    check(PacketDecoder(), frame(bytes(damaged[:size]), link_type, original_length=len(data)))


def test_every_frame_cut_and_flipped_at_every_offset() -> None:
    decoder = PacketDecoder()
    for link_type, data in FRAMES:
        for offset in range(len(data)):
            check(decoder, frame(data[:offset], link_type))
            check(decoder, frame(data[:offset], link_type, original_length=len(data)))
            for flip in (0xFF, 0x01, 0x80):
                damaged = data[:offset] + bytes((data[offset] ^ flip,)) + data[offset + 1 :]
                check(decoder, frame(damaged, link_type))
    decoder.flush()


@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.integers(0, 40), st.booleans(), st.integers(0, 1)),
        max_size=12,
    )
)
@settings(max_examples=300, deadline=None)
def test_random_fragments(pieces: list[tuple[int, int, bool, int]]) -> None:
    """Whatever the pieces are, a packet made of them has no gap and no octet from nowhere."""
    decoder = PacketDecoder()
    for number, (position, size, more, identification) in enumerate(pieces, 1):
        position *= 8
        content = bytes((position + index) % 251 for index in range(size))
        part = build.fragment_header(
            MOBILITY_HEADER, content, position=position, more=more, identification=identification
        )
        for found in decoder.decode(
            frame(build.ethernet(build.ipv6(MAG, LMA, FRAGMENT, part)), number=number)
        ):
            if isinstance(found, Datagram):
                assert found.payload == bytes(i % 251 for i in range(len(found.payload)))
    decoder.flush()
