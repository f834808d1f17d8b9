"""Records as octets: together they are the file, and one can be changed without the others."""

from __future__ import annotations

import io
from struct import pack

import pytest
from container_bytes import (
    SIGNALLING,
    START,
    USER,
    block,
    enhanced,
    interface,
    obsolete,
    option,
    pcap_header,
    read,
    record,
    section,
    simple,
)
from hypothesis import given
from hypothesis import strategies as st

from pmiptrace.capture.pcap_header import read_file_header
from pmiptrace.capture.reader import CaptureReader
from pmiptrace.capture.records import (
    Record,
    interface_of,
    open_section,
    packet_of,
    section_of,
    with_comments,
    with_options,
    with_packet,
)
from pmiptrace.errors import CaptureError

ORDERS = pytest.mark.parametrize("order", ["<", ">"])
COMMENT = 1


def records(octets: bytes) -> tuple[bytes, list[Record]]:
    reader = CaptureReader("-", every_frame=True, stream=io.BytesIO(octets))
    return reader.head, list(reader.records(lambda number: True))


def pcapng(order: str = "<") -> bytes:
    names = block(4, pack(order + "HH", 1, 8) + b"\x0a\0\0\1ab\0\0" + bytes(4), order)
    flags = option(2, pack(order + "I", 1), order) + bytes(4)
    return (
        section(order, tail=option(4, b"a capturer", order) + bytes(4))
        + interface(order, tail=option(2, b"eth0", order) + option(9, b"\6", order) + bytes(4))
        + enhanced(SIGNALLING, order, tail=flags)
        + names
        + enhanced(USER[:33], order, ticks=START * 1_000_000 + 7, original=99)
        + obsolete(b"abc", order, tail=flags)
        + simple(b"12345", order)
        + block(0x0BAD, pack(order + "I", 4711) + b"custom", order)
        + block(5, pack(order + "3I", 0, 1, 2) + bytes(4), order)
        + section(">" if order == "<" else "<")
    )


@ORDERS
def test_records_of_pcapng_are_the_file(order: str) -> None:
    octets = pcapng(order)
    head, found = records(octets)
    assert head == b""
    assert b"".join(item.octets for item in found) == octets
    assert [item.number for item in found if item.number] == [1, 2, 3, 4, 5]
    frames, _ = read(octets)
    assert [item.frame for item in found if item.frame] == frames


@ORDERS
@pytest.mark.parametrize("magic", [0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34])
def test_records_of_pcap_are_the_file(order: str, magic: int) -> None:
    extra = bytes(8) if magic == 0xA1B2CD34 else b""
    body = record(SIGNALLING, order, extra=extra) + record(b"", order, original=5, extra=extra)
    octets = pcap_header(order, magic) + body + record(USER, order, extra=extra)
    head, found = records(octets)
    assert head + b"".join(item.octets for item in found) == octets
    assert [item.frame for item in found] == read(octets)[0]


def test_records_larger_than_a_block_of_the_file() -> None:
    data = bytes(range(256)) * 1200
    octets = section() + interface() + enhanced(data) + block(99, data) + enhanced(b"end")
    assert b"".join(item.octets for item in records(octets)[1]) == octets


def test_what_is_damaged_is_left_out() -> None:
    whole = pcap_header() + record(SIGNALLING) + record(USER)
    assert b"".join(r.octets for r in records(whole + record(USER)[:-9])[1]) == whole[24:]
    good = section() + interface() + enhanced(SIGNALLING)
    octets = good + b"\xee" * 40 + enhanced(USER)
    assert b"".join(r.octets for r in records(octets)[1]) == good + enhanced(USER)
    assert [r.number for r in records(octets)[1] if r.number] == [1, 2]


@ORDERS
def test_comments_go_before_the_options_that_are_there(order: str) -> None:
    found = [item for item in records(pcapng(order))[1] if item.number]
    texts = ["first", "zweiter: ä"]
    added = b"".join(option(COMMENT, text.encode(), order) for text in texts)
    flags = option(2, pack(order + "I", 1), order) + bytes(4)
    assert with_comments(found[0], texts) == enhanced(SIGNALLING, order, tail=added + flags)
    assert with_comments(found[1], texts) == enhanced(
        USER[:33], order, ticks=START * 1_000_000 + 7, original=99, tail=added + bytes(4)
    )
    assert with_comments(found[2], texts) == obsolete(b"abc", order, tail=added + flags)
    assert with_comments(found[3], texts) is None


def test_a_comment_is_cut_to_what_an_option_holds() -> None:
    found = records(section() + interface() + enhanced(b"x"))[1][-1]
    changed = with_comments(found, ["ä" * 40_000])
    assert changed is not None
    assert read(section() + interface() + changed)[0][0].data == b"x"
    assert changed[36:].count("ä".encode()) == 32_767


@ORDERS
def test_another_packet_in_a_record(order: str) -> None:
    found = [item for item in records(pcapng(order))[1] if item.number]
    size = len(SIGNALLING)
    assert with_packet(found[0], b"") == enhanced(b"", order, original=size)
    assert with_packet(found[0], b"ab") == enhanced(b"ab", order, original=size)
    assert with_packet(found[3], b"abcde") == simple(b"abcde", order)
    for extra in (b"", bytes(8)):
        magic = 0xA1B2CD34 if extra else 0xA1B2C3D4
        octets = pcap_header(order, magic) + record(b"abcd", order, original=9, extra=extra)
        changed = with_packet(records(octets)[1][0], b"xy")
        assert changed == record(b"xy", order, original=9, extra=extra)


@ORDERS
def test_options_that_are_kept(order: str) -> None:
    head, first = records(pcapng(order))[1][:2]
    assert with_options(head, frozenset()) == section(order)
    kept = interface(order, tail=option(9, b"\6", order) + bytes(4))
    assert with_options(first, frozenset({9})) == kept
    assert open_section(section(order, length=4711)) == section(order)


@ORDERS
@pytest.mark.parametrize(("magic", "unit"), [(0xA1B2C3D4, 6), (0xA1B23C4D, 9)])
def test_pcap_as_pcapng_has_the_same_frames(order: str, magic: int, unit: int) -> None:
    octets = pcap_header(order, magic, network=0x24000001)  # a frame check sequence of 4 octets
    octets += record(SIGNALLING + b"FCSX", order, fraction=123456, original=200)
    octets += record(USER, order, seconds=0xFFFFFFFF)
    header = read_file_header(octets[:24])
    assert header is not None
    converted = section_of(header.order) + interface_of(header)
    assert option(9, bytes((unit,)), order) in converted
    converted += b"".join(packet_of(item, header).octets for item in records(octets)[1])
    assert read(converted)[0] == read(octets)[0]


@given(
    octets=st.sampled_from(
        [pcapng(), pcap_header() + record(SIGNALLING) + record(USER) + record(b"", original=7)]
    ),
    changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=8),
    end=st.integers(24, 2000),
)
def test_records_of_damaged_files_have_the_frames_that_are_read(
    octets: bytes, changes: list[tuple[int, int]], end: int
) -> None:
    damaged = bytearray(octets)
    for place, value in changes:
        damaged[24 + place % (len(damaged) - 24)] = value
    content = bytes(damaged[:end])
    try:
        frames, _ = read(content)
    except CaptureError:
        return
    head, found = records(content)
    assert [item.frame for item in found if item.frame] == frames
    place = len(head)
    for item in found:
        place = content.index(item.octets, place) + len(item.octets)
