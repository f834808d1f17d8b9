"""The scan: the two loops that every octet of a capture passes, and nothing else in them.

Almost all of a field capture is user traffic. A scan walks the records that lie whole in a block of
the file, counts them, and notes where those are that may hold signalling (`candidates.examine`);
only these become `Frame` values, made by the caller. A record that is passed over costs no object.

**The seam.** `scan_pcap` and `scan_pcapng` are functions of a buffer: no I/O, no values of the
model, no exceptions. They stop where they cannot go on and say why with a `Stop`; whatever is rare
(short reads, damage, blocks that are no packets) is the caller's. `_scan.c` has a compiled twin of
the two with the same results; `scanner` chooses.

Frames on Ethernet and Linux cooked links with the commonest headers, behind a VLAN tag or not, are
rejected in the loop itself, by the EtherType and a few octets of the IP header: its protocol, the
ports of UDP, the protocol within an IPv6-in-IPv6 tunnel. That is `examine` made short: it rejects
nothing that `examine` keeps.
"""

from __future__ import annotations

from enum import IntEnum
from struct import Struct as Packing
from struct import calcsize

from msgspec import Struct

from pmiptrace.capture.candidates import ESP, HARMLESS, PMIP_PORT, REJECT, examine

ESP_LIMIT = 4096
"""ESP frames kept of one capture. They cannot be decoded; more of them would say nothing more."""
RECORD_LIMIT = 64 << 20
"""Octets of the largest record or block believed; a length beyond it is damage."""

_FRACTION_LIMIT = 999_999_999
"""Nanoseconds in a second. Some writers put them where microseconds should be."""

Hit = tuple[int, int]
"""A record that may hold signalling: number of its frame, place of its header in the buffer."""


class Stop(IntEnum):
    """Why a scan stopped where it did."""

    MORE = 0
    """The next record is not wholly in the buffer."""
    DAMAGE = 1
    """What stands there is no record header, or its lengths contradict each other."""
    OTHER = 2
    """A pcapng block other than an Enhanced Packet Block, or one that needs a closer look."""


class Tally:
    """What a scan counts; it goes on from block to block."""

    __slots__ = ("esp", "every", "last", "number", "others")

    def __init__(self, every: bool = False) -> None:
        self.every = every
        """Whether all frames are wanted, not only those that may hold signalling."""
        self.number = 0
        """Number of the last frame."""
        self.others = 0
        """Records that Wireshark gives a frame number, though they are no packets."""
        self.esp = 0
        """Frames with ESP, kept or not."""
        self.last = 0
        """Place in the buffer of the last record that was counted."""

    @property
    def packets(self) -> int:
        """Packets so far."""
        return self.number - self.others


class Shape:
    """Where the quick test finds its octets on one link type, and how to take them all at once."""

    __slots__ = (
        "behind_tag", "enough", "ip", "ipv4", "ipv6", "link_type", "minimum", "order", "unpack",
        "vlan",
    )  # fmt: skip

    def __init__(self, order: str, header: str, link_type: int) -> None:
        """Take byte order and layout, as `struct` has them, of the header in front of the frame."""
        ethertype, ip = _SHAPES.get(link_type, (0, 2))
        self.order = order
        self.link_type = link_type
        self.unpack = Packing(
            f"{order}{header}{ethertype}xH{ip - ethertype - 2}xB5xB2xB"
        ).unpack_from
        # The EtherType is big-endian on the wire, but is taken in the order of the record header.
        (self.ipv6,) = Packing(f"{order}H").unpack(b"\x86\xdd")
        (self.ipv4,) = Packing(f"{order}H").unpack(b"\x08\x00")
        (self.vlan,) = Packing(f"{order}H").unpack(b"\x81\x00")
        self.behind_tag = Packing(f"{order}2xHB5xB2xB").unpack_from
        """Takes what `unpack` takes of the frame, from behind a VLAN tag."""
        self.ip = calcsize(order + header) + ip
        """Where the IP header is, from the header in front of the frame on."""
        self.minimum = ip + 28 if link_type in _SHAPES else RECORD_LIMIT + 1
        """Captured octets from which on the quick test applies."""
        self.enough = ip + 54
        """Captured octets from which on it may look behind an IPv6 header."""


