"""What a MAG and an LMA have in common: addresses, timers, and heartbeats (RFC 5847)."""

from __future__ import annotations

from random import Random

from msgspec import Struct

from pmiptrace.model import Body, Option, Prefix
from pmiptrace.simulation.clock import Clock, Timer
from pmiptrace.simulation.network import Network, Packet
from pmiptrace.simulation.scenario import Scenario
from pmiptrace.wire.messages import Heartbeat
from pmiptrace.wire.options.rfc5847 import RestartCounter

CONTROL_PORT = 5436
"""RFC 5844 section 4.2.2.1."""


class Profile(Struct, frozen=True, kw_only=True):
    """The policy profile of a mobile node (RFC 5213 section 6.2, RFC 5844 section 3.2.2)."""

    identifier: tuple[int, bytes]
    """Subtype and octets of the Mobile Node Identifier."""
    lma: bytes
    prefixes: tuple[Prefix, ...] = ()
    """Assigned by configuration; empty if the LMA chooses."""
    number_of_prefixes: int = 1
    """How many the LMA assigns if it chooses."""
    ipv6: bool = True
    ipv4: bool = False
    enabled: bool = True
    """Whether it may use network-based mobility at all."""
    multipath: bool = True
    """Whether its sessions may use several paths."""


class Domain(Struct):
    """What all peers of a domain share."""

    scenario: Scenario
    clock: Clock
    random: Random
    network: Network
    profiles: dict[tuple[int, bytes], Profile]
    sequences: dict[tuple[int, bytes], int]
    """Last sequence number per mobile node: the policy store of RFC 5213 section 5.5."""


class Pulse(Struct):
    """The heartbeats towards one peer."""

    sequence: int
    peer_counter: int | None = None
    """The Restart Counter that the peer showed last."""
    timer: Timer | None = None


class Peer:
    """One end of the signalling."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.clock = domain.clock
        self.random = domain.random
        self.restarts = domain.random.randrange(1, 1000)
        self.pulses: dict[bytes, Pulse] = {}

    def send(self, source: bytes, destination: bytes, body: Body, *options: Option) -> None:
        """Send a message; over IPv4 in UDP, from the well-known port."""
        ports = (CONTROL_PORT, CONTROL_PORT) if len(source) == 4 else None
        self.domain.network.send(Packet(source, destination, body, options, ports))

    # -------------------------------------------------------------------------- heartbeats

    def name_of(self, address: bytes) -> bytes:
        """Give the name under which heartbeats with the peer at an address are kept."""
        return address

    def pulse_to(self, name: bytes) -> tuple[bytes, bytes] | None:
        """Give source and destination of a heartbeat to a peer; None if it is not worth one.

        Without a Binding Cache entry between the two, no request is sent (RFC 5847 section 3).
        """
        raise NotImplementedError

    def peer_restarted(self, name: bytes) -> None:
        """Deal with a peer that has lost its sessions."""
        raise NotImplementedError

    def start_pulse(self, name: bytes) -> None:
        """Begin to send heartbeats to a peer, unless that goes on already."""
        interval = self.domain.scenario.heartbeat
        if interval is None:
            return
        pulse = self._pulse(name)
        if pulse.timer is None:
            # Never sooner than an interval: the last request may just have been sent.
            delay = interval + 1 + self.random.uniform(0, interval)
            pulse.timer = self.clock.after(delay, lambda: self._beat(name))

    def _pulse(self, name: bytes) -> Pulse:
        return self.pulses.setdefault(name, Pulse(self.random.randrange(1 << 16)))

    def _beat(self, name: bytes) -> None:
        pulse, interval = self._pulse(name), self.domain.scenario.heartbeat
        ends = self.pulse_to(name)
        if ends is None or interval is None:
            pulse.timer = None
            return
        pulse.sequence += 1
        self.send(*ends, Heartbeat(sequence=pulse.sequence))
        # An interval of just the 30 s allowed would seem shorter where the network is uneven.
        pulse.timer = self.clock.after(interval + 1, lambda: self._beat(name))

    def heartbeat(self, packet: Packet, message: Heartbeat) -> None:
        """Answer a request, or note a response."""
        if not message.response:
            self.send(
                packet.destination,
                packet.source,
                Heartbeat(response=True, sequence=message.sequence),
                RestartCounter(restart_counter=self.restarts),
            )
            return
        counter = packet.first(RestartCounter)
        if counter is None:
            return
        name = self.name_of(packet.source)
        pulse = self._pulse(name)
        before, pulse.peer_counter = pulse.peer_counter, counter.restart_counter
        is_new = before is not None and before != counter.restart_counter
        if is_new or (before is None and message.unsolicited):
            self.peer_restarted(name)

    def announce_restart(self, source: bytes, peer: bytes) -> None:
        """Tell a peer that all sessions were lost (RFC 5847 section 3.2)."""
        self.send(
            source,
            peer,
            Heartbeat(unsolicited=True, response=True),
            RestartCounter(restart_counter=self.restarts),
        )

    def forget_pulses(self) -> None:
        """Lose what is known of the peers; the own restart counter outlives it."""
        for pulse in self.pulses.values():
            if pulse.timer is not None:
                pulse.timer.cancel()
        self.pulses.clear()
        self.restarts += 1
