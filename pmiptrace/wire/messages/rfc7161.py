"""Messages of RFC 7161 (PMIPv6 Multicast Handover Optimization)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Body
from pmiptrace.wire.body import mobility_message
from pmiptrace.wire.layout import Bits, Flag, Reserved, Reserved8


@mobility_message(22, "Subscription Query", "SQ", "RFC 7161 section 4.3.1")
class SubscriptionQuery(Body, frozen=True, kw_only=True):
    """One peer asks for a mobile node's multicast subscriptions.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |  Sequence #   |   Reserved    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    sequence: Annotated[int, Bits(8, "Sequence #")]
    reserved: Reserved8 = 0


@mobility_message(23, "Subscription Response", "SR", "RFC 7161 section 4.3.2")
class SubscriptionResponse(Body, frozen=True, kw_only=True):
    """The answer to a Subscription Query.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |  Sequence #   |I|  Reserved   |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    sequence: Annotated[int, Bits(8, "Sequence #")]
    multicast_information: Annotated[bool, Flag("I", "Multicast Information")] = False
    reserved: Annotated[int, Reserved(7)] = 0
