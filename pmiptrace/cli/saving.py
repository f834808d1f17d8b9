"""Saves messages of a full-screen view: from the captures they are in, or as they are kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, cast

from msgspec.structs import replace

from pmiptrace.capture.files import refuse_to_overwrite
from pmiptrace.capture.writer import write_pcapng
from pmiptrace.errors import StandingError
from pmiptrace.export.annotated import Comments, comments_of, write_annotated
from pmiptrace.export.files import jobs
from pmiptrace.export.signalling import write_frames
from pmiptrace.model import Finding, Frame, Moment
from pmiptrace.report.output import destination
from pmiptrace.report.tui.desk import Cut
from pmiptrace.report.words import counted


class FileSaver:
    """Copies frames from files, with all that those say of them.

    `paths` gives the files as their numbers mean them.
    """

    def __init__(self, paths: Callable[[], Sequence[str]]) -> None:
        self._paths = paths

    def __call__(self, path: str, cut: Cut, *, annotated: bool, replaces: bool) -> str:
        """Write a file, or files in a directory if frames are of several captures."""
        paths = self._paths()
        frames: dict[int, set[int]] = defaultdict(set)
        for capture, number in cut.frames:
            frames[capture].add(number)
        chosen = sorted(frames)
        comments = comments_of(cut.findings, paths) if annotated else {}
        count = 0
        sources = [paths[capture] for capture in chosen]
        suffix = ".pcapng" if annotated else None
        with jobs(sources, path, suffix, kept=paths, replaces=replaces) as opened:
            for capture, job in zip(chosen, opened, strict=True):
                wanted = frames[capture]
                if annotated:
                    about = _about(comments.get(capture, {}), wanted)
                    write_annotated(job.source, about, job.stream, only=wanted)
                    count += len(wanted)
                else:
                    count += write_frames(job.source, wanted, job.stream)
        return f"{path}: {counted(count, 'frame')}"


class MemorySaver:
    """Writes frames as they were kept, of what can be read only once.

    A message that was put together is written with its last fragment alone. `paths` gives the files
    that shall not be replaced: captures, and what a live one is written to.
    """

    def __init__(self, paths: Callable[[], Sequence[str]]) -> None:
        self._paths = paths

    def __call__(self, path: str, cut: Cut, *, annotated: bool, replaces: bool) -> str:
        """Write a pcapng file."""
        refuse_to_overwrite(self._paths(), (path,))
        if Path(path).is_file() and not replaces:
            raise StandingError(path)
        frames = {(p.frame.capture, p.frame.number): p.frame for p in cut.packets}
        with destination(path) as stream:
            if not annotated:
                write_pcapng(stream, frames.values())
            else:
                places = {place: number for number, place in enumerate(frames, 1)}
                findings = [_moved(finding, places) for finding in cut.findings]
                comments = comments_of(findings, (path,)).get(0, {})
                with _written(frames.values()) as source:
                    write_annotated(source, _about(comments, set(places.values())), stream)
        return f"{path}: {counted(len(frames), 'frame')}"


def _about(comments: Comments, frames: set[int]) -> Comments:
    return {number: texts for number, texts in comments.items() if number in frames}


def _moved(finding: Finding, places: dict[tuple[int, int], int]) -> Finding:
    """Give a finding with the numbers that frames have in the new file."""

    def moved(moment: Moment) -> Moment:
        number = None if moment.frame is None else places.get((moment.capture, moment.frame))
        return replace(moment, capture=0, frame=number)

    evidence = tuple(map(moved, finding.evidence))
    return replace(finding, moment=moved(finding.moment), evidence=evidence)


@contextmanager
def _written(frames: Iterable[Frame]) -> Iterator[str]:
    with NamedTemporaryFile(prefix="pmiptrace-", suffix=".pcapng") as file:
        write_pcapng(cast("BinaryIO", file.file), frames)
        file.flush()
        yield file.name
