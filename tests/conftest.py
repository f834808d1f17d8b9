"""What holds for all tests: hypothesis measures no time, and in CI tries the same inputs always.

PMIPTRACE_EXAMPLES is how many inputs it tries where a test does not say so itself.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "pmiptrace",
    deadline=None,
    max_examples=int(os.environ.get("PMIPTRACE_EXAMPLES", "100")),
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("pmiptrace")
