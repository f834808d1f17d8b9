"""What happened, in time: the lanes of the bindings and each exchange."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.text import Text

from pmiptrace.address import address_text
from pmiptrace.model import Binding, BindingState, Exchange, Finding, Session, Status
from pmiptrace.report.digest import (
    Run,
    bid,
    care_of_address,
    first_moment,
    from_mag,
    is_rejected,
    lifetime,
    multipath,
    reply_moment,
    silence,
    stated_reason,
    status_text,
)
from pmiptrace.report.lanes import lane, scale, states_of
from pmiptrace.report.page import Column, Page
from pmiptrace.report.style import BAD, DOUBTFUL, GOOD, INCONCLUSIVE, MUTED, SEVERITY, STATE, STRONG
from pmiptrace.report.times import duration
from pmiptrace.report.view import View
from pmiptrace.report.words import access_name, count, counted, node_name, shortened, tally
from pmiptrace.wire.codes import ACCESS_TECHNOLOGY_SHORT

_WIDEST = 120
"""Columns beyond which a longer lane shows nothing more."""
_NARROWEST = 10
_WIDE = 100
"""Columns of a page that has room for an address in every row."""
_LABELS = 10
"""Columns between the labels of the axis, at least."""
_DOUBTS = 2
"""Inconclusive findings of one exchange that are named; more are counted."""
_ATTEMPTS = 3
"""Frames of repeated requests that are named."""


def write_timeline(view: View) -> None:
    """Write lanes and exchanges of the sessions that are shown in full."""
    if not view.shown:
        return
    page = view.page
    page.heading("Timeline", view.clock.zone())
    rest = view.digest.session_totals.count - len(view.shown)
    for number, session in enumerate(view.shown):
        if number:
            page.blank()
        page.items(
            [page.text((node_name(session), STRONG)), page.text(f"LMA {address_text(session.lma)}")]
        )
        exchanges = view.digest.exchanges_of(session)
        if not (rest and _is_trivial(session, exchanges)):
            write_lanes(view, session)
        _write_exchanges(view, session, exchanges)
    if rest:
        page.blank()
        page.line((f"… and {counted(rest, 'more session')}", MUTED))


def _is_trivial(session: Session, exchanges: Sequence[Exchange]) -> bool:
    """Tell whether a lane would show no more than the session's one exchange."""
    return len(exchanges) <= 1 and sum(len(b.history) for b in session.bindings) <= 2


def write_lanes(view: View, session: Session, *, labels: bool = False) -> None:
    """Write a lane for each binding of a session, with their If-Labels if there is room."""
    page = view.page
    bindings = [b for b in session.bindings if b.history][: view.options.bindings]
    names = _names(view, bindings, labels=labels and page.width >= _WIDE)
    indent = max(map(len, names), default=0) + 4
    columns = min(page.width - indent - 2, _WIDEST)
    end = view.digest.end_of(session, view.report)
    axis = scale(session, end, columns) if columns >= _NARROWEST else None
    if axis is None or not bindings:
        return
    for line in axis.ruler(_LABELS):  # how long after the session's first message
        page.line((line, MUTED), indent=indent)
    drawn = [lane(binding, axis) for binding in bindings]
    for name, cells in zip(names, drawn, strict=True):
        text = page.text(f"  {name:<{indent - 4}}  ")
        for state in cells:
            look = STATE[state] if state is not None else None
            text.append_text(page.text((page.sign(look), look.colour) if look else " "))
        if axis.open and cells[-1] is not None:
            text.append_text(page.text(("▸", STATE[cells[-1]].colour)))
        page.line(text)
    legend = []
    for state in states_of(drawn):
        name = "refresh" if state is BindingState.REFRESHING else state.public_name
        legend.append(page.text((page.sign(STATE[state]), STATE[state].colour), f" {name}"))
    page.items(legend, indent=indent, hang=0)


def _names(view: View, bindings: Sequence[Binding], *, labels: bool) -> list[str]:
    """Name lanes as briefly as tells them apart: BID and access, else the MAG."""
    several = len({binding.mag for binding in bindings}) > 1
    names = []
    for binding in bindings:
        words = [] if binding.bid is None else [f"BID {binding.bid}"]
        words.append(access_name(binding))
        if labels and binding.interface_label is not None:
            words.append(f"label {binding.interface_label}")
        if several or binding.bid is None:
            words.append(shortened(view.mag(binding.mag)))
        names.append(view.page.literal(" ".join(filter(None, words))))
    return names


