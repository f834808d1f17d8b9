"""Frames to datagrams: IP headers, extension headers, tunnels and fragments around signalling.

The way to a Mobility Header is a chain, each header naming the next. It can be wound through
several packets, one in the other:

    link layer, tags → IPv6 → extension headers → Mobility Header
                     → IPv4 → UDP port 5436     → Mobility Header        (RFC 5844 section 4)
                     → IPv4 or IPv6 → GRE or nothing → IPv4 or IPv6 → ... (a tunnel)

So reading a frame is following that chain, and leaving it at once where it ends in something
else: most frames are user traffic. `_Chain` does that; `PacketDecoder` adds what needs memory,
the fragments of the capture.
"""

from __future__ import annotations

from collections.abc import Hashable
from copy import copy

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.address import address_text
from pmiptrace.model import Datagram, Defect, Frame, Undecoded
from pmiptrace.packet.checksum import internet_checksum, pseudo_header
from pmiptrace.packet.link import carried, unwrap
from pmiptrace.packet.numbers import (
    AH,
    DESTINATION_OPTIONS,
    ESP,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    FRAGMENT,
    GRE,
    HOME_ADDRESS,
    HOP_BY_HOP,
    IPV4,
    IPV6,
    JUMBO_PAYLOAD,
    LINK_ETHERNET,
    MOBILITY_HEADER,
    NO_NEXT_HEADER,
    PMIPV6_CONTROL,
    ROUTING,
    UDP,
)
from pmiptrace.packet.reassembly import MAX_PACKET, Assembly, Part, Reassembler

MAX_DEPTH = 8
"""How many tunnels within one another are followed."""

ESP_SHAPES = tuple((vector, check) for vector in (0, 8) for check in (12, 16, 24, 32, 0))
"""Octets of the initialization vector and of the check value of ESP, the usual ones first.

The first is 8 with GMAC (RFC 4543), the second goes with HMAC (RFC 4868, RFC 2404).
"""
MAX_ESP = 2
"""How many ESP headers within one another are looked into: each is tried in all `ESP_SHAPES`."""
IPV6_HEADER = 40
IPV4_HEADER = 20

EXTENSION_NAMES = {
    HOP_BY_HOP: "IPv6 Hop-by-Hop Options",
    ROUTING: "IPv6 Routing",
    DESTINATION_OPTIONS: "IPv6 Destination Options",
    AH: "Authentication Header",
}

TUNNELS_AND_UDP = frozenset({UDP, IPV4, IPV6, GRE, ESP, AH})
IPV4_CHAIN = TUNNELS_AND_UDP
"""Protocols that signalling can be behind in IPv4."""
IPV6_CHAIN = TUNNELS_AND_UDP | {
    HOP_BY_HOP,
    ROUTING,
    FRAGMENT,
    DESTINATION_OPTIONS,
    MOBILITY_HEADER,
}
"""Next Header values that signalling can be behind in IPv6."""
LIKELY = frozenset({MOBILITY_HEADER, DESTINATION_OPTIONS, ROUTING, AH})
"""First headers of IPv6 fragments that suggest signalling though the first fragment is missing."""

ADDRESSES_SHARED = 65_536
"""Addresses kept, so that all datagrams between two nodes have the same objects."""


class _Shared(dict[bytes, bytes]):
    """Octets by themselves: the object that was met first.

    What is told apart by addresses is found faster by an address that was looked up before, and
    what is kept of a message is smaller.
    """

    def __missing__(self, octets: bytes) -> bytes:
        if len(self) >= ADDRESSES_SHARED:
            self.clear()  # costs less than to keep account of each one's use
        self[octets] = octets
        return octets


_shared = _Shared()

Found = Datagram | Undecoded
Head = tuple["_Scope", int]
"""What is known of a fragmented packet: what its headers said, and its first header's number."""


