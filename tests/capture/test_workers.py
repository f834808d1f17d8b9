"""Processes that scan: the same frames as without them, and nothing of them is left."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from container_bytes import SIGNALLING, USER, pcap_header, record

from pmiptrace.capture import CaptureReader, workers
from pmiptrace.capture.workers import Workers

OCTETS = pcap_header() + (record(USER) * 30 + record(SIGNALLING)) * 500


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "capture"
    path.write_bytes(OCTETS)
    return str(path)


def frames(path, crew=None):
    with CaptureReader(path, workers=crew) as reader:
        return list(reader), reader.info, reader.bytes_read


@pytest.fixture(autouse=True)
def no_head_start(monkeypatch):
    """Have even the first octets of a capture scanned by a worker."""
    monkeypatch.setattr(workers, "HEAD_START", 0)


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_processes_give_the_same_frames(path, jobs):
    with Workers(jobs, segment=100_000) as crew:
        assert frames(path, crew) == frames(path)
        started = [process._process for process in crew._processes]
        assert 0 < len(started) <= jobs
        assert frames(path, crew) == frames(path)
        assert [process._process for process in crew._processes][: len(started)] == started
    assert all(process.returncode is not None for process in started)


def test_the_walk_reads_on_while_workers_start(path, monkeypatch):
    monkeypatch.setattr(workers, "HEAD_START", 4)
    told = []
    submit = Workers.submit
    monkeypatch.setattr(Workers, "submit", lambda *args: told.append(args[1]) or submit(*args))
    with Workers(2, segment=100_000) as crew:
        assert frames(path, crew) == frames(path)
        assert frames(path, crew) == frames(path)
    starts = [segment.start for segment in told]
    again = starts.index(len(pcap_header()))
    assert starts[:2] == [400_000, 500_000]
    assert starts[again : again + 2] == [len(pcap_header()), 100_000]


def test_a_worker_that_dies_costs_no_frame(path):
    with (
        Workers(1, segment=100_000) as crew,
        CaptureReader(path, workers=crew) as reader,
    ):
        got = [next(iter(reader))]
        (process,) = crew._processes
        process._process.kill()
        got += list(reader)
        assert got == frames(path)[0]
        assert len(crew._processes) == 1


@pytest.mark.parametrize("program", ["", sys.executable + "-absent", "true"])
def test_without_an_interpreter_the_walk_reads_itself(path, monkeypatch, program):
    monkeypatch.setattr(sys, "executable", program)
    with Workers(2, segment=100_000) as crew:
        assert frames(path, crew) == frames(path)


def test_a_worker_ends_when_its_input_does():
    code = "from pmiptrace.capture.workers import serve; serve()"
    run = subprocess.run([sys.executable, "-c", code], input=b"", capture_output=True, timeout=60)
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
def test_a_worker_leaves_an_interrupt_to_who_started_it(path):
    with (
        Workers(1, segment=100_000) as crew,
        CaptureReader(path, workers=crew) as reader,
    ):
        got = [next(iter(reader))]
        (process,) = crew._processes
        process._process.send_signal(signal.SIGINT)
        got += list(reader)
        assert got == frames(path)[0]
        assert process._process.poll() is None


def in_a_daemon(path, answers):
    with Workers(2, segment=100_000) as crew:
        answers.put((len(frames(path, crew)[0]), len(crew._processes)))


def test_a_daemon_process_may_have_workers(path):
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    daemon = context.Process(target=in_a_daemon, args=(path, answers), daemon=True)
    daemon.start()
    count, started = answers.get(timeout=60)
    daemon.join(60)
    assert (count, started > 0) == (500, True)


def test_a_main_module_without_a_guard(path, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        "from pmiptrace import reading\n"
        "import pmiptrace\n"
        "reading.WORTH_WORKERS = 0\n"
        "print(pmiptrace.analyze(sys.argv[1], jobs=2).captures[0].packets)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(workers.__file__).parents[2])}
    run = subprocess.run(
        [sys.executable, str(script), path], capture_output=True, text=True, env=environment
    )
    assert (run.stdout, run.stderr) == ("15500\n", "")


def test_what_stands_in_the_working_directory_is_not_imported(path, tmp_path, monkeypatch):
    (tmp_path / "msgspec.py").write_text("raise SystemExit('imported')")
    (tmp_path / "struct.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    with Workers(1, segment=100_000) as crew:
        assert frames(path, crew) == frames(path)
        assert crew._idle
