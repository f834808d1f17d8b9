"""Any messages in any order: nothing is raised, and nothing grows without bound."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from track_run import Domain, Run

from pmiptrace.model import SECOND, Binding, BindingState, Body, Message, Session
from pmiptrace.testing import Trace, mn_identifier
from pmiptrace.track.pairing import Pairing
from pmiptrace.track.peers import KnownMags, Peers
from pmiptrace.track.sessions import Sessions, binding_key
from pmiptrace.track.timers import Clock
from pmiptrace.track.tracker import Tracker
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
from pmiptrace.wire.options.rfc5213 import Timestamp
from pmiptrace.wire.options.rfc5847 import RestartCounter

PREFIXES = ("::/0", "2001:db8:1::/64", "2001:db8:2::/64", "2001:db8:3::/56")
OPTIONS = (8, 22, 23, 24, 25, 27, 63, 64)
MOBILE_NODES = ("mn1@example.com", "mn2@example.com", "")

small = st.integers(0, 3)
requests = st.fixed_dictionaries(
    {
        "path": small,
        "mn": st.sampled_from(MOBILE_NODES),
        "lifetime": st.sampled_from((0, 4, 40, 3600, 262140)),
        "hnp": st.lists(st.sampled_from(PREFIXES), max_size=3),
        "hi": st.integers(0, 7),
        "multipath": st.booleans(),
        "bulk": st.booleans(),
        "overwrite": st.booleans(),
        "sequence": st.one_of(st.none(), small),
        "without": st.sets(st.sampled_from(OPTIONS), max_size=3),
        "acknowledge": st.booleans(),
        "proxy": st.sampled_from((True, True, True, False)),
    }
)
replies = st.fixed_dictionaries(
    {
        "to": small,
        "status": st.sampled_from((0, 1, 128, 130, 135, 156, 157, 160, 180, 255)),
        "lifetime": st.sampled_from((None, 0, 4, 3600)),
        "hnp": st.one_of(st.none(), st.lists(st.sampled_from(PREFIXES), max_size=2)),
        "sequence": st.one_of(st.none(), small),
        "without": st.sets(st.sampled_from(OPTIONS), max_size=3),
        "source": st.sampled_from((None, "2001:db8:f::2")),
        "destination": st.sampled_from((None, "2001:db8:b::1", "2001:db8:99::1")),
        "proxy": st.sampled_from((True, True, True, False)),
    }
)
others = st.tuples(st.integers(0, 9), st.integers(0, 3), st.booleans(), st.booleans())
happening = st.one_of(
    st.tuples(st.just("pbu"), requests),
    st.tuples(st.just("pba"), replies),
    st.tuples(st.just("other"), others),
    st.tuples(st.just("again"), small),
    st.tuples(st.just("wait"), st.sampled_from((-5000, -2, -0.5, 0, 0.01, 1, 11, 33, 310, 4000))),
)
disorder = st.fixed_dictionaries(
    {
        "timeless": st.sets(st.integers(0, 40)),
        "broken": st.sets(st.integers(0, 40)),
        "captures": st.lists(st.integers(0, 1), min_size=41, max_size=41),
        "shuffled": st.one_of(st.none(), st.integers()),
    }
)


def other(kind: int, number: int, flag: bool) -> tuple[Body, list[Any]]:
    mn = [mn_identifier(MOBILE_NODES[number % 3])]
    revocation = BindingRevocationIndication(trigger=1, sequence=number, proxy=flag)
    everything = BindingRevocationIndication(trigger=128, sequence=number, global_revocation=True)
    refusal = BindingRevocationAcknowledgement(status=132, sequence=number)
    choices: list[tuple[Body, list[Any]]] = [
        (revocation, mn),
        (everything, []),
        (BindingRevocationAcknowledgement(status=0, sequence=number), []),
        (refusal, []),
        (Heartbeat(sequence=number), []),
        (
            Heartbeat(sequence=number, response=True, unsolicited=flag),
            [RestartCounter(restart_counter=number)],
        ),
        (UpdateNotification(sequence=number, reason=1), mn),
        (UpdateNotificationAcknowledgement(sequence=number, status=0), []),
        (BindingError(status=2), []),
        (BindingError(status=1), []),
    ]
    return choices[kind]


def played(happenings: list[tuple[str, Any]]) -> Trace:
    d = Domain()
    paths = (d.lte, d.wlan, d.far, d.plain)
    for what, details in happenings:
        if what == "wait":
            d.wait(details)
        elif what == "pbu":
            d.pbu(paths[details["path"]], **{k: v for k, v in details.items() if k != "path"})
        elif what == "pba":
            asked = [s for s in d.sent if s.destination == d.lma and s.body.mh_type == 5]
            if asked:
                parts = {k: v for k, v in details.items() if k != "to"}
                d.pba(asked[-1 - details["to"] % len(asked)], **parts)
        elif what == "again":
            if d.sent:
                d.again(d.sent[-1 - details % len(d.sent)])
        else:
            kind, number, flag, from_lma = details
            body, options = other(kind, number, flag)
            ends = (d.lma, d.lte.address) if from_lma else (d.lte.address, d.lma)
            d.send(*ends, body, *options)
    return d


def disordered(messages: list[Message], how: dict[str, Any]) -> list[Message]:
    if how["shuffled"] is not None:
        Random(how["shuffled"]).shuffle(messages)
    result = []
    for n, message in enumerate(messages):
        time = None if n in how["timeless"] else message.time
        capture = how["captures"][n % 41]
        frame = replace(message.frame, time=time, capture=capture)
        message = replace(message, datagram=replace(message.datagram, frame=frame))
        if n in how["broken"]:
            message = replace(message, checksum_correct=False)
        result.append(message)
    return result


def check(run: Run) -> None:
    """What holds whatever happened."""
    for step in run.steps:
        for session in (step.before, step.after):
            if session is not None:
                keys = [binding_key(b) for b in session.bindings]
                assert len(keys) == len(set(keys))
        for _, transition in step.transitions:
            assert transition.before in BindingState
    for session in run.sessions:
        assert session.bindings or session.closed_at is not None or session.partial
        for binding in session.bindings:
            check_history(session, binding)
    states = run.tracker.state
    assert all(b.mag in KnownMags(states.peers) for s in run.sessions for b in s.bindings)


def check_history(session: Session, binding: Binding) -> None:
    state = None
    for transition in binding.history:
        state = transition.after
    assert state is None or state is binding.state
    assert binding.ended_at is None or not binding.state.is_live


@settings(max_examples=300, deadline=None)
@given(st.lists(happening, max_size=40), disorder)
def test_nothing_is_raised(happenings: list[tuple[str, Any]], how: dict[str, Any]) -> None:
    trace = played(happenings)
    check(Run(disordered(list(trace.messages()), how)))


@settings(max_examples=150, deadline=None)
@given(st.lists(happening, max_size=40))
def test_nothing_is_left_in_the_end(happenings: list[tuple[str, Any]]) -> None:
    """Whatever happened, all requests and all sessions are forgotten after long enough."""
    trace = played([h for h in happenings if h[0] != "wait" or h[1] >= 0])
    run = Run(trace, end=700_000)
    assert run.sessions == [s for s in run.sessions if s.live]
    assert all(b.expires_at is None for s in run.sessions for b in s.live)
    assert list(run.tracker.unfinished()) == []
    assert len(run.tracker.state.clock) == 0


@settings(max_examples=100, deadline=None)
@given(st.lists(happening, max_size=30))
def test_every_step_is_the_same_again(happenings: list[tuple[str, Any]]) -> None:
    trace = played(happenings)
    assert Run(trace).steps == Run(trace).steps


# ---------------------------------------------------------------------------------------- bounds


def requests_of(count: int, *, still: bool = False) -> Iterator[Message]:
    """PBUs, each for another mobile node from another MAG; or all at one moment."""
    d = Domain()
    for n in range(count):
        mag = d.mag(f"mag{n}@example.com")
        d.pbu(mag.path(f"2001:db8:9:{n:x}::1", bid=1), f"mn{n}@example.com")
        if not still:
            d.wait(1)
    yield from d.messages()


def feed(tracker: Tracker, messages: Iterator[Message]) -> None:
    for message in messages:
        for _ in tracker.feed(message):
            pass


def test_requests_and_sessions_are_forgotten_as_time_goes_by() -> None:
    tracker = Tracker()
    feed(tracker, requests_of(1000))
    assert len(tracker.state.sessions) < 340
    assert len(list(tracker.unfinished())) < 34
    # A run for each session, and two for each MAG: its own, and that with the LMA.
    assert len(tracker.state.continuity) == len(tracker.state.sessions) + 2 * 1000


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sessions, "LIMIT", 50)
    monkeypatch.setattr(Pairing, "LIMIT", 50)
    monkeypatch.setattr(Peers, "LIMIT", 50)
    monkeypatch.setattr(Clock, "LIMIT", 50)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("timeless", [False, True])
def test_bounds_hold_where_time_stands_still(timeless: bool) -> None:
    run_tracker = Tracker()
    reported = set()
    for message in requests_of(500, still=True):
        if timeless:
            frame = replace(message.frame, time=None)
            message = replace(message, datagram=replace(message.datagram, frame=frame))
        for step in run_tracker.feed(message):
            if step.before is not None and step.after is None:
                reported.add(step.before.id)
    state = run_tracker.state
    assert len(state.sessions) <= 50
    assert len(list(run_tracker.unfinished())) <= 50
    assert len(state.peers.mags) == 51
    assert len(state.clock) <= 51
    assert len(reported) + len(state.sessions) == 500


@pytest.mark.usefixtures("narrow")
def test_bounds_hold_for_lmas_that_nobody_asked() -> None:
    d = Domain()
    unasked = []
    for n in range(200):
        unasked.append(d.pbu(d.lte, f"mn{n}@example.com", lma=f"2001:db8:f:{n:x}::1"))
        d.pba(hnp=f"2001:db8:5:{n:x}::/64")
        d.wait(2)
    run = Run(d, lost=unasked)
    assert len(run.sessions) == 50
    assert sum(s.context.lma_multipath is not None for s in run.steps) == 50


def test_mags_beyond_the_bound_count_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Peers, "LIMIT", 50)
    d = Domain()
    for n in range(60):
        path = d.mag(f"mag{n}@example.com").path(f"2001:db8:9:{n:x}::1", bid=1)
        d.register(path, f"mn{n}@example.com")
        d.wait(1)
    run = Run(d)
    last = run.sessions[-1]
    assert run.states(last) == {"1": "ACTIVE"}
    assert last.bindings[0].mag == 51


def test_answers_held_back_do_not_pile_up() -> None:
    d = Domain()
    asked = []
    for n in range(300):
        asked.append(d.pbu(d.lte, sequence=n))
        d.pba(asked[-1], replacing=[Timestamp.at(n * SECOND)])
    run = Run(d, lost=asked)
    assert sum(e.request is None for e in run.exchanges) == 300
