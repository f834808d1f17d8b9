"""The page as HTML, read without a browser: what it holds, and that names stay text."""

from __future__ import annotations

import base64
import json
import re
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from report_factory import handovers, hostile, known, many, mended, multipath, silent

from pmiptrace.analysis import Analysis
from pmiptrace.capture.writer import write_pcap
from pmiptrace.model import Moment, Prefix, Report, Span
from pmiptrace.report.html import HtmlOptions, PacketStore, render
from pmiptrace.report.html.packets import unfold
from pmiptrace.report.html.page import Column, Table, _data
from pmiptrace.testing import Trace

SAMPLES = Path(__file__).parents[2] / "samples"
NAMES = sorted(path.name for path in SAMPLES.iterdir() if ".pcap" in path.name)
EVIL = "<script>alert(1)</script>\"'&amp;<!--</script><img src=x onerror=alert(2)>\x1b[2J\u202e"
VOID = frozenset({"meta", "input", "br", "img", "link"})


class Outline(HTMLParser):
    """What a page consists of, and that its elements are closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.ids: list[str] = []
        self.texts: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.style = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag == "script":
            self.scripts.append((dict(attrs), ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)  # of SVG
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            kind, text = self.scripts[-1]
            self.scripts[-1] = (kind, text + data)
        elif self.open and self.open[-1] == "style":
            self.style += data
        else:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def targets(self) -> set[str]:
        """Give what links lead to, by their ids."""
        return {value[1:] for _, name, value in self.attributes if name == "href" and value}


def page_of(report: Report, store: PacketStore | None = None, **options: int) -> str:
    return "".join(render(report, store=store, options=HtmlOptions(**options)))


def analyzed(path: Path, **options: int) -> str:
    store = PacketStore()
    analysis = Analysis([str(path)], observer=store)
    report = analysis.report()
    made = render(report, store=store, dialects=analysis.dialects, options=HtmlOptions(**options))
    return "".join(made)


REPORTS = {
    "multipath": multipath(),
    "clean": multipath(faults=False),
    "handovers": handovers(),
    "hostile": hostile(),
    "many": many(40),
    "silent": silent(),
    "nothing": Report(),
}


@pytest.mark.parametrize("name", REPORTS)
def test_any_report_makes_a_well_formed_page(name: str) -> None:
    outline = Outline(page_of(REPORTS[name]))
    assert len(set(outline.ids)) == len(outline.ids)
    assert {"script", "style", "h1", "main"} <= outline.tags


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_makes_a_page_whose_links_lead_somewhere(name: str) -> None:
    page = analyzed(SAMPLES / name)
    outline = Outline(page)
    ids = {i.removeprefix("folded-") for i in outline.ids} | set(outline.ids)
    assert outline.targets() <= ids
    for kind, text in outline.scripts:
        if kind.get("type") == "application/json":
            for row in json.loads(text):
                assert not row[-1].startswith(("packet-", "session-")) or row[-1] in ids


@pytest.mark.parametrize("name", REPORTS)
def test_nothing_comes_from_elsewhere(name: str) -> None:
    page = page_of(REPORTS[name])
    outline = Outline(page)
    for tag, attribute, value in outline.attributes:
        assert attribute not in ("src", "style", "srcset", "action", "data")
        assert not attribute.startswith("on"), (tag, attribute)
        assert attribute != "href" or (value or "").startswith("#")
    assert not {"img", "link", "iframe", "object", "form", "base", "embed"} & outline.tags
    assert not re.search(r"url\(|@import|@font-face", outline.style)


def test_the_policy_admits_the_style_and_the_script_and_nothing_else() -> None:
    outline = Outline(page_of(multipath()))
    (policy,) = (
        v for t, n, v in outline.attributes if n == "content" and "default-src" in (v or "")
    )
    assert policy is not None
    (script,) = (text for kind, text in outline.scripts if "type" not in kind)
    for directive, text in (("style-src", outline.style), ("script-src", script)):
        digest = base64.b64encode(sha256(text.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def evil_trace() -> Trace:
    trace = Trace()
    mag = trace.mag(EVIL)
    path = mag.path("2001:db8:a::1", bid=1, if_att=8, if_label=1)
    trace.register(path, EVIL)
    trace.register(path, EVIL, bulk=True, overwrite=True)
    return trace


def test_names_stay_text(tmp_path: Path) -> None:
    write_pcap(tmp_path / "evil.pcap", evil_trace().frames)
    page = analyzed(tmp_path / "evil.pcap")
    outline = Outline(page)
    assert "<script>alert(1)</script>" in outline.text
    assert "img" not in outline.tags
    assert len([1 for kind, _ in outline.scripts if "type" not in kind]) == 1
    assert "\x1b" not in page
    assert "\u202e" not in page


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_data_of_tables_cannot_end_its_element(rows: list[list[str]]) -> None:
    text = _data(Table("x", (Column("a"),), rows))
    assert "<" not in text
    assert "&" not in text
    assert len(json.loads(text)) == len(rows)
    Outline(f'<script type="application/json">{text}</script>')


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("multipath", "Violations found"),
        ("clean", "No violation found"),
        ("silent", "No Mobility Header message"),
        ("nothing", "Nothing was analyzed"),
    ],
)
def test_the_verdict_comes_first(name: str, answer: str) -> None:
    text = Outline(page_of(REPORTS[name])).text
    assert answer in text[:400]


def test_a_finding_has_its_explanation_and_its_packet() -> None:
    page = analyzed(SAMPLES / "bulk-and-overwrite.pcap")
    text = Outline(page).text
    for part in (
        "What the RFC says",
        "How to mend",
        "Frame 5 · PBU",
        "Registration Overwrite (O)",
        "RFC 8278 section 4.1",
        "MAG Multipath Binding",
    ):
        assert part in text
    marked = re.findall(r'<tr class="[^"]*\bmarked\b[^"]*"><td>(.*?)</td>', page)
    assert any("Registration Overwrite" in cell or "Bulk" in cell for cell in marked)
    assert not any("Reserved" in cell for cell in marked)
    assert re.search(r'<span class="inside marked">', page)


def test_what_is_known_is_a_line_with_its_number_and_nothing_else() -> None:
    page = page_of(known())
    assert "3 findings suppressed: 1 by the baseline, 2 by ignores of the configuration." in page
    assert "BO-EXCLUSIVE" not in page.partition('id="totals"')[0]
    assert "suppressed" not in page_of(multipath())
    assert "60 entries of the baseline are no longer found." in page_of(mended())


def test_a_page_holds_no_more_than_it_may() -> None:
    page = page_of(many(300), sessions=3, rows=10, most_rows=50, packets=4, open_packets=2)
    outline = Outline(page)
    assert page.count('<details class="session"') == 3
    assert page.count('<details class="packet"') <= 4
    assert page.count("<template") <= 2
    nodes = next(
        json.loads(text) for kind, text in outline.scripts if "type" in kind and "session-" in text
    )
    assert len(nodes) == 50
    assert "250 more are not in this page" in outline.text


def test_mobile_nodes_with_findings_come_first() -> None:
    page = analyzed(SAMPLES / "busy.pcap.gz")
    nodes = next(
        json.loads(text)
        for kind, text in Outline(page).scripts
        if "type" in kind and "session-" in text
    )
    errors = [int(row[6]) for row in nodes]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 0
    assert len(nodes) == 320


@pytest.mark.parametrize(
    ("name", "marked"),
    [("O", {"Bulk", "Registration"}), ("Reserved", {"Bulk", "Registration", "Reserved"})],
)
def test_reserved_bits_are_marked_only_if_they_are_meant(name: str, marked: set[str]) -> None:
    """They share an octet with the flags, and spans are of whole octets."""
    (message,) = (
        exchange.request
        for exchange in Analysis([str(SAMPLES / "bulk-and-overwrite.pcap")]).report().exchanges
        if exchange.request is not None and exchange.request.frame.number == 5
    )
    packet = unfold(message, [Span(135, 1, f"MAG Multipath Binding: {name}")], {})
    assert {field.label.split()[0] for field in packet.fields if field.marked} == marked


def test_an_ipv4_home_address_that_was_not_granted_is_no_prefix_of_the_session() -> None:
    report = multipath()
    home = Prefix(bytes((10, 1, 2, 3)), 24)
    asked = replace(report.sessions[0], ipv4_home_address=home)
    for since, shown in ((None, False), (Moment(0, 2, None), True)):
        session = replace(asked, ipv4_since=since)
        page = page_of(replace(report, sessions=(session, *report.sessions[1:])))
        assert ("10.1.2.3/24" in page) is shown


def test_a_rejection_is_counted_as_in_text() -> None:
    texts = "\n".join(Outline(page_of(many(3))).texts)
    assert "\n1 x 180 CANNOT_SUPPORT_MULTIPATH_BINDING\n" in texts
