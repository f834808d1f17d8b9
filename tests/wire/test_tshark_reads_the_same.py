"""Wireshark reads what the encoder writes, as far as it knows the options."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from wire_vectors import VECTORS, packet

from pmiptrace.address import address_octets
from pmiptrace.wire.encode import encode
from pmiptrace.wire.messages import BindingAcknowledgement, BindingUpdate, UpdateNotification
from pmiptrace.wire.options.rfc4283 import MnIdentifier
from pmiptrace.wire.options.rfc5213 import (
    AccessTechnologyType,
    HandoffIndicator,
    HomeNetworkPrefix,
    LinkLocalAddress,
    MnLinkLayerIdentifier,
)
from pmiptrace.wire.options.rfc5844 import Ipv4HomeAddressReply
from pmiptrace.wire.options.rfc5845 import GreKey

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="there is no tshark")

MAG = address_octets("2001:db8:a::1")
LMA = address_octets("2001:db8:f::1")


def raw_ip(payload: bytes, source: bytes, destination: bytes) -> bytes:
    return struct.pack("!IHBB", 6 << 28, len(payload), 135, 64) + source + destination + payload


def read(packets: list[bytes], path: Path) -> list[dict[str, list[str]]]:
    """Give the fields, by name, of each packet as tshark reads it."""
    octets = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    for data in packets:
        octets += struct.pack("<IIII", 0, 0, len(data), len(data)) + data
    path.write_bytes(octets)
    output = subprocess.run(
        ["tshark", "-r", str(path), "-T", "json", "--no-duplicate-keys"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return [fields_of(p["_source"]["layers"]) for p in json.loads(output)]


def fields_of(tree: object) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    waiting = [("", tree)]
    while waiting:
        name, node = waiting.pop()
        if isinstance(node, dict):
            waiting += node.items()
        elif isinstance(node, list):
            waiting += [(name, item) for item in node]
        else:
            found.setdefault(name, []).append(str(node))
    return found


def test_requests_and_replies(tmp_path: Path) -> None:
    request = encode(
        BindingUpdate(sequence=77, acknowledge=True, proxy=True, force_udp=True, lifetime=900),
        [
            MnIdentifier(subtype=1, identifier=b"mn1@example.com"),
            HomeNetworkPrefix(home_network_prefix=address_octets("2001:db8:100::")),
            HandoffIndicator(indicator=2),
            AccessTechnologyType(access_technology=4),
            MnLinkLayerIdentifier(identifier=bytes.fromhex("001122334455")),
            LinkLocalAddress(address=address_octets("fe80::1")),
            GreKey(key=0x01020304),
        ],
        source=MAG,
        destination=LMA,
    )
    reply = encode(
        BindingAcknowledgement(status=156, proxy=True, sequence=77),
        [
            MnIdentifier(subtype=1, identifier=b"mn1@example.com"),
            Ipv4HomeAddressReply(
                status=128, prefix_length=24, home_address=address_octets("192.0.2.9")
            ),
        ],
        source=LMA,
        destination=MAG,
    )
    notification = encode(
        UpdateNotification(sequence=3, reason=4, acknowledge=True), source=LMA, destination=MAG
    )
    packets = [
        raw_ip(request, MAG, LMA),
        raw_ip(reply, LMA, MAG),
        raw_ip(notification, LMA, MAG),
    ]
    first, second, third = read(packets, tmp_path / "a.pcap")
    assert first["mip6.mhtype"] == ["5"]
    assert first["mip6.bu.seqnr"] == ["77"]
    assert first["mip6.bu.lifetime"] == ["900"]
    assert [first[f"mip6.bu.{flag}_flag"] for flag in "apfhm"] == [
        *(["1"], ["1"], ["1"], ["0"], ["0"])
    ]
    assert first["mip6.mnid.identifier"] == ["mn1@example.com"]
    assert first["mip6.nemo.mnp.mnp"] == ["2001:db8:100::"]
    assert first["mip6.hi"] == ["2"]
    assert first["mip6.att"] == ["4"]
    assert first["mip6.mnlli.lli"] == ["00:11:22:33:44:55"]
    assert first["mip6.lila_lla"] == ["fe80::1"]
    assert first["mip6.gre_key"] == [str(0x01020304)]
    assert second["mip6.mhtype"] == ["6"]
    assert second["mip6.ba.status"] == ["156"]
    assert second["mip6.ba.seqnr"] == ["77"]
    assert second["mip6.ipv4aa.sts"] == ["128"]
    assert second["mip6.ipv4ha.preflen"] == ["24"]
    assert second["mip6.ipv4ha.ha"] == ["192.0.2.9"]
    assert third["mip6.mhtype"] == ["19"]


def test_golden_packets_are_well_formed(tmp_path: Path) -> None:
    read_packets = read([packet(name) for name in VECTORS], tmp_path / "b.pcap")
    for name, found in zip(VECTORS, read_packets, strict=True):
        if name != "V9":
            assert "_ws.malformed" not in found
            assert found["mip6.mhtype"] == [str(packet(name)[42])]
