"""Captures read by tshark: the same report; other formats; ESP, not encrypted and encrypted."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from esp_protection import AES, KEY, aes, inside_esp, null
from msgspec.structs import replace

from pmiptrace.analysis import Analysis
from pmiptrace.capture.reader import CaptureReader
from pmiptrace.capture.writer import write_pcap
from pmiptrace.errors import UsageError
from pmiptrace.packet.build import ipv6
from pmiptrace.packet.numbers import IPV6
from pmiptrace.report.json import write
from pmiptrace.testing import Trace
from pmiptrace.tshark.engine import (
    SecurityAssociation,
    TsharkEngine,
    security_association,
    security_associations,
)
from pmiptrace.tshark.program import VARIABLE, find_tshark

SAMPLES = Path(__file__).parents[2] / "samples"
SHARED = Path(__file__).parents[3] / "shared" / "captures"
CAPTURES = [
    SAMPLES / "bulk-and-overwrite.pcap",
    SAMPLES / "ipv4-transport.pcap",
    SAMPLES / "path-deregistration.pcapng",
    SAMPLES / "busy.pcap.gz",
    *(path for path in (SHARED / "skku_lma2mags.pcap",) if path.exists()),
]

needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def engine(*associations: str, null: bool = False) -> TsharkEngine:
    return TsharkEngine(find_tshark(), security_associations(associations), null)


def report(path: Path, by: TsharkEngine | None = None) -> dict:
    """Give the JSON report without what says which file it is of."""
    written = io.BytesIO()
    write(Analysis([str(path)], engine=by).report(), written)
    document = json.loads(written.getvalue())
    for capture in document["captures"]:
        del capture["format"]
    return document


def protected(folder: Path, protect: Callable[[bytes], bytes]) -> tuple[Path, Path]:
    """Write a call flow in clear text, and the same with ESP around each Mobility Header."""
    trace = Trace()
    mag = trace.mag("mag1@example.com")
    trace.register(mag.path("2001:db8:a::1", bid=1, if_att=8, if_label=1))
    trace.wait(2)
    trace.pbu(mag.path("2001:db8:b::1", bid=2, if_att=4, if_label=2), bulk=True, overwrite=True)
    trace.pba(status=128)
    clear, hidden = folder / "clear.pcap", folder / "esp.pcap"
    write_pcap(clear, trace.frames)
    packets = [inside_esp(frame.data, protect) for frame in trace.frames]
    write_pcap(
        hidden,
        (
            replace(frame, data=data, original_length=len(data))
            for frame, data in zip(trace.frames, packets, strict=True)
        ),
    )
    return clear, hidden


def without_places(document: dict) -> dict:
    """Leave out where in the frame a violation stands: an unwrapped packet is another frame."""
    for finding in document["findings"]:
        finding["span"] = finding["span"] and finding["span"]["field"]
    for capture in document["captures"]:
        del capture["path"]
    return document


@needs_tshark
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_the_report_is_the_same(path: Path) -> None:
    assert report(path, engine()) == report(path)


@needs_tshark
@pytest.mark.parametrize(
    ("protect", "by"),
    [(null, {"null": True}), (aes, {"associations": AES})],
    ids=["null", "aes-cbc"],
)
def test_esp(tmp_path: Path, protect: Callable[[bytes], bytes], by: dict) -> None:
    clear, hidden = protected(tmp_path, protect)
    unread = report(hidden)
    assert unread["summary"]["messages"] == 0
    reader = engine(by["associations"]) if "associations" in by else engine(null=True)
    found = without_places(report(hidden, reader))
    assert found == without_places(report(clear))
    assert "RFC8278-4.1-BO-EXCLUSIVE" in [finding["rule"] for finding in found["findings"]]


@needs_tshark
def test_a_wrong_key_shows_nothing(tmp_path: Path) -> None:
    _, hidden = protected(tmp_path, aes)
    wrong = AES.replace(KEY.hex(), bytes(16).hex())
    assert report(hidden, engine(wrong))["summary"]["messages"] == 0


@needs_tshark
def test_another_format(tmp_path: Path) -> None:
    path = tmp_path / "capture.snoop"
    sample = SAMPLES / "call-flow.pcap"
    subprocess.run(["editcap", "-F", "snoop", sample, path], check=True)
    assert Analysis([str(path)]).report().messages == 0
    found = Analysis([str(path)], engine=engine()).report()
    assert (found.messages, found.captures[0].packets) == (4, 4)


@needs_tshark
def test_octets_that_are_no_text_end_nothing(tmp_path: Path) -> None:
    """tshark writes the octets of a name as they are, in what should be JSON."""
    name = b"mn1@example.com"
    broken = bytes(range(0x80, 0x80 + len(name)))
    frames = []
    with CaptureReader(str(CAPTURES[0])) as reader:
        for frame in reader:
            frames.append(frame)
            for other in (broken, bytes(range(len(name)))):
                frames.append(replace(frame, data=frame.data.replace(name, other)))
    path = tmp_path / "names.pcap"
    write_pcap(path, frames)
    own = Analysis([str(path)]).report().messages
    assert own == 24
    assert Analysis([str(path)], engine=engine()).report().messages == own


@needs_tshark
def test_the_innermost_of_two_headers(tmp_path: Path) -> None:
    """What is protected in a tunnel of IPv6 in IPv6 comes from the end of the inner one."""
    trace = Trace()
    trace.register(trace.mag("mag1@example.com").path("2001:db8:a::1", bid=1))
    clear, hidden = tmp_path / "clear.pcap", tmp_path / "tunnel.pcap"
    write_pcap(clear, trace.frames)
    outer = (bytes(15) + b"\x01", bytes(15) + b"\x02")
    packets = [ipv6(*outer, IPV6, inside_esp(frame.data, null)) for frame in trace.frames]
    frames = zip(trace.frames, packets, strict=True)
    write_pcap(hidden, [replace(f, data=p, original_length=len(p)) for f, p in frames])
    found = without_places(report(hidden, engine(null=True)))
    assert found == without_places(report(clear))


@needs_tshark
def test_times_as_later_releases_write_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Since 4.2 tshark writes times for programs in ISO 8601."""
    path = shutil.which("tshark")
    later = tmp_path / "tshark"
    later.write_text(
        rf"""#!{sys.executable}
import re, subprocess, sys
from datetime import UTC, datetime
def date(found):
    day = format(datetime.fromtimestamp(int(found[2]), UTC), "%Y-%m-%dT%H:%M:%S")
    return found[1] + day.encode() + b"." + found[3] + b"Z"
ran = subprocess.run(["{path}", *sys.argv[1:]], stdout=subprocess.PIPE)
form = rb'("frame_frame_time_epoch":")(\d+)[.](\d+)'
sys.stdout.buffer.write(re.sub(form, date, ran.stdout))
sys.exit(ran.returncode)
"""
    )
    later.chmod(0o755)
    own = report(CAPTURES[0])
    monkeypatch.setenv(VARIABLE, str(later))
    assert report(CAPTURES[0], engine()) == own


