"""Runs the rules over the steps of a trace and makes findings of their verdicts.

For each step,

- `dispatch` gives the plan: the few rules that may have something to say about it (`plan`);
- the engine calls those, and `tally` counts how it went;
- `verdicts` takes every verdict but `PASS`, makes a finding of it (`finding`), and holds that until
  it can no longer change: until its exchange closes or the run ends (`held`), or until it is known
  whether a wrong checksum is the capturing host's offload (`offload`).

These are modules of this package. All know a rule by its number in `ruleset`. What is held or
remembered is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable

from pmiptrace.model import Finding, Message, Moment, RuleCount, Step, Undecoded
from pmiptrace.rules import look
from pmiptrace.rules.dispatch import Dispatch
from pmiptrace.rules.plan import Plan
from pmiptrace.rules.registry import all_rules
from pmiptrace.rules.rule import EVENT, PASS, UNDECODED, Rule, RuleOptions
from pmiptrace.rules.ruleset import Ruleset
from pmiptrace.rules.tally import Tally
from pmiptrace.rules.verdicts import Verdicts

DUPLICATE = "PM-DUP-CAPTURE"
"""Event of a message that was captured before: it is counted, not analysed."""


class Engine:
    """Judges the steps of one run. Not for use by several threads at a time."""

    def __init__(
        self, options: RuleOptions | None = None, rules: Iterable[Rule] | None = None
    ) -> None:
        """Prepare a run with all rules, or with those given."""
        ruleset = Ruleset(all_rules() if rules is None else rules, options or RuleOptions())
        self._checks = ruleset.checks
        self._dispatch = Dispatch(ruleset)
        self._tally = Tally(ruleset)
        self._verdicts = Verdicts(ruleset, self._tally)
        self._by_event = {ruleset.rules[i].id: i for i in ruleset.declared_for(EVENT)}
        self._undecoded = ruleset.declared_for(UNDECODED)

    def evaluate(self, step: Step) -> list[Finding]:
        """Judge one step; give the findings that are final with it."""
        message, events = step.message, step.events
        tally, capture = self._tally, step.moment.capture
        if capture != tally.capture:
            tally.turn_to(capture)
        is_duplicate = DUPLICATE in events
        if not is_duplicate:
            request = look.answered_by(step)
            plan = self._dispatch.plan_for(step, request)
            tally.add_run(plan)
            if message is None or plan.has_met(message, request):
                self._judge(plan, step)
            else:
                self._judge_anew(plan, message, request, step)
        for event in events:
            rule = self._by_event.get(event)
            if rule is not None:
                tally.ran[rule] += 1
                self._call(rule, step, step)
        return self._verdicts.settle(step, is_duplicate)

    def undecoded(self, undecoded: Undecoded) -> list[Finding]:
        """Report a frame that holds signalling which could not be decoded."""
        frame = undecoded.frame
        step = Step(moment=Moment(frame.capture, frame.number, frame.time))
        self._tally.turn_to(frame.capture)
        for rule in self._undecoded:
            self._tally.ran[rule] += 1
            self._call(rule, undecoded, step)
        return self._verdicts.settle(step, False)

    def finish(self) -> list[Finding]:
        """Give all findings still held; the run is over, and another may begin.

        That is counted with it, and judged without a memory of it.
        """
        return self._verdicts.finish()

    def counts(self, capture: int | None = None) -> tuple[RuleCount, ...]:
        """Give how often each rule was judged so far, on one capture or on all.

        Diagnostics judge nobody and are left out. Rules that wait for a setting come last, never
        judged.
        """
        return self._tally.counts(capture)

    def _judge(self, plan: Plan, step: Step) -> None:
        """Call the rules of a plan that look at more than the octets of the message."""
        # `_call` written out, as nearly all of the calls of a run are made here.
        skipped = self._tally.skipped
        for rule, check in plan.calls:
            try:
                verdict = check(step)
            except Exception as error:
                self._verdicts.crashed(rule, error, step)
                continue
            if verdict is None:
                skipped[rule] += 1
            elif verdict is not PASS:
                self._verdicts.take(rule, verdict, step)

    def _judge_anew(
        self, plan: Plan, message: Message, request: Message | None, step: Step
    ) -> None:
        """Call the rules of a plan to which something is new, and remember what is in order."""
        called = plan.to_call(message, request)
        kept = {rule for rule in called if self._call(rule, step, step)}
        self._dispatch.learn(plan, message, kept)

    def _call(self, rule: int, subject: Step | Undecoded, step: Step) -> bool:
        """Call a rule whose run was counted; tell whether the subject keeps it."""
        try:
            verdict = self._checks[rule](subject)
        except Exception as error:
            self._verdicts.crashed(rule, error, step)
            return False
        if verdict is None:
            self._tally.skipped[rule] += 1
        elif verdict is not PASS:
            self._verdicts.take(rule, verdict, step)
        return verdict is PASS
