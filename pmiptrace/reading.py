"""What the captures of a run hold: their messages, in the order of time or capture by capture."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from msgspec.structs import replace

from pmiptrace.capture.files import expand
from pmiptrace.capture.reader import CaptureReader
from pmiptrace.capture.scanner import scanner
from pmiptrace.capture.source import STANDARD_INPUT, standard_input_file
from pmiptrace.errors import CaptureError, UsageError
from pmiptrace.merge import Item, Overview, by_time, clock_offsets, in_order, overview, spooled
from pmiptrace.model import CaptureInfo, Datagram, Frame, Problem, Undecoded
from pmiptrace.packet.decoder import PacketDecoder
from pmiptrace.wire.dialect import DialectDecoder

if TYPE_CHECKING:
    from pmiptrace.capture.workers import Workers
    from pmiptrace.tshark.engine import TsharkEngine

Progress = Callable[[int, int | None], None]
"""Told how many octets of how many were read; the total is None where it is not known."""
Mask = Callable[[Datagram | Undecoded], Datagram | Undecoded]
"""Puts others in place of the names in what a frame holds, before it is decoded."""

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


class Reading:
    """The captures that arguments name, on their way to messages.

    It is entered, and then read once, by `by_time` or by `one_by_one`. Captures have numbers from
    0. `decoder` decodes what `mask` lets through. With `to_the_end` captures are read whole: then
    those that are looked through before need not be read again, and workers read ahead. The other
    arguments are those of `pmiptrace.analysis.Analysis`. Raises `UsageError` for fewer jobs than
    one.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        decoder: DialectDecoder,
        *,
        jobs: int = 1,
        progress: Progress | None = None,
        mask: Mask | None = None,
        engine: TsharkEngine | None = None,
        esp_null: bool = False,
        to_the_end: bool = True,
    ) -> None:
        if jobs < 1:
            raise UsageError(f"{jobs} jobs: there must be at least one")
        self._arguments = arguments
        self._decoder = decoder
        self._jobs = jobs
        self._workers: Workers | None = None
        self._progress = _Meter(progress)
        self._mask = mask
        self._engine = engine
        self._esp_null = esp_null
        self._to_the_end = to_the_end
        self._held = ExitStack()
        self._found: list[str] = []
        """The captures that the arguments name, or what was made of them."""
        self._cut: set[str] = set()
        """Captures that tshark could not read to their ends."""
        self._names: dict[str, str] = {}
        """What captures are called, where that is not their path: standard input in a file."""
        self._paths: dict[int, str] = {}
        self._offsets: dict[int, int] = {}
        self._readers: dict[int, CaptureReader] = {}
        self._starts: dict[int, int | None] = {}
        """When captures begin that were looked through before they are read."""
        self._kept: dict[int, tuple[CaptureReader, list[Frame]]] = {}
        """Captures that need not be read again, with the frames that may hold signalling."""
        self._room = KEPT if to_the_end else 0
        self.errors: list[CaptureError] = []
        """The captures that cannot be opened."""

    def __enter__(self) -> Self:
        """Find the captures, and have ready what is to read them."""
        with ExitStack() as held:
            arguments = held.enter_context(spooled(self._arguments))
            self._names = dict(zip(arguments, self._arguments, strict=True))
            self._found, errors = expand(arguments)
            for error in errors:
                self._fail(error)
            if self._engine is not None:
                self._found = self._converted(self._engine, self._found, held)
            self._workers = held.enter_context(self._employed())
            self._held = held.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take away what is no longer needed."""
        self._held.close()

    # ------------------------------------------------------------------ what is known of them

    @property
    def started_at(self) -> int | None:
        """When the first packet was captured, as far as is known so far."""
        starts = self._starts or {i: r.info.first_time for i, r in self._readers.items()}
        known = (self.aligned(index, time) for index, time in starts.items())
        return min((time for time in known if time is not None), default=None)

    def ended_at(self, index: int | None = None) -> int | None:
        """Give when the last packet was captured, of those read so far; of one capture if named."""
        readers = self._readers.items()
        known = (self.aligned(i, r.info.last_time) for i, r in readers if index in (None, i))
        return max((time for time in known if time is not None), default=None)

    @property
    def count(self) -> int:
        """How many captures there are in `paths`."""
        return len(self._paths)

    @property
    def paths(self) -> tuple[str, ...]:
        """The captures by their numbers, as they are called; known before the first message."""
        return tuple(self._name(path) for _, path in sorted(self._paths.items()))

    def aligned(self, index: int, time: int | None) -> int | None:
        """Give a time by the clock of a capture as it is by that of the first one."""
        return None if time is None else time + self._offsets.get(index, 0)

    def time_of_frame(self, index: int, number: int) -> int | None:
        """Give when any frame of a capture was captured, by the clock of the first one.

        Raises `UsageError` if there is none so numbered.
        """
        path = self._paths.get(index)
        if path is None:
            raise UsageError(f"there is no capture {index + 1}")
        if path == STANDARD_INPUT:
            raise UsageError(
                "a frame cannot be looked up in standard input; give a time in its place"
            )
        with CaptureReader(path, every_frame=True) as reader:
            for frame in reader:
                if frame.number == number:
                    return self.aligned(index, frame.time)
            packets = reader.info.packets
            raise UsageError(f"{self._name(path)} has no frame {number}: it has {packets} packets")

    def infos(self) -> Iterator[tuple[int, CaptureInfo, int | None]]:
        """Give what is known of the captures, and of each how many frames with ESP it has.

        That number is None where they were looked into.
        """
        for index, path in sorted(self._paths.items()):
            reader = self._readers.get(index)
            if reader is None:
                yield index, self._unread(path), 0
            else:
                esp = None if self._esp_null else reader.esp_frames
                yield index, self._info(index, reader), esp

    def _info(self, index: int, reader: CaptureReader) -> CaptureInfo:
        info = reader.info
        problems = info.problems
        if info.path in self._cut:
            problems = (*problems, Problem("cut", "tshark could not read it to its end"))
        offset = self._offsets.get(index, 0)
        return replace(info, path=self._name(info.path), clock_offset=offset, problems=problems)

    def _unread(self, path: str) -> CaptureInfo:
        """Stand in for a capture that the run did not come to: captures are numbered by place."""
        name = self._name(path)
        reason = next((error.reason for error in self.errors if error.path == name), None)
        if reason is not None:
            return CaptureInfo(path=name, problems=(Problem("unopened", reason),))
        return CaptureInfo(path=name, problems=(Problem("unread", "the run ended before it"),))

    def _name(self, path: str) -> str:
        return self._names.get(path, path)

    def _fail(self, error: CaptureError) -> None:
        self.errors.append(CaptureError(self._name(error.path), error.reason))

    # ------------------------------------------------------------------------------- reading

    def one_by_one(self) -> Iterator[tuple[int, Iterator[Item]]]:
        """Give each capture with what it holds; one that cannot be opened keeps its number."""
        self._paths = dict(enumerate(self._found))
        self._progress.total = 0
        for path in self._found:
            self._progress.add(_size(path) or None)
        with closing(self._opened(self._paths.items())) as opened:
            for index, reader in enumerate(opened):
                if reader is not None:
                    yield index, self._read(index, reader)

    def by_time(self) -> Iterator[Item]:
        """Give what all captures hold, in the order of time; one that cannot be opened is left out.

        Several are looked through first, for how far their clocks are apart.
        """
        if len(self._found) < 2:
            for reader in self._opened(enumerate(self._found)):
                if reader is not None:
                    self._paths[0] = reader.path
                    self._progress.total = reader.size
                    yield from self._read(0, reader)
            return
        overviews = self._look_through()
        self._offsets = clock_offsets(overviews)
        captures = by_time((o.index, self.aligned(o.index, o.first_time)) for o in overviews)
        again = [(i, overviews[i].path) for i, _ in captures if i not in self._kept]
        with closing(self._opened(again)) as opened:

            def read(index: int) -> Iterator[Item]:
                if index in self._kept:
                    return self._read(index, *self._kept.pop(index))
                reader = next(opened)
                return iter(()) if reader is None else self._read(index, reader)

            yield from in_order(captures, read)

    def _look_through(self) -> list[Overview]:
        overviews: list[Overview] = []
        self._progress.total = 0
        with closing(self._opened((0, path) for path in self._found)) as first_look:
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
        return overviews

    def _converted(self, engine: TsharkEngine, paths: Sequence[str], held: ExitStack) -> list[str]:
        """Have another program read the captures, and give what it made of them."""
        found = []
        for path in paths:
            whole = path
            if path == STANDARD_INPUT:
                whole = held.enter_context(standard_input_file())
            self._names[whole] = self._name(path)
            try:
                converted = held.enter_context(engine.converted(whole))
            except CaptureError as error:
                self._fail(error)
                continue
            found.append(converted.path)
            self._names[converted.path] = self._names[whole]
            if converted.is_cut:
                self._cut.add(converted.path)
        return found

    def _employed(self) -> AbstractContextManager[Workers | None]:
        """Give workers if there is enough to do for them; small captures are faster without.

        Nor are there any if the run is to end early: they would have read further by then.
        """
        few = self._jobs == 1 or sum(map(_size, self._found)) < WORTH_WORKERS
        if few or not self._to_the_end:
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
