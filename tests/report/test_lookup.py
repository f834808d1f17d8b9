"""The tables for looking up: that they say what is declared."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from pmiptrace.errors import UsageError
from pmiptrace.report.columns import columns
from pmiptrace.report.lookup import (
    as_json,
    find_codes,
    find_options,
    named_fields,
    transitions,
    write_codes,
    write_named_fields,
    write_options,
    write_states,
)
from pmiptrace.rules.catalogue import catalogue
from pmiptrace.track.states import TRANSITIONS
from pmiptrace.wire import codes
from pmiptrace.wire.option import MOBILITY_OPTIONS


def console(width: int = 120) -> Console:
    return Console(file=io.StringIO(), width=width, color_system=None)


def text(page: Console) -> str:
    assert isinstance(page.file, io.StringIO)
    return page.file.getvalue()


# ----------------------------------------------------------------------------------- options


def test_every_option_is_there() -> None:
    found = find_options(None)
    assert [e.number for e in found if e.inside is None] == sorted(MOBILITY_OPTIONS.types)
    assert {e.inside for e in found} == {None, 19, 45, 52, 53, 58, 62}
    for entry in found:
        assert entry.summary
        assert "+-" in entry.diagram
        assert set(entry.rules) <= set(catalogue())
        for field in entry.fields:
            named = f"{entry.key}.{field.name}"
            assert named in columns() or field.name in ("sub_options", "attributes")


@pytest.mark.parametrize(
    "wanted", ["63", "MAG Multipath Binding", "mag_multipath_binding", "multipath"]
)
def test_an_option_is_found_by_number_and_name(wanted: str) -> None:
    (entry,) = find_options(wanted)
    assert (entry.number, entry.reference) == (63, "RFC 8278 section 4.1")
    assert "RFC8278-4.1-BO-EXCLUSIVE" in entry.rules
    assert [(f.label, f.offset, f.width, f.table) for f in entry.fields][:3] == [
        ("If-ATT", 0, 8, "access_technology"),
        ("If-Label", 8, 8, None),
        ("Binding ID", 16, 8, None),
    ]


def test_what_an_option_looks_like() -> None:
    page = console()
    write_options(page, find_options("63"))
    shown = text(page)
    assert "  |  Binding ID   |B|O|             Reserved                      |\n" in shown
    assert "     24  B           mag_multipath_binding.bulk       Bulk Re-registration\n" in shown
    assert "  RFC8278-4.1-BO-EXCLUSIVE         error    B and O MUST NOT both be 1\n" in shown


@pytest.mark.parametrize(
    ("wanted", "said"),
    [("71", "there is no option '71'"), ("multipaht", "did you mean 'multipath'")],
)
def test_an_option_that_does_not_exist(wanted: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        find_options(wanted)


# ------------------------------------------------------------------------------------- codes


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
    for find in (lambda: find_codes(table, value), lambda: find_options(table)):
        try:
            assert find()
        except UsageError as error:
            message = str(error)
        else:
            message = ""
        assert message.isprintable()


# ------------------------------------------------------------------------- states and fields


def test_states_are_those_of_the_table() -> None:
    rows = transitions()
    assert len(rows) == sum(len(row) for row in TRANSITIONS.values())
    assert ("pending", "accepted", "active") in [(r.before, r.event, r.after) for r in rows]
    assert ("refreshing", "rejected", None) in [(r.before, r.event, r.after) for r in rows]


def test_events_stand_below_their_state() -> None:
    page = console(60)
    write_states(page)
    assert "\npending\n  accepted " in text(page)


def test_fields_are_those_of_the_columns() -> None:
    assert [field.name for field in named_fields()] == list(columns())


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_no_line_is_wider_than_the_page(width: int) -> None:
    page = console(width)
    write_options(page, find_options(None))
    write_codes(page, find_codes(None, None), values=False)
    write_codes(page, find_codes("status", None), values=True)
    write_states(page)
    write_named_fields(page)
    assert max(cell_len(line) for line in text(page).splitlines()) <= width


def test_all_of_it_goes_into_json() -> None:
    for value in (find_options(None), find_codes(None, None), transitions(), named_fields()):
        assert json.loads(as_json(value))
    assert json.loads(as_json(transitions()))[0] == {
        "from": "none",
        "event": "PBU",
        "to": "pending",
    }
