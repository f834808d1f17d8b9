"""A language of conditions over named fields, for ``--filter``.

::

    expression = conjunction { ("or" | "||") conjunction }
    conjunction = negation { ("and" | "&&") negation }
    negation   = ("not" | "!") negation | "(" expression ")" | test
    test       = FIELD [ comparison LITERAL | "in" ( PREFIX | set ) ]
    comparison = "==" | "!=" | "<" | "<=" | ">" | ">=" | "contains" | "like"
    set        = "{" [ item { "," item } ] "}"
    item       = LITERAL [ ".." LITERAL ]
    LITERAL    = a text in "..." or '...', or a word: 180  0xb4  -3  5min  2001:db8::1  PBU

A field can have no value in a message, one, or several. A comparison holds if it holds for one of
them; ``!=`` holds if there is a value and none is equal. A field alone holds if it has a value, a
flag alone if it is set. Text is compared without regard to case; ``like`` takes ``*`` and ``?``.
A number with registered names can be compared with one of them. Numbers that are times take a
unit (``ms``, ``s``, ``min``, ``h``), moments are RFC 3339 or seconds since 1970, and an address is
``in`` a prefix.

What fields there are, the caller says. There is no way to write an expression that takes long to
decide: nesting is bounded, and there are no regular expressions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, NoReturn
from unicodedata import east_asian_width

from msgspec import Struct

from pmiptrace.address import address_octets
from pmiptrace.errors import UsageError
from pmiptrace.model import Prefix

MAX_DEPTH = 50
"""Parentheses and negations within one another."""
MAX_LENGTH = 10_000
"""Characters of an expression."""
_SHOWN = 60
"""Characters of the expression that an error shows before and behind the place."""


class Kind(StrEnum):
    """What the values of a field are."""

    NUMBER = "number"
    """``int`` or ``float``."""
    FLAG = "flag"
    """``bool``."""
    TEXT = "text"
    """``str``."""
    ADDRESS = "address"
    """4 or 16 octets, or a `Prefix`."""
    TIME = "time"
    """Nanoseconds since 1970-01-01 UTC."""


class Field(Struct, frozen=True, kw_only=True):
    """A field that expressions can name."""

    name: str
    kind: Kind
    meaning: str
    unit: str | None = None
    """Of a number: ``s`` or ``ms`` make it take units of time."""
    codes: Mapping[int, str] | None = None
    """The registered names of its values."""


Lookup = Callable[[str], Sequence[Any]]
"""Gives the values of a field, by its name."""
Test = Callable[[Lookup], bool]


class ExpressionError(UsageError):
    """An expression with a mistake; shows the place."""

    def __init__(self, reason: str, text: str, start: int, end: int) -> None:
        super().__init__(f"{reason}\n{_pointed(text, start, max(end, start + 1))}")
        self.reason = reason
        self.start = start
        """Where the mistake begins, in characters."""


class Expression(Struct, frozen=True):
    """A condition that is ready to be decided."""

    text: str
    fields: frozenset[str]
    """The fields that it looks at."""
    holds: Test
    """Tells whether it is true of what a lookup gives."""


def parse(text: str, fields: Mapping[str, Field]) -> Expression:
    """Read an expression over some fields, given by their names.

    Raises `ExpressionError` if it is none, or names a field that does not exist, or compares one
    with what it cannot be.
    """
    if len(text) > MAX_LENGTH:
        reason = f"the expression has {len(text)} characters; {MAX_LENGTH} are allowed"
        raise ExpressionError(reason, text[:MAX_LENGTH], 0, 1)
    return _Parser(text, fields).whole()


# ----------------------------------------------------------------------------------- errors


def _pointed(text: str, start: int, end: int) -> str:
    """Give the part of a text around a place, and below it a line that points there."""
    first, last = max(0, start - _SHOWN), end + _SHOWN
    before = ("…" if first else "") + _visible(text[first:start])
    marked = _visible(text[start:end])[:_SHOWN]
    behind = _visible(text[end:last]) + ("…" if last < len(text) else "")
    return f"  {before}{marked}{behind}\n  {' ' * _cells(before)}{'^' * max(1, _cells(marked))}"


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _cells(text: str) -> int:
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


# ----------------------------------------------------------------------------------- tokens

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<sign>==|!=|<=|>=|&&|\|\||[<>=!(){},])
      | (?P<word>[^\s"'<>=!(){},&|]+)
    """,
    re.VERBOSE | re.DOTALL,
)

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "contains", "like")
_JOINING = {"and": "and", "&&": "and", "or": "or", "||": "or", "not": "not", "!": "not"}
_KEYWORDS = frozenset({"and", "or", "not", "in", "contains", "like"})


