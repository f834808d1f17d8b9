"""The headers around a Mobility Header, a line each: what a dissection shows of them."""

from __future__ import annotations

from msgspec import Struct

from pmiptrace.address import address_text
from pmiptrace.model import Frame
from pmiptrace.packet.decoder import IPV4_HEADER, IPV6_HEADER, headers, option_data
from pmiptrace.packet.numbers import (
    HOME_ADDRESS,
    LINK_COOKED,
    LINK_COOKED_V2,
    LINK_ETHERNET,
    LINK_LOOP,
    LINK_NULL,
    LINK_PPP,
    LINK_PPP_ETHER,
    LINK_PPP_HDLC,
)

_LINK_NAMES = {
    LINK_NULL: "Loopback",
    LINK_LOOP: "Loopback",
    LINK_PPP: "PPP",
    LINK_PPP_HDLC: "PPP",
    LINK_PPP_ETHER: "PPP over Ethernet",
    LINK_COOKED: "Linux cooked capture",
    LINK_COOKED_V2: "Linux cooked capture v2",
}


class Layer(Struct, frozen=True):
    """A header in a frame."""

    name: str
    text: str
    """What it says, in brief; printable."""
    offset: int
    """In octets, from the start of the frame."""
    end: int


def layers(frame: Frame, end: int | None = None) -> tuple[Layer, ...]:
    """Give the headers of a frame from the outermost to the one before its signalling.

    `end` is where the signalling starts; None for the end of the frame. Of octets that make no
    sense there are none.
    """
    found = headers(frame)
    if not found:
        return ()
    if found[0][1] > 0:
        found.insert(0, (_LINK_NAMES.get(frame.link_type, "Ethernet"), 0))
    ends = [offset for _, offset in found[1:]] + [len(frame.data) if end is None else end]
    return tuple(
        Layer(name, _text(name, frame, offset), offset, stop)
        for (name, offset), stop in zip(found, ends, strict=True)
    )


def _text(name: str, frame: Frame, start: int) -> str:
    data = frame.data
    if name == "Ethernet" and (start or frame.link_type == LINK_ETHERNET):
        return f"{_mac(data[start + 6 : start + 12])} > {_mac(data[start : start + 6])}"
    if name == "IPv6" and start + IPV6_HEADER <= len(data):
        source, destination = data[start + 8 : start + 24], data[start + 24 : start + 40]
        return f"{_pair(source, destination)}, hop limit {data[start + 7]}"
    if name == "IPv4" and start + IPV4_HEADER <= len(data):
        source, destination = data[start + 12 : start + 16], data[start + 16 : start + 20]
        return f"{_pair(source, destination)}, TTL {data[start + 8]}"
    if name == "UDP" and start + 8 <= len(data):
        ports = f"{_number(data, start)} > {_number(data, start + 2)}"
        checksum = f"checksum 0x{data[start + 6 : start + 8].hex()}"
        return f"{ports}, length {_number(data, start + 4)}, {checksum}"
    if name == "IPv6 Routing" and start + 4 <= len(data):
        return f"type {data[start + 2]}, segments left {data[start + 3]}"
    if name == "IPv6 Destination Options" and start + 2 <= len(data):
        options = data[start + 2 : start + 8 * (data[start + 1] + 1)]
        home = option_data(options, HOME_ADDRESS)
        return f"Home Address {address_text(home)}" if home else ""
    if name == "IPv6 Fragment" and start + 8 <= len(data):
        where = _number(data, start + 2)
        more = "more fragments follow" if where & 1 else "the last fragment"
        identification = data[start + 4 : start + 8].hex()
        return f"from octet {where & 0xFFF8} on, {more}, identification 0x{identification}"
    return ""


def _pair(source: bytes, destination: bytes) -> str:
    return f"{address_text(source)} > {address_text(destination)}"


def _mac(octets: bytes) -> str:
    return octets.hex(":")


def _number(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 2])
