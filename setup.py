"""Build of the compiled scan; all else stands in pyproject.toml.

The scan is optional: where it cannot be compiled, the installation goes on without it, and the scan
in Python takes its place.
"""

import sysconfig

from setuptools import Extension, setup

# One build for all versions of Python from 3.11 on. Those without a GIL have no such interface yet.
STABLE = not sysconfig.get_config_var("Py_GIL_DISABLED")

scan = Extension(
    "pmiptrace.capture._scan",
    sources=["pmiptrace/capture/_scan.c"],
    define_macros=[("Py_LIMITED_API", "0x030b0000")],
    py_limited_api=True,
    optional=True,
)
setup(
    ext_modules=[scan] if STABLE else [],
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if STABLE else {},
)
