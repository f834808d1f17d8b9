"""Write frames as pcap or pcapng, whole files or nothing."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from struct import pack
from tempfile import mkstemp
from typing import BinaryIO

from pmiptrace.capture.pcap_header import MICROSECONDS, NANOSECONDS
from pmiptrace.errors import EncodeError
from pmiptrace.model import SECOND, Frame

Target = str | os.PathLike[str] | BinaryIO
"""A path, or a stream open for writing octets."""
_ETHERNET = 1
_SNAP_LENGTH = 262144


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file for octets that appears whole or not at all.

    They go to a new file beside `path`, which takes its place and permissions when the block ends
    and is removed if an exception ends it. What is no regular file, as ``/dev/stdout``, is written
    to directly. Raises ``OSError`` if the file cannot be made.
    """
    target = Path(path)
    if target.exists() and not target.is_file():
        with target.open("wb") as stream:
            yield stream
        return
    target = target.resolve()
    descriptor, name = mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123  (it is a descriptor)
            yield file
        temporary.chmod(_permissions(target))
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _permissions(path: Path) -> int:
    """Give the permissions that the file has, or that a new one gets."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _opened(target: Target) -> AbstractContextManager[BinaryIO]:
    """Open a path so that it is replaced only once all was written; a stream is used as it is."""
    return whole_file(target) if isinstance(target, str | os.PathLike) else nullcontext(target)


def write_pcap(
    target: Target,
    frames: Iterable[Frame],
    *,
    nanoseconds: bool = True,
    link_type: int | None = None,
) -> int:
    """Write frames as a little-endian pcap file; give their number.

    Times are cut to microseconds unless `nanoseconds`. The link type is that of the first frame,
    and Ethernet if there is none; a path is replaced only when all was written.

    Raises `EncodeError` for a frame with another link type, without a time, or with one that 32
    bits of seconds cannot hold.
    """
    from dpkt import pcap

    magic, unit = (NANOSECONDS, 1) if nanoseconds else (MICROSECONDS, 1000)
    count = 0
    iterator = iter(frames)
    first = next(iterator, None)
    if link_type is None:
        link_type = _ETHERNET if first is None else first.link_type
    header = pcap.LEFileHdr(magic=magic, snaplen=_SNAP_LENGTH, linktype=link_type)
    with _opened(target) as file:
        file.write(bytes(header))
        while first is not None:
            frame, first = first, next(iterator, None)
            if frame.link_type != link_type:
                raise EncodeError(
                    f"frame {frame.number} has link type {frame.link_type}, the file {link_type}: "
                    "pcapng can hold both"
                )
            if frame.time is None or not 0 <= frame.time < SECOND << 32:
                raise EncodeError(f"frame {frame.number} has no time that pcap can hold")
            seconds, rest = divmod(frame.time, SECOND)
            file.write(
                pack("<4I", seconds, rest // unit, len(frame.data), frame.original_length)
                + frame.data
            )
            count += 1
    return count


def write_pcapng(target: Target, frames: Iterable[Frame]) -> int:
    """Write frames as a little-endian pcapng file with nanoseconds; give their number.

    Each pair of interface and link type becomes an interface, in the order of its first frame. A
    frame without a time becomes a Simple Packet Block, which can only belong to the first
    interface and only hold a whole frame. A path is replaced only when all was written.

    Raises `EncodeError` for a frame that no block can hold.
    """
    from dpkt import pcapng

    interfaces: dict[tuple[int, int], int] = {}
    count = 0
    with _opened(target) as file:
        file.write(bytes(pcapng.SectionHeaderBlockLE()))
        for frame in frames:
            key = (frame.interface, frame.link_type)
            if key not in interfaces:
                interfaces[key] = len(interfaces)
                resolution = pcapng.PcapngOptionLE(code=pcapng.PCAPNG_OPT_IF_TSRESOL, data=b"\x09")
                block = pcapng.InterfaceDescriptionBlockLE(
                    linktype=frame.link_type,
                    snaplen=0,
                    opts=[resolution, pcapng.PcapngOptionLE()],
                )
                file.write(bytes(block))
            file.write(_packet_block(frame, interfaces[key]))
            count += 1
    return count


def _packet_block(frame: Frame, interface: int) -> bytes:
    """Give the Enhanced or Simple Packet Block of a frame; dpkt loses the original length."""
    data = frame.data + bytes(-len(frame.data) % 4)
    if frame.time is None:
        if interface or frame.original_length != len(frame.data):
            raise EncodeError(f"frame {frame.number} has no time, which its block must have")
        length = 16 + len(data)
        return pack("<3I", 3, length, frame.original_length) + data + pack("<I", length)
    if not 0 <= frame.time < 1 << 64:
        raise EncodeError(f"frame {frame.number} has no time that pcapng can hold")
    length = 32 + len(data)
    head = pack(
        "<7I",
        6,
        length,
        interface,
        frame.time >> 32,
        frame.time & 0xFFFFFFFF,
        len(frame.data),
        frame.original_length,
    )
    return head + data + pack("<I", length)
