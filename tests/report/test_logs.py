"""No name of a capture is a command to the runner of a CI job in whose log a page stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmiptrace.address import address_text
from pmiptrace.report.logs import obeyed_by_none


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("::error::x", r"\x3a:error::x"),
        ("::ERROR file=a,line=1::x", r"\x3a:ERROR file=a,line=1::x"),
        ("x ::stop-commands::t", r"x \x3a:stop-commands::t"),
        ("::add-mask::a::debug::b", r"\x3a:add-mask::a\x3a:debug::b"),
        ("::echo::on", r"\x3a:echo::on"),
        ("##[error]x", r"\x23#[error]x"),
        ("a###[error]x", r"a#\x23#[error]x"),
        ("##vso[task.setvariable variable=a]b", r"\x23#vso[task.setvariable variable=a]b"),
        ("##teamcity[x]", r"\x23#teamcity[x]"),
        ("## heading #[1]", "## heading #[1]"),
        ("mag::1@example.com", "mag::1@example.com"),
        ("LMA 2001:db8::beef  2001:db8:1::/64 ::ffff:192.0.2.1", None),
        ("2001:db8::add: 2001:db8::1", None),
    ],
)
def test_commands_are_escaped_and_addresses_are_not(text: str, expected: str | None) -> None:
    assert obeyed_by_none(text) == (text if expected is None else expected)


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_no_address_is_a_command(one: bytes, other: bytes) -> None:
    text = f"{address_text(one)} {address_text(other)}: {address_text(bytes(14) + one[:2])}"
    assert obeyed_by_none(text) == text
