"""Plays for the rules of RFC 5213 that judge a PBU against the messages before it."""

from __future__ import annotations

from typing import Any

from pmiptrace.model import Severity, Status
from pmiptrace.rules.examples.acts import MAC, pba, then
from pmiptrace.rules.examples.example import example
from pmiptrace.rules.examples.rfc6275_session import (
    known,
    late_start,
    much_later,
    numbered,
    other,
    pbu,
    register,
)
from pmiptrace.rules.examples.rfc8278_session import both, lost, lte, wait, wlan
from pmiptrace.rules.examples.stage import Play, Stage
from pmiptrace.wire.options.rfc5213 import AccessTechnologyType
from pmiptrace.wire.options.rfc5844 import Ipv4HomeAddressRequest

TWO = ("2001:db8:100::/64", "2001:db8:101::/64")
FOREIGN = "2001:db8:999::/64"


def missing(count: int = 2) -> Play:
    """The MAG sends messages that the capture misses."""
    return then(*[lost(lambda s: s.pbu(s.plain, "mn9@example.com")) for _ in range(count)])


def deregister(s: Stage) -> None:
    """Let go of the mobile node."""
    s.deregister(s.plain)


# ------------------------------------------------------------------------ 6.9.1.1 Registration

example(
    "RFC5213-6.9.1.1-TS-OR-SEQ",
    fires=[
        known(pbu(without=(27,))),
        numbered(pbu(timestamp=1_700_000_000_000_000_000)),
        # However often.
        known(pbu(without=(27,)), pba(), wait(5), pbu(without=(27,))),
    ],
    silent=[
        known(pbu()),
        numbered(pbu()),
        known(pbu(without=(27,)), lambda s: s.cut(40)),
        known(lambda s: s.pbu(s.plain, lma="2001:db8:f::2", without=(27,))),
    ],
    lesser=[(known(other(without=(27,), hi=3)), Severity.WARNING)],
)
example(
    "RFC5213-6.9.1.1-LLA-FIXED",
    fires=[
        known(pbu(link_local="::")),
        known(other(link_local="::", hi=3)),
        then(register(link_local="fe80::1"), wait(5), pbu()),
    ],
    silent=[known(pbu()), then(register(link_local="::"), wait(5), pbu(link_local="fe80::1"))],
)
example(
    "RFC5213-6.9.1.1-SEQ-MONO",
    fires=[
        known(pbu(sequence=100)),
        known(pbu(sequence=101), pba()),
        # Counted per mobile node; reported once.
        known(
            lambda s: s.register(s.plain, "mn2@example.com", sequence=600),
            wait(5),
            pbu(sequence=102),
            pba(),
            wait(5),
            lambda s: s.pbu(s.plain, "mn2@example.com", sequence=101),
        ),
    ],
    silent=[
        known(pbu()),
        known(pbu(sequence=900)),
        # A retransmission with the old number.
        known(pbu(), wait(1), pbu(sequence=102)),
        # The timestamp went back as well: captured in another order than sent.
        known(
            lambda s: setattr(s, "stamp", s.now),
            wait(0.005),
            pbu(sequence=103),
            lambda s: s.pbu(s.plain, "mn2@example.com", sequence=102, timestamp=s.stamp),
        ),
        known(other(sequence=3, hi=3)),
        numbered(pbu(sequence=100)),
    ],
    unclear=[
        # A MAG that restarted may begin anew.
        known(pbu(sequence=1, hi=1)),
        known(register(sequence=20_000), wait(5), pbu(sequence=3)),
    ],
    party="MAG",
)

# ------------------------------------------------------------------ 6.9.1.3 Extending a lifetime

