"""A progress bar on standard error, for work that takes long and somebody who watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE = 0.5
"""Seconds before a bar appears."""


class Bar:
    """Shows how many octets of how many were read; it appears only after `PATIENCE`."""

    def __init__(self) -> None:
        self._began = monotonic()
        self._progress: Progress | None = None

    def __call__(self, done: int, total: int | None) -> None:
        """Say that `done` octets were read, of `total` if that is known."""
        if self._progress is None:
            if monotonic() - self._began < PATIENCE:
                return
            self._progress = _open()
        (task,) = self._progress.task_ids
        self._progress.update(task, completed=done, total=total)

    def close(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()


def _open() -> Progress:
    """Start a bar. Rich is imported here, for short work never needs it."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    progress = Progress(
        TextColumn("Reading"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    progress.add_task("Reading", total=None)
    progress.start()
    return progress


@contextmanager
def progress(wanted: bool = True) -> Iterator[Callable[[int, int | None], None] | None]:
    """Give what to tell progress to; None if it is not wanted or nobody would see it."""
    if not wanted or sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    bar = Bar()
    try:
        yield bar
    finally:
        bar.close()
