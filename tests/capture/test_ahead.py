"""Segments scanned ahead: whatever they find, the frames are those of a walk without them."""

from __future__ import annotations

import gzip
import io
from concurrent.futures import Future
from contextlib import contextmanager

import pytest
from container_bytes import (
    MOBILITY,
    SIGNALLING,
    START,
    USER,
    block,
    enhanced,
    ethernet,
    interface,
    ipv6,
    obsolete,
    option,
    pcap_header,
    record,
    section,
    simple,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.msgpack import Decoder, Encoder

from pmiptrace.capture import CaptureReader, pcapng, scan, scanner, walk, window
from pmiptrace.capture.segments import Scanned, Segment
from pmiptrace.capture.walk import Walk
from pmiptrace.capture.workers import scan_segment
from pmiptrace.errors import CaptureError


class Inline:
    """Workers without processes: what they are told is done at once."""

    def __init__(self, segment, enough=4):
        self.segment, self.enough, self.outstanding = segment, enough, 0
        self.head_start = 0

    def submit(self, segment):
        told = Decoder(Segment).decode(Encoder().encode(segment))
        found = Encoder().encode(scan_segment(told))
        future = Future()
        future.set_result(Decoder(Scanned | None).decode(found))
        return future


def read(path, workers=None):
    """Give all that can be known of a capture, and the octets read of it."""
    with CaptureReader(str(path), workers=workers) as reader:
        frames = list(reader)
        return frames, reader.info, reader.esp_frames, reader.bytes_read


@pytest.fixture
def taken(monkeypatch):
    """Give the segments that walks made use of."""
    used = []
    take = Walk._take

    def spy(self, scanned):
        used.append(scanned)
        return take(self, scanned)

    monkeypatch.setattr(Walk, "_take", spy)
    return used


MOST_SEGMENTS = 1000
"""A large file in segments of an octet or two is a task for each, and takes a minute."""


def same(path, octets, segment, enough=4):
    """Hold a reading in segments against one without; give how far it came."""
    segment = max(segment, len(octets) // MOST_SEGMENTS)
    path.write_bytes(octets)
    try:
        expected = read(path)
    except CaptureError as error:
        with pytest.raises(CaptureError, match=error.reason):
            read(path, Inline(segment, enough))
        return None
    workers = Inline(segment, enough)
    got = read(path, workers)
    assert workers.outstanding == 0
    assert got[:3] == expected[:3]
    if expected[3] == len(octets):
        assert got[3] == len(octets)
    return got


ESP = ethernet(0x86DD, ipv6(50, bytes(60)))
INNER = pcap_header() + b"".join(record(USER[:60], fraction=i) for i in range(20))
INNER_NG = section() + interface() + enhanced(USER[:60]) * 20
FRAMES = st.one_of(
    st.sampled_from([SIGNALLING, USER, ESP, ethernet(0x0800, INNER), ethernet(0x0800, INNER_NG)]),
    st.integers(1, 1200).map(lambda size: (USER * 12)[:size]),
    st.sampled_from([b"", USER * 30, ethernet(0x86DD, ipv6(135, MOBILITY + bytes(99)))]),
)
RUNS = st.lists(st.tuples(FRAMES, st.sampled_from([1, 1, 2, 7, 20])), max_size=12)
WORDS = [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x03", b"\0\0\0\x01", INNER, INNER_NG]
EDITS = st.lists(
    st.tuples(
        st.integers(0, 1 << 20),
        st.integers(0, 200),
        st.one_of(st.binary(max_size=40), st.sampled_from(WORDS)),
    ),
    max_size=4,
)
SEGMENTS = st.one_of(st.integers(1, 400), st.integers(400, 9000))


@st.composite
def pcaps(draw):
    order = draw(st.sampled_from("<>"))
    magic = draw(st.sampled_from([0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34]))
    seconds = draw(st.sampled_from([START, 0, 999_999]))
    extra = bytes(8) if magic == 0xA1B2CD34 else b""
    octets = pcap_header(order, magic)
    for data, count in draw(RUNS):
        seconds += 1
        octets += b"".join(record(data, order, seconds, i, extra=extra) for i in range(count))
    return octets


LATE = (1 << 64) - 1
"""A time that no date can be given for."""


@st.composite
def pcapngs(draw):
    order, octets, known = "<", section() + interface(), 1
    for data, count in draw(RUNS):
        kind = draw(st.sampled_from(["packets"] * 8 + ["odd", "interface", "section"]))
        ticks = draw(st.sampled_from([START * 1_000_000, START * 1_000_000 + 7, LATE]))
        number = draw(st.integers(0, known - 1)) if known else 0
        if kind == "odd":
            odd = (simple(data, order), obsolete(data, order), block(5, bytes(12), order),
                   block(9, b"journal", order), block(0x777, data, order),
                   enhanced(data, order, 99))  # fmt: skip
            octets += draw(st.sampled_from(odd))
        elif kind == "interface":
            link_type = draw(st.sampled_from([1, 113, 276, 101]))
            tail = draw(st.sampled_from([b"", option(9, b"\x09", order), option(13, b"\4", order)]))
            octets += interface(order, link_type, tail=tail)
            known += 1
        elif kind == "section":
            order = draw(st.sampled_from("<>"))
            known, number = draw(st.integers(0, 2)), 0
            octets += section(order) + interface(order) * known
        octets += enhanced(data, order, number, ticks) * count
    return octets


def edited(octets, edits):
    for place, length, new in edits:
        place %= len(octets) + 1
        octets = octets[:place] + new + octets[place + length :]
    return octets


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("ahead") / "capture"


@contextmanager
def small_scale():
    """Have files read as if all that is large were small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(scanner.VARIABLE, "python")  # the compiled one has its own limit for ESP
        for module, name, octets in (
            (window, "BLOCK", 512),
            (walk, "BLOCK", 512),
            (walk, "LOOK_AHEAD", 2048),
            (walk, "_STEP", 512),
            (walk, "GAP_LIMIT", 4096),
            (walk, "SEARCH_LIMIT", 16384),
            (walk, "HITS_LIMIT", 2000),
            (walk, "ESP_LIMIT", 5),
            (scan, "ESP_LIMIT", 5),
            (pcapng, "ESP_LIMIT", 5),
        ):
            patch.setattr(module, name, octets)
        yield


ANY = settings(max_examples=100, deadline=None)


@ANY
@given(st.one_of(pcaps(), pcapngs()), SEGMENTS, st.integers(1, 6))
def test_whole_files(path, octets, segment, enough):
    with small_scale():
        same(path, octets, segment, enough)


@ANY
@given(st.one_of(pcaps(), pcapngs()), EDITS, SEGMENTS, st.integers(1, 6))
def test_damaged_and_cut_files(path, octets, edits, segment, enough):
    with small_scale():
        same(path, edited(octets, edits), segment, enough)


@ANY
@given(st.lists(st.one_of(pcaps(), pcapngs()), min_size=2, max_size=3).map(b"".join), SEGMENTS)
def test_files_appended_to_one_another(path, octets, segment):
    with small_scale():
        same(path, octets, segment)


def count(taken):
    return sum(scanned.frames for scanned in taken)


def payloads(number):
    """Give frames of many sizes, some with signalling and some with a file in them."""
    for i in range(number):
        inner = (INNER if i % 12 == 0 else INNER_NG if i % 12 == 6 else bytes(800))[: i * 37 % 800]
        yield SIGNALLING if i % 50 == 0 else ethernet(0x86DD, ipv6(6, bytes(20) + inner))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["pcap", "pcapng"])
def test_nearly_all_is_scanned_ahead(tmp_path, taken, kind, order):
    if kind == "pcap":
        octets = pcap_header(order)
        octets += b"".join(record(data, order, fraction=i) for i, data in enumerate(payloads(2000)))
    else:
        octets = section(order) + block(4, bytes(8), order) + interface(order)
        octets += b"".join(enhanced(data, order) for data in payloads(2000))
    frames, info, _, _ = same(tmp_path / "capture", octets, 50_000)
    assert (len(frames), info.packets, info.problems) == (40, 2000, ())
    assert count(taken) > 1700


def test_behind_damage_segments_are_used_again(tmp_path, taken):
    part = b"".join(record(data, fraction=i) for i, data in enumerate(payloads(1000)))
    octets = pcap_header() + part + b"\xff" * 77 + part
    _, info, _, _ = same(tmp_path / "capture", octets, 50_000)
    assert [problem.kind for problem in info.problems] == ["damaged-record"]
    assert count(taken) > 1500


def test_a_new_interface_makes_the_segments_behind_it_void(tmp_path, taken):
    part = b"".join(enhanced(data) for data in payloads(1000))
    octets = section() + interface() + part + interface(link_type=113)
    octets += part.replace(SIGNALLING, SIGNALLING[:14] + bytes(len(SIGNALLING) - 14)) + part
    assert same(tmp_path / "capture", octets, 20_000, enough=1000) is not None
    assert count(taken) > 2700


def test_interfaces_beyond_what_segments_are_told(tmp_path, taken):
    octets = section() + interface() * 1100 + b"".join(enhanced(data) for data in payloads(500))
    same(tmp_path / "capture", octets, 20_000)
    assert not taken


def test_sections_of_other_byte_orders(tmp_path, taken):
    octets = b"".join(
        section(order)
        + interface(order)
        + b"".join(enhanced(data, order) for data in payloads(3000))
        for order in "<><"
    )
    assert same(tmp_path / "capture", octets, 100_000)[1].packets == 9000
    assert count(taken) > 6000


def test_records_larger_than_segments(tmp_path, taken):
    octets = pcap_header(snap=1 << 22)
    for i, data in enumerate(payloads(600)):
        octets += record(data, fraction=i)
        if i % 100 == 50:
            octets += record(INNER * 300, fraction=i)
    assert len(INNER) * 300 > 5 * 90_000
    assert same(tmp_path / "capture", octets, 90_000)[1].packets == 606
    assert taken


def test_the_limit_of_esp_frames_is_that_of_the_capture(tmp_path, taken):
    octets = pcap_header() + (record(ESP) * 9 + record(SIGNALLING)) * 500
    _, _, esp, _ = same(tmp_path / "capture", octets, 100_000)
    assert esp == 4500
    assert len(taken) > 4


def test_what_is_mostly_signalling_is_left_to_the_walk(tmp_path, taken):
    octets = pcap_header() + record(SIGNALLING + bytes(900)) * 4000
    frames, _, _, _ = same(tmp_path / "capture", octets, 3 << 20)
    assert len(frames) == 4000
    most = max(sum(len(octets) for _, octets in scanned.hits) for scanned in taken)
    assert most < walk.HITS_LIMIT + window.BLOCK


def test_a_file_that_grows_is_read_to_its_end(tmp_path):
    path = tmp_path / "capture"
    path.write_bytes(pcap_header() + record(SIGNALLING) * 1000)
    with CaptureReader(str(path), workers=Inline(10_000)) as reader:
        next(iter(reader))
        with path.open("ab") as file:
            file.write(record(SIGNALLING) * 1000)
        assert len(list(reader)) == 1999


def test_another_file_of_that_name_is_not_scanned(tmp_path, taken):
    path = tmp_path / "capture"
    path.write_bytes(pcap_header() + record(SIGNALLING) * 1000)
    with CaptureReader(str(path), workers=Inline(10_000)) as reader:
        path.rename(tmp_path / "rotated")
        path.write_bytes(pcap_header() + record(USER) * 2000)
        assert len(list(reader)) == 1000
    assert not taken


def test_segments_are_for_plain_files_only(tmp_path, taken):
    octets = pcap_header() + record(SIGNALLING) * 1000
    path = tmp_path / "capture"
    path.write_bytes(gzip.compress(octets))
    with CaptureReader(str(path), workers=Inline(1000)) as reader:
        assert len(list(reader)) == 1000
    reader = CaptureReader("-", stream=io.BytesIO(octets), workers=Inline(1000))
    assert len(list(reader)) == 1000
    assert not taken
