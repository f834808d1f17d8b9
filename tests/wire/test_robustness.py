"""Whatever the octets: decoding gives a message, and showing it gives plain text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_vectors import VECTORS, datagram, of_payload, packet

from pmiptrace.model import Datagram, Message
from pmiptrace.wire.decode import decode
from pmiptrace.wire.dialect import DialectDecoder
from pmiptrace.wire.fields import Shown, fields, message_document, message_fields, option_document

DECODER = DialectDecoder("auto")


def check(datagram: Datagram) -> Message:
    message = DECODER.decode(datagram)
    assert len(message.options) == len(message.offsets)
    for offset in message.offsets:
        assert offset < len(datagram.payload)
    for defect in message.defects:
        assert defect.needed != defect.available
    return message


def check_shown(message: Message) -> None:
    documents = [message_document(message), *map(option_document, message.options)]
    assert json.dumps(documents)
    shown = list(message_fields(message))
    for option in message.options:
        shown += fields(option)
    for field in flat(shown):
        assert field.text.isprintable()
        assert field.width >= 0


def flat(shown: list[Shown]) -> list[Shown]:
    return shown + [f for field in shown for option in field.nested for f in option.fields]


@pytest.mark.parametrize("name", VECTORS)
def test_golden_packets_cut_anywhere(name: str) -> None:
    data = packet(name)
    start = datagram(data).offset
    assert start is not None
    for end in range(start, len(data)):
        message = check(datagram(data[:end]))
        assert message.defects
        check_shown(message)


@pytest.mark.parametrize("name", VECTORS)
def test_golden_packets_with_any_bit_flipped(name: str) -> None:
    data = packet(name)
    start = datagram(data).offset
    assert start is not None
    for place in range(start, len(data)):
        for bit in range(8):
            broken = bytearray(data)
            broken[place] ^= 1 << bit
            message = check(datagram(bytes(broken)))
            # One flipped bit always shows in the sum, unless the header no longer fits it.
            assert message.checksum_correct is not True or message.length != len(data) - start
        check_shown(message)


@given(st.binary(max_size=120))
def test_any_octets(payload: bytes) -> None:
    check_shown(check(of_payload(payload)))


@given(st.integers(0, 25), st.binary(min_size=2, max_size=120))
def test_any_octets_behind_a_header(mh_type: int, content: bytes) -> None:
    content = content.ljust(-(-(len(content) + 6) // 8) * 8 - 6, b"\0")
    header = bytes((59, (len(content) + 6) // 8 - 1, mh_type, 0, 0, 0))
    check_shown(check(of_payload(header + content)))


@given(
    st.sampled_from([5, 6]),
    st.lists(st.tuples(st.integers(0, 72), st.binary(max_size=24)), max_size=6),
)
def test_any_content_of_options(mh_type: int, contents: list[tuple[int, bytes]]) -> None:
    options = b"".join(bytes((number, len(data))) + data for number, data in contents)
    length = -(-(12 + len(options)) // 8) * 8
    payload = bytes((59, length // 8 - 1, mh_type, 0, 0, 0)) + bytes(6) + options
    message = check(of_payload(payload.ljust(length, b"\0")))
    check_shown(message)


@pytest.mark.parametrize("length", range(6))
def test_a_header_cut_short(length: int) -> None:
    message = decode(of_payload(bytes(length)))
    assert message.defects[0].kind == "header-short"
    assert message.checksum_correct is None


def test_a_header_that_claims_more_than_there_is() -> None:
    message = decode(of_payload(bytes((59, 9, 5, 0, 0, 0)) + bytes(10)))
    (defect,) = (d for d in message.defects if d.layer == "Mobility Header")
    assert (defect.kind, defect.needed, defect.available) == ("header-overrun", 80, 16)
    assert defect.length_field == "Header Len"


def test_octets_behind_the_header_are_not_its_own() -> None:
    first = datagram(packet("V10"))
    behind = datagram(packet("V10") + b"\xff" * 8)
    assert decode(behind).options == decode(first).options
    assert decode(behind).checksum_correct is True
