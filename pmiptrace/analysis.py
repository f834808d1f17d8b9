"""From captures to a report: the layers put together, in one pass over the captures' time."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.capture.files import expand
from pmiptrace.capture.reader import CaptureReader
from pmiptrace.capture.scanner import scanner
from pmiptrace.capture.source import STANDARD_INPUT, standard_input_file
from pmiptrace.errors import CaptureError, UsageError
from pmiptrace.follower import Change, Event, Follower, Observer, Seen
from pmiptrace.instant import Instant
from pmiptrace.merge import Item, Overview, by_time, clock_offsets, in_order, overview, spooled
from pmiptrace.model import (
    CaptureInfo,
    Datagram,
    Exchange,
    Finding,
    Frame,
    MagNode,
    Problem,
    Report,
    RuleCount,
    Session,
    Undecoded,
)
from pmiptrace.packet.decoder import PacketDecoder
from pmiptrace.rules.rule import RuleOptions
from pmiptrace.track.timers import Timers
from pmiptrace.wire.dialect import Dialect, DialectDecoder

if TYPE_CHECKING:
    from pmiptrace.capture.workers import Workers
    from pmiptrace.tshark.engine import TsharkEngine

__all__ = ["Analysis", "Change", "Collection", "Event", "Mask", "Observer", "Progress", "Seen"]

Progress = Callable[[int, int | None], None]
"""Told how many octets of how many were read; the total is None where it is not known."""

STRIDE = 1 << 20
"""Octets between two calls of the progress function."""
WORTH_WORKERS = 256 << 20
"""Octets of captures from which on workers save more time than it takes to start them."""
KEPT = 16 << 20
"""Octets that frames may take of captures which are looked through before they are read."""
_FRAME = 200
"""Octets that a frame takes besides its data."""
USEFUL_JOBS = {"compiled": 2, "Python": 4}
"""By the name of the scan, jobs that are faster than a disk, and than what they find can be
analyzed."""


def useful_jobs() -> int:
    """Give how many jobs to use on this machine if nobody says: the usable cores, up to a limit."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return min(cores, USEFUL_JOBS[scanner().name])


