"""The header of a pcap file (draft-ietf-opsawg-pcap section 4): what it says of all its records.

.. code-block:: text

    +-------------------------------+
    |         Magic Number          |
    +---------------+---------------+
    | Major Version | Minor Version |
    +---------------+---------------+
    |           Reserved1           |
    +-------------------------------+
    |           Reserved2           |
    +-------------------------------+
    |            SnapLen            |
    +-----+-+-------+---------------+
    | FCS |f|   0   |   LinkType    |
    +-----+-+-------+---------------+
"""

from __future__ import annotations

from struct import unpack_from

from msgspec import Struct

FILE_HEADER = 24
"""Octets of the file header."""
MICROSECONDS, NANOSECONDS, MODIFIED = 0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34
"""Magic numbers: time resolution, or Kuznetzov's modified format with longer record headers."""
MAGICS = frozenset(
    magic.to_bytes(4, order)
    for magic in (MICROSECONDS, NANOSECONDS, MODIFIED)
    for order in ("little", "big")
)


class FileHeader(Struct, frozen=True):
    """What a pcap file says of all its records."""

    order: str
    magic: int
    snap_length: int
    link_type: int
    fcs: int
    """Octets of the frame check sequence at the end of each frame."""

    @property
    def has_nanoseconds(self) -> bool:
        """Whether times count nanoseconds, else microseconds."""
        return self.magic == NANOSECONDS


def read_file_header(octets: bytes) -> FileHeader | None:
    """Decode a file header; None if it is none."""
    if octets[:4] not in MAGICS or len(octets) < FILE_HEADER:
        return None
    order = ">" if octets[0] == 0xA1 else "<"
    magic, snap_length, link = unpack_from(f"{order}I12x2I", octets)
    # The upper half tells the FCS length in units of 16 bits, if the bit "f" says that it does.
    fcs = (link >> 28) * 2 if link & 0x0400_0000 else 0
    return FileHeader(order, magic, snap_length, link & 0xFFFF, fcs)
