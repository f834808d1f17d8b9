"""Pseudonyms by a key: the same for the same value, of the same kind and length, never two alike.

Two values with one pseudonym would make two mobile nodes one, so nothing here is a hash that is cut
to size. Everything is a permutation of the values of its kind:

* **Addresses** keep their prefixes, in the way of Crypto-PAn (Xu, Fan, Ammar and Moon, 2002): two
  that share n leading bits share n leading bits afterwards. Whether bit n is turned over depends on
  the n bits before it and the key.
* **Text and digits** keep their length, their punctuation, and the class of each character. All
  strings of one pattern are numbers below some n, and these are permuted by a Feistel network; a
  number at or above n goes through it again (cycle walking; Black and Rogaway, 2002).
* **Octets** are text whose characters are all of one class.

The rounds and the bits come from BLAKE2b with the key (RFC 7693). The key is not in the output, and
without it a pseudonym can be undone only for values that can be guessed together with their place.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b

from pmiptrace.address import is_unspecified

_ROUNDS = 10
"""Of the Feistel network; NIST SP 800-38G has 8 or 10 for the same construction."""
_REMEMBERED = 1 << 16
"""Pseudonyms kept, so that frequent values are computed once."""

_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
_WIDE = ((0x80, 0x800), (0x800, 0xD800), (0xE000, 0x10000), (0x10000, 0x110000))
"""Characters beyond ASCII that take equally many octets in UTF-8: the first, behind the last."""

_PRIVATE_V4 = {100: (64, 10), 169: (254, 16), 172: (16, 12), 192: (168, 16)}
"""First octet, second octet and prefix length of ranges with a meaning (RFC 6890)."""
_ORDINARY_V4 = tuple(n for n in range(1, 224) if n not in (10, 127, *_PRIVATE_V4))


class Pseudonyms:
    """The pseudonyms that one key gives, of any length.

    With `undo`, what has the pseudonym: permutations go both ways.
    """

    def __init__(self, key: bytes, *, undo: bool = False) -> None:
        self._key = blake2b(key, digest_size=32, person=b"pmiptrace").digest()
        self._undo = undo
        self.address = lru_cache(_REMEMBERED)(self._address)
        self.link_layer = lru_cache(_REMEMBERED)(self._link_layer)
        self.text = lru_cache(_REMEMBERED)(self._text)
        self.octets = lru_cache(_REMEMBERED)(self._octets)

    # ------------------------------------------------------------------------------ addresses

    def _address(self, address: bytes) -> bytes:
        """Give the pseudonym of an address of 4 or 16 octets.

        It is unspecified, loopback, multicast, link-local, private or unique local if the address
        is. Well-known multicast addresses stay.
        """
        if is_unspecified(address):
            return address
        return self._ipv4(address) if len(address) == 4 else self._ipv6(address)

    def _ipv4(self, address: bytes) -> bytes:
        first, second = address[0], address[1]
        if first in (0, 127) or address == b"\xff" * 4 or address[:3] == b"\xe0\0\0":
            return address
        if first >= 224:
            return self._bits("v4", address, 4)
        if first == 10:
            return self._bits("v4", address, 8)
        if first in _PRIVATE_V4:
            value, length = _PRIVATE_V4[first]
            shift = 16 - length
            if second >> shift == value >> shift:
                return self._bits("v4", address, length)
            ordinary = [n for n in range(256) if n >> shift != value >> shift]
            place = self._permute(f"v4 {first}", ordinary.index(second), len(ordinary))
            return self._behind(address, bytes((first, ordinary[place])))
        place = self._permute("v4", _ORDINARY_V4.index(first), len(_ORDINARY_V4))
        return self._behind(address, bytes((_ORDINARY_V4[place],)))

    def _behind(self, address: bytes, head: bytes) -> bytes:
        """Give an IPv4 address whose first octets become `head`; its bits hang on the real ones."""
        real = head if self._undo else address[: len(head)]
        return head + self._bits("v4", real + address[len(head) :], len(head) * 8)[len(head) :]

    def _ipv6(self, address: bytes) -> bytes:
        if address == bytes(15) + b"\1":
            return address
        if address[:12] in (bytes(10) + b"\xff\xff", b"\0\x64\xff\x9b" + bytes(8)):
            return address[:12] + self._address(address[12:])
        if address[:8] == b"\xfe\x80" + bytes(6):
            return address[:8] + self.interface_identifier(address[8:])
        if address[0] == 0xFF:
            return self._multicast(address)
        if address[0] >> 1 == 0xFC >> 1:
            return self._bits("v6", address, 8)
        if address[0] >> 5 in (0, 7):  # where the ranges with a meaning are
            return self._bits("v6", address, 16)
        return self._bits("v6", address, 3)

    def _multicast(self, address: bytes) -> bytes:
        """Keep what is registered (RFC 4291 section 2.7.1), and the scope of what is not."""
        if address[2:13] == bytes(9) + b"\1\xff" and address[:2] == b"\xff\2":
            return address[:13] + self._octets(address[13:], "group")
        if address[1] & 0xF0 == 0 and not any(address[2:14]):
            return address
        return self._bits("v6", address, 16)

    def prefix(self, address: bytes, length: int) -> bytes:
        """Give the pseudonym of the prefix of that many bits; what is zero behind it stays so."""
        size = len(address) * 8
        length = min(length, size)
        mask = ((1 << length) - 1) << size - length
        if int.from_bytes(address) & ~mask:
            return self.address(address)
        if not length:
            return address
        changed = int.from_bytes(self.address(address)) & mask
        return changed.to_bytes(len(address))

    def interface_identifier(self, identifier: bytes) -> bytes:
        """Give the pseudonym of the last 8 octets of a link-local address; zero stays."""
        return identifier if not any(identifier) else self._octets(identifier, "interface")

    def _bits(self, kind: str, address: bytes, kept: int) -> bytes:
        """Turn over the bits behind the first `kept` ones, each as those before it say.

        The bits that decide within one octet are the nodes of a binary tree, 255 of them, taken
        from one digest for all that precedes the octet.
        """
        result = bytearray()
        for index, octet in enumerate(address):
            real = result if self._undo else address
            tree = int.from_bytes(self._digest(kind, bytes(real[:index]), 32))
            changed, node = 0, 1
            for bit in range(8):
                value = octet >> 7 - bit & 1
                new = value ^ (tree >> node & 1) if index * 8 + bit >= kept else value
                changed = changed << 1 | new
                node = node << 1 | (new if self._undo else value)
            result.append(changed)
        return bytes(result)

    # ---------------------------------------------------------------------------- identifiers

    def _link_layer(self, address: bytes) -> bytes:
        """Give the pseudonym of a link-layer address: of 6 octets a MAC address, else octets.

        Group and locally administered addresses stay such. Zero, broadcast and the addresses that
        stand for IP multicast (RFC 1112, RFC 2464) stay.
        """
        if not any(address) or address == b"\xff" * len(address):
            return address
        if len(address) != 6:
            return self._octets(address, "link layer")
        if address[:2] == b"\x33\x33" or address[:3] == b"\x01\0\x5e":
            return address
        number = int.from_bytes(address)
        flags = number >> 40 & 3
        rest = number >> 42 << 40 | number & (1 << 40) - 1

        def usual(rest: int) -> bool:
            return (
                self._mac(rest, flags)[:2] != b"\x33\x33"
                and self._mac(rest, flags)[:3] != b"\x01\0\x5e"
            )

        return self._mac(self._walk(f"mac {flags}", rest, 1 << 46, usual), flags)

    def _mac(self, rest: int, flags: int) -> bytes:
        return (rest >> 40 << 42 | flags << 40 | rest & (1 << 40) - 1).to_bytes(6)

    def nai(self, octets: bytes) -> bytes:
        """Give the pseudonym of a network access identifier (RFC 7542): user and realm apart.

        So those of one realm stay in one realm.
        """
        user, at, realm = octets.rpartition(b"@")
        if not at:
            return self.text(octets, "user")
        return self.text(user, "user") + at + self.text(realm, "realm")

    def digits(self, octets: bytes) -> bytes:
        """Give the pseudonym of digits two in an octet; other halves, such as the filler, stay."""
        halves = octets.hex()
        return bytes.fromhex(self._characters(halves, "digits", (string.digits,)))

    def _text(self, octets: bytes, kind: str) -> bytes:
        """Give the pseudonym of text in UTF-8, or of what is meant for it.

        Letters become letters and digits become digits; capitals stay capitals and a character
        beyond ASCII is one of as many octets. Octets that are no text stay none, and get no @ that
        would part them elsewhere.
        """
        try:
            characters = octets.decode()
        except UnicodeDecodeError:
            parted = b"@" in octets
            return self._walk_octets(
                octets, kind, lambda new: not _is_text(new) and (b"@" in new) is parted
            )
        return self._characters(characters, kind, _CLASSES).encode()

    def _characters(self, text: str, kind: str, classes: tuple[str, ...]) -> str:
        pattern = []
        number, size = 0, 1
        for character in text:
            alphabet = _alphabet(character, classes)
            if alphabet is None:
                pattern.append(character)
                continue
            first, count, index = alphabet
            pattern.append(chr(first))
            number, size = number * count + index, size * count
        number = self._permute(kind + "".join(pattern), number, size)
        result = []
        for character in reversed(text):
            alphabet = _alphabet(character, classes)
            if alphabet is None:
                result.append(character)
                continue
            first, count, _ = alphabet
            number, index = divmod(number, count)
            result.append(chr(first + index))
        return "".join(reversed(result))

    def _octets(self, octets: bytes, kind: str = "octets") -> bytes:
        """Give the pseudonym of octets without a meaning; zeros stay, and only they are zero."""
        if not any(octets):
            return octets
        return self._walk_octets(octets, kind, lambda changed: any(changed))

    def _walk_octets(self, octets: bytes, kind: str, allowed: Callable[[bytes], bool]) -> bytes:
        size = len(octets)
        number = self._walk(
            f"{kind} {size}",
            int.from_bytes(octets),
            1 << 8 * size,
            lambda number: allowed(number.to_bytes(size)),
        )
        return number.to_bytes(size)

    def number(self, value: int, width: int, kind: str) -> int:
        """Give the pseudonym of an integer of that many bits; 0 stays 0."""
        return self._walk(f"{kind} {width}", value, 1 << width, bool) if value else 0

    # --------------------------------------------------------------------------- permutations

    def _walk(self, kind: str, number: int, size: int, allowed: Callable[[int], bool]) -> int:
        """Permute those of the numbers below `size` that are allowed; `number` is one of them."""
        number = self._permute(kind, number, size)
        while not allowed(number):
            number = self._permute(kind, number, size)
        return number

    def _permute(self, kind: str, number: int, size: int) -> int:
        """Permute the numbers below `size`."""
        if size < 2:
            return number
        half = ((size - 1).bit_length() + 1) // 2
        while True:
            number = self._feistel(kind, number, half)
            if number < size:
                return number

    def _feistel(self, kind: str, number: int, half: int) -> int:
        """Permute the numbers of twice `half` bits by a Feistel network."""
        mask = (1 << half) - 1
        left, right = number >> half, number & mask
        size = (half + 7) // 8
        if self._undo:
            left, right = right, left
        for turn in reversed(range(_ROUNDS)) if self._undo else range(_ROUNDS):
            mixed = self._digest(f"{turn} {half} {kind}", right.to_bytes(size), size)
            left, right = right, left ^ (int.from_bytes(mixed) & mask)
        return right << half | left if self._undo else left << half | right

    def _digest(self, kind: str, octets: bytes, size: int) -> bytes:
        """Give octets that depend on the key, on the kind of value, and on the value."""
        name = kind.encode()
        data = len(name).to_bytes(4) + name + octets
        digests = (
            blake2b(data, key=self._key, digest_size=64, salt=index.to_bytes(16)).digest()
            for index in range((size + 63) // 64)
        )
        return b"".join(digests)[:size]


def _is_text(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def _alphabet(character: str, classes: tuple[str, ...]) -> tuple[int, int, int] | None:
    """Give the class of a character: its first code, its size, and the character's place in it."""
    for alphabet in classes:
        if character in alphabet:
            return ord(alphabet[0]), len(alphabet), alphabet.index(character)
    code = ord(character)
    if len(classes) == 1 or 0x20 <= code < 0x80:
        return None
    if code < 0x20:
        return 0, 0x20, code
    first, end = next(wide for wide in _WIDE if code < wide[1])
    return first, end - first, code - first
