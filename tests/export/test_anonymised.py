"""Anonymised captures: analyze says the same of them, and nobody is named in them."""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

import pytest
from anonymity import findings, frame_numbers, leaks, outline, report_of
from hypothesis import assume, given
from hypothesis import strategies as st

from pmiptrace.capture.writer import write_pcapng
from pmiptrace.errors import EncodeError
from pmiptrace.export.anonymised import write_anonymised
from pmiptrace.export.masking import Masker
from pmiptrace.export.pseudonyms import Pseudonyms
from pmiptrace.model import Datagram, Message, Option
from pmiptrace.packet import build
from pmiptrace.packet.decoder import PacketDecoder
from pmiptrace.packet.numbers import DESTINATION_OPTIONS, GRE, MOBILITY_HEADER, UDP
from pmiptrace.simulation import Scenario, Vantage, simulate
from pmiptrace.simulation.damage import SINGLE, Damage, damaged
from pmiptrace.wire.decode import decode
from pmiptrace.wire.dialect import DialectDecoder
from pmiptrace.wire.encode import encode
from pmiptrace.wire.messages import BindingUpdate

TESTS = Path(__file__).parents[1]
sys.path += [str(TESTS / "packet"), str(TESTS / "capture"), str(TESTS / "wire")]

from container_bytes import (  # noqa: E402
    SIGNALLING,
    USER,
    block,
    enhanced,
    interface,
    option,
    pcap_header,
    record,
    section,
)
from packet_frames import (  # noqa: E402
    HOME,
    LMA,
    LMA_IPV4,
    MAG,
    MAG_IPV4,
    OUTER_1,
    OUTER_2,
    PBU,
    PBU_UDP,
    frame,
)
from wire_strategies import options  # noqa: E402

SAMPLES = Path(__file__).parents[2] / "samples"
SHARED = Path(__file__).parents[3] / "shared" / "captures"
KEY = Pseudonyms(b"a key for tests")


def anonymised(original: Path, folder: Path) -> Path:
    target = folder / f"anonymised-{original.name.removesuffix('.gz')}"
    with target.open("wb") as stream:
        write_anonymised(str(original), stream, KEY)
    return target


def captures() -> list[Path]:
    found = sorted(path for path in SAMPLES.iterdir() if ".pcap" in path.name)
    return found + (sorted(SHARED.glob("*.pcap")) if SHARED.is_dir() else [])


def same(original: Path, folder: Path) -> None:
    exported = anonymised(original, folder)
    before, after = report_of(original), report_of(exported)
    numbers = {(0, old): new for old, new in frame_numbers(original, exported).items()}
    assert findings(before, numbers) == findings(after)
    assert outline(before) == outline(after)
    assert leaks(original, exported) == []


@pytest.mark.parametrize("original", captures(), ids=lambda path: path.name)
def test_captures_say_the_same_without_names(original: Path, tmp_path: Path) -> None:
    same(original, tmp_path)


@pytest.mark.parametrize("seed", range(6))
def test_simulated_runs_say_the_same_without_names(seed: int, tmp_path: Path) -> None:
    scenario = Scenario(mags=2, paths=2, loss=0.05)
    run = simulate(scenario, seed=seed)
    write_pcapng(tmp_path / "run.pcapng", run.frames(list(Vantage)[seed % 3], mag=0))
    same(tmp_path / "run.pcapng", tmp_path)


@pytest.mark.parametrize("damage", SINGLE, ids=lambda damage: damage.__name__)
def test_damaged_captures_say_the_same_without_names(damage: Damage, tmp_path: Path) -> None:
    run = simulate(Scenario(mobile_nodes=4, paths=2, duration=900), seed=3)
    write_pcapng(tmp_path / "run.pcapng", damaged(run.frames(), 3, damage))
    same(tmp_path / "run.pcapng", tmp_path)


def test_two_captures_of_one_run_fit_together_with_one_key(tmp_path: Path) -> None:
    run = simulate(Scenario(mags=2, paths=2), seed=2)
    originals = [tmp_path / "mag.pcapng", tmp_path / "lma.pcapng"]
    write_pcapng(originals[0], run.frames(Vantage.MAG, mag=0))
    write_pcapng(originals[1], run.frames(Vantage.LMA))
    exported = [anonymised(path, tmp_path) for path in originals]
    before, after = report_of(*originals), report_of(*exported)
    assert before.captures[1].duplicates or before.captures[0].duplicates
    assert [c.duplicates for c in before.captures] == [c.duplicates for c in after.captures]
    assert findings(before) == findings(after)
    assert outline(before) == outline(after)


