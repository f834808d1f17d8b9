"""What is known of a rule, a section, a message, a state and the like, as values."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from pmiptrace.model import Severity
from pmiptrace.report.as_document import finding_document
from pmiptrace.report.document import FindingDocument
from pmiptrace.report.example import Played, play
from pmiptrace.report.lookup.codes import TableEntry
from pmiptrace.report.lookup.messages import MessageEntry
from pmiptrace.report.lookup.options import OptionEntry
from pmiptrace.report.lookup.states import StateEntry
from pmiptrace.report.lookup.terms import TermEntry
from pmiptrace.report.packets_json import PacketDocument, UndecodedDocument, packet_document
from pmiptrace.rules.catalogue import CatalogueRow, Sentence, catalogue, rfc_address, sentences
from pmiptrace.rules.examples import examples
from pmiptrace.rules.examples.example import Example
from pmiptrace.rules.registry import all_rules
from pmiptrace.rules.rule import Documentation, Rule
from pmiptrace.settings import SETTINGS


class RuleEntry(Struct, frozen=True, kw_only=True):
    """A rule, as the catalogue and its documentation have it."""

    id: str
    summary: str
    severity: Severity
    keyword: str | None
    party: str | None
    """Who is at fault: ``MAG``, ``LMA``, ``sender``, ``responder``, ``initiator``; null: nobody."""
    confidence: str
    """What has to be seen to decide: one ``packet``, one ``exchange``, or a ``session``."""
    scope: str
    rfc: int | None
    section: str | None
    reference: str | None
    link: str | None
    judges: tuple[str, ...]
    """Kinds of message, or words for other steps of a trace."""
    options: tuple[int, ...]
    """Numbers of the options that it looks at by themselves."""
    setting: str | None
    """The setting that it depends on, as ``--timers`` names it."""
    documentation: Documentation


class ExampleDocument(Struct, frozen=True):
    """A trace that breaks a rule, as ``dissect`` shows it, and what the rule says of it."""

    packets: tuple[PacketDocument | UndecodedDocument, ...]
    findings: tuple[FindingDocument, ...]


class RuleExplanation(Struct, frozen=True, kw_only=True, tag_field="type", tag="rule"):
    """All about a rule."""

    rule: RuleEntry
    inconclusive: tuple[str, ...]
    """Why it does not decide in traces like its example's that show less."""
    related: tuple[str, ...]
    """Further rules of its section."""
    example: ExampleDocument | None
    """Null if the rule comes without one."""


class SectionExplanation(Struct, frozen=True, kw_only=True, tag_field="type", tag="section"):
    """A section of an RFC, or a whole one: what it requires, and what checks that."""

    rfc: int
    section: str | None
    link: str
    requirements: tuple[Sentence, ...]
    """Those that are listed: all of RFC 8278 section 4, of others what cannot be seen."""
    rules: tuple[str, ...]


class RulesExplanation(Struct, frozen=True, kw_only=True, tag_field="type", tag="rules"):
    """Rules that have a text in their IDs."""

    text: str
    rules: tuple[str, ...]


class OptionExplanation(Struct, frozen=True, kw_only=True, tag_field="type", tag="option"):
    """All about an option."""

    option: OptionEntry


class MessageExplanation(Struct, frozen=True, kw_only=True, tag_field="type", tag="message"):
    """All about a message."""

    message: MessageEntry


class StatusExplanation(Struct, frozen=True, kw_only=True, tag_field="type", tag="status"):
    """A status, or another registered value, of one table."""

    table: str
    value: int
    name: str
    sent_by: str | None
    fields: tuple[str, ...]
    """The fields that can have it, as `--fields` names them."""
    references: tuple[str, ...]
    """What defines the value, or else those fields."""
    meaning: str | None
    """What usually causes it."""
    remedy: str | None
    rules: tuple[str, ...]
    """IDs of the rules that speak of it."""


class StateExplanation(Struct, frozen=True, kw_only=True, tag_field="type", tag="state"):
    """All about a state of a binding."""

    state: StateEntry


class ModeExplanation(Struct, frozen=True, kw_only=True, tag_field="type", tag="mode"):
    """All about a mode of a session."""

    mode: TermEntry


class ExchangeExplanation(Struct, frozen=True, kw_only=True, tag_field="type", tag="exchange"):
    """All about a kind of exchange."""

    exchange: TermEntry


Explanation = (
    RuleExplanation
    | SectionExplanation
    | RulesExplanation
    | OptionExplanation
    | MessageExplanation
    | StatusExplanation
    | StateExplanation
    | ModeExplanation
    | ExchangeExplanation
)


# ------------------------------------------------------------------------- how they are made


