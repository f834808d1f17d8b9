"""Captures on their way to messages: progress, workers, and what need not be read twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest
from msgspec.structs import replace

import pmiptrace
from pmiptrace import reading
from pmiptrace.analysis import Analysis
from pmiptrace.capture import CaptureReader, scanner, workers
from pmiptrace.capture.writer import write_pcap
from pmiptrace.errors import UsageError
from pmiptrace.testing import Trace

CALL_FLOW = Path(__file__).parents[1] / "samples" / "call-flow.pcap"


def written(trace: Trace, path: Path) -> str:
    write_pcap(path, trace.frames)
    return str(path)


def test_progress_tells_octets_read(tmp_path: Path) -> None:
    trace = Trace()
    trace.register(trace.mag("mag1@example.com").path("2001:db8:a::1", bid=1))
    filler = replace(trace.frames[0], data=bytes(60_000))
    many = [replace(filler, number=n, original_length=60_000) for n in range(1, 61)]
    for frame in list(many):
        many.append(replace(trace.frames[0], number=frame.number + 60))
    trace.frames[:] = many
    told: list[tuple[int, int | None]] = []
    path = written(trace, tmp_path / "large.pcap")
    Analysis([path], progress=lambda done, total: told.append((done, total))).report()
    assert told
    assert all(total == Path(path).stat().st_size for _, total in told)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def busy(tmp_path: Path) -> list[str]:
    """Write what two MAGs and their LMA see, with user traffic, and a part that is cut short."""
    trace = Trace()
    paths = [trace.mag(f"mag{i}@example.com").path(f"2001:db8:{i}::1", bid=i) for i in (1, 2)]
    for number in range(60):
        trace.register(paths[number % 2], f"mn{number % 20}@example.com")
        trace.wait(3)
    signalling = list(trace.frames)
    filler = replace(signalling[0], data=signalling[0].data[:20] + b"\6" + bytes(1200))
    views = []
    for name, skew, step in (("lma", 0, 1), ("mag1", 7_250_000_000, 2), ("later", 0, 3)):
        trace.frames[:] = []
        for frame in signalling[::step]:
            time = (frame.time or 0) + skew
            for data in (frame.data, *[filler.data] * 4):
                number = len(trace.frames) + 1
                trace.frames.append(
                    replace(frame, number=number, time=time, data=data, original_length=len(data))
                )
        views.append(written(trace, tmp_path / f"{name}.pcap"))
    octets = Path(views[2]).read_bytes()
    Path(views[2]).write_bytes(octets[:-700])
    return views


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("jobs", [2, 5])
def test_the_report_is_the_same_for_every_number_of_jobs(
    tmp_path: Path, small_segments: None, count: int, jobs: int
) -> None:
    paths = [*busy(tmp_path)[:count], str(tmp_path / "missing.pcap")][: count + (count > 1)]
    size = sum(Path(path).stat().st_size for path in paths[:count])

    def run(jobs: int) -> tuple[object, list[str], int]:
        told: list[tuple[int, int | None]] = []
        analysis = Analysis(paths, jobs=jobs, progress=lambda *now: told.append(now))
        report = analysis.report()
        assert all(total is None or total <= 2 * size for _, total in told)
        errors = [str(error) for error in analysis.errors]
        return report, errors, analysis._reading._progress._finished

    alone = run(1)
    assert run(jobs) == alone
    assert alone[2] == size * (2 if count > 1 else 1)


@pytest.mark.parametrize(
    ("octets", "times"), [(0, [2, 2, 2]), (1 << 20, [1, 1, 2]), (1 << 24, [1, 1, 1])]
)
def test_a_capture_whose_frames_were_kept_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, octets: int, times: list[int]
) -> None:
    paths = busy(tmp_path)
    expected = pmiptrace.analyze(paths)
    opened: Counter[str] = Counter()

    def reader(path: str, *args: object, **how: object) -> CaptureReader:
        opened[path] += 1
        return CaptureReader(path, *args, **how)

    monkeypatch.setattr(reading, "CaptureReader", reader)
    monkeypatch.setattr(reading, "KEPT", octets)
    told: list[tuple[int, int | None]] = []
    monkeypatch.setattr(reading, "STRIDE", 1)
    report = Analysis(paths, progress=lambda done, total: told.append((done, total))).report()
    assert report == expected
    size = sum(Path(path).stat().st_size for path in paths)
    assert told[-1] == (2 * size, 2 * size)
    assert sorted(opened.values()) == times


def test_workers_are_there_only_for_large_captures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "Workers", None)
    assert pmiptrace.analyze(CALL_FLOW, jobs=8).messages == 4


def test_workers_end_with_the_analysis(
    tmp_path: Path, small_segments: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    crews: list[workers.Workers] = []
    make = workers.Workers
    monkeypatch.setattr(workers, "Workers", lambda jobs: crews.append(make(jobs)) or crews[-1])
    analysis = Analysis(busy(tmp_path)[:1], jobs=2)
    events = analysis.events()
    next(events)
    assert isinstance(events, Generator)
    events.throw(KeyboardInterrupt)
    list(events)
    (crew,) = crews
    assert analysis.interrupted
    assert crew._processes
    assert all(process._process.poll() is not None for process in crew._processes)


@pytest.mark.parametrize("jobs", [0, -1])
def test_fewer_jobs_than_one_are_a_usage_error(jobs: int) -> None:
    with pytest.raises(UsageError, match="at least one"):
        pmiptrace.analyze(CALL_FLOW, jobs=jobs)


def test_as_many_jobs_as_cores_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    if scanner.COMPILED:
        monkeypatch.setenv(scanner.VARIABLE, "compiled")
        monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(64)), raising=False)
        assert reading.useful_jobs() == 2
    monkeypatch.setenv(scanner.VARIABLE, "python")
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {1, 5, 6}, raising=False)
    assert reading.useful_jobs() == 3
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert reading.useful_jobs() == 4
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert reading.useful_jobs() == 1
