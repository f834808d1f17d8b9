"""One run of ``crosscheck``: reads captures here and with tshark, and tells the differences."""

from __future__ import annotations

from typing import BinaryIO

from pmiptrace.capture.files import expand
from pmiptrace.cli.run import CapturesRequest, tell
from pmiptrace.errors import CaptureError
from pmiptrace.merge import spooled
from pmiptrace.report.output import console
from pmiptrace.selection import Outcome
from pmiptrace.tshark.crosscheck import Crosscheck, crosscheck
from pmiptrace.tshark.program import Tshark, find_tshark


def compare(request: CapturesRequest) -> int:
    """Compare the captures and give the exit code; raises `UsageError` if there is no tshark."""
    tshark = find_tshark()
    return request.perform(lambda stream: _compare(request, tshark, stream))


def _compare(request: CapturesRequest, tshark: Tshark, stream: BinaryIO) -> Outcome:
    result = Outcome()
    found: list[Crosscheck] = []
    with spooled(request.captures, even_alone=True) as arguments:
        names = dict(zip(arguments, request.captures, strict=True))
        paths, errors = expand(arguments)
        try:
            for path in paths:
                try:
                    found.append(crosscheck(path, tshark))
                except CaptureError as error:
                    errors.append(error)
        except KeyboardInterrupt:
            result.interrupted = True
            tell("interrupted; the comparison covers the captures before")
    for each in found:
        each.path = names.get(each.path, each.path)
    if request.format == "json":
        from pmiptrace.report.crosscheck import crosscheck_octets

        stream.write(crosscheck_octets(found, tshark))
    else:
        from pmiptrace.report.crosscheck_page import render_crosschecks

        with console(request.output, stream) as page:
            render_crosschecks(found, tshark, console=page)
    for failure in errors:
        tell(str(CaptureError(names.get(failure.path, failure.path), failure.reason)))
    for each in found:
        if each.problem is not None:
            tell(f"{each.path}: tshark failed: {each.problem}")
    result.unopened = bool(errors) or any(each.problem is not None for each in found)
    result.failed = any(each.unexplained for each in found)
    result.messages = sum(each.comparison.messages for each in found)
    return result
