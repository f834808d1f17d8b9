"""The octets of a capture: a file or standard input, decompressed on the way.

Compression is told by the first octets, never by the name. Every decompressor here works in pieces
of bounded size, so a small file that expands to terabytes costs time but no memory.
"""

from __future__ import annotations

import bz2
import io
import lzma
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfileobj
from tempfile import NamedTemporaryFile
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self, cast

from msgspec import Struct

from pmiptrace.errors import CaptureError
from pmiptrace.model import Problem

STANDARD_INPUT = "-"
_PIECE = 1 << 16
"""Octets read from the file at a time when they are to be decompressed."""
_XZ_MEMORY = 128 << 20
"""Octets the xz decoder may take; ``xz -9`` needs 65 MiB, a hostile header can ask for 4 GiB."""
_ZSTD_WINDOW = 128 << 20
"""Octets of history a zstd frame may ask for, the default limit of the ``zstd`` command."""


class MissingExtraError(CaptureError):
    """The capture is compressed in a way for which an optional package is not installed."""


class Decompressor(Protocol):
    """What the decompressors of bz2 and lzma have in common."""

    @property
    def eof(self) -> bool:
        """Whether the end of the compressed stream was reached."""

    @property
    def needs_input(self) -> bool:
        """Whether more compressed octets are needed before more can come out."""

    @property
    def unused_data(self) -> bytes:
        """Octets behind the end of the compressed stream."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Take compressed octets, give at most `max_length` octets."""


