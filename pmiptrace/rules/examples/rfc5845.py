"""Plays for the rules of RFC 5845: GRE keys."""

from __future__ import annotations

from typing import Any

from pmiptrace.model import Status
from pmiptrace.rules.examples.acts import pba, plain, then, unseen
from pmiptrace.rules.examples.example import example
from pmiptrace.rules.examples.rfc5213_pbu_session import missing
from pmiptrace.rules.examples.rfc5844 import unseen_before
from pmiptrace.rules.examples.rfc8278_session import wait
from pmiptrace.rules.examples.stage import Play, Stage, unknown
from pmiptrace.wire.messages import Heartbeat
from pmiptrace.wire.options.rfc5845 import GreKey
from pmiptrace.wire.options.rfc5847 import RestartCounter

DOWNLINK = GreKey(key=7)
UPLINK = GreKey(key=8)
WITHOUT_KEY = GreKey()


def keyed(**parts: Any) -> Play:
    """A PBU with the downlink key."""
    return plain(**{"also": [DOWNLINK], **parts})


def granted(**parts: Any) -> Play:
    """The PBA with the uplink key."""
    return pba(**{"replacing": [UPLINK], **parts})


def exchanged(*acts: Play) -> Play:
    """Keys are exchanged for the session; 10 s go by."""
    return then(keyed(), granted(), wait(10), *acts)


# ---------------------------------------------------------------------- the option and its answer

example(
    "RFC5845-6.1-RESERVED",
    fires=[
        then(plain(also=[GreKey(reserved=1, key=7)]), pba()),  # echoed
        then(keyed(), pba(replacing=[GreKey(reserved=1, key=8)])),
    ],
    silent=[keyed(), exchanged(), plain(also=[WITHOUT_KEY])],
    unclear=[then(keyed(), unseen, pba(replacing=[GreKey(reserved=1)]))],
)
example(
    "RFC5845-5.2-KEY-REPLY",
    fires=[
        then(keyed(), pba(replacing=[WITHOUT_KEY])),
        then(plain(also=[WITHOUT_KEY]), pba(replacing=[UPLINK])),
        exchanged(keyed(), pba(replacing=[WITHOUT_KEY])),
    ],
    silent=[
        exchanged(),
        then(plain(also=[WITHOUT_KEY]), pba()),
        then(keyed(), pba(without=[33])),  # no support
        then(keyed(), pba(status=130, replacing=[WITHOUT_KEY])),
        then(keyed(), pba(status=2, replacing=[WITHOUT_KEY])),
        exchanged(keyed(lifetime=0), pba(replacing=[WITHOUT_KEY])),
        then(keyed(), unseen, pba(replacing=[WITHOUT_KEY])),
        then(plain(also=[unknown(33, 0, 0, 0)]), pba(without=[33], also=[UPLINK])),
    ],
    unclear=[
        # The session may have keys from before.
        then(plain(also=[WITHOUT_KEY], hi=5, hnp="2001:db8:1::/64"), pba(replacing=[UPLINK])),
    ],
    party="LMA",
)
example(
    "RFC5845-5.2-NOTREQ",
    fires=[then(keyed(), pba(status=2)), then(keyed(), unseen, pba(status=2))],
    silent=[
        then(keyed(), pba(status=2, without=[33])),
        exchanged(),
        then(keyed(), pba(status=3)),
    ],
    party="LMA",
)
example(
    "RFC5845-4.2-DEREG-NOKEY",
    fires=[exchanged(keyed(lifetime=0)), exchanged(plain(lifetime=0, also=[WITHOUT_KEY]))],
    silent=[exchanged(plain(lifetime=0)), exchanged(keyed())],
    party="MAG",
)

# ------------------------------------------------------------------------------------ the T flag

