"""The tables of codes: that they say what is registered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lookup_page import console, text

from pmiptrace.errors import UsageError
from pmiptrace.report.lookup.codes import find_codes, write_codes
from pmiptrace.wire import codes


def test_a_status() -> None:
    (table,) = find_codes("status", "180")
    assert table.name == "binding_status"
    (code,) = table.values
    assert code.name == "CANNOT_SUPPORT_MULTIPATH_BINDING"
    assert code.reference == "RFC 8278"
    assert code.meaning is not None
    page = console()
    write_codes(page, (table,), values=True)
    assert "    180  CANNOT_SUPPORT_MULTIPATH_BINDING  RFC 8278\n" in text(page)
    assert "      because the LMA does not support multipath binding" in text(page)
    assert "      to do: enable RFC 8278 at the LMA" in text(page)


def test_every_status_has_its_rfc() -> None:
    assert set(codes.BINDING_STATUS_RFC) == set(codes.BINDING_STATUS)


def test_a_value_alone_is_looked_for_in_all_tables() -> None:
    assert [t.name for t in find_codes("0xb4", None)] == ["binding_status"]
    assert {t.name for t in find_codes("status", "128")} >= {"binding_status", "revocation_status"}


@pytest.mark.parametrize(
    ("table", "value", "said"),
    [
        ("stauts", None, "there is no table"),
        ("binding-status", "255", "255 is not registered in table binding_status"),
        ("status", "abc", "'abc' is no value"),
        ("255256", None, "not registered in any of these tables"),
    ],
)
def test_codes_that_do_not_exist(table: str, value: str | None, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        find_codes(table, value)


@given(st.text(max_size=12), st.none() | st.text(max_size=6))
def test_any_words(table: str, value: str | None) -> None:
    message = ""
    try:
        assert find_codes(table, value)
    except UsageError as error:
        message = str(error)
    assert message.isprintable()
