import msgspec
import pytest
from json_factory import (
    HOSTILE,
    LMA_ADDRESS,
    MAG_ADDRESS,
    binding,
    exchange,
    finding,
    messages,
    report,
    session,
)
from msgspec.structs import replace

from pmiptrace.address import address_octets
from pmiptrace.errors import CaptureError
from pmiptrace.model import Identifier, Moment, Party, Report, Status, Suppression
from pmiptrace.report.as_document import (
    capture_document,
    exchange_document,
    finding_document,
    message_document,
    report_document,
    session_document,
    with_unopened,
)
from pmiptrace.report.escaping import clean, path_text
from pmiptrace.report.fingerprint import fingerprint
from pmiptrace.testing import START, Trace, nai

CONTRACT = {
    "": "schema_version tool captures summary messages_by_type baseline rules sessions"
    " exchanges findings",
    "captures": "path format packets messages duplicates first_time last_time clock_offset_ms"
    " dialect truncated problems",
    "captures/problems": "kind offset frame message",
    "summary": "messages exchanges sessions bindings findings each interrupted",
    "summary/findings": "error warning info inconclusive note suppressed",
    "rules": "rule judged passed failed inconclusive state",
    "sessions": "id lma mobile_node prefixes ipv4_home_address mode partial partial_reason"
    " bindings",
    "sessions/bindings": "bid mag care_of_address interface_label interface_att"
    " access_technology state lifetime_s granted_at expires_at ended_at history",
    "sessions/bindings/mag": "identifier addresses",
    "sessions/bindings/history": "time capture frame event from to",
    "exchanges": "id session kind mobile_node lma mag care_of_address transport bid sequence"
    " handoff_indicator access_technology multipath requested_lifetime_s granted_lifetime_s"
    " request retransmissions reply status rtt_ms",
    "exchanges/multipath": "if_att label bid bulk overwrite",
    "exchanges/request": "capture frame time",
    "exchanges/retransmissions": "capture frame time",
    "exchanges/status": "code name",
    "findings": "rule severity status why_inconclusive confidence party capture frame frames time"
    " occurrences session exchange lma mobile_node bid span message keyword reference"
    " fingerprint suppression",
    "findings/party": "role address identifier",
    "findings/frames": "capture frame",
    "findings/span": "offset length field",
}
"""The published fields in their order; changing one is a new schema version."""


def plain(value: object) -> dict:
    return msgspec.json.decode(msgspec.json.encode(value))


@pytest.mark.parametrize("place", CONTRACT)
def test_the_published_fields_are_all_there_and_no_others(place: str) -> None:
    value = plain(report_document(report()))
    for name in filter(None, place.split("/")):
        value = value[name]
        if isinstance(value, list):
            value = value[0]
    assert list(value) == CONTRACT[place].split()


def test_an_exchange_shows_its_request_its_retransmissions_and_its_reply() -> None:
    shown = plain(exchange_document(exchange(), report().mags))
    assert shown["mobile_node"] == "mn1@example.com"
    assert shown["mag"] == {"identifier": "mag1@example.com", "addresses": ["2001:db8:a::1"]}
    assert shown["lma"] == "2001:db8:f::1"
    assert shown["care_of_address"] == "2001:db8:a::1"
    assert shown["transport"] == "ipv6"
    assert shown["sequence"] == 1
    assert shown["multipath"] == {
        "if_att": 8, "label": 11, "bid": 7, "bulk": True, "overwrite": True,
    }  # fmt: skip
    assert (shown["requested_lifetime_s"], shown["granted_lifetime_s"]) == (3600, 3600)
    assert shown["request"] == {"capture": 0, "frame": 1, "time": "2023-11-14T22:13:20.000000000Z"}
    assert [again["frame"] for again in shown["retransmissions"]] == [2]
    assert shown["reply"]["time"] == "2023-11-14T22:13:21.050000000Z"
    assert shown["status"] == {"code": 0, "name": "Binding Update accepted"}
    assert shown["rtt_ms"] == 50.0


def test_a_reply_alone_shows_what_it_echoes() -> None:
    alone = replace(exchange(), request=None, answered=None, attempts=())
    shown = plain(exchange_document(alone, {}))
    assert (shown["request"], shown["rtt_ms"], shown["requested_lifetime_s"]) == (None, None, None)
    assert (shown["sequence"], shown["bid"]) == (1, 7)
    assert shown["care_of_address"] == "2001:db8:a::1"
    assert shown["mag"] == {"identifier": None, "addresses": []}


def test_a_rejection_grants_nothing() -> None:
    trace = Trace()
    request = trace.pbu(trace.mag().path("2001:db8:a::1", bid=1))
    trace.pba(request, status=180)
    asked, reply = trace.messages()
    shown = exchange_document(replace(exchange(), request=asked, reply=reply), {})
    assert shown.granted_lifetime_s is None
    assert shown.status is not None
    assert (shown.status.code, shown.status.name) == (180, "CANNOT_SUPPORT_MULTIPATH_BINDING")


def test_an_unassigned_status_is_named_so() -> None:
    trace = Trace()
    trace.pba(trace.pbu(trace.mag().path("2001:db8:a::1")), status=250)
    shown = exchange_document(replace(exchange(), reply=list(trace.messages())[1]), {})
    assert shown.status is not None
    assert shown.status.name == "Unassigned"


def test_a_round_trip_against_the_clock_is_unknown() -> None:
    request, _, reply = messages()
    early = replace(reply, datagram=replace(reply.datagram, frame=replace(reply.frame, time=1)))
    shown = exchange_document(replace(exchange(), answered=request, reply=early), {})
    assert shown.rtt_ms is None


