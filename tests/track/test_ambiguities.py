"""Questions that RFC 8278 leaves open, and the state that the answers chosen lead to."""

from __future__ import annotations

from track_run import MN, Domain, Run

from pmiptrace.address import address_octets
from pmiptrace.model import Option, SessionMode
from pmiptrace.testing import Path, mag_identifier, mn_identifier
from pmiptrace.wire.messages.rfc5846 import (
    BindingRevocationAcknowledgement,
    BindingRevocationIndication,
)
from pmiptrace.wire.options.rfc5648 import BindingIdentifier
from pmiptrace.wire.options.rfc6275 import AlternateCareOfAddress
from pmiptrace.wire.options.rfc8278 import MagMultipathBinding

MMB = 63


def both(d: Domain) -> None:
    d.register(d.lte)
    d.wait(5)
    d.register(d.wlan)
    d.wait(100)


def three(d: Domain) -> None:
    both(d)
    d.register(d.dsl)
    d.wait(10)


def nameless(d: Domain) -> tuple[Path, Path]:
    """Two paths whose PBUs lack the MAG Identifier."""
    mag = d.mag(None)
    return mag.path("2001:db8:a::1", bid=1), mag.path("2001:db8:b::1", bid=2)


# ----------------------------------------------------------- D5: how far a bulk refresh reaches


def test_bulk_refresh_gives_all_paths_of_the_mag_the_lifetime_of_the_answer() -> None:
    d = Domain()
    both(d)
    d.pbu(d.wlan, bulk=True, lifetime=3600)
    d.wait(1)
    d.pba(lifetime=1200)
    run = Run(d)
    assert {b.bid: b.lifetime for b in run.session.bindings} == {1: 1200, 2: 1200}
    assert {b.expires_at for b in run.session.bindings} == {d.now + 1200 * 10**9}


def test_bulk_refresh_stops_at_the_session_and_at_the_mag() -> None:
    d = Domain()
    d.register(d.lte, lifetime=600)
    d.register(d.far, hi=6, lifetime=600)
    d.pbu(d.wlan, "mn2@example.com", lifetime=600)
    d.pba()
    d.wait(10)
    d.register(d.lte, bulk=True, lifetime=3600)
    run = Run(d)
    assert [[b.lifetime for b in s.bindings] for s in run.sessions] == [[3600, 600], [600]]


def test_a_rejected_bulk_refresh_extends_nothing() -> None:
    d = Domain()
    both(d)
    before = {b.bid: b.expires_at for b in Run(d).session.bindings}
    d.pbu(d.wlan, bulk=True)
    d.pba(status=130)
    assert {b.bid: b.expires_at for b in Run(d).session.bindings} == before


def test_the_b_flag_in_an_answer_is_no_request() -> None:  # D4
    d = Domain()
    both(d)
    before = Run(d).binding(d.wlan).expires_at
    d.pbu(d.lte)
    d.pba(replacing=[MagMultipathBinding(if_att=8, if_label=11, bid=1, bulk=True)])
    assert Run(d).binding(d.wlan).expires_at == before


# -------------------------------------------------------------------- D6: bulk de-registration


def test_bulk_de_registration_ends_all_paths() -> None:
    d = Domain()
    three(d)
    d.deregister(d.lte, bulk=True)
    d.wait(20)
    assert Run(d).moves[-9:] == [
        "1 ACTIVE DEREG_PENDING",
        "2 ACTIVE DEREG_PENDING",
        "3 ACTIVE DEREG_PENDING",
        "1 DEREG_PENDING DEREG_WAIT",
        "2 DEREG_PENDING DEREG_WAIT",
        "3 DEREG_PENDING DEREG_WAIT",
        "1 DEREG_WAIT NONE",
        "2 DEREG_WAIT NONE",
        "3 DEREG_WAIT NONE",
    ]


def test_bulk_de_registration_ended_one_path_if_another_goes_on() -> None:
    d = Domain()
    three(d)
    d.deregister(d.lte, bulk=True)
    d.wait(20)
    d.register(d.wlan, hi=5)
    run = Run(d)
    assert run.states() == {"1": "NONE", "2": "ACTIVE", "3": "ASSUMED"}
    assert run.binding(d.dsl).ended_at is None
    assert Run(d, end=3601).states() == {"1": "NONE", "2": "EXPIRED", "3": "EXPIRED"}


