"""Which answer belongs to which request."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from track_run import MN, Domain, Run

from pmiptrace.model import SECOND, Message, Step
from pmiptrace.testing import Sent, Trace, mn_identifier
from pmiptrace.track.pairing import MAX_ATTEMPTS, MAX_PER_KEY
from pmiptrace.track.registrations import MAX_HELD
from pmiptrace.track.tracker import Tracker
from pmiptrace.wire.options.rfc5213 import Timestamp
from pmiptrace.wire.options.rfc8278 import MagMultipathBinding


def answers(run: Run) -> list[tuple[int | None, int | None]]:
    """The sequence numbers of every request and its answer."""
    return [
        (
            e.answered.body.sequence if e.answered else None,  # type: ignore[attr-defined]
            e.reply.body.sequence if e.reply else None,  # type: ignore[attr-defined]
        )
        for e in run.exchanges
    ]


def answered(run: Run, request: Sent) -> int | None:
    """The status of the answer that a request got."""
    reply = run.of(request).reply
    return reply.body.status if reply else None  # type: ignore[attr-defined, no-any-return]


def test_an_exchange_in_full() -> None:
    d = Domain()
    request = d.register(d.lte)
    exchange = Run(d).of(request)
    assert exchange.closed
    assert exchange.certain
    assert exchange.replies == 1
    assert exchange.round_trip == 20_000_000
    assert exchange.lma == d.lma
    assert [a.frame for a in exchange.attempts] == [1]


# ---------------------------------------------------------------------------- several candidates


def test_same_number_for_several_mobile_nodes() -> None:
    d = Domain()
    one = d.pbu(d.lte, "mn1@example.com", sequence=7)
    d.wait(0.01)
    two = d.pbu(d.lte, "mn2@example.com", sequence=7)
    d.wait(0.01)
    d.pba(two, status=130)
    d.wait(0.01)
    d.pba(one, status=0)
    run = Run(d)
    assert (answered(run, one), answered(run, two)) == (0, 130)


def test_same_number_for_two_paths_of_one_mobile_node_from_one_address() -> None:
    d = Domain(timestamps=False)
    here = d.mag1.path("2001:db8:a::1", bid=2)
    one = d.pbu(d.lte, sequence=7)
    d.wait(0.01)
    two = d.pbu(here, sequence=7)
    d.wait(0.01)
    d.pba(one, status=0)
    d.wait(0.01)
    d.pba(two, status=130)
    run = Run(d)
    assert (answered(run, one), answered(run, two)) == (0, 130)


def test_timestamp_tells_equal_numbers_apart() -> None:
    d = Domain()
    one = d.pbu(d.lte, sequence=7, hi=1)
    d.wait(0.01)
    two = d.pbu(d.lte, sequence=7, hi=4)
    d.wait(0.01)
    d.pba(one, status=0)
    d.wait(0.01)
    d.pba(two, status=130)
    run = Run(d)
    assert (answered(run, one), answered(run, two)) == (0, 130)


def test_a_repeated_answer_takes_no_other_request_with_its_number() -> None:
    d = Domain()
    one = d.register(d.lte, sequence=7)
    d.wait(1)
    two = d.pbu(d.lte, sequence=7, hi=2)
    d.wait(0.06)
    d.pba(one)
    run = Run(d)
    assert run.of(one).replies == 2
    assert answered(run, two) is None


@pytest.mark.parametrize("status", [156, 157])
def test_an_answer_with_the_lma_s_own_time(status: int) -> None:
    d = Domain()
    d.pbu(d.lte, "mn2@example.com", sequence=7)
    d.wait(0.01)
    request = d.pbu(d.lte, sequence=7)
    d.wait(0.01)
    d.pba(request, status=status, replacing=[Timestamp.at(d.now + 5 * SECOND)])
    run = Run(d)
    assert answered(run, request) == status


def test_an_answer_without_mobile_node_is_taken_by_number_and_addresses() -> None:
    d = Domain()
    request = d.pbu(d.lte, without=[8])
    d.pba(request, status=160)
    run = Run(d)
    assert answered(run, request) == 160
    e = Domain()
    other = e.pbu(e.lte)
    e.pba(other, without=[8])
    assert answered(Run(e), other) == 0


def test_another_mobile_node_s_answer_is_none() -> None:
    d = Domain()
    request = d.pbu(d.lte)
    d.wait(0.1)
    d.pba(request, replacing=[mn_identifier("mn9@example.com"), Timestamp.at(d.now)])
    run = Run(d)
    assert answered(run, request) is None


def test_another_mobile_node_but_the_request_s_timestamp() -> None:
    d = Domain()
    request = d.pbu(d.lte)
    d.pba(request, replacing=[mn_identifier("mn9@example.com")])
    assert answered(Run(d), request) == 0


def test_a_named_answer_is_rather_for_a_named_request() -> None:
    d = Domain(timestamps=False)
    named = d.pbu(d.lte, sequence=7)
    d.wait(0.01)
    nameless = d.pbu(d.lte, sequence=7, without=[8])
    d.wait(0.01)
    d.pba(named)
    run = Run(d)
    assert (answered(run, named), answered(run, nameless)) == (0, None)


@pytest.mark.parametrize("timeless", [False, True])
def test_of_requests_that_nothing_tells_apart_the_last_is_answered_first(timeless: bool) -> None:
    d = Domain(timestamps=False)
    first = d.pbu(d.lte, sequence=7, hi=1)
    d.wait(0.01)
    second = d.pbu(d.lte, sequence=7, hi=4)
    for status in (0, 130):
        d.wait(0.1)
        d.pba(second, status=status)
    messages = list(d.messages())
    if timeless:
        messages = [
            replace(m, datagram=replace(m.datagram, frame=replace(m.frame, time=None)))
            for m in messages
        ]
    run = Run(messages)
    statuses = [e.reply.body.status for e in run.exchanges if e.reply]  # type: ignore[attr-defined]
    assert statuses == [130, 0]
    assert len(run.exchanges) == 2
    assert first.time < second.time


def test_udp_ports_are_part_of_the_address() -> None:
    t = Trace(lma="192.0.2.1")
    one = t.mag("mag1@example.com").path("198.51.100.1", bid=1)
    two = t.mag("mag2@example.com").path("198.51.100.1", bid=1)
    first = t.pbu(one, sequence=7, ports=(40001, 5436))
    t.wait(0.01)
    second = t.pbu(two, sequence=7, ports=(40002, 5436), hi=4)
    t.wait(0.01)
    t.pba(first, status=0, without=[27])
    t.wait(0.01)
    t.pba(second, status=130, without=[27])
    run = Run(t)
    assert (answered(run, first), answered(run, second)) == (0, 130)


# ------------------------------------------------------------------------------------ status 135


def test_status_135_is_paired_without_its_number() -> None:
    d = Domain(timestamps=False)
    accepted = d.register(d.lte)
    d.wait(10)
    request = d.pbu(d.lte, sequence=60000)
    d.wait(0.01)
    d.pba(request, status=135, sequence=accepted.body.sequence)  # type: ignore[attr-defined]
    run = Run(d)
    assert (answered(run, accepted), answered(run, request)) == (0, 135)
    assert run.of(accepted).replies == 1


def test_status_135_rather_answers_a_request_without_timestamp() -> None:
    d = Domain()
    stamped = d.pbu(d.lte, hi=1)
    d.wait(0.01)
    plain = d.pbu(d.lte, hi=1, bulk=True, without=[27])
    d.wait(0.01)
    later = d.pbu(d.lte, hi=1, overwrite=True)
    d.wait(0.01)
    d.pba(plain, status=135, sequence=9, without=[63])
    run = Run(d)
    assert [answered(run, r) for r in (stamped, plain, later)] == [None, 135, None]


def test_status_135_answers_the_newest_with_a_timestamp_if_all_have() -> None:
    d = Domain()
    first = d.pbu(d.lte, hi=1)
    d.wait(0.01)
    second = d.pbu(d.lte, hi=4)
    d.wait(0.01)
    d.pba(second, status=135, sequence=9)
    run = Run(d)
    assert [answered(run, r) for r in (first, second)] == [None, 135]


def test_status_135_is_no_answer_to_what_is_sent_after_it() -> None:
    d = Domain(timestamps=False)
    refused = d.pbu(d.lte, sequence=90)
    d.wait(0.01)
    d.pba(refused, status=135, sequence=100)
    d.wait(0.01)
    again = d.pbu(d.lte, sequence=101)
    run = Run(d, lost=[refused])
    assert answered(run, again) is None


def test_status_135_is_no_answer_to_a_request_that_was_given_up() -> None:
    d = Domain(timestamps=False)
    old = d.pbu(d.lte, sequence=90, hi=1)
    d.wait(100)
    refused = d.pbu(d.lte, sequence=95, hi=1)
    d.wait(0.01)
    d.pba(refused, status=135, sequence=100)
    run = Run(d, lost=[refused])
    assert answered(run, old) is None


def test_status_135_for_other_prefixes_is_paired_but_not_for_certain() -> None:
    d = Domain(timestamps=False)
    request = d.pbu(d.lte, sequence=90, hnp="2001:db8:1::/64")
    d.wait(0.01)
    d.pba(request, status=135, sequence=100, hnp="2001:db8:2::/64")
    run = Run(d)
    assert answered(run, request) == 135
    assert not run.of(request).certain


def test_status_135_for_other_prefixes_is_paired_by_its_timestamp() -> None:
    d = Domain()
    d.pbu(d.lte, hnp="2001:db8:1::/64")
    d.wait(0.01)
    request = d.pbu(d.lte, hnp="2001:db8:3::/64")
    d.wait(0.01)
    d.pba(request, status=135, hnp="2001:db8:2::/64")
    run = Run(d)
    assert answered(run, request) == 135
    assert run.of(request).certain


def test_status_135_twice_is_one_answer_repeated() -> None:
    d = Domain(timestamps=False)
    request = d.pbu(d.lte, sequence=60000)
    d.wait(0.1)
    d.pba(request, status=135, sequence=5)
    d.wait(0.1)
    d.pba(request, status=135, sequence=5)
    run = Run(d)
    assert run.of(request).replies == 2
    assert len(run.exchanges) == 1


# ------------------------------------------------------------------------------- retransmissions


def test_retransmissions_with_fresh_numbers_are_one_exchange() -> None:
    d = Domain()
    first = d.pbu(d.lte)
    d.wait(1)
    second = d.pbu(d.lte)
    d.wait(2)
    d.pbu(d.lte)
    d.wait(0.1)
    d.pba(second)
    run = Run(d)
    exchange = run.of(first)
    assert run.events == ["PM-RETRANSMISSION"] * 2
    assert len(run.exchanges) == 1
    assert [a.frame for a in exchange.attempts] == [1, 2, 3]
    assert exchange.answered is not None
    assert exchange.answered.frame.number == 2
    assert exchange.round_trip == 2_100_000_000


def test_each_attempt_may_be_answered_without_a_conflict() -> None:
    d = Domain()
    first = d.pbu(d.lte)
    d.wait(1)
    second = d.pbu(d.lte)
    d.wait(0.1)
    d.pba(first, lifetime=3600)
    d.wait(0.1)
    d.pba(second, lifetime=1800)
    run = Run(d)
    assert run.events == ["PM-RETRANSMISSION"]
    assert run.of(first).replies == 2
    assert run.binding(d.lte).lifetime == 1800


def test_retransmissions_with_the_same_number() -> None:
    d = Domain()
    first = d.pbu(d.lte)
    d.wait(1)
    d.again(first)
    d.wait(0.1)
    d.pba(first)
    run = Run(d)
    assert run.events == ["PM-RETRANSMISSION"]
    assert len(run.exchanges) == 1


def test_the_accepted_timestamp_is_that_of_the_attempt_answered() -> None:
    d = Domain()
    d.pbu(d.lte)
    d.wait(1)
    second = d.pbu(d.lte)
    d.wait(0.1)
    d.pba(second)
    run = Run(d)
    stamp = next(o for o in second.options if isinstance(o, Timestamp))
    assert run.binding(d.lte).last_timestamp == stamp.timestamp
    assert run.session.last_accepted_timestamp == stamp.timestamp


@pytest.mark.parametrize(
    "changes",
    [
        {"hi": 4},
        {"att": 4},
        {"hnp": "2001:db8:9::/64"},
        {"lifetime": 0},
        {"bulk": True},
        {"mn": "mn2@example.com"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_differs_is_no_retransmission(changes: dict[str, Any]) -> None:
    d = Domain()
    d.pbu(d.lte, hi=1)
    d.wait(1)
    d.pbu(d.lte, **{"hi": 1, **changes})
    run = Run(d)
    assert "PM-RETRANSMISSION" not in run.events
    assert len(run.exchanges) == 2


def test_a_request_after_the_answer_is_no_retransmission() -> None:
    d = Domain()
    d.register(d.lte, hi=5)
    d.wait(1)
    d.register(d.lte, hi=5)
    assert len(Run(d).exchanges) == 2


def test_a_request_after_giving_up_is_no_retransmission() -> None:
    d = Domain()
    d.pbu(d.lte)
    d.wait(33)
    d.pbu(d.lte)
    run = Run(d)
    assert run.events == ["PM-UNANSWERED-PBU"]
    assert len(run.exchanges) == 2


def test_every_attempt_restarts_the_wait() -> None:
    d = Domain()
    d.pbu(d.lte)
    d.wait(30)
    d.pbu(d.lte)
    d.wait(31)
    assert Run(d).events == ["PM-RETRANSMISSION"]
    assert Run(d, end=2).events == ["PM-RETRANSMISSION", "PM-UNANSWERED-PBU"]


def test_endless_retransmissions_are_bounded() -> None:
    d = Domain()
    for _ in range(MAX_ATTEMPTS + 20):
        last = d.pbu(d.lte)
        d.wait(1)
    d.pba(last)
    (exchange,) = Run(d).exchanges
    assert len(exchange.attempts) == MAX_ATTEMPTS
    assert exchange.reply is not None


# ------------------------------------------------------------------- reordered, late, wrong place


@pytest.mark.parametrize(("gap", "paired"), [(0.5, True), (0.999, True), (1.001, False)])
def test_an_answer_may_stand_before_its_request(gap: float, paired: bool) -> None:
    d = Domain()
    request = d.pbu(d.lte)
    d.wait(0.02)
    d.pba()
    pbu, pba = d.messages()
    late = replace(pbu.frame, number=3, time=(pba.time or 0) + round(gap * SECOND))
    pbu = replace(pbu, datagram=replace(pbu.datagram, frame=late))
    tracker = Tracker()
    steps = [*tracker.feed(pba), *tracker.feed(pbu), *tracker.finish()]
    complete = [s for s in steps if s.exchange and s.exchange.request and s.exchange.reply]
    assert bool(complete) is paired
    if paired:
        assert [s.moment.ordinal for s in steps] == [2, 1]
        assert complete[0].moment.frame == 2
    assert request.time == pba.time - 20_000_000  # type: ignore[operator]


def test_an_answer_held_back_is_let_go_at_the_end() -> None:
    d = Domain()
    d.wait(50)
    request = d.register(d.lte)
    run = Run(d, lost=[request])
    assert len(run.exchanges) == 1
    assert run.states() == {"1": "ASSUMED"}


def test_held_answers_of_one_mobile_node_are_bounded() -> None:
    d = Domain()
    for n in range(MAX_HELD + 100):
        d.pba(d.pbu(d.lte, sequence=n))
    tracker = Tracker()
    replies = [m for m in d.messages() if m.kind == "PBA"]
    assert len([s for m in replies for s in tracker.feed(m)]) == 100
    assert len(list(tracker.finish())) == MAX_HELD


@pytest.mark.parametrize(("seconds", "is_late"), [(31, False), (32, False), (33, True)])
def test_a_late_answer(seconds: int, is_late: bool) -> None:
    d = Domain()
    request = d.pbu(d.lte)
    d.wait(seconds)
    d.pba(request)
    run = Run(d)
    assert ("PM-LATE-PBA" in run.events) is is_late
    assert answered(run, request) == 0


def test_an_answer_after_five_minutes_is_none() -> None:
    d = Domain()
    request = d.pbu(d.lte)
    d.wait(340)
    d.pba(request)
    run = Run(d)
    assert "PM-UNMATCHED-PBA" in run.events
    assert answered(run, request) is None


def test_an_answer_from_another_address_of_the_lma() -> None:
    d = Domain()
    request = d.pbu(d.lte)
    d.wait(0.1)
    d.pba(request, source="2001:db8:f::2")
    assert answered(Run(d), request) == 0


def test_an_answer_from_elsewhere_with_another_number_stays_in_doubt() -> None:
    d = Domain()
    d.register(d.wlan)
    d.wait(60)
    request = d.pbu(d.lte)
    d.wait(0.1)
    d.pba(request, sequence=999, destination="2001:db8:b::1", without=[27])
    d.wait(5)
    run = Run(d)
    assert answered(run, request) is None
    doubtful = next(s for s in run.steps if "RFC5213-5.3.6-ADDR" in s.events)
    assert [e.id for e in doubtful.outstanding] == [run.of(request).id]


def test_an_answer_to_another_address_of_the_mag() -> None:
    d = Domain()
    d.register(d.wlan)
    request = d.pbu(d.lte)
    d.wait(0.1)
    d.pba(request, destination="2001:db8:b::1")
    assert answered(Run(d), request) == 0


def test_a_wrong_number_with_the_request_s_timestamp() -> None:
    d = Domain()
    request = d.pbu(d.lte)
    d.wait(0.1)
    d.pba(request, sequence=999)
    assert answered(Run(d), request) == 0


def test_a_wrong_number_and_timestamp_finds_its_request_among_several() -> None:
    d = Domain()
    one = d.pbu(d.lte)
    d.wait(0.1)
    two = d.pbu(d.wlan)
    d.wait(0.1)
    d.pba(two, sequence=999, destination="2001:db8:a::1")
    run = Run(d)
    assert (answered(run, one), answered(run, two)) == (None, 0)


def test_a_wrong_number_without_timestamp_stays_in_doubt() -> None:
    d = Domain()
    d.register(d.lte, "mn9@example.com")
    d.wait(60)
    request = d.pbu(d.lte)
    d.wait(0.1)
    d.pba(request, sequence=999, without=[27])
    d.wait(5)
    run = Run(d)
    assert answered(run, request) is None
    doubtful = next(s for s in run.steps if "RFC6275-10.3.1-SEQ-COPY" in s.events)
    assert [e.id for e in doubtful.outstanding] == [run.of(request).id]
    assert "PM-UNMATCHED-PBA" in doubtful.events


def test_a_wrong_number_is_suspected_of_the_only_request_with_its_bid() -> None:
    d = Domain()
    d.register(d.plain, "mn9@example.com")
    d.wait(60)
    d.pbu(d.lte)
    d.wait(0.1)
    request = d.pbu(d.wlan)
    d.wait(0.1)
    d.pba(request, sequence=999, without=[27])
    d.wait(5)
    run = Run(d)
    doubtful = next(s for s in run.steps if "RFC6275-10.3.1-SEQ-COPY" in s.events)
    assert [e.id for e in doubtful.outstanding] == [run.of(request).id]


def test_a_wrong_number_and_two_outstanding_is_no_suspicion() -> None:
    d = Domain()
    d.pbu(d.lte, hi=1)
    d.wait(0.1)
    second = d.pbu(d.lte, hi=4)
    d.wait(0.1)
    d.pba(second, sequence=999, without=[27])
    d.wait(5)
    assert "RFC6275-10.3.1-SEQ-COPY" not in Run(d).events


def test_an_answer_without_request_is_unmatched_but_not_in_the_warm_up() -> None:
    d = Domain()
    early = d.register(d.lte)
    d.wait(60)
    late = d.register(d.wlan)
    run = Run(d, lost=[early, late])
    assert run.events == ["PM-PARTIAL-SESSION", "PM-UNMATCHED-PBA"]


# ----------------------------------------------------------------------------- conflicting answers


def test_equal_second_answer() -> None:
    d = Domain()
    request = d.register(d.lte)
    d.wait(0.1)
    d.pba(request)
    run = Run(d)
    assert run.of(request).replies == 2
    assert run.events == []
    assert run.moves == ["1 NONE PENDING", "1 PENDING ACTIVE"]


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        ({"status": 0}, {"status": 130}, "REJECTED"),
        ({"status": 130}, {"status": 0}, "ACTIVE"),
        ({"lifetime": 400}, {"lifetime": 800}, "ACTIVE"),
        ({"hnp": "2001:db8:1::/64"}, {"hnp": "2001:db8:2::/64"}, "ACTIVE"),
    ],
)
def test_conflicting_second_answer_counts(
    first: dict[str, Any], second: dict[str, Any], state: str
) -> None:
    d = Domain()
    request = d.pbu(d.lte, hnp="::/0")
    d.wait(0.1)
    d.pba(request, **first)
    d.wait(0.1)
    d.pba(request, **second)
    run = Run(d)
    exchange = run.of(request)
    assert run.events == ["PM-PBA-CONFLICT"]
    assert exchange.reply is not None
    assert exchange.reply.frame.number == 3
    last = run.tracker.state.sessions.get(exchange.session)
    assert last is not None
    assert run.states(last) == {"1": state}


def test_a_rejection_after_the_acceptance_of_a_refresh_leaves_the_binding() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(10)
    request = d.register(d.lte)
    d.wait(0.1)
    d.pba(request, status=130)
    run = Run(d)
    assert run.events == ["PM-PBA-CONFLICT"]
    assert run.states() == {"1": "ACTIVE"}


# ----------------------------------------------------------------------- one request beside another


def test_the_rejection_of_one_request_leaves_the_other_under_way() -> None:
    d = Domain()
    one = d.pbu(d.lte, hi=1)
    d.wait(1)
    d.pbu(d.lte, hi=4)
    d.wait(0.1)
    d.pba(one, status=130)
    assert Run(d).states() == {"1": "PENDING"}


def test_giving_up_one_request_leaves_the_other_under_way() -> None:
    d = Domain()
    d.pbu(d.lte, hi=1)
    d.wait(20)
    d.pbu(d.lte, hi=4)
    d.wait(20)
    run = Run(d)
    assert run.events == ["PM-UNANSWERED-PBU"]
    assert run.states() == {"1": "PENDING"}


def test_giving_up_a_de_registration_leaves_a_later_refresh_under_way() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(10)
    d.pbu(d.lte, lifetime=0)
    d.wait(20)
    d.pbu(d.lte)
    d.wait(13)
    run = Run(d)
    assert run.events == ["PM-UNANSWERED-PBU"]
    assert run.states() == {"1": "REFRESHING"}


def test_outstanding_requests_are_told_with_every_step() -> None:
    d = Domain()
    d.pbu(d.lte)
    d.wait(0.1)
    second = d.pbu(d.wlan)
    d.wait(0.1)
    d.pba(second)
    run = Run(d)
    assert [[e.id for e in s.outstanding] for s in run.steps] == [[], [1], [1]]


# ----------------------------------------------------------------------------------- duplicates


def copied(message: Message, after: float, **where: Any) -> Message:
    """The same octets, captured once more, some seconds later."""
    time = (message.time or 0) + round(after * SECOND)
    place = {k: where.pop(k) for k in ("interface", "capture") if k in where}
    frame = replace(message.frame, number=message.frame.number + 100, time=time, **place)
    return replace(message, datagram=replace(message.datagram, frame=frame, **where))


@pytest.mark.parametrize(
    ("after", "where", "is_duplicate"),
    [
        (0.0001, {}, True),
        (0.050, {}, True),
        (0.051, {}, False),
        (0.051, {"hop_limit": 63}, True),
        (0.051, {"link_address": b"\1" * 12}, True),
        (0.051, {"interface": 1}, True),
        (0.051, {"capture": 1}, True),
        (32, {"capture": 1}, True),
        (32.1, {"capture": 1}, False),
    ],
)
def test_capture_duplicates(after: float, where: dict[str, Any], is_duplicate: bool) -> None:
    d = Domain()
    d.pbu(d.lte)
    (message,) = d.messages()
    run = Run([message, copied(message, after, **where)])
    assert ("PM-DUP-CAPTURE" in run.events) is is_duplicate
    assert ("PM-RETRANSMISSION" in run.events) is (not is_duplicate and after <= 32)


def test_duplicates_do_not_count_as_messages() -> None:
    d = Domain()
    d.register(d.lte)
    pbu, pba = d.messages()
    run = Run([pbu, copied(pbu, 0.001), pba, copied(pba, 0.001)])
    assert [s.moment.ordinal for s in run.steps] == [1, 1, 2, 2]
    assert run.moves == ["1 NONE PENDING", "1 PENDING ACTIVE"]
    assert run.exchanges[0].replies == 1


def test_a_retransmission_seen_at_two_places_is_one() -> None:
    d = Domain()
    d.pbu(d.lte)
    (message,) = d.messages()
    there = copied(message, 0.001, capture=1)
    again, there_again = copied(message, 1), copied(message, 1.001, capture=1)
    run = Run([message, there, again, there_again])
    assert run.events == ["PM-DUP-CAPTURE", "PM-RETRANSMISSION", "PM-DUP-CAPTURE"]


def test_messages_without_time_are_never_duplicates() -> None:
    d = Domain()
    d.pbu(d.lte)
    (message,) = d.messages()
    timeless = replace(
        message, datagram=replace(message.datagram, frame=replace(message.frame, time=None))
    )
    assert Run([timeless, timeless]).events == ["PM-RETRANSMISSION"]


def test_many_requests_of_one_mobile_node_are_all_given_up() -> None:
    d = Domain()
    for n in range(MAX_PER_KEY + 20):
        d.pbu(d.lte, hi=1 + n % 2 * 3, sequence=n)
        d.wait(0.1)
    run = Run(d, end=40)
    assert run.events.count("PM-UNANSWERED-PBU") == MAX_PER_KEY + 20
    assert all(e.closed for e in run.exchanges)


def test_open_exchanges_are_told_at_the_end() -> None:
    d = Domain()
    for n in range(MAX_PER_KEY + 20):
        d.pbu(d.lte, hi=1 + n % 2 * 3, sequence=n)
        d.wait(0.1)
    assert len(list(Run(d).tracker.unfinished())) == MAX_PER_KEY + 20


def test_a_pba_with_the_bid_of_another_path_answers_its_request() -> None:
    d = Domain()
    d.register(d.lte)
    request = d.pbu(d.wlan)
    d.wait(0.1)
    wrong = MagMultipathBinding(if_att=4, if_label=9, bid=1)
    d.pba(request, replacing=[wrong])
    run = Run(d)
    assert answered(run, request) == 0
    assert run.moves[-1] == "2 PENDING ACTIVE"


def last_step(run: Run) -> Step:
    return run.steps[-1]


def test_a_ba_without_p_flag_answers_a_pbu() -> None:
    d = Domain()
    request = d.pbu(d.lte)
    d.pba(request, proxy=False)
    assert answered(Run(d), request) == 0


def test_a_ba_that_answers_no_pbu_is_none_of_ours() -> None:
    d = Domain()
    d.register(d.lte)
    d.pba(sequence=4711, proxy=False, without=[8])
    step = last_step(Run(d))
    assert step.exchange is None
    assert MN in str(Run(d).session.mobile_node)


def test_the_candidates_for_an_answer_are_bounded() -> None:
    d = Domain()
    for n in range(MAX_PER_KEY + 20):
        d.pbu(d.lte, hi=1 + n % 2 * 3, sequence=7)
        d.wait(0.1)
    pairing = Run(d).tracker._registrations._pairing
    assert [len(entries) for entries in pairing._by_node.values()] == [MAX_PER_KEY]
    assert [len(entries) for entries in pairing._by_key.values()] == [MAX_PER_KEY]


def test_a_request_that_was_given_up_does_not_hide_the_one_that_is_answered_wrongly() -> None:
    d = Domain(timestamps=False)
    d.pbu(d.plain, hi=1, hnp="2001:db8:1::/64")
    d.wait(100)
    request = d.pbu(d.plain, hi=1, hnp="2001:db8:2::/64")
    d.wait(0.01)
    d.pba(request, sequence=5)
    doubtful = next(s for s in Run(d, end=5).steps if "RFC6275-10.3.1-SEQ-COPY" in s.events)
    (asked,) = doubtful.outstanding
    assert asked.request is not None
    assert asked.request.time == request.time
