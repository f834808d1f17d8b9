"""The catalogue of rules: which there are, and what each one claims. Read from `catalogue.tsv`.

`sentences.tsv` goes the other way, from the requirements of the RFCs to the rules: all those of
RFC 8278 section 4, and those of the other RFCs that no capture can show to be broken.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from msgspec import Struct

from pmiptrace.model import Severity


class CatalogueRow(Struct, frozen=True, kw_only=True):
    """One row of the catalogue."""

    id: str
    """``RFC8278-4.1-BO-EXCLUSIVE``, or ``PM-...`` for a remark of this analyzer's own."""
    rfc: int | None = None
    """None for such a remark, and for a rule about another `document`."""
    document: str | None = None
    """What has the sentence to cite, where that is no RFC: a specification of a vendor."""
    section: str | None = None
    """The section with the sentence to cite; the section in the ID is only the rule's home."""
    keyword: str | None = None
    """None where the text has no keyword; ``MUST``, ``MUST NOT``, ``SHOULD`` ..."""
    severity: Severity
    """The usual one; a verdict may name another for its case."""
    party: str
    """Who is at fault: ``MAG``, ``LMA``, ``sender``, ``responder``, ``initiator``; ``-`` nobody."""
    confidence: str
    """What has to be seen to decide: one ``packet``, one ``exchange``, or a ``session``."""
    scope: str = "message"
    """What the finding is about: ``message``, ``exchange``, ``binding``, ``session``, ``peer``,
    ``capture``."""
    part: str = ""
    """What the project groups its rules by; empty for those of others."""
    summary: str

    @property
    def source(self) -> str | None:
        """What has the sentence to cite, such as ``RFC 8278``; None for a remark of our own."""
        return self.document if self.rfc is None else f"RFC {self.rfc}"

    @property
    def reference(self) -> str | None:
        """What to cite, such as ``RFC 8278 section 4.1``; None for a remark of our own."""
        if self.source is None or self.section is None:
            return self.source
        return f"{self.source} section {self.section}"

    @property
    def link(self) -> str | None:
        """Where the sentence can be read; None if it is in no RFC."""
        return None if self.rfc is None else rfc_address(self.rfc, self.section)

    @property
    def is_diagnostic(self) -> bool:
        """Whether it is a remark that accuses nobody."""
        return self.party == "-"


def rfc_address(rfc: int, section: str | None = None) -> str:
    """Give where an RFC, or a section of it, can be read."""
    page = f"https://www.rfc-editor.org/rfc/rfc{rfc}.html"
    return page if section is None else f"{page}#section-{section}"


class Sentence(Struct, frozen=True):
    """One requirement of an RFC, by its keyword: the rules that check it, or why none can."""

    rfc: int
    section: str
    """Where it stands; several places, separated by commas, where an RFC repeats it."""
    keyword: str
    requirement: str
    """What it asks for, abridged."""
    rules: tuple[str, ...]
    """The IDs of the rules that check it; empty where it cannot be seen."""
    unobservable: str | None
    """Why a capture cannot show that it was broken; None where a rule checks it."""


@cache
def catalogue() -> dict[str, CatalogueRow]:
    """Give all rows by rule ID, in the catalogue's order; read once."""
    return {row.id: row for row in map(_row, _table("catalogue.tsv"))}


@cache
def sentences() -> tuple[Sentence, ...]:
    """Give the requirements, those of RFC 8278 section 4 first, as in its text; read once."""
    return tuple(map(_sentence, _table("sentences.tsv")))


def _table(name: str) -> list[list[str]]:
    text = files("pmiptrace.rules").joinpath(name).read_text("utf-8")
    return [line.split("\t") for line in text.splitlines()[1:]]


def _row(cells: list[str]) -> CatalogueRow:
    identifier, rfc, section, keyword, severity, party, confidence, scope, part, summary = cells
    return CatalogueRow(
        id=identifier,
        rfc=None if rfc == "-" else int(rfc),
        section=None if section == "-" else section,
        keyword=None if keyword == "-" else keyword,
        severity=Severity(severity),
        party=party,
        confidence=confidence,
        scope=scope,
        part=part,
        summary=summary,
    )


def _sentence(cells: list[str]) -> Sentence:
    rfc, section, keyword, requirement, rules, reason = cells
    return Sentence(
        int(rfc),
        section,
        keyword,
        requirement,
        () if rules == "-" else tuple(rules.split(" ")),
        None if reason == "-" else reason,
    )