example(
    "RFC5213-6.9.1.3-HI5",
    fires=[known(pbu(hi=2)), known(pbu(hi=6)), then(both, lte(hi=2))],
    status=Status.INCONCLUSIVE,
    silent=[
        known(pbu(hi=5)),
        known(pbu(hi=4, lifetime=0)),
        # The mobile node attached over another technology, or with another interface.
        known(pbu(hi=2, att=4)),
        known(pbu(hi=2, link_layer=MAC)),
        then(register(), wait(0.3), pbu(hi=1)),
        then(pbu(), wait(20), pbu(hi=1, att=3)),  # the first answer was not seen
        known(other(hi=3)),
        then(both, wlan(hi=5)),
        known(deregister, wait(20), pbu(hi=1)),
        late_start(pbu(hi=1)),
        # The answer did not reach the MAG.
        then(pbu(hi=3), pba(), wait(1), pbu(hi=3, hnp="::/0")),
        # The MAG gave the binding up, though the LMA did not answer.
        known(pbu(lifetime=0), wait(20), pbu(hi=4)),
        known(pbu(lifetime=0), pba(status=157), wait(20), pbu(hi=4)),
    ],
    unclear=[known(pbu(hi=1)), known(pbu(hi=3)), known(pbu(hi=4))],
    party="MAG",
)


def two_paths_dropped(s: Stage) -> None:
    """One PBU with B=1 de-registers both paths."""
    both(s)
    s.deregister(s.lte, bulk=True)


example(
    "RFC5213-6.9.1.3-HI5-INITIAL",
    fires=[
        known(pbu(hi=5, hnp="::/0")),
        pbu(hi=5),
        known(deregister, wait(5), pbu(hi=5)),
        known(deregister, wait(60), pbu(hi=5)),
    ],
    silent=[
        known(pbu(hi=5)),
        known(deregister, wait(5), pbu(hi=1)),
        known(deregister, wait(0.2), pbu(hi=5)),  # on its way when the answer came
        pbu(hi=5, hnp="2001:db8:100::/64"),  # registered before the capture
        late_start(pbu(hi=5)),
        # Which value a further path has is not said.
        then(lambda s: s.register(s.lte), wait(5), wlan(hi=5)),
        # RFC8278-4.1-O-SURVIVOR has its own say.
        then(both, lambda s: s.register(s.wlan, overwrite=True), wait(60), lte(hi=5)),
        # The first answer was not captured.
        then(pbu(), lost(lambda s: s.pba()), wait(60), pbu(hi=5)),
        # Another session of the mobile node, from before the capture, has these.
        then(pbu(), pba(status=130), wait(5), pbu(hi=5, att=3, hnp=TWO)),
    ],
    unclear=[
        known(deregister, missing(), wait(5), pbu(hi=5)),
        # The old MAG may not have noticed that the mobile node left.
        known(lambda s: s.register(s.other, hi=3), wait(60), pbu(hi=5)),
        then(two_paths_dropped, wait(60), wlan(hi=5)),
        # Other paths, which the capture does not show, may keep the session.
        then(
            lambda s: s.register(s.lte),
            wait(5),
            lambda s: s.deregister(s.lte),
            wait(60),
            lte(hi=5),
        ),
        known(other(hi=5)),
    ],
    lesser=[
        (then(register(lifetime=400), wait(420), pbu(hi=5)), Severity.INFO),
        (then(register(lifetime=400), wait(500), pbu(hi=5)), Severity.WARNING),
    ],
    party="MAG",
)


def two_prefixes(*acts: Play) -> Play:
    """The LMA assigns two prefixes."""
    return then(pbu(), pba(hnp=TWO), wait(10), *acts)


IPV4 = (Ipv4HomeAddressRequest(prefix_length=32, home_address=bytes([192, 0, 2, 1])),)

