"""Plays for the rules of RFC 5213 that judge a PBA against the LMA's binding cache."""

from __future__ import annotations

from typing import Any

from pmiptrace.address import address_octets
from pmiptrace.model import SECOND, Status
from pmiptrace.rules.examples.acts import MAC, late, pba, then
from pmiptrace.rules.examples.example import example
from pmiptrace.rules.examples.rfc5213_pbu_session import (
    FOREIGN,
    TWO,
    deregister,
    missing,
    two_prefixes,
)
from pmiptrace.rules.examples.rfc6275_session import (
    known,
    late_start,
    other,
    pbu,
    register,
    restart,
)
from pmiptrace.rules.examples.rfc8278_session import both, lost, lte, wait, wlan
from pmiptrace.rules.examples.stage import Play, Stage
from pmiptrace.testing.trace import START, mn_identifier
from pmiptrace.wire.messages.rfc5846 import (
    BindingRevocationAcknowledgement,
    BindingRevocationIndication,
)
from pmiptrace.wire.options.rfc5213 import LinkLocalAddress
from pmiptrace.wire.options.rfc6275 import AlternateCareOfAddress

PREFIX = "2001:db8:100::/64"


def at(seconds: float) -> int:
    """A time of day on the clock of the MAG, from the start of the play."""
    return START + round(seconds * SECOND)


# ---------------------------------------------------------------------------------- timestamps

example(
    "RFC5213-5.5-TS-ORDER",
    fires=[
        known(pbu(timestamp=at(-1)), pba()),
        known(pbu(timestamp=at(-1), lifetime=0), pba()),
        then(both, lte(timestamp=at(-1)), pba()),
    ],
    silent=[
        known(pbu(), pba()),
        known(pbu(timestamp=at(-1)), pba(status=157)),
        known(pbu(timestamp=at(-1)), pba(status=130)),
        known(pbu(timestamp=at(-1))),
        # The entry is gone, or the LMA has forgotten it.
        known(deregister, wait(20), pbu(timestamp=at(-1), hi=1, hnp="::/0"), pba()),
        then(register(lifetime=20), wait(60), pbu(timestamp=at(-1), hi=1), pba()),
        known(restart, pbu(timestamp=at(-1)), pba()),
        # Another mobile node.
        known(lambda s: s.pbu(s.plain, "mn2@example.com", timestamp=at(-1)), pba()),
        late_start(pbu(timestamp=at(-1)), pba()),
    ],
    unclear=[
        known(missing(), pbu(timestamp=at(-1)), pba()),
        known(other(timestamp=at(-1), hi=3), pba()),
        # Whether timestamps count per path is left open.
        then(lambda s: s.register(s.lte), wait(5), wlan(timestamp=at(-1)), pba()),
        # Answered within milliseconds: in which order is not sure.
        then(
            register(),
            wait(5),
            lambda s: setattr(s, "first", s.pbu(s.plain, timestamp=at(4))),
            lambda s: setattr(s, "second", s.pbu(s.plain, lifetime=400)),
            wait(0.02),
            lambda s: s.pba(s.second),
            wait(0.001),
            lambda s: s.pba(s.first),
        ),
    ],
    party="LMA",
)
example(
    "RFC5213-5.5-TS-EQUAL",
    fires=[
        known(pbu(timestamp=at(0)), pba()),
        known(pbu(timestamp=at(0), lifetime=0), pba()),
        then(both, wlan(timestamp=at(5.02), lifetime=0), pba()),
    ],
    silent=[
        known(pbu(), pba()),
        known(pbu(timestamp=at(-1)), pba()),
        known(pbu(timestamp=at(0)), pba(status=156)),
        # The same PBU again: its answer was lost behind the place of capture.
        known(
            pbu(timestamp=at(20)),
            pba(),
            wait(1),
            pbu(timestamp=at(20)),
            pba(),
        ),
        known(deregister, wait(20), pbu(timestamp=at(0), hi=1, hnp="::/0"), pba()),
        known(restart, pbu(timestamp=at(0)), pba()),
    ],
    unclear=[
        known(missing(), pbu(timestamp=at(0)), pba()),
        known(other(timestamp=at(0), hi=3), pba()),
        then(lambda s: s.register(s.lte), wait(5), wlan(timestamp=at(0)), pba()),
    ],
    party="LMA",
)
example(
    "RFC5213-5.5-157-BOGUS",
    fires=[known(pbu(), pba(status=157))],
    status=Status.INCONCLUSIVE,
    silent=[
        known(pbu(timestamp=at(-1)), pba(status=157)),
        known(pbu(), pba(status=156)),
        then(pbu(), pba(status=157)),  # nothing was accepted before
        late_start(register(), wait(5), pbu(), pba(status=157)),
    ],
    party="LMA",
)

