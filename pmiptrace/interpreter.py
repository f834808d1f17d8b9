"""Another Python, which runs code of this package in a process of its own."""

from __future__ import annotations

import sys


def python_command(code: str, *arguments: str) -> list[str]:
    """Give the command that runs code in another Python; `arguments` are its ``sys.argv[1:]``.

    The code finds the same modules as here, and not those of the working directory by accident.
    `sys` is imported.
    """
    path = ascii([entry for entry in sys.path if isinstance(entry, str)])
    whole = f"import sys; sys.path[:] = {path}; {code}"
    return [sys.executable, "-P", "-c", whole, *arguments]
