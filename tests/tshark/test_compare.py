"""Messages held against what a tshark could show, written by hand: each kind of difference."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from msgspec.structs import replace

from pmiptrace.model import Message
from pmiptrace.testing import Trace
from pmiptrace.tshark.compare import Comparison, Difference, Kind
from pmiptrace.tshark.pdml import Field, Header
from pmiptrace.wire.decode import decode


@pytest.fixture
def pba() -> Message:
    """A PBA: Status in octet 6, K flag in bit 56, Sequence Number in octet 8, an NAI at 12."""
    trace = Trace()
    mag = trace.mag("mag1@example.com")
    trace.pbu(mag.path("2001:db8:a::1", bid=1), sequence=77)
    trace.pba(status=180)
    return list(trace.messages())[1]


def shown(
    name: str, octet: int, octets: int, show: str, label: str = "", *, value: bytes = b"", inside=0
) -> Field:
    return Field(name, octet * 8, octets * 8, show, label or f"Field: {show}", value, inside * 8)


def compare(message: Message, *fields: Field, is_malformed: bool = False) -> list[Difference]:
    return list(Comparison().compare(message, Header(1, fields, is_malformed)))


def kinds(differences: Iterable[Difference]) -> list[Kind]:
    return [difference.kind for difference in differences]


STATUS = shown("mip6.ba.status", 6, 1, "180", "Status: Unknown (180)")
SEQUENCE = shown("mip6.ba.seqnr", 8, 2, "77")
FLAG = Field("mip6.ba.p_flag", 7 * 8 + 2, 1, "1", "Proxy (P) flag: set", b"\x20", 0)
IDENTIFIER = shown("mip6.mnid.identifier", 15, 15, "mn1@example.com", value=b"mn1@example.com")
SUBTYPE = shown("mip6.mnid.subtype", 14, 1, "1", "Subtype: NAI (1)", inside=12)
OPTION = shown("mip6.options.mnid", 12, 18, "08:10", inside=6)


def test_what_agrees_is_no_difference(pba: Message) -> None:
    comparison = Comparison()
    fields = (SEQUENCE, FLAG, OPTION, IDENTIFIER)
    assert not list(comparison.compare(pba, Header(1, fields, False)))
    assert (comparison.messages, comparison.fields) == (1, 4)


@pytest.mark.parametrize(
    ("field", "kind", "ours"),
    [
        (shown("mip6.ba.seqnr", 8, 2, "78"), Kind.VALUE, "binding_acknowledgement.sequence"),
        (shown("mip6.ba.seqnr", 10, 2, "77"), Kind.PLACE, "binding_acknowledgement.lifetime"),
        (shown("mip6.ba.seqnr", 8, 1, "0"), Kind.PLACE, "binding_acknowledgement.sequence"),
        (shown("mip6.bu.seqnr", 8, 2, "77"), Kind.PLACE, "binding_acknowledgement.sequence"),
        (
            shown("mip6.mnid.identifier", 15, 14, "mn1@example.co"),
            Kind.PLACE,
            "mn_identifier.identifier",
        ),
        (shown("mip6.mnid.identifier", 900, 2, "mn"), Kind.PLACE, ""),
        (shown("mip6.options.mnid", 12, 20, "08:10"), Kind.PLACE, "mn_identifier.type"),
        (shown("mip6.options.hnp", 12, 18, "08:10"), Kind.PLACE, "mn_identifier.type"),
        (STATUS, Kind.UNNAMED, "binding_acknowledgement.status"),
        (
            shown("mip6.ba.status", 6, 1, "180", "Status: Accepted (180)"),
            Kind.MEANING,
            "binding_acknowledgement.status",
        ),
        (
            shown("mip6.opt.len.invalid", -5, 0, "", "MN Identifier: length", inside=12),
            Kind.BROKEN,
            "mn_identifier.type",
        ),
    ],
)
def test_difference(pba: Message, field: Field, kind: Kind, ours: str) -> None:
    (found,) = compare(pba, field)
    assert (found.kind, found.ours, found.frame) == (kind, ours, 2)


def test_code_that_only_tshark_knows() -> None:
    trace = Trace()
    trace.pbu(trace.mag("mag1@example.com").path("2001:db8:a::1"))
    trace.pba(status=250)
    message = list(trace.messages())[1]
    field = shown("mip6.ba.status", 6, 1, "250", "Status: Something (250)")
    assert kinds(compare(message, field)) == [Kind.UNLISTED]
    assert not compare(message, shown("mip6.ba.status", 6, 1, "250", "Status: Unknown (250)"))


def test_malformed_is_told_with_the_option_that_tshark_was_reading(pba: Message) -> None:
    (found,) = compare(pba, SEQUENCE, SUBTYPE, is_malformed=True)
    assert (found.kind, found.ours) == (Kind.BROKEN, "mn_identifier.type")


def test_what_is_broken_here_too_is_left_out() -> None:
    trace = Trace()
    path = trace.mag("mag1@example.com").path("2001:db8:a::1")
    trace.pbu(path)
    (message,) = trace.messages()
    octets = bytearray(message.datagram.payload)
    octets[13] = 200  # the Length of the first option
    broken = decode(replace(message.datagram, payload=bytes(octets)))
    comparison = Comparison()
    fields = (IDENTIFIER, shown("mip6.opt.len.invalid", -5, 0, "", inside=12))
    assert not list(comparison.compare(broken, Header(1, fields, True)))
    assert comparison.broken == 1


def test_fields_that_nobody_knows_are_named(pba: Message) -> None:
    comparison = Comparison()
    fields = (shown("mip6.from_the_future", 8, 2, "77"), shown("frame.number", 0, 1, "1"))
    assert not list(comparison.compare(pba, Header(1, fields, False)))
    assert comparison.unknown == {"mip6.from_the_future"}
