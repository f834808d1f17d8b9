"""The language of ``--filter``: what expressions mean, and what is said of mistakes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmiptrace.address import address_octets
from pmiptrace.errors import UsageError
from pmiptrace.expression import MAX_DEPTH, ExpressionError, Field, Kind, parse
from pmiptrace.model import Prefix

SECOND = 1_000_000_000

FIELDS = {
    field.name: field
    for field in (
        Field(name="status", kind=Kind.NUMBER, meaning="", codes={0: "accepted", 180: "CANNOT"}),
        Field(name="absent", kind=Kind.NUMBER, meaning=""),
        Field(name="option", kind=Kind.NUMBER, meaning=""),
        Field(name="mobile_node", kind=Kind.TEXT, meaning=""),
        Field(name="lifetime", kind=Kind.NUMBER, meaning="", unit="s"),
        Field(name="rtt_ms", kind=Kind.NUMBER, meaning="", unit="ms"),
        Field(name="source", kind=Kind.ADDRESS, meaning=""),
        Field(name="home", kind=Kind.ADDRESS, meaning=""),
        Field(name="prefix", kind=Kind.ADDRESS, meaning=""),
        Field(name="time", kind=Kind.TIME, meaning=""),
        Field(name="set", kind=Kind.FLAG, meaning=""),
        Field(name="unset", kind=Kind.FLAG, meaning=""),
        Field(name="binding.bid", kind=Kind.NUMBER, meaning=""),
    )
}
VALUES: dict[str, list[Any]] = {
    "status": [180],
    "option": [8, 22, 63],
    "mobile_node": ["mn1@Example.com"],
    "lifetime": [3600],
    "rtt_ms": [60.5],
    "source": [address_octets("2001:db8::1")],
    "home": [address_octets("192.0.2.1")],
    "prefix": [Prefix(address_octets("2001:db8:1::"), 64)],
    "time": [1_700_000_000 * SECOND + 500_000_000],
    "set": [True],
    "unset": [False],
    "binding.bid": [2],
}


def holds(text: str) -> bool:
    return parse(text, FIELDS).holds(lambda name: VALUES.get(name, []))


@pytest.mark.parametrize(
    "text",
    [
        "status == 180",
        "status == 0xb4",
        "STATUS >= 128 AND not absent",
        "status == CANNOT",
        'status == "cannot"',
        "status != 0",
        "status in {1, 170..190}",
        "status in {0xb4}",
        "option == 63 and option == 22",
        "not option != 63",
        "option in {1,63}",
        "option > 60",
        "mobile_node == MN1@example.COM",
        'mobile_node contains "example"',
        "mobile_node like mn?@*",
        "mobile_node in {other, 'mn1@example.com'}",
        "mobile_node > a",
        "lifetime == 1h",
        "lifetime >= 60min",
        "lifetime < 1.5h",
        "rtt_ms > 50ms and rtt_ms < 0.1s",
        "rtt_ms == 60.5",
        "source == 2001:0db8::0001",
        "source in 2001:db8::/32",
        "source in {2001:db8::1, ::1}",
        "source in {2001:db8::/32}",
        "home in 192.0.2.0/24",
        "not home in ::/0",
        "prefix in 2001:db8::/32",
        "prefix == 2001:db8:1::/64",
        "not prefix in 2001:db8:1::/65",
        "time > 2023-11-14T22:13:20Z",
        "time == 2023-11-14T22:13:20.5Z",
        "time == 2023-11-14T23:13:20.500+01:00",
        "time == '2023-11-14 22:13:20.5'",
        "time < 1700000001",
        "time == 1700000000.5",
        "set",
        "not unset",
        "!unset && set || absent",
        "set == true and unset == no",
        "(absent or set) and (status or absent)",
        "set or absent and absent",
        "binding.bid == 2",
        "not absent == 1 and not absent != 1",
        "not (status in {})",
    ],
)
def test_what_holds(text: str) -> None:
    assert holds(text)
    assert not holds(f"not ({text})")


@pytest.mark.parametrize(
    ("text", "reason", "pointed"),
    [
        ("", "the expression is empty", ""),
        ("statu == 1", "there is no field statu; did you mean status?", "statu"),
        ("bid == 1", "there is no field bid; did you mean binding.bid?", "bid"),
        ("status = 1", "to compare, write ==", "="),
        ("status matches 1", "'matches' is no operator", "matches"),
        ("status contain 1", "did you mean contains?", "contain"),
        ("status == nothing", "status is a number, or one of its registered names", "nothing"),
        ("status == CANOT", "did you mean 'CANNOT'?", "CANOT"),
        ("option == x", "option is a number", "x"),
        ("status == 5s", "status takes no unit of time", "5s"),
        ("lifetime == 5parsec", "there is no unit parsec; known: ms, s, min, h", "5parsec"),
        ("status contains 1", "contains is for text; status is a number", "contains"),
        ("source < ::1", "< is for numbers, times and text; source is an address", "<"),
        ("source == 300.1.1.1", "source is an address", "300.1.1.1"),
        ("source in 2001:db8::/129", "here should be a prefix", "2001:db8::/129"),
        ("source in 2001:db8::/x", "here should be a prefix", "2001:db8::/x"),
        ("status in 5", "behind in should be a set: status in {...}", "5"),
        ("set in {1}", "set is a flag: it is set or not", "in"),
        ("set == maybe", "set is a flag: true or false", "maybe"),
        ("time > noon", "time is a moment", "noon"),
        ("time > 2023-13-14T22:13:20Z", "time is a moment", "2023-13-14T22:13:20Z"),
        ("(status", "this ( is not closed", "("),
        ("status)", "there is no ( before this )", ")"),
        ("status in {1", "this { is not closed", "{"),
        ("status in {1 2}", "here should be , or }", "2"),
        ("status in {1,}", "here should be a value", "}"),
        ("status == ", "here should be a value", ""),
        ("and status", "'and' is no field", "and"),
        ("status and", "here should be a field", ""),
        ('mobile_node == "abc', "the text has no end", '"abc'),
        ("status & 1", "'&' has no meaning here", "&"),
        ("status set", "'set' is no operator", "set"),
        ("(set) set", "here should be 'and', 'or', or the end", "set"),
        ("\x1b[2J == 1", r"there is no field \x1b[2J", r"\x1b[2J"),
        ("not " * 60 + "set", f"more than {MAX_DEPTH} parentheses and negations", "not"),
        ("(" * 60 + "set" + ")" * 60, f"more than {MAX_DEPTH} parentheses", "("),
        ("set" + " or set" * 2000, "the expression has 14003 characters; 10000 are allowed", "s"),
    ],
)
def test_mistakes_are_pointed_at(text: str, reason: str, pointed: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text, FIELDS)
    message, shown, marks = str(caught.value).split("\n")
    assert reason in message
    start = marks.index("^")
    assert shown[start : start + len(pointed)] == pointed
    assert marks.strip() == "^" * max(1, len(pointed))


def test_the_mark_stands_below_wide_characters() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse("mobile_node == 字字 und", FIELDS)
    _, shown, marks = str(caught.value).split("\n")
    assert len(marks) == len(shown) + 2


def test_many_alternatives_are_no_nesting() -> None:
    assert parse(" or ".join(["set"] * 900), FIELDS).holds(lambda name: VALUES.get(name, []))


def test_the_fields_are_known() -> None:
    assert parse("status == 1 or not set", FIELDS).fields == {"status", "set"}


def test_a_pattern_that_backtracks_is_decided_at_once() -> None:
    test = parse(f"mobile_node like {'*a' * 50}*b", FIELDS)
    assert not test.holds(lambda name: ["a" * 5000])


WORDS = st.sampled_from(
    [
        *FIELDS,
        *("==", "!=", "<=", ">", "contains", "like", "in", "and", "or", "not", "&&"),
        *("(", ")", "{", "}", ",", "..", '"a', "'b'", "\\"),
        *("180", "1..3", "::1", "::/0", "5min", "2023-11-14"),
    ]
)


@given(st.text(max_size=60) | st.lists(WORDS, max_size=15).map(" ".join))
def test_nothing_else_is_raised(text: str) -> None:
    try:
        test = parse(text, FIELDS)
    except UsageError as error:
        message = str(error)
    else:
        message = str(test.holds(lambda name: VALUES.get(name, [])))
    assert all(line.isprintable() for line in message.split("\n"))
