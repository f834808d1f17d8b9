import pytest
from msgspec.structs import replace

from pmiptrace.address import address_octets
from pmiptrace.errors import UsageError
from pmiptrace.model import (
    Binding,
    Exchange,
    ExchangeKind,
    Finding,
    Identifier,
    MagNode,
    Moment,
    Party,
    Report,
    RuleCount,
    Session,
    Severity,
    Status,
    Suppression,
)
from pmiptrace.rules.catalogue import catalogue
from pmiptrace.selection import Narrowing, Outcome, Pattern, Selection, narrow, rule_ids
from pmiptrace.testing import Trace, nai

START = Moment(0, 1, 0)
LMAS = tuple(map(address_octets, ("2001:db8:f::1", "2001:db8:f::2")))
MAGS = {
    1: MagNode(1, nai("mag1@example.com"), (address_octets("2001:db8:a::1"),)),
    2: MagNode(2, None, (address_octets("192.0.2.1"),)),
}


def session(number: int) -> Session:
    """Session 1 is of mn1 at MAG 1 and the first LMA, session 2 of mn2 at the others."""
    return Session(
        id=number,
        lma=LMAS[number - 1],
        mobile_node=nai(f"mn{number}@example.com"),
        bindings=(Binding(mag=number, bid=None, care_of_address=MAGS[number].addresses[0]),),
        first=START,
        last=START,
    )


def exchange(number: int) -> Exchange:
    trace = Trace()
    path = trace.mag().path("2001:db8:a::1")
    trace.pbu(path, f"mn{number}@example.com")
    (request,) = trace.messages()
    return Exchange(
        id=number,
        kind=ExchangeKind.INITIAL,
        session=number,
        mag=number,
        lma=LMAS[number - 1],
        request=request,
    )


def finding(
    rule: str = "RFC8278-4.1-BO-EXCLUSIVE",
    severity: Severity = Severity.ERROR,
    status: Status = Status.FAIL,
    **parts: object,
) -> Finding:
    plain = Finding(
        rule=rule,
        severity=severity,
        status=status,
        confidence="packet",
        party=Party("unknown"),
        moment=START,
        message="",
    )
    return replace(plain, **parts)


REPORT = Report(
    messages=4,
    messages_by_type={"PBU": 4},
    mags=MAGS,
    sessions=(session(1), session(2)),
    exchanges=(exchange(1), exchange(2)),
    findings=tuple(finding(exchange=n, bid=n) for n in (1, 2)),
    rules=(RuleCount("RFC8278-4.1-BO-EXCLUSIVE", 2, 0, 2, 0), RuleCount("PM-EXPIRED", 0, 0, 0, 0)),
)


# ------------------------------------------------------------------------------------- rules


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RFC8278-4.1-BO-EXCLUSIVE", {"RFC8278-4.1-BO-EXCLUSIVE"}),
        ("rfc8278-4.1-bo-exclusive", {"RFC8278-4.1-BO-EXCLUSIVE"}),
        ("RFC8278-4.3", {"RFC8278-4.3-REJECT-CODE", "RFC8278-4.3-180-UNSOLICITED",
                         "RFC8278-4.3-180-DEREG"}),
        # A full ID is that rule alone: another one is called ...-HI5-INITIAL.
        ("RFC5213-6.9.1.3-HI5", {"RFC5213-6.9.1.3-HI5"}),
    ],
)  # fmt: skip
def test_a_rule_is_chosen_by_its_id_or_a_prefix_in_any_case(text: str, expected: set[str]) -> None:
    assert rule_ids([text], catalogue()) == expected


def test_a_prefix_chooses_all_rules_of_an_rfc() -> None:
    chosen = rule_ids(["RFC8278"], catalogue())
    assert chosen == {rule for rule in catalogue() if rule.startswith("RFC8278-")}


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("RFC8279", "'RFC8278'"),
        ("RFC8278-4.1-BO-EXCLUSIV3", "'RFC8278-4.1-BO-EXCLUSIVE'"),
        ("PM-EXPIRE-D", "'PM-EXPIRED'"),
    ],
)
def test_an_unknown_rule_is_refused_with_a_suggestion(text: str, suggestion: str) -> None:
    with pytest.raises(UsageError, match=f"{text}.*did you mean {suggestion}"):
        rule_ids([text], catalogue())