class PacketDecoder:
    """Decodes the frames of one capture in their order; with `esp_null`, ESP not encrypted too."""

    def __init__(self, *, esp_null: bool = False) -> None:
        self._fragments: Reassembler[Head] = Reassembler()
        self._chain = _Chain(self._fragments, esp_null=esp_null)

    def decode(self, frame: Frame) -> tuple[Found, ...]:
        """Give the Mobility Header in a frame, or why it cannot be had; mostly nothing.

        The frame itself yields one value at most; more are packets whose missing fragments did
        not come within 60 seconds. Octets that make no sense are never an error: they yield an
        `Undecoded` where they clearly stand around a Mobility Header, else nothing.
        """
        self._fragments.expire(frame.time)
        found = _plain(frame) or self._chain.frame(frame)
        if self._fragments.abandoned:
            return (*self._abandoned(), *((found,) if found else ()))
        return (found,) if found else ()

    def flush(self) -> tuple[Undecoded, ...]:
        """End the capture: give the packets whose missing fragments never came."""
        self._fragments.drain()
        return self._abandoned()

    def _abandoned(self) -> tuple[Undecoded, ...]:
        """Report the packets given up, except those that need not have been signalling.

        If the first fragment came, it was looked at, and the packet would be gone were it nothing.
        """
        given_up = tuple(
            _fragmentary(assembly)
            for assembly in self._fragments.abandoned
            if assembly.has_first or assembly.head[1] in LIKELY
        )
        self._fragments.abandoned.clear()
        return given_up


def _fragmentary(assembly: Assembly[Head]) -> Undecoded:
    scope, _ = assembly.head
    defect = assembly.defect or Defect(
        "fragments-missing", "Fragment", 0, assembly.needed, assembly.held
    )
    return Undecoded(
        scope.frame, "fragment", scope.source, scope.destination, defect, assembly.frames
    )


def _plain(frame: Frame) -> Datagram | None:
    """Read the commonest frame, Ethernet, IPv6 and Mobility Header, in a few steps."""
    data = frame.data
    if (
        frame.link_type != LINK_ETHERNET
        or len(data) < 14 + IPV6_HEADER
        or data[20] != MOBILITY_HEADER
        or data[12:14] != b"\x86\xdd"
        or data[14] >> 4 != 6
    ):
        return None
    end = 54 + (data[18] << 8 | data[19])
    return Datagram(
        frame=frame,
        source=_shared[data[22:38]],
        destination=_shared[data[38:54]],
        payload=data[54:end],
        offset=54,
        truncated=len(data) < end,
        hop_limit=data[21],
        link_address=_shared[data[:12]],
    )


class _Octets(Struct, frozen=True):
    """The octets that a header or packet lies in."""

    data: bytes
    end: int
    """Where the octets at hand stop."""
    promise: int
    """Where they should stop by their length fields; behind `end` if the capture cut them."""
    in_frame: bool = True
    """Whether positions in `data` are positions in the frame."""

    def up_to(self, promise: int) -> _Octets:
        """Give them for a packet inside that ends elsewhere."""
        return _Octets(self.data, min(self.end, promise), promise, self.in_frame)

    def number(self, offset: int, size: int = 2) -> int:
        """Read an integer in network byte order."""
        return int.from_bytes(self.data[offset : offset + size])


