"""Plays for the rules of RFC 5648, RFC 6602, RFC 6757, RFC 7148, RFC 7222 and RFC 8127."""

from __future__ import annotations

from typing import Any

from pmiptrace.address import ALL_ZERO, address_octets
from pmiptrace.model import Option, Severity
from pmiptrace.rules.examples.acts import cut, pba, plain, then, unseen
from pmiptrace.rules.examples.example import example
from pmiptrace.rules.examples.rfc8278_session import wait
from pmiptrace.rules.examples.stage import Play, unknown
from pmiptrace.wire.messages import UpdateNotification
from pmiptrace.wire.options.rfc5648 import BindingIdentifier
from pmiptrace.wire.options.rfc6602 import MnGroupIdentifier
from pmiptrace.wire.options.rfc6757 import (
    AccessNetworkIdentifier,
    AniUpdateTimer,
    GeoLocation,
    NetworkIdentifier,
    OperatorIdentifier,
)
from pmiptrace.wire.options.rfc7148 import DelegatedMobileNetworkPrefix
from pmiptrace.wire.options.rfc7222 import QualityOfService
from pmiptrace.wire.options.rfc8127 import (
    BindingReregistrationControl,
    HeartbeatControl,
    LmaControlledMagParameters,
)

# A PBU of a mobile node that is no proxy's business.
OWN = {"proxy": False, "without": [22, 23, 24]}

# ------------------------------------------------------------------------------------ RFC 6602

GROUP = MnGroupIdentifier(group_identifier=1)
NO_GROUP = MnGroupIdentifier(group_identifier=0)


def bulk(**parts: Any) -> Play:
    """A PBU that asks for bulk binding updates."""
    return plain(**{"bulk_binding_update": True, "also": [GROUP], **parts})


example(
    "RFC6602-4.1-B-P",
    fires=[
        bulk(**OWN),
        then(plain(**OWN), pba(proxy=False, bulk_binding_update=True)),
    ],
    silent=[
        bulk(),
        plain(**OWN),
        then(bulk(**OWN, also=[]), cut(30)),
        then(bulk(), pba(bulk_binding_update=True)),
    ],
    lesser=[(bulk(**OWN, also=[BindingIdentifier(bid=1)]), Severity.INFO)],
)
example(
    "RFC6602-4.2-B",
    fires=[then(plain(), pba(bulk_binding_update=True))],
    silent=[
        then(bulk(), pba(bulk_binding_update=True)),
        then(bulk(), pba()),
        then(plain(), pba()),
        then(plain(), unseen, pba(bulk_binding_update=True)),
    ],
    party="LMA",
)
example(
    "RFC6602-5.1.2-GROUP",
    fires=[
        bulk(also=[]),
        bulk(also=[MnGroupIdentifier(subtype=2, group_identifier=1)]),
    ],
    silent=[
        bulk(),
        plain(),
        then(bulk(also=[]), cut(60)),
        bulk(also=[unknown(50, 1)]),
        bulk(also=[MnGroupIdentifier(subtype=2, group_identifier=1), GROUP]),
    ],
    party="MAG",
)
example(
    "RFC6602-4.3-ID",
    fires=[
        then(bulk(also=[NO_GROUP]), pba()),
        then(bulk(), pba(bulk_binding_update=True, replacing=[NO_GROUP])),
    ],
    silent=[
        bulk(),
        bulk(also=[MnGroupIdentifier(group_identifier=0xFFFFFFFF)]),
        plain(),
    ],
    unclear=[then(bulk(also=[NO_GROUP]), unseen, pba())],
    lesser=[
        (bulk(also=[unknown(50, 1, 0, 0, 1)]), Severity.ERROR),
        (bulk(also=[unknown(50, 1, 0, 0, 0, 0, 1, 0, 0)]), Severity.ERROR),
    ],
)

# ------------------------------------------------------------------------------------ RFC 7148

ANY6 = DelegatedMobileNetworkPrefix(prefix_length=56)
ANY4 = DelegatedMobileNetworkPrefix(ipv4=True, prefix_length=24, delegated_prefix=bytes(4))
GIVEN = DelegatedMobileNetworkPrefix(
    prefix_length=56, delegated_prefix=address_octets("2001:db8:d00::")
)

