"""Runs the rules over the steps of a trace and makes findings of their verdicts.

Which rules are called for a message is settled in three stages, each of which is worked out once
and remembered:

- the shape of the message, and of the request that it answers, tells which rules it is for: its
  kind, the numbers of its options, its status ... (`_Form`, `_Selection`);
- the facts of the step (`pmiptrace.rules.situation`) tell which of those have something to say
  (`_Plan`);
- what rules found in order in the octets of an option, or in the places of all options, holds
  for equal ones (`_InOrder`).

A finding goes out once it can no longer change:

- at most one per rule, transaction and accused: while the exchange is open, a retransmission's
  repeat adds to `occurrences`, and an inconclusive finding gives way to a proven one;
- rules that say so report once per capture or peer, at the end, with the number of occurrences;
- a wrong checksum is held per sending host until a good one from that host shows that it is not
  the capturing host's offload, or until the end.

What is held or remembered is bounded; at a bound the oldest goes out as it stands.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.model import (
    Body,
    Exchange,
    ExchangeKind,
    Finding,
    Message,
    Moment,
    OpaqueOption,
    Party,
    RuleCount,
    Status,
    Step,
    Undecoded,
    option_number,
)
from pmiptrace.rules import look
from pmiptrace.rules.registry import all_rules
from pmiptrace.rules.rule import (
    ANY,
    CLOCK,
    EACH,
    EVENT,
    FIRST,
    OFFLOAD,
    PASS,
    REPLY,
    UNDECODED,
    Check,
    Need,
    Outcome,
    Rule,
    RuleOptions,
    Shape,
    Verdict,
)
from pmiptrace.rules.situation import facts_of
from pmiptrace.track.bounded import keep
from pmiptrace.wire.messages import BindingAcknowledgement, BindingUpdate

CHECKSUM = "RFC6275-9.2-CHECKSUM"
DUPLICATE = "PM-DUP-CAPTURE"
"""Event of a message that was captured before: it is counted, not analysed."""

_NO_RULES: frozenset[int] = frozenset()
_MAX_PLANS = 4096
_MAX_LATELY = 1024
_MAX_IN_ORDER = 16_384
_MAX_OPEN_EXCHANGES = 65_536
_MAX_REMEMBERED = 65_536
_MAX_HOSTS = 16_384
_MAX_HELD_PER_HOST = 256
_MAX_EVIDENCE = 16

_STATUS = {
    Outcome.FAIL: Status.FAIL,
    Outcome.INCONCLUSIVE: Status.INCONCLUSIVE,
    Outcome.NOTE: Status.NOTE,
}


_Tally = tuple[list[int], list[int], list[int], list[int], list[int]]
"""By rule, how often it ran, and how often it then had nothing to judge, was broken, may have been
broken, and was only remarked upon."""
_Slot = tuple[str, str, int]
"""A rule, the role of the accused and the exchange: there is one finding for each."""


class _InOrder:
    """What some rules found in order: the same again needs no further look."""

    __slots__ = ("known", "rules")

    def __init__(self, rules: frozenset[int]) -> None:
        self.rules = rules
        self.known: set[object] = set()


class _Plan:
    """The rules for one shape of message in one situation, and how many such steps there were."""

    __slots__ = ("checks", "contents", "echoes", "every", "kept", "places", "rules", "runs")

    def __init__(
        self,
        every: list[tuple[int, Check]],
        kept: list[int],
        contents: list[tuple[int, _InOrder]],
        places: _InOrder | None,
        echoes: dict[int, list[tuple[int, int]]],
    ) -> None:
        self.every = every
        """The rules to call where everything in the message is new."""
        self.kept = kept
        """Rules that are kept in any case; they are counted and not called."""
        self.contents = contents
        """What is in order of the octets of options, by their index in the message."""
        self.places = places
        """What is in order of the length of the message and the places of its options."""
        self.echoes: dict[tuple[int, int], frozenset[int]] = {}
        """The rules that ask whether an option equals one of the request, by both indexes."""
        for rule, pairs in echoes.items():
            for pair in pairs:
                self.echoes[pair] = self.echoes.get(pair, _NO_RULES) | {rule}
        spared = frozenset(echoes).union(*(known.rules for _, known in contents))
        if places is not None:
            spared |= places.rules
        self.rules = [rule for rule, _ in every if rule not in spared]
        """The rules to call where nothing in the message is new."""
        self.checks = [check for rule, check in every if rule not in spared]
        self.runs: dict[int, int] = {}
        """By capture."""

    @property
    def passes(self) -> list[int]:
        """The rules that every run keeps unless a call showed otherwise."""
        return [*(index for index, _ in self.every), *self.kept]

    def has_met(self, message: Message, request: Message | None) -> bool:
        """Tell whether nothing in the message, which may answer that request, is new."""
        options = message.options
        if request is not None:
            asked = request.options
            for index, source in self.echoes:
                if options[index] != asked[source]:
                    return False
        for index, contents in self.contents:
            if options[index] not in contents.known:
                return False
        places = self.places
        return places is None or (message.length, message.offsets) in places.known

    def to_call(self, message: Message, request: Message | None) -> set[int]:
        """Give the rules to call where something in the message is new: those that it is new to."""
        options, rules = message.options, set(self.rules)
        if request is not None:
            for (index, source), asking in self.echoes.items():
                if options[index] != request.options[source]:
                    rules |= asking
        for index, contents in self.contents:
            if options[index] not in contents.known:
                rules |= contents.rules
        places = self.places
        if places is not None and (message.length, message.offsets) not in places.known:
            rules |= places.rules
        return rules


class _Look(NamedTuple):
    """A rule that has to look at messages of some shape, unless facts spare that."""

    rule: int
    check: Check
    when: int
    kept_when: int


class _Selection:
    """The rules for one shape of message, and the plans for the situations it was met in."""

    __slots__ = ("contents", "echoes", "facts", "kept", "looking", "places", "plans")

    def __init__(
        self,
        looking: list[_Look],
        kept: list[int],
        contents: dict[int, frozenset[int]],
        places: frozenset[int],
        echoes: dict[int, list[tuple[int, int]]],
    ) -> None:
        self.looking = looking
        self.facts = 0
        """All facts that one of these rules asks for."""
        for each in looking:
            self.facts |= each.when | each.kept_when
        self.kept = kept
        self.contents = contents
        """The rules that judge an option by its octets, by its index in the message."""
        self.places = _InOrder(places)
        self.echoes = echoes
        """By rule, the indexes of options that should be equal in reply and request."""
        self.plans: dict[int, _Plan] = {}


class _Form:
    """What messages have in common that the engine need not tell apart by themselves."""

    __slots__ = ("selections",)

    def __init__(self) -> None:
        self.selections: dict[tuple[_Form, ExchangeKind] | None, _Selection] = {}
        """By the form of the request and what it asks for; None where it is no reply."""


class _Host:
    """A host none of whose checksums was right so far."""

    __slots__ = ("answered", "first", "held", "sessions")

    def __init__(self, first: Step) -> None:
        self.first = first
        self.held: list[Finding] = []
        self.answered = False
        self.sessions: set[int] = set()
        """Sessions in which it sent a reply, which the MAG's next request would show it took."""


