"""The checks that check the rules: catalogue, documentation and examples are complete."""

import re

import pytest

from pmiptrace.rules.catalogue import Sentence, catalogue, sentences
from pmiptrace.rules.examples import examples
from pmiptrace.rules.registry import all_rules
from pmiptrace.rules.rule import CLOCK, EVENT, OFFLOAD, UNDECODED, Rule, rule

EXAMPLES = examples()

RULES = {each.id: each for each in all_rules()}
ID = re.compile(r"^(RFC\d+-[0-9A-Za-z.]+-[A-Z0-9-]+|PM-[A-Z0-9-]+)$")

KEYWORDS_OF_RFC_8278 = {
    "4.1": ["MUST NOT", "MUST NOT", "MUST", "MUST", "MUST"],
    "4.2": ["MUST", "MUST"],
    "4.3": ["SHOULD"],
    "4.4": ["MUST", "MUST", "SHOULD", "MUST", "SHOULD", "MUST", "SHOULD"],
}
"""Every MUST and SHOULD of section 4, as they follow each other in the text."""


def test_every_row_has_a_rule() -> None:
    assert sorted(catalogue().keys() - RULES.keys()) == []


def test_every_rule_has_a_row() -> None:
    assert sorted(RULES.keys() - catalogue().keys()) == []


def test_every_keyword_of_rfc_8278_section_4_is_listed() -> None:
    listed: dict[str, list[str]] = {}
    for each in sentences():
        if each.rfc == 8278:
            listed.setdefault(each.section, []).append(each.keyword)
    assert listed == KEYWORDS_OF_RFC_8278
    assert sum(map(len, listed.values())) == 15


@pytest.mark.parametrize("each", sentences(), ids=lambda each: f"{each.rfc}-{each.section}")
def test_every_sentence_has_rules_or_a_reason(each: Sentence) -> None:
    assert bool(each.rules) != bool(each.unobservable)
    assert each.requirement
    for identifier in each.rules:
        row = RULES[identifier].row
        assert (row.rfc, row.section, row.keyword) == (each.rfc, each.section, each.keyword)


def test_every_keyword_rule_of_rfc_8278_is_of_a_sentence() -> None:
    named = {identifier for each in sentences() for identifier in each.rules}
    rows = (row for row in catalogue().values() if row.rfc == 8278 and row.keyword)
    assert {row.id for row in rows} == named


@pytest.mark.parametrize("row", catalogue().values(), ids=lambda row: row.id)
def test_rows_are_well_formed(row) -> None:  # type: ignore[no-untyped-def]
    assert ID.match(row.id)
    assert row.confidence in ("packet", "exchange", "session")
    assert row.party in ("MAG", "LMA", "sender", "responder", "initiator", "-")
    assert (row.rfc is None) == row.id.startswith("PM-") == (row.party == "-")
    assert (row.rfc is None) == (row.reference is None) == row.is_diagnostic
    assert row.summary


def test_reference_is_what_one_cites() -> None:
    row = catalogue()["RFC8278-4.1-BO-EXCLUSIVE"]
    assert row.reference == "RFC 8278 section 4.1"
    assert catalogue()["PM-EXPIRED"].reference is None


@pytest.mark.parametrize("each", RULES.values(), ids=lambda each: each.id)
def test_every_rule_is_documented(each: Rule) -> None:
    parts = each.documentation
    for text in (parts.summary, parts.why, parts.rfc, parts.example, parts.mend):
        assert len(text) > 8
        assert text.endswith((".", '."', ".)")), text
    if each.row.rfc is not None:
        assert "section" in parts.rfc or "figure" in parts.rfc


@pytest.mark.parametrize("each", RULES.values(), ids=lambda each: each.id)
def test_every_rule_has_examples(each: Rule) -> None:
    played = EXAMPLES[each.id]
    assert played.fires
    assert played.silent


def test_examples_are_of_rules() -> None:
    assert EXAMPLES.keys() <= RULES.keys()


@pytest.mark.parametrize("each", RULES.values(), ids=lambda each: each.id)
def test_declared_triggers_exist(each: Rule) -> None:
    from pmiptrace.rules.rule import ANY, REPLY
    from pmiptrace.wire.body import MESSAGE_TYPES

    kinds = {form.abbreviation for forms in MESSAGE_TYPES.values() for form in forms}
    known = {ANY, REPLY, CLOCK, EVENT, OFFLOAD, UNDECODED, "PBU", "PBA", *kinds}
    assert each.on
    assert each.on <= known


def test_a_rule_is_registered_once() -> None:
    with pytest.raises(TypeError, match="twice"):
        rule("RFC8278-4.1-O-DEREG", on="PBU")(lambda step: None)


def test_a_docstring_without_its_parts_is_refused() -> None:
    def check(step: object) -> None:
        """Say something.

        Why it matters: it does.
        """

    each = Rule(
        "RFC8278-4.1-O-DEREG",
        check,
        on=frozenset({"PBU"}),
        options=frozenset(),
        unless=frozenset(),
        repeated=False,
        given=None,
        configured=None,
        once=None,
    )
    with pytest.raises(ValueError, match="2 paragraphs"):
        _ = each.documentation
