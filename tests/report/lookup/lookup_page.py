"""Pages that a table is written to, and what stands on them."""

from __future__ import annotations

import io

from rich.console import Console


def console(width: int = 120) -> Console:
    return Console(file=io.StringIO(), width=width, color_system=None)


def text(page: Console) -> str:
    assert isinstance(page.file, io.StringIO)
    return page.file.getvalue()
