"""What becomes known of a capture that goes on: from its frames, and from time that goes by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from pmiptrace.follower import Event, Follower
from pmiptrace.live.clock import CaptureClock
from pmiptrace.live.feed import Arrival
from pmiptrace.model import CaptureInfo, Datagram, Report, Undecoded
from pmiptrace.packet.decoder import PacketDecoder
from pmiptrace.rules.rule import RuleOptions
from pmiptrace.track.timers import Timers
from pmiptrace.wire.dialect import Dialect, DialectDecoder


class LiveAnalysis:
    """Follows a capture as it comes.

    `dialect`, `timers`, `options` and `esp_null` are those of `pmiptrace.analysis.Analysis`, with
    which it shares all but where frames and time come from. Raises `UsageError` for a dialect that
    does not exist.
    """

    def __init__(
        self,
        *,
        dialect: str = "auto",
        timers: Timers | None = None,
        options: RuleOptions | None = None,
        esp_null: bool = False,
        clock: CaptureClock | None = None,
    ) -> None:
        self.follower = Follower(timers, options)
        self._decoder = DialectDecoder(dialect)
        self._packets = PacketDecoder(esp_null=esp_null)
        self._esp_null = esp_null
        self._clock = clock or CaptureClock()
        self._info: CaptureInfo | None = None
        self.time: int | None = None
        """The time of the capture up to which it was followed."""

    @property
    def dialects(self) -> Mapping[str, Dialect]:
        """The dialects that messages may be translated by, by name."""
        return {dialect.name: dialect for dialect in self._decoder.dialects}

    def arrived(self, arrival: Arrival) -> Iterator[Event]:
        """Take the next frame."""
        frame = arrival.frame
        self._clock.heard(frame.time, arrival.at)
        if frame.time is not None:
            self.time = frame.time
        for found in self._packets.decode(frame):
            yield from self._take(found)

    def passed(self, at: int) -> Iterator[Event]:
        """Let time go on to a moment of the clock of arrivals, when no more frames are waiting."""
        time = self._clock.time(at)
        if time is not None:
            self.time = max(time, self.time or time)
            yield from self.follower.advance(time)

    def conclude(self, info: CaptureInfo, esp_frames: int) -> Iterator[Event]:
        """Give what the end settles; `info` and `esp_frames` are what the feed counted."""
        for found in self._packets.flush():
            yield from self._take(found)
        ends = [time for time in (self.time, info.last_time) if time is not None]
        yield from self.follower.conclude(max(ends, default=None))
        if info.last_time is not None:
            info = replace(info, last_time=max(ends))  # silence was watched too
        self._info = self.follower.counted(0, info, None if self._esp_null else esp_frames)
        yield self._info

    def overview(self) -> Report:
        """Give the report without sessions, exchanges and findings, after the conclusion."""
        assert self._info is not None
        return self.follower.overview({0: self._info})

    def _take(self, found: Datagram | Undecoded) -> Iterator[Event]:
        item = self._decoder.decode(found) if isinstance(found, Datagram) else found
        yield from self.follower.take(item)
