"""The stage on which examples play: a trace with ready peers, and ways to spoil what was sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace

from pmiptrace.model import Frame, Message, OpaqueOption, Undecoded
from pmiptrace.packet.build import ipv6, udp, udp_ipv4
from pmiptrace.packet.checksum import mobility_header_checksum
from pmiptrace.packet.decoder import PacketDecoder
from pmiptrace.packet.numbers import MOBILITY_HEADER, UDP
from pmiptrace.testing.trace import Path, Sent, Trace
from pmiptrace.wire.dialect import DialectDecoder

IPV6_HEADER = 40
IPV4_AND_UDP_HEADER = 28
UDP_CHECKSUM = 26
"""Where the checksum stands in a packet of IPv4 and UDP."""

DISCARD = 9
"""UDP port of the packet that ends a capture (RFC 863)."""


class Stage(Trace):
    """A trace with a MAG that has an LTE and a WLAN path, and two that know no RFC 8278.

    What is done to the last message is done to its octets, so that a capture shows it as well.
    """

    first: Sent
    second: Sent
    """Messages to which a play comes back."""
    stamp: int
    """A time to which it comes back."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        mag = self.mag("mag1@example.com")
        self.lte = mag.path("2001:db8:a::1", bid=1, if_att=8, if_label=11)
        self.wlan = mag.path("2001:db8:b::1", bid=2, if_att=4, if_label=9)
        self.plain = self.mag(None, sequence=100).path("2001:db8:c::1")
        self.other = self.mag(None, sequence=200).path("2001:db8:d::1")
        self.second_mag = self.mag("mag2@example.com").path("2001:db8:e::1", bid=1)
        self.four: Path | None = None
        """The path over IPv4, once there is one."""
        self.unseen: set[int] = set()
        """Indexes of the messages that the capture misses."""
        self._parts: dict[int, dict[str, Any]] = {}
        self._kept: dict[int, int] = {}
        self._dialects: dict[bytes, str] = {}

    # -------------------------------------------------------------- what befalls the last message

    def _last(self) -> int:
        return len(self.frames) - 1

    @property
    def payload(self) -> bytes:
        """The Mobility Header of the last message, if nothing but IP or UDP stands before it."""
        start = IPV6_HEADER if len(self.sent[-1].source) == 16 else IPV4_AND_UDP_HEADER
        return self.frames[-1].data[start:]

    def replace_packet(self, data: bytes) -> None:
        """Have another IP packet take the place of the last one."""
        self.frames[-1] = replace(self.frames[-1], data=data, original_length=len(data))

    def spoil(self, edit: Callable[[bytearray], object], *, checksum: bool = True) -> None:
        """Edit the octets of the last Mobility Header; `checksum` says whether it is made right."""
        sent = self.sent[-1]
        payload = bytearray(self.payload)
        edit(payload)
        if sent.ports is not None:
            ends = (sent.source, sent.destination)
            self.replace_packet(udp_ipv4(*ends, bytes(payload), ports=sent.ports))
            return
        if checksum and len(payload) >= 8:
            header = bytes(payload[: (payload[1] + 1) * 8])
            right = mobility_header_checksum(sent.source, sent.destination, header)
            payload[4:6] = right.to_bytes(2)
        self.behind(MOBILITY_HEADER, bytes(payload))

    def behind(self, next_header: int, payload: bytes, *, hop_limit: int = 64) -> None:
        """Put what stands behind the IPv6 header of the last message in place of what does."""
        sent = self.sent[-1]
        packet = ipv6(sent.source, sent.destination, next_header, payload, hop_limit=hop_limit)
        self.replace_packet(packet)

    def set(self, offset: int, *octets: int, checksum: bool = True) -> None:
        """Overwrite octets of the last Mobility Header."""

        def edit(payload: bytearray) -> None:
            payload[offset : offset + len(octets)] = bytes(octets)

        self.spoil(edit, checksum=checksum)

    def flip(self) -> None:
        """Make the last message's checksum wrong."""
        self.spoil(lambda payload: payload.__setitem__(5, payload[5] ^ 0xFF), checksum=False)

    def udp_checksum(self, value: int) -> None:
        """Set the UDP checksum of the last message."""
        data = self.frames[-1].data
        self.replace_packet(data[:UDP_CHECKSUM] + value.to_bytes(2) + data[UDP_CHECKSUM + 2 :])

    def cut(self, octets: int) -> None:
        """Have the snap length leave so many octets of the last Mobility Header."""
        self._kept[self._last()] = octets

    def carried(self, **parts: Any) -> None:
        """Set what is known of how the last message came, that no capture tells by itself."""
        self._parts[self._last()] = parts

    def unseen_last(self) -> None:
        """Have the capture miss the last message."""
        self.unseen.add(self._last())

    def speaks(self, address: bytes, name: str) -> None:
        """Have it known that a peer speaks a dialect."""
        self._dialects[address] = name

    # ------------------------------------------------------------------------------- the capture

    def capture_frames(self) -> Iterator[Frame]:
        """Give the frames that a capture has, renumbered, those it misses left out.

        If time went by after the last message, a packet without signalling is the last one, so
        that the capture tells.
        """
        number = 0
        for index, frame in enumerate(self.frames):
            if index not in self.unseen:
                number += 1
                yield replace(self._shot(index, frame), number=number)
        if not self.frames or self.frames[-1].time != self.now:
            ends = (self.lte.address, self.lma)
            data = ipv6(*ends, UDP, udp(*ends, b"", ports=(DISCARD, DISCARD)))
            link_type = self.frames[-1].link_type
            yield Frame(self.capture, number + 1, self.now, link_type, data, len(data))

    def _shot(self, index: int, frame: Frame) -> Frame:
        kept = self._kept.get(index)
        if kept is None:
            return frame
        start = IPV6_HEADER if self.sent[index].ports is None else IPV4_AND_UDP_HEADER
        return replace(frame, data=frame.data[: start + kept])

    def items(self) -> Iterator[Message | Undecoded]:
        """Give what the capture shows, decoded; frames are numbered as they were sent."""
        packets, dialects = PacketDecoder(), DialectDecoder("auto")
        for index, frame in enumerate(self.frames):
            if index in self.unseen:
                continue
            for found in packets.decode(self._shot(index, frame)):
                if isinstance(found, Undecoded):
                    yield found
                    continue
                message = dialects.decode(replace(found, **self._parts.get(index, {})))
                dialect = self._dialects.get(found.source)
                yield replace(message, dialect=dialect) if dialect else message
        yield from packets.flush()

    def messages(self) -> Iterator[Message]:
        """Give the messages among `items`."""
        return (item for item in self.items() if isinstance(item, Message))


Play = Callable[[Stage], object]
"""What somebody does on a stage."""


def unknown(number: int, *octets: int) -> OpaqueOption:
    """Give an option of any number with any content."""
    return OpaqueOption(type=number, data=bytes(octets))
