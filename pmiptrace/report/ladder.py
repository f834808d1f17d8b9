"""The call flow of one session as a ladder, before it is drawn: what stands in which row.

One lifeline for each care-of address of a MAG, in the order of first use, and the last for the
LMA. A row is a message, something that came about without one, a stretch of time in which nothing
was sent, or exchanges that are left out. Terminal and SVG draw the same rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from itertools import groupby
from operator import itemgetter

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.address import address_text
from pmiptrace.model import (
    SECOND,
    Binding,
    BindingState,
    Exchange,
    Finding,
    MagNode,
    Moment,
    Report,
    Session,
    Severity,
    Status,
    Transition,
)
from pmiptrace.report.digest import (
    Digest,
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
from pmiptrace.report.times import duration
from pmiptrace.report.words import access_name, count, counted, frame_place, joined, mag_name, tally

QUIET = 2 * SECOND
"""Silence from which on it has a row of its own."""
MAX_LINES = 8
"""Care-of addresses with a lifeline of their own; those seen later share the last one."""
_DOUBTS = 2
"""Inconclusive findings of one exchange that are named; more are counted."""
_ATTEMPTS = 5
"""Attempts of one exchange that have a row of their own."""

_EVIDENT = frozenset({BindingState.PENDING, BindingState.REFRESHING, BindingState.DEREG_PENDING})
"""States that a request brings: its arrow says so."""


class Tone(Enum):
    """How something went."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    DOUBTFUL = "doubtful"


class Note(Struct, frozen=True):
    """What stands beside a row: a binding's new state, or a finding."""

    text: str
    detail: str = ""
    """More about it, for where there is room."""
    state: BindingState | None = None
    severity: Severity | None = None
    """Of a finding."""
    inconclusive: bool = False


class Lifeline(Struct, frozen=True):
    """One care-of address, or the LMA."""

    address: bytes | None
    """None for the line that further care-of addresses share."""
    letter: str
    """What the lifeline is called where its address has no room; empty for the LMA."""
    title: str
    """``BID 1 LTE label 11``, or ``LMA``."""
    short: str
    """The access alone."""
    mag: str
    """The MAG's name; empty where that is no more than its address."""

    @property
    def text(self) -> str:
        """The address, or what stands for several."""
        return "further paths" if self.address is None else address_text(self.address)


class Arrow(Struct, frozen=True, kw_only=True):
    """A message; of exchanges of routine in a row, the first request or the last reply."""

    moment: Moment
    place: str
    """Number of the frame."""
    source: int
    """Index of a lifeline."""
    target: int
    label: str
    tone: Tone = Tone.PLAIN
    repeated: bool = False
    """Whether it is a retransmission."""
    detail: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def time(self) -> int | None:
        """When it was captured."""
        return self.moment.time


class Mark(Struct, frozen=True, kw_only=True):
    """What came about without a message between the two, such as an expiry."""

    moment: Moment
    place: str
    line: int
    notes: tuple[Note, ...]

    @property
    def time(self) -> int | None:
        """When it came about."""
        return self.moment.time


class Gap(Struct, frozen=True):
    """Nothing was sent for so many nanoseconds; drawn shorter than it was."""

    span: int


class Rest(Struct, frozen=True):
    """Exchanges that are left out, in words."""

    text: str


Row = Arrow | Mark | Gap | Rest


class Ladder(Struct, frozen=True):
    """The lifelines, the LMA's last, and the rows in the order of time."""

    session: Session
    lines: tuple[Lifeline, ...]
    rows: tuple[Row, ...]
    left: int = 0
    """Exchanges that are left out."""


def ladder(report: Report, digest: Digest, session: Session, *, limit: int = 40) -> Ladder:
    """Make the ladder of a session from the exchanges that a digest kept of it.

    Of `report` the captures and the MAGs are used. About `limit` exchanges are shown, those of
    routine that follow each other counted as one. If there are more, those with findings come
    first, then those that failed, then the first and the last.
    """
    return _Builder(report, digest, session).build(limit)


