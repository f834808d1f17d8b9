"""The command line: one module per command, no logic."""

from __future__ import annotations


def main() -> None:
    """Run the command line ``pmiptrace``."""
    import gc

    from pmiptrace.cli.app import app

    # The values of an analysis refer to nothing that refers back to them: to look for cycles among
    # them again and again takes an eighth of the time and finds none.
    gc.set_threshold(100_000, 50, 100)
    app()
