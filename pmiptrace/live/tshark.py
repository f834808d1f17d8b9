"""A capture by tshark, for what dumpcap cannot open, and for what has to be decrypted."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from typing import BinaryIO

from pmiptrace.errors import UsageError
from pmiptrace.live.dumpcap import Capture, Drops
from pmiptrace.live.filter import FILTER
from pmiptrace.tshark.engine import TsharkEngine, worker

TSHARK_FILTER = f"{FILTER} or udp port 4500"
"""The same as of dumpcap, and ESP behind NAT (RFC 3948), which tshark can unwrap."""
_SETTING = re.compile(r"([A-Za-z0-9_.-]+)\.([A-Za-z0-9-]+)=([^\n\r]*)")
_DROPS = re.compile(r"(\d+) packets? dropped", re.MULTILINE)


def extcap_preference(text: str) -> str:
    """Give the line of tshark's preferences for ``sshdump.remote-host=mag1``.

    Raises `UsageError` for what has another form.
    """
    found = _SETTING.fullmatch(text)
    if found is None:
        raise UsageError(
            f"--extcap takes INTERFACE.OPTION=VALUE, as sshdump.remote-host=mag1, not {text!r}"
        )
    # Wireshark leaves hyphens out of the names of preferences.
    return f"extcap.{found[1].lower()}.{found[2].lower().replace('-', '')}: {found[3]}"


class TsharkCapture(Capture):
    """A capture by tshark: what it finds, decrypted and unwrapped.

    The interface ``-`` is what comes through `pipe`; `extcap` are settings of extcap interfaces.
    For the rest see `pmiptrace.live.dumpcap.Dumpcap.capture`. Raises `UsageError` for settings that
    make no sense.
    """

    program = "tshark"

    def __init__(
        self,
        engine: TsharkEngine,
        interfaces: Sequence[str],
        capture_filter: str | None,
        *,
        buffer: int | None = None,
        extcap: Sequence[str] = (),
        pipe: BinaryIO | None = None,
    ) -> None:
        size = () if buffer is None else ("-B", str(buffer))
        chosen = () if pipe else ("-f", capture_filter or TSHARK_FILTER)
        names = (word for name in interfaces for word in ("-i", name))
        with ExitStack() as stack:
            environment = stack.enter_context(
                engine.settings([extcap_preference(each) for each in extcap])
            )
            super().__init__(
                worker("follow", *size, *chosen, *names),
                stdin=subprocess.DEVNULL if pipe is None else pipe,
                environment=environment,
            )
            self._settings = stack.pop_all()

    def close(self) -> tuple[tuple[str, ...], Drops | None]:
        """Wait for its end, as any capture."""
        with self._settings:
            return super().close()

    def drops(self, said: str) -> Drops | None:
        """Read how many packets were dropped, which tshark tells if there were any."""
        if "packets captured" not in said and "packet captured" not in said:
            return None
        return Drops(kernel=sum(map(int, _DROPS.findall(said))))
