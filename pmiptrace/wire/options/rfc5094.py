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

    content_registries: ClassVar[dict[int, OptionRegistry]] = {VENDOR_3GPP: THREE_GPP}
    """What the sub-types of a vendor hold, by its Vendor ID."""

    vendor_id: Annotated[int, Bits(32, "Vendor ID", VENDOR)]
    subtype: Annotated[int, Bits(8, "Sub-Type")]
    data: Annotated[bytes, Rest("Data")] = b""

    @property
    def content_registry(self) -> OptionRegistry | None:
        """What the sub-types of its vendor hold, if any is declared."""
        return self.content_registries.get(self.vendor_id)

    @property
    def subtype_name(self) -> str | None:
        """Name of what it carries; of 3GPP also where that is not declared (3GPP TS 29.282)."""
        if self.vendor_id == VENDOR_3GPP:
            return VENDOR_3GPP_SUBTYPE.get(self.subtype)
        registry = self.content_registry
        declared = registry and registry.types.get(self.subtype)
        return declared.name if declared else None

    @property
    def data_content(self) -> Option | None:
        """What its data says, if that is declared."""
        registry = self.content_registry
        if registry is None or self.subtype not in registry.types:
            return None
        return registry.decode_content(self.subtype, self.data)


class VendorRegistry(OptionRegistry):
    """The sub-types that a vendor defines for itself, for those who declare them.

    Of each the content behind the Sub-Type is declared, as if that was the option's Type.
    """

    def __init__(self, vendor_id: int, vendor: str) -> None:
        super().__init__(f"{vendor} sub-type")
        self.vendor_id = vendor_id
        """SMI network management private enterprise code (IANA)."""
        self.vendor = vendor
