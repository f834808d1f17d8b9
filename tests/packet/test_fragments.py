"""Fragments: in any order, more than once, overlapping, missing, too many."""

from __future__ import annotations

from itertools import permutations

import pytest
from packet_frames import (
    HOME,
    LMA,
    LMA_IPV4,
    MAG,
    MAG_IPV4,
    OUTER_1,
    OUTER_2,
    PBU,
    PBU_UDP,
    decode_all,
    frame,
)

from pmiptrace.model import Datagram, Frame, Undecoded
from pmiptrace.packet import build, reassembly
from pmiptrace.packet.decoder import PacketDecoder
from pmiptrace.packet.numbers import (
    DESTINATION_OPTIONS,
    ESP,
    FRAGMENT,
    HOP_BY_HOP,
    IPV6,
    MOBILITY_HEADER,
    UDP,
)

SECOND = 1_000_000_000
UDP_MESSAGE = build.udp(MAG_IPV4, LMA_IPV4, PBU_UDP)

IPV6_FRAGMENTS = build.fragment(MAG, LMA, MOBILITY_HEADER, PBU, size=32)
IPV4_FRAGMENTS = build.fragment(MAG_IPV4, LMA_IPV4, UDP, UDP_MESSAGE, size=40)


def frames(packets: list[bytes], *, step: int = 0, first_number: int = 1) -> list[Frame]:
    """Make frames of packets, `step` nanoseconds apart."""
    return [
        frame(build.ethernet(packet), number=index + first_number, time=index * step)
        for index, packet in enumerate(packets)
    ]


def message(found: list[Datagram | Undecoded]) -> Datagram:
    assert len(found) == 1
    assert isinstance(found[0], Datagram)
    return found[0]


def failure(found: list[Datagram | Undecoded]) -> Undecoded:
    assert len(found) == 1
    assert isinstance(found[0], Undecoded)
    return found[0]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_ipv6_fragments_in_any_order(order: tuple[int, ...]) -> None:
    capture = frames([IPV6_FRAGMENTS[index] for index in order])
    found = message(decode_all(capture))

    assert (found.payload, found.source, found.destination) == (PBU, MAG, LMA)
    assert (found.offset, found.truncated, found.hop_limit) == (None, False, 64)
    assert (found.fragments, found.frame) == ((1, 2, 3, 4), capture[-1])
    assert found.link_address == build.MAC_LMA + build.MAC_MAG


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_ipv4_fragments_in_any_order(order: tuple[int, ...]) -> None:
    found = message(decode_all(frames([IPV4_FRAGMENTS[index] for index in order])))

    assert (found.payload, found.source, found.ports) == (PBU_UDP, MAG_IPV4, (5436, 5436))
    assert (found.udp_checksum_correct, found.fragments) == (True, (1, 2, 3))


def test_whole_message_is_given_with_the_frame_that_completes_it() -> None:
    decoder = PacketDecoder()
    given = [len(decoder.decode(one)) for one in frames(IPV6_FRAGMENTS)]

    assert given == [0, 0, 0, 1]
    assert decoder.flush() == ()


def test_headers_on_both_sides_of_the_fragment_header() -> None:
    inner = build.home_address(MOBILITY_HEADER, PBU, HOME)
    packets = []
    for position in range(0, len(inner), 48):
        part = build.fragment_header(
            DESTINATION_OPTIONS,
            inner[position : position + 48],
            position=position,
            more=position + 48 < len(inner),
        )
        packets.append(build.ipv6(MAG, LMA, HOP_BY_HOP, build.options_header(FRAGMENT, part)))
    found = message(decode_all(frames(packets[::-1])))

    assert (found.home_address, found.payload) == (HOME, PBU)


@pytest.mark.parametrize("outer", [(OUTER_1, OUTER_2), (MAG_IPV4, LMA_IPV4)])
def test_a_tunnel_in_fragments(outer: tuple[bytes, bytes]) -> None:
    inner = build.ipv6(MAG, LMA, MOBILITY_HEADER, PBU)
    found = message(decode_all(frames(build.fragment(*outer, IPV6, inner, size=64))))

    assert (found.source, found.payload, found.offset) == (MAG, PBU, None)
    assert len(found.encapsulation) == 1


