"""The command line, called in the process of the tests as a user would call it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from pmiptrace.cli.app import app


class Result(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Result]
"""What the fixture `run` is: it takes the arguments, and gives what came of them."""


def exit_code(*arguments: object) -> int:
    """Run ``pmiptrace`` with these arguments to its end."""
    with pytest.raises(SystemExit) as end:
        app([str(argument) for argument in arguments], prog_name="pmiptrace")
    assert isinstance(end.value.code, int)
    return end.value.code
