"""Messages of RFC 6275 (Mobile IPv6), with the flags that later RFCs added to BU and BA."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.address import ALL_ZERO
from pmiptrace.model import Body
from pmiptrace.wire.body import mobility_message
from pmiptrace.wire.codes import BINDING_ERROR_STATUS, BINDING_STATUS
from pmiptrace.wire.layout import Bits, Flag, Octets, Reserved, Reserved8, Reserved16


@mobility_message(0, "Binding Refresh Request", "BRR", "RFC 6275 section 6.1.2")
class BindingRefreshRequest(Body, frozen=True, kw_only=True):
    """A correspondent node asks for an update of its binding.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |          Reserved             |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved16 = 0


@mobility_message(1, "Home Test Init", "HoTI", "RFC 6275 section 6.1.3")
class HomeTestInit(Body, frozen=True, kw_only=True):
    """The return routability test of the home address begins.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |           Reserved            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                    Home Init Cookie (64)                      |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved16 = 0
    home_init_cookie: Annotated[bytes, Octets(8, "Home Init Cookie", "hex")]


@mobility_message(2, "Care-of Test Init", "CoTI", "RFC 6275 section 6.1.4")
class CareOfTestInit(Body, frozen=True, kw_only=True):
    """The return routability test of the care-of address begins.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |           Reserved            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                   Care-of Init Cookie (64)                    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved16 = 0
    care_of_init_cookie: Annotated[bytes, Octets(8, "Care-of Init Cookie", "hex")]


@mobility_message(3, "Home Test", "HoT", "RFC 6275 section 6.1.5")
class HomeTest(Body, frozen=True, kw_only=True):
    """The answer to a Home Test Init, through the home agent.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |       Home Nonce Index        |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                    Home Init Cookie (64)                      |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                    Home Keygen Token (64)                     |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    home_nonce_index: Annotated[int, Bits(16, "Home Nonce Index")]
    home_init_cookie: Annotated[bytes, Octets(8, "Home Init Cookie", "hex")]
    home_keygen_token: Annotated[bytes, Octets(8, "Home Keygen Token", "hex")]


@mobility_message(4, "Care-of Test", "CoT", "RFC 6275 section 6.1.6")
class CareOfTest(Body, frozen=True, kw_only=True):
    """The answer to a Care-of Test Init.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |      Care-of Nonce Index      |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                   Care-of Init Cookie (64)                    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                   Care-of Keygen Token (64)                   |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    care_of_nonce_index: Annotated[int, Bits(16, "Care-of Nonce Index")]
    care_of_init_cookie: Annotated[bytes, Octets(8, "Care-of Init Cookie", "hex")]
    care_of_keygen_token: Annotated[bytes, Octets(8, "Care-of Keygen Token", "hex")]


@mobility_message(5, "Binding Update", "BU", "RFC 6275 section 6.1.7")
class BindingUpdate(Body, frozen=True, kw_only=True):
    r"""Binding Update; with the P flag a Proxy Binding Update (RFC 5213 section 8.1).

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |          Sequence #           |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |A|H|L|K|M|R|P|F|T|B|S|D| Rsvd  |           Lifetime            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    sequence: Annotated[int, Bits(16, "Sequence #")]
    acknowledge: Annotated[bool, Flag("A", "Acknowledge")] = False
    home_registration: Annotated[bool, Flag("H", "Home Registration")] = False
    link_local_compatibility: Annotated[bool, Flag("L", "Link-Local Address Compatibility")] = False
    key_management: Annotated[bool, Flag("K", "Key Management Mobility Capability")] = False
    map_registration: Annotated[bool, Flag("M", "MAP Registration")] = False
    mobile_router: Annotated[bool, Flag("R", "Mobile Router")] = False
    proxy: Annotated[bool, Flag("P", "Proxy Registration")] = False
    force_udp: Annotated[bool, Flag("F", "Force UDP Encapsulation")] = False
    tlv_header: Annotated[bool, Flag("T", "TLV-Header Format")] = False
    bulk_binding_update: Annotated[bool, Flag("B", "Bulk Binding Update")] = False
    multicast: Annotated[bool, Flag("S", "Multicast Subscription")] = False
    dmm: Annotated[bool, Flag("D", "Distributed Mobility Management")] = False
    reserved: Annotated[int, Reserved(4)] = 0
    lifetime: Annotated[int, Bits(16, "Lifetime", unit="4 s")] = 0

    @property
    def lifetime_s(self) -> int:
        """Lifetime in seconds; one unit is 4 s (RFC 6275 section 6.1.7)."""
        return self.lifetime * 4


@mobility_message(6, "Binding Acknowledgement", "BA", "RFC 6275 section 6.1.8")
class BindingAcknowledgement(Body, frozen=True, kw_only=True):
    r"""Binding Acknowledgement; with the P flag a Proxy Binding Acknowledgement (RFC 5213 8.2).

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |   Status      |K|R|P|T|B|S|D|r|
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |           Sequence #          |           Lifetime            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    status: Annotated[int, Bits(8, "Status", BINDING_STATUS)]
    key_management: Annotated[bool, Flag("K", "Key Management Mobility Capability")] = False
    mobile_router: Annotated[bool, Flag("R", "Mobile Router")] = False
    proxy: Annotated[bool, Flag("P", "Proxy Registration")] = False
    tlv_header: Annotated[bool, Flag("T", "TLV-Header Format")] = False
    bulk_binding_update: Annotated[bool, Flag("B", "Bulk Binding Update")] = False
    multicast: Annotated[bool, Flag("S", "Multicast Subscription")] = False
    dmm: Annotated[bool, Flag("D", "Distributed Mobility Management")] = False
    reserved: Annotated[int, Reserved(1)] = 0
    sequence: Annotated[int, Bits(16, "Sequence #")] = 0
    lifetime: Annotated[int, Bits(16, "Lifetime", unit="4 s")] = 0

    @property
    def accepted(self) -> bool:
        """Whether the status is one of acceptance: less than 128 (RFC 6275 section 6.1.8)."""
        return self.status < 128

    @property
    def lifetime_s(self) -> int:
        """Granted lifetime in seconds; one unit is 4 s."""
        return self.lifetime * 4


@mobility_message(7, "Binding Error", "BE", "RFC 6275 section 6.1.9")
class BindingError(Body, frozen=True, kw_only=True):
    """The sender cannot make use of a message or a Home Address option.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |     Status    |   Reserved    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                      Home Address (128)                       |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    status: Annotated[int, Bits(8, "Status", BINDING_ERROR_STATUS)]
    reserved: Reserved8 = 0
    home_address: Annotated[bytes, Octets(16, "Home Address")] = ALL_ZERO
