"""How what a plugin offers is taken in: all of it, or nothing if a part of it is unsound."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import wraps
from types import ModuleType
from typing import Any

from pmiptrace.model import Moment, Option, Severity
from pmiptrace.plugins import UnfitError
from pmiptrace.rules.catalogue import CatalogueRow, catalogue
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
    RULES,
    UNDECODED,
    Check,
    Outcome,
    Rule,
    RuleOptions,
    Verdict,
)
from pmiptrace.wire.body import MESSAGE_TYPES
from pmiptrace.wire.codes import VENDOR
from pmiptrace.wire.fields import name_of
from pmiptrace.wire.layout import Layout
from pmiptrace.wire.option import MOBILITY_OPTIONS, OptionRegistry, OptionType
from pmiptrace.wire.options.rfc5094 import VendorRegistry, VendorSpecific


def _offered(offer: object, kinds: type[Any], what: str) -> list[Any]:
    """Give the values of a kind that an entry point names."""
    if isinstance(offer, ModuleType):
        values: Iterable[Any] = [v for v in vars(offer).values() if isinstance(v, kinds)]
    elif isinstance(offer, kinds):
        values = (offer,)
    else:
        values = offer if isinstance(offer, Iterable) else (offer,)
    found = list(dict.fromkeys(values))
    strange = next((each for each in found if not isinstance(each, kinds)), None)
    if strange is not None or not found:
        raise UnfitError(f"it names {type(strange or offer).__name__}, not {what}")
    return found


# ------------------------------------------------------------------------------------- rules


_ID = re.compile(r"[A-Z][A-Z0-9]*(?:-[A-Z0-9.]+)+")
_OWN = re.compile(r"(?:RFC\d|PM-)")
"""What the IDs of this project's rules begin with."""
_PARTIES = frozenset({"MAG", "LMA", "sender", "responder", "initiator"})
_CONFIDENCES = frozenset({"packet", "exchange", "session"})
_ACCUSED = frozenset({None, *_PARTIES, "unknown"})


def adopt_rules(offer: object) -> tuple[str, ...]:
    """Take in rules; give their IDs. Raises `UnfitError`, and takes in none, if one is unsound."""
    all_rules()
    rules: list[Rule] = _offered(offer, Rule, "rules made with foreign_rule")
    for rule in rules:
        try:
            _check_rule(rule)
        except (TypeError, ValueError, AttributeError) as error:
            raise UnfitError(f"rule {rule.id}: {error}") from error
    identifiers = [rule.id for rule in rules]
    twice = next((each for each in identifiers if identifiers.count(each) > 1), None)
    if twice is not None:
        raise UnfitError(f"rule {twice} is there twice")
    for rule in rules:
        rule.check = _guarded(rule.check)
        RULES[rule.id] = rule
        catalogue()[rule.id] = rule.row
    return tuple(identifiers)


def _check_rule(rule: Rule) -> None:
    """Raise ``ValueError`` for a rule that the engine or a report could not handle."""
    row = rule.row
    if not isinstance(row, CatalogueRow) or row.id in RULES:
        raise ValueError("there is a rule with this ID already")
    if _ID.fullmatch(row.id) is None or _OWN.match(row.id):
        raise ValueError("an ID is NAME-..., in capitals; RFC... and PM-... are pmiptrace's own")
    _one_of("party", row.party, (*_PARTIES, "-"))
    _one_of("confidence", row.confidence, _CONFIDENCES)
    _one_of("severity", row.severity, tuple(Severity))
    _one_of("once", rule.once, (None, "capture", "peer"))
    _one_of("by_content", rule.by_content, (None, FIRST, EACH))
    if not row.summary:
        raise ValueError("it has no summary")
    if row.party != "-" and row.reference is None:
        raise ValueError("who is accused has to know by what: it has neither an RFC nor a document")
    if rule.by_content is not None and len(rule.options) != 1:
        raise ValueError("by_content is for a rule about one option")
    kinds = {form.abbreviation for forms in MESSAGE_TYPES.values() for form in forms}
    known = {*kinds, "PBU", "PBA", ANY, REPLY, CLOCK, EVENT, OFFLOAD, UNDECODED}
    for step in rule.on:
        _one_of("on", step, known)
    if rule.configured is not None:
        _one_of("configured", rule.configured, RuleOptions.__struct_fields__)
    if not rule.documentation.summary:  # which raises what is wrong with the docstring
        raise ValueError("its docstring has no summary")


