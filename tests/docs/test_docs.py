"""The documentation: generated pages are current, links lead somewhere, examples work.

That the site is built of it without a warning is for ``.ci/run`` to see.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

from pmiptrace.cli.app import app
from pmiptrace.expression import parse
from pmiptrace.report.columns import columns

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("**/*.md"), *ROOT.glob("samples/*.md")])
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
    """Give the anchors of a page: its headings', as GitHub makes them, and those set by hand."""
    text = path.read_text("utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {generate.anchor(heading) for heading in headings} | set(
        re.findall(r'<a id="(.*?)"', text)
    )


def test_the_page_of_json_says_what_every_field_means() -> None:
    rows = [line for line in generate.json_page().splitlines() if line.startswith("| `")]
    assert len(rows) > 400
    assert [row for row in rows if not row.split(" | ")[-1].strip(" |")] == []


@pytest.mark.parametrize("name", generate.PAGES)
def test_generated_page_is_current(name: str) -> None:
    assert generate.is_current(ROOT / "docs" / name, generate.make(name))


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=name_of)
def test_commands_with_their_output_are_run(page: Path) -> None:
    blocks = re.findall(r"^```(\w*)\n\$ ", page.read_text("utf-8"), re.MULTILINE)
    assert set(blocks) <= {"console"}


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
    shown = re.sub(r"<!--.*?-->", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target, anchor in LINK.findall(shown):
        path = page.parent / target if target else page
        assert path.exists(), target
        if anchor:
            assert anchor in anchors(path), f"{target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_external_links_are_well_formed(page: Path) -> None:
    for address in re.findall(r"\]\((\w+:[^)]*)\)", page.read_text("utf-8")):
        assert re.fullmatch(r"https://[\w.-]+(/[\w./~-]*)?(#[\w.-]+)?", address)
        if "rfc-editor" in address:
            found = re.fullmatch(r"https://www\.rfc-editor\.org/rfc/rfc(\d+)\.html(#.*)?", address)
            assert found, address
            assert int(found[1]) in generate.RFC_TITLES
            assert re.fullmatch(r"(#section-[1-9]\d*(\.[1-9]\d*)*)?", found[2] or ""), address


def test_every_page_is_in_the_table_of_contents() -> None:
    index, rules = (DOCS.joinpath(name).read_text("utf-8") for name in ("index.md", "rules.md"))
    listed = re.findall(r"^- \[.*?\]\((\S+)\)", index, re.MULTILINE)
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.glob("**/*.md")}
    assert len(listed) == len(set(listed))
    assert pages - {"index.md"} == {*listed, *re.findall(r"\]\((rules/\w+\.md)", rules)}


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


def options_by_command(command: Any, path: str) -> dict[str, set[str]]:
    """Give the options of a command, of the commands in it, and so on."""
    names = (name for each in command.params for name in (*each.opts, *each.secondary_opts))
    options = {name for name in names if name.startswith("-")}
    found = {path: {"-h", "--help"} | options}
    for name, inner in getattr(command, "commands", {}).items():
        found |= options_by_command(inner, f"{path} {name}")
    return found


OPTIONS = options_by_command(typer.main.get_command(app), "pmiptrace")


def code(text: str) -> Iterator[str]:
    """Give the lines of shell in a page, and all that is marked as code in its text."""
    shell = re.findall(r"^```(?:sh|console|yaml)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    for block in [*shell, *re.findall(r"(?m)(?:^ {4}\S.*\n)+", text)]:
        yield from block.replace("\\\n", " ").splitlines()
    yield from re.findall(r"`([^`\n]+)`", text)


def calls(text: str) -> Iterator[tuple[str, set[str]]]:
    """Give the commands of pmiptrace that a page calls, each with its options there."""
    start = (
        r"(?:^|[|&] |\$ )(?:[\w./]*/)?(pmiptrace(?: [a-z][a-z-]*(?![\w./:*-]))*)(.*?)(?= [|&]|$)"
    )
    for line in code(text):
        for command, rest in re.findall(start, line.strip()):
            unquoted = re.sub(r"'[^']*'|\"[^\"]*\"", "", rest)
            yield command, set(re.findall(r"(?<=[ \[])--?[a-z][a-z-]*", unquoted))


def own_options(path: Path) -> set[str]:
    return set(re.findall(r'add_argument\("(--[a-z-]+)"', path.read_text("utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_and_options_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    for command, options in calls(text):
        words = command.split()
        known = next((n for n in range(len(words), 0, -1) if " ".join(words[:n]) in OPTIONS), 0)
        assert len(words) == 1 or known > 1, command
        assert options <= OPTIONS[" ".join(words[:known])], command
    scripts = [*DOCS.glob("*.py"), *ROOT.glob("samples/*.py"), *ROOT.glob("benchmarks/*.py")]
    others = {option for path in scripts for option in own_options(path)}
    alone = {found[0] for part in code(text) if (found := re.match(r"--[a-z][a-z-]*", part))}
    assert alone <= others.union(*OPTIONS.values())


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_filters_and_fields_exist(page: Path) -> None:
    fields = {name: column.field for name, column in columns().items()}
    for line in code(page.read_text("utf-8")):
        if line.startswith("pmiptrace live"):
            continue  # its filters are those of libpcap
        for filter_ in re.findall(r"--filter (?:'([^']+)'|([a-z_.]+))", line):
            parse("".join(filter_), fields)
        for names in re.findall(r"--fields ([a-z][\w.,]+)", line):
            assert set(names.split(",")) <= fields.keys()


def test_every_option_is_among_the_commands() -> None:
    parts = re.split(r"^## ", (DOCS / "commands.md").read_text("utf-8"), flags=re.MULTILINE)[1:]
    told = {part.partition("\n")[0]: part for part in parts}
    assert told.keys() == OPTIONS.keys()
    for command, options in OPTIONS.items():
        for option in options - {"-h", "--help"}:
            assert re.search(rf"`[^`]*{option}\b", told[command]), f"{command} {option}"


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
