"""Numbers of the layers below the Mobility Header: link types, EtherTypes, protocols, ports."""

from __future__ import annotations

# LINKTYPE_ values (tcpdump.org/linktypes.html). Some have a second number from older systems.
LINK_NULL = 0
LINK_ETHERNET = 1
LINK_PPP = 9
LINK_RAW_OLD = 12
LINK_RAW_OPENBSD = 14
LINK_PPP_HDLC = 50
LINK_PPP_ETHER = 51
LINK_RAW = 101
LINK_LOOP = 108
LINK_COOKED = 113
LINK_IPV4 = 228
LINK_IPV6 = 229
LINK_COOKED_V2 = 276

# EtherTypes (IEEE registry). Every link layer and GRE name what they carry by one of them.
ETHERTYPE_IPV4 = 0x0800
ETHERTYPE_TRANSPARENT_ETHERNET = 0x6558
ETHERTYPE_VLAN = 0x8100
ETHERTYPE_IPV6 = 0x86DD
ETHERTYPE_MPLS = 0x8847
ETHERTYPE_MPLS_MULTICAST = 0x8848
ETHERTYPE_PPPOE_SESSION = 0x8864
ETHERTYPE_PROVIDER_VLAN = 0x88A8
ETHERTYPE_QINQ = 0x9100

# Next Header and Protocol values (IANA "Assigned Internet Protocol Numbers").
HOP_BY_HOP = 0
IPV4 = 4
UDP = 17
IPV6 = 41
ROUTING = 43
FRAGMENT = 44
GRE = 47
ESP = 50
AH = 51
NO_NEXT_HEADER = 59
DESTINATION_OPTIONS = 60
MOBILITY_HEADER = 135
"""Next Header value of the Mobility Header (RFC 6275 section 6.1.1)."""

JUMBO_PAYLOAD = 194
"""Hop-by-hop option (RFC 2675 section 2)."""
HOME_ADDRESS = 201
"""Destination option (RFC 6275 section 6.3)."""

PMIPV6_CONTROL = 5436
"""UDP port pmip6-cntl: the payload is a Mobility Header (RFC 5844 section 4)."""
