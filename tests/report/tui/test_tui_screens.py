"""What the screens of the full-screen view show, and what keys do."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import Pilots, Stage, assert_screen, shown, written

from pmiptrace.testing import Trace

SAMPLES = Path(__file__).parents[3] / "samples"
BUSY = SAMPLES / "busy.pcap.gz"
DENIED = SAMPLES / "multipath-denied.pcap"
HOSTILE = "\x1b[2J[bold]no[/bold] [@click=app.quit]x[/]\n\N{RIGHT-TO-LEFT OVERRIDE}ü"


@pytest.fixture
def violation(tmp_path: Path) -> Path:
    """Write a trace of a mobile node that breaks a rule, and one that does not."""
    trace = Trace()
    mag = trace.mag()
    lte = mag.path("2001:db8:a::1", bid=1, if_att=8, if_label=11)
    wlan = mag.path("2001:db8:b::1", bid=2, if_att=4, if_label=9)
    trace.register(lte, lifetime=300)
    trace.wait(3)
    for _ in range(2):
        trace.pbu(wlan, bulk=True, overwrite=True, lifetime=300)
        trace.pba()
        trace.wait(1)
    trace.register(lte, mn="mn2@example.com", lifetime=300)
    trace.wait(1)
    trace.pbu(lte, mn="mn3@example.com", bulk=True, overwrite=True)
    trace.wait(9)
    return written(tmp_path / "violation.pcap", trace)


# --------------------------------------------------------------------------------- snapshots

KEYS: dict[str, tuple[str, ...]] = {
    "list": (),
    "call-flow": ("enter", "n"),
    "message": ("enter", "n", "enter"),
    "findings": ("i",),
    "help": ("question_mark",),
    "filter-error": ("f", *"mobile", "underscore", *"node", "enter"),
    "save": ("space", "space", "s"),
}


@pytest.mark.parametrize("size", [(60, 24), (80, 24), (120, 30), (200, 50)], ids=str)
@pytest.mark.parametrize("name", KEYS)
def test_screens(name: str, size: tuple[int, int]) -> None:
    text = Stage(BUSY, size=size).after(*KEYS[name])
    assert len(text.splitlines()) == size[1]
    assert_screen(f"{name}-{size[0]}", text)


def test_a_refusal_says_what_to_do() -> None:
    assert_screen("refusal", Stage(DENIED).after("enter", "down"))


def test_peers_have_a_row(tmp_path: Path) -> None:
    trace = Trace()
    path = trace.mag().path("2001:db8:a::1", bid=1)
    trace.register(path)
    trace.wait(1)
    trace.heartbeat(path)
    trace.heartbeat_response()
    stage = Stage(written(tmp_path / "heartbeat.pcap", trace))
    assert_screen("peers", stage.after("end", "enter"))


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_hostile_names_are_literal(tmp_path: Path, encoding: str) -> None:
    trace = Trace()
    path = trace.mag(HOSTILE).path("2001:db8:a::1", bid=1)
    trace.register(path, mn=HOSTILE)
    trace.pbu(path, mn=HOSTILE, bulk=True, overwrite=True)
    trace.pba()
    capture = written(tmp_path / "hostile.pcap", trace)
    for name, keys in KEYS.items():
        if name in ("list", "call-flow", "message", "findings"):
            text = Stage(capture, size=(120, 40), encoding=encoding).after(*keys)
            assert "[bold]no[/bold] [@click=app.quit]x[/]" in text.replace("\n", "")
            assert text.replace("\n", "").isprintable()
            if encoding == "ascii":
                assert text.isascii()
            else:
                assert_screen(f"hostile-{name}", text)


@pytest.mark.parametrize(
    ("name", "octets"),
    [("nothing.pcap", b""), ("notes.txt", b"some notes\n")],
)
def test_what_is_no_capture(tmp_path: Path, name: str, octets: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(octets)
    assert_screen(name, Stage(path).after())


def test_no_signalling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = written(Path("empty.pcap"), Trace())
    assert_screen("no-signalling", Stage(path).after("enter", "n", "i", "s", "slash", "escape"))


def test_nothing_matches() -> None:
    text = Stage(DENIED, mobile_node="nobody@*").after()
    assert "Nothing in the captures matches --mobile-node nobody@*." in text


def test_several_captures_number_frames(violation: Path) -> None:
    text = Stage(violation, DENIED).after("slash", *"mn2", "enter", "enter")
    assert "1:7" in text


# -------------------------------------------------------------------------------------- keys


def cursor(text: str) -> str:
    """Give the line with the cursor."""
    (line,) = [line for line in text.splitlines() if line.startswith("▸")]
    return line


def test_the_worst_comes_first(violation: Path) -> None:
    rows = [line[1:].split() for line in Stage(violation).after().splitlines()[3:6]]
    assert rows[0][:3] == ["E", "2", "mn1@example.com"]
    assert rows[1][:3] == ["E", "3", "mn3@example.com"]
    assert rows[2][0] == "mn2@example.com"


def test_orders(violation: Path) -> None:
    by_time = Stage(violation).after("o").splitlines()
    assert by_time[-1] == "order: the newest last"
    assert [line.split("@")[0][-3:] for line in by_time[3:6]] == ["mn1", "mn2", "mn3"]
    by_name = Stage(violation).after("o", "o").splitlines()
    assert [line.split("@")[0][-3:] for line in by_name[3:6]] == ["mn1", "mn2", "mn3"]


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        ((), "mn1"),
        (("down",), "mn3"),
        (("end",), "mn2"),
        (("end", "home"), "mn1"),
        (("end", "down", "down"), "mn2"),
        (("up",), "mn1"),
        (("pagedown",), "mn2"),
        (("pagedown", "pageup"), "mn1"),
        (("n",), "mn3"),
        (("n", "n"), "mn1"),
        (("N",), "mn3"),
        (("slash", "m", "n", "2", "enter"), "mn2"),
        (("f3", *"revoked", "enter"), "mn1"),
    ],
)
def test_moving(violation: Path, keys: tuple[str, ...], name: str) -> None:
    assert f"{name}@example.com" in cursor(Stage(violation).after(*keys))


def test_a_search_in_vain_says_so(violation: Path) -> None:
    assert Stage(violation).after("slash", "x", "x", "enter").endswith("\nnothing has 'xx'\n")


def test_search_again_goes_on(violation: Path) -> None:
    text = Stage(violation).after("slash", *"example", "enter", "slash", "enter")
    assert "mn2@example.com" in cursor(text)


def test_enter_and_escape(violation: Path) -> None:
    stage = Stage(violation)
    there = stage.after("enter", "enter", "right", "escape")
    assert "PBA" in cursor(there)
    assert cursor(Stage(violation).after("down", "enter", "escape")).count("mn3@example.com")


def test_the_message_shown_last_is_where_one_comes_back(violation: Path) -> None:
    text = Stage(violation).after("enter", "enter", "right", "right", "escape")
    assert "PBU overwrite" in cursor(text)


def test_findings_lead_to_their_message(violation: Path) -> None:
    text = Stage(violation).after("i", "enter")
    assert "PBU overwrite BID 2" in cursor(text)


def test_time_formats(violation: Path) -> None:
    text = Stage(violation).after("t", "t", "enter")
    assert "+0.000000" in text
    assert Stage(violation).after("t", "t").endswith("times: seconds since the first packet\n")


def test_a_filter_and_back(violation: Path) -> None:
    keys = ("f7", *"bid == 2".replace(" ", ""), "enter")
    stage = Stage(violation)
    text = stage.after(*[{"=": "equals_sign"}.get(key, key) for key in keys])
    assert "filter: bid==2" in text
    assert [line for line in text.splitlines() if "mn2@" in line] == []
    assert "mn2@example.com" in Stage(violation, filter="bid == 2").after("escape")


def test_a_filter_that_nothing_meets(violation: Path) -> None:
    text = Stage(violation, filter="status == 130").after()
    assert "No mobile node has a message that meets the filter; Esc takes it away." in text


def test_a_call_flow_begins_where_the_filter_is_met(violation: Path) -> None:
    text = Stage(violation, filter="bid == 2").after("enter")
    assert "PBU overwrite" in cursor(text)


def test_saving(violation: Path) -> None:
    stage = Stage(violation)
    text = stage.after("space", "space", "s", *"out", "enter")
    ((path, cut, annotated),) = stage.saved.calls
    assert (path, annotated) == ("out", False)
    assert {frame for _, frame in cut.frames} == {1, 2, 3, 4, 5, 6, 9}
    assert text.endswith("out: 7 messages\n")


def test_saving_a_call_flow_with_its_findings(violation: Path) -> None:
    stage = Stage(violation)
    stage.after("enter", "f2", "tab", *"out", "enter")
    ((path, cut, annotated),) = stage.saved.calls
    assert (path, annotated) == ("out", True)
    assert "RFC8278-4.1-BO-EXCLUSIVE" in {finding.rule for finding in cut.findings}


def test_a_file_that_exists_is_replaced_only_if_asked_again(
    violation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(violation.parent)
    Path("out").write_bytes(b"")
    stage = Stage(violation)
    assert "out exists; Enter again replaces it" in stage.after("s", *"out", "enter")
    assert stage.saved.calls == []
    stage = Stage(violation)
    stage.after("s", *"out", "enter", "enter")
    assert len(stage.saved.calls) == 1


def test_agreement_is_to_what_was_named(violation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(violation.parent)
    Path("out").write_bytes(b"")
    Path("other").write_bytes(b"")
    stage = Stage(violation)
    assert "out exists" in stage.after("s", *"out", "enter", "tab", "enter")
    assert stage.saved.calls == []
    stage = Stage(violation)
    stage.saved.standing = ["other"]
    text = stage.after("s", *"out", "enter")
    assert "out and 1 more exist; Enter again replaces them" in text


def test_the_home_directory(
    violation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    stage = Stage(violation)
    stage.after("s", *"~/out", "enter")
    assert [path for path, _, _ in stage.saved.calls] == [str(tmp_path / "out")]


def test_quit_ends_the_reading(violation: Path) -> None:
    stage = Stage(violation)

    async def act(pilot: Pilots) -> None:
        await pilot.press("q")

    stage.play(act)
    assert stage.app.return_code == 0


def test_resizing(violation: Path) -> None:
    stage = Stage(violation)
    screens = []

    async def act(pilot: Pilots) -> None:
        await pilot.press("enter", "n")
        for size in ((60, 15), (200, 50), (20, 6), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            screens.append(shown(stage.app))

    stage.play(act)
    assert max(map(len, screens[0].splitlines())) <= 60
    assert "PBU overwrite" in cursor(screens[1])
    assert cursor(screens[3])
