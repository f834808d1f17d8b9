"""What breaks a rule, grouped by rule and party; then what may, then what was noticed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from pmiptrace.model import Finding, Moment
from pmiptrace.report.digest import FindingGroup, RuleGroup
from pmiptrace.report.page import Column
from pmiptrace.report.style import INCONCLUSIVE, MUTED, SEVERITY, STRONG
from pmiptrace.report.view import View
from pmiptrace.report.words import count, counted, joined, party_name, word
from pmiptrace.rules.catalogue import catalogue

_PARTIES = 5
"""Parties that are named of those that are not shown."""
_FRAMES = 5
"""Frames that are named of those that have no line of their own."""


def write_findings(view: View) -> None:
    """Write the groups of findings, worst first."""
    if view.digest.failures:
        view.page.heading("Findings", view.clock.zone())
        _write_groups(view, view.digest.failures)
    if view.digest.doubts:
        view.page.heading("Inconclusive", "suspected; the capture does not settle it")
        _write_doubts(view)
    if view.digest.notes:
        view.page.heading("Notes")
        write_notes(view)


def _write_doubts(view: View) -> None:
    """Write two lines per rule and party: doubts must not push what is known off the page."""
    page = view.page
    groups = [group for rule in view.digest.doubts for group in rule.parties]
    reasons = {reason for group in groups for reason in group.reasons}
    common = next(iter(reasons)) if len(reasons) == 1 else None
    if common:
        page.line(("undecided: ", INCONCLUSIVE), common, indent=2)
    rows = []
    for group in groups[: view.options.rules]:
        first = group.findings[0]
        evidence = f"{first.message}; {_places(view, group.findings, group.count)}"
        if first.why_inconclusive and not common:
            evidence += f"; undecided: {first.why_inconclusive}"
        rows.append(
            [
                page.text((f"? {group.severity.value}", INCONCLUSIVE)),
                page.text((group.rule, STRONG)),
                page.text(party_name(group.party)),
                page.text(f"x{count(group.count)}" if group.count > 1 else ""),
                page.text(evidence),
            ]
        )
    page.table((Column(), Column(), Column(), Column(right=True), Column("", lower=1)), rows, 0)
    if rest := groups[view.options.rules :]:
        total = counted(sum(group.count for group in rest), "finding")
        page.line((f"… and {total} more of {counted(len(rest), 'group')}", MUTED), indent=2)


def _places(view: View, findings: Sequence[Finding], number: int) -> str:
    """Name the first frames of many findings, and the times of what the clock brought about."""
    moments = [finding.moment for finding in findings[:_FRAMES]]
    frames = [view.place(moment) for moment in moments if moment.frame is not None]
    times = [view.clock.moment(moment.time) for moment in moments if moment.frame is None]
    parts = [f"{word(len(frames), 'frame')} {joined(frames)}"] if frames else []
    parts += [f"at {joined(times)}"] if times else []
    return joined([*parts, "…"] if number > len(moments) else parts)


def _frames(view: View, moments: Sequence[Moment]) -> list[str]:
    """Name the first frames of many."""
    frames = [view.place(moment) for moment in moments[:_FRAMES]]
    return [*frames, "…"] if len(moments) > _FRAMES else frames


def _write_groups(view: View, groups: Sequence[RuleGroup]) -> None:
    page, options = view.page, view.options
    for number, rule in enumerate(groups[: options.rules]):
        if number:
            page.blank()
        for party in rule.parties[: options.parties]:
            _write_group(view, party, titled=party is rule.parties[0])
        if others := rule.parties[options.parties :]:
            total = counted(sum(group.count for group in others), "finding")
            names = [f"{party_name(g.party)} x{count(g.count)}" for g in others[:_PARTIES]]
            names += ["…"] if len(others) > _PARTIES else []
            parties = counted(len(others), "more party", "more parties")
            page.line((f"… and {parties} with {total}: {joined(names)}", MUTED), indent=2)
    if rest := groups[options.rules :]:
        page.blank()
        page.line(f"… and {counted(len(rest), 'more rule')}:")
        rows = [
            [page.text(f"x{count(group.count)}"), page.text((group.rule, STRONG))] for group in rest
        ]
        page.table((Column(right=True), Column()), rows, 2)


def _write_group(view: View, group: FindingGroup, *, titled: bool) -> None:
    """Write what a party did; what the rule demands, only under the first that it concerns."""
    page, shown = view.page, group.findings[: view.options.findings]
    number, first = group.count, group.findings[0]
    claim = (f"✗ {group.severity.value.upper()}", SEVERITY[group.severity])
    times = f"x{count(number)}" if number > 1 else ""
    title = (claim, (group.rule, STRONG), party_name(group.party), times)
    page.items([page.text(part) for part in title if part])
    if titled:
        row = catalogue().get(group.rule)
        source = joined(filter(None, (first.reference, first.keyword)))
        page.items([page.text(row.summary if row else ""), page.text((source, MUTED))], indent=2)
    alike = number > 1 and group.alike
    if alike:
        page.line(first.message, indent=2)
    page.table(
        (
            Column("frame", "frame", right=True),
            Column("time"),
            Column("mobile node"),
            Column("MAG", "MAG"),
            Column("BID", "BID", right=True),
            Column("evidence", lower=1),
        ),
        [_row(view, finding, alike=alike) for finding in shown],
        2,
    )
    if rest := number - len(shown):
        places = _places(view, group.findings[len(shown) :], rest)
        page.line((f"… and {count(rest)} more ({places})", MUTED), indent=2)


def _row(view: View, finding: Finding, *, alike: bool) -> list[Text]:
    """Give the cells of a finding. What stands above it, it does not say again."""
    page = view.page
    mag = "" if finding.party.role == "MAG" else view.mag(view.digest.mag_of(finding))
    evidence = [] if alike else [finding.message]
    if finding.occurrences > 1:
        evidence.append(f"{finding.occurrences} times")
    others = [m for m in finding.evidence if m.frame is not None and m != finding.moment]
    if others:
        frames = _frames(view, others)
        evidence.append(f"see {word(len(others), 'frame')} {joined(frames)}")
    return [
        page.text(view.place(finding.moment)),
        page.text(view.clock.moment(finding.moment.time)),
        page.text("" if finding.mobile_node is None else str(finding.mobile_node)),
        page.text(mag),
        page.text("" if finding.bid is None else str(finding.bid)),
        page.text("; ".join(evidence)),
    ]


def write_notes(view: View) -> None:
    """Write a line per kind of note: a single one in its own words, several in the rule's."""
    page = view.page
    rows = []
    for group in view.digest.notes:
        first, row = group.findings[0], catalogue().get(group.rule)
        text = first.message if group.count == 1 or row is None else row.summary
        where = view.frame(first.moment)
        rows.append(
            [
                page.text((group.rule, STRONG)),
                page.text(f"x{count(group.count)}"),
                page.text(text, (f"  {where}", MUTED)),
            ]
        )
    page.table((Column(), Column(right=True), Column()), rows, 2)
