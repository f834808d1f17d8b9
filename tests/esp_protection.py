"""ESP (RFC 4303) around Mobility Headers: not encrypted, and by AES-CBC with HMAC-SHA-1-96."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from pmiptrace.packet.build import esp, ipv6
from pmiptrace.packet.numbers import ESP, MOBILITY_HEADER

KEY, SECRET = bytes(range(16)), bytes(range(20))
SPI = 0x1234
AES = f"*,*,0x1234,aes-cbc,0x{KEY.hex()},hmac-sha1-96,0x{SECRET.hex()}"
"""What ``--esp-sa`` takes to decrypt it."""


def inside_esp(packet: bytes, protect: Callable[[bytes], bytes]) -> bytes:
    """Protect the Mobility Header of an IPv6 packet."""
    return ipv6(packet[8:24], packet[24:40], ESP, protect(packet[40:]))


def null(header: bytes) -> bytes:
    return esp(MOBILITY_HEADER, header, spi=SPI, sequence=1)


def aes(header: bytes) -> bytes:
    def encrypt(plain: bytes) -> bytes:
        vector = bytes(range(16, 32))
        encryptor = Cipher(algorithms.AES(KEY), modes.CBC(vector)).encryptor()
        return vector + encryptor.update(plain) + encryptor.finalize()

    def check_value(packet: bytes) -> bytes:
        return hmac.digest(SECRET, packet, hashlib.sha1)[:12]

    return esp(
        MOBILITY_HEADER, header, spi=SPI, sequence=1,
        encrypt=encrypt, check_value=check_value, align=16,
    )  # fmt: skip
