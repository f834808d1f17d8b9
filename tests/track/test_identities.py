"""Who is who: MAGs and their addresses, sessions and their prefixes."""

from __future__ import annotations

from track_run import Domain, Run, binding_of

from pmiptrace.address import address_octets, address_text
from pmiptrace.model import Identifier, SessionMode
from pmiptrace.testing import Trace, nai
from pmiptrace.track.peers import KnownMags
from pmiptrace.track.sessions import MAX_BINDINGS
from pmiptrace.wire.options.rfc5844 import Ipv4HomeAddressReply, Ipv4HomeAddressRequest
from pmiptrace.wire.options.rfc6275 import AlternateCareOfAddress

HOME = address_octets("10.0.0.5")
OTHER_HOME = address_octets("10.0.0.6")


def asked(address: bytes = bytes(4)) -> Ipv4HomeAddressRequest:
    return Ipv4HomeAddressRequest(home_address=address)


def given(address: bytes = HOME) -> Ipv4HomeAddressReply:
    return Ipv4HomeAddressReply(home_address=address, prefix_length=24)


def mags(run: Run) -> list[tuple[Identifier | None, list[str]]]:
    return [
        (node.identifier, [address_text(a) for a in node.addresses])
        for node in run.tracker.state.peers.mags.values()
    ]


def dual_stack(d: Domain) -> None:
    """A session with a prefix and an IPv4 home address (RFC 5844 section 3.1)."""
    d.pbu(d.plain, also=[asked()])
    d.pba(without=[36], also=[given()])
    d.wait(10)


# ------------------------------------------------------------------------------------------ MAGs


def test_mag_identifier_joins_care_of_addresses() -> None:
    d = Domain()
    d.register(d.lte)
    d.register(d.wlan)
    d.register(d.far, "mn2@example.com")
    assert mags(Run(d)) == [
        (nai("mag1@example.com"), ["2001:db8:a::1", "2001:db8:b::1"]),
        (nai("mag2@example.com"), ["2001:db8:21::1"]),
    ]


def test_mags_without_identifier_are_told_apart_by_address() -> None:
    d = Domain()
    d.register(d.plain)
    d.register(d.other, "mn2@example.com")
    assert mags(Run(d)) == [(None, ["2001:db8:c::1"]), (None, ["2001:db8:d::1"])]


def test_an_address_learns_its_name_later() -> None:
    d = Domain()
    d.register(d.lte, multipath=False)
    d.wait(10)
    d.register(d.lte)
    run = Run(d)
    assert mags(run) == [(nai("mag1@example.com"), ["2001:db8:a::1"])]
    assert {s.mag.id for s in run.steps if s.mag} == {1}


def test_an_address_turns_out_to_be_a_path_of_a_known_mag() -> None:
    d = Domain()
    d.register(d.lte)
    d.register(d.wlan, "mn2@example.com", multipath=False)
    d.wait(10)
    d.register(d.wlan, "mn3@example.com")
    run = Run(d)
    assert mags(run) == [(nai("mag1@example.com"), ["2001:db8:a::1", "2001:db8:b::1"])]
    assert {b.mag for s in run.sessions for b in s.bindings} == {1}
    peers = run.tracker.state.peers
    assert peers.current(2) == 1
    assert KnownMags(peers)[2] is peers.mags[1]


def test_joined_bindings_still_end() -> None:
    d = Domain()
    d.register(d.lte)
    d.register(d.wlan, "mn2@example.com", multipath=False, lifetime=40)
    d.register(d.wlan, "mn4@example.com", multipath=False)
    d.deregister(d.wlan, "mn4@example.com", multipath=False)
    d.register(d.wlan, "mn3@example.com")
    run = Run(d, end=41)
    ended = {str(s.mobile_node): run.states(s) for s in run.sessions}
    assert ended["mn2@example.com"] == {"b": "EXPIRED"}
    assert ended["mn4@example.com"] == {"b": "NONE"}


