"""What is known of a rule, a section, a message, a state and the like, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console

from pmiptrace.report.example import Played, play
from pmiptrace.report.explain import Meaning
from pmiptrace.report.explanation import (
    ExchangeExplanation,
    Explanation,
    MessageExplanation,
    ModeExplanation,
    OptionExplanation,
    RuleExplanation,
    RulesExplanation,
    SectionExplanation,
    StateExplanation,
    StatusExplanation,
)
from pmiptrace.report.lookup.messages import write_message
from pmiptrace.report.lookup.options import write_option
from pmiptrace.report.lookup.states import write_state
from pmiptrace.report.lookup.terms import write_term
from pmiptrace.report.packet_list import PacketList, mark
from pmiptrace.report.page import Column, Page
from pmiptrace.report.rule_lines import graded, write_rule_lines
from pmiptrace.report.style import MUTED, STRONG
from pmiptrace.report.times import TimeFormat, duration
from pmiptrace.report.words import counted, joined
from pmiptrace.rules.catalogue import CatalogueRow, catalogue
from pmiptrace.rules.examples import examples
from pmiptrace.rules.rule import ANY, CLOCK, EVENT, OFFLOAD, REPLY, UNDECODED
from pmiptrace.settings import SETTINGS, Kind
from pmiptrace.wire.option import MOBILITY_OPTIONS

_INDENT = 2
_RELATED = 12
"""Rules of the same section that are listed."""
_LEFT_OUT = ("seq", "life", "findings")
"""Columns of the list of packets that an example does without."""

PARTIES = {
    "MAG": "the MAG",
    "LMA": "the LMA",
    "sender": "whoever sent the message",
    "responder": "whoever answered",
    "initiator": "whoever asked",
}
"""Who is accused, in words."""
CONFIDENCES = {
    "packet": "one packet",
    "exchange": "a request and its answer",
    "session": "the history of the session",
}
"""What has to be seen, in words."""
_JUDGED = {
    ANY: "every message",
    REPLY: "answers",
    CLOCK: "what time brings about: lifetimes that end, requests without an answer",
    EVENT: "what the tracker notices",
    UNDECODED: "frames that cannot be decoded",
    OFFLOAD: "hosts all of whose checksums are wrong",
}


def write_explanations(console: Console, meanings: Sequence[Meaning]) -> None:
    """Write what was found, one after the other."""
    page = Page(console)
    for number, meaning in enumerate(meanings):
        if number:
            page.blank()
        several = len(meaning.explanations)
        if several > 1:
            named = joined(map(_called, meaning.explanations))
            page.line((f"{meaning.text} can mean {several} things: ", STRONG), named)
        for place, explanation in enumerate(meaning.explanations):
            if place or several > 1:
                page.blank()
            _write(page, explanation)
        _write_others(page, meaning)


def _called(explanation: Explanation) -> str:
    match explanation:
        case RuleExplanation():
            return f"rule {explanation.rule.id}"
        case OptionExplanation():
            option = explanation.option
            inside = f" inside option {option.inside}" if option.inside is not None else ""
            return f"option {option.number}{inside}"
        case MessageExplanation():
            return f"message {explanation.message.kind}"
        case StatusExplanation():
            return f"{explanation.table} {explanation.value}"
        case SectionExplanation():
            return _section_name(explanation)
        case RulesExplanation():
            return f"rules {explanation.text}"
        case StateExplanation():
            return f"state {explanation.state.constant}"
        case ModeExplanation():
            return f"mode {explanation.mode.name}"
        case ExchangeExplanation():
            return f"exchange {explanation.exchange.name}"


def _write(page: Page, explanation: Explanation) -> None:
    match explanation:
        case RuleExplanation():
            _write_rule(page, explanation)
        case OptionExplanation():
            write_option(page, explanation.option)
        case MessageExplanation():
            _write_message(page, explanation)
        case StatusExplanation():
            _write_status(page, explanation)
        case SectionExplanation():
            _write_section(page, explanation)
        case RulesExplanation():
            _write_rules(page, explanation)
        case StateExplanation():
            write_state(page, explanation.state)
        case ModeExplanation():
            write_term(page, explanation.mode, "mode of a session")
        case ExchangeExplanation():
            write_term(page, explanation.exchange, "kind of exchange")


def _write_others(page: Page, meaning: Meaning) -> None:
    """Name what else has a text in its name."""
    names: dict[str, list[str]] = {}
    for other in meaning.others:
        names.setdefault(other.kind, []).append(other.name)
    if names:
        page.heading(f"Other names with {meaning.text}", "pmiptrace explain says all about each")
        _facts(page, *((kind, joined(names[kind])) for kind in names))


# ------------------------------------------------------------------------------------- rules


def _write_rule(page: Page, explanation: RuleExplanation) -> None:
    rule, about = explanation.rule, explanation.rule.documentation
    source = joined(filter(None, (rule.reference, rule.keyword)))
    row = catalogue()[rule.id]
    page.items([page.text((rule.id, STRONG)), graded(page, row), page.text((source, MUTED))])
    page.line(_plain(about.summary), indent=_INDENT)
    page.blank()
    _facts(
        page,
        ("Why it matters", _plain(about.why)),
        ("The text says" if rule.rfc is None and rule.reference else "The RFC", _plain(about.rfc)),
        ("How to mend", _plain(about.mend)),
        ("Read it", rule.link or ""),
    )
    example = examples().get(rule.id)
    if example is not None:
        page.heading("Example", "--example FILE.pcap writes it")
        page.line(_plain(about.example), indent=_INDENT)
        page.blank()
        _write_example(page, play(rule.id, example.fires[0], example.options))
    page.heading("How it is judged")
    _facts(
        page,
        ("Accused", PARTIES[rule.party] if rule.party else "nobody: it is a remark"),
        ("Needs", CONFIDENCES[rule.confidence]),
        ("Looks at", _looked_at(explanation)),
        ("Undecided if", joined(explanation.inconclusive)),
        ("Depends on", _setting(rule.setting)),
    )
    if explanation.related:
        page.heading(f"Further rules of {rule.reference}")
        write_rule_lines(page, explanation.related[:_RELATED])
        if len(explanation.related) > _RELATED:
            more = counted(len(explanation.related) - _RELATED, "more rule")
            page.line(f"… and {more}: pmiptrace explain RFC{rule.rfc}-{rule.section}", indent=2)


def _plain(text: str) -> str:
    """Leave out what marks code in documentation."""
    return text.replace("``", "")


def _facts(page: Page, *facts: tuple[str, str]) -> None:
    """Write facts with their names before them; those without content are left out."""
    page.table(
        (Column(), Column(least=30)),
        [[page.text((name, MUTED)), page.text(fact)] for name, fact in facts if fact],
        _INDENT,
    )


def _looked_at(explanation: RuleExplanation) -> str:
    rule = explanation.rule
    parts = [_JUDGED.get(each, each) for each in rule.judges]
    for number in rule.options:
        parts.append(
            f"option {number} {MOBILITY_OPTIONS.name(number)} (pmiptrace options {number})"
        )
    return joined(parts)


def _setting(name: str | None) -> str:
    if name is None:
        return ""
    setting = SETTINGS[name]
    if setting.kind is Kind.SWITCH and not setting.default:
        return f"--timers {name}=on; it is not judged without"
    return f"--timers {name}={setting.shown(setting.default)} (the default): {setting.meaning}"


def _write_example(page: Page, played: Played) -> None:
    nodes = {packet.exchange.session for packet in played.packets if packet.exchange is not None}
    left_out = _LEFT_OUT if len(nodes) > 1 else (*_LEFT_OUT, "mobile node")
    packets = PacketList(
        page, TimeFormat.RELATIVE, played.analysis, indent=_INDENT, without=left_out
    )
    for packet in played.packets:
        packets.add(packet)
    packets.flush()
    begin = played.analysis.started_at
    for finding in played.findings:
        moment = finding.moment
        place = f"frame {moment.frame}"
        if moment.frame is None and moment.time is not None and begin is not None:
            place = f"after {duration(moment.time - begin)}"
        page.line(mark(page, finding), f"  {place}: ", (finding.message, STRONG), indent=_INDENT)


# ---------------------------------------------------------------------------------- sections


def _section_name(explanation: SectionExplanation) -> str:
    section = f" section {explanation.section}" if explanation.section else ""
    return f"RFC {explanation.rfc}{section}"


def _write_section(page: Page, explanation: SectionExplanation) -> None:
    known = catalogue()
    name, rules = _section_name(explanation), explanation.rules
    page.items([page.text((name, STRONG)), page.text((explanation.link, MUTED))])
    listed, total = explanation.requirements, counted(len(rules), "rule")
    graded = Counter(known[rule].severity.value for rule in rules)
    grades = joined(f"{number} {grade}" for grade, number in graded.most_common())
    page.line(f"{total} ({grades})" if rules else "no rule", indent=_INDENT)
    if listed:
        complete = explanation.rfc == 8278 and (explanation.section or "4").startswith("4")
        remark = "every MUST and SHOULD" if complete else "those that no rule checks"
        page.heading("Requirements", remark)
        page.table(
            (Column(), Column(), Column(least=40), Column(lower=1)),
            [
                [
                    page.text(each.section if each.section != explanation.section else ""),
                    page.text((each.keyword, STRONG)),
                    page.text(each.requirement),
                    page.text(" ".join(each.rules) or (f"not seen: {each.unobservable}", MUTED)),
                ]
                for each in listed
            ],
            _INDENT,
        )
    if rules:
        page.heading("Rules", "pmiptrace explain RULE says all about one")
        write_rule_lines(page, rules)


def _write_rules(page: Page, explanation: RulesExplanation) -> None:
    rules = explanation.rules
    page.line((f"{counted(len(rules), 'rule')} with {explanation.text} in their IDs", STRONG))
    write_rule_lines(page, rules)


# -------------------------------------------------------------------- messages and statuses


def _write_message(page: Page, explanation: MessageExplanation) -> None:
    message = explanation.message
    write_message(page, message)
    if message.rules:
        graded = Counter(map(_document, map(catalogue().__getitem__, message.rules)))
        page.heading(
            "Rules", f"{len(message.rules)} judge it: pmiptrace rules --message {message.kind}"
        )
        counts = (page.text((name, STRONG), f" {number}") for name, number in graded.items())
        page.items(counts, indent=_INDENT, hang=0, separator=",")


def _document(row: CatalogueRow) -> str:
    return f"RFC{row.rfc}" if row.rfc is not None else row.document or "remarks"


def _write_status(page: Page, explanation: StatusExplanation) -> None:
    page.items(
        [
            page.text((f"{explanation.value} {explanation.name}", STRONG)),
            page.text((joined((explanation.table, *explanation.references)), MUTED)),
        ]
    )
    cause = explanation.meaning
    _facts(
        page,
        ("Usual cause", cause or ""),
        ("What to do", explanation.remedy or ""),
        ("Sent by", explanation.sent_by or ""),
        ("Field", joined(explanation.fields)),
    )
    if explanation.rules:
        page.heading("Rules that speak of it")
        write_rule_lines(page, explanation.rules)
