"""The compiled scan and its twin in Python give the same for any octets."""

from __future__ import annotations

import io
import os
from struct import pack
from unittest.mock import patch

import pytest
from container_bytes import (
    COMMON,
    HEADERS,
    MOBILITY,
    SIGNALLING,
    USER,
    block,
    enhanced,
    ethernet,
    interface,
    ipv4,
    ipv6,
    obsolete,
    pcap_header,
    record,
    section,
    simple,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pmiptrace.capture import CaptureReader, candidates, scanner, window
from pmiptrace.capture.scan import (
    ENHANCED_PACKET_HEADER,
    ESP_LIMIT,
    RECORD_LIMIT,
    RecordFormat,
    Shape,
    Stop,
    Tally,
)
from pmiptrace.capture.window import SLACK
from pmiptrace.errors import CaptureError

if not scanner.COMPILED:
    pytest.skip("the compiled scan was not built", allow_module_level=True)

from pmiptrace.capture import _scan

BOTH = (scanner.PYTHON_SCANNER, scanner.COMPILED_SCANNER)

ETHERTYPES = [0x86DD, 0x0800, 0x8100, 0x88A8, 0x9100, 0x9200, 0x8847, 0x8848, 0x8864, 0x6558]
PROTOCOLS = [0, 4, 17, 41, 43, 44, 47, 50, 51, 60, 62, 135, 139, 140, 6, 58, 59]
LINK_TYPES = [1, 113, 276, 12, 14, 101, 228, 229, 0, 108, 9, 50, 51, 105, -1]
MAGICS = [0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34]
PORTS = st.sampled_from([5436, 5435, 53, 0x3C15])
EACH_BIT = sorted(
    {0, 255, *PROTOCOLS, *(1 << n for n in range(8)), 0x44, 0x45, 0x60, 3, 5, 9, 23, 24}
)
DEEPEST = 40
"""Headers of a frame; more than any of the limits on them."""


@st.composite
def packets(draw, version=None, depth=0):
    """An IP packet of any headers, their length fields right or not."""
    version = version or draw(st.sampled_from([4, 6]))
    protocol = draw(st.sampled_from(PROTOCOLS))
    payload = draw(payloads(protocol, depth + 1))
    length = draw(st.sampled_from([None, None, None, 0, 3, 4, 9, 10, 24, 65535]))
    if version == 6:
        return ipv6(protocol, payload, length)
    words = draw(st.sampled_from([5, 5, 5, 6, 15, 4]))
    fragment = draw(st.sampled_from([0, 0, 0, 0x2000, 0x4000, 1, 0x100]))
    packet = ipv4(protocol, payload, fragment, words)
    return packet if length is None else packet[:2] + pack(">H", length) + packet[4:]


@st.composite
def payloads(draw, protocol, depth):
    """What an IP header or extension header announces."""
    if depth >= DEEPEST:
        return draw(st.binary(max_size=20))
    if protocol in (4, 41):
        version = 6 if protocol == 41 else 4
        return draw(packets(draw(st.sampled_from([version] * 4 + [10 - version])), depth))
    if protocol == 17:
        return pack(">HHHH", draw(PORTS), draw(PORTS), 8, 0)
    if protocol == 47:
        flags = draw(st.sampled_from([0, 0x2000, 0xB000, 0x3000, 0x4000, 1]))
        ethertype = draw(st.sampled_from([*ETHERTYPES, 0, 40]))
        words = (flags >> 15) + (flags >> 13 & 1) + (flags >> 12 & 1)
        inner = draw(announced(ethertype, depth + 1))
        return pack(">HH", flags, ethertype) + bytes(4 * words) + inner
    if protocol in (0, 43, 44, 51, 60):
        following = draw(st.sampled_from([*PROTOCOLS, protocol, protocol, protocol]))
        rest = draw(payloads(following, depth + 1))
        if protocol == 44:
            field = draw(st.sampled_from([0, 1, 6, 8, 0x100]))
            return pack(">BBHI", following, 0, field, 7) + rest
        size = draw(st.sampled_from([0, 0, 1, 2, 255]))
        octets = (size + 2) * 4 if protocol == 51 else (size + 1) * 8
        return bytes((following, size)) + bytes(octets - 2) + rest
    return draw(st.binary(max_size=30))


@st.composite
def announced(draw, ethertype, depth):
    """What an EtherType announces."""
    if depth >= DEEPEST:
        return draw(st.binary(max_size=20))
    if ethertype in (0x86DD, 0x0800):
        return draw(packets(6 if ethertype == 0x86DD else 4, depth))
    if ethertype in (0x8847, 0x8848):
        labels = draw(st.sampled_from([0, 1, 3, 15, 16, 17]))
        return bytes(4) * labels + b"\0\0\1\0" + draw(packets(None, depth))
    if ethertype == 0x8864:
        return b"\x11\0\0\1\0\0" + draw(ppp(depth))
    following = draw(st.sampled_from([*ETHERTYPES, ethertype, ethertype, 0x0806, 40, 0x600]))
    inner = draw(announced(following, depth + 1))
    if ethertype == 0x6558:
        return bytes(12) + pack(">H", following) + inner
    if ethertype < 0x600:
        head = draw(st.sampled_from([b"\xaa\xaa\3\0\0\0", b"\xaa\xab\3\0\0\0"]))
        return head + pack(">H", following) + inner
    return pack(">HH", 5, following) + inner


@st.composite
def ppp(draw, depth=0):
    """PPP with its protocol written in any way."""
    head = draw(st.sampled_from([b"", b"\xff\3", b"\xff\4"]))
    version, protocol = draw(
        st.sampled_from([(6, b"\0\x57"), (6, b"\x57"), (4, b"\0\x21"), (4, b"\x21"), (4, b"\xc0"),
                         (4, b"\0\0")])
    )  # fmt: skip
    return head + protocol + draw(packets(version, depth))


@st.composite
def links(draw):
    """A frame of any headers, sometimes with single octets changed or cut; and its link type."""
    link_type = draw(st.sampled_from([1, 1, 1, *LINK_TYPES]))
    ethertype = draw(st.sampled_from([0x86DD, 0x86DD, 0x0800, 0x0800, *ETHERTYPES, 0x0806, 40]))
    if link_type == 1:
        frame = ethernet(ethertype, draw(announced(ethertype, 0)))
    elif link_type == 113:
        frame = bytes(14) + pack(">H", ethertype) + draw(announced(ethertype, 0))
    elif link_type == 276:
        frame = pack(">H", ethertype) + bytes(18) + draw(announced(ethertype, 0))
    elif link_type in (0, 108):
        frame = bytes(4) + draw(packets())
    elif link_type in (9, 50, 51):
        frame = draw(st.sampled_from([b"", b"\x11\0\0\1\0\0"])) + draw(ppp())
    else:
        frame = draw(packets({228: 4, 229: 6}.get(link_type)))
    octets = bytearray(frame)
    for place, octet in draw(
        st.lists(st.tuples(st.integers(0, 99), st.integers(0, 255)), max_size=2)
    ):
        octets[place % len(octets)] = octet
    cut = draw(st.one_of(st.none(), st.none(), st.integers(0, len(octets))))
    return link_type, bytes(octets[:cut])


@settings(max_examples=400)
@given(links(), st.binary(max_size=8), st.binary(max_size=8))
def test_each_frame_is_judged_the_same(frame, before, behind):
    link_type, octets = frame
    start, end = len(before), len(before) + len(octets)
    buffer = before + octets + behind
    expected = candidates.examine(buffer, start, end, link_type)
    assert _scan.examine(buffer, start, end, link_type) == expected


@given(st.sampled_from(LINK_TYPES), st.binary(max_size=100))
def test_random_octets_are_judged_the_same(link_type, octets):
    expected = candidates.examine(octets, 0, len(octets), link_type)
    assert _scan.examine(octets, 0, len(octets), link_type) == expected


@pytest.mark.parametrize("kind", range(256))
def test_each_protocol_is_judged_the_same(kind):
    for packet in (
        ipv6(kind, bytes(40)),
        ipv4(kind, bytes(40)),
        ipv6(0, bytes((kind, 0)) + bytes(30)),
    ):
        expected = candidates.examine(packet, 0, len(packet), 101)
        assert _scan.examine(packet, 0, len(packet), 101) == expected


def nested(depth, kind, inner):
    """IPv6 in itself, VLAN tags, labels or extension headers, so many in a row."""
    packet = inner
    if kind == "tunnel":
        for _ in range(depth):
            packet = ipv6(41 if packet[0] >> 4 == 6 else 4, packet)
    if kind == "extension":
        chain = b"".join(bytes((60, 0)) + bytes(6) for _ in range(depth))
        packet = ipv6(60, chain + inner[6:7] + bytes(7) + inner[40:])
    if kind == "gre":
        for _ in range(depth):
            packet = ipv4(47, pack(">HH", 0, 0x86DD if packet[0] >> 4 == 6 else 0x0800) + packet)
    if kind == "vlan":
        return ethernet(0x8100, b"\0\5\x81\0" * depth + b"\0\5\x86\xdd" + packet)
    if kind == "label":
        return ethernet(0x8847, bytes(4) * depth + b"\0\0\1\0" + packet)
    if kind == "ppp":
        return ethernet(0x8864, b"\x11\0\0\1\0\0" + b"\xff\3" * (depth % 2) + b"\0\x57" + packet)
    return ethernet(0x86DD if packet[0] >> 4 == 6 else 0x0800, packet)


@pytest.mark.parametrize("kind", ["tunnel", "extension", "gre", "vlan", "label", "ppp"])
@pytest.mark.parametrize("depth", [0, 1, 2, 13, 14, 15, 16, 17, 40])
def test_nested_frames_are_judged_the_same_wherever_they_are_cut(depth, kind):
    for inner in (ipv6(135, MOBILITY), ipv6(6, bytes(8))):
        frame = nested(depth, kind, inner)
        for end in range(len(frame) + 1):
            assert _scan.examine(frame, 0, end, 1) == candidates.examine(frame, 0, end, 1)


@pytest.mark.parametrize("outer", ["tunnel", "gre"])
@pytest.mark.parametrize("depth", range(1, 16))
def test_headers_of_two_kinds_share_one_limit(depth, outer):
    for inner in (ipv6(135, MOBILITY), ipv6(6, bytes(8))):
        within = nested(depth, "gre" if outer == "tunnel" else "tunnel", inner)[14:]
        for more in range(14 - depth, 18 - depth):
            frame = nested(max(more, 0), outer, within)
            expected = candidates.examine(frame, 0, len(frame), 1)
            assert _scan.examine(frame, 0, len(frame), 1) == expected


def variations(frame):
    """A frame with each octet changed, and cut everywhere."""
    for place in range(min(len(frame), 90)):
        for value in EACH_BIT:
            yield frame[:place] + bytes((value,)) + frame[place + 1 :]
    yield from (frame[:end] for end in range(1, len(frame)))


@pytest.mark.parametrize("packet", COMMON, ids=range(len(COMMON)))
@pytest.mark.parametrize("link_type", [1, 113, 276])
def test_common_frames_are_passed_over_the_same_whatever_one_octet_is(link_type, packet):
    kind = {0x60: 0x86DD, 0x45: 0x0800}.get(packet[0], 0x8100)
    frame = {
        1: ethernet(kind, packet),
        113: bytes(14) + pack(">H", kind) + packet,
        276: pack(">H", kind) + bytes(18) + packet,
    }[link_type]
    frames = list(variations(frame))
    wanted = [
        number
        for number, one in enumerate(frames, 18)
        if candidates.examine(one, 0, len(one), link_type) == candidates.KEEP
    ]
    for order in "<>":
        octets = b"".join(record(one, order) for one in frames)
        scan = pcap_scan(0xA1B2C3D4, order, link_type)
        _, _, hits, *_ = compare(scan, octets, 0, len(octets), every=False, esp=ESP_LIMIT)
        assert [number for number, _ in hits] == wanted
        octets = b"".join(enhanced(one, order) for one in frames)
        scan = pcapng_scan(order, [link_type])
        _, _, hits, *_ = compare(scan, octets, 0, len(octets), every=False, esp=ESP_LIMIT)
        assert [number for number, _ in hits] == wanted


@pytest.mark.parametrize("frame", HEADERS, ids=range(len(HEADERS)))
@pytest.mark.parametrize("link_type", [1, 113, 276, 0, 9, 51, 12, 14, 101, 228, 229, 108, 50, 7])
def test_frames_are_judged_the_same_whatever_one_octet_is(link_type, frame):
    for place in range(min(len(frame), 130)):
        changed = bytearray(frame)
        for value in EACH_BIT if place < 120 else (0, 255):
            changed[place] = value
            expected = candidates.examine(changed, 0, len(frame), link_type)
            assert _scan.examine(changed, 0, len(frame), link_type) == expected


def compare(scan, octets, position, end, *, every, esp=0):
    """Hold one call of both against each other; `scan` makes it. Give what both gave."""
    buffer = bytearray(octets) + bytes(SLACK)
    results = []
    for one in BOTH:
        tally, hits = Tally(every), []
        tally.number, tally.others, tally.esp, tally.last = 17, 3, esp, 5
        reached, stop = scan(one, buffer, position, end, tally, hits)
        assert isinstance(stop, Stop)
        results.append((reached, stop, hits, tally.number, tally.others, tally.esp, tally.last))
    assert results[0] == results[1]
    return results[0]


def pcap_scan(magic, order, link_type, limit=262144):
    header = 24 if magic == 0xA1B2CD34 else 16
    layout = "4x3I8x" if header == 24 else "4x3I"
    form = RecordFormat(header, Shape(order, layout, link_type), limit, pack(order + "I", magic))
    return lambda one, buffer, position, end, tally, hits: one.pcap(
        buffer, position, end, form, tally, hits
    )


def pcapng_scan(order, link_types):
    shapes = [Shape(order, ENHANCED_PACKET_HEADER, link_type) for link_type in link_types]
    return lambda one, buffer, position, end, tally, hits: one.pcapng(
        buffer, position, end, order, shapes, tally, hits
    )


WORDS = st.one_of(
    st.sampled_from([0, 1, 6, 28, 32, 36, 60, RECORD_LIMIT, RECORD_LIMIT + 1, RECORD_LIMIT + 4]),
    st.sampled_from([999_999_999, 1_000_000_000, 262144, 262145, 0xFFFFFFFF, *MAGICS]),
    st.integers(0, 200),
)
EDITS = st.lists(
    st.tuples(
        st.integers(0, 3000), st.integers(0, 40),
        st.one_of(st.binary(max_size=40), WORDS.map(lambda word: pack("<I", word)),
                  WORDS.map(lambda word: pack(">I", word))),
    ),
    max_size=4,
)  # fmt: skip


def edited(octets, edits):
    for place, length, new in edits:
        place %= len(octets) + 1
        octets = octets[:place] + new + octets[place + length :]
    return octets


@st.composite
def records(draw, order, magic):
    """Records of one pcap file, most of them right."""
    octets = b""
    for _, frame in draw(st.lists(links(), max_size=8)):
        words = [1_700_000_000, 0, len(frame), len(frame)]
        if draw(st.integers(0, 9)) == 0:
            words[draw(st.integers(0, 3))] = draw(WORDS)
        octets += pack(order + "4I", *words) + bytes(8 if magic == 0xA1B2CD34 else 0) + frame
    return edited(octets, draw(EDITS))


@st.composite
def blocks(draw, order):
    """Blocks of one pcapng section, most of them Enhanced Packet Blocks that are right."""
    octets = b""
    for _, frame in draw(st.lists(links(), max_size=8)):
        number = draw(st.sampled_from([0, 0, 1, 2, 3, 65, 0xFFFFFFFF]))
        kind = draw(st.integers(0, 11))
        if kind == 0:
            octets += block(draw(WORDS), frame, order)
        elif kind == 1:
            octets += simple(frame, order)
        elif kind == 2:
            octets += obsolete(frame, order, number % 65536)
        elif kind == 3:
            octets += interface(order, draw(st.sampled_from(LINK_TYPES[:-1])))
        elif kind == 4:
            octets += edited(enhanced(frame, order, number), draw(EDITS))
        else:
            octets += enhanced(frame, order, number)
    return edited(octets, draw(EDITS))


@given(
    st.data(), st.sampled_from(MAGICS), st.sampled_from("<>"), st.sampled_from(LINK_TYPES),
    st.booleans(), st.sampled_from([0, ESP_LIMIT - 1, ESP_LIMIT]),
)  # fmt: skip
def test_pcap_records_are_walked_the_same(data, magic, order, link_type, every, esp):
    octets = data.draw(records(order, magic))
    end = data.draw(st.integers(0, len(octets)))
    position = data.draw(st.sampled_from([0, 0, end // 2, end]))
    scan = pcap_scan(magic, order, link_type)
    compare(scan, octets, position, end, every=every, esp=esp)
    compare(scan, octets, 0, len(octets), every=every, esp=esp)


@given(
    st.data(), st.sampled_from("<>"), st.lists(st.sampled_from(LINK_TYPES), max_size=70),
    st.booleans(), st.sampled_from([0, ESP_LIMIT - 1, ESP_LIMIT]),
)  # fmt: skip
def test_pcapng_blocks_are_walked_the_same(data, order, link_types, every, esp):
    octets = data.draw(blocks(order))
    end = data.draw(st.integers(0, len(octets)))
    position = data.draw(st.sampled_from([0, 0, end // 2, end]))
    scan = pcapng_scan(order, link_types)
    compare(scan, octets, position, end, every=every, esp=esp)
    compare(scan, octets, 0, len(octets), every=every, esp=esp)


PCAP_WORDS = [
    (1, 999_999_999, 4, 4), (1, 1_000_000_000, 4, 4), (1, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 9),
    (0, 0, 4, 4), (0xA1B2C3D4, 0, 0, 4), (0xA1B2C3D4, 0, 4, 4), (0xD4C3B2A1, 0, 0, 4),
    (1, 0, 4, RECORD_LIMIT), (1, 0, 4, RECORD_LIMIT + 1), (1, 0, 100, 4), (1, 0, 101, 4),
    (1, 0, 0xFFFFFFFF, 4), (1, 0, 4, 0xFFFFFFFF), (1, 0xFFFFFFFF, 0, 0),
]  # fmt: skip


@pytest.mark.parametrize("words", PCAP_WORDS)
@pytest.mark.parametrize("order", "<>")
def test_the_limits_of_a_record_are_the_same(order, words):
    octets = pack(order + "4I", *words) + bytes(100)
    compare(pcap_scan(0xA1B2C3D4, order, 1, limit=100), octets, 0, len(octets), every=True)


@pytest.mark.parametrize("length", [0, 12, 28, 31, 32, 33, 36, 40, RECORD_LIMIT, RECORD_LIMIT + 4])
@pytest.mark.parametrize("kind", [3, 6])
@pytest.mark.parametrize("captured", [0, 3, 4, 5, 8, 9, 0xFFFFFFFF])
def test_the_limits_of_a_block_are_the_same(captured, kind, length):
    octets = pack("<7I", kind, length, 0, 0, 0, captured, 0) + pack("<I", length) * 10
    for end in (8, 11, 12, 31, 32, 60):
        compare(pcapng_scan("<", [1]), octets, 0, end, every=True)


def test_more_hits_than_are_collected_at_a_time():
    octets = record(SIGNALLING) * 1500
    *_, hits, number, _, _, _ = compare(
        pcap_scan(0xA1B2C3D4, "<", 1), octets, 0, len(octets), every=False
    )
    assert (len(hits), number) == (1500, 1517)
    octets = enhanced(SIGNALLING) * 1500
    *_, hits, number, _, _, _ = compare(pcapng_scan("<", [1]), octets, 0, len(octets), every=False)
    assert (len(hits), number) == (1500, 1517)


def test_more_interfaces_than_are_remembered():
    link_types = [1, 101] * 100
    octets = b"".join(enhanced(USER, number=n) for n in (0, 64, 1, 65, 128, 129, 199, 64, 0) * 20)
    *_, stop, hits, _, _, _, _ = compare(
        pcapng_scan("<", link_types), octets, 0, len(octets), every=False
    )
    assert stop is Stop.MORE
    assert len(hits) == 80


def test_esp_is_bounded_the_same():
    octets = record(ethernet(0x86DD, ipv6(50, bytes(40)))) * (ESP_LIMIT + 50)
    *_, hits, _, _, esp, _ = compare(
        pcap_scan(0xA1B2C3D4, "<", 1), octets, 0, len(octets), every=False
    )
    assert (len(hits), esp) == (ESP_LIMIT, ESP_LIMIT + 50)


def whole(octets, *, every, size, scan):
    """Read a file in blocks of some size; give all that is to be known of it."""
    with patch.dict(os.environ, {scanner.VARIABLE: scan}), patch.object(window, "BLOCK", size):
        try:
            reader = CaptureReader("-", every_frame=every, stream=io.BytesIO(octets))
        except CaptureError as error:
            return str(error)
        return list(reader), reader.info, reader.esp_frames


@st.composite
def files(draw):
    """A capture file, damaged or not."""
    if draw(st.booleans()):
        order, magic = draw(st.sampled_from("<>")), draw(st.sampled_from(MAGICS))
        link_type = draw(st.sampled_from(LINK_TYPES[:-1]))
        head = pcap_header(order, magic, draw(st.sampled_from([0, 65535, 400000])), link_type)
        octets = head + draw(records(order, magic))
    else:
        octets = b""
        for order in draw(st.lists(st.sampled_from("<>"), min_size=1, max_size=3)):
            described = draw(st.lists(st.sampled_from(LINK_TYPES[:-1]), max_size=4))
            octets += section(order) + b"".join(interface(order, t) for t in described)
            octets += draw(blocks(order))
    return edited(octets, draw(EDITS))


@given(files(), st.booleans(), st.sampled_from([64, 100, 1000, 4096]))
@example(pcap_header() + record(SIGNALLING) * 3 + b"\xff" * 40 + record(SIGNALLING) * 5, False, 64)
@example(pcap_header() + record(ethernet(0x86DD, ipv6(50, MOBILITY))) * 3, False, 64)
def test_files_are_read_the_same(octets, every, size):
    python = whole(octets, every=every, size=size, scan="python")
    assert whole(octets, every=every, size=size, scan="compiled") == python


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (6, 5), (0, 11), (11, 11), (-5, -1)])
def test_no_place_outside_the_buffer_is_taken(start, end):
    buffer = bytearray(10)
    common = (False, False, 0, 0, 0, [])
    with pytest.raises(ValueError, match="not inside"):
        _scan.examine(buffer, start, end, 1)
    with pytest.raises(ValueError, match="not inside"):
        _scan.scan_pcap(buffer, start, end, *common, 16, 100, 0, 1)
    with pytest.raises(ValueError, match="not inside"):
        _scan.scan_pcapng(buffer, start, end, *common, [])


def test_interfaces_that_are_none_raise():
    octets = enhanced(USER)
    with pytest.raises(AttributeError):
        _scan.scan_pcapng(octets, 0, len(octets), False, False, 0, 0, 0, [], [None])