class _Scope(Struct):
    """What the headers read so far say about what is inside of them."""

    frame: Frame
    link_address: bytes
    outer: tuple[str | tuple[bytes, bytes], ...]
    """Tags as text, tunnels as source and destination; text is made of it where it is needed."""
    depth: int = 0
    gre_key: int | None = None
    protected: bool = False
    fragments: tuple[int, ...] = ()
    # Of the innermost IP packet:
    source: bytes = b""
    destination: bytes = b""
    hop_limit: int = 0
    home_address: bytes | None = None
    routing_home_address: bytes | None = None
    trail: list[tuple[str, int]] | None = None
    """Name and place of each header passed, if somebody wants to know them (`headers`)."""

    def passed(self, name: str, offset: int) -> None:
        """Note a header that starts there in the frame."""
        if self.trail is not None:
            self.trail.append((name, offset))

    def enter(self, source: bytes, destination: bytes, hop_limit: int) -> None:
        """Start an IP packet."""
        self.source, self.destination, self.hop_limit = source, destination, hop_limit
        self.home_address = self.routing_home_address = None

    def undecoded(self, kind: str, defect: Defect | None = None) -> Undecoded:
        """Say that there is signalling, or may be, which cannot be decoded."""
        return Undecoded(self.frame, kind, self.source, self.destination, defect)

    def datagram(
        self,
        octets: _Octets,
        offset: int,
        ports: tuple[int, int] | None = None,
        udp_checksum: int | None = None,
        udp_checksum_correct: bool | None = None,
    ) -> Datagram:
        """Make the value that leaves this layer; the Mobility Header starts at the offset."""
        return Datagram(
            frame=self.frame,
            source=_shared[self.source],
            destination=_shared[self.destination],
            payload=octets.data[offset : octets.end],
            offset=offset if octets.in_frame else None,
            truncated=octets.end < octets.promise,
            hop_limit=self.hop_limit,
            link_address=_shared[self.link_address],
            ports=ports,
            udp_checksum_correct=udp_checksum_correct,
            udp_checksum=udp_checksum,
            home_address=self.home_address,
            routing_home_address=self.routing_home_address,
            encapsulation=tuple(map(_outer_text, self.outer)),
            gre_key=self.gre_key,
            protected=self.protected,
            fragments=self.fragments,
        )


def _outer_text(outer: str | tuple[bytes, bytes]) -> str:
    if isinstance(outer, str):
        return outer
    source, destination = outer
    version = "IPv4" if len(source) == 4 else "IPv6"
    return f"{version} {address_text(source)} > {address_text(destination)}"


