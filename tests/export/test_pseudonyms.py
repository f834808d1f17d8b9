"""Pseudonyms: permutations that keep what kind of thing something is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmiptrace.address import (
    address_octets,
    address_text,
    is_global_unicast,
    is_link_local,
    is_loopback,
    is_multicast,
    is_unspecified,
)
from pmiptrace.export.pseudonyms import Pseudonyms

P = Pseudonyms(b"a key")
ADDRESSES = st.binary(min_size=16, max_size=16) | st.binary(min_size=4, max_size=4)
KINDS = (is_global_unicast, is_link_local, is_loopback, is_multicast, is_unspecified)


def shared_bits(one: bytes, other: bytes) -> int:
    size = len(one) * 8
    return size - (int.from_bytes(one) ^ int.from_bytes(other)).bit_length()


@given(ADDRESSES)
def test_an_address_stays_of_its_kind(address: bytes) -> None:
    changed = P.address(address)
    assert len(changed) == len(address)
    assert [kind(changed) for kind in KINDS] == [kind(address) for kind in KINDS]


@given(st.binary(min_size=14, max_size=14), st.integers(0, 111), st.integers(0, 2**112 - 1))
def test_ipv6_prefixes_stay_prefixes(rest: bytes, bit: int, noise: int) -> None:
    """Two addresses share as many leading bits after as before."""
    one = b"\x20\x01" + rest
    mask = (1 << 111 - bit) - 1
    number = int.from_bytes(one) ^ 1 << 111 - bit
    other = (number & ~mask | noise & mask).to_bytes(16)
    assert shared_bits(one, other) == 16 + bit
    assert shared_bits(P.address(one), P.address(other)) == 16 + bit


@given(st.binary(min_size=4, max_size=4), st.integers(8, 31))
def test_ipv4_prefixes_stay_prefixes(address: bytes, bit: int) -> None:
    other = (int.from_bytes(address) ^ 1 << 31 - bit).to_bytes(4)
    ordinary = address[0] not in (0, 100, 127, 169, 172, 192) and address[0] < 224
    if ordinary and all(map(is_global_unicast, (address, other))):
        assert shared_bits(P.address(address), P.address(other)) == bit


PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10")


@pytest.mark.parametrize("network", PRIVATE)
@given(noise=st.integers(0, 2**32 - 1))
def test_private_addresses_stay_private_and_no_other_becomes_one(network: str, noise: int) -> None:
    text, _, length = network.partition("/")
    base, mask = int.from_bytes(address_octets(text)), (1 << 32 - int(length)) - 1
    inside = P.address((base | noise & mask).to_bytes(4))
    assert int.from_bytes(inside) & ~mask == base
    if noise & ~mask != base:
        assert int.from_bytes(P.address(noise.to_bytes(4))) & ~mask != base


@pytest.mark.parametrize(
    "text",
    ["::", "::1", "0.0.0.0", "127.0.0.1", "255.255.255.255", "ff02::2", "224.0.0.1", "0.1.2.3"],
)
def test_addresses_with_a_meaning_stay(text: str) -> None:
    assert address_text(P.address(address_octets(text))) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [("::ffff:192.0.2.1", 12), ("64:ff9b::192.0.2.1", 12), ("ff02::1:ff12:3456", 13),
     ("fe80::1", 8), ("fd00::1", 1), ("ff3e::8000:1", 2)],
)  # fmt: skip
def test_addresses_with_a_meaning_in_front(text: str, kept: int) -> None:
    address = address_octets(text)
    changed = P.address(address)
    assert changed != address
    assert changed[:kept] == address[:kept]


@given(st.binary(min_size=8, max_size=8), st.integers(0, 64))
def test_a_prefix_holds_the_addresses_in_it(network: bytes, length: int) -> None:
    number = int.from_bytes(network) >> 64 - length << 64 - length
    prefix = number.to_bytes(8) + bytes(8)
    changed = P.prefix(prefix, length)
    assert not int.from_bytes(changed) & (1 << 128 - length) - 1
    if number:
        inside = P.address(prefix[:8] + b"\0\0\0\0\0\0\0\7")
        assert shared_bits(changed, inside) >= length
    assert P.prefix(bytes(16), length) == bytes(16)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("mn1@example.com", "aad@aaaaaaa.aaa"),
        ("User-42", "Aaaa-dd"),
        ("\x1b[31m", "?[dda"),
        ("@", "@"),
        ("", ""),
    ],
)
def test_text_keeps_its_pattern(text: str, pattern: str) -> None:
    changed = P.nai(text.encode()).decode()
    assert len(changed) == len(text)
    for before, after, kind in zip(text, changed, pattern, strict=True):
        wanted = {"a": str.islower, "A": str.isupper, "d": str.isdigit}.get(kind)
        if kind == "?":
            assert ord(after) < 0x20
        else:
            assert wanted(after) if wanted else after == before


@given(st.binary(max_size=300))
def test_every_octet_string_has_a_pseudonym_of_its_length(octets: bytes) -> None:
    for mask in (P.nai, P.digits, P.octets, P.link_layer, lambda o: P.text(o, "x")):
        assert len(mask(octets)) == len(octets)
    assert any(P.octets(octets)) == any(octets)


def test_one_realm_stays_one_realm() -> None:
    names = [b"a@one.example", b"b@one.example", b"a@two.example"]
    users, realms = zip(*(P.nai(name).split(b"@") for name in names), strict=True)
    assert realms[0] == realms[1] != realms[2]
    assert users[0] == users[2] != users[1]


@pytest.mark.parametrize(
    "values",
    [
        [f"mn{n}".encode() for n in range(10)],
        [bytes((n,)) for n in range(1, 256)],
        [n.to_bytes(2) for n in range(1, 65536, 7)],
        [f"user{n:05}".encode() for n in range(0, 100_000, 50)],
    ],
)
def test_no_two_have_one_pseudonym(values: list[bytes]) -> None:
    assert len({P.octets(value) for value in values}) == len(values)
    assert len({P.text(value, "x") for value in values}) == len(values)
    if all(value[:1].isdigit() or len(value) > 2 for value in values):
        assert len({P.digits(value) for value in values}) == len(values)


def test_all_of_a_small_kind_are_a_permutation() -> None:
    digits = [str(n).encode() for n in range(10)]
    assert sorted(P.text(digit, "x") for digit in digits) == digits
    assert sorted(P.number(n, 8, "x") for n in range(256)) == list(range(256))
    every = {P.address(bytes((n, 1, 2, 3))) for n in range(256)}
    assert len(every) == 256


@given(st.binary(min_size=6, max_size=6))
def test_mac_addresses_keep_their_flags(address: bytes) -> None:
    changed = P.link_layer(address)
    assert changed[0] & 3 == address[0] & 3
    assert (changed[:2] == b"\x33\x33") == (address[:2] == b"\x33\x33")
    assert (changed[:3] == b"\x01\0\x5e") == (address[:3] == b"\x01\0\x5e")


def test_imsi_stays_an_imsi() -> None:
    changed = P.digits(bytes.fromhex("234150999999999f"))
    assert changed.hex()[:-1].isdecimal()
    assert changed.hex()[-1] == "f"


def test_the_key_decides() -> None:
    assert Pseudonyms(b"a key").nai(b"mn1@example.com") == P.nai(b"mn1@example.com")
    assert Pseudonyms(b"another").nai(b"mn1@example.com") != P.nai(b"mn1@example.com")


UNDONE = Pseudonyms(b"a key", undo=True)


@given(ADDRESSES)
def test_an_address_can_be_had_back_with_the_key(address: bytes) -> None:
    assert UNDONE.address(P.address(address)) == address


@given(st.binary(max_size=20))
def test_octets_of_any_kind_can_be_had_back_with_the_key(octets: bytes) -> None:
    for kind in ("nai", "digits", "link_layer", "octets"):
        assert getattr(UNDONE, kind)(getattr(P, kind)(octets)) == octets


@given(st.text(max_size=20))
def test_text_can_be_had_back_with_the_key(text: str) -> None:
    assert UNDONE.nai(P.nai(text.encode())) == text.encode()


@given(st.integers(0, 2**17 - 1))
def test_a_number_can_be_had_back_with_the_key(number: int) -> None:
    assert UNDONE.number(P.number(number, 17, "x"), 17, "x") == number
