"""Captures that begin late, lose messages, see one direction, are cut short, or have no clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from track_run import MN, Domain, Run

from pmiptrace.model import SECOND, Capability, Message, SessionMode
from pmiptrace.testing import Sent, Trace
from pmiptrace.wire.decode import decode

MMB, MAG_ID = 63, 64

PARTIAL: list[tuple[str, dict[str, Any], str | None]] = [
    ("first registration", {"hi": 1, "hnp": "::/0"}, None),
    ("first registration with a prefix of its own", {"hi": 1, "hnp": "2001:db8:7::/64"}, None),
    ("handover that asks for a prefix", {"hi": 3, "hnp": "::/0"}, None),
    ("unknown handoff that asks for a prefix", {"hi": 4, "hnp": "::/0"}, None),
    ("re-registration", {"hi": 5, "hnp": "2001:db8:7::/64"}, "a re-registration"),
    ("re-registration without prefix", {"hi": 5, "hnp": "::/0"}, "a re-registration"),
    ("de-registration", {"lifetime": 0, "hnp": "2001:db8:7::/64"}, "a de-registration"),
    ("handover", {"hi": 2, "hnp": "2001:db8:7::/64"}, "a handover from a MAG not seen"),
    ("handover between MAGs", {"hi": 3, "hnp": "2001:db8:7::/64"}, "a handover from a MAG"),
    ("unknown handoff", {"hi": 4, "hnp": "2001:db8:7::/64"}, "names a prefix"),
    ("shared prefix", {"hi": 6, "hnp": "2001:db8:7::/64"}, "adds an interface"),
    ("shared prefix, which one to be told", {"hi": 6, "hnp": "::/0"}, "adds an interface"),
]


@pytest.mark.parametrize(("parts", "reason"), [p[1:] for p in PARTIAL], ids=[p[0] for p in PARTIAL])
def test_partial_session(parts: dict[str, Any], reason: str | None) -> None:
    d = Domain()
    d.pbu(d.lte, **parts)
    run = Run(d)
    assert run.session.partial is (reason is not None)
    assert ("PM-PARTIAL-SESSION" in run.events) is (reason is not None)
    if reason is not None:
        assert run.session.partial_reason is not None
        assert reason in run.session.partial_reason


def test_a_re_registration_shows_a_binding_that_was_there() -> None:
    d = Domain()
    d.pbu(d.lte, hi=5, hnp="2001:db8:7::/64")
    d.wait(0.1)
    d.pba()
    d.wait(5)
    d.pbu(d.wlan, hi=5)
    run = Run(d)
    assert run.moves == [
        "1 NONE ASSUMED",
        "1 ASSUMED REFRESHING",
        "1 REFRESHING ACTIVE",
        "2 NONE ASSUMED",
        "2 ASSUMED REFRESHING",
    ]


def test_an_assumed_binding_keeps_its_state_if_the_refresh_is_rejected() -> None:
    d = Domain()
    d.pbu(d.lte, hi=5, hnp="2001:db8:7::/64")
    d.wait(0.1)
    d.pba(status=130)
    run = Run(d)
    assert run.states() == {"1": "ASSUMED"}
    assert run.binding(d.lte).expires_at is None


def test_a_de_registration_from_nowhere() -> None:
    d = Domain()
    d.deregister(d.lte, hnp="2001:db8:7::/64")
    d.wait(20)
    assert Run(d).moves == [
        "1 NONE DEREG_PENDING",
        "1 DEREG_PENDING DEREG_WAIT",
        "1 DEREG_WAIT NONE",
    ]


# ------------------------------------------------------------------------------- one-sided captures


def flow() -> tuple[Domain, list[Sent], list[Sent]]:
    """Two paths, refreshed and given up; the requests and the answers."""
    d = Domain()
    for _ in range(3):
        d.register(d.lte, lifetime=600)
        d.wait(50)
        d.register(d.wlan, lifetime=600)
        d.wait(50)
    d.deregister(d.lte)
    requests = [s for s in d.sent if s.destination == d.lma]
    return d, requests, [s for s in d.sent if s.source == d.lma]


def test_requests_alone_claim_no_binding() -> None:
    d, _, replies = flow()
    run = Run(d, lost=replies, end=100)
    assert all(not b.state.is_live for s in run.sessions for b in s.bindings)
    assert all(s.mode is SessionMode.UNKNOWN for s in run.sessions)
    assert all(s.context.half_duplex for s in run.steps if s.exchange)
    assert {s.context.capability for s in run.steps} == {Capability.UNKNOWN}
    assert set(run.events) == {"PM-UNANSWERED-PBU"}


def test_answers_alone_show_bindings_but_no_request() -> None:
    d, requests, _ = flow()
    run = Run(d, lost=requests)
    assert run.session.partial
    assert run.session.mode is SessionMode.MULTIPATH
    assert run.states() == {"1": "DEREG_WAIT", "2": "ACTIVE"}
    assert all(b.inferred for b in run.session.bindings)
    assert all(s.context.half_duplex for s in run.steps if s.exchange)
    assert all(e.request is None for e in run.exchanges)


def test_both_directions_are_no_half() -> None:
    d, _, _ = flow()
    run = Run(d)
    assert [s.context.half_duplex for s in run.steps[:2]] == [True, False]


@pytest.mark.parametrize("seconds", [39, 41])
def test_warm_up(seconds: int) -> None:
    d = Domain()
    d.register(d.plain, "mn0@example.com")
    d.wait(seconds)
    request = d.register(d.lte)
    d.wait(2)
    run = Run(d, lost=[request])
    assert ("PM-UNMATCHED-PBA" in run.events) is (seconds > 40)
    assert run.steps[-1].context.warmup is (seconds < 40)


def test_an_unmatched_rejection_claims_nothing() -> None:
    d = Domain()
    request = d.pbu(d.lte)
    d.pba(request, status=180)
    run = Run(d, lost=[request])
    assert run.sessions == []
    assert run.moves == []


# --------------------------------------------------------------------------------------- checksums


def broken(message: Message) -> Message:
    """The same message with a wrong checksum."""
    return replace(message, checksum=message.checksum ^ 1, checksum_correct=False)


def test_a_request_with_a_wrong_checksum_counts_once_it_is_answered() -> None:
    d = Domain()
    d.register(d.lte)
    pbu, pba = d.messages()
    alone = Run([broken(pbu)])
    assert alone.sessions == []
    assert alone.moves == []
    answered = Run([broken(pbu), pba])
    assert answered.states() == {"1": "ACTIVE"}
    assert answered.kinds == ["initial"]
    assert answered.session.mode is SessionMode.MULTIPATH


def test_a_damaged_request_makes_no_mag_and_no_session() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(5)
    d.pbu(d.mag("damaged@example.com").path("2001:db8:a::1", bid=1), hnp="2001:db8:bad::/64")
    good, answer, bad = d.messages()
    run = Run([good, answer, broken(bad)])
    assert [str(m.identifier) for m in run.tracker.state.peers.mags.values()] == [
        "mag1@example.com"
    ]
    assert len(run.sessions) == 1
    assert run.states() == {"1": "ACTIVE"}


def test_a_retransmission_in_good_order_makes_up_for_a_damaged_request() -> None:
    d = Domain()
    d.pbu(d.lte)
    d.wait(1)
    d.pbu(d.lte)
    first, second = d.messages()
    run = Run([broken(first), second])
    assert run.events == ["PM-RETRANSMISSION"]
    assert run.moves == ["1 NONE PENDING"]
    assert run.session.last_sent is second


def test_a_damaged_answer_from_a_host_with_good_checksums_is_discarded() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(10)
    d.pbu(d.lte)
    d.wait(0.1)
    d.pba()
    messages = list(d.messages())
    run = Run([*messages[:3], broken(messages[3])])
    assert run.states() == {"1": "REFRESHING"}
    assert run.steps[-1].exchange is None


def test_answers_of_a_host_whose_hardware_makes_the_checksums_count() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(10)
    d.register(d.wlan)
    run = Run([m if m.destination == d.lma else broken(m) for m in d.messages()])
    assert run.states() == {"1": "ACTIVE", "2": "ACTIVE"}


# ------------------------------------------------------------------------------------- cut frames


def cut(message: Message, octets: int) -> Message:
    """The message as a snap length leaves it."""
    datagram = message.datagram
    return decode(replace(datagram, payload=datagram.payload[:octets], truncated=True))


def cuts(message: Message) -> Iterator[Message]:
    for octets in range(6, len(message.datagram.payload)):
        yield cut(message, octets)


def test_no_legacy_conclusion_from_a_cut_answer() -> None:
    d = Domain()
    d.register(d.lte)
    pbu, pba = d.messages()
    for short in cuts(pba):
        run = Run([pbu, short])
        assert "PM-LEGACY-LMA" not in run.events
        assert all(s.mode is not SessionMode.MP_UNSUPPORTED for s in run.sessions)
        assert run.steps[-1].context.capability is not Capability.NO
        assert all(s.refusal is None for s in run.sessions)


def test_a_cut_answer_replaces_no_path() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(5)
    d.register(d.wlan)
    *before, pba = d.messages()
    for short in cuts(pba):
        run = Run([*before, short])
        first = run.tracker.state.sessions.get(1)
        assert first is not None
        assert run.states(first)["1"] == "ACTIVE"


@pytest.mark.parametrize("lifetime", [3600, 0])
def test_a_cut_request_ends_no_path_and_no_multipath(lifetime: int) -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(5)
    d.register(d.wlan)
    d.wait(5)
    d.register(d.wlan, lifetime=lifetime)
    *before, pbu, pba = d.messages()
    for short in cuts(pbu):
        run = Run([*before, short, pba])
        session = run.tracker.state.sessions.get(1)
        assert session is not None
        assert run.states(session)["1"] == "ACTIVE"
        assert session.mode is SessionMode.MULTIPATH


def test_a_cut_request_is_about_the_binding_of_its_address() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(5)
    d.register(d.wlan)
    d.wait(5)
    d.register(d.wlan)
    *before, pbu, pba = d.messages()
    place = next(at for at, o in zip(pbu.offsets, pbu.options, strict=True) if o.number == MMB)
    run = Run([*before, cut(pbu, place), pba])
    assert run.moves[-2:] == ["2 ACTIVE REFRESHING", "2 REFRESHING ACTIVE"]
    assert run.states() == {"1": "ACTIVE", "2": "ACTIVE"}


# -------------------------------------------------------------------------------------- the clock


def timed(message: Message, time: int | None) -> Message:
    frame = replace(message.frame, time=time)
    return replace(message, datagram=replace(message.datagram, frame=frame))


def test_a_clock_that_is_set_back_is_told_once() -> None:
    d = Domain()
    for _ in range(5):
        d.register(d.lte, lifetime=600)
        d.wait(10)
    messages = list(d.messages())
    hour = 3600 * SECOND
    back = [timed(m, (m.time or 0) - hour) for m in messages[4:]]
    run = Run([*messages[:4], *back])
    assert run.events == ["PM-CLOCK-BACKWARDS"]
    assert run.states() == {"1": "ACTIVE"}


def test_a_second_of_disorder_is_normal() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(10)
    d.pbu(d.lte)
    *rest, last = d.messages()
    late = timed(last, (rest[-1].time or 0) - SECOND)
    assert "PM-CLOCK-BACKWARDS" not in Run([*rest, late]).events


def test_without_times_nothing_expires_and_nothing_is_given_up() -> None:
    d, _, _ = flow()
    d.wait(10_000)
    d.pbu(d.wlan)
    run = Run([timed(m, None) for m in d.messages()])
    assert run.states() == {"1": "DEREG_WAIT", "2": "REFRESHING"}
    assert run.events == []
    assert all(b.expires_at is None for b in run.session.bindings)
    assert all(e.round_trip is None for e in run.exchanges)
    assert all(s.context.warmup for s in run.steps)


def test_without_times_an_answer_without_request_is_unmatched_at_once() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(1)
    d.register(d.wlan)
    messages = [timed(m, None) for m in d.messages()]
    run = Run([messages[1], *messages[2:]])
    assert [e.request is None for e in run.exchanges] == [True, False]


def test_times_here_and_there_do_no_harm() -> None:
    d, _, _ = flow()
    mixed = [timed(m, None) if n % 2 else m for n, m in enumerate(d.messages())]
    assert len(Run(mixed).sessions) == 1


def test_the_end_of_the_capture_is_when_its_last_frame_was() -> None:
    d = Domain()
    d.register(d.lte, lifetime=40)
    assert Run(d, end=30).states() == {"1": "ACTIVE"}
    assert Run(d, end=50).states() == {"1": "EXPIRED"}


def test_mobile_node_in_another_trace() -> None:
    t = Trace(start=0)
    t.register(t.mag().path("2001:db8:a::1", bid=1), MN)
    assert Run(t).states() == {"1": "ACTIVE"}
