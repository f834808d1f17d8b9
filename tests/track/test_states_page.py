"""The page on states shows the table of transitions as it is.

With ``PMIPTRACE_UPDATE_DOCS=1`` in the environment the generated part is written anew.
"""

from __future__ import annotations

import os
from pathlib import Path

from pmiptrace.model import BindingState
from pmiptrace.track.states import diagram, table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "states.md"
MARK = "test_states_page.py -->\n"


def generated() -> str:
    return "\n".join(["", "```mermaid", *diagram(), "```", "", *table(), ""])


def test_generated_part_is_up_to_date() -> None:
    written, mark, shown = PAGE.read_text().partition(MARK)
    assert mark
    if os.environ.get("PMIPTRACE_UPDATE_DOCS"):
        PAGE.write_text(written + mark + generated())
    else:
        assert shown == generated()


def test_every_state_is_explained_under_its_name_in_reports() -> None:
    text = PAGE.read_text()
    for state in BindingState:
        assert f"\n| {state.name} | {state.public_name} | " in text