class _Token(Struct, frozen=True):
    kind: str
    """``text``, ``word``, ``sign`` or ``end``."""
    text: str
    start: int
    end: int


def _tokens(text: str) -> list[_Token]:
    tokens = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            if text[position] in "\"'":
                raise ExpressionError("the text has no end", text, position, len(text))
            reason = f"{_visible(text[position])!r} has no meaning here"
            raise ExpressionError(reason, text, position, position + 1)
        if match.lastgroup != "space":
            tokens.append(_Token(match.lastgroup or "", match.group(), position, match.end()))
        position = match.end()
    tokens.append(_Token("end", "", len(text), len(text)))
    return tokens


# ----------------------------------------------------------------------------------- parser


class _Parser:
    """Recursive descent, a method per line of the grammar."""

    def __init__(self, text: str, fields: Mapping[str, Field]) -> None:
        self._text = text
        self._fields = fields
        self._tokens = _tokens(text)
        self._next = 0
        self._depth = 0
        self._named: set[str] = set()

    def whole(self) -> Expression:
        if self._peek().kind == "end":
            self._fail("the expression is empty", self._peek())
        test = self._expression()
        rest = self._peek()
        if rest.kind != "end":
            self._unexpected(rest)
        return Expression(self._text, frozenset(self._named), test)

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        if token.kind != "end":
            self._next += 1
        return token

    def _fail(self, reason: str, token: _Token, end: _Token | None = None) -> NoReturn:
        raise ExpressionError(reason, self._text, token.start, (end or token).end)

    def _unexpected(self, token: _Token) -> NoReturn:
        word = token.text.casefold()
        if word == ")":
            self._fail("there is no ( before this )", token)
        before = self._tokens[self._next - 1] if self._next else None
        if before is not None and before.text.casefold() in self._fields:
            if word == "=":
                self._fail("to compare, write ==", token)
            if token.kind != "end":
                near = get_close_matches(word, [*_COMPARISONS, "in", "and", "or"], n=1)
                known = f"did you mean {near[0]}?" if near else f"there are {', '.join(_OPERATORS)}"
                self._fail(f"{_visible(token.text)!r} is no operator; {known}", token)
        self._fail("here should be 'and', 'or', or the end", token)

    def _joins(self, word: str) -> bool:
        token = self._peek()
        if token.kind in ("word", "sign") and _JOINING.get(token.text.casefold()) == word:
            self._take()
            return True
        return False

    def _expression(self) -> Test:
        tests = [self._conjunction()]
        while self._joins("or"):
            tests.append(self._conjunction())
        return tests[0] if len(tests) == 1 else lambda look: any(test(look) for test in tests)

    def _conjunction(self) -> Test:
        tests = [self._negation()]
        while self._joins("and"):
            tests.append(self._negation())
        return tests[0] if len(tests) == 1 else lambda look: all(test(look) for test in tests)

    def _negation(self) -> Test:
        token = self._peek()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fail(f"more than {MAX_DEPTH} parentheses and negations in one another", token)
        if self._joins("not"):
            inner = self._negation()
            test: Test = lambda look: not inner(look)  # noqa: E731
        elif token.kind == "sign" and token.text == "(":
            self._take()
            test = self._expression()
            closing = self._peek()
            if closing.text != ")":
                if closing.kind != "end":
                    self._unexpected(closing)
                self._fail("this ( is not closed", token)
            self._take()
        else:
            test = self._test()
        self._depth -= 1
        return test

    def _test(self) -> Test:
        token = self._take()
        if token.kind == "end":
            self._fail("here should be a field", token)
        if token.kind != "word" or token.text.casefold() in _KEYWORDS:
            self._fail(f"{_visible(token.text)!r} is no field", token)
        field = self._field(token)
        self._named.add(field.name)
        operator = self._peek()
        word = operator.text.casefold()
        if operator.kind in ("sign", "word") and word in _COMPARISONS:
            self._take()
            return self._comparison(field, word, operator)
        if operator.kind == "word" and word == "in":
            self._take()
            return self._membership(field, operator)
        name = field.name
        if field.kind is Kind.FLAG:
            return lambda look: any(look(name))
        return lambda look: bool(look(name))

    def _field(self, token: _Token) -> Field:
        name = token.text.casefold()
        field = self._fields.get(name)
        if field is None:
            self._fail(f"there is no field {_visible(token.text)}{near(name, self._fields)}", token)
        return field

    # --------------------------------------------------------------------------- comparisons

    def _comparison(self, field: Field, operator: str, at: _Token) -> Test:
        name = field.name
        if operator in ("contains", "like"):
            if field.kind is not Kind.TEXT:
                self._fail(f"{operator} is for text; {name} is {_a(field)}", at)
            wanted = self._content(self._literal()).casefold()
            if operator == "contains":
                return lambda look: any(wanted in value.casefold() for value in look(name))
            return lambda look: any(fnmatchcase(value.casefold(), wanted) for value in look(name))
        if field.kind in (Kind.FLAG, Kind.ADDRESS) and operator not in ("==", "!="):
            self._fail(f"{operator} is for numbers, times and text; {name} is {_a(field)}", at)
        value = self._value(field, self._literal())
        folded = field.kind is Kind.TEXT

        def values(look: Lookup) -> Sequence[Any]:
            return [text.casefold() for text in look(name)] if folded else look(name)

        if operator == "==":
            return lambda look: value in values(look)
        if operator == "!=":
            return lambda look: bool(found := values(look)) and value not in found
        if operator == "<":
            return lambda look: any(found < value for found in values(look))
        if operator == "<=":
            return lambda look: any(found <= value for found in values(look))
        if operator == ">":
            return lambda look: any(found > value for found in values(look))
        return lambda look: any(found >= value for found in values(look))

    def _membership(self, field: Field, at: _Token) -> Test:
        name = field.name
        token = self._peek()
        if field.kind is Kind.FLAG:
            self._fail(f"{name} is a flag: it is set or not", at)
        if token.text == "{" and token.kind == "sign":
            items = self._set(field)
            folded = field.kind is Kind.TEXT
            return lambda look: any(
                item(value.casefold() if folded else value)
                for value in look(name)
                for item in items
            )
        if field.kind is not Kind.ADDRESS:
            self._fail(f"behind in should be a set: {name} in {{...}}", token)
        within = self._within(self._literal())
        return lambda look: any(map(within, look(name)))

    def _set(self, field: Field) -> list[Callable[[Any], bool]]:
        opening = self._take()
        items: list[Callable[[Any], bool]] = []
        while self._peek().text != "}" or self._peek().kind != "sign":
            if items:
                comma = self._take()
                if comma.text != ",":
                    if comma.kind == "end":
                        self._fail("this { is not closed", opening)
                    self._fail("here should be , or }", comma)
            items.append(self._item(field))
        self._take()
        return items

    def _item(self, field: Field) -> Callable[[Any], bool]:
        token = self._literal()
        if field.kind is Kind.ADDRESS:
            return self._within(token)
        if field.kind is Kind.NUMBER and token.kind == "word" and ".." in token.text:
            low, _, high = token.text.partition("..")
            middle = token.start + len(low)
            least = self._value(field, _Token("word", low, token.start, middle))
            most = self._value(field, _Token("word", high, middle + 2, token.end))
            return lambda value: bool(least <= value <= most)
        wanted = self._value(field, token)
        return lambda value: bool(value == wanted)

    # ------------------------------------------------------------------------------ literals

    def _literal(self) -> _Token:
        token = self._take()
        if token.kind not in ("word", "text"):
            self._fail("here should be a value", token)
        return token

    def _content(self, token: _Token) -> str:
        if token.kind == "word":
            return token.text
        return re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)

    def _value(self, field: Field, token: _Token) -> Any:
        text = self._content(token)
        match field.kind:
            case Kind.TEXT:
                return text.casefold()
            case Kind.FLAG:
                value = _FLAGS.get(text.casefold())
                if value is None:
                    self._fail(f"{field.name} is a flag: true or false", token)
                return value
            case Kind.NUMBER:
                return self._number(field, text, token)
            case Kind.TIME:
                return self._moment(field, text, token)
            case Kind.ADDRESS:
                return self._address(field, text, token)

    def _number(self, field: Field, text: str, token: _Token) -> int | float:
        match = _NUMBER.fullmatch(text)
        if match is not None:
            digits, unit = match.groups()
            number = int(digits, 0) if "x" in digits.casefold() else _decimal(digits)
            if not unit:
                return number
            if field.unit not in _TIMES:
                self._fail(f"{field.name} takes no unit of time", token)
            if unit not in _TIMES:
                self._fail(f"there is no unit {unit}; known: {', '.join(_TIMES)}", token)
            return number * _TIMES[unit] / _TIMES[field.unit]
        if field.codes is None:
            self._fail(f"{field.name} is a number", token)
        names = {name.casefold(): code for code, name in field.codes.items()}
        code = names.get(text.casefold())
        if code is None:
            close = get_close_matches(text.casefold(), names, n=1)
            hint = f"; did you mean {field.codes[names[close[0]]]!r}?" if close else ""
            self._fail(f"{field.name} is a number, or one of its registered names{hint}", token)
        return code

    def _moment(self, field: Field, text: str, token: _Token) -> int:
        match = re.fullmatch(r"(-?[0-9]{1,15})(?:\.([0-9]{1,9}))?", text)
        if match is not None:
            seconds, fraction = match.groups()
            return int(seconds) * 1_000_000_000 + int((fraction or "").ljust(9, "0"))
        match = _MOMENT.fullmatch(text)
        try:
            if match is None:
                raise ValueError
            whole = datetime.fromisoformat(f"{match[1]}T{match[2]}{match[4] or '+00:00'}")
        except (ValueError, OverflowError):
            reason = f"{field.name} is a moment: 2023-11-14T22:13:20Z, or seconds since 1970"
            self._fail(reason, token)
        since = whole - datetime(1970, 1, 1, tzinfo=UTC)
        nanoseconds = int((match[3] or "").ljust(9, "0"))
        return (since.days * 86400 + since.seconds) * 1_000_000_000 + nanoseconds

    def _address(self, field: Field, text: str, token: _Token) -> bytes | Prefix:
        try:
            if "/" in text:
                return _prefix(text)
            return address_octets(text)
        except ValueError:
            self._fail(f"{field.name} is an address: 2001:db8::1, 192.0.2.1, 2001:db8::/64", token)

    def _within(self, token: _Token) -> Callable[[Any], bool]:
        """Give what tells whether an address or prefix lies in a prefix."""
        try:
            text = self._content(token)
            wide = _prefix(text) if "/" in text else Prefix(o := address_octets(text), len(o) * 8)
        except ValueError:
            self._fail("here should be a prefix: 2001:db8::/32", token)
        shift = len(wide.address) * 8 - wide.length
        wanted = int.from_bytes(wide.address) >> shift

        def within(value: bytes | Prefix) -> bool:
            octets = value.address if isinstance(value, Prefix) else value
            if len(octets) != len(wide.address):
                return False
            if isinstance(value, Prefix) and value.length < wide.length:
                return False
            return int.from_bytes(octets) >> shift == wanted

        return within


_OPERATORS = (*_COMPARISONS, "in")
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]{1,32}|-?[0-9]{1,20}(?:\.[0-9]{1,9})?)([a-zA-Z]*)")
_TIMES = {"ms": 0.001, "s": 1, "min": 60, "h": 3600}
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)


def _decimal(digits: str) -> int | float:
    return float(digits) if "." in digits else int(digits)


def _prefix(text: str) -> Prefix:
    address, _, length = text.partition("/")
    octets = address_octets(address)
    if not (length.isascii() and length.isdigit() and len(length) <= 3):
        raise ValueError
    bits = int(length)
    if bits > len(octets) * 8:
        raise ValueError
    return Prefix(octets, bits)


def _a(field: Field) -> str:
    return f"an {field.kind}" if field.kind is Kind.ADDRESS else f"a {field.kind}"


def near(name: str, fields: Mapping[str, Field]) -> str:
    """Word which fields may have been meant by a name that is none of them."""
    name = name.casefold()
    close = get_close_matches(name, fields, n=3)
    close += [f for f in fields if f.endswith(f".{name}") and f not in close][: 3 - len(close)]
    return f"; did you mean {' or '.join(close)}?" if close else ""
