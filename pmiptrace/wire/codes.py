"""Registered values of the Mobility Header's code points (IANA, Mobile IPv6 parameters).

Fields hold plain numbers, so that no value is unreadable; a table here gives a value its
registered name. Values that code decides on have a constant.
"""

from __future__ import annotations

from enum import IntEnum


class HandoffIndicatorValue(IntEnum):
    """Handoff Indicator values (RFC 5213 section 8.4, RFC 7864 section 3.2.1)."""

    RESERVED = 0
    NEW_INTERFACE = 1
    BETWEEN_INTERFACES = 2
    BETWEEN_MAGS = 3
    UNKNOWN = 4
    NOT_CHANGED = 5
    NEW_INTERFACE_SHARING_PREFIXES = 6


HANDOFF_INDICATOR = {
    0: "Reserved",
    1: "Attachment over a new interface",
    2: "Handoff between two different interfaces of the mobile node",
    3: "Handoff between mobile access gateways for the same interface",
    4: "Handoff state unknown",
    5: "Handoff state not changed (Re-registration)",
    6: "Attachment over a new interface sharing prefixes",
}

ACCESS_TECHNOLOGY = {
    0: "Reserved",
    1: "Virtual",
    2: "PPP",
    3: "IEEE 802.3",
    4: "IEEE 802.11a/b/g",
    5: "IEEE 802.16e",
    6: "3GPP GERAN",
    7: "3GPP UTRAN",
    8: "3GPP E-UTRAN",
    9: "3GPP2 eHRPD",
    10: "3GPP2 HRPD",
    11: "3GPP2 1xRTT",
    12: "3GPP2 UMB",
    13: "3GPP NB-IOT",
}
"""Access Technology Type values (RFC 5213 section 8.5); also those of If-ATT (RFC 8278)."""

ACCESS_TECHNOLOGY_SHORT = {
    1: "Virtual",
    2: "PPP",
    3: "Ethernet",
    4: "WLAN",
    5: "WiMAX",
    6: "GERAN",
    7: "UTRAN",
    8: "LTE",
    9: "eHRPD",
    10: "HRPD",
    11: "1xRTT",
    12: "UMB",
    13: "NB-IoT",
}
"""What engineers call them, for the narrow columns of a table."""

MN_IDENTIFIER_SUBTYPE = {
    1: "NAI",
    2: "IPv6 address",
    3: "IMSI",
    4: "P-TMSI",
    5: "EUI-48 address",
    6: "EUI-64 address",
    7: "GUTI",
    8: "DUID",
}
"""Mobile Node Identifier Option Subtypes (RFC 4283, RFC 8371); RFC 8278 uses them for the MAG."""

BINDING_STATUS = {
    0: "Binding Update accepted",
    135: "Sequence number out of window",
    180: "CANNOT_SUPPORT_MULTIPATH_BINDING",
}
