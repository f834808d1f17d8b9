from __future__ import annotations

from itertools import pairwise

import pytest
from msgspec.structs import replace
from report_factory import Builder, Path, at

from pmiptrace.model import SECOND, Binding, BindingState, Moment
from pmiptrace.report.lanes import Scale, lane, scale
from pmiptrace.report.style import STATE

S = BindingState


def binding(*changes: tuple[float, BindingState]) -> Binding:
    build = Builder()
    mag = build.mag("m", "2001:db8::1")
    return build.binding(Path(mag, b"\x20" + bytes(15), 1), *changes)


def drawn(*changes: tuple[float, BindingState], seconds: float = 10) -> str:
    cells = lane(binding(*changes), Scale(at(0), at(seconds), 10))
    return "".join("." if state is None else STATE[state].plain for state in cells).rstrip(".")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ([], ""),
        ([(0, S.PENDING), (0.02, S.ACTIVE)], "=========="),
        ([(2, S.PENDING), (2.02, S.ACTIVE)], "..========"),
        ([(0, S.PENDING), (3, S.ACTIVE)], "...======="),
        ([(0, S.ACTIVE), (5, S.REFRESHING), (5.1, S.ACTIVE)], "=====+===="),
        ([(0, S.ACTIVE), (5, S.ACTIVE)], "=====+===="),
        ([(0, S.ACTIVE), (5, S.REFRESHING), (8, S.ACTIVE)], "=====++++="),
        ([(0, S.ACTIVE), (5, S.REPLACED)], "=====X"),
        ([(0, S.ACTIVE), (5, S.DEREG_PENDING), (5.1, S.DEREG_WAIT), (9, S.NONE)], "=====o"),
        ([(0, S.ACTIVE), (5, S.REPLACED), (7, S.PENDING), (7.1, S.ACTIVE)], "=====X.==="),
        ([(0, S.PENDING), (0.1, S.REJECTED)], "#"),
    ],
)
def test_lane(changes: list[tuple[float, BindingState]], text: str) -> None:
    assert drawn(*changes) == text


def test_every_state_can_be_told_without_colour() -> None:
    shown = {state.public_name: STATE[state] for state in BindingState}
    assert len({look.sign for look in shown.values()}) == len(shown)
    assert len({look.plain for look in shown.values()}) == len(shown)
    assert all(look.plain.isascii() for look in shown.values())


@pytest.mark.parametrize(
    ("seconds", "columns", "labels"),
    [
        (245, 60, ["0 min", "1 min", "2 min", "3 min", "4 min"]),
        (60, 60, ["0 s", "10 s", "20 s", "30 s", "40 s", "50 s"]),
        (0.08, 40, ["0 ms", "20 ms", "40 ms", "60 ms"]),
        (86400 * 3, 30, ["0 d", "1 d", "2 d"]),
    ],
)
def test_marks_stand_at_round_times(seconds: float, columns: int, labels: list[str]) -> None:
    marks = Scale(0, round(seconds * SECOND), columns).marks(10)
    assert [label for _, label in marks] == labels
    places = [column for column, _ in marks]
    assert all(b - a >= 9 for a, b in pairwise(places))


def test_marks_of_absurd_spans_stay_few() -> None:
    assert len(Scale(0, 2**90, 100).marks(10)) <= 101
    assert Scale(0, 1, 100).marks(10)


def test_a_long_quiet_end_is_left_out() -> None:
    build = Builder()
    build.moment(4)
    session = build.session("mn", binding((0, S.PENDING), (4, S.ACTIVE)))
    assert scale(session, at(3600), 50) == Scale(at(0), at(6), 50, open=True)
    assert scale(session, at(5), 50) == Scale(at(0), at(5), 50)


def test_no_scale_without_times() -> None:
    build = Builder()
    session = build.session("mn", binding((0, S.ACTIVE)))
    assert scale(replace(session, first=Moment(0, 1, None)), None, 50) is None
