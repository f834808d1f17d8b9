"""Settings from files, the environment and options, as they reach the commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Run

SAMPLES = Path(__file__).parents[2] / "samples"
FAULTY = SAMPLES / "bulk-and-overwrite.pcap"
OWN = """\
select = ["RFC8278", "party:LMA"]
fail-on = "warning"
allow-empty = true
time = "epoch"

[timers]
delete-delay = "20s"

[severity]
"RFC8278-4.1" = "info"

[[ignores]]
rule = "RFC8278-4.4"
lma = "2001:db8:f::1"
reason = "fixed in 2.1"
expires = 2027-01-31
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    return tmp_path


def settings(run: Run, *arguments: object) -> dict[str, tuple[object, str, str | None]]:
    found = run("config", "--format", "json", *arguments)
    assert found.code == 0, found.err
    return {
        each["name"]: (each["value"], each["origin"], each["place"])
        for each in json.loads(found.out)["settings"]
    }


def test_where_everything_comes_from(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "pmiptrace.toml").write_text(OWN, "utf-8")
    (folder / "pyproject.toml").write_text("[tool.pmiptrace]\njobs = 2\ntime = 'utc'\n", "utf-8")
    monkeypatch.setenv("PMIPTRACE_TIMERS", "grace=1s")
    found = settings(run, "--fail-on", "never", "--no-allow-empty", "--severity", "PM-=error")
    assert found["select"] == (["RFC8278", "party:LMA"], "file", "pmiptrace.toml:1")
    assert found["fail-on"] == ("never", "command line", "--fail-on")
    assert found["allow-empty"] == (False, "command line", "--allow-empty")
    assert found["time"] == ("epoch", "file", "pmiptrace.toml:4")
    assert found["jobs"] == (2, "file", "pyproject.toml:2")
    assert found["baseline"] == ("none", "default", None)
    assert found["timers.delete-delay"] == ("20s", "file", "pmiptrace.toml:7")
    assert found["timers.grace"] == ("1s", "environment", "PMIPTRACE_TIMERS")
    assert found["severity.RFC8278-4.1"] == ("info", "file", "pmiptrace.toml:10")
    assert found["severity.PM-"] == ("error", "command line", "--severity")
    assert found["ignores"] == (
        [{"rule": "RFC8278-4.4", "reason": "fixed in 2.1", "lma": "2001:db8:f::1",
          "expires": "2027-01-31"}],
        "file",
        "pmiptrace.toml:12",
    )  # fmt: skip


