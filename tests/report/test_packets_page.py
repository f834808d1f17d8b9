"""What ``pmiptrace dissect`` shows to people."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from packet_run import SAMPLES, page, written
from rich.cells import cell_len

from pmiptrace.model import Frame
from pmiptrace.packet.build import ethernet, fragment, ipv6
from pmiptrace.packet.numbers import LINK_ETHERNET, MOBILITY_HEADER
from pmiptrace.report.times import TimeFormat
from pmiptrace.testing import START, Trace

SHARED = Path(__file__).resolve().parents[3] / "shared" / "captures"
SAMPLE = SAMPLES / "bulk-and-overwrite.pcap"

LIST = """\
LMA 2001:db8:f::1
   frame  2023-11-14 UTC   path                message  seq  mobile node      BID   life  what happened
       1  22:13:20.000000  LTE 2001:db8:a::1   → PBU      1  mn1@example.com    1  300 s  initial
       2  22:13:20.048974  LTE 2001:db8:a::1   ← PBA      1  mn1@example.com    1  300 s  accepted in 49.0 ms
       3  22:13:21.848974  WLAN 2001:db8:b::1  → PBU      2  mn1@example.com    2  300 s  add-path
       4  22:13:21.860641  WLAN 2001:db8:b::1  ← PBA      2  mn1@example.com    2  300 s  accepted in 11.7 ms
E      5  22:16:21.860641  WLAN 2001:db8:b::1  → PBU      3  mn1@example.com    2  300 s  overwrite
    E RFC8278-4.1-BO-EXCLUSIVE
"""  # noqa: E501

NARROW = """\
LMA 2001:db8:f::1
   frame  2023-11-14 UTC   message  mobile node      BID  what happened
       1  22:13:20.000000  → PBU    mn1@example.com    1  initial
    path LTE 2001:db8:a::1  seq 1  lifetime 300 s
       2  22:13:20.048974  ← PBA    mn1@example.com    1  accepted in 49.0 ms
       3  22:13:21.848974  → PBU    mn1@example.com    2  add-path
    path WLAN 2001:db8:b::1  seq 2  lifetime 300 s
"""

DETAIL = """\
130-137  MAG Multipath Binding (63)  RFC 8278 section 4.1
    130    Type: MAG Multipath Binding (63)
    131    Length: 6
    132    If-ATT: IEEE 802.11a/b/g (4)
    133    If-Label: 9
    134    Binding ID: 2
    135    1... .... .... .... .... .... = Bulk Re-registration (B): set
    135    .1.. .... .... .... .... .... = Registration Overwrite (O): set
             E RFC8278-4.1-BO-EXCLUSIVE  B=1 and O=1 in the PBU for BID 2  RFC 8278 section 4.1, MUST NOT
135-137    ..00 0000 0000 0000 0000 0000 = Reserved: 0
"""  # noqa: E501

DUMP = """\
118  01|00                                            ..                PadN (1)
120  1b|08|00 00 65 53 f1 b5 dc 53                    ....eS...S        Timestamp (27)
130  3f|06|04|09|02|c0 00 00                          ?.......          MAG Multipath Binding (63)
                    ^^        E RFC8278-4.1-BO-EXCLUSIVE
