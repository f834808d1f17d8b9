"""The page in a real browser: it opens, sorts, filters, and leads from findings to packets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser, program
from report_factory import many
from test_html import EVIL, analyzed, evil_trace, page_of

from pmiptrace.capture.writer import write_pcap

SAMPLES = Path(__file__).parents[2] / "samples"

pytestmark = pytest.mark.skipif(program() is None, reason="no browser is installed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pages of the tests."""
    path = tmp_path_factory.mktemp("pages")
    for name in ("bulk-and-overwrite.pcap", "busy.pcap.gz"):
        (path / f"{name.partition('.')[0]}.html").write_text(analyzed(SAMPLES / name))
    write_pcap(path / "evil.pcap", evil_trace().frames)
    (path / "evil.html").write_text(analyzed(path / "evil.pcap"))
    (path / "many.html").write_text(page_of(many(10_000)))
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def column(browser: Browser, sheet: str, number: int) -> list[str]:
    selector = f"#sheet-{sheet} tbody tr td:nth-child({number})"
    return browser.run(f"[...document.querySelectorAll('{selector}')].map(c => c.textContent)")


@pytest.mark.parametrize("name", ["bulk-and-overwrite", "busy", "evil", "many"])
def test_it_opens_without_a_complaint(browser: Browser, folder: Path, name: str) -> None:
    browser.open(folder / f"{name}.html")
    assert browser.run("document.readyState") == "complete"
    assert browser.run("document.querySelector('h1').textContent")
    assert browser.complaints == []


def test_the_policy_is_in_force(browser: Browser, folder: Path) -> None:
    browser.open(folder / "evil.html")
    browser.run("document.body.append(Object.assign(document.createElement('img'), {src: 'x'}))")
    browser.run(
        "(() => { const s = document.createElement('script'); s.textContent = 'window.bad = 1';"
        "document.body.append(s); })()"
    )
    assert browser.run("typeof window.bad") == "undefined"
    assert any("Content Security Policy" in complaint for complaint in browser.complaints)


def test_names_stay_text(browser: Browser, folder: Path) -> None:
    browser.open(folder / "evil.html")
    shown = EVIL.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
    assert shown in browser.run("document.body.textContent")
    assert browser.run("document.querySelectorAll('img').length") == 0
    assert (
        browser.run("document.scripts.length")
        == browser.run("document.querySelectorAll('.sheet').length") + 1
    )
    browser.click("#sheet-nodes th:nth-child(1) button")
    assert column(browser, "nodes", 1) == [shown]
    assert browser.run("document.querySelectorAll('img').length") == 0
    assert browser.complaints == []


def test_tables_sort(browser: Browser, folder: Path) -> None:
    browser.open(folder / "busy.html")
    browser.click("#sheet-nodes th:nth-child(1) button")
    up = column(browser, "nodes", 1)
    assert up[:3] == ["user000@example.com", "user001@example.com", "user002@example.com"]
    browser.click("#sheet-nodes th:nth-child(1) button")
    down = column(browser, "nodes", 1)
    assert down[0] == "user319@example.com"
    sort = "document.querySelector('#sheet-nodes th').getAttribute('aria-sort')"
    assert browser.run(sort) == "descending"
    browser.click("#sheet-findings th:nth-child(6) button")
    frames = [int(cell) for cell in column(browser, "findings", 6)]
    assert frames == sorted(frames)
    browser.click("#sheet-nodes th:nth-child(7) button")
    errors = [int(cell) for cell in column(browser, "nodes", 7)]
    assert errors == sorted(errors, reverse=True)
    assert browser.complaints == []


def test_tables_filter(browser: Browser, folder: Path) -> None:
    browser.open(folder / "busy.html")
    browser.type("#sheet-nodes input", "USER01 example.com")
    names = column(browser, "nodes", 1)
    assert names
    assert all(name.startswith("user01") for name in names)
    shown = browser.run("document.querySelector('#sheet-nodes output').textContent")
    assert shown == f"{len(names)} of 320"
    browser.click("a.chip.info")
    assert set(column(browser, "findings", 1)) == {"info"}
    assert browser.complaints == []


def test_more_rows_come_when_asked_for(browser: Browser, folder: Path) -> None:
    browser.open(folder / "many.html")
    before = len(column(browser, "nodes", 1))
    browser.click("#sheet-nodes .more button")
    after = len(column(browser, "nodes", 1))
    assert before < after < 1000
    browser.type("#sheet-nodes input", "9999")
    assert len(column(browser, "nodes", 1)) == 1
    assert browser.run("document.querySelector('#sheet-nodes .more button').hidden")
    assert browser.complaints == []


def test_a_finding_leads_to_its_packet(browser: Browser, folder: Path) -> None:
    browser.open(folder / "bulk-and-overwrite.html")
    browser.run("document.querySelectorAll('details').forEach(d => d.open = false)")
    browser.click("#sheet-findings tbody tr:first-child td.frame a")
    assert browser.run("location.hash") == "#packet-0-5"
    assert browser.run("document.getElementById('packet-0-5').open")
    top = browser.run("document.getElementById('packet-0-5').getBoundingClientRect().top")
    assert 0 <= top < 600
    text = browser.run("document.querySelector('#packet-0-5 tr.marked').textContent")
    assert "Bulk" in text or "Overwrite" in text
    assert browser.complaints == []


def test_a_packet_that_was_folded_away_comes_out(browser: Browser, folder: Path) -> None:
    browser.open(folder / "busy.html")
    folded = browser.run("document.querySelector('template').id.replace('folded-', '')")
    assert browser.run(f"document.getElementById('{folded}')") is None
    browser.run(f"location.hash = '#{folded}'")
    browser.run("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
    assert browser.run(f"document.getElementById('{folded}').open")
    assert browser.complaints == []


def test_it_prints_all_and_dark_on_white(browser: Browser, folder: Path) -> None:
    browser.open(folder / "bulk-and-overwrite.html")
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    ground = "getComputedStyle(document.body).backgroundColor"
    browser.send("Emulation.setEmulatedMedia", media="screen", features=dark)
    assert browser.run(ground) == "rgb(13, 17, 23)"
    browser.send("Emulation.setEmulatedMedia", media="print", features=dark)
    assert browser.run(ground) == "rgb(255, 255, 255)"
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    assert browser.run("[...document.querySelectorAll('details')].every(d => d.open)")
    browser.send("Emulation.setEmulatedMedia", media="", features=[])


def test_without_scripts_nothing_is_lost_that_is_shown(browser: Browser, folder: Path) -> None:
    browser.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(folder / "busy.html")
        answer = browser.send("DOM.getDocument", depth=-1)
        outer = browser.send("DOM.getOuterHTML", nodeId=answer["root"]["nodeId"])["outerHTML"]
    finally:
        browser.send("Emulation.setScriptExecutionDisabled", value=False)
    assert 'class="tools" hidden' in outer
    assert "more: sorting, filtering and showing them needs scripts" in outer


@pytest.mark.parametrize("width", [360, 800, 1600])
def test_the_page_itself_never_scrolls_sideways(browser: Browser, folder: Path, width: int) -> None:
    for name in ("busy", "evil"):
        browser.open(folder / f"{name}.html")
        browser.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=800, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        wide = browser.run("document.documentElement.scrollWidth")
        browser.send("Emulation.clearDeviceMetricsOverride")
        assert wide <= width
