"""The words of reports: that each has a meaning, and that what it cites exists."""

from __future__ import annotations

import re
from enum import Enum

import pytest

from pmiptrace.model import BindingState, ExchangeKind, SessionMode
from pmiptrace.rules.catalogue import catalogue
from pmiptrace.track.states import Event
from pmiptrace.track.terms import EVENTS, KINDS, MODES, STATES, Term

TERMS: tuple[tuple[str, Term], ...] = tuple(
    (f"{type(word).__name__}.{word.name}", term)
    for terms in (STATES, MODES, KINDS)
    for word, term in terms.items()
)
SECTION = re.compile(r"RFC [0-9]{4} section [0-9]+(\.[0-9]+)*")


@pytest.mark.parametrize(
    ("words", "meanings"),
    [(BindingState, STATES), (SessionMode, MODES), (ExchangeKind, KINDS), (Event, EVENTS)],
)
def test_every_word_has_a_meaning(words: type[Enum], meanings: dict[Enum, object]) -> None:
    assert list(meanings) == list(words)


@pytest.mark.parametrize(("name", "term"), TERMS)
def test_what_a_word_means(name: str, term: Term) -> None:
    for text in (term.meaning, term.told_by, term.advice, term.traffic):
        assert text == text.strip().removesuffix(".")
        assert "  " not in text
    assert term.meaning
    assert bool(term.told_by) != name.startswith("BindingState")
    assert all(SECTION.fullmatch(reference) for reference in term.references)
    assert list(term.references) == sorted(term.references, key=_place)
    assert set(term.rules) <= set(catalogue())
    assert len(set(term.rules)) == len(term.rules)


def _place(reference: str) -> list[int]:
    return [int(number) for number in re.findall("[0-9]+", reference)]


def test_what_is_said_of_traffic_is_what_the_state_says() -> None:
    for state, term in STATES.items():
        if term.traffic:
            assert term.traffic.startswith("the LMA forwards" if state.is_live else "none")
