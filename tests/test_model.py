"""Values that cross layers: how identifiers and prefixes read."""

from __future__ import annotations

import pytest

from pmiptrace.address import address_octets
from pmiptrace.model import Identifier, Prefix, printable

IDENTIFIERS = [
    (1, b"mn1@example.com", "mn1@example.com"),
    (1, b"", ""),
    (1, "jos\u00e9@example.com".encode(), "jos\u00e9@example.com"),
    (1, b"\x1b[31mred@example.com", "\\x1b[31mred@example.com"),
    (1, b"two\nlines", "two\\nlines"),
    (1, b"\xff\xfe@example.com", "\\xff\\xfe@example.com"),
    (1, "\u202eelpmaxe".encode(), "\\u202eelpmaxe"),
    # RFC 8371 section 4.2 gives this one as its example.
    (3, bytes.fromhex("123456123456789f"), "123456123456789"),
    (3, bytes.fromhex("12345612345678"), "12345612345678"),
    (3, bytes.fromhex("12ab"), "3:12ab"),
    (3, bytes.fromhex("1234567890123456"), "3:1234567890123456"),
    (3, b"", "3:"),
    (5, bytes.fromhex("02005e100001"), "5:02005e100001"),
    (77, b"\0", "77:00"),
]


@pytest.mark.parametrize(("subtype", "octets", "text"), IDENTIFIERS)
def test_identifier_reads_as_people_write_it(subtype: int, octets: bytes, text: str) -> None:
    assert str(Identifier(subtype, octets)) == text


@pytest.mark.parametrize("octets", [bytes([n]) for n in range(256)])
def test_nothing_unprintable_is_printed(octets: bytes) -> None:
    assert printable(octets).isprintable()


def test_prefixes_read_as_in_rfc_5952() -> None:
    prefix = Prefix(address_octets("2001:0db8:0:0:100::"), 64)
    assert str(prefix) == "2001:db8:0:0:100::/64"
    assert not prefix.is_all_zero
    assert Prefix(bytes(16), 0).is_all_zero
    assert str(Prefix(bytes(4), 0)) == "0.0.0.0/0"
