"""The documentation: generated pages are current, links lead somewhere, examples work."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("samples/*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generate_docs"] = module
    spec.loader.exec_module(module)
    return module


generate = load_script()


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors(path: Path) -> set[str]:
    """Give the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


@pytest.mark.parametrize("name", generate.PAGES)
def test_generated_page_is_current(name: str) -> None:
    assert generate.is_current(ROOT / "docs" / name, generate.PAGES[name]())


def test_another_page_is_out_of_date(tmp_path: Path) -> None:
    page = tmp_path / "options.md"
    assert not generate.is_current(page, "")
    page.write_text(generate.option_pages().replace("MAG Identifier", "MAG-NAI"), "utf-8")
    assert not generate.is_current(page, generate.option_pages())


def test_picture_loads_nothing() -> None:
    picture = generate.picture()
    assert "url(http" not in picture
    assert "@font-face" not in picture
    assert "<image" not in picture
    assert any("BO-EXCLUSIVE" in text for text in generate.said_by(picture))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text("utf-8")):
        path = page.parent / target if target else page
        assert path.exists(), target
        if anchor:
            assert anchor in anchors(path), f"{target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_python_examples_run(page: Path) -> None:
    for example in PYTHON.findall(page.read_text("utf-8")):
        run = subprocess.run(
            [sys.executable, "-W", "error", "-c", example],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr


def commands() -> dict[str, str]:
    """Give the two commands of the README by their markers."""
    text = (ROOT / "README.md").read_text("utf-8")
    return dict(re.findall(r"<!-- (try|tests) -->\n```sh\n(.*?)\n```", text))


def test_set_up_is_two_commands() -> None:
    assert set(commands()) == {"try", "tests"}
    _, _, analyze = commands()["try"].rpartition("/pmiptrace ")
    run = subprocess.run(
        [sys.executable, "-m", "pmiptrace", *analyze.split()],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0
    assert b"multipath" in run.stdout


def options_of(command: str) -> set[str]:
    """Give the options of a command, as its help lists them."""
    help_text = subprocess.run(
        [sys.executable, "-m", "pmiptrace", command, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={"COLUMNS": "200", "NO_COLOR": "1"},
    ).stdout
    return set(re.findall(r"--[a-z][a-z-]+", help_text)) - {"--help", "--output", "--hex"}


def test_command_line_is_documented() -> None:
    commands = ("analyze", "bindings", "codes", "dissect", "options", "states", "stats", "timeline")
    options = {option for command in commands for option in options_of(command)}
    page = (ROOT / "docs" / "cli.md").read_text("utf-8")
    assert {option for option in options if option not in page} == set()
    readme = (ROOT / "README.md").read_text("utf-8")
    own = re.findall(r"`(--[a-z][a-z-]+)", page + readme)
    assert set(own) <= {*options, "--help", "--version"}


@pytest.mark.parametrize("name", ["bindings", "stats", "timeline"])
def test_what_a_page_shows_of_a_command_is_what_it_prints(name: str) -> None:
    page = (ROOT / "docs" / f"{name}.md").read_text("utf-8")
    (example,) = re.findall(r"^```\n\$ pmiptrace (.*?)\n(.*?)```$", page, re.DOTALL | re.MULTILINE)
    run = subprocess.run(
        [sys.executable, "-m", "pmiptrace", *example[0].split()],
        cwd=ROOT,
        capture_output=True,
        check=True,
        env={"COLUMNS": "120", "PYTHONIOENCODING": "utf-8"},
    )
    assert run.stdout.decode() == example[1]


@pytest.mark.parametrize(
    ("form", "named"),
    [
        ("sarif", ("RFC8278-4.1-BO-EXCLUSIVE", "73081ce92e7d22c4", '"offset": 135')),
        ("junit", ("judged 7, passed 6, failed 1", "frame 5, 2023-11-14T22:16:21.860641000Z")),
        ("gitlab", ("73081ce92e7d22c4", "B=1 and O=1 in the PBU for BID 2 (frame 5)")),
    ],
)
def test_the_examples_of_formats_are_those_of_a_sample(form: str, named: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "pmiptrace", "analyze", "samples/bulk-and-overwrite.pcap"]
    done = subprocess.run(
        [*command, "--format", form], cwd=ROOT, capture_output=True, text=True, check=False
    )
    shown = (ROOT / "docs" / "formats.md").read_text("utf-8")
    for text in named:
        assert text in shown
        assert text in done.stdout