def test_fragments_within_fragments() -> None:
    packets = [
        piece
        for number, packet in enumerate(IPV6_FRAGMENTS)
        for piece in build.fragment(OUTER_1, OUTER_2, IPV6, packet, size=48, identification=number)
    ]
    found = message(decode_all(frames(packets[::-1])))

    assert (found.payload, found.fragments) == (PBU, tuple(range(1, len(packets) + 1)))


def test_several_packets_at_a_time() -> None:
    other = build.fragment(MAG, LMA, MOBILITY_HEADER, PBU[::-1], size=32, identification=2)
    same_number = build.fragment(LMA, MAG, MOBILITY_HEADER, PBU * 2, size=64)
    mixed = [p for three in zip(IPV6_FRAGMENTS, other, same_number, strict=True) for p in three]
    found = decode_all(frames(mixed))

    assert [one.payload for one in found if isinstance(one, Datagram)] == [PBU, PBU[::-1], PBU * 2]
    assert len(found) == 3


def test_customers_with_the_same_addresses_are_kept_apart() -> None:
    """Two VLANs can use the same addresses and identifications."""
    capture = [
        frame(build.vlan_ethernet(packet, tag), number=number)
        for number, (packet, tag) in enumerate(
            [(IPV6_FRAGMENTS[i], tag) for i in range(4) for tag in (1, 2)], 1
        )
    ]
    found = decode_all(capture)

    assert [one.payload for one in found if isinstance(one, Datagram)] == [PBU, PBU]


@pytest.mark.parametrize("index", range(4))
def test_a_fragment_that_comes_twice(index: int) -> None:
    packets = IPV6_FRAGMENTS[: index + 1] + IPV6_FRAGMENTS[index:]
    found = decode_all(frames(packets))

    assert message(found).payload == PBU


def test_copies_of_every_fragment_leave_no_complaint() -> None:
    doubled = [packet for packet in IPV6_FRAGMENTS for _ in range(2)]
    assert message(decode_all(frames(doubled))).payload == PBU

    found = decode_all(frames(IPV6_FRAGMENTS * 2))
    assert [one.payload for one in found if isinstance(one, Datagram)] == [PBU, PBU]


@pytest.mark.parametrize("missing", range(4))
def test_a_missing_fragment_is_reported_at_the_end(missing: int) -> None:
    packets = IPV6_FRAGMENTS[:missing] + IPV6_FRAGMENTS[missing + 1 :]
    found = failure(decode_all(frames(packets)))

    assert (found.kind, found.source, found.destination) == ("fragment", MAG, LMA)
    assert found.defect
    assert found.defect.kind == "fragments-missing"
    assert found.defect.available < found.defect.needed


def test_a_missing_fragment_of_a_message_over_ipv4() -> None:
    found = failure(decode_all(frames(IPV4_FRAGMENTS[:1])))
    assert (found.kind, found.source) == ("fragment", MAG_IPV4)

    assert decode_all(frames(IPV4_FRAGMENTS[1:])) == []


@pytest.mark.parametrize(("seconds", "expected"), [(20, [Datagram]), (21, [Undecoded, Undecoded])])
def test_fragments_have_60_seconds(seconds: int, expected: list[type]) -> None:
    found = decode_all(frames(IPV6_FRAGMENTS, step=seconds * SECOND))

    assert [type(one) for one in found] == expected


def test_time_out_is_reported_while_the_capture_goes_on() -> None:
    decoder = PacketDecoder()
    decoder.decode(frame(build.ethernet(IPV6_FRAGMENTS[0]), time=0))
    whole = build.ethernet(build.ipv6(MAG, LMA, MOBILITY_HEADER, PBU))
    found = decoder.decode(frame(whole, time=61 * SECOND, number=2))

    assert [type(one) for one in found] == [Undecoded, Datagram]
    assert decoder.flush() == ()


