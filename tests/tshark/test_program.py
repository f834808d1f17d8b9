"""The program tshark: found, too old, missing, no tshark at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmiptrace.errors import UsageError
from pmiptrace.tshark.program import VARIABLE, find_tshark


def program(folder: Path, says: str, *, code: int = 0) -> str:
    path = folder / "tshark"
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
    path.chmod(0o755)
    return str(path)


def test_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = program(tmp_path, "TShark (Wireshark) 4.6.9 (Git commit 12ab).")
    monkeypatch.setenv(VARIABLE, path)
    tshark = find_tshark()
    assert (tshark.path, tshark.release) == (path, "4.6.9")


@pytest.mark.parametrize(
    ("says", "code", "told"),
    [
        ("TShark (Wireshark) 2.6.20", 0, "is tshark 2.6.20; 4.0 or later is needed"),
        ("TShark (Wireshark) 4.6.9", 1, "does not run as tshark; install it"),
        ("something else", 0, "does not say which tshark it is"),
    ],
)
def test_what_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, code: int, told: str
) -> None:
    monkeypatch.setenv(VARIABLE, program(tmp_path, says, code=code))
    with pytest.raises(UsageError, match=told):
        find_tshark()


def test_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="tshark is not installed; install it"):
        find_tshark()
