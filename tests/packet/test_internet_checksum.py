"""The checksum, against the plain definition of RFC 1071."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pmiptrace.packet.checksum import internet_checksum, pseudo_header


def added_word_by_word(data: bytes) -> int:
    total = 0
    for offset in range(0, len(data), 2):
        total += int.from_bytes(data[offset : offset + 2].ljust(2, b"\0"))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@given(st.binary(max_size=64) | st.binary(max_size=8).map(lambda part: part * 40))
def test_equals_adding_word_by_word(data: bytes) -> None:
    assert internet_checksum(data) == added_word_by_word(data)


def test_extremes() -> None:
    assert internet_checksum(b"") == 0xFFFF
    assert internet_checksum(bytes(20)) == 0xFFFF
    assert internet_checksum(b"\xff" * 20) == 0
    assert internet_checksum(b"\x00\x01\xf2\x03\xf4\xf5\xf6\xf7") == 0x220D  # RFC 1071 section 3


def test_pseudo_headers() -> None:
    assert pseudo_header(b"\1" * 4, b"\2" * 4, 0x1234, 17) == b"\1\1\1\1\2\2\2\2\0\x11\x12\x34"
    assert pseudo_header(b"\1" * 16, b"\2" * 16, 0x12345, 135) == (
        b"\1" * 16 + b"\2" * 16 + b"\0\x01\x23\x45\0\0\0\x87"
    )
