"""An LMA with an IPv6 and an IPv4 address, and a mobile node with a path over each."""

from __future__ import annotations

import pytest
from track_run import Domain, Run

from pmiptrace.model import SECOND
from pmiptrace.testing import Path

IPV4_LMA, IPV4_COA = "198.51.100.1", "192.0.2.1"
PREFIX = "2001:db8:100::/64"


def dsl(d: Domain, bid: int = 2, address: str = IPV4_COA) -> Path:
    return d.mag("mag1@example.com").path(address, bid=bid, if_att=4, if_label=9)


def over_ipv4(
    d: Domain,
    path: Path,
    *,
    asks: str | None = PREFIX,
    granted: str = PREFIX,
    lma: str = IPV4_LMA,
    **parts: object,
) -> None:
    """Have a path registered at the LMA's other address."""
    request = d.pbu(path, lma=lma, hnp=asks, **parts)
    d.wait(0.02)
    d.pba(request, hnp=granted)


def sessions(run: Run) -> list[dict[str, str]]:
    return [run.states(session) for session in run.sessions]


@pytest.mark.parametrize("asks", [PREFIX, None], ids=["names the prefix", "asks for one"])
def test_a_further_path_to_the_other_address_is_one_of_the_session(asks: str | None) -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(3)
    over_ipv4(d, dsl(d), asks=asks)
    run = Run(d)
    assert sessions(run) == [{"1": "ACTIVE", "2": "ACTIVE"}]
    assert run.kinds[-1] == "add-path"
    assert not run.sessions[0].partial


def test_the_first_path_may_be_over_ipv4() -> None:
    d = Domain()
    over_ipv4(d, dsl(d), asks=None)
    d.wait(3)
    d.register(d.lte, hnp=PREFIX)
    assert sessions(Run(d)) == [{"1": "ACTIVE", "2": "ACTIVE"}]


def test_a_bulk_refresh_reaches_the_path_at_the_other_address() -> None:
    d = Domain()
    d.register(d.lte)
    over_ipv4(d, dsl(d))
    d.wait(100)
    d.register(d.lte, bulk=True, hi=5)
    run = Run(d)
    (session,) = run.sessions
    one, other = (binding.expires_at or 0 for binding in session.bindings)
    assert abs(one - other) < SECOND
    assert run.events == []


def test_an_overwrite_reaches_it_too() -> None:
    d = Domain()
    d.register(d.lte)
    over_ipv4(d, dsl(d))
    d.wait(100)
    over_ipv4(d, dsl(d, 3, "192.0.2.3"), overwrite=True)
    assert sessions(Run(d)) == [{"1": "REPLACED", "2": "REPLACED", "3": "ACTIVE"}]


def test_it_goes_for_the_next_mobile_node_at_once() -> None:
    d = Domain()
    d.register(d.lte)
    over_ipv4(d, dsl(d))
    d.register(d.lte, "mn2@example.com", hnp="2001:db8:102::/64")
    over_ipv4(d, dsl(d), mn="mn2@example.com", asks=None, granted="2001:db8:102::/64")
    assert sessions(Run(d)) == [{"1": "ACTIVE", "2": "ACTIVE"}] * 2


@pytest.mark.parametrize(
    "what",
    [
        {"granted": "2001:db8:200::/64", "asks": None},
        {"lma": "2001:db8:f::2"},
        {"multipath": False},
    ],
    ids=["another prefix", "an address of the same family", "no multipath"],
)
def test_addresses_without_a_sign_of_that_are_two_lmas(what: dict[str, object]) -> None:
    d = Domain()
    d.register(d.lte)
    path = d.wlan if "lma" in what else dsl(d)
    over_ipv4(d, path, **what)  # type: ignore[arg-type]
    assert len(Run(d).sessions) == 2


def test_what_was_given_up_at_one_address_says_nothing_of_the_other() -> None:
    d = Domain()
    d.register(d.lte)
    d.register(d.lte, lifetime=0)
    d.wait(60)
    over_ipv4(d, dsl(d))
    assert len(Run(d).sessions) == 2
