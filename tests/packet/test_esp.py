"""ESP that is not encrypted (RFC 5879): what is looked into, and what is left alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pmiptrace.address import address_octets
from pmiptrace.analysis import Analysis
from pmiptrace.capture.writer import write_pcap
from pmiptrace.model import Datagram, Frame, Undecoded
from pmiptrace.packet.build import esp, fragment_header, ipv4, ipv6, udp
from pmiptrace.packet.decoder import ESP_SHAPES, PacketDecoder, _Chain
from pmiptrace.packet.numbers import (
    DESTINATION_OPTIONS,
    ESP,
    FRAGMENT,
    IPV6,
    LINK_RAW,
    MOBILITY_HEADER,
    UDP,
)
from pmiptrace.testing import Trace

MAG, LMA = address_octets("2001:db8:a::1"), address_octets("2001:db8:ff::1")
MAG_IPV4, LMA_IPV4 = address_octets("192.0.2.1"), address_octets("198.51.100.1")


def pbu() -> bytes:
    trace = Trace()
    trace.pbu(trace.mag("mag1@example.com").path("2001:db8:a::1", bid=1))
    return trace.frames[0].data


PACKET = pbu()
HEADER = PACKET[40:]
SOURCE, DESTINATION = PACKET[8:24], PACKET[24:40]


def frame(data: bytes) -> Frame:
    return Frame(0, 1, 0, LINK_RAW, data, len(data))


def found(data: bytes, *, esp_null: bool = True) -> Any:
    (each,) = PacketDecoder(esp_null=esp_null).decode(frame(data))
    return each


def protected(payload: bytes = HEADER, **how: Any) -> bytes:
    inside = esp(how.pop("following", MOBILITY_HEADER), payload, spi=7, sequence=1, **how)
    return ipv6(SOURCE, DESTINATION, ESP, inside)


def icv(size: int) -> Callable[[bytes], bytes]:
    return lambda packet: bytes(range(100, 100 + size))


@pytest.mark.parametrize("size", [0, 12, 16, 24, 32])
@pytest.mark.parametrize("vector", [0, 8])
def test_transport_mode(size: int, vector: int) -> None:
    data = protected(check_value=icv(size), encrypt=lambda plain: bytes(vector) + plain)
    datagram = found(data)
    assert isinstance(datagram, Datagram)
    assert datagram.payload == HEADER
    assert datagram.protected
    assert datagram.encapsulation == ("ESP",)
    assert data[datagram.offset :].startswith(HEADER)


def test_tunnel_mode() -> None:
    inside = esp(IPV6, PACKET, spi=7, sequence=1)
    datagram = found(ipv6(MAG, LMA, ESP, inside))
    assert (datagram.source, datagram.payload) == (SOURCE, HEADER)


def test_over_udp() -> None:
    inside = esp(UDP, udp(MAG_IPV4, LMA_IPV4, HEADER), spi=7, sequence=1)
    datagram = found(ipv4(MAG_IPV4, LMA_IPV4, ESP, inside))
    assert (datagram.source, datagram.ports) == (MAG_IPV4, (5436, 5436))
    assert datagram.payload == HEADER


def test_it_is_left_alone_unless_asked_for() -> None:
    assert found(protected(), esp_null=False).kind == "esp"


def test_what_is_encrypted_is_left_alone() -> None:
    scrambled = protected(encrypt=lambda plain: bytes(octet ^ 0x5A for octet in plain))
    assert isinstance(found(scrambled), Undecoded)


@pytest.mark.parametrize("change", [(-14, 9), (-13, 1), (60, 1)], ids=["pad", "next", "content"])
def test_what_is_not_in_order_is_left_alone(change: tuple[int, int]) -> None:
    place, by = change
    data = bytearray(protected())
    data[place] ^= by
    assert isinstance(found(bytes(data)), Undecoded)


@given(st.binary(max_size=200))
def test_any_octets(content: bytes) -> None:
    for each in PacketDecoder(esp_null=True).decode(frame(ipv6(MAG, LMA, ESP, content))):
        assert isinstance(each, Undecoded)


@given(st.integers(0, len(protected())), st.binary(min_size=1, max_size=4))
def test_damage(place: int, octets: bytes) -> None:
    data = bytearray(protected())
    data[place : place + len(octets)] = octets
    PacketDecoder(esp_null=True).decode(frame(bytes(data)))


def test_analysis(tmp_path) -> None:
    trace = Trace()
    trace.register(trace.mag("mag1@example.com").path("2001:db8:a::1", bid=1))
    clear = [each.data for each in trace.frames]
    hidden = [
        ipv6(data[8:24], data[24:40], ESP, esp(MOBILITY_HEADER, data[40:], spi=7, sequence=1))
        for data in clear
    ]
    other = protected(encrypt=lambda plain: bytes(octet ^ 0x5A for octet in plain))
    frames = [
        replace(each, data=data, original_length=len(data))
        for each, data in zip(trace.frames, hidden, strict=True)
    ]
    frames.append(replace(frames[-1], number=3, data=other, original_length=len(other)))
    path = tmp_path / "esp.pcap"
    write_pcap(path, frames)
    unread = Analysis([str(path)]).report()
    assert unread.messages == 0
    assert "3 frames protected by ESP" in unread.captures[0].problems[0].message
    read = Analysis([str(path)], esp_null=True).report()
    assert read.messages == 2
    assert read.captures[0].packets == 3
    assert "1 frame protected by ESP" in read.captures[0].problems[0].message
    assert [each.bindings[0].state.value for each in read.sessions] == ["active"]


def test_octets_that_look_like_a_fragment_are_not_kept_for_the_others() -> None:
    fragment = fragment_header(DESTINATION_OPTIONS, bytes(24), position=0, more=True)
    decoder = PacketDecoder(esp_null=True)
    (undecoded,) = decoder.decode(frame(protected(fragment, following=FRAGMENT)))
    assert (undecoded.kind, list(decoder.flush())) == ("esp", [])


def test_two_within_one_another() -> None:
    inner = ipv6(SOURCE, DESTINATION, ESP, esp(MOBILITY_HEADER, HEADER, spi=7, sequence=1))
    datagram = found(protected(inner, following=IPV6))
    assert isinstance(datagram, Datagram)
    assert datagram.payload == HEADER
    assert datagram.encapsulation.count("ESP") == 2


def tunnels(number: int) -> bytes:
    """Nest packets in ESP whose last octets say no padding, and IPv6, whatever the shape is."""
    packet = ipv6(SOURCE, DESTINATION, ESP, b"")
    for _ in range(number):
        packet = ipv6(SOURCE, DESTINATION, ESP, bytes(8) + packet + b"\x00\x29" * 17)
    return packet


@pytest.mark.parametrize("data", [ipv6(SOURCE, DESTINATION, ESP, b"\x00\x32" * 60), tunnels(6)])
def test_the_shapes_of_nested_headers_do_not_multiply(
    data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = 0
    whole = _Chain._esp

    def counted(*arguments: Any) -> Any:
        nonlocal tried
        tried += 1
        return whole(*arguments)

    monkeypatch.setattr(_Chain, "_esp", counted)
    PacketDecoder(esp_null=True).decode(frame(data))
    shapes = len(ESP_SHAPES)
    assert shapes < tried <= 1 + shapes + shapes**2
