"""Plays for the rules of RFC 8278 that judge a message against its session."""

from __future__ import annotations

from typing import Any

from pmiptrace.model import Severity
from pmiptrace.rules.examples.acts import mmb, pba, then
from pmiptrace.rules.examples.example import example
from pmiptrace.rules.examples.stage import Play, Stage
from pmiptrace.testing.trace import home_network_prefix, mag_identifier
from pmiptrace.wire.options.rfc8278 import MagMultipathBinding

PREFIX = "2001:db8:100::/64"


def both(s: Stage) -> None:
    """Both paths are registered, LTE first; 10 s go by."""
    s.register(s.lte)
    s.wait(5)
    s.register(s.wlan)
    s.wait(10)


def lte(**parts: Any) -> Play:
    """Send a PBU over the LTE path."""
    return lambda s: s.pbu(s.lte, **parts)


def wlan(**parts: Any) -> Play:
    """Send a PBU over the WLAN path."""
    return lambda s: s.pbu(s.wlan, **parts)


def wait(seconds: float) -> Play:
    """Let time go by."""
    return lambda s: s.wait(seconds)


def lost(act: Play) -> Play:
    """The capture misses the message of an act."""

    def play(s: Stage) -> None:
        act(s)
        s.unseen_last()

    return play


def missing(count: int = 2) -> Play:
    """The MAG sends messages that the capture misses."""
    return then(*[lost(lambda s: s.pbu(s.lte, "mn9@example.com")) for _ in range(count)])


def late_start(*acts: Play) -> Play:
    """Both paths were registered before the capture began."""

    def play(s: Stage) -> None:
        both(s)
        s.unseen.update(range(len(s.frames)))
        for act in acts:
            act(s)

    return play


def another_mag(s: Stage) -> None:
    """A second MAG registers a mobile node of its own."""
    s.register(s.second_mag, "mn2@example.com")
    s.wait(5)


def other_label(bid: int = 1) -> tuple[MagMultipathBinding]:
    """Give the option of the WLAN interface, as what replaces another."""
    return (MagMultipathBinding(if_att=4, if_label=9, bid=bid),)


# ------------------------------------------------------------- 4.1 MAG Multipath Binding option

example(
    "RFC8278-4.1-BID-UNIQUE",
    fires=[then(both, wlan(replacing=other_label(1)))],
    silent=[
        then(both, wlan()),
        # The interface of BID 1 moved to another address: same label, same technology.
        then(both, wlan(replacing=(mmb(),))),
        then(both, lambda s: s.deregister(s.lte), wait(20), wlan(replacing=other_label(1))),
        then(both, wlan(lifetime=0, replacing=other_label(1))),
        late_start(wlan(replacing=other_label(1))),
    ],
    unclear=[then(both, missing(), wlan(replacing=other_label(1)))],
    lesser=[
        (
            then(another_mag, both, lambda s: s.pbu(s.second_mag, hi=6)),
            Severity.INFO,
        )
    ],
    party="MAG",
)
example(
    "RFC8278-4.1-COA-REUSE",
    fires=[then(both, lte(hi=6, replacing=(mmb(bid=3),)))],
    silent=[
        then(both, lte()),
        then(both, lambda s: s.deregister(s.lte), wait(20), lte(hi=1, replacing=(mmb(bid=3),))),
        late_start(lte(hi=6, replacing=(mmb(bid=3),))),
    ],
    unclear=[then(both, missing(), lte(hi=6, replacing=(mmb(bid=3),)))],
)
example(
    "RFC8278-4.1-LABEL-STABLE",
    fires=[
        then(both, lte(replacing=(mmb(if_label=12),))),
        then(both, lte(replacing=(mmb(if_att=4),))),
    ],
    silent=[
        then(both, lte()),
        # Another address: that is a change of the care-of address.
        then(both, wlan(replacing=(mmb(if_label=12),))),
        late_start(lte(replacing=(mmb(if_label=12),))),
    ],
    unclear=[then(both, missing(), lte(replacing=(mmb(if_label=12),)))],
)
example(
    "RFC8278-4.1-B-UNKNOWN",
    fires=[lte(bulk=True), then(lambda s: s.register(s.lte), wait(5), lte(bulk=True))],
    silent=[
        then(both, lte(bulk=True)),
        # The other path is on its way.
        then(lte(), wait(0.01), wlan(bulk=True)),
        then(lambda s: s.register(s.lte), lte(lifetime=0, bulk=True)),
        late_start(lte(bulk=True)),
    ],
)
example(
    "RFC8278-4.1-O-NOOP",
    fires=[lte(overwrite=True), then(lambda s: s.register(s.lte), wait(5), lte(overwrite=True))],
    silent=[
        then(both, lte(overwrite=True)),
        then(lte(), wait(0.01), wlan(overwrite=True)),
        late_start(lte(overwrite=True)),
    ],
)


