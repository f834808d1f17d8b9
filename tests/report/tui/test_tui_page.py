"""The page of the documentation about the full-screen view shows what there is."""

from __future__ import annotations

import re
from pathlib import Path

from stage import FOLDER

from pmiptrace.report.tui.book import MESSAGES
from pmiptrace.report.tui.help import KEYS
from pmiptrace.report.words import count

PAGE = (Path(__file__).parents[3] / "docs" / "tui.md").read_text("utf-8")


def test_screens_are_those_of_the_tests() -> None:
    blocks = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    names = ("list-80", "call-flow-80", "message-80")
    assert blocks == [(FOLDER / f"{name}.txt").read_text("utf-8") for name in names]


def test_every_key_is_told() -> None:
    for title, keys in KEYS:
        rows = "".join(f"| {key} | {does} |\n" for key, does in keys)
        assert f"**{title}**\n\n| Key | |\n|---|---|\n{rows}" in PAGE


def test_the_limit_is_told() -> None:
    assert f"The last {count(MESSAGES)} messages" in PAGE