def rule_entry(rule: Rule) -> RuleEntry:
    """Give what is to be known of a rule."""
    row = rule.row
    settings = (each for each in SETTINGS.values() if each.part == "options")
    return RuleEntry(
        id=row.id,
        summary=row.summary,
        severity=row.severity,
        keyword=row.keyword,
        party=None if row.party == "-" else row.party,
        confidence=row.confidence,
        scope=row.scope,
        rfc=row.rfc,
        section=row.section,
        reference=row.reference,
        link=row.link,
        judges=tuple(sorted(rule.on)),
        options=tuple(sorted(rule.options | rule.unless)),
        setting=next((each.name for each in settings if each.field == rule.configured), None),
        documentation=rule.documentation,
    )


def rule_explanation(rule: Rule) -> RuleExplanation:
    """Give all about a rule, its example included, which is analyzed for that."""
    example = examples().get(rule.id)
    row = rule.row
    shown = None if example is None else play(rule.id, example.fires[0], example.options)
    return RuleExplanation(
        rule=rule_entry(rule),
        inconclusive=() if example is None else _reasons(example, rule.id),
        related=tuple(
            other.id
            for other in catalogue().values()
            if row.reference is not None and other.reference == row.reference and other is not row
        ),
        example=None if shown is None else _example(shown),
    )


def _reasons(example: Example, rule: str) -> tuple[str, ...]:
    """Give why a rule does not decide where the capture shows too little."""
    findings = (f for each in example.unclear for f in play(rule, each, example.options).findings)
    return tuple(dict.fromkeys(f.why_inconclusive for f in findings if f.why_inconclusive))


def _example(played: Played) -> ExampleDocument:
    dialects = played.analysis.dialects
    return ExampleDocument(
        packets=tuple(packet_document(packet, dialects) for packet in played.packets),
        findings=tuple(map(finding_document, played.findings)),
    )


def section_explanation(rfc: int, section: str | None) -> SectionExplanation:
    """Give what a section requires, those within it included."""
    return SectionExplanation(
        rfc=rfc,
        section=section,
        link=rfc_address(rfc, section),
        requirements=tuple(
            each
            for each in sentences()
            if each.rfc == rfc
            and any(_within(place, section) for place in each.section.split(", "))
        ),
        rules=tuple(row.id for row in catalogue().values() if _belongs(row, rfc, section)),
    )


def _within(place: str, section: str | None) -> bool:
    return section is None or f"{place}.".startswith(f"{section}.")


def _belongs(row: CatalogueRow, rfc: int, section: str | None) -> bool:
    """Tell whether a rule is of a section: the one that it cites, or the one that its ID names."""
    home = row.id.removeprefix(f"RFC{rfc}-")
    return (row.rfc == rfc and _within(row.section or "", section)) or (
        home != row.id and _within(home.partition("-")[0], section)
    )


_SENDERS = {
    "binding_status": "the LMA, in a PBA; a home agent, in a BA",
    "revocation_status": "whoever got a Binding Revocation Indication, in the BRA",
    "notification_status": "the MAG, in the UPA that answers an Update Notification",
    "ipv4_home_address_status": "the LMA, in the IPv4 Home Address Reply option of a PBA",
    "binding_error_status": "whoever got a message that it does not know, in a BE",
}
"""Who says the values of a table to whom."""


def status_explanation(table: TableEntry, value: int) -> StatusExplanation:
    """Give all about a value of a table."""
    code = next(code for code in table.values if code.value == value)
    return StatusExplanation(
        table=table.name,
        value=value,
        name=code.name,
        sent_by=_SENDERS.get(table.name),
        fields=table.used_by,
        references=(code.reference,) if code.reference else table.references,
        meaning=code.meaning,
        remedy=code.remedy,
        rules=tuple(_speaking_of(value)) if table.name == "binding_status" else (),
    )


def _speaking_of(status: int) -> Iterator[str]:
    """Give the rules whose ID or documentation names a status of the Binding Acknowledgement."""
    # 128 is a prefix length as well, and smaller numbers are many things.
    number = rf"\b{status}\b" if status > 128 else rf"\bstatus {status}\b"
    named = re.compile(number, re.IGNORECASE)
    for rule in all_rules():
        about = rule.documentation
        texts = (rule.id, rule.row.summary, about.summary, about.rfc, about.example, about.mend)
        if rule.on.isdisjoint(_OTHER_STATUSES) and any(map(named.search, texts)):
            yield rule.id


_OTHER_STATUSES = frozenset({"BRI", "BRA", "BRM", "UPN", "UPA", "HB", "BE"})
"""Messages whose statuses are of other tables, or that have none."""
