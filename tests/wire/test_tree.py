"""The tree of a message's fields: every bit in one leaf, ranges that nest, and what each says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wire_strategies import ALL_MESSAGES, BODIES, options
from wire_vectors import VECTORS, datagram, of_payload, packet

from pmiptrace.errors import EncodeError
from pmiptrace.model import Message
from pmiptrace.wire.body import MESSAGE_TYPES
from pmiptrace.wire.decode import decode
from pmiptrace.wire.dialect import Dialect, DialectDecoder, load_dialect
from pmiptrace.wire.encode import encode
from pmiptrace.wire.messages import BindingUpdate
from pmiptrace.wire.options.rfc5094 import VendorSpecific
from pmiptrace.wire.options.rfc6757 import AccessNetworkIdentifier, GeoLocation
from pmiptrace.wire.tree import Node, dissect

DRAFT = str(Path(__file__).parent / "dialects" / "draft-8278.toml")
DIALECTS = {d.name: d for d in (load_dialect("pmip6d-2011"), load_dialect(DRAFT))}


def walk(parts: tuple[Node, ...]) -> Iterator[Node]:
    for part in parts:
        yield part
        yield from walk(part.parts)


def check(message: Message, dialects: dict[str, Dialect] | None = None) -> tuple[Node, ...]:
    """Demand what must hold of every tree, and give it."""
    payload = message.datagram.payload
    tree = dissect(message, DIALECTS if dialects is None else dialects)
    end = 0
    for part in tree:
        for leaf in part.leaves():
            if leaf.width:
                assert leaf.offset == end, leaf
                end = leaf.end
            else:
                assert "implied by the dialect" in leaf.text or not payload
    assert end == len(payload) * 8
    for node in walk(tree):
        inner = [part for part in node.parts if part.width]
        assert all(node.offset <= part.offset and part.end <= node.end for part in inner)
        assert sum(part.width for part in inner) in (0, node.width)
        assert node.text.isprintable()
        assert node.label.isprintable()
        if node.bits:
            digits = node.bits.replace(" ", "")
            assert len(digits) % 8 == 0
            shown = digits.strip(".")
            assert len(shown) == node.width
            start = node.offset - (len(digits) - len(digits.lstrip(".")))
            assert start % 8 == 0
            word = int.from_bytes(payload[start // 8 : start // 8 + len(digits) // 8])
            below = len(digits) - len(digits.lstrip(".")) + node.width
            value = word >> len(digits) - below & (1 << node.width) - 1
            assert int(shown, 2) == value
    assert [d for node in walk(tree) for d in node.defects] or not message.defects
    return tree


def named(tree: tuple[Node, ...], name: str) -> Node:
    return next(node for node in walk(tree) if node.name == name)


@given(st.binary(max_size=200))
def test_any_octets(payload: bytes) -> None:
    check(decode(of_payload(payload)))


@given(st.sampled_from(sorted(MESSAGE_TYPES)), st.binary(max_size=120), st.integers(0, 20))
def test_any_octets_of_every_message(mh_type: int, content: bytes, length: int) -> None:
    check(decode(of_payload(bytes((59, length, mh_type, 0, 0, 0)) + content)))


@given(st.data())
def test_any_options_in_any_message(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(ALL_MESSAGES))
    body = data.draw(BODIES[form.abbreviation])
    chosen = data.draw(st.lists(options(), max_size=4)) if form.has_options else []
    source, destination = of_payload(b"").source, of_payload(b"").destination
    try:
        payload = encode(body, chosen, source=source, destination=destination)
    except EncodeError:
        return  # longer than a Header Len can say
    check(decode(of_payload(payload)))
    cut = data.draw(st.integers(0, len(payload)))
    check(decode(of_payload(payload[:cut])))


@pytest.mark.parametrize("name", VECTORS)
@given(data=st.data())
def test_octets_that_were_damaged(name: str, data: st.DataObject) -> None:
    payload = bytearray(datagram(packet(name)).payload)
    for _ in range(data.draw(st.integers(0, 3))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    check(decode(of_payload(bytes(payload))))


@given(st.binary(max_size=60), st.sampled_from([5, 6]), st.booleans())
@example(bytes(28), 6, False)
def test_any_octets_in_a_dialect(content: bytes, mh_type: int, draft: bool) -> None:
    head = bytes((59, (len(content) + 36) // 8, mh_type, 0, 0, 0)) + bytes(6)
    give_away = bytes.fromhex(
        "c806080b01000000" if draft else "0712" + "00" * 18 + "080a" + "0080" + "ab" * 8
        + "0908" + "00" * 8 + "0a10" + "fe" * 16
    )  # fmt: skip
    decoder = DialectDecoder(DRAFT if draft else "pmip6d-2011")
    message = decoder.decode(of_payload(head + give_away + content))
    check(message)
    check(message, {})


def test_flags_are_drawn_as_they_are_on_the_wire() -> None:
    tree = check(decode(datagram(packet("V8"))))
    shown = {n.name: (n.bits, n.label, n.text) for n in walk(tree)}
    assert shown["binding_update.proxy"] == (".... ..1.", "Proxy Registration (P)", "set")
    assert shown["mag_multipath_binding.overwrite"] == (
        ".1.. .... .... .... .... ....",
        "Registration Overwrite (O)",
        "set",
    )
    assert shown["mag_multipath_binding.bid"] == ("", "Binding ID", "1")
    assert shown["binding_update.lifetime"] == ("", "Lifetime", "3600 s (900 x 4 s)")


def test_a_part_names_the_section_that_defines_it() -> None:
    request, reply = (check(decode(datagram(packet(name)))) for name in ("V1", "V2"))
    assert [(p.label, p.reference) for p in request[:3]] == [
        ("Mobility Header", "RFC 6275 section 6.1.1"),
        ("Proxy Binding Update", "RFC 5213 section 8.1"),
        ("Mobile Node Identifier", "RFC 4283 section 3"),
    ]
    assert reply[1].reference == "RFC 5213 section 8.2"
    assert named(request, "mag_multipath_binding").reference == "RFC 8278 section 4.1"


def test_places_are_those_of_the_wire() -> None:
    tree = check(decode(datagram(packet("V1"))))
    option = named(tree, "mag_multipath_binding")
    payload = datagram(packet("V1")).payload
    assert payload[option.first_octet : option.last_octet + 1].hex() == "3f06080b01000000"
    bid = named(tree, "mag_multipath_binding.bid")
    assert (bid.first_octet, bid.last_octet) == (option.first_octet + 4, option.first_octet + 4)


def test_what_is_wrong_stands_where_it_begins() -> None:
    payload = bytes((59, 2, 5, 0, 0, 0)) + bytes(6) + bytes((22, 2, 0, 64)) + bytes((23, 9, 0, 1))
    tree = check(decode(of_payload(payload + bytes(4))))
    short = named(tree, "home_network_prefix")
    assert [d.kind for d in short.defects] == ["option-short"]
    assert [(p.label, p.text) for p in short.parts][2:] == [
        ("Off-link Home Network Prefix (L)", "not set"),
        ("Reserved", "0"),
        ("Prefix Length", "64"),
    ]
    rest = tree[-1]
    assert rest.label == "Octets that are no whole option"
    assert rest.value == bytes((23, 9, 0, 1)) + bytes(4)
    assert [d.kind for d in rest.defects] == ["option-overrun"]


def test_a_length_that_is_not_the_options_own_is_remarked() -> None:
    payload = bytes((59, 2, 5, 0, 0, 0)) + bytes(6) + bytes((23, 4, 0, 1, 0, 0)) + bytes(6)
    tree = check(decode(of_payload(payload)))
    assert named(tree, "handoff_indicator.length").text == "4 (should be 2)"
    assert named(tree, "handoff_indicator.excess").value == b"\0\0"


def test_an_unknown_option_and_an_unknown_message() -> None:
    payload = bytes((59, 1, 5, 0, 0, 0)) + bytes(6) + bytes((200, 2, 0xAB, 0xCD))
    tree = check(decode(of_payload(payload)))
    assert (tree[-1].label, tree[-1].parts[-1].text) == ("Unknown option", "abcd")
    tree = check(decode(of_payload(bytes((59, 1, 200, 0, 0, 0)) + bytes(range(10)))))
    assert (tree[1].label, tree[1].parts[0].text) == ("Message Data", bytes(range(10)).hex())


def test_octets_behind_the_message() -> None:
    payload = datagram(packet("V1")).payload
    tree = check(decode(of_payload(payload + b"xyz")))
    assert (tree[-1].label, tree[-1].value) == ("Octets behind the message", b"xyz")


def test_a_dialect_is_shown_where_its_octets_are() -> None:
    octets = "0712" + "0040" + "20010db8010000000000000000000000" + "080a0080021a2bfffe3c4d5e"
    octets += "09080000000000000000" + "0a10fe80000000000000021a2bfffe3c4d5e"
    content = bytes.fromhex("000000a000fa" + octets)
    content += bytes(-(len(content) + 6) % 8)
    payload = bytes((59, (len(content) + 6) // 8 - 1, 5, 0, 0, 0)) + content
    message = DialectDecoder("pmip6d-2011").decode(of_payload(payload))
    assert message.dialect == "pmip6d-2011"
    tree = check(message)
    # The octet beside the one where the RFC has them.
    acknowledge, proxy = (named(tree, f"binding_update.{f}") for f in ("acknowledge", "proxy"))
    assert (acknowledge.first_octet, acknowledge.bits, acknowledge.text) == (
        9, "1... ....", "set",
    )  # fmt: skip
    assert (proxy.first_octet, proxy.text) == (9, "set")
    assert tree[1].parts[1].label == "Not used by the dialect"
    node = named(tree, "mn_identifier")
    subtype, identifier = (named(tree, f"mn_identifier.{f}") for f in ("subtype", "identifier"))
    assert (subtype.width, subtype.text) == (0, "EUI-64 address (6), implied by the dialect")
    assert identifier.first_octet == node.first_octet + 4
    assert identifier.text == "6:021a2bfffe3c4d5e"
    assert named(tree, "home_network_prefix.type").text == "Home Network Prefix (22), 7 on the wire"


def test_a_status_of_a_dialect_says_both_numbers() -> None:
    content = bytes.fromhex("c8200001000a" + "c806080b01000000" + "01020000")
    payload = bytes((59, 2, 6, 0, 0, 0)) + content
    message = DialectDecoder(DRAFT).decode(of_payload(payload))
    status = named(check(message), "binding_acknowledgement.status")
    assert status.text == "CANNOT_SUPPORT_MULTIPATH_BINDING (180), 200 on the wire"


@pytest.mark.parametrize(
    ("subtype", "data", "said"),
    [
        (7, "0011223344", ("three_gpp_charging_id.charging_id", "287454020")),
        (3, "00c0000201", ("three_gpp_pdn_gw_address.address", "192.0.2.1")),
        (6, "0003", ("three_gpp_pdn_type.pdn_type", "IPv4v6 (3)")),
        (8, "0001", ("three_gpp_selection_mode.selection_mode",
                     "MS provided APN, subscription not verified (1)")),
        (6, "0103", ("three_gpp_pdn_type.more", "set")),
        (7, "001122", ("three_gpp_charging_id.data", "1122")),
        (1, "00805522", ("vendor_specific.data", "00805522")),
    ],
)  # fmt: skip
def test_what_3gpp_puts_into_its_options(subtype: int, data: str, said: tuple[str, str]) -> None:
    content = VendorSpecific(vendor_id=10415, subtype=subtype, data=bytes.fromhex(data))
    source, destination = of_payload(b"").source, of_payload(b"").destination
    body = BindingUpdate(sequence=1, proxy=True)
    payload = encode(body, [content], source=source, destination=destination)
    name, text = said
    assert named(check(decode(of_payload(payload))), name).text == text


@given(st.integers(0, 30), st.binary(max_size=30), st.sampled_from([10415, 9]))
def test_any_octets_of_a_vendor(subtype: int, data: bytes, vendor: int) -> None:
    content = VendorSpecific(vendor_id=vendor, subtype=subtype, data=data)
    body = BindingUpdate(sequence=1, proxy=True)
    check(decode(of_payload(encode(body, [content], source=bytes(16), destination=bytes(16)))))


def test_length_that_a_sub_option_may_not_have() -> None:
    location = GeoLocation(latitude=1, longitude=2, excess=b"\x2e\xd6\xec")
    option = AccessNetworkIdentifier(sub_options=(location,))
    ends = {"source": bytes(16), "destination": bytes(16)}
    message = decode(of_payload(encode(BindingUpdate(sequence=1, lifetime=1), [option], **ends)))
    leaves = {leaf.name: leaf.text for part in dissect(message) for leaf in part.leaves()}
    assert leaves["geo_location.length"] == "9 (should be 6)"
