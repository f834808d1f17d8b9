"""Wireshark's capture program: which interfaces it has, and a capture by it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from shutil import which
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from msgspec import Struct

from pmiptrace.errors import UsageError

VARIABLE = "PMIPTRACE_DUMPCAP"
"""The environment variable that names the program, if it is not the one on the search path."""
INSTALL = "apt-get install wireshark-common, or the Wireshark installer"
PERMISSION = (
    "Debian and Ubuntu: dpkg-reconfigure wireshark-common, usermod -aG wireshark USER, and log in"
    " again; elsewhere: setcap cap_net_raw,cap_net_admin+eip on it"
)
"""What lets users capture who are not root."""
_PATIENCE = 3.0
"""Seconds in which it ends when it is told to."""
_LISTED = re.compile(r"\d+\. (\S+)(?: \((.*)\))?")
_DROPS = re.compile(
    r"Packets received/dropped on interface '(.*)': \d+/\d+"
    r" \(pcap:(\d+)/dumpcap:(\d+)/flushed:(\d+)/ps_ifdrop:(\d+)\)"
)


class Interface(Struct, frozen=True):
    """What can be captured on."""

    name: str
    description: str = ""


class Drops(Struct, frozen=True):
    """Packets that passed the filter and were lost all the same."""

    kernel: int = 0
    """For want of room in the kernel's buffer, or by the interface itself."""
    dumpcap: int = 0
    """Because dumpcap, or whoever reads from it, was too slow."""


class Dumpcap(Struct, frozen=True):
    """A dumpcap that can be run."""

    path: str

    @property
    def is_permitted(self) -> bool:
        """Whether it may capture, as far as that shows before it does."""
        return os.name != "posix" or os.geteuid() == 0 or _has_capability(self.path)

    def interfaces(self) -> tuple[Interface, ...]:
        """Give what it can capture on; raises `UsageError` if it does not run."""
        return interfaces(self.path)

    def capture(
        self, interfaces: Sequence[str], capture_filter: str, *, buffer: int | None = None
    ) -> Capture:
        """Begin to capture; `buffer` are the MiB of the kernel's buffer per interface.

        Raises `UsageError` if it does not run.
        """
        size = () if buffer is None else ("-B", str(buffer))
        names = (word for name in interfaces for word in ("-i", name))
        return Capture([self.path, "-q", "-w", "-", *size, "-f", capture_filter, *names])


def interfaces(program: str) -> tuple[Interface, ...]:
    """Give what dumpcap or tshark can capture on; raises `UsageError` if it does not run."""
    try:
        listed = subprocess.run(
            [program, "-D"], capture_output=True, check=True, stdin=subprocess.DEVNULL
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise UsageError(f"{program}: does not run; {PERMISSION}") from error
    lines = listed.decode("utf-8", "replace").splitlines()
    return tuple(
        Interface(found[1], found[2] or "") for found in map(_LISTED.fullmatch, lines) if found
    )


class Capture:
    """A capture that goes on: pcapng comes out of `stream` until it is stopped, or ends itself.

    The command is dumpcap's, or that of another program, which reads from `stdin`.
    """

    program = "dumpcap"
    """What complains."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        stdin: BinaryIO | int = subprocess.DEVNULL,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._said = TemporaryFile()  # noqa: SIM115  (closed by close)
        try:
            self._process = subprocess.Popen(
                command,
                bufsize=0,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=self._said,
                env=environment,
            )
        except OSError as error:
            self._said.close()
            raise UsageError(f"{command[0]}: does not run: {error.strerror}") from error
        self._is_told = False
        assert self._process.stdout is not None
        self.stream = cast(BinaryIO, self._process.stdout)

    def stop(self) -> None:
        """Have it write what it still has, and end. That may take a moment."""
        if self._process.poll() is None:
            # What Ctrl-C does: it ends in good order, and tells of drops.
            self._is_told = True
            self._process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)

    def close(self) -> tuple[tuple[str, ...], Drops | None]:
        """Wait for its end, but not for long; give what it said of faults, and of drops if it did.

        To end what goes on, `stop` it first.
        """
        if self._said.closed:
            return (), None
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.seek(0)
        text = self._said.read(100_000).decode("utf-8", "replace")
        self._said.close()
        # On a terminal Ctrl-C is for both, and may come there before it is told here.
        code = self._process.returncode
        is_told = self._is_told or code == -signal.SIGINT
        return self.faults(text, 0 if is_told else code), self.drops(text)

    def faults(self, said: str, code: int) -> tuple[str, ...]:
        """Give what it complained of, a line each, if it said this and ended with that code."""
        lines, prefix = said.splitlines(), f"{self.program}: "
        faults = [line.removeprefix(prefix) for line in lines if line.startswith(prefix)]
        faults = [fault for fault in faults if fault]
        if any("ermission" in fault for fault in faults):
            faults = [faults[0], PERMISSION]
        if faults or not code:
            return tuple(faults)
        return (lines[-1] if lines else f"{self.program} ended with {code}",)

    def drops(self, said: str) -> Drops | None:
        """Read how many packets it lost; None if it did not say so."""
        return _drops(said)


def _drops(said: str) -> Drops | None:
    """Add up what it said of each interface when it ended; None if it did not."""
    found = [list(map(int, match.groups()[1:])) for match in _DROPS.finditer(said)]
    if not found:
        return None
    kernel, own, flushed, interface = (sum(each) for each in zip(*found, strict=True))
    return Drops(kernel + interface, own + flushed)


def find_dumpcap() -> Dumpcap:
    """Give the dumpcap of this machine; raises `UsageError`, with what to install, if it has none.

    Whether it may capture is another question.
    """
    path = os.environ.get(VARIABLE) or which("dumpcap")
    if path is None:
        raise UsageError(f"dumpcap is not installed: {INSTALL}")
    return Dumpcap(path)


def _has_capability(path: str) -> bool:
    """Tell whether a program gets rights of its own when it is started; Linux only."""
    if not hasattr(os, "listxattr"):
        return True  # macOS gives rights to /dev/bpf*, and dumpcap itself tells of them
    try:
        return "security.capability" in os.listxattr(os.path.realpath(path))
    except OSError:
        return True