class Engine:
    """Judges the steps of one run. Not for use by several threads at a time."""

    def __init__(
        self, options: RuleOptions | None = None, rules: Iterable[Rule] | None = None
    ) -> None:
        """Prepare a run with all rules, or with those given."""
        options = options or RuleOptions()
        self._rules: list[Rule] = []
        self._checks: list[Check] = []
        self._off: list[Rule] = []
        for each in all_rules() if rules is None else rules:
            check = _bound(each, options)
            if check is None:
                self._off.append(each)
            else:
                self._rules.append(each)
                self._checks.append(check)
        self._by_event = {r.id: i for i, r in enumerate(self._rules) if EVENT in r.on}
        self._undecoded = [i for i, r in enumerate(self._rules) if UNDECODED in r.on]
        self._offload = next((i for i, r in enumerate(self._rules) if OFFLOAD in r.on), None)
        self._by_content: dict[tuple[int, str], frozenset[int]] = {}
        for i, each in enumerate(self._rules):
            if each.by_content is not None:
                (number,) = each.options
                key = number, each.by_content
                self._by_content[key] = self._by_content.get(key, _NO_RULES) | {i}
        self._by_places = frozenset(i for i, r in enumerate(self._rules) if r.by_places)
        self._by_echo = frozenset(i for i, r in enumerate(self._rules) if r.by_echo)
        self._by_trigger: dict[tuple[str, bool], list[int]] = {}
        self._nothing = _Plan([], [], [], None, {})
        self._plans: list[_Plan] = []
        # Of 200 rules a capture puts few to the test, and there may be thousands of captures.
        self._unjudged = [RuleCount(r.id, 0, 0, 0, 0) for r in self._rules]
        self._tallies: dict[int, _Tally] = {}
        """By capture; the attributes that follow are the lists of the one that is judged."""
        self._turn_to(0)
        self._forget_plans()
        self._open: dict[int, dict[_Slot, Finding]] = {}
        self._reported: OrderedDict[_Slot, Status] = OrderedDict()
        self._once: dict[tuple[str, object], Finding] = {}
        self._times: dict[tuple[str, object], int] = {}
        self._good_hosts: OrderedDict[bytes, None] = OrderedDict()
        self._bad_hosts: dict[bytes, _Host] = {}

    # --------------------------------------------------------------------------- in and out

    def evaluate(self, step: Step) -> list[Finding]:
        """Judge one step; give the findings that are final with it."""
        message, events = step.message, step.events
        out: list[Finding] = []
        capture = step.moment.capture
        if capture != self._capture:
            self._turn_to(capture)
        if DUPLICATE in events:
            plan = self._nothing
        else:
            request = look.answered_by(step)
            selection = self._select(message, step, request)
            facts = facts_of(step, request) & selection.facts
            plan = selection.plans.get(facts) or self._make_plan(selection, facts)
            plan.runs[capture] = plan.runs.get(capture, 0) + 1
            if message is None or plan.has_met(message, request):
                self._judge(plan, step, out)
            else:
                self._judge_anew(plan, message, request, step, out)
        for event in events:
            position = self._by_event.get(event)
            if position is not None:
                self._passed[position] += 1
                self._call(position, step, step, out)
        if message is not None and plan is not self._nothing:
            if message.checksum_correct and message.datagram.source not in self._good_hosts:
                self._good_checksum(message.source, out)
            if self._bad_hosts:
                self._watch_answers(step)
        exchange = step.exchange
        if exchange is not None and exchange.closed and exchange.id in self._open:
            out.extend(self._close(exchange.id))
        return out

    def undecoded(self, undecoded: Undecoded) -> list[Finding]:
        """Report a frame that holds signalling which could not be decoded."""
        out: list[Finding] = []
        frame = undecoded.frame
        self._turn_to(frame.capture)
        step = Step(moment=Moment(frame.capture, frame.number, frame.time))
        for index in self._undecoded:
            self._passed[index] += 1
            self._call(index, undecoded, step, out)
        return out

    def finish(self) -> list[Finding]:
        """Give all findings still held; the run is over, and another may begin.

        That is counted with it, and judged without a memory of it.
        """
        out: list[Finding] = []
        while self._bad_hosts:
            self._settle_host(next(iter(self._bad_hosts)), out)
        for exchange in list(self._open):
            out.extend(self._close(exchange))
        out.extend(self._counted(once) for once in list(self._once))
        self._reported.clear()
        self._good_hosts.clear()
        return out

    def counts(self, capture: int | None = None) -> tuple[RuleCount, ...]:
        """Give how often each rule was judged so far, on one capture or on all.

        Diagnostics judge nobody and are left out. Rules that wait for a setting come last, never
        judged.
        """
        self._count_plans()
        if capture is None:
            tallies = list(self._tallies.values())
        else:
            tallies = [self._tallies[capture]] if capture in self._tallies else []
        counts = []
        for index, each in enumerate(self._rules):
            if each.row.is_diagnostic:
                continue
            ran, skipped, failed, open_, noted = (
                sum(tally[kind][index] for tally in tallies) for kind in range(5)
            )
            kept = ran - skipped - failed - open_ - noted
            if judged := kept + failed + open_:
                counts.append(RuleCount(each.id, judged, kept, failed, open_))
            else:
                counts.append(self._unjudged[index])
        counts += [RuleCount(each.id, 0, 0, 0, 0, each.switch) for each in self._off]
        return tuple(counts)

    def _turn_to(self, capture: int) -> None:
        """Count for a capture from now on."""
        tally = self._tallies.get(capture)
        if tally is None:
            size = len(self._rules)
            tally = [0] * size, [0] * size, [0] * size, [0] * size, [0] * size
            self._tallies[capture] = tally
        self._capture = capture
        self._passed, self._skipped, self._failed, self._inconclusive, self._noted = tally

    # ------------------------------------------------------------------------------ dispatch

    def _select(self, message: Message | None, step: Step, request: Message | None) -> _Selection:
        if message is None:
            return self._clock
        form, exchange = self._form_of(message), step.exchange
        if request is None or exchange is None:
            key = None
            self._lately[id(message)] = message, form
            if len(self._lately) > _MAX_LATELY:
                self._lately.clear()
        else:
            lately = self._lately.get(id(request))
            key = (self._form_of(request) if lately is None else lately[1]), exchange.kind
        selection = form.selections.get(key)
        if selection is None:
            selection = self._make_selection(_shape(message, exchange, request), message, request)
            form.selections[key] = selection
        return selection

    def _form_of(self, message: Message) -> _Form:
        types: tuple[Any, ...] = tuple(map(type, message.options))
        if OpaqueOption in types:
            types = tuple(map(option_number, message.options))
        status, lifetime = _terms_of(message.body)
        key = (
            message.kind,
            types,
            status,
            lifetime == 0,
            not message.defects,
            message.datagram.ports is None,
            message.dialect,
        )
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = _Form()
        return form

    def _make_selection(
        self, shape: Shape, message: Message, request: Message | None
    ) -> _Selection:
        looking: list[int] = []
        kept: list[int] = []
        for index in self._triggered(shape.kind, shape.request is not None):
            need = self._need(index, shape)
            if need is Need.LOOK:
                looking.append(index)
            elif need is Need.KEPT:
                kept.append(index)
        called = frozenset(looking)
        contents: dict[int, frozenset[int]] = {}
        for place, number in enumerate(map(option_number, message.options)):
            judging = called & self._by_content.get((number, EACH), _NO_RULES)
            if number not in shape.repeated:
                judging |= called & self._by_content.get((number, FIRST), _NO_RULES)
            if judging:
                contents[place] = judging
        places = called & self._by_places if shape.sound else _NO_RULES
        echoes: dict[int, list[tuple[int, int]]] = {}
        for index in called & self._by_echo:
            pairs = _echoed(self._rules[index].by_echo, message, request)
            if pairs:
                echoes[index] = pairs
        return _Selection(self._looks(looking), kept, contents, places, echoes)

    def _need(self, index: int, shape: Shape) -> Need:
        """Ask a rule whether it looks at messages of a shape; if it cannot tell, it fails."""
        try:
            return self._rules[index].need(shape)
        except Exception as error:
            self._checks[index] = partial(_fail_again, error)
            return Need.LOOK

    def _looks(self, indexes: Iterable[int]) -> list[_Look]:
        rules, checks = self._rules, self._checks
        return [_Look(i, checks[i], rules[i].when, rules[i].kept_when) for i in indexes]

    def _triggered(self, kind: str, is_reply: bool) -> list[int]:
        """Give the rules that are declared for messages of a kind."""
        triggered = self._by_trigger.get((kind, is_reply))
        if triggered is None:
            triggers = {ANY, kind, REPLY} if is_reply else {ANY, kind}
            triggered = [i for i, each in enumerate(self._rules) if each.on & triggers]
            self._by_trigger[kind, is_reply] = triggered
        return triggered

    def _make_plan(self, selection: _Selection, facts: int) -> _Plan:
        if len(self._plans) >= _MAX_PLANS:
            self._forget_plans()
        every: list[tuple[int, Check]] = []
        kept = list(selection.kept)
        lacking = ~facts
        for index, check, when, kept_when in selection.looking:
            if when & lacking:
                continue
            if kept_when and not kept_when & lacking:
                kept.append(index)
            else:
                every.append((index, check))
        called = frozenset(index for index, _ in every)
        contents: list[tuple[int, _InOrder]] = []
        for place, rules in selection.contents.items():
            judging = rules & called
            if judging:
                contents.append((place, self._contents.setdefault(judging, _InOrder(judging))))
        places = selection.places if selection.places.rules else None
        echoes = {i: pairs for i, pairs in selection.echoes.items() if i in called}
        plan = selection.plans[facts] = _Plan(every, kept, contents, places, echoes)
        self._plans.append(plan)
        return plan

    def _forget_plans(self) -> None:
        """Begin without plans; what was counted with those there were stays."""
        self._count_plans()
        self._plans = []
        self._forms: dict[tuple[Any, ...], _Form] = {}
        self._lately: dict[int, tuple[Message, _Form]] = {}
        """The forms of the last requests, by identity, as most are answered soon."""
        self._contents: dict[frozenset[int], _InOrder] = {}
        self._in_order: list[_InOrder] = []
        """Where something is known to be in order, once for each thing."""
        clock = [i for i, each in enumerate(self._rules) if CLOCK in each.on]
        self._clock = _Selection(self._looks(clock), [], {}, frozenset(), {})

    def _count_plans(self) -> None:
        for plan in self._plans:
            for capture, runs in plan.runs.items():
                passed, *_ = self._tallies[capture]
                for index in plan.passes:
                    passed[index] += runs
            plan.runs.clear()

    def _judge(self, plan: _Plan, step: Step, out: list[Finding]) -> None:
        """Call the rules of a plan that look at more than the octets of the message."""
        try:
            verdicts = [check(step) for check in plan.checks]
        except Exception:
            for index in plan.rules:
                self._call(index, step, step, out)
            return
        for index, verdict in zip(plan.rules, verdicts, strict=True):
            if verdict is None:
                self._skipped[index] += 1
            elif verdict is not PASS:
                self._judged(index, verdict, step, out)

    def _judge_anew(
        self,
        plan: _Plan,
        message: Message,
        request: Message | None,
        step: Step,
        out: list[Finding],
    ) -> None:
        """Call the rules of a plan to which something is new, and remember what is in order."""
        called = plan.to_call(message, request)
        kept = {i for i, _ in plan.every if i in called and self._call(i, step, step, out)}
        for place, contents in plan.contents:
            if contents.rules <= kept:
                self._remember_order(contents, message.options[place])
        if plan.places is not None and plan.places.rules <= kept:
            self._remember_order(plan.places, (message.length, message.offsets))

    def _remember_order(self, order: _InOrder, what: object) -> None:
        if what in order.known:
            return
        if len(self._in_order) >= _MAX_IN_ORDER:
            for old in self._in_order:
                old.known.clear()
            self._in_order.clear()
        order.known.add(what)
        self._in_order.append(order)

    def _call(self, index: int, subject: Step | Undecoded, step: Step, out: list[Finding]) -> bool:
        """Call a rule that is counted as kept; tell whether it is."""
        try:
            verdict = self._checks[index](subject)
        except Exception as error:
            self._crashed(index, step, error, out)
            return False
        if verdict is None:
            self._skipped[index] += 1
        elif verdict is not PASS:
            self._judged(index, verdict, step, out)
        return verdict is PASS

    # ------------------------------------------------------------------------------ findings

    def _crashed(self, index: int, step: Step, error: Exception, out: list[Finding]) -> None:
        self._skipped[index] += 1
        text = f"the check of this rule crashed: {type(error).__name__}: {error}"
        crash = Verdict(outcome=Outcome.NOTE, message=text, party="unknown")
        self._emit(self._finding(self._rules[index], crash, step), step, out)

    def _judged(self, index: int, verdict: Verdict, step: Step, out: list[Finding]) -> None:
        each = self._rules[index]
        once = None if each.once is None else (each.id, _subject(each.once, step))
        if once in self._times:
            self._skipped[index] += 1
            self._times[once] += 1
            return
        verdict = _doubted(each, verdict, step)
        if verdict.outcome is Outcome.FAIL:
            self._failed[index] += 1
        elif verdict.outcome is Outcome.INCONCLUSIVE:
            self._inconclusive[index] += 1
        else:
            self._noted[index] += 1
        finding = self._finding(each, verdict, step)
        if once is not None:
            self._once[once] = finding
            self._times[once] = 1
            if len(self._once) > _MAX_REMEMBERED:
                out.append(self._counted(next(iter(self._once))))
        elif each.id == CHECKSUM and step.message is not None:
            self._bad_checksum(finding, step, out)
        else:
            self._emit(finding, step, out)

    def _counted(self, once: tuple[str, object]) -> Finding:
        return replace(self._once.pop(once), occurrences=self._times.pop(once))

    def _finding(self, each: Rule, verdict: Verdict, step: Step) -> Finding:
        row, message = each.row, step.message
        exchange = verdict.exchange
        if exchange is None and step.exchange is not None:
            exchange = step.exchange.id
        role = verdict.party or row.party
        return Finding(
            rule=each.id,
            severity=verdict.severity or row.severity,
            status=_STATUS[verdict.outcome],
            why_inconclusive=verdict.why_inconclusive,
            confidence=verdict.confidence or row.confidence,
            party=Party("unknown") if row.is_diagnostic else look.party_of(step, role),
            moment=step.moment,
            evidence=verdict.evidence,
            session=look.session_of(step),
            exchange=exchange,
            lma=look.lma_of(step),
            mobile_node=look.mobile_node_of(step),
            bid=look.bid_of(step),
            span=look.span_of(message, verdict),
            field=look.field_name(message, verdict),
            message=verdict.message,
            keyword=row.keyword,
            reference=row.reference,
        )

    def _emit(self, finding: Finding, step: Step, out: list[Finding]) -> None:
        """Hold a finding until its exchange closes; let it out if it is about none."""
        exchange = finding.exchange
        if exchange is None:
            out.append(finding)
            return
        before = self._reported.get(_slot(finding, exchange, self._reported))
        if before is not None and (
            before is not Status.INCONCLUSIVE or finding.status is Status.INCONCLUSIVE
        ):
            return
        own = step.exchange is not None and step.exchange.id == exchange
        if not own and exchange not in self._open:
            # It is about an exchange that closed before.
            self._report(finding, exchange, out)
            return
        held = self._open.setdefault(exchange, {})
        slot = _slot(finding, exchange, held)
        held[slot] = finding if slot not in held else _merged(held[slot], finding)
        if len(self._open) > _MAX_OPEN_EXCHANGES:
            out.extend(self._close(next(iter(self._open))))

    def _close(self, exchange: int) -> list[Finding]:
        out: list[Finding] = []
        for finding in self._open.pop(exchange).values():
            self._report(finding, exchange, out)
        return out

    def _report(self, finding: Finding, exchange: int, out: list[Finding]) -> None:
        slot = (finding.rule, finding.party.role, exchange)
        keep(self._reported, slot, finding.status, _MAX_REMEMBERED)
        out.append(finding)

    # ----------------------------------------------------------------------------- checksums

    def _good_checksum(self, source: bytes, out: list[Finding]) -> None:
        if source in self._good_hosts:
            return
        keep(self._good_hosts, source, None, _MAX_HOSTS)
        host = self._bad_hosts.pop(source, None)
        if host is not None:
            out.extend(host.held)

    def _bad_checksum(self, finding: Finding, step: Step, out: list[Finding]) -> None:
        source = look.message_of(step).source
        if source in self._good_hosts:
            out.append(finding)
            return
        host = self._bad_hosts.get(source)
        if host is None:
            if len(self._bad_hosts) >= _MAX_HOSTS:
                self._settle_host(next(iter(self._bad_hosts)), out)
            host = self._bad_hosts[source] = _Host(step)
        held = host.held
        if held and finding.exchange is not None and held[-1].exchange == finding.exchange:
            held[-1] = _merged(held[-1], finding)
        elif len(held) < _MAX_HELD_PER_HOST:
            held.append(finding)
        else:
            held[-1] = replace(held[-1], occurrences=held[-1].occurrences + 1)

    def _watch_answers(self, step: Step) -> None:
        """Note that a host with wrong checksums was answered, so that they were right on the wire.

        A request is answered by its reply; a reply by the next request of the session that builds
        on it, as a node discards a message with a wrong checksum (RFC 6275 section 9.2).
        """
        message = look.message_of(step)
        session = look.session_of(step)
        if look.is_reply(step):
            request, _ = look.pair(step)
            asking = self._bad_hosts.get(request.source)
            if asking is not None:
                asking.answered = True
            host = self._bad_hosts.get(message.source)
            if host is not None and session is not None and message.checksum_correct is False:
                host.sessions.add(session)
                if len(host.sessions) > _MAX_HELD_PER_HOST:
                    host.sessions.pop()
        elif step.exchange is not None and step.exchange.kind in _BUILDS_ON_A_REPLY:
            host = self._bad_hosts.get(message.destination)
            if host is not None and session in host.sessions:
                host.answered = True

    def _settle_host(self, source: bytes, out: list[Finding]) -> None:
        host = self._bad_hosts.pop(source)
        if not host.answered or self._offload is None:
            out.extend(host.held)
            return
        position = next(i for i, each in enumerate(self._rules) if each.id == CHECKSUM)
        total = 0
        for finding in host.held:
            _, skipped, failed, inconclusive, _ = self._tallies[finding.moment.capture]
            counter = failed if finding.status is Status.FAIL else inconclusive
            counter[position] -= finding.occurrences
            skipped[position] += finding.occurrences
            total += finding.occurrences
        verdict = self._checks[self._offload](host.first)
        if verdict is None:
            return
        others = tuple(finding.moment for finding in host.held[1:_MAX_EVIDENCE])
        remark = self._finding(self._rules[self._offload], verdict, host.first)
        out.append(replace(remark, occurrences=total, evidence=others))


