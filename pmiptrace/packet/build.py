"""Whole frames to put a Mobility Header in, for samples and tests: what `decoder` reads.

Every function takes octets and gives octets, so they nest as the headers do::

    ethernet(ipv6(mag, lma, MOBILITY_HEADER, header))
    ethernet(ipv6(a, b, IPV6, ipv6(mag, lma, MOBILITY_HEADER, header)))

Extension headers are built from the inside, each taking the number of the header that follows.
Addresses are octets (`pmiptrace.address`). Lengths and checksums are right unless a parameter
says otherwise. A value that its field cannot carry raises `OverflowError` or `ValueError`.
"""

from __future__ import annotations

from collections.abc import Callable

from pmiptrace.packet.checksum import internet_checksum, pseudo_header
from pmiptrace.packet.numbers import (
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ETHERTYPE_MPLS,
    ETHERTYPE_PPPOE_SESSION,
    ETHERTYPE_VLAN,
    FRAGMENT,
    HOME_ADDRESS,
    IPV4,
    IPV6,
    PMIPV6_CONTROL,
    UDP,
)

MAC_MAG = bytes.fromhex("020000000001")
MAC_LMA = bytes.fromhex("020000000002")
"""Locally administered addresses, the defaults of `ethernet`."""


# ------------------------------------------------------------------------------- link layers


def ethernet(
    packet: bytes,
    *,
    ethertype: int | None = None,
    source: bytes = MAC_MAG,
    destination: bytes = MAC_LMA,
    padding: bytes = b"",
) -> bytes:
    """Build an Ethernet II frame; the EtherType is that of the IP packet unless given."""
    return destination + source + _u16(_ethertype(packet, ethertype)) + packet + padding


def ethernet_snap(packet: bytes, *, source: bytes = MAC_MAG, destination: bytes = MAC_LMA) -> bytes:
    """Build an IEEE 802.3 frame with length, LLC and SNAP (RFC 1042)."""
    data = b"\xaa\xaa\x03\0\0\0" + _u16(_ethertype(packet)) + packet
    return destination + source + _u16(len(data)) + data


def vlan(packet: bytes, identifier: int, *, ethertype: int | None = None) -> bytes:
    """Build what follows a VLAN EtherType: tag and packet (IEEE 802.1Q)."""
    return _u16(identifier) + _u16(_ethertype(packet, ethertype)) + packet


def vlan_ethernet(packet: bytes, *identifiers: int, ethertype: int = ETHERTYPE_VLAN) -> bytes:
    """Build an Ethernet frame with VLAN tags, the outermost first; all have the same EtherType."""
    inner: int | None = None
    for identifier in reversed(identifiers):
        packet = vlan(packet, identifier, ethertype=inner)
        inner = ethertype
    return ethernet(packet, ethertype=inner)


def mpls(packet: bytes, *labels: int) -> bytes:
    """Build what follows the MPLS EtherType: a label stack, the top first (RFC 3032)."""
    entries = b"".join(
        (label << 12 | (index == len(labels)) << 8 | 64).to_bytes(4)
        for index, label in enumerate(labels, 1)
    )
    return entries + packet


def mpls_ethernet(packet: bytes, *labels: int) -> bytes:
    """Build an Ethernet frame with an MPLS label stack."""
    return ethernet(mpls(packet, *labels), ethertype=ETHERTYPE_MPLS)


def pppoe(packet: bytes, session: int) -> bytes:
    """Build what follows the EtherType of a PPPoE session (RFC 2516); also link type 51."""
    data = ppp(packet, framed=False)
    return b"\x11\0" + _u16(session) + _u16(len(data)) + data


def pppoe_ethernet(packet: bytes, session: int) -> bytes:
    """Build an Ethernet frame of a PPPoE session."""
    return ethernet(pppoe(packet, session), ethertype=ETHERTYPE_PPPOE_SESSION)


def ppp(packet: bytes, *, framed: bool = True, compressed: bool = False) -> bytes:
    """Build a PPP frame: with address and control octets, or a protocol field of one octet."""
    protocol = b"\x00\x57" if _ethertype(packet) == ETHERTYPE_IPV6 else b"\x00\x21"
    return (b"\xff\x03" if framed else b"") + protocol[compressed:] + packet