class _Chain:
    """Follows the chain of headers in a frame.

    Every method reads one header at an offset and goes on with the next one; what it gives is
    what stands at the end of the chain, None if that is no signalling.
    """

    def __init__(self, fragments: Reassembler[Head] | None, *, esp_null: bool = False) -> None:
        self._fragments = fragments
        """None to look at a first fragment, without effect on what is kept."""
        self._esp_null = esp_null

    def frame(self, frame: Frame, trail: list[tuple[str, int]] | None = None) -> Found | None:
        """Read a frame; note in `trail` the headers passed."""
        packet = carried(frame.link_type, frame.data)
        if packet is None:
            return None
        size = len(frame.data)
        octets = _Octets(frame.data, size, max(size, frame.original_length))
        scope = _Scope(frame, packet.link_address, packet.outer)
        if trail is not None:
            scope.trail = trail
            trail += zip(packet.outer, packet.places, strict=True)
        return self._packet(packet.ethertype, octets, packet.offset, scope)

    def upper(self, number: int, octets: _Octets, offset: int, scope: _Scope) -> Found | None:
        """Read what a Protocol or Next Header number names: extension headers up to the last.

        The headers Hop-by-Hop Options, Routing, Destination Options and, in other units,
        Authentication (RFC 4302 section 2) start alike (RFC 8200 section 4)::

            +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
            |  Next Header  |  Hdr Ext Len  |                               |
            +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               +
        """
        chain = IPV4_CHAIN if len(scope.source) == 4 else IPV6_CHAIN
        data = octets.data
        while number in chain:
            if number == MOBILITY_HEADER:
                return scope.datagram(octets, offset)
            if number not in EXTENSION_NAMES:
                return self._last(number, octets, offset, scope)
            if offset + 2 > octets.end:
                return _cut(EXTENSION_NAMES[number], octets, offset, 8, scope, None)
            scope.passed(EXTENSION_NAMES[number], offset)
            following, length = data[offset], data[offset + 1]
            size = (length + 2) * 4 if number == AH else (length + 1) * 8
            if offset + size > octets.end:
                return _cut(EXTENSION_NAMES[number], octets, offset, size, scope, following)
            if number == DESTINATION_OPTIONS:
                home_address = option_data(data[offset + 2 : offset + size], HOME_ADDRESS)
                if home_address and len(home_address) == 16:
                    scope.home_address = home_address
            elif number == ROUTING:
                _routing(data[offset : offset + size], scope)
            elif number == AH:
                scope.protected = True
            number, offset = following, offset + size
        return None

    def _last(self, number: int, octets: _Octets, offset: int, scope: _Scope) -> Found | None:
        if number == UDP:
            return _udp(octets, offset, scope)
        if number == IPV6:
            return self._tunnel(ETHERTYPE_IPV6, octets, offset, scope)
        if number == IPV4:
            return self._tunnel(ETHERTYPE_IPV4, octets, offset, scope)
        if number == GRE:
            return self._gre(octets, offset, scope)
        if number == FRAGMENT:
            return self._ipv6_fragment(octets, offset, scope)
        return self._esp(octets, offset, scope)

    def _esp(self, octets: _Octets, offset: int, scope: _Scope) -> Found | None:
        """Read ESP if it is not encrypted (RFC 4303 section 2, RFC 2410).

        .. code-block:: text

            +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
            |                Security Parameters Index (SPI)                |
            +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
            |                        Sequence Number                        |
            +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
            |                    Payload Data (variable)                    ~
            +               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
            ~               |     Padding (0-255 octets)                    |
            +-+-+-+-+-+-+-+-+               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
            |                               |  Pad Length   |  Next Header  |
            +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
            |            Integrity Check Value (variable)                   ~

        The packet does not say whether it is encrypted, nor how long its check value is, so what is
        usual is tried (RFC 5879 section 8). Taken for signalling is only what has a correct
        checksum, or ports of signalling, behind padding that counts 1, 2, 3 as it must.
        """
        is_whole = octets.end == octets.promise
        if self._esp_null and is_whole and scope.outer.count("ESP") < MAX_ESP:
            for vector, check in ESP_SHAPES:
                start, last = offset + 8 + vector, octets.end - check - 1
                if last - 1 < start:
                    continue
                count, following = octets.data[last - 1], octets.data[last]
                end = last - 1 - count
                if end < start or octets.data[end : last - 1] != bytes(range(1, count + 1)):
                    continue
                if following == FRAGMENT:  # what is protected is whole (RFC 4303 section 3.3.4)
                    continue
                inside = copy(scope)
                inside.protected = True
                inside.outer = (*scope.outer, "ESP")
                inner = replace(octets, end=end, promise=end)
                found = self.upper(following, inner, start, inside)
                if isinstance(found, Datagram) and _is_certain(found):
                    return found
        return scope.undecoded("esp")

    def _packet(self, ethertype: int, octets: _Octets, start: int, scope: _Scope) -> Found | None:
        if ethertype == ETHERTYPE_IPV6:
            return self._ipv6(octets, start, scope)
        return self._ipv4(octets, start, scope)

    def _ipv6(self, octets: _Octets, start: int, scope: _Scope) -> Found | None:
        """Read an IPv6 header (RFC 8200 section 3).

        A payload length of 0 means none, unless a Jumbo Payload option tells it (RFC 2675).
        """
        data = octets.data
        body = start + IPV6_HEADER
        if start + 7 > octets.end or data[start] >> 4 != 6 or data[start + 6] not in IPV6_CHAIN:
            return None
        next_header = data[start + 6]
        if body > octets.end:
            if next_header != MOBILITY_HEADER:
                return None
            return _short("IPv6", octets, start, IPV6_HEADER, scope)
        scope.passed("IPv6", start)
        length = octets.number(start + 4)
        if length == 0 and next_header == HOP_BY_HOP and body + 8 <= octets.end:
            options = data[body + 2 : min(octets.end, body + 8 + 8 * data[body + 1])]
            length = int.from_bytes(option_data(options, JUMBO_PAYLOAD) or b"")
        scope.enter(data[start + 8 : start + 24], data[start + 24 : body], data[start + 7])
        return self.upper(next_header, octets.up_to(body + length), body, scope)

    def _ipv4(self, octets: _Octets, start: int, scope: _Scope) -> Found | None:
        """Read an IPv4 header (RFC 791 section 3.1).

        A total length of 0 is what a capture shows of a packet that the network card was yet to
        cut into segments: then it ends where the packet around it ends.
        """
        data = octets.data
        if start + IPV4_HEADER > octets.end or data[start] >> 4 != 4:
            return None
        protocol = data[start + 9]
        size = (data[start] & 0xF) * 4
        if protocol not in IPV4_CHAIN or size < IPV4_HEADER or start + size > octets.end:
            return None
        scope.passed("IPv4", start)
        length = octets.number(start + 2) or octets.promise - start
        scope.enter(data[start + 12 : start + 16], data[start + 16 : start + 20], data[start + 8])
        if length < size:
            ports = _ports(octets, start + size)
            if protocol == UDP and ports and PMIPV6_CONTROL in ports:
                defect = Defect("length-short", "IPv4", start, size, length, "Total Length")
                return scope.undecoded("malformed", defect)
            return None
        octets = octets.up_to(start + length)
        where = octets.number(start + 6)
        if where & 0x3FFF == 0:
            return self.upper(protocol, octets, start + size, scope)
        key = (scope.source, scope.destination, data[start + 4 : start + 6], protocol)
        position, more = (where & 0x1FFF) * 8, bool(where & 0x2000)
        return self._fragment(key, protocol, octets, start + size, position, more, scope)

    def _ipv6_fragment(self, octets: _Octets, offset: int, scope: _Scope) -> Found | None:
        """Read a Fragment header (RFC 8200 section 4.5); one without others is just passed.

        ::

            +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
            |  Next Header  |   Reserved    |      Fragment Offset    |Res|M|
            +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
            |                         Identification                        |
            +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        """
        data = octets.data
        body = offset + 8
        if body > octets.end:
            following = data[offset] if offset < octets.end else None
            if following != MOBILITY_HEADER:
                return None
            return _short("IPv6 Fragment", octets, offset, 8, scope)
        scope.passed("IPv6 Fragment", offset)
        following = data[offset]
        position, more = octets.number(offset + 2) & 0xFFF8, bool(data[offset + 3] & 1)
        if following not in IPV6_CHAIN:
            return None
        if position == 0 and not more:
            return self.upper(following, octets, body, scope)
        key = (scope.source, scope.destination, data[offset + 4 : body])
        return self._fragment(key, following, octets, body, position, more, scope)

    def _fragment(
        self,
        key: Hashable,
        number: int,
        octets: _Octets,
        start: int,
        position: int,
        more: bool,
        scope: _Scope,
    ) -> Found | None:
        """Keep a fragment; go on with the whole packet once its last missing one is there.

        A first fragment tells what the packet is about, as it must hold all headers (RFC 7112).
        If that is no signalling, the others are not kept.
        """
        if self._fragments is None:
            return scope.undecoded("fragment")
        time = scope.frame.time
        key = (key, scope.outer)
        if self._fragments.skips(key, time, is_first=position == 0):
            return None
        if position == 0:
            found = _FIRST_LOOK.upper(number, octets.up_to(start + MAX_PACKET), start, copy(scope))
            if found is None or (isinstance(found, Undecoded) and found.kind == "esp"):
                self._fragments.skip(key, time)
                return found
        numbers = scope.fragments or (scope.frame.number,)
        part = Part(position, octets.data[start : octets.end], more, numbers)
        defect = _fragment_defect(part, octets, start)
        if defect:
            head = (scope, number)
            self._fragments.spoil(key, head, defect, time=time, is_first=position == 0)
            return None
        cost = len(scope.frame.data)
        whole = self._fragments.add(key, part, (scope, number), time=time, cost=cost)
        if whole is None:
            return None
        first, number = whole.head
        first.frame, first.link_address = scope.frame, scope.link_address
        first.fragments = whole.frames
        data = whole.join()
        return self.upper(number, _Octets(data, len(data), len(data), in_frame=False), 0, first)

    def _gre(self, octets: _Octets, offset: int, scope: _Scope) -> Found | None:
        """Read a GRE header (RFC 2784 section 2, with key and sequence number of RFC 2890).

        ::

            +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
            |C| |K|S| Reserved0       | Ver |         Protocol Type         |
            +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
            |      Checksum (optional)      |       Reserved1 (Optional)    |
            +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
            |                         Key (optional)                        |
            +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
            |                 Sequence Number (Optional)                    |
            +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        """
        flags = octets.number(offset)
        body = offset + 4
        if flags & 0x4007:  # source routing (RFC 1701), or another version
            return None
        if flags & 0x8000:
            body += 4
        key = None
        if flags & 0x2000:
            key = octets.number(body, 4)
            body += 4
        if flags & 0x1000:
            body += 4
        if body > octets.end:
            return None
        inner = unwrap(octets.number(offset + 2), octets.data, body)
        if inner is None:
            return None
        scope.gre_key = key
        text = "GRE" if key is None else f"GRE key {key:#x}"
        scope.passed(text, offset)
        for tag, place in zip(inner.outer, inner.places, strict=True):
            scope.passed(tag, place)
        return self._tunnel(inner.ethertype, octets, inner.offset, scope, text, *inner.outer)

    def _tunnel(
        self, ethertype: int, octets: _Octets, start: int, scope: _Scope, *texts: str
    ) -> Found | None:
        """Read the IP packet in an IP packet; texts name headers between the two."""
        if scope.depth == MAX_DEPTH:
            defect = Defect("nesting", "IP", start, MAX_DEPTH + 1, MAX_DEPTH)
            return scope.undecoded("malformed", defect)
        scope.depth += 1
        scope.outer += ((scope.source, scope.destination), *texts)
        return self._packet(ethertype, octets, start, scope)


