"""What commands print may stand in the log of a CI job, whose runner obeys some lines."""

import re
from pathlib import Path

import pytest
from command_line import Run

from pmiptrace.capture.writer import write_pcap
from pmiptrace.testing import Trace


@pytest.mark.parametrize("name", ["::error::pwned", "##[error]pwned", "##vso[a.b]pwned"])
@pytest.mark.parametrize(
    "command",
    [
        "analyze",
        "analyze --mobile-node absent ##[group].pcap",
        "dissect",
        "dissect a.pcap 3 -x",
        "bindings",
        "bindings --changes",
        "timeline",
        "stats",
    ],
)
def test_no_page_has_a_command_of_a_capture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, command: str, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    trace = Trace()
    mag = trace.mag(name)
    trace.register(mag.path("2001:db8:a::1", bid=1, if_att=8, if_label=11), name)
    trace.wait(1)
    trace.pbu(mag.path("2001:db8:b::1", bid=2), name, bulk=True, overwrite=True)
    trace.pba()
    write_pcap("a.pcap", trace.frames)
    words = command.split()
    found = run(*words, *(() if "a.pcap" in words else ("a.pcap",)))
    assert found.code in (0, 1, 3)
    assert not re.search(r"^\s*::\w+|##\w*\[", found.out + found.err, re.MULTILINE)
