"""What holds for all tests: hypothesis measures no time, and in CI tries the same inputs always."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "pmiptrace",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("pmiptrace")
