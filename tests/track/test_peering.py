"""What two peers said to each other before a message, and answers that come late or twice."""

from __future__ import annotations

import pytest
from track_run import MN, Domain, Run

from pmiptrace.model import BindingState, Exchange, ExchangeKind, Peering
from pmiptrace.wire.options.rfc5844 import Ipv4HomeAddressRequest


def _last(run: Run) -> Peering:
    return next(step.peering for step in reversed(run.steps) if step.message is not None)


def _exchanges(run: Run, kind: ExchangeKind) -> list[Exchange]:
    found = {s.exchange.id: s.exchange for s in run.steps if s.exchange and s.exchange.kind is kind}
    return list(found.values())


# ------------------------------------------------------------------------------------- the peers


def test_roles_are_those_of_registrations() -> None:
    d = Domain()
    d.heartbeat(d.lte)
    assert _last(Run(d)).sender_role is None
    d.register(d.lte)
    d.heartbeat(d.lte)
    assert _last(Run(d)).sender_role == "LMA"
    d.heartbeat(d.lte, from_mag=True)
    assert _last(Run(d)).sender_role == "MAG"
    d.heartbeat(d.other, from_mag=True)
    assert _last(Run(d)).sender_role is None
    assert _last(Run(d)).sender_roles == frozenset()


def test_two_that_register_with_each_other_have_no_role() -> None:
    d = Domain(lma="2001:db8:a::9")
    there = d.mag(None).path("2001:db8:a::9")
    here = d.mag(None).path("2001:db8:a::8")
    d.register(here, lma="2001:db8:a::9")
    d.register(there, "mn2@example.com", lma="2001:db8:a::8")
    d.heartbeat(here)
    assert _last(Run(d)).sender_role is None
    assert _last(Run(d)).sender_roles == {"MAG", "LMA"}


def test_previous_request_is_that_of_the_same_pair_and_kind() -> None:
    d = Domain()
    first = d.upn(d.lte, sequence=5)
    d.wait(40)
    d.heartbeat(d.lte)
    d.upn(d.other)
    assert _last(Run(d)).previous is None
    d.upn(d.lte)
    previous = _last(Run(d)).previous
    assert previous is not None
    assert previous.body == first.body


def test_binding_error_is_a_refusal_until_the_peer_answers() -> None:
    d = Domain()
    d.heartbeat(d.lte)
    d.wait(0.1)
    d.binding_error()
    d.wait(60)
    d.heartbeat(d.lte)
    assert _last(Run(d)).refused is not None
    d.wait(0.1)
    d.heartbeat_response()
    d.wait(60)
    d.heartbeat(d.lte)
    assert _last(Run(d)).refused is None
    assert _last(Run(d)).previous_was_answered


def test_binding_error_that_may_answer_either_of_two_is_no_refusal() -> None:
    d = Domain()
    d.heartbeat(d.lte)
    d.upn(d.lte)
    d.wait(0.1)
    error = d.binding_error()
    d.wait(60)
    d.upn(d.lte)
    run = Run(d)
    assert _last(run).refused is None
    (exchange,) = [e for e in _exchanges(run, ExchangeKind.NOTIFICATION) if e.reply is not None]
    assert exchange.reply is not None
    assert exchange.reply.body == error.body
    assert not exchange.certain


def test_binding_between_the_two() -> None:
    d = Domain()
    d.heartbeat(d.plain)
    assert _last(Run(d)).has_binding is None
    d.register(d.plain)
    d.heartbeat(d.plain)
    assert _last(Run(d)).has_binding is True
    d.deregister(d.plain)
    d.wait(30)
    d.heartbeat(d.plain)
    assert _last(Run(d)).has_binding is None  # it has only just ended
    d.wait(60)
    d.heartbeat(d.plain)
    assert _last(Run(d)).has_binding is False


# ------------------------------------------------------------------------------------ the answers


