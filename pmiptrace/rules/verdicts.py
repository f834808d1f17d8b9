"""What becomes of verdicts: each is counted, and made a finding that goes out when it is final.

A finding waits in one of three places, each of which knows when it can no longer change: those on
checksums in `pmiptrace.rules.offload`, all others in `pmiptrace.rules.held`.
"""

from __future__ import annotations

from pmiptrace.model import Finding, Message, Step
from pmiptrace.rules.finding import doubted, finding_of
from pmiptrace.rules.held import Repeats, Transactions
from pmiptrace.rules.offload import CHECKSUM, Checksums
from pmiptrace.rules.rule import Verdict, note
from pmiptrace.rules.ruleset import Ruleset
from pmiptrace.rules.tally import Tally


class Verdicts:
    """Takes the verdicts on one step after another, and gives the findings that are final."""

    def __init__(self, ruleset: Ruleset, tally: Tally) -> None:
        self._rules = ruleset.rules
        self._tally = tally
        self._repeats = Repeats()
        self._checksums = Checksums(ruleset, tally)
        self._transactions = Transactions()
        self._final: list[Finding] = []

    def take(self, rule: int, verdict: Verdict, step: Step) -> None:
        """Take a rule's verdict on a step, other than `PASS`."""
        each, message = self._rules[rule], step.message
        if each.once is not None and self._repeats.count(each, step):
            self._tally.skipped[rule] += 1
            return
        is_checksum = each.id == CHECKSUM and message is not None
        is_damaged = _never if is_checksum else self._checksums.is_damaged
        verdict = doubted(each, verdict, step, is_damaged)
        self._tally.judge(rule, verdict.outcome)
        finding = finding_of(each, verdict, step)
        if each.once is not None:
            self._final += self._repeats.hold(finding, each, step)
        elif message is not None and is_checksum:
            self._final += self._checksums.hold(finding, message, step)
        else:
            self._final += self._transactions.hold(finding, step)

    def crashed(self, rule: int, error: Exception, step: Step) -> None:
        """Have a remark name a rule that raised an error instead of judging a step."""
        self._tally.skipped[rule] += 1
        text = f"the check of this rule crashed: {type(error).__name__}: {error}"
        crash = finding_of(self._rules[rule], note(text, party="unknown"), step)
        self._final += self._transactions.hold(crash, step)

    def settle(self, step: Step, is_duplicate: bool) -> list[Finding]:
        """Give the findings that are final now that a step is judged.

        A message that was captured before tells nothing new of the host that sent it.
        """
        message, exchange, final = step.message, step.exchange, self._final
        if message is not None and not is_duplicate:
            final += self._checksums.learn(message, step)
        if exchange is not None and exchange.closed:
            final += self._transactions.close(exchange.id)
        self._final = []
        return final

    def finish(self) -> list[Finding]:
        """Give all findings that are still held, and forget what the run told."""
        return [
            *self._checksums.finish(),
            *self._transactions.finish(),
            *self._repeats.finish(),
        ]


def _never(_: Message) -> bool:
    return False
