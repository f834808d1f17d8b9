"""``pmiptrace doctor``: what this machine has of what pmiptrace can use."""

from __future__ import annotations

from typing import BinaryIO

from pmiptrace.cli.arguments import Output, ShortForm, ShortFormat, finish

DOCTOR_EXIT_CODES = """\b
Exit code:
    0  pmiptrace works, though something may be missing
    1  something is missing that every command needs
    2  usage error"""


def doctor(
    format: ShortFormat = ShortForm.TEXT,  # noqa: A002
    output: Output = None,
) -> None:
    """Look at Python, the scan, packages, tshark, dumpcap and the terminal; say what to mend."""
    from pmiptrace.cli.run import perform
    from pmiptrace.doctor import State, checks
    from pmiptrace.report.doctor_page import render_checks
    from pmiptrace.report.output import console
    from pmiptrace.report.readable_json import as_json
    from pmiptrace.selection import Outcome

    path = None if output == "-" else output

    def work(stream: BinaryIO) -> Outcome:
        found = list(checks())
        if format is ShortForm.JSON:
            stream.write(as_json(found))
        else:
            with console(path, stream) as page:
                render_checks(found, console=page)
        return Outcome(failed=any(check.state is State.BAD for check in found))

    finish(lambda: perform((), path, work, allow_empty=True))
