"""Link layers: from the first octet of a frame to its IP packet.

dpkt declares the headers of VLAN tags, MPLS labels, PPPoE, LLC and the cooked captures. Its
classes go on to parse what follows the header, by rules of their own and not always without an
exception; so each is given its header's octets and no more, and whatever it raises means "not
such a header". Ethernet itself is read here: dpkt's class cannot be given a header alone, as it
demands the VLAN tag or LLC header behind it. It is also imported late, since importing dpkt
takes 50 ms and a capture of plain Ethernet does not need it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from pmiptrace.packet.numbers import (
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ETHERTYPE_MPLS,
    ETHERTYPE_MPLS_MULTICAST,
    ETHERTYPE_PPPOE_SESSION,
    ETHERTYPE_PROVIDER_VLAN,
    ETHERTYPE_QINQ,
    ETHERTYPE_TRANSPARENT_ETHERNET,
    ETHERTYPE_VLAN,
    LINK_COOKED,
    LINK_COOKED_V2,
    LINK_ETHERNET,
    LINK_IPV4,
    LINK_IPV6,
    LINK_LOOP,
    LINK_NULL,
    LINK_PPP,
    LINK_PPP_ETHER,
    LINK_PPP_HDLC,
    LINK_RAW,
    LINK_RAW_OLD,
    LINK_RAW_OPENBSD,
)

MAX_TAGS = 16
"""Headers between the link layer and IP that are followed: VLAN tags, MPLS labels, PPPoE."""

LARGEST_LENGTH = 1500
"""The largest value that an EtherType field holds as a length (IEEE 802.3 clause 3.2.6)."""


class Carried(NamedTuple):
    """An IP packet within a frame."""

    ethertype: int
    """`ETHERTYPE_IPV4` or `ETHERTYPE_IPV6`."""
    offset: int
    """Where the IP header starts."""
    outer: tuple[str, ...] = ()
    """The tags before it, outermost first."""
    link_address: bytes = b""
    places: tuple[int, ...] = ()
    """Where each of the tags starts."""


def carried(link_type: int, data: bytes) -> Carried | None:
    """Find the IP packet in a frame; None if it has none or its link type is not known."""
    read = _LINK_LAYERS.get(link_type)
    return read(data) if read else None


def unwrap(ethertype: int, data: bytes, offset: int, link_address: bytes = b"") -> Carried | None:
    """Follow tags and labels from an EtherType on, until IP; None if something else comes.

    `offset` is where the octets that the EtherType names start.
    """
    outer: list[str] = []
    places: list[int] = []
    for _ in range(MAX_TAGS + 1):
        if ethertype in (ETHERTYPE_IPV6, ETHERTYPE_IPV4):
            return Carried(ethertype, offset, tuple(outer), link_address, tuple(places))
        step = _TAGS.get(ethertype, _llc if ethertype <= LARGEST_LENGTH else None)
        found = step(data, offset) if step else None
        if found is None:
            return None
        start = offset
        ethertype, offset, text = found
        if text:
            outer.append(text)
            places.append(start)
    return None


Step = tuple[int, int, str]
"""The EtherType that a tag names, where its octets start, and the tag as text."""


@cache
def _dpkt_class(module: str, name: str) -> Any:
    return getattr(import_module(f"dpkt.{module}"), name)


def _header(module: str, name: str, data: bytes, offset: int, size: int = 0) -> Any | None:
    """Read one header with dpkt; None if octets are missing or dpkt makes no sense of them."""
    cls = _dpkt_class(module, name)
    try:
        return cls(data[offset : offset + (size or cls.__hdr_len__)])
    except Exception:
        return None


def _vlan(data: bytes, offset: int) -> Step | None:
    tag = _header("ethernet", "VLANtag8021Q", data, offset)
    return (tag.type, offset + 4, f"VLAN {tag.id}") if tag is not None else None


def _mpls(data: bytes, offset: int) -> Step | None:
    """Read a label (RFC 3032 section 2.1); what follows the last one is guessed from its nibble."""
    label = _header("ethernet", "MPLSlabel", data, offset)
    if label is None:
        return None
    ethertype = _by_version(data, offset + 4) if label.s else ETHERTYPE_MPLS
    return (ethertype, offset + 4, f"MPLS {label.val}") if ethertype else None


def _pppoe(data: bytes, offset: int) -> Step | None:
    """Read the header of a PPPoE session and the PPP protocol behind it (RFC 2516 section 4)."""
    header = _header("pppoe", "PPPoE", data, offset)
    if header is None or header.code != 0:
        return None
    found = _ppp_protocol(data, offset + 6)
    return (*found, f"PPPoE session {header.session}") if found else None


def _ethernet_step(data: bytes, offset: int) -> Step | None:
    if len(data) < offset + 14:
        return None
    return int.from_bytes(data[offset + 12 : offset + 14]), offset + 14, "Ethernet"


def _llc(data: bytes, offset: int) -> Step | None:
    """Read LLC with SNAP (RFC 1042), where an IEEE 802.3 length stands for the EtherType."""
    llc = _header("llc", "LLC", data, offset, 8)
    if llc is None or not llc.is_snap or llc.oui != 0 or llc.type <= LARGEST_LENGTH:
        return None
    return llc.type, offset + 8, ""


_TAGS: dict[int, Callable[[bytes, int], Step | None]] = {
    ETHERTYPE_VLAN: _vlan,
    ETHERTYPE_PROVIDER_VLAN: _vlan,
    ETHERTYPE_QINQ: _vlan,
    ETHERTYPE_MPLS: _mpls,
    ETHERTYPE_MPLS_MULTICAST: _mpls,
    ETHERTYPE_PPPOE_SESSION: _pppoe,
    ETHERTYPE_TRANSPARENT_ETHERNET: _ethernet_step,
}


def _by_version(data: bytes, offset: int) -> int | None:
    """Tell IPv4 from IPv6 by the first nibble."""
    version = data[offset] >> 4 if offset < len(data) else 0
    return {4: ETHERTYPE_IPV4, 6: ETHERTYPE_IPV6}.get(version)


def _ppp_protocol(data: bytes, offset: int) -> tuple[int, int] | None:
    """Read a PPP protocol field, which may be one octet (RFC 1661 section 6.5)."""
    size = 1 if data[offset : offset + 1] and data[offset] & 1 else 2
    ethertype = _PPP_PROTOCOLS.get(int.from_bytes(data[offset : offset + size]))
    return (ethertype, offset + size) if ethertype else None


_PPP_PROTOCOLS = {0x0021: ETHERTYPE_IPV4, 0x0057: ETHERTYPE_IPV6}


def _ethernet(data: bytes) -> Carried | None:
    if len(data) < 14:
        return None
    return unwrap(int.from_bytes(data[12:14]), data, 14, data[:12])


def _cooked(data: bytes) -> Carried | None:
    header = _header("sll", "SLL", data, 0)
    if header is None:
        return None
    return unwrap(header.ethtype, data, 16, header.hdr[: header.hlen])


def _cooked_v2(data: bytes) -> Carried | None:
    header = _header("sll2", "SLL2", data, 0)
    if header is None:
        return None
    return unwrap(header.ethtype, data, 20, header.hdr[: header.hlen])


def _raw(data: bytes) -> Carried | None:
    ethertype = _by_version(data, 0)
    return Carried(ethertype, 0) if ethertype else None


def _loopback(data: bytes) -> Carried | None:
    """Read NULL and LOOP: an address family in the byte order of whichever host captured it."""
    if len(data) < 4:
        return None
    family = min(int.from_bytes(data[:4]), int.from_bytes(data[:4], "little"))
    ethertype = _ADDRESS_FAMILIES.get(family)
    return Carried(ethertype, 4) if ethertype else None


_ADDRESS_FAMILIES = {
    2: ETHERTYPE_IPV4,
    10: ETHERTYPE_IPV6,  # Linux
    24: ETHERTYPE_IPV6,  # NetBSD, OpenBSD
    28: ETHERTYPE_IPV6,  # FreeBSD
    30: ETHERTYPE_IPV6,  # macOS
}


def _ppp(data: bytes) -> Carried | None:
    """Read PPP, with or without the address and control octets (RFC 1662 section 3.1)."""
    found = _ppp_protocol(data, 2 if data[:2] == b"\xff\x03" else 0)
    return Carried(*found) if found else None


def _ppp_ether(data: bytes) -> Carried | None:
    return unwrap(ETHERTYPE_PPPOE_SESSION, data, 0)


_LINK_LAYERS: dict[int, Callable[[bytes], Carried | None]] = {
    LINK_NULL: _loopback,
    LINK_ETHERNET: _ethernet,
    LINK_PPP: _ppp,
    LINK_RAW_OLD: _raw,
    LINK_RAW_OPENBSD: _raw,
    LINK_PPP_HDLC: _ppp,
    LINK_PPP_ETHER: _ppp_ether,
    LINK_RAW: _raw,
    LINK_LOOP: _loopback,
    LINK_COOKED: _cooked,
    LINK_IPV4: _raw,
    LINK_IPV6: _raw,
    LINK_COOKED_V2: _cooked_v2,
}

LINK_TYPES = frozenset(_LINK_LAYERS)
"""The link types that can be read."""