def test_one_address_used_by_two_named_mags_is_no_join() -> None:
    d = Domain()
    shared = d.mag2.path("2001:db8:a::1", bid=1)
    d.register(d.lte)
    d.register(shared, "mn2@example.com")
    d.register(d.lte)
    run = Run(d)
    assert [identifier for identifier, _ in mags(run)] == [
        nai("mag1@example.com"),
        nai("mag2@example.com"),
    ]
    assert KnownMags(run.tracker.state.peers).keys() == {1, 2}


def test_alternate_care_of_address_is_the_binding_s() -> None:
    d = Domain()
    address = address_octets("2001:db8:ab::1")
    d.register(d.lte, also=[AlternateCareOfAddress(care_of_address=address)])
    (binding,) = Run(d).session.bindings
    assert binding.care_of_address == address


# -------------------------------------------------------------------------------------- sessions


def test_sessions_are_apart_by_lma_and_by_mobile_node() -> None:
    d = Domain()
    d.register(d.lte)
    d.register(d.lte, "mn2@example.com")
    d.register(d.lte, lma="2001:db8:f::2")
    run = Run(d)
    assert [(address_text(s.lma)[-1], str(s.mobile_node)[:3]) for s in run.sessions] == [
        ("1", "mn1"),
        ("1", "mn2"),
        ("2", "mn1"),
    ]


def test_the_case_of_a_mobile_node_s_name_matters() -> None:
    d = Domain()
    d.register(d.lte)
    d.register(d.lte, "MN1@example.com")
    assert len(Run(d).sessions) == 2


def test_a_provisional_session_gets_its_prefix_from_the_answer() -> None:
    d = Domain()
    d.pbu(d.lte)
    assert Run(d).session.prefixes == ()
    d.pba()
    run = Run(d)
    assert [str(p) for p in run.session.prefixes] == ["2001:db8:100::/64"]
    assert not run.session.partial


def test_a_retry_with_another_handoff_indicator_is_the_same_provisional_session() -> None:
    d = Domain()
    d.pbu(d.plain, hi=1)
    d.wait(1)
    d.pbu(d.plain, hi=4)
    d.pba()
    assert len(Run(d).sessions) == 1


def test_a_provisional_session_joins_the_one_with_its_prefix() -> None:
    d = Domain()
    d.register(d.plain)
    d.wait(10)
    d.pbu(d.other, hi=1, hnp="::/0")
    assert len(Run(d).sessions) == 2
    d.pba(hnp="2001:db8:100::/64")
    run = Run(d)
    assert run.states() == {"c": "REPLACED", "d": "ACTIVE"}
    assert run.kinds == ["initial", "handover"]
    assert {e.session for e in run.exchanges} == {run.session.id}


def test_requests_under_way_follow_their_session_into_another() -> None:
    d = Domain()
    d.register(d.plain)
    d.wait(10)
    first = d.pbu(d.other, hi=1, hnp="::/0")
    d.wait(0.1)
    second = d.pbu(d.other, hi=4, hnp="::/0")
    d.wait(0.1)
    d.pba(first, hnp="2001:db8:100::/64")
    d.wait(0.1)
    d.pba(second, status=130)
    run = Run(d)
    assert run.states() == {"c": "REPLACED", "d": "ACTIVE"}
    assert {e.session for e in run.exchanges} == {run.session.id}


def test_a_path_whose_answer_was_lost_joins_when_the_prefix_becomes_known() -> None:
    d = Domain()
    d.pbu(d.lte)
    lost = d.pba()
    d.wait(5)
    d.register(d.wlan)
    run = Run(d, lost=[lost])
    assert [str(p) for p in run.session.prefixes] == ["2001:db8:100::/64"]
    assert run.states() == {"1": "PENDING", "2": "ACTIVE"}


def test_a_binding_that_was_gone_begins_anew_when_its_session_is_joined() -> None:
    d = Domain()
    d.register(d.plain, hi=1)
    d.wait(10)
    d.deregister(d.plain)
    d.wait(60)
    again = d.pbu(d.plain, hi=1, hnp="::/0")
    d.wait(0.02)
    d.pba(hnp="2001:db8:100::/64")
    first = Run(d).binding(d.plain).first_request
    assert first is not None
    assert first.time == again.time


