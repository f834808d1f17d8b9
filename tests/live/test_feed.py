"""A capture read in a thread: frames come before the capture ends, and nothing is held back."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import BinaryIO

import pytest

from pmiptrace.capture.reader import CaptureReader
from pmiptrace.live.feed import Arrival, Feed
from pmiptrace.live.recording import Recording

SAMPLE = Path(__file__).parents[2] / "samples" / "call-flow.pcap"
BOUND = 30.0
"""Seconds that something may take which takes milliseconds."""


@contextmanager
def pipe() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    reading, writing = os.pipe()
    with (
        os.fdopen(reading, "rb", buffering=0) as source,
        os.fdopen(writing, "wb", buffering=0) as sink,
    ):
        yield source, sink


def wait_for(feed: Feed, number: int) -> list[Arrival]:
    found: list[Arrival] = []
    end = monotonic() + BOUND
    while len(found) < number and not feed.has_ended:
        assert monotonic() < end
        found += feed.take(0.05)
    return found


def test_frames_come_while_the_pipe_is_open() -> None:
    octets = SAMPLE.read_bytes()
    ticks = iter(range(1000))
    with pipe() as (source, sink):
        feed = Feed(source, "-", clock=lambda: next(ticks))
        feed.start()
        assert feed.info.format is None
        sink.write(octets[:-100])
        first = wait_for(feed, 3)
        assert not feed.has_ended
        sink.write(octets[-100:])
        second = wait_for(feed, 1)
        assert first[-1].at < second[0].at
        sink.close()
        assert wait_for(feed, 1) == []
    assert feed.has_ended
    assert feed.error is None
    assert [arrival.frame for arrival in first + second] == [*CaptureReader(str(SAMPLE))]
    assert (feed.info.format, feed.info.packets) == ("pcap", 4)


def test_dry_when_all_was_taken() -> None:
    with pipe() as (source, sink):
        feed = Feed(source, "-")
        feed.start()
        sink.write(SAMPLE.read_bytes())
        end = monotonic() + BOUND
        while feed._queue.empty():
            assert monotonic() < end
        assert not feed.is_dry
        wait_for(feed, 4)
        while not feed.is_dry:
            assert monotonic() < end


def test_octets_are_kept_before_they_are_read(tmp_path: Path) -> None:
    recording = Recording(str(tmp_path / "kept.pcap"))
    feed = Feed(io.BytesIO(SAMPLE.read_bytes()), "-", recording=recording)
    feed.start()
    assert len(wait_for(feed, 5)) == 4
    recording.close()
    assert (tmp_path / "kept.pcap").read_bytes() == SAMPLE.read_bytes()


@pytest.mark.parametrize(
    ("octets", "reason"), [(b"", "empty file"), (b"hello, world", "not a pcap or pcapng file")]
)
def test_what_is_no_capture(octets: bytes, reason: str) -> None:
    feed = Feed(io.BytesIO(octets), "-")
    feed.start()
    assert wait_for(feed, 1) == []
    assert feed.error is not None
    assert reason in feed.error.reason


def test_a_fault_of_the_program_ends_it() -> None:
    def clock() -> int:
        raise ZeroDivisionError

    feed = Feed(io.BytesIO(SAMPLE.read_bytes()), "-", clock=clock)
    feed.start()
    assert wait_for(feed, 1) == []
    assert isinstance(feed.fault, ZeroDivisionError)
