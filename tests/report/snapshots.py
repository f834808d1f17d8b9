"""What a format writes, held against a file that somebody has looked at.

With ``UPDATE_SNAPSHOTS=1`` in the environment the files are written anew: look at the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

from pmiptrace.report.version import version

FOLDER = Path(__file__).with_name("snapshots")


def assert_snapshot(name: str, written: bytes) -> None:
    """Compare what was written with the file of that name; the version of the program is masked."""
    path = FOLDER / name
    masked = written.replace(version().encode(), b"VERSION")
    if os.environ.get("UPDATE_SNAPSHOTS"):
        FOLDER.mkdir(exist_ok=True)
        path.write_bytes(masked)
    assert masked.decode() == path.read_bytes().decode()