@pytest.mark.parametrize("text", ["", "  ", "§§§§"])
def test_what_resembles_no_rule_is_refused_without_one(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        rule_ids([text], catalogue())
    assert "did you mean" not in str(refused.value)


def test_ignore_wins_over_select() -> None:
    chosen = Selection(select=frozenset({"A", "B"}), ignore=frozenset({"B"}))
    assert [chosen.rule(rule) for rule in "ABC"] == [True, False, False]


# ------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("mn1@example.com", nai("mn1@example.com"), True),
        ("MN1@EXAMPLE.COM", nai("mn1@example.com"), True),
        ("mn1", nai("mn1@example.com"), False),
        ("mn?@*", nai("mn1@example.com"), True),
        ("a[b@x", nai("a[b@x"), True),
        ("2001:DB8:0:0::1", address_octets("2001:db8::1"), True),
        ("2001:db8::*", address_octets("2001:db8::1"), True),
        ("192.0.2.1", address_octets("192.0.2.1"), True),
        ("192.0.2.1", address_octets("192.0.2.11"), False),
        ("2:0102", Identifier(2, b"\1\2"), True),
        ("None", None, False),
        ("*", None, False),
    ],
)
def test_names_and_addresses_are_compared_by_their_text(
    pattern: str, name: Identifier | bytes | None, expected: bool
) -> None:
    assert Pattern(pattern).matches(name) is expected


# ----------------------------------------------------------------------------------- parties


@pytest.mark.parametrize(
    ("selection", "left"),
    [
        (Selection(), [1, 2]),
        (Selection(mobile_node=Pattern("mn1@*")), [1]),
        (Selection(mobile_node=Pattern("nobody")), []),
        (Selection(mag=Pattern("mag1@example.com")), [1]),
        (Selection(mag=Pattern("2001:db8:a:0::1")), [1]),
        (Selection(mag=Pattern("192.0.2.*")), [2]),
        (Selection(lma=Pattern("2001:db8:f::2")), [2]),
        (Selection(lma=Pattern("2001:db8:f::2"), mobile_node=Pattern("mn1@*")), []),
    ],
)
def test_sessions_exchanges_and_their_findings_are_narrowed_together(
    selection: Selection, left: list[int]
) -> None:
    narrowed = narrow(REPORT, selection)
    assert [value.id for value in narrowed.sessions] == left
    assert [value.id for value in narrowed.exchanges] == left
    assert [value.bid for value in narrowed.findings] == left
    assert narrowed.messages == 4


def test_choosing_rules_narrows_findings_and_their_counts_only() -> None:
    narrowed = narrow(REPORT, Selection(ignore=frozenset({"RFC8278-4.1-BO-EXCLUSIVE"})))
    assert narrowed.findings == ()
    assert [count.rule for count in narrowed.rules] == ["PM-EXPIRED"]
    assert len(narrowed.exchanges) == 2


def test_a_finding_without_an_exchange_goes_with_its_session() -> None:
    findings = (finding(session=1), finding(session=2))
    report = replace(REPORT, findings=findings)
    assert narrow(report, Selection(mag=Pattern("mag1@*"))).findings == findings[:1]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(mobile_node=Pattern("mn1@example.com")), True),
        (Selection(mobile_node=Pattern("mn2@example.com")), False),
        (Selection(mag=Pattern("mag1@example.com")), True),
        (Selection(mag=Pattern("2001:db8:a::1")), True),
        (Selection(lma=Pattern("2001:db8:f::1")), True),
        (Selection(lma=Pattern("2001:db8:a::1")), False),
    ],
)
def test_a_finding_on_its_own_is_judged_by_the_names_in_it(
    selection: Selection, expected: bool
) -> None:
    alone = finding(
        party=Party("MAG", address_octets("2001:db8:a::1"), nai("mag1@example.com")),
        mobile_node=nai("mn1@example.com"),
        lma=LMAS[0],
    )
    assert Narrowing(selection, {}).finding(alone) is expected


