"""How blind the rules are: ``python benchmarks/blindness.py`` writes docs/blindness.md.

Correct runs of simulated peers are changed at one place each (`pmiptrace.simulation.mutation`) and
analyzed. What the change adds to the findings is held against what it breaks. The result depends
on the seed alone.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from zlib import crc32

from msgspec import Struct, field
from msgspec.structs import replace

from pmiptrace.analysis import Analysis
from pmiptrace.capture.writer import write_pcapng
from pmiptrace.model import Frame, Status
from pmiptrace.rules.catalogue import catalogue
from pmiptrace.rules.rule import RuleOptions
from pmiptrace.simulation import Multipath, Rates, Scenario, Vantage, simulate
from pmiptrace.simulation.mutation import Mutation, mutations

OPTIONS = RuleOptions(trust_clock=True)
"""The simulated taps have the LMAs' time."""
PAGE = Path(__file__).parents[1] / "docs" / "blindness.md"
SMALL = Path(__file__).with_name("blindness.json")
"""What the rules found of a small set of mutations; a test holds them to it."""
SEED = 8278

BUSY = Rates(handover=30, detachment=15, path_outage=30, readdressing=10, overwrite=40,
             revocation=20, notification=40, restart=0)  # fmt: skip
BASE = Scenario(duration=300, mobile_nodes=3, loss=0, slow_answers=0, heartbeat=30, rates=BUSY)


def scenarios() -> dict[str, Scenario]:
    """Give the runs that are changed, by what is special about each."""

    def but(**fields: object) -> Scenario:
        return replace(BASE, **fields)

    return {
        "multipath": but(paths=3, static_prefixes=0.5),
        "multipath, sequence numbers": but(paths=3, timestamps=False, two_interfaces=0),
        "one path": but(paths=1, static_prefixes=0, two_prefixes=0.5),
        "LMA without RFC 8278": but(multipath=Multipath.LEGACY, paths=4),
        "multipath refused": but(multipath=Multipath.DENIED, paths=4),
        "sequence numbers": but(timestamps=False),
        "IPv4 transport": but(ipv4_transport=True, ipv4_home_addresses=0.6),
        "IPv4 home addresses": but(ipv4_home_addresses=1.0, gre=True),
        "GRE and link-local addresses": but(gre=True, link_local_addresses=True, lmas=3),
        "losses": but(loss=0.15, slow_answers=0.05),
        "nodes refused, a small pool": but(not_enabled=0.3, pool=2, ipv4_home_addresses=0.5),
    }


class Outcome(Struct, frozen=True):
    """What an analysis made of one mutation."""

    run: str
    mutation: Mutation
    failed: frozenset[str]
    """Rules with more violations than in the run without the change."""
    inconclusive: frozenset[str]

    @property
    def is_seen(self) -> bool:
        """Whether any rule noticed the change."""
        return bool(self.failed or self.inconclusive)

    def of(self, rule: str) -> str:
        """Tell how a rule judged the change."""
        if rule in self.failed:
            return "fail"
        return "inconclusive" if rule in self.inconclusive else "missed"


def findings(frames: list[Frame], folder: Path) -> Counter[tuple[str, Status]]:
    """Count what an analysis finds, by rule and status."""
    path = folder / "run.pcapng"
    write_pcapng(path, frames)
    found: Counter[tuple[str, Status]] = Counter()
    for finding in Analysis([str(path)], options=OPTIONS).report().findings:
        found[finding.rule, finding.status] += finding.occurrences
    return found


def chosen(every: Iterable[Mutation], places: int, seed: str) -> list[Mutation]:
    """Choose, of each operator and each effect that it has, so many places."""
    kinds: dict[str, list[Mutation]] = defaultdict(list)
    for mutation in every:
        kinds[kind_of(mutation)].append(mutation)
    # Each kind has a generator of its own, so that a new operator changes no other's choice.
    return [
        mutation
        for kind, some in sorted(kinds.items())
        for mutation in Random(f"{seed} {kind}").sample(some, min(places, len(some)))
    ]


def kind_of(mutation: Mutation) -> str:
    """Name what a mutation is, wherever it is done."""
    return f"{mutation.operator} -> {', '.join(mutation.breaks) or mutation.because}"