def test_another_interface_does_not_join_the_session_that_was_refused_a_prefix() -> None:
    d = Domain()
    d.pbu(d.plain, hi=1, att=4, link_layer=b"\2\0\0\0\0\4")
    d.pba(status=130)
    d.wait(5)
    d.deregister(d.plain, hnp="2001:db8:200::/64", att=8, link_layer=b"\2\0\0\0\0\x08")
    assert [s.prefixes != () for s in Run(d).sessions] == [False, True]


def test_an_assignment_of_other_prefixes_is_another_session() -> None:
    d = Domain()
    d.register(d.lte)
    d.register(d.wlan)
    d.wait(100)
    d.pbu(d.lte, hi=3, hnp="::/0")
    d.wait(0.02)
    d.pba(hnp="2001:db8:200::/64")
    run = Run(d)
    assert [run.states(s) for s in run.sessions] == [
        {"1": "ACTIVE", "2": "ACTIVE"},
        {"1": "ACTIVE"},
    ]


def test_a_prefix_of_a_session_that_is_over_may_be_one_of_the_next() -> None:
    d = Domain()
    first, second, third = "2001:db8:1::/64", "2001:db8:2::/64", "2001:db8:3::/64"
    d.register(d.plain, hnp=(first, second))
    d.deregister(d.plain, hnp=(first, second))
    d.wait(60)
    d.register(d.plain, hnp=(second, third))
    run = Run(d)
    assert [[str(p) for p in s.prefixes] for s in run.sessions] == [
        [first, second],
        [second, third],
    ]


def test_two_sessions_of_one_mobile_node() -> None:
    d = Domain()
    d.register(d.plain, att=2)
    d.wait(5)
    d.pbu(d.plain, att=4, hi=1, hnp="::/0")
    d.pba(hnp="2001:db8:200::/64")
    d.wait(5)
    d.pbu(d.plain, lifetime=0, hnp="2001:db8:200::/64")
    d.pba()
    run = Run(d)
    first, second = run.sessions
    assert run.kinds == ["initial", "initial", "deregistration"]
    assert run.states(first) == {"c": "ACTIVE"}
    assert run.states(second) == {"c": "DEREG_WAIT"}


def test_a_de_registration_without_prefix_is_about_the_session_of_its_path() -> None:
    d = Domain()
    d.register(d.plain)
    d.wait(5)
    d.pbu(d.other, hi=1, hnp="::/0", att=4)
    d.pba(hnp="2001:db8:200::/64")
    d.wait(5)
    d.pbu(d.other, lifetime=0, without=[22])
    d.pba()
    run = Run(d)
    first, second = run.sessions
    assert run.states(first) == {"c": "ACTIVE"}
    assert run.states(second) == {"d": "DEREG_WAIT"}


def test_a_new_prefix_for_a_second_path_is_a_second_session() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(5)
    d.pbu(d.wlan, hi=1, hnp="::/0")
    d.pba(hnp="2001:db8:200::/64")
    run = Run(d)
    assert [[str(p) for p in s.prefixes] for s in run.sessions] == [
        ["2001:db8:100::/64"],
        ["2001:db8:200::/64"],
    ]
    assert [run.states(s) for s in run.sessions] == [{"1": "ACTIVE"}, {"2": "ACTIVE"}]
    assert run.sessions[1].first.time == d.now


def test_several_prefixes_are_one_session_in_any_order() -> None:
    d = Domain()
    d.pbu(d.lte)
    d.pba(hnp=["2001:db8:2::/64", "2001:db8:1::/64"])
    d.wait(10)
    d.register(d.lte, hnp=["2001:db8:1::/64", "2001:db8:2::/64"])
    d.wait(10)
    d.register(d.wlan, hnp="2001:db8:2::/64")
    run = Run(d)
    assert run.kinds == ["initial", "refresh", "add-path"]
    assert run.states() == {"1": "ACTIVE", "2": "ACTIVE"}


def test_no_mobile_node_no_crash_one_session_each_mag() -> None:
    d = Domain()
    d.pbu(d.plain, without=[8])
    d.pba(status=160)
    d.wait(1)
    d.pbu(d.other, without=[8])
    d.pba(status=160)
    run = Run(d)
    assert [s.mobile_node for s in run.sessions] == [None, None]
    assert [run.states(s) for s in run.sessions] == [{"c": "REJECTED"}, {"d": "REJECTED"}]


