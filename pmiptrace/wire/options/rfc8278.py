"""Options of RFC 8278 (MAG Multipath Binding)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Identifier, Option
from pmiptrace.wire.codes import ACCESS_TECHNOLOGY, MN_IDENTIFIER_SUBTYPE
from pmiptrace.wire.layout import Bits, Flag, Reserved, Reserved8, Rest
from pmiptrace.wire.option import at_least, exactly, mobility_option


@mobility_option(
    63,
    "MAG Multipath Binding",
    "RFC 8278 section 4.1",
    length=exactly(6),
    messages=("PBU", "PBA"),
)
class MagMultipathBinding(Option, frozen=True, kw_only=True):
    """One of the paths over which a MAG can be reached, requested or granted.

    .. code-block:: text

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      Type     |   Length      |    If-ATT     |    If-Label   |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |  Binding ID   |B|O|             Reserved                      |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    It has no alignment requirement. The RFC does not give the Length; the figure makes it 6.
    """

    if_att: Annotated[int, Bits(8, "If-ATT", ACCESS_TECHNOLOGY)]
    if_label: Annotated[int, Bits(8, "If-Label")]
    bid: Annotated[int, Bits(8, "Binding ID")]
    bulk: Annotated[bool, Flag("B", "Bulk Re-registration")] = False
    overwrite: Annotated[bool, Flag("O", "Registration Overwrite")] = False
    reserved: Annotated[int, Reserved(22)] = 0


@mobility_option(
    64,
    "MAG Identifier",
    "RFC 8278 section 4.2",
    length=at_least(2),
    messages=("PBU",),
)
class MagIdentifier(Option, frozen=True, kw_only=True):
    """The MAG's identity, the same over all its care-of addresses.

    .. code-block:: text

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      Type     |   Length      |  Subtype      |  Reserved     |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                           Identifier ...                      ~
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Section 4.2 defines it for PBU and PBA; section 4.4 keeps it out of the PBA.
    """

    subtype: Annotated[int, Bits(8, "Subtype", MN_IDENTIFIER_SUBTYPE)]
    reserved: Reserved8 = 0
    identifier: Annotated[bytes, Rest("Identifier", "identifier")] = b""

    @property
    def identity(self) -> Identifier:
        """The identifier with its subtype, as a value to compare and to print."""
        return Identifier(self.subtype, self.identifier)