def test_further_and_late_answers_belong_to_their_exchange() -> None:
    d = Domain()
    d.register(d.lte)
    request = d.bri(d.lte)
    d.wait(15)  # longer than the answer is waited for
    d.bra(request)
    d.wait(0.1)
    d.bra(request)
    (exchange,) = _exchanges(Run(d), ExchangeKind.REVOCATION)
    assert exchange.replies == 2


@pytest.mark.parametrize(("seconds", "replies"), [(299, 2), (301, 1)])
def test_an_answer_is_recognised_for_five_minutes(seconds: int, replies: int) -> None:
    d = Domain()
    d.register(d.lte)
    request = d.bri(d.lte)
    d.wait(0.5)
    d.bra(request)
    d.wait(seconds)
    d.bra(request)
    (exchange,) = _exchanges(Run(d), ExchangeKind.REVOCATION)
    assert exchange.replies == replies


@pytest.mark.parametrize("answered", [True, False])
def test_no_more_of_the_past_is_kept_than_answers_need(answered: bool) -> None:
    d = Domain()
    d.register(d.lte)
    for _ in range(700):
        d.heartbeat(d.plain)
        if answered:
            d.heartbeat_response()
        d.wait(2)
    signalling = Run(d).tracker._signalling
    assert len(signalling._closed) <= 151
    assert len(signalling._numbers) <= 4


def test_request_repeated_after_its_answer_reopens_the_exchange() -> None:
    d = Domain()
    d.register(d.lte)
    request = d.bri(d.lte)
    d.wait(0.5)
    d.bra(request)
    d.wait(0.5)
    d.again(request)
    d.wait(0.5)
    d.bra(request)
    d.wait(60)
    d.bri(d.lte, sequence=1)  # too late for a repeat
    first, second = _exchanges(Run(d), ExchangeKind.REVOCATION)
    assert (len(first.attempts), first.replies) == (2, 2)
    assert len(second.attempts) == 1


def test_answer_from_another_path_of_the_mag() -> None:
    d = Domain()
    d.register(d.lte)
    d.register(d.wlan)
    d.upn(d.lte)
    d.wait(0.1)
    d.upa(source="2001:db8:b::1")
    (exchange,) = _exchanges(Run(d), ExchangeKind.NOTIFICATION)
    assert exchange.reply is not None
    assert exchange.certain


def test_answer_of_another_node_is_nobody_s() -> None:
    d = Domain()
    d.register(d.lte)
    d.register(d.other, "mn2@example.com")
    d.upn(d.lte)
    d.wait(0.1)
    d.upa(source="2001:db8:d::1")
    run = Run(d)
    (exchange,) = _exchanges(run, ExchangeKind.NOTIFICATION)
    assert exchange.reply is None
    assert [e.id for e in run.steps[-1].outstanding] == [exchange.id]


# ----------------------------------------------------------------------------------- the sessions


def test_revoking_the_ipv4_address_leaves_the_binding() -> None:
    d = Domain()
    d.register(d.lte)
    address = Ipv4HomeAddressRequest(prefix_length=32, home_address=bytes([192, 0, 2, 1]))
    d.bri(d.lte, ipv4_only=True, options=(address,))
    d.wait(0.1)
    d.bra()
    assert [b.state for b in Run(d).session.bindings] == [BindingState.ACTIVE]


def test_notification_that_asks_for_a_registration_is_noted_with_its_answer() -> None:
    d = Domain()
    d.register(d.lte)
    d.upn(d.lte, MN, reason=2)
    assert Run(d).session.notified is None
    d.upn(d.lte, MN, reason=4, acknowledge=True)
    known = Run(d).session.notified
    assert known is not None
    assert (known.reason, known.status) == (4, None)
    d.upa(status=132)
    known = Run(d).session.notified
    assert known is not None
    assert known.status == 132


def test_notification_for_one_of_several_sessions_is_not_noted() -> None:
    d = Domain()
    d.register(d.plain)
    d.register(d.other, hnp="2001:db8:77::/64", hi=1)
    d.upn(d.plain)
    assert [session.notified for session in Run(d).sessions] == [None, None]
