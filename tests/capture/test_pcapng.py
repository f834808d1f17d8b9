import io
import shutil
import subprocess
from struct import pack

import pytest
from container_bytes import (
    SECOND,
    SIGNALLING,
    START,
    USER,
    block,
    enhanced,
    interface,
    obsolete,
    option,
    read,
    section,
    simple,
)

from pmiptrace.capture.reader import CaptureReader
from pmiptrace.errors import CaptureError

ORDERS = pytest.mark.parametrize("order", ["<", ">"])


@ORDERS
def test_enhanced_packets(order):
    octets = section(order) + interface(order) + enhanced(b"one", order)
    octets += enhanced(b"four", order, ticks=START * 1_000_000 + 5, original=90)
    frames, info = read(octets)
    assert [(f.number, f.data, f.original_length, f.link_type) for f in frames] == [
        (1, b"one", 3, 1),
        (2, b"four", 90, 1),
    ]
    assert [f.time for f in frames] == [START * SECOND, START * SECOND + 5000]
    assert (info.format, info.packets, info.problems) == ("pcapng", 2, ())


@ORDERS
def test_simple_packets_have_no_time(order):
    octets = section(order) + interface(order, snap=6) + simple(b"123456", order, original=80)
    octets += simple(b"12", order)
    frames, info = read(octets)
    assert [(f.data, f.original_length, f.time) for f in frames] == [
        (b"123456", 80, None),
        (b"12", 2, None),
    ]
    assert (info.first_time, info.last_time) == (None, None)


@ORDERS
def test_obsolete_packets(order):
    octets = section(order) + interface(order, 113) + interface(order, 1)
    octets += obsolete(b"abc", order, number=1, original=7)
    (frame,), info = read(octets)
    assert (frame.data, frame.original_length, frame.interface) == (b"abc", 7, 1)
    assert (frame.time, frame.link_type) == (START * SECOND, 1)
    assert info.first_time == START * SECOND


RESOLUTIONS = [
    (b"\x00", START, START * SECOND),
    (b"\x03", START * 1000 + 1, START * SECOND + 1_000_000),
    (b"\x06", START * 10**6 + 1, START * SECOND + 1000),
    (b"\x09", START * SECOND + 1, START * SECOND + 1),
    (b"\x0a", START * 10**10 + 19, START * SECOND + 1),
    (b"\x80", START, START * SECOND),
    (b"\x8a", START * 1024 + 1, START * SECOND + 976_562),
    (b"\xa0", (START << 32) + 1, START * SECOND),
    (b"\xff", 5, 0),
    (b"\x7f", 5, 0),
    (b"\x00", (1 << 64) - 1, None),
]


@ORDERS
@pytest.mark.parametrize(("resolution", "ticks", "time"), RESOLUTIONS)
def test_time_resolutions(order, resolution, ticks, time):
    tail = option(9, resolution, order) + option(0, b"", order)
    octets = section(order) + interface(order, tail=tail) + enhanced(b"x", order, ticks=ticks)
    (frame,), info = read(octets)
    assert frame.time == time
    assert info.first_time == time


@pytest.mark.parametrize("seconds", [3600, -3600, 0])
def test_time_offset(seconds):
    tail = option(1, b"\xff not UTF-8") + option(14, pack("<q", seconds)) + option(9, b"\x09")
    octets = section() + interface(tail=tail) + enhanced(b"x", ticks=START * SECOND + 1)
    assert read(octets)[0][0].time == (START + seconds) * SECOND + 1


@pytest.mark.parametrize(("value", "fcs"), [(4, 4), (32, 4), (16, 2), (0, 0)])
def test_frame_check_sequence_of_the_interface(value, fcs):
    octets = section() + interface(tail=option(13, bytes((value,)))) + enhanced(b"0123456789")
    octets += simple(b"0123456789") + obsolete(b"0123456789")
    frames, _ = read(octets)
    for frame in frames:
        assert frame.data == b"0123456789"[: 10 - fcs]
        assert frame.original_length == 10 - fcs


@ORDERS
def test_frame_check_sequence_of_one_packet(order):
    flags = option(1, b"comment", order) + option(2, pack(order + "I", 4 << 5 | 1), order)
    octets = section(order) + interface(order) + enhanced(b"0123456789", order, tail=flags)
    octets += obsolete(b"0123456789", order, tail=flags) + enhanced(b"0123456789", order)
    assert [len(f.data) for f in read(octets)[0]] == [6, 6, 10]