@pytest.mark.parametrize(
    ("address", "lma", "transport"),
    [("2001:db8:a::1", "2001:db8:f::1", "ipv6"), ("192.0.2.1", "198.51.100.1", "udp4")],
)
def test_the_transport_is_that_of_the_packet(address: str, lma: str, transport: str) -> None:
    trace = Trace(lma=lma)
    trace.pbu(trace.mag().path(address, bid=1))
    (request,) = trace.messages()
    shown = exchange_document(replace(exchange(), request=request, reply=None), {})
    assert (shown.transport, shown.care_of_address) == (transport, address)


def test_a_binding_that_is_gone_was_deregistered() -> None:
    (shown,) = session_document(replace(session(), bindings=(binding(),)), {}).bindings
    assert shown.state == "deregistered"
    assert [(step.before, step.after) for step in shown.history] == [
        ("none", "pending"), ("deregistered", "none"),
    ]  # fmt: skip


def test_the_frames_of_a_finding_are_listed_once_and_in_order() -> None:
    shown = finding_document(finding())
    assert shown.frame == 2
    assert [(place.capture, place.frame) for place in shown.frames] == [(0, 1), (0, 2)]


def test_a_finding_about_the_clock_is_placed_at_its_evidence() -> None:
    clock = finding(moment=Moment(0, None, START), evidence=(Moment(1, 9, START),))
    shown = finding_document(clock)
    assert (shown.capture, shown.frame) == (1, 9)
    assert finding_document(replace(clock, evidence=())).frame is None


def test_the_fingerprint_survives_another_capture_of_the_same_fault() -> None:
    elsewhere = finding(
        moment=Moment(3, 77, START + 5),
        evidence=(),
        exchange=900,
        session=12,
        occurrences=3,
        message="B=1 and O=1, sequence number 99",
        party=Party("MAG", address_octets("2001:db8:b::1"), nai("mag1@example.com")),
    )
    assert fingerprint(elsewhere) == fingerprint(finding())


@pytest.mark.parametrize(
    "other",
    [
        finding(rule="RFC8278-4.1-O-DEREG"),
        finding(party=Party("LMA", MAG_ADDRESS, nai("mag1@example.com"))),
        finding(party=Party("MAG", MAG_ADDRESS, nai("mag2@example.com"))),
        finding(mobile_node=nai("mn2@example.com")),
        finding(field="O"),
    ],
)
def test_another_fault_has_another_fingerprint(other: object) -> None:
    assert fingerprint(other) != fingerprint(finding())


def test_an_lma_is_told_by_its_address() -> None:
    one, two = (finding(party=Party("LMA", a)) for a in (MAG_ADDRESS, LMA_ADDRESS))
    assert fingerprint(one) != fingerprint(two)


def test_the_summary_counts_failures_by_severity_and_the_rest_apart() -> None:
    summary = plain(report_document(report()))["summary"]
    assert summary["findings"] == {
        "error": 1, "warning": 0, "info": 0, "inconclusive": 1, "note": 1, "suppressed": 0,
    }  # fmt: skip
    assert (summary["messages"], summary["sessions"], summary["bindings"]) == (3, 1, 1)


def test_a_suppressed_finding_says_why_and_is_counted_as_nothing_else() -> None:
    whole = report()
    known = Suppression(by="ignore", reason="fixed in 2.1\x1b[31m", expires="2027-01-31")
    first, *others = whole.findings
    shown = plain(
        report_document(replace(whole, findings=(replace(first, suppression=known), *others)))
    )
    assert shown["findings"][0]["suppression"] == {
        "by": "ignore", "reason": r"fixed in 2.1\x1b[31m", "expires": "2027-01-31",
    }  # fmt: skip
    assert [finding["suppression"] for finding in shown["findings"][1:]] == [None, None]
    assert shown["summary"]["findings"] == {
        "error": 0, "warning": 0, "info": 0, "inconclusive": 1, "note": 1, "suppressed": 1,
    }  # fmt: skip
    assert fingerprint(replace(first, suppression=known)) == fingerprint(first)


def test_a_message_shows_its_flags_and_options_by_name() -> None:
    request, _, reply = messages()
    shown = message_document(request)
    assert (shown.kind, shown.mh_type, shown.name) == ("PBU", 5, "Binding Update")
    assert shown.flags == ("A", "P")
    assert (shown.sequence, shown.lifetime_s, shown.status) == (1, 3600, None)
    names = [option["name"] for option in shown.options if option["number"] > 1]
    assert names[0] == "Mobile Node Identifier"
    assert names[-2:] == ["MAG Multipath Binding", "MAG Identifier"]
    assert message_document(reply).status is not None
    assert shown.checksum_correct is True


def test_a_capture_that_could_not_be_opened_is_listed_with_its_reason() -> None:
    added = with_unopened(Report(), [CaptureError("none.pcap", "no such file")])
    (info,) = map(capture_document, added.captures)
    assert (info.path, info.format, info.packets) == ("none.pcap", None, 0)
    assert info.problems[0].message == "no such file"


def test_names_and_texts_never_carry_control_characters() -> None:
    hostile = finding(
        mobile_node=HOSTILE,
        message=f"\x1b]0;{HOSTILE.octets!r}\n\u202e\udcff",
        status=Status.FAIL,
    )
    text = msgspec.json.encode(finding_document(hostile)).decode()
    assert text.isprintable()
    assert r"\\x1b[31mred\\n\\xff" in text
    assert clean("a\nb\u202e") == r"a\nb\u202e"
    assert path_text("caf\udce9\n.pcap") == r"caf\xe9\n.pcap"
    assert (
        str(Identifier(2, b"\1\2"))
        in msgspec.json.encode(
            finding_document(finding(mobile_node=Identifier(2, b"\1\2")))
        ).decode()
    )
