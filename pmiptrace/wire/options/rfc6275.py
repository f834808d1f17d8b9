"""Options of RFC 6275 (Mobile IPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.layout import Bits, Octets, Rest
from pmiptrace.wire.option import at_least, exactly, mobility_option


@mobility_option(0, "Pad1", "RFC 6275 section 6.2.2", length=exactly(0))
class Pad1(Option, frozen=True, kw_only=True):
    """One octet of padding; it alone has no Length.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+
        |   Type = 0    |
        +-+-+-+-+-+-+-+-+
    """


@mobility_option(1, "PadN", "RFC 6275 section 6.2.3", length=at_least(0))
class PadN(Option, frozen=True, kw_only=True):
    """Two or more octets of padding.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+- - - - - - - - -
        |   Type = 1    | Option Length | Option Data
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+- - - - - - - - -
    """

    data: Annotated[bytes, Rest("Padding")] = b""


@mobility_option(
    2,
    "Binding Refresh Advice",
    "RFC 6275 section 6.2.4",
    length=exactly(2),
    alignment=(2, 0),
    messages=("BA", "PBA"),
)
class BindingRefreshAdvice(Option, frozen=True, kw_only=True):
    """How soon the home agent advises to refresh the binding.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |   Type = 2    |   Length = 2  |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |       Refresh Interval        |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    refresh_interval: Annotated[int, Bits(16, "Refresh Interval", unit="4 s")]


@mobility_option(
    3,
    "Alternate Care-of Address",
    "RFC 6275 section 6.2.5",
    length=exactly(16),
    alignment=(8, 6),
    messages=("BU", "PBU", "BRI", "BRA"),
)
class AlternateCareOfAddress(Option, frozen=True, kw_only=True):
    """The care-of address, where it is not the source address of the packet.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |   Type = 3    |  Length = 16  |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                Alternate Care-of Address (128)                |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    care_of_address: Annotated[bytes, Octets(16, "Alternate Care-of Address")]


@mobility_option(
    4,
    "Nonce Indices",
    "RFC 6275 section 6.2.6",
    length=exactly(4),
    alignment=(2, 0),
    messages=("BU",),
)
class NonceIndices(Option, frozen=True, kw_only=True):
    """Which nonces the keygen tokens were made from.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |   Type = 4    |   Length = 4  |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |         Home Nonce Index      |     Care-of Nonce Index       |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    home_nonce_index: Annotated[int, Bits(16, "Home Nonce Index")]
    care_of_nonce_index: Annotated[int, Bits(16, "Care-of Nonce Index")]


@mobility_option(
    5,
    "Binding Authorization Data",
    "RFC 6275 section 6.2.7",
    length=at_least(0),
    alignment=(8, 2),
    messages=("BU", "BA"),
)
class BindingAuthorizationData(Option, frozen=True, kw_only=True):
    """Proof that the sender went through the return routability procedure; always the last option.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |   Type = 5    | Option Length |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                         Authenticator                         |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    The alignment follows from the usual 12 octets at the end of the message.
    """

    authenticator: Annotated[bytes, Rest("Authenticator")] = b""