example(
    "RFC7148-4.1-DMNP-LEN",
    fires=[
        plain(also=[DelegatedMobileNetworkPrefix(ipv4=True, delegated_prefix=ALL_ZERO)]),
        plain(also=[DelegatedMobileNetworkPrefix(delegated_prefix=bytes(4))]),
        then(plain(also=[unknown(55, 0)]), pba()),
        then(
            plain(also=[ANY6]),
            pba(replacing=[DelegatedMobileNetworkPrefix(delegated_prefix=bytes(4))]),
        ),
    ],
    silent=[plain(also=[ANY6, ANY4]), then(plain(also=[ANY6]), pba(replacing=[GIVEN]))],
    unclear=[then(plain(also=[unknown(55, 0)]), unseen, pba())],
)
example(
    "RFC7148-5.1-ZERO-ONCE",
    fires=[plain(also=[ANY6, ANY6]), plain(also=[ANY4, ANY6, ANY4])],
    silent=[plain(also=[ANY6, ANY4]), plain(also=[GIVEN, GIVEN]), plain(also=[ANY6])],
    party="MAG",
)
example(
    "RFC7148-5.2.2-UNSOLICITED",
    fires=[then(plain(), pba(also=[GIVEN]))],
    silent=[
        then(plain(also=[ANY6]), pba(replacing=[GIVEN])),
        then(plain(), cut(60), pba(also=[GIVEN])),
        then(plain(), unseen, pba(also=[GIVEN])),
        then(plain(), pba()),
    ],
    party="LMA",
)
example(
    "RFC7148-5.2.2-ALLOC",
    fires=[then(plain(also=[ANY6]), pba()), then(plain(also=[ANY4]), pba())],
    silent=[
        then(plain(also=[ANY6]), pba(replacing=[GIVEN])),
        then(plain(also=[ANY6]), pba(without=[55])),
        then(plain(also=[ANY6]), pba(status=177)),
        then(
            plain(also=[ANY6]),
            pba(replacing=[GIVEN]),
            wait(5),
            plain(lifetime=0, also=[ANY6]),
            pba(),
        ),
    ],
    party="LMA",
)

# ------------------------------------------------------------------------------------ RFC 8127

TIMERS = BindingReregistrationControl(
    start_time=10, initial_retransmission_time=1, maximum_retransmission_time=32
)
BEATS = HeartbeatControl(interval=60, retransmission_delay=5, maximum_retransmissions=3)


def lcmp(*sub_options: Option) -> LmaControlledMagParameters:
    """Give the option by which an LMA sets the timers of its MAGs."""
    return LmaControlledMagParameters(sub_options=sub_options)


example(
    "RFC8127-3-PBA-ONLY",
    fires=[
        plain(also=[lcmp(TIMERS)]),
        then(plain(), pba(also=[lcmp(TIMERS), lcmp(BEATS)])),
        then(plain(), pba(also=[lcmp()])),
        then(plain(), pba(also=[lcmp(TIMERS, BEATS, TIMERS)])),
    ],
    silent=[
        then(plain(), pba(also=[lcmp(TIMERS, BEATS)])),
        then(plain(), pba(also=[lcmp(BEATS)])),
        plain(),
    ],
)


def setting(sub_option: type[Option], **values: int) -> Play:
    """An LMA sets timers, one of them to a value of its own."""
    default = TIMERS if sub_option is BindingReregistrationControl else BEATS
    fields = {name: getattr(default, name) for name in default.__struct_fields__}
    return then(plain(), pba(also=[lcmp(sub_option(**{**fields, **values}))]))


example(
    "RFC8127-3.1-ZERO",
    fires=[
        setting(BindingReregistrationControl, start_time=0),
        setting(BindingReregistrationControl, initial_retransmission_time=0),
        setting(BindingReregistrationControl, maximum_retransmission_time=0),
        setting(HeartbeatControl, interval=0),
        setting(HeartbeatControl, maximum_retransmissions=0),
    ],
    silent=[
        setting(HeartbeatControl, retransmission_delay=0),
        setting(BindingReregistrationControl),
        then(plain(), pba(also=[lcmp(unknown(9, 0, 0, 0, 0, 0, 0))])),
    ],
    party="LMA",
)

# ------------------------------------------------------------------------------------ RFC 7222


def qos(**parts: Any) -> QualityOfService:
    """Give the QoS option that asks for an allocation, with some parts changed."""
    defaults: dict[str, Any] = {"service_request_identifier": 0, "dscp": 46, "operation": 1}
    return QualityOfService(**{**defaults, **parts})


