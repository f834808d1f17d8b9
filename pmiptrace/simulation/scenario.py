"""What a run is like: how many peers, what they support, and how often what happens."""

from __future__ import annotations

from enum import Enum
from random import Random

from msgspec import Struct


class Multipath(Enum):
    """How an LMA deals with a request for multipath (RFC 8278 section 4.4)."""

    SUPPORTED = "supported"
    LEGACY = "legacy"
    """It skips the options of RFC 8278."""
    DENIED = "denied"
    """It rejects such requests with status 180."""


class Rates(Struct, frozen=True, kw_only=True):
    """How often things happen to one mobile node or one peer, per hour; 0 is never."""

    handover: float = 12
    detachment: float = 4
    """The mobile node leaves, and comes back a while later."""
    path_outage: float = 4
    """A path of a MAG goes down in good order, and comes up again."""
    readdressing: float = 1
    """A path of a MAG gets another care-of address."""
    overwrite: float = 2
    """A MAG goes back to one of a session's paths with the O flag of RFC 8278."""
    revocation: float = 2
    global_revocation: float = 0
    """A MAG or an LMA ends all that is registered between the two, by one message for each care-of
    address (RFC 5846 sections 8.1 and 9.2)."""
    notification: float = 4
    restart: float = 0.2
    """A peer forgets all and says so by its heartbeats (RFC 5847 section 3.2)."""


class Scenario(Struct, frozen=True, kw_only=True):
    """The parameters of a run. Times are seconds, probabilities are of 1."""

    duration: float = 900
    mobile_nodes: int = 3
    mags: int = 2
    paths: int = 2
    """WAN interfaces that a MAG has at most; a MAG with one does not ask for multipath."""
    lmas: int = 1
    multipath: Multipath = Multipath.SUPPORTED
    unauthorized_multipath: float = 0.0
    """Share of the mobile nodes that a supporting LMA answers with status 180."""
    ipv4_transport: bool = False
    timestamps: bool = True
    """TimestampBasedApproachInUse of the domain (RFC 5213 section 9.3); else sequence numbers."""
    lifetime: int = 120
    """Lifetime that MAGs ask for; a multiple of 4, at most 262140."""
    longest_grant: int = 262140
    """Lifetime that LMAs grant at most; a multiple of 4."""
    delete_delay: float = 10
    """MinDelayBeforeBCEDelete (RFC 5213 section 9.1). An analysis takes it to be at least the
    default of 10 s."""
    clock_skew: float = 0.05
    """How far the clock of a MAG is from the LMA's, at most."""
    delay: float = 0.02
    """Of a packet one way, at least."""
    jitter: float = 0.01
    """What may be added to the delay; overtaking happens within it."""
    loss: float = 0.02
    slow_answers: float = 0.01
    """Probability that a packet to a MAG is late by 1.2 s, which makes the MAG repeat itself."""
    heartbeat: float | None = 60
    """HEARTBEAT_INTERVAL (RFC 5847 section 5), at least 30; None: no heartbeats."""
    link_layer_identifiers: float = 0.5
    """Share of the mobile nodes whose link-layer identifier their MAG knows."""
    static_prefixes: float = 0.3
    """Share of the mobile nodes whose prefix stands in the policy store."""
    two_prefixes: float = 0.1
    ipv4_home_addresses: float = 0.3
    """Share of the mobile nodes with an IPv4 home address (RFC 5844); a third of it have no
    IPv6."""
    two_interfaces: float = 0.2
    """Share of the mobile nodes that attach by two interfaces."""
    not_enabled: float = 0.03
    """Share of the mobile nodes that the LMA refuses with status 152."""
    imsi: float = 0.1
    """Share of the mobile nodes that are named by an IMSI (RFC 8371)."""
    link_local_addresses: bool = False
    """Whether MAGs ask for their link-local address (RFC 5213 section 6.9.1.1 item 9)."""
    gre: bool = False
    """Whether MAGs negotiate GRE keys (RFC 5845)."""
    revocation: bool = True
    """Whether the peers support RFC 5846."""
    pool: int = 4096
    """Prefixes, and IPv4 addresses, that an LMA has to give."""
    rates: Rates = Rates()

    @classmethod
    def random(cls, seed: int) -> Scenario:
        """Give one scenario of many: small, and with all that may vary varied."""
        random = Random(f"scenario {seed}")
        return cls(
            duration=random.choice((300, 600, 1200)),
            mobile_nodes=random.randint(1, 4),
            mags=random.randint(1, 3),
            paths=random.randint(1, 3),
            lmas=random.choice((1, 1, 1, 2)),
            multipath=random.choice((*[Multipath.SUPPORTED] * 4, *Multipath)),
            unauthorized_multipath=random.choice((0, 0, 0.3)),
            ipv4_transport=random.random() < 0.25,
            timestamps=random.random() < 0.75,
            lifetime=random.choice((60, 100, 240, 600, 3600)),
            longest_grant=random.choice((262140, 262140, 80)),
            delete_delay=random.choice((10, 10, 15)),
            delay=random.choice((0.002, 0.02, 0.08)),
            jitter=random.choice((0, 0.01, 0.05)),
            loss=random.choice((0, 0, 0.02, 0.08)),
            slow_answers=random.choice((0, 0, 0.05)),
            heartbeat=random.choice((None, 30, 60)),
            link_local_addresses=random.random() < 0.3,
            gre=random.random() < 0.2,
            revocation=random.random() < 0.7,
            pool=random.choice((4096, 4096, 4096, 3)),
            rates=Rates(
                handover=random.choice((0, 20, 60)),
                detachment=random.choice((0, 20)),
                path_outage=random.choice((0, 30)),
                readdressing=random.choice((0, 0, 10)),
                overwrite=random.choice((0, 20)),
                revocation=random.choice((0, 15)),
                notification=random.choice((0, 30)),
                restart=random.choice((0, 0, 0, 3)),
            ),
        )
