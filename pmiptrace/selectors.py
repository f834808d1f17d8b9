"""What rules a text means: how a user names the findings to report, to ignore or to regrade.

========================================= ==================================================
``RFC8278-4.1-BO-EXCLUSIVE``              this rule
``RFC8278-4.1-B``                         the rules whose ID begins so
``RFC8278-4.1``, ``RFC 8278 section 4.1`` the rules of this section and of those within it
``RFC8278``                               the rules of this RFC
``party:MAG``                             what a MAG is accused of; ``LMA``, or ``unknown``
``confidence:packet``                     what one packet shows; ``exchange``, or ``session``
``all``                                   everything
========================================= ==================================================

Case does not count. Commas stand between several. A rule belongs to the section that its ID names
and to the one that its reference names, where these differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from msgspec import Struct

from pmiptrace.errors import UsageError
from pmiptrace.model import Finding
from pmiptrace.rules.catalogue import CatalogueRow

ALL = "all"
PARTIES = ("MAG", "LMA", "unknown")
"""The roles of those who can be accused."""
CONFIDENCES = ("packet", "exchange", "session")
"""How much has to be seen to decide."""

_SECTION = re.compile(r"RFC ?(\d+)(?:(?:-| SECTION )(\d+(?:\.\d+)*)\.?)?")
_EITHER = frozenset({"sender", "responder", "initiator"})
"""Parties of the catalogue that are a MAG in one message and an LMA in another."""


class Selector(Struct, frozen=True, kw_only=True):
    """Some rules, or what is found of some party or with some confidence."""

    text: str
    """As the user wrote it."""
    rules: frozenset[str]
    """The rules that can give such findings, by what the catalogue says of them."""
    only: frozenset[str]
    """Those of them that give no others."""
    party: str | None = None
    """The role that is accused, if it is about that."""
    confidence: str | None = None
    """The confidence of the finding, if it is about that."""

    @property
    def names_rules(self) -> bool:
        """Whether it is about rules, and not about what a single finding says."""
        return self.party is None and self.confidence is None

    def means(self, finding: Finding) -> bool:
        """Tell whether a finding is meant."""
        if self.party is not None:
            return finding.party.role == self.party
        if self.confidence is not None:
            return finding.confidence == self.confidence
        return finding.rule in self.rules


def selectors(texts: Iterable[str], rules: Mapping[str, CatalogueRow]) -> tuple[Selector, ...]:
    """Read what a user wrote; raises `UsageError` for what means nothing, with a suggestion."""
    return tuple(_selector(part.strip(), rules) for text in texts for part in text.split(","))


def _selector(text: str, rules: Mapping[str, CatalogueRow]) -> Selector:
    wanted = " ".join(text.upper().split())
    if wanted == ALL.upper():
        return _of_rules(text, rules)
    attribute, colon, value = (piece.strip() for piece in wanted.partition(":"))
    if colon and attribute == "PARTY":
        role = _one_of(PARTIES, value, text)
        own = frozenset(row.id for row in rules.values() if row.party == role)
        either = frozenset(row.id for row in rules.values() if row.party in _EITHER)
        # Whoever is accused by the catalogue, a capture may leave open who it was.
        may = frozenset(rules) if role == "unknown" else own | either
        return Selector(text=text, rules=may, only=own, party=role)
    if colon and attribute == "CONFIDENCE":
        degree = _one_of(CONFIDENCES, value, text)
        of_it = frozenset(row.id for row in rules.values() if row.confidence == degree)
        return Selector(text=text, rules=of_it, only=of_it, confidence=degree)
    chosen = tuple(_rules(wanted, rules))
    if not chosen:
        raise UsageError(f"no rule is, or begins with, {text!r}{_suggestion(wanted, rules)}")
    return _of_rules(text, chosen)


def _of_rules(text: str, chosen: Iterable[str]) -> Selector:
    ids = frozenset(chosen)
    return Selector(text=text, rules=ids, only=ids)


def _one_of(values: tuple[str, ...], wanted: str, text: str) -> str:
    spellings = {value.upper(): value for value in values}
    if wanted not in spellings:
        attribute = text.partition(":")[0].strip()
        known = ", ".join(f"{attribute}:{value}" for value in values)
        raise UsageError(f"{text!r} means nothing; there are {known}")
    return spellings[wanted]


def _rules(wanted: str, rules: Mapping[str, CatalogueRow]) -> Iterator[str]:
    """Give the IDs that a text in upper case means: itself, a section, or a prefix."""
    exact = [rule for rule in rules if rule.upper() == wanted]
    if exact or not wanted:
        yield from exact
        return
    found = _SECTION.fullmatch(wanted)
    if found:
        rfc, section = found.groups()
        of_section = [row.id for row in rules.values() if _is_of(row, rfc, section)]
        yield from of_section
        # A section is never a part of another's number; the number of an RFC may be cut short.
        if of_section or section is not None:
            return
    yield from (rule for rule in rules if rule.upper().startswith(wanted))


def _is_of(row: CatalogueRow, rfc: str, section: str | None) -> bool:
    cited = str(row.rfc), row.section or ""
    named, _, rest = row.id.upper().removeprefix("RFC").partition("-")
    homes = (cited, (named, rest.partition("-")[0]))
    return any(
        rfc == number and (section is None or f"{place}.".startswith(f"{section}."))
        for number, place in homes
    )


def _suggestion(wanted: str, rules: Mapping[str, CatalogueRow]) -> str:
    """Word what may have been meant: the closest rule, RFC, section or attribute."""
    spellings = {rule.upper(): rule for rule in rules}
    for rule in rules:
        parts = rule.split("-")
        for name in (parts[0], "-".join(parts[:2])):
            spellings[name.upper()] = name
    for attribute, values in (("party", PARTIES), ("confidence", CONFIDENCES)):
        for value in values:
            spellings[f"{attribute}:{value}".upper()] = f"{attribute}:{value}"
    close = get_close_matches(wanted, spellings, n=1, cutoff=0.5)
    return f"; did you mean {spellings[close[0]]!r}?" if close else ""