def test_a_change_is_of_its_session_and_of_the_mag_of_its_binding() -> None:
    both = replace(session(1), bindings=session(1).bindings + session(2).bindings)
    narrowing = Narrowing(Selection(mag=Pattern("mag1@*")), MAGS)
    assert [narrowing.change(both, binding) for binding in both.bindings] == [True, False]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(mobile_node=Pattern("mn1@*")), True),
        (Selection(mobile_node=Pattern("mn2@*")), False),
        (Selection(mag=Pattern("mag7@*")), True),
        (Selection(mag=Pattern("2001:db8:a::1")), True),
        (Selection(lma=Pattern("2001:db8:f::1")), True),
        (Selection(lma=Pattern("2001:db8:f::9")), False),
    ],
)
def test_a_message_is_told_by_its_options_and_ends(selection: Selection, expected: bool) -> None:
    trace = Trace()
    trace.pbu(trace.mag("mag7@example.com").path("2001:db8:a::1", bid=1))
    (message,) = trace.messages()
    assert Narrowing(selection, MAGS).message(message) is expected


def test_an_answer_goes_with_the_mag_that_it_is_sent_to() -> None:
    trace = Trace()
    trace.register(trace.mag("mag7@example.com").path("2001:db8:a::1", bid=1))
    trace.register(trace.mag("mag8@example.com").path("2001:db8:b::1", bid=1), "mn2@example.com")
    narrowing = Narrowing(Selection(mag=Pattern("mag7@*")), {})
    assert [narrowing.message(m) for m in trace.messages()] == [True, True, False, False]


def test_what_a_narrowing_remembers_is_bounded() -> None:
    narrowing = Narrowing(Selection(mobile_node=Pattern("mn1@*")), MAGS, limit=1)
    assert narrowing.exchange(exchange(1))
    assert narrowing.finding(finding(exchange=1))
    assert not narrowing.exchange(exchange(2))
    assert not narrowing.finding(finding(exchange=1)), "forgotten, and it names no mobile node"


# --------------------------------------------------------------------------------- exit codes

E, W, I = Severity.ERROR, Severity.WARNING, Severity.INFO  # noqa: E741


@pytest.mark.parametrize(
    ("fail_on", "failing"), [(E, {E}), (W, {E, W}), (I, {E, W, I}), (None, set())]
)
def test_what_fails_is_at_or_above_the_severity_chosen(
    fail_on: Severity | None, failing: set[Severity]
) -> None:
    chosen = Selection(fail_on=fail_on)
    assert {s for s in Severity if chosen.fails(finding(severity=s))} == failing


@pytest.mark.parametrize("status", [Status.INCONCLUSIVE, Status.NOTE])
def test_what_is_no_violation_never_fails(status: Status) -> None:
    assert not Selection(fail_on=I).fails(finding(status=status))


def test_what_is_suppressed_never_fails() -> None:
    assert not Selection(fail_on=I).fails(finding(suppression=Suppression(by="baseline")))


@pytest.mark.parametrize(
    ("state", "allow_empty", "code"),
    [
        (Outcome(messages=1), False, 0),
        (Outcome(messages=1, failed=True), False, 1),
        (Outcome(messages=1, failed=True, unopened=True), False, 3),
        (Outcome(), False, 4),
        (Outcome(), True, 0),
        (Outcome(unopened=True), True, 3),
        (Outcome(messages=1, interrupted=True), False, 130),
        (Outcome(interrupted=True), True, 130),
        (Outcome(messages=1, interrupted=True, failed=True), False, 1),
        (Outcome(interrupted=True, unopened=True), False, 3),
        (Outcome(messages=1, faulty=True, failed=True), False, 70),
    ],
)
def test_the_first_exit_code_that_applies_is_given(
    state: Outcome, allow_empty: bool, code: int
) -> None:
    assert state.exit_code(allow_empty=allow_empty) == code


def test_what_fails_follows_what_is_reported() -> None:
    for selection, fails in ((Selection(), True), (Selection(mobile_node=Pattern("x")), False)):
        assert any(map(selection.fails, narrow(REPORT, selection).findings)) is fails
