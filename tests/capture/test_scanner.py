"""Which scan is used."""

import pytest

from pmiptrace.capture import CaptureReader, scanner
from pmiptrace.errors import UsageError


@pytest.mark.parametrize(
    ("wanted", "built", "name"),
    [
        (None, True, "compiled"),
        ("", True, "compiled"),
        ("python", True, "Python"),
        ("compiled", True, "compiled"),
        (None, False, "Python"),
        ("python", False, "Python"),
    ],
)
def test_choice(monkeypatch, wanted, built, name):
    monkeypatch.setattr(scanner, "COMPILED", built)
    monkeypatch.delenv(scanner.VARIABLE, raising=False)
    if wanted is not None:
        monkeypatch.setenv(scanner.VARIABLE, wanted)
    assert scanner.scanner().name == name


@pytest.mark.parametrize(
    ("wanted", "message"),
    [("perl", "PMIPTRACE_SCAN is 'perl'"), ("compiled", "was not built")],
)
def test_wrong_choice(monkeypatch, tmp_path, wanted, message):
    monkeypatch.setattr(scanner, "COMPILED", False)
    monkeypatch.setenv(scanner.VARIABLE, wanted)
    with pytest.raises(UsageError, match=message):
        scanner.scanner()
    path = tmp_path / "any.pcap"
    path.write_bytes(bytes.fromhex("d4c3b2a1 02000400") + bytes(8) + b"\0\0\1\0\1\0\0\0")
    with pytest.raises(UsageError, match=message):
        CaptureReader(str(path))
