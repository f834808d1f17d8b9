"""Captures are named from the working directory on, where there is one."""

import os
from pathlib import Path

import pytest

from pmiptrace.report.files import file_uri, relative_path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    ("path", "relative", "uri"),
    [
        ("a.pcap", "a.pcap", "a.pcap"),
        ("./sub/../a b.pcap", "a b.pcap", "a%20b.pcap"),
        ("sub/ü#?.pcap", "sub/ü#?.pcap", "sub/%C3%BC%23%3F.pcap"),
        ("-", "-", "-"),
    ],
)
def test_a_path_in_the_working_directory(here: Path, path: str, relative: str, uri: str) -> None:
    assert (relative_path(path), file_uri(path)) == (relative, uri)
    if path != "-":
        assert relative_path(str(here / path)) == relative


def test_a_path_elsewhere_stays_whole(here: Path) -> None:
    other = here.parent / "here too" / "a.pcap"
    assert relative_path("../here too/a.pcap") == other.as_posix()
    assert file_uri(str(other)) == other.as_uri()


@pytest.mark.skipif(os.name == "nt", reason="a directory in use cannot be removed")
def test_a_working_directory_that_is_gone(here: Path) -> None:
    here.rmdir()
    assert relative_path("a.pcap") == "a.pcap"
