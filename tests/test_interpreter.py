"""Another Python: it finds the modules of this one, and none that lie about."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pmiptrace.interpreter import python_command


def test_it_has_the_modules_of_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, known = tmp_path / "here", tmp_path / "know'n é"
    for folder in (here, known):
        folder.mkdir()
        (folder / "mine.py").write_text(f"place = {folder.name!r}")
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys, "path", [*filter(None, sys.path), str(known)])
    command = python_command("import mine; print(ascii([mine.place, *sys.argv[1:]]))", "a", "-b")
    run = subprocess.run(command, capture_output=True, text=True)
    assert (run.stdout, run.stderr) == (ascii(["know'n é", "a", "-b"]) + "\n", "")
