"""Which frames may hold signalling: a cheap test on raw octets.

`examine` keeps every frame that the packet layer can decode, and some more: **kept ⊇ decodable**.
It follows the same headers, but only as far as needed to be sure that there is nothing: wherever a
header is cut, malformed, nested too deep or simply unknown, the frame is kept and the packet layer
judges it. So a mistake here costs time, never a message.

Kept are frames whose headers lead to

* a Mobility Header, next header 135 (RFC 6275 section 6.1), behind any extension headers;
* UDP with port 5436 on either side (RFC 5844 section 4);
* a fragment other than the first, unless IPv4 says that it belongs to TCP and the like: what it
  holds shows only when it is put together;
* ESP (RFC 4303), told apart as it cannot be decoded and may be all the traffic there is.

The headers followed are Ethernet with VLAN tags, MPLS, PPPoE and SNAP, Linux cooked, PPP, loopback
and raw IP; inside, IPv4 and IPv6, in each other and in GRE (RFC 2784, RFC 2890). Frames of any
other link type are all kept.
"""

from __future__ import annotations

REJECT = 0
KEEP = 1
ESP = 2

Buffer = bytes | bytearray | memoryview

PMIP_PORT = 5436
"""UDP port of the signalling over IPv4, pmip6-cntl (RFC 5844 section 4)."""

_HOP_BY_HOP, _IPV4, _UDP, _IPV6, _ROUTING, _FRAGMENT, _GRE = 0, 4, 17, 41, 43, 44, 47
_ESP, _AH, _DESTINATION, _MOBILITY, _HIP, _SHIM6 = 50, 51, 60, 135, 139, 140
_EARLY_MOBILITY = 62
"""Used for the Mobility Header before IANA assigned 135; seen in old captures."""

HARMLESS = bytearray(b"\1" * 256)
"""By protocol number: 1 for what is never signalling and never leads to it."""
for _protocol in (
    _HOP_BY_HOP, _IPV4, _UDP, _IPV6, _ROUTING, _FRAGMENT, _GRE, _ESP, _AH, _DESTINATION, _MOBILITY,
    _HIP, _SHIM6, _EARLY_MOBILITY,
):  # fmt: skip
    HARMLESS[_protocol] = 0

_VLAN = frozenset({0x8100, 0x88A8, 0x9100, 0x9200})
_MPLS = frozenset({0x8847, 0x8848})
_ETHERTYPE_IPV4, _ETHERTYPE_IPV6, _PPPOE_SESSION, _BRIDGED_ETHERNET = 0x0800, 0x86DD, 0x8864, 0x6558
_DEPTH = 16
"""Headers of one kind followed in a row before the frame is just kept."""


def examine(buffer: Buffer, start: int, end: int, link_type: int) -> int:
    """Tell what the frame in ``buffer[start:end]`` may hold: `REJECT`, `KEEP` or `ESP`.

    Every frame that the packet layer can decode gives `KEEP`; every one that it reports as ESP
    gives `ESP` or `KEEP`.
    """
    if link_type == 1:  # Ethernet
        if start + 14 > end:
            return KEEP
        return _ethertype(
            buffer, buffer[start + 12] << 8 | buffer[start + 13], start + 14, end, _DEPTH
        )
    if link_type in _RAW:
        return _ip(buffer, start, end, _RAW[link_type], _DEPTH)
    if link_type == 113:  # Linux cooked
        if start + 16 > end:
            return KEEP
        return _ethertype(
            buffer, buffer[start + 14] << 8 | buffer[start + 15], start + 16, end, _DEPTH
        )
    if link_type == 276:  # Linux cooked, version 2
        if start + 20 > end:
            return KEEP
        return _ethertype(buffer, buffer[start] << 8 | buffer[start + 1], start + 20, end, _DEPTH)
    if link_type in (0, 108):  # loopback: an address family of the capturing system, then IP
        return _ip(buffer, start + 4, end, 0, _DEPTH)
    if link_type == 51 and start < end and buffer[start] == 0x11:
        return _pppoe(buffer, start, end, _DEPTH)
    if link_type in (9, 50, 51):
        return _ppp(buffer, start, end, _DEPTH)
    return KEEP


_RAW = {12: 0, 14: 0, 101: 0, 228: 4, 229: 6}
"""Link types that begin with an IP header, and its version; 0 for either."""


