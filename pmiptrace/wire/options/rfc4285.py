"""Options of RFC 4285 (Authentication Protocol for Mobile IPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.codes import AUTHENTICATION_SUBTYPE
from pmiptrace.wire.layout import Bits, Rest
from pmiptrace.wire.option import at_least, exactly, mobility_option


@mobility_option(
    9,
    "Mobility Message Authentication",
    "RFC 4285 section 5",
    length=at_least(5),
    alignment=(4, 1),
    messages=("BU", "BA"),
)
class MobilityMessageAuthentication(Option, frozen=True, kw_only=True):
    """Proof of the sender by a key that it shares with its home agent or AAA server.

    .. code-block:: text

                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                        |  Option Type  | Option Length |  Subtype      |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                  Mobility SPI                                 |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                  Authentication Data ....
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    subtype: Annotated[int, Bits(8, "Subtype", AUTHENTICATION_SUBTYPE)]
    mobility_spi: Annotated[int, Bits(32, "Mobility SPI")]
    authentication_data: Annotated[bytes, Rest("Authentication Data")] = b""


@mobility_option(
    10,
    "Mobility Message Replay Protection",
    "RFC 4285 section 6",
    length=exactly(8),
    alignment=(8, 2),
    messages=("BU", "BA"),
)
class MobilityMessageReplayProtection(Option, frozen=True, kw_only=True):
    """The sender's time of day in the format of NTP, other than that of RFC 5213.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |      Type     |     Length    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                         Timestamp (64)                        |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    timestamp: Annotated[int, Bits(64, "Timestamp")]
