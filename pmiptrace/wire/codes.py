"""Registered values of the Mobility Header's code points (IANA, Mobile IPv6 parameters).

Fields hold plain numbers, so that no value is unreadable; a table here gives a value its
registered name. Values that code decides on have a constant.
"""

from __future__ import annotations

from enum import IntEnum

from pmiptrace.model import direct


@direct
class BindingStatus(IntEnum):
    """Status values of a Binding Acknowledgement that decisions depend on (RFC 6275 6.1.8)."""

    ACCEPTED = 0
    GRE_KEY_OPTION_NOT_REQUIRED = 2
    GRE_TUNNELING_BUT_TLV_HEADER_NOT_SUPPORTED = 3
    REASON_UNSPECIFIED = 128
    INSUFFICIENT_RESOURCES = 130
    SEQUENCE_NUMBER_OUT_OF_WINDOW = 135
    PROXY_REG_NOT_ENABLED = 152
    NOT_LMA_FOR_THIS_MOBILE_NODE = 153
    MAG_NOT_AUTHORIZED_FOR_PROXY_REG = 154
    NOT_AUTHORIZED_FOR_HOME_NETWORK_PREFIX = 155
    TIMESTAMP_MISMATCH = 156
    TIMESTAMP_LOWER_THAN_PREV_ACCEPTED = 157
    MISSING_HOME_NETWORK_PREFIX_OPTION = 158
    BCE_PBU_PREFIX_SET_DO_NOT_MATCH = 159
    MISSING_MN_IDENTIFIER_OPTION = 160
    MISSING_HANDOFF_INDICATOR_OPTION = 161
    MISSING_ACCESS_TECH_TYPE_OPTION = 162
    GRE_KEY_OPTION_REQUIRED = 163
    NOT_AUTHORIZED_FOR_IPV4_MOBILITY_SERVICE = 170
    NOT_AUTHORIZED_FOR_IPV4_HOME_ADDRESS = 171
    NOT_AUTHORIZED_FOR_IPV6_MOBILITY_SERVICE = 172
    MULTIPLE_IPV4_HOME_ADDRESS_ASSIGNMENT_NOT_SUPPORTED = 173
    INVALID_MOBILE_NODE_GROUP_IDENTIFIER = 175
    NOT_AUTHORIZED_FOR_DELEGATED_MNP = 177
    REQUESTED_DMNP_IN_USE = 178
    CANNOT_MEET_QOS_SERVICE_REQUEST = 179
    CANNOT_SUPPORT_MULTIPATH_BINDING = 180


@direct
class RevocationTrigger(IntEnum):
    """Revocation Trigger values (RFC 5846 section 5.1); those above 128 are global."""

    UNSPECIFIED = 0
    ADMINISTRATIVE_REASON = 1
    INTER_MAG_HANDOVER_SAME_ACCESS_TYPE = 2
    INTER_MAG_HANDOVER_DIFFERENT_ACCESS_TYPE = 3
    INTER_MAG_HANDOVER_UNKNOWN = 4
    USER_INITIATED_SESSION_TERMINATION = 5
    ACCESS_NETWORK_SESSION_TERMINATION = 6
    POSSIBLE_OUT_OF_SYNC_BCE_STATE = 7
    PER_PEER_POLICY = 128
    REVOKING_MOBILITY_NODE_LOCAL_POLICY = 129


@direct
class RevocationStatus(IntEnum):
    """Status values of a Binding Revocation Acknowledgement (RFC 5846 section 5.2)."""

    SUCCESS = 0
    PARTIAL_SUCCESS = 1
    BINDING_DOES_NOT_EXIST = 128
    IPV4_HOME_ADDRESS_OPTION_REQUIRED = 129
    GLOBAL_REVOCATION_NOT_AUTHORIZED = 130
    REVOKED_MOBILE_NODES_IDENTITY_REQUIRED = 131
    REVOCATION_FAILED_MN_IS_ATTACHED = 132
    REVOCATION_TRIGGER_NOT_SUPPORTED = 133
    REVOCATION_FUNCTION_NOT_SUPPORTED = 134
    PROXY_BINDING_REVOCATION_NOT_SUPPORTED = 135


