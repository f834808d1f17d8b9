"""What the engine makes of verdicts: findings, their party and place, and what it holds back."""

import traceback
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from rule_stage import judge, of_rule, steps

from pmiptrace.model import (
    Defect,
    Exchange,
    ExchangeKind,
    Finding,
    Frame,
    Moment,
    Party,
    RuleCount,
    RuleState,
    Severity,
    Span,
    Status,
    Step,
    Undecoded,
)
from pmiptrace.rules.catalogue import catalogue
from pmiptrace.rules.engine import Engine
from pmiptrace.rules.examples.acts import mmb, pba, pbu, registered, then
from pmiptrace.rules.examples.rfc6275 import good_then_bad
from pmiptrace.rules.examples.stage import Play, Stage, unknown
from pmiptrace.rules.rule import (
    ANY,
    PASS,
    Check,
    Need,
    Rule,
    RuleOptions,
    Shape,
    Verdict,
    fail,
    inconclusive,
)
from pmiptrace.settings import SETTINGS
from pmiptrace.testing import nai
from pmiptrace.wire.options.rfc6275 import BindingRefreshAdvice

O_DEREG = "RFC8278-4.1-O-DEREG"
CHECKSUM = "RFC6275-9.2-CHECKSUM"
ECHOED = {
    "RFC8278-4.1-BID-RANGE",
    "RFC8278-4.1-BO-EXCLUSIVE",
    "RFC8278-4.1-MMB-RESERVED",
    "RFC8278-4.1-IFATT-RANGE",
}
OFFLOAD = "PM-OFFLOAD-CHECKSUM"


def one(play: Play, rule: str) -> Finding:
    (finding,) = of_rule(judge(play), rule)
    return finding


def made(rule: str, check: Check, on: str = ANY, **parts: object) -> Rule:
    declared: dict[str, object] = {
        "on": frozenset({on}),
        "options": frozenset(),
        "unless": frozenset(),
        "repeated": False,
        "given": None,
        "configured": None,
        "once": None,
    }
    return Rule(rule, check, **{**declared, **parts})  # type: ignore[arg-type]


def run(engine: Engine, *plays: Play) -> list[Finding]:
    stage = Stage()
    for play in plays:
        play(stage)
    return [f for step in steps(stage) for f in engine.evaluate(step)] + engine.finish()


# ---------------------------------------------------------------------------- a conforming trace


def test_a_conforming_trace_has_no_finding() -> None:
    def life(s: Stage) -> None:
        s.register(s.lte)
        s.wait(5)
        s.register(s.wlan)
        s.wait(300)
        s.register(s.lte, bulk=True)
        s.wait(300)
        s.deregister(s.wlan)
        s.wait(1)
        s.deregister(s.lte)

    assert [f for f in judge(life) if not f.rule.startswith("PM-")] == []


# -------------------------------------------------------------------------------------- findings


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


# ------------------------------------------------------------------------ one per transaction


def test_a_repeated_bad_request_is_one_finding() -> None:
    def attempts(s: Stage) -> None:
        for _ in range(3):
            s.pbu(s.lte, bulk=True, overwrite=True)
            s.wait(1)

    finding = one(attempts, "RFC8278-4.1-BO-EXCLUSIVE")
    assert finding.occurrences == 3
    assert finding.moment.frame == 1
    assert [moment.frame for moment in finding.evidence] == [2, 3]


def test_findings_wait_for_the_exchange_to_close() -> None:
    stage = Stage()
    stage.pbu(stage.lte, bulk=True, overwrite=True)
    stage.wait(0.1)
    stage.pba()
    engine = Engine()
    found = [
        [f.rule for f in engine.evaluate(step) if f.rule == "RFC8278-4.1-BO-EXCLUSIVE"]
        for step in steps(stage)
    ]
    assert found == [[], ["RFC8278-4.1-BO-EXCLUSIVE"]]
    assert of_rule(engine.finish(), "RFC8278-4.1-BO-EXCLUSIVE") == []


def test_a_second_equal_answer_adds_no_finding() -> None:
    def twice(s: Stage) -> None:
        request = s.pbu(s.lte, lifetime=300)
        s.wait(0.02)
        s.pba(request, lifetime=600)
        s.wait(0.5)
        s.pba(request, lifetime=600)

    assert one(twice, "RFC6275-10.3.1-LIFETIME-MAX").occurrences == 1


