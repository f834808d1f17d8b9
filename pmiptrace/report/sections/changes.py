"""Changes of bindings' states, a row for each."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from pmiptrace.address import address_text
from pmiptrace.analysis import Change
from pmiptrace.report.page import Column, Page
from pmiptrace.report.style import STATE, STRONG
from pmiptrace.report.times import Clock
from pmiptrace.report.words import frame_place, node_name

_COLUMNS = (
    Column("time"),
    Column("frame", "frame", right=True),
    Column("#", "session", right=True),
    Column("mobile node"),
    Column("path"),
    Column("from", "from"),
    Column("to", "to"),
    Column("event"),
)


def write_changes(page: Page, clock: Clock, changes: Sequence[Change], captures: int) -> None:
    """Write changes; `captures` says of how many captures the frames are."""
    page.table(_COLUMNS, [_cells(page, clock, change, captures) for change in changes], 2)


def _cells(page: Page, clock: Clock, change: Change, captures: int) -> list[Text]:
    binding, transition = change.binding, change.transition
    moment, before, after = transition.moment, STATE[transition.before], STATE[transition.after]
    bid = "" if binding.bid is None else (f"BID {binding.bid} ", STRONG)
    return [
        page.text(clock.moment(moment.time)),
        page.text(frame_place(moment, captures)),
        page.text(str(change.session.id)),
        page.text((node_name(change.session), STRONG)),
        page.text(bid, address_text(binding.care_of_address)),
        page.text((transition.before.value, before.colour)),
        page.text((f"{page.sign(after)} {transition.after.value}", after.colour)),
        page.text(transition.event),
    ]