@direct
class NotificationReason(IntEnum):
    """Notification Reason values (RFC 7077 section 4.1, RFC 7222 section 4.4, RFC 7864)."""

    RESERVED = 0
    FORCE_REREGISTRATION = 1
    UPDATE_SESSION_PARAMETERS = 2
    VENDOR_SPECIFIC_REASON = 3
    ANI_PARAMS_REQUESTED = 4
    QOS_SERVICE_REQUEST = 5
    PGW_TRIGGERED_PCSCF_RESTORATION_PCO = 6
    PGW_TRIGGERED_PCSCF_RESTORATION_DHCP = 7
    FLOW_MOBILITY = 8


@direct
class QosOperation(IntEnum):
    """Operational Codes of the QoS option (RFC 7222 section 4.1)."""

    RESPONSE = 0
    ALLOCATE = 1
    DE_ALLOCATE = 2
    MODIFY = 3
    QUERY = 4
    NEGOTIATE = 5


@direct
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
    1: "Accepted but prefix discovery necessary",
    2: "GRE_KEY_OPTION_NOT_REQUIRED",
    3: "GRE_TUNNELING_BUT_TLV_HEADER_NOT_SUPPORTED",
    4: "MCOA NOTCOMPLETE",
    5: "MCOA RETURNHOME WO/NDP",
    6: "PBU_ACCEPTED_TB_IGNORED_SETTINGSMISMATCH",
    128: "Reason unspecified",
    129: "Administratively prohibited",
    130: "Insufficient resources",
    131: "Home registration not supported",
    132: "Not home subnet",
    133: "Not home agent for this mobile node",
    134: "Duplicate Address Detection failed",
    135: "Sequence number out of window",
    136: "Expired home nonce index",
    137: "Expired care-of nonce index",
    138: "Expired nonces",
    139: "Registration type change disallowed",
    140: "Mobile Router Operation not permitted",
    141: "Invalid Prefix",
    142: "Not Authorized for Prefix",
    143: "Forwarding Setup failed",
    144: "MIPV6-ID-MISMATCH",
    145: "MIPV6-MESG-ID-REQD",
    146: "MIPV6-AUTH-FAIL",
    147: "Permanent home keygen token unavailable",
    148: "CGA and signature verification failed",
    149: "Permanent home keygen token exists",
    150: "Non-null home nonce index expected",
    151: "SERVICE_AUTHORIZATION_FAILED",
    152: "PROXY_REG_NOT_ENABLED",
    153: "NOT_LMA_FOR_THIS_MOBILE_NODE",
    154: "MAG_NOT_AUTHORIZED_FOR_PROXY_REG",
    155: "NOT_AUTHORIZED_FOR_HOME_NETWORK_PREFIX",
    156: "TIMESTAMP_MISMATCH",
    157: "TIMESTAMP_LOWER_THAN_PREV_ACCEPTED",
    158: "MISSING_HOME_NETWORK_PREFIX_OPTION",
    159: "BCE_PBU_PREFIX_SET_DO_NOT_MATCH",
    160: "MISSING_MN_IDENTIFIER_OPTION",
    161: "MISSING_HANDOFF_INDICATOR_OPTION",
    162: "MISSING_ACCESS_TECH_TYPE_OPTION",
    163: "GRE_KEY_OPTION_REQUIRED",
    164: "MCOA MALFORMED",
    165: "MCOA NON-MCOA BINDING EXISTS",
    166: "MCOA PROHIBITED",
    167: "MCOA UNKNOWN COA",
    168: "MCOA BULK REGISTRATION PROHIBITED",
    169: "MCOA SIMULTANEOUS HOME AND FOREIGN PROHIBITED",
    170: "NOT_AUTHORIZED_FOR_IPV4_MOBILITY_SERVICE",
    171: "NOT_AUTHORIZED_FOR_IPV4_HOME_ADDRESS",
    172: "NOT_AUTHORIZED_FOR_IPV6_MOBILITY_SERVICE",
    173: "MULTIPLE_IPV4_HOME_ADDRESS_ASSIGNMENT_NOT_SUPPORTED",
    174: "Invalid Care-of Address",
    175: "INVALID_MOBILE_NODE_GROUP_IDENTIFIER",
    176: "REINIT_SA_WITH_HAC",
    177: "NOT_AUTHORIZED_FOR_DELEGATED_MNP",
    178: "REQUESTED_DMNP_IN_USE",
    179: "CANNOT_MEET_QOS_SERVICE_REQUEST",
    180: "CANNOT_SUPPORT_MULTIPATH_BINDING",
}
"""Status Codes of the Binding Acknowledgement; values of 128 and more are rejections."""