class _Builder:
    def __init__(self, report: Report, digest: Digest, session: Session) -> None:
        self._report = report
        self._digest = digest
        self._session = session
        self._exchanges = digest.exchanges_of(session)
        addresses = [b.care_of_address for b in session.bindings if b.history]
        found = (care_of_address(exchange) for exchange in self._exchanges)
        used = dict.fromkeys(address for address in found if address is not None)
        used.update(dict.fromkeys(addresses))
        self._addresses: list[bytes | None] = list(used)
        if len(self._addresses) > MAX_LINES:
            self._addresses[MAX_LINES - 1 :] = [None]
        self._index = {address: place for place, address in enumerate(self._addresses)}

    def build(self, limit: int) -> Ladder:
        runs = list(self._digest.runs(self._exchanges))
        kept = {run.first.id for run in self._digest.salient(runs, limit)}
        arrows = [arrow for run in runs if run.first.id in kept for arrow in self._arrows(run)]
        left = [run for run in runs if run.first.id not in kept]
        frames = {frame for run in runs for frame in _frames(run)}
        shown = {_key(arrow.moment) for arrow in arrows}
        rows: list[tuple[int | None, Row]] = []
        rows += [(arrow.time, arrow) for arrow in self._with_states(arrows, shown)]
        rows += [(mark.time, mark) for mark in self._marks(frames)]
        rows += [(_begin(group[0]), _rest(group)) for group in _groups(runs, kept)]
        lines = (*map(self._line, range(len(self._addresses))), self._lma())
        before = self._digest.left_out(self._session)
        if before:
            text = f"{counted(before, 'exchange')} not kept"
            rows.insert(0, (None, Rest(text)))
        omitted = before + sum(len(run.exchanges) for run in left)
        return Ladder(self._session, lines, tuple(with_gaps(in_order(rows))), omitted)

    # --------------------------------------------------------------------------- lifelines

    def _line(self, number: int) -> Lifeline:
        return lifeline(self._addresses[number], number, self._session.bindings, self._report.mags)

    def _lma(self) -> Lifeline:
        return Lifeline(self._session.lma, "", "LMA", "", "")

    def _place(self, moment: Moment) -> str:
        return frame_place(moment, len(self._report.captures))

    def _place_of(self, address: bytes | None) -> int:
        return self._index.get(address, len(self._addresses) - 1)

    # ---------------------------------------------------------------------------- messages

    def _arrows(self, run: Run) -> Iterator[Arrow]:
        exchange, last = run.first, run.exchanges[-1]
        path, lma = self._place_of(care_of_address(exchange)), len(self._addresses)
        ends = (path, lma) if from_mag(exchange) else (lma, path)
        notes = self._findings(exchange)
        moments = list(exchange.attempts)
        if exchange.request is not None and not moments:
            moments = [m for m in (first_moment(exchange),) if m is not None]
        answer = reply_moment(last)
        silent = answer is None
        shown = moments if len(moments) <= _ATTEMPTS else [*moments[: _ATTEMPTS - 1], moments[-1]]
        for number, moment in enumerate(shown, 1):
            is_last = number == len(shown)
            label = request_label(run)
            if number > 1:
                attempt = len(moments) if is_last else number
                label = f"{label}, attempt {attempt}"
            if silent and is_last:
                label += f": {silence(exchange)}"
            yield Arrow(
                moment=moment,
                place=self._place(moment),
                source=ends[0],
                target=ends[1],
                label=label,
                tone=Tone.DOUBTFUL if number > 1 or (silent and is_last) else Tone.PLAIN,
                repeated=number > 1,
                notes=tuple(_of(notes, moment, silent and is_last)),
            )
        if answer is not None:
            label = answer_label(run)
            yield Arrow(
                moment=answer,
                place=self._place(answer),
                source=ends[1],
                target=ends[0],
                label=label,
                tone=Tone.BAD if is_rejected(exchange) else Tone.GOOD,
                notes=tuple(_of(notes, answer, True)),
            )

    def _findings(self, exchange: Exchange) -> list[tuple[Moment, Note]]:
        """Give the findings about an exchange, one for each rule, with their frames."""
        failures: dict[str, Finding] = {}
        doubts: dict[str, Finding] = {}
        for finding in self._digest.by_exchange.get(exchange.id, ()):
            doubtful = finding.status is Status.INCONCLUSIVE
            (doubts if doubtful else failures).setdefault(finding.rule, finding)
        notes = [(finding.moment, finding_note(finding)) for finding in failures.values()]
        if len(doubts) > _DOUBTS:
            moment = next(iter(doubts.values())).moment
            text = f"{len(doubts)} inconclusive"
            notes.append((moment, Note(text, joined(doubts), inconclusive=True)))
        else:
            notes += [(finding.moment, finding_note(finding)) for finding in doubts.values()]
        return notes

    # ------------------------------------------------------------------------------ states

    def _with_states(
        self, arrows: Iterable[Arrow], shown: set[tuple[int, int | None]]
    ) -> Iterator[Arrow]:
        """Note the changes of state at the messages that brought them."""
        brought: dict[tuple[int, int | None], list[Note]] = {}
        for binding, transition in self._transitions():
            note = state_note(binding, transition)
            if note is not None and _key(transition.moment) in shown:
                brought.setdefault(_key(transition.moment), []).append(note)
        for arrow in arrows:
            notes = brought.pop(_key(arrow.moment), ())
            yield replace(arrow, notes=(*notes, *arrow.notes))

    def _marks(self, frames: set[tuple[int, int | None]]) -> Iterator[Mark]:
        """Give the changes of state that none of the session's exchanges brought."""
        for binding, transition in self._transitions():
            moment, note = transition.moment, state_note(binding, transition)
            if note is None or (moment.frame is not None and _key(moment) in frames):
                continue
            place = "" if moment.frame is None else self._place(moment)
            line = self._place_of(binding.care_of_address)
            yield Mark(moment=moment, place=place, line=line, notes=(note,))

    def _transitions(self) -> Iterator[tuple[Binding, Transition]]:
        for binding in self._session.bindings:
            for transition in binding.history:
                yield binding, transition


