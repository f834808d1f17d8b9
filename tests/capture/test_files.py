import gzip
import os

import pytest
from container_bytes import SIGNALLING, pcap_header, record

from pmiptrace.capture import expand
from pmiptrace.capture.files import refuse_to_overwrite
from pmiptrace.errors import UsageError

CAPTURE = pcap_header() + record(SIGNALLING)


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "sub" / "deeper").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    for name in ["ring10.pcap", "ring9.pcap", "sub/a.bin", "sub/deeper/b"]:
        (tmp_path / name).write_bytes(CAPTURE)
    (tmp_path / "sub" / "c.gz").write_bytes(gzip.compress(CAPTURE))
    (tmp_path / "notes.pcap").write_text("no capture at all\n" * 30)
    (tmp_path / "sub" / "other.gz").write_bytes(gzip.compress(b"no capture" * 100))
    return tmp_path


def names(paths, tree):
    return [os.path.relpath(path, tree) for path in paths]


def test_a_directory_stands_for_its_captures_in_natural_order(tree):
    paths, errors = expand([str(tree)])
    assert names(paths, tree) == [
        "ring9.pcap",
        "ring10.pcap",
        "sub/a.bin",
        "sub/c.gz",
        "sub/deeper/b",
    ]
    assert errors == []


def test_files_and_standard_input_are_taken_as_they_are(tree):
    arguments = ["-", str(tree / "notes.pcap"), str(tree / "ring9.pcap")]
    assert expand(arguments) == (arguments, [])


def test_globs(tree):
    paths, errors = expand([str(tree / "ring*.pcap"), str(tree / "**" / "b")])
    assert names(paths, tree) == ["ring9.pcap", "ring10.pcap", "sub/deeper/b"]
    assert errors == []
    assert names(expand([str(tree / "su?")])[0], tree) == ["sub/a.bin", "sub/c.gz", "sub/deeper/b"]


def test_a_file_whose_name_looks_like_a_glob(tree):
    (tree / "odd[1].pcap").write_bytes(CAPTURE)
    assert names(expand([str(tree / "odd[1].pcap")])[0], tree) == ["odd[1].pcap"]


def test_a_capture_named_twice_is_read_once(tree):
    (tree / "link").symlink_to(tree / "ring9.pcap")
    paths, _ = expand([str(tree / "ring9.pcap"), str(tree), str(tree / "link"), "-", "-"])
    assert paths.count("-") == 1
    assert len(paths) == 6


def test_what_is_missing_does_not_hide_the_others(tree):
    good = str(tree / "ring9.pcap")
    bad = [str(tree / "absent"), str(tree / "*.none"), str(tree / "empty"), "a\0b"]
    paths, errors = expand([*bad[:2], good, *bad[2:]])
    assert paths == [good]
    assert [error.path for error in errors] == bad
    assert [error.reason for error in errors] == [
        "no such file or directory",
        "matches no file",
        "no captures in this directory",
        "no such file or directory",
    ]


@pytest.mark.parametrize("named", ["ring9.pcap", "ring*", "."])
def test_a_capture_is_not_overwritten_however_it_is_named(tree, named):
    (tree / "link").symlink_to(tree / "ring9.pcap")
    with pytest.raises(UsageError, match=r"link: this would replace a capture"):
        refuse_to_overwrite([str(tree / named)], [None, str(tree / "link")])


def test_what_is_no_capture_of_the_run_may_be_overwritten(tree):
    captures = [str(tree / name) for name in ("ring9.pcap", "gone", "-")]
    outputs = [str(tree / name) for name in ("ring10.pcap", "new", "sub")]
    refuse_to_overwrite(captures, [None, *outputs])
