"""The rules for one shape of message in one situation, and what they need not look at again.

Most messages repeat what earlier ones of their shape held. A rule may look at nothing but the
octets of an option (`by_content`), or at the places of all (`by_places`): what it found in order
there is in order when it comes again. Or it asks whether options of an answer equal those of the
request (`by_echo`).

So there are two ways to judge a message. Where nothing in it is new (`Plan.has_met`), the rules are
called that look at more than that (`Plan.calls`). Elsewhere those are called as well to which
something is new (`Plan.to_call`), and what they find in order is remembered (`Memory.learn`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from pmiptrace.model import Message
from pmiptrace.rules.rule import Check
from pmiptrace.rules.ruleset import NO_RULES

_MAX_IN_ORDER = 16_384


class InOrder:
    """What some rules all found in order: the same again needs no further look."""

    __slots__ = ("known", "rules")

    def __init__(self, rules: frozenset[int]) -> None:
        self.rules = rules
        self.known: set[object] = set()


class Plan:
    """The rules for one shape of message in one situation, and how many such steps there were."""

    __slots__ = ("calls", "contents", "echoes", "every", "kept", "places", "runs")

    def __init__(
        self,
        every: Sequence[tuple[int, Check]],
        kept: Sequence[int],
        contents: Sequence[tuple[int, InOrder]],
        places: InOrder | None,
        echoes: Mapping[int, Sequence[tuple[int, int]]],
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
                self.echoes[pair] = self.echoes.get(pair, NO_RULES) | {rule}
        spared = frozenset(echoes).union(*(known.rules for _, known in contents))
        if places is not None:
            spared |= places.rules
        self.calls = [(rule, check) for rule, check in every if rule not in spared]
        """The rules to call where nothing in the message is new."""
        self.runs: dict[int, int] = {}
        """By capture; `pmiptrace.rules.tally` counts and clears them."""

    @property
    def passes(self) -> list[int]:
        """The rules that every run keeps unless a call showed otherwise."""
        return [*(rule for rule, _ in self.every), *self.kept]

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

    def to_call(self, message: Message, request: Message | None) -> list[int]:
        """Give the rules to call where something in the message is new: those that it is new to."""
        options, rules = message.options, {rule for rule, _ in self.calls}
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
        return [rule for rule, _ in self.every if rule in rules]


class Memory:
    """What rules found in order in the octets and places of options; at a bound, it is emptied."""

    def __init__(self) -> None:
        self._contents: dict[frozenset[int], InOrder] = {}
        self._learnt: list[InOrder] = []
        """Where something is known to be in order, once for each thing."""

    def of(self, rules: frozenset[int]) -> InOrder:
        """Give what all of these rules found in order in the octets of an option."""
        return self._contents.setdefault(rules, InOrder(rules))

    def learn(self, plan: Plan, message: Message, kept: AbstractSet[int]) -> None:
        """Remember what is in order in a message: these rules of its plan were called and kept."""
        for place, contents in plan.contents:
            if contents.rules <= kept:
                self._remember(contents, message.options[place])
        if plan.places is not None and plan.places.rules <= kept:
            self._remember(plan.places, (message.length, message.offsets))

    def _remember(self, order: InOrder, what: object) -> None:
        if what in order.known:
            return
        if len(self._learnt) >= _MAX_IN_ORDER:
            for old in self._learnt:
                old.known.clear()
            self._learnt.clear()
        order.known.add(what)
        self._learnt.append(order)
