"""Everything that the packet layer can decode passes the scan: kept is a superset of decodable."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import example, given
from hypothesis import strategies as st
from packet_frames import GOLDEN, HOME, LMA, LMA_IPV4, MAG, MAG_IPV4, OUTER_1, OUTER_2

from pmiptrace.capture import candidates, scanner
from pmiptrace.capture.candidates import ESP, REJECT
from pmiptrace.model import Frame, Undecoded
from pmiptrace.packet import build
from pmiptrace.packet.decoder import PacketDecoder
from pmiptrace.packet.link import LINK_TYPES

MOBILITY_HEADER, UDP, GRE, ESP_HEADER = 135, 17, 47, 50
HEADER = GOLDEN["V1"][40:]

Wrap = Callable[[bytes], bytes]

SCANS = [candidates.examine]
if scanner.COMPILED:
    from pmiptrace.capture import _scan

    SCANS.append(_scan.examine)

EXTENSIONS: list[Callable[[int, bytes], tuple[int, bytes]]] = [
    lambda n, p: (0, build.options_header(n, p)),
    lambda n, p: (60, build.home_address(n, p, HOME)),
    lambda n, p: (43, build.routing_type_2(n, p, HOME)),
    lambda n, p: (43, build.segment_routing(n, p, [LMA, OUTER_1], segments_left=1)),
    lambda n, p: (51, build.authentication(n, p)),
    lambda n, p: (44, build.fragment_header(n, p, position=0, more=False)),
    lambda n, p: (44, build.fragment_header(n, p, position=0, more=True)),
    lambda n, p: (44, build.fragment_header(n, p, position=64, more=True)),
]
UPPER: list[tuple[int, bytes]] = [
    (MOBILITY_HEADER, HEADER),
    (UDP, build.udp(MAG, LMA, HEADER)),
    (UDP, build.udp(MAG, LMA, HEADER, ports=(53, 53))),
    (ESP_HEADER, bytes(40)),
    (6, bytes(40)),
    (58, bytes(40)),
    (59, b""),
]
TUNNELS: list[Wrap] = [
    lambda p: build.tunnel(OUTER_1, OUTER_2, p),
    lambda p: build.tunnel(MAG_IPV4, LMA_IPV4, p),
    lambda p: build.ipv6(OUTER_1, OUTER_2, GRE, build.gre(p, key=7)),
    lambda p: build.ipv4(MAG_IPV4, LMA_IPV4, GRE, build.gre(p, sequence=1, checksum=True)),
]
LINKS: list[tuple[int, Wrap]] = [
    (1, build.ethernet),
    (1, build.ethernet_snap),
    (1, lambda p: build.vlan_ethernet(p, 100)),
    (1, lambda p: build.vlan_ethernet(p, 100, 200, ethertype=0x88A8)),
    (1, lambda p: build.mpls_ethernet(p, 16, 17)),
    (1, lambda p: build.pppoe_ethernet(p, 3)),
    (113, build.cooked),
    (276, build.cooked_v2),
    (101, lambda p: p),
    (12, lambda p: p),
    (14, lambda p: p),
    (228, lambda p: p),
    (229, lambda p: p),
    (9, build.ppp),
    (9, lambda p: build.ppp(p, framed=False, compressed=True)),
    (0, lambda p: build.loopback(p, 30, little_endian=True)),
    (108, lambda p: build.loopback(p, 24)),
]


@st.composite
def frames(draw: st.DrawFn) -> tuple[int, bytes]:
    """A frame from the network: any headers around anything, some of it damaged."""
    number, payload = draw(st.sampled_from(UPPER))
    for extend in draw(st.lists(st.sampled_from(EXTENSIONS), max_size=3)):
        number, payload = extend(number, payload)
    if number in (UDP, ESP_HEADER) and draw(st.booleans()):
        packet = build.ipv4(MAG_IPV4, LMA_IPV4, number, payload)
    else:
        packet = build.ipv6(MAG, LMA, number, payload)
    for wrap in draw(st.lists(st.sampled_from(TUNNELS), max_size=3)):
        packet = wrap(packet)
    link_type, frame = draw(st.sampled_from(LINKS))
    octets = bytearray(frame(packet))
    for _ in range(draw(st.integers(0, 3))):
        octets[draw(st.integers(0, len(octets) - 1))] = draw(st.integers(0, 255))
    cut = draw(st.sampled_from([None, None, draw(st.integers(0, len(octets)))]))
    return link_type, bytes(octets[:cut])


def is_kept(link_type: int, octets: bytes) -> None:
    """Nothing decodable is rejected; what is rejected is at most a cut frame of user traffic."""
    found = PacketDecoder().decode(Frame(0, 1, 0, link_type, octets, len(octets) + 8))
    for examine in SCANS:
        verdict = examine(octets, 0, len(octets), link_type)
        if verdict == REJECT:
            assert all(isinstance(f, Undecoded) and is_cut(f) for f in found)
        if verdict == ESP:
            assert all(isinstance(f, Undecoded) and (f.kind == "esp" or is_cut(f)) for f in found)


def is_cut(undecoded: Undecoded) -> bool:
    """The decoder cannot tell, as the frame ends too soon; the scan saw what it leads to."""
    return undecoded.defect is not None and undecoded.defect.kind == "truncated"


@given(frames())
@example((1, build.ethernet(GOLDEN["V1"])))
def test_what_can_be_decoded_is_kept(frame: tuple[int, bytes]) -> None:
    is_kept(*frame)


@given(st.sampled_from(sorted(LINK_TYPES)), st.binary(max_size=120))
def test_random_octets(link_type: int, octets: bytes) -> None:
    is_kept(link_type, octets)


def test_the_frames_of_this_test_are_decodable_at_all() -> None:
    decoder = PacketDecoder()
    for link_type, frame in LINKS:
        octets = frame(GOLDEN["V1"])
        found = decoder.decode(Frame(0, 1, 0, link_type, octets, len(octets)))
        assert found or link_type == 228, (link_type, found)


def test_user_traffic_is_rejected() -> None:
    for frame in (build.ethernet, lambda p: build.vlan_ethernet(p, 7)):
        for wrap in (lambda p: p, *TUNNELS):
            octets = frame(wrap(build.ipv6(MAG, LMA, 6, bytes(40))))
            assert [scan(octets, 0, len(octets), 1) for scan in SCANS] == [REJECT] * len(SCANS)
