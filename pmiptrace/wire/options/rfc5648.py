"""The option of RFC 5648 (Multiple Care-of Addresses Registration), as RFC 6089 extends it."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.codes import BINDING_STATUS
from pmiptrace.wire.layout import Bits, Flag, Rest
from pmiptrace.wire.option import exactly, mobility_option


@mobility_option(
    35,
    "Binding Identifier",
    "RFC 5648 section 4.3",
    length=exactly(4, 8, 20),
    alignment=(2, 0),
    messages=("BU", "BA", "BRR", "CoTI", "CoT", "BRI", "BRA", "PBU", "PBA"),
)
class BindingIdentifier(Option, frozen=True, kw_only=True):
    """One of several bindings of a mobile node; its BID is not that of RFC 8278.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |   Type = 35   |     Length    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |       Binding ID (BID)        |     Status    |H|   BID-PRI   |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-------------------------------+
        :                 IPv4 or IPv6 Care-of Address (CoA)            :
        +---------------------------------------------------------------+

    BID-PRI is reserved in RFC 5648; RFC 6089 section 4.1 defines it. With a care-of address the
    alignment is 8n+2, which is also 2n.
    """

    bid: Annotated[int, Bits(16, "Binding ID")]
    status: Annotated[int, Bits(8, "Status", BINDING_STATUS)] = 0
    simultaneous: Annotated[bool, Flag("H", "Simultaneous Home and Foreign Binding")] = False
    priority: Annotated[int, Bits(7, "BID-PRI")] = 0
    care_of_address: Annotated[bytes, Rest("Care-of Address", "address")] = b""
    """4 or 16 octets, or none."""