def test_captures_without_times_have_no_time_out() -> None:
    capture = [
        frame(build.ethernet(packet), time=None, number=number)
        for number, packet in enumerate(IPV6_FRAGMENTS, 1)
    ]
    assert message(decode_all(capture)).payload == PBU


def test_captures_where_some_frames_have_no_time() -> None:
    capture = [
        frame(build.ethernet(packet), time=number * 10**6 * SECOND or None, number=number)
        for number, packet in enumerate(IPV6_FRAGMENTS)
    ]
    assert message(decode_all(capture)).payload == PBU


def ipv6_part(part: bytes, position: int, *, more: bool) -> bytes:
    piece = build.fragment_header(MOBILITY_HEADER, part, position=position, more=more)
    return build.ipv6(MAG, LMA, FRAGMENT, piece)


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (ipv6_part(PBU[24:40], 24, more=True), "fragment-overlap"),
        (ipv6_part(PBU[8:16], 8, more=True), "fragment-overlap"),
        (ipv6_part(bytes(32), 0, more=True), "fragment-overlap"),
        (ipv6_part(PBU[32:48], 32, more=False), "fragment-overlap"),
        (ipv6_part(bytes(8), 104, more=True), "fragment-end"),
        (ipv6_part(bytes(8), 104, more=False), "fragment-end"),
        (ipv6_part(PBU[64:69], 64, more=True), "fragment-length"),
        (ipv6_part(b"", 64, more=True), "fragment-length"),
        (ipv6_part(bytes(16), 65528, more=False), "fragment-overrun"),
    ],
)
def test_a_fragment_that_cannot_be_right_spoils_the_packet(bad: bytes, kind: str) -> None:
    """RFC 8200 section 4.5; RFC 5722 for overlaps. The missing fragment changes nothing then."""
    first, second, third, last = IPV6_FRAGMENTS
    found = failure(decode_all(frames([first, second, last, bad, third, first])))

    assert found.kind == "fragment"
    assert found.defect
    assert found.defect.kind == kind


def test_a_last_fragment_before_octets_that_are_there_already() -> None:
    packets = [IPV6_FRAGMENTS[0], IPV6_FRAGMENTS[2], ipv6_part(PBU[32:40], 32, more=False)]
    found = failure(decode_all(frames(packets)))

    assert found.defect
    assert found.defect.kind == "fragment-end"


def test_a_fragment_that_overlaps_the_next_one() -> None:
    packets = [IPV6_FRAGMENTS[0], IPV6_FRAGMENTS[2], ipv6_part(PBU[32:72], 32, more=True)]
    found = failure(decode_all(frames(packets)))

    assert found.defect
    assert found.defect.kind == "fragment-overlap"


def test_a_spoiled_packet_is_forgotten_after_60_seconds() -> None:
    overlapping = ipv6_part(bytes(32), 0, more=True)
    capture = [
        *frames([IPV6_FRAGMENTS[0], overlapping]),
        *(
            frame(build.ethernet(packet), time=61 * SECOND, number=number)
            for number, packet in enumerate(IPV6_FRAGMENTS, 3)
        ),
    ]
    spoiled, whole = decode_all(capture)

    assert isinstance(spoiled, Undecoded)
    assert isinstance(whole, Datagram)
    assert (whole.payload, whole.fragments) == (PBU, (3, 4, 5, 6))


def test_overlapping_ipv4_fragments() -> None:
    overlapping = build.ipv4(MAG_IPV4, LMA_IPV4, UDP, bytes(40), position=32, more=True)
    found = failure(decode_all(frames([IPV4_FRAGMENTS[0], overlapping, *IPV4_FRAGMENTS[1:]])))

    assert found.defect
    assert found.defect.kind == "fragment-overlap"


def test_a_fragment_that_the_capture_cut() -> None:
    capture = frames(IPV6_FRAGMENTS)
    data = capture[1].data
    capture[1] = frame(data[:-1], number=2, original_length=len(data))
    found = failure(decode_all(capture))

    assert found.defect
    assert (found.defect.kind, found.defect.needed, found.defect.available) == ("truncated", 32, 31)


