"""IPv4 and IPv6 addresses as octets: 4 or 16 of them, text only where something is printed."""

from __future__ import annotations

from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton

ALL_ZERO = bytes(16)
"""The IPv6 address ``::``, which asks the LMA to assign a value (RFC 5213 section 8.3)."""


@lru_cache(maxsize=8192)
def address_text(octets: bytes) -> str:
    """Give the canonical text of an address (RFC 5952); hexadecimal if it is none."""
    if len(octets) == 16:
        return inet_ntop(AF_INET6, octets)
    if len(octets) == 4:
        return inet_ntop(AF_INET, octets)
    return octets.hex()


def address_octets(text: str) -> bytes:
    """Give the octets of an address written as text.

    Raises ``ValueError`` if the text is no IPv4 or IPv6 address.
    """
    try:
        return inet_pton(AF_INET6 if ":" in text else AF_INET, text)
    except OSError as error:
        raise ValueError(f"{text!r} is not an IP address") from error


def is_unspecified(octets: bytes) -> bool:
    """Tell whether the address is ``::`` or ``0.0.0.0``."""
    return not any(octets)


def is_multicast(octets: bytes) -> bool:
    """Tell whether the address is in ff00::/8 or 224.0.0.0/4 (RFC 4291 section 2.7, RFC 5771)."""
    if len(octets) == 16:
        return octets[0] == 0xFF
    return octets[0] >> 4 == 0xE


def is_loopback(octets: bytes) -> bool:
    """Tell whether the address is ``::1`` or in 127.0.0.0/8."""
    if len(octets) == 16:
        return octets == b"\0" * 15 + b"\1"
    return octets[0] == 127


def is_link_local(octets: bytes) -> bool:
    """Tell whether the address is in fe80::/10 or 169.254.0.0/16 (RFC 4291 2.5.6, RFC 3927)."""
    if len(octets) == 16:
        return octets[0] == 0xFE and octets[1] & 0xC0 == 0x80
    return octets[:2] == b"\xa9\xfe"


@lru_cache(maxsize=8192)
def is_global_unicast(octets: bytes) -> bool:
    """Tell whether a node outside the link can be reached at the address; ULAs can."""
    return not (
        is_unspecified(octets)
        or is_multicast(octets)
        or is_loopback(octets)
        or is_link_local(octets)
    )
