"""What is made of findings: other severities, and which are known, by what, and how long."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from pmiptrace.address import address_octets
from pmiptrace.baseline import Baseline, Draft
from pmiptrace.configuration.keys import Ignore
from pmiptrace.errors import UsageError
from pmiptrace.model import (
    Exchange,
    ExchangeKind,
    Finding,
    Identifier,
    KnownFault,
    MagNode,
    Moment,
    Party,
    Severity,
    Status,
    Suppression,
)
from pmiptrace.policy import EPOCH, Policy, today
from pmiptrace.report.fingerprint import fingerprint
from pmiptrace.rules.catalogue import catalogue
from pmiptrace.selection import Pattern
from pmiptrace.selectors import selectors
from pmiptrace.testing import nai

TODAY = date(2027, 1, 31)
LMA, MAG = map(address_octets, ("2001:db8:f::1", "2001:db8:a::1"))
MAGS = {1: MagNode(1, nai("mag1@example.com"), (MAG,))}
RULE = "RFC8278-4.4-PBA-NO-MAGID"


def finding(**parts: object) -> Finding:
    plain = Finding(
        rule=RULE,
        severity=Severity.ERROR,
        status=Status.FAIL,
        confidence="packet",
        party=Party("LMA", LMA),
        moment=Moment(0, 2, 0),
        exchange=7,
        lma=LMA,
        mobile_node=nai("mn1@example.com"),
        message="",
    )
    return replace(plain, **parts)


def ignore(rule: str = RULE, **parts: object) -> Ignore:
    patterns = {k: Pattern(v) if k not in ("party", "expires") else v for k, v in parts.items()}
    return Ignore(rule=selectors([rule], catalogue()), reason="known", **patterns)


def policy(**parts: object) -> Policy:
    made = Policy(**{"today": TODAY, **parts})
    made.attend(MAGS, lambda: ("runs/mag side.pcap", "lma.pcap"))
    return made


def marked(finding: Finding, *ignores: Ignore) -> bool:
    suppression = policy(ignores=ignores).event(finding).suppression
    assert suppression in (None, Suppression(by="ignore", reason="known"))
    return suppression is not None


# ----------------------------------------------------------------------------------- severities


@pytest.mark.parametrize(
    ("status", "severity"),
    [(Status.FAIL, "info"), (Status.INCONCLUSIVE, "info"), (Status.NOTE, "error")],
)
def test_what_accuses_is_regraded(status: Status, severity: str) -> None:
    regrading = policy(severities={RULE: Severity.INFO})
    assert regrading.event(finding(status=status)).severity == severity
    other = finding(rule="RFC8278-4.1-BO-EXCLUSIVE")
    assert regrading.event(other) is other


# -------------------------------------------------------------------------------------- ignores


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (ignore(), True),
        (ignore("RFC8278"), True),
        (ignore("RFC8278-4.1, RFC8278-4.4"), True),
        (ignore("RFC8278-4.1"), False),
        (ignore("all", party="LMA"), True),
        (ignore("all", party="MAG"), False),
        (ignore(lma="2001:DB8:f:0::1"), True),
        (ignore(lma="2001:db8:f::2"), False),
        (ignore(mobile_node="mn?@*"), True),
        (ignore(mobile_node="mn2@*"), False),
        (ignore(capture="*mag side.pcap"), True),
        (ignore(capture="mag side.pcap"), True),
        (ignore(capture="runs/*"), True),
        (ignore(capture="lma.pcap"), False),
        (ignore(party="LMA", lma="2001:db8:f::1", mobile_node="mn1@example.com"), True),
        (ignore(party="LMA", lma="2001:db8:f::1", mobile_node="mn2@example.com"), False),
    ],
)
def test_all_that_an_ignore_says_must_hold(entry: Ignore, expected: bool) -> None:
    assert marked(finding(), entry) is expected


@pytest.mark.parametrize(("mag", "expected"), [("mag1@*", True), ("mag2@*", False)])
def test_the_mag_is_the_one_accused_or_the_one_of_the_exchange(mag: str, expected: bool) -> None:
    accused = finding(party=Party("MAG", MAG, nai("mag1@example.com")), exchange=None)
    assert marked(accused, ignore(mag=mag)) is expected
    assert marked(accused, ignore(mag="2001:db8:a::1"))
    answering = policy(ignores=(ignore(mag=mag),))
    assert answering.event(finding()).suppression is None, "nobody knows whose exchange it is"
    answering.event(Exchange(id=7, kind=ExchangeKind.INITIAL, mag=1))
    assert (answering.event(finding()).suppression is not None) is expected


def test_the_first_ignore_that_fits_says_why() -> None:
    entries = (ignore("RFC5213"), replace(ignore(), reason="first"), ignore())
    found = policy(ignores=entries).event(finding()).suppression
    assert found == Suppression(by="ignore", reason="first")


@pytest.mark.parametrize(
    ("day", "holds"), [(date(2027, 1, 30), False), (TODAY, True), (date(2027, 2, 1), True)]
)
def test_an_ignore_holds_through_its_last_day(day: date, holds: bool) -> None:
    made = policy(ignores=(ignore(expires=day),))
    found = made.event(finding()).suppression
    assert (found is not None) is holds
    if holds:
        assert found == Suppression(by="ignore", reason="known", expires=day.isoformat())
    told = list(made.expired_ignores())
    assert len(told) == (not holds)
    assert list(made.idle_ignores(["lma.pcap"])) == [], "it did something, or could not"
    for text in told:
        assert f"the ignore of {RULE} held until 2027-01-30" in text


def test_ignores_that_met_nothing_are_told() -> None:
    entries = (ignore(), ignore("RFC5213"), ignore("PM-", capture="lma.pcap"))
    made = policy(ignores=entries)
    made.event(finding())
    assert [text.partition("the ")[2] for text in made.idle_ignores(["a.pcap"])] == [
        "ignore of RFC5213 met nothing in these captures"
    ]
    assert len(list(made.idle_ignores(["a.pcap", "x/lma.pcap"]))) == 2
    many = policy(ignores=(ignore("RFC5213"),) * 20)
    *_, last = many.idle_ignores(["a.pcap"])
    assert last == "note: nor did 15 more"


# ------------------------------------------------------------------------------------- baseline


def baseline(*findings: Finding, **parts: object) -> Baseline:
    faults = (
        KnownFault(fingerprint=fingerprint(f), rule=f.rule, party="", **parts) for f in findings
    )
    return Baseline("known.toml", {fault.fingerprint: fault for fault in faults})


OTHER = finding(mobile_node=nai("mn2@example.com"))


def run(made: Policy, *findings: Finding) -> list[Suppression | None]:
    judged = [made.event(each) for each in findings]
    for each in judged:
        assert isinstance(each, Finding)
        made.reported(each)
    return [each.suppression for each in judged]


def test_what_is_known_is_marked_and_what_is_new_is_not() -> None:
    made = policy(baseline=baseline(finding(), reason="ticket 7", expires="2027-01-31"))
    known = Suppression(by="baseline", reason="ticket 7", expires="2027-01-31")
    doubt = finding(status=Status.INCONCLUSIVE, moment=Moment(1, 99, 5))
    note = finding(status=Status.NOTE)
    assert run(made, finding(), OTHER, doubt, note) == [known, None, known, None]
    result = made.result(complete=True)
    assert result is not None
    assert (result.path, result.known, result.new) == ("known.toml", 2, 1)
    assert (result.gone, result.expired) == ((), ())


def test_what_does_not_occur_is_gone_if_all_was_read() -> None:
    made = policy(baseline=baseline(finding(), OTHER))
    run(made, OTHER)
    for complete, expected in ((True, [fingerprint(finding())]), (False, [])):
        result = made.result(complete=complete)
        assert result is not None
        assert [fault.fingerprint for fault in result.gone] == expected


def test_what_was_not_asked_for_is_not_gone() -> None:
    made = policy(baseline=baseline(finding()))
    made.event(finding())
    result = made.result(complete=True)
    assert result is not None
    assert (result.known, result.gone) == (0, ())


def test_an_entry_that_expired_knows_nothing() -> None:
    made = policy(baseline=baseline(finding(), OTHER, expires="2027-01-30"))
    assert run(made, finding()) == [None]
    result = made.result(complete=True)
    assert result is not None
    assert (result.known, result.new, len(result.gone)) == (0, 1, 1)
    assert [fault.fingerprint for fault in result.expired] == [fingerprint(finding())]


def test_an_ignore_goes_before_the_baseline_and_its_entry_is_not_gone() -> None:
    made = policy(ignores=(ignore(),), baseline=baseline(finding()))
    (found,) = run(made, finding())
    assert found == Suppression(by="ignore", reason="known")
    result = made.result(complete=True)
    assert result is not None
    assert (result.known, result.new, result.gone) == (0, 0, ())


def test_what_is_written_is_known_from_now_on() -> None:
    draft = Draft({}, "later")
    entries = (ignore(mobile_node="mn2@*"),)
    made = policy(baseline=Baseline("known.toml", {}), draft=draft, ignores=entries)
    doubt = finding(status=Status.INCONCLUSIVE)
    found = run(made, finding(), OTHER, doubt)
    assert found[0] == Suppression(by="baseline", reason="later")
    assert [mark and mark.by for mark in found] == ["baseline", "ignore", None]
    assert [fault.fingerprint for fault in draft.faults] == [fingerprint(finding())]


def test_an_entry_that_expired_stays_so_when_it_is_written_anew() -> None:
    known = baseline(finding(), expires="2027-01-30")
    draft = Draft(known.known)
    assert run(policy(baseline=known, draft=draft), finding()) == [None]
    assert [fault.expires for fault in draft.faults] == ["2027-01-30"]


def test_without_a_baseline_there_is_no_comparison() -> None:
    assert policy().result(complete=True) is None


# ------------------------------------------------------------------------------------ pseudonyms


def pseudonym(name: Identifier | bytes) -> Identifier | bytes:
    """Give a name another name, and that one the first."""
    if isinstance(name, bytes):
        return bytes(octet ^ 1 for octet in name)
    return Identifier(name.subtype, bytes(octet ^ 1 for octet in name.octets))


def masked(finding: Finding) -> Finding:
    return replace(
        finding,
        party=Party(finding.party.role, pseudonym(finding.party.address)),
        lma=pseudonym(finding.lma),
        mobile_node=pseudonym(finding.mobile_node),
    )


def test_entries_mean_the_names_that_have_pseudonyms() -> None:
    known = baseline(OTHER, reason="of mn2")
    entry = ignore(mobile_node="mn1@*", lma="2001:db8:f::1", mag="mag1@*")
    made = policy(ignores=(entry,), baseline=known, real=pseudonym)
    made.attend(
        {1: MagNode(1, pseudonym(nai("mag1@example.com")), (pseudonym(MAG),))}, lambda: ("a",)
    )
    made.event(Exchange(id=7, kind=ExchangeKind.INITIAL, mag=1))
    found = [made.event(masked(each)) for each in (finding(), OTHER)]
    assert [each.suppression for each in found] == [
        Suppression(by="ignore"), Suppression(by="baseline"),
    ], "and the reasons are not told"  # fmt: skip
    assert [each.mobile_node for each in found] == [
        pseudonym(finding().mobile_node), pseudonym(OTHER.mobile_node),
    ]  # fmt: skip


def test_entries_are_not_told_where_there_are_pseudonyms() -> None:
    known = baseline(finding(), OTHER, reason="of mn2", mobile_node="mn2@example.com")
    result = policy(baseline=known, real=pseudonym).result(complete=True)
    assert result is not None
    assert len(result.gone) == 2
    for fault in result.gone:
        assert fault.rule == RULE
        assert {fault.fingerprint, fault.party, fault.mobile_node} == {"redacted"}
        assert fault.reason == ""
    assert result.path == "redacted"


# ---------------------------------------------------------------------------------------- today


def test_the_present_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EPOCH, "1700000000")
    assert today() == date(2023, 11, 14)
    monkeypatch.delenv(EPOCH)
    assert today() >= date(2023, 11, 14)


@pytest.mark.parametrize("text", ["soon", "1e9", "9" * 30, "-" + "9" * 30])
def test_a_present_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(EPOCH, text)
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH takes seconds since 1970, not"):
        today()
