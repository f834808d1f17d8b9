"""What of an analysis is reported, and the exit code that follows from it.

A selection never changes how bindings are rebuilt: that rests on every message. It narrows what
is shown of the result. Findings are chosen by `pmiptrace.selectors`; mobile nodes, MAGs and LMAs by
their text, in which ``*`` and ``?`` stand for any characters.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from sys import maxsize
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.address import address_octets, address_text
from pmiptrace.model import (
    Binding,
    CaptureInfo,
    Exchange,
    Finding,
    Identifier,
    MagNode,
    Message,
    Report,
    RuleCount,
    Session,
    Severity,
    Status,
)
from pmiptrace.selectors import Selector
from pmiptrace.track.bounded import keep
from pmiptrace.wire.options.rfc4283 import MnIdentifier
from pmiptrace.wire.options.rfc8278 import MagIdentifier

if TYPE_CHECKING:
    from pmiptrace.analysis import Event

REMEMBERED = 65536
"""Exchanges and sessions of which a narrowing of a stream knows whether they were selected."""


def mobile_node(*messages: Message | None) -> Identifier | None:
    """Give the mobile node that the first of these messages names; an empty name is none."""
    for message in messages:
        option = message and message.first(MnIdentifier)
        if option and option.identifier:
            return option.identity
    return None


class Pattern(Struct, frozen=True):
    """A text to compare names and addresses with: exactly, or with ``*``, ``?`` and ``[...]``.

    Case does not count. An address may be written in any of its forms.
    """

    text: str

    def matches(self, *names: object) -> bool:
        """Tell whether one of the names is meant; addresses may be given as octets."""
        wanted = self._canonical()
        for name in names:
            if name is not None:
                text = address_text(name) if isinstance(name, bytes) else str(name)
                folded = text.casefold()
                if folded == wanted or fnmatchcase(folded, wanted):
                    return True
        return False

    def _canonical(self) -> str:
        try:
            return address_text(address_octets(self.text))
        except ValueError:
            return self.text.casefold()


Name = Identifier | bytes
"""An identifier, or the octets of an address."""


class Selection(Struct, frozen=True, kw_only=True):
    """What to report. Without arguments: everything, and errors make the run fail."""

    select: tuple[Selector, ...] | None = None
    """What to report of the findings; None for all."""
    ignore: tuple[Selector, ...] = ()
    """What not to report, even if selected."""
    mobile_node: Pattern | None = None
    mag: Pattern | None = None
    lma: Pattern | None = None
    fail_on: Severity | None = Severity.ERROR
    """The mildest severity that makes the run fail; None for never."""
    real: Callable[[Name], Name] | None = None
    """What gives the name that has a pseudonym, if a report has those; patterns mean the names."""

    @property
    def is_narrow(self) -> bool:
        """Whether it leaves out mobile nodes, MAGs or LMAs."""
        return any((self.mobile_node, self.mag, self.lma))

    @property
    def narrowness(self) -> str:
        """What leaves out mobile nodes, MAGs or LMAs, as one writes it on the command line.

        Names that are not to be told are left out.
        """
        given = (("mobile-node", self.mobile_node), ("mag", self.mag), ("lma", self.lma))
        return " ".join(
            f"--{name} {pattern.text if self.real is None else 'REDACTED'}"
            for name, pattern in given
            if pattern
        )

    def rule(self, rule: str) -> bool:
        """Tell whether findings of a rule can be reported."""
        return not any(rule in each.only for each in self.ignore) and (
            self.select is None or any(rule in each.rules for each in self.select)
        )

    def finding(self, finding: Finding) -> bool:
        """Tell whether a finding is reported, by its rule, party and confidence."""
        return not any(each.means(finding) for each in self.ignore) and (
            self.select is None or any(each.means(finding) for each in self.select)
        )

    def counts(self, counts: Iterable[RuleCount]) -> tuple[RuleCount, ...]:
        """Give the counts of those rules that are reported."""
        return tuple(count for count in counts if self.rule(count.rule))

    def parties(
        self,
        mobile_node: Identifier | None,
        lma: tuple[bytes | None, ...],
        mag: tuple[Identifier | bytes | None, ...],
    ) -> bool:
        """Tell whether something of this mobile node, LMA and MAG, by all their names, is meant."""
        return (
            self._is_meant(self.mobile_node, mobile_node)
            and self._is_meant(self.lma, *lma)
            and self._is_meant(self.mag, *mag)
        )

    def _is_meant(self, pattern: Pattern | None, *names: Name | None) -> bool:
        if pattern is None:
            return True
        if self.real is None:
            return pattern.matches(*names)
        return pattern.matches(*(name and self.real(name) for name in names))

    def fails(self, finding: Finding) -> bool:
        """Tell whether a finding makes the run fail; one that is suppressed never does."""
        return (
            self.fail_on is not None
            and finding.suppression is None
            and finding.status is Status.FAIL
            and finding.severity.rank <= self.fail_on.rank
        )


class Narrowing:
    """Applies a selection to the parts of one analysis, in the order in which they become known.

    A finding is reported if the exchange that it is about is, or else its session; it may come
    long after either, so which of them were selected is remembered. `limit` bounds how many are;
    a finding about a forgotten one is judged by the names in the finding itself.
    """

    def __init__(
        self, selection: Selection, mags: Mapping[int, MagNode], *, limit: int = REMEMBERED
    ) -> None:
        self.selection = selection
        self.mags = mags
        self._limit = limit
        self._exchanges: OrderedDict[int, bool] = OrderedDict()
        self._sessions: OrderedDict[int, bool] = OrderedDict()
        self._identities: OrderedDict[bytes, Identifier] = OrderedDict()

    def message(self, message: Message) -> bool:
        """Tell whether a message is reported: by its options, sender and receiver.

        A message without a MAG Identifier, such as every PBA, is taken for one of the MAG that
        used its address last.
        """
        if not self.selection.is_narrow:
            return True
        ends = (message.source, message.destination)
        option = message.first(MagIdentifier)
        if option is not None:
            keep(self._identities, message.source, option.identity, self._limit)
        identities = (self._identities.get(end) for end in ends)
        return self.selection.parties(mobile_node(message), ends, (*ends, *identities))

    def exchange(self, exchange: Exchange) -> bool:
        """Tell whether an exchange is reported."""
        if not self.selection.is_narrow:
            return True
        node = mobile_node(exchange.request, exchange.reply)
        chosen = self.selection.parties(node, (exchange.lma,), self._names(exchange.mag))
        keep(self._exchanges, exchange.id, chosen, self._limit)
        return chosen

    def session(self, session: Session) -> bool:
        """Tell whether a session is reported: one with a binding of a MAG that is meant."""
        if not self.selection.is_narrow:
            return True
        names = (name for binding in session.bindings for name in self._names(binding.mag))
        chosen = self.selection.parties(session.mobile_node, (session.lma,), tuple(names))
        keep(self._sessions, session.id, chosen, self._limit)
        return chosen

    def change(self, session: Session, binding: Binding) -> bool:
        """Tell whether a change of a binding is reported."""
        if not self.selection.is_narrow:
            return True
        self.session(session)
        names = self._names(binding.mag)
        return self.selection.parties(session.mobile_node, (session.lma,), names)

    def finding(self, finding: Finding) -> bool:
        """Tell whether a finding is reported."""
        if not self.selection.finding(finding):
            return False
        if not self.selection.is_narrow:
            return True
        if finding.exchange is not None and finding.exchange in self._exchanges:
            return self._exchanges[finding.exchange]
        if finding.session is not None and finding.session in self._sessions:
            return self._sessions[finding.session]
        party = finding.party
        is_lma, is_mag = party.role == "LMA", party.role == "MAG"
        return self.selection.parties(
            finding.mobile_node,
            (finding.lma, party.address if is_lma else None),
            (party.address, party.identifier) if is_mag else (),
        )

    def event(self, event: Event) -> Event | None:
        """Give what is reported of an event; None for nothing."""
        if isinstance(event, Message):
            chosen = self.message(event)
        elif isinstance(event, Exchange | Finding | Session):
            chosen = self.part(event)
        else:
            chosen = isinstance(event, CaptureInfo) or self.change(event.session, event.binding)
        return event if chosen else None

    def part(self, part: Exchange | Finding | Session) -> bool:
        """Tell whether an exchange, a finding or a session is reported."""
        if isinstance(part, Exchange):
            return self.exchange(part)
        return self.finding(part) if isinstance(part, Finding) else self.session(part)

    def _names(self, mag: int | None) -> tuple[Identifier | bytes | None, ...]:
        node = None if mag is None else self.mags.get(mag)
        return (node.identifier, *node.addresses) if node else ()


def narrow(report: Report, selection: Selection) -> Report:
    """Give the part of a report that is selected. Captures and message counts stay whole."""
    narrowing = Narrowing(selection, report.mags, limit=maxsize)
    return replace(
        narrow_counts(report, selection),
        sessions=tuple(filter(narrowing.session, report.sessions)),
        exchanges=tuple(filter(narrowing.exchange, report.exchanges)),
        findings=tuple(filter(narrowing.finding, report.findings)),
    )


def narrow_counts(report: Report, selection: Selection) -> Report:
    """Give a report with the counts of those rules alone that are selected."""
    return replace(
        report,
        rules=selection.counts(report.rules),
        rules_by_capture=tuple(map(selection.counts, report.rules_by_capture)),
    )


class Outcome(Struct, kw_only=True):
    """What the exit code depends on, gathered while results are reported."""

    unopened: bool = False
    """Whether a capture could not be opened, or was none."""
    failed: bool = False
    """Whether something was reported that makes the run fail."""
    messages: int = 0
    """Mobility Header messages in all captures, reported or not."""
    interrupted: bool = False
    faulty: bool = False
    """Whether a fault in this program ended the analysis."""
    unread: bool = False
    """Whether whoever read one of several reports went away."""

    @property
    def is_complete(self) -> bool:
        """Whether everything was read, so that what was not found is not there."""
        return not (self.unopened or self.interrupted or self.faulty)

    def exit_code(self, *, allow_empty: bool = False) -> int:
        """Give the exit code: the first that applies of 3, 1, 4, 0 and 130.

        An interrupted run cannot know that there was nothing, so 4 and 0 are not for it. A fault
        in this program is 70, EX_SOFTWARE of sysexits.h: none of the others would be true.
        """
        if self.faulty:
            return 70
        if self.unopened:
            return 3
        if self.failed:
            return 1
        if self.interrupted:
            return 130
        return 0 if self.messages or allow_empty else 4
