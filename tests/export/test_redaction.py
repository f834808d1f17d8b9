"""Reports under pseudonyms: they say the same, and nobody is named in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from anonymity import findings, outline
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from test_anonymised import LMA_IPV4, MAG_IPV4, PACKETS, PBU_UDP, captures, frame

from pmiptrace.address import address_octets, address_text
from pmiptrace.analysis import Analysis
from pmiptrace.capture.writer import write_pcapng
from pmiptrace.export.anonymised import write_anonymised
from pmiptrace.export.masking import masked_identifier
from pmiptrace.export.pseudonyms import Pseudonyms
from pmiptrace.export.redaction import Redaction
from pmiptrace.model import Datagram, Identifier, Report, Status, Undecoded
from pmiptrace.packet import build
from pmiptrace.packet.checksum import internet_checksum, pseudo_header
from pmiptrace.packet.decoder import PacketDecoder
from pmiptrace.packet.numbers import UDP
from pmiptrace.report.as_document import report_document
from pmiptrace.simulation import Scenario, Vantage, simulate
from pmiptrace.simulation.damage import SINGLE, Damage, damaged
from pmiptrace.wire.decode import decode

KEY = b"a key for tests"

NAMING = frozenset(
    {"path", "lma", "mobile_node", "address", "addresses", "identifier", "prefixes", "message"}
    | {"ipv4_home_address", "care_of_address", "fingerprint"}
)
"""Keys of the document under which names stand."""


def report_of(*paths: Path, redacted: bool) -> Report:
    mask = Redaction(KEY).found if redacted else None
    return Analysis([str(path) for path in paths], mask=mask).report()


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Give the scalars of a JSON document, each with the keys that lead to it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list | tuple):
        yield (*path, "length"), len(value)
        for inner in value:
            yield from leaves(inner, path)
    else:
        yield path, value


def document(report: Report) -> Any:
    return msgspec.to_builtins(report_document(report), builtin_types=())


def same(*paths: Path) -> None:
    before, after = (report_of(*paths, redacted=redacted) for redacted in (False, True))
    assert findings(before) == findings(after)
    assert outline(before) == outline(after)
    names: dict[str, str] = {}
    messages = []
    for (path, old), (other, new) in zip(
        leaves(document(before)), leaves(document(after)), strict=True
    ):
        assert path == other
        if path[-1] == "message":
            messages.append((old, new))
        elif path[-1] not in NAMING:
            assert old == new, path
        elif isinstance(old, str) and path[-1] != "fingerprint":
            assert names.setdefault(old, new) == new
    assert len(set(names.values())) == len(names), "two have one pseudonym"
    for old, new in messages:
        assert worded(old, names) == worded(new, {})


ADDRESS = r"\b[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,7}"


def worded(message: str, names: dict[str, str]) -> str:
    """Give a message with pseudonyms, and without the values of checksums."""
    known = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    if known:
        message = re.sub(
            f"{known}|{ADDRESS}", lambda m: names.get(m[0]) or pseudonym(m[0]), message
        )
    return re.sub(r"0x[0-9a-f]{4}\b", "0x", message)


def pseudonym(address: str) -> str:
    return address_text(Pseudonyms(KEY).address(address_octets(address)))


@pytest.mark.parametrize("original", captures(), ids=lambda path: path.name)
def test_captures_say_the_same(original: Path) -> None:
    same(original)


@pytest.mark.parametrize("seed", range(6))
def test_simulated_runs_say_the_same(seed: int, tmp_path: Path) -> None:
    run = simulate(Scenario(mags=2, paths=2, loss=0.05), seed=seed)
    write_pcapng(tmp_path / "run.pcapng", run.frames(list(Vantage)[seed % 3], mag=0))
    same(tmp_path / "run.pcapng")


@pytest.mark.parametrize("damage", SINGLE, ids=lambda damage: damage.__name__)
def test_damaged_captures_say_the_same(damage: Damage, tmp_path: Path) -> None:
    run = simulate(Scenario(mobile_nodes=4, paths=2, duration=900), seed=3)
    write_pcapng(tmp_path / "run.pcapng", damaged(run.frames(), 3, damage))
    same(tmp_path / "run.pcapng")


def test_two_captures_of_one_run_say_the_same(tmp_path: Path) -> None:
    run = simulate(Scenario(mags=2, paths=2), seed=2)
    write_pcapng(tmp_path / "mag.pcapng", run.frames(Vantage.MAG, mag=0))
    write_pcapng(tmp_path / "lma.pcapng", run.frames(Vantage.LMA))
    same(tmp_path / "mag.pcapng", tmp_path / "lma.pcapng")


@pytest.mark.parametrize("name", PACKETS)
def test_packets_say_the_same(name: str, tmp_path: Path) -> None:
    same(written(PACKETS[name], tmp_path))


def written(packets: Sequence[bytes], folder: Path) -> Path:
    frames = [
        frame(build.ethernet(packet), number=number, time=number * 10**9)
        for number, packet in enumerate(packets, 1)
    ]
    write_pcapng(folder / "some.pcapng", frames)
    return folder / "some.pcapng"


def test_a_udp_checksum_left_to_hardware_is_told_from_a_wrong_one(tmp_path: Path) -> None:
    packet = build.udp_ipv4(MAG_IPV4, LMA_IPV4, PBU_UDP)
    covered = pseudo_header(MAG_IPV4, LMA_IPV4, len(packet) - 20, UDP)
    partial = (internet_checksum(covered) ^ 0xFFFF).to_bytes(2)
    capture = written([packet[:26] + partial + packet[28:]], tmp_path)
    same(capture)
    assert not rules_failed(capture) & {"RFC5844-4-UDP-CKSUM"}
    wrong = written([packet[:26] + b"\x12\x34" + packet[28:]], tmp_path)
    same(wrong)
    assert "RFC5844-4-UDP-CKSUM" in rules_failed(wrong)


def rules_failed(capture: Path) -> set[str]:
    return {f.rule for f in report_of(capture, redacted=True).findings if f.status is Status.FAIL}


@given(
    packets=st.sampled_from(list(PACKETS.values())),
    changes=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=4),
    end=st.integers(1, 200),
)
def test_whatever_is_found_is_found_under_pseudonyms(
    packets: list[bytes], changes: list[tuple[int, int]], end: int
) -> None:
    """Decoding says the same of both, octets that make no sense included."""
    decoder, redaction = PacketDecoder(), Redaction(KEY)
    items = []
    for number, packet in enumerate(packets, 1):
        octets = bytearray(build.ethernet(packet))
        for place, value in changes:
            octets[place % len(octets)] = value
        data = bytes(octets[:end])
        items += decoder.decode(frame(data, number=number, original_length=len(octets)))
    for found in (*items, *decoder.flush()):
        masked = redaction.found(found)
        assert type(masked) is type(found)
        assert masked.frame.number == found.frame.number
        assert len(masked.frame.data) == len(found.frame.data)
        if isinstance(found, Undecoded):
            assert isinstance(masked, Undecoded)
            assert (masked.kind, masked.defect) == (found.kind, found.defect)
            continue
        assert isinstance(masked, Datagram)
        before, after = decode(found), decode(masked)
        assert (before.mh_type, before.length) == (after.mh_type, after.length)
        assert before.offsets == after.offsets
        assert before.defects == after.defects
        assert before.checksum_correct is after.checksum_correct
        assert found.udp_checksum_correct is masked.udp_checksum_correct
        assert [type(o) for o in before.options] == [type(o) for o in after.options]


@pytest.mark.parametrize("original", captures(), ids=lambda path: path.name)
def test_pseudonyms_are_those_of_an_anonymised_capture(original: Path, tmp_path: Path) -> None:
    with (tmp_path / "anonymised").open("wb") as stream:
        write_anonymised(str(original), stream, Pseudonyms(KEY))
    exported = report_of(tmp_path / "anonymised", redacted=False)
    assert names(exported) == names(report_of(original, redacted=True))


def names(report: Report) -> list[object]:
    return [
        *((s.lma, s.mobile_node, s.prefixes) for s in report.sessions),
        *((m.identifier, m.addresses) for m in report.mags.values()),
    ]


@pytest.mark.parametrize(
    "identifier",
    [
        Identifier(1, b"mn1@example.com"),
        Identifier(1, b"\xff\xfe@example.com"),
        Identifier(2, address_octets("2001:db8::1")),
        Identifier(3, bytes.fromhex("26201987654321ff")),
        Identifier(5, bytes.fromhex("0200deadbeef")),
        Identifier(9, b"whatever"),
    ],
    ids=str,
)
def test_names_can_be_had_back(identifier: Identifier) -> None:
    masked = masked_identifier(Pseudonyms(KEY), identifier.subtype, identifier.octets)
    assert masked != identifier.octets
    assert Redaction(KEY).real(replace(identifier, octets=masked)) == identifier
