"""The option of RFC 5094 (Mobile IPv6 Vendor Specific Option)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pmiptrace.model import Option
from pmiptrace.wire.codes import VENDOR, VENDOR_3GPP, VENDOR_3GPP_SUBTYPE
from pmiptrace.wire.layout import Bits, Rest
from pmiptrace.wire.option import OptionRegistry, at_least, mobility_option
from pmiptrace.wire.options.ts29275 import THREE_GPP


@mobility_option(19, "Vendor Specific", "RFC 5094 section 3", length=at_least(5), alignment=(4, 2))
class VendorSpecific(Option, frozen=True, kw_only=True):
    """What a vendor or another standards body defines; it may stand in any message.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |      Type     |     Length    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                         Vendor ID                             |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |   Sub-Type    |             Data.......
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    content_registry: ClassVar[OptionRegistry] = THREE_GPP

    vendor_id: Annotated[int, Bits(32, "Vendor ID", VENDOR)]
    subtype: Annotated[int, Bits(8, "Sub-Type")]
    data: Annotated[bytes, Rest("Data")] = b""

    @property
    def subtype_name(self) -> str | None:
        """Name of what a 3GPP option carries (3GPP TS 29.282); None for other vendors."""
        return VENDOR_3GPP_SUBTYPE.get(self.subtype) if self.vendor_id == VENDOR_3GPP else None

    @property
    def data_content(self) -> Option | None:
        """What the data of a 3GPP option says, if that is declared."""
        if self.vendor_id != VENDOR_3GPP or self.subtype not in THREE_GPP.types:
            return None
        return THREE_GPP.decode_content(self.subtype, self.data)
