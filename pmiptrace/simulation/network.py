"""The network between the peers: it delays packets, loses some, and is tapped in three places."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from random import Random
from typing import TypeVar

from msgspec import Struct

from pmiptrace.model import Body, Frame, Option
from pmiptrace.packet.build import ethernet, ipv4, ipv6, udp
from pmiptrace.packet.numbers import LINK_ETHERNET, MOBILITY_HEADER, UDP
from pmiptrace.simulation.clock import Clock
from pmiptrace.wire.encode import encode

O = TypeVar("O", bound=Option)  # noqa: E741


class Vantage(Enum):
    """Where packets are captured; the value is the way they made from the MAG, of 1."""

    MAG = 0.0
    MIDDLE = 0.5
    LMA = 1.0


class Packet(Struct, frozen=True):
    """A signalling message on its way."""

    source: bytes
    destination: bytes
    body: Body
    options: tuple[Option, ...]
    ports: tuple[int, int] | None = None
    """UDP source and destination port over IPv4 (RFC 5844 section 4)."""

    def first(self, cls: type[O]) -> O | None:
        """Give the first option of a class, or None."""
        return next((option for option in self.options if isinstance(option, cls)), None)

    def every(self, cls: type[O]) -> tuple[O, ...]:
        """Give all options of a class, in their order."""
        return tuple(option for option in self.options if isinstance(option, cls))


class Sighting(Struct, frozen=True):
    """A packet as a tap saw it."""

    time: int
    packet: Packet
    payload: bytes
    identification: int
    from_mag: bool
    hops: int
    """Routers that it had passed."""
    mag: int
    """Which MAG sent or should get it, from 0."""
    lma: int


class Link(Struct):
    """The ways between one address of a MAG and the LMAs."""

    delay: float
    """Seconds one way, at least."""
    jitter: float
    """Seconds that may be added to it."""
    loss: float
    """Probability that a packet gets lost."""
    slow_answers: float
    """Probability that a packet to the MAG takes `slowness` longer."""
    slowness: float
    up: bool = True
    """Whether it carries anything at all."""


class Network:
    """Carries packets between peers, and remembers what each tap saw."""

    ROUTERS = 4

    def __init__(self, clock: Clock, random: Random) -> None:
        self._clock = clock
        self._random = random
        self._receivers: dict[bytes, Callable[[Packet], None]] = {}
        self._links: dict[bytes, tuple[int, Link]] = {}
        self._lmas: dict[bytes, int] = {}
        self._identification = 0
        self.seen: dict[Vantage, list[Sighting]] = {vantage: [] for vantage in Vantage}

    def connect_lma(self, address: bytes, receive: Callable[[Packet], None]) -> None:
        """Attach an LMA."""
        self._lmas[address] = len(self._lmas)
        self._receivers[address] = receive

    def connect_mag(
        self, address: bytes, mag: int, link: Link, receive: Callable[[Packet], None]
    ) -> None:
        """Attach one address of a MAG by a link of its own."""
        self._links[address] = (mag, link)
        self._receivers[address] = receive

    def disconnect(self, address: bytes) -> None:
        """Take an address of a MAG away; what is on its way there will not arrive."""
        self._receivers.pop(address, None)

    def send(self, packet: Packet) -> None:
        """Send a packet; it arrives later, or never."""
        from_mag = packet.source in self._links
        mag, link = self._links[packet.source if from_mag else packet.destination]
        lma = self._lmas[packet.destination if from_mag else packet.source]
        random = self._random
        delay = link.delay + random.random() * link.jitter
        if not from_mag and random.random() < link.slow_answers:
            delay += link.slowness
        reach = 2.0
        if random.random() < link.loss:
            reach = random.random()
        if not link.up:
            reach = 0.0 if from_mag else 0.75
        self._identification = (self._identification + 1) % 65536
        payload = encode(
            packet.body,
            packet.options,
            source=packet.source,
            destination=packet.destination,
            # The checksum is unused over UDP (RFC 5844 section 4.1.3.2).
            checksum=0 if packet.ports else None,
        )
        for vantage in Vantage:
            way = vantage.value if from_mag else 1 - vantage.value
            if way <= reach:
                time = self._clock.now + round(delay * way * 1_000_000_000)
                hops = round(way * self.ROUTERS)
                self.seen[vantage].append(
                    Sighting(time, packet, payload, self._identification, from_mag, hops, mag, lma)
                )
        if reach > 1:
            self._clock.after(delay, lambda: self._deliver(packet))

    def _deliver(self, packet: Packet) -> None:
        receive = self._receivers.get(packet.destination)
        if receive is not None:
            receive(packet)


def frame_of(sighting: Sighting, number: int, capture: int = 0) -> Frame:
    """Give the Ethernet frame that a tap recorded."""
    packet, payload = sighting.packet, sighting.payload
    hop_limit = 64 - sighting.hops
    if packet.ports is None:
        data = ipv6(
            packet.source, packet.destination, MOBILITY_HEADER, payload, hop_limit=hop_limit
        )
    else:
        data = ipv4(
            packet.source,
            packet.destination,
            UDP,
            udp(packet.source, packet.destination, payload, ports=packet.ports),
            hop_limit=hop_limit,
            identification=sighting.identification,
        )
    towards_lma, towards_mag = b"\x02\0\0\0\0\x02", b"\x02\0\0\0\0\x01"
    if sighting.from_mag:
        data = ethernet(data, source=towards_mag, destination=towards_lma)
    else:
        data = ethernet(data, source=towards_lma, destination=towards_mag)
    return Frame(capture, number, sighting.time, LINK_ETHERNET, data, len(data))
