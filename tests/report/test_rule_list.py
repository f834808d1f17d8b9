"""The list of rules, and what narrows it."""

from __future__ import annotations

import io
import json

import pytest
from rich.cells import cell_len
from rich.console import Console

from pmiptrace.errors import UsageError
from pmiptrace.report.readable_json import as_json
from pmiptrace.report.rule_list import Wanted, listed, write_rules
from pmiptrace.rules.catalogue import catalogue


def ids(**wanted: object) -> list[str]:
    return [entry.id for entry in listed(Wanted(**wanted))]  # type: ignore[arg-type]


def page(width: int = 120, **wanted: object) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, color_system=None)
    write_rules(console, listed(Wanted(**wanted)))  # type: ignore[arg-type]
    return file.getvalue()


def test_all_rules_in_the_order_of_the_catalogue() -> None:
    assert ids() == list(catalogue())


def test_what_narrows_the_list() -> None:
    rows = catalogue()
    of_section = ids(selectors=(("rfc8278-4.1",),))
    assert "RFC8278-4.1-BO-EXCLUSIVE" in of_section
    assert {rows[rule].section for rule in of_section} == {"4.1"}
    both = ids(selectors=(("RFC8278-4.1", "RFC8278-4.2"), ("RFC8278-4.2",)))
    assert {rows[rule].section for rule in both} == {"4.2"}
    assert {rows[rule].severity for rule in ids(severities=frozenset({"info"}))} == {"info"}
    assert {rows[rule].keyword for rule in ids(keywords=frozenset({"MUST NOT"}))} == {"MUST NOT"}
    assert {rows[rule].keyword for rule in ids(keywords=frozenset({"none"}))} == {None}
    assert "RFC8278-4.1-BO-EXCLUSIVE" in ids(parties=frozenset({"LMA"}))
    assert "RFC8278-4.1-O-DEREG" not in ids(parties=frozenset({"LMA"}))
    assert {rows[rule].confidence for rule in ids(confidences=frozenset({"packet"}))} == {"packet"}
    assert "RFC5846-5.1-8278-GAP" in ids(messages=frozenset({"BRI"}))
    assert "RFC8278-4.1-BO-EXCLUSIVE" not in ids(messages=frozenset({"BRI"}))
    assert ids(words="RESERVED 22 bits multipath") == ["RFC8278-4.1-MMB-RESERVED"]


def test_remarks_are_notes() -> None:
    notes = ids(severities=frozenset({"note"}))
    assert notes == [rule for rule in catalogue() if rule.startswith("PM-")]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"selectors": (("RFC8278-5",),)}, "RFC8278-5"),
        ({"keywords": frozenset({"MUST-NOT"})}, "did you mean 'MUST NOT'"),
        ({"messages": frozenset({"PBX"})}, "did you mean 'PB[UA]'"),
    ],
)
def test_what_means_nothing_is_refused(wanted: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ids(**wanted)


def test_what_it_looks_like() -> None:
    text = page(selectors=(("RFC8278-4.2",),))
    assert "RFC8278-4.2-MAGID-RESERVED  error     MUST     sender   packet" in text
    assert text.endswith("\n5 rules: 3 warning, 2 error; 1 MUST\n")
    assert page(words="no such words").strip() == "0 rules"


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_no_line_is_wider_than_the_page(width: int) -> None:
    assert max(map(cell_len, page(width).splitlines())) <= width


def test_json_has_the_documentation() -> None:
    entries = json.loads(as_json(listed(Wanted())))
    assert len(entries) == len(catalogue())
    first = entries[0]
    assert first["documentation"].keys() == {"summary", "why", "rfc", "example", "mend"}
    assert (first["rfc"], first["section"], first["party"]) == (8278, "4.1", "sender")
