"""From captures to a report: the layers put together, in one pass over the captures' time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.errors import CaptureError, UsageError
from pmiptrace.follower import Change, Event, Follower, Observer, Seen
from pmiptrace.instant import Instant
from pmiptrace.merge import Item
from pmiptrace.model import CaptureInfo, Exchange, Finding, MagNode, Report, RuleCount, Session
from pmiptrace.reading import Mask, Progress, Reading
from pmiptrace.rules.rule import RuleOptions
from pmiptrace.track.timers import Timers
from pmiptrace.wire.dialect import Dialect, DialectDecoder

if TYPE_CHECKING:
    from pmiptrace.tshark.engine import TsharkEngine

__all__ = ["Analysis", "Change", "Collection", "Event", "Mask", "Observer", "Progress", "Seen"]


class Collection:
    """The sessions, exchanges and findings of a run, each as it was given last."""

    def __init__(self) -> None:
        self._sessions: dict[int, Session] = {}
        self._exchanges: dict[int, Exchange] = {}
        self._findings: list[Finding] = []

    def add(self, event: Event) -> None:
        """Keep an event, if it is one of those."""
        if isinstance(event, Session):
            self._sessions[event.id] = event
        elif isinstance(event, Exchange):
            self._exchanges[event.id] = event
        elif isinstance(event, Finding):
            self._findings.append(event)

    def report(self, overview: Report) -> Report:
        """Give the report of which an `overview` has the rest."""
        return replace(
            overview,
            sessions=tuple(self._sessions[number] for number in sorted(self._sessions)),
            exchanges=tuple(self._exchanges[number] for number in sorted(self._exchanges)),
            findings=tuple(self._findings),
        )


class Analysis:
    """One run over captures. What becomes known comes out of `events`, or together as a `report`.

    `paths` are files, directories, globs or ``-`` for standard input. `dialect` is ``auto``,
    ``none``, the name of a dialect or a file that describes one. `timers` and `options` are the
    tolerances of the tracker and of the rules, by default those of the RFCs. With more than one of
    `jobs`, large captures are scanned by that many workers besides; the result is the same. An
    `observer` hears of every step. A capture that cannot be opened is left out and noted in
    `errors`. Raises `UsageError` for a dialect that does not exist, for fewer jobs than one, and
    for `each` together with `until`.

    With `each`, every capture is a run of its own: what one shows says nothing about another. Else
    they are one run, and their messages come in the order of time.

    `until` ends a run that is one at a moment: what was captured later is not read, and time goes
    no further. Without `judge` no rule is called, and there are no findings. With a `mask`, nothing
    that comes out has seen the names that it takes out; the paths of captures stay. With an
    `engine`, tshark reads the captures in place of this program. With `esp_null`, ESP is looked
    into that is not encrypted; that takes longer, as every frame is looked at.
    """

    def __init__(
        self,
        paths: Sequence[str],
        *,
        dialect: str = "auto",
        timers: Timers | None = None,
        options: RuleOptions | None = None,
        jobs: int = 1,
        each: bool = False,
        progress: Progress | None = None,
        until: Instant | None = None,
        judge: bool = True,
        observer: Observer | None = None,
        mask: Mask | None = None,
        engine: TsharkEngine | None = None,
        esp_null: bool = False,
    ) -> None:
        if each and until is not None:
            raise UsageError("captures on their own have no moment in common to end at")
        self._decoder = DialectDecoder(dialect)
        self._reading = Reading(
            paths,
            self._decoder,
            jobs=jobs,
            progress=progress,
            mask=mask,
            engine=engine,
            esp_null=esp_null,
            to_the_end=until is None,
        )
        self._follower = Follower(timers, options, judge=judge, observer=observer)
        self._each = each
        self._run: int | None = None
        """The capture that is followed, if each is a run of its own."""
        self._until = until
        self._limit: _Limit | None = None
        self._infos: dict[int, CaptureInfo] = {}
        self._is_concluded = False
        self.ended_at: int | None = None
        """The moment up to which captures were followed, once they were."""
        self.interrupted = False

    def observe(self, observer: Observer) -> None:
        """Have one more observer hear of every step; to be called before the first event."""
        self._follower.observe(observer)

    @property
    def errors(self) -> Sequence[CaptureError]:
        """The captures that cannot be opened."""
        return self._reading.errors

    @property
    def mags(self) -> Mapping[int, MagNode]:
        """The MAGs known so far, by every id that they had."""
        return self._follower.mags

    @property
    def dialects(self) -> Mapping[str, Dialect]:
        """The dialects that messages may be translated by, by name."""
        return {dialect.name: dialect for dialect in self._decoder.dialects}

    @property
    def rules(self) -> tuple[RuleCount, ...]:
        """How often each rule was judged so far, and how it went."""
        return self._follower.rules

    @property
    def messages_by_type(self) -> Counter[str]:
        """Messages so far by their kind, capture duplicates apart."""
        return self._follower.messages_by_type

    @property
    def started_at(self) -> int | None:
        """When the first packet was captured, as far as is known so far."""
        return self._reading.started_at

    @property
    def capture_count(self) -> int:
        """How many captures there are in `paths`; known before the first event."""
        return self._reading.count

    @property
    def paths(self) -> tuple[str, ...]:
        """The captures as a report numbers them; known before the first event."""
        return self._reading.paths

    @property
    def asked_for(self) -> int | None:
        """The moment that `until` stands for, once the captures are known."""
        return None if self._limit is None else self._limit.time

    def events(self) -> Iterator[Event]:
        """Read the captures, in the order of their time, and give what becomes known.

        Raises `UsageError` if `until` names a frame that is not there.
        """
        try:
            with self._reading:
                yield from self._one_by_one() if self._each else self._as_one()
        except KeyboardInterrupt:
            self.interrupted = True
        yield from self._conclusion()

    def report(self) -> Report:
        """Read the captures and give all that was found; after Ctrl-C, what was found so far."""
        collection = Collection()
        try:
            for event in self.events():
                collection.add(event)
        except KeyboardInterrupt:
            self.interrupted = True
            for event in self._conclusion():
                collection.add(event)
        return collection.report(self.overview())

    def overview(self) -> Report:
        """Give the report without sessions, exchanges and findings, once the events are over."""
        whole = self._follower.overview(self._infos, interrupted=self.interrupted)
        return replace(whole, each=self._each)

    def _as_one(self) -> Iterator[Event]:
        """Follow all captures as one run, by time."""
        for item in self._in_time(self._reading.by_time()):
            yield from self._follower.take(item)

    def _one_by_one(self) -> Iterator[Event]:
        """Follow every capture as a run of its own."""
        for index, items in self._reading.one_by_one():
            self._run = index
            for item in items:
                yield from self._follower.take(item)
            yield from self._follower.conclude(self._reading.ended_at(index))
            self._follower.begin_anew()
            self._decoder.forget()

    # ------------------------------------------------------------------------------- the end

    def _in_time(self, items: Iterator[Item]) -> Iterator[Item]:
        """Give what was captured until the moment at which the run ends, and stop there.

        As captures of several interfaces are not quite in order, reading goes on for a little.
        """
        if self._until is None:
            yield from items
            return
        tolerance = self._follower.timers.reordering
        for item in items:
            limit, frame = self._limit or self._resolve(self._until), item.frame
            if limit.frame is not None and frame.capture == limit.capture:
                if frame.number > limit.frame:
                    return
            elif limit.time is not None and frame.time is not None and frame.time > limit.time:
                if frame.time > limit.time + tolerance:
                    return
                continue
            yield item

    def _resolve(self, until: Instant) -> _Limit:
        """Find the moment at which the run ends, now that its captures are known."""
        if until.frame is None:
            self._limit = _Limit(until.at(self.started_at))
        else:
            time = self._reading.time_of_frame(until.capture, until.frame)
            self._limit = _Limit(time, until.capture, until.frame)
        return self._limit

    def _conclusion(self) -> Iterator[Event]:
        """Give what the end of the captures settles."""
        if self._is_concluded:
            return
        self._is_concluded = True
        end = self._reading.ended_at(self._run)
        if self._until is not None and end is not None:
            limit = self._limit or self._resolve(self._until)
            end = end if limit.time is None else min(end, limit.time)
        self.ended_at = end
        yield from self._follower.conclude(end)
        for index, info, esp in self._reading.infos():
            self._infos[index] = self._follower.counted(index, info, esp)
        yield from self._infos.values()


class _Limit(Struct, frozen=True):
    """Where a run ends: at a time, or behind a frame, which has that time."""

    time: int | None
    capture: int | None = None
    frame: int | None = None
