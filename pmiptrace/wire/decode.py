"""Octets to messages: the Mobility Header (RFC 6275 section 6.1.1).

.. code-block:: text

    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    | Payload Proto |  Header Len   |   MH Type     |   Reserved    |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |           Checksum            |                               |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               |
    .                         Message Data                          .
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
"""

from __future__ import annotations

from pmiptrace.model import Body, Datagram, Defect, Message, OpaqueBody, Option
from pmiptrace.packet.numbers import MOBILITY_HEADER
from pmiptrace.wire.body import message_type
from pmiptrace.wire.messages import BindingAcknowledgement, BindingUpdate
from pmiptrace.wire.option import MOBILITY_OPTIONS

FIXED = 6
"""Octets before the message data: Payload Proto to Checksum."""


def decode(datagram: Datagram) -> Message:
    """Decode the Mobility Header in a datagram, as far as its octets allow; never raises."""
    payload = datagram.payload
    defects: list[Defect] = []
    available = len(payload)
    header = payload
    if available < FIXED:
        kind = "truncated" if datagram.truncated else "header-short"
        defects.append(Defect(kind, "Mobility Header", 0, FIXED, available))
        header = payload.ljust(FIXED, b"\0")
    length = (header[1] + 1) * 8
    data = payload[:length]
    if FIXED <= available < length:
        kind = "truncated" if datagram.truncated else "header-overrun"
        defects.append(Defect(kind, "Mobility Header", 0, length, available, "Header Len"))
    body, options, offsets, kind = _message_data(header[2], data, defects)
    return Message(
        datagram=datagram,
        payload_proto=header[0],
        length=length,
        mh_type=header[2],
        reserved=header[3],
        checksum=header[4] << 8 | header[5],
        checksum_correct=_checksum_correct(datagram, data, length),
        body=body,
        options=options,
        offsets=offsets,
        defects=tuple(defects),
        kind=kind,
    )


def _message_data(
    mh_type: int, data: bytes, defects: list[Defect]
) -> tuple[Body, tuple[Option, ...], tuple[int, ...], str]:
    content = data[FIXED:]
    declared = message_type(mh_type, content)
    if declared is None:
        return OpaqueBody(data=content), (), (), "MH"
    layout = declared.layout
    size = layout.size
    if declared.extent is not None and len(content) >= size:
        size += declared.extent(content)
    if len(content) < size:
        defects.append(
            Defect("message-short", declared.name, FIXED, size, len(content), "Header Len")
        )
        return OpaqueBody(data=content), (), (), declared.abbreviation
    body: Body
    if not declared.has_options:
        body = layout.decode(content)
        return body, (), (), declared.abbreviation
    if declared.extent is not None:
        body = layout.decode(content[:size])
    else:
        body = layout.decode_fixed(content)
    options, offsets = MOBILITY_OPTIONS.decode(data, FIXED + size, defects)
    return body, options, offsets, kind_of(body)


def kind_of(body: Body) -> str:
    """Give the abbreviation of a message; BU and BA with the P flag are PBU and PBA (RFC 5213)."""
    if isinstance(body, (BindingUpdate, BindingAcknowledgement)) and body.proxy:
        return "PBU" if isinstance(body, BindingUpdate) else "PBA"
    return body.abbreviation


def _checksum_correct(datagram: Datagram, data: bytes, length: int) -> bool | None:
    """Tell whether the checksum is right; None where that cannot be known.

    The Home Address of a destination option and of a type 2 routing header stand in for the
    packet's addresses (RFC 6275 section 6.1.1). Over UDP it is unused (RFC 5844 section 4).
    It is verified as a receiver does it, by a sum over all words that must be all ones (RFC 1071
    section 1): that is, a multiple of 65535.
    """
    if len(data) < length or datagram.ports is not None:
        return None
    source = datagram.home_address or datagram.source
    destination = datagram.routing_home_address or datagram.destination
    words = int.from_bytes(source + destination + data) + length + MOBILITY_HEADER
    return words % 0xFFFF == 0
