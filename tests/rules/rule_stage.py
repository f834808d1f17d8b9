"""The stage on which the rules' tests play: a trace with ready peers, and ways to spoil octets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from pmiptrace.model import Datagram, Finding, Message, OpaqueOption, Status, Step
from pmiptrace.packet.checksum import mobility_header_checksum
from pmiptrace.rules.engine import Engine
from pmiptrace.rules.rule import RuleOptions
from pmiptrace.testing import Sent, Trace
from pmiptrace.track.tracker import Tracker
from pmiptrace.wire.decode import decode

IPV6_HEADER = 40
IPV4_AND_UDP_HEADER = 28


class Stage(Trace):
    """A trace with a MAG that has an LTE and a WLAN path, and one that knows no RFC 8278."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        mag = self.mag("mag1@example.com")
        self.lte = mag.path("2001:db8:a::1", bid=1, if_att=8, if_label=11)
        self.wlan = mag.path("2001:db8:b::1", bid=2, if_att=4, if_label=9)
        self.plain = self.mag(None, sequence=100).path("2001:db8:c::1")
        self.other = self.mag(None, sequence=200).path("2001:db8:d::1")
        self._parts: dict[int, dict[str, Any]] = {}
        self._kept: dict[int, int] = {}
        self._dialects: dict[str, str] = {}
        self.unseen: set[int] = set()

    # -------------------------------------------------------------- what befalls the last message

    def _last(self) -> int:
        return len(self.frames) - 1

    def spoil(self, edit: Callable[[bytearray], None], *, checksum: bool = True) -> None:
        """Edit the octets of the last Mobility Header; `checksum` says whether it is made right."""
        frame = self.frames[-1]
        over_ipv6 = len(self.sent[-1].source) == 16
        start = IPV6_HEADER if over_ipv6 else IPV4_AND_UDP_HEADER
        payload = bytearray(frame.data[start:])
        edit(payload)
        if checksum and over_ipv6 and len(payload) >= 8:
            header = bytes(payload[: (payload[1] + 1) * 8])
            right = mobility_header_checksum(
                self.sent[-1].source, self.sent[-1].destination, header
            )
            payload[4:6] = right.to_bytes(2)
        data = frame.data[:start] + bytes(payload)
        self.frames[-1] = replace(frame, data=data, original_length=len(data))

    def set(self, offset: int, *octets: int, checksum: bool = True) -> None:
        """Overwrite octets of the last Mobility Header."""

        def edit(payload: bytearray) -> None:
            payload[offset : offset + len(octets)] = bytes(octets)

        self.spoil(edit, checksum=checksum)

    def flip(self) -> None:
        """Make the last message's checksum wrong."""
        self.spoil(lambda payload: payload.__setitem__(5, payload[5] ^ 0xFF), checksum=False)

    def cut(self, octets: int) -> None:
        """Have the snap length leave so many octets of the last Mobility Header."""
        self._kept[self._last()] = octets

    def carried(self, **parts: Any) -> None:
        """Set what the headers around the last message say."""
        self._parts[self._last()] = parts

    def unseen_last(self) -> None:
        """Have the capture miss the last message."""
        self.unseen.add(self._last())

    def speaks(self, address: bytes, name: str) -> None:
        """Have a peer speak a dialect."""
        self._dialects[address.hex()] = name

    # ------------------------------------------------------------------------------- the capture

    def messages(self) -> Iterator[Message]:
        for index, (frame, sent) in enumerate(zip(self.frames, self.sent, strict=True)):
            if index in self.unseen:
                continue
            offset = IPV6_HEADER if len(sent.source) == 16 else IPV4_AND_UDP_HEADER
            kept = self._kept.get(index)
            payload = frame.data[offset:]
            if kept is not None:
                whole = frame
                frame = replace(frame, data=frame.data[: offset + kept])
                frame = replace(frame, original_length=whole.original_length)
                payload = payload[:kept]
            datagram = Datagram(
                frame=frame,
                source=sent.source,
                destination=sent.destination,
                payload=payload,
                offset=offset,
                hop_limit=64,
                ports=sent.ports,
                truncated=kept is not None,
            )
            message = decode(replace(datagram, **self._parts.get(index, {})))
            dialect = self._dialects.get(sent.source.hex())
            yield replace(message, dialect=dialect) if dialect else message

    def steps(self) -> Iterator[Step]:
        """Give what the tracker makes of the messages."""
        tracker = Tracker()
        for message in self.messages():
            yield from tracker.feed(message)
        yield from tracker.finish(self.now)


Play = Callable[[Stage], object]


def judge(
    play: Play, *, options: RuleOptions | None = None, stage: Stage | None = None
) -> list[Finding]:
    """Give the findings on what a play put on stage."""
    stage = stage or Stage()
    play(stage)
    engine = Engine(options)
    findings = [finding for step in stage.steps() for finding in engine.evaluate(step)]
    return findings + engine.finish()


def of_rule(findings: Iterable[Finding], rule: str) -> list[Finding]:
    return [finding for finding in findings if finding.rule == rule]


def statuses(findings: Iterable[Finding]) -> list[Status]:
    return [finding.status for finding in findings]


def unknown(number: int, *octets: int) -> OpaqueOption:
    """Give an option of any number with any content."""
    return OpaqueOption(type=number, data=bytes(octets))


__all__ = ["Play", "Sent", "Stage", "judge", "of_rule", "statuses", "unknown"]
