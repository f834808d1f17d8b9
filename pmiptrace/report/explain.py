"""What the words mean that people have in hand: what they are the names of.

People write what they have in hand, from a report, a log or an RFC. `explanations` finds what it
means; where that may be several things, all are given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from functools import partial

from msgspec import Struct

from pmiptrace.errors import UsageError
from pmiptrace.report.escaping import clean
from pmiptrace.report.example import write_example
from pmiptrace.report.explanation import (
    ExchangeExplanation,
    Explanation,
    MessageExplanation,
    ModeExplanation,
    OptionExplanation,
    RuleExplanation,
    RulesExplanation,
    StateExplanation,
    rule_explanation,
    section_explanation,
    status_explanation,
)
from pmiptrace.report.lookup.codes import code_tables
from pmiptrace.report.lookup.messages import messages
from pmiptrace.report.lookup.options import options
from pmiptrace.report.lookup.states import states
from pmiptrace.report.lookup.terms import TermEntry, kinds, modes
from pmiptrace.rules.catalogue import catalogue
from pmiptrace.rules.examples import examples
from pmiptrace.rules.registry import all_rules

_LONGEST = 8
"""Words that can be one name: the longest section, option or message has fewer."""
_CANDIDATES = 8
"""Things that an unclear word may mean and that are named."""

Find = Callable[[], Explanation]


class Name(Struct, frozen=True):
    """What something is called that can be explained."""

    kind: str
    """``option``, ``message``, ``status``, ``state``, ``mode``, ``exchange`` or ``rule``."""
    name: str


class Meaning(Struct, frozen=True):
    """What one text may mean."""

    text: str
    explanations: tuple[Explanation, ...]
    others: tuple[Name, ...] = ()
    """What else has it in its name, of a word that by itself is a state, a mode or a kind."""


def explanations(words: Sequence[str]) -> tuple[Meaning, ...]:
    """Find what texts mean; several words may be one name, as in ``option 63``.

    Raises `UsageError` for what means nothing, or too many things, with what may be meant.
    """
    found: list[Meaning] = []
    start = 0
    while start < len(words):
        end, finds = _longest(words, start)
        text = " ".join(words[start:end])
        found.append(Meaning(text, tuple(find() for find in finds), tuple(_others(text))))
        start = end
    return tuple(found)


def _longest(words: Sequence[str], start: int) -> tuple[int, list[Find]]:
    """Give the end of the longest name from a word on, and what it means: exactly, or nearly."""
    kind = _KIND.fullmatch(" ".join(words[start : start + 2]))
    shortest = 2 if kind and len(words) > start + 1 else 1
    ends = range(min(len(words), start + _LONGEST), start + shortest - 1, -1)
    for look in (_exactly, _nearly):
        for end in ends:
            finds = look(" ".join(" ".join(words[start:end]).split()))
            if finds:
                return end, finds
    if kind:
        what = f"there is no {kind[1].lower()} {clean(kind[2])!r}"
        raise UsageError(what + _suggestion(kind[2]))
    text = words[start]
    raise UsageError(f"nothing is known of {clean(text)!r}{_suggestion(text)}")


_KIND = re.compile(
    r"(option|status|message|mh type|rule|state|mode|exchange|kind)[ :#=]+(.+)", re.IGNORECASE
)
_SECTION = re.compile(
    r"(?:https?://\S+/)?(?:rfc[ -]?)?([0-9]{4})(?:\.html|\.txt)?"
    r"(?:[-, #]*(?:section|sec\.?|§)?[- ]*([0-9]+(?:\.[0-9]+)*)\.?)?",
    re.IGNORECASE,
)


def _exactly(text: str) -> list[Find]:
    """Find what is called so."""
    kind = _KIND.fullmatch(text)
    if kind:
        return _KINDS[kind[1].lower()](kind[2].strip())
    looks = (*_WORDS, _rules, _sections, _options, _messages, _statuses)
    return [find for look in looks for find in look(text)]


def _rules(text: str) -> list[Find]:
    wanted = text.upper()
    rule = next((each for each in all_rules() if each.id.upper() == wanted), None)
    return [] if rule is None else [lambda: rule_explanation(rule)]


def _sections(text: str) -> list[Find]:
    match = _SECTION.fullmatch(text)
    if match is None:
        return []
    explained = section_explanation(int(match[1]), match[2])
    return [lambda: explained] if explained.rules or explained.requirements else []


def _options(text: str) -> list[Find]:
    wanted = text.casefold()
    number = int(text) if _is_number(text) else None
    return [
        lambda entry=entry: OptionExplanation(option=entry)  # type: ignore[misc]
        for entry in options()
        if wanted in (entry.name.casefold(), entry.key, f"{entry.inside}/{entry.number}")
        or (entry.inside is None and entry.number == number)
    ]


def _messages(text: str) -> list[Find]:
    wanted = text.casefold()
    number = int(text) if _is_number(text) else None
    return [
        lambda entry=entry: MessageExplanation(message=entry)  # type: ignore[misc]
        for entry in messages()
        if wanted in (entry.kind.casefold(), entry.name.casefold(), entry.key)
        or entry.mh_type == number
    ]


def _statuses(text: str) -> list[Find]:
    """Find a status by its number, and any registered value by its name."""
    wanted = _plain(text)
    number = int(text) if _is_number(text) else None
    # That of a PBA, which most look for, goes before the others.
    tables = sorted(code_tables(), key=lambda table: table.name != "binding_status")
    return [
        lambda table=table, value=code.value: status_explanation(table, value)  # type: ignore[misc]
        for table in tables
        for code in table.values
        if (code.value == number and table.name.endswith("_status"))
        or (wanted and wanted == _plain(code.name))
    ]


def _states(text: str) -> list[Find]:
    return [partial(StateExplanation, state=e) for e in states() if _is_called(e, text)]


def _modes(text: str) -> list[Find]:
    return [partial(ModeExplanation, mode=e) for e in modes() if _is_called(e, text)]


def _exchanges(text: str) -> list[Find]:
    return [partial(ExchangeExplanation, exchange=e) for e in kinds() if _is_called(e, text)]


_WORDS = (_states, _modes, _exchanges)


def _is_called(entry: TermEntry, text: str) -> bool:
    return _plain(text) in (_plain(entry.name), _plain(entry.constant))


def _others(text: str) -> Iterator[Name]:
    """Give what else has the name of a state, a mode or a kind in its own, but for its rules."""
    terms = [entry for entry in _terms() if _is_called(entry, text)]
    if not terms:
        return
    said = {name for entry in terms for name in (entry.name, *entry.rules)}
    kinds_by_find = {find: kind for kind, find in reversed(_KINDS.items())}
    for name, find in dict.fromkeys(_known()):
        is_other = name not in said and _plain(name) != _plain(text)
        if is_other and _plain(text) in _plain(name):
            yield Name(kinds_by_find[find], name)


def _terms() -> Iterator[TermEntry]:
    yield from states()
    yield from modes()
    yield from kinds()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _plain(text: str) -> str:
    """Write a name in one way: statuses are written with spaces, hyphens or underscores."""
    return re.sub(r"[\W_]+", " ", text).strip().casefold()


_KINDS: dict[str, Callable[[str], list[Find]]] = {
    "option": _options,
    "status": _statuses,
    "message": _messages,
    "mh type": _messages,
    "rule": _rules,
    "state": _states,
    "mode": _modes,
    "exchange": _exchanges,
    "kind": _exchanges,
}


def _nearly(text: str) -> list[Find]:
    """Find what has the text in its name; of rules, those that begin with it go before others."""
    kind = _KIND.fullmatch(text)
    only = _KINDS[kind[1].lower()] if kind else None
    wanted = (kind[2].strip() if kind else text).upper()
    if len(wanted) < 2 or _is_number(wanted):
        return []
    known = [(name, find) for name, find in _known() if only in (None, find)]
    found = [each for each in known if each[0].upper().startswith(wanted) and each[1] is _rules]
    found = list(dict.fromkeys(found or [each for each in known if wanted in each[0].upper()]))
    names = list(dict.fromkeys(name for name, _ in found))
    if len(names) > 1 and all(find is _rules for _, find in found):
        return [lambda: RulesExplanation(text=wanted, rules=tuple(names))]
    if len(names) > _CANDIDATES // 2:
        shown = ", ".join(repr(name) for name in names[:_CANDIDATES])
        more = f" and {len(names) - _CANDIDATES} more" if len(names) > _CANDIDATES else ""
        raise UsageError(f"{clean(text)!r} can mean {shown}{more}")
    return [explained for name, find in found for explained in find(name)]


def _known() -> Iterator[tuple[str, Callable[[str], list[Find]]]]:
    """Give all names, each with what finds what is called so."""
    yield from ((entry.name, _options) for entry in options())
    yield from ((entry.name, _messages) for entry in messages())
    for table in code_tables():
        if table.name.endswith("_status"):
            yield from ((code.name, _statuses) for code in table.values)
    yield from ((entry.name, _states) for entry in states())
    yield from ((entry.name, _modes) for entry in modes())
    yield from ((entry.name, _exchanges) for entry in kinds())
    yield from ((rule, _rules) for rule in catalogue())


def _suggestion(text: str) -> str:
    """Word what may have been meant."""
    if text.casefold() in _KINDS:
        return "; say which, as in 'option 63' or 'state suspect'"
    names = [entry.constant for entry in _terms()]
    names += ["option", "status", "message", "state", "mode", "exchange"]
    names += [name for name, _ in _known()]
    names += [entry.kind for entry in messages()]
    names += [f"RFC{row.rfc}-{row.section}" for row in catalogue().values() if row.rfc]
    spellings = {name.casefold(): name for name in names}
    for rule in catalogue():
        spellings.setdefault(rule.casefold().partition("-")[2], rule)
    close = get_close_matches(text.casefold(), spellings, n=3, cutoff=0.6)
    meant = list(dict.fromkeys(spellings[name] for name in close))
    if meant:
        return f"; did you mean {' or '.join(map(repr, meant))}?"
    return (
        "; give a rule, a section (RFC8278-4.1), an option, a message, a status,"
        " or a state, a mode or a kind of exchange that a report names"
    )


def save_example(found: Sequence[Meaning], path: str) -> None:
    """Write the example of the one rule that was found as a capture.

    Raises `UsageError` if there is none or several, or if the file cannot be written.
    """
    every = [each for meaning in found for each in meaning.explanations]
    rules = [each.rule.id for each in every if isinstance(each, RuleExplanation)]
    known = examples()
    if len(rules) != 1 or rules[0] not in known:
        reason = f"{rules[0]} comes without one" if len(rules) == 1 else "name one rule"
        raise UsageError(f"no example to write: {reason}")
    try:
        write_example(path, known[rules[0]].fires[0])
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
