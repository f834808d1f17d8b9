"""Datagrams between the same nodes share the objects of their addresses, while there is room."""

from __future__ import annotations

import pytest
from packet_frames import ETHERNET, GOLDEN, LMA, RAW, decode

from pmiptrace.model import Datagram
from pmiptrace.packet import build
from pmiptrace.packet.decoder import _shared


def datagram(data: bytes, link_type: int) -> Datagram:
    found = decode(data, link_type)
    assert isinstance(found, Datagram)
    return found


def test_addresses_are_shared() -> None:
    request = datagram(build.ethernet(GOLDEN["V1"]), ETHERNET)
    answer = datagram(GOLDEN["V2"], RAW)
    assert request.source is answer.destination
    assert request.destination is answer.source
    assert request.link_address is datagram(build.ethernet(GOLDEN["V2"]), ETHERNET).link_address


def test_there_is_room_for_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pmiptrace.packet.decoder.ADDRESSES_SHARED", 2)
    _shared.clear()
    for name in ("V1", "V4", "V1"):
        found = datagram(GOLDEN[name], RAW)
        assert (found.source, found.destination) == (GOLDEN[name][8:24], LMA)
        assert len(_shared) <= 2
