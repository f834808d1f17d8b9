"""Has tshark read a capture, and writes what it found as pcapng to standard output.

pyshark runs tshark; it wants a main thread and an event loop of its own, so it has a process of its
own. Every packet of the capture gets a record, so that frames keep their numbers and the capture
its times: a packet with signalling holds it, the others are empty. What tshark decrypted or
unwrapped is written as a plain IPv6 packet, or IPv4 with UDP; all else as it was captured.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyshark
from msgspec import Struct
from pyshark.capture.capture import TSharkCrashException

from pmiptrace.address import address_octets
from pmiptrace.capture.writer import write_pcapng
from pmiptrace.model import SECOND, Datagram, Frame
from pmiptrace.packet.build import ipv6, udp_ipv4
from pmiptrace.packet.decoder import PacketDecoder
from pmiptrace.packet.numbers import LINK_ETHERNET, LINK_RAW, MOBILITY_HEADER
from pmiptrace.tshark.engine import CUT
from pmiptrace.tshark.program import VARIABLE

UNREADABLE = 3
"""The exit code if tshark cannot open the capture; standard error says why."""

_LINKS = {"1": LINK_ETHERNET, "7": LINK_RAW}
"""Link types, by tshark's numbers; frames of other links are written unwrapped."""


class _Span(Struct, frozen=True):
    """How many packets a capture has, and from when to when."""

    packets: int
    start: int
    end: int
    is_cut: bool
    """Whether the file ends within a packet, or is damaged there."""


class _Capture(pyshark.FileCapture):  # type: ignore[misc]
    """pyshark's reader of files, for every version of Python."""

    def _setup_eventloop(self) -> None:
        if hasattr(asyncio, "set_child_watcher"):
            asyncio.set_event_loop(asyncio.new_event_loop())
            super()._setup_eventloop()
        else:
            # pyshark 0.6 sets a child watcher, which Python 3.14 has no longer, nor needs.
            self.eventloop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.eventloop)


def main(arguments: Sequence[str]) -> int:
    """Convert the capture that the argument names; give the exit code.

    `pmiptrace.tshark.program.VARIABLE` names tshark; its settings are where WIRESHARK_CONFIG_DIR
    says.
    """
    (path,) = arguments
    tshark = os.environ[VARIABLE]
    span = _span(path, Path(tshark).with_name("capinfos"))
    if span is None:
        return UNREADABLE
    signalling = _Signalling(path, tshark)
    write_pcapng(sys.stdout.buffer, _numbered(span, iter(signalling)))
    return CUT if signalling.is_cut or span.is_cut else 0


def _span(path: str, capinfos: Path) -> _Span | None:
    """Ask capinfos, which comes with tshark; None if it cannot open the capture."""
    program = str(capinfos) if capinfos.exists() else "capinfos"
    asked = subprocess.run(
        [program, "-T", "-r", "-B", "-c", "-a", "-e", "-S", "--", path],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    cells = asked.stdout.rstrip("\n").split("\t")[-3:]
    if len(cells) != 3:
        sys.stderr.write(asked.stderr.strip().removeprefix("capinfos: "))
        return None
    packets, start, end = cells
    return _Span(int(packets), _nanoseconds(start), _nanoseconds(end), bool(asked.returncode))


def _nanoseconds(seconds: str) -> int:
    """Read a time in seconds; that of a capture without packets is ``n/a``."""
    return 0 if seconds == "n/a" else int(Decimal(seconds) * SECOND)


def _numbered(span: _Span, found: Iterator[Frame]) -> Iterator[Frame]:
    """Put an empty record in the place of every packet that was not found."""
    number, time = 1, span.start
    for frame in found:
        while number < frame.number:
            yield Frame(0, number, time, LINK_RAW, b"", 0)
            number += 1
        time = frame.time or time
        yield frame
        number += 1
    while number <= span.packets:
        time = span.end if number == span.packets else time
        yield Frame(0, number, time, LINK_RAW, b"", 0)
        number += 1


class _Signalling:
    """The packets of a capture in which tshark finds a Mobility Header."""

    def __init__(self, path: str, tshark: str) -> None:
        self._capture = _Capture(
            path,
            tshark_path=tshark,
            display_filter="mipv6 and not ipv6.nxt == 62",
            keep_packets=False,
            use_ek=True,
            include_raw=True,
            # Else a Mobility Header stands below IPv6, where its octets are not shown.
            override_prefs={"ipv6.exthdr_under_root_protocol_tree": "TRUE"},
        )
        self.is_cut = False
        """Whether tshark ended with an error, as it does behind the last whole packet."""

    def __iter__(self) -> Iterator[Frame]:
        own = PacketDecoder()
        try:
            for packet in self._capture:
                frame = _frame(packet, own)
                if frame is not None:
                    yield frame
            self._capture.close()
        except TSharkCrashException:
            self.is_cut = True


def _frame(packet: Any, own: PacketDecoder) -> Frame | None:
    """Give a packet as it was captured if that shows its message, else what tshark made of it."""
    number, time = int(packet.number), int(Decimal(packet.sniff_timestamp) * SECOND)
    payload = _octets(packet, "mipv6_raw")
    link = _LINKS.get(str(packet.frame_info.encap.type))
    if link is not None:
        data = _octets(packet, "frame_raw")
        frame = Frame(0, number, time, link, data, int(packet.length))
        for found in own.decode(frame):
            if isinstance(found, Datagram) and found.payload == payload:
                return frame
    whole = _unwrapped(packet, payload)
    return None if whole is None else Frame(0, number, time, LINK_RAW, whole, len(whole))


def _unwrapped(packet: Any, payload: bytes) -> bytes | None:
    """Build the packet that holds the message, with the innermost addresses around it."""
    names = [layer.layer_name for layer in packet.layers]
    outside = [name for name in names if name in ("ip", "ipv6")]
    if not outside:
        return None
    header = [layer for layer in packet.layers if layer.layer_name == outside[-1]][-1]
    source, destination = (address_octets(_text(end)) for end in (header.src, header.dst))
    if outside[-1] == "ipv6":
        return ipv6(source, destination, MOBILITY_HEADER, payload)
    return udp_ipv4(source, destination, payload)


def _text(field: Any) -> str:
    """Give the value of a field, which may have others below it."""
    return str(getattr(field, "value", field))


def _octets(packet: Any, layer: str) -> bytes:
    found = packet.get_multiple_layers(layer)
    return bytes.fromhex(found[-1]._fields_dict) if found else b""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
