"""Captures as other programs name them: by their place in the working directory, or as a URI."""

from __future__ import annotations

import os
from pathlib import PurePath
from urllib.parse import quote

STANDARD_INPUT = "-"


def relative_path(path: str) -> str:
    """Give a path from the working directory on, with slashes; as it is if it lies outside.

    CI systems take such a path for one from the root of the repository, which is where jobs begin.
    """
    if path == STANDARD_INPUT:
        return path
    try:
        here = os.getcwd()  # noqa: PTH109  (a path that is no text is kept)
    except OSError:
        return path
    absolute = PurePath(os.path.abspath(path))  # noqa: PTH100  (links are not followed)
    if absolute.is_relative_to(here):
        return absolute.relative_to(here).as_posix()
    return absolute.as_posix()


def file_uri(path: str) -> str:
    """Give a URI of a capture, relative to the working directory if it lies there (RFC 3986)."""
    relative = relative_path(path)
    escaped = quote(os.fsencode(relative), safe="/")
    if not PurePath(relative).is_absolute():
        return escaped
    return f"file://{escaped}" if escaped.startswith("/") else f"file:///{escaped}"