def test_a_proven_finding_takes_the_place_of_a_suspicion() -> None:
    verdicts = iter(
        [inconclusive("first", "nothing known"), fail("second"), inconclusive("third", "?")]
    )
    engine = Engine(rules=[made(O_DEREG, lambda step: next(verdicts))])

    def attempts(s: Stage) -> None:
        for _ in range(3):
            s.pbu(s.lte)
            s.wait(1)

    (finding,) = run(engine, attempts)
    assert (finding.status, finding.message) == (Status.FAIL, "second")
    assert finding.occurrences == 3
    assert [moment.frame for moment in finding.evidence] == [1, 3]


def test_a_verdict_may_be_about_another_exchange() -> None:
    def check(step: Step) -> Verdict | None:
        return fail("about the first", exchange=1) if step.moment.frame == 3 else PASS

    (finding,) = run(Engine(rules=[made(O_DEREG, check, on="PBU")]), registered, pbu())
    assert finding.exchange == 1


def test_open_exchanges_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pmiptrace.rules.engine._MAX_OPEN_EXCHANGES", 2)
    engine = Engine(rules=[made(O_DEREG, lambda step: fail("bad"), on="PBU")])
    stage = Stage()
    for number in range(4):
        stage.pbu(stage.plain, f"mn{number}@example.com")
    early = [f.moment.frame for step in steps(stage) for f in engine.evaluate(step)]
    assert early == [1, 2]
    assert [f.moment.frame for f in engine.finish()] == [3, 4]


# --------------------------------------------------------------------------- doubt and failure


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


def test_a_crash_of_a_rule_names_the_rule_and_the_run_goes_on() -> None:
    def crash(step: Step) -> Verdict | None:
        raise KeyError("boom")

    rules = [made(O_DEREG, crash), made("RFC8278-4.1-B-DEREG", lambda step: fail("bad"))]
    engine = Engine(rules=rules)
    crashed, failed = run(engine, lambda s: s.pbu(s.lte))
    assert (crashed.rule, crashed.status) == (O_DEREG, Status.NOTE)
    assert "crashed" in crashed.message
    assert "boom" in crashed.message
    assert failed.rule == "RFC8278-4.1-B-DEREG"
    assert engine.counts()[0].judged == 0


def test_a_crash_on_an_event_is_no_judgement() -> None:
    def crash(step: Step) -> Verdict | None:
        raise ValueError("boom")

    engine = Engine(rules=[made("RFC6275-10.3.1-SEQ-COPY", crash, on="event")])
    stage = Stage()
    stage.pbu(stage.lte)
    step = next(steps(stage))
    engine.evaluate(replace(step, events=("RFC6275-10.3.1-SEQ-COPY",)))
    (count,) = engine.counts()
    assert (count.judged, count.passed) == (0, 0)


def test_a_duplicate_is_counted_and_not_judged() -> None:
    def play(s: Stage) -> None:
        s.pbu(s.lte, bulk=True, overwrite=True)
        s.wait(0.001)
        s.again(s.sent[-1])

    findings = judge(play)
    assert one(play, "RFC8278-4.1-BO-EXCLUSIVE").occurrences == 1
    assert [f.moment.frame for f in of_rule(findings, "PM-DUP-CAPTURE")] == [2]


def test_an_lma_is_not_blamed_for_what_it_echoes() -> None:
    bad = mmb(bid=0, if_att=0, bulk=True, overwrite=True, reserved=1)
    findings = judge(then(pbu(replacing=[bad]), pba()))
    about_octets = [f for f in findings if f.rule in ECHOED]
    assert sorted(f.rule for f in about_octets) == sorted(ECHOED)
    assert {f.occurrences for f in about_octets} == {1}
    assert {f.party.role for f in about_octets} == {"MAG"}


def test_both_peers_are_accused_where_each_broke_the_rule_in_its_own_way() -> None:
    findings = of_rule(
        judge(then(pbu(replacing=[mmb(reserved=1)]), pba(replacing=[mmb(reserved=2)]))),
        "RFC8278-4.1-MMB-RESERVED",
    )
    assert [(f.party.role, f.occurrences) for f in findings] == [("MAG", 1), ("LMA", 1)]


