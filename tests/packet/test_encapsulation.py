"""Every way in which a Mobility Header can be wrapped, built and then read again."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
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
    OVER_IPV4,
    OVER_IPV6,
    PBU,
    PBU_UDP,
    RAW,
    decode,
)

from pmiptrace.model import Datagram, Undecoded
from pmiptrace.packet import build
from pmiptrace.packet.checksum import mobility_header_checksum
from pmiptrace.packet.numbers import (
    AH,
    DESTINATION_OPTIONS,
    ESP,
    ETHERTYPE_PROVIDER_VLAN,
    ETHERTYPE_QINQ,
    ETHERTYPE_TRANSPARENT_ETHERNET,
    ETHERTYPE_VLAN,
    FRAGMENT,
    GRE,
    HOP_BY_HOP,
    IPV6,
    MOBILITY_HEADER,
    ROUTING,
    UDP,
)

PACKET = build.ipv6(MAG, LMA, MOBILITY_HEADER, PBU, hop_limit=63)
PACKET_IPV4 = build.udp_ipv4(MAG_IPV4, LMA_IPV4, PBU_UDP)
OUTER = "IPv6 2001:db8::1 > 2001:db8::2"
OUTER_IPV4 = "IPv4 192.0.2.10 > 192.0.2.1"


def over_ipv6(next_header: int, payload: bytes) -> bytes:
    return build.ipv6(OUTER_1, OUTER_2, next_header, payload)


def over_ipv4(protocol: int, payload: bytes) -> bytes:
    return build.ipv4(MAG_IPV4, LMA_IPV4, protocol, payload)


LINKS = [
    pytest.param(ETHERNET, build.ethernet(PACKET), (), id="ethernet"),
    pytest.param(ETHERNET, build.ethernet(PACKET, padding=b"\xaa" * 9), (), id="ethernet-trailer"),
    pytest.param(ETHERNET, build.ethernet_snap(PACKET), (), id="802.3-snap"),
    pytest.param(ETHERNET, build.vlan_ethernet(PACKET, 100), ("VLAN 100",), id="vlan"),
    pytest.param(
        ETHERNET,
        build.vlan_ethernet(PACKET, 0xFFF, 2, 3, ethertype=ETHERTYPE_QINQ),
        ("VLAN 4095", "VLAN 2", "VLAN 3"),
        id="qinq-9100",
    ),
    pytest.param(
        ETHERNET,
        build.ethernet(
            build.vlan(build.vlan(PACKET, 7), 100, ethertype=ETHERTYPE_VLAN),
            ethertype=ETHERTYPE_PROVIDER_VLAN,
        ),
        ("VLAN 100", "VLAN 7"),
        id="qinq-88a8",
    ),
    pytest.param(
        ETHERNET,
        build.mpls_ethernet(PACKET, 16, 1048575),
        ("MPLS 16", "MPLS 1048575"),
        id="mpls",
    ),
    pytest.param(
        ETHERNET,
        build.ethernet(
            build.vlan(build.mpls(PACKET, 18), 5, ethertype=0x8848), ethertype=ETHERTYPE_VLAN
        ),
        ("VLAN 5", "MPLS 18"),
        id="vlan-mpls-multicast",
    ),
    pytest.param(
        ETHERNET, build.pppoe_ethernet(PACKET, 513), ("PPPoE session 513",), id="pppoe"
    ),
    pytest.param(51, build.pppoe(PACKET, 1), ("PPPoE session 1",), id="ppp-ether"),
    pytest.param(9, build.ppp(PACKET), (), id="ppp"),
    pytest.param(9, build.ppp(PACKET, framed=False), (), id="ppp-unframed"),
    pytest.param(50, build.ppp(PACKET, compressed=True), (), id="ppp-compressed"),
    pytest.param(
        50, build.ppp(PACKET, framed=False, compressed=True), (), id="ppp-unframed-compressed"
    ),
    pytest.param(113, build.cooked(PACKET), (), id="cooked"),
    pytest.param(
        113,
        build.cooked(build.vlan(PACKET, 8), ethertype=ETHERTYPE_VLAN),
        ("VLAN 8",),
        id="cooked-vlan",
    ),
    pytest.param(276, build.cooked_v2(PACKET), (), id="cooked-v2"),
    pytest.param(
        276,
        build.cooked_v2(build.vlan(PACKET, 8), ethertype=ETHERTYPE_VLAN),
        ("VLAN 8",),
        id="cooked-v2-vlan",
    ),
    *(pytest.param(link, PACKET, (), id=f"raw-{link}") for link in (12, 14, RAW, 229)),
    *(
        pytest.param(link, build.loopback(PACKET, family, little_endian=little), (),
                     id=f"loopback-{link}-{family}-{'little' if little else 'big'}")
        for link in (0, 108)
        for family in (10, 24, 28, 30)
        for little in (False, True)
    ),
]  # fmt: skip


@pytest.mark.parametrize(("link_type", "data", "outer"), LINKS)
def test_link_layers(link_type: int, data: bytes, outer: tuple[str, ...]) -> None:
    found = decode(data, link_type)

    assert isinstance(found, Datagram)
    assert (found.source, found.destination, found.payload) == (MAG, LMA, PBU)
    assert found.offset is not None
    assert data[found.offset :].startswith(PBU)
    assert (found.hop_limit, found.truncated, found.ports) == (63, False, None)
    assert found.encapsulation == outer


IPV4_LINKS = [
    pytest.param(ETHERNET, build.ethernet(PACKET_IPV4), id="ethernet"),
    pytest.param(ETHERNET, build.ethernet_snap(PACKET_IPV4), id="802.3-snap"),
    pytest.param(ETHERNET, build.vlan_ethernet(PACKET_IPV4, 1, 2, 3, 4), id="vlans"),
    pytest.param(ETHERNET, build.mpls_ethernet(PACKET_IPV4, 16), id="mpls"),
    pytest.param(ETHERNET, build.pppoe_ethernet(PACKET_IPV4, 1), id="pppoe"),
    pytest.param(9, build.ppp(PACKET_IPV4), id="ppp"),
    pytest.param(50, build.ppp(PACKET_IPV4, compressed=True), id="ppp-compressed"),
    pytest.param(113, build.cooked(PACKET_IPV4), id="cooked"),
    pytest.param(276, build.cooked_v2(PACKET_IPV4), id="cooked-v2"),
    pytest.param(RAW, PACKET_IPV4, id="raw"),
    pytest.param(228, PACKET_IPV4, id="raw-ipv4"),
    pytest.param(0, build.loopback(PACKET_IPV4, 2, little_endian=True), id="null"),
    pytest.param(108, build.loopback(PACKET_IPV4, 2), id="loop"),
]


@pytest.mark.parametrize(("link_type", "data"), IPV4_LINKS)
def test_link_layers_with_ipv4(link_type: int, data: bytes) -> None:
    found = decode(data, link_type)

    assert isinstance(found, Datagram)
    assert (found.source, found.destination) == (MAG_IPV4, LMA_IPV4)
    assert found.payload == PBU_UDP
    assert (found.ports, found.udp_checksum_correct) == ((5436, 5436), True)


@pytest.mark.parametrize(
    ("link_type", "data", "expected"),
    [
        (ETHERNET, build.ethernet(PACKET), build.MAC_LMA + build.MAC_MAG),
        (ETHERNET, build.vlan_ethernet(PACKET, 1), build.MAC_LMA + build.MAC_MAG),
        (113, build.cooked(PACKET), build.MAC_MAG),
        (113, build.cooked(PACKET, sender=b""), b""),
        (276, build.cooked_v2(PACKET, sender=b"\1\2\3\4\5\6\7\x08"), b"\1\2\3\4\5\6\7\x08"),
        (RAW, PACKET, b""),
        (9, build.ppp(PACKET), b""),
    ],
)
def test_link_address(link_type: int, data: bytes, expected: bytes) -> None:
    found = decode(data, link_type)

    assert isinstance(found, Datagram)
    assert found.link_address == expected


TUNNELS = [
    pytest.param(build.tunnel(OUTER_1, OUTER_2, PACKET), (OUTER,), None, id="ipv6-in-ipv6"),
    pytest.param(build.tunnel(MAG_IPV4, LMA_IPV4, PACKET), (OUTER_IPV4,), None, id="6in4"),
    pytest.param(
        build.tunnel(OUTER_2, OUTER_1, build.tunnel(MAG_IPV4, LMA_IPV4, PACKET)),
        ("IPv6 2001:db8::2 > 2001:db8::1", OUTER_IPV4),
        None,
        id="ipv6-in-ipv4-in-ipv6",
    ),
    pytest.param(over_ipv6(GRE, build.gre(PACKET)), (OUTER, "GRE"), None, id="gre"),
    pytest.param(
        over_ipv4(GRE, build.gre(PACKET, key=0x1F)), (OUTER_IPV4, "GRE key 0x1f"), 0x1F,
        id="gre-key",
    ),
    pytest.param(
        over_ipv6(GRE, build.gre(PACKET, key=0, sequence=9, checksum=True)),
        (OUTER, "GRE key 0x0"),
        0,
        id="gre-checksum-key-sequence",
    ),
    pytest.param(
        over_ipv6(GRE, build.gre(PACKET, sequence=9)), (OUTER, "GRE"), None, id="gre-sequence"
    ),
    pytest.param(
        over_ipv6(
            GRE,
            build.gre(build.vlan_ethernet(PACKET, 9), ethertype=ETHERTYPE_TRANSPARENT_ETHERNET),
        ),
        (OUTER, "GRE", "Ethernet", "VLAN 9"),
        None,
        id="gre-ethernet",
    ),
    pytest.param(
        over_ipv6(DESTINATION_OPTIONS, build.options_header(IPV6, PACKET, b"\x04\x01\x04")),
        (OUTER,),
        None,
        id="tunnel-encapsulation-limit",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("packet", "outer", "key"), TUNNELS)
def test_tunnels(packet: bytes, outer: tuple[str, ...], key: int | None) -> None:
    found = decode(build.vlan_ethernet(packet, 100))

    assert isinstance(found, Datagram)
    assert (found.source, found.destination, found.payload) == (MAG, LMA, PBU)
    assert found.encapsulation == ("VLAN 100", *outer)
    assert (found.gre_key, found.hop_limit) == (key, 63)
    assert found.offset == found.frame.data.index(PBU)


@pytest.mark.parametrize("outer", [(OUTER_1, OUTER_2), (LMA_IPV4, MAG_IPV4)])
def test_ipv4_signalling_in_a_tunnel(outer: tuple[bytes, bytes]) -> None:
    found = decode(build.ethernet(build.tunnel(*outer, PACKET_IPV4)))

    assert isinstance(found, Datagram)
    assert (found.source, found.ports, found.payload) == (MAG_IPV4, (5436, 5436), PBU_UDP)


def test_tunnels_nest_to_a_bound() -> None:
    packet = PACKET
    for _ in range(8):
        packet = build.tunnel(OUTER_1, OUTER_2, packet)
    found = decode(build.ethernet(packet))
    assert isinstance(found, Datagram)
    assert found.encapsulation == (OUTER,) * 8

    found = decode(build.ethernet(build.tunnel(OUTER_1, OUTER_2, packet)))
    assert isinstance(found, Undecoded)
    assert (found.kind, found.defect and found.defect.kind) == ("malformed", "nesting")


def test_tags_are_followed_to_a_bound() -> None:
    assert isinstance(decode(build.vlan_ethernet(PACKET, *range(1, 17))), Datagram)
    assert decode(build.vlan_ethernet(PACKET, *range(1, 18))) is None


def extension_packet(first: int, headers: bytes) -> bytes:
    return build.ethernet(build.ipv6(MAG, LMA, first, headers))


def test_home_address_option() -> None:
    headers = build.home_address(MOBILITY_HEADER, PBU, HOME)
    found = decode(extension_packet(DESTINATION_OPTIONS, headers))

    assert isinstance(found, Datagram)
    assert (found.home_address, found.source, found.payload) == (HOME, MAG, PBU)


def test_home_address_of_the_wrong_length_is_none() -> None:
    option = bytes((201, 4)) + HOME[:4]
    headers = build.options_header(MOBILITY_HEADER, PBU, option)
    found = decode(extension_packet(DESTINATION_OPTIONS, headers))

    assert isinstance(found, Datagram)
    assert found.home_address is None


def test_home_address_of_the_outer_packet_is_not_that_of_the_message() -> None:
    headers = build.home_address(IPV6, PACKET, HOME)
    found = decode(build.ethernet(over_ipv6(DESTINATION_OPTIONS, headers)))

    assert isinstance(found, Datagram)
    assert found.home_address is None


@pytest.mark.parametrize(("segments_left", "expected"), [(1, HOME), (0, None)])
def test_type_2_routing_header(segments_left: int, expected: bytes | None) -> None:
    headers = build.routing_type_2(MOBILITY_HEADER, PBU, HOME, segments_left=segments_left)
    found = decode(extension_packet(ROUTING, headers))

    assert isinstance(found, Datagram)
    assert (found.routing_home_address, found.destination) == (expected, LMA)


@pytest.mark.parametrize(("segments_left", "expected"), [(1, HOME), (0, LMA)])
def test_segment_routing_names_the_final_destination(segments_left: int, expected: bytes) -> None:
    headers = build.segment_routing(
        MOBILITY_HEADER, PBU, [HOME, OUTER_1], segments_left=segments_left
    )
    found = decode(extension_packet(ROUTING, headers))

    assert isinstance(found, Datagram)
    assert (found.routing_home_address, found.destination) == (None, expected)


def test_all_extension_headers_in_a_row() -> None:
    chain = build.authentication(MOBILITY_HEADER, PBU)
    chain = build.home_address(AH, chain, HOME)
    chain = build.fragment_header(DESTINATION_OPTIONS, chain, position=0, more=False)
    chain = build.routing_type_2(FRAGMENT, chain, OUTER_2)
    chain = build.options_header(ROUTING, chain)
    chain = build.options_header(DESTINATION_OPTIONS, chain, b"\x05\x02\0\0")
    found = decode(extension_packet(HOP_BY_HOP, chain))

    assert isinstance(found, Datagram)
    assert (found.home_address, found.routing_home_address) == (HOME, OUTER_2)
    assert (found.protected, found.payload, found.fragments) == (True, PBU, ())
    assert found.offset == found.frame.data.index(PBU)


def test_protected_only_behind_an_authentication_header() -> None:
    found = decode(build.ethernet(PACKET))
    assert isinstance(found, Datagram)
    assert not found.protected


def test_authentication_header_over_ipv4() -> None:
    message = build.udp(MAG_IPV4, LMA_IPV4, PBU_UDP)
    found = decode(build.ethernet(over_ipv4(AH, build.authentication(UDP, message))))

    assert isinstance(found, Datagram)
    assert (found.protected, found.payload) == (True, PBU_UDP)


@pytest.mark.parametrize(
    ("packet", "source"),
    [(over_ipv6(ESP, bytes(40)), OUTER_1), (over_ipv4(ESP, bytes(40)), MAG_IPV4)],
)
def test_esp_is_said_to_be_there(packet: bytes, source: bytes) -> None:
    found = decode(build.ethernet(packet))

    assert isinstance(found, Undecoded)
    assert (found.kind, found.source) == ("esp", source)


@pytest.mark.parametrize("length", [0, None])
def test_ipv4_options_and_segmentation_offload(length: int | None) -> None:
    message = build.udp(MAG_IPV4, LMA_IPV4, PBU_UDP)
    packet = build.ipv4(
        MAG_IPV4, LMA_IPV4, UDP, message, options=b"\x94\x04\0\0\x01", length=length
    )
    found = decode(build.ethernet(packet))

    assert isinstance(found, Datagram)
    assert (found.payload, found.udp_checksum_correct) == (PBU_UDP, True)


def test_jumbo_payload_and_zero_payload_length() -> None:
    option = b"\x05\x02\0\0" + b"\xc2\x04" + (8 + 8 + len(PBU)).to_bytes(4)
    headers = build.options_header(MOBILITY_HEADER, PBU, option)
    jumbo = build.ipv6(MAG, LMA, HOP_BY_HOP, headers, length=0)
    found = decode(build.ethernet(jumbo, padding=b"trailer"))
    assert isinstance(found, Datagram)
    assert (found.payload, found.truncated) == (PBU, False)

    found = decode(build.ethernet(build.ipv6(MAG, LMA, MOBILITY_HEADER, PBU, length=0)))
    assert isinstance(found, Datagram)
    assert (found.payload, found.truncated) == (b"", False)


@pytest.mark.parametrize(
    ("message", "checksum", "correct"),
    [
        (build.udp(MAG_IPV4, LMA_IPV4, PBU_UDP, checksum=0), 0, None),
        (build.udp(MAG_IPV4, LMA_IPV4, PBU_UDP, checksum=0xBEEF), 0xBEEF, False),
        (build.udp(MAG_IPV4, LMA_IPV4, PBU_UDP), 0x8E57, True),
        (build.udp(MAG_IPV4, LMA_IPV4, PBU_UDP + b"\1"), None, True),
    ],
)
def test_udp_checksum(message: bytes, checksum: int | None, correct: bool | None) -> None:
    found = decode(build.ethernet(over_ipv4(UDP, message)))

    assert isinstance(found, Datagram)
    assert found.udp_checksum_correct is correct
    assert found.udp_checksum == (checksum if checksum is not None else found.udp_checksum)


@pytest.mark.parametrize("ports", [(5436, 5436), (40000, 5436), (5436, 40000)])
def test_either_udp_port(ports: tuple[int, int]) -> None:
    found = decode(build.ethernet(build.udp_ipv4(MAG_IPV4, LMA_IPV4, PBU_UDP, ports=ports)))

    assert isinstance(found, Datagram)
    assert (found.ports, found.hop_limit) == (ports, 64)


def test_udp_over_ipv6_with_a_home_address() -> None:
    message = build.udp(HOME, LMA, PBU_UDP)
    chain = build.home_address(UDP, message, HOME)
    found = decode(extension_packet(DESTINATION_OPTIONS, chain))

    assert isinstance(found, Datagram)
    assert (found.ports, found.udp_checksum_correct) == ((5436, 5436), True)


def test_port_5436_by_chance_is_no_signalling() -> None:
    query = b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1"
    packet = build.udp_ipv4(MAG_IPV4, LMA_IPV4, query, ports=(5436, 53))
    assert decode(build.ethernet(packet)) is None

    other_payload_proto = b"\x3a" + PBU_UDP[1:]
    packet = build.udp_ipv4(MAG_IPV4, LMA_IPV4, other_payload_proto, ports=(5436, 40000))
    assert isinstance(decode(build.ethernet(packet)), Datagram)


@pytest.mark.parametrize(
    ("link_type", "data"),
    [
        (ETHERNET, build.ethernet(build.ipv6(MAG, LMA, 6, bytes(100)))),
        (ETHERNET, build.ethernet(over_ipv6(IPV6, build.ipv6(MAG, LMA, 17, bytes(100))))),
        (ETHERNET, build.ethernet(over_ipv4(17, build.udp(MAG_IPV4, LMA_IPV4, PBU_UDP,
                                                          ports=(5437, 53))))),
        (ETHERNET, build.ethernet(over_ipv4(MOBILITY_HEADER, PBU))),
        (ETHERNET, build.ethernet(bytes(46), ethertype=0x0806)),
        (ETHERNET, build.ethernet(over_ipv6(GRE, b"\0\x01" + build.gre(PACKET)[2:]))),
        (ETHERNET, build.ethernet(over_ipv6(GRE, b"\x40\0" + build.gre(PACKET)[2:]))),
        (ETHERNET, build.ethernet(PACKET, ethertype=0x0800)),
        (ETHERNET, build.ethernet(PACKET_IPV4, ethertype=0x86DD)),
        (ETHERNET, build.ethernet(over_ipv4(AH, build.authentication(MOBILITY_HEADER, PBU)))),
        (ETHERNET, build.ethernet_snap(PACKET).replace(b"\xaa\xaa\3\0\0\0", b"\xaa\xaa\3\0\0\x0c")),
        (ETHERNET, build.pppoe_ethernet(PACKET, 1).replace(b"\x11\0", b"\x11\xa7", 1)),
        (147, PACKET),
        (0, build.loopback(PACKET, 3)),
    ],
)  # fmt: skip
def test_what_is_no_signalling_yields_nothing(link_type: int, data: bytes) -> None:
    assert decode(data, link_type) is None


@pytest.mark.parametrize("name", OVER_IPV6)
def test_golden_packets_over_ipv6(name: str) -> None:
    packet = GOLDEN[name]
    for link_type, data in ((RAW, packet), (ETHERNET, build.ethernet(packet))):
        found = decode(data, link_type)
        assert isinstance(found, Datagram)
        assert (found.source, found.destination) == (packet[8:24], packet[24:40])
        assert found.payload == packet[40:]
        stated = int.from_bytes(found.payload[4:6])
        assert mobility_header_checksum(found.source, found.destination, found.payload) == stated


@pytest.mark.parametrize("name", OVER_IPV4)
def test_golden_packets_over_ipv4(name: str) -> None:
    packet = GOLDEN[name]
    found = decode(packet, RAW)

    assert isinstance(found, Datagram)
    assert (found.payload, found.offset) == (packet[28:], 28)
    assert (found.udp_checksum, found.udp_checksum_correct) == (0x8E57, True)


def test_builders_agree_with_the_golden_packets() -> None:
    assert build.ipv6(MAG, LMA, MOBILITY_HEADER, PBU) == GOLDEN["V1"]
    expected = build.ipv4(LMA_IPV4[:3] + b"\x0a", LMA_IPV4, UDP, GOLDEN["V9"][20:])
    assert expected == GOLDEN["V9"]


def test_the_short_way_and_the_long_way_agree() -> None:
    """A VLAN tag keeps a frame from being read as the commonest kind; all else stays the same."""
    plain = decode(build.ethernet(PACKET))
    tagged = decode(build.vlan_ethernet(PACKET, 1))

    assert isinstance(plain, Datagram)
    assert isinstance(tagged, Datagram)
    for name in Datagram.__struct_fields__:
        if name not in ("frame", "offset", "encapsulation"):
            assert getattr(plain, name) == getattr(tagged, name)


def test_plain_ethernet_does_not_import_dpkt() -> None:
    program = (
        "import sys\n"
        "import pmiptrace\n"
        "from pmiptrace.model import Frame\n"
        "from pmiptrace.packet.decoder import PacketDecoder\n"
        f"data = bytes.fromhex({build.ethernet(PACKET).hex()!r})\n"
        "assert PacketDecoder().decode(Frame(0, 1, 0, 1, data, len(data)))\n"
        "assert all(pmiptrace.analyze(path).messages for path in sys.argv[1:])\n"
        "assert 'dpkt' not in sys.modules\n"
    )
    samples = Path(__file__).parents[2] / "samples"
    captures = [str(samples / name) for name in ("call-flow.pcap", "path-deregistration.pcapng")]
    subprocess.run([sys.executable, "-c", program, *captures], check=True)


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
def test_wireshark_finds_the_messages_in_the_frames_built_here(tmp_path: Path) -> None:
    """The builders and the decoder could be wrong alike; Wireshark reads the same frames."""
    frames = {
        case.id: (case.values[0], case.values[1])
        for case in (*LINKS, *IPV4_LINKS)
        # Wireshark reads AF values of NULL as this host's and wants them big in LOOP; it knows
        # PPP over link type 50 with framing alone.
        if case.values[0] in (ETHERNET, 9, 51, 113, 276, RAW, 228, 229)
        and "unframed" not in str(case.id)
    }
    frames |= {case.id: (ETHERNET, build.ethernet(case.values[0])) for case in TUNNELS}
    for link_type in {link_type for link_type, _ in frames.values()}:
        names = [name for name, (link, _) in frames.items() if link == link_type]
        path = tmp_path / f"{link_type}.pcap"
        content = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link_type)
        for name in names:
            data = frames[name][1]
            content += struct.pack("<IIII", 0, 0, len(data), len(data)) + data
        path.write_bytes(content)
        shown = subprocess.run(
            ["tshark", "-r", path, "-Y", "mipv6", "-T", "fields", "-e", "frame.number"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert [names[int(number) - 1] for number in shown.split()] == names
