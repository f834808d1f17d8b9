"""What ``pmiptrace doctor`` looks at, on machines that lack one thing or the other."""

from __future__ import annotations

import io
import os
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from pmiptrace import doctor
from pmiptrace.doctor import Check, State, checks


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the whole search path."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("PMIPTRACE_TSHARK", raising=False)
    monkeypatch.delenv("PMIPTRACE_DUMPCAP", raising=False)
    return tmp_path


def named(name: str, stdout: io.TextIOBase | None = None) -> Check:
    (found,) = [check for check in checks(stdout or sys.stdout) if check.name == name]
    return found


def test_every_check_is_made_once() -> None:
    names = [check.name for check in checks(sys.stdout)]
    assert names[:2] == ["Python", "Scan"]
    assert names[-3:] == ["tshark", "dumpcap", "Terminal"]
    assert len(set(names)) == len(names)
    assert {"dpkt", "msgspec", "pyshark", "rich", "typer", "zstandard", "lz4"} <= set(names)
    assert not {"pytest", "ruff", "scapy"} & set(names)


def test_what_is_missing_says_what_to_do() -> None:
    assert all(check.remedy for check in checks(sys.stdout) if check.state is not State.GOOD)


def test_python_that_nobody_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "TESTED", ((3, 1), (3, 2)))
    assert named("Python").state is State.MISSING
    assert named("Python").remedy == "pmiptrace is tested with Python 3.1 to 3.2"


def test_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PMIPTRACE_SCAN", "quick")
    assert named("Scan").state is State.BAD
    monkeypatch.setenv("PMIPTRACE_SCAN", "python")
    monkeypatch.setattr(doctor, "COMPILED", False)
    assert (named("Scan").state, named("Scan").found) == (State.MISSING, "Python")
    monkeypatch.setattr(doctor, "COMPILED", True)
    assert named("Scan").found == "Python (chosen by PMIPTRACE_SCAN)"


def test_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name in ("rich", "lz4"):
            raise PackageNotFoundError
        return "1.0"

    monkeypatch.setattr(doctor, "version", version)
    assert (named("rich").state, named("rich").remedy) == (State.BAD, "pip install rich")
    assert named("lz4").state is State.MISSING
    assert named("lz4").remedy == "for captures compressed with lz4: pip install 'pmiptrace[lz4]'"
    assert named("dpkt") == Check("dpkt", State.GOOD, "1.0")


def test_no_wireshark(programs: Path) -> None:
    assert named("tshark").state is named("dumpcap").state is State.MISSING


@pytest.mark.skipif(os.name != "posix", reason="the program is a shell script")
def test_an_old_tshark(programs: Path) -> None:
    path = programs / "tshark"
    path.write_text("#!/bin/sh\necho 'TShark (Wireshark) 2.6.1 (v2.6.1)'\n")
    path.chmod(0o755)
    assert (named("tshark").state, named("tshark").found) == (State.MISSING, f"{path}, of no use")
    assert "is tshark 2.6.1; 4.0 or later is needed" in (named("tshark").remedy or "")


@pytest.mark.skipif(os.name != "posix", reason="rights are those of POSIX")
def test_dumpcap(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = programs / "dumpcap"
    path.write_text("#!/bin/sh\necho '1. eth0'\necho '2. lo'\n")
    path.chmod(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert named("dumpcap") == Check("dumpcap", State.GOOD, f"{path}, 2 interfaces")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "listxattr", lambda path: [], raising=False)
    assert named("dumpcap").found == f"{path}, may not capture"
    monkeypatch.setattr(os, "listxattr", lambda path: ["security.capability"], raising=False)
    assert named("dumpcap").state is State.GOOD
    path.write_text("#!/bin/sh\nexit 1\n")
    assert named("dumpcap").found == f"{path}, does not run"


def test_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    narrow = named("Terminal", Terminal(io.BytesIO(), "utf-8"))
    assert (narrow.state, narrow.found) == (State.GOOD, "60 columns, utf-8, xterm")
    assert narrow.remedy == "tables are folded; 80 columns are wide"
    plain = named("Terminal", Terminal(io.BytesIO(), "ascii"))
    assert plain.state is State.MISSING
    assert "UTF-8" in (plain.remedy or "")
    assert named("Terminal", io.TextIOWrapper(io.BytesIO(), "utf-8")).found.startswith("none")
