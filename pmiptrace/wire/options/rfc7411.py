"""Options of RFC 7411 (Multicast Listener Extensions for Fast Handovers)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.codes import MULTICAST_ACKNOWLEDGEMENT_STATUS
from pmiptrace.wire.layout import Bits, Reserved8, Rest
from pmiptrace.wire.option import at_least, mobility_option

# Their Length counts 32-bit words (RFC 7411 sections 5.3 and 5.4), against RFC 6275 section 6.2.1,
# by which a receiver that does not know them skips them. As what stands behind the option depends
# on it, the octets are taken as the base specification has them, and no rule rests on the length.


@mobility_option(
    60,
    "Multicast Mobility",
    "RFC 7411 section 5.3",
    length=at_least(2),
    length_verified=False,
    messages=("HI", "HAck", "FBU", "FBack"),
)
class MulticastMobility(Option, frozen=True, kw_only=True):
    """The multicast groups that the mobile node listens to.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |     Type      |   Length      | Option-Code   |   Reserved    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        ~                   MLD or IGMP Report Payload                  ~
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    option_code: Annotated[int, Bits(8, "Option-Code")]
    reserved: Reserved8 = 0
    report: Annotated[bytes, Rest("MLD or IGMP Report Payload")] = b""


@mobility_option(
    61,
    "Multicast Acknowledgement",
    "RFC 7411 section 5.4",
    length=at_least(2),
    length_verified=False,
    messages=("HI", "HAck", "FBU", "FBack"),
)
class MulticastAcknowledgement(Option, frozen=True, kw_only=True):
    """The multicast groups that could not be transferred.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |     Type      |   Length      | Option-Code   |    Status     |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        ~             MLD or IGMP Unsupported Report Payload            ~
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    option_code: Annotated[int, Bits(8, "Option-Code")] = 0
    status: Annotated[int, Bits(8, "Status", MULTICAST_ACKNOWLEDGEMENT_STATUS)]
    report: Annotated[bytes, Rest("MLD or IGMP Unsupported Report Payload")] = b""
