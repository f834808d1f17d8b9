"""The program tshark: where it is, how old it is, and a run of it that reads no user's settings."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from shutil import which
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO

from msgspec import Struct

from pmiptrace.errors import UsageError

VARIABLE = "PMIPTRACE_TSHARK"
"""The environment variable that names the program, if it is not the one on the search path."""
OLDEST = (4, 0)
"""The oldest release whose output is known here."""

_VERSION = re.compile(r"TShark \(Wireshark\) (\d+)\.(\d+)\.(\d+)")
_INSTALL = (
    "install it (Debian and Ubuntu: apt-get install tshark; macOS: brew install wireshark;"
    " Windows: the Wireshark installer)"
)


class Tshark(Struct, frozen=True):
    """A tshark that can be run."""

    path: str
    version: tuple[int, int, int]

    @property
    def release(self) -> str:
        """Its version, as ``4.0.17``."""
        return ".".join(map(str, self.version))

    @contextmanager
    def run(self, arguments: Sequence[str]) -> Iterator[Run]:
        """Start it, without what the user has set for Wireshark, and end it with the context."""
        with TemporaryDirectory(prefix="pmiptrace-") as settings, TemporaryFile() as said:
            environment = {**os.environ, "WIRESHARK_CONFIG_DIR": settings}
            with subprocess.Popen(
                [self.path, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=said,
                env=environment,
            ) as process:
                assert process.stdout is not None
                try:
                    yield Run(process, process.stdout, said)
                finally:
                    process.kill()


class Run:
    """One run of tshark: what it writes, and how it ends."""

    def __init__(
        self, process: subprocess.Popen[bytes], output: IO[bytes], said: IO[bytes]
    ) -> None:
        self.output = output
        self._process = process
        self._said = said

    def fault(self) -> str | None:
        """Wait for the end; give what tshark said of a failure, None if there was none."""
        code = self._process.wait()
        self._said.seek(0)
        lines = self._said.read(100_000).decode("utf-8", "replace").splitlines()
        told = [
            line.removeprefix("tshark: ") for line in lines if not line.startswith("Running as")
        ]
        if code == 0:
            return None
        return told[-1] if told else f"it ended with {code}"


def tshark_path() -> str | None:
    """Give the program to run: the one that is named, or else the one on the search path."""
    return os.environ.get(VARIABLE) or which("tshark")


def find_tshark() -> Tshark:
    """Give the tshark of this machine.

    Raises `UsageError` if there is none or it is too old, and says what to install.
    """
    path = tshark_path()
    if path is None:
        raise UsageError(f"tshark is not installed; {_INSTALL}")
    try:
        said = subprocess.run(
            [path, "--version"], capture_output=True, check=True, stdin=subprocess.DEVNULL
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise UsageError(f"{path}: does not run as tshark; {_INSTALL}") from error
    found = _VERSION.search(said.decode("utf-8", "replace"))
    if found is None:
        raise UsageError(f"{path}: does not say which tshark it is")
    version = (int(found[1]), int(found[2]), int(found[3]))
    if version < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise UsageError(
            f"{path}: is tshark {Tshark(path, version).release}; {oldest} or later is needed"
        )
    return Tshark(path, version)
