"""Open a capture, tell its format, and read the frames that may hold signalling."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self

from pmiptrace.capture.pcap import PcapWalk
from pmiptrace.capture.pcap_header import FILE_HEADER, MAGICS, read_file_header
from pmiptrace.capture.pcapng import BYTE_ORDER, SECTION_LEAST, PcapngWalk, read_section
from pmiptrace.capture.records import Record
from pmiptrace.capture.source import Source
from pmiptrace.capture.walk import Walk
from pmiptrace.capture.window import Window
from pmiptrace.errors import CaptureError
from pmiptrace.model import CaptureInfo, Frame

if TYPE_CHECKING:
    from pmiptrace.capture.workers import Workers

_SECTION_MAGIC = b"\x0a\x0d\x0d\x0a"
_PROBE = 512
"""Octets looked at to name what is no capture."""

_CONVERTIBLE = (
    (b"snoop\0\0\0", "a snoop capture"),
    (b"TRSNIFF data    \x1a", "a Network General Sniffer capture"),
    (b"XCP\0", "a Network Associates Sniffer (NetXRay) capture"),
    (b"GMBU", "a Microsoft Network Monitor capture"),
    (b"RTSS", "a Microsoft Network Monitor capture"),
    (b"iptrace 1.0", "an AIX iptrace capture"),
    (b"iptrace 2.0", "an AIX iptrace capture"),
    (b"btsnoop\0", "a btsnoop capture"),
    (b"\x05VNF", "a Visual Networks capture"),
    (b"\x7fver", "an OmniPeek capture"),
    (b"\x00\x00\x02\x00\x12\x05\x00\x10", "a Tektronix K12 capture"),
    (b"\x1c\x00\x01\xac", "an Ixia lcap capture"),
    (b"\xac\x01\x00\x1c", "an Ixia lcap capture"),
)
"""Formats that Wireshark's editcap turns into one that is read here."""
_ARCHIVES = (b"PK\x03\x04", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07")


class CaptureReader:
    """Reads one capture: iterate over it for its `Frame` values, as a stream.

    `path` is a file in the pcap or pcapng format, compressed or not, or ``-`` for standard input;
    a `stream` is read in its place. `capture` is the number of the capture in the run. Only frames
    that may hold signalling are given (`pmiptrace.capture.candidates`), or with `every_frame` all
    of them; all are counted. With `workers`, segments of a file that is not compressed are scanned
    by them; what comes out is the same.

    Raises `CaptureError` if the capture cannot be opened or is none. After that nothing is raised:
    what is wrong with the file is in `info`. It can be iterated once.
    """

    def __init__(
        self,
        path: str,
        capture: int = 0,
        *,
        every_frame: bool = False,
        stream: BinaryIO | None = None,
        workers: Workers | None = None,
    ) -> None:
        self.path = path
        self.head = b""
        """The octets of the file before its first record: the file header of pcap."""
        self._source = Source(path, stream)
        try:
            self._walk = self._recognise(capture, every_frame)
        except BaseException:
            self.close()
            raise
        if workers is not None and not every_frame:
            self._employ(workers)
        self._frames = self._walk.frames()

    def _recognise(self, capture: int, every: bool) -> Walk:
        source = self._source
        window = Window(source)
        window.load(FILE_HEADER)  # no more: a live capture may not have had a packet yet
        head = bytes(window.buffer[:FILE_HEADER][: window.end])
        if source.problem is not None and len(head) < FILE_HEADER:
            raise CaptureError(self.path, source.problem.message)
        if not head:
            raise CaptureError(self.path, "empty file")
        if head[:4] in MAGICS:
            header = read_file_header(head)
            if header is not None:
                window.position = FILE_HEADER
                self.head = head
                return PcapWalk(window, header, capture, every)
            raise CaptureError(self.path, "the file ends within the pcap file header")
        if head[:4] == _SECTION_MAGIC:
            order = BYTE_ORDER.get(head[8:12])
            if order is not None:
                window.load(SECTION_LEAST)
                version = read_section(bytes(window.buffer[: window.end]), order)
                if version is None:
                    raise CaptureError(self.path, "the file ends within the section header")
                if version != 1:
                    raise CaptureError(self.path, f"pcapng version {version} is not known")
                return PcapngWalk(window, capture, every)
        window.load(_PROBE)
        raise CaptureError(
            self.path, f"not a pcap or pcapng file{_guess(bytes(window.buffer[: window.end]))}"
        )

    def _employ(self, workers: Workers) -> None:
        source = self._source
        if source.identity is None or source.size is None or source.compression is not None:
            return
        from pmiptrace.capture.ahead import Ahead

        path = os.fsencode(os.path.abspath(self.path))  # noqa: PTH100  (fsencode takes any)
        self._walk.ahead = Ahead(workers, path, source.identity, source.size)

    def prepare(self) -> None:
        """Have the workers begin, in a capture that is to be read soon."""
        self._walk.prepare()

    @property
    def info(self) -> CaptureInfo:
        """What is known of the capture so far.

        `first_time` and `last_time` are those of the first and the last packet that have one, in
        the order of the file.
        """
        walk = self._walk
        return CaptureInfo(
            path=self.path,
            format=walk.format,
            packets=walk.tally.packets,
            first_time=walk.first_time,
            last_time=walk.last_time,
            truncated=walk.truncated,
            problems=tuple(walk.problems),
        )

    @property
    def last_number(self) -> int:
        """The number of the last frame so far."""
        return self._walk.tally.number

    @property
    def esp_frames(self) -> int:
        """Frames with ESP so far. At most `scan.ESP_LIMIT` of them are given."""
        return self._walk.tally.esp

    @property
    def drops(self) -> int | None:
        """Packets lost while capturing, as far as statistics in it tell; None if there are none."""
        drops = self._walk.drops
        return sum(drops.values()) if drops else None

    @property
    def bytes_read(self) -> int:
        """Octets taken from the file so far, to set against `size`."""
        return self._source.bytes_read

    @property
    def size(self) -> int | None:
        """Octets of the file; None for standard input and pipes."""
        return self._source.size

    def __iter__(self) -> Iterator[Frame]:
        return self._frames

    def records(self, wanted: Callable[[int], bool]) -> Iterator[Record]:
        """Give all records as they stand in the file, those of `wanted` numbers with their frames.

        What is damaged is left out. In place of iterating, and only with `every_frame`.
        """
        return self._walk.records(wanted)

    def close(self) -> None:
        """Close the file, and let go of its octets, as `info` is kept of thousands of files."""
        if hasattr(self, "_walk"):
            self._walk.window.release()
            if self._walk.ahead is not None:
                self._walk.ahead.forget()
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _guess(head: bytes) -> str:
    """Name what a file is that is no capture, as far as its first octets show it."""
    head = head[:_PROBE]
    for magic, name in _CONVERTIBLE:
        if head.startswith(magic):
            return f", but {name}: use --engine tshark, or 'editcap -F pcapng in out'"
    if head.startswith(_ARCHIVES) or head[257:262] == b"ustar":
        return ", but an archive: unpack it first"
    text = head.decode("utf-8", "replace").rstrip("\N{REPLACEMENT CHARACTER}")
    if all(character.isprintable() or character in "\t\r\n\f" for character in text):
        return ", but text"
    return ""
