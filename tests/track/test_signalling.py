"""Revocation, heartbeat, notification and Binding Error."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from track_run import MN, Domain, Run

from pmiptrace.model import ExchangeKind, Option
from pmiptrace.testing import Sent, home_network_prefix, mn_identifier
from pmiptrace.track.signalling import LIMIT
from pmiptrace.wire.messages.rfc5846 import (
    BindingRevocationAcknowledgement,
    BindingRevocationIndication,
)
from pmiptrace.wire.messages.rfc5847 import Heartbeat
from pmiptrace.wire.messages.rfc6275 import BindingError
from pmiptrace.wire.messages.rfc7077 import (
    UpdateNotification,
    UpdateNotificationAcknowledgement,
)
from pmiptrace.wire.options.rfc5847 import RestartCounter

PER_PEER_POLICY = 128
UNRECOGNIZED_MH_TYPE = 2


def bri(d: Domain, *options: Option, sequence: int = 1, trigger: int = 1) -> Sent:
    d.wait(0.1)
    return d.send(
        d.lma,
        d.lte.address,
        BindingRevocationIndication(
            trigger=trigger,
            sequence=sequence,
            proxy=True,
            global_revocation=trigger == PER_PEER_POLICY,
        ),
        *options,
    )


def bra(d: Domain, status: int = 0, sequence: int = 1) -> Sent:
    d.wait(0.1)
    return d.send(
        d.lte.address,
        d.lma,
        BindingRevocationAcknowledgement(status=status, sequence=sequence, proxy=True),
    )


def heartbeat(d: Domain, sequence: int, counter: int | None = None, *, to: bytes = b"") -> None:
    mag = to or d.lte.address
    d.wait(1)
    d.send(mag, d.lma, Heartbeat(sequence=sequence))
    if counter is not None:
        d.wait(0.01)
        answer(d, sequence, counter, to=mag)


def answer(
    d: Domain, sequence: int, counter: int, *, to: bytes = b"", unsolicited: bool = False
) -> None:
    d.send(
        d.lma,
        to or d.lte.address,
        Heartbeat(sequence=sequence, response=True, unsolicited=unsolicited),
        RestartCounter(restart_counter=counter),
    )


# ------------------------------------------------------------------------------------ revocation


def test_revocation_is_one_exchange_of_its_session() -> None:
    d = Domain()
    d.register(d.lte)
    request = bri(d, mn_identifier(MN))
    d.wait(1)
    d.again(request)
    bra(d)
    exchange = Run(d).of(request)
    assert exchange.kind is ExchangeKind.REVOCATION
    assert exchange.session == 1
    assert len(exchange.attempts) == 2
    assert exchange.reply is not None
    assert exchange.closed


def test_revocation_by_prefix_is_of_one_session() -> None:
    d = Domain()
    d.register(d.plain)
    d.pbu(d.lte, hi=1, hnp="::/0")
    d.pba(hnp="2001:db8:200::/64")
    bri(d, mn_identifier(MN), home_network_prefix("2001:db8:200::/64"))
    bra(d)
    run = Run(d)
    assert [run.states(s) for s in run.sessions] == [{"c": "ACTIVE"}, {"1": "REVOKED"}]


def test_revocation_without_prefix_is_of_the_mobile_node() -> None:
    d = Domain()
    d.register(d.lte, multipath=False)
    d.pbu(d.lte, multipath=False, att=4, hi=1, hnp="::/0")
    d.pba(hnp="2001:db8:200::/64")
    bri(d, mn_identifier(MN))
    bra(d)
    run = Run(d)
    assert [run.states(s) for s in run.sessions] == [{"a": "REVOKED"}, {"a": "REVOKED"}]


def test_global_revocation_is_of_all_between_the_two() -> None:
    d = Domain()
    d.register(d.lte)
    d.register(d.wlan, "mn2@example.com")
    d.register(d.far, "mn3@example.com")
    d.register(d.lte, "mn4@example.com", lma="2001:db8:f::2")
    bri(d, trigger=PER_PEER_POLICY)
    bra(d)
    run = Run(d)
    assert [run.states(s) for s in run.sessions] == [
        {"1": "REVOKED"},
        {"2": "REVOKED"},
        {"1": "ACTIVE"},
        {"1": "ACTIVE"},
    ]


def test_global_revocation_by_a_mag_is_of_the_care_of_address_that_it_comes_from() -> None:
    d = Domain()
    d.register(d.lte)
    d.register(d.wlan)
    d.register(d.wlan, "mn2@example.com")
    d.bri(d.wlan, mn="mag1@example.com", trigger=PER_PEER_POLICY, from_mag=True,
          global_revocation=True, sequence=1)  # fmt: skip
    d.wait(0.1)
    d.send(
        d.lma,
        d.wlan.address,
        BindingRevocationAcknowledgement(status=0, sequence=1, proxy=True, global_revocation=True),
    )
    run = Run(d)
    assert [run.states(s) for s in run.sessions] == [
        {"1": "ACTIVE", "2": "REVOKED"},
        {"2": "REVOKED"},
    ]


def test_a_mag_revokes_a_path_whose_answer_is_still_on_its_way() -> None:
    d = Domain()
    asked = d.pbu(d.wlan)
    d.wait(0.01)
    revocation = d.bri(d.wlan, mn="mag1@example.com", trigger=PER_PEER_POLICY, from_mag=True,
                       global_revocation=True)  # fmt: skip
    d.wait(0.01)
    d.pba(asked)
    d.wait(0.01)
    d.bra(revocation)
    # The LMA took the PBU first, and then the BRI.
    assert Run(d).states() == {"2": "REVOKED"}


def test_global_revocation_unanswered() -> None:
    d = Domain()
    d.register(d.lte)
    d.register(d.wlan, "mn2@example.com")
    bri(d, trigger=PER_PEER_POLICY)
    run = Run(d, end=11)
    assert [run.states(s) for s in run.sessions] == [{"1": "REVOKED"}, {"2": "REVOKED"}]


def test_a_revocation_is_given_up_after_its_last_attempt() -> None:
    d = Domain()
    d.register(d.lte)
    request = bri(d, mn_identifier(MN))
    d.wait(8)
    d.again(request)
    assert Run(d, end=9).states() == {"1": "REVOKING"}
    assert Run(d, end=11).states() == {"1": "REVOKED"}


def test_an_answer_to_another_revocation_is_none() -> None:
    d = Domain()
    d.register(d.lte)
    bri(d, mn_identifier(MN), sequence=1)
    bra(d, sequence=2)
    run = Run(d)
    assert run.states() == {"1": "REVOKING"}
    assert run.steps[-1].exchange is None


def test_a_revocation_of_an_unknown_mobile_node() -> None:
    d = Domain()
    d.register(d.lte)
    bri(d, mn_identifier("nobody@example.com"))
    bra(d, 128)
    run = Run(d)
    assert run.states() == {"1": "ACTIVE"}
    assert run.exchanges[-1].session is None


def test_a_mag_revokes_too() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(1)
    d.send(
        d.lte.address,
        d.lma,
        BindingRevocationIndication(trigger=1, sequence=1, proxy=True),
        mn_identifier(MN),
    )
    assert Run(d).states() == {"1": "REVOKING"}


def test_a_de_registration_during_a_revocation() -> None:
    d = Domain()
    d.register(d.lte)
    bri(d, mn_identifier(MN))
    d.deregister(d.lte)
    bra(d)
    assert Run(d).states() == {"1": "DEREG_WAIT"}


def test_a_peer_that_does_not_know_revocation() -> None:
    d = Domain()
    d.register(d.lte)
    bri(d, mn_identifier(MN))
    d.send(d.lte.address, d.lma, BindingError(status=UNRECOGNIZED_MH_TYPE))
    run = Run(d)
    assert run.exchanges[-1].reply is not None
    assert run.states() == {"1": "REVOKED"}


def test_a_damaged_revocation_is_discarded() -> None:
    d = Domain()
    d.register(d.lte)
    bri(d, mn_identifier(MN))
    *rest, last = d.messages()
    run = Run([*rest, replace(last, checksum_correct=False)])
    assert run.states() == {"1": "ACTIVE"}


# ------------------------------------------------------------------------------------- heartbeat


def test_heartbeat_is_paired_by_its_number() -> None:
    d = Domain()
    d.register(d.lte)
    heartbeat(d, 1)
    heartbeat(d, 2)
    answer(d, 1, 7)
    run = Run(d)
    assert [e.reply is not None for e in run.exchanges[1:]] == [True, False]


@pytest.mark.parametrize(("counter", "restarted"), [(7, False), (8, True), (6, True)])
def test_restart_counter(counter: int, restarted: bool) -> None:
    d = Domain()
    d.register(d.lte)
    heartbeat(d, 1, 7)
    heartbeat(d, 2, counter)
    run = Run(d)
    assert ("PM-PEER-RESTART" in run.events) is restarted
    assert run.states() == {"1": "SUSPECT" if restarted else "ACTIVE"}


def test_the_first_restart_counter_says_nothing() -> None:
    d = Domain()
    d.register(d.lte)
    heartbeat(d, 1, 7)
    assert Run(d).events == []


def test_unsolicited_response_tells_of_a_restart() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(1)
    answer(d, 0, 7, unsolicited=True)
    run = Run(d)
    assert run.events == ["PM-PEER-RESTART"]
    assert run.states() == {"1": "SUSPECT"}
    assert len(run.exchanges) == 1


def test_a_restart_is_learned_by_every_peer_for_itself() -> None:
    d = Domain()
    d.register(d.lte)
    d.register(d.far, "mn2@example.com")
    for mag in (d.lte, d.far):
        heartbeat(d, 1, 7, to=mag.address)
    heartbeat(d, 2, 8)
    run = Run(d)
    assert [run.states(s) for s in run.sessions] == [{"1": "SUSPECT"}, {"1": "ACTIVE"}]
    heartbeat(d, 2, 8, to=d.far.address)
    run = Run(d)
    assert [run.states(s) for s in run.sessions] == [{"1": "SUSPECT"}, {"1": "SUSPECT"}]


def test_a_restarted_mag() -> None:
    d = Domain()
    d.register(d.lte)
    d.register(d.wlan, "mn2@example.com")
    for sequence, counter in ((1, 3), (2, 4)):
        d.wait(1)
        d.send(d.lma, d.lte.address, Heartbeat(sequence=sequence))
        d.send(
            d.lte.address,
            d.lma,
            Heartbeat(sequence=sequence, response=True),
            RestartCounter(restart_counter=counter),
        )
    run = Run(d)
    assert [run.states(s) for s in run.sessions] == [{"1": "SUSPECT"}, {"2": "SUSPECT"}]


def test_a_restart_told_to_each_path_of_a_mag_is_one_restart() -> None:
    d = Domain()
    d.register(d.lte)
    d.register(d.wlan)
    heartbeat(d, 1, 7, to=d.lte.address)
    heartbeat(d, 1, 7, to=d.wlan.address)
    heartbeat(d, 2, 8, to=d.lte.address)
    assert Run(d).states() == {"1": "SUSPECT", "2": "SUSPECT"}
    d.register(d.lte)
    d.register(d.wlan)
    heartbeat(d, 2, 8, to=d.wlan.address)
    run = Run(d)
    assert run.states() == {"1": "ACTIVE", "2": "ACTIVE"}
    assert run.events == ["PM-PEER-RESTART"]


def test_a_restart_told_by_each_path_of_a_mag_is_one_restart() -> None:
    d = Domain()
    d.register(d.lte)
    d.register(d.wlan)
    for path in (d.lte, d.wlan):
        d.wait(1)
        d.send(
            path.address,
            d.lma,
            Heartbeat(response=True, unsolicited=True),
            RestartCounter(restart_counter=4),
        )
        d.register(d.lte)
    assert Run(d).states() == {"1": "ACTIVE", "2": "SUSPECT"}


def test_what_is_registered_after_a_restart_is_in_doubt_after_the_next() -> None:
    d = Domain()
    d.register(d.lte)
    heartbeat(d, 1, 7)
    heartbeat(d, 2, 8)
    d.register(d.lte)
    assert Run(d).states() == {"1": "ACTIVE"}
    heartbeat(d, 3, 9)
    assert Run(d).states() == {"1": "SUSPECT"}


@pytest.mark.parametrize(("missing", "state"), [(3, "ACTIVE"), (4, "SUSPECT")])
def test_missing_heartbeats(missing: int, state: str) -> None:
    d = Domain()
    d.register(d.lte)
    for sequence in range(missing):
        heartbeat(d, sequence)
    assert Run(d, end=4).states() == {"1": state}


def test_an_answer_between_starts_the_count_anew() -> None:
    d = Domain()
    d.register(d.lte)
    for sequence in range(6):
        heartbeat(d, sequence, 7 if sequence == 3 else None)
        d.wait(4)
    assert Run(d).states() == {"1": "ACTIVE"}


def test_binding_error_answers_the_newest_open_request_between_the_two() -> None:
    d = Domain()
    d.register(d.lte)
    heartbeat(d, 1)
    heartbeat(d, 2)
    heartbeat(d, 3, to=d.wlan.address)
    d.send(d.lma, d.lte.address, BindingError(status=UNRECOGNIZED_MH_TYPE))
    d.wait(0.1)
    d.send(d.lma, d.lte.address, BindingError(status=UNRECOGNIZED_MH_TYPE))
    d.wait(0.1)
    d.send(d.lma, d.lte.address, BindingError(status=UNRECOGNIZED_MH_TYPE))
    run = Run(d)
    replies = [e.reply.frame.number if e.reply else None for e in run.exchanges[1:]]
    assert replies == [7, 6, None]
    assert run.steps[-1].exchange is None


def test_binding_error_with_another_status_answers_nothing() -> None:
    d = Domain()
    d.register(d.lte)
    heartbeat(d, 1)
    d.send(d.lma, d.lte.address, BindingError(status=1))
    assert Run(d).steps[-1].exchange is None


# ---------------------------------------------------------------------------------- notification


def test_notification_and_its_acknowledgement() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(1)
    request = d.send(
        d.lma,
        d.lte.address,
        UpdateNotification(sequence=5, reason=1, acknowledge=True),
        mn_identifier(MN),
    )
    d.wait(0.1)
    d.send(d.lte.address, d.lma, UpdateNotificationAcknowledgement(sequence=5, status=0))
    run = Run(d)
    exchange = run.of(request)
    assert (exchange.kind, exchange.session) == (ExchangeKind.NOTIFICATION, 1)
    assert exchange.round_trip == 100_000_000
    assert run.states() == {"1": "ACTIVE"}


def test_an_unanswered_notification_is_closed() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(1)
    d.send(d.lma, d.lte.address, UpdateNotification(sequence=5, reason=1, acknowledge=True))
    run = Run(d, end=33)
    assert run.exchanges[-1].closed
    assert run.exchanges[-1].reply is None
    assert list(Run(d).tracker.unfinished()) == [Run(d).exchanges[-1]]


def test_open_exchanges_are_bounded() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(1)
    for sequence in range(LIMIT + 10):
        d.send(d.lte.address, d.lma, Heartbeat(sequence=sequence))
    assert len(list(Run(d).tracker.unfinished())) == LIMIT
