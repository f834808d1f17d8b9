import io
import shutil
import subprocess

import pytest
from container_bytes import read
from hypothesis import given
from hypothesis import strategies as st

from pmiptrace.capture import write_pcap, write_pcapng
from pmiptrace.errors import EncodeError
from pmiptrace.model import Frame

SECOND = 1_000_000_000


@st.composite
def frames(draw, times, link_types, interfaces):
    data = draw(st.lists(st.binary(min_size=1, max_size=70), max_size=12))
    return [
        Frame(
            0,
            i + 1,
            draw(times),
            draw(link_types),
            octets,
            len(octets) + draw(st.integers(0, 9)),
            draw(interfaces),
        )
        for i, octets in enumerate(data)
    ]


PCAP_TIMES = st.integers(0, (SECOND << 32) - 1)
PCAPNG_TIMES = st.integers(0, (1 << 64) - 1)


@given(frames(PCAP_TIMES, st.just(113), st.just(0)))
def test_pcap_round_trip(written):
    for nanoseconds in (True, False):
        sink = io.BytesIO()
        assert write_pcap(sink, written, nanoseconds=nanoseconds, link_type=113) == len(written)
        got, info = read(sink.getvalue())
        unit = 1 if nanoseconds else 1000
        assert [f.time for f in got] == [f.time // unit * unit for f in written]
        assert [(f.data, f.original_length, f.link_type) for f in got] == [
            (f.data, f.original_length, f.link_type) for f in written
        ]
        assert info.problems == ()


@given(frames(PCAPNG_TIMES, st.sampled_from([1, 113]), st.integers(0, 3)))
def test_pcapng_round_trip(written):
    sink = io.BytesIO()
    assert write_pcapng(sink, written) == len(written)
    got, info = read(sink.getvalue())
    assert [(f.number, f.time, f.data, f.original_length, f.link_type) for f in got] == [
        (f.number, f.time, f.data, f.original_length, f.link_type) for f in written
    ]
    numbers = list(dict.fromkeys((f.interface, f.link_type) for f in written))
    assert [f.interface for f in got] == [
        numbers.index((f.interface, f.link_type)) for f in written
    ]
    assert info.problems == ()


def test_frames_without_a_time_become_simple_packets():
    sink = io.BytesIO()
    write_pcapng(sink, [Frame(0, 1, None, 1, b"abc", 3), Frame(0, 2, 5, 1, b"d", 1)])
    assert [(f.time, f.data) for f in read(sink.getvalue())[0]] == [(None, b"abc"), (5, b"d")]


@pytest.mark.parametrize(
    ("write", "frame"),
    [
        (write_pcap, Frame(0, 1, None, 1, b"x", 1)),
        (write_pcap, Frame(0, 1, -1, 1, b"x", 1)),
        (write_pcap, Frame(0, 1, SECOND << 32, 1, b"x", 1)),
        (write_pcap, Frame(0, 1, 0, 113, b"x", 1)),
        (write_pcapng, Frame(0, 1, -1, 1, b"x", 1)),
        (write_pcapng, Frame(0, 1, 1 << 64, 1, b"x", 1)),
        (write_pcapng, Frame(0, 1, None, 1, b"x", 2)),
        (write_pcapng, Frame(0, 1, None, 1, b"x", 1, interface=3)),
    ],
)
def test_a_frame_that_fits_nowhere_leaves_the_old_file(write, frame, tmp_path):
    path = tmp_path / "out.pcap"
    path.write_bytes(b"old")
    with pytest.raises(EncodeError):
        write(path, [Frame(0, 0, 0, 1, b"first", 5), frame])
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link_and_the_file_keeps_its_permissions(tmp_path):
    path, link = tmp_path / "out.pcap", tmp_path / "link"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_pcap(link, [Frame(0, 1, 0, 1, b"x", 1)])
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.read_bytes() != b"old"


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("write", [write_pcap, write_pcapng])
def test_wireshark_reads_it_alike(write, tmp_path):
    written = [Frame(0, i + 1, 1_700_000_000 * SECOND + i, 1, bytes(60), 90 + i) for i in range(9)]
    write(tmp_path / "out", written)
    fields = ["frame.number", "frame.time_epoch", "frame.cap_len", "frame.len"]
    command = ["tshark", "-r", str(tmp_path / "out"), "-T", "fields"]
    command += [part for field in fields for part in ("-e", field)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert out.split() == [
        part
        for f in written
        for part in (
            str(f.number),
            f"{f.time // SECOND}.{f.time % SECOND:09}",
            str(len(f.data)),
            str(f.original_length),
        )
    ]