def every_mutation(seed: int, places: int) -> Iterator[tuple[str, list[Mutation]]]:
    """Choose the mutations of each run."""
    for title, scenario in scenarios().items():
        vantage = Vantage.MAG if scenario.loss else Vantage.LMA
        run = simulate(scenario, seed)
        yield title, chosen(mutations(run, vantage), places, f"blindness {seed} {title}")


def small_set(seed: int) -> Iterator[tuple[str, list[Mutation]]]:
    """Choose every fourth kind of mutation, and one place of one run for each."""
    known: set[str] = set()
    for title, some in every_mutation(seed, 1):
        fresh = [m for m in some if kind_of(m) not in known and crc32(kind_of(m).encode()) % 4 == 0]
        known.update(map(kind_of, fresh))
        yield title, fresh


def outcomes(runs: Iterable[tuple[str, list[Mutation]]]) -> Iterator[Outcome]:
    """Analyze mutations of runs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for title, some in runs:
            before: Counter[tuple[str, Status]] | None = None
            for mutation in some:
                if before is None:
                    before = findings(mutation.original, folder)
                new = findings(mutation.frames(), folder) - before
                failed, inconclusive = (
                    frozenset(rule for rule, status in new if status is wanted)
                    for wanted in (Status.FAIL, Status.INCONCLUSIVE)
                )
                yield Outcome(title, mutation, failed, inconclusive)


class Tally(Struct):
    """How one rule did."""

    fail: int = 0
    inconclusive: int = 0
    missed: int = 0
    operators: Counter[str] = field(default_factory=Counter)
    """The mutations that it missed, by operator."""

    @property
    def broken(self) -> int:
        """How many mutations broke it."""
        return self.fail + self.inconclusive + self.missed


def tallies(every: Iterable[Outcome]) -> dict[str, Tally]:
    """Count per rule what became of the mutations that break it."""
    counted: dict[str, Tally] = {}
    for outcome in every:
        for rule in outcome.mutation.breaks:
            tally = counted.setdefault(rule, Tally())
            verdict = outcome.of(rule)
            setattr(tally, verdict, getattr(tally, verdict) + 1)
            if verdict == "missed":
                tally.operators[outcome.mutation.operator] += 1
    return counted


# -------------------------------------------------------------------------------- the page

UNPAIRED = "so many things differ that it is not known to be the answer to that request"
ONLY_DOUBT = "read as a request for another session, which HI 5 does not fit"
OTHER_KIND = "read as another kind of registration; the rule for that one says it"
WHY_MISSED: dict[tuple[str, str], str] = {
    ("RFC5213-5.3.2-STATUS0", ""): OTHER_KIND,
    ("RFC5213-5.3.4-STATUS0", ""): OTHER_KIND,
    ("RFC8278-4.3-REJECT-CODE", ""): "multipath was accepted for the mobile node before, so "
    "another cause is likely",
    ("RFC7077-4.1-D", ""): "the capture may have missed the first transmission",
    ("RFC5213-5.3.6-ECHO", ""): UNPAIRED,
    ("RFC5213-5.3.6-HNP-REJECT", "PBA: accepted, Status 135"): UNPAIRED,
    ("RFC5213-5.5-SEQ-IGNORED-TS", ""): UNPAIRED,
    ("RFC5844-3.1.2.6-DEFROUTER", "PBA: accepted, Status 135"): UNPAIRED,
    ("RFC5844-3.1.2.6-REPLY-REJECT", "PBA: accepted, Status 135"): UNPAIRED,
    ("RFC5213-5.3.6-LLA", "PBA: accepted, Status 135"): UNPAIRED,
    ("RFC6275-9.5.1-135-LASTSEQ", ""): UNPAIRED,
    ("RFC6275-10.3.1-SEQ-COPY", ""): UNPAIRED,
    ("RFC5213-6.9.1.2-152-STOP", ""): "the MAG may not have got the answer: what comes next "
    "looks like a retransmission, or comes from another path",
    ("RFC5213-6.9.1.2-155-SAME", ""): "the MAG may not have got the answer: what comes next "
    "looks like a retransmission, or comes from another path",
    ("RFC8278-4.4-180-DISABLE", ""): "the LMA accepted multipath again in between",
    ("RFC5213-6.9.1.3-HI5-INITIAL", ""): "before the capture began there may have been a session",
    ("RFC5213-6.9.1.3-HNP-ALL", "PBU: Home Network Prefix, ALL_ZERO"): ONLY_DOUBT,
    ("RFC5213-6.9.1.3-HNP-ALL", "PBU: without Home Network Prefix"): "without a prefix the request "
    "is not known to be about that session",
    ("RFC5847-3.3-U", "Heartbeat response: U=1"): "an unsolicited response can have any number, so "
    "that of a request too",
    ("RFC5847-3-SEQ", "Heartbeat request: R=1"): "the request may have been missed by the capture",
    ("RFC8278-3.1-PBA-HNP-SAME", ""): "RFC5213-5.3.6-HNP-ACCEPT says it already",
    ("RFC8278-3.1-HNP-2ND-PATH", ""): "read as a request for another session",
    ("RFC5847-3-RESPOND", ""): "the capture ends too soon after the request",
    ("RFC5846-6.1.2-ACK", ""): "the capture ends too soon after the request",
    ("RFC7077-6.1-ACK", ""): "the capture ends too soon after the request",
    ("RFC6275-9.5.4-ACK", ""): "the capture ends too soon, or a retransmission was answered",
    ("RFC7077-6.2-SEQ", ""): "the UPN may have been missed by the capture",
    ("RFC7077-5.1-SEQ-MONO", "UPN: Sequence # -40"): "no earlier UPN goes to the same address; an "
    "LMA may count for each MAG",
    ("RFC6275-9.5.1-SEQ-GREATER", "PBU: Sequence # -40"): "the request was late without the change "
    "too, overtaken by another; or it is not known which answer is its own",
    ("RFC5847-3.2-RESTART-MONO", ""): "no later heartbeat goes between the same two addresses",
    ("RFC5845-5.2-KEY-REPLY", "PBA: without GRE Key"): "not looked for: the rule judges an option "
    "that is there",
    ("RFC7077-6.1-ANI", ""): "the first PBU after the notification may have been on its way",
    ("RFC5846-6.1.2-DST", "BRI: another source"): "the answer is one to the attempt before as well",
}
"""Why a rule misses an operator's mutations, or with "" any; what is not here is open."""


