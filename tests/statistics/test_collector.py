"""What captures add up to, from traces of which the answer is known."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from pmiptrace.analysis import Analysis
from pmiptrace.capture.writer import write_pcap
from pmiptrace.model import ExchangeKind
from pmiptrace.selection import Pattern, Selection
from pmiptrace.simulation import Scenario, simulate
from pmiptrace.statistics import Collector, Statistics, collector
from pmiptrace.statistics.quantiles import Quantiles
from pmiptrace.testing import Path as Wan
from pmiptrace.testing import Trace

MILLISECOND = 1_000_000
K = ExchangeKind


class Domain(Trace):
    """Two MAGs, the first with an LTE and a WLAN path; requests are answered after some time."""

    def __init__(self) -> None:
        super().__init__()
        one = self.mag("mag1@example.com")
        self.lte = one.path("2001:db8:a::1", bid=1, if_att=8, if_label=11)
        self.wlan = one.path("2001:db8:b::1", bid=2, if_att=4, if_label=9)
        self.other = self.mag("mag2@example.com").path("2001:db8:c::1", bid=1, if_att=4)

    def asked(self, path: Wan, milliseconds: float, mn: str = "mn1@example.com", **parts) -> None:
        status = parts.pop("status", 0)
        request = self.pbu(path, mn, **parts)
        self.wait(milliseconds / 1000)
        self.pba(request, status=status)


def found(trace: Trace, folder: Path, **selected: Pattern) -> Statistics:
    path = folder / "trace.pcap"
    write_pcap(path, trace.frames)
    return statistics(str(path), **selected)


def statistics(*paths: str, **selected: Pattern) -> Statistics:
    analysis = Analysis(paths, judge=False)
    collected = Collector(Selection(**selected), analysis.mags)
    for event in analysis.events():
        collected.event(event)
    return collected.statistics(analysis.ended_at)


def milliseconds(measured: Quantiles | None) -> list[float | None]:
    assert measured is not None
    values = (measured.percentile(50), measured.percentile(99), measured.maximum)
    return [measured.count, *(None if v is None else v / MILLISECOND for v in values)]


# ---------------------------------------------------------------------------------- latency


def test_latency_is_told_by_kind_mag_lma_and_access(tmp_path: Path) -> None:
    trace = Domain()
    trace.asked(trace.lte, 10)
    trace.asked(trace.wlan, 20)
    trace.wait(5)
    trace.asked(trace.wlan, 30)
    trace.asked(trace.other, 40, "mn2@example.com")
    trace.wait(5)
    trace.asked(trace.wlan, 7, lifetime=0)
    latencies = found(trace, tmp_path).latencies
    assert milliseconds(latencies.registration) == [4, 20, 40, 40]
    assert {kind: milliseconds(m)[0] for kind, m in latencies.by_kind.items()} == {
        K.INITIAL: 2, K.ADD_PATH: 1, K.REFRESH: 1, K.DEREG: 1,
    }  # fmt: skip
    assert milliseconds(latencies.by_kind[K.DEREG]) == [1, 7, 7, 7]
    assert {a: milliseconds(m) for a, m in latencies.by_access.items()} == {
        8: [1, 10, 10, 10], 4: [3, 30, 40, 40],
    }  # fmt: skip
    assert {lma: milliseconds(m)[0] for lma, m in latencies.by_lma.items()} == {trace.lma: 4}
    assert sorted(milliseconds(m)[0] for m in latencies.by_mag.values()) == [1, 3]
    assert latencies.registration.slowest is not None
    assert latencies.registration.slowest.frame == 8


def test_the_access_of_a_request_without_the_option_is_that_of_the_attachment(
    tmp_path: Path,
) -> None:
    trace = Trace()
    trace.register(trace.mag(None).path("2001:db8:a::1"), att=3)
    assert list(found(trace, tmp_path).latencies.by_access) == [3]


@pytest.mark.parametrize("case", ["retransmitted", "rejected", "one_sided", "without_time"])
def test_what_has_no_latency_is_left_out_and_counted(tmp_path: Path, case: str) -> None:
    trace = Domain()
    trace.asked(trace.lte, 10)
    trace.wait(50)
    if case == "retransmitted":
        trace.pbu(trace.wlan)
        trace.wait(1)
        trace.asked(trace.wlan, 20)
    elif case == "rejected":
        trace.asked(trace.wlan, 20, status=130)
    elif case == "one_sided":
        request = trace.pbu(trace.wlan)
        trace.wait(0.02)
        trace.pba(request)
        del trace.frames[2]
        trace.frames[2] = replace(trace.frames[2], number=3)
    elif case == "without_time":
        request = trace.pbu(trace.wlan)
        trace.now -= 20 * MILLISECOND
        trace.pba(request)
    trace.wait(40)
    trace.asked(trace.lte, 12)
    latencies = found(trace, tmp_path).latencies
    assert getattr(latencies.excluded, case) == 1
    assert milliseconds(latencies.registration) == [2, 10, 12, 12]


def test_a_mag_that_its_identifier_joins_is_one(tmp_path: Path) -> None:
    """The first PBU of the WLAN path has no MAG Identifier, the second has."""
    trace = Domain()
    trace.asked(trace.lte, 10)
    trace.asked(trace.wlan, 20, "mn2@example.com", without=(63, 64))
    trace.wait(5)
    trace.asked(trace.wlan, 30, "mn3@example.com")
    latencies = found(trace, tmp_path).latencies
    assert [milliseconds(m) for m in latencies.by_mag.values()] == [[3, 20, 30, 30]]


def test_mags_beyond_the_bound_share_a_distribution(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collector, "MOST_MAGS", 2)
    trace = Trace()
    for number in range(5):
        mag = trace.mag(f"mag{number}@example.com")
        trace.register(mag.path(f"2001:db8:a::{number}", bid=1), f"mn{number}@example.com")
    by_mag = found(trace, tmp_path).latencies.by_mag
    assert sorted(measured.count for measured in by_mag.values()) == [1, 1, 3]
    assert by_mag[collector.OTHER_MAGS].count == 3


# --------------------------------------------------------------------------------- handover


@pytest.mark.parametrize(
    ("case", "count", "signalling", "gap", "seamless", "unknown"),
    [
        ("break before make", 1, [1, 30, 30, 30], [1, 1030, 1030, 1030], 0, 0),
        ("after de-registration", 1, [1, 30, 30, 30], [1, 2030, 2030, 2030], 0, 0),
        ("old MAG late", 1, [1, 30, 30, 30], None, 1, 0),
        ("retransmitted", 1, None, [1, 2030, 2030, 2030], 0, 0),
        ("rejected", 0, None, None, 0, 0),
        ("old path not captured", 1, [1, 30, 30, 30], None, 0, 1),
        ("comes back", 0, None, None, 0, 0),
    ],
)
def test_handovers(
    tmp_path: Path,
    case: str,
    count: int,
    signalling: list[float] | None,
    gap: list[float] | None,
    seamless: int,
    unknown: int,
) -> None:
    trace = Trace()
    old = trace.mag(None).path("2001:db8:a::1")
    new = trace.mag(None, sequence=500).path("2001:db8:b::1")
    if case != "old path not captured":
        trace.register(old)
    trace.wait(30)
    if case in ("break before make", "retransmitted", "rejected"):
        trace.pbu(old, lifetime=0)
        trace.wait(1)
    elif case == "after de-registration":
        trace.deregister(old)
        trace.wait(2 - 0.02)
    elif case == "comes back":
        trace.deregister(old)
        trace.wait(60)
    if case == "retransmitted":
        trace.pbu(new, hi=3)
        trace.wait(1)
    hnp = "2001:db8:100::/64" if case == "old path not captured" else None
    request = trace.pbu(new, hi=1 if case == "comes back" else 3, hnp=hnp)
    trace.wait(0.03)
    trace.pba(request, status=130 if case == "rejected" else 0)
    handovers = found(trace, tmp_path).handovers
    assert handovers.count == count
    assert (handovers.seamless, handovers.unknown) == (seamless, unknown)
    for measured, expected in ((handovers.signalling, signalling), (handovers.gap, gap)):
        assert (milliseconds(measured) if measured.count else None) == expected


# --------------------------------------------------------------------------------- requests


def test_requests_are_counted_by_what_became_of_them(tmp_path: Path) -> None:
    trace = Domain()
    trace.asked(trace.lte, 10)
    trace.wait(10)
    trace.pbu(trace.wlan)
    trace.wait(1)
    trace.pbu(trace.wlan)
    trace.wait(2)
    trace.asked(trace.wlan, 10, status=180)
    trace.wait(20)
    trace.pbu(trace.lte)
    trace.wait(100)
    trace.pbu(trace.other, "mn2@example.com")
    kinds = found(trace, tmp_path).kinds
    initial, path, refresh = kinds[K.INITIAL], kinds[K.ADD_PATH], kinds[K.REFRESH]
    assert (initial.count, initial.accepted, initial.open) == (2, 1, 1)
    assert (path.count, path.rejected) == (1, 1)
    assert (path.retransmitted, path.retransmissions) == (1, 2)
    assert (refresh.count, refresh.unanswered, refresh.open) == (1, 1, 0)


def test_an_answer_that_comes_late_is_no_longer_missing(tmp_path: Path) -> None:
    trace = Domain()
    request = trace.pbu(trace.lte)
    trace.wait(60)
    trace.asked(trace.other, 10, "mn2@example.com")
    trace.wait(60)
    trace.pba(request)
    counts = found(trace, tmp_path).kinds[K.INITIAL]
    assert (counts.count, counts.unanswered, counts.late, counts.accepted) == (2, 0, 1, 2)


def test_a_second_answer_counts_nothing(tmp_path: Path) -> None:
    trace = Domain()
    request = trace.pbu(trace.lte)
    trace.wait(0.01)
    trace.pba(request)
    trace.wait(3)
    trace.pba(request, status=130)
    found_ = found(trace, tmp_path)
    assert (found_.kinds[K.INITIAL].count, found_.rejections) == (1, ())
    assert found_.latencies.registration.count == 1


def test_rejections_are_counted_by_status_most_frequent_first(tmp_path: Path) -> None:
    trace = Domain()
    trace.asked(trace.lte, 10, status=130)
    for number in range(2, 5):
        trace.wait(1)
        path = trace.other if number == 4 else trace.lte
        trace.asked(path, 10, f"mn{number}@example.com", status=152)
    trace.wait(1)
    trace.asked(trace.lte, 10)
    trace.bra(trace.bri(trace.lte), status=132)
    shown = [(r.message, r.code, r.count, r.mags) for r in found(trace, tmp_path).rejections]
    assert shown == [("PBA", 152, 3, 2), ("BRA", 132, 1, 1), ("PBA", 130, 1, 1)]
    first = found(trace, tmp_path).rejections[0]
    assert first.first is not None
    assert first.last is not None
    assert (first.first.frame, first.last.frame) == (4, 8)


# ------------------------------------------------------------------------------------ paths


def test_time_is_added_up_by_the_number_of_paths_that_are_up(tmp_path: Path) -> None:
    trace = Domain()
    trace.asked(trace.lte, 0)
    trace.wait(10)
    trace.asked(trace.wlan, 0)
    trace.wait(30)
    trace.asked(trace.wlan, 0, lifetime=0)
    trace.wait(5)
    trace.asked(trace.lte, 0, lifetime=0)
    trace.wait(60)
    trace.asked(trace.other, 0, "mn2@example.com")
    trace.wait(7)
    trace.asked(trace.other, 0, "mn2@example.com")
    use = found(trace, tmp_path).paths
    assert {n: time / 1e9 for n, time in use.time.items()} == {1: 10 + 5 + 7, 2: 30}
    assert use.sessions == {2: 1, 1: 1}
    assert use.modes == {"multipath": 2}


def test_a_session_never_accepted_has_no_paths(tmp_path: Path) -> None:
    trace = Domain()
    trace.asked(trace.lte, 10, status=152)
    use = found(trace, tmp_path).paths
    assert use.sessions == {}
    assert use.time == {}


def test_only_what_is_selected_counts(tmp_path: Path) -> None:
    trace = Domain()
    trace.asked(trace.lte, 10)
    trace.wait(1)
    trace.asked(trace.other, 40, "mn2@example.com")
    for selected in ({"mobile_node": Pattern("mn2*")}, {"mag": Pattern("mag2*")}):
        shown = found(trace, tmp_path, **selected)
        assert milliseconds(shown.latencies.registration) == [1, 40, 40, 40]
        assert shown.messages.total() == 2
        assert sum(shown.paths.modes.values()) == 1
    assert found(trace, tmp_path, lma=Pattern("2001:db8::9")).messages.total() == 0


@pytest.mark.parametrize("seed", range(6))
def test_the_sums_of_a_simulated_run_agree_with_its_report(seed: int, tmp_path: Path) -> None:
    write_pcap(tmp_path / "run.pcap", simulate(Scenario.random(seed), seed).frames())
    path = str(tmp_path / "run.pcap")
    shown, report = statistics(path), Analysis([path]).report()
    assert dict(shown.messages) == report.messages_by_type
    assert sum(kind.count for kind in shown.kinds.values()) == len(report.exchanges)
    repeats = sum(max(0, len(e.attempts) - 1) for e in report.exchanges)
    assert abs(sum(k.retransmissions for k in shown.kinds.values()) - repeats) <= 2
    answered = [e for e in report.exchanges if e.reply is not None]
    assert sum(k.accepted + k.rejected for k in shown.kinds.values()) == len(answered)
    assert sum(i.messages for i in shown.rate.intervals) == report.messages
    excluded = shown.latencies.excluded
    left = sum(getattr(excluded, name) for name in excluded.__struct_fields__)
    assert sum(m.count for m in shown.latencies.by_kind.values()) + left == len(answered)
    by_mag = shown.latencies.by_mag.values()
    assert sum(m.count for m in by_mag) == shown.latencies.registration.count
