"""Messages of RFC 5568 (Mobile IPv6 Fast Handovers), with the flags of RFC 5949 (for PMIPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Body
from pmiptrace.wire.body import mobility_message
from pmiptrace.wire.codes import (
    FAST_BINDING_STATUS,
    HANDOVER_ACKNOWLEDGE_CODE,
    HANDOVER_INITIATE_CODE,
)
from pmiptrace.wire.layout import Bits, Flag, Reserved, Rest


@mobility_message(8, "Fast Binding Update", "FBU", "RFC 5568 section 6.2.2")
class FastBindingUpdate(Body, frozen=True, kw_only=True):
    """The mobile node asks its previous router to redirect its traffic.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |           Sequence #          |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |A|H|L|K|       Reserved        |            Lifetime           |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    The lifetime counts seconds, other than that of a Binding Update.
    """

    sequence: Annotated[int, Bits(16, "Sequence #")]
    acknowledge: Annotated[bool, Flag("A", "Acknowledge")] = False
    home_registration: Annotated[bool, Flag("H", "Home Registration")] = False
    link_local_compatibility: Annotated[bool, Flag("L", "Link-Local Address Compatibility")] = False
    key_management: Annotated[bool, Flag("K", "Key Management Mobility Capability")] = False
    reserved: Annotated[int, Reserved(12)] = 0
    lifetime: Annotated[int, Bits(16, "Lifetime", unit="s")] = 0


@mobility_message(9, "Fast Binding Acknowledgment", "FBack", "RFC 5568 section 6.2.3")
class FastBindingAcknowledgment(Body, frozen=True, kw_only=True):
    """The previous router's answer to a Fast Binding Update.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |    Status     |K|  Reserved   |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |           Sequence #          |            Lifetime           |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    status: Annotated[int, Bits(8, "Status", FAST_BINDING_STATUS)]
    key_management: Annotated[bool, Flag("K", "Key Management Mobility Capability")] = False
    reserved: Annotated[int, Reserved(7)] = 0
    sequence: Annotated[int, Bits(16, "Sequence #")] = 0
    lifetime: Annotated[int, Bits(16, "Lifetime", unit="s")] = 0


@mobility_message(10, "Fast Neighbor Advertisement", "FNA", "RFC 5568 section 8", has_options=False)
class FastNeighborAdvertisement(Body, frozen=True, kw_only=True):
    """The message of RFC 4068 that RFC 5568 deprecated; its octets as they are."""

    data: Annotated[bytes, Rest("Message Data")] = b""


@mobility_message(14, "Handover Initiate", "HI", "RFC 5568 section 6.2.1.1")
class HandoverInitiate(Body, frozen=True, kw_only=True):
    """One access router, or MAG, prepares a handover with another (RFC 5949 section 6.1.1).

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |           Sequence #          |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |S|U|P|F|Resv'd |      Code     |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    sequence: Annotated[int, Bits(16, "Sequence #")]
    assigned_address: Annotated[bool, Flag("S", "Assigned Address Configuration")] = False
    buffer: Annotated[bool, Flag("U", "Buffer")] = False
    proxy: Annotated[bool, Flag("P", "Proxy")] = False
    forwarding: Annotated[bool, Flag("F", "Forwarding")] = False
    reserved: Annotated[int, Reserved(4)] = 0
    code: Annotated[int, Bits(8, "Code", HANDOVER_INITIATE_CODE)] = 0


@mobility_message(15, "Handover Acknowledge", "HAck", "RFC 5568 section 6.2.1.2")
class HandoverAcknowledge(Body, frozen=True, kw_only=True):
    """The answer to a Handover Initiate (RFC 5949 section 6.1.2).

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |           Sequence #          |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |U|P|F|Reserved |      Code     |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    sequence: Annotated[int, Bits(16, "Sequence #")]
    buffer: Annotated[bool, Flag("U", "Buffer")] = False
    proxy: Annotated[bool, Flag("P", "Proxy")] = False
    forwarding: Annotated[bool, Flag("F", "Forwarding")] = False
    reserved: Annotated[int, Reserved(5)] = 0
    code: Annotated[int, Bits(8, "Code", HANDOVER_ACKNOWLEDGE_CODE)] = 0
