"""The option of RFC 3963 (Network Mobility Basic Support)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option, Prefix
from pmiptrace.wire.layout import Bits, Octets, Reserved8
from pmiptrace.wire.option import exactly, mobility_option


@mobility_option(
    6,
    "Mobile Network Prefix",
    "RFC 3963 section 4.3",
    length=exactly(18),
    alignment=(8, 4),
    messages=("BU",),
)
class MobileNetworkPrefix(Option, frozen=True, kw_only=True):
    """A prefix of the network behind a mobile router.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      Type     |   Length      |   Reserved    | Prefix Length |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                  Mobile Network Prefix (128)                  |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved8 = 0
    prefix_length: Annotated[int, Bits(8, "Prefix Length")] = 64
    mobile_network_prefix: Annotated[bytes, Octets(16, "Mobile Network Prefix")]

    @property
    def prefix(self) -> Prefix:
        """Prefix and length as one value."""
        return Prefix(self.mobile_network_prefix, self.prefix_length)
