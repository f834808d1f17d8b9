"""A capture as this program and as tshark decode it: what they agree on, and where they differ."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

from msgspec import Struct

from pmiptrace.capture.reader import CaptureReader
from pmiptrace.model import Datagram, Message, Undecoded
from pmiptrace.packet.decoder import PacketDecoder
from pmiptrace.tshark.compare import Comparison, Difference, Kind, explained
from pmiptrace.tshark.pdml import Header, headers
from pmiptrace.tshark.program import Tshark
from pmiptrace.wire.dialect import DialectDecoder


class Alike(Struct):
    """Differences of one kind at the same fields."""

    first: Difference
    count: int = 1


class Crosscheck(Struct):
    """What came out of the comparison of one capture."""

    path: str
    comparison: Comparison
    undecoded: int = 0
    """Mobility Headers of tshark's in frames that could not be decoded here."""
    problem: str | None = None
    """What tshark said, if it failed."""
    alike: dict[tuple[str, str, str, str], Alike] = {}
    """Differences by kind, fields and the fault that explains them."""

    @property
    def unexplained(self) -> tuple[Alike, ...]:
        """The differences that no known fault explains."""
        return tuple(group for group in self.alike.values() if group.first.fault is None)

    @property
    def explained(self) -> tuple[Alike, ...]:
        """The differences that known faults explain."""
        return tuple(group for group in self.alike.values() if group.first.fault is not None)

    def add(self, difference: Difference) -> None:
        """Count a difference with those like it."""
        fault = difference.fault
        key = (difference.kind, difference.field, difference.ours, fault.text if fault else "")
        group = self.alike.get(key)
        if group is None:
            self.alike[key] = Alike(difference)
        else:
            group.count += 1


def crosscheck(path: str, tshark: Tshark) -> Crosscheck:
    """Compare what the two decode of a capture.

    Dialects are not translated: tshark knows none. Raises `CaptureError` if the capture cannot be
    opened or is none.
    """
    result = Crosscheck(path, Comparison())
    with CaptureReader(path) as reader:
        ours, theirs = _ours(reader), _theirs(tshark, path, result)
        here, there = next(ours, None), next(theirs, None)
        while here is not None or there is not None:
            if there is None and result.problem is not None:
                break  # what tshark did not come to is no difference
            if there is None or (here is not None and here[0] < there[0]):
                assert here is not None
                _compare(result, here[1], [])
                here = next(ours, None)
            elif here is None or there[0] < here[0]:
                _compare(result, [], there[1])
                there = next(theirs, None)
            else:
                _compare(result, here[1], there[1])
                here, there = next(ours, None), next(theirs, None)
    return result


def _ours(reader: CaptureReader) -> Iterator[tuple[int, list[Message | Undecoded]]]:
    """Give what is decoded here, by the number of the frame."""
    packets, messages = PacketDecoder(), DialectDecoder("none")
    for frame in reader:
        found = [
            messages.decode(part) if isinstance(part, Datagram) else part
            for part in packets.decode(frame)
        ]
        if found:
            yield frame.number, found


def _theirs(tshark: Tshark, path: str, result: Crosscheck) -> Iterator[tuple[int, list[Header]]]:
    """Give what tshark decodes, by the number of the frame; note in the result if it fails."""

    def whole() -> Iterator[Header]:
        for found in headers(tshark, path):
            if isinstance(found, str):
                result.problem = found
            else:
                yield found

    for number, group in groupby(whole(), key=attrgetter("frame")):
        yield number, list(group)


def _compare(result: Crosscheck, ours: list[Message | Undecoded], theirs: list[Header]) -> None:
    messages = [each for each in ours if isinstance(each, Message)]
    for message, header in zip(messages, theirs, strict=False):
        for difference in result.comparison.compare(message, header):
            result.add(difference)
    for message in messages[len(theirs) :]:
        result.add(
            explained(
                Difference(
                    kind=Kind.MISSING,
                    frame=message.frame.number,
                    message=message.kind,
                    text=f"{message.kind} of {len(message.datagram.payload)} octets",
                )
            )
        )
    for header in theirs[len(messages) :]:
        if len(ours) > len(messages):
            result.undecoded += 1
        else:
            result.add(
                explained(
                    Difference(
                        kind=Kind.EXTRA,
                        frame=header.frame,
                        message="MH",
                        theirs=next(
                            (f.label for f in header.fields if f.name == "mip6.mhtype"), ""
                        ),
                    )
                )
            )