BINDING_STATUS_MEANING = {
    128: "the LMA gives no reason; look at its own log",
    129: "a policy of the LMA, or of the AAA server behind it, forbids the registration",
    130: "the LMA is out of addresses, sessions or memory",
    131: "the receiver keeps no home registrations",
    132: "the home address is not on a link that the receiver serves",
    133: "the receiver is not the home agent of this mobile node",
    134: "another node already uses the home address on the home link",
    135: "the Sequence # is not greater than that of the last accepted update; often a MAG restart",
    136: "the home nonce index is too old; the return routability must be repeated",
    137: "the care-of nonce index is too old; the return routability must be repeated",
    138: "both nonces are too old; the return routability must be repeated",
    139: "the binding exists with another value of the H flag",
    140: "the home agent does not serve mobile routers",
    141: "the home agent does not know the mobile network prefix",
    142: "the mobile router may not use the mobile network prefix",
    143: "the home agent could not set up forwarding; prefixes may be missing",
    144: "the identifier does not belong to the home address",
    145: "the receiver wants the replay protection option",
    146: "the authentication data is wrong: keys or SPI differ",
    147: "the correspondent node has lost the permanent home keygen token",
    148: "the home address was not proven to belong to the sender's key",
    149: "a permanent home keygen token exists already and must be used",
    150: "the first update needs a home nonce index",
    151: "the mobile node may not use the service (APN) that it selected",
    152: "proxy registration is not enabled on the LMA for this mobile node",
    153: "the PBU went to an LMA that does not serve this mobile node",
    154: "the LMA does not accept proxy registrations from this MAG",
    155: "the mobile node may not use the home network prefix that was asked for",
    156: "the MAG's clock differs from the LMA's by more than the validity window allows",
    157: "the timestamp is older than that of the last accepted PBU: two MAGs differ",
    158: "the PBU lacks the Home Network Prefix option",
    159: "the prefixes of the PBU are not those of the mobility session",
    160: "the PBU lacks the Mobile Node Identifier option",
    161: "the PBU lacks the Handoff Indicator option",
    162: "the PBU lacks the Access Technology Type option",
    163: "the LMA wants GRE keys for this mobility session",
    164: "the Binding Identifier option has a wrong length or value",
    165: "a binding without Binding Identifier exists already",
    166: "several care-of addresses at once are not allowed",
    167: "the care-of address of the Binding Identifier is not known",
    168: "several bindings in one update are not allowed",
    169: "being at home and abroad at once is not allowed",
    170: "the mobile node may not use IPv4",
    171: "the mobile node may not use the IPv4 home address that was asked for",
    172: "the mobile node may not use IPv6",
    173: "the LMA assigns one IPv4 home address only",
    174: "the care-of address is not one that may be used",
    175: "the LMA does not know the group, or the mobile node is not in it",
    176: "the security association must be set up anew with the home agent controller",
    177: "the mobile router may not use the delegated mobile network prefix",
    178: "another mobile router uses the delegated mobile network prefix",
    179: "the LMA cannot give the quality of service that was asked for",
    180: "the LMA does not support multipath binding, or the mobile node is not authorized for it",
}
"""What a rejection usually means, in words that follow "because"."""