_BUILDS_ON_A_REPLY = frozenset(
    {ExchangeKind.REFRESH, ExchangeKind.BULK, ExchangeKind.ADD_PATH, ExchangeKind.DEREG}
)


def _subject(once: str, step: Step) -> object:
    """Give what a rule with `once` reports one finding on."""
    if once == "peer" and step.message is not None:
        return step.message.source
    return step.moment.capture


def _terms_of(body: Body) -> tuple[int | None, int | None]:
    """Give the Status and Lifetime fields of a body, of those that it has."""
    cls = type(body)
    if cls is BindingUpdate:
        return None, body.lifetime  # type: ignore[attr-defined]
    if cls is BindingAcknowledgement:
        return body.status, body.lifetime  # type: ignore[attr-defined]
    return getattr(body, "status", None), getattr(body, "lifetime", None)


def _echoed(
    numbers: Iterable[int], message: Message, request: Message | None
) -> list[tuple[int, int]]:
    """Give the indexes of the options with these numbers in a reply and in its request.

    Only if all that are in both were decoded, and stand once in either.
    """
    if request is None:
        return []
    given, asked = message.options, request.options
    pairs = []
    for number in numbers:
        indexes = [
            [index for index, option in enumerate(options) if option_number(option) == number]
            for options in (given, asked)
        ]
        if not all(indexes):
            continue
        (index, *more), (source, *others) = indexes
        if more or others or OpaqueOption in (type(given[index]), type(asked[source])):
            return []
        pairs.append((index, source))
    return pairs