Mask = Callable[[Datagram | Undecoded], Datagram | Undecoded]
"""Puts others in place of the names in what a frame holds, before it is decoded."""


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
        if jobs < 1:
            raise UsageError(f"{jobs} jobs: there must be at least one")
        self._arguments = paths
        self._jobs = jobs
        self._each = each
        self._workers: Workers | None = None
        self._decoder = DialectDecoder(dialect)
        self._follower = Follower(timers, options, judge=judge, observer=observer)
        self._progress = _Meter(progress)
        self._mask = mask
        self._other = engine
        self._esp_null = esp_null
        self._cut: set[str] = set()
        """Captures that tshark could not read to their ends."""
        self._names: dict[str, str] = {}
        """What captures are called, where that is not their path: standard input in a file."""
        self._offsets: dict[int, int] = {}
        self._infos: dict[int, CaptureInfo] = {}
        self._readers: dict[int, CaptureReader] = {}
        self._is_concluded = False
        self._until = until
        self._limit: _Limit | None = None
        self._starts: dict[int, int | None] = {}
        """When captures begin that were looked through before they are read."""
        self._kept: dict[int, tuple[CaptureReader, list[Frame]]] = {}
        """Captures that need not be read again, with the frames that may hold signalling."""
        self._room = KEPT if until is None else 0  # what comes later is not to be told
        self._paths: dict[int, str] = {}
        self.ended_at: int | None = None
        """The moment up to which captures were followed, once they were."""
        self.errors: list[CaptureError] = []
        """The captures that cannot be opened."""
        self.interrupted = False

    def observe(self, observer: Observer) -> None:
        """Have one more observer hear of every step; to be called before the first event."""
        self._follower.observe(observer)

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
        starts = self._starts or {i: r.info.first_time for i, r in self._readers.items()}
        known = (self._aligned(index, time) for index, time in starts.items())
        return min((time for time in known if time is not None), default=None)

    @property
    def capture_count(self) -> int:
        """How many captures could be opened; known before the first event."""
        return len(self._paths)

    @property
    def paths(self) -> tuple[str, ...]:
        """The captures that could be opened, as a report numbers them; known as early as that."""
        return tuple(self._names.get(path, path) for _, path in sorted(self._paths.items()))

    @property
    def asked_for(self) -> int | None:
        """The moment that `until` stands for, once the captures are known."""
        return None if self._limit is None else self._limit.time

    def events(self) -> Iterator[Event]:
        """Read the captures, in the order of their time, and give what becomes known.

        Raises `UsageError` if `until` names a frame that is not there.
        """
        try:
            with spooled(self._arguments) as arguments, ExitStack() as conversions:
                self._names = dict(zip(arguments, self._arguments, strict=True))
                paths, errors = expand(arguments)
                for error in errors:
                    self._fail(error)
                if self._other is not None:
                    paths = self._converted(self._other, paths, conversions)
                with self._employed(paths) as self._workers:
                    yield from self._one_by_one(paths) if self._each else self._as_one(paths)
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

    # ------------------------------------------------------------------------------- reading

    def _as_one(self, paths: Sequence[str]) -> Iterator[Event]:
        """Follow the captures as one run, by time."""
        for item in self._in_time(self._items(paths)):
            yield from self._follower.take(item)

    def _one_by_one(self, paths: Sequence[str]) -> Iterator[Event]:
        """Follow every capture as a run of its own; one that cannot be opened keeps its number."""
        self._paths = dict(enumerate(paths))
        self._progress.total = 0
        for path in paths:
            self._progress.add(_size(path) or None)
        with closing(self._opened(self._paths.items())) as opened:
            for index, reader in enumerate(opened):
                if reader is None:
                    continue
                for item in self._read(index, reader):
                    yield from self._follower.take(item)
                yield from self._follower.conclude(reader.info.last_time)
                self._follower.begin_anew()
                self._decoder.forget()

    def _items(self, paths: Sequence[str]) -> Iterator[Item]:
        """Give the messages of all captures in the order of their time."""
        if len(paths) < 2:
            for reader in self._opened(enumerate(paths)):
                if reader is not None:
                    self._paths[0] = reader.path
                    self._progress.total = reader.size
                    yield from self._read(0, reader)
            return
        overviews: list[Overview] = []
        self._progress.total = 0
        with closing(self._opened((0, path) for path in paths)) as first_look:
            for reader in first_look:
                if reader is None:
                    continue
                with reader:
                    self._progress.add(reader.size)
                    self._progress.add(reader.size)  # everything is looked at twice
                    index = len(overviews)
                    datagrams = self._datagrams(self._keeping(index, reader), reader)
                    overviews.append(overview(index, reader.path, datagrams))
                    self._starts[index], self._paths[index] = reader.info.first_time, reader.path
                    self._progress.done(reader)
        self._offsets = clock_offsets(overviews)
        captures = by_time((o.index, self._aligned(o.index, o.first_time)) for o in overviews)
        again = [(i, overviews[i].path) for i, _ in captures if i not in self._kept]
        with closing(self._opened(again)) as opened:

            def read(index: int) -> Iterator[Item]:
                if index in self._kept:
                    return self._read(index, *self._kept.pop(index))
                reader = next(opened)
                return iter(()) if reader is None else self._read(index, reader)

            yield from in_order(captures, read)

    def _converted(
        self, engine: TsharkEngine, paths: Sequence[str], conversions: ExitStack
    ) -> list[str]:
        """Have another program read the captures, and give what it made of them."""
        found = []
        for path in paths:
            whole = path
            if path == STANDARD_INPUT:
                whole = conversions.enter_context(standard_input_file())
            self._names[whole] = self._names.get(path, path)
            try:
                converted = conversions.enter_context(engine.converted(whole))
            except CaptureError as error:
                self._fail(error)
                continue
            found.append(converted.path)
            self._names[converted.path] = self._names[whole]
            if converted.is_cut:
                self._cut.add(converted.path)
        return found

    def _employed(self, paths: Sequence[str]) -> AbstractContextManager[Workers | None]:
        """Give workers if there is enough to do for them; small captures are faster without.

        Nor are there any if the run is to end early: they would have read further by then.
        """
        few = self._jobs == 1 or sum(map(_size, paths)) < WORTH_WORKERS
        if few or self._until is not None:
            return nullcontext()
        from pmiptrace.capture.workers import Workers

        return Workers(self._jobs)

    def _opened(
        self, captures: Iterable[tuple[int, str]]
    ) -> Generator[CaptureReader | None, None, None]:
        """Open captures, given with their numbers, in turn; None for one that cannot be opened.

        With workers the next ones are opened early, so that the workers have always something to
        do.
        """
        early = 0 if self._workers is None else self._jobs
        waiting: deque[CaptureReader | None] = deque()
        try:
            for index, path in captures:
                try:
                    opened = CaptureReader(
                        path, index, every_frame=self._esp_null, workers=self._workers
                    )
                except CaptureError as error:
                    self._fail(error)
                    waiting.append(None)
                else:
                    waiting.append(opened)
                    opened.prepare()
                if len(waiting) > early:
                    yield waiting.popleft()
            while waiting:
                yield waiting.popleft()
        finally:
            for reader in waiting:
                if reader is not None:
                    reader.close()

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
            path = self._paths.get(until.capture)
            if path is None:
                raise UsageError(f"there is no capture {until.capture + 1}")
            time = _time_of_frame(path, until.frame, self._names.get(path, path))
            self._limit = _Limit(self._aligned(until.capture, time), until.capture, until.frame)
        return self._limit

    def _fail(self, error: CaptureError) -> None:
        self.errors.append(CaptureError(self._names.get(error.path, error.path), error.reason))

    def _keeping(self, index: int, reader: CaptureReader) -> Iterator[Frame]:
        """Give the frames of a capture, and keep them unless they take too much."""
        frames: list[Frame] = []
        room = self._room
        for frame in reader:
            yield frame
            room -= len(frame.data) + _FRAME
            if room >= 0:
                frames.append(replace(frame, capture=index))
            else:
                frames.clear()
        if room >= 0:
            self._room = room
            self._kept[index] = reader, frames

    def _datagrams(self, frames: Iterable[Frame], reader: CaptureReader) -> Iterator[Datagram]:
        decoder = PacketDecoder(esp_null=self._esp_null)
        for frame in frames:
            self._progress.tell(reader)
            for found in decoder.decode(frame):
                if isinstance(found, Datagram):
                    yield found

    def _read(
        self, index: int, reader: CaptureReader, frames: Iterable[Frame] | None = None
    ) -> Iterator[Item]:
        """Give what one capture holds, with its clock corrected, and close it.

        `frames` are those of the reader, if it was read before.
        """
        self._readers[index] = reader
        decoder = PacketDecoder(esp_null=self._esp_null)
        try:
            for frame in reader if frames is None else frames:
                self._progress.tell(reader)
                for found in decoder.decode(self._corrected(frame)):
                    yield self._item(found)
            for undecoded in decoder.flush():
                yield self._item(undecoded)
        finally:
            reader.close()
            self._progress.done(reader)

    def _item(self, found: Datagram | Undecoded) -> Item:
        """Mask what a frame holds, if that is asked for, and decode it."""
        if self._mask is not None:
            found = self._mask(found)
        return self._decoder.decode(found) if isinstance(found, Datagram) else found

    def _corrected(self, frame: Frame) -> Frame:
        offset = self._offsets.get(frame.capture)
        if not offset or frame.time is None:
            return frame
        return replace(frame, time=frame.time + offset)

    def _aligned(self, index: int, time: int | None) -> int | None:
        return None if time is None else time + self._offsets.get(index, 0)

    # ------------------------------------------------------------------------------- the end

    def _conclusion(self) -> Iterator[Event]:
        """Give what the end of the captures settles."""
        if self._is_concluded:
            return
        self._is_concluded = True
        for index, path in sorted(self._paths.items()):
            reader = self._readers.get(index)
            self._infos[index] = self._unread(path) if reader is None else self._info(index, reader)
        # Of captures on their own, all but the last one that was read were concluded.
        run = sorted(self._readers)[-1:] if self._each else self._infos
        ends = [
            self._aligned(index, self._infos[index].last_time)
            for index in run
            if self._infos[index].last_time is not None
        ]
        end = max((end for end in ends if end), default=None)
        if self._until is not None and end is not None:
            limit = self._limit or self._resolve(self._until)
            end = end if limit.time is None else min(end, limit.time)
        self.ended_at = end
        yield from self._follower.conclude(end)
        for _, info in sorted(self._infos.items()):
            yield info

    def _unread(self, path: str) -> CaptureInfo:
        """Stand in for a capture that the run did not come to: captures are numbered by place."""
        name = self._names.get(path, path)
        reason = next((error.reason for error in self.errors if error.path == name), None)
        if reason is not None:  # it was there at the first look
            return CaptureInfo(path=name, problems=(Problem("unopened", reason),))
        return CaptureInfo(path=name, problems=(Problem("unread", "the run ended before it"),))

    def _info(self, index: int, reader: CaptureReader) -> CaptureInfo:
        esp = None if self._esp_null else reader.esp_frames
        info = self._follower.counted(index, reader.info, esp)
        problems = info.problems
        if info.path in self._cut:
            problems = (*problems, Problem("cut", "tshark could not read it to its end"))
        return replace(
            info,
            path=self._names.get(info.path, info.path),
            clock_offset=self._offsets.get(index, 0),
            problems=problems,
        )


