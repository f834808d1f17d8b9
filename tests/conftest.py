"""What holds for all tests: no terminal's width or colours, hypothesis without a measure of time.

PMIPTRACE_EXAMPLES is how many inputs hypothesis tries where a test does not say so itself; in CI it
tries the same ones always.
"""

import os
from functools import partial

import pytest
from hypothesis import HealthCheck, settings

# Who starts the tests may have set these. So does readline, which pytest imports, behind Python's
# back: where tests run in several processes, they inherit it.
for name in ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR"):
    os.environ.pop(name, None)
    os.unsetenv(name)

settings.register_profile(
    "pmiptrace",
    deadline=None,
    max_examples=int(os.environ.get("PMIPTRACE_EXAMPLES", "100")),
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("pmiptrace")


@pytest.fixture
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have captures of any size scanned ahead."""
    from pmiptrace import reading
    from pmiptrace.capture import workers

    monkeypatch.setattr(reading, "WORTH_WORKERS", 0)
    monkeypatch.setattr(workers, "HEAD_START", 0)
    monkeypatch.setattr(workers, "Workers", partial(workers.Workers, segment=50_000))
