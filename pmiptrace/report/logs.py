"""What runners of CI jobs take for a command where it stands in the log of a job.

A name in a capture may be one: it would annotate the run, mask words of the log, or set a variable
of later steps. GitHub's runner obeys ``::name ...::`` at the beginning of a line, which a page may
break anywhere, and ``##[name]`` everywhere (github.com/actions/runner, ActionCommand.cs); Azure
Pipelines ``##vso[`` and ``##[``, TeamCity ``##teamcity[``.
"""

from __future__ import annotations

import re

_COMMAND = re.compile(
    # A letter that no hexadecimal digit is tells it from the groups of an IPv6 address.
    r":(?=:[a-z-]*[g-z-][a-z-]*[ :])|#(?=#\w*\[)",
    re.IGNORECASE,
)


def obeyed_by_none(text: str) -> str:
    r"""Escape the first character of what a runner would obey, as ``\x3a`` or ``\x23``."""
    if "::" not in text and "##" not in text:
        return text
    return _COMMAND.sub(lambda found: f"\\x{ord(found.group()):02x}", text)
