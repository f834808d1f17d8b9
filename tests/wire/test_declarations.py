"""Every declared option, sub-option and message: complete, documented, and true to its octets."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_strategies import ALL_MESSAGES, BODIES, options
from wire_vectors import of_payload

from pmiptrace.model import OpaqueOption, Option
from pmiptrace.wire.body import MESSAGE_TYPES, MessageType
from pmiptrace.wire.decode import decode
from pmiptrace.wire.encode import encode
from pmiptrace.wire.layout import Layout
from pmiptrace.wire.messages import BindingRefreshRequest, HomeAgentSwitch
from pmiptrace.wire.option import MOBILITY_OPTIONS, OptionRegistry, OptionType, exactly
from pmiptrace.wire.options.rfc4283 import MnIdentifier
from pmiptrace.wire.options.rfc6089 import FLOW_SUB_OPTIONS
from pmiptrace.wire.options.rfc6757 import ANI_SUB_OPTIONS
from pmiptrace.wire.options.rfc7222 import QOS_ATTRIBUTES
from pmiptrace.wire.options.rfc8127 import LCMP_SUB_OPTIONS

REGISTRIES = [
    MOBILITY_OPTIONS,
    FLOW_SUB_OPTIONS,
    ANI_SUB_OPTIONS,
    QOS_ATTRIBUTES,
    LCMP_SUB_OPTIONS,
]
OPTION_TYPES = [(registry, t) for registry in REGISTRIES for t in registry.types.values()]
BRR = BindingRefreshRequest()
KINDS = {form.abbreviation for form in ALL_MESSAGES} | {"PBU", "PBA"}

each_option = pytest.mark.parametrize(
    ("registry", "declared"), OPTION_TYPES, ids=[t.cls.__name__ for _, t in OPTION_TYPES]
)
each_message = pytest.mark.parametrize(
    "declared", ALL_MESSAGES, ids=[form.abbreviation for form in ALL_MESSAGES]
)


def test_every_number_of_the_registries_is_declared() -> None:
    assert sorted(MOBILITY_OPTIONS.types) == list(range(71))
    assert sorted(MESSAGE_TYPES) == list(range(24))
    assert sorted(FLOW_SUB_OPTIONS.types) == list(range(6))
    assert sorted(ANI_SUB_OPTIONS.types) == list(range(1, 7))
    assert sorted(QOS_ATTRIBUTES.types) == list(range(1, 12))
    assert sorted(LCMP_SUB_OPTIONS.types) == [1, 2]


def test_names_and_classes_are_unique() -> None:
    names = [t.name for t in MOBILITY_OPTIONS.types.values()]
    assert len(names) == len(set(names))
    classes = [t.cls.__name__ for _, t in OPTION_TYPES] + [
        form.cls.__name__ for form in ALL_MESSAGES
    ]
    assert len(classes) == len(set(classes))
    abbreviations = [form.abbreviation for form in ALL_MESSAGES]
    assert len(abbreviations) == len(set(abbreviations))


def test_a_number_cannot_be_declared_twice() -> None:
    class Thing(Option, frozen=True, kw_only=True):
        pass

    registry = OptionRegistry("thing")
    declare = registry.declare(7, "One", "RFC 1 section 1", length=exactly(0))
    declare(Thing)
    with pytest.raises(TypeError, match="thing 7 is declared twice"):
        declare(Thing)


@each_option
def test_option_is_documented(registry: OptionRegistry, declared: OptionType) -> None:
    text = declared.cls.__doc__ or ""
    inherited = declared.cls.__mro__[1].__doc__ or ""
    assert re.match(r"[A-Z].*\.\n?", text)
    assert "+---" in text or "+-+-" in text + inherited
    assert re.fullmatch(r"RFC \d+ section \d+(\.\d+)*", declared.reference)
    assert declared.cls.__module__.endswith(
        "rfc" + re.findall(r"\d+", declared.reference)[0]
    ) or declared.cls.__module__.endswith(("rfc6757", "rfc6089"))
    assert set(declared.messages) <= KINDS


@each_option
def test_lengths_and_layout_agree(registry: OptionRegistry, declared: OptionType) -> None:
    layout = declared.layout
    shortest = min(declared.length.exact or (declared.length.minimum,))
    assert layout.size <= shortest
    if layout.tail is None:
        assert declared.length.exact == (layout.size,)
    if declared.alignment is not None:
        multiple, remainder = declared.alignment
        assert multiple in (2, 4, 8)
        assert 0 <= remainder < multiple


@each_message
def test_message_is_documented(declared: MessageType) -> None:
    assert re.match(r"[A-Z].*\.\n?", declared.cls.__doc__ or "")
    assert declared.reference.startswith("RFC ")
    assert declared.minimum % 8 == 0


def test_minimum_lengths() -> None:
    # RFC 6275 section 9.2 checks Header Len against the message's type.
    minimum = {form.abbreviation: form.minimum for form in ALL_MESSAGES}
    assert minimum["BRR"] == 8
    assert minimum["HoTI"] == minimum["CoTI"] == 16
    assert minimum["HoT"] == minimum["CoT"] == minimum["BE"] == 24
    assert minimum["BU"] == minimum["BA"] == minimum["HB"] == 16
    assert minimum["BRI"] == minimum["BRA"] == minimum["UPN"] == minimum["UPA"] == 16


@pytest.mark.parametrize("registry", REGISTRIES, ids=[r.what for r in REGISTRIES])
@given(data=st.data())
def test_options_round_trip(registry: OptionRegistry, data: st.DataObject) -> None:
    option = data.draw(options(registry))
    octets = registry.encode_one(option)
    (again,), _ = registry.decode(octets)
    assert again == option
    assert registry.encode_one(again) == octets


@pytest.mark.parametrize("registry", REGISTRIES, ids=[r.what for r in REGISTRIES])
@given(data=st.data())
def test_every_content_of_every_option_is_written_back(
    registry: OptionRegistry, data: st.DataObject
) -> None:
    number = data.draw(st.integers(2, 80))
    content = data.draw(st.binary(max_size=60))
    octets = bytes((number, len(content))) + content
    (option,), _ = registry.decode(octets)
    assert registry.encode_one(option) == octets


@each_message
@settings(max_examples=30)
@given(data=st.data())
def test_messages_round_trip(declared: MessageType, data: st.DataObject) -> None:
    body = data.draw(BODIES[declared.abbreviation])
    chosen = data.draw(st.lists(options(), max_size=4)) if declared.has_options else []
    datagram = of_payload(b"")
    try:
        payload = encode(body, chosen, source=datagram.source, destination=datagram.destination)
    except ValueError:
        return  # longer than a Header Len can say
    message = decode(of_payload(payload))
    assert message.checksum_correct is True
    # The strategies put octets that are no sub-option behind lists of them, and nothing else.
    assert {defect.kind for defect in message.defects} <= {"sub-option-overrun"}
    assert message.kind.removeprefix("P") == declared.abbreviation
    if declared.has_options:
        assert message.body == body
        kept = [o for o in message.options if o.number not in (0, 1)]
        assert kept == [o for o in chosen if o.number not in (0, 1)]
    else:
        # The padding belongs to what the message carries.
        assert (
            Layout.of(type(body))
            .encode(message.body)
            .startswith(Layout.of(type(body)).encode(body))
        )
    again = encode(
        message.body,
        message.options,
        source=datagram.source,
        destination=datagram.destination,
        align=False,
    )
    assert again == payload


ALIGNED = [t for t in MOBILITY_OPTIONS.types.values() if t.alignment is not None]


@pytest.mark.parametrize("declared", ALIGNED, ids=[t.cls.__name__ for t in ALIGNED])
@pytest.mark.parametrize("before", range(9))
def test_padding_brings_an_option_to_its_place(declared: OptionType, before: int) -> None:
    shortest = min(declared.length.exact or (declared.length.minimum,))
    option = declared.layout.decode(bytes(shortest))
    first = MnIdentifier(subtype=1, identifier=bytes(before))
    payload = encode(BRR, [first, option], source=bytes(16), destination=bytes(16))
    message = decode(of_payload(payload))
    (place,) = (
        offset
        for offset, found in zip(message.offsets, message.options, strict=True)
        if found == option
    )
    assert declared.alignment is not None
    multiple, remainder = declared.alignment
    assert place % multiple == remainder


def test_an_option_behind_an_overrun_has_no_place() -> None:
    payload = bytes((59, 1, 5, 0, 0, 0)) + bytes(6) + bytes((23, 9, 0, 1))
    message = decode(of_payload(payload))
    assert message.options == ()
    (defect,) = message.defects
    assert defect.kind == "option-overrun"
    assert defect.layer == "option 23 (Handoff Indicator)"
    assert (defect.offset, defect.needed, defect.available) == (12, 11, 4)
    assert defect.length_field == "Length"


def test_an_option_without_length_field() -> None:
    payload = bytes((59, 1, 5, 0, 0, 0)) + bytes(6) + bytes((0, 0, 0, 23))
    (defect,) = decode(of_payload(payload)).defects
    assert (defect.kind, defect.offset, defect.needed) == ("option-overrun", 15, 2)
    assert defect.length_field == "Type"


def test_a_short_option_keeps_its_octets() -> None:
    payload = bytes((59, 1, 5, 0, 0, 0)) + bytes(6) + bytes((22, 2, 0, 64))
    message = decode(of_payload(payload))
    assert message.options == (OpaqueOption(type=22, data=b"\x00\x40"),)
    (defect,) = message.defects
    assert (defect.kind, defect.needed, defect.available) == ("option-short", 20, 4)


def test_a_list_of_sub_options_that_overruns_keeps_its_octets() -> None:
    content = bytes.fromhex("0506aabb")  # MAG-Group-Identifier that claims 6 octets and has 2
    payload = bytes((59, 2, 5, 0, 0, 0)) + bytes(6) + bytes((52, len(content))) + content
    payload += bytes((1, 4)) + bytes(4)
    message = decode(of_payload(payload))
    option = message.options[0]
    assert isinstance(option, Option)
    assert option.excess == content
    (defect,) = message.defects
    assert defect.kind == "sub-option-overrun"
    assert defect.layer == "option 52 (Access Network Identifier)"


def test_home_agent_switch_has_its_addresses_before_the_options() -> None:
    payload = bytes((59, 2, 12, 0, 0, 0, 1, 0)) + bytes(15) + b"\x01"
    message = decode(of_payload(payload))
    assert message.body == HomeAgentSwitch(number_of_addresses=1, addresses=bytes(15) + b"\x01")
    assert message.options == ()


def test_home_agent_switch_with_too_few_addresses() -> None:
    message = decode(of_payload(bytes((59, 1, 12, 0, 0, 0, 9, 0)) + bytes(8)))
    assert message.kind == "HAS"
    assert message.defects[0].kind == "message-short"


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        ("3b01100000000100", "BRI"),
        ("3b01100000000200", "BRA"),
        ("3b01100000000300", "BRM"),
        ("3b01150000000001", "FBI"),
        ("3b01150000000002", "FBA"),
        ("3b01150000000100", "FBM"),
        ("3b01180000000000", "MH"),
    ],
)
def test_forms_of_one_type_are_told_apart(payload: str, kind: str) -> None:
    assert decode(of_payload(bytes.fromhex(payload) + bytes(8))).kind == kind
