"""``pmiptrace doctor`` as a user calls it."""

from __future__ import annotations

import json

import pytest
from command_line import Run

from pmiptrace import doctor
from pmiptrace.doctor import Check, State

GOOD = Check("Python", State.GOOD, "CPython 3.14.0")
MISSING = Check("tshark", State.MISSING, "none", "install it")
BAD = Check("rich", State.BAD, "not installed", "pip install rich")


@pytest.mark.parametrize(
    ("found", "code", "verdict"),
    [
        ([GOOD], 0, "pmiptrace works, and has all that it could use."),
        ([GOOD, MISSING], 0, "pmiptrace works; 1 thing it could use."),
        ([BAD, MISSING], 1, "pmiptrace cannot work: 1 thing to mend."),
    ],
)
def test_verdict(
    run: Run, monkeypatch: pytest.MonkeyPatch, found: list[Check], code: int, verdict: str
) -> None:
    monkeypatch.setattr(doctor, "checks", lambda: found)
    result = run("doctor")
    assert (result.code, result.out.splitlines()[0]) == (code, verdict)
    assert all(check.remedy in result.out for check in found if check.remedy)


def test_json(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "checks", lambda: [MISSING])
    _, out, _ = run("doctor", "--format", "json")
    assert json.loads(out) == [
        {"name": "tshark", "state": "missing", "found": "none", "remedy": "install it"}
    ]