_SHAPES = {1: (12, 14), 113: (14, 16), 276: (0, 20)}
"""Link type → where the EtherType and the IP header are: Ethernet, Linux cooked v1 and v2."""

_IPV6_PORTS = Packing(">4xH34xHH").unpack_from
"""Payload length of an IPv6 packet, and the UDP ports behind its header."""
_IPV6_INNER = Packing(">4xH34xB5xB").unpack_from
"""The same, with version and next header of an IPv6 header in place of the ports."""
_IPV4_PORTS = Packing(">2xH2xH12xHH").unpack_from
"""Length and fragment offset of an IPv4 packet, and the UDP ports behind a header without options.
"""


class RecordFormat(Struct, frozen=True):
    """How the records of one pcap file are laid out."""

    header: int
    """Octets of a record header: 16, or 24 in the modified format."""
    shape: Shape
    limit: int
    """Captured octets beyond which a record is not believed."""
    magic: bytes
    """First four octets of the file: they open a second file appended to the first."""


def scan_pcap(
    buffer: bytearray,
    position: int,
    end: int,
    form: RecordFormat,
    tally: Tally,
    hits: list[Hit],
) -> tuple[int, Stop]:
    """Walk the pcap records in ``buffer[position:end]``; give where and why it stopped.

    The buffer must be at least `window.SLACK` octets longer than `end`.
    """
    header, limit, shape, every = form.header, form.limit, form.shape, tally.every
    link_type, unpack, minimum = shape.link_type, shape.unpack, shape.minimum
    vlan, behind_tag = shape.vlan, shape.behind_tag
    ipv6, ipv4, ip, enough = shape.ipv6, shape.ipv4, shape.ip, shape.enough
    if every:
        minimum = RECORD_LIMIT + 1
    most, latest = RECORD_LIMIT, _FRACTION_LIMIT
    harmless, port = HARMLESS, PMIP_PORT
    ipv6_ports, ipv4_ports, ipv6_inner = _IPV6_PORTS, _IPV4_PORTS, _IPV6_INNER
    number, last, last_header = tally.number, tally.last, end - header
    stop = Stop.MORE
    while position <= last_header:
        (
            fraction, captured, original, ethertype, first, next_header, protocol
        ) = unpack(buffer, position)  # fmt: skip
        if captured > limit or original > most or fraction > latest:
            stop = Stop.DAMAGE
            break
        if not captured:
            # A packet may be empty; but not at the time 0, nor is a file header a record.
            seconds = buffer[position : position + 4]
            if seconds == form.magic or not (original or any(seconds)):
                stop = Stop.DAMAGE
                break
        following = position + header + captured
        if following > end:
            break
        number += 1
        last = position
        position = following
        if captured >= minimum:
            at = last + ip
            if ethertype == vlan:
                ethertype, first, next_header, protocol = behind_tag(buffer, at)
                at += 4
            if ethertype == ipv6:
                if first >> 4 == 6:
                    if harmless[next_header]:
                        continue
                    if captured < enough:
                        pass
                    elif next_header == 17:
                        octets, source, destination = ipv6_ports(buffer, at)
                        if source != port and destination != port and octets >= 4:
                            continue
                    elif next_header == 41:
                        octets, version, inner = ipv6_inner(buffer, at)
                        if version >> 4 == 6 and harmless[inner] and octets >= 10:
                            continue
            elif ethertype == ipv4 and first == 0x45:
                if harmless[protocol]:
                    continue
                if protocol == 17:
                    octets, fragment, source, destination = ipv4_ports(buffer, at)
                    if (
                        source != port
                        and destination != port
                        and not fragment & 0x1FFF
                        and octets >= 24
                    ):
                        continue
        if not every:
            verdict = examine(buffer, last + header, position, link_type)
            if verdict == REJECT:
                continue
            if verdict == ESP:
                tally.esp += 1
                if tally.esp > ESP_LIMIT:
                    continue
        hits.append((number, last))
    tally.number, tally.last = number, last
    return position, stop


