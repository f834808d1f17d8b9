"""Errors about the environment or the user's request; a bad packet is a value, none of these."""

from __future__ import annotations


class PmiptraceError(Exception):
    """Something that the user can mend, told in one line."""


class CaptureError(PmiptraceError):
    """A capture cannot be opened, or is no capture."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class UsageError(PmiptraceError):
    """An argument or a setting that makes no sense, with a suggestion where there is one."""


class EncodeError(PmiptraceError, ValueError):
    """A value that its field cannot carry."""


class StandingError(UsageError):
    """Files stand where others were to be written, and nobody agreed to replace them.

    `names` are theirs, one at least.
    """

    def __init__(self, *names: str) -> None:
        super().__init__(f"{', '.join(names)}: there already")
        self.names = names
