"""The Lua script in tshark: what it shows of every option and message that Wireshark lacks."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pmiptrace.analysis import Analysis
from pmiptrace.capture.writer import write_pcap
from pmiptrace.export.annotated import comments_of, write_annotated
from pmiptrace.export.wireshark import LACKED_MESSAGES, LACKED_OPTIONS, LACKED_STATUS, lua_script
from pmiptrace.model import Frame, OpaqueOption
from pmiptrace.packet import build
from pmiptrace.packet.numbers import MOBILITY_HEADER
from pmiptrace.testing import Trace
from pmiptrace.wire.body import MESSAGE_TYPES
from pmiptrace.wire.encode import encode, padding
from pmiptrace.wire.layout import Layout, Rest, SubOptions
from pmiptrace.wire.messages import BindingUpdate
from pmiptrace.wire.option import MOBILITY_OPTIONS

SAMPLES = Path(__file__).parents[2] / "samples"
MAG, LMA = (bytes.fromhex(f"20010db8{n:04x}") + bytes(9) + b"\1" for n in (0xA, 0xF))

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lua") / "pmiptrace.lua"
    path.write_text(lua_script())
    return path


def tshark(script: Path, capture: Path, *arguments: str) -> str:
    command = ["tshark", "-X", f"lua_script:{script}", "-r", str(capture), *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Lua" not in run.stderr
    assert "Lua Error" not in run.stdout
    return run.stdout


def frame(number: int, message: bytes) -> Frame:
    data = build.ethernet(build.ipv6(MAG, LMA, MOBILITY_HEADER, message))
    return Frame(0, number, number * 10**9, 1, data, len(data))


def contents(cls: type) -> bytes:
    """Give octets that an option of the class can have: each field present."""
    layout = Layout.of(cls)
    tail = b""
    if layout.tail is not None:
        field = layout.tail.field
        if isinstance(field, SubOptions):
            for number, declared in field.registry.types.items():
                inner = contents(declared.cls)
                tail += bytes((number, len(inner))) + inner if number else b"\0"
        elif isinstance(field, Rest) and field.form == "address":
            tail = LMA
        else:
            tail = b"text"
    return bytes((1,)) * layout.size + tail


def test_every_option_is_shown_by_name_with_its_fields(script: Path, tmp_path: Path) -> None:
    frames = []
    for number in LACKED_OPTIONS:
        option = OpaqueOption(type=number, data=contents(MOBILITY_OPTIONS.types[number].cls))
        message = encode(
            BindingUpdate(sequence=1, proxy=True), [option], source=MAG, destination=LMA
        )
        frames.append(frame(len(frames) + 1, message))
    write_pcap(tmp_path / "options.pcap", frames)
    shown = tshark(script, tmp_path / "options.pcap", "-V")
    assert "Unknown (0x" not in shown
    assert "not dissected" not in shown
    for number in LACKED_OPTIONS:
        declared = MOBILITY_OPTIONS.types[number]
        assert f"MIPv6 Option - {declared.name}" in shown
        assert f"[{declared.reference}]" in shown
        for placed in declared.layout.fields:
            if not isinstance(placed.field, SubOptions):
                assert placed.field.label in shown
            else:
                assert all(
                    f"{sub.name} ({sub.number})" in shown
                    for sub in placed.field.registry.types.values()
                )


@pytest.mark.parametrize("length", [0, 1, 3, 40])
def test_options_of_any_length_are_no_error(script: Path, tmp_path: Path, length: int) -> None:
    frames = []
    for number in LACKED_OPTIONS:
        option = OpaqueOption(type=number, data=b"\xff" * length)
        message = encode(
            BindingUpdate(sequence=1, proxy=True), [option], source=MAG, destination=LMA
        )
        frames.append(frame(len(frames) + 1, message))
    write_pcap(tmp_path / "options.pcap", frames)
    tshark(script, tmp_path / "options.pcap", "-V")


def test_every_message_is_shown_with_its_options(script: Path, tmp_path: Path) -> None:
    trace = Trace()
    path = trace.mag("mag1@example.com").path("2001:db8:a::1", bid=1, if_att=8, if_label=7)
    option = path.multipath()
    forms = [form for number in LACKED_MESSAGES for form in MESSAGE_TYPES[number]]
    frames = []
    for form in forms:
        content = bytearray(contents(form.cls))
        content[: len(form.variant)] = form.variant
        octets = bytes((59, 0, form.mh_type, 0, 0, 0)) + bytes(content)
        if form.has_options:
            octets += MOBILITY_OPTIONS.encode_one(option)
        octets += padding(-len(octets) % 8)
        octets = octets[:1] + bytes((len(octets) // 8 - 1,)) + octets[2:]
        frames.append(frame(len(frames) + 1, octets))
    write_pcap(tmp_path / "messages.pcap", frames)
    for number, form in enumerate(forms, 1):
        shown = tshark(script, tmp_path / "messages.pcap", "-V", "-Y", f"frame.number=={number}")
        assert f"{form.name} ({form.abbreviation}) [{form.reference}]" in shown
        if form.has_options:
            assert "MAG Multipath Binding: BID 1, label 7" in shown


def test_statuses_that_wireshark_lacks_have_names(script: Path) -> None:
    sample = SAMPLES / "multipath-denied.pcap"
    assert 180 in LACKED_STATUS
    shown = tshark(script, sample, "-Y", "pmiptrace.status == 180")
    assert "CANNOT_SUPPORT_MULTIPATH_BINDING" in shown
    assert len(shown.splitlines()) == 1


def test_findings_are_fields_and_expert_information(script: Path, tmp_path: Path) -> None:
    sample = SAMPLES / "bulk-and-overwrite.pcap"
    report = Analysis([str(sample)]).report()
    with (tmp_path / "annotated.pcapng").open("wb") as stream:
        write_annotated(str(sample), comments_of(report.findings, [""])[0], stream)
    fields = ["frame.number", "pmiptrace.finding.severity", "pmiptrace.finding.rule"]
    more = ["pmiptrace.mag_multipath_binding.bid", "pmiptrace.mag_multipath_binding.overwrite"]
    names = [*fields, *more, "pmiptrace.mag_multipath_binding.if_label"]
    names.append("pmiptrace.mag_identifier.identifier")
    columns = [word for name in names for word in ("-e", name)]
    rows = tshark(
        script, tmp_path / "annotated.pcapng", "-Y", "pmiptrace.error", "-T", "fields", *columns
    ).splitlines()
    expected = ["5", "error", "RFC8278-4.1-BO-EXCLUSIVE", "2", "1", "9", "mag1@example.com"]
    assert [row.split("\t") for row in rows] == [expected]


def test_the_script_is_the_same_every_time() -> None:
    assert lua_script() == lua_script()
    assert lua_script().isascii()