@pytest.mark.parametrize("width", ["60", "80", "120"])
def test_the_table_fits_the_page(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    (folder / "pmiptrace.toml").write_text(OWN, "utf-8")
    monkeypatch.setenv("COLUMNS", width)
    out = run("config").out
    assert max(map(len, out.splitlines())) <= int(width)
    assert "Read: pmiptrace.toml" in out
    text = " ".join(out.split())
    assert "select RFC8278, party:LMA pmiptrace.toml:1" in text
    assert "RFC8278-4.4 lma 2001:db8:f::1 expires 2027-01-31 fixed in 2.1" in text


def test_no_file_is_said(run: Run, folder: Path) -> None:
    (folder / "pmiptrace.toml").write_text(OWN, "utf-8")
    out = run("config", "--isolated").out
    assert "Read: no configuration file" in out
    assert "pmiptrace.toml" not in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--select", "RFC8279"), "--select: no rule is, or begins with, 'RFC8279'; did you mean"),
        (("--timers", "max-timeout=500ms"), "must not be less than initial-timeout, which is 1s"),
        (("--config", "absent.toml"), "absent.toml: cannot read the configuration"),
        (("--config", "x.toml", "--isolated"), "--config and --isolated exclude each other"),
        (("--severity", "RFC8278=bad"), "--severity: RFC8278 takes error, warning or info, not"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(
    run: Run, arguments: tuple[str, ...], message: str
) -> None:
    found = run("config", *arguments)
    assert (found.code, found.out) == (2, "")
    assert message in " ".join(found.err.split())


def report(run: Run, *arguments: object) -> tuple[int, dict]:
    found = run("analyze", FAULTY, "--format", "json", *arguments)
    return found.code, json.loads(found.out)


@pytest.mark.parametrize(
    ("own", "arguments", "code", "rules"),
    [
        ("", (), 1, "PM-CLEARTEXT RFC8278-4.1-BO-EXCLUSIVE"),
        ('select = ["PM-"]', (), 0, "PM-CLEARTEXT"),
        ('select = ["PM-"]', ("--select", "all"), 1, "PM-CLEARTEXT RFC8278-4.1-BO-EXCLUSIVE"),
        ('select = ["PM-"]', ("--isolated",), 1, "PM-CLEARTEXT RFC8278-4.1-BO-EXCLUSIVE"),
        ('ignore = ["party:MAG"]', (), 0, "PM-CLEARTEXT"),
        ("", ("--select", "RFC 8278 section 4.1"), 1, "RFC8278-4.1-BO-EXCLUSIVE"),
        ("", ("--select", "confidence:session", "--ignore", "PM-"), 0, ""),
        ("severity.all = 'warning'", ("--ignore", "PM-"), 0, "RFC8278-4.1-BO-EXCLUSIVE"),
        (
            "severity.all = 'warning'\nfail-on = 'warning'",
            ("--ignore", "PM-"), 1, "RFC8278-4.1-BO-EXCLUSIVE",
        ),
        ("", ("--severity", "RFC8278-4=info", "--ignore", "PM-"), 0, "RFC8278-4.1-BO-EXCLUSIVE"),
    ],
)  # fmt: skip
def test_what_is_set_decides_what_is_reported(
    run: Run, folder: Path, own: str, arguments: tuple[str, ...], code: int, rules: str
) -> None:
    (folder / "pmiptrace.toml").write_text(own, "utf-8")
    found, document = report(run, *arguments)
    assert found == code
    assert " ".join(sorted(finding["rule"] for finding in document["findings"])) == rules
    judged = {count["rule"] for count in document["rules"]}
    assert judged.issuperset(rule for rule in rules.split() if rule.startswith("RFC"))


def test_a_regraded_finding_shows_its_new_severity(run: Run) -> None:
    _, document = report(run, "--severity", "RFC8278=warning")
    assert document["findings"][0]["severity"] == "warning"
    counts = document["summary"]["findings"]
    assert (counts["error"], counts["warning"]) == (0, 1)


def test_the_environment_is_heard(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PMIPTRACE_FAIL_ON", "never")
    assert report(run)[0] == 0
    assert report(run, "--fail-on", "info")[0] == 1
    monkeypatch.setenv("PMIPTRACE_FAIL_ON", "always")
    assert run("analyze", FAULTY).code == 2


IGNORE = '[[ignores]]\nrule = "RFC8278-4.1"\nmag = "mag1@*"\nreason = "ticket 7"\n'


@pytest.mark.parametrize(
    ("more", "code", "suppression", "told"),
    [
        ("", 0, {"by": "ignore", "reason": "ticket 7", "expires": None}, ""),
        (
            "expires = 2023-11-14",
            0, {"by": "ignore", "reason": "ticket 7", "expires": "2023-11-14"}, "",
        ),
        (
            "expires = 2023-11-13", 1, None,
            "pmiptrace.toml:1: the ignore of RFC8278-4.1 held until 2023-11-13",
        ),
        (
            'mobile-node = "mn2@*"', 1, None,
            "note: pmiptrace.toml:1: the ignore of RFC8278-4.1 met nothing in these captures",
        ),
        ('capture = "other.pcap"', 1, None, ""),
    ],
)  # fmt: skip
def test_an_ignore_with_a_reason_suppresses(
    run: Run, folder: Path, more: str, code: int, suppression: object, told: str
) -> None:
    (folder / "pmiptrace.toml").write_text(f"{IGNORE}{more}\n", "utf-8")
    found = run("analyze", FAULTY, "--format", "json")
    assert found.code == code
    document = json.loads(found.out)
    assert document["findings"][0]["suppression"] == suppression
    assert document["summary"]["findings"]["suppressed"] == (suppression is not None)
    assert told in found.err
    assert bool(told) == bool(found.err)


def test_the_other_commands_take_what_concerns_them(run: Run, folder: Path) -> None:
    (folder / "pmiptrace.toml").write_text('time = "epoch"\nfail-on = "info"\n', "utf-8")
    for command in ("dissect", "bindings", "timeline", "stats"):
        found = run(command, FAULTY)
        assert found.code == 0, command
        assert ("1700000000." in found.out) is (command in ("dissect", "timeline")), command
    (folder / "pmiptrace.toml").write_text("allow-empty = true\n", "utf-8")
    empty = folder / "empty.pcap"
    empty.write_bytes(FAULTY.read_bytes()[:24])
    for command in ("analyze", "dissect", "bindings"):
        assert run(command, empty).code == 0, command
        assert run(command, empty, "--no-allow-empty").code == 4, command
    (folder / "pmiptrace.toml").write_text("nothing = 1\n", "utf-8")
    for command in ("analyze", "dissect", "bindings", "timeline", "stats", "config"):
        captures = () if command == "config" else (FAULTY,)
        found = run(command, *captures)
        assert found.code == 2, command
        assert "pmiptrace.toml:1: nothing: there is no such key" in " ".join(found.err.split())


def test_annotated_takes_the_selection(run: Run, folder: Path) -> None:
    for own, comments in (("", "2 comments"), ('ignore = ["PM-"]', "1 comment\n")):
        (folder / "pmiptrace.toml").write_text(own, "utf-8")
        found = run("export", "annotated", FAULTY, "-o", "out.pcapng")
        assert comments in found.err