def test_refresh_advice_for_a_deregistration_rests_on_the_exchange() -> None:
    advice = BindingRefreshAdvice(refresh_interval=1)
    finding = one(then(registered, pbu(lifetime=0), pba(also=[advice])), "RFC6275-6.2.4-BRA")
    assert finding.confidence == "exchange"
    assert "de-registration" in finding.message
    assert finding.evidence


def test_an_echo_whose_request_is_unknown_accuses_nobody() -> None:
    finding = one(
        then(pbu(replacing=[mmb(bid=0)]), lambda s: s.unseen_last(), pba()),
        "RFC8278-4.1-BID-RANGE",
    )
    assert finding.status is Status.INCONCLUSIVE
    assert finding.party == Party("unknown")


def test_a_cut_frame_yields_a_remark_and_nothing_on_its_length_or_options() -> None:
    for octets in range(0, 100, 7):
        rules = {f.rule for f in judge(then(pbu(), lambda s, n=octets: s.cut(n)))}
        assert rules == {"PM-TRUNCATED", "PM-CLEARTEXT"}, octets


# ------------------------------------------------------------------------------------ checksums


def test_wrong_checksums_are_held_until_the_host_sends_a_right_one() -> None:
    stage = Stage()
    stage.pbu(stage.lte)
    stage.flip()
    stage.wait(40)
    stage.pbu(stage.lte, "mn2@example.com")
    engine = Engine()
    found = [
        (step.moment.frame, f.moment.frame)
        for step in steps(stage)
        for f in of_rule(engine.evaluate(step), CHECKSUM)
    ]
    assert found == [(2, 1)]
    assert of_rule(engine.finish(), CHECKSUM) == []


def test_offload_is_one_remark_however_many_messages() -> None:
    def play(s: Stage) -> None:
        for number in range(5):
            request = s.pbu(s.lte, f"mn{number}@example.com")
            s.flip()
            s.wait(0.02)
            s.pba(request)
            s.wait(3)

    engine = Engine()
    findings = run(engine, play)
    (remark,) = of_rule(findings, OFFLOAD)
    assert remark.occurrences == 5
    assert remark.moment.frame == 1
    assert [moment.frame for moment in remark.evidence] == [3, 5, 7, 9]
    assert of_rule(findings, CHECKSUM) == []
    (count,) = (c for c in engine.counts() if c.rule == CHECKSUM)
    assert (count.judged, count.passed, count.failed) == (5, 5, 0)


def test_a_run_after_another_is_judged_without_a_memory_of_it() -> None:
    def right(s: Stage) -> None:
        s.pba(s.pbu(s.lte))

    def offloaded(s: Stage) -> None:
        request = s.pbu(s.lte)
        s.flip()
        s.pba(request)

    engine = Engine()
    assert of_rule(run(engine, right), CHECKSUM) == []
    findings = run(engine, offloaded)
    # A host whose checksums were right in this run would be accused.
    assert of_rule(findings, CHECKSUM) == []
    assert len(of_rule(findings, OFFLOAD)) == 1
    (count,) = (c for c in engine.counts() if c.rule == CHECKSUM)
    assert count.passed == 3


def test_what_is_held_of_a_host_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pmiptrace.rules.engine._MAX_HELD_PER_HOST", 2)

    def play(s: Stage) -> None:
        for number in range(5):
            s.pbu(s.lte, f"mn{number}@example.com")
            s.flip()

    findings = of_rule(judge(play), CHECKSUM)
    assert [f.occurrences for f in findings] == [1, 4]


def test_hosts_with_wrong_checksums_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pmiptrace.rules.engine._MAX_HOSTS", 1)

    def play(s: Stage) -> None:
        for path in (s.lte, s.plain, s.other):
            s.pbu(path)
            s.flip()

    assert len(of_rule(judge(play), CHECKSUM)) == 3


# ------------------------------------------------------------------------------ once, undecoded


def test_clear_text_is_reported_once_per_capture_with_a_count() -> None:
    def two_captures(s: Stage) -> None:
        registered(s)
        s.capture = 1
        s.pbu(s.lte)

    found = of_rule(judge(two_captures), "PM-CLEARTEXT")
    assert [(f.moment.capture, f.moment.frame, f.occurrences) for f in found] == [
        (0, 1, 2),
        (1, 3, 1),
    ]


