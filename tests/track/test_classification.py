"""What a PBU asks for, by what it meets."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from track_run import Domain, Run

from pmiptrace.address import address_octets
from pmiptrace.model import ExchangeKind as K
from pmiptrace.testing import Sent, mag_identifier
from pmiptrace.wire.messages.rfc5846 import BindingRevocationIndication
from pmiptrace.wire.messages.rfc5847 import Heartbeat
from pmiptrace.wire.messages.rfc7077 import UpdateNotification
from pmiptrace.wire.options.rfc5844 import Ipv4HomeAddressReply, Ipv4HomeAddressRequest

Before = Callable[[Domain], object]
Request = Callable[[Domain], Sent]
HOME = address_octets("10.0.0.5")


def nothing(d: Domain) -> None:
    pass


def lte(d: Domain) -> None:
    d.register(d.lte)
    d.wait(10)


def both(d: Domain) -> None:
    lte(d)
    d.register(d.wlan)
    d.wait(10)


def plain(d: Domain) -> None:
    d.register(d.plain)
    d.wait(10)


def dual_stack(d: Domain) -> None:
    d.pbu(d.plain, also=[Ipv4HomeAddressRequest()])
    d.pba(without=[36], also=[Ipv4HomeAddressReply(home_address=HOME)])
    d.wait(10)


def left(d: Domain) -> None:
    """The MAG that the mobile node left de-registered a moment ago."""
    plain(d)
    d.deregister(d.plain)
    d.wait(2)


CASES: list[tuple[str, Before, Request, K]] = [
    ("first", nothing, lambda d: d.pbu(d.lte), K.INITIAL),
    ("first, overwriting nothing", nothing, lambda d: d.pbu(d.lte, overwrite=True), K.INITIAL),
    ("first, bulk of nothing", nothing, lambda d: d.pbu(d.lte, bulk=True), K.INITIAL),
    ("first without multipath", nothing, lambda d: d.pbu(d.plain), K.INITIAL),
    ("mid-session", nothing, lambda d: d.pbu(d.lte, hi=5, hnp="2001:db8:7::/64"), K.REFRESH),
    (
        "mid-session handover",
        nothing,
        lambda d: d.pbu(d.lte, hi=3, hnp="2001:db8:7::/64"),
        K.HANDOVER,
    ),
    ("second path", lte, lambda d: d.pbu(d.wlan), K.ADD_PATH),
    ("second path, HI 1", lte, lambda d: d.pbu(d.wlan, hi=1), K.ADD_PATH),
    ("second path, HI 4", lte, lambda d: d.pbu(d.wlan, hi=4), K.ADD_PATH),
    ("second path, asking for a prefix", lte, lambda d: d.pbu(d.wlan, hnp="::/0"), K.ADD_PATH),
    ("third path", both, lambda d: d.pbu(d.dsl), K.ADD_PATH),
    ("again", lte, lambda d: d.pbu(d.lte), K.REFRESH),
    ("again without multipath", plain, lambda d: d.pbu(d.plain), K.REFRESH),
    ("bulk", both, lambda d: d.pbu(d.lte, bulk=True), K.BULK),
    ("bulk of a new path", both, lambda d: d.pbu(d.dsl, bulk=True), K.BULK),
    ("overwrite", both, lambda d: d.pbu(d.lte, overwrite=True), K.OVERWRITE),
    ("overwrite by a new path", both, lambda d: d.pbu(d.dsl, overwrite=True), K.OVERWRITE),
    (
        "overwrite and bulk",
        both,
        lambda d: d.pbu(d.lte, overwrite=True, bulk=True),
        K.OVERWRITE,
    ),
    (
        "new care-of address of a path",
        both,
        lambda d: d.pbu(d.mag1.path("2001:db8:aa::1", bid=1)),
        K.COA_CHANGE,
    ),
    (
        "another care-of address, multipath given up",
        lte,
        lambda d: d.pbu(d.wlan, multipath=False, also=[mag_identifier("mag1@example.com")]),
        K.COA_CHANGE,
    ),
    (
        "the same care-of address, multipath given up",
        lte,
        lambda d: d.pbu(d.lte, multipath=False, hi=5),
        K.REFRESH,
    ),
    ("another MAG", lte, lambda d: d.pbu(d.far, hi=3), K.HANDOVER),
    ("another MAG, HI 4", lte, lambda d: d.pbu(d.far, hi=4), K.HANDOVER),
    ("another MAG sharing the prefix", lte, lambda d: d.pbu(d.far, hi=6), K.ADD_PATH),
    ("another MAG overwriting", lte, lambda d: d.pbu(d.far, hi=3, overwrite=True), K.HANDOVER),
    (
        "another MAG sharing and overwriting",
        lte,
        lambda d: d.pbu(d.far, hi=6, overwrite=True),
        K.OVERWRITE,
    ),
    ("another plain MAG", plain, lambda d: d.pbu(d.other, hi=3), K.HANDOVER),
    ("another plain MAG, HI 2", plain, lambda d: d.pbu(d.other, hi=2), K.HANDOVER),
    ("another plain MAG, anew", plain, lambda d: d.pbu(d.other, hi=1, hnp="::/0"), K.INITIAL),
    ("the MAG left just now", left, lambda d: d.pbu(d.other, hi=4), K.HANDOVER),
    ("back at the MAG left just now", left, lambda d: d.pbu(d.plain, hi=4), K.INITIAL),
    ("de-registration", lte, lambda d: d.pbu(d.lte, lifetime=0), K.DEREG),
    ("bulk de-registration", both, lambda d: d.pbu(d.lte, lifetime=0, bulk=True), K.DEREG),
    (
        "de-registration of the IPv4 address",
        dual_stack,
        lambda d: d.pbu(
            d.plain, lifetime=0, without=[22], also=[Ipv4HomeAddressRequest(home_address=HOME)]
        ),
        K.DEREG_SELECTIVE,
    ),
    (
        "de-registration of the prefix",
        dual_stack,
        lambda d: d.pbu(d.plain, lifetime=0),
        K.DEREG_SELECTIVE,
    ),
    (
        "de-registration of a session with a prefix only",
        plain,
        lambda d: d.pbu(d.plain, lifetime=0),
        K.DEREG,
    ),
    (
        "revocation",
        lte,
        lambda d: d.send(
            d.lma, d.lte.address, BindingRevocationIndication(trigger=1, sequence=1, proxy=True)
        ),
        K.REVOCATION,
    ),
    (
        "heartbeat",
        lte,
        lambda d: d.send(d.lma, d.lte.address, Heartbeat(sequence=1)),
        K.HEARTBEAT,
    ),
    (
        "notification",
        lte,
        lambda d: d.send(d.lma, d.lte.address, UpdateNotification(sequence=1, reason=1)),
        K.NOTIFICATION,
    ),
]


@pytest.mark.parametrize(
    ("before", "request_", "kind"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_kind(before: Before, request_: Request, kind: K) -> None:
    domain = Domain()
    before(domain)
    request_(domain)
    assert Run(domain).exchanges[-1].kind is kind


def test_every_kind_is_tested() -> None:
    assert {case[3] for case in CASES} == set(K) - {K.UNKNOWN}


def test_an_answer_without_request_has_no_kind() -> None:
    d = Domain()
    request = d.register(d.lte)
    assert Run(d, lost=[request]).exchanges[0].kind is K.UNKNOWN


@pytest.mark.parametrize(("hi", "kind"), [(1, K.HANDOVER), (3, K.HANDOVER), (6, K.ADD_PATH)])
def test_the_prefix_in_the_answer_tells_what_it_was(hi: int, kind: K) -> None:
    d = Domain()
    lte(d)
    d.pbu(d.far, hi=hi, hnp="::/0")
    d.pba(hnp="2001:db8:100::/64")
    assert Run(d).exchanges[-1].kind is kind
