"""The command line: one module per command, no logic."""

from __future__ import annotations


def main() -> None:
    """Run the command line ``pmiptrace``."""
    # Neither modules nor the values of an analysis refer to each other in circles: to look for such
    # again and again takes a tenth of the time and finds none.
    import gc

    gc.set_threshold(100_000, 50, 100)
    try:
        from pmiptrace.cli.app import app

        app()
    except KeyboardInterrupt:  # before a command had begun, which sees to it itself
        raise SystemExit(130) from None
