"""Peers that use other numbers than IANA's."""

from __future__ import annotations

from pathlib import Path

import pytest
from wire_vectors import VECTORS, datagram, of_payload, packet

from pmiptrace.address import address_octets
from pmiptrace.errors import UsageError
from pmiptrace.model import Datagram, Frame, Identifier, Message, Prefix
from pmiptrace.wire import dialect
from pmiptrace.wire.decode import decode
from pmiptrace.wire.dialect import DialectDecoder, dialect_names, parse_dialect
from pmiptrace.wire.messages import BindingAcknowledgement, BindingUpdate
from pmiptrace.wire.options.rfc4283 import MnIdentifier
from pmiptrace.wire.options.rfc5213 import HomeNetworkPrefix, LinkLocalAddress, Timestamp
from pmiptrace.wire.options.rfc8278 import MagIdentifier, MagMultipathBinding

CAPTURE = Path(__file__).resolve().parents[3] / "shared" / "captures" / "skku_lma2mags.pcap"
DRAFT = str(Path(__file__).parent / "dialects" / "draft-8278.toml")

PREFIX = "0712" + "0040" + "20010db8010000000000000000000000"
NODE = "080a" + "0080" + "021a2bfffe3c4d5e"
NO_TIME = "0908" + "00" * 8
TIME = "0908" + "00006553f1000000"
LINK_LOCAL = "0a10" + "fe80000000000000021a2bfffe3c4d5e"


