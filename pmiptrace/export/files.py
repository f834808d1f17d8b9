"""From the arguments of an export to the captures it reads and the files it writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from pmiptrace.capture.files import expand, refuse_to_overwrite
from pmiptrace.capture.source import STANDARD_INPUT, standard_input_file
from pmiptrace.errors import StandingError, UsageError
from pmiptrace.report.output import destination

_COMPRESSED = frozenset({".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzma"})


class Job(Struct, frozen=True):
    """A capture to read, and where what is made of it goes."""

    source: str
    """The file to read, as often as needed."""
    name: str
    """What the user calls it."""
    stream: BinaryIO


@contextmanager
def jobs(
    captures: Sequence[str],
    output: str,
    suffix: str | None = None,
    *,
    kept: Sequence[str] = (),
    replaces: bool = True,
) -> Iterator[tuple[Job, ...]]:
    """Open what several captures are exported to: one file, or files in a directory.

    `output` is a file for one capture, a directory for any number, or ``-`` for standard output;
    `suffix` takes the place of a name's own in a directory; `kept` are further captures. Files
    appear whole, and all or none of them, when the block ends. Standard input is put into a file,
    as captures are read repeatedly.

    Raises `CaptureError` if a capture cannot be opened, `UsageError` if a file would replace a
    capture or another one, or cannot be made, and `StandingError` if it would replace any file and
    not `replaces`.
    """
    with ExitStack() as stack:
        arguments = [
            stack.enter_context(standard_input_file()) if name == STANDARD_INPUT else name
            for name in captures
        ]
        sources, errors = expand(arguments)
        if errors:
            raise errors[0]
        known = dict(zip(arguments, captures, strict=True))
        names = [known.get(source, source) for source in sources]
        targets = _targets(names, output, suffix)
        refuse_to_overwrite((*sources, *kept), targets)
        standing = [target for target in targets if target is not None and Path(target).is_file()]
        if standing and not replaces:
            raise StandingError(*standing)
        streams = [stack.enter_context(destination(target)) for target in targets]
        yield tuple(map(Job, sources, names, streams))


def _targets(names: Sequence[str], output: str, suffix: str | None) -> list[str | None]:
    if not Path(output).is_dir():
        if len(names) > 1:
            raise UsageError(f"{output}: {len(names)} captures need a directory to be written to")
        return [None if output == "-" else output]
    targets = [str(Path(output) / _file_name(name, suffix)) for name in names]
    for target in targets:
        if targets.count(target) > 1:
            raise UsageError(f"{target}: more than one capture would be written there")
    return list(targets)


def _file_name(name: str, suffix: str | None) -> str:
    """Name a file as its capture is named; what is written is not compressed."""
    path = Path("stdin" if name == STANDARD_INPUT else name)
    if path.suffix.lower() in _COMPRESSED:
        path = path.with_suffix("")
    return path.with_suffix(suffix).name if suffix else path.name