_ENHANCED_PACKET = 6
ENHANCED_PACKET_HEADER = "3I8xI4x"
"""Layout of an Enhanced Packet Block in front of its packet data: what the scan needs of it."""
UNKNOWN = {order: Shape(order, ENHANCED_PACKET_HEADER, -1) for order in "<>"}
"""Stands for an interface whose description cannot be read."""
_WORD = {"<": Packing("<I").unpack_from, ">": Packing(">I").unpack_from}


def scan_pcapng(
    buffer: bytearray,
    position: int,
    end: int,
    order: str,
    interfaces: list[Shape],
    tally: Tally,
    hits: list[Hit],
) -> tuple[int, Stop]:
    """Walk the Enhanced Packet Blocks in ``buffer[position:end]``; give where and why it stopped.

    `interfaces` are the section's; a negative link type stands for an interface whose description
    is damaged. The buffer must be at least `window.SLACK` octets longer than `end`.
    """
    every = tally.every
    harmless, port = HARMLESS, PMIP_PORT
    ipv6_ports, ipv4_ports, ipv6_inner = _IPV6_PORTS, _IPV4_PORTS, _IPV6_INNER
    word, limit = _WORD[order], RECORD_LIMIT
    number, last, last_header = tally.number, tally.last, end - 32
    current = -1
    unpack, minimum, link_type = UNKNOWN[order].unpack, 0, -1
    ipv6, ipv4 = UNKNOWN[order].ipv6, UNKNOWN[order].ipv4
    vlan, behind_tag = UNKNOWN[order].vlan, UNKNOWN[order].behind_tag
    ip = enough = 0
    stop = Stop.MORE
    while position <= last_header:
        (
            kind, length, interface, captured, ethertype, first, next_header, protocol
        ) = unpack(buffer, position)  # fmt: skip
        if kind != _ENHANCED_PACKET or length < 32:
            stop = Stop.OTHER
            break
        if length & 3 or length > limit:
            stop = Stop.DAMAGE
            break
        following = position + length
        if following > end:
            break
        if word(buffer, following - 4)[0] != length:
            stop = Stop.DAMAGE
            break
        if interface != current:
            if interface >= len(interfaces) or interfaces[interface].link_type < 0:
                stop = Stop.OTHER
                break
            current, shape = interface, interfaces[interface]
            link_type, unpack = shape.link_type, shape.unpack
            minimum = RECORD_LIMIT + 1 if every else shape.minimum
            ip, enough = shape.ip, shape.enough
            continue
        if captured > length - 32:
            stop = Stop.OTHER
            break
        number += 1
        last = position
        position = following
        if captured >= minimum:
            at = last + ip
            if ethertype == vlan:
                ethertype, first, next_header, protocol = behind_tag(buffer, at)
                at += 4
            if ethertype == ipv6:
                if first >> 4 == 6:
                    if harmless[next_header]:
                        continue
                    if captured < enough:
                        pass
                    elif next_header == 17:
                        octets, source, destination = ipv6_ports(buffer, at)
                        if source != port and destination != port and octets >= 4:
                            continue
                    elif next_header == 41:
                        octets, version, inner = ipv6_inner(buffer, at)
                        if version >> 4 == 6 and harmless[inner] and octets >= 10:
                            continue
            elif ethertype == ipv4 and first == 0x45:
                if harmless[protocol]:
                    continue
                if protocol == 17:
                    octets, fragment, source, destination = ipv4_ports(buffer, at)
                    if (
                        source != port
                        and destination != port
                        and not fragment & 0x1FFF
                        and octets >= 24
                    ):
                        continue
        if not every:
            verdict = examine(buffer, last + 28, last + 28 + captured, link_type)
            if verdict == REJECT:
                continue
            if verdict == ESP:
                tally.esp += 1
                if tally.esp > ESP_LIMIT:
                    continue
        hits.append((number, last))
    else:
        # A block too short for the loop: it is left to the caller, unless it is merely cut.
        if end - position >= 12 and (
            word(buffer, position)[0] != _ENHANCED_PACKET or word(buffer, position + 4)[0] < 32
        ):
            stop = Stop.OTHER
    tally.number, tally.last = number, last
    return position, stop
