"""The QoS option of RFC 7222 (Quality-of-Service Option for Proxy Mobile IPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.codes import QOS_OPERATION, TRAFFIC_SELECTOR_FORMAT, VENDOR
from pmiptrace.wire.layout import Bits, Flag, Reserved, Reserved8, Reserved16, Rest, SubOptions
from pmiptrace.wire.option import OptionRegistry, at_least, exactly, mobility_option

QOS_ATTRIBUTES = OptionRegistry("QoS attribute")
"""The Quality-of-Service Attribute registry of IANA."""

qos_attribute = QOS_ATTRIBUTES.declare


class _BitRate(Option, frozen=True, kw_only=True):
    """A bit rate.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |     Type      |     Length    |            Reserved           |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                           Bit-Rate                            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved16 = 0
    bit_rate: Annotated[int, Bits(32, "Bit-Rate", unit="bit/s")]


class _SessionBitRate(Option, frozen=True, kw_only=True):
    """A bit rate of a session, and what counts towards it.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |     Type      |     Length    |S|E|         Reserved          |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                           Bit-Rate                            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    service: Annotated[bool, Flag("S", "Service: all sessions of the same service")] = False
    exclude: Annotated[bool, Flag("E", "Exclude flows of guaranteed bit rate")] = False
    reserved: Annotated[int, Reserved(14)] = 0
    bit_rate: Annotated[int, Bits(32, "Bit-Rate", unit="bit/s")]


@qos_attribute(1, "Per-MN-Agg-Max-DL-Bit-Rate", "RFC 7222 section 4.2.1", length=exactly(6))
class PerMnAggMaxDlBitRate(_BitRate, frozen=True, kw_only=True):
    """Most downlink bits per second of all the mobile node's sessions."""


@qos_attribute(2, "Per-MN-Agg-Max-UL-Bit-Rate", "RFC 7222 section 4.2.2", length=exactly(6))
class PerMnAggMaxUlBitRate(_BitRate, frozen=True, kw_only=True):
    """Most uplink bits per second of all the mobile node's sessions."""


@qos_attribute(3, "Per-Session-Agg-Max-DL-Bit-Rate", "RFC 7222 section 4.2.3", length=exactly(6))
class PerSessionAggMaxDlBitRate(_SessionBitRate, frozen=True, kw_only=True):
    """Most downlink bits per second of the mobility session."""


@qos_attribute(4, "Per-Session-Agg-Max-UL-Bit-Rate", "RFC 7222 section 4.2.4", length=exactly(6))
class PerSessionAggMaxUlBitRate(_SessionBitRate, frozen=True, kw_only=True):
    """Most uplink bits per second of the mobility session."""


@qos_attribute(5, "Allocation-Retention-Priority", "RFC 7222 section 4.2.5", length=exactly(2))
class AllocationRetentionPriority(Option, frozen=True, kw_only=True):
    """Who gets or keeps resources when they run short; priority 1 is the highest.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |     Type      |     Length    |    Reserved   |   PL  |PC |PV |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved8 = 0
    priority_level: Annotated[int, Bits(4, "PL")]
    preemption_capability: Annotated[int, Bits(2, "PC")]
    preemption_vulnerability: Annotated[int, Bits(2, "PV")]


@qos_attribute(6, "Aggregate-Max-DL-Bit-Rate", "RFC 7222 section 4.2.6", length=exactly(6))
class AggregateMaxDlBitRate(_BitRate, frozen=True, kw_only=True):
    """Most downlink bits per second of the flows that the option is for."""


@qos_attribute(7, "Aggregate-Max-UL-Bit-Rate", "RFC 7222 section 4.2.7", length=exactly(6))
class AggregateMaxUlBitRate(_BitRate, frozen=True, kw_only=True):
    """Most uplink bits per second of the flows that the option is for."""


@qos_attribute(8, "Guaranteed-DL-Bit-Rate", "RFC 7222 section 4.2.8", length=exactly(6))
class GuaranteedDlBitRate(_BitRate, frozen=True, kw_only=True):
    """Guaranteed downlink bits per second of the flows that the option is for."""


@qos_attribute(9, "Guaranteed-UL-Bit-Rate", "RFC 7222 section 4.2.9", length=exactly(6))
class GuaranteedUlBitRate(_BitRate, frozen=True, kw_only=True):
    """Guaranteed uplink bits per second of the flows that the option is for."""


@qos_attribute(10, "QoS-Traffic-Selector", "RFC 7222 section 4.2.10", length=at_least(2))
class QosTrafficSelector(Option, frozen=True, kw_only=True):
    """Which flows the option is for; the selector's octets are as RFC 6088 defines them.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |     Type      |     Length    |   Reserved    |    TS Format  |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        ~                        Traffic Selector ...                   ~
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved8 = 0
    ts_format: Annotated[int, Bits(8, "TS Format", TRAFFIC_SELECTOR_FORMAT)]
    selector: Annotated[bytes, Rest("Traffic Selector")] = b""


@qos_attribute(11, "QoS-Vendor-Specific-Attribute", "RFC 7222 section 4.2.11", length=at_least(7))
class QosVendorSpecific(Option, frozen=True, kw_only=True):
    """What a vendor or another standards body defines.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |     Type      |     Length    |             Reserved          |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                          Vendor ID                            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |    Sub-Type   |                   ...                         ~
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved16 = 0
    vendor_id: Annotated[int, Bits(32, "Vendor ID", VENDOR)]
    subtype: Annotated[int, Bits(8, "Sub-Type")]
    data: Annotated[bytes, Rest("Data")] = b""


@mobility_option(
    58,
    "Quality-of-Service",
    "RFC 7222 section 4.1",
    length=at_least(6),
    alignment=(4, 0),
    messages=("PBU", "PBA", "UPN", "UPA"),
)
class QualityOfService(Option, frozen=True, kw_only=True):
    """A request for the quality of service of some or all flows, or the answer to one.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      Type     |    Length     |     SR-ID     |       TC      |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |       OC      |                   Reserved                    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        ~                        QoS Attribute(s)                       ~
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    service_request_identifier: Annotated[int, Bits(8, "SR-ID")]
    dscp: Annotated[int, Bits(6, "DSCP")]
    reserved_tc: Annotated[int, Reserved(2)] = 0
    operation: Annotated[int, Bits(8, "OC", QOS_OPERATION)]
    reserved: Annotated[int, Reserved(24)] = 0
    attributes: Annotated[tuple[Option, ...], SubOptions("QoS Attribute(s)", QOS_ATTRIBUTES)] = ()
