from struct import pack

import pytest
from container_bytes import (
    MOBILITY,
    SIGNALLING,
    USER,
    ethernet,
    ipv4,
    ipv6,
    pcap_header,
    read,
    record,
)
from hypothesis import example, given
from hypothesis import strategies as st

from pmiptrace.capture.candidates import ESP, KEEP, REJECT, examine
from pmiptrace.capture.scan import ESP_LIMIT

TCP = bytes(20)


def udp(source, destination, size=8):
    return pack(">HHHH", source, destination, size + 8, 0) + bytes(size)


def extension(following, octets=8):
    return bytes((following, octets // 8 - 1)) + bytes(octets - 2)


def fragment(following, offset=0, more=0):
    return pack(">BBHI", following, 0, offset << 3 | more, 99)


def gre(ethertype, payload, flags=0, words=0):
    return pack(">HH", flags, ethertype) + bytes(4 * words) + payload


MH = ipv6(135, MOBILITY)
USER6 = ipv6(6, TCP)
USER4 = ipv4(6, TCP)

# What IP packets may hold, by themselves, and the verdict.
PACKETS = {
    "mobility": (MH, KEEP),
    "mobility before IANA": (ipv6(62, MOBILITY), KEEP),
    "hop-by-hop": (ipv6(0, extension(135) + MOBILITY), KEEP),
    "destination options": (ipv6(60, extension(135, 24) + MOBILITY), KEEP),
    "routing": (ipv6(43, extension(135, 24) + MOBILITY), KEEP),
    "chain": (ipv6(0, extension(60) + extension(43, 24) + extension(135) + MOBILITY), KEEP),
    "authentication": (ipv6(51, bytes((135, 4)) + bytes(22) + MOBILITY), KEEP),
    "first fragment": (ipv6(44, fragment(135, 0, 1) + MOBILITY), KEEP),
    "later fragment": (ipv6(44, fragment(135, 9) + MOBILITY), KEEP),
    "later fragment of anything": (ipv6(44, fragment(6, 9) + MOBILITY), KEEP),
    "esp": (ipv6(50, bytes(40)), ESP),
    "esp over ipv4": (ipv4(50, bytes(40)), ESP),
    "esp in a tunnel": (ipv6(41, ipv6(60, extension(50) + bytes(40))), ESP),
    "ipv6 in ipv6": (ipv6(41, MH), KEEP),
    "ipv6 in ipv4": (ipv4(41, MH), KEEP),
    "ipv6 in ipv6, three deep": (ipv6(41, ipv6(41, ipv6(0, extension(41) + MH))), KEEP),
    "nested too deep": (ipv6(41, ipv6(41, ipv6(41, b""))), KEEP),
    "gre": (ipv6(47, gre(0x86DD, MH)), KEEP),
    "gre with key": (ipv4(47, gre(0x86DD, MH, 0x2000, 1)), KEEP),
    "gre with all": (ipv4(47, gre(0x86DD, MH, 0xB000, 3)), KEEP),
    "gre with routing": (ipv4(47, gre(0x86DD, USER6, 0x4000, 1)), KEEP),
    "gre with ethernet": (ipv4(47, gre(0x6558, ethernet(0x86DD, MH))), KEEP),
    "udp to 5436": (ipv4(17, udp(9, 5436)), KEEP),
    "udp from 5436": (ipv4(17, udp(5436, 9)), KEEP),
    "udp behind ipv4 options": (ipv4(17, udp(5436, 9), words=7), KEEP),
    "udp over ipv6": (ipv6(17, udp(5436, 9)), KEEP),
    "udp in ipv4 in ipv6": (ipv6(4, ipv4(17, udp(5436, 9))), KEEP),
    "first udp fragment": (ipv4(17, udp(5436, 9), fragment=0x2000), KEEP),
    "later udp fragment": (ipv4(17, bytes(16), fragment=0x2001), KEEP),
    "last udp fragment": (ipv4(17, bytes(16), fragment=0x0400), KEEP),
    "cut in a chain": (ipv6(60, b"", 40), KEEP),
    "cut before the ports": (ipv6(41, ipv6(17, b"", 30), 70), KEEP),
    "padding is no header": (ipv6(60, bytes((6, 0)) + bytes(30), 0), KEEP),
    "tcp over ipv6": (USER6, REJECT),
    "tcp over ipv4": (USER4, REJECT),
    "tcp over ipv4 with options": (ipv4(6, TCP, words=8), REJECT),
    "tcp fragment": (ipv4(6, TCP, fragment=0x2001), REJECT),
    "icmpv6": (ipv6(58, bytes(30)), REJECT),
    "other udp": (ipv4(17, udp(53, 5437)), REJECT),
    "other udp behind options": (ipv4(17, udp(53, 5437), words=6), REJECT),
    "other udp over ipv6": (ipv6(17, udp(53, 5437)), REJECT),
    "other first fragment": (ipv6(44, fragment(17, 0, 1) + udp(1, 2)), REJECT),
    "user traffic in a tunnel": (ipv6(41, USER6), REJECT),
    "user udp in a tunnel": (ipv6(41, ipv6(17, udp(443, 999))), REJECT),
    "user traffic in 6in4": (ipv4(41, USER6), REJECT),
    "user traffic in ipv4 in ipv6": (ipv6(4, USER4), REJECT),
    "user traffic in gre": (ipv6(47, gre(0x0800, USER4, 0x2000, 1)), REJECT),
    "user ethernet in gre": (ipv6(47, gre(0x6558, ethernet(0x86DD, USER6))), REJECT),
    "keepalive in gre": (ipv6(47, gre(0, b"")), KEEP),
    "user traffic behind options": (ipv6(0, extension(6) + TCP), REJECT),
    "no next header": (ipv6(59, b""), REJECT),
}

# What may be around an IP packet: link type, and a function of packet and its EtherType.
LINKS = {
    "ethernet": (1, lambda p, t: ethernet(t, p)),
    "vlan": (1, lambda p, t: ethernet(0x8100, pack(">HH", 5, t) + p)),
    "qinq": (1, lambda p, t: ethernet(0x88A8, pack(">HHHH", 5, 0x8100, 6, t) + p)),
    "qinq 9100": (1, lambda p, t: ethernet(0x9100, pack(">HHHH", 5, 0x8100, 6, t) + p)),
    "mpls": (1, lambda p, t: ethernet(0x8847, pack(">II", 16 << 12, 17 << 12 | 0x100) + p)),
    "pppoe": (1, lambda p, t: ethernet(0x8864, pack(">BBHHH", 17, 0, 1, len(p), PPP[t]) + p)),
    "snap": (1, lambda p, t: ethernet(len(p) + 8, b"\xaa\xaa\3\0\0\0" + pack(">H", t) + p)),
    "cooked": (113, lambda p, t: bytes(14) + pack(">H", t) + p),
    "cooked with vlan": (113, lambda p, t: bytes(14) + pack(">HHH", 0x8100, 5, t) + p),
    "cooked 2": (276, lambda p, t: pack(">H", t) + bytes(18) + p),
    "cooked 2, vlan": (276, lambda p, t: b"\x81\0" + bytes(18) + pack(">HH", 5, t) + p),
    "raw": (101, lambda p, t: p),
    "raw 12": (12, lambda p, t: p),
    "raw 14": (14, lambda p, t: p),
    "loopback": (0, lambda p, t: b"\x1e\0\0\0" + p),
    "loopback, network order": (108, lambda p, t: b"\0\0\0\x18" + p),
    "ppp": (9, lambda p, t: pack(">H", PPP[t]) + p),
    "ppp with address and control": (50, lambda p, t: b"\xff\3" + pack(">H", PPP[t]) + p),
    "ppp, short protocol": (9, lambda p, t: bytes((PPP[t],)) + p),
    "ppp over ethernet": (51, lambda p, t: pack(">BBHHH", 17, 0, 1, len(p), PPP[t]) + p),
}  # fmt: skip
PPP = {0x86DD: 0x57, 0x0800: 0x21}


def ethertype(packet):
    return 0x86DD if packet[0] >> 4 == 6 else 0x0800


def scanned(frame, link_type):
    return len(read(pcap_header(network=link_type) + record(frame), every=False)[0])


@pytest.mark.parametrize("name", PACKETS)
@pytest.mark.parametrize("link", LINKS)
def test_every_packet_on_every_link(link, name):
    packet, verdict = PACKETS[name]
    link_type, around = LINKS[link]
    frame = around(packet, ethertype(packet))
    assert examine(b"\xff" * 5 + frame + b"\xff" * 60, 5, 5 + len(frame), link_type) == verdict
    assert scanned(frame, link_type) == (verdict != REJECT)


@pytest.mark.parametrize(
    ("link_type", "frame", "verdict"),
    [
        (228, USER4, REJECT),
        (229, USER6, REJECT),
        (229, MH, KEEP),
        (228, ipv4(17, udp(5436, 1)), KEEP),
        (229, USER4, KEEP),
        (1, ethernet(0x86DD, USER4), KEEP),
        (1, ethernet(0x0806, bytes(46)), REJECT),
        (1, ethernet(0x88CC, bytes(46)), REJECT),
        (1, ethernet(40, b"\x42\x42\3" + bytes(40)), KEEP),
        (105, bytes(100), KEEP),
        (1, b"", KEEP),
    ],
)
def test_single_cases(link_type, frame, verdict):
    assert examine(frame, 0, len(frame), link_type) == verdict
    if frame:
        assert scanned(frame, link_type) == (verdict != REJECT)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("name", [n for n, (_, verdict) in PACKETS.items() if verdict == KEEP])
def test_signalling_is_kept_wherever_it_is_cut(link, name):
    packet, _ = PACKETS[name]
    link_type, around = LINKS[link]
    frame = around(packet, ethertype(packet))
    for end in range(len(frame)):
        # What follows belongs to the next frame, and must not be looked at.
        assert examine(frame[:end] + b"\6" * 200, 0, end, link_type) != REJECT


@given(
    st.binary(max_size=200), st.sampled_from([0, 1, 9, 12, 50, 51, 101, 108, 113, 228, 229, 276])
)
@example(b"\xff\3", 9)
@example(b"\0\0", 9)
def test_any_octets(octets, link_type):
    verdict = examine(octets, 0, len(octets), link_type)
    assert verdict in (REJECT, KEEP, ESP)
    if octets:
        assert scanned(octets, link_type) == (verdict != REJECT)


def test_esp_is_bounded_and_other_frames_are_not():
    esp = record(ethernet(0x86DD, ipv6(50, bytes(40))))
    octets = pcap_header() + esp * (ESP_LIMIT + 50) + record(SIGNALLING) + record(USER)
    frames, info = read(octets, every=False)
    assert len(frames) == ESP_LIMIT + 1
    assert frames[-1].number == ESP_LIMIT + 51
    assert info.packets == ESP_LIMIT + 52
