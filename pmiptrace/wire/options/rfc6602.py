"""The option of RFC 6602 (Bulk Binding Update Support for Proxy Mobile IPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.codes import MN_GROUP_SUBTYPE
from pmiptrace.wire.layout import Bits, Reserved8
from pmiptrace.wire.option import exactly, mobility_option

BULK_BINDING_UPDATE_GROUP = 1
"""Sub-type of a group whose sessions are renewed or revoked together, the only one there is."""
ALL_SESSIONS = 1
"""Identifier of the group of all sessions between a MAG and an LMA that are in a group."""


@mobility_option(
    50,
    "Mobile Node Group Identifier",
    "RFC 6602 section 4.3",
    length=exactly(6),
    messages=("PBU", "PBA", "BRI", "BRA", "UPN", "UPA"),
)
class MnGroupIdentifier(Option, frozen=True, kw_only=True):
    """The group of mobility sessions that one message is for.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      Type     |   Length      |   Sub-type    |   Reserved    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                  Mobile Node Group Identifier                 |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Identifier 1 is the group of all sessions between the two peers; 0 should not be used.
    """

    subtype: Annotated[int, Bits(8, "Sub-type", MN_GROUP_SUBTYPE)] = 1
    reserved: Reserved8 = 0
    group_identifier: Annotated[int, Bits(32, "Mobile Node Group Identifier")]
