"""The golden packets decode to what they were made of, and encode to the same octets."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from wire_vectors import VECTORS, datagram, packet

from pmiptrace.address import address_octets
from pmiptrace.model import Identifier, Message, Prefix
from pmiptrace.wire.decode import decode
from pmiptrace.wire.encode import encode
from pmiptrace.wire.messages import (
    BindingAcknowledgement,
    BindingError,
    BindingRevocationAcknowledgement,
    BindingRevocationIndication,
    BindingUpdate,
    Heartbeat,
    UpdateNotification,
    UpdateNotificationAcknowledgement,
)
from pmiptrace.wire.options.rfc4283 import MnIdentifier
from pmiptrace.wire.options.rfc5213 import (
    AccessTechnologyType,
    HandoffIndicator,
    HomeNetworkPrefix,
    Timestamp,
)
from pmiptrace.wire.options.rfc5844 import Ipv4HomeAddressRequest
from pmiptrace.wire.options.rfc5847 import RestartCounter
from pmiptrace.wire.options.rfc8278 import MagIdentifier, MagMultipathBinding

MN = MnIdentifier(subtype=1, identifier=b"mn1@example.com")
MAG = MagIdentifier(subtype=1, identifier=b"mag1@example.com")
ANY_PREFIX = HomeNetworkPrefix(prefix_length=0)
PREFIX = HomeNetworkPrefix(home_network_prefix=address_octets("2001:db8:100::"))
LTE = AccessTechnologyType(access_technology=8)
WLAN = AccessTechnologyType(access_technology=4)
PATH_1 = MagMultipathBinding(if_att=8, if_label=11, bid=1)
PATH_2 = MagMultipathBinding(if_att=4, if_label=9, bid=2)


def pbu(sequence: int, lifetime: int = 900) -> BindingUpdate:
    return BindingUpdate(sequence=sequence, acknowledge=True, proxy=True, lifetime=lifetime)


def handoff(indicator: int) -> HandoffIndicator:
    return HandoffIndicator(indicator=indicator)


def at(seconds_after: int) -> Timestamp:
    return Timestamp.at((1_700_000_000 + seconds_after) * 10**9)


def path_1(**flags: bool) -> MagMultipathBinding:
    return MagMultipathBinding(if_att=8, if_label=11, bid=1, **flags)


EXPECTED = {
    "V1": ("PBU", pbu(1), [MN, ANY_PREFIX, handoff(1), LTE, at(0), PATH_1, MAG]),
    "V2": (
        "PBA",
        BindingAcknowledgement(status=0, proxy=True, sequence=1, lifetime=900),
        [MN, PREFIX, handoff(1), LTE, at(0), PATH_1],
    ),
    "V3": (
        "PBA",
        BindingAcknowledgement(status=180, proxy=True, sequence=1, lifetime=0),
        [MN, ANY_PREFIX, handoff(1), LTE, at(0), PATH_1],
    ),
    "V4": ("PBU", pbu(2), [MN, PREFIX, handoff(6), WLAN, at(5), PATH_2, MAG]),
    "V5": ("PBU", pbu(3), [MN, PREFIX, handoff(5), LTE, at(10), path_1(bulk=True), MAG]),
    "V6": ("PBU", pbu(4), [MN, PREFIX, handoff(5), LTE, at(11), path_1(overwrite=True), MAG]),
    "V7": ("PBU", pbu(5, 0), [MN, PREFIX, handoff(4), WLAN, at(12), PATH_2, MAG]),
    "V8": (
        "PBU",
        pbu(6),
        [MN, PREFIX, handoff(5), LTE, at(13), path_1(bulk=True, overwrite=True), MAG],
    ),
    "V9": ("PBU", pbu(7), [MN, Ipv4HomeAddressRequest(), handoff(1), LTE, at(14), PATH_1, MAG]),
    "V10": ("HB", Heartbeat(sequence=1), []),
    "V11": (
        "HB",
        Heartbeat(sequence=1, response=True),
        [RestartCounter(restart_counter=7)],
    ),
    "V12": (
        "BRI",
        BindingRevocationIndication(trigger=1, sequence=0x1234, proxy=True),
        [MN, PREFIX],
    ),
    "V13": (
        "BRA",
        BindingRevocationAcknowledgement(status=0, sequence=0x1234, proxy=True),
        [MN, PREFIX],
    ),
    "V14": ("UPN", UpdateNotification(sequence=9, reason=1, acknowledge=True), [MN]),
    "V15": ("UPA", UpdateNotificationAcknowledgement(sequence=9, status=0), [MN]),
    "V16": ("BE", BindingError(status=2), []),
}


def meaningful(message: Message) -> list[object]:
    return [option for option in message.options if option.number not in (0, 1)]


def test_every_vector_has_an_expectation() -> None:
    assert EXPECTED.keys() == VECTORS.keys()


@pytest.mark.parametrize("name", VECTORS)
def test_decodes_to_what_it_was_made_of(name: str) -> None:
    kind, body, options = EXPECTED[name]
    message = decode(datagram(packet(name)))
    assert message.kind == kind
    assert message.body == body
    assert meaningful(message) == options
    assert message.defects == ()
    assert message.payload_proto == 59
    assert message.length == len(message.datagram.payload)


@pytest.mark.parametrize("name", VECTORS)
def test_checksum(name: str) -> None:
    message = decode(datagram(packet(name)))
    assert message.checksum_correct is (None if name == "V9" else True)


@pytest.mark.parametrize("name", VECTORS)
def test_encodes_to_the_same_octets(name: str) -> None:
    message = decode(datagram(packet(name)))
    source, destination = message.source, message.destination
    octets = encode(
        message.body,
        message.options,
        source=source,
        destination=destination,
        checksum=0 if name == "V9" else None,
        align=False,
    )
    assert octets == message.datagram.payload


@pytest.mark.parametrize("name", VECTORS)
def test_encodes_with_padding_of_its_own(name: str) -> None:
    # Written from values alone, the message holds the same at places that fit the alignments.
    message = decode(datagram(packet(name)))
    octets = encode(
        message.body,
        meaningful(message),  # type: ignore[arg-type]
        source=message.source,
        destination=message.destination,
    )
    again = decode(datagram(packet(name)[: message.datagram.offset] + octets))
    assert meaningful(again) == meaningful(message)
    assert again.checksum_correct in (True, None)
    assert len(octets) % 8 == 0


def test_offsets_are_those_of_the_type_octets() -> None:
    message = decode(datagram(packet("V1")))
    payload = message.datagram.payload
    assert [payload[offset] for offset in message.offsets] == [8, 1, 22, 23, 24, 1, 27, 63, 64]
    mmb = message.first(MagMultipathBinding)
    assert mmb is not None
    assert message.offset_of(mmb) == payload.index(b"\x3f\x06")


def test_values_that_properties_give() -> None:
    message = decode(datagram(packet("V4")))
    identifier = message.first(MnIdentifier)
    prefix = message.first(HomeNetworkPrefix)
    timestamp = message.first(Timestamp)
    assert identifier is not None
    assert prefix is not None
    assert timestamp is not None
    assert identifier.identity == Identifier(1, b"mn1@example.com")
    assert prefix.prefix == Prefix(address_octets("2001:db8:100::"), 64)
    assert timestamp.nanoseconds == 1_700_000_005 * 10**9
    assert isinstance(message.body, BindingUpdate)
    assert message.body.lifetime_s == 3600


def test_the_off_link_flag_is_the_highest_bit_of_its_octet() -> None:
    """RFC 7864 section 4.1."""
    plain, marked = bytes.fromhex("16120040"), bytes.fromhex("16128040")
    octets = packet("V4").replace(plain, marked)
    (prefix,) = decode(datagram(octets)).every(HomeNetworkPrefix)
    assert prefix == replace(PREFIX, off_link=True)


def test_a_wrong_checksum_is_seen() -> None:
    octets = bytearray(packet("V1"))
    octets[-1] ^= 1
    assert decode(datagram(bytes(octets))).checksum_correct is False
