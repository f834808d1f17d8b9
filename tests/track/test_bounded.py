"""Tables that go by age: what a look-up finds, and what is left in them."""

from __future__ import annotations

import pytest

from pmiptrace.track.bounded import Lately


@pytest.mark.parametrize(
    ("put", "asked", "is_found"),
    [(0, 10, True), (0, 11, False), (20, 5, True), (None, 99, True), (0, None, True)],
)
def test_an_entry_is_found_while_it_is_of_use(
    put: int | None, asked: int | None, is_found: bool
) -> None:
    table: Lately[str, int] = Lately(10, 100)
    table.put("a", 1, put)
    assert table.get("a", asked) == (1 if is_found else None)


def test_what_is_too_old_is_let_go() -> None:
    table: Lately[int, int] = Lately(10, 1000)
    sizes = []
    for time in range(0, 200, 2):
        table.put(time, time, time)
        sizes.append(len(table))
    assert sizes == [1, 2, 3, 4, 5, *[6] * 95]


def test_an_entry_put_in_again_is_new() -> None:
    table: Lately[str, int] = Lately(10, 100)
    table.put("a", 1, 0)
    table.put("b", 2, 5)
    table.put("a", 3, 9)
    table.put("c", 4, 16)
    assert [table.get(key, 16) for key in "abc"] == [3, None, 4]


def test_the_limit_holds_where_time_stands_still() -> None:
    table: Lately[int, int] = Lately(10, 3)
    for number in range(9):
        table.put(number, number, None)
    assert [number for number in range(9) if table.get(number, None) is not None] == [6, 7, 8]


def test_taking_out() -> None:
    table: Lately[str, int] = Lately(10, 100)
    table.put("a", 1, 0)
    table.pop("a")
    table.pop("b")
    assert table.get("a", 0) is None
