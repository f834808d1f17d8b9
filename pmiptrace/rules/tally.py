"""How often each rule was judged, and how it went, by capture.

A run of a rule counts as kept unless it shows otherwise, so only what is not kept is counted one by
one. The runs are counted by plan, one number for all the rules that it stands for, and are put down
to the rules when somebody asks.
"""

from __future__ import annotations

from pmiptrace.model import Finding, RuleCount, Status
from pmiptrace.rules.plan import Plan
from pmiptrace.rules.rule import Outcome
from pmiptrace.rules.ruleset import Ruleset

_MAX_PLANS = 4096

_Counters = tuple[list[int], list[int], list[int], list[int], list[int]]
"""By rule, how often it ran, and how often it then had nothing to judge, was broken, may have been
broken, and was only remarked upon."""


class Tally:
    """Counts for one capture at a time, `capture`.

    Whoever calls a rule adds to `ran`, unless a plan has the run, and to `skipped` where the rule
    had nothing to judge.
    """

    def __init__(self, ruleset: Ruleset) -> None:
        self._ruleset = ruleset
        # Of 200 rules a capture puts few to the test, and there may be thousands of captures.
        self._unjudged = [RuleCount(each.id, 0, 0, 0, 0) for each in ruleset.rules]
        self._plans: list[Plan] = []
        """Those with runs that were not put down to their rules yet."""
        self._by_capture: dict[int, _Counters] = {}
        self.turn_to(0)

    def turn_to(self, capture: int) -> None:
        """Count for a capture from now on."""
        counters = self._by_capture.get(capture)
        if counters is None:
            size = len(self._ruleset)
            counters = [0] * size, [0] * size, [0] * size, [0] * size, [0] * size
            self._by_capture[capture] = counters
        self.capture = capture
        self.ran, self.skipped, self._failed, self._inconclusive, self._noted = counters

    def add_run(self, plan: Plan) -> None:
        """Count a run of all the rules of a plan."""
        runs = plan.runs
        if not runs:
            if len(self._plans) >= _MAX_PLANS:
                self._settle()
            self._plans.append(plan)
        runs[self.capture] = runs.get(self.capture, 0) + 1

    def judge(self, rule: int, outcome: Outcome) -> None:
        """Count that a run of a rule gave a verdict, and how that accuses."""
        if outcome is Outcome.FAIL:
            self._failed[rule] += 1
        elif outcome is Outcome.INCONCLUSIVE:
            self._inconclusive[rule] += 1
        else:
            self._noted[rule] += 1

    def take_back(self, rule: int, finding: Finding) -> None:
        """Count what a finding is about, in its capture, as nothing that could be judged."""
        _, skipped, failed, inconclusive, _ = self._by_capture[finding.moment.capture]
        counter = failed if finding.status is Status.FAIL else inconclusive
        counter[rule] -= finding.occurrences
        skipped[rule] += finding.occurrences

    def counts(self, capture: int | None) -> tuple[RuleCount, ...]:
        """Give the counts of one capture or of all.

        Diagnostics judge nobody and are left out. Rules that are off come last, never judged.
        """
        self._settle()
        if capture is None:
            counted = list(self._by_capture.values())
        else:
            counted = [self._by_capture[capture]] if capture in self._by_capture else []
        counts = []
        for rule, each in enumerate(self._ruleset.rules):
            if each.row.is_diagnostic:
                continue
            ran, skipped, failed, open_, noted = (
                sum(counters[kind][rule] for counters in counted) for kind in range(5)
            )
            kept = ran - skipped - failed - open_ - noted
            if judged := kept + failed + open_:
                counts.append(RuleCount(each.id, judged, kept, failed, open_))
            else:
                counts.append(self._unjudged[rule])
        counts += [RuleCount(each.id, 0, 0, 0, 0, each.switch) for each in self._ruleset.off]
        return tuple(counts)

    def _settle(self) -> None:
        """Put the runs of plans down to their rules."""
        for plan in self._plans:
            passes = plan.passes
            for capture, runs in plan.runs.items():
                ran, *_ = self._by_capture[capture]
                for rule in passes:
                    ran[rule] += runs
            plan.runs.clear()
        self._plans.clear()
