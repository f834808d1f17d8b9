"""Messages of RFC 6705 (Localized Routing for Proxy Mobile IPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Body
from pmiptrace.wire.body import mobility_message
from pmiptrace.wire.codes import LOCALIZED_ROUTING_STATUS
from pmiptrace.wire.layout import Bits, Flag, Reserved, Reserved16


@mobility_message(17, "Localized Routing Initiation", "LRI", "RFC 6705 section 10.1")
class LocalizedRoutingInitiation(Body, frozen=True, kw_only=True):
    """One peer wants two mobile nodes' traffic to take the short way.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |           Sequence #          |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |         Reserved              |           Lifetime            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    The lifetime counts seconds; 0xffff is without end, 0 stops localized routing.
    """

    sequence: Annotated[int, Bits(16, "Sequence #")]
    reserved: Reserved16 = 0
    lifetime: Annotated[int, Bits(16, "Lifetime", unit="s")] = 0


@mobility_message(18, "Localized Routing Acknowledgment", "LRA", "RFC 6705 section 10.2")
class LocalizedRoutingAcknowledgment(Body, frozen=True, kw_only=True):
    """The answer to a Localized Routing Initiation.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |           Sequence #          |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |U|  Reserved   |   Status      |           Lifetime            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    sequence: Annotated[int, Bits(16, "Sequence #")]
    unsolicited: Annotated[bool, Flag("U", "Unsolicited")] = False
    reserved: Annotated[int, Reserved(7)] = 0
    status: Annotated[int, Bits(8, "Status", LOCALIZED_ROUTING_STATUS)] = 0
    lifetime: Annotated[int, Bits(16, "Lifetime", unit="s")] = 0
