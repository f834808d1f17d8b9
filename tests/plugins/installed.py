"""Packages with plugins, put where Python finds them, without an installer."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from shutil import copytree
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "plugin"


class Result(NamedTuple):
    code: int
    out: str
    err: str


Groups = Mapping[str, Mapping[str, str]]
"""Entry points by group and name."""


def install(site: Path, name: str, version: str, groups: Groups, **modules: str) -> None:
    """Write modules, and the metadata that an installer would leave behind."""
    for module, source in modules.items():
        (site / f"{module}.py").write_text(source)
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines: list[str] = []
    for group, entries in groups.items():
        lines += [f"[{group}]", *(f"{entry} = {value}" for entry, value in entries.items())]
    (info / "entry_points.txt").write_text("\n".join([*lines, ""]))


def install_example(site: Path) -> None:
    """Install the plugin of docs/plugin."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text("utf-8"))["project"]
    copytree(EXAMPLE / "pmiptrace_acme", site / "pmiptrace_acme")
    install(site, project["name"], project["version"], project["entry-points"])


def run(site: Path, *arguments: object, **environment: str) -> Result:
    """Run Python with what is installed there; ``pmiptrace`` as the first argument is a module."""
    path = os.pathsep.join((str(ROOT), str(site)))
    result = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=site,
        env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", **environment},
    )
    return Result(result.returncode, result.stdout, result.stderr)