example(
    "RFC5213-6.9.1.3-HNP-ALL",
    fires=[
        two_prefixes(pbu(hnp=TWO[:1])),
        two_prefixes(pbu(hnp=TWO[1:], lifetime=0)),
        two_prefixes(pbu(hnp=(*TWO, FOREIGN))),
        known(pbu(hnp=("2001:db8:100::/64", FOREIGN))),
        known(pbu(hnp="::/0", lifetime=0)),
    ],
    silent=[
        two_prefixes(pbu(hnp=TWO)),
        two_prefixes(pbu(hnp=TWO[::-1])),
        two_prefixes(pbu(hnp=TWO, lifetime=0)),
        two_prefixes(lambda s: s.pbu(s.other, hi=3, hnp=TWO[:1])),  # a handover
        two_prefixes(pbu(hi=1, hnp="::/0")),  # attached anew
        two_prefixes(pbu(hnp=TWO[:1]), lambda s: s.cut(60)),
        # The IPv4 address alone is given back (RFC 5844).
        two_prefixes(pbu(hnp="::/0", lifetime=0, without=(22,), also=IPV4)),
        late_start(pbu(hnp=FOREIGN)),
    ],
    unclear=[
        two_prefixes(missing(), pbu(hnp=TWO[:1])),
        # It may be another session of the mobile node.
        known(pbu(hnp=FOREIGN)),
        known(pbu(hnp=FOREIGN, lifetime=0)),
    ],
    party="MAG",
)
example(
    "RFC5213-6.9.1.3-SAME-OPTS",
    fires=[
        then(register(link_layer=MAC), wait(10), pbu()),
        then(register(link_local="::"), wait(10), pbu(lifetime=0)),
        known(pbu(link_local="fe80::1")),
        known(pbu(without=(27,))),
        # Attached anew, with another set.
        known(deregister, wait(20), register(link_layer=MAC), wait(10), pbu()),
        then(both, lte(without=(27,))),
    ],
    silent=[
        known(pbu()),
        then(register(link_layer=MAC), wait(10), pbu(link_layer=MAC)),
        known(pbu(link_layer=MAC)),  # learned in the meantime
        # The mobile node attached anew.
        then(
            register(link_layer=MAC),
            wait(10),
            lambda s: s.deregister(s.plain, link_layer=MAC),
            wait(20),
            pbu(hi=1),
        ),
        known(deregister, wait(20), register(link_local="::"), wait(5), pbu(link_local="::")),
        known(other(link_local="::", hi=3)),
        # These have rules of their own.
        known(pbu(without=(24,))),
        known(pbu(also=IPV4)),
        then(both, lte(without=(63, 64))),
        then(register(link_layer=MAC), wait(10), pbu(), lambda s: s.cut(60)),
        late_start(pbu(link_local="::")),
        late_start(register(), wait(5), pbu(link_local="::")),
    ],
    unclear=[then(register(link_layer=MAC), wait(10), missing(), pbu())],
    party="MAG",
)

# ----------------------------------------------------------------- 6.9.1.2 Receiving the answer

OTHER_ATT = (AccessTechnologyType(access_technology=5),)


def garbled(*acts: Play) -> Play:
    """The LMA answers with another Access Technology Type."""
    return known(pbu(), pba(replacing=OTHER_ATT), *acts)


example(
    "RFC5213-6.9.1.2-ECHO-RETX",
    fires=[
        garbled(wait(1), pbu()),
        then(pbu(), pba(replacing=OTHER_ATT), wait(2), pbu(hnp="::/0", hi=1)),
    ],
    silent=[
        known(pbu(), pba(), wait(1), pbu()),
        garbled(wait(0.2), pbu()),  # sent before the answer came
        garbled(wait(1), pbu(lifetime=0)),
        garbled(wait(1), pbu(att=3)),
        garbled(wait(1), lambda s: s.pbu(s.plain, "mn2@example.com")),
        garbled(wait(1), other(hi=3)),
        garbled(wait(4000), pbu()),
    ],
    unclear=[garbled(missing(), wait(1), pbu()), garbled(wait(900), pbu())],
    party="MAG",
)


def refused(status: int, *acts: Play, **parts: Any) -> Play:
    """The first PBU of the mobile node is rejected; the MAG sent one for another before."""
    before = then(lambda s: s.register(s.plain, "mn0@example.com"), wait(1))
    return then(before, pbu(**parts), pba(status=status), *acts)


