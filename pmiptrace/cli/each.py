"""``python -m pmiptrace.cli.each``: analyze captures each on its own, for pre-commit.

Captures of one ``pmiptrace analyze`` are one run: their clocks are aligned and what they hold is
one domain's signalling. pre-commit hands over all files of a commit at once, and those are of many
runs. Options come first and are those of ``analyze``; then follow the captures.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence

from pmiptrace.cli.run import tell

CAPTURE = re.compile(r"\.p?cap(ng)?(\.(gz|bz2|xz))?$")
"""How the names of captures end; the hook is for these files."""


def main(arguments: Sequence[str]) -> int:
    """Analyze each capture; show what is said of those that fail, and give the worst exit code."""
    first = len(arguments)
    while first and CAPTURE.search(arguments[first - 1]):
        first -= 1
    if arguments and first == len(arguments):
        tell(f"{arguments[-1]}: no capture by its name, so nothing was analyzed")
        return 2
    worst = 0
    for capture in arguments[first:]:
        command = [sys.executable, "-m", "pmiptrace", "analyze", *arguments[:first], "--", capture]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
        if done.returncode:
            sys.stdout.buffer.write(done.stdout)
            sys.stdout.flush()
        # A negative one is that of a signal, and counts as it does in a shell.
        worst = max(worst, done.returncode if done.returncode >= 0 else 128 - done.returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
