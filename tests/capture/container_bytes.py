"""Capture files built by hand, octet by octet, to hold the readers against."""

from __future__ import annotations

import io
from struct import pack

from pmiptrace.capture import CaptureReader
from pmiptrace.model import CaptureInfo, Frame

SECOND = 1_000_000_000
START = 1_700_000_000


def pcap_header(order="<", magic=0xA1B2C3D4, snap=65535, network=1, version=(2, 4)):
    return pack(order + "IHHiIII", magic, *version, 0, 0, snap, network)


def record(data, order="<", seconds=START, fraction=0, original=None, extra=b""):
    wire = len(data) if original is None else original
    return pack(order + "4I", seconds, fraction, len(data), wire) + extra + data


def block(kind, body, order="<"):
    body += bytes(-len(body) % 4)
    length = pack(order + "I", len(body) + 12)
    return pack(order + "I", kind) + length + body + length


def option(code, value, order="<"):
    return pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order="<", length=-1, version=1, tail=b""):
    return block(0x0A0D0D0A, pack(order + "IHHq", 0x1A2B3C4D, version, 0, length) + tail, order)


def interface(order="<", link_type=1, snap=0, tail=b""):
    return block(1, pack(order + "HHI", link_type, 0, snap) + tail, order)


def enhanced(data, order="<", number=0, ticks=START * 1_000_000, original=None, tail=b""):
    wire = len(data) if original is None else original
    head = pack(order + "5I", number, ticks >> 32, ticks & 0xFFFFFFFF, len(data), wire)
    return block(6, head + data + bytes(-len(data) % 4) + tail, order)


def simple(data, order="<", original=None):
    return block(3, pack(order + "I", len(data) if original is None else original) + data, order)


def obsolete(data, order="<", number=0, drops=7, ticks=START * 1_000_000, original=None, tail=b""):
    wire = len(data) if original is None else original
    head = pack(order + "HH4I", number, drops, ticks >> 32, ticks & 0xFFFFFFFF, len(data), wire)
    return block(2, head + data + bytes(-len(data) % 4) + tail, order)


def read(octets, every=True) -> tuple[list[Frame], CaptureInfo]:
    """Read a file held in memory to its end."""
    reader = CaptureReader("-", every_frame=every, stream=io.BytesIO(octets))
    frames = list(reader)
    return frames, reader.info


def ipv6(next_header, payload, length=None):
    size = len(payload) if length is None else length
    return pack(">IHBB", 6 << 28, size, next_header, 64) + bytes(31) + b"\1" + payload


def ipv4(protocol, payload, fragment=0, words=5):
    size = words * 4 + len(payload)
    head = pack(">BBHHHBBH", 0x40 | words, 0, size, 1, fragment, 64, protocol, 0)
    return head + bytes(words * 4 - 12) + payload


def ethernet(ethertype, payload):
    return bytes(range(12)) + pack(">H", ethertype) + payload


MOBILITY = bytes((59, 0, 0, 0, 0, 0, 0, 0))
"""A Binding Refresh Request."""
SIGNALLING = ethernet(0x86DD, ipv6(135, MOBILITY))
USER = ethernet(0x86DD, ipv6(6, bytes(60)))

_UDP = pack(">HHHH", 5435, 5436, 8, 0)


def chain(upper):
    """IPv6 with destination options, routing and authentication headers."""
    headers = b"\x2b\0" + bytes(6) + b"\x33\0" + bytes(6) + bytes((upper, 1)) + bytes(10)
    return ipv6(60, headers + b"\x3b\4" + bytes(38))


def _headers(inner):
    return [
        ethernet(0x86DD, ipv6(44, b"\x29\0" + bytes(6) + inner)),
        ethernet(0x0800, ipv4(47, pack(">HH", 0xB000, 0x86DD) + bytes(12) + inner)),
        ethernet(0x0800, ipv4(17, _UDP, words=6)),
        ethernet(0x88A8, b"\0\5\x81\0\0\6\x88\x47" + bytes(4) + b"\0\0\1\0" + ipv4(41, inner)),
        ethernet(0x8864, b"\x11\0\0\1\0\0\0\x57" + inner),
        ethernet(60, b"\xaa\xaa\3\0\0\0\x65\x58" + ethernet(0x86DD, ipv6(50, bytes(20)))),
        ethernet(0x9200, b"\0\5\x91\0\0\5\x08\0" + ipv4(6, bytes(20))),
        bytes(14) + b"\x86\xdd" + ipv6(4, ipv4(4, ipv4(17, _UDP))),
        b"\x86\xdd" + bytes(18) + ipv6(0, b"\x3a\0" + bytes(30)),
        b"\xff\3\0\x21" + ipv4(50, bytes(20)),
        inner,
    ]


HEADERS = [*_headers(chain(135)), *_headers(chain(6))]
"""Frames that hold every kind of header, on several link types, around signalling and others."""

# Read at a wrong place, the label passes for a length, the identification for no offset, and the
# ports are one octet off from 5436: a quick test that reads there rejects what it must keep.
_USER_UDP = pack(">HHHH", 0x1501, 0x1502, 28, 0) + bytes(20)
_USER_IPV4 = ipv4(17, _USER_UDP)
_USER_IPV6 = [ipv6(17, _USER_UDP), ipv6(41, ipv6(6, bytes(20)))]
COMMON = [
    *(
        tag + packet[:2] + b"\1\1" + packet[4:]
        for packet in _USER_IPV6
        for tag in (b"", b"\0\5\x86\xdd")
    ),
    *(tag + _USER_IPV4[:4] + b"\0\0" + _USER_IPV4[6:] for tag in (b"", b"\0\5\x08\0")),
]
"""User traffic behind the commonest headers: an IP packet, or a VLAN tag and an IP packet."""