def test_bindings_of_one_session_are_bounded() -> None:
    d = Domain()
    d.register(d.lte)
    for n in range(MAX_BINDINGS + 50):
        mag = d.mag(f"mag{n + 100}@example.com")
        d.register(mag.path(f"2001:db8:1:{n:x}::1", bid=1), hi=3)
    run = Run(d)
    assert len(run.session.bindings) == MAX_BINDINGS
    assert sum(b.state.is_live for b in run.session.bindings) == 1


# ------------------------------------------------------------------------------------------ IPv4


def test_a_session_with_nothing_but_an_ipv4_home_address() -> None:
    d = Domain()
    d.pbu(d.plain, without=[22], also=[asked()])
    d.pba(without=[36], also=[given()])
    d.wait(10)
    d.pbu(d.plain, without=[22], also=[asked(HOME)], hi=5)
    d.pba(without=[36], also=[given()])
    run = Run(d)
    assert run.kinds == ["initial", "refresh"]
    assert str(run.session.ipv4_home_address) == "10.0.0.5/24"
    assert run.session.prefixes == ()
    assert run.states() == {"c": "ACTIVE"}


def test_an_answer_about_the_prefix_alone_keeps_the_ipv4_address() -> None:
    d = Domain()
    dual_stack(d)
    d.register(d.plain)
    d.wait(10)
    d.pbu(d.other, hi=1, hnp="::/0")
    d.pba(hnp="2001:db8:100::/64")
    assert str(Run(d).session.ipv4_home_address) == "10.0.0.5/24"


def test_selective_de_registration_of_the_ipv4_address() -> None:
    d = Domain()
    dual_stack(d)
    d.pbu(d.plain, lifetime=0, without=[22], also=[asked(HOME)])
    d.pba(without=[36], also=[given()])
    run = Run(d)
    assert run.kinds == ["initial", "selective-deregistration"]
    assert run.session.ipv4_home_address is None
    assert len(run.session.prefixes) == 1
    assert run.states() == {"c": "ACTIVE"}


def test_selective_de_registration_of_the_prefix() -> None:
    d = Domain()
    dual_stack(d)
    d.pbu(d.plain, lifetime=0)
    d.pba()
    run = Run(d)
    assert run.kinds == ["initial", "selective-deregistration"]
    assert run.session.prefixes == ()
    assert str(run.session.ipv4_home_address) == "10.0.0.5/24"
    assert run.states() == {"c": "ACTIVE"}


def test_de_registration_of_both_is_of_the_binding() -> None:
    d = Domain()
    dual_stack(d)
    d.pbu(d.plain, lifetime=0, also=[asked(HOME)])
    d.pba(without=[36], also=[given()])
    run = Run(d)
    assert run.kinds == ["initial", "deregistration"]
    assert run.states() == {"c": "DEREG_WAIT"}


def test_a_rejected_selective_de_registration_changes_nothing() -> None:
    d = Domain()
    dual_stack(d)
    before = Run(d).session
    d.pbu(d.plain, lifetime=0, without=[22], also=[asked(HOME)])
    d.pba(status=130, without=[36])
    after = Run(d).session
    assert after.ipv4_home_address == before.ipv4_home_address
    assert after.prefixes == before.prefixes


def test_ipv4_transport() -> None:
    t = Trace(lma="192.0.2.1")
    mag = t.mag("mag1@example.com")
    lte = mag.path("198.51.100.1", bid=1)
    wlan = mag.path("203.0.113.1", bid=2)
    t.register(lte, ports=(40000, 5436))
    t.wait(5)
    t.register(wlan)
    run = Run(t)
    assert run.states() == {"1": "ACTIVE", "2": "ACTIVE"}
    assert run.session.mode is SessionMode.MULTIPATH
    assert binding_of(run.session, lte).ports == (40000, 5436)
    assert [m.checksum_correct for m in t.messages()] == [None] * 4
