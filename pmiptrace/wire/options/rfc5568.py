"""Options of RFC 5568 (Mobile IPv6 Fast Handovers)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.codes import FMIPV6_ADDRESS_CODE, FMIPV6_LINK_LAYER_CODE
from pmiptrace.wire.layout import Bits, Octets, Rest
from pmiptrace.wire.option import at_least, exactly, mobility_option


@mobility_option(
    7,
    "Mobility Header Link-Layer Address",
    "RFC 5568 section 6.4.4",
    length=at_least(1),
    messages=("FBU", "HI"),
)
class MobilityHeaderLinkLayerAddress(Option, frozen=True, kw_only=True):
    """The link-layer address of the mobile node that changes its access router.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |      Type     |     Length    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | Option-Code   |                  LLA                     ....
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    option_code: Annotated[int, Bits(8, "Option-Code", FMIPV6_LINK_LAYER_CODE)] = 2
    link_layer_address: Annotated[bytes, Rest("LLA")] = b""


@mobility_option(
    21,
    "Binding Authorization Data for FMIPv6",
    "RFC 5568 section 6.4.5",
    length=at_least(4),
    messages=("FBU", "FBack"),
    length_verified=False,
)
class FastBindingAuthorizationData(Option, frozen=True, kw_only=True):
    """Proof of the sender of a Fast Binding Update or its answer.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |     Type      | Option Length |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                            SPI                                |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                         Authenticator                         |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    The RFC says that Option Length counts the authenticator alone, which leaves the SPI out.
    As a receiver must be able to skip the option (RFC 6275 section 6.2.1), both are counted here.
    """

    spi: Annotated[int, Bits(32, "SPI")]
    authenticator: Annotated[bytes, Rest("Authenticator")] = b""


@mobility_option(
    34,
    "Mobility Header IPv6 Address/Prefix",
    "RFC 5568 section 6.4.2",
    length=exactly(18),
    alignment=(8, 4),
    messages=("HI", "HAck"),
)
class MobilityHeaderIpv6AddressPrefix(Option, frozen=True, kw_only=True):
    """An address or prefix that the handover is about.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |     Type      |   Length      | Option-Code   | Prefix Length |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                   IPv6 Address/Prefix (128)                   |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    option_code: Annotated[int, Bits(8, "Option-Code", FMIPV6_ADDRESS_CODE)]
    prefix_length: Annotated[int, Bits(8, "Prefix Length")]
    address: Annotated[bytes, Octets(16, "IPv6 Address/Prefix")]
