"""Real captures, where they are at hand: as many messages as Wireshark finds."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pmiptrace.model import Datagram, Frame, Undecoded
from pmiptrace.packet.checksum import mobility_header_checksum
from pmiptrace.packet.decoder import PacketDecoder

CAPTURES = Path(__file__).resolve().parents[3] / "shared" / "captures"

MESSAGES = {
    "skku_lma2mags.pcap": 11,
    "tcpdump_ipv6_mobility_1.pcap": 16,
    # One packet each with a UDP or no payload behind the header under test:
    "zeek_ipv6-mobile-hoa.pcap": 0,
    "zeek_ipv6-mobile-routing.pcap": 0,
    "zeek_ipv6-mobility-dst-opts.pcap": 0,
    "zeek_mip6-good-mh-chksum.pcap": 1,
    "zeek_mip6_back.pcap": 1,
    "zeek_mip6_brr.pcap": 1,
    "zeek_mip6_coti.pcap": 1,
    "zeek_mip6_hoti.pcap": 1,
    # Next Header 62, which drafts used before RFC 3775; Wireshark and tcpdump still decode it.
    "tcpdump_ipv6-mobility-header-oobr.pcap": 0,
    "tcpdump_mobility_opt_asan.pcap": 0,
    "tcpdump_mobility_opt_asan_2.pcap": 0,
    "tcpdump_mobility_opt_asan_3.pcap": 0,
    "tcpdump_mobility_opt_asan_4.pcap": 0,
}

pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captures are not at hand")


def read(path: Path) -> Iterator[Frame]:
    """Read a pcap file of microseconds in either byte order."""
    content = path.read_bytes()
    order = "<" if content[:4] == b"\xd4\xc3\xb2\xa1" else ">"
    link_type = struct.unpack_from(f"{order}I", content, 20)[0]
    offset, number = 24, 0
    while offset < len(content):
        seconds, fraction, size, original = struct.unpack_from(f"{order}IIII", content, offset)
        offset += 16
        number += 1
        time = seconds * 1_000_000_000 + fraction * 1000
        yield Frame(0, number, time, link_type, content[offset : offset + size], original)
        offset += size


def decode_file(name: str) -> list[Datagram | Undecoded]:
    decoder = PacketDecoder()
    found = [found for one in read(CAPTURES / name) for found in decoder.decode(one)]
    return [*found, *decoder.flush()]


@pytest.mark.parametrize(("name", "count"), MESSAGES.items())
def test_number_of_messages(name: str, count: int) -> None:
    found = decode_file(name)

    assert all(isinstance(one, Datagram) for one in found)
    assert len(found) == count


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
@pytest.mark.parametrize("name", MESSAGES)
def test_wireshark_finds_the_same_frames(name: str) -> None:
    shown = subprocess.run(
        [
            *("tshark", "-r", CAPTURES / name, "-Y", "mipv6 && ipv6.nxt != 62"),
            *("-T", "fields", "-e", "frame.number"),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert [one.frame.number for one in decode_file(name)] == [int(n) for n in shown.split()]


@pytest.mark.parametrize(
    "name", [name for name, count in MESSAGES.items() if count and "tcpdump" not in name]
)
def test_checksums_prove_addresses_and_payload_right(name: str) -> None:
    for one in decode_file(name):
        assert isinstance(one, Datagram)
        header = one.payload[: (one.payload[1] + 1) * 8]
        stated = int.from_bytes(header[4:6])
        assert mobility_header_checksum(one.source, one.destination, header) == stated
