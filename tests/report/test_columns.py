"""The fields that ``--fields`` and ``--filter`` name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packet_run import SAMPLES, packets_of, written

from pmiptrace.errors import UsageError
from pmiptrace.expression import ExpressionError, Kind
from pmiptrace.model import Frame, Prefix
from pmiptrace.packet.build import ipv6
from pmiptrace.packet.decoder import PacketDecoder
from pmiptrace.packet.numbers import LINK_RAW, MOBILITY_HEADER
from pmiptrace.report.columns import Filter, cell, chosen, columns
from pmiptrace.report.field_lines import FieldLines
from pmiptrace.report.packets import Packet
from pmiptrace.testing import Trace
from pmiptrace.wire.decode import decode
from pmiptrace.wire.options.rfc6089 import BindingReference, FlowIdentification
from pmiptrace.wire.options.rfc6757 import AccessNetworkIdentifier, GeoLocation
from pmiptrace.wire.options.rfc7148 import DelegatedMobileNetworkPrefix

TYPES = {
    Kind.NUMBER: (int, float),
    Kind.FLAG: (bool,),
    Kind.TEXT: (str,),
    Kind.ADDRESS: (bytes, Prefix),
    Kind.TIME: (int,),
}


def check(packet: Packet) -> None:
    """Demand that every field gives what its kind promises, and a text that is harmless."""
    for name, column in columns().items():
        assert column.field.name == name
        for value in column.values(packet):
            assert isinstance(value, TYPES[column.field.kind]), name
            if isinstance(value, bytes):
                assert len(value) in (4, 16)
        assert cell(column, packet, "\t").isprintable()


@pytest.mark.parametrize("name", ["call-flow.pcap", "ipv4-transport.pcap", "handover.pcap"])
def test_all_fields_of_samples(name: str) -> None:
    for packet in packets_of(SAMPLES / name):
        check(packet)


@given(st.integers(0, 24), st.binary(max_size=80))
def test_all_fields_of_any_octets(mh_type: int, content: bytes) -> None:
    header = bytes((59, (len(content) + 6) // 8, mh_type, 0, 0, 0)) + content
    data = ipv6(bytes(15) + b"\1", bytes(15) + b"\2", MOBILITY_HEADER, header)
    frame = Frame(0, 1, None, LINK_RAW, data, len(data))
    (datagram,) = PacketDecoder().decode(frame)
    check(Packet(frame=frame, message=decode(datagram)))  # type: ignore[arg-type]


def values(packets: list[Packet], name: str) -> list[list[object]]:
    return [list(columns()[name].values(packet)) for packet in packets]


def test_fields_of_the_message() -> None:
    found = packets_of(SAMPLES / "bulk-and-overwrite.pcap")[4:6]
    assert values(found, "type") == [["PBU"], ["PBA"]]
    assert values(found, "bid") == [[2], [2]]
    assert values(found, "mag") == [["mag1@example.com"]] * 2
    assert values(found, "event") == [["overwrite"]] * 2
    assert values(found, "finding") == [["RFC8278-4.1-BO-EXCLUSIVE"], []]
    assert values(found, "finding.severity") == [["error"], []]
    assert values(found, "reply_frame") == [[6], []]
    assert values(found, "request_frame") == [[], [5]]
    assert values(found, "rtt_ms")[0] == []
    assert values(found, "rtt_ms")[1] == pytest.approx([10.252])
    assert values(found, "state") == [["refreshing"], ["active", "replaced"]]
    assert values(found, "mag_multipath_binding.bulk")[0] == [True]
    assert values(found, "mag_multipath_binding") == [[True], [True]]
    assert values(found, "binding_update.proxy") == [[True], []]
    assert values(found, "binding_acknowledgement.status") == [[], [0]]


def test_fields_of_sub_options(tmp_path: Path) -> None:
    trace = Trace()
    place = GeoLocation(latitude=32768, longitude=-32768)
    trace.pbu(
        trace.mag().path("2001:db8:a::1"),
        also=[
            AccessNetworkIdentifier(sub_options=(place,)),
            FlowIdentification(
                fid=1, priority=2, sub_options=(BindingReference(bids=b"\0\1\0\2"),)
            ),
        ],
    )
    found = packets_of(written(tmp_path / "x.pcap", trace.frames))
    assert values(found, "geo_location.longitude") == [[-32768]]
    assert values(found, "binding_reference.bids") == [["1, 2"]]
    assert values(found, "geo_location") == [[True]]


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("status == 0", [2, 4, 6, 8]),
        ('type == PBU and mobile_node contains "example"', [1, 3, 5, 7]),
        ("finding like *BO-EXCLUSIVE", [5]),
        ("mag_multipath_binding.bulk", [5, 6]),
        ("care_of_address in 2001:db8:b::/48 and type == PBA", [4, 6, 8]),
        ("if_att == 'IEEE 802.11a/b/g' and bid == 2 and not status == 0", [3, 5, 7]),
        ("rtt_ms > 20ms", [2]),
        ("event in {overwrite, refresh} and source == 2001:db8:f::1", [6, 8]),
        ("time < 2023-11-14T22:13:21Z", [1, 2]),
        ("lifetime > 1h", []),
        ("mag_identifier", [1, 3, 5, 7]),
        ("home_network_prefix.home_network_prefix == ::", [1]),
        ("prefix in 2001:db8:100::/40 and frame > 6", [7, 8]),
    ],
)
def test_filters(text: str, frames: list[int]) -> None:
    found = packets_of(SAMPLES / "bulk-and-overwrite.pcap")
    wanted = Filter(text)
    assert [packet.frame.number for packet in found if wanted.accepts(packet)] == frames


def test_a_filter_names_a_field_by_its_option() -> None:
    with pytest.raises(ExpressionError, match=r"did you mean mag_multipath_binding\.overwrite"):
        Filter("overwrite")


def test_an_option_does_not_take_the_name_of_a_field() -> None:
    for name in ("handoff_indicator", "ipv4_home_address", "bid", "status", "mag", "lma"):
        assert columns()[name].group == ""
    found = packets_of(SAMPLES / "call-flow.pcap")[:1]
    assert values(found, "handoff_indicator") == values(found, "handoff_indicator.indicator")


def test_unknown_columns() -> None:
    assert [c.field.name for c in chosen("frame, BID")] == ["frame", "bid"]
    with pytest.raises(UsageError, match="there is no field 'fram'; did you mean frame"):
        chosen("fram")
    with pytest.raises(UsageError, match="there is no field"):
        chosen("")


class Octets(list[bytes]):
    def write(self, octets: bytes) -> None:
        self.append(octets)


def test_what_comes_from_the_capture_cannot_break_a_line(tmp_path: Path) -> None:
    trace = Trace()
    trace.pbu(trace.mag().path("2001:db8:a::1"), "a\tb,c\n\x1b[2J;@x")
    (packet,) = packets_of(written(tmp_path / "x.pcap", trace.frames))

    def line(names: str, separator: str) -> bytes:
        stream = Octets()
        FieldLines(stream, chosen(names), separator=separator).packet(packet)  # type: ignore[arg-type]
        return b"".join(stream)

    assert line("frame,mobile_node", "\t") == b"1\ta\\tb,c\\n\\x1b[2J;@x\n"
    assert line("mobile_node,frame", ",") == b"a\\tb\\x2cc\\n\\x1b[2J;@x,1\n"
    assert line("flags,frame", ",") == b"A;P,1\n"
    assert line("flags,frame", "|") == b"A,P|1\n"


def test_an_address_that_is_none_has_no_value(tmp_path: Path) -> None:
    trace = Trace()
    option = DelegatedMobileNetworkPrefix(prefix_length=64, delegated_prefix=b"\x20\x01\x0d")
    trace.pbu(trace.mag().path("2001:db8:a::1"), also=[option])
    (packet,) = packets_of(written(tmp_path / "x.pcap", trace.frames))
    name = "delegated_mobile_network_prefix.delegated_prefix"
    assert values([packet], name) == [[]]
    assert not Filter(f"{name} in ::/0").accepts(packet)