example(
    "RFC5845-7.2-T",
    fires=[then(keyed(), granted(tlv_header=True))],
    silent=[
        then(keyed(tlv_header=True), granted(tlv_header=True)),
        then(keyed(tlv_header=True), granted()),
        exchanged(),
        then(keyed(), unseen, granted(tlv_header=True)),
    ],
    party="LMA",
)
example(
    "RFC5845-7.3-STATUS3-T",
    fires=[then(keyed(tlv_header=True), granted(status=3, tlv_header=True))],
    silent=[
        then(keyed(tlv_header=True), granted(status=3)),
        then(keyed(tlv_header=True), granted(tlv_header=True)),
    ],
    party="LMA",
)

# -------------------------------------------------------------------- keys of a session over time


def restarted(s: Stage) -> None:
    """The LMA's restart counter goes up."""
    for number, counter in enumerate((7, 8)):
        s.send(s.plain.address, s.lma, Heartbeat(sequence=number))
        s.wait(0.01)
        answer = Heartbeat(sequence=number, response=True)
        s.send(s.lma, s.plain.address, answer, RestartCounter(restart_counter=counter))
        s.wait(60)


example(
    "RFC5845-3.3.2-UPKEY-STABLE",
    fires=[
        exchanged(keyed(), granted(replacing=[GreKey(key=9)])),
        exchanged(keyed(), granted(), wait(10), keyed(), granted(replacing=[GreKey(key=9)])),
    ],
    silent=[
        exchanged(keyed(), granted()),
        exchanged(keyed(), pba(without=[33])),
        exchanged(keyed(), granted(status=130, replacing=[GreKey(key=9)])),
        # Attached anew, after a de-registration whose answer was lost.
        exchanged(plain(lifetime=0), wait(40), keyed(hi=4), granted(replacing=[GreKey(key=9)])),
        # A new session, with a new key.
        exchanged(
            plain(lifetime=0), pba(), wait(20), keyed(hi=1), granted(replacing=[GreKey(key=9)])
        ),
        exchanged(lambda s: s.pbu(s.plain, "mn2@example.com", also=[DOWNLINK]), pba()),
        exchanged(restarted, keyed(), granted(replacing=[GreKey(key=9)])),
        # Each path has a key of its own.
        then(
            lambda s: s.pbu(s.lte, also=[DOWNLINK]),
            granted(),
            wait(5),
            lambda s: s.pbu(s.wlan, also=[DOWNLINK]),
            granted(replacing=[GreKey(key=9)]),
        ),
        unseen_before(exchanged(), then(keyed(), granted(replacing=[GreKey(key=9)]))),
    ],
    status=Status.INCONCLUSIVE,
    unclear=[
        exchanged(missing(), keyed(), granted(replacing=[GreKey(key=9)])),
        exchanged(
            lambda s: s.pbu(s.other, hi=3, also=[DOWNLINK]), granted(replacing=[GreKey(key=9)])
        ),
    ],
    party="LMA",
)
example(
    "RFC5845-3.3.2-REREG-KEY",
    fires=[
        exchanged(plain()),
        exchanged(plain(also=[WITHOUT_KEY])),
        exchanged(keyed(), granted(), wait(10), plain()),
    ],
    silent=[
        exchanged(keyed()),
        exchanged(plain(lifetime=0)),
        exchanged(plain(hi=1)),  # attached anew
        exchanged(lambda s: s.pbu(s.other, hi=3)),  # a handover
        then(keyed(), pba(without=[33]), wait(10), plain()),  # no support
        then(keyed(), pba(status=2, without=[33]), wait(10), plain()),
        then(plain(also=[WITHOUT_KEY]), pba(), wait(10), plain()),
        then(plain(), pba(also=[UPLINK]), wait(10), plain()),  # the MAG gave no key
        then(keyed(), granted(), wait(0.2), plain()),  # sent before the answer came
        exchanged(plain(), lambda s: s.cut(60)),
        exchanged(plain(also=[unknown(33, 0)])),
        unseen_before(exchanged(), plain()),
    ],
    unclear=[exchanged(missing(), plain())],
    party="MAG",
)