def cooked(packet: bytes, *, sender: bytes = MAC_MAG, ethertype: int | None = None) -> bytes:
    """Build a frame of a Linux cooked capture, version 1 (link type 113)."""
    head = b"\0\0\0\x01" + _u16(len(sender)) + sender.ljust(8, b"\0")
    return head + _u16(_ethertype(packet, ethertype)) + packet


def cooked_v2(packet: bytes, *, sender: bytes = MAC_MAG, ethertype: int | None = None) -> bytes:
    """Build a frame of a Linux cooked capture, version 2 (link type 276)."""
    head = _u16(_ethertype(packet, ethertype)) + b"\0\0" + (3).to_bytes(4) + b"\0\x01\0"
    return head + bytes((len(sender),)) + sender.ljust(8, b"\0") + packet


def loopback(packet: bytes, family: int, *, little_endian: bool = False) -> bytes:
    """Build a frame of link type NULL or LOOP: an address family before the packet."""
    return family.to_bytes(4, "little" if little_endian else "big") + packet


# -------------------------------------------------------------------------------- IP packets


def ipv6(
    source: bytes,
    destination: bytes,
    next_header: int,
    payload: bytes,
    *,
    hop_limit: int = 64,
    length: int | None = None,
) -> bytes:
    """Build an IPv6 packet (RFC 8200 section 3); a length of its own makes a lying header."""
    length = len(payload) if length is None else length
    start = b"\x60\0\0\0" + _u16(length) + bytes((next_header, hop_limit))
    return start + source + destination + payload