# -------------------------------------------------------------------------- link-local address


def link_local(address: str) -> tuple[LinkLocalAddress]:
    """Give the Link-local Address option, as what replaces another."""
    return (LinkLocalAddress(address=address_octets(address)),)


def stored(*acts: Play) -> Play:
    """The LMA returned fe80::1 for the session."""
    return then(pbu(link_local="::"), pba(replacing=link_local("fe80::1")), wait(5), *acts)


example(
    "RFC5213-5.3.6-LLA-STORED",
    fires=[stored(pbu(link_local="::"), pba(replacing=link_local("fe80::2")))],
    silent=[
        stored(pbu(link_local="::"), pba(replacing=link_local("fe80::1"))),
        stored(pbu(link_local="fe80::7"), pba()),  # the MAG had to choose another
        stored(
            register(link_local="fe80::7"),
            wait(5),
            pbu(link_local="::"),
            pba(replacing=link_local("fe80::7")),
        ),
        stored(pbu(link_local="::"), pba(status=130)),
        stored(
            lambda s: s.deregister(s.plain, link_local="fe80::1"),
            wait(20),
            pbu(link_local="::", hi=1),
            pba(replacing=link_local("fe80::2")),
        ),
        late_start(pbu(link_local="::"), pba(replacing=link_local("fe80::2"))),
    ],
    unclear=[
        # The LMA may have restarted in between.
        stored(wait(60), pbu(link_local="::"), pba(replacing=link_local("fe80::2"))),
        stored(missing(), pbu(link_local="::"), pba(replacing=link_local("fe80::2"))),
        stored(other(link_local="::", hi=3), pba(replacing=link_local("fe80::2"))),
    ],
    party="LMA",
)

# ------------------------------------------------------------------------------------ prefixes


def second(**parts: Any) -> Play:
    """A PBU for another mobile node at another MAG."""
    return lambda s: s.pbu(s.other, "mn2@example.com", **parts)


