"""The messages of the Mobility Header, one module per RFC; importing this package declares them."""

from pmiptrace.wire.messages.rfc5096 import Experimental
from pmiptrace.wire.messages.rfc5142 import HomeAgentSwitch
from pmiptrace.wire.messages.rfc5568 import (
    FastBindingAcknowledgment,
    FastBindingUpdate,
    FastNeighborAdvertisement,
    HandoverAcknowledge,
    HandoverInitiate,
)
from pmiptrace.wire.messages.rfc5846 import (
    BindingRevocationAcknowledgement,
    BindingRevocationIndication,
    BindingRevocationMessage,
)
from pmiptrace.wire.messages.rfc5847 import Heartbeat
from pmiptrace.wire.messages.rfc6275 import (
    BindingAcknowledgement,
    BindingError,
    BindingRefreshRequest,
    BindingUpdate,
    CareOfTest,
    CareOfTestInit,
    HomeTest,
    HomeTestInit,
)
from pmiptrace.wire.messages.rfc6705 import (
    LocalizedRoutingAcknowledgment,
    LocalizedRoutingInitiation,
)
from pmiptrace.wire.messages.rfc7077 import UpdateNotification, UpdateNotificationAcknowledgement
from pmiptrace.wire.messages.rfc7109 import (
    FlowBindingAcknowledgement,
    FlowBindingIndication,
    FlowBindingMessage,
)
from pmiptrace.wire.messages.rfc7161 import SubscriptionQuery, SubscriptionResponse

__all__ = [
    "BindingAcknowledgement",
    "BindingError",
    "BindingRefreshRequest",
    "BindingRevocationAcknowledgement",
    "BindingRevocationIndication",
    "BindingRevocationMessage",
    "BindingUpdate",
    "CareOfTest",
    "CareOfTestInit",
    "Experimental",
    "FastBindingAcknowledgment",
    "FastBindingUpdate",
    "FastNeighborAdvertisement",
    "FlowBindingAcknowledgement",
    "FlowBindingIndication",
    "FlowBindingMessage",
    "HandoverAcknowledge",
    "HandoverInitiate",
    "Heartbeat",
    "HomeAgentSwitch",
    "HomeTest",
    "HomeTestInit",
    "LocalizedRoutingAcknowledgment",
    "LocalizedRoutingInitiation",
    "SubscriptionQuery",
    "SubscriptionResponse",
    "UpdateNotification",
    "UpdateNotificationAcknowledgement",
]
