"""Whether a capture proves that nothing between two messages was missed."""

from __future__ import annotations

from track_run import Domain, Run

from pmiptrace.model import Moment, Step
from pmiptrace.track.peers import Continuity


def since(run: Run) -> list[int]:
    """For each PBU, the ordinal since which the capture has all that its MAG sent."""
    return [s.context.contiguous_since for s in run.steps if s.message and s.message.kind == "PBU"]


def first_binding_since(step: Step) -> Moment | None:
    assert step.before is not None
    return step.before.bindings[0].since


def test_one_counter_for_all() -> None:
    d = Domain()
    for _ in range(3):
        d.register(d.lte)
        d.wait(1)
        d.register(d.wlan, "mn2@example.com")
        d.wait(1)
    assert since(Run(d)) == [1] * 6


def test_a_gap_in_the_counter() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(1)
    lost = d.register(d.lte)
    answer = d.sent[-1]
    d.wait(1)
    d.register(d.lte)
    d.wait(1)
    d.register(d.lte)
    assert since(Run(d, lost=[lost, answer])) == [1, 3, 3]


def test_other_mags_do_not_matter() -> None:
    d = Domain()
    d.register(d.lte)
    d.register(d.far, "mn2@example.com")
    d.register(d.lte)
    assert since(Run(d)) == [1, 3, 1]


def test_a_counter_for_each_session() -> None:
    d = Domain()
    for n in range(3):
        d.register(d.lte, "mn1@example.com", sequence=10 + n)
        d.wait(1)
        d.register(d.wlan, "mn2@example.com", sequence=700 + n)
        d.wait(1)
    assert since(Run(d)) == [1, 3, 1, 3, 1, 3]


def test_a_counter_for_each_lma() -> None:
    d = Domain()
    for n in range(3):
        d.register(d.lte, f"mn{n}@example.com", sequence=10 + n)
        d.wait(1)
        d.register(d.lte, f"mn{n}@example.com", sequence=700 + n, lma="2001:db8:f::2")
        d.wait(1)
    assert since(Run(d)) == [1, 3, 1, 3, 1, 3]


def test_the_counter_wraps() -> None:
    d = Domain()
    for sequence in (65534, 65535, 0, 1):
        d.register(d.lte, sequence=sequence)
        d.wait(1)
    assert since(Run(d)) == [1, 1, 1, 1]


def test_a_retransmission_leaves_no_gap_whatever_its_number() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(1)
    request = d.pbu(d.lte)
    d.wait(1)
    d.again(request)
    d.wait(1)
    d.pbu(d.lte)
    d.wait(0.1)
    d.pba()
    d.wait(1)
    d.register(d.lte)
    assert since(Run(d)) == [1, 1, 1, 1, 1]


def test_proven_since() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(1)
    d.register(d.lte)
    step = Run(d).steps[-1]
    assert step.proven_since(first_binding_since(step))
    assert not step.proven_since(None)


def test_not_proven_over_a_gap() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(1)
    lost = [d.register(d.lte), d.sent[-1]]
    d.wait(1)
    d.pbu(d.lte)
    step = Run(d, lost=lost).steps[-1]
    assert not step.proven_since(first_binding_since(step))


def test_not_proven_over_an_unanswered_request_of_the_session() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(10)
    d.pbu(d.lte, lifetime=0)
    d.wait(40)
    d.pbu(d.wlan)
    step = Run(d).steps[-1]
    assert step.before is not None
    assert step.before.unanswered is not None
    assert step.before.unanswered.frame == 3
    assert not step.proven_since(step.before.first)
    assert step.proven_since(step.moment)


def test_not_proven_from_the_first_message_of_a_partial_session() -> None:
    d = Domain()
    d.register(d.lte, hi=5, hnp="2001:db8:7::/64")
    d.wait(10)
    d.register(d.lte)
    step = Run(d).steps[-1]
    assert step.before is not None
    assert not step.proven_since(step.before.first)
    assert step.proven_since(step.before.bindings[0].since)


def test_counters_are_bounded() -> None:
    continuity = Continuity()
    continuity.LIMIT = 30  # type: ignore[misc]
    for n in range(100):
        continuity.note(n, b"lma", n, 5, n)
    assert continuity.since(0, b"lma", 0, 200) == 200
    assert continuity.since(99, b"lma", 99, 200) == 99


def test_a_gap_before_the_answer_may_be_one_of_the_session() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(1)
    request = d.pbu(d.lte)
    d.wait(0.01)
    lost = d.pbu(d.lte, lifetime=0)
    d.wait(0.01)
    d.pbu(d.lte, "mn2@example.com")
    d.wait(0.01)
    d.pba(request)
    step = Run(d, lost=[lost]).steps[-1]
    assert not step.proven_since(first_binding_since(step))
    complete = Run(d).steps[-1]
    assert complete.before is not None
    assert complete.proven_since(complete.before.first)
