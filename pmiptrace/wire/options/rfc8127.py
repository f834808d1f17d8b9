"""The option of RFC 8127 (MAG Configuration by the LMA)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.layout import Bits, SubOptions
from pmiptrace.wire.option import OptionRegistry, at_least, exactly, mobility_option

LCMP_SUB_OPTIONS = OptionRegistry("LCMP sub-option")
"""The LMA-Controlled MAG Parameters Sub-options registry of IANA."""

lcmp_sub_option = LCMP_SUB_OPTIONS.declare


@lcmp_sub_option(1, "Binding Re-registration Control", "RFC 8127 section 3.1.1", length=exactly(6))
class BindingReregistrationControl(Option, frozen=True, kw_only=True):
    """When the MAG shall refresh bindings, and how often try again.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | LCMP Type = 1 |  LCMP Length  |  Re-registration-Start-Time   |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |  Initial-Retransmission-Time  | Maximum-Retransmission-Time   |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    start_time: Annotated[int, Bits(16, "Re-registration-Start-Time", unit="4 s")]
    initial_retransmission_time: Annotated[int, Bits(16, "Initial-Retransmission-Time", unit="s")]
    maximum_retransmission_time: Annotated[int, Bits(16, "Maximum-Retransmission-Time", unit="s")]


@lcmp_sub_option(2, "Heartbeat Control", "RFC 8127 section 3.1.2", length=exactly(6))
class HeartbeatControl(Option, frozen=True, kw_only=True):
    """When the MAG shall send heartbeats, and how often try again.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | LCMP Type = 2 |  LCMP Length  |        HB-Interval            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |    HB-Retransmission-Delay    |    HB-Max-Retransmissions     |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    interval: Annotated[int, Bits(16, "HB-Interval", unit="s")]
    retransmission_delay: Annotated[int, Bits(16, "HB-Retransmission-Delay", unit="s")]
    maximum_retransmissions: Annotated[int, Bits(16, "HB-Max-Retransmissions")]


@mobility_option(
    62,
    "LMA-Controlled MAG Parameters",
    "RFC 8127 section 3",
    length=at_least(8),
    alignment=(4, 2),
    messages=("PBA",),
)
class LmaControlledMagParameters(Option, frozen=True, kw_only=True):
    """Timers that the LMA sets for the MAG.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |      Type     |     Length    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                     LCMP Sub-Option(s)                        ~
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    sub_options: Annotated[
        tuple[Option, ...], SubOptions("LCMP Sub-Option(s)", LCMP_SUB_OPTIONS)
    ] = ()
