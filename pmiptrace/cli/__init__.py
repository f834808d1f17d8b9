"""The command line: one module per command, no logic."""

from __future__ import annotations


def main() -> None:
    """Run the command line ``pmiptrace``."""
    from pmiptrace.cli.app import app

    app()
