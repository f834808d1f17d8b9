"""What is known of a rule, a section, an option, a message or a status.

People write what they have in hand, from a report, a log or an RFC. `explanations` finds what it
means; where that may be several things, all are given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches

from msgspec import Struct

from pmiptrace.errors import UsageError
from pmiptrace.model import Severity
from pmiptrace.report.as_document import finding_document
from pmiptrace.report.document import FindingDocument
from pmiptrace.report.escaping import clean
from pmiptrace.report.example import Played, play, write_example
from pmiptrace.report.lookup.codes import TableEntry, code_tables
from pmiptrace.report.lookup.messages import MessageEntry, messages
from pmiptrace.report.lookup.options import OptionEntry, options
from pmiptrace.report.packets_json import PacketDocument, UndecodedDocument, packet_document
from pmiptrace.rules.catalogue import CatalogueRow, Sentence, catalogue, rfc_address, sentences
from pmiptrace.rules.examples import examples
from pmiptrace.rules.examples.example import Example
from pmiptrace.rules.registry import all_rules
from pmiptrace.rules.rule import Documentation, Rule
from pmiptrace.settings import SETTINGS

_LONGEST = 8
"""Words that can be one name: the longest section, option or message has fewer."""
_CANDIDATES = 8
"""Things that an unclear word may mean and that are named."""

# ------------------------------------------------------------------------------ what is known


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


Explanation = (
    RuleExplanation
    | SectionExplanation
    | RulesExplanation
    | OptionExplanation
    | MessageExplanation
    | StatusExplanation
)
Find = Callable[[], Explanation]


class Meaning(Struct, frozen=True):
    """What one text may mean."""

    text: str
    explanations: tuple[Explanation, ...]


# --------------------------------------------------------------------------- what texts mean


def explanations(words: Sequence[str]) -> tuple[Meaning, ...]:
    """Find what texts mean; several words may be one name, as in ``option 63``.

    Raises `UsageError` for what means nothing, or too many things, with what may be meant.
    """
    found: list[Meaning] = []
    start = 0
    while start < len(words):
        end, finds = _longest(words, start)
        text = " ".join(words[start:end])
        found.append(Meaning(text, tuple(find() for find in finds)))
        start = end
    return tuple(found)


def _longest(words: Sequence[str], start: int) -> tuple[int, list[Find]]:
    """Give the end of the longest name from a word on, and what it means: exactly, or nearly."""
    kind = _KIND.fullmatch(" ".join(words[start : start + 2]))
    shortest = 2 if kind and len(words) > start + 1 else 1
    ends = range(min(len(words), start + _LONGEST), start + shortest - 1, -1)
    for look in (_exactly, _nearly):
        for end in ends:
            finds = look(" ".join(" ".join(words[start:end]).split()))
            if finds:
                return end, finds
    if kind:
        what = f"there is no {kind[1].lower()} {clean(kind[2])!r}"
        raise UsageError(what + _suggestion(kind[2]))
    text = words[start]
    raise UsageError(f"nothing is known of {clean(text)!r}{_suggestion(text)}")


_KIND = re.compile(r"(option|status|message|mh type|rule)[ :#=]+(.+)", re.IGNORECASE)
_SECTION = re.compile(
    r"(?:https?://\S+/)?(?:rfc[ -]?)?([0-9]{4})(?:\.html|\.txt)?"
    r"(?:[-, #]*(?:section|sec\.?|§)?[- ]*([0-9]+(?:\.[0-9]+)*)\.?)?",
    re.IGNORECASE,
)


def _exactly(text: str) -> list[Find]:
    """Find what is called so."""
    kind = _KIND.fullmatch(text)
    if kind:
        return _KINDS[kind[1].lower()](kind[2].strip())
    looks = (_rules, _sections, _options, _messages, _statuses)
    return [find for look in looks for find in look(text)]


def _rules(text: str) -> list[Find]:
    wanted = text.upper()
    rule = next((each for each in all_rules() if each.id.upper() == wanted), None)
    return [] if rule is None else [lambda: _rule(rule)]


def _sections(text: str) -> list[Find]:
    match = _SECTION.fullmatch(text)
    if match is None:
        return []
    explained = _section(int(match[1]), match[2])
    return [lambda: explained] if explained.rules or explained.requirements else []


def _options(text: str) -> list[Find]:
    wanted = text.casefold()
    number = int(text) if _is_number(text) else None
    return [
        lambda entry=entry: OptionExplanation(option=entry)  # type: ignore[misc]
        for entry in options()
        if wanted in (entry.name.casefold(), entry.key, f"{entry.inside}/{entry.number}")
        or (entry.inside is None and entry.number == number)
    ]


def _messages(text: str) -> list[Find]:
    wanted = text.casefold()
    number = int(text) if _is_number(text) else None
    return [
        lambda entry=entry: MessageExplanation(message=entry)  # type: ignore[misc]
        for entry in messages()
        if wanted in (entry.kind.casefold(), entry.name.casefold(), entry.key)
        or entry.mh_type == number
    ]


def _statuses(text: str) -> list[Find]:
    """Find a status by its number, and any registered value by its name."""
    wanted = _plain(text)
    number = int(text) if _is_number(text) else None
    # That of a PBA, which most look for, goes before the others.
    tables = sorted(code_tables(), key=lambda table: table.name != "binding_status")
    return [
        lambda table=table, value=code.value: _status(table, value)  # type: ignore[misc]
        for table in tables
        for code in table.values
        if (code.value == number and table.name.endswith("_status"))
        or (wanted and wanted == _plain(code.name))
    ]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _plain(text: str) -> str:
    """Write a name in one way: statuses are written with spaces, hyphens or underscores."""
    return re.sub(r"[\W_]+", " ", text).strip().casefold()


_KINDS: dict[str, Callable[[str], list[Find]]] = {
    "option": _options,
    "status": _statuses,
    "message": _messages,
    "mh type": _messages,
    "rule": _rules,
}


def _nearly(text: str) -> list[Find]:
    """Find what has the text in its name; of rules, those that begin with it go before others."""
    kind = _KIND.fullmatch(text)
    only = _KINDS[kind[1].lower()] if kind else None
    wanted = (kind[2].strip() if kind else text).upper()
    if len(wanted) < 2 or _is_number(wanted):
        return []
    known = {name: find for name, find in _known() if only in (None, find)}
    names = [name for name in known if name.upper().startswith(wanted) and known[name] is _rules]
    names = names or [name for name in known if wanted in name.upper()]
    if len(names) > 1 and all(known[name] is _rules for name in names):
        return [lambda: RulesExplanation(text=wanted, rules=tuple(names))]
    if len(names) > _CANDIDATES // 2:
        shown = ", ".join(repr(name) for name in names[:_CANDIDATES])
        more = f" and {len(names) - _CANDIDATES} more" if len(names) > _CANDIDATES else ""
        raise UsageError(f"{clean(text)!r} can mean {shown}{more}")
    return [find for name in names for find in known[name](name)]


def _known() -> Iterator[tuple[str, Callable[[str], list[Find]]]]:
    """Give all names, each with what finds what is called so."""
    yield from ((entry.name, _options) for entry in options())
    yield from ((entry.name, _messages) for entry in messages())
    for table in code_tables():
        if table.name.endswith("_status"):
            yield from ((code.name, _statuses) for code in table.values)
    yield from ((rule, _rules) for rule in catalogue())


def _suggestion(text: str) -> str:
    """Word what may have been meant."""
    names = ["option", "status", "message", *(name for name, _ in _known())]
    names += [entry.kind for entry in messages()]
    names += [f"RFC{row.rfc}-{row.section}" for row in catalogue().values() if row.rfc]
    spellings = {name.casefold(): name for name in names}
    for rule in catalogue():
        spellings.setdefault(rule.casefold().partition("-")[2], rule)
    close = get_close_matches(text.casefold(), spellings, n=3, cutoff=0.6)
    meant = list(dict.fromkeys(spellings[name] for name in close))
    if meant:
        return f"; did you mean {' or '.join(map(repr, meant))}?"
    return "; give a rule, a section (RFC8278-4.1), an option, a message or a status"


def save_example(found: Sequence[Meaning], path: str) -> None:
    """Write the example of the one rule that was found as a capture.

    Raises `UsageError` if there is none or several, or if the file cannot be written.
    """
    every = [each for meaning in found for each in meaning.explanations]
    rules = [each.rule.id for each in every if isinstance(each, RuleExplanation)]
    known = examples()
    if len(rules) != 1 or rules[0] not in known:
        reason = f"{rules[0]} comes without one" if len(rules) == 1 else "name one rule"
        raise UsageError(f"no example to write: {reason}")
    try:
        write_example(path, known[rules[0]].fires[0])
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


# ------------------------------------------------------------------------------ explanations


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


def _rule(rule: Rule) -> RuleExplanation:
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


def _section(rfc: int, section: str | None) -> SectionExplanation:
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


def _status(table: TableEntry, value: int) -> StatusExplanation:
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
