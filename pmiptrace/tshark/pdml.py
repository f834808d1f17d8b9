"""What tshark decodes of a capture: its XML, in which each field says which octets it stands in.

pyshark's classes for the same XML lose which field is inside which, and pyshark 0.6 starts tshark
in a way that Python 3.14 has no longer. So the output is read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO
from xml.etree import ElementTree

from msgspec import Struct

from pmiptrace.tshark.program import Tshark

ARGUMENTS = (
    "-n",  # no names for addresses: no network
    # 62 is the next header of a draft, which this program does not take for signalling.
    *("-Y", "mipv6 and not ipv6.nxt == 62"),
    *("-T", "pdml"),
    *("-J", "mipv6 _ws.malformed"),
    # Else the Mobility Header stands below IPv6, where -J does not find it.
    *("-o", "ipv6.exthdr_under_root_protocol_tree:TRUE"),
)
_BLOCK = 1 << 16
_END = b"</packet>"
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot have, and tshark writes."""
_BITS = re.compile(r"([.01 ]+) = ")
"""Which bits of its octets a field has, as tshark draws them: ``.1.. ....``."""


class Field(Struct, frozen=True):
    """A field as tshark shows it."""

    name: str
    """``mip6.bu.seqnr``; empty for a line without a field."""
    offset: int
    """In bits from the start of the Mobility Header; negative for one that stands before it."""
    width: int
    """In bits; 0 for what tshark concludes, such as that octets are missing."""
    show: str
    """The value, in the notation of display filters."""
    label: str
    """The line that tshark prints: ``Status: Invalid length (200)``."""
    octets: bytes
    """What stands there, whole octets; empty if tshark does not say."""
    inside: int
    """Where the field that has this one begins, in bits."""


class Header(Struct, frozen=True):
    """A Mobility Header that tshark found."""

    frame: int
    fields: tuple[Field, ...]
    """In tshark's order; each before those inside it."""
    is_malformed: bool
    """Whether tshark gave up before its end."""


def headers(tshark: Tshark, path: str) -> Iterator[Header | str]:
    """Give the Mobility Headers of a capture by frame; last, what tshark said if it failed."""
    with tshark.run([*ARGUMENTS, "-r", path]) as run:
        try:
            for packet in _packets(run.output):
                yield from _headers(packet)
        except ElementTree.ParseError as error:
            yield f"its output cannot be read: {error}"
            return
        fault = run.fault()
    if fault is not None:
        yield fault


def _packets(output: IO[bytes]) -> Iterator[ElementTree.Element]:
    """Cut the output into packets; what is cut off at its end is left out."""
    waiting = b""
    while block := output.read(_BLOCK):
        *whole, waiting = (waiting + block).split(_END)
        for part in whole:
            start = part.find(b"<packet>")
            text = (part[start:] + _END).decode("utf-8", "replace")
            yield ElementTree.fromstring(_NO_XML.sub("\N{REPLACEMENT CHARACTER}", text))


def _headers(packet: ElementTree.Element) -> Iterator[Header]:
    number = 0
    malformed = any(proto.get("name") == "_ws.malformed" for proto in packet.iter("proto"))
    for proto in packet.iter("proto"):
        if proto.get("name") == "geninfo":
            number = next(int(f.get("show", "0")) for f in proto if f.get("name") == "num")
        elif proto.get("name") == "mipv6":
            start = int(proto.get("pos", "0"))
            yield Header(number, tuple(_fields(proto, start, 0)), malformed)


def _fields(parent: ElementTree.Element, start: int, inside: int) -> Iterator[Field]:
    for element in parent.iterfind("field"):
        label = element.get("showname") or element.get("show") or ""
        offset = (int(element.get("pos", "0")) - start) * 8
        width = int(element.get("size", "0")) * 8
        own = offset
        bits = _BITS.match(label)
        if bits:
            drawn = bits[1].replace(" ", "")
            taken = drawn.strip(".")
            offset, width = offset + drawn.index(taken), len(taken)
            label = label[bits.end() :]
        yield Field(
            name=element.get("name", ""),
            offset=offset,
            width=width,
            show=element.get("show", ""),
            label=label,
            octets=_octets(element.get("unmaskedvalue") or element.get("value") or ""),
            inside=inside,
        )
        yield from _fields(element, start, own)


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