BINDING_STATUS_REMEDY = {
    128: "look for this mobile node and time in the LMA's log",
    129: "compare the mobile node's policy profile at MAG, LMA and AAA server (RFC 5213 6.2)",
    130: "look at the LMA's prefix and address pools, session limit and memory",
    131: "send PBUs to an LMA; the address configured at the MAG may be that of another router",
    132: "compare the prefix in the PBU with those that the LMA serves",
    133: "compare the MAG's LMAA for this mobile node with its policy profile (RFC 5213 6.2)",
    134: "find the node that answered Duplicate Address Detection on the home link",
    135: "let the MAG go on from the number that the PBA gives (RFC 6275 11.7.1)",
    136: "repeat the Home Test (RFC 6275 5.2)",
    137: "repeat the Care-of Test (RFC 6275 5.2)",
    138: "repeat both tests (RFC 6275 5.2)",
    139: "de-register, then register anew with the flags that are wanted (RFC 6275 9.5.1)",
    140: "enable mobile routers at the home agent, or clear the R flag (RFC 3963)",
    141: "compare the mobile network prefix with those that the home agent has (RFC 3963)",
    142: "compare the mobile network prefix with what is authorized at the AAA server (RFC 3963)",
    143: "look at the home agent's routing and its prefix table for the mobile router (RFC 3963)",
    144: "compare the home address and the identifier with the subscriber's profile (RFC 4285)",
    145: "set up the replay protection that both sides use (RFC 4285)",
    146: "compare key and SPI of mobility authentication on both sides (RFC 4285)",
    147: "begin with a full home registration, to get a new token (RFC 4866)",
    148: "look at the CGA parameters and signature of the sender (RFC 4866)",
    149: "use the token that exists in place of asking for one (RFC 4866)",
    150: "repeat the Home Test and give its nonce index (RFC 4866)",
    151: "compare the Service Selection option with the subscription (RFC 5149)",
    152: "enable it in the policy profile; until then the MAG should not ask (RFC 5213 6.9.1.2)",
    153: "compare LMAA and identifier in the mobile node's policy profile (RFC 5213 6.2)",
    154: "add the MAG's Proxy-CoA to those that the LMA authorizes (RFC 5213 5.3.1)",
    155: "let the MAG ask with ALL_ZERO, or assign the prefix to the node (RFC 5213 6.9.1.2)",
    156: "synchronize the MAG with the domain's time source, not by the PBA (RFC 5213 6.9.1.2)",
    157: "compare the clocks of the MAGs; one that still has the node asks anew (RFC 5213 6.9.1.2)",
    158: "have the MAG send a Home Network Prefix option, ALL_ZERO if need be (RFC 5213 5.3.1)",
    159: "have the MAG send all prefixes of the session, or ALL_ZERO (RFC 5213 5.4.1.1)",
    160: "have the MAG send the Mobile Node Identifier option (RFC 5213 6.9.1.1)",
    161: "have the MAG send the Handoff Indicator option (RFC 5213 6.9.1.1)",
    162: "have the MAG send the Access Technology Type option (RFC 5213 6.9.1.1)",
    163: "enable GRE at the MAG, and send the GRE Key option (RFC 5845 3.3.1)",
    164: "look at the Binding Identifier option that was sent (RFC 5648)",
    165: "de-register the binding without BID first (RFC 5648)",
    166: "register one care-of address, or allow several at the home agent (RFC 5648)",
    167: "register that care-of address first (RFC 5648)",
    168: "send one Binding Update for each care-of address (RFC 5648)",
    169: "de-register on one side first (RFC 5648)",
    170: "allow IPv4 in the mobile node's policy profile (RFC 5844 3.1.2)",
    171: "let the MAG ask with 0.0.0.0, or assign the address to the node (RFC 5844 3.1.2)",
    172: "allow IPv6 in the policy profile, or leave the prefix option out (RFC 5844 3.1.2)",
    173: "send one IPv4 Home Address Request option (RFC 5844 3.1.2)",
    174: "compare the care-of address with those that the receiver allows",
    175: "compare the group identifier on both sides (RFC 6602)",
    176: "set up the security association anew (RFC 6618)",
    177: "authorize the delegated prefix in the policy profile (RFC 7148)",
    178: "find the session that holds the delegated prefix; assign another (RFC 7148)",
    179: "ask for less, or look at the QoS limits of the subscription (RFC 7222)",
    180: "enable RFC 8278 at the LMA, for this mobile node; else register one path without it",
}
"""What to look at or change after a rejection, with the RFC and section that speaks of it."""