def _undecoded(kind: str) -> Undecoded:
    frame = Frame(0, 7, 5, 101, bytes(60), 200)
    return Undecoded(frame, kind, bytes(16), bytes(16), Defect(kind, "IPv6", 0, 2, 1))


def test_frames_that_cannot_be_decoded() -> None:
    engine = Engine()
    (fragment,) = engine.undecoded(_undecoded("fragment"))
    assert (fragment.rule, fragment.moment) == ("PM-FRAGMENT", Moment(0, 7, 5))
    assert fragment.status is Status.NOTE
    (cut,) = engine.undecoded(_undecoded("truncated"))
    assert cut.rule == "PM-TRUNCATED"
    assert "60 of 200" in cut.message
    assert engine.undecoded(_undecoded("esp")) == []


# -------------------------------------------------------------------------------- counts, switches


def test_counts_tell_what_was_judged() -> None:
    engine = Engine()
    run(engine, registered, pbu(lifetime=0, overwrite=True), lambda s: s.wait(9), pbu())
    counts = {count.rule: count for count in engine.counts()}
    judged = counts[O_DEREG]
    assert (judged.judged, judged.passed, judged.failed, judged.inconclusive) == (1, 0, 1, 0)
    mnid = counts["RFC5213-6.9.1.1-MNID"]
    assert (mnid.judged, mnid.passed) == (3, 3)
    assert not any(rule.startswith("PM-") for rule in counts)
    for count in counts.values():
        assert count.judged == count.passed + count.failed + count.inconclusive
        assert min(count.judged, count.passed, count.failed, count.inconclusive) >= 0


def test_counts_survive_the_loss_of_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    def play(s: Stage) -> None:
        for number in range(6):
            s.pbu(s.lte, f"mn{number}@example.com", also=[unknown(200 + number)])

    plenty, scarce = Engine(), Engine()
    run(plenty, play)
    monkeypatch.setattr("pmiptrace.rules.engine._MAX_PLANS", 2)
    run(scarce, play)
    assert scarce.counts() == plenty.counts()


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        ("RFC5213-4-IPSEC", RuleOptions(ipsec=True)),
        ("RFC5213-5.5-TS-WINDOW", RuleOptions(trust_clock=True, timestamp_window=10_000_000)),
    ],
)
def test_some_rules_are_off_by_default(rule: str, options: RuleOptions) -> None:
    play: Callable[[Stage], object] = lambda s: s.pbu(s.lte, timestamp=s.now - 200_000_000)  # noqa: E731
    assert of_rule(judge(play), rule) == []
    assert len(of_rule(judge(play, options=options), rule)) == 1


def test_counts_name_the_rules_that_are_off_and_their_setting() -> None:
    counts = {count.rule: count for count in Engine().counts()}
    off = {name: count.switch for name, count in counts.items() if count.state is RuleState.OFF}
    assert off == {"RFC5213-4-IPSEC": "ipsec", "RFC5213-5.5-TS-WINDOW": "trust-clock"}
    assert set(off.values()) <= set(SETTINGS)
    assert counts.keys() == {r.id for r in catalogue().values() if not r.is_diagnostic}
    on = {count.rule: count for count in Engine(RuleOptions(ipsec=True)).counts()}
    assert on["RFC5213-4-IPSEC"].state is RuleState.UNTESTED


@pytest.mark.parametrize(
    ("counted", "state"),
    [
        ((9, 8, 1, 0), RuleState.FAILED),
        ((9, 7, 1, 1), RuleState.FAILED),
        ((9, 8, 0, 1), RuleState.INCONCLUSIVE),
        ((9, 9, 0, 0), RuleState.PASSED),
        ((0, 0, 0, 0), RuleState.UNTESTED),
        ((0, 0, 0, 0, "ipsec"), RuleState.OFF),
    ],
)
def test_the_worst_judgement_decides_about_a_rule(
    counted: tuple[Any, ...], state: RuleState
) -> None:
    assert RuleCount("RFC5213-4-IPSEC", *counted).state is state


# ------------------------------------------------------------------------------------ dispatch


