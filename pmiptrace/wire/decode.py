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

import pmiptrace.wire.messages
import pmiptrace.wire.options  # noqa: F401  (declares the options)
from pmiptrace.model import Body, Datagram, Defect, Message, OpaqueBody, Option
from pmiptrace.wire.body import message_type
from pmiptrace.packet.checksum import mobility_header_checksum
from pmiptrace.wire.messages import BindingAcknowledgement, BindingUpdate
from pmiptrace.wire.option import MOBILITY_OPTIONS

FIXED = 6
"""Octets before the message data: Payload Proto to Checksum."""


def decode(datagram: Datagram) -> Message:
    """Decode the Mobility Header in a datagram, as far as its octets allow; never raises."""
    payload = datagram.payload
    defects: list[Defect] = []
    header = payload[:FIXED]
    if len(header) < FIXED:
        defects.append(
            Defect("truncated" if datagram.truncated else "header-short", "Mobility Header", 0,
                   FIXED, len(header))
        )  # fmt: skip
        header = header.ljust(FIXED, b"\0")
    length = (header[1] + 1) * 8
    data = payload[:length]
    if len(data) < length and len(payload) >= FIXED:
        kind = "truncated" if datagram.truncated else "header-overrun"
        defects.append(Defect(kind, "Mobility Header", 0, length, len(data), "Header Len"))
    body, options, offsets, kind = _message_data(header[2], data, defects)
    checksum = int.from_bytes(header[4:6])
    return Message(
        datagram=datagram,
        payload_proto=header[0],
        length=length,
        mh_type=header[2],
        reserved=header[3],
        checksum=checksum,
        checksum_correct=_checksum_correct(datagram, data, length, checksum),
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
    end = FIXED + declared.layout.size
    if len(data) < end:
        defects.append(
            Defect("message-short", declared.name, FIXED, end - FIXED, len(content), "Header Len")
        )
        return OpaqueBody(data=content), (), (), declared.abbreviation
    if not declared.has_options:
        body: Body = declared.layout.decode(content)
        return body, (), (), declared.abbreviation
    body = declared.layout.decode(content[: declared.layout.size])
    options, offsets = MOBILITY_OPTIONS.decode(data, end, defects)
    return body, options, offsets, kind_of(body)


def kind_of(body: Body) -> str:
    """Give the abbreviation of a message; BU and BA with the P flag are PBU and PBA (RFC 5213)."""
    if isinstance(body, BindingUpdate | BindingAcknowledgement) and body.proxy:
        return f"P{body.abbreviation}"
    return body.abbreviation


def _checksum_correct(datagram: Datagram, data: bytes, length: int, checksum: int) -> bool | None:
    """Tell whether the checksum is right; None where that cannot be known.

    The Home Address of a destination option and of a type 2 routing header stand in for the
    packet's addresses (RFC 6275 section 6.1.1). Over UDP it is unused (RFC 5844 section 4).
    """
    if len(data) < length or len(data) < FIXED:
        return None
    if datagram.ports is not None:
        return None
    source = datagram.home_address or datagram.source
    destination = datagram.routing_home_address or datagram.destination
    return checksum == mobility_header_checksum(source, destination, data)
