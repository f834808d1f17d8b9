"""What a text chooses: rules by ID, prefix and section, findings by party and confidence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pmiptrace.errors import UsageError
from pmiptrace.model import Finding, Moment, Party, Severity, Status
from pmiptrace.rules.catalogue import catalogue
from pmiptrace.selectors import Selector, selectors

RULES = catalogue()


def one(text: str) -> Selector:
    (selector,) = selectors([text], RULES)
    return selector


def finding(rule: str = "RFC8278-4.1-BO-EXCLUSIVE", role: str = "MAG") -> Finding:
    return Finding(
        rule=rule,
        severity=Severity.ERROR,
        status=Status.FAIL,
        confidence=RULES[rule].confidence,
        party=Party(role),
        moment=Moment(0, 1, 0),
        message="",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RFC8278-4.1-BO-EXCLUSIVE", {"RFC8278-4.1-BO-EXCLUSIVE"}),
        (" rfc8278-4.1-bo-exclusive ", {"RFC8278-4.1-BO-EXCLUSIVE"}),
        ("RFC8278-4.1-B-", {"RFC8278-4.1-B-DEREG", "RFC8278-4.1-B-SCOPE",
                            "RFC8278-4.1-B-UNKNOWN"}),
        # A full ID is that rule alone: another one is called ...-HI5-INITIAL.
        ("RFC5213-6.9.1.3-HI5", {"RFC5213-6.9.1.3-HI5"}),
        ("RFC8278-4.3", {"RFC8278-4.3-REJECT-CODE", "RFC8278-4.3-180-UNSOLICITED",
                         "RFC8278-4.3-180-DEREG"}),
        ("RFC 8278 section 4.3", {"RFC8278-4.3-REJECT-CODE", "RFC8278-4.3-180-UNSOLICITED",
                                  "RFC8278-4.3-180-DEREG"}),
        # The ID names section 3.1, the reference 3.1.1.
        ("RFC6757-3.1.1", {"RFC6757-3.1-DUP"}),
    ],
)  # fmt: skip
def test_rules(text: str, expected: set[str]) -> None:
    assert one(text).rules == expected


def test_an_rfc_is_all_its_rules() -> None:
    for text in ("RFC8278", "rfc8278", "RFC 8278"):
        assert one(text).rules == {rule for rule in RULES if rule.startswith("RFC8278-")}


@pytest.mark.parametrize("text", ["RFC7077-5", "RFC7077-5.", "rfc 7077  Section 5"])
def test_a_section_is_the_one_of_the_id_and_the_one_of_the_reference(text: str) -> None:
    chosen = one(text).rules
    assert "RFC7077-4.1-REASON" in chosen, "its reference is section 5"
    assert "RFC7077-4.1-REASON" in one("RFC7077-4.1").rules, "and its ID says 4.1"
    for rule in chosen - {"RFC7077-4.1-REASON"}:
        section = rule.split("-")[1]
        assert section == "5" or section.startswith("5.")


@pytest.mark.parametrize("row", RULES.values(), ids=list(RULES))
def test_the_reference_of_a_finding_chooses_its_rule(row) -> None:
    if row.reference is not None:
        assert row.id in one(row.reference).rules
    assert one(row.id).rules == {row.id}


@given(
    st.sampled_from(sorted({(row.rfc, row.section) for row in RULES.values() if row.section})),
    st.data(),
)
def test_a_section_holds_those_within_it_and_no_others(home: tuple[int, str], data) -> None:
    rfc, section = home
    numbers = section.split(".")
    outer = ".".join(numbers[: data.draw(st.integers(1, len(numbers)))])
    chosen = one(f"RFC{rfc}-{outer}").rules
    assert one(f"RFC{rfc}-{section}").rules <= chosen
    for rule in chosen:
        homes = {RULES[rule].section, rule.split("-")[1]}
        assert any(f"{each}.".startswith(f"{outer}.") for each in homes)


def test_a_section_is_no_part_of_a_number() -> None:
    sections = ("4", "4.1", "4.10", "41")
    plain = RULES["RFC8278-4.1-BO-EXCLUSIVE"]
    rows = {
        f"RFC9999-{each}-A": replace(plain, id=f"RFC9999-{each}-A", rfc=9999, section=each)
        for each in sections
    }

    def ids(text: str) -> set[str]:
        (selector,) = selectors([text], rows)
        return {rule.split("-")[1] for rule in selector.rules}

    assert ids("RFC9999-4") == {"4", "4.1", "4.10"}
    assert ids("RFC9999-4.1") == {"4.1"}
    assert ids("RFC99") == {"4", "4.1", "4.10", "41"}, "the number of an RFC may be cut short"


def test_party_and_confidence_are_those_of_the_finding() -> None:
    mag, lma = finding(), finding(role="LMA")
    for text, expected in {
        "party:MAG": (True, False),
        "Party: lma": (False, True),
        "party:unknown": (False, False),
        "confidence:packet": (True, True),
        "confidence:session": (False, False),
        "all": (True, True),
        "RFC8278-4.1": (True, True),
        "RFC8278-4.4": (False, False),
    }.items():
        assert (one(text).means(mag), one(text).means(lma)) == expected, text


def test_rules_of_a_party_are_told_from_those_that_can_be_of_either() -> None:
    mag = one("party:MAG")
    assert "RFC8278-4.1-O-DEREG" in mag.only
    assert "RFC8278-4.1-BO-EXCLUSIVE" in mag.rules - mag.only, "whoever sends it"
    assert "RFC8278-4.4-PBA-NO-MAGID" not in mag.rules
    assert one("confidence:session").only == one("confidence:session").rules


def test_commas_stand_between_several() -> None:
    found = selectors(["RFC8278-4.1, party:LMA", "PM-EXPIRED"], RULES)
    assert [selector.text for selector in found] == ["RFC8278-4.1", "party:LMA", "PM-EXPIRED"]
    assert [selector.names_rules for selector in found] == [True, False, True]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("RFC8279", "did you mean 'RFC8278'?"),
        ("RFC8278-41", "did you mean 'RFC8278-4.1'?"),
        ("RFC8278-4.1-BO-EXCLUSIV3", "did you mean 'RFC8278-4.1-BO-EXCLUSIVE'?"),
        ("PM-EXPIRE-D", "did you mean 'PM-EXPIRED'?"),
        ("8278:4.4", "did you mean 'RFC8278-4.4'?"),
        ("partie:mag", "did you mean 'party:MAG'?"),
        ("party:both", "there are party:MAG, party:LMA, party:unknown"),
        ("confidence:high", "there are confidence:packet, confidence:exchange, confidence:session"),
    ],
)
def test_what_means_nothing_is_refused_with_a_suggestion(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        one(text)
    assert repr(text) in str(refused.value)
    assert hint in str(refused.value)


@pytest.mark.parametrize("text", ["", "  ", "§§§§", "RFC8278-4.1,,"])
def test_what_resembles_nothing_is_refused_without_one(text: str) -> None:
    with pytest.raises(UsageError, match=r"no rule is, or begins with, '(§§§§)?'$"):
        selectors([text], RULES)


@given(st.text(max_size=40))
def test_no_text_does_more_than_choose_or_be_refused(text: str) -> None:
    try:
        for selector in selectors([text], RULES):
            assert selector.rules <= set(RULES)
    except UsageError:
        pass
