"""The option of RFC 6909 (IPv4 Traffic Offload Selector for Proxy Mobile IPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.layout import Flag, Reserved, SubOptions
from pmiptrace.wire.option import at_least, mobility_option
from pmiptrace.wire.options.rfc6089 import FLOW_SUB_OPTIONS


@mobility_option(
    53,
    "IPv4 Traffic Offload Selector",
    "RFC 6909 section 3.1",
    length=at_least(4),
    alignment=(4, 0),
    messages=("PBU", "PBA"),
)
class Ipv4TrafficOffloadSelector(Option, frozen=True, kw_only=True):
    """Which IPv4 traffic leaves the MAG directly and not through the tunnel.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |      Type     |     Length    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |M|                         Reserved                            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                  Traffic Selector Sub-option   ...
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    With M the traffic that does not match the selectors is offloaded.
    """

    mode: Annotated[bool, Flag("M", "Offload Mode")] = False
    reserved: Annotated[int, Reserved(31)] = 0
    sub_options: Annotated[
        tuple[Option, ...], SubOptions("Traffic Selector Sub-option", FLOW_SUB_OPTIONS)
    ] = ()
