"""For tests of one's own: traces written as call flows, and captures held against the RFCs.

`Trace` stands for a domain, and every call sends a message (`pmiptrace.testing.trace`)::

    trace = Trace()
    path = trace.mag("mag1@example.com").path("2001:db8:a::1", bid=1, if_att=8, if_label=11)
    trace.register(path)

`assert_compliant` fails a test with what breaks which sentence of which RFC::

    assert_compliant(trace)
    assert_compliant("captures/handover.pcap", ignore=["RFC5213-8.1"])
"""

from pmiptrace.testing.compliance import assert_compliant
from pmiptrace.testing.trace import (
    START,
    Mag,
    Path,
    Sent,
    Trace,
    edited,
    home_network_prefix,
    ipv4_home_address_reply,
    ipv4_home_address_request,
    ipv4_prefix,
    mag_identifier,
    mn_identifier,
    nai,
)

__all__ = [
    "START",
    "Mag",
    "Path",
    "Sent",
    "Trace",
    "assert_compliant",
    "edited",
    "home_network_prefix",
    "ipv4_home_address_reply",
    "ipv4_home_address_request",
    "ipv4_prefix",
    "mag_identifier",
    "mn_identifier",
    "nai",
]