def _write_exchanges(view: View, session: Session, exchanges: Sequence[Exchange]) -> None:
    page, digest = view.page, view.digest
    runs = list(digest.runs(exchanges))
    shown = digest.salient(runs, view.options.exchanges)
    # On a narrow page a BID stands for the address that the table of bindings gives it.
    known = {(b.bid, b.care_of_address) for b in session.bindings if page.width < _WIDE}
    page.table(
        (
            Column("time"),
            Column("frames", "frames"),
            Column("MAG → LMA", lower=1),
            Column("BID", "BID", right=True),
            Column("request", lower=2),
            Column("after", right=True),
            Column("answer"),
        ),
        [_row(view, run, known) for run in shown],
        2,
        below=[_reasons(view, run.first) for run in shown],
    )
    if before := digest.left_out(session):
        more = f"… and {counted(before, 'exchange')} before; --mobile-node shows more"
        page.line((more, MUTED), indent=2)
    left = {run.first.id for run in runs} - {run.first.id for run in shown}
    if left:
        rest = Counter(e.kind.value for run in runs if run.first.id in left for e in run.exchanges)
        page.line((f"… and {tally(rest)}", MUTED), indent=2)


def _row(view: View, run: Run, known: set[tuple[int | None, bytes]]) -> list[Text]:
    page, exchange = view.page, run.first
    begin, number, time = first_moment(exchange), bid(exchange), run.round_trip
    return [
        page.text(view.clock.moment(begin.time if begin else None)),
        page.text(_frames(view, run)),
        page.text(_path(view, exchange, known)),
        page.text("" if number is None else (str(number), STRONG)),
        page.text(request_words(run)),
        page.text("" if time is None else duration(time)),
        answer_text(page, run),
    ]


def _frames(view: View, run: Run) -> str:
    """Name the frames of an exchange, or the first and the last of many."""
    first, last = run.first, run.exchanges[-1]
    end = reply_moment(last)
    if len(run.exchanges) > 1:
        moments = [first_moment(first), end]
        return " … ".join(view.place(moment) for moment in moments if moment is not None)
    places = [view.place(moment) for moment in first.attempts[:_ATTEMPTS]]
    places += ["…"] if len(first.attempts) > _ATTEMPTS else []
    places += [view.place(end)] if end is not None else []
    return " ".join(places)


def _path(view: View, exchange: Exchange, known: set[tuple[int | None, bytes]]) -> str:
    """Name the MAG's side by access and address, and tell which side asked."""
    option, address = multipath(exchange), care_of_address(exchange)
    access = ACCESS_TECHNOLOGY_SHORT.get(option.if_att, "") if option is not None else ""
    arrow = "→" if from_mag(exchange) else "←"
    if address is None:
        return " ".join(filter(None, (access, view.mag(exchange.mag), arrow)))
    if option is not None and (option.bid, address) in known:
        return "" if from_mag(exchange) else arrow
    return " ".join(filter(None, (access, address_text(address), arrow)))


def request_words(run: Run) -> str:
    """Say what was asked for."""
    exchange, option = run.first, multipath(run.first)
    asked = lifetime(exchange.request)
    words = [f"{count(len(run.exchanges))} x"] if len(run.exchanges) > 1 else []
    words.append(exchange.kind.value)
    if why := stated_reason(exchange):
        words.append(f"({why})")
    if asked:
        words.append(f"{asked} s")
    if option is not None:
        words += [
            f"{flag}=1" for flag, set_ in (("B", option.bulk), ("O", option.overwrite)) if set_
        ]
    return " ".join(words)


def answer_text(page: Page, run: Run) -> Text:
    """Say what was answered, and how often it had to be asked."""
    exchange = run.first
    asked, granted = lifetime(exchange.request), lifetime(exchange.reply)
    text = page.text()
    if exchange.reply is None:
        text.append_text(page.text((silence(exchange), DOUBTFUL)))
    elif is_rejected(exchange):
        text.append_text(page.text(("✗ rejected", BAD)))
    else:
        status = status_text(exchange)
        text.append_text(page.text(("accepted" if status else "answered", GOOD)))
        if status and not status.startswith("0"):
            text.append_text(page.text(f" {status}"))
        if granted and granted != asked:
            text.append_text(page.text(f" {granted} s"))
    if exchange.request is None:
        text.append_text(page.text((", request not captured", MUTED)))
    if run.retransmissions:
        text.append_text(page.text((f", {counted(run.retransmissions, 'repeat')}", DOUBTFUL)))
    return text


def _reasons(view: View, exchange: Exchange) -> list[Text]:
    """Say why it was rejected, and name the rules that it breaks; of doubts, a few or how many."""
    page = view.page
    texts = []
    if is_rejected(exchange):
        texts.append(page.text((f"✗ {status_text(exchange)}", BAD)))
    failures: dict[str, Finding] = {}
    doubts: dict[str, Finding] = {}
    for finding in view.digest.by_exchange.get(exchange.id, ()):
        doubtful = finding.status is Status.INCONCLUSIVE
        (doubts if doubtful else failures).setdefault(finding.rule, finding)
    for rule, finding in failures.items():
        texts.append(page.text((f"✗ {rule}", SEVERITY[finding.severity])))
    if len(doubts) > _DOUBTS:
        texts.append(page.text((f"? {len(doubts)} inconclusive", INCONCLUSIVE)))
    else:
        texts += [page.text((f"? {rule}", INCONCLUSIVE)) for rule in doubts]
    return texts
