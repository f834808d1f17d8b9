"""The table of options: that it says what is declared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lookup_page import console, text

from pmiptrace.errors import UsageError
from pmiptrace.report.columns import columns
from pmiptrace.report.lookup.options import find_options, write_options
from pmiptrace.rules.catalogue import catalogue
from pmiptrace.wire.option import MOBILITY_OPTIONS


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


@given(st.text(max_size=12))
def test_any_words(wanted: str) -> None:
    message = ""
    try:
        assert find_options(wanted)
    except UsageError as error:
        message = str(error)
    assert message.isprintable()
