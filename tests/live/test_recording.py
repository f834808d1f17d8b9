"""What is kept of a live capture: whole records, in one file or in a ring of files."""

from __future__ import annotations

import io
from pathlib import Path
from struct import pack
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmiptrace.capture.reader import CaptureReader
from pmiptrace.capture.writer import write_pcap, write_pcapng
from pmiptrace.errors import UsageError
from pmiptrace.live.recording import Recording, Ring
from pmiptrace.model import SECOND, Frame

FRAMES = [Frame(0, n, n * SECOND, 1, bytes([n]) * 100, 100) for n in range(1, 21)]


def pcapng() -> bytes:
    stream = io.BytesIO()
    write_pcapng(stream, FRAMES)
    return stream.getvalue()


def pcap() -> bytes:
    stream = io.BytesIO()
    write_pcap(stream, FRAMES)
    return stream.getvalue()


def modified_pcap() -> bytes:
    """The variant of Alexey Kuznetzov, with eight octets more per record."""
    header = pack("<I2H4I", 0xA1B2CD34, 2, 4, 0, 0, 65535, 1)
    records = (pack("<4I8x", n, 0, 100, 100) + bytes(100) for n in range(20))
    return header + b"".join(records)


def frames(path: Path) -> list[bytes]:
    with CaptureReader(str(path), every_frame=True) as reader:
        found = [frame.data for frame in reader]
        assert not reader.info.problems
        return found


@given(st.lists(st.integers(1, 3000)), st.sampled_from([pcapng(), pcap(), modified_pcap()]))
def test_octets_are_kept_as_they_came(sizes: list[int], whole: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "kept"
        recording = Recording(str(path))
        place = 0
        for size in [*sizes, len(whole)]:
            recording.write(whole[place : place + size])
            place += size
            assert whole.startswith(path.read_bytes())
        recording.close()
        assert path.read_bytes() == whole
    assert recording.octets == len(whole)


def test_a_record_that_is_not_whole_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "kept.pcapng"
    recording = Recording(str(path))
    recording.write(pcapng()[:-1])
    assert frames(path) == [frame.data for frame in FRAMES[:-1]]
    recording.close()
    recording.write(pcapng()[-1:])
    assert len(frames(path)) == len(FRAMES) - 1


@pytest.mark.parametrize("whole", [pcapng(), pcap(), modified_pcap()])
@pytest.mark.parametrize("step", [7, 100_000])
def test_ring(whole: bytes, step: int, tmp_path: Path) -> None:
    recording = Recording(str(tmp_path / "ring.pcapng"), Ring(3, 500))
    for place in range(0, len(whole), step):
        recording.write(whole[place : place + step])
    recording.close()
    paths = sorted(tmp_path.iterdir())
    assert len(paths) == 3
    assert all(path.name.startswith("ring_0000") and path.suffix == ".pcapng" for path in paths)
    found = [data for path in paths for data in frames(path)]
    (tmp_path / "all").write_bytes(whole)
    everything = frames(tmp_path / "all")
    assert 3 < len(found) < len(everything)
    assert found == everything[-len(found) :]


def test_what_is_no_capture_is_kept_too(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    recording = Recording(str(path), None)
    for piece in (b"no capture, ", b"but octets"):
        recording.write(piece)
    recording.close()
    assert path.read_bytes() == b"no capture, but octets"


def test_a_damaged_length_loses_nothing(tmp_path: Path) -> None:
    whole = bytearray(pcapng())
    place = whole.index(pack("<I", 6), 60)
    whole[place + 4 : place + 8] = b"\xff\xff\xff\xff"
    path = tmp_path / "kept"
    recording = Recording(str(path))
    recording.write(bytes(whole))
    recording.close()
    assert path.read_bytes() == whole


def test_headers_without_end_do_not_fill_the_memory(tmp_path: Path) -> None:
    interface = pack("<IIHHII", 1, 20, 1, 0, 0, 20)
    head = pcapng()[:28]
    recording = Recording(str(tmp_path / "ring"), Ring(2, 1_000_000_000))
    recording.write(head)
    for _ in range(12):
        recording.write(interface * 10_000)
    assert len(recording._cut.head) < 2 << 20
    recording.close()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written: No such file"):
        Recording(str(tmp_path / "nowhere" / "kept.pcapng"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_ends_the_recording_and_nothing_else() -> None:
    recording = Recording("/dev/full")
    recording.write(pcapng())
    assert recording.problem == "/dev/full: cannot be written on: No space left on device"
    recording.write(pcapng())
    recording.close()


class _Disk(io.BytesIO):
    """A file on a disk that has room for so many octets."""

    room = 500

    def write(self, octets: object) -> int:
        data = bytes(octets)  # type: ignore[call-overload]
        fitting = data[: self.room - self.tell()]
        if not fitting:
            raise OSError(28, "No space left on device")
        return super().write(fitting)

    def close(self) -> None:
        pass


def test_what_fits_on_a_full_disk_are_whole_records(tmp_path: Path) -> None:
    recording = Recording(str(tmp_path / "kept.pcapng"))
    disk = recording._file = _Disk()
    for place in range(0, 3000, 50):
        recording.write(pcapng()[place : place + 50])
    assert recording.problem is not None
    (tmp_path / "disk").write_bytes(disk.getvalue())
    assert frames(tmp_path / "disk") == [frame.data for frame in FRAMES[:3]]
