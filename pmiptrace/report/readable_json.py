"""JSON for programs that people read, too."""

from __future__ import annotations

from typing import Any

from msgspec import json


def as_json(value: Any) -> bytes:
    """Give a value as a JSON document in UTF-8, indented, with a line end behind it."""
    return json.format(json.encode(value), indent=2) + b"\n"
