"""``pmiptrace tui`` and ``live --tui``, on terminals that the tests make, and without any."""

from __future__ import annotations

import os
import select
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from command_line import Run

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal is needed")

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
BOUND = 60
"""Seconds that anything may take at most."""
SHOWN, LEFT = b"\x1b[?1049h", b"\x1b[?1049l"
"""What takes the screen, and gives it back."""


class Terminal:
    """A program on a terminal of its own, 80 columns by 24 lines."""

    def __init__(
        self,
        *arguments: object,
        stdin: int | None = None,
        hangup: signal.Handlers = signal.SIG_DFL,
        **environment: str,
    ) -> None:
        import fcntl
        import pty
        import termios

        self._leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))

        def own_terminal() -> None:
            os.setsid()
            fcntl.ioctl(1, termios.TIOCSCTTY, 0)
            signal.signal(signal.SIGHUP, hangup)

        self.process = subprocess.Popen(
            [sys.executable, "-m", "pmiptrace", *map(str, arguments)],
            stdin=follower if stdin is None else stdin,
            stdout=follower,
            stderr=follower,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", **environment},
            preexec_fn=own_terminal,
        )
        os.close(follower)
        self.seen = b""

    def until(self, wanted: bytes) -> None:
        """Read what the program writes, up to something."""
        while wanted not in self.seen:
            try:
                ready, _, _ = select.select([self._leader], [], [], BOUND)
                octets = os.read(self._leader, 65536) if ready else b""
            except OSError:
                octets = b""
            if not octets:
                pytest.fail(f"{wanted!r} never came: {self.seen[-2000:]!r}")
            self.seen += octets

    def press(self, keys: bytes) -> None:
        os.write(self._leader, keys)

    def end(self) -> int:
        """Read the rest, and give the exit code."""
        try:
            while select.select([self._leader], [], [], BOUND)[0]:
                octets = os.read(self._leader, 65536)
                if not octets:
                    break
                self.seen += octets
        except OSError:  # what Linux says once nobody has the terminal
            pass
        return self.process.wait(BOUND)

    def hang_up(self) -> None:
        os.close(self._leader)
        self._leader = -1

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self._leader >= 0:
            os.close(self._leader)


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def test_a_capture_is_shown_until_q(terminals: list[Terminal]) -> None:
    terminal = Terminal("tui", SAMPLES / "bulk-and-overwrite.pcap")
    terminals.append(terminal)
    terminal.until(SHOWN)
    terminal.until(b"mn1@example.com")
    terminal.press(b"q")
    assert terminal.end() == 0
    assert LEFT in terminal.seen


def test_many_captures_take_one_line(terminals: list[Terminal]) -> None:
    terminal = Terminal("tui", *sorted(SAMPLES.glob("[b-c]*.pcap")))
    terminals.append(terminal)
    terminal.until(b" and 2 more")
    terminal.press(b"q")
    terminal.end()


def test_keys_come_from_the_terminal_while_a_pipe_has_the_capture(
    terminals: list[Terminal],
) -> None:
    with (SAMPLES / "bulk-and-overwrite.pcap").open("rb") as capture:
        terminal = Terminal("tui", "-", stdin=capture.fileno())
    terminals.append(terminal)
    terminal.until(b"mn1@example.com")
    terminal.press(b"q")
    assert terminal.end() == 0


@pytest.mark.parametrize(("hangup", "code"), [(signal.SIG_DFL, -1), (signal.SIG_IGN, 0)])
def test_a_lost_terminal_ends_it(
    terminals: list[Terminal], hangup: signal.Handlers, code: int
) -> None:
    terminal = Terminal("tui", SAMPLES / "bulk-and-overwrite.pcap", hangup=hangup)
    terminals.append(terminal)
    terminal.until(b"mn1@example.com")
    terminal.hang_up()
    assert terminal.process.wait(BOUND) == code


def test_sigterm_gives_the_screen_back(terminals: list[Terminal]) -> None:
    terminal = Terminal("tui", SAMPLES / "bulk-and-overwrite.pcap")
    terminals.append(terminal)
    terminal.until(b"mn1@example.com")
    terminal.process.terminate()
    assert terminal.end() == 0
    assert LEFT in terminal.seen


def test_what_cannot_be_opened_is_told_in_the_end_too(
    terminals: list[Terminal], tmp_path: Path
) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("some notes\n")
    terminal = Terminal("tui", notes)
    terminals.append(terminal)
    terminal.until(b"No capture could be read.")
    terminal.press(b"q")
    assert terminal.end() == 3
    assert b"not a pcap or pcapng file, but text" in terminal.seen.rpartition(LEFT)[2]


def test_no_color_is_honoured(terminals: list[Terminal]) -> None:
    colours = [b"\x1b[31m", b";31m", b"[32m", b";32m", b";31;", b"38;2;", b"38;5;"]
    found = []
    for environment in ({}, {"NO_COLOR": "1"}):
        terminal = Terminal("tui", SAMPLES / "bulk-and-overwrite.pcap", **environment)
        terminals.append(terminal)
        terminal.until(b"BO-EXCLUSIVE")
        terminal.press(b"q")
        terminal.end()
        found.append(any(colour in terminal.seen for colour in colours))
    assert found == [True, False]


def test_a_terminal_without_a_cursor(terminals: list[Terminal]) -> None:
    terminal = Terminal("tui", SAMPLES / "bulk-and-overwrite.pcap", TERM="dumb")
    terminals.append(terminal)
    assert terminal.end() == 2
    assert b"TERM=dumb" in terminal.seen
    assert b"\x1b[?" not in terminal.seen


def test_live_from_a_pipe(terminals: list[Terminal]) -> None:
    reading, writing = os.pipe()
    terminal = Terminal("live", "-i", "-", "--tui", stdin=reading)
    terminals.append(terminal)
    os.close(reading)
    terminal.until(b"waiting for signalling")
    os.write(writing, (SAMPLES / "bulk-and-overwrite.pcap").read_bytes())
    terminal.until(b"mn1@example.com")
    terminal.press(b"q")
    assert terminal.end() == 1
    os.close(writing)
    assert b"RFC8278-4.1-BO-EXCLUSIVE" in terminal.seen.rpartition(LEFT)[2]


USAGE = [
    (("tui", SAMPLES / "busy.pcap.gz"), "needs a terminal, and standard output is none"),
    (("tui", "x", "--filter", "status >"), "status >"),
    (("tui", "-"), "pmiptrace timeline writes to whatever there is"),
    (("live", "-i", "-", "--tui"), "pmiptrace live writes to whatever there is"),
    (("live", "-i", "-", "--tui", "--format", "jsonl"), "--tui shows a screen"),
]


@pytest.mark.parametrize(("arguments", "told"), USAGE)
def test_usage(run: Run, arguments: tuple[object, ...], told: str) -> None:
    code, _, err = run(*arguments)
    assert code == 2
    assert told in " ".join(err.split())


def _absent(name: str) -> str:
    raise PackageNotFoundError(name)


@pytest.mark.parametrize("version", [_absent, lambda name: "6.11.0"], ids=["absent", "old"])
@pytest.mark.parametrize("command", [("tui", "x.pcap"), ("live", "-i", "-", "--tui")])
def test_without_textual(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    version: Callable[[str], str],
) -> None:
    monkeypatch.setattr("pmiptrace.cli.terminal.version", version)
    code, _, err = run(*command)
    assert code == 2
    assert "pip install 'pmiptrace[tui]'" in " ".join(err.split())
