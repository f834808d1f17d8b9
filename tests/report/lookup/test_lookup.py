"""What holds for all tables for looking up, on a page and as JSON."""

from __future__ import annotations

import json

import pytest
from lookup_page import console, text
from rich.cells import cell_len

from pmiptrace.report.columns import columns
from pmiptrace.report.lookup.codes import find_codes, write_codes
from pmiptrace.report.lookup.named_fields import named_fields, write_named_fields
from pmiptrace.report.lookup.options import find_options, write_options
from pmiptrace.report.lookup.states import transitions, write_states
from pmiptrace.report.readable_json import as_json


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