def test_interfaces_have_their_own_link_type_and_resolution():
    octets = section() + interface(link_type=1)
    octets += interface(link_type=113, tail=option(9, b"\x09")) + enhanced(b"a", number=1, ticks=7)
    octets += (
        enhanced(b"b", number=0, ticks=7) + interface(link_type=276) + enhanced(b"c", number=2)
    )
    frames, _ = read(octets)
    assert [(f.link_type, f.interface) for f in frames] == [(113, 1), (1, 0), (276, 2)]
    assert [f.time for f in frames[:2]] == [7, 7000]


@pytest.mark.parametrize("orders", ["<<", "<>", "><", ">>"])
@pytest.mark.parametrize("length", [-1, 0, 0x7FFFFFFF])
def test_sections_follow_one_another(orders, length):
    octets = b""
    for i, order in enumerate(orders):
        octets += section(order, length) + interface(order, 1 + 100 * i) + enhanced(b"x", order)
    octets += section() + interface() + interface() + enhanced(b"x", number=1)
    frames, info = read(octets)
    assert [(f.number, f.interface, f.link_type) for f in frames] == [
        (1, 0, 1),
        (2, 1, 101),
        (3, 3, 1),
    ]
    assert info.problems == ()


def test_other_blocks_are_passed_over():
    names = block(4, bytes(20)) + block(5, bytes(12)) + block(10, bytes(8)) + block(99, b"")
    octets = section(tail=option(4, b"tester")) + names + interface() + names + enhanced(b"a")
    octets += names + block(0x8000_0001, bytes(600_000)) + enhanced(b"b") + names
    frames, info = read(octets)
    assert [f.data for f in frames] == [b"a", b"b"]
    assert info.problems == ()


def test_blocks_that_wireshark_numbers():
    octets = section() + interface() + enhanced(b"a")
    octets += block(9, b"MESSAGE=x\n\n") + block(0xBAD, bytes(8)) + block(0x40000BAD, bytes(8))
    octets += block(0x204, bytes(28)) + block(0x208, bytes(28)) + enhanced(b"b")
    frames, info = read(octets)
    assert [f.number for f in frames] == [1, 6]
    assert info.packets == 2


def test_only_signalling_becomes_frames_but_all_are_counted():
    octets = section() + interface() + enhanced(USER) + enhanced(SIGNALLING) + simple(USER)
    octets += simple(SIGNALLING) + obsolete(USER) + obsolete(SIGNALLING) + enhanced(USER)
    frames, info = read(octets, every=False)
    assert [f.number for f in frames] == [2, 4, 6]
    assert info.packets == 7


def test_cut_at_every_offset():
    blocks = [
        section(),
        interface(),
        enhanced(b"abc"),
        simple(b"defg"),
        block(5, bytes(12)),
        obsolete(b"h"),
        section(">"),
        interface(">"),
        enhanced(b"i", ">"),
    ]
    packet = [0, 0, 1, 1, 0, 1, 0, 0, 1]
    octets = b"".join(blocks)
    ends = [sum(map(len, blocks[: i + 1])) for i in range(len(blocks))]
    data = [b"abc", b"defg", b"h", b"i"]
    for cut in range(len(octets) + 1):
        if cut < ends[0]:
            with pytest.raises(CaptureError):
                read(octets[:cut])
            continue
        frames, info = read(octets[:cut])
        whole = sum(seen for seen, end in zip(packet, ends, strict=True) if end <= cut)
        assert [f.data for f in frames] == data[:whole], cut
        assert info.truncated == (cut not in ends), cut
        assert [p.kind for p in info.problems] == (["truncated"] if info.truncated else [])


GOOD = [enhanced(bytes([65 + i]) * 40, ticks=i) for i in range(6)]


@pytest.mark.parametrize(
    "damage",
    [
        bytes(64),
        b"\xff" * 33,
        b"junk!",
        pack("<II", 6, 0x7FFF_FFF0) + bytes(40),
        enhanced(bytes(40))[:-4] + bytes(4),
        enhanced(bytes(40))[:20],
        pack("<III", 0x0A0D0D0A, 28, 0) + bytes(16),
        pack("<II", 5, 8),
    ],
)
def test_reading_goes_on_behind_damage(damage):
    start = section() + interface() + b"".join(GOOD[:2])
    frames, info = read(start + damage + b"".join(GOOD[2:]))
    assert [f.data[:1] for f in frames] == [b"A", b"B", b"C", b"D", b"E", b"F"]
    (problem,) = info.problems
    assert (problem.kind, problem.offset, problem.frame) == ("damaged-block", len(start), 3)
    assert not info.truncated


