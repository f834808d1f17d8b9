"""What a finding says: who, where, on what ground, and how sure that is."""

from __future__ import annotations

from msgspec.structs import replace
from rule_stage import judge, of_rule, one, steps

from pmiptrace.model import Party, Severity, Span, Status
from pmiptrace.rules.engine import Engine
from pmiptrace.rules.examples.acts import mmb, pba, pbu, registered, then
from pmiptrace.rules.examples.stage import Stage, unknown
from pmiptrace.testing import nai
from pmiptrace.wire.options.rfc6275 import BindingRefreshAdvice

O_DEREG = "RFC8278-4.1-O-DEREG"
ECHOED = {
    "RFC8278-4.1-BID-RANGE",
    "RFC8278-4.1-BO-EXCLUSIVE",
    "RFC8278-4.1-MMB-RESERVED",
    "RFC8278-4.1-IFATT-RANGE",
}


def test_a_finding_says_who_where_and_on_what_ground() -> None:
    finding = one(then(registered, pbu(lifetime=0, overwrite=True)), O_DEREG)
    assert finding.severity is Severity.ERROR
    assert finding.keyword == "MUST"
    assert finding.reference == "RFC 8278 section 4.1"
    assert finding.confidence == "packet"
    stage = Stage()
    assert finding.party == Party("MAG", stage.lte.address, nai("mag1@example.com"))
    assert finding.lma == stage.lma
    assert finding.mobile_node == nai("mn1@example.com")
    assert finding.bid == 1
    assert finding.moment.frame == 3
    assert finding.session is not None
    assert finding.exchange is not None
    assert finding.field == "MAG Multipath Binding: O"
    assert "BID 1" in finding.message


def test_span_holds_the_octet_of_the_field() -> None:
    stage = Stage()
    finding = one(
        lambda s: (registered(s), s.pbu(s.lte, lifetime=0, overwrite=True), stage_to(s, stage)),
        O_DEREG,
    )
    span = finding.span
    assert span is not None
    frame = stage.frames[2].data
    start = frame.index(bytes((63, 6, 8, 11, 1, 0x40)))
    assert span == Span(start + 5, 1, "MAG Multipath Binding: O")


def stage_to(source: Stage, target: Stage) -> None:
    target.frames = source.frames


def test_span_of_a_whole_option_of_a_header_field_and_of_a_body_field() -> None:
    missing = one(pbu(without=[64]), "RFC8278-4.4-MAGID-REQUIRED")
    assert missing.span is not None
    assert missing.span.length == 8
    reserved = one(then(pbu(), lambda s: s.set(3, 9)), "RFC6275-6.1.1-RESERVED")
    assert reserved.span == Span(43, 1, "Mobility Header: Reserved")
    lifetime = one(then(pbu(lifetime=300), pba(lifetime=600)), "RFC6275-10.3.1-LIFETIME-MAX")
    assert lifetime.span == Span(50, 2, "PBA: Lifetime")


def test_span_of_a_length_field_and_of_an_unknown_option() -> None:
    short = one(pbu(without=[63], also=[unknown(63, 8, 11)]), "RFC8278-4.1-MMB-LENGTH")
    assert short.span is not None
    assert short.span.length == 1
    assert short.field == "MAG Multipath Binding: Length"
    strange = one(pbu(also=[unknown(200, 1, 2, 3)]), "PM-UNKNOWN-OPTION")
    assert strange.span is not None
    assert strange.span.length == 5
    assert strange.field == "Option 200"


def test_a_reassembled_message_has_no_span() -> None:
    finding = one(
        then(pbu(bulk=True, overwrite=True), lambda s: s.carried(offset=None)),
        "RFC8278-4.1-BO-EXCLUSIVE",
    )
    assert finding.span is None
    assert finding.field == "MAG Multipath Binding: O"


def test_the_request_is_evidence_for_a_finding_on_its_answer() -> None:
    finding = one(then(pbu(lifetime=300), pba(lifetime=600)), "RFC6275-10.3.1-LIFETIME-MAX")
    assert finding.moment.frame == 2
    assert [moment.frame for moment in finding.evidence] == [1]
    assert finding.party == Party("LMA", Stage().lma)


def test_refresh_advice_for_a_deregistration_rests_on_the_exchange() -> None:
    advice = BindingRefreshAdvice(refresh_interval=1)
    finding = one(then(registered, pbu(lifetime=0), pba(also=[advice])), "RFC6275-6.2.4-BRA")
    assert finding.confidence == "exchange"
    assert "de-registration" in finding.message
    assert finding.evidence


# -------------------------------------------------------------------------------------------- doubt


def test_a_peer_that_speaks_a_dialect_is_not_accused() -> None:
    def play(s: Stage) -> None:
        s.speaks(s.lte.address, "draft-07")
        s.pbu(s.lte, bulk=True, overwrite=True)
        s.wait(5)
        s.pbu(s.lte)

    findings = judge(play)
    (finding,) = of_rule(findings, "RFC8278-4.1-BO-EXCLUSIVE")
    assert finding.status is Status.INCONCLUSIVE
    assert finding.why_inconclusive == "the peer speaks dialect draft-07"
    (remark,) = of_rule(findings, "PM-DIALECT")
    assert (remark.status, remark.severity) == (Status.NOTE, Severity.WARNING)


def test_an_answer_to_a_peer_that_speaks_a_dialect_is_doubted() -> None:
    def play(s: Stage) -> None:
        s.speaks(s.lte.address, "draft-07")
        s.pbu(s.lte, lifetime=300)
        s.wait(0.1)
        s.pba(lifetime=600)

    assert one(play, "RFC6275-10.3.1-LIFETIME-MAX").status is Status.INCONCLUSIVE


def test_an_answer_paired_by_elimination_is_doubted() -> None:
    stage = Stage()
    stage.pbu(stage.lte, lifetime=300)
    stage.wait(0.1)
    stage.pba(lifetime=600)
    engine = Engine()
    findings = []
    for step in steps(stage):
        if step.exchange is not None and step.exchange.reply is not None:
            step = replace(step, exchange=replace(step.exchange, certain=False))
        findings += engine.evaluate(step)
    (finding,) = of_rule(findings, "RFC6275-10.3.1-LIFETIME-MAX")
    assert finding.status is Status.INCONCLUSIVE


def test_an_lma_is_not_blamed_for_what_it_echoes() -> None:
    bad = mmb(bid=0, if_att=0, bulk=True, overwrite=True, reserved=1)
    findings = judge(then(pbu(replacing=[bad]), pba()))
    about_octets = [f for f in findings if f.rule in ECHOED]
    assert sorted(f.rule for f in about_octets) == sorted(ECHOED)
    assert {f.occurrences for f in about_octets} == {1}
    assert {f.party.role for f in about_octets} == {"MAG"}


def test_an_echo_whose_request_is_unknown_accuses_nobody() -> None:
    finding = one(
        then(pbu(replacing=[mmb(bid=0)]), lambda s: s.unseen_last(), pba()),
        "RFC8278-4.1-BID-RANGE",
    )
    assert finding.status is Status.INCONCLUSIVE
    assert finding.party == Party("unknown")
