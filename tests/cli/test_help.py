"""What ``--help`` says, of all commands: complete, and the same for the same."""

from __future__ import annotations

import re

import pytest

from pmiptrace.cli.app import app

READERS = ("analyze", "dissect", "timeline", "bindings", "stats", "export annotated", "config")
NARROWED = ("analyze", "dissect", "timeline", "bindings", "stats")
COMMANDS = (
    *NARROWED,
    *(f"export {kind}" for kind in ("annotated", "signalling", "anonymised", "wireshark-lua")),
    *("config", "crosscheck", "explain", "rules", "options", "codes", "states", "doctor"),
    "live",
    "tui",
)


@pytest.fixture
def explained(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "80")

    def explain(command: str) -> str:
        with pytest.raises(SystemExit):
            app([*command.split(), "--help"], prog_name="pmiptrace")
        return capsys.readouterr().out

    return explain


def options(text: str) -> dict[str, str]:
    """Give what help says of each option."""
    parts = re.split(r"\n  (?=-)", text.partition("\nOptions:")[2].partition("\n\n")[0])
    found = (re.match(r"(?:-\w, )?(--[a-z-]+)(.*)", part, re.DOTALL) for part in parts)
    return {each[1]: " ".join(each[2].split()) for each in found if each}


def test_the_list_of_commands_is_not_cut(explained) -> None:
    text = explained("")
    listed = re.findall(r"^  ([a-z]+) +\S", text.partition("Commands:")[2], re.MULTILINE)
    assert {command.split()[0] for command in COMMANDS} == set(listed)
    assert "..." not in text.partition("Commands:")[2]


@pytest.mark.parametrize("option", ["--dialect", "--config", "--isolated"])
def test_an_option_is_explained_alike_everywhere(explained, option: str) -> None:
    assert len({options(explained(command))[option] for command in READERS}) == 1


@pytest.mark.parametrize("command", NARROWED)
def test_what_narrows_a_command_narrows_all(explained, command: str) -> None:
    shared = {"--mobile-node", "--mag", "--lma", "--dialect", "--timers", "--config", "--time"}
    shared |= {"--isolated"}
    assert shared | {"--allow-empty", "--output"} <= options(explained(command)).keys()


@pytest.mark.parametrize("command", [*NARROWED, "export annotated", "export signalling"])
def test_exit_codes_are_told(explained, command: str) -> None:
    told = re.findall(r"^ +(\d+)  \w", explained(command).partition("Exit code")[2], re.MULTILINE)
    assert {"2", "3", "0", "130"} <= set(told)
