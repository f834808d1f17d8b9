"""Which files count, and on which line of them something stands."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmiptrace.configuration.file import ROOTS, found, line_of, named
from pmiptrace.errors import UsageError

OWN = 'select = ["RFC8278"]\n'
TABLE = "[tool.pmiptrace]\n"


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, "utf-8")


def names(start: Path) -> list[str]:
    return [file.name for file in found(start)]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory in a repository, two folders below its root."""
    deep = tmp_path / "repository" / "tests" / "captures"
    deep.mkdir(parents=True)
    (tmp_path / "repository" / ".git").mkdir()
    monkeypatch.chdir(deep)
    return deep


def test_none_at_all(folder: Path) -> None:
    assert names(folder) == []


def test_the_nearest_folder_counts(folder: Path) -> None:
    write(folder.parents[1], pmiptrace=OWN, pyproject=TABLE)
    assert names(folder) == ["../../pyproject.toml", "../../pmiptrace.toml"]
    write(folder.parent, pyproject=TABLE)
    assert names(folder) == ["../pyproject.toml"]
    write(folder, pmiptrace=OWN)
    assert names(folder) == ["pmiptrace.toml"]


def test_a_pyproject_without_the_table_is_passed_over(folder: Path) -> None:
    write(folder, pyproject='[project]\nname = "x"\n')
    write(folder.parent, pyproject="tool = 5\n")
    write(folder.parents[1], pyproject=TABLE)
    assert names(folder) == ["../../pyproject.toml"]


@pytest.mark.parametrize("root", ROOTS)
def test_what_lies_above_the_repository_does_not_count(folder: Path, root: str) -> None:
    (folder.parent / root).mkdir()
    write(folder.parents[1], pmiptrace=OWN)
    assert names(folder) == []


def test_outside_of_a_repository_only_the_working_directory_counts(folder: Path) -> None:
    (folder.parents[1] / ".git").rmdir()
    write(folder.parent, pmiptrace=OWN)
    assert names(folder) == []
    write(folder, pmiptrace=OWN)
    assert names(folder) == ["pmiptrace.toml"]


def test_a_working_directory_that_is_gone_has_none(folder: Path) -> None:
    folder.rmdir()
    assert found() == ()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("absent.toml", "absent.toml: cannot read the configuration: No such file or directory"),
        (".", "cannot read the configuration: Is a directory"),
        ("pyproject.toml", "pyproject.toml: there is no table tool.pmiptrace"),
        ("broken.toml", r"broken.toml: no valid TOML: .*line 1"),
        ("latin.toml", "latin.toml: no valid TOML: not UTF-8"),
        ("nested.toml", "nested.toml: no valid TOML: "),
    ],
)
def test_a_named_file_must_be_one(folder: Path, path: str, message: str) -> None:
    write(folder, pyproject="", broken="select\n", nested="a = " + "[" * 100_000)
    (folder / "latin.toml").write_bytes(b"\xff")
    with pytest.raises(UsageError, match=message):
        named(path)


@pytest.mark.parametrize("text", ["[tool]\npmiptrace = 5\n", "tool.pmiptrace = []\n"])
def test_the_table_must_be_one(folder: Path, text: str) -> None:
    write(folder, pyproject=text)
    with pytest.raises(UsageError, match=r"^pyproject.toml:\d: tool.pmiptrace takes a table$"):
        found()


TEXT = '''\
# a comment
select = [
  "RFC8278",

  "RFC5213",
]
text = """
ignore = 1
"""

[timers]   # times
grace = "1s"
"delete-delay" = "2s"

[[ignores]]
rule = "RFC8278"
[[ignores]]
# the second
rule = """
x
"""
reason = "y"
[tool]
pmiptrace.jobs = 2'''


@pytest.mark.parametrize(
    ("steps", "line"),
    [
        (("select",), 2),
        (("text",), 7),
        (("timers",), 11),
        (("timers", "grace"), 12),
        (("timers", "delete-delay"), 13),
        (("ignores",), 15),
        (("ignores", 0), 15),
        (("ignores", 0, "rule"), 16),
        (("ignores", 1), 17),
        (("ignores", 1, "rule"), 19),
        (("ignores", 1, "reason"), 22),
        (("tool", "pmiptrace", "jobs"), 24),
        (("ignore",), None),
        (("ignores", 2), None),
        (("select", "x"), None),
        ((), 1),
    ],
)
def test_line(steps: tuple[str | int, ...], line: int | None) -> None:
    found_at = line_of(TEXT, steps)
    # What precedes a key belongs to nothing, so the line may be one of blanks or comments before.
    assert found_at == line


@given(st.lists(st.sampled_from(['"a"', "1", '"""\nx\n\n"""', "[\n1,\n2\n]", "{a=1}"]), max_size=8))
def test_every_key_is_found_where_it_begins(values: list[str]) -> None:
    text = "".join(f"key-{index} = {value}\n" for index, value in enumerate(values))
    assert len(tomllib.loads(text)) == len(values)
    for index in range(len(values)):
        line = line_of(text, (f"key-{index}",))
        assert line is not None
        assert text.split("\n")[line - 1].startswith(f"key-{index} =")