def test_bulk_de_registration_ended_all_paths_if_one_begins_anew() -> None:
    d = Domain()
    three(d)
    d.deregister(d.lte, bulk=True)
    d.wait(20)
    d.register(d.wlan, hi=1)
    assert Run(d).states() == {"1": "NONE", "2": "ACTIVE", "3": "NONE"}


def test_bulk_de_registration_does_not_touch_what_was_over() -> None:
    d = Domain()
    three(d)
    d.deregister(d.dsl)
    d.wait(20)
    d.pbu(d.lte, lifetime=0, bulk=True)
    assert Run(d).states() == {"1": "DEREG_PENDING", "2": "DEREG_PENDING", "3": "NONE"}


# ------------------------------------------------------- D7: de-registration over another path


def test_a_path_is_de_registered_over_another() -> None:
    d = Domain()
    both(d)
    there = d.mag1.path("2001:db8:b::1", bid=1)
    d.deregister(there)
    run = Run(d)
    assert run.states() == {"1": "DEREG_WAIT", "2": "ACTIVE"}


def test_a_path_is_de_registered_over_another_with_its_address() -> None:
    d = Domain()
    both(d)
    there = d.mag1.path("2001:db8:b::1", bid=1)
    d.deregister(there, also=[AlternateCareOfAddress(care_of_address=d.lte.address)])
    assert Run(d).states() == {"1": "DEREG_WAIT", "2": "ACTIVE"}


# -------------------------------------------------------- D10: multipath given up in mid-session


def test_a_registration_without_the_option_overwrites_all_paths() -> None:
    d = Domain()
    both(d)
    d.register(d.lte, multipath=False)
    run = Run(d)
    assert run.session.mode is SessionMode.SINGLE
    assert run.states() == {"1": "REPLACED", "2": "REPLACED", "a": "ACTIVE"}
    assert {b.replaced_by for b in run.session.bindings} == {"single", None}
    assert "PM-HANDOVER" not in run.events


def test_a_registration_without_the_option_from_elsewhere_is_a_handover() -> None:
    d = Domain()
    both(d)
    d.register(d.plain, hi=3)
    run = Run(d)
    assert run.events == ["PM-HANDOVER"]
    assert run.states() == {"1": "REPLACED", "2": "REPLACED", "c": "ACTIVE"}


def test_multipath_asked_for_where_there_is_a_plain_binding() -> None:
    d = Domain()
    d.register(d.lte, multipath=False)
    d.wait(10)
    d.register(d.lte)
    d.wait(10)
    d.register(d.wlan)
    run = Run(d)
    assert run.session.mode is SessionMode.MULTIPATH
    assert run.states() == {"1": "ACTIVE", "2": "ACTIVE"}
    assert run.kinds == ["initial", "refresh", "add-path"]


def test_multipath_asked_for_beside_a_plain_binding() -> None:
    d = Domain()
    d.register(d.lte, multipath=False, also=[mag_identifier("mag1@example.com")])
    d.wait(10)
    d.register(d.wlan)
    run = Run(d)
    assert run.states() == {"a": "ACTIVE", "2": "ACTIVE"}
    assert run.kinds == ["initial", "add-path"]


# ----------------------------------------------------------------- D11: no MAG Identifier


def test_two_paths_without_mag_identifier_are_no_handover() -> None:
    for hi in (1, 2, 4, 5, 6):
        d = Domain()
        lte, wlan = nameless(d)
        d.register(lte)
        d.wait(5)
        d.register(wlan, hi=hi)
        run = Run(d)
        assert "PM-HANDOVER" not in run.events
        assert run.kinds == ["initial", "add-path"]
        assert run.states() == {"1": "ACTIVE", "2": "ACTIVE"}


def test_without_mag_identifier_a_handover_is_what_the_pbu_calls_one() -> None:
    d = Domain()
    lte, wlan = nameless(d)
    d.register(lte)
    d.wait(5)
    d.register(wlan, hi=3)
    run = Run(d)
    assert run.events == ["PM-HANDOVER"]
    assert run.states() == {"1": "REPLACED", "2": "ACTIVE"}


def test_bulk_refresh_without_mag_identifier() -> None:
    d = Domain()
    lte, wlan = nameless(d)
    d.register(lte)
    d.register(wlan)
    d.wait(100)
    d.register(lte, bulk=True)
    assert len({b.expires_at for b in Run(d).session.bindings}) == 1


