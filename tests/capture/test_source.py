import builtins
import bz2
import gzip
import io
import lzma
import os
import sys
import threading
import tracemalloc
from random import Random

import pytest
from container_bytes import SIGNALLING, pcap_header, read, record

from pmiptrace.capture import CaptureReader
from pmiptrace.errors import CaptureError

FRAMES = 400
PLAIN = pcap_header() + b"".join(
    record(bytes([i % 251]) * 90 + SIGNALLING, fraction=i) for i in range(FRAMES)
)
NOISY = 3000
_random = Random(1)
NOISE = pcap_header() + b"".join(record(_random.randbytes(1000)) for _ in range(NOISY))
"""3 MB that cannot be compressed."""


def _zstd(octets):
    return pytest.importorskip("zstandard").ZstdCompressor().compress(octets)


def _lz4(octets):
    return pytest.importorskip("lz4.frame").compress(octets)


COMPRESS = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda octets: lzma.compress(octets, lzma.FORMAT_ALONE),
    "zstd": _zstd,
    "lz4": _lz4,
}
EACH = pytest.mark.parametrize("name", COMPRESS)


@EACH
def test_compressed(name, tmp_path):
    path = tmp_path / "no-telling-name"
    path.write_bytes(COMPRESS[name](PLAIN))
    with CaptureReader(str(path), every_frame=True) as reader:
        assert [f.number for f in reader] == list(range(1, FRAMES + 1))
        assert reader.info.problems == ()
        assert reader.bytes_read == reader.size == path.stat().st_size


@EACH
def test_several_compressed_streams_in_a_row(name):
    compress = COMPRESS[name]
    octets = compress(PLAIN[:5000]) + compress(b"") + compress(PLAIN[5000:])
    assert len(read(octets)[0]) == FRAMES


@pytest.mark.parametrize("name", ["gzip", "xz", "bzip2"])
def test_zeros_behind_a_stream_are_padding(name):
    frames, info = read(COMPRESS[name](PLAIN) + bytes(1024))
    assert (len(frames), info.problems) == (FRAMES, ())


@EACH
def test_a_cut_stream_gives_what_came_before(name):
    octets = COMPRESS[name](NOISE)
    frames, info = read(octets[:-1000])
    assert 0 < len(frames) < NOISY
    assert [f.number for f in frames] == list(range(1, len(frames) + 1))
    assert [p.kind for p in info.problems] == ["compression"]
    assert "early" in info.problems[0].message


@EACH
def test_a_damaged_stream_gives_what_came_before(name):
    octets = bytearray(COMPRESS[name](NOISE))
    octets[-700_000:-300_000] = b"\xaa" * 400_000
    frames, info = read(bytes(octets))
    assert 0 < len(frames) < NOISY
    assert info.problems


@EACH
def test_nothing_can_be_read_of_it(name):
    with pytest.raises(CaptureError, match=r"stream (ends early|is damaged)"):
        read(COMPRESS[name](PLAIN)[:14])


@EACH
def test_a_bomb_takes_no_memory(name):
    zeros = COMPRESS[name](PLAIN + b"\xff" * (48 << 20))
    assert len(zeros) < 1 << 20
    tracemalloc.start()
    try:
        _, info = read(zeros, every=False)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [p.kind for p in info.problems] == ["damaged-record"]
    assert peak < 20 << 20


@pytest.mark.parametrize(("name", "module"), [("zstd", "zstandard"), ("lz4", "lz4.frame")])
def test_a_missing_extra_is_named(name, module, monkeypatch):
    magic = {"zstd": b"\x28\xb5\x2f\xfd", "lz4": b"\x04\x22\x4d\x18"}[name]
    real = builtins.__import__

    def without(wanted, *rest):
        if wanted == module:
            raise ImportError(wanted)
        return real(wanted, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(CaptureError, match=rf"pip install 'pmiptrace\[{name}\]'"):
        read(magic + bytes(50))


class Trickle(io.RawIOBase):
    """A stream that cannot seek and gives a few octets at a time, as a live pipe may."""

    def __init__(self, octets, size):
        self._inner = io.BytesIO(octets)
        self._size = size

    def readable(self):
        return True

    def readinto(self, view):
        piece = self._inner.read(min(self._size, len(view)))
        view[: len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_a_stream_in_small_pieces(size, compress):
    reader = CaptureReader("-", stream=Trickle(compress(PLAIN), size), every_frame=True)
    assert len(list(reader)) == FRAMES
    assert reader.size is None


def test_standard_input_is_a_pipe_and_stays_open(monkeypatch):
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb") as sink:

        def feed():
            sink.write(PLAIN)
            sink.close()

        thread = threading.Thread(target=feed)
        thread.start()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(source))
        with CaptureReader("-", every_frame=True) as reader:
            assert len(list(reader)) == FRAMES
        thread.join()
        assert not source.closed
        assert reader.info.path == "-"


def test_frames_of_a_live_pipe_come_at_once():
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb", buffering=0) as sink:
        sink.write(pcap_header())
        reader = CaptureReader("-", stream=source)
        sink.write(record(SIGNALLING))
        assert next(iter(reader)).number == 1


class Failing(io.RawIOBase):
    def __init__(self, octets):
        self._octets = octets

    def readable(self):
        return True

    def readinto(self, view):
        if not self._octets:
            raise OSError(5, "Input/output error")
        count = min(len(view), len(self._octets))
        view[:count], self._octets = self._octets[:count], self._octets[count:]
        return count


def test_a_disk_that_fails_ends_the_reading():
    reader = CaptureReader("-", stream=Failing(PLAIN[:5000]), every_frame=True)
    assert len(list(reader)) > 10
    assert [p.kind for p in reader.info.problems] == ["read-error"]


OPENING = [
    (b"", "empty file"),
    (b"hello, this is\nno capture\n" * 40, "but text"),
    ("größer\n".encode() * 200, "but text"),
    (b"snoop\0\0\0" + bytes(40), "editcap"),
    (b"XCP\0002.001\0", "editcap"),
    (b"PK\x03\x04" + bytes(30), "archive"),
    (b"name".ljust(257, b"\0") + b"ustar" + bytes(300), "archive"),
    (b"\x00\x01\x02\x03" * 20, "not a pcap or pcapng file$"),
    (b"\xd4\xc3\xb2\xa1\x02\0", "pcap file header"),
    (b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0", "section header"),
    (b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\x02\0\0\0" + bytes(12), "version 2"),
    (b"\x0a\x0d\x0d\x0a" + bytes(30), "not a pcap or pcapng file"),
]


@pytest.mark.parametrize(("octets", "reason"), OPENING)
def test_what_is_no_capture_is_named(octets, reason):
    with pytest.raises(CaptureError, match=reason):
        read(octets)


def test_paths_that_cannot_be_opened(tmp_path):
    with pytest.raises(CaptureError, match="no such file"):
        CaptureReader(str(tmp_path / "absent"))
    with pytest.raises(CaptureError, match="is a directory"):
        CaptureReader(str(tmp_path))
    with pytest.raises(CaptureError, match="null"):
        CaptureReader("a\0b")


def test_a_capture_that_was_read_holds_no_octets(tmp_path):
    """Of thousands of files each keeps what is known of it, and no buffer."""
    path = tmp_path / "a.pcap"
    path.write_bytes(PLAIN)
    readers = []
    tracemalloc.start()
    try:
        for _ in range(40):
            with CaptureReader(str(path)) as reader:
                assert list(reader)
            readers.append(reader)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert {reader.info.packets for reader in readers} == {FRAMES}
    assert held < 40 * (16 << 10)
