"""The rules of one run, each under a number by which plans and tallies know it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from pmiptrace.rules.rule import Check, Rule, RuleOptions, Verdict

NO_RULES: frozenset[int] = frozenset()


class Ruleset:
    """Rules with what to call for each; a rule's number is its index in both lists."""

    def __init__(self, rules: Iterable[Rule], options: RuleOptions) -> None:
        self.rules: list[Rule] = []
        self.checks: list[Check] = []
        """What to call for each rule, with the subject as its only argument."""
        self.off: list[Rule] = []
        """The rules that the options leave out; they have no number."""
        for each in rules:
            check = _bound(each, options)
            if check is None:
                self.off.append(each)
            else:
                self.rules.append(each)
                self.checks.append(check)

    def __len__(self) -> int:
        return len(self.rules)

    def declared_for(self, *triggers: str) -> list[int]:
        """Give the rules that are declared for one of these kinds of message or of step."""
        return [i for i, each in enumerate(self.rules) if not each.on.isdisjoint(triggers)]

    def fail_always(self, rule: int, error: Exception) -> None:
        """Have a rule raise that error whenever it is called from now on."""
        self.checks[rule] = partial(_raise, error)


def _bound(each: Rule, options: RuleOptions) -> Check | None:
    """Give the function to call for a rule; None if the options leave it out."""
    if each.configured is None:
        return each.check
    if getattr(options, each.configured) is False:
        return None
    check = each.check
    return lambda subject: check(subject, options)


def _raise(error: Exception, _: object) -> Verdict | None:
    # Without its traceback, to which each time would add, and which would keep the step alive.
    raise error.with_traceback(None)
