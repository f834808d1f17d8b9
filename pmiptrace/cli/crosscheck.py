"""``pmiptrace crosscheck``: what tshark decodes of the same captures."""

from __future__ import annotations

from pmiptrace.cli.arguments import (
    AllowEmpty,
    Captures,
    Output,
    ShortForm,
    ShortFormat,
    finish,
    said,
)

CROSSCHECK_EXIT_CODES = """\b
Exit code, the first that applies:
    2  usage error, or there is no tshark that can be used
    3  a capture cannot be opened, or tshark failed at one; the others are compared
    1  a difference that nothing explains
    4  not one Mobility Header message in any capture
    0  none of that"""


def crosscheck(
    captures: Captures,
    format: ShortFormat = ShortForm.TEXT,  # noqa: A002
    output: Output = None,
    allow_empty: AllowEmpty = None,
) -> None:
    """Decode captures here and with tshark, and compare every field that tshark shows.

    tshark has to be installed; PMIPTRACE_TSHARK names it if it is not on the search path. Known
    faults of tshark are named with the section that settles them; all else is one's mistake or the
    other's.
    """
    from pmiptrace.cli.comparing import compare
    from pmiptrace.cli.run import CapturesRequest

    request = CapturesRequest(
        captures=tuple(captures),
        format=format.value,
        output=None if output == "-" else output,
        given=said(allow_empty=allow_empty),
    )
    finish(lambda: compare(request))
