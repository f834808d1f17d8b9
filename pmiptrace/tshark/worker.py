"""Has tshark read a capture, or capture, and writes what it found as pcapng to standard output.

pyshark runs tshark; it wants a main thread and an event loop of its own, so it has a process of its
own. What tshark decrypted or unwrapped is written as a plain IPv6 packet, or IPv4 with UDP; all
else as it was captured. Every packet of a file gets a record, so that frames keep their numbers and
the capture its times: those without signalling are empty. What is captured live has no numbers
yet, and is written without them.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyshark
from msgspec import Struct
from pyshark.capture.capture import Capture, TSharkCrashException
from pyshark.packet.layers.ek_layer import EkLayer
from pyshark.packet.packet import Packet
from pyshark.tshark.output_parser.tshark_ek import TsharkEkJsonParser, packet_from_ek_packet

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

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LINKS = {"1": LINK_ETHERNET, "7": LINK_RAW}
"""Link types, by tshark's numbers; frames of other links are written unwrapped."""


_BEGINNING, _ENDING = 5.0, 2.0
"""Seconds in which tshark says that it captures, and in which it ends when it is told to."""


class _Span(Struct, frozen=True):
    """How many packets a capture has, and from when to when."""

    packets: int
    start: int
    end: int
    is_cut: bool
    """Whether the file ends within a packet, or is damaged there."""


_END = b"}}" + os.linesep.encode()
"""How a packet ends, and the line before each that says where Elasticsearch is to put it."""
_WITHOUT_CONTROLS = bytes.maketrans(bytes(range(32)), b" " * 32)
_SIGNALLING = {
    "display_filter": "mipv6 and not ipv6.nxt == 62",
    "use_ek": True,
    "include_raw": True,
    # Else a Mobility Header stands below IPv6, where its octets are not shown.
    "override_prefs": {"ipv6.exthdr_under_root_protocol_tree": "TRUE"},
}
"""How pyshark is to run tshark for packets with a Mobility Header."""


class _EveryPython(Capture):  # type: ignore[misc]
    """pyshark's reader, for every version of Python."""

    def _setup_eventloop(self) -> None:
        if hasattr(asyncio, "set_child_watcher"):
            asyncio.set_event_loop(asyncio.new_event_loop())
            super()._setup_eventloop()
        else:
            # pyshark 0.6 sets a child watcher, which Python 3.14 has no longer, nor needs.
            self.eventloop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.eventloop)

    def _setup_tshark_output_parser(self) -> TsharkEkJsonParser:
        super()._setup_tshark_output_parser()  # which loads what the parser needs
        return _Parser()


class _Parser(TsharkEkJsonParser):  # type: ignore[misc]
    """pyshark's reader of a packet, also of one that has no text where tshark takes it for text.

    tshark writes such octets as they are, line ends among them, which JSON does not allow.
    """

    def _extract_packet_from_data(
        self, data: bytes, got_first_packet: bool = True
    ) -> tuple[bytes | None, bytes]:
        while (end := data.find(_END)) >= 0:
            packet, data = data[: end + 2], data[end + len(_END) :]
            if not packet.startswith(b'{"index"'):
                return packet, data
        return None, data

    def _parse_single_packet(self, packet: bytes) -> Packet | None:
        plain = packet.translate(_WITHOUT_CONTROLS).decode("utf-8", "replace").encode()
        try:
            return packet_from_ek_packet(plain)
        except (AttributeError, KeyError, TypeError, ValueError):
            return None


class _File(_EveryPython, pyshark.FileCapture):  # type: ignore[misc]
    """A capture in a file."""


