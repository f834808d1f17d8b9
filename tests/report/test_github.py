"""Annotations of GitHub Actions: no more than it shows, and escaped as its runner unescapes."""

import re

import pytest
from format_run import BO, FINDINGS, HI, HOSTILE_FINDINGS, HOSTILE_RUN, RUN, RUNS, at, written
from hypothesis import given
from hypothesis import strategies as st
from json_factory import nai
from snapshots import assert_snapshot

from pmiptrace.model import Finding, Report, Severity, Status
from pmiptrace.report.github import LIMIT, command

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """Take a command apart as the runner does (ActionCommand.TryParseV2)."""
    assert line.startswith("::")
    end = line.index("::", 2)
    kind, _, given_properties = line[2:end].partition(" ")
    properties = {}
    for pair in filter(None, given_properties.strip().split(",")):
        name, _, value = pair.partition("=")
        for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ",")):
            value = value.replace(code, character)
        properties[name] = value.replace("%25", "%")
    text = line[end + 2 :].replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
    return kind, properties, text


def annotations(report: Report, findings: tuple[Finding, ...]) -> list[tuple]:
    lines = written("github", report, findings).decode().splitlines()
    assert not lines[-1].startswith("::")
    return [parsed(line) for line in lines[:-1]]


def test_the_annotations_are_as_somebody_has_looked_at() -> None:
    assert_snapshot("report.github.txt", written("github", RUN, FINDINGS))


@pytest.mark.parametrize("name", RUNS)
def test_every_line_but_the_last_is_a_command(name: str) -> None:
    report, findings = RUNS[name]
    lines = written("github", report, findings).decode().splitlines()
    assert all(COMMAND.fullmatch(line) and line.isprintable() for line in lines[:-1])
    assert lines[-1].startswith("pmiptrace: ")


def test_severities_are_kinds_and_doubts_are_notices() -> None:
    told = [(kind, shown["title"]) for kind, shown, _ in annotations(RUN, FINDINGS)]
    assert told == [
        ("error", BO),
        ("warning", HI),
        ("notice", "RFC5213-5.3.6-ECHO (inconclusive)"),
    ]


def test_an_annotation_is_at_its_frame() -> None:
    ((_, properties, text),) = annotations(RUN, FINDINGS[:3])
    assert properties == {"file": "mag side.pcap", "line": "2", "title": BO}
    assert text == (
        "RFC 8278 section 4.1: MAG mag1@example.com: B=1 and O=1 (frame 2); 3 findings in all"
    )


def test_of_more_than_github_shows_the_last_one_adds_up_the_rest() -> None:
    many = tuple(at(0, n + 1, mobile_node=nai(f"mn{n}@example.com")) for n in range(25))
    mild = tuple(
        at(0, n + 1, rule=HI, severity=Severity.WARNING, mobile_node=nai(f"mn{n}@example.com"))
        for n in range(LIMIT)
    )
    told = annotations(RUN, (*mild, *many))
    kinds = [kind for kind, _, _ in told]
    assert kinds == ["error"] * LIMIT + ["warning"] * LIMIT
    assert told[LIMIT - 1][2] == f"16 more findings of 1 rule: {BO}"
    assert all(properties["title"] == HI for _, properties, _ in told[LIMIT:])


def test_what_could_not_be_read_is_an_error_and_silence_a_notice() -> None:
    kind, properties, text = annotations(*RUNS["unopened"])[0]
    assert (kind, properties["title"]) == ("error", "pmiptrace: capture not read")
    assert text == "no.pcap: no such file"
    ((kind, _, text),) = annotations(*RUNS["empty"])
    assert kind == "notice"
    assert "Not one Mobility Header message" in text
    assert "Interrupted" in annotations(*RUNS["interrupted"])[0][2]


def test_many_captures_that_could_not_be_read_are_added_up() -> None:
    info = RUNS["unopened"][0].captures[-1]
    told = annotations(Report(captures=(info,) * 30), ())
    assert len(told) == LIMIT
    assert told[-1][2] == "21 more problems with captures"


def test_the_last_line_counts_what_no_annotation_tells() -> None:
    text = written("github", RUN, FINDINGS).decode().splitlines()[-1]
    assert text == "pmiptrace: 4 violations, 1 inconclusive, 1 suppressed; 15 checks on 12 messages"


def test_hostile_names_make_no_command_of_their_own() -> None:
    kinds = [kind for kind, _, _ in annotations(HOSTILE_RUN, HOSTILE_FINDINGS)]
    assert kinds == ["error", "notice"]


@given(st.text(), st.text(min_size=1).map(str.strip).filter(bool))
def test_the_runner_reads_what_was_meant(text: str, title: str) -> None:
    line = command("error", text, title=title)
    assert "\n" not in line
    assert "\r" not in line
    assert parsed(line) == ("error", {"title": title}, text)


def test_a_status_that_accuses_nobody_is_no_annotation() -> None:
    assert annotations(RUN, (at(0, 1, status=Status.NOTE),)) == []