def test_a_path_without_mag_identifier_moves_and_ends_under_its_bid() -> None:
    d = Domain()
    lte, wlan = nameless(d)
    d.register(lte)
    d.register(wlan)
    d.wait(10)
    d.register(lte.mag.path("2001:db8:aa::1", bid=1), hi=5)
    d.wait(10)
    d.deregister(wlan.mag.path("2001:db8:b::1", bid=1))
    run = Run(d)
    assert run.states() == {"1": "DEREG_WAIT", "2": "ACTIVE"}
    assert run.kinds[2:] == ["care-of-change", "deregistration"]


def test_a_legacy_lma_and_two_paths_without_mag_identifier() -> None:
    d = Domain()
    lte, wlan = nameless(d)
    d.pbu(lte)
    d.pba(without=[MMB])
    d.wait(5)
    d.pbu(wlan, hi=1)
    d.pba(without=[MMB])
    run = Run(d)
    assert run.events == ["PM-LEGACY-LMA"]
    assert run.states() == {"a": "REPLACED", "b": "ACTIVE"}
    assert run.session.bindings[0].replaced_by == "single"


# ----------------------------------------------------------------------- D12: which path a BRI ends


def revoke(d: Domain, *options: Option, receiver: Path | None = None) -> dict[str, str]:
    receiver = receiver or d.lte
    d.send(
        d.lma,
        receiver.address,
        BindingRevocationIndication(trigger=1, sequence=1, proxy=True),
        mn_identifier(MN),
        *options,
    )
    d.wait(0.1)
    d.send(
        receiver.address,
        d.lma,
        BindingRevocationAcknowledgement(status=0, sequence=1, proxy=True),
    )
    return Run(d).states(Run(d).sessions[-1])


def test_revocation_selects_by_care_of_address() -> None:
    d = Domain()
    both(d)
    address = address_octets("2001:db8:b::1")
    option = AlternateCareOfAddress(care_of_address=address)
    assert revoke(d, option) == {"1": "ACTIVE", "2": "REVOKED"}


def test_revocation_selects_by_multipath_binding_option() -> None:
    d = Domain()
    both(d)
    option = MagMultipathBinding(if_att=4, if_label=9, bid=2)
    assert revoke(d, option) == {"1": "ACTIVE", "2": "REVOKED"}


def test_revocation_selects_by_binding_identifier_option() -> None:
    d = Domain()
    both(d)
    assert revoke(d, BindingIdentifier(bid=2)) == {"1": "ACTIVE", "2": "REVOKED"}


def test_revocation_with_a_foreign_binding_identifier_selects_by_destination() -> None:
    d = Domain()
    both(d)
    assert revoke(d, BindingIdentifier(bid=777)) == {"1": "REVOKED", "2": "ACTIVE"}


def test_revocation_selects_by_destination() -> None:
    d = Domain()
    both(d)
    assert revoke(d, receiver=d.wlan) == {"1": "ACTIVE", "2": "REVOKED"}


def test_revocation_of_the_whole_session() -> None:
    d = Domain()
    d.register(d.dsl, "mn2@example.com")
    both(d)
    revoke(d, receiver=d.dsl)
    run = Run(d)
    assert [run.states(session) for session in run.sessions] == [
        {"3": "ACTIVE"},
        {"1": "REVOKED", "2": "REVOKED"},
    ]


def test_revocation_at_a_mag_without_binding_ends_none() -> None:
    d = Domain()
    both(d)
    assert revoke(d, receiver=d.far) == {"1": "ACTIVE", "2": "ACTIVE"}


# --------------------------------------------------------------- D20, D25: two MAG Identifiers


def test_another_mag_takes_over() -> None:
    d = Domain()
    both(d)
    d.register(d.far, hi=3)
    run = Run(d)
    assert run.events == ["PM-HANDOVER"]
    assert run.moves[-3:] == ["1 PENDING ACTIVE", "1 ACTIVE REPLACED", "2 ACTIVE REPLACED"]
    assert [b.replaced_by for b in run.session.bindings] == ["handover", "handover", None]


def test_another_mag_shares_the_prefix() -> None:
    d = Domain()
    both(d)
    d.register(d.far, hi=6)
    run = Run(d)
    assert run.events == []
    assert [b.state.name for b in run.session.bindings] == ["ACTIVE"] * 3


