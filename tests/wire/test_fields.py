"""Fields for people, and documents for programs."""

from __future__ import annotations

import pytest
from wire_vectors import datagram, of_payload, packet

from pmiptrace.address import address_octets
from pmiptrace.model import OpaqueOption, Option
from pmiptrace.wire.decode import decode
from pmiptrace.wire.fields import fields, message_document, message_fields, option_document
from pmiptrace.wire.options.rfc4283 import MnIdentifier
from pmiptrace.wire.options.rfc5094 import VendorSpecific
from pmiptrace.wire.options.rfc5213 import HandoffIndicator, HomeNetworkPrefix, Timestamp
from pmiptrace.wire.options.rfc5845 import GreKey
from pmiptrace.wire.options.rfc6058 import TransientBinding
from pmiptrace.wire.options.rfc6089 import BindingReference, FlowIdentification
from pmiptrace.wire.options.rfc6757 import (
    AccessNetworkIdentifier,
    AniUpdateTimer,
    GeoLocation,
    NetworkIdentifier,
)
from pmiptrace.wire.options.rfc8278 import MagMultipathBinding

MMB = MagMultipathBinding(if_att=8, if_label=11, bid=1, overwrite=True)


def test_fields_stand_where_the_diagram_has_them() -> None:
    places = [(f.label, f.offset, f.width, f.text) for f in fields(MMB)]
    assert places == [
        ("If-ATT", 0, 8, "3GPP E-UTRAN (8)"),
        ("If-Label", 8, 8, "11"),
        ("Binding ID", 16, 8, "1"),
        ("B", 24, 1, "no"),
        ("O", 25, 1, "yes"),
        ("Reserved", 26, 22, "0"),
    ]
    assert next(f for f in fields(MMB) if f.label == "O").meaning == "Registration Overwrite"


@pytest.mark.parametrize(
    ("option", "document"),
    [
        (
            MMB,
            {
                "number": 63,
                "name": "MAG Multipath Binding",
                "if_att": 8,
                "if_att_name": "3GPP E-UTRAN",
                "if_label": 11,
                "bid": 1,
                "bulk": False,
                "overwrite": True,
            },
        ),
        (
            HandoffIndicator(reserved=5, indicator=77),
            {
                "number": 23,
                "name": "Handoff Indicator",
                "reserved": 5,
                "indicator": 77,
                "indicator_name": "Unassigned",
            },
        ),
        (
            MnIdentifier(subtype=1, identifier=b"a\x1b[2J\n@x"),
            {
                "number": 8,
                "name": "Mobile Node Identifier",
                "subtype": 1,
                "subtype_name": "NAI",
                "identifier": "a\\x1b[2J\\n@x",
            },
        ),
        (
            HomeNetworkPrefix(home_network_prefix=address_octets("2001:db8::"), excess=b"\xab"),
            {
                "number": 22,
                "name": "Home Network Prefix",
                "off_link": False,
                "prefix_length": 64,
                "home_network_prefix": "2001:db8::",
                "excess": "ab",
            },
        ),
        (GreKey(), {"number": 33, "name": "GRE Key", "key": None}),
        (GreKey(key=7), {"number": 33, "name": "GRE Key", "key": 7}),
        (
            VendorSpecific(vendor_id=10415, subtype=1, data=b"\x80"),
            {
                "number": 19,
                "name": "Vendor Specific",
                "vendor_id": 10415,
                "vendor_id_name": "3GPP",
                "subtype": 1,
                "subtype_name": "3GPP Protocol Configuration Options",
                "data": "80",
            },
        ),
        (
            VendorSpecific(vendor_id=1, subtype=1),
            {
                "number": 19,
                "name": "Vendor Specific",
                "vendor_id": 1,
                "vendor_id_name": "Unassigned",
                "subtype": 1,
                "data": "",
            },
        ),
        (
            FlowIdentification(
                fid=1, priority=2, sub_options=(BindingReference(bids=b"\0\1\0\2"),)
            ),
            {
                "number": 45,
                "name": "Flow Identification",
                "fid": 1,
                "priority": 2,
                "status": 0,
                "status_name": "Flow binding successful",
                "sub_options": [{"number": 2, "name": "Binding Reference", "bids": "1, 2"}],
            },
        ),
        (
            AccessNetworkIdentifier(sub_options=(AniUpdateTimer(update_timer=3),)),
            {
                "number": 52,
                "name": "Access Network Identifier",
                "sub_options": [
                    {
                        "number": 6,
                        "name": "ANI Update-Timer",
                        "update_timer": 3,
                        "update_timer_s": 12,
                    }
                ],
            },
        ),
        (
            OpaqueOption(type=200, data=b"\1\2"),
            {"number": 200, "name": "Unknown", "data": "0102"},
        ),
        (
            OpaqueOption(type=63, data=b"\x08\x0b"),
            {
                "number": 63,
                "name": "MAG Multipath Binding",
                "if_att": 8,
                "if_att_name": "3GPP E-UTRAN",
                "if_label": 11,
                "data": "",
            },
        ),
    ],
)
def test_document(option: Option, document: dict[str, object]) -> None:
    assert option_document(option) == document


def test_units() -> None:
    def text(option: Option, label: str) -> str:
        return next(f.text for f in fields(option) if f.label == label)

    assert text(TransientBinding(lifetime=15), "Lifetime") == "1500 ms"
    assert text(Timestamp(timestamp=0x6553F100_8000), "Timestamp") == "2023-11-14T22:13:20.500000Z"
    assert text(Timestamp(timestamp=(1 << 64) - 1), "Timestamp") == "281474976710655 s after 1970"
    south = GeoLocation(latitude=-(1 << 15), longitude=1 << 14)
    assert text(south, "Latitude Degrees") == "-1.00000 degrees"
    assert text(south, "Longitude Degrees") == "0.50000 degrees"


def test_sub_options_count_from_the_start_of_the_content() -> None:
    option = FlowIdentification(fid=1, priority=2, sub_options=(BindingReference(bids=b"\0\1"),))
    (nested,) = next(f for f in fields(option) if f.name == "sub_options").nested
    assert (nested.offset, nested.width) == (48, 32)
    assert (nested.fields[0].offset, nested.fields[0].width) == (64, 16)


def test_names_of_the_access_network() -> None:
    names = NetworkIdentifier(utf8=True, network_name_length=4, names=b"home\x03ap1")
    assert (names.network_name, names.access_point_name) == (b"home", b"ap1")
    cut = NetworkIdentifier(network_name_length=9, names=b"home")
    assert (cut.network_name, cut.access_point_name) == (b"home", b"")


def test_message() -> None:
    document = message_document(decode(datagram(packet("V3"))))
    assert document["status"] == 180
    assert document["status_name"] == "CANNOT_SUPPORT_MULTIPATH_BINDING"
    assert document["proxy"] is True
    assert (document["lifetime"], document["lifetime_s"]) == (0, 0)


def test_a_message_cut_short_shows_what_is_there() -> None:
    message = decode(of_payload(datagram(packet("V1")).payload[:9]))
    shown = {f.label: f.text for f in message_fields(message)}
    assert shown["Sequence #"] == "1"
    assert shown["A"] == "yes"
    assert "Lifetime" not in shown