@needs_tshark
def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a capture")
    analysis = Analysis([str(text), str(CAPTURES[0])], engine=engine())
    assert analysis.report().messages > 0
    (error,) = analysis.errors
    assert error.path == str(text)
    assert "isn't a capture file" in error.reason


@needs_tshark
def test_a_capture_that_is_cut(tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(CAPTURES[0].read_bytes()[:-10])
    found = Analysis([str(cut)], engine=engine()).report()
    assert found.messages == Analysis([str(cut)]).report().messages
    assert [problem.kind for problem in found.captures[0].problems] == ["cut"]


def test_security_association() -> None:
    text = "2001:db8::1, *, 0xABCD, AES-CBC, 0x00ff, any-96,"
    found = security_association(text)
    assert found == SecurityAssociation(
        "2001:db8::1", "*", "0xABCD", "aes-cbc", "0x00ff", "any-96", ""
    )
    assert found.lines == (
        '"IPv6","2001:db8::1","*","0xABCD","AES-CBC [RFC3602]","0x00ff",'
        '"ANY 96 bit authentication [no checking]",""',
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0x1234,aes-cbc,0x00", "it takes 7 parts, SOURCE,.*, not 3"),
        ("here,*,*,null,,null,", "'here' is not an IP address"),
        ("*,*,12,null,,null,", "'12' is no SPI"),
        ("*,*,*,rot13,,null,", "'rot13' is not known: choose from null, "),
        ("*,*,*,aes-cbc,secret,null,", "a key is written as 0x"),
        ("0x5ec7e7,*,*,null,,null,", "looks like a key is not an IP address"),
        ("*,*,0x5ec7e75ec7e7,null,,null,", "looks like a key is no SPI"),
        ("*,*,*,0x5ec7e7,aes-cbc,null,", "looks like a key is not known: choose from null, "),
        ("@/nowhere", "/nowhere: cannot be read"),
    ],
)
def test_what_is_no_security_association(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as raised:
        security_associations([text])
    assert "secret" not in str(raised.value)
    assert "5ec7e7" not in str(raised.value)


@pytest.mark.parametrize(
    ("ends", "versions"),
    [
        ("*,*", ["IPv6", "IPv4"]),
        ("192.0.2.1,*", ["IPv4"]),
        ("*,192.0.2.1", ["IPv4"]),
        ("*,2001:db8::1", ["IPv6"]),
    ],
)
def test_any_address_is_one_of_both_versions(ends: str, versions: list[str]) -> None:
    found = security_association(f"{ends},*,null,,any-96,")
    assert [line.split(",")[0].strip('"') for line in found.lines] == versions


def test_file_of_security_associations(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"# lab\n\n{AES}\n")
    assert security_associations([f"@{path}"]) == (security_association(AES),)
    path.write_text(f"{AES}\nnonsense\n")
    with pytest.raises(UsageError, match="line 2: it takes 7 parts"):
        security_associations([f"@{path}"])
