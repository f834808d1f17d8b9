"""The signalling of a capture with pseudonyms in it: what may leave the house.

What analyze says of it is what it says of the original. What an analysis does not need is not
there: user traffic, names and comments that the file holds beside its packets, descriptions of
interfaces. Frames of which not even the link layer is understood are left out.

Fragments of one packet can be masked only together, so they are read before anything is written.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import BinaryIO

from pmiptrace.capture.reader import CaptureReader
from pmiptrace.capture.records import (
    ENHANCED_PACKET,
    INTERFACE,
    PACKET,
    PCAP_RECORD,
    SECTION_HEADER,
    SIMPLE_PACKET,
    Record,
    open_section,
    with_options,
    with_packet,
)
from pmiptrace.export.masking import Masker
from pmiptrace.export.pseudonyms import Pseudonyms
from pmiptrace.export.signalling import Exported, Survey, emptied, survey
from pmiptrace.model import Frame
from pmiptrace.wire.dialect import DialectDecoder

_INTERFACE_OPTIONS = frozenset({9, 13, 14})
"""What decides about times and lengths: resolution, frame check sequence, offset."""
_PACKETS = (PCAP_RECORD, PACKET, SIMPLE_PACKET, ENHANCED_PACKET)


def write_anonymised(
    path: str, stream: BinaryIO, pseudonyms: Pseudonyms, *, dialect: str = "auto"
) -> Exported:
    """Write the signalling of a capture, anonymised, in the format of the capture.

    `dialect` is that of `pmiptrace.analysis.Analysis`. Raises `CaptureError` if the capture cannot
    be opened, and `UsageError` for a dialect that does not exist.
    """
    found = survey(path)
    masker = Masker(pseudonyms, DialectDecoder(dialect))
    fragments = _fragments(path, found, masker)
    count = left_out = 0
    with CaptureReader(path, every_frame=True) as reader:
        stream.write(reader.head)
        for record in reader.records(found.frames.__contains__):
            octets = b""
            if record.kind == SECTION_HEADER:
                octets = open_section(with_options(record, frozenset()))
            elif record.kind == INTERFACE:
                octets = with_options(record, _INTERFACE_OPTIONS)
            elif record.frame is not None:
                octets = _masked(record, record.frame, masker, fragments)
                count += bool(octets)
                left_out += not octets
            if not octets and record.number in found.ends:
                octets = emptied(record)
            stream.write(octets)
    return Exported(count, left_out, found.esp_frames, found.problems)


def _masked(record: Record, frame: Frame, masker: Masker, fragments: dict[int, bytes]) -> bytes:
    """Give the record of a frame, masked; nothing if that cannot be done."""
    data = fragments.get(frame.number) or masker.frame(frame)
    if data is None or record.kind not in _PACKETS:
        return b""
    start = record.packet_start
    behind = record.octets[start + len(data) : start + record.captured]
    return with_packet(record, data + _frame_check(frame.data, data, behind))


def _frame_check(before: bytes, after: bytes, behind: bytes) -> bytes:
    """Give the frame check sequence anew: right if it was right, else nothing that tells of it."""
    if behind == zlib.crc32(before).to_bytes(4, "little"):
        return zlib.crc32(after).to_bytes(4, "little")
    return bytes(len(behind))


def _fragments(path: str, found: Survey, masker: Masker) -> dict[int, bytes]:
    """Mask the frames of fragmented packets; those that make no packet are not among them."""
    wanted = {number for group in found.groups for number in group}
    if not wanted:
        return {}
    with CaptureReader(path) as reader:
        frames = {frame.number: frame for frame in reader if frame.number in wanted}
    result: dict[int, bytes] = {}
    for group in found.groups:
        if not _apart(group, frames, result):
            continue
        masked = masker.fragments([frames[number] for number in group])
        if masked is not None:
            result.update(zip(group, masked, strict=True))
    return result


def _apart(group: Iterable[int], frames: dict[int, Frame], done: dict[int, bytes]) -> bool:
    """Tell whether all frames of a group are there and none belongs to one before."""
    return all(number in frames and number not in done for number in group)