def overwritten(s: Stage) -> None:
    """WLAN replaced LTE by an accepted O=1."""
    both(s)
    s.register(s.wlan, overwrite=True)


example(
    "RFC8278-4.1-O-SURVIVOR",
    fires=[then(overwritten, wait(60), lte(hi=5))],
    silent=[
        then(overwritten, wait(60), lte(hi=1)),
        then(overwritten, wait(60), lte(hi=6)),
        # It may have left before the answer reached the MAG.
        then(overwritten, wait(0.2), lte(hi=5)),
        then(overwritten, wait(60), wlan()),
        then(overwritten, wait(60), lte(lifetime=0)),
        # The LMA refused the overwrite.
        then(both, wlan(overwrite=True), pba(status=130), wait(60), lte(hi=5)),
        late_start(lambda s: s.register(s.wlan, overwrite=True), wait(60), lte(hi=5)),
    ],
    unclear=[then(overwritten, missing(), wait(60), lte(hi=5))],
    party="MAG",
)
example(
    "RFC8278-4.1-B-SCOPE",
    fires=[
        then(
            both,
            lambda s: s.register(s.lte, bulk=True),
            wait(100),
            wlan(),
            pba(hnp="2001:db8:999::/64"),
        )
    ],
    silent=[
        then(both, lambda s: s.register(s.lte, bulk=True), wait(100), wlan(), pba()),
        # Without B the LMA promised nothing for the other path.
        then(both, lambda s: s.register(s.lte), wait(100), wlan(), pba(hnp="2001:db8:999::/64")),
        then(both, lambda s: s.register(s.lte, bulk=True), wait(100), wlan(), pba(status=130)),
    ],
    unclear=[
        then(
            both,
            lambda s: s.register(s.lte, bulk=True),
            missing(),
            wait(100),
            wlan(),
            pba(hnp="2001:db8:999::/64"),
        )
    ],
)

# --------------------------------------------------------------------- 4.2 MAG Identifier option

example(
    "RFC8278-4.2-MAGID-STABLE",
    fires=[then(both, lte(replacing=(mag_identifier("mag1.example.com"),)))],
    silent=[
        then(both, lte()),
        then(
            both,
            lambda s: s.deregister(s.lte),
            lambda s: s.deregister(s.wlan),
            wait(20),
            lte(hi=1, replacing=(mag_identifier("mag1.example.com"),)),
        ),
        # Another mobile node is another session.
        then(
            both,
            lambda s: s.pbu(
                s.lte, "mn2@example.com", replacing=(mag_identifier("mag1.example.com"),)
            ),
        ),
        late_start(lte(replacing=(mag_identifier("mag1.example.com"),))),
    ],
    unclear=[then(both, missing(), lte(replacing=(mag_identifier("mag1.example.com"),)))],
    party="MAG",
)

# ------------------------------------------------------------------ 4.4 Signaling Considerations

WITHOUT = (63, 64)