BINDING_STATUS_RFC = {
    **dict.fromkeys(range(2), 6275),
    **dict.fromkeys(range(2, 4), 5845),
    **dict.fromkeys(range(4, 6), 5648),
    6: 6058,
    **dict.fromkeys(range(128, 140), 6275),
    **dict.fromkeys(range(140, 144), 3963),
    **dict.fromkeys(range(144, 147), 4285),
    **dict.fromkeys(range(147, 151), 4866),
    151: 5149,
    **dict.fromkeys(range(152, 163), 5213),
    163: 5845,
    **dict.fromkeys(range(164, 170), 5648),
    **dict.fromkeys(range(170, 174), 5844),
    174: 6275,
    175: 6602,
    176: 6618,
    **dict.fromkeys(range(177, 179), 7148),
    179: 7222,
    180: 8278,
}
"""The RFC that defines a status of the Binding Acknowledgement (IANA)."""

BINDING_ERROR_STATUS = {
    1: "Unknown binding for Home Address destination option",
    2: "Unrecognized MH Type value",
}
"""Status values of the Binding Error message (RFC 6275 section 6.1.9)."""

FAST_BINDING_STATUS = {
    0: "Fast Binding Update accepted",
    1: "Fast Binding Update accepted but NCoA is invalid",
    128: "Reason unspecified",
    129: "Administratively prohibited",
    130: "Insufficient resources",
    131: "Incorrect interface identifier length",
}
"""Status values of the Fast Binding Acknowledgment (RFC 5568 section 6.2.3)."""

LOCALIZED_ROUTING_STATUS = {
    0: "Success",
    128: "Localized Routing Not Allowed",
    129: "MN Not Attached",
}
"""Status values of the Localized Routing Acknowledgment (RFC 6705 section 10.2)."""

BINDING_REVOCATION_TYPE = {
    0: "Reserved",
    1: "Binding Revocation Indication",
    2: "Binding Revocation Acknowledgement",
}
"""Binding Revocation Type values (RFC 5846 section 5)."""

REVOCATION_TRIGGER = {
    0: "Unspecified",
    1: "Administrative Reason",
    2: "Inter-MAG Handover - same Access Type",
    3: "Inter-MAG Handover - different Access Type",
    4: "Inter-MAG Handover - Unknown",
    5: "User Initiated Session(s) Termination",
    6: "Access Network Session(s) Termination",
    7: "Possible Out-of Sync BCE State",
    128: "Per-Peer Policy",
    129: "Revoking Mobility Node Local Policy",
}
"""Revocation Trigger values (RFC 5846 section 5.1)."""

REVOCATION_STATUS = {
    0: "success",
    1: "partial success",
    128: "Binding Does NOT Exist",
    129: "IPv4 Home Address Option Required",
    130: "Global Revocation NOT Authorized",
    131: "Revoked Mobile Nodes Identity Required",
    132: "Revocation Failed - MN is Attached",
    133: "Revocation Trigger NOT Supported",
    134: "Revocation Function NOT Supported",
    135: "Proxy Binding Revocation NOT Supported",
}
"""Status values of the Binding Revocation Acknowledgement (RFC 5846 section 5.2)."""

