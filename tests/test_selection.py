import pytest
from msgspec.structs import replace

from pmiptrace.address import address_octets
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
from pmiptrace.selection import Narrowing, Outcome, Pattern, Selection, narrow
from pmiptrace.selectors import Selector, selectors
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


def chosen(*texts: str) -> tuple[Selector, ...]:
    return selectors(texts, catalogue())


@pytest.mark.parametrize(
    ("select", "ignore", "rule", "expected"),
    [
        (None, (), "RFC8278-4.1-BO-EXCLUSIVE", True),
        (("RFC8278",), (), "RFC8278-4.1-BO-EXCLUSIVE", True),
        (("RFC5213",), (), "RFC8278-4.1-BO-EXCLUSIVE", False),
        (("RFC8278",), ("RFC8278-4.1",), "RFC8278-4.1-BO-EXCLUSIVE", False),
        # Ignore wins, however much nearer the selection is.
        (("RFC8278-4.1-BO-EXCLUSIVE",), ("RFC8278",), "RFC8278-4.1-BO-EXCLUSIVE", False),
        (("party:LMA",), (), "RFC8278-4.4-PBA-NO-MAGID", True),
        (("party:LMA",), (), "RFC8278-4.1-O-DEREG", False),
        (("party:LMA",), (), "RFC8278-4.1-BO-EXCLUSIVE", True),
        (None, ("party:LMA",), "RFC8278-4.1-BO-EXCLUSIVE", True),
        (None, ("party:LMA",), "RFC8278-4.4-PBA-NO-MAGID", False),
    ],
)
def test_a_rule_is_counted_if_it_can_give_what_is_reported(
    select: tuple[str, ...] | None, ignore: tuple[str, ...], rule: str, expected: bool
) -> None:
    selection = Selection(
        select=None if select is None else chosen(*select), ignore=chosen(*ignore)
    )
    assert selection.rule(rule) is expected


@pytest.mark.parametrize(
    ("select", "ignore", "left"),
    [
        (None, (), "MAG LMA"),
        (("party:MAG",), (), "MAG"),
        (None, ("party:MAG",), "LMA"),
        (("RFC8278",), ("party:LMA", "confidence:session"), "MAG"),
        (None, ("confidence:packet",), ""),
    ],
)
def test_a_finding_is_chosen_by_what_it_says_itself(
    select: tuple[str, ...] | None, ignore: tuple[str, ...], left: str
) -> None:
    selection = Selection(
        select=None if select is None else chosen(*select), ignore=chosen(*ignore)
    )
    findings = (finding(party=Party("MAG")), finding(party=Party("LMA")))
    report = narrow(replace(REPORT, findings=findings), selection)
    assert " ".join(each.party.role for each in report.findings) == left


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
    narrowed = narrow(REPORT, Selection(ignore=chosen("RFC8278-4.1-BO-EXCLUSIVE")))
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
