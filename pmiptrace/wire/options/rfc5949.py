"""Options of RFC 5949 (Fast Handovers for Proxy Mobile IPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.codes import LMA_ADDRESS_CODE
from pmiptrace.wire.layout import Bits, Octets, Reserved8, Reserved16, Rest
from pmiptrace.wire.option import at_least, exactly, mobility_option


@mobility_option(
    40, "Context Request", "RFC 5949 section 6.2.1", length=at_least(2), messages=("HI",)
)
class ContextRequest(Option, frozen=True, kw_only=True):
    """Which options about the mobile node the other MAG shall send.

    .. code-block:: text

        +---------------+---------------+---------------+---------------+
        |  Option-Type  | Option-Length |           Reserved            |
        +---------------+---------------+-------------------------------+
        |  Req-type-1   | Req-length-1  |  Req-type-2   | Req-length-2  |
        +---------------------------------------------------------------+
        |  Req-type-3   | Req-length-3  |          Req-option-3         |
        +---------------------------------------------------------------+
        |                              ...                              |
    """

    reserved: Reserved16 = 0
    requests: Annotated[bytes, Rest("Requests")] = b""
    """Type, length and, where the type does not say enough, data of each option asked for."""


@mobility_option(
    41,
    "Local Mobility Anchor Address",
    "RFC 5949 section 6.2.2",
    length=exactly(6, 18),
    messages=("HI", "HAck"),
)
class LmaAddress(Option, frozen=True, kw_only=True):
    """The LMA of the mobile node.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |  Option-Type  | Option-Length |  Option-Code  |   Reserved    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              Local Mobility Anchor Address ...                |
    """

    option_code: Annotated[int, Bits(8, "Option-Code", LMA_ADDRESS_CODE)]
    reserved: Reserved8 = 0
    address: Annotated[bytes, Rest("Local Mobility Anchor Address", "address")]
    """4 or 16 octets."""


@mobility_option(
    42,
    "Mobile Node Link-local Address Interface Identifier",
    "RFC 5949 section 6.2.3",
    length=exactly(10),
    messages=("HI", "HAck"),
)
class MnLlaInterfaceIdentifier(Option, frozen=True, kw_only=True):
    """The interface identifier of the mobile node's link-local address.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | Option-Type   | Option-Length |            Reserved           |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                  Interface Identifier (64)                    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved16 = 0
    interface_identifier: Annotated[bytes, Octets(8, "Interface Identifier", "hex")]