_FIRST_LOOK = _Chain(None)


def headers(frame: Frame) -> list[tuple[str, int]]:
    """Give the headers of a frame on the way to its signalling: name and place of each.

    The link layer's own is not among them. Where fragments are to be put together, it ends with
    the header that says so.
    """
    trail: list[tuple[str, int]] = []
    _FIRST_LOOK.frame(frame, trail)
    return trail


def _is_certain(found: Datagram) -> bool:
    """Tell whether octets that were taken for a Mobility Header are one, by its checksum."""
    if found.ports is not None:
        return found.udp_checksum_correct is not False
    header = found.payload
    length = (header[1] + 1) * 8 if len(header) > 1 else 0
    if not length or length > len(header):
        return False
    source = found.home_address or found.source
    destination = found.routing_home_address or found.destination
    pseudo = pseudo_header(source, destination, length, MOBILITY_HEADER)
    return internet_checksum(pseudo + header[:length]) == 0


def _udp(octets: _Octets, offset: int, scope: _Scope) -> Found | None:
    """Read UDP: on port 5436 a Mobility Header without IPv6 header follows (RFC 5844 section 4)."""
    ports = _ports(octets, offset)
    if ports is None or PMIPV6_CONTROL not in ports:
        return None
    body = offset + 8
    if body > octets.end:
        return _short("UDP", octets, offset, 8, scope)
    scope.passed("UDP", offset)
    length = octets.number(offset + 4)
    if length < 8:
        defect = Defect("length-short", "UDP", offset, 8, length, "Length")
        return scope.undecoded("malformed", defect)
    available = octets.promise - offset
    if length > available:
        defect = Defect("length-overrun", "UDP", offset, length, available, "Length")
        return scope.undecoded("malformed", defect)
    octets = octets.up_to(offset + length)
    if not _is_signalling(octets.data[body : octets.end], ports, length - 8):
        return None
    checksum = octets.number(offset + 6)
    correct = None
    if checksum and octets.end == octets.promise:
        source = scope.home_address or scope.source
        destination = scope.routing_home_address or scope.destination
        covered = octets.data[offset : octets.end]
        correct = internet_checksum(pseudo_header(source, destination, length, UDP) + covered) == 0
    return scope.datagram(octets, body, ports, checksum, correct)


