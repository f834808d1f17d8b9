"""A run: a domain is built from a scenario, and mobile nodes and operators do as people do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random

from msgspec import Struct

from pmiptrace.model import SECOND, Frame, Prefix
from pmiptrace.simulation.clock import Clock
from pmiptrace.simulation.lma import Held, LocalMobilityAnchor
from pmiptrace.simulation.mag import Interface, MobileAccessGateway, Wan
from pmiptrace.simulation.network import Link, Network, Sighting, Vantage, frame_of
from pmiptrace.simulation.peer import Domain, Profile
from pmiptrace.simulation.scenario import Scenario
from pmiptrace.wire.codes import HandoffIndicatorValue as Handoff

START = 1_700_000_000 * SECOND
"""2023-11-14T22:13:20Z, when every run begins."""
DETECTION = (0.2, 4.0)
"""Seconds until a MAG notices that a mobile node has left its link."""
DWELL = 15.0
"""Seconds that a mobile node stays where it is, at least."""

KINDS = ((8, 11), (4, 9), (3, 5))
"""If-ATT and If-Label of the WAN interfaces: LTE, WLAN, Ethernet."""


class Run(Struct, frozen=True):
    """What happened: the packets at every tap, and what the LMAs held when."""

    scenario: Scenario
    seed: int
    started: int
    ended: int
    lmas: tuple[LocalMobilityAnchor, ...]
    seen: dict[Vantage, list[Sighting]]

    def frames(
        self,
        vantage: Vantage = Vantage.LMA,
        *,
        mag: int | None = None,
        lma: int | None = None,
        capture: int = 0,
    ) -> list[Frame]:
        """Give what a capture at a vantage point holds, in the order of its time.

        `mag` and `lma` narrow it to the link of one MAG or one LMA, by index.
        """
        sightings = [
            sighting
            for sighting in self.seen[vantage]
            if sighting.time <= self.ended
            and mag in (None, sighting.mag)
            and lma in (None, sighting.lma)
        ]
        sightings.sort(key=lambda sighting: sighting.time)
        return [frame_of(sighting, n, capture) for n, sighting in enumerate(sightings, 1)]

    def ground_truth(self, at: int) -> frozenset[Held]:
        """Give the bindings over which LMAs forwarded traffic at a moment, in nanoseconds."""
        return frozenset(held for lma in self.lmas for held in lma.held_at(at))


def simulate(scenario: Scenario, seed: int = 0) -> Run:
    """Let conforming peers run; the same scenario and seed give the same run."""
    return _Stage(scenario, Random(f"run {seed}")).play(seed)


class _Stage:
    """The domain, and what goes on in it."""

    def __init__(self, scenario: Scenario, random: Random) -> None:
        self._scenario = scenario
        self._random = random
        self._clock = Clock(START)
        self._domain = Domain(scenario, self._clock, random, Network(self._clock, random), {}, {})
        self._addresses = 0
        self._lmas = tuple(
            LocalMobilityAnchor(self._domain, self._lma_address(index), index)
            for index in range(scenario.lmas)
        )
        self._mags = tuple(self._mag(index) for index in range(scenario.mags))
        self._interfaces = [
            interface
            for index in range(scenario.mobile_nodes)
            for interface in self._mobile_node(index)
        ]
        self._busy: set[Interface] = set()

    def play(self, seed: int) -> Run:
        """Let time go by."""
        rates, random = self._scenario.rates, self._random
        for interface in self._interfaces:
            first = random.uniform(0.5, 20)
            self._clock.after(first, partial(self._arrive, interface, True))
            self._often(rates.handover, partial(self._hand_over, interface))
            self._often(rates.detachment, partial(self._detach, interface))
        for mag in self._mags:
            self._often(rates.path_outage, partial(self._outage, mag))
            self._often(rates.readdressing, partial(self._readdress, mag))
            self._often(rates.overwrite, partial(self._overwrite, mag))
            self._often(rates.restart, mag.restart)
        for lma in self._lmas:
            self._often(rates.revocation, partial(self._revoke, lma))
            self._often(rates.notification, partial(self._notify, lma))
            self._often(rates.restart, lma.restart)
            self._often(rates.global_revocation, partial(self._revoke_all, lma))
        ended = START + round(self._scenario.duration * SECOND)
        self._clock.run(ended)
        return Run(self._scenario, seed, START, ended, self._lmas, self._domain.network.seen)

    def _often(self, rate: float, action: Callable[[], object]) -> None:
        """Let something happen at random moments, so many times an hour."""
        if rate <= 0:
            return

        def happen() -> None:
            action()
            self._clock.after(self._random.expovariate(rate / 3600), happen)

        self._clock.after(self._random.expovariate(rate / 3600), happen)

    # ------------------------------------------------------------------------ the domain

    def _lma_address(self, index: int) -> bytes:
        if self._scenario.ipv4_transport:
            return bytes((192, 0, 2, 1 + index))
        return b"\x20\x01\x0d\xb8\0\xff" + bytes(9) + bytes((1 + index,))

    def _care_of_address(self) -> bytes:
        self._addresses += 1
        if self._scenario.ipv4_transport:
            return bytes((198, 51, *self._addresses.to_bytes(2)))
        return b"\x20\x01\x0d\xb8\0\xaa" + bytes(8) + self._addresses.to_bytes(2)

    def _mag(self, index: int) -> MobileAccessGateway:
        scenario, random = self._scenario, self._random
        wans = []
        for number in range(random.randint(1, scenario.paths)):
            if_att, if_label = KINDS[number % len(KINDS)]
            link = Link(
                scenario.delay * random.uniform(1, 1.5),
                scenario.jitter,
                scenario.loss,
                scenario.slow_answers,
                1.2,
            )
            wans.append(Wan(self._care_of_address(), number + 1, if_att, if_label, link))
        name = f"mag{index + 1}@example.com".encode()
        return MobileAccessGateway(self._domain, index, name, tuple(wans))

    def _mobile_node(self, index: int) -> list[Interface]:
        scenario, random = self._scenario, self._random
        identifier = (1, f"mn{index + 1}@example.com".encode())
        if random.random() < scenario.imsi:
            digits = f"00101{index:010d}f"
            swapped = "".join(digits[n + 1] + digits[n] for n in range(0, 16, 2))
            identifier = (3, bytes.fromhex(swapped))
        ipv4 = random.random() < scenario.ipv4_home_addresses
        ipv6 = not ipv4 or random.random() < 2 / 3
        several = random.random() < scenario.two_interfaces
        static = ipv6 and not several and random.random() < scenario.static_prefixes
        count = 2 if random.random() < scenario.two_prefixes else 1
        prefixes = tuple(
            Prefix(b"\x20\x01\x0d\xb8\0\xee" + bytes((index, number)) + bytes(8), 64)
            for number in range(count)
        )
        profile = Profile(
            identifier=identifier,
            lma=random.choice(self._lmas).address,
            prefixes=prefixes if static else (),
            number_of_prefixes=count,
            ipv6=ipv6,
            ipv4=ipv4,
            enabled=random.random() >= scenario.not_enabled,
            multipath=random.random() >= scenario.unauthorized_multipath,
        )
        self._domain.profiles[identifier] = profile
        named = several or static or random.random() < scenario.link_layer_identifiers
        return [
            Interface(
                profile,
                access_technology,
                bytes((2, 0, 0, 0, index, access_technology)) if named else None,
            )
            for access_technology in ((4, 8) if several else (random.choice((3, 4, 8)),))
        ]

    # ------------------------------------------------------------------------ what happens

    def _arrive(self, interface: Interface, is_new: bool) -> None:
        """Attach a mobile node somewhere."""
        if interface.mag is not None or interface in self._busy:
            return
        mag = self._random.choice(self._mags)
        is_sure = is_new or interface.link_layer_identifier is not None
        handoff = Handoff.NEW_INTERFACE if is_sure else Handoff.UNKNOWN
        self._settle(interface)
        mag.attach(interface, handoff)

    def _hand_over(self, interface: Interface) -> None:
        """Move a mobile node to another MAG; the old one notices it a little later."""
        old = interface.mag
        others = [mag for mag in self._mags if mag is not old]
        if old is None or not others or interface in self._busy:
            return
        new, known = self._random.choice(others), old.session_of(interface)
        interface.mag = None
        self._settle(interface)
        self._clock.after(self._random.uniform(*DETECTION), lambda: old.leave(interface))
        is_known = interface.link_layer_identifier is not None
        handoff = Handoff.BETWEEN_MAGS if self._random.random() < 0.8 else Handoff.UNKNOWN
        if known is None or self._random.random() < 0.5:
            known = None
        elif handoff is Handoff.UNKNOWN and not is_known:
            # Prefixes alone would not show the LMA that it is the same session.
            known = None
        self._clock.after(
            self._random.uniform(0.3, 2), lambda: new.attach(interface, handoff, known)
        )

    def _detach(self, interface: Interface) -> None:
        """Let a mobile node leave, and come back."""
        old = interface.mag
        if old is None or interface in self._busy:
            return
        interface.mag = None
        self._settle(interface)
        self._clock.after(self._random.uniform(*DETECTION), lambda: old.leave(interface))
        self._clock.after(
            self._random.uniform(DWELL + 1, 90), lambda: self._arrive(interface, False)
        )

    def _settle(self, interface: Interface) -> None:
        """Let an interface stay where it is for a while."""
        self._busy.add(interface)
        self._clock.after(DWELL, lambda: self._busy.discard(interface))

    def _outage(self, mag: MobileAccessGateway) -> None:
        wan = self._random.choice(mag.wans)
        if len(mag.wans) < 2 or not wan.link.up or not mag.can_spare(wan):
            return
        mag.take_down(wan)
        self._clock.after(self._random.uniform(10, 120), lambda: mag.bring_up(wan))

    def _readdress(self, mag: MobileAccessGateway) -> None:
        wan = self._random.choice(mag.wans)
        if wan.link.up:
            mag.readdress(wan, self._care_of_address())

    def _overwrite(self, mag: MobileAccessGateway) -> None:
        if mag.registrations:
            mag.overwrite(self._random.choice(mag.registrations))

    def _revoke(self, lma: LocalMobilityAnchor) -> None:
        """Revoke a session; its mobile node comes back later."""
        if not lma.entries:
            return
        entry = self._random.choice(lma.entries)
        lma.revoke(entry)
        self._come_back(lambda interface: interface.profile.identifier == entry.mobile_node)

    def _revoke_all(self, lma: LocalMobilityAnchor) -> None:
        """End all that is registered between a MAG and an LMA; its mobile nodes come back later."""
        mag = self._random.choice(self._mags)
        if not self._scenario.revocation or not mag.registrations:
            return
        if len(mag.wans) == 1 and self._random.random() < 0.5:
            lma.revoke_peer(mag.wans[0].address)
        else:
            mag.revoke_all(lma.address)
        self._come_back(lambda interface: interface.mag is mag)

    def _come_back(self, concerned: Callable[[Interface], bool]) -> None:
        """Have mobile nodes attach again some time after a revocation."""

        def come_back(interface: Interface) -> None:
            mag = interface.mag
            if mag is not None and not any(
                registration.interface is interface for registration in mag.registrations
            ):
                interface.mag = None
                self._busy.discard(interface)
                self._arrive(interface, False)

        for interface in self._interfaces:
            if concerned(interface):
                self._clock.after(
                    self._random.uniform(20, 60),
                    partial(come_back, interface),
                )

    def _notify(self, lma: LocalMobilityAnchor) -> None:
        if lma.entries:
            lma.notify(self._random.choice(lma.entries), acknowledge=self._random.random() < 0.5)
