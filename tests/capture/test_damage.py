"""Whatever the octets are: a `CaptureError` on opening, or frames and notes, and an end."""

import gzip

from container_bytes import (
    SIGNALLING,
    USER,
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
from hypothesis import given, settings
from hypothesis import strategies as st

from pmiptrace.errors import CaptureError

PCAP = pcap_header() + b"".join(record(SIGNALLING + USER[i:], fraction=i) for i in range(12))
BIG_PCAP = pcap_header(">", 0xA1B23C4D) + b"".join(record(USER, ">") for _ in range(12))
TAIL = option(9, b"\x09") + option(14, bytes(8)) + option(13, b"\4") + option(0, b"")
PCAPNG = section() + interface(tail=TAIL) + interface(link_type=113)
PCAPNG += enhanced(SIGNALLING, tail=option(2, bytes(4))) + simple(USER) + obsolete(SIGNALLING)
PCAPNG += section(">") + interface(">") + enhanced(SIGNALLING, ">") * 3
WHOLE = (PCAP, BIG_PCAP, PCAPNG, gzip.compress(PCAP, mtime=0))

EDITS = st.lists(
    st.tuples(
        st.integers(0, 2000),
        st.integers(0, 40),
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x03", b"\0\0\0\x01"]),
        ),
    ),
    max_size=6,
)


def swallow(octets):
    for every in (True, False):
        try:
            frames, info = read(octets, every)
        except CaptureError:
            continue
        numbers = [f.number for f in frames]
        assert numbers == sorted(set(numbers))
        # Damage may make a record of what is no packet, but has a number.
        assert all(number >= 1 for number in numbers)
        assert len(numbers) <= info.packets
        assert all(len(f.data) <= f.original_length for f in frames)
        assert sum(len(f.data) for f in frames) <= max(len(octets), len(PCAP))


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(WHOLE), EDITS)
def test_damaged_files(octets, edits):
    for place, length, new in edits:
        place %= len(octets) + 1
        octets = octets[:place] + new + octets[place + length :]
    swallow(octets)


@settings(deadline=None)
@given(st.sampled_from([PCAP[:24], BIG_PCAP[:24], PCAPNG[:28], section() + interface()]),
       st.binary(max_size=600))  # fmt: skip
def test_random_octets_behind_a_header(head, octets):
    swallow(head + octets)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_random_octets(octets):
    swallow(octets)


@settings(max_examples=300, deadline=None)
@given(st.integers(24, len(PCAP) - 1), st.integers(1, 200))
def test_octets_overwritten_in_a_pcap_cost_only_what_they_touch(place, lost):
    frames, _ = read(PCAP)
    octets = (PCAP[:place] + b"\xff" * lost + PCAP[place + lost :])[: len(PCAP)]
    got, _ = read(octets)
    end = 24
    before = after = 0
    for frame in frames:
        start, end = end, end + 16 + len(frame.data)
        before += end <= place
        after += start >= place + lost
    assert [f.data for f in got[:before]] == [f.data for f in frames[:before]]
    # A lying length may reach into the one record behind it, where nothing else shows the damage.
    kept = max(0, after - 1)
    assert [f.data for f in got][len(got) - kept :] == [f.data for f in frames[12 - kept :]]