example(
    "RFC8278-4.4-MMB-EACH-PBU",
    fires=[
        then(both, lte(without=WITHOUT)),
        then(both, wlan(without=WITHOUT, lifetime=0)),
        then(both, lte(without=(63,))),
    ],
    silent=[
        then(both, lte()),
        # Another MAG, which knows no RFC 8278, takes over.
        then(both, lambda s: s.pbu(s.plain, hi=3)),
        # The MAG left multipath: the LMA refused a path, or all paths are gone.
        then(both, lte(), pba(status=180), wait(5), wlan(without=WITHOUT)),
        then(both, lte(), pba(without=(63,)), wait(5), wlan(without=WITHOUT)),
        then(
            both,
            lambda s: s.deregister(s.lte),
            lambda s: s.deregister(s.wlan),
            wait(20),
            lte(without=WITHOUT, hi=1),
        ),
        then(lambda s: s.register(s.lte, multipath=False), wait(5), lte(without=WITHOUT)),
        late_start(lte(without=WITHOUT)),
        then(both, lte(without=WITHOUT), lambda s: s.cut(60)),
    ],
    unclear=[then(both, missing(), lte(without=WITHOUT))],
    party="MAG",
)


def together(s: Stage) -> None:
    """PBUs for both paths leave within 5 ms."""
    s.first = s.pbu(s.lte)
    s.wait(0.005)
    s.second = s.pbu(s.wlan, hnp="::/0", hi=1)
    s.wait(0.02)


def answer(which: str, **parts: Any) -> Play:
    """Answer the PBU that the stage remembers by that name."""
    return lambda s: s.pba(getattr(s, which), **parts)


example(
    "RFC8278-4.4-DISCOVER-FIRST",
    fires=[
        then(together, answer("first", without=(63,))),
        then(together, answer("second", without=(63,))),
        then(together, answer("first", status=180)),
    ],
    silent=[
        then(together),  # no answer, no proof
        then(both, lte(), wait(0.005), wlan(), wait(0.02), pba()),  # the LMA is known
        then(lte(), wait(0.02), pba(without=(63,)), wait(0.01), wlan()),
        # The second PBU names a prefix, so there was an answer before.
        then(
            lambda s: setattr(s, "first", s.pbu(s.lte)),
            lambda s: s.pbu(s.wlan, hnp=PREFIX),
            answer("first", without=(63,)),
        ),
        # Two mobile nodes, one path each.
        then(
            lambda s: setattr(s, "first", s.pbu(s.lte)),
            lambda s: s.pbu(s.wlan, "mn2@example.com"),
            answer("first", without=(63,)),
        ),
        then(together, answer("first", without=(63,)), lambda s: s.cut(48)),
    ],
    unclear=[then(together, answer("first"), answer("second"))],
    lesser=[(then(another_mag, together, answer("first", status=180)), Severity.INFO)],
    party="MAG",
)
example(
    "RFC8278-4.4-PBA-MMB-REQUIRED",
    fires=[
        then(both, lte(), pba(without=(63,))),
        then(lambda s: s.register(s.lte), wait(5), wlan(), pba(without=(63,))),
    ],
    silent=[
        then(both, lte(), pba()),
        then(lte(), pba(without=(63,))),  # a legacy LMA
        then(both, lte(), pba(status=180, without=(63,))),
        then(both, lte(without=WITHOUT), pba()),
        then(both, lte(), pba(without=(63,)), lambda s: s.cut(48)),
    ],
    unclear=[
        then(both, missing(), lte(), pba(without=(63,))),
        late_start(lte(), pba(), wait(5), missing(), lte(), pba(without=(63,))),
    ],
    lesser=[
        (then(both, lte(lifetime=0), pba(without=(63,))), Severity.WARNING),
        (then(another_mag, lte(), pba(without=(63,))), Severity.INFO),
    ],
    party="LMA",
)


def legacy(s: Stage) -> None:
    """The LMA accepts the LTE path without the option."""
    s.pbu(s.lte)
    s.wait(0.02)
    s.pba(without=(63,))