example(
    "RFC5213-5.4.1.1-155",
    # What proves it is in test_foreign_prefix.py.
    fires=[known(second(hnp=PREFIX), pba())],
    status=Status.INCONCLUSIVE,
    silent=[
        known(second(hnp=FOREIGN), pba()),
        known(second(hnp=PREFIX), pba(status=155)),
        known(deregister, wait(20), second(hnp=PREFIX), pba()),
        then(register(lifetime=20), wait(60), second(hnp=PREFIX), pba()),
        known(pbu(), pba()),
        # That is RFC5213-5.2-PREFIX-UNIQUE.
        known(second(hnp="::/0"), pba(hnp=PREFIX), wait(5), pbu(), pba()),
        known(lambda s: s.pbu(s.other, "mn2@example.com", lma="2001:db8:f::2", hnp=PREFIX), pba()),
        late_start(second(hnp=PREFIX), pba()),
    ],
    unclear=[
        known(second(hnp=PREFIX), pba(), missing(), wait(5), pbu(), pba()),
        # The first one went in between, and came back.
        known(
            pbu(lifetime=0),
            lost(lambda s: s.pba()),
            second(hnp=PREFIX),
            pba(),
            wait(5),
            pbu(),
            pba(),
        ),
    ],
    party="LMA",
)
example(
    "RFC5213-5.2-PREFIX-UNIQUE",
    # What proves it is in test_foreign_prefix.py.
    fires=[known(second(hnp="::/0"), pba(hnp=PREFIX))],
    status=Status.INCONCLUSIVE,
    silent=[
        known(second(hnp="::/0"), pba()),
        known(second(hnp="::/0"), pba(status=130)),
        known(deregister, wait(20), second(hnp="::/0"), pba(hnp=PREFIX)),
        known(second(hnp=PREFIX), pba(), wait(5), pbu(), pba()),
        # The same mobile node, at a handover, over a further path, or sharing its prefixes.
        known(other(hi=3, hnp="::/0"), pba()),
        known(other(hi=6, hnp="::/0"), pba()),
        # The first answer was lost behind the place of capture.
        then(pbu(hi=1), pba(), wait(1), pbu(hi=1, hnp="::/0"), pba()),
        then(both, wlan(), pba()),
        late_start(second(hnp="::/0"), pba(hnp=PREFIX)),
    ],
    unclear=[
        known(second(hnp="::/0"), pba(hnp=PREFIX), missing(), wait(5), pbu(), pba()),
        known(other(hi=1, att=4, hnp="::/0"), pba()),
    ],
    party="LMA",
)
example(
    "RFC5213-5.4.1.1-159",
    fires=[
        two_prefixes(pbu(hnp=TWO[:1]), pba()),
        two_prefixes(pbu(hnp=(*TWO, FOREIGN)), pba()),
        two_prefixes(pbu(hnp=TWO[:1], lifetime=0), pba()),
    ],
    silent=[
        two_prefixes(pbu(hnp=TWO), pba()),
        two_prefixes(pbu(hnp=TWO[:1]), pba(status=159)),
        two_prefixes(pbu(hnp=FOREIGN, hi=1), pba()),
        two_prefixes(lambda s: s.pbu(s.other, hi=6, hnp=TWO[:1]), pba()),
        late_start(pbu(hnp=(PREFIX, FOREIGN)), pba()),
        two_prefixes(
            lambda s: s.deregister(s.plain, hnp=TWO), wait(20), pbu(hnp=TWO[:1], hi=1), pba()
        ),
    ],
    unclear=[two_prefixes(missing(), pbu(hnp=TWO[:1]), pba())],
    party="LMA",
)

# ------------------------------------------------------------------------------ de-registration


def moved(*acts: Play) -> Play:
    """The mobile node moved to another MAG; the first MAG goes on with other mobile nodes."""
    return known(lambda s: s.register(s.other, hi=3), wait(5), *acts)


def via(path: str) -> tuple[AlternateCareOfAddress]:
    """Give the Alternate Care-of Address option, as what is added."""
    return (AlternateCareOfAddress(care_of_address=address_octets(path)),)


