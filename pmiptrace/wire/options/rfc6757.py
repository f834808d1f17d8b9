"""The Access Network Identifier option of RFC 6757, with the sub-options of RFC 7563."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.codes import OPERATOR_IDENTIFIER_TYPE
from pmiptrace.wire.layout import Bits, Flag, Reserved, Reserved8, Rest, SubOptions
from pmiptrace.wire.option import OptionRegistry, at_least, exactly, mobility_option

ANI_SUB_OPTIONS = OptionRegistry("ANI sub-option")
"""The Access Network Information Sub-options registry of IANA."""

ani_sub_option = ANI_SUB_OPTIONS.declare


@ani_sub_option(1, "Network-Identifier", "RFC 6757 section 3.1.1", length=at_least(2))
class NetworkIdentifier(Option, frozen=True, kw_only=True):
    """The access network, such as an SSID or PLMN, and the access point.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | ANI Type=1    |  ANI Length   |E|   Reserved  | Net-Name Len  |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                     Network Name (e.g., SSID or PLMNID)       ~
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | AP-Name Len   |        Access-Point Name                      ~
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    utf8: Annotated[bool, Flag("E", "Network Name is UTF-8")] = False
    reserved: Annotated[int, Reserved(7)] = 0
    network_name_length: Annotated[int, Bits(8, "Net-Name Len")]
    names: Annotated[bytes, Rest("Network Name, AP-Name Len, Access-Point Name", "text")] = b""

    @property
    def network_name(self) -> bytes:
        """The Network Name, as far as its octets are there."""
        return self.names[: self.network_name_length]

    @property
    def access_point_name(self) -> bytes:
        """The Access-Point Name, as far as its octets are there."""
        behind = self.names[self.network_name_length :]
        return behind[1 : 1 + behind[0]] if behind else b""


@ani_sub_option(2, "Geo-Location", "RFC 6757 section 3.1.2", length=exactly(6))
class GeoLocation(Option, frozen=True, kw_only=True):
    """Where the mobile node is (WGS 84).

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |  ANI Type=2   | ANI Length=6  |       Latitude Degrees
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                        |              Longitude Degrees                |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Two's complement fixed point numbers with 9 whole bits, so 15 bits behind the point.
    """

    latitude: Annotated[int, Bits(24, "Latitude Degrees", unit="1/32768 degree", signed=True)]
    longitude: Annotated[int, Bits(24, "Longitude Degrees", unit="1/32768 degree", signed=True)]


@ani_sub_option(3, "Operator-Identifier", "RFC 6757 section 3.1.3", length=at_least(1))
class OperatorIdentifier(Option, frozen=True, kw_only=True):
    """The operator of the access network: its enterprise number, or its realm.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | ANI Type=3    |    ANI Length   |   Op-ID Type  |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                            Operator-Identifier                         ~
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    identifier_type: Annotated[int, Bits(8, "Op-ID Type", OPERATOR_IDENTIFIER_TYPE)]
    identifier: Annotated[bytes, Rest("Operator-Identifier")] = b""


@ani_sub_option(4, "Civic-Location", "RFC 7563 section 3.1", length=at_least(2))
class CivicLocation(Option, frozen=True, kw_only=True):
    """The postal address of the mobile node, in the binary form of RFC 4776.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |ANI Type=4     |  ANI Length   |   Format      | Reserved      |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |            civic location                                     ~
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    location_format: Annotated[int, Bits(8, "Format", {0: "Binary Encoding"})] = 0
    reserved: Reserved8 = 0
    civic_location: Annotated[bytes, Rest("civic location")] = b""


@ani_sub_option(5, "MAG-Group-Identifier", "RFC 7563 section 3.2", length=exactly(2))
class MagGroupIdentifier(Option, frozen=True, kw_only=True):
    """The group of MAGs that the sender is in.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |ANI Type=5     |  ANI Length   |  group identifier             |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    The RFC's text speaks of 3 octets; its figure and its length say 2.
    """

    group_identifier: Annotated[int, Bits(16, "group identifier")]


@ani_sub_option(6, "ANI Update-Timer", "RFC 7563 section 3.3", length=exactly(2))
class AniUpdateTimer(Option, frozen=True, kw_only=True):
    """How long the MAG may hold back news of the access network.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |ANI Type=6     |  ANI Length   |       Update-Timer            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    update_timer: Annotated[int, Bits(16, "Update-Timer", unit="4 s")]


@mobility_option(
    52,
    "Access Network Identifier",
    "RFC 6757 section 3",
    length=at_least(2),
    alignment=(4, 0),
    messages=("PBU", "PBA", "UPN", "UPA"),
)
class AccessNetworkIdentifier(Option, frozen=True, kw_only=True):
    """What the MAG knows of the access network and the place of the mobile node.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      Type     |   Length      |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                       ...      ANI Sub-option(s) ...                   ~
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    sub_options: Annotated[
        tuple[Option, ...], SubOptions("ANI Sub-option(s)", ANI_SUB_OPTIONS)
    ] = ()
