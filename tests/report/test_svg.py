"""The drawings: well-formed, of this file alone, and with what a reader of them needs."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_factory import HOSTILE, Builder, Path, handovers, hostile, many, multipath

from pmiptrace.model import BindingState, ExchangeKind, Report
from pmiptrace.report.digest import Digest
from pmiptrace.report.ladder import ladder
from pmiptrace.report.svg import RULES, STYLE, document, ladder_svg, lanes_svg
from pmiptrace.report.svg.drawing import (
    SEVERITY_CLASS,
    STATE_CLASS,
    Picture,
    escaped,
    group,
    middle_cut,
    text,
)
from pmiptrace.report.times import Clock, TimeFormat

REPORTS = {
    "multipath": multipath(),
    "handovers": handovers(),
    "hostile": hostile(),
    "many": many(3),
}
SVG = "{http://www.w3.org/2000/svg}"


def drawings(report: Report) -> list[str]:
    digest, clock = Digest.of(report), Clock(TimeFormat.UTC)
    drawn = []
    for session in report.sessions:
        drawn.append(ladder_svg(ladder(report, digest, session), clock))
        drawn.append(lanes_svg(session, digest.end, clock))
    return drawn


@pytest.mark.parametrize("name", REPORTS)
def test_each_drawing_is_one_element_that_says_what_it_shows(name: str) -> None:
    for drawn in drawings(REPORTS[name]):
        root = ElementTree.fromstring(drawn)
        assert root.tag == f"{SVG}svg"
        title = root.find(f"{SVG}title")
        assert title is not None
        assert root.get("aria-label") == title.text
        assert root.get("role") == "img"


@pytest.mark.parametrize("name", REPORTS)
def test_a_drawing_refers_to_nothing_outside(name: str) -> None:
    for drawn in (*drawings(REPORTS[name]), STYLE):
        outside = re.sub(r'xmlns="http://www\.w3\.org/2000/svg"', "", drawn)
        assert not re.search(r"https?:|//|url\(|@import|@font-face|href|<script|<image", outside)


def test_names_stay_text() -> None:
    for drawn in drawings(hostile()):
        root = ElementTree.fromstring(drawn)
        assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
            "svg", "title", "g", "text", "line", "rect", "polygon",
        }  # fmt: skip
        assert "\x1b" not in drawn
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in drawn


@given(st.text())
def test_any_text_is_well_formed(content: str) -> None:
    root = ElementTree.fromstring(f"<svg>{text(0, 0, content)}{group(content)}</svg>")
    assert [part.text or "" for part in root.iter("text")] == [ElementTree.fromstring(
        f"<a>{escaped(content)}</a>").text or ""]  # fmt: skip


def test_a_file_brings_its_style_and_both_colour_schemes() -> None:
    drawn = document([Picture(30, 20, text(0, 0, "<"), "a"), Picture(10, 20, "", "b")], "two & two")
    root = ElementTree.fromstring(drawn.encode())
    assert (root.get("width"), root.get("height")) == ("30", "40")
    style = root.find(f"{SVG}style")
    assert style is not None
    assert "prefers-color-scheme: dark" in (style.text or "")


def test_the_style_names_every_colour_that_drawings_use() -> None:
    used = {*STATE_CLASS.values(), *SEVERITY_CLASS.values()}
    assert set(STATE_CLASS) == set(BindingState)
    for name in used:
        assert f".pmip .{name} {{ fill: var(--pmip-{name})" in RULES
        assert f".edge.{name} " in RULES
    assert "#" not in RULES


def test_a_state_is_named_beside_its_colour() -> None:
    drawn = "".join(drawings(multipath()))
    for word in ("active", "refresh", "deregistered"):
        assert f">{word}<" in drawn


def test_a_long_name_keeps_both_ends_and_stands_whole_in_the_title() -> None:
    assert middle_cut("abcdefghijkl", 7.3 * 7) == "abc…jkl"
    assert middle_cut("abc", 7.3 * 7) == "abc"
    build = Builder()
    mag = build.mag(HOSTILE, "2001:db8:1111:2222:3333:4444:5555:6666")
    path = Path(mag, bytes.fromhex("20010db8111122223333444455556666"), 1)
    build.exchange(0, path, ExchangeKind.INITIAL, 0)
    build.session("mn", build.binding(path, (0, BindingState.ACTIVE)))
    drawn = drawings(build.report())[0]
    assert ">2001:db8:1111:2222:3333:4444:5555:6666<" not in drawn
    assert "2001:db8:1111:2222:3333:4444:5555:6666" in drawn


def test_a_capture_without_times_has_no_lanes() -> None:
    build = Builder()
    build.session("mn")
    assert lanes_svg(build.report().sessions[0], None, Clock(TimeFormat.UTC)) == ""