def _shape(message: Message, exchange: Exchange | None, request: Message | None) -> Shape:
    numbers = [option_number(option) for option in message.options]
    asked_for = [option_number(option) for option in request.options] if request else []
    asked, (status, lifetime) = None, _terms_of(message.body)
    if request is not None:
        _, lifetime = _terms_of(request.body)
        asked = frozenset(asked_for)
    return Shape(
        kind=message.kind,
        body=type(message.body),
        numbers=frozenset(numbers),
        repeated=_repeated(numbers),
        sound=not message.defects,
        over_udp=message.datagram.ports is not None,
        dialect=message.dialect,
        status=status,
        is_deregistration=lifetime == 0,
        exchange=exchange.kind if exchange is not None and request is not None else None,
        request=request.kind if request is not None else None,
        asked=asked,
        asked_repeatedly=_repeated(asked_for),
    )


def _repeated(numbers: list[int]) -> frozenset[int]:
    return frozenset(number for number in numbers if numbers.count(number) > 1)


def _fail_again(error: Exception, _: object) -> Verdict | None:
    # Without its traceback, to which each time would add, and which would keep the step alive.
    raise error.with_traceback(None)


def _bound(each: Rule, options: RuleOptions) -> Check | None:
    """Give the function to call for a rule; None if the options leave it out."""
    if each.configured is None:
        return each.check
    if getattr(options, each.configured) is False:
        return None
    check = each.check
    return lambda step: check(step, options)