def test_a_search_finds_a_section_of_the_other_byte_order():
    octets = section() + interface() + b"\xff" * 30
    octets += section(">") + interface(">") + enhanced(b"x", ">")
    frames, info = read(octets)
    assert [f.data for f in frames] == [b"x"]
    assert [p.kind for p in info.problems] == ["damaged-block"]


@pytest.mark.parametrize(
    "bad",
    [
        enhanced(b"abcd", number=1),
        obsolete(b"abcd", number=9),
        block(6, pack("<5I", 0, 0, 0, 500, 500) + bytes(8)),
        block(2, pack("<5I", 0, 0, 0, 500, 500) + bytes(8)),
        block(6, bytes(4)),
        block(3, b""),
    ],
)
def test_a_bad_packet_in_a_good_block_counts_and_is_told(bad):
    frames, info = read(section() + interface() + bad + enhanced(b"x"))
    assert [(f.number, f.data) for f in frames] == [(2, b"x")]
    assert [(p.kind, p.frame) for p in info.problems] == [("damaged-block", 1)]


def test_a_simple_packet_without_an_interface():
    frames, info = read(section() + simple(b"x"))
    assert frames == []
    assert [p.kind for p in info.problems] == ["damaged-block"]


def test_an_unreadable_interface_keeps_its_number():
    octets = section() + block(1, b"\1\0") + interface(link_type=113) + enhanced(b"x", number=1)
    octets += enhanced(b"lost", number=0) + enhanced(b"y", number=1)
    frames, info = read(octets)
    assert [(f.number, f.data, f.interface) for f in frames] == [(1, b"x", 1), (3, b"y", 1)]
    assert [p.kind for p in info.problems] == ["damaged-block", "damaged-block"]


def test_a_later_section_of_unknown_version_ends_the_reading():
    octets = section() + interface() + enhanced(b"x") + section(version=2) + interface()
    frames, info = read(octets)
    assert len(frames) == 1
    assert [p.kind for p in info.problems] == ["unsupported"]


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_numbers_and_times_are_those_of_tshark(tmp_path):
    octets = section() + interface(tail=option(9, b"\x8a")) + interface()
    octets += enhanced(SIGNALLING, ticks=1024 * 9 + 512)
    octets += block(9, b"__REALTIME_TIMESTAMP=1\nMESSAGE=x\n\n") + block(5, bytes(12))
    octets += block(0xBAD, bytes(8)) + enhanced(SIGNALLING, number=1)
    octets += (
        obsolete(SIGNALLING, number=1)
        + section(">")
        + interface(">", tail=option(9, b"\3", ">") + option(14, bytes(8), ">"))
    )
    octets += block(99, bytes(4), ">") + enhanced(SIGNALLING, ">", ticks=START * 1000 + 7)
    path = tmp_path / "x.pcapng"
    path.write_bytes(octets)
    command = ["tshark", "-r", str(path), "-Y", "mipv6", "-T", "fields"]
    command += ["-e", "frame.number", "-e", "frame.time_epoch"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    frames, _ = read(octets, every=False)
    assert len(frames) == 4
    assert out[0::2] == [str(f.number) for f in frames]
    # tshark prints as many digits as the interface resolves.
    for text, frame in zip(out[1::2], frames, strict=True):
        seconds, _, digits = text.partition(".")
        assert int(seconds) * SECOND + int(digits.ljust(9, "0")) == frame.time


def statistics(*options, number=0, order="<"):
    return block(5, pack(f"{order}3I", number, 0, 0) + b"".join(options), order)


@ORDERS
def test_drops_are_those_of_the_last_statistics(order):
    def counter(code, value):
        return option(code, pack(f"{order}Q", value), order)

    octets = section(order) + interface(order) + interface(order) + enhanced(b"x" * 60, order)
    with reader(octets) as found:
        assert (found.drops, [*found] != []) == (None, True)
        assert found.drops is None
    octets += statistics(counter(4, 1000), counter(5, 3), counter(7, 2), order=order)
    octets += statistics(counter(5, 7), number=1, order=order)
    octets += statistics(counter(5, 4), counter(7, 2), order=order)
    octets += statistics(counter(5, 99), number=2, order=order)  # no such interface
    octets += block(5, b"", order) + statistics(option(5, b"short", order), order=order)
    with reader(octets) as found:
        assert len([*found]) == 1
        assert found.drops == 6 + 7


def reader(octets):
    return CaptureReader("-", stream=io.BytesIO(octets), every_frame=True)
