"""The message of RFC 5142 (Mobility Header Home Agent Switch Message)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Body
from pmiptrace.wire.body import mobility_message
from pmiptrace.wire.layout import Bits, Reserved8, Rest


@mobility_message(
    12,
    "Home Agent Switch",
    "HAS",
    "RFC 5142 section 4",
    extent=lambda content: content[0] * 16,
)
class HomeAgentSwitch(Body, frozen=True, kw_only=True):
    """The home agent wants the mobile node to choose another one.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |# of Addresses |   Reserved    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        .                      Home Agent Addresses                     .
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    number_of_addresses: Annotated[int, Bits(8, "# of Addresses")] = 0
    reserved: Reserved8 = 0
    addresses: Annotated[bytes, Rest("Home Agent Addresses", "addresses")] = b""
    """The addresses one behind the other, 16 octets each."""