class _Limit(Struct, frozen=True):
    """Where a run ends: at a time, or behind a frame, which has that time."""

    time: int | None
    capture: int | None = None
    frame: int | None = None


def _time_of_frame(path: str, number: int, name: str) -> int | None:
    """Give the time of any frame of a capture; raises `UsageError` if there is none so numbered."""
    if path == STANDARD_INPUT:
        raise UsageError("a frame cannot be looked up in standard input; give a time in its place")
    with CaptureReader(path, every_frame=True) as reader:
        for frame in reader:
            if frame.number == number:
                return frame.time
        raise UsageError(f"{name} has no frame {number}: it has {reader.info.packets} packets")


def _size(path: str) -> int:
    """Give the octets of a regular file; 0 for what is none."""
    try:
        return Path(path).stat().st_size if Path(path).is_file() else 0
    except (OSError, ValueError):
        return 0


class _Meter:
    """Counts the octets read of all captures, and tells about them now and then."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._finished = 0
        self._told = 0
        self.total: int | None = None

    def add(self, size: int | None) -> None:
        """Count a capture of that size into the total; None leaves the total unknown."""
        known = self.total is not None and size is not None
        self.total = (self.total or 0) + (size or 0) if known else None

    def tell(self, reader: CaptureReader) -> None:
        """Say how far a capture was read, if that is much further than before."""
        if self._progress is None:
            return
        read = self._finished + reader.bytes_read
        if read - self._told >= STRIDE:
            self._told = read
            self._progress(read, self.total)

    def done(self, reader: CaptureReader) -> None:
        """Count a capture as read."""
        self._finished += reader.bytes_read
