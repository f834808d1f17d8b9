"""Findings that may still change, held until they are final.

Most are about a transaction, and wait for its exchange to close: a retransmission may repeat what
they say, or prove what was only suspected (`Transactions`). Some rules report once for a whole
capture or peer, which takes until the end to count (`Repeats`). What is held is bounded; at a bound
the oldest goes out as it stands.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from pmiptrace.model import Finding, Status, Step
from pmiptrace.rules.finding import merged
from pmiptrace.rules.rule import Rule
from pmiptrace.track.bounded import keep

_MAX_OPEN_EXCHANGES = 65_536
_MAX_REMEMBERED = 65_536

_Slot = tuple[str, str, int]
"""A rule, the role of the accused and the exchange: there is one finding for each."""


class Transactions:
    """Findings that wait for their exchange to close, one per rule, transaction and accused.

    A finding on an exchange that closed before goes out at once. What already went out for it is
    not said again, but a proof follows upon a suspicion.
    """

    def __init__(self) -> None:
        self._open: OrderedDict[int, dict[_Slot, Finding]] = OrderedDict()
        self._reported: OrderedDict[_Slot, Status] = OrderedDict()

    def hold(self, finding: Finding, step: Step) -> Sequence[Finding]:
        """Take a finding on a step; give those that are final with it."""
        exchange = finding.exchange
        if exchange is None:
            return (finding,)
        before = self._reported.get(_slot(finding, exchange, self._reported))
        if before is not None and (
            before is not Status.INCONCLUSIVE or finding.status is Status.INCONCLUSIVE
        ):
            return ()
        own = step.exchange is not None and step.exchange.id == exchange
        if not own and exchange not in self._open:
            # It is about an exchange that closed before.
            self._report(finding, exchange)
            return (finding,)
        held = self._open.setdefault(exchange, {})
        slot = _slot(finding, exchange, held)
        held[slot] = finding if slot not in held else merged(held[slot], finding)
        if len(self._open) > _MAX_OPEN_EXCHANGES:
            return self.close(next(iter(self._open)))
        return ()

    def close(self, exchange: int) -> Sequence[Finding]:
        """Give what is held for an exchange, which is over."""
        if exchange not in self._open:
            return ()
        final = tuple(self._open.pop(exchange).values())
        for finding in final:
            self._report(finding, exchange)
        return final

    def finish(self) -> list[Finding]:
        """Give all that is held, and forget what was reported."""
        final = [finding for exchange in list(self._open) for finding in self.close(exchange)]
        self._reported.clear()
        return final

    def _report(self, finding: Finding, exchange: int) -> None:
        slot = (finding.rule, finding.party.role, exchange)
        keep(self._reported, slot, finding.status, _MAX_REMEMBERED)


def _slot(finding: Finding, exchange: int, taken: Mapping[_Slot, object]) -> _Slot:
    """Give the slot of a finding; one that accuses nobody yet shares that of one that does."""
    rule, role = finding.rule, finding.party.role
    roles = ("MAG", "LMA", "unknown") if role == "unknown" else (role, "unknown")
    slots = [(rule, each, exchange) for each in roles]
    return next((slot for slot in slots if slot in taken), (rule, role, exchange))


class _Repeated:
    """A finding that goes out with the number of its occurrences."""

    __slots__ = ("finding", "times")

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        self.times = 1

    def counted(self) -> Finding:
        return replace(self.finding, occurrences=self.times)


class Repeats:
    """Findings of rules with `once`, one per rule and capture or peer, held until the end."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[str, object], _Repeated] = OrderedDict()

    def count(self, each: Rule, step: Step) -> bool:
        """Count a repetition if a finding of the rule on the step is held; tell whether one is."""
        held = self._held.get((each.id, _subject(each, step)))
        if held is None:
            return False
        held.times += 1
        return True

    def hold(self, finding: Finding, each: Rule, step: Step) -> Sequence[Finding]:
        """Take a rule's first finding on a step; give those that go out with it."""
        self._held[each.id, _subject(each, step)] = _Repeated(finding)
        if len(self._held) > _MAX_REMEMBERED:
            _, oldest = self._held.popitem(last=False)
            return (oldest.counted(),)
        return ()

    def finish(self) -> list[Finding]:
        """Give all that is held."""
        final = [held.counted() for held in self._held.values()]
        self._held.clear()
        return final


def _subject(each: Rule, step: Step) -> object:
    """Give what a rule with `once` reports one finding on."""
    if each.once == "peer" and step.message is not None:
        return step.message.source
    return step.moment.capture
