"""What is said of findings beside what they are about: evidence, source, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from msgspec import Struct
from rich.text import Text

from pmiptrace.model import Finding, Status
from pmiptrace.report.digest import is_rejected, status_code, status_text
from pmiptrace.report.packet_list import grave, mark, notes
from pmiptrace.report.packets import Packet
from pmiptrace.report.page import Page
from pmiptrace.report.style import BAD, INCONCLUSIVE, MUTED, SEVERITY, STRONG
from pmiptrace.report.times import Clock
from pmiptrace.report.words import count, counted, frame_place, joined, party_name, word
from pmiptrace.rules.registry import all_rules
from pmiptrace.wire.codes import BINDING_STATUS_MEANING, BINDING_STATUS_REMEDY
from pmiptrace.wire.messages.rfc6275 import BindingAcknowledgement


class Kind(Struct):
    """Findings of one rule about one party, of one status."""

    first: Finding
    count: int


def kinds(findings: Iterable[Finding]) -> list[Kind]:
    """Group findings by rule, status and party: the gravest first, notes last."""
    found: dict[tuple[object, ...], Kind] = {}
    known = list(findings)
    for finding in (*grave(known), *notes(known)):
        party = finding.party
        key = (finding.rule, finding.status, party.role, party.identifier or party.address)
        kind = found.setdefault(key, Kind(finding, 0))
        kind.count += 1
    return list(found.values())


def title(page: Page, finding: Finding, times: int = 1) -> Text:
    """Give how grave a finding is in a word, its rule, who is accused, and how often."""
    grade = finding.severity.value if finding.status is Status.FAIL else finding.status.value
    style = SEVERITY[finding.severity]
    if finding.status is not Status.FAIL:
        style = INCONCLUSIVE if finding.status is Status.INCONCLUSIVE else MUTED
    parts = [mark(page, finding), page.text((f" {grade} ", style), (finding.rule, STRONG))]
    if finding.status is not Status.NOTE:
        parts.append(page.text(f"  {party_name(finding.party)}"))
    if times > 1:
        parts.append(page.text(f"  x{count(times)}"))
    return page.text(*parts)


def summary(page: Page, findings: Iterable[Finding]) -> list[Text]:
    """Give two lines or more per rule and party: what is claimed, the evidence, and the source."""
    lines: list[Text] = []
    for kind in kinds(findings):
        finding = kind.first
        lines += page.lines(title(page, finding, kind.count))
        lines += page.lines(*_evidence(finding), (f"  {source(finding)}", MUTED), indent=2, hang=0)
    return lines


def full(
    page: Page, clock: Clock, finding: Finding, captures: int, *, remedy: bool = True
) -> list[Text]:
    """Give all there is to say of a finding: where it is, the evidence, the source, the remedy."""
    moment = finding.moment
    where = f"frame {frame_place(moment, captures)}  " if moment.frame is not None else ""
    place = f"  {where}{clock.moment(moment.time)}" if moment.time is not None else f"  {where}"
    lines = page.lines(title(page, finding), (place.rstrip(), MUTED))
    lines += page.lines(*_evidence(finding), indent=2, hang=0)
    others = [frame_place(m, captures) for m in finding.evidence if m.frame and m != moment]
    if others:
        frames = word(len(others), "frame")
        shown = joined(others[:8]) + (", …" if len(others) > 8 else "")
        lines += page.lines(("see ", MUTED), f"{frames} {shown}", indent=2, hang=4)
    if source(finding):
        lines += page.lines((source(finding), MUTED), indent=2)
    advice = mending().get(finding.rule, "")
    if remedy and advice and finding.status is not Status.NOTE:
        lines += page.lines(("to do: ", STRONG), advice, indent=2, hang=2)
    return lines


def of_packet(page: Page, clock: Clock, packet: Packet, captures: int) -> list[Text]:
    """Give what is to be said of one message: of a refusal what it means, then its findings."""
    lines = refusal(page, packet)
    several = len(packet.findings) > 1
    for finding in (*grave(packet.findings), *notes(packet.findings)):
        lines += full(page, clock, finding, captures, remedy=not several)
    return lines


def refusal(page: Page, packet: Packet) -> list[Text]:
    """Say what the status of an answer that refuses usually means, and what to do then."""
    exchange, message = packet.exchange, packet.message
    if exchange is None or message is None or not packet.is_answer or not is_rejected(exchange):
        return []
    code = status_code(exchange)
    lines = page.lines(("✗ rejected: ", BAD), (status_text(exchange), STRONG))
    if code is None or not isinstance(message.body, BindingAcknowledgement):
        return lines
    for what, texts in (
        ("usually: ", BINDING_STATUS_MEANING),
        ("to do: ", BINDING_STATUS_REMEDY),
    ):
        if text := texts.get(code):
            lines += page.lines((what, MUTED), text, indent=2, hang=2)
    return lines


def remedies(page: Page, packet: Packet) -> list[Text]:
    """Say what to do about one message: for each rule that it breaks, or may, and its status."""
    lines = refusal(page, packet)
    for kind in kinds(grave(packet.findings)):
        lines += page.lines(title(page, kind.first))
        if advice := mending().get(kind.first.rule):
            lines += page.lines(("to do: ", STRONG), advice, indent=2, hang=2)
    return lines


def source(finding: Finding) -> str:
    """Name the section, and its keyword."""
    return joined(filter(None, (finding.reference, finding.keyword)))


@cache
def mending() -> dict[str, str]:
    """Give how to mend what a rule finds, by the rule; rules are known once plugins were loaded."""
    return {rule.id: rule.documentation.mend.replace("`", "") for rule in all_rules()}


def clipped(page: Page, lines: Sequence[Text], height: int) -> list[Text]:
    """Give as many lines as there is room for, the last of which says how many more there are."""
    if len(lines) <= height:
        return list(lines)
    rest = len(lines) - height + 1
    return [
        *lines[: height - 1],
        page.text((f"… {counted(rest, 'more line')}: i shows all", MUTED)),
    ]


def _evidence(finding: Finding) -> list[str | tuple[str, str]]:
    parts: list[str | tuple[str, str]] = [finding.message]
    if finding.why_inconclusive:
        parts += [("; undecided: ", INCONCLUSIVE), finding.why_inconclusive]
    if finding.occurrences > 1:
        parts.append(f"; {finding.occurrences} times")
    return parts