example(
    "RFC8278-4.4-LEGACY-DISABLE",
    fires=[
        then(legacy, wait(5), wlan()),
        then(legacy, wait(5), lte()),
        # Once per session, however often the MAG asks.
        then(legacy, wait(5), wlan(), pba(without=(63,)), wait(5), lte(), pba(without=(63,))),
    ],
    silent=[
        then(legacy, wait(5), lte(multipath=False)),
        then(legacy, wait(0.3), wlan()),  # sent before the answer came
        then(legacy, wait(2), lte(hnp="::/0", hi=1)),  # the answer did not reach the MAG
        then(legacy, wait(5), wlan(lifetime=0)),
        then(legacy, wait(5), lambda s: s.pbu(s.wlan, "mn2@example.com")),
        then(
            legacy,
            wait(5),
            lambda s: s.pbu(s.mag("mag2@example.com").path("2001:db8:e::1", bid=1), hi=3),
        ),
        then(
            legacy,
            wait(5),
            lambda s: s.deregister(s.lte, multipath=False),
            wait(400),
            lte(hnp="::/0", hi=1),
        ),
        then(lost(lambda s: s.pbu(s.lte)), wait(0.02), pba(without=(63,)), wait(60), wlan()),
    ],
    unclear=[
        then(legacy, missing(), wait(5), wlan()),
        then(legacy, wait(60), lte(hi=4)),  # the MAG may have restarted
    ],
    party="MAG",
)


def denied(s: Stage) -> None:
    """The LMA rejects the LTE path with status 180."""
    s.pbu(s.lte)
    s.wait(0.02)
    s.pba(status=180)


example(
    "RFC8278-4.4-180-DISABLE",
    fires=[then(denied, wait(5), wlan()), then(denied, wait(5), lte())],
    silent=[
        then(denied, wait(5), lte(multipath=False)),
        then(denied, wait(0.3), wlan()),
        then(denied, wait(2), lte()),  # the answer did not reach the MAG
        then(denied, wait(5), lambda s: s.pbu(s.lte, "mn2@example.com")),
        then(denied, wait(400), lte()),
        then(lte(), wait(0.02), pba(status=130), wait(5), lte()),
        then(lost(lambda s: s.pbu(s.lte)), wait(0.02), pba(status=180), wait(60), wlan()),
    ],
    unclear=[
        then(denied, missing(), wait(5), wlan()),
        # Other paths are in use, of which the RFC does not speak.
        then(both, lte(), pba(status=180), wait(5), wlan()),
    ],
    party="MAG",
)
example(
    "RFC8278-4.4-180-CONTRADICT",
    fires=[then(both, lte(), pba(status=180))],
    silent=[
        then(denied),
        then(both, lte(), pba(status=130)),
        then(both, lte(lifetime=0), pba(status=180)),
        late_start(lte(), pba(status=180)),
    ],
    unclear=[then(both, missing(), lte(), pba(status=180))],
    party="LMA",
)

# ----------------------------------------------------------------------------------- 3.1 Call flow


def revoked_between(s: Stage) -> None:
    """The MAG gives up its path while the answer for another one is on its way."""
    s.register(s.lte)
    asked = s.pbu(s.wlan)
    s.bri(s.lte, from_mag=True)
    s.wait(0.02)
    s.bra()
    s.wait(0.02)
    s.pba(asked)


example(
    "RFC8278-3.1-HNP-2ND-PATH",
    fires=[then(lambda s: s.register(s.lte), wait(5), wlan(hnp="::/0"))],
    silent=[
        then(lambda s: s.register(s.lte), wait(5), wlan()),
        then(together),  # the first answer is still to come
        then(lambda s: s.register(s.lte), wait(0.2), wlan(hnp="::/0")),
        then(
            lambda s: s.register(s.lte),
            wait(5),
            lambda s: s.pbu(s.wlan, "mn2@example.com", hnp="::/0"),
        ),
        then(
            lambda s: s.register(s.lte),
            wait(5),
            wlan(replacing=(home_network_prefix("2001:db8:100::/64"),)),
        ),
        late_start(wlan(hnp="::/0")),
    ],
    unclear=[
        then(lambda s: s.register(s.lte), missing(), wait(5), wlan(hnp="::/0")),
        then(revoked_between, wait(5), lte(hnp="::/0")),
    ],
    party="MAG",
)
