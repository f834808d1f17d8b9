"""Options of RFC 7161 (PMIPv6 Multicast Handover Optimization)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.codes import MULTICAST_PROTOCOL
from pmiptrace.wire.layout import Bits, Rest
from pmiptrace.wire.option import at_least, mobility_option


@mobility_option(
    56,
    "Active Multicast Subscription IPv4",
    "RFC 7161 section 6.1",
    length=at_least(1),
    alignment=(4, 1),
    messages=("PBU", "PBA", "SR"),
)
class ActiveMulticastSubscriptionIpv4(Option, frozen=True, kw_only=True):
    """An IPv4 multicast group that the mobile node listens to.

    .. code-block:: text

                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                        |      Type     |     Length    |   IGMP Type   |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                  Multicast Membership Context                 |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    protocol: Annotated[int, Bits(8, "IGMP Type", MULTICAST_PROTOCOL)]
    context: Annotated[bytes, Rest("Multicast Membership Context")] = b""


@mobility_option(
    57,
    "Active Multicast Subscription IPv6",
    "RFC 7161 section 4.1",
    length=at_least(1),
    alignment=(8, 1),
    messages=("PBU", "PBA", "SR"),
)
class ActiveMulticastSubscriptionIpv6(Option, frozen=True, kw_only=True):
    """An IPv6 multicast group that the mobile node listens to.

    .. code-block:: text

                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                        |      Type     |     Length    |    MLD Type   |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                  Multicast Membership Context                 |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    protocol: Annotated[int, Bits(8, "MLD Type", MULTICAST_PROTOCOL)]
    context: Annotated[bytes, Rest("Multicast Membership Context")] = b""