def _ethertype(buffer: Buffer, ethertype: int, at: int, end: int, depth: int) -> int:
    """Follow what an EtherType announces at `at`."""
    for _ in range(depth):
        if ethertype == _ETHERTYPE_IPV6:
            return _ip(buffer, at, end, 6, depth - 1)
        if ethertype == _ETHERTYPE_IPV4:
            return _ip(buffer, at, end, 4, depth - 1)
        if ethertype in _VLAN:
            if at + 4 > end:
                return KEEP
            ethertype = buffer[at + 2] << 8 | buffer[at + 3]
            at += 4
        elif ethertype in _MPLS:
            return _mpls(buffer, at, end, depth - 1)
        elif ethertype == _PPPOE_SESSION:
            return _pppoe(buffer, at, end, depth - 1)
        elif ethertype < 0x600:
            # A length, so LLC follows: with SNAP there is an EtherType again (RFC 1042).
            if at + 8 > end or buffer[at] != 0xAA or buffer[at + 1] != 0xAA:
                return KEEP
            ethertype = buffer[at + 6] << 8 | buffer[at + 7]
            at += 8
        elif ethertype == _BRIDGED_ETHERNET:
            if at + 14 > end:
                return KEEP
            ethertype = buffer[at + 12] << 8 | buffer[at + 13]
            at += 14
        else:
            return REJECT
    return KEEP


def _mpls(buffer: Buffer, at: int, end: int, depth: int) -> int:
    """Follow a label stack to its bottom (RFC 3032); what is under it shows by its first octet."""
    for _ in range(_DEPTH):
        if at + 4 > end:
            return KEEP
        bottom = buffer[at + 2] & 1
        at += 4
        if bottom:
            return _ip(buffer, at, end, 0, depth)
    return KEEP


def _pppoe(buffer: Buffer, at: int, end: int, depth: int) -> int:
    """Follow a PPPoE session header (RFC 2516 section 4)."""
    return _ppp(buffer, at + 6, end, depth)


def _ppp(buffer: Buffer, at: int, end: int, depth: int) -> int:
    """Follow PPP, with address and control or without, the protocol in full or short (RFC 1661)."""
    if at + 2 <= end and buffer[at] == 0xFF and buffer[at + 1] == 0x03:
        at += 2
    if at + 2 > end:
        return KEEP
    if buffer[at] == 0:
        at += 1
    if buffer[at] == 0x57:
        return _ip(buffer, at + 1, end, 6, depth)
    if buffer[at] == 0x21:
        return _ip(buffer, at + 1, end, 4, depth)
    return KEEP


def _ip(buffer: Buffer, at: int, end: int, version: int, depth: int) -> int:
    """Follow an IP header, its extension headers, and the tunnels in it.

    `version` is what the header outside announced; 0 if it left that open.
    """
    for level in range(depth):
        if at + 10 > end:
            return KEEP
        found = buffer[at] >> 4
        if version and found != version:
            return KEEP
        if found == 6:
            following = buffer[at + 6]
            if HARMLESS[following]:
                return REJECT
            length = buffer[at + 4] << 8 | buffer[at + 5]
            at += 40
        elif found == 4:
            following = buffer[at + 9]
            if HARMLESS[following]:
                return REJECT
            size = (buffer[at] & 0x0F) * 4
            if size < 20 or (buffer[at + 6] & 0x1F) or buffer[at + 7]:
                return KEEP
            length = (buffer[at + 2] << 8 | buffer[at + 3]) - size
            at += size
        else:
            return KEEP
        # Only the packet's own octets count: what the link layer padded is not read as a header.
        if at + length < end:
            end = at + length
        for _ in range(_DEPTH):
            if following == _MOBILITY:
                return KEEP
            if following == _ESP:
                return ESP
            if following == _FRAGMENT:
                if at + 8 > end or buffer[at + 2] or buffer[at + 3] & 0xF8:
                    return KEEP
                following = buffer[at]
                at += 8
            elif following == _AH:
                if at + 8 > end:
                    return KEEP
                following = buffer[at]
                at += (buffer[at + 1] + 2) * 4
            elif following in (_HOP_BY_HOP, _ROUTING, _DESTINATION):
                if at + 8 > end:
                    return KEEP
                following = buffer[at]
                at += (buffer[at + 1] + 1) * 8
            else:
                break
        else:
            return KEEP
        if following == _UDP:
            if at + 4 > end:
                return KEEP
            if buffer[at] << 8 | buffer[at + 1] == PMIP_PORT:
                return KEEP
            return KEEP if buffer[at + 2] << 8 | buffer[at + 3] == PMIP_PORT else REJECT
        if following == _IPV6:
            version = 6
        elif following == _IPV4:
            version = 4
        elif following == _GRE:
            if at + 4 > end or buffer[at] & 0x40 or buffer[at + 1] & 7:
                return KEEP
            flags = buffer[at]
            inner = buffer[at + 2] << 8 | buffer[at + 3]
            at += 4 + 4 * ((flags >> 7) + (flags >> 5 & 1) + (flags >> 4 & 1))
            return _ethertype(buffer, inner, at, end, depth - level - 1)
        else:
            return REJECT if HARMLESS[following] else KEEP
    return KEEP
