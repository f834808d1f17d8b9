"""Captures to measure with: user traffic of a PMIPv6 domain and a pinch of signalling.

Nothing of it is kept in the repository: the octets depend on the seed alone. Signalling comes from
the simulation of conforming peers, so that what is measured is not the printing of findings. One
run of the simulation is a site: an LMA, its MAGs and some mobile nodes. A capture of many mobile
nodes has many sites, which are a few runs over and over under other addresses and names.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random
from struct import Struct

import dpkt

from pmiptrace.packet.checksum import mobility_header_checksum
from pmiptrace.simulation import Rates, Scenario, Vantage, simulate

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
SITE = 25
"""Mobile nodes of one site."""
VARIANTS = 8
"""Runs that all sites are made of."""
DURATION = 600
"""Seconds of one run; a site that is wanted for longer begins anew with other names."""
SHARE = 200
"""Frames to one of signalling in mixed traffic: 0.5 %."""

_SCENARIO = Scenario(
    duration=DURATION,
    mobile_nodes=SITE,
    mags=3,
    paths=2,
    lifetime=120,
    loss=0,
    slow_answers=0,
    heartbeat=60,
    rates=Rates(restart=0, readdressing=0),
)
_NETWORK = bytes.fromhex("20010db800")
"""What all addresses of the simulation begin with, but those of IPv4."""
_DOMAIN = b"example.com"
_IPV6_MOBILITY = b"\x86\xdd\x60"
"""EtherType and version of the frames of a run."""

Packet = tuple[int, bytes]
"""Nanoseconds since 1970, and a frame on Ethernet."""


@cache
def _run(seed: int, variant: int) -> tuple[Packet, ...]:
    run = simulate(_SCENARIO, seed=seed * VARIANTS + variant)
    return tuple((frame.time or 0, frame.data) for frame in run.frames(Vantage.LMA))


def site(number: int, seed: int) -> Iterator[Packet]:
    """Give what one site sends, under addresses and names of its own."""
    network = b"\x20\x01" + (number + 1).to_bytes(2) + b"\0"
    domain = b"%07x.com" % number
    for time, frame in _run(seed, number % VARIANTS):
        yield time + number * 1_000_003, _renamed(frame, network, domain)


def _renamed(frame: bytes, network: bytes, domain: bytes) -> bytes:
    """Give a frame with other addresses and names, and with the checksum right again."""
    frame = frame.replace(_NETWORK, network).replace(_DOMAIN, domain)
    source, destination, header = frame[22:38], frame[38:54], frame[54:]
    checksum = mobility_header_checksum(source, destination, header).to_bytes(2)
    return frame[:58] + checksum + frame[60:]


def signalling(mobile_nodes: int, seed: int) -> Iterator[Packet]:
    """Give ten minutes of signalling of so many mobile nodes, in the order of time."""
    sites = -(-mobile_nodes // SITE)
    return heapq.merge(*(site(number, seed) for number in range(sites)))


def live_bindings(mobile_nodes: int, seed: int) -> Iterator[Packet]:
    """Give the first refreshes of mobile nodes that all stay: as many live bindings at a time."""
    until = START + 150 * SECOND
    for packet in signalling(mobile_nodes, seed):
        if packet[0] > until:
            return
        yield packet


def endless_signalling(seed: int) -> Iterator[Packet]:
    """Give signalling without an end: 500 mobile nodes, and after ten minutes 500 others."""
    number, shift = 0, 0
    while True:
        sites = (site(n, seed) for n in range(number, number + 500 // SITE))
        for time, frame in heapq.merge(*sites):
            yield time + shift, frame
        number += 500 // SITE
        shift += (DURATION + 10) * SECOND


def mixed(size: int, seed: int) -> Iterator[Packet]:
    """Give some `size` octets of traffic, of whose frames 0.5 % are signalling."""
    random = Random(f"mixed {seed}")
    users = user_frames(seed)
    written = 0
    for time, frame in endless_signalling(seed):
        yield time, frame
        written += len(frame) + 16
        for offset in range(1, SHARE):
            frame = users[int(random.random() * len(users))]
            yield time + offset, frame
            written += len(frame) + 16
        if written >= size:
            return


def user_frames(seed: int, count: int = 4096) -> list[bytes]:
    """Give frames of user traffic: TCP, QUIC, DNS and ping, in tunnels of the domain and without.

    Half of it goes through the tunnels between MAGs and LMAs (RFC 5213 section 6.10.2, RFC 5845),
    a tenth has a VLAN tag. Sizes are those of Internet traffic: small, full, and some between.
    """
    random = Random(f"users {seed}")
    return [_user_frame(random) for _ in range(count)]


def _user_frame(random: Random) -> bytes:
    size = random.choice((0, 0, 0, 12, 40, 200, 540, 1200, 1348, 1400, 1400))
    payload = random.randbytes(size)
    kind = random.choices(("tcp", "quic", "dns", "ping"), (60, 30, 7, 3))[0]
    upper: bytes
    if kind == "tcp":
        number = dpkt.ip.IP_PROTO_TCP
        upper = bytes(dpkt.tcp.TCP(sport=443, dport=random.randint(1024, 65535), data=payload))
    elif kind == "ping":
        number = dpkt.ip.IP_PROTO_ICMP6
        upper = b"\x80\0\0\0" + payload
    else:
        number = dpkt.ip.IP_PROTO_UDP
        port = 443 if kind == "quic" else 53
        upper = bytes(dpkt.udp.UDP(sport=port, dport=random.randint(10000, 65535), data=payload))
    is_ipv4 = kind != "ping" and random.random() < 0.4
    packet = _ipv4(number, upper, random) if is_ipv4 else _ipv6(number, upper, random)
    if random.random() < 0.5:
        inner = dpkt.ip.IP_PROTO_IPIP if is_ipv4 else dpkt.ip.IP_PROTO_IP6
        if random.random() < 0.3:
            ethertype = b"\x08\0" if is_ipv4 else b"\x86\xdd"
            packet = b"\x20\0" + ethertype + random.randbytes(4) + packet  # RFC 2890: with a key
            inner = dpkt.ip.IP_PROTO_GRE
        packet, is_ipv4 = _ipv6(inner, packet, random), False
    tag = b"\x81\0" + random.randint(1, 4094).to_bytes(2) if random.random() < 0.1 else b""
    return random.randbytes(12) + tag + (b"\x08\0" if is_ipv4 else b"\x86\xdd") + packet


def _ipv4(number: int, data: bytes, random: Random) -> bytes:
    source, destination = random.randbytes(4), random.randbytes(4)
    packet = dpkt.ip.IP(p=number, src=source, dst=destination, len=20 + len(data), data=data)
    return bytes(packet)


def _ipv6(number: int, data: bytes, random: Random) -> bytes:
    source, destination = (b"\x24\x08" + random.randbytes(14) for _ in range(2))
    return bytes(
        dpkt.ip6.IP6(nxt=number, src=source, dst=destination, plen=len(data), hlim=64, data=data)
    )


# ---------------------------------------------------------------------------------- the files

_RECORD = Struct("<IIII")
_BLOCK = Struct("<IIIIIII")
_LENGTH = Struct("<I")


def write(path: Path, packets: Iterable[Packet]) -> int:
    """Write a capture in the format that its name ends in; give the number of its frames.

    The project's own writers check every frame; these files have millions.
    """
    records = _pcapng(packets) if path.suffix == ".pcapng" else _pcap(packets)
    count = 0
    with path.open("wb") as file:
        file.write(next(records))
        while block := list(islice(records, 4096)):
            count += len(block)
            file.write(b"".join(block))
    return count


def _pcap(packets: Iterable[Packet]) -> Iterator[bytes]:
    yield bytes(dpkt.pcap.LEFileHdr(magic=0xA1B23C4D, snaplen=262144, linktype=1))
    for time, frame in packets:
        seconds, fraction = divmod(time, SECOND)
        yield _RECORD.pack(seconds, fraction, len(frame), len(frame)) + frame


def _pcapng(packets: Iterable[Packet]) -> Iterator[bytes]:
    nanoseconds = dpkt.pcapng.PcapngOptionLE(code=9, data=b"\x09")
    end = dpkt.pcapng.PcapngOptionLE()
    interface = dpkt.pcapng.InterfaceDescriptionBlockLE(
        linktype=1, snaplen=262144, opts=[nanoseconds, end]
    )
    yield bytes(dpkt.pcapng.SectionHeaderBlockLE()) + bytes(interface)
    for time, frame in packets:
        size = len(frame)
        padding = -size % 4
        length = 32 + size + padding
        head = _BLOCK.pack(6, length, 0, time >> 32, time & 0xFFFFFFFF, size, size)
        yield b"".join((head, frame, bytes(padding), _LENGTH.pack(length)))