class _Live(_EveryPython):
    """A capture that goes on, by tshark itself.

    pyshark's LiveCapture has dumpcap capture for tshark. That knows no extcap interfaces, and none
    that ``tshark -D`` does not list; and as both are killed in the end, the last packets are lost,
    and so is the number of those that were dropped.
    """

    def __init__(self, arguments: Sequence[str], tshark: str) -> None:
        super().__init__(tshark_path=tshark, custom_parameters=list(arguments), **_SIGNALLING)
        self._process: asyncio.subprocess.Process | None = None
        self._begun: asyncio.Future[bool] = self.eventloop.create_future()
        self.is_told = False
        """Whether a signal came."""
        self.is_failed = False
        """Whether tshark ended with an error; known when it has."""

    def stop(self, number: int, frame: object) -> None:
        """Take a signal: have tshark write what it still has, and end."""
        self.is_told = True
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGINT)

    def begin(self) -> bool:
        """Start tshark, and wait until it captures; tell whether it does, or says nothing."""
        self._process = self.eventloop.run_until_complete(self._get_tshark_process())
        if self.is_told:
            self.stop(signal.SIGINT, None)
        waiting = asyncio.wait_for(self._begun, _BEGINNING)
        try:
            return bool(self.eventloop.run_until_complete(waiting))
        except TimeoutError:
            return True

    def __iter__(self) -> Iterator[Any]:
        """Give the packets as they come."""
        yield from self._packets_from_tshark_sync(existing_process=self._process)

    def _created_new_process(self, parameters: object, process: Any, **names: object) -> None:
        """Take in the process, though it may have ended: what it said tells why."""
        self._running_processes.add(process)

    async def _handle_process_stderr_forever(self, stderr: asyncio.StreamReader) -> None:
        while line := await stderr.readline():
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()
            if b"Capture started" in line and not self._begun.done():
                self._begun.set_result(True)
        if not self._begun.done():
            self._begun.set_result(False)

    async def _cleanup_subprocess(self, process: asyncio.subprocess.Process) -> None:
        try:
            await asyncio.wait_for(_ended(process), _ENDING)
        except TimeoutError:
            process.kill()
            with suppress(TimeoutError):
                await asyncio.wait_for(_ended(process), _ENDING)
        self.is_failed = bool(process.returncode)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Wait for the end of a process, which comes only when all that it wrote was read."""
    assert process.stdout is not None
    while await process.stdout.read(1 << 16):
        pass
    await process.wait()


def follow(arguments: Sequence[str]) -> int:
    """Capture by tshark, with these arguments, until a signal ends it; give the exit code.

    What tshark says goes to standard error. `pmiptrace.tshark.program.VARIABLE` names it; its
    settings are where WIRESHARK_CONFIG_DIR says.
    """
    capture = _Live(arguments, os.environ[VARIABLE])
    signal.signal(signal.SIGINT, capture.stop)
    signal.signal(signal.SIGTERM, capture.stop)
    output = open(sys.stdout.fileno(), "wb", closefd=False)  # noqa: SIM115

    def found() -> Iterator[Frame]:
        own = PacketDecoder()
        output.flush()
        for packet in capture:
            frame = _frame(packet, own)
            if frame is not None:
                yield frame
                output.flush()

    try:
        captures = capture.begin()
    except subprocess.CalledProcessError:  # pyshark asks tshark first how old it is
        if capture.is_told:
            return 0
        raise
    if captures:
        try:
            write_pcapng(output, found())
        except BrokenPipeError:  # whoever reads it is gone
            capture.stop(signal.SIGINT, None)
    capture.close()
    return UNREADABLE if capture.is_failed and not capture.is_told else 0


def convert(arguments: Sequence[str]) -> int:
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
        self._capture = _File(path, tshark_path=tshark, keep_packets=False, **_SIGNALLING)
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
    """Give a packet as it was captured if that shows its message, else what tshark made of it.

    None for one that tshark shows in a form of which neither can be told: what damaged packets look
    like there is not laid down.
    """
    try:
        return _shown(packet, own)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None


def _shown(packet: Any, own: PacketDecoder) -> Frame | None:
    number, time = int(packet.number), _time(packet.sniff_timestamp)
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


def _time(text: str) -> int:
    """Read the time of a packet: seconds, or as tshark 4.2 and later write it, a date in UTC."""
    if "T" not in text:
        return _nanoseconds(text)
    whole, _, fraction = text.removesuffix("Z").partition(".")
    moment = datetime.fromisoformat(whole).replace(tzinfo=UTC) - _EPOCH
    return moment // timedelta(seconds=1) * SECOND + _nanoseconds(f"0.{fraction or 0}")


def _unwrapped(packet: Any, payload: bytes) -> bytes | None:
    """Build the packet that holds the message, with the innermost addresses around it."""
    protocols = _text(packet.frame_info.protocols).split(":")
    outside = [name for name in protocols if name in ("ip", "ipv6")]
    if not outside:
        return None
    header = EkLayer(outside[-1], _innermost(packet, outside[-1]))
    source, destination = (address_octets(_text(end)) for end in (header.src, header.dst))
    if outside[-1] == "ipv6":
        return ipv6(source, destination, MOBILITY_HEADER, payload)
    return udp_ipv4(source, destination, payload)


def _text(field: Any) -> str:
    """Give the value of a field, which may have others below it."""
    return str(getattr(field, "value", field))


def _octets(packet: Any, layer: str) -> bytes:
    return bytes.fromhex(_innermost(packet, layer) or "")


def _innermost(packet: Any, layer: str) -> Any:
    """Give what a packet has of a layer, the last if it has it several times; None if it has not.

    pyshark has one layer of each name, which holds a list then.
    """
    found = packet.get_multiple_layers(layer)
    content = found[-1]._fields_dict if found else None
    return content[-1] if isinstance(content, list) else content
