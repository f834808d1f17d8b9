"""tshark as a second reader of the samples, of real captures, and of all that can be encoded."""

from __future__ import annotations

import lzma
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from pmiptrace.address import address_octets
from pmiptrace.capture.writer import write_pcap
from pmiptrace.errors import CaptureError, EncodeError
from pmiptrace.model import Body, Frame
from pmiptrace.packet.build import ipv6
from pmiptrace.packet.numbers import LINK_RAW, MOBILITY_HEADER
from pmiptrace.tshark.crosscheck import Crosscheck, crosscheck
from pmiptrace.tshark.program import Tshark, find_tshark
from pmiptrace.wire.encode import encode

sys.path.append(str(Path(__file__).parents[1] / "wire"))
from wire_strategies import BODIES, options

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")

SAMPLES = sorted((Path(__file__).parents[2] / "samples").glob("*.pcap*"))
SHARED = sorted((Path(__file__).parents[3] / "shared" / "captures").glob("*.pcap"))
MAG, LMA = address_octets("2001:db8:a::1"), address_octets("2001:db8:f::1")
RANDOM = 3000
"""Messages."""
SEED = int(os.environ.get("PMIPTRACE_TSHARK_SEED", "63"))


@pytest.fixture(scope="module")
def tshark() -> Tshark:
    return find_tshark()


def unexplained(result: Crosscheck) -> list[str]:
    return [
        f"{d.kind}, frame {d.frame}: {d.field} {d.theirs!r} / {d.ours} {d.text!r}"
        for d in (group.first for group in result.unexplained)
    ]


@pytest.mark.parametrize("path", [*SAMPLES, *SHARED], ids=lambda path: path.name)
def test_no_difference_without_an_explanation(path: Path, tshark: Tshark) -> None:
    result = crosscheck(str(path), tshark)
    assert result.problem is None
    assert not unexplained(result)
    if path in SAMPLES:
        assert result.comparison.messages >= 4
        assert result.comparison.fields >= 40 * result.comparison.messages


def messages(count: int) -> list[bytes]:
    """Give messages of all kinds, with options of all kinds, any values in their fields."""
    found: list[bytes] = []

    @seed(SEED)
    @settings(max_examples=count, database=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(*BODIES.values()), st.lists(options(), max_size=4))
    def collect(body: Body, chosen: list) -> None:
        with suppress(EncodeError):  # longer than a message can be
            found.append(encode(body, chosen, source=MAG, destination=LMA))

    collect()
    return found


def test_thousands_of_random_messages(tmp_path: Path, tshark: Tshark) -> None:
    payloads = messages(RANDOM)
    path = tmp_path / "random.pcap"
    write(path, [ipv6(MAG, LMA, MOBILITY_HEADER, payload) for payload in payloads])
    result = crosscheck(str(path), tshark)
    assert not unexplained(result)
    assert result.comparison.messages == len(payloads) > RANDOM * 0.9
    assert result.comparison.fields > 8 * RANDOM


def write(path: Path, packets: list[bytes]) -> None:
    numbered = enumerate(packets, 1)
    write_pcap(path, (Frame(0, n, 0, LINK_RAW, data, len(data)) for n, data in numbered))


def test_message_that_only_one_of_the_two_finds(tmp_path: Path, tshark: Tshark) -> None:
    path = tmp_path / "behind-udp.pcap"
    payload = messages(1)[0]
    write(path, [ipv6(MAG, LMA, MOBILITY_HEADER, payload), ipv6(MAG, LMA, 17, bytes(16))])
    whole = crosscheck(str(path), tshark)
    assert whole.comparison.messages == 1
    assert not whole.undecoded


def test_what_tshark_cannot_open_is_told(tmp_path: Path, tshark: Tshark) -> None:
    path = tmp_path / "a.pcap.xz"
    path.write_bytes(lzma.compress((SAMPLES[0]).read_bytes()))
    result = crosscheck(str(path), tshark)
    assert result.problem is not None
    assert not unexplained(result)


def test_text_is_no_capture(tmp_path: Path, tshark: Tshark) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a capture")
    with pytest.raises(CaptureError):
        crosscheck(str(path), tshark)
