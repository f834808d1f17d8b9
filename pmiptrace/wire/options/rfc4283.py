"""The Mobile Node Identifier option (RFC 4283), with the subtypes of RFC 8371."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Identifier, Option
from pmiptrace.wire.codes import MN_IDENTIFIER_SUBTYPE
from pmiptrace.wire.layout import Bits, Rest
from pmiptrace.wire.option import at_least, mobility_option


@mobility_option(
    8,
    "Mobile Node Identifier",
    "RFC 4283 section 3",
    length=at_least(1),
    messages=(
        *("BU", "BA", "PBU", "PBA", "BRI", "BRA", "UPN", "UPA"),
        *("HI", "HAck", "LRI", "LRA", "SQ", "SR"),
    ),
)
class MnIdentifier(Option, frozen=True, kw_only=True):
    """Who the mobile node is.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                        |  Option Type  | Option Length |  Subtype      |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                           Identifier ...                      ~
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    The identifier may be empty in a PBA that answers a PBU without one (RFC 5213 section 5.3.6).
    """

    subtype: Annotated[int, Bits(8, "Subtype", MN_IDENTIFIER_SUBTYPE)]
    identifier: Annotated[bytes, Rest("Identifier", "identifier")] = b""

    @property
    def identity(self) -> Identifier:
        """The identifier with its subtype, as a value to compare and to print."""
        return Identifier(self.subtype, self.identifier)
