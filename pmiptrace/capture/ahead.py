r"""One large capture on several cores: its segments are scanned ahead of the walk that reads it.

A capture has no index, so where records begin in the middle of it is a guess. The walk needs no
guess: it goes from record to record. When it comes to exactly the place where the scan of a segment
began, that scan is what the walk itself would do next, so its result is taken in place of doing it
again, and the walk goes on behind it. A segment that began elsewhere is not used: a wrong guess
costs time, never a frame, and no frame can come twice. All that is rare is left to the walk, for a
scan ends where it meets it.

.. code-block:: text

    file     |--------- segment ---------|--------- segment ---------|---
    records  |  |    |   |  |     |    |    |  |      |  |   |    |   | |
    scanned  |=========================|    |========================|
                                        \__/ the record across the edge: by the walk itself
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pmiptrace.capture.segments import Layout, Scanned, Segment

if TYPE_CHECKING:
    from pmiptrace.capture.workers import Workers


class _Pending:
    """A segment that was handed to the workers."""

    __slots__ = ("edge", "future", "scanned", "stop")

    def __init__(self, segment: Segment, future: Future[Scanned | None]) -> None:
        self.edge = segment.start
        """Where its records begin: at this place or, as long as it is not known, behind it."""
        self.stop = segment.stop
        self.future = future
        self.scanned: Scanned | None = None

    def wait(self) -> bool:
        """Wait for the result; tell whether there is one."""
        try:
            self.scanned = self.future.result()
        except CancelledError:
            return False
        if self.scanned is None:
            return False
        self.edge = self.scanned.first
        return True


class Ahead:
    """The segments of one capture, in order. All places are offsets in the file."""

    def __init__(self, workers: Workers, path: bytes, identity: str, size: int) -> None:
        self._workers = workers
        self._file = (path, identity)
        self._size = size
        self._pending: deque[_Pending] = deque()
        self._task: Segment | None = None
        self._planned: int | None = None
        """Number of the segment from which on was planned last."""
        self._next = 0

    @property
    def edge(self) -> int | None:
        """Where the walk has to pause, as the next segment begins there or may begin there."""
        return self._pending[0].edge if self._pending else None

    def is_void(self, offset: int) -> bool:
        """Tell whether to `plan`. That is once per segment at most, as it costs something."""
        return self._task is None and offset // self._workers.segment != self._planned

    def plan(self, offset: int, layout: Layout | None) -> None:
        """Begin at a place where a record begins, with the first segment that ends behind it."""
        self._planned = offset // self._workers.segment
        if layout is None:
            return
        path, identity = self._file
        workers = self._workers
        self._task = Segment(path, identity, layout, offset, offset, known=not workers.head_start)
        self._next = offset
        if workers.head_start:
            self._next += workers.head_start - offset % workers.segment
            workers.head_start = 0
        self._submit()

    def forget(self) -> None:
        """Drop all segments: what they were told of the capture no longer holds."""
        while self._pending:
            self._drop()
        self._task = None

    def take(self, offset: int, esp: int) -> Scanned | None:
        """Give what was scanned from `offset` on, if it was; it may have to be waited for.

        `esp` is the number of frames with ESP before that.
        """
        pending = self._pending
        scanned = None
        while pending and scanned is None and pending[0].edge <= offset:
            first = pending[0]
            if first.scanned is None and offset < first.stop and first.wait():
                continue
            self._drop()
            if first.edge == offset:
                scanned = first.scanned
        if self._task is not None:
            self._task = replace(self._task, esp=esp)
            if self._next <= offset:
                self._next = offset - offset % self._workers.segment + self._workers.segment
            self._submit()
        return scanned

    def reached(self, offset: int) -> None:
        """Say that the walk is at the `edge`, or that the record at `offset` reaches across it."""
        first = self._pending[0]
        if offset < first.edge and (first.scanned is not None or not first.wait()):
            self._drop()

    def _drop(self) -> None:
        self._pending.popleft().future.cancel()
        self._workers.outstanding -= 1

    def _submit(self) -> None:
        """Hand segments to the workers: one, and more as long as they have not enough to do."""
        workers, step = self._workers, self._workers.segment
        while self._task is not None and self._next < self._size:
            if self._pending and workers.outstanding >= workers.enough:
                break
            stop = min(self._next - self._next % step + step, self._size)
            segment = replace(self._task, start=self._next, stop=stop)
            self._pending.append(_Pending(segment, workers.submit(segment)))
            workers.outstanding += 1
            self._task = replace(self._task, known=False)
            self._next = stop
