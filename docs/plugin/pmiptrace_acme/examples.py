"""Traces that break ACME's rules, and traces close to them that do not."""

from __future__ import annotations

from pmiptrace.rules.examples.example import Example
from pmiptrace.rules.examples.stage import Play
from pmiptrace.wire.options.rfc5094 import VendorSpecific
from pmiptrace_acme.options import ACME


def loaded(load: int) -> Play:
    """Send a PBU that says how busy its path is."""
    option = VendorSpecific(vendor_id=ACME.vendor_id, subtype=1, data=bytes((load, 0x40)))
    return lambda s: s.pbu(s.lte, also=[option])


LOAD_RANGE = Example(fires=[loaded(101), loaded(250)], silent=[loaded(0), loaded(100)])
