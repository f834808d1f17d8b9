"""The key that decides pseudonyms: from a file, the environment or the command line."""

from __future__ import annotations

import os
from pathlib import Path

from pmiptrace.errors import UsageError

ENVIRONMENT = "PMIPTRACE_REDACT_KEY"
"""The environment variable whose text is the key if nothing else names one."""
LEAST = 8
"""Octets of a key that is worth the name."""


def key(*, text: str | None = None, file: str | None = None) -> bytes | None:
    """Give the key that the user chose: a text, the octets of a file, or that of the environment.

    None if there is none. The newline that editors put at the end of a file is not part of the key.
    Raises `UsageError` for a file that cannot be read, and for a key that is too short.
    """
    if file is not None:
        try:
            octets = Path(file).read_bytes().rstrip(b"\r\n")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise UsageError(f"{file}: the key cannot be read: {reason}") from error
    else:
        text = os.environ.get(ENVIRONMENT) if text is None else text
        if not text:
            return None
        octets = text.encode("utf-8", "surrogateescape")
    if len(octets) < LEAST:
        raise UsageError(f"a key of {len(octets)} octets is guessed too easily: {LEAST} at least")
    return octets
