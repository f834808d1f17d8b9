"""The capture filter (pcap-filter(7)): all that may hold signalling, and hardly any user traffic.

It keeps what `pmiptrace.capture.candidates` keeps, as far as a filter can tell. Tags are found by
their places in the frame. The words ``vlan`` and ``mpls`` would shift everything that follows them
in an expression, and do not exist for all link types.
"""

from __future__ import annotations

from collections.abc import Iterable

PROTOCOLS = (135, 0, 43, 44, 51, 60, 4, 41, 47, 50, 62, 139, 140)
"""Next headers that are, or lead to, a Mobility Header: itself, extension headers, tunnels, ESP."""
PORT = 5436
"""UDP port of the signalling over IPv4 (RFC 5844 section 4)."""
_TAGS = (0x8100, 0x88A8, 0x9100, 0x9200)
_MOST_TAGS, _MOST_LABELS = 2, 3
"""VLAN tags, and MPLS labels, that are looked behind."""


def _any(parts: Iterable[str]) -> str:
    return " or ".join(parts)


SIGNALLING = _any(
    (*(f"proto {number}" for number in PROTOCOLS), f"udp port {PORT}", "(ip[6:2] & 0x1fff != 0)")
)
"""Signalling without tags, on any link type."""


def _ip(at: int) -> str:
    """Say the same of an IP header at a place in the frame."""
    udp = f"ether[{{}}:2] = {PORT} or ether[{{}}:2] = {PORT}"
    ipv6 = _any(f"ether[{at + 6}] = {number}" for number in PROTOCOLS)
    ipv6_udp = f"(ether[{at + 6}] = 17 and ({udp.format(at + 40, at + 42)}))"
    ipv4 = _any(f"ether[{at + 9}] = {number}" for number in PROTOCOLS)
    ipv4_udp = f"(ether[{at + 9}] = 17 and (ether[{at}] != 0x45 or {udp.format(at + 20, at + 22)}))"
    fragment = f"ether[{at + 6}:2] & 0x1fff != 0"
    return (
        f"((ether[{at}] & 0xf0 = 0x60 and ({ipv6} or {ipv6_udp}))"
        f" or (ether[{at}] & 0xf0 = 0x40 and ({ipv4} or {fragment} or {ipv4_udp})))"
    )


def _mpls(at: int) -> str:
    """Say it of what is under labels, the last of which is marked so (RFC 3032 section 2.1)."""
    stack, stacks = "", []
    for bottom in range(at + 2, at + 2 + 4 * _MOST_LABELS, 4):
        stacks.append(f"({stack}ether[{bottom}] & 1 = 1 and {_ip(bottom + 2)})")
        stack += f"ether[{bottom}] & 1 = 0 and "
    return _any(stacks)


def _tagged(at: int, tags: int) -> str:
    """Say it of what an EtherType at a place announces, other than IP."""
    ethertype = f"ether[{at}:2]"
    parts = [
        f"(({ethertype} = 0x8847 or {ethertype} = 0x8848) and ({_mpls(at + 2)}))",
        f"({ethertype} = 0x8864 and {_ip(at + 10)})",
    ]
    if tags:
        inner = f"ether[{at + 4}:2]"
        carried = f"(({inner} = 0x86dd or {inner} = 0x0800) and {_ip(at + 6)})"
        parts.append(
            f"(({_any(f'{ethertype} = {tag:#x}' for tag in _TAGS)})"
            f" and ({carried} or {_tagged(at + 4, tags - 1)}))"
        )
    return _any(parts)


_SNAP = f"(ether[12:2] <= 1500 and ether[14:2] = 0xaaaa and {_ip(22)})"
FILTER = _any((SIGNALLING, _tagged(12, _MOST_TAGS), _SNAP))
"""Signalling with and without VLAN tags, MPLS labels, PPPoE and SNAP."""