example(
    "RFC7222-4.1-OC",
    fires=[
        then(plain(also=[qos(operation=6)]), pba()),
        then(plain(also=[qos()]), pba(replacing=[qos(operation=255)])),
        lambda s: s.send(
            s.lma, s.plain.address, UpdateNotification(sequence=1, reason=5), qos(operation=6)
        ),
    ],
    silent=[
        plain(also=[qos()]),
        then(plain(also=[qos()]), pba(replacing=[qos(operation=5)])),
        then(plain(), pba(also=[qos(operation=0), qos(operation=4)])),
    ],
    unclear=[then(plain(also=[qos(operation=6)]), unseen, pba())],
    lesser=[
        (plain(also=[qos(operation=5)]), Severity.INFO),
        (plain(also=[qos(reserved=1)]), Severity.ERROR),
        (plain(also=[qos(), qos(reserved_tc=3, operation=6)]), Severity.ERROR),
    ],
)

# ------------------------------------------------------------------------------------ RFC 6757

GUEST = NetworkIdentifier(utf8=True, network_name_length=5, names=b"guest\x03ap1")
OFFICE = NetworkIdentifier(utf8=True, network_name_length=6, names=b"office\x00")
PLACE = GeoLocation(latitude=1_000_000, longitude=-500_000)
OPERATOR = OperatorIdentifier(identifier_type=2, identifier=b"example.com")


def ani(*sub_options: Option) -> AccessNetworkIdentifier:
    """Give the Access Network Identifier option."""
    return AccessNetworkIdentifier(sub_options=sub_options)


example(
    "RFC6757-3.1-DUP",
    fires=[
        # An LMA that echoes what was wrong before is not to blame for it.
        then(plain(also=[ani(GUEST, OFFICE)]), pba()),
        plain(also=[ani(PLACE, GUEST, PLACE)]),
        plain(also=[ani(NetworkIdentifier(network_name_length=0, names=b"\x03ap1"))]),
        then(plain(also=[ani(GUEST), ani(PLACE)]), pba()),
        plain(also=[ani()]),
    ],
    silent=[
        plain(also=[ani(GUEST, PLACE, OPERATOR)]),
        plain(also=[ani(OFFICE)]),
        plain(also=[ani(GUEST, AniUpdateTimer(update_timer=1), AniUpdateTimer(update_timer=2))]),
    ],
    unclear=[then(plain(also=[ani(GUEST, OFFICE)]), unseen, pba())],
)
example(
    "RFC6757-4.2-ECHO",
    fires=[
        then(plain(also=[ani(GUEST, PLACE)]), pba(replacing=[ani(OFFICE, PLACE)])),
        then(
            plain(also=[ani(GUEST, PLACE)]),
            pba(replacing=[ani(GUEST, GeoLocation(latitude=0, longitude=0))]),
        ),
    ],
    silent=[
        then(plain(also=[ani(GUEST, PLACE)]), pba()),
        then(plain(also=[ani(GUEST, PLACE)]), pba(replacing=[ani(PLACE)])),
        then(plain(also=[ani(GUEST, PLACE)]), pba(without=[52])),
        # An LMA may add what is its own to say (RFC 7563).
        then(plain(also=[ani(GUEST)]), pba(replacing=[ani(GUEST, AniUpdateTimer(update_timer=9))])),
        then(
            plain(also=[ani(GUEST, AniUpdateTimer(update_timer=1))]),
            pba(replacing=[ani(GUEST, AniUpdateTimer(update_timer=9))]),
        ),
        # Reserved bits need not come back.
        then(
            plain(also=[ani(NetworkIdentifier(reserved=1, network_name_length=1, names=b"x"))]),
            pba(replacing=[ani(NetworkIdentifier(network_name_length=1, names=b"x"))]),
        ),
        then(plain(also=[ani(GUEST)]), unseen, pba(replacing=[ani(OFFICE)])),
    ],
    party="LMA",
)

# ------------------------------------------------------------------------------------ RFC 5648

WITH_ADDRESS = BindingIdentifier(bid=1, care_of_address=address_octets("2001:db8:a::1"))

example(
    "RFC5648-4.3-LEN",
    fires=[
        # An LMA that echoes what was wrong before is not to blame for it.
        then(plain(also=[unknown(35, 0, 1)]), pba()),
        then(plain(also=[BindingIdentifier(bid=1, care_of_address=bytes(6))]), pba()),
        plain(**OWN, also=[BindingIdentifier(bid=1, care_of_address=bytes(6))]),
        # The care-of address does not come back.
        then(plain(also=[WITH_ADDRESS]), pba()),
    ],
    silent=[
        plain(also=[WITH_ADDRESS]),
        plain(also=[BindingIdentifier(bid=1, care_of_address=bytes(4))]),
        then(plain(also=[BindingIdentifier(bid=1)]), pba()),
        then(plain(also=[WITH_ADDRESS]), pba(replacing=[BindingIdentifier(bid=1)])),
    ],
    unclear=[then(plain(also=[unknown(35, 0, 1)]), unseen, pba())],
)