def test_bindings_that_share_the_prefix_are_renewed_side_by_side() -> None:
    d = Domain()
    d.register(d.plain, hi=1)
    d.register(d.other, hi=6, hnp="2001:db8:100::/64")
    for _ in range(2):
        d.wait(100)
        d.register(d.plain, hi=5)
        d.register(d.other, hi=5)
    run = Run(d)
    assert run.events == []
    assert run.kinds[2:] == ["refresh"] * 4
    assert [b.state.name for b in run.session.bindings] == ["ACTIVE", "ACTIVE"]


def test_a_handover_ends_what_shared_the_prefix() -> None:
    d = Domain()
    d.register(d.plain, hi=1)
    d.register(d.other, hi=6, hnp="2001:db8:100::/64")
    d.wait(100)
    d.register(d.plain, hi=3)
    run = Run(d)
    assert run.events == ["PM-HANDOVER"]
    assert [b.state.name for b in run.session.bindings] == ["ACTIVE", "REPLACED"]


def test_another_mag_overwrites_all_whatever_the_handoff_indicator() -> None:
    for hi, events in ((3, ["PM-HANDOVER"]), (6, ["PM-HANDOVER"])):
        d = Domain()
        both(d)
        d.register(d.far, hi=hi, overwrite=True)
        run = Run(d)
        assert run.events == events
        assert [b.state.name for b in run.session.bindings] == ["REPLACED", "REPLACED", "ACTIVE"]
        assert [b.replaced_by for b in run.session.bindings] == ["overwrite", "overwrite", None]
        assert run.moves.count("1 ACTIVE REPLACED") == 1


def test_bids_are_told_apart_by_mag() -> None:
    d = Domain()
    d.register(d.lte)
    d.register(d.far, hi=6)
    d.wait(10)
    d.deregister(d.far)
    assert [(b.bid, b.state.name) for b in Run(d).session.bindings] == [
        (1, "ACTIVE"),
        (1, "DEREG_WAIT"),
    ]


# ------------------------------------------------------------- D24: the answer names another BID


def test_state_follows_the_bid_of_the_request() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(5)
    d.pbu(d.wlan, lifetime=1200)
    d.pba(replacing=[MagMultipathBinding(if_att=4, if_label=9, bid=1)])
    run = Run(d)
    assert {b.bid: b.lifetime for b in run.session.bindings} == {1: 3600, 2: 1200}


# ------------------------------------------------------------- D26 and others: lifetimes, keys


def test_every_path_has_its_own_lifetime_and_the_session_lasts_until_the_last() -> None:
    d = Domain()
    d.register(d.lte, lifetime=100)
    d.register(d.wlan, lifetime=200)
    d.wait(150)
    run = Run(d)
    assert run.states() == {"1": "EXPIRED", "2": "ACTIVE"}
    assert run.session.closed_at is None
    run = Run(d, end=60)
    assert run.session.closed_at is not None


def test_bid_0_and_255_are_keys_like_others() -> None:  # D1
    d = Domain()
    mag = d.mag("mag3@example.com")
    for number, bid in ((1, 0), (2, 255)):
        d.register(mag.path(f"2001:db8:3{number}::1", bid=bid))
    assert Run(d).states() == {"0": "ACTIVE", "255": "ACTIVE"}


def test_the_longest_lifetime_is_no_eternity() -> None:  # D29
    d = Domain()
    d.register(d.lte, lifetime=262140)
    assert Run(d, end=262139).states() == {"1": "ACTIVE"}
    assert Run(d, end=262141).states() == {"1": "EXPIRED"}


def test_the_first_of_two_multipath_options_counts() -> None:  # D21
    d = Domain()
    d.register(d.lte, also=[MagMultipathBinding(if_att=4, if_label=9, bid=2)])
    assert Run(d).states() == {"1": "ACTIVE"}


def test_a_care_of_address_moves_and_says_so() -> None:
    d = Domain()
    both(d)
    d.register(d.mag1.path("2001:db8:aa::1", bid=1, if_att=8, if_label=11), hi=5)
    run = Run(d)
    assert run.events == ["PM-COA-CHANGE"]
    assert run.session.bindings[0].care_of_address == address_octets("2001:db8:aa::1")
    assert len(run.session.bindings) == 2