def pmip6d(kind: str, flags: int, *options: str) -> bytes:
    body = f"0000{flags:04x}00fa" if kind == "BU" else f"00{flags:02x}000000fa"
    content = bytes.fromhex(body + "".join(options))
    content += bytes(-(len(content) + 6) % 8)
    header = bytes((59, (len(content) + 6) // 8 - 1, 5 if kind == "BU" else 6, 0, 0, 0))
    return header + content


REQUEST = pmip6d("BU", 0x00A0, PREFIX, NODE, NO_TIME, LINK_LOCAL)
REPLY = pmip6d("BA", 0, PREFIX, NODE, NO_TIME, LINK_LOCAL)


def skku() -> list[Datagram]:
    """The signalling of a real run of pmip6d: Ethernet and IPv6 without extension headers."""
    if not CAPTURE.exists():
        pytest.skip("the public captures are not at hand")
    data = CAPTURE.read_bytes()
    found = []
    position, number = 24, 0
    while position < len(data):
        number += 1
        length = int.from_bytes(data[position + 8 : position + 12], "little")
        frame = data[position + 16 : position + 16 + length]
        position += 16 + length
        if frame[12:14] == b"\x86\xdd" and frame[20] == 135:
            found.append(
                Datagram(
                    frame=Frame(0, number, None, 1, frame, length),
                    source=frame[22:38],
                    destination=frame[38:54],
                    payload=frame[54:],
                    offset=54,
                )
            )
    return found


def test_a_real_run_of_pmip6d() -> None:
    decoder = DialectDecoder("auto")
    messages = [decoder.decode(found) for found in skku()]
    steps = [(m.kind, m.body.lifetime) for m in messages]  # type: ignore[attr-defined]
    request, reply, end = ("PBU", 250), ("PBA", 250), ("PBU", 0)
    assert steps == [
        *(request, reply, request, end, reply, request),
        *(end, reply, request, reply, end),
    ]
    for message in messages:
        assert message.dialect == "pmip6d-2011"
        assert message.checksum_correct is True
        assert message.defects == ()
        node, prefix = message.first(MnIdentifier), message.first(HomeNetworkPrefix)
        assert node is not None
        assert prefix is not None
        assert node.identity == Identifier(6, bytes.fromhex("02146cfffe53180a"))
        assert prefix.prefix == Prefix(address_octets("2001:100:6:5000::"), 128)
        assert message.first(Timestamp) is None
        assert message.offsets == (12, 32, 44, 54)


def test_request_and_reply() -> None:
    decoder = DialectDecoder("auto")
    request = decoder.decode(of_payload(REQUEST))
    assert request.kind == "PBU"
    assert isinstance(request.body, BindingUpdate)
    assert request.body == BindingUpdate(sequence=0, acknowledge=True, proxy=True, lifetime=250)
    assert request.every(LinkLocalAddress)
    assert request.datagram.payload == REQUEST
    reply = decoder.decode(of_payload(REPLY))
    assert reply.kind == "PBA"
    assert isinstance(reply.body, BindingAcknowledgement)
    assert reply.body.proxy


def test_a_time_of_day_is_kept() -> None:
    payload = pmip6d("BU", 0x00A0, PREFIX, NODE, TIME, LINK_LOCAL)
    timestamp = DialectDecoder("auto").decode(of_payload(payload)).first(Timestamp)
    assert timestamp is not None
    assert timestamp.nanoseconds == 1_700_000_000 * 10**9


@pytest.mark.parametrize("name", VECTORS)
def test_correct_messages_are_no_dialect(name: str) -> None:
    decoder = DialectDecoder("auto")
    assert decoder.decode(datagram(packet(name))) == decode(datagram(packet(name)))


@pytest.mark.parametrize(
    "payload",
    [
        pmip6d("BU", 0x8200, PREFIX, NODE, NO_TIME, LINK_LOCAL),
        pmip6d("BU", 0x00A0, PREFIX, NODE, NO_TIME),
        pmip6d("BU", 0x00A0, PREFIX, NODE, NO_TIME, "0a08" + "00" * 8),
        pmip6d("BA", 0x20, PREFIX, NODE, NO_TIME, LINK_LOCAL),
    ],
    ids=["other flags", "option missing", "possible length", "P flag"],
)
def test_all_signs_are_needed(payload: bytes) -> None:
    assert DialectDecoder("auto").decode(of_payload(payload)).dialect is None


def known_peer(choice: str = "auto") -> DialectDecoder:
    decoder = DialectDecoder(choice)
    decoder.decode(of_payload(REQUEST))
    return decoder


def test_a_known_peer_may_answer_with_fewer_options() -> None:
    short = of_payload(pmip6d("BA", 0, NODE))
    assert DialectDecoder("auto").decode(short).dialect is None
    message = known_peer().decode(short)
    assert (message.kind, message.dialect) == ("PBA", "pmip6d-2011")
    assert message.has(8)


@pytest.mark.parametrize(
    "payload",
    [
        pmip6d("BA", 0x20, NODE),
        pmip6d("BA", 0, "16120040" + "00" * 16),
        pmip6d("BU", 0x8200, NODE),
        pmip6d("BA", 0, "0807" + "01" + "6140622e6363"),
    ],
    ids=["P flag", "IANA's option", "flags in their place", "other length"],
)
def test_a_known_peer_that_speaks_otherwise(payload: bytes) -> None:
    assert known_peer().decode(of_payload(payload)).dialect is None


def test_other_peers_are_not_taken_for_the_known_one() -> None:
    short = of_payload(pmip6d("BA", 0, NODE))
    other = Datagram(
        frame=short.frame,
        source=bytes(15) + b"\1",
        destination=short.destination,
        payload=short.payload,
        offset=0,
    )
    assert known_peer().decode(other).dialect is None


def test_memory_of_peers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialect, "PEERS_REMEMBERED", 3)
    decoder = known_peer()
    first = of_payload(pmip6d("BA", 0, NODE))
    assert decoder.decode(first).dialect is not None
    for number in range(3):
        decoder.decode(
            Datagram(
                frame=first.frame,
                source=bytes((number,)) * 16,
                destination=first.destination,
                payload=REQUEST,
                offset=0,
            )
        )
    assert decoder.decode(first).dialect is None


def test_another_run_has_peers_of_its_own() -> None:
    decoder = known_peer()
    short = of_payload(pmip6d("BA", 0, NODE))
    assert decoder.decode(short).dialect is not None
    decoder.forget()
    assert decoder.decode(short).dialect is None


def test_none_leaves_the_numbers_alone() -> None:
    assert DialectDecoder("none").decode(of_payload(REQUEST)) == decode(of_payload(REQUEST))


def renumbered(name: str) -> Message:
    """A golden packet with the numbers of the example dialect, read with its table."""
    decoder = DialectDecoder(DRAFT)
    original = datagram(packet(name))
    payload = bytearray(original.payload)
    message = decode(original)
    for offset in message.offsets:
        payload[offset] = {63: 200, 64: 201}.get(payload[offset], payload[offset])
    if message.mh_type == 6 and payload[6] == 180:
        payload[6] = 200
    assert decode(of_payload(bytes(payload))).first(MagMultipathBinding) is None
    return decoder.decode(of_payload(bytes(payload)))


def test_a_table_of_ones_own() -> None:
    request, golden = renumbered("V1"), decode(datagram(packet("V1")))
    assert request.options == golden.options
    assert request.every(MagIdentifier)
    assert request.dialect == "draft-8278"
    refusal = renumbered("V3")
    assert refusal.body == decode(datagram(packet("V3"))).body


def test_the_packaged_tables_are_sound() -> None:
    assert dialect_names() == ["pmip6d-2011"]
    for name in dialect_names():
        assert dialect.load_dialect(name).name == name


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("pmip6d-2012", "did you mean 'pmip6d-2011'?"),
        ("atuo", "did you mean 'auto'?"),
        ("klingon", "known: pmip6d-2011"),
        ("missing.toml", "missing.toml: cannot read the dialect: No such file"),
    ],
)
def test_unknown_dialect(choice: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        DialectDecoder(choice)
    assert message in str(error.value)


SOUND = 'name = "x"\n[detect.options]\n200 = 6\n'


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("x = ", "f.toml: no valid TOML"),
        ("name = 1", "f.toml: name: "),
        ('name = "x"', "f.toml: the table: Object missing required field `detect`"),
        (SOUND + "[[option]]\nnumber = 200\nmeans = []", "f.toml: option[0].means: "),
        (SOUND + "[[option]]\nnumber = 1\nmeans = 63", "f.toml: option[0].number: "),
        (SOUND + '[[option]]\nnumber = 9\nmeans = 63\nvoid = "0"', "f.toml: option[0].void: "),
        (SOUND + "[flags.BX]\nA = 1", "f.toml: flags.BX: "),
        (SOUND + "[implied]\nBA = ['A']", "f.toml: implied.BA: there is no flag 'A'"),
        (SOUND + "[status]\n1 = 999", "f.toml: status[...]: "),
        (SOUND + "[colour]", "f.toml: the table: Object contains unknown field `colour`"),
        ('name = "x"\n[detect.options]\n22 = 18', "f.toml: detect.options: none of them is"),
        ('name = "x"\n[detect.options]', "f.toml: detect.options: none of them is"),
    ],
)
def test_a_broken_table_is_refused_with_its_place(text: str, where: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_dialect(text, "f.toml")
    assert str(error.value).startswith(where)
