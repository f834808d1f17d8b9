"""Which scan is used: the compiled one where it was built, otherwise its twin in Python.

Both have the same results. The environment variable `PMIPTRACE_SCAN` chooses: ``python`` or
``compiled``.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from msgspec import Struct

from pmiptrace.capture import scan
from pmiptrace.capture.scan import Hit, RecordFormat, Shape, Stop, Tally
from pmiptrace.errors import UsageError

try:
    from pmiptrace.capture import _scan
except ImportError:  # there was no compiler where pmiptrace was installed
    COMPILED = False
else:
    COMPILED = True

VARIABLE = "PMIPTRACE_SCAN"
"""Environment variable that names the scan to use."""


class Scanner(Struct, frozen=True):
    """The two functions of the seam that `pmiptrace.capture.scan` describes."""

    name: str
    pcap: Callable[[bytearray, int, int, RecordFormat, Tally, list[Hit]], tuple[int, Stop]]
    pcapng: Callable[[bytearray, int, int, str, list[Shape], Tally, list[Hit]], tuple[int, Stop]]


def _compiled_pcap(
    buffer: bytearray, position: int, end: int, form: RecordFormat, tally: Tally, hits: list[Hit]
) -> tuple[int, Stop]:
    big_endian = form.shape.order == ">"
    position, stop, tally.number, tally.esp, tally.last = _scan.scan_pcap(
        buffer, position, end, big_endian, tally.every, tally.number, tally.esp, tally.last, hits,
        form.header, form.limit, int.from_bytes(form.magic, "big" if big_endian else "little"),
        form.shape.link_type,
    )  # fmt: skip
    return position, Stop(stop)


def _compiled_pcapng(
    buffer: bytearray,
    position: int,
    end: int,
    order: str,
    interfaces: list[Shape],
    tally: Tally,
    hits: list[Hit],
) -> tuple[int, Stop]:
    position, stop, tally.number, tally.esp, tally.last = _scan.scan_pcapng(
        buffer, position, end, order == ">", tally.every, tally.number, tally.esp, tally.last, hits,
        interfaces,
    )  # fmt: skip
    return position, Stop(stop)


PYTHON_SCANNER = Scanner("Python", scan.scan_pcap, scan.scan_pcapng)
COMPILED_SCANNER = Scanner("compiled", _compiled_pcap, _compiled_pcapng)


def scanner() -> Scanner:
    """Give the scan to use.

    Raises `UsageError` if the environment asks for one that is not known or was not built.
    """
    wanted = os.environ.get(VARIABLE, "")
    if wanted not in ("", "python", "compiled"):
        raise UsageError(f"{VARIABLE} is {wanted!r}: choose 'python' or 'compiled'")
    if wanted == "compiled" and not COMPILED:
        raise UsageError(
            f"{VARIABLE} is 'compiled', but the compiled scan was not built: install pmiptrace "
            "where there is a C compiler"
        )
    return COMPILED_SCANNER if COMPILED and wanted != "python" else PYTHON_SCANNER
