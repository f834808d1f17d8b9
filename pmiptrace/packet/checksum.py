"""The checksum of the Mobility Header and of UDP (RFC 6275 section 6.1.1, RFC 768, RFC 8200)."""

from __future__ import annotations

from pmiptrace.packet.numbers import MOBILITY_HEADER


def internet_checksum(data: bytes) -> int:
    """Give the one's complement of the one's complement sum of 16-bit words (RFC 1071).

    The sum of words modulo 65535 is the whole number modulo 65535, as 65536 leaves 1; one big
    division is several times faster than adding words one by one.
    """
    if len(data) % 2:
        data += b"\0"
    total = int.from_bytes(data)
    folded = total % 0xFFFF
    if folded == 0 and total:
        folded = 0xFFFF
    return ~folded & 0xFFFF


def pseudo_header(source: bytes, destination: bytes, length: int, next_header: int) -> bytes:
    """Give the pseudo-header over IPv6 (RFC 8200 section 8.1) or IPv4 (RFC 768)."""
    if len(source) == 4:
        return source + destination + b"\0" + bytes((next_header,)) + length.to_bytes(2)
    return source + destination + length.to_bytes(4) + b"\0\0\0" + bytes((next_header,))


def mobility_header_checksum(source: bytes, destination: bytes, header: bytes) -> int:
    """Give the checksum that a Mobility Header must carry; what it carries now does not matter."""
    zeroed = header[:4] + b"\0\0" + header[6:]
    return internet_checksum(
        pseudo_header(source, destination, len(header), MOBILITY_HEADER) + zeroed
    )