def _ports(octets: _Octets, offset: int) -> tuple[int, int] | None:
    if offset + 4 > octets.end:
        return None
    return octets.number(offset), octets.number(offset + 2)


def _is_signalling(payload: bytes, ports: tuple[int, int], length: int) -> bool:
    """Tell signalling from other traffic whose sender happened to choose port 5436.

    A DNS query may come from any port. With only one port right, the payload must look the part:
    Payload Proto 59 as RFC 6275 section 9.2 has it, or a Header Len that fits the UDP length.
    """
    if ports == (PMIPV6_CONTROL, PMIPV6_CONTROL) or payload[:1] == bytes((NO_NEXT_HEADER,)):
        return True
    return len(payload) > 1 and (payload[1] + 1) * 8 == length


def option_data(options: bytes, number: int) -> bytes | None:
    """Find an option of an options header (RFC 8200 section 4.2) and give its data."""
    offset = 0
    while offset + 2 <= len(options):
        if options[offset] == 0:  # Pad1
            offset += 1
            continue
        end = offset + 2 + options[offset + 1]
        if options[offset] == number and end <= len(options):
            return options[offset + 2 : end]
        offset = end
    return None


def _routing(header: bytes, scope: _Scope) -> None:
    """Take the final destination from a Routing header that the packet has not yet got through.

    Checksums cover that one, not where the packet is sent next (RFC 8200 section 8.1). It is the
    home address of type 2 (RFC 6275 section 6.4) and the first segment of type 4 (RFC 8754).
    """
    routing_type, segments_left = header[2], header[3]
    if segments_left == 0 or len(header) < 24:
        return
    if routing_type == 2:
        scope.routing_home_address = header[8:24]
    elif routing_type == 4:
        scope.destination = header[8:24]


