"""A live capture as lines: whole, one for each thing, with names made harmless."""

from __future__ import annotations

import io

import pytest

from pmiptrace.live.analysis import LiveAnalysis
from pmiptrace.live.feed import Arrival
from pmiptrace.report.live.lines import LiveLines
from pmiptrace.report.times import TimeFormat
from pmiptrace.testing import Trace


def lines(trace: Trace, *, encoding: str = "utf-8", form: TimeFormat = TimeFormat.UTC) -> list[str]:
    live, octets = LiveAnalysis(), io.BytesIO()
    file = io.TextIOWrapper(octets, encoding)
    writer = LiveLines(file, form, live.follower.mags)
    for message in trace.messages():
        for event in live.arrived(Arrival(message.frame, 0)):
            writer.event(event)
    return octets.getvalue().decode(encoding).splitlines()


def test_a_registration() -> None:
    trace = Trace()
    path = trace.mag().path("2001:db8:a::1", bid=1, if_att=8, if_label=11)
    trace.register(path, lifetime=300)
    asked, granted, exchange = lines(trace)
    assert asked.split("  ")[1:] == [
        "binding", "mn1@example.com", "BID 1 2001:db8:a::1", "none → pending",
    ]  # fmt: skip
    assert granted.split("  ")[3:] == ["BID 1 2001:db8:a::1", "pending → active", "for 300 s"]
    assert exchange.split("  ")[1:6] == [
        "exchange", "mn1@example.com", "mag1@example.com 2001:db8:a::1", "→ 2001:db8:f::1",
        "initial 300 s",
    ]  # fmt: skip
    assert exchange.split("  ")[6] == "accepted"


def test_a_finding() -> None:
    trace = Trace()
    path = trace.mag().path("2001:db8:a::1", bid=1)
    trace.register(path)
    trace.pbu(path, bulk=True, overwrite=True)
    trace.pba()
    (found,) = [line for line in lines(trace) if "BO-EXCLUSIVE" in line]
    assert found.split("  ")[1:6] == [
        "finding", "error fail", "RFC8278-4.1-BO-EXCLUSIVE", "MAG mag1@example.com",
        "mn1@example.com",
    ]  # fmt: skip
    assert "frame 3" in found


def test_times_are_written_as_asked_for() -> None:
    trace = Trace()
    trace.register(trace.mag().path("2001:db8:a::1", bid=1))
    assert lines(trace, form=TimeFormat.RELATIVE)[0].startswith("+0.000000  binding")


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_hostile_names(encoding: str) -> None:
    name = "\x1b[2J[red]no\n→"
    trace = Trace()
    trace.register(trace.mag(name).path("2001:db8:a::1", bid=1), mn=name)
    found = lines(trace, encoding=encoding)
    assert len(found) == 3
    assert all(line.isprintable() and "\\x1b[2J[red]no\\n" in line for line in found)