138  40|12|01|00|6d 61 67 31 40 65 78 61 6d 70 6c 65  @...mag1@example  MAG Identifier (64)
154  2e 63 6f 6d                                      .com
"""


def test_the_list() -> None:
    assert page(SAMPLE).startswith(LIST)


def test_the_list_on_a_narrow_page() -> None:
    assert page(SAMPLE, width=80).startswith(NARROW)


def test_a_message_taken_apart() -> None:
    shown = page(SAMPLE, frames=["5"], tree=True)
    assert shown.startswith(
        "Frame 5  2023-11-14 22:16:21.860641 UTC  158 octets\n"
        "  PBU  2001:db8:b::1 → 2001:db8:f::1  MAG mag1@example.com  mn1@example.com\n"
        "  overwrite; answered in frame 6\n"
        "   0-13  Ethernet  02:00:00:00:00:01 > 02:00:00:00:00:02\n"
        "  14-53  IPv6  2001:db8:b::1 > 2001:db8:f::1, hop limit 64\n"
        "  54-59  Mobility Header  RFC 6275 section 6.1.1\n"
    )
    assert DETAIL in shown


def test_the_octets() -> None:
    assert page(SAMPLE, frames=["5"], tree=True, dump=True).endswith(DUMP)


def test_the_octets_on_a_narrow_page_keep_their_columns() -> None:
    assert page(SAMPLE, frames=["5"], tree=True, dump=True, width=80).endswith(
        "MAG Identifier (64)\n"
        "138  40|12|01|00|6d 61 67 31 40 65 78 61 6d 70 6c 65  @...mag1@example\n"
        "154  2e 63 6f 6d                                      .com\n"
    )


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("tree", [False, True])
def test_no_line_is_wider_than_the_page(
    tmp_path: Path, width: int, encoding: str, tree: bool
) -> None:
    shown = page(hostile(tmp_path), width=width, encoding=encoding, tree=tree, dump=tree)
    for line in shown.splitlines():
        assert cell_len(line) <= width
        assert line.isprintable()
        assert line == line.rstrip()


def hostile(folder: Path) -> Path:
    """Messages that are cut, broken, unknown, in pieces, and with names that are not nice."""
    trace = Trace()
    path = trace.mag("mag1@example.com").path("2001:db8:a::1", bid=1, if_att=8)
    trace.register(path, "\x1b[2J<script>\u202e" + "x" * 90)
    trace.pbu(path)
    packet = trace.frames[-1].data
    mag, lma, header = packet[8:24], packet[24:40], packet[40:]
    unknown = bytes((59, 1, 200, 0, 0, 0)) + b"\x1b]0;x\x07\n---"
    overrun = bytes((59, 2, 5, 0, 0, 0)) + bytes(6) + bytes((63, 200, 1, 2, 22, 1, 0)) + bytes(5)
    packets = [frame.data for frame in trace.frames]
    packets += [ipv6(mag, lma, MOBILITY_HEADER, octets) for octets in (unknown, overrun)]
    packets += fragment(mag, lma, MOBILITY_HEADER, header, size=48)
    packets += fragment(mag, lma, MOBILITY_HEADER, header, size=48, identification=2)[:1]
    frames = [
        Frame(0, n, START + n, LINK_ETHERNET, ethernet(data), len(ethernet(data)))
        for n, data in enumerate(packets, 1)
    ]
    cut = ethernet(packet)
    frames.append(Frame(0, 99, START + 99, LINK_ETHERNET, cut[:100], len(cut)))
    return written(folder / "hostile.pcap", frames)


def test_what_is_odd_is_told(tmp_path: Path) -> None:
    shown = page(hostile(tmp_path), tree=True)
    assert "put together from the fragments in frames" in shown
    assert "cut by the snap length" in shown
    assert "! truncated: Mobility Header needs" in shown
    assert "! option-overrun: option 63 (MAG Multipath Binding) needs 202 octets" in shown
    assert "Octets that are no whole option: 3fc80102160100" in shown
    assert "MH Type: Unknown (200)" in shown
    assert "not decoded: Fragment, fragments-missing" in shown
    assert "\\x1b[2J<script>\\u202e" in shown


@pytest.mark.parametrize(
    ("form", "title", "first"),
    [
        (TimeFormat.RELATIVE, "relative (s)", "+0.000000"),
        (TimeFormat.EPOCH, "epoch (s)", "1700000000.000000"),
    ],
)
def test_times(form: TimeFormat, title: str, first: str) -> None:
    lines = page(SAMPLE, time=form).splitlines()
    assert title in lines[1]
    assert first in lines[2]


def test_two_captures_are_told_apart() -> None:
    shown = page(SAMPLE, SAMPLES / "call-flow.pcap")
    assert " 1:5  " in shown
    assert " 2:1  " in shown


def test_a_finding_that_came_late_is_named_at_the_end(tmp_path: Path) -> None:
    """Whether a wrong checksum is the capturing host's doing shows only at the end."""
    trace = Trace()
    trace.pbu(trace.mag().path("2001:db8:a::1"))
    trace.wait(100)
    trace.register(trace.mag("mag2@example.com").path("2001:db8:b::1"), "mn2@example.com")
    first, *others = trace.frames
    wrong = bytearray(first.data)
    wrong[44] ^= 0xFF
    frames = [replace(first, data=bytes(wrong)), *others]
    shown = page(written(tmp_path / "x.pcap", frames))
    assert "Found later" in shown.splitlines()[-2]
    assert shown.splitlines()[-1].startswith("E frame 1  RFC6275-9.2-CHECKSUM  checksum 0x")


def test_a_request_of_the_lma_gives_its_reason_once(tmp_path: Path) -> None:
    trace = Trace()
    path = trace.mag().path("2001:db8:a::1")
    trace.register(path)
    trace.upn(path, reason=4, acknowledge=True)
    trace.wait(2)
    trace.upn(path, reason=4, acknowledge=True, retransmission=True, sequence=1)
    trace.bri(path, None, trigger=128, global_revocation=True)
    trace.bri(path, trigger=99)
    lines = page(written(tmp_path / "x.pcap", trace.frames)).splitlines()
    happened = [line for line in lines if "UPN" in line or "BRI" in line]
    words = ("ANI-PARAMS-REQUESTED", "notification, retr", "Per-Peer Policy G=1", "trigger 99")
    for line, reason in zip(happened, words, strict=True):
        assert f"  {reason}" in line


def test_a_second_lma_gets_a_column(tmp_path: Path) -> None:
    trace = Trace()
    path = trace.mag().path("2001:db8:a::1")
    trace.register(path)
    trace.register(path, "mn2@example.com", lma="2001:db8:e::1")
    lines = page(written(tmp_path / "x.pcap", trace.frames)).splitlines()
    assert "  LMA  " in lines[0]
    assert "  2001:db8:f::1  " in lines[1]
    assert "  2001:db8:e::1  " in lines[3]


def test_the_real_run_in_a_dialect() -> None:
    capture = SHARED / "skku_lma2mags.pcap"
    if not capture.exists():
        pytest.skip("the public captures are not at hand")
    shown = page(capture, frames=["136"], tree=True)
    assert "dialect pmip6d-2011: its numbers are not IANA's" in shown
    assert (
        " 66-85  Home Network Prefix, as the dialect has it (22)  RFC 5213 section 8.3\n" in shown
    )
    assert "     63    ..1. .... = Proxy Registration (P): set\n" in shown