def table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Give the lines of a Markdown table."""
    names = list(heads)
    yield f"| {' | '.join(names)} |"
    yield "|" + "---|" * len(names)
    for row in rows:
        yield f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in row)} |"


def linked(rule: str) -> str:
    """Give a rule ID as a link to its documentation."""
    rfc, anchor = rule.lower().partition("-")[0], rule.lower().replace(".", "")
    return f"[`{rule}`](rules/{rfc}.md#{anchor})"


def page(every: list[Outcome], seed: int, places: int) -> str:
    """Give the page that says what was found and what was not."""
    counted = tallies(every)
    sums = [
        sum(getattr(tally, kind) for tally in counted.values())
        for kind in ("broken", "fail", "inconclusive", "missed")
    ]
    breaking = [outcome for outcome in every if outcome.mutation.breaks]
    unseen = [outcome for outcome in breaking if not outcome.is_seen]
    runs = len({outcome.run for outcome in every})
    lines = [
        f"<!-- Written by python benchmarks/blindness.py --seed {seed} --places {places} -->",
        "# Blindness",
        "",
        "What the rules do not see. Correct runs of simulated peers are changed at one place each: "
        "a flag, an option, a number, an address, padding, a message that is repeated or left out. "
        "The checksum is made right again. Each change is analyzed, and what it adds to the "
        "findings is held against the rules that it breaks by the RFCs' text "
        "(`pmiptrace/simulation/mutation/` says which).",
        "",
        "This page is written by",
        "",
        "```sh",
        f"python benchmarks/blindness.py --seed {seed} --places {places}",
        "```",
        "",
        f"{len(every)} mutations of {runs} runs: of each operator and each set of rules that it "
        f"breaks, {places} place{'s' * (places > 1)} of each run. {len(breaking)} break a rule, "
        f"together {sums[0]} times: {sums[1]} found as a violation, {sums[2]} as a suspicion "
        f"(inconclusive), {sums[3]} missed by the rule itself. {len(unseen)} of the "
        f"{len(breaking)} are not seen by any rule.",
        "",
        "## Per rule",
        "",
        *table(
            ("Rule", "Broken", "Violation", "Inconclusive", "Missed"),
            (
                (linked(rule), tally.broken, tally.fail, tally.inconclusive, tally.missed)
                for rule, tally in in_catalogue_order(counted)
            ),
        ),
        "",
        "## Missed",
        "",
        "What breaks a rule that says nothing of it, by operator. *Others* are the rules that saw "
        "the same change.",
        "",
        *table(("Rule", "Mutation", "Times", "Others", "Why"), _missed(every, counted)),
        "",
        "## Seen by no rule",
        "",
        "Those of them that no other rule sees either.",
        "",
        *table(
            ("Run", "Frame", "Mutation", "Breaks", "Why"),
            (
                (
                    outcome.run,
                    outcome.mutation.place.index + 1,
                    outcome.mutation.operator,
                    ", ".join(map(linked, outcome.mutation.breaks)),
                    "; ".join(_why(r, outcome.mutation.operator) for r in outcome.mutation.breaks),
                )
                for outcome in unseen
            ),
        ),
        "",
        "## Legal, or not visible",
        "",
        "Mutations that break no rule, and that no rule accuses anybody for.",
        "",
        *table(("Why", "Mutations"), _legal(every)),
        "",
        "## Seen all the same",
        "",
        "Mutations that break no rule by themselves, and the rules that saw them in what the other "
        "messages of the run then mean.",
        "",
        *table(("Mutation", "Rules"), _consequences(every)),
        "",
        "## Not tried",
        "",
        "Rules of the catalogue that none of these mutations breaks. `tests/rules` has a trace for "
        "each.",
        "",
        ", ".join(
            linked(row.id)
            for row in catalogue().values()
            if not row.is_diagnostic and row.id not in counted
        ),
    ]
    return "\n".join(lines) + "\n"


def in_catalogue_order(counted: dict[str, Tally]) -> list[tuple[str, Tally]]:
    """Give the rules as the catalogue lists them."""
    order = {rule: position for position, rule in enumerate(catalogue())}
    return sorted(counted.items(), key=lambda item: order[item[0]])


def _missed(every: list[Outcome], counted: dict[str, Tally]) -> Iterator[tuple[object, ...]]:
    for rule, tally in in_catalogue_order(counted):
        for operator, times in sorted(tally.operators.items()):
            others: set[str] = set()
            for outcome in every:
                if outcome.mutation.operator == operator and rule in outcome.mutation.breaks:
                    others |= outcome.failed | outcome.inconclusive
            others.discard(rule)
            named = ", ".join(f"`{other}`" for other in sorted(others))
            yield linked(rule), operator, times, named, _why(rule, operator)


def _why(rule: str, operator: str) -> str:
    return WHY_MISSED.get((rule, operator), WHY_MISSED.get((rule, ""), "open"))


def _legal(every: list[Outcome]) -> Iterator[tuple[object, ...]]:
    reasons: dict[str, set[str]] = defaultdict(set)
    for outcome in every:
        if outcome.mutation.because and not outcome.failed:
            reasons[outcome.mutation.because].add(outcome.mutation.operator)
    for reason, operators in sorted(reasons.items()):
        yield reason, "; ".join(sorted(operators))


def _consequences(every: list[Outcome]) -> Iterator[tuple[object, ...]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in every:
        if outcome.mutation.because:
            found[outcome.mutation.operator].update(outcome.failed)
    for operator, rules in sorted(found.items()):
        if rules:
            named = ", ".join(f"`{rule}` ({times})" for rule, times in sorted(rules.items()))
            yield operator, named


def summary(every: Iterable[Outcome]) -> dict[str, dict[str, int]]:
    """Give the counts per rule in a form to be kept."""
    return {
        rule: {"fail": t.fail, "inconclusive": t.inconclusive, "missed": t.missed}
        for rule, t in sorted(tallies(every).items())
    }


def main() -> None:
    """Write the page, or with ``--small`` what the test expects."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--places", type=int, default=1, help="per run, operator and effect")
    parser.add_argument("--small", action="store_true", help=f"write {SMALL.name} in its place")
    arguments = parser.parse_args()
    if arguments.small:
        counts = summary(outcomes(small_set(SEED)))
        SMALL.write_text(json.dumps(counts, indent=1) + "\n", "utf-8")
        return
    every = list(outcomes(every_mutation(arguments.seed, arguments.places)))
    PAGE.write_text(page(every, arguments.seed, arguments.places), "utf-8")


if __name__ == "__main__":
    main()
