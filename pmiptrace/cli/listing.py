"""What ``dissect`` does: reads captures, shows their packets one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import BinaryIO

from msgspec import Struct

from pmiptrace.analysis import Analysis, Event
from pmiptrace.cli.progress import progress
from pmiptrace.cli.run import ViewRequest, follow, perform, tell, tell_end, tell_no_match
from pmiptrace.errors import UsageError
from pmiptrace.model import CaptureInfo, Finding
from pmiptrace.report.as_document import capture_document, unopened
from pmiptrace.report.columns import Column, Filter, chosen
from pmiptrace.report.escaping import path_text
from pmiptrace.report.output import console
from pmiptrace.report.packets import Frames, Packet, Packets, Range, is_frames
from pmiptrace.report.words import counted
from pmiptrace.selection import Narrowing, Outcome, Selection

USAGE = 2
"""Exit code of a usage error, and of a frame without signalling."""


class Listing(ViewRequest, frozen=True, kw_only=True):
    """What ``dissect`` is asked for."""

    arguments: tuple[str, ...]
    """Captures, then frames."""
    filter: str | None = None
    fields: str | None = None
    separator: str = "\t"
    header: bool = False
    tree: bool = False
    dump: bool = False


def show(listing: Listing) -> int:
    """Show what is asked for, and give the exit code.

    Raises `UsageError` if it makes no sense.
    """
    captures, frames = _captures_and_frames(listing.arguments)
    if listing.fields is not None and (listing.format != "text" or listing.tree or listing.dump):
        raise UsageError("--fields prints columns; it does not go with --format, --tree and -x")
    columns = chosen(listing.fields) if listing.fields is not None else ()
    wanted = Filter(listing.filter) if listing.filter is not None else None
    packets = Packets(frames=frames, to_the_end=frames is not None)
    read: list[CaptureInfo] = []

    def work(stream: BinaryIO) -> Outcome:
        live = "-" in captures or stream.isatty()
        # A bar does not go with lines that appear on the same terminal meanwhile.
        with ExitStack() as bar:
            analysis = listing.analysis(
                captures,
                progress=bar.enter_context(
                    progress(wanted=frames is not None or not stream.isatty())
                ),
                observer=packets.observe,
            )
            with _sink(listing, analysis, stream, columns, captures, live=live) as sink:
                run = _Run(packets, analysis, wanted, listing.selection, sink)
                run.read()
                bar.close()
                run.finish()
        tell_end(analysis)
        read.extend(analysis.overview().captures)
        if not packets.messages and not analysis.errors and not analysis.interrupted:
            tell("no Mobility Header message in what was read")
        return Outcome(
            unopened=bool(analysis.errors),
            messages=packets.messages,
            interrupted=analysis.interrupted,
        )

    code = perform(captures, listing.output, work, allow_empty=listing.allow_empty)
    missing = frames.missing if frames is not None and code in (0, 4) else ()
    for each in missing:
        tell(_missing(each, read))
    return USAGE if missing else code


def _captures_and_frames(arguments: tuple[str, ...]) -> tuple[tuple[str, ...], Frames | None]:
    """Tell frames from captures: a frame looks like one, and stands behind a capture."""
    captures = tuple(text for i, text in enumerate(arguments) if i == 0 or not is_frames(text))
    frames = tuple(text for i, text in enumerate(arguments) if i > 0 and is_frames(text))
    if not captures:
        raise UsageError("which CAPTURE? Files, directories, globs, or - for standard input")
    if arguments[: len(captures)] != captures:
        raise UsageError("frames stand behind all captures; a file of such a name is ./7")
    return captures, Frames(frames) if frames else None


def _missing(frames: Range, captures: Sequence[CaptureInfo]) -> str:
    """Say of frames that were asked for why there is nothing to show."""
    what = "frame" if frames.first == frames.last else "frames"
    meant = [info for i, info in enumerate(captures) if frames.capture in (None, i)]
    most = max((info.packets for info in meant), default=0)
    if frames.first <= most:
        return f"{what} {frames.text}: no signalling there"
    where = path_text(meant[0].path) if len(meant) == 1 else "the longest of the captures"
    return f"{what} {frames.text}: not there; {where} has {counted(most, 'packet')}"


class _Sink(Struct, frozen=True):
    """Where packets go."""

    packet: Callable[[Packet], None]
    late: Callable[[Finding], None]
    finish: Callable[[tuple[CaptureInfo, ...]], None]


class _Run:
    """Hands the packets of an analysis on that are asked for."""

    def __init__(
        self,
        packets: Packets,
        analysis: Analysis,
        wanted: Filter | None,
        selection: Selection,
        sink: _Sink,
    ) -> None:
        self._packets = packets
        self._analysis = analysis
        self._wanted = wanted
        self._chosen = Narrowing(selection, analysis.mags)
        self._sink = sink
        self._infos: list[CaptureInfo] = []
        self._matched = not selection.is_narrow
        self._shown = 0

    def read(self) -> None:
        """Read the captures to their end."""
        follow(self._analysis, self._take)

    def finish(self) -> None:
        """Hand on what was held back, and what is to be said at the end."""
        analysis = self._analysis
        self._hand_on(self._packets.rest(analysis.mags))
        if self._packets.messages and not self._shown:
            if not self._matched:
                tell_no_match(self._chosen.selection)
            elif self._wanted is not None:
                tell("note: no message meets the filter")
        self._sink.finish((*self._infos, *map(unopened, analysis.errors)))

    def _take(self, event: Event) -> None:
        if isinstance(event, CaptureInfo):
            self._infos.append(event)
        self._hand_on(self._packets.take(event, self._analysis.mags))

    def _hand_on(self, found: Iterator[Packet | Finding]) -> None:
        for each in found:
            if isinstance(each, Finding):
                if self._wanted is None and self._chosen.finding(each):
                    self._sink.late(each)
                continue
            if not self._is_chosen(each):
                continue
            self._matched = True
            if self._wanted is None or self._wanted.accepts(each):
                self._shown += 1
                self._sink.packet(each)

    def _is_chosen(self, packet: Packet) -> bool:
        """Tell whether a packet is of a mobile node, MAG and LMA that are meant."""
        if not self._chosen.selection.is_narrow:
            return True
        if packet.exchange is not None:
            return self._chosen.exchange(packet.exchange)
        return packet.message is not None and self._chosen.message(packet.message)


@contextmanager
def _sink(
    listing: Listing,
    analysis: Analysis,
    stream: BinaryIO,
    columns: tuple[Column, ...],
    captures: tuple[str, ...],
    *,
    live: bool,
) -> Iterator[_Sink]:
    """Open what is written in the form that was asked for."""
    frames = len(listing.arguments) > len(captures)
    tree = listing.tree or listing.dump or frames
    if columns:
        from pmiptrace.report.field_lines import FieldLines

        lines = FieldLines(
            stream, columns, separator=listing.separator, header=listing.header, flush=live
        )
        yield _Sink(lines.packet, lambda _: None, lambda _: None)
    elif listing.format == "text":
        from pmiptrace.report.packets_page import PacketsPage

        with console(listing.output, stream) as terminal:
            page = PacketsPage(
                terminal,
                listing.time,
                analysis,
                tree=tree,
                dump=listing.dump,
                follow=live,
            )
            yield _Sink(page.packet, page.late, page.finish)
    else:
        from pmiptrace.report.packets_json import PacketLines, PacketsDocument

        writer = (
            PacketLines(stream, analysis.dialects, tree=tree, flush=live)
            if listing.format == "jsonl"
            else PacketsDocument(stream, analysis.dialects, tree=tree)
        )
        yield _Sink(
            writer.packet,
            writer.late,
            lambda infos: writer.finish(tuple(map(capture_document, infos))),
        )