def _doubted(each: Rule, verdict: Verdict, step: Step) -> Verdict:
    """Make a failure inconclusive where the octets or the pairing may mislead.

    Where a peer uses numbers from before IANA's assignment, what is read into them is not sure.
    """
    if verdict.outcome is not Outcome.FAIL or each.row.is_diagnostic:
        return verdict
    messages: list[Struct | None] = [step.message]
    exchange = step.exchange
    if exchange is not None and each.row.confidence != "packet":
        messages.append(exchange.answered)
        if not exchange.certain and look.is_reply(step):
            return _changed(verdict, "the reply was paired as the only candidate")
    for message in messages:
        if isinstance(message, Message) and message.dialect is not None:
            return _changed(verdict, f"the peer speaks dialect {message.dialect}")
    return verdict


def _changed(verdict: Verdict, why: str) -> Verdict:
    return replace(verdict, outcome=Outcome.INCONCLUSIVE, why_inconclusive=why)


def _slot(finding: Finding, exchange: int, taken: Mapping[_Slot, object]) -> _Slot:
    """Give the slot of a finding; one that accuses nobody yet shares that of one that does."""
    rule, role = finding.rule, finding.party.role
    roles = ("MAG", "LMA", "unknown") if role == "unknown" else (role, "unknown")
    slots = [(rule, each, exchange) for each in roles]
    return next((slot for slot in slots if slot in taken), (rule, role, exchange))


def _merged(earlier: Finding, later: Finding) -> Finding:
    """Join two findings of one rule on one transaction: the graver claim, both frames."""
    if _gravity(later) < _gravity(earlier):
        first, second = later, earlier
    else:
        first, second = earlier, later
    moments = dict.fromkeys((*first.evidence, second.moment, *second.evidence))
    moments.pop(first.moment, None)
    return replace(
        first,
        occurrences=earlier.occurrences + 1,
        evidence=tuple(moments)[:_MAX_EVIDENCE],
    )


def _gravity(finding: Finding) -> tuple[bool, int]:
    """Give what orders findings of one rule, the gravest first: what is shown, then how bad."""
    return finding.status is Status.INCONCLUSIVE, finding.severity.rank