example(
    "RFC5213-6.9.1.2-152-STOP",
    fires=[
        refused(152, wait(5), pbu()),
        refused(152, wait(5), pbu(hnp=FOREIGN)),
        refused(152, wait(1), pbu(att=3)),
        # Later than a retransmission may be.
        then(
            lambda s: s.register(s.plain, "mn2@example.com"),
            *(pbu(), wait(1.5), pbu(), wait(3), pbu(), pba(status=152), wait(12), pbu()),
        ),
    ],
    silent=[
        refused(130, wait(5), pbu()),
        refused(152, wait(1), pbu()),  # the answer did not reach the MAG
        # Nor did it here, where the MAG had waited 1.5 s and 3 s before.
        then(
            lambda s: s.register(s.plain, "mn2@example.com"),
            *(pbu(), wait(1.5), pbu(), wait(3), pbu(), pba(status=152), wait(6), pbu()),
        ),
        refused(152, wait(0.2), pbu(att=3)),
        # Nor did it here, where the MAG tries its other path.
        then(lte(), pba(status=152), wait(1), wlan()),
        refused(152, wait(5), lambda s: s.pbu(s.plain, "mn2@example.com")),
        refused(152, wait(5), other()),
        refused(152, wait(5), pbu(lifetime=0)),
        then(lost(pbu()), lost(lambda s: s.pba(status=152)), wait(5), pbu()),
    ],
    unclear=[refused(152, missing(), wait(5), pbu()), refused(152, wait(100), pbu())],
    party="MAG",
)
example(
    "RFC5213-6.9.1.2-155-SAME",
    fires=[
        refused(155, wait(5), pbu(hnp=FOREIGN), hnp=FOREIGN),
        refused(155, wait(5), pbu(hnp=(FOREIGN, TWO[0])), hnp=FOREIGN),
        # An answer with another status in between does not make it right.
        refused(155, wait(5), pbu(), pba(status=130), wait(5), pbu(hnp=FOREIGN), hnp=FOREIGN),
    ],
    silent=[
        refused(155, wait(5), pbu(hnp="::/0"), hnp=FOREIGN),
        refused(155, wait(5), pbu(hnp=TWO[0]), hnp=FOREIGN),
        refused(155, wait(1), pbu(hnp=FOREIGN), hnp=FOREIGN),
        refused(155, wait(5), other(hnp=FOREIGN), hnp=FOREIGN),
        refused(130, wait(5), pbu(hnp=FOREIGN), hnp=FOREIGN),
        # Accepted at last.
        refused(
            155, wait(1), pbu(hnp=FOREIGN), pba(), wait(60), pbu(hnp=FOREIGN, hi=5), hnp=FOREIGN
        ),
    ],
    unclear=[
        refused(155, missing(), wait(5), pbu(hnp=FOREIGN), hnp=FOREIGN),
        refused(155, wait(100), pbu(hnp=FOREIGN), hnp=FOREIGN),
    ],
    party="MAG",
)
example(
    "RFC5213-6.9.1.2-157-RETRY",
    fires=[refused(157, much_later)],
    status=Status.INCONCLUSIVE,
    silent=[
        refused(157, wait(3), pbu(), much_later),
        refused(157, wait(3), pbu(), pba(), much_later),
        refused(157, wait(5)),  # there is still time
        refused(156, much_later),
        known(pbu(lifetime=0), pba(status=157), much_later),
    ],
    party="unknown",
)
example(
    "RFC5213-6.9.4-RETX",
    fires=[known(pbu(), much_later)],
    status=Status.INCONCLUSIVE,
    silent=[
        known(pbu(), wait(1), pbu(), much_later),
        known(pbu(), pba(), much_later),
        known(pbu(), wait(10)),
        known(pbu(lifetime=0), much_later),
        # The MAG thought better of it.
        known(pbu(), wait(1), pbu(lifetime=0), much_later),
        then(pbu(), much_later),  # answers are not captured
    ],
    party="unknown",
)
