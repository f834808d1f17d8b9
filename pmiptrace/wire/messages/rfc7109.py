"""The Flow Binding messages of RFC 7109 (Flow Bindings Initiated by Home Agents)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Body
from pmiptrace.wire.body import mobility_message
from pmiptrace.wire.codes import (
    FLOW_BINDING_STATUS,
    FLOW_BINDING_TRIGGER,
    FLOW_BINDING_TYPE,
)
from pmiptrace.wire.layout import Bits, Flag, Reserved, Reserved8, Rest


@mobility_message(21, "Flow Binding Indication", "FBI", "RFC 7109 section 6.1.1", variant=b"\0\1")
class FlowBindingIndication(Body, frozen=True, kw_only=True):
    """The home agent wants a flow to be bound in another way.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |      Flow Binding Type = 1    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |          Sequence #           |   Trigger     |A|  Reserved   |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    flow_binding_type: Annotated[int, Bits(16, "Flow Binding Type", FLOW_BINDING_TYPE)] = 1
    sequence: Annotated[int, Bits(16, "Sequence #")]
    trigger: Annotated[int, Bits(8, "Trigger", FLOW_BINDING_TRIGGER)]
    acknowledge: Annotated[bool, Flag("A", "Acknowledge")] = False
    reserved: Annotated[int, Reserved(7)] = 0


@mobility_message(
    21, "Flow Binding Acknowledgement", "FBA", "RFC 7109 section 6.1.2", variant=b"\0\2"
)
class FlowBindingAcknowledgement(Body, frozen=True, kw_only=True):
    """The mobile node's answer to a Flow Binding Indication.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |       Flow Binding Type = 2   |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |          Sequence #           |   Status      |    Reserved   |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    flow_binding_type: Annotated[int, Bits(16, "Flow Binding Type", FLOW_BINDING_TYPE)] = 2
    sequence: Annotated[int, Bits(16, "Sequence #")]
    status: Annotated[int, Bits(8, "Status", FLOW_BINDING_STATUS)]
    reserved: Reserved8 = 0


@mobility_message(21, "Flow Binding Message", "FBM", "RFC 7109 section 6.1", has_options=False)
class FlowBindingMessage(Body, frozen=True, kw_only=True):
    """A Flow Binding message of a type that RFC 7109 does not define."""

    flow_binding_type: Annotated[int, Bits(16, "Flow Binding Type", FLOW_BINDING_TYPE)]
    data: Annotated[bytes, Rest("Message Data")] = b""