def lifeline(
    address: bytes | None,
    number: int,
    bindings: Iterable[Binding],
    mags: Mapping[int, MagNode],
) -> Lifeline:
    """Give the lifeline of an address, with what the bindings say of it; None for further ones."""
    if address is None:
        return Lifeline(None, letter(number), "", "", "")
    bindings = [b for b in bindings if b.care_of_address == address]
    titles = dict.fromkeys(filter(None, map(lane_title, bindings)))
    short = next(filter(None, map(access_name, reversed(bindings))), "")
    name = ""
    for mag in {b.mag for b in bindings}:
        node = mags.get(mag)
        if node is not None and node.identifier is not None:
            name = mag_name(node)
    return Lifeline(address, letter(number), " / ".join(list(titles)[:3]), short, name)


def lane_title(binding: Binding) -> str:
    """Name a binding as its lane does: BID, access and label."""
    words = [] if binding.bid is None else [f"BID {binding.bid}"]
    words.append(access_name(binding))
    if binding.interface_label is not None:
        words.append(f"label {binding.interface_label}")
    return " ".join(filter(None, words))


def finding_note(finding: Finding) -> Note:
    """Give what stands beside a message about a finding."""
    doubtful = finding.status is Status.INCONCLUSIVE
    why = f"; undecided: {finding.why_inconclusive}" if doubtful else ""
    return Note(
        finding.rule,
        f"{finding.message}{why}",
        severity=finding.severity,
        inconclusive=doubtful,
    )


def state_note(binding: Binding, transition: Transition) -> Note | None:
    """Give what stands beside a change of state; None where the message says it already."""
    before, after = transition.before, transition.after
    text = change_text(binding.bid, binding.care_of_address, before, after)
    if text is None:
        return None
    return Note(text, f"{before.value} → {after.value}: {transition.event}", state=after)


def change_text(
    number: int | None, address: bytes, before: BindingState, after: BindingState
) -> str | None:
    """Word a change of state of the binding with a BID, or else an address.

    None where the message that brings it says it already.
    """
    if after in _EVIDENT:
        return None
    if after is BindingState.ACTIVE and before in (BindingState.REFRESHING, BindingState.ACTIVE):
        return None
    name = address_text(address) if number is None else f"BID {number}"
    if before is BindingState.DEREG_WAIT and after is BindingState.NONE:
        return f"{name} entry deleted"
    return f"{name} {after.public_name}"


