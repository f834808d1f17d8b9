"""The bindings as they stood at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.text import Text

from pmiptrace.address import address_text
from pmiptrace.model import SECOND, Binding, BindingState, Session
from pmiptrace.report.page import Column
from pmiptrace.report.style import BAD, MUTED, STATE, STRONG
from pmiptrace.report.view import View
from pmiptrace.report.words import access_name, count, counted, networks, node_name, tally

_COLUMNS = (
    Column("BID", "BID", right=True),
    Column("care-of address", lower=1),
    Column("access"),
    Column("label", "label", right=True),
    Column("state"),
    Column("left", "left", right=True),
    Column("granted", "of", right=True),
    Column("frame", "since frame", right=True),
)


def write_bindings(view: View) -> None:
    """Write a table per mobile node; one for all where there are many; sums beyond that."""
    sessions, limit = view.digest.sessions, view.options.sessions
    number = view.digest.session_totals.count
    if not number:
        return
    end = view.digest.end
    if view.report.is_apart:
        view.page.heading("Bindings", "at the end of their captures")
    else:
        view.page.heading("Bindings", "at the end" + (f", {view.clock.moment(end)}" if end else ""))
    if number <= limit:
        for index, session in enumerate(sessions):
            if index:
                view.page.blank()
            write_session(view, session)
    elif number <= min(4 * limit, len(sessions)):
        write_compact(view, sessions)
    else:
        _write_sums(view)
        view.page.blank()
        view.page.line("of these the worst:" if view.troubled else "of these the first:")
        write_compact(view, view.shown)


def write_session(view: View, session: Session) -> None:
    """Write a session with the table of its bindings."""
    page = view.page
    page.items(
        [
            page.text((node_name(session), STRONG)),
            page.text(session.mode.value if session.mode.value != "unknown" else ""),
            page.text(f"LMA {address_text(session.lma)}"),
            page.text(networks(session)),
        ]
    )
    if session.partial:
        reason = f": {session.partial_reason}" if session.partial_reason else ""
        page.line((f"its beginning was not captured{reason}", MUTED), indent=2)
    bindings = session.bindings[: view.options.bindings]
    end = view.digest.end_of(session, view.report)
    mags = dict.fromkeys(binding.mag for binding in bindings)
    if any(view.identified(mag) for mag in mags):
        for mag in mags:
            page.line(f"MAG {view.mag(mag)}", indent=2)
            page.table(_COLUMNS, [_cells(view, b, end) for b in bindings if b.mag == mag], 4)
    else:
        page.table(_COLUMNS, [_cells(view, binding, end) for binding in bindings], 2)
    if rest := session.bindings[len(bindings) :]:
        states = Counter(binding.state.public_name for binding in rest)
        page.line((f"… and {tally(states)}", MUTED), indent=2)


def write_compact(view: View, sessions: Sequence[Session]) -> None:
    """Write one table of the bindings of several sessions."""
    page = view.page
    rows = [
        [
            page.text((node_name(session), STRONG)),
            page.text(view.mag(binding.mag) if view.identified(binding.mag) else ""),
            *_cells(view, binding, view.digest.end_of(session, view.report)),
        ]
        for session in sessions
        for binding in session.bindings[: view.options.bindings]
    ]
    page.table((Column("mobile node"), Column("MAG", "MAG", lower=2), *_COLUMNS), rows, 2)


def _cells(view: View, binding: Binding, end: int | None) -> list[Text]:
    page, since = view.page, binding.since
    look = STATE[binding.state]
    state = f"{page.sign(look)} {binding.state.public_name}"
    if binding.replaced_by and binding.state is BindingState.REPLACED:
        state += f" ({binding.replaced_by})"
    left = ""
    if binding.state.is_live and binding.expires_at is not None and end is not None:
        left = f"{max(0, binding.expires_at - end) // SECOND} s"
    return [
        page.text("" if binding.bid is None else (str(binding.bid), STRONG)),
        page.text(address_text(binding.care_of_address)),
        page.text(access_name(binding)),
        page.text("" if binding.interface_label is None else str(binding.interface_label)),
        page.text((state, look.colour)),
        page.text(left),
        page.text("" if binding.lifetime is None else f"{binding.lifetime} s"),
        page.text("" if since is None or since.frame is None else view.place(since)),
    ]


def _write_sums(view: View) -> None:
    """Add up all sessions by mode and state, and the bindings of the MAGs."""
    totals, page = view.digest.session_totals, view.page
    nodes = totals.mobile_nodes
    rows = [("mobile nodes", count(nodes))] if nodes > 1 else []
    rows += [
        ("sessions", f"{count(totals.count)}: {tally(totals.modes)}"),
        ("bindings", f"{count(totals.states.total())}: {tally(totals.states)}"),
    ]
    page.table(
        (Column(), Column()),
        [[page.text((name, MUTED)), page.text(text)] for name, text in rows],
        2,
    )
    page.blank()
    _write_mags(view)


def _write_mags(view: View) -> None:
    """Write the MAGs with most violations, then those with most bindings."""
    page, totals, failed = view.page, view.digest.session_totals, view.digest.violations
    sessions, bindings, live = totals.mag_sessions, totals.mag_bindings, totals.mag_live
    order = sorted(bindings, key=lambda mag: (-failed[mag], -bindings[mag]))
    shown = order[: 2 * view.options.sessions]
    page.table(
        (
            Column("sessions", "sessions", right=True),
            Column("bindings", "bindings", right=True),
            Column("live", "live", right=True),
            Column("violations", "violations", right=True),
            Column("MAG", "MAG"),
        ),
        [
            [
                page.text(count(sessions[mag])),
                page.text(count(bindings[mag])),
                page.text(count(live[mag])),
                page.text((count(failed[mag]), BAD) if failed[mag] else "0"),
                page.text(view.mag(mag)),
            ]
            for mag in shown
        ],
        2,
    )
    if len(order) > len(shown):
        page.line((f"… and {counted(len(order) - len(shown), 'more MAG')}", MUTED), indent=2)
