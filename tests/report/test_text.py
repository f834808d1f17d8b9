"""What the page for people says, at several widths and on several kinds of terminal."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from msgspec.structs import replace
from report_factory import (
    HOSTILE,
    Builder,
    Path,
    at,
    handovers,
    hostile,
    known,
    many,
    mended,
    multipath,
    silent,
)
from rich.cells import cell_len
from rich.console import Console

from pmiptrace.address import address_octets
from pmiptrace.model import (
    BindingState,
    CaptureInfo,
    ExchangeKind,
    Moment,
    Party,
    Problem,
    Report,
    Severity,
    Status,
)
from pmiptrace.report.text import TextOptions, TimeFormat, open_console, render

WIDTHS = (60, 80, 120, 200)
SCENES: dict[str, Callable[[], Report]] = {
    "multipath": multipath,
    "known": known,
    "mended": mended,
    "handovers": handovers,
    "hostile": hostile,
    "many": lambda: many(300),
    "silent": silent,
}


def page(report: Report, width: int = 120, **options: object) -> str:
    console = Console(file=io.StringIO(), width=width)
    render(report, console=console, options=TextOptions(**options))
    return console.file.getvalue()


def test_what_is_known_is_a_line_with_its_number_and_nothing_else() -> None:
    text = page(known())
    assert "No new violation found" in text
    assert "3 findings suppressed: 1 by the baseline, 2 by ignores of the configuration.\n" in text
    assert "BO-EXCLUSIVE" not in text
    assert "DISCOVER-FIRST" not in text
    assert "PM-RETRANSMISSION" in text, "nobody knows of this one"
    assert "suppressed" not in page(multipath())


def test_no_pseudonym_is_put_into_a_command() -> None:
    open_page, redacted = page(many(30)), page(many(30), redacted=True)
    for command in ("--mobile-node", "pmiptrace dissect"):
        assert command in open_page.partition("\nNext\n")[2]
        assert command not in redacted
    assert "pmiptrace explain" in redacted


@pytest.mark.parametrize(
    ("state", "is_explained"),
    [(BindingState.SUSPECT, True), (BindingState.ASSUMED, True), (BindingState.ACTIVE, False)],
)
def test_a_doubt_about_a_binding_is_explained(state: BindingState, is_explained: bool) -> None:
    report = multipath()
    (session,) = report.sessions
    doubted = tuple(replace(binding, state=state) for binding in session.bindings)
    text = page(replace(report, sessions=(replace(session, bindings=doubted),)))
    advice = f"  - why a binding is {state.public_name}, and what to do: pmiptrace explain"
    assert (advice in text.partition("\nNext\n")[2]) == is_explained


def test_what_is_gone_is_summed_up_by_rule_and_party() -> None:
    text = page(mended(), 200)
    assert "3 findings suppressed: 1 by the baseline, 2 by ignores of the configuration; " in text
    assert "60 entries of the baseline are no longer found." in text
    (_, section) = text.split("No longer found · known to evil")
    lines = section.partition("Totals")[0].splitlines()
    assert lines[1].split() == [
        "RFC8278-4.1-BID-RANGE", "MAG", "mag0@example.com", "x20", "mn0@example.com,",
        "mn2@example.com,", "mn4@example.com,", "…",
    ]  # fmt: skip
    assert lines[2].endswith(r", …  ticket \x1b[31m7")
    assert "\x1b" not in section
    assert "… and 12 more entries" in section
    assert "no longer found" not in page(known())


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_wider_than_the_page_or_ends_in_blanks(scene: str, width: int) -> None:
    for line in page(SCENES[scene](), width).splitlines():
        assert cell_len(line) <= width, line
        assert line == line.rstrip()


def test_the_answer_stands_on_top() -> None:
    lines = page(multipath()).splitlines()
    assert lines[0] == "samples/two-paths.pcap"
    assert lines[1] == (
        "  pcap, 4812 packets, 21 messages (11 PBU, 10 PBA), 4 min 05 s,"
        " from 2023-11-14 22:13:20.050000 UTC"
    )
    assert lines[3] == (
        "1 error, 1 warning, 1 inconclusive. Worst: RFC8278-4.1-BO-EXCLUSIVE,"
        " MAG mag1@example.com, frame 3."
    )


def test_sections_come_in_the_order_of_their_weight() -> None:
    titles = re.findall(r"^(\w+)(?: · .*?)? ─", page(multipath()), re.MULTILINE)
    assert titles == ["Findings", "Inconclusive", "Notes", "Bindings", "Timeline", "Totals"]


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_finding_names_rule_party_frame_time_node_bid_and_evidence(width: int) -> None:
    text = page(multipath(), width)
    assert (
        "✗ ERROR  RFC8278-4.1-BO-EXCLUSIVE  MAG mag1@example.com\n"
        "  B and O MUST NOT both be 1  RFC 8278 section 4.1, MUST NOT\n"
        "  frame  time             mobile node      BID  evidence\n"
        "      3  22:13:25.050000  mn1@example.com    2  B=1 and O=1 in the PBU for BID 2\n"
    ) in text


def test_on_a_narrow_page_evidence_goes_below() -> None:
    assert (
        "  frame  time             mobile node      BID\n"
        "      3  22:13:25.050000  mn1@example.com    2\n"
        "      B=1 and O=1 in the PBU for BID 2\n"
    ) in page(multipath(), 60)


def test_a_finding_about_the_lma_names_the_mag() -> None:
    assert "mn1@example.com  mag1@example.com    2  option 64" in page(multipath())


def test_an_inconclusive_finding_says_why() -> None:
    text = page(multipath())
    assert "? warning  RFC8278-4.4-DISCOVER-FIRST  MAG mag1@example.com" in text
    assert "undecided: the MAG may know the LMA's capability from its configuration" in text


def test_of_many_findings_the_first_are_shown_and_the_others_named() -> None:
    text = page(repeated("BID 0", "BID 255"))
    assert "RFC8278-4.1-BID-RANGE  MAG mag1@example.com  x42" in text
    assert len(re.findall(r" 0  BID (0|255)\n", text)) == 5
    assert "… and 37 more (frames 11, 13, 15, 17, 19, …)" in text


def test_evidence_that_is_the_same_for_all_is_told_once() -> None:
    text = page(repeated("BID 0 is reserved"))
    assert text.count("BID 0 is reserved") == 1
    assert "  frame  time             BID\n      1  22:13:20.050000    0\n" in text


def test_a_finding_tells_its_further_frames_and_repetitions() -> None:
    build = Builder()
    path = Path(build.mag("m", "2001:db8:a::1"), address_octets("2001:db8:a::1"), 0)
    exchange = build.exchange(None, path, ExchangeKind.REFRESH, 0)
    evidence = (exchange.attempts[0], *(Moment(0, number, at(1)) for number in range(11, 18)))
    build.finding("RFC8278-4.1-BID-RANGE", exchange, "BID 0", occurrences=3, evidence=evidence)
    assert "BID 0; 3 times; see frames 11, 12, 13, 14, 15, …\n" in page(build.report())


def test_a_party_whose_role_is_unknown_is_a_host() -> None:
    report = multipath()
    party = Party("unknown", address_octets("2001:db8:a::1"))
    findings = tuple(replace(finding, party=party) for finding in report.findings)
    assert "RFC8278-4.1-BO-EXCLUSIVE  host 2001:db8:a::1\n" in page(
        replace(report, findings=findings)
    )


def repeated(*messages: str) -> Report:
    """Give a report with 42 findings of one rule about one MAG."""
    build = Builder()
    mag = build.mag("mag1@example.com", "2001:db8:a::1")
    path = Path(mag, build.mags[mag].addresses[0], 0)
    for number in range(42):
        exchange = build.exchange(None, path, ExchangeKind.REFRESH, number)
        build.finding("RFC8278-4.1-BID-RANGE", exchange, messages[number % len(messages)])
    return build.report()


def test_bindings_tell_address_access_label_state_and_lifetime() -> None:
    text = page(multipath())
    assert "Bindings · at the end, 22:17:25.050000" in text
    assert (
        "mn1@example.com  multipath  LMA 2001:db8:f::1  2001:db8:1::/64\n"
        "  MAG mag1@example.com\n"
        "    BID  care-of address  access  label  state             left  granted  frame\n"
        "      1  2001:db8:a::1    LTE        11  ━ active        3535 s   3600 s     21\n"
        "      2  2001:db8:b::1    WLAN        9  ○ deregistered           3600 s     21\n"
    ) in text


def test_a_lane_per_bid_with_axis_and_legend() -> None:
    lines = page(multipath(), 80).splitlines()
    first = lines.index("mn1@example.com  LMA 2001:db8:f::1")
    assert lines[first + 1].split("  ")[-1].strip() == "3 min"
    assert lines[first + 2].strip(" ─┬") == ""
    assert re.fullmatch(r"  BID 1 LTE   ━+(┿━+){6}", lines[first + 3])
    assert re.fullmatch(r"  BID 2 WLAN   ━+┿━+○", lines[first + 4])
    assert lines[first + 5].strip() == "━ active  ┿ refresh  ○ deregistered"


def test_exchanges_of_routine_are_one_line() -> None:
    text = page(multipath())
    assert "22:13:20.050000  1 2       LTE 2001:db8:a::1 →     1  initial 3600 s" in text
    assert "22:13:50.050000  5 … 16    LTE 2001:db8:a::1 →     1  6 x refresh 3600 s" in text
    assert "17 18 19  WLAN 2001:db8:b::1 →    2  refresh 3600 s            92.0 ms" in text
    assert "accepted, 1 repeat" in text


def test_an_exchange_names_the_rules_it_breaks() -> None:
    assert "      ✗ RFC8278-4.1-BO-EXCLUSIVE  ? RFC8278-4.4-DISCOVER-FIRST\n" in page(multipath())


def test_a_handover_between_mags_without_identifier() -> None:
    text = page(handovers())
    assert "dialect pmip6d-2011: its numbers are not IANA's" in text
    assert "No violation found, 21 checks of 2 rules on 11 messages." in text
    assert " replaced (handover)          1000 s" in text
    assert text.count("no answer") == 3
    assert "exchanges  7: 3 handover, 3 deregistration, 1 initial; 3 unanswered" in text
    assert "latency    median 85.0 ms, max 92.0 ms (frame 10)" in text


def test_a_capture_that_ends_early_leaves_requests_open() -> None:
    report = handovers()
    exchanges = [*report.exchanges[:-1], replace(report.exchanges[-1], closed=False)]
    text = page(replace(report, exchanges=tuple(exchanges)))
    assert "; 2 unanswered; 1 still open at the end" in text
    assert text.count("no answer before the end") == 1


@pytest.mark.parametrize(
    ("path", "told"),
    [("a b.pcap", "pmiptrace dissect 'a b.pcap' "), ("-", None), ("\x1b[2J.pcap", None)],
)
def test_the_page_leads_on_to_the_packet(path: str, told: str | None) -> None:
    report = multipath()
    text = page(replace(report, captures=(replace(report.captures[0], path=path),)))
    assert "in Wireshark: frame.number == " in text
    assert (told in text) if told else ("pmiptrace dissect" not in text)


def test_a_rejection_is_named() -> None:
    text = page(many(3))
    assert "✗ 180 CANNOT_SUPPORT_MULTIPATH_BINDING" in text
    assert "rejected   1 x 180 CANNOT_SUPPORT_MULTIPATH_BINDING" in text


def test_many_nodes_are_added_up_and_the_worst_shown() -> None:
    text = page(many(10_000))
    assert len(text.splitlines()) < 150
    assert "1429 errors. Worst: " in text
    assert "mobile nodes  10 000" in text
    assert "bindings      10 000: 9800 active, 200 rejected" in text
    assert "… and 17 more parties with 606 findings: " in text
    assert "… and 9995 more sessions" in text
    assert "of these the worst:" in text


def test_many_nodes_without_trouble_need_few_lines() -> None:
    report = many(49)
    kept = tuple(session for session in report.sessions if session.id)
    calm = replace(report, sessions=kept, findings=(), exchanges=report.exchanges[1:])
    text = page(calm)
    assert "of these the first:" in text
    assert text.count("LMA 2001:db8:f::1\n") == 2


def test_some_nodes_share_a_table() -> None:
    text = page(many(12))
    assert text.count("care-of address") == 1
    assert len(re.findall(r"^  mn\d+@example.com ", text, re.MULTILINE)) == 12


@pytest.mark.parametrize("width", WIDTHS)
def test_hostile_identifiers_are_escaped_and_whole(width: int) -> None:
    text = page(hostile(), width)
    assert all(c == "\n" or c.isprintable() for c in text)
    flat = re.sub(r"\s", "", text)
    assert r"\x1b[2Jmn\n[red]evil[/red]\u202e" + "a" * 230 + "@x" in flat
    assert "m" * 250 in flat
    assert r"evil\x1b]0;title\x07[bold]\udcff.pcap" in text
    assert r"BID 0 \x1b[31m[link=x]" in text
    assert "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1" in text


def test_the_hostile_identifier_is_as_long_as_the_option_allows() -> None:
    assert len(HOSTILE) >= 250


def test_no_signalling_says_what_to_check() -> None:
    text = page(silent(12_345))
    assert "No Mobility Header message in web.pcap; 12 345 packets read." in text
    assert "ip6 proto 135 or udp port 5436" in text
    assert "ESP" in text
    assert "Totals" not in text


def test_an_empty_capture() -> None:
    text = page(Report(captures=(CaptureInfo(path="empty.pcap", format="pcap"),)))
    assert text == (
        "empty.pcap  pcap, 0 packets, 0 messages\n"
        "\n"
        "No Mobility Header message in empty.pcap; 0 packets read.\n"
    )


def test_what_was_noticed_is_told_without_signalling_too() -> None:
    build = Builder()
    build.finding(
        "PM-TRUNCATED", message="cut at 64 octets", severity=Severity.INFO, status=Status.NOTE
    )
    text = page(build.report())
    assert "No Mobility Header message" in text
    assert "  PM-TRUNCATED  x1  cut at 64 octets  frame 1\n" in text


def test_no_capture_at_all() -> None:
    assert "Nothing was analyzed: no capture could be read." in page(Report())


def test_captures_that_cannot_be_opened() -> None:
    unread = CaptureInfo(path="notes.txt", problems=(Problem("unopened", "not a pcap file"),))
    text = page(Report(captures=(unread,), interrupted=True))
    assert text.startswith("notes.txt  not read: not a pcap file\n")
    assert "Interrupted" in text
    assert "No Mobility Header" not in text


def test_what_was_wrong_with_a_capture() -> None:
    report = multipath()
    info = replace(
        report.captures[0],
        duplicates=3,
        clock_offset=-12_300_000,
        truncated=True,
        problems=(Problem("cut", "the file ends within a packet", 4711, 12),),
    )
    text = page(replace(report, captures=(info,), interrupted=True))
    assert "  3 duplicates left out\n" in text
    assert "  its clock corrected by -12.3 ms\n" in text
    assert text.count("the file ends within a packet") == 1
    assert "the file ends within a packet (frame 12)" in text
    assert "Interrupted: this is what was found so far." in text


def test_several_captures_are_numbered() -> None:
    report = multipath()
    text = page(
        replace(report, captures=(*report.captures, CaptureInfo(path="b.pcap", format="pcap")))
    )
    assert text.startswith("1  samples/two-paths.pcap  pcap, 4812 packets, 21 messages, 4 min 05 s")
    assert "\n2  b.pcap  pcap, 0 packets, 0 messages\n" in text
    assert "all together 21 messages (11 PBU, 10 PBA)\n" in text
    assert "MAG mag1@example.com, frame 1:3." in text
    assert "frame.number == 3 in samples/two-paths.pcap" in text


def test_notes_are_one_line_per_rule() -> None:
    build = Builder()
    build.moment(1)
    for number in range(3):
        build.finding(
            "PM-UNANSWERED-PBU",
            message=f"PBU {number} got no answer",
            severity=Severity.INFO,
            status=Status.NOTE,
            moment=Moment(0, number + 1, at(number)),
        )
    text = page(replace(build.report(), messages=3))
    assert "  PM-UNANSWERED-PBU  x3  A PBU got no answer  frame 1\n" in text
    assert "No violation found" in text


def test_an_answer_whose_request_was_not_captured() -> None:
    build = Builder()
    path = Path(build.mag(None, "2001:db8:a::1"), address_octets("2001:db8:a::1"))
    exchange = build.exchange(0, path, ExchangeKind.UNKNOWN, 0)
    lone = replace(exchange, request=None, answered=None, attempts=())
    build.exchanges[0] = lone
    build.session("mn1@example.com", build.binding(path, (0, BindingState.ASSUMED)))
    text = page(build.report())
    assert "accepted 3600 s, request not captured" in text
    assert "1 answer without request" in text


def test_a_capture_without_times() -> None:
    report = multipath()
    info = replace(report.captures[0], first_time=None, last_time=None)
    sessions = tuple(replace(s, first=Moment(0, 1, None)) for s in report.sessions)
    text = page(replace(report, captures=(info,), sessions=sessions))
    assert "no times" in text
    assert "━━━" not in text


@pytest.mark.parametrize(
    ("form", "finding", "heading"),
    [
        (TimeFormat.UTC, "3  22:13:25.050000  mn1", "Findings · UTC"),
        (TimeFormat.RELATIVE, "3  +5.000000  mn1", "Findings · seconds since the first packet"),
        (TimeFormat.EPOCH, "3  1700000005.050000  mn1", "Findings · seconds since 1970"),
    ],
)
def test_times(form: TimeFormat, finding: str, heading: str) -> None:
    text = page(multipath(), time=form)
    assert finding in text
    assert heading in text
    assert "from 2023-11-14 22:13:20.050000 UTC" in text


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_other_encodings(scene: str, encoding: str) -> None:
    buffer = io.BytesIO()
    file = io.TextIOWrapper(buffer, encoding=encoding, newline="\n")
    render(SCENES[scene](), console=open_console(file))
    file.flush()
    text = buffer.getvalue().decode(encoding)
    assert "No Mobility Header" in text or "Totals" in text


def test_ascii_lanes() -> None:
    buffer = io.BytesIO()
    file = io.TextIOWrapper(buffer, encoding="ascii", newline="\n")
    render(multipath(), console=open_console(file, width=80))
    file.flush()
    text = buffer.getvalue().decode("ascii")
    assert re.search(r"^  BID 1 LTE   =+(\+=+){6}$", text, re.MULTILINE)
    assert "= active  + refresh  o deregistered" in text
    assert "! ERROR  RFC8278-4.1-BO-EXCLUSIVE" in text


def test_a_name_beyond_latin_is_escaped_where_it_cannot_be_shown() -> None:
    build = Builder("größe-漢字.pcap")
    buffer = io.BytesIO()
    file = io.TextIOWrapper(buffer, encoding="latin-1", newline="\n")
    render(build.report(), console=open_console(file))
    file.flush()
    assert rb"gr\xf6\xdfe-\u6f22\u5b57.pcap" in buffer.getvalue()


def coloured(**settings: object) -> str:
    console = Console(
        file=io.StringIO(), width=120, force_terminal=True, color_system="truecolor", **settings
    )
    render(multipath(), console=console)
    return console.file.getvalue()


def test_only_the_sixteen_colours_and_no_background() -> None:
    codes = set(re.findall(r"\x1b\[([\d;]*)m", coloured()))
    numbers = {int(number) for code in codes for number in code.split(";") if number}
    assert numbers & set(range(30, 38))
    assert numbers <= {0, 1, 2, *range(30, 38), 39}


def test_colour_says_nothing_that_words_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured()) == page(multipath())


def test_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    codes = set(re.findall(r"\x1b\[([\d;]*)m", coloured()))
    assert codes <= {"0", "1", "2"}


def test_a_pipe_gets_a_wide_page_without_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    file = io.StringIO()
    render(multipath(), console=open_console(file))
    assert file.getvalue() == page(multipath(), 120)
    monkeypatch.setenv("COLUMNS", "80")
    file = io.StringIO()
    render(multipath(), console=open_console(file))
    assert file.getvalue() == page(multipath(), 80)


def test_next_steps_fit_the_findings() -> None:
    text = page(multipath())
    assert "--select RFC8278-4.1-BO-EXCLUSIVE" in text
    assert "frame.number == 3" in text
    assert "--mobile-node" not in text
    assert "--mobile-node mn3@example.com" in page(many(10))
    assert "--select" not in page(multipath(faults=False))


def test_without_signalling_the_page_says_how_to_read_what_wireshark_shows() -> None:
    hint = page(silent()).partition("the tunnel:")[2]
    assert "`mipv6`" in hint
    assert "read with --engine tshark" in hint


def test_where_nothing_matches_the_page_says_how_to_see_what_there_is() -> None:
    empty = replace(multipath(), sessions=(), exchanges=(), findings=())
    hint = "  - whom the captures hold: the same without --mobile-node mn9\n"
    assert hint in page(empty, narrowness="--mobile-node mn9")
    assert hint not in page(empty)


@pytest.mark.parametrize(
    ("second", "duplicates", "told"),
    [
        ((0, 100), 0, True),
        ((50, 150), 1, True),
        ((0, 100), 20, False),  # another end of the same run
        ((100, 200), 0, False),  # the next file
        (None, 0, False),
    ],
)
def test_captures_of_one_time_that_share_little_may_be_of_several_runs(
    second: tuple[int, int] | None, duplicates: int, told: bool
) -> None:
    report = multipath()
    first, last = second or (None, None)
    captures = (
        CaptureInfo(path="a.pcap", format="pcap", messages=20, first_time=0, last_time=100),
        CaptureInfo(
            path="b.pcap",
            format="pcap",
            messages=20 - duplicates,
            duplicates=duplicates,
            first_time=first,
            last_time=last,
        ),
    )
    text = page(replace(report, captures=captures))
    assert ("these 2 captures were taken for one run" in text) is told
