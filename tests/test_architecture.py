"""The shape of the code: which layer may know which, and what every public name must have."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pmiptrace"

LAYERS = ("capture", "packet", "wire", "track", "rules", "report", "export", "cli")
"""In the direction of the data; each may import what stands left of it."""
BASIS = frozenset({"model", "address", "errors", "interpreter"})
"""What every layer may import; nothing of it imports a layer."""
ACROSS = {
    "analysis": "rules",
    "baseline": "report",
    "cache": "track",
    "configuration": "report",
    "doctor": "wire",
    "expression": "capture",
    "follower": "rules",
    "instant": "capture",
    "live": "rules",
    "merge": "wire",
    "policy": "report",
    "plugins": "rules",
    "reading": "wire",
    "selection": "report",
    "selectors": "rules",
    "settings": "rules",
    "simulation": "wire",
    "statistics": "track",
    "testing": "report",
    "tshark": "wire",
}
"""What stands beside the layers, and the rightmost layer that each may import."""
BESIDE = {
    "rules": {"selection", "testing"},
    "report": {
        *("analysis", "cache", "configuration", "doctor", "expression", "selection"),
        *("live", "plugins", "selectors", "settings", "statistics", "tshark"),
    },
    "export": {"analysis"},
    "cli": set(ACROSS),
}
"""Of that, what a layer may import."""

ENTRANCES = {PACKAGE / "__init__.py", PACKAGE / "__main__.py"}
"""The package as others see it, and as a program: they stand outside of the layers."""
TSHARK_PROCESS = PACKAGE / "tshark" / "worker.py"
"""It runs in a process of its own, which is there for pyshark."""
HEAVY = ("rich", "typer", "pyshark", "jinja2", "textual")
MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path, *, only_eager: bool = False) -> Iterator[str]:
    """Give the modules that a file imports; those inside functions too unless `only_eager`."""
    todo: list[ast.AST] = [ast.parse(path.read_text("utf-8"))]
    while todo:
        node = todo.pop()
        if only_eager and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: relative import"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        todo.extend(ast.iter_child_nodes(node))


def part_of(module: str) -> str | None:
    """Give the layer, or the module beside the layers, that a dotted name belongs to."""
    names = module.split(".")
    return names[1] if names[0] == "pmiptrace" and len(names) > 1 else None


def allowed(part: str) -> set[str]:
    if part in BASIS:
        return set(BASIS)
    rightmost = ACROSS.get(part, part)
    layers = set(LAYERS[: LAYERS.index(rightmost) + 1])
    return layers | BASIS | {part} | BESIDE.get(part, set()) | set(ACROSS if part in ACROSS else ())


@pytest.mark.parametrize("path", [path for path in MODULES if path not in ENTRANCES], ids=name_of)
def test_direction_of_imports(path: Path) -> None:
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    known = {*LAYERS, *BASIS, *ACROSS}
    imported = {part_of(module) for module in imports(path)} & known
    assert part in known, "a new layer, or a module beside them, is declared in this test"
    assert imported <= allowed(part)


def test_traces_know_neither_the_tracker_nor_a_rule() -> None:
    """What is held against the tracker and the rules is not made of them."""
    imported = {part_of(module) for module in imports(PACKAGE / "testing" / "trace.py")}
    assert imported - {None} <= {*BASIS, "packet", "wire", "testing"}


def test_a_wrong_direction_would_be_seen(tmp_path: Path) -> None:
    module = tmp_path / "early.py"
    module.write_text("def late():\n    from pmiptrace.report import text\n")
    assert {part_of(name) for name in imports(module)} == {"report"}
    assert "report" not in allowed("wire")
    assert "wire" in allowed("report")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_reports_and_commands_know_the_terminal(path: Path) -> None:
    part = path.relative_to(PACKAGE).parts[0]
    used = {name.partition(".")[0] for name in imports(path)}
    if part not in ("report", "cli"):
        assert not used & set(HEAVY) - ({"pyshark"} if path == TSHARK_PROCESS else set())
        calls = (node for node in ast.walk(ast.parse(path.read_text())))
        printed = [
            node.lineno
            for node in calls
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "print"
        ]
        assert not printed


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_full_screen_view_knows_textual(path: Path) -> None:
    used = {name.partition(".")[0] for name in imports(path)}
    assert "textual" not in used or path.parent == PACKAGE / "report" / "tui"


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "report" / "tui").glob("*.py")), ids=lambda path: path.name
)
def test_what_is_shown_is_made_without_a_terminal(path: Path) -> None:
    """Screens draw with textual; what they draw can be made and tested without it."""
    used = {name.partition(".")[0] for name in imports(path)}
    if path.stem in ("book", "nodes", "flow", "advice", "desk"):
        assert "textual" not in used


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("pmiptrace", (*HEAVY, "dpkt")),
        ("pmiptrace.analysis", (*HEAVY, "dpkt")),
        ("pmiptrace.cli", ("rich", "pyshark", "jinja2", "textual", "dpkt", "pmiptrace.analysis")),
        ("pmiptrace.report.text", ("textual",)),
    ],
)
def test_imports_are_light(module: str, absent: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(*(m for m in {absent!r} if m in sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Give the functions and classes of a module, and of its classes, that have public names."""
    todo: list[ast.stmt] = list(tree.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If):
            todo.extend((*node.body, *node.orelse))
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if node.name.startswith("_"):
            continue
        is_overload = any("overload" in ast.unparse(d) for d in node.decorator_list)
        if not is_overload:
            yield node
        if isinstance(node, ast.ClassDef):
            todo.extend(node.body)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_public_names_are_documented(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree), "the module has no docstring"
    bare = [f"{node.name}, line {node.lineno}" for node in public(tree) if not _documented(node)]
    assert not bare


def _documented(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    return ast.get_docstring(node) is not None


def project_files() -> list[Path]:
    """Give the text files of the project, those that version control ignores left out."""
    command = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        return [*MODULES, *(ROOT / "tests").rglob("*.py")]
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:4096]]


MACHINE = re.compile(
    r"(?<![\w.])/(?:home|root|Users|work|tmp)/[\w.]"  # a folder of somebody's machine
    r"|[A-Z]:\\Users\\",
)


@pytest.mark.parametrize("text", ["see /home/ann/x", "/root/.cache", '"/work/a"', "/tmp/h.pcap"])
def test_paths_of_a_machine_are_recognised(text: str) -> None:
    assert MACHINE.search(text)
    assert not MACHINE.search("https://example.com/home/page and tests/tmp/x")


def test_no_file_names_a_path_of_this_machine() -> None:
    own = Path(__file__)
    named = [
        f"{name_of(path)}: {match.group()}"
        for path in project_files()
        if path != own
        for match in MACHINE.finditer(path.read_text("utf-8", "replace"))
    ]
    assert not named