PACKETS = {
    "fragments": build.fragment(MAG, LMA, MOBILITY_HEADER, PBU, size=32),
    "fragments out of order": build.fragment(MAG, LMA, MOBILITY_HEADER, PBU, size=32)[::-1],
    "fragments, one missing": build.fragment(MAG, LMA, MOBILITY_HEADER, PBU, size=32)[:-1],
    "IPv4 fragments": build.fragment(
        MAG_IPV4, LMA_IPV4, UDP, build.udp(MAG_IPV4, LMA_IPV4, PBU_UDP), size=40
    ),
    "UDP": [build.udp_ipv4(MAG_IPV4, LMA_IPV4, PBU_UDP)],
    "tunnel": [build.tunnel(OUTER_1, OUTER_2, build.ipv6(MAG, LMA, MOBILITY_HEADER, PBU))],
    "GRE": [
        build.ipv6(
            OUTER_1,
            OUTER_2,
            GRE,
            build.gre(build.ipv6(MAG, LMA, MOBILITY_HEADER, PBU), key=77, checksum=True),
        )
    ],
    "home address": [
        build.ipv6(MAG, LMA, DESTINATION_OPTIONS, build.home_address(MOBILITY_HEADER, PBU, HOME))
    ],
    "wrong checksum": [build.ipv6(MAG, LMA, MOBILITY_HEADER, PBU[:4] + b"\0\1" + PBU[6:])],
}


@pytest.mark.parametrize("name", PACKETS)
def test_packets_say_the_same_without_names(name: str, tmp_path: Path) -> None:
    frames = [
        frame(build.ethernet(packet), number=number, time=number * 10**9)
        for number, packet in enumerate(PACKETS[name], 1)
    ]
    write_pcapng(tmp_path / "one.pcapng", frames)
    same(tmp_path / "one.pcapng", tmp_path)


@pytest.mark.parametrize("length", range(20, 160, 7))
def test_cut_frames_say_the_same_without_names(length: int, tmp_path: Path) -> None:
    packet = build.ethernet(build.ipv6(MAG, LMA, MOBILITY_HEADER, PBU))
    cut = frame(packet[:length], time=1, original_length=len(packet))
    write_pcapng(tmp_path / "cut.pcapng", [cut])
    same(tmp_path / "cut.pcapng", tmp_path)
    exported = anonymised(tmp_path / "cut.pcapng", tmp_path).read_bytes()
    assert b"mn1@exa" not in exported


@given(
    packet=st.sampled_from([p[0] for p in PACKETS.values()]),
    changes=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6),
    end=st.integers(0, 200),
)
def test_no_octets_can_stop_it(packet: bytes, changes: list[tuple[int, int]], end: int) -> None:
    octets = bytearray(build.ethernet(packet))
    for place, value in changes:
        octets[place % len(octets)] = value
    data = bytes(octets[: max(end, 1)])
    masked = Masker(KEY, DialectDecoder()).frame(frame(data, original_length=len(octets)))
    assert masked is None or len(masked) == len(data)


@given(st.lists(options(), min_size=1, max_size=4), st.binary(max_size=30))
def test_messages_of_any_options_say_the_same(given: list[Option], behind: bytes) -> None:
    """Decoding sees the same options of the same lengths, and the same defects."""
    try:
        header = encode(BindingUpdate(sequence=1, proxy=True), given, source=MAG, destination=LMA)
    except EncodeError:
        assume(False)
    octets = build.ethernet(build.ipv6(MAG, LMA, MOBILITY_HEADER, header + behind))
    masked = Masker(KEY, DialectDecoder()).frame(frame(octets))
    assert masked is not None
    before, after = (decoded(data) for data in (octets, masked))
    assert before.offsets == after.offsets
    assert [type(o) for o in before.options] == [type(o) for o in after.options]
    assert before.defects == after.defects
    assert before.checksum_correct is after.checksum_correct is True
    assert before.body == after.body


def decoded(data: bytes) -> Message:
    (found,) = PacketDecoder().decode(frame(data))
    assert isinstance(found, Datagram)
    return decode(found)


def test_what_is_beside_the_packets_goes(tmp_path: Path) -> None:
    secret = b"secret"
    octets = (
        section(tail=option(4, secret) + bytes(4))
        + interface(tail=option(2, secret) + option(9, b"\6") + bytes(4))
        + enhanced(SIGNALLING, tail=option(1, secret) + bytes(4))
        + enhanced(USER + secret)
        + block(4, secret)
        + block(0x0BAD, secret)
    )
    original = tmp_path / "one.pcapng"
    original.write_bytes(octets)
    exported = anonymised(original, tmp_path)
    assert secret not in exported.read_bytes()
    assert report_of(original).messages == report_of(exported).messages == 1


def test_a_frame_check_sequence_is_made_right_again(tmp_path: Path) -> None:
    packet = build.ethernet(build.ipv6(MAG, LMA, MOBILITY_HEADER, PBU))
    octets = pcap_header(network=0x24000001)
    octets += record(packet + zlib.crc32(packet).to_bytes(4, "little"))
    octets += record(packet + b"FCSX")
    original = tmp_path / "one.pcap"
    original.write_bytes(octets)
    exported = anonymised(original, tmp_path).read_bytes()
    size = len(packet)
    first, second = exported[40 : 44 + size], exported[60 + size :]
    assert first[-4:] == zlib.crc32(first[:-4]).to_bytes(4, "little")
    assert second[-4:] == bytes(4)


def test_a_leak_would_be_seen() -> None:
    sample = SAMPLES / "call-flow.pcap"
    assert b"mn1" not in leaks(sample, sample)  # of three octets: too short to tell
    assert b"example.com" in leaks(sample, sample)