def test_a_first_fragment_that_the_capture_cut() -> None:
    capture = frames(IPV4_FRAGMENTS)
    data = capture[0].data
    capture[0] = frame(data[:-1], original_length=len(data))
    found = failure(decode_all(capture))

    assert (found.kind, found.source, found.frame) == ("fragment", MAG_IPV4, capture[0])


@pytest.mark.parametrize("missing", [0, 1])
def test_esp_in_fragments_is_told_once(missing: int) -> None:
    packets = build.fragment(MAG, LMA, ESP, bytes(96), size=32)
    assert failure(decode_all(frames(packets[: 3 - missing]))).kind == "esp"


@pytest.mark.parametrize(
    "packets",
    [
        build.fragment(MAG, LMA, 6, bytes(96), size=32),
        build.fragment(OUTER_1, OUTER_2, IPV6, build.ipv6(MAG, LMA, 6, bytes(96)), size=64),
        build.fragment(MAG_IPV4, LMA_IPV4, UDP, bytes(96), size=32),
    ],
)
def test_fragments_of_user_traffic_are_not_kept(packets: list[bytes]) -> None:
    for order in (packets, packets[::-1], packets[:1], packets[1:]):
        assert decode_all(frames(order)) == []


def test_an_identification_that_is_used_again() -> None:
    """Sixteen bits wrap soon: user traffic with the same number must not hide signalling."""
    user = build.fragment(MAG_IPV4, LMA_IPV4, UDP, bytes(96), size=32)
    assert message(decode_all(frames([*user, *IPV4_FRAGMENTS]))).payload == PBU_UDP


def test_packets_in_the_making_are_bounded() -> None:
    decoder = PacketDecoder()
    found: list[Datagram | Undecoded] = []
    count = reassembly.MAX_PACKETS + 10
    for number in range(count):
        first = build.fragment(
            MAG, LMA, MOBILITY_HEADER, PBU, size=32, identification=number
        )[0]  # fmt: skip
        found += decoder.decode(frame(build.ethernet(first), number=number + 1))

    assert [one.frame.number for one in found] == list(range(1, 11))
    assert len(decoder.flush()) == reassembly.MAX_PACKETS


def test_stray_fragments_of_user_traffic_do_not_push_signalling_out() -> None:
    strays = [
        build.fragment(MAG_IPV4, LMA_IPV4, UDP, bytes(16), size=8, identification=number)[1]
        for number in range(2 * reassembly.MAX_PACKETS)
    ]
    found = message(decode_all(frames([IPV4_FRAGMENTS[0], *strays[2:], *IPV4_FRAGMENTS[1:]])))

    assert found.payload == PBU_UDP


def test_octets_held_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reassembly, "MAX_OCTETS", 10_000)
    decoder = PacketDecoder()
    found: list[Datagram | Undecoded] = []
    for number in range(100):
        first = build.fragment(
            MAG, LMA, MOBILITY_HEADER, bytes(2000), size=1000, identification=number
        )[0]
        found += decoder.decode(frame(build.ethernet(first), number=number + 1))

    assert len(found) > 90
    assert len(decoder.flush()) == 100 - len(found)


def test_packets_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reassembly, "MAX_REMEMBERED", 3)
    fragments: reassembly.Reassembler[None] = reassembly.Reassembler()
    for key in range(5):
        fragments.skip(key, 0)

    skipped = [key for key in range(5) if fragments.skips(key, 0, is_first=False)]
    assert skipped == [2, 3, 4]


def test_a_single_packet_of_many_small_fragments_is_bounded() -> None:
    """8192 fragments of 8 octets are the most that a packet can have."""
    payload = PBU + bytes(8 * 8000 - len(PBU))
    packets = build.fragment(MAG, LMA, MOBILITY_HEADER, payload, size=8)
    found = message(decode_all(frames(packets[::-1])))

    assert found.payload == payload
