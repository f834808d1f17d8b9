"""What is set changes what is found: the same trace, judged by the defaults and otherwise."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pmiptrace.configuration import configure
from pmiptrace.model import SECOND, BindingState, Finding
from pmiptrace.rules.engine import Engine
from pmiptrace.rules.examples.acts import plain, registered, then
from pmiptrace.rules.examples.rfc5213_pbu_session import refused
from pmiptrace.rules.examples.rfc5846 import again, bri
from pmiptrace.rules.examples.rfc5847 import beat, hb
from pmiptrace.rules.examples.rfc6275_session import attempts, burst, known
from pmiptrace.rules.examples.rfc7077 import agreed, lte, repeated, upn
from pmiptrace.rules.examples.rfc8278_session import denied, legacy, wait, wlan
from pmiptrace.rules.examples.stage import Play, Stage
from pmiptrace.settings import Settings
from pmiptrace.track.states import Event
from pmiptrace.track.tracker import Tracker


def settings(assignments: Sequence[str]) -> Settings:
    """Give what ``--timers`` with these assignments means."""
    return configure({"timers": assignments}, isolated=True, environment={}).settings


def judged(play: Play, given: Settings) -> list[Finding]:
    """Give the findings on a play, judged by these settings."""
    stage = Stage()
    play(stage)
    tracker, engine = Tracker(given.timers), Engine(given.options)
    findings: list[Finding] = []
    for message in stage.messages():
        for step in tracker.feed(message):
            findings += engine.evaluate(step)
    for step in tracker.finish(stage.now):
        findings += engine.evaluate(step)
    return findings + engine.finish()


def said(rule: str, play: Play, *assignments: str) -> str:
    """Give how the first finding of a rule claims: its status and severity; ``-`` if none."""
    findings = [f for f in judged(play, settings(assignments)) if f.rule == rule]
    return f"{findings[0].status} {findings[0].severity}" if findings else "-"


def pba(stage: Stage) -> None:
    stage.wait(0.02)
    stage.pba()


def pbu(stage: Stage) -> None:
    stage.pbu(stage.plain)


def second_early(stage: Stage) -> None:
    stage.pbu(stage.plain, timestamp=stage.now - SECOND)


def left(stage: Stage) -> None:
    stage.deregister(stage.lte, multipath=False)


def elsewhere(stage: Stage) -> None:
    stage.pbu(stage.other, "mn2@example.com")


TABLE: list[tuple[str, str, Play, str, str]] = [
    # setting, rule, play, by default, as set
    ("answer=64s", "PM-LATE-PBA", then(pbu, wait(40), pba), "note info", "-"),
    ("late-answer=5s", "PM-LATE-PBA", then(pbu, wait(40), pba), "note info", "-"),
    ("duplicate=5ms", "PM-DUP-CAPTURE", then(bri(), again(0.02)), "note info", "-"),
    ("grace=10s", "RFC8278-4.4-LEGACY-DISABLE", then(legacy, wait(5), wlan()), "fail warning", "-"),
    (
        "legacy-retry-window=30s", "RFC8278-4.4-LEGACY-DISABLE",
        then(legacy, wait(5), left, pba, wait(60), lte(hi=1)), "fail warning", "-",
    ),
    (
        "forget=30s", "RFC8278-4.4-180-DISABLE",
        then(denied, wait(100), wlan()), "fail warning", "-",
    ),
    (
        "administrative-action=1h", "RFC5213-6.9.1.2-152-STOP",
        refused(152, wait(100), pbu), "inconclusive warning", "fail warning",
    ),
    (
        "initial-timeout=500ms", "RFC6275-11.8-BACKOFF",
        known(attempts(0.5)), "inconclusive warning", "-",
    ),
    (
        "first-registration-timeout=5s", "RFC6275-11.8-BACKOFF",
        known(attempts(5, 5, 5)), "-", "fail error",
    ),
    ("initial-timeout=5s", "RFC6275-11.8-BACKOFF", known(attempts(5, 5, 5)), "-", "fail error"),
    ("max-timeout=2s", "RFC6275-11.8-BACKOFF", known(attempts(1, 2, 2)), "fail error", "-"),
    ("timer-tolerance=40%", "RFC6275-11.8-BACKOFF", known(attempts(1, 2, 2)), "fail error", "-"),
    ("update-rate=4", "RFC6275-11.8-RATE", known(burst(4)), "fail info", "-"),
    ("update-rate=10", "RFC6275-11.8-RATE", known(burst(8)), "fail info", "-"),
    (
        "timestamp-retry=30s", "RFC5213-6.9.1.2-157-RETRY",
        refused(157, wait(20), elsewhere), "inconclusive info", "-",
    ),
    ("trust-clock=on", "RFC5213-5.5-TS-WINDOW", second_early, "-", "fail info"),
    ("trust-clock=on,timestamp-window=2s", "RFC5213-5.5-TS-WINDOW", second_early, "-", "-"),
    ("ipsec=on", "RFC5213-4-IPSEC", plain(), "-", "fail info"),
    (
        "revocation-delay-min=100ms", "RFC5846-6.3-RETX",
        then(bri(), again(0.2)), "fail warning", "-",
    ),
    (
        "revocation-retries=2", "RFC5846-6.3-RETX",
        then(bri(), again(1), again(2)), "inconclusive warning", "-",
    ),
    ("heartbeat-interval-min=5s", "RFC5847-3-INTERVAL",
     then(registered, beat(), wait(5), hb()), "fail warning", "-"),
    ("heartbeat-interval-max=2h", "RFC5847-3-INTERVAL",
     then(registered, beat(), wait(4400), hb()), "inconclusive warning", "-"),
    ("notification-delay=200ms", "RFC7077-5.2-RETX-DELAY",
     then(upn(), repeated(0.2)), "fail warning", "-"),
    ("notification-delay-min=100ms", "RFC7077-5.2-RETX-DELAY",
     then(upn(), repeated(0.2)), "fail warning", "inconclusive warning"),
    ("notification-retries=2", "RFC7077-5.2-RETX-DELAY",
     then(upn(), repeated(1), repeated(1)), "fail info", "-"),
    ("registration-due=8s", "RFC7077-6.1-FORCE-REREG",
     then(agreed(), wait(7), lte()), "fail warning", "-"),
    ("registration-overdue=6s", "RFC7077-6.1-FORCE-REREG",
     then(agreed(), wait(7), lte()), "fail warning", "fail error"),
    ("registration-awaited=30s", "RFC7077-6.1-FORCE-REREG",
     then(agreed(), wait(20)), "inconclusive error", "-"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("setting", "rule", "play", "by_default", "as_set"),
    TABLE,
    ids=[f"{row[0]}: {row[1]}" for row in TABLE],
)
def test_verdict_follows_the_setting(
    setting: str, rule: str, play: Play, by_default: str, as_set: str
) -> None:
    assert said(rule, play) == by_default
    assert said(rule, play, setting) == as_set


@pytest.mark.parametrize(
    ("assignments", "after"),
    [
        ((), [BindingState.NONE]),
        (("delete-delay=12s",), [BindingState.NONE]),
        (("delete-delay=20s",), []),
    ],
)
def test_deletion_follows_the_delay(
    assignments: tuple[str, ...], after: list[BindingState]
) -> None:
    stage = Stage()
    stage.register(stage.lte)
    stage.wait(10)
    stage.deregister(stage.lte)
    stage.wait(15)
    tracker = Tracker(settings(assignments).timers)
    for message in stage.messages():
        list(tracker.feed(message))
    steps = tracker.finish(stage.now)
    assert [change.after for step in steps for _, change in step.transitions] == after


@pytest.mark.parametrize(
    ("setting", "lost"), [("missing-heartbeats=3", 0), ("missing-heartbeats=2", 1)]
)
def test_peer_is_lost_after_so_many_heartbeats(setting: str, lost: int) -> None:
    stage = Stage()
    stage.register(stage.lte)
    for _ in range(3):
        stage.wait(60)
        stage.heartbeat(stage.lte)
    stage.wait(10)
    tracker = Tracker(settings([setting]).timers)
    steps = [step for message in stage.messages() for step in tracker.feed(message)]
    steps += tracker.finish(stage.now)
    events = [change.event for step in steps for _, change in step.transitions]
    assert events.count(Event.PEER_LOST) == lost
