"""The version of this program, as it is installed."""

from __future__ import annotations

from functools import cache


@cache
def version() -> str:
    """Give the version of the installed package."""
    from importlib.metadata import version as installed

    return installed("pmiptrace")
