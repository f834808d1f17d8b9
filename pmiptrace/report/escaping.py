"""Text of captures, of which every character that is not printable is escaped."""

from __future__ import annotations

import os
from functools import lru_cache

from pmiptrace.model import Identifier, printable


@lru_cache(maxsize=8192)
def name_text(identifier: Identifier | None) -> str | None:
    """Give an identifier as text without unprintable characters."""
    return None if identifier is None else str(identifier)


def clean(text: str) -> str:
    """Escape every character of a text that is not printable, line ends included."""
    return text if text.isprintable() else printable(text.encode("utf-8", "backslashreplace"))


def clean_or_none(text: str | None) -> str | None:
    """Escape a text that may be absent."""
    return None if text is None else clean(text)


def path_text(path: str) -> str:
    """Give a file name as printable text; octets of it that are no UTF-8 are escaped."""
    return printable(os.fsencode(path))
