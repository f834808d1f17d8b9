"""What 3GPP puts into the Vendor Specific option of RFC 5094 (3GPP TS 29.282, TS 29.275).

Behind the Sub-Type stands an octet with the M flag; then comes what the sub-type is for. Only such
sub-types are declared field by field whose content is a plain number or address.
"""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.codes import PDN_TYPE, SELECTION_MODE
from pmiptrace.wire.layout import Bits, Flag, Reserved, Rest
from pmiptrace.wire.option import OptionRegistry, at_least

THREE_GPP = OptionRegistry("3GPP sub-type")
"""The 3GPP specific information elements whose content is read (TS 29.275 section 12.1.1)."""

three_gpp = THREE_GPP.declare


class ThreeGppInformation(Option, frozen=True, kw_only=True):
    """Information of 3GPP: flags, and what the sub-type is for.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |   Sub-Type    |   Reserved  |M|  Information ...
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Annotated[int, Reserved(7)] = 0
    more: Annotated[bool, Flag("M", "More follows in the next option")] = False


@three_gpp(2, "3GPP Specific PMIPv6 Error Code", "TS 29.275 section 12.1.1.1", length=at_least(2))
class ThreeGppErrorCode(ThreeGppInformation, frozen=True, kw_only=True):
    """Why a binding was revoked or a request refused, in codes of 3GPP's own."""

    error_code: Annotated[int, Bits(8, "Error Code")]


@three_gpp(3, "3GPP PDN GW IP Address", "TS 29.275 section 12.1.1.4", length=at_least(5))
class ThreeGppPdnGwAddress(ThreeGppInformation, frozen=True, kw_only=True):
    """The address of the PDN gateway, IPv4 or IPv6 by its length."""

    address: Annotated[bytes, Rest("PDN GW IP address", "address")]


@three_gpp(6, "3GPP PDN Type Indication", "TS 29.275 section 12.1.1.3", length=at_least(2))
class ThreeGppPdnType(ThreeGppInformation, frozen=True, kw_only=True):
    """Which versions of IP the connection has."""

    pdn_type: Annotated[int, Bits(8, "PDN Type", PDN_TYPE)]


@three_gpp(7, "3GPP Charging ID", "TS 29.275 section 12.1.1.6", length=at_least(5))
class ThreeGppChargingId(ThreeGppInformation, frozen=True, kw_only=True):
    """The identifier that charging records of the connection share."""

    charging_id: Annotated[int, Bits(32, "Charging ID")]


@three_gpp(8, "3GPP Selection Mode", "TS 29.275 section 12.1.1.7", length=at_least(2))
class ThreeGppSelectionMode(ThreeGppInformation, frozen=True, kw_only=True):
    """Where the Access Point Name comes from."""

    spare: Annotated[int, Reserved(6)] = 0
    selection_mode: Annotated[int, Bits(2, "Selection Mode", SELECTION_MODE)]


@three_gpp(10, "3GPP Charging Characteristics", "TS 29.275 section 12.1.1.8", length=at_least(3))
class ThreeGppChargingCharacteristics(ThreeGppInformation, frozen=True, kw_only=True):
    """How the connection is charged."""

    charging_characteristics: Annotated[int, Bits(16, "Charging Characteristics")]


@three_gpp(14, "3GPP APN Restriction", "TS 29.275 section 12.1.1.12", length=at_least(2))
class ThreeGppApnRestriction(ThreeGppInformation, frozen=True, kw_only=True):
    """Which other Access Point Names the connection may be combined with."""

    restriction: Annotated[int, Bits(8, "APN Restriction")]


@three_gpp(15, "3GPP Maximum APN Restriction", "TS 29.275 section 12.1.1.13", length=at_least(2))
class ThreeGppMaximumApnRestriction(ThreeGppInformation, frozen=True, kw_only=True):
    """The strictest restriction of the connections that are there."""

    restriction: Annotated[int, Bits(8, "Maximum APN Restriction")]