NOTIFICATION_REASON = {
    0: "Reserved",
    1: "FORCE-REREGISTRATION",
    2: "UPDATE-SESSION-PARAMETERS",
    3: "VENDOR-SPECIFIC-REASON",
    4: "ANI-PARAMS-REQUESTED",
    5: "QOS_SERVICE_REQUEST",
    6: "PGW-TRIGGERED-PCSCF-RESTORATION-PCO",
    7: "PGW-TRIGGERED-PCSCF-RESTORATION-DHCP",
    8: "FLOW-MOBILITY",
    255: "Reserved",
}
"""Update Notification Reasons (RFC 7077 section 4.1)."""

NOTIFICATION_STATUS = {
    0: "SUCCESS",
    128: "FAILED-TO-UPDATE-SESSION-PARAMETERS",
    129: "MISSING-VENDOR-SPECIFIC-OPTION",
    130: "CANNOT_MEET_QOS_SERVICE_REQUEST",
    131: "Reason unspecified",
    132: "MN not attached",
}
"""Update Notification Acknowledgement Status values (RFC 7077 section 4.2)."""

HANDOVER_INITIATE_CODE = {
    0: "FBU with the PCoA as source IP address",
    1: "FBU whose source IP address is not PCoA",
    2: "Indicate the completion of forwarding",
    3: "All available context transferred",
}
"""Code values of the Handover Initiate message (RFC 5568, RFC 5949)."""

HANDOVER_ACKNOWLEDGE_CODE = {
    0: "Handover Accepted or Successful; without P: Handover Accepted with NCoA valid",
    1: "Handover Accepted, NCoA not valid",
    2: "Handover Accepted, NCoA assigned",
    3: "Handover Accepted, use PCoA",
    4: "Message sent unsolicited",
    5: "Context Transfer Accepted or Successful",
    6: "All available Context Transferred",
    128: "Handover Not Accepted, reason unspecified",
    129: "Administratively prohibited",
    130: "Insufficient resources",
    131: "Requested Context Not Available",
    132: "Forwarding Not Available",
}
"""Code values of the Handover Acknowledge message (RFC 5568, RFC 5949)."""

FLOW_BINDING_TYPE = {
    0: "Unassigned",
    1: "Flow Binding Indication",
    2: "Flow Binding Acknowledgement",
}
"""Flow Binding Type values (RFC 7109 section 6.1)."""

FLOW_BINDING_TRIGGER = {
    0: "Reserved",
    1: "Unspecified",
    2: "Administrative Reason",
    3: "Possible Out-of-Sync BCE State",
}
"""Flow Binding Indication Triggers (RFC 7109 section 6.1.1)."""

FLOW_BINDING_STATUS = {
    0: "Success",
    128: "Binding (target CoA) Does NOT Exist",
    129: "Action NOT Authorized",
}
"""Flow Binding Acknowledgement Status values (RFC 7109 section 6.1.2)."""

FLOW_BINDING_ACTION = {
    11: "Add a flow binding",
    12: "Delete a flow binding",
    13: "Modify a flow binding",
    14: "Refresh a flow binding",
    15: "Move a flow binding",
    16: "Revoke a flow binding",
}
"""Flow Binding Action values (RFC 7109 section 6.2.1)."""

FLOW_IDENTIFICATION_STATUS = {
    0: "Flow binding successful",
    128: "Administratively prohibited",
    129: "Flow binding rejected, reason unspecified",
    130: "Flow identification mobility option malformed",
    131: "BID not found",
    132: "FID not found",
    133: "Traffic selector format not supported",
}
"""Status values of the Flow Identification option (RFC 6089 section 4.2)."""

FLOW_IDENTIFICATION_SUBOPTION = {
    0: "Pad",
    1: "PadN",
    2: "BID Reference",
    3: "Traffic Selector",
    4: "Flow Binding Action",
    5: "Target Care-of Address",
}
"""Flow Identification Sub-options (RFC 6089 section 4.2.1, RFC 7109 section 6.2)."""