class _Gzip:
    """`zlib.decompressobj` for a gzip member (RFC 1952), with the interface of the others."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def needs_input(self) -> bool:
        return not self._inflate.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inflate.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inflate.decompress(self._inflate.unconsumed_tail + data, max_length)


class _Zstd:
    """`zstandard`'s decompressor with the interface of the others.

    It has no bound of its own on what one call gives. A block of zstd takes at least 3 octets and
    stands for at most 128 KiB (RFC 8878 section 3.1.1.2), so feeding it few octets at a time is
    the bound.
    """

    _FEED = 256
    """Octets fed at a time: at most 11 MiB come out."""

    def __init__(self, decompressor: Any) -> None:
        self._inner = decompressor.decompressobj()
        self._input = b""
        self._output = memoryview(b"")

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof) and not self._output

    @property
    def needs_input(self) -> bool:
        return not self._input and not self._output

    @property
    def unused_data(self) -> bytes:
        unused: bytes = self._inner.unused_data
        return unused + self._input

    def decompress(self, data: bytes, max_length: int) -> bytes:
        self._input += data
        while self._input and not self._output and not self._inner.eof:
            piece, self._input = self._input[: self._FEED], self._input[self._FEED :]
            self._output = memoryview(self._inner.decompress(piece))
        given, self._output = self._output[:max_length], self._output[max_length:]
        return bytes(given)


def _lz4() -> Callable[[], Decompressor]:
    from lz4.frame import LZ4FrameDecompressor

    factory: Callable[[], Decompressor] = LZ4FrameDecompressor
    return factory


def _zstd() -> Callable[[], Decompressor]:
    from zstandard import ZstdDecompressor

    return lambda: _Zstd(ZstdDecompressor(max_window_size=_ZSTD_WINDOW))


def _xz() -> Callable[[], Decompressor]:
    return lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY)


class Compression(Struct, frozen=True):
    """A way of compressing that is told by its first octets."""

    name: str
    magic: bytes
    factory: Callable[[], Callable[[], Decompressor]]
    """Imports what is needed and gives the maker of decompressors, one for each stream."""


COMPRESSIONS = (
    Compression("gzip", b"\x1f\x8b\x08", lambda: _Gzip),
    Compression("bzip2", b"BZh", lambda: bz2.BZ2Decompressor),
    Compression("xz", b"\xfd7zXZ\0", _xz),
    Compression("lzma", b"\x5d\0\0", _xz),
    Compression("zstd", b"\x28\xb5\x2f\xfd", _zstd),
    Compression("lz4", b"\x04\x22\x4d\x18", _lz4),
)
_HEAD = 16
"""Octets looked at to tell the compression."""


def identity(status: os.stat_result) -> str:
    """Give what tells a file from others."""
    return f"{status.st_dev}:{status.st_ino}"


class Source:
    """A capture's octets in order, decompressed; opened at once, read with `readinto`.

    `path` is a file, or ``-`` for standard input, which need not be seekable. A `stream` given is
    read in its place. Raises `CaptureError` if it cannot be opened. An error met later ends the
    octets and is kept in `problem`.
    """

    def __init__(self, path: str, stream: BinaryIO | None = None) -> None:
        self.path = path
        self.bytes_read = 0
        """Octets taken from the file so far, before decompression."""
        self.size: int | None = None
        """Octets of the file, where that is known."""
        self.octets = 0
        """Octets given so far, after decompression."""
        self.identity: str | None = None
        """What tells a regular file from others, whatever its name is by then."""
        self.problem: Problem | None = None
        self.compression: str | None = None
        self._owned = stream is None and path != STANDARD_INPUT
        self._stream = stream if stream is not None else self._open()
        self._decompressor: Decompressor | None = None
        self._between_streams = False
        try:
            self._head = self._read_head()
            self._choose()
        except BaseException:
            self.close()
            raise

    def _open(self) -> BinaryIO:
        if self.path == STANDARD_INPUT:
            return sys.stdin.buffer
        try:
            opened = Path(self.path).open("rb", buffering=0)  # noqa: SIM115  (closed by close)
        except IsADirectoryError:
            raise CaptureError(self.path, "is a directory") from None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else None
            raise CaptureError(self.path, (reason or str(error)).lower()) from error
        status = os.fstat(opened.fileno())
        if stat.S_ISREG(status.st_mode):
            self.size, self.identity = status.st_size, identity(status)
        return cast(BinaryIO, opened)

    def _read_head(self) -> bytes:
        head = bytearray()
        try:
            while len(head) < _HEAD and (piece := self._stream.read(_HEAD - len(head))):
                head += piece
        except (OSError, ValueError) as error:
            raise CaptureError(self.path, f"cannot be read: {error}") from error
        self.bytes_read += len(head)
        return bytes(head)

    def _choose(self) -> None:
        for compression in COMPRESSIONS:
            if self._head.startswith(compression.magic):
                self.compression = compression.name
                try:
                    self._factory = compression.factory()
                except ImportError as error:
                    extra = compression.name
                    raise MissingExtraError(
                        self.path,
                        f"{extra} compression needs the extra '{extra}': "
                        f"pip install 'pmiptrace[{extra}]'",
                    ) from error
                self._decompressor = self._factory()
                return

    def readinto(self, view: memoryview) -> int:
        """Fill some or all of `view`; give the number of octets, 0 at the end."""
        if self.problem is not None or not view:
            return 0
        try:
            count = self._read_raw(view) if self._decompressor is None else self._decompress(view)
        except OSError as error:
            # A decompressor's complaint about its input is an OSError too, with no errno.
            self._fail(
                "read-error" if error.errno else "compression",
                f"cannot be read on: {error}" if error.errno else self._damaged(error),
            )
            return 0
        except Exception as error:  # each decompressor has exceptions of its own
            self._fail("compression", self._damaged(error))
            return 0
        self.octets += count
        return count

    def seek(self, offset: int) -> None:
        """Go on at a place in the file, which must have an `identity` and no `compression`."""
        self._stream.seek(offset)
        self._head = b""
        self.octets = self.bytes_read = offset

    def _damaged(self, error: Exception) -> str:
        return f"the {self.compression} stream is damaged: {error}"

    def _fail(self, kind: str, message: str) -> None:
        self.problem = Problem(kind, message, offset=self.octets)

    def _read_raw(self, view: memoryview) -> int:
        if self._head:
            count = min(len(self._head), len(view))
            view[:count] = self._head[:count]
            self._head = self._head[count:]
            return count
        if isinstance(self._stream, io.BufferedIOBase):
            # What a live pipe delivered is not held back for more. Not readinto1: with octets in
            # its buffer and a large view it waits for further ones all the same.
            piece = self._stream.read1(len(view))
            count = len(piece)
            view[:count] = piece
        else:
            count = self._stream.readinto(view) or 0  # type: ignore[attr-defined]
        self.bytes_read += count
        return count

    def _read_piece(self) -> bytes:
        piece = bytearray(_PIECE)
        return bytes(piece[: self._read_raw(memoryview(piece))])

    def _decompress(self, view: memoryview) -> int:
        """Give what the next piece holds; streams in a row are one (RFC 1952 section 2.2)."""
        decompressor = self._decompressor
        assert decompressor is not None
        pending = b""
        while True:
            if decompressor.eof:
                # Zero octets may pad a stream.
                pending = (decompressor.unused_data or b"").lstrip(b"\0")
                while not pending and (piece := self._read_piece()):
                    pending = piece.lstrip(b"\0")
                if not pending:
                    return 0
                decompressor = self._decompressor = self._factory()
            elif decompressor.needs_input:
                pending = self._read_piece()
                if not pending:
                    self._fail("compression", f"the {self.compression} stream ends early")
                    return 0
            given = decompressor.decompress(pending, len(view))
            pending = b""
            if given:
                view[: len(given)] = given
                return len(given)

    def close(self) -> None:
        """Close the file, unless it is standard input or a stream that was handed in."""
        if self._owned and hasattr(self, "_stream"):
            self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@contextmanager
def standard_input_file() -> Iterator[str]:
    """Put standard input into a temporary file, for whoever reads it more than once; give its path.

    The file is gone when the block ends.
    """
    with NamedTemporaryFile(prefix="pmiptrace-") as file:
        copyfileobj(sys.stdin.buffer, file)
        file.flush()
        yield file.name
