"""What the tests of the command line share."""

from __future__ import annotations

import pytest
from command_line import Result, Run, exit_code


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run ``pmiptrace`` in this process."""
    return lambda *arguments: Result(exit_code(*arguments), *capfd.readouterr())
