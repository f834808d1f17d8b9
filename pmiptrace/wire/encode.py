"""Messages to octets: what `pmiptrace.wire.decode` reads, written from the same declarations."""

from __future__ import annotations

from collections.abc import Iterable

from pmiptrace.errors import EncodeError
from pmiptrace.model import Body, OpaqueBody, Option
from pmiptrace.packet.checksum import mobility_header_checksum
from pmiptrace.wire.decode import FIXED
from pmiptrace.wire.layout import Layout
from pmiptrace.wire.option import MOBILITY_OPTIONS, option_type

NO_NEXT_HEADER = 59
"""Payload Proto of every Mobility Header (RFC 6275 section 9.2)."""


def encode(
    body: Body,
    options: Iterable[Option] = (),
    *,
    source: bytes,
    destination: bytes,
    mh_type: int | None = None,
    payload_proto: int = NO_NEXT_HEADER,
    reserved: int = 0,
    checksum: int | None = None,
    align: bool = True,
) -> bytes:
    """Give the octets of a message, padded and with its checksum.

    `align` puts padding before options that have an alignment requirement. `checksum` is computed
    over the pseudo-header of `source` and `destination` unless given; over UDP it is 0 (RFC 5844
    section 4.1.3.2). Raises `EncodeError` if a value does not fit its field or the message is
    longer than a Header Len can say (2048 octets).
    """
    content = body.data if isinstance(body, OpaqueBody) else Layout.of(type(body)).encode(body)
    data = bytearray(FIXED) + content
    for option in options:
        if align:
            declared = option_type(option)
            if declared is not None and declared.alignment is not None:
                multiple, remainder = declared.alignment
                data += padding((remainder - len(data)) % multiple)
        data += MOBILITY_OPTIONS.encode_one(option)
    data += padding(-len(data) % 8)
    if len(data) > 2048:
        raise EncodeError(f"the message has {len(data)} octets; Header Len reaches 2048")
    data[0] = payload_proto
    data[1] = len(data) // 8 - 1
    data[2] = body.mh_type if mh_type is None else mh_type
    data[3] = reserved
    if checksum is None:
        checksum = mobility_header_checksum(source, destination, bytes(data))
    data[4:6] = checksum.to_bytes(2)
    return bytes(data)


def padding(count: int) -> bytes:
    """Give `count` octets of padding: Pad1 for one, PadN for more (RFC 6275 section 6.2.2)."""
    if count < 2:
        return bytes(count)
    return bytes((1, count - 2)) + bytes(count - 2)
