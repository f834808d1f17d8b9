"""Flags and reserved fields, of the fixed part and of options."""

from __future__ import annotations

from collections.abc import Iterator

from pmiptrace.simulation.mutation.change import (
    NOT_IN_CATALOGUE,
    OFFER,
    Change,
    Effect,
    Operator,
    broken,
    one_of_each,
    with_body,
    with_option,
)
from pmiptrace.simulation.mutation.place import Place
from pmiptrace.wire.layout import Flag, Layout, Reserved
from pmiptrace.wire.messages import (
    BindingAcknowledgement,
    BindingRevocationAcknowledgement,
    BindingRevocationIndication,
    BindingUpdate,
    Heartbeat,
    UpdateNotification,
    UpdateNotificationAcknowledgement,
)
from pmiptrace.wire.options.rfc5213 import (
    AccessTechnologyType,
    HandoffIndicator,
    HomeNetworkPrefix,
    MnLinkLayerIdentifier,
)
from pmiptrace.wire.options.rfc5844 import (
    Ipv4DefaultRouterAddress,
    Ipv4HomeAddressReply,
    Ipv4HomeAddressRequest,
)
from pmiptrace.wire.options.rfc5845 import GreKey
from pmiptrace.wire.options.rfc8278 import MagIdentifier, MagMultipathBinding


def _flag_effect(place: Place, name: str) -> Effect:
    """Tell what turning a flag over breaks."""
    answered, body = bool(place.answer), place.packet.body
    notes: dict[tuple[str, str], Effect] = {
        ("PBU", "acknowledge"): ("RFC5213-6.9.1.5-A-FLAG",),
        ("PBU", "proxy"): broken("RFC5213-8.1-P-FLAG", answered and "RFC5213-8.2-P-FLAG"),
        ("PBU", "bulk_binding_update"): ("RFC6602-5.1.2-GROUP",),
        ("PBU", "force_udp"): OFFER,
        ("PBU", "tlv_header"): OFFER,
        ("PBU", "mobile_router"): OFFER,
        ("PBU", "key_management"): OFFER,
        ("PBU", "multicast"): OFFER,
        ("PBU", "dmm"): OFFER,
        ("PBA", "proxy"): ("RFC5213-8.2-P-FLAG",),
        ("PBA", "tlv_header"): ("RFC5845-7.2-T",),
        ("PBA", "bulk_binding_update"): ("RFC6602-4.2-B",),
        ("Heartbeat request", "unsolicited"): ("RFC5847-3.3-U",),
        ("Heartbeat request", "response"): ("RFC5847-3.2-RC-MISSING", "RFC5847-3-SEQ"),
        ("Heartbeat response", "unsolicited"): ("RFC5847-3.3-U",),
        ("Heartbeat response", "response"): broken(
            "RFC5847-3.4-RC-IN-REQUEST", bool(place.request) and "RFC5847-3-RESPOND"
        ),
        ("Heartbeat announcement", "unsolicited"): ("RFC5847-3-SEQ",),
        ("Heartbeat announcement", "response"): ("RFC5847-3.3-U", "RFC5847-3.4-RC-IN-REQUEST"),
        ("BRI", "proxy"): ("RFC5846-6.1.1-P",),
        ("BRI", "ipv4_only"): broken("RFC5846-6.1.1-V", answered and "RFC5846-6.1.2-PGV"),
        ("BRI", "global_revocation"): broken(
            "RFC5846-6.1.1-G-TRIGGER", answered and "RFC5846-6.1.2-PGV"
        ),
        ("BRA", "proxy"): ("RFC5846-6.1.2-PGV",),
        ("BRA", "ipv4_only"): "RFC 5846 asks that what is set comes back set, and no more",
        ("BRA", "global_revocation"): "RFC 5846 asks that what is set comes back set, and no more",
        ("UPN", "retransmission"): ("RFC7077-4.1-D",),
    }
    if isinstance(body, UpdateNotification) and name == "acknowledge":
        if body.acknowledge:
            return "legal: an acknowledgement that nobody asked for is not forbidden"
        return "RFC7077-5.1-A-RECOMMENDED", "RFC7077-6.1-ACK"
    return notes.get((place.kind, name), NOT_IN_CATALOGUE)


def flags(place: Place) -> Iterator[Change]:
    """Turn each flag of the fixed part over."""
    body = place.packet.body
    for placed in Layout.of(type(body)).fields:
        if isinstance(placed.field, Flag):
            value = not getattr(body, placed.name)
            effect = _flag_effect(place, placed.name)
            name = f"{placed.field.label}={value:d}"
            yield with_body(place, name, effect, **{placed.name: value})


RESERVED = {
    BindingUpdate: "RFC6275-6.1.7-RESERVED",
    BindingAcknowledgement: "RFC6275-6.1.8-RESERVED",
    Heartbeat: "RFC5847-3.3-RESERVED",
    BindingRevocationIndication: "RFC5846-5.1-RESERVED",
    BindingRevocationAcknowledgement: "RFC5846-5.2-RESERVED",
    UpdateNotification: "RFC7077-4.1-RESERVED",
    UpdateNotificationAcknowledgement: "RFC7077-4.2-RESERVED",
    HomeNetworkPrefix: "RFC5213-8.3-RESERVED",
    HandoffIndicator: "RFC5213-8.4-RESERVED",
    AccessTechnologyType: "RFC5213-8.5-RESERVED",
    MnLinkLayerIdentifier: "RFC5213-8.6-RESERVED",
    Ipv4HomeAddressRequest: "RFC5844-3.3.1-RESERVED",
    Ipv4HomeAddressReply: "RFC5844-3.3.2-RESERVED",
    Ipv4DefaultRouterAddress: "RFC5844-3.3.3-RESERVED",
    GreKey: "RFC5845-6.1-RESERVED",
    MagMultipathBinding: "RFC8278-4.1-MMB-RESERVED",
    MagIdentifier: "RFC8278-4.2-MAGID-RESERVED",
}
"""Where each reserved field is demanded to be zero."""


def reserved_fields(place: Place) -> Iterator[Change]:
    """Set a bit of each reserved field, of the fixed part and of the options."""
    body = place.packet.body
    for placed in Layout.of(type(body)).fields:
        if isinstance(placed.field, Reserved):
            yield with_body(place, "Reserved=1", (RESERVED[type(body)],), **{placed.name: 1})
    for option in one_of_each(place):
        for placed in Layout.of(type(option)).fields:
            if isinstance(placed.field, Reserved):
                effect = (RESERVED[type(option)],)
                yield with_option(place, option, "Reserved=1", effect, **{placed.name: 1})


OPERATORS: tuple[Operator, ...] = (
    flags,
    reserved_fields,
)
