"""The option of RFC 5847 (Heartbeat Mechanism for Proxy Mobile IPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.layout import Bits
from pmiptrace.wire.option import exactly, mobility_option


@mobility_option(
    28,
    "Restart Counter",
    "RFC 5847 section 3.4",
    length=exactly(4),
    alignment=(4, 2),
    messages=("HB",),
)
class RestartCounter(Option, frozen=True, kw_only=True):
    """How often the sender of a Heartbeat response has restarted.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |      Type     |     Length    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                       Restart Counter                         |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    restart_counter: Annotated[int, Bits(32, "Restart Counter")]