def _one_of(what: str, value: object, allowed: Iterable[object]) -> None:
    if value not in allowed:
        raise ValueError(f"{what} is {value!r}, none of {', '.join(sorted(map(str, allowed)))}")


def _guarded(check: Check) -> Check:
    """Have a check that gives no sound verdict raise: the engine makes a finding of that."""

    @wraps(check)
    def judge(subject: Any, *options: Any) -> Verdict | None:
        try:
            verdict = check(subject, *options)
        except SystemExit as exit_:
            raise RuntimeError(f"it wants to exit: {exit_}") from exit_
        if verdict is not None and verdict is not PASS:
            _check_verdict(verdict)
        return verdict

    return judge


def _check_verdict(verdict: object) -> None:
    """Raise ``TypeError`` for what is no verdict, or has a part of another type than it may."""
    if not isinstance(verdict, Verdict):
        raise TypeError(f"it gave {verdict!r}, which is no verdict")
    sound = (
        isinstance(verdict.outcome, Outcome)
        and isinstance(verdict.message, str)
        and isinstance(verdict.why_inconclusive, str | None)
        and isinstance(verdict.option, Option | None)
        and isinstance(verdict.field, str | None)
        and isinstance(verdict.evidence, tuple)
        and all(isinstance(each, Moment) for each in verdict.evidence)
        and isinstance(verdict.severity, Severity | None)
        and verdict.party in _ACCUSED
        and verdict.confidence in (None, *_CONFIDENCES)
        and isinstance(verdict.exchange, int | None)
    )
    if not sound:
        raise TypeError(f"a part of its verdict is of the wrong type: {verdict!r}")


# ----------------------------------------------------------------------------------- options


def adopt_options(offer: object) -> tuple[str, ...]:
    """Take in options; give their names.

    Raises `UnfitError`, and takes in none, if one is unsound.
    """
    registries: list[OptionRegistry] = _offered(offer, OptionRegistry, "an OptionRegistry")
    homes = [(registry, _home(registry)) for registry in registries]
    new = [(home, declared) for registry, home in homes for declared in registry.types.values()]
    if not new:
        raise UnfitError("it declares no option")
    names = set(_option_names(MOBILITY_OPTIONS))
    numbers: set[tuple[int, int]] = set()
    for home, declared in new:
        try:
            _check_option(home, declared, names)
        except (TypeError, ValueError, AttributeError) as error:
            raise UnfitError(f"option {declared.number} ({declared.name}): {error}") from error
        if (id(home), declared.number) in numbers:
            raise UnfitError(f"option {declared.number} is there twice")
        names.add(name_of(declared.cls))
        numbers.add((id(home), declared.number))
    for registry, home in homes:
        if isinstance(registry, VendorRegistry) and home is registry:
            VendorSpecific.content_registries[registry.vendor_id] = registry
            VENDOR.setdefault(registry.vendor_id, registry.vendor)
        else:
            for declared in registry.types.values():
                home.add(declared)
    return tuple(declared.name for _, declared in new)


def _home(registry: OptionRegistry) -> OptionRegistry:
    """Give the registry that one of a plugin belongs into: itself for a vendor who is new."""
    if isinstance(registry, VendorRegistry):
        return VendorSpecific.content_registries.get(registry.vendor_id, registry)
    return MOBILITY_OPTIONS


def _option_names(registry: OptionRegistry) -> Iterator[str]:
    for declared in registry.types.values():
        yield name_of(declared.cls)
        for inner in declared.registries:
            yield from _option_names(inner)


def _check_option(home: OptionRegistry, declared: OptionType, names: set[str]) -> None:
    """Raise ``ValueError`` or ``TypeError`` for an option that cannot be taken in."""
    number = declared.number
    if not 0 <= number <= 255:
        raise ValueError("the number of an option has 8 bits")
    taken = home.types.get(number)
    if taken is not None and taken is not declared:
        raise ValueError(f"{home.what} {number} is {taken.name}")
    if not issubclass(declared.cls, Option):
        raise TypeError(f"{declared.cls.__name__} is no Option")
    if name_of(declared.cls) in names:
        raise ValueError(f"there is a {name_of(declared.cls)} already; give its class another name")
    layout: Layout[Any] = Layout.of(declared.cls)
    octets = bytes(layout.size)
    if layout.encode(layout.decode(octets)) != octets:
        raise ValueError("what is encoded differs from what was decoded")