def _key(moment: Moment) -> tuple[int, int | None]:
    return moment.capture, moment.frame


def _frames(run: Run) -> set[tuple[int, int | None]]:
    """Give the frames of all messages of a run."""
    found: set[tuple[int, int | None]] = set()
    for exchange in run.exchanges:
        found.update(map(_key, exchange.attempts))
        reply = reply_moment(exchange)
        if reply is not None:
            found.add(_key(reply))
    return found


def _of(notes: list[tuple[Moment, Note]], moment: Moment, all_that_is_left: bool) -> Iterator[Note]:
    """Take the notes about a frame from the list; at the last frame, those that are left."""
    for item in list(notes):
        if all_that_is_left or _key(item[0]) == _key(moment):
            notes.remove(item)
            yield item[1]


def _rest(runs: Iterable[Run]) -> Rest:
    kinds = Counter(e.kind.value for run in runs for e in run.exchanges)
    return Rest(f"{counted(sum(kinds.values()), 'exchange')} left out: {tally(kinds)}")


def request_label(run: Run) -> str:
    """Word a request: its type, BID, what it asks for, how long, and its flags."""
    exchange, option, number = run.first, multipath(run.first), bid(run.first)
    words = [exchange.request.kind if exchange.request is not None else ""]
    if len(run.exchanges) > 1:
        words.append(f"{count(len(run.exchanges))} x")
    words.append(stated_reason(exchange) or exchange.kind.value)
    if number is not None:
        words.append(f"BID {number}")
    asked = lifetime(exchange.request)
    if asked:
        words.append(f"{asked} s")
    if option is not None:
        words += [
            f"{flag}=1" for flag, set_ in (("B", option.bulk), ("O", option.overwrite)) if set_
        ]
    return " ".join(filter(None, words))


def answer_label(run: Run) -> str:
    """Word a reply: its type, status, what it grants if that is not what was asked, and when."""
    exchange, last = run.first, run.exchanges[-1]
    assert last.reply is not None
    status, number = status_text(exchange), bid(exchange)
    rejected = is_rejected(exchange)
    words = [last.reply.kind, "✗ rejected" if rejected else "accepted" if status else "answer"]
    if number is not None:
        words.append(f"BID {number}")
    granted = lifetime(exchange.reply)
    if granted and granted != lifetime(exchange.request):
        words.append(f"{granted} s")
    text = " ".join(words)
    if status and not status.startswith("0 "):
        text += f": {status}"
    time = run.round_trip
    if time is not None:
        text += f", {'median ' if len(run.exchanges) > 1 else ''}{duration(time)}"
    return f"{text}, request not captured" if exchange.request is None else text


def _begin(run: Run) -> int | None:
    begin = first_moment(run.first)
    return None if begin is None else begin.time


def _groups(runs: Iterable[Run], kept: set[int]) -> Iterator[list[Run]]:
    """Give the runs that are left out, those that follow each other together."""
    for is_kept, group in groupby(runs, lambda run: run.first.id in kept):
        if not is_kept:
            yield list(group)


def in_order(rows: Iterable[tuple[int | None, Row]]) -> list[Row]:
    """Sort rows by time; one without a time stays behind the one before it."""
    last = 0
    keyed: list[tuple[int, Row]] = []
    for time, row in rows:
        last = last if time is None else time
        keyed.append((last, row))
    return [row for _, row in sorted(keyed, key=itemgetter(0))]


def with_gaps(rows: Iterable[Row]) -> Iterator[Row]:
    """Put gaps where nothing was sent for long."""
    last: int | None = None
    for row in rows:
        if isinstance(row, Arrow | Mark) and row.time is not None:
            if last is not None and row.time - last >= QUIET:
                yield Gap(row.time - last)
            last = row.time
        yield row


def letter(number: int) -> str:
    """Give what a lifeline is called."""
    return chr(ord("A") + number)
