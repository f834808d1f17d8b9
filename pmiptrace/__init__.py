"""Dissector and trace analyzer for Proxy Mobile IPv6 and RFC 8278 multipath bindings.

Two functions are all that most programs need::

    import pmiptrace

    report = pmiptrace.analyze("capture.pcap")
    for finding in report.findings:
        print(finding.moment.frame, finding.rule, finding.message)

    for message in pmiptrace.decode("capture.pcap"):
        print(message.kind, message.options)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pmiptrace.errors import CaptureError, PmiptraceError, UsageError
from pmiptrace.model import Binding, Exchange, Finding, Message, Report, Session

if TYPE_CHECKING:
    from os import PathLike

    from pmiptrace.rules.rule import RuleOptions
    from pmiptrace.track.timers import Timers

__all__ = [
    "Binding",
    "CaptureError",
    "Exchange",
    "Finding",
    "Message",
    "PmiptraceError",
    "Report",
    "Session",
    "UsageError",
    "analyze",
    "decode",
]


def analyze(
    paths: str | PathLike[str] | Sequence[str | PathLike[str]],
    *,
    dialect: str = "auto",
    timers: Timers | None = None,
    options: RuleOptions | None = None,
    jobs: int = 1,
    each: bool = False,
) -> Report:
    """Read captures and give all that was found in them.

    `paths` is one capture or several: files, directories, globs, ``-`` for standard input. Several
    are read as one run, by time, or with `each` every one as a run of its own. `dialect` is
    ``auto``, ``none``, the name of a dialect, or a file that describes one. `timers`
    (`pmiptrace.track.timers.Timers`) and `options` (`pmiptrace.rules.rule.RuleOptions`) are the
    tolerances, by default those of the RFCs; `pmiptrace.settings.settings` reads them as the
    command line does. With more `jobs` than one, large captures are scanned by that many processes
    besides this one; the report is the same, and processes are started only where they pay. A
    capture that is cut short or damaged is analysed as far as it can be read; its `problems` say
    where it broke.

    Raises `CaptureError` if a capture cannot be opened or is none, `UsageError` for a dialect that
    does not exist and for fewer jobs than one.
    """
    from pmiptrace.analysis import Analysis

    analysis = Analysis(
        _texts(paths), dialect=dialect, timers=timers, options=options, jobs=jobs, each=each
    )
    report = analysis.report()
    if analysis.errors:
        raise analysis.errors[0]
    return report


def decode(path: str | PathLike[str], *, dialect: str = "auto") -> Iterator[Message]:
    """Read one capture and give its Mobility Header messages in the order of the file.

    Messages that the capture holds twice are given twice. Raises `CaptureError` if it cannot be
    opened or is no capture, `UsageError` for a dialect that does not exist.
    """
    from pmiptrace.capture.reader import CaptureReader
    from pmiptrace.model import Datagram
    from pmiptrace.packet.decoder import PacketDecoder
    from pmiptrace.wire.dialect import DialectDecoder

    (text,) = _texts(path)
    messages, packets = DialectDecoder(dialect), PacketDecoder()
    reader = CaptureReader(text)

    def read() -> Iterator[Message]:
        with reader:
            for frame in reader:
                for found in packets.decode(frame):
                    if isinstance(found, Datagram):
                        yield messages.decode(found)

    return read()


def _texts(paths: str | PathLike[str] | Sequence[str | PathLike[str]]) -> list[str]:
    from os import PathLike, fspath

    if isinstance(paths, str | PathLike):
        return [fspath(paths)]
    return [fspath(path) for path in paths]
