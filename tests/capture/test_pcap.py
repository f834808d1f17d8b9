from struct import pack

import pytest
from container_bytes import SECOND, SIGNALLING, START, USER, pcap_header, read, record

from pmiptrace.capture.pcap_header import FILE_HEADER
from pmiptrace.errors import CaptureError


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "unit"), [(0xA1B2C3D4, 1000), (0xA1B23C4D, 1)])
def test_both_byte_orders_and_resolutions(order, magic, unit):
    octets = pcap_header(order, magic) + record(b"one", order, fraction=999_999)
    octets += record(b"three", order, START + 1, 1, original=99)
    frames, info = read(octets)
    assert [(f.number, f.data, f.original_length, f.link_type) for f in frames] == [
        (1, b"one", 3, 1),
        (2, b"three", 99, 1),
    ]
    assert [f.time for f in frames] == [
        START * SECOND + 999_999 * unit,
        (START + 1) * SECOND + unit,
    ]
    assert info.format == "pcap"
    assert (info.packets, info.problems, info.truncated) == (2, (), False)
    assert (info.first_time, info.last_time) == (frames[0].time, frames[1].time)


@pytest.mark.parametrize("order", ["<", ">"])
def test_modified_format_has_longer_record_headers(order):
    octets = pcap_header(order, 0xA1B2CD34)
    octets += record(SIGNALLING, order, extra=pack(order + "IHBB", 3, 0x86DD, 0, 0)) * 2
    assert [f.data for f in read(octets)[0]] == [SIGNALLING] * 2
    assert len(read(octets, every=False)[0]) == 2


@pytest.mark.parametrize(
    ("network", "link_type", "fcs"),
    [(0x2400_0001, 1, 4), (0x1400_0001, 1, 2), (0x2000_0001, 1, 0), (0x0000_0114, 276, 0)],
)
def test_fcs_length_in_the_link_type_field(network, link_type, fcs):
    frames, _ = read(pcap_header(network=network) + record(b"0123456789"))
    assert frames[0].link_type == link_type
    assert frames[0].data == b"0123456789"[: 10 - fcs]
    assert frames[0].original_length == 10 - fcs


@pytest.mark.parametrize(
    ("original", "kept", "wire"), [(90, 10, 86), (14, 10, 10), (12, 8, 8), (10, 6, 6), (3, 6, 6)]
)
def test_fcs_is_removed_only_as_far_as_it_was_captured(original, kept, wire):
    frames, _ = read(pcap_header(network=0x2400_0001) + record(bytes(10), original=original))
    assert (len(frames[0].data), frames[0].original_length) == (kept, wire)


def test_original_length_smaller_than_captured():
    frames, info = read(pcap_header() + record(b"12345", original=2) + record(b"6"))
    assert [(f.data, f.original_length) for f in frames] == [(b"12345", 5), (b"6", 1)]
    assert info.problems == ()


def test_empty_packets_are_packets():
    frames, info = read(pcap_header() + record(b"") + record(b"", original=60) + record(b"x"))
    assert [f.original_length for f in frames] == [0, 60, 1]
    assert info.problems == ()


def test_only_signalling_becomes_frames_but_all_are_counted():
    octets = pcap_header() + record(USER) * 3 + record(SIGNALLING) + record(USER, seconds=START + 9)
    frames, info = read(octets, every=False)
    assert [f.number for f in frames] == [4]
    assert info.packets == 5
    assert (info.first_time, info.last_time) == (START * SECOND, (START + 9) * SECOND)


def test_no_records():
    frames, info = read(pcap_header())
    assert frames == []
    assert (info.packets, info.first_time, info.last_time, info.problems) == (0, None, None, ())


def test_cut_at_every_offset():
    records = [record(bytes([65 + i]) * (20 + i), fraction=i) for i in range(5)]
    octets = pcap_header() + b"".join(records)
    ends = [FILE_HEADER]
    for one in records:
        ends.append(ends[-1] + len(one))
    for cut in range(len(octets)):
        if cut < FILE_HEADER:
            with pytest.raises(CaptureError):
                read(octets[:cut])
            continue
        frames, info = read(octets[:cut])
        whole = sum(end <= cut for end in ends) - 1
        assert [f.data for f in frames] == [one[16:] for one in records[:whole]], cut
        assert info.truncated == (cut not in ends)
        assert [p.kind for p in info.problems] == (["truncated"] if info.truncated else [])
        if info.truncated:
            assert (info.problems[0].offset, info.problems[0].frame) == (ends[whole], whole + 1)


@pytest.mark.parametrize(
    "damage",
    [
        b"\xff" * 16,
        bytes(64),
        bytes(40) + b"\xff" * 7,
        pack("<4I", START, 0, 0x7FFF_FFFF, 60),
        b"junk of an odd length",
        pcap_header(),
    ],
)
def test_reading_goes_on_behind_damage(damage):
    good = [record(bytes([65 + i]) * 40, fraction=i) for i in range(8)]
    octets = pcap_header() + b"".join(good[:4]) + damage + b"".join(good[4:])
    frames, info = read(octets)
    assert [f.data for f in frames] == [one[16:] for one in good]
    assert [f.number for f in frames] == list(range(1, 9))
    (problem,) = info.problems
    assert problem.kind == "damaged-record"
    assert problem.offset == FILE_HEADER + sum(map(len, good[:4]))
    assert problem.frame == 5
    assert not info.truncated


def test_a_length_that_reaches_beyond_the_end_is_damage_if_records_follow():
    good = [record(bytes([65 + i]) * 40, fraction=i) for i in range(6)]
    lying = record(b"z" * 40)[:8] + pack("<II", 60_000, 60_000) + b"z" * 40
    frames, info = read(pcap_header() + b"".join(good[:2]) + lying + b"".join(good[2:]))
    assert [f.data for f in frames] == [one[16:] for one in good]
    assert [p.kind for p in info.problems] == ["damaged-record"]


def test_damage_with_nothing_behind_it_ends_the_reading():
    frames, info = read(pcap_header() + record(b"a") + b"\xff" * 5000)
    assert len(frames) == 1
    assert [p.kind for p in info.problems] == ["damaged-record"]


def test_many_damaged_places_are_given_up_on():
    part = record(bytes(40)) * 3 + b"\xff" * 20
    _, info = read(pcap_header() + part * 200)
    assert len(info.problems) == 101
    assert info.problems[-1].kind == "too-damaged"


def test_a_record_larger_than_the_buffer():
    large = record(bytes(200_000)) + record(bytes(range(200)) * 1000) * 3
    frames, info = read(pcap_header(snap=0) + large + record(SIGNALLING))
    assert [len(f.data) for f in frames] == [200_000] * 4 + [len(SIGNALLING)]
    assert info.problems == ()
    frames, _ = read(pcap_header(snap=1 << 21) + record(bytes(1 << 20)) + record(b"end"))
    assert frames[1].data == b"end"


def test_records_across_the_edges_of_the_blocks():
    # 1021 is prime, so that every part of a record comes to lie on an edge at some time.
    octets = pcap_header() + b"".join(
        record(SIGNALLING + bytes(i % 1021), fraction=i) for i in range(3000)
    )
    frames, info = read(octets, every=False)
    assert [f.number for f in frames] == list(range(1, 3001))
    assert [f.time - START * SECOND for f in frames] == [i * 1000 for i in range(3000)]
    assert info.packets == 3000
