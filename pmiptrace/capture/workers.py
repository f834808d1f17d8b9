"""Those who scan segments of captures while a walk goes on.

A worker is a process, a Python of its own, which is asked on its standard input and answers on its
standard output; a thread waits for it. A thread would not do, though the compiled scan runs without
the GIL: between two blocks it has to have the GIL, and a thread that analyzes messages meanwhile
gives it up once in 5 ms, by which time the scan could have been done with 50 blocks.

It is not made by `multiprocessing`: a program that uses this package need not guard its main
module, nor must that be importable, a daemon process may have such workers too, and no fork copies
a lock that a thread holds. It ends when its input does, so it never outlives the process that
started it. If one dies, no other is started, and what it had in hand is read by the walk itself.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from io import FileIO
from pathlib import Path
from struct import Struct as Packing
from types import TracebackType
from typing import IO, Self

from msgspec import MsgspecError
from msgspec.msgpack import Decoder, Encoder

from pmiptrace.capture.pcap import PcapWalk
from pmiptrace.capture.pcapng import PcapngWalk
from pmiptrace.capture.segments import Layout, PcapLayout, Scanned, Segment
from pmiptrace.capture.source import identity
from pmiptrace.capture.walk import Walk
from pmiptrace.capture.window import Window
from pmiptrace.interpreter import python_command
from pmiptrace.model import Problem

SEGMENT = 16 << 20
"""Octets of a segment."""
HEAD_START = 4
"""Segments that the walk can read itself while the first worker starts."""


class _Stretch:
    """The octets of a file up to a place in it."""

    problem: Problem | None = None

    def __init__(self, file: FileIO, stop: int) -> None:
        self._file = file
        self._stop = stop

    def readinto(self, view: memoryview) -> int:
        """Fill some or all of `view`; give the number of octets, 0 at the end."""
        left = max(0, self._stop - self._file.tell())
        return self._file.readinto(view[:left])

    def seek(self, offset: int) -> None:
        """Go on at a place in the file."""
        self._file.seek(offset)


def scan_segment(segment: Segment) -> Scanned | None:
    """Scan a segment, in blocks; None if nothing is found there or the file cannot be read."""
    try:
        with Path(os.fsdecode(segment.path)).open("rb", buffering=0) as file:
            if identity(os.fstat(file.fileno())) != segment.identity:
                return None
            file.seek(segment.start)
            window = Window(_Stretch(file, segment.stop), segment.start)
            return _walk(window, segment.layout).segment(segment.known, segment.esp)
    except OSError:
        return None


def _walk(window: Window, layout: Layout) -> Walk:
    if isinstance(layout, PcapLayout):
        return PcapWalk.resumed(window, layout)
    return PcapngWalk.resumed(window, layout)


class _Process:
    """A worker. Raises `OSError` or `EOFError` where it does not start or has died."""

    def __init__(self) -> None:
        if not sys.executable or getattr(sys, "frozen", False):
            raise OSError("this program is no Python interpreter")
        self._process = subprocess.Popen(
            python_command(f"from {__name__} import serve; serve()"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    def scan(self, segment: Segment) -> Scanned | None:
        """Have a segment scanned, and wait for that."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        _send(process.stdin, _ENCODER.encode(segment))
        scanned: Scanned | None = _SCANNED.decode(_receive(process.stdout))
        return scanned

    def close(self) -> None:
        """End it, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was still to be written to it
                    pipe.close()


_ENCODER = Encoder()
_SEGMENT = Decoder(Segment)
_SCANNED = Decoder(Scanned | None)
_LENGTH = Packing("<I")


def _send(stream: IO[bytes], message: bytes) -> None:
    stream.write(_LENGTH.pack(len(message)))
    stream.write(message)
    stream.flush()


def _receive(stream: IO[bytes]) -> bytes:
    """Read a message; raises `EOFError` if the other end has gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    message = stream.read(length)
    if len(message) < length:
        raise EOFError
    return message


def serve() -> None:
    """Be a worker: scan the segments named on standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    with suppress(EOFError, OSError):
        while True:
            segment = _SEGMENT.decode(_receive(sys.stdin.buffer))
            _send(sys.stdout.buffer, _ENCODER.encode(scan_segment(segment)))
    os._exit(0)  # nobody is left to hear of anything more


class Workers:
    """Scan segments while others do other things; to be closed in the end.

    There are at most `jobs`, started when they are needed. `segment` is the size of segments in
    octets.
    """

    def __init__(self, jobs: int, segment: int = SEGMENT) -> None:
        self.segment = segment
        self.head_start = HEAD_START * segment
        """Octets of the first capture that are left to the walk."""
        self.enough = 2 * jobs
        """Segments in hand with which no worker is idle, whoever waits for one."""
        self.outstanding = 0
        """Segments in hand, and those whose results were not taken yet."""
        self._processes: list[_Process] = []
        self._idle: list[_Process] = []
        self._is_closed = False
        """Whether no process is to be started any more."""
        self._threads = ThreadPoolExecutor(jobs, "pmiptrace-scan")

    def submit(self, segment: Segment) -> Future[Scanned | None]:
        """Have a segment scanned; None comes back for one that the walk has to read itself."""
        return self._threads.submit(self._delegate, segment)

    def _delegate(self, segment: Segment) -> Scanned | None:
        """Let a process scan a segment. Each thread of the pool waits for one of them."""
        process = None
        try:
            if self._idle:
                process = self._idle.pop()
            elif self._is_closed:
                return None
            else:
                process = _Process()
                self._processes.append(process)
            scanned = process.scan(segment)
        except (OSError, EOFError, MsgspecError):
            self._is_closed = True
            return None
        self._idle.append(process)
        return scanned

    def close(self) -> None:
        """End the workers, whatever they are doing."""
        self._is_closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in self._processes:
            process.close()
        self._threads.shutdown()
        for process in self._processes:  # one may have been about to start
            process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