example(
    "RFC5213-5.3.5-DEREG-WRONG-COA",
    fires=[moved(pbu(lifetime=0), pba())],
    silent=[
        moved(pbu(lifetime=0)),
        moved(pbu(lifetime=0), pba(status=157)),
        moved(other(lifetime=0), pba()),
        known(pbu(lifetime=0), pba()),
        then(both, lte(lifetime=0), pba()),
        # Over another path, but naming the right one.
        then(
            both,
            lambda s: s.pbu(
                s.wlan, lifetime=0, replacing=(s.lte.multipath(),), also=via("2001:db8:a::1")
            ),
            pba(),
        ),
        late_start(pbu(lifetime=0), pba()),
    ],
    unclear=[
        # On its way when the mobile node moved.
        known(
            lambda s: setattr(s, "first", s.pbu(s.plain, lifetime=0)),
            lambda s: s.register(s.other, hi=3),
            lambda s: s.pba(s.first),
        ),
        moved(missing(), pbu(lifetime=0), pba()),
        # Over another path of the same MAG.
        then(both, lambda s: s.pbu(s.wlan, lifetime=0, replacing=(s.lte.multipath(),)), pba()),
    ],
    party="LMA",
)
example(
    "RFC5213-5.4.1-DEREG-UNKNOWN",
    fires=[late(pbu(), pba(status=130), wait(5), pbu(lifetime=0), pba())],
    silent=[
        late(pbu(), pba(status=130), wait(5), pbu(lifetime=0)),
        late(pbu(), pba(status=130), wait(5), pbu(lifetime=0), pba(status=130)),
        then(pbu(), pba(status=130), wait(5), pbu(lifetime=0), pba()),  # too early to say
        late(pbu(lifetime=0), pba()),  # of a session from before the capture
        late(register(), wait(5), pbu(lifetime=0), pba()),
        late(register(), wait(5), deregister, wait(2), pbu(lifetime=0), pba()),
        late(pbu(), lost(lambda s: s.pba()), wait(60), pbu(lifetime=0), pba()),
    ],
    unclear=[
        late(register(), wait(5), deregister, wait(60), pbu(lifetime=0), pba()),
        late(register(lifetime=20), wait(60), pbu(lifetime=0), pba()),
        late(pbu(), pba(status=130), missing(), wait(5), pbu(lifetime=0), pba()),
    ],
    party="LMA",
)


def gone(*acts: Play, **parts: Any) -> Play:
    """The mobile node was de-registered two seconds ago."""
    return then(
        register(**parts),
        wait(10),
        lambda s: s.deregister(s.plain, **parts),
        wait(2),
        *acts,
    )


def revoked(s: Stage) -> None:
    """Another MAG took the mobile node over, and the LMA revoked its binding."""
    s.register(s.other, hi=3, hnp=PREFIX)
    indication = BindingRevocationIndication(trigger=1, sequence=7, proxy=True)
    s.send(s.lma, s.other.address, indication, mn_identifier("mn1@example.com"))
    s.wait(0.02)
    answer = BindingRevocationAcknowledgement(status=0, sequence=7, proxy=True)
    s.send(s.other.address, s.lma, answer, mn_identifier("mn1@example.com"))
    s.wait(1)


example(
    "RFC5213-5.3.5-BCE-KEEP",
    fires=[
        gone(pbu(hi=3, hnp="::/0"), pba(hnp=FOREIGN)),
        gone(pbu(hi=2, hnp="::/0", att=4), pba(hnp=FOREIGN)),
        gone(pbu(hi=4, hnp="::/0", link_layer=MAC), pba(hnp=FOREIGN), link_layer=MAC),
    ],
    silent=[
        gone(pbu(hi=3, hnp="::/0"), pba(hnp=PREFIX)),
        gone(pbu(hi=3, hnp="::/0"), pba(status=130)),
        gone(pbu(hi=1, hnp="::/0"), pba(hnp=FOREIGN)),
        # With 4 the LMA may make a new session.
        gone(pbu(hi=4, hnp="::/0"), pba(hnp=FOREIGN)),
        gone(pbu(hi=3, hnp="::/0", link_layer=bytes(5) + b"\1"), pba(hnp=FOREIGN), link_layer=MAC),
        gone(pbu(hi=3, hnp=FOREIGN), pba()),
        gone(wait(20), pbu(hi=3, hnp="::/0"), pba(hnp=FOREIGN)),
        gone(lambda s: s.pbu(s.plain, "mn2@example.com", hi=3), pba(hnp=FOREIGN)),
        known(pbu(hi=3, hnp="::/0"), pba(hnp=FOREIGN)),
        # The LMA ended the session by a revocation.
        gone(revoked, pbu(hi=3, hnp="::/0"), pba(hnp=FOREIGN)),
    ],
    unclear=[
        gone(missing(), pbu(hi=3, hnp="::/0"), pba(hnp=FOREIGN)),
        gone(other(hi=3, hnp="::/0"), pba(hnp=FOREIGN)),
    ],
    status=Status.INCONCLUSIVE,
    party="LMA",
)
