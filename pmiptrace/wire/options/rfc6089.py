"""Options of RFC 6089 (Flow Bindings), with the sub-options of RFC 7109."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.codes import (
    FLOW_BINDING_ACTION,
    FLOW_IDENTIFICATION_STATUS,
    TRAFFIC_SELECTOR_FORMAT,
)
from pmiptrace.wire.layout import Bits, Reserved8, Reserved16, Rest, SubOptions
from pmiptrace.wire.option import OptionRegistry, at_least, exactly, mobility_option

FLOW_SUB_OPTIONS = OptionRegistry("flow sub-option")
"""The Flow Identification Sub-options registry of IANA."""

flow_sub_option = FLOW_SUB_OPTIONS.declare


@flow_sub_option(0, "Pad", "RFC 6089 section 4.2.1.1", length=exactly(0))
class FlowPad(Option, frozen=True, kw_only=True):
    """One octet of padding; it alone has no length.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+
        | Sub-Opt Type  |
        +-+-+-+-+-+-+-+-+
    """


@flow_sub_option(1, "PadN", "RFC 6089 section 4.2.1.2", length=at_least(0))
class FlowPadN(Option, frozen=True, kw_only=True):
    """Two or more octets of padding.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+- - - - - - - - -
        | Sub-Opt Type  | Sub-Opt Len   | Option Data
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+- - - - - - - - -
    """

    data: Annotated[bytes, Rest("Padding")] = b""


@flow_sub_option(2, "Binding Reference", "RFC 6089 section 4.2.1.3", length=at_least(2, multiple=2))
class BindingReference(Option, frozen=True, kw_only=True):
    """The bindings that the flow may take, by their BID of RFC 5648.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |Sub-Opt Type   |  Sub-Opt Len  |              BID              |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |     BID  ........
        +-+-+-+-+-+-+-+-+-+-
    """

    bids: Annotated[bytes, Rest("BID", "numbers")] = b""


@flow_sub_option(3, "Traffic Selector", "RFC 6089 section 4.2.1.4", length=at_least(2))
class TrafficSelector(Option, frozen=True, kw_only=True):
    """Which packets the flow consists of; the selector's octets are as RFC 6088 defines them.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |Sub-Opt Type   |  Sub-Opt Len  |   TS Format   |   Reserved    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |  Traffic Selector ...
        +-+-+-+-+-+-+-+-+-+-+-+
    """

    ts_format: Annotated[int, Bits(8, "TS Format", TRAFFIC_SELECTOR_FORMAT)]
    reserved: Reserved8 = 0
    selector: Annotated[bytes, Rest("Traffic Selector")] = b""


@flow_sub_option(4, "Flow Binding Action", "RFC 7109 section 6.2.1", length=exactly(2))
class FlowBindingAction(Option, frozen=True, kw_only=True):
    """What shall be done with the flow.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |Sub-opt Type   |Sub-opt Length |  Reserved     |     Action    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved8 = 0
    action: Annotated[int, Bits(8, "Action", FLOW_BINDING_ACTION)]


@flow_sub_option(5, "Target Care-of Address", "RFC 7109 section 6.2.2", length=exactly(6, 18))
class TargetCareOfAddress(Option, frozen=True, kw_only=True):
    """The care-of address that the flow shall move to.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |Sub-opt Type   |Sub-opt Length |          Reserved             |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                 Target Care-of Address                        |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Reserved16 = 0
    address: Annotated[bytes, Rest("Target Care-of Address", "address")]
    """4 or 16 octets."""


@mobility_option(
    44,
    "Flow Summary",
    "RFC 6089 section 4.2.2",
    length=at_least(2, multiple=2),
    alignment=(2, 0),
    messages=("BU", "BA"),
)
class FlowSummary(Option, frozen=True, kw_only=True):
    """The flows that stay as they are.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | Option Type   |  Option Len   |              FID              |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |     FID  ........
        +-+-+-+-+-+-+-+-+-+-
    """

    fids: Annotated[bytes, Rest("FID", "numbers")] = b""


@mobility_option(
    45,
    "Flow Identification",
    "RFC 6089 section 4.2",
    length=at_least(6),
    alignment=(2, 0),
    messages=("BU", "BA", "FBI", "FBA", "BRI", "BRA", "UPN", "PBU", "PBA"),
)
class FlowIdentification(Option, frozen=True, kw_only=True):
    """A flow, its priority, and the path that it shall take.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | Option Type   |  Option Len   |              FID              |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |              FID-PRI          |   Reserved    |     Status    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |   Sub-options (optional) ...
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    fid: Annotated[int, Bits(16, "FID")]
    priority: Annotated[int, Bits(16, "FID-PRI")]
    reserved: Reserved8 = 0
    status: Annotated[int, Bits(8, "Status", FLOW_IDENTIFICATION_STATUS)] = 0
    sub_options: Annotated[tuple[Option, ...], SubOptions("Sub-options", FLOW_SUB_OPTIONS)] = ()
