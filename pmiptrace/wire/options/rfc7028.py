"""The option of RFC 7028 (Multicast Mobility Routing Optimizations for PMIPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.codes import MULTICAST_PROTOCOL
from pmiptrace.wire.layout import Bits, Flag, Reserved, Rest
from pmiptrace.wire.option import at_least, mobility_option


@mobility_option(
    54,
    "Dynamic IP Multicast Selector",
    "RFC 7028 section 5.1",
    length=at_least(4),
    messages=("PBA",),
)
class DynamicIpMulticastSelector(Option, frozen=True, kw_only=True):
    """Which multicast groups the MAG shall take from its own network.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |      Type     |     Length    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |    Protocol   |M|  Reserved   |Nr of Mcast Address Records (N)|
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                  Multicast Address Record [1..N]              |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    The RFC's figure draws Protocol nine columns wide; it holds an MLD or IGMP type of 8 bits. The
    records have the format of RFC 3810 section 5.2.
    """

    protocol: Annotated[int, Bits(8, "Protocol", MULTICAST_PROTOCOL)]
    local_routing: Annotated[bool, Flag("M", "Direct routing")] = False
    reserved: Annotated[int, Reserved(7)] = 0
    number_of_records: Annotated[int, Bits(16, "Nr of Mcast Address Records")] = 0
    records: Annotated[bytes, Rest("Multicast Address Records")] = b""
