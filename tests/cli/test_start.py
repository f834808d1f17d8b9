"""What happens before a command has begun."""

from __future__ import annotations

import subprocess
import sys

INTERRUPTED = """
import signal, sys

class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            signal.raise_signal(signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupted())
from pmiptrace.cli import main
main()
"""


def test_ctrl_c_while_modules_load_is_no_fault() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (130, b"")