TRAFFIC_SELECTOR_FORMAT = {
    0: "Reserved",
    1: "IPv4 Binary Traffic Selector",
    2: "IPv6 Binary Traffic Selector",
}
"""Traffic Selector Formats (RFC 6089 section 4.2.1.4, RFC 6088)."""

IPV4_HOME_ADDRESS_STATUS = {
    0: "Success",
    128: "Failure, Reason Unspecified",
    129: "Administratively prohibited",
    130: "Incorrect IPv4 home address",
    131: "Invalid IPv4 address",
    132: "Dynamic IPv4 home address assignment not available",
}
"""Status values of the IPv4 Home Address Reply option (RFC 5844 section 3.3.2)."""

DSMIPV6_ADDRESS_STATUS = {
    0: "Success",
    128: "Failure, reason unspecified",
    129: "Administratively prohibited",
    130: "Incorrect IPv4 home address",
    131: "Invalid IPv4 address",
    132: "Dynamic IPv4 home address assignment not available",
    133: "Prefix allocation unauthorized",
}
"""Status values of the IPv4 Address Acknowledgement option (RFC 5555 section 3.2.1)."""

ANI_SUBOPTION = {
    0: "Reserved",
    1: "Network-Identifier sub-option",
    2: "Geo-Location sub-option",
    3: "Operator-Identifier sub-option",
    4: "Civic-Location sub-option",
    5: "MAG-Group-Identifier sub-option",
    6: "ANI Update-Timer sub-option",
    255: "Reserved",
}
"""Access Network Information Sub-options (RFC 6757 section 3.1, RFC 7563 section 3)."""

OPERATOR_IDENTIFIER_TYPE = {
    0: "Reserved",
    1: "Private Enterprise Number",
    2: "Realm of the operator",
    255: "Reserved",
}
"""Operator-Identifier Types (RFC 6757 section 3.1.3)."""

QOS_ATTRIBUTE = {
    0: "Reserved",
    1: "Per-MN-Agg-Max-DL-Bit-Rate",
    2: "Per-MN-Agg-Max-UL-Bit-Rate",
    3: "Per-Session-Agg-Max-DL-Bit-Rate",
    4: "Per-Session-Agg-Max-UL-Bit-Rate",
    5: "Allocation-Retention-Priority",
    6: "Aggregate-Max-DL-Bit-Rate",
    7: "Aggregate-Max-UL-Bit-Rate",
    8: "Guaranteed-DL-Bit-Rate",
    9: "Guaranteed-UL-Bit-Rate",
    10: "QoS-Traffic-Selector",
    11: "QoS-Vendor-Specific-Attribute",
    255: "Reserved",
}
"""Quality-of-Service Attributes (RFC 7222 section 4.2)."""

MN_GROUP_SUBTYPE = {
    0: "Reserved",
    1: "Bulk Binding Update Group",
    255: "Reserved",
}
"""Mobile Node Group Identifier Types (RFC 6602 section 4.3)."""

LCMP_SUBOPTION = {
    0: "Reserved",
    1: "Binding Re-registration Control Sub-Option",
    2: "Heartbeat Control Sub-Option",
}
"""LMA-Controlled MAG Parameters Sub-options (RFC 8127 section 3.1)."""

DNS_UPDATE_STATUS = {
    0: "DNS update performed",
    128: "Reason unspecified",
    129: "Administratively prohibited",
    130: "DNS Update Failed",
}
"""Status values of the DNS Update option (RFC 5026 section 8.1)."""

AUTHENTICATION_SUBTYPE = {
    1: "MN-HA authentication mobility option",
    2: "MN-AAA authentication mobility option",
}
"""Subtypes of the Mobility Message Authentication option (RFC 4285 section 5)."""

QOS_OPERATION = {
    0: "RESPONSE",
    1: "ALLOCATE",
    2: "DE-ALLOCATE",
    3: "MODIFY",
    4: "QUERY",
    5: "NEGOTIATE",
}
"""Operational Codes of the QoS option (RFC 7222 section 4.1)."""

