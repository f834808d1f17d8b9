"""Which rules are called for a step: its form leads to a selection, and that to a plan.

Of some 200 rules few are for any one message. Rules declare which messages they are for, and what
spares them a call (`pmiptrace.rules.rule.Declaration`). That is worked out in three stages, each
once, and remembered for all messages that are alike:

- The form of a message is what messages of one shape have in common: the kind, the options, the
  status ... (`_Form`).
- That form, the form of the request that the message answers, and what this asked for select the
  rules that are for such a message (`_Selection`).
- The facts that hold for the step (`pmiptrace.rules.situation`) settle some of these, which would
  have nothing to say, or be kept. The plan has the others (`pmiptrace.rules.plan`).

Most messages are like an earlier one, and find their plan by three looks into tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from pmiptrace.model import (
    Body,
    Exchange,
    ExchangeKind,
    Message,
    OpaqueOption,
    Step,
    option_number,
)
from pmiptrace.rules.plan import InOrder, Memory, Plan
from pmiptrace.rules.rule import ANY, CLOCK, EACH, FIRST, REPLY, Check, Need, Shape
from pmiptrace.rules.ruleset import NO_RULES, Ruleset
from pmiptrace.rules.situation import facts_of
from pmiptrace.wire.messages import BindingAcknowledgement, BindingUpdate

_MAX_PLANS = 4096
_MAX_LATELY = 1024


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
        self.places = InOrder(places)
        self.echoes = echoes
        """By rule, the indexes of options that should be equal in reply and request."""
        self.plans: dict[int, Plan] = {}
        """By the facts that hold, of those that are asked for."""


class _Form:
    """What messages have in common that need not be told apart by themselves."""

    __slots__ = ("selections",)

    def __init__(self) -> None:
        self.selections: dict[tuple[_Form, ExchangeKind] | None, _Selection] = {}
        """By the form of the request and what it asks for; None where it is no reply."""


class Dispatch:
    """Gives the plan for a step, and remembers it for steps like it.

    At a bound all plans are forgotten, together with what their rules found in order.
    """

    def __init__(self, ruleset: Ruleset) -> None:
        self._ruleset = ruleset
        rules = ruleset.rules
        self._by_content: dict[tuple[int, str], frozenset[int]] = {}
        for i, each in enumerate(rules):
            if each.by_content is not None:
                (number,) = each.options
                key = number, each.by_content
                self._by_content[key] = self._by_content.get(key, NO_RULES) | {i}
        self._by_places = frozenset(i for i, each in enumerate(rules) if each.by_places)
        self._by_echo = frozenset(i for i, each in enumerate(rules) if each.by_echo)
        self._by_trigger: dict[tuple[str, bool], list[int]] = {}
        self.forget()

    def forget(self) -> None:
        """Begin without plans, and without a memory of what was in order."""
        self._memory = Memory()
        self._plans = 0
        self._forms: dict[tuple[Any, ...], _Form] = {}
        self._lately: dict[int, tuple[Message, _Form]] = {}
        """The forms of the last requests, by identity, as most are answered soon."""
        clock = self._looks(self._ruleset.declared_for(CLOCK))
        self._clock = _Selection(clock, [], {}, NO_RULES, {})

    def plan_for(self, step: Step, request: Message | None) -> Plan:
        """Give the plan for a step, whose message may answer that request."""
        message = step.message
        if message is None:
            selection = self._clock
        else:
            selection = self._selection_for(message, request, step.exchange)
        facts = facts_of(step, request) & selection.facts
        return selection.plans.get(facts) or self._make_plan(selection, facts)

    def learn(self, plan: Plan, message: Message, kept: AbstractSet[int]) -> None:
        """Remember what is in order in a message: these rules of its plan were called and kept."""
        self._memory.learn(plan, message, kept)

    # ------------------------------------------------------------------------------- selections

    def _selection_for(
        self, message: Message, request: Message | None, exchange: Exchange | None
    ) -> _Selection:
        form = self._form_of(message)
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
            shape = _shape_of(message, exchange, request)
            selection = self._make_selection(shape, message, request)
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
        for rule in self._triggered(shape.kind, shape.request is not None):
            need = self._need(rule, shape)
            if need is Need.LOOK:
                looking.append(rule)
            elif need is Need.KEPT:
                kept.append(rule)
        called = frozenset(looking)
        contents: dict[int, frozenset[int]] = {}
        for place, number in enumerate(map(option_number, message.options)):
            judging = called & self._by_content.get((number, EACH), NO_RULES)
            if number not in shape.repeated:
                judging |= called & self._by_content.get((number, FIRST), NO_RULES)
            if judging:
                contents[place] = judging
        places = called & self._by_places if shape.sound else NO_RULES
        echoes: dict[int, list[tuple[int, int]]] = {}
        for rule in called & self._by_echo:
            pairs = _echoed(self._ruleset.rules[rule].by_echo, message, request)
            if pairs:
                echoes[rule] = pairs
        return _Selection(self._looks(looking), kept, contents, places, echoes)

    def _triggered(self, kind: str, is_reply: bool) -> list[int]:
        """Give the rules that are declared for messages of a kind."""
        triggered = self._by_trigger.get((kind, is_reply))
        if triggered is None:
            triggers = (ANY, kind, REPLY) if is_reply else (ANY, kind)
            triggered = self._ruleset.declared_for(*triggers)
            self._by_trigger[kind, is_reply] = triggered
        return triggered

    def _need(self, rule: int, shape: Shape) -> Need:
        """Ask a rule whether it looks at messages of a shape; if it cannot tell, it fails."""
        try:
            return self._ruleset.rules[rule].need(shape)
        except Exception as error:
            self._ruleset.fail_always(rule, error)
            return Need.LOOK

    def _looks(self, numbers: Iterable[int]) -> list[_Look]:
        rules, checks = self._ruleset.rules, self._ruleset.checks
        return [_Look(i, checks[i], rules[i].when, rules[i].kept_when) for i in numbers]

    # ------------------------------------------------------------------------------------ plans

    def _make_plan(self, selection: _Selection, facts: int) -> Plan:
        if self._plans >= _MAX_PLANS:
            self.forget()
        every: list[tuple[int, Check]] = []
        kept = list(selection.kept)
        lacking = ~facts
        for rule, check, when, kept_when in selection.looking:
            if when & lacking:
                continue
            if kept_when and not kept_when & lacking:
                kept.append(rule)
            else:
                every.append((rule, check))
        called = frozenset(rule for rule, _ in every)
        contents: list[tuple[int, InOrder]] = []
        for place, rules in selection.contents.items():
            judging = rules & called
            if judging:
                contents.append((place, self._memory.of(judging)))
        places = selection.places if selection.places.rules else None
        echoes = {rule: pairs for rule, pairs in selection.echoes.items() if rule in called}
        plan = selection.plans[facts] = Plan(every, kept, contents, places, echoes)
        self._plans += 1
        return plan


def _terms_of(body: Body) -> tuple[int | None, int | None]:
    """Give the Status and Lifetime fields of a body, of those that it has."""
    cls = type(body)
    if cls is BindingUpdate:
        return None, body.lifetime  # type: ignore[attr-defined]
    if cls is BindingAcknowledgement:
        return body.status, body.lifetime  # type: ignore[attr-defined]
    return getattr(body, "status", None), getattr(body, "lifetime", None)


def _shape_of(message: Message, exchange: Exchange | None, request: Message | None) -> Shape:
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