def _cut(
    layer: str, octets: _Octets, offset: int, needed: int, scope: _Scope, following: int | None
) -> Found | None:
    """Judge an extension header whose end is not there; `following` is its Next Header, if seen."""
    is_last = following == MOBILITY_HEADER and len(scope.source) == 16
    if octets.end < octets.promise and offset + needed <= octets.promise:
        if is_last:
            return scope.datagram(octets, octets.end)
        if following is None or following in IPV6_CHAIN:
            return _short(layer, octets, offset, needed, scope)
        return None
    if not is_last:
        return None
    field = "Payload Len" if layer == EXTENSION_NAMES[AH] else "Hdr Ext Len"
    defect = Defect("header-overrun", layer, offset, needed, octets.end - offset, field)
    return scope.undecoded("malformed", defect)


def _short(layer: str, octets: _Octets, offset: int, needed: int, scope: _Scope) -> Undecoded:
    """Say that a header is not all there: the capture cut it, or there never was more."""
    cut = octets.end < octets.promise
    defect = Defect(
        "truncated" if cut else "header-short", layer, offset, needed, octets.end - offset
    )
    return scope.undecoded("truncated" if cut else "malformed", defect)


def _fragment_defect(part: Part, octets: _Octets, start: int) -> Defect | None:
    """Tell why a fragment cannot be used (RFC 8200 section 4.5), if it cannot."""
    held = len(part.data)
    if octets.end < octets.promise:
        return Defect("truncated", "Fragment", start, octets.promise - start, held)
    if not held or (part.more and held % 8):
        return Defect("fragment-length", "Fragment", start, held // 8 * 8 + 8, held)
    if part.end > MAX_PACKET:
        return Defect("fragment-overrun", "Fragment", start, part.end, MAX_PACKET, "Offset")
    return None