def test_rules_are_called_for_their_messages_options_and_shapes_only() -> None:
    calls: list[str] = []

    def noting(name: str) -> Check:
        return lambda step: calls.append(name)

    rules = [
        made(O_DEREG, noting("PBU with 63"), on="PBU", options=frozenset({63})),
        made(O_DEREG, noting("PBU with 99"), on="PBU", options=frozenset({99})),
        made(O_DEREG, noting("PBU without 8"), on="PBU", unless=frozenset({8})),
        made(O_DEREG, noting("63 twice"), on="PBU", options=frozenset({63}), repeated=True),
        made(O_DEREG, noting("PBA"), on="PBA"),
        made(O_DEREG, noting("reply"), on="reply"),
        made(O_DEREG, noting("clock"), on="clock"),
    ]
    run(Engine(rules=rules), pbu(), pba())
    assert calls == ["PBU with 63", "PBA", "reply"]
    calls.clear()
    run(Engine(rules=rules), pbu(without=[8], also=[mmb()]), lambda s: s.wait(40))
    assert calls == ["PBU with 63", "PBU without 8", "63 twice", "clock"]


def test_shapes_with_options_of_one_class_are_told_apart_by_number() -> None:
    numbers = []

    def check(step: Step) -> Verdict | None:
        numbers.append(step.moment.frame)
        return PASS

    engine = Engine(rules=[made(O_DEREG, check, options=frozenset({201}))])
    run(
        engine,
        pbu(also=[unknown(200)]),
        pbu(also=[unknown(201)]),
        pbu(also=[unknown(200)]),
    )
    assert numbers == [2]


def test_evidence_is_bounded() -> None:
    engine = Engine(rules=[made(O_DEREG, lambda step: fail("bad"), on="PBU")])
    stage = Stage()
    message = (stage.pbu(stage.lte), next(stage.messages()))[1]
    exchange = Exchange(id=1, kind=ExchangeKind.INITIAL, request=message, answered=message)
    for number in range(100):
        moment = Moment(0, number + 1, number)
        assert engine.evaluate(Step(moment=moment, message=message, exchange=exchange)) == []
    (finding,) = engine.finish()
    assert finding.occurrences == 100
    assert len(finding.evidence) == 16


def test_good_then_bad_accuses_at_once() -> None:
    finding = one(good_then_bad, CHECKSUM)
    assert finding.moment.frame == 2
    assert finding.span == Span(44, 2, "Mobility Header: Checksum")


def test_counts_are_kept_by_capture() -> None:
    """Captures of one run alternate; what is judged on a message counts for the one it is in."""

    def broken_at_the_lma(step: Step) -> Verdict | None:
        return PASS if step.moment.capture == 0 else fail("bad")

    engine = Engine(rules=[made(O_DEREG, broken_at_the_lma)])
    stage = Stage()
    for _ in range(3):
        stage.pbu(stage.lte)
    for number, step in enumerate(steps(stage)):
        moment = replace(step.moment, capture=number % 2)
        engine.evaluate(replace(step, moment=moment))
    engine.finish()
    (first,), (second,), (both,) = engine.counts(0), engine.counts(1), engine.counts()
    assert (first.judged, first.passed) == (2, 2)
    assert (second.judged, second.failed) == (1, 1)
    assert (both.judged, both.passed, both.failed) == (3, 2, 1)
    assert engine.counts(7) == (RuleCount(O_DEREG, 0, 0, 0, 0),)


def test_a_rule_that_cannot_tell_what_it_is_for_becomes_a_finding() -> None:
    def confused(shape: Shape) -> Need:
        raise LookupError("no such status")

    engine = Engine(rules=[made(O_DEREG, lambda step: PASS, "PBU", given=confused)])
    (finding,) = run(engine, pbu())
    assert (finding.rule, finding.status) == (O_DEREG, Status.NOTE)
    assert finding.message == "the check of this rule crashed: LookupError: no such status"


def test_a_rule_that_cannot_tell_its_messages_keeps_none_of_them() -> None:
    error = LookupError("no such status")

    def confused(shape: Shape) -> Need:
        raise error

    engine = Engine(rules=[made(O_DEREG, lambda step: PASS, "PBU", given=confused)])

    def refreshes(stage: Stage) -> None:
        for _ in range(50):
            stage.pbu(stage.lte)
            stage.wait(1)

    run(engine, refreshes)
    assert len(traceback.extract_tb(error.__traceback__)) < 5
