"""A capture read in a thread of its own, which waits for octets so that nobody else has to."""

from __future__ import annotations

import io
from collections.abc import Callable
from queue import Empty, Queue
from threading import Thread
from time import monotonic_ns
from typing import BinaryIO

from msgspec import Struct

from pmiptrace.capture.reader import CaptureReader
from pmiptrace.errors import CaptureError
from pmiptrace.live.recording import Recording
from pmiptrace.model import CaptureInfo, Frame

_QUEUED = 8192
"""Frames read and not taken yet; beyond that nothing is read, and whoever captures has to wait."""


class Arrival(Struct, frozen=True):
    """A frame, and when its octets came, on the clock of this machine that only goes forward."""

    frame: Frame
    at: int
    """Nanoseconds."""


class Feed:
    """Reads `stream` as a capture called `path`, with the same frames as a file would give.

    The stream has no buffer of its own. Octets go to the `recording` too, before they are looked
    at. Reading begins with `start`.
    """

    def __init__(
        self,
        stream: BinaryIO,
        path: str,
        *,
        every_frame: bool = False,
        recording: Recording | None = None,
        clock: Callable[[], int] = monotonic_ns,
    ) -> None:
        self._path = path
        self._every_frame = every_frame
        self._tap = _Tap(stream, recording, clock)
        self._queue: Queue[Arrival | None] = Queue(_QUEUED)
        self._reader: CaptureReader | None = None
        self._thread = Thread(target=self._run, name="capture", daemon=True)
        self.error: CaptureError | None = None
        """Why it is no capture; known when it has ended."""
        self.fault: Exception | None = None
        """A fault in this program that ended it."""
        self.has_ended = False
        """Whether the capture ended, and all of its frames were taken."""

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def take(self, timeout: float) -> list[Arrival]:
        """Give the frames that came since; wait for the first for so many seconds at most."""
        arrivals: list[Arrival] = []
        try:
            while not self.has_ended and len(arrivals) < _QUEUED:
                found = self._queue.get(block=not arrivals, timeout=timeout)
                if found is None:
                    self.has_ended = True
                else:
                    arrivals.append(found)
        except Empty:
            pass
        return arrivals

    @property
    def is_dry(self) -> bool:
        """Whether all that came was taken, and nothing more was there when it was looked for."""
        return self._tap.is_waiting and self._queue.empty()

    @property
    def info(self) -> CaptureInfo:
        """What is known of the capture so far."""
        return CaptureInfo(path=self._path) if self._reader is None else self._reader.info

    @property
    def esp_frames(self) -> int:
        """Frames with ESP so far."""
        return 0 if self._reader is None else self._reader.esp_frames

    @property
    def drops(self) -> int | None:
        """Packets lost while capturing, as far as the capture itself tells."""
        return None if self._reader is None else self._reader.drops

    def _run(self) -> None:
        try:
            reader = CaptureReader(self._path, every_frame=self._every_frame, stream=self._tap)
            self._reader = reader
            for frame in reader:
                self._queue.put(Arrival(frame, self._tap.at))
        except CaptureError as error:
            self.error = error
        except Exception as fault:
            self.fault = fault
        self._queue.put(None)


class _Tap(io.RawIOBase, BinaryIO):
    """A stream whose octets are kept on the way, and of which it is known when they came."""

    def __init__(
        self, stream: BinaryIO, recording: Recording | None, clock: Callable[[], int]
    ) -> None:
        self._stream = stream
        self._recording = recording
        self._clock = clock
        self.at = 0
        """When octets came last."""
        self.is_waiting = False

    def readable(self) -> bool:
        return True

    def readinto(self, view: memoryview) -> int:  # type: ignore[override]
        """Wait for octets, and give those that are there."""
        self.is_waiting = True
        count: int = self._stream.readinto(view)  # type: ignore[attr-defined]
        self.is_waiting = False
        self.at = self._clock()
        if self._recording is not None and count:
            self._recording.write(bytes(view[:count]))
        return count
