"""Options of RFC 6275 (Mobile IPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.layout import Address6, Bits, Rest
from pmiptrace.wire.option import at_least, exactly, mobility_option


@mobility_option(0, "Pad1", "RFC 6275 section 6.2.2", length=exactly(0))
class Pad1(Option, frozen=True, kw_only=True):
    """One octet of padding; it alone has no Length."""


@mobility_option(1, "PadN", "RFC 6275 section 6.2.3", length=at_least(0))
class PadN(Option, frozen=True, kw_only=True):
    """Two or more octets of padding."""

    data: Annotated[bytes, Rest("Padding")] = b""


@mobility_option(
    2,
    "Binding Refresh Advice",
    "RFC 6275 section 6.2.4",
    length=exactly(2),
    alignment=(2, 0),
    messages=("BA", "PBA"),
)
class BindingRefreshAdvice(Option, frozen=True, kw_only=True):
    """How soon the home agent advises to refresh the binding."""

    refresh_interval: Annotated[int, Bits(16, "Refresh Interval", unit="4 s")]


@mobility_option(
    3,
    "Alternate Care-of Address",
    "RFC 6275 section 6.2.5",
    length=exactly(16),
    alignment=(8, 6),
    messages=("BU", "PBU", "BRI", "BRA"),
)
class AlternateCareOfAddress(Option, frozen=True, kw_only=True):
    """The care-of address, where it is not the source address of the packet."""

    care_of_address: Address6