def ipv4(
    source: bytes,
    destination: bytes,
    protocol: int,
    payload: bytes,
    *,
    hop_limit: int = 64,
    options: bytes = b"",
    identification: int = 1,
    position: int = 0,
    more: bool = False,
    length: int | None = None,
) -> bytes:
    """Build an IPv4 packet (RFC 791): options are padded to four octets, position is in octets."""
    options += bytes(-len(options) % 4)
    size = 20 + len(options)
    length = size + len(payload) if length is None else length
    flags = more << 13 | position // 8
    first = bytes((0x40 | size // 4, 0)) + _u16(length) + _u16(identification) + _u16(flags)
    second = bytes((hop_limit, protocol))
    addresses = source + destination + options
    checksum = internet_checksum(first + second + b"\0\0" + addresses)
    return first + second + _u16(checksum) + addresses + payload


def udp(
    source: bytes,
    destination: bytes,
    payload: bytes,
    *,
    ports: tuple[int, int] = (PMIPV6_CONTROL, PMIPV6_CONTROL),
    checksum: int | None = None,
    length: int | None = None,
) -> bytes:
    """Build a UDP header and payload (RFC 768); the addresses are for the checksum."""
    length = 8 + len(payload) if length is None else length
    head = _u16(ports[0]) + _u16(ports[1]) + _u16(length)
    if checksum is None:
        covered = pseudo_header(source, destination, length, UDP) + head + b"\0\0" + payload
        checksum = internet_checksum(covered) or 0xFFFF
    return head + _u16(checksum) + payload


def udp_ipv4(
    source: bytes,
    destination: bytes,
    header: bytes,
    *,
    ports: tuple[int, int] = (PMIPV6_CONTROL, PMIPV6_CONTROL),
) -> bytes:
    """Build an IPv4 packet with a Mobility Header over UDP (RFC 5844 section 4)."""
    return ipv4(source, destination, UDP, udp(source, destination, header, ports=ports))


def tunnel(source: bytes, destination: bytes, packet: bytes) -> bytes:
    """Build an IP packet that carries an IP packet: IPv6 or IPv4 in either (RFC 2473, RFC 4213)."""
    protocol = IPV6 if _ethertype(packet) == ETHERTYPE_IPV6 else IPV4
    build = ipv6 if len(source) == 16 else ipv4
    return build(source, destination, protocol, packet)


def gre(
    packet: bytes,
    *,
    key: int | None = None,
    sequence: int | None = None,
    checksum: bool = False,
    ethertype: int | None = None,
) -> bytes:
    """Build a GRE header and what it carries (RFC 2784, RFC 2890)."""
    flags = checksum << 15 | (key is not None) << 13 | (sequence is not None) << 12
    head = _u16(flags) + _u16(_ethertype(packet, ethertype))
    rest = b"" if key is None else key.to_bytes(4)
    rest += b"" if sequence is None else sequence.to_bytes(4)
    if not checksum:
        return head + rest + packet
    total = internet_checksum(head + bytes(4) + rest + packet)
    return head + _u16(total) + b"\0\0" + rest + packet


# ------------------------------------------------------------------------- extension headers


def options_header(next_header: int, payload: bytes, options: bytes = b"") -> bytes:
    """Build Hop-by-Hop or Destination Options (RFC 8200 sections 4.3, 4.6), padded with PadN."""
    missing = -(2 + len(options)) % 8
    if missing == 1:
        options += b"\0"
    elif missing:
        options += bytes((1, missing - 2)) + bytes(missing - 2)
    return bytes((next_header, (2 + len(options)) // 8 - 1)) + options + payload


def home_address(next_header: int, payload: bytes, address: bytes) -> bytes:
    """Build Destination Options with the Home Address option, aligned to 8n+6 (RFC 6275 6.3)."""
    option = b"\x01\x02\0\0" + bytes((HOME_ADDRESS, 16)) + address
    return options_header(next_header, payload, option)


def routing_type_2(
    next_header: int, payload: bytes, address: bytes, *, segments_left: int = 1
) -> bytes:
    """Build a type 2 Routing header (RFC 6275 section 6.4)."""
    return bytes((next_header, 2, 2, segments_left)) + bytes(4) + address + payload


def segment_routing(
    next_header: int, payload: bytes, segments: list[bytes], *, segments_left: int
) -> bytes:
    """Build a Segment Routing header, the final destination first (RFC 8754 section 2)."""
    last = len(segments) - 1
    head = bytes((next_header, 2 * len(segments), 4, segments_left, last, 0, 0, 0))
    return head + b"".join(segments) + payload


def authentication(next_header: int, payload: bytes, *, check_value: bytes = bytes(12)) -> bytes:
    """Build an Authentication Header whose ICV nobody checks (RFC 4302 section 2)."""
    size = 12 + len(check_value)
    spi, sequence = (256).to_bytes(4), (1).to_bytes(4)
    return bytes((next_header, size // 4 - 2, 0, 0)) + spi + sequence + check_value + payload


def esp(
    next_header: int,
    payload: bytes,
    *,
    spi: int,
    sequence: int,
    encrypt: Callable[[bytes], bytes] = bytes,
    check_value: Callable[[bytes], bytes] = lambda packet: bytes(12),
    align: int = 4,
) -> bytes:
    """Build an ESP header and what it protects (RFC 4303 section 2), encryption NULL by default.

    `encrypt` gives the initialization vector and the encrypted octets, `check_value` the Integrity
    Check Value of the whole; `align` is the block size of the encryption.
    """
    count = -(len(payload) + 2) % align
    plain = payload + bytes(range(1, count + 1)) + bytes((count, next_header))
    packet = spi.to_bytes(4) + sequence.to_bytes(4) + encrypt(plain)
    return packet + check_value(packet)


def fragment_header(
    next_header: int, part: bytes, *, position: int, more: bool, identification: int = 1
) -> bytes:
    """Build a Fragment header and its part (RFC 8200 section 4.5); position is in octets."""
    field = _u16(position | more)
    return bytes((next_header, 0)) + field + identification.to_bytes(4) + part


def fragment(
    source: bytes,
    destination: bytes,
    next_header: int,
    payload: bytes,
    *,
    size: int,
    identification: int = 1,
) -> list[bytes]:
    """Cut a payload into IP packets with `size` octets of it each, a multiple of 8, in order."""
    packets = []
    for position in range(0, len(payload), size):
        part = payload[position : position + size]
        more = position + size < len(payload)
        if len(source) == 4:
            packets.append(
                ipv4(source, destination, next_header, part, position=position, more=more,
                     identification=identification)
            )  # fmt: skip
        else:
            part = fragment_header(
                next_header, part, position=position, more=more, identification=identification
            )
            packets.append(ipv6(source, destination, FRAGMENT, part))
    return packets


def _u16(number: int) -> bytes:
    return number.to_bytes(2)


def _ethertype(packet: bytes, given: int | None = None) -> int:
    if given is not None:
        return given
    return ETHERTYPE_IPV6 if packet[0] >> 4 == 6 else ETHERTYPE_IPV4