MULTICAST_PROTOCOL = {
    0x12: "IGMPv1",
    0x16: "IGMPv2",
    0x22: "IGMPv3",
    131: "MLDv1",
    143: "MLDv2",
}
"""Report types that name a multicast membership protocol (RFC 7161 section 4.1, RFC 7028)."""

MULTICAST_ACKNOWLEDGEMENT_STATUS = {
    1: "Report Payload type unsupported",
    2: "Requested group service unsupported",
    3: "Requested group service administratively prohibited",
}
"""Status values of the Multicast Acknowledgement option (RFC 7411 section 5.4)."""

LMA_ADDRESS_CODE = {0: "Reserved", 1: "IPv6 address of the LMA", 2: "IPv4 address of the LMA"}
"""Option-Code values of the Local Mobility Anchor Address option (RFC 5949 section 6.2.2)."""

FMIPV6_ADDRESS_CODE = {
    1: "Old Care-of Address",
    2: "New Care-of Address",
    3: "NAR's IP address",
    4: "NAR's Prefix",
}
"""Option-Code values of the IPv6 Address/Prefix option (RFC 5568 section 6.4.2)."""

FMIPV6_LINK_LAYER_CODE = {2: "Link-Layer Address of the MN"}
"""Option-Code values of the Link-Layer Address option (RFC 5568 section 6.4.4)."""

VENDOR_3GPP = 10415
"""Private Enterprise Number of 3GPP."""

VENDOR = {9: "Cisco", 5535: "3GPP2", VENDOR_3GPP: "3GPP", 24757: "WiMAX Forum"}
"""Private Enterprise Numbers that Vendor Specific options of PMIPv6 carry."""

VENDOR_3GPP_SUBTYPE = {
    1: "3GPP Protocol Configuration Options",
    2: "3GPP Specific PMIPv6 Error Code",
    3: "3GPP PDN GW IP Address",
    4: "3GPP DHCPv4 Address Allocation Procedure Indication",
    5: "3GPP Fully Qualified PDN Connection Set Identifier",
    6: "3GPP PDN Type Indication",
    7: "3GPP Charging ID",
    8: "3GPP Selection Mode",
    9: "3GPP I-WLAN Mobility Access Point Name",
    10: "3GPP Charging Characteristics",
    11: "3GPP Mobile Equipment Identity",
    12: "3GPP MSISDN",
    13: "3GPP Serving Network",
    14: "3GPP APN Restriction",
    15: "3GPP Maximum APN Restriction",
    16: "3GPP Unauthenticated IMSI",
    17: "3GPP PDN Connection ID",
    18: "3GPP PGW Back-Off Time",
    19: "3GPP Signalling Priority Indication",
    20: "3GPP Additional Protocol Configuration Options",
    21: "3GPP Static IP Address Allocation Indications",
    22: "3GPP MME/SGSN Identifier",
    23: "3GPP End Marker Notification",
    24: "3GPP Trusted WLAN Mode Indication",
    25: "3GPP UE Time Zone",
    26: "3GPP Access Network Identifier Timestamp",
    27: "3GPP Logical Access ID",
    28: "3GPP Origination Time Stamp",
    29: "3GPP Maximum Wait Time",
    30: "3GPP TWAN Capabilities",
}
"""Sub-types of the 3GPP's Vendor Specific option (3GPP TS 29.282, used by TS 29.275)."""

PDN_TYPE = {1: "IPv4", 2: "IPv6", 3: "IPv4v6"}
"""PDN Type values, those of GTP (3GPP TS 29.274 section 8.34)."""

SELECTION_MODE = {
    0: "MS or network provided APN, subscription verified",
    1: "MS provided APN, subscription not verified",
    2: "Network provided APN, subscription not verified",
}
"""Selection Mode values, those of GTP (3GPP TS 29.274 section 8.58)."""
