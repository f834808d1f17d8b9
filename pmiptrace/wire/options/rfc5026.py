"""The option of RFC 5026 (Mobile IPv6 Bootstrapping in Split Scenario)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.codes import DNS_UPDATE_STATUS
from pmiptrace.wire.layout import Bits, Flag, Reserved, Rest
from pmiptrace.wire.option import at_least, mobility_option


@mobility_option(
    17, "DNS Update", "RFC 5026 section 8.1", length=at_least(2), messages=("BU", "BA")
)
class DnsUpdate(Option, frozen=True, kw_only=True):
    """A request that the home agent enter the mobile node into the DNS, and what became of it.

    .. code-block:: text

                                       +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                       |  Option Type  | Option Length |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |   Status      |R|  Reserved   |     MN identity (FQDN) ...
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    status: Annotated[int, Bits(8, "Status", DNS_UPDATE_STATUS)] = 0
    remove: Annotated[bool, Flag("R", "Remove the DNS entry")] = False
    reserved: Annotated[int, Reserved(7)] = 0
    fqdn: Annotated[bytes, Rest("MN identity (FQDN)", "text")] = b""
